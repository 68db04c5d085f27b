"""`riskshare statement`: the pseudonym is asked for and never shown, the page written for its owner, the log first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from riskshare.cli.faults import ExitCode, Guarded
from riskshare.cli.statement_commands import statement
from riskshare.io.audit_check import entries_about
from riskshare.io.audit_log import audit_log
from riskshare.io.examples import example_partnership

app = typer.Typer(cls=Guarded)
app.command()(statement)
app.command("another")(lambda: None)  # one command alone would not need its name

HEAD = "record_id,subject_id,role,agency,indicator,basis,arises_from,source_type,event_date,recorded_date,handling\n"
ROW = "R-1,zqmark,victim,ambulance,knife_injury,factual,reported,ambulance_record,20260302,20260303,{}\n"


def run(tmp_path: Path, *args: object, subject: str = "zqmark", code: int = 0, handling: str = "P") -> Any:
    evidence = tmp_path / "evidence.csv"
    evidence.write_text(HEAD + ROW.format(handling), encoding="utf-8")
    told = {
        "--at": "2026-03-31T12:00:00+01:00", "--agency": "childrens_north", "--user": "U7", "--contact": "Desk",
        "--log": tmp_path / "audit.sqlite", "--out": tmp_path / "statement.html",
    }  # fmt: skip
    options = [str(part) for pair in told.items() for part in pair]
    line = ["statement", example_partnership(), str(evidence), *options, *map(str, args)]
    result = CliRunner().invoke(app, list(map(str, line)), input=f"{subject}\n")
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


def test_a_page_is_written_and_logged_and_nobody_is_shown(tmp_path: Path) -> None:
    result = run(tmp_path)
    page = tmp_path / "statement.html"
    assert page.stat().st_mode & 0o077 == 0
    assert "1 record that can be told here, as on" in page.read_text(encoding="utf-8")
    assert "zqmark" not in result.stdout + result.stderr + page.read_text(encoding="utf-8")
    assert len(entries_about(audit_log(tmp_path / "audit.sqlite"), "zqmark")) == 1


def test_as_json(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path, "--json").stdout)
    assert told == {"file": "statement.html", "held": 1, "shared": 0}


def test_what_needs_a_persons_eyes_is_told_once_cleared(tmp_path: Path) -> None:
    run(tmp_path, handling="C", code=ExitCode.UNKNOWN_SUBJECT)
    cleared = tmp_path / "cleared.csv"
    cleared.write_text("ambulance,R-1\n\n", encoding="utf-8")
    run(tmp_path, "--cleared", cleared, handling="C")


def test_a_line_that_is_no_reference_is_named_by_number(tmp_path: Path) -> None:
    cleared = tmp_path / "cleared.csv"
    cleared.write_text("ambulance,R-1\nzqmark\n", encoding="utf-8")
    result = run(tmp_path, "--cleared", cleared, code=ExitCode.USAGE)
    assert "Line 2" in result.stderr
    assert "zqmark" not in result.stderr


def test_nobody_known_gives_an_empty_page_and_says_so(tmp_path: Path) -> None:
    run(tmp_path, subject="S-nobody", code=ExitCode.UNKNOWN_SUBJECT)


def test_without_a_list_of_subjects_it_warns_and_with_one_no_agency_is_named_to_the_protected(tmp_path: Path) -> None:
    file = tmp_path / "subjects.csv"
    file.write_text("subject_id,protected_from\nzqmark,2026-01-01\n", encoding="utf-8")
    for options, named, warned in (
        ((), True, True), (("--subjects", file), False, False),
        (("--subjects", file, "--place-cleared"), True, False),
    ):  # fmt: skip
        result = run(tmp_path, *options)
        page = (tmp_path / "statement.html").read_text(encoding="utf-8")
        assert ("a home that must not be found" not in page) is named
        assert ("No list of subjects was given" in " ".join(result.stderr.split())) is warned
        assert "zqmark" not in result.stdout + result.stderr + page


@pytest.mark.parametrize("option", [("--agency", "nobody"), ("--at", "2026-03-31"), ("--user", "")])
def test_wrong_usage_writes_nothing(option: tuple[str, str], tmp_path: Path) -> None:
    run(tmp_path, *option, code=ExitCode.USAGE)
    assert not (tmp_path / "statement.html").exists()
