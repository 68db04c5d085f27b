"""A person's own statement in words: of scores that were given, and of a reference under which nothing is found."""

from __future__ import annotations

import re
from pathlib import Path

import share_cases as cases
import small
from riskshare.releasing.rights import subject_statement
from riskshare.reporting.statement_page import NOTHING_TOLD, SCORES, statement_page


def page_of(subject_id: str, folder: Path) -> str:
    evidence, log = small.evidence_of(cases.rows()), cases.log_in(folder)
    made = subject_statement(
        evidence, cases.partnership(), subject_id, at=cases.later(days=1), agency="council", user_id="U9", log=log
    )
    return statement_page(made, contact="desk")


def test_it_says_that_a_score_was_given_and_no_column_name(tmp_path: Path) -> None:
    cases.to_practitioner(cases.result(), tmp_path)
    page = page_of("S1", tmp_path)
    assert "a score with its doubts" in page
    assert "how serious it is thought to be" in page
    assert SCORES[0][:60] in page
    for column in ("log odds", "n records", "factual score", "leading_agency", "upper end", "on facts alone"):
        assert column not in page, column
    assert NOTHING_TOLD[0][:40] not in page


def test_a_reference_under_which_nothing_is_found_says_what_to_do(tmp_path: Path) -> None:
    cases.to_practitioner(cases.result(), tmp_path)
    page = page_of("S-9999", tmp_path)
    assert "0 records" in page
    assert "ask the desk below to check the reference" in page
    assert SCORES[0][:60] in page


def test_a_record_is_told_by_how_it_is_known_and_a_suspicion_never_as_a_fact(tmp_path: Path) -> None:
    read = re.sub(r"<[^>]+>|\s+", " ", page_of("S1", tmp_path))
    assert "A suspicion is not a finding." in read
    assert "reported; recorded at first hand" in read
    assert "a fact recorded" not in read
