"""Agreement kernels against printed tables and slow twins."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from riskshare.kernels.agreement import kappa, mcnemar, signed_difference, spearman, split, stuart_maxwell

# Distance vision of 7,477 women, right eye by left: A. Stuart, Biometrika 42 (1955) 412–416.
VISION = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]


class TestSplit:
    def test_two_partners_grade_100_cases(self) -> None:
        # 12 high to the first only, 5 to the second only: 7 for the bar, 5 swapped each way for judgement.
        assert [float(v) for v in split(12, 5)] == [17.0, 7.0, 10.0]

    def test_lists(self) -> None:
        assert split([0.25, 0.0], [0.25, 0.5]).judgement.tolist() == [0.5, 0.0]

    @pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf])
    def test_refuses(self, bad: float) -> None:
        with pytest.raises(ValueError, match="0 or more"):
            split(bad, 0.1)


class TestSignedDifference:
    def test_approval_ratings(self) -> None:
        # A. Agresti, Categorical Data Analysis, table 10.1: 1,600 asked twice, 944 and 880 approve, 150 and 86 change.
        # Printed: 0.04, Wald interval 0.021 to 0.059; with so many cases the half cases move nothing printed.
        estimate, low, high = signed_difference(150, 86, 1600)
        assert estimate == 0.04
        assert (round(float(low), 3), round(float(high), 3)) == (0.021, 0.059)

    @pytest.mark.parametrize("n", [30, 100])
    def test_covers_and_is_unbiased_over_every_possible_sample(self, n: int) -> None:
        a, b = np.array([(i, j) for i in range(n + 1) for j in range(n + 1 - i)]).T
        ways = np.array([comb(n, i) * comb(n - i, j) for i, j in zip(a.tolist(), b.tolist(), strict=True)], dtype=float)
        estimate, low, high = signed_difference(a, b, n)
        covered = []
        for p10, p01 in [(0.05, 0.05), (0.1, 0.02), (0.2, 0.1), (0.3, 0.3), (0.15, 0.0), (0.25, 0.05), (0.4, 0.1)]:
            chance = ways * p10**a * p01**b * (1.0 - p10 - p01) ** (n - a - b)
            truth = p10 - p01
            assert chance.sum() == pytest.approx(1.0)
            assert chance @ estimate == pytest.approx(truth, abs=1e-12)
            covered.append(float(chance[(low <= truth) & (truth <= high)].sum()))
        # Counts are few, so single points lie either side of 95 %; Tango's score interval does no better here.
        assert min(covered) >= 0.93
        assert 0.94 <= np.mean(covered) <= 0.965

    def test_stays_within_what_a_difference_can_be(self) -> None:
        estimate, low, high = signed_difference([5, 0, 0], [0, 5, 0], 5)
        assert estimate.tolist() == [1.0, -1.0, 0.0]
        assert (low >= -1.0).all()
        assert (high <= 1.0).all()
        assert ((low <= estimate) & (estimate <= high)).all()

    @pytest.mark.parametrize("bad", [(1, 1, 0), (-1, 1, 5), (1, np.nan, 5), (1, 1, 5, 0.0)])
    def test_refuses(self, bad) -> None:
        with pytest.raises(ValueError, match="at least one shared case"):
            signed_difference(*bad)

    def test_refuses_more_disagreements_than_cases(self) -> None:
        with pytest.raises(ValueError, match="more disagreements"):
            signed_difference(4, 4, 7)


class TestMcNemar:
    @pytest.mark.parametrize(("n10", "n01"), [(1, 5), (0, 3), (6, 6), (12, 3), (7, 8)])
    def test_is_the_sum_of_coin_tosses(self, n10: int, n01: int) -> None:
        n = n10 + n01
        slow = min(1.0, 2 * sum(comb(n, k) for k in range(min(n10, n01) + 1)) / 2**n)
        assert mcnemar(n10, n01) == pytest.approx(slow, rel=1e-12)

    def test_no_disagreement_says_nothing(self) -> None:
        assert mcnemar([0, 3], [0, 3]).tolist() == [1.0, 1.0]

    @pytest.mark.parametrize("bad", [-1, 0.5, np.nan, np.inf])
    def test_refuses(self, bad: float) -> None:
        with pytest.raises(ValueError, match="whole counts"):
            mcnemar(bad, 1)


class TestStuartMaxwell:
    def test_vision_as_printed(self) -> None:
        result = stuart_maxwell(VISION)
        assert (round(result.statistic, 3), result.df, round(result.p, 6)) == (11.957, 3, 0.007533)

    def test_is_the_form_with_one_band_left_out(self) -> None:
        table = np.array(VISION, dtype=float)
        d = (table.sum(axis=1) - table.sum(axis=0))[:3]
        v = -(table + table.T)[:3, :3]
        np.fill_diagonal(v, (table.sum(axis=1) + table.sum(axis=0) - 2 * np.diag(table))[:3])
        assert stuart_maxwell(table).statistic == pytest.approx(d @ np.linalg.inv(v) @ d, rel=1e-10)

    def test_bands_nobody_uses_are_left_out(self) -> None:
        wide = np.zeros((6, 6))
        wide[np.ix_([0, 2, 3, 5], [0, 2, 3, 5])] = VISION
        assert stuart_maxwell(wide) == pytest.approx(stuart_maxwell(VISION))

    def test_a_band_never_disputed_says_nothing(self) -> None:
        result = stuart_maxwell([[20, 9, 0], [1, 30, 0], [0, 0, 50]])
        assert (result.statistic, result.df) == (pytest.approx(6.4), 1)

    def test_two_pairs_of_bands_are_two_tests_added(self) -> None:
        result = stuart_maxwell([[5, 9, 0, 0], [1, 5, 0, 0], [0, 0, 5, 4], [0, 0, 12, 5]])
        assert (result.statistic, result.df) == (pytest.approx(64 / 10 + 64 / 16), 2)

    def test_no_disagreement(self) -> None:
        assert stuart_maxwell([[3, 0], [0, 4]]) == (0.0, 0, 1.0)

    @pytest.mark.parametrize(("bad", "said"), [([[1, 2]], "square"), ([[1, -2], [0, 1]], "0 or more")])
    def test_refuses(self, bad, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            stuart_maxwell(bad)


class TestKappa:
    def test_three_diagnoses_as_printed(self) -> None:
        # J. L. Fleiss, Statistical Methods for Rates and Proportions, 2nd ed., 1981, tables 13.1 and 13.3: κ = 0.676.
        # By hand: p_o = 0.89, p_e = 0.8·0.8 + 0.1·0.05 + 0.1·0.15 = 0.66.
        result = kappa([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
        assert result.kappa == pytest.approx(0.23 / 0.34)
        assert result.pabak == pytest.approx((3 * 0.89 - 1) / 2)

    def test_prevalence_moves_kappa_and_not_pabak(self) -> None:
        # Feinstein and Cicchetti's paradox (J. Clin. Epidemiol. 43, 1990): both agree on 85 of 100.
        even, rare = kappa([[40, 9], [6, 45]]), kappa([[80, 10], [5, 5]])
        assert (round(even.kappa, 2), round(rare.kappa, 2)) == (0.70, 0.32)
        assert even.pabak == rare.pabak == pytest.approx(0.70)

    @pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
    def test_interval_is_that_of_the_delta_method(self, weights) -> None:
        p = np.array([[20, 5, 1], [4, 15, 6], [0, 3, 12]], dtype=float) / 66

        def value(q: np.ndarray) -> float:
            apart = np.abs(np.subtract.outer(np.arange(3), np.arange(3))) / 2
            w = np.eye(3) if weights is None else 1 - apart ** {"linear": 1, "quadratic": 2}[weights]
            q = q / q.sum()
            chance = q.sum(axis=1) @ w @ q.sum(axis=0)
            return ((w * q).sum() - chance) / (1 - chance)

        slope = np.zeros((3, 3))
        for i, j in np.ndindex(3, 3):
            step = np.zeros((3, 3))
            step[i, j] = 1e-6
            slope[i, j] = (value(p + step) - value(p - step)) / 2e-6
        error = np.sqrt((np.sum(p * slope**2) - np.sum(p * slope) ** 2) / 66)
        result = kappa(p * 66, weights, z=2.0)
        assert result.kappa == pytest.approx(value(p))
        assert (result.high - result.low) / 4 == pytest.approx(error, rel=1e-5)

    def test_credits_may_be_given(self) -> None:
        table = [[20, 5, 1], [4, 15, 6], [0, 3, 12]]
        assert kappa(table, [[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]]) == pytest.approx(kappa(table, "linear"))

    def test_not_defined_where_both_say_one_thing(self) -> None:
        assert kappa([[0, 0], [0, 9]]) == (None, 1.0, None, None)

    @pytest.mark.parametrize("bad", [[[5]], [[0, 0], [0, 0]]])
    def test_refuses_nothing_to_compare(self, bad) -> None:
        with pytest.raises(ValueError, match="two bands and one shared case"):
            kappa(bad)

    @pytest.mark.parametrize("bad", [[[1.0]], [[1, 2], [0, 1]], [[0.5, 0], [0, 1]], [[1, 1], [1, 1]], "cubic"])
    def test_refuses_credits(self, bad) -> None:
        with pytest.raises(ValueError, match="weights must"):
            kappa([[1, 2], [3, 4]], bad)


class TestSpearman:
    def test_without_ties_is_one_less_squared_rank_gaps(self) -> None:
        x, y = np.array([3.0, 9, 1, 7, 5, 2]), np.array([10.0, 60, 20, 40, 50, 30])
        gaps = np.argsort(np.argsort(x)) - np.argsort(np.argsort(y))
        result = spearman(x, y)
        assert result.rho == pytest.approx(1 - 6 * np.sum(gaps**2) / (6 * 35))
        half = 1.959963984540054 * np.sqrt((1 + result.rho**2 / 2) / 3)
        assert np.arctanh(result.high) - np.arctanh(result.low) == pytest.approx(2 * half)

    def test_ties_share_ranks(self) -> None:
        # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
        assert spearman([1, 2, 2, 3], [1, 2, 3, 4]).rho == pytest.approx(4.5 / np.sqrt(4.5 * 5.0))

    def test_perfect_agreement_stays_finite(self) -> None:
        result = spearman(np.arange(9), np.arange(9) ** 3)
        assert result.rho == 1.0
        assert 0.99 < result.low <= result.high <= 1.0

    def test_not_defined_where_one_reads_all_alike_or_few_are_read(self) -> None:
        assert spearman([1, 2, 3], [4, 4, 4]) == (None, None, None)
        assert spearman([], []) == (None, None, None)
        assert spearman([1, 2, 3], [4, 5, 6]) == (1.0, None, None)

    def test_refuses(self) -> None:
        with pytest.raises(ValueError, match="two lists"):
            spearman([1, 2], [1])
        with pytest.raises(ValueError, match="two lists"):
            spearman([1, np.nan], [1, 2])
