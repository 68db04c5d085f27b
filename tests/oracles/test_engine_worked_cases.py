"""The worked cases of the model through the public door and through the kernels: every figure to 1e-12."""

from __future__ import annotations

import copy
import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import build
import riskshare
from properties.engine import (
    POINTS_A_NAT,
    Pass,
    against_twin,
    as_sent,
    claim_figures,
    claim_key,
    differences,
    figures,
    missing_as_none,
    run,
    supported_claims,
)
from riskshare.scoring.explain import CLOSING

DATA = Path(__file__).parent / "data"
CASES = json.loads((DATA / "model_examples.json").read_text(encoding="utf-8"))["cases"]
CORE_TEXT = (DATA / "trust_core_examples.csv").read_text(encoding="utf-8")
CORE = {row["quantity"]: float(row["value"]) for row in csv.DictReader(CORE_TEXT.splitlines())}
TOLERANCE = 1e-12
Case = dict[str, Any]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "_"))


@pytest.fixture(name="told")
def assessed(case: Case) -> riskshare.Assessment:
    """Return the case as a practitioner would run it: rows as dictionaries, read, assessed."""
    partnership = build.partnership_from_case(case["policy"])
    evidence = riskshare.read_evidence([as_sent(row) for row in case["rows"]], partnership)
    assert evidence.total("accepted") == len(case["rows"])
    return riskshare.assess(evidence, partnership, as_of=case["as_of"])


def the_line(told: riskshare.Assessment, case: Case) -> pd.Series:
    (line,) = [line for _, line in told.scores.iterrows() if line["lens"] == case["lens"]]
    assert line["subject_id"] == case["subject"]
    return line


@each_case
def test_kernels_give_every_figure(case: Case) -> None:
    done = run({"case": case["rows"]}, case)
    got = figures(done, f"case/{case['subject']}", case["lens"], case["policy"])
    assert against_twin(got, case["expected"], TOLERANCE) == []


@each_case
def test_the_public_path_gives_the_kernels_figures(case: Case, told: riskshare.Assessment) -> None:
    """What is read from dictionaries is weighed as what was built by hand."""
    done = Pass(told.weighed, told.partnership, lambda: told.readings)
    got = figures(done, case["subject"], case["lens"], case["policy"])
    assert against_twin(got, case["expected"], TOLERANCE) == []


@each_case
def test_the_published_line(case: Case, told: riskshare.Assessment) -> None:
    wanted, line = case["expected"], the_line(told, case)
    questions = {f"q{i}": question["id"] for i, question in enumerate(case["policy"]["expected"])}
    got = {
        "L": line["log_odds"],
        "points": line["score"],
        "points_uncapped": line["score_uncapped"],
        "factual_points": line["factual_score"],
        "completeness": missing_as_none(line["completeness"]),
        "most_useful_gap": questions.get(line["most_useful_gap"]),
        "police_share": missing_as_none(line["police_share"]),
        "effective_agencies": missing_as_none(line["effective_agencies"]),
        **{name: line[name] for name in ("lower", "upper", "band", "band_low", "band_high")},
    }
    assert list(differences(got, {name: wanted[name] for name in got}, TOLERANCE)) == []
    assert ("capped" in line["flags"]) == bool(wanted["capped"])
    assert ("act_now" in line["flags"]) == bool(wanted["act_now"])
    assert ("disputed" in line["flags"]) == any(claim["disputed"] > 0.0 for claim in wanted["claims"].values())
    assert line["n_records"] == len(wanted["phi"])
    assert line["n_agencies"] == len(wanted["agency_share"])


def row_names(table: pd.DataFrame) -> list[str]:
    return [":".join(key) for key in zip(table["agency"], table["record_id"], table["indicator"], strict=True)]


@each_case
def test_the_explanation(case: Case, told: riskshare.Assessment) -> None:
    wanted = case["expected"]["explain"]
    table = told.explain(case["subject"], lens=case["lens"])
    records = table[table["line"] == "record"]
    points = dict(zip(row_names(records), records["points"], strict=True))
    nats = dict(zip(row_names(records), records["nats"], strict=True))
    closing = {name: table.loc[table["line"] == name, "points"].item() for name in CLOSING}
    assert list(differences({**closing, "rows": points}, wanted, TOLERANCE * POINTS_A_NAT)) == []
    assert list(differences(nats, case["expected"]["phi"], TOLERANCE)) == []
    assert table["points"].sum() == the_line(told, case)["score"]
    assert table["nats"].sum() == the_line(told, case)["log_odds"]


@each_case
def test_what_stands_beside_the_score(case: Case, told: riskshare.Assessment) -> None:
    wanted = case["expected"]
    alone = told.alone()
    assert dict(zip(alone["agency"], alone["score"], strict=True)) == {
        agency: figure["points"] for agency, figure in wanted["alone"].items()
    }
    assert set(alone["seen_only_together"]) <= {wanted["seen_only_together"]}
    assert sorted(row_names(told.act_now)) == wanted["act_now"]
    assert [[name, why] for name, why in zip(row_names(told.excluded), told.excluded["reason"], strict=True)] == wanted[
        "excluded"
    ]
    assert told.n_expired == 0


@each_case
def test_the_claims(case: Case, told: riskshare.Assessment) -> None:
    """The public table shows every claim that anybody supports; which rows stand behind it the kernels' test checks."""
    shown = sorted(map(claim_figures, told.claims.to_dict("records")), key=claim_key)
    assert list(differences(shown, supported_claims(case["expected"]["claims"]), TOLERANCE)) == []


@each_case
def test_json_says_the_same(case: Case, told: riskshare.Assessment) -> None:
    (result,) = [line for line in told.to_dicts(case["subject"]) if line["lens"] == case["lens"]]
    json.dumps(result, allow_nan=False)
    wanted = case["expected"]
    assert (result["score"], result["band"], result["lower"], result["upper"]) == (
        wanted["points"],
        wanted["band"],
        wanted["lower"],
        wanted["upper"],
    )
    assert sum(reason["points"] for reason in result["reasons"]) == wanted["points"]


def test_there_are_twelve() -> None:
    assert len({case["name"] for case in CASES}) == 12


# ------------------------------------------------------------------------------------------------ the core figures

WORRY = {"source_type": "worry"}
FULL_BELIEF = 60.0  # so great a weight of evidence that 1 − e^(−w) is 1: the most a row can ever move the score


def core_claim(*rows: dict[str, Any], w: float = math.log(8.0)) -> dict[str, float]:
    """Score first-hand reports of one claim of one raising indicator, an agency each; return W⁺ and the claim's t."""
    case = copy.deepcopy(CASES[0])
    case["policy"]["indicators"]["blade_injury"] |= {"w": w, "C_k": 2.0 * w}
    trusts = {"worry": 0.35, "half": 0.5, "good": 0.8, "graded_1a": 0.9}
    case["policy"]["cells"] = {name: {"T": t, "kappa": 20, "first_hand": True} for name, t in trusts.items()}
    agencies = ("charity", "council", "school")
    case["rows"] = [
        {**case["rows"][0], "basis": "factual", "record_id": f"r{i}", "claim_id": "c", "agency": agencies[i], **row}
        for i, row in enumerate(rows)
    ]
    partnership = build.partnership_from_case(case["policy"])
    evidence = riskshare.read_evidence([as_sent(row) for row in case["rows"]], partnership)
    told = riskshare.assess(evidence, partnership, as_of=case["as_of"])
    (claim,) = told.claims.to_dict("records")
    base = case["policy"]["base_rate"]["harm_by"]
    return {
        "W": told.scores["log_odds"].item() - base,
        "t": claim["supported"],
        "believed": claim["supported"] * (1.0 - claim["denied"]),
    }


RELAY = {**WORRY, "derived_from": ["charity:r0"]}
CORE_FIGURES: dict[str, Callable[[], float]] = {
    "single_anecdote": lambda: core_claim({**WORRY, "basis": "anecdotal"})["W"],
    "same_origin_three_agencies": lambda: core_claim(WORRY, RELAY, RELAY)["W"],
    "relay_upgrade_blocked": lambda: core_claim(WORRY, {**RELAY, "source_type": "graded_1a"})["W"],
    "two_independent_t": lambda: core_claim(WORRY, {"source_type": "graded_1a"})["t"],
    "independent_t_pair": lambda: core_claim({"source_type": "half"}, {"source_type": "half"})["t"],
    "aged_180d_h180": lambda: core_claim({**WORRY, "event_date": "2025-10-02"})["W"],
    "influence_bound_tau035": lambda: core_claim(WORRY, w=FULL_BELIEF)["W"],
    "contradicted_claim_t": lambda: core_claim({"source_type": "good"}, {"source_type": "half", "stance": "denies"})[
        "believed"
    ],
}


def test_every_core_figure_is_tried() -> None:
    assert set(CORE_FIGURES) == set(CORE)


@pytest.mark.parametrize("quantity", sorted(CORE))
def test_the_core_figures(quantity: str) -> None:
    assert CORE_FIGURES[quantity]() == pytest.approx(CORE[quantity], abs=1e-9, rel=0.0)


def test_a_published_total_is_a_whole_number_of_units() -> None:
    case = CASES[-1]
    done = run({"case": case["rows"]}, case)
    line = done.line("case/S1", "harm_by")
    assert np.asarray(line.log_odds).dtype.kind == "i"
    assert line.log_odds * 2.0**-40 == pytest.approx(case["expected"]["L"], abs=TOLERANCE)
