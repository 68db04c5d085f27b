"""What somebody did to a log behind its back, and what is found of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from audit_cases import AT, ENTRY, REFUSAL, log_in, rows_of, tampered
from riskshare.errors import (
    AuditTrailError,
)
from riskshare.io.audit_check import entries_about, verify_log
from riskshare.io.audit_heads import read_head, write_head
from riskshare.io.audit_lines import export_lines
from riskshare.io.audit_log import append, audit_log, begin_epoch, erase
from riskshare.sharing.chain import EMPTY_HEAD, Head, Status

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


class TestTampering:
    def test_an_altered_entry(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 5)
        tampered(log, "UPDATE entries SET body = replace(body, 'police', 'school') WHERE seq = 3")
        assert verify_log(log).status is Status.ALTERED  # the type changed too: from bytes to text
        log = log_in(tmp_path / "other" if (tmp_path / "other").mkdir() is None else tmp_path, 5)
        body = rows_of(log)[2].body.replace(b"police", b"school")
        tampered(log, "UPDATE entries SET body = ? WHERE seq = 3", body)
        found = verify_log(log)
        assert (found.status, found.at) == (Status.ALTERED, 3)

    def test_a_removed_entry(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 5)
        tampered(log, "DELETE FROM entries WHERE seq = 2")
        found = verify_log(log)
        assert (found.status, found.at) == (Status.BROKEN_LINK, 2)

    def test_a_removed_and_renumbered_entry(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 5)
        tampered(log, "DELETE FROM entries WHERE seq = 2")
        tampered(log, "UPDATE entries SET seq = -seq + 1 WHERE seq > 2")
        tampered(log, "UPDATE entries SET seq = -seq WHERE seq < 0")
        found = verify_log(log)
        assert (found.status, found.at) == (Status.BROKEN_LINK, 2)

    @pytest.mark.parametrize("kept", range(5))
    def test_a_cut_end_stops_the_next_entry_and_verify_tells_where(self, tmp_path: Path, kept: int) -> None:
        log = log_in(tmp_path, 5)
        tampered(log, "DELETE FROM entries WHERE seq > ?", kept)
        found = verify_log(log)
        assert (found.status, found.at) == (Status.SHORTER, kept + 1)
        with pytest.raises(AuditTrailError, match="head"):
            append(log, ENTRY, at=AT)

    def test_a_cut_end_with_its_head_put_back_is_seen_by_the_witness_alone(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 3)
        early = read_head(log.head)
        append(log, ENTRY, at=AT)
        witness = read_head(log.head)
        assert early
        assert witness
        tampered(log, "DELETE FROM entries WHERE seq = 4")
        write_head(log.head, early)
        assert verify_log(log).status is Status.OK
        assert verify_log(log, known=[witness]).status is Status.SHORTER

    def test_a_log_that_is_gone(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 3)
        for file in tmp_path.glob("audit.sqlite*"):
            if not file.name.endswith(".json"):
                file.unlink()
        found = verify_log(log)
        assert (found.status, found.at) == (Status.SHORTER, 1)
        with pytest.raises(AuditTrailError, match="empty, and its head speaks of 3 entries"):
            append(log, ENTRY, at=AT)
        assert read_head(log.head) is not None

    @pytest.mark.parametrize("statement", ["DROP TABLE entries", "DELETE FROM entries"])
    def test_a_log_that_was_emptied(self, tmp_path: Path, statement: str) -> None:
        log = log_in(tmp_path, 3)
        tampered(log, statement)
        assert verify_log(log).status is Status.SHORTER
        with pytest.raises(AuditTrailError):
            append(log, ENTRY, at=AT)

    def test_another_log_under_the_same_keys_in_its_place(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 3)
        other = audit_log(tmp_path / "other.sqlite", keys=log.keys)
        for _ in range(5):
            append(other, REFUSAL, at=AT)
        os.replace(other.path, log.path)
        found = verify_log(log)
        assert (found.status, found.at) == (Status.REWRITTEN, 3)
        with pytest.raises(AuditTrailError, match="rewritten"):
            append(log, ENTRY, at=AT)

    def test_a_head_that_is_missing_or_spoilt(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 2)
        good = log.head.read_bytes()
        log.head.unlink()
        for call in (lambda: append(log, ENTRY, at=AT), lambda: verify_log(log)):
            with pytest.raises(AuditTrailError, match="head"):
                call()
        content = json.loads(good)
        assert verify_log(log, known=[Head(2, 2, bytes.fromhex(content["tag"]), content["time"])]).status is Status.OK
        spoilt = [
            "", "[]", "{", "[" * 100_000, *(json.dumps({**content, name: value}) for name, value in [
                ("seq", "2"), ("seq", True), ("seq", -1), ("count", 3), ("tag", "00"), ("tag", "zz"), ("time", "now"),
                ("time", ""), ("letters", "AAAA-AAAA-AAAA-AAAA"),
            ]),
        ]  # fmt: skip
        for text in spoilt:
            log.head.write_text(text)
            with pytest.raises(AuditTrailError, match="cannot be read, or holds none"):
                append(log, ENTRY, at=AT)
        log.head.write_bytes(good)
        assert append(log, ENTRY, at=AT).seq == 3

    def test_a_last_entry_that_was_altered_is_not_built_upon(self, tmp_path: Path) -> None:
        for number, spoilt in enumerate((bytes(32), "text", b"")):
            folder = tmp_path / str(number)
            folder.mkdir()
            log = log_in(folder, 3)
            tampered(log, "UPDATE entries SET tag = ? WHERE seq = 3", spoilt)
            with pytest.raises(AuditTrailError, match="altered"):
                append(log, ENTRY, at=AT)

    def test_a_head_behind_the_log_is_looked_for_in_it(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1)
        early = read_head(log.head)
        assert early
        for _ in range(4):
            append(log, ENTRY, at=AT)
        write_head(log.head, early)
        assert append(log, ENTRY, at=AT).seq == 6
        write_head(log.head, Head(1, 1, b"x" * 32, early.time))
        with pytest.raises(AuditTrailError, match="rewritten"):
            append(log, ENTRY, at=AT)

    @pytest.mark.parametrize("share", [0.5, 0.9])
    def test_a_database_cut_off_is_torn_or_shorter_and_never_good(self, tmp_path: Path, share: float) -> None:
        log = log_in(tmp_path, 60)
        data = log.path.read_bytes()
        log.path.write_bytes(data[: int(len(data) * share)])
        found = verify_log(log)
        assert found.status in (Status.TORN_TAIL, Status.SHORTER)
        assert found.at is not None

    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 2)
        log.path.write_bytes(b"not a database, but long enough to be looked at " * 40)
        assert verify_log(log).status is Status.SHORTER
        write_head(log.head, EMPTY_HEAD)
        assert verify_log(log).status is Status.TORN_TAIL

    def test_a_folder_in_its_place(self, tmp_path: Path) -> None:
        log = log_in(tmp_path)
        log.path.mkdir()
        write_head(log.head, EMPTY_HEAD)
        with pytest.raises(AuditTrailError, match="cannot be read"):
            verify_log(log)

    def test_looking_changes_nothing(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 3)
        before = [file.read_bytes() for file in (log.path, log.keys, log.head)]
        verify_log(log)
        entries_about(log, "S1")
        assert [file.read_bytes() for file in (log.path, log.keys, log.head)] == before

    @pytest.mark.parametrize("call", [
        lambda log: verify_log(log), lambda log: entries_about(log, "S1"), lambda log: erase(log, "S1", at=AT),
        lambda log: begin_epoch(log, at=AT), lambda log: export_lines(log, log.path.with_suffix(".jsonl")),
    ])  # fmt: skip
    def test_only_an_entry_makes_a_log(self, tmp_path: Path, call: Any) -> None:
        with pytest.raises(AuditTrailError, match="no audit log there"):
            call(log_in(tmp_path))
        assert list(tmp_path.iterdir()) == []
