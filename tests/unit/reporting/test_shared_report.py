"""Reports that can leave: what they say, what they leave out, and for whom."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import let_through
from riskshare.errors import PolicyError
from riskshare.reporting.pages import page
from riskshare.reporting.shared_report import partnership_report, report
from riskshare.reporting.shared_subject import about_subject
from riskshare.reporting.shared_words import cell_words, field_words, reason_words


def words(text: str) -> str:
    """Return what a reader reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)))


HOT = words(report(let_through.shared()))
SUBJECT = words(report(let_through.subject()))


@pytest.mark.parametrize("text", [HOT, SUBJECT])
def test_every_page_says_for_whom_for_what_and_until_when_at_both_ends(text: str) -> None:
    stamp = (
        "Purpose: violence_reduction. Decision dddddddddddddddd. As known on 2026-03-31. Shared 2026-03-31 12:00 UTC. "
        "Expires 2026-06-29"
    )
    assert text.count(stamp) == 2


def test_a_partnership_reads_hot_spots_by_the_names_of_authorities() -> None:
    assert "C1 27 Aldermere, Brackenfold Aldermere 44 %, Brackenfold 56 % yes yes –" in HOT
    assert "6 cells, 2 of them with more around them than expected." in HOT
    assert "The counts of 3 are not shown" in HOT


def test_what_is_withheld_and_suppressed_stands_there_with_its_reason() -> None:
    assert "Cells Gi* z, p, at most no rule permits it" in HOT
    assert "Cells count 3 least count" in HOT
    assert "Hot spots month made coarser" in HOT


def test_every_cell_is_accounted_for() -> None:
    assert "Cells 6 21 3 24 5 2" in HOT  # rows, shown, not shown, all, fields kept, fields withheld
    assert "Hot spots 1 7 0 7 8 0" in HOT


def test_every_note_is_told_and_borders_are_no_table() -> None:
    for note in let_through.shared().notes:
        assert note in HOT
    assert "Authorities: 3 rows" not in HOT


def test_a_practitioner_reads_what_to_do_first_then_the_score_its_doubt_and_why() -> None:
    order = ["Person P1-AAAA. As known on 2026-03-31. Not to be used from 2026-06-29 12:00 UTC on.", "Act on this now",
             "72 (high)", "between 61 and 80", "60 % of what was asked for is answered", "It decides nothing",
             "Why harm by this person to others is so: the points of 2 lines add up to 42",
             "weapon carrying +30.0 recorded at first hand 2026-03-04",
             "gang link +12.0 an opinion, a worry or hearsay 2026-02 a partner agency",
             "Ask: questions without an answer that may be seen here", "school attendance", "What is withheld",
             "source name nothing can open it"]  # fmt: skip
    places = [SUBJECT.index(each) for each in order]
    assert places == sorted(places)


def test_what_is_not_read_of_a_reason_is_named() -> None:
    reasons = pd.DataFrame({"lens": ["harm_by"], "indicator": ["gang_link"], "trust": [0.5], "n_records": [2]})
    text = words(report(let_through.subject(tables={"reasons": reasons})))
    assert "Shared as well, and not printed here: trust and records." in text
    assert "0.5" not in text


def test_lines_that_are_no_record_are_named() -> None:
    reasons = pd.DataFrame(
        {"lens": ["harm_by"] * 5, "line": ["base", "record", "record", "cap", "rounding"],
         "indicator": [None, "gang_link", "old_news", None, None], "points": [20.0, 30.4, 0.0, 0.0, -0.4]}
    )  # fmt: skip
    text = words(report(let_through.subject(tables={"reasons": reasons})))
    assert "where everybody starts, before any record +20.0" in text
    assert "rounding to a whole point -0.4" in text
    assert "the points of 4 lines add up to 50" in text
    assert "old news +0.0" in text
    assert "an agreed cap" not in text  # it moved nothing


def test_a_subject_without_anything_urgent_and_with_nothing_shown_is_still_a_report() -> None:
    empty = pd.DataFrame({"lens": [], "indicator": []})
    text = words(report(let_through.subject(tables={"reasons": empty, "act_now": empty})))
    assert "Act on this now No urgent sign is known among those that this recipient may see" in text
    assert "No reason may be shown." in text


def test_each_report_is_for_its_own_kind() -> None:
    with pytest.raises(PolicyError, match="one person"):
        partnership_report(let_through.subject())
    with pytest.raises(PolicyError, match="not about one person"):
        about_subject(let_through.shared())


def test_the_same_input_gives_the_same_bytes() -> None:
    assert report(let_through.shared()) == report(let_through.shared())


def test_empty_tables_say_so() -> None:
    text = words(report(let_through.shared("table", {"bars": pd.DataFrame({"agency": []})})))
    assert "Bars: none that may be shown." in text


@pytest.mark.parametrize(
    ("value", "field", "said"),
    [
        (None, "count", "not shown"), (pd.NA, "n_events", "not shown"), (None, "agency", "–"), ("", "agency", "–"),
        (float("nan"), "expected", "not shown"), (float("inf"), "nats", "–"), (0.25, "stability", "25 %"),
        (1234.5, "value", "1,234"), (0.0123, "nats", "0.0123"), ({"a": 0.5}, "authority_share", "Aldermere 50 %"),
        ("a 44%, b 56%", "authority_share", "Aldermere 44 %, b 56 %"),
        (pd.Timestamp("2026-03-04"), "event_date", "2026-03-04"),
        (frozenset({"z", "a"}), "flags", "Aldermere, z"), ((), "authorities", "–"),
        ("harm_by", "lens", "harm by this person to others"),
        (False, "hot", "no"), ({}, "authority_share", "–"),
    ],
)  # fmt: skip
def test_cells_read_as_plain_english(value: object, field: str, said: str) -> None:
    assert cell_words(value, field, {"a": "Aldermere"}) == said


def test_words_for_codes_and_for_those_that_have_none() -> None:
    assert field_words("gi_z") == "Gi* z"
    assert reason_words("small") == "too few people stand behind it"
    assert reason_words("made_up_code") == "made up code"


def test_a_page_without_sections_is_whole() -> None:
    assert page("t", "").startswith('<!DOCTYPE html>\n<html lang="en-GB">')
