"""What holds of every clock, for any start, stop, target and nation; and of times, for any order of the cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import response_cases as cases
from riskshare.records.moments import moment_of, read_moment
from riskshare.records.partnership import Clock
from riskshare.responses.clock import NATIONS, due, duration, from_wall, outlived, to_wall, working_time
from riskshare.responses.durations import curve, mean_length, quantile, share_within

MOMENTS = st.integers(-2_000_000_000, 4_000_000_000)
LENGTHS = st.integers(0, 60 * 86_400)
CLOCKS: tuple[Clock, ...] = ("elapsed", "working_hours", "working_days")
FEW = settings(max_examples=80, deadline=None)


@FEW
@given(MOMENTS)
def test_a_moment_survives_being_written_and_read(moment: int) -> None:
    assert read_moment(moment_of(moment).isoformat()) == moment


@FEW
@given(MOMENTS)
def test_the_wall_clock_comes_back_but_for_the_hour_that_is_there_twice(moment: int) -> None:
    wall = to_wall(np.array([moment]))
    if moment_of(moment).hour not in (1, 2, 3):  # clocks changed at other hours before 1972
        assert from_wall(wall).tolist() == [moment]


@FEW
@given(MOMENTS, LENGTHS, LENGTHS, st.sampled_from(CLOCKS), st.sampled_from(NATIONS))
def test_times_add_up_and_never_fall(start: int, first: int, then: int, clock: Clock, nation: str) -> None:
    working = working_time(nation)
    a, b, c = start, start + first, start + first + then
    ab, bc, ac = (float(duration([x], [y], clock, working)[0]) for x, y in ((a, b), (b, c), (a, c)))
    assert ac == pytest.approx(ab + bc)
    assert 0.0 <= ab <= ac
    assert ac <= (c - a) / 3600 + (1 if clock == "working_days" else 0)


@FEW
@given(
    MOMENTS,
    st.integers(0, 20 * 86_400),
    st.floats(0.01, 60.0),
    st.sampled_from(CLOCKS),
    st.sampled_from(NATIONS),
)
def test_what_stops_by_the_due_moment_is_within_target(
    start: int, length: int, target: float, clock: Clock, nation: str
) -> None:
    working = working_time(nation)
    falls_due = int(due([start], target, clock, working)[0])
    took = float(duration([start], [start + length], clock, working)[0])
    assert falls_due >= start
    if start + length <= falls_due:
        assert took <= target + 1 / 3600
    elif clock != "working_hours":  # there, what stops overnight has taken no working hour more
        assert took > target - 1 / 3600
    at_due = float(duration([start], [falls_due], clock, working)[0])
    assert at_due == pytest.approx(int(target) if clock == "working_days" else target, abs=1 / 3600)


@FEW
@given(MOMENTS, LENGTHS, LENGTHS, st.sampled_from(CLOCKS))
def test_an_open_case_never_ends_sooner_than_it_has_outlived(start: int, seen: int, more: int, clock: Clock) -> None:
    working = working_time()
    survived = float(outlived([start], [start + seen], clock, working)[0])
    assert survived <= float(duration([start], [start + seen], clock, working)[0])
    assert survived <= float(duration([start], [start + seen + more], clock, working)[0])


@FEW
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=40), st.integers(0, 60))
def test_open_cases_make_times_longer_than_leaving_them_out(drawn: list[tuple[int, bool]], target: int) -> None:
    lasted, is_open = np.array([a for a, _ in drawn], float), np.array([b for _, b in drawn])
    everything, closed = curve(lasted, is_open), curve(lasted[~is_open], is_open[~is_open])
    assert (everything.n, everything.n_open) == (len(drawn), int(is_open.sum()))
    if closed.n:
        with_open, without = quantile(everything, 0.5).point, quantile(closed, 0.5).point
        assert np.isnan(with_open) or with_open >= without - 1e-9
        share = share_within(everything, target)
        assert np.isnan(share.point) or share.point <= share_within(closed, target).point + 1e-9
        assert mean_length(everything) >= 0.0
        assert np.isnan(share.low) or 0.0 <= share.low <= share.high <= 1.0


@settings(max_examples=15, deadline=None)
@given(st.permutations(list(range(12))), st.integers(0, 2**32 - 1))
def test_the_order_of_cases_is_irrelevant(order: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = [
        cases.lasting(
            None if rng.random() < 0.2 else float(rng.integers(1, 90)),
            f"c{i}",
            agency=str(rng.choice(["police", "council"])),
            value=str(rng.choice(["high", "medium", "3", "cannot be judged"])),
        )
        for i in range(12)
    ]
    assert cases.compared(rows).to_dict() == cases.compared([rows[i] for i in order]).to_dict()
