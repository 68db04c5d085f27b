"""The reviewer's screen: a record of exploitation without weight in this use marks the child's line all the same."""

from __future__ import annotations

from typing import Any

import pytest

import share_cases as cases
import small
from riskshare.one_subject import assess_subject

HELD: dict[str, dict[str, Any]] = {
    "open": {},
    "handling condition not met": {"handling": "C", "conditions": "no_onward"},
    "no gateway named": {"data_class": "patient"},
    "found where we looked": {"arises_from": "agency_initiated"},
    "found where we looked, no gateway named": {"arises_from": "agency_initiated", "data_class": "patient"},
}
NOT_HELD: dict[str, dict[str, Any]] = {
    "withdrawn": {"status": "withdrawn"},
    "another indicator": {"indicator": "gang_link"},
}


def rows(**changes: Any) -> list[dict[str, Any]]:
    return [cases.fact("a"), cases.fact("x", **{"role": "exploited", "indicator": "criminal_exploitation", **changes})]


def marked(**changes: Any) -> list[str]:
    scores = cases.result(rows(**changes), subjects=small.ages(S1="14-15")).scores
    return scores[scores["flags"].map(lambda flags: "for_review" in flags)]["lens"].tolist()


@pytest.mark.parametrize("how", HELD)
def test_the_line_waits(how: str) -> None:
    assert marked(**HELD[how]) == ["harm_by"]


@pytest.mark.parametrize("how", NOT_HELD)
def test_where_no_such_record_stands_it_does_not(how: str) -> None:
    assert marked(**NOT_HELD[how]) == []


@pytest.mark.parametrize("how", [*(how for how in HELD if "condition" not in how), *NOT_HELD])
def test_one_subject_alone_says_the_same(how: str) -> None:
    given = rows(**{**HELD, **NOT_HELD}[how])
    lines = assess_subject(given, cases.partnership(), as_of=small.AS_OF, subjects=small.ages(S1="14-15"))
    waits = [line["lens"] for line in lines if "for_review" in line["flags"]]
    assert waits == (["harm_by"] if how in HELD else [])
