"""What is asked of the sharing agreement, what limits it for one person, and what is answered."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal, get_args

from pydantic import Field

from riskshare.records.agreement import Moment
from riskshare.records.base import Record
from riskshare.records.sharing_fields import PlaceLevel, Treatment

Ground = Literal["risk_to_life", "serious_harm_child", "legal_duty", "overriding_public_interest"]
Basis = Literal["withdrawn_consent", "objection", "restriction", "protected_address"]
Duty = Literal["log", "log_before_release", "notify_spoc", "review_in_5_working_days"]
SHORTEST_REASON: Final = 20
"""Characters of the text that an override needs, without white space around it."""
LONGEST_OVERRIDE: Final = dt.timedelta(hours=72)
USUAL_OVERRIDE: Final = dt.timedelta(hours=24)

Reason = Literal[
    # The request cannot be judged (steps 1 to 3)
    "error", "naive_time", "nothing_asked", "unknown_agreement", "unknown_agency", "unknown_audience",
    "unknown_category", "unknown_condition", "unknown_field", "unknown_purpose", "unknown_role", "unknown_subject_role",
    "subject_missing",
    # The agreement is not there for it (steps 3 and 4)
    "not_in_force", "review_overdue", "no_charter", "not_a_party", "not_signed", "outside_scope",
    # No rule opens it, or something closes it (steps 5 to 8)
    "no_permit", "forbidden", "objection", "handling", "audience",
    # Nothing can open it (step 9)
    "floor",
    # The override (step 10)
    "override", "override_refused",
]  # fmt: skip
"""Why something asked for is not given; ``override`` alone says why something is."""
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


class Override(Record):
    """Somebody's reason to see the fixed emergency view without a permit.

    ``expires`` of None is 24 hours after the request. ``approver`` of None: nobody could be reached.
    """

    ground: Ground
    text: str = Field(repr=False)
    approver: str | None = Field(default=None, repr=False)
    expires: Moment | None = None


class Objection(Record):
    """What one person has said, or what protects one person.

    Empty ``purposes``, ``categories`` and ``recipients`` (agencies) mean all of them: together they are its scope. A
    ``protected_address`` has no scope: it guards place and contact for everybody, as the floor does a victim's.
    """

    subject_id: str = Field(repr=False)
    basis: Basis
    purposes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    valid_from: Moment
    valid_until: Moment | None = None


class Relationship(Record):
    """That one person at an agency works with one subject, and for how long: recorded, not claimed."""

    ref: str = Field(repr=False)
    user_id: str = Field(repr=False)
    agency: str
    subject_id: str = Field(repr=False)
    valid_from: Moment
    valid_until: Moment | None = None


class Request(Record):
    """One question to the agreement: whether a role may have these fields of items of one kind, for a purpose, now.

    It speaks of one class of items: one subject role, one handling, categories and sources that every item has.
    Nothing in it is checked here: whatever is not known is refused by the decision, with a reason.
    """

    agreement: str
    version: str
    sources: tuple[str, ...]
    """Agencies that the items come from; all of them must have signed."""
    agency: str
    """The recipient."""
    role: str
    user_id: str = Field(default="", repr=False)
    purpose: str
    categories: tuple[str, ...]
    fields: tuple[str, ...]
    subject_role: str
    subject_id: str | None = Field(default=None, repr=False)
    """Needed for every subject role but ``place``, which means that nobody is spoken of."""
    relationship_ref: str | None = Field(default=None, repr=False)
    areas: tuple[str, ...] = ()
    """Authorities that the items belong to."""
    age_band: str = "not known"
    handling: str = "C"
    """Anything but ``P`` is C."""
    handling_conditions: tuple[str, ...] = ()
    """Conditions named on the items."""
    conditions_met: tuple[str, ...] = ()
    """Conditions that the recipient's use satisfies, for items and for rules."""
    audience: str = "public"
    at: dt.datetime
    override: Override | None = None


class Decision(Record):
    """What the agreement answers. Pairs are in order of field.

    ``id`` is a hash of the policy, of the question without anything that leads to a person (subject, user,
    relationship, words of an override), and of the answer: the same asked of two people has one id, and an erased
    person cannot be found by trying ids.
    """

    id: str
    allow: bool
    treatment: tuple[tuple[str, Treatment], ...] = ()
    """Fields that are kept, none of them with ``drop``. What is not here is absent, not blank."""
    withheld: tuple[tuple[str, Reason], ...] = ()
    """Fields asked for and not kept, each with the reason that closed it first; the floor comes before the rest."""
    place_level: PlaceLevel = "none"
    """How exact kept places may be; ``none`` where no place is kept."""
    rule_ids: tuple[str, ...] = ()
    """Rules that held, in order."""
    reason_codes: tuple[Reason, ...] = ()
    """In the order of ``Reason``. With an allowed decision: why some fields are withheld, or ``override``."""
    duties: tuple[Duty, ...] = ("log",)
    expires: Moment | None = None
    """The first moment at which what was shown may no longer be used; None where nothing was."""
    policy_hash: str = ""

    def of(self, field: str) -> Treatment:
        """Return the treatment of a field; ``drop`` where it is not kept."""
        return dict(self.treatment).get(field, "drop")
