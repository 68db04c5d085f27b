"""The sample partnership, of which one force records 0.6 of what the other does: told from the sample, and allowed for.

What was planted is in ``truth.json``: three hot spots across borders, a home with an excess, and recording practice.
Nothing that comes of recording may be hot once it is allowed for, and nothing that was planted may be lost.
"""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from riskshare.assessment import Assessment, assess
from riskshare.errors import ArgumentError, PlaceError
from riskshare.io.evidence import read_evidence
from riskshare.io.examples import EXAMPLE_AS_OF, example_data, example_partnership
from riskshare.io.partnership import load_partnership
from riskshare.places.adjusting import BY_ADJUSTMENT, EITHER_WAY
from riskshare.practice import RecordingPractice, recording_practice
from riskshare.spots import HotSpots, hotspots

DATA = example_data()
TRUTH: dict[str, Any] = json.loads((DATA / "truth.json").read_text(encoding="utf-8"))["places"]
AREAS = gpd.read_file(DATA / "areas.geojson")
TABLES = {"population": pd.read_csv(DATA / "population.csv"), "coverage": pd.read_csv(DATA / "coverage.csv")}
DISCS = {s["id"]: shapely.Point(s["easting"], s["northing"]).buffer(s["radius_m"]) for s in TRUTH["hot_spots"]}
HOME = shapely.Point(TRUTH["care_homes"][0]["easting"], TRUTH["care_homes"][0]["northing"]).buffer(250)


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    partnership = load_partnership(example_partnership())
    return assess(read_evidence(DATA / "evidence.csv", partnership), partnership, as_of=EXAMPLE_AS_OF)


@pytest.fixture(scope="module", params=["boundary alone", "ambulance beside it"])
def practice(request: pytest.FixtureRequest, assessment: Assessment) -> RecordingPractice:
    second = "ambulance" if request.param == "ambulance beside it" else None
    return recording_practice(assessment, AREAS, **TABLES, second_source=second)


@pytest.fixture(scope="module")
def spots(assessment: Assessment, practice: RecordingPractice) -> HotSpots:
    return hotspots(assessment, AREAS, **TABLES, recording=practice, resamples=20)


def planted_by(shapes: list[shapely.Geometry]) -> list[list[str]]:
    """Return what was planted at each of some clusters."""
    return [[name for name, disc in {**DISCS, "B1": HOME}.items() if shape.intersects(disc)] for shape in shapes]


def test_every_border_used_holds_thirty_events_each_side(practice: RecordingPractice) -> None:
    used = practice.segments[practice.segments["used"]]
    assert len(used) >= 1
    assert (used[["n", "n_against"]] >= 30).to_numpy().all()


def test_two_forces_are_one_kind_of_source_and_the_planted_ratio_is_found(practice: RecordingPractice) -> None:
    assert practice.kinds == (("north_police", "police"), ("south_police", "police"))
    ratio = practice.ratios[practice.ratios["information"] == "together"].iloc[0]
    assert (ratio["organisation"], ratio["against"]) == ("south_police", "north_police")
    assert ratio["lower"] < TRUTH["recording"]["ratio"] < ratio["upper"] < 1.0


def test_after_adjustment_every_cluster_was_planted_and_all_that_were_are_there(spots: HotSpots) -> None:
    after = spots.clusters[spots.clusters["hot_after_adjustment"]]
    assert sorted(planted_by(list(after.geometry))) == [["B1"], ["force-border"], ["lopsided"], ["three-way"]]


def test_with_both_kinds_of_information_not_even_a_cell_is_hot_elsewhere(assessment: Assessment) -> None:
    practice = recording_practice(assessment, AREAS, **TABLES, second_source="ambulance")
    cells = hotspots(assessment, AREAS, **TABLES, recording=practice, resamples=0).cells
    hot = join_near(cells[cells["hot_after_adjustment"]])
    assert sorted(planted_by(hot)) == [["B1"], ["force-border"], ["lopsided"], ["three-way"]]


def join_near(cells: gpd.GeoDataFrame) -> list[shapely.Geometry]:
    """Return cells that touch, joined."""
    return list(shapely.get_parts(shapely.buffer(shapely.union_all(cells.geometry.to_numpy()), 1.0)))


def test_none_is_hot_only_before_or_only_because_of_adjustment(spots: HotSpots) -> None:
    clusters = spots.clusters
    assert set(clusters["adjustment"]) == {EITHER_WAY}
    assert clusters["hot"].all()
    assert clusters["hot_after_adjustment"].all()
    assert (clusters["adjusted_stability"] >= 0.9).all()
    assert "Recording practice allowed for: hot either way; hot in 100 % of draws" in " ".join(spots.sentences())


def test_what_an_uncertain_offset_alone_makes_hot_is_told_as_such(spots: HotSpots, practice: RecordingPractice) -> None:
    """The border alone tells 0.50 for a planted 0.6: with so much allowed for, a few southern cells look hot."""
    cells = spots.cells[spots.cells["adjustment"] == BY_ADJUSTMENT]
    if "second source" in set(practice.ratios["information"]):
        assert len(cells) == 0
        return
    elsewhere = cells[~cells.intersects(shapely.union_all(list(DISCS.values())).buffer(500))]
    assert len(elsewhere)
    assert (elsewhere["adjusted_stability"] < 0.8).all()
    assert (elsewhere["cluster_id"] == "").all()
    assert any("make no cluster of their own" in note for note in spots.notes)


def test_taken_as_if_all_recorded_alike_the_force_that_records_less_would_lose_ground(spots: HotSpots) -> None:
    adjustment = spots.views.adjustment
    assert adjustment is not None
    south = spots.ground.shares[[list(spots.ground.areas.codes).index(code) for code in ("eskerby", "farrowick")]]
    held = np.asarray(south.sum(axis=0)).ravel() > 0.5
    assert adjustment.pooled.hot[held].sum() < adjustment.adjusted.hot[held].sum()


def test_counts_are_what_they_were_and_expectations_by_own_totals_too(assessment: Assessment, spots: HotSpots) -> None:
    plain = hotspots(assessment, AREAS, **TABLES, resamples=0)
    pd.testing.assert_series_equal(spots.cells["count"], plain.cells["count"])
    for name in ("expected", "p", "q", "hot"):
        pd.testing.assert_series_equal(spots.cells[name], plain.cells[name])
    assert plain.cells["hot_after_adjustment"].isna().all()
    assert (plain.cells["adjustment"] == "").all()
    main = spots.clusters[spots.clusters["hot"]]
    assert main["n_events"].tolist() == plain.clusters["n_events"].tolist()


def test_the_notes_say_whose_expectations_were_changed_and_what_may_be_hidden(spots: HotSpots) -> None:
    (said,) = [note for note in spots.notes if note.startswith("Allowed for recording practice")]
    assert "north_police ×" in said
    assert "south_police × 0." in said
    assert "counts are untouched" in said
    assert any(note.startswith("Not adjusted") and "hospital" in note for note in spots.notes)
    assert any("no area may leave view by adjustment" in note for note in spots.notes)


def test_the_hospital_that_sends_no_claim_ids_counts_twice_unless_a_rule_is_agreed(assessment: Assessment) -> None:
    plain = hotspots(assessment, AREAS, **TABLES, resamples=0)
    (said,) = [note for note in plain.notes if note.startswith("hospital shares no claim id")]
    assert f"of its {TRUTH['hospital_place_rows']} events" in said
    joined = hotspots(assessment, AREAS, **TABLES, resamples=0, join_within=(150, 1))
    # Placed within 110 m and dated alike: by that rule exactly what somebody recorded is left.
    assert len(joined.events) == TRUTH["events"]["recorded_by_somebody"]
    assert len(plain.events) > len(joined.events)


def test_it_is_refused_where_nothing_is_expected_or_others_were_compared(
    assessment: Assessment, practice: RecordingPractice
) -> None:
    with pytest.raises(PlaceError, match="recording_without_expectation"):
        hotspots(assessment, AREAS, coverage=TABLES["coverage"], recording=practice, resamples=0)
    rng = np.random.default_rng(0)
    others = gpd.GeoDataFrame(
        {"source": ["fire"] * 60},
        geometry=gpd.points_from_xy(rng.uniform(431_000, 452_000, 60), rng.uniform(332_000, 348_000, 60)),
        crs=27700,
    )
    with pytest.raises(PlaceError, match="recording_of_others"):
        hotspots(others, AREAS, population=TABLES["population"], recording=practice, resamples=0)
    with pytest.raises(ArgumentError, match="recording must be a RecordingPractice"):
        hotspots(assessment, AREAS, **TABLES, recording="yes", resamples=0)  # type: ignore[arg-type]
