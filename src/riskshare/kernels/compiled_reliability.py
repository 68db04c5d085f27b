"""The sums of a step of Dawid and Skene's EM, compiled: in the order of rows, as ``np.bincount`` adds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_tools import jit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@jit
def sums_by(to: Ints, at: Ints, times: Floats, values: Floats, size: int) -> Floats:
    """Return for each row of ``values`` (class × number) the sums of ``times · values[:, at]`` by ``to``."""
    n_classes, beside, total = values.shape[0], values.T.copy(), np.zeros((size, values.shape[0]))
    for row in range(to.size):
        count, own, out = times[row], beside[at[row]], total[to[row]]
        for k in range(n_classes):  # all classes of a row lie beside each other
            out[k] += count * own[k]
    return total.T.copy()


@jit
def sums_of_runs(at: Ints, times: Floats, values: Floats, starts: Ints) -> Floats:
    """Return the same where ``to`` rises from 0 without gaps, each number from its start: sums are kept at hand."""
    n_classes, beside, total = values.shape[0], values.T.copy(), np.zeros((values.shape[0], starts.size))
    fours = n_classes - n_classes % 4
    for item in range(starts.size):
        first, last = starts[item], starts[item + 1] if item + 1 < starts.size else at.size
        for k in range(0, fours, 4):
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for row in range(first, last):
                count, own = times[row], beside[at[row]]
                a += count * own[k]
                b += count * own[k + 1]
                c += count * own[k + 2]
                d += count * own[k + 3]
            total[k, item], total[k + 1, item], total[k + 2, item], total[k + 3, item] = a, b, c, d
        for k in range(fours, n_classes):
            a = 0.0
            for row in range(first, last):
                a += times[row] * beside[at[row], k]
            total[k, item] = a
    return total
