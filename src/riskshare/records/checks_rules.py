"""What the rules of one sharing agreement must satisfy: nothing unknown, nothing idle, nothing below the floor."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from riskshare.errors import Problem
from riskshare.records.agreement import Agreement, Rule
from riskshare.records.checks_draft import Draft, Entry, repeated
from riskshare.records.sharing_fields import CATEGORIES, FIELDS, NEVER


def check_rules(entry: Entry[Agreement], draft: Draft) -> Iterator[Problem]:
    """Yield everything wrong with the rules of one agreement, with its id and the rule's beside the position.

    Parameters
    ----------
    entry : Entry of Agreement
    draft : Draft
        The rest of the partnership: its agreed handling conditions.
    """
    if not entry.has("rules"):
        return
    rules = entry.record.rules
    for i in repeated(tuple(rule.id for rule in rules)):
        yield _told(entry, i, "rule_twice", "id", "That id is used twice.", "Give each rule its own id.")
    for i, rule in enumerate(rules):
        for code, path, said, remedy in (
            *_empty(rule),
            *_strangers(rule, entry),
            *_words(rule, entry, draft),
            *_times(rule, entry),
            *(_permit(rule) if rule.effect == "permit" else _forbid(rule)),
        ):
            yield _told(entry, i, code, path, said, remedy)


Fault = tuple[str, str, str, str]
"""Code, path inside the rule, what is wrong, what to do."""


def _told(entry: Entry[Agreement], i: int, code: str, path: str, said: str, remedy: str) -> Problem:
    rule = entry.record.rules[i]
    owner = f"{entry.record.id}/{rule.id}" if entry.has("id") else rule.id
    problem = entry.problem(f"rules[{i}].{path}", f"{said[:-1]} (in '{owner}').", remedy)
    return dataclasses.replace(problem, code=code)


def _empty(rule: Rule) -> Iterator[Fault]:
    for name in ("recipients", "purposes", "categories", "subject_roles"):
        values = getattr(rule, name)
        if not values:
            yield "rule_of_nothing", name, "The list is empty, so the rule holds for nothing.", "Name at least one."
        for i in repeated(tuple(str(value) for value in values)):
            yield "named_twice", f"{name}[{i}]", "It is named twice.", "Name it once."


def _strangers(rule: Rule, entry: Entry[Agreement]) -> Iterator[Fault]:
    """Yield recipients that are no recipients of this agreement, or roles they do not have."""
    if not entry.has("parties"):
        return
    parties = {party.agency_id: party for party in entry.record.parties}
    for i, who in enumerate(rule.recipients):
        party = parties.get(who.agency)
        path = f"recipients[{i}]"
        if party is None:
            yield "recipient_no_party", f"{path}.agency", "It is no party.", "Name a party of this agreement."
        elif party.role == "source":
            rule_text = "That party only gives."
            yield "recipient_only_source", f"{path}.agency", rule_text, "Name a recipient, or make the party both."
        elif who.role not in party.practitioner_roles:
            remedy = "Add it to practitioner_roles of that party, or correct it."
            yield "unknown_role", f"{path}.role", "That party has no such role.", remedy


def _words(rule: Rule, entry: Entry[Agreement], draft: Draft) -> Iterator[Fault]:
    """Yield purposes, categories, fields and conditions that nobody agreed."""
    agreement = entry.record
    for i, purpose in enumerate(rule.purposes):
        if entry.has("purposes") and purpose not in agreement.purposes:
            yield "unknown_purpose", f"purposes[{i}]", "The agreement has no such purpose.", "Add it there first."
    for i, category in enumerate(rule.categories):
        if category not in CATEGORIES:
            remedy = f"Write one of {', '.join(CATEGORIES)}."
            yield "unknown_category", f"categories[{i}]", "There is no such category.", remedy
        elif entry.has("retention_days") and category not in agreement.retention_days:
            remedy = "Say in retention_days how long it may be kept."
            yield "no_retention", f"categories[{i}]", "It has no retention.", remedy
    for field in rule.treatment:
        if field not in FIELDS:
            remedy = "Write one of the fields that docs/how-to/agree-to-share.md lists."
            yield "unknown_field", f"treatment.{field}", "There is no such field.", remedy
    for i, condition in enumerate(rule.conditions):
        if draft.handling_conditions.lacks(condition):
            remedy = "Name a handling condition of trust.toml."
            yield "unknown_condition", f"conditions[{i}]", "That condition is not agreed.", remedy


def _times(rule: Rule, entry: Entry[Agreement]) -> Iterator[Fault]:
    agreement = entry.record
    first, last = rule.valid_from, rule.valid_until
    if first is not None and last is not None and last <= first:
        yield "period_empty", "valid_until", "It ends before it begins.", "Let valid_until be later than valid_from."
    if not entry.has("valid_from", "valid_until"):
        return
    remedy = "Keep it within the agreement's own time."
    if first is not None and first >= agreement.valid_until:
        yield "rule_outside", "valid_from", "It begins when the agreement is over.", remedy
    if last is not None and last <= agreement.valid_from:
        yield "rule_outside", "valid_until", "It ends before the agreement begins.", remedy


def _permit(rule: Rule) -> Iterator[Fault]:
    """Yield what a permit says in vain."""
    kinds = {FIELDS[field] for field in rule.treatment if field in FIELDS}
    if not rule.treatment:
        yield "opens_nothing", "treatment", "It opens no field.", "Name fields and how each is shown."
    for field, treatment in rule.treatment.items():
        path = f"treatment.{field}"
        if FIELDS.get(field) in NEVER:
            yield "below_floor", path, "That field never leaves.", "Remove it: no agreement can lift the floor."
        elif treatment == "drop":
            yield "opens_nothing", path, "A permit opens fields.", "Leave it out, or write a forbid."
    if "source" in rule.subject_roles:
        path = f"subject_roles[{rule.subject_roles.index('source')}]"
        yield "below_floor", path, "Nothing about a source leaves.", "Remove it: no agreement can lift the floor."
    level = rule.place_level or "none"
    if "place" in kinds and level == "none":
        yield "place_without_level", "place_level", "It opens places at no level.", "Write msoa, lsoa, point8 or exact."
    if "address" in kinds and level != "exact":
        yield "address_not_exact", "place_level", "It opens an address, which is exact.", "Write exact, or remove it."
    if level != "none" and kinds.isdisjoint({"place", "address"}):
        yield "level_without_place", "place_level", "It opens no place field.", "Name one, or remove the level."


def _forbid(rule: Rule) -> Iterator[Fault]:
    """Yield what a forbid says in vain or in contradiction."""
    for field, treatment in rule.treatment.items():
        if treatment == "show":
            remedy = "Write drop, redact or band, or write a permit."
            yield "closes_nothing", f"treatment.{field}", "A forbid that shows closes nothing.", remedy
    if rule.place_level == "exact":
        yield "closes_nothing", "place_level", "A forbid at exact closes nothing.", "Write a coarser level."
    if rule.handling_max != "P":
        remedy = "Remove it: a forbid holds for items of any handling."
        yield "forbid_with_handling", "handling_max", "It means nothing in a forbid.", remedy
    if rule.conditions:
        remedy = "Remove them: a forbid holds whatever is met."
        yield "forbid_with_conditions", "conditions", "They mean nothing in a forbid.", remedy
