"""How closely a reader who can add and subtract may work out counts that were withheld: linear programming (HiGHS).

A reader of a table with totals knows the counts that are shown, that every total is the sum of its parts, and that no
count is below 0. What he can say of a withheld count is an interval. A *witness* is another table that fits all he
knows; two witnesses that differ by 10 in a cell show that its interval is at least 10 wide.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

_NODES = 2_000
"""Branches looked at for a whole-number witness. A limit in steps, not in time, so that answers do not hang on the
machine. If it is reached the cell counts as unprotected: more is withheld, never less."""
_SWEEPS = 4
_GOLDEN = 2.399963229728653
"""The golden angle, in radians: its multiples point evenly everywhere, so a sweep moves cells up and down alike."""


class Audit(NamedTuple):
    """Which cells are not safe, and what shows that the others are.

    Attributes
    ----------
    failed : numpy.ndarray of int64
        Cells whose interval could not be shown to be wide enough, in rising order.
    witnesses : numpy.ndarray of int64, (tables, cells)
        Whole-number tables that fit everything that is shown; the first is the true one.
    """

    failed: Ints
    witnesses: Ints

    def width(self, cells: Ints) -> Ints:
        """Return, for each cell, how wide its interval is at least."""
        return np.asarray(np.ptp(self.witnesses[:, cells], axis=0), dtype=np.int64)


def audit(
    sums: sparse.csr_array,
    counts: Ints,
    withheld: Flags,
    width: int,
    *,
    cells: Ints | None = None,
    witnesses: Ints | None = None,
    stop_at_first: bool = False,
) -> Audit:
    """Return which withheld cells a reader can place within an interval narrower than ``width``.

    Parameters
    ----------
    sums : scipy sparse array of whole numbers, (equations, cells)
        What a reader knows to add up: ``sums @ counts`` is known, being 0 for lines of a table with their totals.
    counts : numpy.ndarray of int64, (cells,)
        The true counts, 0 or more.
    withheld : numpy.ndarray of bool, (cells,)
        Which of them are not shown.
    width : int
        Least width of an interval that is safe.
    cells : numpy.ndarray of int64, optional
        The withheld cells to look at; all by default.
    witnesses : numpy.ndarray of int64, (tables, cells), optional
        Tables that fitted an earlier pattern; those that still fit are used again.
    stop_at_first : bool
        Stop at the first cell that fails.

    Returns
    -------
    Audit
        Nothing failed where nothing is withheld.

    Notes
    -----
    For cell c the two linear programmes are min and max x_c subject to S x = S a, x ≥ 0 and x = a where shown. Every
    solution is kept, since it may clear other cells as well. In one and two dimensions the corners of that set are
    whole numbers; in three they need not be, and then the programme is solved again in whole numbers: an interval that
    only fractions of people fill is no protection. Source: Hundepool et al., "Statistical Disclosure Control", 2012,
    section 4.4 (audit of cell suppression).

    Examples
    --------
    3 + 9 = 12, the two parts withheld, the sum shown: each may be anything from 0 to 12.

    >>> line = sparse.csr_array(np.array([[1, 1, -1]]))
    >>> found = audit(line, np.array([3, 9, 12]), np.array([True, True, False]), 10)
    >>> found.failed.tolist(), found.width(np.array([0, 1])).tolist()
    ([], [12, 12])
    >>> audit(line, np.array([3, 9, 12]), np.array([True, False, False]), 10).failed.tolist()
    [0]
    """
    free = np.flatnonzero(withheld)
    known = [counts[None]]
    if witnesses is not None:
        known.append(witnesses[(witnesses[:, ~withheld] == counts[~withheld]).all(axis=1)])
    tables = [table for block in known for table in block]
    asked = free if cells is None else np.sort(cells)
    narrow = _plainly_narrow(sums[:, free], counts[free], width)
    failed = np.intersect1d(asked, free[narrow])
    if not (stop_at_first and failed.size):
        reach = _Reach(np.min(tables, axis=0), np.max(tables, axis=0), tables)
        hopeful = np.setdiff1d(asked, failed)
        missed = [
            cell for part in _parts(sums, counts, free) for cell in _search(part, reach, hopeful, width, stop_at_first)
        ]
        failed = np.union1d(failed, np.array(missed, dtype=np.int64))
    return Audit(failed.astype(np.int64), np.array(tables, dtype=np.int64))


class _Part(NamedTuple):
    """Withheld cells that a chain of sums links, and the equations between them."""

    cells: Ints
    lines: sparse.csr_array
    target: Ints
    counts: Ints


class _Reach:
    """How low and how high each count has been seen in a table that fits, and those tables."""

    def __init__(self, low: Ints, high: Ints, tables: list[Ints]) -> None:
        self.low, self.high, self.tables = low, high, tables

    def narrow(self, cells: Ints, width: int) -> Ints:
        """Return those of the cells not yet seen wide enough apart."""
        return cells[self.high[cells] - self.low[cells] < width]

    def keep(self, table: Ints | None) -> None:
        """Take in one more table."""
        if table is not None:
            self.tables.append(table)
            self.low, self.high = np.minimum(self.low, table), np.maximum(self.high, table)


def _plainly_narrow(sums: sparse.csr_array, counts: Ints, width: int) -> Flags:
    """Return which cells need no programme: alone in a sum, or parts of a known sum that is itself too small."""
    sizes = np.diff(sums.indptr)
    row = np.repeat(np.arange(sums.shape[0]), sizes)
    mixed = np.abs(np.bincount(row, weights=sums.data, minlength=sums.shape[0])) < sizes
    small = ~mixed & (np.abs(sums @ counts) < width)
    narrow = np.zeros(counts.size, dtype=np.bool_)
    narrow[sums.indices[((sizes == 1) | small)[row]]] = True
    return narrow


def _parts(sums: sparse.csr_array, counts: Ints, free: Ints) -> list[_Part]:
    """Return the withheld cells, cut into parts that no sum links."""
    if not free.size:
        return []
    among = sums[:, free]
    _, label = sparse.csgraph.connected_components(abs(among).T @ abs(among), directed=False)
    parts = []
    for name in np.unique(label).tolist():
        cells = free[label == name]
        lines = sums[:, cells]
        lines = lines[np.flatnonzero(np.diff(lines.indptr))]
        parts.append(_Part(cells, lines, lines @ counts[cells], counts[cells]))
    return parts


def _search(part: _Part, reach: _Reach, asked: Ints, width: int, stop_at_first: bool) -> list[int]:
    """Return the cells of a part for which no two tables far enough apart are found."""
    asked = np.intersect1d(asked, part.cells)
    for sweep in range(1, _SWEEPS + 1):  # aims at many cells at once, each up or down: cheap, and clears most of them
        open_cells = reach.narrow(asked, width)
        if open_cells.size <= 2:
            break
        aim = np.where(np.isin(part.cells, open_cells), np.cos(sweep * _GOLDEN * np.arange(part.cells.size)), 0.0)
        reach.keep(_extreme(part, reach.tables[0], aim, width))
        reach.keep(_extreme(part, reach.tables[0], -aim, width))
    failed: list[int] = []
    for cell in asked.tolist():
        only = np.array([cell])
        for sign in (-1.0, 1.0):
            if reach.narrow(only, width).size:
                reach.keep(_extreme(part, reach.tables[0], np.where(part.cells == cell, sign, 0.0), width))
        if reach.narrow(only, width).size:
            failed.append(cell)
            if stop_at_first:
                break
    return failed


def _extreme(part: _Part, counts: Ints, aim: Floats, width: int) -> Ints | None:
    """Return a whole-number table that fits and makes Σ aim · count as small as can be found, or None."""
    # Without a ceiling a sum whose total is withheld as well has no end; so high is wide enough for any cell.
    ceiling = float(part.counts.sum() + width)
    known = part.target.astype(np.float64)
    limits = LinearConstraint(part.lines.astype(np.float64), known, known) if part.lines.shape[0] else None
    for whole in (0, 1):
        answer = milp(
            aim,
            constraints=limits,
            bounds=Bounds(0.0, ceiling),
            integrality=np.full(part.cells.size, whole),
            options={"node_limit": _NODES} if whole else {},
        )
        if answer.x is None:
            continue
        found = np.rint(answer.x).astype(np.int64)
        if (found >= 0).all() and np.array_equal(part.lines @ found, part.target):
            table = counts.copy()
            table[part.cells] = found
            return table
    return None
