"""What the sharing agreements of a partnership must satisfy together: papers, parties, law and scope."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from riskshare.errors import Problem
from riskshare.records.agreement import Agreement, Party
from riskshare.records.checks_draft import Draft, Entry, Group, repeated
from riskshare.records.checks_rules import check_rules
from riskshare.records.evidence import AGE_BANDS
from riskshare.records.sharing_fields import CATEGORIES

LONGEST_PILOT: Final = dt.timedelta(days=366)
"""A pilot is limited in time (proposal: a year); what goes on longer is an agreement."""
_SPECIAL: Final = frozenset({"patient", "health_or_social_care"})


def told(entry: Entry[Agreement], code: str, path: str, rule: str, remedy: str) -> Problem:
    """Return a problem inside an agreement, with its code and the agreement's id beside its position."""
    named = f"{rule[:-1]} (in '{entry.record.id}')." if entry.has("id") else rule
    return dataclasses.replace(entry.problem(path, named, remedy), code=code)


def check_sharing(papers: Group[Agreement], draft: Draft) -> Iterator[Problem]:
    """Yield everything wrong with the agreements, each by itself, with its charter, and with the partnership.

    Parts that could not be read are passed over, and an id is called unknown only where its list was read whole.

    Parameters
    ----------
    papers : Group of Agreement
    draft : Draft
        The rest of the partnership, as far as it could be read.
    """
    yield from _check_ids(papers)
    for entry in papers.entries:
        yield from _check_period(entry)
        yield from _check_charter(entry, papers)
        if entry.has("parties"):
            yield from _check_parties(entry, draft)
            yield from _check_signatures(entry)
            yield from _check_kind(entry)
        yield from _check_law(entry, draft)
        yield from _check_scope(entry, draft)
        yield from check_rules(entry, draft)


def _check_ids(papers: Group[Agreement]) -> Iterator[Problem]:
    named = [entry for entry in papers.entries if entry.has("id", "version", "kind")]
    keys = tuple(
        f"charter {one.record.id}" if one.record.kind == "charter" else f"{one.record.id}/{one.record.version}"
        for one in named
    )
    for i in repeated(keys):
        rule, remedy = "That id and version is used twice.", "Give each agreement its own; keep one charter of an id."
        yield told(named[i], "agreement_twice", "id", rule, remedy)


def _check_period(entry: Entry[Agreement]) -> Iterator[Problem]:
    one = entry.record
    if not entry.has("valid_from", "valid_until"):
        return
    if one.valid_until <= one.valid_from:
        rule, remedy = "It ends before it begins.", "Let valid_until be later than valid_from."
        yield told(entry, "period_empty", "valid_until", rule, remedy)
    elif entry.has("review_by") and not one.valid_from < one.review_by <= one.valid_until:
        rule, remedy = "The review does not fall within its time.", "Review it before it ends; then agree it anew."
        yield told(entry, "review_outside", "review_by", rule, remedy)


def _check_charter(entry: Entry[Agreement], papers: Group[Agreement]) -> Iterator[Problem]:
    one = entry.record
    if not entry.has("kind", "charter_id"):
        return
    if one.kind == "charter":
        if one.charter_id is not None:
            rule, remedy = "A charter stands under no other.", "Remove charter_id."
            yield told(entry, "charter_of_charter", "charter_id", rule, remedy)
        if entry.has("rules") and one.rules:
            rule, remedy = "A charter shares nothing by itself.", "Move its rules into an agreement under it."
            yield told(entry, "charter_with_rules", "rules", rule, remedy)
        return
    charters = [other for other in papers.entries if other.has("id", "kind") and other.record.kind == "charter"]
    above = [other for other in charters if other.record.id == one.charter_id]
    if not above and papers.whole:
        rule, remedy = "It stands under no charter of this file.", "Name the id of a charter that its parties signed."
        yield told(entry, "charter_missing", "charter_id", rule, remedy)
    for charter in above:
        if not (charter.has("parties") and entry.has("parties")):
            continue
        members = {party.agency_id for party in charter.record.parties}
        for i, party in enumerate(one.parties):
            if party.agency_id not in members:
                rule, remedy = f"'{party.agency_id}' is no party of the charter.", "Have it join the charter first."
                yield told(entry, "party_without_charter", f"parties[{i}].agency_id", rule, remedy)


def _check_parties(entry: Entry[Agreement], draft: Draft) -> Iterator[Problem]:
    parties = entry.record.parties
    for i in repeated(tuple(party.agency_id for party in parties)):
        rule, remedy = f"'{parties[i].agency_id}' is a party twice.", "Keep one entry for each agency."
        yield told(entry, "party_twice", f"parties[{i}].agency_id", rule, remedy)
    sectors = {one.record.id: one.record.sector for one in draft.agencies.entries if one.has("id", "sector")}
    for i, party in enumerate(parties):
        if draft.agencies.lacks(party.agency_id):
            rule = f"'{party.agency_id}' is not an agency of this partnership."
            remedy = "Correct the id, or register the agency in partnership.toml."
            yield told(entry, "party_unknown", f"parties[{i}].agency_id", rule, remedy)
        elif sectors.get(party.agency_id, party.sector) != party.sector:
            rule, remedy = "partnership.toml gives it another sector.", "Write the same sector in both."
            yield told(entry, "sector_differs", f"parties[{i}].sector", rule, remedy)
        for j in repeated(party.practitioner_roles):
            path, rule = f"parties[{i}].practitioner_roles[{j}]", "A role is named twice."
            yield told(entry, "role_twice", path, rule, "Name each role once.")
    for part, code in (("source", "no_source"), ("recipient", "no_recipient")):
        if not any(party.role in (part, "both") for party in parties):
            rule, remedy = f"No party is a {part}.", f"Let at least one party be a {part}, or both."
            yield told(entry, code, "parties", rule, remedy)


def _check_signatures(entry: Entry[Agreement]) -> Iterator[Problem]:
    one = entry.record
    for i, party in enumerate(one.parties):
        path = f"parties[{i}]"
        for code, field, rule, remedy in _signature_faults(party):
            yield told(entry, code, f"{path}.{field}", rule, remedy)
        # The terms can be hashed only where all of them could be read.
        if party.signed_terms is not None and not entry.bad and party.signed_terms != one.terms_hash:
            rule = f"'{party.agency_id}' signed other terms than these."
            remedy = f"Have it read and sign these, {one.terms_hash}, or restore what it signed."
            yield told(entry, "terms_changed", f"{path}.signed_terms", rule, remedy)
    if entry.has("status") and one.status == "signed" and all(party.signed_on is None for party in one.parties):
        rule, remedy = "It says that it is signed, and nobody has signed.", "Write draft, or who signed and when."
        yield told(entry, "nobody_signed", "status", rule, remedy)


def _signature_faults(party: Party) -> Iterator[tuple[str, str, str, str]]:
    """Yield code, field, rule and remedy of what is wrong with one party's signature."""
    if party.signed_on is None:
        for field in ("signed_by_role", "signed_terms", "left_on"):
            if getattr(party, field) is not None:
                yield "signature_in_part", field, "It has not signed.", "Write signed_on too, or remove this."
        return
    if party.signed_by_role is None:
        yield "signature_in_part", "signed_by_role", "Nobody signed for it.", "Write in what role, not a name."
    if party.signed_terms is None:
        remedy = "Write the terms that `riskshare agreement check` tells."
        yield "signature_in_part", "signed_terms", "It does not say what was signed.", remedy
    if party.left_on is not None and party.left_on <= party.signed_on:
        yield "left_before_signing", "left_on", "It left before it signed.", "Correct one of the two moments."


def _check_kind(entry: Entry[Agreement]) -> Iterator[Problem]:
    one = entry.record
    if not entry.has("kind"):
        return
    both = sum(party.role == "both" for party in one.parties)
    if one.kind == "dda" and both:
        rule, remedy = "A dda goes one way.", "Let each party be source or recipient, or agree an isp."
        yield told(entry, "dda_both_ways", "parties", rule, remedy)
    if one.kind in ("isp", "jca") and both < 2:  # it takes two to exchange
        rule, remedy = f"An {one.kind} is reciprocal.", "Let at least two parties be both, or agree a dda."
        yield told(entry, "one_way_only", "parties", rule, remedy)
    if one.kind != "pilot":
        return
    if entry.has("area_codes", "population") and not one.area_codes and not one.population:
        rule, remedy = "A pilot is limited in scope.", "Name area_codes or a population."
        yield told(entry, "pilot_without_scope", "area_codes", rule, remedy)
    if entry.has("valid_from", "valid_until") and one.valid_until - one.valid_from > LONGEST_PILOT:
        rule, remedy = "A pilot lasts a year at most.", "End it sooner, or agree something lasting."
        yield told(entry, "pilot_too_long", "valid_until", rule, remedy)


def _check_law(entry: Entry[Agreement], draft: Draft) -> Iterator[Problem]:
    one = entry.record
    if not entry.has("kind", "legal", "retention_days") or one.kind == "charter":
        return
    if not one.legal.art6 and one.legal.part3 is None:
        rule, remedy = "It names no lawful basis.", "Write art6, or part3 for law enforcement."
        yield told(entry, "no_lawful_basis", "legal", rule, remedy)
    if _SPECIAL & one.retention_days.keys() and not one.legal.art9 and one.legal.part3 is None:
        rule, remedy = "It covers special categories without a condition.", "Write art9, or leave those categories out."
        yield told(entry, "no_art9", "legal.art9", rule, remedy)
    if "criminal" in one.retention_days and one.legal.art10 is None and one.legal.part3 is None:
        rule, remedy = "It covers criminal data without a condition.", "Write art10, or part3 for law enforcement."
        yield told(entry, "no_art10", "legal.art10", rule, remedy)
    if entry.has("status", "dpia_ref") and one.status != "draft" and one.dpia_ref is None:
        rule, remedy = "It refers to no impact assessment.", "Make one, and write where it is kept."
        yield told(entry, "no_dpia", "dpia_ref", rule, remedy)
    for i, gateway in enumerate(one.legal.gateways):
        if draft.gateways.lacks(gateway):
            rule, remedy = "trust.toml has no such gateway.", "Name the id of one of its gateways."
            yield told(entry, "unknown_gateway", f"legal.gateways[{i}]", rule, remedy)
    yield from _check_carried(entry, draft)


def _check_carried(entry: Entry[Agreement], draft: Draft) -> Iterator[Problem]:
    """Yield each class of data that needs a gateway and is carried by none of those named."""
    if draft.trust is None or not draft.trust.has("needs_gateway", "gateways"):
        return
    named = [one for one in draft.trust.record.gateways if one.id in entry.record.legal.gateways]
    for data_class in draft.trust.record.needs_gateway:
        if data_class in entry.record.retention_days and all(data_class in one.bars for one in named):
            rule, remedy = f"No gateway named carries {data_class}.", "Name one that does, or leave that category out."
            yield told(entry, "gateway_bars", "legal.gateways", rule, remedy)


def _check_scope(entry: Entry[Agreement], draft: Draft) -> Iterator[Problem]:
    one = entry.record
    if entry.has("kind", "purposes") and one.kind != "charter" and not one.purposes:
        yield told(entry, "no_purpose", "purposes", "It has no purpose.", "Name at least one.")
    if entry.has("kind", "retention_days"):
        if one.kind != "charter" and not one.retention_days:
            yield told(entry, "no_category", "retention_days", "It covers no category.", "Give days by category.")
        for category in one.retention_days.keys() - set(CATEGORIES):
            rule, remedy = "There is no such category.", f"Write one of {', '.join(CATEGORIES)}."
            yield told(entry, "unknown_category", f"retention_days.{category}", rule, remedy)
    if entry.has("population"):
        for i, band in enumerate(one.population):
            if band not in AGE_BANDS or band == AGE_BANDS[-1]:
                rule, remedy = "There is no such age band.", f"Write one of {', '.join(AGE_BANDS[:-1])}."
                yield told(entry, "unknown_age_band", f"population[{i}]", rule, remedy)
    covered = {code for one in draft.agencies.entries if one.has("authorities") for code in one.record.authorities}
    known = draft.agencies.whole and all(one.has("authorities") for one in draft.agencies.entries)
    if entry.has("area_codes") and known:
        for i, code in enumerate(one.area_codes):
            if code not in covered:
                rule, remedy = "No agency covers that area.", "Write a code that stands in partnership.toml."
                yield told(entry, "unknown_area", f"area_codes[{i}]", rule, remedy)
    for name in ("purposes", "area_codes", "population"):
        yield from _check_repeats(entry, name, getattr(one, name) if entry.has(name) else ())


def _check_repeats(entry: Entry[Agreement], name: str, values: Sequence[str]) -> Iterator[Problem]:
    for i in repeated(tuple(values)):
        yield told(entry, "named_twice", f"{name}[{i}]", "It is named twice.", "Name it once.")
