"""What the log keeps of a file: enough to know it again with the keys, nothing to try names against without them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import audit_cases
import share_cases as cases
import sharing_small
from riskshare.cli.app import app
from riskshare.errors import ArgumentError, AuditError, AuditTimeError
from riskshare.io.audit_files import files_logged
from riskshare.io.audit_log import append
from riskshare.io.exports import write
from riskshare.io.overrides import spool_of
from riskshare.sharing.shared import Shared


def emergency(folder: Path, **options: Any) -> Shared:
    told = {"override": sharing_small.override(), "relationships": []}
    return cases.to_practitioner(cases.result(), folder, **{**told, **options})


class TestTheMark:
    def test_no_hash_of_the_file_is_in_the_log(self, tmp_path: Path) -> None:
        """A page about one person can be made for every reference, and hashed, by whoever has an export."""
        page = write(emergency(tmp_path), tmp_path / "out.html")
        assert hashlib.sha256(page.read_bytes()).hexdigest() not in json.dumps(cases.entries(tmp_path))

    def test_one_file_under_two_releases_does_not_look_the_same(self, tmp_path: Path) -> None:
        first, second = (emergency(tmp_path) for _ in range(2))
        log = cases.log_in(tmp_path)
        for shared in (first, second):
            write(shared, tmp_path / "x.csv", table="scores")
        one, other = (entry["output"] for entry in cases.entries(tmp_path) if "output" in entry)
        assert one != other
        assert [entry.decision for entry in files_logged(log, tmp_path / "x.csv")] == [second.decision]

    def test_the_command_says_for_which_decision_a_file_was_logged(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        page = write(shared, tmp_path / "out.html")
        run = CliRunner().invoke(app, ["audit", "file", str(log.path), str(page)])
        assert run.exit_code == 0, run.stderr
        said = " ".join(run.stdout.split())
        assert shared.decision[:16] in said
        assert "social_worker at council" in said
        page.write_bytes(page.read_bytes() + b" ")
        run = CliRunner().invoke(app, ["audit", "file", str(log.path), str(page), "--json"])
        assert (run.exit_code, json.loads(run.stdout)) == (1, {"logged": []})

    def test_a_file_of_an_older_version_is_known_by_its_plain_hash(self, tmp_path: Path) -> None:
        log, page = audit_cases.log_in(tmp_path), tmp_path / "old.html"
        page.write_text("old")
        append(log, {**audit_cases.ENTRY, "output": hashlib.sha256(b"old").hexdigest()}, at=audit_cases.AT)
        assert [one.decision for one in files_logged(log, page)] == [audit_cases.ENTRY["decision"]]

    def test_a_log_that_is_not_there_does_not_read_as_not_logged(self, tmp_path: Path) -> None:
        page = tmp_path / "x.html"
        page.write_text("x")
        with pytest.raises(AuditError):
            files_logged(cases.log_in(tmp_path), page)
        with pytest.raises(ArgumentError, match=r"log must.*\n?.*path must"):
            files_logged(3, 4)  # type: ignore[arg-type]


class TestAnEmergencyBehindTheClock:
    def test_its_file_is_written_at_the_moment_it_was_given(self, tmp_path: Path) -> None:
        """The view is in the log as given: a clock must not keep the page from whoever needs it."""
        log = cases.log_in(tmp_path)
        append(log, audit_cases.ENTRY, at=cases.later(hours=1, minutes=30))
        page = write(emergency(tmp_path), tmp_path / "out.html")
        assert page.exists()
        assert [one.spooled for one in files_logged(log, page)] == [False]
        assert cases.entries(tmp_path)[-1]["ground"] == sharing_small.override().ground

    def test_from_the_spool_too(self, tmp_path: Path) -> None:
        log, other = audit_cases.log_in(tmp_path, 3), tmp_path / "other"
        other.mkdir()
        log.head.write_bytes(audit_cases.log_in(other, 5).head.read_bytes())
        append(spool_of(log), audit_cases.ENTRY, at=cases.later(hours=3))
        page = write(emergency(tmp_path), tmp_path / "out.html")
        assert [one.spooled for one in files_logged(log, page)] == [True]

    def test_any_other_file_still_waits_for_the_right_moment(self, tmp_path: Path) -> None:
        shared, log = cases.to_practitioner(cases.result(), tmp_path), cases.log_in(tmp_path)
        append(log, audit_cases.ENTRY, at=cases.later(hours=1, minutes=30))
        with pytest.raises(AuditTimeError):
            write(shared, tmp_path / "x.json")
        assert not (tmp_path / "x.json").exists()

    def test_share_and_its_page_at_the_command_line(self, tmp_path: Path) -> None:
        log = cases.log_in(tmp_path)
        append(log, audit_cases.ENTRY, at=sharing_small.AT.replace(month=4, day=30))
        root, out = Path(__file__).parents[2], tmp_path / "out" / "em.html"
        out.parent.mkdir()
        run = CliRunner().invoke(app, [
            "share", str(root / "thresholds"), str(root / "sample_data" / "evidence.csv"), "--as-of", "2026-03-31",
            "--subjects", str(root / "sample_data" / "subjects.csv"), "--log", str(log.path),
            "--at", "2026-04-01T10:30:00+01:00", "--to", "childrens_north:social_worker", "--audience", "practitioner",
            "--purpose", "safeguarding", "--subject", "S-2856", "--user", "U17", "--emergency", "risk_to_life",
            "--reason", "Child missing tonight, may be with this person.", "--approver", "U9", "--out", str(out),
        ])  # fmt: skip
        assert run.exit_code == 0, run.stderr
        assert out.exists()
