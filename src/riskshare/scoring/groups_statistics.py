"""Intervals and a test for the group audit: rates, means by person, and which indicator sets two groups apart."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from riskshare.kernels.calibration import wilson
from riskshare.kernels.segments import Bools, Floats, Ints

_CELLS = 1 << 22
"""How many cells of a resampling matrix are held at a time."""


def normal_point(level: float) -> float:
    """Return z of a two-sided confidence level.

    Examples
    --------
    >>> round(normal_point(0.95), 4)
    1.96
    """
    return float(ndtri(0.5 + level / 2.0))


def rate_gap(count: Ints | int, n: int, other: Ints | int, n_other: int, *, level: float) -> tuple[Floats, Floats]:
    """Return the interval of a difference of two rates, elementwise.

    Notes
    -----
    From both Wilson intervals: R. G. Newcombe, "Interval estimation for the difference between independent
    proportions", Statist. Med. 17 (1998) 873–890, method 10.

    Examples
    --------
    Table II there, 56 of 70 against 48 of 80: 0.0524 to 0.3339.

    >>> [round(float(x), 4) for x in rate_gap(56, 70, 48, 80, level=0.95)]
    [0.0524, 0.3339]
    """
    first, second = np.asarray(count) / n, np.asarray(other) / n_other
    z = normal_point(level)
    low, high = wilson(count, n, z)
    low_other, high_other = wilson(other, n_other, z)
    gap = first - second
    below = gap - np.sqrt((first - low) ** 2 + (high_other - second) ** 2)
    above = gap + np.sqrt((high - first) ** 2 + (second - low_other) ** 2)
    return below, above


def resampled_means(values: Floats, n_resamples: int, rng: np.random.Generator) -> Floats:
    """Return the means of each column over people drawn with replacement, all columns of a person together.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (n_people, n_columns)
        NaN where a person has no value; such a person is drawn, and left out of that column's mean.
    n_resamples : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of float64, shape (n_resamples, n_columns)
        NaN where nobody drawn has a value.
    """
    n = values.shape[0]
    known = np.isfinite(values)
    filled, present = np.where(known, values, 0.0), known.astype(np.float64)
    parts = []
    for size in _batches(n_resamples, n):
        drawn = rng.integers(0, n, (size, n)) + np.arange(size)[:, None] * n
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)
        with np.errstate(invalid="ignore"):
            parts.append((times @ filled) / (times @ present))
    return np.concatenate(parts)


def resampled_medians(values: Ints, n_resamples: int, rng: np.random.Generator) -> Floats:
    """Return medians of people drawn with replacement; ``values`` are whole points, so counts by value suffice."""
    distinct, count = np.unique(values, return_counts=True)
    n = values.size
    times = rng.multinomial(n, count / n, size=n_resamples).cumsum(axis=1)
    below = distinct[(times > (n - 1) // 2).argmax(axis=1)]
    above = distinct[(times > n // 2).argmax(axis=1)]
    return np.asarray((below + above) / 2.0, dtype=np.float64)


def spread(draws: Floats, *, level: float) -> tuple[Floats, Floats]:
    """Return the percentile interval of each column of draws."""
    low, high = np.nanquantile(draws, ((1.0 - level) / 2.0, (1.0 + level) / 2.0), axis=0)
    return low, high


def chance_of_part(in_group: Bools, part: Floats, n_permutations: int, rng: np.random.Generator) -> Floats:
    """Return, for each column, how often chance alone would set two groups as far apart in any column.

    Parameters
    ----------
    in_group : numpy.ndarray of bool, shape (n_people,)
        One group; the others are the reference. Both have somebody.
    part : numpy.ndarray of float64, shape (n_people, n_columns)
        What each indicator adds to each person's score, in points.
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of float64, shape (n_columns,)
        p in (0, 1], held for all columns at once: with no difference at all, the smallest is below α in at most a
        share α of audits, however many indicators there are.

    Notes
    -----
    Difference of means over the standard deviation of both groups together, against the largest of all columns over
    random divisions of the same people: p = (1 + number as large) / (n + 1). P. H. Westfall and S. S. Young,
    "Resampling-based multiple testing" (Wiley, 1993), single-step maxT.
    """
    n, n_in = in_group.size, int(in_group.sum())
    scale = part.std(axis=0)
    varied = scale > 0
    chance = np.ones(part.shape[1])
    if not varied.any():
        return chance
    part, scale, total = part[:, varied], scale[varied], part[:, varied].sum(axis=0)

    def apart(inside: Floats) -> Floats:
        return np.asarray(np.abs(inside / n_in - (total - inside) / (n - n_in)) / scale, dtype=np.float64)

    seen = apart(part[in_group].sum(axis=0))
    as_large = np.zeros(seen.size, dtype=np.int64)
    for size in _batches(n_permutations, n):
        division = rng.permuted(np.tile(in_group, (size, 1)), axis=1)
        largest = apart(division.astype(np.float64) @ part).max(axis=1)
        # Sums of whole points are exact; dividing by the scale is the same operation each time.
        as_large += (largest[:, None] >= seen[None, :] * (1.0 - 1e-12)).sum(axis=0)
    chance[varied] = (1.0 + as_large) / (n_permutations + 1.0)
    return chance


def _batches(total: int, n_people: int) -> list[int]:
    size = max(1, _CELLS // max(n_people, 1))
    whole, rest = divmod(total, size)
    return [size] * whole + ([rest] if rest else [])
