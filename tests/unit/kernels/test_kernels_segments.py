"""Sums, maxima and p-norms of runs: against plain loops, at the edges, and the same for any order inside a run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskshare.kernels.segments import (
    UNIT,
    boundaries,
    from_units,
    norm_share,
    norm_slope,
    packed_order,
    power,
    ranges,
    run_lengths,
    run_max,
    run_norm,
    run_of_row,
    run_sum,
    sort_runs,
    tie_share,
    to_units,
)

NONE = np.zeros(0, dtype=np.int64)
NOTHING = np.zeros(0)


def random_runs(rng: np.random.Generator, n_runs: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return run starts and values, some of them 0, some equal."""
    lengths = rng.integers(1, longest + 1, size=n_runs)
    values = rng.choice([0.0, 0.25, 1.0, 3.0], size=lengths.sum()) * rng.choice([1.0, rng.random()], size=lengths.sum())
    return np.cumsum(lengths) - lengths, values


def parts(starts: np.ndarray, values: np.ndarray) -> list[np.ndarray]:
    return np.split(values, starts[1:]) if starts.size else []


# ------------------------------------------------------------------------------------------------ order and runs


def test_nothing_comes_back_as_nothing() -> None:
    assert packed_order([NONE, NONE]).size == 0
    assert [starts.size for starts in sort_runs([NONE, NONE], (1, 2))[1]] == [0, 0]
    assert boundaries(NONE).size == run_lengths(NONE, 0).size == run_of_row(NONE, 0).size == 0
    assert ranges(NONE, NONE).size == 0
    assert run_sum(NOTHING, NONE).size == run_max(NOTHING, NONE).size == run_norm(NOTHING, NONE, NOTHING).size == 0
    assert power(NOTHING, NOTHING).size == 0


@pytest.mark.parametrize("top", [1, 5, 2**20, 2**40, 2**62], ids=lambda top: f"to {top}")
def test_rows_are_sorted_as_by_lexsort_whether_or_not_they_fit_one_key(top: int) -> None:
    rng = np.random.default_rng(top % 97)
    fields = [rng.integers(0, top, size=500, endpoint=True), rng.integers(0, 3, size=500), rng.random(500) < 0.5]
    order, starts = sort_runs(fields, (1, 2, 3))
    rows = list(zip(*(field[order].tolist() for field in fields), strict=True))
    assert rows == sorted(rows)
    assert np.array_equal(np.sort(order), np.arange(500))
    for count, first in zip((1, 2, 3), starts, strict=True):
        assert first.tolist() == [i for i in range(500) if i == 0 or rows[i][:count] != rows[i - 1][:count]]


def test_sorted_rows_stay_where_they_are() -> None:
    order, (starts,) = sort_runs([np.array([1, 1, 2]), np.array([4, 4, 0])], (1,))
    assert order.tolist() == [0, 1, 2]
    assert starts.tolist() == [0, 2]


def test_a_key_may_be_one_row_of_zeros() -> None:
    order, (starts,) = sort_runs([np.array([0]), np.array([0])], (2,))
    assert (order.tolist(), starts.tolist()) == ([0], [0])


def test_ranges_skip_empty_ones() -> None:
    assert ranges(np.array([7, 3, 9]), np.array([2, 0, 1])).tolist() == [7, 8, 9]


def test_runs_tell_their_lengths_and_their_rows() -> None:
    starts = np.array([0, 1, 4])
    assert run_lengths(starts, 6).tolist() == [1, 3, 2]
    assert run_of_row(starts, 6).tolist() == [0, 1, 1, 1, 2, 2]


# ------------------------------------------------------------------------------------------------ reductions


@pytest.mark.parametrize("longest", [1, 2, 3, 40])
def test_sums_and_maxima_are_those_of_each_run(longest: int) -> None:
    rng = np.random.default_rng(longest)
    starts, values = random_runs(rng, 60, longest)
    assert run_sum(values, starts) == pytest.approx([math.fsum(part) for part in parts(starts, values)])
    assert run_max(values, starts).tolist() == [part.max() for part in parts(starts, values)]


@pytest.mark.parametrize("length", [2, 3, 7, 8, 9, 129, 1_000])
def test_a_sum_keeps_every_bit_in_any_order(length: int) -> None:
    rng = np.random.default_rng(length)
    values = rng.random(length) * 10.0 ** rng.integers(-9, 9, size=length)
    found = {float(run_sum(rng.permutation(values), np.array([0]))[0]) for _ in range(30)}
    beside = run_sum(np.concatenate(([1.0], values, [2.0, 3.0])), np.array([0, 1, 1 + length]))
    assert found == {float(beside[1])}


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 10.0, math.inf])
def test_norms_are_those_of_plain_loops(p: float) -> None:
    starts, values = random_runs(np.random.default_rng(5), 80, 6)
    wanted = [
        part.max() if math.isinf(p) else math.fsum(x**p for x in part) ** (1.0 / p) for part in parts(starts, values)
    ]
    assert run_norm(values, starts, np.full(starts.size, p)) == pytest.approx(wanted, rel=1e-14, abs=0.0)


def test_norms_of_different_orders_stand_side_by_side() -> None:
    values, starts = np.tile([3.0, 4.0], 3), np.array([0, 2, 4])
    assert run_norm(values, starts, np.array([1.0, 2.0, math.inf])).tolist() == [7.0, 5.0, 4.0]


def test_a_norm_neither_overflows_nor_vanishes() -> None:
    starts, two = np.array([0]), np.array([2.0])
    assert run_norm(np.array([3e300, 4e300]), starts, two)[0] == pytest.approx(5e300)
    assert run_norm(np.array([3e-300, 4e-300]), starts, two)[0] == pytest.approx(5e-300)
    assert run_norm(np.array([0.0, 0.0]), starts, two)[0] == 0.0
    assert run_norm(np.array([0.3]), starts, np.array([7.3]))[0] == 0.3


@pytest.mark.parametrize("exponent", [1.0, 2.0, 0.5, 3.7])
def test_a_power_is_the_same_alone_and_beside_others(exponent: float) -> None:
    base = np.random.default_rng(3).random(50)
    alone = power(base, np.full(50, exponent))
    mixed = power(np.append(base, 0.5), np.append(np.full(50, exponent), 1.3))
    assert np.array_equal(alone, mixed[:-1])
    assert alone == pytest.approx(base**exponent)


# ------------------------------------------------------------------------------------------------ shares and slopes


def shared(values: list[float], p: float) -> tuple[np.ndarray, np.ndarray]:
    x, run = np.array(values), np.zeros(len(values), dtype=np.int64)
    norm = np.full(x.size, run_norm(x, np.array([0]), np.array([p]))[0])
    exponent = np.full(x.size, p)
    return norm_share(x, norm, exponent, run, 1), norm_slope(x, norm, exponent, run, 1)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 10.0, math.inf])
def test_shares_of_a_norm_sum_to_one_and_slopes_are_differences(p: float) -> None:
    values = [0.3, 0.9, 0.5]
    share, slope = shared(values, p)
    assert share.sum() == pytest.approx(1.0)
    for i in range(3):
        up, down = (np.array(values) + np.eye(3)[i] * step for step in (1e-6, -1e-6))
        rise = run_norm(up, np.array([0]), np.array([p])) - run_norm(down, np.array([0]), np.array([p]))
        assert slope[i] == pytest.approx(rise[0] / 2e-6, abs=1e-6)


def test_nothing_is_shared_equally() -> None:
    share, slope = shared([0.0, 0.0], 2.0)
    assert share.tolist() == [0.5, 0.5]
    assert slope.tolist() == [0.5, 0.5]
    assert shared([0.0], 2.0)[1].tolist() == [1.0]


def test_a_maximum_gives_all_to_its_largest_and_ties_share() -> None:
    assert shared([0.2, 0.7, 0.7 - UNIT / 2], math.inf)[0].tolist() == [0.0, 0.5, 0.5]
    assert shared([0.2, 0.7, 0.7 - 2 * UNIT], math.inf)[0].tolist() == [0.0, 1.0, 0.0]


def test_ties_are_counted_run_by_run() -> None:
    values, run = np.array([1.0, 1.0, 5.0, 4.0]), np.array([0, 0, 1, 1])
    assert tie_share(values, np.array([1.0, 1.0, 5.0, 5.0]), run, 2).tolist() == [0.5, 0.5, 1.0, 0.0]


# ------------------------------------------------------------------------------------------------ units


def test_units_round_half_to_even_and_come_back() -> None:
    assert to_units(np.array([0.5, 1.5, 2.5, -0.5]) * UNIT).tolist() == [0, 2, 2, 0]
    whole = np.array([0, 1, -7, 2**52])
    assert np.array_equal(to_units(from_units(whole)), whole)
