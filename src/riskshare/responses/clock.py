"""The three clocks of response standards: elapsed hours, working hours and working days, in any nation of the UK.

Moments are whole seconds since 1970 in UTC, so an elapsed hour is an hour on both nights on which the clocks change.
Working time runs on the wall clock of London, Monday to Friday, without the nation's bank holidays.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import holidays
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from riskshare.errors import PolicyError
from riskshare.records.moments import LONDON
from riskshare.records.partnership import Clock

Nation = Literal["england", "wales", "scotland", "northern_ireland"]
NATIONS: Final[tuple[Nation, ...]] = get_args(Nation)
_SUBDIVISION: Final = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern_ireland": "NIR"}

Floats = NDArray[np.float64]
Seconds = NDArray[np.int64]
Days = NDArray[np.datetime64]

HOUR: Final = 3600
DAY: Final = 86_400
LONGEST_HOURS: Final = 87_660.0
"""Ten years: no promise is longer, and a slip of the pen is not followed into the next century."""
_ORIGIN: Final = np.datetime64("1898-01-03", "D")
"""A Monday before every moment that is read: working time is counted from here, and only differences are used."""


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When a working day runs, and where.

    Attributes
    ----------
    nation : {"england", "wales", "scotland", "northern_ireland"}
        Whose bank holidays are no working days.
    opens, closes : datetime.time
        Wall clock of London. 09:00 to 17:00 is a proposal: no published standard that we hold says its hours.
    """

    nation: Nation = "england"
    opens: dt.time = dt.time(9)
    closes: dt.time = dt.time(17)

    @property
    def opens_s(self) -> int:
        """Seconds from midnight to the opening."""
        return _seconds(self.opens)

    @property
    def length_s(self) -> int:
        """Seconds in a working day."""
        return _seconds(self.closes) - _seconds(self.opens)


def working_time(nation: str = "england", *, opens: dt.time = dt.time(9), closes: dt.time = dt.time(17)) -> WorkingTime:
    """Return the working time of a nation.

    Raises
    ------
    PolicyError
        The nation is none of the four, or the day closes before it opens; both are named at once.

    Examples
    --------
    >>> working_time("scotland").nation, working_time(opens=dt.time(8), closes=dt.time(18)).length_s // 3600
    ('scotland', 10)
    """
    wrong = []
    if nation not in NATIONS:
        wrong.append(f"nation must be one of {', '.join(NATIONS)}.")
    if not (isinstance(opens, dt.time) and isinstance(closes, dt.time) and _seconds(opens) < _seconds(closes)):
        wrong.append("opens and closes must be times of one day, the first before the second.")
    if wrong:
        raise PolicyError(" ".join(wrong))
    return WorkingTime(next(known for known in NATIONS if known == nation), opens, closes)


def duration(start: ArrayLike, stop: ArrayLike, clock: Clock, working: WorkingTime) -> Floats:
    """Return how long each case took on one clock.

    Parameters
    ----------
    start, stop : array_like of int, shape (n,)
        Seconds since 1970 in UTC; ``stop`` is not before ``start``.
    clock : {"elapsed", "working_hours", "working_days"}
    working : WorkingTime

    Returns
    -------
    ndarray of float64, shape (n,)
        Hours on the first two clocks. On the third, whole working days after the day of the start, which is day 0: a
        start on a Saturday that stops on Monday has taken 1. Empty in, empty out.

    Examples
    --------
    From Friday 16:00 to Monday 10:00: 66 hours, of which 2 are working hours, and one working day.

    >>> friday, monday = [1_772_812_800], [1_773_050_400]
    >>> clocks = ("elapsed", "working_hours", "working_days")
    >>> [float(duration(friday, monday, clock, WorkingTime())[0]) for clock in clocks]
    [66.0, 2.0, 1.0]
    """
    first, last = _moments(start), _moments(stop)
    if clock == "elapsed":
        return (last - first) / HOUR
    calendar = _calendar_over(working, first, last)
    wall_first, wall_last = to_wall(first), to_wall(last)
    if clock == "working_hours":
        return (_worked(wall_last, working, calendar) - _worked(wall_first, working, calendar)) / HOUR
    return _working_days(_day(wall_first) + 1, _day(wall_last) + 1, calendar).astype(np.float64)


def outlived(start: ArrayLike, until: ArrayLike, clock: Clock, working: WorkingTime) -> Floats:
    """Return the longest time that a case still open at ``until`` is known not to have ended within.

    Parameters, shapes and units are those of ``duration``. On the working-days clock only days that are over count:
    a case may yet be closed today. A case begun today has outlived nothing, and gets −1.

    Examples
    --------
    Open since Friday 16:00. On Monday at 10:00 it has outlived day 0, and may yet end on day 1.

    >>> outlived([1_772_812_800], [1_773_050_400], "working_days", WorkingTime()).tolist()
    [0.0]
    """
    if clock != "working_days":
        return duration(start, until, clock, working)
    first, last = _moments(start), _moments(until)
    begun, today = _day(to_wall(first)), _day(to_wall(last))
    over = _working_days(begun + 1, np.maximum(today, begun + 1), _calendar_over(working, first, last))
    return np.where(today > begun, over, -1).astype(np.float64)


def due(start: ArrayLike, target: float, clock: Clock, working: WorkingTime) -> Seconds:
    """Return the moment by which each promise falls due.

    Parameters
    ----------
    start : array_like of int, shape (n,)
        Seconds since 1970 in UTC.
    target : float
        Hours, or working days.
    clock, working
        As for ``duration``.

    Returns
    -------
    ndarray of int64, shape (n,)
        Seconds since 1970. In working hours the earliest moment by which they have passed: 17:00 rather than 09:00 of
        the next working day. In working days the last second of the day. Empty in, empty out.

    Raises
    ------
    PolicyError
        The target is not above nothing and at most ten years.

    Examples
    --------
    Two working hours after Friday 16:00 is Monday 10:00.

    >>> due([1_772_812_800], 2.0, "working_hours", WorkingTime()).tolist()
    [1773050400]
    """
    if not 0.0 < target <= (LONGEST_HOURS if clock != "working_days" else LONGEST_HOURS / 24.0):
        msg = "A target must be above nothing and at most ten years. Correct it in partnership.toml."
        raise PolicyError(msg)
    first = _moments(start)
    if clock == "elapsed":
        return first + round(target * HOUR)
    wall = to_wall(first)
    hours_a_day = working.length_s / HOUR
    # Fewer than half of all days may be working days around Christmas: twice the days, and a year, are always enough.
    ahead = 366 + round(2 * (target if clock == "working_days" else target / hours_a_day))
    calendar = _calendar_over(working, first, first + ahead * DAY)
    if clock == "working_days":
        day = np.busday_offset(_day(wall), int(target), roll="backward", busdaycal=calendar)
        day = np.maximum(day, _day(wall))
        return from_wall(day.astype(np.int64) * DAY + DAY - 1)
    total = _worked(wall, working, calendar) + round(target * HOUR)
    whole_days, rest = np.divmod(total - 1, working.length_s)
    day = np.busday_offset(_ORIGIN, whole_days, roll="forward", busdaycal=calendar)
    return from_wall(day.astype(np.int64) * DAY + working.opens_s + rest + 1)


def next_working_day(moment: int, working: WorkingTime, days: int = 1) -> dt.date:
    """Return the working day that many working days after the day of a moment.

    >>> next_working_day(1_772_812_800, WorkingTime())
    datetime.date(2026, 3, 9)
    """
    first = _moments([moment])
    calendar = _calendar_over(working, first, first + (366 + 2 * days) * DAY)
    found: dt.date = np.busday_offset(_day(to_wall(first)), days, roll="backward", busdaycal=calendar)[0].item()
    return found


def bank_holidays(nation: Nation, first_year: int, last_year: int) -> tuple[dt.date, ...]:
    """Return a nation's bank holidays, with the days on which they are observed, in order.

    From the ``holidays`` library. Years beyond those that the government has announced follow the standing rules: a
    day given for an occasion is not known before it is given.

    Examples
    --------
    >>> [dt.date(2026, 1, 2) in bank_holidays(nation, 2026, 2026) for nation in ("scotland", "wales")]
    [True, False]
    """
    years = range(first_year, last_year + 1)
    return tuple(sorted(holidays.country_holidays("GB", subdiv=_SUBDIVISION[nation], years=years)))


def to_wall(moments: Seconds) -> Seconds:
    """Return moments as seconds since 1970 on the wall clock of London."""
    local = pd.DatetimeIndex(moments.astype("datetime64[s]")).tz_localize("UTC").tz_convert(LONDON).tz_localize(None)
    return local.to_numpy().astype("datetime64[s]").astype(np.int64)


def from_wall(wall: Seconds) -> Seconds:
    """Return wall clock seconds of London as moments; never asked for the hour that comes twice or not at all."""
    local = pd.DatetimeIndex(wall.astype("datetime64[s]")).tz_localize(LONDON).tz_convert("UTC").tz_localize(None)
    return local.to_numpy().astype("datetime64[s]").astype(np.int64)


def _worked(wall: Seconds, working: WorkingTime, calendar: np.busdaycalendar) -> Seconds:
    """Return working seconds from the origin to each moment: both changes fall on Sundays, so walls do not move."""
    day = _day(wall)
    today = np.clip(wall - day.astype(np.int64) * DAY - working.opens_s, 0, working.length_s)
    before = _working_days(np.broadcast_to(_ORIGIN, day.shape), day, calendar) * working.length_s
    return before + np.where(np.is_busday(day, busdaycal=calendar), today, 0)


def _working_days(first: Days, after: Days, calendar: np.busdaycalendar) -> Seconds:
    """Return how many working days lie in [first, after)."""
    return np.asarray(np.busday_count(first, after, busdaycal=calendar), dtype=np.int64)


def _calendar_over(working: WorkingTime, first: Seconds, last: Seconds) -> np.busdaycalendar:
    both: Any = np.concatenate([first, last])
    years = both.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    now = years.min(initial=3000), years.max(initial=0)
    return _calendar(working.nation, int(now[0]) - 1, int(now[1]) + 1)


@functools.lru_cache(maxsize=64)
def _calendar(nation: Nation, first_year: int, last_year: int) -> np.busdaycalendar:
    return np.busdaycalendar(holidays=[np.datetime64(day) for day in bank_holidays(nation, first_year, last_year)])


def _day(wall: Seconds) -> Days:
    return np.floor_divide(wall, DAY).astype("datetime64[D]")


def _moments(values: ArrayLike) -> Seconds:
    return np.asarray(values, dtype=np.int64)


def _seconds(time: dt.time) -> int:
    return time.hour * HOUR + time.minute * 60 + time.second
