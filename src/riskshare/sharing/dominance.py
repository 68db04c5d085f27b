"""Which cells are held by so few contributors that one of them could read off another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.sharing.refusals import refuse

Flags = NDArray[np.bool_]


def dominated(
    values: ArrayLike,
    cells: ArrayLike,
    n_cells: int,
    *,
    n: int = 2,
    share: float = 0.90,
    p_ratio: float | None = 0.10,
) -> Flags:
    """Return which cells are dominated by their largest contributors.

    Parameters
    ----------
    values : array_like of real, (contributors,)
        What each contributor gives to its cell, 0 or more: events of one person, cases of one agency. One value for
        each contributor and cell: add up first.
    cells : array_like of int, (contributors,)
        The cell of each, 0 to ``n_cells`` − 1.
    n_cells : int
        Number of cells.
    n, share : int, float
        The (n, k) rule: dominated if the ``n`` largest hold more than ``share`` of the cell.
    p_ratio : float or None
        The p-ratio: dominated if all but the two largest hold less than this share of the largest. None leaves it out.

    Returns
    -------
    numpy.ndarray of bool, (n_cells,)
        False where a cell holds nothing: whether a 0 may be shown is another rule. All False without contributors.

    Raises
    ------
    DisclosureError
        A value is below 0 or not finite, a cell does not exist, or the arrays differ in length.

    Notes
    -----
    With x₁ ≥ x₂ ≥ … and X their sum: x₁ + … + x_n > share · X; (X − x₁ − x₂)/x₁ < p_ratio. A cell of one or two
    contributors breaks both. Source: the defaults of SACRO-ACRO, (2, 0.90) and 0.10 (methods: safety, 3.1); Hundepool
    et al., "Statistical Disclosure Control", 2012, section 4.2.

    Examples
    --------
    Cell 0: 80 + 15 of 100 is more than 90 %. Cell 1: five contributors of 20 each.

    >>> dominated([80, 15, 5, 20, 20, 20, 20, 20], [0, 0, 0, 1, 1, 1, 1, 1], 2).tolist()
    [True, False]
    """
    x, cell = np.asarray(values, dtype=np.float64).ravel(), np.asarray(cells).ravel().astype(np.int64)
    refuse(_problems(x, cell, n_cells))
    order = np.lexsort((-x, cell))
    x, cell = x[order], cell[order]
    rank = np.arange(x.size) - np.searchsorted(cell, cell)
    total = np.bincount(cell, weights=x, minlength=n_cells)
    top = np.bincount(cell, weights=np.where(rank < n, x, 0.0), minlength=n_cells)
    largest = np.bincount(cell, weights=np.where(rank < 1, x, 0.0), minlength=n_cells)
    rest = np.bincount(cell, weights=np.where(rank >= 2, x, 0.0), minlength=n_cells)
    found = top > share * total
    if p_ratio is not None:
        found |= rest < p_ratio * largest
    return np.asarray(found & (total > 0), dtype=np.bool_)


def _problems(x: NDArray[np.float64], cell: NDArray[np.int64], n_cells: int) -> list[tuple[str, str]]:
    problems = []
    if x.size != cell.size:
        problems.append(("shapes", "Every contributor needs one value and one cell."))
    if not bool((np.isfinite(x) & (x >= 0)).all()):
        problems.append(("negative", "What contributors give must be finite and 0 or more; take negative ones apart."))
    if bool(((cell < 0) | (cell >= n_cells)).any()):
        problems.append(("cell", f"Cells must be numbered 0 to {n_cells - 1}."))
    return problems
