"""Scoring out of core: read in pieces, sorted by subject in DuckDB, scored block by block, written part by part.

Three stages, each of which leaves whole files and continues where it was stopped: reading (checked pieces), sorting
(one file in order of subjects; DuckDB spills beside the output), scoring (parts of results).
"""

from __future__ import annotations

import datetime as dt
import functools
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from riskshare.assessment import check_signed
from riskshare.engines.blocks import BLOCK_ROWS, SCHEMAS, Told, score_rows, whole_subjects
from riskshare.engines.finished import OUTPUTS, QUARANTINE, Finished, write_quarantine
from riskshare.engines.limits import DEFAULT, at_once, most_rows, to_sort
from riskshare.engines.rules import paths_of, stop_if_habit
from riskshare.engines.running import (
    FAULTS,
    PIECE_ROWS,
    READ,
    Progress,
    Run,
    begin,
    carry_out,
    check,
    piece_line,
    progress_of,
    write_part,
)  # fmt: skip
from riskshare.engines.sorting import need_duckdb, sort_pieces, sorted_faults
from riskshare.engines.staging import STAGED_SCHEMA, stage
from riskshare.errors import EngineError, ResumeError
from riskshare.io import run_folder
from riskshare.io.evidence import CONTRACT
from riskshare.io.evidence_places import Habits
from riskshare.io.evidence_stream import stop_if_changed, stream, survey
from riskshare.io.writing import make_folder
from riskshare.records.arguments import is_whole
from riskshare.records.evidence import Subjects
from riskshare.records.partnership import Partnership
from riskshare.scoring.score import pays

MOST_THREADS: Final = 1_024
"""More than any one machine has cores for: a proposal."""


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
        "paths": paths, "partnership": partnership, "as_of": as_of, "out": out, "subjects": subjects, "trial": trial,
        "conditions_met": conditions_met, "accept_bad": accept_bad, "resume": resume, "block_rows": block_rows,
        "progress": progress, "compiled": compiled, "memory_limit": memory_limit,
    }  # fmt: skip
    known = is_whole(threads) and 1 <= threads <= MOST_THREADS
    check("assess_out_of_core", given, {f"threads must be a whole number from 1 to {MOST_THREADS:,}.": known})
    need_duckdb()
    progress_of(given)("Looking over", 0, len(paths))
    surveyed = survey(paths)
    n_rows = sum(source.n_rows for source in surveyed)
    run = begin(given, surveyed, engine="duckdb", compiled=pays(n_rows) if compiled is None else compiled)
    return carry_out(run, functools.partial(_stages, run, threads))


def _stages(run: Run, threads: int) -> None:
    _only_whole_files(run)
    _read(run)
    _sort(run, threads)
    _score(run, threads)
    _conclude(run, threads)


def _only_whole_files(run: Run) -> None:
    """Forget what is in the journal and no longer whole on the disk, and all after it."""
    journal = run.journal
    if journal["sorted"] is None:
        journal["read"] = _whole(
            journal["read"],
            lambda piece: run_folder.is_whole(run.work / READ, piece["file"]) and _has_faults(run, piece),
        )
    elif not (
        _holds(run.work / "sorted.parquet", journal["sorted"]["rows"])
        and all(_has_faults(run, piece) for piece in journal["read"])
    ):
        what = "Files of the unfinished run are gone or damaged."
        raise ResumeError(what, f"Delete {run_folder.WORK} and begin anew.")
    folders = {name: run.work / OUTPUTS[name] for name in SCHEMAS}
    journal["parts"] = _whole(
        journal["parts"],
        lambda part: (
            all(run_folder.is_whole(folders[name], part["files"][name]) for name in SCHEMAS) and _has_faults(run, part)
        ),
    )


def _has_faults(run: Run, entry: dict[str, Any]) -> bool:
    """Return whether the rows that a piece or a part set aside are there, if it set any aside."""
    return entry["faults"] is None or run_folder.is_whole(run.work / FAULTS, entry["faults"])


def _holds(path: Path, n_rows: int) -> bool:
    """Return whether a file is whole and holds so many staged rows."""
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            return bool(file.metadata.num_rows == n_rows and names == STAGED_SCHEMA.names)
    except (OSError, pa.ArrowException):
        return False


def _whole(entries: list[dict[str, Any]], test: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    kept = []
    for entry in entries:
        if not test(entry):
            break
        kept.append(entry)
    return kept


def _read(run: Run) -> None:
    """Check every row of every source, piece by piece, into files; stop where a source or a signature is wanting."""
    if run.journal["sorted"] is not None:
        return
    for folder in (READ, FAULTS):
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
    stop_if_changed(run.sources, lambda: survey([source.path for source in run.sources]))
    stop_if_habit(run.journal, run.names)
    run.stop_if_bad()


def _read_piece(run: Run, raw: Any, number: int, first_row: int) -> dict[str, Any]:
    habits = Habits()
    agreed = run.settings.partnership
    staged = stage(raw, agreed, habits, source=number, first_row=first_row)
    check_signed(agreed, staged.agencies, trial=run.settings.trial)
    name = f"piece-{len(run.journal['read']):05d}.parquet"
    faults = run_folder.write_table(run.work / FAULTS / name, staged.faults) if staged.faults.num_rows else None
    file = run_folder.write_table(run.work / READ / name, staged.rows)
    return {**piece_line(staged, habits, source=number, file=file), "faults": faults}


def _sort(run: Run, threads: int) -> None:
    """Bring the rows of each subject together in one file; the pieces are then no longer needed."""
    if run.journal["sorted"] is None:
        total = sum(piece["staged"] for piece in run.journal["read"])
        run.progress("Sorting", 0, total)
        pieces = [run.work / READ / piece["file"]["file"] for piece in run.journal["read"]]
        if not pieces:
            pieces = [run.work / READ / "nothing.parquet"]
            run_folder.write_table(pieces[0], STAGED_SCHEMA.empty_table())
        with run_folder.asking_for_room():
            sort_pieces(
                pieces, run.work / "sorted.parquet", spill=run.work / "spill", memory=to_sort(run.memory),
                threads=threads,
            )  # fmt: skip
        if not _holds(run.work / "sorted.parquet", total):
            what = "The database did not give back the rows that it was to sort."
            raise EngineError(what, f"Delete {run_folder.WORK} and run again; report it if it comes back.")
        run.journal["sorted"] = {"rows": total}
        run.save()
        run.progress("Sorting", total, total)
    for folder in (READ, "spill"):
        run_folder.clear(run.work / folder)


def _score(run: Run, threads: int) -> None:
    """Score block after block, each into a part of every table."""
    for folder in (*OUTPUTS.values(), FAULTS):
        make_folder(run.work / folder)
    parts, total = run.journal["parts"], run.journal["sorted"]["rows"]
    done = sum(part["counts"]["rows"] for part in parts)
    rows = _sorted_rows(run.work / "sorted.parquet", done)
    blocks = whole_subjects(rows, n_rows=run.block_rows, most_rows=most_rows(run.memory))
    for told in _told(blocks, run, threads):
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


def _told(blocks: Iterator[pa.Table], run: Run, threads: int) -> Iterator[Told]:
    """Yield what every block comes to, in order; at most one block a thread is held."""
    threads = at_once(run.memory, threads)
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


def _write_part(run: Run, told: Told, number: int) -> dict[str, Any]:
    before = sum(part["counts"]["subjects"] for part in run.journal["parts"])
    line = write_part(told, run.settings, run.work, f"{number:05d}", run_folder.write_table)
    # Subjects are named by their number in order: a pseudonym has no place in a journal.
    return {**line, "subjects": [before + 1, before + told.counts["subjects"]]}


def _conclude(run: Run, threads: int) -> None:
    """Judge each source as a whole, write what was set aside, and close the journal."""
    run.stop_if_bad()
    pieces = sorted((run.work / FAULTS).glob("*.parquet"))
    faults = sorted_faults(pieces, spill=run.work / "spill", memory=to_sort(run.memory), threads=threads)
    write_quarantine(run.work / QUARANTINE, faults, run.names, run.settings.marks)
    run.journal["finished"] = True
    run.save()
