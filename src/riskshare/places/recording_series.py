"""Differences in recording by quarter, at the line and beside a second source. Methods: places, section 5.5."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.kernels.multiplicity import adjusted_p
from riskshare.places.borders import BANDS
from riskshare.places.boundary import log_ratio, log_variance
from riskshare.places.coverage import check_coverage
from riskshare.places.offsets import BOUNDARY, SECOND
from riskshare.places.points import NO_DAY
from riskshare.places.recording_change import find_change, quarter_days, quarter_name, quarters_of
from riskshare.places.recording_tables import Unit
from riskshare.places.recording_units import WHOLE, Field, second_category, second_practice

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SERIES: Final = ("source", "category", "organisation", "against", "information")
QUARTER_COLUMNS: Final = (
    *_SERIES, "quarter", "n", "n_against", "log_ratio", "lower", "upper", "covered_throughout",
)  # fmt: skip
CHANGE_COLUMNS: Final = (
    *_SERIES, "first_quarter_after", "log_ratio_before", "log_ratio_after", "ratio_of_change", "p", "q",
)  # fmt: skip
_Z: Final = 1.959963984540054


@dataclass(frozen=True, slots=True, repr=False)
class Series:
    """Two counts by quarter: whose they are, the events of each side, and which areas and sources must be covered."""

    label: tuple[str, str, str, str, str]
    one: Ints
    other: Ints
    areas: Ints
    sources: tuple[str, ...]
    exposure: float

    def __repr__(self) -> str:
        """Return which."""
        return f"Series{self.label}"


def quarterly(
    field: Field, units: tuple[Unit, ...], second: str | None, coverage: pd.DataFrame | None, seed: int, min_events: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return differences by quarter, and for each series the most likely change.

    Returns
    -------
    quarters : DataFrame
        ``QUARTER_COLUMNS``: ln of ``organisation`` over ``against`` for the people each side, with 95 % limits by
        chance alone.
    changes : DataFrame
        ``CHANGE_COLUMNS``: over quarters that both sides covered throughout, for series with ``min_events`` a side;
        ``q`` adjusted over all series.
    """
    days = field.events.points.day
    dated = days[days != NO_DAY]
    quarters, changes = pd.DataFrame(columns=list(QUARTER_COLUMNS)), pd.DataFrame(columns=list(CHANGE_COLUMNS))
    if not dated.size:
        return quarters, changes
    period = (int(dated.min()), int(dated.max()) + 1)
    first, last = (int(quarter) for quarter in quarters_of(np.array([period[0], period[1] - 1])))
    span = range(first, last + 1)
    looked = _covered(field, coverage, span, period)
    rng = np.random.default_rng(seed)
    lines, found = [], []
    for series in (one for unit in units for one in _series(field, unit, second, span)):
        rows = [field.coverage.sources.index(name) for name in series.sources]
        whole = np.asarray((looked[:, rows][:, :, series.areas] >= WHOLE).all(axis=(1, 2)), dtype=np.bool_)
        lines += _lines(series, span, whole)
        if min(series.one[whole].sum(), series.other[whole].sum()) >= min_events:
            found += _change(series, span, whole, rng)
    if lines:
        quarters = pd.DataFrame(lines, columns=list(QUARTER_COLUMNS))
    if found:
        changes = pd.DataFrame(found, columns=list(CHANGE_COLUMNS[:-1]))
        changes["q"] = adjusted_p(changes["p"].to_numpy())
    return quarters, changes


def _covered(field: Field, coverage: pd.DataFrame | None, span: range, period: tuple[int, int]) -> NDArray[np.float64]:
    """Return the share of each quarter that each source covered each area (quarters × sources × areas)."""
    if coverage is None:
        return np.repeat(field.coverage.share[None], len(span), axis=0)
    shares = []
    for quarter in span:
        start, end = quarter_days(quarter)
        within = (max(start, period[0]), min(end, period[1]))
        shares.append(check_coverage(coverage, field.coverage.sources, field.coverage.areas, within).share)
    return np.array(shares)


def _series(field: Field, unit: Unit, second: str | None, span: range) -> Iterator[Series]:
    points, area = field.events.points, field.events.area
    dated = points.day != NO_DAY
    quarter = quarters_of(np.where(dated, points.day, 0)) - span.start
    of_kind = dated & (points.category == unit.category)

    def by_quarter(events: Ints | Bools) -> Ints:
        return np.asarray(np.bincount(quarter[events], minlength=len(span)), dtype=np.int64)

    segments, strips = unit.offsets.segments, unit.line.strips
    for pair in np.unique(segments.organisation[segments.used], axis=0):
        mine = np.flatnonzero((segments.organisation == pair).all(axis=1) & segments.used)
        pieces = np.concatenate([segments.pieces[number] for number in mine])
        at = np.isin(unit.line.strip // (2 * BANDS), pieces) & (unit.line.strip % BANDS == 0)
        at &= of_kind[unit.line.event]
        side = unit.line.strip // BANDS % 2
        expected = segments.expected[mine][:, :, 0].sum(axis=0)
        names = unit.names[pair[0]], unit.names[pair[1]]
        yield Series(
            (unit.source, unit.category, *names, BOUNDARY), by_quarter(unit.line.event[at & (side == 0)]),
            by_quarter(unit.line.event[at & (side == 1)]), np.unique(strips.sides[pieces]), (unit.source,),
            float(np.log(expected[0] / expected[1])),
        )  # fmt: skip
    if second is None:
        return
    other = second_category(field, second, unit.category)
    of_second = dated & (points.source == second) & (np.array(True) if other is None else points.category == other)
    of_first = of_kind & (points.source == unit.source)
    covered = (second_practice(field, second) >= 0) & (field.coverage.of(unit.source) > 0)
    for number, name in enumerate(unit.names):
        areas = np.flatnonzero((unit.line.organisation == number) & covered)
        inside = np.isin(area, areas)
        label = (unit.source, unit.category, name, second, SECOND)
        yield Series(
            label, by_quarter(of_first & inside), by_quarter(of_second & inside), areas, (unit.source, second), 0.0
        )


def _lines(series: Series, span: range, whole: Bools) -> list[tuple[Any, ...]]:
    one, other = series.one.astype(np.float64), series.other.astype(np.float64)
    value = log_ratio(one, np.ones(one.size), other, np.ones(one.size)) - series.exposure
    half = _Z * np.sqrt(log_variance(one, other))
    return [
        (*series.label, quarter_name(quarter), int(series.one[at]), int(series.other[at]), value[at],
         value[at] - half[at], value[at] + half[at], bool(whole[at]))
        for at, quarter in enumerate(span)
    ]  # fmt: skip


def _change(series: Series, span: range, whole: Bools, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    found = find_change(series.one[whole], series.other[whole], rng=rng)
    if found is None:
        return []
    quarter = np.array(span)[whole][found.first_after]
    before, after = found.before - series.exposure, found.after - series.exposure
    return [(*series.label, quarter_name(int(quarter)), before, after, float(np.exp(after - before)), found.p)]
