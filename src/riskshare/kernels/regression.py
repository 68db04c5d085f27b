"""Poisson regression of counts on covariates where each stratum keeps its own total."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

Floats = NDArray[np.float64]

_STEPS = 50
_FAR = 20.0
"""exp(20) is 5 × 10⁸: rates that differ so much between two cells are on their way to 0 in one of them."""
WIDEST = 1e100
"""Covariates lie within this of 0 and spread by more than its inverse: squares of both are then numbers."""


class PoissonFit(NamedTuple):
    """What a regression found.

    ``coefficients`` (covariates,) are natural logarithms of the ratio of rates for one unit more; ``covariance`` is
    theirs for independent events (times ``phi`` for over-dispersed ones). ``intercepts`` (strata,) are −inf for a
    stratum without events. ``deviance`` and ``phi``, Pearson's statistic over its degrees of freedom (NaN without any),
    are over cells of a stratum that expects something there. ``converged`` is False where a covariate tells cells with
    events from those without so well that no finite coefficient fits best.
    """

    coefficients: Floats
    covariance: Floats
    intercepts: Floats
    deviance: float
    phi: float
    converged: bool


def poisson_regression(counts: ArrayLike, base: ArrayLike, covariates: ArrayLike) -> PoissonFit:
    """Return how the rate of events rises with covariates, alike in all strata, each of which has its own level.

    Parameters
    ----------
    counts : array_like of real, shape (strata, cells)
        Events, 0 or more.
    base : array_like of real, same shape
        What each stratum would count in each cell if the covariates did not matter, up to a factor of its own, such as
        people; 0 where it does not look: those cells are left out.
    covariates : array_like of real, shape (cells, covariates)
        In any unit in which they lie within 1e100 of 0. Cells that no stratum looks at may hold anything so near.

    Returns
    -------
    PoissonFit
        Without covariates, empty coefficients.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite or below 0, a covariate is beyond 1e100, events lie where none is
        expected, no event is left, or a covariate is constant (or spreads by less than 1e-100), or made up of the
        others, in every stratum that has events.

    Notes
    -----
    O_kc ~ Poisson(B_kc exp(α_k + β'z_c)): log link, offset ln B. The α_k that fit best put each stratum's total right;
    put in, they leave ℓ(β) = Σ O β'z − Σ_k N_k ln Σ_c B_kc exp(β'z_c), which is concave: Newton's steps, which for this
    link are those of iteratively reweighted least squares, halved where ℓ would fall. P. McCullagh and J. A. Nelder,
    Generalized Linear Models, 2nd edition, 1989, 2.5 and 6.4.2; A. Agresti, Categorical Data Analysis, 3rd edition,
    2013, 9.7.

    Examples
    --------
    Two cells of 10 people, 2 events without the covariate and 6 with it: three times the rate, ln 3 = 1.0986; its
    variance is 1/2 + 1/6:

    >>> fit = poisson_regression([[2, 6]], [[10, 10]], [[0], [1]])
    >>> fit.coefficients.round(4).tolist(), fit.covariance.round(4).tolist(), fit.converged
    ([1.0986], [[0.6667]], True)
    """
    o, b, z = (np.asarray(given, dtype=np.float64) for given in (counts, base, covariates))
    _check(o, b, z)
    some = (o.sum(axis=1) > 0.0)[:, None] & (b > 0.0)
    used = some.any(axis=0)
    weight = np.where(some, b, 0.0)[:, used].sum(axis=0)
    centre = np.average(z[used], axis=0, weights=weight)
    spread = np.sqrt(np.average((z[used] - centre) ** 2, axis=0, weights=weight))
    spread = np.where(spread > 1.0 / WIDEST, spread, 0.0)
    scaled = np.where(spread > 0.0, z[used] - centre, 0.0) / np.where(spread > 0.0, spread, 1.0)
    busy = o.sum(axis=1) > 0.0
    _check_rank(b[busy][:, used], scaled)
    beta, information, converged = _climb(o[busy][:, used], b[busy][:, used], scaled)
    whole = np.exp((z[used] - centre) @ (beta / np.where(spread > 0.0, spread, 1.0)))
    mean, level = _means(o[:, used], b[:, used], whole)
    coefficients = beta / np.where(spread > 0.0, spread, 1.0)
    covariance = np.linalg.pinv(information, hermitian=True) / np.outer(spread, spread)
    deviance, phi = _misfit(o[:, used], mean, b[:, used] > 0.0, beta.size)
    return PoissonFit(coefficients, covariance, level - centre @ coefficients, deviance, phi, converged)


def _climb(o: Floats, b: Floats, z: Floats) -> tuple[Floats, Floats, bool]:
    """Return the β of greatest likelihood, the information there, and whether the top was reached."""
    beta = np.zeros(z.shape[1])
    height, slope, information = _surface(o, b, z, beta)
    for _ in range(_STEPS):
        step = np.linalg.lstsq(information, slope, rcond=None)[0]
        size = 1.0
        while size > 1e-6:
            there = _surface(o, b, z, beta + size * step)
            if there[0] >= height - 1e-12 * abs(height):
                break
            size /= 2.0
        beta = beta + size * step
        height, slope, information = there
        if np.ptp(z @ beta) > _FAR:
            return beta, information, False
        if np.abs(step).max(initial=0.0) < 1e-10:
            return beta, information, True
    return beta, information, False


def _surface(o: Floats, b: Floats, z: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
    """Return the profile log likelihood, its slope and the information at β."""
    rise = z @ beta
    top = float(rise.max(initial=0.0))
    mass = b * np.exp(rise - top)
    whole = mass.sum(axis=1)
    share, total = mass / whole[:, None], o.sum(axis=1)
    height = float(o.sum(axis=0) @ rise) - float(total @ (np.log(whole) + top))
    mean = share @ z
    slope = o.sum(axis=0) @ z - total @ mean
    information = (z.T * (total @ share)) @ z - (mean.T * total) @ mean
    return height, slope, information


def _means(o: Floats, b: Floats, raised: Floats) -> tuple[Floats, Floats]:
    """Return what each stratum expects in each cell, and the logarithm of its level."""
    mass = b * raised
    whole = mass.sum(axis=1)
    factor = o.sum(axis=1) / np.where(whole > 0.0, whole, 1.0)
    with np.errstate(divide="ignore"):
        return factor[:, None] * mass, np.log(factor)


def _misfit(o: Floats, mean: Floats, looked: NDArray[np.bool_], n_covariates: int) -> tuple[float, float]:
    use = looked & (mean > 0.0)
    seen, expected = o[use], mean[use]
    deviance = 2.0 * float(np.sum(xlogy(seen, seen / expected) - (seen - expected)))
    spare = int(use.sum()) - int((o.sum(axis=1) > 0.0).sum()) - n_covariates
    return deviance, float(np.sum((seen - expected) ** 2 / expected)) / spare if spare > 0 else float("nan")


def _check(o: Floats, b: Floats, z: Floats) -> None:
    if o.ndim != 2 or o.shape != b.shape or z.ndim != 2 or z.shape[0] != o.shape[1]:
        msg = (
            f"counts and base must be strata × cells and covariates cells × covariates; they are {o.shape}, {b.shape} "
            f"and {z.shape}."
        )
        raise ValueError(msg)
    if not (np.isfinite(o).all() and np.isfinite(b).all() and (o >= 0.0).all() and (b >= 0.0).all()):
        msg = "counts and base must be finite and 0 or more."
        raise ValueError(msg)
    if not np.isfinite(z).all():
        msg = "covariates must be finite: leave out cells of which one is not known, by a base of 0."
        raise ValueError(msg)
    if (np.abs(z) > WIDEST).any():
        msg = "covariates must lie within 1e100 of 0: give them in a larger unit."
        raise ValueError(msg)
    if ((o > 0.0) & (b == 0.0)).any():
        msg = "events lie in cells where their stratum expects none: mend its base, or leave them out."
        raise ValueError(msg)
    if not o.any():
        msg = "there is no event: nothing can be told of any covariate."
        raise ValueError(msg)


def _check_rank(b: Floats, z: Floats) -> None:
    """Refuse covariates that do not vary, each in its own way, inside any stratum."""
    share = b / b.sum(axis=1, keepdims=True)
    mean = share @ z
    within = (z.T * share.sum(axis=0)) @ z - mean.T @ mean
    if np.linalg.matrix_rank(within, tol=1e-9 * max(len(b), 1), hermitian=True) < z.shape[1]:
        msg = "a covariate is constant, or made up of the others, in every stratum with events: leave one out."
        raise ValueError(msg)
