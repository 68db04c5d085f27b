"""The published figures of one unit: score, interval, bands and reliance. Methods: model, sections 7 to 9."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from riskshare.kernels.segments import UNIT
from riskshare.scoring.one.agreed import Agreed
from riskshare.scoring.one.answers import Asked, ask
from riskshare.scoring.one.claims import Claim, tell
from riskshare.scoring.one.numbers import pairwise, run_sum
from riskshare.scoring.one.pairs import Pair
from riskshare.scoring.one.rows import Row
from riskshare.scoring.one.totals import Capped, Reasons, Unit, cap, capped_shares, reasons
from riskshare.scoring.tables import BANDS


@dataclass(slots=True, eq=False, repr=False)
class Figures:
    """Columns of ``kernels.scores.Scores`` for one unit; missing shares are NaN, nothing else is.

    ``share`` is φ by pair number under the caps; ``claims`` are all claims in the order they are numbered; ``places``
    says by pair number which group of the unit holds it, and where.
    """

    lens: int
    unit: Unit
    pairs: list[Pair]
    claims: list[Claim]
    places: dict[int, tuple[int, int]]
    asked: Asked
    capped: Capped
    share: dict[int, float]
    log_odds: int
    points: int
    points_uncapped: int
    points_factual: int
    lower: int
    upper: int
    band: str
    band_low: str
    band_high: str
    reliance: Reliance


@dataclass(slots=True, eq=False, repr=False)
class Reliance:
    """On whom and what a score rests; NaN (``leading`` None) where nothing has weight."""

    police: float
    effective: float
    leading: str | None
    anecdotal: float
    freshness: float


def figures_of(
    unit: Unit, free: Unit | None, pairs: list[Pair], answers: Sequence[Row], agreed: Agreed, lens: int
) -> Figures:
    """Return the figures of one unit.

    ``free`` is the same unit with weights without τ_max, None where they are the same; ``answers`` its returned and nil
    answers that may count.
    """
    asked = ask(answers, agreed, lens)
    capped = cap(unit, unit.full, agreed)
    plain = reasons(unit, unit.full, agreed)
    share = capped_shares(unit, capped, plain, agreed)
    factual = cap(unit, unit.factual, agreed, anecdotes=False)
    open_reasons = plain if free is None else reasons(free, free.full, agreed)
    start, told = agreed.base[lens], capped.protective + asked.nil
    log_odds, uncapped = start + capped.raising - told, start + capped.everything - told
    spread = agreed.z * math.sqrt(_variance(pairs, open_reasons, asked, agreed))
    counted = bool(pairs) or any(answer.answer == "nil" for answer in answers)
    points = whole_points(log_odds * UNIT, agreed)
    lower = whole_points(log_odds * UNIT - spread, agreed) if counted else 0
    upper = whole_points(uncapped * UNIT + spread, agreed) if counted else 100
    claims = [claim for g, mask in zip(unit.groups, unit.full, strict=True) for claim in tell(g, mask, agreed).claims]
    return Figures(
        lens, unit, pairs, claims, _places(unit), asked, capped, share, log_odds, points,
        whole_points(uncapped * UNIT, agreed),
        whole_points((start + factual.raising - factual.protective - asked.factual_nil) * UNIT, agreed), lower, upper,
        *_bands(points, lower, upper, asked.completeness, agreed, counted=counted), _reliance(pairs, share, agreed),
    )  # fmt: skip


def _places(unit: Unit) -> dict[int, tuple[int, int]]:
    return {p.number: (place, at) for place, group in enumerate(unit.groups) for at, p in enumerate(group.pairs)}


def raw_points(log_odds: float, agreed: Agreed) -> float:
    """Return unclipped points."""
    (l1, p1), (l2, p2) = agreed.anchors
    return p1 + (log_odds - l1) * ((p2 - p1) / (l2 - l1))


def whole_points(log_odds: float, agreed: Agreed) -> int:
    """Return points clipped to 0–100 and rounded half to even."""
    return round(min(max(raw_points(log_odds, agreed), 0.0), 100.0))


def _variance(pairs: list[Pair], free: Reasons, asked: Asked, agreed: Agreed) -> float:
    """Return V_τ + V_w + V_miss + V_0."""
    by_cell: dict[int, list[float]] = {}
    for pair in pairs:
        by_cell.setdefault(pair.cell.number, []).append(free.slope.get(pair.number, 0.0) * pair.slope)
    of_trust = []
    for number, steep in by_cell.items():
        cell, slope = agreed.by_number[number], run_sum(steep)
        of_trust.append(slope * slope * cell.trust * (1.0 - cell.trust) / (cell.strength + 1.0))
    of_strength = [(slope * spread) * (slope * spread) for spread, slope in free.strength]
    return run_sum(of_trust) + run_sum(of_strength) + asked.doubt + agreed.base_doubt


def _bands(
    points: int, lower: int, upper: int, completeness: float, agreed: Agreed, *, counted: bool
) -> tuple[str, str, str]:
    band, low, high = (bisect_right(agreed.edges, value) for value in (points, lower, upper))
    # A missing completeness (nothing expected) does not reach the agreed one: not asking is not reassurance (R11).
    reached = (-1.0 if math.isnan(completeness) else completeness) >= agreed.completeness_for_low
    unsure = not counted or (band == 0 and not reached) or (low == 0 and high >= 2)
    return BANDS[-1 if unsure else band], BANDS[low], BANDS[high]


def _reliance(pairs: list[Pair], share: dict[int, float], agreed: Agreed) -> Reliance:
    by_agency: dict[int, list[float]] = {}
    weights = [abs(share.get(pair.number, 0.0)) for pair in pairs]
    for pair, weight in zip(pairs, weights, strict=True):
        by_agency.setdefault(pair.agency.number, []).append(weight)
    table = [run_sum(by_agency[one.number]) if one.number in by_agency else 0.0 for one in agreed.partners]
    total = _line_sum(table)
    if total <= 0.0:
        return Reliance(math.nan, math.nan, None, math.nan, math.nan)
    part = [value / total for value in table]
    best = max(table)
    ahead = [number for number, value in enumerate(table) if value >= best - UNIT]
    return Reliance(
        _line_sum([value if one.police else 0.0 for value, one in zip(part, agreed.partners, strict=True)]),
        1.0 / _line_sum([value * value for value in part]),
        agreed.partners[ahead[0]].id if len(ahead) == 1 else None,
        run_sum([w if pair.anecdotal else 0.0 for w, pair in zip(weights, pairs, strict=True)]) / total,
        run_sum([w * pair.fresh for w, pair in zip(weights, pairs, strict=True)]) / total,
    )


def _line_sum(values: list[float]) -> float:
    """Return the sum in order of value, as NumPy's ``sum`` of a sorted line."""
    return pairwise(sorted(values))
