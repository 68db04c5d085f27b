"""The local excess test: strata keep their totals, uncovered cells say nothing, and null maps stay cold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse, stats

from riskshare.kernels.excess import estimate_dispersion, local_excess, square_blocks
from riskshare.kernels.multiplicity import adjusted_p
from riskshare.kernels.neighbourhoods import Window

LEVEL = 0.05


def made_up_area(n: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Two authorities side by side and two sources; the east records .3 of what happens, and coverage has holes."""
    rng = np.random.default_rng(11)
    people = rng.gamma(1.5, 1.0, (n, n))
    covered = np.ones((2, n, n), dtype=bool)
    covered[1, : n // 3] = False  # the second source does not reach the north
    covered[0, n // 2 : n // 2 + 4, 3:8] = False
    west = np.broadcast_to(np.arange(n) < n // 2, (n, n))
    expected = np.array([people * source * side for source in covered for side in (west, ~west)])
    return expected, np.array([1.0, 0.3, 1.0, 0.3])[:, None, None]


def share_with_a_false_hot_cell(n_maps: int, density: float, seed: int, *, pooled: bool, phi: float = 1.0) -> float:
    expected, recorded = made_up_area()
    rng = np.random.default_rng(seed)
    false = 0
    for _ in range(n_maps):
        mean = expected * recorded * density
        if phi == 1.0:
            counts = rng.poisson(mean)
        else:
            counts = rng.negative_binomial(np.maximum(mean, 1e-12) / (phi - 1.0), 1.0 / phi) * (mean > 0.0)
        if pooled:
            result = local_excess(counts.sum(axis=0)[None], expected.sum(axis=0)[None], Window(1))
        else:
            result = local_excess(counts, expected, Window(1), dispersion=phi)
        false += bool(np.nanmin(adjusted_p(result.p)) <= LEVEL)
    return false / n_maps


def highest(n_maps: int) -> float:
    return float(stats.binom.ppf(0.975, n_maps, LEVEL)) / n_maps


@pytest.mark.parametrize("density", [0.05, 1.0])
def test_null_maps_stay_cold_though_one_side_records_less(density: float) -> None:
    assert share_with_a_false_hot_cell(60, density, 1, pooled=False) <= highest(60)


def test_pooled_strata_would_heat_the_side_that_records_more() -> None:
    assert share_with_a_false_hot_cell(30, 1.0, 2, pooled=True) > 0.5


@pytest.mark.long
@pytest.mark.parametrize(("density", "phi"), [(0.05, 1.0), (0.5, 1.0), (5.0, 1.0), (1.0, 2.0)])
def test_a_thousand_null_maps_stay_cold(density: float, phi: float) -> None:
    share = share_with_a_false_hot_cell(1000, density, 3, pooled=False, phi=phi)
    print(f"{density} events a cell, φ {phi}: {share:.3f}, at most {highest(1000):.3f}")  # noqa: T201 (figures)
    assert share <= highest(1000)


def test_p_is_the_binomial_tail_of_the_neighbourhood() -> None:
    rng = np.random.default_rng(4)
    expected = rng.uniform(0.5, 2.0, (1, 6, 7))
    counts = rng.poisson(expected)
    result = local_excess(counts, expected, Window(1))
    row, column = 3, 5
    near = (slice(row - 1, row + 2), slice(column - 1, column + 2))
    share = expected[0][near].sum() / expected.sum()
    seen, total = counts[0][near].sum(), counts.sum()
    assert result.observed[row, column] == seen
    assert result.expected[row, column] == pytest.approx(total * share)
    assert result.p[row, column] == pytest.approx(stats.binom.sf(seen - 1, total, share))
    assert result.mid_p[row, column] == pytest.approx(
        stats.binom.sf(seen, total, share) + 0.5 * stats.binom.pmf(seen, total, share)
    )


def test_a_planted_excess_is_found_on_the_side_that_records_less() -> None:
    expected, recorded = made_up_area()
    counts = np.random.default_rng(5).poisson(expected * recorded)
    counts[1, 20:23, 22:25] += 4
    hot = adjusted_p(local_excess(counts, expected, Window(1)).p) <= LEVEL
    assert hot[21, 23]
    assert not hot[:, :18].any()


def test_the_factor_of_a_stratum_does_not_matter() -> None:
    expected, recorded = made_up_area(12)
    counts = np.random.default_rng(6).poisson(expected * recorded)
    scaled = expected * np.array([7.0, 0.01, 1.0, 300.0])[:, None, None]
    np.testing.assert_allclose(
        local_excess(counts, scaled, Window(2, "round")).p,
        local_excess(counts, expected, Window(2, "round")).p,
        rtol=1e-9,
    )


def test_where_nobody_looked_nothing_is_said() -> None:
    expected = np.array([[[1.0, 1.0, 0.0, 0.0, 1.0]]])
    result = local_excess([[[2, 0, 0, 0, 1]]], expected, Window(1))
    assert np.isnan(result.p[0]).tolist() == [False, False, True, True, False]
    assert all(np.isnan(column[0, 2]) for column in result)
    kept = local_excess([[[2, 0, 0, 0, 1]]], expected, Window(1), mask=np.array([[True, False, True, False, True]]))
    assert np.isnan(kept.p[0]).tolist() == [False, True, True, True, False]
    assert kept.p[0, 0] == result.p[0, 0]


def test_cells_and_a_matrix_give_the_same_as_a_grid() -> None:
    rng = np.random.default_rng(7)
    expected = rng.uniform(0.1, 1.0, (3, 4, 5))
    counts = rng.poisson(expected)
    row, column = (a.ravel() for a in np.indices((4, 5)))
    near = sparse.csr_array((np.maximum(abs(row[:, None] - row), abs(column[:, None] - column)) <= 1).astype(float))
    flat = local_excess(counts.reshape(3, 20), expected.reshape(3, 20), near)
    np.testing.assert_allclose(flat.p, local_excess(counts, expected, Window(1)).p.ravel(), rtol=1e-12)


def test_no_events_and_no_cells() -> None:
    assert local_excess(np.zeros((2, 1, 3)), np.ones((2, 1, 3)), Window(1)).p.tolist() == [[1.0, 1.0, 1.0]]
    assert local_excess(np.zeros((2, 0, 3)), np.ones((2, 0, 3)), Window(1)).p.shape == (0, 3)


GRID = np.ones((1, 2, 2))


@pytest.mark.parametrize(
    ("counts", "expected", "message"),
    [
        (GRID, np.ones((1, 2, 3)), "one shape"),
        ([1, 2], [1, 2], "one shape"),
        (GRID * 0.5, GRID, "whole"),
        (-GRID, GRID, "whole"),
        (GRID * np.nan, GRID, "whole"),
        (GRID, -GRID, "expected must be"),
        (GRID, GRID * np.inf, "expected must be"),
        (GRID, GRID * np.array([[0.0, 1.0], [1.0, 0.0]]), "2 cells hold events"),
    ],
)
def test_what_cannot_be_tested_is_refused(counts: object, expected: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        local_excess(counts, expected, Window(1))  # type: ignore[arg-type]


def test_a_mask_or_neighbourhood_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="mask"):
        local_excess(GRID, GRID, Window(1), mask=np.ones((2, 2)))
    with pytest.raises(ValueError, match="0 and 1 only"):
        local_excess(np.ones((1, 2)), np.ones((1, 2)), sparse.csr_array([[1.0, 0.5], [0.5, 1.0]]))


@pytest.mark.parametrize("phi", [1.0, 2.0, 4.0])
def test_dispersion_is_recovered_and_hot_spots_do_not_raise_it(phi: float) -> None:
    rng = np.random.default_rng(8)
    mean = rng.gamma(3.0, 0.6, (2, 60, 60))
    counts = rng.poisson(mean) if phi == 1.0 else rng.negative_binomial(mean / (phi - 1.0), 1.0 / phi)
    blocks = square_blocks((60, 60), 3)
    plain = estimate_dispersion(counts, mean, blocks)
    np.testing.assert_allclose(plain.phi, phi, rtol=0.2)
    assert plain.n_blocks.min() > 350
    assert not plain.pooled.any()
    counts[:, 6:15, 6:15] += 6  # nine blocks of 400 are hot
    hot = estimate_dispersion(counts, mean, blocks).phi
    assert (hot < 1.35 * plain.phi).all()
    assert (estimate_dispersion(counts, mean, blocks, trim=0.0).phi > 1.5 * plain.phi).all()


def test_strata_with_few_blocks_take_the_figure_of_all() -> None:
    rng = np.random.default_rng(9)
    mean = np.ones((3, 300)) * np.array([20.0, 20.0, 0.01])[:, None]
    counts = rng.negative_binomial(mean / 2.0, 1.0 / 3.0)
    counts[2] = 0
    mean[1, 5:] = 0.0
    counts[1, 5:] = 0
    blocks = np.arange(300)
    result = estimate_dispersion(counts, mean, blocks)
    assert result.n_blocks.tolist() == [300, 5, 0]
    assert result.pooled.tolist() == [False, True, True]
    assert result.phi[1] == result.phi[2]
    assert result.phi[0] == pytest.approx(3.0, rel=0.25)
    none = np.full(300, -1)
    assert np.isnan(estimate_dispersion(counts, mean, none).phi).all()


def test_blocks_and_trim_are_checked() -> None:
    with pytest.raises(ValueError, match="blocks"):
        estimate_dispersion(GRID, GRID, [0, 1])
    with pytest.raises(ValueError, match="blocks"):
        estimate_dispersion(GRID, GRID, np.ones((2, 2)))
    with pytest.raises(ValueError, match="trim"):
        estimate_dispersion(GRID, GRID, np.zeros((2, 2), dtype=int), trim=0.5)
    with pytest.raises(ValueError, match="side_cells"):
        square_blocks((2, 2), 0)
