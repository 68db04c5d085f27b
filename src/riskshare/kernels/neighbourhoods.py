"""Sums over the neighbourhood of every cell: square and round windows on a grid, or a sparse matrix of neighbours.

Neighbours are whole offsets, never float distances: on national grid coordinates a float test loses true diagonals.
"""

from __future__ import annotations

from math import isqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Sparse = sparse.sparray | sparse.spmatrix
Grid = NDArray[Any]  # floats or whole numbers; sums keep the kind


class Window(NamedTuple):
    """A neighbourhood on a grid, the centre included: ``square`` or ``round``, ``radius_cells`` cells each way."""

    radius_cells: int
    shape: str = "square"


def window_sums(values: ArrayLike, radius_cells: int, shape: str = "square") -> Grid:
    """Return for every cell of a grid the sum of the values in the window around it.

    Parameters
    ----------
    values : array_like of real, (..., rows, columns)
        One grid, or a stack of grids summed each on its own.
    radius_cells : int
        0 or more, in cells. ``square``: at most so many rows and columns away. ``round``: dx² + dy² ≤ radius².
    shape : str
        ``square`` or ``round``.

    Returns
    -------
    numpy.ndarray, same shape
        Sums; beyond the edge there is nothing. int64 for whole numbers, float64 otherwise. Empty for an empty grid.

    Raises
    ------
    ValueError
        If there are fewer than two axes, the radius is not a whole number of 0 or more, or the shape is unknown.

    Notes
    -----
    Runs of 1, 2, 4, ... cells are added up, O(cells · log radius) a row of the window. A summed-area table would take
    differences of large totals: one distant spike would then leave dust in cells that hold nothing.

    Examples
    --------
    >>> window_sums([[1, 0, 0], [0, 2, 0], [0, 0, 4]], 1).tolist()
    [[3, 3, 2], [3, 7, 6], [2, 6, 6]]
    >>> window_sums([[1, 0, 0], [0, 2, 0], [0, 0, 4]], 1, "round").tolist()
    [[1, 3, 0], [3, 2, 6], [0, 6, 4]]
    """
    grid = np.asarray(values)
    if grid.ndim < 2:
        msg = f"values must be a grid (..., rows, columns); they have {grid.ndim} axes."
        raise ValueError(msg)
    kind = np.int64 if grid.dtype.kind in "iub" else np.float64
    return sums_of_kind(grid.astype(kind, copy=False), *checked_window(radius_cells, shape))


def checked_window(radius_cells: float, shape: str) -> Window:
    """Return the window of that radius and shape.

    Raises
    ------
    ValueError
        If the radius is not a whole number of 0 or more, or the shape is unknown.
    """
    if shape not in ("square", "round"):
        msg = "shape must be 'square' or 'round'."
        raise ValueError(msg)
    return Window(whole_radius(radius_cells), shape)


def sums_of_kind(grid: Grid, radius: int, shape: str) -> Grid:
    """Return ``window_sums`` in the kind of number given, unchecked: four times as fast in int16 as in float64.

    The caller vouches that every sum of runs of cells, the windows' included, fits that kind.
    """
    if grid.size == 0:
        return grid.copy()
    if shape == "square":
        return _run_sums(_run_sums(grid, radius, -1), radius, -2)
    return _round_sums(grid, radius)


def whole_radius(radius_cells: float) -> int:
    """Return the radius as an int; raises ValueError unless it is a whole number of cells, 0 or more."""
    if not (np.isfinite(radius_cells) and radius_cells >= 0 and radius_cells == int(radius_cells)):
        msg = "radius_cells must be a whole number of cells, 0 or more."
        raise ValueError(msg)
    return int(radius_cells)


def neighbourhood_sums(stack: ArrayLike, neighbourhood: Window | Sparse) -> Grid:
    """Return the sums over each cell's neighbourhood for a stack of layers, one row of cells a layer.

    Parameters
    ----------
    stack : array_like of real
        (layers, rows, columns) with a ``Window``; (layers, cells) with a sparse matrix.
    neighbourhood : Window or scipy sparse matrix (cells, cells)
        Row i of the matrix weighs the neighbours of cell i, the cell itself included.

    Returns
    -------
    numpy.ndarray, (layers, cells)
        Sums, cells in row-major order of the grid.

    Raises
    ------
    ValueError
        If the shapes of stack and neighbourhood do not go together.

    Examples
    --------
    >>> neighbourhood_sums([[[1, 2, 3]]], Window(1)).tolist()
    [[3, 6, 5]]
    >>> neighbourhood_sums([[1, 2, 3]], sparse.csr_array([[1, 1, 0], [1, 1, 1], [0, 1, 1]])).tolist()
    [[3.0, 6.0, 5.0]]
    """
    layers = np.asarray(stack)
    if isinstance(neighbourhood, Window):
        if layers.ndim != 3:
            msg = "A Window needs layers of grids (layers, rows, columns)."
            raise ValueError(msg)
        return window_sums(layers, *neighbourhood).reshape(layers.shape[0], -1)
    n_cells = layers.shape[-1] if layers.ndim == 2 else -1
    matrix = as_csr(neighbourhood)
    if matrix.shape != (n_cells, n_cells):
        msg = "A sparse neighbourhood must be (cells, cells) for layers of cells (layers, cells)."
        raise ValueError(msg)
    return np.ascontiguousarray((matrix @ layers.T).T)


def as_csr(matrix: Sparse) -> sparse.csr_array:
    """Return a sparse matrix of any kind as a float64 CSR array."""
    given: Any = matrix  # the stubs know no constructor from "any sparse matrix"
    return sparse.csr_array(given, dtype=np.float64)


def _run_sums(grid: Grid, radius: int, axis: int) -> Grid:
    """Return the sums of up to 2 · radius + 1 cells along one axis, centred on each cell."""
    size = grid.shape[axis]
    radius = min(radius, size - 1)
    if radius == 0:
        return grid.copy()
    padded = list(grid.shape)
    padded[axis] += 2 * radius
    run = np.zeros(padded, dtype=grid.dtype)
    _along(run, axis, radius, size)[...] = grid
    total = _along(run, axis, 0, size).copy()
    length, power, start = 2 * radius + 1, 1, 1  # an odd length: one cell is counted, runs of 2, 4, ... follow
    while 2 * power <= length:
        n_runs = run.shape[axis] - power
        run = _along(run, axis, 0, n_runs) + _along(run, axis, power, n_runs)
        power *= 2
        if length & power:
            total += _along(run, axis, start, size)
            start += power
    return total


def _along(grid: Grid, axis: int, start: int, size: int) -> Grid:
    """Return a view of ``size`` steps along an axis (−1 or −2) from ``start`` on."""
    here = slice(start, start + size)
    return grid[..., here] if axis == -1 else grid[..., here, :]


def _round_sums(grid: Grid, radius: int) -> Grid:
    """Return sums over round windows: for each row of the window, a run as wide as the disc is there."""
    n_rows = grid.shape[-2]
    total = np.zeros_like(grid)
    for away in range(min(radius, n_rows - 1) + 1):
        run = _run_sums(grid, isqrt(radius * radius - away * away), -1)
        total[..., : n_rows - away, :] += run[..., away:, :]
        if away:
            total[..., away:, :] += run[..., : n_rows - away, :]
    return total
