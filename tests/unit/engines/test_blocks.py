"""Blocks are whole subjects, cut by the rows alone; counts of blocks add up."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine_cases as cases
import riskshare as rs
from riskshare.engines.blocks import SCHEMAS, add_counts, score_rows, whole_subjects
from riskshare.engines.staging import STAGED_SCHEMA
from riskshare.errors import MemoryLimitError
from riskshare.scoring.tables import SCORE_COLUMNS


def about(sizes: list[int]) -> pa.Table:
    names = [f"S{number:03d}" for number, size in enumerate(sizes) for _ in range(size)]
    return pa.table({"about": pa.array(names, pa.string())})


def slow_blocks(sizes: list[int], n_rows: int) -> list[int]:
    """Return the rows of each block: subjects one after another while they fit, and at least one."""
    blocks: list[int] = []
    for size in sizes:
        if blocks and blocks[-1] + size <= n_rows:
            blocks[-1] += size
        else:
            blocks.append(size)
    return blocks


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), max_size=12), n_rows=st.integers(1, 12), batch=st.integers(1, 12), data=st.data()
)
def test_blocks_are_whole_subjects_however_rows_were_batched(
    sizes: list[int], n_rows: int, batch: int, data: st.DataObject
) -> None:
    rows = about(sizes)
    found = list(whole_subjects(rows.to_batches(max_chunksize=batch), n_rows=n_rows))
    assert [part.num_rows for part in found] == slow_blocks(sizes, n_rows)
    if found:
        assert pa.concat_tables(found).equals(rows)
        # A run that goes on after some blocks cuts the rest as it would have been cut.
        done = data.draw(st.integers(0, len(found)))
        skip = sum(part.num_rows for part in found[:done])
        again = list(whole_subjects(rows.slice(skip).to_batches(max_chunksize=batch), n_rows=n_rows))
        assert [part.num_rows for part in again] == [part.num_rows for part in found[done:]]


def test_a_subject_beyond_memory_is_refused_and_one_that_fits_is_not() -> None:
    rows = about([2, 50, 2])
    assert [part.num_rows for part in whole_subjects([rows], n_rows=10, most_rows=52)] == [2, 50, 2]
    with pytest.raises(MemoryLimitError, match="more than 40 rows"):
        list(whole_subjects(rows.to_batches(max_chunksize=5), n_rows=10, most_rows=40))
    with pytest.raises(MemoryLimitError):
        list(whole_subjects([about([50])], n_rows=10, most_rows=40))
    with pytest.raises(MemoryLimitError):
        list(whole_subjects([about([2, 50, 2])], n_rows=10, most_rows=40))


def test_tables_have_the_columns_of_an_assessment() -> None:
    assessment = rs.assess(rs.read_evidence([], cases.agreed()), cases.agreed(), as_of=cases.AS_OF)
    for name, schema in SCHEMAS.items():
        assert tuple(schema.names[4:]) == tuple(getattr(assessment, name).columns)
    assert tuple(SCHEMAS["scores"].names[4:]) == SCORE_COLUMNS


def test_no_rows_give_tables_without_lines_and_counts_of_nothing() -> None:
    told = score_rows(STAGED_SCHEMA.empty_table(), cases.settings(("a", "b")))
    assert {name: table.num_rows for name, table in told.tables.items()} == dict.fromkeys(SCHEMAS, 0)
    assert told.counts == add_counts([], 2)


def test_settings_mark_a_trial_and_show_nobody() -> None:
    assert "TRIAL" in cases.marks()["marking"]
    assert "TRIAL" not in cases.marks(trial=False)["marking"]
    assert "Partnership" not in repr(cases.settings(("a",)))
