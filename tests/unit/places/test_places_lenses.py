"""The other lenses: each finds what was planted for its question, and stays blind to recording practice."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from riskshare.errors import ArgumentError, PlaceError
from riskshare.places import lenses

X, Y = 430_000.0, 340_000.0
FIRST = np.datetime64("2024-01-01")


def areas(*ends: float) -> gpd.GeoDataFrame:
    shapes = [shapely.box(X + a, Y, X + b, Y + 6_000) for a, b in pairwise((0.0, *ends))]
    return gpd.GeoDataFrame({"code": [f"a{n}" for n in range(len(shapes))]}, geometry=shapes, crs=27700)


TWO = areas(3_000, 6_000)


def events(xy: Any, days: Any = None, **columns: Any) -> gpd.GeoDataFrame:
    where = np.asarray(xy, dtype=float)
    if days is not None:
        columns["date"] = FIRST + np.asarray(days).astype("timedelta64[D]")
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(X + where[:, 0], Y + where[:, 1]), crs=27700)


def spread(n: int, rng: np.random.Generator, west: float = 0, east: float = 6_000) -> np.ndarray:
    return np.column_stack((rng.uniform(west, east, n), rng.uniform(0, 6_000, n)))


def heap(n: int, centre: tuple[float, float], radius_m: float, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(centre) + rng.uniform(-radius_m, radius_m, (n, 2))


PEOPLE = pd.DataFrame({"easting": [X], "northing": [Y], "cell_m": [6_000], "population": [36_000]})


def test_the_circular_scan_finds_a_heap_across_the_line_and_not_the_lazier_recorder() -> None:
    rng = np.random.default_rng(4)
    # The east records a third of what the west does; 40 more lie on the line.
    points = events(np.vstack((spread(240, rng, 0, 3_000), spread(80, rng, 3_000), heap(40, (3_000, 3_250), 240, rng))))
    found = lenses.circular_scan(points, TWO, population=PEOPLE, n_simulations=199, seed=1)
    sure = found[found["p"] <= 0.05]
    assert len(sure) == 1
    assert sure["authorities"][0] == ("a0", "a1")
    assert sure["crosses_boundary"][0]
    assert shapely.covers(sure.geometry.iloc[0], shapely.Point(X + 3_000, Y + 3_250))
    assert found["n_events"].iloc[0] == round(found["expected"].iloc[0] * found["ratio"].iloc[0])


def test_the_circular_scan_needs_something_to_expect() -> None:
    points = events(spread(30, np.random.default_rng(1)))
    with pytest.raises(PlaceError, match="nothing_expected"):
        lenses.circular_scan(points, TWO)
    asked = lenses.circular_scan(points, TWO, null="uniform", n_simulations=19, cell_m=1_000)
    assert (asked["p"] > 0.05).all()


def test_the_space_time_scan_is_blind_to_a_new_records_system_and_sees_an_outbreak() -> None:
    rng = np.random.default_rng(6)
    # From day 280 on the east records five times as much: a change of the whole authority.
    west, east = spread(200, rng, 0, 3_000), spread(240, rng, 3_000)
    days = np.concatenate((rng.integers(0, 364, 200), rng.integers(0, 280, 100), rng.integers(280, 364, 140)))
    quiet = lenses.space_time_permutation(events(np.vstack((west, east)), days), TWO, n_simulations=99, seed=1)
    assert quiet.empty or quiet["p"].min() > 0.05
    xy = np.vstack((west, east, heap(14, (1_500, 4_500), 200, rng)))
    found = lenses.space_time_permutation(
        events(xy, [*days, *rng.integers(56, 84, 14)]), TWO, n_simulations=99, seed=1
    ).iloc[0]
    assert found["p"] == 0.01
    assert found["authorities"] == ("a0",)
    assert found["first_day"] <= pd.Timestamp("2024-03-24")
    assert found["last_day"] >= pd.Timestamp("2024-02-26")
    assert (found["last_day"] - found["first_day"]).days % 28 == 27


def test_dbscan_stacks_events_of_one_point_and_says_whose_they_are() -> None:
    xy = [(2_990, 100)] * 7 + [(3_010, 100)] * 5 + [(500, 5_000)] * 9
    found = lenses.dbscan(events(xy), TWO, min_events=10)
    assert found["n_events"].tolist() == [12]
    assert found["authority_share"][0] == {"a0": pytest.approx(7 / 12), "a1": pytest.approx(5 / 12)}
    assert found["crosses_boundary"].tolist() == [True]
    # Two discs of half of 100 m.
    assert found.geometry[0].bounds == pytest.approx((X + 2_940, Y + 50, X + 3_060, Y + 150))
    assert lenses.dbscan(events(xy), TWO, min_events=9)["n_events"].tolist() == [12, 9]


def test_neighbours_are_no_nearer_than_points_are_precise() -> None:
    xy = [(1_000 + 150 * n, 1_000) for n in range(4)]
    assert lenses.dbscan(events(xy), TWO, min_events=2).empty
    found = lenses.dbscan(events(xy, precision_m=[80, 80, 80, 80]), TWO, min_events=2)
    assert found["n_events"].tolist() == [4]
    assert "Neighbours are at most 160 m apart." in found.attrs["notes"]


def test_space_time_dbscan_wants_the_same_days() -> None:
    xy, days = [(1_000, 1_000)] * 8, [0, 2, 4, 6, 100, 150, 200, 250]
    found = lenses.space_time_dbscan(events(xy, days), TWO, eps_days=3, min_events=3)
    assert found["n_events"].tolist() == [4]
    assert (found["first_day"][0], found["last_day"][0]) == (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-07"))


@pytest.mark.parametrize("lens", [lenses.space_time_dbscan, lenses.near_repeat, lenses.near_repeat_events])
def test_months_are_too_coarse_for_days(lens: Callable[..., Any]) -> None:
    with pytest.raises(PlaceError, match="months_only"):
        lens(events([(1_000, 1_000)] * 3, date=["2024-01", "2024-02", "2024-02"]), TWO)


@pytest.mark.parametrize("lens", [lenses.space_time_dbscan, lenses.near_repeat, lenses.space_time_permutation])
def test_without_dates_there_is_no_time(lens: Callable[..., Any]) -> None:
    with pytest.raises(PlaceError, match="no_dates"):
        lens(events([(1_000, 1_000)] * 3), TWO)


def test_density_is_corrected_at_edges_and_kept_to_each_sources_ground() -> None:
    # One event at the middle of every cell of 250 m: 16 a square kilometre, at the edge too.
    centres = np.arange(125.0, 6_000, 250)
    xy = np.array([(east, north) for east in centres for north in centres])
    source = ["police"] * len(xy) + ["ambulance"] * int((xy[:, 0] < 3_000).sum())
    points = events(np.vstack((xy, xy[xy[:, 0] < 3_000])), source=source)
    everywhere = {"from": "2024-01-01", "until": "2025-01-01"}
    looked = pd.DataFrame([
        {"source": "police", "area": "a0", **everywhere}, {"source": "police", "area": "a1", **everywhere},
        {"source": "ambulance", "area": "a0", **everywhere},
    ])  # fmt: skip
    found = lenses.density(points, TWO, coverage=looked)
    assert found["density_km2"].to_numpy() == pytest.approx(16.0)
    assert found.groupby("source").size().to_dict() == {"ambulance": 288, "police": 576}
    corner = found[(found["source"] == "police") & (found["cell_id"] == "SK30004000")]
    assert corner["seen"].iloc[0] < 0.5
    assert corner["mostly_correction"].iloc[0]
    narrow = lenses.density(points, TWO, coverage=looked, bandwidth_m=250)
    assert any("nothing is smoothed" in note for note in narrow.attrs["notes"])


def test_near_repeats_come_in_printed_half_open_bands() -> None:
    rng = np.random.default_rng(9)
    first, days = spread(60, rng, 200, 5_800), rng.integers(0, 300, 60)
    again = first[:25] + np.array([60, 0])
    found = lenses.near_repeat(events(np.vstack((first, again)), [*days, *(days[:25] + 3)]), TWO, n_permutations=199)
    assert found["distance_m"].unique().tolist() == ["[0, 0.01]", "(0.01, 100)", "[100, 200)", "[200, 400)"]
    assert found["days"].unique().tolist() == ["[0, 1)", "[1, 8)", "[8, 15)", "[15, 29)"]
    line = found[(found["distance_m"] == "(0.01, 100)") & (found["days"] == "[1, 8)")].iloc[0]
    assert line["observed"] >= 25
    assert line["ratio"] > 5
    assert line["p"] == 0.005


def test_events_with_more_soon_neighbours_than_dates_would_give_are_named_inside_each_force() -> None:
    rng = np.random.default_rng(12)
    first, days = spread(80, rng, 200, 5_800), rng.integers(0, 300, 80)
    chain = np.array([(1_500, 1_500), (1_540, 1_500), (1_500, 1_560), (1_560, 1_540)])
    far = first[(np.abs(first - [1_500, 1_500]) > 300).any(axis=1)]
    points = events(np.vstack((chain, far)), [100, 102, 103, 105, *days[: len(far)]])
    found = lenses.near_repeat_events(points, TWO)
    hot = found[found["q"] <= 0.05]
    assert len(hot) == 4
    assert hot["observed"].tolist() == [3] * 4
    assert hot["authority"].tolist() == ["a0"] * 4
    assert (found["observed"] > 0).all()
    assert found["p"].is_monotonic_increasing
    # The same four, half of them another force's: its dates cannot change places with the first one's.
    apart = points.assign(source=["p", "p", "q", "q", *["p"] * len(far)])
    assert lenses.near_repeat_events(apart, TWO)["observed"].max() == 1


def cluster(west: float = 800, east: float = 1_200) -> gpd.GeoDataFrame:
    shape = shapely.box(X + west, Y + 800, X + east, Y + 1_200)
    return gpd.GeoDataFrame({"cluster_id": ["C1"]}, geometry=[shape], crs=27700)


def monthly(counts: list[int]) -> gpd.GeoDataFrame:
    months = [f"2024-{month:02d}" if month <= 12 else f"2025-{month - 12:02d}" for month in range(1, len(counts) + 1)]
    dates = [month for month, count in zip(months, counts, strict=True) for _ in range(count)]
    return events([(1_000, 1_000)] * sum(counts), date=dates)


def test_a_cluster_that_rises_every_month() -> None:
    line = lenses.trends(monthly(list(range(1, 13))), TWO, cluster()).iloc[0]
    assert (line["s"], line["months"], line["n_events"]) == (66, 12, 78)
    assert (line["change_per_year"], line["trend"]) == (12.0, "rising")
    assert lenses.trends(monthly(list(range(12, 0, -1))), TWO, cluster())["trend"].tolist() == ["falling"]
    assert lenses.trends(monthly([3, 3, 2, 3, 3, 2, 3, 3, 2, 3, 3, 2]), TWO, cluster())["trend"].tolist() == ["none"]
    assert lenses.trends(monthly([1, 2, 3, 4]), TWO, cluster())["trend"].tolist() == ["too short"]


def test_a_month_nobody_covered_is_missing_and_not_zero() -> None:
    counts = [5] * 6 + [0] * 3 + [5] * 6
    gap = pd.DataFrame({
        "source": "all", "area": ["a0", "a0", "a1"], "from": ["2024-01-01", "2024-10-01", "2024-01-01"],
        "until": ["2024-07-01", None, None],
    })  # fmt: skip
    line = lenses.trends(monthly(counts), TWO, cluster(), coverage=gap).iloc[0]
    assert (line["months"], line["s"]) == (12, 0)
    # The same cluster over the line is missing then too: half of it was not covered.
    assert lenses.trends(monthly(counts), TWO, cluster(900, 5_000), coverage=gap)["months"].tolist() == [12]
    assert lenses.trends(monthly(counts), TWO, cluster())["months"].tolist() == [15]


def test_a_first_month_that_is_not_whole_is_left_out() -> None:
    days = [25, 40, 50, 70, 80, 100, 110, 130]
    line = lenses.trends(events([(1_000, 1_000)] * 8, days), TWO, cluster()).iloc[0]
    assert (line["months"], line["n_events"]) == (3, 6)


def test_clusters_must_be_clusters() -> None:
    with pytest.raises(PlaceError, match="not_clusters"):
        lenses.trends(monthly([1, 2]), TWO, TWO)
    with pytest.raises(PlaceError, match="no_crs"):
        lenses.trends(monthly([1, 2]), TWO, cluster().set_crs(None, allow_override=True))


@pytest.mark.parametrize("name", list(lenses.QUESTIONS))
def test_every_lens_states_its_question_and_ignores_where_we_looked(name: str) -> None:
    xy, days = [(1_000, 1_000)] * 12 + [(2_000, 2_000)] * 3, [*range(0, 360, 30), 1, 2, 3]
    arises = ["reported"] * 12 + ["agency_initiated"] * 3
    points = events(xy, days, arises_from=arises)
    options: dict[str, Any] = {"circular_scan": {"null": "uniform", "n_simulations": 9}}.get(name, {})
    options |= {"n_simulations": 9} if name == "space_time_permutation" else {}
    more = (cluster(),) if name == "trends" else ()
    lens = getattr(lenses, name)
    found, without = lens(points, TWO, *more, **options), lens(points[:12], TWO, *more, **options)
    assert found.attrs["question"] == lenses.QUESTIONS[name]
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(without))


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda p: lenses.circular_scan(p, TWO, n_simulations=0, seed=-1, max_radius_m=0), 3),
        (lambda p: lenses.space_time_permutation(p, TWO, step_days=0, max_days="x"), 2),
        (lambda p: lenses.dbscan(p, TWO, eps_m=0, min_events=0), 2),
        (lambda p: lenses.space_time_dbscan(p, TWO, eps_days=-1), 1),
        (lambda p: lenses.density(p, TWO, bandwidth_m=float("nan")), 1),
        (lambda p: lenses.near_repeat(p, TWO, space_bands_m=(0,), time_bands_days=(3, 1), n_permutations=0), 4),
        (lambda p: lenses.near_repeat(p, TWO, time_bands_days="week", same_place_m=500), 2),
        (lambda p: lenses.near_repeat_events(p, TWO, distance_m=0, days="week"), 2),
        (lambda p: lenses.trends(p, TWO, cluster(), level=0), 1),
    ],
)
def test_every_wrong_argument_is_named(call: Callable[..., Any], named: int) -> None:
    with pytest.raises(ArgumentError) as caught:
        call(events([(1_000, 1_000)]))
    assert len(caught.value.problems) == named
