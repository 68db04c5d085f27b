"""Whoever is, or may be, a child is said to be one: what looks like harm by a child may be harm to that child."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import share_cases as cases
import sharing_small
import small
from riskshare.reporting.shared_report import report
from riskshare.reporting.shared_words import LISTED_MAY_BE, MAY_BE_A_CHILD
from riskshare.sharing.shared import Shared

WITH_AGE = cases.permit("why", [*cases.REASONS, "age_band"], categories=("criminal", "other"))


def shared_of(folder: Path, age: str | None, *, rule: Any = WITH_AGE, **options: Any) -> Shared:
    agreed = cases.partnership(cases.SCORES, rule, cases.ALERTS)
    made = {} if age is None else {"subjects": small.ages(S1=age)}
    return cases.to_practitioner(cases.result([cases.fact("a")], agreed=agreed, **made), folder, **options)


@pytest.mark.parametrize("age", ["under 10", "10-13", "14-15", "16-17", "18-24", "25 and over", "not known", None])
def test_an_age_that_may_be_shown_stands_beneath_the_name(age: str | None, tmp_path: Path) -> None:
    shared = shared_of(tmp_path, age)
    told = age or "not known"
    assert shared.tables["person"].to_dict("records") == [{"subject_id": "S1", "age_band": told}]
    assert ("person", "age_band", "show") in set(shared.kept.itertuples(index=False, name=None))
    page = report(shared)
    assert f"Person S1. Age: {told}. As known on" in page
    child = told not in ("18-24", "25 and over")
    assert (MAY_BE_A_CHILD in shared.notes) == child
    head = page.partition("<main")[0]
    assert (MAY_BE_A_CHILD in head) == child


def test_where_no_rule_shows_the_age_the_sentence_stands_whoever_it_is(tmp_path: Path) -> None:
    """That it stood for some only would tell the age."""
    rule = cases.permit("why", cases.REASONS, categories=("criminal", "other"))
    for number, age in enumerate(("10-13", "25 and over")):
        folder = tmp_path / str(number)
        folder.mkdir()
        shared = shared_of(folder, age, rule=rule)
        assert "person" not in shared.tables
        assert MAY_BE_A_CHILD in shared.notes
        assert ("person", "age_band", "no_permit") in set(shared.withheld.itertuples(index=False, name=None))
        assert age not in report(shared)


@pytest.mark.parametrize("age", ["10-13", "25 and over"])
def test_the_emergency_view_says_it_of_everybody(age: str, tmp_path: Path) -> None:
    shared = shared_of(tmp_path, age, relationships=[], override=sharing_small.override())
    assert MAY_BE_A_CHILD in shared.notes
    assert MAY_BE_A_CHILD in report(shared).partition("<main")[0]
    assert "person" not in shared.tables


def test_a_list_says_it_once_for_all_and_singles_nobody_out(tmp_path: Path) -> None:
    rows = cases.feared("S1", "S2")
    pages = {}
    for number, ages in enumerate(({"S1": "10-13", "S2": "25 and over"}, {"S1": "25 and over", "S2": "25 and over"})):
        folder = tmp_path / str(number)
        folder.mkdir()
        shared = cases.given(cases.result(rows, subjects=small.ages(**ages)), folder, audience="partnership")
        assert shared.notes.count(LISTED_MAY_BE) == 1
        assert "age_band" not in shared.tables["scores"]
        pages[number] = report(shared).partition("<main")[0]
        assert pages[number].count(LISTED_MAY_BE) == 1
        assert MAY_BE_A_CHILD not in shared.notes


def test_counts_list_nobody_and_say_nothing_of_children(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.result(cases.feared("S1")), tmp_path)
    assert "scores" not in shared.tables
    assert LISTED_MAY_BE not in shared.notes
