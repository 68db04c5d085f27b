"""An override that awaits its review: it keeps a person findable, and its days are those of the machine's clock."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import audit_cases
import share_cases as cases
import sharing_small
from riskshare.cli.app import app
from riskshare.errors import AuditTrailError, PolicyError
from riskshare.io.audit_check import entries_about
from riskshare.io.audit_log import AuditLog, audit_log
from riskshare.io.overrides import (
    ReviewFirstError,
    awaiting_review,
    erase_everywhere,
    keep_reason,
    overrides_used,
    reason_file,
    review_override,
    spool_of,
)
from riskshare.sharing.shared import Shared


def emergency(folder: Path, **options: Any) -> Shared:
    told = {"override": sharing_small.override(), "relationships": []}
    return cases.to_practitioner(cases.result(), folder, **{**told, **options})


class TestErasure:
    def test_it_waits_for_the_review_that_holds_the_persons_reference(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        before = cases.entries(tmp_path)
        with pytest.raises(ReviewFirstError) as refused:
            erase_everywhere(log, "S1", at=cases.AT)
        assert refused.value.references == (shared.decision[:16],)
        assert shared.decision[:16] in str(refused.value)
        assert "S1" not in str(refused.value)
        assert cases.entries(tmp_path) == before
        assert erase_everywhere(log, "S", at=cases.AT) is False  # another subject, whose reference begins alike
        review_override(log, shared.decision, finding="justified", reviewer="U30", at=cases.AT)
        assert erase_everywhere(log, "S1", at=cases.AT) is True
        assert entries_about(log, "S1") == []
        assert not list(tmp_path.glob("*.reason-*"))

    def test_also_for_one_in_the_spool(self, tmp_path: Path) -> None:
        log, other = audit_cases.log_in(tmp_path, 3), tmp_path / "other"
        other.mkdir()
        log.head.write_bytes(audit_cases.log_in(other, 5).head.read_bytes())
        shared = emergency(tmp_path)
        for file in (log.path, log.head, log.keys):
            file.unlink()
        assert spool_of(log).path.exists()
        with pytest.raises(ReviewFirstError, match=shared.decision[:16]):
            erase_everywhere(log, "S1", at=cases.AT)

    def test_the_command_names_the_override_and_not_the_person(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        ask = ["audit", "erase", str(log.path), "--at", "2026-04-01T12:00:00Z"]
        run = CliRunner().invoke(app, ask, input="S1\n")
        assert run.exit_code == 2
        assert shared.decision[:16] in run.stderr
        assert "no entry leads" not in run.stdout
        assert "S1" not in run.stderr

    def test_what_a_crash_or_a_full_disk_left_behind_is_deleted_with_the_rest(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        review_override(log, shared.decision, finding="justified", reviewer="U30", at=cases.AT)
        for reference, about in ((shared.decision, "S1"), ("ab" * 32, "S1"), ("cd" * 32, "S2")):
            keep_reason(log, reference, "because", about=about, user="U7", approver="")
        erase_everywhere(log, "S1", at=cases.AT)
        assert list(tmp_path.glob("*.reason-*")) == [reason_file(log, "cd" * 32)]

    def test_a_file_that_cannot_be_read_may_be_about_anybody(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        paper = reason_file(log, shared.decision)
        paper.unlink()
        paper.mkdir()  # unreadable for everybody, also for an administrator
        with pytest.raises(AuditTrailError, match="cannot be read"):
            erase_everywhere(log, "S1", at=cases.AT)


class TestDatedAhead:
    """The machine says 31 March; somebody typed 10 April."""

    @pytest.fixture
    def log(self, tmp_path: Path) -> AuditLog:
        return audit_log(tmp_path / "audit.sqlite", clock=lambda: cases.AT)

    def ahead(self, log: AuditLog) -> Shared:
        return emergency(log.path.parent, log=log, at=cases.later(days=10))

    def test_page_and_list_say_one_day(self, log: AuditLog) -> None:
        shared = self.ahead(log)
        assert overrides_used(log)[0].due == dt.date(2026, 4, 7)
        assert "Review due by 2026-04-07." in shared.notes
        run = CliRunner().invoke(app, ["audit", "overrides", str(log.path), "--at", "2026-04-01T09:00:00Z"])
        said = " ".join(run.stdout.split())
        assert "2026-04-10 12:00 UTC, by the machine's clock 2026-03-31 12:00 UTC" in said
        assert "due 2026-04-07" in said

    def test_a_review_at_the_true_moment_is_taken_and_closes_it(self, log: AuditLog) -> None:
        shared = self.ahead(log)
        review_override(log, shared.decision, finding="not_justified", reviewer="U30", at=cases.later(hours=1))
        assert awaiting_review(log, at=cases.later(days=30)) == (0, 0)
        (used,) = overrides_used(log)
        assert (used.finding, used.reviewed) == ("not_justified", cases.later(hours=1))

    def test_but_not_one_before_it_was_noted(self, log: AuditLog) -> None:
        shared = self.ahead(log)
        with pytest.raises(PolicyError, match="used later"):
            review_override(log, shared.decision, finding="justified", reviewer="U30", at=cases.later(minutes=-1))

    def test_the_list_as_json_holds_both_moments(self, log: AuditLog) -> None:
        self.ahead(log)
        ask = ["audit", "overrides", str(log.path), "--at", "2026-04-01T09:00:00Z", "--json"]
        (one,) = json.loads(CliRunner().invoke(app, ask).stdout)["waiting"]
        assert (one["at"], one["seen"]) == ("2026-04-10T12:00:00+00:00", "2026-03-31T12:00:00+00:00")


def test_it_is_said_that_the_log_proves_who_was_named_and_no_more(tmp_path: Path) -> None:
    shared, log = emergency(tmp_path), cases.log_in(tmp_path)
    assert any("as they were named" in note for note in shared.notes)
    at = ("--at", "2026-04-01T09:00:00Z")
    found = (shared.decision[:16], "--finding", "justified", "--reviewer", "U30")
    for ask in (["overrides", str(log.path), *at], ["review", str(log.path), *found, *at]):
        run = CliRunner().invoke(app, ["audit", *ask])
        assert run.exit_code == 0, run.stderr
        assert "proves who was named, not who it was" in " ".join(run.stdout.split())
