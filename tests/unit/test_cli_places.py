"""`riskshare hotspots`: a file in, internal files out, every choice said, and problems of input named."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from riskshare.cli.app import app
from riskshare.cli.faults import ExitCode
from riskshare.errors import PlaceError
from riskshare.io.points import read_areas, read_points, read_table


@pytest.fixture
def areas(tmp_path: Path) -> Path:
    shapes = [shapely.box(400_000, 300_000, 402_500, 302_500), shapely.box(402_500, 300_000, 405_000, 302_500)]
    frame = gpd.GeoDataFrame({"code": ["w", "e"], "name": ["West", "East"]}, geometry=shapes, crs=27700)
    frame.to_file(tmp_path / "areas.gpkg")
    return tmp_path / "areas.gpkg"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    places = [(402_490, 301_000), (402_510, 301_000)] * 12 + [(400_100 + 311 * k, 300_100 + 173 * k) for k in range(12)]
    table = pd.DataFrame(places, columns=["easting", "northing"]).assign(month="2026-03")
    table.to_csv(tmp_path / "events.csv", index=False)
    return tmp_path / "events.csv"


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["hotspots", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_files_are_internal_and_owner_only(events: Path, areas: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text, _ = run(events, "--areas", areas, "--resamples", 2, "--out", out)
    assert code == ExitCode.OK
    assert sorted(file.name for file in out.iterdir()) == [
        "cells.internal.gpkg", "clusters.internal.gpkg", "hotspots.internal.png", "hotspots.internal.txt",
    ]  # fmt: skip
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o600}
    assert "no finding of significance" in " ".join(text.split())
    assert "250 m" in text
    read = gpd.read_file(out / "clusters.internal.gpkg")
    assert read.crs.to_epsg() == 27700
    assert read["authorities"].iloc[0] == "e;w"


def test_json_is_one_document_without_places(events: Path, areas: Path) -> None:
    code, text, _ = run(events, "--areas", areas, "--resamples", 0, "--json")
    assert code == ExitCode.OK
    found = json.loads(text)
    assert found["internal"] is True
    assert found["n_events"] == 36
    assert found["clusters"][0]["crosses_boundary"] is True
    assert "402490" not in text


def test_quiet_prints_nothing(events: Path, areas: Path) -> None:
    assert run(events, "--areas", areas, "--resamples", 0, "--quiet") == (ExitCode.OK, "", "")


def test_a_problem_of_input_has_its_code(areas: Path, tmp_path: Path) -> None:
    (tmp_path / "far.csv").write_text("easting,northing\n100000,100000\n")
    code, _, told = run(tmp_path / "far.csv", "--areas", areas)
    assert code == ExitCode.PROBLEMS
    assert "no_overlap" in told
    code, _, told = run(tmp_path / "none.csv", "--areas", areas)
    assert code == ExitCode.NOT_WRITTEN


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.txt", "easting,northing\n1,2\n", "unknown_file_kind"),
        ("a.csv", "x,y\n1,2\n", "no_coordinates"),
        ("a.csv", "easting,northing\nMARKER,2\n", "bad_coordinates"),
        ("a.csv", "", "unreadable_file"),
        ("a.gpkg", "MARKER", "unreadable_file"),
        ("a.parquet", "MARKER", "unreadable_file"),
    ],
)
def test_points_that_cannot_be_read(tmp_path: Path, name: str, text: str, code: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(PlaceError) as caught:
        read_points(tmp_path / name)
    assert caught.value.problems[0].code == code
    assert "MARKER" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_kind_of_file_gives_the_same_points(tmp_path: Path) -> None:
    table = pd.DataFrame({"longitude": [-1.7, None], "latitude": [53.4, None], "month": ["2026-03", "2026-02"]})
    table.to_csv(tmp_path / "a.csv.gz", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    one, two = read_points(tmp_path / "a.csv.gz"), read_points(tmp_path / "a.parquet")
    assert one["date"].tolist() == two["date"].tolist() == ["2026-03", "2026-02"]
    assert one.geometry.iloc[0].equals(two.geometry.iloc[0])
    assert one.crs.to_epsg() == 4326
    one.iloc[:1].to_file(tmp_path / "a.geojson", driver="GeoJSON")
    assert read_points(tmp_path / "a.geojson").geometry.iloc[0].equals(one.geometry.iloc[0])


def test_areas_must_be_a_map_and_tables_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("code\nw\n")
    with pytest.raises(PlaceError, match="unknown_file_kind"):
        read_areas(tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv")["code"].tolist() == ["w"]
    (tmp_path / "a.gpkg").write_text("")
    with pytest.raises(PlaceError, match="unknown_file_kind"):
        read_table(tmp_path / "a.gpkg")


# ------------------------------------------------------------------------------------- covariates, recording, a rule


@pytest.fixture
def forces(tmp_path: Path) -> Path:
    """Two forces' events over two areas of 10 km: 600 in the west, 360 in the east."""
    rng = np.random.default_rng(0)
    east = np.concatenate([rng.uniform(400_000, 410_000, 600), rng.uniform(410_000, 420_000, 360)])
    north = rng.uniform(300_000, 310_000, 960)
    by = np.where(east < 410_000, "force a", "force b")
    table = pd.DataFrame({"easting": east, "northing": north, "source": "police", "recorded_by": by})
    table.to_csv(tmp_path / "events.csv", index=False)
    return tmp_path / "events.csv"


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    shapes = [shapely.box(400_000, 300_000, 410_000, 310_000), shapely.box(410_000, 300_000, 420_000, 310_000)]
    frame = gpd.GeoDataFrame({"code": ["w", "e"], "name": ["West", "East"]}, geometry=shapes, crs=27700)
    frame.to_file(tmp_path / "wide.gpkg")
    return tmp_path / "wide.gpkg"


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    east, north = (
        part.ravel() for part in np.meshgrid(400_000 + 1_000 * np.arange(20), 300_000 + 1_000 * np.arange(10))
    )
    table = pd.DataFrame({"easting": east, "northing": north, "cell_m": 1_000})
    table.assign(population=50).to_csv(tmp_path / "people.csv", index=False)
    table.assign(deprivation=(east // 1_000) % 3).to_csv(tmp_path / "deprivation.csv", index=False)
    return tmp_path


def test_recording_practice_is_estimated_told_drawn_and_written(forces: Path, wide: Path, squares: Path) -> None:
    out = squares / "out"
    code, text, _ = run(forces, "--areas", wide, "--population", squares / "people.csv", "--recording", "--snap-m", 20,
                        "--cell-m", 1000, "--resamples", 3, "--out", out)  # fmt: skip
    assert code == ExitCode.OK
    told = " ".join(text.split())
    assert "Recording practice" in told
    assert "force b records 0." in told
    assert "Allowed for recording practice in what is expected" in told
    assert "20 m at the line are left out" not in told  # the practice's own notes stand with its picture
    new = {"recording.internal.png", "recording_ratios.internal.csv", "recording_offsets.internal.csv"}
    assert new <= {file.name for file in out.iterdir()}
    assert {stat.S_IMODE(file.stat().st_mode) for file in out.iterdir()} == {0o600}
    assert pd.read_csv(out / "recording_offsets.internal.csv")["compared_with"].tolist() == ["force b", "force a"]


def test_a_second_sources_file_is_compared_by_and_never_counted(forces: Path, wide: Path, squares: Path) -> None:
    rng = np.random.default_rng(1)
    second = pd.DataFrame(
        {"easting": rng.uniform(400_000, 420_000, 800), "northing": rng.uniform(300_000, 310_000, 800)}
    )
    second.to_csv(squares / "ambulance.csv", index=False)
    coverage = pd.DataFrame({"source": "police", "area": ["w", "e"], "from": "", "until": ""})
    coverage.to_csv(squares / "coverage.csv", index=False)
    code, text, err = run(forces, "--areas", wide, "--population", squares / "people.csv", "--recording", "--json",
                        "--second-file", squares / "ambulance.csv", "--second-source", "ambulance", "--resamples", 0,
                        "--coverage", squares / "coverage.csv", "--cell-m", 1000)  # fmt: skip
    assert code == ExitCode.OK, err
    found = json.loads(text)
    assert found["n_events"] == 960
    kinds = {row["information"]: row for row in found["recording"]["ratios"]}
    assert set(kinds) == {"together", "boundary", "second source"}
    assert kinds["second source"]["lower"] < 0.6 < kinds["second source"]["upper"]
    assert found["recording"]["offsets"][0]["estimable"] is True


def test_covariates_tell_need_and_the_json_holds_them(forces: Path, wide: Path, squares: Path) -> None:
    code, text, _ = run(forces, "--areas", wide, "--population", squares / "people.csv", "--cell-m", 1000, "--json",
                        "--covariates", squares / "deprivation.csv", "--resamples", 0)  # fmt: skip
    assert code == ExitCode.OK
    (line,) = json.loads(text)["covariates"]
    assert line["covariate"] == "deprivation"
    assert line["lower"] < 0.0 < line["upper"]


def test_a_rule_for_reports_without_claim_ids(wide: Path, tmp_path: Path) -> None:
    rows = [("police", "a", 0), ("ambulance", "a", 0), ("hospital", None, 60), ("hospital", None, 900)]
    table = pd.DataFrame(rows, columns=["source", "claim_id", "easting"]).assign(date="2026-03-01", northing=305_000)
    table["easting"] += 402_500
    table.to_csv(tmp_path / "doubled.csv", index=False)
    for given, counted in (((), 3), (("--join-within", 150, 1), 2)):
        code, text, _ = run(tmp_path / "doubled.csv", "--areas", wide, "--resamples", 0, "--json", *given)
        assert code == ExitCode.OK
        assert json.loads(text)["n_events"] == counted


def test_what_is_for_recording_alone_is_refused_without_it(forces: Path, wide: Path) -> None:
    code, _, told = run(forces, "--areas", wide, "--second-source", "ambulance")
    assert code == ExitCode.USAGE
    assert "give that too" in " ".join(told.split())
    code, _, told = run(forces, "--areas", wide, "--recording", "--resamples", 0)
    assert code == ExitCode.PROBLEMS
    assert "recording_without_expectation" in told


# ------------------------------------------------------------------------------------------------ buildings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home on the border, at whose door 12 of the 36 events happened."""
    table = pd.DataFrame({"id": ["B1"], "name": ["Larch House"], "easting": [402_490], "northing": [301_000]})
    table.to_csv(tmp_path / "homes.csv", index=False)
    return tmp_path / "homes.csv"


def test_what_happens_at_a_homes_own_door_is_told_apart(events: Path, areas: Path, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text, err = run(events, "--areas", areas, "--buildings", home, "--resamples", 0, "--out", out)
    assert code == ExitCode.OK, err
    assert "24 events within 25 m of 1 of the 1 buildings given are taken as those buildings' own" in " ".join(
        text.split()
    )
    report = (out / "hotspots.internal.txt").read_text()
    assert "24 events within 25 m" in report
    assert not any("Larch House" in said for said in (text, report))
    near = run(events, "--areas", areas, "--buildings", home, "--own-m", 10, "--resamples", 0, "--json")[1]
    found = json.loads(near)
    assert (found["n_events"], found["n_at_own_addresses"]) == (24, 12)
    assert found["at_own_addresses"] == [{"building": "B1", "kind": "not stated", "protected": True, "n_events": 12}]
    assert json.loads(run(events, "--areas", areas, "--resamples", 0, "--json")[1])["at_own_addresses"] == []


def test_faults_of_buildings_and_of_options_are_told_by_the_name_typed(events: Path, areas: Path, home: Path) -> None:
    home.write_text("id,easting,northing\nB1,402490,301000\nB1,402490,301000\n")
    code, _, told = run(events, "--areas", areas, "--buildings", home)
    assert code == ExitCode.PROBLEMS
    assert "duplicate_building_id" in told
    code, _, told = run(events, "--areas", areas, "--join-within", 0, 1, "--level", 2)
    said = " ".join(told.split())
    assert code == ExitCode.USAGE
    assert "--join-within must be metres above 0 and whole days of 0 or more, such as 150 1." in said
    assert "--level must be a number above 0 and below 1." in said
    assert not any(name in said for name in ("hotspots()", "join_within"))


def test_without_a_population_nobody_is_said_to_find_anything(events: Path, areas: Path) -> None:
    text = " ".join(run(events, "--areas", areas, "--resamples", 0)[1].split())
    assert "own data too." in text or "nobody's own data" in text
    assert "would have found it alone" not in text
