"""Did a difference in recording start on a date? Counts by calendar quarter and the most likely change between two.

Methods: places, section 5.5. A step that begins with a new records system is recording; a social one seldom begins on a
date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_QUARTERS: Final = 4
"""Proposal: quarters before a change between two of them is looked for."""
DRAWS: Final = 999


@dataclass(frozen=True, slots=True)
class Change:
    """The most likely change: the first quarter after it, ln ratios before and after, and p with the +1."""

    first_after: int
    before: float
    after: float
    p: float


def quarters_of(days: Ints) -> Ints:
    """Return the calendar quarter of each day since 1970-01-01, as quarters since 1970.

    >>> quarters_of(np.array([0, 89, 90, 365])).tolist()
    [0, 0, 1, 4]
    """
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months // 3, dtype=np.int64)


def quarter_name(quarter: int) -> str:
    """Return a quarter's name.

    >>> quarter_name(217)
    '2024-Q2'
    """
    return f"{1970 + quarter // 4}-Q{quarter % 4 + 1}"


def quarter_days(quarter: int) -> tuple[int, int]:
    """Return the first day of a quarter and the first after it, as days since 1970-01-01.

    >>> quarter_days(1)
    (90, 181)
    """
    first, after = (np.datetime64(3 * number, "M").astype("datetime64[D]") for number in (quarter, quarter + 1))
    return int(first.astype(np.int64)), int(after.astype(np.int64))


def find_change(one: Ints, other: Ints, *, rng: np.random.Generator, draws: int = DRAWS) -> Change | None:
    """Return where the ratio of two series of counts most likely changed, and how surprising that is.

    Parameters
    ----------
    one, other : numpy.ndarray of int64, shape (quarters,)
        Counts of two sides, both covered alike throughout.
    rng : numpy.random.Generator
    draws : int

    Returns
    -------
    Change or None
        None with fewer than four quarters, or without events on a side.

    Notes
    -----
    The largest log likelihood ratio over all places for one change in the binomial share of ``one``. Under no change,
    given each quarter's total and the whole of ``one``, its counts are multivariate hypergeometric: p is exact up to
    the number of draws, whatever the totals do.

    Examples
    --------
    >>> found = find_change(np.array([20, 20, 20, 4, 4, 4]), np.array([20] * 6), rng=np.random.default_rng(0))
    >>> found.first_after, round(float(np.exp(found.after - found.before)), 2), found.p < 0.01
    (3, 0.21, True)
    """
    total = one + other
    if one.size < FEWEST_QUARTERS or one.sum() == 0 or other.sum() == 0:
        return None
    ratios = _ratios(one[None, :].astype(np.float64), total.astype(np.float64))
    best = int(np.argmax(ratios[0]))
    simulated = rng.multivariate_hypergeometric(total, int(one.sum()), size=draws).astype(np.float64)
    larger = int((_ratios(simulated, total.astype(np.float64)).max(axis=1) >= ratios[0, best] - 1e-9).sum())
    before, after = (
        float(np.log((one[part].sum() + 0.5) / (other[part].sum() + 0.5)))
        for part in (slice(None, best + 1), slice(best + 1, None))
    )
    return Change(best + 1, before, after, (1 + larger) / (draws + 1))


def _ratios(one: Floats, total: Floats) -> Floats:
    """Return the log likelihood ratio of a change after each quarter but the last, (series, quarters − 1)."""
    first, first_total = np.cumsum(one, axis=1)[:, :-1], np.cumsum(total)[:-1]
    whole, whole_total = one.sum(axis=1, keepdims=True), total.sum()
    split = _log_likelihood(first, first_total) + _log_likelihood(whole - first, whole_total - first_total)
    return np.asarray(split - _log_likelihood(whole, whole_total))


def _log_likelihood(k: Floats, n: Floats) -> Floats:
    safe = np.maximum(n, 1.0)
    return np.asarray(xlogy(k, k / safe) + xlogy(n - k, (n - k) / safe))
