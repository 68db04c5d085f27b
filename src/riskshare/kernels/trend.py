"""Is a series rising or falling? The Mann–Kendall test with ties, and Sen's slope."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
_PAIRS_AT_ONCE = 1 << 22


class Trend(NamedTuple):
    """One value a series: Kendall's S, its variance, z with continuity correction, two-sided p, steps that counted.

    ``exact`` is True where p comes from all orders of the values rather than from the normal curve. Below 10 steps a
    trend is weak evidence: say so.
    """

    s: Floats
    variance: Floats
    z: Floats
    p: Floats
    n: NDArray[np.int64]
    exact: NDArray[np.bool_]


def mann_kendall(values: ArrayLike, *, exact_up_to: int = 10) -> Trend:
    """Return the Mann–Kendall test of each series.

    Parameters
    ----------
    values : array_like of real, (steps,) or (series, steps)
        Values in order of time. NaN where nothing was covered: that step is left out, for missing is not zero.
    exact_up_to : int
        Longest series whose p is worked out exactly.

    Returns
    -------
    Trend
        Arrays of shape () or (series,). z and p are NaN with fewer than 2 steps; p is 1 where all values are equal.

    Raises
    ------
    ValueError
        If there are no axes or more than two, or a value is infinite.

    Notes
    -----
    S = Σ_{i<j} sign(x_j − x_i), Var S = [n(n − 1)(2n + 5) − Σ t(t − 1)(2t + 5)]/18 over groups of t equal values, and
    z = (S ∓ 1)/√Var S. H. B. Mann, Econometrica 13, 1945; M. G. Kendall, Rank Correlation Methods, 1975. Exact: the
    number of orders with each S has the generating function [n]!/Π[t]! of q-factorials (the inversions of a multiset).

    Examples
    --------
    Four rising values: S = 6, and of 24 orders two are as extreme:

    >>> result = mann_kendall([1, 2, 4, 8])
    >>> float(result.s), round(float(result.p) * 24, 9)
    (6.0, 2.0)
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim not in (1, 2):
        msg = f"values must be (steps,) or (series, steps); they have {x.ndim} axes."
        raise ValueError(msg)
    if np.isinf(x).any():
        msg = "values must be finite, or NaN where nothing was covered."
        raise ValueError(msg)
    rows = np.atleast_2d(x)
    n = np.count_nonzero(~np.isnan(rows), axis=1).astype(np.int64)
    s = np.zeros(len(rows))
    equal = np.where(np.isnan(rows), 0.0, 1.0)  # how many values equal each one, itself included
    for gap in range(1, rows.shape[1]):
        later, earlier = rows[:, gap:], rows[:, :-gap]
        s += (later > earlier).sum(axis=1)
        s -= (later < earlier).sum(axis=1)
        same = later == earlier
        equal[:, gap:] += same
        equal[:, :-gap] += same
    # Σ over groups of t(t − 1)(2t + 5) is the sum over values of (t − 1)(2t + 5).
    ties = np.where(equal > 0.0, (equal - 1.0) * (2.0 * equal + 5.0), 0.0).sum(axis=1)
    variance = (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0
    z = np.divide(s - np.sign(s), np.sqrt(variance), out=np.zeros(len(s)), where=variance > 0.0)
    p = np.minimum(2.0 * ndtr(-np.abs(z)), 1.0)
    exact = (n <= exact_up_to) & (n >= 2)
    p[exact] = _exact_p(s[exact], equal[exact])
    z[n < 2], p[n < 2] = np.nan, np.nan
    columns = (s, variance, z, p, n, exact)
    return Trend(*(column.reshape(x.shape[:-1]) for column in columns))  # type: ignore[arg-type]  # columns in order


def sens_slope(values: ArrayLike, times: ArrayLike | None = None) -> Floats:
    """Return the median of the slopes between all pairs of steps, for each series.

    Parameters
    ----------
    values : array_like of real, (steps,) or (series, steps)
        NaN where nothing was covered.
    times : array_like of real, (steps,), optional
        Rising; 0, 1, 2, ... if not given.

    Returns
    -------
    numpy.ndarray of float64, () or (series,)
        Change per unit of time; NaN with fewer than 2 steps.

    Raises
    ------
    ValueError
        As for ``mann_kendall``, or if times do not fit or do not rise.

    Notes
    -----
    P. K. Sen, Journal of the American Statistical Association 63, 1968.

    Examples
    --------
    Slopes 1, 3 and 2 between three steps:

    >>> float(sens_slope([0, 1, 4]))
    2.0
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim not in (1, 2) or np.isinf(x).any():
        msg = "values must be (steps,) or (series, steps), and finite or NaN."
        raise ValueError(msg)
    n_steps = x.shape[-1]
    t = np.arange(float(n_steps)) if times is None else np.asarray(times, dtype=np.float64)
    if t.shape != (n_steps,) or not np.all(np.isfinite(t)) or not np.all(np.diff(t) > 0.0):
        msg = "times must be (steps,), finite and rising."
        raise ValueError(msg)
    rows = np.atleast_2d(x)
    first, second = np.triu_indices(n_steps, 1)
    slope = np.full(len(rows), np.nan)
    if first.size == 0:
        return slope.reshape(x.shape[:-1])
    step = max(_PAIRS_AT_ONCE // first.size, 1)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        slopes = np.sort((part[:, second] - part[:, first]) / (t[second] - t[first]), axis=1)  # NaN sorts last
        known = np.count_nonzero(~np.isnan(slopes), axis=1)
        at = np.maximum(np.stack((known - 1, known)) // 2, 0)
        middle = np.take_along_axis(slopes, at.T, axis=1).mean(axis=1)
        slope[start : start + step] = np.where(known > 0, middle, np.nan)
    return slope.reshape(x.shape[:-1])


def _exact_p(s: Floats, equal: Floats) -> Floats:
    """Return P(|S| ≥ |s|) over all orders of the values, for each series; ``equal`` tells its ties."""
    p = np.empty(s.size)
    if s.size == 0:
        return p
    patterns, which = np.unique(np.sort(equal, axis=1), axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        here = which.ravel() == number
        sizes = [int(t) for t in range(1, pattern.size + 1) for _ in range(int((pattern == t).sum()) // t)]
        orders = _orders_by_inversions(sizes)
        scores = len(orders) - 1 - 2 * np.arange(len(orders))  # S = pairs that differ − 2 · inversions
        reach = np.abs(scores) >= np.abs(s[here])[:, None]
        p[here] = (reach * orders).sum(axis=1) / orders.sum()
    return p


def _orders_by_inversions(sizes: list[int]) -> Floats:
    """Return how many orders of groups of equal values have 0, 1, 2, ... inversions: [n]!/Π[t]! in q."""
    orders = np.ones(1)
    for factor in range(2, sum(sizes) + 1):
        orders = np.convolve(orders, np.ones(factor))
    for size in sizes:
        for factor in range(2, size + 1):
            quotient = np.zeros(orders.size - factor + 1)
            for place in range(quotient.size):  # whole numbers all the way: division by 1 + q + q² + ... is exact
                quotient[place] = orders[place] - quotient[max(place - factor + 1, 0) : place].sum()
            orders = quotient
    return orders
