"""Response times against published figures, and against slow twins that count minutes, days and cases one by one."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slow_clock
from hypothesis import given, settings
from hypothesis import strategies as st

import response_cases as cases
from riskshare.responses.clock import NATIONS, due, duration, working_time
from riskshare.responses.durations import Estimate as E
from riskshare.responses.durations import curve, difference, quantile, share_within

DATA = Path(__file__).parent / "data" / "cin_s47_durations.csv"
BINS = {"d0_10": (0, 10), "d11_15": (11, 15), "d16_20": (16, 20), "d21plus": (21, 30)}


def published() -> list[dict[str, str]]:
    with DATA.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def days_of(year: dict[str, str]) -> list[int]:
    """Return one length a conference, in tens, that keeps the four published counts and the three quartiles.

    The counts give no days within a class. In the class of 11 to 15 days, the published quartiles (13, 14 and 15) say
    how many at most may lie below each; the rest lie on the published day itself.
    """
    count = {name: int(year[name]) // 10 for name in BINS}
    total = sum(count.values())
    quarter, half = -(-total // 4), -(-total // 2)
    on_12 = (quarter - count["d0_10"]) // 2
    on_13 = quarter - count["d0_10"] - on_12 + 50
    on_14 = half - count["d0_10"] - on_12 - on_13 + 50
    on_15 = count["d11_15"] - on_12 - on_13 - on_14
    days = [8] * count["d0_10"] + [12] * on_12 + [13] * on_13 + [14] * on_14 + [15] * on_15
    return days + [18] * count["d16_20"] + [25] * count["d21plus"]


@pytest.mark.parametrize("year", published(), ids=lambda year: year["year"])
def test_the_share_within_15_days_is_the_published_one(year: dict[str, str]) -> None:
    """The four counts alone settle it: no day within a class moves the share at 15."""
    for end in (0, 1):
        days = np.repeat([BINS[name][end] for name in BINS], [int(year[name]) // 10 for name in BINS])
        share = share_within(curve(days, np.zeros(days.size, bool)), 15)
        assert round(100 * share.point, 1) == float(year["within15_pct_computed"])
        assert share.low < share.point < share.high
    assert {year["year"]: round(100 * share.point, 1)}.items() <= {"2023": 78.5, "2025": 81.4}.items()


@pytest.mark.parametrize("year", published(), ids=lambda year: year["year"])
def test_quartiles_are_the_published_ones_and_lie_in_their_class_whatever_the_days(year: dict[str, str]) -> None:
    days = days_of(year)
    found = curve(days, [False] * len(days))
    assert [quantile(found, share).point for share in (0.25, 0.5, 0.75)] == [13.0, 14.0, 15.0]
    assert [float(year[name]) for name in ("q25", "median", "q75")] == [13.0, 14.0, 15.0]
    for end in (0, 1):
        ends = np.repeat([BINS[name][end] for name in BINS], [int(year[name]) // 10 for name in BINS])
        loose = curve(ends, np.zeros(ends.size, bool))
        assert all(11 <= quantile(loose, share).point <= 15 for share in (0.25, 0.5, 0.75))


def conference(number: int, start: dt.datetime, stop: dt.datetime) -> dict[str, Any]:
    moments = {"started_at": start.isoformat(), "stopped_at": stop.isoformat()}
    return cases.row(f"c{number}", start_event="strategy discussion", stop_event="initial conference", **moments)


def test_the_whole_way_from_moments_to_the_published_share() -> None:
    """Discussions through a year, conferences so many working days later: England's calendar gives DfE's 78.5 %."""
    promise = cases.standard(
        "conference", start_event="strategy discussion", stop_event="initial conference", clock="working_days",
        target_hours=None, target_working_days=15.0, share_within=1.0,
    )  # fmt: skip
    year = days_of(published()[0])[::5]
    begun = dt.datetime(2022, 4, 1, 11, tzinfo=slow_clock.LONDON)
    ends: dict[tuple[dt.date, int], dt.date] = {}
    rows = []
    for number, days in enumerate(year):
        start = begun + dt.timedelta(days=number % 180)
        day, left = start.date(), days
        while left and (start.date(), days) not in ends:
            day += dt.timedelta(days=1)
            left -= slow_clock.is_working_day(day, "england")
        day = ends.setdefault((start.date(), days), day)
        rows.append(conference(number, start, dt.datetime.combine(day, dt.time(15), tzinfo=slow_clock.LONDON)))
    times = cases.compared(rows, cases.partnership(police=(promise,)))
    found = times.standard_times[0]
    assert (found.n, found.n_open, found.verdict) == (len(year), 0, "missed")
    assert round(100 * (found.share or 0.0), 1) == 78.5


FREIREICH = (
    "6", "6", "6", "6+", "7", "9+", "10", "10+", "11+", "13", "16", "17+", "19+", "20+", "22", "23", "25+", "32+",
    "32+", "34+", "35+",
)  # fmt: skip
"""Weeks in remission under 6-MP. Freireich et al., Blood 21 (1963) 699-716; the Kaplan-Meier figures below as
textbooks print them, such as Kleinbaum and Klein, Survival Analysis, 3rd ed., 2012, chapter 2."""


def test_kaplan_meier_of_the_textbook_example() -> None:
    weeks = [float(text.rstrip("+")) for text in FREIREICH]
    still_going = [text.endswith("+") for text in FREIREICH]
    found = curve(weeks, still_going)
    expected = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {t: round(1 - share_within(found, t).point, 3) for t in expected} == expected
    assert quantile(found, 0.5).point == 23.0
    assert np.isnan(quantile(found, 0.9).point)
    assert np.isnan(share_within(found, 36).point)


def test_without_open_cases_the_interval_is_wilsons() -> None:
    """R. G. Newcombe, Statist. Med. 17 (1998) 857-872, table I: 81 of 263 is 0.2553 to 0.3662."""
    share = share_within(curve([1.0] * 81 + [2.0] * 182, [False] * 263), 1.0)
    assert (round(share.low, 4), round(share.high, 4)) == (0.2553, 0.3662)


def test_differences_of_shares_by_mover_are_newcombes() -> None:
    """Newcombe, Statist. Med. 17 (1998) 873-890, method 10, 56/70 minus 48/80: 0.0524 to 0.3339."""
    first, second = (
        share_within(curve([1.0] * k + [2.0] * (n - k), [False] * n), 1.0) for k, n in ((56, 70), (48, 80))
    )
    found = difference(first, second)
    assert (round(found.point, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)
    assert difference(E(1.0, 1.0, float("nan")), first).low == pytest.approx(1.0 - first.high)


LENGTHS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(LENGTHS)
def test_the_curve_is_its_slow_twin(drawn: list[tuple[int, bool]]) -> None:
    lasted, is_open = [float(length) for length, _ in drawn], [censored for _, censored in drawn]
    found = curve(lasted, is_open)
    expected = slow_clock.kaplan_meier(lasted, is_open)
    assert dict(zip(found.time.tolist(), found.still_open.tolist(), strict=True)) == pytest.approx(expected)
    assert (found.low <= found.still_open + 1e-12).all()
    assert (found.high >= found.still_open - 1e-12).all()


MINUTES = st.integers(0, 6 * 365 * 1440)
BEGIN = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)


@settings(max_examples=15, deadline=None)
@given(MINUTES, st.integers(0, 6 * 1440), st.sampled_from(NATIONS))
def test_working_clocks_are_their_slow_twins(begin: int, length: int, nation: str) -> None:
    start = BEGIN + dt.timedelta(minutes=begin)
    stop = start + dt.timedelta(minutes=length)
    moments = [int(start.timestamp())], [int(stop.timestamp())]
    working = working_time(nation)
    assert duration(*moments, "working_hours", working)[0] == slow_clock.working_hours(start, stop, nation)
    assert duration(*moments, "working_days", working)[0] == slow_clock.working_days(start, stop, nation)
    target = slow_clock.working_hours(start, stop, nation)
    if target:
        reached = int(due(moments[0], target, "working_hours", working)[0])
        at = dt.datetime.fromtimestamp(reached, tz=dt.UTC)
        assert slow_clock.working_hours(start, at, nation) == target
        assert slow_clock.working_hours(start, at - dt.timedelta(minutes=1), nation) < target
