"""What sharing keeps beside the audit log: the key of pseudonyms, and the register of releases."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from riskshare.errors import AuditKeyError, AuditTrailError, AuditWriteError
from riskshare.io.alone import hold
from riskshare.io.audit_keys import new_key
from riskshare.io.audit_log import AuditLog, audit_log
from riskshare.io.in_place import OWNER_ONLY, in_place
from riskshare.io.writing import make_folder
from riskshare.sharing.differencing import Cell
from riskshare.sharing.release_register import Doors, Release

_LONGEST_RELEASE_S: Final = 600.0
"""Seconds to wait for another release, as long as the map of a nation takes: a proposal."""
FOLDER: Final = "riskshare_audit"
"""Where the log lies, in the current folder, if nobody says otherwise."""


def default_log() -> AuditLog:
    """Return the log in the folder ``riskshare_audit`` of the current folder; the folder is made owner-only."""
    return audit_log(make_folder(FOLDER) / "audit.sqlite")


def pseudonym_key(log: AuditLog) -> bytes:
    """Return the master key of pseudonyms, in a file of its own beside the log; made if it is not there.

    Raises
    ------
    AuditKeyError
        The file does not hold a key.
    OSError
        It could not be read or written.
    """
    file = log.path.with_name(f"{log.path.name}.pseudonyms.json")
    if not os.path.lexists(file):
        with in_place(file, mode=OWNER_ONLY) as draft:
            draft.write(json.dumps({"key": new_key().hex()}).encode("ascii") + b"\n")
    try:
        key = bytes.fromhex(json.loads(file.read_bytes())["key"])
    except (KeyError, TypeError, ValueError, RecursionError):
        key = b""
    if len(key) != len(new_key()):
        what = "The file with the key of pseudonyms does not hold one."
        raise AuditKeyError(what, "Put it back from its safe copy: with another key everybody gets another pseudonym.")
    return key


@contextmanager
def alone_with_register(log: AuditLog) -> Iterator[None]:
    """Hold the register of releases, from before it is read until what was decided on it is written.

    Two releases at once would each be compared with a register that does not know the other. Whoever comes second
    waits; what holds it lets go when its process ends, however that ends.

    Raises
    ------
    AuditWriteError
        It cannot be held, or another release took more than ten minutes.
    """
    with closing(_held(Path(f"{_register(log)}.lock"))):
        yield


def _held(lock: Path) -> sqlite3.Connection:
    try:
        return hold(lock, wait_s=_LONGEST_RELEASE_S)
    except (sqlite3.Error, OSError):
        what = "The register of releases could not be held."
        raise AuditWriteError(what, "Check its folder; if another release is being made, wait for it.") from None


def read_releases(log: AuditLog) -> tuple[Release, ...]:
    """Return the register of releases beside the log; empty if there is none yet.

    Raises
    ------
    AuditTrailError
        The register cannot be read: without it nobody knows what could be subtracted.
    """
    try:
        return tuple(_release(one) for one in json.loads(_register(log).read_bytes()))
    except FileNotFoundError:
        return ()
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        what = "The register of releases cannot be read."
        hint = "Put back its last copy: without it two releases could be subtracted from each other."
        raise AuditTrailError(what, hint) from None


def write_releases(log: AuditLog, releases: Sequence[Release]) -> None:
    """Write the register of releases, owner-only and in one step: it holds true counts.

    Raises
    ------
    OSError
        It could not be written.
    """
    with in_place(_register(log), mode=OWNER_ONLY) as draft:
        draft.write(json.dumps([_plain(one) for one in releases], separators=(",", ":")).encode("utf-8") + b"\n")


def _register(log: AuditLog) -> Path:
    return log.path.with_name(f"{log.path.name}.releases.json")


def _plain(one: Release) -> dict[str, Any]:
    return {
        "series": one.series, "audience": one.audience, "starts": one.starts.isoformat(),
        "until": one.until.isoformat(), "by": list(one.by), "of_victims": one.of_victims,
        "cells": [[sorted(map(list, cell.parts)), cell.shown] for cell in one.cells],
        "counts": [[list(part), number] for part, number in one.counts.items()],
        "doors": None if one.doors is None else [sorted(marks) for marks in one.doors],
        "events": sorted(one.events),
    }  # fmt: skip


def _release(one: Any) -> Release:
    cells = tuple(
        Cell(frozenset(tuple(map(str, part)) for part in parts), bool(shown)) for parts, shown in one["cells"]
    )
    counts = {tuple(map(str, part)): int(number) for part, number in one["counts"]}
    starts, until = dt.date.fromisoformat(one["starts"]), dt.date.fromisoformat(one["until"])
    by, victims = tuple(map(str, one["by"])), bool(one["of_victims"])
    marks = one.get("doors")
    doors = None if marks is None else Doors(*(frozenset(map(str, each)) for each in marks))
    events = frozenset(map(str, one.get("events", ())))
    return Release(str(one["series"]), str(one["audience"]), starts, until, by, cells, counts, victims, doors, events)
