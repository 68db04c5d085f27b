"""Maps of known power: three authorities meet in the middle of a square, and a disc about the meeting point holds more.

Used to compare what is drawn again to tell "visible only together": events with replacement, or counts from a smoothed
surface (``docs/decisions/0012``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from riskshare.places.areas import check_areas
from riskshare.places.grid import grid_over
from riskshare.places.hot_cells import Rule, hot_only
from riskshare.places.redraw import draw_counts, means_of
from riskshare.places.strata import Strata, lay_ground
from riskshare.places.together import Setting, find_alone, settings

Counts = tuple[NDArray[np.int64], ...]
RULE = Rule(1, 0.05, "bh", significance=True)
SIDE, CELL, CORNER = 36, 250, (400_000, 300_000)
FLAT = np.ones(3)


def sectors() -> gpd.GeoDataFrame:
    """Return a square cut into three sectors of 120 degrees."""
    west, south = CORNER
    size = SIDE * CELL
    middle = np.array([west + size / 2, south + size / 2])
    square = shapely.box(west, south, west + size, south + size)
    ends = [
        middle + 2 * size * np.array([np.cos(a), np.sin(a)]) for a in np.radians([90, 150, 210, 270, 330, 390, 450])
    ]
    shapes = [
        shapely.intersection(square, shapely.Polygon([middle, *ends[2 * k : 2 * k + 3]])) for k in range(3)
    ]  # fmt: skip
    return gpd.GeoDataFrame({"code": ["a", "b", "c"]}, geometry=shapes, crs=27700)


@dataclass(frozen=True)
class Map:
    """Expected counts, and a disc of so many cells across whose mean is ``ratio`` times as high.

    ``to_first`` is the share of the disc's excess that the first authority's ground takes; by default each keeps its
    own.
    """

    expected: float
    radius: float
    ratio: float
    to_first: float | None = None

    @cached_property
    def setting(self) -> Setting:
        areas = check_areas(sectors())
        ground = lay_ground(
            areas, grid_over(tuple(edge - 0.001 * (k > 1) for k, edge in enumerate(areas.bounds)), CELL)
        )
        strata = Strata((("police", "a", "all"), ("police", "b", "all"), ("police", "c", "all")), np.eye(3))
        return settings(ground, strata, lambda over: over.shares)

    @cached_property
    def disc(self) -> NDArray[np.bool_]:
        """The cells whose middle lies in the disc."""
        grid = self.setting.ground.grid
        x, y = grid.centres(np.arange(grid.n_cells))
        middle = CORNER[0] + SIDE * CELL / 2, CORNER[1] + SIDE * CELL / 2
        return np.asarray(np.hypot(x - middle[0], y - middle[1]) <= self.radius * CELL)

    @cached_property
    def means(self) -> tuple[NDArray[np.float64], ...]:
        """The mean of each authority's counts, over its own block of cells."""
        flat = [own.base / own.base.max() * self.expected for own in self.setting.own]
        inside = [mean * self.disc[own.cells] for mean, own in zip(flat, self.setting.own, strict=True)]
        held = np.array([part.sum() for part in inside])
        share = held / held.sum()
        if self.to_first is not None:
            share = np.array([self.to_first, (1 - self.to_first) / 2, (1 - self.to_first) / 2])
        more = (self.ratio - 1) * held.sum() * share / held
        return tuple(mean + times * part for mean, times, part in zip(flat, more, inside, strict=True))

    def fresh(self, rng: np.random.Generator) -> Counts:
        """Draw counts anew from the truth."""
        return tuple(rng.poisson(mean) for mean in self.means)

    def found(self, counts: Counts) -> tuple[bool, NDArray[np.bool_]]:
        """Return whether all together find the disc, and which authority does alone."""
        whole = np.zeros(self.setting.base.shape, dtype=np.int64)
        for own, mine in zip(self.setting.own, counts, strict=True):
            whole[np.ix_(own.strata, own.cells)] += mine
        pool = hot_only(self.setting.ground.grid, whole, self.setting.base, RULE, dispersion=FLAT)
        alone = find_alone(self.setting, counts, np.ones(3, dtype=np.bool_), RULE, FLAT)
        return bool((pool & self.disc).any()), np.array([(hot & self.disc).any() for hot in alone])

    def smoothed(self, counts: Counts, rng: np.random.Generator) -> Counts:
        """Draw counts again as riskshare does."""
        here = self.setting
        means = means_of(here.ground.grid, here.base, here.own, counts, RULE)
        return draw_counts(means, here.own, FLAT, rng)

    @staticmethod
    def resampled(counts: Counts, rng: np.random.Generator) -> Counts:
        """Draw events again with replacement: as many in all, each as likely as any."""
        whole = np.concatenate([mine.ravel() for mine in counts])
        drawn = rng.multinomial(whole.sum(), whole / whole.sum())
        ends = np.cumsum([mine.size for mine in counts])[:-1]
        parts = np.split(drawn, ends)
        return tuple(part.reshape(mine.shape).astype(np.int64) for part, mine in zip(parts, counts, strict=True))


@dataclass(frozen=True)
class Shares:
    """How often the pool finds the disc, the best single authority does, and only one of the two does."""

    pool: float
    best: float
    only_pool: float
    only_alone: float
    alone: NDArray[np.float64]


def shares(runs: list[tuple[bool, NDArray[np.bool_]]]) -> Shares:
    pool, alone = np.array([run[0] for run in runs]), np.array([run[1] for run in runs])
    somebody = alone.any(axis=1)
    return Shares(
        float(pool.mean()), float(alone.mean(axis=0).max()), float((pool & ~somebody).mean()),
        float((somebody & ~pool).mean()), alone.mean(axis=0),
    )  # fmt: skip


def true_shares(place: Map, times: int, seed: int) -> Shares:
    """Return how often the disc is found on fresh maps."""
    rng = np.random.default_rng(seed)
    return shares([place.found(place.fresh(rng)) for _ in range(times)])
