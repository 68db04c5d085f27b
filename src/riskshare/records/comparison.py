"""What comparing thresholds finds, as tables whose lines have one written form, also for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from riskshare.records.base import Record
from riskshare.records.results import PersonalRecord

COMPARISON_SCHEMA: Final = "riskshare.threshold_comparison/1"
"""Name and version of the JSON form; a reader must change when the number does."""

EdgeName = Literal["medium", "high", "very high"]
Standing = Literal["higher", "lower", "cannot tell", "no cut"]


class CutLine(Record):
    """Where one agency's cut falls on another agency's scale, on the population basis.

    ``cut``, ``estimate``, ``lower``, ``upper`` and ``target_cut`` are native and as owners write cuts: 14 means "14 or
    more" (or less, where the scale runs towards safety). The interval is 95 %, by bootstrap over people.
    ``percentile``: share of the pair's shared cases, in per cent, that the agency itself puts below its cut.
    ``standing``: whether the cut stands above the target's own, ``cannot tell`` where the interval holds it, ``no cut``
    where the target publishes none for this edge. A higher bar takes more to be met. ``estimate``, its interval and
    ``percentile`` are weighted by who referred.
    """

    agency: str
    scale: str
    edge: EdgeName
    cut: float
    target_agency: str
    target_scale: str
    estimate: float
    lower: float
    upper: float
    target_cut: float | None
    standing: Standing
    percentile: float | None
    percentile_low: float | None
    percentile_high: float | None
    method: str
    rule: str
    n: int
    n_effective: float
    flags: list[str]


class DisagreementLine(Record):
    """How two agencies' "high" differ on the cases both have read, once a pair.

    ``p10``: high by the first alone; ``p01``: by the second alone. ``total`` = ``bar`` + ``judgement``: bar =
    |p10 − p01| is one-way, as a different bar would make it; judgement = 2·min(p10, p01) goes both ways, which no
    difference of bar alone can make. A judgement of 0 does not show that they judge people alike: where bars lie far
    apart nothing can go both ways. ``spearman`` says how alike they order people, whatever their bars.
    ``signed`` = p10 − p01 with its 95 % interval is the estimate; the unsigned bar is for display, since it cannot fall
    below zero. ``calls_more_high``: whose share of high is greater, where that interval leaves out 0.
    ``p_value`` is of ``test``: McNemar's on high or not, Stuart and Maxwell's where both publish further cuts.

    Weighted by who referred (``referral`` says how): ``p10``, ``p01``, ``total``, ``bar``, ``judgement``, ``signed``
    and its interval; they are no shares of the ``n`` people themselves. Not weighted: ``n``, ``p_value``, ``spearman``,
    ``kappa``, ``pabak``. ``one_sided_referral``: one side referred most of the cases, which may stand high for that
    reason alone. ``small_cells``: one to four people differ one way, and every figure that would give that count away
    is missing.
    """

    agency: str
    scale: str
    other_agency: str
    other_scale: str
    n: int
    n_effective: float
    p10: float | None
    p01: float | None
    total: float | None
    bar: float | None
    judgement: float | None
    signed: float
    signed_low: float | None
    signed_high: float | None
    calls_more_high: Literal["agency", "other_agency", "cannot tell"]
    test: Literal["McNemar", "Stuart-Maxwell"]
    p_value: float | None
    spearman: float | None
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    pabak: float | None
    small_cells: bool
    referral: str
    one_sided_referral: bool


class VolumeLine(Record):
    """How many cases an agency would call high at one bar: its own, or where a partner's falls on its scale.

    Counted among the cases both have read, or among all its shared cases where ``bar_of`` is the agency itself. Scores
    alone are counted, not cases raised by a route of the scale. ``flagged_low`` and ``flagged_high`` follow the
    interval of the bar. ``shared_cases_per_10000`` people and ``shared_cases_per_worker`` are of these shared cases
    over ``period_from`` to ``period_to``, with exact Poisson intervals: never rates of a caseload. Counts of 1 to 4,
    and counts that leave 1 to 4 unflagged, are None and ``suppressed``; where ``refused`` says why, everything is None.
    """

    agency: str
    scale: str
    bar_of: str
    bar_of_scale: str
    bar: float | None
    n: int
    flagged: int | None
    flagged_low: int | None
    flagged_high: int | None
    flagged_own: int | None
    share: float | None
    shared_cases_per_10000: float | None
    shared_cases_per_10000_low: float | None
    shared_cases_per_10000_high: float | None
    shared_cases_per_worker: float | None
    shared_cases_per_worker_low: float | None
    shared_cases_per_worker_high: float | None
    period_from: str | None
    period_to: str | None
    suppressed: bool
    refused: str


class InvarianceLine(Record):
    """Whether one link holds alike for every group of one characteristic (root expected mean square difference).

    ``remsd`` is in standard deviations of the target, missing where fewer than two groups are large enough;
    ``by_chance`` is what people dealt to the groups at random would rarely exceed, ``limit`` the difference that
    matters; ``flagged`` above both.
    """

    agency: str
    scale: str
    target_agency: str
    target_scale: str
    characteristic: str
    groups: int
    remsd: float | None
    by_chance: float | None
    limit: float | None
    flagged: bool


class RefusedLine(Record):
    """A pair, or one scale, that cannot be linked, and why and what to do."""

    agency: str
    scale: str
    target_agency: str
    target_scale: str
    reason: str


class ReadingLine(PersonalRecord):
    """One agency's latest reading of one person, natively, as agreed, and on the reference scale.

    ``policy_low``, ``policy``, ``policy_high``: the agreed position, 0–100. ``linked`` with a 95 % prediction interval:
    the equivalent on the reference scale, in its native units.
    """

    subject_id: str
    agency: str
    scale: str
    scored_at: str
    value: str
    native_band: str
    is_high: bool
    policy_low: float | None
    policy: float | None
    policy_high: float | None
    policy_band: str
    linked: float | None
    linked_low: float | None
    linked_high: float | None
    chance_high: float | None
    flags: list[str]


class SpreadLine(PersonalRecord):
    """How far apart agencies stand on one person: spread is greatest less least position, never averaged away."""

    subject_id: str
    n_agencies: int
    policy_spread: float | None
    linked_spread: float | None
    high: int
    not_high: int
    split: bool


TABLES: Final[Mapping[str, type[Record]]] = {
    "matrix": CutLine,
    "cuts": CutLine,
    "disagreement": DisagreementLine,
    "volumes": VolumeLine,
    "invariance": InvarianceLine,
    "refused": RefusedLine,
    "readings": ReadingLine,
    "spread": SpreadLine,
}
PERSONAL: Final = ("readings", "spread")
"""Tables with one line a person: written only when asked for."""


class ComparisonResult(Record):
    """A threshold comparison in its written form, for programs."""

    schema_version: Literal["riskshare.threshold_comparison/1"]
    engine_version: str
    partnership: str
    partnership_version: str
    example: bool
    internal: Literal[True]
    replicates: int
    seed: int
    period_from: str | None
    period_to: str | None
    n_cases: int
    reference_agency: str | None
    reference_scale: str | None
    parties: list[list[str]]
    matrix: list[CutLine]
    cuts: list[CutLine]
    disagreement: list[DisagreementLine]
    volumes: list[VolumeLine]
    invariance: list[InvarianceLine]
    refused: list[RefusedLine]
    readings: list[ReadingLine]
    spread: list[SpreadLine]


_DTYPES: Final = {
    "float": "float64", "float | None": "float64", "int": "int64", "int | None": "Int64", "bool": "bool",
}  # fmt: skip


def columns_of(model: type[Record]) -> tuple[str, ...]:
    """Return the columns of a table, in order."""
    return tuple(model.model_fields)


def table_of(lines: Iterable[Mapping[str, Any]], model: type[Record]) -> pd.DataFrame:
    """Return lines as a data frame with one column a field, typed alike whether or not there are any lines.

    A number that is None becomes NaN (a count ``<NA>``), a list a tuple, and text stays text.

    Examples
    --------
    >>> table_of([], RefusedLine).columns.tolist()
    ['agency', 'scale', 'target_agency', 'target_scale', 'reason']
    """
    rows = list(lines)
    columns = {}
    for name in columns_of(model):
        values: list[Any] = [row[name] for row in rows]
        kind = _DTYPES.get(str(model.__annotations__[name]), "object")
        if kind == "object":
            column = np.empty(len(values), dtype=object)
            column[:] = [tuple(value) if isinstance(value, list) else value for value in values]
            columns[name] = pd.Series(column, dtype=object)
        else:
            columns[name] = pd.Series([np.nan if v is None and kind == "float64" else v for v in values], dtype=kind)
    return pd.DataFrame(columns)


def typed(frame: pd.DataFrame, model: type[Record]) -> pd.DataFrame:
    """Return a frame's columns in the order and of the kinds that ``table_of`` gives them."""
    kinds = {name: _DTYPES.get(str(model.__annotations__[name]), "object") for name in columns_of(model)}
    return frame[list(kinds)].astype(kinds)


def lines_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as JSON-ready lines: missing is None, a tuple a list. The inverse of ``table_of``."""
    names = [str(name) for name in frame.columns]
    columns: Sequence[list[Any]] = [[_plain(value) for value in frame[name].tolist()] for name in names]
    return [dict(zip(names, line, strict=True)) for line in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return list(value) if isinstance(value, tuple) else value
