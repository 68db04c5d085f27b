"""scoring.trace: every step from records to the published log-odds can be added up by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import build
from oracles.random_cases import case_strategy, random_case
from riskshare.assessment import Assessment
from riskshare.records.policy import Caps, Family
from riskshare.scoring.trace import STEPS, TRACE_COLUMNS
from small import assessed, evidence_case, graded, random_rows, row
from unit.scoring.test_explain import ALL_SORTS

CLOSE = 1e-9


def norm(values: pd.Series, p: float) -> float:
    """The p-norm, as the page writes it."""
    if not len(values):
        return 0.0
    return float(values.max()) if math.isinf(p) else math.fsum(x**p for x in values) ** (1.0 / p)


def check(assessment: Assessment) -> None:
    """Work every published line out again from the trace alone, with the page's formulas and a pocket calculator."""
    for line in assessment.scores.to_dict("records"):
        subject, lens = line["subject_id"], line["lens"]
        trace = assessment.trace(subject, lens=lens)
        why = assessment.explain(subject, lens=lens)
        steps = {name: trace[trace["step"] == name] for name in STEPS}
        check_formulas(steps, line)
        check_shares(trace, steps, why)
        check_claims(steps, why, assessment.claims)


def check_formulas(steps: dict[str, pd.DataFrame], line: dict[str, Any]) -> None:
    for one in steps["claim"].to_dict("records"):
        bite = 1.0 - math.exp(-one["weight"] * one["severity"])
        assert one["nats"] == pytest.approx(-math.log(1.0 - one["supported"] * (1.0 - one["denied"]) * bite), abs=CLOSE)
    for one in steps["indicator"].to_dict("records"):
        parts = steps["claim"].loc[steps["claim"]["part_of"] == one["item"], "nats"]
        assert one["norm"] == pytest.approx(norm(parts, one["exponent"]), abs=CLOSE)
        assert one["nats"] == pytest.approx(min(one["norm"], one["limit"]), abs=CLOSE)
    for one in steps["family"].to_dict("records"):
        parts = steps["indicator"].loc[steps["indicator"]["part_of"] == one["item"], "nats"]
        assert one["nats"] == pytest.approx(norm(parts, one["exponent"]), abs=CLOSE)
    directions = steps["direction"].set_index("item")
    for name in ("raising", "protective"):
        parts = steps["family"].loc[steps["family"]["part_of"] == name, "nats"]
        assert directions.loc[name, "norm"] == pytest.approx(math.fsum(parts), abs=CLOSE)
    caps = steps["cap"]
    assert (caps["nats"] == caps["norm"] + caps["limit"]).all()
    least = min([directions.loc["raising", "norm"], *caps["nats"]])
    assert directions.loc["raising", "nats"] == pytest.approx(least, abs=CLOSE)
    score = steps["score"].set_index("item")
    total = score.loc["base", "nats"] + least - directions.loc["protective", "nats"] - score.loc["nil answers", "nats"]
    assert score.loc["log-odds", "nats"] == line["log_odds"] == pytest.approx(total, abs=CLOSE)
    assert score.loc["points", "working"].endswith(f" to a whole point {line['score']}")
    assert ("; binds" in " ".join(caps["working"])) == ("capped" in line["flags"])


def check_shares(trace: pd.DataFrame, steps: dict[str, pd.DataFrame], why: pd.DataFrame) -> None:
    """What goes into an item sums to its share, from the records to the log-odds."""
    below = {"claim": "record", "indicator": "claim", "family": "indicator", "direction": "family"}
    for name, under in below.items():
        parts = steps[under].groupby("part_of")["share"].sum()
        for one in steps[name].to_dict("records"):
            assert one["share"] == pytest.approx(parts.get(one["item"], 0.0), abs=CLOSE)
    into = trace[trace["part_of"] == "log-odds"]
    final = trace.loc[trace["item"] == "log-odds", "share"].item()
    assert final == pytest.approx(math.fsum(into["share"]), abs=CLOSE)
    records = why[why["line"] == "record"]
    keys = records["agency"] + ":" + records["record_id"] + ":" + records["indicator"]
    told = steps["record"].groupby("item")["share"].sum()
    for key, nats in zip(keys, records["nats"], strict=True):
        assert nats == pytest.approx(told.get(key, 0.0), abs=CLOSE)


def check_claims(steps: dict[str, pd.DataFrame], why: pd.DataFrame, claims: pd.DataFrame) -> None:
    """``explain``, ``claims`` and ``trace`` call a claim by one name."""
    subject, lens = why["subject_id"].iloc[0], why["lens"].iloc[0]
    own = claims[(claims["subject_id"] == subject) & (claims["lens"] == lens)].set_index("claim")
    assert own.index.is_unique
    traced = steps["claim"].set_index("item")
    assert set(own.index) == set(traced.index)
    for name, one in own.iterrows():
        assert traced.loc[name, "part_of"] == one["indicator"]
        assert traced.loc[name, "nats"] == one["nats"]
    records = why[why["line"] == "record"]
    named = dict(zip(records["agency"] + ":" + records["record_id"] + ":" + records["indicator"], records["claim"],
                     strict=True))  # fmt: skip
    for key, part in steps["record"].groupby("item"):
        assert set(part["part_of"]) <= set(named[key].split(";"))


def test_one_fresh_fact_by_hand() -> None:
    """0.95 of a weight of 1.6: 1.4196 nats above a base rate of −2.9444."""
    trace = assessed([row()]).trace("S1")
    assert tuple(trace.columns) == TRACE_COLUMNS
    assert trace["step"].tolist() == [
        "record", "claim", "indicator", "family", "cap", "cap", "direction", "direction", *["score"] * 4,
    ]  # fmt: skip
    working = trace.set_index(["step", "item"])["working"]
    assert working["claim", "1"] == "-ln(1 - 0.9500 x (1 - 0.0000) x (1 - e^(-1.6000 x 1.0000))) = 1.4196"
    assert working["indicator", "weapon_carrying"] == working["family", "violence"] == "1.4196"
    assert working["cap", "police"] == "without it 1.4196, and at most 2.0794 more = 3.4991; does not bind"
    assert working["score", "log-odds"] == "-2.9444 + 1.4196 - 0.0000 - 0.0000 = -1.5248"
    assert working["score", "points"].endswith("= 48.9285, within 0 to 100 and to a whole point 49")


def test_repeats_and_families_are_written_out() -> None:
    rows = [row("a", claim_id="c1"), row("b", claim_id="c2"), row("d", indicator="blade_injury")]
    working = assessed(rows).trace("S1").set_index(["step", "item"])["working"]
    assert working["indicator", "weapon_carrying"] == "(1.4196^2 + 1.4196^2)^(1/2) = 2.0077"
    assert working["family", "violence"] == "(1.7228^2 + 2.0077^2)^(1/2) = 2.6455"


def test_a_ceiling_that_binds_says_so() -> None:
    rows = [row(f"r{i}", claim_id=f"c{i}", agency=a) for i, a in enumerate(build.SECTORS) for _ in (1,)]
    low = build.trust_policy()
    kinds = tuple(k.model_copy(update={"ceiling": 2.0}) if k.id == "weapon_carrying" else k for k in low.indicators)
    made = assessed(rows, partnership=build.partnership(trust=low.model_copy(update={"indicators": kinds})))
    one = made.trace("S1").set_index("step").loc["indicator"]
    assert one["nats"] == 2.0 < one["norm"]
    assert one["working"].endswith("; ceiling 2.0000")
    check(made)


def test_a_cap_that_binds_says_so() -> None:
    worries = [row(k, basis="anecdotal", indicator=k) for k in ("weapon_carrying", "gang_link", "blade_injury")]
    made = assessed(worries)
    trace = made.trace("S1").set_index(["step", "item"])
    assert trace.loc[("cap", "anecdotal"), "working"] == "without it 0.0000, and at most 1.0986 more = 1.0986; binds"
    assert trace.loc[("direction", "raising"), "working"].endswith("; held down to 1.0986 by a cap")
    check(made)


def test_other_ways_of_joining() -> None:
    for p, said in ((1.0, "1.7228 + 1.4196 = 3.1424"), (math.inf, "greatest of 1.7228, 1.4196 = 1.7228"),
                    (3.0, "(1.7228^3 + 1.4196^3)^(1/3) = 1.9979")):  # fmt: skip
        policy = build.trust_policy()
        families = tuple(Family(id=f.id, name=f.name, p=p) for f in policy.families)
        agreed = build.partnership(trust=policy.model_copy(update={"families": families}))
        made = assessed([row("a"), row("b", indicator="blade_injury")], partnership=agreed)
        assert made.trace("S1").set_index(["step", "item"]).loc[("family", "violence"), "working"] == said
        check(made)


def test_a_record_of_several_claims_is_divided_among_them() -> None:
    rows = [
        row("a", claim_id="c1", source_type="worry"),
        row("b", claim_id="c2", agency="health", source_type="worry"),
        row("m", agency="council", derived_from=["school:a", "health:b"]),
    ]
    made = assessed(rows)
    why = made.explain("S1").set_index("record_id")
    assert sorted([why.loc["a", "claim"], why.loc["b", "claim"]]) == ["1", "2"]
    assert why.loc["m", "claim"] == "1;2"
    told = made.trace("S1")
    assert told.loc[told["item"] == "council:m:weapon_carrying", "part_of"].tolist() == ["1", "2"]
    check(made)


def test_all_sorts_add_up() -> None:
    check(assessed(ALL_SORTS))


def test_without_caps_there_is_no_cap_to_show() -> None:
    made = assessed([row()], partnership=build.partnership(trust=build.trust_policy(caps=Caps())))
    assert "cap" not in set(made.trace("S1")["step"])
    check(made)


def test_an_answer_alone_leaves_the_base_rate() -> None:
    trace = assessed([row("a", answer="overdue")]).trace("S1")
    assert set(trace["step"]) == {"cap", "direction", "score"}
    assert trace.loc[trace["item"] == "log-odds", "nats"].item() == pytest.approx(-2.9444389791664403, abs=1e-12)


def test_a_claim_that_is_only_denied_has_no_line() -> None:
    made = assessed([row("a", stance="denies", claim_id="c"), row("b", indicator="gang_link")])
    assert made.trace("S1").query("step == 'claim'")["part_of"].tolist() == ["gang_link"]
    check(made)


def test_kinds_of_columns_never_depend_on_the_data() -> None:
    full, bare = assessed(ALL_SORTS).trace("S1"), assessed([row("a", answer="overdue")]).trace("S1")
    assert full.dtypes.equals(bare.dtypes)


def test_one_subject_or_all_give_a_claim_the_same_name() -> None:
    rows = [one | {"subject_id": f"S{seed}"} for seed in range(4) for one in random_rows(seed)]
    made = assessed(rows)
    every = {(one["subject_id"], one["lens"]): one["reasons"] for one in made.to_dicts()}
    for subject in set(made.scores["subject_id"]):
        for one in made.to_dicts(subject):
            names = [(reason["record_id"], reason["claim"]) for reason in one["reasons"]]
            assert names == [(r["record_id"], r["claim"]) for r in every[subject, one["lens"]]]


@pytest.mark.parametrize("seed", range(12))
def test_random_cases_add_up(seed: int) -> None:
    check(evidence_case(random_case(np.random.default_rng([seed, 77]))))


@settings(max_examples=60, deadline=None)
@given(case_strategy(max_rows=12))
def test_every_small_case_adds_up(case: dict[str, Any]) -> None:
    check(evidence_case(case))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_police_rows_under_a_cap_add_up(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = ("weapon_carrying", "gang_link", "blade_injury", "trusted_adult")
    rows = [graded(f"p{i}", "1A", indicator=kinds[rng.integers(4)], claim_id=f"c{rng.integers(4)}") for i in range(9)]
    check(assessed([*rows, row("s", indicator="blade_injury", claim_id="c0")]))
