"""DBSCAN on a cell grid, compiled: the twin of ``clustering.space_time_dbscan``, with the same labels.

Rows are brought into the order of cells by counting, so that the points near a cell lie in a few runs of memory, found
by pointers that only move forward. Weights are added in the order in which the NumPy form adds them; whole ones, which
add up in any order, are kept as integers, several of which are added at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_cells import (
    Bools,
    Cells,
    Floats,
    Ints,
    Rows,
    Weights,
    around,
    keys_of,
    order_by_cell,
    run_total,
)  # fmt: skip
from riskshare.kernels.compiled_tools import jit

_MOST_WHOLE = 2.0**31  # weights that add up to less are kept as 32-bit integers
_SURE = 1.0 - 1e-9  # sums in another order differ by less: below this share of enough there is never enough


class Grid(NamedTuple):
    """Where cells are, which may touch, and when two points are neighbours.

    A cell's number is ``(slot · rows + row) · columns + column``, ``size`` being (columns, rows); it may touch those
    within ``reach`` of its own number moved by one of ``bands``. Those that touch its sides and corners are within 1
    of it moved by one of ``nearest``.
    """

    lowest: tuple[float, float]
    side: float
    size: tuple[int, int]
    reach: int
    bands: Ints
    nearest: Ints
    eps2: float
    eps_t: float


def cluster(
    x: Floats, y: Floats, t: Floats, slot: Ints, weight: Floats | None, grid: Grid, enough: float
) -> NDArray[np.int64]:
    """Return the label of each row, as ``clustering.space_time_dbscan``.

    Parameters
    ----------
    x, y : numpy.ndarray of float64, shape (n,)
    t : numpy.ndarray of float64, shape (n,) or (0,)
        None where all are of one time.
    slot : numpy.ndarray of int64, shape (n,) or (0,)
        The slot of time of each; none where there is one.
    weight : numpy.ndarray of float64, shape (n,), optional
        1 each where not given.
    grid : Grid
    enough : float
        A point whose neighbours weigh this much is a core.

    Returns
    -------
    numpy.ndarray of int64
    """
    cells, rows = order_by_cell(
        keys_of(x, y, slot, grid.lowest, grid.side, grid.size, grid.reach), x, y, t, _whole(weight)
    )
    whole = cells.weight.dtype == np.int32
    total = _weigh_cells(cells.weight, cells.edge)
    core = _cores(*cells, total, grid.bands, grid.reach, grid.eps2, grid.eps_t, enough, whole)
    del total  # a column a step no longer needs is room for the next
    label = _labels(cells, core, grid)
    place = _by_weight(cells, core, label)
    del cells, core
    return _renumber(label, place, *rows)


def _whole(weight: Floats | None) -> Weights:
    """Return weights as integers where they are whole, none where each is 1."""
    if weight is None:
        return np.zeros(0, dtype=np.int32)
    if weight.sum() < _MOST_WHOLE and (weight == np.floor(weight)).all():
        return weight.astype(np.int32)
    return weight


@jit
def _weigh_cells(weight: Weights, edge: Rows) -> Floats:
    """Return the weight of each cell."""
    total = np.empty(edge.size - 1)
    for c in range(total.size):
        total[c] = run_total(weight, edge[c], edge[c + 1]) if weight.size else float(edge[c + 1] - edge[c])
    return total


@jit
def _cores(x: Floats, y: Floats, t: Floats, weight: Weights, key: Ints, edge: Rows, total: Floats, bands: Ints,
           reach: int, eps2: float, eps_t: float, enough: float, whole: bool) -> Bools:  # fmt: skip
    """Return which points are cores: all of a cell that holds enough by itself, and those with enough around them.

    What is around a cell is copied side by side first, so that one loop of many steps weighs it.
    """
    core, room = np.zeros(x.size, dtype=np.bool_), 64
    at, low, high = np.zeros((3, bands.size), dtype=np.int64)
    near, held, end = np.empty((3, room)), np.empty(room, dtype=weight.dtype), np.zeros(bands.size + 1, dtype=np.int64)
    for c in range(total.size):
        if total[c] >= enough:
            core[edge[c] : edge[c + 1]] = True
            continue
        if around(c, key, total, bands, reach, at, low, high) < enough * _SURE:
            continue
        for b in range(bands.size):
            end[b + 1] = end[b] + edge[high[b]] - edge[low[b]]
        if end[-1] > room:
            room = int(2 * end[-1])
            near, held = np.empty((3, room)), np.empty(room, dtype=weight.dtype)
        for b in range(bands.size):
            _copy(near, held, end[b], edge[low[b]], edge[high[b]], x, y, t, weight)
        for p in range(edge[c], edge[c + 1]):
            days = t[p] if t.size else 0.0
            if whole:
                core[p] = _count(x[p], y[p], days, near, held, end[-1], weight.size > 0, eps2, eps_t) >= enough
            else:
                core[p] = _add(x[p], y[p], days, near, held, end, eps2, eps_t) >= enough
    return core


@jit
def _copy(near: Floats, held: Weights, k: int, first: int, last: int, x: Floats, y: Floats, t: Floats,
          weight: Weights) -> None:  # fmt: skip
    n = last - first
    for i in range(n):
        near[0, k + i], near[1, k + i] = x[first + i], y[first + i]
    if t.size:
        for i in range(n):
            near[2, k + i] = t[first + i]
    if weight.size:
        for i in range(n):
            held[k + i] = weight[first + i]


@jit
def _count(x: float, y: float, t: float, near: Floats, held: Weights, n: int, weighed: bool, eps2: float,
           eps_t: float) -> float:  # fmt: skip
    """Return the whole weight within reach: whole numbers add up in any order, several at once."""
    total = 0
    for k in range(n):
        dx, dy = x - near[0, k], y - near[1, k]
        inside = (dx * dx + dy * dy <= eps2) & ((eps_t <= 0.0) | (abs(t - near[2, k]) <= eps_t))
        total += (int(held[k]) if weighed else 1) if inside else 0
    return float(total)


@jit
def _add(x: float, y: float, t: float, near: Floats, held: Weights, end: Ints, eps2: float, eps_t: float) -> float:
    """Return the weight within reach, added band by band as the NumPy form adds it."""
    total = 0.0
    for b in range(end.size - 1):
        here = 0.0
        for k in range(end[b], end[b + 1]):
            dx, dy = x - near[0, k], y - near[1, k]
            inside = (dx * dx + dy * dy <= eps2) & ((eps_t <= 0.0) | (abs(t - near[2, k]) <= eps_t))
            here += held[k] * inside
        total += here
    return total


@jit
def _count_cores(core: Bools, edge: Rows) -> Floats:
    """Return how many points of each cell are cores."""
    count = np.zeros(edge.size - 1)
    for c in range(count.size):
        for p in range(edge[c], edge[c + 1]):
            count[c] += core[p]
    return count


def _labels(cells: Cells, core: Bools, grid: Grid) -> Rows:
    """Return the first cell of the cluster of each point, −1 for what is in none."""
    n_core = _count_cores(core, cells.edge)
    parent = np.arange(n_core.size, dtype=np.int32)
    # Cells that touch are joined first: nearly all that are further apart are then found to be together already.
    for bands, reach in ((grid.nearest, 1), (grid.bands, grid.reach)):
        _merge(*cells, core, n_core, parent, bands[bands >= 0], reach, grid.eps2, grid.eps_t)
    return _label(*cells, core, n_core, parent, grid.bands, grid.reach, grid.eps2, grid.eps_t)


@jit
def _root(parent: Rows, c: int) -> int:
    while parent[c] != c:
        parent[c] = parent[parent[c]]
        c = parent[c]
    return c


@jit
def _merge(x: Floats, y: Floats, t: Floats, _: Weights, key: Ints, edge: Rows, core: Bools, n_core: Floats,
           parent: Rows, bands: Ints, reach: int, eps2: float, eps_t: float) -> None:  # fmt: skip
    """Give cells that cores link one root, the first of them; each cell tries those further on."""
    at, low, high = np.zeros((3, bands.size), dtype=np.int64)
    for c in range(n_core.size):
        if n_core[c] == 0 or around(c, key, n_core, bands, reach, at, low, high) == 0:
            continue
        for b in range(bands.size):
            for d in range(max(low[b], c + 1), high[b]):
                if n_core[d] == 0:
                    continue
                one, other = _root(parent, c), _root(parent, d)
                if one != other and _linked(x, y, t, core, edge[c : c + 2], edge[d : d + 2], eps2, eps_t):
                    parent[max(one, other)] = min(one, other)


@jit
def _linked(x: Floats, y: Floats, t: Floats, core: Bools, one: Rows, other: Rows, eps2: float, eps_t: float) -> bool:
    """Return whether a core of one cell is within reach of a core of the other."""
    for p in range(one[0], one[1]):
        if not core[p]:
            continue
        for q in range(other[0], other[1]):
            dx, dy = x[p] - x[q], y[p] - y[q]
            if core[q] and dx * dx + dy * dy <= eps2 and (eps_t <= 0.0 or abs(t[p] - t[q]) <= eps_t):
                return True
    return False


@jit
def _before(x: Floats, y: Floats, t: Floats, p: int, q: int) -> bool:
    """Return whether a place comes first by x, then y, then time."""
    if x[p] != x[q]:
        return bool(x[p] < x[q])
    if y[p] != y[q]:
        return bool(y[p] < y[q])
    return bool(t.size and t[p] < t[q])


@jit
def _label(x: Floats, y: Floats, t: Floats, _: Weights, key: Ints, edge: Rows, core: Bools, n_core: Floats,
           parent: Rows, bands: Ints, reach: int, eps2: float, eps_t: float) -> Rows:  # fmt: skip
    """Return the root of each core's cell; of what is no core, that of the nearest core within reach, else −1."""
    label = np.full(core.size, -1, dtype=np.int32)
    at, low, high = np.zeros((3, bands.size), dtype=np.int64)
    for c in range(n_core.size):
        root = _root(parent, c)
        for p in range(edge[c], edge[c + 1]):
            if core[p]:
                label[p] = root
    for c in range(n_core.size):
        if n_core[c] == edge[c + 1] - edge[c] or around(c, key, n_core, bands, reach, at, low, high) == 0:
            continue
        for p in range(edge[c], edge[c + 1]):
            if core[p]:
                continue
            nearest, best = eps2, -1
            for b in range(bands.size):
                for q in range(edge[low[b]], edge[high[b]]):
                    dx, dy = x[p] - x[q], y[p] - y[q]
                    d2 = dx * dx + dy * dy
                    near = core[q] & (d2 <= nearest) & (eps_t <= 0.0 or abs(t[p] - t[q]) <= eps_t)
                    if near and (d2 < nearest or best < 0 or _before(x, y, t, q, best)):
                        nearest, best = d2, q
            if best >= 0:
                label[p] = label[best]
    return label


@jit
def _weigh(x: Floats, y: Floats, t: Floats, weight: Weights, core: Bools, label: Rows, n_cells: int) -> tuple[
    Floats, Rows
]:  # fmt: skip
    """Return the weight and the first core of the cluster of each root; −1 for a cell that is none."""
    total, first_core = np.zeros(n_cells), np.full(n_cells, -1, dtype=np.int32)
    for p in range(label.size):
        root = label[p]
        if root < 0:
            continue
        total[root] += weight[p] if weight.size else 1
        if core[p] and (first_core[root] < 0 or _before(x, y, t, p, first_core[root])):
            first_core[root] = p
    return total, first_core


def _by_weight(cells: Cells, core: Bools, label: Rows) -> Rows:
    """Return the number of each root's cluster: by falling weight, then by the place of the first core."""
    total, first_core = _weigh(*cells[:4], core, label, cells.key.size)
    root = np.flatnonzero(first_core >= 0)
    x, y = cells.x[first_core[root]], cells.y[first_core[root]]
    t = cells.t[first_core[root]] if cells.t.size else np.zeros(root.size)
    place = np.empty(cells.key.size, dtype=np.int32)
    place[root[np.lexsort((t, y, x, -total[root]))]] = np.arange(root.size)
    return place


@jit
def _renumber(label: Rows, place: Rows, row: Rows, begins: Bools) -> Ints:
    out, m = np.empty(row.size, dtype=np.int64), -1
    for i in range(out.size):
        m += begins[i]
        out[row[i]] = place[label[m]] if label[m] >= 0 else -1
    return out
