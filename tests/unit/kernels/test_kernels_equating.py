"""Linking kernels: shapes, ends, gaps, batches and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from riskshare.kernels.equating import (
    along_knots,
    circle_arc,
    continuised,
    equipercentile,
    equipercentile_knots,
    linear,
    loglinear,
    loglinear_bic,
    percentile_ranks,
)
from riskshare.kernels.presmoothing import smallest_face

RNG = np.random.default_rng(3)
SHAPE = RNG.multinomial(300, [0.4, *np.full(20, 0.03)])
REPLICATES = RNG.multinomial(300, SHAPE / 300, size=(4, 6)).astype(float)
OTHER = RNG.multinomial(200, np.full(12, 1 / 12), size=(4, 6)).astype(float)


class TestBatches:
    """Each sample of a batch gets what it gets alone."""

    def one_by_one(self, function, *samples):
        shape = samples[0].shape[:-1]
        rows = [function(*(s[i] for s in samples)) for i in np.ndindex(shape)]
        return np.array(rows).reshape(*shape, -1)

    @pytest.mark.parametrize("function", [continuised, percentile_ranks])
    def test_of_one_margin(self, function) -> None:
        np.testing.assert_array_equal(function(REPLICATES), self.one_by_one(function, REPLICATES))

    def test_of_equipercentile(self) -> None:
        slow = self.one_by_one(equipercentile, REPLICATES, OTHER)
        np.testing.assert_array_equal(equipercentile(REPLICATES, OTHER), slow)

    def test_of_knots(self) -> None:
        for part in (0, 1):
            slow = self.one_by_one(lambda x, y, p=part: equipercentile_knots(x, y)[p], REPLICATES, OTHER)
            np.testing.assert_array_equal(equipercentile_knots(REPLICATES, OTHER)[part], slow)

    @pytest.mark.parametrize("lump", [None, 0, 7])
    def test_of_loglinear(self, lump: int | None) -> None:
        slow = self.one_by_one(lambda f: loglinear(f, 4, lump=lump), REPLICATES)
        np.testing.assert_allclose(loglinear(REPLICATES, 4, lump=lump), slow, rtol=1e-9)

    def test_of_degree_chosen(self) -> None:
        smoothed, degree = loglinear_bic(REPLICATES, lump=0)
        alone = [loglinear_bic(REPLICATES[i], lump=0) for i in np.ndindex(4, 6)]
        assert degree.ravel().tolist() == [int(d) for _, d in alone]
        np.testing.assert_allclose(smoothed.reshape(24, -1), [s for s, _ in alone], rtol=1e-8)

    def test_samples_of_different_kinds_do_not_disturb_each_other(self) -> None:
        mixed = np.array([[0, 0, 0, 0, 0.0], [5, 0, 0, 0, 0], [0, 0, 9, 0, 0], [4, 8, 9, 5, 2], [1, 0, 0, 0, 1]])
        smoothed, degree = loglinear_bic(mixed)
        assert np.isfinite(smoothed).all()
        for row, fit, d in zip(mixed, smoothed, degree, strict=True):
            alone, alone_degree = loglinear_bic(row)
            assert d == alone_degree
            np.testing.assert_allclose(fit, alone, rtol=1e-8)

    def test_leading_axes_broadcast(self) -> None:
        np.testing.assert_array_equal(equipercentile(SHAPE, OTHER)[2, 3], equipercentile(SHAPE, OTHER[2, 3]))

    def test_samples_read_along_their_own_knots(self) -> None:
        x, y = equipercentile_knots(REPLICATES, OTHER)
        cuts = np.array([2.5, 6.5, 13.5])
        assert along_knots(cuts, x, y).shape == (4, 6, 3)
        np.testing.assert_array_equal(along_knots(cuts, x, y)[1, 2], along_knots(cuts, x[1, 2], y[1, 2]))


class TestGaps:
    """Where no case lies, a rank has a stretch of places, and its middle is taken."""

    def test_between_two_scores_of_y(self) -> None:
        # Half of Y is at 0 and half at 3: the middle of X is worth anything from 0.5 to 2.5, and an eighth is −0.25.
        assert equipercentile([1, 2, 1], [1, 0, 0, 1]).tolist() == [-0.25, 1.5, 3.25]

    def test_at_the_two_ends(self) -> None:
        # Nobody scores 0 or 3 on either: the bottom of X is anything from −0.5 to 0.5.
        assert equipercentile([0, 1, 1, 0], [0, 1, 1, 0]).tolist() == [0.0, 1.0, 2.0, 3.0]

    def test_ranks_that_rounding_splits_are_one_rank(self) -> None:
        # 0.1 + 0.2 is not 0.3 in floating point, and the gap after it must still be seen.
        halves = equipercentile([0.1, 0.2, 0.0, 0.7], [0.3, 0.0, 0.0, 0.7])
        assert halves[2] == pytest.approx(1.5, abs=1e-12)

    def test_knots_run_straight_across_a_shared_gap(self) -> None:
        x, y = equipercentile_knots([1, 0, 0, 1], [2, 0, 0, 2])
        np.testing.assert_allclose(along_knots([0.9, 1.0, 2.0], x, y), [0.9, 1.0, 2.0], atol=1e-12)

    def test_small_tails_are_told_apart_at_both_ends(self) -> None:
        tails = np.exp(-0.5 * ((np.arange(61) - 30.0) / 3.0) ** 2)
        assert tails[0] < 1e-20
        np.testing.assert_allclose(equipercentile(tails, tails), np.arange(61), atol=1e-9)


class TestSmoothing:
    def test_few_scores_in_use_keep_their_counts(self) -> None:
        # Only these counts have this mean and this spread, so there is nothing to smooth.
        assert loglinear([0, 0, 5, 7, 0, 0], 2).tolist() == [0, 0, 5, 7, 0, 0]
        assert loglinear([0, 0, 5, 7, 0, 0], 1).min() > 0.0

    def test_degree_is_cut_to_what_the_scores_in_use_support(self) -> None:
        freq = [0, 0, 500, 700, 0, 0]
        smoothed, degree = loglinear_bic(freq)
        assert (smoothed.tolist(), int(degree)) == (freq, 2)

    def test_one_score_at_an_end(self) -> None:
        assert loglinear([9, 0, 0, 0], 3).tolist() == [9, 0, 0, 0]

    def test_no_cases(self) -> None:
        assert loglinear([0, 0, 0], 2).tolist() == [0, 0, 0]
        assert loglinear_bic(np.zeros((2, 3)))[0].tolist() == [[0, 0, 0], [0, 0, 0]]

    def test_degree_0_spreads_evenly(self) -> None:
        np.testing.assert_allclose(loglinear([6, 0, 3], 0), [3, 3, 3])

    def test_more_degrees_than_scores_change_nothing(self) -> None:
        np.testing.assert_allclose(loglinear([3, 1, 2], 9), [3, 1, 2], rtol=1e-9)

    def test_lump_keeps_its_count(self) -> None:
        assert loglinear([40, 5, 9, 4, 1], 2, lump=0)[0] == 40.0
        assert loglinear([7], 2, lump=0).tolist() == [7.0]

    def test_empty_batch(self) -> None:
        assert loglinear(np.zeros((0, 4)), 2).shape == (0, 4)
        assert loglinear_bic(np.zeros((0, 4)))[1].shape == (0,)

    def test_a_flat_margin_takes_the_lowest_degree(self) -> None:
        assert int(loglinear_bic(np.full(10, 30.0))[1]) == 1

    def test_moments_hold_where_few_scores_carry_many_cases(self) -> None:
        rng = np.random.default_rng(9)
        for _ in range(100):
            size = int(rng.integers(2, 30))
            freq = rng.integers(0, 1000, size) * (rng.random(size) < 0.4) * 1.0
            degree = int(rng.integers(0, 8))
            smooth, place = loglinear(freq, degree), np.linspace(-1, 1, size)
            for k in range(degree + 1):
                assert abs((smooth - freq) @ place**k) <= 1e-9 * max(freq.sum(), 1.0)

    @pytest.mark.parametrize(
        ("freq", "face"),
        [
            ([0, 1, 0, 0, 0], 2),  # one inside counts with a neighbour
            ([1, 0, 0, 0, 0], 1),
            ([1, 0, 0, 0, 1], 2),
            ([0, 1, 0, 1, 0], 4),
            ([0, 1, 1, 0, 1], 3),
            ([0, 1, 1, 1, 0], 4),
            ([1, 1, 1, 0, 0], 3),
        ],
    )
    def test_smallest_face(self, freq: list[int], face: int) -> None:
        assert smallest_face(np.array([freq], dtype=float)).tolist() == [face]


class TestLinear:
    def test_means_meet_and_spreads_stretch(self) -> None:
        slope, intercept = linear([10.0, 0.0], [2.0, 1.0], 50.0, 10.0)
        assert (slope * [12, 1] + intercept).tolist() == [60.0, 60.0]

    @pytest.mark.parametrize("given", [(0, 0, 0, 1), (0, -1, 0, 1), (0, 1, 0, -1), (np.nan, 1, 0, 1)])
    def test_refuses(self, given) -> None:
        with pytest.raises(ValueError, match="do not all score alike"):
            linear(*given)


class TestCircleArc:
    def test_on_the_straight_line_it_is_the_line(self) -> None:
        np.testing.assert_allclose(circle_arc([0, 3, 10], 5, 50, 0, 10, 0, 100), [0, 30, 100], atol=1e-12)

    def test_units_change_nothing(self) -> None:
        x = np.linspace(0, 10, 9)
        plain = circle_arc(x, 3, 40, 0, 10, 0, 100)
        moved = circle_arc(5 * x - 7, 5 * 3 - 7, 40 / 100, -7, 43, 0, 1)
        np.testing.assert_allclose(moved * 100, plain, atol=1e-9)

    def test_one_bend_past_the_quarter_circle_is_as_near_as_one_before_it(self) -> None:
        edge = np.sqrt(1 - 0.8**2)  # (0.2, 0.6) is on the quarter circle about (1, 0)
        u = np.linspace(0, 1, 21)
        before, after = (circle_arc(u, 0.2, edge + d, 0, 1, 0, 1) for d in (-1e-9, 1e-9))
        np.testing.assert_allclose(before, after, atol=1e-6)

    def test_a_mean_at_the_very_bottom_gives_a_step_and_no_nan(self) -> None:
        step = circle_arc([0, 0.5, 1], 0, 0.4, 0, 1, 0, 1)
        assert np.isfinite(step).all()
        assert (step[0], step[2]) == (0.0, 1.0)
        assert circle_arc([0, 0.5, 1], 0, 0, 0, 1, 0, 1).tolist() == [0.0, 0.5, 1.0]

    def test_clamps_and_keeps_missing(self) -> None:
        found = circle_arc([-3, 11, np.nan], 4, 60, 0, 10, 0, 100)
        assert found[:2].tolist() == [0.0, 100.0]
        assert np.isnan(found[2])

    def test_means_of_many_samples(self) -> None:
        both = circle_arc([0, 4, 10], [[4], [6]], [[60], [50]], 0, 10, 0, 100)
        np.testing.assert_allclose(both[1], circle_arc([0, 4, 10], 6, 50, 0, 10, 0, 100))

    def test_refuses(self) -> None:
        with pytest.raises(ValueError, match="run upwards"):
            circle_arc([1], 1, 1, 10, 0, 0, 10)
        with pytest.raises(ValueError, match="within the range"):
            circle_arc([1], 12, 1, 0, 10, 0, 10)
        with pytest.raises(ValueError, match="within the range"):
            circle_arc([1], np.nan, 1, 0, 10, 0, 10)


class TestKnots:
    def test_missing_stays_missing_and_empty_stays_empty(self) -> None:
        assert np.isnan(along_knots([np.nan], [0, 1], [0, 5]))
        assert along_knots([], [0, 1], [0, 5]).shape == (0,)

    def test_level_beyond_the_ends(self) -> None:
        assert along_knots([-9, 9], [0, 1], [2, 5]).tolist() == [2.0, 5.0]


class TestRefused:
    @pytest.mark.parametrize("freq", [[1, -1], [1, np.nan], [np.inf, 1], 3])
    @pytest.mark.parametrize("function", [percentile_ranks, continuised, lambda f: loglinear(f, 2), loglinear_bic])
    def test_what_is_not_a_count(self, function, freq) -> None:
        with pytest.raises(ValueError, match="finite counts"):
            function(freq)

    @pytest.mark.parametrize("freq", [[], [0, 0], [[1, 1], [0, 0]]])
    def test_samples_without_cases_have_no_ranks(self, freq) -> None:
        with pytest.raises(ValueError, match="at least one case"):
            percentile_ranks(freq)

    def test_bad_degrees_and_lumps(self) -> None:
        with pytest.raises(ValueError, match="degree"):
            loglinear([1, 2], -1)
        with pytest.raises(ValueError, match="max_degree"):
            loglinear_bic([1, 2], 0)
        for lump in (-1, 2):
            with pytest.raises(ValueError, match="lump"):
                loglinear([1, 2], 1, lump=lump)

    def test_arguments_are_not_changed(self) -> None:
        freq = np.array([4.0, 0.0, 3.0, 9.0, 1.0])
        kept = freq.copy()
        loglinear_bic(freq, lump=0)
        equipercentile_knots(freq, freq)
        np.testing.assert_array_equal(freq, kept)
