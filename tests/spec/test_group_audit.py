"""The group audit on the sample: the group that was recorded too often is found, and what did it is named."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import riskshare as rs
from riskshare.scoring.groups import GroupAudit

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_data"


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return dict(json.loads((SAMPLE / "truth.json").read_bytes()))


@pytest.fixture(scope="module")
def agreed() -> rs.Partnership:
    return rs.load_partnership(ROOT / "thresholds")


@pytest.fixture(scope="module")
def audit(agreed: rs.Partnership, truth: dict[str, Any]) -> GroupAudit:
    evidence = rs.read_evidence(SAMPLE / "evidence.csv", agreed)
    stated = rs.read_characteristics(SAMPLE / "characteristics.csv", agreed)
    assessment = rs.assess(evidence, agreed, as_of=truth["as_of"], trial=True)
    began = time.process_time()
    found = rs.audit_groups(assessment, stated)
    assert time.process_time() - began < 15.0
    return found


def gap_of(audit: GroupAudit, group: str, measure: str) -> pd.Series:
    gaps = audit.gaps
    return gaps[(gaps["lens"] == "harm_by") & (gaps["group"] == group) & (gaps["measure"] == measure)].iloc[0]


def test_the_planted_over_recording_is_found_and_its_indicator_named(audit: GroupAudit, truth: dict[str, Any]) -> None:
    planted = truth["over_recording"]
    lines = audit.drivers[(audit.drivers["lens"] == "harm_by") & (audit.drivers["group"] == planted["group"])]
    first = lines.iloc[0]
    assert (first["indicator"], first["named"], first["effect"]) == (planted["indicator"], True, "raises this group")
    assert first["lower"] > 0.0


def test_nothing_that_was_not_planted_is_named(audit: GroupAudit, truth: dict[str, Any]) -> None:
    """Nine comparisons of 28 indicators, three characteristics, two lenses: one name."""
    planted = truth["over_recording"]
    lines = audit.named[["characteristic", "lens", "group", "indicator"]].to_numpy().tolist()
    assert lines == [["group", "harm_by", planted["group"], planted["indicator"]]]


def test_without_that_indicator_the_gap_closes(audit: GroupAudit, truth: dict[str, Any]) -> None:
    gap = gap_of(audit, truth["over_recording"]["group"], "mean_score")
    line = audit.named.iloc[0]
    assert gap["lower"] > 0.0
    assert abs(line["gap_without"]) < 0.25 * gap["gap"]
    assert line["share_of_gap"] > 0.75


def test_a_share_is_not_given_of_a_gap_that_may_be_none(audit: GroupAudit) -> None:
    gaps = audit.gaps[audit.gaps["measure"] == "mean_score"].set_index(["characteristic", "lens", "group"])
    covers = (gaps["lower"] <= 0.0) & (gaps["upper"] >= 0.0)
    lines = audit.drivers.set_index(["characteristic", "lens", "group"])
    assert lines.loc[covers.reindex(lines.index).to_numpy(), "share_of_gap"].isna().all()


def test_the_group_over_recorded_also_leans_more_on_the_police(audit: GroupAudit, truth: dict[str, Any]) -> None:
    assert gap_of(audit, truth["over_recording"]["group"], "mean_police_share")["lower"] > 0.0


def test_every_indicator_states_what_it_may_stand_for_and_why_beside_its_counts(
    audit: GroupAudit, agreed: rs.Partnership
) -> None:
    kinds = {kind.id: kind for kind in agreed.trust.indicators}
    assert set(audit.indicators["indicator"]) == set(audit.drivers["indicator"]) == set(kinds)
    for table in (audit.indicators, audit.drivers):
        for line in table.drop_duplicates("indicator").to_dict("records"):
            kind = kinds[line["indicator"]]
            assert (line["proxy_for"], line["justification"]) == (kind.proxy_for, kind.justification)
            assert bool(line["justification"]) or not line["proxy_for"]


def test_school_exclusion_counts_for_nobody_as_a_danger_to_others(audit: GroupAudit) -> None:
    lines = audit.indicators.query("indicator == 'school_exclusion' and lens == 'harm_by'")
    assert not lines["counts_in_lens"].any()
    assert lines["n_rows"].fillna(0).sum() == 0


def test_no_cell_of_one_to_nine_people_is_shown_for_an_indicator(audit: GroupAudit) -> None:
    people = audit.indicators["n_people"].dropna()
    assert not people.between(1, 9).any()
    assert audit.indicators["withheld"].any()


def test_no_table_names_a_subject_or_gives_a_verdict(audit: GroupAudit) -> None:
    for name in ("groups", "measures", "bands", "gaps", "drivers", "indicators"):
        frame = getattr(audit, name)
        assert not frame.astype(str).apply(lambda column: column.str.contains("S-[0-9]")).any(axis=None)
        assert not {"fair", "unfair", "verdict", "biased"} & set(frame.columns)
    assert audit.trial


def test_bands_of_a_group_add_up_to_everybody(audit: GroupAudit) -> None:
    sums = audit.bands.groupby(["characteristic", "lens", "group"])["rate"].sum()
    assert sums.to_numpy() == pytest.approx(1.0, abs=1e-12)
    assert "cannot say" in set(audit.bands["band"])
