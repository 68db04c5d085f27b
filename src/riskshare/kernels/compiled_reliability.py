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
    out = np.zeros((values.shape[0], size))
    for k in range(values.shape[0]):
        own, total = values[k], out[k]
        for row in range(to.size):
            total[to[row]] += times[row] * own[at[row]]
    return out


@jit
def sums_of_runs(at: Ints, times: Floats, values: Floats, to: Ints, size: int) -> Floats:
    """Return the same where ``to`` rises from 0 without gaps: each sum is kept at hand until it is complete."""
    out = np.zeros((values.shape[0], size))
    for k in range(values.shape[0]):
        own, total = values[k], out[k]
        row = 0
        for item in range(size):
            here = 0.0
            while row < to.size and to[row] == item:
                here += times[row] * own[at[row]]
                row += 1
            total[item] = here
    return out
