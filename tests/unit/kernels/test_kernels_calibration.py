"""Calibration kernels against general-purpose minimisers, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit

from riskshare.kernels.calibration import beta_calibration, isotonic, platt, splits, wilson

RNG = np.random.default_rng(17)
SCORE = RNG.normal(20.0, 6.0, 300)
OUTCOME = (RNG.random(300) < expit(0.25 * (SCORE - 24.0))).astype(float)
WEIGHT = RNG.uniform(0.2, 2.0, 300)


def slow_logistic(x: np.ndarray, target: np.ndarray, weight: np.ndarray, lowest: list[float]) -> np.ndarray:
    """The likelihood climbed by a constrained minimiser that knows nothing of Newton steps or active sets."""

    def loss(beta: np.ndarray) -> float:
        eta = x @ beta
        return float(np.sum(weight * (np.logaddexp(0, eta) - target * eta)) / weight.sum())

    def slope(beta: np.ndarray) -> np.ndarray:
        return x.T @ (weight * (expit(x @ beta) - target)) / weight.sum()

    found = minimize(
        loss,
        np.full(x.shape[1], 0.1),
        jac=slope,
        method="SLSQP",
        bounds=[(low, np.inf) for low in lowest],
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    return found.x


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_platt_is_the_fit_to_drawn_in_targets(weight: np.ndarray | None) -> None:
    w = np.ones(300) if weight is None else weight
    high, low = w[OUTCOME == 1].sum(), w[OUTCOME == 0].sum()
    target = np.where(OUTCOME == 1, (high + 1) / (high + 2), 1 / (low + 2))
    centred = (SCORE - 20.0) / 6.0
    free = [-np.inf, -np.inf]
    constant, slope = slow_logistic(np.column_stack([np.ones(300), centred]), target, w, free)
    a, b = platt(SCORE, OUTCOME, weight)
    np.testing.assert_allclose([-a * 6.0, -b - a * 20.0], [slope, constant], atol=2e-5)


def test_platt_exists_where_the_score_splits_the_outcomes() -> None:
    a, b = platt([1, 2, 3, 4], [0, 0, 1, 1])
    # Targets are 3/4 and 1/4, and mean risk is even at 2.5.
    assert a < 0.0
    assert -b / a == pytest.approx(2.5)


def test_platt_of_scores_all_alike_is_the_shrunk_rate() -> None:
    a, b = platt([5, 5, 5, 5], [0, 1, 0, 0])
    rate = np.mean([1 / 5, 2 / 3, 1 / 5, 1 / 5])
    assert a == 0.0
    assert 1 / (1 + np.exp(b)) == pytest.approx(rate)


def test_platt_turns_with_the_direction_and_scales_with_the_unit() -> None:
    a, b = platt(SCORE, OUTCOME)
    turned, again = platt(100.0 - 10.0 * SCORE, OUTCOME)
    np.testing.assert_allclose([-10.0 * turned, again + 100.0 * turned], [a, b], rtol=1e-8)


def test_weights_are_repeats() -> None:
    np.testing.assert_allclose(
        platt([1, 2, 3, 4], [0, 1, 0, 1], [1, 2, 3, 0]), platt([1, 2, 2, 3, 3, 3], [0, 1, 1, 0, 0, 0]), rtol=1e-9
    )


@pytest.mark.parametrize(("rise", "fall"), [(1.0, 1.0), (2.0, 0.3), (0.2, 2.0), (1.5, -0.8), (-0.8, 1.5)])
def test_beta_is_the_constrained_maximum(rise: float, fall: float) -> None:
    rng = np.random.default_rng(23)
    s = rng.uniform(0.02, 0.98, 400)
    y = (rng.random(400) < expit(rise * np.log(s) - fall * np.log1p(-s))).astype(float)
    x = np.column_stack([np.log(s), -np.log1p(-s), np.ones(400)])
    slow = slow_logistic(x, y, np.ones(400), [0.0, 0.0, -np.inf])
    ours = beta_calibration(s, y)
    np.testing.assert_allclose(ours, slow, atol=2e-4)
    assert (ours[0] == 0.0) == (slow[0] < 1e-6)
    assert (ours[1] == 0.0) == (slow[1] < 1e-6)


def test_beta_of_a_score_that_runs_backwards_is_the_rate() -> None:
    assert beta_calibration([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0]) == (0.0, 0.0, 0.0)
    a, b, c = beta_calibration([0.1, 0.2, 0.3, 0.8], [1, 0, 0, 0])
    assert (a, b) == (0.0, 0.0)
    assert expit(c) == pytest.approx(0.25)


def test_beta_of_outcomes_in_the_middle_keeps_its_bounds() -> None:
    # Only the middle scores had the outcome: a free fit runs away, a rising one does not.
    a, b, c = beta_calibration([0.1, 0.2, 0.5, 0.6, 0.8, 0.9], [0, 0, 1, 1, 0, 0])
    assert np.isfinite([a, b, c]).all()
    assert a >= 0.0
    assert b >= 0.0


def test_beta_refuses_what_has_no_maximum() -> None:
    with pytest.raises(ValueError, match="splits the outcomes cleanly"):
        beta_calibration([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    for ends in ([0.0, 0.5], [0.5, 1.0]):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            beta_calibration(ends, [0, 1])


def slow_isotonic(rates: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """The max-min formula: the largest mean that any left end gives against every right end."""
    n = rates.size

    def mean(i: int, j: int) -> float:
        return float(np.average(rates[i : j + 1], weights=mass[i : j + 1]))

    return np.array([max(min(mean(i, j) for j in range(k, n)) for i in range(k + 1)) for k in range(n)])


def test_isotonic_is_the_max_min_formula() -> None:
    rng = np.random.default_rng(29)
    score, outcome, weight = rng.integers(0, 12, 80), rng.integers(0, 2, 80), rng.uniform(0.1, 3.0, 80)
    knots = np.unique(score)
    mass = np.array([weight[score == k].sum() for k in knots])
    rate = np.array([np.average(outcome[score == k], weights=weight[score == k]) for k in knots])
    found, values = isotonic(score, outcome, weight)
    assert found.tolist() == knots.tolist()
    np.testing.assert_allclose(values, slow_isotonic(rate, mass), atol=1e-12)


def test_isotonic_leaves_out_what_weighs_nothing() -> None:
    assert [part.tolist() for part in isotonic([1, 2, 3], [0, 1, 1], [1, 0, 1])] == [[1, 3], [0, 1]]
    assert [part.size for part in isotonic([], [])] == [0, 0]
    with pytest.raises(ValueError, match="rate between"):
        isotonic([1], [2])


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (7, 10), (10, 10), (3.5, 9.25)])
def test_wilson_ends_solve_the_score_equation(k: float, n: float) -> None:
    z = 1.96
    low, high = wilson(k, n, z)

    def apart(p: float) -> float:
        return (k / n - p) ** 2 - z * z * p * (1 - p) / n

    share = k / n
    if k > 0:
        assert low == pytest.approx(brentq(apart, 1e-9, share - 1e-9 if share == 1 else share), abs=1e-8)
    if k < n:
        assert high == pytest.approx(brentq(apart, share + 1e-9 if share == 0 else share, 1 - 1e-9), abs=1e-8)
    assert (low == 0.0) == (k == 0)
    assert (high == 1.0) == (k == n)


def test_wilson_as_newcombe_prints_it() -> None:
    # R. G. Newcombe, Stat. Med. 17 (1998) 857–872, table I, method 3.
    printed = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (k, n), ends in printed.items():
        np.testing.assert_allclose(wilson(k, n), ends, atol=5.1e-5)


def test_wilson_knows_nothing_without_cases_and_takes_lists() -> None:
    low, high = wilson([0, 4], [0, 4], 2.0)
    assert (low.tolist(), high.tolist()) == ([0.0, 0.5], [1.0, 1.0])
    for bad in ((-1, 2, 2.0), (3, 2, 2.0), (1, np.inf, 2.0), (1, 2, 0.0)):
        with pytest.raises(ValueError, match="0 ≤ successes ≤ n"):
            wilson(*bad)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (([1, 2], [0]), "same length"),
        (([1, np.nan], [0, 1]), "finite"),
        (([1, 2], [0, 1], [1, -1]), "0 or more"),
        (([1, 2], [0, 2]), "0 or 1"),
        (([1, 2], [1, 1]), "cases with the outcome"),
        (([1, 2], [0, 1], [1, 0]), "cases with the outcome"),
    ],
)
def test_platt_refuses(given, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        platt(*given)


def test_the_order_of_cases_does_not_matter() -> None:
    mixed = RNG.permutation(300)
    assert platt(SCORE, OUTCOME, WEIGHT) == platt(SCORE[mixed], OUTCOME[mixed], WEIGHT[mixed])
    s = expit(SCORE / 10 - 2)
    assert beta_calibration(s, OUTCOME) == beta_calibration(s[mixed], OUTCOME[mixed])


def test_platt_with_a_stray_score_still_climbs_to_the_top() -> None:
    # The slope of the likelihood is nothing at the top, whatever steps led there.
    rng = np.random.default_rng(0)
    for _ in range(60):
        n = int(rng.integers(3, 40))
        s, w = rng.standard_cauchy(n) ** 3, 10.0 ** rng.uniform(-3, 3, n)
        y = (rng.random(n) < 0.3).astype(float)
        y[:2] = 1.0, 0.0
        a, b = platt(s, y, w)
        high, low = w[y == 1].sum(), w[y == 0].sum()
        target = np.where(y == 1, (high + 1) / (high + 2), 1 / (low + 2))
        apart = w * (expit(-(a * s + b)) - target)
        assert abs(apart.sum()) <= 1e-6 * w.sum()
        assert abs(apart @ s) <= 1e-6 * np.sum(w * np.abs(s))


def test_platt_takes_very_large_scores_and_refuses_absurd_weights() -> None:
    assert np.isfinite(platt([0, 1e300, 1], [0, 1, 1])).all()
    with pytest.raises(ValueError, match="too uneven"):
        platt([0, 1, 2, 3], [0, 1, 0, 1], [1e14, 1, 1e14, 1])


def test_beta_outcomes_drawn_in_have_a_curve_where_a_clean_split_has_none() -> None:
    s, y = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9], [0, 0, 0, 1, 1, 1]
    assert splits(s, y)
    with pytest.raises(ValueError, match="splits the outcomes cleanly"):
        beta_calibration(s, y)
    a, b, c = beta_calibration(s, y, drawn_in=True)
    assert a == pytest.approx(b)
    assert c == pytest.approx(0.0, abs=1e-9)
    chance = [1 / (1 + np.exp(-(a * np.log(one) - b * np.log1p(-one) + c))) for one in s]
    # As many as are hoped for: three times (3 + 1)/(3 + 2) above, three times 1/(3 + 2) below.
    assert sum(chance) == pytest.approx(3 * 0.8 + 3 * 0.2)
    assert 0.0 < chance[0] < chance[-1] < 1.0


@pytest.mark.parametrize(
    ("score", "outcome", "said"),
    [
        ([1.0, 2.0, 2.0, 3.0], [0, 0, 1, 1], True),
        ([1.0, 2.0, 3.0], [1, 1, 0], False),
        ([2.0, 2.0], [0, 1], False),
        ([1.0, 3.0, 2.0], [0, 0, 1], False),
    ],
)
def test_a_clean_split_is_one_threshold_with_risk_above_it(
    score: list[float], outcome: list[int], *, said: bool
) -> None:
    assert splits(score, outcome) is said


def test_two_scores_that_split_the_outcomes_still_get_a_drawn_in_curve() -> None:
    a, b, c = beta_calibration([0.2] * 4 + [0.8] * 4, [0] * 4 + [1] * 4, drawn_in=True)
    low, high = (1 / (1 + np.exp(-(a * np.log(s) - b * np.log1p(-s) + c))) for s in (0.2, 0.8))
    assert 0.0 < low < 0.5 < high < 1.0
