"""The folder of a long run: every file whole or not there, and a journal of what is finished."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from riskshare.errors import DiskFullError, ResumeError
from riskshare.io.alone import hold
from riskshare.io.writing import internal_name, make_folder

JOURNAL: Final = internal_name("run", ".json")
WORK: Final = internal_name("unfinished", "")
"""Everything of a run that is not finished stands in this folder beside the results to come."""
_LOCK: Final = internal_name("running", ".lock")
_OF_MEMORY: Final = (
    internal_name("scores", ".csv"), internal_name("results", ".jsonl"), internal_name("report", ".txt"),
)  # fmt: skip
"""What an assessment in memory leaves and a run of an engine does not replace."""
_DRAFT: Final = ".draft"
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL: Final = "There is no room left for what the run writes, or it may write no larger file."
FULL_HINT: Final = "Nothing that was finished is lost. Make room, then go on with resume=True."


@contextlib.contextmanager
def asking_for_room() -> Iterator[None]:
    """Turn a disk that is full into an error that says what to do.

    Raises
    ------
    DiskFullError
    """
    try:
        yield
    except OSError as fault:
        if isinstance(fault, DiskFullError) or fault.errno not in _NO_ROOM:
            raise
        raise DiskFullError(FULL, FULL_HINT) from None


def write_whole(target: Path, data: bytes | memoryview) -> dict[str, Any]:
    """Return name, size and SHA-256 of a file after writing it: on the disk and under its name at once, or not at all.

    Raises
    ------
    DiskFullError
        There is no room; no part of it is left.
    """
    draft = target.with_name(target.name + _DRAFT)
    with asking_for_room():
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _into_place(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    return {"file": target.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def write_table(target: Path, table: pa.Table, marks: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what ``write_whole`` does of a table as Parquet: the same table gives the same bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(dict(marks) if marks else None), sink)
    return write_whole(target, memoryview(sink.getvalue()))


def draft_of(target: Path) -> Path:
    """Return where a file is to be written by somebody else, who then calls ``keep``."""
    return target.with_name(target.name + _DRAFT)


def keep(target: Path) -> None:
    """Put a draft that is whole under its name, owner-only and on the disk."""
    draft = draft_of(target)
    with asking_for_room():
        draft.chmod(0o600)
        handle = os.open(draft, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        _into_place(draft, target)


def _into_place(draft: Path, target: Path) -> None:
    os.replace(draft, target)
    with contextlib.suppress(OSError):  # some systems know no handle of a folder: the file itself is on the disk
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_whole(folder: Path, told: Mapping[str, Any]) -> bool:
    """Return whether a file is what the journal says: its size and its SHA-256."""
    path = folder / str(told["file"])
    if not path.is_file() or path.stat().st_size != told["bytes"]:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == str(told["sha256"])


def alone(out: Path) -> sqlite3.Connection:
    """Return a hold on the folder of a run, made owner-only if it is not there; ``let_go`` ends it, as a crash does.

    Raises
    ------
    ResumeError
        Another run holds it.
    """
    with asking_for_room():
        lock = make_folder(out) / _LOCK
        try:
            return hold(lock, wait_s=0.0)
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY:  # some shared disks know no locks
                return sqlite3.connect(":memory:")
    what = "Another run is at work in this folder."
    raise ResumeError(what, "Wait until it has ended, or name another folder.")


def let_go(out: Path, held: sqlite3.Connection) -> None:
    """End a hold on the folder of a run."""
    if os.name == "posix":  # elsewhere an open file cannot be removed; the next to hold it finds it
        (out / _LOCK).unlink(missing_ok=True)
    held.close()


def begin(
    out: Path, settings: Mapping[str, Any], *, resume: bool, stands: Callable[[Mapping[str, Any]], bool]
) -> dict[str, Any]:
    """Return the journal of a run in ``out``: a new one, or with ``resume`` that of the run that stands there.

    Parameters
    ----------
    out : Path
        Made owner-only if it is not there.
    settings : mapping
        Everything that decides the outcome, as plain values: a run continues only under the same.
    resume : bool
        Continue what stands there; where nothing does, or only what was finished under other settings, begin.
    stands : callable
        Whether the results that a finished run's journal tells of are all there and whole; if not, begin.

    Raises
    ------
    ResumeError
        An unfinished run stands there and ``resume`` is False; or it was begun under other settings or inputs; or its
        journal cannot be read; or the folder of unfinished work is a link.
    """
    if (out / WORK).is_symlink():
        what = f"{WORK} in this folder is a link: a run would write elsewhere."
        raise ResumeError(what, "Remove the link, or name another folder.")
    with asking_for_room():
        work = make_folder(make_folder(out) / WORK)
    sweep(work)
    journal = _read(work / JOURNAL)
    if journal is None:
        done = _read(out / JOURNAL) if resume else None
        if done is not None and not _changed(done, settings) and stands(done):
            return done
        clear(work)
        make_folder(work)
        return {"settings": dict(settings), "read": [], "sorted": None, "parts": [], "finished": False}
    if not resume:
        what = "An unfinished run stands in this folder."
        hint = f"Continue it with resume=True, name another folder, or delete the folder {WORK} in it."
        raise ResumeError(what, hint)
    if changed := _changed(journal, settings):
        what = f"The run in this folder was begun under other settings: {', '.join(changed)}."
        raise ResumeError(what, "Give the same again to continue it, or name another folder to begin anew.")
    return journal


def _changed(journal: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    kept = journal["settings"]
    return sorted(name for name in {*kept, *settings} if kept.get(name) != settings.get(name))


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and {"settings", "read", "sorted", "parts", "finished"} <= set(found):
            return found
    except (ValueError, OSError):
        pass
    what = "The journal of the run in this folder cannot be read."
    raise ResumeError(what, "Name another folder, or delete this one and begin anew.")


def save(journal: Mapping[str, Any], folder: Path) -> None:
    """Write the journal: a crash leaves the old one or the new one."""
    text = json.dumps(journal, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    write_whole(folder / JOURNAL, text.encode("utf-8"))


def sweep(work: Path) -> None:
    """Remove what an interrupted run was in the middle of writing."""
    for draft in work.rglob(f"*{_DRAFT}"):
        draft.unlink()


def clear(folder: Path) -> None:
    """Remove a folder of intermediate files, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def publish(work: Path, out: Path, names: tuple[str, ...]) -> None:
    """Move finished results out of the folder of unfinished work, each in one step; what stood there is replaced.

    Called again after an interruption it moves what is left to move.
    """
    with asking_for_room():
        for name in _OF_MEMORY:  # of other evidence or another day: it must not stand beside these
            (out / name).unlink(missing_ok=True)
        for name in names:
            if not (work / name).exists():
                continue
            if (out / name).is_dir():
                os.replace(out / name, _aside(work, name))
            elif (out / name).exists() and (work / name).is_dir():
                (out / name).unlink()
            os.replace(work / name, out / name)


def _aside(work: Path, name: str) -> Path:
    """Return a free name for results that are replaced; they go with the folder of unfinished work."""
    number = 0
    while (work / f"replaced-{number}-{name}").exists():
        number += 1
    return work / f"replaced-{number}-{name}"


def make_way(out: Path) -> None:
    """Remove the parts and the journal that a finished run left where another engine is about to write its files."""
    for path in out.glob(internal_name("*", ".parquet")):
        if path.is_dir():
            clear(path)
    (out / JOURNAL).unlink(missing_ok=True)
