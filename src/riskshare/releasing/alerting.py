"""Alerts on their way out: each is asked of the sharing agreement and logged before it is handed over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from riskshare.errors import PolicyError
from riskshare.io.audit_log import AuditLog, append, release_id
from riskshare.io.audit_store import kept_open
from riskshare.records.agreement import AgreementSet, Recipient
from riskshare.records.arguments import require
from riskshare.records.moments import as_moment, moment_of
from riskshare.records.sharing_request import Decision, Objection, Request
from riskshare.sharing.decision import decide
from riskshare.sharing.decision_entry import decision_entry
from riskshare.sharing.movers import Alert, Movers, Notice, alert_reference

FIELDS = ("spoc", "subject_id")
"""All that an alert is made of: who, and whom to call."""


@dataclass(frozen=True, repr=False)
class AlertsReleased:
    """What may be handed over, and how many may not and why, by reason in order; nobody's id."""

    movers: Movers
    withheld: tuple[tuple[str, int], ...]

    def __repr__(self) -> str:
        """Count only."""
        return f"AlertsReleased({self.movers!r}, {sum(n for _, n in self.withheld):,} withheld)"


@dataclass(frozen=True)
class Channel:
    """Under what alerts are given: agreement, version, purpose, and who answers for each authority.

    ``desks`` names for each authority its recipient, whose agency is also where what it knows comes from.
    """

    agreement: str
    version: str
    purpose: str
    desks: Mapping[str, Recipient]


def release_alerts(
    movers: Movers,
    agreements: AgreementSet,
    channel: Channel,
    *,
    at: str | dt.datetime,
    log: AuditLog,
    subject_roles: Mapping[str, str] = MappingProxyType({}),
    age_bands: Mapping[str, str] = MappingProxyType({}),
    objections: Iterable[Objection] = (),
) -> AlertsReleased:
    """Return the alerts and notices that the agreement permits; every answer, yes or no, is on the disk first.

    Parameters
    ----------
    movers : Movers
        From ``mover_alerts``.
    agreements : AgreementSet
    channel : Channel
    at : str or datetime
        Now, with its offset.
    log : AuditLog
    subject_roles, age_bands : mapping of subject to text
        What the subject is in it (default ``person_of_concern``), and its age band (default ``not known``).
    objections : iterable of Objection
        An objection holds an alert back like anything else.

    Returns
    -------
    AlertsReleased
        Give each authority ``released.movers.of(authority)``.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    PolicyError
        An authority has no desk, or ``at`` is no moment with an offset.
    AuditError
        The log cannot be written: nothing is handed over.

    Notes
    -----
    Category ``alerts``, fields ``spoc`` and ``subject_id``, audience ``partnership``; both must be shown or the alert
    stays. What must not tell where a guarded subject is, is asked as if it came from every other desk at once, so that
    neither the answer nor the log tells from which.
    """
    require(
        "release_alerts",
        {
            "movers must be Movers, from mover_alerts().": isinstance(movers, Movers),
            "agreements must be an AgreementSet.": isinstance(agreements, AgreementSet),
            "channel must be a Channel.": isinstance(channel, Channel),
            "log must be an AuditLog, from audit_log().": isinstance(log, AuditLog),
        },
    )
    moment, said = moment_of(as_moment(at)), tuple(objections)
    _check_desks(movers, channel)
    refused: dict[str, int] = {}

    def may_leave(one: Alert | Notice, reference: str | None) -> bool:
        role, band = subject_roles.get(one.subject_id, "person_of_concern"), age_bands.get(one.subject_id, "not known")
        request = _request(one, channel, role, band, moment)
        decision = decide(request, agreements, objections=said)
        is_shown = all(decision.of(field) == "show" for field in FIELDS)
        entry = decision_entry(request, decision, agreements, rows=int(is_shown))
        # A decision's own id could be tried out by whoever knows the agreement, and would tell which desk answered.
        entry["decision"] = release_id(log, {decision.id}, about=[one.subject_id])
        append(log, entry if is_shown else _refusal(entry, decision), at=moment, subjects=[one.subject_id])
        if is_shown and reference is not None:
            append(log, {"event": "alert", "decision": reference}, at=moment)
        for reason in () if is_shown else decision.reason_codes or ("no_permit",):
            refused[reason] = refused.get(reason, 0) + 1
        return is_shown

    with kept_open(log.path):
        alerts = tuple(one for one in movers.alerts if may_leave(one, alert_reference(one)))
        notices = tuple(one for one in movers.notices if may_leave(one, None))
    return AlertsReleased(Movers(alerts, notices), tuple(sorted(refused.items())))


def _request(one: Alert | Notice, channel: Channel, role: str, band: str, at: dt.datetime) -> Request:
    """Return the question of one alert or notice: may its recipient know the subject and whom to call."""
    to = channel.desks[one.to]
    to_itself = isinstance(one, Alert) and one.guarded and one.call.authority == one.to
    if one.call is not None and not to_itself:
        giving, areas = {channel.desks[one.call.authority].agency}, (one.call.authority,)
    else:
        giving = {desk.agency for desk in channel.desks.values()} - {to.agency}
        areas = (one.to,)
    return Request(
        agreement=channel.agreement, version=channel.version, sources=tuple(sorted(giving)), agency=to.agency,
        role=to.role, purpose=channel.purpose, categories=("alerts",), fields=FIELDS, subject_role=role,
        subject_id=one.subject_id, areas=areas, age_band=band, handling="P", audience="partnership", at=at,
    )  # fmt: skip


def _refusal(entry: dict[str, object], decision: Decision) -> dict[str, object]:
    """Return the entry of an alert that stays: not allowed, whatever part of it was."""
    return {
        **entry,
        "allow": False,
        "fields": [],
        "rows": 0,
        "reasons": sorted({*decision.reason_codes} or {"no_permit"}),
    }


def _check_desks(movers: Movers, channel: Channel) -> None:
    told: list[Alert | Notice] = [*movers.alerts, *movers.notices]
    named = {one.to for one in told} | {one.call.authority for one in told if one.call is not None}
    lacking = sorted(named - set(channel.desks))
    if lacking:
        message = f"No desk is named for: {', '.join(lacking)}. Name in channel.desks who answers for it."
        raise PolicyError(message)
