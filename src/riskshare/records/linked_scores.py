"""People's scores carried over a link: each with its prediction interval, chances, and flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from riskshare.records.links import Equivalents, Link

Floats = npt.NDArray[np.float64]

Z95: Final = 1.959963984540054
BORDERLINE: Final = (0.2, 0.8)
"""Between these chances of being beyond an edge a decision is borderline, and both readings are shown (methods:
thresholds, C3)."""


@dataclass(frozen=True, slots=True, repr=False)
class LinkedScore:
    """One person's score on another scale (methods: thresholds, C1).

    Attributes
    ----------
    point, low, high : float
        Equivalent and 95 % prediction interval, in native units of the target; NaN where not scored.
    at_or_above : tuple of (str, float)
        For each common edge that a cut of the target pins: its name, and the chance of being at or beyond it.
    borderline : tuple of str
        The edges whose chance lies between 0.2 and 0.8.
    basis : str
    flags : tuple of str
        Any of ``extrapolated``, ``sparse``, ``not_scored``, ``population_sensitive``.
    """

    point: float
    low: float
    high: float
    at_or_above: tuple[tuple[str, float], ...]
    borderline: tuple[str, ...]
    basis: str
    flags: tuple[str, ...]

    def __repr__(self) -> str:
        """Kind only; never a value."""
        return f"LinkedScore(basis={self.basis!r})"


@dataclass(frozen=True, slots=True, repr=False)
class LinkedScores:
    """Linked scores of n people in the order given; what the columns mean stands with ``LinkedScore``.

    Attributes
    ----------
    point, low, high : ndarray of float64, shape (n,)
    curve_low, curve_high : ndarray of float64, shape (n,)
        95 % interval of the curve itself, which is much narrower than that of a person.
    level_low, level_high : ndarray of float64, shape (n,)
        Where the two ends of an ordinal source's level fall; both equal ``point`` elsewhere.
    edges : tuple of str
    at_or_above : ndarray of float64, shape (n, edges)
    extrapolated, sparse, not_scored : ndarray of bool, shape (n,)
    basis : str
    link_flags : tuple of str
    """

    point: Floats
    low: Floats
    high: Floats
    curve_low: Floats
    curve_high: Floats
    level_low: Floats
    level_high: Floats
    edges: tuple[str, ...]
    at_or_above: Floats
    extrapolated: npt.NDArray[np.bool_]
    sparse: npt.NDArray[np.bool_]
    not_scored: npt.NDArray[np.bool_]
    basis: str
    link_flags: tuple[str, ...]

    def __len__(self) -> int:
        """Return how many people there are."""
        return len(self.point)

    def __repr__(self) -> str:
        """Count only; never a value."""
        return f"LinkedScores({len(self):,} scores, basis={self.basis!r})"

    def __getitem__(self, i: int) -> LinkedScore:
        """Return one person's score."""
        chances = tuple(zip(self.edges, map(float, self.at_or_above[i]), strict=True))
        own = [name for name in ("extrapolated", "sparse", "not_scored") if getattr(self, name)[i]]
        return LinkedScore(
            point=float(self.point[i]),
            low=float(self.low[i]),
            high=float(self.high[i]),
            at_or_above=chances,
            borderline=tuple(name for (name, _), near in zip(chances, self.borderline[i], strict=True) if near),
            basis=self.basis,
            flags=tuple(sorted((*own, *self.link_flags))),
        )

    def __iter__(self) -> Iterator[LinkedScore]:
        """Yield each person's score, in order."""
        return (self[i] for i in range(len(self)))

    @property
    def borderline(self) -> npt.NDArray[np.bool_]:
        """Shape (n, edges): the chance of being at or beyond the edge lies between 0.2 and 0.8, both included."""
        near: npt.NDArray[np.bool_] = (self.at_or_above >= BORDERLINE[0]) & (self.at_or_above <= BORDERLINE[1])
        return near


def linked_scores(link: Link, x: Floats, found: Equivalents, sem: float) -> LinkedScores:
    """Return people's scores on the target of a link; see ``Link.__call__``."""
    source, target = link.sides
    c, half = link.curve, source.level_width / 2.0
    ends = np.interp([x - half, x + half], c.x, c.y)
    ends = np.where(np.isnan(x), np.nan, ends)
    # The slope is taken over the scorer's own doubt: a kink nearer than that is not seen.
    reach = max(sem, 1e-9)
    slope = (np.interp(x + reach, c.x, c.y) - np.interp(x - reach, c.x, c.y)) / (2.0 * reach)
    width = np.abs(ends[1] - ends[0])
    error = np.interp(x, c.at, c.error)
    sd = np.sqrt(error**2 + link.residual_sd**2 + (sem * slope) ** 2 + width**2 / 12.0)
    outcome = link.basis == "outcome"
    low = found.low if outcome else np.clip(found.estimate - Z95 * sd, *target.ends)
    high = found.high if outcome else np.clip(found.estimate + Z95 * sd, *target.ends)
    return LinkedScores(
        point=found.estimate,
        low=low,
        high=high,
        curve_low=found.low,
        curve_high=found.high,
        level_low=ends.min(axis=0),
        level_high=ends.max(axis=0),
        edges=tuple(name for name, _ in target.edges),
        at_or_above=_chances(found.estimate, sd, [cut for _, cut in target.edges], rising=target.rising),
        extrapolated=found.extrapolated,
        sparse=found.sparse,
        not_scored=np.isnan(x),
        basis=link.basis,
        link_flags=link.flags,
    )


def _chances(point: Floats, sd: Floats, cuts: list[float], *, rising: bool) -> Floats:
    """Return the chance of being at or beyond each cut on the severe side; certain where nothing is in doubt."""
    from scipy.special import ndtr  # heavy, and not needed to read a link

    beyond = (point[:, None] - np.array(cuts, dtype=np.float64)) * (1.0 if rising else -1.0)
    sure = np.where(np.isnan(beyond), np.nan, (beyond >= 0.0).astype(np.float64))
    chances: Floats = np.where(sd[:, None] > 0.0, ndtr(beyond / np.where(sd > 0.0, sd, 1.0)[:, None]), sure)
    return chances


def turned_band(
    at: tuple[float, ...],
    low: tuple[float, ...],
    high: tuple[float, ...],
    y: tuple[float, ...],
    source_ends: tuple[float, float],
    *,
    up: bool,
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Return, for each y, the least and greatest x whose interval holds it, and a standard error to match.

    Where a bound of the band never reaches y, x is open to the end of the source.
    """
    x, lower, upper = (np.asarray(a) if up else np.asarray(a)[::-1] for a in (at, low, high))
    lower, upper = np.maximum.accumulate(lower), np.maximum.accumulate(upper)
    first = _crossing(x, upper, np.asarray(y), "left", source_ends[0 if up else 1])
    last = _crossing(x, lower, np.asarray(y), "right", source_ends[1 if up else 0])
    error = np.abs(last - first) / (2.0 * Z95)
    return tuple(np.minimum(first, last).tolist()), tuple(np.maximum(first, last).tolist()), tuple(error.tolist())


def _crossing(x: Floats, bound: Floats, y: Floats, side: str, beyond: float) -> Floats:
    """Return where a rising bound first (``left``) reaches y, or last (``right``) stays at it; ``beyond`` if never."""
    j = np.searchsorted(bound, y, side="left" if side == "left" else "right")
    i = np.clip(j, 1, len(bound) - 1)
    rise = bound[i] - bound[i - 1]
    share = np.clip((y - bound[i - 1]) / np.where(rise > 0.0, rise, 1.0), 0.0, 1.0)
    inside = x[i - 1] + share * (x[i] - x[i - 1])
    never = j == 0 if side == "left" else j == len(bound)
    held: Floats = np.where(never, beyond, inside)
    return held
