"""Response rows that cannot be used are set aside with a code and a hint, never a value; every row is accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import build
import response_cases as cases
from riskshare.errors import ArgumentError, EvidenceFileError
from riskshare.io.responses import RESPONSE_FAULTS, read_responses
from riskshare.records.responses import RESPONSE_COLUMNS

MARK = "zqmark"


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"stopped_at": "2026-03-02T08:59:59Z"}, "stopped_at", "stop_before_start"),
        # 09:30 with an offset of an hour is 08:30 in UTC: before 09:00.
        ({"stopped_at": "2026-03-02T09:30:00+01:00"}, "stopped_at", "stop_before_start"),
        ({"started_at": "2026-03-02T09:00:00"}, "started_at", "no_time_zone"),
        ({"stopped_at": "2026-03-02T21:00"}, "stopped_at", "no_time_zone"),
        ({"started_at": "2026-03-02"}, "started_at", "time_missing"),
        ({"started_at": "02/03/2026 09:00"}, "started_at", "bad_time"),
        ({"started_at": "2026-02-30T09:00:00Z"}, "started_at", "impossible_time"),
        ({"started_at": "2026-03-02T24:00:00Z"}, "started_at", "impossible_time"),
        ({"started_at": "1850-03-02T09:00:00Z"}, "started_at", "time_out_of_range"),
        ({"started_at": " 2026-03-02T09:00:00Z"}, "started_at", "padded"),
        ({"started_at": None}, "started_at", "required_missing"),
        ({"case_id": None}, "case_id", "required_missing"),
        ({"case_id": "two words"}, "case_id", "bad_id"),
        ({"agency": "coastguard"}, "agency", "unknown_code"),
        ({"agency": "Police"}, "agency", "mixed_case"),
        ({"scale": "demo.other"}, "scale", "unknown_code"),
        ({"value": "extreme"}, "value", "not_a_reading"),
        ({"value": "25"}, "value", "out_of_range"),
        ({"value": "14.5"}, "value", "not_whole_steps"),
        ({"value": None}, "value", "required_missing"),
        ({"start_event": "somebody rang"}, "start_event", "unknown_event"),
        ({"stop_event": "First visit"}, "stop_event", "mixed_case"),
        ({"stop_event": None}, "stop_event", "required_missing"),
    ],
)
def test_a_faulty_row_is_set_aside(changes: dict[str, Any], column: str, code: str) -> None:
    found = cases.read([cases.row("good"), cases.row(**changes)])
    assert found.quarantine.to_dict("records") == [
        {"source": "responses", "row": 2, "column": column, "code": code, "hint": RESPONSE_FAULTS[code]}
    ]
    assert found.conservation() == "2 rows in = 1 accepted + 1 quarantined + 0 exact duplicates"


def test_every_fault_of_a_row_is_told_at_once() -> None:
    found = cases.read([cases.row(agency="nobody", scale="none.such", started_at="now", stop_event="x")])
    assert found.quarantine[["column", "code"]].to_numpy().tolist() == [
        ["agency", "unknown_code"],
        ["scale", "unknown_code"],
        ["started_at", "bad_time"],
        ["stop_event", "unknown_event"],
    ]


def test_a_blank_stop_is_an_open_case_and_is_kept() -> None:
    found = cases.read([cases.row(stopped_at=None), cases.row("c2", stopped_at="")])
    assert found.rows["stopped_at"].null_count == 2
    assert found.total("accepted") == 2


def test_a_case_that_stops_as_it_starts_took_no_time() -> None:
    found = cases.read([cases.row(stopped_at="2026-03-02T09:00:00Z")])
    assert found.total("accepted") == 1


def test_offsets_are_understood_and_kept_as_one_moment() -> None:
    same = ["2026-06-01T12:00:00+01:00", "2026-06-01T11:00Z", "2026-06-01 11:00:00.999+00:00"]
    found = cases.read([cases.row(f"c{i}", started_at=text, stopped_at=None) for i, text in enumerate(same)])
    assert found.table["started_at"].nunique() == 1
    assert str(found.table["started_at"].iloc[0]) == "2026-06-01 11:00:00+00:00"


def test_exact_repeats_are_counted_and_contradictions_set_aside_whole() -> None:
    found = cases.read(
        [cases.row("a"), cases.row("a"), cases.row("b"), cases.row("b", stopped_at=None), cases.row("c")]
    )
    assert found.duplicates.to_dict("records") == [
        {"source": "responses", "row": 2, "same_as_source": "responses", "same_as_row": 1}
    ]
    assert found.quarantine["row"].tolist() == [3, 4]
    assert set(found.quarantine["code"]) == {"conflicting_cases"}
    assert found.conservation() == "5 rows in = 2 accepted + 2 quarantined + 1 exact duplicates"


def test_one_case_may_run_to_two_events() -> None:
    agreed = cases.partnership(police=(cases.standard("visit"), cases.standard("plan", stop_event="plan agreed")))
    found = cases.read([cases.row("a"), cases.row("a", stop_event="plan agreed")], agreed)
    assert found.total("accepted") == 2


def test_nothing_a_person_wrote_is_shown() -> None:
    rows = [cases.row(**{"case_id": "c", column: f"{MARK} is!no\tgood"}) for column in RESPONSE_COLUMNS]
    rows += [cases.row(f"{MARK}-{n}", value=MARK) for n in range(3)]
    found = cases.read([cases.row(f"{MARK}-good"), *rows])
    assert found.total("quarantined") == len(rows)
    for shown in (repr(found), str(found), found.quarantine.to_string(), found.duplicates.to_string()):
        assert MARK not in shown
    with pytest.raises(EvidenceFileError) as stopped:
        read_responses([cases.row(f"{MARK}-{n}", value=MARK) for n in range(30)], cases.partnership())
    assert stopped.value.code == "too_many_bad_rows"
    assert MARK not in str(stopped.value)


def test_a_file_a_table_and_mappings_read_alike(tmp_path: Path) -> None:
    rows = [cases.row("a"), cases.row("b", stopped_at=None), cases.row("c", value="14")]
    frame = pd.DataFrame(rows)
    frame.to_csv(tmp_path / "r.csv", index=False)
    agreed = cases.partnership()
    expected = cases.read(rows, agreed).rows.drop(["source"])
    assert read_responses(tmp_path / "r.csv", agreed).rows.drop(["source"]).equals(expected)
    assert read_responses(frame, agreed).rows.drop(["source"]).equals(expected)


def test_no_rows_give_an_empty_table() -> None:
    assert repr(read_responses([], cases.partnership())) == (
        "Responses(0 rows in = 0 accepted + 0 quarantined + 0 exact duplicates)"
    )


def test_a_missing_column_stops_the_file() -> None:
    short = {name: value for name, value in cases.row().items() if name != "stop_event"}
    with pytest.raises(EvidenceFileError) as stopped:
        read_responses([short], cases.partnership())
    assert stopped.value.code == "missing_columns"
    assert "stop_event" in str(stopped.value)


def test_wrong_arguments_are_named_together() -> None:
    with pytest.raises(ArgumentError) as fault:
        read_responses([], "thresholds", accept_bad="yes")  # type: ignore[arg-type]
    assert len(fault.value.problems) == 2


def test_a_partnership_without_standards_has_no_events_to_measure() -> None:
    found = read_responses([cases.row()], build.partnership(), accept_bad=True)
    assert set(found.quarantine["code"]) == {"unknown_event"}
