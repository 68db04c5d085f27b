"""Time the scans at three sizes beside a plain loop over zones: ``python benchmarks/scan.py --places 100 200 400``.

The slow twin draws the same number of simulations but looks at each circle with one NumPy sum over all draws; both
answer the same question, and their highest ratios are compared on the same draws.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from peak import peak_mib

from riskshare.kernels.scan import Cluster, circular_scan, poisson_llr, space_time_permutation


def make(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places, cases and expected cases, with one planted excess."""
    rng = np.random.default_rng(seed)
    xy, population = rng.uniform(0, 10_000, (n, 2)), rng.uniform(1, 5, n)
    cases = rng.multinomial(10 * n, population / population.sum())
    cases[0] += 30
    return xy, cases, population * cases.sum() / population.sum()


def slow_scan(xy: np.ndarray, cases: np.ndarray, expected: np.ndarray, n_simulations: int) -> tuple[float, np.ndarray]:
    """Return the highest ratio, and that of each simulation: every zone's ratio is worked out for every draw."""
    rng = np.random.default_rng(2)
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    xy, cases, expected = xy[order], cases[order], expected[order]
    total = int(cases.sum())
    draws = rng.multinomial(total, expected / expected.sum(), size=n_simulations)
    counts = np.concatenate((cases[None, :], draws)).T
    best = np.zeros(n_simulations + 1)
    for centre in xy:
        nearest = np.argsort(((xy - centre) ** 2).sum(axis=1), kind="stable")
        for size in range(1, nearest.size):
            zone = nearest[:size]
            if (inside := expected[zone].sum()) > total / 2:
                break
            c = counts[zone].sum(axis=0)
            best = np.maximum(best, np.where(c >= 2, poisson_llr(c, inside, total), 0.0))
    return float(best[0]), best[1:]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--simulations", type=int, default=999)
    options = parser.parse_args(arguments)
    differ = 0
    for n in options.places:
        xy, cases, expected = make(n)
        start = time.perf_counter()
        found: tuple[Cluster, ...] = circular_scan(
            xy, cases, expected, n_simulations=options.simulations, rng=np.random.default_rng(2)
        )
        ours, memory = time.perf_counter() - start, peak_mib()
        start = time.perf_counter()
        highest, drawn = slow_scan(xy, cases, expected, options.simulations)
        slow = time.perf_counter() - start
        p = (1 + (drawn >= highest - 1e-9).sum()) / (options.simulations + 1)
        differ += abs(found[0].llr - highest) > 1e-9 or found[0].p != p
        print(f"{n:>8,} places: {ours:8.2f} s, twin {slow:8.2f} s, {slow / ours:6.1f} x, peak {memory:,.0f} MiB")
        start = time.perf_counter()
        days = np.random.default_rng(3).integers(0, 36, n)
        space_time_permutation(
            xy, days, n_simulations=options.simulations, rng=np.random.default_rng(2), max_radius=2_000, max_days=7
        )
        seconds = time.perf_counter() - start
        print(f"{n:>8,} events in 36 days, within 2 km and 7 days: {seconds:8.2f} s, peak {peak_mib():,.0f} MiB")
    print("same highest ratio and p" if not differ else f"{differ} sizes differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
