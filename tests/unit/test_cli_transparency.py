"""`riskshare transparency`: both pages and the record, or nothing written and everything missing told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from riskshare.cli.faults import ExitCode, Guarded
from riskshare.cli.transparency_commands import transparency
from riskshare.io.examples import example_partnership

app = typer.Typer(cls=Guarded)
app.command()(transparency)
app.command("another")(lambda: None)  # one command alone would not need its name

FILES = {"how-we-share.html", "algorithmic-transparency-record.html", "algorithmic-transparency-record.json"}
AT = ("--at", "2026-03-31T12:00:00+01:00")


def run(*args: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["transparency", *(str(arg) for arg in args)])
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(example_partnership(), tmp_path / "agreed"))


def test_both_pages_and_the_record_are_written(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = json.loads(run(folder, *AT, "--out", out, "--json").stdout)
    assert set(told["files"]) == FILES == {file.name for file in out.iterdir()}
    assert told["record"] == json.loads((out / "algorithmic-transparency-record.json").read_text(encoding="utf-8"))


def test_it_says_that_complete_is_not_right(folder: Path, tmp_path: Path) -> None:
    assert "may still be wrong" in run(folder, *AT, "--out", tmp_path / "out").stdout
    assert run(folder, *AT, "--out", tmp_path / "out", "--quiet", "--force").stdout == ""


def test_an_empty_field_fails_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    file = folder / "transparency" / "record.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('phase = "pilot"', ""), encoding="utf-8")
    result = run(folder, *AT, "--out", tmp_path / "out", code=ExitCode.PROBLEMS)
    assert "transparency/record.toml: phase" in result.stderr
    assert not (tmp_path / "out").exists()


def test_without_an_agreement_both_what_the_page_and_what_the_record_lack_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "sharing.toml").unlink()
    result = run(folder, *AT, "--out", tmp_path / "out", code=ExitCode.PROBLEMS)
    assert "No agreement is in force" in result.stderr
    assert "data.legal_basis" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_time_without_offset_is_wrong_usage(folder: Path) -> None:
    run(folder, "--at", "2026-03-31", code=ExitCode.USAGE)
