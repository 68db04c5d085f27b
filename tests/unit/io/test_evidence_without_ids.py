"""io: evidence in which no record can be named still reads, bars nobody, and can be assessed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from build import partnership, row
from riskshare.assessment import assess
from riskshare.io.evidence import read_evidence
from riskshare.records.evidence import BARRED_SCHEMA

PARTNERS = partnership()


def as_file(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("kind", ["mappings", "arrow", "csv"])
@pytest.mark.parametrize("also", [None, "subject_id"])
def test_null_record_ids_bar_nobody(kind: str, also: str | None, tmp_path: Path) -> None:
    blank = None if kind != "csv" else ""
    changes = {"record_id": blank} | ({also: blank} if also else {})
    rows = [row(**changes, event_date=f"2026-03-0{day}", recorded_date="2026-03-09") for day in (1, 2, 3)]
    source: Any = rows
    if kind == "arrow":
        types = {name: pa.string() for name in rows[0]}
        source = pa.table({name: pa.array([one[name] for one in rows], types[name]) for name in rows[0]})
    elif kind == "csv":
        source = as_file(tmp_path, rows)
    evidence = read_evidence(source, PARTNERS, accept_bad=True)
    assert evidence.total("quarantined") == 3
    assert evidence.barred.schema == BARRED_SCHEMA
    assert evidence.barred.num_rows == 0
    made = assess(evidence, PARTNERS, as_of="2026-03-31")
    assert made.scores.empty
    assert made.quarantined.empty


def test_one_that_can_be_named_is_barred_beside_those_that_cannot() -> None:
    rows = [row(record_id=None), row(record_id="q", indicator="no_such"), row(record_id="c", derived_from="school:q")]
    evidence = read_evidence(rows, PARTNERS, accept_bad=True)
    assert evidence.barred["record_id"].to_pylist() == ["q"]
    made = assess(evidence, PARTNERS, as_of="2026-03-31")
    assert made.quarantined[["subject_id", "record_id"]].values.tolist() == [["S1", "q"]]
    assert made.quarantined["reason"].tolist() == ["indicator: unknown_code"]
    assert made.excluded["reason"].tolist() == ["relay"]
