"""A run on its way, whichever engine brings its rows together: how it begins, what it keeps, how it ends."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

import pyarrow as pa

from riskshare.assessment import check_conditions
from riskshare.engines.blocks import Settings, Told, in_order
from riskshare.engines.finished import OUTPUTS, QUARANTINE, Finished, finished, source_counts, stands
from riskshare.engines.limits import as_bytes
from riskshare.engines.rules import argument_rules, described, stop_if_bad
from riskshare.engines.staging import Staged
from riskshare.errors import EngineError, EvidenceError, UnsignedPolicyError
from riskshare.io import run_folder
from riskshare.io.evidence_places import Habits
from riskshare.io.evidence_stream import Surveyed
from riskshare.records.arguments import require
from riskshare.records.days import as_day

PIECE_ROWS: Final = 200_000
"""Rows of a source checked at a time."""
READ: Final = "read"
FAULTS: Final = "faults"

Progress = Callable[[str, int, int], None]
"""Called with the stage (``Looking over``, ``Reading``, ``Sorting``, ``Scoring``), what is done and all there is."""
Write = Callable[[Path, pa.Table, Mapping[str, str] | None], dict[str, Any]]
"""Puts a table into a file, whole or not at all, and returns what the journal keeps of the file."""


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """A run on its way; nobody else is at work in its folder as long as it is ``held``."""

    held: Connection
    out: Path
    journal: dict[str, Any]
    sources: tuple[Surveyed, ...]
    settings: Settings
    accept_bad: bool
    memory: int
    block_rows: int
    progress: Progress

    @property
    def work(self) -> Path:
        """The folder of what is not finished."""
        return self.out / run_folder.WORK

    @property
    def names(self) -> tuple[str, ...]:
        """The sources, as faults name them."""
        return self.settings.sources

    def save(self) -> None:
        """Keep the journal as it stands."""
        run_folder.save(self.journal, self.work)

    def stop_if_bad(self) -> None:
        """Stop where too much of a source is set aside, unless bad rows were accepted beforehand."""
        if not self.accept_bad:
            stop_if_bad(self.journal, self.names)


def check(function: str, given: Mapping[str, Any], own: Mapping[str, bool]) -> None:
    """Refuse wrong arguments, those of an engine's own included, before anything is read.

    Raises
    ------
    ArgumentError, PolicyError, MemoryLimitError
    """
    require(function, {**argument_rules(given), **own})
    as_day(given["as_of"])
    as_bytes(given["memory_limit"])
    check_conditions(given["partnership"], given["conditions_met"])


def progress_of(given: Mapping[str, Any]) -> Progress:
    """Return whom to tell how far the run is; by default nobody."""
    return given["progress"] or (lambda _stage, _done, _total: None)


def begin(given: Mapping[str, Any], surveyed: Sequence[Surveyed], *, engine: str, compiled: bool) -> Run:
    """Return the run that the arguments ask for, or that stands in its folder and is to go on.

    Raises
    ------
    ResumeError
    """
    out = Path(given["out"])
    settings = Settings(
        given["partnership"], as_day(given["as_of"]), tuple(one.source for one in surveyed), bool(given["trial"]),
        frozenset(given["conditions_met"]), in_order(given["subjects"]), compiled,
    )  # fmt: skip
    accept_bad, block_rows = given["accept_bad"], given["block_rows"]
    plain = {**described(settings, surveyed, accept_bad=accept_bad, block_rows=block_rows), "engine": engine}
    held = run_folder.alone(out)
    with ExitStack() as if_refused:
        if_refused.callback(run_folder.let_go, out, held)
        journal = run_folder.begin(out, plain, resume=given["resume"], stands=functools.partial(stands, out=out))
        if_refused.pop_all()
    return Run(
        held, out, journal, tuple(surveyed), settings, accept_bad, as_bytes(given["memory_limit"]), block_rows,
        progress_of(given),
    )  # fmt: skip


def carry_out(run: Run, stages: Callable[[], None]) -> Finished:
    """Go through the stages, put what came of them where it belongs, all at once, and give account of it."""
    try:
        if not run.journal["finished"]:
            stages()
        _all_accounted_for(run)
        if (run.work / run_folder.JOURNAL).exists():
            run_folder.publish(run.work, run.out, (*OUTPUTS.values(), QUARANTINE, run_folder.JOURNAL))
        if not stands(run.journal, out=run.out):
            what = "Results of the finished run are gone or damaged."
            raise EngineError(what, f"Delete {run_folder.WORK} and {run_folder.JOURNAL} and run again.")
        run_folder.clear(run.work)
    except (EvidenceError, UnsignedPolicyError):
        run_folder.clear(run.work)  # what was refused is refused again: there is nothing to go on with
        raise
    finally:
        run_folder.let_go(run.out, run.held)
    return finished(
        run.journal, run.out, run.settings.partnership, run.settings.as_of, trial=run.settings.trial,
        sources=run.names, notes=tuple(note for source in run.sources for note in source.notes),
    )  # fmt: skip


def _all_accounted_for(run: Run) -> None:
    """Refuse results in which a row was lost or came from elsewhere, whatever the reason."""
    for source, told in source_counts(run.journal, run.names).items():
        if told["rows_in"] != told["accepted"] + told["quarantined"] + told["duplicates"]:
            what = f"Of {source}, {told['rows_in']:,} rows were read and others scored: nothing is published."
            raise EngineError(what, f"Delete {run_folder.WORK}, run again, and report it if it comes back.")


def piece_line(staged: Staged, habits: Habits, *, source: int, file: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the journal keeps of a piece of a source that was checked."""
    return {
        "file": file,
        "source": source,
        "rows": staged.n_rows,
        "staged": staged.rows.num_rows,
        "set_aside": staged.n_set_aside,
        "labels": dict(staged.labels),
        "habits": [[code, column, *counts] for (code, column), counts in habits.counts.items()],
    }


def write_part(told: Told, settings: Settings, work: Path, label: str, write: Write) -> dict[str, Any]:
    """Write what a block came to as a part of every table, and return what the journal keeps of it."""
    conflicts = None
    if told.conflicts.num_rows:
        conflicts = write(work / FAULTS / f"conflicts-{label}.parquet", told.conflicts, None)
    files = {
        table: {**write(work / OUTPUTS[table] / f"part-{label}.parquet", rows, settings.marks), "rows": rows.num_rows}
        for table, rows in told.tables.items()
    }
    return {"files": files, "counts": dict(told.counts), "faults": conflicts}
