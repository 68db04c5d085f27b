"""Log-odds to points to bands: at the anchors, at the ends, at every edge."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels.points import band_number, raw_points, whole_points

ANCHORS = ((-2.9444389791664403, 20.0), (0.0, 80.0))


def test_anchors_are_where_they_were_agreed() -> None:
    assert raw_points([line[0] for line in ANCHORS], ANCHORS).tolist() == [20.0, 80.0]


def test_points_are_a_straight_line() -> None:
    odds = np.linspace(-8.0, 3.0, 40)
    steps = np.diff(raw_points(odds, ANCHORS))
    assert steps == pytest.approx(np.full(39, steps[0]))


@pytest.mark.parametrize("falling", [((0.0, 80.0), (2.0, 20.0)), ((2.0, 20.0), (0.0, 80.0))])
def test_anchors_may_stand_in_any_order_and_fall(falling: tuple[tuple[float, float], tuple[float, float]]) -> None:
    assert raw_points(1.0, falling) == pytest.approx(50.0)


def test_whole_points_end_at_0_and_100_and_round_half_to_even() -> None:
    plain = ((0.0, 0.0), (100.0, 100.0))
    assert whole_points([-1e9, 0.5, 1.5, 2.5, 99.5, 1e9], plain).tolist() == [0, 0, 2, 2, 100, 100]


def test_an_edge_belongs_to_the_band_above() -> None:
    assert band_number(range(101), (30.0, 70.0, 90.0)).tolist() == [0] * 30 + [1] * 40 + [2] * 20 + [3] * 11


def test_nothing_comes_back_as_nothing() -> None:
    assert whole_points([], ANCHORS).size == band_number([], (30.0, 70.0, 90.0)).size == 0
