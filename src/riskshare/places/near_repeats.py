"""Does one event make another more likely, nearby and soon after? Methods: places, section 5.8."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from riskshare.kernels.local_near_repeat import local_knox
from riskshare.kernels.multiplicity import adjusted_p
from riskshare.kernels.near_repeat import knox
from riskshare.places.crs import BRITISH_GRID
from riskshare.places.lens_events import QUESTIONS, say, see
from riskshare.records.arguments import is_number, is_whole, require


def near_repeat(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    coverage: pd.DataFrame | None = None,
    space_bands_m: Sequence[float] = (0, 100, 200, 400),
    time_bands_days: Sequence[float] = (0, 1, 8, 15, 29),
    same_place_m: float = 0.01,
    n_permutations: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Return pairs of events by distance and days apart, beside what the same dates in any other order would give.

    Parameters
    ----------
    points, areas, coverage
        As for ``hotspots``, with dates that are days.
    space_bands_m : sequence of float, metres
        Edges of half-open bands.
    time_bands_days : sequence of float, days
        The same: ``(0, 1, 8)`` is the same day, and 1 to 7 days.
    same_place_m : float, metres
        Pairs up to this near are a band of their own.
    n_permutations, seed : int

    Returns
    -------
    DataFrame
        One line a band of distance and of time, printed as intervals: ``distance_m, days, observed, expected, ratio,
        p``. Dates change places only inside an organisation × source × category; pairs across count.

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used; dates are months.
    """
    require(
        "near_repeat",
        {
            "n_permutations must be a whole number, 1 or more.": is_whole(n_permutations) and n_permutations >= 1,
            "seed must be a whole number, 0 or more.": is_whole(seed) and seed >= 0,
            "space_bands_m must be rising edges in metres from 0 up, such as (0, 100, 200).": _rising(space_bands_m),
            "time_bands_days must be rising edges in days from 0 up, such as (0, 1, 8).": _rising(time_bands_days),
            "same_place_m must be a number of metres, 0 or more, inside the first band.": (
                is_number(same_place_m) and _rising(space_bands_m) and 0 <= same_place_m < space_bands_m[1]
            ),
        },
    )
    seen = see(points, areas, coverage, 1_000, dated=True, days=True)
    events = seen.events.points
    found = knox(
        events.x, events.y, events.day, space_bands_m, time_bands_days, n_permutations=n_permutations,
        rng=np.random.default_rng(seed), strata=seen.events.stratum, same_place=same_place_m,
    )  # fmt: skip
    n_times = len(found.time_intervals)
    table = pd.DataFrame(
        {
            "distance_m": np.repeat(np.array(found.space_intervals, dtype=object), n_times),
            "days": np.tile(np.array(found.time_intervals, dtype=object), len(found.space_intervals)),
            "observed": found.observed.ravel(),
            "expected": found.expected.ravel(),
            "ratio": found.ratio.ravel(),
            "p": found.p.ravel(),
        }
    )
    say(table, QUESTIONS["near_repeat"], seen.notes)
    return table


def near_repeat_events(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    coverage: pd.DataFrame | None = None,
    distance_m: float = 200,
    days: float = 8,
) -> gpd.GeoDataFrame:
    """Return each event with how many others lie nearby and soon before or after it, and how surprising that is.

    Parameters
    ----------
    points, areas, coverage
        As for ``hotspots``, with dates that are days.
    distance_m : float, metres
        Nearby is less than this.
    days : float
        Soon is less than this many days before or after: 8 is up to a week.

    Returns
    -------
    GeoDataFrame
        One line an event with others nearby and soon, the most surprising first: ``observed, expected, near, soon, p,
        q, authority, geometry``. p is hypergeometric, of pairs inside one organisation × source × category; q is
        adjusted over all events (Benjamini-Hochberg).

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used; dates are months.
    """
    require(
        "near_repeat_events",
        {
            "distance_m must be a number of metres above 0.": is_number(distance_m) and distance_m > 0,
            "days must be a number of days above 0.": is_number(days) and days > 0,
        },
    )
    seen = see(points, areas, coverage, 1_000, dated=True, days=True)
    events, codes = seen.events.points, np.array(seen.ground.areas.codes, dtype=object)
    found = local_knox(events.x, events.y, events.day, float(distance_m), float(days), strata=seen.events.stratum)
    table = pd.DataFrame(
        {
            "observed": found.observed,
            "expected": found.expected,
            "near": found.near,
            "soon": found.soon,
            "p": found.p,
            "q": adjusted_p(found.p),
            "authority": codes[seen.events.area],
        }
    )
    frame = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(events.x, events.y), crs=BRITISH_GRID)
    frame = frame.iloc[np.lexsort((events.y, events.x, -found.observed, found.p))]
    frame = frame[frame["observed"] > 0].reset_index(drop=True)
    say(frame, QUESTIONS["near_repeat_events"], seen.notes)
    return frame


def _rising(edges: Sequence[float]) -> bool:
    if not isinstance(edges, (list, tuple, np.ndarray)) or len(edges) < 2:
        return False
    real = all(is_number(edge) for edge in edges[:-1]) and (is_number(edges[-1]) or edges[-1] == np.inf)
    return real and edges[0] >= 0 and all(a < b for a, b in pairwise(edges))
