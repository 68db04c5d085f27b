"""The optional columns of a table of events, each read by its own rule. Methods: places, section 5.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceProblem
from riskshare.records.evidence import ARISES_FROM

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

NO_DAY: Final = np.iinfo(np.int64).min
"""The day of an event without a date."""
NOT_STATED: Final = "not stated"
"""The source or category of an event for which a table that has the column names none."""
_LOOKED: Final = ("agency_initiated", "prompted_by_partnership")

_MOMENT: Final = (
    r"^(?P<day>\d{4}-\d{2}-\d{2})(?P<time>[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?$"
)


def blank(column: pd.Series[Any]) -> Bools:
    """Return which cells say nothing: missing, or text of spaces alone."""
    nothing = column.isna()
    if not pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_datetime64_any_dtype(column.dtype):
        nothing |= column.astype(object).astype(str).str.strip() == ""
    return nothing.to_numpy(dtype=np.bool_)


def _texts(column: pd.Series[Any]) -> tuple[Texts, list[PlaceProblem]]:
    return column.astype(object).astype(str).where(~blank(column), NOT_STATED).to_numpy(dtype=object), []


def _organisations(column: pd.Series[Any]) -> tuple[Texts, list[PlaceProblem]]:
    return column.astype(object).where(~blank(column), "").astype(str).to_numpy(dtype=object), []


def _claims(column: pd.Series[Any]) -> tuple[Ints, list[PlaceProblem]]:
    # A blank is no claim: else all blanks would be reports of one event.
    codes, names = pd.factorize(column.astype(object).where(~blank(column), None))
    alone = codes < 0
    numbers = codes.astype(np.int64)
    numbers[alone] = len(names) + np.arange(int(alone.sum()))
    return numbers, []


def _weights(column: pd.Series[Any]) -> tuple[Floats, list[PlaceProblem]]:
    weight = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(weight) & (weight > 0))
    if wrong.any():
        return weight, [_column_problem("weight", wrong, "must be finite and above 0")]
    return weight, []


def _precisions(column: pd.Series[Any]) -> tuple[Floats, list[PlaceProblem]]:
    metres = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = (~blank(column) & ~np.isfinite(metres)) | (metres < 0)
    if wrong.any():
        return metres, [_column_problem("precision_m", wrong, "must be metres, 0 or more, or blank")]
    return metres, []


def _days(column: pd.Series[Any]) -> tuple[Ints, list[PlaceProblem]]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _whole_days(_in_london(column)), []
    if pd.api.types.is_datetime64_any_dtype(column):
        return _whole_days(column), []
    texts = column.astype("string").str.strip()
    parts = texts.str.extract(_MOMENT)
    month_only = texts.str.fullmatch(r"\d{4}-\d{2}").fillna(False).astype(bool)
    day = parts["day"].where(~month_only, texts + "-15")
    read = pd.to_datetime(day, format="%Y-%m-%d", errors="coerce")
    zoned = parts["zone"].notna() & read.notna()
    if zoned.any():
        # A zone says which moment it was; the day it counts on is the one that it was here.
        moments = pd.to_datetime(texts[zoned], format="ISO8601", utc=True, errors="coerce")
        read = read.where(~zoned, _in_london(moments).reindex(read.index))
    timed = parts["time"].notna() & ~zoned & read.notna()
    if timed.any():
        hours = pd.to_datetime(texts[timed], format="ISO8601", errors="coerce")
        read = read.where(~timed | hours.reindex(read.index).notna())
    wrong = read.isna().to_numpy() & ~blank(column)
    if wrong.any():
        rule = "must be YYYY-MM-DD, YYYY-MM or a moment such as 2026-03-31T23:30Z"
        return np.zeros(len(column), dtype=np.int64), [_column_problem("date", wrong, rule)]
    return _whole_days(read), []


def _in_london(moments: pd.Series[Any]) -> pd.Series[Any]:
    local: pd.Series[Any] = moments.dt.tz_convert("Europe/London").dt.tz_localize(None)
    return local


def _whole_days(column: pd.Series[Any]) -> Ints:
    stamps = column.to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(stamps), NO_DAY, stamps.astype(np.int64))


def _arises(column: pd.Series[Any]) -> tuple[Bools, list[PlaceProblem]]:
    wrong = ~(column.isin(ARISES_FROM).to_numpy(dtype=np.bool_) | blank(column))
    # What is spelt otherwise would count as reported, though it may be what enforcement turned up.
    problems = (
        [_column_problem("arises_from", wrong, f"must be {', '.join(ARISES_FROM)} or blank")] if wrong.any() else []
    )
    return column.isin(_LOOKED).to_numpy(dtype=np.bool_), problems


def _column_problem(name: str, wrong: NDArray[np.bool_], rule: str) -> PlaceProblem:
    first = int(np.argmax(wrong)) + 1
    hint = f"Column `{name}` {rule}; {int(wrong.sum()):,} rows do not hold to it, the first is row {first}."
    return PlaceProblem(f"bad_{name}", hint)


READERS: Final[dict[str, Callable[[Any], tuple[Any, list[PlaceProblem]]]]] = {
    "source": _texts,
    "recorded_by": _organisations,
    "category": _texts,
    "date": _days,
    "claim_id": _claims,
    "weight": _weights,
    "arises_from": _arises,
    "precision_m": _precisions,
}
