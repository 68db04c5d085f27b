"""Comparing: groups, shares, verdicts, inversions, open cases, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

import build
import response_cases as cases
from riskshare.errors import ArgumentError, PolicyError
from riskshare.io.responses import read_responses
from riskshare.records.scale import Band, CommonScale
from riskshare.reporting.responses import response_sentences, response_table
from riskshare.responses.compare import compare
from riskshare.responses.strata import reaches_beyond, stratum_name, stratum_numbers


def several(hours: list[float | None], prefix: str, **changes: Any) -> list[dict[str, Any]]:
    return [cases.lasting(h, f"{prefix}{i}", **changes) for i, h in enumerate(hours)]


def test_no_cases_give_empty_tables_and_every_standard_with_a_reason() -> None:
    times = cases.compared([])
    assert (times.n_cases, len(times.bands), len(times.strata), len(times.longer_waits)) == (0, 0, 0, 0)
    assert list(times.bands.columns)[:2] == ["agency", "start_event"]
    assert times.standards["note"].tolist() == ["No case of this band was sent."] * 2
    assert times.standards["verdict"].tolist() == ["cannot say"] * 2
    assert response_table(times, cases.partnership()) == ""


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [
        ([10.0] * 19 + [30.0], "met"),
        ([10.0] * 17 + [30.0] * 3, "short, but it may be chance"),
        ([10.0] * 10 + [30.0] * 10, "missed"),
        ([10.0] * 18 + [24.0] * 2, "met"),  # the target itself is within
    ],
)
def test_a_promise_is_met_missed_or_short_by_what_may_be_chance(hours: list[float | None], verdict: str) -> None:
    found = cases.compared(several(hours, "c")).standard_times
    assert next(line for line in found if line.agency == "police").verdict == verdict


def test_a_share_that_open_cases_hide_cannot_be_said() -> None:
    """Ten cases begun an hour before the end: within 24 hours nobody knows."""
    late = "2026-03-31T22:00:00+00:00"
    times = cases.compared(several([None] * 10, "c", started=late))
    line = next(line for line in times.standard_times if line.agency == "police")
    assert (line.n, line.n_open, line.share, line.share_low, line.share_high) == (10, 10, None, 0.0, 1.0)
    assert line.verdict == "cannot say"
    assert any("too many cases are open to say" in said for said in response_sentences(times, cases.partnership()))
    assert times.band_times[0].median_hours is None
    assert "not known yet" in response_table(times, cases.partnership())


def test_an_open_case_counts_for_as_long_as_it_has_lasted() -> None:
    """Three days late and still open: it cannot be within 24 hours, and it is not dropped."""
    times = cases.compared([*several([10.0] * 9, "c"), cases.lasting(None, "open", started="2026-03-28T09:00:00Z")])
    line = times.band_times[0]
    assert (line.n, line.n_open, line.share) == (10, 1, pytest.approx(0.9))


def test_a_case_that_stops_after_until_is_open_then() -> None:
    rows = several([10.0, 200.0], "c", started="2026-03-20T09:00:00Z")
    times = cases.compared(rows, until="2026-03-21")
    assert (times.n_cases, times.n_open, times.n_later) == (2, 1, 0)
    later = cases.compared(rows, until="2026-03-19")
    assert (later.n_cases, later.n_later) == (0, 2)


def test_a_planted_inversion_is_found_and_beyond_chance() -> None:
    """The council's high takes two days, the police's medium two hours, between the same events."""
    rows = several([40.0 + i % 9 for i in range(40)], "a", agency="council", value="high")
    rows += several([1.5 + i % 9 / 10 for i in range(40)], "b", agency="police", value="10")
    rows += several([1.0] * 40, "c", agency="police", value="high")
    found = cases.compared(rows).longer_waits_found
    assert len(found) == 1
    first = found[0]
    assert (first.more_agency, first.more_stratum, first.less_agency, first.less_stratum) == (
        "council", "70-90", "police", "50-70",
    )  # fmt: skip
    assert first.comparable
    assert first.beyond_chance
    assert (first.slower_low or 0) > 40
    said = response_sentences(cases.compared(rows), cases.partnership())[-1]
    assert said.startswith("Inversion: Council's demo.count: high (stratum 70-90) take 43.5 h by the median, Police's")
    assert first.inversion
    assert "time different things" not in said


def waits(**council: Any) -> list[dict[str, Any]]:
    """Return a slow high of the council and a quick medium of the police; change what the test is about."""
    rows = several([40.0 + i % 9 for i in range(40)], "a", agency="council", **{"value": "high", **council})
    return rows + several([1.5 + i % 9 / 10 for i in range(40)], "b", agency="police", value="10")


BOTH_STARTS = cases.partnership(
    police=(cases.standard("visit"),),
    council=(cases.standard("visit"), cases.standard("rung", start_event="call received")),
)


def test_clocks_that_start_at_different_events_are_not_comparable_and_no_inversion() -> None:
    """However large the gap: part of it may lie before one clock starts."""
    times = cases.compared(waits(start_event="call received"), BOTH_STARTS)
    found = times.longer_waits_found[0]
    assert (found.same_stop, found.same_start, found.comparable) == (True, False, False)
    assert found.beyond_chance
    assert not found.inversion
    said = response_sentences(times, BOTH_STARTS)[-1]
    assert said.startswith("To ask about: Council's")
    assert "one clock runs from call received to first visit, the other from referral received to first visit" in said
    assert "nversion" not in said


def test_a_gap_that_may_be_chance_is_no_inversion() -> None:
    rows = several([5.0, 60.0, 7.0], "a", agency="council", value="high")
    rows += several([5.0, 70.0, 6.0], "b", agency="police", value="10")
    times = cases.compared(rows)
    found = times.longer_waits_found[0]
    assert (found.comparable, found.beyond_chance, found.inversion) == (True, False, False)
    said = response_sentences(times, cases.partnership())[-1]
    assert said.startswith("To ask about: ")
    assert "The difference may be chance." in said


def test_pairs_of_which_neither_is_its_agencys_high_are_left_out() -> None:
    """Medium slower than low says nothing about anybody's high."""
    rows = several([40.0 + i % 9 for i in range(40)], "a", agency="council", value="10")
    rows += several([1.0 + i % 9 / 10 for i in range(40)], "b", agency="police", value="3")
    times = cases.compared(rows)
    assert {line.stratum for line in times.stratum_times} == {"50-70", "below 30"}
    assert times.longer_waits_found == ()


def test_within_a_stratum_lines_that_stop_at_one_event_stand_together() -> None:
    agreed = cases.partnership(
        **{
            name: (cases.standard("visit"), cases.standard("call", stop_event="first call"))
            for name in ("police", "council")
        }
    )
    rows = [
        row
        for name in ("police", "council")
        for stop in ("first visit", "first call")
        for row in several([5.0], f"{name}{stop[-1]}", agency=name, stop_event=stop)
    ]
    times = cases.compared(rows, agreed)
    assert [(line.stop_event, line.agency) for line in times.stratum_times] == [
        ("first call", "council"), ("first call", "police"), ("first visit", "council"), ("first visit", "police"),
    ]  # fmt: skip
    table = response_table(times, agreed)
    assert [line for line in table.splitlines() if not line.startswith(" ")] == [
        "70-90, to first call", "70-90, to first visit",
    ]  # fmt: skip
    assert "referral received ->" in table


def test_a_share_that_is_only_proposed_gets_no_verdict() -> None:
    """Ten of twenty in time, of a share that no source gives: nobody promised it, so nobody missed it."""
    for basis, verdict in (("proposal", "no verdict"), ("published", "missed")):
        agreed = cases.partnership(police=(cases.standard("visit", share_basis=basis),))
        times = cases.compared(several([10.0] * 10 + [30.0] * 10, "c"), agreed)
        assert times.standard_times[0].verdict == verdict
        said = next(said for said in response_sentences(times, agreed) if "standard visit" in said)
        assert ("so no verdict" in said, "missed" in said) == (basis == "proposal", basis == "published")
    assert cases.standard("visit", share_basis="published").share_basis == "published"
    default = cases.standard("visit").model_dump() | {"id": "other"}
    del default["share_basis"]
    assert type(cases.standard("visit"))(**default).share_basis == "proposal"


def test_in_one_stratum_an_agencys_own_high_is_the_more_severe() -> None:
    """One scale calls nothing high and reaches up all the same: 20 of 24 lies at 75, beside another agency's high."""
    loose = build.scale(
        "demo.loose",
        bands=(Band(name="low", starts=0.0), Band(name="some", starts=7.0, pins="medium")),
        routes=(),
    )
    early = build.scale(
        "demo.early",
        bands=(Band(name="low", starts=0.0), Band(name="high", starts=7.0, pins="high")),
        routes=(),
    )
    agreed = build.partnership(
        agencies=tuple(
            build.agency(a, standards=(cases.standard("s", scale=s, band=b),))
            for a, s, b in (("police", "demo.early", "high"), ("council", "demo.loose", "some"))
        ),
        scales=(loose, early),
    )
    rows = several([20.0] * 10, "a", agency="police", scale="demo.early", value="10")
    rows += several([5.0] * 10, "b", agency="council", scale="demo.loose", value="20")
    times = cases.compared(rows, agreed)
    assert {(line.agency, line.stratum, line.own_high) for line in times.stratum_times} == {
        ("police", "70-90", True), ("council", "70-90", False),
    }  # fmt: skip
    assert [(i.more_agency, i.less_agency) for i in times.longer_waits_found] == [("police", "council")]


def test_other_events_are_other_groups_and_never_pooled() -> None:
    agreed = cases.partnership(
        police=(cases.standard("visit"), cases.standard("rung", start_event="call received", target_hours=1.0)),
    )
    rows = [*several([10.0], "a"), *several([0.5], "b", start_event="call received")]
    times = cases.compared(rows, agreed)
    assert [(line.start_event, line.n) for line in times.stratum_times] == [
        ("call received", 1), ("referral received", 1),
    ]  # fmt: skip
    assert [line.share for line in times.band_times] == [1.0, 1.0]


def test_a_reading_that_could_not_be_judged_is_shown_and_has_no_stratum() -> None:
    times = cases.compared(several([10.0], "a", value="cannot be judged"))
    line = times.band_times[0]
    assert (line.band, line.stratum, line.common, line.standard) == ("", "not placed", None, None)
    assert [line.stratum for line in times.stratum_times] == ["not placed"]
    assert times.longer_waits_found == ()


def test_working_days_are_judged_on_their_own_clock() -> None:
    """Thursday before Easter to Tuesday: five days that are one working day in England and two in Scotland."""
    promise = cases.standard("visit", clock="working_days", target_hours=None, target_working_days=1.0)
    rows = several([120.0], "a", started="2026-04-02T10:00:00+01:00")
    agreed = cases.partnership(police=(promise,))
    for nation, share in (("england", 1.0), ("scotland", 0.0)):
        times = cases.compared(rows, agreed, until="2026-04-30", nation=nation)
        assert times.standard_times[0].share == share
        assert times.nation == nation
    line = cases.compared(rows, agreed, until="2026-04-30").standard_times[0]
    assert line.unit == "working days"
    assert line.elapsed_middle == pytest.approx(134.0, abs=0.001)  # to the end of Tuesday


def test_opening_hours_can_be_agreed() -> None:
    promise = cases.standard("visit", clock="working_hours", target_hours=2.0)
    agreed = cases.partnership(police=(promise,))
    rows = several([15.0], "a", started="2026-03-02T17:30:00Z")  # to Tuesday 8:30
    assert cases.compared(rows, agreed).standard_times[0].share == 1.0
    long = cases.compared(rows, agreed, opens=dt.time(6), closes=dt.time(22))
    assert long.standard_times[0].share == 0.0
    assert (long.opens, long.closes) == (dt.time(6), dt.time(22))


def test_fewer_open_cases_than_arrivals_imply_are_noticed() -> None:
    """Forty cases of about ten days each within a month, none open: thirteen would be expected."""
    rows = [
        cases.lasting(240.0, f"c{i}", started=f"2026-03-{1 + i % 20:02d}T09:00:00Z") for i in range(40)
    ]  # fmt: skip
    line = cases.compared(rows, until="2026-03-31").band_times[0]
    assert line.n_open == 0
    assert line.open_expected == pytest.approx(40 / 30.58 * 10, rel=0.01)
    assert line.open_check == "fewer open than fits"
    one = cases.compared(several([None], "c", started="2026-03-31T22:59:59Z"), until="2026-03-31T22:59:59Z")
    assert one.band_times[0].open_check == "cannot say"


def test_what_is_no_argument_is_refused() -> None:
    agreed = cases.partnership()
    read = read_responses([], agreed)
    with pytest.raises(ArgumentError) as fault:
        compare(read, agreed, until=3, nation=None)  # type: ignore[arg-type]
    assert len(fault.value.problems) == 4
    for until in ("31/03/2026", "2026-03-31T10:00:00", "2026-13-01"):
        with pytest.raises(PolicyError, match="until is not a moment"):
            compare(agreed, read, until=until)
    with pytest.raises(PolicyError) as both:
        compare(agreed, read, until="2026-03-31", nation="france", opens=dt.time(17), closes=dt.time(9))
    assert "nation must be one of" in str(both.value)
    assert "opens and closes" in str(both.value)


def test_an_aware_moment_is_taken_and_a_naive_one_is_not() -> None:
    aware = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
    assert cases.compared([], until=aware).until == aware
    with pytest.raises(PolicyError, match="no offset"):
        cases.compared([], until=dt.datetime(2026, 3, 31, 12))


def test_strata_follow_the_agreed_edges() -> None:
    moved = CommonScale(medium_from=20.0, high_from=60.0, very_high_from=80.0)
    assert stratum_numbers([19.0, 20.0, 40.0, 60.0, 80.0, np.nan], moved).tolist() == [0, 1, 2, 3, 4, -1]
    assert [stratum_name(n, moved) for n in (-1, 0, 1, 4)] == ["not placed", "below 20", "20-40", "80 and over"]
    assert not reaches_beyond([np.nan], [np.nan], moved)
    assert reaches_beyond([np.nan, 10.0], [np.nan, 30.0], moved)


def test_the_head_says_up_to_when_and_what_was_left_out() -> None:
    rows = several([1.0], "a", started="2026-03-30T09:00:00Z") + several([1.0], "b", started="2026-04-30T09:00:00Z")
    head = response_sentences(cases.compared(rows, until="2026-03-31T12:30:00+01:00"), cases.partnership())[0]
    assert head.startswith("1 case known up to 31 March 2026 12:30, 0 of them open")
    assert "; 1 case begun later left out" in head
