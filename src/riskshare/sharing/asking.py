"""Who asks, for what, under which agreement; and the questions that come of it, one for each class of items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from riskshare.errors import PolicyError
from riskshare.records.agreement import Agreement, AgreementSet
from riskshare.records.sharing_fields import FIELDS, TREATMENTS, Treatment
from riskshare.records.sharing_request import Decision, Objection, Override, Relationship, Request
from riskshare.sharing.decision import decide
from riskshare.sharing.standing import holds
from riskshare.sharing.told_before import ToldBefore

NOBODY = "\x00 nobody"
"""Stands for a person whom no objection names: the answer is the same for all of them."""


class SharingRefusedError(PolicyError):
    """Nothing may leave as it was asked; ``reasons`` are codes, ``call`` says whom to ask. The refusal is logged."""

    def __init__(self, reasons: Sequence[str], call: Sequence[str], hint: str = "") -> None:
        self.reasons, self.call = tuple(reasons), tuple(call)
        told = [f"Nothing was shared: {', '.join(self.reasons) or 'nothing is left to share'}."]
        told += [hint] if hint else []
        told += [f"Call: {'; '.join(self.call)}."] if self.call else []
        told.append("`riskshare agreement explain` says what the agreement allows. The refusal is logged.")
        super().__init__(" ".join(told))


@dataclass(frozen=True, repr=False)
class Asking:
    """Everything of a request that does not depend on the items.

    ``subject`` and ``user_id`` are set for one named practitioner and one person only; ``before`` for maps alone.
    """

    agreements: AgreementSet
    agreement: Agreement
    agency: str
    role: str
    purpose: str
    audience: str
    at: dt.datetime
    user_id: str = ""
    subject: str | None = None
    conditions_met: tuple[str, ...] = ()
    objections: tuple[Objection, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    override: Override | None = None
    before: ToldBefore | None = None

    def __repr__(self) -> str:
        """Say for what; nobody's id."""
        return f"Asking({self.audience}, {self.purpose})"

    @property
    def related(self) -> Relationship | None:
        """The recorded relationship of this user to this subject, if there is one now."""
        claimed = (self.user_id, self.agency, self.subject)
        found = [one for one in self.relationships if (one.user_id, one.agency, one.subject_id) == claimed]
        return next((one for one in found if holds(one.valid_from, one.valid_until, self.at)), None)

    @cached_property
    def _said(self) -> dict[str, tuple[Objection, ...]]:
        found: dict[str, list[Objection]] = {}
        for one in self.objections:
            found.setdefault(one.subject_id, []).append(one)
        return {subject: tuple(several) for subject, several in found.items()}

    def said_of(self, subject: str | None) -> tuple[Objection, ...]:
        """Return what one person has said, and what protects that person."""
        return () if subject is None else self._said.get(subject, ())

    @property
    def spoken_for(self) -> frozenset[str]:
        """Subjects whom an objection names: they need an answer of their own."""
        return frozenset(self._said)

    @cached_property
    def guarded(self) -> frozenset[str]:
        """Subjects whose address is protected now."""
        kept = [one for one in self.objections if one.basis == "protected_address"]
        return frozenset(one.subject_id for one in kept if holds(one.valid_from, one.valid_until, self.at))

    def contacts(self) -> tuple[str, ...]:
        """Return the recipient's own point of contact, as the agreement names it."""
        party = self.agreement.party(self.agency)
        return () if party is None else (f"{party.agency_id}: {party.spoc}",)

    @property
    def keeps_where(self) -> bool:
        """Whether the one person asked about is protected, and whoever asks is not known to work with that person."""
        return self.subject in self.guarded and self.related is None


@dataclass(frozen=True, slots=True)
class Items:
    """One class of items: whatever is alike in all that the agreement looks at."""

    sources: tuple[str, ...]
    category: str
    subject_role: str
    handling: str = "P"
    conditions: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    age_band: str = "not known"
    subject: str | None = field(default=None, repr=False)
    gateway: str | None = None


def ask(asking: Asking, items: Items, fields: Iterable[str]) -> Decision:
    """Return the decision about some fields of one class of items; fields nobody knows are passed over."""
    related = asking.related
    subject = None if items.subject_role == "place" else items.subject or asking.subject or NOBODY
    request = Request(
        agreement=asking.agreement.id, version=asking.agreement.version, sources=items.sources, agency=asking.agency,
        role=asking.role, user_id=asking.user_id, purpose=asking.purpose, categories=(items.category,),
        fields=tuple(sorted(set(fields) & FIELDS.keys())), subject_role=items.subject_role, subject_id=subject,
        relationship_ref=None if related is None else related.ref, areas=items.areas, age_band=items.age_band,
        handling=items.handling, handling_conditions=items.conditions, conditions_met=asking.conditions_met,
        audience=asking.audience, at=asking.at, override=asking.override,
    )  # fmt: skip
    # Nothing that others have said matters to it, and thousands may be protected.
    return decide(request, asking.agreements, objections=asking.said_of(subject), relationships=asking.relationships)


def forbidden(asking: Asking, items: Items, category: str) -> bool:
    """Return whether a prohibition closes everything of a category to this recipient, whatever else opens it."""
    return any(
        rule.closes_everything
        and category in rule.categories
        and asking.purpose in rule.purposes
        and items.subject_role in rule.subject_roles
        and any((who.agency, who.role) == (asking.agency, asking.role) for who in rule.recipients)
        and holds(rule.valid_from, rule.valid_until, asking.at)
        for rule in asking.agreement.rules
    )


def tightest(views: Iterable[Mapping[str, Treatment]]) -> dict[str, Treatment]:
    """Return the tightest treatment of each field over several views: one export holds one treatment (P18).

    >>> tightest([{"band": "show", "score": "show"}, {"band": "show", "score": "band"}])
    {'band': 'show', 'score': 'band'}
    """
    several = list(views)
    if not several:
        return {}
    names = set.intersection(*(set(view) for view in several))
    found = {name: min((view[name] for view in several), key=TREATMENTS.index) for name in sorted(names)}
    return {name: treatment for name, treatment in found.items() if treatment != "drop"}


def candidates(
    agreements: AgreementSet, agency: str, role: str, purpose: str, at: dt.datetime, named: str | None
) -> list[Agreement]:
    """Return agreements in force under which a role at an agency may ask for a purpose; ``named`` keeps only that."""
    found = [one for one in agreements.agreements if one.kind != "charter" and purpose in one.purposes]
    found = [one for one in found if named in (None, one.id) and _takes(one, agency, role)]
    return [one for one in found if one.status == "signed" and holds(one.valid_from, one.valid_until, at)]


def _takes(agreement: Agreement, agency: str, role: str) -> bool:
    party = agreement.party(agency)
    return party is not None and party.role in ("recipient", "both") and role in party.practitioner_roles
