"""Offsets applied: to what is expected, never to what is counted, with raw and adjusted beside each other."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from riskshare.places.adjusting import BY_ADJUSTMENT, EITHER_WAY, adjust, adjusted_base
from riskshare.places.areas import check_areas
from riskshare.places.coverage import everywhere
from riskshare.places.grid import grid_over
from riskshare.places.hot_cells import Rule
from riskshare.places.people import expected_base
from riskshare.places.points import check_points
from riskshare.places.strata import count_cells, lay_ground, place_events
from riskshare.practice import RecordingPractice, recording_practice

AREAS = gpd.GeoDataFrame(
    {"code": ["a", "b"]},
    geometry=[box(400_000, 300_000, 410_000, 310_000), box(410_000, 300_000, 420_000, 310_000)],
    crs=27700,
)


@pytest.fixture(scope="module")
def world() -> tuple[gpd.GeoDataFrame, RecordingPractice]:
    rng = np.random.default_rng(6)
    x = np.concatenate([400_000 + rng.random(2_000) * 10_000, 410_000 + rng.random(600) * 10_000])
    y = 300_000 + rng.random(x.size) * 10_000
    # A true hot spot in the half that records 0.3 of what happens.
    x[2_000:2_030], y[2_000:2_030] = 415_100 + rng.random(30) * 300, 305_100 + rng.random(30) * 300
    points = gpd.GeoDataFrame(
        {"source": "police", "recorded_by": np.where(x < 410_000, "force a", "force b")},
        geometry=gpd.points_from_xy(x, y), crs=27700,
    )  # fmt: skip
    return points, recording_practice(points, AREAS)


def pieces(points: gpd.GeoDataFrame) -> tuple[object, ...]:
    areas = check_areas(AREAS)
    ground = lay_ground(areas, grid_over((400_000, 300_000, 420_000, 310_000), 500))
    placed, strata, _ = place_events(check_points(points), ground, everywhere(("police",), areas.codes))
    counts = count_cells(placed, len(strata.names), ground.grid.n_cells)
    return ground.grid, strata.names, counts, expected_base(strata.ground, ground.shares)


def test_counts_are_summed_and_never_scaled(world: tuple[gpd.GeoDataFrame, RecordingPractice]) -> None:
    points, practice = world
    _, names, counts, base = pieces(points)
    pooled = adjusted_base(names, counts, base, practice)
    assert [group.tolist() for group in pooled.members] == [[0, 1]]
    np.testing.assert_array_equal(pooled.counts, counts.sum(axis=0, keepdims=True))
    theta = practice.offsets.set_index("organisation")["theta_applied"]
    wanted = np.exp(theta["force a"]) * base[0] + np.exp(theta["force b"]) * base[1]
    np.testing.assert_allclose(pooled.base[0], wanted)
    plain = adjusted_base(names, counts, base, practice, np.zeros(2))
    np.testing.assert_allclose(plain.base[0], base.sum(axis=0))


def test_raw_adjusted_and_stability_stand_beside_each_other(
    world: tuple[gpd.GeoDataFrame, RecordingPractice],
) -> None:
    points, practice = world
    grid, names, counts, base = pieces(points)
    rule = Rule(1, 0.05, "bh", True, False)
    found = adjust(grid, names, counts, base, rule, practice, rng=np.random.default_rng(0), draws=20)
    spot = int(grid.cell_of(np.array([415_250.0]), np.array([305_250.0]))[0])
    # Pooled as if all recorded alike, the busy half hides it; by own totals and with offsets it shows.
    assert found.raw.hot[spot]
    assert found.adjusted.hot[spot]
    assert found.share[spot] == 1.0
    assert found.sentence(spot) == f"{EITHER_WAY}; hot in 100 % of draws of the offsets"
    west = np.arange(grid.n_cells) % grid.n_cols < grid.n_cols // 2
    assert found.pooled.hot[west].sum() > found.adjusted.hot[west].sum()
    # What only the pooled finding held stays in view.
    assert set(found.verdict[found.pooled.hot & ~found.adjusted.hot]) == {"hot only before adjustment"}
    assert (found.verdict[found.adjusted.hot] != "").all()


def test_verdicts_name_what_adjustment_does(world: tuple[gpd.GeoDataFrame, RecordingPractice]) -> None:
    points, practice = world
    found = adjust(*pieces(points)[:4], Rule(1, 0.05, "bh", True), practice, rng=np.random.default_rng(0), draws=0)
    assert np.isnan(found.share).all()
    only = found.adjusted.hot & ~found.raw.hot & ~found.pooled.hot
    assert (found.verdict[only] == BY_ADJUSTMENT).all()
    assert found.sentence(int(np.argmax(found.verdict == ""))) == ""
    assert "hot by own totals" in repr(found)


def test_a_stratum_without_an_offset_stays_alone() -> None:
    x = np.concatenate([np.full(40, 405_000.0), np.full(40, 415_000.0)])
    points = gpd.GeoDataFrame(
        {"source": "police", "recorded_by": np.where(x < 410_000, "force a", "force b")},
        geometry=gpd.points_from_xy(x, np.full(80, 305_000.0)), crs=27700,
    )  # fmt: skip
    practice = recording_practice(points, AREAS)
    _, names, counts, base = pieces(points)
    pooled = adjusted_base(names, counts, base, practice)
    assert [group.tolist() for group in pooled.members] == [[0], [1]]
    np.testing.assert_array_equal(pooled.base, base)
    assert not practice.draw(names, 5, np.random.default_rng(0)).any()


def test_draws_have_the_offsets_mean_and_spread(world: tuple[gpd.GeoDataFrame, RecordingPractice]) -> None:
    _, practice = world
    names = (("police", "force b", "all"), ("police", "force a", "all"), ("ambulance", "x", "all"))
    draws = practice.draw(names, 4_000, np.random.default_rng(1))
    table = practice.offsets.set_index("organisation")
    assert draws[:, 0].mean() == pytest.approx(table.loc["force b", "theta"], abs=0.02)
    np.testing.assert_allclose(draws[:, 0] + draws[:, 1], 0.0, atol=1e-6)
    assert not draws[:, 2].any()
    assert isinstance(table, pd.DataFrame)
