"""The circles around places, compiled: the twin of ``scan_zones.circle``, many centres at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_tools import jit
from riskshare.kernels.scan_zones import TIE, Limits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]

_MOST_TOGETHER = 48  # places in one drawer: beyond, sorting drawer by drawer is slow


class Circles(NamedTuple):
    """Circles of some centres, one after the other, each centre's from small to large.

    Centre k has the places from ``first_place[k]`` on by distance, and the zones from ``first_zone[k]`` on; a zone
    holds the places up to ``end``, and ``spread`` is √(2e(1 − e/C)).
    """

    place: Rows
    first_place: Ints
    first_zone: Ints
    end: Ints
    expected: Floats
    spread: Floats


def circles_around(xy: Floats, expected: Floats, centres: Ints, limits: Limits, total: int) -> Circles:
    """Return the circles around some places; the limits and ties are those of ``scan_zones.circle``."""
    slack = 8.0 * np.spacing(np.abs(xy).max())
    most = limits.max_expected * (1.0 + TIE)
    x, y = np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])
    reach2 = float(limits.max_radius * limits.max_radius)
    return Circles(*_circles(x, y, np.ascontiguousarray(expected), centres, reach2, slack, most, float(total)))


@jit
def _circles(x: Floats, y: Floats, expected: Floats, centres: Ints, reach2: float, slack: float, most: float,
             total: float) -> tuple[Rows, Ints, Ints, Ints, Floats, Floats]:  # fmt: skip
    n, m = x.size, centres.size
    place, end = np.empty(n * m, dtype=np.int32), np.empty(n * m, dtype=np.int64)
    inside, spread = np.empty(n * m), np.empty(n * m)
    first_place, first_zone = np.zeros(m + 1, dtype=np.int64), np.zeros(m + 1, dtype=np.int64)
    d2, far, near = np.empty(n), np.empty(n), np.empty(n, dtype=np.int32)
    drawer, order = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    for k in range(m):
        size = _distances(x, y, centres[k], reach2, d2, near)
        _sort_near(d2, near, size, drawer, order, far)
        at, zone, upto = first_place[k], first_zone[k], 0.0
        for i in range(size):
            place[at + i] = order[i]
            upto += expected[order[i]]
            # Places equally far away, but for rounding, enter together.
            if i + 1 < size and not far[i + 1] - far[i] > TIE * far[i + 1] + slack * np.sqrt(far[i + 1]):
                continue
            # All places together cannot stand out from the rest.
            if upto > most or i >= n - 1:
                break
            end[zone], inside[zone] = at + i + 1, upto
            spread[zone] = np.sqrt(max(2.0 * upto * (1.0 - upto / total), 0.0))
            zone += 1
        first_zone[k + 1] = zone
        first_place[k + 1] = end[zone - 1] if zone > first_zone[k] else at
    used, zones = first_place[m], first_zone[m]
    return (
        place[:used].copy(),
        first_place,
        first_zone,
        end[:zones].copy(),
        inside[:zones].copy(),
        spread[:zones].copy(),
    )


@jit
def _distances(x: Floats, y: Floats, centre: int, reach2: float, d2: Floats, near: Rows) -> int:
    """Write squared distances and numbers of the places in reach; return how many."""
    size = 0
    for i in range(x.size):
        dx, dy = x[i] - x[centre], y[i] - y[centre]
        d = dx * dx + dy * dy
        if d <= reach2:
            d2[size], near[size] = d, i
            size += 1
    return size


@jit
def _sort_near(d2: Floats, near: Rows, size: int, drawer: Rows, order: Rows, far: Floats) -> None:
    """Write places by distance, then by number, into ``order`` and their squared distances into ``far``."""
    greatest = d2[:size].max()
    if greatest <= 0.0:
        order[:size], far[:size] = near[:size], d2[:size]
        return
    count = np.zeros(size + 2, dtype=np.int32)
    scale, fullest = size / greatest, 0
    for i in range(size):
        drawer[i] = min(int(d2[i] * scale), size)
        count[drawer[i] + 1] += 1
        fullest = max(fullest, count[drawer[i] + 1])
    if fullest > _MOST_TOGETHER:
        by_distance = np.argsort(d2[:size], kind="mergesort")
        for i in range(size):
            order[i], far[i] = near[by_distance[i]], d2[by_distance[i]]
        return
    for k in range(size + 1):
        count[k + 1] += count[k]
    for i in range(size):
        j = count[drawer[i]]
        count[drawer[i]] += 1
        order[j], far[j] = near[i], d2[i]
    for i in range(1, size):  # each is already in its drawer: few steps
        d, one, j = far[i], order[i], i
        while j > 0 and far[j - 1] > d:
            far[j], order[j] = far[j - 1], order[j - 1]
            j -= 1
        far[j], order[j] = d, one
