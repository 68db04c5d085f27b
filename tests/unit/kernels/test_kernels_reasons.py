"""Shares add up to the totals, slopes are differences, and branches that do not bind hold nothing up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskshare.kernels.fusion import Pairs, Rules, fuse
from riskshare.kernels.reasons import Reasons, reasons
from riskshare.kernels.segments import UNIT
from unit.kernels.pairs_by_hand import NO_TWINS, pairs, random_pairs, rules


def why(some: Pairs, agreed: Rules | None = None, n_units: int = 3) -> Reasons:
    using = rules() if agreed is None else agreed
    return reasons(fuse(some, using, NO_TWINS, n_units), using)


def nats(some: Pairs, agreed: Rules) -> float:
    fused = fuse(some, agreed, NO_TWINS, 3)
    return float((fused.raising - fused.protective).sum() * UNIT)


@pytest.mark.parametrize("size", [1, 4, 30])
def test_shares_add_up_to_the_totals_unit_by_unit(size: int) -> None:
    for seed in range(20):
        some = random_pairs(np.random.default_rng([seed, size]), size)
        fused = fuse(some, rules(), NO_TWINS, 3)
        told = np.bincount(some.unit, weights=reasons(fused, rules()).share, minlength=3)
        assert told == pytest.approx((fused.raising - fused.protective) * UNIT, abs=5e-12)


def test_no_share_of_a_raising_row_is_negative() -> None:
    some = random_pairs(np.random.default_rng(4), 200)
    share = why(some).share
    assert (share[some.indicator > 0] >= 0.0).all()
    assert (share[some.indicator == 0] <= 0.0).all()
    assert (share[some.denies] == 0.0).all()


def test_slopes_in_trust_are_differences() -> None:
    """In the model without ceilings; pairs have no ties, so every max has one branch."""
    open_rules = rules(ceiling=np.full(4, math.inf))
    step = 1e-4
    for seed in range(6):
        some = random_pairs(np.random.default_rng([seed, 70]), 14)
        slope = why(some, open_rules).slope
        for i in range(14):
            one = np.eye(14)[i] * step
            rise = nats(some._replace(weight=some.weight + one), open_rules) - nats(
                some._replace(weight=some.weight - one), open_rules
            )
            assert slope[i] == pytest.approx(rise / (2.0 * step), abs=1e-6)


def test_slopes_in_strength_are_differences() -> None:
    some = random_pairs(np.random.default_rng(71), 20, n_units=1)
    open_rules = rules(ceiling=np.full(4, math.inf))
    told = why(some, open_rules)
    step = 1e-4
    for indicator, slope in zip(told.strength_indicator.tolist(), told.strength_slope.tolist(), strict=True):
        more, less = (
            open_rules._replace(strength=open_rules.strength + sign * step * np.eye(4)[indicator]) for sign in (1, -1)
        )
        assert slope == pytest.approx((nats(some, more) - nats(some, less)) / (2.0 * step), abs=1e-6)


def test_a_ceiling_scales_shares_and_leaves_slopes() -> None:
    lines = [{"weight": 9.0}] * 3
    capped, free = (why(pairs(*lines), rules(ceiling=np.full(4, top)), 1) for top in (1.0, math.inf))
    assert capped.share.sum() == pytest.approx(1.0)
    assert np.array_equal(capped.slope, free.slope)


def test_equal_tellings_of_one_origin_share_equally() -> None:
    share = why(pairs({"origin": 5, "token": 5}, {"origin": 5, "token": 5}), n_units=1).share
    assert share[0] == share[1] > 0.0


def test_a_weaker_telling_of_one_origin_holds_nothing() -> None:
    share = why(pairs({"origin": 5, "token": 5}, {"origin": 5, "token": 5, "weight": 0.9}), n_units=1).share
    assert share[1] == 0.0


def test_worthless_rows_share_nothing_and_divide_by_nothing() -> None:
    some = pairs({"weight": 0.0, "token": 5}, {"weight": 0.0, "token": 5, "age": 4, "agency": 1})
    told = why(some, n_units=1)
    assert told.share.tolist() == [0.0, 0.0]
    assert np.isfinite(told.slope).all()


def test_no_pairs_no_reasons() -> None:
    told = why(pairs(), n_units=1)
    assert [column.size for column in told] == [0] * 5


def test_shares_come_back_in_the_callers_order() -> None:
    rng = np.random.default_rng(12)
    some = random_pairs(rng, 50)
    order = rng.permutation(50)
    assert np.array_equal(why(some).share[order], why(some.take(order)).share)
