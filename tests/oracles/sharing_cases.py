"""Random questions to random sharing agreements, made so that every step of the decision is often the one that counts.

A case starts from one that is allowed, and then a few things about it are changed: cases drawn blindly would nearly all
be refused at the first step, and two evaluators agree easily on that.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any, NamedTuple

from riskshare.records.agreement import Agreement, AgreementSet
from riskshare.records.sharing_fields import AUDIENCES, FIELDS, PLACE_LEVELS, SUBJECT_ROLES, TREATMENTS
from riskshare.records.sharing_request import Objection, Relationship, Request

AGENCIES = ("police", "school", "council")
ROLES = ("analyst", "lead")
PURPOSES = ("safeguarding", "violence_reduction", "audit")
CATEGORIES = ("scores", "criminal", "places")
CONDITIONS = ("no_onward", "named_reader")
SUBJECTS = ("S1", "S2")
ASKED = ("band", "score", "identity", "easting", "address", "phone", "spoc", "event_date", "summary", "informant",
         "raw_text", "act_now", "count", "subject_id")  # fmt: skip
NOON = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
MICROSECOND, DAY = dt.timedelta(microseconds=1), dt.timedelta(days=1)
EDGES = (
    NOON - 400 * DAY,
    NOON - 30 * DAY,
    NOON - MICROSECOND,
    NOON,
    NOON + MICROSECOND,
    NOON + 30 * DAY,
    NOON + 400 * DAY,
)
LEGAL = {"art6": ("e",), "art10": "Schedule 1, paragraph 18"}
SUMMARY = {"why": "why", "what": "what", "how": "how", "who": "who"}
GOOD = {"valid_from": EDGES[0], "valid_until": EDGES[-1], "review_by": NOON + 200 * DAY, "purposes": PURPOSES}


class Case(NamedTuple):
    """One question and all that bears on it."""

    asked: Request
    everything: AgreementSet
    objections: tuple[Any, ...]
    links: tuple[Any, ...]


def some(rng: random.Random, pool: tuple[Any, ...], least: int = 0, likely: float = 0.6) -> tuple[Any, ...]:
    """Return part of a pool, in any order."""
    chosen = [one for one in pool if rng.random() < likely]
    while len(chosen) < least:
        chosen.append(rng.choice([one for one in pool if one not in chosen]))
    rng.shuffle(chosen)
    return tuple(chosen)


def rarely(rng: random.Random, odd: Any, usual: Any, chance: float = 0.04) -> Any:
    """Return the usual, and now and then something odd."""
    return odd() if rng.random() < chance else usual


def edge(rng: random.Random) -> dt.datetime:
    """Return a moment at or beside one that matters, on a clock somewhere."""
    moment = rng.choice(EDGES)
    return moment.astimezone(dt.timezone(dt.timedelta(hours=rng.choice((0, 1, -5)))))


def random_rule(rng: random.Random, number: int) -> dict[str, Any]:
    permit = rng.random() < 0.75
    recipients = some(rng, tuple((a, r) for a in AGENCIES for r in ROLES), 1, 0.8)
    names = some(rng, ASKED, 0, 0.7)
    closing = rng.random() < 0.7
    return {
        "id": f"r{rng.choice((number, number, 0))}",
        "effect": "permit" if permit else "forbid",
        "recipients": tuple({"agency": agency, "role": role} for agency, role in recipients),
        "purposes": some(rng, PURPOSES, 1, 0.8),
        "categories": some(rng, CATEGORIES, 1, 0.8 if permit else 0.3),
        "subject_roles": some(rng, SUBJECT_ROLES, 1, 0.85 if permit else 0.4),
        "treatment": {name: rng.choice(TREATMENTS[1:] if permit else TREATMENTS[:3]) for name in names}
        if permit or closing
        else {},
        "place_level": rng.choice((*PLACE_LEVELS, "exact", None) if permit or closing else (None, None, "lsoa")),
        "handling_max": rng.choice("PC") if permit else "P",
        "conditions": some(rng, CONDITIONS, 0, 0.2) if permit else (),
        "valid_from": rarely(rng, lambda: edge(rng), None, 0.15),
        "valid_until": rarely(rng, lambda: edge(rng), None, 0.15),
    }


def good_party(agency: str) -> dict[str, Any]:
    sector = {"police": "police", "school": "education"}.get(agency, "social_care")
    fixed = {"spoc": "duty desk, 0000", "signed_on": EDGES[0], "practitioner_roles": ROLES}
    return {"agency_id": agency, "sector": sector, "role": "both", **fixed}


def random_party(rng: random.Random, agency: str) -> dict[str, Any]:
    return good_party(agency) | {
        "role": rarely(rng, lambda: rng.choice(("source", "recipient")), "both", 0.08),
        "practitioner_roles": rarely(rng, lambda: some(rng, ROLES), ROLES),
        "signed_on": rarely(rng, lambda: rng.choice((None, edge(rng))), EDGES[0], 0.06),
        "left_on": rarely(rng, lambda: edge(rng), None, 0.06),
    }


def random_paper(rng: random.Random, **fixed: Any) -> Agreement:
    if rng.random() < 0.6:  # nothing odd about it but its rules
        fixed = {
            "charter_id": "charter",
            "status": "signed",
            "parties": tuple(map(good_party, AGENCIES)),
            **GOOD,
            **fixed,
        }
    agencies = rarely(rng, lambda: (*AGENCIES, "school"), rarely(rng, lambda: some(rng, AGENCIES), AGENCIES), 0.02)
    plain = {
        "id": "isp", "version": "1", "kind": "isp",
        "charter_id": rarely(rng, lambda: rng.choice((None, "x")), "charter"),
        "status": rarely(rng, lambda: rng.choice(("draft", "suspended", "ended")), "signed"),
        "valid_from": rarely(rng, lambda: edge(rng), EDGES[0]),
        "valid_until": rarely(rng, lambda: edge(rng), EDGES[-1]),
        "review_by": rarely(rng, lambda: edge(rng), NOON + 200 * DAY, 0.08),
        "purposes": rarely(rng, lambda: some(rng, PURPOSES), PURPOSES),
        "parties": tuple(random_party(rng, agency) for agency in agencies),
        "rules": tuple(random_rule(rng, number) for number in range(rng.choice((0, 1, 2, 2, 3, 4, 6)))),
        "area_codes": rarely(rng, lambda: ("north", "south"), (), 0.15),
        "population": rarely(rng, lambda: ("10-17", "18-24"), (), 0.15),
        "legal": LEGAL, "public_summary": SUMMARY,
        "retention_days": dict.fromkeys(rarely(rng, lambda: some(rng, CATEGORIES), CATEGORIES), rng.choice((30, 365))),
        **fixed,
    }  # fmt: skip
    paper = Agreement(**plain)
    terms = tuple(rarely(rng, lambda: "0" * 64, paper.terms_hash, 0.03) for _ in paper.parties)
    signed = [p.model_copy(update={"signed_terms": t}) for p, t in zip(paper.parties, terms, strict=True)]
    return paper if rng.random() < 0.7 else paper.model_copy(update={"parties": tuple(signed)})


def random_set(rng: random.Random) -> AgreementSet:
    charter = random_paper(rng, id="charter", kind="charter", rules=(), charter_id=None, retention_days={})
    papers = [random_paper(rng), charter]
    papers += rarely(rng, lambda: [rng.choice((papers[0], random_paper(rng), charter))], [], 0.05)
    rng.shuffle(papers)
    registered = rarely(rng, lambda: some(rng, AGENCIES), AGENCIES)
    return AgreementSet(agreements=tuple(papers), registered=registered, conditions=CONDITIONS)


def random_override(rng: random.Random, at: dt.datetime, user: str) -> dict[str, Any]:
    ends = (at, at - MICROSECOND, at + MICROSECOND, at + 3 * DAY, at + 3 * DAY + MICROSECOND)
    return {
        "ground": rng.choice(("risk_to_life", "legal_duty")),
        "text": rarely(
            rng, lambda: rng.choice(("too short", " " * 30, "x" * 19 + "     ")), "a child is in danger now", 0.2
        ),
        "approver": rng.choice((None, "boss", rarely(rng, lambda: user, "boss", 0.4))),
        "expires": rng.choice((None, None, at + DAY, rng.choice(ends))) if at.tzinfo else None,
    }


def random_request(rng: random.Random) -> Request:
    at = rarely(rng, lambda: edge(rng), NOON, 0.3)
    at = rarely(rng, lambda: at.replace(tzinfo=None), at, 0.02)
    user = rarely(rng, lambda: "", "u1", 0.06)
    role = rng.choice((*SUBJECT_ROLES, "person_of_concern", "victim", "place"))
    odd = lambda pool, usual: rarely(rng, lambda: rng.choice(("commercial", "zz", "")), usual or rng.choice(pool), 0.01)  # noqa: E731
    named = some(rng, CONDITIONS, 0, 0.6)
    return Request(
        agreement=odd((), "isp"), version=rarely(rng, lambda: "2", "1", 0.01),
        sources=rarely(rng, lambda: rng.choice(((), ("elsewhere",))), some(rng, AGENCIES, 1, 0.3), 0.01),
        agency=odd(AGENCIES, None), role=odd(ROLES, None), user_id=user, purpose=odd(PURPOSES, None),
        categories=rarely(rng, lambda: rng.choice(((), ("patient",), ("zz",))), some(rng, CATEGORIES, 1, 0.2), 0.02),
        fields=rarely(rng, lambda: rng.choice(((), ("zz", "band"))), some(rng, ASKED, 1, 0.6), 0.02),
        subject_role=rarely(rng, lambda: "bystander", role, 0.01),
        subject_id=rarely(rng, lambda: None, rng.choice(SUBJECTS), 0.05) if role != "place" else None,
        relationship_ref=rarely(rng, lambda: rng.choice((None, "ref2")), "ref1", 0.1),
        areas=rng.choice(((), ("north",), ("north", "south"), ("east", "north"), ("north",))),
        age_band=rng.choice(("10-17", "18-24", "65+", "not known")),
        handling=rng.choice(("P", "P", "P", "C", "C", "p")), handling_conditions=named,
        conditions_met=rarely(rng, lambda: ("mad",), rng.choice((named, CONDITIONS, some(rng, CONDITIONS))), 0.01),
        audience=rarely(rng, lambda: "press", rng.choice((*AUDIENCES, "practitioner", "practitioner")), 0.01), at=at,
        override=rarely(rng, lambda: random_override(rng, at, user), None, 0.12),
    )  # fmt: skip


def random_case(rng: random.Random, everything: AgreementSet) -> Case:
    asked = random_request(rng)
    objections = tuple(
        Objection(
            subject_id=rng.choice(SUBJECTS),
            basis=rng.choice(("withdrawn_consent", "objection", "restriction", "protected_address")),
            purposes=some(rng, PURPOSES, 0, 0.3), categories=some(rng, CATEGORIES, 0, 0.3),
            recipients=some(rng, AGENCIES, 0, 0.3), valid_from=edge(rng), valid_until=rng.choice((None, edge(rng))),
        )
        for _ in range(rng.choice((0, 0, 0, 1, 2)))
    )  # fmt: skip
    links = tuple(
        Relationship(
            ref=rarely(rng, lambda: "ref2", "ref1", 0.1), user_id=rarely(rng, lambda: "u2", "u1", 0.1),
            agency=rarely(rng, lambda: rng.choice(AGENCIES), asked.agency, 0.2),
            subject_id=rarely(rng, lambda: rng.choice(SUBJECTS), asked.subject_id or "S1", 0.2),
            valid_from=rarely(rng, lambda: edge(rng), EDGES[0], 0.3),
            valid_until=rng.choice((None, edge(rng), EDGES[-1])),
        )
        for _ in range(rng.choice((0, 1, 1, 1)))
    )  # fmt: skip
    broken = rng.random() < 0.005
    return Case(asked, everything, (*objections, object()) if broken else objections, links)


assert set(ASKED) <= set(FIELDS)
