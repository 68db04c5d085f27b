"""Placebo lines, where nobody's recording changes: how much neighbouring ground differs anyway.

Methods: places, section 5.5. A social gradient at the line looks like recording; lines shifted into each side show how
large gradients are, and their variance ω² widens the intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskshare.places.borders import BANDS
from riskshare.places.boundary import MIN_PLACEBO, Segments, log_ratio, log_variance, segment_offsets
from riskshare.places.levelling import Gradient

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_LINES: Final = 5
"""Proposal: fewer placebo lines than this cannot say how large gradients are, and the border then says nothing."""
_SHARED: Final = (3 * (BANDS - 1) - 1) / (2 * (BANDS - 1))
# The m lines of one side share strips: of equal size, neighbouring differences correlate by −½, and they tell as much
# as (Σ tr)²/Σ tr² = m²/(m + (m − 1)/2) = m · 2m/(3m − 1) that do not.


@dataclass(frozen=True, slots=True, repr=False)
class Placebos:
    """Placebo lines; arrays of one length.

    ``segment``, ``side`` and widths inside (``shift``); ln ratio ``delta`` and its ``variance`` by chance; ``weight``,
    how many events are expected to tell.
    """

    segment: Ints
    side: Ints
    shift: Ints
    delta: Floats
    variance: Floats
    weight: Floats

    def __len__(self) -> int:
        """Return how many."""
        return int(self.delta.size)

    def __repr__(self) -> str:
        """Return how many."""
        return f"Placebos({len(self)})"


def placebo_lines(segments: Segments, rate: Floats) -> Placebos:
    """Return the differences across lines shifted 1 to 5 widths into each side of each segment.

    Parameters
    ----------
    segments : Segments
    rate : numpy.ndarray of float64, shape (organisations,)
        Events for each person that the source covered.

    Returns
    -------
    Placebos
        Of strips that expect at least 10 events, by the organisation's own rate: not by how many they hold.
    """
    likely = np.nan_to_num(segments.expected * rate[segments.organisation][:, :, None])
    good = (likely[:, :, :-1] >= MIN_PLACEBO) & (likely[:, :, 1:] >= MIN_PLACEBO)
    segment, side, shift = np.nonzero(good)
    near = segments.observed[segment, side, shift], segments.expected[segment, side, shift]
    far = segments.observed[segment, side, shift + 1], segments.expected[segment, side, shift + 1]
    weight = 1.0 / (1.0 / likely[segment, side, shift] + 1.0 / likely[segment, side, shift + 1])
    return Placebos(segment, side, shift + 1, log_ratio(*near, *far), log_variance(near[0], far[0]), weight)


def social_gradient(placebos: Placebos) -> Gradient | None:
    """Return ω² from placebo lines: max(0, Σ w(δ² − v)/Σ w); None with fewer than five.

    Differences are taken about 0 and not about their mean: a fall towards the border on both sides is a gradient too.
    Weights are by what strips expect: by what they hold, the largest differences, where one strip holds little, would
    weigh least, and ω² would come out too small.

    Examples
    --------
    δ² is 0.25 at every line and chance explains 0.05:

    >>> nowhere = np.zeros(6, dtype=np.int64)
    >>> lines = Placebos(nowhere, nowhere, nowhere, np.array([0.5, -0.5] * 3), np.full(6, 0.05), np.full(6, 20.0))
    >>> round(social_gradient(lines).variance, 6)
    0.2
    """
    if len(placebos) < FEWEST_LINES:
        return None
    delta, variance, weight = placebos.delta, placebos.variance, placebos.weight
    found = max(0.0, float(weight @ (delta**2 - variance) / weight.sum()))
    spread = 2.0 * _SHARED * float(weight**2 @ (variance + found) ** 2) / float(weight.sum()) ** 2
    return Gradient(found, spread)


def placebo_ranks(segments: Segments, placebos: Placebos) -> tuple[Ints, Ints]:
    """Return the rank of each true line among itself and its placebo lines by |δ|/√v, 1 the largest, and of how many.

    With ten placebo lines the least p such a rank can give is 1 in 11: it describes, and does not decide.
    """
    delta, variance, _ = segment_offsets(segments)
    size = np.abs(delta) / np.sqrt(variance)
    others = np.abs(placebos.delta) / np.sqrt(placebos.variance)
    larger = others >= size[placebos.segment]
    rank = 1 + np.bincount(placebos.segment, weights=larger, minlength=len(segments)).astype(np.int64)
    return rank, 1 + np.bincount(placebos.segment, minlength=len(segments)).astype(np.int64)
