"""What the pairs of each unit come to beyond their total: doubt, counts, and on whom the score leans.

Compiled twin of the unit sums in ``scores`` and of ``caps.capped_shares``. Methods: model, sections 8 and 9.
"""

from __future__ import annotations

import numpy as np

from riskshare.kernels.compiled_caps import CapPasses
from riskshare.kernels.compiled_origins import Resolved
from riskshare.kernels.compiled_reasons import backward
from riskshare.kernels.compiled_tools import FEW, jit, ordered_sum, pairwise, sums
from riskshare.kernels.fusion import Rules
from riskshare.kernels.scores import Policy
from riskshare.kernels.segments import UNIT, Bools, Floats, Ints, from_units


def capped_shares(
    capped: CapPasses, plain: Floats, resolved: Resolved, rules: Rules, classes: tuple[tuple[Bools, float], ...]
) -> Floats:
    """Return φ of each pair in nats under the caps, pairs in the order of ``resolved`` (ruling R7)."""
    binds = capped.binds
    tied = binds.sum(axis=0)
    if not tied.any():
        return plain
    pairs = resolved.origins.pairs
    raising = rules.direction[pairs.indicator] > 0
    share = plain.copy()
    units = np.flatnonzero(tied)
    _clear(share, resolved.start, units, raising)
    for number, (member, _) in enumerate(classes):
        rest = capped.without[number]
        if rest is None:
            continue
        part = np.zeros(share.size)
        part[rest.at.pair] = backward(rest, rules).share
        here = np.flatnonzero(binds[number])
        room = from_units(capped.raising[here] - rest.raising[here])
        _add_share(share, plain, part, member & raising, raising, member, resolved.start, here, room, tied)
    return share


@jit
def _clear(share: Floats, start: Ints, units: Ints, raising: Bools) -> None:
    for u in units:
        for i in range(start[u], start[u + 1]):
            if raising[i]:
                share[i] = 0.0


@jit
def _add_share(
    share: Floats, plain: Floats, part: Floats, members: Bools, raising: Bools, member: Bools, start: Ints, units: Ints,
    room: Floats, tied: Ints,
) -> None:  # fmt: skip
    """Add each raising pair's share where one class binds: its own without the class, or in proportion inside it."""
    scratch = np.empty(_longest(start))
    for k in range(units.size):
        u = units[k]
        n = 0
        for i in range(start[u], start[u + 1]):
            if members[i]:
                scratch[n] = plain[i]
                n += 1
        total = ordered_sum(scratch, n) if n else 0.0
        # Where no row of the class holds a share, what the class still adds is divided equally.
        factor = room[k] / total if total > 0 else 0.0
        equal = 0.0 if total > 0 else room[k] / max(n, 1)
        for i in range(start[u], start[u + 1]):
            if raising[i]:
                value = plain[i] * factor + equal if member[i] else part[i]
                share[i] += value / tied[u]


@jit
def _longest(start: Ints) -> int:
    longest = 1
    for u in range(start.size - 1):
        longest = max(longest, start[u + 1] - start[u])
    return longest


def strength_doubt(slope: Floats, unit: Ints, kind: Ints, sd: Floats, n_units: int) -> Floats:
    """Return V_w of each unit from ∂L/∂|w| of its indicators, one line each, by unit."""
    spread = slope * sd[kind]
    starts = np.flatnonzero(np.append(True, unit[1:] != unit[:-1])) if unit.size else np.zeros(0, dtype=np.int64)
    out = np.zeros(n_units)
    if starts.size:
        out[unit[starts]] = sums(spread**2, starts)
    return out


def trust_doubt(resolved: Resolved, slope: Floats, policy: Policy) -> Floats:
    """Return V_τ of each unit from ∂L/∂v of its pairs; the error of a trust cell is shared by all its rows."""
    cells = policy.cells
    return _trust_doubt(
        resolved.start, resolved.origins.cell, slope * resolved.origins.slope, cells.trust, cells.strength
    )


@jit
def _trust_doubt(start: Ints, cell: Ints, slope: Floats, trust: Floats, strength: Floats) -> Floats:
    out = np.zeros(start.size - 1)
    longest = _longest(start)
    key, value, terms = np.empty(longest, dtype=np.int64), np.empty(longest), np.empty(longest)
    for u in range(out.size):
        n = start[u + 1] - start[u]
        if n == 0:
            continue
        for k in range(n):
            key[k], value[k] = cell[start[u] + k], slope[start[u] + k]
        _sort_both(key, value, n)
        first, m = 0, 0
        for k in range(1, n + 1):
            if k < n and key[k] == key[first]:
                continue
            of_cell = pairwise(value, first, k)
            t = trust[key[first]]
            terms[m] = of_cell * of_cell * t * (1.0 - t) / (strength[key[first]] + 1.0)
            m += 1
            first = k
        out[u] = ordered_sum(terms, m)
    return out


@jit
def _sort_both(key: Ints, value: Floats, n: int) -> None:
    """Sort by key, then value, in place."""
    if n > FEW:
        order = np.argsort(value[:n], kind="mergesort")
        order = order[np.argsort(key[:n][order], kind="mergesort")]
        key[:n], value[:n] = key[:n][order], value[:n][order]
        return
    for i in range(1, n):
        k, v = key[i], value[i]
        j = i
        while j > 0 and (key[j - 1] > k or (key[j - 1] == k and value[j - 1] > v)):
            key[j], value[j] = key[j - 1], value[j - 1]
            j -= 1
        key[j], value[j] = k, v


@jit
def _distinct(values: Ints, start: int, end: int, scratch: Ints) -> int:
    n = end - start
    if n > FEW:
        scratch[:n] = np.sort(values[start:end])
    else:
        for k in range(n):
            v = values[start + k]
            j = k
            while j > 0 and scratch[j - 1] > v:
                scratch[j] = scratch[j - 1]
                j -= 1
            scratch[j] = v
    found = min(n, 1)
    for k in range(1, n):
        found += scratch[k] != scratch[k - 1]
    return found


@jit
def count(start: Ints, row: Ints, origin: Ints, agency: Ints) -> tuple[Ints, Ints, Ints]:
    """Return how many rows, origins and agencies of origin stand behind each unit."""
    n_units = start.size - 1
    rows, origins = np.zeros(n_units, dtype=np.int64), np.zeros(n_units, dtype=np.int64)
    agencies = np.zeros(n_units, dtype=np.int64)
    scratch = np.empty(_longest(start), dtype=np.int64)
    for u in range(n_units):
        rows[u] = _distinct(row, start[u], start[u + 1], scratch)
        origins[u] = _distinct(origin, start[u], start[u + 1], scratch)
        agencies[u] = _distinct(agency, start[u], start[u + 1], scratch)
    return rows, origins, agencies


def lean(resolved: Resolved, share: Floats, policy: Policy) -> tuple[Floats, Floats, Ints, Floats, Floats]:
    """Return police share, effective agencies, leading agency, anecdotal share and mean freshness of each unit."""
    pairs = resolved.origins.pairs
    weight = np.abs(share)
    fresh = np.exp2(-pairs.age / policy.rules.half_life[pairs.indicator])
    return _lean(
        resolved.start, pairs.agency, weight, weight * resolved.origins.anecdotal, weight * fresh, policy.police
    )


@jit
def _lean(
    start: Ints, agency: Ints, weight: Floats, anecdotal: Floats, fresh: Floats, police: Bools
) -> tuple[Floats, Floats, Ints, Floats, Floats]:
    n_units, n_agencies = start.size - 1, police.size
    of_police, effective = np.full(n_units, np.nan), np.full(n_units, np.nan)
    of_anecdotes, freshness = np.full(n_units, np.nan), np.full(n_units, np.nan)
    leading = np.full(n_units, -1)
    longest = max(_longest(start), n_agencies)
    key, value, scratch = np.empty(longest, dtype=np.int64), np.empty(longest), np.empty(longest)
    table = np.zeros(n_agencies)
    for u in range(n_units):
        n = start[u + 1] - start[u]
        if n == 0:
            continue
        for k in range(n):
            key[k], value[k] = agency[start[u] + k], weight[start[u] + k]
        _sort_both(key, value, n)
        table[:] = 0.0
        first = 0
        for k in range(1, n + 1):
            if k == n or key[k] != key[first]:
                table[key[first]] = pairwise(value, first, k)
                first = k
        total = _line_sum(table, scratch)
        if total <= 0:
            continue
        leading[u] = _leader(table)
        for a in range(n_agencies):
            table[a] /= total
        of_police[u] = _masked_sum(table, police, scratch)
        for a in range(n_agencies):
            table[a] *= table[a]
        effective[u] = 1.0 / _line_sum(table, scratch)
        of_anecdotes[u] = _part_sum(anecdotal, start[u], n, scratch) / total
        freshness[u] = _part_sum(fresh, start[u], n, scratch) / total
    return of_police, effective, leading, of_anecdotes, freshness


@jit
def _line_sum(table: Floats, scratch: Floats) -> float:
    scratch[: table.size] = table
    return _sorted_sum(scratch, table.size)


@jit
def _masked_sum(table: Floats, mask: Bools, scratch: Floats) -> float:
    for a in range(table.size):
        scratch[a] = table[a] if mask[a] else 0.0
    return _sorted_sum(scratch, table.size)


@jit
def _part_sum(values: Floats, start: int, n: int, scratch: Floats) -> float:
    for k in range(n):
        scratch[k] = values[start + k]
    return ordered_sum(scratch, n)


@jit
def _sorted_sum(scratch: Floats, n: int) -> float:
    return ordered_sum(scratch, n)


@jit
def _leader(table: Floats) -> int:
    """Return the agency with the greatest share, −1 where several tie: a name must not break a tie."""
    best, leader, ahead = 0.0, -1, 0
    for a in range(table.size):
        best = max(best, table[a])
    for a in range(table.size):
        if table[a] >= best - UNIT:
            leader = a
            ahead += 1
    return leader if ahead == 1 else -1


@jit
def disputed(claim_unit: Ints, denied: Floats, level: Ints, truth: Floats, n_units: int) -> Bools:
    """Return units with a claim that is both supported and denied."""
    out = np.zeros(n_units, dtype=np.bool_)
    for c in range(claim_unit.size):
        if denied[c] * truth[level[c]] > UNIT:
            out[claim_unit[c]] = True
    return out


@jit
def row_marks(row: Ints, age: Ints, n_rows: int, pair: Ints, twin: Bools, cycle: Bools) -> tuple[Ints, Bools, Bools]:
    """Return by row the age of its youngest origin, and whether it may tell a story twice or stands behind a ring."""
    youngest = np.full(n_rows, np.iinfo(np.int64).max)
    twinned, circular = np.zeros(n_rows, dtype=np.bool_), np.zeros(n_rows, dtype=np.bool_)
    for i in range(row.size):
        youngest[row[i]] = min(youngest[row[i]], age[i])
        circular[row[i]] |= cycle[i]
    for k in range(pair.size):
        twinned[row[pair[k]]] |= twin[k]
    return youngest, twinned, circular
