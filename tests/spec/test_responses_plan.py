"""The joint plan: what agreed duties and standards ask, of whom, by when; and nothing that nobody agreed."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import jsonschema
import pytest

import build
import response_cases as cases
import riskshare
import small
from riskshare.assessment import Assessment
from riskshare.errors import ArgumentError, PolicyError, UnknownSubjectError
from riskshare.records.partnership import Partnership
from riskshare.records.plan import Plan
from riskshare.reporting.plans import plan_sentences
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


def days_old(days: int) -> dict[str, Any]:
    day = (dt.date(2026, 3, 31) - dt.timedelta(days=days)).isoformat()
    return {"event_date": day, "recorded_date": day}


URGENT = small.row("r1", indicator="blade_injury", role="victim", agency="health")


def test_duties_come_first_then_standards_by_when_they_may_fall_due() -> None:
    plan = plan_of(reading("r2", "council"), reading("r3", "police"), URGENT)
    assert [(a.id, a.owner, a.set_by, a.rule) for a in plan.actions] == [
        ("A1", "health", "duty", "blade_injury"),
        ("A2", "police", "standard", "call"),
        ("A3", "council", "standard", "visit"),
    ]
    # Nobody recorded a start, so nothing has a due date. Three working days over Easter: 1 and 2 April, and the 7th.
    assert [a.due_at for a in plan.actions] == [None, None, None]
    assert [a.due_if_started for a in plan.actions] == [None, None, dt.date(2026, 4, 7)]
    assert [a.review_on for a in plan.actions] == [dt.date(2026, 4, 1), dt.date(2026, 4, 1), dt.date(2026, 4, 8)]
    assert all(a.status == "open" and not a.outcomes for a in plan.actions)


def test_every_action_says_on_what_it_rests() -> None:
    duty, call = plan_of(URGENT, reading("r3", "police")).actions
    assert duty.action == "Call the duty desk."
    assert duty.contact == "health duty desk, 01632 960000"
    assert "an immediate duty for 30 days, whatever the score" in duty.basis
    assert duty.records == ("r1",)
    assert call.action == "Ask whether the start (referral received) and the stop (first call) took place, and when."
    assert "Its own standard call promises first call within 2 hours of referral received" in call.basis
    assert "Demo guide, 2020" in call.basis
    assert call.basis.endswith("No due date: the start is not recorded.")


def test_a_standard_in_working_days_asks_by_the_day_of_the_reading() -> None:
    """Read on Thursday the 12th: 13, 16 and 17 March, a fortnight before the plan."""
    plan = plan_of(reading("r2", "council", **days_old(19)))
    action = plan.actions[0]
    assert (action.due_at, action.due_if_started, action.started_at) == (None, dt.date(2026, 3, 17), None)
    assert "Council read high on A count of yes answers on 2026-03-12 (19 days ago)." in action.basis
    fell = "If it started on the reading's day it fell due 2026-03-17: check whether it was kept."
    assert action.basis.endswith(fell)
    assert action.review_on == dt.date(2026, 4, 1)


def test_made_again_later_a_plan_moves_no_date_and_erases_no_lateness() -> None:
    rows = (reading("r2", "council", **days_old(1)),)
    first, again = plan_of(*rows), plan_of(*rows, at="2026-04-09T09:00:00+01:00")
    assert first.actions[0].due_if_started == again.actions[0].due_if_started == dt.date(2026, 4, 2)
    assert "it falls due 2026-04-02" in first.actions[0].basis
    assert "it fell due 2026-04-02" in again.actions[0].basis
    given: dict[str, Any] = {"started": {("council", "visit"): "2026-03-30"}}
    dated = [plan_of(*rows, at=at, **given).actions[0] for at in (AT, "2026-04-09T09:00:00+01:00")]
    assert [a.due_at.isoformat() for a in dated if a.due_at] == ["2026-04-02T23:59:59+01:00"] * 2


def test_a_standard_in_hours_that_must_have_run_out_is_a_question_and_no_action() -> None:
    """Two hours from some time on a day three days ago: over, kept or not; who holds the case knows."""
    plan = plan_of(reading("r3", "police", **days_old(3)))
    assert plan.actions == ()
    assert [gap.reason for gap in plan.unbound] == [
        "Police read high on A count of yes answers on 2026-03-28 (3 days ago). Ask whether the start (referral "
        "received) and the stop (first call) took place, and when. No due date: the start is not recorded."
    ]
    # Read yesterday, it can have started at midnight at the latest and run until two: over by the afternoon, but at
    # half past one it may still be running.
    assert plan_of(reading("r3", "police", **days_old(1))).actions == ()
    early = small.assessed([reading("r3", "police", **days_old(1))], partnership=AGREED)
    still = draw_plan(early, "S1", AGREED, at="2026-03-31T01:30:00+01:00")
    assert [a.owner for a in still.actions] == ["police"]


def test_a_start_that_is_known_gives_a_due_date_on_the_standards_own_clock() -> None:
    started = {("police", "call"): "2026-03-31T15:00:00+01:00", ("council", "visit"): dt.date(2026, 3, 25)}
    call, visit = sorted(
        plan_of(reading("r2", "council"), reading("r3", "police"), started=started).actions, key=lambda a: a.rule
    )
    assert call.started_at is not None
    assert call.due_at is not None
    assert call.due_at.isoformat() == "2026-03-31T17:00:00+01:00"
    assert call.action == "From referral received to first call."
    assert call.basis.endswith("Counted from its start on 2026-03-31, as given.")
    # 26, 27 and 30 March: over when the plan is made, and said so.
    assert visit.due_at is not None
    assert visit.due_at.date() == dt.date(2026, 3, 30)
    assert visit.basis.endswith("It fell due before this plan was made: check whether it was kept.")
    assert visit.review_on == dt.date(2026, 4, 1)


def test_a_start_counts_whatever_the_age_of_the_reading_and_one_for_nothing_is_told() -> None:
    old = reading("r2", "council", event_date="2025-02-24", recorded_date="2025-02-24")
    started = {("council", "visit"): "2025-02-25", ("police", "call"): "2026-03-31T15:00:00+01:00"}
    plan = plan_of(old, started=started)
    assert [a.due_at.date() for a in plan.actions if a.due_at] == [dt.date(2025, 2, 28)]
    assert plan.unbound == ()
    assert plan.notes[-1].startswith("A start was given for the standard call of Police, but no current reading")


def test_starts_that_cannot_be_are_refused() -> None:
    rows = (reading("r2", "council"), reading("r3", "police"))
    with pytest.raises(PolicyError, match="after the moment of the plan"):
        plan_of(*rows, started={("council", "visit"): "2026-04-01"})
    with pytest.raises(PolicyError, match="Only a day stands here"):
        plan_of(*rows, started={("police", "call"): "2026-03-31"})
    for odd in ({("council", "call"): "2026-03-31"}, {"visit": "2026-03-31"}, {("council", "visit"): 3}, [1]):
        with pytest.raises(ArgumentError, match="started must map"):
            plan_of(*rows, started=odd)


def test_a_duty_says_how_long_its_record_was_held_and_that_others_have_no_action() -> None:
    held = small.row("r1", indicator="blade_injury", role="victim", agency="health", **days_old(10))
    duty = plan_of(held).actions[0]
    assert "recorded 10 days ago: ask first what has already been done" in duty.basis
    assert "Other agencies named here have no action of their own in this plan." in duty.basis
    assert duty.recorded_on == dt.date(2026, 3, 21)
    fresh = plan_of(URGENT).actions[0]
    assert "recorded today." in fresh.basis
    two = plan_of(held, small.row("r9", indicator="blade_injury", role="victim", agency="health")).actions
    assert len(two) == 1
    assert "first recorded 10 days ago" in two[0].basis


def test_a_duty_due_at_once_is_never_late_by_construction() -> None:
    """One minute after the plan it was "late" before: nobody can act before a plan exists."""
    done = plan_of(URGENT).with_outcome("A1", "done", at="2026-03-31T16:31:00+01:00", by_role="duty officer")
    assert done.actions[0].outcomes[0].late is None
    assert done.actions[0].outcomes[0].minutes_after_plan == 1
    said = next(said for said in plan_sentences(done) if said.startswith("A1"))
    assert "Status: done 1 minute after the plan was made." in said
    assert "late" not in said


def test_an_earlier_outcome_cannot_take_the_place_of_a_later_one() -> None:
    done = plan_of(URGENT).with_outcome("A1", "done", at="2026-04-02T09:00:00+01:00", by_role="duty officer")
    with pytest.raises(PolicyError, match="later moment stands already"):
        done.with_outcome("A1", "done", at="2026-04-01T09:00:00+01:00", by_role="duty officer")


def test_an_action_says_first_which_harm_is_meant() -> None:
    to, by = plan_of(URGENT), plan_of(reading("r2", "council"))
    assert any(said.startswith("A1, harm to the person, at once: ") for said in plan_sentences(to))
    assert any(said.startswith("A1, harm by the person, no due date, ask: ") for said in plan_sentences(by))
    gap = plan_of(reading("r4", "school"))
    assert any(said.startswith("No action set, harm ") for said in plan_sentences(gap))


def test_a_held_result_is_shown_with_its_hold_before_its_figures() -> None:
    exploited = small.row("r8", indicator="criminal_exploitation", role="exploited")
    plan = plan_of(exploited, small.row("r10", agency="police"))
    held = {result.lens for result in plan.results if "for_review" in result.flags}
    assert "harm_by" in held
    assert any(said.startswith("Harm by the person, HELD FOR A NAMED REVIEWER: ") for said in plan_sentences(plan))
    assert "for_review" in {flag for result in plan.to_dict()["results"] for flag in result["flags"]}


def test_the_public_plan_has_a_text_a_role_and_says_what_it_is() -> None:
    assessment = assessed(URGENT, reading("r3", "police"))
    plan = riskshare.response_plan(assessment, "S1", partnership=AGREED, at=AT, for_practitioner="team manager, north")
    assert isinstance(plan, riskshare.Plan)
    assert plan.text().split("\n\n")[0].startswith("INTERNAL")
    assert "Plan for S1, made 31 March 2026 16:30 for the team manager, north" in plan.text()
    document = plan.to_dict()
    assert document["caveat"] in plan.text()
    assert "decides nothing" in document["caveat"]
    assert "positions from 0 to 100, not probabilities" in document["caveat"]
    done = plan.with_outcome("A1", "done", at=AT, by_role="x")
    assert "Status: done 0 minutes after the plan was made." in done.text()
    assert riskshare.Plan.model_validate_json(json.dumps(document)).text() == plan.text()
    nobody = riskshare.response_plan(assessment, "S1", partnership=AGREED, at=AT)
    assert nobody.for_practitioner == "lead practitioner, to be named"


def test_scotland_has_easter_monday_to_work_in() -> None:
    plan = plan_of(reading("r2", "council"), nation="scotland")
    assert plan.actions[0].due_if_started == dt.date(2026, 4, 6)


def test_several_records_of_one_duty_are_one_action() -> None:
    plan = plan_of(URGENT, small.row("r9", indicator="blade_injury", role="victim", agency="health"))
    assert [a.records for a in plan.actions] == [("r1", "r9")]


def test_a_high_without_a_standard_is_listed_and_binds_nobody() -> None:
    plan = plan_of(reading("r4", "school"), reading("r5", "charity", value="8"))
    assert plan.actions == ()
    assert [(gap.agency, gap.band) for gap in plan.unbound] == [("school", "high")]
    assert plan.unbound[0].reason.endswith(
        "it has agreed no standard for this band; this does not mean that nothing is owed."
    )
    assert any("This does not mean that nothing is owed." in said for said in plan_sentences(plan))


def test_a_stale_reading_binds_nobody_until_it_is_read_again() -> None:
    """A half-life of 180 days: after 400 days freshness is 0.21, below the agreed 0.25."""
    old = {"event_date": "2025-02-24", "recorded_date": "2025-02-24"}
    plan = plan_of(reading("r2", "council", **old), reading("r3", "police"))
    assert [a.owner for a in plan.actions] == ["police"]
    assert [gap.agency for gap in plan.unbound] == ["council"]
    assert plan.unbound[0].reason.endswith("on 2025-02-24 (400 days ago). It is stale: read again.")


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
    started = {("police", "call"): "2026-03-31T16:30:00+01:00"}  # so due at half past six
    plan = plan_of(URGENT, reading("r3", "police"), started=started)
    done = plan.with_outcome("A2", "done", at="2026-03-31T18:00:00+01:00", by_role="duty sergeant")
    assert [a.status for a in plan.actions] == ["open", "open"]
    assert [a.status for a in done.actions] == ["open", "done"]
    late = done.with_outcome(
        "A2", "could not be done", at="2026-04-01T09:00:00+01:00", by_role="sergeant", note="Away."
    )
    assert late.actions[1].status == "could not be done"
    assert [o.late for o in late.actions[1].outcomes] == [False, True]
    assert [a.id for a in plan.overdue(at="2026-03-31T19:00:00+01:00")] == ["A1", "A2"]
    assert [a.id for a in plan.overdue(at="2026-03-31T18:00:00+01:00")] == ["A1"]
    assert [a.id for a in done.overdue(at="2026-03-31T19:00:00+01:00")] == ["A1"]
    assert "could not be done, recorded 16 hours after the plan was made, late." in plan_sentences(late)[-1]


def test_what_has_no_due_date_is_neither_overdue_nor_late() -> None:
    plan = plan_of(reading("r2", "council"))
    assert plan.overdue(at="2027-03-31T19:00:00+01:00") == ()
    done = plan.with_outcome("A1", "done", at="2027-03-31T19:00:00+01:00", by_role="manager")
    assert done.actions[0].outcomes[0].late is None


def test_outcomes_that_cannot_be_are_refused_all_at_once() -> None:
    plan = plan_of(URGENT)
    with pytest.raises(PolicyError) as fault:
        plan.with_outcome("A9", "perhaps", at="2026-03-31T16:00:00+01:00", by_role=" ")
    for part in ("no action of that id", "result must be one of", "before the plan", "in one line, in what role"):
        assert part in str(fault.value)
    with pytest.raises(PolicyError, match="in what role"):
        plan.with_outcome("A1", "done", at=AT, by_role="two\nlines")
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
    assert any("it decides nothing about the person" in said for said in plan_sentences(plan))
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
    assert "TRIAL" in plan_sentences(trial)[0]


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
