"""Gi* on a grid of whole counts, compiled: the twin of ``local_statistics.gi_star_grid`` for square windows.

Whole numbers add up exactly in float64, so sums may be kept running down the columns; z is then the same two
operations as in NumPy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_tools import jit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@jit
def whole_sums(x: Floats, inside: Bools, everywhere: bool) -> tuple[float, float, float, float, bool]:
    """Return least and greatest value inside, the sums of values and of squares, and whether all values are whole.

    One sum a column: whole numbers add up to the same in any order, and neighbouring columns add up at once.
    """
    n = x.shape[1]
    least, greatest = np.full(n, np.inf), np.full(n, -np.inf)
    total, squares, broken = np.zeros(n), np.zeros(n), np.zeros(n)
    for row in range(x.shape[0]):
        line, within = x[row], inside[row]
        for column in range(n):
            value, counts = line[column], everywhere or within[column]
            least[column] = value if counts and value < least[column] else least[column]
            greatest[column] = value if counts and value > greatest[column] else greatest[column]
            total[column] += value if counts else 0.0
            squares[column] += value * value if counts else 0.0
            broken[column] += value - np.floor(value) if counts else 0.0
    return least.min(), greatest.max(), total.sum(), squares.sum(), broken.sum() == 0.0


@jit
def standardised(x: Floats, radius: int, pivot: float, mean: Floats, scale: Floats) -> Floats:
    """Return z where every cell is inside: (sum − mean[k]) · scale[k] over the k cells of each window."""
    n_rows, n_columns = x.shape
    z, column_sum, window = np.empty(x.shape), np.zeros(n_columns), np.empty(n_columns)
    down = min(radius, n_rows)
    for row in range(-down, n_rows):
        _slide(x, row + down, row - down - 1, pivot, column_sum)
        if row < 0:
            continue
        _across(column_sum, radius, window)
        high = min(row + radius, n_rows - 1) - max(row - radius, 0) + 1
        left, right = min(radius, n_columns), max(n_columns - radius, min(radius, n_columns))
        for column in range(left):
            k = high * (min(column + radius, n_columns - 1) + 1)
            z[row, column] = (window[column] - mean[k]) * scale[k]
        k = high * min(2 * radius + 1, n_columns)
        less, times = mean[k], scale[k]
        out = z[row]
        for column in range(left, right):
            out[column] = (window[column] - less) * times
        for column in range(right, n_columns):
            k = high * (n_columns - max(column - radius, 0))
            z[row, column] = (window[column] - mean[k]) * scale[k]
    return z


@jit
def standardised_inside(x: Floats, inside: Bools, radius: int, pivot: float, mean: Floats, scale: Floats) -> Floats:
    """Return z over the cells inside the mask, NaN outside."""
    n_rows, n_columns = x.shape
    z, window, around = np.empty(x.shape), np.empty(n_columns), np.empty(n_columns)
    column_sum, column_count = np.zeros(n_columns), np.zeros(n_columns)
    down = min(radius, n_rows)
    for row in range(-down, n_rows):
        _slide_inside(x, inside, row + down, 1.0, pivot, column_sum, column_count)
        _slide_inside(x, inside, row - down - 1, -1.0, pivot, column_sum, column_count)
        if row < 0:
            continue
        _across(column_sum, radius, window)
        _across(column_count, radius, around)
        for column in range(n_columns):
            k = int(around[column])
            value = (window[column] - mean[k]) * scale[k]
            z[row, column] = value if inside[row, column] else np.nan
    return z


@jit
def _slide(x: Floats, new: int, old: int, pivot: float, column_sum: Floats) -> None:
    """Add a row to the sums of columns, and take another away; nothing lies beyond the edge."""
    if new < x.shape[0] and old >= 0:
        for column in range(column_sum.size):
            column_sum[column] += x[new, column] - x[old, column]
    elif new < x.shape[0]:
        for column in range(column_sum.size):
            column_sum[column] += x[new, column] - pivot
    elif old >= 0:
        for column in range(column_sum.size):
            column_sum[column] -= x[old, column] - pivot


@jit
def _slide_inside(x: Floats, inside: Bools, row: int, sign: float, pivot: float, column_sum: Floats,
                  column_count: Floats) -> None:  # fmt: skip
    if 0 <= row < x.shape[0]:
        for column in range(x.shape[1]):
            within = inside[row, column]
            column_sum[column] += sign * (x[row, column] - pivot) if within else 0.0
            column_count[column] += sign if within else 0.0


@jit
def _across(columns: Floats, radius: int, window: Floats) -> None:
    """Write the sum of up to 2 · radius + 1 neighbouring columns."""
    n, first = columns.size, min(radius, 1)
    window[:] = columns
    if radius > 0 and n > 1:
        window[0] += columns[1]
        window[n - 1] += columns[n - 2]
        for column in range(1, n - 1):
            window[column] = columns[column - 1] + columns[column] + columns[column + 1]
    for away in range(first + 1, min(radius, n - 1) + 1):
        for column in range(n - away):
            window[column] += columns[column + away]
        for column in range(away, n):
            window[column] += columns[column - away]
