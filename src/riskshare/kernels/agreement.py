"""How two partners' gradings of the same cases agree: the bar, the judgement, and tests of each.

A 2×2 of shared cases has n10 (high to the first only) and n01 (high to the second only) off its diagonal.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import bdtr, gammaincc

Floats = NDArray[np.float64]

_Z = 1.959963984540054  # 95 %


class Split(NamedTuple):
    """Disagreement and its two parts; total = bar + judgement exactly."""

    total: Floats
    bar: Floats
    judgement: Floats


class Marginal(NamedTuple):
    """A test of equal margins."""

    statistic: float
    df: int
    p: float


class Kappa(NamedTuple):
    """Agreement beyond chance; None where chance alone gives perfect agreement, so that κ is not defined."""

    kappa: float | None
    pabak: float
    low: float | None
    high: float | None


class Correlation(NamedTuple):
    """A rank correlation and its interval; None where it is not defined."""

    rho: float | None
    low: float | None
    high: float | None


def split(p10: ArrayLike, p01: ArrayLike) -> Split:
    """Return total disagreement, its bar part |p10 − p01| and its judgement part 2·min(p10, p01).

    The bar part is the least disagreement that the two shares of "high" allow; the rest is the same bar put to
    different people (methods: thresholds, C4). Across samples the bar part is biased away from 0: it is for display,
    and ``signed_difference`` is the estimate.

    Parameters
    ----------
    p10, p01 : array_like
        Shares, or counts; 0 or more. Broadcast.

    Returns
    -------
    Split
        In the unit of the input.

    Raises
    ------
    ValueError
        A share below 0 or not finite.

    Examples
    --------
    >>> [float(part) for part in split(0.25, 0.125)]
    [0.375, 0.125, 0.25]
    """
    a, b = np.asarray(p10, dtype=np.float64), np.asarray(p01, dtype=np.float64)
    if not (np.isfinite(a).all() and np.isfinite(b).all() and (a >= 0.0).all() and (b >= 0.0).all()):
        msg = "Shares must be finite and 0 or more."
        raise ValueError(msg)
    bar, judgement = np.abs(a - b), 2.0 * np.minimum(a, b)
    return Split(bar + judgement, bar, judgement)


def signed_difference(n10: ArrayLike, n01: ArrayLike, n: ArrayLike, z: float = _Z) -> tuple[Floats, Floats, Floats]:
    """Return p10 − p01 with its interval: how much more often the first partner alone says high.

    The estimate is (n10 − n01)/n, which is unbiased. The interval is the paired one of Agresti and Min, a Wald interval
    after half a case is added to each of the four cells: with m = n + 2,
    (n10 − n01)/m ± z·√(n10 + n01 + 1 − (n10 − n01)²/m)/m.

    Parameters
    ----------
    n10, n01, n : array_like
        Counts with n10 + n01 ≤ n, n above 0; weighted counts are allowed. Broadcast.
    z : float
        Standard normal point; the default is 95 %.

    Returns
    -------
    estimate, low, high : ndarray of float64, or float64
        Within [−1, 1], the estimate within the interval.

    Raises
    ------
    ValueError
        A count below 0 or not finite, n of 0, more disagreements than cases, or z not above 0.

    Notes
    -----
    A. Agresti and Y. Min, "Simple improved confidence intervals for comparing matched proportions", Stat. Med. 24
    (2005) 729–740.

    Examples
    --------
    With z = 2: 14 cases and 2 more make 16; 2·√(4 + 4 + 1)/16 is 0.375.

    >>> [float(v) for v in signed_difference(4, 4, 14, 2.0)]
    [0.0, -0.375, 0.375]
    """
    a, b, total = (np.asarray(v, dtype=np.float64) for v in (n10, n01, n))
    finite = all(np.isfinite(v).all() for v in (a, b, total))
    if not (finite and (a >= 0.0).all() and (b >= 0.0).all() and (total > 0.0).all() and z > 0.0):
        msg = "Counts must be finite and 0 or more, with at least one shared case, and z above 0."
        raise ValueError(msg)
    # Weighted counts may miss their own total by rounding.
    if not (a + b <= total * (1.0 + 1e-9)).all():
        msg = "There cannot be more disagreements than shared cases."
        raise ValueError(msg)
    estimate, m = (a - b) / total, total + 2.0
    middle = (a - b) / m
    half = z * np.sqrt(np.maximum(a + b + 1.0 - (a - b) ** 2 / m, 0.0)) / m
    low = np.maximum(np.minimum(middle - half, estimate), -1.0)
    high = np.minimum(np.maximum(middle + half, estimate), 1.0)
    return np.asarray(estimate)[()], np.asarray(low)[()], np.asarray(high)[()]


def mcnemar(n10: ArrayLike, n01: ArrayLike) -> Floats:
    """Return the exact two-sided p that both partners call as many cases high: min(1, 2·P(B ≤ min)), B ~ Bin(n, ½).

    Parameters
    ----------
    n10, n01 : array_like
        Whole counts, 0 or more. Broadcast.

    Returns
    -------
    ndarray of float64, or float64
        1 where the partners never disagree.

    Raises
    ------
    ValueError
        A count that is below 0 or not whole (weighted counts have no exact test).

    Notes
    -----
    Q. McNemar, Psychometrika 12 (1947) 153–157, in its exact binomial form.

    Examples
    --------
    2·(1 + 6)/2⁶:

    >>> round(float(mcnemar(1, 5)), 9)
    0.21875
    """
    a, b = np.asarray(n10, dtype=np.float64), np.asarray(n01, dtype=np.float64)
    if not all((np.isfinite(v) & (v >= 0.0) & (v == np.floor(v))).all() for v in (a, b)):
        msg = "McNemar's exact test needs whole counts of 0 or more."
        raise ValueError(msg)
    p = np.minimum(1.0, 2.0 * bdtr(np.minimum(a, b), (a + b).astype(np.int64), 0.5))
    return np.asarray(p, dtype=np.float64)[()]


def stuart_maxwell(table: ArrayLike) -> Marginal:
    """Return the test that two partners use each band equally often: d′V⁻¹d against χ².

    d_i = n_i· − n_·i, V_ii = n_i· + n_·i − 2n_ii, V_ij = −(n_ij + n_ji). Bands that neither uses, and bands on which
    the two never disagree, say nothing and are left out of the degrees of freedom.

    Parameters
    ----------
    table : array_like, shape (k, k)
        Cases by the first partner's band (rows) and the second's; 0 or more.

    Returns
    -------
    Marginal
        statistic, df and p; 0, 0 and 1 where the partners never disagree.

    Raises
    ------
    ValueError
        A table that is not square, or a count below 0 or not finite.

    Notes
    -----
    A. Stuart, Biometrika 42 (1955) 412–416; A. E. Maxwell, Br. J. Psychiatry 116 (1970) 651–655. V is the Laplacian of
    the graph of disagreements, so its rank is the number of bands less the number of connected groups of them.

    Examples
    --------
    With two bands it is (n10 − n01)²/(n10 + n01):

    >>> result = stuart_maxwell([[20, 9], [1, 30]])
    >>> round(result.statistic, 9), result.df, round(result.p, 4)
    (6.4, 1, 0.0114)
    """
    counts = _square(table)
    both = counts + counts.T
    np.fill_diagonal(both, 0.0)
    groups = int(connected_components(both > 0.0, directed=False)[0])
    df = counts.shape[0] - groups
    if df == 0:
        return Marginal(0.0, 0, 1.0)
    difference = counts.sum(axis=1) - counts.sum(axis=0)
    spread = np.diag(both.sum(axis=1)) - both
    solved = np.linalg.lstsq(spread, difference, rcond=1e-12)[0]
    statistic = max(float(difference @ solved), 0.0)
    return Marginal(statistic, df, float(gammaincc(0.5 * df, 0.5 * statistic)))


def kappa(
    table: ArrayLike, weights: ArrayLike | Literal["linear", "quadratic"] | None = None, *, z: float = _Z
) -> Kappa:
    """Return κ = (p_o − p_e)/(1 − p_e) with its interval, and PABAK, which does not move with prevalence.

    p_o = Σ w_ij p_ij and p_e = Σ w_ij p_i· p_·j. PABAK puts for p_e what it is where every band is used equally; for
    two bands that is 2·p_o − 1.

    Parameters
    ----------
    table : array_like, shape (k, k), k ≥ 2
        Cases by the first partner's band (rows) and the second's; at least one case.
    weights : array_like, shape (k, k), or {"linear", "quadratic"}, optional
        Credit for each pair of bands, 1 on the diagonal; default none off it. Linear is 1 − |i − j|/(k − 1).
    z : float
        Standard normal point; the default is 95 %.

    Returns
    -------
    Kappa
        The interval is cut at −1 and 1.

    Raises
    ------
    ValueError
        A table that is not square, has fewer than two bands, or holds no case; a count below 0 or not finite; weights
        of another shape or not within 0 to 1.

    Notes
    -----
    J. Cohen, Psychol. Bull. 70 (1968) 213–220; the large-sample variance is that of J. L. Fleiss, J. Cohen and B. S.
    Everitt, Psychol. Bull. 72 (1969) 323–327; PABAK: T. Byrt, J. Bishop and J. Carlin, J. Clin. Epidemiol. 46 (1993)
    423–429.

    Examples
    --------
    35 of 50 agree; chance gives ½:

    >>> result = kappa([[20, 5], [10, 15]])
    >>> round(result.kappa, 9), round(result.pabak, 9)
    (0.4, 0.4)
    """
    counts = _square(table)
    k, n = counts.shape[0], float(counts.sum())
    if k < 2 or n <= 0.0:
        msg = "Agreement needs at least two bands and one shared case."
        raise ValueError(msg)
    w = _credit(weights, k)
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    seen, chance = float(np.sum(w * p)), float(rows @ w @ columns)
    pabak = (seen - float(w.mean())) / (1.0 - float(w.mean()))
    if 1.0 - chance <= 1e-12:
        return Kappa(None, pabak, None, None)
    value = (seen - chance) / (1.0 - chance)
    mean_credit = (w @ columns)[:, None] + (rows @ w)[None, :]
    inner = np.sum(p * (w * (1.0 - chance) - mean_credit * (1.0 - seen)) ** 2)
    variance = (float(inner) - (seen * chance - 2.0 * chance + seen) ** 2) / (n * (1.0 - chance) ** 4)
    half = z * float(np.sqrt(max(variance, 0.0)))
    return Kappa(value, pabak, max(value - half, -1.0), min(value + half, 1.0))


def spearman(x: ArrayLike, y: ArrayLike, *, z: float = _Z) -> Correlation:
    """Return the rank correlation of two partners' readings, ties sharing their mean rank, with its interval.

    The interval is tanh(artanh ρ ± z·√((1 + ρ²/2)/(n − 3))).

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Readings of the same cases.
    z : float
        Standard normal point; the default is 95 %.

    Returns
    -------
    Correlation
        ρ is None where one partner reads all cases alike; the interval also with fewer than 4 cases.

    Raises
    ------
    ValueError
        Unequal lengths, or values that are not finite.

    Notes
    -----
    D. G. Bonett and T. A. Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman correlations",
    Psychometrika 65 (2000) 23–28.

    Examples
    --------
    1 − 6·(1 + 1)/(4·15):

    >>> round(spearman([1, 2, 3, 4], [10, 30, 20, 40]).rho, 9)
    0.8
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        msg = "A rank correlation needs two lists of finite readings of the same cases."
        raise ValueError(msg)
    if a.size == 0 or np.ptp(a) == 0.0 or np.ptp(b) == 0.0:
        return Correlation(None, None, None)
    # Ranks doubled are whole numbers, so the sums are exact and the order of cases cannot matter.
    u, v = (_doubled_ranks(r) - (a.size + 1.0) for r in (a, b))
    rho = float(np.clip((u @ v) / np.sqrt((u @ u) * (v @ v)), -1.0, 1.0))
    if a.size < 4:
        return Correlation(rho, None, None)
    half = z * np.sqrt((1.0 + rho * rho / 2.0) / (a.size - 3))
    middle = np.arctanh(np.clip(rho, -1.0 + 1e-15, 1.0 - 1e-15))
    return Correlation(rho, float(np.tanh(middle - half)), float(np.tanh(middle + half)))


def _square(table: ArrayLike) -> Floats:
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        msg = "The table must be square: both partners' bands in the same order."
        raise ValueError(msg)
    if not (np.isfinite(counts) & (counts >= 0.0)).all():
        msg = "Counts must be finite and 0 or more."
        raise ValueError(msg)
    return counts


def _credit(weights: ArrayLike | Literal["linear", "quadratic"] | None, k: int) -> Floats:
    if weights is None:
        return np.eye(k)
    if isinstance(weights, str):
        if weights not in ("linear", "quadratic"):
            msg = 'weights must be "linear", "quadratic" or a table of credits.'
            raise ValueError(msg)
        apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / (k - 1)
        return np.asarray(1.0 - apart ** (1 if weights == "linear" else 2), dtype=np.float64)
    credit = np.asarray(weights, dtype=np.float64)
    inside = credit.shape == (k, k) and bool(((credit >= 0.0) & (credit <= 1.0)).all())
    if not inside or not (np.diag(credit) == 1.0).all() or not (credit < 1.0).any():
        msg = "weights must have the table's shape, lie within 0 to 1, and be 1 on the diagonal but not everywhere."
        raise ValueError(msg)
    return credit


def _doubled_ranks(values: Floats) -> Floats:
    """Return twice the rank of each value, ties at the middle of theirs.

    >>> _doubled_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [5.0, 2.0, 5.0]
    """
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((2 * np.cumsum(counts) - counts + 1)[where], dtype=np.float64)
