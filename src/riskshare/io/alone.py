"""One at a time, whichever process asks: a lock that its holder's death lets go."""

from __future__ import annotations

import os
import sqlite3
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
        os.close(os.open(lock, os.O_CREAT | os.O_WRONLY, OWNER_ONLY))
        found = os.stat(lock).st_ino
        held = sqlite3.connect(lock, timeout=wait_s, isolation_level=None, check_same_thread=False)
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            held.close()
            raise
        if lock.exists() and os.stat(lock).st_ino == found:
            return held
        held.close()  # whoever held it before took the file away: this was a lock on nothing
