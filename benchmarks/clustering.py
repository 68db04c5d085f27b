"""Time DBSCAN beside scikit-learn, in one run: ``python benchmarks/clustering.py --points 10000 100000``.

Two kinds of points: anywhere, and moved to a grid of 50 m as published crimes are. The program fails if the points
in clusters differ, or if a label of the compiled twin and of the NumPy form does. ``--points --alone 1000000`` times
ours by itself, in a process whose peak memory is its own. ``--square-km 40`` keeps the square, so that more points are
denser.
"""

from __future__ import annotations

import argparse

import numpy as np
from peak import peak_mib
from results import Line, add_option, said, tell, timed

from riskshare.kernels.clustering import dbscan

EPS_M, LEAST = 100.0, 10


def make(n: int, step_m: float, seed: int = 1, *, square_km: float | None = None) -> np.ndarray:
    """Return points, three in five of them around 200 centres, as dense for every n: 100,000 in a square of 40 km.

    ``square_km`` is the side of the square where it is to be the same for every n.
    """
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 40_000, (200, 2))[rng.integers(0, 200, n)]
    near = centres + rng.normal(0, 400, (n, 2))
    points = np.where(rng.random(n)[:, None] < 0.6, near, rng.uniform(0, 40_000, (n, 2)))
    points *= (n / 100_000) ** 0.5 if square_km is None else square_km / 40.0
    return np.round(points / step_m) * step_m if step_m else points


def run(n: int, step_m: float, options: argparse.Namespace, *, alone: bool) -> bool:
    """Time one set of points; return whether all forms agree."""
    x, y = points = make(n, step_m, square_km=options.square_km).T
    part = f"Clusters of points (DBSCAN), {f'on a grid of {step_m:g} m' if step_m else 'anywhere'}"
    part += f", in {options.square_km:g} km" if options.square_km else ""
    ours, *took = timed(lambda: dbscan(x, y, EPS_M, LEAST, compiled=True))
    own = peak_mib() if alone and not options.points else None
    lines = [Line(part, n, "points", "dbscan, compiled", "ours", *took, own)]
    same = True
    if not alone:
        from sklearn.cluster import DBSCAN

        plain, *took = timed(lambda: dbscan(x, y, EPS_M, LEAST, compiled=False))
        equal = np.array_equal(ours, plain)
        lines.append(Line(part, n, "points", "dbscan, NumPy form", "ours", *took, equal=said(equal, "the same labels")))
        theirs, *took = timed(lambda: DBSCAN(eps=EPS_M, min_samples=LEAST).fit(points.T).labels_)
        same = equal and np.array_equal(ours < 0, theirs < 0) and ours.max() == theirs.max()
        told = said(same, f"the same points in {ours.max() + 1:,} clusters")
        lines.append(Line(part, n, "points", "scikit-learn DBSCAN", "peer", *took, equal=told))
    tell(options.results, lines)
    return same


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--alone", type=int, nargs="*", default=[])
    parser.add_argument("--square-km", type=float, default=None)
    add_option(parser)
    options = parser.parse_args(arguments)
    dbscan([0.0], [0.0], EPS_M, LEAST, compiled=True)  # loads what is compiled
    sizes = [(n, False) for n in options.points] + [(n, True) for n in options.alone]
    differ = sum(not run(n, step_m, options, alone=alone) for n, alone in sizes for step_m in (0.0, 50.0))
    print(f"peak {peak_mib():,.0f} MiB")
    print("same points in as many clusters" if not differ else f"{differ} runs differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
