"""scoring.explain: one line a record, and lines that make the sum exact."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import build
from oracles.random_cases import random_case
from riskshare.assessment import Assessment
from riskshare.kernels.segments import UNIT
from riskshare.records.policy import Caps
from riskshare.scoring.explain import CLOSING, EXPLAIN_COLUMNS
from small import assessed, evidence_case, graded, line, row

ALL_SORTS: list[dict[str, Any]] = [
    row("a", claim_id="c1"),
    row("b", agency="council", derived_from="school:a"),
    row("c", agency="police", claim_id="c1", stance="denies", source_type="worry"),
    row("d", agency="health", derived_from="police:gone", indicator="gang_link"),
    graded("e", "2C", indicator="blade_injury", derived_from="police:f"),
    graded("f", "2C", indicator="blade_injury", derived_from="police:e"),
    row("g", agency="charity", indicator="trusted_adult"),
    row("h", agency="school", answer="nil"),
    row("i", agency="charity", indicator="gang_link"),
    row("j", agency="council", indicator="gang_link"),
    graded("k", "1C", indicator="weapon_carrying", claim_id="c2", event_date="2026-01-01"),
    row("v", agency="health", role="victim", severity=0.4),
]


def check_sums(assessment: Assessment) -> None:
    """Points of a lens sum to its score and nats to its log-odds: exactly, in any order, in exact arithmetic."""
    for found in assessment.scores.to_dict("records"):
        why = assessment.explain(found["subject_id"], lens=found["lens"])
        assert sum(Fraction(x) for x in why["points"]) == found["score"]
        assert sum(Fraction(x) for x in why["nats"]) == Fraction(found["log_odds"])
        assert why["points"].sum() == why["points"][::-1].sum() == found["score"]
        assert math.fsum(why["nats"]) == found["log_odds"]
        assert (np.rint(why["points"] / UNIT) * UNIT == why["points"]).all()


def test_reasons_sum_exactly() -> None:
    check_sums(assessed(ALL_SORTS))


@pytest.mark.parametrize("seed", range(25))
def test_reasons_sum_exactly_on_random_cases(seed: int) -> None:
    check_sums(evidence_case(random_case(np.random.default_rng(seed))))


def test_columns_and_closing_lines() -> None:
    why = assessed([row()]).explain("S1")
    assert tuple(why.columns) == EXPLAIN_COLUMNS
    assert why["line"].tolist() == ["base", "record", "nil answers", "scale end", "rounding"]
    assert set(CLOSING) == {"base", "nil answers", "scale end", "rounding"}
    assert why["left_out"].dtype == "Int64"
    assert why.loc[why["line"] != "record", "left_out"].isna().all()


def test_a_lone_row_by_hand() -> None:
    """ℓ = −ln(1 − ½ · 0.95 (1 − e^−1.6)): one half-life of 180 days old."""
    why = assessed([row(event_date="2025-10-02", recorded_date="2025-10-02", severity=1.0)]).explain("S1")
    record = why[why["line"] == "record"].iloc[0]
    nats = -math.log(1.0 - 0.5 * 0.95 * (1.0 - math.exp(-1.6)))
    assert record["nats"] == pytest.approx(nats, abs=1e-11)
    assert record["points"] == pytest.approx(nats * 60 / 2.9444389791664403, abs=1e-10)
    assert (record["trust"], record["freshness"], record["severity"]) == (0.95, 0.5, 1.0)
    assert record["left_out"] == -round(float(record["points"]))
    assert why[why["line"] == "base"].iloc[0]["points"] == pytest.approx(20.0)


def test_what_befell_each_row() -> None:
    why = assessed(ALL_SORTS).explain("S1").set_index("record_id")
    notes = why.loc[why["line"] == "record", "notes"].to_dict()
    assert notes["a"] == ""
    assert notes["b"] == "repeats another record"
    assert notes["c"] == "denies its claim"
    assert notes["d"] == "origin absent"
    assert notes["e"] == notes["f"] == "in a ring of reports; origin not stated"
    assert notes["i"] == notes["j"] == "suspected twin; origin not stated"
    assert notes["k"] == "origin not stated"


def test_a_denial_is_printed_with_no_share() -> None:
    why = assessed(ALL_SORTS).explain("S1", lens="harm_by").set_index("record_id")
    assert why.loc["c", "points"] == 0.0
    assert why.loc["c", "stance"] == "denies"
    assert why.loc["c", "left_out"] > 0  # without it the score would be higher
    assert why.loc["c", "claim"] == why.loc["a", "claim"] == why.loc["b", "claim"]
    assert why.loc["g", "points"] < 0.0


def test_a_later_version_says_so() -> None:
    first = row("a", event_date="2026-03-01", recorded_date="2026-03-02")
    why = assessed([first, {**first, "recorded_date": "2026-03-20", "severity": 0.5}, row("b", claim_id="c")]).explain(
        "S1"
    )
    notes = why.set_index("record_id")["notes"]
    assert notes["a"] == "later version, first recorded 2026-03-02"
    assert notes["b"] == ""


def test_what_is_shown_of_a_row_with_several_origins_belongs_together() -> None:
    """It passes on a grave worry and a mild record: never the trust of one beside the severity of the other."""
    rows = [
        row("grave", claim_id="c1", source_type="worry", event_date="2026-01-01"),
        row("mild", claim_id="c2", agency="health", severity=0.25, event_date="2026-03-30"),
        row("both", agency="council", derived_from=["school:grave", "health:mild"]),
    ]
    shown = assessed(rows).explain("S1").set_index("record_id").loc["both"]
    told = (round(shown["trust"], 4), shown["severity"], round(shown["freshness"], 4))
    assert told in {(0.3325, 1.0, round(2.0 ** (-89 / 180), 4)), (0.9025, 0.25, round(2.0 ** (-1 / 180), 4))}


def test_agencies_of_origin() -> None:
    rows = [
        row("a", agency="council", indicator="gang_link", derived_from="police:gone"),
        graded("e", "2C", derived_from="health:f"),
        row("f", agency="health", derived_from="police:e"),
        row("s", agency="charity", derived_from=["school:x", "health:y"], indicator="blade_injury"),
    ]
    why = assessed(rows).explain("S1").set_index("record_id")
    assert why.loc["a", "agency_of_origin"] == "police"
    assert why.loc["e", "agency_of_origin"] == "health;police"  # a ring whose recorders tie
    assert why.loc["s", "agency_of_origin"] == "health;school"


def test_nil_answers_have_a_line_of_their_own() -> None:
    why = assessed([row("a", answer="nil"), row("b", indicator="gang_link")]).explain("S1").set_index("line")
    assert why.loc["nil answers", "nats"] == pytest.approx(-0.18, abs=1e-12)


def test_the_ends_of_the_scale() -> None:
    free = build.partnership(trust=build.trust_policy(caps=Caps()))
    kinds = ("weapon_carrying", "gang_link", "blade_injury")
    rows = [
        row(f"{k}{i}", indicator=k, claim_id=f"{k}{i}", agency=a) for k in kinds for i, a in enumerate(build.SECTORS)
    ]
    assessment = assessed(rows, partnership=free)
    why = assessment.explain("S1").set_index("line")
    assert line(assessment)["score"] == 100
    assert why.loc["scale end", "points"] < 0.0
    assert why.loc["scale end", "nats"] == 0.0
    check_sums(assessment)


def test_rows_stand_by_size_between_base_and_closing_lines() -> None:
    why = assessed(ALL_SORTS).explain("S1", lens="harm_by")
    assert why["line"].iloc[0] == "base"
    assert why["line"].tolist()[-3:] == ["nil answers", "scale end", "rounding"]
    sizes = why.loc[why["line"] == "record", "points"].abs()
    assert sizes.is_monotonic_decreasing


def test_a_subject_with_answers_only() -> None:
    why = assessed([row("a", answer="overdue")]).explain("S1")
    assert why["line"].tolist() == ["base", "nil answers", "scale end", "rounding"]
    assert why["points"].sum() == 20
    assert pd.isna(why["left_out"]).all()
