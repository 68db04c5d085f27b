"""Why a score is what it is: one line per record, and lines that make the sum exact. Methods: model, section 9."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.kernels.layers import part_groups
from riskshare.kernels.points import raw_points, whole_points
from riskshare.kernels.scores import Detail, Scores
from riskshare.kernels.segments import (
    UNIT,
    Bools,
    Ints,
    boundaries,
    from_units,
    packed_order,
    run_lengths,
    run_of_row,
    run_sum,
    to_units,
)
from riskshare.records.policy import LENSES
from riskshare.scales.normalise import Readings
from riskshare.scoring.frames import as_text, claim_names
from riskshare.scoring.leave_out import without_rows
from riskshare.scoring.score import Block, block, listed_units, score_block
from riskshare.scoring.tables import bars, reading_of
from riskshare.trust.weigh import N_LENSES, Weighed

CLOSING: Final = ("base", "nil answers", "scale end", "rounding")
"""Lines that are not records: where the lens starts, checked nils, the ends of the scale, and rounding."""

EXPLAIN_COLUMNS: Final = (
    "subject_id", "lens", "line", "agency", "record_id", "indicator", "agency_of_origin", "basis", "stance",
    "event_date", "recorded_date", "scale", "native_value", "native_band", "common_position", "meets_bar",
    "scale_valid", "claim", "trust", "freshness", "severity", "notes", "nats", "points", "left_out", "left_out_uncut",
)  # fmt: skip
_TEXT: Final = (
    "subject_id", "lens", "line", "agency", "record_id", "indicator", "agency_of_origin", "basis", "stance", "scale",
    "native_value", "native_band", "claim", "notes",
)  # fmt: skip


def explain_subject(weighed: Weighed, readings: Readings, subject: int, *, leave_out: bool = True) -> pd.DataFrame:
    """Return the reasons of one subject's scores, a line per record.

    Parameters
    ----------
    weighed : Weighed
    readings : Readings
        Of the same evidence: native value, native band and common position stand beside each record.
    subject : int
        Subject number.
    leave_out : bool
        Also score the subject without each record in turn.

    Returns
    -------
    pandas.DataFrame
        ``EXPLAIN_COLUMNS``. Within a lens ``nats`` sum exactly to the log-odds and ``points`` exactly to the score:
        all are whole multiples of 2⁻⁴⁰, which add without error in any order. ``left_out`` is the change of the
        score in points if the record were left out, and ``left_out_uncut`` the same before the ends of the scale cut
        it: at 100, what lies above hides a change. Neither is the negative of ``points``, and they need not sum. Both
        are missing where a claim holds so many dates and severities that they would take long to work out.

        ``claim`` numbers the claim a record speaks of, from 1 within subject and lens, as ``claims`` and ``trace`` do;
        a record that repeats several may speak of several, joined by ``;``. ``trust``, ``freshness`` and ``severity``
        are those of one origin of the record: the one through which it holds most. ``meets_bar`` says that its reading
        meets its own agency's "high" and is current, ``scale_valid`` whether the event lies within the dates that the
        scale holds for; both are missing where the record holds no reading.
    """
    return explain_block(weighed, readings, block(weighed, subject, subject + 1), leave_out=leave_out)


def explain_block(weighed: Weighed, readings: Readings, part: Block, *, leave_out: bool = False) -> pd.DataFrame:
    """Return the reasons of every subject in a block; ``leave_out`` needs a block of one subject."""
    scores, detail = score_block(part, weighed)
    listed = listed_units(weighed, part, scores)
    rows = _row_lines(weighed, readings, part, detail)
    if leave_out and _affordable(detail, len(rows)):
        left = without_rows(part, detail, weighed, rows["row"].to_numpy())
        unit = rows["unit"].to_numpy()
        points = whole_points(from_units(left), weighed.policy.anchors)
        rows["left_out"] = points[np.arange(unit.size), unit] - scores.points[unit] if unit.size else []
        change = from_units(left[np.arange(unit.size), unit] - scores.log_odds[unit])
        rows["left_out_uncut"] = change * _slope(weighed)
    else:
        rows["left_out"] = pd.NA
        rows["left_out_uncut"] = np.nan
    closing = _closing_lines(weighed, part, scores, rows, listed)
    frame = pd.concat([rows, closing], ignore_index=True)
    frame["subject_id"] = weighed.standing.columns.subjects[frame["unit"].to_numpy() // N_LENSES + part.first_subject]
    frame["lens"] = np.array(LENSES, dtype=object)[frame["unit"].to_numpy() % N_LENSES]
    frame["left_out"] = frame["left_out"].astype("Int64")
    frame["common_position"] = frame["common_position"].astype("Float64")
    frame = frame.astype({"meets_bar": "boolean", "scale_valid": "boolean"})
    unit = frame["unit"].to_numpy()
    # Being at risk is shown before being a risk.
    behind = frame["lens"].to_numpy() != "harm_to"
    order = np.lexsort((-frame["points"].abs().to_numpy(), frame["rank"].to_numpy(), behind, unit // N_LENSES))
    return as_text(frame.iloc[order].reset_index(drop=True)[list(EXPLAIN_COLUMNS)], _TEXT)


_MOST_WORK = 20_000_000
"""Pairs weighed for all left-out records together, above which they are not worked out: proposal, about ten seconds."""


def _affordable(detail: Detail, n_rows: int) -> bool:
    """Return whether leaving out each record in turn can be worked out while somebody waits."""
    group = detail.capped.base.group
    sizes = np.diff(group.starts, append=group.weight.size).astype(np.float64)
    single, simple, varied = part_groups(group)
    work = sizes[single].sum() + sizes[simple].sum() + (sizes[varied] ** 3).sum()
    return bool(work * n_rows <= _MOST_WORK)


def _slope(weighed: Weighed) -> float:
    """Return points per nat."""
    return float(raw_points(1.0, weighed.policy.anchors) - raw_points(0.0, weighed.policy.anchors))


def _row_lines(weighed: Weighed, readings: Readings, part: Block, detail: Detail) -> pd.DataFrame:
    """Return a line for each row with weight: its share, what it is, and what befell it."""
    origins, pairs = detail.origins, detail.origins.pairs
    order = packed_order((pairs.unit, origins.row))
    starts = boundaries(pairs.unit[order], origins.row[order])
    row, unit = origins.row[order][starts], pairs.unit[order][starts]
    share = run_sum(detail.share[order], starts)
    slope = _slope(weighed)
    standing = weighed.standing
    at = weighed.row[row + part.first_row]
    columns, codes = standing.columns, weighed.codes
    lead = _leading_pair(detail, order, starts)
    half_life = weighed.policy.rules.half_life[columns.indicator[at]]
    return pd.DataFrame(
        {
            "row": row,
            "unit": unit,
            "rank": 1,
            "line": "record",
            "agency": _name(codes.agencies, columns.agency[at]),
            "record_id": columns.records[columns.record[at]],
            "indicator": _name(codes.indicators, columns.indicator[at]),
            "agency_of_origin": _origin_names(weighed, detail, order, starts),
            "basis": np.where(columns.anecdotal[at], "anecdotal", "factual"),
            "stance": np.where(columns.denies[at], "denies", "supports"),
            "event_date": _dates(columns.event[at]),
            "recorded_date": _dates(columns.recorded[at]),
            **_native(weighed, readings, at),
            "claim": _claims(detail, order, starts),
            "trust": origins.tau[lead],
            "freshness": np.exp2(-pairs.age[lead] / half_life),
            "severity": pairs.severity[lead],
            "notes": _notes(detail, order, starts, _corrected(weighed, at)),
            "nats": np.rint(share / UNIT) * UNIT + 0.0,
            "points": np.rint(share * slope / UNIT) * UNIT + 0.0,
        }
    )


def _leading_pair(detail: Detail, order: Ints, starts: Ints) -> Ints:
    """Return the pair of each row that holds most of the score; of equal ones the surest, freshest, gravest.

    What is shown of a row with several origins must belong together: the trust of one beside the severity of another
    would describe a report that nobody made.
    """
    pairs = detail.origins.pairs
    run = run_of_row(starts, order.size)
    worth = (-pairs.severity[order], pairs.age[order], -detail.origins.tau[order], -np.abs(detail.share[order]), run)
    return np.asarray(order[np.lexsort(worth)][starts], dtype=np.int64)


def _native(weighed: Weighed, readings: Readings, at: Ints) -> dict[str, NDArray[np.object_]]:
    """Return each record's own scale, value and band beside its common position; missing where it has no reading."""
    place = reading_of(readings, weighed.standing.columns.index[at])
    met = bars(weighed, np.unique(at), readings)
    columns: dict[str, NDArray[Any]] = {
        "scale": readings.scale,
        "native_value": readings.native_text,
        "native_band": readings.native_band,
        "common_position": readings.common,
        "scale_valid": ~readings.outside_validity,
        "meets_bar": np.isin(np.arange(readings.index.size), met.reading),
    }
    return {name: _where(place >= 0, values, place) for name, values in columns.items()}


def _where(found: Bools, values: NDArray[Any], place: NDArray[np.intp]) -> NDArray[np.object_]:
    """Return the values at some places, None where there is none."""
    out = np.full(found.size, None, dtype=object)
    out[found] = values[place[found]]
    return out


def _name(names: tuple[str, ...], numbers: Ints) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array([*names, None], dtype=object)[numbers]


def _dates(days: Ints) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return days.astype("datetime64[D]").astype("datetime64[s]")


def _origin_names(weighed: Weighed, detail: Detail, order: Ints, starts: Ints) -> list[str]:
    """Return the agencies of origin of each row, joined by ``;`` in order of name."""
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    line = np.searchsorted(starts, place[detail.agency_pair], side="right") - 1
    names: list[set[str]] = [set() for _ in range(starts.size)]
    for number, agency in zip(line.tolist(), detail.agency.tolist(), strict=True):
        names[number].add(weighed.codes.agencies[agency])
    return [";".join(sorted(some)) for some in names]


def _claims(detail: Detail, order: Ints, starts: Ints) -> list[str]:
    """Return the number of the claim of each row, or of the several its origins tell of, joined by ``;``."""
    fused = detail.capped.base
    number = np.empty(order.size, dtype=np.int64)
    sizes = run_lengths(fused.claim_starts, fused.order.size)
    number[fused.order] = np.repeat(claim_names(fused, detail.origins.pairs.unit), sizes)
    told, edges = number[order].tolist(), [*starts.tolist(), order.size]
    return [";".join(map(str, sorted(set(told[first:last])))) for first, last in pairwise(edges)]


def _corrected(weighed: Weighed, at: Ints) -> list[str]:
    """Return a note for rows whose standing version is not their first; empty text for the others."""
    first, last = weighed.standing.first[at], weighed.standing.columns.recorded[at]
    days = np.datetime_as_string(first.astype("datetime64[D]"))
    return [f"later version, first recorded {day}" if new else "" for day, new in zip(days, first < last, strict=True)]


def _notes(detail: Detail, order: Ints, starts: Ints, corrected: list[str]) -> list[str]:
    """Return what befell each row: a relay, a ring, a suspected twin, an absent origin, a denial, a later version."""
    origins, fused = detail.origins, detail.capped.base
    twin = np.zeros(order.size, dtype=np.bool_)
    twin[fused.order] = fused.twin
    relay = (origins.row != origins.pairs.origin) & ~origins.cycle & ~origins.absent
    facts = {
        "repeats another record": relay,
        "origin absent": origins.absent,
        "in a ring of reports": origins.cycle,
        "suspected twin": twin,
        "origin not stated": ~_stated(detail),
        "denies its claim": origins.pairs.denies,
    }
    columns = [np.logical_or.reduceat(fact[order], starts) if starts.size else fact[:0] for fact in facts.values()]
    lines = zip(*columns, strict=True) if starts.size else []
    told = [[name for name, holds in zip(facts, line, strict=True) if holds] for line in lines]
    return ["; ".join([*some, *filter(None, [later])]) for some, later in zip(told, corrected, strict=True)]


def _stated(detail: Detail) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    fused = detail.capped.base
    stated = np.empty(fused.order.size, dtype=np.bool_)
    stated[fused.order] = fused.group.agency_class > 0
    return stated


def _closing_lines(weighed: Weighed, part: Block, scores: Scores, rows: pd.DataFrame, units: Ints) -> pd.DataFrame:
    """Return base, nil answers, scale end and rounding of each listed unit: what makes the sum exact."""
    policy = weighed.policy
    n_units = part.n_subjects * N_LENSES
    start = to_units(policy.base_rate)[part.unit_lens]
    slope = float(raw_points(1.0, policy.anchors) - raw_points(0.0, policy.anchors))
    base = np.rint(raw_points(policy.base_rate, policy.anchors) / UNIT)[part.unit_lens] * UNIT
    nil = 0.0 - np.rint(from_units(scores.nil) * slope / UNIT) * UNIT
    unit = rows["unit"].to_numpy(dtype=np.int64)
    told = np.bincount(unit, weights=rows["points"].to_numpy(dtype=np.float64), minlength=n_units)
    nats_told = np.bincount(unit, weights=rows["nats"].to_numpy(dtype=np.float64), minlength=n_units)
    raw = base + nil + told
    ends = np.clip(raw, 0.0, 100.0) - raw
    rounding = scores.points - (raw + ends)
    rest = from_units(scores.log_odds - start + scores.nil) - nats_told
    zero = np.zeros(n_units)
    nats = (from_units(start), 0.0 - from_units(scores.nil), zero, rest)
    parts = zip(CLOSING, nats, (base, nil, ends, rounding), (0, 2, 3, 4), strict=True)
    lines = [
        pd.DataFrame({"unit": units, "rank": rank, "line": line, "nats": n[units], "points": p[units]})
        for line, n, p, rank in parts
    ]
    return pd.concat(lines, ignore_index=True)
