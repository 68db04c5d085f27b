"""Files that were written of what was shared: what the log keeps of one, and whether a file is one of them.

A plain hash of a file would tell whom it is about to anybody who can try: a page about one person has few secrets, and
a machine makes a million pages a minute. So the log keeps a mark under its key, another one for each release.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from riskshare.io.audit_keys import Keys, keyed, read_keys
from riskshare.io.audit_log import AuditLog
from riskshare.io.audit_store import must_exist, reading
from riskshare.io.overrides import spool_of
from riskshare.records.arguments import is_path, require
from riskshare.sharing.shared import tables_hash

_WITH_OUTPUT: Final = b'"output":'
"""Entries have one spelling, so SQLite finds those about a file."""


@dataclass(frozen=True, slots=True)
class FileLogged:
    """One entry of a log about a file: agreed codes and a moment, nobody's id.

    Attributes
    ----------
    decision : str
        The reference of the release that it was written of.
    at : str
        The moment of the entry, in UTC.
    agency, role, purpose : str
        For whom it was written, and for what.
    spooled : bool
        Whether it stands in the spool.
    """

    decision: str
    at: str
    agency: str
    role: str
    purpose: str
    spooled: bool


def file_mark(log: AuditLog, decision: str, data: bytes) -> str:
    """Return what a log keeps of a file: under its key, and another one for each release; 64 hexadecimal digits.

    Raises
    ------
    AuditKeyError
        The keys cannot be used.
    """
    return _mark(read_keys(log.keys), "file", decision, hashlib.sha256(data).hexdigest())


def content_mark(log: AuditLog, decision: str, tables: Mapping[str, pd.DataFrame]) -> str:
    """Return what a log keeps of the tables of a release, likewise: equal where the tables are, for one release.

    Raises
    ------
    AuditKeyError
        The keys cannot be used.
    """
    return _mark(read_keys(log.keys), "content", decision, tables_hash(tables))


def _mark(keys: Keys, what: str, decision: str, digest: str) -> str:
    return keyed(keys, f"{what}\x00{decision}\x00{digest}")


def files_logged(log: AuditLog, path: str | os.PathLike[str]) -> tuple[FileLogged, ...]:
    """Return where a log, or its spool, speaks of a file, byte for byte; empty where it does not.

    Logs of older versions hold a plain hash; their files are found too. Whether the log itself is whole is for
    ``verify_log`` to say.

    Parameters
    ----------
    log : AuditLog
        With its keys: to anybody else the marks tell nothing.
    path : path

    Returns
    -------
    tuple of FileLogged
        In the order of the log, then of its spool.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    AuditError
        The log or its keys cannot be read.
    OSError
        The file cannot be read.
    """
    require(
        "files_logged",
        {
            "log must be an AuditLog, from audit_log().": isinstance(log, AuditLog),
            "path must be a path, such as 'person.html'.": is_path(path),
        },
    )
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    spool = spool_of(log)
    if not spool.path.exists():
        must_exist(log.path)  # a path typed wrongly must not read as "not logged"
    there = [(one, one is spool) for one in (log, spool) if one.path.exists()]
    return tuple(entry for one, spooled in there for entry in _found(one, digest, spooled=spooled))


def _found(log: AuditLog, digest: str, *, spooled: bool) -> list[FileLogged]:
    keys = read_keys(log.keys)
    with reading(log.path) as db:
        rows = db.execute("SELECT body FROM entries WHERE instr(body, ?) ORDER BY seq", (_WITH_OUTPUT,)).fetchall()
    bodies = [json.loads(body) for (body,) in rows]
    return [
        FileLogged(
            one.get("decision", ""),
            one["at"],
            one.get("agency", ""),
            one.get("role", ""),
            one.get("purpose", ""),
            spooled,
        )
        for one in bodies
        if one["output"] in (digest, _mark(keys, "file", one.get("decision", ""), digest))
    ]
