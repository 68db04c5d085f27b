"""A joint response plan: who does what by when, and under which agreed duty or standard. It decides nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from riskshare.errors import PolicyError
from riskshare.records.arguments import is_text, require
from riskshare.records.base import OneLine
from riskshare.records.moments import as_moment, moment_of
from riskshare.records.partnership import Clock
from riskshare.records.policy import Lens
from riskshare.records.results import BandName, PersonalRecord

PLAN_VERSION: Final = "2.0"
"""Version of this schema: the first number changes when a reader must change."""

Result = Literal["done", "not needed", "could not be done"]
RESULTS: tuple[Result, ...] = ("done", "not needed", "could not be done")

CAVEAT: Final = (
    "This plan informs the practitioner named by role; it decides nothing about the person. Scores are agreed "
    "positions from 0 to 100, not probabilities."
)
"""Travels with every plan, in its JSON too."""


_ONE_LINE: Final[TypeAdapter[str]] = TypeAdapter(OneLine)


def is_role(text: str) -> bool:
    r"""Return whether text can name a role: one line with something in it, and nothing that cannot be seen.

    >>> is_role("duty officer"), is_role(" "), is_role("two\nlines")
    (True, False, False)
    """
    try:
        _ONE_LINE.validate_python(text)
    except ValidationError:
        return False
    return True


class Outcome(PersonalRecord):
    """What came of an action, and in what role it was recorded."""

    result: Result
    recorded_at: dt.datetime
    by_role: OneLine
    late: bool | None
    """Recorded after the action fell due; None where no due date is known, and for a duty due at once."""
    minutes_after_plan: int
    """Whole minutes from the making of the plan to the record."""
    note: str = ""


class PlannedAction(PersonalRecord):
    """One thing one agency is bound to do; ``outcomes`` are in the order recorded and the last one stands."""

    id: str
    owner: str
    """The agency whose duty or standard it is."""
    owner_name: str
    contact: str
    lenses: tuple[Lens, ...]
    set_by: Literal["duty", "standard"]
    rule: str
    """Id of the indicator that carries the duty, or of the owner's standard."""
    action: str
    basis: str
    records: tuple[str, ...]
    clock: Clock | Literal["at once"]
    started_at: dt.datetime | None
    """When its start event took place, if that was given. Never the moment of the plan."""
    due_at: dt.datetime | None
    """None where the start is not recorded, and for a duty due at once: see ``clock``."""
    due_if_started: dt.date | None
    """The last day of a standard in working days, if it started on the day of the reading; for asking only."""
    recorded_on: dt.date | None
    """When the first record behind a duty was recorded; None for a standard."""
    review_on: dt.date
    status: Literal["open"] | Result
    outcomes: tuple[Outcome, ...] = ()


class Unbound(PersonalRecord):
    """A reading from which no action follows, and why, in sentences: for a person to look at."""

    agency: str
    lenses: tuple[Lens, ...]
    scale: str
    band: str
    event_date: dt.date
    reason: str


class PooledResult(PersonalRecord):
    """What the assessment says through one lens, for the reader of the plan."""

    lens: Lens
    score: int
    lower: int
    upper: int
    band: BandName
    bars_met: tuple[str, ...]
    flags: tuple[str, ...]
    """As in the scores; ``for_review`` means held for a named reviewer."""


class Plan(PersonalRecord):
    """Actions for one person, the earliest duty first. It informs a named practitioner; it decides nothing.

    ``for_practitioner`` is the role of whoever judges it. ``unbound`` lists readings without an action, ``notes`` what
    to know before acting. No clock starts with the plan: made again later, it has the same due dates. JSON:
    ``to_dict()``, and back with ``model_validate_json``.
    """

    schema_version: Literal["2.0"]
    engine_version: str
    partnership: str
    partnership_version: str
    example: bool
    trial: bool
    internal: Literal[True]
    caveat: str
    subject_id: str
    as_of: dt.date
    made_at: dt.datetime
    nation: str
    for_practitioner: OneLine
    results: tuple[PooledResult, ...]
    actions: tuple[PlannedAction, ...]
    unbound: tuple[Unbound, ...]
    notes: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One line an action: ``PlannedAction``, without its outcomes."""
        names = [name for name in PlannedAction.model_fields if name != "outcomes"]
        return pd.DataFrame({name: [getattr(action, name) for action in self.actions] for name in names})

    def with_outcome(self, action_id: str, result: str, *, at: str | dt.datetime, by_role: str, note: str = "") -> Plan:
        """Return the plan with what came of one action; this one stays as it is.

        Parameters
        ----------
        action_id : str
            Such as ``A1``.
        result : {"done", "not needed", "could not be done"}
        at : str or datetime.datetime
            When it was recorded, with an offset.
        by_role : str
            In what role, not a name.
        note : str
            Why, in a line. A later outcome of the same action stands beside the earlier one and takes its place.

        Raises
        ------
        ArgumentError
            An argument is not text.
        PolicyError
            There is no such action or result, or the moment is before the plan or is none; all of it at once.

        Examples
        --------
        See ``docs/how-to/compare-responses.md``.
        """
        kinds = {"action_id": action_id, "result": result, "by_role": by_role, "note": note}
        require("with_outcome", {f"{name} must be text.": is_text(value) for name, value in kinds.items()})
        moment = moment_of(as_moment(at))
        place = {action.id: number for number, action in enumerate(self.actions)}
        before = self.actions[place[action_id]].outcomes if action_id in place else ()
        wrong = [
            *(["There is no action of that id in this plan."] if action_id not in place else []),
            *([f"result must be one of: {', '.join(RESULTS)}."] if result not in RESULTS else []),
            *(["The outcome is recorded before the plan was made."] if moment < self.made_at else []),
            *(
                ["An outcome of that action with a later moment stands already; give this one its own, later moment."]
                if before and moment < before[-1].recorded_at
                else []
            ),
            *([] if is_role(by_role) else ["by_role must say, in one line, in what role it is recorded."]),
        ]
        if wrong:
            raise PolicyError(" ".join(wrong))
        chosen: Result = next(known for known in RESULTS if known == result)
        action = self.actions[place[action_id]]
        outcome = Outcome(
            result=chosen,
            recorded_at=moment,
            by_role=by_role,
            late=None if action.due_at is None else moment > action.due_at,
            minutes_after_plan=(moment - self.made_at) // dt.timedelta(minutes=1),
            note=note,
        )
        done = action.model_copy(update={"status": chosen, "outcomes": (*action.outcomes, outcome)})
        actions = tuple(done if other.id == action_id else other for other in self.actions)
        return self.model_copy(update={"actions": actions})

    def overdue(self, *, at: str | dt.datetime) -> tuple[PlannedAction, ...]:
        """Return actions still open that fell due before a moment, in the order of the plan.

        A duty due at once is among them as soon as the plan is made; an action without a due date never is, because
        nobody knows.

        Raises
        ------
        PolicyError
            ``at`` is no moment with an offset.
        """
        moment = moment_of(as_moment(at))
        return tuple(
            action
            for action in self.actions
            if action.status == "open"
            and (self.made_at if action.clock == "at once" else action.due_at or moment) < moment
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON; ``Plan.model_json_schema()`` is their schema."""
        return self.model_dump(mode="json")
