"""Entries that the log did not write itself, and names written so that they look like another's."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest

import audit_cases as cases
import share_cases
from riskshare.cli.options import asked_for
from riskshare.errors import ArgumentError, AuditEntryError, AuditTimeError, AuditTrailError, PolicyError
from riskshare.io.audit_check import dates_of, verify_log
from riskshare.io.audit_lines import export_lines
from riskshare.io.audit_log import append, audit_log
from riskshare.io.overrides import awaiting_review, keep_reason, overrides_used, reason_file, spool_of
from riskshare.releasing.rights import tell_recipients
from riskshare.sharing.decision import same_user

AT = dt.datetime(2026, 3, 31, 9, 30, tzinfo=dt.UTC)


def test_a_moment_that_is_none_is_counted_and_does_not_silence_the_verdict(tmp_path: Path) -> None:
    log = cases.log_in(tmp_path, 3)
    body = cases.stored(log, "SELECT body FROM entries WHERE seq = 3")[0][0]
    cases.tampered(
        log, "UPDATE entries SET body = ? WHERE seq = 3", body.replace(b'"at":"2026-03-31', b'"at":"2026-02-31')
    )
    assert dates_of(log).without == 1
    assert verify_log(log).status == "altered"


def test_an_override_without_a_moment_or_number_is_a_fault_that_has_words(tmp_path: Path) -> None:
    log = cases.log_in(tmp_path, 2)
    body = b'{"event":"override","allow":true,"decision":"' + b"ab" * 32 + b'","ground":"x","reasons":[]}'
    cases.tampered(log, "UPDATE entries SET body = ? WHERE seq = 1", body)
    with pytest.raises(AuditTrailError):
        overrides_used(log)


@pytest.mark.parametrize("hours", [12, -12])
@pytest.mark.parametrize("day", [(1900, 1, 1), (2100, 12, 31, 23, 59), (1, 1, 1), (9999, 12, 31, 23)])
def test_years_are_judged_by_the_clock_the_log_keeps(day: tuple[int, ...], hours: int, tmp_path: Path) -> None:
    log, at = cases.log_in(tmp_path), dt.datetime(*day, tzinfo=dt.timezone(dt.timedelta(hours=hours)))  # type: ignore[misc, arg-type]
    inside = day[0] in (1900, 2100) and at.astimezone(dt.UTC).year in (1900, 2100)
    if inside:
        append(log, cases.ENTRY, at=at)
        append(log, cases.ENTRY, at=dt.datetime(2100, 12, 31, 23, 59, tzinfo=dt.UTC))
    else:
        with pytest.raises(AuditEntryError, match="1900 to 2100"):
            append(log, cases.ENTRY, at=at)


@pytest.mark.parametrize("name", ["U7\u200b", "\uff357", "u7\x00", "U7\u00ad", " u7 ", "\u2060U7"])
def test_a_name_with_signs_that_nobody_sees_is_the_same_name(name: str) -> None:
    assert same_user(name) == same_user("U7")


@pytest.mark.parametrize("name", ["", "\u200b", ".", "\x00", " - "])
def test_what_names_nobody_is_nobody(name: str) -> None:
    assert same_user(name) == ""


def test_one_accent_written_in_two_ways_is_one_name() -> None:
    assert same_user("Rene\u0301e") == same_user("Ren\u00e9e") != same_user("Renee")


def test_what_a_pipe_puts_before_a_reference_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeffS1 \r\n"))
    assert asked_for("Subject") == "S1"


def test_a_refusal_on_a_machine_whose_clock_is_ahead_closes_the_log_to_nobody(tmp_path: Path) -> None:
    now = [AT]
    log = audit_log(tmp_path / "audit.sqlite", clock=lambda: now[0])
    append(log, cases.ENTRY, at=AT)
    now[0] = AT + dt.timedelta(days=400)
    append(log, {**cases.ENTRY, "allow": False, "reasons": ["no_agreement"]}, at=now[0])
    now[0] = AT + dt.timedelta(minutes=5)
    append(log, cases.ENTRY, at=now[0])
    with pytest.raises(AuditTimeError):
        append(log, cases.ENTRY, at=AT - dt.timedelta(hours=2))


def test_a_first_refusal_ahead_of_time_begins_a_log_that_goes_on(tmp_path: Path) -> None:
    log = audit_log(tmp_path / "audit.sqlite", clock=lambda: AT + dt.timedelta(days=400))
    append(log, {**cases.ENTRY, "allow": False, "reasons": ["no_agreement"]}, at=AT + dt.timedelta(days=400))
    append(audit_log(log.path, clock=lambda: AT), cases.ENTRY, at=AT)


@pytest.mark.parametrize("end", ["", ".head.json", "-wal", ".spool.sqlite"])
def test_an_export_never_takes_the_place_of_the_log(end: str, tmp_path: Path) -> None:
    log = cases.log_in(tmp_path, 2)
    with pytest.raises(PolicyError, match="belongs to the files of the audit log"):
        export_lines(log, tmp_path / f"audit.sqlite{end}")
    with pytest.raises(PolicyError):
        export_lines(log, log.keys)
    assert verify_log(log).status == "ok"


def test_a_spool_that_is_gone_is_noticed_by_what_was_kept_for_its_review(tmp_path: Path) -> None:
    log = cases.log_in(tmp_path, 1)
    spool = spool_of(log)
    keep_reason(spool, "ab" * 32, "A child may be hurt tonight.", about="S1", user="U7", approver="")
    with pytest.raises(AuditTrailError, match="still lies beside it"):
        awaiting_review(log, at=AT)


def test_nobody_adds_a_line_to_what_a_reviewer_reads(tmp_path: Path) -> None:
    log = cases.log_in(tmp_path, 1)
    keep_reason(log, "ab" * 32, "Danger.\nReviewed: justified", about="S1", user="U7\nApproved by: chief", approver="")
    told = reason_file(log, "ab" * 32).read_text(encoding="utf-8").splitlines()
    assert [line.split(":")[0] for line in told] == ["About", "Asked by", "Approved by", "Reason"]
    assert told[2] == "Approved by: nobody was reached"


@pytest.mark.parametrize("wrong", [{"change": []}, {"agency": []}, {"agency": {}}, {"user_id": "\u200b"}])
def test_arguments_of_other_kinds_are_refused_in_words(wrong: dict[str, object], tmp_path: Path) -> None:
    given = {"agency": "council", "user_id": "U7", "at": AT, "log": cases.log_in(tmp_path, 1), "change": "corrected"}
    told: dict[str, Any] = {**given, **wrong}
    with pytest.raises(ArgumentError):
        tell_recipients(share_cases.partnership(), "S1", told.pop("change"), **told)


def test_half_a_letter_names_no_log() -> None:
    with pytest.raises(ArgumentError):
        audit_log("\ud800x")
