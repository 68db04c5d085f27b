"""The database under the audit log: SQLite in WAL mode, set to lose nothing that was reported as written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from riskshare.errors import AuditTrailError, AuditWriteError
from riskshare.io.in_place import OWNER_ONLY
from riskshare.sharing.chain import Row, Status

_WAIT_S: Final = 60.0
"""How long to wait for other writers, each of which needs a few thousandths of a second."""
_SETTINGS: Final = ("synchronous=FULL", "fullfsync=ON", "secure_delete=ON")
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, prev BLOB NOT NULL, body BLOB NOT NULL, "
    "tag BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS salts (place BLOB PRIMARY KEY, salt BLOB NOT NULL) WITHOUT ROWID",
)


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database to write, made owner-only if it is not there.

    Raises
    ------
    AuditWriteError
        Whatever the disk or SQLite says while it is held: one error, without a value or a path.
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
        with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as db:
            if db.execute("PRAGMA journal_mode=WAL").fetchone() != ("wal",):
                raise OSError(0, "this file system cannot hold it")
            for setting in _SETTINGS:
                db.execute(f"PRAGMA {setting}")
            yield db
    except (sqlite3.Error, OSError) as fault:
        reason = getattr(fault, "strerror", None) or getattr(fault, "sqlite_errorname", None) or "no reason given"
        what = f"The audit log could not be written ({reason})."
        raise AuditWriteError(what, "Disclose nothing until it can be: check disk, permissions and paths.") from None


@contextmanager
def kept_open(path: Path) -> Iterator[None]:
    """Keep a database open over many entries, so that SQLite does not put its write-ahead file away after each.

    Every entry is synchronised as it is without: four of seven waits for the disk are those of making and clearing away
    that file. Nothing is held locked. Where the database cannot be opened nothing is kept, and the first entry says so.
    """
    with ExitStack() as held:
        if path.exists():
            with suppress(sqlite3.Error):
                db = held.enter_context(closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)))
                db.execute("SELECT 1 FROM sqlite_master").fetchall()  # until it is read, nothing is open
        yield


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database that nothing is written to, as it stands at one moment.

    Raises
    ------
    AuditTrailError
        It cannot be read.
    """
    place = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(place, uri=True, timeout=_WAIT_S, isolation_level=None)) as db:
            db.execute("BEGIN")
            yield db
    except (sqlite3.Error, OSError):
        what = "The audit log cannot be read."
        raise AuditTrailError(what, "Check that it is one, and the permissions of the file and its folder.") from None


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Hold the only right to write, from before the head is read until the entry is on the disk."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def must_exist(path: Path) -> None:
    """Refuse a path where no log lies.

    Raises
    ------
    AuditTrailError
        Nothing is there: reading must never make a new, empty log.
    """
    if not path.exists():
        what = "There is no audit log there."
        raise AuditTrailError(what, "Check the path; if it is right, the log was removed.")


def make_tables(db: sqlite3.Connection) -> None:
    """Make the two tables if they are not there: entries, and apart from them the salts, which may be deleted."""
    for table in _TABLES:
        db.execute(table)


def insert(db: sqlite3.Connection, row: Row) -> None:
    """Put in one entry."""
    db.execute("INSERT INTO entries (seq, prev, body, tag) VALUES (?, ?, ?, ?)", row)


def last_row(db: sqlite3.Connection) -> Row | Status | None:
    """Return the last entry, None if there is none."""
    found = db.execute("SELECT seq, prev, body, tag FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return None if found is None else _row(found)


def stored_rows(db: sqlite3.Connection) -> Iterator[Row | Status]:
    """Return the entries from the first on, for ``verify``: what is no entry is told in its place."""
    try:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone() is None:
            return  # made a moment ago, or somebody took the table away: the head knows which
        for found in db.execute("SELECT seq, prev, body, tag FROM entries ORDER BY seq"):
            yield _row(found)
    except sqlite3.Error:
        yield Status.TORN_TAIL


def _row(found: tuple[Any, ...]) -> Row | Status:
    seq, *parts = found
    return Row(seq, *parts) if isinstance(seq, int) and all(type(p) is bytes for p in parts) else Status.ALTERED
