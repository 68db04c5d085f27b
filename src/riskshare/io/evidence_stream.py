"""Sources larger than memory: looked over once, then read in pieces by the rules of ``read_evidence``."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from riskshare.errors import EngineError, EvidenceFileError
from riskshare.io.evidence_arrow import is_text, read_arrow
from riskshare.io.evidence_codes import stop
from riskshare.io.evidence_csv import STREAM_BYTES, stream_csv
from riskshare.io.evidence_files import open_stream
from riskshare.io.tabular import MAX_COLUMNS, Contract, Raw
from riskshare.io.text import UTF8_SEQUENCE, byte_order_mark

STREAMED: Final = ("csv", "parquet")
_OVERLAP: Final = 3
"""Bytes of the chunk before that a run of UTF-8 may begin in."""
_NO_CP1252: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One source as it was found: enough to read it in pieces, and to know it again.

    ``n_rows`` is exact for Parquet and a guess from its lines for CSV; ``sha256`` is of the whole file.
    """

    path: str
    source: str
    kind: str
    n_bytes: int
    sha256: str
    n_rows: int
    encoding: str = "utf-8"
    quoted: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about the source as a whole."""
        return (f"{self.source}: no valid UTF-8; read as Windows-1252",) if self.encoding == "cp1252" else ()


def survey(paths: Sequence[str | os.PathLike[str]]) -> tuple[Surveyed, ...]:
    """Return what each file is, after reading it once from end to end; sources that share a name get a number each.

    Raises
    ------
    EvidenceFileError
        As ``open_stream``; ``nul_bytes``, ``ambiguous_encoding``, ``cell_too_long`` or ``empty_file``;
        ``unreadable_table`` or ``too_many_columns`` for Parquet; ``not_streamed`` for JSON lines.
    """
    found: list[Surveyed] = []
    seen: dict[str, int] = {}
    for path in paths:
        kind, name, handle = open_stream(path)
        seen[name] = seen.get(name, 0) + 1
        source = name if seen[name] == 1 else f"{name} ({seen[name]})"
        with handle:
            if kind not in STREAMED:
                raise stop(source, "not_streamed")
            found.append((_survey_csv if kind == "csv" else _survey_parquet)(handle, os.fspath(path), source))
    return tuple(found)


def stop_if_changed(before: Sequence[Surveyed], look_again: Callable[[], Sequence[Surveyed]]) -> None:
    """Stop where a source is no longer the file that was looked over: what was read of it is of no one file.

    Raises
    ------
    EvidenceFileError
        ``changed_meanwhile``.
    EngineError
        A source is not there at the moment, as when a network drops.
    """
    try:
        after = look_again()
    except EvidenceFileError as fault:
        if fault.code != "not_found":
            raise stop(fault.source, "changed_meanwhile") from None
        what, hint = (
            f"{fault.source} cannot be read any more.",
            "Nothing that was finished is lost: when it is there again, ",
        )
        raise EngineError(what, f"{hint}go on with resume=True.") from None
    for first, last in zip(before, after, strict=True):
        if (first.n_bytes, first.sha256) != (last.n_bytes, last.sha256):
            raise stop(first.source, "changed_meanwhile")


def stream(source: Surveyed, contract: Contract, n_rows: int, *, skip: int = 0) -> Iterator[Raw]:
    """Yield a source in pieces of ``n_rows`` rows, the last one shorter, without its first ``skip`` rows.

    Where a file is cut moves no row and changes no cell. Memory holds a few pieces at most.

    Raises
    ------
    EvidenceFileError
        As ``read_evidence``, when the piece that calls for it is reached.
    """
    kind, _, handle = open_stream(source.path)
    with handle:
        if kind == "csv":
            yield from stream_csv(
                handle, source.source, contract, n_rows, encoding=source.encoding, quoted=source.quoted, skip=skip
            )
        else:
            yield from _stream_parquet(handle, source.source, contract, n_rows, skip)


def _survey_csv(handle: BinaryIO, path: str, source: str) -> Surveyed:
    digest, size, lines, quoted = hashlib.sha256(), 0, 0, False
    judge = _Encodings()
    while chunk := handle.read(STREAM_BYTES):
        if len(chunk) == STREAM_BYTES and b"\n" not in chunk and b"\r" not in chunk:
            raise stop(source, "cell_too_long")
        judge.take(chunk, first=not size)
        digest.update(chunk)
        size += len(chunk)
        lines += chunk.count(b"\n") or chunk.count(b"\r")
        quoted |= b'"' in chunk
    if not size:
        raise stop(source, "empty_file")
    if judge.nul:
        raise stop(source, "nul_bytes")
    encoding = judge.encoding
    if encoding is None:
        raise stop(source, "ambiguous_encoding")
    return Surveyed(path, source, "csv", size, digest.hexdigest(), lines, encoding, quoted)


class _Encodings:
    """Which encodings all chunks of a file so far could be in: ``text.decode``, a piece at a time."""

    def __init__(self) -> None:
        self._named = "utf-8"
        self._decoder: codecs.IncrementalDecoder | None = None
        self._fits = True
        self._plain = True
        self._marked = False
        self._nul_byte = False
        self._nul_text = False
        self._tail = b""

    def take(self, chunk: bytes, *, first: bool) -> None:
        """Look at the next chunk."""
        if first:
            mark, self._named = byte_order_mark(chunk)
            self._marked = bool(mark)
            self._decoder = codecs.getincrementaldecoder(self._named)()
            chunk = chunk[len(mark) :]
        self._nul_byte |= b"\x00" in chunk
        if self._fits:
            self._fits = self._decodes(chunk)
        joined = self._tail + chunk
        self._plain = self._plain and not UTF8_SEQUENCE.search(joined) and not _NO_CP1252.search(chunk)
        self._tail = joined[-_OVERLAP:]

    def _decodes(self, chunk: bytes) -> bool:
        decoder = self._decoder
        if decoder is None or (chunk.isascii() and self._named == "utf-8" and decoder.getstate()[0] == b""):
            self._nul_text |= b"\x00" in chunk
            return True
        try:
            self._nul_text |= "\x00" in decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
        return True

    @property
    def _whole(self) -> bool:
        return self._fits and self._decoder is not None and self._decoder.getstate()[0] == b""

    @property
    def nul(self) -> bool:
        """Whether the file holds a NUL character."""
        return self._nul_text if self._whole else self._nul_byte

    @property
    def encoding(self) -> str | None:
        """The encoding of the whole file, or None where none fits."""
        if self._whole:
            return self._named
        return "cp1252" if self._plain and not self._marked and not self._nul_byte else None


def _survey_parquet(handle: BinaryIO, path: str, source: str) -> Surveyed:
    digest, size = hashlib.sha256(), 0
    while chunk := handle.read(STREAM_BYTES):
        digest.update(chunk)
        size += len(chunk)
    if not size:
        raise stop(source, "empty_file")
    metadata = _metadata(handle)
    if metadata is None:
        raise stop(source, "unreadable_table")
    if metadata.num_columns > MAX_COLUMNS:
        raise stop(source, "too_many_columns")
    return Surveyed(path, source, "parquet", size, digest.hexdigest(), metadata.num_rows)


_DAMAGE: Final = (pa.ArrowException, OSError, ValueError, TypeError, KeyError)


def _metadata(handle: BinaryIO) -> pq.FileMetaData | None:
    handle.seek(0)
    try:
        return pq.read_metadata(handle)
    except _DAMAGE:
        return None


def _stream_parquet(handle: BinaryIO, source: str, contract: Contract, n_rows: int, skip: int) -> Iterator[Raw]:
    batches = _batches(handle, source, n_rows, skip)
    read_arrow(next(batches), source, contract)  # columns alone, first: a file without rows is judged by them too
    for table in _slices(batches, n_rows):
        yield read_arrow(table, source, contract)


def _batches(handle: BinaryIO, source: str, n_rows: int, skip: int) -> Iterator[pa.Table]:
    """Yield a Parquet file batch by batch, texts through their dictionaries; damage stops it (Arrow shows cells).

    The first batch is its columns without a row. Row groups wholly among the first ``skip`` rows are not read.
    """
    try:
        schema = pq.read_schema(handle)
        handle.seek(0)
        names = [field.name for field in schema if is_text(field.type)]
        file = pq.ParquetFile(handle, read_dictionary=names, pre_buffer=False, buffer_size=1 << 20)
        yield schema.empty_table()
        first = 0
        while first < file.num_row_groups and skip >= file.metadata.row_group(first).num_rows:
            skip -= file.metadata.row_group(first).num_rows
            first += 1
        for batch in file.iter_batches(batch_size=n_rows, row_groups=list(range(first, file.num_row_groups))):
            left_out = min(batch.num_rows, skip)
            skip -= left_out
            yield pa.Table.from_batches([batch]).slice(left_out)
    except _DAMAGE:
        raise stop(source, "unreadable_table") from None


def _slices(tables: Iterator[pa.Table], n_rows: int) -> Iterator[pa.Table]:
    """Yield the tables cut anew, ``n_rows`` rows each."""
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        if table.num_rows:
            waiting.append(table)
        held += table.num_rows
        while held >= n_rows:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, n_rows)
            waiting, held = [whole.slice(n_rows)], held - n_rows
    if held:
        yield pa.concat_tables(waiting)
