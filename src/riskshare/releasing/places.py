"""Hot spots as a recipient may see them: rows chosen, places made safe, and everything found again from those."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.assessment import Assessment
from riskshare.errors import PlaceError
from riskshare.kernels.neighbourhoods import window_sums
from riskshare.places.areas import Areas, check_areas
from riskshare.places.events import MIN_SUPPORT, claims_as_points
from riskshare.places.grid import Grid
from riskshare.places.people import check_population, people_in_cells
from riskshare.practice import RecordingPractice
from riskshare.records.partnership import Partnership
from riskshare.records.scale import CommonScale
from riskshare.records.sharing_fields import PLACE_LEVELS
from riskshare.records.sharing_request import Decision
from riskshare.releasing.counts import whole_quarter
from riskshare.releasing.made import Made
from riskshare.releasing.people import scored_again
from riskshare.releasing.places_again import AFTER, ALLOWED, NOT_SHOWN, NOT_TOLD, OTHERS, settled, told_again
from riskshare.sharing.asking import Asking, Items, ask
from riskshare.sharing.hidden_cells import HiddenCells, hide_cells
from riskshare.sharing.profiles import profile_for
from riskshare.sharing.refusals import refuse
from riskshare.sharing.release_register import MAP_SERIES, Doors, Release, release
from riskshare.sharing.snapping import Snapped, beside_centres, fixed_points, snap, snap_to_cells
from riskshare.sharing.tables import Protected
from riskshare.sharing.told_before import event_marks, known_by, readers_of
from riskshare.sharing.treating import kept_lines, treated, withheld_lines
from riskshare.sharing.visible import combined, visible_points, visible_rows
from riskshare.spots import HotSpots, hotspots

Progress = Callable[[int, int], None]

CELLS: Final = (
    "cell_id", "geometry", "count", "expected", "gi_z", "p", "q", "hot", "looked", "cluster_id", "coverage",
)  # fmt: skip
CLUSTERS: Final = (
    "cluster_id", "geometry", "n_events", "n_cells", "authorities", "authority_share", "crosses_boundary",
    "found_alone_by", "only_visible_together", "stability", "lead_authority",
)  # fmt: skip
AREAS: Final = ("authority", "area", "geometry")
SAFE_CELL_M: Final = 500
"""Least cell where there are no fixed points to snap to (methods: safety, 0.2: 21 % against 19 % for guessing)."""
PEOPLE_A_POINT: Final = 24
"""Proposal: about eight homes, where people are known and addresses are not."""
LOST: Final = (
    "In cells so coarse a small cluster may be lost, or look like one authority's own: that nothing here is visible "
    "only together does not mean that there is nothing. Ask who made this map."
)
FINER: Final = (
    " With people known in squares no larger than the {cell_m:,} m of the cells asked for, events are moved to fixed "
    "points near them instead, which keeps more."
)
NUMBERED: Final = (
    "Clusters are numbered for this map alone, M and a number: they are no other map's, and not the analysts' C and a "
    "number."
)
STILL_COUNTED: Final = (
    "Events of people who are protected now are counted here where an earlier map counted them for the same readers: "
    "left out, they would be what the two maps differ by. Nothing else of theirs is counted."
)
_KNOWN: Final = ("agency", "record_id", "subject_id", "event_date", "easting", "northing", "longitude", "latitude")
_ALL_TIME: Final = (dt.date.min, dt.date.max)
_VICTIMS: Final = frozenset({"victim", "witness", "exploited", "child_of"})


class Chosen(NamedTuple):
    """Events that may be counted, the decisions they rest on, and whether any is of a victim or witness.

    ``source`` is what they come from, as far as the recipient may have it: the table itself, or the assessment again.
    ``rows`` are the rows of evidence behind an assessment's points, by what they are known by.
    """

    points: gpd.GeoDataFrame
    decisions: tuple[Decision, ...]
    items: tuple[Items, ...]
    refused: frozenset[str]
    source: Any = None
    rows: pd.DataFrame | None = None


def release_spots(
    result: HotSpots, partnership: Partnership, asking: Asking, *, key: Callable[[], bytes],
    progress: Progress | None = None,
) -> Made:  # fmt: skip
    """Return cells and clusters found again from snapped places of the events that a recipient may have counted.

    ``key`` returns the key of the marks by which the register of releases knows buildings.
    """
    title = result.title
    chosen = _chosen(result, asking)
    if not chosen.items or chosen.points.empty:
        return Made("hotspots", title, refused=chosen.refused)
    fields = {*CELLS, *CLUSTERS, *AREAS, *(() if result.asked["recording"] is None else (AFTER,))}
    decision = ask(asking, combined(chosen.items, "places", "place"), fields)
    if "geometry" not in dict(decision.treatment):
        return Made("hotspots", title, refused=chosen.refused | set(decision.reason_codes))
    areas = check_areas(result.asked["areas"])
    points, settling, doors = settled(chosen.points, result.asked, key)
    safe, cell_m, said = _made_safe(result, asking, decision, points, areas)
    again, allowing = _found_again(result, safe, cell_m, _practice(result, decision, chosen), progress)
    said = (*said, *settling, *allowing)
    lonely = _lonely(again, asking)
    victims = any(not _VICTIMS.isdisjoint({one.subject_role}) for one in chosen.items)
    cells, clusters = (_numbered(table) for table in (again.cells, again.clusters))
    hidden = hide_cells(cells, clusters, lonely, audience=asking.audience, of_victims=victims)
    notes = (*said, *((NUMBERED,) if len(clusters) else ()), *fit_to_tell(again.notes, partnership))
    made = _told(again, hidden, decision, chosen, areas, notes)
    if not made.tables:
        return made
    counted = _counted(points, chosen.rows)
    reader = readers_of(asking.agency, asking.audience)[0]
    marks = frozenset(event_marks(key(), counted, reader=reader))
    kept = (STILL_COUNTED,) if counted["subject_id"].isin(asking.guarded).any() else ()
    return replace(made, releases=(_release(again.ground.grid, hidden, points, asking, doors, marks),), desk=kept)


def _counted(points: gpd.GeoDataFrame, rows: pd.DataFrame | None) -> pd.DataFrame:
    """Return the events that a map counts, by what they are known by; of an assessment, the rows behind its points."""
    told = known_by(points)
    if rows is None:
        return told
    where = ["agency", "day", "x", "y"]
    return rows[pd.MultiIndex.from_frame(rows[where]).isin(pd.MultiIndex.from_frame(told[where]))]


def _numbered(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return cells or clusters under ids of the map that leaves: those of the full result mean other clusters."""
    return table.assign(cluster_id=table["cluster_id"].astype(str).str.replace(r"^C(?=\d)", "M", regex=True))


_SAME: Final = (
    "coverage", "population", "covariates", "duties", "radius_cells", "level", "method", "null", "resamples", "seed",
)  # fmt: skip
"""What is asked again as it was. Buildings and rules for joining need true places: ``settled`` has used them."""


def _practice(result: HotSpots, decision: Decision, chosen: Chosen) -> RecordingPractice | str | None:
    """Return recording practice as this recipient's own rows tell it; else why not; None where it was not asked for."""
    practice = result.asked["recording"]
    if practice is None:
        return None
    if not {"hot", AFTER} <= {name for name, how in decision.treatment if how == "show"}:
        return NOT_SHOWN
    if not isinstance(practice, RecordingPractice) or practice.asked.get("points") is not result.asked["points"]:
        return OTHERS  # nobody was asked whether this recipient may have those
    return told_again(practice, chosen.source) or NOT_TOLD


def _found_again(
    result: HotSpots, safe: gpd.GeoDataFrame, cell_m: int, practice: RecordingPractice | str | None,
    progress: Progress | None,
) -> tuple[HotSpots, tuple[str, ...]]:  # fmt: skip
    """Return hot spots of events at safe places, and what is said of recording practice."""
    same = {name: result.asked[name] for name in _SAME}
    find = partial(hotspots, safe, result.asked["areas"], **same, cell_m=cell_m, progress=progress)
    if isinstance(practice, RecordingPractice):
        try:
            return find(recording=practice), (ALLOWED,)
        except PlaceError as fault:
            if [problem.code for problem in fault.problems] != ["recording_of_others"]:
                raise
        practice = NOT_TOLD  # of the sources that it knows, the recipient may have no event
    return find(), () if practice is None else (practice,)


def _chosen(result: HotSpots, asking: Asking) -> Chosen:
    """Return events of an assessment scored again, or rows of a table, that the recipient may have counted."""
    chosen = _seen(result.asked["points"], asking)
    if not isinstance(chosen.source, Assessment):
        return chosen
    support = result.asked["min_support"]
    claims = claims_as_points(
        chosen.source, indicators=result.asked["indicators"], min_support=MIN_SUPPORT if support is None else support
    )
    return chosen._replace(points=claims.points)


def _seen(source: Any, asking: Asking) -> Chosen:
    """Return what the recipient may have of a table of events, or of an assessment, scored again; points of a table."""
    if not isinstance(source, Assessment):
        points, seen = visible_points(source, asking)
        return Chosen(points, seen.decisions, seen.items, seen.refused, points)
    rows = visible_rows(
        source.evidence, asking, needs="count", fields=("count",), as_of=source.as_of, subjects=source.subjects,
        places=True,
    )  # fmt: skip
    if not rows.items:
        return Chosen(gpd.GeoDataFrame(geometry=[]), (), (), rows.refused)
    again = scored_again(source, rows, asking)
    known = known_by(rows.evidence.rows.select(list(_KNOWN)).to_pandas(date_as_object=False))
    return Chosen(gpd.GeoDataFrame(geometry=[]), rows.decisions, rows.items, rows.refused, again, known)


def fit_to_tell(notes: tuple[str, ...], partnership: Partnership) -> tuple[str, ...]:
    """Return the notes of a result that tell of method alone: none with a number of events, none of hidden services."""
    named = [word for one in partnership.agencies if one.sensitive for word in (one.id, one.name)]
    told = [note for note in notes if not any(sign.isdigit() for sign in note) or note.startswith("Cells of ")]
    return tuple(note for note in told if not any(word in note for word in named))


def _made_safe(
    result: HotSpots, asking: Asking, decision: Decision, points: gpd.GeoDataFrame, areas: Areas
) -> tuple[gpd.GeoDataFrame, int, tuple[str, ...]]:
    """Return events at places that may be shown, the side of the cells, and what was done. Nothing is smoothed yet."""
    moved = points.to_crs(27700)
    x, y = moved.geometry.x.to_numpy(), moved.geometry.y.to_numpy()
    population, cell_m = result.asked["population"], int(result.asked["cell_m"])
    fine = PLACE_LEVELS.index(decision.place_level) >= PLACE_LEVELS.index("point8")
    # Points further apart than cells would make hot spots of themselves.
    close = population is not None and float(population["cell_m"].max()) <= cell_m
    if profile_for(asking.audience).points and fine and close:
        snapped, said = _to_points(x, y, population, areas)
    else:
        cell_m = max(SAFE_CELL_M, cell_m)
        snapped = snap_to_cells(x, y, cell_m=cell_m, audience=asking.audience)
        at = beside_centres(x, y, snapped, _shapes(areas))
        snapped = replace(snapped, x=at[0], y=at[1])
        finer = profile_for(asking.audience).points and fine
        said = (
            f"Every event was put to the centre of its cell of {cell_m:,} m before anything was worked out, or where a "
            "border runs through the cell to the middle of its own authority's part.",
            LOST + (FINER.format(cell_m=int(result.asked["cell_m"])) if finer else ""),
        )
    placed = snapped.place >= 0
    safe = gpd.GeoDataFrame(
        moved[placed].drop(columns=[moved.geometry.name, *({"precision_m"} & set(moved.columns))]),
        geometry=gpd.points_from_xy(snapped.x[placed], snapped.y[placed]), crs=27700,
    )  # fmt: skip
    return safe.reset_index(drop=True), cell_m, said


def _to_points(
    x: NDArray[np.float64], y: NDArray[np.float64], population: pd.DataFrame, areas: Areas
) -> tuple[Snapped, tuple[str, ...]]:
    half = population["cell_m"].to_numpy(dtype=np.float64) / 2.0
    fixed = fixed_points(
        population["easting"].to_numpy(dtype=np.float64) + half,
        population["northing"].to_numpy(dtype=np.float64) + half,
        _shapes(areas), people=np.floor(population["population"].to_numpy(dtype=np.float64)), least=PEOPLE_A_POINT,
    )  # fmt: skip
    return snap(x, y, fixed), (
        f"Every event was moved to one of {fixed.x.size:,} fixed points before anything was worked out. Each stands "
        f"for {PEOPLE_A_POINT} {fixed.unit} or more, inside one authority; the middles of those cells lie "
        f"{fixed.typical_move_m:,.0f} m from theirs on average, and people up to {half.max() * 2**0.5:,.0f} m from "
        "those.",
    )


def _shapes(areas: Areas) -> dict[str, Any]:
    return dict(zip(areas.codes, areas.geometries.tolist(), strict=True))


def _lonely(again: HotSpots, asking: Asking) -> NDArray[np.bool_]:
    """Return which lines of the cells have too few people living in their window."""
    grid, population = again.ground.grid, again.asked["population"]
    cells = np.flatnonzero((again.setting.base > 0).any(axis=0))
    if population is None:
        return np.zeros(cells.size, dtype=np.bool_)
    people = people_in_cells(check_population(population, again.ground.areas.codes), again.ground)
    live = np.asarray(people.sum(axis=0), dtype=np.float64).reshape(grid.shape)
    near = window_sums(live, again.rule.radius_cells, "square").ravel()
    return np.asarray(near[cells] < profile_for(asking.audience).least_in_window, dtype=np.bool_)


def _told(
    again: HotSpots, hidden: HiddenCells, decision: Decision, chosen: Chosen, areas: Areas, said: tuple[str, ...]
) -> Made:
    treatment = dict(decision.treatment)
    # What only another finding shows is a cluster too: whether it is the main one's must then be told.
    after = () if again.views.adjustment is None else (AFTER,)
    main = ("hot",) if after or again.views.by_people is not None else ()
    frames = {
        "cells": (hidden.cells, (*CELLS, *after)),
        "clusters": (hidden.clusters, (*CLUSTERS, *main, *after)),
        "areas": (areas.frame.rename(columns={"code": "authority", "name": "area"}), AREAS),
    }
    held = {"cells": again.cells, "clusters": again.clusters, "areas": areas.frame}
    tables: dict[str, Any] = {}
    for name, (frame, columns) in frames.items():
        plain = treated(pd.DataFrame(frame)[list(columns)], treatment, scale=CommonScale())
        tables[name] = gpd.GeoDataFrame(plain, geometry=frame.geometry.array, crs=27700)
    return Made(
        "hotspots", again.title, tables,
        kept=tuple(line for name, one in tables.items() for line in kept_lines(name, one, treatment)),
        withheld=tuple(line for name, one in tables.items()
                       for line in (*withheld_lines(name, frames[name][1], one, (decision,)),
                                    *_analysts_own(name, held[name], frames[name][1]))),
        suppressed=hidden.told,
        notes=(*hidden.notes, *said),
        decisions=(decision, *chosen.decisions),
        refused=chosen.refused, items=(*chosen.items, combined(chosen.items, "places", "place")),
    )  # fmt: skip


def _analysts_own(name: str, held: pd.DataFrame, offered: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Return ``table, field, reason`` of what stands in the full result and is offered to nobody outside."""
    own = [column for column in held.columns if column not in {*offered, "code", "name"} and held[column].notna().any()]
    return [(name, one, "counts_withheld" if one == "expected" else "analysts_only") for one in own]


def _release(
    grid: Grid, hidden: HiddenCells, points: gpd.GeoDataFrame, asking: Asking, doors: Doors, events: frozenset[str]
) -> Release:
    """Return what the register of releases keeps: the true count of every cell, and which are shown.

    Events without dates may be of any time, so a map of them is of all time.
    """
    told = points["date"] if "date" in points else pd.Series(dtype=object)
    days = pd.to_datetime(told.astype("string"), format="ISO8601", errors="coerce", utc=True).dropna()
    if asking.audience == "public":
        refuse([("no_period", "Events have no dates, so nobody could tell two maps of one period. Send `date`.")]
               if days.empty else [])  # fmt: skip
    names = tuple(hidden.true["cell_id"].tolist())
    withheld = np.append(hidden.withheld, True)
    made = Protected(hidden.true.iloc[:0], ("cell_id",), (names,), withheld, asking.audience,
                     hidden.least, hidden.of_victims, profile_for(asking.audience).round_to, False)  # fmt: skip
    starts, until = _ALL_TIME
    if not days.empty:
        starts, until = whole_quarter(days.min().date())[0], whole_quarter(days.max().date())[1]
    series = f"{MAP_SERIES}{grid.cell_m} m"
    return release(made, hidden.true, series=series, starts=starts, until=until, doors=doors, events=events)
