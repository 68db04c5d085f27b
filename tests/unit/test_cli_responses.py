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


def test_it_tells_times_promises_and_what_to_ask_about(capsys: pytest.CaptureFixture[str]) -> None:
    run_response(THRESHOLDS, SAMPLE, UNTIL, "england", None, Screen())
    said = capsys.readouterr().out
    assert "1,155 rows in = 1,155 accepted" in said
    assert "known up to the end of 31 March 2026, 44 of them open" in " ".join(said.split())
    said = " ".join(said.split())
    assert "To ask about: Lowlands Children's Services' need.levels: acute/CP" in said
    assert "4 more pairs where the clocks stop at different events" in said
    assert "nversion" not in said  # nothing here is comparable and beyond chance


def test_the_screen_says_from_what_to_what_and_where_a_match_is_doubtful(capsys: pytest.CaptureFixture[str]) -> None:
    run_response(THRESHOLDS, SAMPLE, UNTIL, "england", None, Screen())
    said = capsys.readouterr().out
    assert "by agreed position, which hides whose bar is higher" in " ".join(said.split())
    assert "matched severity" not in said
    assert "From -> to" in said
    blocks = [line for line in said.splitlines() if line.startswith("70-90, to ")]
    assert blocks == ["70-90, to first officer at scene", "70-90, to partner information complete"]
    rows = said.splitlines()
    red = next(number for number, line in enumerate(rows) if "mash.merton: red" in line)
    assert "information requested ->" in rows[red]
    assert "partner information complete" in rows[red + 1]
    assert "* Some of these bands may reach into other strata" in said
    assert "mash.merton: amber *" in said
    flat = " ".join(said.split())
    assert "of 105 cases within 15 min. The share to reach (90 %) is a proposal, so no verdict." in flat
    assert "of 105 cases within 2.0 h: missed." in flat


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
        "responses_longer_waits.internal.csv", "responses_standards.internal.csv", "responses_strata.internal.csv",
    ]  # fmt: skip
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in out.iterdir())
    text = (out / "responses.internal.txt").read_text(encoding="utf-8")
    assert text.startswith("INTERNAL")
    assert "From -> to" in text


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
