"""Points in the order of their cells, compiled: rows at one place taken together, and runs of points around a cell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_tools import FEW, jit, pairwise

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]

_DIGIT = 11  # bits sorted at a time: the counts of one digit stay in the nearest cache


class Cells(NamedTuple):
    """Distinct places in order of cell, then x, y and time; cell c holds ``edge[c]`` up to ``edge[c + 1]``.

    In each band of cells that could touch it (columns) a cell meets those from ``low`` up to ``high``.
    """

    x: Floats
    y: Floats
    t: Floats
    weight: Floats
    edge: Ints
    low: Rows
    high: Rows


def order_by_cell(
    key: Ints, x: Floats, y: Floats, t: Floats, weight: Floats, bands: Ints, reach: int
) -> tuple[Cells, Rows]:
    """Return the places of rows in order of cell, their weights added, and the place of each row."""
    order = _order_by_key(key)
    rows = _gather(order, key, x, y, t, weight)
    px, py, pt, pw, keys, edge, place_of_row = _collapse(order, _sort_cells(*rows), *rows)
    return Cells(px, py, pt, pw, edge, *cells_around(keys, bands, reach)), place_of_row


@jit
def _order_by_key(key: Ints) -> Rows:
    """Return rows in order of key, by counting: a few passes, each over one digit."""
    n, most = key.size, key.max()
    order, other = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    for i in range(n):
        order[i] = i
    shift = 0
    while most >> shift:
        count = np.zeros((1 << _DIGIT) + 1, dtype=np.int64)
        for i in range(n):
            count[((key[i] >> shift) & ((1 << _DIGIT) - 1)) + 1] += 1
        for d in range(1 << _DIGIT):
            count[d + 1] += count[d]
        for i in range(n):
            digit = (key[order[i]] >> shift) & ((1 << _DIGIT) - 1)
            other[count[digit]] = order[i]
            count[digit] += 1
        order, other = other, order
        shift += _DIGIT
    return order


@jit
def _gather(order: Rows, key: Ints, x: Floats, y: Floats, t: Floats, w: Floats) -> tuple[
    Ints, Floats, Floats, Floats, Floats
]:  # fmt: skip
    """Return columns in order: loads that do not wait for each other."""
    n = order.size
    rows = np.empty((n, 4))  # side by side, so that a row is one stretch of memory to fetch
    for i in range(n):
        rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3] = x[i], y[i], t[i], w[i]
    k, a, b, c, d = np.empty(n, dtype=np.int64), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        row = order[i]
        k[i], a[i], b[i], c[i], d[i] = key[row], rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3]
    return k, a, b, c, d


@jit
def _less(x: Floats, y: Floats, t: Floats, w: Floats, a: int, b: int) -> bool:
    if x[a] != x[b]:
        return bool(x[a] < x[b])
    if y[a] != y[b]:
        return bool(y[a] < y[b])
    if t[a] != t[b]:
        return bool(t[a] < t[b])
    return bool(w[a] < w[b])


@jit
def _sort_run(at: Rows, spare: Rows, n: int, x: Floats, y: Floats, t: Floats, w: Floats) -> None:
    """Sort n rows of one cell by x, y, time and weight: short stretches by insertion, then merged two by two."""
    for low in range(0, n, FEW):
        for i in range(low + 1, min(low + FEW, n)):
            row, j = at[i], i
            while j > low and _less(x, y, t, w, row, at[j - 1]):
                at[j] = at[j - 1]
                j -= 1
            at[j] = row
    width = FEW
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            i, j = low, middle
            for k in range(low, high):
                if i < middle and (j >= high or not _less(x, y, t, w, at[j], at[i])):
                    spare[k] = at[i]
                    i += 1
                else:
                    spare[k] = at[j]
                    j += 1
        at[:n] = spare[:n]
        width *= 2


@jit
def _most(key: Ints) -> int:
    """Return the length of the longest run of one key."""
    most, first = 0, 0
    for i in range(1, key.size + 1):
        if i == key.size or key[i] != key[first]:
            most, first = max(most, i - first), i
    return most


@jit
def _sort_cells(key: Ints, x: Floats, y: Floats, t: Floats, w: Floats) -> Rows:
    """Return rows, which stand in order of cell, in order of place within each cell."""
    longest, n = _most(key), key.size
    at, spare = np.arange(n).astype(np.int32), np.empty(longest, dtype=np.int32)
    first = 0
    for last in range(1, n + 1):
        if last < n and key[last] == key[first]:
            continue
        if last - first > 1:
            _sort_run(at[first:last], spare, last - first, x, y, t, w)
        first = last
    return at


@jit
def _collapse(
    order: Rows, at: Rows, key: Ints, x: Floats, y: Floats, t: Floats, w: Floats
) -> tuple[Floats, Floats, Floats, Floats, Ints, Ints, Rows]:
    """Add up the weights of rows at one place and time, lightest first; number places and cells."""
    n, m, n_cells, begin = key.size, -1, 0, 0
    px, py, pt, pw = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    keys, edge, place_of_row = np.empty(n, dtype=np.int64), np.empty(n + 1, dtype=np.int64), np.empty(n, dtype=np.int32)
    sorted_weight = np.empty(n)
    for i in range(n):
        row = at[i]
        if i == 0 or key[i] != key[i - 1]:
            keys[n_cells], edge[n_cells] = key[i], m + 1
            n_cells += 1
        elif x[row] == px[m] and y[row] == py[m] and t[row] == pt[m]:
            sorted_weight[i] = w[row]
            pw[m] = run_total(sorted_weight, begin, i + 1)
            place_of_row[order[row]] = m
            continue
        m += 1
        begin, sorted_weight[i] = i, w[row]
        px[m], py[m], pt[m], pw[m] = x[row], y[row], t[row], w[row]
        place_of_row[order[row]] = m
    m += 1
    edge[n_cells] = m
    return px[:m], py[:m], pt[:m], pw[:m], keys[:n_cells], edge[: n_cells + 1], place_of_row


@jit
def run_total(values: Floats, first: int, last: int) -> float:
    """Return the sum of a run as ``np.add.reduceat`` adds it: the first, and the others pair by pair."""
    if last - first > 8:
        return float(values[first] + pairwise(values, first + 1, last))
    others = 0.0
    for i in range(first + 1, last):
        others += values[i]
    return float(values[first] + others)


@jit
def cells_around(key: Ints, bands: Ints, reach: int) -> tuple[Rows, Rows]:
    """Return the first cell around each cell in each band, and the one after the last: pointers only move forward."""
    n_cells = key.size
    low, high = np.empty((n_cells, bands.size), dtype=np.int32), np.empty((n_cells, bands.size), dtype=np.int32)
    for b in range(bands.size):
        first, last, band = 0, 0, bands[b]
        for c in range(n_cells):
            middle = key[c] + band
            while first < n_cells and key[first] < middle - reach:
                first += 1
            while last < n_cells and key[last] <= middle + reach:
                last += 1
            low[c, b], high[c, b] = first, last
    return low, high


@jit
def keys_of(x: Floats, y: Floats, slot: Ints, lowest: tuple[float, float], side: float, sizes: tuple[int, int],
            reach: int) -> Ints:  # fmt: skip
    """Return the number of the cell of each row: slots of rows of columns, ``reach`` of each kept free."""
    key = np.empty(x.size, dtype=np.int64)
    for i in range(x.size):
        column = int(np.floor((x[i] - lowest[0]) / side)) + reach
        row = int(np.floor((y[i] - lowest[1]) / side)) + reach
        key[i] = (slot[i] * sizes[1] + row) * sizes[0] + column
    return key
