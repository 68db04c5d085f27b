"""Maps on which nothing happens, through `hotspots` whole: how many show a hot cell at all.

Four authorities under two forces, of which one records 0.3 of what the other does; an ambulance service that does not
cover one of the four; a force that began to send from one of them half way through the period; people spread unevenly.
The run of 1,000 is marked long; the plain one is the same, smaller.
"""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray
from scipy import stats

from riskshare.spots import hotspots

LEVEL, SIDE, CELL = 0.05, 30, 250
X, Y = 430_000, 340_000
CODES = ("north-west", "south-west", "north-east", "south-east")
LATE = "south-east"  # the ambulance does not go there, and its force began half way
PERIOD = pd.Timestamp("2025-01-01"), pd.Timestamp("2026-01-01")
HALF = pd.Timestamp("2025-07-02")
SOURCES = {"west police": 1.0, "east police": 0.3, "ambulance": 0.6}


@cache
def areas() -> gpd.GeoDataFrame:
    half = SIDE * CELL // 2
    corners = [(0, half), (0, 0), (half, half), (half, 0)]
    shapes = [shapely.box(X + e, Y + n, X + e + half, Y + n + half) for e, n in corners]
    return gpd.GeoDataFrame({"code": list(CODES)}, geometry=shapes, crs=27700)


@cache
def people() -> pd.DataFrame:
    row, column = (a.ravel() for a in np.indices((SIDE, SIDE)))
    held = np.random.default_rng(11).gamma(1.5, 100.0, SIDE * SIDE)
    return pd.DataFrame(
        {"easting": X + CELL * column, "northing": Y + CELL * row, "cell_m": CELL, "population": held.round()}
    )


@cache
def coverage() -> pd.DataFrame:
    west, east = CODES[:2], CODES[2:]
    lines = [("west police", code) for code in west] + [("east police", code) for code in east]
    lines += [("ambulance", code) for code in CODES if code != LATE]
    table = pd.DataFrame(lines, columns=["source", "area"])
    late = (table["area"] == LATE) & (table["source"] == "east police")
    return table.assign(**{"from": np.where(late, str(HALF.date()), str(PERIOD[0].date())), "until": "2026-01-01"})


def nothing_happens(density: float, phi: float, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return events where people live, at each source's rate, where and when it looks; clumped where φ is above 1."""
    table = people()
    east, north = (
        table["easting"].to_numpy() >= X + SIDE * CELL / 2,
        table["northing"].to_numpy() >= Y + SIDE * CELL / 2,
    )
    rate = density * table["population"].to_numpy() / table["population"].mean()
    parts = []
    for source, recorded in SOURCES.items():
        looks = {"west police": ~east, "east police": east, "ambulance": ~(east & ~north)}[source]
        start = np.where(east & ~north, HALF.value, PERIOD[0].value)
        share = (PERIOD[1].value - start) / (PERIOD[1].value - PERIOD[0].value)
        counts = draw(rate * recorded * looks * share, phi, rng)
        cell = np.repeat(np.arange(counts.size), counts)
        within = rng.uniform(0, CELL, (2, cell.size))
        x, y = table["easting"].to_numpy()[cell] + within[0], table["northing"].to_numpy()[cell] + within[1]
        day = start[cell] + (rng.random(cell.size) * (PERIOD[1].value - start[cell])).astype(np.int64)
        parts.append(pd.DataFrame({"x": x, "y": y, "source": source, "date": pd.to_datetime(day).normalize()}))
    events = pd.concat(parts, ignore_index=True)
    columns = events[["source", "date"]].assign(recorded_by=events["source"])
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(events["x"], events["y"]), crs=27700)


def draw(mean: NDArray[np.float64], phi: float, rng: np.random.Generator) -> NDArray[np.int64]:
    if phi == 1.0:
        return rng.poisson(mean)
    return rng.negative_binomial(np.maximum(mean, 1e-12) / (phi - 1.0), 1.0 / phi) * (mean > 0)


def share_with_a_false_hot_cell(n_maps: int, density: float, phi: float, seed: int) -> float:
    rng = np.random.default_rng(seed)
    false = 0
    for _ in range(n_maps):
        points = nothing_happens(density, phi, rng)
        found = hotspots(
            points, areas(), population=people(), coverage=coverage(), resamples=0, level=LEVEL, cell_m=CELL
        )
        false += bool(found.found.hot.any())
    return false / n_maps


def highest(n_maps: int) -> float:
    """Return the upper end of the 95 % interval of a binomial share of 5 %."""
    return float(stats.binom.ppf(0.975, n_maps, LEVEL)) / n_maps


def test_null_maps_stay_cold() -> None:
    assert share_with_a_false_hot_cell(25, 0.5, 1.0, 1) <= highest(25)


@pytest.mark.long
@pytest.mark.parametrize("density", [0.1, 1.0, 4.0])
def test_a_thousand_null_maps_stay_cold(density: float) -> None:
    share = share_with_a_false_hot_cell(1000, density, 1.0, 2)
    print(f"{density} events a cell: {share:.3f}, at most {highest(1000):.3f}")  # noqa: T201 (figures)
    assert share <= highest(1000)


@pytest.mark.long
def test_clumped_null_maps_are_a_little_too_warm() -> None:
    """A known limit: variance twice the mean, φ estimated from each map. 70 of 1,000 maps were too warm, 5 % promised.

    With φ known the kernel keeps the promise (``test_kernels_excess``); what is over comes of estimating it.
    """
    share = share_with_a_false_hot_cell(1000, 1.0, 2.0, 2)
    print(f"1 event a cell, φ 2 estimated: {share:.3f}, {highest(1000):.3f} would be at most")  # noqa: T201 (figures)
    assert share <= 0.09
