"""Time the quartic density beside KDEpy, in one run: ``python benchmarks/density.py --points 1000000 --side 1000``.

From points to a grid: cells are counted and smoothed, corrected at the edges; KDEpy's FFTKDE bins and transforms, its
coordinates in cells and its grid two cells wider, as it asks. Both are compared with the exact sum over all points at
some cells away from the edge: for points at the centres of cells, as places are that were made safe, and for points
anywhere, which counting by cell moves by up to half a cell. The program fails where points at centres give another
figure than the exact sum to 1e-9 of its size.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial

import numpy as np
from peak import peak_mib
from results import Line, add_option, keep, timed
from scipy.spatial import cKDTree

from riskshare.kernels.density import kernel_density

TOLERANCE = 1e-9


def make(n: int, side: int, *, centred: bool, seed: int = 1) -> np.ndarray:
    """Return (x, y) in cells, three in five around 200 places."""
    rng = np.random.default_rng(seed)
    near = rng.uniform(0, side, (200, 2))[rng.integers(0, 200, n)] + rng.normal(0, side / 60, (n, 2))
    points = np.where(rng.random(n)[:, None] < 0.6, near, rng.uniform(0, side, (n, 2))) % side
    return np.floor(points) + 0.5 if centred else points


def ours(points: np.ndarray, side: int, bandwidth: float) -> np.ndarray:
    """Return events per cell; row by y, column by x."""
    column, row = points.astype(np.int64).T
    counts = np.bincount(row * side + column, minlength=side * side).reshape(side, side)
    return kernel_density(counts, np.ones((side, side)), bandwidth).density


def theirs(points: np.ndarray, grid: np.ndarray, side: int, bandwidth: float) -> np.ndarray:
    """Return KDEpy's density as events per cell; its bandwidth is the standard deviation of the kernel in one axis."""
    from KDEpy import FFTKDE

    found = FFTKDE(kernel="biweight", norm=2, bw=1.0)
    found = FFTKDE(kernel="biweight", norm=2, bw=bandwidth * np.sqrt(found.kernel.var)).fit(points).evaluate(grid)
    return found.reshape(side + 2, side + 2)[1:-1, 1:-1].T * len(points)


def grid_of(side: int) -> np.ndarray:
    """Return the centres of all cells and of one ring around them, in the order KDEpy asks for."""
    centres = np.arange(-1, side + 1) + 0.5
    return np.stack([axis.ravel() for axis in np.meshgrid(centres, centres, indexing="ij")], axis=1)


def exact(points: np.ndarray, cells: np.ndarray, bandwidth: float) -> np.ndarray:
    """Return the sum of the kernel over every point, at the centres of (row, column) cells: 3/πh² (1 − d²/h²)²."""
    tree, found = cKDTree(points), []
    for centre in cells[:, ::-1] + 0.5:
        apart = ((points[tree.query_ball_point(centre, bandwidth)] - centre) ** 2).sum(axis=1) / bandwidth**2
        found.append((np.maximum(1.0 - apart, 0.0) ** 2).sum())
    return np.array(found) * (3.0 / np.pi / bandwidth**2)


def weight_of_cells(bandwidth: float) -> float:
    """Return what the kernel at the centres of cells sums to: 1 in the plane, nearly 1 on cells."""
    steps = np.arange(-np.ceil(bandwidth), np.ceil(bandwidth) + 1)
    apart = (steps[:, None] ** 2 + steps**2) / bandwidth**2
    return float((np.maximum(1.0 - apart, 0.0) ** 2).sum() * 3.0 / np.pi / bandwidth**2)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--side", type=int, nargs="+", default=[1_000], help="rows and columns of the grid")
    parser.add_argument("--bandwidths", type=float, nargs="+", default=[3.0, 5.0, 10.0], help="in cells")
    add_option(parser)
    options = parser.parse_args(arguments)
    lines, differ = [], 0
    for side in options.side:
        grid = grid_of(side)
        for bandwidth in options.bandwidths:
            for centred in (True, False):
                points = make(options.points, side, centred=centred)
                cells = np.random.default_rng(2).integers(int(bandwidth) + 1, side - int(bandwidth) - 1, (500, 2))
                true = exact(points, cells, bandwidth)
                mine, *seconds = timed(partial(ours, points, side, bandwidth))
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the peer's own
                    peer, *peer_seconds = timed(partial(theirs, points, grid, side, bandwidth))
                # Ours gives every event a weight of one in all; the formula does so in the plane, not on cells.
                mine = mine * weight_of_cells(bandwidth) if centred else mine
                off, peer_off = (away(found, cells, true) for found in (mine, peer))
                differ += centred and off > TOLERANCE
                where = "at centres" if centred else "anywhere"
                part = f"Density, {options.points:,} points {where}, {bandwidth:g} cells wide"
                near = f"{off:.0e} from the exact sum", f"{peer_off:.0e} from the exact sum"
                lines += [
                    Line(part, side * side, "cells", "kernel_density", "ours", *seconds, equal=near[0]),
                    Line(part, side * side, "cells", "KDEpy FFTKDE", "peer", *peer_seconds, equal=near[1]),
                ]
                print(
                    f"{side:>6,} x {side:<6,} {bandwidth:4g} cells wide, {where:<10}: {seconds[1]:6.3f} s, KDEpy"
                    f" {peer_seconds[1]:6.3f} s, {peer_seconds[1] / seconds[1]:5.1f} x; from the exact sum {off:.1e}"
                    f" against {peer_off:.1e} (processor seconds), peak {peak_mib():,.0f} MiB",
                    flush=True,
                )
    keep(options.results, lines)
    print("points at centres give the exact sum" if not differ else f"{differ} runs are not the exact sum")
    return int(differ > 0)


def away(found: np.ndarray, cells: np.ndarray, true: np.ndarray) -> float:
    """Return the root mean square distance from the true figures, as a share of theirs."""
    return float(np.sqrt(np.mean((found[tuple(cells.T)] - true) ** 2) / np.mean(true**2)))


if __name__ == "__main__":
    raise SystemExit(main())
