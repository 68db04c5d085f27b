"""Time the scans at three sizes beside a plain loop over zones: ``python benchmarks/scan.py --places 100 200 400``.

The slow twin draws the same number of simulations but looks at each circle with one NumPy sum over all draws; both
answer the same question, and their highest ratios are compared on the same draws. ``--large 10000`` times the
compiled twin on that many places, all of it, beside the plain NumPy form with running sums around ``--centres`` of
them, whose time is scaled to all places: that figure is an estimate. No ratio of theirs may exceed ours.
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


def running_scan(
    xy: np.ndarray, cases: np.ndarray, expected: np.ndarray, draws: np.ndarray, of: np.ndarray
) -> np.ndarray:
    """Return the highest ratio of each draw around some centres, by running sums over all places and draws."""
    total, best = int(cases.sum()), np.zeros(draws.shape[1])
    for centre in xy[of]:
        nearest = np.argsort(((xy - centre) ** 2).sum(axis=1), kind="stable")
        inside = np.cumsum(expected[nearest])
        nearest = nearest[inside <= total / 2]
        c = np.cumsum(draws[nearest], axis=0)
        llr = poisson_llr(c, inside[: nearest.size, None], total)
        best = np.maximum(best, np.where(c >= 2, llr, 0.0).max(axis=0))
    return best


def large(n: int, n_simulations: int, n_centres: int) -> bool:
    """Time the compiled twin on many places beside the plain form around some; return whether they disagree."""
    xy, cases, expected = make(n)
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    xy, cases, expected = xy[order], cases[order], expected[order]
    start, clock = time.process_time(), time.perf_counter()
    found = circular_scan(xy, cases, expected, n_simulations=n_simulations, rng=np.random.default_rng(2), compiled=True)
    ours, wall = time.process_time() - start, time.perf_counter() - clock
    chances = expected / expected.sum()
    draws = np.random.default_rng(2).multinomial(int(cases.sum()), chances, size=n_simulations).T
    of = np.linspace(0, n - 1, n_centres).astype(int)
    start = time.process_time()
    drawn = running_scan(xy, cases, expected, draws, of)
    slow = (time.process_time() - start) * n / n_centres
    highest_of_all = poisson_llr(found[0].cases, found[0].expected, int(cases.sum()))
    print(
        f"{n:>8,} places: {ours:8.2f} s of the processor, {wall:.2f} s of the clock; plain running sums"
        f" {slow:,.0f} s (from {n_centres} centres), {slow / ours:6.1f} x, peak {peak_mib():,.0f} MiB"
    )
    seen = (drawn >= float(highest_of_all) - 1e-9).sum()
    return bool((1 + seen) / (n_simulations + 1) > found[0].p)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, nargs="*", default=[50, 100, 200])
    parser.add_argument("--simulations", type=int, default=999)
    parser.add_argument("--large", type=int, nargs="*", default=[])
    parser.add_argument("--centres", type=int, default=20)
    options = parser.parse_args(arguments)
    circular_scan([[0.0, 0.0], [1.0, 0.0]], [3, 1], [2.0, 2.0], rng=np.random.default_rng(1), compiled=True)  # loads it
    differ = sum(large(n, options.simulations, options.centres) for n in options.large)
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
