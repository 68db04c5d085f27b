"""Reading an audit log back: is it what was written, and what does it say of one subject. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from riskshare.errors import AuditTrailError
from riskshare.io.audit_heads import read_head
from riskshare.io.audit_keys import read_keys, salt_place
from riskshare.io.audit_log import AuditLog
from riskshare.io.audit_store import must_exist, reading, stored_rows
from riskshare.sharing.chain import Head, Row, Verdict, commitment, verify

_SQLITE: Final = b"SQLite format 3\x00"
"""What every SQLite database begins with (https://www.sqlite.org/fileformat.html, section 1.3)."""


def verify_log(log: AuditLog, *, known: Iterable[Head] = ()) -> Verdict:
    """Return whether a log is what was written, against its own head and heads known elsewhere. Changes nothing.

    Parameters
    ----------
    log : AuditLog
    known : iterable of Head
        Heads kept elsewhere, such as ``known_heads(file)``. Where there are some, the log's own may be missing.

    Raises
    ------
    AuditTrailError
        There is neither a head of its own nor one known elsewhere, so that a cut could not be seen; it is no audit log;
        or a file cannot be read.
    AuditKeyError
        The keys cannot be used.
    """
    own = read_head(log.head)  # before the entries: a log may be ahead of its head, never behind
    heads = [*known, *([own] if own is not None else [])]
    if not heads:
        must_exist(log.path)
        _must_be_database(log.path)
        what = "No head of this log is known, so nobody could see that its end was cut off."
        raise AuditTrailError(what, "Put back its head file, or give the heads that another agency countersigned.")
    if not log.path.exists():
        return verify((), (), heads)
    with reading(log.path) as db:
        return verify(stored_rows(db), read_keys(log.keys).epochs, heads)


def _must_be_database(path: Path) -> None:
    """Refuse a file that no log can be in; an empty one is a log without entries."""
    try:
        with path.open("rb") as file:
            first = file.read(len(_SQLITE))
    except OSError:
        what = "The audit log cannot be read."
        raise AuditTrailError(what, "Check that it is one, and the permissions of the file and its folder.") from None
    if first not in (b"", _SQLITE):
        what = "That file is no audit log."
        raise AuditTrailError(what, "Check the path: a log is a SQLite database, or its lines under a name in .jsonl.")


def entries_about(log: AuditLog, subject_id: str) -> list[dict[str, Any]]:
    """Return the entries about one subject, oldest first; none if it was erased. For the subject's own statement.

    Raises
    ------
    AuditTrailError
        The log cannot be read.
    AuditKeyError
        The keys cannot be used.
    """
    must_exist(log.path)
    keys = read_keys(log.keys)
    with reading(log.path) as db:
        kept = db.execute("SELECT salt FROM salts WHERE place = ?", (salt_place(keys, subject_id),)).fetchone()
        if kept is None:
            return []
        rows = [row for row in stored_rows(db) if isinstance(row, Row)]
    bodies = (json.loads(row.body) for row in rows)
    return [body for body in bodies if commitment(kept[0], body["seq"], subject_id) in body.get("subjects", ())]
