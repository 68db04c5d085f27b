"""How often a score was followed by harm: curves and bands from scores and what happened.

Outcomes are 1 where the harm followed within the horizon and 0 where it did not; what is not known yet is left out
first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

Floats = NDArray[np.float64]

_STEPS = 100
_HALVINGS = 40
_FLAT = 1e-10  # curvature, as a part of the largest possible, below which a fit is running away to infinity


def platt(score: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None = None) -> tuple[float, float]:
    """Return (a, b) of p = 1 / (1 + exp(a·s + b)); a is negative where risk rises with the score.

    Outcomes are drawn in a little, to (N₊ + 1)/(N₊ + 2) and 1/(N₋ + 2), as Platt proposes: the curve then exists even
    where the score splits the outcomes cleanly, and never promises 0 or 1.

    Parameters
    ----------
    score : array_like, shape (n,)
        In any unit.
    outcome : array_like, shape (n,)
        0 or 1, of each at least one.
    weight : array_like, shape (n,), optional
        0 or more; default 1 each. N₊ and N₋ are sums of weights.

    Returns
    -------
    a, b : float
        a per unit of score. Scores all alike give a = 0.

    Raises
    ------
    ValueError
        Unequal lengths, values that are not finite, outcomes other than 0 and 1, one kind of outcome only, or
        weights too uneven (beyond ten orders of magnitude) for a curve to be found.

    Notes
    -----
    J. Platt, "Probabilistic outputs for support vector machines", 1999; H.-T. Lin, C.-J. Lin and R. Weng, "A note on
    Platt's probabilistic outputs", Machine Learning 68 (2007) 267–276.

    Examples
    --------
    Four cases mirrored about 0, so a score of 0 is even odds:

    >>> a, b = platt([-1, -1, 1, 1], [0, 0, 1, 1])
    >>> bool(a < 0), abs(round(b, 9)), round(1 / (1 + float(np.exp(a))), 6)
    (True, 0.0, 0.75)
    """
    s, y, w = _cases(score, outcome, weight)
    many, few = float(w[y == 1.0].sum()), float(w[y == 0.0].sum())
    target = np.where(y == 1.0, (many + 1.0) / (many + 2.0), 1.0 / (few + 2.0))
    middle, spread = _scale(s, w)
    x = np.column_stack([np.ones(s.size), (s - middle) / spread])
    columns = x if np.ptp(s) > 0.0 else x[:, :1]
    beta, reached = _logistic(columns, target, w)
    if not reached:
        msg = "No curve fits these cases: their weights are too uneven. Look for a stray weight or use isotonic()."
        raise ValueError(msg)
    slope = float(beta[1]) / spread if beta.size > 1 else 0.0
    return 0.0 - slope, slope * middle - float(beta[0]) + 0.0


def splits(score: ArrayLike, outcome: ArrayLike) -> bool:
    """Return whether the score splits the outcomes cleanly: no case with the outcome lies below one without.

    Parameters
    ----------
    score, outcome : array_like, shape (n,)
        As ``beta_calibration``, save that scores may be in any unit.

    Returns
    -------
    bool
        False where scores are all alike.

    Raises
    ------
    ValueError
        As ``beta_calibration``.

    Examples
    --------
    >>> splits([1, 2, 3], [0, 0, 1]), splits([1, 2, 3], [0, 1, 0])
    (True, False)
    """
    s, y, _ = _cases(score, outcome, None)
    return bool(s[y == 0.0].max() <= s[y == 1.0].min() and np.ptp(s) > 0.0)


def beta_calibration(score: ArrayLike, outcome: ArrayLike, *, drawn_in: bool = False) -> tuple[float, float, float]:
    """Return (a, b, c) of logit p = a·ln s − b·ln(1 − s) + c with a, b ≥ 0, by maximum likelihood.

    A slope that would turn negative is held at 0 and the others are fitted anew. (1, 1, 0) changes nothing.

    Parameters
    ----------
    score : array_like, shape (n,)
        Probabilities above 0 and below 1: move 0 and 1 inside by half a step first.
    outcome : array_like, shape (n,)
        0 or 1, of each at least one.
    drawn_in : bool
        Fit to (N₊ + 1)/(N₊ + 2) and 1/(N₋ + 2) in place of 1 and 0, as ``platt`` does: a curve then always exists.

    Returns
    -------
    a, b, c : float

    Raises
    ------
    ValueError
        As ``platt``; a score that is not above 0 and below 1; and, unless ``drawn_in``, a score that splits the
        outcomes cleanly, since the likelihood then has no largest value (use ``platt`` or ``isotonic``).

    Notes
    -----
    M. Kull, T. Silva Filho and P. Flach, "Beta calibration", AISTATS 2017, PMLR 54:623–631.

    Examples
    --------
    Half of the cases at even odds had the outcome, a quarter of those at one to three, three quarters at three to one:

    >>> s = [0.25] * 4 + [0.5] * 2 + [0.75] * 4
    >>> y = [1, 0, 0, 0, 1, 0, 1, 1, 1, 0]
    >>> [abs(round(v, 6)) for v in beta_calibration(s, y)]
    [1.0, 1.0, 0.0]
    """
    s, y, w = _cases(score, outcome, None)
    if not ((s > 0.0) & (s < 1.0)).all():
        msg = "Scores must be above 0 and below 1: move the ends of the scale inside by half a step first."
        raise ValueError(msg)
    if not drawn_in and splits(s, y):
        msg = "The score splits the outcomes cleanly, so no curve fits best: use platt() or isotonic()."
        raise ValueError(msg)
    x = np.column_stack([np.ones(s.size), np.log(s), -np.log1p(-s)])
    if drawn_in:
        y = np.where(y == 1.0, (y.sum() + 1.0) / (y.sum() + 2.0), 1.0 / (np.sum(1.0 - y) + 2.0))
    best, most = np.array([_log_odds(float(y.mean())), 0.0, 0.0]), np.inf
    # Every choice of slopes held at 0: the best allowed fit is the constrained maximum.
    for free in ([0], [0, 1], [0, 2], [0, 1, 2]):
        beta, reached = _logistic(x[:, free], y, w)
        loss = _loss(x[:, free] @ beta, y, w)
        if reached and (beta[1:] >= 0.0).all() and loss < most - 1e-12 * (1.0 + abs(loss)):
            best, most = np.zeros(3), loss
            best[free] = beta
    return float(best[1]), float(best[2]), float(best[0])


def isotonic(score: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None = None) -> tuple[Floats, Floats]:
    """Return the distinct scores and the rate at each, the nearest rates to those seen that never fall.

    Parameters
    ----------
    score, outcome : array_like, shape (n,)
        Outcomes are 0 or 1, or rates between (a band's share).
    weight : array_like, shape (n,), optional
        0 or more; default 1 each. Cases of weight 0 are left out.

    Returns
    -------
    knots, values : ndarray, shape (k,), float64
        Scores rising, rates within [0, 1] never falling. Empty in, empty out.

    Raises
    ------
    ValueError
        Unequal lengths, values that are not finite, outcomes outside 0 to 1, or a weight below 0.

    Notes
    -----
    Weighted least squares by pooling adjacent violators: M. Ayer et al., Ann. Math. Stat. 26 (1955) 641–647. Equal
    scores are pooled first, so the order of cases does not matter.

    Examples
    --------
    >>> knots, values = isotonic([1, 2, 2, 3], [0, 1, 1, 0])
    >>> knots.tolist(), values.round(4).tolist()
    ([1.0, 2.0, 3.0], [0.0, 0.6667, 0.6667])
    """
    s, y, w = _arrays(score, outcome, weight)
    if not ((y >= 0.0) & (y <= 1.0)).all():
        msg = "Outcomes must be 0, 1 or a rate between them."
        raise ValueError(msg)
    knots, at = np.unique(s[w > 0.0], return_inverse=True)
    if knots.size == 0:
        return knots, knots.copy()
    mass = np.bincount(at, weights=w[w > 0.0])
    rate = np.bincount(at, weights=(w * y)[w > 0.0]) / mass
    fitted = np.asarray(isotonic_regression(rate, weights=mass).x, dtype=np.float64)
    return knots, np.clip(fitted, 0.0, 1.0)


def wilson(successes: ArrayLike, n: ArrayLike, z: float = 1.959963984540054) -> tuple[Floats, Floats]:
    """Return the Wilson score interval of a share.

    (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n). Without cases it is 0 to 1: nothing is known.

    Parameters
    ----------
    successes, n : array_like
        Counts, 0 ≤ successes ≤ n; weighted counts are allowed. Broadcast.
    z : float
        Standard normal point; the default is 95 %.

    Returns
    -------
    low, high : ndarray of float64, or float64
        Within [0, 1].

    Raises
    ------
    ValueError
        A count below 0 or not finite, more successes than cases, or z not above 0.

    Notes
    -----
    E. B. Wilson, "Probable inference", JASA 22 (1927) 209–212.

    Examples
    --------
    With z = 2 and 4 of 4, 1/(1 + 4/4) is the lower end:

    >>> low, high = wilson(4, 4, 2.0)
    >>> float(low), float(high)
    (0.5, 1.0)
    """
    k, m = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if not (np.isfinite(k).all() and np.isfinite(m).all() and (k >= 0.0).all() and (k <= m).all() and z > 0.0):
        msg = "Counts must be finite with 0 ≤ successes ≤ n, and z above 0."
        raise ValueError(msg)
    # Multiplied through by n, so that no cases need no division.
    middle = k + 0.5 * z * z
    half = z * np.sqrt(np.where(m > 0.0, k * (m - k) / np.where(m > 0.0, m, 1.0), 0.0) + 0.25 * z * z)
    whole = m + z * z
    low = np.where(k == 0.0, 0.0, np.clip((middle - half) / whole, 0.0, 1.0))
    high = np.where(k == m, 1.0, np.clip((middle + half) / whole, 0.0, 1.0))
    return low[()], high[()]


def _arrays(score: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    s, y = np.asarray(score, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    w = np.ones(s.shape) if weight is None else np.asarray(weight, dtype=np.float64)
    if s.ndim != 1 or not (s.shape == y.shape == w.shape):
        msg = "Scores, outcomes and weights must be lists of the same length."
        raise ValueError(msg)
    if not (np.isfinite(s).all() and np.isfinite(y).all() and np.isfinite(w).all() and (w >= 0.0).all()):
        msg = "Scores, outcomes and weights must be finite, and weights 0 or more: leave out what is missing."
        raise ValueError(msg)
    return s, y, w


def _cases(score: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    s, y, w = _arrays(score, outcome, weight)
    if not np.isin(y, (0.0, 1.0)).all():
        msg = "Outcomes must be 0 or 1."
        raise ValueError(msg)
    if not ((w[y == 1.0] > 0.0).any() and (w[y == 0.0] > 0.0).any()):
        msg = "A curve needs cases with the outcome and cases without it."
        raise ValueError(msg)
    # Sorted, so that sums, and with them the answer, do not depend on the order of cases.
    order = np.lexsort((w, y, s))
    order = order[w[order] > 0.0]
    return s[order], y[order], w[order]


def _scale(s: Floats, w: Floats) -> tuple[float, float]:
    middle = float(np.average(s, weights=w))
    farthest = float(np.abs(s - middle).max())
    if farthest == 0.0:
        return middle, 1.0
    # Squares of parts of the farthest cannot overflow.
    return middle, farthest * float(np.sqrt(np.average(((s - middle) / farthest) ** 2, weights=w)))


def _log_odds(p: float) -> float:
    return float(np.log(p) - np.log1p(-p))


def _loss(eta: Floats, target: Floats, weight: Floats) -> float:
    return float(np.sum(weight * (np.logaddexp(0.0, eta) - target * eta)))


def _logistic(x: Floats, target: Floats, weight: Floats) -> tuple[Floats, bool]:
    """Return β of p = 1/(1 + exp(−Xβ)) by damped Newton steps, and whether there is such a β."""
    length = np.sqrt(np.sum(weight[:, None] * x * x, axis=0))
    x = x / length
    beta = np.zeros(x.shape[1])
    loss = _loss(x @ beta, target, weight)
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -700.0, 700.0)))
        slope = x.T @ (weight * (p - target))
        curve = x.T @ ((weight * p * (1.0 - p))[:, None] * x)
        if np.linalg.eigvalsh(curve)[0] < _FLAT:
            return beta / length, False
        step = np.asarray(-np.linalg.solve(curve, slope), dtype=np.float64)
        if -(slope @ step) <= 1e-24 * (1.0 + loss):
            return (beta + step) / length, True
        beta, loss = _downhill(x, target, weight, beta, loss, step, float(slope @ step))
    # The last steps may only move within rounding: then the slope is as flat as it gets.
    return beta / length, bool(-(slope @ step) <= 1e-12 * (1.0 + loss))


def _downhill(
    x: Floats, target: Floats, weight: Floats, beta: Floats, loss: float, step: Floats, fall: float
) -> tuple[Floats, float]:
    """Return β moved along the step, halved until the loss falls, and the loss there."""
    part = 1.0
    for _ in range(_HALVINGS):
        new = _loss(x @ (beta + part * step), target, weight)
        if new <= loss + 1e-4 * part * fall + 1e-14 * (1.0 + abs(loss)):
            break
        part *= 0.5
    return beta + part * step, new
