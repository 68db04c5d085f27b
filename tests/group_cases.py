"""Small partnerships' worth of evidence about two groups, with or without one of them recorded more often."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

import riskshare as rs
from build import indicator, partnership, trust_policy
from cases import evidence_from_rows
from riskshare.records.evidence import EVIDENCE_SCHEMA
from riskshare.records.policy import Family

AS_OF = dt.date(2026, 3, 31)
AGENCIES = ("charity", "council", "health", "police", "school")
FAMILIES = ("first", "second", "third")


def partners(rng: np.random.Generator, n_indicators: int = 6) -> rs.Partnership:
    """Return a partnership with some indicators of random weight in three families; the last one protects."""
    kinds = []
    for i in range(n_indicators):
        protects = i == n_indicators - 1
        kinds.append(
            indicator(
                f"k{i}",
                family="support" if protects else FAMILIES[i % 3],
                direction="protective" if protects else "raising",
                log_likelihood_ratio=round(float(rng.uniform(0.8, 1.6)), 2),
                half_life_days=float(rng.choice((180, 365, 730))),
                proxy_for=("neighbourhood",) if i % 2 else (),
                justification="Kept because it is often first." if i % 2 else "",
            )
        )
    families = tuple(Family(id=name, name=name, p=float(rng.choice((1, 2)))) for name in (*FAMILIES, "support"))
    return partnership(trust=trust_policy(indicators=tuple(kinds), families=families, expected_answers=()))


def evidence(counts: np.ndarray, rng: np.random.Generator) -> rs.Evidence:
    """Return evidence in which person i has ``counts[i, k]`` first-hand records of indicator k, over four months."""
    person, kind = np.nonzero(counts)
    times = counts[person, kind]
    person, kind = np.repeat(person, times), np.repeat(kind, times)
    n = person.size
    event = np.datetime64(AS_OF) - rng.integers(0, 120, n)
    given: dict[str, Any] = {
        "row": np.arange(1, n + 1),
        "source": ["made"] * n,
        "record_id": [f"r{i}" for i in range(n)],
        "subject_id": [f"S{i:05d}" for i in person],
        "role": ["person_of_concern"] * n,
        "agency": np.array(AGENCIES, dtype=object)[rng.integers(0, len(AGENCIES), n)],
        "indicator": [f"k{i}" for i in kind],
        "basis": ["factual"] * n,
        "arises_from": ["reported"] * n,
        "source_type": ["record"] * n,
        "stance": ["supports"] * n,
        "event_date": event.astype("datetime64[D]"),
        "recorded_date": np.full(n, np.datetime64(AS_OF)),
        "status": ["current"] * n,
        "handling": ["P"] * n,
        "data_class": ["other"] * n,
    }
    columns = [
        pa.array(given[field.name], field.type) if field.name in given else pa.nulls(n, field.type)
        for field in EVIDENCE_SCHEMA
    ]
    table = pa.table(columns, schema=EVIDENCE_SCHEMA)
    empty = evidence_from_rows([])
    made = {"rows_in": n, "accepted": n, "quarantined": 0, "duplicates": 0}
    return rs.Evidence(
        rows=table, quarantine=empty.quarantine, unknown=empty.unknown, duplicates=empty.duplicates,
        barred=empty.barred, counts={"made": made}, partnership_version=empty.partnership_version,
    )  # fmt: skip


def characteristics(**columns: list[str | None]) -> rs.Characteristics:
    """Return characteristics of persons 0, 1, 2 …, one list a column."""
    size = len(next(iter(columns.values())))
    table = pd.DataFrame({"subject_id": [f"S{i:05d}" for i in range(size)], **columns})
    counts = {"made": {"rows_in": size, "accepted": size, "quarantined": 0, "duplicates": 0}}
    return rs.Characteristics(table=table, quarantine=pd.DataFrame(), counts=counts)
