"""Findings beside each other: what one adds to another, clusters, people and hot cells on boards drawn by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from riskshare.errors import PlaceError
from riskshare.places.adjusting import BEFORE_ONLY, BY_ADJUSTMENT, EITHER_WAY, Adjustment
from riskshare.places.areas import check_areas
from riskshare.places.clusters import describe, join_cells, sharing
from riskshare.places.coverage import everywhere
from riskshare.places.grid import grid_over
from riskshare.places.hot_cells import HotCells, Rule, find_hot_cells, hot_only
from riskshare.places.people import check_population, people_in_cells
from riskshare.places.points import check_points
from riskshare.places.strata import Events, Ground, lay_ground, place_events
from riskshare.places.views import Views, add_clusters, all_clusters, cluster_views, expected_in, need_of, touched

SIDE = 6
"""Cells a side: three columns in the west, three in the east."""
AREAS = gpd.GeoDataFrame(
    {"code": ["east", "west"]},
    geometry=[box(400_750, 300_000, 401_500, 301_500), box(400_000, 300_000, 400_750, 301_500)],
    crs=27700,
)


@pytest.fixture(scope="module")
def ground() -> Ground:
    return lay_ground(check_areas(AREAS), grid_over((400_000, 300_000, 401_499, 301_499), 250))


def events(ground: Ground, *cells: int) -> Events:
    x, y = ground.grid.centres(np.array(cells or (0,), dtype=np.int64))
    read = check_points(gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=27700))
    return place_events(read, ground, everywhere(("all",), ground.areas.codes))[0]


def board(*cells: int) -> np.ndarray:
    hot = np.zeros(SIDE * SIDE, dtype=np.bool_)
    hot[list(cells)] = True
    return hot


def finding(*cells: int) -> HotCells:
    nothing = np.full(SIDE * SIDE, np.nan)
    return HotCells(nothing, nothing, nothing, nothing, nothing, nothing, board(*cells), np.ones(1))


def adjustment(raw: HotCells, pooled: HotCells, adjusted: HotCells, *draws: tuple[int, ...]) -> Adjustment:
    hot = np.array([board(*one) for one in draws], dtype=np.bool_).reshape(len(draws), SIDE * SIDE)
    share = hot.mean(axis=0) if draws else np.full(SIDE * SIDE, np.nan)
    return Adjustment(raw, pooled, adjusted, share, np.packbits(hot, axis=1))


# ------------------------------------------------------------------------------------------------------------ clusters


def test_cells_join_by_edges_and_corners_and_clusters_stand_by_events(ground: Ground) -> None:
    # Cells 0 and 7 touch at a corner; 4 is alone and holds most.
    found = join_cells(board(0, 7, 4), events(ground, 0, 4, 4, 20), ground)
    assert len(found) == 2
    assert found.label[[0, 7, 4]].tolist() == [1, 1, 0]
    assert found.events.sum(axis=1).tolist() == [2, 1]
    assert (found.label >= 0).sum() == 3


def test_an_authority_shares_a_cluster_by_five_per_cent_of_events_or_ground(ground: Ground) -> None:
    found = join_cells(board(2, 3), events(ground, *[2] * 96, *[3] * 4), ground)
    assert sharing(found).tolist() == [[True, True]]  # half of the ground is east's
    table = describe(found, ground, np.zeros((1, 2), dtype=bool), np.zeros(1, dtype=bool), np.array([0.5]))
    row = table.iloc[0]
    assert row["authority_share"] == {"west": 0.96, "east": 0.04}
    assert row["lead_authority"] == "west"
    assert row["crosses_boundary"]


def test_a_cluster_shared_evenly_has_no_lead(ground: Ground) -> None:
    found = join_cells(board(2, 3), events(ground, 2, 3), ground)
    table = describe(found, ground, np.zeros((1, 2), dtype=bool), np.zeros(1, dtype=bool), np.array([np.nan]))
    assert table["lead_authority"].isna().all()


def test_nothing_hot_makes_an_empty_table(ground: Ground) -> None:
    none = join_cells(board(), events(ground, 0), ground)
    assert len(none) == 0
    table = describe(none, ground, np.zeros((0, 2), dtype=bool), np.zeros(0, dtype=bool), np.zeros(0))
    assert len(table) == 0
    assert len(cluster_views(none, finding(), adjustment(finding(), finding(), finding()), board(), np.zeros(0))) == 0


# ------------------------------------------------------------------------------------------------------- what is added


def test_another_finding_adds_only_what_shares_no_cell(ground: Ground) -> None:
    placed = events(ground, 0, 35)
    main = join_cells(board(0, 1), placed, ground)
    more = add_clusters(main, board(1, 2, 34, 35), placed, ground)
    assert len(more) == 2
    assert more.label[[0, 1]].tolist() == [0, 0]
    assert more.label[2] == -1  # the same one, seen a little larger
    assert more.label[[34, 35]].tolist() == [1, 1]
    assert more.events.sum(axis=1).tolist() == [1, 1]
    np.testing.assert_array_equal(touched(more, board(35)), [False, True])


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 35)), st.sets(st.integers(0, 35)), st.lists(st.integers(0, 35), min_size=1, max_size=20))
def test_adding_changes_no_cluster_and_loses_no_place(one: set[int], two: set[int], at: list[int]) -> None:
    ground = lay_ground(check_areas(AREAS), grid_over((400_000, 300_000, 401_499, 301_499), 250))
    placed = events(ground, *at)
    main = join_cells(board(*one), placed, ground)
    more = add_clusters(main, board(*two), placed, ground)
    np.testing.assert_array_equal(more.label[board(*one)], main.label[board(*one)])
    np.testing.assert_array_equal(more.events[: len(main)], main.events)
    # Each cluster of the other finding is met by some cluster of the whole.
    other = join_cells(board(*two), placed, ground)
    for number in range(len(other)):
        assert (more.label[other.label == number] >= 0).any()
    counted = np.bincount(more.label[placed.cell][more.label[placed.cell] >= 0], minlength=len(more))
    np.testing.assert_array_equal(more.events.sum(axis=1), counted)


def test_people_alone_come_before_recording_and_unsure_cells_make_no_cluster(ground: Ground) -> None:
    raw, people, after = finding(0), finding(5), finding(0, 30, 35)
    found = adjustment(raw, finding(), after, (0, 35), (0, 30, 35), (35,), (0, 35), (0, 35))
    assert found.sure[[0, 30, 35]].tolist() == [True, False, True]
    views = Views(np.ones((1, 36)), None, people, None, found)
    clusters = all_clusters(raw, views, events(ground, 0), ground)
    assert clusters.label[[0, 5, 35, 30]].tolist() == [0, 1, 2, -1]
    assert "Adjustment" in repr(views)


def test_without_draws_all_that_adjustment_shows_makes_clusters() -> None:
    found = adjustment(finding(0), finding(), finding(30))
    assert found.sure[30]
    assert np.isnan(found.stability(np.zeros(36, dtype=np.int64), 1)).all()


def test_each_finding_is_told_of_each_cluster(ground: Ground) -> None:
    raw, pooled, after = finding(0, 10), finding(0), finding(0, 35)
    found = adjustment(raw, pooled, after, (0, 35), (35,))
    clusters = all_clusters(raw, Views(np.ones((1, 36)), None, None, None, adjustment(raw, pooled, after)),
                            events(ground, 0, 0, 10), ground)  # fmt: skip
    table = cluster_views(clusters, raw, found, board(10), np.array([1.0, 2.0, 3.0]))
    assert table["hot"].tolist() == [True, True, False]
    assert table["hot_after_adjustment"].tolist() == [True, False, True]
    assert table["adjustment"].tolist() == [EITHER_WAY, BEFORE_ONLY, BY_ADJUSTMENT]
    assert table["adjusted_stability"].tolist() == [0.5, 0.0, 1.0]
    assert table["shows"].tolist() == ["surprise", "need and surprise", ""]
    bare = cluster_views(clusters, raw, None, None, None)
    assert bare["hot_after_adjustment"].isna().all()
    assert (bare["adjustment"] == "").all()
    assert bare[["adjusted_stability", "need"]].isna().all().all()


def test_need_is_expected_over_what_people_alone_lead_to(ground: Ground) -> None:
    clusters = join_cells(board(0, 1, 35), events(ground, 0, 35), ground)
    counts, base = np.zeros((1, 36), dtype=np.int64), np.ones((1, 36))
    counts[0, 0] = 36
    plain = expected_in(counts, base)
    assert plain.tolist() == [1.0] * 36
    assert expected_in(np.zeros((1, 36), dtype=np.int64), np.zeros((1, 36))).tolist() == [0.0] * 36
    raised = plain.copy()
    raised[[0, 1]] = 3.0
    assert sorted(need_of(clusters, raised, plain).tolist()) == [1.0, 3.0]
    assert np.isnan(need_of(clusters, raised, np.zeros(36))).all()


# ----------------------------------------------------------------------------------------------------- people and heat


def people(**change: object) -> pd.DataFrame:
    columns = {"easting": [400_500.0], "northing": [300_000.0], "cell_m": [500.0], "population": [80.0]}
    return pd.DataFrame(columns | change)


def test_people_of_a_square_are_spread_over_its_cells_and_stay_with_their_authority(ground: Ground) -> None:
    whole = people_in_cells(check_population(people(), ground.areas.codes), ground).toarray()
    assert whole[:, [2, 3, 8, 9]].tolist() == [[0, 20, 0, 20], [20, 0, 20, 0]]
    named = people_in_cells(check_population(people(authority=["west"]), ground.areas.codes), ground).toarray()
    assert named[1, [2, 8]].tolist() == [40.0, 40.0]
    assert named[0].sum() == 0.0


def test_people_outside_every_area_are_nobodys(ground: Ground) -> None:
    half = people_in_cells(check_population(people(easting=[401_250.0]), ground.areas.codes), ground)
    assert half.sum() == 80.0  # all in the part that an area holds
    with pytest.raises(PlaceError, match="population_elsewhere"):
        people_in_cells(check_population(people(easting=[500_000.0]), ground.areas.codes), ground)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (pd.DataFrame({"easting": [1]}), "not_population"),
        (people(population=[-1.0]), "bad_population"),
        (people(population=["many"]), "bad_population"),
        (people(easting=[None]), "bad_easting"),
        (people(northing=["n"]), "bad_northing"),
        (people(cell_m=[0.0]), "bad_cell_m"),
        (people(authority=["nowhere"]), "unknown_population_authority"),
        (people(population=[0.0]), "nobody"),
    ],
)
def test_a_population_that_cannot_be_used_says_why(table: pd.DataFrame, code: str) -> None:
    with pytest.raises(PlaceError) as stopped:
        check_population(table, ("east", "west"))
    assert [problem.code for problem in stopped.value.problems] == [code]


def test_the_densest_cells_hold_at_most_a_twentieth_of_the_ground_and_ties_stay_out_together(ground: Ground) -> None:
    counts, base = np.zeros((1, 36), dtype=np.int64), np.ones((1, 36))
    counts[0, 7] = 9
    rule = Rule(0, 0.05, "bh", False)
    assert np.flatnonzero(find_hot_cells(ground.grid, counts, base, rule).hot).tolist() == [7]
    counts[0, 20] = 9  # two alike would hold 2/36
    assert not find_hot_cells(ground.grid, counts, base, rule).hot.any()


def test_the_quick_form_decides_as_the_whole_one(ground: Ground) -> None:
    rng = np.random.default_rng(3)
    rule = Rule(1, 0.05, "bh", True, False)
    for _ in range(20):
        counts, base = rng.poisson(1.0, (2, 36)), rng.uniform(0.5, 2.0, (2, 36))
        counts[0, rng.integers(0, 36)] += 12
        whole = find_hot_cells(ground.grid, counts, base, rule)
        np.testing.assert_array_equal(hot_only(ground.grid, counts, base, rule, dispersion=np.ones(2)), whole.hot)
