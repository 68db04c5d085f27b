"""Entries, logs and attackers for the tests of the audit log."""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from riskshare.io.audit_log import AuditLog, append, audit_log
from riskshare.sharing.chain import GENESIS, EpochKey, Row, key_at, seal
from riskshare.sharing.log_entries import canonical

MARK = "zqmark"
"""Stands for a person's value: it may be found nowhere."""
AT = dt.datetime(2026, 3, 31, 9, 30, tzinfo=dt.UTC)
ENTRY: dict[str, Any] = {
    "event": "disclosure", "allow": True, "reasons": [], "agency": "police", "role": "analyst",
    "purpose": "safeguarding", "audience": "partnership", "decision": "ab" * 32, "policy": "cd" * 32,
    "output": "ef" * 32, "fields": ["band", "subject_id"], "rows": 2, "rules": ["r1"],
}  # fmt: skip
REFUSAL: dict[str, Any] = {"event": "disclosure", "allow": False, "reasons": ["no_permit"], "agency": "school"}
KEYS = (EpochKey(1, 1, b"k" * 32), EpochKey(2, 6, b"l" * 32))
"""Entries 1 to 5 are of the first epoch."""


def body_of(seq: int, epoch: int, **changes: Any) -> bytes:
    moment = f"2026-03-31T09:30:00.{seq % 1_000_000:06d}Z"
    return canonical({**REFUSAL, "at": moment, "epoch": epoch, "seq": seq, **changes})


def chained(bodies: Sequence[bytes], keys: Sequence[EpochKey], after: Sequence[Row] = ()) -> list[Row]:
    """Return entries sealed one after another, as somebody with the keys would."""
    rows = list(after)
    for body in bodies:
        prev = rows[-1].tag if rows else GENESIS
        seq = len(rows) + 1
        rows.append(Row(seq, prev, body, seal(key_at(keys, seq).key, prev, body)))
    return rows


def good_rows(count: int, keys: Sequence[EpochKey] = KEYS) -> list[Row]:
    return chained([body_of(seq, key_at(keys, seq).epoch) for seq in range(1, count + 1)], keys)


def log_in(folder: Path, entries: int = 0, **options: Any) -> AuditLog:
    log = audit_log(folder / "audit.sqlite")
    for _ in range(entries):
        append(log, ENTRY, at=AT, **options)
    return log


def stored(log: AuditLog, query: str) -> list[Any]:
    with closing(sqlite3.connect(log.path)) as db:
        return db.execute(query).fetchall()


def tampered(log: AuditLog, statement: str, *values: Any) -> None:
    """Change the database behind the log's back."""
    with closing(sqlite3.connect(log.path)) as db:
        db.execute(statement, values)
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def rows_of(log: AuditLog) -> list[Row]:
    return [Row(*row) for row in stored(log, "SELECT seq, prev, body, tag FROM entries ORDER BY seq")]


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def lines_of(rows: Sequence[Row]) -> bytes:
    """Return entries as an export spells them, written out by hand."""
    lines = []
    for row in rows:
        body = json.dumps(row.body.decode())
        lines.append(f'{{"body":{body},"prev":"{row.prev.hex()}","seq":{row.seq},"tag":"{row.tag.hex()}"}}\n')
    return "".join(lines).encode()


def attack(kind: str, rows: list[Row], rng: random.Random) -> list[Row]:
    """Return a log after somebody without the keys has been at it."""
    n = rng.randrange(len(rows) - 1)
    if kind == "delete":
        return rows[:n] + rows[n + 1 :]
    if kind == "delete and renumber":
        return rows[:n] + [row._replace(seq=row.seq - 1) for row in rows[n + 1 :]]
    if kind == "swap":
        return [*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]]
    if kind == "swap and renumber":
        pair = [rows[n + 1]._replace(seq=n + 1), rows[n]._replace(seq=n + 2)]
        return rows[:n] + pair + rows[n + 2 :]
    if kind == "insert a copy":
        return [*rows[: n + 1], rows[n], *rows[n + 1 :]]
    if kind == "insert and renumber":
        more = [row._replace(seq=row.seq + 1) for row in [rows[n], *rows[n + 1 :]]]
        return rows[: n + 1] + more
    if kind == "relink":  # take one out, and let the next point to the one before
        rest = [row._replace(seq=row.seq - 1) for row in rows[n + 1 :]]
        return [*rows[:n], rest[0]._replace(prev=rows[n].prev), *rest[1:]]
    if kind == "edit":
        said = json.loads(rows[n].body)
        return [*rows[:n], rows[n]._replace(body=canonical({**said, "allow": True})), *rows[n + 1 :]]
    if kind == "rewrite the end":  # as long as before, sealed with a key of the attacker's
        wrong = tuple(key._replace(key=b"x" * 32) for key in KEYS)
        bodies = [canonical({**json.loads(row.body), "allow": True}) for row in rows[n:]]
        return chained(bodies, wrong, after=rows[:n])
    if kind == "swap the epoch":  # say that a later key, which leaked, sealed an early entry
        said = json.loads(rows[n].body)
        other = 3 - said["epoch"]
        body = canonical({**said, "epoch": other, "allow": True})
        key = next(one.key for one in KEYS if one.epoch == other)
        row = rows[n]._replace(body=body, tag=seal(key, rows[n].prev, body))
        return [*rows[:n], row, *rows[n + 1 :]]
    if kind == "reseal all with the newest key":
        newest = KEYS[-1]._replace(from_seq=1)
        bodies = [canonical({**json.loads(row.body), "epoch": newest.epoch, "allow": True}) for row in rows]
        return chained(bodies, [newest])
    raise ValueError(kind)


ATTACKS = (
    "delete", "delete and renumber", "swap", "swap and renumber", "insert a copy", "insert and renumber", "relink",
    "edit", "rewrite the end", "swap the epoch", "reseal all with the newest key",
)  # fmt: skip
