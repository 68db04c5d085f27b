"""trust.standing: which version stands at a day, and why a row carries no weight."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import build
from riskshare.trust.coding import code_names
from riskshare.trust.standing import BARRING, REASONS, Standing, known_at, stand
from small import AS_OF_DAYS, columns_of, graded, row


def standing(rows: list[dict[str, Any]], *, as_of: int = AS_OF_DAYS, met: tuple[str, ...] = ()) -> Standing:
    partnership = build.partnership()
    return stand(
        columns_of(rows, partnership), partnership, code_names(partnership), as_of=as_of, conditions_met=frozenset(met)
    )


def reasons(rows: list[dict[str, Any]], **options: Any) -> list[str]:
    return [REASONS[number] for number in standing(rows, **options).reason]


def test_the_latest_version_known_stands() -> None:
    versions = [
        row(event_date="2026-01-01", recorded_date="2026-01-05", severity=0.2),
        row(event_date="2026-01-01", recorded_date="2026-03-05", severity=0.8),
        row(event_date="2026-01-01", recorded_date="2026-02-05", severity=0.5),
    ]
    columns = columns_of(versions)
    day = columns.recorded
    assert known_at(columns, int(day[1]))[0].tolist() == [1]
    assert known_at(columns, int(day[1]) - 1)[0].tolist() == [2]
    assert known_at(columns, int(day[0]))[0].tolist() == [0]
    assert known_at(columns, int(day[1]))[1].tolist() == [int(day[0])]  # first recorded, whatever stands


def test_nothing_is_known_before_it_was_recorded() -> None:
    columns = columns_of([row()])
    rows, first = known_at(columns, AS_OF_DAYS - 1)
    assert rows.tolist() == []
    assert first.tolist() == []


def test_no_rows_at_all() -> None:
    nothing = standing([row()], as_of=AS_OF_DAYS - 1)
    assert nothing.reason.size == 0
    assert nothing.barred.size == 0
    assert nothing.dead.size == 0


@pytest.mark.parametrize("part", ["record_id", "subject_id", "agency", "indicator"])
def test_every_part_of_the_key_tells_rows_apart(part: str) -> None:
    other = {"record_id": "r2", "subject_id": "S2", "agency": "police", "indicator": "gang_link"}[part]
    assert standing([row(), row(**{part: other})]).reason.size == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "counts"),
        ({"status": "withdrawn"}, "withdrawn"),
        ({"event_date": "2020-10-08"}, "past_retention"),  # 2,000 days before, to the day
        ({"event_date": "2020-10-09"}, "counts"),
        ({"conditions": ["no_onward"]}, "handling"),
        ({"data_class": "patient"}, "no_gateway"),
        ({"data_class": "health_or_social_care"}, "no_gateway"),
        ({"data_class": "patient", "gateway": "cda_s115"}, "counts"),
        ({"data_class": "criminal"}, "counts"),
        ({"arises_from": "agency_initiated"}, "where_we_looked"),
        ({"arises_from": "prompted_by_partnership"}, "where_we_looked"),
        ({"arises_from": "adjudicated"}, "counts"),
        ({"role": "third_party"}, "third_party"),
        ({"indicator": "criminal_exploitation"}, "lens_not_agreed"),
        ({"indicator": "criminal_exploitation", "role": "victim"}, "counts"),
        ({"indicator": "threat_to_staff"}, "staff_safety"),
        ({"answer": "nil"}, "answer"),
        ({"answer": "not_asked"}, "answer"),
        ({"answer": "refused"}, "answer"),
        ({"answer": "overdue"}, "answer"),
        ({"answer": "returned"}, "counts"),
    ],
)
def test_each_reason(changes: dict[str, Any], reason: str) -> None:
    assert reasons([row(**changes)]) == [reason]


def test_suspected_false_is_not_evidence_of_the_opposite() -> None:
    assert reasons([graded("r1", "1E")]) == ["suspected_false"]


def test_an_unscored_reading_carries_no_weight() -> None:
    partnership = build.partnership()
    columns = columns_of([row()])
    unjudged = replace(columns, not_scored=~columns.not_scored)
    found = stand(unjudged, partnership, code_names(partnership), as_of=AS_OF_DAYS, conditions_met=frozenset())
    assert [REASONS[r] for r in found.reason] == ["not_scored"]


def test_conditions_must_all_be_met() -> None:
    both = [row(conditions=["no_onward", "verbal_only"])]
    assert reasons(both, met=("no_onward",)) == ["handling"]
    assert reasons(both, met=("no_onward", "verbal_only")) == ["counts"]


def test_a_condition_holds_only_the_rows_that_carry_it() -> None:
    assert reasons([row("a", conditions=["no_onward"]), row("b")]) == ["handling", "counts"]


def test_the_first_of_several_reasons_is_given() -> None:
    everything = row(
        status="withdrawn", event_date="2019-01-01", arises_from="agency_initiated", role="third_party",
        data_class="patient", answer="nil",
    )  # fmt: skip
    assert reasons([everything]) == ["withdrawn"]
    assert reasons([{**everything, "status": "current"}]) == ["past_retention"]


def test_what_bars_a_row_bars_what_repeats_it_and_so_does_an_answer() -> None:
    found = standing([row("a", status="withdrawn"), row("b", answer="nil"), row("c", role="third_party"), row("d")])
    assert found.barred.tolist() == [True, False, False, False]
    assert found.dead.tolist() == [True, True, False, False]
    assert set(BARRING) < set(REASONS)


def test_age_is_from_the_event() -> None:
    assert standing([row(event_date="2026-03-01")]).age.tolist() == [30]
