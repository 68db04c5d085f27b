"""Circle arcs across the unit square, and what continues them where a circle would turn back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def arc(u: Floats, u0: Floats, v0: Floats) -> Floats:
    """Return v of the arc through (0, 0), (u0, v0) and (1, 1): v − u = e·[u(1 − u) + v(1 − v)].

    Past a quarter of a circle the curve of ``_steep`` takes over, so that the line neither turns back nor breaks.

    Parameters
    ----------
    u, u0, v0 : ndarray of one shape
        Shares of the ranges, 0 to 1.

    Returns
    -------
    ndarray of float64
        Within [0, 1], never falling with u.

    Examples
    --------
    A quarter of a circle about (1, 0): at u = 0.4, v² = 1 − 0.6².

    >>> arc(np.array([0.0, 0.4, 1.0]), np.full(3, 0.2), np.full(3, 0.6)).round(9).tolist()
    [0.0, 0.8, 1.0]
    """
    width = u0 * (1.0 - u0) + v0 * (1.0 - v0)
    rise = v0 - u0
    steep = np.abs(rise) > width
    e = np.where(steep | (width <= 0.0), 0.0, rise / np.where(width > 0.0, width, 1.0))
    b = 1.0 - e * (1.0 - 2.0 * u)
    c = 2.0 * e * u * (1.0 - u)
    root = b + np.sqrt(np.maximum(b * b + 4.0 * e * c, 0.0))
    v = u + np.where(root > 0.0, 2.0 * c / np.where(root > 0.0, root, 1.0), 0.0)
    if steep.any():
        v = np.where(steep, _steep(u, u0, v0), v)
    return np.asarray(np.clip(v, 0.0, 1.0))


def _steep(u: Floats, u0: Floats, v0: Floats) -> Floats:
    """Return v of (1 − u)^p + v^p = 1 through (u0, v0) above the line, and of its mirror image below it."""
    above = v0 > u0
    a, b = np.where(above, 1.0 - u0, u0), np.where(above, v0, 1.0 - v0)
    low, high = np.full(a.shape, np.log(2.0)), np.full(a.shape, np.log(1e6))
    for _ in range(60):
        middle = 0.5 * (low + high)
        p = np.exp(middle)
        over = a**p + b**p > 1.0
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    p = np.exp(0.5 * (low + high))
    side = np.where(above, 1.0 - u, u)
    other = (1.0 - side**p) ** (1.0 / p)
    return np.asarray(np.where(above, other, 1.0 - other), dtype=np.float64)
