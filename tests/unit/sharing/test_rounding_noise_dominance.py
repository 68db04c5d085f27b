from __future__ import annotations

import math

import numpy as np
import pytest

from riskshare.errors import ArgumentError, DisclosureError, PolicyError
from riskshare.sharing.cell_key import KEYS, LARGEST_NOISE, cell_keys, record_keys, with_noise
from riskshare.sharing.dominance import dominated
from riskshare.sharing.profiles import PROFILES, profile_for
from riskshare.sharing.rounding import rates_from_rounded, rounded

KEY = b"0123456789abcdef"


def test_the_defaults_are_those_of_the_method() -> None:
    public, partners = profile_for(), profile_for("partnership")
    assert (public.least_count, public.zero_is_small, public.round_to, public.p_ratio) == (10, True, 5, 0.10)
    assert (public.least_cell_m, public.least_months, public.least_change, public.points) == (500, 3, 10, False)
    assert (partners.least_count, partners.zero_is_small, partners.round_to, partners.p_ratio) == (5, False, 1, None)
    assert (partners.dominance_n, partners.dominance_share, partners.least_stands_for) == (2, 0.90, 8)
    assert (partners.least(), partners.least(of_victims=True)) == (5, 10)


@pytest.mark.parametrize("audience", ["everybody", "", None, 3, ["public"]])
def test_an_unknown_audience_is_refused(audience: object) -> None:
    with pytest.raises(ArgumentError, match="public, partnership, practitioner"):
        profile_for(audience)  # type: ignore[arg-type]


def test_the_table_of_profiles_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PROFILES["public"] = PROFILES["partnership"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        PROFILES["public"].least_count = 1  # type: ignore[misc]


def test_rounding_is_to_the_nearest_and_half_goes_up() -> None:
    assert rounded([0, 2, 3, 7, 8], 5).tolist() == [0, 0, 5, 5, 10]
    assert rounded([4, 5, 14, 15], 10).tolist() == [0, 10, 10, 20]
    assert rounded([7], 1).tolist() == [7]
    assert rounded([], 5).tolist() == []


@pytest.mark.parametrize(("counts", "base"), [([1.5], 5), ([-1], 5), ([1], 0), ([1], 2.5)])
def test_what_cannot_be_rounded_is_refused(counts: list[float], base: int) -> None:
    with pytest.raises(DisclosureError):
        rounded(counts, base)


def test_rates_come_from_rounded_counts_only() -> None:
    found = rates_from_rounded([15, math.nan, 10], [4_800, 4_800, 0], base=5, per=10_000)
    assert found[0] == 31.2  # 31.25, to one decimal
    assert np.isnan(found[1:]).all()
    with pytest.raises(DisclosureError, match="not_rounded"):
        rates_from_rounded([13], [5_000], base=5)
    with pytest.raises(DisclosureError, match="shapes"):
        rates_from_rounded([15], [5_000, 1], base=5)
    with pytest.raises(DisclosureError, match="negative"):
        rates_from_rounded([15], [-1], base=5)
    with pytest.raises(PolicyError, match="negative"):
        rates_from_rounded([-15], [math.nan], base=5)


def test_noise_is_fair_and_bounded() -> None:
    noise = with_noise(np.full(KEYS, 100), np.arange(KEYS)) - 100
    assert (noise.min(), noise.max(), noise.sum()) == (-LARGEST_NOISE, LARGEST_NOISE, 0)
    assert noise.var() == 4.0


def test_noise_never_turns_a_count_that_may_be_shown_into_one_that_may_not() -> None:
    every = np.arange(KEYS)
    assert with_noise(np.full(KEYS, 10), every, least=10).min() == 10
    assert with_noise(np.full(KEYS, 2), every).min() == 0
    assert with_noise([0], [0]).tolist() == [0]


def test_record_keys_need_the_key_and_spread_evenly() -> None:
    ids = [f"S{n}" for n in range(5_000)]
    keys = record_keys(ids, KEY)
    assert (record_keys(ids, KEY[::-1]) == keys).mean() < 0.01
    assert np.bincount(keys // 100, minlength=10).min() > 400
    assert record_keys([], KEY).size == 0
    for bad in (b"short", "0123456789abcdef"):
        with pytest.raises(DisclosureError, match="short_key"):
            record_keys(["A"], bad)  # type: ignore[arg-type]


def test_one_more_person_gives_a_new_draw() -> None:
    keys = record_keys([f"S{n}" for n in range(400)], KEY)
    before = cell_keys(keys[:-1], np.zeros(399, dtype=int), 1)
    assert cell_keys(keys, np.zeros(400, dtype=int), 1) == (before + keys[-1]) % KEYS
    assert cell_keys([], [], 2).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("values", "n_k", "ratio"),
    [
        ([100], True, True),  # one contributor
        ([50, 50], True, True),  # two: each can take away his own
        ([50, 40, 10], False, False),  # 90 % exactly is not more than 90 %; 10 of 50 is 20 %
        ([50, 41, 9], True, False),
        ([60, 35, 5], True, True),  # 5 of 60
        ([10] * 10, False, False),
        ([], False, False),
    ],
)
def test_the_two_rules_of_dominance(values: list[float], n_k: bool, ratio: bool) -> None:
    cells = np.zeros(len(values), dtype=int)
    assert dominated(values, cells, 1, p_ratio=None).tolist() == [n_k]
    assert dominated(values, cells, 1, share=1.0).tolist() == [ratio]


def test_dominance_against_a_slow_twin() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        cells, values = rng.integers(0, 6, 40), rng.gamma(0.5, 10, 40).round(2)
        slow = []
        for cell in range(6):
            x = sorted(values[cells == cell].tolist(), reverse=True)
            rest = sum(x[2:])
            slow.append(bool(sum(x)) and (sum(x[:2]) > 0.9 * sum(x) or rest < 0.1 * x[0]))
        assert dominated(values, cells, 6).tolist() == slow


@pytest.mark.parametrize(("values", "cells"), [([1, 2], [0]), ([-1], [0]), ([math.nan], [0]), ([1], [2]), ([1], [-1])])
def test_contributors_that_cannot_be_used_are_refused(values: list[float], cells: list[int]) -> None:
    with pytest.raises(DisclosureError):
        dominated(values, cells, 2)
