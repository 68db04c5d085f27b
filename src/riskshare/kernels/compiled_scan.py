"""The circular scan, compiled: how high any circle gets in each simulation, and in the data, with the same bits.

Loops only sum and compare. Which ratios could be the highest is told by a logarithm that may be out in the last bit;
those few are worked out anew by ``scan_zones.excess``, in NumPy, and the highest of them is what NumPy would find.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_circles import Circles, circles_around
from riskshare.kernels.compiled_tools import jit
from riskshare.kernels.scan_zones import TIE, Counts, Limits, Table, excess

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LANES = 64  # simulations summed side by side: all of them for ten thousand places stay in the second cache
HELD_BYTES = 1 << 26  # of simulated counts held together; the circles are drawn anew for each such batch
_AT_ONCE = 32  # centres whose circles are held together


def highest(table: Table, limits: Limits, draws: Iterable[Counts]) -> Floats:
    """Return ``scan_zones.highest`` for a table of one time."""
    found = [_highest(table, limits, batch) for batch in _batches(draws)]
    return np.concatenate(found) if found else np.zeros(0)


def _batches(draws: Iterable[Counts]) -> Iterator[Counts]:
    """Yield counts place × draw, several blocks of draws together."""
    held: list[Counts] = []
    for block in draws:
        held.append(block[:, 0])
        if sum(one.nbytes for one in held) >= HELD_BYTES:
            yield np.concatenate(held, axis=1)
            held = []
    if held:
        yield np.concatenate(held, axis=1)


def _highest(table: Table, limits: Limits, counts: Counts) -> Floats:
    total, n = int(table.cases.sum()), counts.shape[1]
    lanes = _in_lanes(counts)
    best = np.zeros(lanes.shape[0] * LANES)
    out = np.zeros(best.size)
    # Far apart first: what is high soon spares the rest.
    for first in range(-(-len(table.xy) // _AT_ONCE)):
        centres = np.arange(first, len(table.xy), -(-len(table.xy) // _AT_ONCE))
        around = circles_around(table.xy, table.expected[:, 0], centres, limits, total)
        draw, c, e = _pass(lanes, around, best, n, float(total), limits.min_cases, _margin(total))
        np.maximum.at(out, draw, excess(c, e, total))
    return out[:n]


def _margin(total: int) -> float:
    """Return what the compiled ratio may differ by from NumPy's, with much to spare."""
    return 3.0 * TIE + 1e-14 * total


def _in_lanes(counts: Counts) -> Counts:
    """Return counts as group × place × lane."""
    n_places, n = counts.shape
    padded = np.zeros((n_places, -(-n // LANES) * LANES), dtype=counts.dtype)
    padded[:, :n] = counts
    return np.ascontiguousarray(padded.reshape(n_places, -1, LANES).transpose(1, 0, 2))


@jit
def ratio(c: float, e: float, total: float) -> float:
    """Return the log likelihood ratio of c cases where e < c were expected, but for rounding."""
    rest = total - c
    llr = c * np.log(c / max(e, 1e-290))
    if rest > 0.0:
        llr += rest * np.log(rest / (total - e))
    return float(llr)


@jit
def _pass(lanes: Counts, around: Circles, best: Floats, n: int, total: float, min_cases: int,
          margin: float) -> tuple[Ints, Ints, Floats]:  # fmt: skip
    """Return (draw, cases, expected) of every zone that may be the highest of its draw; ``best`` rises on the way."""
    room, n_found = 1 << 12, 0
    draw, cases, expected = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64), np.empty(room)
    sums = np.empty(lanes.shape[2], dtype=lanes.dtype)
    for group in range(lanes.shape[0]):
        rows, first_draw = lanes[group], group * lanes.shape[2]
        used = min(lanes.shape[2], n - first_draw)
        for k in range(around.first_zone.size - 1):
            reach = np.sqrt(max(best[first_draw : first_draw + used].min() - margin, 0.0))
            sums[:] = 0
            at = around.first_place[k]
            for zone in range(around.first_zone[k], around.first_zone[k + 1]):
                highest = sums[0]
                for i in range(at, around.end[zone]):
                    row = rows[around.place[i]]
                    highest = sums[0]
                    for lane in range(LANES):  # one loop for both: it then takes many lanes at a time
                        sums[lane] += row[lane]
                        highest = max(highest, sums[lane])
                at, e = around.end[zone], around.expected[zone]
                need = max(int(np.ceil(min(e + reach * around.spread[zone], total - e))), min_cases)
                if highest < need:
                    continue
                for lane in range(used):
                    c = float(sums[lane])
                    if sums[lane] < need or c <= e:
                        continue
                    llr, d = ratio(c, e, total), first_draw + lane
                    if llr < best[d] - margin:
                        continue
                    best[d] = max(best[d], llr)
                    if n_found == room:
                        room *= 2
                        draw, cases, expected = _longer(draw, cases, expected)
                    draw[n_found], cases[n_found], expected[n_found] = d, sums[lane], e
                    n_found += 1
    return draw[:n_found], cases[:n_found], expected[:n_found]


@jit
def _longer(draw: Ints, cases: Ints, expected: Floats) -> tuple[Ints, Ints, Floats]:
    n = draw.size
    more = np.empty(2 * n, dtype=np.int64), np.empty(2 * n, dtype=np.int64), np.empty(2 * n)
    more[0][:n], more[1][:n], more[2][:n] = draw, cases, expected
    return more


def best_zones(table: Table, limits: Limits) -> tuple[Ints, Floats, Ints]:
    """Return the centres with an excess, the ratio of the best circle of each, and how many places it has.

    Of equal circles the smallest, as ``scan_zones.clusters`` finds.
    """
    total, parts = int(table.cases.sum()), []
    for first in range(0, len(table.xy), _AT_ONCE):
        centres = np.arange(first, min(first + _AT_ONCE, len(table.xy)))
        around = circles_around(table.xy, table.expected[:, 0], centres, limits, total)
        parts.append(_near_best(table.cases[:, 0], around, float(total), limits.min_cases, _margin(total), first))
    centre, size, c, e = (np.concatenate(column) for column in zip(*parts, strict=True))
    llr = excess(c, e, total)
    order = np.lexsort((size, -np.round(llr / TIE), centre))
    best = order[np.flatnonzero(np.diff(centre[order], prepend=-1))]
    best = best[llr[best] > TIE]
    return centre[best], llr[best], size[best]


@jit
def _near_best(cases: Counts, around: Circles, total: float, min_cases: int, margin: float,
               centre: int) -> tuple[Ints, Ints, Ints, Floats]:  # fmt: skip
    """Return (centre, places, cases, expected) of the circles that may be the best of their centre."""
    n_zones = around.end.size
    of, size = np.empty(n_zones, dtype=np.int64), np.empty(n_zones, dtype=np.int64)
    inside, expected, llr = np.empty(n_zones, dtype=np.int64), np.empty(n_zones), np.zeros(n_zones)
    n_found = 0
    for k in range(around.first_zone.size - 1):
        at, c, best = around.first_place[k], 0, 0.0
        for zone in range(around.first_zone[k], around.first_zone[k + 1]):
            for i in range(at, around.end[zone]):
                c += cases[around.place[i]]
            at = around.end[zone]
            inside[zone] = c
            if c >= min_cases and c > around.expected[zone]:
                llr[zone] = ratio(float(c), around.expected[zone], total)
                best = max(best, llr[zone])
        for zone in range(around.first_zone[k], around.first_zone[k + 1]):
            if llr[zone] > 0.0 and llr[zone] >= best - margin:
                of[n_found], size[n_found] = centre + k, around.end[zone] - around.first_place[k]
                inside[n_found], expected[n_found] = inside[zone], around.expected[zone]
                n_found += 1
    return of[:n_found], size[:n_found], inside[:n_found], expected[:n_found]
