"""Rows between reading and scoring: checked by the rules of ``read_evidence``, small, and free to be sorted by anyone.

An engine reads sources in pieces (``stage``), brings the rows of each subject together by ``about`` (a database, a
cluster), and hands them on in order of ``about``, ``source`` and ``row`` (``blocks``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskshare.io.evidence import CONTRACT, fault_labels, fault_table
from riskshare.io.evidence_cells import Bools, Cells, Ints
from riskshare.io.evidence_dates import MISSING
from riskshare.io.evidence_places import Habits
from riskshare.io.evidence_rules import Checked, agreed_codes, check_rows
from riskshare.io.evidence_sources import sheet_of
from riskshare.io.tabular import Raw
from riskshare.records.evidence import HANDLING, INPUT_COLUMNS
from riskshare.records.partnership import Partnership

SUBJECT: Final = "S"
PLACE: Final = "P"
"""First letter of ``about``: of a subject, or of one record about a place alone. No subject shares a block's cut with
places: records about places touch one another only where they bear one reference."""
KEYS: Final = ("about", "source", "row")
"""What staged rows are sorted by; texts by the order of their bytes."""

_CODED: Final = (
    "role", "agency", "indicator", "basis", "arises_from", "source_grade", "info_grade", "source_type", "scale",
    "route", "stance", "status", "answer", "gateway", "data_class", "authority", "handling",
)  # fmt: skip
_TEXTS: Final = ("record_id", "claim_id", "recorded_by", "value", "derived_from", "conditions")
_DAYS: Final = ("event_date", "event_end", "recorded_date")
_NUMBERS: Final = ("severity", "easting", "northing", "longitude", "latitude", "precision_m")

STAGED_SCHEMA: Final = pa.schema(
    [
        pa.field("about", pa.string(), nullable=False),
        pa.field("source", pa.int16(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("set_aside", pa.bool_(), nullable=False),
        pa.field("unknown", pa.int16(), nullable=False),
        *(pa.field(name, pa.int16()) for name in _CODED),
        *(pa.field(name, pa.string()) for name in _TEXTS),
        *(pa.field(name, pa.int32()) for name in _DAYS),
        *(pa.field(name, pa.float64()) for name in _NUMBERS),
    ]
)
"""One checked row. Agreed codes are numbers in the order of the partnership (``vocabulary``), days count from
1970-01-01; ``set_aside`` rows only bar what repeats them; ``unknown`` counts cells that could not be read."""

FAULT_SCHEMA: Final = pa.schema([("source", pa.int16()), ("row", pa.int64()), ("column", pa.string()),
    ("code", pa.string())])  # fmt: skip
"""One fault of a row that was set aside: where and why, never what the cell held."""


class Staged(NamedTuple):
    """One piece of a source, read: rows for scoring, faults, and the counts that no row is lost by.

    ``labels`` counts faults by ``code in column``; ``agencies`` supplied a row that was not set aside.
    """

    rows: pa.Table
    faults: pa.Table
    n_rows: int
    n_set_aside: int
    labels: Mapping[str, int]
    agencies: frozenset[str]


def vocabulary(partnership: Partnership) -> dict[str, tuple[str, ...]]:
    """Return the words behind the numbers of each coded column."""
    return {name: tuple(words) for name, words in {**agreed_codes(partnership), "handling": HANDLING}.items()}


def stage(raw: Raw, partnership: Partnership, habits: Habits, *, source: int, first_row: int) -> Staged:
    """Return a piece of a source, checked row by row.

    Parameters
    ----------
    raw : Raw
        From ``evidence_stream.stream``.
    partnership : Partnership
    habits : Habits
        Of this source; gathers what only the whole source can show.
    source : int
        The number of the source, from 0.
    first_row : int
        How many rows of the source stand before the piece.

    Returns
    -------
    Staged
        ``rows`` under ``STAGED_SCHEMA`` in the order read. A row that was set aside is there only if it can bar
        another: its agency, reference and subject could be read.
    """
    sheet, faults = sheet_of([raw], CONTRACT)
    sheet = replace(sheet, row=sheet.row + first_row)
    checked = check_rows(sheet, partnership, faults, habits)
    aside = faults.quarantined
    named = np.logical_and.reduce([checked.cells[name].codes >= 0 for name in ("agency", "record_id", "subject_id")])
    unknown = np.zeros(sheet.n_rows, np.int16)
    for rows, _, _ in faults.soft:
        unknown[rows] += 1
    kept = np.flatnonzero(~aside | named)
    agency = checked.cells["agency"]
    supplied = np.unique(agency.codes[~aside])
    table = fault_table(sheet, faults.hard, INPUT_COLUMNS)
    found = [np.full(len(table), source, np.int16), table["row"].to_numpy(), table["column"], table["code"]]
    return Staged(
        rows=_staged_rows(checked, kept, source, sheet.row[kept], aside[kept], unknown[kept], partnership),
        faults=pa.table([pa.array(column) for column in found], names=FAULT_SCHEMA.names).cast(FAULT_SCHEMA),
        n_rows=sheet.n_rows,
        n_set_aside=int(aside.sum()),
        labels=fault_labels(sheet, faults, 0),
        agencies=frozenset(agency.values.take(pa.array(supplied[supplied >= 0])).to_pylist()),
    )


def _staged_rows(
    checked: Checked, rows: Ints, source: int, row: Ints, aside: Bools, unknown: NDArray[np.int16],
    partnership: Partnership,
) -> pa.Table:  # fmt: skip
    words = vocabulary(partnership)
    columns: dict[str, pa.Array] = {
        "about": _about(checked, rows),
        "source": pa.array(np.full(rows.size, source, np.int16)),
        "row": pa.array(row),
        "set_aside": pa.array(aside),
        "unknown": pa.array(unknown),
    }
    for name in _CODED:
        cells = checked.cells[name]
        place = pc.index_in(cells.values, value_set=pa.array(words[name], pa.string())).cast(pa.int16())
        codes = cells.codes[rows]
        columns[name] = place.take(pa.array(codes, mask=codes < 0))
    columns |= {name: checked.cells[name].texts(rows) for name in _TEXTS}
    for name in _DAYS:
        days = checked.days[name][rows]
        columns[name] = pa.array(days, pa.int32(), mask=days == MISSING)
    for name in _NUMBERS:
        numbers = checked.numbers[name][rows] if name in checked.numbers else np.full(rows.size, np.nan)
        columns[name] = pa.array(numbers, pa.float64(), mask=np.isnan(numbers))
    return pa.table([columns[name] for name in STAGED_SCHEMA.names], schema=STAGED_SCHEMA)


def _about(checked: Checked, rows: Ints) -> pa.Array:
    texts = {name: checked.cells[name].texts(rows) for name in ("subject_id", "agency", "record_id")}
    subject = pc.binary_join_element_wise(SUBJECT, texts["subject_id"], "")
    record = pc.binary_join_element_wise(PLACE, texts["agency"], ":", texts["record_id"], "")
    return pc.coalesce(subject, record)


def unstage(rows: pa.Table, words: Mapping[str, tuple[str, ...]]) -> Checked:
    """Return staged rows as the columns that ``check_rows`` made of them."""
    rows = rows.combine_chunks()
    cells = {name: _coded(rows[name], words[name]) for name in _CODED}
    cells |= {name: _encoded(rows[name]) for name in _TEXTS}
    about = rows["about"]
    is_subject = pc.starts_with(about, SUBJECT)
    subject = pc.if_else(is_subject, pc.utf8_slice_codeunits(about, 1), pa.scalar(None, pa.string()))
    cells["subject_id"] = _encoded(subject)
    days = {name: pc.fill_null(rows[name], MISSING).to_numpy().astype(np.int32) for name in _DAYS}
    numbers = {name: pc.fill_null(rows[name], np.nan).to_numpy().copy() for name in _NUMBERS}
    return Checked(cells, days, numbers)


def _coded(column: pa.ChunkedArray, words: tuple[str, ...]) -> Cells:
    codes = pc.fill_null(column, -1).to_numpy().astype(np.int32)
    return Cells(codes, pa.array(words, pa.string()), codes >= 0)


def _encoded(column: pa.ChunkedArray) -> Cells:
    encoded = column.combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Cells(codes, encoded.dictionary.cast(pa.string()), codes >= 0)
