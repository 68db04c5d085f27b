"""Reading evidence: from whatever a partner sends to accepted rows, rows set aside, and an account of every one.

Three levels (methods: safety, 5.1): a file that cannot be trusted at all stops; a faulty row is set aside with every
fault it has; a faulty cell of a column that only widens doubt becomes unknown. Nothing is clipped, guessed or dropped.
Codes and hints stand in ``evidence_codes``; no message here holds a person's value.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from riskshare.errors import EvidenceError, EvidenceFileError
from riskshare.io.evidence_cells import Bools, Faults, Ints, Sheet
from riskshare.io.evidence_codes import FAULTS, stop
from riskshare.io.evidence_dates import MISSING
from riskshare.io.evidence_keys import barred_keys, find_repeats
from riskshare.io.evidence_rules import Checked, check_rows
from riskshare.io.evidence_sources import read_sources, reading_rules
from riskshare.io.tabular import Contract, Progress
from riskshare.records.arguments import is_number, require
from riskshare.records.evidence import (
    DUPLICATE_COLUMNS,
    EVIDENCE_SCHEMA,
    INPUT_COLUMNS,
    QUARANTINE_COLUMNS,
    REQUIRED_COLUMNS,
    Evidence,
)
from riskshare.records.partnership import Partnership

MAX_BAD_SHARE: Final = 0.2
"""More than this share of a source's rows set aside stops it (methods: safety, 5.1)."""
MIN_ROWS_FOR_SHARE: Final = 20
"""Proposal: below this many rows a share says little, and a case-management system sends a few rows at a time."""

CONTRACT: Final = Contract(
    known=INPUT_COLUMNS,
    required=REQUIRED_COLUMNS,
    dates=frozenset({"event_date", "event_end", "recorded_date"}),
    numbers=frozenset({"severity", "easting", "northing", "longitude", "latitude", "precision_m"}),
    figures=frozenset({"value", "source_grade"}),
)


def read_evidence(
    source: object,
    partnership: Partnership,
    *,
    accept_bad: bool = False,
    max_bad_share: float = MAX_BAD_SHARE,
    progress: Progress | None = None,
) -> Evidence:
    """Return what a source holds: accepted rows, faults, exact duplicates, and counts that add up.

    Parameters
    ----------
    source : path, iterable of paths, table or iterable of mappings
        CSV (``.csv``, ``.txt``, ``.tsv``), Parquet or JSON lines (``.jsonl``, ``.ndjson``); several paths are read as
        one, so that repeats and conflicts across files are found; any object with ``__arrow_c_stream__``; or mappings,
        one a row. An empty iterable or a header alone gives an ``Evidence`` of no rows.
    partnership : Partnership
        What codes, agencies, scales, grades and date formats are agreed.
    accept_bad : bool
        Read a source even if more than ``max_bad_share`` of its rows are set aside. They stay set aside.
    max_bad_share : float
        Between 0 and 1; not applied to sources of fewer than 20 rows.
    progress : callable, optional
        Called with the source's name and the rows read so far.

    Returns
    -------
    Evidence
        ``rows`` in the order read, under ``EVIDENCE_SCHEMA``.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    EvidenceFileError
        The whole source is stopped; ``code`` is a key of ``evidence_codes.STOPS``.
    EvidenceError
        ``max_bad_share`` is not between 0 and 1.

    Notes
    -----
    Dates are parsed by the agency's own ``date_formats`` only. Row keys are (agency, record_id, subject_id,
    indicator). One subject may stand in several roles in one claim, also as victim and person of concern: lenses
    are never mixed, so nothing is said of it here.

    Examples
    --------
    See ``docs/how-to/send-evidence.md``; with a loaded partnership, ``read_evidence([], partnership)`` gives
    ``Evidence(0 rows in = 0 accepted + 0 quarantined + 0 exact duplicates)``.
    """
    rules = reading_rules(partnership, accept_bad, progress)
    require("read_evidence", {**rules, "max_bad_share must be a number from 0 to 1.": is_number(max_bad_share)})
    if not 0.0 <= max_bad_share <= 1.0:
        hint = "max_bad_share must lie between 0 and 1."
        raise EvidenceError(hint)
    sheet, faults, notes = read_sources(source, CONTRACT, progress, "evidence")
    checked = check_rows(sheet, partnership, faults)
    repeats, originals = find_repeats(checked, faults)
    if not accept_bad:
        stop_if_bad(sheet, faults, max_bad_share)
    accepted, counts = account(sheet, faults, repeats)
    return Evidence(
        rows=accepted_rows(sheet, checked, np.flatnonzero(accepted)),
        quarantine=fault_table(sheet, faults.hard, INPUT_COLUMNS),
        unknown=fault_table(sheet, faults.soft, INPUT_COLUMNS, accepted),
        duplicates=duplicate_table(sheet, repeats, originals),
        barred=barred_keys(checked, faults),
        counts=counts,
        partnership_version=partnership.version,
        notes=notes,
    )


def stop_if_bad(sheet: Sheet, faults: Faults, max_bad_share: float) -> None:
    """Stop at the first source of which more than a share is set aside, naming its most frequent faults.

    Raises
    ------
    EvidenceFileError
        ``too_many_bad_rows``.
    """
    rows_in = np.bincount(sheet.source_of, minlength=len(sheet.sources))
    bad = np.bincount(sheet.source_of[faults.quarantined], minlength=len(sheet.sources))
    stopped = np.flatnonzero((bad > max_bad_share * rows_in) & (rows_in >= MIN_ROWS_FOR_SHARE))
    if not stopped.size:
        return
    first = int(stopped[0])
    labels = fault_labels(sheet, faults, first)
    raise too_many_bad(sheet.sources[first], int(bad[first]), int(rows_in[first]), labels)


def fault_labels(sheet: Sheet, faults: Faults, source: int) -> dict[str, int]:
    """Return how often each fault that sets a row aside stands in one source, by number."""
    counts: dict[str, int] = {}
    for rows, column, code in faults.hard:
        label = f"{code} in {column}" if column else code
        counts[label] = counts.get(label, 0) + int((sheet.source_of[rows] == source).sum())
    return {label: count for label, count in counts.items() if count}


def too_many_bad(source: str, bad: int, rows_in: int, labels: Mapping[str, int]) -> EvidenceFileError:
    """Return the error that stops a source too much of which is set aside, naming its most frequent faults."""
    most = sorted((-count, label) for label, count in labels.items() if count)[:3]
    said = "; ".join(f"{label} ({-count:,})" for count, label in most)
    return stop(source, "too_many_bad_rows", detail=f"{bad:,} of {rows_in:,} rows are faulty, most often {said}.")


def account(sheet: Sheet, faults: Faults, repeats: Ints) -> tuple[Bools, Mapping[str, Mapping[str, int]]]:
    """Return which rows are accepted, and the law of conservation: ``rows_in`` and the three others by source."""
    repeated, everything = np.zeros(sheet.n_rows, np.bool_), np.ones(sheet.n_rows, np.bool_)
    repeated[repeats] = True
    accepted = ~faults.quarantined & ~repeated
    masks = {"rows_in": everything, "accepted": accepted, "quarantined": faults.quarantined, "duplicates": repeated}
    counts = {what: np.bincount(sheet.source_of[mask], minlength=len(sheet.sources)) for what, mask in masks.items()}
    return accepted, {source: {what: int(counts[what][i]) for what in masks} for i, source in enumerate(sheet.sources)}


def fault_table(
    sheet: Sheet,
    found: Iterable[tuple[Ints, str, str]],
    columns: tuple[str, ...],
    only: Bools | None = None,
    hints: Mapping[str, str] = FAULTS,
) -> pd.DataFrame:
    """Return faults as ``source, row, column, code, hint``, in the order of rows, then columns, then codes."""
    kept = [(rows if only is None else rows[only[rows]], column, code) for rows, column, code in found]
    if not any(len(rows) for rows, _, _ in kept):
        return _nothing(QUARANTINE_COLUMNS)
    place = {name: i for i, name in enumerate(("", *columns))}
    codes = sorted({code for _, _, code in kept})
    sizes = [len(rows) for rows, _, _ in kept]
    rows = np.concatenate([np.zeros(0, np.int64), *(rows for rows, _, _ in kept)])
    column = np.repeat(np.array([place[c] for _, c, _ in kept], np.int64), sizes)
    code = np.repeat(np.array([codes.index(c) for _, _, c in kept], np.int64), sizes)
    ordered = np.unique((rows * len(place) + column) * (len(codes) + 1) + code)
    rest, code = np.divmod(ordered, len(codes) + 1)
    rows, column = np.divmod(rest, len(place))
    names = np.array(["", *columns], object)
    told = np.array([hints[c] for c in codes], object)
    return pd.DataFrame(
        {
            "source": _texts(np.array(sheet.sources, object), sheet.source_of[rows]),
            "row": sheet.row[rows],
            "column": _texts(names, column),
            "code": _texts(np.array(codes, object), code),
            "hint": _texts(told, code),
        }
    )


def _texts(values: NDArray[Any], places: NDArray[Any]) -> pd.Series[str]:
    return pd.Series(values[places], dtype="str")


@functools.cache
def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series([], dtype="int64" if c.endswith("row") else "str") for c in columns})


def _nothing(columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a table without rows: most readings of a few rows need several, and pandas is slow to make one."""
    return _empty(columns).copy()


def duplicate_table(sheet: Sheet, repeats: Ints, originals: Ints) -> pd.DataFrame:
    """Return which rows repeat which earlier ones, in the order read; empty for none."""
    if not repeats.size:
        return _nothing(DUPLICATE_COLUMNS)
    order = np.argsort(repeats)
    repeats, originals = repeats[order], originals[order]
    sources = np.array(sheet.sources, object)
    return pd.DataFrame(
        {
            "source": _texts(sources, sheet.source_of[repeats]),
            "row": sheet.row[repeats],
            "same_as_source": _texts(sources, sheet.source_of[originals]),
            "same_as_row": sheet.row[originals],
        }
    )


def accepted_rows(sheet: Sheet, checked: Checked, rows: Ints) -> pa.Table:
    """Return the accepted rows under ``EVIDENCE_SCHEMA``; what is missing or unknown is null."""
    arrays = []
    for field in EVIDENCE_SCHEMA:
        if field.name == "row":
            arrays.append(pa.array(sheet.row[rows]))
        elif field.name == "source":
            arrays.append(pa.array(sheet.sources, pa.string()).take(pa.array(sheet.source_of[rows])))
        elif field.name in checked.days:
            days = checked.days[field.name][rows]
            arrays.append(pa.array(days, pa.int32(), mask=days == MISSING).cast(pa.date32()))
        elif field.name in checked.numbers:
            numbers = checked.numbers[field.name][rows]
            arrays.append(pa.array(numbers, pa.float64(), mask=np.isnan(numbers)))
        elif field.name in checked.cells:
            arrays.append(checked.cells[field.name].texts(rows))
        else:
            arrays.append(pa.nulls(len(rows), field.type))
    return pa.table(arrays, schema=EVIDENCE_SCHEMA)
