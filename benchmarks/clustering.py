"""Time DBSCAN beside scikit-learn, in one run: ``python benchmarks/clustering.py --points 10000 100000``.

Two kinds of points: anywhere, and moved to a grid of 50 m as published crimes are. The program fails if the points
in clusters differ, or if a label of the compiled twin and of the NumPy form does. ``--alone 1000000`` times ours by
itself, in a process whose peak memory is its own. ``--square-km 40`` keeps the square, so that more points are denser.
Seconds are the processor's.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from peak import peak_mib

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


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--alone", type=int, nargs="*", default=[])
    parser.add_argument("--square-km", type=float, default=None)
    options = parser.parse_args(arguments)
    differ = 0
    dbscan([0.0], [0.0], EPS_M, LEAST, compiled=True)  # loads what is compiled
    for n in [*options.points, *options.alone]:
        for step_m in (0.0, 50.0):
            points = make(n, step_m, square_km=options.square_km)
            before, start = peak_mib(), time.process_time()
            ours = dbscan(points[:, 0], points[:, 1], EPS_M, LEAST, compiled=True)
            seconds, more = time.process_time() - start, peak_mib() - before
            line = f"{n:>9,} points, {step_m or 'no':>4} m grid: {seconds:7.3f} s, {more:,.0f} MiB more"
            start = time.process_time()
            plain = dbscan(points[:, 0], points[:, 1], EPS_M, LEAST, compiled=False)
            differ += not np.array_equal(ours, plain)
            line += f", {ours.max() + 1:,} clusters, NumPy form {time.process_time() - start:7.3f} s"
            if n in options.points:
                from sklearn.cluster import DBSCAN

                before, start = peak_mib(), time.process_time()
                theirs = DBSCAN(eps=EPS_M, min_samples=LEAST).fit(points)
                peer, more = time.process_time() - start, peak_mib() - before
                same = np.array_equal(ours < 0, theirs.labels_ < 0) and ours.max() == theirs.labels_.max()
                differ += not same
                line += f", scikit-learn {peer:7.3f} s, {more:,.0f} MiB more, {peer / seconds:5.1f} x"
            print(f"{line}, peak {peak_mib():,.0f} MiB")
    print("same points in as many clusters" if not differ else f"{differ} runs differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
