"""trust.columns: evidence rows as numbers, in the one place where records become arrays."""

from __future__ import annotations

import numpy as np
import pytest

import build
from riskshare.errors import EvidenceError
from riskshare.records.policy import LENSES
from riskshare.trust.coding import code_names
from riskshare.trust.columns import Columns, to_columns
from small import AS_OF_DAYS, columns_of, evidence_of, graded, no_rows, row

CODES = code_names(build.partnership())


@pytest.mark.parametrize(
    ("role", "lens"),
    [
        ("person_of_concern", "harm_by"),
        ("victim", "harm_to"),
        ("witness", "harm_to"),
        ("child_of", "harm_to"),
        ("exploited", "harm_to"),
    ],
)
def test_the_role_sets_the_lens(role: str, lens: str) -> None:
    assert columns_of([row(role=role)]).lens.tolist() == [LENSES.index(lens)]


def test_a_third_party_has_no_lens_and_a_place_no_row() -> None:
    columns = columns_of([row("a", role="third_party"), row("b", role="place", subject_id=None), row("c")])
    assert columns.lens.tolist() == [-1, LENSES.index("harm_by")]
    assert columns.index.tolist() == [0, 2]


def test_words_become_their_place_in_sorted_lists() -> None:
    columns = columns_of([row("z", subject_id="S2"), row("a", subject_id="S1", agency="police"), row("z")])
    assert columns.subjects.tolist() == ["S1", "S2"]
    assert columns.subject.tolist() == [1, 0, 0]
    assert columns.records.tolist() == ["a", "z"]
    assert columns.record.tolist() == [1, 0, 1]
    assert [CODES.agencies[a] for a in columns.agency] == ["school", "police", "school"]
    assert {CODES.indicators[k] for k in columns.indicator} == {"weapon_carrying"}


def test_dates_are_days_and_missing_is_minus_one() -> None:
    columns = columns_of([row(event_date="1970-01-02", claim_id="c9"), row("r2")])
    assert columns.event.tolist() == [1, AS_OF_DAYS]
    assert columns.claim.tolist() == [0, -1]


@pytest.mark.parametrize(
    ("changes", "cell"),
    [
        ({}, "record"),
        ({"source_type": None, "source_grade": "1", "info_grade": "A"}, "1A"),
        # A corroborated report that does not say by what contains a corroboration we may also be counting.
        ({"source_type": None, "source_grade": "2", "info_grade": "B"}, "2C"),
        ({"source_type": None, "source_grade": "2", "info_grade": "B", "derived_from": "police:x"}, "2B"),
    ],
)
def test_the_trust_cell(changes: dict[str, str | None], cell: str) -> None:
    columns = columns_of([row(**changes)])
    assert CODES.cells[columns.cell[0]] == cell
    assert not columns.suspected_false[0]


def test_suspected_false_is_marked_and_has_no_cell_of_its_own() -> None:
    columns = columns_of([graded("r1", "1E")])
    assert columns.suspected_false.tolist() == [True]
    assert columns.self_report.tolist() == [False]


def test_own_words_are_known() -> None:
    columns = columns_of([row(source_type="self_report"), row("r2", source_type="worry")])
    assert columns.self_report.tolist() == [True, False]


def test_flags_of_a_row() -> None:
    columns = columns_of(
        [row(basis="anecdotal", stance="denies", status="withdrawn", severity=0.4), row("r2", gateway="cda_s115")]
    )
    assert columns.anecdotal.tolist() == [True, False]
    assert columns.denies.tolist() == [True, False]
    assert columns.withdrawn.tolist() == [True, False]
    assert columns.severity.tolist() == [0.4, 1.0]
    assert columns.gateway.tolist() == [False, True]


def test_no_rows_give_no_columns() -> None:
    columns = to_columns(no_rows(), CODES, frozenset(), np.zeros(0, dtype=np.bool_), np.zeros(0))
    for name in Columns.__slots__:
        assert getattr(columns, name).size == 0


def test_take_leaves_the_words() -> None:
    columns = columns_of([row("a"), row("b", subject_id="S2")])
    part = columns.take(np.array([1]))
    assert part.index.tolist() == [1]
    assert part.subjects.tolist() == ["S1", "S2"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"agency": "hospital"}, "agency (1 rows)"),
        ({"indicator": "mood"}, "indicator (1 rows)"),
        ({"source_type": "rumour"}, "source grade or type (1 rows)"),
    ],
)
def test_codes_of_another_agreement_are_refused_without_saying_them(change: dict[str, str], what: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        columns_of([row(**change), row("r2")])
    message = str(caught.value)
    assert what in message
    assert "read_evidence" in message
    assert "hospital" not in message
    assert "rumour" not in message


def test_a_repr_shows_no_word() -> None:
    assert "r1" not in repr(columns_of([row()]))
    assert evidence_of([row()]).rows.num_rows == 1
