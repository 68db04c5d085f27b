"""Whether a claim is true: T and t of random groups against plain loops over origins, agencies and freshness."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskshare.kernels import levels as levels_module
from riskshare.kernels.layers import Group, Levels
from riskshare.kernels.levels import Stakes, truth_of, weigh_levels
from riskshare.kernels.segments import boundaries
from riskshare.kernels.support import believe
from unit.kernels.pairs_by_hand import AGENCY_P, Pair, slow_truth


def random_groups(rng: np.random.Generator, n_groups: int, longest: int) -> list[list[Pair]]:
    """Return groups of pairs, sorted by agency class and origin; half of them of one age and severity."""
    groups = []
    for _ in range(n_groups):
        plain = rng.random() < 0.5
        pairs = [
            (
                int(rng.integers(0, 4)),
                int(rng.integers(0, 5)),
                float(rng.choice([0.0, 0.4, 0.4, 1.1, 2.3])),
                0 if plain else int(rng.choice([0, 5, 90, 400])),
                1.0 if plain else float(rng.choice([0.0, 0.25, 0.5, 1.0])),
            )
            for _ in range(int(rng.integers(1, longest + 1)))
        ]
        groups.append(sorted(pairs))
    return groups


def as_group(groups: list[list[Pair]]) -> Group:
    sizes = np.array([len(pairs) for pairs in groups])
    columns = list(zip(*(pair for pairs in groups for pair in pairs), strict=True))
    agency_class, origin, weight, age, severity = (np.array(column) for column in columns)
    return Group(np.cumsum(sizes) - sizes, agency_class, origin, weight, age, severity)


def half_lives(n_groups: int) -> np.ndarray:
    return np.resize([180.0, 30.0, 365.0], n_groups)


@pytest.mark.parametrize("q", [1.0, 10.0, math.inf])
@pytest.mark.parametrize("longest", [1, 2, 4, 30])
def test_t_of_every_severity_is_that_of_plain_loops(q: float, longest: int) -> None:
    groups = random_groups(np.random.default_rng([longest, 4]), 60, longest)
    levels, truth = weigh_levels(as_group(groups), half_lives(60), AGENCY_P, q)
    wanted = [
        (number, severity, slow_truth(pairs, severity, half_lives(60)[number], q))
        for number, pairs in enumerate(groups)
        for severity in sorted({pair[4] for pair in pairs}, reverse=True)
    ]
    assert levels.group.tolist() == [line[0] for line in wanted]
    assert levels.severity.tolist() == [line[1] for line in wanted]
    assert truth == pytest.approx([line[2] for line in wanted], abs=1e-14)


def test_batches_of_bounded_memory_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    group = as_group(random_groups(np.random.default_rng(9), 80, 12))
    whole = weigh_levels(group, half_lives(80), AGENCY_P, 10.0)
    monkeypatch.setattr(levels_module, "_BATCH", 50)
    cut = weigh_levels(group, half_lives(80), AGENCY_P, 10.0)
    assert all(np.array_equal(one, other) for one, other in zip((*whole[0], whole[1]), (*cut[0], cut[1]), strict=True))


def test_an_order_of_rows_inside_an_origin_changes_no_bit() -> None:
    rng = np.random.default_rng(2)
    pairs = [(1, 3, float(w), int(a), float(s)) for w, a, s in zip(rng.random(9), rng.integers(0, 5, 9), rng.random(9),
                                                                  strict=True)]  # fmt: skip
    one = weigh_levels(as_group([pairs]), half_lives(1), AGENCY_P, 10.0)
    other = weigh_levels(as_group([pairs[::-1]]), half_lives(1), AGENCY_P, 10.0)
    assert np.array_equal(one[1], other[1])


@pytest.mark.parametrize("denied", [0.0, 0.3, 1.0 - 1e-14])
@pytest.mark.parametrize("seed", range(12))
def test_a_search_over_many_severities_finds_what_weighing_them_all_finds(seed: int, denied: float) -> None:
    rng = np.random.default_rng([seed, 77])
    n_claims, longest = 6, 70
    groups = [[(1, 1, -math.log1p(-denied), 0, 1.0)]] if denied else [[(1, 1, 0.0, 0, 1.0)]]
    for _ in range(n_claims):
        n_rows = int(rng.integers(18, longest))
        flat = rng.random() < 0.3
        groups.append(
            sorted(
                (int(rng.integers(0, 4)), int(rng.integers(0, 40)), float(rng.random() * 2),
                 int(rng.integers(0, 500)), 1.0 - 1e-6 * k if flat else float(rng.random()))
                for k in range(n_rows)
            )
        )  # fmt: skip
    # Group 0 denies the claim of group 1; every other group is a claim of its own.
    claim = np.array([0, 0, *range(1, n_claims)])
    stakes = Stakes(claim, np.arange(n_claims + 1) == 0, rng.uniform(0.01, 3.0, n_claims)[claim])
    group, lives = as_group(groups), half_lives(n_claims + 1)
    every, truth = weigh_levels(group, lives, AGENCY_P, 10.0)
    some, found = weigh_levels(group, lives, AGENCY_P, 10.0, stakes)
    for number in range(1, n_claims + 1):
        left = 1.0 - (denied if number == 1 else 0.0)
        best = [_binding(levels, t, number, left, stakes) for levels, t in ((every, truth), (some, found))]
        assert best[0] == best[1]
    assert some.group.size < every.group.size
    assert np.array_equal(truth_of(group, some, lives, AGENCY_P, 10.0), found)


def _binding(levels: Levels, truth: np.ndarray, number: int, left: float, stakes: Stakes) -> tuple[float, float]:
    """Return the weight of a claim and the largest severity within 2^-40 nat of it."""
    here = levels.group == number
    severity = levels.severity[here]
    weight = -np.log1p(-truth[here] * left * -np.expm1(-stakes.strength[number] * severity))
    return float(weight.max()), float(severity[weight >= weight.max() - 2.0**-40].max())


def test_nothing_is_believed_of_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    levels, truth = weigh_levels(Group(none, none, none, np.zeros(0), none, np.zeros(0)), np.zeros(0), AGENCY_P, 10.0)
    assert (levels.group.size, truth.size) == (0, 0)
    assert believe(none, none, none, np.zeros(0), AGENCY_P, 10.0).truth.size == 0


def believed(pairs: list[tuple[int, int, float]], q: float = 10.0) -> float:
    agency_class, origin, weight = (np.array(column) for column in zip(*sorted(pairs), strict=True))
    return float(believe(boundaries(np.zeros(len(pairs))), agency_class, origin, weight, AGENCY_P, q).total[0])


def test_a_correlation_of_one_keeps_the_largest_and_of_none_adds() -> None:
    assert believed([(3, 0, 0.4), (3, 1, 0.9)]) == 0.9
    assert believed([(2, 0, 0.4), (2, 1, 0.9)]) == pytest.approx(1.3)
    assert believed([(1, 0, 0.3), (1, 1, 0.4)]) == pytest.approx(0.5)


def test_a_worthless_report_adds_nothing() -> None:
    assert believed([(1, 0, 0.0)]) == 0.0
    assert believed([(0, 0, 0.0), (1, 1, 0.7)]) == 0.7


def test_the_stated_and_the_unstated_join_by_their_own_order() -> None:
    pairs = [(0, 0, 0.5), (1, 1, 0.5)]
    assert believed(pairs, 1.0) == pytest.approx(1.0)
    assert believed(pairs, math.inf) == 0.5
    assert 0.5 < believed(pairs, 10.0) < 0.6
