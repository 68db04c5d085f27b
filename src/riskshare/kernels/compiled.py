"""The whole of scoring, compiled: the twin of ``scores.score`` for caseloads, with the same bits.

Only the loops are compiled. Exponentials, logarithms and powers stay in NumPy, because a compiler's own can differ from
them in the last bit; what the loops do between is the same IEEE arithmetic in the same order (``docs/decisions/0013``).
Units the loops leave out (rings of reports, twins told across lenses, claims of very many dates) go to the NumPy form.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels import compiled_units as units
from riskshare.kernels.caseload import RowFacts
from riskshare.kernels.claims import sort_candidates
from riskshare.kernels.compiled_caps import CapPasses, cap_passes
from riskshare.kernels.compiled_claims import Passed, forward
from riskshare.kernels.compiled_order import Grouped, group, join_twins, moved
from riskshare.kernels.compiled_origins import Resolved, resolve
from riskshare.kernels.compiled_reasons import backward
from riskshare.kernels.origins import Edges, Rows
from riskshare.kernels.scores import Detail, Parts, Policy, tell_units
from riskshare.kernels.segments import Bools, Floats, Ints

Classes = tuple[tuple[Bools, float], ...]

_ROW_TYPES = (*(np.int64,) * 4, np.float64, np.bool_, np.bool_, *(np.int64,) * 3, *(np.bool_,) * 3)


def _plain(column: NDArray[Any], kind: type) -> NDArray[Any]:
    """Return a column as the one type of array that was compiled for: another would be compiled for anew."""
    return np.require(column, dtype=kind, requirements=["C", "W"])


class Totals(NamedTuple):
    """W⁺ and W⁻ of each unit in int64 units of 2⁻⁴⁰ nat, as ``scores.Parts``."""

    everything: Ints
    raising: Ints
    protective: Ints


class _Work(NamedTuple):
    """One block on its way: pairs, classes, and the units left to the NumPy form so far."""

    resolved: Resolved
    grouped: Grouped
    classes: Classes
    policy: Policy
    hard: Bools

    @property
    def n_units(self) -> int:
        return self.hard.size


def total_units(rows: Rows, edges: Edges, policy: Policy, n_units: int) -> Totals | None:
    """Return W⁺ and W⁻ of each unit and nothing else, or None where the block is for the NumPy form alone.

    Arguments as ``part_units``.
    """
    work = _start(rows, edges, policy, n_units)
    if work is None:
        return None
    base, every = _base(work)
    capped = cap_passes(work.grouped, base, every, policy.rules, work.classes, work.hard)
    out = Totals(base.raising, capped.raising, base.protective)
    if work.hard.any():
        parts, _, numbers = _left_out(work)
        for mine, theirs in zip(out, parts[:3], strict=True):
            mine[numbers] = theirs
    return out


def part_units(rows: Rows, edges: Edges, policy: Policy, n_units: int) -> tuple[Parts, RowFacts] | None:
    """Return what the rows of each unit come to, or None where the block is for the NumPy form alone.

    Parameters
    ----------
    rows, edges
        As ``scores.score``.
    policy : Policy
    n_units : int

    Returns
    -------
    parts : Parts
        To the bit what ``scores.tell_units`` returns.
    facts : RowFacts
    """
    work = _start(rows, edges, policy, n_units)
    if work is None:
        return None
    base, every = _base(work)
    capped, factual_up, factual_down = _caps(work, base, every)
    share, slope, of_strength = _shares(work, base, capped)
    origins, start = work.resolved.origins, work.resolved.start
    binds = capped.binds
    if not np.isfinite(policy.anecdotal_cap):
        binds = np.concatenate((np.zeros((1, n_units), dtype=np.bool_), binds))
    claims = base.claims
    parts = Parts(
        base.raising, capped.raising, base.protective, factual_up, factual_down,
        units.trust_doubt(work.resolved, slope, policy), of_strength, binds,
        *units.count(start, origins.row, origins.pairs.origin, origins.pairs.agency),
        *units.lean(work.resolved, share, policy),  # type: ignore[arg-type]  # columns in order
        units.disputed(claims.unit, claims.denied, claims.level, base.believed.level_truth, n_units),
    )  # fmt: skip
    marks = units.row_marks(origins.row, origins.pairs.age, rows.unit.size, base.at.pair, base.at.twin, origins.cycle)
    if work.hard.any():
        theirs, detail, numbers = _left_out(work)
        for mine, told in zip(parts, theirs, strict=True):
            mine[..., numbers] = told
        fused = detail.capped.base
        marks[1][detail.origins.row[fused.order[fused.twin]]] = True
    youngest, twinned, circular = marks
    counted = np.flatnonzero(work.resolved.has_pair)
    facts = RowFacts(counted, youngest[counted], origins.dead_row, np.flatnonzero(circular), np.flatnonzero(twinned))
    return parts, facts


def _start(rows: Rows, edges: Edges, policy: Policy, n_units: int) -> _Work | None:
    rows, edges = Rows._make(map(_plain, rows, _ROW_TYPES)), Edges._make(_plain(column, np.int64) for column in edges)
    resolved = resolve(rows, edges, policy.cells, n_units)
    origins = resolved.origins
    n_nodes = rows.unit.size + edges.agency.size
    grouped = group(
        origins.pairs,
        resolved.start,
        resolved.candidate,
        resolved.cross,
        rows.unit[origins.pairs.origin[resolved.cross]],
        policy.rules,
        n_nodes,
    )
    if grouped is None:
        return None
    classes: list[tuple[Bools, float]] = []
    if np.isfinite(policy.anecdotal_cap):
        classes.append((origins.anecdotal, policy.anecdotal_cap))
    for in_sector, most in zip(policy.sectors, policy.sector_caps, strict=True):
        # A ring may have several agencies of origin; its units are told by the NumPy form.
        classes.append((in_sector[origins.pairs.agency], float(most)))
    return _Work(resolved, grouped, tuple(classes), policy, resolved.ringed.copy())


def _base(work: _Work) -> tuple[Passed, Bools]:
    every = np.ones(work.resolved.origins.row.size, dtype=np.bool_)
    rules, units_all = work.policy.rules, np.arange(work.n_units)
    twin_of = join_twins(work.grouped, units_all, every, rules.twin_days)
    return forward(work.grouped, units_all, every, work.grouped.pairs.weight, twin_of, rules, work.hard), every


def _caps(work: _Work, base: Passed, every: Bools) -> tuple[CapPasses, Ints, Ints]:
    """Return W⁺ under the caps, and the factual W⁺ and W⁻: the pass without anecdotes serves both."""
    grouped, rules, fact = work.grouped, work.policy.rules, ~work.resolved.origins.anecdotal
    touched = np.zeros(work.n_units, dtype=np.bool_)
    touched[grouped.pairs.unit[~fact]] = True
    told = np.flatnonzero(touched)
    twin_of = join_twins(grouped, told, fact, rules.twin_days, base.twin_of)
    # A unit without an anecdote can repeat a twin of one with some.
    told = np.flatnonzero((touched | moved(grouped, base.twin_of, twin_of)) & ~work.hard)
    facts = forward(grouped, told, fact, grouped.pairs.weight, twin_of, rules, work.hard)
    has_cap = np.isfinite(work.policy.anecdotal_cap)
    capped = cap_passes(grouped, base, every, rules, work.classes, work.hard, known=facts if has_cap else None)
    sectors = work.classes[1:] if has_cap else work.classes
    factual = cap_passes(grouped, facts, fact, rules, sectors, work.hard)
    up, down = capped.raising.copy(), base.protective.copy()
    up[told], down[told] = factual.raising[told], facts.protective[told]
    return capped, up, down


def _shares(work: _Work, base: Passed, capped: CapPasses) -> tuple[Floats, Floats, Floats]:
    """Return φ of each pair under the caps, its slope in the model without τ_max, and V_w of each unit."""
    rules, origins = work.policy.rules, work.resolved.origins
    size = origins.row.size
    plain, slope = np.zeros(size), np.zeros(size)
    back = backward(base, rules)
    plain[base.at.pair], slope[base.at.pair] = back.share, back.slope
    share = units.capped_shares(capped, plain, work.resolved, rules, work.classes)
    doubt = _strength_doubt(work, base, back.strength_slope)
    bound = work.resolved.bound & ~work.hard
    if bound.any():
        every = np.ones(size, dtype=np.bool_)
        free = forward(work.grouped, np.flatnonzero(bound), every, origins.free_weight, base.twin_of, rules, work.hard)
        back = backward(free, rules)
        slope[free.at.pair] = back.slope
        doubt = np.where(bound, _strength_doubt(work, free, back.strength_slope), doubt)
    return share, slope, doubt


def _strength_doubt(work: _Work, done: Passed, slope: Floats) -> Floats:
    first = done.claims.kind_start[:-1]
    kind, unit = done.claims.kind[first], done.claims.unit[first]
    return units.strength_doubt(slope, unit, kind, work.policy.strength_sd, work.n_units)


def _left_out(work: _Work) -> tuple[Parts, Detail, Ints]:
    """Return what the NumPy form makes of the units left out, and their numbers."""
    numbers = np.flatnonzero(work.hard)
    whole = work.resolved.origins
    some = np.flatnonzero(work.hard[whole.pairs.unit])
    pairs = whole.pairs.take(some)
    pairs = pairs._replace(unit=np.searchsorted(numbers, pairs.unit))
    candidate = work.resolved.candidate[some]
    group_of = ((pairs.unit * work.policy.rules.strength.size + pairs.indicator) * 2 + pairs.denies)[candidate]
    twins = sort_candidates(group_of, pairs.age[candidate], pairs.origin[candidate])
    origins = whole._replace(
        pairs=pairs, row=whole.row[some], tau=whole.tau[some], cell=whole.cell[some],
        free_weight=whole.free_weight[some], slope=whole.slope[some], anecdotal=whole.anecdotal[some],
        cycle=whole.cycle[some], absent=whole.absent[some], twins=twins,
    )  # fmt: skip
    return (*tell_units(origins, work.policy, numbers.size), numbers)
