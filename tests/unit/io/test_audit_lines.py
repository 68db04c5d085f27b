"""The log as lines: written, checked without SQLite, spoilt, and brought back."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from audit_cases import AT, ENTRY, lines_of, log_in, rows_of, stored, tampered
from riskshare.errors import (
    AuditTrailError,
)
from riskshare.io.audit_check import entries_about, verify_log
from riskshare.io.audit_heads import read_head
from riskshare.io.audit_keys import read_keys
from riskshare.io.audit_lines import export_lines, import_lines, read_lines, verify_lines
from riskshare.io.audit_log import append, audit_log
from riskshare.sharing.chain import EMPTY_HEAD, Row, Status, verify

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


class TestLines:
    def test_they_are_the_chain_byte_for_byte(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 4, subjects=["S1"], user="jo")
        target = tmp_path / "audit.jsonl"
        assert export_lines(log, target) == 4
        rows = list(read_lines(target))
        assert target.read_bytes() == lines_of([row for row in rows if isinstance(row, Row)])
        head = read_head(log.head)
        assert head
        assert verify_lines(target, keys=log.keys, known=[head]) == verify_log(log)

    def test_they_are_checked_without_sqlite(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = log_in(tmp_path, 4)
        export_lines(log, tmp_path / "audit.jsonl")
        head = read_head(log.head)
        assert head
        monkeypatch.setattr(sqlite3, "connect", None)
        assert verify_lines(tmp_path / "audit.jsonl", keys=log.keys, known=[head]).status is Status.OK

    def test_a_head_is_needed(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1)
        with pytest.raises(AuditTrailError, match="No head of this log is known"):
            verify_lines(tmp_path / "audit.jsonl", keys=log.keys, known=[])

    @pytest.mark.parametrize(
        ("spoil", "status", "at"),
        [
            (lambda d: d[:-1], Status.TORN_TAIL, 3), (lambda d: d[:-40], Status.TORN_TAIL, 3),
            (lambda d: d + b"{", Status.TORN_TAIL, 4), (lambda d: d + b"\n", Status.ALTERED, 4),
            (lambda d: d.replace(b"police", b"school", 1), Status.ALTERED, 1),
            (lambda d: d.replace(b'"seq":2,', b'"seq":2, '), Status.ALTERED, 2),
            (lambda d: d.replace(b'"seq":2,', b'"seq":true,'), Status.ALTERED, 2),
            (lambda d: d.replace(b'"seq":2,', b'"seq":9,'), Status.BROKEN_LINK, 2),
            (lambda d: d.replace(b"\n", b"\r\n", 1), Status.ALTERED, 1), (lambda d: b"\xff" + d, Status.ALTERED, 1),
            (lambda d: b"[" * 100_000 + b"\n" + d, Status.ALTERED, 1), (lambda d: b"[]\n" + d, Status.ALTERED, 1),
            (lambda d: b"\n".join(d.split(b"\n")[1:]), Status.BROKEN_LINK, 1),
        ],
        ids=range(13),
    )  # fmt: skip
    def test_a_spoilt_file(self, tmp_path: Path, spoil: Any, status: Status, at: int) -> None:
        log = log_in(tmp_path, 3)
        target = tmp_path / "audit.jsonl"
        export_lines(log, target)
        target.write_bytes(spoil(target.read_bytes()))
        found = verify(read_lines(target), read_keys(log.keys).epochs)
        assert (found.status, found.at) == (status, at)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(AuditTrailError, match="cannot be read"):
            list(read_lines(tmp_path / "none.jsonl"))

    def test_a_damaged_log_is_not_exported_as_if_it_were_whole(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 3)
        tampered(log, "UPDATE entries SET body = 'text' WHERE seq = 2")
        target = tmp_path / "audit.jsonl"
        target.write_text("the old one")
        with pytest.raises(AuditTrailError, match="beyond entry 1"):
            export_lines(log, target)
        assert target.read_text() == "the old one"

    def test_a_log_is_brought_back_from_its_lines(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 4, subjects=["S1"])
        target = tmp_path / "audit.jsonl"
        export_lines(log, target)
        for file in (log.path, *tmp_path.glob("audit.sqlite-*")):
            file.unlink()
        assert import_lines(target, log).status is Status.OK
        assert rows_of(log) == list(read_lines(target))
        assert append(log, ENTRY, at=AT).seq == 5
        assert entries_about(log, "S1") == []
        with pytest.raises(AuditTrailError, match="has entries already"):
            import_lines(target, log)

    def test_lines_that_are_not_good_bring_nothing_back(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 4)
        target = tmp_path / "audit.jsonl"
        export_lines(log, target)
        lines = target.read_bytes().splitlines(keepends=True)
        new = audit_log(tmp_path / "new.sqlite", keys=log.keys)
        head = read_head(log.head)
        assert head
        for spoilt, status in [
            (lines[:3], Status.SHORTER), ([*lines[:2], lines[3]], Status.BROKEN_LINK),
            ([*lines, b"x\n"], Status.ALTERED), ([lines[0], lines[0]], Status.BROKEN_LINK),
        ]:  # fmt: skip
            target.write_bytes(b"".join(spoilt))
            assert import_lines(target, new, known=[head]).status is status
            assert stored(new, "SELECT * FROM entries") == []
        assert not new.head.exists()

    def test_an_empty_file_brings_back_an_empty_log(self, tmp_path: Path) -> None:
        log = log_in(tmp_path, 1)
        new = audit_log(tmp_path / "new.sqlite", keys=log.keys)
        (tmp_path / "empty.jsonl").write_bytes(b"")
        assert import_lines(tmp_path / "empty.jsonl", new).head == EMPTY_HEAD
        assert append(new, ENTRY, at=AT).seq == 1
