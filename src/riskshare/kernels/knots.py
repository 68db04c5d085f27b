"""Broken lines that never fall, read at many values of many samples at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def span(values: Floats, x: Floats, y: Floats, slack: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and the highest y of the broken line through (x, y) at each value; level beyond its ends.

    Parameters
    ----------
    values : ndarray, shape (…, m)
    x, y : ndarray, shape (…, k), k ≥ 1
        Never falling; repeats make the line upright. Leading axes broadcast.
    slack : ndarray, broadcast against ``values``
        An x this near a value counts as equal to it.

    Returns
    -------
    lowest, highest : ndarray, shape (…, m), float64
        Equal save where the line is upright. NaN (missing) stays NaN; empty in, empty out.

    Examples
    --------
    >>> low, high = span(np.array([1.0, 2.0]), np.array([0.0, 2, 2, 4]), np.array([0.0, 1, 5, 6]), np.zeros(2))
    >>> low.tolist(), high.tolist()
    ([0.5, 1.0], [0.5, 5.0])
    """
    batch = np.broadcast_shapes(values.shape[:-1], x.shape[:-1], y.shape[:-1])
    v = np.broadcast_to(values, (*batch, values.shape[-1]))
    x, y = np.broadcast_to(x, (*batch, x.shape[-1])), np.broadcast_to(y, (*batch, y.shape[-1]))
    first = _count(x, v - slack, inclusive=False)
    last = _count(x, v + slack, inclusive=True)
    top = x.shape[-1] - 1
    left, right = np.clip(first - 1, 0, top), np.clip(first, 0, top)
    x0, x1 = np.take_along_axis(x, left, axis=-1), np.take_along_axis(x, right, axis=-1)
    y0, y1 = np.take_along_axis(y, left, axis=-1), np.take_along_axis(y, right, axis=-1)
    wide = x1 > x0
    part = np.clip(np.where(wide, (v - x0) / np.where(wide, x1 - x0, 1.0), 0.0), 0.0, 1.0)
    between = np.where(np.isnan(v), np.nan, np.clip(y0 + part * (y1 - y0), y0, y1))
    on = last > first
    highest = np.take_along_axis(y, np.clip(last - 1, 0, top), axis=-1)
    return np.where(on, y1, between), np.where(on, highest, between)


def _count(x: Floats, values: Floats, *, inclusive: bool) -> NDArray[np.intp]:
    """Return how many x of each row lie below (or at) each value: one binary search for all rows together."""
    found = np.zeros(values.shape, dtype=np.intp)
    size = x.shape[-1]
    step = 1 << size.bit_length()
    while step := step >> 1:
        trial = found + step
        at = np.take_along_axis(x, np.minimum(trial, size) - 1, axis=-1)
        passed = (at <= values) if inclusive else (at < values)
        found = np.where((trial <= size) & passed, trial, found)
    return found
