"""The ten steps of sharing, written a second time by another hand from the method page (safety, 1.2), slow and obvious.
Decision 0014 says how the page is meant where it is silent, and what this shares with the first evaluator.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import riskshare.records.sharing_fields as lists
from riskshare.records.agreement import Agreement, AgreementSet, Rule
from riskshare.records.sharing_request import Objection, Relationship, Request

OPENNESS, EXACTNESS = lists.TREATMENTS, lists.PLACE_LEVELS
GRACE = dt.timedelta(days=30)


class Answer(NamedTuple):
    treatment: tuple[tuple[str, str], ...] = ()
    place_level: str = "none"
    rule_ids: frozenset[str] = frozenset()
    expires: dt.datetime | None = None
    refused: frozenset[str] = frozenset()


def during(at: dt.datetime, start: dt.datetime | None, end: dt.datetime | None) -> bool:
    return (start is None or start <= at) and (end is None or at < end)


def unknown(asked: Request, agreement: Agreement | None, everything: AgreementSet) -> set[str]:
    """Step 1."""
    recipient = agreement.party(asked.agency) if agreement else None
    kept = agreement.retention_days if agreement else lists.CATEGORIES
    said = {*asked.handling_conditions, *asked.conditions_met}
    tests = {
        "nothing_asked": not asked.fields or not asked.categories or not asked.sources,
        "unknown_agreement": agreement is None,
        "unknown_agency": not {asked.agency, *asked.sources} <= set(everything.registered),
        "unknown_audience": asked.audience not in lists.AUDIENCES,
        "unknown_category": any(one not in lists.CATEGORIES or one not in kept for one in asked.categories),
        "unknown_condition": not said <= set(everything.conditions),
        "unknown_field": not set(asked.fields) <= set(lists.FIELDS),
        "unknown_purpose": agreement is not None and asked.purpose not in agreement.purposes,
        "unknown_role": agreement is not None and asked.role not in (recipient.practitioner_roles if recipient else ()),
        "unknown_subject_role": asked.subject_role not in lists.SUBJECT_ROLES,
        "subject_missing": asked.subject_role != "place" and not asked.subject_id,
    }
    return {reason for reason, holds in tests.items() if holds}


def standing(asked: Request, agreement: Agreement, charter: Agreement | None) -> set[str]:
    """Steps 3 and 4, and the agreement's scope."""
    found = set() if charter else {"no_charter"}
    for paper in (agreement, charter) if charter else (agreement,):
        in_force = paper.status == "signed" and during(asked.at, paper.valid_from, paper.valid_until)
        found |= {"review_overdue"} if asked.at >= paper.review_by + GRACE else set()
        found |= set() if in_force else {"not_in_force"}
        for agency, part in [(asked.agency, "recipient"), *((source, "source") for source in asked.sources)]:
            party = paper.party(agency)
            found |= set() if party and (paper is charter or party.role in (part, "both")) else {"not_a_party"}
            signed = party and party.signed_on and during(asked.at, party.signed_on, party.left_on)
            if party and not (signed and (party.signed_terms is None or party.signed_terms == paper.terms_hash)):
                found.add("not_signed")
    elsewhere = agreement.area_codes and not (asked.areas and set(asked.areas) <= set(agreement.area_codes))
    other_people = agreement.population and asked.subject_role != "place" and asked.age_band not in agreement.population
    return found | ({"outside_scope"} if elsewhere or other_people else set())


def holds(rule: Rule, asked: Request, category: str) -> bool:
    """Step 5; handling and conditions narrow permits, and never a forbid."""
    named = any((one.agency, one.role) == (asked.agency, asked.role) for one in rule.recipients)
    about = asked.purpose in rule.purposes and category in rule.categories and asked.subject_role in rule.subject_roles
    usable = (rule.handling_max == "C" or asked.handling == "P") and set(rule.conditions) <= set(asked.conditions_met)
    return (
        named and about and (usable or rule.effect == "forbid") and during(asked.at, rule.valid_from, rule.valid_until)
    )


def objects(one: Objection, asked: Request) -> bool:
    scope = ((one.purposes, {asked.purpose}), (one.categories, {*asked.categories}), (one.recipients, {asked.agency}))
    inside = one.basis == "protected_address" or all(not said or wanted & set(said) for said, wanted in scope)
    return inside and one.subject_id == asked.subject_id and during(asked.at, one.valid_from, one.valid_until)


def live_relationships(asked: Request, links: list[Relationship]) -> list[Relationship]:
    who = (asked.relationship_ref, asked.user_id, asked.agency, asked.subject_id)
    claimed = [one for one in links if (one.ref, one.user_id, one.agency, one.subject_id) == who]
    named = asked.audience == "practitioner" and asked.user_id != ""
    return [one for one in claimed if named and during(asked.at, one.valid_from, one.valid_until)]


def overridden(asked: Request, ends: list[dt.datetime]) -> Answer:
    """Step 10: the same four fields for everybody; none of them is on the floor, unless the subject is a source."""
    end = asked.override.expires or asked.at + dt.timedelta(hours=24)
    person = asked.subject_role != "place" and asked.audience == "practitioner" and asked.user_id != ""
    reasoned = len(asked.override.text.strip()) >= 20 and asked.override.approver != asked.user_id
    if not (person and reasoned and asked.at < end <= asked.at + dt.timedelta(hours=72)):
        return Answer(refused=frozenset({"override_refused"}))
    view = {"act_now": "show", "band": "show", "identity": "show", "spoc": "show"}
    source = asked.subject_role == "source"
    return Answer(refused=frozenset({"floor"})) if source else Answer(tuple(view.items()), expires=min(end, *ends))


def slow_decide(asked: Request, everything: AgreementSet, objections: Any = (), links: Any = ()) -> Answer:
    """Step 2 around the others."""
    try:
        return judged(asked, everything, list(objections), list(links))
    except Exception:
        return Answer(refused=frozenset({"error"}))


def judged(asked: Request, everything: AgreementSet, objections: list[Objection], links: list[Relationship]) -> Answer:
    agreement = everything.find(asked.agreement, asked.version)
    charter = everything.charter(agreement.charter_id) if agreement else None
    refused = {"naive_time"} if asked.at.utcoffset() is None else unknown(asked, agreement, everything)
    if agreement and "naive_time" not in refused:
        refused = refused | standing(asked, agreement, charter)
    if refused or not agreement or not charter:
        return Answer(refused=frozenset(refused))
    ends = [end for paper in (agreement, charter) for end in (paper.valid_until, paper.review_by + GRACE)]
    parties = [party for paper in (agreement, charter) for party in paper.parties]
    ends += [p.left_on for p in parties if p.agency_id in (asked.agency, *asked.sources) and p.left_on]
    if asked.override is not None:
        return overridden(asked, ends)
    close, bases = live_relationships(asked, links), {one.basis for one in objections if objects(one, asked)}
    audience = "partnership" if asked.audience == "practitioner" and not close else asked.audience
    used = [r for r in agreement.rules if any(holds(r, asked, category) for category in asked.categories)]
    opens, closing = ([r for r in used if r.effect == effect] for effect in ("permit", "forbid"))
    opening = [[r for r in opens if holds(r, asked, category)] for category in asked.categories]
    open_to = [max(["none", *(r.place_level or "none" for r in rules)], key=EXACTNESS.index) for rules in opening]
    closed_to = [r.place_level for r in closing if r.place_level] + [lists.PLACE_CAPS[audience]]
    level = min([*open_to, *closed_to], key=EXACTNESS.index)
    met = asked.handling_conditions and set(asked.handling_conditions) <= set(asked.conditions_met)
    shut = bases - {"protected_address"} or any(not r.treatment and not r.place_level for r in closing)
    shut = shut or not (asked.handling == "P" or met) or asked.subject_role == "source"  # the last: step 9
    guarded = asked.subject_role in ("victim", "exploited", "witness", "child_of") or "protected_address" in bases
    kept = {}
    for field, kind in ((field, lists.FIELDS[field]) for field in asked.fields):
        said = [[r.treatment.get(field, "drop") for r in rules] for rules in opening]
        open_to = [max(["drop", *words], key=OPENNESS.index) for words in said]
        closed_to = [r.treatment[field] for r in closing if field in r.treatment] + [lists.KIND_CAPS[audience][kind]]
        nowhere = (kind == "place" and level == "none") or (kind == "address" and level != "exact")
        floor = kind in ("source", "raw_text") or (kind in ("place", "address", "contact") and guarded and not close)
        word = "drop" if shut or nowhere or floor else min([*open_to, *closed_to], key=OPENNESS.index)
        kept |= {field: word} if word != "drop" else {}
    ends += [asked.at + dt.timedelta(days=agreement.retention_days[one]) for one in asked.categories]
    ends += [one.valid_until for one in [*opens, *close] if one.valid_until]
    level = level if any(lists.FIELDS[field] in ("place", "address") for field in kept) else "none"
    held = frozenset(rule.id for rule in used)
    return Answer(tuple(sorted(kept.items())), level, held, min(ends)) if kept else Answer()
