"""Every command: what it prints, as JSON, in silence, what it writes, how it ends, and what it never shows."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

import build
import folders
import riskshare.cli
import riskshare.cli.app
from riskshare.cli.app import app
from riskshare.cli.faults import ExitCode, last_resort
from riskshare.cli.schemas import schemas
from riskshare.io.partnership import load_partnership
from riskshare.version import VERSION

MARKER = "Zebedee-7741"
AS_OF = ("--as-of", "2026-03-31")


def run(*args: object, code: int = 0, **options: Any) -> Any:
    result = CliRunner().invoke(app, [str(arg) for arg in args], **options)
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    if result.exception is not None:
        assert isinstance(result.exception, SystemExit)
    return result


def answer(*args: object, code: int = 0) -> Any:
    result = run(*args, "--json", code=code)
    return json.loads(result.stdout)


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    columns = sorted({name for row in rows for name in row})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An agreed folder, signed by all."""
    home = tmp_path / "agreed"
    home.mkdir()
    folders.write_folder(home)
    (home / "signatures.toml").unlink()
    agreed = load_partnership(home)
    signed = {"signatures": [folders.signature(a.id, agreed.policy_hash) for a in agreed.agencies]}
    (home / "signatures.toml").write_text(folders.to_toml(signed), encoding="utf-8")
    return home


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """Good rows, one row to set aside and one row without weight."""
    rows = [
        build.row(),
        build.row(record_id="r2", agency="police", indicator="gang_link", subject_id="S2"),
        build.row(record_id="r3", agency="council", indicator="blade_injury", role="victim", event_date="2026-03-01"),
        build.row(record_id="r4", agency="police", indicator="gang_link", arises_from="agency_initiated"),
        build.row(record_id="r5", agency="council", indicator="threat_to_staff"),
        build.row(record_id="r6", source_type="", source_grade="1", info_grade="E"),
        build.row(record_id="r7", indicator=MARKER),
    ]
    return write_rows(tmp_path / "march.csv", rows)


def test_version() -> None:
    assert VERSION in run("version").stdout
    assert answer("version") == {"version": VERSION, "result_schema": "1.2"}
    assert run("version", "--quiet").output == ""


class TestCheck:
    def test_a_good_folder(self, folder: Path) -> None:
        assert "no problem found" in run("check", folder).stdout
        assert answer("check", folder)["ok"] is True
        assert run("check", folder, "-q").output == ""

    def test_an_unsigned_folder_is_good_and_says_who_is_missing(self, folder: Path) -> None:
        (folder / "signatures.toml").unlink()
        assert "Not yet signed by charity, council" in run("check", folder, code=ExitCode.NOT_SIGNED).stdout
        told = answer("check", folder, code=ExitCode.NOT_SIGNED)
        assert (told["ok"], told["not_signed"]) == (True, sorted(build.SECTORS))

    def test_problems_come_before_missing_signatures(self, folder: Path, evidence: Path) -> None:
        (folder / "signatures.toml").unlink()
        run("check", folder, evidence, code=ExitCode.PROBLEMS)

    def test_a_broken_folder_lists_every_problem(self, tmp_path: Path) -> None:
        bad = folders.changed(folders.good_files(), ("trust.toml", "tau_max", 2.0), ("trust.toml", "z", -1.0))
        home = tmp_path / "bad"
        home.mkdir()
        folders.write_folder(home, bad)
        result = run("check", home, code=ExitCode.PROBLEMS)
        assert result.stdout == ""
        assert {"tau_max", "z"} <= set(re.findall(r"trust\.toml: (\w+)", result.stderr))
        told = answer("check", home, code=ExitCode.PROBLEMS)
        assert told["ok"] is False
        assert {"tau_max", "z"} <= {problem["key"] for problem in told["problems"]}
        assert run("check", home, "--quiet", code=ExitCode.PROBLEMS).stdout == ""

    def test_evidence_gives_conservation_and_faults_without_values(self, folder: Path, evidence: Path) -> None:
        result = run("check", folder, evidence, code=ExitCode.PROBLEMS)
        assert "7 rows in = 6 accepted + 1 quarantined + 0 exact duplicates." in result.stdout
        assert "1 row: unknown_code in indicator." in result.stdout
        assert MARKER not in result.output
        told = answer("check", folder, evidence, code=ExitCode.PROBLEMS)
        assert told["evidence"]["faults"][0]["code"] == "unknown_code"
        assert told["evidence"]["counts"]["march.csv"]["rows_in"] == 7
        assert told["evidence"]["faults"][0]["row_numbers"] == {"march.csv": [7]}
        assert "Row 7." in result.stdout

    def test_rows_of_faults_are_numbered_by_file_and_bounded(self, folder: Path, tmp_path: Path) -> None:
        bad = [build.row(record_id=f"r{i}", subject_id=f"S{i}", indicator=MARKER) for i in range(1_005)]
        first = write_rows(tmp_path / "a.csv", bad)
        second = write_rows(tmp_path / "b.csv", [build.row(record_id="x", indicator=MARKER)])
        options = ("check", folder, first, second, "--accept-bad")
        assert "First rows: a.csv 1, 2, 3." in " ".join(run(*options, code=ExitCode.PROBLEMS).stdout.split())
        (fault,) = answer(*options, code=ExitCode.PROBLEMS)["evidence"]["faults"]
        assert fault["rows"] == 1_006
        assert fault["row_numbers"] == {"a.csv": list(range(1, 1_001)), "b.csv": [1]}
        one = " ".join(run("check", folder, second, first, "--accept-bad", code=ExitCode.PROBLEMS).stdout.split())
        assert "First rows: b.csv 1; a.csv 1, 2." in one

    def test_what_was_agreed_is_told_beside_what_is_wrong(self, folder: Path, tmp_path: Path) -> None:
        rows = [
            build.row(),
            build.row(record_id="r2", agency=MARKER),
            build.row(record_id="r3", event_date="1 March in 2026"),
            build.row(record_id="r4", scale=MARKER, value="3"),
        ]
        result = run("check", folder, write_rows(tmp_path / "r.csv", rows), code=ExitCode.PROBLEMS)
        flat = " ".join(result.stdout.split())
        assert f"Agreed: {', '.join(sorted(build.SECTORS))}. Row 2." in flat
        assert "Declared: %Y-%m-%d such as 2026-03-31 (school). Row 3." in flat
        assert "The folder scales has them. Row 4." in flat
        assert MARKER not in result.output

    def test_too_many_faulty_rows_name_the_switch_that_is_typed_here(self, folder: Path, tmp_path: Path) -> None:
        bad = [build.row(record_id=f"r{i}", indicator=MARKER) for i in range(20)]
        file = write_rows(tmp_path / "bad.csv", bad)
        result = run("check", folder, file, code=ExitCode.PROBLEMS)
        assert "--accept-bad" in result.stderr
        assert "accept_bad" not in result.stderr
        assert "--accept-bad" in answer("check", folder, file, code=ExitCode.PROBLEMS)["stopped"]["hint"]
        for command in ("assess", "explain"):
            extra = ("S1",) if command == "explain" else ("--out", tmp_path / "out")
            run(command, folder, file, *extra, *AS_OF, code=ExitCode.PROBLEMS)
        assert "20 quarantined" in run("check", folder, file, "--accept-bad", code=ExitCode.PROBLEMS).stdout

    def test_both_fingerprints_are_told(self, folder: Path) -> None:
        agreed = load_partnership(folder)
        said = run("check", folder).stdout
        assert agreed.policy_hash[:12] in said
        assert agreed.version[:12] in said

    def test_good_evidence_and_subjects(self, folder: Path, tmp_path: Path) -> None:
        good = write_rows(tmp_path / "good.csv", [build.row()])
        people = write_rows(tmp_path / "people.csv", [{"subject_id": "S1", "age_band": "14-15"}])
        told = answer("check", folder, good, "--subjects", people)
        assert told["ok"] is True
        assert told["subjects"]["faults"] == []
        assert "Subjects: 1 row accepted." in run("check", folder, good, "--subjects", people).stdout

    def test_a_stopped_file(self, folder: Path, tmp_path: Path) -> None:
        result = run("check", folder, tmp_path / "none.csv", code=ExitCode.PROBLEMS)
        assert "not_found" in result.stderr
        told = answer("check", folder, tmp_path / "none.csv", code=ExitCode.PROBLEMS)
        assert told["stopped"]["code"] == "not_found"


class TestSign:
    def test_signing_for_each_agency_ends_with_all(self, folder: Path) -> None:
        (folder / "signatures.toml").unlink()
        for agency in sorted(build.SECTORS):
            said = run(
                "sign", folder, "--agency", agency, "--role", "head of safeguarding", "--on", "2026-03-31"
            ).stdout
        assert "All agencies have signed." in said
        assert load_partnership(folder).unsigned() == ()

    def test_json_and_quiet(self, folder: Path) -> None:
        options = ("sign", folder, "--agency", "school", "--role", "head", "--on", "2026-03-31")
        told = answer(*options)
        assert (told["agency"], told["signed_on"], told["not_signed"]) == ("school", "2026-03-31", [])
        assert run(*options, "--quiet").output == ""

    def test_nobody_signs_for_a_stranger_or_on_no_day(self, folder: Path) -> None:
        result = run("sign", folder, "--agency", MARKER, "--role", "head", "--on", "2026-03-31", code=ExitCode.USAGE)
        assert "not one of this partnership" in result.stderr
        for day in ("31/03/2026", "2026-02-30", "20260331", ""):
            result = run("sign", folder, "--agency", "school", "--role", "head", "--on", day, code=ExitCode.USAGE)
            assert "YYYY-MM-DD" in result.stderr
        run("sign", folder, "--agency", "school", "--role", "head", code=ExitCode.USAGE)


class TestAssess:
    def test_files_are_internal_and_fit_the_schema(self, folder: Path, evidence: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        result = run("assess", folder, evidence, *AS_OF, "--out", out)
        assert "Nothing here decides about a person" in " ".join(result.stdout.split())
        files = sorted(out.iterdir())
        assert all(".internal." in file.name for file in files)
        if os.name == "posix":
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        scores = list(csv.DictReader((out / "scores.internal.csv").read_text(encoding="utf-8").splitlines()))
        assert {row["marking"][:8] for row in scores} == {"INTERNAL"}
        assert {row["as_of"] for row in scores} == {"2026-03-31"}
        table = pyarrow.parquet.read_table(out / "scores.internal.parquet")
        assert table.num_rows == len(scores)
        results = [json.loads(text) for text in (out / "results.internal.jsonl").read_text().splitlines()]
        assert len(results) == len(scores)
        for one in results:
            jsonschema.validate(one, schemas()["result"])
        report = (out / "report.internal.txt").read_text(encoding="utf-8")
        assert report.startswith("INTERNAL")
        assert MARKER not in "".join(file.read_text(errors="ignore") for file in files)

    def test_json_and_quiet(self, folder: Path, evidence: Path, tmp_path: Path) -> None:
        told = answer("assess", folder, evidence, *AS_OF, "--out", tmp_path / "a")
        assert told["internal"] is True
        assert told["trial"] is False
        assert told["conservation"].startswith("7 rows in")
        assert "scores.internal.csv" in told["files"]
        assert run("assess", folder, evidence, *AS_OF, "--out", tmp_path / "b", "--quiet").output == ""
        assert (tmp_path / "b" / "scores.internal.csv").exists()

    def test_nothing_accepted_does_not_look_like_success(self, folder: Path, tmp_path: Path) -> None:
        file = write_rows(tmp_path / "few.csv", [build.row(record_id=f"r{i}", indicator=MARKER) for i in range(3)])
        options = ("assess", folder, file, *AS_OF, "--out", tmp_path / "out")
        for extra in ((), ("--quiet",), ("--json",)):
            result = run(*options, *extra, code=ExitCode.PROBLEMS)
            flat = " ".join(result.stderr.split())
            assert flat == "WARNING: not one row of few.csv was accepted (3 rows set aside): nothing of it is scored."
        report = (tmp_path / "out" / "report.internal.txt").read_text(encoding="utf-8")
        assert "WARNING: not one row" in report[: report.index("Who needs action now")]
        assert answer(*options, code=ExitCode.PROBLEMS)["warnings"][0].startswith("WARNING: not one row")

    def test_much_set_aside_is_warned_of(self, folder: Path, tmp_path: Path) -> None:
        rows = [build.row(), build.row(record_id="r2", indicator=MARKER)]
        result = run("assess", folder, write_rows(tmp_path / "r.csv", rows), *AS_OF, "--out", tmp_path / "out")
        assert "WARNING: 1 of 2 rows of r.csv were set aside" in result.stderr

    def test_files_of_an_earlier_run_are_replaced_and_that_is_said(
        self, folder: Path, evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The default folder is not the one that `demo` fills."""
        monkeypatch.chdir(tmp_path)
        options = ("assess", folder, evidence, *AS_OF)
        assert "earlier run" not in run(*options).stdout
        assert [file.name for file in (tmp_path / "out").iterdir()] == ["assess"]
        assert "earlier run" in run(*options).stdout
        assert answer(*options)["replaced_files"] is True

    def test_both_fingerprints_stand_in_what_is_made(self, folder: Path, evidence: Path, tmp_path: Path) -> None:
        agreed = load_partnership(folder)
        told = answer("assess", folder, evidence, *AS_OF, "--out", tmp_path / "out")
        assert (told["policy_hash"], told["partnership_version"]) == (agreed.policy_hash, agreed.version)
        report = (tmp_path / "out" / "report.internal.txt").read_text(encoding="utf-8")
        assert agreed.policy_hash[:12] in report
        assert agreed.version[:12] in report

    def test_unsigned_is_refused_and_a_trial_is_watermarked(self, folder: Path, evidence: Path, tmp_path: Path) -> None:
        (folder / "signatures.toml").unlink()
        options = ("assess", folder, evidence, *AS_OF, "--out", tmp_path / "out")
        result = run(*options, code=ExitCode.NOT_SIGNED)
        assert "is not signed by: council, police, school" in result.stderr
        assert "pass --trial for" in result.stderr
        assert not (tmp_path / "out").exists()
        assert "TRIAL" in run(*options, "--trial").stdout
        assert "TRIAL" in (tmp_path / "out" / "scores.internal.csv").read_text(encoding="utf-8")
        assert "TRIAL" in (tmp_path / "out" / "report.internal.txt").read_text(encoding="utf-8")

    def test_a_condition_nobody_agreed_is_refused(self, folder: Path, evidence: Path, tmp_path: Path) -> None:
        options = ("assess", folder, evidence, *AS_OF, "--out", tmp_path / "out")
        assert MARKER not in run(*options, "--condition", MARKER, code=ExitCode.USAGE).output
        run(*options, "--condition", "no_onward")

    def test_where_it_cannot_write(self, folder: Path, evidence: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        result = run("assess", folder, evidence, *AS_OF, "--out", tmp_path / "file", code=ExitCode.NOT_WRITTEN)
        assert result.stderr.startswith("A file could not be read or written: what stands where files should go")
        assert str(tmp_path) not in result.stderr

    @pytest.mark.parametrize("where", ["file", "file/deeper/still", "nowhere"])
    def test_where_it_cannot_write_nothing_is_done(
        self, where: str, evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The place for files is looked at before anything is read: the folder given here does not even exist."""
        (tmp_path / "file").write_text("")
        (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
        monkeypatch.chdir(tmp_path)
        for command in (("assess", tmp_path / "no folder", evidence, *AS_OF), ("demo",)):
            result = run(*command, "--out", where, code=ExitCode.NOT_WRITTEN)
            assert result.stderr.startswith("A file could not be read or written: ")
            assert "Nothing was done" in result.stderr
            assert result.stdout == ""

    def test_a_place_that_can_be_made_is_not_made_before_it_is_needed(self, evidence: Path, tmp_path: Path) -> None:
        out = tmp_path / "deep" / "out"
        run("assess", tmp_path / "no folder", evidence, *AS_OF, "--out", out, code=ExitCode.PROBLEMS)
        assert not out.parent.exists()


class TestExplain:
    def test_why_in_text(self, folder: Path, evidence: Path) -> None:
        said = run("explain", folder, evidence, "S1", *AS_OF).stdout
        flat = " ".join(said.split())
        for part in ("S1 (harm to)", "S1 (harm by)", "Main reason", "where everybody starts", "ACTION", "record r3",
                     "Without one agency's information", "Not in the score (4 records)",
                     "graded E, suspected to be false",
                     "an indicator that is not agreed, School record r7: set aside when it was read (indicator:",
                     "trust 0.95, freshness 0.89, severity 1.00", "What makes the interval wide",
                     "the agreed weight of weapon carrying", 'no fresh answer to "Any weapon seen?"',
                     "Expected questions (0 of 1 answered)",
                     '"Any weapon seen?" (School): no formal answer; worth 100 %',
                     "1 record of where we looked", "before visiting, ask council duty desk"):  # fmt: skip
            assert part in flat, part
        assert flat.index("S1 (harm to)") < flat.index("S1 (harm by)")
        assert (flat.count("S1 (harm to)"), flat.count("S1 (harm by)")) == (1, 1)
        assert MARKER not in said

    def test_readings_and_answers_in_text(self, folder: Path, tmp_path: Path) -> None:
        rows = [
            build.row(scale="demo.count", value="14"),
            build.row(record_id="n", answer="nil", event_date="2026-03-30", recorded_date="2026-03-31"),
        ]
        flat = " ".join(run("explain", folder, write_rows(tmp_path / "r.csv", rows), "S1", *AS_OF).stdout.split())
        assert "reading 14 (high) on A count of yes answers = 71 on the common scale, own 'high' met" in flat
        assert "School's own 'high' is met (A count of yes answers, 1 March 2026)." in flat
        assert "nil, School, 30 March 2026, freshness 0.99" in flat

    def test_answers_alone(self, folder: Path, tmp_path: Path) -> None:
        rows = write_rows(tmp_path / "r.csv", [build.row(answer="refused")])
        flat = " ".join(run("explain", folder, rows, "S1", *AS_OF).stdout.split())
        assert "No record counts: the interval is the whole scale" in flat
        assert "(School): refused, School, 1 March 2026; worth" in flat

    def test_json_sums_to_the_score(self, folder: Path, evidence: Path) -> None:
        told = answer("explain", folder, evidence, "S1", *AS_OF)
        assert [one["lens"] for one in told["results"]] == ["harm_to", "harm_by"]
        for one in told["results"]:
            jsonschema.validate(one, schemas()["result"])
            assert sum(reason["points"] for reason in one["reasons"]) == one["score"]
        assert [row["reason"] for row in told["excluded"]] == ["suspected_false"]
        assert [(row["record_id"], row["indicator"]) for row in told["quarantined"]] == [("r7", None)]
        assert told["bars"] == []
        final = [line["share"] for line in told["trace"] if line["item"] == "log-odds"]
        assert final == [one["log_odds"] for one in told["results"]]
        assert {line["part"] for line in told["doubt"]} == {"trust", "weight", "missing answer", "base rate"}
        assert [line["answered"] for line in told["questions"]] == [False]
        assert told["n_where_we_looked"] == 1

    def test_a_drawing(self, folder: Path, evidence: Path, tmp_path: Path) -> None:
        pytest.importorskip("matplotlib.pyplot").switch_backend("Agg")
        target = tmp_path / "why.png"
        assert run("explain", folder, evidence, "S1", *AS_OF, "--plot", target, "--quiet").output == ""
        assert target.read_bytes().startswith(b"\x89PNG")
        assert stat.S_IMODE(target.stat().st_mode) == 0o600 or os.name != "posix"

    @pytest.mark.parametrize("plot", ["", "gone/why.png"], ids=["a folder", "in no folder"])
    def test_a_drawing_that_cannot_be_written_stops_before_the_work(
        self, plot: str, evidence: Path, tmp_path: Path
    ) -> None:
        options = ("explain", tmp_path / "no folder", evidence, "S1", *AS_OF, "--plot", tmp_path / plot)
        assert "Nothing was done" in run(*options, code=ExitCode.NOT_WRITTEN).stderr

    def test_an_unknown_subject_is_not_repeated(self, folder: Path, evidence: Path) -> None:
        for extra in ((), ("--json",), ("--quiet",)):
            result = run("explain", folder, evidence, MARKER, *AS_OF, *extra, code=ExitCode.UNKNOWN_SUBJECT)
            assert result.stderr.startswith("No result for that subject")
            assert result.stdout == ""
            assert MARKER not in result.output


class TestSchema:
    def test_every_schema_is_sound(self) -> None:
        told = json.loads(run("schema").stdout)
        assert told == answer("schema") == schemas()
        for one in told.values():
            jsonschema.Draft202012Validator.check_schema(one)
            assert one["$id"].startswith("urn:riskshare:")

    def test_files(self, tmp_path: Path) -> None:
        assert "result.schema.json" in run("schema", "--out", tmp_path / "s").stdout
        assert json.loads((tmp_path / "s" / "result.schema.json").read_text()) == schemas()["result"]
        assert answer("schema", "--out", tmp_path / "t")["files"]
        assert run("schema", "--quiet").output == ""

    def test_good_rows_fit_and_bad_ones_do_not(self) -> None:
        fits = jsonschema.Draft202012Validator(schemas()["evidence"]).is_valid
        assert fits(build.row())
        assert fits(build.row(source_type="", source_grade="1", info_grade="A"))
        assert fits(build.row(role="place", subject_id=None))
        assert not fits(build.row(subject_id=""))
        assert not fits(build.row(role="place"))
        assert not fits(build.row(source_grade="1", info_grade="A"))
        assert not fits(build.row(source_type=""))
        assert not fits(build.row(role="suspect"))
        assert not fits(build.row(name="x"))
        assert not fits({k: v for k, v in build.row().items() if k != "agency"})

    def test_the_example_fits(self) -> None:
        import tomllib

        from riskshare.io.examples import example_partnership

        home = example_partnership()
        for name in ("partnership", "common_scale", "signatures"):
            content = tomllib.loads((home / f"{name}.toml").read_text(encoding="utf-8"))
            plain = json.loads(json.dumps(content, default=str))
            jsonschema.validate(plain, schemas()[name])


class TestUsage:
    @pytest.mark.parametrize(
        "args",
        [
            (MARKER,), (f"--{MARKER}",), ("explain", "a", "b", "c", MARKER, *AS_OF), ("explain", f"--{MARKER}"),
            ("explain", "a", "b", MARKER, "--as-of", MARKER), ("explain", "a", "b", MARKER, "--as-of"),
            ("explain", MARKER), ("version", MARKER), ("sign", "a", "--on", MARKER), ("demo", f"--quiet={MARKER}"),
        ],
    )  # fmt: skip
    def test_what_was_mistyped_is_not_repeated(self, args: tuple[str, ...]) -> None:
        result = run(*args, code=ExitCode.USAGE)
        assert result.stderr
        assert MARKER not in result.output

    def test_a_folder_that_is_not_there(self, evidence: Path) -> None:
        result = run("assess", MARKER, evidence, *AS_OF, code=ExitCode.PROBLEMS)
        assert "the folder given: There is no such folder" in result.stderr
        assert "FOLDER is the first argument" in result.stderr
        assert MARKER not in result.output

    def test_a_mistyped_folder_is_told_which_are_here(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder.parent)
        result = run("check", MARKER, code=ExitCode.PROBLEMS)
        assert "Here, these hold a partnership.toml: agreed." in result.stderr
        monkeypatch.chdir(folder)
        result = run("check", "partnership.toml", code=ExitCode.PROBLEMS)
        assert "That is a file, not a folder." in result.stderr
        assert "No folder here holds one." in result.stderr

    def test_without_a_command_the_help_is_shown(self) -> None:
        said = run(code=ExitCode.USAGE).output
        for command in ("demo", "check", "sign", "assess", "explain", "schema", "version"):
            assert command in said

    def test_an_optional_part_that_is_missing(
        self, folder: Path, evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        plot = ("--plot", tmp_path / "why.png")
        result = run("explain", folder, evidence, "S1", *AS_OF, *plot, code=ExitCode.MISSING_EXTRA)
        assert "riskshare[maps]" in result.stderr


class TestLastResort:
    def test_a_mistake_of_ours_shows_kind_and_place_only(self, capsys: pytest.CaptureFixture[str]) -> None:
        try:
            {}[MARKER]
        except KeyError as fault:
            with pytest.raises(SystemExit) as ended:
                last_resort(KeyError, fault, fault.__traceback__)
        said = capsys.readouterr().err
        assert ended.value.code == ExitCode.INTERNAL
        assert MARKER not in said
        assert "KeyError at test_cli.py" in said

    def test_an_interruption_ends_quietly(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            last_resort(KeyboardInterrupt, KeyboardInterrupt(), None)
        assert ended.value.code == 130
        assert capsys.readouterr().err == ""


def shell(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "riskshare", *(str(arg) for arg in args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=120, encoding="utf-8")


def test_python_m_riskshare(tmp_path: Path) -> None:
    done = shell("version", cwd=tmp_path)
    assert (done.returncode, done.stdout.split()[:2], done.stderr) == (0, ["riskshare", VERSION], "")


def test_a_mistake_of_ours_ends_with_70_and_no_traceback(tmp_path: Path) -> None:
    broken = tmp_path / "sitecustomize.py"
    text = f"""
import riskshare.version
class Odd(str):
    def __format__(self, spec): raise KeyError({MARKER!r})
riskshare.version.VERSION = Odd("x")
"""
    broken.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "riskshare", "version"]
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=120, encoding="utf-8")
    assert done.returncode == ExitCode.INTERNAL
    assert "Traceback" not in done.stderr
    assert MARKER not in done.stdout + done.stderr
    assert "KeyError at sitecustomize.py" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX")
@pytest.mark.parametrize("command", ["schema", "--help", "check nowhere", "nonsense"])
def test_a_reader_who_leaves_ends_it_quietly(command: str) -> None:
    """As in ``riskshare demo | head``: no traceback, and the end that other tools make (141 in a shell)."""
    reads, writes = os.pipe()
    os.close(reads)
    streams = ("stdout", "stderr") if command in ("schema", "--help") else ("stderr", "stdout")
    with os.fdopen(writes, "wb") as nobody:
        pipes = dict(zip(streams, (nobody, subprocess.PIPE), strict=True))
        done = subprocess.run([sys.executable, "-m", "riskshare", *command.split()], check=False, timeout=120, **pipes)
    assert done.returncode == -signal.SIGPIPE
    assert not done.stdout
    assert not done.stderr


def test_commands_load_nothing_heavy_until_they_run() -> None:
    source = Path(riskshare.cli.app.__file__).read_text(encoding="utf-8")
    at_the_top = [text for text in source.splitlines() if text.startswith(("import ", "from "))]
    assert not [text for text in at_the_top if "pandas" in text or "riskshare.io" in text or "assessment" in text]


def test_main_puts_its_own_hook_in_place(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["riskshare", "version"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the tests' own process keeps its ways
    with pytest.raises(SystemExit) as ended:
        riskshare.cli.main()
    assert ended.value.code == 0
    assert sys.excepthook is last_resort
    assert VERSION in capsys.readouterr().out
