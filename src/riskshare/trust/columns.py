"""Evidence rows as number columns: the one place where records become arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskshare.errors import EvidenceError
from riskshare.kernels.segments import Bools, Floats, Ints
from riskshare.records.evidence import (
    ARISES_FROM,
    HARM_BY_ROLES,
    HARM_TO_ROLES,
    ROLES,
)
from riskshare.records.policy import LENSES
from riskshare.trust.coding import Codes

Words = NDArray[np.object_]


@dataclass(frozen=True, slots=True, repr=False)
class Columns:
    """Coded evidence rows about subjects, one line a row; ``index`` is the row's place in the evidence table.

    Numbers are −1 where a value is missing. ``lens`` is −1 for third parties. ``subjects`` and ``records`` are the
    words behind ``subject`` and ``record``, sorted, so that numbers do not depend on the order of rows.
    """

    index: Ints
    subject: Ints
    lens: Ints
    role: Ints
    agency: Ints
    record: Ints
    indicator: Ints
    cell: Ints
    self_report: Bools
    suspected_false: Bools
    anecdotal: Bools
    arises: Ints
    severity: Floats
    not_scored: Bools
    denies: Bools
    event: Ints
    recorded: Ints
    withdrawn: Bools
    claim: Ints
    answer: Words
    conditions: Words
    gateway: Bools
    data_class: Words
    lineage: Words
    subjects: Words
    records: Words

    def take(self, rows: NDArray[np.integer] | Bools) -> Columns:
        """Return some of the rows, by number or mask; the words stay."""
        words = ("subjects", "records")
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__slots__ if name not in words})


def to_columns(
    table: pa.Table, codes: Codes, self_reports: frozenset[str], not_scored: Bools, severity: Floats
) -> Columns:
    """Return the rows about subjects as number columns.

    Parameters
    ----------
    table : pyarrow.Table
        Accepted evidence rows (``EVIDENCE_SCHEMA``).
    codes : Codes
    self_reports : frozenset of str
        Source types that are a subject's own words.
    not_scored : numpy.ndarray of bool, shape (n_rows,)
        Rows whose reading has no place on the common scale.
    severity : numpy.ndarray of float64, shape (n_rows,)
        Severity σ of each row: its reading's common position / 100, else the one sent, else 1.

    Returns
    -------
    Columns
        Rows with role ``place`` are left out: they have no subject. Empty for an empty table.

    Raises
    ------
    EvidenceError
        A row carries a code this partnership has not agreed: it was read under another agreement.
    """
    about = np.flatnonzero(pc.is_valid(table["subject_id"]).to_numpy(zero_copy_only=False))
    table = table if about.size == table.num_rows else table.take(pa.array(about))
    subject, subjects = _sorted_codes(table["subject_id"])
    record, records = _sorted_codes(table["record_id"])
    cell = _cells(table, codes)
    unknown = pc.equal(table["info_grade"].combine_chunks().fill_null(""), "E").to_numpy(zero_copy_only=False)
    columns = Columns(
        index=about.astype(np.int64),
        subject=subject,
        lens=np.array([_lens(role) for role in ROLES], dtype=np.int64)[_codes(table["role"], ROLES)],
        role=_codes(table["role"], ROLES),
        agency=_codes(table["agency"], codes.agencies),
        record=record,
        indicator=_codes(table["indicator"], codes.indicators),
        cell=np.where(unknown, 0, cell),
        self_report=np.array([name in self_reports for name in codes.cells], dtype=np.bool_)[cell],
        suspected_false=unknown,
        anecdotal=_is(table["basis"], "anecdotal"),
        arises=_codes(table["arises_from"], ARISES_FROM),
        severity=severity[about],
        not_scored=not_scored[about],
        denies=_is(table["stance"], "denies"),
        event=_days(table["event_date"]),
        recorded=_days(table["recorded_date"]),
        withdrawn=_is(table["status"], "withdrawn"),
        claim=_sorted_codes(table["claim_id"])[0],
        answer=_words(table["answer"]),
        conditions=_words(table["conditions"]),
        gateway=pc.is_valid(table["gateway"]).to_numpy(zero_copy_only=False),
        data_class=_words(table["data_class"]),
        lineage=_words(table["derived_from"]),
        subjects=subjects,
        records=records,
    )
    _check(columns, cell)
    return columns


def _lens(role: str) -> int:
    if role in HARM_BY_ROLES:
        return LENSES.index("harm_by")
    return LENSES.index("harm_to") if role in HARM_TO_ROLES else -1


def _check(columns: Columns, cell: Ints) -> None:
    faults = {
        "agency": columns.agency < 0,
        "indicator": columns.indicator < 0,
        "source grade or type": (cell < 0) & ~columns.suspected_false,
    }
    bad = [f"{name} ({int(rows.sum()):,} rows)" for name, rows in faults.items() if rows.any()]
    if bad:
        msg = (
            f"Evidence carries codes that this partnership has not agreed: {', '.join(bad)}. "
            "Read it again with read_evidence and the partnership it is to be scored under."
        )
        raise EvidenceError(msg)


def _cells(table: pa.Table, codes: Codes) -> Ints:
    """Return the trust cell of each row; grade B whose corroborator is not declared counts as C (model, section 2)."""
    info = table["info_grade"]
    silent = pc.and_(pc.equal(info, "B"), pc.is_null(table["derived_from"]))
    letter = pc.if_else(pc.fill_null(silent, False), "C", info)
    graded = pc.binary_join_element_wise(table["source_grade"], letter, "")
    return _codes(pc.coalesce(graded, table["source_type"]), codes.cells)


def _codes(column: pa.ChunkedArray, vocabulary: tuple[str, ...]) -> Ints:
    place = pc.index_in(column, value_set=pa.array(vocabulary, pa.string()))
    return np.asarray(pc.fill_null(place, -1).to_numpy(), dtype=np.int64)


def _sorted_codes(column: pa.ChunkedArray) -> tuple[Ints, Words]:
    """Return each row's number in the sorted list of distinct words (−1 for none), and the list."""
    encoded = column.combine_chunks().dictionary_encode()
    words = np.asarray(encoded.dictionary.to_numpy(zero_copy_only=False), dtype=object)
    order = np.argsort(words.astype(str)) if words.size else np.zeros(0, dtype=np.intp)
    rank = np.empty(words.size + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(words.size), -1
    place = np.asarray(pc.fill_null(encoded.indices, words.size).to_numpy(zero_copy_only=False), dtype=np.int64)
    return rank[place], words[order]


def _is(column: pa.ChunkedArray, word: str) -> Bools:
    return np.asarray(pc.fill_null(pc.equal(column, word), False).to_numpy(), dtype=np.bool_)


def _words(column: pa.ChunkedArray) -> Words:
    return np.asarray(column.to_numpy(), dtype=object)


def _days(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast(pa.int32()).to_numpy(), dtype=np.int64)
