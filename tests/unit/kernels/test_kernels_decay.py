"""How evidence ages: the curves at their known points, and ages nobody should send."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskshare.kernels.decay import half_life, polynomial


def test_a_half_life_halves() -> None:
    assert half_life(np.arange(0, 400, 90), 90).tolist() == [1.0, 0.5, 0.25, 0.125, 0.0625]
    assert half_life([10, 10], [10, 20]).tolist() == [0.5, math.sqrt(0.5)]


def test_polynomial_decay_as_in_misp() -> None:
    """By hand: 1 − (25/100)^(1/2) = 0.5 and 1 − (50/100)^2 = 0.75; gone at the lifetime and after."""
    assert polynomial([25, 100, 101], 100, 2).tolist() == [0.5, 0.0, 0.0]
    assert polynomial(50, 100, 0.5) == 0.75


def test_both_only_fall() -> None:
    ages = np.arange(0, 1_000)
    assert (np.diff(half_life(ages, 180)) < 0).all()
    assert (np.diff(polynomial(ages, 365, 0.7)) <= 0).all()


def test_nothing_comes_back_as_nothing() -> None:
    assert half_life([], 90).size == polynomial([], 90, 1).size == 0


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, np.float32, np.float64])
def test_any_real_type_goes_in(dtype: type) -> None:
    assert half_life(np.array([90], dtype=dtype), np.array([90], dtype=dtype)).tolist() == [0.5]


@pytest.mark.parametrize("age", [-1, math.nan, math.inf])
def test_ages_must_be_known(age: float) -> None:
    with pytest.raises(ValueError, match="age_days"):
        half_life([0, age], 90)
    with pytest.raises(ValueError, match="age_days"):
        polynomial([0, age], 90, 1)


@pytest.mark.parametrize("life", [0, -5, math.nan])
def test_lives_must_be_above_0(life: float) -> None:
    with pytest.raises(ValueError, match="half_life_days"):
        half_life(1, life)
    with pytest.raises(ValueError, match="lifetime_days"):
        polynomial(1, life, 1)
    with pytest.raises(ValueError, match="shape"):
        polynomial(1, 90, life)
