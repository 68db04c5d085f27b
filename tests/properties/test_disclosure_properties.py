"""What holds of disclosure control for any table, any people and any place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from riskshare.sharing.cell_key import LARGEST_NOISE
from riskshare.sharing.feasible import audit
from riskshare.sharing.snapping import beside_centres, fixed_points, snap, snap_to_cells
from riskshare.sharing.suppression import line_sums, suppress, with_totals
from riskshare.sharing.tables import protect_people

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)
COUNTS = st.one_of(st.integers(0, 6), st.integers(0, 60), st.just(0))
TABLES = SHAPES.flatmap(lambda shape: hnp.arrays(np.int64, shape, elements=COUNTS))
RULES = st.sampled_from([(10, True), (5, False)])


@given(TABLES, RULES)
@settings(deadline=None, max_examples=60)
def test_small_counts_are_withheld_and_no_interval_is_narrow(counts: np.ndarray, rule: tuple[int, bool]) -> None:
    least, zero = rule
    table = with_totals(counts)
    done = suppress(table, least=least, zero_is_small=zero)
    small = (table < least) & ((table > 0) | zero)
    assert (done.withheld >= small).all()
    assert (done.primary == small).all()
    assert not audit(line_sums(table.shape), table.ravel(), done.withheld.ravel(), least).failed.size
    assert done.withheld.any() == small.any()
    if not zero:
        assert not done.withheld[table == 0].any()


@given(TABLES, RULES)
@settings(deadline=None, max_examples=30)
def test_a_table_is_protected_the_same_every_time(counts: np.ndarray, rule: tuple[int, bool]) -> None:
    one, other = (suppress(with_totals(counts), least=rule[0], zero_is_small=rule[1]) for _ in range(2))
    assert (one.withheld == other.withheld).all()


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=80), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_noise_hangs_on_the_people_and_not_on_their_order(areas: list[str], random: object) -> None:
    frame = pd.DataFrame({"subject_id": [f"S{n}" for n in range(len(areas))], "area": areas})
    key = b"sixteen bytes or more"
    plain = protect_people(frame, by=["area"], audience="partnership").table
    one = protect_people(frame, by=["area"], audience="partnership", key=key).table
    order = list(range(len(areas)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert protect_people(frame.iloc[order], by=["area"], audience="partnership", key=key).table.equals(one)
    assert one["status"].equals(plain["status"])
    assert ((one["count"] - plain["count"]).abs().dropna() <= LARGEST_NOISE).all()


COORDINATES = st.lists(
    st.tuples(st.floats(-50, 1_050, allow_nan=False), st.floats(-50, 1_050, allow_nan=False)), max_size=60
)


@given(COORDINATES, COORDINATES, st.integers(8, 12))
@settings(deadline=None, max_examples=60)
def test_every_point_stands_for_enough_inside_its_own_area(
    addresses: list[tuple[float, float]], events: list[tuple[float, float]], least: int
) -> None:
    areas = {"W": shapely.box(0, 0, 400, 1_000), "E": shapely.box(400, 0, 1_000, 1_000)}
    x, y = np.array(addresses, dtype=float).reshape(-1, 2).T
    points = fixed_points(x, y, areas, least=least)
    assert (points.stands_for >= least).all()
    for east, north, code in zip(points.x, points.y, points.area, strict=True):
        assert areas[code].covers(shapely.Point(east, north))
    ex, ey = np.array(events, dtype=float).reshape(-1, 2).T
    together = snap(ex, ey, points)
    alone = [snap([a], [b], points).place[0] for a, b in zip(ex, ey, strict=True)]
    assert together.place.tolist() == alone  # no event changes where another is shown
    # the recount: as many addresses are shown at each point as it says it stands for
    own = snap(x, y, points)
    assert np.bincount(own.place[own.place >= 0], minlength=points.x.size).tolist() == points.stands_for.tolist()


@given(COORDINATES, st.sampled_from([500, 750, 1_000]))
@settings(deadline=None, max_examples=40)
def test_a_public_place_is_the_centre_of_a_fixed_cell(events: list[tuple[float, float]], cell_m: int) -> None:
    x, y = np.array(events, dtype=float).reshape(-1, 2).T
    found = snap_to_cells(x, y, cell_m=cell_m)
    assert (found.x == (np.floor(x / cell_m) + 0.5) * cell_m).all()
    assert (found.y == (np.floor(y / cell_m) + 0.5) * cell_m).all()


@given(COORDINATES, st.floats(60, 940), st.sampled_from([250, 500]))
@settings(deadline=None, max_examples=60)
def test_where_an_event_is_counted_tells_its_cell_and_its_authority_and_no_more(
    events: list[tuple[float, float]], border: float, cell_m: int
) -> None:
    """One spot for each cell and authority, in that cell: whatever leaves is worked out from these spots alone."""
    areas = {"W": shapely.box(0, 0, border, 1_000), "E": shapely.box(border, 0, 1_000, 1_000)}
    x, y = np.array(events, dtype=float).reshape(-1, 2).T
    cells = snap_to_cells(x, y, cell_m=cell_m, audience="partnership")
    east, north = beside_centres(x, y, cells, areas)
    assert (np.floor(east / cell_m) == np.floor(x / cell_m)).all()
    assert (np.floor(north / cell_m) == np.floor(y / cell_m)).all()
    alone = [beside_centres([a], [b], snap_to_cells([a], [b], cell_m=cell_m, audience="partnership"), areas)
             for a, b in zip(x, y, strict=True)]  # fmt: skip
    assert east.tolist() == [float(one[0][0]) for one in alone]  # no event changes where another is counted
    for code, shape in areas.items():
        own = shapely.intersects_xy(shape, x, y) & ((code == "E") | (x < border))
        for number in np.unique(cells.place[own & (x != border)]).tolist():
            mine = own & (x != border) & (cells.place == number)
            assert len(set(zip(east[mine].tolist(), north[mine].tolist(), strict=True))) == 1
