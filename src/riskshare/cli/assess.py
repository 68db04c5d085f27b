"""`riskshare assess` and `riskshare demo`: the whole job, from folder and evidence to explained internal files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from riskshare.assessment import Assessment, assess
from riskshare.cli.briefing import Item, Section, briefing, head
from riskshare.cli.check import read
from riskshare.cli.screen import Screen, wrapped
from riskshare.io.examples import EXAMPLE_AS_OF, example_data, example_partnership
from riskshare.io.partnership import load_partnership
from riskshare.io.subjects import read_subjects
from riskshare.io.writing import internal_name, make_folder, write_csv, write_json_lines, write_parquet, write_text
from riskshare.records.evidence import Evidence
from riskshare.reporting.sentences import INTERNAL, TRIAL

_FILE_WIDTH: Final = 110
_BRIEF: Final = ("act_now", "staff_safety", "quarantined", "bands")
"""Sections that ``assess`` prints; all of them are in its report."""


class Job(NamedTuple):
    """What to score."""

    folder: Path
    evidence: tuple[Path, ...]
    subjects: Path | None
    as_of: dt.date
    trial: bool = False
    conditions: tuple[str, ...] = ()


class Done(NamedTuple):
    """What came of it."""

    assessment: Assessment
    evidence: Evidence


def carry_out(job: Job, screen: Screen) -> Done:
    """Load, read and score, showing progress."""
    partnership = load_partnership(job.folder)
    evidence = read(job.evidence, partnership, screen)
    subjects = None if job.subjects is None else read_subjects(job.subjects, partnership)
    with screen.progress("Scoring") as done:
        assessment = assess(
            evidence, partnership, as_of=job.as_of, subjects=subjects, trial=job.trial, conditions_met=job.conditions,
            progress=done,
        )  # fmt: skip
    return Done(assessment, evidence)


def run_assess(job: Job, out: Path, screen: Screen) -> None:
    """Score, write internal files, and say briefly what is in them."""
    done = carry_out(job, screen)
    results = done.assessment.to_dicts()
    sections = briefing(done.assessment, done.evidence, results)
    files = write_files(done, results, sections, out)
    screen.say(head(done.assessment))
    for section in sections:
        if section.key in _BRIEF:
            _tell(section, screen)
    _tell_files(files, out, screen)
    screen.document(_summary(done, sections, files, out))


def run_demo(out: Path, screen: Screen) -> None:
    """Run the main job on the shipped example and say what partners should look at."""
    folder, data = example_partnership(), example_data()
    day = dt.date.fromisoformat(EXAMPLE_AS_OF)
    done = carry_out(Job(folder, (data / "evidence.csv",), data / "subjects.csv", day), screen)
    results = done.assessment.to_dicts()
    sections = briefing(done.assessment, done.evidence, results)
    files = write_files(done, results, sections, out)
    screen.say("An example on synthetic data: nobody in it exists.")
    screen.say(head(done.assessment))
    for section in sections:
        _tell(section, screen)
    _tell_files(files, out, screen)
    _tell_next(folder, data, sections, screen)
    screen.document(_summary(done, sections, files, out))


def write_files(done: Done, results: Sequence[dict[str, Any]], sections: Sequence[Section], out: Path) -> list[Path]:
    """Write scores, explained results, what was set aside and the report; return the files."""
    assessment, folder = done.assessment, make_folder(out)
    marks = {
        "marking": f"{INTERNAL} {TRIAL}" if assessment.trial else INTERNAL,
        "as_of": assessment.as_of.isoformat(),
        "partnership_version": assessment.partnership.version,
        "engine_version": assessment.engine_version,
    }
    return [
        write_text(folder / internal_name("report", ".txt"), _report(assessment, sections)),
        write_csv(folder / internal_name("scores", ".csv"), assessment.scores, marks),
        write_parquet(folder / internal_name("scores", ".parquet"), assessment.scores, marks),
        write_json_lines(folder / internal_name("results", ".jsonl"), results),
        write_csv(folder / internal_name("quarantine", ".csv"), done.evidence.quarantine, marks),
    ]


def _report(assessment: Assessment, sections: Sequence[Section]) -> str:
    parts = [wrapped(head(assessment), _FILE_WIDTH)]
    for section in sections:
        lines = [section.title, "-" * len(section.title), wrapped(section.note, _FILE_WIDTH)]
        lines += [entry(item, _FILE_WIDTH) for item in section.items]
        parts.append("\n".join(lines if section.items else [*lines, "None."]))
    return "\n\n".join(parts) + "\n"


def entry(item: Item, width: int) -> str:
    """Return an entry as text: the heading line, then one sentence a line."""
    first, *others = item.lines
    return "\n".join(
        [
            wrapped(first, width, indent="- ", hang="  "),
            *(wrapped(o, width, indent="    ", hang="      ") for o in others),
        ]
    )


def _tell(section: Section, screen: Screen) -> None:
    """Print a section: of each lens the first few, and how many more there are."""
    screen.heading(section.title)
    screen.say(section.note)
    shown: dict[str | None, int] = {}
    for item in section.items:
        shown[item.lens] = shown.get(item.lens, 0) + 1
        if shown[item.lens] <= section.show:
            screen.raw(entry(item, screen.width))
    rest = sum(max(0, count - section.show) for count in shown.values())
    if rest:
        screen.say(f"... and {rest:,} more in the report.", indent="  ")
    if not section.items:
        screen.say("None.")


def _tell_files(files: Sequence[Path], out: Path, screen: Screen) -> None:
    screen.heading("What was made")
    what = {
        "report": "all of the above in full", "scores": "one line a subject and lens",
        "results": "every result with its reasons, under the schema of `riskshare schema`",
        "quarantine": "rows set aside: where and why, never what they held",
    }  # fmt: skip
    screen.say(f"In {out} (readable by you alone, marked internal in name and content):")
    for file in files:
        screen.say(f"{file.name}: {what[file.name.split('.')[0]]}", indent="- ", hang="  ")


def _tell_next(folder: Path, data: Path, sections: Sequence[Section], screen: Screen) -> None:
    """Say what to try next, with a subject that needs action as the example."""
    urgent = next(section for section in sections if section.key == "act_now")
    subject = urgent.items[0].lines[0].split(" ", 1)[0] if urgent.items else "SUBJECT"
    screen.heading("What to try next")
    inputs = f"{_short(folder)} {_short(data / 'evidence.csv')}"
    for why, command in (
        ("see why, record by record", f"riskshare explain {inputs} {subject} --as-of {EXAMPLE_AS_OF}"),
        ("check a partnership and evidence", f"riskshare check {inputs}"),
        ("score your own", "riskshare assess FOLDER EVIDENCE --as-of DATE --subjects FILE"),
    ):
        screen.say(f"{why}:", indent="- ")
        screen.raw(f"    {command}")
    screen.say("Make it yours: docs/how-to/agree-a-policy.md, docs/how-to/send-evidence.md.")


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _summary(done: Done, sections: Sequence[Section], files: Sequence[Path], out: Path) -> dict[str, Any]:
    assessment = done.assessment
    return {
        "internal": True,
        "trial": assessment.trial,
        "head": head(assessment),
        "as_of": assessment.as_of.isoformat(),
        "partnership": assessment.partnership.name,
        "partnership_version": assessment.partnership.version,
        "engine_version": assessment.engine_version,
        "conservation": done.evidence.conservation(),
        "counts": {source: dict(counts) for source, counts in done.evidence.counts.items()},
        "n_subjects": int(assessment.scores["subject_id"].nunique()),
        "n_results": len(assessment.scores),
        "sections": [
            {
                "key": s.key,
                "title": s.title,
                "note": s.note,
                "items": [{"lens": item.lens, "text": item.text} for item in s.items],
            }
            for s in sections
        ],
        "out": str(out),
        "files": [file.name for file in files],
    }
