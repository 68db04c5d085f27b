"""Which rows are the same row: exact repeats, versions that conflict, and the keys of rows set aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskshare.io.evidence_cells import Faults, Ints
from riskshare.io.evidence_dates import MISSING
from riskshare.io.evidence_rules import Checked
from riskshare.records.evidence import BARRED_SCHEMA

KEY: Final = ("agency", "record_id", "subject_id", "indicator")


def pack(columns: Sequence[NDArray[Any]]) -> Ints:
    """Return one whole number a row, equal exactly where all columns are equal.

    Columns of codes from −1 upwards are packed side by side in 62 bits; where they no longer fit, what is packed so
    far is numbered anew, which can always be done. Any other column is numbered first.

    Examples
    --------
    >>> pack([np.array([0, 0, 1]), np.array([5.0, 5.0, 5.0])]).tolist()
    [0, 0, 1]
    """
    packed = np.zeros(len(columns[0]), np.int64)
    size = 1
    for column in columns:
        codes = column.astype(np.int64) if column.dtype == np.int32 else np.unique(column, return_inverse=True)[1]
        low = int(codes.min(initial=0))
        span = int(codes.max(initial=0)) - low + 1
        if size * span >= 2**62:
            packed = np.unique(packed, return_inverse=True)[1]
            size = int(packed.max(initial=0)) + 1
        packed = packed * span + (codes - low)
        size *= span
    return packed


def sort_out(rows: Ints, key: Sequence[NDArray[Any]], content: Sequence[NDArray[Any]]) -> tuple[Ints, Ints, Ints]:
    """Return (conflicting rows, repeated rows, the earlier row each of those repeats) among some rows.

    Rows of one key that are not all alike conflict, repeats among them included: which is right is not for a program
    to say. ``key`` and ``content`` are columns over all rows; content holds the key as well.
    """
    _, group, size = np.unique(pack([column[rows] for column in key]), return_inverse=True, return_counts=True)
    shared = size[group] > 1
    rows, group = rows[shared], group[shared]
    if not rows.size:
        return rows, rows, rows
    group = np.unique(group, return_inverse=True)[1]
    alike = np.unique(pack([column[rows] for column in content]), return_inverse=True)[1]
    _, first = np.unique(alike, return_index=True)
    conflicting = np.bincount(group[first])[group] > 1
    repeats = ~conflicting & (first[alike] != np.arange(len(rows)))
    return rows[conflicting], rows[repeats], rows[first[alike[repeats]]]


def find_repeats(checked: Checked, faults: Faults) -> tuple[Ints, Ints]:
    """Note conflicting versions as faults, and return (repeated rows, the earlier row each repeats).

    Only rows without a fault are compared. Versions of one key that were recorded on different days do not conflict.
    """
    cells, days = checked.cells, checked.days
    key = [*(cells[name].codes for name in KEY), days["recorded_date"]]
    content = [c.codes for c in cells.values()] + list(days.values())
    # Two unknown numbers are alike; NaN would not be.
    content += [np.nan_to_num(n, nan=-np.inf) for n in checked.numbers.values()]
    conflicting, repeats, originals = sort_out(np.flatnonzero(~faults.quarantined), key, content)
    faults.add(conflicting, "record_id", "conflicting_versions")
    return repeats, originals


def barred_keys(checked: Checked, faults: Faults) -> pa.Table:
    """Return the distinct keys of quarantined rows whose agency and record_id can be read, in the order read.

    A key set aside several times stands with its earliest recording; one that cannot be read stands as null.
    """
    cells = checked.cells
    rows = np.flatnonzero(faults.quarantined & (cells["agency"].codes >= 0) & (cells["record_id"].codes >= 0))
    days = checked.days["recorded_date"]
    if rows.size:
        key = pack([cells[name].codes[rows] for name in KEY])
        earliest = np.lexsort((days[rows], key))
        first = earliest[np.append(True, np.diff(key[earliest]) != 0)]
        rows = rows[np.sort(first)]
    recorded = pa.array(days[rows], pa.int32(), mask=days[rows] == MISSING).cast(pa.date32())
    return pa.table([*(cells[name].texts(rows) for name in KEY), recorded, _rules(faults, rows)], schema=BARRED_SCHEMA)


def _rules(faults: Faults, rows: Ints) -> pa.Array:
    """Return the rules that set each row aside, in the order found."""
    found: dict[int, list[str]] = {row: [] for row in rows.tolist()}
    for where, column, code in faults.hard:
        rule = f"{column}: {code}" if column else code
        for row in where[np.isin(where, rows)].tolist():
            found[row].append(rule)
    return pa.array(["; ".join(dict.fromkeys(rules)) for rules in found.values()], pa.string())
