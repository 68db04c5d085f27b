"""Time durable appends to the audit log beside plain SQLite: ``python benchmarks/audit.py --folder DISK``.

Both put the same entries on the same disk, one committed transaction each, WAL and ``synchronous=FULL``, in turns of a
block each, so that a busy disk is busy for both. The plain INSERT has no chain, no commitments, no keys and no head: it
is the floor, timed with one connection kept open, and with one opened for each entry as the log opens its own. Then the
log is verified, timed, and checked to hold every entry. Give a folder on the disk that the log will lie on: the rate is
the disk's, above all.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from results import Line, add_option, keep, timed

from riskshare.io.audit_check import verify_log
from riskshare.io.audit_log import AuditLog, append, audit_log
from riskshare.io.audit_store import kept_open
from riskshare.sharing.log_entries import canonical

AT = dt.datetime(2026, 3, 31, 9, 30, tzinfo=dt.UTC)
ENTRY = {
    "event": "disclosure", "allow": True, "reasons": [], "agency": "police", "role": "analyst",
    "purpose": "safeguarding", "audience": "partnership", "decision": "ab" * 32, "policy": "cd" * 32,
    "fields": ["band", "subject_id"], "rows": 2, "rules": ["r1"],
}  # fmt: skip
SETTINGS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")
INSERT = "INSERT INTO entries (body) VALUES (?)"
LABELS = {
    "audit log": "append, sealed", "plain INSERT": "bare SQLite INSERT, one connection",
    "plain, opened": "bare SQLite INSERT, a connection an entry",
}  # fmt: skip


def logged(log: AuditLog) -> Callable[[int], None]:
    return lambda number: append(log, ENTRY, at=AT, subjects=[f"S{number % 500}"], user="u1") and None


def opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    for setting in SETTINGS:
        db.execute(setting)
    db.execute("CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return db


def plain(db: sqlite3.Connection) -> Callable[[int], None]:
    return lambda number: db.execute(INSERT, (canonical({**ENTRY, "seq": number}),)) and None


def plain_anew(path: Path) -> Callable[[int], None]:
    def one(number: int) -> None:
        with closing(opened(path)) as db:
            db.execute(INSERT, (canonical({**ENTRY, "seq": number}),))

    return one


def spent(do: Callable[[int], None], entries: int) -> tuple[float, float]:
    """Return seconds an entry over one block, by the clock and of this process."""
    clock, processor = time.perf_counter(), time.process_time()
    for number in range(entries):
        do(number)
    return (time.perf_counter() - clock) / entries, (time.process_time() - processor) / entries


def measured(folder: Path, entries: int, blocks: int) -> tuple[dict[str, float], list[Line]]:
    """Return rates, medians over the blocks, with ratios to the log's own in the same block; and the lines to keep."""
    log, many = audit_log(folder / "audit.sqlite"), audit_log(folder / "many.sqlite")
    append(many, ENTRY, at=AT)  # there is nothing to keep open before the first
    with closing(opened(folder / "plain.sqlite")) as db, kept_open(many.path):
        ways = {"audit log": logged(log), "plain INSERT": plain(db), "plain, opened": plain_anew(folder / "o.sqlite")}
        ways["audit log, kept open"] = logged(many)
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for block in range(blocks):
            for name, do in ways.items():
                took[name].append(spent(do, entries))
            if sys.stderr.isatty():
                print(f"\rblock {block + 1} of {blocks}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    verdict, *checking = timed(lambda: verify_log(log))
    if (verdict.status, verdict.head.count) != ("ok", entries * blocks):
        message = "the log does not hold what was put in"
        raise SystemExit(message)
    middle = {name: [median(column) for column in zip(*told, strict=True)] for name, told in took.items()}
    found = {name: 1.0 / clock for name, (clock, _) in middle.items()}
    for name in ("audit log, kept open", "plain INSERT", "plain, opened"):
        pairs = zip(took["audit log"], took[name], strict=True)
        found[f"{name} / audit log"] = median(log_s / plain_s for (log_s, _), (plain_s, _) in pairs)
    size = entries * blocks
    lines = [
        Line("An entry in the audit log, on the disk", 1, "entry", LABELS[name], kind, *middle[name])
        for name, kind in (("audit log", "ours"), ("plain INSERT", "floor"), ("plain, opened", "floor"))
    ]
    lines.append(
        Line("The audit log checked", size, "entries", "verify_log", "ours", *checking, equal="holds them all")
    )
    return {**found, "verified": size / checking[0]}, lines


def main(arguments: list[str] | None = None) -> int:
    """Print entries a second, and how many times faster plain SQLite is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk of the log; by default a temporary one")
    parser.add_argument("--entries", type=int, default=200, help="in a block")
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    add_option(parser)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        found, lines = measured(Path(place), given.entries, given.blocks)
    keep(given.results, lines)
    if given.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:28} {value:10,.2f}{'' if '/' in name else ' entries a second'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
