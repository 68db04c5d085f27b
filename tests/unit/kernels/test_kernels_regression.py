"""Poisson regression with a level for each stratum: what it refuses, and what it says where no coefficient is best."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels.regression import poisson_regression


def test_two_strata_of_unlike_recording_share_one_coefficient() -> None:
    # Rates 1 and 3 a person in both; the second records half as much.
    fit = poisson_regression([[10, 30], [5, 15]], [[10, 10], [10, 10]], [[0.0], [2.0]])
    assert fit.coefficients == pytest.approx([np.log(3.0) / 2.0])
    assert fit.intercepts == pytest.approx([0.0, np.log(0.5)])
    assert fit.deviance == pytest.approx(0.0, abs=1e-9)
    assert fit.converged


def test_cells_where_nobody_looks_and_strata_without_events_change_nothing() -> None:
    rng = np.random.default_rng(0)
    z, base = rng.normal(size=(40, 2)), rng.uniform(1, 9, size=(1, 40))
    counts = rng.poisson(base * np.exp(0.5 * z[:, 0]))
    plain = poisson_regression(counts, base, z)
    wider = poisson_regression(
        np.vstack((np.pad(counts, ((0, 0), (0, 1))), np.zeros((1, 41)))),
        np.vstack((np.pad(base, ((0, 0), (0, 1))), np.ones((1, 41)))),
        np.vstack((z, [[99.0, -99.0]])),
    )
    np.testing.assert_allclose(wider.coefficients, plain.coefficients)
    np.testing.assert_allclose(wider.covariance, plain.covariance)
    assert wider.phi == pytest.approx(plain.phi)
    assert wider.intercepts[1] == -np.inf


@pytest.mark.parametrize("unit", [1e-90, 1e-6, 1e6, 1e90])
def test_a_covariate_of_any_size_gives_the_same_ratios_and_warns_of_nothing(unit: float) -> None:
    rng = np.random.default_rng(3)
    z, base = rng.normal(size=(50, 1)), np.full((1, 50), 8.0)
    counts = rng.poisson(base * np.exp(0.5 * z[:, 0]))
    plain, scaled = poisson_regression(counts, base, z), poisson_regression(counts, base, z * unit)
    assert scaled.coefficients * unit == pytest.approx(plain.coefficients, rel=1e-9)
    assert np.sqrt(scaled.covariance) * unit == pytest.approx(np.sqrt(plain.covariance), rel=1e-9)


def test_the_unit_of_a_covariate_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    z, base = rng.normal(size=(60, 2)), np.full((1, 60), 5.0)
    counts = rng.poisson(base * np.exp(0.3 * z[:, 1]))
    one = poisson_regression(counts, base, z)
    other = poisson_regression(counts, base, z * [1e6, 1e-6] + [4e8, 3.0])
    np.testing.assert_allclose(other.coefficients * [1e6, 1e-6], one.coefficients, rtol=1e-6)
    np.testing.assert_allclose(np.diag(other.covariance) * [1e12, 1e-12], np.diag(one.covariance), rtol=1e-6)


def test_no_covariates_leave_the_level() -> None:
    fit = poisson_regression([[3, 1]], [[1, 1]], np.zeros((2, 0)))
    assert fit.coefficients.size == 0
    assert fit.intercepts == pytest.approx([np.log(2.0)])
    assert fit.phi == pytest.approx(1.0)


def test_a_covariate_that_tells_all_events_apart_has_no_best_coefficient() -> None:
    fit = poisson_regression([[0, 0, 0, 5, 6]], [[1, 1, 1, 1, 1]], [[0], [0], [0], [1], [1]])
    assert not fit.converged
    assert np.isfinite(fit.coefficients).all()


def test_phi_is_about_one_for_independent_events_and_more_for_clumped_ones() -> None:
    rng = np.random.default_rng(2)
    z, base = rng.normal(size=(2_000, 1)), np.full((1, 2_000), 6.0)
    mean = base * np.exp(0.4 * z[:, 0])
    assert poisson_regression(rng.poisson(mean), base, z).phi == pytest.approx(1.0, abs=0.1)
    assert poisson_regression(rng.negative_binomial(mean / 2.0, 1.0 / 3.0), base, z).phi == pytest.approx(3.0, abs=0.5)


@pytest.mark.parametrize(
    ("counts", "base", "covariates", "said"),
    [
        ([1, 2], [1, 2], [[1], [2]], "strata × cells"),
        ([[1, 2]], [[1, 2]], [[1]], "strata × cells"),
        ([[1, -2]], [[1, 2]], [[1], [2]], "0 or more"),
        ([[1, 2]], [[1, np.inf]], [[1], [2]], "finite"),
        ([[1, 2]], [[1, 2]], [[1], [np.nan]], "covariates must be finite"),
        ([[1, 2]], [[1, 2]], [[1e200], [2e200]], "larger unit"),
        ([[1, 2]], [[1, 2]], [[1e-200], [2e-200]], "constant"),
        ([[1, 2]], [[0, 2]], [[1], [2]], "expects none"),
        ([[0, 0]], [[1, 2]], [[1], [2]], "no event"),
        ([[1, 2, 3]], [[1, 2, 3]], [[4], [4], [4]], "constant"),
        ([[1, 2, 3]], [[1, 2, 3]], [[1, 2], [2, 4], [5, 10]], "made up of the others"),
        ([[1, 2, 0], [0, 0, 3]], [[1, 1, 0], [0, 0, 1]], [[4], [4], [9]], "constant"),
    ],
)
def test_what_cannot_be_fitted_is_refused(counts: object, base: object, covariates: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        poisson_regression(counts, base, covariates)  # type: ignore[arg-type]
