"""`riskshare assess`: the whole job, from folder and evidence to explained internal files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from riskshare.assessment import Assessment, assess
from riskshare.cli.briefing import Item, Section, briefing, head, warnings
from riskshare.cli.check import read
from riskshare.cli.faults import ExitCode
from riskshare.cli.screen import Screen, wrapped
from riskshare.io.partnership import load_partnership
from riskshare.io.run_folder import make_way
from riskshare.io.subjects import read_subjects
from riskshare.io.writing import internal_name, make_folder, write_csv, write_json_lines, write_parquet, write_text
from riskshare.records.evidence import Evidence
from riskshare.reporting.sentences import INTERNAL, TRIAL

_FILE_WIDTH: Final = 110
_BRIEF: Final = ("act_now", "staff_safety", "quarantined", "bands")
"""Sections that ``assess`` prints; all of them are in its report."""
_MOST_SHOWN: Final = 50
"""Entries a lens that ``assess`` prints of one section."""


class Job(NamedTuple):
    """What to score."""

    folder: Path
    evidence: tuple[Path, ...]
    subjects: Path | None
    as_of: dt.date
    trial: bool = False
    conditions: tuple[str, ...] = ()
    accept_bad: bool = False


class Done(NamedTuple):
    """What came of it."""

    assessment: Assessment
    evidence: Evidence


def carry_out(job: Job, screen: Screen) -> Done:
    """Load, read and score, showing progress."""
    partnership = load_partnership(job.folder)
    evidence = read(job.evidence, partnership, screen, accept_bad=job.accept_bad)
    subjects = None
    if job.subjects is not None:
        subjects = read_subjects(job.subjects, partnership, accept_bad=job.accept_bad)
    for warning in warnings(evidence):
        screen.alert(warning)
    with screen.progress("Scoring") as done:
        assessment = assess(
            evidence, partnership, as_of=job.as_of, subjects=subjects, trial=job.trial, conditions_met=job.conditions,
            progress=done,
        )  # fmt: skip
    return Done(assessment, evidence)


def run_assess(job: Job, out: Path, screen: Screen) -> ExitCode:
    """Score, write internal files, and say briefly what is in them; PROBLEMS if there was nothing left to score."""
    done = carry_out(job, screen)
    results = done.assessment.to_dicts()
    sections = briefing(done.assessment, done.evidence, results)
    replaced = holds_files(out)
    files = write_files(done, results, sections, out)
    screen.say(head(done.assessment))
    for section in sections:
        if section.key in _BRIEF:
            tell(section, screen, _MOST_SHOWN)
    tell_files(files, out, screen, replaced=replaced)
    screen.document({**run_summary(done, sections, files, out), "replaced_files": replaced})
    total = done.evidence.total
    return ExitCode.PROBLEMS if total("rows_in") and total("quarantined") == total("rows_in") else ExitCode.OK


def write_files(done: Done, results: Sequence[dict[str, Any]], sections: Sequence[Section], out: Path) -> list[Path]:
    """Write scores, explained results, what was set aside and the report; return the files."""
    assessment, folder = done.assessment, make_folder(out)
    make_way(folder)
    marks = {
        "marking": f"{INTERNAL} {TRIAL}" if assessment.trial else INTERNAL,
        "as_of": assessment.as_of.isoformat(),
        "partnership_version": assessment.partnership.version,
        "engine_version": assessment.engine_version,
    }
    return [
        write_text(folder / internal_name("report", ".txt"), _report(done, sections)),
        write_csv(folder / internal_name("scores", ".csv"), assessment.scores, marks),
        write_parquet(folder / internal_name("scores", ".parquet"), assessment.scores, marks),
        write_json_lines(folder / internal_name("results", ".jsonl"), results),
        write_csv(folder / internal_name("quarantine", ".csv"), done.evidence.quarantine, marks),
    ]


REPLACED: Final = "The files of an earlier run stood there and were replaced; --out names another folder."


def holds_files(out: Path) -> bool:
    """Return whether an earlier run left its report here: it will be replaced."""
    return (out / internal_name("report", ".txt")).exists()


def _report(done: Done, sections: Sequence[Section]) -> str:
    parts = [wrapped(text, _FILE_WIDTH) for text in (head(done.assessment), *warnings(done.evidence))]
    for section in sections:
        lines = [section.title, "-" * len(section.title), wrapped(section.note, _FILE_WIDTH)]
        lines += [entry(item, _FILE_WIDTH) for item in section.items] or ["None."]
        rest = section.found - len(section.items)
        if rest:
            lines.append(f"  ... and {rest:,} more: {internal_name('results', '.jsonl')} holds everybody.")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def entry(item: Item, width: int, *, short: bool = False) -> str:
    """Return an entry as text: the heading line, then one sentence a line."""
    first, *others = item.short if short and item.short else item.lines
    return "\n".join(
        [
            wrapped(first, width, indent="- ", hang="  "),
            *(wrapped(o, width, indent="    ", hang="      ") for o in others),
        ]
    )


def tell(section: Section, screen: Screen, most: int, *, short: bool = False) -> None:
    """Print a section: of each lens the first few, and how many more there are."""
    screen.heading(section.title)
    screen.say(section.note)
    shown: dict[str | None, int] = {}
    for item in section.items:
        shown[item.lens] = shown.get(item.lens, 0) + 1
        if shown[item.lens] <= most:
            screen.raw(entry(item, screen.width, short=short))
    rest = section.found - sum(min(count, most) for count in shown.values())
    if rest:
        held = len(section.items)
        where = "in the report" if held == section.found else f"the report has the first {held:,}, the results file all"
        screen.say(f"... and {rest:,} more{' ' if held == section.found else ': '}{where}.", indent="  ", hang="  ")
    if not section.items:
        screen.say("None.")


def tell_files(files: Sequence[Path], out: Path, screen: Screen, *, replaced: bool) -> None:
    """Print which files were made, what each holds, and whether they replaced others."""
    screen.heading("What was made")
    what = {
        "report": "every section in sentences, its first 200 entries for harm to and for harm by each",
        "scores": "one line a person, harm to and harm by apart",
        "results": "every result with its reasons, under the schema of `riskshare schema`",
        "quarantine": "rows set aside: where and why, never what they held",
        "ladder": "every agency's bands side by side, as agreed and as used",
        "hotspots": "where there is more violence than expected, with the authorities' borders",
    }  # fmt: skip
    screen.say(f"In {out} (readable by you alone, marked internal in name and content):")
    for file in files:
        screen.say(f"{file.name}: {what[file.name.split('.')[0]]}", indent="- ", hang="  ")
    if replaced:
        screen.say(REPLACED)


def run_summary(done: Done, sections: Sequence[Section], files: Sequence[Path], out: Path) -> dict[str, Any]:
    """Return what was done as plain values, for ``--json``."""
    assessment = done.assessment
    return {
        "internal": True,
        "trial": assessment.trial,
        "head": head(assessment),
        "as_of": assessment.as_of.isoformat(),
        "partnership": assessment.partnership.name,
        "partnership_version": assessment.partnership.version,
        "policy_hash": assessment.partnership.policy_hash,
        "engine_version": assessment.engine_version,
        "warnings": list(warnings(done.evidence)),
        "conservation": done.evidence.conservation(),
        "counts": {source: dict(counts) for source, counts in done.evidence.counts.items()},
        "n_subjects": int(assessment.scores["subject_id"].nunique()),
        "n_results": len(assessment.scores),
        "sections": [
            {
                "key": s.key,
                "title": s.title,
                "note": s.note,
                "found": s.found,
                "items": [{"lens": item.lens, "text": item.text} for item in s.items],
            }
            for s in sections
        ],
        "out": str(out),
        "files": [file.name for file in files],
    }
