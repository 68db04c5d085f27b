"""The benchmark out of core runs at a small size, and its drawn rows are what it says they are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import engine_cases as cases
import riskshare as rs

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_rows_are_the_same_however_they_are_cut() -> None:
    draw = cases.generator().draw
    whole = draw(0, 3_000, 3_000)
    assert pa.concat_tables([draw(0, 1_234, 3_000), draw(1_234, 3_000, 3_000)]).equals(whole)
    people = whole["subject_id"].drop_null().value_counts()
    assert max(count["counts"].as_py() for count in people) == 10
    assert draw(0, 0, 3_000).schema == whole.schema
    giant = draw(0, 3_000, 3_000, giant=0.5)
    assert pc.sum(pc.equal(giant["subject_id"], "S0")).as_py() > 1_000


def test_drawn_rows_hold_what_the_benchmark_says() -> None:
    evidence, assessment = cases.in_memory(cases.rows_of(20_000))
    assert 60 < evidence.total("quarantined") < 150
    assert 15 < evidence.total("duplicates") < 60
    rows = evidence.rows
    assert 1_000 < rows["derived_from"].drop_null().length() < 2_500
    assert 700 < rows["scale"].drop_null().length() < 1_300
    assert 100 < rows.num_rows - rows["subject_id"].drop_null().length() < 400
    named = assessment.absent_origins
    assert len(named) < 0.2 * rows["derived_from"].drop_null().length()  # most of what is repeated is there


def test_csv_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    rows = cases.generator()
    paths = [rows.write_parquet(tmp_path / "rows.parquet", 400), rows.write_csv(tmp_path / "rows.csv", 400)]
    found = [rs.read_evidence(path, cases.agreed()).rows.drop_columns(["source"]) for path in paths]
    assert found[0].equals(found[1])


def test_the_benchmark_compares_both_engines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "out_of_core", raising=False)
    import out_of_core

    kept = tmp_path / "lines.json"
    figures = tmp_path / "bench.jsonl"
    arguments = ["--rows", "2000", "--folder", str(tmp_path), "--json", str(kept), "--results", str(figures)]
    assert out_of_core.main(arguments) == 0
    told = [json.loads(line) for line in figures.read_text(encoding="utf-8").splitlines()]
    assert [(line["size"], line["kind"], line["equal"]) for line in told] == [
        (2_000, "ours", "one hash of all scores")
    ] * 2
    memory, duckdb = json.loads(kept.read_text(encoding="utf-8"))
    assert memory["hash"] == duckdb["hash"]
    assert list(duckdb["stages"]) == ["Looking over", "Reading", "Sorting", "Scoring"]
    assert duckdb["peak_mib"] > 0
    assert "a row takes" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"lines.json", "bench.jsonl"}
