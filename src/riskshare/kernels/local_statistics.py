"""The local statistic Gi* of Ord and Getis: on a sparse weights matrix, and on a grid with a mask.

Gi* ranks places and compares with other work. On sparse counts its normal tail misleads: decide with
``riskshare.kernels.excess``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from riskshare.kernels.neighbourhoods import Sparse, as_csr, whole_radius, window_sums

Floats = NDArray[np.float64]
_ROUNDING = 1e-12  # relative: n·S − W² below this share of n·S is nothing but rounding
_BLOCK = 1 << 16  # cells worked on at a time: small enough for the cache, which is most of the speed
_EXACT_TOTAL = 2.0**53  # whole numbers up to here are exact in float64


def gi_star(values: ArrayLike, weights: Sparse) -> Floats:
    """Return Gi* as a z-score for every place, from a sparse weights matrix that includes the centre.

    Parameters
    ----------
    values : array_like of real, (n,)
        One value a place.
    weights : scipy sparse matrix or array, (n, n)
        Row i weighs the neighbours of place i and i itself; 0 or more. A row without weights is a place without
        a neighbourhood.

    Returns
    -------
    numpy.ndarray of float64, (n,)
        z; NaN where a place has no weights, or its neighbourhood is the whole area with equal weights.

    Raises
    ------
    ValueError
        If shapes differ, n < 2, a value or weight is not finite, a weight is negative, a row with neighbours leaves out
        its centre, or all values are equal.

    Notes
    -----
    z_i = (Σ_j w_ij x_j − x̄ W_i) / (s √((n S_i − W_i²)/(n − 1))), with W_i = Σ_j w_ij, S_i = Σ_j w_ij² and
    s² = Σ(x − x̄)²/n. J. K. Ord and A. Getis, "Local spatial autocorrelation statistics", Geographical Analysis 27(4),
    1995, eq. 14 [#]_. Multiplying a row of weights by a number changes nothing, so binary and row-standardised weights
    agree.

    .. [#] https://doi.org/10.1111/j.1538-4632.1995.tb00912.x

    Examples
    --------
    Mean 1, s² = 1, four places in two pairs. Each pair has n S − W² = 4·2 − 4 = 4, so
    z = (4 − 2)/√(4/3) = √3 for the first pair and −√3 for the other:

    >>> pairs = sparse.csr_array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]])
    >>> gi_star([2, 2, 0, 0], pairs).round(4).tolist()
    [1.7321, 1.7321, -1.7321, -1.7321]
    """
    x = np.asarray(values, dtype=np.float64)
    matrix = as_csr(weights)
    _check_weights(x, matrix)
    spread = _spread(x)
    n = float(x.size)
    total = np.asarray(matrix.sum(axis=1)).ravel()
    squares = np.asarray((matrix * matrix).sum(axis=1)).ravel()
    room = n * squares - total**2
    known = room > _ROUNDING * n * squares
    excess = matrix @ spread.deviations(x) - spread.mean * total
    z = np.full(x.size, np.nan)
    z[known] = excess[known] / (spread.sd * np.sqrt(room[known] / (n - 1.0)))
    return z


def gi_star_grid(values: ArrayLike, mask: ArrayLike, radius_cells: int, shape: str = "square") -> Floats:
    """Return Gi* as a z-score for every cell of a grid, with binary weights and the centre included.

    Parameters
    ----------
    values : array_like of real, (rows, columns)
        One value a cell, such as a count. What stands outside the mask is ignored, NaN too.
    mask : array_like of bool or 0/1, (rows, columns)
        True where an event could be recorded. Empty sea or hull cells counted as zeros would lower x̄ and inflate
        every z.
    radius_cells : int
        0 or more, in cells. ``square``: at most so many rows and columns away. ``round``: dx² + dy² ≤ radius².
    shape : str
        ``square`` or ``round``.

    Returns
    -------
    numpy.ndarray of float64, (rows, columns)
        z; NaN outside the mask, and where the neighbourhood is the whole area.

    Raises
    ------
    ValueError
        If shapes differ or are not grids, fewer than 2 cells are inside the mask, a value inside is not finite, all
        values inside are equal, or radius or shape cannot be used.

    Notes
    -----
    The formula of ``gi_star`` with sums over the mask only (methods: places, 5.2). The variance takes two passes in
    float64: E[x²] − E[x]² loses it. Sums of whole counts are exact, so equal neighbourhoods get equal z.

    Examples
    --------
    Mean 1 and s² = 3 over four cells; the end pair (0, 0) gives (0 − 2)/(√3 · √((4·2 − 4)/3)) = −1, and the middle
    three (4) give (4 − 3)/(√3 · √((4·3 − 9)/3)) = 1/√3:

    >>> gi_star_grid([[4, 0, 0, 0, np.nan]], [[1, 1, 1, 1, 0]], 1).round(4).tolist()
    [[1.0, 0.5774, -1.7321, -1.0, nan]]
    """
    x = np.asarray(values, dtype=np.float64)
    inside = _as_mask(mask, x)
    radius = whole_radius(radius_cells)
    n = int(np.count_nonzero(inside))
    everywhere = n == inside.size
    spread = _spread(x.ravel() if everywhere else x[inside])
    z = np.empty_like(x)
    n_rows, n_columns = x.shape
    step = max(4 * radius, _BLOCK // n_columns, 1)
    geometry = None
    for start in range(0, n_rows, step):
        first, stop, last = max(start - radius, 0), min(start + step, n_rows), min(start + step + radius, n_rows)
        deviations = spread.deviations(x[first:last])
        if not everywhere:
            deviations[~inside[first:last]] = 0.0
        sums = window_sums(deviations, radius, shape)[start - first : stop - first]
        if not everywhere or geometry != (start - first, stop - first, last - first):  # else the same numbers again
            geometry = (start - first, stop - first, last - first)
            neighbours = window_sums(inside[first:last], radius, shape)[start - first : stop - first]
        z[start:stop] = _standardise(sums, neighbours, n, spread)
    if not everywhere:
        z[~inside] = np.nan
    return z


def _standardise(sums: Floats, neighbours: NDArray[np.int64], n: int, spread: _Spread) -> Floats:
    """Return z from window sums: with binary weights, all but the sum depends on the number of neighbours alone."""
    k = np.arange(float(neighbours.max()) + 1.0)
    room = np.sqrt(k * np.maximum(n - k, 0.0) / (n - 1.0)) * spread.sd
    scale = np.divide(1.0, room, out=np.full(k.size, np.nan), where=room > 0.0)
    z = sums - (spread.mean * k)[neighbours]
    z *= scale[neighbours]
    return z


class _Spread(NamedTuple):
    """Where the values lie: z is of x / unit − pivot, whose mean is ``mean`` (near 0) and deviation ``sd``."""

    unit: float
    pivot: float
    mean: float
    sd: float

    def deviations(self, x: Floats) -> Floats:
        """Return the values less the pivot; whole numbers stay whole, so that their sums are exact."""
        return x - self.pivot if self.unit == 1.0 else x / self.unit - self.pivot


def _spread(x: Floats) -> _Spread:
    """Return where the values lie, in two passes over pieces that stay in the processor's cache."""
    if x.size < 2:
        msg = f"Gi* compares places: {x.size} of them cannot be compared. Give at least 2 inside the mask."
        raise ValueError(msg)
    lowest, highest = float(x.min()), float(x.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        msg = "values must be finite. Where nothing could be recorded, leave the place out by the mask."
        raise ValueError(msg)
    if lowest == highest:
        msg = "All values are equal: no place differs from another, and Gi* is undefined."
        raise ValueError(msg)
    pieces = [x[start : start + _BLOCK] for start in range(0, x.size, _BLOCK)]
    largest = max(-lowest, highest)
    if largest * x.size < _EXACT_TOTAL and all(np.array_equal(piece, np.rint(piece)) for piece in pieces):
        spread = _Spread(1.0, float(np.rint(x.mean())), 0.0, 0.0)
    else:  # a unit of the largest value: squares neither overflow nor vanish
        spread = _Spread(largest, sum(float((piece / largest).sum()) for piece in pieces) / x.size, 0.0, 0.0)
    total = squares = 0.0
    for piece in pieces:
        deviations = spread.deviations(piece)
        total += float(deviations.sum())
        squares += float(np.square(deviations).sum())  # a BLAS dot product would depend on its threads
    mean = total / x.size  # what rounding or a whole pivot left
    return spread._replace(mean=mean, sd=float(np.sqrt(squares / x.size - mean * mean)))


def _as_mask(mask: ArrayLike, x: Floats) -> NDArray[np.bool_]:
    given = np.asarray(mask)
    if x.ndim != 2 or given.shape != x.shape:
        msg = f"values and mask must be grids of one shape; they are {x.shape} and {given.shape}."
        raise ValueError(msg)
    inside = given.astype(np.bool_)
    if not np.array_equal(inside, given):
        msg = "mask must be True or False (1 or 0) in every cell; round shares of coverage first."
        raise ValueError(msg)
    return inside


def _check_weights(x: Floats, matrix: sparse.csr_array) -> None:
    if x.ndim != 1 or matrix.shape != (x.size, x.size):
        msg = f"values must be (n,) and weights (n, n); they are {x.shape} and {matrix.shape}."
        raise ValueError(msg)
    if not np.all(np.isfinite(matrix.data) & (matrix.data >= 0.0)):
        msg = "weights must be finite and 0 or more."
        raise ValueError(msg)
    without_centre = (np.asarray(matrix.sum(axis=1)).ravel() > 0.0) & (matrix.diagonal() == 0.0)
    if without_centre.any():
        msg = (
            f"{int(without_centre.sum())} rows of weights leave out their own place. Gi* includes it: set the diagonal."
        )
        raise ValueError(msg)
