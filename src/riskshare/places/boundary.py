"""Is there a step in what is recorded at the line? Segments of border, exact tests, and what they say of offsets.

Methods: places, section 5.5, "boundary continuity" and "boundary diagnostics".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskshare.places.levelling import Comparisons

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

MIN_EVENTS: Final = 30
"""Events each side of a border before it says anything of an offset (methods: places, section 5.5)."""
MIN_PLACEBO: Final = 10.0
"""Proposal: events a placebo strip must expect to be compared."""


@dataclass(frozen=True, slots=True, repr=False)
class Segments:
    """Segments of border, each of one or more pieces that follow each other; arrays of one length.

    Attributes
    ----------
    pieces : tuple of numpy.ndarray of int64
        Pieces of each.
    organisation : numpy.ndarray of int64, shape (segments, 2)
    observed, expected : numpy.ndarray, shape (segments, 2, bands)
        Events, and people (or ground) that the source covered, in each strip.
    reason : tuple of str
        Why a segment says nothing of offsets; empty where it does.
    """

    pieces: tuple[Ints, ...]
    organisation: Ints
    observed: Floats
    expected: Floats
    reason: tuple[str, ...]

    def __len__(self) -> int:
        """Return how many."""
        return len(self.pieces)

    def __repr__(self) -> str:
        """Return how many."""
        return f"Segments({len(self)})"

    @property
    def used(self) -> Bools:
        """Which say something of offsets."""
        return np.array([not reason for reason in self.reason], dtype=np.bool_)


def log_ratio(observed: Floats, expected: Floats, other_observed: Floats, other_expected: Floats) -> Floats:
    """Return δ = ln[(O_k + ½)/E_k] − ln[(O_l + ½)/E_l], elementwise; NaN where nothing is expected on a side.

    Examples
    --------
    >>> o, e = np.array([59.5]), np.array([100.0])
    >>> log_ratio(o, e, np.array([99.5]), e).round(4).tolist()
    [-0.5108]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log((observed + 0.5) / expected) - np.log((other_observed + 0.5) / other_expected)
    return np.asarray(np.where((expected > 0) & (other_expected > 0), value, np.nan))


def log_variance(observed: Floats, other_observed: Floats) -> Floats:
    """Return v = 1/(O_k + ½) + 1/(O_l + ½): what chance alone puts into δ.

    φ of the method is 1 here: what counts vary beyond chance shows at placebo lines, where ω² takes it up; it is not
    counted twice.
    """
    return np.asarray(1.0 / (observed + 0.5) + 1.0 / (other_observed + 0.5))


def join_pieces(
    organisation: Ints, barrier: Bools, observed: Floats, expected: Floats, rate: Floats, min_events: int
) -> Segments:
    """Return pieces of border joined into segments of which each side expects enough events.

    Parameters
    ----------
    organisation : numpy.ndarray of int64, shape (pieces, 2)
        Pieces of one pair stand in order along their line.
    barrier : numpy.ndarray of bool, shape (pieces,)
    observed, expected : numpy.ndarray, shape (pieces, 2, bands)
        Events, and people that the source covered.
    rate : numpy.ndarray of float64, shape (organisations,)
        Events for each of those people in all of an organisation's ground; NaN where it has none.
    min_events : int

    Returns
    -------
    Segments

    Notes
    -----
    Pieces are joined by what they *expect*, not by what they hold: keeping those that happen to hold many events would
    put chance into the offset. Only an organisation's border as a whole must hold ``min_events`` each side.
    """
    likely = expected[:, :, 0] * rate[organisation]
    empty = np.asarray(~(likely > 0).all(axis=1), dtype=np.bool_)
    groups: list[tuple[Ints, str]] = []
    for pair in np.unique(organisation, axis=0):
        mine = np.flatnonzero((organisation == pair).all(axis=1))
        for which, reason in ((barrier, "runs along a barrier"), (~barrier & empty, "a side is not covered")):
            groups += [(np.array([piece]), reason) for piece in mine[which[mine]]]
        good = mine[~barrier[mine] & ~empty[mine]]
        if good.size:
            held = observed[good][:, :, 0].sum(axis=0).min()
            few = f"fewer than {min_events} events on a side of the whole border" if held < min_events else ""
            groups += [(part, few) for part in _runs(good, likely[good], min_events)]
    return Segments(
        tuple(part for part, _ in groups),
        np.array([organisation[part[0]] for part, _ in groups], dtype=np.int64).reshape(-1, 2),
        np.array([observed[part].sum(axis=0) for part, _ in groups]).reshape(-1, *observed.shape[1:]),
        np.array([expected[part].sum(axis=0) for part, _ in groups]).reshape(-1, *expected.shape[1:]),
        tuple(reason for _, reason in groups),
    )


def _runs(pieces: Ints, likely: Floats, min_events: int) -> list[Ints]:
    runs: list[list[int]] = [[]]
    so_far = np.zeros(2)
    for piece, here in zip(pieces.tolist(), likely, strict=True):
        if so_far.min() >= min_events:
            runs.append([])
            so_far = np.zeros(2)
        runs[-1].append(piece)
        so_far = so_far + here
    if so_far.min() < min_events and len(runs) > 1:
        last = runs.pop()
        runs[-1] += last
    return [np.array(run, dtype=np.int64) for run in runs]


def segment_offsets(segments: Segments) -> tuple[Floats, Floats, Floats]:
    """Return δ, v and the exact p of each segment.

    p is two-sided for O_k | O_k + O_l ~ Binomial(E_k/(E_k + E_l)): no step at the line, for whatever reason. NaN where
    a side is not covered.
    """
    from scipy.stats import binomtest  # slow to import, and needed here alone

    o, e = segments.observed[:, :, 0], segments.expected[:, :, 0]
    delta = log_ratio(o[:, 0], e[:, 0], o[:, 1], e[:, 1])
    p = np.full(len(segments), np.nan)
    for number in np.flatnonzero(np.isfinite(delta)):
        k, total = int(o[number, 0]), int(o[number].sum())
        if total:
            p[number] = binomtest(k, total, float(e[number, 0] / e[number].sum())).pvalue
    return delta, log_variance(o[:, 0], o[:, 1]), p


def border_comparisons(segments: Segments) -> Comparisons:
    """Return what the segments that are used say of differences between organisations."""
    delta, variance, _ = segment_offsets(segments)
    use = segments.used
    sides = segments.organisation[use]
    nothing = np.full(int(use.sum()), -1, dtype=np.int64)
    every = np.ones(nothing.size, dtype=np.bool_)
    return Comparisons(sides[:, 0], sides[:, 1], nothing, delta[use], variance[use], every)
