"""Hot spots across boundaries: the one composition of the places stages, and its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.places.adjusting import adjust
from riskshare.places.areas import check_areas
from riskshare.places.borderline import border_events, border_notes
from riskshare.places.cells import cells_table
from riskshare.places.clusters import Clusters, describe, sharing
from riskshare.places.covariates import COEFFICIENT_COLUMNS, cell_values, check_covariates, fit_covariates
from riskshare.places.coverage import coverage_of
from riskshare.places.events import Assessed
from riskshare.places.grid import grid_over
from riskshare.places.hot_cells import HotCells, Method, Rule, find_hot_cells
from riskshare.places.hot_notes import (
    adjustment_notes,
    area_notes,
    claim_notes,
    finding_notes,
    must_expect,
    must_know,
    must_meet,
    people_notes,
    resample_notes,
    rule_notes,
)
from riskshare.places.near_buildings import check_buildings
from riskshare.places.own_address import OWN_M, Apart, take_apart
from riskshare.places.people import check_population, people_in_cells
from riskshare.places.points import Points
from riskshare.places.reading import DUTIES, points_of
from riskshare.places.recording import Practice, recorded_alike
from riskshare.places.strata import (
    Events,
    Ground,
    Strata,
    count_cells,
    lay_ground,
    place_events,
    seen_by,
    whole_claims,
)
from riskshare.places.together import Power, Progress, Setting, alone_in, measure_power, observed, settings
from riskshare.places.unlinked import join_unlinked, unlinked_notes
from riskshare.places.views import Views, all_clusters, cluster_views, expected_in, held_in, need_of, touched
from riskshare.records.arguments import is_number, is_texts, is_whole, require
from riskshare.reporting.spot_words import spot_sentences, spots_html
from riskshare.version import VERSION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

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
    covariates: pd.DataFrame | None = None,
    recording: Practice | None = None,
    join_within: tuple[float, int] | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    own_m: float = OWN_M,
    duties: Sequence[str] = DUTIES,
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
    covariates : DataFrame, optional
        ``easting, northing, cell_m`` and a column for each, such as deprivation: how they raise what is expected is
        told from the events themselves (``riskshare.places.covariates.fit_covariates``). What is then no surprise but
        was one by people alone stays on the map, as need.
    recording : RecordingPractice, optional
        From ``riskshare.recording_practice``. Findings with it allowed for stand beside those without; counts never
        change.
    join_within : tuple of (metres, days), optional
        An agreed rule: an event of a source that shares no claim id with any other is the nearest claim of another
        source so near. By default nothing is joined by guess, and how many may count twice is said.
    buildings : GeoDataFrame, optional
        As for ``profile_places``: homes, schools, refuges. What happens at their own addresses is no risk of the area:
        it is counted apart (``apart``), whichever source reports it, and never counts.
    own_m : float, metres
        How far a building's own address reaches, 0 to 1,000; more than the default where points are snapped.
    duties : sequence of str
        Of a table, categories that a home or its staff must report, such as missing episodes: they would draw a hot
        spot around the home, and never count. Of an assessment ``indicators`` say what counts.
    cell_m : int, metres
        1 to 100,000.
    radius_cells : int
        Cells each way that are summed around each, 0 to 100: 1 is 3 × 3.
    level : float
        False discovery rate over all cells.
    method : str
        ``bh`` (Benjamini and Hochberg) or ``by`` (Benjamini and Yekutieli, stricter).
    null : str, optional
        ``uniform`` expects events evenly over the covered ground: every town centre is then "hot". For those who ask.
    resamples : int
        Draws for stability and for "only visible together", and of the offsets of recording practice, up to 100,000; 0
        for none.
    seed : int
        Of the draws.
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
        Points, areas, coverage, population, covariates or buildings cannot be used; everything wrong is listed. Or
        recording practice is given without anything to expect by, or that of other organisations; or every event is at
        a building's own address.

    Notes
    -----
    Events are counted by recording organisation, source and category; each stratum keeps its own total, so a constant
    difference in recording makes no cell hot. With recording practice, organisations are also compared with each
    other. Methods: places, sections 5.2, 5.3 and 5.5.
    """
    _check(locals())
    asked = {name: value for name, value in locals().items() if name != "progress"}
    places, ground_of = points_of(points, indicators, min_support, duties), check_areas(areas)
    must_meet(places, ground_of)
    ground = lay_ground(ground_of, grid_over(ground_of.bounds, cell_m))
    covered = coverage_of(coverage, places, ground_of.codes)
    people = None if population is None else check_population(population, ground_of.codes)
    known = None if covariates is None else check_covariates(covariates)
    homes = None if buildings is None else check_buildings(buildings)
    rule = Rule(radius_cells, level, method, people is not None or known is not None or null == "uniform")
    if recording is not None:
        must_expect(rule)
    joined, doubts = (places, ()) if join_within is None else join_unlinked(places, *join_within)
    linked, apart = take_apart(joined, homes, float(own_m))
    doubts = doubts if join_within is not None else unlinked_notes(linked)
    whole = whole_claims(linked, seen_by(linked, ground, covered))
    alike = recorded_alike(recording, whole)
    events, strata, notes = place_events(whole, ground, covered, alike=alike)
    if recording is not None:
        must_know(recording, strata.alike, whole)

    def weigh(over: Ground) -> Any:
        return over.shares if people is None else people_in_cells(people, over)

    counts = count_cells(events, len(strata.names), ground.grid.n_cells)
    here = settings(ground, strata, weigh)
    plain, raised, by_people, adjustment = here.base, None, None, None
    if known is not None:
        raised = fit_covariates(known, ground, strata.names, counts, plain)
        by_people = None if people is None else find_hot_cells(ground.grid, counts, plain, rule)
        here = settings(ground, strata, weigh, raised.over)
    found = find_hot_cells(ground.grid, counts, here.base, rule)
    if recording is not None:
        adjustment = adjust(
            ground.grid, strata.alike, counts, here.base, rule, recording,
            rng=np.random.default_rng([seed, 1]), draws=resamples, raw=found,
        )  # fmt: skip
    views = Views(plain, raised, by_people, recording, adjustment)
    clusters = all_clusters(found, views, events, ground)
    alone = alone_in(here, observed(here, events, events.cell), clusters, rule, found.dispersion)
    power = measure_power(
        here, strata, weigh, events, clusters, rule, found.dispersion, resamples=resamples,
        rng=np.random.default_rng(seed), progress=progress, raised=None if raised is None else raised.over,
    )  # fmt: skip
    doubtful = power.near_the_bar(alone, resamples) & (sharing(clusters).sum(axis=1) > 1)
    border = border_events(events, ground, places.projection.accuracy_m, clusters)
    said = (
        *places.notes, *area_notes(ground_of), *covered.notes, *doubts, *apart.notes, *claim_notes(linked, whole),
        *notes, *border_notes(border, len(events)), *rule_notes(rule, cell_m, null, populated=people is not None),
        *(() if people is None else people_notes(people_in_cells(people, ground), events)),
        *finding_notes(rule, found, strata.names), *(() if raised is None else raised.notes),
        *(() if recording is None or adjustment is None
          else adjustment_notes(recording, strata.alike, adjustment, alike)),
        *resample_notes(resamples, rule, near_the_bar=bool(doubtful.any())),
    )  # fmt: skip
    return HotSpots(
        ground,
        strata,
        events,
        linked,
        here,
        found,
        clusters,
        alone,
        power,
        border,
        rule,
        said,
        seed,
        resamples,
        views,
        apart,
        asked,
    )


def _check(given: Mapping[str, Any]) -> None:
    """Refuse arguments of another kind; all of them are named."""
    indicators, support = given["indicators"], given["min_support"]
    cell_m, radius, level, seed = (given[name] for name in ("cell_m", "radius_cells", "level", "seed"))
    resamples, progress, recording = given["resamples"], given["progress"], given["recording"]
    method, null, near = given["method"], given["null"], given["join_within"]
    require(
        "hotspots",
        {
            "cell_m must be a whole number of metres, 1 to 100,000.": is_whole(cell_m) and 1 <= cell_m <= 100_000,
            "radius_cells must be a whole number, 0 to 100.": is_whole(radius) and 0 <= radius <= 100,
            "level must be a number above 0 and below 1.": is_number(level) and 0 < level < 1,
            "method must be 'bh' or 'by'.": isinstance(method, str) and method in ("bh", "by"),
            "null must be 'uniform' or None.": null is None or (isinstance(null, str) and null == "uniform"),
            "resamples must be a whole number, 0 to 100,000.": is_whole(resamples) and 0 <= resamples <= 100_000,
            "seed must be a whole number, 0 or more.": is_whole(seed) and seed >= 0,
            "progress must be a function of draws done and draws in all, or None.": progress is None
            or callable(progress),
            "indicators must be texts, such as a list, or None.": indicators is None or is_texts(indicators),
            "min_support must be a number above 0 and up to 1, or None.": support is None
            or (is_number(support) and 0 < support <= 1),
            "indicators and min_support are for an assessment only.": isinstance(given["points"], Assessed)
            or (indicators is None and support is None),
            "duties must be a list of categories.": is_texts(given["duties"]),
            "recording must be a RecordingPractice, as from riskshare.recording_practice, or None.": recording is None
            or isinstance(recording, Practice),
            "join_within must be metres above 0 and whole days of 0 or more, such as (150, 1), or None.": near is None
            or _is_near(near),
            "own_m must be a number of metres, 0 to 1,000.": is_number(given["own_m"]) and 0 <= given["own_m"] <= 1_000,
        },
    )


def _is_near(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return False
    metres, days = value
    return is_number(metres) and metres > 0 and is_whole(days) and days >= 0


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
        Of the draws.
    views : Views
        What stands beside the main finding: by people alone, and with recording practice allowed for.
    apart : Apart
        Events at buildings' own addresses: ``apart.table`` has a line a building by id; ``places.own_address``.
    asked : mapping
        The arguments of ``hotspots``: ``share`` finds hot spots again from what a recipient may see.
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
    views: Views
    apart: Apart
    asked: Mapping[str, Any]
    engine_version: str = VERSION

    @cached_property
    def cells(self) -> gpd.GeoDataFrame:
        """One line for each cell that anybody covers; see ``riskshare.places.cells.cells_table``."""
        looked = self.points.take(self.points.looked)
        cell = self.ground.grid.cell_of(looked.x, looked.y)
        counts = np.bincount(cell[cell >= 0], minlength=self.ground.grid.n_cells)
        raised = self.views.raised
        known = None if raised is None else cell_values(raised.covariates, self.ground)[0]
        return cells_table(
            self.ground, self.setting.base, self.found, self.views.adjustment, counts, self.clustered.label,
            self.views.by_people, known,
        )  # fmt: skip

    @cached_property
    def clusters(self) -> gpd.GeoDataFrame:
        """One line for each cluster of hot cells; see ``places.clusters.describe`` and ``places.views``.

        Clusters that only another finding shows stand last: their ``hot`` is False.
        """
        main = touched(self.clustered, self.found.hot)
        together = self.power.only_together(self.alone) & (sharing(self.clustered).sum(axis=1) > 1) & main
        table = describe(self.clustered, self.ground, self.alone, together, self.power.stability)
        people = self.views.by_people
        beside = cluster_views(
            self.clustered, self.found, self.views.adjustment, None if people is None else people.hot, self._need,
            self._expected,
        )  # fmt: skip
        return gpd.GeoDataFrame(pd.concat([table, beside], axis=1), geometry="geometry", crs=table.crs)

    @property
    def _expected(self) -> Floats | None:
        """How many events the main finding expects in each cluster's cells; None where nothing is expected."""
        if not self.rule.significance:
            return None
        counts = count_cells(self.events, len(self.strata.names), self.ground.grid.n_cells)
        return held_in(self.clustered, expected_in(counts, self.setting.base))

    @property
    def _need(self) -> Floats | None:
        """How many times what people alone lead one to expect in each cluster is expected there; None if not asked."""
        if self.views.raised is None:
            return None
        counts = count_cells(self.events, len(self.strata.names), self.ground.grid.n_cells)
        expected, people = (expected_in(counts, base) for base in (self.setting.base, self.views.plain))
        return need_of(self.clustered, expected, people)

    @property
    def covariates(self) -> pd.DataFrame:
        """How covariates raise what is expected: ``places.covariates.COEFFICIENT_COLUMNS``; empty without any."""
        if self.views.raised is None:
            return pd.DataFrame(columns=list(COEFFICIENT_COLUMNS))
        return self.views.raised.table.copy()

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
        names = dict(zip(*self._names, strict=True))
        return spot_sentences(self.clusters, names, tested=self.rule.significance)

    @property
    def _names(self) -> tuple[list[str], list[str]]:
        frame = self.ground.areas.frame
        return frame["code"].tolist(), frame["name"].tolist()

    def plot(self) -> Figure:
        """Draw hot cells and clusters with the authorities' borders; apart, where we looked and what is a building's.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        from riskshare.reporting.spot_map import draw_spots

        fine = self.cells[["geometry", "hot", "hot_as_if_alike", "hot_after_adjustment"]]
        looked, apart = (np.column_stack((part.x, part.y)) for part in (self.looked, self.apart.drawn))
        return draw_spots(
            self.ground.areas.frame, fine, self.clusters, looked, self.title, self.notes,
            unlooked=self._unlooked, more_than_expected=self.rule.significance, apart=apart,
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
        names = dict(zip(*self._names, strict=True))
        return spots_html(self.title, self.clusters, names, tested=self.rule.significance)
