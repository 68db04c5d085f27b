"""Scoring out of core: read in pieces, sorted by subject in DuckDB, scored block by block, written part by part.

Three stages, each of which leaves whole files and continues where it was stopped: reading (checked pieces), sorting
(one file in order of subjects; DuckDB spills beside the output), scoring (parts of results).
"""

from __future__ import annotations

import datetime as dt
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from riskshare.engines.blocks import BLOCK_ROWS, SCHEMAS, Settings, Told, in_order, score_rows, whole_subjects
from riskshare.engines.finished import (
    OUTPUTS,
    QUARANTINE,
    Finished,
    finished,
    write_quarantine,
)
from riskshare.engines.limits import DEFAULT, as_bytes, at_once, most_rows, to_sort
from riskshare.engines.rules import (
    argument_rules,
    check_conditions,
    described,
    paths_of,
    stop_if_bad,
    stop_if_habit,
    stop_if_unsigned,
)
from riskshare.engines.sorting import need_duckdb, sort_pieces, sorted_faults
from riskshare.engines.staging import STAGED_SCHEMA, stage
from riskshare.errors import EvidenceError, ResumeError, UnsignedPolicyError
from riskshare.io import run_folder
from riskshare.io.evidence import CONTRACT
from riskshare.io.evidence_places import Habits
from riskshare.io.evidence_stream import Surveyed, stream, survey
from riskshare.io.writing import make_folder
from riskshare.records.arguments import is_whole, require
from riskshare.records.days import as_day
from riskshare.records.evidence import Subjects
from riskshare.records.partnership import Partnership
from riskshare.scoring.score import pays

PIECE_ROWS: Final = 200_000
"""Rows of a source checked at a time."""
FORMAT: Final = 1
"""Of the run's folder: a run begun under another is not continued."""

Progress = Callable[[str, int, int], None]
"""Called with the stage (``Looking over``, ``Reading``, ``Sorting``, ``Scoring``), rows done and rows in all."""


@dataclass(frozen=True, slots=True, repr=False)
class _Run:
    """A run on its way."""

    out: Path
    work: Path
    journal: dict[str, Any]
    sources: tuple[Surveyed, ...]
    settings: Settings
    accept_bad: bool
    memory: int
    threads: int
    block_rows: int
    progress: Progress

    @property
    def names(self) -> tuple[str, ...]:
        return self.settings.sources

    def save(self) -> None:
        run_folder.save(self.journal, self.work)


def assess_out_of_core(
    sources: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
    partnership: Partnership,
    *,
    as_of: str | dt.date,
    out: str | os.PathLike[str],
    subjects: Subjects | None = None,
    trial: bool = False,
    conditions_met: Collection[str] = (),
    accept_bad: bool = False,
    memory_limit: str | int = DEFAULT,
    resume: bool = False,
    threads: int = 2,
    compiled: bool | None = None,
    block_rows: int = BLOCK_ROWS,
    progress: Progress | None = None,
) -> Finished:
    """Score evidence larger than memory into a folder, in memory that is bounded, to the bits of ``assess``.

    Parameters
    ----------
    sources : path or sequence of paths
        CSV or Parquet, read as one.
    partnership : Partnership
    as_of : str or datetime.date
    out : path
        Folder for the results; made owner-only if it is not there. What an earlier finished run left is replaced.
    subjects : Subjects, optional
        From ``read_subjects``; held in memory.
    trial, conditions_met, accept_bad
        As for ``assess`` and ``read_evidence``.
    memory_limit : str or int
        Such as ``2GiB``: what the whole process may hold; at least 1 GiB.
    resume : bool
        Go on with the run that stands in ``out``, under the same settings and sources; where none does, begin.
    threads : int
        Of the database, and blocks scored at once.
    compiled : bool, optional
        As for ``scoring.score.score_all``; by default where it is installed and pays.
    block_rows : int
        Rows scored, and written as a part, at a time. Results are the same whatever it is; the parts are not.
    progress : callable, optional
        Called with the stage, rows done and rows in all.

    Returns
    -------
    Finished
        The folder holds ``scores.internal.parquet``, ``act_now.internal.parquet`` and ``staff_safety.internal.parquet``
        (each a folder of parts in order of subjects), ``quarantine.internal.csv`` and ``run.internal.json``. No rows
        give tables without lines.

    Raises
    ------
    MissingExtraError
        DuckDB (extra ``sql``) is not installed, or ``compiled`` is True and numba is not.
    ArgumentError, PolicyError, EvidenceFileError, UnsignedPolicyError
        As ``read_evidence`` and ``assess``. Nothing is left of the run.
    DiskFullError
        No room. What was finished stands; go on with ``resume=True``.
    MemoryLimitError
        The limit is no amount, or too little for the rows of one subject.
    ResumeError
        Something else stands in the folder.

    Notes
    -----
    Interrupted at any moment, a run leaves whole files, and the resumed outcome is to the byte that of an undisturbed
    one. ``docs/decisions/0019-engines.md``.

    Examples
    --------
    See ``docs/how-to/score-at-scale.md``.
    """
    paths = paths_of(sources)
    given = {
        "paths": paths, "partnership": partnership, "out": out, "subjects": subjects, "trial": trial,
        "conditions_met": conditions_met, "accept_bad": accept_bad, "resume": resume, "block_rows": block_rows,
        "progress": progress, "compiled": compiled,
    }  # fmt: skip
    own = {"threads must be a whole number from 1.": is_whole(threads) and threads >= 1}
    require("assess_out_of_core", {**argument_rules(given), **own})
    day, limit = as_day(as_of), as_bytes(memory_limit)
    check_conditions(partnership, conditions_met)
    need_duckdb()
    told = progress or _silent
    told("Looking over", 0, len(paths))
    surveyed = survey(paths)
    n_rows = sum(source.n_rows for source in surveyed)
    settings = Settings(
        partnership, day, tuple(source.source for source in surveyed), bool(trial), frozenset(conditions_met),
        in_order(subjects), pays(n_rows) if compiled is None else compiled,
    )  # fmt: skip
    plain = {**described(settings, surveyed, accept_bad=accept_bad, block_rows=block_rows), "engine": "duckdb"}
    journal = run_folder.begin(Path(out), plain, resume=resume)
    run = _Run(
        Path(out),
        Path(out) / run_folder.WORK,
        journal,
        surveyed,
        settings,
        accept_bad,
        limit,
        threads,
        block_rows,
        told,
    )
    try:
        return _carry_out(run)
    except (EvidenceError, UnsignedPolicyError):
        run_folder.clear(run.work)  # what was refused is refused again: there is nothing to go on with
        raise


def _silent(stage_name: str, done: int, total: int) -> None:
    """Tell nobody."""


def _carry_out(run: _Run) -> Finished:
    notes = tuple(note for source in run.sources for note in source.notes)
    if not run.journal["finished"]:
        _only_whole_files(run)
        _read(run)
        _sort(run)
        _score(run)
        _conclude(run)
    if (run.work / run_folder.JOURNAL).exists():
        run_folder.publish(run.work, run.out, (*OUTPUTS.values(), QUARANTINE, run_folder.JOURNAL))
    run_folder.clear(run.work)
    return finished(
        run.journal, run.out, run.settings.partnership, run.settings.as_of, trial=run.settings.trial,
        sources=run.names, notes=notes,
    )  # fmt: skip


def _only_whole_files(run: _Run) -> None:
    """Forget what is in the journal and no longer whole on the disk, and all after it."""
    journal = run.journal
    if journal["sorted"] is None:
        journal["read"] = _whole(journal["read"], lambda piece: run_folder.is_whole(run.work / "read", piece["file"]))
    elif not (run.work / "sorted.parquet").is_file():
        what, hint = "Files of the unfinished run are gone.", "Delete its folder and begin anew."
        raise ResumeError(what, hint)
    folders = {name: run.work / OUTPUTS[name] for name in SCHEMAS}
    journal["parts"] = _whole(
        journal["parts"],
        lambda part: all(run_folder.is_whole(folders[name], part["files"][name]) for name in SCHEMAS),
    )


def _whole(entries: list[dict[str, Any]], test: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    kept = []
    for entry in entries:
        if not test(entry):
            break
        kept.append(entry)
    return kept


def _read(run: _Run) -> None:
    """Check every row of every source, piece by piece, into files; stop where a source or a signature is wanting."""
    if run.journal["sorted"] is not None:
        return
    for folder in ("read", "faults"):
        make_folder(run.work / folder)
    total = sum(source.n_rows for source in run.sources)
    for number, source in enumerate(run.sources):
        at = sum(piece["rows"] for piece in run.journal["read"] if piece["source"] == number)
        for raw in stream(source, CONTRACT, PIECE_ROWS, skip=at):
            piece = _read_piece(run, raw, number, at)
            at += piece["rows"]
            run.journal["read"].append(piece)
            run.save()
            run.progress("Reading", sum(one["rows"] for one in run.journal["read"]), total)
    stop_if_habit(run.journal, run.names)
    if not run.accept_bad:
        stop_if_bad(run.journal, run.names)


def _read_piece(run: _Run, raw: Any, number: int, first_row: int) -> dict[str, Any]:
    habits = Habits()
    agreed = run.settings.partnership
    staged = stage(raw, agreed, habits, source=number, first_row=first_row)
    stop_if_unsigned(agreed, staged.agencies, trial=run.settings.trial)
    name = f"piece-{len(run.journal['read']):05d}.parquet"
    if staged.faults.num_rows:
        run_folder.write_table(run.work / "faults" / name, staged.faults)
    return {
        "file": run_folder.write_table(run.work / "read" / name, staged.rows),
        "source": number,
        "rows": staged.n_rows,
        "staged": staged.rows.num_rows,
        "set_aside": staged.n_set_aside,
        "labels": dict(staged.labels),
        "habits": [[code, column, *counts] for (code, column), counts in habits.counts.items()],
    }


def _sort(run: _Run) -> None:
    """Bring the rows of each subject together in one file; the pieces are then no longer needed."""
    if run.journal["sorted"] is None:
        total = sum(piece["staged"] for piece in run.journal["read"])
        run.progress("Sorting", 0, total)
        pieces = [run.work / "read" / piece["file"]["file"] for piece in run.journal["read"]]
        if not pieces:
            pieces = [run.work / "read" / "nothing.parquet"]
            run_folder.write_table(pieces[0], STAGED_SCHEMA.empty_table())
        with run_folder.asking_for_room():
            sort_pieces(
                pieces, run.work / "sorted.parquet", spill=run.work / "spill", memory=to_sort(run.memory),
                threads=run.threads,
            )  # fmt: skip
        run.journal["sorted"] = {"rows": total}
        run.save()
        run.progress("Sorting", total, total)
    for folder in ("read", "spill"):
        run_folder.clear(run.work / folder)


def _score(run: _Run) -> None:
    """Score block after block, each into a part of every table."""
    for folder in (*OUTPUTS.values(), "faults"):
        make_folder(run.work / folder)
    parts, total = run.journal["parts"], run.journal["sorted"]["rows"]
    done = sum(part["counts"]["rows"] for part in parts)
    rows = _sorted_rows(run.work / "sorted.parquet", done)
    blocks = whole_subjects(rows, n_rows=run.block_rows, most_rows=most_rows(run.memory))
    for told in _told(blocks, run):
        parts.append(_write_part(run, told, len(parts)))
        run.save()
        done += told.counts["rows"]
        run.progress("Scoring", done, total)
    if not parts:
        parts.append(_write_part(run, score_rows(STAGED_SCHEMA.empty_table(), run.settings), 0))
        run.save()


def _sorted_rows(path: Path, skip: int) -> Iterator[pa.RecordBatch]:
    """Yield the sorted rows after the first ``skip``, without reading what lies wholly before them."""
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
        for number in range(file.num_row_groups):
            size = file.metadata.row_group(number).num_rows
            if skip >= size:
                skip -= size
                continue
            for batch in file.iter_batches(row_groups=[number]):
                yield batch.slice(min(skip, batch.num_rows))
                skip -= min(skip, batch.num_rows)


def _told(blocks: Iterator[pa.Table], run: _Run) -> Iterator[Told]:
    """Yield what every block comes to, in order; at most one block a thread is held."""
    threads = at_once(run.memory, run.threads)
    if threads == 1:
        for rows in blocks:
            yield score_rows(rows, run.settings)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Told]] = deque()
        for rows in blocks:
            waiting.append(pool.submit(score_rows, rows, run.settings))
            if len(waiting) >= threads:
                yield waiting.popleft().result()
        for told in waiting:
            yield told.result()


def _write_part(run: _Run, told: Told, number: int) -> dict[str, Any]:
    name, before = f"part-{number:05d}.parquet", sum(part["counts"]["subjects"] for part in run.journal["parts"])
    if told.conflicts.num_rows:
        run_folder.write_table(run.work / "faults" / f"conflicts-{number:05d}.parquet", told.conflicts)
    files = {
        table: {
            **run_folder.write_table(run.work / OUTPUTS[table] / name, rows, run.settings.marks),
            "rows": rows.num_rows,
        }
        for table, rows in told.tables.items()
    }
    # Subjects are named by their number in order: a pseudonym has no place in a journal.
    return {"files": files, "counts": dict(told.counts), "subjects": [before + 1, before + told.counts["subjects"]]}


def _conclude(run: _Run) -> None:
    """Judge each source as a whole, write what was set aside, and close the journal."""
    if not run.accept_bad:
        stop_if_bad(run.journal, run.names)
    pieces = sorted((run.work / "faults").glob("*.parquet"))
    faults = sorted_faults(pieces, spill=run.work / "spill", memory=to_sort(run.memory), threads=run.threads)
    write_quarantine(run.work / QUARANTINE, faults, run.names, run.settings.marks)
    run.journal["finished"] = True
    run.save()
