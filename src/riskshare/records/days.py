"""Days as callers give them: ISO text or a date, never a moment; nothing here reads the clock."""

from __future__ import annotations

import datetime as dt
from typing import Final

from riskshare.errors import PolicyError

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100
"""Days and moments outside these are slips of a key, and a sum of days could leave the calendar."""


def as_day(as_of: str | dt.date) -> dt.date:
    """Return the day a caller means.

    Parameters
    ----------
    as_of : str or datetime.date
        Text as ``YYYY-MM-DD`` and in no other ISO form, or a date. A moment (``datetime``) is refused: it has a time
        zone to be guessed.

    Raises
    ------
    PolicyError
        It is not one day, or not of 1900 to 2100.

    Examples
    --------
    >>> as_day("2026-03-31")
    datetime.date(2026, 3, 31)
    """
    if isinstance(as_of, dt.datetime) or not isinstance(as_of, (str, dt.date)):
        msg = "as_of must be one day: a date or ISO text such as '2026-03-31'."
        raise PolicyError(msg)
    if not isinstance(as_of, str):
        return _in_range(as_of)
    try:
        day = dt.date.fromisoformat(as_of)
    except ValueError:
        day = None
    # Python also takes 20260331 and 2026-W14-2; a slip of one key must not become another day.
    if day is None or day.isoformat() != as_of:
        msg = "as_of is not a day in ISO form. Write it as YYYY-MM-DD, such as '2026-03-31'."
        raise PolicyError(msg)
    return _in_range(day)


def _in_range(day: dt.date) -> dt.date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        msg = f"as_of is before {FIRST_YEAR} or after {LAST_YEAR}. Check the year."
        raise PolicyError(msg)
    return day
