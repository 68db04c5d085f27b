from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from build import partnership
from riskshare.errors import EvidenceFileError
from riskshare.io.subjects import COLUMNS, read_subjects

PARTNERS = partnership()


def subject(**changes: Any) -> dict[str, Any]:
    return {"subject_id": "S1", "age_band": "16-17", "responsible_authority": "northby", **changes}


def faults(*rows: dict[str, Any]) -> list[tuple[int, str, str]]:
    found = read_subjects(list(rows), PARTNERS).quarantine
    return list(zip(found["row"], found["column"], found["code"], strict=True))


def test_a_row_for_each_subject() -> None:
    subjects = read_subjects(
        [subject(protected_from="2026-01-01", protected_until="2026-07-01"), {"subject_id": "S2"}], PARTNERS
    )
    assert tuple(subjects.table.columns) == COLUMNS
    assert subjects.table["age_band"].tolist() == ["16-17", "not known"]
    assert subjects.table["protected_until"].tolist() == [pd.Timestamp("2026-07-01"), pd.NaT]
    assert repr(subjects) == "Subjects(2 rows, 0 faults)"


def test_nothing_in_gives_an_empty_table() -> None:
    subjects = read_subjects([], PARTNERS)
    assert subjects.table.empty
    assert tuple(subjects.table.columns) == COLUMNS


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"subject_id": ""}, "subject_id", "required_missing"),
        ({"subject_id": "943 476 5919"}, "subject_id", "identifier_in_clear"),
        ({"subject_id": "2009-04-03"}, "subject_id", "identifier_in_clear"),
        ({"age_band": "16 to 17"}, "age_band", "unknown_code"),
        ({"age_band": "Under 10"}, "age_band", "mixed_case"),
        ({"placed_in": "the unit"}, "placed_in", "bad_id"),
        ({"household_id": "12 High Street"}, "household_id", "bad_id"),
        ({"protected_from": "01/02/2026"}, "protected_from", "bad_date"),
        ({"protected_until": "2026-02-01"}, "protected_until", "until_without_from"),
        ({"protected_from": "2026-02-01", "protected_until": "2026-02-01"}, "protected_until", "end_before_start"),
    ],
)
def test_faults(change: dict[str, Any], column: str, code: str) -> None:
    assert faults(subject(subject_id="S0"), subject(**change)) == [(2, column, code)]


def test_repeats_are_counted_and_contradictions_set_aside() -> None:
    subjects = read_subjects(
        [subject(), subject(), subject(subject_id="S2"), subject(subject_id="S2", age_band="18-24")], PARTNERS
    )
    assert subjects.counts == {"subjects": {"rows_in": 4, "accepted": 1, "quarantined": 2, "duplicates": 1}}
    assert set(subjects.quarantine["code"]) == {"conflicting_subjects"}


def test_a_file_with_too_many_faults_stops_unless_accepted(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("subject_id,age_band\n" + "".join(f"S{i},{'x' if i % 2 else '16-17'}\n" for i in range(20)))
    with pytest.raises(EvidenceFileError, match="unknown_code in age_band"):
        read_subjects(path, PARTNERS)
    assert len(read_subjects(path, PARTNERS, accept_bad=True).table) == 10


def test_columns_nobody_agreed_stop() -> None:
    with pytest.raises(EvidenceFileError) as caught:
        read_subjects([subject(name="Jo Bloggs")], PARTNERS)
    assert caught.value.code == "unknown_columns"
    assert "Not in the contract: column 4." in caught.value.hint
