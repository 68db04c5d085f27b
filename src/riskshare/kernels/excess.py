"""Is there more here than each stratum's own total would put here? The stratified local test that decides on hot cells.

A stratum is a recording organisation × source × category: each has its own total, so a difference in recording between
organisations can make no cell hot.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaincinv

from riskshare.kernels.count_tails import upper_tails
from riskshare.kernels.neighbourhoods import Sparse, Window, as_csr, neighbourhood_sums

Floats = NDArray[np.float64]


class LocalExcess(NamedTuple):
    """One value a cell, in the order (or the grid) of the cells given.

    ``observed`` and ``expected`` are sums over the neighbourhood, ``expected`` scaled to each stratum's total; ``p`` is
    one-sided, P(O ≥ observed), and ``mid_p`` counts half of P(O = observed). NaN in all four where nothing could be
    recorded.
    """

    observed: Floats
    expected: Floats
    p: Floats
    mid_p: Floats


class Dispersion(NamedTuple):
    """``phi`` a stratum, 1 or more (NaN where it cannot be estimated), and the number of blocks it rests on.

    ``pooled`` strata had too few blocks of their own and take the figure of all strata together.
    """

    phi: Floats
    n_blocks: NDArray[np.int64]
    pooled: NDArray[np.bool_]


def local_excess(
    counts: ArrayLike,
    expected: ArrayLike,
    neighbourhood: Window | Sparse,
    *,
    dispersion: ArrayLike = 1.0,
    mask: ArrayLike | None = None,
    exact_up_to: int = 32,
) -> LocalExcess:
    """Return for every cell how surprising the count around it is, given what each stratum counted in all.

    Parameters
    ----------
    counts : array_like of whole numbers
        Events by stratum and cell: (strata, rows, columns) with a ``Window``, (strata, cells) with a sparse matrix.
    expected : array_like of real, same shape
        What each stratum would count in each cell under the null, up to a factor of its own; 0 where it does not cover
        the cell.
    neighbourhood : Window or scipy sparse matrix (cells, cells)
        Which cells are summed around each; a matrix must hold 0 and 1 and include the centre.
    dispersion : array_like of real, scalar or (strata,)
        φ ≥ 1 of each stratum, as from ``estimate_dispersion``; 1 for independent events.
    mask : array_like of bool, (rows, columns) or (cells,), optional
        Cells to decide on. By default those where any stratum expects anything.
    exact_up_to : int
        Largest neighbourhood count worked out exactly; see ``riskshare.kernels.count_tails.upper_tails``.

    Returns
    -------
    LocalExcess
        Arrays of the cells' shape; empty for no cells. ``p`` is 1 where nothing happened.

    Raises
    ------
    ValueError
        If shapes differ, counts are not whole, expected values are negative or not finite, or a stratum counted events
        in cells where it expects none.

    Notes
    -----
    O_i = Σ_k Binomial(N_k, E_ik/E_k) with E_ik summed over the neighbourhood of i and E_k over all cells (methods:
    places, 5.2). Over-dispersed, the cells of a stratum are negative binomial with variance φ E and the local sum,
    given the total, beta-binomial. Neighbouring cells share events, so their p are positively dependent: adjust all of
    them once, by Benjamini and Hochberg.

    Examples
    --------
    One stratum of 4 events expects them evenly over 4 cells, and 3 are in the first: P(Bin(4, ¼) ≥ 3) = 13/256 there.
    A second stratum, which covers the last cell only, has its event where it must:

    >>> counts = [[[3, 1, 0, 0]], [[0, 0, 0, 1]]]
    >>> result = local_excess(counts, [[[1, 1, 1, 1]], [[0, 0, 0, 9]]], Window(0))
    >>> (result.p * 256).round(6).tolist(), result.expected.tolist()
    ([[13.0, 175.0, 256.0, 256.0]], [[1.0, 1.0, 1.0, 2.0]])
    """
    observed, base = np.asarray(counts, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    _check(observed, base)
    shape = observed.shape[1:]
    covered = np.asarray((base > 0.0).any(axis=0), dtype=np.bool_)
    if mask is not None:
        covered &= _mask(mask, shape)
    if not isinstance(neighbourhood, Window) and not np.isin(as_csr(neighbourhood).data, (0.0, 1.0)).all():
        msg = "neighbourhood must hold 0 and 1 only: the test is on whole counts."
        raise ValueError(msg)
    cells = covered.ravel()
    flat = base.reshape(base.shape[0], cells.size)
    totals = observed.reshape(flat.shape).sum(axis=1)
    whole = flat.sum(axis=1)
    local = neighbourhood_sums(observed.sum(axis=0)[None], neighbourhood)[0][cells]
    shares = np.asarray(neighbourhood_sums(base, neighbourhood)[:, cells], dtype=np.float64)
    shares = np.minimum(shares / np.where(whole > 0.0, whole, 1.0)[:, None], 1.0)
    tails = upper_tails(local, totals, shares, dispersion, exact_up_to=exact_up_to)
    expected_here = (totals[:, None] * shares).sum(axis=0)
    return LocalExcess(*(_spread(column, covered) for column in (local, expected_here, *tails)))


def estimate_dispersion(
    counts: ArrayLike,
    expected: ArrayLike,
    blocks: ArrayLike,
    *,
    trim: float = 0.1,
    min_expected: float = 5.0,
    min_blocks: int = 20,
) -> Dispersion:
    """Return how much more the counts vary than independent events would, per stratum, hot spots left aside.

    Parameters
    ----------
    counts, expected : array_like, (strata, ...cells)
        As for ``local_excess``.
    blocks : array_like of int, (...cells)
        Which block each cell belongs to, numbered from 0; −1 for none. Take blocks about as large as the neighbourhood:
        φ of single cells says little when events come in runs that cross cells. See ``square_blocks``.
    trim : float
        Share of the largest residuals left out, 0 or more and below ½, so that true hot spots do not raise φ and hide
        themselves.
    min_expected : float
        Events a block must expect in a stratum to be used.
    min_blocks : int
        Blocks a stratum needs for a figure of its own. With fewer it takes the one of all strata together.

    Returns
    -------
    Dispersion
        φ = max(1, trimmed mean of Pearson's squared residuals over its value at φ = 1); NaN if all strata together
        have too few blocks.

    Raises
    ------
    ValueError
        As for ``local_excess``; or if blocks do not fit the cells, or ``trim`` is out of range.

    Notes
    -----
    r² = (O − E)²/(E (1 − E/N)), E scaled to the stratum's total N; at φ = 1 it is near χ² with 1 degree, whose mean
    below its quantile x of order 1 − t is P(χ²₃ ≤ x)/(1 − t).

    Examples
    --------
    Two blocks of 8 and 12 expect 10 each: r² = 4/(10·½) = 0.8 in both, less than independent events would give:

    >>> estimate_dispersion([[8, 12]], [[1, 1]], [0, 1], trim=0, min_blocks=2).phi.tolist()
    [1.0]
    """
    observed, base = np.asarray(counts, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    _check(observed, base)
    label = np.asarray(blocks)
    if label.shape != observed.shape[1:] or label.dtype.kind not in "iu":
        msg = f"blocks must be whole numbers, one a cell: {observed.shape[1:]}, not {label.shape}."
        raise ValueError(msg)
    if not 0.0 <= trim < 0.5:
        msg = "trim must be 0 or more and below 0.5."
        raise ValueError(msg)
    residuals = [
        _squared_residuals(o[label >= 0], e[label >= 0], label[label >= 0], min_expected)
        for o, e in zip(observed, base, strict=True)
    ]
    n_blocks = np.array([r.size for r in residuals], dtype=np.int64)
    pooled = n_blocks < min_blocks
    everything = np.concatenate(residuals) if residuals else np.zeros(0)
    together = _trimmed_phi(everything, trim) if everything.size >= max(min_blocks, 1) else np.nan
    own = [together if few else _trimmed_phi(r, trim) for r, few in zip(residuals, pooled, strict=True)]
    return Dispersion(np.array(own, dtype=np.float64), n_blocks, pooled)


def square_blocks(shape: tuple[int, int], side_cells: int) -> NDArray[np.int64]:
    """Return a block number for every cell of a grid, in squares of so many cells a side; the last may be narrower.

    Raises
    ------
    ValueError
        If ``side_cells`` is below 1.

    Examples
    --------
    >>> square_blocks((2, 5), 2).tolist()
    [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2]]
    """
    if side_cells < 1:
        msg = "side_cells must be 1 or more."
        raise ValueError(msg)
    n_across = -(-shape[1] // side_cells)
    row, column = np.arange(shape[0]) // side_cells, np.arange(shape[1]) // side_cells
    return np.asarray(row[:, None] * n_across + column, dtype=np.int64)


def _squared_residuals(o: Floats, e: Floats, label: NDArray[np.integer], min_expected: float) -> Floats:
    """Return Pearson's squared residuals of the blocks of one stratum that expect enough, given its total."""
    n_blocks = int(label.max(initial=-1)) + 1
    total, whole = o.sum(), e.sum()
    if total == 0.0 or whole == 0.0:
        return np.zeros(0)
    events = np.bincount(label, weights=o, minlength=n_blocks)
    share = np.bincount(label, weights=e, minlength=n_blocks) / whole
    enough = (total * share >= min_expected) & (share < 1.0)
    mean = total * share[enough]
    return np.asarray((events[enough] - mean) ** 2 / (mean * (1.0 - share[enough])), dtype=np.float64)


def _trimmed_phi(squares: Floats, trim: float) -> float:
    kept = squares.size - int(trim * squares.size)
    share = kept / squares.size
    quantile = float(gammaincinv(0.5, share))  # half the quantile of χ² with 1 degree
    mean_at_1 = float(gammainc(1.5, quantile)) / share
    return max(1.0, float(np.sort(squares)[:kept].mean()) / mean_at_1)


def _check(observed: Floats, base: Floats) -> None:
    if observed.shape != base.shape or observed.ndim < 2:
        msg = f"counts and expected must be stacks of one shape, strata first; they are {observed.shape}, {base.shape}."
        raise ValueError(msg)
    if not np.all(np.isfinite(observed) & (observed >= 0.0) & (observed == np.rint(observed))):
        msg = "counts must be whole, 0 or more: decide on claims, not on weighted sums."
        raise ValueError(msg)
    if not np.all(np.isfinite(base) & (base >= 0.0)):
        msg = "expected must be finite and 0 or more; 0 where the stratum does not cover the cell."
        raise ValueError(msg)
    stray = (observed > 0.0) & (base == 0.0)
    if stray.any():
        msg = (
            f"{int(stray.sum())} cells hold events of a stratum that expects none there. Mend its coverage or its "
            "population, or leave these events out and report them."
        )
        raise ValueError(msg)


def _mask(mask: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    given = np.asarray(mask)
    if given.shape != shape or given.dtype != np.bool_:
        msg = f"mask must be True or False for every cell: {shape}."
        raise ValueError(msg)
    return given


def _spread(column: Floats, covered: NDArray[np.bool_]) -> Floats:
    """Return the values back in their cells, NaN where nothing was decided."""
    cells = np.full(covered.shape, np.nan)
    cells[covered] = column
    return cells
