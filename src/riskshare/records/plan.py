"""A joint response plan: who does what by when, and under which agreed duty or standard. It decides nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal

import pandas as pd

from riskshare.errors import PolicyError
from riskshare.records.arguments import is_text, require
from riskshare.records.base import OneLine
from riskshare.records.moments import as_moment, moment_of
from riskshare.records.partnership import Clock
from riskshare.records.policy import Lens
from riskshare.records.results import BandName, PersonalRecord

PLAN_VERSION: Final = "1.0"
"""Version of this schema: the first number changes when a reader must change."""

Result = Literal["done", "not needed", "could not be done"]
RESULTS: tuple[Result, ...] = ("done", "not needed", "could not be done")


class Outcome(PersonalRecord):
    """What came of an action, and in what role it was recorded."""

    result: Result
    recorded_at: dt.datetime
    by_role: OneLine
    late: bool
    """Recorded after the action fell due."""
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
    starts_at: dt.datetime
    due_at: dt.datetime
    review_on: dt.date
    status: Literal["open"] | Result
    outcomes: tuple[Outcome, ...] = ()


class Unbound(PersonalRecord):
    """A reading from which no dated action follows, and why: for a person to look at."""

    agency: str
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


class Plan(PersonalRecord):
    """Actions for one person, the earliest duty first. It informs a named practitioner; it decides nothing.

    ``for_practitioner`` is the role of whoever judges it. ``unbound`` lists readings without a dated action, ``notes``
    what to know before acting. JSON: ``to_dict()``, and back with ``Plan.model_validate_json``.
    """

    schema_version: Literal["1.0"]
    engine_version: str
    partnership: str
    partnership_version: str
    example: bool
    trial: bool
    internal: Literal[True]
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
        wrong = [
            *(["There is no action of that id in this plan."] if action_id not in place else []),
            *([f"result must be one of: {', '.join(RESULTS)}."] if result not in RESULTS else []),
            *(["The outcome is recorded before the plan was made."] if moment < self.made_at else []),
            *(["by_role must say in what role it is recorded."] if not by_role.strip() else []),
        ]
        if wrong:
            raise PolicyError(" ".join(wrong))
        chosen: Result = next(known for known in RESULTS if known == result)
        action = self.actions[place[action_id]]
        outcome = Outcome(
            result=chosen, recorded_at=moment, by_role=by_role, late=moment > action.due_at, note=note
        )  # fmt: skip
        done = action.model_copy(update={"status": chosen, "outcomes": (*action.outcomes, outcome)})
        actions = tuple(done if other.id == action_id else other for other in self.actions)
        return self.model_copy(update={"actions": actions})

    def overdue(self, *, at: str | dt.datetime) -> tuple[PlannedAction, ...]:
        """Return actions still open that fell due before a moment, the earliest first.

        Raises
        ------
        PolicyError
            ``at`` is no moment with an offset.
        """
        moment = moment_of(as_moment(at))
        return tuple(action for action in self.actions if action.status == "open" and action.due_at < moment)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON; ``Plan.model_json_schema()`` is their schema."""
        return self.model_dump(mode="json")
