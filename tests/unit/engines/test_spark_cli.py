"""`riskshare assess --engine spark`: which options go together, and the whole of it on this machine alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import engine_cases as cases
from riskshare.cli.app import app

COMMON = ["assess", str(cases.ROOT / "thresholds"), "rows.csv", "--as-of", cases.AS_OF, "--trial"]


@pytest.mark.parametrize(
    "options", [["--engine", "spark"], ["--master", "local[2]"], ["--engine", "duckdb", "--master", "local"]]
)
def test_a_cluster_and_its_address_go_together(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, [*COMMON, *options])
    assert found.exit_code == 2
    assert "--engine spark needs --master" in " ".join(found.output.replace("│", " ").split())


@pytest.mark.long
def test_the_command_gives_the_scores_of_memory(tmp_path: Path) -> None:
    cases.generator().write_parquet(tmp_path / "rows.parquet", 20_000)
    said = [*COMMON[:2], "rows.parquet", *COMMON[3:], "--engine", "spark", "--master", "local[2]", "--out", "out"]
    settings = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        [sys.executable, "-m", "riskshare", *said],
        cwd=tmp_path,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _, assessment = cases.in_memory(tmp_path / "rows.parquet")
    assert cases.digest([cases.table_of(tmp_path / "out")]) == cases.digest([cases.expected(assessment)])
    assert "20,000 rows in" in done.stdout
    assert "scores.internal.parquet" in done.stdout
