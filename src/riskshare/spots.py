"""Hot spots across boundaries: the one composition of the places stages, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.areas import Areas, check_areas
from riskshare.places.borderline import border_events, border_notes
from riskshare.places.cells import cells_table
from riskshare.places.clusters import Clusters, describe, join_cells, sharing
from riskshare.places.coverage import coverage_of
from riskshare.places.events import MIN_SUPPORT, Assessed, claims_as_points
from riskshare.places.grid import grid_over
from riskshare.places.hot_cells import HotCells, Method, Rule, find_hot_cells
from riskshare.places.people import check_population, people_in_cells
from riskshare.places.points import Points, check_points
from riskshare.places.strata import Events, Ground, Strata, count_cells, lay_ground, place_events, whole_claims
from riskshare.places.together import (
    Power,
    Progress,
    Setting,
    alone_in,
    measure_power,
    observed,
    settings,
)
from riskshare.records.arguments import is_number, is_texts, is_whole, require
from riskshare.reporting.spot_words import spot_sentences, spots_html
from riskshare.version import VERSION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL_M = 250
"""Proposal: about two streets; finer than most recorded points are precise, coarser than their snapping."""
RESAMPLES = 100


def hotspots(
    points: gpd.GeoDataFrame | Assessed,
    areas: gpd.GeoDataFrame,
    *,
    indicators: Sequence[str] | None = None,
    min_support: float | None = None,
    coverage: pd.DataFrame | None = None,
    population: pd.DataFrame | None = None,
    cell_m: int = CELL_M,
    radius_cells: int = 1,
    level: float = 0.05,
    method: Method = "bh",
    null: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Progress | None = None,
) -> HotSpots:
    """Return where there is more than the recording organisations' own totals would put there, and who shares it.

    Parameters
    ----------
    points : GeoDataFrame or Assessment
        Events; see ``riskshare.places.points.check_points`` for its optional columns and their defaults. Of an
        assessment, its claims: each once, however many agencies reported it.
    areas : GeoDataFrame
        ``code``, ``geometry`` and optionally ``name`` of every authority that takes part.
    indicators : sequence of str, optional
        Of an assessment, which indicators are events; see ``riskshare.places.events.claims_as_points``.
    min_support : float, optional
        Of an assessment, how far a claim must be believed; 0.5 unless another is agreed.
    coverage : DataFrame, optional
        ``source, area, from, until``: who looked where and when. Default: everywhere, always, and said so.
    population : DataFrame, optional
        ``easting, northing, cell_m, population`` and optionally ``authority``. Without it only where events *are* can
        be shown, not where they surprise: the densest 5 % of the ground, without significance.
    cell_m : int, metres
    radius_cells : int
        Cells each way that are summed around each: 1 is 3 × 3.
    level : float
        False discovery rate over all cells.
    method : str
        ``bh`` (Benjamini and Hochberg) or ``by`` (Benjamini and Yekutieli, stricter).
    null : str, optional
        ``uniform`` expects events evenly over the covered ground: every town centre is then "hot". For those who ask.
    resamples : int
        Draws for stability and for "only visible together"; 0 for none.
    seed : int
        Of the resamples.
    progress : callable, optional
        Called with draws done and draws in all.

    Returns
    -------
    HotSpots

    Raises
    ------
    ArgumentError
        An argument is not of the kind needed.
    PlaceError
        Points, areas, coverage or population cannot be used; everything wrong is listed.

    Notes
    -----
    Events are counted by recording organisation, source and category; each stratum keeps its own total, so a constant
    difference in recording makes no cell hot. Methods: places, section 5.2.
    """
    require(
        "hotspots",
        {
            "radius_cells must be a whole number, 0 or more.": is_whole(radius_cells) and radius_cells >= 0,
            "level must be a number above 0 and below 1.": is_number(level) and 0 < level < 1,
            "method must be 'bh' or 'by'.": method in ("bh", "by"),
            "null must be 'uniform' or None.": null in (None, "uniform"),
            "resamples must be a whole number, 0 or more.": is_whole(resamples) and resamples >= 0,
            "seed must be a whole number, 0 or more.": is_whole(seed) and seed >= 0,
            "indicators must be texts, such as a list, or None.": indicators is None or is_texts(indicators),
            "min_support must be a number above 0 and up to 1, or None.": min_support is None
            or (is_number(min_support) and 0 < min_support <= 1),
            "indicators and min_support are for an assessment only.": isinstance(points, Assessed)
            or (indicators is None and min_support is None),
        },
    )
    places, ground_of = _read_points(points, indicators, min_support), check_areas(areas)
    _must_meet(places, ground_of)
    ground = lay_ground(ground_of, grid_over(ground_of.bounds, cell_m))
    covered = coverage_of(coverage, places, ground_of.codes)
    people = None if population is None else check_population(population, ground_of.codes)
    rule = Rule(radius_cells, level, method, people is not None or null == "uniform")
    events, strata, notes = place_events(whole_claims(places), ground, covered)

    def weigh(over: Ground) -> Any:
        return over.shares if people is None else people_in_cells(people, over)

    here = settings(ground, strata, weigh)
    found = find_hot_cells(ground.grid, count_cells(events, len(strata.names), ground.grid.n_cells), here.base, rule)
    clusters = join_cells(found.hot, events, ground)
    counts = observed(here, events, events.cell)
    alone = alone_in(here, counts, clusters, rule, found.dispersion)
    power = measure_power(
        here, strata, weigh, events, clusters, rule, found.dispersion,
        resamples=resamples, rng=np.random.default_rng(seed), progress=progress,
    )  # fmt: skip
    border = border_events(events, ground, places.projection.accuracy_m, clusters)
    said = (
        *places.notes, *_area_notes(ground_of), *covered.notes, *notes, *border_notes(border, len(events)),
        *_rule_notes(rule, cell_m, null), *_resample_notes(resamples, rule),
    )  # fmt: skip
    return HotSpots(
        ground, strata, events, places, here, found, clusters, alone, power, border, rule, said, seed, resamples
    )


@dataclass(frozen=True, repr=False)
class HotSpots:
    """Hot spots, who shares them, and how far to believe them. Made by ``riskshare.hotspots``; internal until shared.

    Attributes
    ----------
    ground, strata, events, points, setting, found, clustered, alone, power
        What the tables are made of.
    border_events : pandas.DataFrame
        Events that may lie across a border from where they are counted: ``places.borderline.BORDER_COLUMNS``.
    rule : Rule
        Neighbourhood, level and method of the decision.
    notes : tuple of str
        Every automatic choice with its unit, and everything left out.
    seed, resamples : int
        Of the resamples.
    """

    ground: Ground
    strata: Strata
    events: Events
    points: Points
    setting: Setting
    found: HotCells
    clustered: Clusters
    alone: NDArray[np.bool_]
    power: Power
    border_events: pd.DataFrame
    rule: Rule
    notes: tuple[str, ...]
    seed: int
    resamples: int
    engine_version: str = VERSION

    @cached_property
    def cells(self) -> gpd.GeoDataFrame:
        """One line for each cell that anybody covers; see ``riskshare.places.cells.cells_table``."""
        looked = self.points.take(self.points.looked)
        cell = self.ground.grid.cell_of(looked.x, looked.y)
        counts = np.bincount(cell[cell >= 0], minlength=self.ground.grid.n_cells)
        return cells_table(self.ground, self.setting.base, self.found, None, counts, self.clustered.label)

    @cached_property
    def clusters(self) -> gpd.GeoDataFrame:
        """One line for each cluster of hot cells; see ``riskshare.places.clusters.describe``."""
        together = self.power.only_together(self.alone) & (sharing(self.clustered).sum(axis=1) > 1)
        return describe(self.clustered, self.ground, self.alone, together, self.power.stability)

    @cached_property
    def found_again(self) -> pd.DataFrame:
        """How often each cluster is found again: one line a cluster and authority that shares it.

        Columns ``cluster_id, authority, together, only_together, alone``: shares of the resamples in which all together
        find it, in which they do and no authority alone does, and in which this authority does from its own data.
        """
        cluster, area = np.nonzero(sharing(self.clustered))
        return pd.DataFrame(
            {
                "cluster_id": [f"C{number + 1}" for number in cluster],
                "authority": [self.ground.areas.codes[number] for number in area],
                "together": self.power.stability[cluster],
                "only_together": self.power.only_pool[cluster],
                "alone": self.power.alone[cluster, area],
            }
        )

    @cached_property
    def looked(self) -> Points:
        """What enforcement and our own prompting turned up: drawn apart as "where we looked", never counted."""
        return self.points.take(self.points.looked)

    @property
    def title(self) -> str:
        """What the map shows, in one line."""
        if self.rule.significance:
            return "Where there is more than expected"
        return "Where events are: the densest 5 % of the ground"

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence a cluster: how many events, who shares it, who would have found it alone."""
        return spot_sentences(self.clusters, dict(zip(*self._names, strict=True)))

    @property
    def _names(self) -> tuple[list[str], list[str]]:
        frame = self.ground.areas.frame
        return frame["code"].tolist(), frame["name"].tolist()

    def plot(self) -> Figure:
        """Draw hot cells and clusters with the authorities' borders, and where we looked apart from it.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        from riskshare.reporting.spot_map import draw_spots

        fine = self.cells[["geometry", "hot", "coverage", "gi_z"]]
        looked = np.column_stack((self.looked.x, self.looked.y))
        return draw_spots(
            self.ground.areas.frame, fine, self.clusters, looked, self.title, self.notes,
            unlooked=self._unlooked, more_than_expected=self.rule.significance,
        )  # fmt: skip

    @cached_property
    def _unlooked(self) -> tuple[str, ...]:
        """The areas that no source covers for the whole period."""
        whole = self.strata.ground.max(axis=0, initial=0.0) >= 1.0 - 1e-9
        return tuple(code for code, full in zip(self.ground.areas.codes, whole, strict=True) if not full)

    def __repr__(self) -> str:
        """Return how many cells and clusters; never where."""
        return f"HotSpots({int(self.found.hot.sum()):,} hot cells in {len(self.clustered)} clusters, internal)"

    def _repr_html_(self) -> str:
        """Return a small table of clusters for a notebook: whole authorities and counts; no place, nobody."""
        return spots_html(self.title, self.clusters, dict(zip(*self._names, strict=True)))


def _read_points(
    points: gpd.GeoDataFrame | Assessed, indicators: Sequence[str] | None, min_support: float | None
) -> Points:
    if isinstance(points, gpd.GeoDataFrame) or not isinstance(points, Assessed):
        return check_points(points)
    least = MIN_SUPPORT if min_support is None else float(min_support)
    placed = claims_as_points(points, indicators=indicators, min_support=least)
    checked = check_points(placed.points)
    return replace(checked, notes=(*placed.notes, *(note for note in checked.notes if "weight" not in note)))


def _must_meet(points: Points, areas: Areas) -> None:
    """Refuse points and areas that do not overlap at all: one of them is in the wrong place."""
    west, south, east, north = areas.bounds
    inside = (points.x >= west) & (points.x <= east) & (points.y >= south) & (points.y <= north)
    if inside.any():
        return
    hint = (
        f"No point lies inside the areas' extent. Points: {points.x.min():,.0f} to {points.x.max():,.0f} east, "
        f"{points.y.min():,.0f} to {points.y.max():,.0f} north; areas: {west:,.0f} to {east:,.0f} east, "
        f"{south:,.0f} to {north:,.0f} north (metres). Check the reference system of both."
    )
    raise PlaceError([PlaceProblem("no_overlap", hint)])


def _resample_notes(resamples: int, rule: Rule) -> tuple[str, ...]:
    if resamples == 0:
        return ("No resamples were drawn: nothing is said of stability, nor of what is visible only together.",)
    what = "smoothed counts" if rule.significance else "the counts"
    return (f"{resamples:,} resamples of {what}, every second one on a grid moved by half a cell.",)


def _area_notes(areas: Areas) -> tuple[str, ...]:
    return (f"Areas: {areas.projection.note}",) if areas.projection.note else ()


def _rule_notes(rule: Rule, cell_m: int, null: str | None) -> tuple[str, ...]:
    width = (2 * rule.radius_cells + 1) * cell_m
    notes = [f"Cells of {cell_m:,} m; {width:,} × {width:,} m are summed around each."]
    if not rule.significance:
        notes.append(
            "No population was given: the densest 5 % of the covered ground is shown, where events are. That is no "
            "finding of significance."
        )
    if null == "uniform":
        notes.append("Events were expected evenly over the ground, as asked: every town centre is then a hot spot.")
    return tuple(notes)
