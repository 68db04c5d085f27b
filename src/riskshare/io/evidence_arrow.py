"""Arrow tables (Parquet, pandas, Polars, DuckDB) to columns: texts stay texts, dates and numbers stay typed."""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskshare.io.evidence_codes import stop
from riskshare.io.evidence_files import MAX_FILE_BYTES
from riskshare.io.tabular import MAX_COLUMNS, MAX_ROWS, Contract, Progress, Raw, check_header, plain_number
from riskshare.io.text import MAX_CELL_CHARACTERS

_INDEX: Final = "__index_level_"
_FAULTS: Final = (pa.ArrowException, ArithmeticError, AttributeError, BufferError, LookupError, OSError, RuntimeError,
    TypeError, ValueError)  # fmt: skip
_THEIR_FAULTS: Final = (("duckdb", "Error"), ("polars.exceptions", "PolarsError"))
"""Roots of other libraries' own errors; their messages hold cells."""
Fault = tuple[np.ndarray[Any, np.dtype[np.int64]], str, str]
Split = tuple[pa.ChunkedArray | None, pa.ChunkedArray | None, pa.ChunkedArray | None, str]
"""(text, typed, mask of faulty rows, their code)."""


def read_parquet_bytes(data: bytes, source: str, contract: Contract, progress: Progress | None = None) -> Raw:
    """Return a Parquet file as a ``Raw``. Texts are read through their dictionaries, so a small file stays small.

    Raises
    ------
    EvidenceFileError
        ``empty_file``, ``unreadable_table``, ``too_many_columns``, ``too_many_rows``, ``too_large``, or as
        ``read_arrow`` raises.
    """
    table, refused = _parquet(data)
    if table is None:
        raise stop(source, refused)
    return read_arrow(table, source, contract, progress)


def _parquet(data: bytes) -> tuple[pa.Table | None, str]:
    """Return (table, stop code): the limits are tested on the file's own account of itself before any row is read."""
    if not data:
        return None, "empty_file"
    try:
        metadata = pq.read_metadata(pa.BufferReader(data))
        if metadata.num_columns > MAX_COLUMNS:
            return None, "too_many_columns"
        if metadata.num_rows > MAX_ROWS:
            return None, "too_many_rows"
        if sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)) > MAX_FILE_BYTES:
            return None, "too_large"
        schema = pq.read_schema(pa.BufferReader(data))
        names = [field.name for field in schema if is_text(field.type)]
        return pq.ParquetFile(pa.BufferReader(data), read_dictionary=names).read(), ""
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError):
        return None, "unreadable_table"


def to_table(source: object) -> pa.Table | None:
    """Return what an object with ``__arrow_c_stream__`` holds, or None where it is no table (its error shows cells)."""
    theirs = [getattr(sys.modules[module], name) for module, name in _THEIR_FAULTS if module in sys.modules]
    try:
        return pa.table(source)
    except (*_FAULTS, *theirs):
        return None


def read_arrow(table: pa.Table, source: str, contract: Contract, progress: Progress | None = None) -> Raw:
    """Return an Arrow table as a ``Raw``. A data frame's unnamed index is not a column and is left out.

    Raises
    ------
    EvidenceFileError
        ``unsupported_type`` (named column) for lists, records, bytes and durations; or as ``check_header`` raises.
    """
    kept = [i for i, name in enumerate(table.column_names) if not name.startswith(_INDEX)]
    names = [table.column_names[i] for i in kept]
    check_header(names, contract, source)
    if table.num_rows > MAX_ROWS:
        raise stop(source, "too_many_rows")
    text: dict[str, pa.ChunkedArray] = {}
    typed: dict[str, pa.ChunkedArray] = {}
    faults: list[Fault] = []
    for i, name in zip(kept, names, strict=True):
        words, values, faulty, code = _column(table.column(i), name, source, contract)
        if words is not None:
            text[name] = pc.if_else(pc.equal(words, ""), pa.scalar(None, pa.string()), words)
        if values is not None:
            typed[name] = values
        if faulty is not None:
            faults.append((np.flatnonzero(faulty.fill_null(False).to_numpy()), name, code))
    if progress is not None:
        progress(source, table.num_rows)
    return Raw(source, table.num_rows, text, typed, tuple(f for f in faults if f[0].size))


def _column(column: pa.ChunkedArray, name: str, source: str, contract: Contract) -> Split:
    column = _unwrapped(column, name, source)
    kind = column.type
    if pa.types.is_null(kind):
        return None, None, None, ""
    if is_text(kind):
        return _cast(column, pa.string(), name, source), None, None, ""
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0):
        return _cast(column, pa.string(), name, source), None, None, ""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _date_column(column, name, source, contract)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _float_column(_cast(column, pa.float64(), name, source), name, contract)
    if pa.types.is_boolean(kind):
        return None, None, column.is_valid(), "wrong_type"
    raise stop(source, "unsupported_type", column=name)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _unwrapped(column: pa.ChunkedArray, name: str, source: str) -> pa.ChunkedArray:
    """Return the column without extension type or dictionary; a dictionary of giant texts is refused, not unfolded."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = _cast(column, column.type.storage_type, name, source)
    if not pa.types.is_dictionary(column.type):
        return column
    if is_text(column.type.value_type):
        for chunk in column.chunks:
            longest = pc.max(pc.binary_length(chunk.dictionary.cast(pa.large_string()))).as_py()
            if longest is not None and longest > 4 * MAX_CELL_CHARACTERS:
                raise stop(source, "cell_too_long", column=name)
        # Polars' texts are views, which Arrow does not unfold from a dictionary by itself.
        chunks = [chunk.dictionary.cast(pa.string()).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks, pa.string())
    return _cast(column, column.type.value_type, name, source)


def _cast(column: pa.ChunkedArray, kind: pa.DataType, name: str, source: str) -> pa.ChunkedArray:
    """Cast without loss; a damaged column stops the file (Arrow's own message would show cells)."""
    try:
        done = column.cast(kind)
        if pa.types.is_string(kind):
            done.validate(full=True)
        return done
    except (pa.ArrowException, ValueError):
        pass
    raise stop(source, "unreadable_table", column=name)


def _date_column(column: pa.ChunkedArray, name: str, source: str, contract: Contract) -> Split:
    if name not in contract.dates:
        return None, None, column.is_valid(), "wrong_type"
    if pa.types.is_date(column.type):
        return None, _cast(column, pa.date32(), name, source), None, ""
    if column.type.tz is not None:
        return None, None, column.is_valid(), "has_time"
    days = pc.floor_temporal(column, unit="day")
    faulty = pc.not_equal(days, column)
    dates = pc.if_else(faulty, pa.scalar(None, days.type), days)
    return None, _cast(dates, pa.date32(), name, source), faulty, "has_time"


def _float_column(column: pa.ChunkedArray, name: str, contract: Contract) -> Split:
    finite = pc.is_finite(column)
    if name in contract.numbers:
        return None, pc.if_else(finite, column, pa.scalar(None, pa.float64())), pc.invert(finite), "not_a_number"
    if name not in contract.figures:
        return None, None, column.is_valid(), "wrong_type"
    encoded = pc.if_else(finite, column, pa.scalar(None, pa.float64())).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = pa.array([plain_number(number) for number in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([words.take(encoded.indices)], pa.string()), None, pc.invert(finite), "not_a_number"
