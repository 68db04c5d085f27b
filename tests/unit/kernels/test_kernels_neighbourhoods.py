"""Sums over neighbourhoods: whole offsets, edges, and no dust from far away."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from riskshare.kernels.neighbourhoods import Window, neighbourhood_sums, window_sums


def slow_sums(grid: np.ndarray, radius: int, shape: str) -> np.ndarray:
    """Add up cell by cell."""
    out = np.zeros_like(grid)
    n_rows, n_columns = grid.shape
    for row, column in np.ndindex(n_rows, n_columns):
        for other, beside in np.ndindex(n_rows, n_columns):
            dy, dx = other - row, beside - column
            near = max(abs(dy), abs(dx)) <= radius if shape == "square" else dx * dx + dy * dy <= radius * radius
            if near:
                out[row, column] += grid[other, beside]
    return out


@pytest.mark.parametrize("shape", ["square", "round"])
@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5, 40])
def test_windows_add_what_is_near(radius: int, shape: str) -> None:
    grid = np.random.default_rng(radius).integers(-3, 9, (7, 11))
    assert window_sums(grid, radius, shape).tolist() == slow_sums(grid, radius, shape).tolist()
    assert (
        window_sums(np.stack((grid, 2 * grid)), radius, shape)[1].tolist()
        == (2 * slow_sums(grid, radius, shape)).tolist()
    )


def test_a_distant_spike_leaves_no_dust() -> None:
    grid = np.zeros((60, 60))
    grid[0, 0], grid[40, 40] = 1e16, 0.1
    sums = window_sums(grid, 2)
    assert sums[40, 40] == 0.1
    assert np.count_nonzero(sums) == 9 + 25


def test_true_diagonals_are_neighbours_at_radius_1_square_and_not_round() -> None:
    grid = np.eye(3, dtype=int)
    assert window_sums(grid, 1)[1, 1] == 3
    assert window_sums(grid, 1, "round")[1, 1] == 1


def test_window_and_matrix_agree() -> None:
    stack = np.random.default_rng(3).integers(0, 5, (4, 5, 6))
    row, column = (a.ravel() for a in np.indices((5, 6)))
    near = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column)) <= 1
    by_matrix = neighbourhood_sums(stack.reshape(4, 30), sparse.coo_matrix(near))
    assert by_matrix.tolist() == neighbourhood_sums(stack, Window(1)).tolist()


def test_an_empty_grid_has_no_sums_and_whole_numbers_stay_whole() -> None:
    assert window_sums(np.zeros((0, 4)), 1).shape == (0, 4)
    assert window_sums(np.ones((2, 2), dtype=bool), 1).dtype == np.int64
    assert window_sums(np.ones((2, 2), dtype=np.float32), 1).dtype == np.float64


def test_an_argument_is_never_changed() -> None:
    grid = np.ones((3, 3))
    window_sums(grid, 0)[...] = 7.0
    assert grid.sum() == 9.0


@pytest.mark.parametrize(
    ("grid", "radius", "shape", "message"),
    [
        ([1, 2], 1, "square", "grid"),
        ([[1]], -1, "square", "radius_cells"),
        ([[1]], 1.5, "square", "radius_cells"),
        ([[1]], np.inf, "square", "radius_cells"),
        ([[1]], 1, "hexagon", "shape"),
    ],
)
def test_what_cannot_be_used_is_refused(grid: object, radius: int, shape: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        window_sums(grid, radius, shape)  # type: ignore[arg-type]


def test_stack_and_neighbourhood_must_go_together() -> None:
    with pytest.raises(ValueError, match="layers of grids"):
        neighbourhood_sums([[1, 2]], Window(1))
    with pytest.raises(ValueError, match="cells"):
        neighbourhood_sums([[1, 2]], sparse.eye_array(3))
    with pytest.raises(ValueError, match="cells"):
        neighbourhood_sums([[[1, 2]]], sparse.eye_array(2))
