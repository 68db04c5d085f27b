"""`riskshare statement`: what is held about one person and with whom it was shared, as a page for that person."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from riskshare.cli.check import read
from riskshare.cli.faults import ExitCode, Unusable
from riskshare.cli.screen import Screen
from riskshare.io.audit_log import audit_log
from riskshare.io.partnership import load_partnership
from riskshare.io.subjects import read_subjects
from riskshare.io.writing import write_text
from riskshare.releasing.rights import subject_statement
from riskshare.reporting.statement_page import statement_page
from riskshare.reporting.words import counted
from riskshare.sharing.protection import NOBODY_KNOWN


class Answering(NamedTuple):
    """Who answers, when, and where it is logged."""

    at: str
    agency: str
    user: str
    contact: str
    log: Path
    cleared: Path | None
    subjects: Path | None = None
    place_cleared: bool = False


def run_statement(
    folder: Path, files: tuple[Path, ...], subject: str, who: Answering, out: Path, screen: Screen
) -> ExitCode:
    """Log and write a statement; UNKNOWN_SUBJECT, with an empty page, if nothing is held and nothing was shared."""
    partnership = load_partnership(folder)
    cleared = [] if who.cleared is None else _cleared(who.cleared)
    evidence = read(files, partnership, screen, accept_bad=True)
    subjects = None if who.subjects is None else read_subjects(who.subjects, partnership, accept_bad=True)
    made = subject_statement(
        evidence, partnership, subject, at=who.at, agency=who.agency, user_id=who.user, log=audit_log(who.log),
        cleared=cleared, subjects=subjects, place_cleared=who.place_cleared,
    )  # fmt: skip
    write_text(out, statement_page(made, contact=who.contact))
    if subjects is None:
        screen.alert(f"{NOBODY_KNOWN} Give it with --subjects, unless nobody has one.")
    held, shared = counted(len(made.held), "record"), counted(len(made.shared), "time")
    screen.say(
        f"Written: {out} (readable by you alone, logged): {held} that can be told, "
        f"shared {shared} as far as this log leads."
    )
    screen.say("Read it before you hand it over: telling may harm somebody else.")
    screen.document({"file": out.name, "held": len(made.held), "shared": len(made.shared)})
    return ExitCode.OK if len(made.held) + len(made.shared) else ExitCode.UNKNOWN_SUBJECT


def _cleared(file: Path) -> list[tuple[str, str]]:
    """Return agency and reference of each line; a line that is not both stops the file, by its number."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        agency, comma, record = line.partition(",")
        if line.strip() and not (agency.strip() and comma and record.strip()):
            message = f"Line {number} of the file of cleared records is not `agency,record`."
            raise Unusable(message)
        if line.strip():
            found.append((agency.strip(), record.strip()))
    return found
