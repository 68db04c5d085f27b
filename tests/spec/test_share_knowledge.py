"""What kind of knowledge a reason is: a report, an agency's own finding, a court's; no suspicion reads as fact."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import share_cases as cases
from riskshare.io.examples import example_partnership
from riskshare.io.partnership import load_partnership
from riskshare.reporting.shared_subject import about_subject
from riskshare.reporting.shared_words import knowledge_words

TOLD = cases.permit("why", [*cases.REASONS, "arises_from"], categories=("criminal", "other"))
UNTOLD = cases.permit("why", cases.REASONS, categories=("criminal", "other"))
ONE = {"agency": "police", "indicator": "blade_injury"}


def page_of(folder: Path, *rows: dict[str, object], rule: object = TOLD) -> str:
    agreed = cases.partnership(cases.SCORES, rule)  # type: ignore[arg-type]
    text = about_subject(cases.to_practitioner(cases.result(list(rows), agreed=agreed), folder))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


@pytest.mark.parametrize(
    ("arises", "basis", "said"),
    [
        ("reported", "factual", "reported; recorded at first hand"),
        ("reported", "anecdotal", "reported; an opinion, a worry or hearsay"),
        ("adjudicated", "factual", "found by a court; recorded at first hand"),
        ("agency_initiated", "factual", "found by the agency's own looking; recorded at first hand"),
        ("prompted_by_partnership", "anecdotal", "looked for because partners asked; an opinion, a worry or hearsay"),
        (None, "factual", "recorded at first hand"),
        ("reported", None, "reported"),
        ("held", "held", "held"),
        (None, None, ""),
    ],
)  # fmt: skip
def test_how_a_thing_is_known_reads_in_plain_words(arises: str | None, basis: str | None, said: str) -> None:
    assert knowledge_words(arises, basis) == said


@pytest.mark.parametrize("rule", [TOLD, UNTOLD])
def test_the_bare_word_factual_stands_on_no_page(rule: object, tmp_path: Path) -> None:
    page = page_of(tmp_path, cases.fact("a", **ONE), cases.fact("b", basis="anecdotal"), rule=rule)
    assert "factual" not in page
    assert "fact or report" not in page
    assert "recorded at first hand" in page


def test_what_was_reported_is_told_from_what_a_court_found(tmp_path: Path) -> None:
    page = page_of(tmp_path, cases.fact("a", **ONE), cases.fact("b", arises_from="adjudicated", agency="police"))
    assert "reported; recorded at first hand" in page
    assert "found by a court; recorded at first hand" in page
    assert "A suspicion is not a finding." in page


def test_where_it_may_not_be_told_the_page_says_that_nothing_tells_of_a_court(tmp_path: Path) -> None:
    page = page_of(tmp_path, cases.fact("a", arises_from="adjudicated", **ONE), rule=UNTOLD)
    assert "Whether a court found any of it is not shared here" in page
    assert "found by a court" not in page


def test_under_the_reasons_stands_what_the_partners_mean_by_each(tmp_path: Path) -> None:
    page = page_of(tmp_path, cases.fact("a", **ONE), cases.fact("b"))
    assert "What partners agreed to mean by it: blade injury: An agreed definition." in page
    assert "gang link: An agreed definition." not in page  # no record here is of it


def test_the_example_agreement_tells_it_of_a_suspicion() -> None:
    agreed = load_partnership(example_partnership())
    assert agreed.sharing is not None
    (rule,) = [one for each in agreed.sharing.agreements for one in each.rules if one.id == "case_reasons"]
    assert rule.treatment["arises_from"] == "show"
    (meant,) = [one.definition for one in agreed.trust.indicators if one.id == "serious_violence_suspected"]
    assert "after a report" in meant
