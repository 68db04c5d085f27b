"""Events by cell and stratum: counted on a cluster, they are what is counted in memory."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

import riskshare as rs
from riskshare.engines.spark_cells import count_on_cluster, hot_cells
from riskshare.errors import PlaceError
from riskshare.places.areas import check_areas
from riskshare.places.coverage import coverage_of
from riskshare.places.grid import grid_over
from riskshare.places.reading import points_of
from riskshare.places.strata import count_cells, lay_ground, place_events, seen_by, whole_claims

GRID = "EPSG:27700"


def areas() -> gpd.GeoDataFrame:
    """Return three authorities side by side, their borders on lines of cells and off them."""
    edges = (400_000, 403_000, 405_130, 408_000)
    squares = [shapely.box(a, 300_000, b, 304_000) for a, b in pairwise(edges)]
    return gpd.GeoDataFrame({"code": ["east", "mid", "west"][::-1]}, geometry=squares, crs=GRID)


def events(n: int, seed: int) -> pd.DataFrame:
    """Return events of two sources; a third of them tell of claims that others tell of too."""
    rng = np.random.default_rng(seed)
    shared = rng.random(n) < 0.3
    claim = rng.integers(0, n // 6, n)
    source = np.where(rng.random(n) < 0.6, "police", "ambulance").astype(object)
    # Reports of a claim differ, so that which one is kept is told by them and not by their order.
    frame = pd.DataFrame(
        {
            "easting": 399_500 + 9_000 * rng.beta(2, 3, n).round(4),
            "northing": 299_900 + 4_300 * rng.random(n).round(4),
            "source": source,
            "recorded_by": np.where(source == "police", rng.choice(["force a", "force b", ""], n), ""),
            "category": rng.choice(["violence", "robbery", "missing_person"], n, p=[0.6, 0.3, 0.1]),
            "date": [dt.date(2025, 1, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 365, n)],
            "claim_id": np.where(shared, np.char.add("C", claim.astype(str)), ""),
            "arises_from": rng.choice(["reported", "", "agency_initiated"], n, p=[0.7, 0.2, 0.1]),
            "precision_m": np.where(rng.random(n) < 0.5, rng.integers(1, 100, n), np.nan),
        }
    )
    frame.loc[:3, ["easting", "northing"]] = 0.0
    frame.loc[10:400, "easting"] = 404_400 + 300 * rng.random(391).round(4)  # a hot spot that two authorities share
    frame.loc[10:400, "northing"] = 302_000 + 300 * rng.random(391).round(4)
    return frame


def coverage() -> pd.DataFrame:
    lines = [("police", code, "2024-01-01", "") for code in ("east", "mid", "west")]
    lines += [("ambulance", "east", "2025-03-01", "2025-09-01"), ("ambulance", "mid", "2024-01-01", "")]
    return pd.DataFrame(lines, columns=["source", "area", "from", "until"])


def population() -> pd.DataFrame:
    east, north = np.meshgrid(np.arange(400_000, 408_000, 500), np.arange(300_000, 304_000, 500))
    people = 50 + (east.ravel() // 500 * 7 + north.ravel() // 500 * 3) % 100
    return pd.DataFrame({"easting": east.ravel(), "northing": north.ravel(), "cell_m": 500, "population": people})


def with_points(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    shapes = gpd.points_from_xy(frame["easting"], frame["northing"])
    return gpd.GeoDataFrame(frame.drop(columns=["easting", "northing"]), geometry=shapes, crs=GRID)


def check(spark: Any, folder: Path) -> None:
    """Compare counts with and without coverage, and the hot cells that follow; then what is refused."""
    frame = events(4_000, seed=8)
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / "events.parquet")
    sent = spark.read.parquet((folder / "events.parquet").as_uri())
    for told, columns in ((coverage(), list(frame)), (None, ["easting", "northing", "category"])):
        _compare(sent.select(*columns), with_points(frame[columns]), told)
    _refuses(sent)


def _compare(sent: Any, points: gpd.GeoDataFrame, told: pd.DataFrame | None) -> None:
    placed = points_of(points, None, None)
    ground_of = check_areas(areas())
    ground = lay_ground(ground_of, grid_over(ground_of.bounds, 250))
    covered = coverage_of(told, placed, ground_of.codes)
    known, strata, _ = place_events(whole_claims(placed, seen_by(placed, ground, covered)), ground, covered)
    counts = count_cells(known, len(strata.names), ground.grid.n_cells)

    found = count_on_cluster(sent, areas(), cell_m=250, coverage=told)
    assert found.strata.names == strata.names
    assert np.array_equal(found.strata.ground, strata.ground)
    assert np.array_equal(found.counts, counts)
    assert 0 < len(points) - int(found.counts.sum()) - sum(found.left_out.values()) < len(points) // 3 or told is None

    spots = rs.hotspots(points, areas(), coverage=told, population=population(), resamples=0)
    decided = hot_cells(found, population=population())
    assert np.array_equal(decided.hot, spots.found.hot)
    assert np.allclose(decided.q, spots.found.q, rtol=1e-9, equal_nan=True)
    assert decided.hot.any()


def _refuses(sent: Any) -> None:
    with pytest.raises(PlaceError, match="easting must be numbers"):
        count_on_cluster(sent.drop("easting"), areas())
    with pytest.raises(PlaceError, match=r"Column `arises_from` must be .* 1 rows do not hold to it"):
        count_on_cluster(sent.limit(1).selectExpr("easting", "northing", "'other' AS arises_from"), areas())
