"""The content hash that agencies sign, and the version that travels with every result."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from riskshare.records.base import Fixed, Record
from riskshare.records.policy import TrustPolicy
from riskshare.records.scale import CommonScale, Scale

if TYPE_CHECKING:  # partnerships work out their own hashes, so the other way round it would be a circle
    from riskshare.records.partnership import Agency

R = TypeVar("R", bound=Record)

_SETS: Final = frozenset({"authorities", "bars", "lens", "needs_gateway", "not_scored", "proxy_for"})
"""Fields whose order carries no meaning. Bands, anchors and date formats stay as they stand."""


def in_order(record: R) -> R:
    """Return the record with everything whose order means nothing sorted, at every depth.

    Two files that say the same in another order then give equal records, equal hashes and equal results.
    """
    changes: dict[str, Any] = {}
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, Record):
            changes[name] = in_order(value)
        elif isinstance(value, dict):
            changes[name] = Fixed(sorted(value.items()))
        elif name in _SETS and isinstance(value, tuple):
            changes[name] = tuple(sorted(value))
        elif isinstance(value, tuple) and value and isinstance(value[0], Record):
            changes[name] = by_id([in_order(item) for item in value])
    return record.model_copy(update=changes)


def by_id(records: Sequence[R]) -> tuple[R, ...]:
    """Return records sorted by id; those without one (bands, anchors) as they stand."""
    return tuple(sorted(records, key=lambda record: str(getattr(record, "id", ""))))


def policy_hash(
    trust: TrustPolicy, scales: Sequence[Scale], common_scale: CommonScale, agencies: Sequence[Agency]
) -> str:
    """Return the SHA-256 of what agencies sign, as 64 hexadecimal digits.

    Over canonical JSON (sorted keys, no white space, UTF-8, shortest exact floats) of the parsed trust policy,
    the scales by id, the common scale, and what scoring takes from agencies: each one's sector, which decides caps and
    who may answer, and its date formats. Comments, layout, order and file names do not count; every number does.
    """
    scored_by = {agency.id: [agency.sector, list(agency.date_formats)] for agency in agencies}
    return _digest({**_policy(trust, scales, common_scale), "agencies": scored_by})


def version_hash(
    name: str,
    purpose: str,
    is_example: bool,
    agencies: Sequence[Agency],
    trust: TrustPolicy,
    scales: Sequence[Scale],
    common_scale: CommonScale,
) -> str:
    """Return the SHA-256 of everything agreed except the signatures, made like ``policy_hash``."""
    rest = {"name": name, "purpose": purpose, "example": is_example, "agencies": _dump_all(agencies)}
    return _digest({**_policy(trust, scales, common_scale), **rest})


def _policy(trust: TrustPolicy, scales: Sequence[Scale], common_scale: CommonScale) -> dict[str, Any]:
    return {
        "trust": in_order(trust).model_dump(),
        "scales": _dump_all(scales),
        "common_scale": common_scale.model_dump(),
    }


def _dump_all(records: Sequence[Record]) -> list[dict[str, Any]]:
    return [record.model_dump() for record in by_id([in_order(record) for record in records])]


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_iso)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _iso(value: dt.date) -> str:
    return value.isoformat()
