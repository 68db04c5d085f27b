"""Which cells of a table with totals are withheld, so that none that is too small can be worked out from the rest."""

from __future__ import annotations

from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from riskshare.sharing.feasible import Audit, audit
from riskshare.sharing.refusals import refuse

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_CELLS: Final = 20_000
"""Cells of one table, totals included. Proposal: a larger table is better published in parts."""
_TOTAL_COSTS: Final = 4.0
"""A total counts as four cells of its size when choosing what to withhold beside: more readers use it. Proposal."""
_BARE_COSTS: Final = 4.0
"""A cell costs four times as much for each line in which it would be the only one withheld. Proposal."""
_TRIMMED: Final = 600
"""Up to so many cells, what was withheld beside is tried again one by one and shown where it can be."""


class Suppressed(NamedTuple):
    """What is withheld of a table with totals.

    Attributes
    ----------
    withheld : numpy.ndarray of bool, shape of the table
        Not shown, for whatever reason.
    primary : numpy.ndarray of bool, shape of the table
        Too small, dominated or barred by the caller. Never publish which these are among those withheld.
    least_width : int or None
        The narrowest interval that any withheld cell is known to have; None where nothing is withheld.
    """

    withheld: Flags
    primary: Flags
    least_width: int | None


def with_totals(counts: ArrayLike) -> Ints:
    """Return a table with the total of every line added at the end of every axis.

    Parameters
    ----------
    counts : array_like of int, 1 to 3 axes
        0 or more.

    Returns
    -------
    numpy.ndarray of int64
        One longer along every axis.

    Raises
    ------
    DisclosureError
        The counts are not whole numbers of 0 or more, have no axis or more than three, or an axis without
        categories; or there are too many cells.

    Examples
    --------
    >>> with_totals([[1, 2], [3, 4]]).tolist()
    [[1, 2, 3], [3, 4, 7], [4, 6, 10]]
    """
    given = np.asarray(counts)
    refuse(_table_problems(given))
    table = given.astype(np.int64)
    for axis in range(table.ndim):
        table = np.concatenate([table, table.sum(axis=axis, keepdims=True)], axis=axis)
    return table


def _table_problems(counts: NDArray[np.generic]) -> list[tuple[str, str]]:
    problems = []
    if not 1 <= counts.ndim <= 3:
        problems.append(("dimensions", "A table has one, two or three dimensions. Publish fewer at once."))
    if 0 in counts.shape:
        problems.append(("empty_table", "A dimension has no categories. Name them, also those that nobody is in."))
    if counts.size and counts.dtype.kind not in "iu":
        problems.append(("not_counts", "Counts must be whole numbers. Withhold before rating or rounding, not after."))
    elif counts.size and int(counts.min()) < 0:
        problems.append(("negative_count", "A count is below 0. Counts of people or events are 0 or more."))
    cells = int(np.prod([length + 1 for length in counts.shape]))
    if cells > MAX_CELLS:
        problems.append(
            ("table_too_large", f"With totals the table has {cells:,} cells; at most {MAX_CELLS:,}. Use fewer, larger "
             "areas or groups, or publish it in parts that share no cell.")
        )  # fmt: skip
    return problems


def line_sums(shape: tuple[int, ...]) -> sparse.csr_array:
    """Return the equations "parts less total is 0" of a table with totals, one row a line, one column a cell.

    Parameters
    ----------
    shape : tuple of int
        Of the table with its totals; cells are in row-major order.

    Returns
    -------
    scipy.sparse.csr_array of int64, (lines, cells)

    Examples
    --------
    >>> line_sums((3,)).toarray().tolist()
    [[1, 1, -1]]
    """
    number = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    rows, columns, values = [], [], []
    start = 0
    for axis, length in enumerate(shape):
        lines = np.moveaxis(number, axis, -1).reshape(-1, length)
        rows.append(np.repeat(np.arange(start, start + len(lines)), length))
        columns.append(lines.ravel())
        values.append(np.tile(np.r_[np.ones(length - 1, dtype=np.int64), -1], len(lines)))
        start += len(lines)
    entries = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.concatenate(values), entries), shape=(start, number.size))


def suppress(
    table: Ints,
    *,
    least: int,
    zero_is_small: bool,
    sensitive: ArrayLike | None = None,
    also: ArrayLike | None = None,
) -> Suppressed:
    """Return what is withheld of a table with totals: what is too small, and enough beside it.

    Parameters
    ----------
    table : numpy.ndarray of int64
        Counts with totals, as `with_totals` gives them.
    least : int
        Counts below it are withheld; also the least width of the interval a reader can find for a withheld count.
    zero_is_small : bool
        Whether 0 is withheld.
    sensitive : array_like of bool, shape of the table, optional
        Cells to withhold whatever their count, such as dominated ones.
    also : array_like of bool, shape of the table, optional
        Cells that an earlier release withheld: withheld again.

    Returns
    -------
    Suppressed
        Nothing is withheld of a table that has no small count.

    Raises
    ------
    DisclosureError
        A mask is not of the shape of the table.

    Notes
    -----
    1. Primary: 0 < a < least, and 0 where zeros are small; ``sensitive``; ``also``.
    2. Every line with one withheld cell, or with withheld parts of a shown sum below ``least``, loses its cheapest cell
       too. A cell costs 1 + log₂(1 + a), four times that for each total it is. A shown 0 never serves, since a reader
       may know that nobody can be there.
    3. `audit` of every withheld cell. For each that fails, the cheapest set of further cells is withheld: with y and z
       the changes of two other tables that fit, minimise Σ w (|yᵢ| + |zᵢ|) over the cells that are shown, w their cost,
       subject to S y = S z = 0, a + y ≥ 0, a + z ≥ 0 and y_c − z_c ≥ least; withhold where either is not 0. (After
       J. P. Kelly, B. L. Golden and A. A. Assad, "Cell suppression: disclosure protection for sensitive tabular data",
       Networks 22, 1992.) Then the audit again, until every cell passes; at worst everything is withheld.
    4. Cells withheld beside are tried again, dearest first, and shown where every interval stays wide enough: in tables
       of up to 600 cells.

    The smallest possible set is hard to find (the problem is NP-hard); this is a good one, not the best.

    Examples
    --------
    3 is too small; 12, the cheapest other cell, goes with it, or 3 would be 65 − 12 − 50:

    >>> suppress(with_totals([3, 12, 50]), least=10, zero_is_small=True).withheld.tolist()
    [True, True, False, False]
    """
    flat = np.asarray(table, dtype=np.int64).ravel()
    masks = [np.asarray(mask, dtype=np.bool_) for mask in (sensitive, also) if mask is not None]
    wrong = any(mask.shape != table.shape for mask in masks)
    refuse([("mask_shape", "A mask must have the shape of the table with its totals.")] if wrong else [])
    small = (flat < least) & ((flat > 0) | zero_is_small)
    primary = np.logical_or.reduce([small, *(mask.ravel() for mask in masks)])
    lines = line_sums(table.shape)
    cost = _costs(table)
    withheld, found = _widened(lines, flat, _paired(lines, flat, primary, least, cost), least, cost)
    if flat.size <= _TRIMMED:
        withheld, found = _trimmed(lines, flat, primary, withheld, least, cost, found)
    cells = np.flatnonzero(withheld)
    return Suppressed(
        withheld.reshape(table.shape),
        primary.reshape(table.shape),
        int(found.width(cells).min()) if cells.size else None,
    )


def _costs(table: Ints) -> NDArray[np.float64]:
    """Return what it costs to withhold each cell."""
    totals = np.array(
        [
            sum(step == length - 1 for step, length in zip(place, table.shape, strict=True))
            for place in product(*map(range, table.shape))
        ]
    )
    return np.asarray((1.0 + np.log2(1.0 + table.ravel())) * _TOTAL_COSTS**totals, dtype=np.float64)


def _paired(lines: sparse.csr_array, counts: Ints, withheld: Flags, least: int, cost: NDArray[np.float64]) -> Flags:
    """Withhold a further cell of every line that plainly gives one away, until no line does.

    Such a line holds one withheld cell, or withheld parts of a known sum below ``least``. The cheapest cell goes, four
    times dearer for each line through it that holds no withheld cell yet, since that line would need one more.
    """
    withheld = withheld.copy()
    crossing = sparse.csc_array(lines)
    changed = True
    while changed:
        changed = False
        for line in range(lines.shape[0]):
            span = slice(lines.indptr[line], lines.indptr[line + 1])
            cells, sign = lines.indices[span], lines.data[span]
            hidden = cells[withheld[cells]]
            one_sided = (sign[withheld[cells]] > 0).all()
            if hidden.size == 0 or (hidden.size > 1 and not (one_sided and counts[hidden].sum() < least)):
                continue
            left = cells[~withheld[cells] & (counts[cells] > 0)]
            if left.size:
                bare = [
                    sum(not withheld[lines.indices[lines.indptr[r] : lines.indptr[r + 1]]].any()
                        for r in crossing.indices[crossing.indptr[c] : crossing.indptr[c + 1]])
                    for c in left.tolist()
                ]  # fmt: skip
                withheld[left[np.argmin(cost[left] * _BARE_COSTS ** np.array(bare))]] = True
                changed = True
    return withheld


def _widened(
    lines: sparse.csr_array, counts: Ints, withheld: Flags, least: int, cost: NDArray[np.float64]
) -> tuple[Flags, Audit]:
    """Withhold further cells until every withheld one passes the audit."""
    found = audit(lines, counts, withheld, least)
    while found.failed.size:
        for cell in found.failed.tolist():
            again = audit(lines, counts, withheld, least, cells=np.array([cell]), witnesses=found.witnesses)
            if again.failed.size:
                withheld = withheld | _beside(lines, counts, withheld, least, cost, cell)
        found = audit(lines, counts, withheld, least, witnesses=found.witnesses)
    return withheld, found


def _beside(
    lines: sparse.csr_array, counts: Ints, withheld: Flags, least: int, cost: NDArray[np.float64], cell: int
) -> Flags:
    """Return the cheapest cells to withhold beside one that a reader can place too closely."""
    n = counts.size
    up = np.where((counts == 0) & ~withheld, 0.0, np.inf)
    change = sparse.hstack([lines, -lines])
    apart = np.zeros(4 * n)
    apart[[cell, n + cell, 2 * n + cell, 3 * n + cell]] = [1.0, -1.0, -1.0, 1.0]
    answer = milp(
        np.tile(np.where(withheld, 0.0, cost), 4),
        constraints=[
            LinearConstraint(sparse.block_diag([change, change], format="csr").astype(np.float64), 0.0, 0.0),
            LinearConstraint(apart[None], float(least), np.inf),
        ],
        bounds=Bounds(0.0, np.concatenate([up, counts, up, counts])),
    )
    if answer.x is not None:
        moved: Flags = np.asarray((answer.x.reshape(4, n) > 1e-7).any(axis=0) & ~withheld, dtype=np.bool_)
        if moved.any():
            return moved
    # Only fractions of people would do, or nobody else is there: the cheapest cell not yet withheld, one at a time.
    left = np.flatnonzero(~withheld & (counts > 0))
    rest = left if left.size else np.flatnonzero(~withheld)
    moved = np.zeros(n, dtype=np.bool_)
    moved[rest[np.argmin(cost[rest])]] = True
    return moved


def _trimmed(
    lines: sparse.csr_array,
    counts: Ints,
    primary: Flags,
    withheld: Flags,
    least: int,
    cost: NDArray[np.float64],
    found: Audit,
) -> tuple[Flags, Audit]:
    """Show again, dearest first, what need not be withheld."""
    beside = np.flatnonzero(withheld & ~primary)
    for cell in beside[np.argsort(-cost[beside], kind="stable")].tolist():
        fewer = withheld.copy()
        fewer[cell] = False
        again = audit(lines, counts, fewer, least, witnesses=found.witnesses, stop_at_first=True)
        if not again.failed.size:
            withheld, found = fewer, again
    return withheld, found
