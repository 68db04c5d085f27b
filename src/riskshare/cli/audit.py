"""`riskshare audit`: is the log what was written, what is its head, and who is taken out of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from riskshare.cli.faults import ExitCode, Unusable
from riskshare.cli.screen import Screen
from riskshare.errors import AuditTrailError
from riskshare.io.audit_check import APART, Dates, dates_of, told_dates, verify_log
from riskshare.io.audit_files import files_logged
from riskshare.io.audit_heads import countersign, head_document, known_heads, read_head
from riskshare.io.audit_lines import export_lines, read_lines, verify_lines
from riskshare.io.audit_log import AuditLog, audit_log, begin_epoch
from riskshare.io.audit_store import must_exist
from riskshare.io.overrides import (
    Finding,
    OverrideUsed,
    erase_everywhere,
    is_reason,
    overrides_used,
    reason_file,
    review_override,
    spool_of,
)
from riskshare.records.moments import as_moment, moment_of
from riskshare.reporting.words import counted
from riskshare.sharing.chain import Head, Status, Verdict

LINES_SUFFIX: Final = ".jsonl"
_CODES: Final = {
    Status.OK: ExitCode.OK,
    Status.ALTERED: ExitCode.LOG_ALTERED,
    Status.BROKEN_LINK: ExitCode.LOG_BROKEN_LINK,
    Status.SHORTER: ExitCode.LOG_SHORTER,
    Status.UNKNOWN_EPOCH: ExitCode.LOG_UNKNOWN_KEY,
    Status.TORN_TAIL: ExitCode.LOG_TORN_TAIL,
    Status.REWRITTEN: ExitCode.LOG_REWRITTEN,
}
_SAID: Final = {
    Status.ALTERED: "Entry {at} is not what was sealed, or these keys belong to another log. Everything before it "
    "is as it was.",
    Status.BROKEN_LINK: "Entry {at} does not follow the one before it: something was removed, put in or moved there.",
    Status.SHORTER: "Entry {at} and what followed are gone, for a known head speaks of them; or these heads belong to "
    "another log.",
    Status.UNKNOWN_EPOCH: "Entry {at} names a key that is not known, or that was not in use at its place; or "
    "these keys belong to another log.",
    Status.TORN_TAIL: "The file ends within entry {at}, or cannot be read from there on.",
    Status.REWRITTEN: "Entry {at} is sealed well, and is not the one that a known head speaks of: somebody with the "
    "key wrote the log anew, or these heads belong to another log.",
}
NAMED_ONLY: Final = (
    "Who asked, approved and reviewed are names that somebody typed: the log proves who was named, not who it was."
)
_THEN: Final = "Keep the file as it is, disclose nothing, and tell the data protection officer and the witness."


@dataclass(frozen=True)
class Place:
    """Where a log and what belongs to it lie, as typed."""

    log: Path
    keys: Path | None = None
    head: Path | None = None

    def whole(self) -> AuditLog:
        """Return all three places."""
        return audit_log(self.log, keys=self.keys, head=self.head)


def run_verify(place: Place, known: Sequence[Path], screen: Screen) -> ExitCode:
    """Check a log, or its lines, against its head and heads known elsewhere, and tell what was found."""
    heads = [head for file in known for head in known_heads(file)]
    verdict = (
        _lines_verdict(place, heads) if place.log.suffix == LINES_SUFFIX else verify_log(place.whole(), known=heads)
    )
    _tell(verdict, heads, _dates(place), screen)
    return _CODES[verdict.status]


def _dates(place: Place) -> Dates:
    """Return how far the moments lie from the machine's clock; nothing of a log that is gone."""
    if place.log.suffix == LINES_SUFFIX:
        return told_dates(read_lines(place.log))
    return dates_of(place.whole()) if place.log.exists() else told_dates(())


def _tell_dates(dates: Dates, screen: Screen) -> None:
    if dates.apart:
        (verb, it), hours = ("are", "them") if dates.apart > 1 else ("is", "it"), APART // dt.timedelta(hours=1)
        screen.say(
            f"{dates.apart:,} of {counted(dates.entries, 'entry', 'entries')} {verb} dated more than {hours} hours "
            f"from the clock of the machine that wrote {it}: a replay, or a moment typed wrongly. Each line of an "
            "export holds both, `at` and `written`."
        )
    if dates.backwards:
        screen.say(f"The machine's clock was set back {counted(dates.backwards, 'time')}.")


def _dates_document(dates: Dates) -> dict[str, int]:
    return {**asdict(dates), "hours": APART // dt.timedelta(hours=1)}


def _lines_verdict(place: Place, heads: list[Head]) -> Verdict:
    if place.head is not None:
        heads = [*heads, _must_read(place.head)]
    return verify_lines(place.log, keys=place.keys or _beside(place.log), known=heads)


def _beside(lines: Path) -> Path:
    return audit_log(lines.with_suffix(".sqlite")).keys


def _tell(verdict: Verdict, known: Sequence[Head], dates: Dates, screen: Screen) -> None:
    good, witnessed = counted(verdict.head.seq, "entry", "entries"), max((one.seq for one in known), default=0)
    if verdict.status is Status.OK:
        screen.say(f"{good}, each sealed and in order. Head {verdict.head.letters}.")
        _tell_witnessed(verdict.head.seq, witnessed, len(known), screen)
    else:
        screen.alert(f"{_SAID[verdict.status].format(at=verdict.at)} {_THEN}")
        screen.say(f"Good up to there: {good}, head {verdict.head.letters}.")
    _tell_dates(dates, screen)
    good_head = head_document(verdict.head)
    screen.document(
        {
            "status": str(verdict.status), "at": verdict.at, "good": good_head, "witnessed": witnessed,
            "dates": _dates_document(dates),
        }
    )  # fmt: skip


def _tell_witnessed(entries: int, witnessed: int, heads: int, screen: Screen) -> None:
    """Tell up to which entry a head kept elsewhere vouches for a log, and what cannot be told after it."""
    if not heads:
        screen.say(
            "Whether its end was cut off, or it was written anew, cannot be told without a head kept elsewhere: its "
            "own lies where whoever writes the log can write too. Have another agency countersign it, and check "
            "against that with --known."
        )
        return
    screen.say(
        f"The log is what was written up to entry {witnessed:,}: none removed, altered or moved, by "
        f"{counted(heads, 'head')} known elsewhere."
    )
    if witnessed < entries:
        screen.say(
            "Whether the end was cut off since, or what follows was written anew, cannot be told. Have the head "
            "countersigned again."
        )


def run_export(place: Place, target: Path, screen: Screen) -> None:
    """Write the log as lines of JSON."""
    count = export_lines(place.whole(), target)
    screen.say(f"Written: {target} ({counted(count, 'entry', 'entries')}, readable by you alone).")
    dates = told_dates(read_lines(target))
    _tell_dates(dates, screen)
    screen.document({"entries": count, "file": target.name, "dates": _dates_document(dates)})


def run_head(place: Place, screen: Screen) -> None:
    """Show the head of a log: what stands on reports, and what a witness countersigns."""
    head = _must_read(place.whole().head)
    screen.say(f"{head.letters}: {counted(head.count, 'entry', 'entries')}, the last of {head.time or 'no day yet'}.")
    screen.document(head_document(head))


def run_countersign(head: Path, known: Path, keys: Path, signer: tuple[str, str, dt.date], screen: Screen) -> None:
    """Countersign another agency's head into a file of one's own."""
    agency, role, on = signer
    line = countersign(_must_read(head), known=known, keys=keys, agency=agency, role=role, on=on)
    screen.say(f"Countersigned for {agency}: {line['letters']}, {counted(line['count'], 'entry', 'entries')}.")
    screen.say(f"Keep {known.name} where the keeper of the log cannot write.")
    screen.document(line)


def run_erase(place: Place, subject_id: str, at: str, screen: Screen) -> ExitCode:
    """Make a subject unlinkable; UNKNOWN_SUBJECT if the log knew nothing of it."""
    found = erase_everywhere(place.whole(), subject_id, at=moment_of(as_moment(at)))
    if found:
        screen.say("Done: no entry leads to that subject any more, and every seal holds. Copies made earlier still do.")
    else:
        screen.say("The log held nothing that leads to that subject. That it was asked is noted.")
    screen.document({"erased": found})
    return ExitCode.OK if found else ExitCode.UNKNOWN_SUBJECT


def run_new_key(place: Place, at: str, screen: Screen) -> None:
    """Begin a new key."""
    head = begin_epoch(place.whole(), at=moment_of(as_moment(at)))
    screen.say(f"Entries after {head.seq} are sealed with a new key. Keep a safe copy of the key file.")
    screen.document(head_document(head))


def run_overrides(place: Place, at: str, screen: Screen) -> None:
    """List emergency overrides that await review, the overdue first said; references and codes, nobody's id."""
    moment, log = moment_of(as_moment(at)), place.whole()
    if not log.path.exists():  # a path typed wrongly must not read as "none"
        must_exist(spool_of(log).path)
    used = overrides_used(log)
    waiting = [one for one in used if one.reviewed is None]
    overdue = sum(one.overdue(moment) for one in waiting)
    screen.say(f"{counted(len(used), 'emergency override')}, {len(waiting):,} awaiting review, {overdue:,} overdue.")
    for one in waiting:
        late = "OVERDUE, was due" if one.overdue(moment) else "due"
        marks = [*([] if one.alerted else ["no alert logged"]), *(["in the spool"] if one.spooled else [])]
        told = f"{one.reference[:16]}: {one.role} at {one.agency}, {one.ground}, {one.at:%Y-%m-%d %H:%M} UTC"
        told += "" if one.seen == one.at else f", by the machine's clock {one.seen:%Y-%m-%d %H:%M} UTC"
        marks.append(f"given {', '.join(one.fields) or 'nothing'} in {counted(one.rows, 'line')}{_until(one)}")
        marks.append(f"whom it was about, who asked and why: {_reason(log, one)}")
        screen.say("; ".join([f"{told}; {late} {one.due.isoformat()}", *marks]) + ".", indent="- ", hang="  ")
    if used:
        screen.say(NAMED_ONLY)
    screen.document(
        {"used": len(used), "overdue": overdue, "waiting": [_override_document(log, one, moment) for one in waiting]}
    )


def _until(one: OverrideUsed) -> str:
    return "" if one.expires is None else f" until {one.expires:%Y-%m-%d %H:%M} UTC"


def _reason(log: AuditLog, one: OverrideUsed) -> str:
    return reason_file(spool_of(log) if one.spooled else log, one.reference).name


def _override_document(log: AuditLog, one: OverrideUsed, at: dt.datetime) -> dict[str, Any]:
    return {
        "reference": one.reference, "at": one.at.isoformat(), "seen": one.seen.isoformat(),
        "agency": one.agency, "role": one.role, "ground": one.ground, "due": one.due.isoformat(),
        "overdue": one.overdue(at), "alerted": one.alerted,
        "spooled": one.spooled, "reason_file": _reason(log, one), "fields": list(one.fields), "rows": one.rows,
        "expires": None if one.expires is None else one.expires.isoformat(),
    }  # fmt: skip


def run_review(place: Place, reference: str, finding: Finding, reviewer: str, at: str, screen: Screen) -> None:
    """Note that an override was reviewed, and what was found."""
    head = review_override(place.whole(), reference, finding=finding, reviewer=reviewer, at=at)
    screen.say(f"Noted: {finding.replace('_', ' ')}. The reason that was typed is deleted. Head {head.letters}.")
    screen.say(NAMED_ONLY)
    screen.document({"finding": finding, **head_document(head)})


def run_reason(place: Place, reference: str, paper: Path, screen: Screen) -> ExitCode:
    """Tell whether a text is the reason that was typed for an override; PROBLEMS if it is not."""
    try:
        text = paper.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        message = "That file is no text in UTF-8. Save it as plain text in UTF-8 and ask again."
        raise Unusable(message) from None
    same = is_reason(place.whole(), reference, text)
    if same:
        screen.say("That is the reason that was typed: the log kept its mark.")
    else:
        screen.alert("That is not the reason that was typed for this override, or it is of an older version's log.")
    screen.document({"same": same})
    return ExitCode.OK if same else ExitCode.PROBLEMS


def run_file(place: Place, file: Path, screen: Screen) -> ExitCode:
    """Tell whether a file is one that was logged, and of which release; PROBLEMS if it is not."""
    found = files_logged(place.whole(), file)
    for one in found:
        where = ", in the spool" if one.spooled else ""
        screen.say(
            f"Logged {one.at} under decision {one.decision[:16]}, for {one.role} at {one.agency}, "
            f"{one.purpose}{where}; byte for byte."
        )
    if not found:
        screen.alert("That file is in no entry of this log: it was changed, or it is of another log.")
    screen.document({"logged": [asdict(one) for one in found]})
    return ExitCode.OK if found else ExitCode.PROBLEMS


def _must_read(file: Path) -> Head:
    head = read_head(file)
    if head is None:
        what = "There is no head file there."
        raise AuditTrailError(what, "Check the path. A log has its head beside it, under its name with .head.json.")
    return head
