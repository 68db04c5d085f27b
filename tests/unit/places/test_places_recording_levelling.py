"""Levelling, second sources and changes by hand or against a slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from riskshare.places.boundary import join_pieces
from riskshare.places.levelling import Comparisons, Gradient, level
from riskshare.places.offsets import estimate_offsets, join
from riskshare.places.placebo import Placebos, social_gradient
from riskshare.places.recording_change import find_change
from riskshare.places.second_source import Beside, ratio_comparisons, ratio_spread

Floats = NDArray[np.float64]


def network(rng: np.random.Generator, n: int, lines: int) -> Comparisons:
    one, other = rng.integers(0, n, lines), rng.integers(0, n, lines)
    one = np.concatenate((one, np.arange(n - 1)))
    other = np.concatenate((other, np.arange(1, n)))
    keep = one != other
    one, other = one[keep], other[keep]
    size = one.size
    return Comparisons(
        one, other, np.full(size, -1), rng.normal(size=size), rng.random(size) + 0.1, np.ones(size, dtype=bool)
    )


def slow_twin(found: Comparisons, n: int, omega2: float) -> tuple[Floats, Floats]:
    """Weighted least squares with the sum held at 0 by Lagrange's equations."""
    design = np.zeros((len(found), n))
    for row in range(len(found)):
        design[row, found.one[row]] = 1.0
        design[row, found.other[row]] = -1.0
    weight = np.diag(1.0 / (found.variance + omega2))
    normal = np.block([[design.T @ weight @ design, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    solved = np.linalg.solve(normal, np.append(design.T @ weight @ found.value, 0.0))
    return solved[:n], np.linalg.inv(normal)[:n, :n]


@pytest.mark.parametrize("seed", range(5))
def test_levelling_equals_its_slow_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = network(rng, 6, 9)
    fast = level(found, 6, Gradient(0.3, 0.02))
    theta, covariance = slow_twin(found, 6, 0.3)
    np.testing.assert_allclose(fast.theta, theta, atol=1e-10)
    np.testing.assert_allclose(fast.covariance, covariance, atol=1e-10)


def test_how_much_rests_on_the_social_gradient_is_the_slope_of_the_variance() -> None:
    found = network(np.random.default_rng(8), 4, 6)
    low, high = (level(found, 4, Gradient(value, 0.0)).covariance for value in (0.3 - 1e-6, 0.3 + 1e-6))
    part = level(found, 4, Gradient(0.3, 0.0)).part
    np.testing.assert_allclose(np.diag(part), np.diag(high - low) / 2e-6, rtol=1e-4)


def test_an_uncertain_gradient_widens_the_interval_unless_it_is_at_its_bound() -> None:
    found = network(np.random.default_rng(8), 4, 6)
    first = np.eye(4)[0]
    sure, unsure, bound = (level(found, 4, gradient).interval(first) for gradient in
                           (Gradient(0.3, 0.0), Gradient(0.3, 0.05), Gradient(0.0, 0.05)))  # fmt: skip
    assert unsure[2] - unsure[1] > sure[2] - sure[1]
    plain = level(found, 4).interval(first)
    assert bound == plain


def test_a_loop_that_does_not_close_is_a_misfit() -> None:
    def loop(gap: float) -> float:
        value = np.array([0.2, 0.3, -0.5 + gap])
        nothing = np.full(3, -1)
        ring = Comparisons(
            np.array([0, 1, 2]), np.array([1, 2, 0]), nothing, value, np.full(3, 0.01), np.zeros(3, dtype=bool)
        )
        return level(ring, 3).misfit_p

    assert loop(0.0) == pytest.approx(1.0)
    # 0.6 over a standard error of √0.03: χ² = 12 with 1 degree.
    assert loop(0.6) == pytest.approx(0.000532, abs=1e-5)


def test_nothing_known_is_not_estimable_and_is_not_zero() -> None:
    found = level(join([]), 2)
    assert np.isnan(found.theta).all()
    assert found.component.tolist() == [-1, -1]
    assert found.used.tolist() == [0.0, 0.0]


def test_two_practices_of_a_second_source_do_not_link_what_neither_spans() -> None:
    beside = Beside(
        np.array([0, 1, 2]), np.array([0, 0, 1]), np.array([60.0, 100.0, 90.0]), np.full(3, 50.0), np.zeros(3),
        np.zeros(3), 1.0,
    )  # fmt: skip
    found = level(ratio_comparisons(beside, 30), 3)
    assert found.component.tolist() == [0, 0, -1]


def test_shrinking_draws_towards_the_mean_by_the_method_s_factor() -> None:
    # Ten organisations against one level with equal variances: θ̃ = θ̂ τ²/(τ² + v), the textbook case.
    value = np.linspace(-0.9, 0.9, 10)
    nothing = np.full(10, -1)
    found = level(
        Comparisons(
            np.arange(10), nothing, np.zeros(10, dtype=int), value, np.full(10, 0.05), np.zeros(10, dtype=bool)
        ),
        10,
    )
    tau2 = value.var(ddof=1) - 0.05
    assert found.tau2 == pytest.approx(tau2)
    np.testing.assert_allclose(found.used, value * tau2 / (tau2 + 0.05))
    assert found.interval(np.eye(10)[0])[0] == pytest.approx(-0.9)


def test_pieces_are_joined_by_what_they_expect_not_by_what_they_hold() -> None:
    organisation = np.tile([0, 1], (4, 1))
    expected = np.full((4, 2, 2), 20.0)
    held = np.zeros((4, 2, 2))
    held[:, :, 0] = [[90, 30], [1, 9], [1, 1], [1, 1]]
    joined = join_pieces(organisation, np.zeros(4, dtype=bool), held, expected, np.ones(2), 30)
    assert [part.tolist() for part in joined.pieces] == [[0, 1], [2, 3]]
    assert joined.used.all()


def test_what_is_left_over_joins_its_neighbour() -> None:
    organisation = np.tile([0, 1], (3, 1))
    full = np.full((3, 2, 2), 20.0)
    joined = join_pieces(organisation, np.zeros(3, dtype=bool), full, full, np.ones(2), 30)
    assert [part.tolist() for part in joined.pieces] == [[0, 1, 2]]


def test_without_placebo_lines_a_border_says_nothing() -> None:
    counts = np.full((2, 2, 2), 50.0)
    counts[:, :, 1] = 0.0
    ground = np.ones((2, 2, 2))
    ground[:, :, 1] = 0.0
    segments = join_pieces(np.tile([0, 1], (2, 1)), np.zeros(2, dtype=bool), counts, ground, np.full(2, 50.0), 30)
    found = estimate_offsets(segments, np.full(2, 50.0), {})
    assert found.reason == "fewer than 5 placebo lines to tell social gradients by"
    assert np.isnan(found.together.theta).all()
    nowhere = np.zeros(6, dtype=np.int64)
    borrowed = Placebos(nowhere, nowhere, nowhere, np.full(6, 0.1), np.full(6, 0.04), np.full(6, 20.0))
    found = estimate_offsets(segments, np.full(2, 50.0), {}, placebos=borrowed)
    assert found.reason == ""
    assert found.gradient == social_gradient(borrowed)
    assert found.gradient is not None
    assert found.gradient.variance == 0.0


def test_ratios_that_vary_between_areas_widen_the_interval() -> None:
    group = np.repeat([0, 1], 8)
    first = np.array([100.0, 50.0] * 8)
    even = ratio_spread(group, np.full(16, 75.0), np.full(16, 75.0), np.ones(16))
    assert even == 1.0
    # Pearson by hand: share ½, (25/2)²... each area is 12.5 above or below 62.5 or 87.5 of 125 or 175.
    spread = ratio_spread(group, first, np.full(16, 75.0), np.ones(16))
    total = first + 75.0
    share = first.sum() / total.sum()
    assert spread == pytest.approx(float(((first - total * share) ** 2 / (total * share * (1 - share))).sum() / 14))
    assert ratio_spread(group[:6], first[:6], np.full(6, 75.0), np.ones(6)) == 1.0


def test_p_of_a_change_is_uniform_without_one() -> None:
    rng = np.random.default_rng(4)
    p = []
    for _ in range(200):
        counts = rng.poisson(15.0, (2, 8))
        found = find_change(*counts, rng=rng, draws=99)
        assert found is not None
        p.append(found.p)
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.1
    assert 0.4 < np.mean(p) < 0.62


def test_a_change_needs_four_quarters_and_events_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    assert find_change(np.array([5, 5, 5]), np.array([5, 5, 5]), rng=rng) is None
    assert find_change(np.zeros(6, dtype=np.int64), np.full(6, 5), rng=rng) is None
