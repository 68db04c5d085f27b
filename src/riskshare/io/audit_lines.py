"""The audit log as lines of JSON: the same chain for reading, sending and checking without SQLite.

One entry a line, in one spelling only: whatever changes a byte of the file changes an entry, or is no entry.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, cast

from riskshare.errors import AuditTrailError, PolicyError
from riskshare.io.audit_heads import read_head
from riskshare.io.audit_keys import read_keys
from riskshare.io.audit_log import AuditLog, is_of_log, publish
from riskshare.io.audit_store import (
    insert,
    last_row,
    make_tables,
    must_exist,
    reading,
    stored_rows,
    transaction,
    writing,
)
from riskshare.io.in_place import OWNER_ONLY, in_place
from riskshare.sharing.chain import Head, Row, Status, Verdict, verify

_LONGEST: Final = 64 * 2**20
"""Bytes of a line: more than a million subjects in one entry."""


def export_lines(log: AuditLog, target: str | os.PathLike[str]) -> int:
    """Return how many entries were written as lines, owner-only, the file in one step.

    Parameters
    ----------
    log : AuditLog
    target : path
        One object a line, with ``body`` (the entry, as it was sealed), ``prev``, ``seq`` and ``tag``. The salts stay
        where they are: the file names no subject, and never will.

    Raises
    ------
    AuditTrailError
        There is no log, or it cannot be read to its end.
    PolicyError
        The target is the log, or one of the files that lie beside it under its name.
    OSError
        The file could not be written.
    """
    must_exist(log.path)
    if is_of_log(log, target):
        message = "export_lines(): that name belongs to the files of the audit log. Write under another name."
        raise PolicyError(message)
    count = 0
    with reading(log.path) as db, in_place(Path(target), mode=OWNER_ONLY) as file:
        for row in stored_rows(db):
            if isinstance(row, Status):
                what = f"The audit log cannot be read beyond entry {count}."
                raise AuditTrailError(what, "Run `riskshare audit verify`, and keep the file as it is.")
            file.write(_line(row))
            count += 1
    return count


def read_lines(source: str | os.PathLike[str]) -> Iterator[Row | Status]:
    """Return the entries of a file of lines, for ``verify``: what is no entry is told in its place.

    Raises
    ------
    AuditTrailError
        The file cannot be opened or read.
    """
    try:
        with Path(source).open("rb") as file:
            while line := file.readline(_LONGEST):
                yield _row(line)
    except OSError:
        what = "The file of log entries cannot be read."
        raise AuditTrailError(what, "Check the path and its permissions.") from None


def verify_lines(source: str | os.PathLike[str], *, keys: str | os.PathLike[str], known: Iterable[Head]) -> Verdict:
    """Return whether a file of lines is what was written, against heads known elsewhere. SQLite is not needed.

    Parameters
    ----------
    source, keys : path
        The lines, and the log's key file.
    known : iterable of Head
        At least one: without, nobody could see that the end was cut off.

    Raises
    ------
    AuditTrailError
        No head is known, or a file cannot be read.
    AuditKeyError
        The keys cannot be used.
    """
    heads = list(known)
    if not heads:
        what = "No head of this log is known, so nobody could see that its end was cut off."
        raise AuditTrailError(what, "Give the log's head file, or the heads that another agency countersigned.")
    return verify(read_lines(source), read_keys(Path(keys)).epochs, heads)


def import_lines(source: str | os.PathLike[str], log: AuditLog, *, known: Iterable[Head] = ()) -> Verdict:
    """Return the verdict on a file of lines, which becomes a new log if it is good; otherwise nothing is kept.

    The log's key file must be in its place. If its head file is too, the lines must reach up to it. The salts are not
    in the lines: entries brought back this way are about nobody in particular for good.

    Raises
    ------
    AuditError
        The log has entries already, its keys cannot be used, a file cannot be read, or the disk refused.
    """
    own = read_head(log.head)
    heads = [*known, *([own] if own is not None else [])]
    keys = read_keys(log.keys)
    with writing(log.path) as db:
        with transaction(db):
            make_tables(db)
            if last_row(db) is not None:
                what = "That log has entries already."
                raise AuditTrailError(what, "Give the path of a new one.")
            verdict = verify(_taken(db, read_lines(source)), keys.epochs, heads)
            if verdict.status is not Status.OK:
                db.execute("DELETE FROM entries")
        if verdict.status is Status.OK and verdict.head.seq:
            publish(log, db, verdict.head)
    return verdict


def _taken(db: sqlite3.Connection, rows: Iterable[Row | Status]) -> Iterator[Row | Status]:
    for row in rows:
        yield row
        insert(db, cast("Row", row))  # verify has asked for the next one, so this one is good


def _line(row: Row) -> bytes:
    plain = {"body": row.body.decode("utf-8"), "prev": row.prev.hex(), "seq": row.seq, "tag": row.tag.hex()}
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def _row(line: bytes) -> Row | Status:
    if not line.endswith(b"\n"):
        return Status.TORN_TAIL
    try:
        plain = json.loads(line)
        parts = (bytes.fromhex(plain["prev"]), plain["body"].encode("utf-8"), bytes.fromhex(plain["tag"]))
        row = Row(plain["seq"], *parts)
        return row if type(row.seq) is int and _line(row) == line else Status.ALTERED
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return Status.ALTERED
