"""Knox on whole days, compiled: the twin of ``near_repeat._tally``, the same counts.

One pass over the dates of a pair serves all edges of time; counts of two bytes stay in the nearest cache.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_tools import jit

Ints = NDArray[np.int64]
Days = NDArray[np.int16]
_MOST = 32_767  # what a count of two bytes holds


@jit
def pairs_below(dates: Days, i: NDArray[np.intp], j: NDArray[np.intp], edges: Days) -> Ints:
    """Return how many of the pairs are fewer days apart than each edge, by edge × draw.

    Parameters
    ----------
    dates : numpy.ndarray of int16, shape (events, draws), days
        No two further apart than 32,766.
    i, j : numpy.ndarray of intp, shape (pairs,)
        Events of each pair.
    edges : numpy.ndarray of int16, shape (e,), days

    Returns
    -------
    numpy.ndarray of int64, shape (e, draws)
    """
    n_draws = dates.shape[1]
    total, few = np.zeros((edges.size, n_draws), dtype=np.int64), np.zeros((edges.size, n_draws), dtype=np.int16)
    for first in range(0, i.size, _MOST):
        few[:] = 0
        for pair in range(first, min(first + _MOST, i.size)):
            a, b = dates[i[pair]], dates[j[pair]]
            for k in range(edges.size):
                edge, count = edges[k], few[k]
                for draw in range(n_draws):  # two bytes at every step: sixteen draws or more at once
                    apart = np.int16(abs(np.int16(a[draw] - b[draw])))
                    count[draw] = np.int16(count[draw] + np.int16(apart < edge))
        for k in range(edges.size):
            for draw in range(n_draws):
                total[k, draw] += few[k, draw]
    return total
