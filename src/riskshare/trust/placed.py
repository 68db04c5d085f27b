"""Rows that say where something happened: which stand, and why one may not be used. Methods: model, section 1."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.kernels.segments import Bools, Floats, Ints
from riskshare.records.partnership import Partnership
from riskshare.trust.columns import to_columns
from riskshare.trust.standing import REASONS, Standing, stand
from riskshare.trust.weigh import Weighed

_FROM_EVIDENCE: Final = (
    "agency", "record_id", "subject_id", "role", "indicator", "stance", "event_date", "claim_id", "derived_from",
    "arises_from", "authority", "recorded_by", "precision_m", "easting", "northing", "longitude", "latitude",
)  # fmt: skip
PLACED_COLUMNS: Final = (*_FROM_EVIDENCE, "standing", "reason", "own_trust")
"""Columns of rows with a place: the evidence's own, then the row's number among the standing rows about subjects (−1
for rows about a place alone), why it carries no weight of its own, and the agreed trust of its grade or source type."""


def placed_rows(
    table: pa.Table, weighed: Weighed, partnership: Partnership, *, not_scored: Bools, severity: Floats,
    conditions_met: frozenset[str] = frozenset(),
) -> pa.Table:  # fmt: skip
    """Return the rows that stand and have coordinates, about subjects and about places alone.

    Parameters
    ----------
    table : pyarrow.Table
        Accepted evidence rows (``EVIDENCE_SCHEMA``).
    weighed : Weighed
        Of the same rows.
    partnership : Partnership
    not_scored, severity : numpy.ndarray, shape (n_rows,)
        As for ``weigh``.
    conditions_met : frozenset of str
        Named handling conditions that this use satisfies.

    Returns
    -------
    pyarrow.Table
        ``PLACED_COLUMNS``, in the order of the evidence; no lines for no such row. ``reason`` is one of
        ``standing.REASONS``; a row about a place alone that may be used has ``third_party``: it is about nobody.
    """
    pair = [pc.and_(pc.is_valid(table[x]), pc.is_valid(table[y])) for x, y in _PAIRS]
    placed = pc.or_(*pair).to_numpy(zero_copy_only=False)
    about = weighed.standing
    mine = np.flatnonzero(placed[about.columns.index])
    nobody = np.flatnonzero(placed & pc.is_null(table["subject_id"]).to_numpy(zero_copy_only=False))
    other, place = _about_nobody(table, nobody, weighed, partnership, not_scored, severity, conditions_met)
    index = np.concatenate((about.columns.index[mine], nobody[place]))
    order = np.argsort(index, kind="stable")
    number = np.concatenate((mine, np.full(place.size, -1, dtype=np.int64)))
    reason = np.concatenate((about.reason[mine], other.reason))
    cell = np.concatenate((about.columns.cell[mine], other.columns.cell))
    found = table.select(_FROM_EVIDENCE).take(pa.array(index[order]))
    found = found.append_column("standing", pa.array(number[order]))
    found = found.append_column("reason", pa.array(np.array(REASONS, dtype=object)[reason[order]], pa.string()))
    return found.append_column("own_trust", pa.array(weighed.policy.cells.trust[cell[order]]))


_PAIRS: Final = (("easting", "northing"), ("longitude", "latitude"))


def _about_nobody(
    table: pa.Table, rows: Ints, weighed: Weighed, partnership: Partnership, not_scored: Bools, severity: Floats,
    conditions_met: frozenset[str],
) -> tuple[Standing, Ints]:  # fmt: skip
    """Return the standing of rows without a subject, and which of ``rows`` each is.

    All are taken as rows about one nameless subject: versions of one record are then told apart as everywhere.
    """
    part = table.take(pa.array(rows))
    nobody = pa.array([""] * rows.size, pa.string())
    part = part.set_column(part.schema.get_field_index("subject_id"), "subject_id", nobody)
    words = frozenset(kind.id for kind in partnership.trust.source_types if kind.self_report)
    columns = to_columns(part, weighed.codes, words, not_scored[rows], severity[rows])
    standing = stand(columns, partnership, weighed.codes, as_of=weighed.standing.as_of, conditions_met=conditions_met)
    return standing, standing.columns.index
