"""The sharing decision against its slow twin, which another hand wrote from the method page."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Mapping

import pytest

from oracles.sharing_cases import Case, random_case, random_set
from oracles.sharing_universe import REQUESTS, RULE_SETS, universe
from oracles.slow_decision import Answer, slow_decide
from riskshare.records.sharing_fields import EMERGENCY_FIELDS, PLACE_LEVELS, TREATMENTS
from riskshare.records.sharing_request import REASONS, Decision
from riskshare.sharing.decision import decide

PER_SET = 50


def both(case: Case) -> tuple[Decision, Answer]:
    fast = decide(case.asked, case.everything, objections=case.objections, relationships=case.links)
    return fast, slow_decide(case.asked, case.everything, case.objections, case.links)


def disagreements(case: Case, fast: Decision, slow: Answer) -> list[str]:
    """Return in what the two differ: what is kept and how, how long, by which rules, and why nothing is."""
    kept = dict(slow.treatment)
    told = {
        "allow": (fast.allow, bool(kept)),
        "treatment": (fast.treatment, slow.treatment),
        "place_level": (fast.place_level, slow.place_level),
        "expires": (fast.expires, slow.expires),
        "policy_hash": (fast.policy_hash, case.everything.policy_hash),
    }
    if kept:
        told["rules"] = (set(fast.rule_ids), set(slow.rule_ids))
    if slow.refused:  # the twin names everything wrong; a refusal names what is true, and something
        told["refused"] = (bool(fast.reason_codes) and set(fast.reason_codes) <= set(slow.refused), True)
    withheld, wanted = {field for field, _ in fast.withheld}, set(case.asked.fields) - set(kept)
    if case.asked.override is not None:  # whatever was asked, it is the emergency view that is given or withheld
        told["withheld"] = (withheld - set(EMERGENCY_FIELDS), wanted - set(EMERGENCY_FIELDS))
    elif "error" not in slow.refused:  # then the question itself may be what is broken
        told["withheld"] = (withheld, wanted)
    return [f"{name}: {one!r} != {other!r}" for name, (one, other) in told.items() if one != other]


def compare(seeds: range) -> Counter[str]:
    """Return how often each outcome came up in sets of cases, none of which the two saw differently."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        rng = random.Random(seed)
        everything = random_set(rng)
        for number in range(PER_SET):
            case = random_case(rng, everything)
            fast, slow = both(case)
            assert disagreements(case, fast, slow) == [], f"seed {seed}, case {number}"
            seen.update(["requests", *slow.refused, *fast.reason_codes, *{word for _, word in slow.treatment}])
            seen.update(["allowed", f"place {slow.place_level}"] if slow.treatment else [])
            seen.update(["emergency"] if slow.treatment and case.asked.override else [])
    return seen


@pytest.mark.parametrize("first", [0, 20, 40, 60])
def test_random_requests(first: int) -> None:
    assert compare(range(first, first + 20))["requests"] == 1_000


@pytest.mark.long
def test_twenty_thousand_random_requests_that_reach_every_step() -> None:
    seen = compare(range(1_000, 1_400))
    report(seen)
    assert seen["requests"] == 20_000
    places = {f"place {level}" for level in PLACE_LEVELS}
    never = {*REASONS, *TREATMENTS[1:], *places, "allowed", "emergency"} - set(seen)
    assert never == set()
    assert seen["allowed"] > 2_000


def test_two_rules_over_a_slice_of_the_small_universe() -> None:
    assert universe_differences(step=97) == (7 * 486, [])


@pytest.mark.long
def test_every_two_rules_of_the_small_universe_up_to_renaming() -> None:
    asked, found = universe_differences(step=1)
    report({"decisions": asked})
    assert found == []
    assert asked == len(RULE_SETS) * 486


def universe_differences(step: int) -> tuple[int, list[str]]:
    """Return how many decisions were compared over every ``step``-th set of rules, and where the two differ."""
    asked, found = 0, []
    for rules in RULE_SETS[::step]:
        everything = universe(rules)
        for request in REQUESTS:
            case = Case(request, everything, (), ())
            asked += 1
            found += disagreements(case, *both(case))
    return asked, found


def report(figures: Mapping[str, int]) -> None:
    """Print figures where the run is watched (``-s``)."""
    sys.stdout.write(f"{dict(figures)}\n")
