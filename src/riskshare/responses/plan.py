"""Drawing up the joint response plan for one person from agreed duties and each agency's own standards.

Nothing is invented: an action is there because an immediate duty or a standard says so, and what no rule covers is
listed as such. Nothing decides about the person: the plan is for a practitioner, named by role.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable
from typing import Any

import pandas as pd

from riskshare.errors import PolicyError, UnknownSubjectError
from riskshare.records.arguments import is_text, is_whole, require
from riskshare.records.moments import as_moment, moment_of
from riskshare.records.partnership import Agency, Partnership, ResponseStandard
from riskshare.records.plan import PLAN_VERSION, Plan, PlannedAction, PooledResult, Unbound
from riskshare.responses.cases import target_of
from riskshare.responses.clock import WorkingTime, due, next_working_day, working_time
from riskshare.responses.held import Assessed, own_readings
from riskshare.version import VERSION

NOT_NAMED = "lead practitioner, to be named"
_UNITS = {"elapsed": "hours", "working_hours": "working hours", "working_days": "working days"}


def draw_plan(
    assessment: Assessed,
    subject_id: str,
    partnership: Partnership,
    *,
    at: str | dt.datetime,
    for_practitioner: str = NOT_NAMED,
    nation: str = "england",
    opens: dt.time = dt.time(9),
    closes: dt.time = dt.time(17),
    review_working_days: int = 1,
) -> Plan:
    """Return the joint response plan for one person: the earliest duty first.

    Parameters
    ----------
    assessment : Assessment
    subject_id : str
    partnership : Partnership
        The one the assessment was made under.
    at : str or datetime.datetime
        When the plan is made, with an offset, on or after the day of the assessment: every clock starts here, because
        evidence has days and no times of day.
    for_practitioner : str
        The role of whoever judges the plan; not a name.
    nation, opens, closes
        As for ``compare_responses``.
    review_working_days : int
        An action is looked at that many working days after it falls due; one is a proposal.

    Returns
    -------
    Plan
        Immediate duties (due at once), and the standard of each agency for the band of its own current reading, on the
        standard's clock. No duty and no standard give a plan without actions.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    UnknownSubjectError
        The assessment has no result for that subject.
    PolicyError
        Another agreement, a moment before the assessment, or no working time.

    Notes
    -----
    A reading below the agreed ``stale_freshness``, or outside its scale's dates, binds nobody to a deadline: it is
    listed in ``unbound`` to be read again. So is an agency's "high" for which it has agreed no standard. Partners' own
    bars only: a pooled score sets no agency a deadline that it never agreed to.
    """
    require(
        "response_plan",
        {
            "subject_id must be text: a pseudonym.": is_text(subject_id),
            "partnership must be a Partnership, from load_partnership.": isinstance(partnership, Partnership),
            "at must be a moment with an offset.": isinstance(at, (str, dt.datetime)),
            "for_practitioner must be text: a role.": is_text(for_practitioner) and for_practitioner.strip() != "",
            "nation must be text.": is_text(nation),
            "review_working_days must be a whole number from 1.": is_whole(review_working_days)
            and review_working_days >= 1,
        },
    )
    moment, working = as_moment(at), working_time(nation, opens=opens, closes=closes)
    lines = assessment.scores[assessment.scores["subject_id"] == subject_id]
    if not len(lines):
        raise UnknownSubjectError
    _check_same(assessment, partnership, moment)
    held = own_readings(assessment, partnership, subject_id)
    duties = _duties(assessment, partnership, subject_id, moment)
    promised, unbound = _promises(held, partnership, moment, working)
    drafts = sorted([*duties, *promised], key=lambda draft: (draft["due"], "harm_to" not in draft["lenses"]))
    return Plan(
        schema_version=PLAN_VERSION,
        engine_version=VERSION,
        partnership=partnership.name,
        partnership_version=partnership.version,
        example=partnership.is_example,
        trial=assessment.trial,
        internal=True,
        subject_id=subject_id,
        as_of=assessment.as_of,
        made_at=moment_of(moment),
        nation=working.nation,
        for_practitioner=for_practitioner,
        results=tuple(_pooled(line) for line in lines.to_dict("records")),
        actions=tuple(
            _action(number, draft, partnership, moment, working, int(review_working_days))
            for number, draft in enumerate(drafts, start=1)
        ),
        unbound=unbound,
        notes=tuple(_notes(assessment, lines, subject_id)),
    )


def _check_same(assessment: Assessed, partnership: Partnership, moment: int) -> None:
    wrong = []
    if assessment.partnership.version != partnership.version:
        wrong.append("The assessment was made under another agreement: assess again under this one.")
    if moment_of(moment).date() < assessment.as_of:
        wrong.append("The plan is made before the day of the assessment: correct at, or assess as of an earlier day.")
    if wrong:
        raise PolicyError(" ".join(wrong))


def _pooled(line: dict[Hashable, Any]) -> PooledResult:
    numbers = {name: int(line[name]) for name in ("score", "lower", "upper")}
    return PooledResult(lens=line["lens"], band=line["band"], bars_met=tuple(line["bars_met"]), **numbers)


def _duties(assessment: Assessed, partnership: Partnership, subject_id: str, moment: int) -> list[dict[str, Any]]:
    """Return one draft an agency and immediate indicator, whatever the number of its records."""
    kinds = {kind.id: kind for kind in partnership.trust.indicators}
    agencies = {agency.id: agency for agency in partnership.agencies}
    rows = assessment.act_now[assessment.act_now["subject_id"] == subject_id]
    drafts = []
    for (agency, indicator), group in rows.groupby(["agency", "indicator"], sort=True):
        kind, owner = kinds[str(indicator)], agencies[str(agency)]
        last = group["event_date"].max().date()
        basis = (
            f"{owner.name} holds a record of {kind.name} of {last.isoformat()}. Partners agreed an immediate duty for "
            f"{kind.horizon_days} days, whatever the score."
        )
        drafts.append(
            {
                "owner": owner, "lenses": _lenses(group["lens"]), "set_by": "duty", "rule": kind.id,
                "action": kind.duty, "basis": basis, "records": tuple(sorted(set(group["record_id"]))),
                "clock": "at once", "due": moment,
            }
        )  # fmt: skip
    return drafts


def _promises(
    held: pd.DataFrame, partnership: Partnership, moment: int, working: WorkingTime
) -> tuple[list[dict[str, Any]], tuple[Unbound, ...]]:
    """Return a draft for each standard that a current reading calls for, and the readings that call for none."""
    drafts, unbound = [], []
    for (agency, scale, band), group in held.groupby(["agency", "scale", "band"], sort=True):
        owner = partnership.agency(str(agency))
        called = [s for s in owner.standards if s.scale == scale and s.band == band]
        last = group["event_date"].max()
        reason = _why_unbound(group, called)
        if reason:
            unbound.append(
                Unbound(agency=owner.id, scale=str(scale), band=str(band), event_date=last, reason=reason)
            )  # fmt: skip
            continue
        for standard in called:
            when = int(due([moment], target_of(standard), standard.clock, working)[0])
            drafts.append(_promise(owner, standard, group, last, when, partnership))
    return drafts, tuple(unbound)


def _why_unbound(group: pd.DataFrame, called: list[ResponseStandard]) -> str:
    """Return why no dated action follows from a reading; empty where one does, or where none is looked for."""
    if not called:
        return "its own high is met, and it has agreed no standard for this band" if group["own_high"].any() else ""
    if not group["scale_valid"].all():
        return "the reading falls outside the dates its scale holds for: read again"
    return "the reading is stale: read again" if group["stale"].all() else ""


def _promise(
    owner: Agency, standard: ResponseStandard, group: pd.DataFrame, last: dt.date, when: int, partnership: Partnership
) -> dict[str, Any]:
    target = f"{target_of(standard):g} {_UNITS[standard.clock]}"
    basis = (
        f"{owner.name} read {standard.band} on {partnership.scale(standard.scale).name} on {last.isoformat()}. Its own "
        f"standard {standard.id} promises {standard.stop_event} within {target} of {standard.start_event} "
        f"({standard.source}). Counted from this plan."
    )
    return {
        "owner": owner, "lenses": _lenses(group["lens"]), "set_by": "standard", "rule": standard.id,
        "action": f"From {standard.start_event} to {standard.stop_event}.", "basis": basis,
        "records": tuple(sorted(set(group["record_id"]))), "clock": standard.clock, "due": when,
    }  # fmt: skip


def _action(
    number: int, draft: dict[str, Any], partnership: Partnership, moment: int, working: WorkingTime, review_after: int
) -> PlannedAction:
    owner: Agency = draft["owner"]
    same = ("lenses", "set_by", "rule", "action", "basis", "records", "clock")
    return PlannedAction(
        id=f"A{number}",
        owner=owner.id,
        owner_name=owner.name,
        contact=partnership.agency(owner.id).contact,
        starts_at=moment_of(moment),
        due_at=moment_of(draft["due"]),
        review_on=next_working_day(draft["due"], working, review_after),
        status="open",
        **{name: draft[name] for name in same},
    )


def _lenses(lenses: pd.Series[Any]) -> tuple[str, ...]:
    """Return lenses with being at risk first."""
    return tuple(sorted(set(lenses), reverse=True))


def _notes(assessment: Assessed, lines: pd.DataFrame, subject_id: str) -> Iterable[str]:
    """Say what to know before acting."""
    safety = assessment.staff_safety
    for row in safety[safety["subject_id"] == subject_id].to_dict("records"):
        yield f"Before visiting, ask {row['ask']} (until {row['until'].date().isoformat()})."
    for line in lines.to_dict("records"):
        if "for_review" in line["flags"]:
            yield (
                f"The {line['lens']} result is held for a named reviewer: exploitation of a child, or of somebody who "
                "may be one, is recorded. Protect first."
            )
    if assessment.trial:
        yield "A trial under an unsigned policy: not to be shared."
