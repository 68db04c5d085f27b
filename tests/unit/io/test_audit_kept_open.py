"""Many entries over one opening: no less is on the disk after each, and nothing is left lying when it is done."""

from __future__ import annotations

import shutil
from pathlib import Path

from audit_cases import AT, ENTRY, log_in, rows_of
from riskshare.io.audit_check import entries_about, verify_log
from riskshare.io.audit_heads import read_head
from riskshare.io.audit_log import append, audit_log, erase
from riskshare.io.audit_store import kept_open


def test_each_entry_is_in_the_files_when_append_returns(tmp_path: Path) -> None:
    log = log_in(tmp_path, 1)
    with kept_open(log.path):
        for number in range(2, 8):
            head = append(log, ENTRY, at=AT)
            crash = tmp_path / str(number)  # what a crash now would leave; the -shm file is no part of it
            crash.mkdir()
            for file in tmp_path.glob("audit.sqlite*"):
                if not file.name.endswith("-shm"):
                    shutil.copy(file, crash / file.name)
            left = audit_log(crash / "audit.sqlite")
            assert verify_log(left).head == head == read_head(left.head)
            assert len(rows_of(left)) == number


def test_the_write_ahead_file_stays_between_entries_and_goes_at_the_end(tmp_path: Path) -> None:
    log, beside = log_in(tmp_path, 1), tmp_path / "audit.sqlite-wal"
    assert not beside.exists()
    with kept_open(log.path):
        append(log, ENTRY, at=AT)
        first = beside.stat().st_ino
        append(log, ENTRY, at=AT)
        assert beside.stat().st_ino == first
    assert not beside.exists()
    assert verify_log(log).head.seq == 3


def test_a_subject_is_erased_all_the_same(tmp_path: Path) -> None:
    log = log_in(tmp_path, 2, subjects=["S1"])
    with kept_open(log.path):
        assert erase(log, "S1", at=AT)
        assert entries_about(log, "S1") == []
    assert verify_log(log).status == "ok"


def test_what_cannot_be_opened_is_not_kept_and_not_made(tmp_path: Path) -> None:
    with kept_open(tmp_path / "none.sqlite"):
        assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder.sqlite").mkdir()
    with kept_open(tmp_path / "folder.sqlite"):
        pass
    junk = tmp_path / "junk.sqlite"
    junk.write_bytes(b"not a database, but long enough to be looked at " * 40)
    with kept_open(junk):
        pass
    assert junk.read_bytes().startswith(b"not a database")
