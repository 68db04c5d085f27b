"""The published table of scores: one line per subject and lens, victimhood first, with its doubts beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.kernels.segments import Bools, Ints, from_units, packed_order
from riskshare.records.evidence import UNDER_18, Subjects
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scales.normalise import Readings
from riskshare.scoring.frames import as_text
from riskshare.scoring.score import Scored
from riskshare.trust.weigh import N_LENSES, Weighed

BANDS: Final = ("low", "medium", "high", "very high", "cannot say")
"""By band number; −1, the last, is ``cannot say``."""

SCORE_COLUMNS: Final = (
    "subject_id", "lens", "score", "lower", "upper", "band", "band_low", "band_high", "bars_met", "log_odds",
    "factual_score", "score_uncapped", "completeness", "most_useful_gap", "n_records", "n_origins", "n_agencies",
    "police_share", "effective_agencies", "leading_agency", "flags",
)  # fmt: skip

FLAGS: Final = (
    "act_now", "anecdote_led", "capped", "circular", "disputed", "for_review", "outside_validity", "override",
    "police_led", "sole_agency", "stale", "suspected_twins",
)  # fmt: skip

_TEXT: Final = ("subject_id", "lens", "band", "band_low", "band_high", "most_useful_gap", "leading_agency")

BAR_COLUMNS: Final = (
    "subject_id", "lens", "agency", "scale", "native_value", "native_band", "route", "common_position", "record_id",
    "indicator", "event_date", "recorded_date", "scale_valid",
)  # fmt: skip

_NOT_TEXT: Final = ("common_position", "event_date", "recorded_date", "scale_valid")

Words = NDArray[np.object_]


@dataclass(frozen=True, slots=True, repr=False)
class UnitFacts:
    """What rows say about units beyond the score: flags by name, and the agencies whose own "high" is met."""

    flags: Mapping[str, Bools]
    bars_met: Words


def score_table(weighed: Weighed, scored: Scored, facts: UnitFacts) -> pd.DataFrame:
    """Return the published scores.

    Parameters
    ----------
    weighed : Weighed
    scored : Scored
    facts : UnitFacts

    Returns
    -------
    pandas.DataFrame
        ``SCORE_COLUMNS``, in order of subject, ``harm_to`` before ``harm_by``: being at risk is never shown behind
        being a risk. ``score``, ``lower``, ``upper``, ``factual_score`` and ``score_uncapped`` are whole points;
        shares are missing where nothing has weight. ``bars_met`` and ``flags`` hold sorted tuples. Ask for the last as
        ``scores["flags"]``: ``scores.flags`` is an attribute that pandas gives every frame.
    """
    scores, codes = scored.scores, weighed.codes
    names = np.array([*codes.agencies, None], dtype=object)
    gaps = np.array([*codes.expected, None], dtype=object)
    frame = pd.DataFrame(
        {
            "subject_id": weighed.standing.columns.subjects[scored.unit // N_LENSES],
            "lens": np.array(LENSES, dtype=object)[scored.unit % N_LENSES],
            "score": scores.points,
            "lower": scores.lower,
            "upper": scores.upper,
            "band": np.array(BANDS, dtype=object)[scores.band],
            "band_low": np.array(BANDS, dtype=object)[scores.band_low],
            "band_high": np.array(BANDS, dtype=object)[scores.band_high],
            "bars_met": facts.bars_met,
            "log_odds": from_units(scores.log_odds),
            "factual_score": scores.points_factual,
            "score_uncapped": scores.points_uncapped,
            "completeness": scores.completeness,
            "most_useful_gap": gaps[scores.gap],
            "n_records": scores.n_records,
            "n_origins": scores.n_origins,
            "n_agencies": scores.n_agencies,
            "police_share": scores.police_share,
            "effective_agencies": scores.effective_agencies,
            "leading_agency": names[scores.leading_agency],
            "flags": name_tuples(np.stack([facts.flags[name] for name in FLAGS], axis=1), FLAGS),
        }
    )
    order = packed_order((scored.unit // N_LENSES, (scored.unit % N_LENSES) != LENSES.index("harm_to")))
    return as_text(frame.iloc[order].reset_index(drop=True), _TEXT)


def name_tuples(table: Bools, names: tuple[str, ...]) -> Words:
    """Return for each line of a table (line × name) the tuple of names that hold; each distinct line is built once.

    Examples
    --------
    >>> name_tuples(np.array([[True, False], [True, True]]), ("a", "b")).tolist()
    [('a',), ('a', 'b')]
    """
    packed = np.packbits(table, axis=1)
    distinct, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    tuples = np.empty(distinct.shape[0], dtype=object)
    for number, line in enumerate(table[first].tolist()):
        tuples[number] = tuple(name for name, holds in zip(names, line, strict=True) if holds)
    return np.asarray(tuples[which.reshape(-1)], dtype=object)


def unit_facts(
    weighed: Weighed, scored: Scored, readings: Readings, partnership: Partnership, subjects: Subjects | None
) -> UnitFacts:
    """Return flags and bars met for each line of ``scored``."""
    scores, limits = scored.scores, partnership.trust.flags
    counted = weighed.row[scored.counted]
    some = scores.n_records > 0
    current = current_readings(weighed, counted, readings)
    with np.errstate(invalid="ignore"):
        flags = {
            "act_now": _units(scored, weighed, act_now_rows(weighed, scored, partnership)),
            "anecdote_led": scores.anecdotal_share >= limits.anecdote_led,
            "capped": scores.capped.any(axis=0),
            "circular": _units(scored, weighed, weighed.row[scored.circular]),
            "disputed": scores.disputed,
            "for_review": _for_review(weighed, scored, partnership, subjects),
            "outside_validity": _units(scored, weighed, current.rows[readings.outside_validity[current.reading]]),
            "override": _units(scored, weighed, current.rows[readings.override[current.reading]]),
            "police_led": scores.police_share >= limits.police_led,
            "sole_agency": some & (scores.n_agencies == 1),
            "stale": scores.freshness < limits.stale_freshness,
            "suspected_twins": _units(scored, weighed, weighed.row[scored.twinned]),
        }
    return UnitFacts(flags, _bars_met(weighed, scored, readings))


def _unit_of(weighed: Weighed, rows: Ints) -> Ints:
    part = weighed.standing.columns
    return part.subject[rows] * N_LENSES + np.maximum(part.lens[rows], 0)


def _units(scored: Scored, weighed: Weighed, rows: Ints) -> Bools:
    """Return which lines of ``scored`` have one of these standing rows."""
    return np.isin(scored.unit, _unit_of(weighed, rows))


def act_now_rows(weighed: Weighed, scored: Scored, partnership: Partnership) -> Ints:
    """Return standing rows that call for action now: counted, supporting, immediate, and within their horizon.

    Whatever their trust and whatever caps bind (methods: model, section 7). The horizon is measured from the youngest
    origin of the row.
    """
    kinds = {kind.id: kind for kind in partnership.trust.indicators}
    ordered = [kinds[name] for name in weighed.codes.indicators]
    horizon = np.array([(k.horizon_days or 0) if k.immediate else -1 for k in ordered], dtype=np.int64)
    rows = weighed.row[scored.counted]
    part = weighed.standing.columns
    urgent = (scored.youngest <= horizon[part.indicator[rows]]) & ~part.denies[rows]
    return rows[urgent]


@dataclass(frozen=True, slots=True)
class CurrentReadings:
    """Current readings: for each, its standing row and its number in ``Readings``."""

    rows: Ints
    reading: Ints


def current_readings(weighed: Weighed, counted: Ints, readings: Readings) -> CurrentReadings:
    """Return the newest counted reading of each agency and scale in each unit (same day: all of them)."""
    part = weighed.standing.columns
    reading = reading_of(readings, part.index[counted])
    rows, reading = counted[reading >= 0], reading[reading >= 0]
    if rows.size == 0:
        return CurrentReadings(rows, reading)
    scale = pd.factorize(readings.scale[reading])[0].astype(np.int64)
    key = pd.factorize(pd.MultiIndex.from_arrays([_unit_of(weighed, rows), part.agency[rows], scale]))[0]
    newest = np.full(int(key.max()) + 1, np.iinfo(np.int64).min)
    np.maximum.at(newest, key, part.event[rows])
    keep = part.event[rows] == newest[key]
    return CurrentReadings(rows[keep], reading[keep])


def reading_of(readings: Readings, index: Ints) -> Ints:
    """Return the number in ``readings`` of each evidence row, −1 where it holds none."""
    if readings.index.size == 0:
        return np.full(index.size, -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(readings.index, index), readings.index.size - 1)
    return np.where(readings.index[place] == index, place, -1)


def bars(weighed: Weighed, counted: Ints, readings: Readings) -> CurrentReadings:
    """Return the current readings that meet their own agency's "high".

    A denial meets nobody's bar, and a repeat meets its origin's, not the bar of whoever passed it on.
    """
    part, current = weighed.standing.columns, current_readings(weighed, counted, readings)
    own = ~part.denies[current.rows] & (part.lineage[current.rows] == None)  # noqa: E711 - elementwise
    met = readings.is_high[current.reading] & own
    return CurrentReadings(current.rows[met], current.reading[met])


def bar_table(weighed: Weighed, scored: Scored, readings: Readings) -> pd.DataFrame:
    """Return whose own "high" is met by which reading, of when, on which scale.

    Returns
    -------
    pandas.DataFrame
        ``BAR_COLUMNS``: one line a reading behind ``bars_met``, in order of subject, ``harm_to`` first, agency, scale.
        ``scale_valid`` is False where the event lies outside the dates that the scale holds for: the bar is shown all
        the same, for a person to judge.
    """
    met = bars(weighed, weighed.row[scored.counted], readings)
    part, codes, at, reading = weighed.standing.columns, weighed.codes, met.rows, met.reading
    frame = pd.DataFrame(
        {
            "subject_id": part.subjects[part.subject[at]],
            "lens": np.array([*LENSES, None], dtype=object)[part.lens[at]],
            "agency": np.array(codes.agencies, dtype=object)[part.agency[at]],
            "scale": readings.scale[reading],
            "native_value": readings.native_text[reading],
            "native_band": readings.native_band[reading],
            "route": readings.route[reading],
            "common_position": readings.common[reading],
            "record_id": part.records[part.record[at]],
            "indicator": np.array(codes.indicators, dtype=object)[part.indicator[at]],
            "event_date": part.event[at].astype("datetime64[D]").astype("datetime64[s]"),
            "recorded_date": part.recorded[at].astype("datetime64[D]").astype("datetime64[s]"),
            "scale_valid": ~readings.outside_validity[reading],
        }
    )
    keys = ["subject_id", "lens", "agency", "scale", "record_id", "indicator"]
    frame = frame.sort_values(keys, ascending=[name != "lens" for name in keys], ignore_index=True)
    return as_text(frame, [name for name in BAR_COLUMNS if name not in _NOT_TEXT])


def _bars_met(weighed: Weighed, scored: Scored, readings: Readings) -> Words:
    rows = bars(weighed, weighed.row[scored.counted], readings).rows
    unit, agency = _unit_of(weighed, rows), weighed.standing.columns.agency[rows]
    table = np.zeros((scored.unit.size, len(weighed.codes.agencies)), dtype=np.bool_)
    table[np.searchsorted(scored.unit, unit), agency] = True
    return name_tuples(table, weighed.codes.agencies)


def _for_review(weighed: Weighed, scored: Scored, partnership: Partnership, subjects: Subjects | None) -> Bools:
    """Return ``harm_by`` lines of exploited children: held for a named reviewer (methods: model, section 0).

    Where no age is known a person may be a child, and is treated as one here: the rule protects. So it looks also at
    records that have no weight in this use, for their handling or for want of a gateway.
    """
    marked = {kind.id for kind in partnership.trust.indicators if kind.exploitation}
    exploitation = np.array([name in marked for name in weighed.codes.indicators], dtype=np.bool_)
    part = weighed.standing.columns
    exploited = np.unique(part.subject[exploitation[part.indicator] & weighed.standing.tells])
    adult = np.zeros(weighed.n_subjects, dtype=np.bool_)
    if subjects is not None:
        table = subjects.table
        grown = table.loc[~table["age_band"].isin([*UNDER_18, "not known"]) & table["age_band"].notna(), "subject_id"]
        adult = np.isin(part.subjects.astype(str), grown.to_numpy(dtype=str))
    subject = scored.unit // N_LENSES
    harm_by = scored.unit % N_LENSES == LENSES.index("harm_by")
    return np.asarray(harm_by & np.isin(subject, exploited) & ~adult[subject], dtype=np.bool_)
