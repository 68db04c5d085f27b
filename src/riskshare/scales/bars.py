"""Where a bar stands on a native scale: as its owner writes it, as a position on the continuous axis, and who meets it.

A cut of 14 on a count scale means "14 or more" and lies at 13.5: half a step towards safety (methods: thresholds, A2).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskshare.kernels.anchors import Floats
from riskshare.records.scale import Scale
from riskshare.scales.agreed import STEPPED

Bools = npt.NDArray[np.bool_]


def _half_step(scale: Scale) -> float:
    if scale.kind not in STEPPED:
        return 0.0
    return -scale.step / 2.0 if scale.direction == "safety" else scale.step / 2.0


def as_written(scale: Scale, position: npt.ArrayLike) -> Floats:
    """Return positions as cuts are written: the position of 13.5 on a count scale is a cut of 14.

    Examples
    --------
    >>> from riskshare.scales.bars import as_position
    >>> count = Scale(id="c", name="c", owner="x", kind="count", lo=0.0, hi=9.0, direction="risk", source="x",
    ...     year="undated", mark="local")
    >>> as_written(count, [4.5]).tolist(), as_position(count, [5]).tolist()
    ([5.0], [4.5])
    """
    return np.asarray(position, dtype=np.float64) + _half_step(scale)


def as_position(scale: Scale, cut: npt.ArrayLike) -> Floats:
    """Return the positions on the continuous axis of cuts as written; the inverse of ``as_written``."""
    return np.asarray(cut, dtype=np.float64) - _half_step(scale)


def meets(scale: Scale, values: npt.ArrayLike, position: float) -> Bools:
    """Return which native values lie at or beyond a position, on the severe side. NaN meets nothing.

    Examples
    --------
    >>> safe = Scale(id="s", name="s", owner="x", kind="count", lo=0.0, hi=10.0, direction="safety", source="x",
    ...     year="undated", mark="local")
    >>> meets(safe, [6, 7], 6.5).tolist()
    [True, False]
    """
    x = np.asarray(values, dtype=np.float64)
    met: Bools = x <= position if scale.direction == "safety" else x >= position
    return met


def share_beyond(scale: Scale, values: npt.ArrayLike, position: float) -> Floats:
    """Return how much of each native value lies beyond a position, on the severe side: 0 to 1.

    On a stepped scale a value fills its whole step evenly, as it does where links are made, so that a bar inside a
    step takes a share of the step's cases; elsewhere the share is 0 or 1. NaN stays NaN.

    Examples
    --------
    >>> count = Scale(id="c", name="c", owner="x", kind="count", lo=0.0, hi=9.0, direction="risk", source="x",
    ...     year="undated", mark="local")
    >>> share_beyond(count, [4, 5, 6], 4.75).tolist()
    [0.0, 0.75, 1.0]
    """
    x = np.asarray(values, dtype=np.float64)
    if scale.kind not in STEPPED:
        return np.where(np.isnan(x), np.nan, meets(scale, x, position))
    severe = position - x if scale.direction == "safety" else x - position
    return np.clip(severe / scale.step + 0.5, 0.0, 1.0)


def severity_rank(scale: Scale, values: npt.ArrayLike, positions: list[float]) -> npt.NDArray[np.int64]:
    """Return how many of some cuts each value meets: 0 below the mildest."""
    x = np.asarray(values, dtype=np.float64)
    ranks: npt.NDArray[np.int64] = np.sum([meets(scale, x, at) for at in positions], axis=0, dtype=np.int64)
    return ranks
