"""scoring.doubt: the parts of the interval sum to it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import build
from oracles.random_cases import case_strategy, random_case
from riskshare.assessment import Assessment
from riskshare.kernels.points import whole_points
from riskshare.kernels.segments import from_units
from riskshare.scoring.doubt import DOUBT_COLUMNS, PARTS
from small import assessed, evidence_case, row
from unit.scoring.test_explain import ALL_SORTS


def check(assessment: Assessment) -> None:
    scored, anchors = assessment.scored, assessment.weighed.policy.anchors
    subjects = assessment.weighed.standing.columns.subjects
    for place, unit in enumerate(scored.unit):
        lens = ("harm_by", "harm_to")[unit % 2]
        doubt = assessment.doubt(subjects[unit // 2], lens=lens)
        whole = scored.scores.variance[:, place]
        for part, variance in zip(PARTS, whole, strict=True):
            own = doubt.loc[doubt["part"] == part, "variance"]
            assert math.fsum(own) == pytest.approx(variance, rel=1e-9, abs=1e-12)
        assert (doubt["variance"] == (doubt["effect"] * doubt["sd"]) ** 2).all()
        half = math.fsum(doubt["nats"])
        assert half == pytest.approx(assessment.weighed.policy.z * math.sqrt(whole.sum()), rel=1e-9, abs=1e-12)
        if whole.sum() > 0:
            assert math.fsum(doubt["share"]) == pytest.approx(1.0, abs=1e-9)
        line = assessment.scores[(assessment.scores["subject_id"] == subjects[unit // 2])
                                 & (assessment.scores["lens"] == lens)].iloc[0]  # fmt: skip
        if line["n_records"] == 0:
            continue
        slope = (anchors[1][1] - anchors[0][1]) / (anchors[1][0] - anchors[0][0])
        assert math.fsum(doubt["points"]) == pytest.approx(half * slope, rel=1e-9, abs=1e-12)
        assert abs(whole_points(line["log_odds"] - half, anchors) - line["lower"]) <= tie(
            line["log_odds"] - half, anchors
        )
        top = from_units(scored.scores.log_odds_uncapped)[place] + half
        assert abs(whole_points(top, anchors) - line["upper"]) <= tie(top, anchors)


def tie(log_odds: float, anchors: Any) -> int:
    """One point of leave where a figure lies within 10⁻⁹ of the middle between two whole points."""
    (l1, p1), (l2, p2) = anchors
    points = p1 + (log_odds - l1) * (p2 - p1) / (l2 - l1)
    return int(abs(points % 1.0 - 0.5) < 1e-9)


def test_a_lone_fact_by_hand() -> None:
    """L = L0 − ln(1 − T b), b = 1 − e^−1.6: ∂L/∂T = b/(1 − T b), ∂L/∂w = T e^−1.6/(1 − T b); nothing was answered."""
    doubt = assessed([row()]).doubt("S1").set_index("part")
    assert tuple(assessed([row()]).doubt("S1").columns) == DOUBT_COLUMNS
    bite = 1.0 - math.exp(-1.6)
    left = 1.0 - 0.95 * bite
    assert doubt.loc["trust", ["item", "effect", "sd"]].tolist() == [
        "record", pytest.approx(bite / left), pytest.approx(math.sqrt(0.95 * 0.05 / 61.0)),
    ]  # fmt: skip
    assert doubt.loc["weight", ["item", "effect", "sd"]].tolist() == [
        "weapon_carrying", pytest.approx(0.95 * math.exp(-1.6) / left), 0.3,
    ]  # fmt: skip
    assert doubt.loc["missing answer", ["item", "effect", "sd"]].tolist() == [
        "school_weapons", pytest.approx(1.28), pytest.approx(0.4),
    ]  # fmt: skip
    assert doubt.loc["base rate", ["item", "effect", "sd"]].tolist() == ["harm_by", 1.0, 0.2]
    assert doubt["variance"].is_monotonic_decreasing


def test_parts_sum_to_the_published_interval() -> None:
    check(assessed(ALL_SORTS))


def test_nothing_in_doubt_is_no_doubt() -> None:
    """A policy sure of everything: no share of nothing."""
    sure = build.trust_policy(base_rate=build.trust_policy().base_rate.model_copy(update={"sd": 0.0}))
    kinds = tuple(kind.model_copy(update={"sd": 0.0}) for kind in sure.indicators)
    sure = sure.model_copy(update={"indicators": kinds, "expected_answers": ()})
    certain = tuple(kind.model_copy(update={"trust": 1.0}) for kind in sure.source_types)
    agreed = build.partnership(trust=sure.model_copy(update={"source_types": certain}))
    made = assessed([row()], partnership=agreed)
    doubt = made.doubt("S1")
    assert doubt["variance"].sum() == doubt["nats"].sum() == doubt["share"].sum() == 0.0
    check(made)


@pytest.mark.parametrize("seed", range(12))
def test_random_cases(seed: int) -> None:
    check(evidence_case(random_case(np.random.default_rng([seed, 78]))))


@settings(max_examples=60, deadline=None)
@given(case_strategy(max_rows=12))
def test_every_small_case(case: dict[str, Any]) -> None:
    check(evidence_case(case))
