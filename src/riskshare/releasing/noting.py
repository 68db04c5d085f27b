"""What the audit log is told of a release or a refusal, before anything leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from riskshare.errors import AuditError
from riskshare.io.audit_files import content_mark
from riskshare.io.audit_log import AuditLog, append, release_id
from riskshare.io.overrides import drop_reason, keep_reason, reason_mark, review_due, spool_of
from riskshare.records.agreement import AgreementSet, Legal, digest
from riskshare.records.sharing_fields import AUDIENCES
from riskshare.records.sharing_request import Decision, Override
from riskshare.releasing.made import Made
from riskshare.sharing.asking import Asking
from riskshare.sharing.chain import Head
from riskshare.sharing.decision_entry import UNKNOWN
from riskshare.sharing.log_entries import utc
from riskshare.version import VERSION

_SPOOLED: Final = (
    "The log could not be written, so this stands in its spool alone, the second file kept for emergencies. Mend the "
    "log today, and do not delete the spool."
)


class Noted(NamedTuple):
    """Where a release was logged, the head after it, its id in that log, what it must say of it."""

    log: AuditLog
    head: Head
    release_id: str
    said: tuple[str, ...] = ()


def note_answer(
    log: AuditLog, asking: Asking, made: Made, decisions: tuple[Decision, ...], expires: dt.datetime, approver: str,
    *, as_of: str, partnership_version: str, sensitive: frozenset[str],
) -> Noted:  # fmt: skip
    """Return where a release was logged; an override stands in the spool if the log cannot be written.

    ``as_of`` is the day as known on which it was worked out, empty where it has none; ``sensitive`` are the agencies
    whose involvement is itself sensitive: the log names them by pseudonym.

    Raises
    ------
    AuditError
        It could not be logged: nothing may be shown.
    """
    origin = {"engine_version": VERSION, "partnership_version": partnership_version}
    origin |= {"as_of": as_of} if as_of else {}
    if asking.override is None:
        entry = origin | _entry(log, asking, made, decisions, expires, sensitive)
        beside = _beside(asking, made, approver, sensitive)
        head = append(log, entry, **beside)
        return Noted(log, head, entry["decision"])
    try:
        return _note_override(log, asking, asking.override, made, decisions, expires, sensitive, origin)
    except AuditError:
        noted = _note_override(spool_of(log), asking, asking.override, made, decisions, expires, sensitive, origin)
        return noted._replace(said=(*noted.said, _SPOOLED))


def _entry(
    log: AuditLog, asking: Asking, made: Made, decisions: tuple[Decision, ...], expires: dt.datetime,
    sensitive: frozenset[str],
) -> dict[str, Any]:  # fmt: skip
    """Return the entry about a release, under its id in this log."""
    about = {*made.subjects, asking.user_id}
    decision = release_id(log, {one.id for one in decisions}, about=about)
    return {
        "event": "disclosure" if asking.override is None else "override",
        "allow": True,
        "decision": decision,
        "content": content_mark(log, decision, made.tables),
        "agency": asking.agency,
        "role": asking.role,
        "purpose": asking.purpose,
        "audience": asking.audience,
        "agreement": asking.agreement.id,
        "policy": asking.agreements.policy_hash,
        "fields": sorted({name for _, name, _ in made.kept if name.isidentifier()}),
        "sources": sorted(_sources(made) - sensitive),
        "categories": sorted({one.category for one in made.items}),
        "subject_roles": sorted({one.subject_role for one in made.items}),
        "gateways": sorted({one.gateway for one in made.items if one.gateway is not None}),
        "legal": _legal(asking.agreement.legal),
        "conditions": _conditions(asking, made, decisions),
        "reasons": sorted({code for one in decisions for code in one.reason_codes}),
        "refused": sorted(made.refused),
        "rules": sorted({rule for one in decisions for rule in one.rule_ids}),
        "rows": sum(len(table) for table in made.tables.values()),
        "expires": utc(expires),
    }


def _conditions(asking: Asking, made: Made, decisions: tuple[Decision, ...]) -> list[str]:
    """Return the conditions said to be met that a record in it, or a permit that opened it, needed.

    An emergency view asks for none.
    """
    if asking.override is not None:
        return []
    rules = {rule for one in decisions for rule in one.rule_ids}
    needed = {name for one in made.items for name in one.conditions}
    needed |= {name for rule in asking.agreement.rules if rule.id in rules for name in rule.conditions}
    return sorted(needed & set(asking.conditions_met))


def _legal(legal: Legal) -> list[str]:
    """Return the lawful bases of an agreement as codes.

    >>> _legal(Legal(art6=("e", "c"), part3="Schedule 8, paragraph 4"))
    ['art6.c', 'art6.e', 'part3']
    """
    named = {name for name in ("art10", "part3") if getattr(legal, name)}
    return sorted({*(f"art6.{one}" for one in legal.art6), *(f"art9.{one}" for one in legal.art9), *named})


def _beside(asking: Asking, made: Made, approver: str, sensitive: frozenset[str]) -> dict[str, Any]:
    """Return what the log is given apart from the entry, because it holds none of it as it is."""
    related = asking.related
    return {
        "at": asking.at, "subjects": made.subjects, "user": asking.user_id or None, "approver": approver or None,
        "relationship": None if related is None else related.ref, "sensitive": _sources(made) & sensitive,
    }  # fmt: skip


def _sources(made: Made) -> frozenset[str]:
    return frozenset(source for one in made.items for source in one.sources)


def _note_override(
    chain: AuditLog, asking: Asking, override: Override, made: Made, decisions: tuple[Decision, ...],
    expires: dt.datetime, sensitive: frozenset[str], origin: dict[str, str],
) -> Noted:  # fmt: skip
    """Return where the override and its alert stand; no reason is left behind where they could not be logged."""
    entry = origin | _entry(chain, asking, made, decisions, expires, sensitive)
    reference = entry["decision"]
    keep_reason(
        chain, reference, override.text, about=asking.subject or "", user=asking.user_id,
        approver=override.approver or "",
    )  # fmt: skip
    try:
        entry |= {"ground": override.ground, "note": reason_mark(chain, reference, override.text)}
        append(chain, entry, **_beside(asking, made, override.approver or "", sensitive))
        # The alert carries a reference and nothing else: whoever reads it looks the entry up.
        head = append(chain, {"event": "alert", "decision": reference}, at=asking.at)
    except AuditError:
        drop_reason(chain, reference)
        raise
    said = (
        f"Alert {reference[:16]} is due to the partners' points of contact now, with this reference alone.",
        f"Review due by {review_due(min(asking.at, chain.clock())).isoformat()}.",
        "Who asked and who approved are as they were named: nothing here checks who they are.",
    )
    return Noted(chain, head, reference, said)


def note_refusal(
    log: AuditLog, agreements: AgreementSet, agency: str, role: str, purpose: str, audience: str,
    reasons: Sequence[str], *, at: dt.datetime, subject: str | None = None, user: str = "",
    agreement: str | None = None, override: Override | None = None,
) -> Head:  # fmt: skip
    """Return the head after the entry about a refusal; a word nobody agreed is not written down.

    The refusal of an override stands in the spool if the log cannot be written.
    """
    roles = {name for one in agreements.agreements for party in one.parties for name in party.practitioner_roles}
    purposes = {name for one in agreements.agreements for name in one.purposes}
    entry: dict[str, Any] = {
        "event": "disclosure" if override is None else "override",
        "allow": False,
        "agency": agency if agency in agreements.registered else UNKNOWN,
        "role": role if role in roles else UNKNOWN,
        "purpose": purpose if purpose in purposes else UNKNOWN,
        "audience": audience if audience in AUDIENCES else UNKNOWN,
        "policy": agreements.policy_hash,
        "reasons": sorted(set(reasons)),
        "rows": 0,
    }
    if agreement is not None:
        entry["agreement"] = agreement
    if override is not None:
        told = [entry[name] for name in ("agency", "role", "purpose", "policy", "reasons")]
        entry |= {"ground": override.ground, "decision": digest(["refused", *told, utc(at)])}
    beside: dict[str, Any] = {"at": at, "subjects": [subject] if subject else [], "user": user or None}
    try:
        return append(log, entry, **beside)
    except AuditError:
        if override is None:
            raise
        return append(spool_of(log), entry, **beside)
