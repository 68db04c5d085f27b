"""Edges of the clock, of curves and of moments: nothing given, nothing certain, nonsense asked."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from riskshare.errors import PolicyError
from riskshare.kernels.calibration import wilson
from riskshare.records.moments import as_moment, end_of, moment_of, read_moment
from riskshare.responses.clock import WorkingTime, due, duration, outlived, working_time
from riskshare.responses.durations import UNKNOWN, curve, mean_length, quantile, share_within


@pytest.mark.parametrize("clock", ["elapsed", "working_hours", "working_days"])
def test_empty_in_empty_out(clock: str) -> None:
    none = np.zeros(0, np.int64)
    for found in (duration(none, none, clock, WorkingTime()), outlived(none, none, clock, WorkingTime())):  # type: ignore[arg-type]
        assert found.shape == (0,)
        assert found.dtype == np.float64
    assert due(none, 1.0, clock, WorkingTime()).tolist() == []  # type: ignore[arg-type]


@pytest.mark.parametrize("target", [0.0, -1.0, 1e9, math.nan, math.inf])
@pytest.mark.parametrize("clock", ["elapsed", "working_hours", "working_days"])
def test_a_target_that_is_no_promise_is_refused(target: float, clock: str) -> None:
    with pytest.raises(PolicyError, match="at most ten years"):
        due([0], target, clock, WorkingTime())  # type: ignore[arg-type]


def test_the_longest_target_can_be_worked_out() -> None:
    assert moment_of(int(due([0], 3652.0, "working_days", WorkingTime())[0])).year == 1984


def test_a_working_day_may_be_of_any_length() -> None:
    whole = working_time(opens=dt.time(0), closes=dt.time(23, 59, 59))
    monday = as_moment("2026-03-02T00:00:00Z")
    assert duration([monday], [monday + 86_400], "working_hours", whole)[0] == pytest.approx(24.0, abs=0.001)
    with pytest.raises(PolicyError):
        working_time(opens=9)  # type: ignore[arg-type]


def test_no_cases_say_nothing() -> None:
    empty = curve([], [])
    assert repr(empty) == "Curve(0 cases, 0 open)"
    assert all(map(math.isnan, (*share_within(empty, 1.0), *UNKNOWN, mean_length(empty))))
    assert math.isnan(quantile(empty, 0.5).point)


def test_before_the_first_end_the_share_is_none_but_not_certainly_none() -> None:
    share = share_within(curve([5.0] * 20, [False] * 20), 1.0)
    assert (share.point, share.low) == (0.0, 0.0)
    assert 0.0 < share.high < 0.2


def test_when_all_have_ended_the_share_is_all_but_not_certainly_all() -> None:
    share = share_within(curve([5.0] * 20, [False] * 20), 6.0)
    assert (share.point, share.high) == (1.0, 1.0)
    assert 0.8 < share.low < 1.0


def test_open_cases_lost_early_widen_the_interval() -> None:
    """Ten of twenty within 5, whether the other ten are known to have lasted, or were lost sight of after 3."""
    known = share_within(curve([4.0] * 10 + [9.0] * 10, [False] * 20), 5.0)
    lost = share_within(curve([4.0] * 10 + [3.0] * 10 + [9.0] * 10, [False] * 10 + [True] * 10 + [False] * 10), 5.0)
    assert lost.point == known.point == 0.5
    assert lost.high - lost.low == pytest.approx(known.high - known.low)


@pytest.mark.parametrize("when", [None, 3, dt.date(2026, 3, 31), dt.datetime(2026, 3, 31), "now", "2026-03-31\n"])
def test_what_is_no_moment_is_refused_without_repeating_it(when: object) -> None:
    with pytest.raises(PolicyError) as fault:
        as_moment(when)
    assert "now" not in str(fault.value).replace("known", "")


def test_days_end_in_london() -> None:
    assert moment_of(end_of("2026-03-29")).isoformat() == "2026-03-30T00:00:00+01:00"
    assert end_of("2026-03-29") - end_of("2026-03-28") == 23 * 3600
    assert end_of("2026-10-25") - end_of("2026-10-24") == 25 * 3600


def test_offsets_beyond_a_day_are_impossible() -> None:
    assert read_moment("2026-03-31T10:00:00+24:00") == "impossible_time"
    assert read_moment("2026-03-31T10:00:00+5") == "bad_time"
    assert read_moment("2026-03-31T10:00:00٠Z") == "bad_time"


def test_cases_last_known_open_before_the_target_narrow_nothing() -> None:
    """Fifty cases were only just opened; of the two known at the target none had ended: 0 of 2, not 0 of 52."""
    found = curve([1.0] * 50 + [10.0] * 2, [True] * 50 + [False] * 2)
    assert share_within(found, 5.0).high == pytest.approx(float(wilson(0, 2)[1]))
    assert share_within(found, 1.0).high == pytest.approx(float(wilson(0, 52)[1]))
    assert share_within(found, 0.5).high == pytest.approx(float(wilson(0, 52)[1]))


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2101-01-01", dt.date(1899, 12, 31)])
def test_days_beyond_two_centuries_are_refused(day: str | dt.date) -> None:
    with pytest.raises(PolicyError, match="before 1900 or after 2100"):
        end_of(day)
