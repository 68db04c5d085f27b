"""How good was a forecast of places? Accuracy and efficiency indices, hit rates, and curves with intervals.

Units are cells or areas, taken in falling order of predicted ÷ area; ties are broken against the forecast.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class HitCurve(NamedTuple):
    """One value a share of area: ``hit_rate`` and ``pai``, with the limits of their bootstrap intervals.

    ``area_share`` is the share that whole units make up, at most the one asked for; ``pai`` is NaN where that is none.
    """

    area_share: Floats
    hit_rate: Floats
    hit_low: Floats
    hit_high: Floats
    pai: Floats
    pai_low: Floats
    pai_high: Floats


def pai(observed: ArrayLike, predicted: ArrayLike, area: ArrayLike) -> Floats:
    """Return the predictive accuracy index (n/N)/(a/A) after each unit, best forecast first.

    Parameters
    ----------
    observed : array_like of real, (n,)
        Events that happened, 0 or more.
    predicted : array_like of real, (n,)
        What was forecast, in any unit.
    area : array_like of real, (n,)
        Above 0, in any unit; only ground where an event could be recorded.

    Returns
    -------
    numpy.ndarray of float64, (n,)
        One value a unit in falling order of predicted ÷ area; the last is 1. Empty for empty input.

    Raises
    ------
    ValueError
        If shapes differ, a number is out of range or not finite, or nothing was observed.

    Notes
    -----
    S. Chainey, L. Tompson and S. Uhlig, Security Journal 21, 2008. Among equal forecasts the unit with the fewest
    events for its area comes first: a flat map earns nothing by luck.

    Examples
    --------
    6 of 9 events in the first third of the area, 9 of 9 in two thirds:

    >>> pai([6, 3, 0], [3, 2, 1], [1, 1, 1]).round(6).tolist()
    [2.0, 1.5, 1.0]
    """
    ranked = _ranked(observed, predicted, area)
    return _pai(ranked.events, ranked.area)


def pei(observed: ArrayLike, predicted: ArrayLike, area: ArrayLike) -> Floats:
    """Return the predictive efficiency index n/n* after each unit: n* is the most any choice of that much area holds.

    Parameters
    ----------
    observed, predicted, area : array_like of real, (n,)
        As for ``pai``.

    Returns
    -------
    numpy.ndarray of float64, (n,)
        Between 0 and 1, in the order of ``pai``; empty for empty input.

    Raises
    ------
    ValueError
        As for ``pai``.

    Notes
    -----
    J. M. Hunt, PhD thesis, 2016; with unequal areas n* lets the last unit of the best choice count in part, so that it
    is never below n.

    Examples
    --------
    The forecast's first unit had 3 events where the best has 6:

    >>> pei([6, 3, 0], [2, 3, 1], [1, 1, 1]).tolist()
    [0.5, 1.0, 1.0]
    """
    ranked = _ranked(observed, predicted, area)
    if ranked.events.size == 0:
        return ranked.events
    best = _ranked(observed, np.asarray(observed, dtype=np.float64), area)
    at = np.concatenate(([0.0], np.cumsum(best.area)))
    most = np.interp(np.cumsum(ranked.area), at, np.concatenate(([0.0], np.cumsum(best.events))))
    return np.minimum(np.cumsum(ranked.events) / most, 1.0)


def rri(observed: ArrayLike, predicted: ArrayLike, area: ArrayLike) -> Floats:
    """Return the recovery rate index, predicted ÷ observed so far, after each unit in the order of ``pai``.

    Parameters
    ----------
    observed, predicted, area : array_like of real, (n,)
        As for ``pai``; ``predicted`` in events, 0 or more.

    Returns
    -------
    numpy.ndarray of float64, (n,)
        Above 1 where more was forecast than happened; NaN until the first event. Empty for empty input.

    Raises
    ------
    ValueError
        As for ``pai``, or if a forecast is below 0.

    Examples
    --------
    >>> rri([6, 3, 0], [3, 3, 3], [1, 1, 1]).tolist()  # a flat forecast: the empty unit counts first
    [nan, 2.0, 1.0]
    """
    ranked = _ranked(observed, predicted, area)
    if (ranked.predicted < 0.0).any():
        msg = "predicted must be events, 0 or more, to be compared with events."
        raise ValueError(msg)
    happened = np.cumsum(ranked.events)
    ratio = np.full(happened.shape, np.nan)
    np.divide(np.cumsum(ranked.predicted), happened, out=ratio, where=happened > 0.0)
    return ratio


def hit_curve(
    observed: ArrayLike,
    predicted: ArrayLike,
    area: ArrayLike,
    shares: ArrayLike,
    *,
    rng: np.random.Generator,
    n_resamples: int = 999,
    level: float = 0.95,
) -> HitCurve:
    """Return the share of events caught in the best-forecast shares of the area, with bootstrap intervals.

    Parameters
    ----------
    observed : array_like of whole numbers, (n,)
        Events that happened.
    predicted, area : array_like of real, (n,)
        As for ``pai``.
    shares : array_like of real, (k,)
        Shares of the area, above 0 and at most 1, such as 0.01 to 0.20.
    rng : numpy.random.Generator
        For the resamples.
    n_resamples : int
        Bootstrap samples of the events, 1 or more.
    level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    HitCurve
        (k,) each. Only units that fit in whole count; NaN rates for no units.

    Raises
    ------
    ValueError
        As for ``pai``; or if counts are not whole, or shares, ``n_resamples`` or ``level`` are out of range.

    Notes
    -----
    Events are drawn again with replacement, each on its own; the order of the units stays. Percentile interval.

    Examples
    --------
    >>> curve = hit_curve([6, 3, 0, 1], [4, 3, 2, 1], [1] * 4, [0.25, 0.6], rng=np.random.default_rng(1))
    >>> curve.hit_rate.tolist(), curve.pai.tolist(), curve.area_share.tolist()
    ([0.6, 0.9], [2.4, 1.8], [0.25, 0.5])
    """
    ranked = _ranked(observed, predicted, area)
    wanted = np.asarray(shares, dtype=np.float64)
    _check_curve(ranked.events, wanted, n_resamples, level)
    if ranked.events.size == 0:
        return HitCurve(*(np.full(wanted.shape, np.nan) for _ in HitCurve._fields))
    covered = np.cumsum(ranked.area) / ranked.area.sum()
    n_units = np.searchsorted(covered, wanted * (1.0 + 1e-12), side="right")  # 0.1 + 0.2 is 0.3 here
    total = ranked.events.sum()
    caught = np.concatenate(([0.0], np.cumsum(ranked.events)))[n_units]
    area_share = np.concatenate(([0.0], covered))[n_units]
    # Only the number caught by each share matters, so draw from the stretches between them.
    order = np.argsort(caught, kind="stable")
    parts = np.diff(np.concatenate(([0.0], caught[order], [total]))) / total
    drawn = np.cumsum(rng.multinomial(int(total), parts, size=n_resamples)[:, :-1], axis=1) / total
    low, high = np.empty(wanted.size), np.empty(wanted.size)
    low[order], high[order] = np.quantile(drawn, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
    rates = [
        np.divide(r, area_share, out=np.full(r.shape, np.nan), where=n_units > 0) for r in (caught / total, low, high)
    ]
    return HitCurve(area_share, caught / total, low, high, *rates)


class _Ranked(NamedTuple):
    events: Floats
    predicted: Floats
    area: Floats


def _ranked(observed: ArrayLike, predicted: ArrayLike, area: ArrayLike) -> _Ranked:
    """Return the units in falling order of predicted ÷ area, ties in rising order of observed ÷ area, larger first."""
    o, p, a = (np.asarray(column, dtype=np.float64) for column in (observed, predicted, area))
    if o.ndim != 1 or not o.shape == p.shape == a.shape:
        msg = f"observed, predicted and area must be (n,) each; they are {o.shape}, {p.shape} and {a.shape}."
        raise ValueError(msg)
    if not (np.isfinite(o).all() and np.isfinite(p).all() and np.isfinite(a).all()):
        msg = "observed, predicted and area must be finite: leave units without a forecast or without coverage out."
        raise ValueError(msg)
    if (o < 0.0).any() or (a <= 0.0).any():
        msg = "observed must be 0 or more and area above 0."
        raise ValueError(msg)
    if o.size and not o.any():
        msg = "Nothing was observed, so no forecast can be judged: choose a longer period."
        raise ValueError(msg)
    order = np.lexsort((-a, o / a, -p / a))
    return _Ranked(o[order], p[order], a[order])


def _pai(events: Floats, area: Floats) -> Floats:
    if events.size == 0:
        return events
    return np.asarray((np.cumsum(events) / events.sum()) / (np.cumsum(area) / area.sum()), dtype=np.float64)


def _check_curve(events: Floats, wanted: Floats, n_resamples: int, level: float) -> None:
    if not np.array_equal(events, np.rint(events)):
        msg = "observed must be whole counts: the bootstrap draws events."
        raise ValueError(msg)
    if wanted.ndim != 1 or not np.all((wanted > 0.0) & (wanted <= 1.0)):
        msg = "shares must be (k,), above 0 and at most 1."
        raise ValueError(msg)
    if n_resamples < 1 or not 0.0 < level < 1.0:
        msg = "n_resamples must be 1 or more, and level between 0 and 1."
        raise ValueError(msg)
