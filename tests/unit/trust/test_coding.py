"""trust.coding: agreed names to numbers, agreed numbers to arrays, whatever order they are written in."""

from __future__ import annotations

import math

import numpy as np
import pytest

import build
from riskshare.records.policy import Caps, Correlation, ExpectedAnswer, Family
from riskshare.trust.coding import code_names, policy_arrays


def test_names_are_numbered_by_meaning_and_not_by_their_order_in_the_files() -> None:
    codes = code_names(build.partnership())
    assert codes.agencies == ("charity", "council", "health", "police", "school")
    # Protective before raising, then by family, so that a family stands together.
    assert codes.indicators == (
        "trusted_adult", "gang_link", "criminal_exploitation", "threat_to_staff", "blade_injury", "weapon_carrying",
    )  # fmt: skip
    assert codes.cells[:4] == ("1A", "1B", "1C", "1D")
    assert codes.cells[12:] == ("record", "self_report", "worry")
    assert codes.classes == ("anecdotal", "police")
    assert codes.expected == ("school_weapons",)


def test_the_order_of_the_files_changes_nothing() -> None:
    plain = build.partnership()
    trust = plain.trust.model_copy(
        update={
            name: tuple(reversed(getattr(plain.trust, name)))
            for name in ("grades", "source_types", "indicators", "families", "expected_answers")
        }
    )
    turned = build.partnership(agencies=tuple(reversed(plain.agencies)), trust=trust)
    assert code_names(turned) == code_names(plain)
    one, other = policy_arrays(plain, code_names(plain)), policy_arrays(turned, code_names(turned))
    for ours, theirs in ((one.rules, other.rules), (one.cells, other.cells), (one.expected, other.expected)):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.sectors, other.sectors)


def test_the_agreed_numbers_stand_beside_their_names() -> None:
    partnership = build.partnership()
    codes = code_names(partnership)
    policy = policy_arrays(partnership, codes)
    kind = codes.indicators.index
    assert policy.rules.strength[kind("gang_link")] == 1.1
    assert policy.rules.half_life[kind("gang_link")] == 365.0
    assert policy.rules.direction[kind("trusted_adult")] == -1
    assert policy.rules.direction[kind("blade_injury")] == 1
    assert policy.rules.ceiling[kind("weapon_carrying")] == 3.2  # unstated: twice the weight
    assert policy.rules.family[kind("blade_injury")] == policy.rules.family[kind("weapon_carrying")]
    assert policy.rules.family_p[policy.rules.family[kind("blade_injury")]] == 2.0
    assert policy.cells.trust[codes.cells.index("1A")] == 0.9
    assert policy.cells.first_hand[codes.cells.index("1A")]
    assert not policy.cells.first_hand[codes.cells.index("1C")]
    assert policy.police.tolist() == [False, False, False, True, False]
    assert policy.sectors.tolist() == [[False, False, False, True, False]]
    assert policy.sector_caps.tolist() == [2.0794415416798357]
    assert policy.edges == (30.0, 70.0, 90.0)
    assert policy.expected.agencies.tolist() == [[False, False, False, False, True]]  # only the school is asked


@pytest.mark.parametrize(("rho", "p"), [(0.0, 1.0), (0.5, 2.0), (0.9, 10.0), (1.0, math.inf)])
def test_shared_error_becomes_an_exponent(rho: float, p: float) -> None:
    trust = build.trust_policy(correlation=Correlation(within_agency={"police": rho}, other=0.5, unstated=rho))
    partnership = build.partnership(trust=trust)
    rules = policy_arrays(partnership, code_names(partnership)).rules
    # An agency without an agreed correlation takes the agreed "other".
    assert rules.agency_p.tolist() == pytest.approx([2.0, 2.0, 2.0, p, 2.0])
    assert rules.unstated_p == pytest.approx(p)


def test_no_caps_and_nothing_expected() -> None:
    partnership = build.partnership(trust=build.trust_policy(caps=Caps(), expected_answers=()))
    codes = code_names(partnership)
    policy = policy_arrays(partnership, codes)
    assert codes.classes == ("anecdotal",)
    assert policy.anecdotal_cap == math.inf
    assert policy.sectors.shape == (0, 5)
    assert policy.sector_caps.shape == (0,)
    assert policy.expected.agencies.shape == (0, 5)


def test_a_question_put_to_a_sector_may_be_answered_by_any_of_its_agencies() -> None:
    question = ExpectedAnswer(
        id="any_police", question="Seen?", lens="harm_by", indicator="weapon_carrying", sector="police",
        prior=0.2, raises=1.0, lowers=0.2, half_life_days=90.0,
    )  # fmt: skip
    members = (build.agency("north", sector="police"), build.agency("south", sector="police"), build.agency("school"))
    partnership = build.partnership(agencies=members, trust=build.trust_policy(expected_answers=(question,)))
    codes = code_names(partnership)
    assert policy_arrays(partnership, codes).expected.agencies.tolist() == [[True, False, True]]


def test_a_family_that_keeps_only_the_largest() -> None:
    families = (*build.trust_policy().families[1:], Family(id="violence", name="Violence", p=math.inf))
    partnership = build.partnership(trust=build.trust_policy(families=families))
    codes = code_names(partnership)
    rules = policy_arrays(partnership, codes).rules
    assert rules.family_p[rules.family[codes.indicators.index("blade_injury")]] == math.inf
