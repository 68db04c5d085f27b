"""Back-tests: forecasts from events before a day, judged on events after it. They never see the future.

Methods: places, section 5.11.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.areas import check_areas
from riskshare.places.coverage import coverage_of, day_number
from riskshare.places.evaluation import SHARES, judge, share_rule
from riskshare.places.forecasters import FORECASTERS, Forecast, Forecaster, Training
from riskshare.places.grid import grid_over
from riskshare.places.points import NO_DAY, Points, check_points
from riskshare.places.strata import Events, Ground, lay_ground, place_events, seen_by, whole_claims
from riskshare.records.arguments import is_day, is_whole, require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class Split:
    """Days to learn from and days to judge on: the first of each, and the first no longer in it (half-open)."""

    train_from: dt.date
    train_until: dt.date
    test_from: dt.date
    test_until: dt.date


@dataclass(frozen=True, repr=False)
class BackTest:
    """How forecasts did on what came after; see ``back_test``.

    Attributes
    ----------
    curves : DataFrame
        ``split`` (the number of it), ``forecast`` and the columns of ``riskshare.places.evaluation.judge``.
    splits : tuple of Split
    notes : tuple of str
    """

    curves: pd.DataFrame
    splits: tuple[Split, ...]
    notes: tuple[str, ...]

    def table(self, shares: Sequence[float] = (0.01, 0.05, 0.10), *, authority: str = "all") -> pd.DataFrame:
        """Return PAI of each forecast at some shares of the area, with its interval, split by split."""
        lines = self.curves[self.curves["authority"] == authority]
        lines = lines[[any(abs(asked - share) < 1e-9 for share in shares) for asked in lines["asked_share"]]]
        kept = ["split", "forecast", "asked_share", "pai", "pai_low", "pai_high", "hit_rate", "pei", "rri"]
        return lines[kept].reset_index(drop=True)

    def __repr__(self) -> str:
        """Return the size."""
        return f"BackTest({len(self.splits)} splits, {self.curves['forecast'].nunique()} forecasts)"


def rolling_splits(
    first: dt.date, until: dt.date, *, train_months: int, test_months: int, step_months: int | None = None
) -> tuple[Split, ...]:
    """Return splits that move through a period by whole months: each learns, then is judged on what follows.

    Parameters
    ----------
    first, until : date
        First day of the period, on the first of a month, and the first day no longer in it.
    train_months, test_months : int
        1 or more.
    step_months : int, optional
        How far each split begins after the one before; ``test_months`` if not given, so no test counts twice.

    Raises
    ------
    ArgumentError
        An argument is not of the kind needed, or the period holds no split.

    Examples
    --------
    >>> splits = rolling_splits(dt.date(2024, 1, 1), dt.date(2025, 1, 1), train_months=6, test_months=3)
    >>> [(s.train_from.month, s.test_from.month, s.test_until.isoformat()) for s in splits]
    [(1, 7, '2024-10-01'), (4, 10, '2025-01-01')]
    """
    step = test_months if step_months is None else step_months
    require(
        "rolling_splits",
        {
            "first and until must be dates.": is_day(first) and is_day(until),
            "train_months, test_months and step_months must be whole numbers, 1 or more.": all(
                is_whole(months) and months >= 1 for months in (train_months, test_months, step)
            ),
        },
    )
    require("rolling_splits", {"first must be the first day of a month.": first.day == 1})
    found, start = [], 0
    while (end := _plus(first, start + train_months + test_months)) <= until:
        middle = _plus(first, start + train_months)
        found.append(Split(_plus(first, start), middle, middle, end))
        start += step
    require("rolling_splits", {"The period must hold at least one training and test together.": bool(found)})
    return tuple(found)


def _plus(first: dt.date, months: int) -> dt.date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def back_test(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    splits: Sequence[Split],
    forecasters: Mapping[str, Forecaster] | None = None,
    coverage: pd.DataFrame | None = None,
    cell_m: int = 250,
    shares: ArrayLike = SHARES,
    n_resamples: int = 999,
    seed: int = 0,
) -> BackTest:
    """Return how forecasts from each split's training days did on its test days.

    Parameters
    ----------
    points : GeoDataFrame
        Events as for ``hotspots``, with dates. An optional column ``recorded_date`` keeps from training what was not
        yet recorded when it ended.
    areas, coverage
        As for ``hotspots``.
    splits : sequence of Split
        Such as those of ``rolling_splits``. Training must end before testing begins.
    forecasters : mapping of str to callable, optional
        Each is given a ``Training`` and nothing else. Default: plain counts, KDE and Gi*.
    cell_m : int, metres
    shares, n_resamples, seed
        As for ``evaluate``.

    Returns
    -------
    BackTest

    Raises
    ------
    ArgumentError
        An argument is not of the kind needed; a test begins before its training ends.
    PlaceError
        A table cannot be used; a training or test period holds no event.

    Notes
    -----
    A claim that is known in training is no new event in the test. Coverage, which report of a claim stands and where
    it lies are worked out in each period on its own.
    """
    chosen = FORECASTERS if forecasters is None else forecasters
    _check(splits, chosen, shares, n_resamples, seed)
    places = check_areas(areas)
    ground = lay_ground(places, grid_over(places.bounds, cell_m))
    checked, recorded = _dated(points)
    parts, notes = [], [*checked.notes]
    for number, split in enumerate(splits):
        known, later = _periods(checked, recorded, split)
        train, learnt = _place(
            known, ground, coverage, (split.train_from, split.train_until), f"training days of {number}"
        )
        test, judged = _place(later, ground, coverage, (split.test_from, split.test_until), f"test days of {number}")
        training = Training(_grid_counts(train, ground), learnt.sum(axis=0).reshape(ground.grid.shape), cell_m)
        scale = (split.test_until - split.test_from).days / (split.train_until - split.train_from).days
        for name, forecaster in chosen.items():
            made = forecaster(training)
            curve = judge(
                _usable(made, ground, name), made.unit, _by_area(test, ground), judged,
                places.codes, shares=shares, scale=scale, n_resamples=n_resamples, rng=np.random.default_rng(seed),
            )  # fmt: skip
            parts.append(curve.assign(split=number, forecast=name))
        notes.append(f"Split {number}: learnt from {len(train):,} events, judged on {len(test):,}.")
    curves = pd.concat(parts, ignore_index=True)
    order = ["split", "forecast", *(name for name in curves if name not in ("split", "forecast"))]
    return BackTest(curves[order], tuple(splits), tuple(notes))


def _check(splits: Any, forecasters: Any, shares: ArrayLike, n_resamples: object, seed: object) -> None:
    real = isinstance(splits, (list, tuple)) and bool(splits) and all(isinstance(one, Split) for one in splits)
    named = isinstance(forecasters, Mapping) and bool(forecasters) and all(callable(f) for f in forecasters.values())
    require(
        "back_test",
        {
            "splits must be one or more Split, such as rolling_splits makes.": real,
            "forecasters must name one or more functions of a Training.": named,
            "n_resamples must be a whole number, 1 or more.": is_whole(n_resamples) and n_resamples >= 1,  # type: ignore[operator]
            "seed must be a whole number, 0 or more.": is_whole(seed) and seed >= 0,  # type: ignore[operator]
            **share_rule(shares),
        },
    )
    require(
        "back_test",
        {
            "Training must end before the test begins, and neither be empty: no forecast may see the future.": all(
                one.train_from < one.train_until <= one.test_from < one.test_until for one in splits
            )
        },
    )


def _dated(points: gpd.GeoDataFrame) -> tuple[Points, Ints]:
    """Return events, and the day each was recorded (``NO_DAY`` where that is not said)."""
    if not isinstance(points, gpd.GeoDataFrame) or "recorded_date" not in points:
        checked = check_points(points)
        return checked, np.full(len(checked), NO_DAY)
    # The row's number rides along as its weight, which back-tests do not use: it says which rows were kept.
    checked = check_points(points.assign(weight=np.arange(1.0, len(points) + 1.0)))
    stamps = pd.to_datetime(points["recorded_date"], errors="coerce", format="ISO8601")
    wrong = (stamps.isna() & points["recorded_date"].notna()).to_numpy(dtype=np.bool_)
    if wrong.any():
        hint = f"Column `recorded_date` must be YYYY-MM-DD or blank; see row {int(np.argmax(wrong)) + 1}."
        raise PlaceError([PlaceProblem("bad_recorded_date", hint)])
    days = stamps.to_numpy(dtype="datetime64[D]")
    known = np.where(np.isnat(days), NO_DAY, days.astype(np.int64))
    return checked, known[checked.weight.astype(np.int64) - 1]


def _periods(points: Points, recorded: Ints, split: Split) -> tuple[Points, Points]:
    a, b, c, d = (day_number(day) for day in (split.train_from, split.train_until, split.test_from, split.test_until))
    known = (points.day >= a) & (points.day < b) & (recorded < b) & ~points.looked
    later = (points.day >= c) & (points.day < d) & ~points.looked & ~np.isin(points.claim, points.claim[known])
    return points.take(known), points.take(later)


def _place(
    points: Points, ground: Ground, coverage: pd.DataFrame | None, days: tuple[dt.date, dt.date], what: str
) -> tuple[Events, Floats]:
    """Return the events of a period, and the ground (areas × cells, in cells) that any of their sources covered."""
    period = day_number(days[0]), day_number(days[1])
    covered = coverage_of(coverage, points, ground.areas.codes, period=period)
    try:
        events, _, _ = place_events(whole_claims(points, seen_by(points, ground, covered)), ground, covered)
    except PlaceError:
        hint = (
            f"The {what} (splits are numbered from 0) hold no event inside the areas. Choose longer or other periods."
        )
        raise PlaceError([PlaceProblem("empty_period", hint)]) from None
    held = ground.shares.toarray() * (covered.share.max(axis=0) > 0)[:, None]
    # Areas may overlap by slivers: no cell has more ground than a cell.
    return events, held / np.maximum(held.sum(axis=0), 1.0)


def _grid_counts(events: Events, ground: Ground) -> Ints:
    return np.bincount(events.cell, minlength=ground.grid.n_cells).reshape(ground.grid.shape)


def _by_area(events: Events, ground: Ground) -> Ints:
    n_cells, n_areas = ground.grid.n_cells, len(ground.areas.codes)
    return np.bincount(events.area * n_cells + events.cell, minlength=n_areas * n_cells).reshape(n_areas, n_cells)


def _usable(made: Forecast, ground: Ground, name: str) -> Floats:
    values = np.asarray(made.values, dtype=np.float64)
    if values.shape != ground.grid.shape or not np.isfinite(values).all():
        hint = f"The forecast {name!r} must give one finite value a cell, in the shape of Training.counts."
        raise PlaceError([PlaceProblem("not_a_forecast", hint)])
    return values.ravel()
