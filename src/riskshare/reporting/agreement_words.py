"""A sharing agreement and its answers in plain sentences: who may have what, for what, and why something is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from riskshare.records.agreement import REVIEW_GRACE, Agreement, Rule
from riskshare.records.sharing_fields import Treatment
from riskshare.records.sharing_request import Decision, Duty, Reason
from riskshare.reporting.words import counted, listed

KIND_WORDS: Final = {
    "charter": "charter", "isp": "information sharing agreement", "dda": "one-way disclosure agreement",
    "jca": "joint controller agreement", "pilot": "pilot",
}  # fmt: skip
CATEGORY_WORDS: Final = {
    "patient": "patient records", "health_or_social_care": "health and social care", "criminal": "criminal records",
    "other": "other evidence", "intelligence": "intelligence", "scores": "scores", "alerts": "urgent signs",
    "places": "places", "statistics": "statistics",
}  # fmt: skip
ROLE_WORDS: Final = {
    "person_of_concern": "a person of concern", "exploited": "somebody exploited", "victim": "a victim",
    "witness": "a witness", "child_of": "a child of somebody concerned", "third_party": "somebody else",
    "source": "a source", "place": "a place",
}  # fmt: skip
LEVEL_WORDS: Final = {
    "none": "not at all", "msoa": "to a neighbourhood of some thousands (MSOA)", "lsoa": "to some streets (LSOA)",
    "point8": "to a fixed point that stands for at least eight addresses", "exact": "exactly",
}  # fmt: skip
_OPENED: Final[Mapping[Treatment, str]] = {"show": "", "band": "coarser: ", "redact": "only that there is one: "}

REASON_WORDS: Final[Mapping[Reason, str]] = {
    "error": "the question could not be judged",
    "naive_time": "the time has no offset, so it could mean two moments",
    "nothing_asked": "no source, no category or no field is named",
    "unknown_agreement": "there is not exactly one such agreement",
    "unknown_agency": "an agency is not registered with the partnership",
    "unknown_audience": "there is no such audience",
    "unknown_category": "the agreement does not cover that category",
    "unknown_condition": "a condition is not agreed",
    "unknown_field": "there is no such field",
    "unknown_purpose": "the agreement has no such purpose",
    "unknown_role": "the agency has no such role in the agreement",
    "unknown_subject_role": "there is no such part that a person may have in it",
    "subject_missing": "it is about a person, and none is named",
    "not_in_force": "the agreement or its charter is not in force then",
    "review_overdue": "the review is more than 30 days overdue",
    "no_charter": "there is not exactly one charter for it",
    "not_a_party": "an agency is no party to it, or not in that part",
    "not_signed": "an agency has not signed these terms, not yet, or has left",
    "outside_scope": "it lies outside the areas or ages of the agreement",
    "no_permit": "no rule permits it",
    "forbidden": "a rule forbids it",
    "objection": "the person has objected, or it is restricted",
    "handling": "its handling conditions are not met",
    "audience": "it is more than that audience may have, or than a practitioner without a live relationship",
    "floor": "nothing can open it: sources, raw intelligence, and where a victim is",
    "override": "in an emergency: the fixed view and no more",
    "override_refused": "the override lacks a named practitioner, a reason, another approver or an end within 72 hours",
}
"""Why something is withheld, in words."""

DUTY_WORDS: Final[Mapping[Duty, str]] = {
    "log": "write it into the log",
    "log_before_release": "write it into the log before anything is shown",
    "notify_spoc": "tell the single points of contact, by reference only",
    "review_in_5_working_days": "have it reviewed within five working days",
}


def moment(value: dt.datetime) -> str:
    """Return a moment as a reader needs it: to the minute, in UTC.

    >>> moment(dt.datetime(2026, 3, 31, 9, 30, tzinfo=dt.UTC))
    '2026-03-31 09:30 UTC'
    """
    return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def standing_sentence(agreement: Agreement, altered: frozenset[tuple[str, str, str]]) -> str:
    """Return what an agreement is, when it holds and who has not signed it."""
    missing = unsigned(agreement, altered)
    signed = f"not signed by {listed(missing)}" if missing else f"signed by its {len(agreement.parties)} parties"
    bar = f"; lists of people begin at {agreement.listed_from!r}" if agreement.listed_from else ""
    return (
        f"{agreement.id} {agreement.version} ({KIND_WORDS[agreement.kind]}): {agreement.status}, from "
        f"{moment(agreement.valid_from)} to {moment(agreement.valid_until)}, review by {moment(agreement.review_by)}; "
        f"{counted(len(agreement.rules), 'rule')}{bar}; {signed}."
    )


def unsigned(agreement: Agreement, altered: frozenset[tuple[str, str, str]]) -> tuple[str, ...]:
    """Return the parties that have not signed, or signed other terms, in id order."""
    bad = {agency for one, version, agency in altered if (one, version) == (agreement.id, agreement.version)}
    waiting = {party.agency_id for party in agreement.parties if party.signed_on is None}
    return tuple(sorted(bad | waiting))


def in_force_sentence(agreement: Agreement, at: dt.datetime) -> str:
    """Return whether an agreement by itself holds at a moment; who has signed is another question."""
    if agreement.status != "signed":
        return f"{agreement.id}: not in force, it is {agreement.status}."
    if not agreement.valid_from <= at < agreement.valid_until:
        return f"{agreement.id}: not in force, that is outside its time."
    if at >= agreement.review_by + REVIEW_GRACE:
        return f"{agreement.id}: not in force, its review is more than 30 days overdue."
    late = ", but its review is overdue" if at >= agreement.review_by else ""
    return f"{agreement.id}: in force{late}."


def rule_sentences(rule: Rule) -> tuple[str, ...]:
    """Return who may or may not have what, for what, as sentences."""
    who = {agency: [w.role for w in rule.recipients if w.agency == agency] for agency in _agencies(rule)}
    people = listed([f"{agency} ({', '.join(sorted(roles))})" for agency, roles in who.items()])
    what = listed([CATEGORY_WORDS.get(category, category) for category in rule.categories])
    about = listed([ROLE_WORDS[role] for role in rule.subject_roles], "or")
    may = "may have" if rule.effect == "permit" else "may not have"
    head = f"{rule.id}: {people} {may}, for {listed(rule.purposes, 'or')}, out of {what} about {about}:"
    return (head, *_details(rule))


def _agencies(rule: Rule) -> list[str]:
    return sorted({who.agency for who in rule.recipients})


def _details(rule: Rule) -> tuple[str, ...]:
    if rule.closes_everything:
        return ("anything.",)
    if rule.effect == "forbid":
        limits = [f"{field} more open than {treatment}" for field, treatment in sorted(rule.treatment.items())]
        limits += [f"places more exact than {rule.place_level}"] if rule.place_level else []
        return (f"{listed(limits, 'or')}.",)
    lines = []
    for treatment, said in _OPENED.items():
        fields = sorted(field for field, given in rule.treatment.items() if given == treatment)
        lines += [f"{said.capitalize()}{', '.join(fields)}."] if fields else []
    if rule.place_level:
        lines.append(f"Places {LEVEL_WORDS[rule.place_level]}.")
    handled = "P and C, C only where its conditions are met" if rule.handling_max == "C" else "P only"
    conditions = f" Only where met: {listed(rule.conditions)}." if rule.conditions else ""
    return (*lines, f"Items of handling {handled}.{conditions}")


def decision_sentences(decision: Decision) -> tuple[str, ...]:
    """Return an answer in words: what is kept, what is withheld and why, what is owed, and until when."""
    lines = ["Yes, in part." if decision.allow and decision.withheld else "Yes." if decision.allow else "No."]
    for treatment, said in _OPENED.items():
        fields = [field for field, given in decision.treatment if given == treatment]
        lines += [f"Kept, {said}{', '.join(fields)}." if said else f"Kept: {', '.join(fields)}."] if fields else []
    if decision.place_level != "none":
        lines.append(f"Places {LEVEL_WORDS[decision.place_level]}.")
    for reason in decision.reason_codes:
        fields = [field for field, why in decision.withheld if why == reason]
        lines.append(f"{REASON_WORDS[reason].capitalize()}{': ' + ', '.join(fields) if fields else ''}.")
    if decision.rule_ids:
        lines.append(f"Rules that hold: {', '.join(decision.rule_ids)}.")
    lines.append(f"To do: {listed([DUTY_WORDS[duty] for duty in decision.duties])}.")
    if decision.expires is not None:
        lines.append(f"What is shown may be used until {moment(decision.expires)}.")
    return tuple(lines)
