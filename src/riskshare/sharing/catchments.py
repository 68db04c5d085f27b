"""Ground cut into boxes that each hold enough addresses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def split(x: Floats, y: Floats, weight: Floats, least: int) -> tuple[Floats, Ints]:
    """Return boxes that cover the plane and each hold at least so much weight, and the box of every address.

    Parameters
    ----------
    x, y, weight : numpy.ndarray of float64, (addresses,)
    least : int

    Returns
    -------
    boxes : numpy.ndarray of float64, (boxes, 4)
        West, south, east, north, half-open, ±inf at the ends; from the south-west. None if there is too little weight.
    box : numpy.ndarray of int64, (addresses,)
        −1 if there is no box.

    Notes
    -----
    A box is cut across the longer side of the extent of its addresses, half-way between two of them, where the lighter
    side is heaviest; across the other side if the longer cannot be cut; and left whole if neither can. The order of the
    addresses does not matter.

    Examples
    --------
    >>> boxes, box = split(np.array([0.0, 1.0, 4.0, 5.0]), np.zeros(4), np.ones(4), 2)
    >>> boxes.tolist(), box.tolist()
    ([[-inf, -inf, 2.5, inf], [2.5, -inf, inf, inf]], [0, 0, 1, 1])
    """
    whole = (-np.inf, -np.inf, np.inf, np.inf)
    waiting = [(whole, np.arange(x.size))] if weight.sum() >= least else []
    done: list[tuple[tuple[float, float, float, float], Ints]] = []
    while waiting:
        box, rows = waiting.pop()
        along_x = np.ptp(x[rows]) >= np.ptp(y[rows])
        for axis in (0, 1) if along_x else (1, 0):
            cut = _cut((x, y)[axis][rows], weight[rows], least)
            if cut is not None:
                low = (x, y)[axis][rows] < cut
                waiting.append((_with(box, axis + 2, cut), rows[low]))
                waiting.append((_with(box, axis, cut), rows[~low]))
                break
        else:
            done.append((box, rows))
    done.sort(key=lambda one: (one[0][1], one[0][0]))
    found = np.full(x.size, -1, dtype=np.int64)
    for number, (_, rows) in enumerate(done):
        found[rows] = number
    return np.array([box for box, _ in done], dtype=np.float64).reshape(-1, 4), found


def _cut(at: Floats, weight: Floats, least: int) -> float | None:
    """Return where to cut: half-way between two places, the lighter side as heavy as can be; None if too light."""
    places, where = np.unique(at, return_inverse=True)
    below = np.cumsum(np.bincount(where, weights=weight))[:-1]
    lighter = np.minimum(below, weight.sum() - below)
    if not lighter.size or lighter.max() < least:
        return None
    best = int(np.argmax(lighter))
    return float(places[best] + (places[best + 1] - places[best]) / 2.0)


def _with(box: tuple[float, float, float, float], side: int, edge: float) -> tuple[float, float, float, float]:
    west, south, east, north = (edge if k == side else old for k, old in enumerate(box))
    return west, south, east, north
