"""What can be worked out from several tables of the same people that are shown side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

from riskshare.sharing.feasible import audit

Part = tuple[str, ...]
"""One unit of each dimension: the smallest cell there is."""


class Cell(NamedTuple):
    """The parts that a published cell is made of, and whether its count is shown."""

    parts: frozenset[Part]
    shown: bool


def small_remainders(cells: Sequence[Cell], counts: Mapping[Part, int], *, least: int, zero_is_small: bool) -> int:
    """Return how many groups of people that may not be shown a reader of all the cells could place too closely.

    Parameters
    ----------
    cells : sequence of Cell
        Of all tables together.
    counts : mapping of part to int
        True count of every part.
    least : int
        Counts below it are too small; also the least width of an interval that is safe.
    zero_is_small : bool
        Whether nobody is too few as well.

    Returns
    -------
    int
        Groups too small to show, and cells that one of the tables withholds for whatever reason. 0 where all are safe;
        also without cells.

    Notes
    -----
    Parts that lie in exactly the same cells cannot be told apart, so they are one unknown. A reader knows the
    sum of the unknowns in every shown cell, and that none is below 0. If a sum below ``least`` could be worked out,
    each unknown in it would have an interval narrower than ``least``: so it is enough to look at single unknowns, and
    at the sums that are withheld. The programmes are those of `audit`.

    Examples
    --------
    A ward of 25 is shown, and 21 of it in two of its three parts: 4 are left.

    >>> ward = Cell(frozenset({("a",), ("b",), ("c",)}), True)
    >>> inner = Cell(frozenset({("a",), ("b",)}), True)
    >>> counts = {("a",): 11, ("b",): 10, ("c",): 4}
    >>> small_remainders([ward, inner], counts, least=10, zero_is_small=True)
    1
    >>> small_remainders([ward], counts, least=10, zero_is_small=True)
    0
    """
    shown = list(dict.fromkeys(cell.parts for cell in cells if cell.shown))
    covered = frozenset().union(*shown)
    # A withheld cell that no shown cell covers altogether may be as large as it likes.
    hidden = [parts for parts in dict.fromkeys(cell.parts for cell in cells if not cell.shown) if parts <= covered]
    unknown = _unknowns([*shown, *hidden])
    true = np.zeros(max(unknown.values(), default=-1) + 1, dtype=np.int64)
    for part, number in unknown.items():
        true[number] += counts[part]
    made_of = [sorted({unknown[part] for part in parts}) for parts in (*shown, *hidden)]
    barred = [row for row in made_of[len(shown) :] if len(row) > 1]
    check = (true < least) & ((true > 0) | zero_is_small)
    check[[row[0] for row in made_of[len(shown) :] if len(row) == 1]] = True
    sums = _equations(made_of[: len(shown)], barred, true.size)
    every = np.concatenate([true, np.array([int(true[row].sum()) for row in barred], dtype=np.int64)])
    asked = np.concatenate([np.flatnonzero(check), np.arange(true.size, every.size)])
    return int(audit(sums, every, np.ones(every.size, dtype=np.bool_), least, cells=asked).failed.size)


def _unknowns(cells: Sequence[frozenset[Part]]) -> dict[Part, int]:
    """Return for every part in a cell the number of the unknown it belongs to."""
    within: dict[Part, list[int]] = defaultdict(list)
    for number, parts in enumerate(cells):
        for part in parts:
            within[part].append(number)
    names = {signature: number for number, signature in enumerate(sorted({tuple(one) for one in within.values()}))}
    return {part: names[tuple(one)] for part, one in within.items()}


def _equations(shown: Sequence[Sequence[int]], hidden: Sequence[Sequence[int]], n: int) -> sparse.csr_array:
    """Return "unknowns of a shown cell add up", and "unknowns of a withheld cell less its count is 0"."""
    lines = [(*row,) for row in shown] + [(*row, n + k) for k, row in enumerate(hidden)]
    columns = np.array([column for line in lines for column in line], dtype=np.int64)
    rows = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    return sparse.csr_array((np.where(columns < n, 1, -1), (rows, columns)), shape=(len(lines), n + len(hidden)))
