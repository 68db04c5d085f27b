"""Events at buildings' own addresses: no risk of the area, so told apart. Methods: places, section 5.9.

What is at an address is told by place, whichever source reports it: no source says which building an event belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.near_buildings import Buildings, Pairs, find_pairs
from riskshare.places.points import Points

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

OWN_M: Final = 25
"""Proposal: the reach of a building's own address where points are addresses; more where they are snapped."""
COARSE_M: Final = 75.0
"""What is known less precisely is on nobody's doorstep: as wide as the narrowest of the bands usual in profiles."""
APART_COLUMNS: Final = ("building", "kind", "protected", "n_events")


@dataclass(frozen=True, slots=True, repr=False)
class Apart:
    """Events that are some building's own, and so not the area's.

    Attributes
    ----------
    table : pandas.DataFrame
        ``APART_COLUMNS``, one line a building by id: events at its address, one a claim. No name and no place.
    drawn : Points
        The events at addresses of buildings that are not protected; a mark at a protected one would show where it is.
    n_events : int
        Claims taken out; one that two buildings share counts once here.
    notes : tuple of str
    """

    table: pd.DataFrame
    drawn: Points
    n_events: int
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return how many; never where."""
        return f"Apart({self.n_events:,} events)"


def pairs_at_address(points: Points, buildings: Buildings, own_m: float, coarse_m: float) -> Pairs:
    """Return every building and event up to ``own_m`` metres from it that is placed no more coarsely than ``coarse_m``.

    An event of which nobody says how precisely it is placed is taken to be where it is placed.
    """
    near = find_pairs(buildings, points.x, points.y, float(np.nextafter(own_m, np.inf)))
    return near.take(~(points.precision_m > coarse_m)[near.event])


def of_address(points: Points, near: Pairs) -> Bools:
    """Return which events tell of a claim that any source places at an address.

    One claim may be placed at the address by one source and in the street by another: the address decides.
    """
    return np.asarray(np.isin(points.claim, points.claim[near.event]), dtype=np.bool_)


def claims_at(points: Points, near: Pairs, n_buildings: int) -> Ints:
    """Return how many claims each building has at its address."""
    once = np.unique(np.column_stack((near.building, points.claim[near.event])), axis=0)
    return np.bincount(once[:, 0], minlength=n_buildings).astype(np.int64)


def take_apart(points: Points, buildings: Buildings | None, own_m: float) -> tuple[Points, Apart]:
    """Return events without those at buildings' own addresses, and those.

    Parameters
    ----------
    points : Points
    buildings : Buildings or None
        Without any, all events stay.
    own_m : float, metres
        Events up to this near are at the address.

    Returns
    -------
    points : Points
        Also without what enforcement or our own prompting turned up at a protected address: that is drawn as "where we
        looked", and would show where the building is.
    apart : Apart

    Raises
    ------
    PlaceError
        Every reported event is at an address.
    """
    if buildings is None:
        return points, Apart(pd.DataFrame(columns=list(APART_COLUMNS)), points.take(np.zeros(0, dtype=np.int64)), 0, ())
    near = pairs_at_address(points, buildings, own_m, max(COARSE_M, own_m))
    home, told = of_address(points, near) & ~points.looked, ~points.looked
    guarded = np.zeros(len(points), dtype=np.bool_)
    guarded[near.event[buildings.protected[near.building]]] = True
    if told.any() and home[told].all():
        hint = "Every event is at the address of one of the buildings, and none is left that could be a risk of the "
        hint += "area. Give a smaller own_m, or leave buildings out."
        raise PlaceError([PlaceProblem("only_own_addresses", hint)])
    mine = near.take(told[near.event])
    table = pd.DataFrame(
        {
            "building": buildings.id,
            "kind": buildings.kind,
            "protected": buildings.protected,
            "n_events": claims_at(points, mine, len(buildings)),
        }
    )
    unseen = points.looked & guarded
    drawn = points.take(np.setdiff1d(mine.event, np.flatnonzero(guarded)))
    n_events = int(np.unique(points.claim[home]).size)
    vague = find_pairs(buildings, points.x, points.y, float(np.nextafter(own_m, np.inf))).event
    counts = (
        n_events, int((table["n_events"] > 0).sum()), int(unseen.sum()),
        int(np.setdiff1d(vague[told[vague]], np.flatnonzero(home)).size),
    )  # fmt: skip
    notes = (*(f"Buildings: {note}." for note in buildings.notes), *_notes(own_m, buildings, counts))
    return points.take(~(home | unseen)), Apart(table, drawn, n_events, notes)


def _notes(own_m: float, buildings: Buildings, counts: tuple[int, int, int, int]) -> list[str]:
    n_events, n_buildings, n_unseen, n_vague = counts
    guarded = int(buildings.protected.sum())
    notes = [
        f"{n_events:,} events within {own_m:g} m of {n_buildings:,} of the {len(buildings):,} buildings given are "
        "taken as those buildings' own, whichever source reported them: they are no risk of the area, count nowhere, "
        "and are told apart."
    ]
    if guarded:
        notes.append(
            f"{guarded:,} of the buildings are protected: events at their addresses are counted in all and drawn "
            "nowhere, as a mark would show where the building is."
        )
    if n_unseen:
        notes.append(f"So are {n_unseen:,} events that enforcement or our own prompting turned up there.")
    if n_vague:
        notes.append(
            f"{n_vague:,} events as near are known only to within more than {max(COARSE_M, own_m):g} m: they are on "
            "nobody's doorstep, and count."
        )
    return notes
