"""Kernel density: the edge correction, what is out of reach, and floors shown where they bite."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels.density import Density, dual_density, kernel_density


def slow_density(counts: np.ndarray, coverage: np.ndarray, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """Cell by cell; the kernel is summed over an endless plane of cells to norm it."""
    reach = np.arange(-int(bandwidth) - 1, int(bandwidth) + 2)
    whole = sum(max(1 - (dx * dx + dy * dy) / bandwidth**2, 0.0) ** 2 for dx in reach for dy in reach)
    top, bottom = np.zeros(counts.shape), np.zeros(counts.shape)
    for (row, column), (other, beside) in ((a, b) for a in np.ndindex(counts.shape) for b in np.ndindex(counts.shape)):
        weight = max(1 - ((other - row) ** 2 + (beside - column) ** 2) / bandwidth**2, 0.0) ** 2 / whole
        top[row, column] += weight * counts[other, beside]
        bottom[row, column] += weight * coverage[other, beside]
    with np.errstate(invalid="ignore"):
        return top / bottom, np.where(bottom > 0.0, bottom, np.nan)


@pytest.mark.parametrize("bandwidth", [0.5, 1.0, 1.3, 2.0, 4.7, 30.0])
def test_density_is_the_ratio_of_two_weighted_sums(bandwidth: float) -> None:
    rng = np.random.default_rng(1)
    coverage = np.where(rng.random((8, 6)) < 0.7, rng.random((8, 6)), 0.0)
    counts = rng.poisson(2.0, (8, 6)) * (coverage > 0.0)
    result = kernel_density(counts, coverage, bandwidth)
    density, seen = slow_density(counts, coverage, bandwidth)
    np.testing.assert_allclose(result.density, density, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.seen, seen, rtol=1e-9)


def test_an_even_density_stays_even_up_to_the_edge() -> None:
    coverage = np.ones((9, 9))
    coverage[:, 6:] = 0.0
    result = kernel_density(3.0 * coverage, coverage, 3.0)
    np.testing.assert_allclose(result.density[:, :6], 3.0)
    assert result.seen[0, 0] < 0.5
    assert result.seen[4, 3] == pytest.approx(1.0)


def test_out_of_reach_is_0_where_covered_and_unknown_where_nothing_is() -> None:
    coverage = np.ones((40, 40))
    coverage[:, 30:] = 0.0
    counts = np.zeros((40, 40))
    counts[5, 5] = 1e9
    result = kernel_density(counts, coverage, 4.0)
    assert (result.density[20:, :30] == 0.0).all()
    assert np.isnan(result.density[:, 36:]).all()
    assert np.isnan(result.seen[:, 36:]).all()


def test_a_kernel_smaller_than_a_cell_gives_the_counts() -> None:
    counts = np.array([[1.0, 4.0], [0.0, 2.0]])
    assert kernel_density(counts, np.ones((2, 2)), 0.8).density.tolist() == counts.tolist()


def test_an_empty_grid_has_no_density() -> None:
    assert kernel_density(np.zeros((0, 3)), np.zeros((0, 3)), 2.0).density.shape == (0, 3)


@pytest.mark.parametrize(
    ("counts", "coverage", "bandwidth", "message"),
    [
        ([[1, 2]], [[1]], 1.0, "one shape"),
        ([1, 2], [1, 1], 1.0, "one shape"),
        ([[1, 2]], [[1, 1]], 0.0, "bandwidth"),
        ([[1, 2]], [[1, 1]], np.nan, "bandwidth"),
        ([[1, -2]], [[1, 1]], 1.0, "counts must be"),
        ([[1, np.inf]], [[1, 1]], 1.0, "counts must be"),
        ([[1, 2]], [[1, 1.1]], 1.0, "coverage between"),
        ([[1, 2]], [[1, np.nan]], 1.0, "coverage between"),
        ([[1, 2]], [[1, 0]], 1.0, "1 cells hold events"),
    ],
)
def test_what_cannot_be_smoothed_is_refused(counts: object, coverage: object, bandwidth: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kernel_density(counts, coverage, bandwidth)  # type: ignore[arg-type]


def test_the_floor_keeps_empty_ground_from_being_the_hottest() -> None:
    events = kernel_density([[1, 0, 0, 9]], np.ones((1, 4)), 1.0)
    people = kernel_density([[0, 50, 50, 500]], np.ones((1, 4)), 1.0)
    result = dual_density(events, people, floor=100.0)
    assert result.ratio[0].tolist() == [0.01, 0.0, 0.0, 0.018]
    assert result.floored[0].tolist() == [True, True, True, False]


def test_dual_density_stays_unknown_where_either_is() -> None:
    known, unknown = Density(np.array([1.0]), np.ones(1)), Density(np.array([np.nan]), np.array([np.nan]))
    assert np.isnan(dual_density(known, unknown, floor=1.0).ratio).all()
    assert np.isnan(dual_density(unknown, known, floor=1.0).ratio).all()


def test_dual_density_refuses_other_grids_and_no_floor() -> None:
    one, two = Density(np.ones(1), np.ones(1)), Density(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="one grid"):
        dual_density(one, two, floor=1.0)
    with pytest.raises(ValueError, match="floor"):
        dual_density(one, one, floor=0.0)
