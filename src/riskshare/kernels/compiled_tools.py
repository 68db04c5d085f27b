"""What the compiled kernels are made of: the decorator, and sums that give the very bits NumPy gives.

Importing any ``compiled_`` module imports numba (extra ``fast``), so only ``compiled`` does, and only when it pays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit  # type: ignore[import-untyped,unused-ignore]

from riskshare.kernels.segments import Floats, Ints, power

F = TypeVar("F", bound=Callable[..., object])
FEW = 24  # up to here a plain insertion sort is the fastest


def jit(function: F) -> F:
    """Return the function compiled on first use: machine code is kept on disk, and runs without the interpreter lock.

    No ``fastmath``: every operation is the one IEEE operation that NumPy would do.
    """
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))


@jit
def _eights(values: Floats, first: int, last: int) -> float:
    """Return the sum of up to 128 values as NumPy adds them: eight sums side by side."""
    n, total = last - first, 0.0
    if n < 8:
        for i in range(first, last):
            total += values[i]
        return total
    r0, r1, r2, r3 = values[first], values[first + 1], values[first + 2], values[first + 3]
    r4, r5, r6, r7 = values[first + 4], values[first + 5], values[first + 6], values[first + 7]
    whole = last - n % 8
    for i in range(first + 8, whole, 8):
        r0 += values[i]
        r1 += values[i + 1]
        r2 += values[i + 2]
        r3 += values[i + 3]
        r4 += values[i + 4]
        r5 += values[i + 5]
        r6 += values[i + 6]
        r7 += values[i + 7]
    total = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    for i in range(whole, last):
        total += values[i]
    return float(total)


@jit
def pairwise(values: Floats, first: int, last: int) -> float:
    """Return the sum of ``values[first:last]`` in the order NumPy's ``sum`` adds: by eights, halved above 128.

    The halving is a stack, not a recursion: numba's cache cannot bring a recursive function back.
    """
    if last - first <= 128:
        return _eights(values, first, last)
    low, high = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64)
    left, half_done = np.empty(64), np.zeros(64, dtype=np.int64)
    low[0], high[0], depth, total = first, last, 0, 0.0
    while depth >= 0:
        n = high[depth] - low[depth]
        middle = low[depth] + n // 2 - (n // 2) % 8
        if n <= 128:
            total = _eights(values, low[depth], high[depth])
            depth -= 1
        elif half_done[depth] == 0:
            half_done[depth] = 1
            low[depth + 1], high[depth + 1], half_done[depth + 1] = low[depth], middle, 0
            depth += 1
        elif half_done[depth] == 1:
            half_done[depth] = 2
            left[depth] = total
            low[depth + 1], high[depth + 1], half_done[depth + 1] = middle, high[depth], 0
            depth += 1
        else:
            total = left[depth] + total
            depth -= 1
    return total


@jit
def ordered_sum(values: Floats, n: int) -> float:
    """Return the sum of the first ``n`` values in order of value, as ``segments.run_sum``; sorts them in place."""
    if n == 1:
        return float(values[0])
    if n == 2:
        return float(values[0] + values[1])
    if n <= FEW:
        for i in range(1, n):
            value = values[i]
            j = i
            while j > 0 and values[j - 1] > value:
                values[j] = values[j - 1]
                j -= 1
            values[j] = value
    else:
        values[:n] = np.sort(values[:n])
    return pairwise(values, 0, n)


@jit
def sort_keys(key: Ints, carried: Ints, n: int) -> None:
    """Sort the first ``n`` keys in place, each with what it carries."""
    if n <= FEW:
        for i in range(1, n):
            k, c = key[i], carried[i]
            j = i
            while j > 0 and key[j - 1] > k:
                key[j] = key[j - 1]
                carried[j] = carried[j - 1]
                j -= 1
            key[j] = k
            carried[j] = c
    else:
        order = np.argsort(key[:n])
        key[:n] = key[:n][order]
        carried[:n] = carried[:n][order]


@jit
def _scale(values: Floats, starts: Ints, p: Floats) -> tuple[Floats, Floats, Floats, Ints, Floats]:
    """Return the maximum of each run, and of runs that need powers: scaled values, their exponents, starts, 1/p."""
    n_runs = starts.size
    norm = np.empty(n_runs)
    scaled, exponent = np.empty(values.size), np.empty(values.size)
    begin, inverse = np.empty(n_runs, dtype=np.int64), np.empty(n_runs)
    m, k = 0, 0
    for r in range(n_runs):
        first = starts[r]
        last = starts[r + 1] if r + 1 < n_runs else values.size
        best = values[first]
        for i in range(first + 1, last):
            best = max(best, values[i])
        norm[r] = best
        if last - first > 1 and best > 0.0 and np.isfinite(p[r]):
            begin[k] = m
            inverse[k] = 1.0 / p[r]
            k += 1
            for i in range(first, last):
                scaled[m] = values[i] / best
                exponent[m] = p[r]
                m += 1
    return norm, scaled[:m], exponent[:m], begin[:k], inverse[:k]


@jit
def _sums(values: Floats, starts: Ints) -> Floats:
    out = np.empty(starts.size)
    longest = 1
    for r in range(starts.size):
        last = starts[r + 1] if r + 1 < starts.size else values.size
        longest = max(longest, last - starts[r])
    scratch = np.empty(longest)
    for r in range(starts.size):
        last = starts[r + 1] if r + 1 < starts.size else values.size
        n = last - starts[r]
        for i in range(n):
            scratch[i] = values[starts[r] + i]
        out[r] = ordered_sum(scratch, n)
    return out


@jit
def _rescale(norm: Floats, starts: Ints, size: int, p: Floats, root: Floats) -> None:
    k = 0
    for r in range(starts.size):
        last = starts[r + 1] if r + 1 < starts.size else size
        if last - starts[r] > 1 and norm[r] > 0.0 and np.isfinite(p[r]):
            norm[r] *= root[k]
            k += 1


def norms(values: Floats, starts: Ints, p: Floats) -> Floats:
    """Return ``segments.run_norm``, to the bit.

    Powers stay in NumPy: its vectorised ``power`` and the scalar one of a compiler can differ in the last bit.
    """
    norm, scaled, exponent, begin, inverse = _scale(values, starts, p)
    if begin.size:
        _rescale(norm, starts, values.size, p, power(_sums(power(scaled, exponent), begin), inverse))
    return norm


def sums(values: Floats, starts: Ints) -> Floats:
    """Return ``segments.run_sum``, to the bit."""
    return _sums(values, starts)
