"""`riskshare check` and `riskshare sign`: is what partners agreed and sent good, and who has signed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.cli.faults import ExitCode, as_typed
from riskshare.cli.screen import Screen
from riskshare.errors import EvidenceFileError, PartnershipError
from riskshare.io.evidence import read_evidence
from riskshare.io.partnership import load_partnership
from riskshare.io.signing import sign
from riskshare.io.subjects import read_subjects
from riskshare.records.evidence import Evidence
from riskshare.records.partnership import Partnership
from riskshare.reporting.words import counted, listed
from riskshare.sharing.profiles import said_of_few_sensitive

MOST_ROW_NUMBERS: Final = 1_000
"""Row numbers given of one fault and file, for programs; the first few of them stand in the text."""
_FEW: Final = 3
_DAY: Final = dt.date(2026, 3, 31)
"""An example for date formats, chosen because day and month cannot be exchanged."""


def run_check(
    folder: Path, evidence: Sequence[Path], subjects: Path | None, screen: Screen, *, accept_bad: bool = False
) -> ExitCode:
    """Tell everything wrong with a folder and files; PROBLEMS if there is anything, else NOT_SIGNED if it is not."""
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
            content["evidence"] = _check_evidence(evidence, partnership, screen, accept_bad=accept_bad)
        if subjects is not None:
            content["subjects"] = _check_subjects(subjects, partnership, screen, accept_bad=accept_bad)
    except EvidenceFileError as fault:
        if not screen.as_json:
            raise
        stopped = {"code": fault.code, "hint": as_typed(fault.hint), "column": fault.column, "row": fault.row}
        screen.document({**content, "ok": False, "stopped": stopped})
        return ExitCode.PROBLEMS
    faulty = any(content[part]["faults"] for part in ("evidence", "subjects") if part in content)
    screen.document({**content, "ok": not faulty})
    if faulty:
        return ExitCode.PROBLEMS
    return ExitCode.NOT_SIGNED if partnership.unsigned() else ExitCode.OK


def _tell_partnership(partnership: Partnership, screen: Screen) -> None:
    parts = (
        counted(len(partnership.agencies), "agency", "agencies"), counted(len(partnership.scales), "scale"),
        counted(len(partnership.trust.indicators), "indicator"),
    )  # fmt: skip
    screen.say(f"{partnership.name}: no problem found ({', '.join(parts)}).")
    screen.say(
        f"Policy {partnership.policy_hash[:12]} is what agencies sign; version {partnership.version[:12]} is of the "
        "whole partnership, which stands in every file made under it."
    )
    tell_few_sensitive(partnership, screen)
    missing = partnership.unsigned()
    if missing:
        screen.say(f"Not yet signed by {listed(missing)}. Until then their evidence is scored in a trial only.")
    else:
        screen.say(f"Signed by all {len(partnership.agencies)} agencies.")


def tell_few_sensitive(partnership: Partnership, screen: Screen) -> None:
    """Warn where so few services are marked sensitive that "a partner agency" names one."""
    if told := said_of_few_sensitive(sum(one.sensitive for one in partnership.agencies)):
        screen.alert(told)


def _check_evidence(
    paths: Sequence[Path], partnership: Partnership, screen: Screen, *, accept_bad: bool
) -> dict[str, Any]:
    evidence = read(paths, partnership, screen, accept_bad=accept_bad)
    screen.say(f"{evidence.conservation()}.")
    for note in evidence.notes:
        screen.say(note)
    table = evidence_faults(evidence, partnership)
    if len(table):
        screen.say("Set aside, by rule (row 1 is the first below the header):")
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


def _check_subjects(path: Path, partnership: Partnership, screen: Screen, *, accept_bad: bool) -> dict[str, Any]:
    subjects = read_subjects(path, partnership, accept_bad=accept_bad)
    table = fault_counts(subjects.quarantine)
    screen.say(f"Subjects: {counted(len(subjects.table), 'row')} accepted.")
    tell_faults(table, screen)
    counts = {source: dict(count) for source, count in subjects.counts.items()}
    return {"counts": counts, "faults": table.to_dict("records")}


def read(paths: Sequence[Path], partnership: Partnership, screen: Screen, *, accept_bad: bool = False) -> Evidence:
    """Read evidence files as one, showing progress."""
    with screen.progress("Reading evidence") as done:
        return read_evidence(list(paths), partnership, accept_bad=accept_bad, progress=lambda _, rows: done(rows, None))


def fault_counts(faults: pd.DataFrame) -> pd.DataFrame:
    """Return in how many rows each fault stands, most frequent first.

    Columns ``rows, code, column, hint, row_numbers``; the last holds, by source, the first 1,000 numbers.
    """
    lines = [(len(part), *key, _row_numbers(part)) for key, part in faults.groupby(["code", "column", "hint"])]
    table = pd.DataFrame(lines, columns=["rows", "code", "column", "hint", "row_numbers"])
    return table.sort_values(["rows", "code", "column"], ascending=[False, True, True], ignore_index=True)


def _row_numbers(faults: pd.DataFrame) -> dict[str, list[int]]:
    by_source = faults.groupby("source", sort=False)["row"]
    return {str(source): numbers.head(MOST_ROW_NUMBERS).tolist() for source, numbers in by_source}


def evidence_faults(evidence: Evidence, partnership: Partnership) -> pd.DataFrame:
    """Return ``fault_counts`` of the rows set aside, each hint with the agreed codes or date formats it speaks of."""
    table = fault_counts(evidence.quarantine)
    hints = [f"{line['hint']} {_agreed(line, evidence, partnership)}".strip() for line in table.to_dict("records")]
    return table.assign(hint=hints)


def _agreed(line: Mapping[Any, Any], evidence: Evidence, partnership: Partnership) -> str:
    """Return what would have been right, from what partners agreed; nothing of what was sent."""
    if line["code"] in ("unknown_code", "mixed_case") and line["column"] == "agency":
        return f"Agreed: {', '.join(agency.id for agency in partnership.agencies)}."
    if line["code"] in ("unknown_code", "mixed_case"):
        place = {"indicator": "trust.toml", "source_type": "trust.toml", "scale": "The folder scales"}
        return f"{place[line['column']]} has them." if line["column"] in place else ""
    if line["code"] != "bad_date":
        return ""
    senders = _senders(evidence, line["row_numbers"])
    formats: dict[str, list[str]] = {}
    for agency in partnership.agencies:
        if agency.id in senders or not senders:
            for form in agency.date_formats:
                formats.setdefault(form, []).append(agency.id)
    said = (f"{form} such as {_DAY.strftime(form)} ({', '.join(ids)})" for form, ids in formats.items())
    return f"Declared: {'; '.join(said)}."


def _senders(evidence: Evidence, sources: Iterable[str]) -> set[str]:
    """Return the agencies of the accepted rows of some sources: which of them sent a faulty row is not kept."""
    rows = evidence.rows
    return set(
        pc.unique(rows["agency"].filter(pc.is_in(rows["source"], pa.array(list(sources), pa.string())))).to_pylist()
    )


def fault_lines(table: pd.DataFrame) -> list[str]:
    """Return a fault table as sentences, one a line."""
    lines = []
    for line in table.to_dict("records"):
        where = f" in {line['column']}" if line["column"] else ""
        said = f"{counted(line['rows'], 'row')}: {line['code']}{where}. {line['hint']}"
        lines.append(f"{said} {_first_rows(line['row_numbers'], line['rows'])}")
    return lines


def _first_rows(numbers: Mapping[str, Sequence[int]], rows: int) -> str:
    """Return the first few row numbers, with their file where there are several.

    >>> _first_rows({"a.csv": [2, 7]}, 2), _first_rows({"a.csv": [2, 7, 8], "b.csv": [1]}, 4)
    ('Rows 2, 7.', 'First rows: a.csv 2, 7, 8.')
    """
    few = [(source, number) for source, found in numbers.items() for number in found][:_FEW]
    told = {source: ", ".join(str(number) for name, number in few if name == source) for source, _ in few}
    said = "; ".join(f"{source} {found}" if len(numbers) > 1 else found for source, found in told.items())
    return f"First rows: {said}." if rows > len(few) else f"Row{'' if rows == 1 else 's'} {said}."


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
