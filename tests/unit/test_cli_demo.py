"""The demo on the shipped example: every promised part, nobody ranked, and files that stay with their owner."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import riskshare.cli.demo as demo_command
from riskshare.cli.app import app
from riskshare.cli.briefing import Section
from riskshare.cli.screen import Screen
from riskshare.io.examples import example_data

ACT_NOW = Section("act_now", "", "", (), 1, 0)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    home = tmp_path_factory.mktemp("demo")
    before = Path.cwd()
    os.chdir(home)
    try:
        result = CliRunner().invoke(app, ["demo"], env={"COLUMNS": "100"})
    finally:
        os.chdir(before)
    assert result.exit_code == 0, result.stderr
    return result, home / "out"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    result = CliRunner().invoke(app, ["demo", "--json", "--out", str(tmp_path_factory.mktemp("json") / "out")])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def truth() -> Any:
    return json.loads((example_data() / "truth.json").read_text(encoding="utf-8"))


def section(told: Any, key: str) -> list[str]:
    return [item["text"] for one in told["sections"] if one["key"] == key for item in one["items"]]


def test_every_promised_part_is_printed(demo: tuple[Any, Path]) -> None:
    said = demo[0].stdout
    for part in ("Nothing here decides", "Who needs action now", "Staff safety", "Who is seen only together",
                 "Where partners disagree most", "Disputed claims", "What was set aside, and why", "Where we looked",
                 "Whose bar is higher: the ladder", "What was made", "What to try next",
                 "riskshare explain"):  # fmt: skip
        assert part in said, part
    assert "TRIAL" not in said
    assert max(map(len, (line for line in said.splitlines() if "riskshare " not in line))) <= 100


def test_each_person_comes_with_band_interval_bars_police_share_and_main_reason(told: Any) -> None:
    for key in ("act_now", "seen_only_together", "disagree", "disputed"):
        texts = section(told, key)
        assert texts
        for text in texts:
            assert re.match(
                r"S-\d{4} \(harm (to|by)\)(, HELD FOR A NAMED REVIEWER)?: (low|medium|high|very high|cannot say)", text
            )
            assert re.search(r"\d+ \(\d+ to \d+(: [a-z ]+ to [a-z ]+)?\)", text)
            for part in ("Main reason: ", "own 'high'", "expected"):
                assert part in text
            assert "Police hold" in text or "nobody holds a share" in text


def test_harm_to_people_stands_first_and_nobody_is_ranked(told: Any) -> None:
    for one in told["sections"]:
        lenses = [item["lens"] for item in one["items"] if item["lens"]]
        if one["key"] != "bars":
            assert lenses == sorted(lenses, reverse=True), one["key"]
        scores = [int(found[1]) for text in section(told, one["key"]) if (found := re.search(r"(\d+) \(\d+ to", text))]
        assert len(scores) < 3 or scores not in (sorted(scores), sorted(scores, reverse=True)), one["key"]


def test_what_was_planted_is_told(told: Any, truth: Any) -> None:
    urgent = {(text[:6], "harm_to" if "(harm to)" in text else "harm_by") for text in section(told, "act_now")}
    assert urgent == {(one["subject_id"], one["lens"]) for one in truth["act_now"]}
    safety = {text[:6] for text in section(told, "staff_safety")}
    assert safety == {one["subject_id"] for one in truth["staff_safety"] if one["within_horizon"]}
    together = {text[:6] for text in section(told, "seen_only_together")}
    assert set(truth["seen_only_together"]) <= together


def test_the_demo_is_short_and_says_how_much_there_is(demo: tuple[Any, Path], told: Any) -> None:
    said = demo[0].stdout
    assert len(said.splitlines()) < 260
    assert said.index("In short") < said.index("Who needs action now")
    for one in told["sections"]:
        if one["key"] in ("act_now", "seen_only_together", "disagree", "disputed"):
            assert one["title"] in said[: said.index("The first of each follow")]
            assert f"({one['found']:,} " in one["title"]
    for part in ("ACTION: ", "Main reason: ", "Police hold", "own 'high' is met"):
        assert part in said


def test_what_the_text_says_of_the_report_is_true(demo: tuple[Any, Path], told: Any) -> None:
    """Of 488 disagreements the report holds the first 200, and both say so."""
    found, held = next((one["found"], len(one["items"])) for one in told["sections"] if one["key"] == "disagree")
    assert (found, held) == (488, 200)
    assert "... and 486 more: the report has the first 200, the results file all." in demo[0].stdout
    report = (demo[1] / "report.internal.txt").read_text(encoding="utf-8")
    assert report.count("Readings ") == held
    assert "... and 288 more: results.internal.jsonl holds everybody." in report
    assert "all of the above in full" not in demo[0].stdout


def test_calls_for_action_stand_newest_first_within_harm_to_and_harm_by(told: Any) -> None:
    texts = section(told, "act_now")
    for lens in ("harm to", "harm by"):
        days = [
            dt.datetime.strptime(found[1], "%d %B %Y")
            for text in texts
            if f"({lens})" in text and (found := re.search(r"\(event (\d+ \w+ \d{4}),", text))
        ]
        assert len(days) > 2
        assert days == sorted(days, reverse=True)


@pytest.mark.parametrize("on_the_path", [True, False])
def test_the_next_commands_run_as_printed(on_the_path: bool, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(demo_command.shutil, "which", lambda _: "found" if on_the_path else None)
    demo_command._tell_next(Path("thresholds"), Path("sample_data"), (ACT_NOW,), Screen())
    printed = re.findall(
        r"^    (\S+)(?: -m riskshare)? (?:explain|check|assess) ", capsys.readouterr().out, flags=re.MULTILINE
    )
    assert len(printed) == 3
    for program in printed:
        assert program == "riskshare" if on_the_path else Path(program).exists()


def test_the_law_of_conservation_is_printed(demo: tuple[Any, Path], told: Any) -> None:
    assert re.fullmatch(
        r"[\d,]+ rows in = [\d,]+ accepted \+ [\d,]+ quarantined \+ [\d,]+ exact duplicates", told["conservation"]
    )
    assert told["conservation"] in " ".join(demo[0].stdout.split())


def test_the_ladder_and_the_three_largest_gaps_are_shown(demo: tuple[Any, Path], told: Any) -> None:
    said = " ".join(demo[0].stdout.split())
    assert "~ no edge published here" in said
    assert len(told["largest_gaps"]) == 3
    for gap in told["largest_gaps"]:
        assert "'high'" in gap
        assert gap in said


def test_files_stay_with_their_owner(demo: tuple[Any, Path]) -> None:
    files = list(demo[1].iterdir())
    assert {file.name for file in files} == {
        "report.internal.txt", "scores.internal.csv", "scores.internal.parquet", "results.internal.jsonl",
        "quarantine.internal.csv", "ladder.internal.png", "hotspots.internal.png",
    }  # fmt: skip
    if os.name == "posix":
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    for file in files:
        assert file.name in demo[0].stdout


def test_the_report_names_everybody_seen_only_together(demo: tuple[Any, Path], told: Any) -> None:
    report = " ".join((demo[1] / "report.internal.txt").read_text(encoding="utf-8").split())
    for text in section(told, "seen_only_together"):
        assert text.split(".")[0] in report


def test_no_identifier_that_was_set_aside_is_shown(demo: tuple[Any, Path]) -> None:
    everything = demo[0].output + "".join(f.read_text(encoding="utf-8", errors="ignore") for f in demo[1].iterdir())
    assert not re.search(r"@example\.org|\b999 ?\d{3} ?\d{4}\b", everything)


def test_the_planted_hot_spots_are_told_and_drawn(demo: tuple[Any, Path]) -> None:
    said = " ".join(demo[0].stdout.split())
    assert said.count("Visible only together: none of them would have found it alone.") == 2
    assert "Eskerby would have found it alone." in said
    assert (demo[1] / "hotspots.internal.png").stat().st_size > 10_000
