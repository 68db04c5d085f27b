"""`riskshare check` and `riskshare sign`: is what partners agreed and sent good, and who has signed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from riskshare.cli.faults import ExitCode
from riskshare.cli.screen import Screen
from riskshare.errors import EvidenceFileError, PartnershipError
from riskshare.io.evidence import read_evidence
from riskshare.io.partnership import load_partnership
from riskshare.io.signing import sign
from riskshare.io.subjects import read_subjects
from riskshare.records.evidence import Evidence
from riskshare.records.partnership import Partnership
from riskshare.reporting.words import counted, listed


def run_check(folder: Path, evidence: Sequence[Path], subjects: Path | None, screen: Screen) -> ExitCode:
    """Tell everything wrong with a folder and files; PROBLEMS if there is anything."""
    try:
        partnership = load_partnership(folder)
    except PartnershipError as fault:
        if not screen.as_json:
            raise
        told = [{"file": p.file, "key": p.key, "rule": p.rule, "remedy": p.remedy} for p in fault.problems]
        screen.document({"ok": False, "problems": told})
        return ExitCode.PROBLEMS
    _tell_partnership(partnership, screen)
    content: dict[str, Any] = {
        "ok": True,
        "problems": [],
        "partnership": partnership.name,
        "version": partnership.version,
        "policy_hash": partnership.policy_hash,
        "not_signed": list(partnership.unsigned()),
    }
    try:
        if evidence:
            content["evidence"] = _check_evidence(evidence, partnership, screen)
        if subjects is not None:
            content["subjects"] = _check_subjects(subjects, partnership, screen)
    except EvidenceFileError as fault:
        if not screen.as_json:
            raise
        stopped = {"code": fault.code, "hint": fault.hint, "column": fault.column, "row": fault.row}
        screen.document({**content, "ok": False, "stopped": stopped})
        return ExitCode.PROBLEMS
    faulty = any(content[part]["faults"] for part in ("evidence", "subjects") if part in content)
    screen.document({**content, "ok": not faulty})
    return ExitCode.PROBLEMS if faulty else ExitCode.OK


def _tell_partnership(partnership: Partnership, screen: Screen) -> None:
    parts = (
        counted(len(partnership.agencies), "agency", "agencies"), counted(len(partnership.scales), "scale"),
        counted(len(partnership.trust.indicators), "indicator"),
    )  # fmt: skip
    screen.say(f"{partnership.name}: no problem found ({', '.join(parts)}; policy {partnership.policy_hash[:12]}).")
    missing = partnership.unsigned()
    if missing:
        screen.say(f"Not yet signed by {listed(missing)}. Until then their evidence is scored in a trial only.")
    else:
        screen.say(f"Signed by all {len(partnership.agencies)} agencies.")


def _check_evidence(paths: Sequence[Path], partnership: Partnership, screen: Screen) -> dict[str, Any]:
    evidence = read(paths, partnership, screen)
    screen.say(f"{evidence.conservation()}.")
    for note in evidence.notes:
        screen.say(note)
    table = fault_counts(evidence.quarantine)
    tell_faults(table, screen)
    unknown = fault_counts(evidence.unknown)
    if len(unknown):
        screen.say("Cells left unknown in rows that were accepted:")
        tell_faults(unknown, screen)
    return {
        "counts": {source: dict(counts) for source, counts in evidence.counts.items()},
        "conservation": evidence.conservation(),
        "faults": table.to_dict("records"),
        "unknown": unknown.to_dict("records"),
        "notes": list(evidence.notes),
    }


def _check_subjects(path: Path, partnership: Partnership, screen: Screen) -> dict[str, Any]:
    subjects = read_subjects(path, partnership)
    table = fault_counts(subjects.quarantine)
    screen.say(f"Subjects: {counted(len(subjects.table), 'row')} accepted.")
    tell_faults(table, screen)
    counts = {source: dict(count) for source, count in subjects.counts.items()}
    return {"counts": counts, "faults": table.to_dict("records")}


def read(paths: Sequence[Path], partnership: Partnership, screen: Screen) -> Evidence:
    """Read evidence files as one, showing progress."""
    with screen.progress("Reading evidence") as done:
        return read_evidence(list(paths), partnership, progress=lambda _, rows: done(rows, None))


def fault_counts(faults: pd.DataFrame) -> pd.DataFrame:
    """Return ``rows, code, column, hint``: in how many rows each fault stands, most frequent first."""
    groups = faults.groupby(["code", "column", "hint"], as_index=False)
    table = groups.size().rename(columns={"size": "rows"})[["rows", "code", "column", "hint"]]
    return table.sort_values(["rows", "code", "column"], ascending=[False, True, True], ignore_index=True)


def fault_lines(table: pd.DataFrame) -> list[str]:
    """Return a fault table as sentences, one a line."""
    lines = []
    for line in table.to_dict("records"):
        where = f" in {line['column']}" if line["column"] else ""
        lines.append(f"{counted(line['rows'], 'row')}: {line['code']}{where}. {line['hint']}")
    return lines


def tell_faults(table: pd.DataFrame, screen: Screen) -> None:
    """Print a fault table."""
    for line in fault_lines(table):
        screen.say(line, indent="  ", hang="      ")


def run_sign(folder: Path, agency: str, role: str, on: dt.date, screen: Screen) -> None:
    """Sign for one agency and say what was signed and who is still missing."""
    signature = sign(folder, agency=agency, role=role, signed_on=on)
    missing = load_partnership(folder).unsigned()
    screen.say(f"Signed for {agency}: policy {signature.policy_hash[:12]}, {on.isoformat()}.")
    screen.say(f"Still to sign: {listed(missing)}." if missing else "All agencies have signed.")
    screen.document(
        {
            "agency": signature.agency, "policy_hash": signature.policy_hash, "signed_on": on.isoformat(),
            "role": signature.role, "not_signed": list(missing),
        }
    )  # fmt: skip
