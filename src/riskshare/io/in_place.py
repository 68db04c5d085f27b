"""Taking a file's place in one step: whoever reads it finds the old file or the new one, whole."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

OWNER_ONLY: Final = 0o600
"""Permissions of what nobody else may read."""


@contextmanager
def in_place(target: Path, *, mode: int) -> Iterator[BinaryIO]:
    """Give a draft to write, which takes the target's place on the disk once it is whole.

    A crash leaves the old file or the new one, and perhaps a draft beside it. Each writer has a draft of its own; of
    several at once the last takes the place.

    Parameters
    ----------
    target : Path
    mode : int
        Permissions of the file, less what the umask takes.

    Raises
    ------
    OSError
        The file could not be written; the old one stands.
    """
    draft = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.new")
    draft.unlink(missing_ok=True)  # and made anew: nobody else's file, link or permissions are taken over
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(draft, flags, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
        sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: a file is durable only when its name is.

    Raises
    ------
    OSError
        The system could not.
    """
    if hasattr(os, "O_DIRECTORY"):  # POSIX; Windows cannot open a folder, and needs none of this
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
