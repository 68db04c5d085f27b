"""Log-odds to points on the common scale, and points to bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def raw_points(log_odds: ArrayLike, anchors: tuple[tuple[float, float], tuple[float, float]]) -> Floats:
    """Return unclipped points p1 + (L − l1)(p2 − p1)/(l2 − l1).

    Parameters
    ----------
    log_odds : array_like of float64, nats
    anchors : ((l1, p1), (l2, p2))
        The two agreed points.

    Returns
    -------
    numpy.ndarray of float64

    Examples
    --------
    >>> raw_points([-3.0, 0.0, 1.0], ((-3.0, 20.0), (0.0, 80.0))).tolist()
    [20.0, 80.0, 100.0]
    """
    (l1, p1), (l2, p2) = anchors
    return p1 + (np.asarray(log_odds, dtype=np.float64) - l1) * ((p2 - p1) / (l2 - l1))


def whole_points(log_odds: ArrayLike, anchors: tuple[tuple[float, float], tuple[float, float]]) -> NDArray[np.int64]:
    """Return points clipped to 0–100 and rounded half to even (methods: model, section 7).

    Examples
    --------
    >>> whole_points([-9.0, -1.5, 4.0], ((-3.0, 20.0), (0.0, 80.0))).tolist()
    [0, 50, 100]
    """
    return np.rint(np.clip(raw_points(log_odds, anchors), 0.0, 100.0)).astype(np.int64)


def band_number(points: ArrayLike, edges: tuple[float, float, float]) -> NDArray[np.int64]:
    """Return 0 low, 1 medium, 2 high or 3 very high for points on the common scale; an edge belongs to the band above.

    Examples
    --------
    >>> band_number([29, 30, 69, 70, 90], (30.0, 70.0, 90.0)).tolist()
    [0, 1, 1, 2, 3]
    """
    return np.searchsorted(np.asarray(edges), np.asarray(points, dtype=np.float64), side="right").astype(np.int64)
