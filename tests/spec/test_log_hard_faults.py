"""Small ways in which a log, or what stands beside it, could be misled or brought down."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import audit_cases
import share_cases as cases
from riskshare.cli.app import app
from riskshare.errors import ArgumentError, AuditTrailError, PolicyError
from riskshare.io.audit_check import entries_about, verify_log
from riskshare.io.audit_heads import known_heads, read_head, write_head
from riskshare.io.audit_log import append, erase
from riskshare.io.exports import write
from riskshare.io.overrides import review_override
from riskshare.records.days import as_day
from riskshare.sharing.chain import EMPTY_HEAD, Status

ROOT = Path(__file__).parents[2]
HALF = "S\ud800"
"""Half a character: no file and no hash takes it."""


class TestHeadOfNothing:
    def test_beside_a_log_with_entries_it_is_taken_for_no_head(self, tmp_path: Path) -> None:
        """It needs no key to write: with the end cut off as well, nobody would see the cut."""
        log = audit_cases.log_in(tmp_path, 3)
        good = tmp_path / "known.jsonl"
        good.write_bytes(log.head.read_bytes())
        write_head(log.head, EMPTY_HEAD)
        for call in (lambda: verify_log(log), lambda: append(log, audit_cases.ENTRY, at=audit_cases.AT)):
            with pytest.raises(AuditTrailError):
                call()
        assert len(audit_cases.rows_of(log)) == 3
        assert known_heads(good)[0].seq == 3

    def test_after_a_crash_within_the_first_entry_the_log_goes_on(self, tmp_path: Path) -> None:
        log = audit_cases.log_in(tmp_path, 1)
        write_head(log.head, EMPTY_HEAD)
        assert verify_log(log).status is Status.OK
        assert append(log, audit_cases.ENTRY, at=audit_cases.AT).seq == 2
        head = read_head(log.head)
        assert head
        assert head.seq == 2

    def test_two_writers_that_have_not_come_to_the_head_do_not_shut_out_a_third(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = audit_cases.log_in(tmp_path)
        with monkeypatch.context() as patched:
            patched.setattr("riskshare.io.audit_log.publish", lambda *_: None)
            for _ in range(2):
                append(log, audit_cases.ENTRY, at=audit_cases.AT)
        assert append(log, audit_cases.ENTRY, at=audit_cases.AT).seq == 3


@pytest.mark.parametrize("call", [
    lambda log: append(log, audit_cases.ENTRY, at=audit_cases.AT, subjects=[HALF]),
    lambda log: append(log, audit_cases.ENTRY, at=audit_cases.AT, user=HALF),
    lambda log: append(log, audit_cases.ENTRY, at=audit_cases.AT, relationship=HALF),
    lambda log: erase(log, HALF, at=audit_cases.AT),
    lambda log: entries_about(log, HALF),
    lambda log: review_override(log, "ab" * 32, finding="justified", reviewer=HALF, at=audit_cases.AT),
    lambda log: review_override(log, f"{'ab' * 32}{HALF}", finding="justified", reviewer="U1", at=audit_cases.AT),
    lambda log: cases.given(cases.result(), log.path.parent, subject=HALF, audience="practitioner"),
    lambda log: cases.given(cases.result(), log.path.parent, user_id=HALF),
    lambda log: cases.given(cases.result(), log.path.parent, approver=HALF),
    lambda log: cases.given(cases.result(), log.path.parent, purpose=HALF),
    lambda log: cases.given(cases.result(), log.path.parent, recipient=f"council:{HALF}"),
])  # fmt: skip
def test_half_a_character_is_no_text(call: Callable[[Any], object], tmp_path: Path) -> None:
    log = audit_cases.log_in(tmp_path, 1)
    with pytest.raises(ArgumentError) as refused:
        call(log)
    assert HALF not in str(refused.value)
    assert len(audit_cases.rows_of(log)) == 1


@pytest.mark.parametrize("day", ["1899-12-31", "2101-01-01", "9999-12-31", dt.date.max, dt.date.min])
def test_days_from_which_no_sum_stays_in_the_calendar_are_refused(day: Any) -> None:
    with pytest.raises(PolicyError, match="before 1900 or after 2100"):
        as_day(day)


def test_the_same_numbers_on_another_grid_are_another_place(tmp_path: Path) -> None:
    shared = cases.to_partners(cases.spots(), tmp_path)
    cells: Any = shared.tables["cells"]
    cells.set_crs(3857, allow_override=True, inplace=True)
    with pytest.raises(PolicyError, match="changed after sharing"):
        write(shared, tmp_path / "x.gpkg")


def run(*args: object, **options: Any) -> Any:
    return CliRunner().invoke(app, [str(one) for one in args], **options)


class TestCommands:
    def test_an_export_takes_no_files_place_unasked(self, tmp_path: Path) -> None:
        log, target = audit_cases.log_in(tmp_path, 2), tmp_path / "audit.jsonl"
        target.write_text("the minutes")
        told = run("audit", "export", log.path, target)
        assert (told.exit_code, target.read_text()) == (2, "the minutes")
        assert "--force" in told.stderr
        assert run("audit", "export", log.path, target, "--force").exit_code == 0
        assert len(target.read_bytes().splitlines()) == 2

    def test_nor_do_the_citizens_pages(self, tmp_path: Path) -> None:
        ask = ("transparency", ROOT / "thresholds", "--at", "2026-03-31T12:00:00+01:00", "--out", tmp_path)
        (tmp_path / "how-we-share.html").write_text("ours")
        assert run(*ask).exit_code == 2
        assert [one.name for one in tmp_path.iterdir()] == ["how-we-share.html"]
        assert (tmp_path / "how-we-share.html").read_text() == "ours"
        assert run(*ask, "--force").exit_code == 0
        assert (tmp_path / "how-we-share.html").read_text() != "ours"

    def test_without_a_terminal_the_pseudonym_is_a_line_or_a_sentence_says_so(self, tmp_path: Path) -> None:
        log = audit_cases.log_in(tmp_path, 1, subjects=["S-0042"])
        ask = [sys.executable, "-m", "riskshare", "audit", "erase", str(log.path), "--at", "2026-05-01T12:00:00Z"]
        told = subprocess.run(ask, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert told.returncode == 2
        assert "Traceback" not in told.stderr
        assert "GetPassWarning" not in told.stderr
        assert "no terminal" in " ".join(told.stderr.split())
        done = subprocess.run([*ask, "--json"], input="S-0042\n", capture_output=True, text=True, check=False)
        assert (done.returncode, json.loads(done.stdout)) == (0, {"erased": True})
