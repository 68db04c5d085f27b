"""Emergency overrides after the fact: where they are logged if the log fails, which await review, and the review."""

from __future__ import annotations

import datetime as dt
import glob
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from riskshare.errors import AuditEntryError, AuditTrailError, AuditWriteError, PolicyError
from riskshare.io.audit_heads import read_head
from riskshare.io.audit_keys import keyed, read_keys, user_pseudonym
from riskshare.io.audit_log import AuditLog, append, audit_log, erase
from riskshare.io.audit_store import reading
from riskshare.io.in_place import OWNER_ONLY, in_place
from riskshare.records.arguments import is_text, require
from riskshare.records.moments import LONDON, as_moment, moment_of
from riskshare.sharing.chain import Head
from riskshare.sharing.decision import same_user
from riskshare.sharing.log_entries import MADE_BY_THE_LOG, check_entry

Finding = Literal["justified", "not_justified"]
FINDINGS: Final[tuple[Finding, ...]] = get_args(Finding)
_CANONICAL: Final = ('"event":"override"', '"event":"alert"', '"event":"review"')
"""Entries have one spelling, so SQLite finds these among a million in a moment; every report asks."""
_OF_OVERRIDES: Final = f"SELECT body FROM entries WHERE {' OR '.join(['instr(body, ?)'] * 3)} ORDER BY seq"
SHORTEST_REFERENCE: Final = 16
"""Letters of a reference that are enough to name an override; an alert carries as many."""
_REVIEW_DAYS: Final = 5
"""Working days within which somebody looks at an override (methods: safety, 1.2 step 10)."""


class ReviewFirstError(PolicyError):
    """A person cannot be erased while overrides about that person await review; ``references`` names them."""

    def __init__(self, references: Sequence[str]) -> None:
        self.references = tuple(references)
        super().__init__(
            "Nothing was erased: emergency overrides about that subject await their review, and until then a file "
            f"beside the log says so. Review first, with `riskshare audit review`: {', '.join(self.references)}."
        )


@dataclass(frozen=True, slots=True)
class OverrideUsed:
    """One emergency override that was allowed; agreed codes and moments, nobody's id.

    Attributes
    ----------
    reference : str
        The decision id: what the alert carries, and nothing else.
    at, seen : datetime.datetime
        The moment that was typed; and the same, or the machine's when it was logged, whichever is earlier.
    agency, role, ground : str
        Who used it, in what role, on which ground.
    due : datetime.date
        The last day on which the review is in time.
    alerted : bool
        Whether the alert was logged.
    spooled : bool
        Whether it stands in the spool, because the log could not be written.
    reviewed : datetime.datetime or None
    finding : {"justified", "not_justified", ""}
        What the review found; empty while there was none.
    user, approver : str
        Their pseudonyms in the log; empty where there was none.
    fields : tuple of str
        What the view held.
    rows : int
        In how many lines.
    expires : datetime.datetime or None
        Until when it might be used.
    """

    reference: str
    at: dt.datetime
    seen: dt.datetime
    agency: str
    role: str
    ground: str
    due: dt.date
    alerted: bool
    spooled: bool
    reviewed: dt.datetime | None = None
    finding: str = ""
    user: str = ""
    approver: str = ""
    fields: tuple[str, ...] = ()
    rows: int = 0
    expires: dt.datetime | None = None

    def overdue(self, at: dt.datetime) -> bool:
        """Return whether nobody reviewed it and its last day is over, in London, at an aware moment."""
        return self.reviewed is None and at.astimezone(LONDON).date() > self.due


def review_due(at: dt.datetime) -> dt.date:
    """Return the fifth working day after a moment; bank holidays count as working days, so it is never too late.

    >>> review_due(dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)).isoformat()
    '2026-04-07'
    """
    day, left = at.astimezone(LONDON).date(), _REVIEW_DAYS
    while left:
        day += dt.timedelta(days=1)
        left -= day.weekday() < 5
    return day


def spool_of(log: AuditLog) -> AuditLog:
    """Return the second chain, beside the log, in which an override alone may stand when the log cannot be written.

    It has keys and a head of its own, and is checked with ``riskshare audit verify`` like any log.
    """
    return audit_log(log.path.with_name(f"{log.path.name}.spool.sqlite"), clock=log.clock)


def overrides_used(log: AuditLog) -> tuple[OverrideUsed, ...]:
    """Return every override that was allowed, of the log and of its spool, in order of moment and reference.

    Returns
    -------
    tuple of OverrideUsed
        Empty where neither file is there. A review in either closes it, if it is whole: it says who found what, and
        follows the override, whose user and approver it is not by.

    Raises
    ------
    AuditTrailError
        A log cannot be read.
    """
    spool = spool_of(log)
    bodies = [*((one, False) for one in _bodies(log)), *((one, True) for one in _bodies(spool))]
    alerted = {one["decision"] for one, _ in bodies if one["event"] == "alert"}
    reviews = [(one, spooled) for one, spooled in bodies if one["event"] == "review"]
    found: dict[str, OverrideUsed] = {}
    for body, spooled in bodies:
        if body["event"] == "override" and body["allow"]:
            used = _used(body, spooled=spooled, alerted=body["decision"] in alerted)
            mine = (one for one in reviews if _closes(one, used, body["seq"]))
            found[used.reference] = _closed(used, next(mine, None))  # where it stands in both, the spool's
    return tuple(sorted(found.values(), key=lambda one: (one.at, one.reference)))


def awaiting_review(log: AuditLog, *, at: dt.datetime) -> tuple[int, int]:
    """Return how many overrides await review, and of these how many are overdue at an aware moment."""
    waiting = [one for one in overrides_used(log) if one.reviewed is None]
    return len(waiting), sum(one.overdue(at) for one in waiting)


def review_override(log: AuditLog, reference: str, *, finding: Finding, reviewer: str, at: str | dt.datetime) -> Head:
    """Return the head of a log after noting that somebody reviewed an override, and what they found.

    What was kept for the review, with the reason that was typed, is deleted. Of the reason the log keeps a mark under
    its key, by which ``is_reason`` knows it again from paper.

    Parameters
    ----------
    log : AuditLog
        Its spool is looked at too.
    reference : str
        At least the first 16 letters of the reference, as the alert carries them.
    finding : {"justified", "not_justified"}
    reviewer : str
        Who reviewed it; neither who used it nor who approved it. The log holds a pseudonym.
    at : str or datetime
        Now, with its offset.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    PolicyError
        No override, or more than one, has that reference; it was reviewed before; it was used later than ``at``, by
        the earlier of the typed moment and the machine's; or the reviewer used or approved it.
    AuditError
        The log cannot be read or written: it counts as not reviewed.
    """
    require(
        "review_override",
        {
            "log must be an AuditLog, from audit_log().": isinstance(log, AuditLog),
            f"finding must be one of {', '.join(FINDINGS)}.": isinstance(finding, str) and finding in FINDINGS,
            "reviewer must say who reviewed it.": is_text(reviewer) and bool(reviewer),
            f"reference must be {SHORTEST_REFERENCE} letters or more.": is_text(reference)
            and len(reference) >= SHORTEST_REFERENCE,
        },
    )
    moment = moment_of(as_moment(at))
    used = _awaiting(_named(log, reference), moment)
    home = spool_of(log) if used.spooled else log
    if user_pseudonym(read_keys(home.keys), reviewer) in (used.user, used.approver):
        message = "Whoever used or approved an override cannot review it. Somebody else must."
        raise PolicyError(message)
    head = append(log, {"event": "review", "decision": used.reference, "reasons": [finding]}, at=moment, user=reviewer)
    drop_reason(home, used.reference)
    return head


def _named(log: AuditLog, reference: str) -> OverrideUsed:
    found = [one for one in overrides_used(log) if one.reference.startswith(reference)]
    if len(found) != 1:
        message = f"{len(found)} overrides have that reference. `riskshare audit overrides` lists them."
        raise PolicyError(message)
    return found[0]


def _awaiting(found: OverrideUsed, at: dt.datetime) -> OverrideUsed:
    if found.reviewed is not None:
        message = "That override was reviewed before. A review cannot be changed."
        raise PolicyError(message)
    if at < found.seen.replace(microsecond=0):
        message = "It was used later than that. Give the moment of the review."
        raise PolicyError(message)
    return found


def is_reason(log: AuditLog, reference: str, text: str) -> bool:
    """Return whether a text is the reason that was typed for an override, by the mark that the log kept of it.

    Case, and outer or repeated blanks, do not make another text: it may have been copied from paper.

    Parameters
    ----------
    log : AuditLog
        Its spool is looked at too. The keys are needed: to anybody else the mark tells nothing.
    reference : str
        At least the first 16 letters of the reference.
    text : str

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    PolicyError
        No override, or more than one, has that reference.
    AuditError
        The log or its keys cannot be read.
    """
    require(
        "is_reason",
        {
            "log must be an AuditLog, from audit_log().": isinstance(log, AuditLog),
            f"reference must be {SHORTEST_REFERENCE} letters or more.": is_text(reference)
            and len(reference) >= SHORTEST_REFERENCE,
            "text must be text.": is_text(text),
        },
    )
    used = _named(log, reference)
    home = spool_of(log) if used.spooled else log
    noted = {body["note"] for body in _bodies(home) if body["decision"] == used.reference and "note" in body}
    return reason_mark(home, used.reference, text) in noted


def reason_mark(log: AuditLog, reference: str, text: str) -> str:
    """Return what a log keeps of a typed reason: under its key, and another one for each override."""
    return keyed(read_keys(log.keys), f"reason\x00{reference}\x00{same_user(text)}")


def erase_everywhere(log: AuditLog, subject_id: str, *, at: dt.datetime) -> bool:
    """Return whether a log or its spool knew a subject, after making it unlinkable in both: see ``audit_log.erase``.

    What was kept for the review of an override names the subject until that review: review first.

    Raises
    ------
    ReviewFirstError
        An override about the subject awaits its review; nothing is erased.
    AuditError
        As ``erase`` does; or a file kept for a review cannot be read or deleted.
    """
    papers = [paper for one in (log, spool_of(log)) for paper in _papers_about(one, subject_id)]
    used = [one for one in overrides_used(log) if one.reviewed is None]
    homes = {reason_file(spool_of(log) if one.spooled else log, one.reference): one.reference for one in used}
    waiting = [homes[paper][:SHORTEST_REFERENCE] for paper in papers if paper in homes]
    if waiting:
        raise ReviewFirstError(waiting)
    there = [one for one in (spool_of(log), log) if one.path.exists()] or [log]
    known = sum(erase(one, subject_id, at=at) for one in there)  # each of them, whatever another held
    _delete(papers)
    return known > 0


def _papers_about(log: AuditLog, subject_id: str) -> list[Path]:
    """Return the files kept for reviews that are about a subject."""
    begins = _about(subject_id).encode("utf-8", "replace")
    try:
        beside = sorted(log.path.parent.iterdir()) if log.path.parent.exists() else []
        papers = [one for one in beside if one.name.startswith(f"{log.path.name}.reason-")]
        return [one for one in papers if one.read_bytes().startswith(begins)]
    except OSError:
        what = "A file kept for the review of an override cannot be read, so whom it is about is not known."
        raise AuditTrailError(what, "Mend its permissions; the files lie beside the log, named `.reason-`.") from None


def _delete(papers: Sequence[Path]) -> None:
    """Delete what a crash, or a disk that refused, left behind after a review or before any view."""
    try:
        for paper in papers:
            paper.unlink(missing_ok=True)
    except OSError:
        what = "The log leads to that subject no more, but a file kept for a review that is over still does."
        raise AuditWriteError(what, "Delete it by hand: it lies beside the log, named `.reason-`.") from None


def _about(subject_id: str) -> str:
    """Return how a file kept for a review begins."""
    return f"About: {subject_id}\nAsked by: "


def keep_reason(log: AuditLog, reference: str, text: str, *, about: str, user: str, approver: str) -> None:
    """Keep what a reviewer needs of an override, owner-only, apart from the log: it names people.

    Parameters
    ----------
    log : AuditLog
    reference, text : str
        The override's, and the reason that was typed.
    about, user, approver : str
        Whom the view was of, who asked for it, and who else said yes, if anybody did.

    Raises
    ------
    AuditWriteError
        It could not be written: nothing may be disclosed.
    """
    try:
        with in_place(reason_file(log, reference), mode=OWNER_ONLY) as draft:
            asked, second, why = (
                " ".join(told.split()) for told in (user, approver, text)
            )  # one line each: none adds another
            told = f"{_about(about)}{asked}\nApproved by: {second or 'nobody was reached'}\nReason: {why}\n"
            draft.write(told.encode("utf-8", "replace"))
    except OSError:
        what = "The reason of the override could not be kept."
        raise AuditWriteError(what, "Check the space and the permissions of the folder of the log.") from None


def drop_reason(log: AuditLog, reference: str) -> None:
    """Delete the reason of an override, if it is there and can be."""
    with suppress(OSError):
        reason_file(log, reference).unlink(missing_ok=True)


def reason_file(log: AuditLog, reference: str) -> Path:
    """Return where the typed reason of an override lies beside its log or spool, until it was reviewed."""
    name = hashlib.sha256(reference.encode("ascii")).hexdigest()[:32]
    return log.path.with_name(f"{log.path.name}.reason-{name}.txt")


def _bodies(log: AuditLog) -> Iterator[dict[str, Any]]:
    if not log.path.exists():
        known, waiting = read_head(log.head), any(log.path.parent.glob(f"{glob.escape(log.path.name)}.reason-*"))
        if (known is not None and known.seq) or waiting:
            what = "A log is gone: its head speaks of entries, or what was kept for a review still lies beside it."
            hint = "Disclose nothing; put it back from a safe copy. If none ever was, delete the file named `.reason-`."
            raise AuditTrailError(what, hint)
        return
    with reading(log.path) as db:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone() is None:
            return
        found = db.execute(_OF_OVERRIDES, [word.encode("ascii") for word in _CANONICAL]).fetchall()
    for (body,) in found:
        yield _read(body)


def _read(body: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(body)
        check_entry(told, made=MADE_BY_THE_LOG)
        dt.datetime.fromisoformat(told["at"])
        int(told["seq"])
    except (AuditEntryError, KeyError, TypeError, ValueError, RecursionError):
        what = "The audit log holds an entry about an override that is none."
        raise AuditTrailError(what, "Disclose nothing; run `riskshare audit verify`.") from None
    return told


def _used(body: dict[str, Any], *, spooled: bool, alerted: bool) -> OverrideUsed:
    at = dt.datetime.fromisoformat(body["at"])
    seen = min(at, dt.datetime.fromisoformat(body.get("written", body["at"])))  # a moment typed ahead buys no time
    return OverrideUsed(
        body["decision"], at, seen, body.get("agency", ""), body.get("role", ""), body["ground"], review_due(seen),
        alerted, spooled, user=body.get("user", ""), approver=body.get("approver", ""),
        fields=tuple(body.get("fields", ())), rows=body.get("rows", 0),
        expires=dt.datetime.fromisoformat(body["expires"]) if "expires" in body else None,
    )  # fmt: skip


def _closes(review: tuple[dict[str, Any], bool], used: OverrideUsed, seq: int) -> bool:
    """Return whether an entry is a whole review of an override that stands in its file under a number.

    One file's numbers and pseudonyms mean nothing in the other.
    """
    body, spooled = review
    same_file = spooled == used.spooled
    return (
        body["decision"] == used.reference
        and body.get("reasons") in [[one] for one in FINDINGS]
        and "user" in body
        and dt.datetime.fromisoformat(body["at"]) >= used.seen.replace(microsecond=0)
        and not (same_file and (body["seq"] < seq or body["user"] in (used.user, used.approver)))
    )


def _closed(used: OverrideUsed, review: tuple[dict[str, Any], bool] | None) -> OverrideUsed:
    if review is None:
        return used
    body, _ = review
    return replace(used, reviewed=dt.datetime.fromisoformat(body["at"]), finding=body["reasons"][0])
