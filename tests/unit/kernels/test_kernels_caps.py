"""What a class may add at most: bounds, ties, and how what it may still add is divided."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from riskshare.kernels.caps import CapClass, Capped, alive, cap, capped_shares
from riskshare.kernels.claims import TwinCandidates, sort_candidates
from riskshare.kernels.fusion import Pairs, fuse
from riskshare.kernels.segments import UNIT
from unit.kernels.pairs_by_hand import NO_TWINS, pairs, random_pairs, rules


def held(some: Pairs, *classes: tuple[list[int], float], n_units: int = 1) -> tuple[Capped, np.ndarray]:
    """Return W⁺ under caps on the pairs named, and every pair's share."""
    caps = tuple(CapClass(np.isin(np.arange(some.unit.size), members), most) for members, most in classes)
    capped = cap(some, np.arange(some.unit.size), NO_TWINS, rules(), caps, n_units)
    return capped, capped_shares(capped, some, rules(), caps)[0]


def plus(some: Pairs, n_units: int = 1) -> np.ndarray:
    return fuse(some, rules(), NO_TWINS, n_units).raising


TWO: tuple[dict[str, Any], ...] = ({"weight": 1.0, "indicator": 1}, {"weight": 1.0, "indicator": 3})


def test_without_classes_nothing_is_capped() -> None:
    capped, share = held(pairs(*TWO))
    assert capped.raising.tolist() == plus(pairs(*TWO)).tolist()
    assert share.sum() == pytest.approx(capped.raising[0] * UNIT)


def test_a_cap_out_of_reach_binds_nothing() -> None:
    capped, _ = held(pairs(*TWO), ([0], 5.0))
    assert not capped.binds.any()
    assert capped.without == (None,)


def test_a_binding_cap_leaves_the_others_and_shares_what_is_left() -> None:
    capped, share = held(pairs(*TWO), ([0], 0.25))
    others = plus(pairs(TWO[1]))[0]
    assert capped.binds.tolist() == [[True]]
    assert capped.raising[0] == others + round(0.25 / UNIT)
    assert share.tolist() == pytest.approx([0.25, others * UNIT], abs=1e-12)


def test_a_cap_of_nothing_leaves_nothing_of_its_class() -> None:
    capped, share = held(pairs(*TWO), ([0], 0.0))
    assert capped.raising.tolist() == plus(pairs(TWO[1])).tolist()
    assert share[0] == 0.0


def test_the_lowest_of_several_caps_binds() -> None:
    capped, share = held(pairs(*TWO), ([0], 0.3), ([0, 1], 0.2))
    assert capped.binds.tolist() == [[False], [True]]
    assert share.sum() == pytest.approx(0.2)


def test_tied_caps_share_the_mean() -> None:
    """Both classes hold both rows: the same bound twice."""
    capped, share = held(pairs(*TWO), ([0, 1], 0.2), ([0, 1], 0.2))
    assert capped.binds.tolist() == [[True], [True]]
    once = held(pairs(*TWO), ([0, 1], 0.2))[1]
    assert share == pytest.approx(once, abs=1e-15)


def test_only_units_above_their_cap_are_touched() -> None:
    some = pairs({"weight": 1.0}, {"weight": 0.01, "unit": 1}, {"weight": 1.0, "unit": 2})
    capped, share = held(some, ([0, 1], 0.1), n_units=4)
    assert capped.binds.tolist() == [[True, False, False, False]]
    assert share[1:] == pytest.approx((plus(some, 4) * UNIT)[[1, 2]])


def test_protective_rows_keep_their_shares() -> None:
    some = pairs({"weight": 1.0}, {"weight": 1.0, "indicator": 0})
    _, share = held(some, ([0, 1], 0.1))
    assert share[0] == pytest.approx(0.1)
    assert share[1] == pytest.approx(-fuse(some, rules(), NO_TWINS, 1).protective[0] * UNIT)


def test_lifting_a_denial_may_be_what_the_class_adds() -> None:
    """Without the class its denials go too; the bound is above W⁺ and does not bind."""
    some = pairs({"weight": 2.0, "token": 9}, {"weight": 1.0, "token": 9, "denies": True})
    capped, _ = held(some, ([1], 0.0))
    assert not capped.binds.any()
    assert capped.raising.tolist() == plus(some).tolist()


def test_what_the_class_still_adds_is_shared_equally_where_no_row_of_it_holds_anything() -> None:
    """The class's support holds nothing (a graver row binds), yet its cap binds through the denial it lifts."""
    some = pairs(
        {"weight": 2.0, "token": 9, "indicator": 3},
        {"weight": 0.0, "indicator": 1},
        {"weight": 0.0, "indicator": 1},
        {"weight": 1.0, "indicator": 1},
    )
    capped, share = held(some, ([1, 2, 3], 0.1))
    assert capped.binds.all()
    assert share[1:3].tolist() == [0.0, 0.0]
    assert share.sum() == pytest.approx(capped.raising[0] * UNIT, abs=1e-12)


@pytest.mark.parametrize("size", [5, 40])
def test_caps_hold_on_random_pairs_and_shares_add_up(size: int) -> None:
    for seed in range(40):
        rng = np.random.default_rng([seed, size])
        some = random_pairs(rng, size)
        members = [np.flatnonzero(rng.random(size) < 0.4).tolist() for _ in range(2)]
        mosts = rng.choice([0.0, 0.1, 0.5, 1.0], size=2).tolist()
        capped, share = held(some, *zip(members, mosts, strict=True), n_units=3)
        bounds = [plus(some, 3)]
        for member, most in zip(members, mosts, strict=True):
            rest = np.setdiff1d(np.arange(size), member)
            bounds.append(plus(some.take(rest), 3) + round(most / UNIT))
        assert np.abs(capped.raising - np.min(bounds, axis=0)).max() <= 2
        told = np.bincount(some.unit, weights=share, minlength=3)
        assert told == pytest.approx((capped.raising - capped.base.protective) * UNIT, abs=1e-11)


def test_no_pairs() -> None:
    capped, share = held(pairs(), ([], 0.1), n_units=2)
    assert (capped.raising.tolist(), share.size) == ([0, 0], 0)


def test_candidates_whose_own_row_is_gone_are_dropped() -> None:
    some = pairs({}, {}, {"origin": 1})
    twins = sort_candidates(np.zeros(3, dtype=np.int64), np.array([0, 1, 2]), np.array([0, 1, 900]))
    left = alive(twins, some.take(np.array([0, 2])), np.array([0, 2]))
    assert left.origin.tolist() == [0]  # row 2 repeats row 1, which is gone
    none = np.zeros(0, dtype=np.int64)
    assert alive(TwinCandidates(none, none, none), some, np.arange(3)).origin.size == 0
    assert math.isfinite(float(some.weight.sum()))


def test_twins_form_afresh_in_units_that_no_cap_can_bind() -> None:
    """Unit 1 repeats two twins of unit 0: what the cap leaves of it does not hang on what else is known of unit 0.

    Unit 0 does not reach the cap, so no pass is made there; its rows still make the two relays of unit 1 one claim.
    """
    twin = {"indicator": 1, "weight": 0.3, "stated": True}
    relays = tuple({**twin, "unit": 1, "token": origin, "origin": origin} for origin in (0, 1))
    some = pairs(
        {**twin, "token": 0, "origin": 0}, {**twin, "token": 1, "origin": 1, "age": 2}, *relays,
        {"unit": 1, "indicator": 3, "weight": 2.0, "token": 9, "origin": 9},
    )  # fmt: skip
    row, member = np.arange(5), np.array([False, False, False, False, True])
    none = np.zeros(2, dtype=np.int64)
    twins = sort_candidates(none, np.array([0, 2]), np.array([0, 1]))
    capped = cap(some, row, twins, rules(), (CapClass(member, 0.6),), 2)
    outside = fuse(some.take(~member), rules(), twins, 2).raising[1]
    assert capped.binds.tolist() == [[False, True]]
    assert capped.raising[1] == outside + round(0.6 / UNIT)
    assert outside < fuse(some.take(~member), rules(), NO_TWINS, 2).raising[1]
