"""Findings beside each other: by people alone, with circumstances, and with recording practice allowed for.

The main finding's clusters stand as they are. What only another finding shows is added after them, so that no way of
looking takes a place out of view. Methods: places, sections 5.2 and 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.places.adjusting import Adjustment
from riskshare.places.clusters import Clusters, join_cells
from riskshare.places.covariates import Raised
from riskshare.places.hot_cells import HotCells
from riskshare.places.recording import Practice
from riskshare.places.strata import Events, Ground

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

NEED_AND_SURPRISE: Final = "need and surprise"
NEED_ONLY: Final = "need"
SURPRISE_ONLY: Final = "surprise"

VIEW_COLUMNS: Final = (
    "hot", "hot_after_adjustment", "adjustment", "adjusted_stability", "hot_by_people", "shows", "need", "expected",
)  # fmt: skip
"""What stands beside the columns of the design in the clusters table; missing or empty where it was not asked for.

``hot``: whether the main finding shows the cluster. ``hot_after_adjustment``: whether it is hot with recording practice
allowed for; ``adjustment`` the same in words, ``adjusted_stability`` the share of draws of the offsets in which it is.
``hot_by_people``: whether it is hot by people alone; ``shows``: need, surprise or both; ``need``: how many times what
people alone lead one to expect there people and circumstances do. ``expected``: how many events the main finding
expects in the cluster's cells; missing without significance. The cluster was picked for holding many, so what it holds
over that is flattering.
"""


@dataclass(frozen=True, slots=True, repr=False)
class Views:
    """What stands beside the main finding.

    Attributes
    ----------
    plain : numpy.ndarray of float64, shape (strata, cells)
        What each stratum would count by people alone.
    raised : Raised, optional
        How covariates raise it.
    by_people : HotCells, optional
        The finding by people alone, where there are covariates.
    recording : Practice, optional
    adjustment : Adjustment, optional
        Findings with recording practice allowed for.
    """

    plain: Floats
    raised: Raised | None
    by_people: HotCells | None
    recording: Practice | None
    adjustment: Adjustment | None

    def __repr__(self) -> str:
        """Return what there is."""
        return f"Views({self.raised!r}, {self.adjustment!r})"


def add_clusters(clusters: Clusters, hot: Bools, events: Events, ground: Ground) -> Clusters:
    """Return clusters, and after them those of another finding that share no cell with any of them.

    A cluster of the other finding that does share a cell is the same one seen another way, and is not added.
    """
    more = join_cells(hot, events, ground)
    met = np.zeros(len(more), dtype=np.bool_)
    met[more.label[(more.label >= 0) & (clusters.label >= 0)]] = True
    number = np.full(len(more) + 1, -1, dtype=np.int64)
    number[:-1][~met] = len(clusters) + np.arange(int((~met).sum()))
    label = np.where(clusters.label >= 0, clusters.label, number[more.label])
    return Clusters(
        label, np.vstack((clusters.events, more.events[~met])), np.vstack((clusters.ground, more.ground[~met]))
    )


def all_clusters(found: HotCells, views: Views, events: Events, ground: Ground) -> Clusters:
    """Return the main finding's clusters, then those by people alone, then those with recording practice allowed for.

    Each finding's stand in falling order of events. Of what only recording practice shows, cells that are hot in fewer
    than 80 % of draws of the offsets make no cluster: they stay cells, with their share of draws.
    """
    clusters = join_cells(found.hot, events, ground)
    if views.by_people is not None:
        clusters = add_clusters(clusters, views.by_people.hot, events, ground)
    if views.adjustment is not None:
        clusters = add_clusters(clusters, views.adjustment.sure, events, ground)
    return clusters


def touched(clusters: Clusters, hot: Bools) -> Bools:
    """Return which clusters hold a cell of a finding."""
    met = np.zeros(len(clusters) + 1, dtype=np.bool_)
    met[clusters.label[hot]] = True
    return met[:-1]


def cluster_views(
    clusters: Clusters, found: HotCells, adjustment: Adjustment | None, by_people: Bools | None, need: Floats | None,
    expected: Floats | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return what each finding says of each cluster.

    Parameters
    ----------
    clusters : Clusters
    found : HotCells
        The main finding.
    adjustment : Adjustment, optional
    by_people : numpy.ndarray of bool, shape (cells,), optional
        Cells that are hot by people alone, where covariates were given.
    need : numpy.ndarray of float64, shape (clusters,), optional
        From ``need_of``.
    expected : numpy.ndarray of float64, shape (clusters,), optional
        From ``held_in``.

    Returns
    -------
    DataFrame
        ``VIEW_COLUMNS``, one line a cluster.
    """
    n = len(clusters)
    hot = touched(clusters, found.hot)
    frame = pd.DataFrame(
        {
            "hot": hot,
            "hot_after_adjustment": pd.array([pd.NA] * n, dtype="boolean"),
            "adjustment": np.full(n, "", dtype=object),
            "adjusted_stability": np.full(n, np.nan),
            "hot_by_people": pd.array([pd.NA] * n, dtype="boolean"),
            "shows": np.full(n, "", dtype=object),
            "need": np.full(n, np.nan) if need is None else need,
            "expected": np.full(n, np.nan) if expected is None else expected,
        }
    )
    if adjustment is not None:
        frame["hot_after_adjustment"] = pd.array(touched(clusters, adjustment.adjusted.hot), dtype="boolean")
        frame["adjustment"] = adjustment.of_clusters(clusters.label, n)
        frame["adjusted_stability"] = adjustment.stability(clusters.label, n)
    if by_people is not None:
        people = touched(clusters, by_people)
        frame["hot_by_people"] = pd.array(people, dtype="boolean")
        frame["shows"] = np.select(
            [people & hot, people, hot], [NEED_AND_SURPRISE, NEED_ONLY, SURPRISE_ONLY], default=""
        ).astype(object)
    return frame[list(VIEW_COLUMNS)]


def expected_in(counts: Ints, base: Floats) -> Floats:
    """Return what all strata together expect in each cell itself, each scaled to its own total."""
    whole = base.sum(axis=1)
    return np.asarray((counts.sum(axis=1) / np.where(whole > 0, whole, 1.0)) @ base, dtype=np.float64)


def held_in(clusters: Clusters, cells: Floats) -> Floats:
    """Return the sum over each cluster's cells."""
    inside = clusters.label >= 0
    held = np.bincount(clusters.label[inside], weights=cells[inside], minlength=len(clusters))
    return np.asarray(held, dtype=np.float64)


def need_of(clusters: Clusters, expected: Floats, by_people: Floats) -> Floats:
    """Return how many times more is expected in each cluster than its people alone lead one to expect."""
    both = [held_in(clusters, part) for part in (expected, by_people)]
    return np.asarray(both[0] / np.where(both[1] > 0, both[1], np.nan), dtype=np.float64)
