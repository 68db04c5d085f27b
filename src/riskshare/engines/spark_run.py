"""Scoring on a cluster: files read span by span, rows brought together by subject, the same kernel in every task.

Spark moves rows and sees to lost workers; what a row means, and what becomes of it, is decided by the same code as in
memory. Every machine sees one folder, in which rows and results stand as files: only counts travel back to the driver.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskshare.assessment import check_signed
from riskshare.engines.blocks import BLOCK_ROWS, SCHEMAS, score_rows
from riskshare.engines.finished import OUTPUTS, QUARANTINE, Finished, write_quarantine
from riskshare.engines.limits import DEFAULT, most_rows
from riskshare.engines.rules import paths_of, stop_if_habit
from riskshare.engines.running import FAULTS, READ, Progress, Run, begin, carry_out, check, progress_of, write_part
from riskshare.engines.spark_session import answers, need_spark, through
from riskshare.engines.spark_settings import Sent, pack
from riskshare.engines.spark_tasks import ANSWER, look_over, read_spans, score_range
from riskshare.engines.staging import FAULT_SCHEMA, KEYS, STAGED_SCHEMA
from riskshare.io import run_folder
from riskshare.io.evidence_stream import Surveyed, stop_if_changed
from riskshare.io.writing import make_folder
from riskshare.records.arguments import is_whole
from riskshare.records.evidence import INPUT_COLUMNS, Subjects
from riskshare.records.partnership import Partnership
from riskshare.scoring.score import pays

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SPAN_ROWS: Final = 1_000_000
"""Rows of a Parquet file that one task reads."""
RANGE_ROWS: Final = 500_000
"""Rows that one task scores, about: a worker that is lost loses no more, and one full of rows holds up nobody long."""
MOST_RANGES: Final = 10_000
_PATTERN: Final = re.compile(r"[\\\[\]{}*?]")


def assess_on_cluster(
    sources: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
    partnership: Partnership,
    *,
    spark: SparkSession,
    as_of: str | dt.date,
    out: str | os.PathLike[str],
    subjects: Subjects | None = None,
    trial: bool = False,
    conditions_met: Collection[str] = (),
    accept_bad: bool = False,
    memory_limit: str | int = DEFAULT,
    resume: bool = False,
    ranges: int | None = None,
    compiled: bool | None = None,
    block_rows: int = BLOCK_ROWS,
    progress: Progress | None = None,
) -> Finished:
    """Score evidence on a Spark cluster into a folder, to the bits of ``assess``.

    Parameters
    ----------
    sources : path or sequence of paths
        CSV or Parquet, read as one, in folders that every machine sees under the same path. A Parquet file is read by
        many tasks, a CSV file by one: give several.
    partnership : Partnership
    spark : pyspark.sql.SparkSession
        A classic session (not Spark Connect); ``engines.spark_session.session`` gives one.
    as_of : str or datetime.date
    out : path
        Folder for the results, which every machine sees under the same path; made owner-only if it is not there.
    subjects : Subjects, optional
        From ``read_subjects``; every worker process holds the ages.
    trial, conditions_met, accept_bad
        As for ``assess`` and ``read_evidence``.
    memory_limit : str or int
        What one task's Python process may hold, such as ``2GiB``: rows of one subject beyond it stop the run.
    resume : bool
        Go on with the run that stands in ``out``, under the same settings and sources; where none does, begin.
    ranges : int, optional
        Into how many ranges of subjects the rows are divided; by default one for every 500,000 rows, and at least
        two for every core. Results are the same whatever it is; the parts are not.
    compiled : bool, optional
        As for ``scoring.score.score_all``; by default where it is installed here and one core has that many rows.
    block_rows : int
        Rows scored, and written as a part, at a time.
    progress : callable, optional
        Called with the stage, tasks done and tasks in all.

    Returns
    -------
    Finished
        The files of ``assess_out_of_core``: parts in order of subjects, to the bit the lines of ``assess``.

    Raises
    ------
    MissingExtraError
        PySpark (extra ``spark``) is not installed.
    ArgumentError, PolicyError, EvidenceFileError, UnsignedPolicyError
        As ``read_evidence`` and ``assess``. Nothing is left of the run.
    DiskFullError, MemoryLimitError, ResumeError
        As ``assess_out_of_core``.
    EngineError
        The cluster failed, or a worker has other versions or other files, or is to score compiled without numba.

    Notes
    -----
    A subject is never divided: its rows are in one range, whatever their number, and are scored together. Ranges are
    many and small, so that the one which holds a subject with very many rows delays nothing but itself; records about
    places alone are each on their own. A worker that is lost loses its tasks, which others do again to the same bytes.
    ``docs/how-to/score-on-a-cluster.md``.

    Examples
    --------
    See ``docs/how-to/score-on-a-cluster.md``.
    """
    need_spark()
    paths = paths_of(sources)
    given = {
        "paths": paths, "partnership": partnership, "as_of": as_of, "out": out, "subjects": subjects, "trial": trial,
        "conditions_met": conditions_met, "accept_bad": accept_bad, "resume": resume, "block_rows": block_rows,
        "progress": progress, "compiled": compiled, "memory_limit": memory_limit,
    }  # fmt: skip
    check("assess_on_cluster", given, _own_rules(spark, ranges))
    cores = spark.sparkContext.defaultParallelism
    surveyed = _survey(spark, [os.path.abspath(path) for path in paths], progress_of(given))
    n_rows = sum(source.n_rows for source in surveyed)
    # How many ranges there are may change with the cluster: no part is kept of a range that was not finished.
    n_ranges = ranges or min(max(2 * cores, -(-n_rows // RANGE_ROWS)), MOST_RANGES)
    run = begin(given, surveyed, engine="spark", compiled=pays(n_rows // cores) if compiled is None else compiled)
    return carry_out(run, functools.partial(_stages, run, spark, n_ranges))


def _own_rules(spark: object, ranges: object) -> dict[str, bool]:
    from pyspark.sql import SparkSession as Classic

    return {
        "spark must be a classic SparkSession, not one of Spark Connect.": isinstance(spark, Classic),
        "ranges must be a whole number from 1, or None.": ranges is None or (is_whole(ranges) and ranges >= 1),  # type: ignore[operator]
    }


def _tasks(spark: SparkSession, n: int, work: Callable[..., Iterator[pa.RecordBatch]]) -> DataFrame:
    """Return a frame of answers to n numbers, each a task of its own."""
    return through(spark.range(0, n, 1, numPartitions=n), work, ANSWER)


def _survey(spark: SparkSession, paths: Sequence[str], told: Progress) -> tuple[Surveyed, ...]:
    """Return what each file is, each looked over by a task: a checksum needs every byte."""
    work = functools.partial(look_over, paths=paths)
    found = answers(_tasks(spark, len(paths), work), functools.partial(told, "Looking over"))
    named: dict[str, int] = {}
    surveyed = []
    for line in sorted(found, key=lambda line: line["number"]):
        one = Surveyed(**line["is"])
        named[one.source] = times = named.get(one.source, 0) + 1
        surveyed.append(one if times == 1 else replace(one, source=f"{one.source} ({times})"))
    return tuple(surveyed)


def _stages(run: Run, spark: SparkSession, n_ranges: int) -> None:
    for folder in (READ, FAULTS, *OUTPUTS.values()):
        make_folder(run.work / folder)
    sent = pack(run.settings, run.work)
    _read(run, spark, sent)
    _score(run, spark, sent, n_ranges)
    _conclude(run)


def _read(run: Run, spark: SparkSession, sent: Sent) -> None:
    """Check every row of every source into files; stop where a source or a signature is wanting."""
    if run.journal["sorted"] is None:
        spans = list(_spans(run.sources))
        work = functools.partial(read_spans, spans=spans, sent=sent)
        found = answers(_tasks(spark, len(spans), work), functools.partial(run.progress, "Reading"))
        run.journal["read"] = sorted(found, key=lambda piece: (piece["source"], piece["first"]))
        supplying = {agency for piece in run.journal["read"] for agency in piece["agencies"]}
        check_signed(run.settings.partnership, supplying, trial=run.settings.trial)
        stop_if_changed(run.sources, lambda: _survey(spark, [source.path for source in run.sources], run.progress))
        stop_if_habit(run.journal, run.names)
        run.stop_if_bad()
        run.journal["sorted"] = {"rows": sum(piece["staged"] for piece in run.journal["read"])}
        run.save()


def _spans(sources: Sequence[Surveyed]) -> Iterator[dict[str, Any]]:
    """Yield what one task each reads: some rows of a Parquet file, or the whole of a CSV file.

    Where a CSV file can be cut is known only to whoever reads it from its start: a cell may hold line ends.
    """
    for number, source in enumerate(sources):
        plain = {name: getattr(source, name) for name in Surveyed.__slots__}
        if source.kind == "csv" or not source.n_rows:
            yield {"source": plain, "number": number, "first": 0, "last": None}
        else:
            for first in range(0, source.n_rows, SPAN_ROWS):
                last = min(first + SPAN_ROWS, source.n_rows)
                yield {"source": plain, "number": number, "first": first, "last": last}


def _score(run: Run, spark: SparkSession, sent: Sent, n_ranges: int) -> None:
    """Bring the rows of each subject together, range by range, and score each range in a task."""
    if run.journal["sorted"]["rows"]:
        work = functools.partial(score_range, sent=sent, n_rows=run.block_rows, most_rows=most_rows(run.memory))
        files = [_literal(run.work / READ / piece["file"]["file"]) for piece in run.journal["read"]]
        rows = spark.read.parquet(*files).repartitionByRange(n_ranges, KEYS[0]).sortWithinPartitions(*KEYS)
        parts = answers(through(rows, work, ANSWER), functools.partial(run.progress, "Scoring"))
    else:
        nothing = score_rows(STAGED_SCHEMA.empty_table(), run.settings)
        parts = [write_part(nothing, run.settings, run.work, "00000", run_folder.write_table)]
    before = 0
    for part in parts:
        # Subjects are named by their number in order: a pseudonym has no place in a journal.
        part["subjects"] = [before + 1, before + part["counts"]["subjects"]]
        before += part["counts"]["subjects"]
    run.journal["parts"] = parts
    run.save()


def _literal(path: Path) -> str:
    """Return a file as Spark names it: it takes the text as it is, but for what would be a pattern."""
    literal = _PATTERN.sub(r"\\\g<0>", path.absolute().as_posix())
    return f"file:///{literal.lstrip('/')}"


def _conclude(run: Run) -> None:
    """Judge each source as a whole, write what was set aside, and close the journal."""
    run.stop_if_bad()
    for name in SCHEMAS:
        _keep_only(run.work / OUTPUTS[name], {part["files"][name]["file"] for part in run.journal["parts"]})
    write_quarantine(run.work / QUARANTINE, _faults(run), run.names, run.settings.marks)
    run.journal["finished"] = True
    run.save()


def _keep_only(folder: Path, names: set[str]) -> None:
    """Remove what tasks left that were given up half-way."""
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()


def _faults(run: Run) -> Iterator[pa.RecordBatch]:
    """Yield all faults in the order of sources, rows, columns and codes: those of one piece are held at a time."""
    folder = run.work / FAULTS
    late = [FAULT_SCHEMA.empty_table(), *_tables(folder, run.journal["parts"])]
    conflicts = pa.concat_tables(late)
    order = pa.array(["", *INPUT_COLUMNS])
    for piece in run.journal["read"]:
        first, last = piece["first"], piece["first"] + piece["rows"]
        row = conflicts["row"]
        here = pc.and_(
            pc.equal(conflicts["source"], piece["source"]), pc.and_(pc.greater(row, first), pc.less_equal(row, last))
        )
        found = pa.concat_tables([conflicts.filter(here), *_tables(folder, [piece])])
        found = found.append_column("place", pc.index_in(found["column"], value_set=order))
        keys = [(name, "ascending") for name in ("row", "place", "code")]
        yield from found.sort_by(keys).to_batches()


def _tables(folder: Path, entries: Sequence[Mapping[str, Any]]) -> list[pa.Table]:
    return [pq.read_table(folder / entry["faults"]["file"]) for entry in entries if entry["faults"] is not None]
