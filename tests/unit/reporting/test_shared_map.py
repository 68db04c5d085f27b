"""The map and the picture that can leave, looked at from inside: layers, bytes, what is told and what is not."""

from __future__ import annotations

import json
import re
import struct
import sys
import xml.etree.ElementTree as ET
import zlib
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import let_through
from hostile import hostile
from riskshare.errors import MissingExtraError, PolicyError
from riskshare.reporting.shared_layers import bounds, layers_of
from riskshare.reporting.shared_map import shared_map
from riskshare.reporting.shared_picture import PICTURES, draw_shared, shared_picture
from riskshare.reporting.shared_sections import suppressed_lines, withheld_lines
from riskshare.sharing.shared import Shared

SVG = "{http://www.w3.org/2000/svg}"


def island(shared: Shared) -> dict[str, Any]:
    found = re.search(r'id="map-data">(.*?)</script>', shared_map(shared), flags=re.DOTALL)
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


def points() -> Shared:
    homes = gpd.GeoDataFrame(
        {"building_id": ["B1", "B2"]}, geometry=[shapely.Point(430_100, 330_100), None], crs=let_through.BNG
    )
    return let_through.shared("profiles", {"buildings": homes})


def test_layers_lie_from_the_ground_up_and_hold_what_they_say() -> None:
    layers = layers_of(let_through.shared(), "test")
    assert [(layer.name, len(layer.shapes), layer.shown) for layer in layers] == [
        ("areas", 3, True), ("counts", 3, False), ("cells", 2, True), ("clusters_only", 1, True),
    ]  # fmt: skip
    assert layers[2].told[0].splitlines()[:2] == ["cell: SK43151", "how many: 12"]
    assert "430" not in repr(layers)


def test_places_are_told_to_whole_metres() -> None:
    odd = gpd.GeoDataFrame({"cluster_id": ["C1"]}, geometry=[shapely.box(1.234, 2.345, 99.876, 98.765)],
                           crs=let_through.BNG)  # fmt: skip
    layer = layers_of(let_through.shared(tables={"clusters": odd}), "test")[0]
    assert shapely.bounds(layer.shapes[0]).tolist() == [1, 2, 100, 99]


def test_a_point_without_a_place_is_left_out() -> None:
    layers = layers_of(points(), "test")
    assert [(layer.name, layer.look.kind, len(layer.shapes)) for layer in layers] == [("buildings", "point", 1)]
    assert bounds(layers) == (430_096, 330_096, 430_104, 330_104)
    assert "B1" in shared_map(points())
    assert len(shared_picture(points(), "svg")) > 1000


def test_what_has_no_place_is_no_map() -> None:
    for make in (shared_map, draw_shared):
        with pytest.raises(PolicyError, match="Make a report"):
            make(let_through.subject())
    with pytest.raises(PolicyError, match="png, svg, pdf"):
        shared_picture(let_through.shared(), "bmp")


def test_the_same_input_gives_the_same_bytes() -> None:
    assert shared_map(let_through.shared()) == shared_map(let_through.shared())
    for suffix in PICTURES:
        assert shared_picture(let_through.shared(), suffix) == shared_picture(let_through.shared(), suffix)


def test_nothing_of_the_drawing_is_markup_or_code() -> None:
    """Bokeh's own tooltips are markup, and its callbacks are code: neither is used."""
    text = json.dumps(island(let_through.shared())["item"])
    assert '"tooltips": null' in text
    assert not re.search(r"CustomJS|FuncTick|Div|HTML|MathText|TeX", text)


def test_each_switch_and_button_of_the_page_has_its_script_and_its_words() -> None:
    text = shared_map(let_through.shared())
    for layer in island(let_through.shared())["layers"]:
        assert text.count(f'id="show-{layer["name"]}"') == 1
        assert f'for="show-{layer["name"]}"' in text
    assert text.count('<input type="checkbox"') == 4
    assert len(re.findall(r'<button type="button" id="go-[a-z-]+" aria-label="', text)) == 7


def test_a_long_list_is_folded_and_whole() -> None:
    ground = [shapely.box(1000 * i, 0, 1000 * i + 500, 500) for i in range(61)]
    cells = gpd.GeoDataFrame(
        {"cell_id": [f"X{i}" for i in range(61)], "hot": True}, geometry=ground, crs=let_through.BNG
    )
    text = shared_map(let_through.shared(tables={"cells": cells}))
    assert "<summary>All 61, as a table</summary>" in text
    assert text.count('<th scope="row">X') == 61


def test_empty_findings_say_so_on_the_map() -> None:
    tables = let_through.hotspots()
    shared = let_through.shared(tables={"areas": tables["areas"], "clusters": tables["clusters"].iloc[:0]})
    assert "Hot spots: none that may be shown." in shared_map(shared)


def test_recording_practice_allowed_for_is_a_layer_of_its_own() -> None:
    tables = let_through.hotspots()
    tables["cells"]["hot_after_adjustment"] = [True, True, False, False, False, False]
    names = [layer.name for layer in layers_of(let_through.shared(tables=tables), "test")]
    assert "cells_after" in names


def test_pictures_carry_their_stamp_in_sight_and_in_their_metadata() -> None:
    shared = let_through.shared()
    root = ET.fromstring(shared_picture(shared, "svg"))
    seen = " ".join(text for each in root.iter(f"{SVG}text") for text in each.itertext())
    assert "For analyst at council. Purpose: violence_reduction." in re.sub(r"\s+", " ", seen)
    assert shared.stamp in "".join(root.find(f"{SVG}metadata").itertext())  # type: ignore[union-attr]
    assert shared.stamp.encode() in texts_of_png(shared_picture(shared, "png"))
    pdf = shared_picture(shared, "pdf")
    assert b"/Subject" in pdf
    assert b"CreationDate" not in pdf


def test_a_picture_says_what_is_not_on_it() -> None:
    """A picture goes about without its page."""
    shared = let_through.shared()
    root = ET.fromstring(shared_picture(shared, "svg"))
    seen = re.sub(r"\s+", " ", " ".join(text for each in root.iter(f"{SVG}text") for text in each.itertext()))
    assert len(withheld_lines(shared)) + len(suppressed_lines(shared)) > 1
    for table, fields, reason in withheld_lines(shared):
        assert f"Withheld from {table}: {fields} ({reason})." in seen
    for table, what, number, reason in suppressed_lines(shared):
        assert f"Suppressed in {table}: {number} {what} ({reason})." in seen


def texts_of_png(data: bytes) -> bytes:
    found, place = b"", 8
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        found += body if kind == b"tEXt" else zlib.decompress(body.split(b"\0", 2)[-1]) if kind == b"zTXt" else b""
        place += 12 + size
    return found


def test_no_name_breaks_a_picture_or_becomes_part_of_it() -> None:
    """Dollars are no formula, letters without a shape are marked, and no name is an element."""
    names = hostile()
    tables = {"areas": let_through.areas(names[:60])}
    plain_ = ET.fromstring(shared_picture(let_through.shared(tables={"areas": let_through.areas(["x"] * 60)}), "svg"))
    root = ET.fromstring(shared_picture(let_through.shared(tables=tables, title=names[40]), "svg"))
    assert {each.tag for each in root.iter()} == {each.tag for each in plain_.iter()}


@pytest.mark.parametrize(("module", "make"), [("bokeh.embed", shared_map), ("matplotlib", shared_picture)])
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, module: str, make: Any) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match="maps"):
        make(let_through.shared(), *(["png"] if make is shared_picture else []))


def test_a_missing_name_of_an_authority_is_its_code() -> None:
    bare = let_through.areas()[["authority", "geometry"]]
    assert layers_of(let_through.shared(tables={"areas": bare}), "test")[0].labels == ("area0", "area1", "area2")
    assert pd.Series(layers_of(let_through.shared(), "test")[0].labels).tolist() == list(let_through.AREAS)
