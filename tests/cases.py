"""Worked cases in their own form, as evidence and a partnership."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from riskshare.records.evidence import (
    BARRED_SCHEMA,
    DUPLICATE_COLUMNS,
    EVIDENCE_SCHEMA,
    QUARANTINE_COLUMNS,
    Evidence,
)

DEFAULTS = {
    "arises_from": "reported",
    "stance": "supports",
    "status": "current",
    "handling": "C",
    "data_class": "other",
    "source": "case",
}


def evidence_from_rows(rows: list[dict[str, Any]], *, barred: list[dict[str, Any]] | None = None) -> Evidence:
    """Return accepted evidence for rows in the worked cases' form, without passing through a file."""
    lines = []
    for number, row in enumerate(rows, start=1):
        line: dict[str, Any] = {**dict.fromkeys(EVIDENCE_SCHEMA.names), **DEFAULTS, "row": number}
        line |= {name: value for name, value in row.items() if name in EVIDENCE_SCHEMA.names}
        for name in ("event_date", "recorded_date"):
            line[name] = dt.date.fromisoformat(row[name])
        for name in ("derived_from", "conditions"):
            if isinstance(line[name], list):
                line[name] = ";".join(sorted(set(line[name]))) or None
        lines.append(line)
    table = pa.Table.from_pylist(lines, schema=EVIDENCE_SCHEMA)
    faults = pd.DataFrame(columns=list(QUARANTINE_COLUMNS))
    counts = {"rows_in": len(rows), "accepted": len(rows), "quarantined": 0, "duplicates": 0}
    return Evidence(
        rows=table,
        quarantine=faults,
        unknown=faults,
        duplicates=pd.DataFrame(columns=list(DUPLICATE_COLUMNS)),
        barred=pa.Table.from_pylist(barred or [], schema=BARRED_SCHEMA),
        counts={"case": counts},
        partnership_version="1" * 64,
    )


def severities(rows: list[dict[str, Any]]) -> np.ndarray:
    return np.array([1.0 if row.get("severity") is None else row["severity"] for row in rows])


def as_read(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (accepted, quarantined) as reading parts them: repeats once, conflicts and late events aside."""
    once: list[dict[str, Any]] = []
    for row in rows:
        if row not in once:
            once.append(row)
    accepted, aside = [], []
    for row in once:
        clash = [other for other in once if version(other) == version(row)]
        late = row["event_date"] > row["recorded_date"]
        (aside if late or len(clash) > 1 else accepted).append(row)
    return accepted, aside


def version(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("agency", "record_id", "subject_id", "indicator", "recorded_date"))


def evidence_from_case(rows: list[dict[str, Any]]) -> Evidence:
    """Return a case's rows as evidence that has been read."""
    accepted, aside = as_read(rows)
    keys = [{name: row.get(name) for name in BARRED_SCHEMA.names} for row in aside]
    for key in keys:
        key["recorded_date"] = dt.date.fromisoformat(key["recorded_date"])
    return evidence_from_rows(accepted, barred=keys)
