"""Which cells have more around them than their strata's own totals would put there. Methods: places, section 5.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtrc

from riskshare.kernels.excess import estimate_dispersion, local_excess, square_blocks
from riskshare.kernels.local_statistics import gi_star_grid
from riskshare.kernels.multiplicity import adjusted_p
from riskshare.kernels.neighbourhoods import Window, window_sums
from riskshare.places.grid import Grid

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

DENSEST: Final = 0.05
"""Share of the covered ground shown where nothing is known of what to expect (methods: places, section 5.2)."""
MIN_SHARE: Final = 1e-6
"""A cell with less of its ground covered than this is not covered: what is left of it is a sliver of rounding."""

Method = Literal["bh", "by"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How cells are decided on.

    ``radius_cells`` and ``shape`` say which cells around each are summed; ``level`` is the false discovery rate;
    ``method`` how p-values are adjusted over all cells, once; ``significance`` is False where there is nothing to
    expect from, and the densest cells are shown instead.
    """

    radius_cells: int
    level: float
    method: Method
    significance: bool
    overdispersed: bool = True

    @property
    def window(self) -> Window:
        """The square of cells around each."""
        return Window(self.radius_cells)


@dataclass(frozen=True, slots=True, repr=False)
class HotCells:
    """One value a cell, in order of cell number; NaN (False in ``hot``) where nobody covers it.

    ``count`` in the cell itself; ``observed`` and ``expected`` in its neighbourhood; ``gi_z`` for ranking; ``p``
    one-sided and ``q`` adjusted over all cells, both NaN without significance. ``dispersion`` is φ of each stratum.
    """

    count: Floats
    observed: Floats
    expected: Floats
    gi_z: Floats
    p: Floats
    q: Floats
    hot: Bools
    dispersion: Floats

    def __repr__(self) -> str:
        """Return how many are hot."""
        return f"HotCells({int(self.hot.sum()):,} of {self.count.size:,})"


def find_hot_cells(grid: Grid, counts: Ints, base: Floats, rule: Rule, *, dispersion: Floats | None = None) -> HotCells:
    """Return which cells are hot.

    Parameters
    ----------
    grid : Grid
    counts : numpy.ndarray of int64, shape (strata, cells)
        Whole events.
    base : numpy.ndarray of float64, shape (strata, cells)
        What each stratum would count in each cell, up to a factor of its own; 0 where it does not look.
    rule : Rule
    dispersion : numpy.ndarray of float64, shape (strata,), optional
        φ of each stratum where it is known; by default estimated here.

    Returns
    -------
    HotCells

    Notes
    -----
    With significance: the stratified conditional test of ``riskshare.kernels.excess``, adjusted over all cells.
    Without: the cells with the most events around them for their covered ground, as long as they make up at most 5 %
    of it: where events are, not where they surprise.
    """
    rows, cols = grid.shape
    covered = np.asarray((base > 0).any(axis=0), dtype=np.bool_)
    total = counts.sum(axis=0).astype(np.float64)
    gi_z = _rank(total, covered, grid, rule)
    if not rule.significance or not total.any():
        return _densest(grid, total, base, covered, gi_z, rule)
    stack, layer = counts.reshape(-1, rows, cols), base.reshape(-1, rows, cols)
    phi = dispersion if dispersion is not None else _dispersion(stack, layer, grid, rule)
    test = local_excess(stack, layer, rule.window, dispersion=phi)
    p = test.p.ravel()
    q = np.full(p.size, np.nan)
    q[covered] = adjusted_p(p[covered], method=rule.method)
    hot = covered & (np.nan_to_num(q, nan=1.0) <= rule.level)
    seen = np.where(covered, total, np.nan)
    return HotCells(seen, test.observed.ravel(), test.expected.ravel(), gi_z, p, q, hot, phi)


def hot_only(grid: Grid, counts: Ints, base: Floats, rule: Rule, *, dispersion: Floats) -> Bools:
    """Return which cells are hot, as ``find_hot_cells`` decides it, and nothing else: for many draws."""
    covered = np.asarray((base > 0).any(axis=0), dtype=np.bool_)
    total = counts.sum(axis=0).astype(np.float64)
    if not rule.significance or not total.any():
        _, hot = _densities(grid, total, base, covered, rule)
        return hot
    shape = (-1, *grid.shape)
    whole = base.sum(axis=1)
    expected = (counts.sum(axis=1) / np.where(whole > 0, whole, 1.0)) @ base
    around = window_sums(np.stack((total, expected)).reshape(shape), rule.radius_cells)
    more = _worth_testing(around[0], around[1], covered.reshape(grid.shape), rule)
    test = local_excess(counts.reshape(shape), base.reshape(shape), rule.window, dispersion=dispersion, mask=more)
    q = adjusted_p(np.nan_to_num(test.p.ravel()[covered], nan=1.0), method=rule.method)
    hot = np.zeros(total.size, dtype=np.bool_)
    hot[covered] = q <= rule.level
    return hot


SCREEN: Final = 6.0
"""How far above the level a cell's q by Poisson's tail may lie and still be tested; that tail is near the exact one."""


def _worth_testing(seen: Floats, expected: Floats, covered: Bools, rule: Rule) -> Bools:
    """Return the cells that could be hot at all: the exact tail is costly, and nearly no cell comes near the level."""
    p = np.where(seen > 0, pdtrc(np.maximum(seen - 1.0, 0.0), expected), 1.0)
    q = np.ones(p.shape)
    q[covered] = adjusted_p(np.clip(p[covered], 0.0, 1.0), method=rule.method)
    return np.asarray(covered & (q <= SCREEN * rule.level), dtype=np.bool_)


def _dispersion(counts: NDArray[np.int64], base: Floats, grid: Grid, rule: Rule) -> Floats:
    if not rule.overdispersed:
        return np.ones(len(counts))
    blocks = square_blocks(grid.shape, 2 * rule.radius_cells + 1)
    found = estimate_dispersion(counts, base, blocks)
    # Too little is expected anywhere to tell: events are taken as independent.
    return np.nan_to_num(found.phi, nan=1.0)


def _rank(total: Floats, covered: Bools, grid: Grid, rule: Rule) -> Floats:
    """Return Gi* z of each cell, NaN where it is undefined: everywhere, if all counts are alike."""
    inside = total[covered]
    if inside.size < 2 or np.all(inside == inside[0]):
        return np.full(total.size, np.nan)
    z = gi_star_grid(total.reshape(grid.shape), covered.reshape(grid.shape), rule.radius_cells)
    return np.asarray(z, dtype=np.float64).ravel()


def _densest(grid: Grid, total: Floats, base: Floats, covered: Bools, gi_z: Floats, rule: Rule) -> HotCells:
    around, hot = _densities(grid, total, base, covered, rule)
    nothing = np.full(total.size, np.nan)
    seen, around = np.where(covered, total, np.nan), np.where(covered, around, np.nan)
    return HotCells(seen, around, nothing, gi_z, nothing, nothing.copy(), hot, np.ones(len(base)))


def _densities(grid: Grid, total: Floats, base: Floats, covered: Bools, rule: Rule) -> tuple[Floats, Bools]:
    """Return the events around each cell, and the densest cells for their covered ground."""
    ground = np.where(covered, base.max(axis=0), 0.0).reshape(grid.shape)
    around = np.asarray(window_sums(total.reshape(grid.shape), rule.radius_cells)).ravel()
    room = np.asarray(window_sums(ground, rule.radius_cells)).ravel()
    with np.errstate(invalid="ignore", divide="ignore"):
        density = np.where(covered & (room > MIN_SHARE), around / room, np.nan)
    return around, _top(density, ground.ravel())


def _top(density: Floats, ground: Floats) -> Bools:
    """Return the densest cells that together hold at most 5 % of the ground; ties at the edge stay out together."""
    hot = np.zeros(density.size, dtype=np.bool_)
    places = np.flatnonzero(density > 0)
    if places.size == 0:
        return hot
    order = places[np.argsort(-density[places], kind="stable")]
    reach = np.cumsum(ground[order])
    fits = int(np.searchsorted(reach, DENSEST * ground.sum() * (1 + 1e-12), side="right"))
    if fits < order.size:
        fits = int(np.searchsorted(-density[order], -density[order][fits], side="left"))
    hot[order[:fits]] = True
    return hot
