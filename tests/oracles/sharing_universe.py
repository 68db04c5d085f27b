"""The small universe of the method page: 3 agencies, purposes, categories and roles, P and C, 3 times; up to two rules.

Every request is asked of every set of rules, except that names are exchanged only once: agencies, purposes, categories
and roles have no order, so a first rule may always speak of the first of each, and a second one of the same or of
another. (That names may be exchanged is property P15. Roles are the subject's, and the floor tells them apart, so pairs
whose first rule speaks of a victim are not here.) All rules open or close the same fields, to the same treatment.
"""

from __future__ import annotations

import datetime as dt
from itertools import product
from typing import Any

from oracles.sharing_cases import CATEGORIES, EDGES, GOOD, LEGAL, NOON, PURPOSES, SUMMARY, good_party
from riskshare.records.agreement import Agreement, AgreementSet
from riskshare.records.sharing_request import Request

AGENCIES = ("police", "school", "council")
ROLES = ("person_of_concern", "victim", "place")
HOUR = dt.timedelta(hours=1)
TIMES = (NOON - HOUR, NOON, NOON + HOUR)
"""Before a rule's time, its first moment, and the first moment after it."""

REQUESTS = tuple(
    Request(
        agreement="isp", version="1", sources=AGENCIES, agency=agency, role="lead", user_id="u1", purpose=purpose,
        categories=(category,), fields=("band", "easting", "score"), subject_role=role,
        subject_id=None if role == "place" else "S1", handling=handling, handling_conditions=("no_onward",),
        conditions_met=("no_onward",), audience="partnership", at=at,
    )
    for agency, purpose, category, role, handling, at in product(AGENCIES, PURPOSES, CATEGORIES, ROLES, "PC", TIMES)
)  # fmt: skip


def rule(number: int, form: tuple[str, str, bool], names: tuple[int, ...]) -> dict[str, Any]:
    """Return a rule of one of six forms, about the names in those places."""
    effect, handling_max, timed = form
    agency, purpose, category, role = names
    opens = effect == "permit"
    return {
        "id": f"r{number}", "effect": effect, "recipients": ({"agency": AGENCIES[agency], "role": "lead"},),
        "purposes": (PURPOSES[purpose],), "categories": (CATEGORIES[category],), "subject_roles": (ROLES[role],),
        "treatment": {"band": "show", "easting": "show"} if opens else {"band": "redact"},
        "place_level": "point8" if opens else "lsoa", "handling_max": handling_max,
        "valid_from": TIMES[1] if timed else None, "valid_until": TIMES[2] if timed else None,
    }  # fmt: skip


FORMS = tuple(
    (effect, most, timed)
    for effect, most in (("permit", "P"), ("permit", "C"), ("forbid", "P"))
    for timed in (False, True)
)
FIRST = tuple(rule(1, form, (0, 0, 0, 0)) for form in FORMS)
SECOND = tuple(rule(2, form, names) for form in FORMS for names in product((0, 1), repeat=4))
RULE_SETS: tuple[tuple[dict[str, Any], ...], ...] = (
    (), *((one,) for one in FIRST), *((one, other) for one in FIRST for other in SECOND),
)  # fmt: skip


def universe(rules: tuple[dict[str, Any], ...]) -> AgreementSet:
    """Return an agreement of three agencies that is good in every other way, with these rules."""
    common = {
        **GOOD, "version": "1", "status": "signed", "parties": tuple(map(good_party, AGENCIES)), "legal": LEGAL,
        "public_summary": SUMMARY,
    }  # fmt: skip
    charter = Agreement(id="charter", kind="charter", **common)
    retention = dict.fromkeys(CATEGORIES, 365)
    agreement = Agreement(id="isp", kind="isp", charter_id="charter", rules=rules, retention_days=retention, **common)
    return AgreementSet(agreements=(agreement, charter), registered=AGENCIES, conditions=("no_onward",))


assert NOON in EDGES
