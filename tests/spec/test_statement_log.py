"""What a person's statement may claim of the log: as far as it still leads to that person, and what an override was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import share_cases as cases
import sharing_small
import small
from riskshare.io.overrides import erase_everywhere, review_override
from riskshare.releasing.rights import subject_statement
from riskshare.reporting.statement_page import AS_FAR_AS, statement_page
from riskshare.sharing.shared import Shared


def page_of(folder: Path, rows: list[dict[str, Any]] | None = None) -> str:
    made = subject_statement(
        small.evidence_of(cases.rows() if rows is None else rows), cases.partnership(), "S1", at=cases.AT,
        agency="council", user_id="U9", log=cases.log_in(folder),
    )  # fmt: skip
    return statement_page(made, contact="desk")


def emergency(folder: Path) -> Shared:
    told: dict[str, Any] = {"override": sharing_small.override(), "relationships": []}
    return cases.to_practitioner(cases.result(), folder, **told)


def test_everybody_is_told_how_far_the_log_leads(tmp_path: Path) -> None:
    new = page_of(tmp_path)
    cases.to_practitioner(cases.result(), tmp_path)
    given = page_of(tmp_path)
    erase_everywhere(cases.log_in(tmp_path), "S1", at=cases.AT)
    erased = page_of(tmp_path)
    for page in (new, given, erased):
        assert AS_FAR_AS in page
        assert "by the log of every disclosure" not in page
        assert "nothing was given to anybody" not in page


def test_what_needs_clearance_is_not_counted_as_if_it_were_not_held(tmp_path: Path) -> None:
    rows = [cases.fact("a", agency="school"), cases.fact("b", agency="council", handling="C")]
    assert "1 record that can be told here, as on" in page_of(tmp_path, rows)


def test_an_override_is_told_as_one_with_its_ground_and_what_the_review_found(tmp_path: Path) -> None:
    shared = emergency(tmp_path)
    waiting = page_of(tmp_path)
    assert "an emergency override, on the ground: serious harm child; its review has not been noted" in waiting
    review_override(cases.log_in(tmp_path), shared.decision, finding="not_justified", reviewer="U30", at=cases.AT)
    assert "on the ground: serious harm child; its review found: not justified" in page_of(tmp_path)


def test_what_no_override_was_is_not_told_as_one(tmp_path: Path) -> None:
    cases.to_practitioner(cases.result(), tmp_path)
    assert "emergency override" not in page_of(tmp_path)


def test_the_view_of_an_emergency_holds_a_reference_and_no_name(tmp_path: Path) -> None:
    emergency(tmp_path)
    page = page_of(tmp_path)
    assert "who it is about" in page
    assert "date of birth" not in page
