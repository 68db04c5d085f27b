"""Declared lineage: from the references rows carry to edges between rows. Methods: model, section 2, ruling R1."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.kernels.segments import Ints, boundaries, ranges
from riskshare.trust.coding import Codes
from riskshare.trust.columns import Columns, Words


class Declared(NamedTuple):
    """Edges from rows to what they repeat.

    ``tail`` rows repeat node ``head``; nodes run over rows, then barred records (``barred_subject``,
    ``barred_indicator``), then references that name nothing known: reference ``ref`` of each edge has agency
    ``agency[ref]`` and node ``n_rows + n_barred + ref``.
    """

    tail: Ints
    head: Ints
    ref: Ints
    agency: Ints
    barred_subject: Ints
    barred_indicator: Ints
    barred_agency: Ints


def edges(columns: Columns, barred: pa.Table, codes: Codes, *, as_of: int) -> Declared:
    """Return the lineage that standing rows declare.

    Parameters
    ----------
    columns : Columns
        Rows that stand.
    barred : pyarrow.Table
        Keys of quarantined rows (``BARRED_SCHEMA``): a reference to one finds it, and stops there.
    codes : Codes
    as_of : int
        Days since 1970-01-01: records set aside later are not known yet.

    Returns
    -------
    Declared
    ----------
        A reference runs to the named record's row of the same indicator, else to all its rows of that subject, else
        to nothing: it is then absent. Empty where no row declares lineage.
    """
    empty = np.zeros(0, dtype=np.int64)
    telling = np.flatnonzero(columns.lineage != None)  # noqa: E711 - elementwise
    if telling.size == 0:
        return Declared(empty, empty, empty, empty, empty, empty, empty)
    split = pc.split_pattern(pa.array(columns.lineage[telling], pa.string()), ";")
    tail = telling[pc.list_parent_indices(split).to_numpy()]
    words = pc.list_flatten(split)
    named = np.flatnonzero(np.isin(columns.subject, columns.subject[telling]))
    known = pc.fill_null(pc.less_equal(barred["recorded_date"].cast(pa.int32()), as_of), True)
    barred_subject, barred_indicator, barred_agency, barred_names = _barred(columns, barred.filter(known), codes)
    n_rows = columns.index.size
    names = pa.concat_arrays([words.cast(pa.string()), _names(columns, named, codes), barred_names])
    code = names.dictionary_encode().indices.to_numpy().astype(np.int64)
    subject = np.concatenate((columns.subject[tail], columns.subject[named], barred_subject))
    key = subject * (int(code.max()) + 1) + code
    node = np.concatenate((named, n_rows + np.arange(barred_subject.size)))
    kind = np.concatenate((columns.indicator[named], barred_indicator))
    ref_key, ref = np.unique(key[: tail.size], return_inverse=True)
    agency = _agency_of(words, ref, ref_key.size, codes)
    place, head = _match(key[: tail.size], key[tail.size :], node, kind, columns.indicator[tail])
    lost = np.ones(tail.size, dtype=np.bool_)
    lost[place] = False
    gone = np.flatnonzero(lost)
    absent = n_rows + barred_subject.size + ref[gone]
    at = np.concatenate((place, gone))
    return Declared(
        tail[at], np.concatenate((head, absent)), ref[at], agency, barred_subject, barred_indicator, barred_agency
    )


def _names(columns: Columns, rows: Ints, codes: Codes) -> pa.Array:
    """Return ``agency:record`` of some rows, as references write it."""
    agencies = pa.array(codes.agencies, pa.string()).take(pa.array(columns.agency[rows]))
    records = pa.array(columns.records, pa.string()).take(pa.array(columns.record[rows]))
    return pc.binary_join_element_wise(agencies, records, ":")


def _barred(columns: Columns, barred: pa.Table, codes: Codes) -> tuple[Ints, Ints, Ints, pa.Array]:
    """Return subject, indicator, agency and name of quarantined records that no standing version speaks for."""
    subject = _place(barred["subject_id"], columns.subjects)
    agency = _place(barred["agency"], np.array(codes.agencies, dtype=object))
    record = _place(barred["record_id"], columns.records)
    indicator = _place(barred["indicator"], np.array(codes.indicators, dtype=object))
    keep = (subject >= 0) & (agency >= 0)
    size = (len(codes.agencies), columns.records.size + 1, len(codes.indicators) + 1)
    standing = _key(columns.subject, columns.agency, columns.record, columns.indicator, size)
    # Records unknown among standing rows share a number: their own words tell them apart.
    words = barred["record_id"].combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy().astype(np.int64)
    keep &= ~np.isin(_key(subject, agency, record, indicator, size), standing)
    found = np.flatnonzero(keep)
    once = np.unique(np.stack((subject, agency, words, indicator))[:, found], axis=1, return_index=True)[1]
    rows = np.sort(found[once])
    part = barred.take(pa.array(rows))
    names = pc.binary_join_element_wise(part["agency"], part["record_id"], ":").combine_chunks()
    return subject[rows], indicator[rows], agency[rows], names.cast(pa.string())


def _key(subject: Ints, agency: Ints, record: Ints, indicator: Ints, size: tuple[int, int, int]) -> Ints:
    return ((subject * size[0] + agency) * size[1] + record + 1) * size[2] + indicator + 1


def _place(column: pa.ChunkedArray, words: Words) -> Ints:
    place = pc.index_in(column, value_set=pa.array(words, pa.string()))
    return np.asarray(pc.fill_null(place, -1).to_numpy(), dtype=np.int64)


def _agency_of(words: pa.Array, ref: Ints, n_refs: int, codes: Codes) -> Ints:
    """Return the agency each distinct reference names."""
    first = pc.list_element(pc.split_pattern(words, ":", max_splits=1), 0)
    place = pc.fill_null(pc.index_in(first, value_set=pa.array(codes.agencies, pa.string())), 0)
    agency = np.zeros(n_refs, dtype=np.int64)
    agency[ref] = np.asarray(place.to_numpy(zero_copy_only=False), dtype=np.int64)
    return agency


def _match(wanted: Ints, offered: Ints, node: Ints, kind: Ints, indicator: Ints) -> tuple[Ints, Ints]:
    """Return (reference, node) for each match: same indicator where there is one, else every row of the record."""
    order = np.argsort(offered, kind="stable")
    first = np.searchsorted(offered[order], wanted, side="left")
    count = np.searchsorted(offered[order], wanted, side="right") - first
    place = np.repeat(np.arange(wanted.size), count)
    at = order[ranges(first, count)]
    if place.size == 0:
        return place, node[at]
    same = kind[at] == indicator[place]
    starts = boundaries(place)
    exact = np.zeros(wanted.size, dtype=np.bool_)
    exact[place[starts]] = np.logical_or.reduceat(same, starts)
    keep = same | ~exact[place]
    return place[keep], node[at[keep]]
