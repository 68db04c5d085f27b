"""What a comparison may not give away, and what it may not be fed."""

from __future__ import annotations

import dataclasses

import pytest

import riskshare as rs
from riskshare.errors import EvidenceError
from riskshare.records.scale import Band
from shared import COUNT, partners, read, rows


def people(n: int) -> list[str]:
    return [f"S{number:03d}" for number in range(n)]


def test_cases_read_under_another_agreement_are_refused() -> None:
    cases = read(rows({"police": dict.fromkeys(people(40), 10), "council": dict.fromkeys(people(40), 12)}))
    fewer = dataclasses.replace(partners(), agencies=tuple(a for a in partners().agencies if a.id != "council"))
    with pytest.raises(EvidenceError, match="agency that this partnership has not agreed"):
        rs.compare_thresholds(fewer, cases, replicates=5)


def test_no_table_gives_a_small_count_away_beside_another() -> None:
    """Three of 200 are high with the police, all of them also with the council: 3 must stand nowhere."""
    names = people(200)
    police = {name: 20 if number < 3 else 5 + number % 8 for number, name in enumerate(names)}
    council = {name: 20 if number < 40 else 5 + number % 8 for number, name in enumerate(names)}
    found = rs.compare_thresholds(partners(), read(rows({"police": police, "council": council})), replicates=20)
    line = found.disagreement.iloc[0]
    assert line["small_cells"]
    assert line[["p10", "p01", "total", "bar", "judgement"]].isna().all()
    own = found.matrix.set_index("agency")["percentile"]
    assert own.isna()["police"]
    assert own["council"] == pytest.approx(80.0)


def test_a_bar_is_told_against_the_cut_it_was_compared_with() -> None:
    """The source's gravest cut is 'very high'; the target has a high and a very high one."""
    top = (Band(name="below", starts=0.0), Band(name="15+", starts=15.0, pins="very high"))
    both = (
        Band(name="below", starts=0.0), Band(name="10+", starts=10.0, pins="high"),
        Band(name="20+", starts=20.0, pins="very high"),
    )  # fmt: skip
    base = partners().scale(COUNT)
    scales = [base.model_copy(update={"id": f"demo.{name}", "bands": bands, "routes": ()})
              for name, bands in (("one", top), ("two", both))]  # fmt: skip
    agreed = partners(*scales)
    values = {name: number % 25 for number, name in enumerate(people(400))}
    cases = read(
        rows({"police": values, "council": values}, scale={"police": "demo.one", "council": "demo.two"}), agreed
    )
    said = " ".join(rs.compare_thresholds(agreed, cases, replicates=20).sentences(to="council"))
    assert "lower bar than your own 20 or more" in said
    assert "lower bar than your own 10 or more" not in said
