"""Time the scans at three sizes beside a plain loop over zones: ``python benchmarks/scan.py --places 50 100 200``.

The slow twin draws the same number of simulations but looks at each circle with one NumPy sum over all draws; both
answer the same question, and their highest ratios are compared on the same draws. ``--large 10000`` times the
compiled twin on that many places, all of it, beside the plain NumPy form with running sums around ``--centres`` of
them, whose time is scaled to all places: that figure is an estimate. No ratio of theirs may exceed ours.
"""

from __future__ import annotations

import argparse

import numpy as np
from peak import peak_mib
from results import Line, add_option, said, tell, timed

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


def large(n: int, options: argparse.Namespace) -> bool:
    """Time the compiled twin on many places beside the plain form around some; return whether they agree."""
    xy, cases, expected = make(n)
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    xy, cases, expected = xy[order], cases[order], expected[order]
    found, *took = timed(lambda: ours(xy, cases, expected, options.simulations, compiled=True))
    chances, total = expected / expected.sum(), int(cases.sum())
    draws = np.random.default_rng(2).multinomial(total, chances, size=options.simulations).T
    of = np.linspace(0, n - 1, options.centres).astype(int)
    drawn, *slow = timed(lambda: running_scan(xy, cases, expected, draws, of))
    seen = (drawn >= float(poisson_llr(found[0].cases, found[0].expected, total)) - 1e-9).sum()
    same = bool((1 + seen) / (options.simulations + 1) <= found[0].p)
    scaled = [seconds * n / options.centres for seconds in slow]
    equal = said(same, f"no higher ratio; scaled from {options.centres} centres")
    tell(
        options.results,
        [
            Line(part(options), n, "places", "circular_scan, compiled", "ours", *took),
            Line(part(options), n, "places", "running sums in NumPy", "peer", *scaled, equal=equal),
        ],
    )
    return same


def small(n: int, options: argparse.Namespace) -> bool:
    """Time both forms and the plain loop on all zones; return whether they agree."""
    xy, cases, expected = make(n)
    fast, *took = timed(lambda: ours(xy, cases, expected, options.simulations, compiled=True))
    plain, *took_plain = timed(lambda: ours(xy, cases, expected, options.simulations, compiled=False))
    (highest, drawn), *took_slow = timed(lambda: slow_scan(xy, cases, expected, options.simulations))
    p = (1 + (drawn >= highest - 1e-9).sum()) / (options.simulations + 1)
    forms = [(one.llr, one.p) for one in plain] == [(one.llr, one.p) for one in fast]
    same = forms and abs(fast[0].llr - highest) <= 1e-9 and fast[0].p == p
    equal = said(forms, "ratio and p of every cluster"), said(same, "the highest ratio and its p")
    tell(
        options.results,
        [
            Line(part(options), n, "places", "circular_scan, compiled", "ours", *took),
            Line(part(options), n, "places", "circular_scan, NumPy form", "ours", *took_plain, equal=equal[0]),
            Line(part(options), n, "places", "a plain loop over zones", "peer", *took_slow, equal=equal[1]),
        ],
    )
    return same


def space_time(n: int, options: argparse.Namespace) -> None:
    """Time the space-time permutation scan by itself."""
    xy, days = make(n)[0], np.random.default_rng(3).integers(0, 36, n)
    within = {"max_radius": 2_000, "max_days": 7}
    _, *took = timed(
        lambda: space_time_permutation(
            xy, days, n_simulations=options.simulations, rng=np.random.default_rng(2), **within
        )
    )
    told = f"Space-time permutation scan, 36 days, {options.simulations} simulations"
    tell(options.results, [Line(told, n, "events", "space_time_permutation", "ours", *took)])


def ours(
    xy: np.ndarray, cases: np.ndarray, expected: np.ndarray, n_simulations: int, *, compiled: bool
) -> tuple[Cluster, ...]:
    rng = np.random.default_rng(2)
    return circular_scan(xy, cases, expected, n_simulations=n_simulations, rng=rng, compiled=compiled)


def part(options: argparse.Namespace) -> str:
    return f"Circular scan, {options.simulations} simulations"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, nargs="*", default=[50, 100, 200])
    parser.add_argument("--simulations", type=int, default=999)
    parser.add_argument("--large", type=int, nargs="*", default=[])
    parser.add_argument("--centres", type=int, default=20)
    add_option(parser)
    options = parser.parse_args(arguments)
    circular_scan([[0.0, 0.0], [1.0, 0.0]], [3, 1], [2.0, 2.0], rng=np.random.default_rng(1), compiled=True)  # loads it
    differ = sum(not large(n, options) for n in options.large) + sum(not small(n, options) for n in options.places)
    for n in options.places:
        space_time(n, options)
    print(f"peak {peak_mib():,.0f} MiB")
    print("same highest ratio and p" if not differ else f"{differ} sizes differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
