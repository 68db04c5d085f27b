"""Rates of events per exposure, and how sure they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv

Floats = NDArray[np.float64]


def poisson_interval(count: ArrayLike, exposure: ArrayLike = 1.0, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the exact interval of a Poisson rate: ½χ²(α/2; 2k)/E to ½χ²(1 − α/2; 2k + 2)/E.

    Parameters
    ----------
    count : array_like
        Events k, whole, 0 or more.
    exposure : array_like
        E, above 0, in the unit the rate is wanted in: 10,000s of people, workers, years. Broadcast.
    level : float
        Above 0 and below 1.

    Returns
    -------
    low, high : ndarray of float64, or float64
        Events per unit of exposure. No events give a low of 0 and a high above it.

    Raises
    ------
    ValueError
        A count that is below 0 or not whole, an exposure not above 0, or a level outside 0 to 1.

    Notes
    -----
    F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936) 437–442. A χ² point with 2k degrees
    of freedom, halved, is the gamma point of shape k that is used here.

    Examples
    --------
    No event seen: the high end solves e^(−λ) = 0.025.

    >>> low, high = poisson_interval(0)
    >>> float(low), round(float(high), 4)
    (0.0, 3.6889)
    """
    k, e = np.asarray(count, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    if not (np.isfinite(k).all() and (k >= 0.0).all() and (k == np.floor(k)).all()):
        msg = "Counts must be whole and 0 or more."
        raise ValueError(msg)
    if not (np.isfinite(e).all() and (e > 0.0).all() and 0.0 < level < 1.0):
        msg = "Exposure must be finite and above 0, and the level above 0 and below 1."
        raise ValueError(msg)
    tail = 0.5 * (1.0 - level)
    low = np.where(k > 0.0, gammaincinv(np.maximum(k, 1.0), tail), 0.0) / e
    high = gammaincinv(k + 1.0, 1.0 - tail) / e
    return np.asarray(low, dtype=np.float64)[()], np.asarray(high, dtype=np.float64)[()]


def empirical_bayes(events: ArrayLike, population: ArrayLike) -> Floats:
    """Return rates drawn towards the overall rate, the more so the fewer people they rest on.

    Parameters
    ----------
    events : array_like of real, (n,)
        O_i, 0 or more.
    population : array_like of real, (n,)
        P_i at risk, 0 or more, in the unit the rate is wanted in.

    Returns
    -------
    numpy.ndarray of float64, (n,)
        Rates; empty for empty input. A place without population has the overall rate: nothing of its own is known.

    Raises
    ------
    ValueError
        If shapes differ, a number is negative or not finite, nobody lives anywhere, or events happened where nobody
        lives: such places must be reported, not shrunk away.

    Notes
    -----
    r̃ = w r + (1 − w) m with r = O/P, m = ΣO/ΣP, w = A/(A + m/P_i) and A = max(0, s² − m/P̄), where
    s² = Σ P_i (r_i − m)²/ΣP and P̄ is the mean population of the places that have one. R. J. Marshall, "Mapping disease
    and mortality rates using empirical Bayes estimators", Applied Statistics 40(2), 1991, 283–294.

    Examples
    --------
    Rates 0.1 and 0.5 of 10 people each: m = 0.3, s² = 0.04, A = 0.04 − 0.03, so w = 0.01/(0.01 + 0.03) = ¼:

    >>> empirical_bayes([1, 5], [10, 10]).round(6).tolist()
    [0.25, 0.35]
    """
    o, p = np.asarray(events, dtype=np.float64), np.asarray(population, dtype=np.float64)
    if o.ndim != 1 or o.shape != p.shape:
        msg = f"events and population must be (n,) each; they are {o.shape} and {p.shape}."
        raise ValueError(msg)
    if not (np.isfinite(o).all() and np.isfinite(p).all() and (o >= 0.0).all() and (p >= 0.0).all()):
        msg = "events and population must be finite and 0 or more."
        raise ValueError(msg)
    lived_in = p > 0.0
    if (o[~lived_in] > 0.0).any():
        msg = f"{int((o[~lived_in] > 0.0).sum())} places have events and no population: leave them out and report them."
        raise ValueError(msg)
    if o.size == 0:
        return o.copy()
    if not lived_in.any():
        msg = "No place has any population: there is no rate."
        raise ValueError(msg)
    people = p[lived_in]
    overall = o.sum() / people.sum()
    rate = o[lived_in] / people
    between = max(0.0, float((people * (rate - overall) ** 2).sum() / people.sum() - overall / people.mean()))
    shrunk = np.full(o.shape, overall)
    if between > 0.0:
        weight = between / (between + overall / people)
        shrunk[lived_in] = weight * rate + (1.0 - weight) * overall
    return shrunk
