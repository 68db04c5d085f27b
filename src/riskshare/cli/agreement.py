"""`riskshare agreement check|explain`: is the sharing agreement good, and what does it answer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Final, NamedTuple

from riskshare.cli.check import tell_few_sensitive
from riskshare.cli.faults import ExitCode, Unusable
from riskshare.cli.screen import Screen
from riskshare.errors import PartnershipError
from riskshare.io.agreement import load_agreements
from riskshare.io.partnership import load_partnership
from riskshare.records.agreement import Agreement, AgreementSet
from riskshare.records.sharing_request import Relationship, Request
from riskshare.reporting.agreement_words import (
    decision_sentences,
    in_force_sentence,
    rule_sentences,
    standing_sentence,
    unsigned,
)
from riskshare.sharing.decision import decide

_SOMEBODY: Final = "somebody"
"""Stands for a person in a question that is about nobody: the answer does not depend on who it is."""


class Question(NamedTuple):
    """What `agreement explain --to` was asked."""

    agreement: str | None
    to: str
    sources: tuple[str, ...]
    purpose: str
    categories: tuple[str, ...]
    fields: tuple[str, ...]
    subject_role: str
    audience: str
    works_with: bool
    handling: str
    named: tuple[str, ...]
    met: tuple[str, ...]
    areas: tuple[str, ...]
    age_band: str
    at: str | None


def run_check(folder: Path, at: str | None, screen: Screen) -> ExitCode:
    """Tell everything wrong with the agreement; PROBLEMS if there is anything, else NOT_SIGNED if somebody has not."""
    moment = None if at is None else _moment(at)
    try:
        agreed = load_agreements(folder)
    except PartnershipError as fault:
        if not screen.as_json:
            raise
        told = [
            {"file": p.file, "key": p.key, "code": p.code, "rule": p.rule, "remedy": p.remedy} for p in fault.problems
        ]
        screen.document({"ok": False, "problems": told})
        return ExitCode.PROBLEMS
    tell_few_sensitive(load_partnership(folder), screen)
    screen.say(f"No problem found. Policy {agreed.policy_hash[:12]} stands in every decision made under it.")
    for one in agreed.agreements:
        screen.say(standing_sentence(one, agreed.altered), indent="  ", hang="      ")
        screen.raw(f"      Terms, as signed_terms: {one.terms_hash}")
        if moment is not None:
            screen.say(in_force_sentence(one, moment), indent="      ", hang="      ")
    waiting = any(unsigned(one, agreed.altered) for one in agreed.agreements)
    screen.document({"ok": True, "problems": [], "policy_hash": agreed.policy_hash, "agreements": _standing(agreed)})
    return ExitCode.NOT_SIGNED if waiting else ExitCode.OK


def _standing(agreed: AgreementSet) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id, "version": one.version, "kind": one.kind, "status": one.status, "terms_hash": one.terms_hash,
            "valid_from": one.valid_from.isoformat(), "valid_until": one.valid_until.isoformat(),
            "review_by": one.review_by.isoformat(), "not_signed": list(unsigned(one, agreed.altered)),
        }
        for one in agreed.agreements
    ]  # fmt: skip


def run_explain(folder: Path, which: str | None, screen: Screen) -> None:
    """Say each agreement in words: why, what, how, who, and every rule."""
    agreed = load_agreements(folder)
    for one in _named(agreed, which):
        screen.heading(standing_sentence(one, agreed.altered))
        summary = one.public_summary
        for word, text in (("Why", summary.why), ("What", summary.what), ("How", summary.how), ("Who", summary.who)):
            screen.say(f"{word}: {text}", hang="  ")
        for rule in one.rules:
            head, *details = rule_sentences(rule)
            screen.say()
            screen.say(head, hang="  ")
            for line in details:
                screen.say(line, indent="  ", hang="    ")
    content = [one.model_dump(mode="json", exclude_none=True) for one in _named(agreed, which)]
    screen.document({"policy_hash": agreed.policy_hash, "agreements": content})


def run_ask(folder: Path, question: Question, screen: Screen) -> None:
    """Say whether one question would be answered, in what detail, and why not."""
    agreed = load_agreements(folder)
    chosen = [one for one in _named(agreed, question.agreement) if one.kind != "charter"]
    if len(chosen) != 1:
        message = "Name one agreement with --agreement: an answer is given under one at a time."
        raise Unusable(message)
    agency, _, role = question.to.partition(":")
    if question.at is None or not role:
        message = "A question needs --to AGENCY:ROLE and --at MOMENT, such as 2026-03-31T16:30:00+01:00."
        raise Unusable(message)
    at = _moment(question.at)
    person = None if question.subject_role == "place" else _SOMEBODY
    request = Request(
        agreement=chosen[0].id, version=chosen[0].version, sources=question.sources, agency=agency, role=role,
        user_id=_SOMEBODY, purpose=question.purpose, categories=question.categories, fields=question.fields,
        subject_role=question.subject_role, subject_id=person, relationship_ref=_SOMEBODY, areas=question.areas,
        age_band=question.age_band, handling=question.handling, handling_conditions=question.named,
        conditions_met=question.met, audience=question.audience, at=at,
    )  # fmt: skip
    related = Relationship(ref=_SOMEBODY, user_id=_SOMEBODY, agency=agency, subject_id=_SOMEBODY, valid_from=at)
    decision = decide(request, agreed, relationships=[related] if question.works_with else [])
    for sentence in decision_sentences(decision):
        screen.say(sentence, hang="  ")
    screen.document(decision.model_dump(mode="json"))


def _named(agreed: AgreementSet, which: str | None) -> tuple[Agreement, ...]:
    """Return the agreements of that id, or all of them."""
    found = tuple(one for one in agreed.agreements if which in (None, one.id))
    if not found:
        message = f"There is no such agreement. There are: {', '.join(one.id for one in agreed.agreements)}."
        raise Unusable(message)
    return found


def _moment(text: str) -> dt.datetime:
    """Return a moment with its offset, as it was typed.

    >>> _moment("2026-03-31T16:30:00+01:00").hour
    16
    """
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.utcoffset() is None:
        message = "A moment is written with its offset, such as 2026-03-31T16:30:00+01:00."
        raise Unusable(message)
    return value
