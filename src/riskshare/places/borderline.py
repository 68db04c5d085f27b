"""Events so near a border that they may lie on its other side. Methods: places, sections 4.6 and 5.1."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskshare.places.clusters import Clusters
from riskshare.places.strata import Events, Ground

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BORDER_COLUMNS: Final = ("event", "authority", "neighbour", "distance_m", "accuracy_m", "cluster_id")
"""One line an event and neighbour: the event's number among those counted, where it is counted, whose ground it may lie
in, how far that is, how far the event may be out, and the cluster it is counted in, if any."""


def border_events(events: Events, ground: Ground, accuracy_m: float, clusters: Clusters) -> pd.DataFrame:
    """Return the events that lie nearer to another authority than they are accurate.

    Parameters
    ----------
    events : Events
    ground : Ground
    accuracy_m : float, metres
        Of the projection that brought the events to the grid; that of the areas is added.
    clusters : Clusters

    Returns
    -------
    DataFrame
        ``BORDER_COLUMNS``; empty where no event is that near, or nothing is known of its accuracy.
    """
    moved = accuracy_m + ground.areas.projection.accuracy_m
    reach = np.fmax(events.points.precision_m, 0.0) + moved
    reach = np.where(np.isnan(reach), moved, reach)
    event, area, distance = _near(events, ground, reach)
    codes = np.array(ground.areas.codes, dtype=object)
    label = clusters.label[events.cell[event]]
    frame = pd.DataFrame(
        {
            "event": event,
            "authority": codes[events.area[event]],
            "neighbour": codes[area],
            "distance_m": distance,
            "accuracy_m": reach[event],
            "cluster_id": [f"C{number + 1}" if number >= 0 else "" for number in label],
        }
    )
    return frame[list(BORDER_COLUMNS)]


def _near(events: Events, ground: Ground, reach: Floats) -> tuple[Ints, Ints, Floats]:
    """Return (event, other area, distance) for every other area within reach, looked up by pieces of border line."""
    lines, owner = _pieces(ground)
    widest = float(reach.max(initial=0.0))
    # Recorded points are often snapped to few places: each place is looked up once.
    places, at = np.unique(np.column_stack((events.points.x, events.points.y)), axis=0, return_inverse=True)
    spots = shapely.points(places)
    tree = shapely.STRtree(lines)
    place, piece = tree.query(spots, predicate="dwithin", distance=widest)
    distance = shapely.distance(spots[place], lines[piece])
    near = pd.DataFrame({"place": place, "area": owner[piece], "distance": distance})
    near = near.groupby(["place", "area"])["distance"].min().reset_index()
    every = pd.DataFrame({"event": np.arange(len(events)), "place": at.ravel()}).merge(near, on="place")
    event, area = every["event"].to_numpy(dtype=np.int64), every["area"].to_numpy(dtype=np.int64)
    away = every["distance"].to_numpy(dtype=np.float64)
    kept = (area != events.area[event]) & (away <= reach[event]) & (reach[event] > 0)
    order = np.lexsort((area[kept], event[kept]))
    return event[kept][order], area[kept][order], away[kept][order]


def _pieces(ground: Ground) -> tuple[NDArray[np.object_], Ints]:
    """Return the straight pieces of all areas' edges, and whose each is."""
    rings, part = shapely.get_parts(shapely.boundary(ground.areas.geometries), return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    follows = np.flatnonzero(ring[1:] == ring[:-1])
    lines = shapely.linestrings(np.stack((points[follows], points[follows + 1]), axis=1))
    return np.asarray(lines, dtype=object), np.asarray(part[ring[follows]], dtype=np.int64)


def border_notes(border: pd.DataFrame, n_events: int) -> tuple[str, ...]:
    """Return a sentence on how many events may lie across a border; none where none may."""
    n = border["event"].nunique()
    if n == 0:
        return ()
    return (
        f"{n:,} of {n_events:,} events lie nearer to a border than they are accurate, so they may belong to the "
        f"neighbour (up to {border['accuracy_m'].max():,.0f} m); border_events lists them.",
    )
