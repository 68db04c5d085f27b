"""Disclosure control as a practitioner meets it: small tables, worked by hand. Methods: safety, section 3.2."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import shapely

from riskshare.errors import DisclosureError, ReleaseRefusedError
from riskshare.sharing.release_register import admit, release
from riskshare.sharing.snapping import fixed_points, snap, snap_to_cells
from riskshare.sharing.surfaces import safe_surface
from riskshare.sharing.tables import protect_counts, protect_events, protect_people

APRIL, JULY, OCTOBER = dt.date(2026, 4, 1), dt.date(2026, 7, 1), dt.date(2026, 10, 1)


def wards(**counts: int) -> pd.DataFrame:
    return pd.DataFrame({"ward": list(counts), "count": list(counts.values())})


def shown(frame: pd.DataFrame, **options: object) -> list[object]:
    counts = protect_counts(frame, by=["ward"], **options).table["count"]  # type: ignore[arg-type]
    return [None if pd.isna(count) else int(count) for count in counts]


def test_three_children_in_a_ward_are_withheld_and_a_second_ward_with_them() -> None:
    """With the total 66 and the others 12 and 51, 66 − 12 − 51 would be 3."""
    assert shown(wards(north=3, south=12, west=51)) == [None, None, 50, 65]


def test_partners_see_from_five_and_unrounded() -> None:
    assert shown(wards(north=6, south=12, west=51), audience="partnership") == [6, 12, 51, 69]
    assert shown(wards(north=4, south=12, west=51), audience="partnership") == [None, None, 51, 67]


def test_nobody_is_told_to_partners_and_withheld_from_the_public() -> None:
    assert shown(wards(north=0, south=12, west=51), audience="partnership") == [0, 12, 51, 63]
    assert shown(wards(north=0, south=12, west=51)) == [None, None, 50, 65]


def test_victims_are_counted_from_ten_for_partners_too() -> None:
    assert shown(wards(north=6, south=12, west=51), audience="partnership", of_victims=True) == [None, None, 51, 69]


def test_two_small_wards_protect_each_other_only_if_their_sum_is_large_enough() -> None:
    """3 and 2 lie between 0 and 5: that is too narrow for the public, so a third goes. 6 and 5 lie between 0 and 11."""
    assert shown(wards(a=3, b=2, c=51, d=60)) == [None, None, None, 60, 115]
    assert shown(wards(a=6, b=5, c=51, d=60)) == [None, None, 50, 60, 120]


def test_a_total_below_the_threshold_is_withheld_with_everything() -> None:
    assert shown(wards(north=3, south=4)) == [None, None, None]


def test_thirty_events_of_two_people_tell_of_two_people() -> None:
    frame = pd.DataFrame(
        {"subject_id": ["P", "Q"] * 15 + [f"S{n}" for n in range(60)], "ward": ["n"] * 30 + ["s"] * 60}
    )
    assert protect_events(frame, by=["ward"]).table["status"].tolist() == ["withheld", "withheld", "shown"]
    people = protect_people(frame, by=["ward"]).table
    assert people["status"].tolist() == ["withheld", "withheld", "shown"]


def test_the_same_people_give_the_same_number_in_every_release() -> None:
    frame = pd.DataFrame({"subject_id": [f"S{n}" for n in range(70)], "ward": ["n"] * 30 + ["s"] * 40})
    key = b"a secret of the partnership"
    first = protect_people(frame, by=["ward"], key=key).table
    assert protect_people(frame.sample(frac=1, random_state=1), by=["ward"], key=key).table.equals(first)


def register_of(frame: pd.DataFrame, starts: dt.date = APRIL, until: dt.date = JULY, **options: object) -> object:
    table = protect_counts(frame, by=["ward"], **options)  # type: ignore[arg-type]
    return release(table, frame, series="knife injuries", starts=starts, until=until)


def test_a_second_release_of_a_quarter_must_differ_by_ten_people_or_not_at_all() -> None:
    first = wards(north=30, south=40)
    register, _ = admit(register_of(first), ())
    admit(register_of(first), register)
    admit(register_of(wards(north=40, south=40)), register)
    with pytest.raises(ReleaseRefusedError, match="fewer than 10 people"):
        admit(register_of(wards(north=31, south=40)), register)


def test_a_longer_period_gives_away_the_month_between() -> None:
    register, _ = admit(register_of(wards(north=30, south=40)), ())
    with pytest.raises(ReleaseRefusedError, match="overlapping_period"):
        admit(register_of(wards(north=45, south=60), until=dt.date(2026, 8, 1)), register)
    admit(register_of(wards(north=31, south=40), JULY, OCTOBER), register)


def test_a_month_is_too_short_for_the_public_and_long_enough_for_partners() -> None:
    may = dt.date(2026, 5, 1)
    with pytest.raises(ReleaseRefusedError, match="short_period"):
        admit(register_of(wards(north=30, south=40), until=may), ())
    admit(register_of(wards(north=30, south=40), until=may, audience="partnership"), ())


def test_partners_are_warned_where_the_public_release_would_be_refused() -> None:
    register, _ = admit(register_of(wards(north=30, south=40), audience="partnership"), ())
    _, warned = admit(register_of(wards(north=31, south=40), audience="partnership"), register)
    assert [problem.code for problem in warned] == ["small_change"]


def test_a_ward_less_its_estates_leaves_four_people() -> None:
    """45 in the ward was released; 11 and 30 in two of its three estates would leave 4 in the third."""
    units = pd.DataFrame({"ward": ["e1", "e2", "e3", "e4"], "count": [11, 30, 4, 10]})
    ward = {"e1": "W1", "e2": "W1", "e3": "W1", "e4": "W2"}
    whole = units.assign(ward=units["ward"].map(ward)).groupby("ward", as_index=False)["count"].sum()
    period = {"series": "s", "starts": APRIL, "until": JULY}
    first = release(protect_counts(whole, by=["ward"]), units, **period, groups={"ward": ward})
    register, _ = admit(first, ())
    estates = protect_counts(units, by=["ward"])  # by itself it hides e3 behind e4, which is in another ward
    assert estates.withheld.tolist() == [False, False, True, True, False]
    with pytest.raises(ReleaseRefusedError, match="small_remainder") as caught:
        admit(release(estates, units, **period), register)
    assert "45" not in str(caught.value)
    assert " 4 " not in str(caught.value)


def test_an_event_is_shown_at_a_point_that_stands_for_eight_homes_of_its_own_area() -> None:
    street = np.arange(5.0, 320.0, 10.0)
    areas = {"A": shapely.box(0, 0, 160, 10), "B": shapely.box(160, 0, 320, 10)}
    points = fixed_points(street, np.full(32, 5.0), areas)
    assert points.stands_for.tolist() == [8, 8, 8, 8]
    assert points.area.tolist() == ["A", "A", "B", "B"]
    events = snap([158.0, 162.0], [5.0, 5.0], points)  # four metres apart, on two sides of the border
    assert events.x.tolist() == [120.0, 200.0]


def test_public_places_are_cells_of_500_metres_or_more() -> None:
    with pytest.raises(DisclosureError, match="500 m or more"):
        snap_to_cells([1.0], [1.0], cell_m=250)
    assert snap_to_cells([1.0], [1.0], cell_m=250, audience="partnership").x.tolist() == [125.0]


def test_no_surface_for_the_public_from_points() -> None:
    points = fixed_points(np.arange(5.0, 165.0, 10.0), np.full(16, 5.0), {"A": shapely.box(0, 0, 160, 10)})
    with pytest.raises(DisclosureError, match="never from points"):
        safe_surface(snap([3.0], [3.0], points), bounds=(0, 0, 999, 999), pixel_m=100, bandwidth_m=300)


def test_a_pixel_with_four_people_in_its_window_is_blank_for_partners() -> None:
    places = snap_to_cells([150.0] * 3, [150.0] * 3, cell_m=100, audience="partnership")
    people = ([150.0, 950.0], [150.0, 150.0], [40, 4])
    surface = safe_surface(
        places, bounds=(0, 0, 999, 299), pixel_m=100, bandwidth_m=300, people=people, audience="partnership"
    )
    assert surface.values[1, 1] > 0
    assert np.isnan(surface.values[1, 9])
