"""The sharing agreement as partners write and sign it: charter, agreements, parties, rules (methods: safety, 1.2)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

from riskshare.records.base import Fixed, Identifier, LoggedIdentifier, OneLine, Record, Text
from riskshare.records.sharing_fields import PlaceLevel, SubjectRole, Treatment

Kind = Literal["charter", "isp", "dda", "jca", "pilot"]
"""``isp``: regular, reciprocal; ``dda``: one way; ``jca``: joint controllers; ``pilot``: limited in time and scope."""
Status = Literal["draft", "signed", "suspended", "ended"]
PartyRole = Literal["source", "recipient", "both"]
PartySector = Literal[
    "police", "social_care", "health", "ambulance", "education", "youth_justice", "housing", "voluntary", "probation",
    "fire",
]  # fmt: skip
"""Who may be a party. There is no word for a commercial body: nothing can be shared with one."""
Art6 = Literal["a", "b", "c", "d", "e", "ea", "f"]
Art9 = Literal["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]

REVIEW_GRACE: Final = dt.timedelta(days=30)
"""How long an agreement outlives its review date (methods: safety, 1.2 step 3)."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def _in_utc(moment: dt.datetime) -> dt.datetime:
    """Return the same moment in UTC: one moment, one value, one hash."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise PydanticCustomError("moment_range", "outside 1900 to 2100")  # noqa: EM101 - a code
    return moment.astimezone(dt.UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment with its offset, kept in UTC to the microsecond. A naive time is refused."""


Days = Annotated[int, Field(ge=1, le=36_525)]
"""At most a hundred years."""


class Recipient(Record):
    """Who a rule speaks of: a role at an agency."""

    agency: LoggedIdentifier
    role: LoggedIdentifier


class Rule(Record):
    """One permission or prohibition.

    A permit holds for a request of its purposes, for the categories it names, subject roles, recipients and times,
    for items up to ``handling_max``, where each of its ``conditions`` is met. It opens the fields it names, no others.

    A forbid holds where it touches any category asked for; ``handling_max`` and ``conditions`` mean nothing in it and
    must stand at their defaults. It closes the fields it names to the treatment it gives, and places to its
    ``place_level``; one that names neither closes everything.
    """

    id: LoggedIdentifier
    effect: Literal["permit", "forbid"]
    recipients: tuple[Recipient, ...]
    purposes: tuple[LoggedIdentifier, ...]
    categories: tuple[Identifier, ...]
    subject_roles: tuple[SubjectRole, ...]
    treatment: Annotated[dict[Identifier, Treatment], AfterValidator(Fixed)] = Field(
        default_factory=dict, validate_default=True
    )
    place_level: PlaceLevel | None = None
    """For a permit, ``None`` is ``none``; for a forbid, it leaves places alone."""
    handling_max: Literal["P", "C"] = "P"
    conditions: tuple[Identifier, ...] = ()
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    """Half-open, like every period here: the first moment without it."""

    @property
    def closes_everything(self) -> bool:
        """Whether it is a forbid of every field."""
        return self.effect == "forbid" and not self.treatment and self.place_level is None


class Party(Record):
    """One agency in one agreement: what it does in it, who in it may ask, and since when it has signed."""

    agency_id: LoggedIdentifier
    sector: PartySector
    role: PartyRole
    practitioner_roles: tuple[LoggedIdentifier, ...] = ()
    """Roles at this agency that rules may name; any other is unknown."""
    spoc: OneLine
    """Its single point of contact: a role and a number, not a person."""
    signed_on: Moment | None = None
    signed_by_role: OneLine | None = None
    signed_terms: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """The ``terms_hash`` that it signed: a later change of the terms is another agreement."""
    left_on: Moment | None = None


class Legal(Record):
    """On what law the sharing rests, by the partners' own advice. Completeness is checked, lawfulness is not."""

    art6: tuple[Art6, ...] = ()
    """UK GDPR Article 6(1): the lawful basis."""
    art9: tuple[Art9, ...] = ()
    """UK GDPR Article 9(2): the condition for special categories."""
    art10: OneLine | None = None
    """UK GDPR Article 10 with the Data Protection Act 2018, section 10(5): which condition of Schedule 1, for criminal
    data."""
    part3: OneLine | None = None
    """Data Protection Act 2018 Part 3, for law enforcement by competent authorities."""
    gateways: tuple[Identifier, ...] = ()
    """Ids of gateways in ``trust.toml``."""


class PublicSummary(Record):
    """Why, what, how and with whom, in words for the people it is about."""

    why: Text
    what: Text
    how: Text
    who: Text


class Agreement(Record):
    """One charter or agreement.

    ``retention_days`` names every category it covers, and for how many days a recipient may keep it.
    ``area_codes`` and ``population`` (age bands) limit it; empty means that they do not. ``listed_from`` is the lowest
    band of whoever stands on a list for partners; without it, the one of ``sharing.profiles.LISTED_FROM``.
    """

    id: LoggedIdentifier
    version: Identifier
    kind: Kind
    charter_id: Identifier | None = None
    status: Status
    valid_from: Moment
    valid_until: Moment
    review_by: Moment
    purposes: tuple[LoggedIdentifier, ...] = ()
    parties: tuple[Party, ...]
    rules: tuple[Rule, ...] = ()
    area_codes: tuple[Identifier, ...] = ()
    population: tuple[OneLine, ...] = ()
    listed_from: Literal["medium", "high", "very high"] | None = None
    legal: Legal
    dpia_ref: OneLine | None = None
    retention_days: Annotated[dict[Identifier, Days], AfterValidator(Fixed)] = Field(
        default_factory=dict, validate_default=True
    )
    public_summary: PublicSummary

    @property
    def terms_hash(self) -> str:
        """SHA-256 of everything but status and who has signed or left: what a party signs."""
        content = canonical(self)
        del content["status"]
        for party in content["parties"]:
            for name in ("signed_on", "signed_by_role", "signed_terms", "left_on"):
                del party[name]
        content["parties"].sort(key=_text)
        return digest(content)

    def party(self, agency: str) -> Party | None:
        """Return the one party of that id, or None: two entries of one agency are nobody's signature."""
        found = [party for party in self.parties if party.agency_id == agency]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, repr=False)
class AgreementSet:
    """Everything agreed about sharing, whole. Made by ``load_agreements``.

    Attributes
    ----------
    agreements : tuple of Agreement
        Charters and agreements.
    registered : tuple of str
        Ids of the partnership's agencies: nobody else is a recipient.
    conditions : tuple of str
        Ids of the agreed handling conditions: no other can be met.
    """

    agreements: tuple[Agreement, ...]
    registered: tuple[str, ...]
    conditions: tuple[str, ...] = ()

    @cached_property
    def policy_hash(self) -> str:
        """SHA-256 of all of it, signatures and all; the order and repeats of entries do not count."""
        agreements = sorted({_text(canonical(one)) for one in self.agreements})
        return digest([agreements, sorted(set(self.registered)), sorted(set(self.conditions))])

    @cached_property
    def altered(self) -> frozenset[tuple[str, str, str]]:
        """Agreement id, version and agency of each signature on other terms than those that stand there now."""
        return frozenset(
            (one.id, one.version, party.agency_id)
            for one in self.agreements
            for party in one.parties
            if party.signed_terms is not None and party.signed_terms != one.terms_hash
        )

    def find(self, agreement_id: str, version: str) -> Agreement | None:
        """Return the one agreement (no charter) of that id and version, or None."""
        named = [one for one in self.agreements if one.kind != "charter" and one.id == agreement_id]
        return _only([one for one in named if one.version == version])

    def charter(self, charter_id: str | None) -> Agreement | None:
        """Return the one charter of that id, or None."""
        return _only([one for one in self.agreements if one.kind == "charter" and one.id == charter_id])

    def __repr__(self) -> str:
        """Return counts and the hash."""
        return f"AgreementSet({len(self.agreements)} agreements, policy_hash={self.policy_hash[:12]})"


def _only(found: list[Agreement]) -> Agreement | None:
    """Return the one agreement there is; two that differ are none, two that say the same are one."""
    if len(found) > 1 and len({_text(canonical(one)) for one in found}) > 1:
        return None
    return found[0] if found else None


def in_order(agreement: Agreement) -> Agreement:
    """Return an agreement with parties, rules and plain lists sorted: their order means nothing."""
    rules = sorted((_sorted_lists(rule) for rule in agreement.rules), key=lambda rule: rule.id)
    parties = sorted((_sorted_lists(party) for party in agreement.parties), key=lambda party: party.agency_id)
    legal = _sorted_lists(agreement.legal)
    return _sorted_lists(agreement).model_copy(
        update={"rules": tuple(rules), "parties": tuple(parties), "legal": legal}
    )


R = TypeVar("R", bound=Record)


def _sorted_lists(record: R) -> R:
    lists = {name: value for name in type(record).model_fields if isinstance(value := getattr(record, name), tuple)}
    ordered = {
        name: tuple(
            sorted(value, key=lambda item: item if isinstance(item, str) else _text(item.model_dump(mode="json")))
        )
        for name, value in lists.items()
    }
    return record.model_copy(update=ordered)


def canonical(agreement: Agreement) -> dict[str, Any]:
    """Return an agreement as plain values in one order, without repeats, whatever the order it was written in."""
    plain: dict[str, Any] = _ordered(agreement.model_dump(mode="json"))
    if plain["listed_from"] is None:  # what was signed before a bar could be agreed is still what was signed
        del plain["listed_from"]
    if plain["legal"]["art10"] is None:
        del plain["legal"]["art10"]
    return plain


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, list):  # every list of an agreement is a set
        items = {item if isinstance(item, str) else _text(item): item for item in map(_ordered, value)}
        return [items[text] for text in sorted(items)]
    return value


def digest(content: Any) -> str:
    """Return the SHA-256 of plain values as canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(_text(content).encode("utf-8")).hexdigest()


def _text(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
