"""Gi*: where it is undefined, what is refused, and the hazards other tools fell into."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from riskshare.kernels import local_statistics
from riskshare.kernels.local_statistics import gi_star, gi_star_grid


def slow_gi_star(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Ord and Getis 1995 as printed, place by place."""
    n = len(values)
    mean = values.mean()
    s = np.sqrt(((values - mean) ** 2).mean())
    out = np.full(n, np.nan)
    for i, row in enumerate(weights):
        room = n * (row**2).sum() - row.sum() ** 2
        if room > 1e-9 * n * (row**2).sum():
            out[i] = ((row * values).sum() - mean * row.sum()) / (s * np.sqrt(room / (n - 1)))
    return out


def grid_weights(mask: np.ndarray, radius: int, shape: str) -> np.ndarray:
    row, column = np.nonzero(mask)
    dy, dx = abs(row[:, None] - row), abs(column[:, None] - column)
    return (np.maximum(dy, dx) <= radius if shape == "square" else dx**2 + dy**2 <= radius**2).astype(float)


@pytest.mark.parametrize("shape", ["square", "round"])
@pytest.mark.parametrize("radius", [0, 1, 2, 4])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_grid_follows_the_printed_formula(
    seed: int, radius: int, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_statistics, "_BLOCK", 30)  # several blocks, so that their seams are tested
    rng = np.random.default_rng(seed)
    mask = rng.random((23, 9)) < (0.8 if seed == 1 else 1.1)
    values = np.where(mask, rng.poisson(1.5, mask.shape) if radius % 2 else rng.normal(size=mask.shape), np.nan)
    z = gi_star_grid(values, mask, radius, shape)
    assert np.isnan(z[~mask]).all()
    expected = slow_gi_star(values[mask], grid_weights(mask, radius, shape))
    np.testing.assert_allclose(z[mask], expected, rtol=1e-10, atol=1e-12)
    sparse_z = gi_star(values[mask], sparse.csr_matrix(grid_weights(mask, radius, shape)))
    np.testing.assert_allclose(sparse_z, expected, rtol=1e-10, atol=1e-12)


def test_empty_sea_inflates_z_unless_it_is_masked() -> None:
    land = np.random.default_rng(4).poisson(3.0, (8, 8)).astype(float)
    sea = np.zeros((8, 30))
    grid, mask = np.hstack((land, sea)), np.hstack((np.ones((8, 8)), sea))
    np.testing.assert_allclose(gi_star_grid(grid, mask, 1)[:, :8], gi_star_grid(land, np.ones((8, 8)), 1))
    careless = gi_star_grid(grid, np.ones(grid.shape), 1)[:, :8]
    assert np.nanmean(careless) > 2.0


def test_a_neighbourhood_that_is_the_whole_area_is_undefined_not_zero() -> None:
    z = gi_star_grid([[1, 2, 3, 4]], np.ones((1, 4)), 2)
    assert np.isnan(z[0, 1:3]).all()
    assert np.isfinite(z[0, [0, 3]]).all()
    assert np.isnan(gi_star([1, 2, 3], sparse.csr_array(np.full((3, 3), 1 / 3)))).all()


def test_a_place_without_weights_is_undefined() -> None:
    z = gi_star([1.0, 2.0, 3.0], sparse.csr_array([[1, 1, 0], [0, 0, 0], [0, 0, 1]]))
    assert np.isnan(z).tolist() == [False, True, False]


@pytest.mark.parametrize("shift", [0.0, 1e9, -1e12])
def test_a_large_offset_does_not_eat_the_variance(shift: float) -> None:
    values = np.random.default_rng(5).poisson(0.02, (30, 30)).astype(float)
    mask = np.ones(values.shape)
    assert gi_star_grid(values + shift, mask, 1).tolist() == gi_star_grid(values, mask, 1).tolist()


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 0.1, 1e300])
def test_the_unit_does_not_matter(scale: float) -> None:
    values = np.random.default_rng(6).normal(size=(12, 12))
    mask = np.ones(values.shape)
    np.testing.assert_allclose(gi_star_grid(values * scale, mask, 1), gi_star_grid(values, mask, 1), rtol=1e-12)


def test_equal_neighbourhoods_get_equal_z() -> None:
    counts = np.random.default_rng(7).poisson(0.3, (40, 40))
    z = gi_star_grid(counts, np.ones(counts.shape), 1)[1:-1, 1:-1]
    assert np.unique(z).size == np.unique(np.round(z, 9)).size < 20


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float32, bool])
def test_any_real_kind_of_number_goes_in(dtype: type) -> None:
    values = np.array([[0, 1, 0, 1, 1]])
    expected = gi_star_grid(values, np.ones((1, 5)), 1)
    assert gi_star_grid(values.astype(dtype), np.ones((1, 5), dtype=bool), 1).tolist() == expected.tolist()


MASK = np.ones((1, 3))


@pytest.mark.parametrize(
    ("values", "mask", "message"),
    [
        ([[1.0, 2.0, np.nan]], MASK, "finite"),
        ([[1.0, 2.0, np.inf]], MASK, "finite"),
        ([[5.0, 5.0, 5.0]], MASK, "equal"),
        ([[0.1, 0.1, 0.1]], MASK, "equal"),
        ([[1.0, 2.0, 3.0]], [[1, 0, 0]], "at least 2"),
        ([[1.0, 2.0, 3.0]], [[0, 0, 0]], "at least 2"),
        ([[1.0, 2.0, 3.0]], [[1, 1, 0.5]], "mask"),
        ([[1.0, 2.0, 3.0]], [[1, 1]], "one shape"),
        ([1.0, 2.0, 3.0], [1, 1, 1], "one shape"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "at least 2"),
    ],
)
def test_the_grid_refuses_what_has_no_answer(values: object, mask: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gi_star_grid(values, mask, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ([1, 2, 3], np.eye(2), "(n, n)"),
        ([[1, 2]], np.eye(2), "(n, n)"),
        ([1, 2], [[1, 1], [1, 0]], "leave out their own"),
        ([1, 2], [[1, -1], [0, 1]], "0 or more"),
        ([1, 2], [[1, np.inf], [0, 1]], "finite"),
        ([1], [[1]], "at least 2"),
        ([2, 2], np.eye(2), "equal"),
        ([2, np.nan], np.eye(2), "finite"),
    ],
)
def test_the_matrix_form_refuses_what_has_no_answer(values: object, weights: object, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        gi_star(values, sparse.csr_array(np.asarray(weights, dtype=float)))  # type: ignore[arg-type]


@pytest.mark.parametrize("largest", [1, 13, 14, 14.5, 3640, 3641, 238_609_294, 238_609_295, 10**12])
@pytest.mark.parametrize(("shape", "radius"), [((9, 7), 1), ((3, 12), 1), ((1, 6), 2), ((8, 8), 3), ((5, 4), 0)])
def test_sums_in_small_whole_numbers_never_overflow(largest: float, shape: tuple[int, int], radius: int) -> None:
    """The largest sums of 3 × 3 cells lie on either side of what one, two and four bytes hold."""
    values = np.full(shape, float(largest))
    values.flat[::5] = -largest
    mask = np.random.default_rng(8).random(shape) < 0.8
    for inside in (np.ones(shape, dtype=np.bool_), mask):
        row, column = np.nonzero(inside)
        near = (abs(row[:, None] - row) <= radius) & (abs(column[:, None] - column) <= radius)
        expected = gi_star(values[inside], sparse.csr_array(near.astype(float)))
        np.testing.assert_allclose(gi_star_grid(values, inside, radius)[inside], expected, rtol=1e-9, atol=1e-12)
