"""The three clocks, worked by hand: both clock changes, four nations' bank holidays, days on which nobody works."""

from __future__ import annotations

import datetime as dt

import pytest

from riskshare.records.moments import as_moment, moment_of
from riskshare.responses.clock import bank_holidays, due, duration, next_working_day, outlived, working_time


def taken(start: str, stop: str, clock: str, nation: str = "england") -> float:
    return float(duration([as_moment(start)], [as_moment(stop)], clock, working_time(nation))[0])  # type: ignore[arg-type]


def falls_due(start: str, target: float, clock: str, nation: str = "england") -> str:
    return moment_of(int(due([as_moment(start)], target, clock, working_time(nation))[0])).isoformat()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # On 30 March 2025 the clocks go forward: the day has 23 hours, and 24 hours end an hour later by the clock.
        ("2025-03-29T12:00:00+00:00", "2025-03-30T13:00:00+01:00"),
        # On 26 October 2025 they go back: the day has 25 hours.
        ("2025-10-25T12:00:00+01:00", "2025-10-26T11:00:00+00:00"),
        # An ordinary day.
        ("2025-06-10T12:00:00+01:00", "2025-06-11T12:00:00+01:00"),
        # From inside the hour that comes twice: the first and the second 01:30 are an hour apart.
        ("2025-10-26T01:30:00+01:00", "2025-10-27T00:30:00+00:00"),
        ("2025-10-26T01:30:00+00:00", "2025-10-27T01:30:00+00:00"),
    ],
)
def test_a_24_hour_target_is_24_hours_across_both_clock_changes(start: str, expected: str) -> None:
    assert falls_due(start, 24.0, "elapsed") == expected


def test_noon_to_noon_is_23_hours_in_march_and_25_in_october() -> None:
    assert taken("2025-03-29T12:00:00Z", "2025-03-30T12:00:00+01:00", "elapsed") == 23.0
    assert taken("2025-10-25T12:00:00+01:00", "2025-10-26T12:00:00Z", "elapsed") == 25.0


@pytest.mark.parametrize(
    ("friday", "monday"),
    [
        ("2025-03-28T16:00:00+00:00", "2025-03-31T10:00:00+01:00"),
        ("2025-10-24T16:00:00+01:00", "2025-10-27T10:00:00+00:00"),
        ("2025-06-13T16:00:00+01:00", "2025-06-16T10:00:00+01:00"),
    ],
)
def test_working_hours_do_not_notice_a_clock_change(friday: str, monday: str) -> None:
    """Friday 16:00 to 17:00 and Monday 9:00 to 10:00: two working hours on any weekend."""
    assert taken(friday, monday, "working_hours") == 2.0
    assert falls_due(friday, 2.0, "working_hours") == monday


@pytest.mark.parametrize(
    ("day", "free_in"),
    [
        ("2026-01-02", {"scotland"}),
        ("2026-03-17", {"northern_ireland"}),
        ("2027-07-12", {"northern_ireland"}),
        ("2026-04-03", {"england", "wales", "scotland", "northern_ireland"}),  # Good Friday
        ("2026-04-06", {"england", "wales", "northern_ireland"}),  # Easter Monday, not in Scotland
        ("2026-08-03", {"scotland"}),  # first Monday of August
        ("2026-08-31", {"england", "wales", "northern_ireland"}),  # last Monday of August
        ("2026-11-30", {"scotland"}),  # Saint Andrew
        ("2026-12-28", {"england", "wales", "scotland", "northern_ireland"}),  # Boxing Day is a Saturday
        ("2023-05-08", {"england", "wales", "scotland", "northern_ireland"}),  # the coronation
    ],
)
def test_bank_holidays_differ_by_nation(day: str, free_in: set[str]) -> None:
    date = dt.date.fromisoformat(day)
    nations = ("england", "wales", "scotland", "northern_ireland")
    assert {nation for nation in nations if date in bank_holidays(nation, date.year, date.year)} == free_in  # type: ignore[arg-type]


def test_one_working_day_over_new_year_is_a_day_later_in_scotland() -> None:
    """31 December 2025 is a Wednesday; 1 January is free everywhere, 2 January in Scotland only."""
    start = "2025-12-31T10:00:00Z"
    assert falls_due(start, 1.0, "working_days", "england") == "2026-01-02T23:59:59+00:00"
    assert falls_due(start, 1.0, "working_days", "scotland") == "2026-01-05T23:59:59+00:00"


def test_easter_monday_is_a_working_day_in_scotland_only() -> None:
    thursday = "2026-04-02T10:00:00+01:00"
    assert falls_due(thursday, 1.0, "working_days", "england") == "2026-04-07T23:59:59+01:00"
    assert falls_due(thursday, 1.0, "working_days", "scotland") == "2026-04-06T23:59:59+01:00"
    assert taken(thursday, "2026-04-07T16:00:00+01:00", "working_days", "wales") == 1.0
    assert taken(thursday, "2026-04-07T16:00:00+01:00", "working_days", "scotland") == 2.0


def test_the_day_of_the_start_is_day_0_and_a_weekend_start_waits_for_monday() -> None:
    assert taken("2026-03-02T09:00:00Z", "2026-03-02T23:00:00Z", "working_days") == 0.0
    assert taken("2026-03-07T09:00:00Z", "2026-03-08T09:00:00Z", "working_days") == 0.0
    assert taken("2026-03-07T09:00:00Z", "2026-03-09T09:00:00Z", "working_days") == 1.0
    assert falls_due("2026-03-07T09:00:00Z", 1.0, "working_days") == "2026-03-09T23:59:59+00:00"


def test_a_strategy_discussion_before_christmas_has_its_conference_due_in_january() -> None:
    """15 working days from Monday 15 December 2025: 16 to 19, 22 to 24, 29 to 31, 2 January, 5 to 8."""
    assert falls_due("2025-12-15T11:00:00Z", 15.0, "working_days") == "2026-01-08T23:59:59+00:00"


def test_half_a_working_day_falls_due_on_the_day_itself() -> None:
    assert falls_due("2026-03-02T09:00:00Z", 0.5, "working_days") == "2026-03-02T23:59:59+00:00"
    assert falls_due("2026-03-07T09:00:00Z", 0.5, "working_days") == "2026-03-07T23:59:59+00:00"


def test_working_hours_that_end_with_the_day_are_due_that_evening() -> None:
    assert falls_due("2026-03-02T13:00:00Z", 4.0, "working_hours") == "2026-03-02T17:00:00+00:00"
    assert falls_due("2026-03-02T20:00:00Z", 4.0, "working_hours") == "2026-03-03T13:00:00+00:00"
    assert falls_due("2026-03-02T13:00:00Z", 12.0, "working_hours") == "2026-03-03T17:00:00+00:00"


def test_an_open_case_has_outlived_only_days_that_are_over() -> None:
    working, start = working_time(), [as_moment("2026-03-02T09:00:00Z")]

    def so_far(until: str) -> float:
        return float(outlived(start, [as_moment(until)], "working_days", working)[0])

    assert so_far("2026-03-02T18:00:00Z") == -1.0
    assert so_far("2026-03-03T18:00:00Z") == 0.0
    assert so_far("2026-03-04T00:00:00Z") == 1.0
    assert so_far("2026-03-08T12:00:00Z") == 4.0


def test_a_review_falls_on_a_working_day() -> None:
    assert next_working_day(as_moment("2026-04-02T10:00:00+01:00"), working_time()) == dt.date(2026, 4, 7)
    assert next_working_day(as_moment("2026-04-02T10:00:00+01:00"), working_time("scotland")) == dt.date(2026, 4, 6)
    assert next_working_day(as_moment("2026-03-07T10:00:00Z"), working_time()) == dt.date(2026, 3, 9)
