"""A few numbers in plain Python have the bits that NumPy's kernels give a column of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskshare.kernels import segments
from riskshare.scoring.one import numbers

EXPONENTS = (1.0, 2.0, 0.5, 3.0, 1.5, 1.0 / 3.0, 1.0 / 0.1, 0.1, 9.000000000000002, 1.0 / 1.5, 0.0)


def columns(size: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return numbers of the ranges the model gives each function."""
    rng = np.random.default_rng(5)
    return {
        "exp": -rng.exponential(2.0, size),
        "exp2": -rng.integers(0, 8_000, size) / rng.choice([30.0, 90.0, 180.0, 365.0, 730.0, 0.01], size),
        "expm1": -rng.exponential(2.0, size),
        "log1p": -rng.random(size),
    }


def check_functions(size: int) -> None:
    for name, values in columns(size).items():
        one_by_one = np.fromiter(map(getattr(numbers, name), values.tolist()), np.float64)
        assert np.array_equal(one_by_one, getattr(np, name)(values)), name
    rng = np.random.default_rng(6)
    base = np.where(rng.random(size) < 0.1, rng.integers(0, 2, size), rng.random(size) * 2.0)
    for exponent in EXPONENTS:
        alone = np.fromiter((numbers.power(one, exponent) for one in base.tolist()), np.float64)
        assert np.array_equal(alone, segments.power(base, np.full(size, exponent))), exponent
    mixed = rng.choice(EXPONENTS, size)
    alone = np.fromiter(map(numbers.power, base.tolist(), mixed.tolist()), np.float64)
    assert np.array_equal(alone, segments.power(base, mixed))


def test_functions_of_one_number_have_the_bits_of_a_column() -> None:
    """They differ from those of ``math`` in the last bit of one value in ten or twenty, but not from NumPy's own."""
    check_functions(20_000)


@pytest.mark.long
def test_functions_of_one_number_have_the_bits_of_a_column_of_millions() -> None:
    check_functions(2_000_000)


@pytest.mark.parametrize("size", range(129))
def test_sums_are_those_of_numpy(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    assert numbers.pairwise(values.tolist()) == values.sum()
    assert numbers.run_sum(values.tolist()) == (segments.run_sum(values, np.array([0]))[0] if size else 0.0)


def test_sums_of_more_are_left_to_numpy() -> None:
    with pytest.raises(numbers.Unusual):
        numbers.pairwise([1.0] * 129)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from([0.0, 0.5, 0.25, 1.0, 1.0 - 2.0**-42]) | st.floats(0.0, 9.0), min_size=1, max_size=40),
    st.sampled_from([1.0, 1.5, 2.0, 3.0, 1.0 / 0.1, np.inf]),
)
def test_norms_shares_and_slopes_are_those_of_the_kernels(values: list[float], p: float) -> None:
    column, starts = np.array(values), np.array([0])
    norm = numbers.norm(values, p)
    assert norm == segments.run_norm(column, starts, np.array([p]))[0]
    run, best, exponent = np.zeros(column.size, np.int64), np.full(column.size, norm), np.full(column.size, p)
    assert numbers.norm_share(values, norm, p) == segments.norm_share(column, best, exponent, run, 1).tolist()
    assert numbers.norm_slope(values, norm, p) == segments.norm_slope(column, best, exponent, run, 1).tolist()


@given(st.floats(-1_000.0, 1_000.0))
def test_units_are_those_of_the_kernels(nats: float) -> None:
    assert numbers.units_of(nats) == segments.to_units(np.array([nats]))[0]
