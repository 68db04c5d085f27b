"""Tables as a decision lets them through: columns shown, made coarser, redacted or gone (methods: safety, 1.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import pandas as pd

from riskshare.records.scale import CommonScale
from riskshare.records.sharing_fields import FIELDS, TREATMENTS, Treatment
from riskshare.records.sharing_request import Decision

A_PARTNER: Final = "a partner agency"
"""What an agency is called whose holding something is itself sensitive, or that is redacted."""
HELD: Final = "held"
"""What stands where there is something that is redacted."""
_REFERENCES: Final = frozenset({"record_id", "claim_id", "derived_from"})
_UNSAID: Final = "cannot say"
_WHY_NO_FIGURE: Final = dict.fromkeys(("count", "n", "n_events"), "small_or_beside_small")
"""Why a figure is missing on every line; any other would give the withheld counts away."""
_SCORED: Final = ("score", "factual_score", "score_uncapped")
"""A score of which the model says no band has none: its position alone would give one."""
_ON_SCALE: Final = ("score", "lower", "upper", "factual_score", "score_uncapped", "common_position")


def treated(
    frame: pd.DataFrame, treatment: Mapping[str, Treatment], *, scale: CommonScale, sensitive: Collection[str] = ()
) -> pd.DataFrame:
    """Return a table as it may leave.

    Parameters
    ----------
    frame : DataFrame
        Columns are fields of the agreement; any other column is dropped.
    treatment : mapping
        By field. A field that is not in it has no column: absence, not a blank.
    scale : CommonScale
        For scores that are shown as bands.
    sensitive : collection of str
        Agencies that are named to nobody: ``a partner agency`` stands for them.

    Returns
    -------
    DataFrame
        Rows in the same order under a fresh index. ``band`` of a date is its month, of a position on the common scale
        its band, which is ``cannot say`` for a score wherever the line's own band is; other figures that may only be
        banded are dropped, texts redacted. ``redact`` says only that there is something.

    Examples
    --------
    >>> frame = pd.DataFrame({"score": [72], "leading_agency": ["refuge"], "log_odds": [1.0]})
    >>> told = {"score": "band", "leading_agency": "show", "log_odds": "drop"}
    >>> treated(frame, told, scale=CommonScale(), sensitive=["refuge"]).to_dict("records")
    [{'score': 'high', 'leading_agency': 'a partner agency'}]
    """
    columns: dict[str, Any] = {}
    for name in frame.columns:
        told = treatment.get(str(name), "drop")
        if told == "drop" or str(name) not in FIELDS:
            continue
        values = frame[name]
        if FIELDS[str(name)] == "holder":
            word = HELD if str(name) in _REFERENCES else A_PARTNER
            columns[str(name)] = _objects(_holder(value, sensitive, word, named=told == "show") for value in values)
        elif told == "show":
            columns[str(name)] = values.array
        else:
            coarse = _banded(str(name), values, scale) if told == "band" else _redacted(values)
            if coarse is not None and told == "band" and str(name) in _SCORED and "band" in frame:
                coarse = [_UNSAID if band == _UNSAID else one for one, band in zip(coarse, frame["band"], strict=True)]
            if coarse is not None:
                columns[str(name)] = _objects(coarse)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def _objects(values: Iterable[Any]) -> pd.Series[Any]:
    """Return values as they are: left to itself, pandas would turn None into NaN in some tables and not in others."""
    return pd.Series(list(values), dtype=object)


def _holder(value: Any, sensitive: Collection[str], word: str, *, named: bool) -> Any:
    if isinstance(value, tuple | list):
        return tuple(sorted({str(_holder(one, sensitive, word, named=named)) for one in value}))
    if _missing(value):
        return None
    parts = {part for whole in str(value).split(";") for part in (whole, whole.partition(":")[0])}
    return value if named and parts.isdisjoint(sensitive) else word


def _banded(name: str, values: pd.Series[Any], scale: CommonScale) -> list[Any] | None:
    """Return coarser values; None where a field has no coarser form and would tell by itself."""
    kind = FIELDS[name]
    if kind == "date":
        return [None if _missing(value) else pd.Timestamp(value).strftime("%Y-%m") for value in values]
    if kind == "score":
        if name not in _ON_SCALE:
            return None
        return [None if _missing(value) else band_of(float(value), scale) for value in values]
    return list(values) if kind == "band" else _redacted(values)


def band_of(points: float, scale: CommonScale) -> str:
    """Return the band of a position on the common scale.

    >>> [band_of(points, CommonScale()) for points in (29.0, 30.0, 90.0)]
    ['low', 'medium', 'very high']
    """
    met = sum(points >= edge for edge in scale.edges)
    return ("low", "medium", "high", "very high")[met]


def _redacted(values: pd.Series[Any]) -> list[Any]:
    return [None if _missing(value) else HELD for value in values]


def _missing(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return not value
    return bool(value is None or pd.isna(value) or value == "")


def without_way_back(treatment: Mapping[str, Treatment], score: Treatment) -> dict[str, Treatment]:
    """Return treatments under which a score that may only be banded cannot be worked out from what stands beside it.

    The points of all reasons sum to the score, and so do their nats: they go. What lies on the common scale is banded.

    >>> without_way_back({"points": "show", "lower": "show", "band": "show"}, "band")
    {'lower': 'band', 'band': 'show'}
    """
    if score == "show":
        return dict(treatment)
    kept = {name: told for name, told in treatment.items() if FIELDS[name] != "score" or name in _ON_SCALE}
    return {name: min(told, score, key=TREATMENTS.index) if FIELDS[name] == "score" else told
            for name, told in kept.items()}  # fmt: skip


def kept_lines(table: str, frame: pd.DataFrame, treatment: Mapping[str, Treatment]) -> list[tuple[str, str, str]]:
    """Return ``table, field, treatment`` of every column left, but for those of which every cell is withheld."""
    gone = _wholly_withheld(frame)
    return [(table, str(name), treatment.get(str(name), "show")) for name in frame.columns if str(name) not in gone]


def withheld_lines(
    table: str, asked: Collection[str], left: pd.DataFrame, decisions: Collection[Decision]
) -> list[tuple[str, str, str]]:
    """Return ``table, field, reason`` of every field asked for that is not left, or is left with nothing in it."""
    lines: list[tuple[str, str, str]] = []
    for name in sorted(set(asked) - {str(one) for one in left.columns}):
        reasons = [dict(one.withheld)[name] for one in decisions if name in dict(one.withheld)]
        lines.append((table, name, reasons[0] if reasons else "unknown_field" if name not in FIELDS else "too_fine"))
    return [*lines, *((table, name, _WHY_NO_FIGURE.get(name, "counts_withheld")) for name in _wholly_withheld(left))]


def _wholly_withheld(frame: pd.DataFrame) -> list[str]:
    """Return the figures of which no line holds any: a missing count is one that disclosure control took out."""
    return [str(name) for name in frame.columns
            if len(frame) and FIELDS.get(str(name)) == "count" and bool(frame[name].isna().all())]  # fmt: skip
