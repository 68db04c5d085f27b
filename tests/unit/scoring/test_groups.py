from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskshare as rs
from build import partnership, partnership_from_case
from cases import evidence_from_case, evidence_from_rows
from group_cases import AS_OF, characteristics, evidence, partners
from oracles.random_cases import random_case
from riskshare.kernels.calibration import wilson
from riskshare.kernels.points import whole_points
from riskshare.records.policy import LENSES
from riskshare.scoring.groups import GroupAudit
from riskshare.scoring.groups_lines import NOT_STATED, withheld_groups
from riskshare.scoring.groups_statistics import (
    chance_of_part,
    normal_point,
    rate_gap,
    resampled_means,
    resampled_medians,
)
from riskshare.scoring.groups_without import without_indicators
from riskshare.scoring.tables import BANDS

FIGURES = {"score": "score", "completeness": "completeness", "police_share": "police_share"}


def world(groups: list[str | None], *, seed: int = 0) -> tuple[rs.Assessment, rs.Characteristics]:
    """Return an assessment of as many people as there are group labels, and their characteristics."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(0.6, (len(groups), 6))
    counts[:, 0] = np.maximum(counts[:, 0], 1)
    agreed = partners(rng)
    return rs.assess(evidence(counts, rng), agreed, as_of=AS_OF), characteristics(group=groups)


@pytest.fixture(scope="module")
def audited() -> tuple[rs.Assessment, rs.Characteristics, GroupAudit]:
    groups: list[str | None] = ["b"] * 40 + ["a"] * 90 + [None] * 12
    assessment, stated = world(groups)
    return assessment, stated, rs.audit_groups(assessment, stated, by="group", n_resamples=300)


# ------------------------------------------------------------------------------------------------ the slow twin


def slow_figures(assessment: rs.Assessment, stated: rs.Characteristics, lens: str) -> dict[tuple[str, str], float]:
    """Return every mean, median and band rate by (group, what), person by person."""
    group_of = dict(zip(stated.table["subject_id"], stated.table["group"], strict=True))
    people: dict[str, list[dict[str, Any]]] = {}
    for line in assessment.scores.to_dict("records"):
        if line["lens"] == lens:
            label = group_of.get(line["subject_id"])
            people.setdefault(label if isinstance(label, str) else NOT_STATED, []).append(line)
    found = {}
    for group, lines in people.items():
        ordered = sorted(line["score"] for line in lines)
        middle = len(ordered) // 2
        even = len(ordered) % 2 == 0
        found[group, "median_score"] = (ordered[middle - 1] + ordered[middle]) / 2 if even else ordered[middle]
        found[group, "mean_interval_width"] = math.fsum(line["upper"] - line["lower"] for line in lines) / len(lines)
        for name, column in FIGURES.items():
            known = [line[column] for line in lines if not math.isnan(line[column])]
            found[group, f"mean_{name}"] = math.fsum(known) / len(known) if known else math.nan
        for band in BANDS:
            found[group, band] = sum(line["band"] == band for line in lines) / len(lines)
    return found


def test_figures_are_those_of_a_plain_count(
    audited: tuple[rs.Assessment, rs.Characteristics, GroupAudit],
) -> None:
    assessment, stated, audit = audited
    slow = slow_figures(assessment, stated, "harm_by")
    compared = 0
    for line in audit.measures.to_dict("records"):
        if not pd.isna(line["value"]):
            assert line["value"] == pytest.approx(slow[line["group"], line["measure"]], abs=1e-12)
            compared += 1
    for line in audit.bands.to_dict("records"):
        assert line["rate"] == pytest.approx(slow[line["group"], line["band"]], abs=1e-12)
    for line in audit.gaps.to_dict("records"):
        what = line["measure"].removeprefix("rate: ")
        if not pd.isna(line["gap"]):
            expected = slow[line["group"], what] - slow[line["reference"], what]
            assert line["gap"] == pytest.approx(expected, abs=1e-12)
    assert compared == 12  # three groups, four figures: nothing is expected here, so there is no completeness


def test_every_figure_lies_in_its_interval(audited: tuple[rs.Assessment, rs.Characteristics, GroupAudit]) -> None:
    audit = audited[2]
    tables = {"measures": "value", "bands": "rate", "gaps": "gap", "drivers": "part", "indicators": "rate"}
    for table, column in tables.items():
        frame = getattr(audit, table).dropna(subset=[column])
        assert len(frame)
        assert (frame["lower"] <= frame[column] + 1e-12).all()
        assert (frame["upper"] >= frame[column] - 1e-12).all()


def test_groups_are_counted_and_the_largest_stated_one_is_the_reference(
    audited: tuple[rs.Assessment, rs.Characteristics, GroupAudit],
) -> None:
    groups = audited[2].groups
    assert groups["group"].tolist() == ["a", "b", NOT_STATED]
    assert groups["n"].tolist() == groups["n_people"].tolist() == [90, 40, 12]
    assert groups["is_reference"].tolist() == [True, False, False]
    assert groups["listed_rate"].tolist() == [1.0, 1.0, 1.0]


def test_indicator_counts_are_those_of_the_evidence(
    audited: tuple[rs.Assessment, rs.Characteristics, GroupAudit],
) -> None:
    assessment, stated, audit = audited
    row = assessment.weighed.standing.columns
    kinds = np.array(assessment.weighed.codes.indicators)[row.indicator]
    label = stated.table.set_index("subject_id")["group"].fillna(NOT_STATED)
    frame = pd.DataFrame({"s": row.subjects[row.subject], "k": kinds})
    frame["g"] = label.reindex(frame["s"]).to_numpy()
    for line in audit.indicators.to_dict("records"):
        mine = frame[(frame["g"] == line["group"]) & (frame["k"] == line["indicator"])]
        if line["withheld"]:
            assert pd.isna(line["n_rows"])
            assert pd.isna(line["rate"])
        else:
            assert (line["n_rows"], line["n_people"]) == (len(mine), mine["s"].nunique())


def test_the_same_seed_gives_the_same_audit_in_any_order_of_people(
    audited: tuple[rs.Assessment, rs.Characteristics, GroupAudit],
) -> None:
    assessment, stated, audit = audited
    turned = rs.Characteristics(table=stated.table.iloc[::-1], quarantine=stated.quarantine, counts=stated.counts)
    again = rs.audit_groups(assessment, turned, n_resamples=300)
    for name in ("groups", "measures", "bands", "gaps", "drivers", "indicators"):
        pd.testing.assert_frame_equal(getattr(audit, name), getattr(again, name))


def test_its_repr_counts_only(audited: tuple[rs.Assessment, rs.Characteristics, GroupAudit]) -> None:
    said = repr(audited[2])
    assert said.startswith("GroupAudit(3 groups, 20 gaps, ")
    assert "S0" not in said
    named = audited[2].named
    assert named["named"].all()


# ------------------------------------------------------------------------------------------------ small groups


def test_a_small_group_takes_a_second_one_with_it() -> None:
    groups: list[str | None] = ["a"] * 30 + ["b"] * 20 + ["c"] * 9
    audit = rs.audit_groups(*world(groups), by="group", n_resamples=200)
    assert audit.groups.set_index("group")["withheld"].to_dict() == {"a": False, "b": True, "c": True}
    assert audit.groups["n"].isna().tolist() == [False, True, True]
    for table in (audit.measures, audit.bands):
        assert set(table["group"]) == {"a"}
    assert audit.gaps.empty
    assert audit.drivers.empty
    assert audit.indicators.loc[audit.indicators["group"] != "a", ["n_rows", "n_people", "rate"]].isna().all(axis=None)


def test_a_withheld_reference_compares_nothing() -> None:
    groups: list[str | None] = ["a"] * 30 + ["b"] * 4 + ["c"] * 8
    audit = rs.audit_groups(*world(groups), by="group", reference="b", n_resamples=200)
    assert audit.gaps.empty
    assert not audit.groups["is_reference"].any()


@settings(max_examples=500)
@given(n=st.lists(st.integers(0, 60), min_size=1, max_size=8), least=st.integers(10, 20))
def test_what_is_withheld_cannot_be_had_by_subtraction(n: list[int], least: int) -> None:
    counts = np.array(n)
    withheld = withheld_groups(counts, least)
    assert withheld[(counts > 0) & (counts < least)].all()
    assert not withheld[counts == 0].any()
    together = counts[withheld].sum()
    assert together == 0 or (together >= least and withheld.sum() > 1) or withheld[counts > 0].all()


def test_a_larger_least_size_may_be_asked_for() -> None:
    groups: list[str | None] = ["a"] * 60 + ["b"] * 20 + ["c"] * 15
    audit = rs.audit_groups(*world(groups), by="group", min_group=18, n_resamples=200)
    assert audit.groups["withheld"].tolist() == [False, True, True]


# ------------------------------------------------------------------------------------------------ what may be asked


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "tenure"}, "by must be one of the characteristics that were sent: group"),
        ({"lens": "both"}, "lens must be one of harm_by, harm_to"),
        ({"reference": "a"}, "reference needs by"),
        ({"by": "group", "reference": "Marker"}, "reference must be a group"),
        ({"min_group": 9}, "never lowered below 10"),
        ({"n_resamples": 199}, "200 or more"),
        ({"level": 1.0}, "level must lie between"),
    ],
)
def test_what_may_not_be_asked(
    audited: tuple[rs.Assessment, rs.Characteristics, GroupAudit], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(rs.PolicyError, match=said) as caught:
        rs.audit_groups(audited[0], audited[1], **options)
    assert "Marker" not in str(caught.value)


def test_one_lens_or_both(audited: tuple[rs.Assessment, rs.Characteristics, GroupAudit]) -> None:
    assessment, stated, audit = audited
    assert rs.audit_groups(assessment, stated, lens="harm_to", n_resamples=200).groups.empty
    assert set(audit.groups["lens"]) == {"harm_by"}


def test_nobody_known_gives_empty_tables() -> None:
    rows = [{"record_id": "r", "subject_id": "S1", "role": "third_party", "agency": "school", "basis": "factual",
             "indicator": "gang_link", "source_type": "record", "event_date": "2026-01-01",
             "recorded_date": "2026-01-01"}]  # fmt: skip
    assessment = rs.assess(evidence_from_rows(rows), partnership(), as_of=AS_OF)
    audit = rs.audit_groups(assessment, characteristics(group=["a"]), n_resamples=200)
    assert audit.groups.empty
    assert audit.indicators.empty
    assert repr(audit) == "GroupAudit(0 groups, 0 gaps, 0 drivers named, as_of=2026-03-31)"


def test_people_without_a_row_are_not_stated() -> None:
    assessment, stated = world(["a"] * 30 + ["b"] * 30)
    part = rs.Characteristics(table=stated.table.iloc[:45], quarantine=stated.quarantine, counts=stated.counts)
    audit = rs.audit_groups(assessment, part, by="group", reference=None, n_resamples=200)
    assert audit.groups["n"].tolist() == [30, 15, 15]
    assert audit.groups["n_people"].tolist() == [30, 15, 0]
    assert math.isnan(audit.groups["listed_rate"].iloc[2])


# ------------------------------------------------------------------------------------------------ without an indicator


@pytest.mark.parametrize("seed", range(40))
def test_without_an_indicator_is_what_evidence_without_its_rows_scores(seed: int) -> None:
    """No lineage here, so that dropping rows before or after origins are resolved is the same."""
    case = random_case(np.random.default_rng(seed), n_rows=20, lineage=0.0, repeats=0.0)
    agreed = partnership_from_case(case["policy"])
    day, met = case["as_of"], case["policy"]["conditions_met"]
    full = rs.assess(evidence_from_case(case["rows"]), agreed, as_of=day, conditions_met=met)
    part = without_indicators(full.weighed).part
    unit_of = {unit: line for line, unit in enumerate(full.scored.unit)}
    subjects = list(full.weighed.standing.columns.subjects)
    for place, kind in enumerate(full.weighed.codes.indicators):
        rows = [row for row in case["rows"] if row["indicator"] != kind]
        rest = rs.assess(evidence_from_case(rows), agreed, as_of=day, conditions_met=met).scores
        scores = dict(zip(zip(rest["subject_id"], rest["lens"], strict=True), rest["score"], strict=True))
        for line in full.scores.to_dict("records"):
            lens = LENSES.index(line["lens"])
            base = int(whole_points(full.weighed.policy.base_rate[[lens]], full.weighed.policy.anchors)[0])
            left = scores.get((line["subject_id"], line["lens"]), base)
            unit = subjects.index(line["subject_id"]) * 2 + lens
            assert part[unit_of[unit], place] == line["score"] - left


def test_a_copy_under_another_indicator_stays() -> None:
    """What repeats a dropped row stays, as under a cap (ruling R6): the gang copy keeps its weight."""
    base = {"subject_id": "S1", "role": "person_of_concern", "basis": "factual", "source_type": "record",
            "event_date": "2026-03-01", "recorded_date": "2026-03-02"}  # fmt: skip
    rows = [
        {**base, "record_id": "a", "agency": "school", "indicator": "weapon_carrying"},
        {**base, "record_id": "b", "agency": "council", "indicator": "gang_link", "derived_from": "school:a"},
    ]
    both = rs.assess(evidence_from_rows(rows), partnership(), as_of=AS_OF)
    found = without_indicators(both.weighed)
    kinds = both.weighed.codes.indicators
    weapons, gangs = (found.part[0, kinds.index(k)] for k in ("weapon_carrying", "gang_link"))
    left_out = rs.assess(evidence_from_rows(rows[:1]), partnership(), as_of=AS_OF)
    score = int(both.scores["score"].iloc[0])
    assert gangs == score - int(left_out.scores["score"].iloc[0])
    assert 0 < weapons < score
    assert found.rows[0, kinds.index("gang_link")] == 1


# ------------------------------------------------------------------------------------------------ statistics


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # R. G. Newcombe, Statist. Med. 17 (1998) 857-872, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_the_published_one(count: int, n: int, low: float, high: float) -> None:
    found = wilson(count, n, normal_point(0.95))
    assert [round(float(x), 4) for x in found] == [low, high]
    assert wilson(n, n, normal_point(0.95))[1] == 1.0


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    # R. G. Newcombe, Statist. Med. 17 (1998) 873-890, table II, method 10
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (5, 56, 0, 29, -0.0381, 0.1926)],
)
def test_the_gap_of_two_rates_is_the_published_one(a: int, m: int, b: int, n: int, low: float, high: float) -> None:
    assert [round(float(x), 4) for x in rate_gap(a, m, b, n, level=0.95)] == [low, high]


def test_resampled_means_and_medians_lie_where_theory_says() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 100, 400)
    draws = resampled_means(np.stack([values, np.full(400, np.nan)], axis=1).astype(float), 4000, rng)
    assert np.isnan(draws[:, 1]).all()
    assert draws[:, 0].mean() == pytest.approx(values.mean(), abs=0.1)
    assert draws[:, 0].std() == pytest.approx(values.std() / 20.0, rel=0.05)
    twin = np.median(values[rng.integers(0, 400, (4000, 400))], axis=1)
    medians = resampled_medians(values, 4000, rng)
    assert medians.mean() == pytest.approx(twin.mean(), abs=0.5)
    assert medians.std() == pytest.approx(twin.std(), rel=0.08)
    assert set(resampled_medians(np.array([1, 3]), 200, rng)) == {1.0, 2.0, 3.0}


def test_chance_names_something_in_no_more_than_its_share_of_audits_without_a_difference() -> None:
    """500 sets of six rare indicators: the smallest p is at most 0.05 in about 5 per cent."""
    alarms = 0
    for seed in range(500):
        rng = np.random.default_rng(seed)
        part = rng.poisson(0.1, (90, 6)) * rng.integers(1, 20, (90, 6)).astype(float)
        alarms += chance_of_part(np.arange(90) < 25, part, 399, rng).min() <= 0.05
    assert 10 <= alarms <= 40


def test_chance_of_what_nobody_has_is_one() -> None:
    inside = np.arange(30) < 10
    assert chance_of_part(inside, np.zeros((30, 2)), 200, np.random.default_rng(0)).tolist() == [1.0, 1.0]
    part = np.stack([np.where(inside, 9.0, 1.0), np.zeros(30)], axis=1)
    assert chance_of_part(inside, part, 999, np.random.default_rng(0)).tolist() == [0.001, 1.0]
