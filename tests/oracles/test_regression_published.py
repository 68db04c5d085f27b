"""Poisson regression against a published fit and against scikit-learn, and planted coefficients found again."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

from riskshare.kernels.regression import poisson_regression


def test_the_trial_of_dobson() -> None:
    """A. J. Dobson, An Introduction to Generalized Linear Models, 1990, p. 93; figures of the help page of R's glm."""
    counts = [[18, 17, 15, 20, 10, 20, 25, 13, 12]]
    outcome, treatment = np.tile([1, 2, 3], 3), np.repeat([1, 2, 3], 3)
    design = np.column_stack((outcome == 2, outcome == 3, treatment == 2, treatment == 3)).astype(float)
    fit = poisson_regression(counts, np.ones((1, 9)), design)
    np.testing.assert_allclose(fit.coefficients, [-0.4543, -0.2930, 0.0, 0.0], atol=5e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), [0.2022, 0.1927, 0.2000, 0.2000], atol=5e-5)
    assert fit.intercepts[0] == pytest.approx(3.045, abs=5e-4)
    assert fit.deviance == pytest.approx(5.1291, abs=5e-5)


@pytest.mark.parametrize("seed", range(50))
def test_scikit_learn_finds_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    strata, cells, n = int(rng.integers(1, 4)), int(rng.integers(30, 80)), int(rng.integers(1, 4))
    z = rng.normal(size=(cells, n))
    base = rng.uniform(0.5, 20.0, size=(strata, cells)) * (rng.random((strata, cells)) < 0.8)
    counts = rng.poisson(base * np.exp(z @ rng.normal(0, 0.4, n)))
    fit = poisson_regression(counts, base, z)
    k, c = np.nonzero(base)
    design = np.column_stack((np.eye(strata)[k], z[c]))
    theirs = PoissonRegressor(alpha=0.0, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    theirs.fit(design, counts[k, c] / base[k, c], sample_weight=base[k, c])
    np.testing.assert_allclose(fit.coefficients, theirs.coef_[strata:], atol=1e-7)
    np.testing.assert_allclose(fit.intercepts, theirs.coef_[:strata], atol=1e-7)


def test_planted_coefficients_are_found_and_their_intervals_hold_them() -> None:
    truth, held, found = np.array([0.6, -0.3]), [], []
    rng = np.random.default_rng(7)
    z = rng.normal(size=(400, 2))
    base = rng.uniform(0.2, 2.0, size=(2, 400)) * [[1.0], [0.6]]
    for _ in range(300):
        fit = poisson_regression(rng.poisson(base * np.exp(z @ truth)), base, z)
        half = 1.959964 * np.sqrt(np.diag(fit.covariance))
        held.append(np.abs(fit.coefficients - truth) <= half)
        found.append(fit.coefficients)
    spread = np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - truth) < 3.5 * spread).all()
    # 600 intervals: 95 % ± 2.7 % is three standard errors.
    assert 0.92 <= np.mean(held) <= 0.98
