"""What counts are drawn again from, to see who would find a cluster another time. Methods: places, section 5.2.

Drawing the events themselves again, with replacement, doubles the variance of every count: a chance excess of two or
three events is found again and again, by the pool and by an authority alone. So counts are drawn from a smoothed
surface instead: what each cell expects, times a ratio drawn in towards 1. ``docs/decisions/0012`` holds the check on
maps of known power.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.neighbourhoods import window_sums
from riskshare.places.grid import Grid
from riskshare.places.hot_cells import Rule

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR: Final = 1.0
"""Proposal: expected events that the ratio of all authorities together is drawn in towards 1 by."""
OWN_PRIOR: Final = 4.0
"""Proposal: expected events that an authority's own ratio is drawn in towards that of all together by."""


class Own(NamedTuple):
    """One authority's own ground: the block of cells around it, and what its strata expect there.

    ``cells`` numbers the block's cells in the whole grid; ``strata`` the strata that look there; ``base`` is strata ×
    cells of the block.
    """

    grid: Grid
    cells: Ints
    strata: Ints
    base: Floats


def means_of(
    grid: Grid, base: Floats, own: tuple[Own, ...], counts: tuple[Ints, ...], rule: Rule
) -> tuple[Floats, ...]:
    """Return the mean of each authority's counts (its strata × its cells) in another drawing.

    Parameters
    ----------
    grid : Grid
    base : numpy.ndarray of float64, shape (strata, cells)
    own : tuple of Own
    counts : tuple of numpy.ndarray
        What each authority counted, in the shape of its ``base``.
    rule : Rule
        Without significance nothing is expected, and the counts themselves are the means.

    Notes
    -----
    With O and E the sums over a cell's neighbourhood, of all (O, E) and of one authority (o, e): the ratio of all is
    ρ = (O + 1)/(E + 1), the authority's (o + 4ρ)/(e + 4); each cell's mean is what it expects times that ratio. Means
    are scaled to keep each stratum's total.
    """
    if not rule.significance:
        return tuple(mine.astype(np.float64) for mine in counts)
    total, seen = np.zeros(len(base)), np.zeros(grid.n_cells)
    for part, mine in zip(own, counts, strict=True):
        total[part.strata] += mine.sum(axis=1)
        seen[part.cells] += mine.sum(axis=0)
    whole = base.sum(axis=1)
    scale = total / np.where(whole > 0, whole, 1.0)
    ratio = _drawn_in(grid, seen, scale @ base, np.ones(grid.n_cells), PRIOR, rule)
    means, kept = [], np.zeros(len(base))
    for part, mine in zip(own, counts, strict=True):
        expected = scale[part.strata][:, None] * part.base
        own_ratio = _drawn_in(part.grid, mine.sum(axis=0), expected.sum(axis=0), ratio[part.cells], OWN_PRIOR, rule)
        means.append(expected * own_ratio)
        kept[part.strata] += means[-1].sum(axis=1)
    to_total = total / np.where(kept > 0, kept, 1.0)
    return tuple(mean * to_total[part.strata][:, None] for part, mean in zip(own, means, strict=True))


def _drawn_in(
    grid: Grid, seen: NDArray[np.number], expected: Floats, towards: Floats, prior: float, rule: Rule
) -> Floats:
    if expected.size == 0:
        return np.zeros(0)
    both = np.stack((np.asarray(seen, dtype=np.float64), expected)).reshape(2, *grid.shape)
    around = np.asarray(window_sums(both, rule.radius_cells), dtype=np.float64).reshape(2, -1)
    return np.asarray((around[0] + prior * towards) / (around[1] + prior), dtype=np.float64)


def draw_counts(
    means: tuple[Floats, ...], own: tuple[Own, ...], dispersion: Floats, rng: np.random.Generator
) -> tuple[Ints, ...]:
    """Return counts drawn afresh, in the shape of ``means``: Poisson, or negative binomial where φ is above 1."""
    drawn = []
    for mean, part in zip(means, own, strict=True):
        excess = dispersion[part.strata][:, None] - 1.0
        wide = (excess > 0) & (mean > 0)
        shape = np.where(wide, mean / np.where(excess > 0, excess, 1.0), 1.0)
        rate = np.where(wide, rng.gamma(shape) * excess, mean) if wide.any() else mean
        drawn.append(rng.poisson(rate).astype(np.int64))
    return tuple(drawn)
