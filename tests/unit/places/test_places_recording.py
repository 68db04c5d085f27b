"""Differences in recording: strips of ground, tables, and what is said when nothing can be told."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point, box

import riskshare as rs
from riskshare.errors import ArgumentError, PlaceError
from riskshare.places.areas import check_areas
from riskshare.places.borders import BANDS, Cut, events_in_strips, lay_strips, people_parts
from riskshare.places.people import check_population
from riskshare.places.recording import SOCIAL
from riskshare.practice import RecordingPractice, recording_practice

WEST, EAST = box(400_000, 300_000, 410_000, 310_000), box(410_000, 300_000, 420_000, 310_000)


def frame(shapes: list[object], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=27700)


AREAS = frame([WEST, EAST], code=["west", "east"])


def events(
    rng: np.random.Generator, n: int, where: tuple[float, float], *, source: str = "police", by: str = "", day: int = 0
) -> gpd.GeoDataFrame:
    x = where[0] + rng.random(n) * (where[1] - where[0])
    shapes = gpd.points_from_xy(x, 300_000 + rng.random(n) * 10_000)
    date = pd.Timestamp("2024-01-01") + pd.to_timedelta(day + rng.integers(0, 90, n), unit="D")
    return frame(list(shapes), source=[source] * n, recorded_by=[by] * n, date=date)


def world(rng: np.random.Generator, *, west: int = 1_000, east: int = 600) -> gpd.GeoDataFrame:
    parts = [
        events(rng, west, (400_000, 410_000), by="force a"),
        events(rng, east, (410_000, 420_000), by="force b"),
        events(rng, 500, (400_000, 410_000), source="ambulance", by="trust"),
        events(rng, 500, (410_000, 420_000), source="ambulance", by="trust"),
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def found() -> RecordingPractice:
    return recording_practice(world(np.random.default_rng(0)), AREAS, second_source="ambulance")


# ------------------------------------------------------------------------------------------------------------- strips


def test_strips_hold_the_ground_and_the_people_that_a_ruler_gives() -> None:
    areas = check_areas(AREAS)  # in order of code: east, west
    strips = lay_strips(areas, np.array([0, 1]), people_parts(None, areas), Cut(1000.0, 0.0, 5000.0))
    assert len(strips) == 2
    np.testing.assert_allclose(strips.length_m, 5000.0)
    # 5 km × 1 km each, all of it in the side's own area.
    np.testing.assert_allclose(strips.people[:, 0, :, 0], 5e6)
    np.testing.assert_allclose(strips.people[:, 1, :, 1], 5e6)
    assert strips.people[:, 0, :, 1].max() < 1e-6


def test_people_of_a_square_across_the_line_stay_with_their_authority() -> None:
    areas = check_areas(AREAS)
    table = pd.DataFrame(
        {"easting": [409_500.0] * 2, "northing": [300_000.0] * 2, "cell_m": [1000.0] * 2, "population": [30.0, 8.0],
         "authority": ["west", "east"]}
    )  # fmt: skip
    parts = people_parts(check_population(table, areas.codes), areas)
    strips = lay_strips(areas, np.array([0, 1]), parts, Cut(250.0, 0.0, 10_000.0))
    # Half a kilometre of the square on each side; strips of 250 m take half of its people each.
    np.testing.assert_allclose(strips.people[0, 0, :, 0], [4.0, 4.0] + [0.0] * (BANDS - 2), atol=1e-6)
    np.testing.assert_allclose(strips.people[0, 1, :, 1], [15.0, 15.0] + [0.0] * (BANDS - 2), atol=1e-6)


def test_the_snap_radius_is_left_out_at_the_line_and_at_placebo_lines() -> None:
    areas = check_areas(AREAS)
    strips = lay_strips(areas, np.array([0, 1]), people_parts(None, areas), Cut(1000.0, 100.0, 10_000.0))
    x = 410_000 - np.array([50.0, 150.0, 1_050.0, 1_200.0, 1_350.0])
    event, strip = events_in_strips(strips, x, np.full(5, 305_000.0), np.ones(5, dtype=np.int64))
    assert dict(zip(event.tolist(), (strip % BANDS).tolist(), strict=True)) == {1: 0, 2: 0, 4: 1}


def test_an_event_on_the_line_counts_on_one_side_only() -> None:
    areas = check_areas(AREAS)
    strips = lay_strips(areas, np.array([0, 1]), people_parts(None, areas), Cut(1000.0, 0.0, 10_000.0))
    event, strip = events_in_strips(strips, np.array([410_000.0]), np.array([305_000.0]), np.array([1]))
    assert event.tolist() == [0]
    assert (strip // BANDS % 2).tolist() == [1]


def test_areas_of_one_organisation_have_no_line_between_them() -> None:
    areas = check_areas(AREAS)
    assert len(lay_strips(areas, np.array([0, 0]), people_parts(None, areas), Cut(1000.0, 0.0, 10_000.0))) == 0


def test_where_three_organisations_meet_no_event_counts_twice() -> None:
    corner = frame(
        [box(400_000, 300_000, 410_000, 310_000), box(410_000, 300_000, 420_000, 310_000),
         box(400_000, 310_000, 420_000, 320_000)], code=["a", "b", "c"],
    )  # fmt: skip
    areas = check_areas(corner)
    strips = lay_strips(areas, np.arange(3), people_parts(None, areas), Cut(1000.0, 0.0, 20_000.0))
    _, strip = events_in_strips(strips, np.array([409_900.0]), np.array([309_900.0]), np.array([0]))
    assert (strip % BANDS == 0).sum() == 1


# ------------------------------------------------------------------------------------------------------- what is found


def test_the_ratio_is_found_by_each_kind_of_information_and_together(found: RecordingPractice) -> None:
    ratios = found.ratios.set_index("information")
    assert set(ratios.index) == {"together", "boundary", "second source"}
    assert set(ratios["organisation"]) == {"force b"}
    for _, row in ratios.iterrows():
        assert row["lower"] < 0.6 < row["upper"]
    assert ratios.loc["together", "upper"] - ratios.loc["together", "lower"] < 0.25
    assert ratios.loc["together", "misfit_p"] > 0.01


def test_offsets_are_around_the_mean_of_those_compared(found: RecordingPractice) -> None:
    offsets = found.offsets.set_index("organisation")
    assert offsets["theta"].sum() == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(offsets["ratio"], np.exp(offsets["theta"]))
    np.testing.assert_array_equal(offsets["theta_applied"], offsets["theta"])
    assert offsets.loc["force a", "information"] == ("boundary", "second source")
    assert offsets.loc["force a", "compared_with"] == ("force b",)
    assert offsets.loc["force a", "n_border_events"] == offsets.loc["force b", "n_neighbour_events"]
    assert offsets.loc["force a", "n_events"] == 1000


def test_segments_carry_everything_that_decides(found: RecordingPractice) -> None:
    segments = found.segments
    row = segments.iloc[0]
    assert row["delta"] == pytest.approx(
        np.log((row["n"] + 0.5) / row["expected"]) - np.log((row["n_against"] + 0.5) / row["expected_against"])
    )
    assert row["v"] == pytest.approx(1 / (row["n"] + 0.5) + 1 / (row["n_against"] + 0.5))
    assert row["omega2"] >= 0
    assert row["placebo_of"] == 2 * (BANDS - 1) + 1
    assert 1 <= row["placebo_rank"] <= row["placebo_of"]
    assert row["p"] <= row["q"]
    assert segments.crs.to_epsg() == 27700


def test_the_warning_about_social_steps_goes_with_every_result(found: RecordingPractice) -> None:
    assert SOCIAL in found.notes
    assert "absorbed" in SOCIAL
    assert repr(found) == "RecordingPractice(2 of 2 offsets estimable, internal)"


def test_rows_in_any_order_give_the_same_offsets(found: RecordingPractice) -> None:
    points = world(np.random.default_rng(0))
    turned = recording_practice(points.iloc[::-1].reset_index(drop=True), AREAS, second_source="ambulance")
    pd.testing.assert_frame_equal(turned.offsets, found.offsets)
    pd.testing.assert_frame_equal(turned.changes, found.changes)


def test_a_claim_that_two_sources_report_counts_for_each_and_once_for_one() -> None:
    points = world(np.random.default_rng(0)).assign(claim_id=lambda t: np.arange(len(t)))
    ambulance = points["source"] == "ambulance"
    points.loc[ambulance, "claim_id"] = [*range(500), *range(1_000, 1_500)]
    again = pd.concat([points, points[points["source"] == "police"].head(50)], ignore_index=True)
    second = recording_practice(again, AREAS, second_source="ambulance", second_by="pairs").second
    assert second["n"].tolist() == [1_000, 600]
    assert second["n_both"].tolist() == [500, 500]
    assert second["happened"].tolist() == pytest.approx([1000.0, 600.0], rel=0.01)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_reports_the_one_from_where_its_source_looked_counts(order: int) -> None:
    """Fifty of the west's events were first sent in 2023, before its force looked, and again in 2024: none is lost."""
    points = world(np.random.default_rng(0)).assign(claim_id=lambda t: np.arange(len(t)))
    early = points[points["recorded_by"] == "force a"].head(50).assign(date=pd.Timestamp("2023-06-01"))
    both = pd.concat([points, early], ignore_index=True).iloc[::order]
    coverage = pd.DataFrame(
        [(source, area, "2024-01-01", "") for source in ("police", "ambulance") for area in ("west", "east")],
        columns=["source", "area", "from", "until"],
    )
    found = recording_practice(both, AREAS, second_source="ambulance", coverage=coverage)
    assert found.second["n"].tolist() == [1_000, 600]


# ----------------------------------------------------------------------------------------------- what cannot be told


def test_too_few_events_are_not_estimable_and_say_why() -> None:
    rng = np.random.default_rng(1)
    few = pd.concat([events(rng, 50, (400_000, 410_000), by="a"), events(rng, 50, (410_000, 420_000), by="b")])
    result = recording_practice(few.reset_index(drop=True), AREAS)
    assert not result.offsets["estimable"].any()
    assert result.offsets["theta"].isna().all()
    assert result.offsets["reason"].str.contains("fewer than 30 events").all()
    assert any("not estimable for a, b" in note for note in result.notes)
    assert len(result.ratios) == 0


def test_one_organisation_has_nobody_to_compare_with() -> None:
    alone = events(np.random.default_rng(1), 400, (400_000, 420_000), by="a")
    result = recording_practice(alone, AREAS)
    assert result.offsets["reason"].tolist() == ["not estimable: no other organisation records this"]
    assert len(result.segments) == 0


def test_each_connected_part_has_its_own_zero() -> None:
    far = frame(
        [WEST, EAST, box(500_000, 300_000, 510_000, 310_000), box(510_000, 300_000, 520_000, 310_000)],
        code=["a", "b", "c", "d"],
    )
    rng = np.random.default_rng(2)
    spans = {"a": 400_000, "b": 410_000, "c": 500_000, "d": 510_000}
    points = pd.concat([events(rng, n, (at, at + 10_000), by=by) for (by, at), n in
                        zip(spans.items(), (900, 600, 5_000, 4_000), strict=True)])  # fmt: skip
    offsets = recording_practice(points.reset_index(drop=True), far).offsets.set_index("organisation")
    assert offsets["theta"][["a", "b"]].sum() == pytest.approx(0.0, abs=1e-9)
    assert offsets["theta"][["c", "d"]].sum() == pytest.approx(0.0, abs=1e-9)
    assert offsets.loc["a", "compared_with"] == ("b",)


def test_border_along_a_river_is_left_out() -> None:
    river = frame([LineString([(410_010, 300_000), (410_010, 310_000)])])
    result = recording_practice(world(np.random.default_rng(0)), AREAS, barriers=river)
    assert set(result.segments["reason"]) == {"runs along a barrier"}
    assert not result.offsets[result.offsets["source"] == "police"]["estimable"].any()


def test_a_far_larger_difference_is_capped_when_applied_and_said() -> None:
    points = world(np.random.default_rng(3), west=6_000, east=400)
    result = recording_practice(points, AREAS, second_source="ambulance")
    offsets = result.offsets.set_index("organisation")
    assert offsets.loc["force a", "theta"] > np.log(3)
    assert offsets.loc["force a", "theta_applied"] == pytest.approx(np.log(3))
    assert offsets.loc["force a", "capped"]
    assert any("capped at a ratio of 3" in note and "force a" in note for note in result.notes)


# --------------------------------------------------------------------------------------------- audit, time, coverage


def audit(**change: object) -> pd.DataFrame:
    columns = {
        "recorded_by": ["force a", "force b"],
        "accuracy": [0.9, 0.54],
        "lower": [0.85, 0.5],
        "upper": [0.95, 0.6],
    }
    return pd.DataFrame(columns | change)


def test_an_audit_alone_gives_the_ratio_of_its_figures() -> None:
    rng = np.random.default_rng(1)
    few = pd.concat(
        [events(rng, 20, (400_000, 410_000), by="force a"), events(rng, 20, (410_000, 420_000), by="force b")]
    )
    ratios = recording_practice(few.reset_index(drop=True), AREAS, audit=audit()).ratios
    assert ratios["information"].tolist() == ["together", "audit"]
    assert ratios["ratio"].to_numpy() == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (audit(lower=[0.95, 0.5]), "bad_audit"),
        (audit(upper=[1.2, 0.6]), "bad_audit"),
        (audit(recorded_by=["force a", "nobody"]), "unknown_audit_organisation"),
        (audit(recorded_by=["force a", "force a"]), "audit_twice"),
        (pd.DataFrame({"recorded_by": ["force a"]}), "not_audit"),
    ],
)
def test_an_audit_that_cannot_be_used_says_why(table: pd.DataFrame, code: str) -> None:
    with pytest.raises(PlaceError) as stopped:
        recording_practice(world(np.random.default_rng(0)), AREAS, audit=table)
    assert [problem.code for problem in stopped.value.problems] == [code]


def test_a_change_of_system_is_dated() -> None:
    rng = np.random.default_rng(4)
    parts = []
    for quarter in range(6):
        east = 250 if quarter < 3 else 60
        parts.append(events(rng, 250, (400_000, 410_000), by="a", day=91 * quarter))
        parts.append(events(rng, east, (410_000, 420_000), by="b", day=91 * quarter))
    result = recording_practice(pd.concat(parts, ignore_index=True), AREAS)
    change = result.changes.iloc[0]
    assert change["first_quarter_after"] == "2024-Q4"
    assert change["q"] < 0.01
    assert change["ratio_of_change"] > 2
    assert result.quarters["covered_throughout"].all()


def test_quarters_that_a_source_did_not_cover_are_left_out_of_changes() -> None:
    rng = np.random.default_rng(4)
    parts = [events(rng, 300, (400_000, 420_000), day=91 * quarter) for quarter in range(5)]
    points = pd.concat(parts, ignore_index=True)
    points["recorded_by"] = np.where(points.geometry.x < 410_000, "a", "b")
    points = points[(points["recorded_by"] == "a") | (points["date"] < "2024-09-01")].reset_index(drop=True)
    coverage = pd.DataFrame(
        {"source": ["police"] * 2, "area": ["west", "east"], "from": ["2024-01-01"] * 2, "until": ["", "2024-09-01"]}
    )
    result = recording_practice(points, AREAS, coverage=coverage)
    whole = result.quarters.set_index("quarter")["covered_throughout"]
    assert whole["2024-Q2"]
    assert not whole["2024-Q4"]
    assert len(result.changes) == 0
    # Half the time, half the events: no difference in recording.
    assert result.ratios["lower"].iloc[0] < 1.0 < result.ratios["upper"].iloc[0]


def test_arguments_and_sources_that_cannot_be_used_are_named() -> None:
    points = world(np.random.default_rng(0))
    with pytest.raises(ArgumentError, match=r"width_m must be.*min_events must be"):
        recording_practice(points, AREAS, width_m=0, min_events=0)
    with pytest.raises(ArgumentError, match=r"width_m must be.*snap_m must be.*segment_m must be"):
        recording_practice(points, AREAS, width_m=1e308, snap_m=1e308, segment_m=1e308)
    with pytest.raises(PlaceError, match="unknown_second_source"):
        recording_practice(points, AREAS, second_source="fire")
    with pytest.raises(PlaceError, match="not_barriers"):
        recording_practice(points, AREAS, barriers=pd.DataFrame())  # type: ignore[arg-type]
    with pytest.raises(PlaceError, match="no_crs"):
        recording_practice(points, AREAS, barriers=gpd.GeoDataFrame(geometry=[Point(0, 0)]))
    with pytest.raises(PlaceError, match="no_events"):
        recording_practice(points[:1].set_geometry([Point(1000, 1000)], crs=27700), AREAS)


# ------------------------------------------------------------------------------------------------- the shipped example

SAMPLE = Path(__file__).parents[3] / "sample_data"
INDICATORS = ["knife_injury", "victim_of_violence"]


@pytest.fixture(scope="module")
def sample() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    partnership = rs.load_partnership(SAMPLE.parent / "thresholds")
    rows = rs.read_evidence(SAMPLE / "evidence.csv", partnership).rows.to_pandas()
    keep = rows["easting"].notna() & (rows["arises_from"] == "reported") & rows["indicator"].isin(INDICATORS)
    rows = rows[keep & rows["agency"].isin(["north_police", "south_police", "ambulance"])]
    points = gpd.GeoDataFrame(
        {
            "source": np.where(rows["agency"] == "ambulance", "ambulance", "police"),
            "recorded_by": rows["agency"].to_numpy(),
            "date": pd.to_datetime(rows["event_date"]).to_numpy(),
            "claim_id": rows["claim_id"].to_numpy(),
        },
        geometry=gpd.points_from_xy(rows["easting"], rows["northing"]),
        crs=27700,
    )
    areas = gpd.GeoDataFrame.from_features(json.loads((SAMPLE / "areas.geojson").read_text())["features"], crs=27700)
    return points, areas, pd.read_csv(SAMPLE / "population.csv")


@pytest.mark.parametrize("by", ["ratio", "pairs"])
def test_the_planted_ratio_is_inside_every_interval(
    sample: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame], by: str
) -> None:
    points, areas, population = sample
    planted = json.loads((SAMPLE / "truth.json").read_text())["places"]["recording"]["ratio"]
    result = recording_practice(points, areas, population=population, second_source="ambulance", second_by=by)
    ratios = result.ratios.set_index("information")
    assert set(ratios.index) == {"together", "boundary", "second source"}
    assert set(ratios["organisation"]) == {"south_police"}
    assert (ratios["lower"] < planted).all()
    assert (ratios["upper"] > planted).all()
    # Equal recording is ruled out by each of them.
    assert (ratios["upper"] < 1.0).all()
    assert (result.changes["q"] > 0.05).all()
