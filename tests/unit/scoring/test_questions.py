"""scoring.questions: which expected questions are answered, by what, and what each is worth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import build
from oracles.random_cases import case_strategy, random_case
from riskshare.assessment import Assessment
from riskshare.records.policy import ExpectedAnswer
from riskshare.scoring.questions import QUESTION_COLUMNS
from small import assessed, evidence_case, row


def check(assessment: Assessment) -> None:
    scores = assessment.scored.scores
    subjects = assessment.weighed.standing.columns.subjects
    for place, unit in enumerate(assessment.scored.unit):
        asked = assessment.questions(subjects[unit // 2], lens=("harm_by", "harm_to")[unit % 2])
        line = scores.completeness[place]
        assert math.isnan(line) == (asked["weight"].sum() == 0.0)
        if not math.isnan(line):
            assert math.fsum(asked["completeness"]) == pytest.approx(line, abs=1e-12)
            assert math.fsum(asked["weight"]) == pytest.approx(1.0)
        assert math.fsum(asked["doubt"]) == pytest.approx(scores.variance[2, place], abs=1e-12)
        assert math.fsum(asked["nats"]) == pytest.approx(-scores.nil[place] * 2.0**-40, abs=1e-11)
        assert ((asked["freshness"] > 0) == asked["answered"]).all()
        assert asked["doubt"].is_monotonic_decreasing


def asked(*rows: dict[str, Any], **options: Any) -> dict[Any, Any]:
    (line,) = assessed(list(rows), **options).questions("S1", lens="harm_by").to_dict("records")
    return line


def test_a_record_is_not_an_answer() -> None:
    """It says what happened, not that the school looked and this is all it holds."""
    table = assessed([row()]).questions("S1")
    assert tuple(table.columns) == QUESTION_COLUMNS
    line = asked(row())
    assert not line["answered"]
    assert (line["question"], line["wording"], line["asked_of"]) == ("school_weapons", "Any weapon seen?", "school")
    assert pd.isna(line["answer"])
    assert pd.isna(line["record_id"])
    assert (line["weight"], line["completeness"]) == (1.0, 0.0)


def test_a_checked_nil_half_a_year_old() -> None:
    """Half-life 90 days: after 180 days a quarter of it is left, and a quarter of 0.18 nats."""
    line = asked(row("n", answer="nil", event_date="2025-10-02"), row("b", indicator="gang_link"))
    assert (line["answer"], line["answered_by"], line["record_id"]) == ("nil", "school", "n")
    assert line["answer_date"] == pd.Timestamp("2025-10-02")
    assert line["freshness"] == line["completeness"] == 0.25
    assert line["nats"] == pytest.approx(-0.25 * 0.18)


def test_who_counts_on_one_day() -> None:
    nil, back = row("n", answer="nil"), row("r", answer="returned")
    words = row("own", answer="nil", source_type="self_report")
    assert asked(nil, back)["record_id"] == "r"
    assert asked(words, nil)["record_id"] == "n"
    assert asked(words)["nats"] == 0.0
    assert asked(words)["answered"]


def test_a_newer_answer_replaces_an_older_one_and_silence_replaces_none() -> None:
    old = row("o", answer="returned", event_date="2026-01-01")
    assert asked(old, row("n", answer="nil", event_date="2026-02-01"))["record_id"] == "n"
    line = asked(old, row("n", answer="refused"))
    assert (line["record_id"], line["answered"]) == ("o", True)


def test_what_is_said_instead_of_an_answer() -> None:
    line = asked(row("n", answer="refused"))
    assert (line["answer"], line["answered"], line["answered_by"], line["freshness"]) == ("refused", False, "school", 0)


def test_answers_that_may_not_be_used_are_not_told() -> None:
    line = asked(row("n", answer="nil", conditions=["no_onward"]), row("b"))
    assert pd.isna(line["answer"])
    assert asked(row("n", answer="nil", agency="council"), row("b"))["freshness"] == 0.0


def test_questions_to_a_sector_or_to_anybody() -> None:
    fields = build.trust_policy().expected_answers[0].model_dump() | {"agency": None}
    both = (ExpectedAnswer(**fields | {"sector": "education"}), ExpectedAnswer(**fields | {"id": "z", "prior": 0.1}))
    agreed = build.partnership(trust=build.trust_policy(expected_answers=both))
    made = assessed([row()], partnership=agreed)
    assert made.questions("S1")["asked_of"].tolist() == ["any education agency", "any agency"]
    check(made)


def test_nothing_expected() -> None:
    made = assessed([row()], partnership=build.partnership(trust=build.trust_policy(expected_answers=())))
    assert made.questions("S1").empty
    assert made.questions("S1").dtypes.equals(assessed([row()]).questions("S1").dtypes)


@pytest.mark.parametrize("seed", range(25))
def test_random_cases(seed: int) -> None:
    check(evidence_case(random_case(np.random.default_rng([seed, 79]), answers=0.5)))


@settings(max_examples=60, deadline=None)
@given(case_strategy(max_rows=12))
def test_every_small_case(case: dict[str, Any]) -> None:
    check(evidence_case(case))
