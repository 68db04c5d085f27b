"""Time Gi* on grids beside esda on its Graph form: ``python benchmarks/local_statistics.py --cells 1000000``.

Each measurement runs in a process of its own, so that peak memory is its own. esda's time is given twice: the statistic
on a Graph that stands already, and with the making of the Graph, without which it cannot start. The program fails if z
differs anywhere. Importing is not timed; where esda needs more memory than ``--esda-max`` cells allow, its line says so
and no ratio is made up.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from results import Line, add_option, keep

TOLERANCE = 1e-8
STAGES = ("riskshare_compiled", "riskshare", "riskshare_masked", "riskshare_round", "riskshare_sparse", "esda")
LABELS = {
    "riskshare": "gi_star_grid, 3 × 3",
    "riskshare_compiled": "gi_star_grid, 3 × 3, compiled",
    "riskshare_masked": "gi_star_grid, 3 × 3, 30 % masked",
    "riskshare_round": "gi_star_grid, round, 5 cells",
    "riskshare_sparse": "gi_star, sparse 3 × 3",
    "esda": "esda G_Local, Graph 3 × 3",
    "esda_whole": "esda with its Graph made",
}
APART = {"riskshare_masked": ", 30 % masked", "riskshare_round": ", round windows of 5 cells"}
"""Stages that answer a question of their own, and what it adds to the name of the part."""


def draw(n_cells: int) -> np.ndarray:
    """Return whole counts on a square grid, one event in two cells."""
    side = round(n_cells**0.5)
    return np.random.default_rng(1).poisson(0.5, (side, side)).astype(np.float64)


def neighbours(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (cell, neighbour) for every pair at most one row and column apart, the cell itself included, in order."""
    number = np.arange(side * side).reshape(side, side)
    pairs = []
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            here = number[max(0, -dy) : side - max(0, dy), max(0, -dx) : side - max(0, dx)]
            there = number[max(0, dy) : side - max(0, -dy), max(0, dx) : side - max(0, -dx)]
            pairs.append(np.stack((here.ravel(), there.ravel())))
    cell, near = np.concatenate(pairs, axis=1)
    order = np.lexsort((near, cell))
    return cell[order], near[order]


def _ours(stage: str, x: np.ndarray) -> Callable[[], np.ndarray]:
    from scipy import sparse

    from riskshare.kernels.local_statistics import gi_star, gi_star_grid

    if stage == "riskshare_sparse":
        cell, near = neighbours(len(x))
        weights = sparse.csr_array((np.ones(cell.size), (cell, near)), shape=(x.size, x.size))
        return lambda: gi_star(x.ravel(), weights).reshape(x.shape)
    mask = np.ones(x.shape, dtype=np.bool_)
    if stage == "riskshare_masked":
        mask = np.random.default_rng(2).random(x.shape) < 0.7
    if stage == "riskshare_round":
        return lambda: gi_star_grid(x, mask, 5, "round")
    return lambda: gi_star_grid(x, mask, 1, compiled=stage == "riskshare_compiled")


def _times(work: Callable[[], np.ndarray], repeats: int) -> tuple[float, float, np.ndarray]:
    """Return the median of wall and of processor seconds, and the last answer; the first run is a warm-up."""
    wall, processor = [], []
    answer = work()
    for _ in range(repeats):
        start, start_processor = time.perf_counter(), time.process_time()
        answer = work()
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - start_processor)
    return statistics.median(wall), statistics.median(processor), answer


def measure(stage: str, n_cells: int, repeats: int, folder: Path) -> list[dict[str, Any]]:
    """Return one line a figure, and save z."""
    x = draw(n_cells)
    making: tuple[float, float] = (0.0, 0.0)
    if stage == "esda":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from esda.getisord import G_Local
            from libpysal.graph import Graph

        cell, near = neighbours(len(x))
        ones = np.ones(cell.size, dtype=np.int64)
        start, start_processor = time.perf_counter(), time.process_time()
        graph = Graph.from_arrays(cell, near, ones)
        making = (time.perf_counter() - start, time.process_time() - start_processor)
        repeats = min(repeats, 3)

        def work() -> np.ndarray:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return G_Local(x.ravel(), graph, transform="B", permutations=0, star=True).Zs.reshape(x.shape)
    else:
        work = _ours(stage, x)
    seconds, processor, z = _times(work, repeats)
    np.save(folder / f"z.{stage}.npy", z)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    line = {"stage": stage, "cells": x.size, "seconds": seconds, "processor_seconds": processor, "peak_mib": peak}
    if stage != "esda":
        return [line]
    whole = {"seconds": seconds + making[0], "processor_seconds": processor + making[1]}
    return [line, line | whole | {"stage": "esda_whole"}]


def run(n_cells: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure every stage at one size, each in its own process, and compare esda's z with ours."""
    lines: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        for stage in options.only:
            if stage == "esda" and n_cells > options.esda_max:
                print(f"{n_cells:>11,}  {LABELS['esda']:<34} not run: over --esda-max", flush=True)
                continue
            command = [sys.executable, __file__, "--stage", stage, "--cells", str(n_cells), "--folder", name]
            done = subprocess.run(
                [*command, "--repeats", str(options.repeats)], capture_output=True, text=True, check=True
            )
            for line in json.loads(done.stdout):
                lines.append(line)
                _print_line(line, lines[0])
        files = [
            Path(name) / f"z.{stage}.npy" for stage in ("riskshare", "riskshare_compiled", "riskshare_sparse", "esda")
        ]
        found = [np.load(file) for file in files if file.exists()]
        lines[0]["greatest_difference"] = max((float(np.abs(z - found[0]).max()) for z in found[1:]), default=0.0)
    return lines


def _print_line(line: dict[str, Any], base: dict[str, Any]) -> None:
    ratio, ratio_cpu = (line[unit] / base[unit] for unit in ("seconds", "processor_seconds"))
    print(
        f"{line['cells']:>11,}  {LABELS[line['stage']]:<34}{line['seconds'] * 1e3:>10.1f} {ratio:>8.1f}"
        f"{line['processor_seconds'] * 1e3:>10.1f} {ratio_cpu:>8.1f}{line['peak_mib']:>10,.0f}",
        flush=True,
    )


def _result(line: dict[str, Any], lines: list[dict[str, Any]]) -> Line:
    stage = line["stage"]
    apart = max(other.get("greatest_difference", 0.0) for other in lines if other["cells"] == line["cells"])
    compared = stage not in APART and stage != lines[0]["stage"]
    return Line(
        f"Gi* on a grid{APART.get(stage, '')}", line["cells"], "cells", LABELS[stage],
        "peer" if stage.startswith("esda") else "ours", line["seconds"], line["processor_seconds"], line["peak_mib"],
        f"every z within {apart:.0e}" if compared else "",
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark, or one measurement of it; 1 where z differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--esda-max", type=int, default=1_000_000, help="largest grid given to esda")
    parser.add_argument("--repeats", type=int, default=9, help="runs to take the median of")
    parser.add_argument("--only", choices=STAGES, nargs="+", default=STAGES, help="which lines to measure")
    parser.add_argument("--json", type=Path, default=None, help="also write every figure to this file")
    add_option(parser)
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.stage:
        print(json.dumps(measure(options.stage, options.cells[0], options.repeats, options.folder)))
        return 0
    columns = f"{'ms':>10} {'ratio':>8}{'cpu ms':>10} {'ratio':>8}{'peak MiB':>10}"
    print(f"{'cells':>11}  {'median of runs, a process each':<34}{columns}")
    lines = [line for n_cells in options.cells for line in run(n_cells, options)]
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1))
    keep(options.results, [_result(line, lines) for line in lines])
    worst = max(line.get("greatest_difference", 0.0) for line in lines)
    print(f"greatest difference in z between the 3 × 3 forms: {worst:.0e}")
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
