"""Time the links of ten agencies with their bootstrap beside a plain NumPy loop: ``python benchmarks/linking.py``.

All 45 pairs, both directions, 500 bootstrap replicates, 5,000 shared cases. The loop is what a competent user would
write: for each pair and replicate draw people, count scores, presmooth each margin by log-linear Poisson regression
with the degree by BIC, and read off the equipercentile equivalents. Both use the same draws, and every interval is
compared: the program fails if one differs. The loop is timed on a few replicates and scaled, unless ``--whole``.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from peak import peak_mib
from results import Line, add_option, said, tell, timed

from riskshare.records.scale import Band, Scale
from riskshare.scales.grid import grid_of
from riskshare.scales.population import population_links_both
from riskshare.scales.uncertainty import equivalents, resampled, sample_of, smoothed

TOPS = (20, 24, 24, 40, 40, 64, 20, 30, 50, 64)
TOLERANCE_STEPS = 1e-4
MAX_DEGREE = 6


def make(cases: int, agencies: int, seed: int = 1) -> tuple[list[Scale], np.ndarray]:
    """Return scales and everybody's scores, shape (agencies, cases)."""
    rng = np.random.default_rng(seed)
    severe = rng.normal(size=cases)
    scales, scores = [], []
    for k, top in enumerate(TOPS[:agencies]):
        bands = (Band(name="below", starts=0.0), Band(name="high", starts=float(round(0.6 * top)), pins="high"))
        scales.append(
            Scale(
                id=f"agency{k}.score", name="A count", owner="x", kind="count", lo=0.0, hi=float(top),
                direction="risk", source="made up", year="undated", mark="local", bands=bands,
            )
        )  # fmt: skip
        judged = 0.45 + 0.02 * k + 0.18 * (severe + 0.5 * rng.normal(size=cases))
        scores.append(np.clip(np.round(top * judged), 0, top))
    return scales, np.array(scores)


def ours(scales: list[Scale], scores: np.ndarray, replicates: int) -> int:
    """Make every link of every pair, and return how many links there are."""
    links = 0
    pairs = list(combinations(range(len(scales)), 2))
    for done, (i, j) in enumerate(pairs, start=1):
        links += len(population_links_both(scales[i], scales[j], scores[i], scores[j], replicates=replicates))
        if sys.stderr.isatty():
            print(f"\r{done} of {len(pairs)} pairs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return links


def loop_curve(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the equivalent on y of every edge of x's cells, in one sample: the obvious way."""
    f, g = (np.concatenate([[0.0], np.cumsum(a) / a.sum()]) for a in (x, y))
    return np.interp(f, g, np.arange(len(g)) - 0.5)


def loop_smooth(counts: np.ndarray) -> np.ndarray:
    """Return log-linear counts of the degree that BIC picks, by Newton's method; score 0 has a term of its own."""
    k = np.arange(len(counts), dtype=float)
    z = (k - k.mean()) / k.std()
    best, least = counts, np.inf
    for degree in range(1, MAX_DEGREE + 1):
        design = np.column_stack([np.polynomial.legendre.legvander(z / np.abs(z).max(), degree), k == 0])
        beta = np.linalg.lstsq(design, np.log(counts + 0.5), rcond=None)[0]
        for _ in range(60):
            fitted = np.exp(design @ beta)
            step = np.linalg.solve((design.T * fitted) @ design, design.T @ (counts - fitted))
            beta += step
            if np.abs(step).max() < 1e-11:
                break
        fitted = np.exp(design @ beta)
        seen = counts > 0
        bic = 2.0 * np.sum(counts[seen] * np.log(counts[seen] / fitted[seen])) + degree * np.log(counts.sum())
        if bic < least - 1e-9 * (1.0 + abs(bic)):
            best, least = fitted, bic
    return best + 1e-9 * best.sum()


def loop(x: np.ndarray, y: np.ndarray, counts: list[np.ndarray]) -> list[np.ndarray]:
    """Return the curve of each replicate of one pair, made one by one."""
    curves, rng = [], np.random.default_rng(1)
    for row_x, row_y in zip(*counts, strict=True):
        # The loop pays for its own draw, then uses ours, so that outputs can be compared one by one.
        drawn = rng.integers(0, len(x), len(x))
        np.bincount(x[drawn].astype(int), minlength=row_x.size)
        np.bincount(y[drawn].astype(int), minlength=row_y.size)
        smooth_x, smooth_y = loop_smooth(row_x), loop_smooth(row_y)
        curves.append(loop_curve(smooth_x, smooth_y))
        loop_curve(smooth_y, smooth_x)
    return curves


def compare(scales: list[Scale], scores: np.ndarray, replicates: int) -> tuple[list[float], float]:
    """Return the loop's seconds for a pair's replicates, and the largest difference from ours, in steps."""
    grids = [grid_of(scale, values) for scale, values in zip(scales[:2], scores[:2], strict=True)]
    x, y = scores[0], scores[1]
    sample = sample_of(grids[0], grids[1], x, y, np.ones(len(x)), np.arange(len(x)))
    blocks = list(resampled(sample, replicates, 0))
    counts_x, counts_y = (np.concatenate([block[k] for block in blocks]) for k in (0, 1))
    fast = equivalents(smoothed(counts_x, grids[0])[0], smoothed(counts_y, grids[1])[0])[:, ::2]
    slow, *took = timed(lambda: loop(x, y, [counts_x, counts_y]))
    # Where less than one case in ten thousand lies beyond, the curve is upright and its place is anybody's.
    share = np.cumsum(counts_x, axis=1)[:, :-1] / counts_x.sum(axis=1, keepdims=True)
    firm = (share > 0.002) & (share < 0.998)
    return took, float(np.abs(np.array(slow)[:, 1:-1] - fast[:, 1:-1])[firm].max())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agencies", type=int, default=10)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--loop-replicates", type=int, default=40)
    parser.add_argument("--whole", action="store_true", help="run the loop for every replicate of one pair")
    parser.add_argument("--json", type=Path)
    add_option(parser)
    chosen = parser.parse_args(arguments)
    scales, scores = make(chosen.cases, chosen.agencies)
    links, *took = timed(lambda: ours(scales, scores, chosen.replicates))
    peak = peak_mib()
    looped = chosen.replicates if chosen.whole else min(chosen.loop_replicates, chosen.replicates)
    slow, differ = compare(scales, scores, looped)
    whole = [seconds * chosen.replicates / looped * (links // 2) for seconds in slow]
    report = {
        "agencies": chosen.agencies, "cases": chosen.cases, "replicates": chosen.replicates, "links": links,
        "seconds": took[0], "loop_seconds": whole[0], "loop_replicates_run": looped, "ratio": whole[0] / took[0],
        "largest_difference_steps": differ, "peak_mib": peak,
    }  # fmt: skip
    part = f"Links of {chosen.agencies} agencies, {chosen.replicates} bootstrap replicates"
    near = said(differ <= TOLERANCE_STEPS, f"curves within {differ:.0e} steps")
    told = f"{near}; scaled from {looped} replicates of one pair"
    print(f"{links} links, {chosen.replicates} replicates, {chosen.cases:,} cases, {peak:,.0f} MiB peak")
    tell(
        chosen.results,
        [
            Line(part, chosen.cases, "cases", "population_links_both", "ours", *took, peak),
            Line(part, chosen.cases, "cases", "a plain NumPy loop", "peer", *whole, equal=told),
        ],
    )
    print(f"largest difference between the two curves: {differ:.1e} steps")
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0 if differ <= TOLERANCE_STEPS else 1


if __name__ == "__main__":
    raise SystemExit(main())
