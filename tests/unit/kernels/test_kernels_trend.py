"""Mann–Kendall and Sen's slope: against every order of short series, scipy, and what missing steps mean."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import stats

from riskshare.kernels import trend
from riskshare.kernels.trend import mann_kendall, sens_slope


def slow_s(series: tuple[float, ...]) -> float:
    return float(sum(np.sign(later - earlier) for earlier, later in combinations(series, 2)))


@pytest.mark.parametrize(
    "series", [(3, 1, 2), (1, 2, 3, 4, 5, 6), (2, 2, 1), (1, 1, 2, 2, 3, 1), (5, 5), (0, 0, 0, 1), (4, 1, 3, 3, 3, 7)]
)
def test_exact_p_is_the_share_of_all_orders(series: tuple[float, ...]) -> None:
    result = mann_kendall(series)
    every = np.array([slow_s(order) for order in permutations(series)])
    assert float(result.s) == slow_s(series)
    assert float(result.p) == pytest.approx(float((np.abs(every) >= abs(slow_s(series))).mean()))
    assert float(result.variance) == pytest.approx(float(every.var()))  # the tie-corrected variance is exact
    assert bool(result.exact)


@pytest.mark.parametrize("seed", range(6))
def test_longer_series_agree_with_kendalls_tau(seed: int) -> None:
    rng = np.random.default_rng(seed)
    untied = rng.normal(size=9 if seed % 2 else 30)
    result = mann_kendall(untied)
    n = untied.size
    tau = stats.kendalltau(np.arange(n), untied, method="exact")
    assert float(result.s) == pytest.approx(tau.statistic * n * (n - 1) / 2)
    assert float(result.p) == pytest.approx(tau.pvalue, rel=1e-9 if n <= 10 else 0.05)
    tied = rng.integers(0, 4, 40)
    theirs = stats.kendalltau(np.arange(40), tied, method="asymptotic")
    ours = mann_kendall(tied)
    uncorrected = 2.0 * stats.norm.sf(abs(float(ours.s)) / np.sqrt(float(ours.variance)))
    assert uncorrected == pytest.approx(theirs.pvalue)
    assert float(ours.p) >= uncorrected  # the continuity correction is the careful side


def test_ten_steps_are_exact_and_eleven_are_not() -> None:
    rows = np.array([np.arange(11.0), np.append(np.nan, np.arange(10.0))])
    result = mann_kendall(rows)
    assert result.n.tolist() == [11, 10]
    assert result.exact.tolist() == [False, True]
    assert result.p[1] == pytest.approx(2 / 3628800)
    assert mann_kendall(rows, exact_up_to=0).exact.tolist() == [False, False]


def test_many_series_are_as_many_single_ones() -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 5, (60, 9)).astype(float)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    together = mann_kendall(rows)
    for number, row in enumerate(rows):
        single = mann_kendall(row)
        left_out = mann_kendall(row[~np.isnan(row)])
        for column, alone, without in zip(together, single, left_out, strict=True):
            np.testing.assert_array_equal(column[number], alone)
            np.testing.assert_array_equal(column[number], without)


def test_a_step_nobody_covered_is_not_a_zero() -> None:
    rising = [1.0, 2.0, np.nan, 3.0, 4.0, 5.0]
    assert float(mann_kendall(rising).p) < float(mann_kendall(np.nan_to_num(rising)).p)
    assert float(sens_slope(rising)) == pytest.approx((0.75 + 0.8) / 2)  # the middle two of ten slopes


def test_series_without_a_trend_to_see() -> None:
    flat = mann_kendall([4.0] * 12)
    assert (float(flat.s), float(flat.z), float(flat.p)) == (0.0, 0.0, 1.0)
    assert float(mann_kendall([4.0] * 5).p) == 1.0
    for short in ([], [1.0], [np.nan, 2.0, np.nan]):
        assert np.isnan(mann_kendall(short).p)
        assert np.isnan(mann_kendall(short).z)
        assert np.isnan(sens_slope(short))
    assert mann_kendall(np.zeros((0, 5))).p.shape == (0,)
    assert sens_slope(np.zeros((0, 5))).shape == (0,)


def test_turning_a_series_round_turns_the_sign() -> None:
    series = np.random.default_rng(2).poisson(3.0, 25)
    forward, back = mann_kendall(series), mann_kendall(series[::-1])
    assert (float(forward.s), float(forward.p)) == (-float(back.s), float(back.p))


@pytest.mark.parametrize("seed", range(4))
def test_slope_agrees_with_scipy(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trend, "_PAIRS_AT_ONCE", 100)
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.5, 2.0, 8 + seed % 2))
    rows = rng.normal(size=(5, times.size))
    expected = [stats.theilslopes(row, times).slope for row in rows]
    np.testing.assert_allclose(sens_slope(rows, times), expected)
    assert float(sens_slope(rows[0], times)) == pytest.approx(expected[0])


def test_one_wild_month_does_not_bend_the_slope() -> None:
    assert float(sens_slope([0, 1, 2, 900, 4, 5, 6, 7])) == pytest.approx(1.0)


def test_what_is_no_series_is_refused() -> None:
    for call in (mann_kendall, sens_slope):
        with pytest.raises(ValueError, match="values must be"):
            call([1.0, np.inf])
        with pytest.raises(ValueError, match="values must be"):
            call(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="times"):
        sens_slope([1, 2, 3], [0, 1])
    with pytest.raises(ValueError, match="times"):
        sens_slope([1, 2, 3], [0, 1, 1])
    with pytest.raises(ValueError, match="times"):
        sens_slope([1, 2, 3], [0, 1, np.nan])
