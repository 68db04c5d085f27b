"""Near repeats: pairs of events close in space and time, against the same dates in any other order (Knox).

Pairs near in space are found once per batch of permutations, a block at a time, and counted against all orders of the
dates together; the outermost bands are what is left of known totals. No matrix of all pairs is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from riskshare.kernels.segments import boundaries, run_lengths
from riskshare.kernels.twins import chosen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Times = NDArray[Any]  # float64, or the smallest integers that hold whole days

METRICS = {"euclidean": 2.0, "manhattan": 1.0}
PAIR_BLOCK = 1 << 20  # pairs near in space held together, 24 bytes each
BATCH_BYTES = 1 << 28  # dates in all their orders held together
PAYS_PAIRS = 3_000_000_000
"""Pairs × permutations counted, some three seconds, after which the compiled twin counts the rest: how many are near is
not known beforehand."""
_ROWS = 255  # pairs counted together: the most that a count of one byte can hold


@dataclass(frozen=True, slots=True)
class Knox:
    """Pairs of events by band of distance (rows) and of time (columns); every array has that shape.

    Attributes
    ----------
    observed : numpy.ndarray of int64
        Pairs, each unordered pair once.
    expected : numpy.ndarray of float64
        Mean over the permutations.
    ratio : numpy.ndarray of float64
        Observed over expected; NaN where no permutation put a pair.
    p : numpy.ndarray of float64
        Upper tail, (1 + permutations with as many pairs or more) / (1 + permutations): never 0.
    space_intervals, time_intervals : tuple of str
        The bands as intervals, such as ``[0, 100)``.
    """

    observed: Ints
    expected: Floats
    ratio: Floats
    p: Floats
    space_intervals: tuple[str, ...]
    time_intervals: tuple[str, ...]


class _Events(NamedTuple):
    """Events in order of x, y, time and stratum, so that a seed gives the same answer for any order of rows."""

    place: Floats
    t: Times
    stratum_first: NDArray[np.intp]
    by_stratum: NDArray[np.intp]


def knox(
    x: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    space_bands: ArrayLike,
    time_bands: ArrayLike,
    *,
    metric: str = "euclidean",
    n_permutations: int = 999,
    rng: np.random.Generator,
    strata: ArrayLike | None = None,
    same_place: float | None = None,
    compiled: bool | None = None,
) -> Knox:
    """Return pairs of events by band of distance and time, against what the order of the dates alone would give.

    Parameters
    ----------
    x, y : array_like of real, shape (n,)
        Planar coordinates in any unit.
    t : array_like of real, shape (n,), days
        Dates as day numbers. Whole days are faster, and a pair then is whole days apart.
    space_bands : array_like of real, shape (s + 1,), unit of x
        Rising edges, 0 or more: band k holds the pairs with ``edges[k] <= distance < edges[k + 1]``. The last may be
        inf. Pairs outside the edges are not counted.
    time_bands : array_like of real, shape (u + 1,), days
        Edges of half-open bands in the same way: ``[0, 1, 8]`` is the same day, and 1 to 7 days for whole days.
    metric : {"euclidean", "manhattan"}
        Distance in the plane.
    n_permutations : int
        How many orders of the dates to draw, 1 or more.
    rng : numpy.random.Generator
        Source of the orders.
    strata : array_like, shape (n,), optional
        Labels such as authority × source. Dates change places only inside a stratum, so that authorities that
        record a different share, or changed how they record, cannot look like repeats. Pairs across strata count.
    same_place : float, unit of x, optional
        When given, pairs at most this far apart (0.01 m after snapping) are a band of their own, the first row; the
        other bands do not hold them.
    compiled : bool, optional
        Whether the compiled twin counts whole days; by default where numba is installed and the work is large. The
        answer is the same.

    Returns
    -------
    Knox
        ``observed``, ``expected``, ``ratio``, ``p``, and the intervals as text. All 0 pairs for fewer than two events.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, edges do not rise, the metric is unknown, or ``n_permutations`` < 1.
    ModuleNotFoundError
        If the twin is asked for and numba is not installed.

    Notes
    -----
    A *closed* band of the literature, "at most 20", is the half-open ``[0, nextafter(20, inf))``: that edge is the
    smallest number above 20, so it lets in exactly the distances of 20 and less. For whole days "at most 5" is also
    ``[0, 6)``. Distances are compared as computed, √(dx² + dy²) or abs(dx) + abs(dy), exact for whole metres.

    Cost: pairs within the largest finite distance × permutations; memory does not grow with pairs.

    References
    ----------
    Knox 1964, Applied Statistics 13, 25-29; Townsley, Homel & Chaseling 2003, British Journal of Criminology 43,
    615-633; p with +1: Davison & Hinkley 1997, section 4.2.

    Examples
    --------
    Two pairs of neighbours, each pair on neighbouring days: of the three ways to pair up four dates one is this one.

    >>> rng = np.random.default_rng(1)
    >>> result = knox([0, 1, 90, 91], [0, 0, 0, 0], [5, 6, 40, 41], [0, 10, np.inf], [0, 2, np.inf], rng=rng)
    >>> result.observed.tolist()
    [[2, 0], [0, 4]]
    >>> bool(0.25 < result.p[0, 0] < 0.42), result.space_intervals
    (True, ('[0, 10)', '[10, inf)'))
    """
    columns = check_events(x, y, t, strata)
    space, time = _edges(space_bands, "space_bands"), _edges(time_bands, "time_bands")
    _check_options(space, metric, n_permutations, same_place)
    events = _ordered(*columns)
    if same_place is not None:
        # The smallest number above it as an edge lets in exactly the distances up to it.
        space = np.concatenate(([0.0, np.nextafter(same_place, np.inf)], space[space > same_place]))
    sims = _count(events, space, time, METRICS[metric], n_permutations, rng, compiled)
    observed, drawn = sims[0], sims[1:]
    expected = drawn.mean(axis=0)
    ratio = np.divide(observed, expected, out=np.full(expected.shape, np.nan), where=expected > 0)
    p = (1.0 + (drawn >= observed).sum(axis=0)) / (n_permutations + 1.0)
    return Knox(observed, expected, ratio, p, _intervals(space, same_place), _intervals(time, None))


# ------------------------------------------------------------------------------------------------ what is asked


def check_events(
    x: ArrayLike, y: ArrayLike, t: ArrayLike, strata: ArrayLike | None
) -> tuple[Floats, Floats, Floats, NDArray[np.intp]]:
    """Return x, y and t as numbers and strata numbered from 0, or refuse what is no such column."""
    xs, ys, ts = (np.asarray(column, dtype=np.float64) for column in (x, y, t))
    labels = np.zeros(xs.shape, dtype=np.intp) if strata is None else np.asarray(strata)
    if xs.ndim != 1 or not xs.shape == ys.shape == ts.shape == labels.shape:
        what = "x, y, t and strata must be one-dimensional and of one length; give one value of each per event."
        raise ValueError(what)
    if not all(np.isfinite(column).all() for column in (xs, ys, ts)):
        what = "x, y and t must be finite; leave out events without a place or a date."
        raise ValueError(what)
    return xs, ys, ts, np.unique(labels, return_inverse=True)[1]


def _edges(bands: ArrayLike, name: str) -> Floats:
    edges = np.asarray(bands, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 2 or not (edges[0] >= 0 and (np.diff(edges) > 0).all()):
        what = f"{name} must be two or more rising edges from 0 up; the band k is [edge k, edge k + 1)."
        raise ValueError(what)
    return edges


def _check_options(space: Floats, metric: str, n_permutations: int, same_place: float | None) -> None:
    if metric not in METRICS:
        what = f"metric must be one of {sorted(METRICS)}."
        raise ValueError(what)
    if n_permutations < 1:
        what = "n_permutations must be 1 or more; 999 gives p in steps of a thousandth."
        raise ValueError(what)
    if same_place is not None and not (space[0] <= same_place < space[1]):
        what = "same_place must lie inside the first space band; 0.01 is a centimetre where x is in metres."
        raise ValueError(what)


def _intervals(edges: Floats, same_place: float | None) -> tuple[str, ...]:
    if same_place is None:
        return tuple(f"[{low:.10g}, {high:.10g})" for low, high in pairwise(edges))
    own = f"[0, {same_place:.10g}]"
    return own, f"({same_place:.10g}, {edges[2]:.10g})", *_intervals(edges[2:], None)


def _ordered(x: Floats, y: Floats, t: Floats, stratum: NDArray[np.intp]) -> _Events:
    order = np.lexsort((stratum, t, y, x))
    by_stratum = np.argsort(stratum[order], kind="stable")
    return _Events(
        np.stack((x[order], y[order]), axis=1),
        _compact(t[order]),
        boundaries(stratum[order][by_stratum]),
        by_stratum,
    )


def _compact(t: Floats) -> Times:
    """Return whole days as the smallest integers that hold their differences; other times as they are."""
    if t.size == 0 or (t != np.floor(t)).any():
        return t
    since = t - t.min()
    for kind in (np.int16, np.int32):
        if since.max() < np.iinfo(kind).max:
            small: Times = since.astype(kind)
            return small
    return t


# ------------------------------------------------------------------------------------------------ counting


def _count(
    events: _Events, space: Floats, time: Floats, norm: float, n_permutations: int, rng: np.random.Generator,
    compiled: bool | None,
) -> Ints:  # fmt: skip
    """Return pairs by draw × space × time; draw 0 is the dates as they are."""
    n = events.t.size
    in_all = _pairs_in_time(np.sort(events.t), time)
    outer = bool(np.isinf(space[-1]))
    finite = space[:-1] if outer else space
    counts = np.zeros((n_permutations + 1, space.size - 1, time.size - 1), dtype=np.int64)
    looked_at = 0
    batch = max(1, min(n_permutations + 1, BATCH_BYTES // max(1, n * events.t.itemsize)))
    for start in range(0, n_permutations + 1, batch):
        stop = min(start + batch, n_permutations + 1)
        dates = _orders(events, stop - start, start == 0, rng)
        # One band more at the bottom: what lies nearer than the first edge is no band, but not the outermost either.
        near = np.zeros((stop - start, finite.size, time.size - 1), dtype=np.int64)
        for i, j, band in near_pairs(events.place, finite, norm):
            looked_at += i.size * (stop - start)
            below = _below_compiled if _has_twin(dates, compiled, looked_at) else _below
            _tally(near, dates, i, j, band, time, below)
        counts[start:stop, : finite.size - 1] = near[:, 1:]
        if outer:
            counts[start:stop, -1] = in_all - near.sum(axis=1)
    return counts


def _orders(events: _Events, n_draws: int, with_observed: bool, rng: np.random.Generator) -> Times:
    """Return dates as event × draw, changed about inside each stratum; the first draw is the observed if asked."""
    draws = np.empty((events.t.size, n_draws), dtype=events.t.dtype)
    lengths = run_lengths(events.stratum_first, events.t.size)
    drawn = np.empty((n_draws, events.t.size), dtype=events.t.dtype)
    drawn[:] = events.t[events.by_stratum]
    first_drawn = int(with_observed)
    for first, length in zip(events.stratum_first, lengths, strict=True):
        part = drawn[first_drawn:, first : first + length]
        part[:] = rng.permuted(part, axis=1)
    draws[events.by_stratum] = drawn.T
    return draws


def near_pairs(
    place: Floats, edges: Floats, norm: float
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Yield blocks of (i, j, band) of each pair nearer than the last edge, by band; band 0 is below all."""
    if place.shape[0] < 2 or edges[-1] <= 0:
        return
    tree = cKDTree(place)
    reach = edges[-1] * (1.0 + 1e-9)  # the tree may round a distance another way: it finds, the edges decide
    crowd = np.cumsum(tree.query_ball_point(place, reach, p=norm, return_length=True))
    at = 0
    while at < crowd.size:
        done = int(crowd[at - 1]) if at else 0
        stop = max(int(np.searchsorted(crowd, done + PAIR_BLOCK, "right")), at + 1)
        found = cKDTree(place[at:stop]).sparse_distance_matrix(tree, reach, p=norm, output_type="ndarray")
        i, j = found["i"] + at, found["j"]
        once = i < j
        i, j = i[once], j[once]
        band = np.searchsorted(edges, _distance(place[i], place[j], norm), "right")
        inside = band < edges.size
        order = np.argsort(band[inside], kind="stable")
        yield i[inside][order], j[inside][order], band[inside][order]
        at = stop


def _distance(a: Floats, b: Floats, norm: float) -> Floats:
    gap = np.abs(a - b)
    if norm == 1.0:
        return np.asarray(gap[:, 0] + gap[:, 1])
    return np.asarray(np.sqrt(gap[:, 0] * gap[:, 0] + gap[:, 1] * gap[:, 1]))


def _has_twin(dates: Times, compiled: bool | None, looked_at: int) -> bool:
    return bool(dates.dtype == np.int16 and chosen(compiled, looked_at, PAYS_PAIRS))


def _tally(
    near: Ints,
    dates: Times,
    i: NDArray[np.intp],
    j: NDArray[np.intp],
    band: NDArray[np.intp],
    time: Floats,
    below: Callable[[Times, NDArray[np.intp], NDArray[np.intp], Floats], Ints],
) -> None:
    """Add the pairs to ``near`` (draw × space × time)."""
    starts = boundaries(band)
    for first, length in zip(starts, run_lengths(starts, band.size), strict=True):
        rows = slice(first, first + length)
        near[:, band[first]] += np.diff(below(dates, i[rows], j[rows], time), axis=0).T


def _below(dates: Times, i: NDArray[np.intp], j: NDArray[np.intp], time: Floats) -> Ints:
    """Return the pairs below each edge by edge × draw, a few hundred pairs against all draws at once."""
    below = np.zeros((time.size, dates.shape[1]), dtype=np.int64)
    for at in range(0, i.size, _ROWS):
        rows = slice(at, at + _ROWS)
        apart = dates[i[rows]]
        apart -= dates[j[rows]]
        np.abs(apart, out=apart)
        for k, edge in enumerate(time):
            below[k] += _rows_below(apart, edge)
    return below


def _below_compiled(dates: Times, i: NDArray[np.intp], j: NDArray[np.intp], time: Floats) -> Ints:
    """Return ``_below`` for whole days: none are below 0, and all are below what no two are apart."""
    from riskshare.kernels.compiled_near_repeat import pairs_below

    beyond = np.iinfo(np.int16).max
    edges = np.clip(np.ceil(time), 0, beyond).astype(np.int16)
    below = np.zeros((time.size, dates.shape[1]), dtype=np.int64)
    below[edges == beyond] = i.size
    between = (edges > 0) & (edges < beyond)
    below[between] = pairs_below(dates, i, j, edges[between])
    return below


def _rows_below(apart: Times, edge: float) -> NDArray[np.uint8] | int:
    """Return how many rows are below the edge, by column; whole days compare with whole edges, in their own type."""
    if edge <= 0:
        return 0
    if apart.dtype.kind == "i":
        if edge > np.iinfo(apart.dtype).max:
            return int(apart.shape[0])
        edge = apart.dtype.type(np.ceil(edge))
    count: NDArray[np.uint8] = np.add.reduce((apart < edge).view(np.uint8), axis=0, dtype=np.uint8)
    return count


def _pairs_in_time(t: Times, edges: Floats) -> Ints:
    """Return the pairs of all events by time band, from sorted times, without looking at each pair."""
    below = np.array([_pairs_nearer(t, edge) for edge in edges], dtype=np.int64)
    return np.diff(below)


def _pairs_nearer(t: Times, edge: float) -> int:
    """Return how many pairs have later − earlier < edge; the difference itself is compared, as it is pair by pair."""
    n = t.size
    low = np.arange(n)  # the last event known to be nearer than the edge, the event itself if none
    if edge <= 0 or n == 0:
        return 0
    high = np.full(n, n)  # the first known not to be
    times = t.astype(np.float64)
    while (high - low > 1).any():
        middle = (low + high) // 2
        nearer = times[middle] - times < edge
        low, high = np.where(nearer, middle, low), np.where(nearer, high, middle)
    return int((low - np.arange(n)).sum())
