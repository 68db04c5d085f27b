"""The plan command: text, JSON, silence, owner-only files, and how it ends."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

import build
from folders import write_folder
from riskshare import Plan
from riskshare.cli.app import app

ROWS = [
    build.row(
        record_id="r1", indicator="blade_injury", role="victim", agency="health", event_date="2026-03-21",
        recorded_date="2026-03-21",
    ),
    build.row(record_id="r2"),
]  # fmt: skip
PERSON = "S1"


@pytest.fixture(name="line")
def command_line(tmp_path: Path) -> list[str]:
    folder, file = write_folder(tmp_path / "agreed"), tmp_path / "evidence.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, fieldnames=list(dict.fromkeys(name for row in ROWS for name in row)))
        writer.writeheader()
        writer.writerows(ROWS)
    when = ["--as-of", "2026-03-31", "--at", "2026-03-31T16:30:00+01:00"]
    return ["plan", str(folder), str(file), PERSON, *when, "--trial"]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_it_tells_the_plan(line: list[str]) -> None:
    result = run(*line, "--for", "team manager, north")
    said = " ".join(result.stdout.split())
    assert result.exit_code == 0, result.stderr
    assert said.startswith("INTERNAL")
    assert "for the team manager, north" in said
    assert "it decides nothing about the person" in said
    assert "A1, harm to the person, at once:" in said
    assert "recorded 10 days ago: ask first what has already been done" in said


def test_json_is_the_plan_under_its_schema(line: list[str]) -> None:
    document = json.loads(run(*line, "--json").stdout)
    assert document.pop("files") == []
    jsonschema.validate(document, Plan.model_json_schema())
    assert Plan.model_validate_json(json.dumps(document)).actions[0].rule == "blade_injury"
    assert "decides nothing" in document["caveat"]


def test_files_are_internal_and_for_the_owner_alone(line: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(*line, "--out", str(out), "--quiet")
    assert (result.exit_code, result.stdout) == (0, "")
    assert sorted(file.name for file in out.iterdir()) == ["plan.internal.json", "plan.internal.txt"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in out.iterdir())
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert (out / "plan.internal.txt").read_text(encoding="utf-8").startswith("INTERNAL")
    assert "decides nothing" in json.loads((out / "plan.internal.json").read_text(encoding="utf-8"))["caveat"]


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["--started", "SECRET"], 2, "--started is written AGENCY:STANDARD=WHEN"),
        (["--started", "health:SECRET=2026-03-01"], 2, "started must map (agency id, standard id), both agreed"),
        (["--nation", "SECRET"], 2, "nation must be one of"),
    ],
)
def test_what_cannot_be_used_is_said_and_not_repeated(line: list[str], more: list[str], code: int, words: str) -> None:
    result = run(*line, *more)
    assert result.exit_code == code
    assert words in " ".join(result.stderr.replace("│", " ").split())
    assert "SECRET" not in result.stderr


def test_somebody_without_a_result_ends_with_four(line: list[str]) -> None:
    line[3] = "S9"
    result = run(*line)
    assert result.exit_code == 4
    assert "S9" not in result.stderr
