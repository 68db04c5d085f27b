"""The audit log in the field's terms: what a partnership can rely on, one case after another."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from riskshare.errors import AuditEntryError, AuditError
from riskshare.io.audit_check import entries_about, verify_log
from riskshare.io.audit_heads import countersign, known_heads, read_head, write_head
from riskshare.io.audit_log import AuditLog, append, audit_log, erase
from riskshare.sharing.chain import Head, Status

MONDAY = dt.datetime(2026, 3, 30, 9, 30, tzinfo=dt.UTC)
POLICY = "5f" * 32


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    """Three days of a log: an answer to the school, a refusal to housing, an emergency view for social care."""
    log = audit_log(tmp_path / "audit.sqlite")
    school = {
        "event": "disclosure", "allow": True, "agency": "school", "role": "lead", "purpose": "safeguarding",
        "fields": ["band", "subject_id"], "rows": 1, "reasons": [], "policy": POLICY,
    }  # fmt: skip
    housing = {
        "event": "disclosure", "allow": False, "agency": "housing", "purpose": "allocation",
        "reasons": ["unknown_purpose"], "policy": POLICY,
    }  # fmt: skip
    care = {
        "event": "override", "allow": True, "agency": "social_care", "ground": "serious_harm_child",
        "decision": "0a" * 32, "reasons": ["override"], "policy": POLICY,
    }  # fmt: skip
    append(log, school, at=MONDAY, subjects=["S-0042"], user="dsl.3")
    append(log, housing, at=MONDAY + dt.timedelta(days=1), subjects=["S-0042"], user="officer.9")
    append(log, care, at=MONDAY + dt.timedelta(days=2), subjects=["S-0042", "S-0043"], user="worker.1")
    return log


def test_a_refusal_is_logged_like_an_answer(log: AuditLog) -> None:
    said = [(one["agency"], one["allow"], one["reasons"]) for one in entries_about(log, "S-0042")]
    assert said == [("school", True, []), ("housing", False, ["unknown_purpose"]), ("social_care", True, ["override"])]


def test_a_subject_can_be_told_with_whom_and_when_and_nobody_elses(log: AuditLog) -> None:
    (one,) = entries_about(log, "S-0043")
    assert (one["agency"], one["at"]) == ("social_care", "2026-04-01T09:30:00.000000Z")
    assert "S-0042" not in json.dumps(one)


def test_no_log_no_disclosure(tmp_path: Path) -> None:
    """The bytes are made after the entry; where the entry fails, they are not made."""
    given = []

    def disclose(place: Path) -> None:
        entry = {"event": "disclosure", "allow": True, "reasons": []}
        append(audit_log(place), entry, at=MONDAY, subjects=["S-0042"])
        given.append(place)

    with pytest.raises(AuditError, match="Disclose nothing"):
        disclose(tmp_path / "a folder that is not there" / "audit.sqlite")
    assert given == []
    disclose(tmp_path / "audit.sqlite")
    assert len(given) == 1


def test_a_name_cannot_be_put_in(log: AuditLog) -> None:
    entry = {"event": "disclosure", "allow": False, "reasons": [], "agency": "Jane Doe, 14 High Street"}
    with pytest.raises(AuditEntryError) as caught:
        append(log, entry, at=MONDAY)
    assert "Jane" not in str(caught.value)
    assert verify_log(log).head.seq == 3


def test_an_entry_made_friendlier_afterwards_is_found(log: AuditLog) -> None:
    with closing(sqlite3.connect(log.path)) as db:
        (body,) = db.execute("SELECT body FROM entries WHERE seq = 2").fetchone()
        db.execute("UPDATE entries SET body = ? WHERE seq = 2", (body.replace(b"false", b"true"),))
        db.commit()
    found = verify_log(log)
    assert (found.status, found.at) == (Status.ALTERED, 2)


def test_the_emergency_view_cannot_be_made_to_have_never_happened(log: AuditLog, tmp_path: Path) -> None:
    """Cut it off, and put back Tuesday's head: only the agency that countersigned Wednesday's head sees it."""
    wednesday = read_head(log.head)
    assert wednesday
    theirs = {"known": tmp_path / "their" / "known.jsonl", "keys": tmp_path / "their" / "keys.json"}
    (tmp_path / "their").mkdir()
    countersign(wednesday, agency="council", role="single_point_of_contact", on=dt.date(2026, 4, 2), **theirs)
    tuesday = _cut_to(log, 2)
    write_head(log.head, tuesday)
    assert verify_log(log).status is Status.OK
    found = verify_log(log, known=known_heads(theirs["known"]))
    assert (found.status, found.at) == (Status.SHORTER, 3)


def _cut_to(log: AuditLog, kept: int) -> Head:
    with closing(sqlite3.connect(log.path)) as db:
        db.execute("DELETE FROM entries WHERE seq > ?", (kept,))
        db.commit()
    return verify_log(log).head  # the last good entry


def test_an_erased_person_is_nowhere_and_the_log_still_holds(log: AuditLog) -> None:
    before = read_head(log.head)
    assert before
    assert erase(log, "S-0042", at=MONDAY + dt.timedelta(days=9))
    assert entries_about(log, "S-0042") == []
    assert len(entries_about(log, "S-0043")) == 1
    assert verify_log(log, known=[before]).status is Status.OK
