"""Hot spots, profiles and tables as partners and the public may see them."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import share_cases as cases
import sharing_small
from riskshare.cli.screen import Screen
from riskshare.cli.share import tell_shared
from riskshare.errors import DisclosureError, ReleaseRefusedError
from riskshare.io.exports import write
from riskshare.profiling import PlaceProfiles, profile_places
from riskshare.records.sharing_request import Objection
from riskshare.reporting.shared_report import report
from riskshare.reporting.shared_words import field_words
from riskshare.sharing.asking import SharingRefusedError

SAVED = "403991"
"""The easting of an event."""


def test_partners_see_a_cluster_across_the_border_from_moved_places(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(), tmp_path)
    cluster = shared.tables["clusters"].iloc[0]
    assert set(cluster["authorities"]) <= {"e", "w"}
    assert cluster["n_events"] >= 36
    assert list(shared.tables) == ["cells", "clusters", "areas"]
    assert any("moved to one of" in note for note in shared.notes)
    assert {frame.crs.to_epsg() for frame in shared.tables.values()} == {27700}


def test_no_exact_place_is_in_any_file(tmp_path: Path) -> None:
    for audience in ("partnership", "public"):
        folder = tmp_path / audience
        folder.mkdir()
        shared = cases.to_partners(cases.spots(), folder, audience=audience)
        for name, data in cases.every_file(shared, folder / "out").items():
            assert SAVED.encode() not in cases.unzipped(data), name


def test_the_public_has_cells_of_500_m_and_counts_in_fives(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(cell_m=250), tmp_path, audience="public")
    cells = shared.tables["cells"]
    west, south, east, north = (cells.geometry.bounds[side] for side in ("minx", "miny", "maxx", "maxy"))
    assert ((east - west >= 500) & (north - south >= 500)).all()
    shown = cells["count"].dropna()
    assert (shown % 5 == 0).all()
    assert (shown >= 10).all()
    assert (cells["count"].isna()).sum() == len(cells) - len(shown)
    assert shared.suppressed["n"].sum() > 0


def test_public_coordinates_have_three_decimals(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(), tmp_path, audience="public")
    write(shared, tmp_path / "x.geojson", table="clusters")
    frame = gpd.read_file(tmp_path / "x.geojson")
    at = frame.geometry.get_coordinates().to_numpy()
    assert np.allclose(at, np.round(at, 3), atol=1e-12)


def test_a_hundred_exports_give_one_place(tmp_path: Path) -> None:
    whole = cases.spots()
    seen = {cases.to_partners(whole, tmp_path).tables["cells"].to_json() for _ in range(3)}
    assert len(seen) == 1


def test_counts_of_few_are_withheld_with_what_would_give_them_away(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(), tmp_path)
    cells = shared.tables["cells"]
    assert not cells["count"].dropna().between(1, 4).any()
    for _, part in cells[cells["cluster_id"] != ""].groupby("cluster_id"):
        assert part["count"].isna().all() or part["count"].notna().all()


def test_a_victim_among_the_events_asks_for_ten(tmp_path: Path) -> None:
    points = cases.events(role=["victim"] * 2 + ["place"] * 74, subject_id=[f"S{i}" for i in range(76)])
    shared = cases.to_partners(cases.spots(points), tmp_path)
    assert not shared.tables["cells"]["count"].dropna().between(1, 9).any()
    assert any("victims or witnesses are among them" in note for note in shared.notes)


def test_events_without_a_handling_code_leave_for_nobody(tmp_path: Path) -> None:
    bare = cases.events().drop(columns="handling")
    with pytest.raises(SharingRefusedError, match="handling"):
        cases.to_partners(cases.spots(bare), tmp_path)


def test_events_of_nobody_known_leave_for_nobody(tmp_path: Path) -> None:
    with pytest.raises(SharingRefusedError, match="unknown_agency"):
        cases.to_partners(cases.spots(cases.events(source="a_company")), tmp_path)


def test_hidden_events_do_not_move_the_map(tmp_path: Path) -> None:
    points = cases.events()
    hidden = cases.events(handling="C").assign(geometry=points.geometry.translate(700, -900))
    both = gpd.GeoDataFrame(pd.concat([points, hidden], ignore_index=True), crs=27700)
    one, other = (cases.to_partners(cases.spots(frame), tmp_path) for frame in (points, both))
    for name in one.tables:
        assert one.tables[name].equals(other.tables[name])


def test_whoever_has_a_protected_address_is_on_no_map(tmp_path: Path) -> None:
    def placed(n: int, subject: str) -> dict[str, object]:
        return cases.fact(f"{subject}-{n}", subject_id=subject, easting=403_900.0 + n, northing=302_000.0 + n,
                          indicator="blade_injury", precision_m=1.0)  # fmt: skip

    rows = [placed(n, f"S{n}") for n in range(30)] + [placed(200 + n, "S-hidden") for n in range(9)]
    guard = Objection(subject_id="S-hidden", basis="protected_address", valid_from=sharing_small.START)
    whole = cases.spots(cases.result(rows), indicators=["blade_injury"])
    without = cases.spots(cases.result(rows[:30]), indicators=["blade_injury"])
    seen = cases.to_partners(whole, tmp_path, objections=[guard], agreed=cases.partnership())
    alone = cases.to_partners(without, tmp_path, agreed=cases.partnership())
    assert seen.tables["cells"].equals(alone.tables["cells"])


def test_two_public_maps_that_differ_by_few_are_refused(tmp_path: Path) -> None:
    points = cases.events()
    cases.to_partners(cases.spots(points), tmp_path, audience="public", purpose="violence_reduction")
    with pytest.raises(ReleaseRefusedError):
        cases.to_partners(cases.spots(points.iloc[1:]), tmp_path, audience="public")


def profiles() -> PlaceProfiles:
    at = gpd.points_from_xy([401_000 + 300 * i for i in range(6)], [302_000] * 6)
    told = {"id": [f"b{i}" for i in range(6)], "kind": "home", "name": [f"Home {i}" for i in range(6)]}
    return profile_places(
        cases.events(), gpd.GeoDataFrame(told, geometry=at, crs=27700), areas=cases.areas(),
        population=cases.population(), draws=9,
    )  # fmt: skip


def test_buildings_are_told_together_and_none_by_name(tmp_path: Path) -> None:
    fields = ("authority", "kind", "measure", "n", "observed", "ratio")
    rule = cases.permit("homes", fields, purposes=("violence_reduction",), categories=("statistics",),
                        subject_roles=("place",))  # fmt: skip
    shared = cases.to_partners(profiles(), tmp_path, agreed=cases.partnership(*cases.RULES, rule))
    assert list(shared.tables) == ["areas"]
    for data in cases.every_file(shared, tmp_path / "out").values():
        assert b"Home 1" not in cases.unzipped(data)
        assert b'b1"' not in data
    observed = shared.tables["areas"]["observed"].dropna()
    assert (observed >= 10).all()


def test_tables_without_a_period_are_not_for_the_public(tmp_path: Path) -> None:
    with pytest.raises(SharingRefusedError, match="not_for_the_public"):
        cases.to_partners(profiles(), tmp_path, audience="public")


def test_a_public_map_needs_dates(tmp_path: Path) -> None:
    with pytest.raises(DisclosureError, match="no_period"):
        cases.to_partners(cases.spots(cases.events().drop(columns="date")), tmp_path, audience="public")


def test_kinds_that_hold_one_table_ask_which(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(), tmp_path)
    with pytest.raises(Exception, match="cells, clusters, areas"):
        write(shared, tmp_path / "x.csv")
    with pytest.raises(Exception, match=r"\.gpkg, \.csv"):
        write(shared, tmp_path / "x.xlsx")


def test_a_geopackage_opens_with_its_styles_and_its_stamp(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(), tmp_path)
    file = write(shared, tmp_path / "x.gpkg")
    assert set(gpd.list_layers(file)["name"]) >= {"cells", "clusters", "areas"}
    read = gpd.read_file(file, layer="cells")
    assert read["hot"].sum() == shared.tables["cells"]["hot"].sum()
    with closing(sqlite3.connect(file)) as db:
        styles = dict(db.execute("SELECT f_table_name, styleQML FROM layer_styles"))
        told = dict(db.execute("SELECT name, value FROM riskshare"))
    assert "categorizedSymbol" in styles["cells"]
    assert told["riskshare_stamp"] == shared.stamp
    again = write(shared, tmp_path / "y.gpkg")
    assert again.read_bytes() == file.read_bytes()


def test_a_figure_that_no_cell_holds_is_said_to_be_withheld_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the page, in the log and on the terminal: a table of dashes is not "given"."""
    shared = cases.to_partners(cases.spots(), tmp_path)
    gone = {"expected", "gi_z", "p", "q"}
    assert shared.tables["cells"][sorted(gone)].isna().all(axis=None)
    assert gone.isdisjoint(shared.kept.query("table == 'cells'")["field"])
    why = shared.withheld.query("table == 'cells'").set_index("field")["reason"]
    assert {why[name] for name in gone} == {"counts_withheld"}
    assert gone.isdisjoint(cases.entries(tmp_path)[-1]["fields"])
    cells = " ".join(re.sub("<[^>]*>", " ", report(shared)).partition("Every cell is accounted for")[2].split())
    assert "Cells 128 595 557 1,152 6 6 " in cells  # fields kept, fields withheld
    tell_shared(shared, Screen())
    (line,) = [one for one in " ".join(capsys.readouterr().out.split()).split(" - ") if one.startswith("cells: 128")]
    assert line == "cells: 128 lines of cell_id, geometry, count, hot, looked, cluster_id."


def test_what_enforcement_turned_up_is_headed_so() -> None:
    assert field_words("looked") == "found by our own looking (not counted)"
