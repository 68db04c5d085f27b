"""A staged row is the row that was read: nothing that decides a result is lost on the way."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

import build
from riskshare.engines.staging import FAULT_SCHEMA, STAGED_SCHEMA, stage, unstage, vocabulary
from riskshare.io.evidence import CONTRACT
from riskshare.io.evidence_cells import Faults
from riskshare.io.evidence_json import read_mappings
from riskshare.io.evidence_places import Habits
from riskshare.io.evidence_rules import check_rows
from riskshare.io.evidence_sources import sheet_of
from riskshare.io.tabular import Raw

ROWS = [
    build.row(),
    build.row(record_id="r2", subject_id="S2", handling="C:no_onward", severity=0.25, claim_id="c1"),
    build.row(record_id="r3", role="place", subject_id=None, easting=400_000, northing=300_000, precision_m=25),
    build.row(record_id="r4", scale="demo.count", value="14", source_type=None, source_grade="1", info_grade="B"),
    build.row(record_id="r5", derived_from="school:r1;police:r9", easting=-1, northing=-1),
    build.row(record_id="r6", indicator="no_such"),
    build.row(record_id="r7", subject_id=None),
]


def raw() -> Raw:
    return read_mappings(iter(ROWS), "rows", CONTRACT, None)


def test_staged_rows_are_the_checked_rows() -> None:
    agreed = build.partnership()
    told = stage(raw(), agreed, Habits(), source=3, first_row=100)
    assert told.rows.schema == STAGED_SCHEMA
    assert told.faults.schema == FAULT_SCHEMA
    rows = told.rows.to_pylist()
    assert [row["about"] for row in rows] == ["SS1", "SS2", "Pschool:r3", "SS1", "SS1", "SS1"]
    assert [row["row"] for row in rows] == [101, 102, 103, 104, 105, 106]
    assert [row["set_aside"] for row in rows] == [False] * 5 + [True]
    assert [row["unknown"] for row in rows] == [0, 0, 0, 0, 2, 0]
    assert {row["source"] for row in rows} == {3}
    assert (told.n_rows, told.n_set_aside, told.agencies) == (7, 2, frozenset({"school"}))
    assert told.labels == {"unknown_code in indicator": 1, "subject_missing in subject_id": 1}
    assert told.faults.to_pylist()[0] == {"source": 3, "row": 106, "column": "indicator", "code": "unknown_code"}
    sheet, faults = sheet_of([raw()], CONTRACT)
    checked = check_rows(sheet, agreed, faults)
    back = unstage(told.rows, vocabulary(agreed))
    kept = np.arange(6)
    for name, cells in checked.cells.items():
        assert back.cells[name].texts(kept).to_pylist() == cells.texts(kept).to_pylist(), name
    for name, days in checked.days.items():
        assert back.days[name].tolist() == days[kept].tolist()
    for name, numbers in checked.numbers.items():
        np.testing.assert_array_equal(back.numbers[name], numbers[kept])
    assert isinstance(faults, Faults)


def test_no_rows_stage_to_no_rows() -> None:
    empty = read_mappings(iter([]), "rows", CONTRACT, None)
    told = stage(Raw("rows", 0, empty.text, empty.typed), build.partnership(), Habits(), source=0, first_row=0)
    assert (told.rows.num_rows, told.faults.num_rows, told.agencies) == (0, 0, frozenset())
    assert pa.table(told.rows).schema == STAGED_SCHEMA
