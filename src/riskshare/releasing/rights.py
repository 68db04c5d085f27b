"""A person's statement, and a correction on its way to everybody who was given something: both logged first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, Final

from riskshare.io.audit_check import entries_about
from riskshare.io.audit_log import AuditLog, append
from riskshare.io.audit_store import kept_open, must_exist
from riskshare.io.overrides import overrides_used, spool_of
from riskshare.records.arguments import is_text, require
from riskshare.records.evidence import Evidence, Subjects
from riskshare.records.moments import as_moment, moment_of
from riskshare.records.partnership import Partnership
from riskshare.sharing.decision import same_user
from riskshare.sharing.subject_rights import (
    CHANGE_WORDS,
    DATA_SUBJECT,
    Change,
    ChangeNotice,
    RecordKey,
    Statement,
    change_notices,
    statement,
)

SUBJECT_ACCESS: Final = "subject_access"


def subject_statement(
    evidence: Evidence,
    partnership: Partnership,
    subject_id: str,
    *,
    at: str | dt.datetime,
    agency: str,
    user_id: str,
    log: AuditLog,
    cleared: Collection[RecordKey] = (),
    subjects: Subjects | None = None,
    place_cleared: bool = False,
) -> Statement:
    """Return a person's own statement; that it was given is on the disk before it exists.

    Parameters
    ----------
    evidence : Evidence
    partnership : Partnership
    subject_id : str
        Of somebody who has shown who they are: that is checked by a person, not here.
    at : str or datetime
        Now, with its offset.
    agency, user_id : str
        Which agency answers, and who in it.
    log : AuditLog
        One that does not exist yet has nothing to tell.
    cleared : collection of (agency, record id)
        Records that a named reviewer found safe to tell (``riskshare.sharing.subject_rights``).
    subjects : Subjects, optional
        From ``read_subjects``: whose address is protected. Agencies are "a partner agency" to whoever is, and for what
        happened or was shared while it was, since most serve one area. Without it nobody is known to be protected.
    place_cleared : bool
        A named reviewer found it safe to name them all the same.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed, or the agency is not a partner.
    PolicyError
        ``at`` is no moment with an offset.
    AuditError
        The log cannot be read or written: nothing is told.
    """
    _check("subject_statement", partnership, subject_id, agency, user_id, log)
    kinds = {
        "evidence must be Evidence.": isinstance(evidence, Evidence),
        "subjects must be Subjects, from read_subjects, or None.": subjects is None or isinstance(subjects, Subjects),
        "place_cleared must be True or False.": isinstance(place_cleared, bool),
    }
    require("subject_statement", kinds)
    moment = moment_of(as_moment(at))
    entries = _entries(log, subject_id)
    made = statement(
        evidence, partnership, entries, subject_id, at=moment, cleared=cleared, subjects=subjects,
        place_cleared=place_cleared, findings={one.reference: one.finding for one in overrides_used(log)},
    )  # fmt: skip
    entry: dict[str, Any] = {
        "event": "disclosure", "allow": True, "reasons": [], "agency": agency, "role": DATA_SUBJECT,
        "purpose": SUBJECT_ACCESS, "rows": len(made.held) + len(made.shared),
    }  # fmt: skip
    append(log, entry, at=moment, subjects=[subject_id], user=user_id)
    return made


def tell_recipients(
    partnership: Partnership,
    subject_id: str,
    change: Change,
    *,
    at: str | dt.datetime,
    agency: str,
    user_id: str,
    log: AuditLog,
) -> tuple[ChangeNotice, ...]:
    """Return whom to tell that something about a subject is contested or changed; each is on the disk as told first.

    Parameters
    ----------
    partnership : Partnership
    subject_id : str
    change : {"contested", "corrected", "withdrawn", "erased"}
        Before an erasure from the log, not after: afterwards nobody can tell who was given something.
    at : str or datetime
        Now, with its offset.
    agency, user_id : str
        Which agency passes it on, and who in it.
    log : AuditLog

    Returns
    -------
    tuple of ChangeNotice
        One for each role that the log says was ever given something about the subject; empty for none.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    PolicyError
        ``at`` is no moment with an offset.
    AuditError
        The log cannot be read or written: nobody is noted as told.
    """
    _check("tell_recipients", partnership, subject_id, agency, user_id, log)
    words = f"change must be one of {', '.join(CHANGE_WORDS)}."
    require("tell_recipients", {words: isinstance(change, str) and change in CHANGE_WORDS})
    moment = moment_of(as_moment(at))
    if not spool_of(log).path.exists():
        must_exist(log.path)  # a path typed wrongly must not read as "nobody was given anything"
    notices = change_notices(_entries(log, subject_id), partnership, change)
    with kept_open(log.path):
        for notice in notices:
            for decision in notice.decisions:
                entry = {
                    "event": "contest", "decision": decision, "agency": notice.agency, "role": notice.role,
                    "reasons": [change],
                }  # fmt: skip
                append(log, entry, at=moment, subjects=[subject_id], user=user_id)
    return notices


def _entries(log: AuditLog, subject_id: str) -> list[dict[str, Any]]:
    """Return the entries about a subject: of the log, and of its spool, where an emergency view may stand alone."""
    return [one for part in (log, spool_of(log)) if part.path.exists() for one in entries_about(part, subject_id)]


def _check(
    function: str, partnership: object, subject_id: object, agency: object, user_id: object, log: object
) -> None:
    is_partnership = isinstance(partnership, Partnership)
    members = {one.id for one in partnership.agencies} if isinstance(partnership, Partnership) else set()
    require(
        function,
        {
            "partnership must be a Partnership, as load_partnership gives.": is_partnership,
            "subject_id must be text.": is_text(subject_id) and bool(subject_id),
            "agency must be the id of a partner.": not is_partnership or agency in list(members),
            "user_id must say who does it.": isinstance(user_id, str) and is_text(user_id) and bool(same_user(user_id)),
            "log must be an AuditLog, from audit_log().": isinstance(log, AuditLog),
        },
    )
