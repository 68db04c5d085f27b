"""Hot cells with differences in recording allowed for: in what is expected, never in what is counted.

Methods: places, section 5.5. Raw, adjusted and how sure the adjustment leaves each flag stand beside each other; an
adjustment takes no cell out of view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskshare.places.grid import Grid
from riskshare.places.hot_cells import HotCells, Rule, find_hot_cells, hot_only
from riskshare.places.recording import Practice

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Names = tuple[tuple[str, str, str], ...]

DRAWS: Final = 100
OFTEN: Final = 0.8
"""Proposal: share of draws from which what only adjustment shows is more than an offset that came out too large."""
EITHER_WAY: Final = "hot either way"
BY_ADJUSTMENT: Final = "hot only because of the adjustment"
BEFORE_ONLY: Final = "hot only before adjustment"
NEITHER: Final = ""


@dataclass(frozen=True, slots=True, repr=False)
class Pooled:
    """Strata of one source and category made one, where their organisations can be compared.

    ``members`` are the rows of the strata that each was made of; ``counts`` their sums, untouched; ``base`` the sums of
    what they expect, each times exp(θ).
    """

    members: tuple[Ints, ...]
    counts: Ints
    base: Floats

    def __repr__(self) -> str:
        """Return how many."""
        return f"Pooled({len(self.members)} strata)"


@dataclass(frozen=True, slots=True, repr=False)
class Adjustment:
    """Findings beside each other, one value a cell.

    Attributes
    ----------
    raw : HotCells
        Each organisation by its own total: no difference in recording matters, and none between organisations shows.
    pooled : HotCells
        Organisations together as if they recorded alike (θ = 0).
    adjusted : HotCells
        Organisations together with the offsets applied.
    share : numpy.ndarray of float64
        Share of draws of the offsets in which a cell is hot; NaN where nobody covers it, and everywhere without draws.
    drawn : numpy.ndarray of uint8, shape (draws, cells / 8)
        Which cells were hot in each draw, packed by ``numpy.packbits``.
    """

    raw: HotCells
    pooled: HotCells
    adjusted: HotCells
    share: Floats
    drawn: NDArray[np.uint8]

    @property
    def draws(self) -> int:
        """How many draws of the offsets there were."""
        return len(self.drawn)

    @property
    def verdict(self) -> NDArray[np.object_]:
        """What adjustment does to each cell that is hot in the raw or the adjusted finding; empty for the others."""
        return _verdict(self.raw.hot | self.pooled.hot, self.adjusted.hot)

    @property
    def sure(self) -> Bools:
        """Which cells are hot after adjustment and in 80 % of draws of the offsets; all that are hot without draws."""
        if not self.draws:
            return self.adjusted.hot
        return np.asarray(self.adjusted.hot & (np.nan_to_num(self.share) >= OFTEN - 1e-9), dtype=np.bool_)

    def of_clusters(self, label: Ints, n: int) -> NDArray[np.object_]:
        """Return the verdict on ``n`` clusters, numbered by cell in ``label``: hot where any of their cells is."""
        return _verdict(_any(self.raw.hot | self.pooled.hot, label, n), _any(self.adjusted.hot, label, n))

    def stability(self, label: Ints, n: int) -> Floats:
        """Return the share of draws in which any cell of each cluster is hot; NaN without draws."""
        if not self.draws:
            return np.full(n, np.nan)
        size = self.share.size
        found = [_any(np.unpackbits(one, count=size).astype(np.bool_), label, n) for one in self.drawn]
        return np.asarray(np.mean(found, axis=0), dtype=np.float64)

    def sentence(self, cell: int) -> str:
        """Return what to say of one cell; empty where it was never hot."""
        verdict = str(self.verdict[cell])
        if not verdict or not self.draws:
            return verdict
        return f"{verdict}; hot in {100 * self.share[cell]:.0f} % of draws of the offsets"

    def __repr__(self) -> str:
        """Return how many cells are hot, before and after."""
        counts = (int(found.hot.sum()) for found in (self.raw, self.pooled, self.adjusted))
        return "Adjustment({:,} hot by own totals, {:,} pooled, {:,} adjusted)".format(*counts)


def _verdict(before: Bools, after: Bools) -> NDArray[np.object_]:
    said = np.full(before.size, NEITHER, dtype=object)
    said[before & after], said[~before & after], said[before & ~after] = EITHER_WAY, BY_ADJUSTMENT, BEFORE_ONLY
    return said


def _any(hot: Bools, label: Ints, n: int) -> Bools:
    """Return which clusters, numbered by cell, hold a hot cell."""
    met = np.zeros(n + 1, dtype=np.bool_)
    met[label[hot]] = True
    return met[:-1]


def adjusted_base(names: Names, counts: Ints, base: Floats, practice: Practice, theta: Floats | None = None) -> Pooled:
    """Return strata pooled over the organisations that can be compared, with offsets in what they expect.

    Parameters
    ----------
    names : tuple of (source, organisation, category)
        ``Strata.names``.
    counts : numpy.ndarray of int64, shape (strata, cells)
    base : numpy.ndarray of float64, shape (strata, cells)
        People (or ground) that each stratum covered: in one unit for all of a source.
    practice : Practice
    theta : numpy.ndarray of float64, shape (strata,), optional
        Offsets to use instead of the practice's: a draw, or 0s for none.

    Returns
    -------
    Pooled
        In order of each one's first stratum. A stratum whose offset is not estimable stays alone, with its own total.
    """
    found = [practice.theta(*name) for name in names]
    used = np.array([value for _, value in found]) if theta is None else np.asarray(theta, dtype=np.float64)
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, ((source, _, category), (component, _)) in enumerate(zip(names, found, strict=True)):
        key = (practice.kind_of(source), category, component) if component >= 0 else (place,)
        groups.setdefault(key, []).append(place)
    members = tuple(np.array(group, dtype=np.int64) for group in groups.values())
    scaled = base * np.exp(used)[:, None]
    return Pooled(
        members,
        np.array([counts[group].sum(axis=0) for group in members], dtype=np.int64),
        np.array([scaled[group].sum(axis=0) for group in members], dtype=np.float64),
    )


def adjust(
    grid: Grid, names: Names, counts: Ints, base: Floats, rule: Rule, practice: Practice, *,
    rng: np.random.Generator, draws: int = DRAWS, raw: HotCells | None = None,
) -> Adjustment:  # fmt: skip
    """Return hot cells by own totals, pooled and adjusted, and how often each stays hot over draws of the offsets.

    Parameters
    ----------
    grid : Grid
    names, counts, base
        As for ``adjusted_base``.
    rule : Rule
    practice : Practice
    rng : numpy.random.Generator
    draws : int
        0 for none.
    raw : HotCells, optional
        The finding by own totals, if it is at hand.

    Returns
    -------
    Adjustment

    Notes
    -----
    φ is estimated once, with the offsets applied, and held over the draws: a draw far off would otherwise hide itself
    as over-dispersion.
    """
    first = raw if raw is not None else find_hot_cells(grid, counts, base, rule)
    plain = adjusted_base(names, counts, base, practice, np.zeros(len(names)))
    pooled = find_hot_cells(grid, plain.counts, plain.base, rule)
    after = adjusted_base(names, counts, base, practice)
    adjusted = find_hot_cells(grid, after.counts, after.base, rule)
    drawn = np.zeros((draws, -(-base.shape[1] // 8)), dtype=np.uint8)
    times = np.zeros(base.shape[1])
    for number, theta in enumerate(practice.draw(names, draws, rng)):
        one = adjusted_base(names, counts, base, practice, theta)
        hot = hot_only(grid, one.counts, one.base, rule, dispersion=adjusted.dispersion)
        times += hot
        drawn[number] = np.packbits(hot)
    covered = (base > 0).any(axis=0)
    share = np.where(covered, times / draws, np.nan) if draws else np.full(times.size, np.nan)
    return Adjustment(first, pooled, adjusted, share, drawn)
