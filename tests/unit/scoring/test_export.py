"""scoring.export: results as plain values under the published schema; NaN and infinity never leave."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest

from oracles.random_cases import random_case
from riskshare.records.results import SCHEMA_VERSION, SubjectResult
from riskshare.scoring.explain import EXPLAIN_COLUMNS
from riskshare.scoring.export import plain, results
from riskshare.scoring.tables import SCORE_COLUMNS
from small import assessed, evidence_case, graded, row

VALIDATOR = jsonschema.Draft202012Validator(
    SubjectResult.model_json_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
ROWS: list[dict[str, Any]] = [
    row("a", indicator="blade_injury"),
    row("b", agency="council", derived_from="school:a", indicator="blade_injury"),
    row("c", role="victim"),
    row("d", subject_id="S2", answer="refused"),
    row("e", subject_id="S3", scale="demo.count", value="14"),
    row("f", subject_id="S4", scale="demo.count", value="cannot be judged"),
    graded("g", "1A", subject_id="S3", indicator="trusted_adult", answer="returned"),
]


def check(dicts: list[dict[str, Any]]) -> None:
    for one in dicts:
        VALIDATOR.validate(one)
        text = json.dumps(one, allow_nan=False)
        assert json.loads(text) == one
        assert SubjectResult.model_validate_json(text).subject_id == one["subject_id"]
        assert "-0.0," not in text  # a minus before nothing reads as a mistake


def test_every_result_fits_the_published_schema() -> None:
    found = assessed(ROWS).to_dicts()
    check(found)
    assert [(one["subject_id"], one["lens"]) for one in found] == [
        ("S1", "harm_to"), ("S1", "harm_by"), ("S2", "harm_by"), ("S3", "harm_by"), ("S4", "harm_by"),
    ]  # fmt: skip
    assert {one["schema_version"] for one in found} == {SCHEMA_VERSION}
    assert all(one["internal"] and not one["trial"] for one in found)


@pytest.mark.parametrize("seed", range(40, 55))
def test_random_cases_fit_the_schema(seed: int) -> None:
    assessment = evidence_case(random_case(np.random.default_rng(seed)))
    check(assessment.to_dicts())
    for subject in set(assessment.scores["subject_id"]):
        check(assessment.to_dicts(subject))


def test_reasons_still_sum_exactly_after_a_round_trip() -> None:
    for one in json.loads(json.dumps(assessed(ROWS).to_dicts())):
        assert sum(Fraction(reason["points"]) for reason in one["reasons"]) == one["score"]


def test_one_subject_has_leave_one_out_beside_it() -> None:
    assessment = assessed(ROWS)
    (to, by) = assessment.to_dicts("S1")
    check([to, by])
    assert [reason["left_out"] is not None for reason in by["reasons"]] == [
        reason["line"] == "record" for reason in by["reasons"]
    ]
    assert all(reason["left_out"] is None for one in assessment.to_dicts() for reason in one["reasons"])
    assert {urgent["record_id"] for urgent in by["act_now"]} == {"a", "b"}
    assert to["act_now"] == []


def test_dicts_agree_with_the_tables() -> None:
    assessment = assessed(ROWS)
    for one, found in zip(assessment.to_dicts(), assessment.scores.to_dict("records"), strict=True):
        for name in SCORE_COLUMNS:
            assert one[name] == plain(found[name])


def test_what_is_missing_is_null() -> None:
    silent = next(one for one in assessed(ROWS).to_dicts() if one["subject_id"] == "S2")
    assert silent["police_share"] is None
    assert silent["leading_agency"] is None
    assert silent["effective_agencies"] is None
    assert silent["flags"] == []


def test_nothing_gives_nothing() -> None:
    assert assessed([]).to_dicts() == []
    empty = pd.DataFrame(columns=list(SCORE_COLUMNS))
    why, urgent, aside = pd.DataFrame(columns=list(EXPLAIN_COLUMNS)), assessed([]).act_now, assessed([]).quarantined
    assert results(empty, why, urgent, aside, header={}) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (pd.NA, None),
        (pd.NaT, None),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (np.float64("nan"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.float64(0.5), 0.5),
        (pd.Timestamp("2026-03-31"), "2026-03-31"),
        (("b", "a"), ["b", "a"]),
        ([np.int64(1), math.nan], [1, None]),
        ("text", "text"),
    ],
)
def test_plain(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
