"""Other ways of looking at events, each with the question it answers. Thin over the kernels.

Every lens counts one event a claim, leaves out what enforcement turned up, and returns a table whose ``attrs`` hold
``question`` and ``notes``. Methods: places, sections 5.4, 5.6 to 5.8 and 5.10.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.kernels.density import kernel_density
from riskshare.kernels.scan import Cluster
from riskshare.kernels.scan import circular_scan as scan_circles
from riskshare.kernels.space_time_scan import SpaceTimeCluster
from riskshare.kernels.space_time_scan import space_time_permutation as scan_space_time
from riskshare.places.crs import BRITISH_GRID
from riskshare.places.lens_events import QUESTIONS, Seen, say, see, who_shares
from riskshare.places.near_repeats import near_repeat, near_repeat_events
from riskshare.places.people import check_population, expected_base, people_in_cells
from riskshare.places.point_clusters import dbscan, space_time_dbscan, trends
from riskshare.places.strata import count_cells
from riskshare.records.arguments import is_number, is_whole, require

__all__ = [
    "QUESTIONS",
    "circular_scan",
    "dbscan",
    "density",
    "near_repeat",
    "near_repeat_events",
    "space_time_dbscan",
    "space_time_permutation",
    "trends",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def circular_scan(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    population: pd.DataFrame | None = None,
    coverage: pd.DataFrame | None = None,
    null: str | None = None,
    cell_m: int = 500,
    max_radius_m: float = 3_000,
    max_share: float = 0.5,
    max_clusters: int = 10,
    n_simulations: int = 999,
    dispersion: float = 1.0,
    seed: int = 0,
) -> gpd.GeoDataFrame:
    """Return circles of cells with more events than their people would have by chance anywhere: Kulldorff's scan.

    Parameters
    ----------
    points, areas, population, coverage, null
        As for ``hotspots``; either ``population`` or ``null="uniform"`` is needed.
    cell_m, max_radius_m : metres
    max_share, max_clusters, n_simulations, dispersion
        As for ``riskshare.kernels.scan.circular_scan``.
    seed : int

    Returns
    -------
    GeoDataFrame
        Best first: ``cluster_id, geometry, radius_m, expected, ratio, llr, p, p_gumbel_approximate, n_events,
        authorities, authority_share, crosses_boundary``. Read ``p``: lines with a large one are chance.

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used; nothing is known to expect from.

    Notes
    -----
    Computed inside each recording organisation × source × category: each keeps its total in every simulation.
    """
    _check("circular_scan", n_simulations=n_simulations, seed=seed, above={"max_radius_m": max_radius_m})
    if population is None and null != "uniform":
        hint = (
            "A circular scan needs to know how many events to expect: pass population. space_time_permutation needs "
            "none; null='uniform' makes every town centre a cluster."
        )
        raise PlaceError([PlaceProblem("nothing_expected", hint)])
    seen = see(points, areas, coverage, cell_m)
    base = expected_base(seen.strata.ground, _weights(seen, population))
    counts = count_cells(seen.events, len(seen.strata.names), seen.ground.grid.n_cells)
    stratum, cell = np.nonzero(base > 0)
    found = scan_circles(
        np.column_stack(seen.ground.grid.centres(cell)), counts[stratum, cell], base[stratum, cell], strata=stratum,
        max_share=max_share, n_simulations=n_simulations, rng=np.random.default_rng(seed), dispersion=dispersion,
        max_radius=max_radius_m, max_clusters=max_clusters,
    )  # fmt: skip
    return _circles(seen, found, [cell[one.members] for one in found], "circular_scan", cell_m)


def _weights(seen: Seen, population: pd.DataFrame | None) -> csr_array:
    if population is None:
        return seen.ground.shares
    people = people_in_cells(check_population(population, seen.ground.areas.codes), seen.ground)
    return csr_array(people + seen.ground.shares)


def space_time_permutation(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    coverage: pd.DataFrame | None = None,
    cell_m: int = 1_000,
    step_days: int = 28,
    max_days: int = 182,
    max_radius_m: float = 3_000,
    max_clusters: int = 10,
    n_simulations: int = 999,
    seed: int = 0,
) -> gpd.GeoDataFrame:
    """Return circles and stretches of days with more events than place and days alone explain.

    The safest lens where recording differs: inside each organisation × source × category a constant difference cancels,
    and so does a change of its whole records on some day. It needs no population, and cannot see what is always there.

    Parameters
    ----------
    points, areas, coverage
        As for ``hotspots``, with dates.
    cell_m, max_radius_m : metres
    step_days : int, days
        Days are taken together in steps of this many.
    max_days : int, days
        The longest stretch.
    max_clusters, n_simulations, seed
        As for ``circular_scan``.

    Returns
    -------
    GeoDataFrame
        As ``circular_scan``, with ``first_day`` and ``last_day``.

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used; no event has a date.
    """
    _check(
        "space_time_permutation", n_simulations=n_simulations, seed=seed,
        above={"max_radius_m": max_radius_m, "step_days": step_days, "max_days": max_days},
    )  # fmt: skip
    seen = see(points, areas, coverage, cell_m, dated=True)
    first = int(seen.events.points.day.min())
    step = (seen.events.points.day - first) // step_days
    found = scan_space_time(
        np.column_stack(seen.ground.grid.centres(seen.events.cell)), step, strata=seen.events.stratum,
        max_days=max(max_days // step_days, 1), n_simulations=n_simulations, rng=np.random.default_rng(seed),
        max_radius=max_radius_m, max_clusters=max_clusters,
    )  # fmt: skip
    cells = [np.unique(seen.events.cell[one.members]) for one in found]
    table = _circles(seen, found, cells, "space_time_permutation", cell_m, [one.members for one in found])
    starts = np.array([first + int(one.first_day) * step_days for one in found], dtype="datetime64[D]")
    ends = np.array([first + (int(one.last_day) + 1) * step_days - 1 for one in found], dtype="datetime64[D]")
    table["first_day"], table["last_day"] = starts, ends
    return table


def _circles(
    seen: Seen, found: Sequence[Cluster | SpaceTimeCluster], cells: list[Ints], lens: str, cell_m: int,
    members: list[NDArray[np.intp]] | None = None,
) -> gpd.GeoDataFrame:  # fmt: skip
    if members is None:
        members = [np.flatnonzero(np.isin(seen.events.cell, inside)) for inside in cells]
    frame = pd.DataFrame(
        {
            "cluster_id": [f"S{number + 1}" for number in range(len(found))],
            "radius_m": [one.radius for one in found],
            "expected": [one.expected for one in found],
            "ratio": [one.ratio for one in found],
            "llr": [one.llr for one in found],
            "p": [one.p for one in found],
            "p_gumbel_approximate": [one.p_gumbel_approximate for one in found],
            **who_shares([seen.events.area[rows] for rows in members], seen.ground.areas.codes),
        }
    )
    shapes = [shapely.union_all(seen.ground.grid.squares(np.unique(inside))) for inside in cells]
    table = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=BRITISH_GRID), crs=BRITISH_GRID)
    say(table, QUESTIONS[lens], (*seen.notes, f"Events were taken to the centres of cells of {cell_m:,} m."))
    return table


def density(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    coverage: pd.DataFrame | None = None,
    cell_m: int = 250,
    bandwidth_m: float = 750,
) -> gpd.GeoDataFrame:
    """Return the edge-corrected density of each source's events, over the ground and time that source covers.

    Parameters
    ----------
    points, areas, coverage
        As for ``hotspots``.
    cell_m, bandwidth_m : metres
        The quartic kernel reaches ``bandwidth_m``.

    Returns
    -------
    GeoDataFrame
        One line a source and covered cell: ``cell_id, source, geometry, density_km2, seen, mostly_correction``.
        ``seen`` is the share of the kernel over ground the source covers; below ½ the figure is mostly correction.

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used.
    """
    _check("density", above={"bandwidth_m": bandwidth_m})
    seen = see(points, areas, coverage, cell_m)
    parts = []
    for source in seen.coverage.sources:
        mask = np.minimum(np.asarray(seen.ground.shares.T @ seen.coverage.of(source)), 1.0)
        mine = seen.events.points.source == source
        counts = np.bincount(seen.events.cell[mine], minlength=seen.ground.grid.n_cells)
        shape = seen.ground.grid.shape
        found = kernel_density(counts.reshape(shape), mask.reshape(shape), bandwidth_m / cell_m)
        cells = np.flatnonzero(mask > 0)
        share = found.seen.ravel()[cells]
        frame = pd.DataFrame(
            {
                "cell_id": seen.ground.grid.references(cells),
                "source": source,
                "density_km2": found.density.ravel()[cells] * (1000.0 / cell_m) ** 2,
                "seen": share,
                "mostly_correction": share < 0.5,
            }
        )
        parts.append(gpd.GeoDataFrame(frame, geometry=seen.ground.grid.squares(cells), crs=BRITISH_GRID))
    table = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=BRITISH_GRID)
    notes = [*seen.notes, f"Quartic kernel of {bandwidth_m:g} m on cells of {cell_m:,} m."]
    if bandwidth_m <= cell_m:
        notes.append("The bandwidth is no wider than a cell: nothing is smoothed. Use a wider one or smaller cells.")
    say(table, QUESTIONS["density"], tuple(notes))
    return table


def _check(function: str, *, n_simulations: int = 1, seed: int = 0, above: dict[str, float] | None = None) -> None:
    rules = {
        "The number of simulations must be a whole number, 1 or more.": is_whole(n_simulations) and n_simulations >= 1,
        "seed must be a whole number, 0 or more.": is_whole(seed) and seed >= 0,
    }
    for name, value in (above or {}).items():
        rules[f"{name} must be a number above 0."] = is_number(value) and value > 0
    require(function, rules)
