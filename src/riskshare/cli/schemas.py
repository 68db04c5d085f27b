"""`riskshare schema`: the JSON Schema of every record, so that other systems can check what they send and receive."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from riskshare.cli.screen import Screen, as_json
from riskshare.io.partnership import PartnershipFile, SharingFile, SignaturesFile
from riskshare.io.subjects import COLUMNS as SUBJECT_COLUMNS
from riskshare.io.writing import make_folder, write_text
from riskshare.records.base import Record
from riskshare.records.comparison import ComparisonResult
from riskshare.records.evidence import (
    AGE_BANDS,
    ANSWERS,
    ARISES_FROM,
    BASES,
    DATA_CLASSES,
    EVIDENCE_SCHEMA,
    INFO_GRADES,
    INPUT_COLUMNS,
    REQUIRED_COLUMNS,
    ROLES,
    SOURCE_GRADES,
    STANCES,
    STATUSES,
)
from riskshare.records.policy import TrustPolicy
from riskshare.records.results import SCHEMA_VERSION, SubjectResult
from riskshare.records.scale import CommonScale, Scale
from riskshare.records.shared_cases import REQUIRED_COLUMNS as SHARED_COLUMNS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_MODELS: Final[dict[str, type[Record]]] = {
    "result": SubjectResult,
    "partnership": PartnershipFile,
    "common_scale": CommonScale,
    "scale": Scale,
    "trust": TrustPolicy,
    "signatures": SignaturesFile,
    "sharing": SharingFile,
    "threshold_comparison": ComparisonResult,
}
_CODES: Final = {
    "role": ROLES, "basis": BASES, "arises_from": ARISES_FROM, "source_grade": SOURCE_GRADES, "info_grade": INFO_GRADES,
    "stance": STANCES, "status": STATUSES, "answer": ANSWERS, "data_class": DATA_CLASSES,
}  # fmt: skip
_ID: Final = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.\-/:]{0,63}$"}
_IDS: Final = frozenset({"record_id", "subject_id", "claim_id", "recorded_by"})


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every record by name.

    Returns
    -------
    dict
        ``result`` (one subject and lens), ``threshold_comparison``, ``evidence``, ``subjects`` and ``shared_cases``
        (one row as sent), and the files of a partnership: ``partnership``, ``common_scale``, ``scale``, ``trust``,
        ``signatures``, ``sharing``.

    Examples
    --------
    >>> sorted(schemas())
    ['common_scale', 'evidence', 'partnership', 'result', 'scale', 'shared_cases', 'sharing', 'signatures', 'subjects',
    'threshold_comparison', 'trust']
    """
    made = {name: model.model_json_schema(by_alias=True) for name, model in _MODELS.items()}
    made["evidence"] = _evidence()
    made["subjects"] = _subjects()
    made["shared_cases"] = _shared_cases()
    return {name: {"$schema": DIALECT, "$id": f"urn:riskshare:{name}:{SCHEMA_VERSION}", **made[name]} for name in made}


def _evidence() -> dict[str, Any]:
    properties = {name: _cell(name) for name in INPUT_COLUMNS}
    graded = [
        {"required": ["source_grade", "info_grade"], "properties": {"source_type": _blank()}},
        {
            "required": ["source_type"],
            "properties": {
                "source_grade": _blank(),
                "info_grade": _blank(),
                "source_type": {"type": "string", "minLength": 1},
            },
        },
    ]
    return {
        "title": "EvidenceRow",
        "description": "One row of evidence. Which agencies, indicators, scales and dates are good is agreed in the "
        "partnership and checked by `riskshare check`; here stands what is the same everywhere.",
        "type": "object",
        "properties": properties,
        "required": list(REQUIRED_COLUMNS),
        "additionalProperties": False,
        "oneOf": graded,
        "if": {"properties": {"role": {"const": "place"}}},
        "then": {"properties": {"subject_id": _blank()}},
        "else": {"required": ["subject_id"], "properties": {"subject_id": _ID}},
    }


def _blank() -> dict[str, Any]:
    return {"enum": ["", None]}


def _cell(name: str) -> dict[str, Any]:
    """Return the schema of one cell as sent; an empty or missing cell means that nothing is known."""
    required = name in REQUIRED_COLUMNS
    if name in _CODES:
        inner: dict[str, Any] = {"enum": list(_CODES[name])}
        if name == "source_grade":
            inner = {"enum": [*SOURCE_GRADES, *(int(grade) for grade in SOURCE_GRADES)]}
    elif name in _IDS:
        inner = _ID
    elif pa.types.is_floating(EVIDENCE_SCHEMA.field(name).type) or name == "value":
        inner = {"type": ["number", "string"]}
    else:
        inner = {"type": "string", "minLength": 1}
    return inner if required else {"anyOf": [inner, _blank()]}


def _subjects() -> dict[str, Any]:
    properties: dict[str, Any] = {name: {"type": ["string", "null"]} for name in SUBJECT_COLUMNS}
    properties["subject_id"] = _ID
    properties["age_band"] = {"enum": [*AGE_BANDS, "", None]}
    return {
        "title": "SubjectRow",
        "description": "What partners agreed to send about a subject beside the evidence.",
        "type": "object",
        "properties": properties,
        "required": ["subject_id"],
        "additionalProperties": False,
    }


def _shared_cases() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    optional = {"anyOf": [text, _blank()]}
    return {
        "title": "SharedCaseRow",
        "description": "One agency's reading of a case that others may have scored too. referred_by is an agency's id, "
        "`outside`, or blank where nobody knows.",
        "type": "object",
        "properties": {
            "subject_id": _ID,
            "agency": text,
            "scale": text,
            "value": {"type": ["number", "string"]},
            "scored_at": {"type": "string", "format": "date"},
            "referred_by": optional,
            "derived_from": optional,
        },
        "required": list(SHARED_COLUMNS),
        "additionalProperties": False,
    }


def run_schema(out: Path | None, screen: Screen) -> None:
    """Print all schemas as one JSON document, or write one file each."""
    made = schemas()
    if out is None:
        if not screen.quiet or screen.as_json:
            Screen(as_json=True).document(made)
        return
    folder = make_folder(out)
    files = [write_text(folder / f"{name}.schema.json", as_json(schema) + "\n") for name, schema in made.items()]
    screen.say(f"Wrote {len(files)} schemas to {folder}: {', '.join(file.name for file in files)}.")
    screen.document({"folder": str(folder), "files": [file.name for file in files]})
