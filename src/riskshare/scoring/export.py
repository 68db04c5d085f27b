"""Results as plain Python values, ready for JSON, under the published schema."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from riskshare.records.results import SCHEMA_VERSION

_UNIT: Final = ("subject_id", "lens")
_REASON: Final = (
    "line", "nats", "points", "agency", "record_id", "indicator", "agency_of_origin", "basis", "stance", "event_date",
    "recorded_date", "scale", "native_value", "native_band", "common_position", "meets_bar", "scale_valid", "claim",
    "trust", "freshness", "severity", "notes", "left_out", "left_out_uncut",
)  # fmt: skip
_SET_ASIDE: Final = ("agency", "record_id", "indicator", "recorded_date", "reason")
_ACT_NOW: Final = ("agency", "record_id", "indicator", "event_date", "duty", "contact")


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: missing becomes None, dates ISO text, tuples lists."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def results(
    scores: pd.DataFrame, reasons: pd.DataFrame, urgent: pd.DataFrame, aside: pd.DataFrame, *, header: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return one dictionary per subject and lens, in the order of ``scores``.

    Parameters
    ----------
    scores : pandas.DataFrame
        ``SCORE_COLUMNS``.
    reasons : pandas.DataFrame
        ``EXPLAIN_COLUMNS`` for the same subjects.
    urgent : pandas.DataFrame
        Rows that call for action now.
    aside : pandas.DataFrame
        Rows that were set aside when read: ``findings.quarantined``.
    header : dict
        Engine and partnership versions, ``as_of`` and ``trial``.

    Returns
    -------
    list of dict
        Each fits ``records.results.SubjectResult``; empty for no scores.
    """
    why = _grouped(reasons, _UNIT, _REASON)
    now = _grouped(urgent, _UNIT, _ACT_NOW)
    left_out = _grouped(aside, _UNIT[:1], _SET_ASIDE)
    fixed = {"schema_version": SCHEMA_VERSION, **header, "internal": True}
    out = []
    for line in _lines(scores, tuple(scores.columns)):
        key = (line["subject_id"], line["lens"])
        lists = {"act_now": now.get(key, []), "set_aside": left_out.get(key[:1], []), "reasons": why.get(key, [])}
        out.append({**fixed, **line, **lists})
    return out


def _lines(frame: pd.DataFrame, columns: Iterable[str]) -> list[dict[str, Any]]:
    names = tuple(columns)
    values = [_plain_column(frame[name]) for name in names]
    return [dict(zip(names, line, strict=True)) for line in zip(*values, strict=True)]


def _plain_column(column: pd.Series[Any]) -> list[Any]:
    """Return ``plain`` of every value; a column of one kind is turned all at once."""
    kind = column.dtype
    if kind.kind in "biu" and isinstance(kind, np.dtype):
        return column.to_numpy().tolist()
    if kind.kind == "f" and isinstance(kind, np.dtype):
        numbers = column.to_numpy()
        values = numbers.astype(object)
        values[~np.isfinite(numbers)] = None
        return values.tolist()
    if kind.kind == "M" and isinstance(kind, np.dtype):
        days = column.to_numpy()
        values = np.datetime_as_string(days, unit="D").astype(object)
        values[np.isnat(days)] = None
        return values.tolist()
    if isinstance(kind, pd.StringDtype):
        return column.astype(object).where(column.notna(), None).tolist()
    return [plain(value) for value in column.tolist()]


def _grouped(
    frame: pd.DataFrame, keys: tuple[str, ...], columns: tuple[str, ...]
) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    of = zip(*(frame[name].tolist() for name in keys), strict=True)
    for key, line in zip(of, _lines(frame, columns), strict=True):
        found.setdefault(key, []).append(line)
    return found
