"""What the audit log is told of a release or a refusal, before anything leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from riskshare.io.audit_log import AuditLog, append
from riskshare.records.agreement import AgreementSet, digest
from riskshare.records.sharing_fields import AUDIENCES
from riskshare.records.sharing_request import Decision, Override
from riskshare.releasing.made import Made
from riskshare.sharing.asking import Asking
from riskshare.sharing.chain import Head
from riskshare.sharing.decision_entry import UNKNOWN
from riskshare.sharing.log_entries import utc

REVIEW_DAYS: Final = 5
"""Working days within which somebody looks at an override (methods: safety, 1.2 step 10)."""


def note_answer(
    log: AuditLog, asking: Asking, made: Made, decisions: tuple[Decision, ...], expires: dt.datetime, approver: str
) -> tuple[Head, tuple[str, ...]]:
    """Return the head after the entry about a release, and what the release must say because of it."""
    ids = sorted({one.id for one in decisions})
    decision = ids[0] if len(ids) == 1 else digest(ids)
    entry: dict[str, Any] = {
        "event": "disclosure" if asking.override is None else "override",
        "allow": True,
        "decision": decision,
        "agency": asking.agency,
        "role": asking.role,
        "purpose": asking.purpose,
        "audience": asking.audience,
        "agreement": asking.agreement.id,
        "policy": asking.agreements.policy_hash,
        "fields": sorted({name for _, name, _ in made.kept if name.isidentifier()}),
        "reasons": sorted({code for one in decisions for code in one.reason_codes} | made.refused),
        "rules": sorted({rule for one in decisions for rule in one.rule_ids}),
        "rows": sum(len(table) for table in made.tables.values()),
        "expires": utc(expires),
    }
    if asking.override is not None:
        entry["ground"] = asking.override.ground
        approver = asking.override.approver or ""
    head = append(
        log, entry, at=asking.at, subjects=made.subjects, user=asking.user_id or None, approver=approver or None
    )
    if asking.override is None:
        return head, ()
    # The alert carries a reference and nothing else: whoever reads it looks the entry up.
    head = append(log, {"event": "alert", "decision": decision}, at=asking.at)
    due = review_due(asking.at)
    return head, (
        f"Alert {decision[:16]} is due to the partners' points of contact now, with this reference alone.",
        f"Review due by {due.isoformat()}.",
    )


def note_refusal(
    log: AuditLog, agreements: AgreementSet, agency: str, role: str, purpose: str, audience: str,
    reasons: Sequence[str], *, at: dt.datetime, subject: str | None = None, user: str = "",
    agreement: str | None = None, override: Override | None = None,
) -> Head:  # fmt: skip
    """Return the head after the entry about a refusal; a word nobody agreed is not written down."""
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
    return append(log, entry, at=at, subjects=[subject] if subject else [], user=user or None)


def review_due(at: dt.datetime) -> dt.date:
    """Return the fifth working day after a moment; bank holidays count as working days, so it is never too late.

    >>> review_due(dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)).isoformat()
    '2026-04-07'
    """
    day, left = at.date(), REVIEW_DAYS
    while left:
        day += dt.timedelta(days=1)
        left -= day.weekday() < 5
    return day
