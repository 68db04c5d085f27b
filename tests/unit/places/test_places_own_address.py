"""What happens at a building's own door is counted apart: no risk of the area, and no way to find a refuge."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from riskshare.errors import ArgumentError, PlaceError
from riskshare.places.near_buildings import check_buildings
from riskshare.places.own_address import take_apart
from riskshare.places.points import check_points
from riskshare.profiling import profile_places
from riskshare.spots import HotSpots, hotspots

X, Y = 430_000.0, 340_000.0
HOME = (1_100.0, 1_100.0)


def areas() -> gpd.GeoDataFrame:
    shapes = [shapely.box(X, Y, X + 2_000, Y + 4_000), shapely.box(X + 2_000, Y, X + 4_000, Y + 4_000)]
    return gpd.GeoDataFrame({"code": ["west", "east"]}, geometry=shapes, crs=27700)


def people() -> pd.DataFrame:
    rows = [(X + 500 * a, Y + 500 * b, 500, 100.0) for a in range(8) for b in range(8)]
    return pd.DataFrame(rows, columns=["easting", "northing", "cell_m", "population"])


def events(*where: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(X + east, Y + north) for east, north in where]
    return gpd.GeoDataFrame({name: list(values) for name, values in columns.items()}, geometry=shapes, crs=27700)


def spread(n: int, seed: int = 0) -> list[tuple[float, float]]:
    """Return places all over, none within 150 m of the home."""
    places = np.random.default_rng(seed).uniform(50, 3_950, (2 * n, 2))
    return [(float(a), float(b)) for a, b in places if np.hypot(a - HOME[0], b - HOME[1]) > 150][:n]


def homes(*where: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(X + east, Y + north) for east, north in where or (HOME,)]
    ids = [f"B{number + 1}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"id": ids, "kind": "home", **columns}, geometry=shapes, crs=27700)


def found(points: gpd.GeoDataFrame, **options: Any) -> HotSpots:
    return hotspots(points, areas(), **{"population": people(), "resamples": 0, **options})


def note(notes: tuple[str, ...], words: str) -> str:
    (said,) = [one for one in notes if words in one]
    return said


def test_calls_at_a_homes_own_door_make_no_hot_spot_and_do_not_vanish() -> None:
    """30 calls that are no duty: without the building they are a hot spot around the home, with it they are its own."""
    points = events(*spread(100), *[HOME] * 30, category=["violence"] * 130)
    assert len(found(points).clusters) == 1
    spots = found(points, buildings=homes())
    assert len(spots.clusters) == 0
    assert len(spots.events) == 100
    assert spots.apart.n_events == 30
    assert spots.apart.table.to_dict("records") == [
        {"building": "B1", "kind": "home", "protected": True, "n_events": 30}
    ]
    assert note(spots.notes, "own, whichever source").startswith("30 events within 25 m of 1 of the 1 buildings given")
    assert "no column `protected`" in note(spots.notes, "Buildings: ")


def test_it_is_the_map_on_which_those_calls_were_never_sent() -> None:
    street = spread(100)
    points = events(*street, *[HOME] * 30)
    with_building, never_sent = found(points, buildings=homes(), resamples=4), found(events(*street), resamples=4)
    pd.testing.assert_frame_equal(pd.DataFrame(with_building.cells), pd.DataFrame(never_sent.cells))


def test_what_is_at_the_address_is_what_profiles_say_is() -> None:
    """25 m counts, 25.01 m does not; the same claims as ``profile_places`` puts apart."""
    where = [(HOME[0] + far, HOME[1]) for far in (0.0, 25.0, 25.01, 60.0)]
    points = events(*where, *spread(20), precision_m=[np.nan, 10, 10, 10, *[10] * 20])
    spots = found(points, buildings=homes())
    (line,) = profile_places(points, homes(), areas=areas(), draws=9).buildings.to_dict("records")
    assert spots.apart.n_events == line["own_address"] == 2
    assert len(spots.events) == 22
    wider = found(points, buildings=homes(), own_m=60)
    assert wider.apart.n_events == 4


def test_a_claim_that_any_source_puts_at_the_address_is_the_buildings() -> None:
    points = events(HOME, (HOME[0] + 90, HOME[1]), *spread(20), claim_id=["c", "c", *range(20)],
                    source=["ambulance", "police", *["police"] * 20])  # fmt: skip
    spots = found(points, buildings=homes())
    assert (spots.apart.n_events, len(spots.events)) == (1, 20)


def test_a_report_joined_by_an_agreed_rule_goes_with_its_claim() -> None:
    """The hospital sends no claim ids: by the rule its report, 60 m from the door, is of the claim at the door."""
    points = events(
        HOME, HOME, (HOME[0] + 60, HOME[1]), *spread(20), claim_id=["c", "c", None, *range(20)],
        source=["police", "ambulance", "hospital", *["police"] * 20], date=["2026-03-01"] * 23,
    )  # fmt: skip
    apart = found(points, buildings=homes())
    joined = found(points, buildings=homes(), join_within=(150, 1))
    assert (len(apart.events), len(joined.events)) == (21, 20)


def test_an_event_known_only_coarsely_is_on_nobodys_doorstep_and_that_is_said() -> None:
    points = events(HOME, HOME, *spread(20), precision_m=[500, 5, *[5] * 20])
    spots = found(points, buildings=homes())
    assert (spots.apart.n_events, len(spots.events)) == (1, 21)
    assert note(spots.notes, "nobody's doorstep").startswith("1 events as near are known only to within more than 75 m")


def test_a_mark_on_the_map_never_shows_a_protected_building() -> None:
    """A school and a refuge: three calls each, and a stop and search at each door."""
    school, refuge = HOME, (3_000.0, 900.0)
    where = homes(school, refuge, protected=[False, None])
    found_there = ["reported"] * 6 + ["agency_initiated"] * 2 + ["reported"] * 20
    points = events(*[school] * 3, *[refuge] * 3, school, refuge, *spread(20), arises_from=found_there)
    spots = found(points, buildings=where)
    assert spots.apart.table["n_events"].tolist() == [3, 3]
    drawn = {(x - X, y - Y) for part in (spots.apart.drawn, spots.looked) for x, y in zip(part.x, part.y, strict=True)}
    assert drawn == {school}
    assert (len(spots.apart.drawn), len(spots.looked)) == (3, 1)
    assert "drawn nowhere" in note(spots.notes, "are protected")
    assert note(spots.notes, "turned up there").startswith("So are 1 events")
    assert repr(spots.apart) == "Apart(6 events)"


def test_an_event_that_a_protected_building_shares_with_an_open_one_is_not_drawn() -> None:
    where = homes(HOME, (HOME[0] + 30, HOME[1]), protected=[False, True])
    spots = found(events((HOME[0] + 15, HOME[1]), *spread(20)), buildings=where)
    assert spots.apart.table["n_events"].tolist() == [1, 1]
    assert spots.apart.n_events == 1
    assert len(spots.apart.drawn) == 0


def test_where_everything_is_at_an_address_the_fault_says_what_to_do() -> None:
    with pytest.raises(PlaceError, match="only_own_addresses") as caught:
        found(events(*[HOME] * 5), buildings=homes())
    assert "smaller own_m" in str(caught.value)
    with pytest.raises(PlaceError, match="enforcement"):
        found(events(*[HOME] * 5, arises_from=["agency_initiated"] * 5), buildings=homes())


def test_buildings_are_checked_as_profiles_check_them() -> None:
    with pytest.raises(PlaceError, match="duplicate_building_id"):
        found(events(*spread(9)), buildings=homes(HOME, HOME).assign(id="same"))
    with pytest.raises(PlaceError, match="not_buildings"):
        found(events(*spread(9)), buildings=[1])  # type: ignore[arg-type]
    for wrong in (-1, 1_001, float("nan"), "25"):
        with pytest.raises(ArgumentError, match="own_m"):
            found(events(*spread(9)), buildings=homes(), own_m=wrong)


@settings(max_examples=40)
@given(
    at=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), st.booleans()), min_size=1, max_size=25),
    own_m=st.integers(0, 60),
    seed=st.integers(0, 3),
)
def test_every_reported_claim_is_kept_or_apart_and_order_does_not_matter(
    at: list[tuple[int, int, bool]], own_m: int, seed: int
) -> None:
    far = [(float(metres), 0.0) for metres, _, _ in at]
    columns = {
        "claim_id": [claim for _, claim, _ in at],
        "arises_from": ["agency_initiated" if looked else "reported" for _, _, looked in at],
    }
    frame = events(*far, (3_000, 3_000), claim_id=[*columns["claim_id"], 99],
                   arises_from=[*columns["arises_from"], "reported"])  # fmt: skip
    where = check_buildings(homes((0.0, 0.0)))
    points = check_points(frame)
    kept, apart = take_apart(points, where, float(own_m))
    near = {claim for metres, claim, _ in at if metres <= own_m}
    reported = {claim for _, claim, looked in at if not looked}
    assert apart.n_events == len(near & reported)
    assert len(kept) == sum(claim not in near if not looked else metres > own_m for metres, claim, looked in at) + 1
    shuffled, other = take_apart(check_points(frame.sample(frac=1, random_state=seed)), where, float(own_m))
    assert len(shuffled) == len(kept)
    pd.testing.assert_frame_equal(apart.table, other.table)
