"""Claims as points: each claim once, only what is believed, and nobody's name."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pytest
import shapely

from riskshare.errors import ArgumentError, PlaceError
from riskshare.places.events import PlacedClaims, claims_as_points
from riskshare.spots import hotspots
from small import assessed, row

KIND = "weapon_carrying"


def placed(record: str = "r1", **changes: Any) -> dict[str, Any]:
    return row(record, **{"easting": 420_010.0, "northing": 390_010.0, "precision_m": 10.0, **changes})


def nobody(record: str = "p1", **changes: Any) -> dict[str, Any]:
    """Return a row about a place alone."""
    return placed(record, **{"subject_id": None, "role": "place", **changes})


def points(*rows: dict[str, Any], **options: Any) -> PlacedClaims:
    return claims_as_points(assessed(list(rows)), indicators=options.pop("indicators", [KIND]), **options)


def n_claims(claims: PlacedClaims) -> int:
    return int(claims.points["claim_id"].nunique())


def test_one_claim_of_two_agencies_about_two_people_is_one() -> None:
    told = points(placed(claim_id="c1"), placed("r2", agency="council", subject_id="S2", claim_id="c1"))
    assert len(told.points) == 2
    assert n_claims(told) == 1


def test_without_a_claim_id_the_record_is_the_claim() -> None:
    # One record about two people is one event; two records are two.
    assert n_claims(points(placed(), placed(subject_id="S2"))) == 1
    assert n_claims(points(placed(), placed("r2", subject_id="S2"))) == 2


def test_a_relay_is_its_origin_again() -> None:
    told = points(placed(), placed("r2", agency="council", derived_from="school:r1"))
    assert n_claims(told) == 1
    places = points(nobody(), nobody("p2", agency="council", derived_from="school:p1"))
    assert n_claims(places) == 1


def test_a_place_alone_is_believed_as_far_as_its_source() -> None:
    assert len(points(nobody()).points) == 1
    with_worry = points(nobody(), nobody("p2", source_type="worry"), min_support=0.5)
    assert len(with_worry.points) == 1
    assert any("less support" in note for note in with_worry.notes)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "withdrawn"},
        {"stance": "denies"},
        {"event_date": "2001-01-01"},  # past its retention
        {"easting": None, "northing": None},
    ],
)
@pytest.mark.parametrize("make", [placed, nobody])
def test_what_may_not_count_is_no_event(make: Any, change: dict[str, Any]) -> None:
    told = points(placed("good", subject_id="S9"), make("r2", **change))
    assert len(told.points) == 1


def test_a_denied_claim_falls_below_the_level() -> None:
    denied = placed("r2", agency="council", claim_id="c1", stance="denies")
    told = points(placed(claim_id="c1"), denied, placed("r3", subject_id="S2"))
    assert len(told.points) == 1


def test_the_later_version_of_a_place_stands() -> None:
    first = nobody(recorded_date="2026-03-30", event_date="2026-03-29")
    moved = nobody(easting=420_500.0, event_date="2026-03-29")
    assert points(first, moved).points.geometry.x.tolist() == [420_500.0]


def test_where_we_looked_is_kept_apart() -> None:
    told = points(placed(), placed("r2", subject_id="S2", arises_from="agency_initiated"))
    assert told.points["arises_from"].tolist() == ["reported", "agency_initiated"]
    areas = gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.box(420_000, 390_000, 421_000, 391_000)], crs=27700)
    a = assessed([placed(), placed("r2", subject_id="S2", arises_from="agency_initiated")])
    spots = hotspots(a, areas, indicators=[KIND], resamples=0)
    assert (len(spots.events), len(spots.looked)) == (1, 1)


def test_longitude_and_latitude_are_brought_to_the_grid() -> None:
    told = points(placed(easting=None, northing=None, longitude=-1.7, latitude=53.4, precision_m=None))
    assert told.points.geometry.x.iloc[0] == pytest.approx(420_000, abs=500)
    assert told.points["precision_m"].iloc[0] > 0


def test_nobody_is_named() -> None:
    told = points(placed(claim_id="c1"))
    assert not {"subject_id", "record_id"} & set(told.points.columns)
    assert "S1" not in told.points.drop(columns="geometry").to_string()
    assert "c1" not in told.points.drop(columns="geometry").to_string()
    assert repr(told) == "PlacedClaims(1 reports)"


@pytest.mark.parametrize(("names", "code"), [(["stabbing"], "unknown_indicator"), ([], "unknown_indicator")])
def test_indicators_must_be_agreed(names: list[str], code: str) -> None:
    with pytest.raises(PlaceError) as caught:
        points(placed(), indicators=names)
    assert caught.value.problems[0].code == code


def test_no_row_with_a_place_is_said() -> None:
    with pytest.raises(PlaceError, match="no_placed_rows"):
        points(row())


def test_indicators_are_for_an_assessment_only() -> None:
    areas = gpd.GeoDataFrame({"code": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=27700)
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(420_000, 390_000)], crs=27700)
    with pytest.raises(ArgumentError, match="assessment only"):
        hotspots(frame, areas, indicators=[KIND])
