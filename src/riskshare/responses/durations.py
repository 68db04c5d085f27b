"""How long cases take when some are still open: Kaplan-Meier, with medians, centiles and shares within a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from riskshare.kernels.calibration import wilson

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """A figure with its interval; NaN where it cannot be known from these cases."""

    point: float
    low: float
    high: float


UNKNOWN: Final = Estimate(np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True, repr=False)
class Curve:
    """The share of cases still open after each length of time; equal-length arrays, times rising.

    Attributes
    ----------
    time : ndarray of float64
        Distinct observed lengths, in the unit given.
    still_open, low, high : ndarray of float64
        Share still open just after each, with its 95 % interval.
    outlived : ndarray of int64
        Cases known to have lasted longer than each.
    n, n_open : int
        Cases, and those of them that had not ended.
    """

    time: Floats
    still_open: Floats
    low: Floats
    high: Floats
    outlived: NDArray[np.int64]
    n: int
    n_open: int

    def __repr__(self) -> str:
        """Count only; never a value."""
        return f"Curve({self.n:,} cases, {self.n_open:,} open)"


def curve(length: ArrayLike, is_open: ArrayLike) -> Curve:
    """Return the Kaplan-Meier curve of some cases. An open case counts for as long as it is known to have lasted.

    Parameters
    ----------
    length : array_like of float, shape (n,)
        How long each case took, or, where it is open, what it has outlived. A negative length has outlived nothing.
    is_open : array_like of bool, shape (n,)

    Returns
    -------
    Curve
        No cases give a curve without times.

    Notes
    -----
    S(t) = Π (1 − dᵢ/nᵢ) over ends at tᵢ ≤ t (``scipy.stats.ecdf``). The interval is Wilson's with the effective number
    of cases S(1−S)/V, V being Greenwood's variance (Rothman 1978; Dorey and Korn 1987): without open cases it is
    Wilson's own. Where S is 0 or 1, V says nothing, and the number is that of cases whose state at t is known.

    Examples
    --------
    Four cases end after 1, 2, 4 and 5 hours, one is open after 3: of the three left then, one in three ended per step.

    >>> found = curve([1, 2, 3, 4, 5], [False, False, True, False, False])
    >>> found.still_open.round(3).tolist()
    [0.8, 0.6, 0.6, 0.3, 0.0]
    """
    lasted, censored = np.asarray(length, dtype=np.float64), np.asarray(is_open, dtype=np.bool_)
    if not lasted.size:
        none = np.zeros(0)
        return Curve(none, none, none, none, none.astype(np.int64), 0, 0)
    survival = stats.ecdf(stats.CensoredData.right_censored(lasted, censored)).sf
    time, left = np.asarray(survival.quantiles), np.asarray(survival.probabilities)
    at_risk = lasted.size - np.searchsorted(np.sort(lasted), time, side="left")
    ended = np.searchsorted(np.sort(lasted[~censored]), time, side="right")
    ends = np.diff(ended, prepend=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = left**2 * np.cumsum(ends / (at_risk * (at_risk - ends)))
        size = left * (1.0 - left) / variance
    known = at_risk - ends + ended
    size = np.where((left > 0.0) & (left < 1.0), size, known)
    low, high = wilson(left * size, size)
    outlived = lasted.size - np.searchsorted(np.sort(lasted), time, side="right")
    return Curve(time, left, low, high, outlived, int(lasted.size), int(censored.sum()))


def quantile(found: Curve, share: float) -> Estimate:
    """Return the time within which a share of cases has ended: 0.5 gives the median.

    Returns
    -------
    Estimate
        In the unit of the curve. A figure that the curve never reaches is NaN: too many cases are open to know it.
        Where the curve stands level at the share itself, the middle of the level stretch, so that without open cases
        the median is the usual one (as R's ``survfit``). The interval is where the curve's own interval crosses the
        share (Brookmeyer and Crowley 1982).

    Examples
    --------
    >>> quantile(curve([1, 2, 3, 4], [False] * 4), 0.5).point, quantile(curve([1, 2], [True, True]), 0.5).point
    (2.5, nan)
    """
    wanted = 1.0 - share
    return Estimate(
        _first_at_most(found, found.still_open, wanted, middle=True),
        _first_at_most(found, found.low, wanted),
        _first_at_most(found, found.high, wanted),
    )


def share_within(found: Curve, target: float) -> Estimate:
    """Return the share of cases that end within a target, the target included.

    Returns
    -------
    Estimate
        Shares of one. Where every case that is left was open before the target, no share can be known: the point is
        NaN, the low end what is already certain, the high end 1. No cases give NaN throughout.

    Examples
    --------
    >>> share_within(curve([1, 2, 3, 4], [False] * 4), 3).point, share_within(curve([1, 2], [False, True]), 3).point
    (0.75, nan)
    """
    if not found.time.size:
        return UNKNOWN
    place = int(np.searchsorted(found.time, target, side="right")) - 1
    if place < 0:
        return Estimate(0.0, 0.0, float(wilson(0, found.n)[1]))
    left = float(found.still_open[place])
    if target > found.time[-1] and left > 0.0:
        return Estimate(np.nan, float(1.0 - found.high[place]), 1.0)
    if left == 1.0 and target > found.time[place]:
        # Nothing has ended yet: cases last known open before the target say nothing of it.
        return Estimate(0.0, 0.0, float(wilson(0, found.outlived[place])[1]))
    return Estimate(1.0 - left, float(1.0 - found.high[place]), float(1.0 - found.low[place]))


def mean_length(found: Curve) -> float:
    """Return the mean time a case takes, up to the longest that was observed: the area under the curve.

    Too small where the longest cases are open. NaN for no cases.

    Examples
    --------
    >>> mean_length(curve([1, 2, 3], [False] * 3))
    2.0
    """
    if not found.time.size:
        return float("nan")
    steps = np.diff(np.concatenate([[0.0], np.maximum(found.time, 0.0)]))
    return float(np.sum(steps * np.concatenate([[1.0], found.still_open[:-1]])))


def difference(slower: Estimate, faster: Estimate) -> Estimate:
    """Return how much larger one figure is than another, from their two intervals (MOVER: Zou and Donner 2008).

    An end that one of them does not have is NaN.

    Examples
    --------
    3 below and 4 above make 5: intervals of independent figures add as the sides of a right triangle.

    >>> difference(Estimate(20.0, 17.0, 24.0), Estimate(10.0, 7.0, 14.0))
    Estimate(point=10.0, low=5.0, high=15.0)
    """
    between = slower.point - faster.point
    low = between - float(np.hypot(slower.point - slower.low, faster.high - faster.point))
    high = between + float(np.hypot(slower.high - slower.point, faster.point - faster.low))
    return Estimate(between, low, high)


def _first_at_most(found: Curve, height: Floats, wanted: float, *, middle: bool = False) -> float:
    reached = np.flatnonzero(height <= wanted + 1e-9)
    if not reached.size:
        return float("nan")
    first = int(reached[0])
    later = np.flatnonzero(found.still_open < found.still_open[first] - 1e-12)
    if middle and later.size and abs(float(height[first]) - wanted) <= 1e-9:
        return float((found.time[first] + found.time[int(later[0])]) / 2.0)
    return float(found.time[first])
