"""One at a time, whichever process asks: a lock that its holder's death lets go."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from riskshare.io.in_place import OWNER_ONLY


def hold(lock: Path, *, wait_s: float) -> sqlite3.Connection:
    """Return a hold on a lock file, which is made owner-only if it is not there; closing it lets go.

    The system's own locks do it, by way of SQLite, which knows those of every system.

    Raises
    ------
    sqlite3.OperationalError
        Somebody else held it all the time (``sqlite_errorcode`` is ``SQLITE_BUSY``), or the disk knows no locks.
    OSError
        The file cannot be made.
    """
    while True:
        # Never opened by us where it is there: closing a second handle would let go what this process holds.
        with suppress(FileExistsError):
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
        found = _number(lock)
        held = sqlite3.connect(lock, timeout=wait_s, isolation_level=None, check_same_thread=False)
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            held.close()
            raise
        if found is not None and _number(lock) == found:
            return held
        held.close()  # whoever held it before took the file away: this was a lock on nothing


def _number(lock: Path) -> int | None:
    """Return which file stands under a name, if any."""
    try:
        return os.stat(lock).st_ino
    except FileNotFoundError:
        return None
