"""`riskshare profile`: files in, internal files out, every choice said; protected buildings stay out of sight."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from riskshare.cli.app import app, metres
from riskshare.cli.faults import ExitCode
from riskshare.errors import MissingExtraError
from riskshare.profiling import PlaceProfiles, profile_places
from riskshare.reporting import profile_chart
from riskshare.reporting.profile_words import profile_sentences, times

X, Y = 430_000.0, 340_000.0
SECRET = "Larch House"
HOMES = [(1_000.0 + 1_000 * a, 1_000.0 + 1_000 * b) for a in range(3) for b in range(2)]
TRACES = (SECRET, "ref-1", "ref-6", "431000", "432000", "431,000")


def land() -> gpd.GeoDataFrame:
    shapes = [shapely.box(X, Y, X + 4_000, Y + 3_000), shapely.box(X + 4_000, Y, X + 8_000, Y + 3_000)]
    return gpd.GeoDataFrame({"code": ["left", "right"]}, geometry=shapes, crs=27700)


def homes() -> gpd.GeoDataFrame:
    """Six protected homes in the one authority, and a school in the other."""
    names = [*[f"{SECRET} {n}" for n in range(6)], "Orchard High"]
    columns = {
        "id": [f"ref-{n + 1}" for n in range(7)], "name": names, "kind": ["home"] * 6 + ["school"],
        "protected": [True] * 6 + [False],
    }  # fmt: skip
    shapes = [shapely.Point(X + east, Y + north) for east, north in [*HOMES, (6_000.0, 1_500.0)]]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=27700)


def happened() -> pd.DataFrame:
    """Two events near each home and fifteen more near the first; reports at its door; some scattered elsewhere."""
    near = [(x + 60, y) for x, y in HOMES for _ in range(2)] + [(HOMES[0][0] + 120, HOMES[0][1])] * 15
    doors = [HOMES[0]] * 9
    school = [(6_300.0, 1_500.0)] * 7
    spread = np.random.default_rng(4).uniform((4_100, 0), (5_400, 3_000), (60, 2)).tolist()  # near no building
    places = np.array([*near, *doors, *school, *spread])
    kinds = ["violence"] * len(near) + ["missing_episode"] * 9 + ["violence"] * (7 + 60)
    return pd.DataFrame({"easting": X + places[:, 0], "northing": Y + places[:, 1], "category": kinds})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("places")
    land().to_file(folder / "areas.geojson", driver="GeoJSON")
    homes().to_file(folder / "buildings.geojson", driver="GeoJSON")
    happened().to_csv(folder / "events.csv", index=False)
    table = {"easting": [X], "northing": [Y], "cell_m": [8_000], "population": [24_000]}
    pd.DataFrame(table).to_csv(folder / "population.csv", index=False)
    return folder


def run(data: Path, *more: object, population: bool = True) -> tuple[int, str, str]:
    """Run the command on the files; options given again win."""
    given = [data / "events.csv", "--areas", data / "areas.geojson", "--buildings", data / "buildings.geojson"]
    given += ["--population", data / "population.csv"] if population else []
    result = CliRunner().invoke(app, ["profile", *map(str, given), *map(str, more)])
    return result.exit_code, " ".join(result.stdout.split()), result.stderr


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_files_are_internal_and_owner_only(data: Path, tmp_path: Path) -> None:
    code, said, told = run(data, "--out", tmp_path / "out")
    assert (code, told) == (ExitCode.OK, "")
    assert names_in(tmp_path / "out") == [
        "authorities-practitioner.internal.csv", "bands-practitioner.internal.csv",
        "buildings-practitioner.internal.gpkg", "curve-practitioner.internal.csv",
        "profiles-practitioner.internal.png", "profiles-practitioner.internal.txt",
    ]  # fmt: skip
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "out").iterdir()} == {0o600}
    assert said.count("readable by you alone") == 6
    report = (tmp_path / "out" / "profiles-practitioner.internal.txt").read_text(encoding="utf-8")
    assert report.splitlines()[0].startswith("INTERNAL")
    assert SECRET in report
    bands = pd.read_csv(tmp_path / "out" / "bands-practitioner.internal.csv")
    assert bands["status"].unique().tolist() == ["internal"]
    assert len(bands) == 21
    read = gpd.read_file(tmp_path / "out" / "buildings-practitioner.internal.gpkg")
    assert read.crs.to_epsg() == 27700
    assert read["observed"].sum() == pd.read_csv(tmp_path / "out" / "bands-practitioner.internal.csv")["observed"].sum()


def test_every_choice_is_said_with_its_unit(data: Path) -> None:
    _, said, _ = run(data)
    for choice in (
        "Bands end at 100, 250, 500 m, half-open; up to 25 m is a building's own address.", "cells of 100 m",
        "each square of 250 m", "missing_episode, missing_person", "false discovery rate of 0.05", "999 draws",
        "Seed of the draws: 0.", "no coverage given", "no column `source`", "no time of day", "9 reports of missing",
    ):  # fmt: skip
        assert choice in said or choice.replace("no time of day", "no column `date`") in said, choice


def test_the_screen_tells_of_the_excess_by_id_and_never_by_name(data: Path) -> None:
    _, said, _ = run(data)
    assert "ref-1 (home, left, protected): 17 events within 250 m" in said
    first = said.split("- ref-2")[0]
    assert "That is more than chance gives." in first
    assert "at its own address (up to 25 m): 9 reports of duties." in first
    assert "more than chance gives" not in said.split("- ref-2")[1]
    assert SECRET not in said
    assert "431" not in said


def test_without_people_nothing_is_found(data: Path) -> None:
    _, said, _ = run(data, population=False)
    assert "17 events within 250 m, with nothing to expect from." in said
    assert "more than chance" not in said
    assert "No population was given" in said
    assert "false discovery rate" not in said


@pytest.mark.parametrize("audience", ["partnership", "public"])
def test_below_practitioners_no_file_and_no_word_holds_a_trace(data: Path, tmp_path: Path, audience: str) -> None:
    code, said, _ = run(data, "--audience", audience, "--out", tmp_path)
    _, document, _ = run(data, "--audience", audience, "--json")
    assert code == ExitCode.OK
    kept = [file for file in tmp_path.iterdir() if "bands" in file.name or "curve" in file.name]
    assert kept == []
    held = said + document
    for file in tmp_path.iterdir():
        assert f"-{audience}.internal" in file.name
        held += file.read_bytes().decode("latin-1")
        if file.suffix == ".gpkg":
            assert gpd.read_file(file)["building_id"].tolist() == ["ref-7"]
    assert not [trace for trace in TRACES if trace in held]
    assert "left, 6 buildings (home): 27 events within 500 m of any of them" in said
    assert ("Orchard High" in said) == (audience == "partnership")


def test_json_is_one_document_of_plain_values(data: Path) -> None:
    code, text, _ = run(data, "--json")
    found = json.loads(text)
    assert code == ExitCode.OK
    assert found["internal"] is True
    assert found["buildings"][0]["building_id"] == "ref-1"
    assert found["buildings"][0]["excess"] is True
    assert found["buildings"][0]["authorities"] == ["left"]
    assert [band["observed"] for band in found["bands"][:3]] == [2, 15, 0]
    assert SECRET not in text
    assert "431000" not in text


def test_quiet_prints_nothing(data: Path) -> None:
    assert run(data, "--quiet") == (ExitCode.OK, "", "")


def test_bands_address_and_duties_are_options(data: Path) -> None:
    _, said, _ = run(data, "--bands", "200,400", "--own-m", 50, "--duty", "staff_report")
    assert "Bands end at 200, 400 m, half-open; up to 50 m is a building's own address." in said
    assert "Reports of duties, which never count: staff_report." in said
    # A missing episode is an event at the address then: that is for whoever says so.
    assert "at its own address (up to 50 m): 9 events." in said
    assert metres("100, 250") == (100.0, 250.0)


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--bands", "100,far"), ExitCode.USAGE, "Bands are distances in metres"),
        (("--bands", "250,100"), ExitCode.USAGE, "rising distances"),
        (("--own-m", "100"), ExitCode.USAGE, "--own-m must be"),
        (("--level", "2"), ExitCode.USAGE, "level must be"),
        (("--audience", SECRET), ExitCode.USAGE, "cannot be used"),
        (("--buildings", "none.geojson"), ExitCode.NOT_WRITTEN, "could not be read"),
        (("--duty", "violence", "--duty", "missing_episode"), ExitCode.PROBLEMS, "no_events"),
    ],
)
def test_what_goes_wrong_has_its_code_and_repeats_no_value(
    data: Path, more: tuple[str, ...], code: ExitCode, words: str
) -> None:
    found, said, told = run(data, *more)
    assert (found, said) == (code, "")
    assert words in " ".join(told.replace("│", " ").split())
    assert SECRET not in told


@pytest.mark.parametrize("bands", ["250,100", "1e200", "inf"])
def test_what_is_wrong_with_an_option_is_told_by_the_name_typed(data: Path, bands: str) -> None:
    code, _, told = run(data, "--bands", bands, "--own-m", "300", "--level", "7")
    said = " ".join(told.split())
    assert code == ExitCode.USAGE
    assert said.startswith("Profiles: --bands must be one or more rising distances in metres up to 1,000,000, such as")
    assert "100,250,500" in said
    assert "--level must be a number" in said
    assert not any(name in said for name in ("bands_m", "own_m", "profile_places"))


def test_faults_of_a_table_of_buildings_are_listed_at_once(data: Path, tmp_path: Path) -> None:
    bad = homes().assign(id=["ref-1", "ref-1", None, "ref-4", "ref-5", "ref-6", "ref-7"])
    bad.loc[4, "geometry"] = None
    bad.to_file(tmp_path / "bad.geojson", driver="GeoJSON")
    code, _, told = run(data, "--buildings", tmp_path / "bad.geojson")
    assert code == ExitCode.PROBLEMS
    assert all(name in told for name in ("blank_building_id", "duplicate_building_id", "building_without_place"))
    assert SECRET not in told


def test_buildings_may_be_a_table(data: Path, tmp_path: Path) -> None:
    where = homes()
    table = pd.DataFrame(where.drop(columns="geometry")).assign(easting=where.geometry.x, northing=where.geometry.y)
    table.to_csv(tmp_path / "buildings.csv", index=False)
    assert run(data, "--json")[1] == run(data, "--buildings", tmp_path / "buildings.csv", "--json")[1]


# ------------------------------------------------------------------------------------------------ words and picture


def profiled(**options: Any) -> PlaceProfiles:
    table = happened()
    points = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["easting"], table["northing"]), crs=27700)
    return profile_places(points, homes(), areas=land(), **{"null": "uniform", "draws": 99, **options})


def test_the_picture_has_a_line_a_band_and_no_name() -> None:
    from matplotlib import pyplot

    found = profiled()
    figure = found.plot()
    axes = figure.axes[0]
    words = [text.get_text() for text in axes.texts]
    assert len(axes.get_yticklabels()) == 21
    assert words[0] == "2 seen, 0.2 expected" or "ref-1  home, left" in words
    assert axes.get_xscale() == "log"
    assert SECRET not in " ".join([*words, *(text.get_text() for text in figure.axes[1].texts)])
    # The first home has an excess: its inner bands are red, the outermost and all others are not.
    red = [line for line in axes.lines if line.get_color() == profile_chart.EXCESS and len(line.get_xdata()) == 2]
    assert len(red) == 2
    pyplot.close(figure)


@pytest.mark.parametrize(
    "options",
    [{"null": None}, {"audience": "partnership"}, {"audience": "public", "bands_m": (50,)}, {"bands_m": (300,)}],
)
def test_every_kind_of_profile_can_be_drawn_and_told(options: dict[str, Any]) -> None:
    from matplotlib import pyplot

    found = profiled(**options)
    figure = found.plot()
    assert figure.axes[0].get_xlabel()
    if options.get("null", "") is None or "audience" in options:
        assert figure.axes[0].get_xlabel() == "events"
    assert len(found.sentences()) == {"partnership": 2, "public": 1}.get(options.get("audience", ""), 7)
    assert found._repr_html_().startswith("<p>Around")
    pyplot.close(figure)


def test_more_buildings_than_fit_leave_out_those_without_an_excess(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import pyplot

    monkeypatch.setattr(profile_chart, "MOST_DRAWN", 2)
    figure = profiled().plot()
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "ref-1  home, left" in words
    assert "(5 more stand in the tables)" in figure.get_suptitle()
    pyplot.close(figure)


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    found = profiled()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match="Drawing profiles"):
        found.plot()


def test_names_are_given_only_where_they_are_asked_for() -> None:
    found = profiled()
    assert SECRET not in " ".join([*found.sentences(), found._repr_html_(), repr(found)])
    assert f"ref-1 ({SECRET} 0, home, left, protected)" in found.sentences(named=True)[0]


def test_what_the_sentences_say_of_precision_rank_and_border() -> None:
    found = profiled()
    table = found.buildings.assign(may_be_own_address=3, crosses_boundary=True, own_address=1)
    first = profile_sentences(table.assign(authorities=[("left", "right")] * 7), found.bands)[0]
    assert "9 reports of duties and 1 other event." in first
    assert "3 events above may have happened at the address" in first
    assert "Among 6 of its kind it ranks 1 to 1" in first
    assert first.endswith("The ground around it is shared by left and right.")
    assert profile_sentences(found.buildings.iloc[:0], found.bands) == ()
    assert times(None) == "no upper end"  # type: ignore[arg-type]
