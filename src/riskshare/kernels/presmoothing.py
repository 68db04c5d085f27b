"""Log-linear smoothing of score frequencies: many margins are fitted in one call by damped Newton steps.

The public names are ``equating.loglinear`` and ``equating.loglinear_bic``; this module is the arithmetic behind them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_SPREAD = 1e-3  # share of an even distribution in the weights of the basis, so that every cell has some
_CLOSE = 1e-12  # largest difference of a moment, in standard deviations of that moment, that counts as equal
_STEPS = 80
_HALVINGS = 40


def smallest_face(freq: Floats) -> NDArray[np.int64]:
    """Return, for each row, the lowest degree at which the smoothed counts are the raw ones.

    Matching ``degree`` moments has a smooth solution unless the cells in use lie in one face of the polytope of moment
    vectors. Those faces are sets of at most ``degree`` cells that come in neighbouring pairs, save at the two ends
    (D. Gale, "Neighborly and cyclic polytopes", 1963). So each run of cells in use counts its length, and one
    more where it is odd and touches neither end. In a face, the raw counts alone match the moments, and they are the
    limit of the likelihood.

    Parameters
    ----------
    freq : ndarray, shape (b, n)

    Returns
    -------
    ndarray of int64, shape (b,)
        0 for a row without cases.

    Examples
    --------
    >>> smallest_face(np.array([[0.0, 5, 0, 0], [5, 0, 0, 0], [1, 1, 1, 1]])).tolist()
    [2, 1, 4]
    """
    used = freq > 0.0
    edge = np.diff(np.pad(used.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, first = np.nonzero(edge == 1)
    end = np.nonzero(edge == -1)[1]
    alone = ((end - first) % 2 == 1) & (first > 0) & (end < freq.shape[1])
    return np.asarray(used.sum(axis=1) + np.bincount(row[alone], minlength=freq.shape[0]), dtype=np.int64)


def smooth(freq: Floats, scores: Floats, degrees: range) -> list[Floats]:
    """Return the smoothed counts for each degree in turn, the fit of one degree being the start of the next.

    Parameters
    ----------
    freq : ndarray, shape (b, n)
        Counts of 0 or more, weighted or whole.
    scores : ndarray, shape (n,)
        Where the cells are.
    degrees : range
        Rising by one. Degrees of 0 give an even distribution.

    Returns
    -------
    list of ndarray, shape (b, n)
        One for each degree; raw counts for rows where ``smallest_face`` is reached.
    """
    total = freq.sum(axis=1, keepdims=True)
    share = freq / np.where(total > 0.0, total, 1.0)
    face = smallest_face(freq)
    top = min(degrees[-1], max(scores.size - 1, 0))
    basis = _basis(share, scores, top)
    weights = _spread(share)
    beta = np.einsum("bn,bnk->bk", weights * np.log(weights), basis)
    fits = []
    for degree in degrees:
        # In a face the raw counts are the answer; so they are where rounding keeps Newton from the moments.
        fitted = freq.copy()
        rows = np.flatnonzero(face > degree)
        if rows.size:
            x = basis[rows, :, :degree]
            beta[rows, :degree], reached = _newton(x, share[rows], beta[rows, :degree])
            rows, x = rows[reached], x[reached]
            fitted[rows] = total[rows] * _shares(x, beta[rows, :degree])[0]
        fits.append(fitted)
    return fits


def _spread(share: Floats) -> Floats:
    return np.asarray((1.0 - _SPREAD) * share + _SPREAD / share.shape[1], dtype=np.float64)


def _basis(share: Floats, scores: Floats, degree: int) -> Floats:
    """Return polynomials of degree 1 … degree, each row's own: mean 0, variance 1 and uncorrelated in its cases."""
    weights = _spread(share)
    made = np.ones((*share.shape, degree + 1))
    x = (scores - scores.mean()) / max(float(np.ptp(scores)), 1.0)
    for k in range(1, degree + 1):
        new = x * made[:, :, k - 1]
        for _ in range(2):  # the second pass takes out what rounding left in
            along = np.einsum("bnk,bn->bk", made[:, :, :k], weights * new)
            new = new - np.einsum("bnk,bk->bn", made[:, :, :k], along)
        made[:, :, k] = new / np.sqrt(np.sum(weights * new * new, axis=1, keepdims=True))
    return made[:, :, 1:]


def _shares(basis: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Return shares proportional to exp(Xβ), and the logarithm of what they were divided by."""
    eta = (basis @ beta[:, :, None])[:, :, 0]
    largest = eta.max(axis=1, keepdims=True)
    shares = np.exp(eta - largest)
    total = shares.sum(axis=1, keepdims=True)
    return shares / total, (largest + np.log(total))[:, 0]


def _newton(basis: Floats, share: Floats, start: Floats) -> tuple[Floats, Bools]:
    """Return β with E_β X = Σ share·X, and which rows reached it: the minimum of ln Σ exp(Xβ) − β·Σ share·X."""
    goal = np.einsum("bn,bnk->bk", share, basis)
    beta = _better_start(basis, goal, start)
    reached = np.zeros(beta.shape[0], dtype=np.bool_)
    rows = np.arange(beta.shape[0])
    for _ in range(_STEPS):
        x = basis if rows.size == basis.shape[0] else basis[rows]
        shares, level = _shares(x, beta[rows])
        mean = np.einsum("bn,bnk->bk", shares, x)
        slope = mean - goal[rows]
        done = np.abs(slope).max(axis=1, initial=0.0) < _CLOSE
        reached[rows[done]] = True
        going = ~done
        if not going.any():
            break
        rows, x, shares, mean, slope, level = (
            rows[going], x[going], shares[going], mean[going], slope[going], level[going]
        )  # fmt: skip
        spread = np.swapaxes(x, 1, 2) @ (shares[:, :, None] * x) - mean[:, :, None] * mean[:, None, :]
        spread += 1e-12 * np.eye(beta.shape[1])
        step = -np.linalg.solve(spread, slope[:, :, None])[:, :, 0]
        beta[rows] = _search(x, goal[rows], beta[rows], step, level, slope)
    return beta, reached


def _better_start(basis: Floats, goal: Floats, start: Floats) -> Floats:
    """Return the given start, or an even distribution for rows where that is nearer."""
    loss = _shares(basis, start)[1] - np.sum(start * goal, axis=1)
    return np.where((loss < np.log(basis.shape[1]))[:, None], start, 0.0)


def _search(x: Floats, goal: Floats, beta: Floats, step: Floats, level: Floats, slope: Floats) -> Floats:
    """Return β moved along each row's step, halved until the loss falls (L. Armijo, 1966)."""
    loss = level - np.sum(beta * goal, axis=1)
    fall = np.sum(slope * step, axis=1)
    length = np.ones(beta.shape[0])
    slack = 1e-13 * (1.0 + np.abs(level))
    for _ in range(_HALVINGS):
        moved = beta + length[:, None] * step
        new = _shares(x, moved)[1] - np.sum(moved * goal, axis=1)
        bad = ~(new <= loss + 1e-4 * length * fall + slack)
        if not bad.any():
            break
        length[bad] *= 0.5
    return beta + length[:, None] * step
