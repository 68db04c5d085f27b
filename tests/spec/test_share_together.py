"""What no authority would have seen alone, on the map that partners get: kept as far as moved places can tell it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import riskshare as rs
import share_cases as cases
from riskshare.io.audit_log import audit_log
from riskshare.io.examples import EXAMPLE_AS_OF, example_data, example_partnership
from riskshare.releasing import places
from riskshare.sharing.shared import Shared

Sharing = Callable[[pd.DataFrame], tuple[rs.HotSpots, Shared]]


def in_squares_of_250_m(population: pd.DataFrame) -> pd.DataFrame:
    """Return people as if they lived evenly within each square of 1 km: finer figures that a partnership would have."""
    parts = [
        population.assign(easting=population["easting"] + east, northing=population["northing"] + north, cell_m=250,
                          population=population["population"] / 16)
        for east in range(0, 1_000, 250) for north in range(0, 1_000, 250)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module", name="squares")
def known_people() -> pd.DataFrame:
    return pd.read_csv(example_data() / "population.csv")


@pytest.fixture(scope="module", name="sharing")
def given(tmp_path_factory: pytest.TempPathFactory) -> Sharing:
    data, agreed = example_data(), rs.load_partnership(example_partnership())
    assessment = rs.assess(rs.read_evidence(data / "evidence.csv", agreed), agreed, as_of=EXAMPLE_AS_OF)

    def shared(population: pd.DataFrame) -> tuple[rs.HotSpots, Shared]:
        spots = rs.hotspots(assessment, gpd.read_file(data / "areas.geojson"), population=population,
                            coverage=pd.read_csv(data / "coverage.csv"))  # fmt: skip
        log = audit_log(tmp_path_factory.mktemp("log") / "audit.sqlite")
        told = {"audience": "partnership", "purpose": "violence_reduction", "at": "2026-04-01T10:00:00+01:00"}
        return spots, rs.share(spots, agreed, recipient="north_police:analyst", log=log, **told)  # type: ignore[arg-type]

    return shared


def at(table: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Return the clusters that meet a planted disc of the example."""
    truth = json.loads((example_data() / "truth.json").read_text(encoding="utf-8"))
    [spot] = [one for one in truth["places"]["hot_spots"] if one["id"] == name]
    disc = shapely.Point(spot["easting"], spot["northing"]).buffer(spot["radius_m"])
    return table[table.intersects(disc)]


def test_fixed_points_keep_what_nobody_sees_alone(sharing: Sharing, squares: pd.DataFrame) -> None:
    spots, shared = sharing(in_squares_of_250_m(squares))
    table = shared.tables["clusters"]
    for name in ("three-way", "force-border"):
        [found] = at(table, name).to_dict("records")
        assert found["crosses_boundary"]
        assert found["found_alone_by"] == ()
    # The stronger of the two keeps the claim. Of the other the pool is no longer alone often enough: it is not claimed.
    assert at(table, "three-way")["only_visible_together"].tolist() == [True]
    assert at(table, "force-border")["only_visible_together"].tolist() == [False]
    assert at(spots.clusters, "force-border")["only_visible_together"].tolist() == [True]
    assert places.LOST not in shared.notes


def test_cells_of_500_m_lose_it_and_the_map_says_so(sharing: Sharing, squares: pd.DataFrame) -> None:
    """The example knows people by the kilometre: no fixed points, so places are known by 500 m and no finer."""
    spots, shared = sharing(squares)
    assert spots.clusters["only_visible_together"].sum() == 2
    assert not shared.tables["clusters"]["only_visible_together"].any()
    [said] = [note for note in shared.notes if note.startswith(places.LOST)]
    assert "no larger than the 250 m" in said


def test_what_lies_across_a_border_does_not_fall_to_who_holds_the_middle_of_the_cell(tmp_path: Path) -> None:
    """The border runs through a cell of 500 m, 200 m from its western edge: 18 events are west of it and 18 east."""
    west, east = shapely.box(400_000, 300_000, 404_200, 304_000), shapely.box(404_200, 300_000, 408_000, 304_000)
    areas = gpd.GeoDataFrame({"code": ["w", "e"], "name": ["West", "East"]}, geometry=[west, east], crs=27700)
    points = cases.events()
    x = [404_190.0 if i % 2 else 404_210.0 for i in range(36)]
    near = points.iloc[:36].set_geometry(gpd.points_from_xy(x, [302_003.0 + i for i in range(36)], crs=27700))
    points = pd.concat([near, points.iloc[36:]], ignore_index=True)
    people = cases.population(1_000)
    spots = rs.hotspots(points, areas, population=people, resamples=0, cell_m=250)
    shared = cases.to_partners(spots, tmp_path)
    [cluster] = shared.tables["clusters"].to_dict("records")
    assert set(cluster["authorities"]) == {"w", "e"}
    assert cluster["crosses_boundary"]
    shares = dict(part.split(" ") for part in cluster["authority_share"].split(", "))
    assert min(int(share.rstrip("%")) for share in shares.values()) >= 40


def test_the_public_is_not_told_of_points_that_it_may_not_have(tmp_path: Path) -> None:
    assert places.LOST in cases.to_partners(cases.spots(), tmp_path, audience="public").notes


def test_ids_of_a_shared_map_are_not_those_of_the_full_result(tmp_path: Path) -> None:
    spots = cases.spots()
    shared = cases.to_partners(spots, tmp_path)
    ids = set(shared.tables["clusters"]["cluster_id"])
    assert ids
    assert ids.isdisjoint(spots.clusters["cluster_id"])
    assert set(shared.tables["cells"]["cluster_id"]) - {""} == ids
    assert places.NUMBERED in shared.notes


def test_what_analysts_have_and_nobody_else_is_listed_as_withheld(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(), tmp_path)
    lines = {(row.table, row.field): row.reason for row in shared.withheld.itertuples()}
    assert lines["clusters", "expected"] == "counts_withheld"
    assert lines["clusters", "hot"] == "analysts_only"
    assert ("clusters", "need") not in lines  # nobody asked for it
    for name, table in shared.tables.items():  # of a field without any figure the empty column may stand
        held = {field for one, field in lines if one == name} & set(table.columns)
        assert table[sorted(held)].isna().all(axis=None)


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl"])
def test_a_table_with_places_says_in_which_reference_system_they_are(tmp_path: Path, suffix: str) -> None:
    shared = cases.to_partners(cases.spots(), tmp_path)
    file = rs.write(shared, tmp_path / f"x{suffix}", table="clusters" if suffix == ".csv" else None)
    text = file.read_text(encoding="utf-8")
    assert "OGC:CRS84 (WGS 84, longitude before latitude)" in text
