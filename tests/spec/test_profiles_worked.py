"""Two children's homes of the example partnership: around one there is more violence than its people explain.

Both homes report missing episodes from their own address, as they must. Those are no risk of the area.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import riskshare as rs
from riskshare.profiling import PlaceProfiles, profile_places

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data"


@cache
def reports() -> gpd.GeoDataFrame:
    """Return what police and ambulance placed on the map."""
    partnership = rs.load_partnership(ROOT / "thresholds")
    rows = rs.read_evidence(SAMPLE / "evidence.csv", partnership).rows.to_pandas()
    rows = rows[rows["easting"].notna() & rows["agency"].isin(["north_police", "south_police", "ambulance"])]
    police = rows["agency"].str.contains("police")
    columns = {
        "source": np.where(police, "police", "ambulance"), "recorded_by": rows["agency"].where(police).to_numpy(),
        "category": rows["indicator"].to_numpy(), "date": pd.to_datetime(rows["event_date"]).to_numpy(),
        "claim_id": rows["claim_id"].to_numpy(), "arises_from": rows["arises_from"].to_numpy(),
        "precision_m": rows["precision_m"].to_numpy(),
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(rows["easting"], rows["northing"]), crs=27700)


@cache
def profiles(audience: str = "practitioner") -> PlaceProfiles:
    return profile_places(
        reports(), gpd.read_file(SAMPLE / "buildings.geojson"), areas=gpd.read_file(SAMPLE / "areas.geojson"),
        population=pd.read_csv(SAMPLE / "population.csv"), audience=audience,
    )  # fmt: skip


def home(building: str) -> dict[str, Any]:
    table = profiles().buildings
    return dict(table[table["building_id"] == building].iloc[0])


def test_around_the_first_home_there_is_more_than_its_people_explain() -> None:
    first = home("B1")
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["places"]["care_homes"]
    planted = {one["id"]: one["planted"] for one in truth}
    assert (planted["B1"], planted["B2"]) == (14, 0)
    assert first["excess"]
    assert first["near_observed"] >= 10
    assert first["near_lower"] > 5
    # It is the ground within 250 m, not the district: the ring beyond it is quiet.
    assert first["near_far_lower"] > 5


def test_around_the_second_home_there_is_not() -> None:
    second = home("B2")
    assert not second["excess"]
    assert second["near_observed"] == 0
    assert second["lower"] < 1 < second["upper"]


@pytest.mark.parametrize("building", ["B1", "B2"])
def test_missing_episodes_stand_apart_and_count_nowhere(building: str) -> None:
    assert home(building)["duties_at_address"] == 18
    assert home(building)["own_address"] == 0
    without = reports()[reports()["category"] != "missing_episode"]
    plain = profile_places(
        without, gpd.read_file(SAMPLE / "buildings.geojson"), areas=gpd.read_file(SAMPLE / "areas.geojson"),
        population=pd.read_csv(SAMPLE / "population.csv"),
    )  # fmt: skip
    assert plain.bands.equals(profiles().bands)


@pytest.mark.parametrize("audience", ["partnership", "public"])
def test_nobody_else_learns_where_the_homes_and_the_refuge_are(audience: str) -> None:
    shown = profiles(audience)
    held = " ".join([*shown.notes, shown.buildings.to_json(), shown.bands.to_csv(), shown.areas.to_csv()])
    for trace in ("Larch", "Hazel", "Refuge", "refuge", "B1", "451900", "345200", "432300", "445700"):
        assert trace not in held
