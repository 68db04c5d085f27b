"""DBSCAN: stacks, weights, borders, numbering, wide gaps, blocks, time, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels import clustering
from riskshare.kernels.clustering import dbscan, space_time_dbscan


def test_a_stack_weighs_what_its_events_weigh() -> None:
    stacked = dbscan([5, 5, 5, 5], [1, 1, 1, 1], 10, 4)
    assert stacked.tolist() == [0, 0, 0, 0]
    assert dbscan([5], [1], 10, 4, [4]).tolist() == [0]
    assert dbscan([5], [1], 10, 4, [3.9]).tolist() == [-1]
    assert dbscan([5, 5, 5], [1, 1, 1], 10, 0.3, [0.1, 0.1, 0.1]).tolist() == [0, 0, 0]


def test_eps_is_closed() -> None:
    assert dbscan([0, 60], [0, 80], 100, 2).tolist() == [0, 0]
    assert dbscan([0, 60], [0, 80], np.nextafter(100, 0), 2).tolist() == [-1, -1]


def test_a_border_point_goes_to_its_nearest_core_and_of_equals_to_the_first() -> None:
    left, right = [-3, -3, -3, -2], [2, 3, 3, 3]
    assert dbscan([*left, 0, *right], np.zeros(9), 2, 4).tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    nearer_right = dbscan([*left, 0.2, *right], np.zeros(9), 2.2, 4)
    assert nearer_right.tolist() == [1, 1, 1, 1, 0, 0, 0, 0, 0]  # and the right one is now the heavier


def test_clusters_are_numbered_by_weight() -> None:
    assert dbscan([0, 0, 9, 9, 20, 20], np.zeros(6), 1, 2, [1, 1, 3, 3, 1, 1]).tolist() == [1, 1, 0, 0, 2, 2]


def test_row_order_does_not_matter() -> None:
    draw = np.random.default_rng(1)
    x, y = draw.integers(0, 40, (2, 300))
    weights = draw.choice([0.1, 0.2, 0.7], 300)
    shuffle = draw.permutation(300)
    one = dbscan(x, y, 2, 1.5, weights)
    assert one.max() > 3
    assert dbscan(x[shuffle], y[shuffle], 2, 1.5, weights[shuffle]).tolist() == one[shuffle].tolist()


def test_far_away_points_cost_no_giant_grid() -> None:
    x = np.array([0, 0.5, 1, 5e9, 5e9 + 0.5, 5e9 + 1, -7e9])
    assert dbscan(x, x, 1, 3).tolist() == [0, 0, 0, 1, 1, 1, -1]


def test_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(2)
    x, y = draw.normal(0, 4, (2, 400))
    whole = dbscan(x, y, 0.8, 6)
    monkeypatch.setattr(clustering, "BLOCK", 7)
    assert dbscan(x, y, 0.8, 6).tolist() == whole.tolist()


def test_cells_whose_middles_are_apart_may_still_touch() -> None:
    # Two lines of cores, 1.3 m apart at their nearest ends only: the middles of their cells are farther than eps.
    x = np.concatenate((np.linspace(0, 0.9, 10), np.linspace(2.2, 3.1, 10)))
    assert dbscan(x, np.zeros(20), 1.3 + 1e-9, 5).tolist() == [0] * 20
    assert dbscan(x, np.zeros(20), 1.3 - 1e-9, 5).tolist() == [0] * 10 + [1] * 10


def test_time_parts_what_space_joins() -> None:
    x, t = np.zeros(6), [0, 1, 2, 30, 31, 32]
    assert dbscan(x, x, 1, 3).tolist() == [0] * 6
    assert space_time_dbscan(x, x, t, 1, 1, 3).tolist() == [0, 0, 0, 1, 1, 1]
    assert space_time_dbscan(x, x, t, 1, 0, 2).tolist() == [-1] * 6
    assert space_time_dbscan(x, x, [5, 5, 5, 6, 6, 7], 1, 0, 2).tolist() == [0, 0, 0, 1, 1, -1]


def test_nothing_in_nothing_out() -> None:
    labels = dbscan([], [], 1, 1)
    assert labels.shape == (0,)
    assert labels.dtype == np.int64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [0]}, "one length"),
        ({"x": [0, np.inf]}, "finite"),
        ({"weights": [1, -1]}, "weights"),
        ({"eps_m": 0}, "eps_m"),
        ({"eps_days": -1}, "eps_days"),
        ({"min_weight": 0}, "min_weight"),
        ({"x": [0, 1e20]}, "too small for the extent"),
    ],
)
def test_dbscan_says_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments = {"x": [0, 1], "y": [0, 1], "t_days": [0, 1], "eps_m": 1, "eps_days": 1, "min_weight": 2}
    with pytest.raises(ValueError, match=message):
        space_time_dbscan(**(arguments | change))


def test_more_cells_than_numbers_for_them_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = clustering._slots
    monkeypatch.setattr(clustering, "_slots", lambda values, side: real(values, side) + (1 << 30))
    with pytest.raises(ValueError, match="too small for the extent"):
        dbscan([0, 1], [0, 1], 1, 1)
