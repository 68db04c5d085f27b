"""Clusters of the events themselves, as polygons with their authorities, and each cluster's trend.

Methods: places, sections 5.7 and 5.10.
"""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.kernels.clustering import NOISE
from riskshare.kernels.clustering import dbscan as cluster
from riskshare.kernels.clustering import space_time_dbscan as cluster_in_time
from riskshare.kernels.multiplicity import adjusted_p
from riskshare.kernels.trend import mann_kendall, sens_slope
from riskshare.places.clusters import SHARING
from riskshare.places.coverage import check_coverage
from riskshare.places.crs import BRITISH_GRID, crs_problems, to_grid
from riskshare.places.lens_events import QUESTIONS, Seen, say, see, who_shares
from riskshare.records.arguments import is_number, require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_EPS_M: Final = 100.0
"""Proposal: about one street, where points say nothing of their precision."""
LEAST_STEPS: Final = 10
"""Below this many steps a trend is weak evidence (methods: places, section 5.7)."""
_SIZING_M: Final = 1_000


def dbscan(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    coverage: pd.DataFrame | None = None,
    eps_m: float | None = None,
    min_events: int = 10,
) -> gpd.GeoDataFrame:
    """Return clusters of events that lie close together, whatever lives there.

    Parameters
    ----------
    points, areas, coverage
        As for ``hotspots``; an optional column ``precision_m`` says how precisely events are placed.
    eps_m : float, metres, optional
        Events are neighbours when at most this far apart. Default: 100, or twice the precision that nine in ten events
        are known to, if that is more: two events can each be out by as much.
    min_events : int
        Events within ``eps_m`` that make the core of a cluster. Events at one point are stacked, not one.

    Returns
    -------
    GeoDataFrame
        Most events first: ``cluster_id, n_events, authorities, authority_share, crosses_boundary, geometry``, the
        ground within half of ``eps_m`` of an event of the cluster.

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used.
    """
    _check("dbscan", eps_m, min_events, 0)
    seen = see(points, areas, coverage, _SIZING_M)
    eps = _eps(points, eps_m)
    found = cluster(seen.events.points.x, seen.events.points.y, eps, min_events)
    return _clusters(seen, found, eps, QUESTIONS["dbscan"], f"Neighbours are at most {eps:g} m apart.")


def space_time_dbscan(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    coverage: pd.DataFrame | None = None,
    eps_m: float | None = None,
    eps_days: float = 14,
    min_events: int = 4,
) -> gpd.GeoDataFrame:
    """Return clusters of events that lie close together within a few days.

    Parameters
    ----------
    points, areas, coverage, eps_m, min_events
        As for ``dbscan``, with dates that are days.
    eps_days : float, days
        Events are neighbours when near *and* at most this many days apart.

    Returns
    -------
    GeoDataFrame
        As ``dbscan``, with ``first_day`` and ``last_day``.

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used; dates are months.
    """
    _check("space_time_dbscan", eps_m, min_events, eps_days)
    seen = see(points, areas, coverage, _SIZING_M, dated=True, days=True)
    eps, events = _eps(points, eps_m), seen.events.points
    found = cluster_in_time(events.x, events.y, events.day, eps, eps_days, min_events)
    note = f"Neighbours are at most {eps:g} m and {eps_days:g} days apart."
    table = _clusters(seen, found, eps, QUESTIONS["space_time_dbscan"], note)
    days = [events.day[found == number] for number in range(len(table))]
    table["first_day"] = np.array([one.min() for one in days], dtype="datetime64[D]")
    table["last_day"] = np.array([one.max() for one in days], dtype="datetime64[D]")
    return table


def _check(function: str, eps_m: float | None, min_events: int, eps_days: float) -> None:
    require(
        function,
        {
            "eps_m must be a number of metres above 0, or None.": eps_m is None or (is_number(eps_m) and eps_m > 0),
            "min_events must be a number, 1 or more.": is_number(min_events) and min_events >= 1,
            "eps_days must be a number of days, 0 or more.": is_number(eps_days) and eps_days >= 0,
        },
    )


def _eps(points: gpd.GeoDataFrame, eps_m: float | None) -> float:
    if eps_m is not None:
        return float(eps_m)
    if "precision_m" not in points:
        return LEAST_EPS_M
    stated = pd.to_numeric(points["precision_m"], errors="coerce").dropna()
    return max(LEAST_EPS_M, 2.0 * float(stated.quantile(0.9))) if len(stated) else LEAST_EPS_M


def _clusters(seen: Seen, label: Ints, eps: float, question: str, note: str) -> gpd.GeoDataFrame:
    members = [np.flatnonzero(label == number) for number in range(int(label.max(initial=NOISE)) + 1)]
    x, y = seen.events.points.x, seen.events.points.y
    # Stacked events make one disc.
    places = [np.unique(np.column_stack((x[rows], y[rows])), axis=0) for rows in members]
    shapes = [shapely.union_all(shapely.buffer(shapely.points(xy), eps / 2.0)) for xy in places]
    frame = pd.DataFrame(
        {
            "cluster_id": [f"D{number + 1}" for number in range(len(members))],
            **who_shares([seen.events.area[rows] for rows in members], seen.ground.areas.codes),
        }
    )
    table = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=BRITISH_GRID), crs=BRITISH_GRID)
    say(table, question, (*seen.notes, note))
    return table


def trends(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    clusters: gpd.GeoDataFrame,
    *,
    coverage: pd.DataFrame | None = None,
    level: float = 0.05,
) -> pd.DataFrame:
    """Return whether events in each cluster rise or fall over the months: Mann–Kendall with ties, and Sen's slope.

    Parameters
    ----------
    points, areas, coverage
        As for ``hotspots``, with dates; months will do.
    clusters : GeoDataFrame
        ``cluster_id`` and polygons, such as ``HotSpots.clusters``. Clusters found in the same events were chosen for
        being full: give later events, or read a fall with care.
    level : float
        False discovery rate over all clusters.

    Returns
    -------
    DataFrame
        ``cluster_id, n_events, months, s, z, p, q, change_per_year, trend``: rising, falling, none, or "too short"
        below ten months. A month in which a source did not cover an authority that shares the cluster is missing, not
        zero; so are the first and last month unless they are whole by the calendar of the events.

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used; no event has a date.
    """
    require("trends", {"level must be a number above 0 and below 1.": is_number(level) and 0 < level < 1})
    seen = see(points, areas, coverage, _SIZING_M, dated=True)
    shapes = _shapes(clusters)
    months, first = _months(seen)
    counts = _by_month(seen, shapes, months, int(months.max()) + 1)
    if coverage is not None:
        counts[~_covered(seen, shapes, coverage, first, counts.shape[1])] = np.nan
    found, slope = mann_kendall(counts), sens_slope(counts) * 12.0
    q = adjusted_p(found.p)
    words = np.where(found.s > 0, "rising", "falling")
    words = np.where(np.nan_to_num(q, nan=1.0) <= level, words, "none")
    table = pd.DataFrame(
        {
            "cluster_id": clusters["cluster_id"].to_numpy(),
            "n_events": np.nansum(counts, axis=1).astype(np.int64),
            "months": found.n, "s": found.s, "z": found.z, "p": found.p, "q": q, "change_per_year": slope,
            "trend": np.where(found.n < LEAST_STEPS, "too short", words),
        }
    )  # fmt: skip
    span = f"Months run from {first} for {counts.shape[1]} months; one that is not whole is left out."
    say(table, QUESTIONS["trends"], (*seen.notes, span))
    return table


def _shapes(clusters: gpd.GeoDataFrame) -> NDArray[np.object_]:
    if not isinstance(clusters, gpd.GeoDataFrame) or "cluster_id" not in clusters:
        hint = "clusters must be a GeoDataFrame with cluster_id and polygons, such as those hotspots finds."
        raise PlaceError([PlaceProblem("not_clusters", hint)])
    problems = crs_problems(clusters, "The clusters")
    if problems:
        raise PlaceError(problems)
    return np.asarray(to_grid(clusters)[0].geometry.to_numpy(), dtype=object)


def _months(seen: Seen) -> tuple[Ints, np.datetime64]:
    month = seen.events.points.day.astype("datetime64[D]").astype("datetime64[M]")
    return (month - month.min()).astype(np.int64), month.min()


def _by_month(seen: Seen, shapes: NDArray[np.object_], months: Ints, n_months: int) -> Floats:
    events = shapely.points(seen.events.points.x, seen.events.points.y)
    tree = shapely.STRtree(events)
    shape, event = tree.query(shapes, predicate="intersects")
    counts = np.zeros((len(shapes), n_months))
    np.add.at(counts, (shape, months[event]), 1.0)
    counts[:, _partial(seen.events.points.day, n_months)] = np.nan
    return counts


def _partial(day: Ints, n_months: int) -> list[int]:
    """Return the first and last month where the events leave more than a week of them empty."""
    dates = day.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    if np.all(of_month == of_month[0]):
        return []  # dates are months: each is whole
    late = int(of_month[np.argmin(day)])
    short = int(((dates.max().astype("datetime64[M]") + 1).astype("datetime64[D]") - dates.max()).astype(np.int64)) - 1
    return [place for place, gap in ((0, late), (n_months - 1, short)) if gap > 7]


def _covered(
    seen: Seen, shapes: NDArray[np.object_], coverage: pd.DataFrame, first: np.datetime64, n_months: int
) -> NDArray[np.bool_]:
    """Return the months in which every source that ever covers a cluster's authorities covered all of them."""
    held = shapely.area(shapely.intersection(shapes[:, None], seen.ground.areas.geometries[None, :]))
    sharing = held >= SHARING * shapely.area(shapes)[:, None]
    ever = seen.coverage.share > 0
    whole = np.zeros((len(shapes), n_months), dtype=np.bool_)
    for month in range(n_months):
        start, end = (first + month).astype("datetime64[D]"), (first + month + 1).astype("datetime64[D]")
        share = check_coverage(
            coverage, seen.coverage.sources, seen.ground.areas.codes, (int(start.astype(int)), int(end.astype(int)))
        ).share
        gap = (ever & (share < 1.0 - 1e-9)).any(axis=0)
        whole[:, month] = ~(sharing & gap).any(axis=1)
    return whole
