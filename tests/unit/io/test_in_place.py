"""A file takes another's place whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from riskshare.io.in_place import OWNER_ONLY, in_place


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "head.json"
    target.write_text("old")
    with in_place(target, mode=OWNER_ONLY) as draft:
        draft.write(b"ne")
        assert target.read_text() == "old"
        draft.write(b"w")
    assert target.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["head.json"]


@pytest.mark.parametrize("fault", [OSError(28, "full"), KeyboardInterrupt()])
def test_a_fault_leaves_the_old_file_alone(tmp_path: Path, fault: BaseException) -> None:
    target = tmp_path / "head.json"
    target.write_text("old")

    def interrupted() -> None:
        with in_place(target, mode=OWNER_ONLY) as draft:
            draft.write(b"half")
            raise fault

    with pytest.raises(type(fault)):
        interrupted()
    assert target.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["head.json"]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_a_link_or_a_file_laid_out_in_the_drafts_place_is_not_written_to(tmp_path: Path) -> None:
    target, other = tmp_path / "keys.json", tmp_path / "other"
    other.write_text("somebody else's")
    trap = tmp_path / f".keys.json.{os.getpid()}-{threading.get_ident()}.new"
    trap.symlink_to(other)
    with in_place(target, mode=OWNER_ONLY) as draft:
        draft.write(b"secret")
    trap.write_text("open to all")
    trap.chmod(0o666)
    with in_place(target, mode=OWNER_ONLY) as draft:
        draft.write(b"secret")
    assert other.read_text() == "somebody else's"
    assert stat.S_IMODE(target.stat().st_mode) == OWNER_ONLY


def test_two_writers_do_not_write_into_one_draft(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"

    def other() -> None:
        with in_place(target, mode=OWNER_ONLY) as draft:
            draft.write(b"two\n" * 3)

    with in_place(target, mode=OWNER_ONLY) as draft:
        draft.write(b"one\n")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert target.read_bytes() == b"two\n" * 3
        draft.write(b"one\n")
    assert target.read_bytes() == b"one\n" * 2


def test_it_works_where_a_folder_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_DIRECTORY", raising=False)
    with in_place(tmp_path / "head.json", mode=OWNER_ONLY) as draft:
        draft.write(b"new")
    assert (tmp_path / "head.json").read_bytes() == b"new"
