"""From pairs to totals: random pairs against plain loops, hand figures at the edges, the same bits in any order."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest

from riskshare.kernels.claims import sort_candidates
from riskshare.kernels.fusion import Pairs, Rules, fuse
from riskshare.kernels.segments import UNIT
from unit.kernels.pairs_by_hand import LN8, NO_TWINS, NONE, norm, pairs, random_pairs, rules, slow_truth


def slow_fuse(some: Pairs, agreed: Rules, n_units: int) -> tuple[list[float], list[float]]:
    """W⁺ and W⁻ of each unit, claim by claim, indicator by indicator, family by family."""
    claims: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for i in range(some.unit.size):
        claims[int(some.unit[i]), int(some.indicator[i]), int(some.token[i])].append(i)
    by_kind: dict[tuple[int, int], list[float]] = defaultdict(list)
    for (unit, indicator, _), members in claims.items():
        by_kind[unit, indicator].append(slow_weight(some, agreed, members, indicator))
    by_family: dict[tuple[int, int], list[float]] = defaultdict(list)
    for (unit, indicator), weights in by_kind.items():
        total = min(norm(weights, float(agreed.repeat_p[indicator])), float(agreed.ceiling[indicator]))
        by_family[unit, int(agreed.family[indicator])].append(total)
    plus, minus = [0.0] * n_units, [0.0] * n_units
    for (unit, family), totals in by_family.items():
        side = minus if family == 0 else plus
        side[unit] += norm(totals, float(agreed.family_p[family]))
    return plus, minus


def slow_weight(some: Pairs, agreed: Rules, members: list[int], indicator: int) -> float:
    def told(denies: bool) -> list[tuple[int, int, float, int, float]]:
        return [
            (
                int(some.agency[i]) + 1 if some.stated[i] else 0,
                int(some.origin[i]),
                float(some.weight[i]),
                int(some.age[i]),
                float(some.severity[i]),
            )
            for i in members
            if bool(some.denies[i]) == denies
        ]

    half_life, w = float(agreed.half_life[indicator]), float(agreed.strength[indicator])
    against = slow_truth(told(True), 0.0, half_life, agreed.unstated_p)
    support = told(False)
    options = [
        -math.log1p(slow_truth(support, s, half_life, agreed.unstated_p) * (1.0 - against) * math.expm1(-w * s))
        for s in {pair[4] for pair in support}
    ]
    return max(options, default=0.0)


@pytest.mark.parametrize("size", [1, 3, 12, 60])
def test_totals_are_those_of_plain_loops(size: int) -> None:
    for seed in range(25):
        some = random_pairs(np.random.default_rng([seed, size]), size)
        fused = fuse(some, rules(), NO_TWINS, 3)
        plus, minus = slow_fuse(some, rules(), 3)
        assert fused.raising * UNIT == pytest.approx(plus, abs=2e-12)
        assert fused.protective * UNIT == pytest.approx(minus, abs=2e-12)


def test_an_order_of_pairs_changes_no_bit() -> None:
    rng = np.random.default_rng(8)
    some = random_pairs(rng, 80)
    one = fuse(some, rules(), NO_TWINS, 3)
    for _ in range(10):
        other = fuse(some.take(rng.permutation(80)), rules(), NO_TWINS, 3)
        assert np.array_equal(one.raising, other.raising)
        assert np.array_equal(one.protective, other.protective)
        assert np.array_equal(one.claim_weight, other.claim_weight)


def test_numbers_too_great_for_one_key_change_no_bit() -> None:
    """Where unit, claim and origin numbers do not fit 63 bits the rows are sorted field by field."""
    some = random_pairs(np.random.default_rng(3), 40)
    far = some._replace(token=some.token + 2**40, origin=some.origin + 2**40)
    assert np.array_equal(fuse(some, rules(), NO_TWINS, 3).raising, fuse(far, rules(), NO_TWINS, 3).raising)


def test_no_pairs_no_weight() -> None:
    fused = fuse(pairs(), rules(), NO_TWINS, 2)
    assert (fused.raising.tolist(), fused.protective.tolist()) == ([0, 0], [0, 0])


def test_no_units() -> None:
    assert fuse(pairs(), rules(), NO_TWINS, 0).raising.size == 0


def weight(*lines: dict[str, object], **changes: object) -> float:
    return float(fuse(pairs(*lines), rules(**changes), NO_TWINS, 1).raising[0] * UNIT)


def test_a_claim_nobody_supports_weighs_nothing() -> None:
    fused = fuse(pairs({"denies": True}), rules(), NO_TWINS, 1)
    assert fused.claim_weight.size == 0
    assert fused.raising.tolist() == [0]


def test_the_gravest_severity_that_binds_is_chosen() -> None:
    """Mild and well known against grave and doubtful: the greater weight; equal weights take the graver."""
    known = {"token": 0, "severity": 0.5, "weight": 3.0}
    rumour = {"token": 0, "severity": 1.0, "weight": 0.1}
    fused = fuse(pairs(known, rumour), rules(), NO_TWINS, 1)
    assert fused.levels.severity[fused.chosen].tolist() == [0.5]
    idle = fuse(pairs({"token": 0, "weight": 0.0}, {"token": 0, "weight": 0.0, "severity": 0.2}), rules(), NO_TWINS, 1)
    assert idle.levels.severity[idle.chosen].tolist() == [1.0]


def test_severity_nought_weighs_nothing() -> None:
    assert weight({"severity": 0.0, "weight": 3.0}) == 0.0


def test_a_denial_as_strong_as_can_be_leaves_nearly_nothing() -> None:
    lines = [{"token": 0, "weight": 3.0}, {"token": 0, "weight": 30.0, "denies": True}]
    assert weight(*lines) == pytest.approx(0.0, abs=1e-11)


def test_the_severity_of_a_denial_plays_no_part() -> None:
    lines = [{"token": 0, "weight": 1.0}, {"token": 0, "weight": 0.5, "denies": True, "severity": 0.1}]
    graver = [lines[0], {**lines[1], "severity": 1.0}]
    assert weight(*lines) == weight(*graver)


def test_repeats_join_under_a_ceiling() -> None:
    lone = weight({"weight": 1.0})
    assert weight(*[{"weight": 1.0}] * 4) == pytest.approx(2.0 * lone, abs=1e-11)
    assert weight(*[{"weight": 9.0}] * 40) == pytest.approx(2.0 * LN8, abs=1e-11)


def test_twins_are_one_claim_of_unstated_origins() -> None:
    some = pairs({"weight": 1.0}, {"weight": 1.0, "agency": 1})
    twins = sort_candidates(np.array([7, 7]), np.array([0, 2]), np.array([0, 1]))
    fused = fuse(some, rules(), twins, 1)
    both = -math.expm1(-(2.0**0.1))
    assert fused.twin.all()
    assert fused.raising[0] * UNIT == pytest.approx(-math.log1p(both * math.expm1(-LN8)), abs=1e-12)
    apart = fuse(some, rules(twin_days=1), twins, 1)
    assert not apart.twin.any()
    assert np.array_equal(apart.raising, fuse(some, rules(), NO_TWINS, 1).raising)


def test_a_candidate_may_be_numbered_beyond_the_pairs() -> None:
    twins = sort_candidates(np.array([7, 7]), np.array([0, 2]), np.array([500, 501]))
    fused = fuse(pairs({"weight": 1.0}), rules(), twins, 1)
    assert not fused.twin.any()
    assert NONE.size == 0
