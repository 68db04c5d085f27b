"""What a named practitioner reads on a page: the partners' own words, each record's grading, and what to ask."""

from __future__ import annotations

from pathlib import Path

import pytest

import share_cases as cases
from riskshare.reporting.shared_report import report
from riskshare.reporting.shared_subject import about_subject
from riskshare.sharing.shared import Shared

GRADED = cases.permit("why", [*cases.REASONS, "role", "source_grade", "info_grade", "source_type"],
                      categories=("criminal", "other"))  # fmt: skip


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    agreed = cases.partnership(cases.SCORES, GRADED, cases.ALERTS)
    police = {"agency": "police", "indicator": "blade_injury", "source_type": None}
    rows = [
        cases.fact("a"),
        cases.fact("b", source_grade="2", info_grade="B", **police),
        cases.fact("x", agency="charity", indicator="gang_link"),
    ]
    return cases.to_practitioner(cases.result(rows, agreed=agreed), tmp_path)


def test_no_id_stands_on_the_page_where_partners_have_a_word(shared: Shared) -> None:
    page = about_subject(shared)
    for code in ("weapon_carrying", "blade_injury", "gang_link", "school_weapons", "person_of_concern"):
        assert code not in page, code
    for word in ("weapon carrying", "blade injury", "School", "Police", "ask first: Any weapon seen?"):
        assert word in page, word


def test_words_are_of_what_stands_in_the_tables_and_of_nothing_else(shared: Shared) -> None:
    assert shared.words["agency:police"] == "Police"
    assert not any("charity" in f"{one}{word}".lower() for one, word in shared.words.items())
    assert {one.partition(":")[2] for one in shared.words} >= {"school", "police", "blade_injury", "school_weapons"}
    assert "agency:health" not in shared.words


def test_a_reason_says_how_it_was_graded_and_what_the_person_was_in_it(shared: Shared) -> None:
    reasons = shared.tables["reasons"].set_index("record_id")
    assert reasons.loc["b", ["role", "source_grade", "info_grade"]].tolist() == ["person_of_concern", "2", "B"]
    assert reasons.loc["a", "source_type"] == "record"
    page = about_subject(shared)
    assert "2, B" in page
    assert "A record" in page
    of_refuge = shared.tables["reasons"].query("agency == 'a partner agency'")
    assert of_refuge["source_type"].isna().all()  # it may tell by itself which service it is


def test_a_question_beside_a_record_that_bears_on_it_says_ask(shared: Shared) -> None:
    page = about_subject(shared)
    assert "nobody has answered" not in page
    assert "Ask: questions without an answer that may be seen here" in page
    assert "A record is not an answer" in page
    assert not len(shared.withheld.query("table == 'gaps'"))


def test_whose_harm_it_is_stands_in_full(shared: Shared) -> None:
    assert "harm by this person to others" in about_subject(shared)


def test_a_page_names_who_was_given_it_at_both_ends(shared: Shared) -> None:
    """A printed copy that leaks is traceable; the stamp that data files carry, and the log, do not name the user."""
    page = about_subject(shared)
    assert page.count("Given to U7. For social_worker at council.") == 2
    assert "U7" not in shared.stamp
    assert "U7" not in str(shared.marks)
    assert "U7" not in repr(shared)


def test_a_page_for_a_group_names_nobody(tmp_path: Path) -> None:
    listed = cases.given(cases.result(cases.feared("S1")), tmp_path, audience="partnership")
    assert listed.user_id == ""
    assert "U7" not in report(listed)


def test_a_users_reference_is_text_and_no_markup(tmp_path: Path) -> None:
    user = "<b>U7</b>"
    given = cases.to_practitioner(
        cases.result(), tmp_path, user_id=user, relationships=[cases.works_with(user_id=user)]
    )
    assert "Given to &lt;b&gt;U7&lt;/b&gt;." in about_subject(given)
