from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from riskshare.errors import ArgumentError, DisclosureError, PlaceError
from riskshare.sharing.catchments import split
from riskshare.sharing.snapping import ADDRESSES, PEOPLE, fixed_points, snap, snap_to_cells
from riskshare.sharing.surfaces import safe_surface

SQUARE = shapely.box(0, 0, 1_000, 1_000)
RNG = np.random.default_rng(9)
X, Y = RNG.uniform(0, 1_000, (2, 300))


def test_catchments_cover_the_plane_and_none_is_too_light() -> None:
    boxes, box = split(X, Y, np.ones(300), 8)
    held = np.bincount(box)
    assert held.min() >= 8
    assert held.max() <= 15
    x, y = RNG.uniform(-5_000, 5_000, (2, 2_000))
    inside = [(x >= w) & (x < e) & (y >= s) & (y < n) for w, s, e, n in boxes]
    assert (np.sum(inside, axis=0) == 1).all()


def test_addresses_at_one_spot_stay_together() -> None:
    boxes, box = split(np.zeros(40), np.zeros(40), np.ones(40), 8)
    assert len(boxes) == 1
    assert (box == 0).all()
    # the longer side cannot be cut with eight on each side; the shorter one can
    x, y = np.array([0.0] * 15 + [100.0]), np.array([*np.repeat([0.0, 1.0], 8)])
    assert split(x, y, np.ones(16), 8)[1].tolist() == [0] * 8 + [1] * 8


def test_too_few_addresses_have_no_point() -> None:
    points = fixed_points(X[:7], Y[:7], {"A": SQUARE})
    assert points.x.size == 0
    assert math.isnan(points.typical_move_m)
    assert snap([5.0], [5.0], points).place.tolist() == [-1]
    assert fixed_points([], [], {"A": SQUARE}).x.size == 0
    assert fixed_points([], [], {}).x.size == 0


def test_points_lie_inside_the_area_even_where_it_is_hollow() -> None:
    ring = shapely.Point(500, 500).buffer(500) - shapely.Point(500, 500).buffer(450)
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    points = fixed_points(500 + 475 * np.cos(angle), 500 + 475 * np.sin(angle), {"A": ring})
    assert points.x.size == 1
    assert ring.covers(shapely.Point(points.x[0], points.y[0]))
    sliver = shapely.box(0.1, 0.1, 0.4, 900.0)  # no whole metre lies in it
    thin = fixed_points(np.full(9, 0.2), np.arange(10.0, 100.0, 10.0), {"A": sliver})
    assert sliver.covers(shapely.Point(thin.x[0], thin.y[0]))


def test_points_do_not_hang_on_the_order_of_addresses() -> None:
    one = fixed_points(X, Y, {"A": SQUARE})
    other = fixed_points(X[::-1], Y[::-1], {"A": SQUARE})
    assert (one.x == other.x).all()
    assert (one.y == other.y).all()
    assert one.unit == ADDRESSES
    assert repr(one) == f"FixedPoints({one.x.size} points, each for several addresses)"


def test_population_cells_stand_in_for_addresses_and_say_so() -> None:
    x, y = (g.ravel() for g in np.meshgrid(np.arange(50.0, 1_000, 100), np.arange(50.0, 1_000, 100)))
    points = fixed_points(x, y, {"A": SQUARE}, people=np.arange(100) % 7)
    assert points.unit == PEOPLE
    assert points.stands_for.min() >= 8
    assert points.stands_for.sum() == (np.arange(100) % 7).sum()
    assert 0 < points.typical_move_m < 300


def test_the_error_published_is_the_mean_distance_of_addresses() -> None:
    points = fixed_points(np.arange(5.0, 85.0, 10.0), np.full(8, 5.0), {"A": shapely.box(0, 0, 80, 10)})
    assert points.x.tolist() == [40.0]
    assert points.typical_move_m == 20.0  # 35, 25, 15, 5 on each side


def test_no_point_tells_of_two_areas() -> None:
    areas = {"W": shapely.box(0, 0, 500, 1_000), "E": shapely.box(500, 0, 1_000, 1_000)}
    points = fixed_points(X, Y, areas)
    for x, y, code in zip(points.x, points.y, points.area, strict=True):
        assert areas[code].covers(shapely.Point(x, y))
    events = snap(X, Y, points)
    assert ((events.x <= 500) == (X <= 500)).all()
    assert (events.place >= 0).all()
    assert "300 events" in repr(events)


def test_events_without_a_place_get_none() -> None:
    points = fixed_points(X, Y, {"A": SQUARE})
    events = snap([math.nan, 2_000.0, 500.0], [500.0, 500.0, math.nan], points)
    assert events.place.tolist() == [-1, -1, -1]
    assert np.isnan(events.x).all()
    cells = snap_to_cells([math.nan, 600.0], [1.0, 1.0])
    assert cells.place.tolist() == [-1, 0]
    assert math.isnan(cells.x[0])
    assert snap_to_cells([math.nan], [math.nan]).place.tolist() == [-1]
    assert snap_to_cells([], []).place.size == 0


def test_addresses_outside_every_area_are_left_out_and_counted() -> None:
    points = fixed_points([*X, 5_000.0], [*Y, 5_000.0], {"A": SQUARE})
    assert points.n_outside == 1
    assert points.stands_for.sum() == 300


@pytest.mark.parametrize(
    ("x", "y", "people", "code"),
    [([1.0], [1.0, 2.0], None, "shapes"), ([math.inf], [1.0], None, "coordinates"), ([1.0], [1.0], [1.5], "people"),
     ([1.0], [1.0], [-1], "people")],
)  # fmt: skip
def test_addresses_that_cannot_be_used_are_refused(x: object, y: object, people: object, code: str) -> None:
    with pytest.raises(DisclosureError, match=code):
        fixed_points(x, y, {"A": SQUARE}, people=people)  # type: ignore[arg-type]


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ArgumentError) as caught:
        fixed_points(X, Y, {"A": "square"}, least=7)
    assert len(caught.value.problems) == 2
    with pytest.raises(ArgumentError, match="FixedPoints"):
        snap(X, Y, (X, Y))  # type: ignore[arg-type]
    for cell_m in (499, 500.5, True):
        with pytest.raises(DisclosureError, match="cell_size"):
            snap_to_cells(X, Y, cell_m=cell_m)  # type: ignore[arg-type]


BOX = (0.0, 0.0, 999.0, 999.0)


def test_raw_coordinates_make_no_surface() -> None:
    with pytest.raises(ArgumentError) as caught:
        safe_surface((X, Y), bounds=BOX, pixel_m=0, bandwidth_m=-1.0)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 3
    with pytest.raises(PlaceError):
        safe_surface(snap_to_cells(X, Y), bounds=(1.0, 1.0, 0.0, 0.0), pixel_m=100, bandwidth_m=300.0)


def test_partners_must_say_where_people_live() -> None:
    places = snap(X, Y, fixed_points(X, Y, {"A": SQUARE}))
    with pytest.raises(DisclosureError, match="people"):
        safe_surface(places, bounds=BOX, pixel_m=100, bandwidth_m=300.0, audience="partnership")
    with pytest.raises(DisclosureError, match="one length"):
        safe_surface(
            places, bounds=BOX, pixel_m=100, bandwidth_m=300.0, people=([1.0], [1.0], []), audience="partnership"
        )


def test_public_cells_must_be_large_enough_whoever_they_were_made_for() -> None:
    small = snap_to_cells(X, Y, cell_m=250, audience="partnership")
    with pytest.raises(DisclosureError, match="500 m or more"):
        safe_surface(small, bounds=BOX, pixel_m=100, bandwidth_m=300.0)


def test_moving_an_event_within_its_cell_changes_no_pixel() -> None:
    jitter = RNG.uniform(0, 1, (2, 300))
    one = safe_surface(snap_to_cells(X, Y), bounds=BOX, pixel_m=100, bandwidth_m=300.0)
    moved = snap_to_cells(X // 500 * 500 + jitter[0] * 499, Y // 500 * 500 + jitter[1] * 499)
    other = safe_surface(moved, bounds=BOX, pixel_m=100, bandwidth_m=300.0)
    assert (one.values == other.values).all()
    assert repr(one) == "Surface(10 × 10 pixels for public)"


def test_one_event_more_does_not_show_in_a_public_surface_below_the_next_multiple_of_five() -> None:
    one = safe_surface(snap_to_cells([250.0] * 13, [250.0] * 13), bounds=BOX, pixel_m=500, bandwidth_m=300.0)
    other = safe_surface(snap_to_cells([250.0] * 17, [250.0] * 17), bounds=BOX, pixel_m=500, bandwidth_m=300.0)
    assert (one.values == other.values).all()
    assert one.values[0, 0] == 15.0


def test_a_place_withheld_from_the_table_is_left_out_of_the_map() -> None:
    places = snap_to_cells([250.0] * 20 + [750.0] * 20, [250.0] * 40)
    surface = safe_surface(places, bounds=BOX, pixel_m=500, bandwidth_m=300.0, withheld=[0])
    assert surface.values.tolist() == [[0.0, 20.0], [0.0, 0.0]]


def test_events_beyond_the_map_and_nothing_at_all_make_an_empty_one() -> None:
    beyond = safe_surface(snap_to_cells([9_000.0] * 20, [250.0] * 20), bounds=BOX, pixel_m=500, bandwidth_m=300.0)
    nothing = safe_surface(snap_to_cells([], []), bounds=BOX, pixel_m=500, bandwidth_m=300.0)
    assert not beyond.values.any()
    assert not nothing.values.any()
