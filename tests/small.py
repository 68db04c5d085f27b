"""The stages on a few hand-written rows: weighed and assessed evidence of a small partnership, without any file."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

import build
import cases
from riskshare.assessment import Assessment, assess
from riskshare.records.evidence import EVIDENCE_SCHEMA, Evidence, Subjects
from riskshare.records.partnership import Partnership
from riskshare.trust.coding import code_names
from riskshare.trust.columns import Columns, to_columns
from riskshare.trust.weigh import Weighed, weigh

AS_OF = "2026-03-31"
AS_OF_DAYS = (dt.date(2026, 3, 31) - dt.date(1970, 1, 1)).days


def row(record_id: str = "r1", **changes: Any) -> dict[str, Any]:
    """Return one good row, recorded and happened on ``AS_OF`` (so of freshness 1); change what the test is about."""
    fresh = {"event_date": AS_OF, "recorded_date": AS_OF}
    return build.row(**{"record_id": record_id, **fresh, **changes})


def graded(record_id: str, grade: str, **changes: Any) -> dict[str, Any]:
    """Return a police row graded such as ``1A``."""
    return row(
        record_id,
        **{"agency": "police", "source_type": None, "source_grade": grade[0], "info_grade": grade[1], **changes},
    )


def barred(record_id: str, agency: str = "school", **changes: Any) -> dict[str, Any]:
    """Return the key of a quarantined row."""
    key = {"agency": agency, "record_id": record_id, "subject_id": "S1", "indicator": "weapon_carrying"}
    return {**key, "recorded_date": dt.date(2026, 3, 1), **changes}


def evidence_of(rows: list[dict[str, Any]], *, aside: list[dict[str, Any]] | None = None) -> Evidence:
    return cases.evidence_from_rows(rows, barred=aside)


def columns_of(rows: list[dict[str, Any]], partnership: Partnership | None = None) -> Columns:
    """Return coded columns of rows, as ``weigh`` would make them."""
    agreed = partnership if partnership is not None else build.partnership()
    table = evidence_of(rows).rows
    assert table.schema.equals(EVIDENCE_SCHEMA)
    unjudged = np.zeros(len(rows), dtype=np.bool_)
    return to_columns(table, code_names(agreed), frozenset({"self_report"}), unjudged, cases.severities(rows))


def weighed_of(
    rows: list[dict[str, Any]],
    *,
    partnership: Partnership | None = None,
    as_of: int = AS_OF_DAYS,
    aside: list[dict[str, Any]] | None = None,
    not_scored: list[bool] | None = None,
    conditions_met: frozenset[str] = frozenset(),
) -> Weighed:
    return weigh(
        evidence_of(rows, aside=aside),
        partnership if partnership is not None else build.partnership(),
        as_of=as_of,
        severity=cases.severities(rows),
        not_scored=np.zeros(len(rows), dtype=np.bool_) if not_scored is None else np.array(not_scored),
        conditions_met=conditions_met,
    )


def assessed(
    rows: list[dict[str, Any]],
    *,
    partnership: Partnership | None = None,
    as_of: str = AS_OF,
    aside: list[dict[str, Any]] | None = None,
    **options: Any,
) -> Assessment:
    agreed = partnership if partnership is not None else build.partnership()
    return assess(evidence_of(rows, aside=aside), agreed, as_of=as_of, **options)


def ages(**bands: str) -> Subjects:
    """Return subjects by age band: ``ages(S1="10-13")``."""
    table = pd.DataFrame({"subject_id": list(bands), "age_band": list(bands.values())})
    return Subjects(table=table, quarantine=pd.DataFrame(), counts={})


def line(assessment: Assessment, subject_id: str = "S1", lens: str = "harm_by") -> dict[str, Any]:
    """Return the published line of one subject and lens."""
    scores = assessment.scores
    found = scores[(scores["subject_id"] == subject_id) & (scores["lens"] == lens)]
    assert len(found) == 1
    return {str(name): value for name, value in found.iloc[0].items()}


def no_rows() -> pa.Table:
    return EVIDENCE_SCHEMA.empty_table()


def evidence_case(case: dict[str, Any]) -> Assessment:
    """Return the assessment of a worked or random case, in the form of ``tests/oracles/data``."""
    policy = case["policy"]
    met = [name for name in policy.get("conditions_met", []) if name in {"no_onward"}]
    return assess(
        cases.evidence_from_case(case["rows"]),
        build.partnership_from_case(policy),
        as_of=case["as_of"],
        conditions_met=met,
    )


KINDS = ("weapon_carrying", "gang_link", "blade_injury", "trusted_adult")
AGENCIES = ("school", "police", "council", "health", "charity")


def random_rows(seed: int, size: int = 14) -> list[dict[str, Any]]:
    """Return rows without lineage, rich in claims, twins, denials, anecdotes and answers; several lie at one date."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(size):
        agency = AGENCIES[rng.integers(len(AGENCIES))]
        facts: dict[str, Any] = {
            "agency": agency,
            "indicator": KINDS[rng.integers(len(KINDS))],
            "claim_id": (None, None, "c1", "c2")[rng.integers(4)],
            "basis": ("factual", "anecdotal")[rng.integers(2)],
            "stance": ("supports", "supports", "supports", "denies")[rng.integers(4)],
            "severity": float((1.0, 1.0, 0.5, 0.25)[rng.integers(4)]),
            "source_type": ("record", "worry")[rng.integers(2)],
            "event_date": f"2026-03-{rng.integers(1, 31):02d}",
        }
        if rng.random() < 0.15:
            facts |= {
                "agency": "school",
                "indicator": "weapon_carrying",
                "answer": ("nil", "returned")[rng.integers(2)],
            }
        rows.append(row(f"r{number:02d}", **facts))
    return rows
