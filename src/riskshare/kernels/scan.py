"""Where is there more than chance would put anywhere? Kulldorff's circular scan, and the parts of a scan by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.kernels.scan_zones import (
    Counts,
    Floats,
    Limits,
    Rank,
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
    poisson_llr,
    rank,
)
from riskshare.kernels.segments import boundaries
from riskshare.kernels.space_time_scan import space_time_permutation
from riskshare.kernels.twins import chosen

__all__ = ["Cluster", "circular_scan", "poisson_llr", "space_time_permutation"]

PAYS_SUMS = 200_000_000
"""From so many places² × simulations on the compiled twin is worth loading (``docs/decisions/0020``)."""


@dataclass(frozen=True, slots=True)
class _Model:
    """Places and their counts, and for each stratum with cases: its total, its places and their chances."""

    table: Table
    place_of_row: NDArray[np.intp]
    strata: tuple[tuple[int, NDArray[np.intp], Floats], ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A circle with more cases than expected.

    Attributes
    ----------
    members : numpy.ndarray of intp
        Rows inside, rising, also those without cases.
    centre : tuple of float
        Coordinates of the place in the middle.
    radius : float
        Distance of the farthest place inside, in the unit of the coordinates.
    cases : int
        Cases inside.
    expected : float
        Expected inside, after scaling to the cases (of each stratum).
    ratio : float
        Cases over expected. Of a zone chosen for being the highest this is too high, the more so the fewer the cases.
    llr : float
        Log likelihood ratio, nats, divided by the dispersion.
    p : float
        (1 + simulations whose highest zone is as high) / (1 + simulations). For clusters after the first it is
        cautious, because they too are held against the highest.
    p_gumbel_approximate : float
        An approximation for the far tail, where ``p`` can fall no further; never 0.
    """

    members: NDArray[np.intp]
    centre: tuple[float, float]
    radius: float
    cases: int
    expected: float
    ratio: float
    llr: float
    p: float
    p_gumbel_approximate: float


def circular_scan(
    coords: ArrayLike,
    cases: ArrayLike,
    expected: ArrayLike,
    *,
    max_share: float = 0.5,
    n_simulations: int = 999,
    rng: np.random.Generator,
    min_cases: int = 2,
    strata: ArrayLike | None = None,
    dispersion: float = 1.0,
    max_radius: float = np.inf,
    max_clusters: int | None = None,
    compiled: bool | None = None,
) -> tuple[Cluster, ...]:
    """Return circles with more cases than expected that share no place, best first.

    Parameters
    ----------
    coords : array_like of real, shape (n, 2)
        Planar coordinates, any unit. Rows at one place (other sources, other strata) are taken together.
    cases : array_like of real, shape (n,)
        Whole cases, 0 or more.
    expected : array_like of real, shape (n,)
        Expected cases, 0 or more. Without strata they must add up to the cases. With strata only their shares inside
        each stratum count: they are scaled to the cases of the stratum.
    max_share : float
        A circle may hold at most this share of all expected cases.
    n_simulations : int
        999 gives exact tests at .05 and .01.
    rng : numpy.random.Generator
        Source of the simulations.
    min_cases : int
        A circle with fewer is not looked at, in the data as in the simulations.
    strata : array_like, shape (n,), optional
        Labels such as authority × source. Each stratum keeps its total in every simulation, so that an authority that
        records more, as a whole, is no cluster.
    dispersion : float
        φ, 1 or more: variance over mean of the counts where nothing happens. The ratio is divided by it before it is
        held against Poisson simulations, which over-dispersed counts beat too easily.
    max_radius : float
        A circle may be at most this wide, in the unit of the coordinates.
    max_clusters : int, optional
        Stop after so many.
    compiled : bool, optional
        Use the compiled twin, which gives the same bits. Default: where numba is installed and places² × simulations
        are at least ``PAYS_SUMS``.

    Returns
    -------
    tuple of Cluster
        Best first; of equal ones the smaller, then that whose centre comes first by x, then y. Each is the best of all
        circles that avoid those before it. Empty where nothing is above its expected count, and for empty input.

    Raises
    ------
    ValueError
        If shapes differ, counts are not whole, a value is negative or not finite, cases stand where none are
        expected, the sums differ, or an option is out of range.

    Notes
    -----
    The ratio is that of `poisson_llr`; cases are drawn as a multinomial on the expected ones inside each stratum.
    Circles are centred on the places, and places equally far away enter together. Cost: places² × simulations; a
    ``max_radius`` makes it less. Memory is bounded.

    References
    ----------
    Kulldorff 1997, Communications in Statistics: Theory and Methods 26, 1481-1496; φ: Zhang, Zhang & Lin 2012,
    Statistics in Medicine 31, 762-774, give another treatment.

    Examples
    --------
    >>> coords, rng = [[0, 0], [1, 0], [9, 0], [10, 0]], np.random.default_rng(1)
    >>> found = circular_scan(coords, [9, 9, 1, 1], [5, 5, 5, 5], rng=rng)
    >>> found[0].members.tolist(), found[0].cases, found[0].expected, round(found[0].llr, 3), found[0].p < 0.01
    ([0, 1], 18, 10.0, 7.361, True)
    """
    columns = _checked(coords, cases, expected, strata)
    check_options(max_share, n_simulations, min_cases, max_radius, max_clusters)
    if not (np.isfinite(dispersion) and dispersion >= 1.0):
        what = "dispersion must be 1 or more; 1 is Poisson."
        raise ValueError(what)
    if columns[1].sum() == 0:
        return ()
    model = _model(*columns)
    limits = Limits(max_share * float(model.table.cases.sum()), max_radius, np.inf, min_cases)
    fast = chosen(compiled, len(model.table.xy) ** 2 * n_simulations, PAYS_SUMS)
    found = clusters(model.table, limits, max_clusters, _ranks(model.table, limits) if fast else None)
    drawn = np.zeros(0)
    if found:
        drawn = _highest(model.table, limits, _simulations(model, n_simulations, rng), compiled=fast)
    return tuple(_cluster(zone, model, drawn, dispersion) for zone in found)


def _checked(
    coords: ArrayLike, cases: ArrayLike, expected: ArrayLike, strata: ArrayLike | None
) -> tuple[tuple[Floats, NDArray[np.intp]], Floats, Floats, NDArray[np.intp]]:
    xy, place = places(coords)
    c, e = np.asarray(cases, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    labels = np.zeros(place.shape, dtype=np.intp) if strata is None else np.asarray(strata)
    if not place.shape == c.shape == e.shape == labels.shape:
        what = "coords, cases, expected and strata must have one row each per place; give one value of each."
        raise ValueError(what)
    if (
        not (np.isfinite(c).all() and np.isfinite(e).all())
        or (c < 0).any()
        or (e < 0).any()
        or (c != np.floor(c)).any()
    ):
        what = "cases must be whole and expected finite, both 0 or more; leave out places that nobody watched."
        raise ValueError(what)
    if c.sum() > np.iinfo(np.int32).max:
        what = "more cases than the scan can count; use larger places or a shorter time."
        raise ValueError(what)
    if ((c > 0) & (e == 0)).any():
        what = f"{int(((c > 0) & (e == 0)).sum())} rows have cases where none are expected; report them apart."
        raise ValueError(what)
    if strata is None and abs(e.sum() - c.sum()) > 1e-6 * c.sum():
        what = "expected must add up to the cases; multiply it by sum(cases) / sum(expected), or pass strata."
        raise ValueError(what)
    return (xy, place), c, e, np.unique(labels, return_inverse=True)[1]


def _model(
    where: tuple[Floats, NDArray[np.intp]], cases: Floats, expected: Floats, stratum: NDArray[np.intp]
) -> _Model:
    """Scale what is expected to the cases of each stratum, and add up by place."""
    xy, place = where
    order = np.lexsort((expected, place, stratum))  # sums and draws come in one order whatever the order of rows
    scaled = np.zeros(len(xy))
    strata = []
    for rows in np.split(order, boundaries(stratum[order])[1:]):
        total, share = int(cases[rows].sum()), expected[rows]
        starts = boundaries(place[rows])
        if total == 0:
            continue
        chances = np.add.reduceat(share, starts) / share.sum()
        here = place[rows][starts]
        scaled[here] += total * chances
        # Places where nothing is expected must not take the rounding of the other chances.
        strata.append((total, here[chances > 0], chances[chances > 0]))
    counts = np.bincount(place, weights=cases, minlength=len(xy)).astype(np.int32)
    return _Model(Table(xy, np.zeros(1), counts[:, None], scaled[:, None]), place, tuple(strata))


def _simulations(model: _Model, n_simulations: int, rng: np.random.Generator) -> Iterator[Counts]:
    """Yield blocks place × 1 × draw of cases drawn inside each stratum."""
    kind = counts_type(int(model.table.cases.sum()))
    at_once = draws_at_once(model.table, n_simulations)
    for start in range(0, n_simulations, at_once):
        size = min(at_once, n_simulations - start)
        block = np.zeros((len(model.table.xy), 1, size), dtype=kind)
        for total, here, chances in model.strata:
            block[here, 0] += rng.multinomial(total, chances, size=size).T.astype(kind)
        yield block


def _ranks(table: Table, limits: Limits) -> list[Rank]:
    from riskshare.kernels import compiled_scan as twin

    found = (column.tolist() for column in twin.best_zones(table, limits))
    return [rank(llr, size, 0, centre) for centre, llr, size in zip(*found, strict=True)]


def _highest(table: Table, limits: Limits, draws: Iterator[Counts], *, compiled: bool) -> Floats:
    if not compiled:
        return highest(table, limits, draws)
    from riskshare.kernels import compiled_scan as twin

    return twin.highest(table, limits, draws)


def _cluster(zone: Zone, model: _Model, drawn: Floats, dispersion: float) -> Cluster:
    inside = np.zeros(len(model.table.xy), dtype=np.bool_)
    inside[zone.places] = True
    llr = zone.llr / dispersion
    x, y = model.table.xy[zone.centre]
    return Cluster(
        members=np.flatnonzero(inside[model.place_of_row]), centre=(float(x), float(y)), radius=zone.radius,
        cases=zone.cases, expected=zone.expected, ratio=zone.cases / zone.expected, llr=llr,
        p=chance(llr, drawn), p_gumbel_approximate=gumbel_tail(llr, drawn),
    )  # fmt: skip
