"""The explained result of one subject as plain values: ``scoring.export`` of the tables, line for line."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection
from typing import Any

from riskshare.kernels.segments import UNIT
from riskshare.records.policy import LENSES
from riskshare.scoring.one.agreed import Agreed
from riskshare.scoring.one.figures import Figures, raw_points, whole_points
from riskshare.scoring.one.numbers import run_sum
from riskshare.scoring.one.pairs import Pair
from riskshare.scoring.one.rows import Row
from riskshare.scoring.one.totals import left_out
from riskshare.scoring.tables import FLAGS

Line = dict[str, Any]
_EPOCH = dt.date(1970, 1, 1).toordinal()


def day_text(day: int) -> str:
    """Return a day as ISO text.

    >>> day_text(0)
    '1970-01-01'
    """
    return dt.date.fromordinal(_EPOCH + day).isoformat()


def by_row(pairs: list[Pair]) -> list[list[Pair]]:
    """Return the pairs of one unit row by row, in order of row."""
    found: dict[int, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(pair.row.number, []).append(pair)
    return list(found.values())


def current_readings(rows: list[list[Pair]]) -> set[int]:
    """Return the numbers of counted rows that hold their agency's newest reading on a scale (same day: all)."""
    newest: dict[tuple[int, str], int] = {}
    held = [some[0].row for some in rows if some[0].row.reading is not None]
    for row in held:
        key = (row.agency.number, row.scale or "")
        newest[key] = max(newest.get(key, row.event), row.event)
    return {row.number for row in held if row.event == newest[row.agency.number, row.scale or ""]}


def meets_bar(row: Row, current: Collection[int]) -> bool:
    """Return whether a counted row's reading meets its own agency's "high": current, no denial, no repeat."""
    high = row.reading is not None and row.reading.is_high
    return high and row.number in current and not row.denies and not row.lineage


def score_line(figures: Figures, subject: str, agreed: Agreed, *, for_review: bool) -> Line:
    """Return the published line of one unit, ``scoring.tables.SCORE_COLUMNS``."""
    rows = by_row(figures.pairs)
    current = current_readings(rows)
    bars = {some[0].row.agency.id for some in rows if meets_bar(some[0].row, current)}
    reliance, asked = figures.reliance, figures.asked
    return {
        "subject_id": subject,
        "lens": LENSES[figures.lens],
        "score": figures.points,
        "lower": figures.lower,
        "upper": figures.upper,
        "band": figures.band,
        "band_low": figures.band_low,
        "band_high": figures.band_high,
        "bars_met": sorted(bars),
        "log_odds": figures.log_odds * UNIT,
        "factual_score": figures.points_factual,
        "score_uncapped": figures.points_uncapped,
        "completeness": _known(asked.completeness),
        "most_useful_gap": asked.gap,
        "n_records": len(rows),
        "n_origins": len({pair.origin for pair in figures.pairs}),
        "n_agencies": len({pair.agency.number for pair in figures.pairs}),
        "police_share": _known(reliance.police),
        "effective_agencies": _known(reliance.effective),
        "leading_agency": reliance.leading,
        "flags": _flags(figures, rows, current, agreed, for_review=for_review),
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _flags(
    figures: Figures, rows: list[list[Pair]], current: Collection[int], agreed: Agreed, *, for_review: bool
) -> list[str]:
    limits, reliance = agreed.flags, figures.reliance
    held = [some[0].row for some in rows if some[0].row.number in current]
    flags = {
        "act_now": any(is_urgent(some) for some in rows),
        "anecdote_led": reliance.anecdotal >= limits.anecdote_led,
        "capped": bool(figures.capped.binding),
        "circular": False,
        "disputed": any(c.weight is not None and c.denied * c.truth > UNIT for c in figures.claims),
        "for_review": for_review,
        "outside_validity": any(row.reading is not None and row.reading.outside(row.event) for row in held),
        "override": any(row.reading is not None and row.reading.override for row in held),
        "police_led": reliance.police >= limits.police_led,
        "sole_agency": len({pair.agency.number for pair in figures.pairs}) == 1,
        "stale": reliance.freshness < limits.stale_freshness,
        "suspected_twins": any(claim.twin for claim in figures.claims),
    }
    return [name for name in FLAGS if flags[name]]


def is_urgent(pairs: list[Pair]) -> bool:
    """Return whether a row calls for action now, by the youngest of its origins."""
    row = pairs[0].row
    return min(pair.age for pair in pairs) <= row.kind.horizon and not row.denies


def act_now_lines(figures: Figures) -> list[Line]:
    """Return the rows that call for action now, newest first."""
    urgent = [some[0].row for some in by_row(figures.pairs) if is_urgent(some)]
    urgent.sort(key=lambda row: (-row.event, row.agency.id, row.record, row.kind.id))
    return [
        {
            "agency": row.agency.id,
            "record_id": row.record,
            "indicator": row.kind.id,
            "event_date": day_text(row.event),
            "duty": row.kind.duty,
            "contact": row.agency.contact,
        }
        for row in urgent
    ]


def reason_lines(figures: Figures, agreed: Agreed) -> list[Line]:
    """Return one line per record, and the lines that make the sum exact."""
    rows = by_row(figures.pairs)
    current = current_readings(rows)
    numbers = _claim_numbers(figures)
    slope = raw_points(1.0, agreed) - raw_points(0.0, agreed)
    left = _left_out(figures, rows, agreed)
    lines = []
    for some, log_odds in zip(rows, left, strict=True):
        share = run_sum([figures.share.get(pair.number, 0.0) for pair in some])
        lines.append(
            {
                "line": "record",
                "nats": round(share / UNIT) * UNIT,
                "points": round(share * slope / UNIT) * UNIT,
                **_record(some, figures, current, numbers),
                "left_out": whole_points(log_odds * UNIT, agreed) - figures.points,
                "left_out_uncut": (log_odds - figures.log_odds) * UNIT * slope,
            }
        )
    lines_told = sorted(lines, key=lambda line: -abs(line["points"]))
    return _closed(lines_told, figures, agreed, slope)


def _left_out(figures: Figures, rows: list[list[Pair]], agreed: Agreed) -> list[int]:
    """Return the log-odds with each row left out in turn; what repeats it stays."""
    drops = []
    for some in rows:
        drop: dict[int, int] = {}
        for pair in some:
            place, at = figures.places[pair.number]
            drop[place] = drop.get(place, 0) | 1 << at
        drops.append(drop)
    start = agreed.base[figures.lens] - figures.asked.nil
    return [start + raising - protective for raising, protective in left_out(figures.unit, drops, agreed)]


def _claim_numbers(figures: Figures) -> dict[int, int]:
    """Return the number of each pair's claim within the unit, from 1."""
    return {
        told.pair.number: number
        for number, claim in enumerate(figures.claims, 1)
        for told in (*claim.support, *claim.denial)
    }


def _record(some: list[Pair], figures: Figures, current: Collection[int], numbers: dict[int, int]) -> Line:
    """Return what a record is, from its leading origin: the one that holds most, of equal ones the surest."""
    row, reading = some[0].row, some[0].row.reading
    lead = some[0]
    if len(some) > 1:
        share = figures.share
        lead = min(some, key=lambda p: (-abs(share.get(p.number, 0.0)), -p.tau, p.age, -p.severity))
    return {
        "agency": row.agency.id,
        "record_id": row.record,
        "indicator": row.kind.id,
        "agency_of_origin": ";".join(sorted({pair.agency.id for pair in some})),
        "basis": "anecdotal" if row.anecdotal else "factual",
        "stance": "denies" if row.denies else "supports",
        "event_date": day_text(row.event),
        "recorded_date": day_text(row.recorded),
        "scale": row.scale,
        "native_value": None if reading is None else row.value,
        "native_band": None if reading is None else reading.native_band,
        "common_position": None if reading is None else reading.common,
        "meets_bar": None if reading is None else meets_bar(row, current),
        "scale_valid": None if reading is None else not reading.outside(row.event),
        "claim": ";".join(map(str, sorted({numbers[pair.number] for pair in some}))),
        "trust": lead.tau,
        "freshness": lead.fresh,
        "severity": lead.severity,
        "notes": _notes(some, [figures.claims[numbers[pair.number] - 1].twin for pair in some]),
    }


def _notes(some: list[Pair], twins: list[bool]) -> str:
    """Return what befell a row; ``twins`` says of each of its pairs whether its claim may be one story told twice."""
    row = some[0].row
    facts = {
        "repeats another record": any(not pair.is_own and not pair.absent for pair in some),
        "origin absent": any(pair.absent for pair in some),
        "suspected twin": any(twins),
        "origin not stated": any(twin or not pair.stated for twin, pair in zip(twins, some, strict=True)),
        "denies its claim": row.denies,
    }
    told = [name for name, holds in facts.items() if holds]
    if row.first < row.recorded:
        told.append(f"later version, first recorded {day_text(row.first)}")
    return "; ".join(told)


_CLOSING = (
    "agency", "record_id", "indicator", "agency_of_origin", "basis", "stance", "event_date", "recorded_date", "scale",
    "native_value", "native_band", "common_position", "meets_bar", "scale_valid", "claim", "trust", "freshness",
    "severity", "notes", "left_out", "left_out_uncut",
)  # fmt: skip


def _closed(lines: list[Line], figures: Figures, agreed: Agreed, slope: float) -> list[Line]:
    """Return the lines with base, nil answers, scale end and rounding beside them."""
    start, nil_nats = agreed.base[figures.lens], figures.asked.nil * UNIT
    base = round(agreed.base_points[figures.lens] / UNIT) * UNIT
    nil = 0.0 - round(nil_nats * slope / UNIT) * UNIT
    raw = base + nil + sum(line["points"] for line in lines)
    ends = min(max(raw, 0.0), 100.0) - raw
    rest = (figures.log_odds - start + figures.asked.nil) * UNIT - sum(line["nats"] for line in lines)
    closing = (
        ("base", start * UNIT, base), ("nil answers", 0.0 - nil_nats, nil), ("scale end", 0.0, ends),
        ("rounding", rest, figures.points - (raw + ends)),
    )  # fmt: skip
    first, *last = ({"line": name, "nats": n, "points": p, **dict.fromkeys(_CLOSING)} for name, n, p in closing)
    return [first, *lines, *last]
