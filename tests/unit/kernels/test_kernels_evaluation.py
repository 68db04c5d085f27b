"""Forecast indices: worked figures, ties against the forecast, and no luck for flat maps."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels.evaluation import hit_curve, pai, pei, rri

ONES = [1, 1, 1, 1, 1, 1]
OBSERVED, PREDICTED = [6, 7, 3, 2, 1, 0], [8, 4, 4, 2, 1, 0]


def test_the_six_units_of_ptools() -> None:
    """The example of ptools 2.0: units 2 and 3 tie, and the one with 3 events is taken before the one with 7."""
    caught, best = np.array([6, 9, 16, 18, 19, 19]), np.array([7, 13, 16, 18, 19, 19])
    np.testing.assert_allclose(pai(OBSERVED, PREDICTED, ONES), caught / 19 / (np.arange(1, 7) / 6))
    np.testing.assert_allclose(pei(OBSERVED, PREDICTED, ONES), caught / best)
    np.testing.assert_allclose(rri(OBSERVED, PREDICTED, ONES), np.cumsum(PREDICTED) / caught)


@pytest.mark.parametrize("seed", range(4))
def test_row_order_and_units_of_measure_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    observed, predicted, area = rng.poisson(2.0, 30), rng.integers(0, 4, 30), rng.integers(1, 4, 30)
    mixed = rng.permutation(30)
    for index in (pai, pei, rri):
        np.testing.assert_allclose(
            index(observed[mixed], predicted[mixed], area[mixed]), index(observed, predicted, area), rtol=1e-12
        )
    np.testing.assert_allclose(pai(observed, 5 * predicted, 0.25 * area), pai(observed, predicted, area), rtol=1e-12)


def test_a_flat_forecast_is_never_better_than_none() -> None:
    observed = np.random.default_rng(1).poisson(0.3, 200)
    assert (pai(observed, np.full(200, 3.0), np.ones(200)) <= 1.0 + 1e-12).all()


def test_a_perfect_forecast_is_fully_efficient_and_no_other_is_more() -> None:
    rng = np.random.default_rng(2)
    observed, area = rng.poisson(2.0, 40), rng.uniform(0.5, 4.0, 40)
    np.testing.assert_allclose(pei(observed, observed, area), 1.0)
    other = pei(observed, rng.random(40), area)
    assert (other <= 1.0).all()
    assert (other[:-1] < 1.0).any()


def test_density_decides_with_unequal_areas() -> None:
    """4 events forecast on 8 km² are thinner than 2 on 1 km²."""
    np.testing.assert_allclose(pai([4, 2], [4, 2], [8, 1]), [(2 / 6) / (1 / 9), 1.0])


def test_nothing_gives_nothing() -> None:
    for index in (pai, pei, rri):
        assert index([], [], []).size == 0
    assert np.isnan(hit_curve([], [], [], [0.1], rng=np.random.default_rng(0)).pai).all()


@pytest.mark.parametrize(
    ("observed", "predicted", "area", "message"),
    [
        ([1, 2], [1], [1, 1], "must be"),
        ([[1]], [[1]], [[1]], "must be"),
        ([0, 0], [1, 2], [1, 1], "Nothing was observed"),
        ([1, np.nan], [1, 2], [1, 1], "finite"),
        ([1, 1], [1, np.nan], [1, 1], "finite"),
        ([1, 1], [1, 1], [1, np.inf], "finite"),
        ([1, -1], [1, 1], [1, 1], "observed must be 0"),
        ([1, 1], [1, 1], [1, 0], "area above 0"),
    ],
)
def test_what_cannot_be_judged_is_refused(observed: object, predicted: object, area: object, message: str) -> None:
    for index in (pai, pei, rri):
        with pytest.raises(ValueError, match=message):
            index(observed, predicted, area)


def test_a_forecast_below_0_is_not_a_number_of_events() -> None:
    assert pai([1, 2], [-1.0, -2.0], [1, 1]).size == 2  # a z-score ranks as well as a count
    with pytest.raises(ValueError, match="predicted"):
        rri([1, 2], [-1.0, 2.0], [1, 1])


def test_the_curve_counts_whole_units_only() -> None:
    curve = hit_curve([5, 3, 2, 0], [4, 3, 2, 1], [1] * 4, [0.2, 0.25, 0.74, 1.0], rng=np.random.default_rng(3))
    assert curve.area_share.tolist() == [0.0, 0.25, 0.5, 1.0]
    assert curve.hit_rate.tolist() == [0.0, 0.5, 0.8, 1.0]
    assert np.isnan(curve.pai[0])
    assert curve.pai[1:].tolist() == [2.0, 1.6, 1.0]
    assert curve.hit_low[3] == curve.hit_high[3] == 1.0


def test_a_share_made_of_tenths_is_reached_despite_rounding() -> None:
    curve = hit_curve(np.arange(10), np.arange(10), np.full(10, 0.1), [0.3, 0.6, 0.7], rng=np.random.default_rng(4))
    np.testing.assert_allclose(curve.area_share, [0.3, 0.6, 0.7])


def test_the_interval_is_that_of_a_binomial_share_and_shares_come_in_any_order() -> None:
    observed, predicted = np.repeat([30, 10], [10, 30]), np.repeat([2, 1], [10, 30])
    one = hit_curve(observed, predicted, np.ones(40), [0.5, 0.25], rng=np.random.default_rng(5), n_resamples=4000)
    spread = 1.96 * np.sqrt(0.5 * 0.5 / 600)
    assert one.hit_rate[1] == 0.5
    assert one.hit_low[1] == pytest.approx(0.5 - spread, abs=0.006)
    assert one.hit_high[1] == pytest.approx(0.5 + spread, abs=0.006)
    assert one.pai_low[1] == pytest.approx(4.0 * one.hit_low[1])
    assert one.hit_low[0] > one.hit_low[1]
    again = hit_curve(observed, predicted, np.ones(40), [0.5, 0.25], rng=np.random.default_rng(5), n_resamples=4000)
    assert all((a == b).all() for a, b in zip(one, again, strict=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"observed": [0.5, 1.0]}, "whole"),
        ({"shares": [0.0]}, "shares"),
        ({"shares": [1.2]}, "shares"),
        ({"shares": [[0.5]]}, "shares"),
        ({"n_resamples": 0}, "n_resamples"),
        ({"level": 1.0}, "level"),
    ],
)
def test_a_curve_that_cannot_be_drawn_is_refused(changes: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"observed": [1, 2], "predicted": [1, 2], "area": [1, 1], "shares": [0.5]} | changes
    with pytest.raises(ValueError, match=message):
        hit_curve(**given, rng=np.random.default_rng(0))  # type: ignore[arg-type]
