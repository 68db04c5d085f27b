"""Which events have more neighbours soon before or after them than the order of dates would give (local Knox)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom

from riskshare.kernels.near_repeat import METRICS, check_events, near_pairs
from riskshare.kernels.segments import boundaries, run_lengths

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LocalKnox:
    """Neighbours of each event; every array has one value an event, in the order given.

    Attributes
    ----------
    observed : numpy.ndarray of int64
        Other events that are near and soon.
    near, soon : numpy.ndarray of int64
        Other events that are near, on any day; soon before or after, at any place.
    expected : numpy.ndarray of float64
        What ``observed`` would be on average over all orders of the dates.
    p : numpy.ndarray of float64
        Upper tail of the hypergeometric distribution; not adjusted for asking about every event.
    """

    observed: Ints
    near: Ints
    soon: Ints
    expected: Floats
    p: Floats


def local_knox(
    x: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    distance: float,
    days: float,
    *,
    metric: str = "euclidean",
    strata: ArrayLike | None = None,
) -> LocalKnox:
    """Return how many others lie near and soon around each event, and how surprising that is.

    Parameters
    ----------
    x, y : array_like of real, shape (n,)
        Planar coordinates in any unit.
    t : array_like of real, shape (n,), days
        Dates as day numbers.
    distance : float, unit of x
        Near is less than this; ``nextafter(d, inf)`` makes it "at most d".
    days : float
        Soon is less than this many days apart, before or after; for whole days 6 is "at most 5".
    metric : {"euclidean", "manhattan"}
    strata : array_like, shape (n,), optional
        Labels such as authority × source. Each stratum is looked at by itself: pairs across are not counted, since
        the distribution holds only where all dates may change places.

    Returns
    -------
    LocalKnox
        Empty arrays for no event; p is 1 where nothing is near and soon.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, ``distance`` or ``days`` is not above 0, or the metric is unknown.

    Notes
    -----
    With all orders of the dates equally likely, event i gets the date of event j with chance 1/n, and its ``near``
    others are then a sample without replacement of the other n − 1, of which ``soon[j]`` are soon. So p is the mean
    over j of P(H ≥ observed[i]), H hypergeometric (n − 1, soon[j], near[i]). Nothing is drawn.

    References
    ----------
    Knox 1964, Applied Statistics 13, 25-29; the local form as in pointpats, ``KnoxLocal``.

    Examples
    --------
    Two neighbours on neighbouring days, two events far off on other days: the first one's only neighbour gets the
    adjacent date in 1 of the 6 ways to give two dates of four, so p is 1/6.

    >>> found = local_knox([0, 1, 50, 90], [0, 0, 0, 0], [5, 6, 20, 40], 10, 2)
    >>> found.observed.tolist(), found.p.round(4).tolist()
    ([1, 1, 0, 0], [0.1667, 0.1667, 1.0, 1.0])
    """
    xs, ys, ts, stratum = check_events(x, y, t, strata)
    if metric not in METRICS:
        what = f"metric must be one of {sorted(METRICS)}."
        raise ValueError(what)
    if not (distance > 0 and days > 0):
        what = "distance and days must be above 0: near and soon are less than them."
        raise ValueError(what)
    counts = np.zeros((3, xs.size), dtype=np.int64)
    expected, p = np.zeros(xs.size), np.ones(xs.size)
    order = np.argsort(stratum, kind="stable")
    first = boundaries(stratum[order])
    for start, length in zip(first, run_lengths(first, order.size), strict=True):
        rows = order[start : start + length]
        place = np.stack((xs[rows], ys[rows]), axis=1)
        counts[:, rows] = _neighbours(place, ts[rows], float(distance), float(days), METRICS[metric])
        observed, near, soon = counts[:, rows]
        expected[rows] = near * soon.mean() / max(length - 1, 1)
        p[rows] = _upper_tail(observed, near, soon)
    return LocalKnox(counts[0], counts[1], counts[2], expected, p)


def _neighbours(place: Floats, t: Floats, distance: float, days: float, norm: float) -> Ints:
    """Return others near and soon, near, and soon, of each event."""
    near, both = np.zeros(t.size, dtype=np.int64), np.zeros(t.size, dtype=np.int64)
    for i, j, _ in near_pairs(place, np.array([distance]), norm):
        close = np.abs(t[i] - t[j]) < days
        for ends in (i, j):
            near += np.bincount(ends, minlength=t.size)
            both += np.bincount(ends[close], minlength=t.size)
    return np.stack((both, near, _soon(t, days)))


def _soon(t: Floats, days: float) -> Ints:
    """Return how many others lie less than so many days away from each."""
    dates, count = np.unique(t, return_counts=True)
    upto = np.concatenate(([0], np.cumsum(count)))
    low = np.searchsorted(dates, dates - days, "right")
    high = np.searchsorted(dates, dates + days, "left")
    # A sum may round to another side than the difference that pairs are judged by: the difference decides.
    low = np.where((low > 0) & (dates - dates[low - 1] < days), low - 1, low)
    low = np.where(dates - dates[low] < days, low, low + 1)
    last = np.minimum(high, dates.size - 1)
    high = np.where((high < dates.size) & (dates[last] - dates < days), high + 1, high)
    high = np.where(dates[high - 1] - dates < days, high, high - 1)
    return np.asarray((upto[high] - upto[low])[np.searchsorted(dates, t)] - 1, dtype=np.int64)


def _upper_tail(observed: Ints, near: Ints, soon: Ints) -> Floats:
    n = soon.size
    p = np.ones(n)
    some = np.flatnonzero(observed > 0)
    if some.size == 0:
        return p
    of, times = np.unique(soon, return_counts=True)
    asked, back = np.unique(np.stack((observed[some], near[some])), axis=1, return_inverse=True)
    tails = hypergeom.sf(asked[0][:, None] - 1, n - 1, of[None, :], asked[1][:, None])
    p[some] = np.clip(tails @ times / n, 0.0, 1.0)[back]
    return p
