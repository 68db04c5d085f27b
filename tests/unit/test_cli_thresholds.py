"""`riskshare thresholds`: what it prints, as JSON, in silence, what it writes and how it ends."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from riskshare.cli.app import app
from riskshare.cli.schemas import schemas
from riskshare.io.examples import example_data, example_partnership

FOLDER, CASES = example_partnership(), example_data() / "shared_cases.csv"
FAST = ("--replicates", "20")


def run(*args: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["thresholds", *(str(arg) for arg in args)])
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


def test_show_lists_every_scale_and_the_refused_ones() -> None:
    shown = run("show", FOLDER).stdout
    assert "Merton MASH BRAG" in shown
    assert "Cannot be placed" in shown
    assert "INTERNAL" in shown
    assert "Policy basis." in shown
    assert "MAPPA" in shown


def test_show_one_scale_as_json() -> None:
    body = json.loads(run("show", FOLDER, "--scale", "safelives.dash_ric", "--json").stdout)
    assert [band["band"] for band in body["bands"]] == ["below 14", "14 or more"]
    assert body["common_edges"] == [30.0, 70.0, 90.0]
    assert body["refused"] == []


def test_show_draws(tmp_path: Path) -> None:
    target = tmp_path / "ladder.png"
    run("show", FOLDER, "--plot", target, "--quiet")
    assert target.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_compare_says_whose_bar_is_higher_and_what_is_refused() -> None:
    shown = run("compare", FOLDER, CASES, *FAST).stdout
    assert "It is a higher bar than their own 14 or more." in " ".join(shown.split())
    assert "childrens_south" not in shown  # agencies are named, not coded
    assert "how many cases that would flag is not said" in " ".join(shown.split())
    assert "2,757 rows in = 2,757 accepted" in shown
    said = " ".join(shown.split())
    assert "INTERNAL: not yet through the sharing agreement" in said
    assert "EXAMPLE, nobody's agreement." in said
    assert "not that they measure the same thing" in said
    assert "rank correlation 0.92" in said
    assert "kappa 0.36" in said
    assert "because their bars differ" not in said
    assert "own bar (14 or more) 199 of 550" in said
    assert "6.3 [5.4, 7.2]" in said  # 199 of 317,193 people, Garwood


def test_what_is_written_bears_the_marks_too(tmp_path: Path) -> None:
    run("compare", FOLDER, CASES, *FAST, "--out", tmp_path, "--quiet")
    text = (tmp_path / "thresholds.internal.txt").read_text(encoding="utf-8")
    assert text.startswith("INTERNAL: not yet through the sharing agreement, do not pass on. EXAMPLE")
    assert "stand equally high among these people, not that they measure the same thing" in text
    assert "Population basis" in text
    assert "never a caseload" in text
    assert "because no other scale is linked to more (3)" in text


def test_an_unknown_agency_is_answered_with_those_there_are() -> None:
    said = run("compare", FOLDER, CASES, "--to", "police", code=2).stderr
    assert "north_police" in said
    assert "youth_justice" in said


def test_compare_speaks_to_one_agency() -> None:
    said = json.loads(run("compare", FOLDER, CASES, *FAST, "--to", "north_police", "--json").stdout)["sentences"]
    assert len(said) == 3
    assert all("your own 14 or more" in sentence for sentence in said)


def test_compare_as_json_fits_its_schema_and_names_nobody(tmp_path: Path) -> None:
    shown = run("compare", FOLDER, CASES, *FAST, "--json", "--out", tmp_path / "out").stdout
    body = json.loads(shown)
    assert "S-0001" not in shown
    written = json.loads((tmp_path / "out" / "thresholds.internal.json").read_text(encoding="utf-8"))
    jsonschema.validate(written, schemas()["threshold_comparison"])
    assert written["matrix"] == body["matrix"]
    assert {"thresholds.internal.txt", "matrix.internal.csv", "ladder.internal.png", "bars.internal.png"} <= set(
        body["files"]
    )
    assert "readings.internal.csv" not in body["files"]
    for file in (tmp_path / "out").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_line_a_person_only_where_asked_for(tmp_path: Path) -> None:
    run("compare", FOLDER, CASES, *FAST, "--people", "--out", tmp_path, "--quiet")
    assert "S-0001" in (tmp_path / "readings.internal.csv").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "thresholds.internal.json").read_text(encoding="utf-8"))["spread"]


def test_compare_by_group(tmp_path: Path) -> None:
    """People are split by their number's last bit: nothing about groups is planted, and nothing is flagged."""
    subjects = {line.split(",")[0] for line in CASES.read_text(encoding="utf-8").splitlines()[1:]}
    groups = tmp_path / "groups.csv"
    lines = [f"{subject},{'a' if int(subject[2:]) % 2 else 'b'}" for subject in sorted(subjects)]
    groups.write_text("\n".join(["subject_id,group", *lines]) + "\n", encoding="utf-8")
    body = json.loads(run("compare", FOLDER, CASES, *FAST, "--characteristics", groups, "--json").stdout)
    found = body["invariance"]
    assert {(line["characteristic"], line["groups"]) for line in found} == {("group", 2)}
    assert len(found) == len(body["matrix"])
    assert sum(line["flagged"] for line in found) <= 2  # one in twenty goes beyond chance by chance
    assert all(line["remsd"] >= 0.0 for line in found)


@pytest.mark.parametrize("command", [("show", FOLDER), ("compare", FOLDER, CASES, *FAST)])
def test_quiet(command: tuple[object, ...]) -> None:
    assert run(*command, "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("show", FOLDER, "--scale", "no.such"), 2),
        (("compare", FOLDER, CASES, "--to", "nobody"), 2),
        (("compare", FOLDER, CASES, "--replicates", "1"), 2),
        (("compare", FOLDER, "nowhere.csv"), 1),
        (("show", "nowhere"), 1),
        (("nonsense",), 2),
    ],
)
def test_how_it_ends(command: tuple[object, ...], code: int) -> None:
    result = run(*command, code=code)
    assert "no.such" not in result.stderr
    assert "nobody" not in result.stderr
