"""Files of what was shared: cells as they were, and nothing that another program would run."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet
import pytest

import share_cases as cases
from riskshare.errors import ArgumentError, PolicyError
from riskshare.io.exports import write
from riskshare.sharing.shared import Shared


@pytest.fixture
def person(tmp_path: Path) -> Shared:
    return cases.to_practitioner(cases.result(), tmp_path)


@pytest.fixture
def places(tmp_path: Path) -> Shared:
    return cases.to_partners(cases.spots(), tmp_path)


def test_json_holds_every_table_and_what_is_not_in_it(person: Shared, tmp_path: Path) -> None:
    read = json.loads(write(person, tmp_path / "x.json").read_text())
    assert set(read["tables"]) == set(person.tables)
    assert read["tables"]["scores"][0]["score"] == person.tables["scores"]["score"].iloc[0]
    assert read["riskshare_stamp"] == person.stamp
    assert {"table": "scores", "field": "log_odds", "reason": "no_permit"} in read["withheld"]
    assert "NaN" not in json.dumps(read)


def test_json_lines_carry_the_stamp_each(person: Shared, tmp_path: Path) -> None:
    first, *lines = [json.loads(line) for line in write(person, tmp_path / "x.jsonl").read_text().splitlines()]
    assert first["decision"] == person.decision
    assert {line["riskshare_stamp"] for line in lines} == {person.stamp}
    assert len(lines) == sum(map(len, person.tables.values()))


def test_csv_rows_carry_the_stamp_each(person: Shared, tmp_path: Path) -> None:
    read = pd.read_csv(write(person, tmp_path / "x.csv", table="scores"))
    assert read["riskshare_stamp"].tolist() == [person.stamp]
    assert read["score"].tolist() == person.tables["scores"]["score"].tolist()


def test_an_empty_table_still_says_for_whom_it_is(person: Shared, tmp_path: Path) -> None:
    assert person.tables["gaps"].empty or len(person.tables["gaps"]) > 0
    bare = cases.to_practitioner(cases.result([cases.fact("a", role="victim")]), tmp_path)
    assert bare.tables["gaps"].empty
    read = pd.read_csv(write(bare, tmp_path / "x.csv", table="gaps"))
    assert read["riskshare_stamp"].tolist() == [bare.stamp]


def test_parquet_carries_its_stamp(person: Shared, places: Shared, tmp_path: Path) -> None:
    for shared, table in ((person, "reasons"), (places, "cells")):
        file = write(shared, tmp_path / "x.parquet", table=table)
        assert pyarrow.parquet.read_schema(file).metadata[b"riskshare_stamp"].decode() == shared.stamp
        assert len(pd.read_parquet(file)) == len(shared.tables[table])
    cells = gpd.read_parquet(file)
    assert cells.crs.to_epsg() == 27700
    assert cells.geometry.area.sum() == pytest.approx(places.tables["cells"].geometry.area.sum())


def test_geojson_is_in_degrees(places: Shared, tmp_path: Path) -> None:
    file = write(places, tmp_path / "x.geojson", table="clusters")
    read = json.loads(file.read_text())
    assert read["riskshare"]["riskshare_stamp"] == places.stamp
    frame = gpd.read_file(file)
    assert len(frame) == len(places.tables["clusters"])
    west, south, east, north = frame.total_bounds
    assert -9 < west <= east < 2
    assert 49 < south <= north < 61


def test_what_has_no_places_is_no_geojson(person: Shared, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="has no places"):
        write(person, tmp_path / "x.geojson", table="scores")


def test_hot_spots_have_a_map_and_a_report(places: Shared, tmp_path: Path) -> None:
    both = [write(places, tmp_path / f"{page}.html", page=page).read_text() for page in ("map", "report")]
    assert both[0] != both[1]
    for text in both:
        assert places.decision[:16] in text
        assert "Content-Security-Policy" in text


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_map_is_a_picture_too(suffix: str, places: Shared, tmp_path: Path) -> None:
    data = write(places, tmp_path / f"x{suffix}").read_bytes()
    assert places.decision[:16].encode() in cases.unzipped(data)


@pytest.mark.parametrize(("argument", "value"), [("path", 3), ("table", 3), ("page", "cover"), ("page", 3)])
def test_an_argument_of_another_kind_is_named(argument: str, value: object, person: Shared, tmp_path: Path) -> None:
    told = {"path": tmp_path / "x.html", argument: value}
    with pytest.raises(ArgumentError, match=f"write.*{argument}"):
        write(person, **told)


def test_a_file_that_cannot_be_made_is_not_logged(person: Shared, tmp_path: Path) -> None:
    before = len(cases.entries(tmp_path))
    with pytest.raises(OSError, match="has none"):
        write(person, tmp_path / "nowhere" / "x.json")
    with pytest.raises(PolicyError, match="no such kind"):
        write(person, tmp_path / "x.docx")
    assert len(cases.entries(tmp_path)) == before
