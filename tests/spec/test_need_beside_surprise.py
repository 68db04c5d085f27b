"""Circumstances in what is expected: a hard-pressed place is not surprising for what it is, and stays on the map.

Twelve by twelve kilometres in two authorities, 100 people a square of 1 km. One corner of nine squares is deprived,
many others are so in part, and events rise with deprivation. Elsewhere stands a hot spot that nothing explains.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point, box

from riskshare.errors import PlaceError
from riskshare.reporting.spot_map import marks
from riskshare.spots import HotSpots, hotspots

WEST, SOUTH, SIDE = 400_000, 300_000, 12
RISE = 0.7
"""Planted: e^0.7, twice as many events, for each step of deprivation."""
CORNER, HOT = Point(WEST + 1_500, SOUTH + 1_500), Point(WEST + 8_100, SOUTH + 8_100)

AREAS = gpd.GeoDataFrame(
    {"code": ["left", "right"], "name": ["Left", "Right"]},
    geometry=[box(WEST, SOUTH, WEST + 6_000, SOUTH + 12_000), box(WEST + 6_000, SOUTH, WEST + 12_000, SOUTH + 12_000)],
    crs=27700,
)


def squares() -> pd.DataFrame:
    column, row = (part.ravel() for part in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    deprived = np.where((column < 3) & (row < 3), 3.0, (column * 7 + row * 5) % 4 * 0.5)
    return pd.DataFrame(
        {"easting": WEST + 1_000 * column, "northing": SOUTH + 1_000 * row, "cell_m": 1_000, "deprivation": deprived}
    )


def events(seed: int = 5) -> gpd.GeoDataFrame:
    rng, land = np.random.default_rng(seed), squares()
    n = rng.poisson(3.0 * np.exp(RISE * land["deprivation"]))
    at = np.repeat(np.arange(len(land)), n)
    x = land["easting"].to_numpy()[at] + rng.random(at.size) * 1_000
    y = land["northing"].to_numpy()[at] + rng.random(at.size) * 1_000
    x, y = np.append(x, HOT.x - 200 + rng.random(30) * 400), np.append(y, HOT.y - 200 + rng.random(30) * 400)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=27700)


POPULATION = squares().drop(columns="deprivation").assign(population=100)


@pytest.fixture(scope="module")
def spots() -> HotSpots:
    return hotspots(events(), AREAS, population=POPULATION, covariates=squares(), resamples=4)


def at(spots: HotSpots, place: Point) -> pd.Series:
    found = spots.clusters[spots.clusters.distance(place) < 1_200]
    assert len(found) == 1
    return found.iloc[0]


def test_what_was_planted_is_found_again(spots: HotSpots) -> None:
    line = spots.covariates.iloc[0]
    assert line["lower"] < RISE < line["upper"]
    assert line["upper"] - line["lower"] < 0.4
    assert line["used"]


def test_the_deprived_corner_stays_on_the_map_as_need(spots: HotSpots) -> None:
    corner = at(spots, CORNER)
    assert corner["shows"] == "need"
    assert not corner["hot"]
    assert corner["hot_by_people"]
    # e^(0.7 × 3) = 8 times a square without deprivation; 2 to 5 times the average.
    assert 2.0 < corner["need"] < 5.0
    assert corner["n_events"] > 100


def test_without_circumstances_the_corner_is_merely_hot() -> None:
    corner = at(hotspots(events(), AREAS, population=POPULATION, resamples=0), CORNER)
    assert corner["hot"]
    assert corner["shows"] == ""
    assert np.isnan(corner["need"])


def test_what_nothing_explains_is_need_and_surprise(spots: HotSpots) -> None:
    hot = at(spots, HOT)
    assert hot["shows"] == "need and surprise"
    assert hot["hot"]
    assert hot["need"] < 1.5


def test_cells_tell_people_and_circumstances_apart(spots: HotSpots) -> None:
    cells = spots.cells
    np.testing.assert_allclose(cells["need"], cells["expected"] / cells["expected_from_people"])
    inside = cells.within(CORNER.buffer(900))
    assert (cells["need"][inside] > 2.0).all()
    assert cells["hot_by_people"][inside].mean() > 0.5
    assert not cells["hot"][inside].any()
    # Both expectations put every stratum's total right.
    plain = hotspots(events(), AREAS, population=POPULATION, resamples=0).cells
    np.testing.assert_allclose(cells["expected_from_people"], plain["expected"])


def test_the_map_the_words_and_the_notes_say_it(spots: HotSpots) -> None:
    assert [mark.label for mark in marks(spots.cells, spots.clusters)] == [
        "cluster by need: as many as in such circumstances"
    ]
    said = " ".join(spots.sentences())
    assert "Need: more than its people lead one to expect, though no more than its circumstances do" in said
    assert "More than its people lead one to expect, and more than its circumstances do" in said
    assert any("times as many events for" in note and "deprivation" in note for note in spots.notes)
    assert any("not a reason to look away" in note for note in spots.notes)


def test_only_what_the_main_finding_shows_is_said_to_be_visible_only_together(spots: HotSpots) -> None:
    assert not spots.clusters["only_visible_together"][~spots.clusters["hot"]].any()


def test_without_people_circumstances_are_set_against_even_ground() -> None:
    spots = hotspots(events(), AREAS, covariates=squares(), resamples=0)
    assert spots.rule.significance
    assert spots.cells["hot_by_people"].isna().all()
    assert any("need is told against even ground" in note for note in spots.notes)
    assert spots.clusters["need"].notna().all()
    assert (spots.clusters["shows"] == "").all()


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (squares().drop(columns="cell_m"), "not_covariates"),
        (squares().drop(columns="deprivation"), "no_covariates"),
        (squares().iloc[:0], "no_covariates"),
        (squares().assign(name="Zebedee"), "bad_covariate"),
        (squares().assign(other=np.nan), "covariate_known_nowhere"),
        (squares().assign(northing="north"), "bad_northing"),
        (squares().assign(cell_m=0), "bad_cell_m"),
        (pd.concat([squares(), squares()]), "covariate_square_twice"),
        (squares().assign(easting=100_000), "covariate_square_twice"),
        (squares().assign(easting=lambda t: t["easting"] - 200_000), "covariates_elsewhere"),
        (squares().assign(twin=lambda t: 2 * t["deprivation"]), "covariates_alike"),
        (squares().assign(deprivation=1), "covariates_alike"),
    ],
)
def test_covariates_that_cannot_be_used_are_named(table: pd.DataFrame, code: str) -> None:
    with pytest.raises(PlaceError) as stopped:
        hotspots(events(), AREAS, population=POPULATION, covariates=table, resamples=0)
    assert [problem.code for problem in stopped.value.problems] == [code]
    assert "Zebedee" not in str(stopped.value)
