"""Moments as callers and files give them: ISO text with an offset, or an aware datetime; a naive time is refused."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from riskshare.errors import PolicyError
from riskshare.records.days import FIRST_YEAR, LAST_YEAR

LONDON: Final = ZoneInfo("Europe/London")
"""The clock of every nation of the United Kingdom, with both changes of the year."""

MOMENT_FAULTS: Final = {
    "time_missing": "Only a day stands here. Write the time and the offset too, such as 2026-03-31T09:30:00+01:00.",
    "no_time_zone": "The time has no offset, so in two nights of the year it means two moments or none. Add Z or the "
    "offset, such as 2026-03-31T09:30:00+01:00.",
    "bad_time": "This is not a moment in ISO form. Write it as 2026-03-31T09:30:00Z or 2026-03-31T09:30:00+01:00.",
    "impossible_time": "There is no such moment: the day, the hour or the offset does not exist.",
    "time_out_of_range": "The moment is before 1900 or after 2100.",
}
"""What is wrong with a moment, by code, and what to do."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FORM: Final = re.compile(
    rf"({_DAY})[T ]([0-9]{{2}}:[0-9]{{2}})(:[0-9]{{2}})?(?:\.[0-9]{{1,9}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
)


def read_moment(text: str) -> int | str:
    """Return a moment as whole seconds since 1970 in UTC, or the code of what is wrong with it.

    Parameters
    ----------
    text : str
        ``YYYY-MM-DDThh:mm``, with seconds or without, with ``Z`` or an offset; a space may stand for the ``T``.
        Fractions of a second are left out: no duty is counted in them.

    Returns
    -------
    int or str
        Seconds, or a key of ``MOMENT_FAULTS``.

    Examples
    --------
    Noon in British Summer Time is eleven in UTC.

    >>> read_moment("1970-01-01T00:01:00Z"), read_moment("1970-01-02T00:00+01:00"), read_moment("1970-01-01T00:01:00")
    (60, 82800, 'no_time_zone')
    """
    if re.fullmatch(_DAY, text):
        return "time_missing"
    form = _FORM.fullmatch(text)
    if form is None:
        return "bad_time"
    day, clock, seconds, offset = form.groups()
    try:
        moment = dt.datetime.fromisoformat(f"{day}T{clock}{seconds or ':00'}{offset or '+00:00'}")
    except ValueError:
        return "impossible_time"
    if offset is None:
        return "no_time_zone"
    whole = (moment - _EPOCH) // dt.timedelta(seconds=1)
    return whole if FIRST_YEAR <= moment.year <= LAST_YEAR else "time_out_of_range"


def as_moment(when: object, name: str = "at") -> int:
    """Return the moment a caller means, ISO text or an aware datetime, as whole seconds since 1970 in UTC.

    Raises
    ------
    PolicyError
        It is no moment, or has no offset.

    Examples
    --------
    >>> as_moment("1970-01-01T01:00:00+01:00"), as_moment(dt.datetime(1970, 1, 1, 0, 1, tzinfo=dt.UTC))
    (0, 60)
    """
    if not isinstance(when, (str, dt.datetime)):
        found: int | str = "bad_time"
    else:
        found = read_moment(when if isinstance(when, str) else when.isoformat())
    if isinstance(found, str):
        msg = f"{name} is not a moment that can be used. {MOMENT_FAULTS[found]}"
        raise PolicyError(msg)
    return found


def end_of(until: str | dt.date | dt.datetime, name: str = "until") -> int:
    """Return the moment up to which things are known, as seconds since 1970: a day means its very end in London.

    Raises
    ------
    PolicyError
        It is neither a day nor a moment with an offset, or lies before 1900 or after 2100.

    Examples
    --------
    Midnight that ends 30 June is 23:00 in UTC.

    >>> end_of("1970-01-01") - end_of("1970-01-01T22:59:59Z"), end_of(dt.date(2026, 6, 30)) % 86400 // 3600
    (1, 23)
    """
    day = dt.date.fromisoformat(until) if isinstance(until, str) and _is_day(until) else until
    if isinstance(day, dt.date) and not isinstance(day, dt.datetime):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            msg = f"{name} is not a day that can be used. {MOMENT_FAULTS['time_out_of_range']}"
            raise PolicyError(msg)
        midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=LONDON)
        return (midnight.astimezone(dt.UTC) - _EPOCH) // dt.timedelta(seconds=1)
    return as_moment(day, name)


def moment_of(seconds: int) -> dt.datetime:
    """Return seconds since 1970 as an aware moment on the clock of London.

    >>> moment_of(0).isoformat()
    '1970-01-01T01:00:00+01:00'
    """
    return (_EPOCH + dt.timedelta(seconds=int(seconds))).astimezone(LONDON)


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
