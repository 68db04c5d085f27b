"""Drawing up the joint response plan for one person from agreed duties and each agency's own standards.

Nothing is invented: an action is there because an immediate duty or a standard says so, and what no rule covers is
listed as such. Nothing decides about the person: the plan is for a practitioner, named by role.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from riskshare.errors import PolicyError, UnknownSubjectError
from riskshare.records.arguments import is_text, is_whole, require
from riskshare.records.moments import as_moment, moment_of
from riskshare.records.partnership import Partnership
from riskshare.records.plan import CAVEAT, PLAN_VERSION, Plan, PlannedAction, PooledResult, is_role
from riskshare.responses.clock import WorkingTime, next_working_day, working_time
from riskshare.responses.held import Assessed, own_readings
from riskshare.responses.promises import Draft, Starts, ago, lenses_of, promises, starts_of
from riskshare.version import VERSION

NOT_NAMED = "lead practitioner, to be named"


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
    started: Mapping[tuple[str, str], str | dt.date | dt.datetime] | None = None,
) -> Plan:
    """Return the joint response plan for one person: the earliest duty first.

    Parameters
    ----------
    assessment : Assessment
    subject_id : str
    partnership : Partnership
        The one the assessment was made under.
    at : str or datetime.datetime
        When the plan is made, with an offset, on or after the day of the assessment. No clock starts here: made again
        later, a plan has the same due dates.
    for_practitioner : str
        The role of whoever judges the plan; not a name.
    nation, opens, closes
        As for ``compare_responses``.
    review_working_days : int
        An action is looked at that many working days after it falls due, or after the plan where it is due at once,
        was due earlier or has no due date; one is a proposal.
    started : mapping of (str, str) to str, datetime.date or datetime.datetime, optional
        When standards are known to have started, by id of agency and of standard: a moment with an offset, or a day
        for a standard in working days. Evidence does not hold it.

    Returns
    -------
    Plan
        Immediate duties (due at once), and the standard of each agency for the band of its own current reading: with
        a due date where its start was given, else as a question. No duty and no standard give a plan without actions.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    UnknownSubjectError
        The assessment has no result for that subject.
    PolicyError
        Another agreement, a moment before the assessment, a start after it or of no use, or no working time.

    Notes
    -----
    A reading below the agreed ``stale_freshness``, or outside its scale's dates, binds nobody to a deadline: it is
    listed in ``unbound`` to be read again. So is an agency's "high" for which it has agreed no standard, and a reading
    older than a standard in hours: only those who hold the case know whether it was kept. Partners' own bars only: a
    pooled score sets no agency a deadline that it never agreed to.
    """
    require(
        "response_plan",
        {
            "subject_id must be text: a pseudonym.": is_text(subject_id),
            "partnership must be a Partnership, from load_partnership.": isinstance(partnership, Partnership),
            "at must be a moment with an offset.": isinstance(at, (str, dt.datetime)),
            "for_practitioner must be text in one line: a role.": is_text(for_practitioner)
            and is_role(for_practitioner),
            "nation must be text.": is_text(nation),
            "review_working_days must be a whole number from 1.": is_whole(review_working_days)
            and review_working_days >= 1,
            "started must map (agency id, standard id), both agreed, to days or moments, or be None.": _is_started(
                started, partnership
            ),
        },
    )
    moment, working = as_moment(at), working_time(nation, opens=opens, closes=closes)
    lines = assessment.scores[assessment.scores["subject_id"] == subject_id]
    if not len(lines):
        raise UnknownSubjectError
    _check_same(assessment, partnership, moment)
    held, starts = own_readings(assessment, partnership, subject_id), starts_of(started, partnership, moment)
    promised, unbound = promises(held, partnership, moment, working, starts)
    drafts = [*_duties(assessment, partnership, subject_id, moment), *promised]
    drafts.sort(key=lambda draft: (draft.clock != "at once", draft.by, "harm_to" not in draft.lenses))
    return Plan(
        schema_version=PLAN_VERSION,
        engine_version=VERSION,
        partnership=partnership.name,
        partnership_version=partnership.version,
        example=partnership.is_example,
        trial=assessment.trial,
        internal=True,
        caveat=CAVEAT,
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
        notes=(*_notes(assessment, lines, subject_id), *_unused(starts, drafts, partnership)),
    )


def _is_started(started: object, partnership: object) -> bool:
    """Return whether starts are given by agreed standards; what the moments are worth is seen later."""
    if started is None or not isinstance(partnership, Partnership):
        return started is None or isinstance(started, Mapping)  # without an agreement nobody can say more
    agreed = {(agency.id, standard.id) for agency in partnership.agencies for standard in agency.standards}
    return isinstance(started, Mapping) and all(
        key in agreed and isinstance(when, (str, dt.date)) for key, when in started.items()
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
    return PooledResult(
        lens=line["lens"], band=line["band"], bars_met=tuple(line["bars_met"]), flags=tuple(line["flags"]), **numbers
    )


def _duties(assessment: Assessed, partnership: Partnership, subject_id: str, moment: int) -> list[Draft]:
    """Return one draft an agency and immediate indicator, whatever the number of its records."""
    kinds = {kind.id: kind for kind in partnership.trust.indicators}
    agencies = {agency.id: agency for agency in partnership.agencies}
    rows = assessment.act_now[assessment.act_now["subject_id"] == subject_id]
    drafts = []
    for (agency, indicator), group in rows.groupby(["agency", "indicator"], sort=True):
        kind, owner = kinds[str(indicator)], agencies[str(agency)]
        last, recorded = group["event_date"].max().date(), group["recorded_date"].min().date()
        first = "first recorded" if len(set(group["record_id"])) > 1 else "recorded"
        asks = "" if recorded == moment_of(moment).date() else ": ask first what has already been done"
        basis = (
            f"{owner.name} holds a record of {kind.name} of {last.isoformat()}, {first} {ago(recorded, moment)}{asks}. "
            f"Partners agreed an immediate duty for {kind.horizon_days} days, whatever the score. Other agencies named "
            "here have no action of their own in this plan."
        )
        drafts.append(
            Draft(
                owner=owner, lenses=lenses_of(group["lens"]), set_by="duty", rule=kind.id, action=kind.duty,
                basis=basis, records=tuple(sorted(set(group["record_id"]))), clock="at once", by=moment,
                recorded_on=recorded,
            )
        )  # fmt: skip
    return drafts


def _action(
    number: int, draft: Draft, partnership: Partnership, moment: int, working: WorkingTime, review_after: int
) -> PlannedAction:
    last = draft.due if draft.due is not None else draft.due_if
    return PlannedAction(
        id=f"A{number}",
        owner=draft.owner.id,
        owner_name=draft.owner.name,
        contact=partnership.agency(draft.owner.id).contact,
        lenses=draft.lenses,
        set_by=draft.set_by,
        rule=draft.rule,
        action=draft.action,
        basis=draft.basis,
        records=draft.records,
        clock=draft.clock,
        started_at=None if draft.started is None else moment_of(draft.started),
        due_at=None if draft.due is None else moment_of(draft.due),
        due_if_started=None if draft.due_if is None else moment_of(draft.due_if).date(),
        recorded_on=draft.recorded_on,
        review_on=next_working_day(max(last or moment, moment), working, review_after),
        status="open",
    )


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


def _unused(starts: Starts, drafts: Iterable[Draft], partnership: Partnership) -> Iterable[str]:
    """Say which starts were given for nothing: an agency may have begun what no current reading calls for."""
    used = {(draft.owner.id, draft.rule) for draft in drafts if draft.started is not None}
    for agency, rule in starts:
        if (agency, rule) not in used:
            yield (
                f"A start was given for the standard {rule} of {partnership.agency(agency).name}, but no current "
                "reading calls for that standard: it is not in this plan."
            )
