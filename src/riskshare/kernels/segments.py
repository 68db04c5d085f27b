"""Segmented reductions: sums, maxima and p-norms of consecutive runs, the same for any order inside a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNIT = 2.0**-40
"""The unit of published totals, in nats: sums of int64 units are the same in any order (methods: model, section 10)."""

_KEY_BITS = 63


def packed_order(fields: Sequence[NDArray[np.integer] | Bools]) -> NDArray[np.intp]:
    """Return the order that sorts rows by several non-negative integer fields, the first field foremost.

    The fields are packed into one int64 key and sorted once where they fit 63 bits, and sorted field by field where
    they do not. Equal rows may come in any order.

    Examples
    --------
    >>> packed_order([np.array([1, 0, 0]), np.array([0, 5, 2])]).tolist()
    [2, 1, 0]
    """
    return sort_runs(fields, ())[0]


def sort_runs(
    fields: Sequence[NDArray[np.integer] | Bools], prefixes: Sequence[int]
) -> tuple[NDArray[np.intp], list[NDArray[np.intp]]]:
    """Return the order that sorts rows by several fields, and where runs of its first fields start in that order.

    ``prefixes`` says of how many leading fields. Levels of a hierarchy are prefixes of one key: it is sorted once.

    Examples
    --------
    >>> order, (units, both) = sort_runs([np.array([1, 0, 0]), np.array([0, 5, 2])], (1, 2))
    >>> order.tolist(), units.tolist(), both.tolist()
    ([2, 1, 0], [0, 2], [0, 1, 2])
    """
    size = fields[0].size
    if size == 0:
        return np.zeros(0, dtype=np.intp), [np.zeros(0, dtype=np.intp) for _ in prefixes]
    widths = [int(f.max()).bit_length() for f in fields]
    if sum(widths) > _KEY_BITS:
        order = np.lexsort(tuple(reversed(fields)))
        return order, [boundaries(*(field[order] for field in fields[:count])) for count in prefixes]
    key = _pack(fields, widths)
    if bool(np.all(key[1:] >= key[:-1])):
        # Rows that come sorted, as a subset of sorted rows does, cost one look.
        order = np.arange(size)
    else:
        order = np.argsort(key)
        key = key[order]
    return order, [boundaries(key >> sum(widths[count:])) for count in prefixes]


def _pack(fields: Sequence[NDArray[np.integer] | Bools], widths: Sequence[int]) -> Ints:
    key = fields[0].astype(np.int64)
    for field, width in zip(fields[1:], widths[1:], strict=True):
        key <<= width
        key |= field
    return key


def boundaries(*fields: NDArray[np.generic]) -> NDArray[np.intp]:
    """Return where each run starts in rows already sorted by ``fields``.

    Examples
    --------
    >>> boundaries(np.array([3, 3, 4, 4]), np.array([0, 0, 0, 1])).tolist()
    [0, 2, 3]
    """
    size = fields[0].size
    if size == 0:
        return np.zeros(0, dtype=np.intp)
    change = np.empty(size, dtype=np.bool_)
    change[0] = True
    np.not_equal(fields[0][1:], fields[0][:-1], out=change[1:])
    for field in fields[1:]:
        change[1:] |= field[1:] != field[:-1]
    return np.flatnonzero(change)


def run_lengths(starts: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Return the length of each run, given where runs start and how many rows there are."""
    lengths = np.empty(starts.size, dtype=np.intp)
    if starts.size:
        np.subtract(starts[1:], starts[:-1], out=lengths[:-1])
        lengths[-1] = size - starts[-1]
    return lengths


def run_of_row(starts: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Return for each row the number of the run it is in."""
    return np.repeat(np.arange(starts.size), run_lengths(starts, size))


def ranges(starts: NDArray[np.integer], lengths: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return the concatenation of ``start, start + 1, …`` for each start and length.

    Examples
    --------
    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    total = int(lengths.sum())
    offsets = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(total) + np.repeat(starts - offsets, lengths), dtype=np.intp)


def run_sum(values: Floats, starts: NDArray[np.intp]) -> Floats:
    """Return the sum of each run, added in order of value so that row order cannot matter.

    Floating-point addition depends on its order. Runs of one or two are safe as they stand; longer ones are
    sorted by value first, all runs of one length at once.

    Examples
    --------
    >>> run_sum(np.array([0.3, 0.1, 0.2, 5.0]), np.array([0, 3])).tolist()
    [0.6000000000000001, 5.0]
    """
    lengths = run_lengths(starts, values.size)
    total = values[starts].copy()
    pairs = np.flatnonzero(lengths == 2)
    total[pairs] += values[starts[pairs] + 1]
    for length in np.flatnonzero(np.bincount(lengths)[3:]) + 3 if lengths.size else ():
        runs = np.flatnonzero(lengths == length)
        block = values[starts[runs, None] + np.arange(length)]
        block.sort(axis=1)
        total[runs] = block.sum(axis=1)
    return total


def run_max(values: Floats, starts: NDArray[np.intp]) -> Floats:
    """Return the maximum of each run."""
    return np.maximum.reduceat(values, starts) if starts.size else np.zeros(0)


def run_norm(values: Floats, starts: NDArray[np.intp], p: Floats) -> Floats:
    """Return the p-norm (Σ x^p)^(1/p) of each run of non-negative values; ``p[run]`` ≥ 1, ``inf`` is the maximum.

    Values are scaled by the run's maximum first, so that no power overflows; a run of one is returned exactly.

    Examples
    --------
    >>> run_norm(np.array([3.0, 4.0, 7.0]), np.array([0, 2]), np.array([2.0, 2.0])).tolist()
    [5.0, 7.0]
    """
    if starts.size == 0:
        return np.zeros(0)
    norm = run_max(values, starts)
    lengths = run_lengths(starts, values.size)
    many = np.flatnonzero((lengths > 1) & (norm > 0) & np.isfinite(p))
    if many.size == 0:
        return norm
    counts = lengths[many]
    inner = np.cumsum(counts) - counts
    scaled = values[ranges(starts[many], counts)] / np.repeat(norm[many], counts)
    powers = power(scaled, np.repeat(p[many], counts))
    norm[many] *= power(run_sum(powers, inner), 1.0 / p[many])
    return norm


def power(base: Floats, exponent: Floats) -> Floats:
    """Return base^exponent, elementwise; exponents 1, 2 and ½ are the value, its square and its root, always.

    Squares and roots are far cheaper than a power and can differ from it in the last bit, so each element takes
    the same way whatever stands beside it.
    """
    if exponent.size and np.all(exponent == exponent[0]):
        return (
            _special(base, float(exponent[0]))
            if exponent[0] in _SPECIAL
            else np.asarray(base**exponent, dtype=np.float64)
        )
    result = np.asarray(base**exponent, dtype=np.float64)
    for special in _SPECIAL:
        rows = exponent == special
        result[rows] = _special(base[rows], special)
    return result


_SPECIAL = (1.0, 2.0, 0.5)


def _special(base: Floats, exponent: float) -> Floats:
    if exponent == 1.0:
        return base.copy()
    return base * base if exponent == 2.0 else np.asarray(np.sqrt(base), dtype=np.float64)


def norm_share(values: Floats, norm_of_row: Floats, p: Floats, run: NDArray[np.intp], n_runs: int) -> Floats:
    """Return each value's share (x / norm)^p of its run's p-norm; the shares of a run sum to 1.

    A maximum (p = inf) gives all to its largest, and to those within 2⁻⁴⁰ of it equally. A run that is all zero
    shares equally (methods: model, section 9).
    """
    flat = ~np.isfinite(p) | (norm_of_row <= 0)
    share = np.zeros(values.size)
    some = ~flat
    share[some] = power(values[some] / norm_of_row[some], p[some])
    if flat.any():
        share[flat] = tie_share(values, norm_of_row, run, n_runs)[flat]
    return share


def tie_share(values: Floats, best_of_row: Floats, run: NDArray[np.intp], n_runs: int) -> Floats:
    """Return 1/k for each of the k values of a run that are within 2⁻⁴⁰ of its best, 0 for the others."""
    ties = values >= best_of_row - UNIT
    count = np.bincount(run[ties], minlength=n_runs)
    return np.where(ties, 1.0 / np.maximum(count, 1)[run], 0.0)


def norm_slope(values: Floats, norm_of_row: Floats, p: Floats, run: NDArray[np.intp], n_runs: int) -> Floats:
    """Return ∂norm/∂x = (x / norm)^(p−1); ties of a maximum share the slope, a lone zero keeps slope 1."""
    flat = ~np.isfinite(p) | (norm_of_row <= 0)
    slope = np.zeros(values.size)
    some = ~flat
    slope[some] = power(values[some] / norm_of_row[some], p[some] - 1.0)
    if flat.any():
        slope[flat] = tie_share(values, norm_of_row, run, n_runs)[flat]
    return slope


def to_units(nats: Floats) -> Ints:
    """Return nats as whole units of 2⁻⁴⁰, rounded half to even."""
    return np.rint(nats / UNIT).astype(np.int64)


def from_units(units: Ints) -> Floats:
    """Return whole units of 2⁻⁴⁰ as nats; exact below 2¹³ nats."""
    return np.asarray(units * UNIT, dtype=np.float64)
