"""Poisson intervals against their defining equation and printed values."""

from __future__ import annotations

from math import exp, factorial

import numpy as np
import pytest
from scipy.stats import chi2

from riskshare.kernels.rates import poisson_interval


def at_most(k: int, mean: float) -> float:
    return sum(exp(-mean) * mean**i / factorial(i) for i in range(k + 1))


@pytest.mark.parametrize("k", [0, 1, 4, 12, 40])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_each_end_leaves_half_of_the_rest_beyond_it(k: int, level: float) -> None:
    low, high = poisson_interval(k, level=level)
    tail = (1 - level) / 2
    assert at_most(k, float(high)) == pytest.approx(tail, rel=1e-9)
    if k:
        assert 1 - at_most(k - 1, float(low)) == pytest.approx(tail, rel=1e-8)
    else:
        assert low == 0.0


def test_printed_values() -> None:
    # The 95 % limits of 0, 1, 5, 10 and 20 events as tables of exact Poisson limits print them.
    low, high = poisson_interval([0, 1, 5, 10, 20])
    assert low.round(2).tolist() == [0.0, 0.03, 1.62, 4.80, 12.22]
    assert high.round(2).tolist() == [3.69, 5.57, 11.67, 18.39, 30.89]


def test_is_half_a_chi_square_point_over_the_exposure() -> None:
    k, exposure = np.array([3, 110]), np.array([0.5, 12.0])
    low, high = poisson_interval(k, exposure)
    np.testing.assert_allclose(low, chi2.ppf(0.025, 2 * k) / 2 / exposure)
    np.testing.assert_allclose(high, chi2.ppf(0.975, 2 * k + 2) / 2 / exposure)


def test_empty_stays_empty() -> None:
    assert [part.shape for part in poisson_interval([])] == [(0,), (0,)]


@pytest.mark.parametrize("bad", [(-1,), (1.5,), (np.nan,)])
def test_refuses_counts(bad) -> None:
    with pytest.raises(ValueError, match="whole and 0 or more"):
        poisson_interval(*bad)


@pytest.mark.parametrize("bad", [(1, 0), (1, np.inf), (1, -2), (1, 1, 0.0), (1, 1, 1.0)])
def test_refuses_exposures_and_levels(bad) -> None:
    with pytest.raises(ValueError, match="Exposure"):
        poisson_interval(*bad)
