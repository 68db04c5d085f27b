"""What each shared case should count, given who referred it: agencies refer what their own scale calls high."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from riskshare.kernels.anchors import Floats

ONE_SIDED: Final = 0.60
"""Above this share of cases referred by one side, volumes at a common bar are refused (methods: thresholds, C4)."""

NEUTRAL_CASES: Final = 100
"""From this many cases referred by neither side, the others are weighted to look like them."""

STRATA: Final = 8
"""Bands of a referrer's own score, of about equal size."""

NEITHER, SOURCE, TARGET = 0, 1, 2


def referral_weights(x: Floats, y: Floats, referrer: npt.NDArray[np.int64]) -> tuple[Floats, str]:
    """Return the weight of each case, and how it was weighted as a sentence.

    An agency refers the cases in which its *own* score came out high, so among those its scale stands higher than
    elsewhere. Given its own score, the other's is untouched. Hence, where at least ``NEUTRAL_CASES`` were referred by
    neither side, the cases a side referred are weighted so that its own scores are spread over eight bands as in
    those. Where fewer were, each side's referrals get half of the weight of the referrals of both, which balances
    them but corrects neither (methods: thresholds, C4). Where only one side referred, nothing can be balanced.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Readings of the two sides.
    referrer : ndarray of int64, shape (n,)
        0 for neither (or not known), 1 for the side of ``x``, 2 for the side of ``y``.

    Returns
    -------
    weight : ndarray, shape (n,), float64
        Above 0; 1 for cases referred by neither side.
    how : str

    Examples
    --------
    Three cases referred by one side and one by the other: each side's come to two.

    >>> weight, _ = referral_weights(np.arange(5.0), np.arange(5.0), np.array([0, 1, 1, 1, 2]))
    >>> weight.round(3).tolist()
    [1.0, 0.667, 0.667, 0.667, 2.0]
    """
    scheme, code = referral_scheme(x, y, referrer)
    weight: Floats = class_weights(np.bincount(code, minlength=len(scheme.classes))[None, :], scheme)[0][code]
    counts = np.bincount(referrer, minlength=3)
    if not counts[SOURCE] and not counts[TARGET]:
        return weight, "Neither side referred any of the cases, so all count alike."
    if scheme.stratified:
        return weight, (
            f"{counts[NEITHER]:,} cases were referred by neither side; those that a side referred are weighted so that "
            "its own scores are spread as in these."
        )
    if counts[SOURCE] and counts[TARGET]:
        return weight, "Each side's referrals count half of the referrals of both."
    return weight, "Only one side referred cases, and too few came from elsewhere to correct for that."


@dataclass(frozen=True, slots=True, repr=False)
class Scheme:
    """How cases are weighted: ``classes`` holds who referred, band on x and band on y, one line a class of cases."""

    classes: npt.NDArray[np.int64]
    stratified: bool

    def __repr__(self) -> str:
        """Sizes only."""
        return f"Scheme({len(self.classes)} classes)"


def referral_scheme(x: Floats, y: Floats, referrer: npt.NDArray[np.int64]) -> tuple[Scheme, npt.NDArray[np.int64]]:
    """Return the classes of cases that share a weight, and the class of each case."""
    lines = np.column_stack([referrer, _band(x), _band(y)]).astype(np.int64)
    classes, code = np.unique(lines, axis=0, return_inverse=True)
    return Scheme(classes, int((referrer == NEITHER).sum()) >= NEUTRAL_CASES), code.ravel().astype(np.int64)


def class_weights(counts: npt.NDArray[Any], scheme: Scheme) -> Floats:
    """Return the weight of each class in samples of so many cases a class; shape (samples, classes)."""
    who = scheme.classes[:, 0]
    weight = np.ones(counts.shape)
    of_side = {side: counts[:, who == side].sum(axis=1, keepdims=True) for side in (NEITHER, SOURCE, TARGET)}
    for side, column in ((SOURCE, 1), (TARGET, 2)):
        mine = who == side
        if not mine.any() or not (scheme.stratified or ((who == SOURCE).any() and (who == TARGET).any())):
            continue
        if not scheme.stratified:
            half = (of_side[SOURCE] + of_side[TARGET]) / 2.0
            weight[:, mine] = half / np.maximum(of_side[side], 1.0)
            continue
        band = scheme.classes[:, column]
        in_band = np.eye(int(band.max()) + 1)[band]
        neutral, own = (counts[:, who == one] @ in_band[who == one] for one in (NEITHER, side))
        # Half a case stands in for a band that no neutral case fell in: no weight is 0.
        wanted = np.maximum(neutral, 0.5) / np.maximum(of_side[NEITHER], 1.0) * of_side[side]
        weight[:, mine] = (wanted / np.maximum(own, 1.0))[:, band[mine]]
    return weight


def one_sided(referrer: npt.NDArray[np.int64]) -> int:
    """Return the side that referred more than 60 per cent of the cases; 0 where neither did."""
    shares = np.bincount(referrer, minlength=3) / max(len(referrer), 1)
    return next((side for side in (SOURCE, TARGET) if shares[side] > ONE_SIDED), 0)


def _band(own: Floats) -> npt.NDArray[np.int64]:
    """Return which of about eight equally full bands each score lies in."""
    if not len(own):
        return np.zeros(0, dtype=np.int64)
    cuts = np.unique(np.quantile(own, np.arange(1, STRATA) / STRATA))
    return np.searchsorted(cuts, own, side="left").astype(np.int64)
