"""The fusion benchmark runs at a small size, and its pandas twin gives the same scores."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from riskshare.kernels.segments import UNIT

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in ("data", "fusion", "pandas_fusion", "polars_fusion", "duckdb_fusion"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("benchmarks")
def test_drawn_rows_hold_what_the_benchmark_says() -> None:
    import data

    coded = data.make(20_000)
    rows, edges = coded.rows, coded.edges
    assert rows.unit.size == 20_000
    assert np.bincount(coded.subject).tolist() == [10] * 2_000
    assert np.unique(edges.tail).size == 4_000  # one row in five repeats another
    assert rows.lineage.sum() == 4_000
    found = edges.head < rows.unit.size
    assert (coded.subject[edges.head[found]] == coded.subject[edges.tail[found]]).all()
    assert 0 < (~found).mean() < 0.1
    assert np.unique(rows.agency).size == 8
    assert np.unique(rows.indicator).size == 40
    assert 0.02 < rows.denies.mean() < 0.04
    assert all((a == b).all() for a, b in zip(rows, data.make(20_000).rows, strict=True))


@pytest.mark.usefixtures("benchmarks")
@pytest.mark.parametrize("seed", [1, 2])
def test_pandas_gives_the_same_scores(seed: int) -> None:
    import data
    import fusion
    import pandas_fusion

    coded = data.make(4_000, seed)
    if seed == 2:  # a τ_max that binds
        coded = replace(coded, policy=coded.policy._replace(cells=coded.policy.cells._replace(tau_max=0.6)))
    ours = fusion.fuse_blocks(coded)
    rows, edges = pandas_fusion.frames(coded)
    theirs = pandas_fusion.fuse(rows, edges, coded.policy, coded.n_units)
    assert (theirs["points"] == ours["points"]).all()
    for name in ("raising", "protective", "log_odds"):
        assert np.abs(theirs[name] - ours[name] * UNIT).max() <= 1e-9
    chunked = pandas_fusion.fuse_in_chunks(rows, edges, coded.policy, coded.n_units, 700, data.ROWS_A_SUBJECT)
    assert chunked.equals(theirs)
    everything = fusion.score_everything(coded, compiled=False)
    assert (everything["log_odds"] == ours["log_odds"]).all()


@pytest.mark.usefixtures("benchmarks")
@pytest.mark.parametrize("seed", [1, 2])
def test_polars_gives_the_same_scores(seed: int) -> None:
    import polars_fusion

    coded, ours = drawn(seed)
    same(polars_fusion.fuse(*polars_fusion.frames(coded), coded.policy, coded.n_units), ours)


@pytest.mark.usefixtures("benchmarks")
@pytest.mark.parametrize("seed", [1, 2])
def test_duckdb_gives_the_same_scores(seed: int) -> None:
    pytest.importorskip("duckdb", reason="the SQL peer needs duckdb (extra sql)")
    import duckdb_fusion

    coded, ours = drawn(seed)
    same(duckdb_fusion.fuse(*duckdb_fusion.tables(coded)), ours)


def drawn(seed: int) -> tuple[Any, dict[str, np.ndarray]]:
    """Return drawn rows, with a τ_max that binds for seed 2, and the reference's scores."""
    import data
    import fusion

    coded = data.make(4_000, seed)
    if seed == 2:
        coded = replace(coded, policy=coded.policy._replace(cells=coded.policy.cells._replace(tau_max=0.6)))
    return coded, fusion.fuse_blocks(coded)


def same(theirs: Any, ours: dict[str, np.ndarray]) -> None:
    assert (np.asarray(theirs["points"]) == ours["points"]).all()
    for name in ("raising", "protective", "log_odds"):
        assert np.abs(np.asarray(theirs[name]) - ours[name] * UNIT).max() <= 1e-9


@pytest.mark.usefixtures("benchmarks")
def test_the_compiled_fusion_gives_the_same_bits() -> None:
    pytest.importorskip("numba", reason="the compiled twin needs the extra fast")
    import fusion

    coded, ours = drawn(1)
    for threads in (1, 2):
        theirs = fusion.fuse_compiled(coded, threads=threads)
        assert all((theirs[name] == ours[name]).all() for name in ours)


@pytest.mark.usefixtures("benchmarks")
def test_pandas_refuses_what_it_has_no_rule_for() -> None:
    import data
    import pandas_fusion

    coded = data.make(1_000)
    rows, edges = pandas_fusion.frames(coded)
    ring = edges.iloc[:2].assign(tail=[0, 1], head=[1, 0])
    rows.loc[:1, "dead"] = False
    with pytest.raises(ValueError, match="ring"):
        pandas_fusion.fuse(rows, ring, coded.policy, coded.n_units)
    certain = coded.policy._replace(rules=coded.policy.rules._replace(agency_p=np.full(8, np.inf)))
    with pytest.raises(ValueError, match="p = inf"):
        pandas_fusion.fuse(rows, edges, certain, coded.n_units)


@pytest.mark.usefixtures("benchmarks")
def test_the_program_reports_equal_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fusion

    report = tmp_path / "figures.json"
    wanted = ["numpy", "pandas_chunks"]  # each is a process of its own: two show that the report works
    arguments = ["--rows", "2000", "--repeats", "1", "--chunk", "1000", "--folder", str(tmp_path), "--only", *wanted]
    kept = tmp_path / "bench.jsonl"
    assert fusion.main([*arguments, "--json", str(report), "--results", str(kept)]) == 0
    figures = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert [(line["kind"], line["equal"]) for line in figures] == [("ours", ""), ("peer", "0 of 400 scores differ")]
    lines = {line["stage"]: line for line in json.loads(report.read_text())}
    assert list(lines) == wanted
    assert lines["pandas_chunks"]["equal"]["points_differ"] == 0
    assert lines["pandas_chunks"]["equal"]["log_odds_differ"] == 0
    assert all(line["peak_mib"] > 0 and line["seconds"] > 0 for line in lines.values())
    assert "0 of 400 differ," in capsys.readouterr().out
