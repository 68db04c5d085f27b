"""DBSCAN on a cell grid, compiled: the twin of ``clustering.space_time_dbscan``, with the same labels.

Rows are brought into the order of cells by counting, so that the points near a cell lie in a few runs of memory, found
by pointers that only move forward. Weights are added in the order in which the NumPy form adds them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_cells import Cells, keys_of, order_by_cell, run_total
from riskshare.kernels.compiled_tools import jit

__all__ = ["Grid", "cluster", "keys_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.int32]

_EXACT = 2.0**53  # whole numbers up to here add up exactly
_SURE = 1.0 - 1e-9  # sums in another order differ by less: below this share of enough there is never enough


class Grid(NamedTuple):
    """What the loops need beside the points: bands of cells around a cell, reach, and when two are neighbours."""

    bands: Ints
    reach: int
    eps2: float
    eps_t: float


def cluster(key: Ints, x: Floats, y: Floats, t: Floats, weight: Floats, grid: Grid, enough: float) -> Ints:
    """Return the label of each row, as ``clustering.space_time_dbscan``.

    Parameters
    ----------
    key : numpy.ndarray of int64, shape (n,)
        The cell of each row: cells that can touch lie in the same run of ``reach`` keys to a band.
    x, y, t, weight : numpy.ndarray of float64, shape (n,)
    grid : Grid
    enough : float
        A point whose neighbours weigh this much is a core.

    Returns
    -------
    numpy.ndarray of int64
    """
    cells, place_of_row = order_by_cell(key, x, y, t, weight, grid.bands, grid.reach)
    total, core = _heavy(cells.weight, cells.edge, enough)
    _weigh_light(*cells, total, core, grid.eps2, grid.eps_t, enough)
    n_core = np.add.reduceat(core, cells.edge[:-1], dtype=np.int64)
    parent = _merge(*cells, core, n_core, grid.bands, grid.eps2, grid.eps_t)
    label = _label_cores(cells.edge, core, parent)
    _join_borders(*cells, core, n_core, label, grid.eps2, grid.eps_t)
    return _by_weight(cells, core, label, place_of_row)


@jit
def _heavy(weight: Floats, edge: Ints, enough: float) -> tuple[Floats, Bools]:
    """Return the weight of each cell; the points of those that hold enough by themselves are all cores."""
    n_cells = edge.size - 1
    total, core = np.empty(n_cells), np.zeros(weight.size, dtype=np.bool_)
    for c in range(n_cells):
        total[c] = run_total(weight, edge[c], edge[c + 1])
        if total[c] >= enough:
            core[edge[c] : edge[c + 1]] = True
    return total, core


@jit
def _weigh_light(x: Floats, y: Floats, t: Floats, weight: Floats, edge: Ints, low: Rows, high: Rows, total: Floats,
                 core: Bools, eps2: float, eps_t: float, enough: float) -> None:  # fmt: skip
    """Mark the cores among the points of the other cells, from a copy of what is around each cell."""
    upto, n_bands, whole = np.zeros(total.size + 1), low.shape[1], True
    for c in range(total.size):
        upto[c + 1] = upto[c] + total[c]
        whole &= total[c] == np.floor(total[c])
    for p in range(weight.size):
        whole &= weight[p] == np.floor(weight[p])
    whole &= upto[-1] < _EXACT
    # Differences of a running total may have lost what small weights add: only what is surely too little is passed by.
    least = enough * _SURE - upto[-1] * 1e-12
    room = 64
    near, days, count = np.empty((2, room)), np.empty(room), np.empty(room)
    end = np.zeros(n_bands + 1, dtype=np.int64)
    for c in range(total.size):
        if total[c] >= enough:
            continue
        around = 0.0
        for b in range(n_bands):
            around += upto[high[c, b]] - upto[low[c, b]]
            end[b + 1] = end[b] + edge[high[c, b]] - edge[low[c, b]]
        if around < least:
            continue
        if end[n_bands] > room:
            room = int(2 * end[n_bands])
            near, days, count = np.empty((2, room)), np.empty(room), np.empty(room)
        for b in range(n_bands):
            k = end[b]
            for q in range(edge[low[c, b]], edge[high[c, b]]):
                near[0, k], near[1, k], days[k], count[k] = x[q], y[q], t[q], weight[q]
                k += 1
        for p in range(edge[c], edge[c + 1]):
            if whole:
                core[p] = _count(x[p], y[p], t[p], near, days, count, int(end[n_bands]), eps2, eps_t) >= enough
            else:
                core[p] = _add(x[p], y[p], t[p], near, days, count, end, eps2, eps_t) >= enough


@jit
def _count(x: float, y: float, t: float, near: Floats, days: Floats, count: Floats, n: int, eps2: float,
           eps_t: float) -> int:  # fmt: skip
    """Return the whole weight within reach: whole numbers add up in any order, several at once."""
    total = 0
    for k in range(n):
        dx, dy = x - near[0, k], y - near[1, k]
        inside = (dx * dx + dy * dy <= eps2) & ((eps_t <= 0.0) | (abs(t - days[k]) <= eps_t))
        total += int(count[k]) if inside else 0
    return total


@jit
def _add(x: float, y: float, t: float, near: Floats, days: Floats, count: Floats, end: Ints, eps2: float,
         eps_t: float) -> float:  # fmt: skip
    """Return the weight within reach, added band by band as the NumPy form adds it."""
    total = 0.0
    for b in range(end.size - 1):
        here = 0.0
        for k in range(end[b], end[b + 1]):
            dx, dy = x - near[0, k], y - near[1, k]
            inside = (dx * dx + dy * dy <= eps2) & ((eps_t <= 0.0) | (abs(t - days[k]) <= eps_t))
            here += count[k] * inside
        total += here
    return total


@jit
def _root(parent: Ints, c: int) -> int:
    while parent[c] != c:
        parent[c] = parent[parent[c]]
        c = parent[c]
    return c


@jit
def _merge(x: Floats, y: Floats, t: Floats, _: Floats, edge: Ints, low: Rows, high: Rows, core: Bools, n_core: Ints,
           bands: Ints, eps2: float, eps_t: float) -> Ints:  # fmt: skip
    """Return for each cell the first of the cells it is joined with: cells are joined where cores link them."""
    parent = np.arange(n_core.size)
    for c in range(n_core.size):
        if n_core[c] == 0:
            continue
        for b in range(bands.size):
            if bands[b] < 0:
                continue
            for d in range(max(low[c, b], c + 1), high[c, b]):
                if n_core[d] == 0:
                    continue
                one, other = _root(parent, c), _root(parent, d)
                if one != other and _linked(x, y, t, core, edge[c : c + 2], edge[d : d + 2], eps2, eps_t):
                    parent[max(one, other)] = min(one, other)
    for c in range(n_core.size):
        parent[c] = _root(parent, c)
    return parent


@jit
def _linked(x: Floats, y: Floats, t: Floats, core: Bools, one: Ints, other: Ints, eps2: float, eps_t: float) -> bool:
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
def _label_cores(edge: Ints, core: Bools, parent: Ints) -> Ints:
    label = np.full(core.size, -1)
    for c in range(parent.size):
        for p in range(edge[c], edge[c + 1]):
            if core[p]:
                label[p] = parent[c]
    return label


@jit
def _before(x: Floats, y: Floats, t: Floats, p: int, q: int) -> bool:
    """Return whether a place comes first by x, then y, then time."""
    if x[p] != x[q]:
        return bool(x[p] < x[q])
    if y[p] != y[q]:
        return bool(y[p] < y[q])
    return bool(t[p] < t[q])


@jit
def _join_borders(x: Floats, y: Floats, t: Floats, _: Floats, edge: Ints, low: Rows, high: Rows, core: Bools,
                  n_core: Ints, label: Ints, eps2: float, eps_t: float) -> None:  # fmt: skip
    """Write the cluster of the nearest core for each point that is no core and has one within reach."""
    for c in range(n_core.size):
        if n_core[c] == edge[c + 1] - edge[c]:
            continue
        around = 0
        for b in range(low.shape[1]):
            for d in range(low[c, b], high[c, b]):
                around += n_core[d]
        if around == 0:
            continue
        for p in range(edge[c], edge[c + 1]):
            if core[p]:
                continue
            nearest, best = eps2, -1
            for b in range(low.shape[1]):
                for q in range(edge[low[c, b]], edge[high[c, b]]):
                    dx, dy = x[p] - x[q], y[p] - y[q]
                    d2 = dx * dx + dy * dy
                    near = core[q] & (d2 <= nearest) & ((eps_t <= 0.0) | (abs(t[p] - t[q]) <= eps_t))
                    if near and (d2 < nearest or best < 0 or _before(x, y, t, q, best)):
                        nearest, best = d2, q
            if best >= 0:
                label[p] = label[best]


@jit
def _totals(x: Floats, y: Floats, t: Floats, weight: Floats, core: Bools, label: Ints) -> tuple[Floats, Ints]:
    """Return each cluster's weight and first core, and leave numbers in order of appearance in ``label``."""
    number = np.full(label.size, -1)
    total, first_core, n = np.zeros(label.size), np.full(label.size, -1), 0
    for p in range(label.size):
        if label[p] < 0:
            continue
        if number[label[p]] < 0:
            number[label[p]] = n
            n += 1
        k = number[label[p]]
        label[p] = k
        total[k] += weight[p]
        if core[p] and (first_core[k] < 0 or _before(x, y, t, p, first_core[k])):
            first_core[k] = p
    return total[:n], first_core[:n]


@jit
def _renumber(label: Ints, place: Ints, place_of_row: Rows) -> Ints:
    out = np.empty(place_of_row.size, dtype=np.int64)
    for p in range(label.size):
        label[p] = place[label[p]] if label[p] >= 0 else -1
    for i in range(out.size):
        out[i] = label[place_of_row[i]]
    return out


def _by_weight(cells: Cells, core: Bools, label: Ints, place_of_row: Rows) -> Ints:
    """Return the label of each row, numbered by falling weight, then by the place of the first core."""
    total, first_core = _totals(cells.x, cells.y, cells.t, cells.weight, core, label)
    place = np.empty(total.size, dtype=np.int64)
    x, y, t = cells.x[first_core], cells.y[first_core], cells.t[first_core]
    place[np.lexsort((t, y, x, -total))] = np.arange(total.size)
    return _renumber(label, place, place_of_row)
