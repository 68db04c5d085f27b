"""What the circular and the space-time scan share: zones, their log likelihood ratio, and how high chance reaches.

A zone is a circle centred on a place, times a window of days; the circular scan has one window. Counts and expected
counts are arrays place × time, and simulated ones place × time × draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from riskshare.kernels.segments import boundaries, run_of_row

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = NDArray[np.signedinteger[Any]]  # as small as holds the total: half the size is twice the speed
Rows = NDArray[np.intp]
Rank = tuple[float, int, int, int]

TIE = 1e-9  # log likelihood ratios this near are equal: sums taken in another order must not decide
CHUNK = 1 << 20  # counts by place, day and draw held together: zones of one centre then stay in the cache
_EULER = 0.5772156649015329
_LEAST = 1e-290  # what is left of 0 after subtraction may be less, or below 0, and must not overflow a ratio


class Limits(NamedTuple):
    """Which zones are looked at: at most this much expected over all time, this wide, this long; at least so many."""

    max_expected: float
    max_radius: float
    max_days: float
    min_cases: int


class Table(NamedTuple):
    """Distinct places (place × 2, in order of x then y), days, and counts and expected counts place × day."""

    xy: Floats
    days: Floats
    cases: Counts
    expected: Floats


class Circle(NamedTuple):
    """Places by distance from a centre; ``ends[g]`` is the last of those that enter together at ``radius[g]``."""

    order: Rows
    ends: Rows
    radius: Floats


class Zone(NamedTuple):
    """A zone found: its places, first and last day (as positions), and its figures."""

    llr: float
    centre: int
    radius: float
    places: Rows
    first: int
    last: int
    cases: int
    expected: float


def poisson_llr(cases: ArrayLike, expected: ArrayLike, total: ArrayLike) -> NDArray[np.float64]:
    """Return the log likelihood ratio of an excess inside a zone, elementwise; 0 where there is none.

    Parameters
    ----------
    cases, expected : array_like of real
        Whole cases inside the zone, and those expected there; broadcast against each other.
    total : array_like of real
        All cases, which is also all expected.

    Returns
    -------
    numpy.ndarray of float64
        Nats, 0 or more; empty for empty input.

    Raises
    ------
    ValueError
        If a value is not finite, a count is negative or above the total, or there are cases where none were expected.

    Notes
    -----
    With c cases, e expected and C in all, ``c ln(c/e) + (C - c) ln((C - c)/(C - e))`` if c > e, else 0
    (Kulldorff 1997, Communications in Statistics: Theory and Methods 26, 1481-1496).

    Examples
    --------
    >>> [round(float(llr), 6) for llr in poisson_llr([10, 1], [1, 10], 1175)]
    [14.060437, 0.0]
    """
    c, e, everything = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (cases, expected, total)))
    if not all(np.isfinite(v).all() for v in (c, e, everything)) or (c < 0).any() or (e < 0).any():
        what = "cases, expected and total must be finite and 0 or more; missing counts must be left out."
        raise ValueError(what)
    if (c > everything).any() or ((c > 0) & (e == 0)).any():
        what = "cases must be at most the total, and nothing may happen where nothing is expected; check the expected."
        raise ValueError(what)
    return excess(c, e, everything)


def excess(c: NDArray[Any], e: Floats, total: Any) -> Floats:
    """Return `poisson_llr` of arrays known to be sound."""
    above = c > e
    inside = np.where(above, np.maximum(e, _LEAST), 1.0)
    n = np.where(above, c, 1.0)
    rest = np.where(above, total - n, 0.0)
    # Where c > e the rest has cases only if C > c > e, so the last division is by something above 0 when it counts.
    outside = np.where(rest > 0, total - inside, 1.0)
    llr = xlogy(n, n / inside) + xlogy(rest, rest / outside)
    return np.where(above, np.maximum(llr, 0.0), 0.0)


def check_options(
    max_share: float, n_simulations: int, min_cases: int, max_radius: float, max_clusters: int | None
) -> None:
    """Raise ValueError for an option out of range."""
    if not 0.0 < max_share <= 1.0:
        what = "max_share must be above 0 and at most 1; 0.5 is usual, and 0.1 may show smaller clusters."
        raise ValueError(what)
    if n_simulations < 1 or min_cases < 1 or (max_clusters is not None and max_clusters < 1):
        what = "n_simulations, min_cases and max_clusters must be 1 or more; 999 simulations are usual."
        raise ValueError(what)
    if not max_radius > 0.0:
        what = "max_radius must be above 0, in the unit of the coordinates; leave it out for no limit."
        raise ValueError(what)


def places(coords: ArrayLike) -> tuple[Floats, Rows]:
    """Return the distinct places in order of x then y, and the place of each row; ValueError if not n × 2."""
    xy = np.asarray(coords, dtype=np.float64)
    if xy.size == 0:
        return np.zeros((0, 2)), np.zeros(0, dtype=np.intp)
    if xy.ndim != 2 or xy.shape[1] != 2 or not np.isfinite(xy).all():
        what = "coords must be two finite planar coordinates a row; leave out events without a place."
        raise ValueError(what)
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    first = boundaries(xy[order, 0], xy[order, 1])
    place = np.empty(order.size, dtype=np.intp)
    place[order] = run_of_row(first, order.size)
    return xy[order[first]], place


def circle(table: Table, centre: int, limits: Limits) -> Circle:
    """Return the circles around a place; places equally far away, but for rounding, enter together.

    Whole metres are compared exactly. Others are equal when squares differ by less than their own rounding: a
    billionth, and a few units in the last place of the largest coordinate.
    """
    gap = table.xy - table.xy[centre]
    d2 = np.einsum("ij,ij->i", gap, gap)
    near = np.flatnonzero(d2 <= limits.max_radius * limits.max_radius)
    order = near[np.argsort(d2[near], kind="stable")]
    far = d2[order]
    slack = TIE * far + 8.0 * np.spacing(np.abs(table.xy).max()) * np.sqrt(far)
    ends = np.append(np.flatnonzero(np.diff(far) > slack[1:]), far.size - 1)
    inside = np.cumsum(table.expected[order].sum(axis=1))[ends]
    # All places together cannot stand out from the rest.
    fits = (inside <= limits.max_expected * (1.0 + TIE)) & (ends < table.xy.shape[0] - 1)
    ends = ends[: int(np.argmin(fits)) if not fits.all() else ends.size]
    size = int(ends[-1]) + 1 if ends.size else 0
    return Circle(order[:size], ends, np.sqrt(far[ends]))


def _sums(values: NDArray[Any], around: Circle) -> NDArray[Any]:
    """Return sums zone × (time + 1) [× draw]: all of a circle before each time."""
    inside = values[around.order]
    if values.ndim == 2:
        inside = np.add.accumulate(inside, axis=0, dtype=values.dtype)
    else:
        # With draws, row by row: NumPy's own running sum along the first axis takes three times as long.
        for before, here in pairwise(inside):
            here += before
    if around.ends.size < inside.shape[0]:
        inside = inside[around.ends]
    upto = np.zeros((inside.shape[0], inside.shape[1] + 1, *inside.shape[2:]), dtype=values.dtype)
    for k in range(inside.shape[1]):
        np.add(upto[:, k], inside[:, k], out=upto[:, k + 1])
    return upto


def _windows(days: Floats, max_days: float) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield each number of consecutive days with events, and at which of them a window so long may begin."""
    for length in range(1, days.size + 1):
        allowed = days[length - 1 :] - days[: days.size - length + 1] + 1.0 <= max_days
        if not allowed.any():
            return
        yield length, allowed


# ------------------------------------------------------------------------------------------------ the zones found


def clusters(table: Table, limits: Limits, at_most: int | None, waiting: list[Rank] | None = None) -> list[Zone]:
    """Return zones that share no place, the highest first; each is the best of all that avoid those before it.

    ``waiting`` is what `ranks` returns, where it is known already. Zones themselves are made when their turn comes.
    """
    total = int(table.cases.sum())
    taken = np.zeros(table.xy.shape[0], dtype=np.bool_)
    waiting = sorted(ranks(table, limits) if waiting is None else waiting, reverse=True)
    found: list[Zone] = []
    while waiting and (at_most is None or len(found) < at_most):
        had = waiting.pop()
        zone = _best(table, had[-1], limits, total, taken)
        if zone is None:
            continue
        if _rank(zone) == had:
            taken[zone.places] = True
            found.append(zone)
        else:
            # What is left of a centre is never better than what it had, so the order of the others stands.
            waiting.append(_rank(zone))
            waiting.sort(reverse=True)  # nearly sorted already: one look
    return found


def ranks(table: Table, limits: Limits) -> list[Rank]:
    """Return the rank of the best zone of each centre that has one."""
    total, taken = int(table.cases.sum()), np.zeros(table.xy.shape[0], dtype=np.bool_)
    zones = (_best(table, centre, limits, total, taken) for centre in range(taken.size))
    return [_rank(zone) for zone in zones if zone is not None]


def rank(llr: float, n_places: int, n_days: int, centre: int) -> Rank:
    """Order zones by fall of the ratio; equal ones by fewer places, fewer days, then by their centre, each once."""
    return -round(llr / TIE) * TIE, n_places, n_days, centre


def _rank(zone: Zone) -> Rank:
    return rank(zone.llr, int(zone.places.size), zone.last - zone.first, zone.centre)


def _best(table: Table, centre: int, limits: Limits, total: int, taken: NDArray[np.bool_]) -> Zone | None:
    around = circle(table, centre, limits)
    blocked = np.flatnonzero(taken[around.order])
    free = int(np.searchsorted(around.ends, blocked[0])) if blocked.size else around.ends.size
    around = Circle(around.order[: int(around.ends[free - 1]) + 1 if free else 0], around.ends[:free], around.radius)
    if free == 0:
        return None
    cases, expected = _sums(table.cases, around), _sums(table.expected, around)
    best = None
    for length, allowed in _windows(table.days, limits.max_days):
        c, e = cases[:, length:] - cases[:, :-length], expected[:, length:] - expected[:, :-length]
        llr = np.where(allowed & (c >= limits.min_cases), excess(c, e, total), 0.0)
        at = int(np.argmax(np.round(llr / TIE)))  # of equal ones the smallest circle, then the first window
        g, first = np.unravel_index(at, llr.shape)
        if llr[g, first] > TIE and (best is None or llr[g, first] > best.llr + TIE):
            places = around.order[: int(around.ends[g]) + 1]
            best = Zone(
                float(llr[g, first]), centre, float(around.radius[g]), places, int(first), int(first) + length - 1,
                int(c[g, first]), float(e[g, first]),
            )  # fmt: skip
    return best


# ------------------------------------------------------------------------------------------------ what chance reaches


def draws_at_once(table: Table, n_draws: int) -> int:
    """Return how many draws to hold together so that memory stays bounded."""
    return max(1, min(n_draws, CHUNK // max(1, int(table.expected.size) + len(table.xy))))


def counts_type(total: int) -> type[np.int16 | np.int32]:
    """Return the smallest integers that hold one more than the total."""
    return np.int16 if total < np.iinfo(np.int16).max else np.int32


def highest(table: Table, limits: Limits, draws: Iterable[Counts]) -> Floats:
    """Return the highest log likelihood ratio of any zone in each draw, from blocks place × time × draw."""
    return np.concatenate([_highest(table, limits, block) for block in draws])


def _highest(table: Table, limits: Limits, block: Counts) -> Floats:
    total = int(table.cases.sum())
    best = np.zeros(block.shape[2])
    for centre in range(table.xy.shape[0]):
        around = circle(table, centre, limits)
        if around.ends.size == 0:
            continue
        cases, expected = _sums(block, around), _sums(table.expected, around)
        for length, allowed in _windows(table.days, limits.max_days):
            e = expected[:, length:] - expected[:, :-length]
            # Only a count that beats the lowest of the best so far can matter: few do, and only they need logarithms.
            need = np.where(allowed, _least_count(e, total, float(best.min()), limits.min_cases), total + 1)
            c = cases[:, length:] - cases[:, :-length] if table.days.size > 1 else cases[:, 1:]
            window, draw = np.divmod(np.flatnonzero(c >= need.astype(block.dtype)[..., None]), block.shape[2])
            g, first = np.divmod(window, allowed.size)
            np.maximum.at(best, draw, excess(c[g, first, draw], e[g, first], total))
    return best


def _least_count(e: Floats, total: int, floor: float, min_cases: int) -> Ints:
    """Return the least whole count above e whose log likelihood ratio reaches ``floor``; total + 1 if none does."""
    # The ratio lies between (c - e)²/2c and (c - e)² C/(e (C - e)): the search starts between the counts that give.
    at_least = np.floor(e + np.sqrt(np.maximum(floor * e * (total - e) / total, 0.0)))
    at_most = np.ceil(e + floor + np.sqrt(np.maximum(floor * (floor + 2.0 * e), 0.0))) + 1.0
    low = np.maximum(np.maximum(np.floor(e) + 1.0, at_least), min_cases).astype(np.int64)
    high = np.minimum(np.maximum(at_most.astype(np.int64), low), total + 1)
    low = np.minimum(low, high)
    while (low < high).any():
        middle = (low + high) // 2
        enough = excess(middle, e, total) >= floor
        high = np.where(enough, middle, high)
        low = np.where(enough, low, np.minimum(middle + 1, high))
    return low


def chance(llr: float, drawn: Floats) -> float:
    """Return p = (1 + draws as high) / (1 + draws)."""
    return float((1 + np.count_nonzero(drawn >= llr - TIE)) / (drawn.size + 1))


def gumbel_tail(llr: float, drawn: Floats) -> float:
    """Return the upper tail of the Gumbel distribution with the moments of the draws: approximate, and never 0.

    β = sd √6/π, μ = mean − 0.5772 β (Abrams, Kleinman & Kulldorff 2010, International Journal of Health Geographics
    9:61). Where all draws are equal there is nothing to fit, and the answer is that of `chance`.
    """
    beta = float(drawn.std(ddof=1)) * np.sqrt(6.0) / np.pi if drawn.size > 1 else 0.0
    if beta == 0.0:
        return chance(llr, drawn)
    reduced = (llr - float(drawn.mean()) + _EULER * beta) / beta
    return float(max(-np.expm1(-np.exp(-reduced)), np.finfo(np.float64).tiny))
