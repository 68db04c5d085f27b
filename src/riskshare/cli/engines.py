"""`riskshare assess --engine duckdb` and `spark`: more evidence than memory holds, scored into parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from riskshare.cli.assess import REPLACED, Job, holds_files
from riskshare.cli.briefing import warnings
from riskshare.cli.faults import ExitCode
from riskshare.cli.screen import Screen, wrapped
from riskshare.engines.duckdb_run import assess_out_of_core
from riskshare.engines.finished import OUTPUTS, QUARANTINE, Finished
from riskshare.engines.limits import DEFAULT
from riskshare.io.partnership import load_partnership
from riskshare.io.run_folder import JOURNAL
from riskshare.io.subjects import read_subjects
from riskshare.io.writing import internal_name, write_text
from riskshare.records.evidence import BARRED_SCHEMA, EVIDENCE_SCHEMA, Evidence
from riskshare.records.policy import LENSES
from riskshare.reporting.sentences import caveat
from riskshare.reporting.words import LENS_WORDS, counted
from riskshare.scoring.tables import BANDS
from riskshare.version import VERSION

_FILE_WIDTH: Final = 110
_WHAT: Final = {
    OUTPUTS["scores"]: "one line a person, harm to and harm by apart, in parts; the folder reads as one table",
    OUTPUTS["act_now"]: "records that call for action now, with the duty and whom to call, in parts",
    OUTPUTS["staff_safety"]: "whom to ask before a visit, in parts",
    QUARANTINE: "rows set aside: where and why, never what they held",
    JOURNAL: "what was run on what, with the SHA-256 of every part",
}


def run_large(
    job: Job, out: Path, screen: Screen, *, memory_limit: str | None, resume: bool, master: str | None = None
) -> ExitCode:
    """Score evidence larger than memory, and say what came of it; PROBLEMS if there was nothing left to score."""
    partnership = load_partnership(job.folder)
    subjects = None
    if job.subjects is not None:
        subjects = read_subjects(job.subjects, partnership, accept_bad=job.accept_bad)
    before, replaced = _stamp(out), holds_files(out)
    with _interruptible(screen), _progress(screen) as done, _engine(master) as score:
        finished = score(
            list(job.evidence), partnership, as_of=job.as_of, out=out, subjects=subjects, trial=job.trial,
            conditions_met=job.conditions, accept_bad=job.accept_bad, resume=resume,
            memory_limit=DEFAULT if memory_limit is None else memory_limit, progress=done,
        )  # fmt: skip
    evidence = _account(finished)
    for warning in warnings(evidence):
        screen.alert(warning)
    lines = [caveat(partnership, finished.as_of, trial=finished.trial), *warnings(evidence), *_lines(finished)]
    report = internal_name("report", ".txt")
    write_text(out / report, "\n\n".join(wrapped(line, _FILE_WIDTH) for line in lines) + "\n")
    _tell(finished, lines, report, screen)
    if before is not None and before == _stamp(out):
        screen.say("This run stood here, finished and whole: nothing was scored again.")
    elif replaced:
        screen.say(REPLACED)
    engine = "duckdb" if master is None else "spark"
    screen.document(_document(finished, evidence, lines, report, engine))
    rows_in = finished.total("rows_in")
    return ExitCode.PROBLEMS if rows_in and finished.total("quarantined") == rows_in else ExitCode.OK


def _stamp(out: Path) -> int | None:
    """Return when the journal of a finished run was written; None where there is none."""
    journal = out / JOURNAL
    return journal.stat().st_mtime_ns if journal.is_file() else None


@contextmanager
def _interruptible(screen: Screen) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        screen.alert("Interrupted. Nothing that was finished is lost: give the same command again with --resume.")
        raise


@contextmanager
def _engine(master: str | None) -> Iterator[Callable[..., Finished]]:
    """Give the function that scores: out of core, or on a cluster for as long as it is needed."""
    if master is None:
        yield assess_out_of_core
        return
    from riskshare.engines.spark_run import assess_on_cluster
    from riskshare.engines.spark_session import session

    with session(master) as spark:
        yield partial(assess_on_cluster, spark=spark)


def _account(finished: Finished) -> Evidence:
    """Return the counts of a run as evidence without rows, of which warnings are told as of any."""
    nothing = pd.DataFrame()
    return Evidence(
        rows=EVIDENCE_SCHEMA.empty_table(), quarantine=nothing, unknown=nothing, duplicates=nothing,
        barred=BARRED_SCHEMA.empty_table(), counts=finished.counts,
        partnership_version=finished.partnership.version, notes=finished.notes,
    )  # fmt: skip


def _lines(finished: Finished) -> list[str]:
    """Return the account in sentences."""
    found = [f"{finished.conservation()}.", *finished.notes]
    if finished.labels:
        most = sorted(finished.labels.items(), key=lambda one: (-one[1], one[0]))
        said = "; ".join(f"{label} ({number:,})" for label, number in most)
        found.append(f"Set aside, by rule (a row with several faults is counted under each): {said}.")
    if finished.unknown:
        found.append(f"{counted(finished.unknown, 'cell')} of accepted rows could not be read and left unknown.")
    found.append(
        f"{counted(finished.n_subjects, 'person', 'people')}, {counted(finished.n_results, 'result')}; "
        f"{counted(finished.n_act_now, 'record')} that call for action now; "
        f"{counted(finished.n_staff_safety, 'notice')} for staff."
    )
    for lens in reversed(LENSES):
        bands = [f"{finished.bands[lens, band]:,} {band}" for band in reversed(BANDS) if (lens, band) in finished.bands]
        found.append(f"{LENS_WORDS[lens]}: {', '.join(bands) or 'nobody'}.")
    found.append(
        "Reasons are not written for so many: riskshare explain gives them for one person; cut out that person's rows "
        "first, for it reads a whole file."
    )
    return found


def _tell(finished: Finished, lines: list[str], report: str, screen: Screen) -> None:
    for line in lines:
        screen.say(line)
    screen.heading("What was made")
    screen.say(f"In {finished.folder} (readable by you alone, marked internal in name and content):")
    for name in finished.files:
        screen.say(f"{name}: {_WHAT[name]}", indent="- ", hang="  ")
    screen.say(f"{report}: the account above", indent="- ", hang="  ")


def _document(finished: Finished, evidence: Evidence, lines: list[str], report: str, engine: str) -> dict[str, Any]:
    """Return what was done as plain values, for ``--json``: the keys of the engine in memory, where they apply."""
    agreed = finished.partnership
    return {
        "internal": True,
        "engine": engine,
        "trial": finished.trial,
        "head": lines[0],
        "as_of": finished.as_of.isoformat(),
        "partnership": agreed.name,
        "partnership_version": agreed.version,
        "policy_hash": agreed.policy_hash,
        "engine_version": VERSION,
        "warnings": list(warnings(evidence)),
        "conservation": finished.conservation(),
        "counts": {source: dict(counts) for source, counts in finished.counts.items()},
        "n_subjects": finished.n_subjects,
        "n_results": finished.n_results,
        "bands": {lens: {b: finished.bands.get((lens, b), 0) for b in BANDS} for lens in LENSES},
        "n_act_now": finished.n_act_now,
        "n_staff_safety": finished.n_staff_safety,
        "out": str(finished.folder),
        "files": [report, *finished.files],
    }


@contextmanager
def _progress(screen: Screen) -> Iterator[Callable[[str, int, int], None]]:
    """Show the stage, how far it has come and how long it will take: on stderr, on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    off = not screen.talks or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=off, get_time=time.monotonic) as bar:
        task = bar.add_task("", total=None)
        stage = ""

        def done(name: str, count: int, total: int) -> None:
            nonlocal stage
            if name != stage:
                stage = name
                bar.reset(task, total=total or None, description=name)
            bar.update(task, completed=count, total=total or None)

        yield done
