"""How much happens around a place: ratios with exact limits, weights by distance, shrunk ranks, shares of events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, gammainc

from riskshare.kernels.rates import empirical_bayes

Floats = NDArray[np.float64]


class Ratio(NamedTuple):
    """A ratio of two rates, the limits of its interval, and the two-sided p of no difference.

    NaN where the data cannot say: the ratio and its upper limit where nothing happened in the second place, all but
    the lower limit (0) and p (1) where nothing happened at all.
    """

    ratio: Floats
    low: Floats
    high: Floats
    p: Floats


class Ranks(NamedTuple):
    """Shrunk ratios (observed over expected), the mean rank of each place (1 is the highest), and its limits."""

    shrunk: Floats
    rank: Floats
    low: Floats
    high: Floats


class ShareCurve(NamedTuple):
    """Share of all events in the first 1, 2, ... places, fullest first, and what chance alone gives."""

    place_share: Floats
    event_share: Floats
    low: Floats
    high: Floats


def rate_ratio(
    count: ArrayLike, expected: ArrayLike, other_count: ArrayLike, other_expected: ArrayLike, level: float = 0.95
) -> Ratio:
    """Return (count/expected) / (other_count/other_expected) with exact limits, given the sum of both counts.

    Parameters
    ----------
    count, other_count : array_like
        Whole events, 0 or more. Broadcast.
    expected, other_expected : array_like
        Expected events or exposure, above 0.
    level : float
        Of the interval, above 0 and below 1.

    Returns
    -------
    Ratio
        Arrays of the broadcast shape; empty for empty input.

    Raises
    ------
    ValueError
        If counts are not whole, a value is negative or not finite, or the level is out of range.

    Notes
    -----
    Given n events in both, the first is Binomial(n, π) with π = ρe/(ρe + e'); limits of π are those of C. Clopper and
    E. Pearson, Biometrika 26, 1934, and ρ = π/(1 − π) · e'/e. p is twice the smaller tail, at most 1.

    Examples
    --------
    Three times as many where as much was expected; the limits of 3 in 4 are 0.1941 and 0.9937:

    >>> found = rate_ratio(3, 1.0, 1, 1.0)
    >>> [round(float(value), 3) for value in found]
    [3.0, 0.241, 157.492, 0.625]
    """
    k, e, j, f = np.broadcast_arrays(
        *(np.asarray(column, dtype=np.float64) for column in (count, expected, other_count, other_expected))
    )
    _check_counts(k, e, strict=True)
    _check_counts(j, f, strict=True)
    _check_level(level)
    tail = 0.5 * (1.0 - level)
    some, rest = k > 0.0, j > 0.0
    low = np.where(some, betaincinv(np.where(some, k, 1.0), j + 1.0, tail), 0.0)
    high = np.where(rest, betaincinv(k + 1.0, np.where(rest, j, 1.0), 1.0 - tail), 1.0)
    odds = f / e
    chance = e / (e + f)
    at_least = np.where(some, betainc(np.where(some, k, 1.0), j + 1.0, chance), 1.0)
    at_most = np.where(rest, 1.0 - betainc(k + 1.0, np.where(rest, j, 1.0), chance), 1.0)
    p = np.minimum(2.0 * np.minimum(at_least, at_most), 1.0)
    known = np.where(rest, j, 1.0)
    ratio = np.where(rest, k / known * odds, np.nan)
    upper = np.where(rest, high / np.where(rest, 1.0 - high, 1.0) * odds, np.nan)
    return Ratio(ratio, low / (1.0 - low) * odds, upper, p)


def excess_p(count: ArrayLike, expected: ArrayLike) -> Floats:
    """Return the chance of at least so many events where they come independently: P(X ≥ count), X Poisson.

    Parameters
    ----------
    count : array_like
        Whole, 0 or more.
    expected : array_like
        0 or more. Broadcast.

    Returns
    -------
    numpy.ndarray of float64
        1 where nothing happened; 0 where something did and nothing could.

    Raises
    ------
    ValueError
        As for ``rate_ratio``.

    Examples
    --------
    One or more where one is expected: 1 − 1/e.

    >>> round(float(excess_p(1, 1.0)), 6)
    0.632121
    """
    k, e = np.broadcast_arrays(np.asarray(count, dtype=np.float64), np.asarray(expected, dtype=np.float64))
    _check_counts(k, e, strict=False)
    return np.asarray(np.where(k > 0.0, gammainc(np.where(k > 0.0, k, 1.0), e), 1.0), dtype=np.float64)


def bisquare(distance: ArrayLike, bandwidth: float) -> Floats:
    """Return the weight (1 − (d/b)²)² of each distance, 0 from the bandwidth on.

    Parameters
    ----------
    distance : array_like of real
        0 or more, any unit.
    bandwidth : float
        b, above 0, the same unit.

    Returns
    -------
    numpy.ndarray of float64

    Raises
    ------
    ValueError
        A distance is negative or not finite, or the bandwidth is not above 0.

    Examples
    --------
    >>> bisquare([0, 250, 500], 500).tolist()  # (1 − ¼)² in the middle
    [1.0, 0.5625, 0.0]
    """
    d = np.asarray(distance, dtype=np.float64)
    if not (np.isfinite(d).all() and (d >= 0.0).all() and np.isfinite(bandwidth) and bandwidth > 0.0):
        msg = "Distances must be finite and 0 or more, and the bandwidth above 0."
        raise ValueError(msg)
    return np.asarray(np.maximum(1.0 - (d / bandwidth) ** 2, 0.0) ** 2, dtype=np.float64)


def shrunk_ranks(
    count: ArrayLike, expected: ArrayLike, *, rng: np.random.Generator, n_draws: int = 999, level: float = 0.95
) -> Ranks:
    """Return places' ratios drawn towards their overall one, and ranks that say how unsure they are.

    Parameters
    ----------
    count : array_like, (n,)
        Whole events, 0 or more.
    expected : array_like, (n,)
        Above 0.
    rng : numpy.random.Generator
    n_draws : int
        Draws of all ratios together, 1 or more.
    level : float
        Of the rank's interval.

    Returns
    -------
    Ranks
        (n,) each; empty for empty input. Places that do not differ more than chance makes them all have the middle
        rank and an interval over all ranks.

    Raises
    ------
    ValueError
        As for ``rate_ratio``, or ``n_draws`` is below 1.

    Notes
    -----
    Ratios come from a gamma distribution with Marshall's mean m and variance A (``rates.empirical_bayes``), so given
    its events a place's ratio is Gamma(m²/A + O, m/A + E), whose mean is Marshall's. The rank is the mean over draws
    (N. M. Laird and T. A. Louis, Journal of Educational Statistics 14, 1989), the interval its percentiles.

    Examples
    --------
    >>> found = shrunk_ranks([60, 30, 29], [30, 30, 30], rng=np.random.default_rng(1))
    >>> found.shrunk.round(2).tolist(), found.rank.round(1).tolist(), found.low.tolist(), found.high.tolist()
    ([1.87, 1.06, 1.03], [1.0, 2.5, 2.5], [1.0, 2.0, 2.0], [1.0, 3.0, 3.0])
    """
    k, e = np.asarray(count, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    _check_counts(k, e, strict=True)
    _check_level(level)
    if n_draws < 1 or k.ndim != 1 or k.shape != e.shape:
        msg = "count and expected must be (n,) each, and n_draws 1 or more."
        raise ValueError(msg)
    if k.size == 0:
        return Ranks(k.copy(), k.copy(), k.copy(), k.copy())
    shrunk = empirical_bayes(k, e)
    prior = _gamma_prior(k, e, shrunk)
    if prior is None:
        middle = np.full(k.shape, (k.size + 1) / 2.0)
        return Ranks(shrunk, middle, np.ones(k.shape), np.full(k.shape, float(k.size)))
    shape, rate = prior
    drawn = rng.gamma(shape + k, 1.0 / (rate + e), size=(n_draws, k.size))
    ranks = (np.argsort(np.argsort(-drawn, axis=1), axis=1) + 1).astype(np.float64)
    low, high = np.quantile(ranks, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0, method="inverted_cdf")
    return Ranks(shrunk, ranks.mean(axis=0), low, high)


def share_curve(
    count: ArrayLike, expected: ArrayLike, *, rng: np.random.Generator, n_draws: int = 999, level: float = 0.95
) -> ShareCurve:
    """Return what share of events the fullest places hold, and what they would hold by chance alone.

    Parameters
    ----------
    count : array_like, (n,)
        Whole events, 0 or more.
    expected : array_like, (n,)
        In any unit, above 0: by chance events fall in proportion to it.
    rng, n_draws, level
        As for ``shrunk_ranks``; the envelope is pointwise.

    Returns
    -------
    ShareCurve
        (n,) each; empty for empty input. Shares of events are NaN where there are none.

    Raises
    ------
    ValueError
        As for ``shrunk_ranks``.

    Notes
    -----
    Few events make any list of places look as if a fifth of them held four fifths of the trouble (methods: places,
    section 5.9). Counts are drawn as independent Poisson; a draw without events is left out.

    Examples
    --------
    Four events in four places: half of them in one place is what chance gives.

    >>> curve = share_curve([2, 1, 1, 0], [1, 1, 1, 1], rng=np.random.default_rng(1))
    >>> curve.event_share.tolist(), bool(curve.low[0] <= 0.5 <= curve.high[0])
    ([0.5, 0.75, 1.0, 1.0], True)
    """
    k, e = np.asarray(count, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    _check_counts(k, e, strict=True)
    _check_level(level)
    if n_draws < 1 or k.ndim != 1 or k.shape != e.shape:
        msg = "count and expected must be (n,) each, and n_draws 1 or more."
        raise ValueError(msg)
    total = k.sum()
    places = np.arange(1.0, k.size + 1.0) / max(k.size, 1)
    if total == 0:
        nothing = np.full(k.shape, np.nan)
        return ShareCurve(places, nothing, nothing.copy(), nothing.copy())
    drawn = -np.sort(-rng.poisson(total * e / e.sum(), size=(n_draws, k.size)), axis=1)
    drawn = drawn[drawn.any(axis=1)]
    if len(drawn) == 0:
        nothing = np.full(k.shape, np.nan)
        return ShareCurve(places, np.cumsum(-np.sort(-k)) / total, nothing, nothing.copy())
    shares = np.cumsum(drawn, axis=1) / drawn.sum(axis=1, keepdims=True)
    low, high = np.quantile(shares, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
    return ShareCurve(places, np.cumsum(-np.sort(-k)) / total, low, high)


def _gamma_prior(count: Floats, expected: Floats, shrunk: Floats) -> tuple[float, float] | None:
    """Return shape and rate of the gamma whose posterior means are Marshall's; None where places do not differ."""
    overall = count.sum() / expected.sum()
    away = np.abs(count / expected - overall)
    place = int(np.argmax(away))
    if overall == 0.0 or away[place] == 0.0:
        return None
    # Marshall's weight w = A/(A + m/E) of the place farthest off gives A back, and with it the prior.
    weight = abs(shrunk[place] - overall) / away[place]
    if weight <= 0.0:
        return None
    between = weight / (1.0 - weight) * overall / expected[place]
    return float(overall**2 / between), float(overall / between)


def _check_counts(count: Floats, expected: Floats, *, strict: bool) -> None:
    good = np.isfinite(count).all() and (count >= 0.0).all() and (count == np.floor(count)).all()
    if not good:
        msg = "Counts must be whole and 0 or more."
        raise ValueError(msg)
    least = (expected > 0.0) if strict else (expected >= 0.0)
    if not (np.isfinite(expected).all() and least.all()):
        msg = f"What is expected must be finite and {'above 0' if strict else '0 or more'}: leave out what nobody saw."
        raise ValueError(msg)


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        msg = "level must be above 0 and below 1."
        raise ValueError(msg)
