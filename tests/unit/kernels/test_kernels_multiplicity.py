"""Adjusted p-values: by hand, in any order, and none made up where nothing was tested."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels.multiplicity import adjusted_p, permutations_needed


def slow_adjusted(p: list[float], factor: float) -> list[float]:
    m = len(p)
    ranked = sorted(p)
    return [min(1.0, min(factor * ranked[j] * m / (j + 1) for j in range(m) if ranked[j] >= value)) for value in p]


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_as_the_definition_says(seed: int) -> None:
    p = np.round(np.random.default_rng(seed).random(12) ** 3, 2)
    np.testing.assert_allclose(adjusted_p(p), slow_adjusted(p.tolist(), 1.0))
    harmonic = sum(1.0 / j for j in range(1, 13))
    np.testing.assert_allclose(adjusted_p(p, method="by"), slow_adjusted(p.tolist(), harmonic))


def test_cells_not_tested_do_not_count() -> None:
    grid = np.array([[0.01, np.nan], [np.nan, 0.5]])
    assert adjusted_p(grid).tolist() == [
        [0.02, pytest.approx(np.nan, nan_ok=True)],
        [pytest.approx(np.nan, nan_ok=True), 0.5],
    ]
    assert np.isnan(adjusted_p([np.nan])).all()
    assert adjusted_p([]).size == 0


def test_a_lone_cell_is_found_from_the_number_of_permutations_on() -> None:
    m, level = 40, 0.05
    enough = permutations_needed(m, level)
    for n_permutations, found in ((enough, True), (enough - 1, False)):
        p = np.full(m, 0.9)
        p[0] = 1.0 / (n_permutations + 1)
        assert bool(adjusted_p(p).min() <= level + 1e-12) is found


@pytest.mark.parametrize("p", [[-0.1], [1.1], [np.inf]])
def test_p_outside_0_to_1_is_refused(p: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjusted_p(p)


def test_unknown_methods_and_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="method"):
        adjusted_p([0.5], method="holm")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n_tests"):
        permutations_needed(0, 0.05)
    with pytest.raises(ValueError, match="level"):
        permutations_needed(5, 1.0)
