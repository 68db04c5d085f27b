"""How far two agencies' "high" differ on the cases both have read: by different bars, and by different judgement."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskshare.kernels.agreement import kappa, mcnemar, signed_difference, spearman, split, stuart_maxwell
from riskshare.kernels.anchors import Floats
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.bars import meets, severity_rank
from riskshare.scales.rungs import cut_positions, high_edge

SMALL: tuple[int, int] = (1, 4)
"""Counts that are not shown (methods: thresholds, C5)."""

TELLING = (
    "p10", "p01", "total", "bar", "judgement", "signed_low", "signed_high", "p_value", "kappa", "kappa_low",
    "kappa_high", "pabak",
)  # fmt: skip
"""Figures from which, with the margins that volumes show, the two counts off the diagonal could be worked out."""


def high_by(scale: Scale, values: npt.ArrayLike, common_scale: CommonScale) -> npt.NDArray[np.bool_] | None:
    """Return who meets the owner's own "high", or None where the owner publishes no such cut."""
    edge = high_edge(scale)
    return None if edge is None else meets(scale, values, cut_positions(scale, common_scale)[edge])


def disagreement(
    first: Scale, second: Scale, x: npt.ArrayLike, y: npt.ArrayLike, common_scale: CommonScale,
    *, weight: npt.ArrayLike | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    """Return the disagreement of two agencies about high, or None where either publishes no high cut.

    With p10 the share high by the first alone and p01 by the second alone: total = p10 + p01 =
    |p10 − p01| (bar) + 2·min(p10, p01) (judgement), exactly (methods: thresholds, C4).

    Parameters
    ----------
    first, second : Scale
    x, y : array_like, shape (n,), n ≥ 1
        Native values of the same cases, none missing.
    common_scale : CommonScale
    weight : array_like, shape (n,), optional
        Weights of cases, by who referred them. Shares are weighted; intervals use the effective number
        (Σw)² / Σw²; tests, κ and the rank correlation are on the plain cases.

    Returns
    -------
    dict or None
        The figures of ``records.comparison.DisagreementLine``. Where one to four people stand in any cell of the
        two by two, every figure that would give the count away is None.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> dash = Scale(id="dash", name="Dash", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local",
    ...     bands=(Band(name="below 14", starts=0.0), Band(name="14+", starts=14.0, pins="high")))
    >>> x, y = [15] * 5 + [15] * 10 + [9] * 5 + [9] * 5, [15] * 5 + [9] * 10 + [15] * 5 + [9] * 5
    >>> found = disagreement(dash, dash, x, y, CommonScale())
    >>> [round(found[name], 9) for name in ("p10", "p01", "total", "bar", "judgement", "signed")]
    [0.4, 0.2, 0.6, 0.2, 0.4, 0.2]
    """
    a, b = high_by(first, x, common_scale), high_by(second, y, common_scale)
    if a is None or b is None:
        return None
    w = np.ones(len(a)) if weight is None else np.asarray(weight, dtype=np.float64)
    n_effective = float(w.sum() ** 2 / (w**2).sum())
    p10, p01 = (float(w[cell].sum() / w.sum()) for cell in (a & ~b, ~a & b))
    total, bar, judgement = (float(part) for part in split(p10, p01))
    signed, low, high = signed_difference(p10 * n_effective, p01 * n_effective, n_effective)
    n10, n01 = int((a & ~b).sum()), int((~a & b).sum())
    square = np.array([[(a & b).sum(), n10], [n01, (~a & ~b).sum()]], dtype=np.float64)
    agreed = kappa(square)
    test, p_value = _test(first, second, x, y, common_scale, (n10, n01))
    more = "agency" if low > 0.0 else "other_agency" if high < 0.0 else "cannot tell"
    # Beside the margins that volumes show, one small cell of the four gives itself away through the other three.
    small = any(SMALL[0] <= count <= SMALL[1] for count in square.ravel())
    found = {
        "n": len(a), "n_effective": n_effective, "p10": p10, "p01": p01, "total": total, "bar": bar,
        "judgement": judgement, "signed": float(signed), "signed_low": float(low), "signed_high": float(high),
        "test": test, "p_value": p_value, "spearman": spearman(_upwards(first, x), _upwards(second, y)).rho,
        "kappa": agreed.kappa, "kappa_low": agreed.low, "kappa_high": agreed.high, "pabak": agreed.pabak,
        "calls_more_high": more, "small_cells": small,
    }  # fmt: skip
    return {**found, **dict.fromkeys(TELLING)} if small else found


def _test(
    first: Scale, second: Scale, x: npt.ArrayLike, y: npt.ArrayLike, common_scale: CommonScale, cells: tuple[int, int]
) -> tuple[str, float]:
    """Return the test of equal bars: over every band that both publish, or on high or not."""
    cuts = [cut_positions(scale, common_scale) for scale in (first, second)]
    shared = [edge for edge in cuts[0] if edge in cuts[1]]
    if len(shared) < 2:
        return "McNemar", float(mcnemar(*cells))
    ranks = [
        severity_rank(scale, values, [own[edge] for edge in shared])
        for scale, values, own in zip((first, second), (x, y), cuts, strict=True)
    ]
    size = len(shared) + 1
    table = np.bincount(ranks[0] * size + ranks[1], minlength=size**2).reshape(size, size).astype(np.float64)
    return "Stuart-Maxwell", stuart_maxwell(table).p


def _upwards(scale: Scale, values: npt.ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    return -numbers if scale.direction == "safety" else numbers
