"""How good was a forecast of where? For all the ground together and by authority. Methods: places, section 5.11."""

from __future__ import annotations

from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.kernels.evaluation import hit_curve, pei, rri
from riskshare.places.areas import Areas, check_areas
from riskshare.places.crs import crs_problems, to_grid
from riskshare.places.lens_events import see
from riskshare.records.arguments import is_number, is_text, is_whole, require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHARES: Final = tuple(share / 100 for share in range(1, 21))
"""Shares of the area that are looked at: 1 to 20 %."""
EVERYWHERE: Final = "all"
CURVE_COLUMNS: Final = (
    "authority", "asked_share", "area_share", "n_events", "hit_rate", "hit_low", "hit_high", "pai", "pai_low",
    "pai_high", "pei", "rri",
)  # fmt: skip
Unit = Literal["events", "score"]
_SIZING_M: Final = 1_000


def judge(
    forecast: Floats, unit: Unit, observed: Ints, ground: Floats, codes: tuple[str, ...], *,
    shares: ArrayLike = SHARES, scale: float = 1.0, n_resamples: int = 999, rng: np.random.Generator,
    level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Return accuracy and efficiency of one forecast at each share of the area, for all and by authority.

    Parameters
    ----------
    forecast : numpy.ndarray of float64, shape (units,)
        Finite.
    unit : str
        ``events`` for counts, ranked by count over covered ground; ``score`` for anything else, ranked as it is.
    observed : numpy.ndarray of int64, shape (areas, units)
        What happened.
    ground : numpy.ndarray of float64, shape (areas, units)
        Covered ground, any unit of area: no other ground counts.
    codes : tuple of str, length areas
    shares : array_like
        Of the area, above 0 and at most 1.
    scale : float
        Expected length of the period judged over that of the forecast, for ``rri``.
    n_resamples, rng, level
        Of the bootstrap intervals.

    Returns
    -------
    DataFrame
        ``CURVE_COLUMNS``; the first lines are of ``all``. ``area_share`` is what whole units make up, at most
        ``asked_share``. Missing where an authority had no event, and ``rri`` for scores. Ties count against the
        forecast.
    """
    wanted = np.asarray(shares, dtype=np.float64)
    whole = ground.sum(axis=0)
    parts = [
        _curve(EVERYWHERE, forecast, unit, observed.sum(axis=0), whole, whole, wanted, scale, n_resamples, rng, level)
    ]
    parts += [
        _curve(code, forecast, unit, seen, mine, whole, wanted, scale, n_resamples, rng, level)
        for code, seen, mine in zip(codes, observed, ground, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _curve(
    authority: str, forecast: Floats, unit: Unit, observed: Ints, mine: Floats, whole: Floats, shares: Floats,
    scale: float, n_resamples: int, rng: np.random.Generator, level: float,
) -> pd.DataFrame:  # fmt: skip
    held = mine > 0
    area, seen = mine[held], observed[held].astype(np.float64)
    lines = pd.DataFrame({"authority": authority, "asked_share": shares}).reindex(columns=list(CURVE_COLUMNS))
    lines["n_events"] = int(seen.sum())
    if not seen.any():
        return lines.astype(dict.fromkeys(CURVE_COLUMNS[4:], np.float64))
    # A unit on a line is forecast to have its share of events in each authority's part.
    predicted = forecast[held] * (area / whole[held] if unit == "events" else area)
    curve = hit_curve(seen, predicted, area, shares, rng=rng, n_resamples=n_resamples, level=level)
    for name in ("area_share", "hit_rate", "hit_low", "hit_high", "pai", "pai_low", "pai_high"):
        lines[name] = getattr(curve, name)
    at = _units_in(seen, predicted, area, shares)
    lines["pei"] = _taken(pei(seen, predicted, area), at)
    lines["rri"] = _taken(rri(seen, predicted * scale, area), at) if unit == "events" else np.nan
    return lines


def _units_in(seen: Floats, predicted: Floats, area: Floats, shares: Floats) -> Ints:
    """Return how many whole units each share holds, in the kernels' order."""
    order = np.lexsort((-area, seen / area, -predicted / area))
    covered = np.cumsum(area[order]) / area.sum()
    return np.asarray(np.searchsorted(covered, shares * (1.0 + 1e-12), side="right"), dtype=np.int64)


def _taken(curve: Floats, n_units: Ints) -> Floats:
    return np.where(n_units > 0, curve[np.maximum(n_units - 1, 0)], np.nan)


def evaluate(
    forecast: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    value: str,
    unit: Unit = "score",
    coverage: pd.DataFrame | None = None,
    shares: ArrayLike = SHARES,
    scale: float = 1.0,
    n_resamples: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how well a forecast of where did, for all the ground and by authority.

    Parameters
    ----------
    forecast : GeoDataFrame
        Polygons that do not overlap, such as ``HotSpots.cells``, with the column ``value``.
    points : GeoDataFrame
        What happened *after* the forecast was made: this cannot be told from the tables, so see to it, or use
        ``back_test``, which does.
    areas, coverage
        As for ``hotspots``. Only ground inside the areas counts.
    value : str
        The column to rank by. Units where it is missing are ranked last; as events they count 0.
    unit : str
        ``events`` where the column counts events, ``score`` otherwise (then there is no ``rri``).
    shares : array_like
        Of the area, above 0 and at most 1.
    scale : float
        Length of the period judged over that of the forecast.
    n_resamples, seed
        Of the bootstrap intervals.

    Returns
    -------
    DataFrame
        See ``judge``. PAI = (n/N)/(a/A); PEI = n/n*, the most that much area could hold; RRI = forecast/observed.

    Raises
    ------
    ArgumentError, PlaceError
        An argument or a table cannot be used; no event lies in a unit.
    """
    require(
        "evaluate",
        {
            "value must be the name of a column of the forecast.": is_text(value),
            "unit must be 'events' or 'score'.": unit in ("events", "score"),
            "scale must be a number above 0.": is_number(scale) and scale > 0,
            "n_resamples must be a whole number, 1 or more.": is_whole(n_resamples) and n_resamples >= 1,
            "seed must be a whole number, 0 or more.": is_whole(seed) and seed >= 0,
            **share_rule(shares),
        },
    )
    shapes, predicted = _units(forecast, value, unit)
    seen = see(points, areas, coverage, _SIZING_M)
    ground = _ground_of(shapes, check_areas(areas))
    events = shapely.points(seen.events.points.x, seen.events.points.y)
    tree = shapely.STRtree(events)
    unit_of, event = tree.query(shapes, predicate="intersects")
    # An event on the line between two units is in the first.
    event, first = np.unique(event, return_index=True)
    observed = np.zeros(ground.shape, dtype=np.int64)
    np.add.at(observed, (seen.events.area[event], unit_of[first]), 1)
    observed[ground <= 0] = 0
    if not observed.any():
        raise PlaceError([PlaceProblem("nothing_to_judge", "No event lies in a unit of the forecast.")])
    table = judge(
        predicted, unit, observed, ground, seen.ground.areas.codes, shares=shares, scale=scale,
        n_resamples=n_resamples, rng=np.random.default_rng(seed),
    )  # fmt: skip
    missed = len(seen.events) - int(observed.sum())
    table.attrs["notes"] = (*seen.notes, *([f"{missed:,} events lie in no unit and were left out."] if missed else []))
    return table


def share_rule(shares: ArrayLike) -> dict[str, bool]:
    """Return the rule that shares of the area must hold to, for ``require``."""
    given: list[Any] = list(shares) if isinstance(shares, (list, tuple, np.ndarray)) else []
    good = bool(given) and all(is_number(share) and 0 < share <= 1 for share in given)
    return {"shares must be shares of the area, above 0 and at most 1, such as [0.01, 0.05].": good}


def _units(forecast: gpd.GeoDataFrame, value: str, unit: Unit) -> tuple[NDArray[np.object_], Floats]:
    if not isinstance(forecast, gpd.GeoDataFrame) or value not in forecast or len(forecast) == 0:
        hint = f"forecast must be a GeoDataFrame of polygons with the column {value!r}, such as HotSpots.cells."
        raise PlaceError([PlaceProblem("not_a_forecast", hint)])
    problems = crs_problems(forecast, "The forecast's units")
    if problems:
        raise PlaceError(problems)
    numbers = pd.to_numeric(forecast[value], errors="coerce").to_numpy(dtype=np.float64)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    if np.isnan(numbers).all():
        raise PlaceError([PlaceProblem("empty_forecast", f"Column {value!r} holds no number to rank by.")])
    if unit == "events" and np.nanmin(numbers) < 0:
        hint = f"Column {value!r} holds numbers below 0, so it counts no events. Pass unit='score'."
        raise PlaceError([PlaceProblem("not_events", hint)])
    last = 0.0 if unit == "events" else float(np.nanmin(numbers)) - 1.0
    return np.asarray(to_grid(forecast)[0].geometry.to_numpy(), dtype=object), np.nan_to_num(numbers, nan=last)


def _ground_of(shapes: NDArray[np.object_], areas: Areas) -> Floats:
    """Return square metres of each unit in each area (areas × units)."""
    held = np.zeros((len(areas.codes), len(shapes)))
    size = shapely.area(shapes)
    for number, area in enumerate(areas.geometries):
        shapely.prepare(area)
        inside = shapely.covers(area, shapes)
        edge = ~inside & shapely.intersects(area, shapes)
        held[number, inside] = size[inside]
        held[number, edge] = shapely.area(shapely.intersection(area, shapes[edge]))
    return held
