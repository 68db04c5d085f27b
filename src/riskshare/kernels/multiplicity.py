"""Many tests at once: p-values adjusted for the false discovery rate."""

from __future__ import annotations

from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


def adjusted_p(p: ArrayLike, *, method: Literal["bh", "by"] = "bh") -> NDArray[np.float64]:
    """Return p-values adjusted so that those at most q hold a share of at most q false discoveries, on average.

    Parameters
    ----------
    p : array_like of real, any shape
        p-values of *all* cells, once; NaN where nothing was tested.
    method : str
        ``bh``, Benjamini and Hochberg: right for independent or positively dependent tests, as sums over overlapping
        neighbourhoods are. ``by``, Benjamini and Yekutieli: right whatever the dependence, and stricter.

    Returns
    -------
    numpy.ndarray of float64, same shape
        Adjusted p-values, in the order of the least to the greatest p never falling; NaN where p is. Empty for empty.

    Raises
    ------
    ValueError
        If a p-value is outside 0 to 1 or the method is unknown.

    Notes
    -----
    min over j ≥ i of p_(j) m/j, for ``by`` times Σ 1/j. Y. Benjamini and Y. Hochberg, JRSS B 57, 1995; Y. Benjamini
    and D. Yekutieli, Annals of Statistics 29, 2001; for maps, M. C. de Castro and B. H. Singer, Geographical Analysis
    38, 2006.

    Examples
    --------
    Three tests: 0.01 · 3/1, then the lesser of 0.04 · 3/2 and 0.05 · 3/3:

    >>> adjusted_p([0.01, np.nan, 0.05, 0.04]).round(6).tolist()
    [0.03, nan, 0.05, 0.05]
    """
    given = np.asarray(p, dtype=np.float64)
    if method not in ("bh", "by"):
        msg = "method must be 'bh' or 'by'."
        raise ValueError(msg)
    tested = ~np.isnan(given)
    if not np.all((given[tested] >= 0.0) & (given[tested] <= 1.0)):
        msg = "p-values must lie between 0 and 1; NaN where nothing was tested."
        raise ValueError(msg)
    adjusted = np.full(given.shape, np.nan)
    if tested.any():
        adjusted[tested] = _stepped_up(given[tested], method)
    return adjusted


def _stepped_up(p: NDArray[np.float64], method: str) -> NDArray[np.float64]:
    # Not scipy.stats: it takes longer to import than most maps take to make.
    rank = np.arange(1, p.size + 1)
    order = np.argsort(p, kind="stable")
    times = p.size / rank * (np.sum(1.0 / rank) if method == "by" else 1.0)
    least = np.minimum.accumulate((p[order] * times)[::-1])[::-1]
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(least, 1.0)
    return adjusted


def permutations_needed(n_tests: int, level: float) -> int:
    """Return how many permutations let one test alone be found among many by Benjamini and Hochberg.

    Parameters
    ----------
    n_tests : int
        m, 1 or more.
    level : float
        False discovery rate wanted, between 0 and 1.

    Returns
    -------
    int
        The least R with 1/(R + 1) ≤ level/m, since a permutation p = (r + 1)/(R + 1) is never less. With fewer, say
        so: only several cells at the least p together can be found.

    Raises
    ------
    ValueError
        If ``n_tests`` is below 1 or ``level`` not between 0 and 1.

    Examples
    --------
    >>> permutations_needed(1000, 0.05)
    19999
    """
    if n_tests < 1 or not 0.0 < level < 1.0:
        msg = "n_tests must be 1 or more, and level between 0 and 1."
        raise ValueError(msg)
    return ceil(round(n_tests / level, 6)) - 1
