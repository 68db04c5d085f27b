"""Links between two score scales from the same or equivalent cases: percentile ranks, equipercentile, linear, arc.

Every frequency argument has shape (…, n): ``freq[…, i]`` is the count, whole, weighted or smoothed, of integer score
i. Leading axes are separate samples, such as bootstrap replicates, all worked at once. The mass of a score is spread
evenly over half a score either side of it. Source of the method: M. J. Kolen and R. L. Brennan, "Test Equating,
Scaling, and Linking", 3rd ed., 2014, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.kernels.arcs import arc
from riskshare.kernels.knots import span
from riskshare.kernels.presmoothing import smooth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Two shares, or two places on a scale, this near as a part of the share or of the scale differ only by rounding.
_SAME = 1e-12


def continuised(freq: ArrayLike) -> Floats:
    """Return the cumulative shares at −½, ½, …, top + ½.

    Parameters
    ----------
    freq : array_like, shape (…, n)

    Returns
    -------
    ndarray, shape (…, n + 1), float64
        From 0 to exactly 1, never falling.

    Raises
    ------
    ValueError
        Counts below 0 or not finite, no score at all, or a sample without any case.

    Examples
    --------
    >>> continuised([1, 2, 1]).tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    counts = _counts(freq)
    total = np.cumsum(counts, axis=-1)
    if counts.shape[-1] == 0 or not (total[..., -1] > 0.0).all():
        msg = "A distribution needs at least one case in every sample: leave out the samples that have none."
        raise ValueError(msg)
    return np.concatenate([np.zeros((*total.shape[:-1], 1)), total / total[..., -1:]], axis=-1)


def percentile_ranks(freq: ArrayLike) -> Floats:
    """Return the percentile rank of each integer score, P(x) = 100·[F(x − 1) + p(x)/2].

    Parameters
    ----------
    freq : array_like, shape (…, n)

    Returns
    -------
    ndarray, shape (…, n), float64
        Per cent, 0 to 100, never falling.

    Raises
    ------
    ValueError
        As ``continuised``.

    Examples
    --------
    >>> percentile_ranks([1, 2, 1]).tolist()
    [12.5, 50.0, 87.5]
    """
    return 100.0 * _middles(continuised(freq))


def equipercentile(freq_x: ArrayLike, freq_y: ArrayLike) -> Floats:
    """Return the equivalent on Y of each integer score on X: the y with the same percentile rank, G⁻¹(F(x)).

    Where no case of Y lies between two scores a whole stretch has that rank, and its middle is returned: the upper and
    lower inverse averaged, at the two ends too.

    Parameters
    ----------
    freq_x : array_like, shape (…, n_x)
    freq_y : array_like, shape (…, n_y)
        Leading axes broadcast against those of ``freq_x``.

    Returns
    -------
    ndarray, shape (…, n_x), float64
        Scores of Y within [−½, top + ½], not clamped further; never falling.

    Raises
    ------
    ValueError
        As ``continuised``.

    Notes
    -----
    Kolen and Brennan, section 2.5. A score without cases maps to the middle of its gap, so X linked to itself is the
    identity at every score with cases and in gaps of one score; ``equipercentile_knots`` is the identity everywhere.

    Examples
    --------
    >>> equipercentile([2, 3, 2, 2, 1], [1, 2, 2, 3, 2]).round(4).tolist()
    [0.5, 1.75, 2.8333, 3.5, 4.25]
    """
    return _two_ended(_scores_onto, freq_x, freq_y)


def equipercentile_knots(freq_x: ArrayLike, freq_y: ArrayLike) -> tuple[Floats, Floats]:
    """Return the whole continuised link as the corners of a broken line; swapped, they are the inverse link.

    A corner stands at every half score of either scale. Where only X has a gap the line is level, where only Y has one
    it is upright, and where both have one at the same rank it runs straight across both.

    Parameters
    ----------
    freq_x : array_like, shape (…, n_x)
    freq_y : array_like, shape (…, n_y)

    Returns
    -------
    x, y : ndarray, shape (…, n_x + n_y + 2), float64
        Neither ever falls; both run from −½ to their top + ½. Read them with ``along_knots``.

    Raises
    ------
    ValueError
        As ``continuised``.

    Examples
    --------
    >>> x, y = equipercentile_knots([1, 1], [1, 1, 2])
    >>> x.tolist()
    [-0.5, -0.5, 0.0, 0.5, 0.5, 1.5, 1.5]
    >>> y.tolist()
    [-0.5, -0.5, 0.5, 1.5, 1.5, 2.5, 2.5]
    """
    y_at_x, x_at_y = _two_ended(_edges_onto, freq_x, freq_y), _two_ended(_edges_onto, freq_y, freq_x)
    batch = y_at_x.shape[:-1]
    edges_x, edges_y = np.arange(y_at_x.shape[-1]) - 0.5, np.arange(x_at_y.shape[-1]) - 0.5
    x = np.concatenate([np.broadcast_to(edges_x, (*batch, edges_x.size)), x_at_y], axis=-1)
    y = np.concatenate([y_at_x, np.broadcast_to(edges_y, (*batch, edges_y.size))], axis=-1)
    # The corners lie on one line that never falls, so sorting each coordinate keeps them paired.
    return np.sort(x, axis=-1), np.sort(y, axis=-1)


def along_knots(values: ArrayLike, knots_x: ArrayLike, knots_y: ArrayLike) -> Floats:
    """Return y of the broken line through knots at each value; the middle where the line is upright.

    Swap the knots for the inverse. Beyond the two ends the line is level.

    Parameters
    ----------
    values : array_like, shape (…, m)
    knots_x, knots_y : array_like, shape (…, k), k ≥ 1
        Never falling; repeats are allowed. Leading axes broadcast.

    Returns
    -------
    ndarray, shape (…, m), float64
        NaN (missing) stays NaN; empty in, empty out.

    Examples
    --------
    >>> along_knots([-1, 1, 2, 3], [0, 2, 2, 4], [0, 1, 5, 6]).tolist()
    [0.0, 0.5, 3.0, 5.5]
    """
    v, x, y = (np.asarray(a, dtype=np.float64) for a in (values, knots_x, knots_y))
    lower, upper = span(v, x, y, _SAME * (x[..., -1:] - x[..., :1]))
    return np.asarray(0.5 * (lower + upper))


def loglinear(freq: ArrayLike, degree: int, *, lump: int | None = None) -> Floats:
    """Return smoothed counts: ln f(x) is a polynomial, and the first ``degree`` moments are those of the raw counts.

    Parameters
    ----------
    freq : array_like, shape (…, n)
        Counts of 0 or more; weights need not be whole.
    degree : int
        0 or more. 0 spreads the total evenly.
    lump : int, optional
        Index of a score that keeps its own count, such as 0 where many cases score nothing; the polynomial is
        fitted to the others. Moments stay those of the raw counts.

    Returns
    -------
    ndarray, shape (…, n), float64
        Same total as ``freq``. The raw counts themselves where they occupy so few scores that only they have those
        moments (the limit of the likelihood); zeros for a sample without cases.

    Raises
    ------
    ValueError
        Counts below 0 or not finite; a degree below 0; a lump outside the scores.

    Notes
    -----
    Poisson maximum likelihood: P. W. Holland and D. T. Thayer, "Univariate and bivariate loglinear models for discrete
    test score distributions", J. Educ. Behav. Stat. 25 (2000) 133–183.

    Examples
    --------
    A straight line in logarithms, so each smoothed count is the same multiple of the one before:

    >>> loglinear([4, 2, 1], 1).round(6).tolist()
    [4.0, 2.0, 1.0]
    """
    if degree < 0:
        msg = "degree must be 0 or more."
        raise ValueError(msg)
    return _smoothed(_counts(freq), range(degree, degree + 1), lump)[0]


def loglinear_bic(freq: ArrayLike, max_degree: int = 6, *, lump: int | None = None) -> tuple[Floats, Ints]:
    """Return smoothed counts and the degree, 1 to ``max_degree``, with the smallest BIC; the lowest wins ties.

    BIC = 2 Σ f ln(f / fitted) + degree · ln N, N the total of the counts. Each sample has its own degree.

    Parameters
    ----------
    freq : array_like, shape (…, n)
    max_degree : int
        1 or more.
    lump : int, optional
        As ``loglinear``.

    Returns
    -------
    smoothed : ndarray, shape (…, n), float64
    degree : ndarray, shape (…), int64
        Never more than the scores in use can support.

    Raises
    ------
    ValueError
        As ``loglinear``; a ``max_degree`` below 1.

    Notes
    -----
    T. Moses and P. W. Holland, "Selection strategies for univariate loglinear smoothing models and their effect on
    NEAT equating", J. Educ. Meas. 46 (2009) 159–176.

    Examples
    --------
    >>> smoothed, degree = loglinear_bic([400, 200, 100, 50])
    >>> int(degree), smoothed.round(6).tolist()
    (1, [400.0, 200.0, 100.0, 50.0])
    """
    if max_degree < 1:
        msg = "max_degree must be 1 or more."
        raise ValueError(msg)
    counts = _counts(freq)
    fits = np.stack(_smoothed(counts, range(1, max_degree + 1), lump))
    # A cell whose fit is too small to hold counts as the smallest number there is.
    ratio = np.where(counts > 0.0, counts, 1.0) / np.where(counts > 0.0, np.maximum(fits, 1e-300), 1.0)
    deviance = 2.0 * np.sum(counts * np.log(ratio), axis=-1)
    size = np.log(np.maximum(counts.sum(axis=-1), 1.0))
    steps = np.arange(1, max_degree + 1).reshape(-1, *(1,) * size.ndim)
    bic = deviance + steps * size
    # A difference within rounding is a tie.
    best = np.argmax(bic <= bic.min(axis=0) + 1e-9 * (1.0 + np.abs(bic.min(axis=0))), axis=0)
    chosen = np.take_along_axis(fits, best[None, ..., None], axis=0)[0]
    return chosen, np.asarray(best + 1, dtype=np.int64)


def linear(mean_x: ArrayLike, sd_x: ArrayLike, mean_y: ArrayLike, sd_y: ArrayLike) -> tuple[Floats, Floats]:
    """Return slope and intercept of the linear link y = (σ_Y/σ_X)(x − μ_X) + μ_Y.

    Parameters
    ----------
    mean_x, sd_x, mean_y, sd_y : float or array_like
        Of the same cases on either scale; broadcast against each other. ``sd_x`` above 0.

    Returns
    -------
    slope, intercept : float64 or ndarray of float64

    Raises
    ------
    ValueError
        An ``sd_x`` of 0 (cases that all score alike say nothing of a slope), a negative ``sd_y``, or values that are
        not finite.

    Examples
    --------
    >>> slope, intercept = linear(10, 2, 50, 10)
    >>> float(slope), float(intercept)
    (5.0, 0.0)
    """
    mx, sx, my, sy = (np.asarray(a, dtype=np.float64) for a in (mean_x, sd_x, mean_y, sd_y))
    finite = all(np.isfinite(a).all() for a in (mx, sx, my, sy))
    if not (finite and (sx > 0.0).all() and (sy >= 0.0).all()):
        msg = "A linear link needs finite means and spreads, and cases that do not all score alike on X."
        raise ValueError(msg)
    slope = sy / sx
    return np.asarray(slope)[()], np.asarray(my - slope * mx)[()]


def circle_arc(
    x: ArrayLike,
    mean_x: ArrayLike,
    mean_y: ArrayLike,
    lo_x: float,
    hi_x: float,
    lo_y: float,
    hi_y: float,
) -> Floats:
    """Return equivalents on the arc through (lo_x, lo_y), (mean_x, mean_y) and (hi_x, hi_y).

    Both ranges are first drawn as 0 to 1, so the arc does not depend on units; with equal ranges it is the circle of
    the source. With u, v the shares of the ranges: v − u = e·[u(1 − u) + v(1 − v)], e fixed by the means.

    Parameters
    ----------
    x : array_like
        Scores of X; clamped to its range. Broadcast against the means.
    mean_x, mean_y : float or array_like
        Means of the same cases, within the ranges. For samples in rows give them a last axis of length 1.
    lo_x, hi_x, lo_y, hi_y : float
        Ends of the two ranges.

    Returns
    -------
    ndarray of float64
        Within [lo_y, hi_y], never falling with x. Swapping X and Y gives the inverse. NaN (missing) stays NaN.

    Raises
    ------
    ValueError
        A range that does not rise, or a mean outside its range.

    Notes
    -----
    S. A. Livingston and S. Kim, "The circle-arc method for equating in small samples", J. Educ. Meas. 46 (2009)
    330–343, the symmetric form. Past a quarter of a circle (|e| > 1) an arc would turn back on itself; there the
    curve (1 − u)^p + v^p = 1 through the same three points takes over (p = 2 is the quarter circle), mirrored below
    the line. That continuation is ours.

    Examples
    --------
    A mean a fifth up one range and three fifths up the other makes a quarter of a circle about (1, 0):

    >>> circle_arc([0, 2, 4, 10], 2, 60, 0, 10, 0, 100).round(9).tolist()
    [0.0, 60.0, 80.0, 100.0]
    """
    if not (lo_x < hi_x and lo_y < hi_y):
        msg = "Each range must run upwards, from its lo to a larger hi."
        raise ValueError(msg)
    u0 = (np.asarray(mean_x, dtype=np.float64) - lo_x) / (hi_x - lo_x)
    v0 = (np.asarray(mean_y, dtype=np.float64) - lo_y) / (hi_y - lo_y)
    if not ((u0 >= 0.0) & (u0 <= 1.0) & (v0 >= 0.0) & (v0 <= 1.0)).all():
        msg = "The mean of the cases must lie within the range of its scale."
        raise ValueError(msg)
    u = np.clip((np.asarray(x, dtype=np.float64) - lo_x) / (hi_x - lo_x), 0.0, 1.0)
    u, u0, v0 = np.broadcast_arrays(u, u0, v0)
    return np.asarray(lo_y + (hi_y - lo_y) * arc(u, u0, v0))


def _counts(freq: ArrayLike) -> Floats:
    counts = np.asarray(freq, dtype=np.float64)
    if counts.ndim == 0 or not (np.isfinite(counts) & (counts >= 0.0)).all():
        msg = "Frequencies must be a list of finite counts of 0 or more, one for each integer score."
        raise ValueError(msg)
    return counts


def _smoothed(counts: Floats, degrees: range, lump: int | None) -> list[Floats]:
    n = counts.shape[-1]
    if lump is not None and not 0 <= lump < n:
        msg = "lump must be the index of one of the scores."
        raise ValueError(msg)
    keep = np.arange(n) != (-1 if lump is None else lump)
    rows = counts.reshape(-1, n)
    if rows.shape[0] == 0 or not keep.any():
        return [counts.copy() for _ in degrees]
    fits = []
    for part in smooth(rows[:, keep], np.arange(n, dtype=np.float64)[keep], degrees):
        fitted = rows.copy()
        fitted[:, keep] = part
        fits.append(fitted.reshape(counts.shape))
    return fits


def _edges(cumulative: Floats) -> Floats:
    return np.asarray(np.arange(cumulative.shape[-1]) - 0.5, dtype=np.float64)


def _middles(cumulative: Floats) -> Floats:
    return np.asarray(0.5 * (cumulative[..., :-1] + cumulative[..., 1:]))


def _two_ended(onto: Callable[[Floats, Floats], tuple[Floats, Floats]], freq_x: ArrayLike, freq_y: ArrayLike) -> Floats:
    """Return equivalents counted from the bottom for the lower half of cases and from the top for the upper half.

    A share near 1 cannot tell small tails apart, a share near 0 can: so both tails of a smoothed margin are exact.
    """
    x, y = _counts(freq_x), _counts(freq_y)
    rank, up = onto(continuised(x), continuised(y))
    _, down = onto(continuised(x[..., ::-1]), continuised(y[..., ::-1]))
    placed = np.where(rank <= 0.5, up, (y.shape[-1] - 1) - down[..., ::-1])
    return np.asarray(np.maximum.accumulate(placed, axis=-1))


def _scores_onto(f: Floats, g: Floats) -> tuple[Floats, Floats]:
    """Return the rank of each score, and the middle of where it falls on the second distribution."""
    rank = _middles(f)
    lower, upper = span(rank, g, _edges(g), _SAME * rank)
    return rank, 0.5 * (lower + upper)


def _edges_onto(f: Floats, g: Floats) -> tuple[Floats, Floats]:
    """Return the rank of each half score, and where it falls on the second distribution, gaps matched end to end."""
    edges = _edges(f)
    lower, upper = span(f, f, edges, _SAME * f)
    onto_lower, onto_upper = span(f, g, _edges(g), _SAME * f)
    wide = upper > lower
    part = np.where(wide, (edges - lower) / np.where(wide, upper - lower, 1.0), 0.5)
    return f, onto_lower + part * (onto_upper - onto_lower)
