"""Offsets of one source and category from all that is known: borders, a second source, an audit, combined by precision.

Methods: places, section 5.5. Counts in, offsets out; what they are counts of is for the callers to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskshare.places.boundary import Segments, border_comparisons
from riskshare.places.levelling import Comparisons, Gradient, Levelled, level
from riskshare.places.placebo import FEWEST_LINES, Placebos, placebo_lines, social_gradient

Floats = NDArray[np.float64]

BOUNDARY: Final = "boundary"
SECOND: Final = "second source"
AUDIT: Final = "audit"
TOGETHER: Final = "together"


@dataclass(frozen=True, slots=True, repr=False)
class Offsets:
    """Offsets and what they rest on.

    Attributes
    ----------
    segments : Segments
    placebos : Placebos
    gradient : Gradient or None
        ω²; None where there are too few placebo lines to say.
    information : dict of str to Comparisons
        What was used, by its name: ``boundary``, ``second source``, ``audit``.
    together : Levelled
        From all of it.
    apart : dict of str to Levelled
        From each alone.
    reason : str
        Why the borders say nothing; empty where they do.
    """

    segments: Segments
    placebos: Placebos
    gradient: Gradient | None
    information: dict[str, Comparisons]
    together: Levelled
    apart: dict[str, Levelled]
    reason: str

    def __repr__(self) -> str:
        """Return what they rest on."""
        return f"Offsets({', '.join(self.information) or 'nothing known'})"


def estimate_offsets(
    segments: Segments, rate: Floats, others: Mapping[str, Comparisons], *, placebos: Placebos | None = None
) -> Offsets:
    """Return the offsets of all organisations of one source and category.

    Parameters
    ----------
    segments : Segments
        From ``join_pieces``.
    rate : numpy.ndarray of float64, shape (organisations,)
        Events for each person that the source covered.
    others : mapping of str to Comparisons
        What is known besides borders.
    placebos : Placebos, optional
        Lines to take ω² from where the segments' own are fewer than five: those of the source's other categories.

    Returns
    -------
    Offsets
    """
    own = placebo_lines(segments, rate)
    gradient = social_gradient(own)
    if gradient is None and placebos is not None:
        gradient = social_gradient(placebos)
    information: dict[str, Comparisons] = {}
    reason = _reason(segments, gradient)
    if not reason:
        information[BOUNDARY] = border_comparisons(segments)
    information |= {name: found for name, found in others.items() if len(found)}
    omega = gradient if gradient is not None else Gradient(0.0, 0.0)
    apart = {name: level(found, rate.size, omega) for name, found in information.items()}
    together = level(join(list(information.values())), rate.size, omega)
    return Offsets(segments, own, gradient, information, together, apart, reason)


def _reason(segments: Segments, gradient: Gradient | None) -> str:
    if len(segments) == 0:
        return "no line between two organisations"
    if not segments.used.any():
        return "; ".join(sorted(set(segments.reason)))
    if gradient is None:
        return f"fewer than {FEWEST_LINES} placebo lines to tell social gradients by"
    return ""


def join(parts: list[Comparisons]) -> Comparisons:
    """Return all comparisons together; unknown levels of different parts stay different."""
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Comparisons(nothing, nothing, nothing, np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.bool_))
    levels, start = [], 0
    for part in parts:
        levels.append(np.where(part.level >= 0, part.level + start, -1))
        start += int(part.level.max(initial=-1)) + 1
    return Comparisons(
        np.concatenate([part.one for part in parts]), np.concatenate([part.other for part in parts]),
        np.concatenate(levels), np.concatenate([part.value for part in parts]),
        np.concatenate([part.variance for part in parts]), np.concatenate([part.gradient for part in parts]),
    )  # fmt: skip
