"""Score many rows on a cluster of two workers, whole and with one of them killed half-way: the same hash as memory.

``python benchmarks/spark.py --rows 1000000 10000000``. The cluster is real: a master and two workers of one core, each
a process with an executor of its own (``local_cluster.py``). What it takes to begin is told apart from the work. The
run in memory is a process of its own beside it; it is left out above ``--memory-max`` rows. The program fails if a hash
differs, or if no worker was killed in the middle.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import evidence_rows
import local_cluster
import out_of_core
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from results import Line, add_option, keep, said_of_hashes

ROOT = Path(__file__).parents[1]
PART = "Files in, scores on the disk, on a cluster"
MIB = 1 << 20


def digest(path: Path) -> str:
    """Return the SHA-256 of all scores in order, as one Parquet file of one chunk: parts play no part."""
    from riskshare.engines.blocks import SCHEMAS

    schema = SCHEMAS["scores"]
    wanted = pa.schema([schema.field(name) for name in out_of_core.HASHED])
    table = ds.dataset(path).to_table(columns=wanted.names).replace_schema_metadata(None)
    sink = pa.BufferOutputStream()
    pq.write_table(table.cast(wanted).combine_chunks(), sink)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def processes(cluster: local_cluster.Cluster) -> Iterator[list[str]]:
    """Yield what the system says of every process of the workers: their executors, and the Python of those."""
    sessions = {worker.pid for worker in cluster.workers}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = path.parent.name, path.read_text().rpartition(")")[2].split()
        except OSError:  # it ended while we looked
            continue
        if int(rest[3]) in sessions:
            yield [pid, *rest]


def processor_s(cluster: local_cluster.Cluster) -> float:
    """Return the processor time of all workers so far, with that of processes they have waited for."""
    ticks = sum(sum(int(count) for count in line[12:16]) for line in processes(cluster))
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mib(cluster: local_cluster.Cluster) -> float:
    """Return the peak memory of each process of all workers, added up."""
    total = 0.0
    for line in processes(cluster):
        for text in (Path("/proc") / line[0] / "status").read_text().splitlines():
            if text.startswith("VmHWM"):
                total += int(text.split()[1]) / 1024
    return total


class Watch:
    """Times stages; kills a worker when half of the ranges are scored, where asked to."""

    def __init__(self, cluster: local_cluster.Cluster, ranges: int, *, kill: bool) -> None:
        self.cluster, self.ranges, self.kill, self.killed = cluster, ranges, kill, (0, 0)
        self.begun: list[tuple[str, float]] = []

    def __call__(self, stage: str, done: int, total: int) -> None:
        if not self.begun or self.begun[-1][0] != stage:
            self.begun.append((stage, time.perf_counter()))
            print(f"  {stage}", file=sys.stderr, flush=True)
        # Before ranges are scored, rows are counted and sent, by other numbers of tasks.
        scoring = stage == "Scoring" and total == self.ranges
        if self.kill and scoring and not self.killed[0] and total // 2 <= done < total:
            self.killed = (done, total)
            self.cluster.kill_worker(1)
            print(f"  worker killed after {done} of {total} ranges", file=sys.stderr, flush=True)

    def stages(self, end: float) -> dict[str, float]:
        ends = [*(moment for _, moment in self.begun[1:]), end]
        return {name: after - moment for (name, moment), after in zip(self.begun, ends, strict=True)}


@contextmanager
def begun(folder: Path, told: dict[str, float]) -> Iterator[tuple[local_cluster.Cluster, Any]]:
    """Give a cluster and a session on it, with the seconds that each took to begin."""
    from riskshare.engines.spark_session import session

    start = time.perf_counter()
    with local_cluster.cluster(folder) as cluster:
        told["cluster"] = time.perf_counter() - start
        start = time.perf_counter()
        with session(cluster.master) as spark:
            told["session"] = time.perf_counter() - start
            yield cluster, spark


def on_cluster(source: Path, folder: Path, n_rows: int, *, kill: bool) -> dict[str, Any]:
    """Score one file on a cluster of its own."""
    import riskshare as rs
    from riskshare.engines.spark_run import assess_on_cluster

    agreed = rs.load_partnership(ROOT / "thresholds")
    told: dict[str, float] = {}
    with begun(folder / "cluster", told) as (cluster, spark):
        ranges = max(8, -(-n_rows // 500_000))
        watch, before = Watch(cluster, ranges, kill=kill), processor_s(cluster)
        start = time.perf_counter()
        assess_on_cluster(
            source, agreed, spark=spark, as_of=evidence_rows.AS_OF, out=folder / "out", trial=True, progress=watch,
            ranges=ranges,
        )  # fmt: skip
        end = time.perf_counter()
        cpu = None if kill else processor_s(cluster) - before  # nobody knows what a killed worker had used
        peak = resident_mib(cluster)
    if kill and not watch.killed[0]:
        raise SystemExit("no worker was killed in the middle")  # noqa: EM101
    line = {"seconds": end - start, "cpu": cpu, "peak_mib": peak, "stages": watch.stages(end), "begin": told}
    line["hash"] = digest(folder / "out" / "scores.internal.parquet")
    shutil.rmtree(folder)
    return line


def compare(n_rows: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure the cluster whole, with a worker lost, and the run in memory; print a line for each."""
    lines = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        source = evidence_rows.write_parquet(folder / "rows.parquet", n_rows)
        for who, kill in (("spark", False), ("spark, one worker killed", True)):
            (folder / "run").mkdir()
            lines.append({"who": who, "rows": n_rows, **on_cluster(source, folder / "run", n_rows, kill=kill)})
            _tell(lines[-1])
        if n_rows <= options.memory_max:
            asked = argparse.Namespace(limit="2GiB", threads=2)
            line = out_of_core._child("memory", folder, n_rows, asked)
            lines.append({"who": "memory", "rows": n_rows, **line, "hash": digest(Path(line["scores"]))})
            _tell(lines[-1])
    return lines


def _tell(line: dict[str, Any]) -> None:
    stages = ", ".join(f"{name.lower()} {seconds:,.0f}" for name, seconds in line["stages"].items())
    begin = ", ".join(f"{name} {seconds:,.0f}" for name, seconds in line.get("begin", {}).items())
    cpu = "" if line["cpu"] is None else f"{line['cpu']:,.0f}"
    print(
        f"{line['rows']:>13,}  {line['who']:<26}{line['seconds']:>9,.1f}{line['rows'] / line['seconds']:>11,.0f}"
        f"{cpu:>8}{line['peak_mib']:>10,.0f}   {stages}; to begin: {begin or 'nothing'}   {line['hash'][:16]}",
        flush=True,
    )


def _result(line: dict[str, Any], lines: list[dict[str, Any]]) -> Line:
    who = "riskshare in memory" if line["who"] == "memory" else f"riskshare on {line['who']}, two workers of one core"
    return Line(
        PART,
        line["rows"],
        "rows",
        who,
        "ours",
        line["seconds"],
        line["cpu"],
        line["peak_mib"],
        said_of_hashes(line, lines),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 where hashes differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--memory-max", type=int, default=10_000_000, help="largest size that is also run in memory")
    parser.add_argument("--folder", type=Path, default=None, help="where rows and results stand meanwhile")
    add_option(parser)
    options = parser.parse_args(arguments)
    if why := local_cluster.missing():
        print(f"{why}: nothing was measured")
        return 1
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    print(f"{'rows':>13}  {'engine':<26}{'seconds':>9}{'rows/s':>11}{'cpu s':>8}{'peak MiB':>10}   stages, s   hash")
    lines = [line for n in options.rows for line in compare(n, options)]
    keep(options.results, [_result(line, lines) for line in lines])
    return int(any(len({line["hash"] for line in lines if line["rows"] == n}) > 1 for n in options.rows))


if __name__ == "__main__":
    raise SystemExit(main())
