"""A GeoPackage with 300 hostile texts wherever a text may stand: two readers, valid styles, nothing taken for SQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pyogrio  # type: ignore[import-untyped]
import pytest

import hostile_shared
import let_through
import share_cases as cases
from riskshare.io.export_maps import geopackage_bytes
from riskshare.reporting.pages import UNSEEN
from riskshare.sharing.shared import Shared

UNREADABLE = re.compile("[\x00\x07\u2028\u202e\ufeff]")
"""Those of the hostile characters that a map program stops at, may not save in its project, or turns text by."""


def told(text: str) -> str:
    return UNREADABLE.sub(UNSEEN, text)


@pytest.fixture(scope="module")
def shared() -> Shared:
    return hostile_shared.hotspots()


@pytest.fixture(scope="module")
def file(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "x.gpkg"
    path.write_bytes(geopackage_bytes(shared))
    return path


@pytest.fixture
def db(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as opened:
        yield opened


def test_there_are_300_and_each_stands_in_every_text(shared: Shared) -> None:
    assert len(set(hostile_shared.NAMES)) == 300
    for name, column in (("areas", "area"), ("cells", "cell_id"), ("clusters", "lead_authority")):
        assert set(shared.tables[name][column]) == set(hostile_shared.NAMES)


def test_sqlite_reads_every_cell(shared: Shared, db: sqlite3.Connection) -> None:
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for name in ("areas", "cells", "clusters"):
        frame = shared.tables[name]
        texts = [column for column in frame if isinstance(frame[column].iloc[0], str)]
        assert len(texts) >= 2
        for column in texts:
            read = [cell for (cell,) in db.execute(f"SELECT {column} FROM {name} ORDER BY fid")]
            assert read == [told(cell) for cell in frame[column]]


def test_a_map_program_reads_every_cell_and_every_shape(shared: Shared, file: Path) -> None:
    for name in ("areas", "cells", "clusters"):
        frame, read = shared.tables[name], gpd.read_file(file, layer=name)
        assert len(read) == 300
        assert read.crs.to_epsg() == 27700
        assert read.geometry.area.sum() == pytest.approx(frame.geometry.area.sum())
        column = {"areas": "authority", "cells": "coverage", "clusters": "cluster_id"}[name]
        assert read[column].tolist() == [told(cell) for cell in frame[column]]


def test_no_name_of_a_table_or_column_is_sql(shared: Shared, file: Path, db: sqlite3.Connection) -> None:
    """The fourth table's name holds all 300, and so do its 300 columns."""
    tables = {name for (name,) in db.execute("SELECT table_name FROM gpkg_contents")}
    assert tables == {"areas", "cells", "clusters", "table_4", "riskshare"}
    columns = [name for _, name, *_ in db.execute("PRAGMA table_info(table_4)")]
    named = [name if name == "constructor" else f"field_{n}" for n, name in enumerate(hostile_shared.NAMES, 1)]
    assert columns == ["fid", *named]
    assert pyogrio.read_dataframe(file, layer="table_4").to_numpy().tolist() == [["x"] * 300]
    every = [name for (name,) in db.execute("SELECT name FROM sqlite_master")]
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in every)
    assert db.execute("SELECT value FROM riskshare WHERE name = 'name of table_4'").fetchone() == (
        told(list(shared.tables)[3]),
    )


def test_styles_are_xml_and_hold_no_text_of_the_data(db: sqlite3.Connection) -> None:
    found = db.execute("SELECT f_table_name, styleName, styleQML, styleSLD FROM layer_styles").fetchall()
    assert {name for name, *_ in found} == {"areas", "cells", "clusters"}
    for name, style_name, qml, sld in found:
        root = ElementTree.fromstring(qml)
        assert (root.tag, style_name, sld) == ("qgis", name, "")
        texts = [value for one in root.iter() for value in (*one.attrib.values(), one.text or "")]
        assert not [text for text in texts if text in hostile_shared.NAMES]
        assert max(map(len, texts)) < 40


def test_what_it_says_about_itself_is_read_to_its_end(shared: Shared, file: Path, db: sqlite3.Connection) -> None:
    said = dict(db.execute("SELECT name, value FROM riskshare").fetchall())
    by_map_program = pyogrio.read_dataframe(file, layer="riskshare").set_index("name")["value"].to_dict()
    assert said == by_map_program
    assert said["purpose"] == told(shared.purpose)
    assert said["riskshare_stamp"] == told(shared.stamp)
    described = [text for (text,) in db.execute("SELECT description FROM gpkg_contents")]
    described += [text for (text,) in db.execute("SELECT description FROM layer_styles")]
    assert set(described) == {told(shared.stamp)}
    assert len(described) == 8


def test_the_names_of_an_ordinary_file_are_its_own(tmp_path: Path) -> None:
    places = cases.to_partners(cases.spots(), tmp_path)
    (tmp_path / "x.gpkg").write_bytes(geopackage_bytes(places))
    assert set(pyogrio.list_layers(tmp_path / "x.gpkg")[:, 0]) == {*places.tables, "riskshare"}
    cells = gpd.read_file(tmp_path / "x.gpkg", layer="cells")
    assert set(cells) == set(places.tables["cells"])


def test_the_same_content_is_the_same_bytes_whenever_it_is_written(shared: Shared, file: Path) -> None:
    """GDAL counts one change more where a second passes while it writes; neither counter may tell."""
    data = file.read_bytes()
    assert geopackage_bytes(shared) == data
    assert (data[24:28], data[92:96]) == (b"\0\0\0\1",) * 2


@pytest.mark.parametrize("name", ["riskshare", "layer_styles", "gpkg_contents", "sqlite_master", "rtree_areas_geom"])
def test_no_table_takes_the_place_of_one_that_the_format_needs(name: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"fid": ["a"], "geom": ["b"], "rowid": ["c"]})
    made = let_through.shared("table", {"areas": let_through.areas(), name: frame})
    (tmp_path / "x.gpkg").write_bytes(geopackage_bytes(made))
    assert pyogrio.read_dataframe(tmp_path / "x.gpkg", layer="table_2").to_numpy().tolist() == [["a", "b", "c"]]
