"""From coded rows to weighed pairs, unit by unit: the compiled twin of ``origins.resolve``.

Methods: model, section 2. Rows in or behind a ring of reports are told by the NumPy form.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.claims import TwinCandidates
from riskshare.kernels.compiled_lineage import REACH, Heads, Lines, heads, reached, rings, trace_rows
from riskshare.kernels.compiled_tools import jit
from riskshare.kernels.fusion import Pairs
from riskshare.kernels.lineage import Lineage, Paths, trace
from riskshare.kernels.origins import (
    _CERTAIN,
    Cells,
    Edges,
    Origins,
    Rows,
    _Lines,
    _recorders,
    _relayed_lines,
)
from riskshare.kernels.segments import Bools, Floats, Ints

_HARD = 3


class Resolved(NamedTuple):
    """Origins whose pairs stand unit after unit (unit u from ``start[u]``), and what later steps ask of them.

    ``candidate`` marks the rows that could be twins, ``cross`` lists pairs that repeat a row of another unit, ``bound``
    marks the units where τ_max binds, ``ringed`` those with a row in or behind a ring of reports. ``has_pair`` is by
    row. The twins of ``origins`` are left empty.
    """

    origins: Origins
    start: Ints
    candidate: Bools
    cross: Ints
    bound: Bools
    ringed: Bools
    has_pair: Bools


def resolve(rows: Rows, edges: Edges, cells: Cells, n_units: int) -> Resolved:
    """Return the pairs that ``origins.resolve`` returns, to the bit, in order of unit.

    Parameters
    ----------
    rows, edges, cells
        As ``origins.resolve``.
    n_units : int

    Returns
    -------
    Resolved
        Empty for no rows.
    """
    live = heads(edges.tail, edges.head, rows.dead)
    state = rings(live)
    lines = trace_rows(live, state, rows, cells)
    told, lineage = _beyond_reach(rows, edges, cells, live, state)
    weights = _relay_weights(rows, cells, lines)
    n_extra = 0 if told is None else told.row.size
    extra = np.zeros(0, dtype=np.int64) if told is None else told.pairs.unit
    own, start = _count(rows, live.start, cells.retention, lines.row, extra, n_units)
    columns = _columns(int(start[-1]))
    place = start[:-1].copy()
    first_claim = rows.unit.size + edges.agency.size
    _place_own(rows, cells, own, first_claim, _cell_figures(cells), place, columns)
    _place_relays(rows, cells, edges.agency, lines, weights, first_claim, place, columns)
    if told is not None and n_extra:
        _place_told(told, place, columns)
    return _finish(rows, columns, start, n_units, lineage)


def _columns(size: int) -> _Lines:
    def ints() -> Ints:
        return np.empty(size, dtype=np.int64)

    def flags() -> Bools:
        return np.zeros(size, dtype=np.bool_)

    pairs = Pairs(ints(), ints(), ints(), flags(), ints(), flags(), ints(), np.empty(size), ints(), np.empty(size))
    return _Lines(pairs, ints(), np.empty(size), ints(), np.empty(size), np.empty(size), flags(), flags(), flags())


def _beyond_reach(
    rows: Rows, edges: Edges, cells: Cells, live: Heads, state: Ints
) -> tuple[_Lines | None, Lineage | None]:
    """Return the pairs of rows in or behind a ring, or that reach too much, from the NumPy form."""
    hard = state == _HARD
    if not hard.any():
        return None, None
    here = reached(live, state)[edges.tail]
    lineage = trace(rows.unit.size, edges.tail[here], edges.head[here], rows.dead)
    relays = Paths._make(column[lineage.n_alone :] for column in lineage.paths)
    relays = Paths._make(column[hard[relays.row]] for column in relays)
    return _relayed_lines(rows, edges, cells, lineage, relays), lineage


def _cell_figures(cells: Cells) -> tuple[Floats, Floats, Floats, Floats]:
    """Return τ, weight, weight without τ_max and its slope of a row that repeats nothing, by trust cell."""
    free = np.minimum(cells.trust, _CERTAIN)
    tau = np.minimum(free, cells.tau_max)
    return tau, -np.log1p(-tau), -np.log1p(-free), 1.0 / (1.0 - free)


class _Weights(NamedTuple):
    """What a relay is worth: τ, the cell that binds it, its weight, the weight without τ_max and the slope of that."""

    tau: Floats
    cell: Ints
    weight: Floats
    free: Floats
    slope: Floats


def _relay_weights(rows: Rows, cells: Cells, lines: Lines) -> _Weights:
    fidelity = cells.relay_fidelity ** np.arange(REACH + 1.0)
    free, cell, per_trust = _binding(rows.cell, cells.trust, lines, fidelity)
    tau = np.minimum(free, cells.tau_max)
    slope = per_trust / ((1.0 - free) * lines.parts)
    return _Weights(tau, cell, -np.log1p(-tau) / lines.parts, -np.log1p(-free) / lines.parts, slope)


@jit
def _binding(cell: Ints, trust: Floats, lines: Lines, fidelity: Floats) -> tuple[Floats, Ints, Floats]:
    """Return τ of each line without τ_max, the cell that binds it, and ∂τ/∂T of that cell."""
    row, hops, lent = lines.row, lines.hops, lines.cell
    n = row.size
    tau, binds, per_trust = np.empty(n), np.empty(n, dtype=np.int64), np.ones(n)
    for i in range(n):
        own = trust[cell[row[i]]]
        passed_on = fidelity[hops[i]] * trust[lent[i]]
        if passed_on < own:
            tau[i], binds[i], per_trust[i] = min(passed_on, _CERTAIN), lent[i], fidelity[hops[i]]
        else:
            tau[i], binds[i] = min(own, _CERTAIN), cell[row[i]]
    return tau, binds, per_trust


@jit
def _count(rows: Rows, head_start: Ints, retention: Ints, relays: Ints, extra: Ints, n_units: int) -> tuple[Ints, Ints]:
    """Return the rows that count and repeat nothing, and where each unit's pairs start."""
    units, counts, dead, age, kind = rows.unit, rows.counts, rows.dead, rows.age, rows.indicator
    own = np.empty(units.size, dtype=np.int64)
    start = np.zeros(n_units + 1, dtype=np.int64)
    n = 0
    for i in range(units.size):
        repeats = head_start[i] < head_start[i + 1]
        if counts[i] and not dead[i] and not repeats and age[i] < retention[kind[i]]:
            own[n] = i
            n += 1
            start[units[i] + 1] += 1
    for row in relays:
        start[units[row] + 1] += 1
    for unit in extra:
        start[unit + 1] += 1
    for u in range(n_units):
        start[u + 1] += start[u]
    return own[:n], start


@jit
def _place_own(
    rows: Rows, cells: Cells, own: Ints, first_claim: int, figures: tuple[Floats, Floats, Floats, Floats], place: Ints,
    out: _Lines,
) -> None:  # fmt: skip
    tau, weight, free, slope = figures
    to, first_hand = out.pairs, cells.first_hand
    # Column by column: each loop touches three arrays, and counts no look into a tuple.
    at = np.empty(own.size, dtype=np.int64)
    units = rows.unit
    for k in range(own.size):
        at[k] = place[units[own[k]]]
        place[units[own[k]]] += 1
    _scatter(rows.unit, own, at, to.unit)
    _scatter(rows.indicator, own, at, to.indicator)
    _scatter(rows.denies, own, at, to.denies)
    _scatter(rows.agency, own, at, to.agency)
    _scatter(rows.age, own, at, to.age)
    _scatter(rows.severity, own, at, to.severity)
    _scatter(rows.anecdotal, own, at, out.anecdotal)
    claims, cell = rows.claim, rows.cell
    token, origin, row_of, cell_of, stated = to.token, to.origin, out.row, out.cell, to.stated
    for k in range(own.size):
        row = own[k]
        token[at[k]] = first_claim + claims[row] if claims[row] >= 0 else row
        origin[at[k]], row_of[at[k]], cell_of[at[k]] = row, row, cell[row]
        stated[at[k]] = first_hand[cell[row]]
    _look_up(weight, cell, own, at, to.weight)
    _look_up(tau, cell, own, at, out.tau)
    _look_up(free, cell, own, at, out.free_weight)
    _look_up(slope, cell, own, at, out.slope)


@jit
def _scatter(values: NDArray[Any], row: Ints, at: Ints, out: NDArray[Any]) -> None:
    for k in range(row.size):
        out[at[k]] = values[row[k]]


@jit
def _look_up(table: Floats, cell: Ints, row: Ints, at: Ints, out: Floats) -> None:
    for k in range(row.size):
        out[at[k]] = table[cell[row[k]]]


@jit
def _place_relays(
    rows: Rows, cells: Cells, absent_agency: Ints, lines: Lines, told: _Weights, first_claim: int, place: Ints,
    out: _Lines,
) -> None:  # fmt: skip
    to, n_rows = out.pairs, rows.unit.size
    row, root, claims, lent_severity, lent_anecdotal = (
        lines.row, lines.root, lines.claim, lines.severity, lines.anecdotal
    )  # fmt: skip
    at = np.empty(row.size, dtype=np.int64)
    units = rows.unit
    for k in range(row.size):
        at[k] = place[units[row[k]]]
        place[units[row[k]]] += 1
    _scatter(rows.unit, row, at, to.unit)
    _scatter(rows.indicator, row, at, to.indicator)
    _scatter(rows.denies, row, at, to.denies)
    own_agency, own_cell, own_severity, own_anecdotal = rows.agency, rows.cell, rows.severity, rows.anecdotal
    agency, stated, severity, token, origin = to.agency, to.stated, to.severity, to.token, to.origin
    anecdotal, absents, first_hand, row_of = out.anecdotal, out.absent, cells.first_hand, out.row
    for k in range(row.size):
        i, absent = at[k], root[k] >= n_rows
        token[i] = first_claim + claims[k] if claims[k] >= 0 else root[k]
        agency[i] = absent_agency[root[k] - n_rows] if absent else own_agency[root[k]]
        stated[i] = absent or first_hand[own_cell[root[k]]]
        origin[i], row_of[i], absents[i] = root[k], row[k], absent
        severity[i] = min(own_severity[row[k]], lent_severity[k])
        anecdotal[i] = own_anecdotal[row[k]] or lent_anecdotal[k]
    _put(lines.age, at, to.age)
    _put(told.weight, at, to.weight)
    _put(told.tau, at, out.tau)
    _put(told.cell, at, out.cell)
    _put(told.free, at, out.free_weight)
    _put(told.slope, at, out.slope)


@jit
def _put(values: NDArray[Any], at: Ints, out: NDArray[Any]) -> None:
    for k in range(at.size):
        out[at[k]] = values[k]


def _place_told(told: _Lines, place: Ints, out: _Lines) -> None:
    """Put the pairs of the NumPy form, in any order, into the free places of their units."""
    order = np.argsort(told.pairs.unit, kind="stable")
    unit = told.pairs.unit[order]
    at = place[unit] + np.arange(unit.size) - np.searchsorted(unit, unit)
    for mine, theirs in zip((*out.pairs, *out[1:]), (*told.pairs, *told[1:]), strict=True):
        mine[at] = theirs[order]


@jit
def _marks(
    rows: Rows, pairs: Pairs, row: Ints, free: Floats, cycle: Bools, n_units: int
) -> tuple[Bools, Ints, Bools, Bools, Bools]:
    units, lineage, claim, origin, unit, weight = (
        rows.unit, rows.lineage, rows.claim, pairs.origin, pairs.unit, pairs.weight
    )  # fmt: skip
    has_pair, candidate = np.zeros(units.size, dtype=np.bool_), np.zeros(row.size, dtype=np.bool_)
    cross, n = np.empty(row.size, dtype=np.int64), 0
    bound, ringed = np.zeros(n_units, dtype=np.bool_), np.zeros(n_units, dtype=np.bool_)
    for i in range(row.size):
        has_pair[row[i]] = True
        candidate[i] = row[i] == origin[i] and not lineage[row[i]] and claim[row[i]] < 0
        if origin[i] < units.size and units[origin[i]] != unit[i]:
            cross[n] = i
            n += 1
        if free[i] != weight[i]:
            bound[unit[i]] = True
        if cycle[i]:
            ringed[unit[i]] = True
    return candidate, cross[:n], bound, ringed, has_pair


def _finish(rows: Rows, columns: _Lines, start: Ints, n_units: int, lineage: Lineage | None) -> Resolved:
    nothing = np.zeros(0, dtype=np.int64)
    marks = _marks(rows, columns.pairs, columns.row, columns.free_weight, columns.cycle, n_units)
    recorders = (nothing, nothing) if lineage is None else _recorders(rows, lineage)
    dead_row = np.flatnonzero(rows.counts & ~marks[4])
    origins = Origins(*columns, *recorders, dead_row, TwinCandidates(nothing, nothing, nothing))
    return Resolved(origins, start, *marks)
