"""The joint plan: what agreed duties and standards ask, of whom, by when; and nothing that nobody agreed."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import jsonschema
import pytest

import build
import response_cases as cases
import small
from riskshare.assessment import Assessment
from riskshare.errors import ArgumentError, PolicyError, UnknownSubjectError
from riskshare.records.partnership import Partnership
from riskshare.records.plan import Plan
from riskshare.reporting.responses import plan_sentences
from riskshare.responses.plan import draw_plan

AT = "2026-03-31T16:30:00+01:00"  # the Tuesday before Easter
VISIT = cases.standard("visit", clock="working_days", target_hours=None, target_working_days=3.0)
CALL = cases.standard("call", target_hours=2.0, stop_event="first call")
AGREED = cases.partnership(police=(CALL,), council=(VISIT,))


def assessed(*rows: dict[str, Any], agreed: Partnership = AGREED, **options: Any) -> Assessment:
    return small.assessed(list(rows), partnership=agreed, **options)


def reading(record_id: str, agency: str, value: str = "14", **changes: Any) -> dict[str, Any]:
    return small.row(record_id, **{"agency": agency, "scale": "demo.count", "value": value, **changes})


def plan_of(*rows: dict[str, Any], at: Any = AT, agreed: Partnership = AGREED, **options: Any) -> Plan:
    return draw_plan(assessed(*rows, agreed=agreed), "S1", agreed, at=at, **options)


URGENT = small.row("r1", indicator="blade_injury", role="victim", agency="health")


def test_duties_come_first_then_standards_by_when_they_fall_due() -> None:
    plan = plan_of(reading("r2", "council"), reading("r3", "police"), URGENT)
    assert [(a.id, a.owner, a.set_by, a.rule) for a in plan.actions] == [
        ("A1", "health", "duty", "blade_injury"),
        ("A2", "police", "standard", "call"),
        ("A3", "council", "standard", "visit"),
    ]
    # At once; two elapsed hours; three working days over Easter: 1 and 2 April, and Tuesday the 7th.
    assert [a.due_at.isoformat() for a in plan.actions] == [
        AT, "2026-03-31T18:30:00+01:00", "2026-04-07T23:59:59+01:00",
    ]  # fmt: skip
    assert [a.review_on for a in plan.actions] == [dt.date(2026, 4, 1), dt.date(2026, 4, 1), dt.date(2026, 4, 8)]
    assert all(a.status == "open" and not a.outcomes for a in plan.actions)


def test_every_action_says_on_what_it_rests() -> None:
    duty, call = plan_of(URGENT, reading("r3", "police")).actions
    assert duty.action == "Call the duty desk."
    assert duty.contact == "health duty desk, 01632 960000"
    assert "an immediate duty for 30 days, whatever the score" in duty.basis
    assert duty.records == ("r1",)
    assert call.action == "From referral received to first call."
    assert "Its own standard call promises first call within 2 hours of referral received" in call.basis
    assert "Demo guide, 2020" in call.basis


def test_scotland_has_easter_monday_to_work_in() -> None:
    plan = plan_of(reading("r2", "council"), nation="scotland")
    assert plan.actions[0].due_at.isoformat() == "2026-04-06T23:59:59+01:00"


def test_several_records_of_one_duty_are_one_action() -> None:
    plan = plan_of(URGENT, small.row("r9", indicator="blade_injury", role="victim", agency="health"))
    assert [a.records for a in plan.actions] == [("r1", "r9")]


def test_a_high_without_a_standard_is_listed_and_binds_nobody() -> None:
    plan = plan_of(reading("r4", "school"), reading("r5", "charity", value="8"))
    assert plan.actions == ()
    assert [(gap.agency, gap.band) for gap in plan.unbound] == [("school", "high")]
    assert "no standard" in plan.unbound[0].reason
    assert "No agreed duty and no agreed standard sets an action." in plan_sentences(plan)


def test_a_stale_reading_binds_nobody_until_it_is_read_again() -> None:
    """A half-life of 180 days: after 400 days freshness is 0.21, below the agreed 0.25."""
    old = {"event_date": "2025-02-24", "recorded_date": "2025-02-24"}
    plan = plan_of(reading("r2", "council", **old), reading("r3", "police"))
    assert [a.owner for a in plan.actions] == ["police"]
    assert [(gap.agency, gap.reason) for gap in plan.unbound] == [("council", "the reading is stale: read again")]


def test_a_reading_outside_its_scales_dates_binds_nobody() -> None:
    ended = build.partnership(agencies=AGREED.agencies, scales=(build.scale(valid_to=dt.date(2026, 1, 1)),))
    plan = plan_of(reading("r2", "council"), agreed=ended)
    assert plan.actions == ()
    assert "dates its scale holds for" in plan.unbound[0].reason


def test_only_an_agencys_own_current_reading_counts() -> None:
    passed_on = reading("r3", "police", derived_from="council:r2")
    assert [a.owner for a in plan_of(reading("r2", "council"), passed_on).actions] == ["council"]
    newer = reading("r6", "council", value="3")
    older = {"event_date": "2026-03-01", "recorded_date": "2026-03-01"}
    assert plan_of(reading("r2", "council", **older), newer).actions == ()


def test_an_outcome_makes_a_new_plan_and_leaves_the_old_one() -> None:
    plan = plan_of(URGENT, reading("r3", "police"))
    done = plan.with_outcome("A2", "done", at="2026-03-31T18:00:00+01:00", by_role="duty sergeant")
    assert [a.status for a in plan.actions] == ["open", "open"]
    assert [a.status for a in done.actions] == ["open", "done"]
    assert not done.actions[1].outcomes[0].late
    late = done.with_outcome(
        "A2", "could not be done", at="2026-04-01T09:00:00+01:00", by_role="sergeant", note="Away."
    )
    assert late.actions[1].status == "could not be done"
    assert [o.late for o in late.actions[1].outcomes] == [False, True]
    assert [a.id for a in plan.overdue(at="2026-03-31T19:00:00+01:00")] == ["A1", "A2"]
    assert [a.id for a in done.overdue(at="2026-03-31T19:00:00+01:00")] == ["A1"]
    assert "could not be done, late" in plan_sentences(late)[2]


def test_outcomes_that_cannot_be_are_refused_all_at_once() -> None:
    plan = plan_of(URGENT)
    with pytest.raises(PolicyError) as fault:
        plan.with_outcome("A9", "perhaps", at="2026-03-31T16:00:00+01:00", by_role=" ")
    for part in ("no action of that id", "result must be one of", "before the plan", "in what role"):
        assert part in str(fault.value)
    with pytest.raises(PolicyError, match="no offset"):
        plan.with_outcome("A1", "done", at="2026-03-31T18:00:00", by_role="x")
    with pytest.raises(ArgumentError):
        plan.with_outcome(1, "done", at=AT, by_role="x")  # type: ignore[arg-type]


def test_it_is_for_a_practitioner_and_is_json_under_its_schema() -> None:
    plan = plan_of(URGENT, reading("r3", "police"), reading("r4", "school"), for_practitioner="team manager, north")
    document = json.loads(json.dumps(plan.to_dict(), allow_nan=False))
    jsonschema.validate(document, Plan.model_json_schema())
    assert Plan.model_validate_json(json.dumps(document)) == plan
    assert document["for_practitioner"] == "team manager, north"
    assert document["internal"] is True
    assert plan_of(URGENT).for_practitioner == "lead practitioner, to be named"
    assert "It informs; it decides nothing." in plan_sentences(plan)[0]
    assert plan.table["owner"].tolist() == ["health", "police"]


def test_notes_say_what_to_know_before_acting() -> None:
    threat = small.row("r7", indicator="threat_to_staff", agency="charity")
    exploited = small.row("r8", indicator="criminal_exploitation", role="exploited")
    carrying = small.row("r10", agency="police")
    plan = plan_of(URGENT, threat, exploited, carrying)
    assert plan.notes[0].startswith("Before visiting, ask charity duty desk")
    assert any("harm_by result is held for a named reviewer" in note for note in plan.notes)
    trial = draw_plan(assessed(URGENT, trial=True), "S1", AGREED, at=AT)
    assert trial.trial
    assert trial.notes[-1].startswith("A trial")


def test_neither_plan_nor_action_shows_a_person_when_printed() -> None:
    plan = plan_of(URGENT, reading("r3", "police"))
    for thing in (plan, plan.actions[0], plan.results[0]):
        assert "S1" not in f"{thing!r}{thing}"
        assert "r1" not in f"{thing!r}{thing}"


def test_what_cannot_be_planned_is_refused() -> None:
    assessment = assessed(URGENT)
    with pytest.raises(UnknownSubjectError):
        draw_plan(assessment, "S2", AGREED, at=AT)
    with pytest.raises(PolicyError, match="before the day of the assessment"):
        draw_plan(assessment, "S1", AGREED, at="2026-03-30T10:00:00+01:00")
    with pytest.raises(PolicyError, match="another agreement"):
        draw_plan(assessment, "S1", cases.partnership(), at=AT)
    with pytest.raises(PolicyError, match="no offset"):
        draw_plan(assessment, "S1", AGREED, at="2026-03-31T16:30:00")
    with pytest.raises(PolicyError, match="nation must be one of"):
        draw_plan(assessment, "S1", AGREED, at=AT, nation="france")
    with pytest.raises(ArgumentError) as fault:
        draw_plan(assessment, 1, "x", at=3, for_practitioner="", review_working_days=0)  # type: ignore[arg-type]
    assert len(fault.value.problems) == 5
