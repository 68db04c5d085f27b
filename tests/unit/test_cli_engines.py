"""`riskshare assess --engine`: one set of options, the same names of files, and what does not fit together."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from riskshare.cli import engines
from riskshare.cli.app import app

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "sample_data" / "evidence.csv"


def assess(out: Path, *options: str, evidence: Path = EVIDENCE) -> Result:
    arguments = [str(ROOT / "thresholds"), str(evidence), "--as-of", "2026-03-31", "--trial", "--out", str(out)]
    return CliRunner().invoke(app, ["assess", *arguments, *options])


@pytest.fixture(scope="module", name="few")
def write_few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("few") / "few.csv"
    path.write_text("\n".join(EVIDENCE.read_text(encoding="utf-8").splitlines()[:800]) + "\n", encoding="utf-8")
    return path


def test_both_engines_write_the_same_scores_under_the_same_name(few: Path, tmp_path: Path) -> None:
    """And either replaces what the other left in the folder."""
    out = tmp_path / "out"
    told = assess(out, "--engine", "duckdb", "--json", evidence=few)
    assert told.exit_code == 0, told.stderr
    large = json.loads(told.stdout)
    parts = pd.read_parquet(out / "scores.internal.parquet")
    quarantine = (out / "quarantine.internal.csv").read_bytes()
    small = json.loads(assess(out, "--json", evidence=few).stdout)
    pd.testing.assert_frame_equal(parts, pd.read_parquet(out / "scores.internal.parquet"))
    assert quarantine == (out / "quarantine.internal.csv").read_bytes()
    same = ("internal", "trial", "head", "as_of", "partnership_version", "warnings", "conservation", "counts")
    assert all(large[key] == small[key] for key in (*same, "n_subjects", "n_results", "out"))
    assert large["engine"] == "duckdb"
    assert not (out / "run.internal.json").exists()
    assert assess(out, "--engine", "duckdb", evidence=few).exit_code == 0
    assert sorted(path.name for path in out.iterdir() if path.name in large["files"]) == sorted(large["files"])
    assert (out / "scores.internal.parquet").is_dir()


def test_the_account_says_what_came_of_it(few: Path, tmp_path: Path) -> None:
    told = assess(tmp_path / "out", "--engine", "duckdb", "--resume", "--memory-limit", "1.5GiB", evidence=few)
    assert told.exit_code == 0, told.stderr
    words = " ".join(told.stdout.split())
    for said in ("799 rows in =", "harm to:", "call for action now", "scores.internal.parquet:", "INTERNAL"):
        assert said in words
    assert "799 rows in =" in (tmp_path / "out" / "report.internal.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--engine", "spark", "--master", "spark//S-1234:7077"), "--master is an address"),
        (("--resume",), "are for runs with --engine duckdb"),
        (("--memory-limit", "2GiB"), "are for runs with --engine duckdb"),
        (("--engine", "duckdb", "--memory-limit", "S-0042"), "Write it as 2GiB"),
        (("--engine", "duckdb", "--memory-limit", "10MiB"), "at least 1GiB"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: tuple[str, ...], said: str, few: Path, tmp_path: Path) -> None:
    told = assess(tmp_path / "out", *options, evidence=few)
    assert told.exit_code == 2
    assert said in " ".join(told.stderr.replace("│", " ").split())
    assert "S-0042" not in told.stderr
    assert not (tmp_path / "out").exists()


def test_a_full_disk_has_the_exit_code_of_what_is_not_written(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from riskshare.cli import engines
    from riskshare.errors import DiskFullError
    from riskshare.io.run_folder import FULL, FULL_HINT

    def full(*_: object, **__: object) -> None:
        raise DiskFullError(FULL, FULL_HINT)

    monkeypatch.setattr(engines, "assess_out_of_core", full)
    told = assess(tmp_path / "out", "--engine", "duckdb", evidence=few)
    assert told.exit_code == 5
    assert "go on with --resume" in told.stderr


def test_json_lines_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n", encoding="utf-8")
    told = assess(tmp_path / "out", "--engine", "duckdb", evidence=tmp_path / "rows.jsonl")
    assert told.exit_code == 1
    assert "not_streamed" in told.stderr


def test_what_stood_there_and_what_was_done_are_said(few: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = assess(out, "--engine", "duckdb", evidence=few)
    assert "were replaced" not in first.stdout
    again = assess(out, "--engine", "duckdb", "--resume", evidence=few)
    assert "nothing was scored again" in " ".join(again.stdout.split())
    assert "were replaced" in assess(out, "--engine", "duckdb", evidence=few).stdout
    assert "were replaced" in assess(out, evidence=few).stdout
    after = assess(out, "--engine", "duckdb", evidence=few)
    assert "were replaced" in after.stdout
    assert not (out / "results.internal.jsonl").exists()
    assert not (out / "scores.internal.csv").exists()


def test_an_interruption_says_how_to_go_on(few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "assess_out_of_core", interrupted)
    told = assess(tmp_path / "out", "--engine", "duckdb", evidence=few)
    assert told.exit_code != 0
    assert "--resume" in told.stderr


def test_a_choice_that_is_none_names_those_there_are(few: Path, tmp_path: Path) -> None:
    told = assess(tmp_path / "out", "--engine", "S-1234 is not one of us", evidence=few)
    assert told.exit_code == 2
    words = " ".join(told.stderr.replace("│", " ").split())
    assert "There are: memory, duckdb, spark." in words
    assert "S-1234" not in told.stderr
