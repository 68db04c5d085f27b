"""Files of a run are whole or not there; a folder says what may be done with what stands in it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from riskshare.errors import DiskFullError, ResumeError
from riskshare.io import run_folder

SETTINGS = {"as_of": "2026-03-31", "block_rows": 5}


def test_a_file_is_told_by_its_bytes(tmp_path: Path) -> None:
    told = run_folder.write_whole(tmp_path / "a", b"abc")
    assert told == {
        "file": "a", "bytes": 3, "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }  # fmt: skip
    assert run_folder.is_whole(tmp_path, told)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    for damaged in (b"abd", b"ab"):
        (tmp_path / "a").write_bytes(damaged)
        assert not run_folder.is_whole(tmp_path, told)
    (tmp_path / "a").unlink()
    assert not run_folder.is_whole(tmp_path, told)


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    first = run_folder.write_table(tmp_path / "a", table, {"as_of": "2026-03-31"})
    again = run_folder.write_table(tmp_path / "b", table.slice(0), {"as_of": "2026-03-31"})
    assert first["sha256"] == again["sha256"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_told_and_the_old_file_stands(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_folder.write_whole(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(number, "no room")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="Nothing that was finished is lost"):
        run_folder.write_whole(tmp_path / "a", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_another_fault_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_folder.write_whole(tmp_path / "nowhere" / "a", b"new")


def begin(out: Path, settings: dict[str, Any], *, resume: bool) -> dict[str, Any]:
    """Begin where all results that are told of stand."""
    return run_folder.begin(out, settings, resume=resume, stands=lambda _: True)


def test_what_may_be_done_in_a_folder(tmp_path: Path) -> None:
    out, work = tmp_path / "out", tmp_path / "out" / run_folder.WORK
    new: dict[str, Any] = {"settings": SETTINGS, "read": [], "sorted": None, "parts": [], "finished": False}
    for resume in (False, True):
        assert begin(out, SETTINGS, resume=resume) == new
    (work / "left.parquet").write_bytes(b"of a run that never got to its journal")
    assert begin(out, SETTINGS, resume=True) == new
    assert list(work.iterdir()) == []
    journal = {**new, "sorted": {"rows": 3}}
    run_folder.save(journal, work)
    (work / "half.draft").write_bytes(b"h")
    assert begin(out, SETTINGS, resume=True) == journal
    assert [path.name for path in work.iterdir()] == [run_folder.JOURNAL]
    with pytest.raises(ResumeError, match=r"unfinished\.internal"):
        begin(out, SETTINGS, resume=False)
    with pytest.raises(ResumeError, match="other settings: as_of, engine"):
        begin(out, {**SETTINGS, "as_of": "2026-04-01", "engine": "x"}, resume=True)
    run_folder.publish(work, out, (run_folder.JOURNAL,))
    run_folder.clear(work)
    assert begin(out, SETTINGS, resume=True) == journal
    assert begin(out, {**SETTINGS, "as_of": "2026-04-01"}, resume=True)["sorted"] is None
    assert run_folder.begin(out, SETTINGS, resume=True, stands=lambda _: False) == new
    assert begin(out, SETTINGS, resume=False) == new


def test_results_replace_files_and_folders_alike_and_go_on_after_an_interruption(tmp_path: Path) -> None:
    out, work = tmp_path, tmp_path / run_folder.WORK
    for name in ("a", "b", "c"):
        (work / name).mkdir(parents=True)
        (work / name / "new").touch()
    (out / "a").mkdir()
    (out / "a" / "old").touch()
    (out / "b").write_bytes(b"old")
    run_folder.publish(work, out, ("a",))
    run_folder.publish(work, out, ("a", "b", "c"))
    for name in ("a", "b", "c"):
        assert [path.name for path in (out / name).iterdir()] == ["new"]
    (out / "x.internal.parquet").mkdir()
    run_folder.make_way(out)
    assert not (out / "x.internal.parquet").exists()
    assert (out / "a").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"settings": {}}', "\ud800"])
def test_a_journal_that_cannot_be_read_is_told_of(text: str, tmp_path: Path) -> None:
    work = tmp_path / run_folder.WORK
    work.mkdir()
    (work / run_folder.JOURNAL).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ResumeError, match="cannot be read"):
        begin(tmp_path, SETTINGS, resume=True)
