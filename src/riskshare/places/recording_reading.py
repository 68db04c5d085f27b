"""Points, areas, people, coverage and barriers read together, for recording practice. Methods: places, section 5.5."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.areas import Areas
from riskshare.places.borders import people_parts
from riskshare.places.coverage import coverage_of
from riskshare.places.crs import crs_problems, to_grid
from riskshare.places.grid import grid_over
from riskshare.places.people import check_population
from riskshare.places.points import Points
from riskshare.places.recording_units import Field, once_a_source
from riskshare.places.strata import lay_ground, place_events, seen_by


def read_field(
    places: Points, areas: Areas, population: pd.DataFrame | None, coverage: pd.DataFrame | None
) -> tuple[Field, list[str]]:
    """Return what offsets are estimated from, and every default taken.

    Raises
    ------
    PlaceError
        Coverage or population cannot be used, or no event lies where its source looked.
    """
    covered = coverage_of(coverage, places, areas.codes)
    people = None if population is None else check_population(population, areas.codes)
    # The grid only says whose cell an event on a line lies in.
    ground = lay_ground(areas, grid_over(areas.bounds, 250))
    claims = once_a_source(places, seen_by(places, ground, covered))
    events, strata, placed = place_events(claims, ground, covered)
    notes = [*places.notes, *covered.notes, *placed]
    if people is None:
        notes.append("No population was given: people are taken to live evenly on both sides of every line.")
    return Field(areas, people_parts(people, areas), covered, events, strata), notes


def read_barriers(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return barriers in British National Grid metres; PlaceError if they do not say where they are."""
    if not isinstance(frame, gpd.GeoDataFrame):
        hint = "barriers must be a GeoDataFrame of rivers, motorways, railways or parks."
        raise PlaceError([PlaceProblem("not_barriers", hint)])
    problems = crs_problems(frame, "The barriers")
    if problems:
        raise PlaceError(problems)
    return np.asarray(to_grid(frame)[0].geometry.to_numpy(), dtype=object)
