"""The scales shipped in ``thresholds/``, read straight from their files; and small tables of rows to normalise."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa

import build
from riskshare.records.evidence import EVIDENCE_SCHEMA
from riskshare.records.partnership import Partnership
from riskshare.records.scale import CommonScale, Scale

FOLDER = Path(__file__).parent.parent / "thresholds"
FILES = sorted((FOLDER / "scales").glob("*.toml"))


def read_scale(path: Path) -> Scale:
    return Scale.model_validate_json(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))


SCALES = {path.stem: read_scale(path) for path in FILES}
LINKED = [s for s in SCALES.values() if s.kind not in ("nominal", "effort")]
COMMON = CommonScale.model_validate_json(json.dumps(tomllib.loads((FOLDER / "common_scale.toml").read_text("utf-8"))))


def partnership(*scales: Scale) -> Partnership:
    return build.partnership(scales=scales or tuple(SCALES.values()))


def rows(*readings: dict[str, Any]) -> pa.Table:
    """Evidence rows that differ only in scale, value, route and event_date."""
    constant = {
        "row": 1,
        "source": "t.csv",
        "record_id": "r1",
        "role": "victim",
        "agency": "police",
        "indicator": "weapon_carrying",
        "basis": "factual",
        "arises_from": "reported",
        "stance": "supports",
        "event_date": dt.date(2026, 3, 1),
        "recorded_date": dt.date(2026, 3, 2),
        "status": "current",
        "handling": "P",
        "data_class": "other",
    }
    return pa.Table.from_pylist([{**constant, **reading} for reading in readings], schema=EVIDENCE_SCHEMA)
