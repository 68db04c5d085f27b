"""Density clusters of weighted points in the plane, and in the plane and time, with bounded memory (DBSCAN).

Points that share a place (and a time) are collapsed into one weighted point first. The plane is cut into cells whose
diagonal is at most eps: points of one cell are all neighbours, so the cores of a cell are one cluster from the start,
and only pairs from cells at most two rows and columns apart are ever looked at, a block at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from riskshare.kernels.segments import boundaries, ranges, run_lengths, run_of_row
from riskshare.kernels.twins import chosen

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NOISE = -1
BLOCK = 1 << 20  # candidate pairs looked at together: some 50 MiB of working memory
REACH = 2  # a cell's side is just under eps/√2, so a neighbour is at most two rows and two columns away
_SHRINK = 1.0 - 1e-6  # keeps the diagonal of a cell under eps whatever the rounding of its edges
_MOST_CELLS = float(2**52)
_MOST_KEYS = 2**62
PAYS_POINTS = 200_000
"""From here on the compiled twin is worth loading (``docs/decisions/0020``)."""


class _Points(NamedTuple):
    """Distinct points in the order of their cells; ``start`` and ``key`` are of the occupied cells."""

    x: Floats
    y: Floats
    t: Floats
    weight: Floats
    cell: NDArray[np.intp]
    start: NDArray[np.intp]
    key: Ints
    strides: tuple[int, int]
    rank: NDArray[np.intp]
    eps: float
    eps_t: float


def dbscan(
    x: ArrayLike,
    y: ArrayLike,
    eps_m: float,
    min_weight: float,
    weights: ArrayLike | None = None,
    *,
    compiled: bool | None = None,
) -> NDArray[np.int64]:
    """Return the cluster of each point, −1 for noise.

    Parameters
    ----------
    x, y : array_like of real, shape (n,), metres
        Planar coordinates. Longitude and latitude must be projected first.
    eps_m : float, metres
        Two points are neighbours when at most this far apart (d² ≤ eps²), a point and itself included.
    min_weight : float
        A point is a core when its neighbours, itself among them, weigh at least this much.
    weights : array_like of real, shape (n,), optional
        0 or more; 1 each where not given. Points at one place are collapsed and their weights added.
    compiled : bool, optional
        Use the compiled twin, which gives the same labels. Default: where numba is installed and there are at least
        ``PAYS_POINTS`` points.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Clusters are numbered from 0 by falling weight, equal ones by their first core in order of x, then y: row
        order cannot matter. Empty for empty input.

    Raises
    ------
    ValueError
        If shapes differ, a value, the sum of weights or the square of ``eps_m`` is not finite, a weight is negative, or
        ``eps_m`` or ``min_weight`` is not above 0.

    Notes
    -----
    Cores within eps of each other share a cluster. A border point (not a core, a core within eps) goes to the cluster
    of its nearest core, of equally near ones the first in order of x, then y: Ester et al. leave that to the order
    of the rows. Memory grows with the points, never with the pairs.

    References
    ----------
    Ester, Kriegel, Sander & Xu 1996, KDD-96, 226-231; cells: Gunawan 2013, MSc thesis, TU Eindhoven.

    Examples
    --------
    Three events at one place and one a metre away are a cluster; the one far away is not.

    >>> dbscan([0, 0, 0, 1, 9], [0, 0, 0, 0, 0], 1, 3).tolist()
    [0, 0, 0, 0, -1]
    """
    return space_time_dbscan(x, y, np.zeros(np.shape(x)), eps_m, 0.0, min_weight, weights, compiled=compiled)


def space_time_dbscan(
    x: ArrayLike,
    y: ArrayLike,
    t_days: ArrayLike,
    eps_m: float,
    eps_days: float,
    min_weight: float,
    weights: ArrayLike | None = None,
    *,
    compiled: bool | None = None,
) -> NDArray[np.int64]:
    """Return the cluster of each event, −1 for noise: neighbours are near in space *and* near in time.

    Parameters
    ----------
    x, y, eps_m, min_weight, weights, compiled
        As in `dbscan`.
    t_days : array_like of real, shape (n,), days
        When each event happened.
    eps_days : float, days
        Two events are neighbours when at most ``eps_m`` *and* at most this far apart in time; 0 is the same day.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        As `dbscan`; ties are settled by x, then y, then time. Empty for empty input.

    Raises
    ------
    ValueError
        As `dbscan`, and if ``eps_days`` is negative.

    References
    ----------
    Birant & Kut 2007, Data & Knowledge Engineering 60, 208-221.

    Examples
    --------
    >>> space_time_dbscan([0, 0, 1, 0], [0, 0, 0, 0], [1, 2, 3, 90], eps_m=1, eps_days=2, min_weight=3).tolist()
    [0, 0, 0, -1]
    """
    columns = _checked(x, y, t_days, weights, eps_m, eps_days, min_weight)
    if columns[0].size == 0:
        return np.zeros(0, dtype=np.int64)
    if chosen(compiled, columns[0].size, PAYS_POINTS):
        label = _compiled(*columns, float(eps_m), float(eps_days), float(min_weight))
        if label is not None:
            return label
    xs, ys, ts, ws = columns
    points, point_of_row = _points(xs, ys, ts, np.ones(xs.size) if ws is None else ws, float(eps_m), float(eps_days))
    core, light = _cores(points, _enough(float(min_weight)))
    label = np.full(points.x.size, NOISE, dtype=np.int64)
    label[core] = _merge_cells(points, core)[points.cell[core]]
    _join_borders(points, core, light, label)
    return _by_weight(points, core, label)[point_of_row]


def _checked(
    x: ArrayLike, y: ArrayLike, t: ArrayLike, weights: ArrayLike | None, eps: float, eps_t: float, least: float
) -> tuple[Floats, Floats, Floats, Floats | None]:
    xs, ys, ts = (np.asarray(column, dtype=np.float64) for column in (x, y, t))
    ws = None if weights is None else np.asarray(weights, dtype=np.float64)
    given = (xs, ys, ts) if ws is None else (xs, ys, ts, ws)
    if xs.ndim != 1 or any(column.shape != xs.shape for column in given):
        what = "x, y, times and weights must be one-dimensional and of one length; give one value of each per event."
        raise ValueError(what)
    with np.errstate(over="ignore"):
        sound = ws is None or ((ws >= 0).all() and np.isfinite(ws.sum()))
    if not (sound and all(np.isfinite(column).all() for column in given)):
        what = "x, y, times, weights and their sum must be finite, and weights 0 or more; leave out what has no place."
        raise ValueError(what)
    if not (np.isfinite([eps * eps, eps_t, least]).all() and eps > 0 and eps_t >= 0 and least > 0):
        what = "eps_m and min_weight must be above 0, and eps_days 0 or more; give them in metres, weight and days."
        raise ValueError(what)
    return xs, ys, ts, ws


def _compiled(
    x: Floats, y: Floats, t: Floats, weight: Floats | None, eps: float, eps_t: float, least: float
) -> NDArray[np.int64] | None:
    """Return the labels by the compiled twin, or None where gaps must be closed for cell numbers to fit."""
    from riskshare.kernels import compiled_clustering as twin

    side = eps / np.sqrt(2.0) * _SHRINK
    n_columns, n_rows = (_most_slots(values, side) + 2 * REACH + 1 for values in (x, y))
    t = t if (t != t[0]).any() else t[:0]
    slots = np.zeros(0, dtype=np.int64)
    if t.size:
        slots = _places(t, eps_t * _SHRINK).astype(np.int64) + REACH if eps_t > 0 else _slots(t, None)
    if n_columns * n_rows * (int(slots.max(initial=0)) + REACH + 1) > _MOST_KEYS:
        return None
    strides, in_time = (n_columns, n_columns * n_rows), t.size > 0 and eps_t > 0
    bands, nearest = (np.array(_bands(strides, reach, in_time=in_time), dtype=np.int64) for reach in (REACH, 1))
    grid = twin.Grid(
        (float(x.min()), float(y.min())), side, (n_columns, n_rows), REACH, bands, nearest, eps * eps,
        eps_t if in_time else 0.0,
    )  # fmt: skip
    return twin.cluster(x, y, t, slots, weight, grid, _enough(least))


def _points(
    x: Floats, y: Floats, t: Floats, weight: Floats, eps: float, eps_t: float
) -> tuple[_Points, NDArray[np.intp]]:
    """Collapse rows into distinct points in cell order; also return the point of each row."""
    # Weights are the last key, so that those of one point are added in one order whatever the order of rows.
    by_place = np.lexsort((weight, t, y, x))
    first = boundaries(x[by_place], y[by_place], t[by_place])
    place_of_row = np.empty(x.size, dtype=np.intp)
    place_of_row[by_place] = run_of_row(first, x.size)
    total = np.add.reduceat(weight[by_place], first)
    xs, ys, ts = (column[by_place[first]] for column in (x, y, t))

    side = eps / np.sqrt(2.0) * _SHRINK
    columns, rows = _slots(xs, side), _slots(ys, side)
    slots = _slots(ts, eps_t * _SHRINK) if eps_t > 0 else _slots(ts, None)
    n_columns, n_rows = int(columns.max()) + REACH + 1, int(rows.max()) + REACH + 1
    if n_columns * n_rows * (int(slots.max()) + REACH + 1) > np.iinfo(np.int64).max:
        what = "eps_m and eps_days are too small for the extent of these events; use larger ones, or fewer events."
        raise ValueError(what)
    key = (slots * n_rows + rows) * n_columns + columns
    by_cell = np.argsort(key, kind="stable")
    start = boundaries(key[by_cell])
    point_of_place = np.empty_like(by_cell)
    point_of_place[by_cell] = np.arange(by_cell.size)
    points = _Points(
        x=xs[by_cell], y=ys[by_cell], t=ts[by_cell], weight=total[by_cell],
        cell=run_of_row(start, by_cell.size), start=start, key=key[by_cell][start],
        strides=(n_columns, n_columns * n_rows), rank=by_cell, eps=eps, eps_t=eps_t,
    )  # fmt: skip
    return points, point_of_place[place_of_row]


def _slots(values: Floats, side: float | None) -> Ints:
    """Return the slot of each value, with wide gaps closed: slots more than two apart stay so, and numbers stay small.

    Without a side, every distinct value is a slot of its own and no two are neighbours.
    """
    if side is None:
        return np.unique(values, return_inverse=True)[1].astype(np.int64) * (REACH + 1) + REACH
    slot, of_value = np.unique(_places(values, side).astype(np.int64), return_inverse=True)
    closed = np.cumsum(np.minimum(np.diff(slot, prepend=slot[0]), REACH + 1)) + REACH
    return np.asarray(closed[of_value], dtype=np.int64)


def _places(values: Floats, side: float) -> Floats:
    """Return how many whole sides each value lies from the least."""
    _most_slots(values, side)
    return np.asarray(np.floor((values - values.min()) / side), dtype=np.float64)


def _most_slots(values: Floats, side: float) -> int:
    """Return how many whole sides the greatest value lies from the least, or refuse what no float can number."""
    most = (values.max() - values.min()) / side
    if most > _MOST_CELLS:
        what = "eps_m or eps_days is too small for the extent of these events; use a larger one."
        raise ValueError(what)
    return int(most)


# ------------------------------------------------------------------------------------------------ pairs, in blocks


def _bands(strides: tuple[int, int], reach: int = REACH, *, in_time: bool) -> list[int]:
    """Return how far the rows of cells around a cell are from it in key order."""
    row, slot = strides
    times = range(-reach, reach + 1) if in_time else (0,)
    return [dt * slot + dy * row for dt in times for dy in range(-reach, reach + 1)]


def _near(points: _Points, i: NDArray[np.intp], j: NDArray[np.intp]) -> tuple[Bools, Floats]:
    """Return which pairs are neighbours, and d² of all."""
    dx, dy = points.x[i] - points.x[j], points.y[i] - points.y[j]
    d2 = dx * dx + dy * dy
    near = d2 <= points.eps * points.eps
    if points.eps_t > 0:
        near &= np.abs(points.t[i] - points.t[j]) <= points.eps_t
    return near, d2


def _neighbours(
    points: _Points, asked: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], Floats]]:
    """Yield blocks of (asked point, neighbour, d²); the neighbours of one point never cross a block of one band."""
    cells, of_asked = np.unique(points.cell[asked], return_inverse=True)
    edges = np.append(points.start, points.x.size)
    for band in _bands(points.strides, in_time=points.eps_t > 0):
        first = edges[np.searchsorted(points.key, points.key[cells] + band - REACH, "left")][of_asked]
        last = edges[np.searchsorted(points.key, points.key[cells] + band + REACH, "right")][of_asked]
        for rows in _blocks(last - first):
            lengths = (last - first)[rows]
            i, j = np.repeat(asked[rows], lengths), ranges(first[rows], lengths)
            near, d2 = _near(points, i, j)
            yield i[near], j[near], d2[near]


def _blocks(lengths: NDArray[np.intp]) -> Iterator[slice]:
    """Yield slices of consecutive rows whose lengths add up to about ``BLOCK``; rows of length 0 cost nothing."""
    ends = np.cumsum(lengths)
    at = 0
    while at < ends.size:
        done = int(ends[at - 1]) if at else 0
        stop = max(int(np.searchsorted(ends, done + BLOCK, "right")), at + 1)
        yield slice(at, stop)
        at = stop


# ------------------------------------------------------------------------------------------------ cores, cells, borders


def _enough(least: float) -> float:
    """Return the weight that makes a core: weights of a tenth must add up to three tenths."""
    return least * (1.0 - 1e-12)


def _cores(points: _Points, enough: float) -> tuple[Bools, NDArray[np.intp]]:
    """Return which points are cores, and the points of light cells, whose neighbours had to be weighed."""
    heavy = np.add.reduceat(points.weight, points.start)[points.cell] >= enough
    light = np.flatnonzero(~heavy)
    total = np.zeros(points.x.size)
    for i, j, _ in _neighbours(points, light):
        total += np.bincount(i, weights=points.weight[j], minlength=total.size)
    return heavy | (total >= enough), light


def _merge_cells(points: _Points, core: Bools) -> NDArray[np.int64]:
    """Return a component number for each cell: cells share one when cores link them."""
    component = np.arange(points.start.size)
    cores = np.flatnonzero(core)
    first = boundaries(points.cell[cores])
    count = run_lengths(first, cores.size)
    middle = cores[first + count // 2]
    # One core of each cell is tried against one of the other: in dense places that settles nearly every pair.
    open_pairs = []
    for a, b in _cell_pairs(points, points.cell[cores[first]]):
        linked, _ = _near(points, middle[a], middle[b])
        component = _link(component, points.cell[middle[a[linked]]], points.cell[middle[b[linked]]])
        unsettled = ~linked & (count[a] * count[b] > 1)
        open_pairs.append(np.stack((a[unsettled], b[unsettled])))
    a, b = np.concatenate(open_pairs, axis=1) if open_pairs else np.zeros((2, 0), dtype=np.intp)
    small_first = np.argsort(count[a] * count[b], kind="stable")
    a, b = a[small_first], b[small_first]
    for block in _blocks(count[a] * count[b]):
        i, j = a[block], b[block]
        apart = component[points.cell[middle[i]]] != component[points.cell[middle[j]]]
        for one, other in _core_pairs(cores, first, count, i[apart], j[apart]):
            linked, _ = _near(points, one, other)
            component = _link(component, points.cell[one[linked]], points.cell[other[linked]])
    return component


def _cell_pairs(points: _Points, cells: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield, band by band, each pair of core cells near enough to touch once, as positions in ``cells``."""
    key = points.key[cells]
    for band in _bands(points.strides, in_time=points.eps_t > 0):
        if band < 0:
            continue
        first = np.searchsorted(key, key + (band - REACH if band else 1), "left")
        lengths = np.searchsorted(key, key + band + REACH, "right") - first
        yield np.repeat(np.arange(cells.size), lengths), ranges(first, lengths)


def _core_pairs(
    cores: NDArray[np.intp],
    first: NDArray[np.intp],
    count: NDArray[np.intp],
    a: NDArray[np.intp],
    b: NDArray[np.intp],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield every core of cell a with every core of cell b, in blocks."""
    row_first = ranges(first[a], count[a])
    of_pair = np.repeat(np.arange(a.size), count[a])
    for rows in _blocks(count[b][of_pair]):
        pair = of_pair[rows]
        yield np.repeat(cores[row_first[rows]], count[b[pair]]), cores[ranges(first[b[pair]], count[b[pair]])]


def _link(component: NDArray[np.int64], a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the components after the cells ``a`` and ``b`` are joined pair by pair."""
    u, v = component[a], component[b]
    new = u != v
    if not new.any():
        return component
    edges = coo_array((np.ones(int(new.sum()), dtype=np.bool_), (u[new], v[new])), shape=(component.size,) * 2)
    return np.asarray(connected_components(edges, directed=False)[1], dtype=np.int64)[component]


def _join_borders(points: _Points, core: Bools, light: NDArray[np.intp], label: NDArray[np.int64]) -> None:
    """Write into ``label`` the cluster of the nearest core of each point that is no core and has one within eps."""
    nearest = np.full(core.size, np.inf)
    joined = np.full(core.size, -1, dtype=np.intp)
    for i, j, d2 in _neighbours(points, light[~core[light]]):
        to_core = core[j]
        i, j, d2 = i[to_core], j[to_core], d2[to_core]
        order = np.lexsort((points.rank[j], d2, i))
        best = order[boundaries(i[order])]
        i, j, d2 = i[best], j[best], d2[best]
        closer = (d2 < nearest[i]) | ((d2 == nearest[i]) & (points.rank[j] < points.rank[joined[i]]))
        nearest[i[closer]], joined[i[closer]] = d2[closer], j[closer]
    border = joined >= 0
    label[border] = label[joined[border]]


def _by_weight(points: _Points, core: Bools, label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return labels numbered by falling weight, then by the place of the first core."""
    clustered = np.flatnonzero(label != NOISE)
    names, number = np.unique(label[clustered], return_inverse=True)
    weight = np.bincount(number, weights=points.weight[clustered], minlength=names.size)
    first_core = np.full(names.size, core.size)
    is_core = core[clustered]
    np.minimum.at(first_core, number[is_core], points.rank[clustered[is_core]])
    place = np.empty(names.size, dtype=np.int64)
    place[np.lexsort((first_core, -weight))] = np.arange(names.size)
    out = np.full(label.size, NOISE, dtype=np.int64)
    out[clustered] = place[number]
    return out
