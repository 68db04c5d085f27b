"""The local statistic Gi* of Ord and Getis: on a sparse weights matrix, and on a grid with a mask.

Gi* ranks places and compares with other work. On sparse counts its normal tail misleads: decide with
``riskshare.kernels.excess``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from riskshare.kernels.neighbourhoods import Sparse, Window, as_csr, checked_window, sums_of_kind
from riskshare.kernels.twins import chosen

Floats = NDArray[np.float64]
_ROUNDING = 1e-12  # relative: n·S − W² below this share of n·S is nothing but rounding
_BLOCK = 1 << 17  # cells worked on at a time: small enough for the cache, which is most of the speed
_EXACT_TOTAL = 2.0**53  # whole numbers up to here are exact in float64
PAYS_CELLS = 50_000_000
"""From so many cells on the compiled twin is worth loading (``docs/decisions/0020``)."""


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


def gi_star_grid(
    values: ArrayLike, mask: ArrayLike, radius_cells: int, shape: str = "square", *, compiled: bool | None = None
) -> Floats:
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
    compiled : bool, optional
        Use the compiled twin, which gives the same bits and serves whole counts in square windows; others take the
        NumPy form. Default: where numba is installed and there are at least ``PAYS_CELLS`` cells.

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
    window = checked_window(radius_cells, shape)
    n = int(np.count_nonzero(inside))
    everywhere = n == inside.size
    if shape == "square" and n > 1 and chosen(compiled, x.size, PAYS_CELLS):
        z = _compiled(np.ascontiguousarray(x), inside, window, n)
        if z is not None:
            return z
    spread = _spread(x.ravel() if everywhere else x[inside])
    kind, by_count = spread.kind_of_sums(window, x.shape), _by_count(n, window, spread)
    radius = window.radius_cells
    uncut = sums_of_kind(inside[: 2 * radius + 1].astype(np.int64), *window)[min(radius, len(x) - 1)]
    z = np.empty(x.shape)
    for start, stop in _bands_of_rows(x.shape, radius):
        first, last = max(start - radius, 0), min(stop + radius, len(x))
        deviations = spread.deviations(x[first:last], kind)
        if not everywhere:
            deviations = np.where(inside[first:last], deviations, kind(0))
        sums = sums_of_kind(deviations, *window)[start - first : stop - first]
        if everywhere and last - first == stop - start + 2 * radius:  # the edge cuts no window above or below
            _standardise(sums, uncut[len(uncut) // 2], by_count, z[start:stop])
            for side in (slice(radius), slice(max(uncut.size - radius, 0), None)):
                _standardise(sums[:, side], uncut[side], by_count, z[start:stop, side])
            continue
        neighbours = sums_of_kind(inside[first:last].astype(np.int64), *window)[start - first : stop - first]
        _standardise(sums, neighbours, by_count, z[start:stop])
    if not everywhere:
        z[~inside] = np.nan
    return z


def _compiled(x: Floats, inside: NDArray[np.bool_], window: Window, n: int) -> Floats | None:
    """Return z by the compiled twin, or None where sums may not be exact or the NumPy form must say what is wrong."""
    from riskshare.kernels import compiled_local_statistics as twin

    lowest, highest, total, squares, whole = twin.whole_sums(x, inside, n == inside.size)
    largest = max(-lowest, highest)
    if not (whole and lowest < highest and largest < np.inf and largest * largest * n < _EXACT_TOTAL / 4.0):
        return None
    spread = _spread_of_sums(int(total), int(squares), n, lowest, highest)
    by_count = _by_count(n, window, spread)
    if n == inside.size:
        return twin.standardised(x, window.radius_cells, spread.pivot, by_count.mean, by_count.scale)
    return twin.standardised_inside(x, inside, window.radius_cells, spread.pivot, by_count.mean, by_count.scale)


def _bands_of_rows(shape: tuple[int, ...], radius: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of bands of rows: those whose windows the edge cuts short apart from those between."""
    n_rows, n_columns = shape
    step = max(4 * radius, _BLOCK // n_columns, 1)
    edges = [0, *range(min(radius, n_rows), max(n_rows - radius, 0), step), max(n_rows - radius, 0), n_rows]
    yield from ((start, stop) for start, stop in pairwise(edges) if start < stop)


class _ByCount(NamedTuple):
    """The expected sum over k neighbours, and one over its deviation: z needs nothing else where weights are binary."""

    mean: Floats
    scale: Floats  # NaN where the neighbourhood is empty or everything


def _by_count(n: int, window: Window, spread: _Spread) -> _ByCount:
    k = np.arange(min(n, (2 * window.radius_cells + 1) ** 2) + 1.0)
    room = np.sqrt(k * np.maximum(n - k, 0.0) / (n - 1.0)) * spread.sd
    return _ByCount(spread.mean * k, np.divide(1.0, room, out=np.full(k.size, np.nan), where=room > 0.0))


def _standardise(sums: NDArray[Any], neighbours: Any, by_count: _ByCount, z: Floats) -> None:
    """Write z from window sums and numbers of neighbours: one for all, or an array that goes with the sums."""
    z[...] = sums
    z -= np.take(by_count.mean, neighbours)
    z *= np.take(by_count.scale, neighbours)


class _Spread(NamedTuple):
    """Where the values lie: z is of x / unit − pivot, whose mean is ``mean`` (near 0) and deviation ``sd``."""

    unit: float
    pivot: float
    mean: float
    sd: float
    largest: float = np.inf  # of the deviations of whole numbers, without their sign

    def deviations(self, x: Floats, kind: type[np.generic] = np.float64) -> NDArray[Any]:
        """Return the values less the pivot; whole numbers stay whole, so that their sums are exact."""
        if self.unit != 1.0:
            return x / self.unit - self.pivot
        with np.errstate(invalid="ignore"):  # NaN outside the mask, which the caller sets to 0
            return (x - self.pivot if self.pivot else x).astype(kind, copy=False)

    def kind_of_sums(self, window: Window, shape: tuple[int, ...]) -> type[np.generic]:
        """Return the smallest kind of number that holds every sum over a window, as small numbers add up faster."""
        rows, columns = (min(2 * window.radius_cells + 1, size) for size in shape)
        furthest = self.largest * rows * columns
        return next((kind for kind in (np.int8, np.int16, np.int32) if furthest <= np.iinfo(kind).max), np.float64)


def _spread(x: Floats) -> _Spread:
    """Return where the values lie, over pieces that stay in the processor's cache."""
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
    if largest * x.size < _EXACT_TOTAL and all(bool((piece == np.rint(piece)).all()) for piece in pieces):
        return _spread_of_wholes(pieces, x.size, lowest, highest)
    pivot = sum(float((piece / largest).sum()) for piece in pieces) / x.size
    spread = _Spread(largest, pivot, 0.0, 0.0)  # a unit of the largest value: squares neither overflow nor vanish
    total = squares = 0.0
    for piece in pieces:
        deviations = spread.deviations(piece)
        total += float(deviations.sum())
        squares += float(np.square(deviations).sum())  # a BLAS dot product would depend on its threads
    mean = total / x.size  # what rounding left
    return spread._replace(mean=mean, sd=float(np.sqrt(squares / x.size - mean * mean)))


def _spread_of_wholes(pieces: list[Floats], n: int, lowest: float, highest: float) -> _Spread:
    """Return where whole numbers lie, less a whole pivot: their sum is exact, so its rounding needs no second pass."""
    spread = _around_pivot(sum(int(piece.sum()) for piece in pieces), n, lowest, highest)
    squares = sum(float(np.einsum("i,i->", *[spread.deviations(piece)] * 2)) for piece in pieces)
    return spread._replace(sd=float(np.sqrt(squares / n - spread.mean * spread.mean)))


def _spread_of_sums(total: int, squares: int, n: int, lowest: float, highest: float) -> _Spread:
    """Return the same from the sums of values and of squares, where both are exact."""
    spread = _around_pivot(total, n, lowest, highest)
    pivot = int(spread.pivot)
    around = float(squares - 2 * pivot * total + n * pivot * pivot)
    return spread._replace(sd=float(np.sqrt(around / n - spread.mean * spread.mean)))


def _around_pivot(total: int, n: int, lowest: float, highest: float) -> _Spread:
    pivot = round(total / n)
    return _Spread(1.0, float(pivot), (total - pivot * n) / n, 0.0, max(highest - pivot, pivot - lowest))


def _as_mask(mask: ArrayLike, x: Floats) -> NDArray[np.bool_]:
    given = np.asarray(mask)
    if x.ndim != 2 or given.shape != x.shape:
        msg = f"values and mask must be grids of one shape; they are {x.shape} and {given.shape}."
        raise ValueError(msg)
    inside = given.astype(np.bool_, copy=False)
    if given.dtype != np.bool_ and not np.array_equal(inside, given):
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
