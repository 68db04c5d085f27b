"""Piecewise-linear curves through agreed anchor points, and the axes they are drawn on.

Arrays in, arrays out. NaN (missing) stays NaN.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Axis = Literal["plain", "logit", "log"]


def reverse(values: npt.ArrayLike, lo: float, hi: float) -> Floats:
    """Return values counted from the other end of their range: hi + lo − x.

    Parameters
    ----------
    values : array_like, shape (n,)
    lo, hi : float
        Ends of the range.

    Returns
    -------
    ndarray, shape (n,), float64
        Same unit; empty in, empty out. Twice is the identity (to rounding; exactly on whole and half steps).

    Examples
    --------
    >>> reverse([0, 7, 10], 0, 10).tolist()
    [10.0, 3.0, 0.0]
    """
    return (hi + lo) - np.asarray(values, dtype=np.float64)


def to_axis(values: npt.ArrayLike, axis: Axis, *, whole: float = 1.0, margin: float = 0.0) -> Floats:
    """Return values on the axis a curve is drawn on: as they are, as log-odds or as logarithms.

    ``logit``: x is first clipped to [margin, whole − margin], then ln(x / (whole − x)).
    ``log``: x is first clipped to at least margin, then ln x.

    Parameters
    ----------
    values : array_like, shape (n,)
    axis : {"plain", "logit", "log"}
    whole : float
        What certainty is on this scale: 1, or 100 for per cent. Used by ``logit``.
    margin : float
        Distance kept from the ends where the axis has none (methods: thresholds, C4: half a step).

    Returns
    -------
    ndarray, shape (n,), float64
        Natural units of the axis; empty in, empty out.

    Raises
    ------
    ValueError
        ``logit`` or ``log`` without a margin above 0 (and, for ``logit``, below half the whole): infinity would leave.

    Examples
    --------
    >>> to_axis([0.0, 50.0, 100.0], "logit", whole=100.0, margin=0.5).round(3).tolist()
    [-5.293, 0.0, 5.293]
    """
    x = np.asarray(values, dtype=np.float64)
    if axis == "plain":
        return x
    if margin <= 0.0 or (axis == "logit" and margin >= whole / 2.0):
        msg = "The margin must be above 0, and on the logit axis below half the whole."
        raise ValueError(msg)
    if axis == "log":
        return np.log(np.maximum(x, margin))
    clipped = np.clip(x, margin, whole - margin)
    return np.log(clipped / (whole - clipped))


def from_axis(values: npt.ArrayLike, axis: Axis, *, whole: float = 1.0) -> Floats:
    """Return values taken back from the axis of ``to_axis``; the inverse of it inside its margins.

    Parameters
    ----------
    values : array_like, shape (n,)
    axis : {"plain", "logit", "log"}
    whole : float
        As in ``to_axis``.

    Returns
    -------
    ndarray, shape (n,), float64

    Examples
    --------
    >>> from_axis([0.0], "logit", whole=100.0).tolist()
    [50.0]
    """
    z = np.asarray(values, dtype=np.float64)
    if axis == "plain":
        return z
    if axis == "log":
        return np.exp(z)
    # Each half of the line uses the exponential that cannot overflow.
    small = np.exp(-np.abs(z))
    return whole * np.where(z >= 0.0, 1.0, small) / (1.0 + small)


def piecewise_linear(values: npt.ArrayLike, anchors_x: npt.ArrayLike, anchors_y: npt.ArrayLike) -> Floats:
    """Return y of the broken line through the anchors; flat beyond the two ends.

    y = y_j + (x − x_j) / (x_{j+1} − x_j) · (y_{j+1} − y_j) for x_j ≤ x < x_{j+1} (methods: thresholds, A1).
    Exact at every anchor, never outside its own two anchors, and never falling where the anchors rise. Swap
    the anchors for the inverse.

    Parameters
    ----------
    values : array_like, shape (n,)
    anchors_x : array_like, shape (k,), k ≥ 2, strictly rising
    anchors_y : array_like, shape (k,), not falling

    Returns
    -------
    ndarray, shape (n,), float64
        In the unit of ``anchors_y``; empty in, empty out.

    Raises
    ------
    ValueError
        Fewer than two anchors, unequal lengths, or anchors out of order.

    Examples
    --------
    >>> piecewise_linear([0, 7, 13.5, 24], [0, 13.5, 24], [0, 70, 89]).round(2).tolist()
    [0.0, 36.3, 70.0, 89.0]
    """
    x, xs, ys = (np.asarray(a, dtype=np.float64) for a in (values, anchors_x, anchors_y))
    if xs.ndim != 1 or xs.shape != ys.shape or xs.size < 2:
        msg = "A curve needs at least two anchors, each with an x and a y."
        raise ValueError(msg)
    if not ((np.diff(xs) > 0.0).all() and (np.diff(ys) >= 0.0).all()):
        msg = "Anchors must rise: every x above the one before, and no y below it."
        raise ValueError(msg)
    inside = np.clip(x, xs[0], xs[-1])
    j = np.clip(np.searchsorted(xs, inside, side="right") - 1, 0, xs.size - 2)
    share = (inside - xs[j]) / (xs[j + 1] - xs[j])
    # Rounding could carry a point past its next anchor, and so over a cut: it is held between its two.
    held = np.clip(ys[j] + share * (ys[j + 1] - ys[j]), ys[j], ys[j + 1])
    return np.where(inside == xs[-1], ys[-1], held)
