"""Suspected twins: rows that may be one story told twice, found by subject, indicator and date."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.segments import packed_order, run_lengths, run_of_row

Index = NDArray[np.int64]


class TwinCandidates(NamedTuple):
    """Origins that could be twins, already sorted by ``group`` and then ``day``.

    ``group`` numbers (subject, lens, indicator, stance); ``day`` is the age of the event in days; ``origin`` is the
    origin's number.
    """

    group: Index
    day: Index
    origin: Index


def sort_candidates(group: Index, day: Index, origin: Index) -> TwinCandidates:
    """Return candidates in the order ``twin_sets`` needs; empty for empty input.

    Examples
    --------
    >>> sort_candidates(np.array([1, 0, 1]), np.array([9, 5, 2]), np.array([7, 8, 9])).origin.tolist()
    [8, 9, 7]
    """
    order = packed_order((group, day))
    return TwinCandidates(group[order], day[order], origin[order])


def twin_sets(candidates: TwinCandidates, twin_days: int) -> tuple[Index, Index]:
    """Return the origins that have a twin, and for each the number of its set (the lowest origin in it).

    Parameters
    ----------
    candidates : TwinCandidates
        Sorted origins without claim id or lineage.
    twin_days : int, days
        Two neighbours in time at most this far apart are linked; sets are the connected components.

    Returns
    -------
    origins, sets : numpy.ndarray of int64
        Only origins in a set of two or more. Empty for empty input.

    Notes
    -----
    Methods: model, section 3. On a line, connected components are the runs between gaps.

    Examples
    --------
    Days 1, 3 and 6 form a chain; day 10 stands alone:

    >>> c = TwinCandidates(np.zeros(4, int), np.array([1, 3, 6, 10]), np.array([4, 2, 8, 6]))
    >>> [x.tolist() for x in twin_sets(c, 3)]
    [[4, 2, 8], [2, 2, 2]]
    """
    size = candidates.group.size
    if size == 0:
        return candidates.origin, candidates.origin
    apart = np.append(True, (np.diff(candidates.group) != 0) | (np.diff(candidates.day) > twin_days))
    starts = np.flatnonzero(apart)
    run = run_of_row(starts, size)
    lowest = np.minimum.reduceat(candidates.origin, starts)
    several = (run_lengths(starts, size) > 1)[run]
    return candidates.origin[several], lowest[run[several]]
