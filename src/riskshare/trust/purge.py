"""Retention: records past it are removed for good, and only their keys stay, so that nothing can repeat them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.errors import EvidenceError
from riskshare.kernels.segments import Bools, Ints, boundaries, packed_order, run_of_row
from riskshare.records.arguments import require
from riskshare.records.days import as_day
from riskshare.records.evidence import BARRED_SCHEMA, PAST_RETENTION, Evidence
from riskshare.records.partnership import Partnership

_KEY: Final = ("agency", "record_id", "subject_id", "indicator")
_EPOCH: Final = dt.date(1970, 1, 1)
_NEVER: Final = np.iinfo(np.int64).min


def purge(evidence: Evidence, partnership: Partnership, *, as_of: str | dt.date) -> Evidence:
    """Return the evidence without the records that are past their indicator's retention on one day.

    Parameters
    ----------
    evidence : Evidence
    partnership : Partnership
        Agrees how many days each indicator is kept, counted from the event.
    as_of : str or datetime.date
        The day. Age ≥ retention is past it.

    Returns
    -------
    Evidence
        Evidence of which nothing is past retention comes back as it is, and so does empty evidence. Else ``rows`` holds
        what is left, ``barred`` also the keys of what went, ``counts`` has a ``purged`` entry for each source, and
        ``notes`` says how many rows went.

    Raises
    ------
    ArgumentError
        ``evidence`` or ``partnership`` is something else.
    EvidenceError
        A row carries an indicator that this partnership has not agreed.
    PolicyError
        ``as_of`` is not a day.

    Notes
    -----
    A record (agency, record_id, subject_id, indicator) goes whole or stays whole: it goes once every version that
    stands on the day, or may stand later, is past retention. Removing single versions would bring an older one back
    that a correction had replaced. An earlier version that no longer stands goes with its record, not before it: the
    day it was recorded decides who told a ring of reports first.

    The keys stay, with the day of first recording and nothing of the content: a relay of a purged row gets no weight
    (methods: model, sections 1 and 2, ruling R5), where a reference to nothing would set it free. Scores on that day
    and on any later one are therefore those of the evidence before purging.

    The law of conservation is about reading and keeps its figures: ``accepted`` counts rows accepted then, and
    accepted = rows held + purged.

    Examples
    --------
    ``purge(evidence, partnership, as_of="2026-03-31").notes[-1]`` reads, on the sample, "Purged as at 2026-03-31: …
    rows past retention, … kept.".
    """
    require(
        "purge",
        {
            "evidence must be Evidence, as read_evidence gives.": isinstance(evidence, Evidence),
            "partnership must be a Partnership, as load_partnership gives.": isinstance(partnership, Partnership),
        },
    )
    day = (as_day(as_of) - _EPOCH).days
    expired = _expired(evidence.rows, partnership, day)
    if not expired.any():
        return evidence
    group = record_numbers(evidence.rows)
    recorded = _days(evidence.rows["recorded_date"])
    gone = _past(group, recorded, expired, day)
    if not gone.any():
        return evidence
    kept = evidence.rows.filter(pa.array(~gone))
    note = f"Purged as at {as_day(as_of).isoformat()}: {int(gone.sum()):,} rows past retention, {kept.num_rows:,} kept."
    return replace(
        evidence,
        rows=kept,
        barred=pa.concat_tables([evidence.barred, _keys(evidence.rows, group, recorded, gone)]),
        counts=_counts(evidence, gone),
        notes=(*evidence.notes, note),
    )


def _expired(rows: pa.Table, partnership: Partnership, day: int) -> Bools:
    kinds = partnership.trust.indicators
    place = pc.index_in(rows["indicator"], value_set=pa.array([kind.id for kind in kinds], pa.string()))
    if place.null_count:
        msg = (
            f"Evidence carries indicators that this partnership has not agreed ({place.null_count:,} rows). "
            "Read it again with read_evidence and the partnership it is to be scored under."
        )
        raise EvidenceError(msg)
    retention = np.array([kind.retention_days for kind in kinds], dtype=np.int64)
    age = day - _days(rows["event_date"])
    return np.asarray(age >= retention[place.to_numpy()], dtype=np.bool_)


def record_numbers(rows: pa.Table) -> Ints:
    """Return a number for each row, the same for every version of one record."""
    fields = []
    for name in _KEY:
        codes = rows[name].combine_chunks().dictionary_encode().indices
        fields.append(pc.fill_null(pc.add(codes, 1), 0).to_numpy(zero_copy_only=False).astype(np.int64))
    order = packed_order(fields)
    group = np.empty(order.size, dtype=np.int64)
    group[order] = run_of_row(boundaries(*(field[order] for field in fields)), order.size)
    return group


def _past(group: Ints, recorded: Ints, expired: Bools, day: int) -> Bools:
    """Return the rows of records whose every version that stands on the day, or may stand later, is expired."""
    n_groups = int(group.max()) + 1
    stands_since = np.full(n_groups, _NEVER)
    known = recorded <= day
    np.maximum.at(stands_since, group[known], recorded[known])
    matters = recorded >= stands_since[group]
    stays = np.zeros(n_groups, dtype=np.bool_)
    stays[group[matters & ~expired]] = True
    return ~stays[group]


def _keys(rows: pa.Table, group: Ints, recorded: Ints, gone: Bools) -> pa.Table:
    """Return the key of each record that went, with its first recording; places have nobody to be barred for."""
    about = np.flatnonzero(gone & pc.is_valid(rows["subject_id"]).to_numpy())
    order = about[np.lexsort((recorded[about], group[about]))]
    first = order[boundaries(group[order])]
    keys = rows.select(BARRED_SCHEMA.names[:-1]).take(pa.array(np.sort(first)))
    rule = pa.array([PAST_RETENTION] * keys.num_rows, pa.string())
    return keys.append_column("rules", rule).cast(BARRED_SCHEMA)


def _counts(evidence: Evidence, gone: Bools) -> Mapping[str, Mapping[str, int]]:
    found = pc.value_counts(evidence.rows["source"].filter(pa.array(gone)))
    purged = {entry["values"]: entry["counts"] for entry in found.to_pylist()}
    return {
        source: {**count, "purged": count.get("purged", 0) + purged.get(source, 0)}
        for source, count in evidence.counts.items()
    }


def _days(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.cast(pa.int32()).to_numpy(), dtype=np.int64)
