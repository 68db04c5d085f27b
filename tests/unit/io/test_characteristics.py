from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from build import partnership
from riskshare.errors import ArgumentError, EvidenceFileError
from riskshare.io.characteristics import MAX_GROUPS, read_characteristics
from riskshare.records.evidence import INPUT_COLUMNS

PARTNERS = partnership()


def person(**changes: Any) -> dict[str, Any]:
    return {"subject_id": "S1", "sex": "female", "group": "group 1", **changes}


def test_a_row_for_each_subject_and_a_column_for_each_characteristic_sent() -> None:
    found = read_characteristics([person(), person(subject_id="S2", sex="")], PARTNERS)
    assert found.names == ("group", "sex")
    assert found.table["subject_id"].tolist() == ["S1", "S2"]
    assert found.table["group"].tolist() == ["group 1", "group 1"]
    assert found.table["sex"].isna().tolist() == [False, True]
    assert found.counts == {"characteristics": {"rows_in": 2, "accepted": 2, "quarantined": 0, "duplicates": 0}}


def test_its_repr_counts_only() -> None:
    assert repr(read_characteristics([person()], PARTNERS)) == "Characteristics(1 rows, 2 characteristics, 0 faults)"


def test_nothing_in_gives_an_empty_table() -> None:
    found = read_characteristics([], PARTNERS)
    assert found.table.empty
    assert found.names == ()


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"subject_id": ""}, "subject_id", "required_missing"),
        ({"subject_id": "943 476 5919"}, "subject_id", "identifier_in_clear"),
        ({"sex": " female"}, "sex", "padded"),
        ({"sex": "=1+1"}, "sex", "formula"),
        ({"sex": "jo@example.org"}, "sex", "identifier_in_clear"),
        ({"group": True}, "group", "wrong_type"),
    ],
)
def test_faults(change: dict[str, Any], column: str, code: str) -> None:
    found = read_characteristics([person(subject_id="S0"), person(**change)], PARTNERS).quarantine
    assert list(zip(found["row"], found["column"], found["code"], strict=True)) == [(2, column, code)]


def test_repeats_are_counted_and_contradictions_set_aside() -> None:
    rows = [person(), person(), person(subject_id="S2"), person(subject_id="S2", sex="male")]
    found = read_characteristics(rows, PARTNERS)
    assert found.counts == {"characteristics": {"rows_in": 4, "accepted": 1, "quarantined": 2, "duplicates": 1}}
    assert set(found.quarantine["code"]) == {"conflicting_subjects"}


def test_columns_nobody_agreed_stop() -> None:
    with pytest.raises(EvidenceFileError) as caught:
        read_characteristics([person(postcode="NE1 4ST")], PARTNERS)
    assert caught.value.code == "unknown_columns"
    assert "NE1" not in str(caught.value)


def test_partners_may_agree_other_columns() -> None:
    found = read_characteristics([{"subject_id": "S1", "tenure": "renting"}], PARTNERS, columns=["tenure"])
    assert found.names == ("tenure",)


@pytest.mark.parametrize("columns", ["sex", ["sex", "subject_id"]])
def test_agreed_columns_are_a_list_without_the_subject(columns: Any) -> None:
    with pytest.raises(ArgumentError, match="list of agreed characteristics"):
        read_characteristics([], PARTNERS, columns=columns)


def test_a_column_of_names_or_free_text_stops() -> None:
    rows = [person(subject_id=f"S{i}", group=f"Marker {i}") for i in range(MAX_GROUPS + 1)]
    with pytest.raises(EvidenceFileError) as caught:
        read_characteristics(rows, PARTNERS)
    assert (caught.value.code, caught.value.column) == ("too_many_groups", "group")
    assert "Marker" not in str(caught.value)


def test_a_file_with_too_many_faults_stops_unless_accepted(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("subject_id,sex\n" + "".join(f"S{i},{' x' if i % 2 else 'female'}\n" for i in range(20)))
    with pytest.raises(EvidenceFileError, match="padded in sex"):
        read_characteristics(path, PARTNERS)
    assert len(read_characteristics(path, PARTNERS, accept_bad=True).table) == 10


def test_any_table_will_do() -> None:
    assert len(read_characteristics(pd.DataFrame([person()]), PARTNERS).table) == 1


def test_no_characteristic_is_a_column_of_evidence() -> None:
    from riskshare.io.characteristics import AGREED

    assert not set(AGREED) & set(INPUT_COLUMNS)
