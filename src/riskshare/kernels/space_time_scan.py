"""Where and when is there more than the places and the days alone explain? The space-time permutation scan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.kernels.scan_zones import (
    TIE,
    Counts,
    Floats,
    Limits,
    Rows,
    Table,
    Zone,
    chance,
    check_options,
    clusters,
    counts_type,
    draws_at_once,
    gumbel_tail,
    highest,
    places,
)
from riskshare.kernels.segments import boundaries


@dataclass(frozen=True, slots=True)
class SpaceTimeCluster:
    """A circle and a run of days with more events than both alone explain.

    Attributes
    ----------
    members : numpy.ndarray of intp
        Rows of the events inside, rising.
    centre : tuple of float
        Coordinates of the place in the middle.
    radius : float
        Distance of the farthest place inside, in the unit of the coordinates.
    first_day, last_day : float
        First and last day with an event inside, as day numbers, both included.
    cases : int
        Events inside.
    expected : float
        Events inside if places and days were unrelated within each stratum.
    ratio, llr, p, p_gumbel_approximate : float
        As of a circular cluster; ``p`` is what decides.
    p_by_lot : float
        The same with ties between data and simulations broken by a lot from ``rng``: at most ``p``, and uniform where
        nothing happens. It shows that the scan is calibrated; a finding never rests on a lot.
    """

    members: NDArray[np.intp]
    centre: tuple[float, float]
    radius: float
    first_day: float
    last_day: float
    cases: int
    expected: float
    ratio: float
    llr: float
    p: float
    p_gumbel_approximate: float
    p_by_lot: float


@dataclass(frozen=True, slots=True)
class _Events:
    """Events in order of stratum, place and day; ``place_of_row`` and ``day_of_row`` are of the rows as given."""

    table: Table
    place: Rows
    day: Rows
    stratum_first: Rows
    place_of_row: Rows
    day_of_row: Rows


def space_time_permutation(
    coords: ArrayLike,
    times: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    max_share: float = 0.5,
    max_days: float | None = None,
    n_simulations: int = 999,
    rng: np.random.Generator,
    min_cases: int = 2,
    max_radius: float = np.inf,
    max_clusters: int | None = None,
) -> tuple[SpaceTimeCluster, ...]:
    """Return circles and runs of days with more events than chance, that share no place, best first.

    Parameters
    ----------
    coords : array_like of real, shape (n, 2)
        Planar coordinates of the events, any unit.
    times : array_like of real, shape (n,), days
        Day numbers; fractions are cut off.
    strata : array_like, shape (n,), optional
        Labels such as authority × source. What is expected, and the days in the simulations, stay inside a stratum:
        an authority that records less, or that changed its records on some day, is no cluster.
    max_share : float
        A circle may hold at most this share of all events.
    max_days : float, days, optional
        The longest run of days; half of the days from the first event to the last where not given.
    n_simulations, rng, min_cases, max_radius, max_clusters
        As for the circular scan.

    Returns
    -------
    tuple of SpaceTimeCluster
        Best first. Empty where nothing is above its expected count, and for empty input.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, or an option is out of range.

    Notes
    -----
    For circle z and days t, E = Σ_k C(z, k) C(t, k) / C(k) over strata k; the ratio is that of ``poisson_llr``; the
    simulations deal the days of each stratum to its events anew (Kulldorff, Heffernan, Hartman, Assunção &
    Mostashari 2005, PLoS Medicine 2(3):e59). Runs of days begin and end on days with events: no other can be higher.
    With few events many simulations equal the data; every tie counts against the finding, so p is then cautious: valid,
    and not uniform. ``p_by_lot`` = (a + U (b + 1)) / (R + 1) is, with a of R simulations higher, b equal and U uniform
    on 0 to 1 (a randomised test: E. L. Lehmann and J. P. Romano, Testing Statistical Hypotheses, 3rd edition, 2005).
    Cost: places² × runs of days × simulations; ``max_radius`` and ``max_days`` make it less, and so do weeks or
    months for days. Memory is bounded.

    Examples
    --------
    Four events at one place on one day, and four elsewhere spread over the year.

    >>> coords = [[0, 0]] * 4 + [[50, 0]] * 4
    >>> rng = np.random.default_rng(1)
    >>> best = space_time_permutation(coords, [7, 7, 7, 7, 1, 100, 200, 300], rng=rng)[0]
    >>> best.members.tolist(), best.first_day, best.cases, best.expected
    ([0, 1, 2, 3], 7.0, 4, 2.0)
    """
    xy, place = places(coords)
    days, stratum = _checked(times, strata, place)
    check_options(max_share, n_simulations, min_cases, max_radius, max_clusters)
    if max_days is not None and not max_days >= 1.0:
        what = "max_days must be 1 or more; leave it out for half of the study period."
        raise ValueError(what)
    if place.size == 0:
        return ()
    events = _events(xy, place, days, stratum)
    half = max((float(days.max() - days.min()) + 1.0) / 2.0, 1.0)
    limits = Limits(max_share * place.size, max_radius, half if max_days is None else max_days, min_cases)
    found = clusters(events.table, limits, max_clusters)
    drawn = highest(events.table, limits, _simulations(events, n_simulations, rng)) if found else np.zeros(0)
    lots = rng.uniform(size=len(found))  # after the simulations, so that they are the same with and without
    return tuple(_cluster(zone, events, drawn, float(lot)) for zone, lot in zip(found, lots, strict=True))


def _checked(times: ArrayLike, strata: ArrayLike | None, place: Rows) -> tuple[Floats, Rows]:
    days = np.floor(np.asarray(times, dtype=np.float64))
    labels = np.zeros(place.shape, dtype=np.intp) if strata is None else np.asarray(strata)
    if not place.shape == days.shape == labels.shape:
        what = "coords, times and strata must have one row per event; give one value of each."
        raise ValueError(what)
    if not np.isfinite(days).all():
        what = "times must be finite day numbers; leave out events without a date."
        raise ValueError(what)
    return days, np.unique(labels, return_inverse=True)[1]


def _events(xy: Floats, place: Rows, days: Floats, stratum: Rows) -> _Events:
    """Count events by place and day, and what each stratum expects there."""
    distinct, day = np.unique(days, return_inverse=True)
    order = np.lexsort((day, place, stratum))  # the same answer for any order of rows
    first = boundaries(stratum[order])
    shape = len(xy), distinct.size
    cases = np.bincount(place * distinct.size + day, minlength=shape[0] * shape[1]).reshape(shape)
    expected = np.zeros(shape)
    for rows in np.split(order, first[1:]):
        by_place = np.bincount(place[rows], minlength=shape[0])
        here = np.flatnonzero(by_place)
        by_day = np.bincount(day[rows], minlength=shape[1])
        expected[here] += np.outer(by_place[here], by_day / rows.size)
    table = Table(xy, distinct, cases.astype(np.int32), expected)
    return _Events(table, place[order], day[order], first, place, day)


def _simulations(events: _Events, n_simulations: int, rng: np.random.Generator) -> Iterator[Counts]:
    """Yield blocks place × day × draw of events whose days are dealt anew inside each stratum."""
    n_places, n_days = events.table.cases.shape
    kind = counts_type(int(events.table.cases.sum()))
    at_once = draws_at_once(events.table, n_simulations)
    for start in range(0, n_simulations, at_once):
        size = min(at_once, n_simulations - start)
        dealt = np.tile(events.day, (size, 1))
        for part in np.split(dealt, events.stratum_first[1:], axis=1):
            part[:] = rng.permuted(part, axis=1)
        cell = (events.place * n_days + dealt) * size + np.arange(size)[:, None]
        counts = np.bincount(cell.ravel(), minlength=n_places * n_days * size)
        yield counts.reshape(n_places, n_days, size).astype(kind)


def _by_lot(llr: float, drawn: Floats, lot: float) -> float:
    """Return p with ties broken by a lot from 0 to 1: (draws higher + lot × (1 + draws equal)) / (1 + draws).

    >>> _by_lot(2.0, np.array([1.0, 2.0, 2.0, 3.0]), 0.5), chance(2.0, np.array([1.0, 2.0, 2.0, 3.0]))
    (0.5, 0.8)
    """
    higher = np.count_nonzero(drawn > llr + TIE)
    equal = np.count_nonzero(drawn >= llr - TIE) - higher
    return float((higher + lot * (equal + 1)) / (drawn.size + 1))


def _cluster(zone: Zone, events: _Events, drawn: Floats, lot: float) -> SpaceTimeCluster:
    inside = np.zeros(len(events.table.xy), dtype=np.bool_)
    inside[zone.places] = True
    on_day = (events.day_of_row >= zone.first) & (events.day_of_row <= zone.last)
    x, y = events.table.xy[zone.centre]
    return SpaceTimeCluster(
        members=np.flatnonzero(inside[events.place_of_row] & on_day),
        centre=(float(x), float(y)), radius=zone.radius,
        first_day=float(events.table.days[zone.first]), last_day=float(events.table.days[zone.last]),
        cases=zone.cases, expected=zone.expected, ratio=zone.cases / zone.expected, llr=zone.llr,
        p=chance(zone.llr, drawn), p_gumbel_approximate=gumbel_tail(zone.llr, drawn),
        p_by_lot=_by_lot(zone.llr, drawn, lot),
    )  # fmt: skip
