"""`riskshare share`: one recipient, stamped files, and what was withheld said aloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from riskshare.cli.app import app
from riskshare.cli.faults import ExitCode
from riskshare.io.examples import example_data, example_partnership
from riskshare.releasing import places_again

AT = "2026-04-01T10:00:00+01:00"


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """Return the first lines of the sample, enough to be quick."""
    lines = (example_data() / "evidence.csv").read_text().splitlines(keepends=True)
    file = tmp_path / "evidence.csv"
    file.write_text("".join(line for number, line in enumerate(lines) if number % 12 == 0))
    return file


def run(evidence: Path, *options: object, code: ExitCode = ExitCode.OK) -> Result:
    log = evidence.with_name("audit.sqlite")
    told = ["share", example_partnership(), evidence, "--as-of", "2026-03-31", "--at", AT, "--log", log, *options]
    result = CliRunner().invoke(app, list(map(str, told)))
    assert result.exit_code == code, result.output
    return result


def test_the_public_gets_counts_in_a_stamped_file(evidence: Path, tmp_path: Path) -> None:
    result = run(evidence, "--to", "north_police:analyst", "--purpose", "publication", "--out", tmp_path / "x.json",
                 "--out", tmp_path / "x.html")  # fmt: skip
    assert "For analyst at north_police, to be published." in result.stdout.replace("\n", " ")
    assert "Suppressed, so that people are harder to tell from it" in result.stdout
    assert json.loads((tmp_path / "x.json").read_text())["audience"] == "public"
    assert (tmp_path / "x.html").stat().st_mode & 0o777 == 0o600
    assert "No list of subjects was given" in " ".join(result.stderr.split())


def test_with_a_list_of_subjects_nothing_is_warned_of(evidence: Path, tmp_path: Path) -> None:
    result = run(evidence, "--to", "north_police:analyst", "--purpose", "publication", "--out", tmp_path / "x.json",
                 "--subjects", example_data() / "subjects.csv", "--json")  # fmt: skip
    assert "No list of subjects" not in result.stderr
    assert any(note.startswith("People whose address is protected") for note in json.loads(result.stdout)["notes"])


def test_help_says_that_subjects_tell_whose_address_is_protected() -> None:
    told = CliRunner().invoke(app, ["share", "--help"], env={"COLUMNS": "200"}).stdout
    assert "whose address is protected" in " ".join(told.replace("│", " ").split())


def test_a_practitioner_gets_one_person_as_json(evidence: Path, tmp_path: Path) -> None:
    subject = next(line.split(",")[1] for line in evidence.read_text().splitlines()[1:]
                   if ",person_of_concern,north_police," in line)  # fmt: skip
    standing = tmp_path / "standing.json"
    told = {"ref": "c1", "user_id": "U1", "agency": "childrens_north", "subject_id": subject,
            "valid_from": "2026-01-01T00:00:00Z"}  # fmt: skip
    standing.write_text(json.dumps({"relationships": [told]}))
    options = ["--audience", "practitioner", "--to", "childrens_north:social_worker", "--purpose", "safeguarding",
               "--subject", subject, "--user", "U1", "--out", tmp_path / "s.html", "--json"]  # fmt: skip
    refused = run(evidence, *options, code=ExitCode.USAGE)
    assert "no_relationship" in refused.stderr
    assert subject not in refused.stderr
    assert not (tmp_path / "s.html").exists()
    read = json.loads(run(evidence, *options, "--standing", standing).stdout)
    assert read["kind"] == "subject"
    assert read["title"] == "One person, for the practitioner who works with that person"
    assert read["files"] == ["s.html"]
    assert subject not in json.dumps(read)
    page = run(evidence, *options[:-1], "--standing", standing)
    assert read["title"] in page.stdout.replace("\n", " ")
    assert subject not in page.stdout


def test_hot_spots_need_areas(evidence: Path, tmp_path: Path) -> None:
    result = run(evidence, "--to", "north_police:analyst", "--purpose", "publication", "--what", "hotspots", "--out",
                 tmp_path / "x.html", code=ExitCode.USAGE)  # fmt: skip
    assert "--areas" in result.stderr


def test_an_unknown_ground_is_refused_before_anything_is_read(evidence: Path, tmp_path: Path) -> None:
    result = run(evidence, "--to", "north_police:analyst", "--purpose", "publication", "--emergency", "hurry", "--out",
                 tmp_path / "x.html", code=ExitCode.USAGE)  # fmt: skip
    assert "risk_to_life" in result.stderr


def test_a_missing_option_is_named(evidence: Path) -> None:
    assert "--out" in run(evidence, "--to", "a:b", "--purpose", "p", code=ExitCode.USAGE).stderr


def test_shared_hot_spots_are_asked_for_as_hot_spots_are(evidence: Path, tmp_path: Path) -> None:
    """Buildings, recording practice and a rule for joining go with them to what is found again."""
    data = example_data()
    found = run(
        evidence, "--to", "north_police:analyst", "--purpose", "violence_reduction", "--audience", "partnership",
        "--what", "hotspots", "--areas", data / "areas.geojson", "--population", data / "population.csv",
        "--coverage", data / "coverage.csv", "--buildings", data / "buildings.geojson", "--own-m", 100,
        "--join-within", 150, 1, "--recording", "--second-source", "ambulance", "--out", tmp_path / "x.json", "--json",
    )  # fmt: skip
    notes = json.loads(found.stdout)["notes"]
    assert places_again.OWN in notes
    assert places_again.JOINED in notes
    assert places_again.ALLOWED in notes


def test_a_second_source_is_for_recording_alone(evidence: Path, tmp_path: Path) -> None:
    result = run(evidence, "--to", "north_police:analyst", "--purpose", "p", "--second-source", "ambulance", "--out",
                 tmp_path / "x.json", code=ExitCode.USAGE)  # fmt: skip
    assert "--recording" in result.stderr
