"""Tails of sums of binomial and beta-binomial counts: exact against slow twins, the saddle-point against the exact."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from riskshare.kernels.count_tails import upper_tails


def slow_mass(totals: list[int], shares: list[float], phi: float) -> np.ndarray:
    """Convolve whole distributions from scipy."""
    mass = np.ones(1)
    for n, q in zip(totals, shares, strict=True):
        k = np.arange(n + 1)
        if phi == 1.0 or q in (0.0, 1.0):
            one = stats.binom.pmf(k, n, q)
        else:
            size = n / (phi - 1.0)
            one = stats.betabinom.pmf(k, n, size * q, size * (1.0 - q))
        mass = np.convolve(mass, one)
    return mass


@pytest.mark.parametrize("phi", [1.0, 1.4, 3.0, 12.0])
@pytest.mark.parametrize("exact_up_to", [32, 10_000])
def test_exact_tails_are_those_of_the_convolved_distributions(phi: float, exact_up_to: int) -> None:
    totals, shares = [9, 14, 1, 5, 3], [0.3, 0.05, 0.5, 0.0, 1.0]
    mass = slow_mass(totals, shares, phi)
    o = np.arange(mass.size)
    tails = upper_tails(o, totals, np.repeat(np.array(shares)[:, None], o.size, axis=1), phi, exact_up_to=exact_up_to)
    upper = np.cumsum(mass[::-1])[::-1]
    np.testing.assert_allclose(tails.p, upper, rtol=1e-8, atol=0)
    np.testing.assert_allclose(tails.mid_p, upper - 0.5 * mass, rtol=1e-8, atol=1e-16)


@pytest.mark.parametrize(("phi", "within"), [(1.0, 0.002), (1.3, 0.003), (2.0, 0.005), (5.0, 0.03)])
def test_the_saddle_point_is_close_to_the_exact_tail(phi: float, within: float) -> None:
    rng = np.random.default_rng(int(10 * phi))
    compared = 0
    for _ in range(8):
        totals = rng.integers(200, 900, 3)
        shares = rng.uniform(0.01, 0.08, 3)
        mean = (totals * shares).sum()
        o = np.arange(33, int(mean + 6.0 * np.sqrt(mean * phi)), 3)
        table = np.repeat(shares[:, None], o.size, axis=1)
        exact = upper_tails(o, totals, table, phi, exact_up_to=10_000)
        near = upper_tails(o, totals, table, phi)
        seen = exact.p > 1e-10
        np.testing.assert_allclose(near.p[seen], exact.p[seen], rtol=within)
        np.testing.assert_allclose(near.mid_p[seen], exact.mid_p[seen], rtol=within)
        compared += int(seen.sum())
    assert compared > 100


def test_far_tails_keep_their_digits_and_are_never_zero() -> None:
    o = np.arange(8, 33)
    p = upper_tails(o, [100_000], np.full((1, o.size), 1e-6)).p
    np.testing.assert_allclose(p, stats.binom.sf(o - 1, 100_000, 1e-6), rtol=1e-9)
    assert (p > 0.0).all()
    many = np.arange(40, 400, 40)
    p = upper_tails(many, [100_000], np.full((1, many.size), 1e-5)).p
    np.testing.assert_allclose(p, stats.binom.sf(many - 1, 100_000, 1e-5), rtol=0.01)


def test_the_saddle_point_at_its_own_mean() -> None:
    for o in (99, 100, 101):
        tails = upper_tails([o], [1000, 500], [[0.07], [0.06]])
        exact = upper_tails([o], [1000, 500], [[0.07], [0.06]], exact_up_to=1000)
        assert tails.p == pytest.approx(exact.p, rel=1e-4)
        assert tails.mid_p == pytest.approx(exact.mid_p, rel=1e-4)


def test_nearly_no_over_dispersion_is_none() -> None:
    o = np.arange(20, 200, 20)
    share = np.full((1, o.size), 0.1)
    near = upper_tails(o, [1000], share, 1.0 + 3e-6).p
    np.testing.assert_allclose(near, upper_tails(o, [1000], share).p, rtol=1e-3)


def test_more_than_the_covering_strata_hold_is_impossible_and_all_of_it_is_a_product() -> None:
    tails = upper_tails([50, 51], [50, 100], [[0.9, 0.9], [0.0, 0.0]])
    assert tails.p[0] == pytest.approx(0.9**50)
    assert tails.p[1] == tails.mid_p[1] == 0.0
    over = upper_tails([50], [50], [[0.9]], 2.0)
    assert over.p[0] == pytest.approx(stats.betabinom.pmf(50, 50, 45.0, 5.0))


def test_a_stratum_counted_nowhere_else_is_no_surprise() -> None:
    tails = upper_tails([70, 70], [70, 10], [[1.0, 1.0], [0.0, 0.5]])
    assert tails.p.tolist() == [1.0, 1.0]
    assert tails.mid_p.tolist() == [0.5, pytest.approx(1.0 - 0.5 * 0.5**10)]


def test_over_dispersion_makes_an_excess_less_surprising() -> None:
    o, share = [15, 60], [[0.01, 0.04]]
    p = [upper_tails(o, [1000], share, phi).p for phi in (1.0, 1.5, 3.0)]
    assert (p[0] < p[1]).all()
    assert (p[1] < p[2]).all()


def test_strata_of_tiny_and_very_over_dispersed_counts_are_solved() -> None:
    """K' is then so steep that Newton alone creeps; a stratum nowhere near the place must not disturb either."""
    totals = [1810, 963, 1073, 745, 40]
    shares = [[0.0090799], [0.0037924], [0.0032298], [0.0139838], [0.0]]
    exact = upper_tails([164], totals, shares, 20.0, exact_up_to=1000).p
    assert upper_tails([164], totals, shares, 20.0).p == pytest.approx(exact, rel=0.2)


def test_places_come_in_any_number() -> None:
    assert upper_tails([], [3], np.zeros((1, 0))).p.size == 0
    assert upper_tails([0, 0], [], np.zeros((0, 2))).p.tolist() == [1.0, 1.0]
    rng = np.random.default_rng(2)
    share = rng.uniform(0, 0.01, (2, 9000))
    o = rng.integers(0, 50, 9000)
    whole = upper_tails(o, [900, 1500], share).p
    part = upper_tails(o[8190:8200], [900, 1500], share[:, 8190:8200]).p
    np.testing.assert_allclose(whole[8190:8200], part, rtol=1e-12)


@pytest.mark.parametrize(
    ("o", "totals", "shares", "phi", "message"),
    [
        ([1], [2], [[0.5, 0.5]], 1.0, "places"),
        ([1], [2], [[0.5]], [1.0, 2.0], "places"),
        ([0.5], [2], [[0.5]], 1.0, "observed must be whole"),
        ([-1], [2], [[0.5]], 1.0, "observed must be whole"),
        ([1], [2.5], [[0.5]], 1.0, "totals must be whole"),
        ([1], [2], [[1.5]], 1.0, "shares"),
        ([1], [2], [[np.nan]], 1.0, "shares"),
        ([1], [2], [[0.5]], 0.9, "dispersion"),
        ([1], [2], [[0.5]], np.inf, "dispersion"),
        ([3], [2], [[0.5]], 1.0, "more than all totals"),
    ],
)
def test_what_has_no_answer_is_refused(o: object, totals: object, shares: object, phi: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        upper_tails(o, totals, shares, phi)  # type: ignore[arg-type]
