"""`share`: may this recipient have this result, in what detail; logged on the disk before anything is handed over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pandas as pd

from riskshare.comparing import ThresholdComparison
from riskshare.errors import AuditError, AuditTimeError, AuditTrailError, PlaceError, PolicyError
from riskshare.io.audit_log import AuditLog, must_not_be_back_dated
from riskshare.io.overrides import awaiting_review
from riskshare.io.sharing_store import alone_with_register, default_log, pseudonym_key, read_releases, write_releases
from riskshare.profiling import PlaceProfiles
from riskshare.records.agreement import AgreementSet, Recipient
from riskshare.records.evidence import Subjects
from riskshare.records.partnership import Partnership
from riskshare.records.response_times import ResponseTimes
from riskshare.records.sharing_request import Objection, Override, Relationship
from riskshare.releasing.arguments import (
    HINTS,
    Result,
    check_arguments,
    exact_moment,
    hint_for,
    known_on,
    refused_at_once,
    role_at_agency,
)
from riskshare.releasing.counts import release_counts
from riskshare.releasing.figures import release_comparison, release_profiles, release_times
from riskshare.releasing.kept import within_retention
from riskshare.releasing.listing import release_list
from riskshare.releasing.made import MOST_PERSON_ROWS, Made
from riskshare.releasing.noting import note_answer, note_refusal
from riskshare.releasing.people import release_subject
from riskshare.releasing.places import release_spots
from riskshare.releasing.protecting import protection_of, said_of_protection
from riskshare.releasing.wording import words_for
from riskshare.sharing.asking import Asking, SharingRefusedError, candidates
from riskshare.sharing.decision import same_user
from riskshare.sharing.pseudonyms import pseudonyms
from riskshare.sharing.release_register import Release, admit
from riskshare.sharing.shared import KEPT_COLUMNS, SUPPRESSED_COLUMNS, WITHHELD_COLUMNS, Shared, let_through
from riskshare.sharing.told_before import ToldBefore
from riskshare.spots import HotSpots
from riskshare.version import VERSION


def share(
    result: Result,
    partnership: Partnership,
    *,
    audience: str = "public",
    purpose: str,
    recipient: str | Recipient,
    at: str | dt.datetime,
    subject: str | None = None,
    user_id: str = "",
    approver: str = "",
    log: AuditLog | None = None,
    agreements: AgreementSet | None = None,
    agreement: str | None = None,
    objections: Collection[Objection] = (),
    relationships: Collection[Relationship] = (),
    subjects: Subjects | None = None,
    override: Override | None = None,
    conditions_met: Collection[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Shared:
    """Return what one recipient may have of a result, for one purpose; everything else is withheld, with reasons.

    Scores and hot spots are worked out again from the rows the recipient may have; nothing is subtracted from the full
    result. The entry in the audit log is on the disk before anything is returned; a refusal has an entry too.

    Parameters
    ----------
    result : Assessment, HotSpots, PlaceProfiles, ThresholdComparison or ResponseTimes
        A trial is refused.
    partnership : Partnership
        The one the result was made under; it holds the sharing agreement.
    audience : {"public", "partnership", "practitioner"}
        The safest unless another is named. A practitioner is given one person, in person.
    purpose : str
        One of the agreement's.
    recipient : str or Recipient
        One role at one agency, as ``"childrens_north:social_worker"``. There is no list: one recipient, one file.
    at : str or datetime
        Now, with its offset. It decides; the clock of the machine is only noted beside it in the log. Not before the
        day of the result, nor more than an hour before what the log has come to, but for an emergency. What is past its
        retention then is left out, whatever the day of the result.
    subject : str, optional
        The person, for a practitioner. Needs ``user_id`` and a recorded relationship, or an override.
    user_id : str
        Who asks; needed wherever people are listed, by pseudonym too.
    approver : str
        Who else said yes; needed from 51 lines about people on, and never the one who asks, however written.
    log : AuditLog, optional
        By default in the folder ``riskshare_audit`` of the current folder.
    agreements : AgreementSet, optional
        By default the partnership's own.
    agreement : str, optional
        Id of the agreement, where several allow the recipient to ask for this purpose.
    objections, relationships : collection of Objection, of Relationship
        What people have said and whose address is protected; who works with whom.
    subjects : Subjects, optional
        Whose address is protected, for a result made without them, such as hot spots of a table of events. Those a
        result was made with are known: whoever is protected at ``at`` or later is on no map, is counted in no
        authority, and no agency is named for that person; nor is what happened while somebody was protected on a map.
        Where no list was ever given, a note says that nobody is known to be protected.
    override : Override, optional
        For an emergency: the fixed view, an alert and a review, whatever the permits say.
    conditions_met : collection of str
        Named handling conditions that the recipient's use satisfies.
    progress : callable, optional
        Called with draws done and draws in all, for hot spots.

    Returns
    -------
    Shared

    Raises
    ------
    ArgumentError
        An argument is not of the kind needed; all of them are named.
    SharingRefusedError
        Nothing may leave; with every reason, and whom to call. It is logged.
    ReleaseRefusedError
        A public table could be subtracted from an earlier one, or a map, for whomever, from one that was made with
        other buildings. It is logged.
    AuditError
        The log cannot be written: nothing is shared.
    PolicyError
        The result is of another partnership, is a trial, or there is no agreement.

    Notes
    -----
    Methods: safety, sections 0, 1.2 to 1.4, 3.2.
    """
    check_arguments(locals())
    met = tuple(sorted(set(conditions_met)))
    moment, (agency, role) = exact_moment(at), role_at_agency(recipient)
    agreed = agreements if agreements is not None else partnership.sharing
    if agreed is None:
        message = "This partnership has no sharing agreement (sharing.toml), so nothing can be shared. Agree one first."
        raise PolicyError(message)
    kept = log if log is not None else default_log()
    found = candidates(agreed, agency, role, purpose, moment, agreement)
    refusal = refused_at_once(result, partnership, len(found), audience, subject, user_id, override, moment)
    note = partial(
        note_refusal, kept, agreed, agency, role, purpose, audience, at=moment, subject=subject, user=user_id,
        override=override,
    )  # fmt: skip
    if not refusal and override is None:  # an emergency waits for no clock
        refusal = _back_dated(kept, moment)
    if refusal:
        note(refusal)
        raise SharingRefusedError(refusal, (), hint_for(refusal[0], agreed, agreement))
    asking = Asking(
        agreed, found[0], agency, role, purpose, audience, moment, user_id, subject, met,
        (*objections, *protection_of(result, subjects, moment)), tuple(relationships), override,
    )  # fmt: skip
    # Nobody waits for others' maps who sees one person alone, least of all in an emergency.
    with alone_with_register(kept) if audience != "practitioner" else nullcontext():
        return _decided(result, partnership, asking, kept, log, approver, subjects, note, progress)


def _decided(
    result: Result, partnership: Partnership, asking: Asking, kept: AuditLog, log: AuditLog | None, approver: str,
    subjects: Subjects | None, note: Callable[..., object], progress: Callable[[int, int], None] | None,
) -> Shared:  # fmt: skip
    """Return what may leave of a result, once nobody else can change what it is compared with."""
    try:
        register: tuple[Release, ...] = ()
        if isinstance(result, HotSpots):
            register = read_releases(kept)
            asking = replace(asking, before=_before(kept, register))
        made = _made(within_retention(result, asking.at), partnership, asking, kept, progress)
        reasons = _reasons(made, approver, asking.user_id)
        new = () if reasons else made.releases
        admitted, warned = _admitted(new, register or read_releases(kept)) if new else ((), ())
    except PolicyError:
        note(("disclosure_control",), agreement=asking.agreement.id)
        raise
    except PlaceError:  # nothing the recipient may have has a place that can be used: no mistake of the caller's
        reasons = ("nothing_to_share",)
    if reasons:
        try:
            note(reasons, agreement=asking.agreement.id)
        except AuditError as fault:
            raise _not_logged(fault, asking) from None
        why = _told(reasons, asking)
        raise SharingRefusedError(why, asking.contacts(), HINTS.get(why[0], ""))
    said = (*said_of_protection(result, subjects, asking, made), *_standing(kept, asking, log))
    made = replace(made, desk=tuple(dict.fromkeys((*made.desk, *warned))))
    return _sealed(result, partnership, asking, made, kept, approver, admitted, said)


def _before(log: AuditLog, register: tuple[Release, ...]) -> ToldBefore:
    """Return what earlier maps counted."""
    marks = frozenset(mark for one in register for mark in one.events)
    return ToldBefore(marks, partial(pseudonym_key, log))


def _back_dated(log: AuditLog, at: dt.datetime) -> tuple[str, ...]:
    """Return why nothing can be given at a moment that the log has left behind."""
    try:
        must_not_be_back_dated(log, at)
    except AuditTimeError:
        return ("back_dated",)
    return ()


def _made(
    result: Result, partnership: Partnership, asking: Asking, log: AuditLog, progress: Callable[[int, int], None] | None
) -> Made:
    """Return what may leave of a result."""
    if isinstance(result, HotSpots):
        return release_spots(result, partnership, asking, key=partial(pseudonym_key, log), progress=progress)
    if isinstance(result, PlaceProfiles):
        return release_profiles(result, partnership, asking)
    if isinstance(result, ThresholdComparison):
        return release_comparison(result, asking)
    if isinstance(result, ResponseTimes):
        return release_times(result, partnership, asking)
    if asking.subject is not None:
        return release_subject(result, asking)
    counts = release_counts(result, asking)
    if asking.audience == "public":
        return counts
    # The key is the log keeper's, and the name of another agreement makes other pseudonyms.
    name = pseudonyms(pseudonym_key(log), agreement=asking.agreement.id, id_type="local", purpose=asking.purpose)
    return release_list(result, asking, name).joined(counts)


def _told(reasons: tuple[str, ...], asking: Asking) -> tuple[str, ...]:
    """Return the reasons that whoever asked may know; the log has all.

    About one person, a reason that depends on rows would tell that there are rows: that a clinic or a refuge holds
    something. Nothing held and nothing permitted are then one answer.
    """
    if asking.subject is None:
        return reasons
    return tuple(code for code in reasons if code in _OF_THE_ASKER) or ("nothing_to_share",)


_OF_THE_ASKER: Final = frozenset({"no_relationship", "override_refused", "second_person", "disclosure_control"})


def _reasons(made: Made, approver: str, user_id: str) -> tuple[str, ...]:
    """Return why what was made may not leave; none if it may."""
    if not made.tables:
        return tuple(sorted(made.refused)) or ("nothing_to_share",)
    user, second = same_user(user_id), same_user(approver)
    if "scores" in made.tables and not user:  # also of an empty list
        return ("no_user",)
    if second == user if second else made.person_rows > MOST_PERSON_ROWS:  # whoever asks is never the second
        return ("second_person",)
    return ()


def _admitted(new: tuple[Release, ...], register: tuple[Release, ...]) -> tuple[tuple[Release, ...], tuple[str, ...]]:
    """Return the register with the new releases, and what is warned of."""
    warned: list[str] = []
    for one in new:
        if any(one == old for old in register):
            continue  # the very same again tells nothing new
        register, problems = admit(one, register)
        warned += [problem.hint for problem in problems]
    return register, tuple(warned)


def _standing(log: AuditLog, asking: Asking, given: AuditLog | None) -> tuple[str, ...]:
    """Return what every release says of the log."""
    notes = [] if given is not None else ["Logged in the folder riskshare_audit of the folder this was run in."]
    try:
        waiting, overdue = awaiting_review(log, at=asking.at)
    except AuditError:
        if asking.override is None:
            raise
        return (*notes, "The log cannot be read: how many emergency overrides await review is not known.")
    if waiting:
        late = f", of them overdue: {overdue:,}" if overdue else ""
        notes.append(
            f"In the whole log, about whomever, so many emergency overrides await review: {waiting:,}{late}. This says "
            "nothing about anybody here."
        )
    return tuple(notes)


def _sealed(
    result: Result, partnership: Partnership, asking: Asking, made: Made, log: AuditLog, approver: str,
    admitted: tuple[Release, ...], notes: tuple[str, ...],
) -> Shared:  # fmt: skip
    """Return the ``Shared``, once the register and the log are on the disk."""
    decisions = {one.id: one for one in made.decisions if one.allow}
    expires = min(one.expires for one in decisions.values() if one.expires is not None)
    made = replace(made, notes=tuple(dict.fromkeys((*made.notes, *notes))))
    try:
        noted = note_answer(
            log, asking, made, tuple(decisions.values()), expires, approver, as_of=known_on(result),
            partnership_version=partnership.version,
            sensitive=frozenset(one.id for one in partnership.agencies if one.sensitive),
        )  # fmt: skip
    except AuditError as fault:
        raise _not_logged(fault, asking) from None
    if admitted:
        _registered(log, asking, admitted)
    return let_through(
        kind=made.kind, title=made.title, tables=made.tables,
        words=words_for(made.tables, partnership) if made.kind == "subject" else {},
        kept=_frame(made.kept, KEPT_COLUMNS), withheld=_frame(made.withheld, WITHHELD_COLUMNS),
        suppressed=_frame(made.suppressed, SUPPRESSED_COLUMNS), notes=(*made.notes, *noted.said),
        user_id=asking.user_id if asking.audience == "practitioner" else "",
        audience=asking.audience, purpose=asking.purpose, recipient_agency=asking.agency, recipient_role=asking.role,
        agreement=asking.agreement.id, agreement_version=asking.agreement.version,
        decision_ids=(noted.release_id,), policy_hash=asking.agreements.policy_hash,
        partnership_version=partnership.version, engine_version=VERSION, as_of=known_on(result), at=asking.at,
        expires=expires, log_head=noted.head.letters, log=noted.log, desk_notes=made.desk,
    )  # fmt: skip


def _registered(log: AuditLog, asking: Asking, admitted: tuple[Release, ...]) -> None:
    """Write the register; where that fails nothing leaves, and the log says after its entry that nothing did.

    The log comes first: an event in the register that nobody was told of would be counted for them later.
    """
    try:
        write_releases(log, admitted)
    except OSError:
        note_refusal(
            log, asking.agreements, asking.agency, asking.role, asking.purpose, asking.audience, ("not_registered",),
            at=asking.at, user=asking.user_id, agreement=asking.agreement.id,
        )  # fmt: skip
        what = "The register of releases cannot be written, so nothing was shared."
        raise AuditTrailError(what, "Let it be written beside the log, then share again.") from None


def _not_logged(fault: AuditError, asking: Asking) -> Exception:
    """Return what is told where nothing could be logged: in an emergency, whom to call."""
    if asking.override is None:
        return fault
    return SharingRefusedError(("not_logged",), asking.contacts(), "Neither log nor spool can be written. Call.")


def _frame(lines: tuple[tuple[Any, ...], ...], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(dict.fromkeys(lines)), columns=list(columns))
