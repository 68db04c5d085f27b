"""Events as points: every default said, everything unusable named, one claim counted once."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from riskshare.errors import PlaceError
from riskshare.places.areas import check_areas
from riskshare.places.coverage import check_coverage, everywhere
from riskshare.places.grid import grid_over
from riskshare.places.points import NO_DAY, check_points
from riskshare.places.strata import count_cells, lay_ground, place_events, whole_claims

EAST = [430_100.0, 430_300.0, 431_500.0, 431_600.0]
NORTH = [340_100.0, 340_100.0, 340_500.0, 340_500.0]


def points(
    crs: int | None = 27700, shapes: list[shapely.Geometry] | None = None, **columns: object
) -> gpd.GeoDataFrame:
    places = shapes if shapes is not None else gpd.points_from_xy(EAST, NORTH)
    return gpd.GeoDataFrame(columns, geometry=places, crs=crs)


def two_areas() -> gpd.GeoDataFrame:
    shapes = [shapely.box(430_000, 340_000, 431_000, 341_000), shapely.box(431_000, 340_000, 432_000, 341_000)]
    return gpd.GeoDataFrame({"code": ["left", "right"]}, geometry=shapes, crs=27700)


def codes_of(error: PlaceError) -> set[str]:
    return {problem.code for problem in error.problems}


def test_every_default_is_said_and_none_that_was_not_taken() -> None:
    bare = check_points(points())
    assert len(bare) == 4
    assert len([note for note in bare.notes if note.startswith("no column")]) == 8
    full = check_points(
        points(source="police", recorded_by="north", category="violence", date="2025-03", claim_id=[1, 1, 2, None],
               weight=1.0, arises_from="reported", precision_m=10.0)
    )  # fmt: skip
    assert full.notes == ()
    assert full.claim[0] == full.claim[1] != full.claim[2]
    assert len(set(full.claim.tolist())) == 3


def test_dates_as_days_months_and_moments() -> None:
    day = pd.Timestamp("2025-03-15")
    wanted = (day - pd.Timestamp(0)).days
    moments = pd.to_datetime(["2025-03-14T23:30:00Z", "2025-03-15T12:00Z"] * 2, format="ISO8601", utc=True)
    for dates in (["2025-03"] * 4, ["2025-03-15"] * 4, [day] * 4, [day.date()] * 4, moments):
        read = check_points(points(date=dates)).day
        assert set(read.tolist()) <= {wanted, wanted - 1}
    assert check_points(points(date=[None] * 4)).day.tolist() == [NO_DAY] * 4
    # Half past eleven in the evening, Greenwich, in June is already tomorrow in London.
    late = pd.to_datetime(["2025-06-14T23:30:00Z"] * 4, utc=True)
    assert check_points(points(date=late)).day[0] == (pd.Timestamp("2025-06-15") - pd.Timestamp(0)).days


def test_events_without_a_place_are_counted_and_left_out() -> None:
    shapes = [shapely.Point(0, 0), shapely.Point(), None, shapely.Point(430_100, 340_100)]
    read = check_points(points(shapes=shapes))
    assert len(read) == 1
    assert any(note.startswith("3 events without a place") for note in read.notes)
    far = check_points(points(shapes=[shapely.Point(9e6, 1e6), *shapes[3:]]))
    assert any("beyond the British National Grid" in note for note in far.notes)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (points(crs=None), "no_crs"),
        (points(crs=4326), "metres_as_degrees"),
        (points(shapes=list(gpd.points_from_xy([-2.2, -2.3], [53.4, 53.5]))), "degrees_as_metres"),
        (points(crs=4326, shapes=list(gpd.points_from_xy([53.4, 53.5], [-2.2, -2.3]))), "swapped_coordinates"),
        (points(shapes=[shapely.box(0, 0, 1, 1)]), "not_a_point"),
        (points(shapes=[shapely.Point(0, 0)]), "no_points"),
        (points(shapes=[]), "no_points"),
        (points(date=["15/03/2025"] * 4), "bad_date"),
        (points(weight=[1.0, 0.0, 1.0, 1.0]), "bad_weight"),
        (points(weight=["much"] * 4), "bad_weight"),
    ],
)
def test_what_cannot_be_used_is_named(frame: gpd.GeoDataFrame, code: str) -> None:
    with pytest.raises(PlaceError) as caught:
        check_points(frame)
    assert code in codes_of(caught.value)


def test_no_message_shows_a_place_or_a_cell() -> None:
    with pytest.raises(PlaceError) as caught:
        check_points(points(date=["Marker"] * 4, weight=["Marker"] * 4))
    assert "Marker" not in str(caught.value)
    assert "row 1" in str(caught.value)
    assert "430" not in repr(check_points(points()))


def test_one_claim_is_one_event_whichever_way_rows_come() -> None:
    frame = points(source=["police", "ambulance", "police", "police"], claim_id=["a", "a", "b", None])
    whole = whole_claims(check_points(frame))
    assert len(whole) == 3
    # The source with the most events speaks for a claim that two reported.
    assert sorted(whole.source.tolist()) == ["police"] * 3
    turned = whole_claims(check_points(frame.iloc[::-1]))
    assert sorted(zip(whole.x, whole.y, strict=True)) == sorted(zip(turned.x, turned.y, strict=True))


def test_what_enforcement_turned_up_is_never_counted() -> None:
    frame = points(arises_from=["reported", "agency_initiated", "prompted_by_partnership", "adjudicated"])
    read = check_points(frame)
    assert read.looked.tolist() == [False, True, True, False]
    assert len(whole_claims(read)) == 2


def test_strata_are_organisation_by_source_over_the_ground_they_cover() -> None:
    frame = points(source=["police", "police", "police", "ambulance"], recorded_by=["north", "north", "south", ""])
    areas = check_areas(two_areas())
    ground = lay_ground(areas, grid_over((430_000.0, 340_000.0, 431_999.0, 340_999.0), 250))
    covered = everywhere(("ambulance", "police"), areas.codes)
    events, strata, notes = place_events(check_points(frame), ground, covered)
    assert strata.names == (("ambulance", "right", "all"), ("police", "north", "all"), ("police", "south", "all"))
    assert strata.ground.tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    counts = count_cells(events, 3, ground.grid.n_cells)
    assert counts.sum(axis=1).tolist() == [1, 2, 1]
    assert notes == ()


def test_silence_where_nobody_looked_is_missing() -> None:
    frame = points(source="police", date=["2025-01-01", "2025-06-30", "2025-06-30", "2025-06-30"])
    areas = check_areas(two_areas())
    table = pd.DataFrame({"source": ["police"], "area": ["left"], "from": ["2025-01-01"], "until": ["2025-07-01"]})
    read = check_points(frame)
    covered = check_coverage(table, ("police",), areas.codes, (int(read.day.min()), int(read.day.max()) + 1))
    assert covered.share.tolist() == [[1.0, 0.0]]
    ground = lay_ground(areas, grid_over((430_000.0, 340_000.0, 431_999.0, 340_999.0), 250))
    events, strata, notes = place_events(read, ground, covered)
    assert len(events) == 2
    assert strata.ground.tolist() == [[1.0, 0.0]]
    assert notes == ("2 events lie where their source says it did not look and were left out.",)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"area": "elsewhere"}, "unknown_coverage_area"),
        ({"from": "01/01/2025"}, "bad_coverage_date"),
        ({"from": "2025-01-01MARKER"}, "bad_coverage_date"),
        ({"until": "2026-01-01 and on"}, "bad_coverage_date"),
        ({"from": "2025-01-01T12:30"}, "bad_coverage_date"),  # half a day is not cut to a whole one
        ({"from": "2025-02-30"}, "bad_coverage_date"),
        ({"until": "2024-01-01"}, "coverage_backwards"),
        ({"source": "ambulance"}, "source_without_coverage"),
    ],
)
def test_coverage_that_cannot_be_used_is_named(change: dict[str, str], code: str) -> None:
    line = {"source": "police", "area": "left", "from": "2025-01-01", "until": ""} | change
    with pytest.raises(PlaceError) as caught:
        check_coverage(pd.DataFrame([line]), ("police",), ("left", "right"), None)
    assert code in codes_of(caught.value)
    assert "MARKER" not in str(caught.value)


@pytest.mark.parametrize(
    "day",
    [
        "2025-01-01", " 2025-01-01 ", "2025-01-01 00:00:00", "2025-01-01T00:00", dt.date(2025, 1, 1),
        pd.Timestamp("2025-01-01"), pd.Timestamp("2025-01-01", tz="Europe/London"),
    ],
)  # fmt: skip
def test_a_day_of_coverage_may_be_a_date_a_midnight_or_its_text(day: object) -> None:
    table = pd.DataFrame({"source": ["police"], "area": ["left"], "from": [day], "until": [""]})
    start = int(np.datetime64("2025-01-01").astype(int))
    found = check_coverage(table, ("police",), ("left", "right"), (start - 10, start + 10))
    assert found.share.tolist() == [[0.5, 0.0]]


def test_coverage_halves_and_open_ends() -> None:
    table = pd.DataFrame(
        {"source": ["police", "police"], "area": ["left", "right"], "from": ["2025-01-01", ""],
         "until": ["", "2025-01-06"]}
    )  # fmt: skip
    start = int(np.datetime64("2025-01-01").astype(int))
    assert check_coverage(table, ("police",), ("left", "right"), (start, start + 10)).share.tolist() == [[1.0, 0.5]]
    with pytest.raises(PlaceError, match="coverage_twice"):
        check_coverage(pd.concat([table, table]), ("police",), ("left", "right"), None)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2025-06-14", "2025-06-14"),
        ("2025-06", "2025-06-15"),
        ("2025-06-14 23:30", "2025-06-14"),
        ("2025-06-14T23:30:00", "2025-06-14"),
        # Summer time: half past eleven in Greenwich is the next day here; in winter it is not.
        ("2025-06-14T23:30:00Z", "2025-06-15"),
        ("2025-06-14T23:30Z", "2025-06-15"),
        ("2025-12-14T23:30:00Z", "2025-12-14"),
        ("2025-06-14T23:30:00.250+01:00", "2025-06-14"),
        ("2025-06-14 01:30:00+0500", "2025-06-13"),
        (" 2025-06-14 ", "2025-06-14"),
    ],
)
def test_a_moment_counts_on_the_day_that_it_was_in_london(moment: str, day: str) -> None:
    read = check_points(points(date=[moment] * 3 + ["2025-01-01"]))
    assert read.day[0] == (pd.Timestamp(day) - pd.Timestamp(0)).days


@pytest.mark.parametrize(
    "text", ["2025-06-14 Marker", "2025-06-14T25:00", "2025-06-31", "2025-06-14T23:30X", "14/06/2025"]
)
def test_what_only_begins_like_a_date_is_refused(text: str) -> None:
    with pytest.raises(PlaceError, match="row 4") as caught:
        check_points(points(date=["2025-06-14"] * 3 + [text]))
    assert codes_of(caught.value) == {"bad_date"}
    assert "Marker" not in str(caught.value)


def test_each_event_knows_its_row() -> None:
    shapes = [shapely.Point(430_100, 340_100), None, shapely.Point(9e6, 1e6), shapely.Point(430_300, 340_100)]
    read = check_points(points(shapes=shapes))
    assert read.row.tolist() == [1, 4]
    assert read.take(np.array([1])).row.tolist() == [4]
    assert any(note.startswith("1 events without a place") and "(row 2)" in note for note in read.notes)
    assert any("beyond the British National Grid" in note and "(row 3)" in note for note in read.notes)


def test_rows_that_say_the_same_are_counted_and_named() -> None:
    shapes = [shapely.Point(430_100, 340_100)] * 3 + [shapely.Point(430_300, 340_100)]
    read = check_points(points(shapes=shapes, date=["2025-01-01", "2025-01-01", "2025-01-02", "2025-01-01"]))
    assert len(read) == 4
    (note,) = [note for note in read.notes if "say the same" in note]
    assert note.startswith("1 rows say the same as an earlier one in every column (row 2); each counts.")
    told = check_points(points(shapes=shapes, claim_id=[1, 2, 3, 4]))
    assert not any("say the same" in note for note in told.notes)
