"""Points in the order of their cells, compiled: rows at one place taken together, and the cells around a cell."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_tools import FEW, jit, pairwise

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Bools = NDArray[np.bool_]
Weights = NDArray[Any]
"""int32, none of them where every row weighs 1, or float64."""

_DIGIT = 11  # bits sorted at a time: the counts of one digit stay in the nearest cache


class Cells(NamedTuple):
    """Distinct places in order of cell, then x, y and time; cell c has the number ``key[c]`` and starts at ``edge[c]``.

    ``t`` is empty where all have one time, ``weight`` where each place weighs 1.
    """

    x: Floats
    y: Floats
    t: Floats
    weight: Weights
    key: Ints
    edge: Rows


class OfRows(NamedTuple):
    """The rows in order of place, and which of them begin a place."""

    row: Rows
    begins: Bools


def order_by_cell(key: Ints, x: Floats, y: Floats, t: Floats, weight: Weights) -> tuple[Cells, OfRows]:
    """Return the places of rows in order of cell, their weights added, and the rows in that order; ``key`` is used up.

    Four columns of the length of the rows are held at once, no more: each is dropped as soon as the next is made.
    """
    key, row = _by_key(key)
    t, weight = _gather(t, row), _gather(weight, row)
    x, y = _gather(x, row), _gather(y, row)
    _sort_cells(key, row, x, y, t, weight, weight.dtype != np.int32)
    begins = _beginnings(key, x, y, t)
    cell_key, edge = _edges(key, begins)
    del key
    n = _collapse(begins, x, y, t, weight)
    if n < begins.size and weight.size == 0:
        weight = _lengths(begins, n)
    return Cells(x[:n], y[:n], t[:n], weight[:n], cell_key, edge), OfRows(row, begins)


@jit
def _by_key(key: Ints) -> tuple[Ints, Rows]:
    """Return keys in order and the row of each, by counting: a few passes, each over one digit."""
    n, most = key.size, key.max()
    row, other_row, other_key = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int64)
    for i in range(n):
        row[i] = i
    shift, mask = 0, (1 << _DIGIT) - 1
    while most >> shift:
        place = np.zeros((1 << _DIGIT) + 1, dtype=np.int64)
        for i in range(n):
            place[((key[i] >> shift) & mask) + 1] += 1
        for d in range(mask):
            place[d + 1] += place[d]
        for i in range(n):
            digit = (key[i] >> shift) & mask
            other_key[place[digit]], other_row[place[digit]] = key[i], row[i]
            place[digit] += 1
        key, other_key, row, other_row = other_key, key, other_row, row
        shift += _DIGIT
    return key, row


@jit
def _gather(values: Weights, row: Rows) -> Weights:
    """Return values in order of row; none where there are none."""
    out = np.empty(min(values.size, row.size), dtype=values.dtype)
    for i in range(out.size):
        out[i] = values[row[i]]
    return out


@jit
def _less(x: Floats, y: Floats, t: Floats, w: Weights, a: int, b: int) -> bool:
    if x[a] != x[b]:
        return bool(x[a] < x[b])
    if y[a] != y[b]:
        return bool(y[a] < y[b])
    if t.size and t[a] != t[b]:
        return bool(t[a] < t[b])
    return bool(w.size and w[a] < w[b])


@jit
def _sort_run(at: Rows, spare: Rows, n: int, x: Floats, y: Floats, t: Floats, w: Weights) -> None:
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
def _move(values: Weights, first: int, at: Rows, spare: Weights, n: int) -> None:
    """Bring the run of values from ``first`` on into the order of ``at``; nothing where there are no values."""
    if values.size == 0:
        return
    for k in range(n):
        spare[k] = values[at[k]]
    for k in range(n):
        values[first + k] = spare[k]


@jit
def _share_places(first: int, last: int, x: Floats, y: Floats, t: Floats) -> bool:
    """Return whether two rows of a short run are at one place."""
    found = False
    for i in range(first, last):
        for j in range(i + 1, last):
            found |= (x[i] == x[j]) & (y[i] == y[j])
    if t.size == 0 or not found:
        return found
    for i in range(first, last):
        for j in range(i + 1, last):
            if x[i] == x[j] and y[i] == y[j] and t[i] == t[j]:
                return True
    return False


@jit
def _insert(first: int, last: int, row: Rows, x: Floats, y: Floats, t: Floats, w: Weights) -> None:
    """Sort a short run by x, y, time and weight."""
    for i in range(first + 1, last):
        j = i
        while j > first and _less(x, y, t, w, j, j - 1):
            row[j], row[j - 1] = row[j - 1], row[j]
            x[j], x[j - 1] = x[j - 1], x[j]
            y[j], y[j - 1] = y[j - 1], y[j]
            if t.size:
                t[j], t[j - 1] = t[j - 1], t[j]
            if w.size:
                w[j], w[j - 1] = w[j - 1], w[j]
            j -= 1


@jit
def _sort_cells(key: Ints, row: Rows, x: Floats, y: Floats, t: Floats, w: Weights, rounds: bool) -> None:
    """Bring rows, which stand in order of cell, in order of place within each cell.

    A short run of rows at places of their own stays as it is unless its sums round: nothing else asks for an order.
    """
    longest = _most(key)
    at, rows, values = np.empty(longest, np.int32), np.empty(longest, np.int32), np.empty(longest)
    weights = np.empty(longest, dtype=w.dtype)
    first = 0
    for last in range(1, key.size + 1):
        if last < key.size and key[last] == key[first]:
            continue
        n = last - first
        if n <= FEW:
            if rounds or _share_places(first, last, x, y, t):
                _insert(first, last, row, x, y, t, w)
        else:
            for k in range(n):
                at[k] = first + k
            _sort_run(at, rows, n, x, y, t, w)
            _move(row, first, at, rows, n)
            _move(x, first, at, values, n)
            _move(y, first, at, values, n)
            _move(t, first, at, values, n)
            _move(w, first, at, weights, n)
        first = last


@jit
def _beginnings(key: Ints, x: Floats, y: Floats, t: Floats) -> Bools:
    """Return which rows begin a place."""
    begins = np.ones(key.size, dtype=np.bool_)
    for i in range(1, key.size):
        same = key[i] == key[i - 1] and x[i] == x[i - 1] and y[i] == y[i - 1]
        begins[i] = not (same and (t.size == 0 or t[i] == t[i - 1]))
    return begins


@jit
def _edges(key: Ints, begins: Bools) -> tuple[Ints, Rows]:
    """Return the number of each cell, and at which place it starts; also where the last one ends."""
    n_cells = 1
    for i in range(1, key.size):
        n_cells += key[i] != key[i - 1]
    keys, edge = np.empty(n_cells, dtype=np.int64), np.empty(n_cells + 1, dtype=np.int32)
    c, m = 0, 0
    for i in range(key.size):
        if i == 0 or key[i] != key[i - 1]:
            keys[c], edge[c] = key[i], m
            c += 1
        m += begins[i]
    edge[n_cells] = m
    return keys, edge


@jit
def _collapse(begins: Bools, x: Floats, y: Floats, t: Floats, w: Weights) -> int:
    """Leave one row of each place in front, with the weight of all, lightest added first; return how many there are."""
    m, first = 0, 0
    for last in range(1, begins.size + 1):
        if last < begins.size and not begins[last]:
            continue
        x[m], y[m] = x[first], y[first]
        if t.size:
            t[m] = t[first]
        if w.size:
            w[m] = run_total(w, first, last)
        first = last
        m += 1
    return m


@jit
def _lengths(begins: Bools, n: int) -> Rows:
    """Return how many rows each place has."""
    count, m = np.zeros(n, dtype=np.int32), -1
    for i in range(begins.size):
        m += begins[i]
        count[m] += 1
    return count


@jit
def run_total(values: Weights, first: int, last: int) -> float:
    """Return the sum of a run as ``np.add.reduceat`` adds it: the first, and the others pair by pair."""
    if last - first > 8:
        return float(values[first] + pairwise(values, first + 1, last))
    others = 0.0
    for i in range(first + 1, last):
        others += values[i]
    return float(values[first] + others)


@jit
def around(c: int, key: Ints, amount: Floats, bands: Ints, reach: int, at: Ints, low: Ints, high: Ints) -> float:
    """Write the cells that cell c meets in each band, from ``low`` up to ``high``; return what they hold in all.

    ``at`` starts at 0 and is kept for the next cell, one further on: it only moves forward.
    """
    held = 0.0
    for b in range(bands.size):
        middle, d = key[c] + bands[b], at[b]
        while d < key.size and key[d] < middle - reach:
            d += 1
        at[b], low[b] = d, d
        while d < key.size and key[d] <= middle + reach:
            held += amount[d]
            d += 1
        high[b] = d
    return held


@jit
def keys_of(x: Floats, y: Floats, slot: Ints, lowest: tuple[float, float], side: float, sizes: tuple[int, int],
            reach: int) -> Ints:  # fmt: skip
    """Return the number of the cell of each row: slots of rows of columns, ``reach`` of each kept free.

    No slots are one slot.
    """
    key = np.empty(x.size, dtype=np.int64)
    for i in range(x.size):
        column = int(np.floor((x[i] - lowest[0]) / side)) + reach
        row = int(np.floor((y[i] - lowest[1]) / side)) + reach
        key[i] = row * sizes[0] + column
        if slot.size:
            key[i] += slot[i] * sizes[1] * sizes[0]
    return key
