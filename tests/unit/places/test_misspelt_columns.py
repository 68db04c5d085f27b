"""A column of events whose name is nearly a known one is not passed over: its default would change what is counted."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest

from riskshare.errors import PlaceError
from riskshare.io.points import read_areas, read_points, read_table
from riskshare.places.points import check_points


def events(**columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy([430_000, 431_000], [330_000, 331_000]), crs=27700)


@pytest.mark.parametrize(
    ("name", "likely"),
    [("claimid", "claim_id"), ("Claim ID", "claim_id"), ("sorce", "source"), ("DATE", "date"), ("dates", "date"),
     ("recorded-by", "recorded_by"), ("precison_m", "precision_m"), ("arise_from", "arises_from")],
)  # fmt: skip
def test_the_likely_column_is_named(name: str, likely: str) -> None:
    with pytest.raises(PlaceError, match=f"no `{likely}`") as refused:
        check_points(events(**{name: ["zqmark", "zqmark"]}))
    assert [problem.code for problem in refused.value.problems] == ["misspelt_column"]
    assert "zqmark" not in str(refused.value)


def test_other_columns_and_those_beside_the_known_one_are_let_be() -> None:
    table = events(date=["2026-01-01"] * 2, dates=["x"] * 2, name=["x"] * 2, claim=["x"] * 2, recorded_date=["x"] * 2)
    assert len(check_points(table)) == 2


@pytest.mark.parametrize("read", [read_points, read_areas, read_table])
def test_a_file_that_is_not_there_is_named_without_its_folder(read: object, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: areas\.gpkg") as missing:
        read(tmp_path / "areas.gpkg")  # type: ignore[operator]
    assert str(tmp_path) not in str(missing.value)
