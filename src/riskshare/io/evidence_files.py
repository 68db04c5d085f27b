"""Opening a file of evidence: regular files only, within the limits, and only what its ending says it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

from riskshare.io.evidence_codes import stop

MAX_FILE_BYTES: Final = 2 * 1024**3
"""2 GiB (methods: safety, 5.2, bombs)."""

KINDS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
REFUSED_ENDINGS: Final = {
    ".gpkg": "geopackage",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
    ".zip": "compressed",
    ".gz": "compressed",
    ".pkl": "refused_format",
    ".pickle": "refused_format",
    ".joblib": "refused_format",
    ".npy": "refused_format",
}
_MAGIC: Final = (
    (b"SQLite format 3\x00", "geopackage"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"),
    (b"\x1f\x8b", "compressed"),
    (b"BZh", "compressed"),
    (b"\xfd7zXZ\x00", "compressed"),
    (b"\x28\xb5\x2f\xfd", "compressed"),
    (b"7z\xbc\xaf\x27\x1c", "compressed"),
    (b"\x93NUMPY", "refused_format"),
    (b"%PDF", "wrong_content"),
    (b"\x89HDF", "wrong_content"),
    (b"PAR1", "wrong_content"),
    (b"ARROW1", "wrong_content"),
    (b"\x7fELF", "wrong_content"),
    (b"<", "wrong_content"),
)
_SHOWN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._- ()")


def source_name(path: str | os.PathLike[str]) -> str:
    """Return the file's own name, never its folders, with unusual characters as ``_``.

    Examples
    --------
    >>> source_name("/secret/place/march.csv")
    'march.csv'
    """
    name = os.path.basename(os.fspath(path))
    return "".join(c if c in _SHOWN else "_" for c in name)[:100] or "evidence"


def _shown(path: str | os.PathLike[str], code: str) -> str:
    """Return how a message names a source: what is no file and does not look like one may be data given as a path."""
    name = os.path.basename(os.fspath(path))
    ending = Path(name).suffix.lower()
    looks_like_one = len(name) <= 100 and _SHOWN.issuperset(name) and (ending in KINDS or ending in REFUSED_ENDINGS)
    return source_name(path) if code != "not_found" or looks_like_one else "evidence"


def open_source(path: str | os.PathLike[str]) -> tuple[str, str, bytes]:
    """Return (kind, source name, bytes) of a file; kind is ``csv``, ``parquet`` or ``jsonl``.

    Raises
    ------
    EvidenceFileError
        ``unknown_kind``, ``geopackage``, ``workbook``, ``compressed``, ``refused_format``, ``wrong_content``,
        ``not_found``, ``not_a_regular_file`` or ``too_large``.
    """
    source = source_name(path)
    ending = Path(source).suffix.lower()
    data, code = _bytes(os.fspath(path))
    if not code:
        code = REFUSED_ENDINGS.get(ending, "") or _magic(data, ending) or ("" if ending in KINDS else "unknown_kind")
    if code:
        raise stop(_shown(path, code), code)
    return KINDS[ending], source, data


def _bytes(path: str) -> tuple[bytes, str]:
    """Return (bytes, stop code). A link is not followed, and a pipe cannot make the call wait."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return b"", "not_a_regular_file"
        with open(os.open(path, _flags()), "rb") as handle:
            status = os.fstat(handle.fileno())
            if not stat.S_ISREG(status.st_mode):
                return b"", "not_a_regular_file"
            if status.st_size > MAX_FILE_BYTES:
                return b"", "too_large"
            data = handle.read(MAX_FILE_BYTES + 1)
            return (b"", "too_large") if len(data) > MAX_FILE_BYTES else (data, "")
    except (OSError, ValueError):  # ValueError: a NUL character in the path
        return b"", "not_found"


def _flags() -> int:
    """Return how to open: a link is not followed, and a pipe cannot make the call wait."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    return flags


def open_stream(path: str | os.PathLike[str]) -> tuple[str, str, BinaryIO]:
    """Return (kind, source name, open file) of a file of any size, for whoever reads it in pieces and closes it.

    Raises
    ------
    EvidenceFileError
        As ``open_source``, but never ``too_large``.
    """
    source = source_name(path)
    ending = Path(source).suffix.lower()
    handle, code = _stream(os.fspath(path))
    if handle is not None:
        start = handle.read(4096)
        handle.seek(0)
        code = REFUSED_ENDINGS.get(ending, "") or _magic(start, ending) or ("" if ending in KINDS else "unknown_kind")
        if not code:
            return KINDS[ending], source, handle
        handle.close()
    raise stop(_shown(path, code), code)


def _stream(path: str) -> tuple[BinaryIO | None, str]:
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None, "not_a_regular_file"
        handle = open(os.open(path, _flags()), "rb")  # noqa: SIM115 - the caller closes it
    except (OSError, ValueError):  # ValueError: a NUL character in the path
        return None, "not_found"
    if stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
        return handle, ""
    handle.close()
    return None, "not_a_regular_file"


def _magic(data: bytes, ending: str) -> str:
    """Return the stop code that the first bytes call for, or an empty text."""
    if KINDS.get(ending) == "parquet":
        return "" if not data or data.startswith(b"PAR1") else "wrong_content"
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return "workbook" if b"[Content_Types].xml" in data[:4096] else "compressed"
    if len(data) > 1 and data[0] == 0x80 and data[1] in (2, 3, 4, 5):
        return "refused_format"
    return next((code for magic, code in _MAGIC if data.startswith(magic)), "")
