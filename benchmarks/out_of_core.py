"""Score more rows than memory holds, beside the run in memory: time a row, peak memory, and the same hash.

``python benchmarks/out_of_core.py --rows 1000000 10000000 100000000``. Rows are drawn and written before, in pieces,
as one Parquet file outside the repository; each run is a process of its own, so that its peak is its own. The run in
memory is left out above ``--memory-max`` rows. The program fails if the hash of the two runs differs, or if the run out
of core held more than ``--limit``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import evidence_rows
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from peak import peak_mib
from results import Line, add_option, keep, said_of_hashes

ROOT = Path(__file__).parents[1]
HASHED = (
    "subject_id", "lens", "score", "lower", "upper", "band", "band_low", "band_high", "bars_met", "log_odds",
    "factual_score", "score_uncapped", "completeness", "most_useful_gap", "n_records", "n_origins", "n_agencies",
    "police_share", "effective_agencies", "leading_agency", "flags",
)  # fmt: skip
MIB = 1 << 20


def digest(batches: Iterable[pa.RecordBatch]) -> str:
    """Return the SHA-256 of scores in order, every published column, floats by their bits; batches play no part."""
    found = hashlib.sha256()
    for batch in batches:
        columns = [batch.column(name) for name in HASHED]
        lines = zip(*(_texts(column) for column in columns), strict=True)
        found.update("".join("\t".join(line) + "\n" for line in lines).encode())
    return found.hexdigest()


def _texts(column: pa.Array) -> list[str]:
    if pa.types.is_floating(column.type):
        return column.fill_null(np.nan).to_numpy(zero_copy_only=False).view(np.uint64).astype(str).tolist()
    return [";".join(value) if isinstance(value, list) else str(value) for value in column.to_pylist()]


def in_memory(source: Path, out: Path) -> dict[str, Any]:
    """Read, assess and write the scores of one file."""
    import riskshare as rs
    from riskshare.io.writing import marked_table

    agreed = rs.load_partnership(ROOT / "thresholds")
    start, processor = time.perf_counter(), time.process_time()
    evidence = rs.read_evidence(source, agreed)
    read = time.perf_counter()
    scores = rs.assess(evidence, agreed, as_of=evidence_rows.AS_OF, trial=True).scores
    out.mkdir()
    pq.write_table(marked_table(scores, {}), out / "scores.parquet")
    end = time.perf_counter()
    stages = {"Reading": read - start, "Scoring": end - read}
    return {"seconds": end - start, "cpu": time.process_time() - processor, "stages": stages}


def out_of_core(source: Path, out: Path, *, limit: str, threads: int) -> dict[str, Any]:
    """Score one file through DuckDB."""
    import riskshare as rs
    from riskshare.engines.duckdb_run import assess_out_of_core

    agreed = rs.load_partnership(ROOT / "thresholds")
    begun: list[tuple[str, float]] = []

    def told(stage: str, done: int, total: int) -> None:
        if not begun or begun[-1][0] != stage:
            begun.append((stage, time.perf_counter()))
            print(f"  {stage} ({total:,}); peak so far {peak_mib():,.0f} MiB", file=sys.stderr, flush=True)
        elif stage == "Scoring" and done // 10_000_000 > (done - 200_000) // 10_000_000:
            print(f"  {done:,} of {total:,}; peak so far {peak_mib():,.0f} MiB", file=sys.stderr, flush=True)

    start, processor = time.perf_counter(), time.process_time()
    assess_out_of_core(
        source, agreed, as_of=evidence_rows.AS_OF, out=out, trial=True, memory_limit=limit, threads=threads,
        progress=told,
    )  # fmt: skip
    end = time.perf_counter()
    ends = [*(moment for _, moment in begun[1:]), end]
    stages = {name: after - moment for (name, moment), after in zip(begun, ends, strict=True)}
    return {"seconds": end - start, "cpu": time.process_time() - processor, "stages": stages}


def _run(options: argparse.Namespace) -> dict[str, Any]:
    """One measurement: what this process was started for."""
    source, out = options.folder / "rows.parquet", options.folder / options.stage
    if options.stage == "make":
        evidence_rows.write_parquet(source, options.rows[0])
        return {"bytes": source.stat().st_size}
    if options.stage == "memory":
        line = in_memory(source, out)
        scores = out / "scores.parquet"
    else:
        line = out_of_core(source, out, limit=options.limit, threads=options.threads)
        scores = out / "scores.internal.parquet"
    line["peak_mib"] = peak_mib()
    line["scores"] = str(scores)
    return line


def _child(stage: str, folder: Path, rows: int, options: argparse.Namespace) -> dict[str, Any]:
    arguments = ["--stage", stage, "--folder", str(folder), "--rows", str(rows), "--limit", options.limit,
        "--threads", str(options.threads)]  # fmt: skip
    done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def compare(n_rows: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure both engines at one size and compare what they give; print a line for each."""
    lines = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        _child("make", folder, n_rows, options)
        for stage in ("memory", "duckdb"):
            if stage == "memory" and n_rows > options.memory_max:
                continue
            line = {"engine": stage, "rows": n_rows, **_child(stage, folder, n_rows, options)}
            if n_rows <= options.memory_max:  # what is hashed is made text, which takes longer than to score it
                line["hash"] = digest(ds.dataset(line["scores"]).to_batches())
            lines.append(line)
            _tell(line)
        shutil.rmtree(folder / "duckdb")
    return lines


def _tell(line: dict[str, Any]) -> None:
    stages = ", ".join(f"{name.lower()} {seconds:,.0f}" for name, seconds in line["stages"].items())
    micro = 1e6 / line["rows"]
    print(
        f"{line['rows']:>13,}  {line['engine']:<8}{line['seconds']:>10,.1f}{line['seconds'] * micro:>10.1f}"
        f"{line['cpu'] * micro:>10.1f}{line['peak_mib']:>11,.0f}   {stages}   {line.get('hash', '')[:16]}",
        flush=True,
    )


def _result(line: dict[str, Any], lines: list[dict[str, Any]], limit: str) -> Line:
    who = "riskshare in memory" if line["engine"] == "memory" else f"riskshare out of core, at most {limit}"
    equal = said_of_hashes(line, lines)
    part = "Files in, scores on the disk"
    return Line(part, line["rows"], "rows", who, "ours", line["seconds"], line["cpu"], line["peak_mib"], equal)


def _ratios(lines: list[dict[str, Any]]) -> None:
    """Print the time a row of each run as a ratio to the largest run in memory."""
    base = [line for line in lines if line["engine"] == "memory"]
    if not base:
        return
    whole = base[-1]
    for line in lines:
        if line["engine"] == "duckdb":
            wall, cpu = (line[k] / line["rows"] / (whole[k] / whole["rows"]) for k in ("seconds", "cpu"))
            print(
                f"{line['rows']:>13,}  a row takes {wall:.2f} of the {whole['rows']:,} in memory (processor {cpu:.2f})"
            )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 where results differ or memory was exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--memory-max", type=int, default=1_000_000, help="largest size that is also run in memory")
    parser.add_argument("--limit", default="2GiB", help="what the run out of core may hold")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=None, help="where rows and results stand meanwhile")
    parser.add_argument("--json", type=Path, default=None, help="also write every figure to this file")
    add_option(parser)
    parser.add_argument("--stage", choices=("make", "memory", "duckdb"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.stage:
        print(json.dumps(_run(options)))
        return 0
    from riskshare.engines.limits import as_bytes

    print(f"{'rows':>13}  {'engine':<8}{'seconds':>10}{'µs/row':>10}{'cpu µs':>10}{'peak MiB':>11}   stages, s   hash")
    lines = [line for n in options.rows for line in compare(n, options)]
    _ratios(lines)
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1))
    keep(options.results, [_result(line, lines, options.limit) for line in lines])
    by_size: dict[int, set[str]] = {}
    for line in lines:
        by_size.setdefault(line["rows"], set()).update([line["hash"]] if "hash" in line else [])
    differ = any(len(found) > 1 for found in by_size.values())
    limit = as_bytes(options.limit) / MIB
    above = [line for line in lines if line["engine"] == "duckdb" and line["peak_mib"] > limit]
    return int(differ or bool(above))


if __name__ == "__main__":
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    raise SystemExit(main())
