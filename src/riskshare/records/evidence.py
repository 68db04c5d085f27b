"""The evidence contract: which columns a row has, and what reading it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa

from riskshare.records.conserved import Conserved

ROLES: Final = ("person_of_concern", "exploited", "victim", "witness", "child_of", "third_party", "place")
HARM_BY_ROLES: Final = ("person_of_concern",)
HARM_TO_ROLES: Final = ("victim", "witness", "child_of", "exploited")
BASES: Final = ("factual", "anecdotal")
ARISES_FROM: Final = ("reported", "agency_initiated", "adjudicated", "prompted_by_partnership")
STANCES: Final = ("supports", "denies")
STATUSES: Final = ("current", "withdrawn")
ANSWERS: Final = ("returned", "nil", "not_asked", "refused", "overdue")
DATA_CLASSES: Final = ("patient", "health_or_social_care", "criminal", "other")
HANDLING: Final = ("P", "C")
SOURCE_GRADES: Final = ("1", "2", "3")
INFO_GRADES: Final = ("A", "B", "C", "D", "E")

EVIDENCE_SCHEMA: Final = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("subject_id", pa.string()),
        pa.field("role", pa.string(), nullable=False),
        pa.field("agency", pa.string(), nullable=False),
        pa.field("indicator", pa.string(), nullable=False),
        pa.field("basis", pa.string(), nullable=False),
        pa.field("arises_from", pa.string(), nullable=False),
        pa.field("source_grade", pa.string()),
        pa.field("info_grade", pa.string()),
        pa.field("source_type", pa.string()),
        pa.field("scale", pa.string()),
        pa.field("value", pa.string()),
        pa.field("route", pa.string()),
        pa.field("severity", pa.float64()),
        pa.field("stance", pa.string(), nullable=False),
        pa.field("event_date", pa.date32(), nullable=False),
        pa.field("event_end", pa.date32()),
        pa.field("recorded_date", pa.date32(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("claim_id", pa.string()),
        pa.field("derived_from", pa.string()),
        pa.field("answer", pa.string()),
        pa.field("handling", pa.string(), nullable=False),
        pa.field("conditions", pa.string()),
        pa.field("gateway", pa.string()),
        pa.field("data_class", pa.string(), nullable=False),
        pa.field("easting", pa.float64()),
        pa.field("northing", pa.float64()),
        pa.field("longitude", pa.float64()),
        pa.field("latitude", pa.float64()),
        pa.field("precision_m", pa.float64()),
        pa.field("authority", pa.string()),
        pa.field("recorded_by", pa.string()),
    ]
)
"""Accepted rows. ``row`` counts data rows from 1 in its ``source`` (a file's name, never its path).
``derived_from`` and ``conditions`` hold several values separated by ``;``, sorted, without spaces. Missing is null."""

INPUT_COLUMNS: Final = tuple(n for n in EVIDENCE_SCHEMA.names if n not in ("row", "source", "conditions"))
REQUIRED_COLUMNS: Final = (
    "record_id",
    "role",
    "agency",
    "indicator",
    "basis",
    "arises_from",
    "event_date",
    "recorded_date",
)
QUARANTINE_COLUMNS: Final = ("source", "row", "column", "code", "hint")
DUPLICATE_COLUMNS: Final = ("source", "row", "same_as_source", "same_as_row")

BARRED_SCHEMA: Final = pa.schema(
    [
        ("agency", pa.string()),
        ("record_id", pa.string()),
        ("subject_id", pa.string()),
        ("indicator", pa.string()),
        ("recorded_date", pa.date32()),
        ("rules", pa.string()),
    ]
)
"""Keys of quarantined rows that could be read: a relay of one of them gets no weight (methods: model, R5).

``recorded_date`` is null where it could not be read: such a row bars from the first day on. ``rules`` are the rules
that set the row aside, as ``column: code`` joined by ``; ``, or ``PAST_RETENTION``.
"""
PAST_RETENTION: Final = "past_retention"
"""The rule of a row that was purged: it may be shown to nobody, but what repeats it must still find that it is gone."""


@dataclass(frozen=True, slots=True, repr=False)
class Evidence(Conserved):
    """What was read: rows accepted, rows set aside and why, exact duplicates. Nothing is lost.

    Attributes
    ----------
    rows : pyarrow.Table
        Accepted rows under ``EVIDENCE_SCHEMA``, in the order read. All versions are kept; which one stands
        is decided at ``as_of``.
    quarantine : pandas.DataFrame
        ``source, row, column, code, hint``: one line per fault; a row with several faults has several lines.
    unknown : pandas.DataFrame
        Same columns: cells of accepted rows that could not be read and are treated as unknown.
    duplicates : pandas.DataFrame
        ``source, row, same_as_source, same_as_row``.
    barred : pyarrow.Table
        Keys of quarantined rows, under ``BARRED_SCHEMA``.
    counts : mapping
        Per source: ``rows_in``, ``accepted``, ``quarantined``, ``duplicates``. The law of conservation:
        rows_in = accepted + quarantined + duplicates.
    partnership_version : str
        The agreement it was read under.
    notes : tuple of str
        What a reader should know about a source as a whole, such as an encoding other than UTF-8.
    """

    rows: pa.Table
    quarantine: pd.DataFrame
    unknown: pd.DataFrame
    duplicates: pd.DataFrame
    barred: pa.Table
    counts: Mapping[str, Mapping[str, int]]
    partnership_version: str
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """Accepted rows as a data frame; a fresh copy."""
        frame: pd.DataFrame = self.rows.to_pandas(date_as_object=False)
        return frame

    def to_arrow(self) -> pa.Table:
        """Return the accepted rows as an Arrow table, without copying."""
        return self.rows


@dataclass(frozen=True, slots=True, repr=False)
class Subjects:
    """What partners agreed to send about subjects themselves, beside the evidence.

    ``table`` has one row a subject: ``subject_id``, ``age_band`` (see ``AGE_BANDS``), ``responsible_authority``,
    ``placed_in``, ``household_id``, ``protected_from``, ``protected_until``. ``set_aside`` are the subjects of rows
    that were set aside: whether they are protected is not known, so they are treated as though they were.
    """

    table: pd.DataFrame
    quarantine: pd.DataFrame
    counts: Mapping[str, Mapping[str, int]]
    set_aside: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """Count only; never a value."""
        return f"Subjects({len(self.table):,} rows, {len(self.quarantine):,} faults)"


AGE_BANDS: Final = ("under 10", "10-13", "14-15", "16-17", "18-24", "25 and over", "not known")
UNDER_18: Final = ("under 10", "10-13", "14-15", "16-17")
