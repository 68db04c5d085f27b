"""Reading shared cases: what is accepted, what is set aside and why, and that every row is accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import riskshare
import shared
from riskshare.io.shared_cases import read_shared_cases

MARK = "zqmark"


def row(**changes: Any) -> dict[str, Any]:
    good = {"subject_id": "S-1", "agency": "police", "scale": shared.COUNT, "value": "14", "scored_at": "2025-06-01"}
    return {**good, "referred_by": "police", **changes}


def codes(*rows: dict[str, Any]) -> list[tuple[str, str]]:
    found = read_shared_cases(list(rows), shared.partners()).quarantine
    return list(zip(found["column"], found["code"], strict=True))


def test_a_good_row_is_kept_as_sent() -> None:
    cases = read_shared_cases([row()], shared.partners())
    (kept,) = cases.table.to_pylist()
    assert kept["value"] == "14"
    assert kept["scored_at"].isoformat() == "2025-06-01"
    assert kept["derived_from"] is None
    assert cases.conservation() == "1 rows in = 1 accepted + 0 quarantined + 0 exact duplicates"


@pytest.mark.parametrize("referrer", ["police", "outside", ""])
def test_a_referrer_is_a_partner_somebody_outside_or_nobody_knows(referrer: str) -> None:
    (kept,) = read_shared_cases([row(referred_by=referrer)], shared.partners()).table.to_pylist()
    assert kept["referred_by"] == (referrer or None)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"value": "25"}, ("value", "out_of_range")),
        ({"value": "3.5"}, ("value", "not_whole_steps")),
        ({"value": "amber"}, ("value", "not_a_reading")),
        ({"value": ""}, ("value", "required_missing")),
        ({"agency": "polcie"}, ("agency", "unknown_code")),
        ({"scale": "demo.other"}, ("scale", "unknown_code")),
        ({"referred_by": "polcie"}, ("referred_by", "unknown_code")),
        ({"scored_at": "01/06/2025"}, ("scored_at", "bad_date")),
        ({"scored_at": ""}, ("scored_at", "required_missing")),
        ({"subject_id": ""}, ("subject_id", "required_missing")),
        ({"derived_from": "police"}, ("derived_from", "bad_reference")),
    ],
)
def test_a_faulty_row_is_set_aside(changes: dict[str, Any], fault: tuple[str, str]) -> None:
    assert codes(row(**changes)) == [fault]


def test_two_values_for_one_person_scale_and_day_are_both_set_aside() -> None:
    assert codes(row(), row(value="9")) == [("value", "conflicting_versions")] * 2


def test_an_exact_repeat_is_counted_and_a_later_reading_kept() -> None:
    cases = read_shared_cases([row(), row(), row(scored_at="2025-06-02")], shared.partners())
    assert cases.table.num_rows == 2
    assert cases.duplicates[["row", "same_as_row"]].to_numpy().tolist() == [[2, 1]]
    assert cases.total("rows_in") == sum(cases.total(name) for name in ("accepted", "quarantined", "duplicates"))


def test_the_referrer_must_be_a_column() -> None:
    bare = {key: value for key, value in row().items() if key != "referred_by"}
    with pytest.raises(riskshare.EvidenceFileError, match="referred_by"):
        read_shared_cases([bare], shared.partners())


def test_nothing_gives_an_empty_table() -> None:
    cases = read_shared_cases([], shared.partners())
    assert (cases.table.num_rows, len(cases.duplicates), len(cases.quarantine)) == (0, 0, 0)


def test_a_mostly_bad_file_is_stopped_unless_asked_for() -> None:
    bad = [row(subject_id=f"S-{i}", value="99") for i in range(30)]
    with pytest.raises(riskshare.EvidenceFileError, match="too_many_bad_rows"):
        read_shared_cases(bad, shared.partners())
    assert read_shared_cases(bad, shared.partners(), accept_bad=True).total("quarantined") == 30


def test_sources_agree(tmp_path: Path) -> None:
    lines = [row(), row(subject_id="S-2", referred_by="")]
    path = tmp_path / "shared.csv"
    pd.DataFrame(lines).to_csv(path, index=False)
    from_rows, from_file = (read_shared_cases(source, shared.partners()).table for source in (lines, path))
    assert from_rows.drop_columns("source").equals(from_file.drop_columns("source"))


def test_no_value_is_shown() -> None:
    marked = row(subject_id=f"{MARK}-1", value=f"{MARK} 14")
    cases = read_shared_cases([marked], shared.partners())
    shown = repr(cases) + cases.quarantine.to_string() + cases.conservation()
    assert cases.total("quarantined") == 1
    assert MARK not in shown


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(riskshare.ArgumentError, match="partnership must be"):
        read_shared_cases([], "thresholds")  # type: ignore[arg-type]  # what is tested
