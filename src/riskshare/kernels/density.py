"""Kernel density on a grid, corrected for edges and for cells nobody covers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import correlate1d

Floats = NDArray[np.float64]


class Density(NamedTuple):
    """``density`` in events per fully covered cell, and ``seen``, the share of the kernel over covered ground.

    Both NaN where no covered cell lies in reach. Below ``seen`` = 0.5 most of the figure is the correction: mark it, or
    better, ask the neighbour for data.
    """

    density: Floats
    seen: Floats


class DualDensity(NamedTuple):
    """``ratio`` of two densities, and where the lower one was raised to the floor: those ratios are understated."""

    ratio: Floats
    floored: NDArray[np.bool_]


def kernel_density(counts: ArrayLike, coverage: ArrayLike, bandwidth_cells: float) -> Density:
    """Return the edge-corrected quartic kernel density λ̂ = (κ ∗ x)/(κ ∗ m) of counts in cells.

    Parameters
    ----------
    counts : array_like of real, (rows, columns)
        Events in each cell, 0 or more; must be 0 where nothing is covered.
    coverage : array_like of real, (rows, columns)
        m, the share of each cell that is covered, 0 to 1.
    bandwidth_cells : float
        Radius of the kernel in cells, above 0: metres over the cell size. At 1 or less no cell but the centre is in
        reach: warn.

    Returns
    -------
    Density
        Empty for an empty grid.

    Raises
    ------
    ValueError
        If shapes differ or are not grids, a number is out of range, or events lie in cells without coverage.

    Notes
    -----
    κ(d) ∝ (1 − (d/h)²)² for d < h, summing to 1; the uniform correction of P. J. Diggle, Applied Statistics 34, 1985.
    The kernel is summed directly, row by row: no Fourier transform, so a cell out of reach of all events has 0 exactly.

    Examples
    --------
    A bandwidth of √2 reaches the four next cells with weight ¼ against 1 at the centre, so κ is ½ and ⅛. At the end of
    a strip only ½ + ⅛ of it is over covered ground:

    >>> result = kernel_density([[4, 0, 0]], [[1, 1, 1]], 2**0.5)
    >>> result.seen.round(4).tolist(), result.density.round(4).tolist()
    ([[0.625, 0.75, 0.625]], [[3.2, 0.6667, 0.0]])
    """
    x, m = np.asarray(counts, dtype=np.float64), np.asarray(coverage, dtype=np.float64)
    if x.ndim != 2 or x.shape != m.shape:
        msg = f"counts and coverage must be grids of one shape; they are {x.shape} and {m.shape}."
        raise ValueError(msg)
    if not (np.isfinite(bandwidth_cells) and bandwidth_cells > 0.0):
        msg = "bandwidth_cells must be finite and above 0."
        raise ValueError(msg)
    if not (np.all(np.isfinite(x) & (x >= 0.0)) and np.all((m >= 0.0) & (m <= 1.0))):
        msg = "counts must be finite and 0 or more, and coverage between 0 and 1."
        raise ValueError(msg)
    stray = int(np.count_nonzero((x > 0.0) & (m == 0.0)))
    if stray:
        msg = f"{stray} cells hold events but have no coverage. Mend the coverage, or leave these events out."
        raise ValueError(msg)
    if x.size == 0:
        return Density(x.copy(), m.copy())
    kernel = _quartic(float(bandwidth_cells))
    seen = np.minimum(_smooth(m, kernel), 1.0)
    reached = seen > 0.0
    density = np.divide(_smooth(x, kernel), seen, out=np.full(x.shape, np.nan), where=reached)
    return Density(density, np.where(reached, seen, np.nan))


def dual_density(events: Density, population: Density, *, floor: float) -> DualDensity:
    """Return the ratio of two densities, the lower one kept above a floor.

    Parameters
    ----------
    events, population : Density
        Of the same grid, by the same kernel.
    floor : float
        Least population density to divide by, above 0, in population per cell. Without it an empty moor with one event
        is the hottest place on the map.

    Returns
    -------
    DualDensity
        NaN where either is.

    Raises
    ------
    ValueError
        If shapes differ or the floor is not above 0.

    Examples
    --------
    >>> events = Density(np.array([2.0, 2.0]), np.ones(2))
    >>> result = dual_density(events, Density(np.array([40.0, 0.5]), np.ones(2)), floor=10)
    >>> result.ratio.tolist(), result.floored.tolist()
    ([0.05, 0.2], [False, True])
    """
    if events.density.shape != population.density.shape:
        msg = f"Densities must be of one grid; they are {events.density.shape} and {population.density.shape}."
        raise ValueError(msg)
    if not (np.isfinite(floor) and floor > 0.0):
        msg = "floor must be finite and above 0."
        raise ValueError(msg)
    ratio = events.density / np.maximum(population.density, floor)
    return DualDensity(ratio, np.asarray(population.density < floor, dtype=np.bool_))


def _quartic(bandwidth: float) -> Floats:
    """Return the upper half of the kernel, centre row first, the whole kernel summing to 1."""
    reach = max(int(np.ceil(bandwidth)) - 1, 0)
    steps = np.arange(-reach, reach + 1.0) / bandwidth
    weight = np.maximum(1.0 - (steps[reach:, None] ** 2 + steps[None] ** 2), 0.0) ** 2
    return np.asarray(weight / (2.0 * weight.sum() - weight[0].sum()), dtype=np.float64)


def _smooth(grid: Floats, kernel: Floats) -> Floats:
    """Return κ ∗ grid with nothing beyond the edge: rows of the kernel run along rows, then shifted up and down."""
    n_rows = grid.shape[0]
    total = np.zeros_like(grid)
    for away, weights in enumerate(kernel[:n_rows]):
        run = correlate1d(grid, weights[weights > 0.0], axis=1, mode="constant")  # a disc: rows away are shorter
        total[: n_rows - away] += run[away:]
        if away:
            total[away:] += run[: n_rows - away]
    return total
