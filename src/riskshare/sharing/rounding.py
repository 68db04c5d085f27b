"""Counts rounded to a multiple, and rates that can be worked out from what is published and from nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.sharing.refusals import refuse

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def rounded(counts: ArrayLike, base: int) -> Ints:
    """Return counts rounded to the nearest multiple of ``base``; a count half-way is rounded up.

    Parameters
    ----------
    counts : array_like of int
        0 or more.
    base : int
        1 or more; 1 leaves the counts as they are.

    Returns
    -------
    numpy.ndarray of int64
        Of the same shape; empty for none. Totals are rounded on their own, so parts need not add up to them.

    Raises
    ------
    DisclosureError
        The base is not 1 or more, or counts are not whole numbers of 0 or more.

    Notes
    -----
    base · ⌊(a + ⌊base/2⌋)/base⌋. Rounding alone does not stop differencing: one more person shows in one cell of
    five at base 5. It is done after withholding, never instead of it (methods: safety, 3.2).

    Examples
    --------
    >>> rounded([10, 12, 13, 17, 18], 5).tolist()
    [10, 10, 15, 15, 20]
    """
    given = np.asarray(counts)
    problems = (
        [("rounding_base", "The base must be a whole number, 1 or more.")] if base < 1 or base != int(base) else []
    )
    if given.size and (given.dtype.kind not in "iu" or int(given.min()) < 0):
        problems.append(("not_counts", "Counts must be whole numbers, 0 or more."))
    refuse(problems)
    step = int(base)
    return np.asarray((given.astype(np.int64) + step // 2) // step * step, dtype=np.int64)


def rates_from_rounded(shown: ArrayLike, population: ArrayLike, *, base: int, per: int = 1_000) -> Floats:
    """Return rates worked out from rounded counts, to one decimal.

    Parameters
    ----------
    shown : array_like of float
        Published counts: multiples of ``base``; NaN where withheld.
    population : array_like of float
        People the rate is per, 0 or more, of the same shape.
    base : int
        What the counts were rounded to. A count that is no multiple was not rounded, and a rate from it would give the
        true count back: it is refused.
    per : int
        1,000 by default.

    Returns
    -------
    numpy.ndarray of float64
        NaN where the count is withheld or nobody lives. Empty for none.

    Raises
    ------
    DisclosureError
        A count is no multiple of the base, a number is below 0, or the shapes differ.

    Notes
    -----
    per · shown/population. Source: NHS Digital, "HES disclosure control", 2018: percentages only from rounded numbers.

    Examples
    --------
    >>> rates_from_rounded([15, float("nan")], [5_000, 5_000], base=5).tolist()
    [3.0, nan]
    """
    counts, people = np.asarray(shown, dtype=np.float64), np.asarray(population, dtype=np.float64)
    known = ~np.isnan(counts)
    problems = []
    if counts.shape != people.shape:
        problems.append(("shapes", "Counts and population must be of one shape."))
    if bool((counts[known] % base != 0).any()):
        problems.append(
            ("not_rounded", f"A count is no multiple of {base}: rate the rounded counts, not the true ones.")
        )
    if bool((counts[known] < 0).any()) or not bool((people >= 0).all()):
        problems.append(("negative", "Counts and population must be 0 or more."))
    refuse(problems)
    rate = np.divide(per * counts, people, out=np.full(counts.shape, np.nan), where=people > 0)
    return np.asarray(np.round(rate, 1), dtype=np.float64)
