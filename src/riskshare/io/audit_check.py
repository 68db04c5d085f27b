"""Reading an audit log back: is it what was written, and what does it say of one subject. Changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from riskshare.errors import AuditTrailError
from riskshare.io.audit_heads import read_head
from riskshare.io.audit_keys import read_keys, salt_place
from riskshare.io.audit_log import AuditLog
from riskshare.io.audit_store import must_exist, reading, stored_rows
from riskshare.records.arguments import is_text, require
from riskshare.sharing.chain import Head, Row, Status, Verdict, commitment, verify

APART: Final = dt.timedelta(hours=24)
"""Proposal: a moment that differs more than this from the machine's clock was not typed when it happened."""
_MOMENT: Final = rb'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)"'
_AT, _WRITTEN = re.compile(rb'"at":' + _MOMENT), re.compile(rb'"written":' + _MOMENT)
"""Entries have one spelling, and no value holds a quotation mark."""
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
    if own is not None and not own.seq and _entries(log) > 1:
        what = "The head beside this log says that it has no entries, and it has: somebody put that head there."
        raise AuditTrailError(what, "Put back its own, or one that another agency countersigned.")
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


@dataclass(frozen=True, slots=True)
class Dates:
    """How far the moments that callers gave lie from the clock of the machine that wrote them down.

    Attributes
    ----------
    entries : int
        How many were looked at.
    apart : int
        Dated more than ``APART`` from the machine's clock, either way: a replay, or a moment typed wrongly.
    without : int
        Of a version that kept no clock.
    backwards : int
        Where the machine's clock stood earlier than at the entry before: it was set back.
    """

    entries: int
    apart: int
    without: int
    backwards: int


def dates_of(log: AuditLog) -> Dates:
    """Return how far a log's moments lie from the clock of the machine that wrote it.

    Raises
    ------
    AuditTrailError
        There is no log, or it cannot be read.
    """
    must_exist(log.path)
    with reading(log.path) as db:
        return told_dates(row for row in stored_rows(db) if isinstance(row, Row))


def told_dates(rows: Iterable[Row | Status]) -> Dates:
    """Return the same of entries as they are stored; what cannot be read is passed over, for ``verify`` tells of it.

    Examples
    --------
    >>> body = b'{"at":"2026-03-31T09:30:00.000000Z","written":"2026-04-02T09:30:00.000000Z"}'
    >>> told_dates([Row(1, b"", body, b"")])
    Dates(entries=1, apart=1, without=0, backwards=0)
    """
    entries = apart = without = backwards = 0
    before = ""
    for row in rows:
        if isinstance(row, Status):
            break
        entries += 1
        at, written = _AT.search(row.body), _WRITTEN.search(row.body)
        if at is None or written is None:
            without += 1
            continue
        there, here = at[1].decode("ascii"), written[1].decode("ascii")
        try:
            gap = abs(dt.datetime.fromisoformat(there) - dt.datetime.fromisoformat(here))
        except ValueError:  # no moment: somebody wrote it who is not the log
            without += 1
            continue
        apart += gap > APART
        backwards += here < before
        before = here
    return Dates(entries, apart, without, backwards)


def _entries(log: AuditLog) -> int:
    """Return whether a log has no entry, one, or more: 0, 1 or 2."""
    if not log.path.exists():
        return 0
    with reading(log.path) as db:
        return sum(1 for _ in islice(stored_rows(db), 2))


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
    ArgumentError
        The subject is no text.
    AuditTrailError
        The log cannot be read.
    AuditKeyError
        The keys cannot be used.
    """
    require("entries_about", {"subject_id must be text.": is_text(subject_id)})
    must_exist(log.path)
    keys = read_keys(log.keys)
    with reading(log.path) as db:
        kept = db.execute("SELECT salt FROM salts WHERE place = ?", (salt_place(keys, subject_id),)).fetchone()
        if kept is None:
            return []
        rows = [row for row in stored_rows(db) if isinstance(row, Row)]
    bodies = (json.loads(row.body) for row in rows)
    return [body for body in bodies if commitment(kept[0], body["seq"], subject_id) in body.get("subjects", ())]
