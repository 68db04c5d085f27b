"""A small sharing agreement in memory: a charter and one agreement between police, council, school and a charity."""

from __future__ import annotations

import datetime as dt
from typing import Any

from riskshare.records.agreement import Agreement, AgreementSet, Legal, Party, PublicSummary, Recipient, Rule
from riskshare.records.sharing_request import Decision, Objection, Override, Relationship, Request
from riskshare.sharing.decision import decide

AT = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
START, END = AT - dt.timedelta(days=60), AT + dt.timedelta(days=300)
REVIEW = AT + dt.timedelta(days=200)
SECTORS = {"police": "police", "council": "social_care", "school": "education", "charity": "voluntary"}
ROLES = {"police": "officer", "council": "social_worker", "school": "safeguarding_lead", "charity": "advocate"}
REGISTERED = (*SECTORS, "health")
CONDITIONS = ("consult_originator", "safeguarding_lead_only")
LONG_REASON = "A child is missing tonight and may be with this person."


def party(agency: str, **changes: Any) -> Party:
    told = {
        "agency_id": agency, "sector": SECTORS.get(agency, "health"), "role": "both",
        "practitioner_roles": (ROLES.get(agency, "nurse"),), "spoc": "Duty desk, 01632 960000", "signed_on": START,
        "signed_by_role": "head of safeguarding",
    }  # fmt: skip
    return Party(**{**told, **changes})


def permit(rule_id: str = "r1", **changes: Any) -> Rule:
    """Return a permit: council's social workers see band and score of anybody but sources, for safeguarding."""
    told = {
        "id": rule_id, "effect": "permit", "recipients": (Recipient(agency="council", role="social_worker"),),
        "purposes": ("safeguarding",), "categories": ("scores",),
        "subject_roles": ("person_of_concern", "victim", "exploited", "child_of", "witness", "third_party"),
        "treatment": {"band": "show", "score": "show"}, "handling_max": "C",
    }  # fmt: skip
    return Rule(**{**told, **changes})


def forbid(rule_id: str = "f1", **changes: Any) -> Rule:
    return permit(rule_id, **{"effect": "forbid", "treatment": {}, "handling_max": "P", **changes})


def agreement(*rules: Rule, **changes: Any) -> Agreement:
    told = {
        "id": "isp", "version": "1", "kind": "isp", "charter_id": "charter", "status": "signed", "valid_from": START,
        "valid_until": END, "review_by": REVIEW, "purposes": ("safeguarding", "violence_reduction"),
        "parties": tuple(party(agency) for agency in SECTORS), "rules": rules,
        "legal": Legal(art6=("e",), art10="Schedule 1, paragraph 18"),
        "dpia_ref": "DPIA 1", "retention_days": {"scores": 90, "criminal": 365, "other": 365, "places": 365},
        "public_summary": PublicSummary(why="Why.", what="What.", how="How.", who="Who."),
    }  # fmt: skip
    return Agreement(**{**told, **changes})


def charter(**changes: Any) -> Agreement:
    bare = {"id": "charter", "kind": "charter", "charter_id": None, "purposes": (), "retention_days": {}}
    return agreement(**{**bare, **changes})


def agreed(*rules: Rule, papers: tuple[Agreement, ...] | None = None, **changes: Any) -> AgreementSet:
    """Return charter and agreement with these rules; ``changes`` are of the agreement."""
    both = (charter(), agreement(*rules, **changes)) if papers is None else papers
    return AgreementSet(agreements=both, registered=REGISTERED, conditions=CONDITIONS)


def asked(**changes: Any) -> Request:
    """Return a request: a social worker asks the police for band and score of somebody she works with."""
    told = {
        "agreement": "isp", "version": "1", "sources": ("police",), "agency": "council", "role": "social_worker",
        "user_id": "U7", "purpose": "safeguarding", "categories": ("scores",), "fields": ("band", "score"),
        "subject_role": "person_of_concern", "subject_id": "S1", "relationship_ref": "case-1", "handling": "P",
        "audience": "practitioner", "at": AT,
    }  # fmt: skip
    return Request(**{**told, **changes})


def works_with(**changes: Any) -> Relationship:
    told = {"ref": "case-1", "user_id": "U7", "agency": "council", "subject_id": "S1", "valid_from": START}
    return Relationship(**{**told, **changes})


def objection(**changes: Any) -> Objection:
    return Objection(**{"subject_id": "S1", "basis": "objection", "valid_from": START, **changes})


def override(**changes: Any) -> Override:
    return Override(**{"ground": "serious_harm_child", "text": LONG_REASON, "approver": "U9", **changes})


def answer(request: Request, agreements: AgreementSet, *said: Objection, related: bool = True) -> Decision:
    """Return the decision; the practitioner's relationship is recorded unless said otherwise."""
    return decide(request, agreements, objections=said, relationships=(works_with(),) if related else ())


def shown(decision: Decision) -> dict[str, str]:
    return dict(decision.treatment)
