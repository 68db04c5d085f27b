"""What is left of an emergency override for its reviewer, for whoever it was about, and for whoever doubts it later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import audit_cases
import share_cases as cases
import sharing_small
import small
from riskshare.cli.app import app
from riskshare.errors import ArgumentError, PolicyError
from riskshare.io.audit_check import entries_about
from riskshare.io.audit_log import append
from riskshare.io.overrides import (
    awaiting_review,
    erase_everywhere,
    is_reason,
    overrides_used,
    reason_file,
    review_override,
    spool_of,
)
from riskshare.releasing.rights import subject_statement, tell_recipients
from riskshare.sharing.shared import Shared


def emergency(folder: Path, **options: Any) -> Shared:
    told = {"override": sharing_small.override(), "relationships": []}
    return cases.to_practitioner(cases.result(), folder, **{**told, **options})


@pytest.fixture
def spooled(tmp_path: Path) -> Path:
    """Return a folder whose log was broken while an emergency view of S1 was given, and then mended as a new log."""
    log = audit_cases.log_in(tmp_path, 3)
    other = tmp_path / "other"
    other.mkdir()
    log.head.write_bytes(audit_cases.log_in(other, 5).head.read_bytes())
    emergency(tmp_path)
    for file in (log.path, log.head, log.keys):
        file.unlink()
    assert spool_of(log).path.exists()
    return tmp_path


class TestReason:
    def test_the_reason_kept_on_paper_can_be_proved_after_the_review(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        review_override(log, shared.decision, finding="justified", reviewer="U30", at=cases.AT)
        assert is_reason(log, shared.decision[:16], f"  {sharing_small.LONG_REASON.upper()}\n")  # case and blanks apart
        assert not is_reason(log, shared.decision, sharing_small.LONG_REASON.replace("missing", "present"))
        assert sharing_small.LONG_REASON not in json.dumps(cases.entries(tmp_path))

    def test_equal_reasons_of_two_overrides_do_not_look_equal(self, tmp_path: Path) -> None:
        for _ in range(2):
            emergency(tmp_path)
        first, second = (one["note"] for one in cases.entries(tmp_path) if one["event"] == "override")
        assert first != second

    def test_one_of_the_spool_too(self, spooled: Path) -> None:
        log = cases.log_in(spooled)
        (used,) = overrides_used(log)
        assert is_reason(log, used.reference, sharing_small.LONG_REASON)

    def test_what_cannot_be_asked(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match=r"reference.*text"):
            is_reason(cases.log_in(tmp_path), "ab", 3)  # type: ignore[arg-type]
        with pytest.raises(PolicyError, match="0 overrides"):
            is_reason(cases.log_in(tmp_path), "0" * 16, "because")

    def test_the_command_reads_the_paper_from_a_file(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        paper = tmp_path / "paper.txt"
        for text, code in ((sharing_small.LONG_REASON, 0), ("Something else was typed.", 1)):
            paper.write_text(text)
            run = CliRunner().invoke(app, ["audit", "reason", str(log.path), shared.decision[:16], str(paper)])
            assert run.exit_code == code, run.stderr
            assert text not in run.stdout + run.stderr


class TestReviewer:
    def test_the_reviewer_is_told_whom_it_was_about_and_what_was_given(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        paper = reason_file(log, shared.decision)
        told = paper.read_text()
        assert "About: S1\n" in told
        assert "Asked by: U7\n" in told
        assert "Approved by: U9\n" in told
        assert told.endswith(f"Reason: {sharing_small.LONG_REASON}\n")
        assert paper.stat().st_mode & 0o777 == 0o600
        (used,) = overrides_used(log)
        assert set(used.fields) == {"identity", "band", "act_now", "spoc"}
        assert used.rows == sum(len(table) for table in shared.tables.values())
        assert used.expires == shared.expires
        run = CliRunner().invoke(app, ["audit", "overrides", str(log.path), "--at", "2026-04-01T09:00:00Z"])
        said = " ".join(run.stdout.split())
        assert f"given act_now, band, identity, spoc in {used.rows} lines until 2026-04-01 12:00 UTC" in said
        assert "S1" not in said

    @pytest.mark.parametrize(
        "bare",
        [
            {},  # nobody, nothing found
            {"reasons": ["justified"]},  # nobody
            {"reasons": ["fine"], "user": "U30"},
            {"reasons": ["justified"], "user": "U7"},  # who used it
            {"reasons": ["justified"], "user": "U30", "at": cases.later(hours=-1)},  # before it was used
        ],
    )
    def test_an_entry_that_is_no_whole_review_closes_nothing(self, bare: dict[str, Any], tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        entry = {"event": "review", "decision": shared.decision, "reasons": bare.get("reasons", [])}
        append(log, entry, at=bare.get("at", cases.AT), user=bare.get("user"))
        assert awaiting_review(log, at=cases.AT) == (1, 0)

    def test_a_review_written_before_its_override_closes_nothing(self, tmp_path: Path) -> None:
        log = cases.log_in(tmp_path)
        both = {"decision": "ab" * 32}
        append(log, {**both, "event": "review", "reasons": ["justified"]}, at=cases.AT, user="U30")
        used = {**both, "event": "override", "allow": True, "ground": "legal_duty", "reasons": []}
        append(log, used, at=cases.AT, user="U7")
        assert awaiting_review(log, at=cases.AT) == (1, 0)

    def test_reports_do_not_read_as_if_the_override_were_about_whoever_they_are_about(self, tmp_path: Path) -> None:
        emergency(tmp_path)
        shared = cases.to_practitioner(cases.result(), tmp_path)
        (said,) = [note for note in shared.notes if "await review" in note]
        assert said == (
            "In the whole log, about whomever, so many emergency overrides await review: 1. This says nothing about "
            "anybody here."
        )


class TestWhoeverItWasAbout:
    def test_what_stands_in_the_spool_is_in_the_persons_statement(self, spooled: Path) -> None:
        told: dict[str, Any] = {"at": cases.AT, "agency": "council", "user_id": "U9", "log": cases.log_in(spooled)}
        made = subject_statement(small.evidence_of(cases.rows()), cases.partnership(), "S1", **told)
        assert made.shared["agency"].tolist() == ["Council"]
        assert "band" in made.shared["fields"][0]

    def test_and_corrections_reach_whoever_was_given_it(self, spooled: Path) -> None:
        told: dict[str, Any] = {"at": cases.AT, "agency": "council", "user_id": "U9", "log": cases.log_in(spooled)}
        (used,) = overrides_used(cases.log_in(spooled))
        (notice,) = tell_recipients(cases.partnership(), "S1", "corrected", **told)
        assert (notice.agency, notice.role, notice.decisions) == ("council", "social_worker", (used.reference,))

    def test_and_an_erasure_reaches_it_too(self, spooled: Path) -> None:
        log = cases.log_in(spooled)
        (used,) = overrides_used(log)
        review_override(log, used.reference, finding="justified", reviewer="U30", at=cases.AT)
        assert erase_everywhere(log, "S1", at=cases.AT)
        assert entries_about(spool_of(log), "S1") == []
        assert not erase_everywhere(log, "S1", at=cases.AT)
