"""Links of simulated pairs of agencies against their known bars: coverage, and RMSE of every method beside identity.

``python tests/oracles/planted_study.py --pairs 1000`` prints the tables of ``docs/how-to/link-scales.md``.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

if __name__ == "__main__":  # pytest adds the tests folder itself
    sys.path.insert(0, str(Path(__file__).parents[1]))

import simulated_partnerships as simulated

from riskshare.errors import LinkRefusedError
from riskshare.records.links import Link
from riskshare.scales.population import population_link

SIZES = (30, 100, 400, 1500)
KINDS = (("count", "count"), ("count", "ordinal"), ("ordinal", "count"), ("ordinal", "ordinal"))
STRAIGHT = ("identity", "mean", "linear", "circle_arc", "composite")


class Line(NamedTuple):
    """One cut of one pair by one method; misses in per cent of the target's range."""

    pair: int
    kinds: tuple[str, str]
    n: int
    method: str
    used: str
    edge: str
    miss: float
    covered: bool
    sparse: bool
    width: float


def lines(
    pairs: int, *, sizes: tuple[int, ...] = SIZES, seed: int = 2026, replicates: int = 300, methods_for: int = 200
) -> Iterator[Line]:
    """Yield every cut of every pair at every size by the default, and of the first pairs by each method too."""
    for k in range(pairs):
        rng = np.random.default_rng([seed, k])
        kinds = KINDS[k % len(KINDS)]
        pair = simulated.pair(rng, kinds)
        for n in sizes:
            yield from _of_sample(k, pair, kinds, n, rng, replicates, k < methods_for)


def _of_sample(
    k: int,
    pair: simulated.Pair,
    kinds: tuple[str, str],
    n: int,
    rng: np.random.Generator,
    replicates: int,
    every_method: bool,
) -> Iterator[Line]:
    source, target = pair.source.scale("sim.source"), pair.target.scale("sim.target")
    low_x, low_y = (float(scale.lo or 0.0) for scale in (source, target))
    x, y, who = pair.cases(n, rng)
    cuts = np.array(pair.source.cuts) - 0.5
    truth = pair.truth(cuts)
    own = ("equipercentile",) if kinds == ("count", "count") else ("mid_percentile",)
    for method in (None, *STRAIGHT, *own)[: None if every_method else 1]:
        try:
            link = population_link(
                source, target, x + low_x, y + low_y, referrer=who, method=method,
                replicates=replicates if method is None else 2, seed=1,
            )  # fmt: skip
        except LinkRefusedError:
            continue
        yield from _of_link(k, link, kinds, n, method or "default", cuts + low_x, truth + low_y, pair.target.top)


def _of_link(
    k: int, link: Link, kinds: tuple[str, str], n: int, method: str, cuts: np.ndarray, truth: np.ndarray, top: int
) -> Iterator[Line]:
    found = link.equivalents(cuts)
    for i, edge in enumerate(("medium", "high")):
        miss = 100.0 * (found.estimate[i] - truth[i]) / top
        covered = bool(found.low[i] <= truth[i] <= found.high[i])
        width = 100.0 * (found.high[i] - found.low[i]) / top
        yield Line(k, kinds, n, method, link.method, edge, float(miss), covered, bool(found.sparse[i]), float(width))


def coverage_table(found: list[Line]) -> str:
    """Return coverage of the default's 95 % interval in Markdown: cuts that are no tail, and all cuts."""
    rows = ["| scales | n | cuts | covered | covered, tails too | tails | bias | mean width |", "|" + "---|" * 8]
    groups = [*KINDS, ("all", "")]
    for kinds in groups:
        for n in SIZES:
            mine = [r for r in found if r.method == "default" and r.n == n and kinds in (r.kinds, ("all", ""))]
            firm = [r for r in mine if not r.sparse]
            if firm:
                name = " → ".join(k for k in kinds if k)
                rows.append(
                    f"| {name} | {n:,} | {len(firm):,} | {share(firm):.1%} | {share(mine):.1%} | "
                    f"{1 - len(firm) / len(mine):.1%} | {np.mean([r.miss for r in firm]):+.2f} | "
                    f"{np.mean([r.width for r in firm]):.1f} |"
                )
    return "\n".join(rows)


def share(found: list[Line]) -> float:
    """Return the share of cuts whose interval holds the truth."""
    return float(np.mean([r.covered for r in found]))


def rmse(found: list[Line]) -> dict[tuple[tuple[str, str], str, int], float]:
    """Return root mean squared misses by kinds, method and size, over all cuts; per cent of the target's range."""
    misses: dict[tuple[tuple[str, str], str, int], list[float]] = defaultdict(list)
    for r in found:
        misses[r.kinds, r.method, r.n].append(r.miss)
    return {key: float(np.sqrt(np.mean(np.square(some)))) for key, some in misses.items()}


def rmse_table(found: list[Line]) -> str:
    """Return the RMSE of every method in Markdown; a dash where the default is the policy basis."""
    table = rmse(found)
    rows = ["| scales | method | " + " | ".join(f"n = {n:,}" for n in SIZES) + " |", "|" + "---|" * (2 + len(SIZES))]
    for kinds in KINDS:
        for method in ("default", *STRAIGHT, "mid_percentile", "equipercentile"):
            cells = [table.get((kinds, method, n)) for n in SIZES]
            if any(cell is not None for cell in cells):
                shown = " | ".join("–" if cell is None else f"{cell:.1f}" for cell in cells)
                rows.append(f"| {' → '.join(kinds)} | {method} | {shown} |")
    return "\n".join(rows)


def used_table(found: list[Line]) -> str:
    """Return in how many samples the default came to be which curve."""
    rows = ["| scales | n | curve used |", "|---|---|---|"]
    for kinds in KINDS:
        for n in SIZES:
            used = [r.used for r in found if (r.kinds, r.n, r.method, r.edge) == (kinds, n, "default", "high")]
            if used:
                names, counts = np.unique(used, return_counts=True)
                parts = ", ".join(f"{a} {b / len(used):.0%}" for a, b in zip(names, counts, strict=True))
                rows.append(f"| {' → '.join(kinds)} | {n:,} | {parts} |")
    return "\n".join(rows)


def lines_of_first(found: list[Line], pairs: int) -> list[Line]:
    """Return the lines of the first pairs, on which every method was tried."""
    return [r for r in found if r.pair < pairs]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--replicates", type=int, default=300)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--methods-for", type=int, default=200, help="pairs on which every method is tried")
    chosen = parser.parse_args(arguments)
    found = list(lines(chosen.pairs, seed=chosen.seed, replicates=chosen.replicates, methods_for=chosen.methods_for))
    # Every line of the RMSE table rests on the same pairs.
    same = lines_of_first(found, chosen.methods_for)
    for table in (coverage_table(found), rmse_table(same), used_table(found)):
        sys.stdout.write(table + "\n\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
