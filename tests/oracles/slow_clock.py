"""The working clocks, minute by minute and day by day with the standard library alone: slow, and easy to believe."""

from __future__ import annotations

import datetime as dt
import functools
from zoneinfo import ZoneInfo

import holidays

LONDON = ZoneInfo("Europe/London")
CODES = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern_ireland": "NIR"}


@functools.cache
def free_days(year: int, nation: str) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("GB", subdiv=CODES[nation], years=year))


def is_working_day(day: dt.date, nation: str) -> bool:
    return day.weekday() < 5 and day not in free_days(day.year, nation)


def working_hours(start: dt.datetime, stop: dt.datetime, nation: str) -> float:
    """Count the minutes between two whole minutes that fall between 9:00 and 17:00 on a working day."""
    minutes, moment = 0, start.astimezone(dt.UTC)
    days: dict[dt.date, bool] = {}
    while moment < stop:
        local = moment.astimezone(LONDON)
        day = local.date()
        days.setdefault(day, is_working_day(day, nation))
        minutes += days[day] and 9 <= local.hour < 17
        moment += dt.timedelta(minutes=1)
    return minutes / 60


def working_days(start: dt.datetime, stop: dt.datetime, nation: str) -> int:
    """Count the working days after the day of the start, up to the day of the stop."""
    day, last, count = start.astimezone(LONDON).date(), stop.astimezone(LONDON).date(), 0
    while day < last:
        day += dt.timedelta(days=1)
        count += is_working_day(day, nation)
    return count


def kaplan_meier(lasted: list[float], is_open: list[bool]) -> dict[float, float]:
    """Return the share still open after each distinct length, case by case."""
    share, shares = 1.0, {}
    for time in sorted(set(lasted)):
        at_risk = sum(length >= time for length in lasted)
        ended = sum(length == time and not censored for length, censored in zip(lasted, is_open, strict=True))
        share *= 1 - ended / at_risk
        shares[time] = share
    return shares
