"""Would anyone have found it alone: each authority's own run, the redraws, and what may be said of them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from riskshare.places.grid import Grid
from riskshare.places.hot_cells import Rule, find_hot_cells, hot_only
from riskshare.places.redraw import OWN_PRIOR, PRIOR, Own, draw_counts, means_of
from riskshare.places.together import Power
from riskshare.spots import HotSpots, hotspots

RULE = Rule(1, 0.05, "bh", significance=True)


def power(only: float, against: float, *alone: float) -> Power:
    return Power(np.array([0.9]), np.array([only]), np.array([against]), np.array([alone]))


@pytest.mark.parametrize(
    ("drawn", "alone_now", "said"),
    [
        (power(0.3, 0.0, 0.1, 0.1), (False, False), True),
        (power(0.3, 0.0, 0.1, 0.1), (True, False), False),  # somebody finds it in the run itself
        (power(0.3, 0.0, 0.1, 0.5), (False, False), False),  # who would find it every other time was unlucky once
        (power(0.08, 0.07, 0.07, 0.0), (False, False), False),  # luck: pool and authority are alike
        (power(0.08, 0.02, 0.02, 0.0), (False, False), True),  # exactly 80 % of those that differ
        (power(0.0, 0.0, 0.1, 0.1), (False, False), False),  # never a difference
        (power(np.nan, np.nan, np.nan, np.nan), (False, False), False),  # nothing was drawn
    ],
)
def test_what_may_be_called_visible_only_together(drawn: Power, alone_now: tuple[bool, bool], said: bool) -> None:
    assert drawn.only_together(np.array([alone_now])).tolist() == [said]


@pytest.mark.parametrize("dispersion", [1.0, 1.8])
def test_the_screened_test_for_draws_finds_what_the_full_one_finds(dispersion: float) -> None:
    rng = np.random.default_rng(5)
    grid = Grid(250, 0, 0, 30, 30)
    base = np.ones((2, 900))
    base[1, :450] = 0.0
    hot = 0
    for _ in range(10):
        ratio = np.where(rng.random(900) < 0.02, 14.0, 1.0)
        counts = rng.poisson(0.6 * base * ratio)
        phi = np.full(2, dispersion)
        full = find_hot_cells(grid, counts, base, RULE, dispersion=phi).hot
        assert np.array_equal(hot_only(grid, counts, base, RULE, dispersion=phi), full)
        hot += int(full.sum())
    assert hot > 10


def one_authority(counts: np.ndarray) -> tuple[Grid, np.ndarray, tuple[Own, ...], tuple[np.ndarray, ...]]:
    grid = Grid(250, 0, 0, 3, 3)
    base = np.ones((1, 9))
    return grid, base, (Own(grid, np.arange(9), np.array([0]), base),), (counts,)


def test_means_by_hand() -> None:
    # 18 events in the middle of 3 × 3 cells that expect 2 each: every window sees all 18; that of a corner expects 8,
    # of an edge 12, of the middle 18.
    counts = np.zeros((1, 9), dtype=np.int64)
    counts[0, 4] = 18
    grid, base, own, mine = one_authority(counts)
    (means,) = means_of(grid, base, own, mine, RULE)
    expected = np.array([8, 12, 8, 12, 18, 12, 8, 12, 8], dtype=float)
    pooled = (18 + PRIOR) / (expected + PRIOR)
    ratio = (18 + OWN_PRIOR * pooled) / (expected + OWN_PRIOR)
    assert np.allclose(means[0], 18 * ratio / ratio.sum())


def test_without_significance_the_counts_themselves_are_drawn_from() -> None:
    counts = np.arange(9, dtype=np.int64)[None, :]
    grid, base, own, mine = one_authority(counts)
    (means,) = means_of(grid, base, own, mine, Rule(1, 0.05, "bh", significance=False))
    assert means.tolist() == counts.tolist()


def test_draws_keep_mean_and_dispersion() -> None:
    grid, base, own, _ = one_authority(np.zeros((1, 9), dtype=np.int64))
    rng = np.random.default_rng(1)
    for phi in (1.0, 2.5):
        drawn = np.array([draw_counts((3.0 * base,), own, np.array([phi]), rng)[0] for _ in range(4000)])
        assert drawn.mean() == pytest.approx(3.0, rel=0.03)
        assert drawn.var() == pytest.approx(3.0 * phi, rel=0.06)
    assert grid.n_cells == 9


AREAS = gpd.GeoDataFrame(
    {"code": ["east", "west"]},
    geometry=[shapely.box(405_000, 300_000, 410_000, 305_000), shapely.box(400_000, 300_000, 405_000, 305_000)],
    crs=27700,
)


def town(n_west: int, n_east: int, *, seed: int = 0) -> gpd.GeoDataFrame:
    """Return events spread evenly, and some more on each side of the border at (405,000, 302,500)."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(400_000, 410_000, 300), rng.uniform(300_000, 305_000, 300)
    near = [(404_990 - 5.0 * k, 302_510.0) for k in range(n_west)] + [
        (405_010 + 5.0 * k, 302_510.0) for k in range(n_east)
    ]
    extra = np.array(near).reshape(-1, 2)
    places = gpd.points_from_xy(np.concatenate((x, extra[:, 0])), np.concatenate((y, extra[:, 1])))
    return gpd.GeoDataFrame({"recorded_by": "force"}, index=range(len(places)), geometry=places, crs=27700)


def found(points: gpd.GeoDataFrame, resamples: int = 0) -> HotSpots:
    return hotspots(points, AREAS, null="uniform", resamples=resamples)


def test_who_holds_it_all_finds_it_alone_and_the_neighbour_does_not_count() -> None:
    first = found(town(25, 0)).clusters.iloc[0]
    assert first["found_alone_by"] == ("west",)
    # The neighbour has a cell of the cluster's ground but finds nothing of its own.
    assert not first["only_visible_together"]


def test_each_finds_its_own_half_where_there_is_plenty() -> None:
    assert found(town(20, 20)).clusters.iloc[0]["found_alone_by"] == ("east", "west")


def test_a_cluster_far_from_an_authority_is_never_found_by_it() -> None:
    points = town(0, 0)
    deep = gpd.GeoDataFrame(
        {"recorded_by": "force"}, index=range(20), geometry=[shapely.Point(401_000, 301_000)] * 20, crs=27700
    )
    spots = hotspots(pd.concat([points, deep], ignore_index=True), AREAS, null="uniform", resamples=20)
    assert spots.clusters.iloc[0]["found_alone_by"] == ("west",)
    assert spots.power.alone[0, 0] == 0.0
    assert spots.power.stability[0] > 0.9


def test_the_same_seed_gives_the_same_answer() -> None:
    one, two = (found(town(8, 8), resamples=12).power for _ in range(2))
    assert np.array_equal(one.alone, two.alone)
    assert np.array_equal(one.stability, two.stability)


def test_without_resamples_nothing_is_claimed() -> None:
    spots = found(town(6, 6))
    assert not spots.clusters["only_visible_together"].any()
    assert spots.clusters["stability"].isna().all()
    assert any("No resamples" in note for note in spots.notes)
