"""Cases that several agencies scored, each on its own scale: what shows whose bar is higher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from riskshare.records.conserved import Conserved

OUTSIDE: Final = "outside"
"""What ``referred_by`` holds where somebody who is no partner brought the case; blank means that nobody knows."""

SHARED_SCHEMA: Final = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("agency", pa.string(), nullable=False),
        pa.field("scale", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("scored_at", pa.date32(), nullable=False),
        pa.field("referred_by", pa.string()),
        pa.field("derived_from", pa.string()),
    ]
)
"""Accepted rows: one agency's reading of a case that others may have scored too. ``row`` counts data rows from 1.

``referred_by`` is an agency's id or ``outside``; null where it was left blank. ``derived_from`` holds
``agency:record_id`` references separated by ``;``: a score fed by another agency's is no independent reading.
"""

INPUT_COLUMNS: Final = tuple(name for name in SHARED_SCHEMA.names if name not in ("row", "source"))
REQUIRED_COLUMNS: Final = ("subject_id", "agency", "scale", "value", "scored_at", "referred_by")
"""``referred_by`` must be there as a column, though cells may be blank: who brought a case decides what it can show."""


@dataclass(frozen=True, slots=True, repr=False)
class SharedCases(Conserved):
    """What was read: readings accepted, rows set aside and why, exact duplicates. Nothing is lost.

    Attributes
    ----------
    table : pyarrow.Table
        Accepted rows under ``SHARED_SCHEMA``, in the order read.
    quarantine : pandas.DataFrame
        ``source, row, column, code, hint``: one line per fault.
    duplicates : pandas.DataFrame
        ``source, row, same_as_source, same_as_row``.
    counts : mapping
        Per source: ``rows_in``, ``accepted``, ``quarantined``, ``duplicates``; the first is the sum of the others.
    partnership_version : str
        The agreement it was read under.
    """

    table: pa.Table
    quarantine: pd.DataFrame
    duplicates: pd.DataFrame
    counts: Mapping[str, Mapping[str, int]]
    partnership_version: str
