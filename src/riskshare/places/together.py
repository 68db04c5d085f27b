"""Would anyone have found it alone, and would it be found again? Methods: places, section 5.2.

"Only visible together" is a claim about power: one run in which the pool finds a cluster and no authority does is
often luck. So counts are drawn again many times, the grid's lines moved, and the same procedure run for all authorities
together and for each on its own data and coverage. What is drawn from is in ``redraw``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from riskshare.places.clusters import Clusters, sharing
from riskshare.places.grid import Grid
from riskshare.places.hot_cells import Rule, hot_only
from riskshare.places.people import expected_base
from riskshare.places.redraw import Own, draw_counts, means_of
from riskshare.places.strata import Events, Ground, Strata, lay_ground

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

OFTEN: Final = 0.8
"""Of the redraws on which pool and authorities disagree, the share in which only the pool must find a cluster."""
SELDOM: Final = 0.5
"""Proposal: an authority that finds it alone in this share of redraws or more has merely been unlucky once."""

Weigh = Callable[[Ground], csr_array]
"""What each authority's part of each cell weighs (areas × cells): people, or ground."""
Raise = Callable[[Ground], Floats]
"""How many times more each stratum expects in each cell than by that weight alone (strata × cells)."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, repr=False)
class Power:
    """How often clusters are found again, over resamples.

    ``stability`` (clusters,) the share in which all together find each; ``only_pool`` that in which they do and no
    authority that shares it does; ``alone`` (clusters × authorities) that in which an authority does. NaN without
    resamples. ``only_alone`` is the share in which some authority finds it and all together do not.
    """

    stability: Floats
    only_pool: Floats
    only_alone: Floats
    alone: Floats

    def only_together(self, alone_now: Bools) -> Bools:
        """Return which clusters can be said to be visible only together.

        Parameters
        ----------
        alone_now : numpy.ndarray of bool, shape (clusters, authorities)
            Which authorities find each alone in the run itself.

        Returns
        -------
        numpy.ndarray of bool, shape (clusters,)
            No authority finds it in the run itself; each finds it in fewer than half of the redraws; and in at least
            80 % of the redraws in which either all together or some authority alone finds it, but not both, it is all
            together. False without resamples. Why not simply "in 80 % of redraws": ``docs/decisions/0012``.
        """
        differ = np.nan_to_num(self.only_pool + self.only_alone)
        # Shares of whole draws: exactly 80 % must count as such.
        pool = (differ > 0.0) & (np.nan_to_num(self.only_pool) >= OFTEN * differ - 1e-9)
        most = np.nan_to_num(self.alone, nan=1.0).max(axis=1, initial=0.0)
        return np.asarray(pool & (most < SELDOM) & ~alone_now.any(axis=1), dtype=np.bool_)

    def near_the_bar(self, alone_now: Bools, resamples: int) -> Bools:
        """Return for which clusters other draws might well turn ``only_together`` round.

        Those that no authority finds in the run itself, and of which the shares that decide lie so near their bars that
        two standard errors, √(0.8 · 0.2 / draws that differ) and √(0.5 · 0.5 / draws), reach to the other side. False
        without resamples.

        Examples
        --------
        All together find it alone in 4 of 20 draws and nobody ever does without them: four draws of one kind are few.

        >>> found = Power(np.array([0.2]), np.array([0.2]), np.array([0.0]), np.array([[0.0, 0.0]]))
        >>> [bool(found.near_the_bar(np.zeros((1, 2), dtype=np.bool_), draws)[0]) for draws in (20, 400)]
        [True, False]
        """
        if resamples == 0:
            return np.zeros(len(alone_now), dtype=np.bool_)
        differ = self.only_pool + self.only_alone
        with np.errstate(divide="ignore", invalid="ignore"):
            pool, reach = self.only_pool / differ, 2.0 * np.sqrt(OFTEN * (1.0 - OFTEN) / (differ * resamples))
        most, wide = self.alone.max(axis=1, initial=0.0), 2.0 * np.sqrt(SELDOM * (1.0 - SELDOM) / resamples)
        may = (pool >= OFTEN - reach) & (most < SELDOM + wide)
        may_not = (pool < OFTEN + reach) | (most >= SELDOM - wide)
        return np.asarray(may & may_not & ~alone_now.any(axis=1), dtype=np.bool_)


@dataclass(frozen=True, slots=True, repr=False)
class Setting:
    """One grid with everything that does not change between resamples.

    ``base`` is of all together (strata × cells); ``own`` of each authority, its own part of it on its own block.
    """

    ground: Ground
    base: Floats
    own: tuple[Own, ...]


def settings(ground: Ground, strata: Strata, weigh: Weigh, raised: Raise | None = None) -> Setting:
    """Return what the procedure needs on one grid.

    One is added to what a whole cell weighs, by its share of ground: an event where nobody lives is a surprise, not an
    impossibility.
    """
    weights = csr_array(weigh(ground) + ground.shares)
    factor = None if raised is None else raised(ground)
    base = expected_base(strata.ground, weights, factor)
    numbers = range(len(ground.areas.codes))
    return Setting(ground, base, tuple(_own(ground.grid, weights, strata.ground, number, factor) for number in numbers))


def _own(grid: Grid, weights: csr_array, looked: Floats, number: int, raised: Floats | None) -> Own:
    strata = np.flatnonzero(looked[:, number] > 0)
    held = weights.indices[weights.indptr[number] : weights.indptr[number + 1]].astype(np.int64)
    weight = weights.data[weights.indptr[number] : weights.indptr[number + 1]]
    if held.size == 0 or strata.size == 0:
        return Own(Grid(grid.cell_m, grid.col, grid.row, 0, 0), *(np.zeros(0, dtype=np.int64),) * 2, np.zeros((0, 0)))
    row, col = held // grid.n_cols, held % grid.n_cols
    south, west = int(row.min()), int(col.min())
    n_rows, n_cols = int(row.max()) - south + 1, int(col.max()) - west + 1
    whole = np.zeros(n_rows * n_cols)
    whole[(row - south) * n_cols + col - west] = weight
    cells = ((south + np.arange(n_rows))[:, None] * grid.n_cols + west + np.arange(n_cols)[None, :]).ravel()
    block = Grid(grid.cell_m, grid.col + west, grid.row + south, n_cols, n_rows, grid.shift_east_m, grid.shift_north_m)
    base = looked[strata, number][:, None] * whole[None, :]
    return Own(block, cells, strata, base if raised is None else base * raised[np.ix_(strata, cells)])


def observed(setting: Setting, events: Events, cells: Ints) -> tuple[Ints, ...]:
    """Return each authority's own counts (its strata × its cells), given each event's cell on the setting's grid.

    On a moved grid an event on a line may fall where its stratum has no ground: it is not counted there.
    """
    n_cells = setting.base.shape[1]
    found = []
    for number, own in enumerate(setting.own):
        mine = events.area == number
        whole = np.bincount(events.stratum[mine] * n_cells + cells[mine], minlength=setting.base.size)
        counts = whole.reshape(setting.base.shape)[np.ix_(own.strata, own.cells)].astype(np.int64)
        found.append(np.where(own.base > 0, counts, 0))
    return tuple(found)


def find_alone(setting: Setting, counts: tuple[Ints, ...], asked: Bools, rule: Rule, dispersion: Floats) -> list[Bools]:
    """Return which cells of the grid each authority finds hot from its own counts and coverage, by the same rule.

    Only those ``asked`` (authorities,) are run: who shares no cluster finds none.
    """
    found = []
    for own, mine, wanted in zip(setting.own, counts, asked, strict=True):
        hot = np.zeros(setting.base.shape[1], dtype=np.bool_)
        if own.cells.size and wanted:
            hot[own.cells] = hot_only(own.grid, mine, own.base, rule, dispersion=dispersion[own.strata])
        found.append(hot)
    return found


def alone_in(setting: Setting, counts: tuple[Ints, ...], clusters: Clusters, rule: Rule, dispersion: Floats) -> Bools:
    """Return which authorities find each cluster (clusters × authorities) from their own data, if they share it."""
    shares = sharing(clusters)
    hot = find_alone(setting, counts, _asked(shares), rule, dispersion)
    return np.column_stack([_touched(one, setting, clusters, setting) for one in hot]) & shares


def measure_power(
    here: Setting, strata: Strata, weigh: Weigh, events: Events, clusters: Clusters, rule: Rule, dispersion: Floats,
    *, resamples: int, rng: np.random.Generator, progress: Progress | None = None, raised: Raise | None = None,
) -> Power:  # fmt: skip
    """Return how often each cluster is found by all together and by each authority that shares it, alone.

    Parameters
    ----------
    here : Setting
        The grid of the finding itself.
    strata, weigh, events, clusters, rule, dispersion
        Of the finding. φ is kept: it is a property of the recording, not of one draw.
    resamples : int
        Draws; every second one on a grid moved by half a cell.
    rng : numpy.random.Generator
    progress : callable, optional
        Called with draws done and draws in all.
    raised : callable, optional
        What covariates raise, as in the finding.

    Returns
    -------
    Power
    """
    n_clusters, n_areas = len(clusters), len(here.own)
    if resamples == 0 or n_clusters == 0:
        return Power(*(np.full(n_clusters, np.nan),) * 3, np.full((n_clusters, n_areas), np.nan))
    moved = settings(lay_ground(here.ground.areas, here.ground.grid.shifted()), strata, weigh, raised)
    grids = []
    for one in (here, moved):
        counts = observed(one, events, one.ground.grid.cell_of(events.points.x, events.points.y))
        grids.append((one, means_of(one.ground.grid, one.base, one.own, counts, rule)))
    shares = sharing(clusters)
    together = np.zeros((resamples, n_clusters), dtype=np.bool_)
    alone = np.zeros((resamples, n_clusters, n_areas), dtype=np.bool_)
    for draw in range(resamples):
        setting, means = grids[draw % 2]
        drawn = draw_counts(means, setting.own, dispersion, rng)
        together[draw], alone[draw] = _find_again(setting, drawn, here, clusters, shares, rule, dispersion)
        if progress is not None:
            progress(draw + 1, resamples)
    somebody = alone.any(axis=2)
    told = (together, together & ~somebody, somebody & ~together, alone)
    return Power(*(np.asarray(one.mean(axis=0), dtype=np.float64) for one in told))


def _find_again(
    setting: Setting, counts: tuple[Ints, ...], here: Setting, clusters: Clusters, shares: Bools, rule: Rule,
    dispersion: Floats,
) -> tuple[Bools, Bools]:  # fmt: skip
    """Return which clusters all together find in drawn counts, and which each authority that shares them does."""
    whole = np.zeros(setting.base.shape, dtype=np.int64)
    for own, mine in zip(setting.own, counts, strict=True):
        whole[np.ix_(own.strata, own.cells)] += mine
    pool = hot_only(setting.ground.grid, whole, setting.base, rule, dispersion=dispersion)
    lone = find_alone(setting, counts, _asked(shares), rule, dispersion)
    alone = np.column_stack([_touched(hot, setting, clusters, here) for hot in lone]) & shares
    return _touched(pool, setting, clusters, here), alone


def _asked(shares: Bools) -> Bools:
    return np.asarray(shares.any(axis=0), dtype=np.bool_)


def _touched(hot: Bools, setting: Setting, clusters: Clusters, here: Setting) -> Bools:
    """Return which clusters of one grid a finding, there or on a moved grid, has a hot cell in."""
    x, y = setting.ground.grid.centres(np.flatnonzero(hot))
    quarter = here.ground.grid.cell_m / 4.0
    met = np.zeros(len(clusters) + 1, dtype=np.bool_)
    # A cell of a moved grid lies over four of this one: each quarter of it is looked up.
    for east in (-quarter, quarter):
        for north in (-quarter, quarter):
            cell = here.ground.grid.cell_of(x + east, y + north)
            met[clusters.label[cell[cell >= 0]]] = True
    return met[:-1]
