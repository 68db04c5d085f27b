"""The audit log on disk: what is kept, what is refused, and what it takes to make an entry go away."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from audit_cases import AT, ENTRY, MARK, REFUSAL, everything_in, log_in, rows_of, stored
from riskshare.errors import (
    ArgumentError,
    AuditEntryError,
    AuditError,
    AuditTrailError,
    AuditWriteError,
)
from riskshare.io.audit_check import entries_about, verify_log
from riskshare.io.audit_heads import read_head
from riskshare.io.audit_lines import export_lines
from riskshare.io.audit_log import append, audit_log, erase
from riskshare.sharing.chain import Head, Status

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


class TestWriting:
    def test_an_entry_is_on_the_disk_with_its_head_when_append_returns(self, tmp_path: Path) -> None:
        log = audit_log(tmp_path / "audit.sqlite", clock=lambda: AT + dt.timedelta(hours=9))
        first, second = append(log, ENTRY, at=AT), append(log, REFUSAL, at=AT + dt.timedelta(seconds=1))
        assert (first.seq, second.seq, second.count, second.time) == (1, 2, 2, "2026-03-31T09:30:01.000000Z")
        assert read_head(log.head) == second
        assert verify_log(log).head == second
        rows = stored(log, "SELECT body FROM entries")
        clock = {"latest": first.time, "written": "2026-03-31T18:30:00.000000Z"}
        assert json.loads(rows[1][0]) == {**REFUSAL, **clock, "at": second.time, "epoch": 1, "seq": 2}

    @posix
    def test_every_file_is_its_owners_alone(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            log = log_in(tmp_path, 2)
            export_lines(log, tmp_path / "audit.jsonl")
        finally:
            os.umask(before)
        found = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        assert {"audit.sqlite", "audit.sqlite.keys.json", "audit.sqlite.head.json", "audit.jsonl"} <= set(found)
        assert set(found.values()) == {0o600}

    def test_nothing_of_a_person_is_stored_anywhere(self, tmp_path: Path) -> None:
        log = log_in(tmp_path)
        for number in range(20):
            append(log, ENTRY, at=AT, subjects=[f"{MARK}-{number % 3}", f"{MARK}-other"], user=f"{MARK}.jo")
        export_lines(log, tmp_path / "audit.jsonl")
        assert MARK.encode() not in everything_in(tmp_path)

    def test_a_user_has_one_pseudonym_and_a_subject_another_commitment_in_every_entry(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 2, subjects=["S1", "S2", "S1"], user="jo")
        append(log, ENTRY, at=AT, subjects=["S1"], user="al", approver="jo")
        bodies = [json.loads(row.body) for row in rows_of(log)]
        assert bodies[0]["user"] == bodies[1]["user"] == bodies[2]["approver"] != bodies[2]["user"]
        assert [len(body["subjects"]) for body in bodies] == [2, 2, 1]
        assert len({one for body in bodies for one in body["subjects"]}) == 5
        assert [body["seq"] for body in entries_about(log, "S1")] == [1, 2, 3]
        assert [body["seq"] for body in entries_about(log, "S2")] == [1, 2]
        assert entries_about(log, "S3") == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"log": "audit.sqlite"}, {"entry": [("event", "erasure")]}, {"subjects": "S1"}, {"subjects": [3]},
            {"subjects": None}, {"user": 3},
            {"approver": 3},
        ],
    )  # fmt: skip
    def test_arguments_of_another_kind_are_refused(self, tmp_path: Path, wrong: dict[str, Any]) -> None:
        given = {"log": log_in(tmp_path), "entry": ENTRY, **wrong}
        options = {name: value for name, value in given.items() if name not in ("log", "entry")}
        with pytest.raises(ArgumentError, match=f"{next(iter(wrong))} must be"):
            append(given["log"], given["entry"], at=AT, **options)
        assert list(tmp_path.iterdir()) == []

    def test_what_may_not_be_logged_leaves_nothing_behind(self, tmp_path: Path) -> None:
        log = log_in(tmp_path)
        for entry, at in [({**ENTRY, "name": MARK}, AT), (ENTRY, AT.replace(tzinfo=None))]:
            with pytest.raises(AuditEntryError):
                append(log, entry, at=at)
        assert list(tmp_path.iterdir()) == []

    def test_places_of_a_log(self, tmp_path: Path) -> None:
        apart = audit_log(tmp_path / "a.sqlite", keys=tmp_path / "k.json", head=tmp_path / "elsewhere.json")
        append(apart, ENTRY, at=AT)
        assert {file.name for file in tmp_path.iterdir()} >= {"a.sqlite", "k.json", "elsewhere.json"}
        with pytest.raises(ArgumentError, match=r"path must be a path.* head must be a path"):
            audit_log(3, head=4)  # type: ignore[arg-type]


class TestNoLogNoDisclosure:
    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(AuditWriteError, match=r"No such file|unable"):
            append(audit_log(tmp_path / "none" / MARK), ENTRY, at=AT)

    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        log = log_in(tmp_path)
        log.path.write_text(f"{MARK} " * 300)
        with pytest.raises(AuditWriteError) as caught:
            append(log, ENTRY, at=AT)
        assert MARK not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_a_head_that_cannot_be_written(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1)
        blocked = audit_log(log.path, head=tmp_path / "no" / "head.json")
        shutil.copy(log.head, tmp_path / "head.json")
        with pytest.raises(AuditTrailError, match="head file of the audit log is missing"):
            append(blocked, ENTRY, at=AT)
        fresh = audit_log(tmp_path / "fresh.sqlite", head=tmp_path / "no" / "head.json")
        with pytest.raises(AuditWriteError, match="Disclose nothing"):
            append(fresh, ENTRY, at=AT)

    def test_a_head_that_fails_after_the_entry_tells_and_heals(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = log_in(tmp_path, 1)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("riskshare.io.audit_log.write_head", full)
            with pytest.raises(AuditWriteError, match="No space left on device"):
                append(log, ENTRY, at=AT)
        assert verify_log(log).head.seq == 2  # an entry without its disclosure, never the other way round
        assert append(log, ENTRY, at=AT).seq == 3
        assert read_head(log.head) == verify_log(log).head

    @pytest.mark.parametrize("call", range(1, 9))
    def test_whichever_write_of_the_first_entries_fails_nothing_is_acknowledged(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
    ) -> None:
        """A fault at every synchronisation of a small file in turn; afterwards the log goes on, whole."""
        log, seen, synchronise = log_in(tmp_path), [0], os.fsync

        def failing(handle: int) -> None:
            seen[0] += 1
            if seen[0] == call:
                raise OSError(5, "Input/output error")
            synchronise(handle)

        acknowledged: list[Head] = []
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", failing)
            for _ in range(3):
                try:
                    acknowledged.append(append(log, ENTRY, at=AT))
                except AuditError:
                    break
        assert len(acknowledged) < 3 or seen[0] < call
        append(log, ENTRY, at=AT)
        assert verify_log(log, known=acknowledged).status is Status.OK

    def test_another_writer_that_does_not_make_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = log_in(tmp_path, 1)
        monkeypatch.setattr("riskshare.io.audit_store._WAIT_S", 0.01)
        other = sqlite3.connect(log.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(AuditWriteError, match=r"SQLITE_BUSY|locked|no reason"):
            append(log, ENTRY, at=AT)
        other.execute("ROLLBACK")
        other.close()
        assert append(log, ENTRY, at=AT).seq == 2

    def test_a_file_system_without_wal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        connect = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda *_, **options: connect(":memory:", **options))
        with pytest.raises(AuditWriteError, match="file system cannot hold it"):
            append(log_in(tmp_path), ENTRY, at=AT)


class TestErasing:
    def test_the_subject_cannot_be_found_again_and_the_chain_holds(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 2, subjects=["S1", "S2"])
        keep = read_head(log.head)
        assert keep
        assert erase(log, "S1", at=AT) is True
        assert erase(log, "S1", at=AT) is False
        assert entries_about(log, "S1") == []
        assert [body["seq"] for body in entries_about(log, "S2")] == [1, 2]
        assert verify_log(log, known=[keep]).status is Status.OK
        noted = [json.loads(row.body) for row in rows_of(log)][2:]
        assert [(body["event"], body["rows"]) for body in noted] == [("erasure", 1), ("erasure", 0)]

    def test_the_salt_is_in_no_file_any_more(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1, subjects=["S1"])
        ((salt,),) = stored(log, "SELECT salt FROM salts")
        assert salt in everything_in(tmp_path)
        erase(log, "S1", at=AT)
        assert salt not in everything_in(tmp_path)

    def test_a_subject_that_comes_back_is_another(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1, subjects=["S1"])
        erase(log, "S1", at=AT)
        append(log, ENTRY, at=AT, subjects=["S1"])
        assert [body["seq"] for body in entries_about(log, "S1")] == [3]

    def test_a_reader_in_the_way_is_told_of(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = log_in(tmp_path, 1, subjects=["S1"])
        reader = sqlite3.connect(log.path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entries").fetchall()
        monkeypatch.setattr("riskshare.io.audit_store._WAIT_S", 0.01)
        with pytest.raises(AuditWriteError, match="a reader of the log keeps an old copy"):
            erase(log, "S1", at=AT)
        reader.close()
        assert erase(log, "S1", at=AT) is False
        assert verify_log(log).status is Status.OK

    def test_the_id_must_be_text(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match="subject_id must be text"):
            erase(log_in(tmp_path, 1), 3, at=AT)  # type: ignore[arg-type]
