"""One hash whatever scores: in memory or out of core, in blocks of any size, any order, one thread or two, compiled."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import build
import engine_cases as cases
import riskshare as rs

SIZE = 20_000


@pytest.fixture(scope="module", name="rows")
def draw_rows() -> pa.Table:
    return cases.rows_of(SIZE)


@pytest.fixture(scope="module", name="known")
def score_in_memory(rows: pa.Table) -> tuple[rs.Evidence, rs.Assessment]:
    return cases.in_memory(rows)


@pytest.mark.parametrize("n_rows", [1, 1_500, 7_777, 1_000_000])
def test_blocks_of_any_size_give_the_scores_of_memory(
    rows: pa.Table, known: tuple[rs.Evidence, rs.Assessment], n_rows: int
) -> None:
    part = rows.slice(0, 20) if n_rows == 1 else rows  # a block for each subject takes its time
    evidence, assessment = cases.in_memory(part) if n_rows == 1 else known
    found = cases.through_blocks(cases.staged(part), cases.settings(("s0",)), n_rows=n_rows, batch=313)
    for name in ("scores", "act_now", "staff_safety"):
        want, got = cases.expected(assessment, name), found["tables"][name]
        assert got.schema == want.schema
        assert got.equals(want) if name == "scores" else cases.by_subject(got) == cases.by_subject(want)
    counts = found["counts"]
    assert counts["accepted"] == [evidence.total("accepted")]
    assert counts["duplicates"] == [evidence.total("duplicates")]
    assert counts["people"] == assessment.scores["subject_id"].nunique()
    assert n_rows == 1 or len(cases.expected(assessment, "act_now"))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("options", [{"threads": 1}, {"threads": 2}, {"compiled": True, "threads": 2}], ids=str)
def test_a_run_out_of_core_gives_the_scores_of_memory(
    known: tuple[rs.Evidence, rs.Assessment], seed: int, options: dict[str, Any], tmp_path: Path
) -> None:
    if options.get("compiled") and find_spec("numba") is None:
        pytest.skip("numba is not installed")
    pq.write_table(cases.rows_of(SIZE, seed=seed), tmp_path / "rows.parquet", row_group_size=3_000)
    done = cases.run(tmp_path / "rows.parquet", tmp_path / "out", **options)
    evidence, assessment = known
    assert cases.digest([cases.table_of(tmp_path / "out")]) == cases.digest([cases.expected(assessment)])
    assert done.counts == {"rows.parquet": dict(next(iter(evidence.counts.values())))}


@pytest.mark.long
@pytest.mark.parametrize(("block_rows", "threads"), [(50_000, 1), (200_000, 2), (333_333, 2)])
def test_a_million_rows_have_one_hash(block_rows: int, threads: int, tmp_path: Path) -> None:
    rows = cases.rows_of(1_000_000, seed=block_rows)
    pq.write_table(rows, tmp_path / "rows.parquet")
    cases.run(tmp_path / "rows.parquet", tmp_path / "out", block_rows=block_rows, threads=threads)
    _, assessment = cases.in_memory(rows)
    assert cases.table_of(tmp_path / "out").equals(cases.expected(assessment))


@pytest.mark.long
def test_a_million_rows_have_one_hash_compiled(tmp_path: Path) -> None:
    rows = cases.rows_of(1_000_000)
    pq.write_table(rows, tmp_path / "rows.parquet")
    for compiled in (False, True):
        cases.run(tmp_path / "rows.parquet", tmp_path / str(compiled), compiled=compiled, threads=2, block_rows=200_000)
    assert cases.files(tmp_path / "True") == cases.files(tmp_path / "False")


FAULTY = (
    {}, {}, {}, {"record_id": "r2"}, {"record_id": "r2", "stance": "denies"}, {"indicator": "no_such"},
    {"recorded_date": "2026-03-04"}, {"status": "withdrawn", "recorded_date": "2026-03-05"}, {"subject_id": "S2"},
    {"subject_id": None}, {"role": "place", "subject_id": None},
    {"role": "place", "subject_id": None, "basis": "anecdotal"},
    {"derived_from": "school:r1"}, {"derived_from": "school:r2", "record_id": "r3"}, {"severity": "0.5"},
    {"agency": "housing"}, {"subject_id": "S10", "severity": "9"}, {"claim_id": "c1"}, {"claim_id": "x y"},
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(
    picks=st.lists(st.tuples(st.sampled_from(FAULTY), st.sampled_from(FAULTY), st.integers(0, 1)), max_size=25),
    n_rows=st.integers(1, 9),
    piece=st.integers(1, 9),
)
def test_repeats_conflicts_and_rows_set_aside_are_those_of_memory(
    picks: list[tuple[dict[str, Any], dict[str, Any], int]], n_rows: int, piece: int
) -> None:
    """Small evidence from two sources, full of repeats, versions and faults, cut everywhere."""
    agreement = build.partnership()
    rows: list[list[dict[str, Any]]] = [[], []]
    for first, second, source in picks:
        rows[source].append(build.row(**{**first, **second}))
    tables = [pa.Table.from_pylist(part, schema=_schema()) for part in rows]
    evidence = rs.read_evidence(pa.concat_tables(tables), agreement, accept_bad=True)
    assessment = rs.assess(evidence, agreement, as_of=cases.AS_OF)
    from riskshare.engines.blocks import Settings, add_counts, score_rows, whole_subjects
    from riskshare.engines.staging import KEYS, STAGED_SCHEMA, stage
    from riskshare.io.evidence import CONTRACT
    from riskshare.io.evidence_arrow import read_arrow
    from riskshare.io.evidence_places import Habits

    staged, aside = [], 0
    for number, table in enumerate(tables):
        for at in range(0, table.num_rows, piece):
            raw = read_arrow(table.slice(at, piece), f"s{number}", CONTRACT)
            one = stage(raw, agreement, Habits(), source=number, first_row=at)
            staged.append(one.rows)
            aside += one.n_set_aside
    ordered = pa.concat_tables([STAGED_SCHEMA.empty_table(), *staged]).sort_by([(name, "ascending") for name in KEYS])
    chosen = Settings(agreement, dt.date(2026, 3, 31), ("s0", "s1"))
    told = [score_rows(part, chosen) for part in whole_subjects(ordered.to_batches(2), n_rows=n_rows)]
    counts = add_counts([one.counts for one in told], 2)
    assert sum(counts["accepted"]) == evidence.total("accepted")
    assert sum(counts["duplicates"]) == evidence.total("duplicates")
    assert aside + sum(counts["conflicts"]) == evidence.total("quarantined")
    assert counts["unknown"] == len(evidence.unknown)
    scores = [line for one in told for line in one.tables["scores"].to_pylist()]
    want = assessment.scores.to_dict("records")
    assert len(scores) == len(want)
    for line, known in zip(scores, want, strict=True):
        for name, value in known.items():
            missing = value is None or (isinstance(value, float) and np.isnan(value))
            assert line[str(name)] == (None if missing else list(value) if isinstance(value, tuple) else value)


def _schema() -> pa.Schema:
    names = [*build.row(), "stance", "status", "derived_from", "severity", "claim_id"]
    return pa.schema([(name, pa.string()) for name in dict.fromkeys(names)])
