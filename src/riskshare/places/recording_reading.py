"""Points, areas, people, coverage and barriers read together, for recording practice. Methods: places, section 5.5."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.areas import Areas, area_of_points
from riskshare.places.borders import people_parts
from riskshare.places.coverage import Coverage, check_coverage, everywhere
from riskshare.places.crs import crs_problems, to_grid
from riskshare.places.grid import grid_over
from riskshare.places.people import check_population
from riskshare.places.points import NO_DAY, Points
from riskshare.places.recording_units import Field, once_a_source
from riskshare.places.strata import lay_ground, place_events


def read_field(
    places: Points, areas: Areas, population: pd.DataFrame | None, coverage: pd.DataFrame | None
) -> tuple[Field, list[str]]:
    """Return what offsets are estimated from, and every default taken.

    Raises
    ------
    PlaceError
        Coverage or population cannot be used, or no event lies where its source looked.
    """
    west, south, east, north = (float(edge) for edge in areas.frame.total_bounds)
    claims = once_a_source(places)
    covered = _coverage(coverage, claims, areas)
    people = None if population is None else check_population(population, areas.codes)
    # The grid only says whose cell an event on a line lies in.
    ground = lay_ground(areas, grid_over((west, south, east, north), 250))
    inside = area_of_points(areas, claims.x, claims.y) >= 0
    events, strata, placed = place_events(claims, ground, covered) if inside.any() else (None, None, ())
    if events is None or strata is None or len(events) == 0:
        raise PlaceError([PlaceProblem("no_events", "No event lies inside an area that its source covers.")])
    notes = [*places.notes, *covered.notes, *placed]
    if people is None:
        notes.append("No population was given: people are taken to live evenly on both sides of every line.")
    return Field(areas, people_parts(people, areas), covered, events, strata), notes


def _coverage(table: pd.DataFrame | None, points: Points, areas: Areas) -> Coverage:
    sources = tuple(sorted(set(points.source.tolist())))
    if table is None:
        return everywhere(sources, areas.codes)
    days = points.day[points.day != NO_DAY]
    return check_coverage(table, sources, areas.codes, (int(days.min()), int(days.max()) + 1) if days.size else None)


def read_barriers(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return barriers in British National Grid metres; PlaceError if they do not say where they are."""
    if not isinstance(frame, gpd.GeoDataFrame):
        hint = "barriers must be a GeoDataFrame of rivers, motorways, railways or parks."
        raise PlaceError([PlaceProblem("not_barriers", hint)])
    problems = crs_problems(frame, "The barriers")
    if problems:
        raise PlaceError(problems)
    return np.asarray(to_grid(frame)[0].geometry.to_numpy(), dtype=object)
