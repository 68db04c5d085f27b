"""A session on a cluster: begun and ended, jobs with progress, and failures in words without a value."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from riskshare.errors import (
    DiskFullError,
    EngineError,
    EvidenceFileError,
    MemoryLimitError,
    MissingExtraError,
    RiskshareError,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_KINDS: Final = {kind.__name__: kind for kind in (DiskFullError, MemoryLimitError)}
_LOOK_S: Final = 0.5
_STOPPED: Final = "The cluster did not finish its work"
_STOPPED_HINT: Final = (
    "What was finished stands: go on with resume=True once the cluster is well. The logs of its workers say more; "
    "riskshare writes no person's value into them."
)
_UNREACHED: Final = "No cluster could be reached"
_UNREACHED_HINT: Final = (
    "Look whether Java 17 is here, whether its master runs at that address, and whether its workers start."
)


def need_spark() -> None:
    """Raise ``MissingExtraError`` where PySpark is not installed."""
    try:
        import pyspark  # noqa: F401 - only whether it is there
    except ImportError:
        extra, what = "spark", "Scoring on a cluster"
        raise MissingExtraError(extra, what) from None


@contextmanager
def session(master: str) -> Iterator[SparkSession]:
    """Give a session on a cluster, and end it.

    Parameters
    ----------
    master : str
        Such as ``spark://host:7077`` or ``local[2]``.

    Raises
    ------
    MissingExtraError
        PySpark (extra ``spark``) is not installed.
    EngineError
        Java is missing or the cluster cannot be reached.

    Notes
    -----
    What else a cluster needs (memory of executors, encryption) stands in its ``spark-defaults.conf``. Workers run the
    Python that ``PYSPARK_PYTHON`` names, or that of this process at the same path.
    """
    need_spark()
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    asked = SparkSession.builder.master(master).appName("riskshare")
    for name in ("spark.ui.enabled", "spark.ui.showConsoleProgress"):  # neither a port nor a bar that nobody asked for
        asked = asked.config(name, "false")
    with _without_pandas(), in_our_words(_UNREACHED, _UNREACHED_HINT):
        spark = asked.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    try:
        yield spark
    finally:
        spark.stop()


def through(frame: DataFrame, work: Callable[[Iterator[Any]], Iterator[Any]], schema: str) -> DataFrame:
    """Return what a function over Arrow batches makes of a frame."""
    with _without_pandas():
        return frame.mapInArrow(work, schema)


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Leave out what PySpark says of pandas 3: rows go to workers as Arrow, and no frame of pandas goes to Spark."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


@contextmanager
def in_our_words(what: str = _STOPPED, hint: str = _STOPPED_HINT) -> Iterator[None]:
    """Turn what Spark and Java raise into an error without their words: those may hold a cell.

    Raises
    ------
    EngineError
    """
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as fault:
        said = f"{what} ({type(fault).__name__})."
        raise EngineError(said, hint) from None


def answers(frame: DataFrame, progress: Callable[[int, int], None]) -> list[dict[str, Any]]:
    """Run the tasks behind a frame of answers (``spark_tasks.ANSWER``) and return them, in the order of partitions.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
    progress : callable
        Called with tasks done and tasks in all, of the part of the work that is under way.

    Raises
    ------
    EvidenceFileError, DiskFullError, MemoryLimitError, EngineError
        The first task that could not do its work says why; or the cluster failed.
    """
    with ThreadPoolExecutor(1) as pool, in_our_words():
        told: Future[list[Any]] = pool.submit(frame.collect)
        try:
            _watch(told, frame.sparkSession, progress)
        finally:
            if not told.done():  # interrupted: nobody waits for the tasks any longer
                frame.sparkSession.sparkContext.cancelAllJobs()
        lines: list[dict[str, Any]] = [json.loads(row[0]) for row in told.result()]
    for line in lines:
        if "fault" in line:
            raise _rebuilt(line["fault"])
    return lines


def _watch(told: Future[list[Any]], spark: SparkSession, progress: Callable[[int, int], None]) -> None:
    tracker = spark.sparkContext.statusTracker()
    while not wait([told], timeout=_LOOK_S).done:
        for stage in list(tracker.getActiveStageIds())[:1]:
            seen = tracker.getStageInfo(stage)
            if seen is not None:
                progress(seen.numCompletedTasks, seen.numTasks)


def _rebuilt(told: dict[str, Any]) -> RiskshareError:
    """Return the error that a task told of."""
    if told["kind"] == "EvidenceFileError":
        return EvidenceFileError(
            told["code"], told["hint"], source=told["source"], column=told["column"], row=told["row"]
        )
    return _KINDS.get(told["kind"], EngineError)(told["what"], told["hint"])
