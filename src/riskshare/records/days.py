"""Days as callers give them: ISO text or a date, never a moment; nothing here reads the clock."""

from __future__ import annotations

import datetime as dt

from riskshare.errors import PolicyError


def as_day(as_of: str | dt.date) -> dt.date:
    """Return the day a caller means.

    Parameters
    ----------
    as_of : str or datetime.date
        ISO ``YYYY-MM-DD`` text, or a date. A moment (``datetime``) is refused: it has a time zone to be guessed.

    Raises
    ------
    PolicyError
        It is not one day.

    Examples
    --------
    >>> as_day("2026-03-31")
    datetime.date(2026, 3, 31)
    """
    if isinstance(as_of, dt.datetime) or not isinstance(as_of, (str, dt.date)):
        msg = "as_of must be one day: a date or ISO text such as '2026-03-31'."
        raise PolicyError(msg)
    try:
        return dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError:
        msg = "as_of is not a day in ISO form. Write it as YYYY-MM-DD, such as '2026-03-31'."
        raise PolicyError(msg) from None
