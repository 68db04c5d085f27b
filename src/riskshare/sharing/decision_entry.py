"""What the audit log is told of one decision: codes that are agreed, and `unknown` for every word that is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, Final

from riskshare.records.agreement import AgreementSet
from riskshare.records.sharing_fields import AUDIENCES
from riskshare.records.sharing_request import Decision, Request
from riskshare.sharing.log_entries import utc

UNKNOWN: Final = "unknown"
"""Stands for a word that nobody agreed: it may be anything, a name included, so it is not written down."""


def decision_entry(request: Request, decision: Decision, agreements: AgreementSet, *, rows: int = 0) -> dict[str, Any]:
    """Return the entry about a decision, for ``riskshare.io.audit_log.append``; a refusal has one too.

    The caller gives ``append`` the moment of the request, and, apart from the entry, the subjects, the user and, for an
    override, the approver: the log turns them into commitments and pseudonyms.

    Parameters
    ----------
    request : Request
    decision : Decision
        What ``decide`` answered to it.
    agreements : AgreementSet
        What it was decided under.
    rows : int
        How many rows are about to leave.

    Returns
    -------
    dict
        Keys of ``riskshare.sharing.log_entries.FORMS``.

    Examples
    --------
    >>> from riskshare.sharing.decision import decide
    >>> none = AgreementSet(agreements=(), registered=("police",))
    >>> asked = Request(
    ...     agreement="isp", version="1", sources=("police",), agency="Jane Doe", role="dsl", purpose="safeguarding",
    ...     categories=("scores",), fields=("band",), subject_role="victim", subject_id="S1",
    ...     at=dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC),
    ... )
    >>> entry = decision_entry(asked, decide(asked, none), none)
    >>> entry["event"], entry["allow"], entry["agency"], entry["role"], entry["audience"]
    ('disclosure', False, 'unknown', 'unknown', 'public')
    """
    agreement = agreements.find(request.agreement, request.version)
    recipient = agreement.party(request.agency) if agreement else None
    entry: dict[str, Any] = {
        "event": "disclosure" if request.override is None else "override",
        "allow": decision.allow,
        "decision": decision.id,
        "agency": _known(request.agency, agreements.registered),
        "role": _known(request.role, recipient.practitioner_roles if recipient else ()),
        "purpose": _known(request.purpose, agreement.purposes if agreement else ()),
        "audience": _known(request.audience, AUDIENCES),
        "agreement": UNKNOWN if agreement is None else agreement.id,
        "fields": [field for field, _ in decision.treatment],
        "reasons": sorted(set(decision.reason_codes)),
        "rules": sorted(set(decision.rule_ids)),
        "rows": rows,
    }
    optional = {
        "policy": decision.policy_hash or None,
        "expires": _moment(decision.expires),
        "ground": request.override.ground if request.override is not None else None,
    }
    return entry | {key: value for key, value in optional.items() if value is not None}


def _known(word: str, agreed: Collection[str]) -> str:
    return word if word in agreed else UNKNOWN


def _moment(moment: dt.datetime | None) -> str | None:
    return None if moment is None else utc(moment)
