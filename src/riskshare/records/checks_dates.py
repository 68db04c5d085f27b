"""Which declared date formats are safe: four-digit years, one day, one month, and no text with two readings."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Final

_DIRECTIVE: Final = re.compile(r"%(.?)", re.DOTALL)
_ALLOWED: Final = frozenset("YmbBdHMSf%")
_SAMPLE: Final = tuple(
    dt.date(year, month, day) for year in (2010, 2011, 2012) for month in range(1, 13) for day in range(1, 29)
)
"""Every day up to the 28th of three years whose own digits can pass for days and months (2010 → 20 October)."""


def unsafe_format(date_format: str) -> str | None:
    """Return what makes a date format unusable, as a sentence; ``None`` if nothing does.

    Only ``%Y``, ``%m``, ``%b``, ``%B``, ``%d``, ``%H``, ``%M``, ``%S`` and ``%f`` read the same everywhere.

    >>> unsafe_format("%d/%m/%Y") is None
    True
    >>> unsafe_format("%d/%m/%y")
    'A two-digit year can mean two centuries.'
    """
    directives = _DIRECTIVE.findall(date_format)
    if "y" in directives:
        return "A two-digit year can mean two centuries."
    if not _ALLOWED.issuperset(directives) or "" in directives:
        return "Only %Y, %m, %b, %B, %d, %H, %M, %S and %f are read the same way everywhere."
    months = sum(directives.count(name) for name in "mbB")
    repeats = any(directives.count(name) > 1 for name in "HMSf")
    if directives.count("Y") != 1 or directives.count("d") != 1 or months != 1 or repeats:
        return "A date format names the year (%Y), the month (%m, %b or %B) and the day (%d) once each."
    return None


@lru_cache(maxsize=1024)
def clash(first: str, second: str) -> bool:
    """Return whether some text has one date under the first format and another under the second.

    Tried out on three years of dates, in both directions, rather than argued from the shape of the formats.

    >>> clash("%d/%m/%Y", "%m/%d/%Y"), clash("%d/%m/%Y", "%Y-%m-%d")
    (True, False)
    """
    return _misread(first, second) or _misread(second, first)


def _misread(written: str, read: str) -> bool:
    for date in _SAMPLE:
        try:
            seen = dt.datetime.strptime(date.strftime(written), read).date()
        except ValueError:
            continue
        if seen != date:
            return True
    return False
