"""Time the whole fusion on coded rows beside the same model in pandas, Polars and DuckDB SQL.

``python benchmarks/fusion.py --rows 1000000``. Each measurement runs in a process of its own, so that peak memory is
its own; data are drawn and saved beforehand, and loading them is not timed. All outputs are compared: the program fails
if one score differs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from results import Line, add_option, keep

MIB = 1 << 20
TOLERANCE_NATS = 1e-9
WARM_UP_ROWS = 2_000
THREADS = 2
STAGES = (
    "compiled", "compiled_1", "numpy", "score", "score_numpy", "pandas", "pandas_chunks", "polars", "duckdb", "floor",
)  # fmt: skip
LABELS = {
    "compiled": "riskshare, fusion",
    "compiled_1": "riskshare, fusion on one thread",
    "numpy": "riskshare, fusion without numba",
    "score": "riskshare, all score() gives",
    "score_numpy": "riskshare, all without numba",
    "pandas": "pandas, fusion",
    "pandas_chunks": "pandas, fusion in chunks",
    "polars": "Polars, fusion",
    "duckdb": "DuckDB SQL, fusion",
    "floor": "floor: np.argsort of a key, one read",
}
PEERS = ("pandas", "pandas_chunks", "polars", "duckdb")
Outputs = dict[str, np.ndarray]


# ------------------------------------------------------------------------------------------------ what is measured


def fuse_blocks(coded: Any) -> Outputs:
    """Return W⁺, W⁻, log-odds (int64 units of 2⁻⁴⁰ nat) and points of every unit: sections 2 to 7 of the model."""
    from riskshare.kernels.caps import cap
    from riskshare.kernels.origins import resolve
    from riskshare.kernels.points import whole_points
    from riskshare.kernels.scores import cap_classes, origin_agencies
    from riskshare.kernels.segments import from_units, to_units
    from riskshare.scoring.score import blocks

    policy, n_lenses = coded.policy, 2
    out = {name: np.zeros(coded.n_units, dtype=np.int64) for name in ("raising", "protective", "log_odds", "points")}
    for part in blocks(coded):
        n_units = part.n_subjects * n_lenses
        here = slice(part.first_subject * n_lenses, part.first_subject * n_lenses + n_units)
        origins = resolve(part.rows, part.edges, policy.cells)
        pair, agency, _ = origin_agencies(origins)
        classes = cap_classes(origins, pair, agency, policy)
        capped = cap(origins.pairs, origins.row, origins.twins, policy.rules, classes, n_units)
        log_odds = to_units(policy.base_rate)[part.unit_lens] + capped.raising - capped.base.protective
        out["raising"][here], out["protective"][here] = capped.raising, capped.base.protective
        out["log_odds"][here] = log_odds
        out["points"][here] = whole_points(from_units(log_odds), policy.anchors)
    return out


def fuse_compiled(coded: Any, *, threads: int) -> Outputs:
    """Return what ``fuse_blocks`` does from the compiled twin, ``threads`` blocks at a time."""
    from concurrent.futures import ThreadPoolExecutor

    from riskshare.kernels.compiled import total_units
    from riskshare.kernels.points import whole_points
    from riskshare.kernels.segments import from_units, to_units
    from riskshare.scoring.score import blocks

    policy, n_lenses = coded.policy, 2
    out = {name: np.zeros(coded.n_units, dtype=np.int64) for name in ("raising", "protective", "log_odds", "points")}

    def fuse(part: Any) -> None:
        n_units = part.n_subjects * n_lenses
        here = slice(part.first_subject * n_lenses, part.first_subject * n_lenses + n_units)
        totals = total_units(part.rows, part.edges, policy, n_units)
        log_odds = to_units(policy.base_rate)[part.unit_lens] + totals.raising - totals.protective
        out["raising"][here], out["protective"][here] = totals.raising, totals.protective
        out["log_odds"][here] = log_odds
        out["points"][here] = whole_points(from_units(log_odds), policy.anchors)

    if threads == 1:
        for part in blocks(coded):
            fuse(part)
        return out
    with ThreadPoolExecutor(threads) as pool:
        waiting = []
        for part in blocks(coded):
            waiting.append(pool.submit(fuse, part))
            if len(waiting) >= 2 * threads:
                waiting.pop(0).result()
        for done in waiting:
            done.result()
    return out


def score_everything(coded: Any, *, compiled: bool) -> Outputs:
    """Return log-odds and points with everything else scoring gives: interval, factual-only score, shares, counts."""
    from riskshare.scoring.score import score_all

    scores = score_all(coded, compiled=compiled, threads=THREADS).scores
    return {"log_odds": scores.log_odds, "points": scores.points}


def _floor(coded: Any) -> Outputs:
    """Order one int64 key a row, in no order, and read every array once: no fusion that sorts can be faster."""
    key = np.random.default_rng(0).permutation(coded.subject.size)
    order = np.argsort(key)
    read = [column.max(initial=0) for column in (*coded.rows, *coded.edges)]
    return {"read": np.array([len(read), int(order[0])])}


def _work(stage: str, folder: Path, chunk: int) -> tuple[Callable[[], Outputs], int]:
    """Return what to time, its input in memory, and the bytes of that input."""
    import data

    if stage.startswith("pandas"):
        return _pandas_work(folder, chunk if stage == "pandas_chunks" else 0)
    if stage in ("polars", "duckdb"):
        return _peer_work(stage, folder)
    coded = data.load(folder)
    run = {
        "compiled": partial(fuse_compiled, threads=THREADS), "compiled_1": partial(fuse_compiled, threads=1),
        "numpy": fuse_blocks, "score": partial(score_everything, compiled=True),
        "score_numpy": partial(score_everything, compiled=False), "floor": _floor,
    }[stage]  # fmt: skip
    run(data.make(WARM_UP_ROWS))  # importing libraries and compiling are not timed
    return partial(run, coded), data.size_bytes(coded)


def _peer_work(stage: str, folder: Path) -> tuple[Callable[[], Outputs], int]:
    import data

    coded, few = data.load(folder), data.make(WARM_UP_ROWS)
    if stage == "duckdb":
        import duckdb_fusion

        duckdb_fusion.fuse(*duckdb_fusion.tables(few, threads=THREADS, folder=folder))
        inputs = duckdb_fusion.tables(coded, threads=THREADS, folder=folder)
        # The tables live in the engine; the arrays they were made of need not.
        size = data.size_bytes(coded)
        del coded
        return lambda: {name: column.to_numpy() for name, column in duckdb_fusion.fuse(*inputs).items()}, size
    import polars_fusion

    polars_fusion.fuse(*polars_fusion.frames(few), few.policy, few.n_units)
    frames = polars_fusion.frames(coded)
    policy, n_units = coded.policy, coded.n_units
    del coded
    return partial(polars_fusion.fuse, *frames, policy, n_units), sum(int(f.estimated_size()) for f in frames)


def _pandas_work(folder: Path, chunk: int) -> tuple[Callable[[], Outputs], int]:
    import data
    import pandas_fusion

    coded = data.load(folder)
    rows, edges = pandas_fusion.frames(coded)
    inputs = (rows, edges, coded.policy, coded.n_units)
    few = data.make(WARM_UP_ROWS)
    pandas_fusion.fuse(*pandas_fusion.frames(few), few.policy, few.n_units)

    def fuse() -> Outputs:
        scores = (
            pandas_fusion.fuse_in_chunks(*inputs, chunk, data.ROWS_A_SUBJECT) if chunk else pandas_fusion.fuse(*inputs)
        )
        return {name: scores[name].to_numpy() for name in scores}

    return fuse, sum(int(frame.memory_usage(index=False).sum()) for frame in (rows, edges))


# --------------------------------------------------------------------------------------------- one process a measure


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if sys.platform == "darwin" else peak / 1024


def measure(stage: str, folder: Path, repeats: int, chunk: int) -> dict[str, Any]:
    """Return median wall and processor seconds, peak MiB before and after, and save the outputs."""
    work, size = _work(stage, folder, chunk)
    loaded = _peak_mib()
    wall, processor = [], []
    for _ in range(repeats):
        outputs = None  # the last run's must not stand beside the next run's
        start, start_processor = time.perf_counter(), time.process_time()
        outputs = work()
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - start_processor)
    for name, column in outputs.items():
        np.save(folder / f"out.{stage}.{name}.npy", column)
    return {
        "stage": stage, "seconds": statistics.median(wall), "best": min(wall),
        "processor_seconds": statistics.median(processor), "repeats": repeats,
        "input_mib": size / MIB, "loaded_mib": loaded, "peak_mib": _peak_mib(),
    }  # fmt: skip


def compare(folder: Path, stage: str, base: str) -> dict[str, Any]:
    """Return how many units differ in points from riskshare's, and the greatest difference in log-odds."""
    from riskshare.kernels.segments import UNIT

    def read(name: str, column: str) -> np.ndarray:
        values = np.load(folder / f"out.{name}.{column}.npy")
        return values if name in PEERS or column == "points" else values * UNIT

    apart = np.abs(read(base, "log_odds") - read(stage, "log_odds"))
    points = read(base, "points")
    return {
        "units": int(points.size),
        "points_differ": int((points != read(stage, "points")).sum()),
        "log_odds_differ": int((apart > TOLERANCE_NATS).sum()),
        "greatest_difference": float(apart.max(initial=0.0)),
    }


def _child(*arguments: str, seconds: float | None = None) -> dict[str, Any]:
    command = [sys.executable, __file__, *arguments]
    environment = {**os.environ, "POLARS_MAX_THREADS": str(THREADS)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds, env=environment)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"}
    return json.loads(done.stdout)


# --------------------------------------------------------------------------------------------------------- the report


def run(n_rows: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure every stage at one size; returns a line for each. The first is what the others are compared with."""
    lines: list[dict[str, Any]] = []
    stages = [s for s in STAGES if s in options.only and (s != "pandas" or n_rows <= options.pandas_max)]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        _child("--stage", "make", "--folder", folder, "--rows", str(n_rows))
        for stage in stages:
            repeats = max(1, min(options.repeats, options.repeats * 1_000_000 // n_rows))
            try:
                line = _child(
                    "--stage", stage, "--folder", folder, "--repeats", str(repeats), "--chunk", str(options.chunk),
                    seconds=options.limit,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                line = {"failed": f"over {options.limit:.0f} s"}
            line |= {"stage": stage, "rows": n_rows}
            if stage not in (stages[0], "floor") and "failed" not in line:
                line["equal"] = _child("--stage", "compare", "--folder", folder, "--with", stage, "--base", stages[0])
            lines.append(line)
            _print_line(line, lines)
    return lines


def _print_line(line: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    name = f"{line['rows']:>11,}  {LABELS[line['stage']]:<34}"
    if "failed" in line:
        print(f"{name}did not finish: {line['failed']}", flush=True)
        return
    base = next(other for other in lines if other["rows"] == line["rows"])
    for unit in ("seconds", "processor_seconds"):
        line[f"ratio_{unit}"] = line[unit] / base[unit] if unit in base else float("nan")
    text = (
        f"{name}{line['seconds']:>9.2f} {line['ratio_seconds']:>7.2f} {line['processor_seconds']:>9.2f} "
        f"{line['ratio_processor_seconds']:>7.2f} {line['rows'] / line['seconds']:>12,.0f} "
        f"{line['peak_mib']:>9,.0f} {line['input_mib']:>9,.0f}"
    )
    if "equal" in line:
        equal = line["equal"]
        text += (
            f"   {equal['points_differ']} of {equal['units']:,} differ, log-odds by {equal['greatest_difference']:.0e}"
        )
    print(text, flush=True)


def _result(line: dict[str, Any]) -> Line:
    kind = "floor" if line["stage"] == "floor" else "peer" if line["stage"] in PEERS else "ours"
    equal = line.get("equal")
    said = f"{equal['points_differ']} of {equal['units']:,} scores differ" if equal else ""
    return Line(
        "Fusion of evidence", line["rows"], "rows", LABELS[line["stage"]], kind, line["seconds"],
        line["processor_seconds"], line["peak_mib"], said,
    )  # fmt: skip


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--pandas-max", type=int, default=10_000_000, help="largest table given to pandas whole")
    parser.add_argument("--chunk", type=int, default=200_000, help="rows given to pandas at a time in the chunked run")
    parser.add_argument("--repeats", type=int, default=5, help="runs to take the median of, at a million rows")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which one measurement is given up")
    parser.add_argument("--only", choices=STAGES, nargs="+", default=STAGES, help="which lines to measure")
    parser.add_argument("--folder", type=Path, default=None, help="where to keep the drawn data meanwhile")
    parser.add_argument("--json", type=Path, default=None, help="also write every figure to this file")
    add_option(parser)
    parser.add_argument("--stage", choices=("make", "compare", *STAGES), help=argparse.SUPPRESS)
    parser.add_argument("--base", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--with", dest="other", choices=STAGES, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark, or one measurement of it; 1 where a score differs or nothing could be measured."""
    options = _parse(arguments)
    if options.stage == "make":
        import data

        data.save(data.make(options.rows[0]), options.folder)
        print("{}")
        return 0
    if options.stage == "compare":
        print(json.dumps(compare(options.folder, options.other, options.base)))
        return 0
    if options.stage:
        print(json.dumps(measure(options.stage, options.folder, options.repeats, options.chunk)))
        return 0
    print(
        f"{'rows':>11}  {'median of runs, a process each':<34}{'seconds':>9} {'ratio':>7} {'cpu s':>9} {'ratio':>7} "
        f"{'rows/s':>12} {'peak MiB':>9} {'input MiB':>9}   scores that differ from the first line's"
    )
    lines = [line for n in options.rows for line in run(n, options)]
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1))
    keep(options.results, [_result(line) for line in lines if "failed" not in line])
    equal = [line["equal"] for line in lines if "equal" in line]
    wrong = sum(e["points_differ"] + e["log_odds_differ"] for e in equal)
    return int(bool(wrong) or not equal)


if __name__ == "__main__":
    raise SystemExit(main())
