"""What every lens starts from: whole events with their areas and strata, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.areas import check_areas
from riskshare.places.clusters import SHARING
from riskshare.places.coverage import Coverage, coverage_of
from riskshare.places.grid import grid_over
from riskshare.places.points import NO_DAY, check_points
from riskshare.places.reading import without_duties
from riskshare.places.strata import Events, Ground, Strata, lay_ground, place_events, seen_by, whole_claims

Ints = NDArray[np.int64]

QUESTIONS: Final = {
    "circular_scan": "Is there a circle, of any size, with more events than its people would have by chance anywhere?",
    "space_time_permutation": "Is there a place and a stretch of days with more events than place and days explain?",
    "dbscan": "Where do events lie close together, whatever lives there?",
    "space_time_dbscan": "Where do events lie close together within a few days?",
    "density": "How many events a square kilometre does each source see around here, edges allowed for?",
    "near_repeat": "Does one event make another more likely, nearby and soon after?",
    "near_repeat_events": "Which events had more others nearby and soon before or after than dates alone would give?",
    "trends": "Do events in each cluster rise or fall over the months?",
}
"""What each lens asks. They can disagree, because their questions differ."""


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """Whole events on their ground, with who covered what, and notes of every choice."""

    ground: Ground
    events: Events
    strata: Strata
    coverage: Coverage
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return how many; never where."""
        return f"Seen({len(self.events):,} events)"


def see(
    points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, coverage: pd.DataFrame | None, cell_m: int, *,
    dated: bool = False, days: bool = False,
) -> Seen:  # fmt: skip
    """Return events ready for a lens: one a claim, only reported ones and no duties, where their source looked.

    Parameters
    ----------
    points, areas, coverage
        As for ``hotspots``.
    cell_m : int, metres
    dated : bool
        Leave out events without a date.
    days : bool
        Refuse dates that are months only.

    Raises
    ------
    PlaceError
        A table cannot be used, dates are missing or too coarse, or no event is left.
    """
    if days and isinstance(points, gpd.GeoDataFrame) and _months_only(points):
        hint = "Dates are months (YYYY-MM), and this lens needs days. Use one that works with months, such as trends."
        raise PlaceError([PlaceProblem("months_only", hint)])
    checked, ground_of = without_duties(check_points(points)), check_areas(areas)
    notes = list(checked.notes)
    if dated:
        known = checked.day != NO_DAY
        if not known.any():
            raise PlaceError([PlaceProblem("no_dates", "No event has a date. Give a column `date` as YYYY-MM-DD.")])
        notes += [f"{int((~known).sum()):,} events without a date were left out."] if not known.all() else []
        checked = checked.take(known)
    ground = lay_ground(ground_of, grid_over(ground_of.bounds, cell_m))
    covered = coverage_of(coverage, checked, ground_of.codes)
    events, strata, said = place_events(whole_claims(checked, seen_by(checked, ground, covered)), ground, covered)
    return Seen(ground, events, strata, covered, (*notes, *covered.notes, *said))


def _months_only(points: gpd.GeoDataFrame) -> bool:
    if "date" not in points or pd.api.types.is_datetime64_any_dtype(points["date"]):
        return False
    return bool(points["date"].astype("string").str.fullmatch(r"\d{4}-\d{2}").fillna(False).any())


def who_shares(areas_of: list[Ints], codes: tuple[str, ...]) -> dict[str, object]:
    """Return columns ``n_events``, ``authorities``, ``authority_share`` and ``crosses_boundary`` of clusters.

    Parameters
    ----------
    areas_of : list of numpy.ndarray of int64
        The area of each event of each cluster.
    codes : tuple of str
        The authorities. One shares a cluster that has 5 % or more of its events.
    """
    counts = np.array([np.bincount(areas, minlength=len(codes)) for areas in areas_of]).reshape(-1, len(codes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return {
        "n_events": counts.sum(axis=1),
        "authorities": [tuple(np.array(codes, dtype=object)[row >= SHARING]) for row in shares],
        "authority_share": [
            {codes[area]: float(row[area]) for area in np.argsort(-row, kind="stable") if row[area] > 0}
            for row in shares
        ],
        "crosses_boundary": (shares >= SHARING).sum(axis=1) > 1,
    }


def say(frame: pd.DataFrame, question: str, notes: tuple[str, ...]) -> None:
    """Write the lens's question and its notes into ``frame.attrs``, where they travel with the table."""
    frame.attrs["question"] = question
    frame.attrs["notes"] = notes
