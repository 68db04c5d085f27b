"""From coded rows and their lineage to weighed pairs: what each row carries of each origin.

Methods: model, section 2. Rows of whole subjects come in; the same answer comes out whoever brought them together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.claims import TwinCandidates, sort_candidates
from riskshare.kernels.fusion import Pairs
from riskshare.kernels.lineage import Lineage, Paths, trace
from riskshare.kernels.segments import Bools, Floats, Ints, boundaries, run_of_row

_NONE = -1
_CERTAIN = 1.0 - 2.0**-40  # no report is beyond doubt: its weight stays finite


class Rows(NamedTuple):
    """Coded rows that stand, one line a row, in any order.

    ``unit`` numbers (subject, lens); ``cell`` the agreed trust cell; ``age`` of the event and ``recorded`` of the first
    version, in days before ``as_of``; ``claim`` is −1 where no claim id is given; ``lineage`` is True where the row
    declares what it repeats; ``counts`` rows carry weight of their own; ``dead`` rows may not count, nor what repeats
    them.
    """

    unit: Ints
    indicator: Ints
    agency: Ints
    cell: Ints
    severity: Floats
    denies: Bools
    anecdotal: Bools
    age: Ints
    recorded: Ints
    claim: Ints
    lineage: Bools
    counts: Bools
    dead: Bools


class Edges(NamedTuple):
    """Declared lineage: row ``tail`` repeats ``head``; heads from n_rows on are absent records of ``agency``."""

    tail: Ints
    head: Ints
    agency: Ints


class Cells(NamedTuple):
    """The agreed trust cells: ``trust`` T, ``strength`` κ, ``first_hand``; and φ, τ_max, retention per indicator."""

    trust: Floats
    strength: Floats
    first_hand: Bools
    relay_fidelity: float
    tau_max: float
    retention: Ints


class Origins(NamedTuple):
    """Weighed pairs and what explains them, line for line with ``pairs``.

    ``row`` is the row's number; ``cell`` the trust cell that binds τ; ``free_weight`` is v without τ_max and ``slope``
    its ∂v/∂T in that cell, for the interval; ``anecdotal`` by the row or its origin. ``cycle`` marks rows in or behind
    a ring of reports. ``recorder_origin`` and ``recorder_agency`` list the earliest recorders of each ring (several
    where they tie); for every other origin ``pairs.agency`` is the one agency of origin. ``dead_row`` lists rows that
    would count but whose every origin is dead. ``twins`` are the origins that could be one story told twice.
    """

    pairs: Pairs
    row: Ints
    tau: Floats
    cell: Ints
    free_weight: Floats
    slope: Floats
    anecdotal: Bools
    cycle: Bools
    absent: Bools
    recorder_origin: Ints
    recorder_agency: Ints
    dead_row: Ints
    twins: TwinCandidates


class _Nodes(NamedTuple):
    """What a root lends to those that repeat it, by row number; a ring's figures stand at its lowest row."""

    trust: Floats
    cell: Ints
    severity: Floats
    age: Ints
    anecdotal: Bools
    claim: Ints
    agency: Ints


def resolve(rows: Rows, edges: Edges, cells: Cells) -> Origins:
    """Return the weighed pairs of coded rows.

    Parameters
    ----------
    rows : Rows
        Rows of whole subjects; lineage never leaves the rows given.
    edges : Edges
        Declared lineage between them.
    cells : Cells
        The agreed trust.

    Returns
    -------
    Origins
        Pairs of rows that count with origins that may; empty for no rows.

    Notes
    -----
    τ = min(T_row, φ^hops · T_root, τ_max) and v = −ln(1 − τ)/n for a row with n roots; severity is at most the root's,
    the pair is anecdotal if row or root is, date and agency are the root's. Methods: model, section 2, rulings R1 to
    R5; ``docs/decisions`` for what the page leaves open.

    Examples
    --------
    A police copy graded 0.9 of a worry trusted 0.35 is worth no more than the worry passed on once, 0.95 × 0.35:

    >>> two = np.array([0, 0])
    >>> rows = Rows(two, two, np.array([0, 1]), np.array([0, 1]), np.ones(2), two > 0, two > 0, two, two, two - 1,
    ...             np.array([False, True]), two == 0, two > 0)
    >>> edges = Edges(np.array([1]), np.array([0]), np.zeros(0, int))
    >>> trust = np.array([0.35, 0.9])
    >>> cells = Cells(trust, np.array([20.0, 40.0]), np.array([True, True]), 0.95, 0.99, np.array([700]))
    >>> resolve(rows, edges, cells).tau.round(4).tolist()
    [0.35, 0.3325]
    """
    n_rows = rows.unit.size
    lineage = trace(n_rows, edges.tail, edges.head, rows.dead)
    alone = lineage.paths.row[: lineage.n_alone]
    relays = Paths._make(column[lineage.n_alone :] for column in lineage.paths)
    lines = _own_lines(rows, cells, alone, n_rows + edges.agency.size)
    if relays.row.size:
        told = _relayed_lines(rows, edges, cells, lineage, relays)
        pairs = Pairs._make(np.concatenate(columns) for columns in zip(lines.pairs, told.pairs, strict=True))
        rest = [np.concatenate(columns) for columns in zip(lines[1:], told[1:], strict=True)]
        lines = _Lines(pairs, *rest)
    recorder_origin, recorder_agency = _recorders(rows, lineage)
    has_pair = np.zeros(n_rows, dtype=np.bool_)
    has_pair[lines.row] = True
    dead_row = np.flatnonzero(rows.counts & ~has_pair)
    return Origins(*lines, recorder_origin, recorder_agency, dead_row, _twin_candidates(rows, has_pair))


class _Lines(NamedTuple):
    """The first columns of ``Origins``, line for line."""

    pairs: Pairs
    row: Ints
    tau: Floats
    cell: Ints
    free_weight: Floats
    slope: Floats
    anecdotal: Bools
    cycle: Bools
    absent: Bools


def _own_lines(rows: Rows, cells: Cells, alone: Ints, first_claim: int) -> _Lines:
    """Return the pairs of rows that repeat nothing: each is its own root, and its figures are its cell's."""
    fresh = rows.counts[alone] & (rows.age[alone] < cells.retention[rows.indicator[alone]])
    row = alone[fresh]
    cell, claim = rows.cell[row], rows.claim[row]
    free = np.minimum(cells.trust, _CERTAIN)
    tau = np.minimum(free, cells.tau_max)
    pairs = Pairs(
        unit=rows.unit[row],
        indicator=rows.indicator[row],
        token=np.where(claim >= 0, first_claim + claim, row),
        denies=rows.denies[row],
        agency=rows.agency[row],
        stated=cells.first_hand[cell],
        origin=row,
        weight=(-np.log1p(-tau))[cell],
        age=rows.age[row],
        severity=rows.severity[row],
    )
    nothing = np.zeros(row.size, dtype=np.bool_)
    free_weight, slope = (-np.log1p(-free))[cell], (1.0 / (1.0 - free))[cell]
    return _Lines(pairs, row, tau[cell], cell, free_weight, slope, rows.anecdotal[row], nothing, nothing)


def _relayed_lines(rows: Rows, edges: Edges, cells: Cells, lineage: Lineage, paths: Paths) -> _Lines:
    """Return the pairs of rows that repeat others, as far as their roots may count."""
    n_rows = rows.unit.size
    nodes = _lend(rows, cells, lineage)
    row, root, lent = _merge_stand_ins(nodes, cells, paths)
    starts = boundaries(paths.row, paths.root)
    absent = root >= n_rows
    present = np.where(absent, 0, root)
    free, cell, per_trust = _trust(rows, cells, row, lent, paths.hops[starts])
    tau = np.minimum(free, cells.tau_max)
    parts = paths.n_roots[starts].astype(np.float64)
    ring = np.zeros(n_rows, dtype=np.bool_)
    ring[lineage.cycle_root] = True
    in_ring = ring[present] & ~absent
    pairs = Pairs(
        unit=rows.unit[row],
        indicator=rows.indicator[row],
        token=np.where(lent.claim >= 0, n_rows + edges.agency.size + lent.claim, root),
        denies=rows.denies[row],
        agency=_agency_of_origin(nodes, edges, root),
        stated=absent | (cells.first_hand[rows.cell[present]] & ~in_ring),
        origin=root,
        weight=-np.log1p(-tau) / parts,
        age=lent.age,
        severity=np.minimum(rows.severity[row], lent.severity),
    )
    keep = rows.counts[row] & ~paths.dead[starts] & (lent.age < cells.retention[pairs.indicator])
    slope = per_trust / ((1.0 - free) * parts)
    anecdotal = rows.anecdotal[row] | lent.anecdotal
    rest = (row, tau, cell, -np.log1p(-free) / parts, slope, anecdotal, in_ring, absent)
    return _Lines(pairs.take(keep), *(column[keep] for column in rest))  # type: ignore[arg-type]  # columns in order


def _lend(rows: Rows, cells: Cells, lineage: Lineage) -> _Nodes:
    """Return what each row lends as a root; rings take their weakest, mildest and oldest (ruling R3)."""
    nodes = _Nodes(cells.trust[rows.cell], rows.cell, rows.severity, rows.age, rows.anecdotal, rows.claim, rows.agency)
    if lineage.cycle_row.size == 0:
        return nodes
    # Sorted by trust inside each ring, its first row is the weakest; of equal trusts, the one least sure of itself.
    cell = rows.cell[lineage.cycle_row]
    order = np.lexsort((cell, cells.strength[cell], cells.trust[cell], lineage.cycle_root))
    root, member = lineage.cycle_root[order], lineage.cycle_row[order]
    starts = boundaries(root)
    at = root[starts]
    changed = _Nodes._make(column.copy() for column in nodes)
    changed.trust[at] = nodes.trust[member[starts]]
    changed.cell[at] = nodes.cell[member[starts]]
    changed.severity[at] = np.minimum.reduceat(rows.severity[member], starts)
    changed.age[at] = np.maximum.reduceat(rows.age[member], starts)
    changed.anecdotal[at] = np.logical_or.reduceat(rows.anecdotal[member], starts)
    changed.claim[at] = _agreed(rows.claim[member], starts)
    return changed


def _agreed(claim: Ints, starts: NDArray[np.intp]) -> Ints:
    """Return the one claim id of each run, −1 where none or several are given."""
    highest = np.maximum.reduceat(claim, starts)
    lowest = np.minimum.reduceat(np.where(claim < 0, np.iinfo(np.int64).max, claim), starts)
    return np.where(highest == lowest, highest, _NONE)


class _Lent(NamedTuple):
    trust: Floats
    cell: Ints
    severity: Floats
    age: Ints
    anecdotal: Bools
    claim: Ints


def _merge_stand_ins(nodes: _Nodes, cells: Cells, paths: Paths) -> tuple[Ints, Ints, _Lent]:
    """Return each (row, root) once, with what the root lends; equally near stand-ins join as a ring does (R4).

    A stand-in names something outside, so it is never in a ring that is a root: it lends its own figures.
    """
    lent = _Lent(
        trust=nodes.trust[paths.stand_in],
        cell=nodes.cell[paths.stand_in],
        severity=nodes.severity[paths.stand_in],
        age=nodes.age[paths.stand_in],
        anecdotal=nodes.anecdotal[paths.stand_in],
        claim=nodes.claim[paths.stand_in],
    )
    starts = boundaries(paths.row, paths.root)
    row, root = paths.row[starts], paths.root[starts]
    if starts.size == paths.row.size:
        return row, root, lent
    run = run_of_row(starts, paths.row.size)
    order = np.lexsort((lent.cell, cells.strength[lent.cell], lent.trust, run))
    lent = _Lent._make(column[order] for column in lent)
    merged = _Lent(
        trust=lent.trust[starts],
        cell=lent.cell[starts],
        severity=np.minimum.reduceat(lent.severity, starts),
        age=np.maximum.reduceat(lent.age, starts),
        anecdotal=np.logical_or.reduceat(lent.anecdotal, starts),
        claim=_agreed(lent.claim, starts),
    )
    return row, root, merged


def _trust(rows: Rows, cells: Cells, row: Ints, lent: _Lent, hops: Ints) -> tuple[Floats, Ints, Floats]:
    """Return τ of each pair without τ_max, the cell that binds it, and ∂τ/∂T of that cell."""
    own = cells.trust[rows.cell[row]]
    fidelity = (cells.relay_fidelity ** np.arange(float(hops.max(initial=0)) + 1.0))[hops]
    passed_on = fidelity * lent.trust
    relayed = passed_on < own
    tau = np.minimum(np.where(relayed, passed_on, own), _CERTAIN)
    return tau, np.where(relayed, lent.cell, rows.cell[row]), np.where(relayed, fidelity, 1.0)


def _agency_of_origin(nodes: _Nodes, edges: Edges, root: Ints) -> Ints:
    if edges.agency.size == 0:
        return nodes.agency[root]
    return np.concatenate((nodes.agency, edges.agency))[root]


def _recorders(rows: Rows, lineage: Lineage) -> tuple[Ints, Ints]:
    """Return (ring, agency) for the earliest recorders of a first version in each ring; ties stand together."""
    if lineage.cycle_row.size == 0:
        return lineage.cycle_root, lineage.cycle_row
    order = np.lexsort((rows.agency[lineage.cycle_row], lineage.cycle_root))
    root, member = lineage.cycle_root[order], lineage.cycle_row[order]
    starts = boundaries(root)
    earliest = np.maximum.reduceat(rows.recorded[member], starts)
    first = rows.recorded[member] == np.repeat(earliest, np.diff(starts, append=root.size))
    root, agency = root[first], rows.agency[member[first]]
    once = boundaries(root, agency)
    return root[once], agency[once]


def _twin_candidates(rows: Rows, has_pair: Bools) -> TwinCandidates:
    """Return rows that count, without claim id and lineage, in order of (unit, indicator, stance) and date."""
    number = np.flatnonzero(has_pair & ~rows.lineage & (rows.claim < 0))
    n_kinds = int(rows.indicator.max(initial=0)) + 1
    group = (rows.unit[number] * n_kinds + rows.indicator[number]) * 2 + rows.denies[number]
    return sort_candidates(group, rows.age[number], number)
