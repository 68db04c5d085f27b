"""Time DBSCAN beside scikit-learn, in one run: ``python benchmarks/clustering.py --points 10000 100000``.

Two kinds of points: anywhere, and moved to a grid of 50 m as published crimes are. The program fails if the points
in clusters differ, or if a label of the compiled twin and of the NumPy form does. ``--square-km 40`` keeps the square,
so that more points are denser. Each form runs in a process of its own; memory is what it took beyond its input.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

import numpy as np
from peak import grown
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


def ours(x: np.ndarray, y: np.ndarray, *, compiled: bool) -> np.ndarray:
    return dbscan(x, y, EPS_M, LEAST, compiled=compiled)


def scikit_learn(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from sklearn.cluster import DBSCAN

    return DBSCAN(eps=EPS_M, min_samples=LEAST).fit(np.column_stack((x, y))).labels_


FORMS = {
    "dbscan, compiled": partial(ours, compiled=True),
    "dbscan, NumPy form": partial(ours, compiled=False),
    "scikit-learn DBSCAN": scikit_learn,
}


def measured(who: str, n: int, step_m: float, square_km: float | None) -> tuple[np.ndarray, Line]:
    """Return the labels of one form, and what it took; in the process this is called in."""
    part = f"Clusters of points (DBSCAN), {f'on a grid of {step_m:g} m' if step_m else 'anywhere'}"
    part += f", in {square_km:g} km" if square_km else ""
    FORMS[who](*np.zeros((2, 100)))  # loads what is compiled or imported late
    x, y = np.ascontiguousarray(make(n, step_m, square_km=square_km).T)
    (labels, *took), held = grown(lambda: timed(lambda: FORMS[who](x, y)))
    return labels, Line(part, n, "points", who, "ours" if FORMS[who] is not scikit_learn else "peer", *took, held)


def apart(who: str, n: int, step_m: float, square_km: float | None) -> tuple[np.ndarray, Line]:
    """Return what `measured` does in a process of its own, whose memory nobody else has used."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        return alone.submit(measured, who, n, step_m, square_km).result()


def run(n: int, step_m: float, options: argparse.Namespace) -> bool:
    """Time one set of points; return whether all forms agree."""
    (first, line), (plain, of_plain), (theirs, of_peer) = [apart(who, n, step_m, options.square_km) for who in FORMS]
    equal = np.array_equal(first, plain)
    same = np.array_equal(first < 0, theirs < 0) and first.max() == theirs.max()
    of_plain = replace(of_plain, equal=said(equal, "the same labels"))
    of_peer = replace(of_peer, equal=said(same, f"the same points in {first.max() + 1:,} clusters"))
    tell(options.results, [line, of_plain, of_peer])
    return bool(equal and same)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--square-km", type=float, default=None)
    add_option(parser)
    options = parser.parse_args(arguments)
    differ = sum(not run(n, step_m, options) for n in options.points for step_m in (0.0, 50.0))
    print("same points in as many clusters" if not differ else f"{differ} runs differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
