"""Response times as partners send them: when a clock started and stopped, for which case, at which native band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from riskshare.records.conserved import Conserved

RESPONSE_SCHEMA: Final = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("case_id", pa.string(), nullable=False),
        pa.field("agency", pa.string(), nullable=False),
        pa.field("scale", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("start_event", pa.string(), nullable=False),
        pa.field("started_at", pa.timestamp("s", tz="UTC"), nullable=False),
        pa.field("stop_event", pa.string(), nullable=False),
        pa.field("stopped_at", pa.timestamp("s", tz="UTC")),
    ]
)
"""Accepted rows; ``row`` counts data rows from 1 in its ``source``. A null ``stopped_at`` is a case still open."""

RESPONSE_COLUMNS: Final = tuple(name for name in RESPONSE_SCHEMA.names if name not in ("row", "source"))


@dataclass(frozen=True, slots=True, repr=False)
class Responses(Conserved):
    """What was read: rows accepted, rows set aside and why, exact duplicates. Nothing is lost.

    Attributes
    ----------
    rows : pyarrow.Table
        Accepted rows under ``RESPONSE_SCHEMA``, in the order read.
    quarantine : pandas.DataFrame
        ``source, row, column, code, hint``: one line per fault, never the value.
    duplicates : pandas.DataFrame
        ``source, row, same_as_source, same_as_row``.
    counts : mapping
        Per source: ``rows_in``, ``accepted``, ``quarantined``, ``duplicates``; the first is the sum of the others.
    partnership_version : str
        The agreement it was read under.
    notes : tuple of str
        What a reader should know about a source as a whole.
    """

    rows: pa.Table
    quarantine: pd.DataFrame
    duplicates: pd.DataFrame
    counts: Mapping[str, Mapping[str, int]]
    partnership_version: str
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """Accepted rows as a data frame; a fresh copy."""
        frame: pd.DataFrame = self.rows.to_pandas()
        return frame
