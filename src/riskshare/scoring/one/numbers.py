"""Sums, norms and powers of a few numbers with the very bits that ``kernels.segments`` gives a column of them.

Exponentials, logarithms and powers are NumPy's own, asked for one number: Python's ``math`` differs in the last bit
(``docs/decisions/0013`` and ``0021``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from riskshare.kernels.segments import UNIT

_SPECIAL = (1.0, 2.0, 0.5)


class Unusual(Exception):
    """Something that the plain form leaves to the ordinary one; it never leaves ``assess_subject``."""


def exp(x: float) -> float:
    """Return e^x."""
    return float(np.exp(x))


def exp2(x: float) -> float:
    """Return 2^x."""
    return float(np.exp2(x))


def expm1(x: float) -> float:
    """Return e^x − 1."""
    return float(np.expm1(x))


def log1p(x: float) -> float:
    """Return ln(1 + x)."""
    return float(np.log1p(x))


def power(base: float, exponent: float) -> float:
    """Return base^exponent as ``segments.power`` does: exponents 1, 2 and ½ are the value, its square and its root.

    >>> power(3.0, 2.0), power(0.25, 0.5), power(1.0, 10.0)
    (9.0, 0.5, 1.0)
    """
    if base == 1.0 or exponent == 1.0:
        return base
    if exponent == 2.0:
        return base * base
    return math.sqrt(base) if exponent == 0.5 else float(np.power(base, exponent))


def pairwise(values: Sequence[float]) -> float:
    """Return the sum of up to 128 numbers in the order NumPy adds them: eight sums side by side.

    >>> pairwise([1.0] * 11), pairwise([])
    (11.0, 0.0)
    """
    size = len(values)
    total = 0.0
    if size < 8:
        for value in values:
            total += value
        return total
    if size > 128:
        raise Unusual
    sums = list(values[:8])
    whole = size - size % 8
    for at in range(8, whole):
        sums[at % 8] += values[at]
    total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    for value in values[whole:]:
        total += value
    return total


def run_sum(values: Sequence[float]) -> float:
    """Return the sum in order of value, as ``segments.run_sum`` of one run; 0 for none.

    >>> run_sum([0.3, 0.1, 0.2])
    0.6000000000000001
    """
    if len(values) > 2:
        return pairwise(sorted(values))
    return values[0] + values[1] if len(values) == 2 else float(values[0]) if values else 0.0


def norm(values: Sequence[float], p: float) -> float:
    """Return the p-norm of some numbers, as ``segments.run_norm`` of one run that is not empty.

    >>> norm([3.0, 4.0], 2.0), norm([7.0], 3.0), norm([3.0, 4.0], math.inf)
    (5.0, 7.0, 4.0)
    """
    top = max(values)
    if len(values) == 1 or top <= 0.0 or p == math.inf:
        return top
    return top * power(run_sum([power(value / top, p) for value in values]), 1.0 / p)


def tie_share(values: Sequence[float], best: float) -> list[float]:
    """Return 1/k for each of the k numbers within 2⁻⁴⁰ of the best, 0 for the others.

    >>> tie_share([2.0, 1.0, 2.0], 2.0)
    [0.5, 0.0, 0.5]
    """
    ties = [value >= best - UNIT for value in values]
    each = 1.0 / max(sum(ties), 1)
    return [each if tie else 0.0 for tie in ties]


def norm_share(values: Sequence[float], total: float, p: float) -> list[float]:
    """Return each number's share (x / norm)^p, as ``segments.norm_share`` of one run."""
    if p == math.inf or total <= 0.0:
        return tie_share(values, total)
    return [power(value / total, p) for value in values]


def norm_slope(values: Sequence[float], total: float, p: float) -> list[float]:
    """Return ∂norm/∂x of each number, as ``segments.norm_slope`` of one run."""
    if p == math.inf or total <= 0.0:
        return tie_share(values, total)
    return [power(value / total, p - 1.0) for value in values]


def units_of(nats: float) -> int:
    """Return nats as whole units of 2⁻⁴⁰, rounded half to even.

    >>> units_of(1.0) == 2**40, units_of(2.0**-41), units_of(3 * 2.0**-41)
    (True, 0, 2)
    """
    return round(nats / UNIT)
