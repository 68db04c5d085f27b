"""The response command: text, JSON, silence, files, and how it ends."""

from __future__ import annotations

import datetime as dt
import json
import stat
from pathlib import Path

import jsonschema
import pytest

from riskshare.cli.responses import run_response
from riskshare.cli.screen import Screen
from riskshare.errors import EvidenceFileError
from riskshare.records.response_times import ResponseTimes

ROOT = Path(__file__).parents[2]
THRESHOLDS, SAMPLE = ROOT / "thresholds", ROOT / "sample_data" / "responses.csv"
UNTIL = dt.date(2026, 3, 31)


def test_it_tells_times_promises_and_inversions(capsys: pytest.CaptureFixture[str]) -> None:
    run_response(THRESHOLDS, SAMPLE, UNTIL, "england", None, Screen())
    said = capsys.readouterr().out
    assert "1,155 rows in = 1,155 accepted" in said
    assert "known up to the end of 31 March 2026, 44 of them open" in " ".join(said.split())
    assert "Inversion: Lowlands Children's Services' need.levels: acute/CP" in " ".join(said.split())
    assert "5 more pairs where the clocks stop at different events" in " ".join(said.split())


def test_json_is_the_result_with_its_account(capsys: pytest.CaptureFixture[str]) -> None:
    run_response(THRESHOLDS, SAMPLE, UNTIL, "scotland", None, Screen(as_json=True))
    document = json.loads(capsys.readouterr().out)
    assert document["nation"] == "scotland"
    assert document["conservation"].startswith("1,155 rows in")
    result = {name: document[name] for name in ResponseTimes.model_fields}
    jsonschema.validate(result, ResponseTimes.model_json_schema())


def test_files_are_internal_and_owner_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    run_response(THRESHOLDS, SAMPLE, UNTIL, "england", out, Screen(quiet=True))
    assert capsys.readouterr().out == ""
    files = sorted(file.name for file in out.iterdir())
    assert files == [
        "responses.internal.json", "responses.internal.txt", "responses_bands.internal.csv",
        "responses_inversions.internal.csv", "responses_standards.internal.csv", "responses_strata.internal.csv",
    ]  # fmt: skip
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in out.iterdir())
    assert (out / "responses.internal.txt").read_text(encoding="utf-8").startswith("INTERNAL")


def test_a_file_that_cannot_be_read_stops(tmp_path: Path) -> None:
    with pytest.raises(EvidenceFileError):
        run_response(THRESHOLDS, tmp_path / "none.csv", UNTIL, "england", None, Screen())


def test_without_cases_it_says_that_there_is_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = SAMPLE.read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "none.csv").write_text(header + "\n", encoding="utf-8")
    run_response(THRESHOLDS, tmp_path / "none.csv", UNTIL, "england", None, Screen())
    said = " ".join(capsys.readouterr().out.split())
    assert "0 cases known up to the end of 31 March 2026" in said
    assert "None between clocks that stop at the same event." in said
