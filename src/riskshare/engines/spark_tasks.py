"""What a worker of a cluster does: look over a file, read a span of one, score a range of subjects.

Rows and results go to files in the folder of the run, whole or not at all; only counts travel back. A task that is done
twice, because a worker was lost, leaves the same bytes under the same names.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from riskshare.engines.blocks import score_rows, whole_subjects
from riskshare.engines.running import FAULTS, PIECE_ROWS, READ, piece_line, write_part
from riskshare.engines.spark_settings import Sent, unpack
from riskshare.engines.staging import STAGED_SCHEMA, stage
from riskshare.errors import EngineError, EvidenceFileError, RiskshareError
from riskshare.io.evidence import CONTRACT
from riskshare.io.evidence_codes import stop
from riskshare.io.evidence_places import Habits
from riskshare.io.evidence_stream import Surveyed, stream, survey
from riskshare.io.run_folder import write_table

ANSWER: Final = "told string"
"""What a task answers: lines of JSON."""

_MAY_HOLD_VALUES: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError,
    pa.ArrowException)  # fmt: skip
"""Errors of lower layers whose words may hold a cell: Spark would write them into its logs. Of errors of files and of
memory it may know more, and try again."""

Batches = Iterator[pa.RecordBatch]


def look_over(batches: Batches, *, paths: Sequence[str]) -> Batches:
    """Answer what each file is, by its number: ``Surveyed`` as plain values."""
    yield from _answers({"number": number, "is": asdict(survey([paths[number]])[0])} for number in _numbers(batches))


def read_spans(batches: Batches, *, spans: Sequence[Mapping[str, Any]], sent: Sent) -> Batches:
    """Answer what came of each span, by its number: one line a piece, as the journal of a run keeps it."""
    yield from _answers(piece for number in _numbers(batches) for piece in _pieces(spans[number], sent))


def score_range(batches: Batches, *, sent: Sent, n_rows: int, most_rows: int) -> Batches:
    """Answer what came of a range of subjects: one line a block, as the journal of a run keeps it."""
    yield from _answers(_parts(batches, sent, n_rows, most_rows))


def _numbers(batches: Batches) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _answers(lines: Iterable[Mapping[str, Any]]) -> Batches:
    """Yield lines as JSON; what goes wrong is an answer too, so that Spark neither repeats it nor logs its words."""
    try:
        for line in lines:
            yield _as_batch(line)
    except RiskshareError as fault:
        yield _as_batch({"fault": _described(fault)})
    except _MAY_HOLD_VALUES as fault:
        last = traceback.extract_tb(fault.__traceback__)[-1]
        what = f"A worker stopped on a mistake of riskshare's own ({type(fault).__name__} at {Path(last.filename).name}"
        hint = "Report the kind and place; the same rows scored in memory show more, where values may be seen."
        yield _as_batch({"fault": _described(EngineError(f"{what}:{last.lineno}).", hint))})


def _as_batch(line: Mapping[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"told": [json.dumps(line, ensure_ascii=False)]})


def _described(fault: RiskshareError) -> dict[str, Any]:
    if isinstance(fault, EvidenceFileError):
        where = {"source": fault.source, "column": fault.column, "row": fault.row}
        return {"kind": "EvidenceFileError", "code": fault.code, "hint": fault.hint, **where}
    hint = fault.hint if isinstance(fault, EngineError) else "It was told by a worker of the cluster."
    return {"kind": type(fault).__name__, "what": str(fault).removesuffix(hint).rstrip(), "hint": hint}


def _pieces(span: Mapping[str, Any], sent: Sent) -> Iterator[dict[str, Any]]:
    source, number, at = Surveyed(**span["source"]), int(span["number"]), int(span["first"])
    if os.path.getsize(source.path) != source.n_bytes:
        what = f"{source.source} is not the same file on every machine of the cluster."
        raise EngineError(what, "Put sources into a folder that all machines share under one path.")
    for raw in stream(source, CONTRACT, PIECE_ROWS, skip=at):
        habits, folder = Habits(), Path(sent.folder)
        staged = stage(raw, unpack(sent).partnership, habits, source=number, first_row=at)
        name = f"piece-{number:05d}-{at:012d}.parquet"
        faults = _write(folder / FAULTS / name, staged.faults) if staged.faults.num_rows else None
        line = piece_line(staged, habits, source=number, file=_write(folder / READ / name, staged.rows))
        yield {**line, "faults": faults, "first": at, "agencies": sorted(staged.agencies)}
        at += staged.n_rows
        if span["last"] is not None and at >= span["last"]:
            return
    if span["last"] is not None:  # what was counted before is no longer there
        raise stop(source.source, "unreadable_table")


def _parts(batches: Batches, sent: Sent, n_rows: int, most_rows: int) -> Iterator[dict[str, Any]]:
    settings, partition = unpack(sent), _task()[0]
    rows = (pa.Table.from_batches([batch]).cast(STAGED_SCHEMA) for batch in batches)
    for number, block in enumerate(whole_subjects(rows, n_rows=n_rows, most_rows=most_rows)):
        yield write_part(
            score_rows(block, settings), settings, Path(sent.folder), f"{partition:05d}-{number:05d}", _write
        )


def _task() -> tuple[int, int]:
    """Return the number of the partition that this task does, and of the attempt at it."""
    from pyspark import TaskContext

    context = TaskContext.get()
    return (0, 0) if context is None else (context.partitionId(), context.taskAttemptId())


def _write(target: Path, table: pa.Table, marks: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Write a table under a name that nobody else is writing, then put it under its own.

    Two attempts at one task may overlap for a moment, when one is on a machine that the driver has given up.
    """
    draft = target.with_name(f".{_task()[1]}-{target.name}")
    told = write_table(draft, table, marks)
    os.replace(draft, target)
    return {**told, "file": target.name}
