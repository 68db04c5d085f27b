"""What a caller may pass as a source, each brought to ``Raw``; and the faults of a row's shape."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.io.evidence_arrow import read_arrow, read_parquet_bytes, to_table
from riskshare.io.evidence_cells import Bools, Faults, Ints, Sheet, combine, given
from riskshare.io.evidence_codes import stop
from riskshare.io.evidence_csv import read_csv_bytes
from riskshare.io.evidence_files import open_source
from riskshare.io.evidence_json import read_jsonl_bytes, read_mappings
from riskshare.io.tabular import Contract, Progress, Raw, check_header
from riskshare.records.arguments import is_flag
from riskshare.records.partnership import Partnership

_READERS: Final = {"csv": read_csv_bytes, "parquet": read_parquet_bytes, "jsonl": read_jsonl_bytes}
TOTALS: Final = ("total", "totals", "grand total", "subtotal", "sub total", "sum", "count", "row count")
"""First words of a line that sums up a table."""


def reading_rules(partnership: object, accept_bad: object, progress: object) -> dict[str, bool]:
    """Return what every reader needs of its options, for ``require``."""
    return {
        "partnership must be a Partnership, as load_partnership gives.": isinstance(partnership, Partnership),
        "accept_bad must be True or False.": is_flag(accept_bad),
        "progress must be None, or be called with a name and a number of rows.": progress is None or callable(progress),
    }


def read_sources(
    source: object, contract: Contract, progress: Progress | None, name: str
) -> tuple[Sheet, Faults, tuple[str, ...]]:
    """Return (sheet, faults so far, notes) of a path, several paths, a table or mappings.

    Parameters
    ----------
    source : object
    contract : Contract
    progress : callable or None
    name : str
        What a source without a file name is called in reports.

    Raises
    ------
    EvidenceFileError
        ``unsupported_source``, or any other stop of the readers.
    """
    raws = _named_apart(list(_raws(source, contract, progress, name)))
    sheet, faults = sheet_of(raws, contract)
    return sheet, faults, tuple(note for raw in raws for note in raw.notes)


def sheet_of(raws: list[Raw], contract: Contract) -> tuple[Sheet, Faults]:
    """Return sources as one sheet, with the faults of rows that are not records at all."""
    found: list[tuple[Ints, str, str]] = []
    sheet = combine(raws, contract.known, found)
    faults = Faults(sheet.n_rows)
    for rows, column, code in found:
        if not column:
            faults.broken(rows, code)
    _check_shapes(sheet, contract, faults)
    for rows, column, code in found:
        if column:
            faults.add(rows, column, code)
    return sheet, faults


def _raws(source: object, contract: Contract, progress: Progress | None, name: str) -> Iterator[Raw]:
    if isinstance(source, (str, os.PathLike)):
        yield _from_path(source, contract, progress)
    elif hasattr(source, "__arrow_c_stream__"):
        if isinstance(source, pd.DataFrame):  # pandas would turn names that are no texts into texts, and warn
            check_header(list(source), contract, name)
        table = to_table(source)
        if table is None:
            raise stop(name, "unreadable_table")
        yield read_arrow(table, name, contract, progress)
    elif isinstance(source, Iterable) and not isinstance(source, (Mapping, bytes, bytearray, memoryview)):
        yield from _from_items(source, contract, progress, name)
    else:
        raise stop(name, "unsupported_source")


def _from_path(path: str | os.PathLike[str], contract: Contract, progress: Progress | None) -> Raw:
    kind, source, data = open_source(path)
    return _READERS[kind](data, source, contract, progress)


def _from_items(items: Iterable[object], contract: Contract, progress: Progress | None, name: str) -> Iterator[Raw]:
    """Take mappings as rows of one source, or paths as one source each; the first item says which."""
    iterator = iter(items)
    nothing = object()
    first = next(iterator, nothing)
    if isinstance(first, (str, os.PathLike)):
        for path in chain([first], iterator):
            if not isinstance(path, (str, os.PathLike)):
                raise stop(name, "unsupported_source")
            yield _from_path(path, contract, progress)
    elif first is nothing:
        yield read_mappings(iterator, name, contract, progress)
    elif first is None or isinstance(first, Mapping):
        yield read_mappings(chain([first], iterator), name, contract, progress)
    else:
        raise stop(name, "unsupported_source")


def _named_apart(raws: list[Raw]) -> list[Raw]:
    """Give sources that share a name a number each, so that each keeps its own count."""
    seen: dict[str, int] = {}
    named = []
    for raw in raws:
        seen[raw.source] = seen.get(raw.source, 0) + 1
        times = seen[raw.source]
        source = raw.source if times == 1 else f"{raw.source} ({times})"
        named.append(Raw(source, raw.n_rows, raw.text, raw.typed, raw.faults, raw.notes))
    return named


def _check_shapes(sheet: Sheet, contract: Contract, faults: Faults) -> None:
    """Note rows that are not records at all: empty ones, the header again, and totals."""
    if not sheet.n_rows:
        return
    filled = {name: given(sheet, name) for name in contract.known if name in sheet.text or name in sheet.typed}
    nothing = np.zeros(sheet.n_rows, np.bool_)
    anything = np.logical_or.reduce([nothing, *filled.values()])
    lacking = np.logical_or.reduce([~filled.get(name, nothing) for name in contract.required])
    faults.broken(np.flatnonzero(~anything), "empty_row")
    headers = np.logical_and.reduce([_is_text(sheet, name, name) for name in contract.required])
    faults.broken(np.flatnonzero(headers), "repeated_header")
    suspects = np.flatnonzero(lacking & anything & ~headers)
    if suspects.size:
        faults.broken(suspects[_are_totals(sheet, suspects)], "totals_row")


def _is_text(sheet: Sheet, column: str, wanted: str) -> Bools:
    if column not in sheet.text:
        return np.zeros(sheet.n_rows, np.bool_)
    found: Bools = pc.fill_null(pc.equal(sheet.text[column], wanted), False).to_numpy().astype(np.bool_)
    return found


def _are_totals(sheet: Sheet, rows: Ints) -> Bools:
    """Return which of some incomplete rows have a totals word in any text cell."""
    found = np.zeros(len(rows), np.bool_)
    for column in sheet.text.values():
        words = pc.utf8_lower(pc.utf8_trim(column.take(rows), characters=" :"))
        found |= pc.is_in(words, value_set=pa.array(TOTALS, pa.string())).to_numpy().astype(np.bool_)
    return found
