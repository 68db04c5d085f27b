"""What hot spots are found by once more, from what a recipient may have: before any place is moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import geopandas as gpd
import shapely

from riskshare.errors import PlaceError
from riskshare.places.near_buildings import check_buildings
from riskshare.places.own_address import COARSE_M, pairs_at_address, take_apart
from riskshare.places.points import check_points
from riskshare.places.reading import without_duties
from riskshare.places.unlinked import join_unlinked
from riskshare.practice import RecordingPractice, recording_practice
from riskshare.sharing.release_register import NO_DOORS, Doors, door_mark

AFTER: Final = "hot_after_adjustment"
OWN: Final = (
    "Events at the addresses of buildings that were given are no risk of the area: they were taken out before anything "
    "was worked out, and how many is not told."
)
JOINED: Final = (
    "By a rule that partners agreed, events of sources without claim ids were taken for the nearest claim of another "
    "source."
)
ALLOWED: Final = (
    "Recording practice was estimated again from what this recipient may have, and is allowed for beside the finding "
    "without it."
)
NOT_SHOWN: Final = (
    "Recording practice is not allowed for here: the agreement does not show this recipient both findings, and neither "
    "stands without the other."
)
OTHERS: Final = (
    "Recording practice is not allowed for here: it was estimated from other events than those that are counted. "
    "Estimate it from the same ones."
)
NOT_TOLD: Final = "Recording practice is not allowed for here: what this recipient may have does not tell it."


class Settled(NamedTuple):
    """Events with what only true places can tell decided, what is said of it, and whose own calls were left out."""

    points: gpd.GeoDataFrame
    notes: tuple[str, ...]
    doors: Doors


def settled(points: gpd.GeoDataFrame, asked: Mapping[str, Any], key: Callable[[], bytes]) -> Settled:
    """Return events with what only true places can tell decided: who reports whose claim, and what is a building's own.

    Parameters
    ----------
    points : GeoDataFrame
        Events at their true places, those alone that the recipient may have counted.
    asked : mapping
        The arguments of ``hotspots``.
    key : callable
        Returns the key of the register's marks; called only where there are buildings.

    Returns
    -------
    points : GeoDataFrame
        As given if neither buildings nor a rule for joining were; else without events at buildings' own addresses, and
        with claims as joined.
    notes : tuple of str
        Without a number: how many events were a refuge's own is nobody's business.
    doors : Doors
        For the register of releases alone: keyed marks of the buildings, and of those where any event is.

    Raises
    ------
    PlaceError
        No event is left.
    """
    near, buildings = asked["join_within"], asked["buildings"]
    if near is None and buildings is None:
        return Settled(points, (), NO_DOORS)
    read = without_duties(check_points(points), asked["duties"])
    joined = read if near is None else join_unlinked(read, *near)[0]
    homes = None if buildings is None else check_buildings(buildings)
    kept, _ = take_apart(joined, homes, float(asked["own_m"]))
    left = points.iloc[kept.row - 1]
    if near is not None:
        left = left.assign(claim_id=kept.claim)
    doors = NO_DOORS
    if homes is not None:
        own_m = float(asked["own_m"])
        met = pairs_at_address(joined, homes, own_m, max(COARSE_M, own_m)).building
        marks = [door_mark(key(), _door(shape, own_m)) for shape in homes.shape]
        doors = Doors(frozenset(marks), frozenset(marks[number] for number in met.tolist()))
    return Settled(left, (*(() if homes is None else (OWN,)), *(() if near is None else (JOINED,))), doors)


def _door(shape: shapely.Geometry, own_m: float) -> bytes:
    """Return what a building's own address is known by: its outline to the metre and how far it reaches; no name."""
    whole = shapely.normalize(shapely.set_precision(shape, 1.0, mode="pointwise"))
    return f"{shapely.to_wkb(whole, hex=True, byte_order=1)} {own_m:g}".encode("ascii")


def told_again(practice: RecordingPractice, points: Any) -> RecordingPractice | None:
    """Return recording practice estimated from what a recipient may have counted; None where that does not tell it.

    Parameters
    ----------
    practice : RecordingPractice
        As it was given to ``hotspots``.
    points : GeoDataFrame or Assessment
        What is left to the recipient of the events it was estimated from.
    """
    options = {name: value for name, value in practice.asked.items() if name != "points"}
    try:
        return recording_practice(points, **options)
    except PlaceError:  # such as: the second source is not for this recipient, or no event is left
        return None
