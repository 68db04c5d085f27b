"""A joint response plan in plain sentences, for the practitioner who judges it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from riskshare.records.plan import Outcome, Plan, PlannedAction, PooledResult
from riskshare.records.policy import Lens
from riskshare.reporting.sentences import INTERNAL, TRIAL
from riskshare.reporting.words import FLAG_WORDS, LENS_WORDS, counted, day, listed

_HELD: Final = "for_review"


def plan_sentences(plan: Plan) -> list[str]:
    """Return a plan as text: its marks, what the assessment says, notes, an action each, and what no rule covers.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of str
        A paragraph each; actions in the order of the plan, the earliest duty first.
    """
    said = [*_head(plan), *map(_result_sentence, plan.results), *plan.notes, *map(action_sentence, plan.actions)]
    if not plan.actions:
        said.append("No agreed duty and no agreed standard sets an action. This does not mean that nothing is owed.")
    said += [f"No action set, {_whose(gap.lenses)}: {gap.reason}" for gap in plan.unbound]
    return said


def _head(plan: Plan) -> list[str]:
    marks = [INTERNAL, TRIAL if plan.trial else "", "EXAMPLE, nobody's agreement." if plan.example else ""]
    return [
        " ".join(mark for mark in marks if mark),
        f"Plan for {plan.subject_id}, made {day(plan.made_at)} {plan.made_at:%H:%M} for the {plan.for_practitioner}, "
        f"on what was known on {day(plan.as_of)}.",
        plan.caveat,
    ]


def _result_sentence(result: PooledResult) -> str:
    """Return one result, what holds it up before its figures: a figure without its hold would be acted on."""
    held = ", HELD FOR A NAMED REVIEWER" if _HELD in result.flags else ""
    mind = [FLAG_WORDS[flag] for flag in result.flags if flag != _HELD]
    bear = f" Bear in mind: {listed(mind)}." if mind else ""
    return (
        f"{_whose((result.lens,)).capitalize()}{held}: {result.band}, {result.score} ({result.lower} to "
        f"{result.upper}).{bear}"
    )


def action_sentence(action: PlannedAction) -> str:
    """Return one action: which harm, by when, who, what, why, and what came of it."""
    outcome = "open" if not action.outcomes else _outcome_words(action.outcomes[-1])
    return (
        f"{action.id}, {_whose(action.lenses)}, {_when(action)}: {action.owner_name} ({action.contact}). "
        f"{action.action} {action.basis} Review on {day(action.review_on)}. Status: {outcome}."
    )


def _when(action: PlannedAction) -> str:
    if action.clock == "at once":
        return "at once"
    if action.due_at is None:
        return "no due date, ask"
    return f"by {day(action.due_at)} {action.due_at:%H:%M}"


def _outcome_words(outcome: Outcome) -> str:
    """Return what came of an action and how long after the plan that was recorded; late only after a known due date."""
    recorded = "" if outcome.result == "done" else ", recorded"
    late = ", late" if outcome.late else ""
    return f"{outcome.result}{recorded} {lapse(outcome.minutes_after_plan)} after the plan was made{late}"


def lapse(minutes: int) -> str:
    """Return a lapse of time in its largest whole unit.

    >>> lapse(1), lapse(59), lapse(150), lapse(3000)
    ('1 minute', '59 minutes', '2 hours', '2 days')
    """
    if minutes < 60:
        return counted(minutes, "minute")
    return counted(minutes // 60, "hour") if minutes < 48 * 60 else counted(minutes // 1440, "day")


def _whose(lenses: Sequence[Lens]) -> str:
    """Return which harm is meant: ``harm to the person``, ``harm by the person``, or both, harm to first."""
    return f"{listed([LENS_WORDS[lens] for lens in lenses])} the person"
