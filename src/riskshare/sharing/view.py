"""What a standing agreement opens and what closes it again: permits join, the rest meets (safety, 1.2, 5 to 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from riskshare.records.agreement import Rule
from riskshare.records.sharing_fields import (
    EMERGENCY_FIELDS,
    FIELDS,
    KIND_CAPS,
    LOCATING,
    NEVER,
    PLACE_CAPS,
    PLACE_LEVELS,
    PROTECTED_ROLES,
    TREATMENTS,
    Audience,
    PlaceLevel,
    Treatment,
)
from riskshare.records.sharing_request import Objection, Reason, Relationship, Request
from riskshare.sharing.standing import Standing, holds

_OPEN: Final = len(TREATMENTS) - 1
_EXACT: Final = len(PLACE_LEVELS) - 1
_NEVER: Final = {field: 0 for field, kind in FIELDS.items() if kind in NEVER}
_LOCATING: Final = {field: 0 for field, kind in FIELDS.items() if kind in LOCATING}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How open something may be at most: treatment by field (``others`` for the rest) and place, as positions."""

    reason: Reason
    fields: Mapping[str, int]
    others: int = _OPEN
    place: int = _EXACT


@dataclass(frozen=True, slots=True)
class View:
    """What is left after every ceiling, why the rest is not, and what it rests on."""

    treatment: dict[str, Treatment]
    withheld: dict[str, Reason]
    place_level: PlaceLevel
    rules: tuple[Rule, ...]


def see(
    request: Request,
    standing: Standing,
    at: dt.datetime,
    objections: Iterable[Objection],
    related: Relationship | None,
) -> View:
    """Return what a request may see under the rules of a standing agreement.

    Each ceiling is a minimum, so that their order decides only which reason is told; adding one never opens.

    Parameters
    ----------
    request, standing, at
        The question, what it stands on, and its moment in UTC.
    objections : iterable of Objection
    related : Relationship or None
        The recorded relationship of a named practitioner to the subject, if there is one now.
    """
    against = [one for one in objections if one.subject_id == request.subject_id and _in_time(one, at)]
    matching = [rule for rule in standing.agreement.rules if _speaks_of(rule, request, at)]
    permits = [rule for rule in matching if rule.effect == "permit" and _is_open_to(rule, request)]
    forbids = [rule for rule in matching if rule.effect == "forbid"]
    ceilings = [
        _opened(request, permits),
        *_floor(request, against, related),
        *(_closed(rule) for rule in forbids),
        *_objected(request, against),
        *_handled(request),
        _audience_cap(request, related),
    ]
    return _lowest(request, ceilings, (*permits, *forbids))


def emergency(request: Request) -> View:
    """Return the fixed emergency view: its fields, shown, whatever was asked; the floor stands."""
    both = request.model_copy(update={"fields": tuple({*request.fields, *EMERGENCY_FIELDS})})
    opened = Ceiling("override", dict.fromkeys(EMERGENCY_FIELDS, _OPEN), others=0, place=0)
    return _lowest(both, [*_floor(request, (), None), opened], ())


def _in_time(one: Rule | Objection | Relationship, at: dt.datetime) -> bool:
    return holds(one.valid_from, one.valid_until, at)


def relationship(request: Request, recorded: Iterable[Relationship], at: dt.datetime) -> Relationship | None:
    """Return the recorded relationship of a named practitioner to the subject asked about, if it holds now."""
    if request.audience != "practitioner" or not (request.user_id and request.relationship_ref and request.subject_id):
        return None
    claimed = (request.relationship_ref, request.user_id, request.agency, request.subject_id)
    found = [one for one in recorded if (one.ref, one.user_id, one.agency, one.subject_id) == claimed]
    return next((one for one in found if _in_time(one, at)), None)


def _speaks_of(rule: Rule, request: Request, at: dt.datetime) -> bool:
    """Return whether a rule names recipient, purpose, subject role and some category asked for, and is in its time."""
    return (
        any((who.agency, who.role) == (request.agency, request.role) for who in rule.recipients)
        and request.purpose in rule.purposes
        and request.subject_role in rule.subject_roles
        and not set(rule.categories).isdisjoint(request.categories)
        and _in_time(rule, at)
    )


def _is_open_to(permit: Rule, request: Request) -> bool:
    """Return whether a permit takes items of this handling, and every condition of its own is met."""
    handled = permit.handling_max == "C" or request.handling == "P"
    return handled and set(permit.conditions) <= set(request.conditions_met)


def _opened(request: Request, permits: list[Rule]) -> Ceiling:
    """Return what permits open: the most open of them for a category, the tightest over the categories asked for."""
    by_category = [[rule for rule in permits if category in rule.categories] for category in set(request.categories)]
    fields = {
        field: min(max((_position(rule, field) for rule in rules), default=0) for rules in by_category)
        for field in request.fields
    }
    place = min(
        max((PLACE_LEVELS.index(rule.place_level or "none") for rule in rules), default=0) for rules in by_category
    )
    return Ceiling("no_permit", fields, others=0, place=place)


def _position(permit: Rule, field: str) -> int:
    return TREATMENTS.index(permit.treatment.get(field, "drop"))


def _closed(forbid: Rule) -> Ceiling:
    """Return what a prohibition leaves open."""
    if forbid.closes_everything:
        return Ceiling("forbidden", {}, others=0, place=0)
    fields = {field: TREATMENTS.index(treatment) for field, treatment in forbid.treatment.items()}
    place = _EXACT if forbid.place_level is None else PLACE_LEVELS.index(forbid.place_level)
    return Ceiling("forbidden", fields, place=place)


def _objected(request: Request, against: list[Objection]) -> Iterator[Ceiling]:
    """Yield a closed ceiling for each objection or restriction in whose scope the request lies."""
    for one in against:
        in_scope = (
            (not one.purposes or request.purpose in one.purposes)
            and (not one.categories or not set(one.categories).isdisjoint(request.categories))
            and (not one.recipients or request.agency in one.recipients)
        )
        if in_scope and one.basis != "protected_address":
            yield Ceiling("objection", {}, others=0, place=0)


def _handled(request: Request) -> Iterator[Ceiling]:
    """Yield a closed ceiling unless the item is P, or C with named conditions that are all met."""
    met = set(request.handling_conditions) <= set(request.conditions_met)
    if request.handling != "P" and not (request.handling_conditions and met):
        yield Ceiling("handling", {}, others=0, place=0)


def _audience_cap(request: Request, related: Relationship | None) -> Ceiling:
    """Return the caps of the audience; who says practitioner without a live relationship is one of the partnership."""
    audience: Audience = "public" if request.audience == "public" else "practitioner" if related else "partnership"
    caps = KIND_CAPS[audience]
    fields = {field: TREATMENTS.index(caps[FIELDS[field]]) for field in request.fields}
    return Ceiling("audience", fields, place=PLACE_LEVELS.index(PLACE_CAPS[audience]))


def _floor(request: Request, against: Iterable[Objection], related: Relationship | None) -> Iterator[Ceiling]:
    """Yield what nothing can open: sources, raw intelligence, and where a victim or protected person is."""
    if request.subject_role == "source":
        yield Ceiling("floor", {}, others=0, place=0)
    yield Ceiling("floor", _NEVER)
    protected = any(one.basis == "protected_address" for one in against)
    if (request.subject_role in PROTECTED_ROLES or protected) and related is None:
        yield Ceiling("floor", _LOCATING)


def _lowest(request: Request, ceilings: Iterable[Ceiling], rules: tuple[Rule, ...]) -> View:
    """Return the minimum over all ceilings; a place needs a level, an address the exact one."""
    levels = dict.fromkeys(request.fields, _OPEN)
    place = _EXACT
    withheld: dict[str, Reason] = {}
    for ceiling in ceilings:
        place = min(place, ceiling.place)
        for field, before in levels.items():
            needs = {"place": 1, "address": _EXACT}.get(FIELDS[field], 0)
            after = min(before, ceiling.fields.get(field, ceiling.others)) if place >= needs else 0
            levels[field] = after
            if before and not after:
                withheld[field] = ceiling.reason
    kept = {field: TREATMENTS[level] for field, level in sorted(levels.items()) if level}
    placed = any(FIELDS[field] in ("place", "address") for field in kept)
    return View(kept, withheld, PLACE_LEVELS[place] if placed else "none", rules)
