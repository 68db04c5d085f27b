"""Three hundred hostile names in every text of every data file: no spreadsheet runs one, and no file loses one."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from typing import Any

import geopandas as gpd
import pyarrow.parquet
import pytest

from hostile import FORMULA_STARTS
from hostile_shared import NAMES, hotspots, profiles, subject
from riskshare.io.export_maps import geojson_bytes, geoparquet_bytes
from riskshare.io.export_tables import csv_bytes, json_bytes, json_lines_bytes, parquet_bytes

SHARED = {"hotspots": hotspots, "subject": subject, "profiles": profiles}


@pytest.fixture(scope="module", params=list(SHARED))
def shared(request: pytest.FixtureRequest) -> Any:
    return SHARED[request.param]()


def agreed(shared: Any) -> dict[str, Any]:
    """Return the tables without the one that has a hostile name itself: names of tables and fields are agreed ones."""
    return {name: frame for name, frame in shared.tables.items() if name.isidentifier()}


def runs(cell: str) -> bool:
    """Return whether a spreadsheet may take a cell for a formula, also after it has trimmed it."""
    seen = cell.lstrip("\ufeff \u00a0\u3000")
    return (
        cell.startswith(FORMULA_STARTS)
        or seen.startswith(FORMULA_STARTS)
        or (unicodedata.normalize("NFKC", seen[:1]) in ("=", "+", "-", "@") if seen else False)
    )


def test_no_cell_of_a_csv_file_is_a_formula(shared: Any) -> None:
    for name, frame in agreed(shared).items():
        rows = list(csv.reader(io.StringIO(csv_bytes(shared, frame).decode(), newline="")))
        assert len(rows) == len(frame) + 1
        places = [at for at, head in enumerate(rows[0]) if head != "geometry"]
        assert not [name for row in rows for at in places if runs(row[at])]
        assert {len(row) for row in rows} == {len(rows[0])}


def test_the_test_above_knows_a_formula() -> None:
    assert sum(map(runs, NAMES)) >= 12


def test_names_come_back_from_json_as_they_went_in(shared: Any) -> None:
    tables = json.loads(json_bytes(shared))["tables"]
    lines = [json.loads(line) for line in json_lines_bytes(shared).decode().split("\n") if line]
    assert len(lines) == 1 + sum(len(frame) for frame in shared.tables.values())
    for name, frame in agreed(shared).items():
        first = str(frame.columns[0])
        assert [row[first] for row in tables[name]] == frame[first].tolist()


def test_names_come_back_from_tables_and_maps_as_they_went_in(shared: Any) -> None:
    for frame in agreed(shared).values():
        first = str(frame.columns[0])
        placed = isinstance(frame, gpd.GeoDataFrame)
        data = geoparquet_bytes(shared, frame) if placed else parquet_bytes(shared, frame)
        assert pyarrow.parquet.read_table(io.BytesIO(data))[first].to_pylist() == frame[first].tolist()
        if placed:
            features = json.loads(geojson_bytes(shared, frame))["features"]
            assert [each["properties"][first] for each in features] == frame[first].tolist()
