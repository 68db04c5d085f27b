"""Hot cells joined into clusters, and who shares each one. Methods: places, sections 4.7 and 5.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from riskshare.places.crs import BRITISH_GRID
from riskshare.places.strata import Events, Ground

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

SHARING: Final = 0.05
"""Proposal: an authority shares a cluster that has at least this much of its ground or of its events."""

CLUSTER_COLUMNS: Final = (
    "cluster_id", "geometry", "n_events", "n_cells", "authorities", "authority_share", "crosses_boundary",
    "found_alone_by", "only_visible_together", "stability", "lead_authority",
)  # fmt: skip
"""Columns of the clusters table (design, section 5)."""


@dataclass(frozen=True, slots=True, repr=False)
class Clusters:
    """Clusters of hot cells: the number of each cell's cluster (−1 for none), and a cluster's events by authority.

    ``events`` (clusters × authorities) are whole events in its cells; ``ground`` the same of covered ground, in cells.
    Clusters stand in falling order of events, then from the south-west.
    """

    label: Ints
    events: Ints
    ground: Floats

    def __len__(self) -> int:
        """Return how many."""
        return len(self.events)

    def __repr__(self) -> str:
        """Return how many."""
        return f"Clusters({len(self)})"


def join_cells(hot: Bools, events: Events, ground: Ground) -> Clusters:
    """Return hot cells joined where they touch, by an edge or a corner.

    Parameters
    ----------
    hot : numpy.ndarray of bool, shape (cells,)
    events : Events
    ground : Ground

    Returns
    -------
    Clusters
        Empty where nothing is hot.
    """
    found, n = ndimage.label(hot.reshape(ground.grid.shape), structure=np.ones((3, 3)))
    raw = np.asarray(found, dtype=np.int64).ravel() - 1
    n_areas = len(ground.areas.codes)
    inside = raw[events.cell] >= 0
    place = raw[events.cell[inside]] * n_areas + events.area[inside]
    counts = np.bincount(place, minlength=n * n_areas).reshape(n, n_areas)
    shares = ground.shares[:, np.flatnonzero(raw >= 0)].tocoo()
    held = np.zeros((n, n_areas))
    np.add.at(held, (raw[raw >= 0][shares.coords[1]], shares.coords[0]), shares.data)
    first = np.full(n, raw.size)
    np.minimum.at(first, raw[raw >= 0], np.flatnonzero(raw >= 0))
    order = np.lexsort((first, -counts.sum(axis=1)))
    number = np.empty(n + 1, dtype=np.int64)
    number[order], number[n] = np.arange(n), -1
    return Clusters(number[raw], counts[order], held[order])


def sharing(clusters: Clusters) -> Bools:
    """Return which authorities share each cluster (clusters × authorities): 5 % or more of its ground or its events."""
    with np.errstate(invalid="ignore", divide="ignore"):
        of_events = clusters.events / clusters.events.sum(axis=1, keepdims=True)
        of_ground = clusters.ground / clusters.ground.sum(axis=1, keepdims=True)
    return np.asarray((np.nan_to_num(of_events) >= SHARING) | (np.nan_to_num(of_ground) >= SHARING), dtype=np.bool_)


def describe(clusters: Clusters, ground: Ground, alone: Bools, together: Bools, stability: Floats) -> gpd.GeoDataFrame:
    """Return the clusters table.

    Parameters
    ----------
    clusters : Clusters
    ground : Ground
    alone : numpy.ndarray of bool, shape (clusters, authorities)
        Which authorities find each from their own data.
    together : numpy.ndarray of bool, shape (clusters,)
    stability : numpy.ndarray of float64, shape (clusters,)
        Share of resamples in which it is found; NaN where none were drawn.

    Returns
    -------
    GeoDataFrame
        ``CLUSTER_COLUMNS``; ``authority_share`` maps codes to shares of events, greatest first. ``lead_authority`` has
        the most events, then the most ground; missing where two have the same of both.
    """
    codes = np.array(ground.areas.codes, dtype=object)
    shares = sharing(clusters)
    frame = pd.DataFrame(
        {
            "cluster_id": [f"C{number + 1}" for number in range(len(clusters))],
            "n_events": clusters.events.sum(axis=1),
            "n_cells": np.bincount(clusters.label[clusters.label >= 0], minlength=len(clusters)),
            "authorities": [tuple(codes[row]) for row in shares],
            "authority_share": [_event_shares(row, codes) for row in clusters.events],
            "crosses_boundary": shares.sum(axis=1) > 1,
            "found_alone_by": [tuple(codes[row]) for row in alone],
            "only_visible_together": together,
            "stability": stability,
            "lead_authority": [
                _lead(events, held, codes) for events, held in zip(clusters.events, clusters.ground, strict=True)
            ],
        }
    )
    frame["lead_authority"] = frame["lead_authority"].astype("str").where(frame["lead_authority"].notna())
    shapes = [_outline(clusters, ground, number) for number in range(len(clusters))]
    table = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=BRITISH_GRID), crs=BRITISH_GRID)
    return table[list(CLUSTER_COLUMNS)]


def _event_shares(events: Ints, codes: NDArray[np.object_]) -> dict[str, float]:
    total = int(events.sum())
    order = np.lexsort((np.arange(events.size), -events))
    return {str(codes[place]): float(events[place] / total) for place in order if events[place]}


def _lead(events: Ints, held: Floats, codes: NDArray[np.object_]) -> str | None:
    best = np.flatnonzero(events == events.max())
    best = best[held[best] >= held[best].max() - 1e-9]
    return str(codes[best[0]]) if best.size == 1 else None


def _outline(clusters: Clusters, ground: Ground, number: int) -> shapely.Geometry:
    return shapely.union_all(ground.grid.squares(np.flatnonzero(clusters.label == number)))
