"""Where rows that repeat others come from, row by row: the roots each reaches, how far off, and what they lend.

Compiled twin of ``lineage.trace`` and of ``origins`` for rows without a ring in reach. Methods: model, section 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.compiled_tools import jit
from riskshare.kernels.origins import Cells, Rows
from riskshare.kernels.segments import Bools, Floats, Ints

REACH = 48
"""A row that reaches more rows, or more roots, is traced by the NumPy form."""

_NEW, _OPEN, _CLEAN, _HARD = 0, 1, 2, 3
_LOST = -2  # stand-ins named different claims


class Heads(NamedTuple):
    """Live lineage by row: row i repeats ``head[start[i]:start[i + 1]]``."""

    start: Ints
    head: Ints


class Lines(NamedTuple):
    """One line per (row, root) that counts: the root, hops to it, in how many parts, and what it lends."""

    row: Ints
    root: Ints
    hops: Ints
    parts: Floats
    cell: Ints
    severity: Floats
    age: Ints
    anecdotal: Bools
    claim: Ints


@jit
def heads(tail: Ints, head: Ints, dead: Bools) -> Heads:
    """Return lineage by row; rows that may not count pass nothing on."""
    start = np.zeros(dead.size + 1, dtype=np.int64)
    for e in range(tail.size):
        if not dead[tail[e]]:
            start[tail[e] + 1] += 1
    for i in range(dead.size):
        start[i + 1] += start[i]
    out = np.empty(start[dead.size], dtype=np.int64)
    place = start[:-1].copy()
    for e in range(tail.size):
        if not dead[tail[e]]:
            out[place[tail[e]]] = head[e]
            place[tail[e]] += 1
    return Heads(start, out)


@jit
def rings(edges: Heads) -> Ints:
    """Return the state of each row: 2 where it reaches no ring, 3 where it is in one or behind one, 0 a root."""
    n_rows = edges.start.size - 1
    state = np.zeros(n_rows, dtype=np.int64)
    if edges.head.size == 0:
        return state
    stack, at = np.empty(n_rows, dtype=np.int64), edges.start[:-1].copy()
    for first in range(n_rows):
        if state[first] != _NEW or edges.start[first] == edges.start[first + 1]:
            continue
        stack[0], state[first], depth = first, _OPEN, 0
        while depth >= 0:
            row = stack[depth]
            if at[row] == edges.start[row + 1]:
                state[row] = _CLEAN if state[row] == _OPEN else _HARD
                depth -= 1
                if depth >= 0 and state[row] == _HARD:
                    state[stack[depth]] = -_OPEN
                continue
            head = edges.head[at[row]]
            at[row] += 1
            if head >= n_rows or edges.start[head] == edges.start[head + 1]:
                continue
            if state[head] == _NEW:
                depth += 1
                stack[depth], state[head] = head, _OPEN
            elif state[head] != _CLEAN:
                state[row] = -_OPEN
    return state


@jit
def reached(edges: Heads, state: Ints) -> Bools:
    """Return the rows in reach of a hard row, itself included."""
    n_rows = state.size
    out = np.zeros(n_rows, dtype=np.bool_)
    stack = np.empty(n_rows, dtype=np.int64)
    for first in range(n_rows):
        if state[first] != _HARD or out[first]:
            continue
        stack[0], out[first], depth = first, True, 0
        while depth >= 0:
            row = stack[depth]
            depth -= 1
            for e in range(edges.start[row], edges.start[row + 1]):
                head = edges.head[e]
                if head < n_rows and not out[head]:
                    out[head] = True
                    depth += 1
                    stack[depth] = head
    return out


@jit
def trace_rows(edges: Heads, state: Ints, rows: Rows, cells: Cells) -> Lines:
    """Return the lines of every row that counts and reaches no ring; a row that reaches too much is marked hard."""
    n_rows = state.size
    # Columns are taken out of their tuples once: inside a loop each look at one would be counted, and counting is slow.
    start, heads_of, counts, dead_rows = edges.start, edges.head, rows.counts, rows.dead
    retention, indicator, ages = cells.retention, rows.indicator, rows.age
    cell, severity, anecdotal, claim = rows.cell, rows.severity, rows.anecdotal, rows.claim
    out = _room(heads_of.size + REACH)
    more = 0
    row_of, root_of, hops_of, parts_of = out.row, out.root, out.hops, out.parts
    cell_of, severity_of, age_of, anecdotal_of, claim_of = out.cell, out.severity, out.age, out.anecdotal, out.claim
    nodes, far = np.empty(REACH, dtype=np.int64), np.empty(REACH, dtype=np.int64)
    found = _room(REACH)
    late = _room(REACH)
    n = 0
    for row in range(n_rows):
        if state[row] != _CLEAN or not counts[row]:
            continue
        head = heads_of[start[row]]
        if start[row + 1] == start[row] + 1 and (head >= n_rows or start[head] == start[head + 1]):
            # One edge, to a root, is told without a search. There are no more of these than edges.
            lender, hops = (row, 0) if head >= n_rows else (head, 1)
            dead = head < n_rows and dead_rows[head]
            if not dead and ages[lender] < retention[indicator[row]]:
                row_of[n], root_of[n], hops_of[n], parts_of[n] = row, head, hops, 1.0
                cell_of[n], severity_of[n], age_of[n] = cell[lender], severity[lender], ages[lender]
                anecdotal_of[n], claim_of[n] = anecdotal[lender], claim[lender]
                n += 1
            continue
        n_found = _search(row, edges, rows, cells, nodes, far, found)
        if n_found < 0:
            state[row] = _HARD
            continue
        if more + n_found > late.row.size:
            late = _wider(late, more)
        for k in range(n_found):
            root = found.root[k]
            dead = root < n_rows and dead_rows[root]
            if dead or found.age[k] >= retention[indicator[row]]:
                continue
            late.row[more], late.root[more], late.hops[more], late.parts[more] = row, root, found.hops[k], n_found
            late.cell[more], late.severity[more], late.age[more] = found.cell[k], found.severity[k], found.age[k]
            late.anecdotal[more], late.claim[more] = found.anecdotal[k], max(found.claim[k], -1)
            more += 1
    return Lines(
        np.concatenate((row_of[:n], late.row[:more])), np.concatenate((root_of[:n], late.root[:more])),
        np.concatenate((hops_of[:n], late.hops[:more])), np.concatenate((parts_of[:n], late.parts[:more])),
        np.concatenate((cell_of[:n], late.cell[:more])), np.concatenate((severity_of[:n], late.severity[:more])),
        np.concatenate((age_of[:n], late.age[:more])), np.concatenate((anecdotal_of[:n], late.anecdotal[:more])),
        np.concatenate((claim_of[:n], late.claim[:more])),
    )  # fmt: skip


@jit
def _room(size: int) -> Lines:
    return Lines(
        np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64),
        np.empty(size), np.empty(size, dtype=np.int64), np.empty(size), np.empty(size, dtype=np.int64),
        np.empty(size, dtype=np.bool_), np.empty(size, dtype=np.int64),
    )  # fmt: skip


@jit
def _wider(lines: Lines, n: int) -> Lines:
    wide = _room(2 * lines.row.size + REACH)
    wide.row[:n], wide.root[:n], wide.hops[:n], wide.parts[:n] = (
        lines.row[:n], lines.root[:n], lines.hops[:n], lines.parts[:n],
    )  # fmt: skip
    wide.cell[:n], wide.severity[:n], wide.age[:n] = lines.cell[:n], lines.severity[:n], lines.age[:n]
    wide.anecdotal[:n], wide.claim[:n] = lines.anecdotal[:n], lines.claim[:n]
    return wide


@jit
def _search(row: int, edges: Heads, rows: Rows, cells: Cells, nodes: Ints, far: Ints, found: Lines) -> int:
    """Find the roots of one row, nearest first, into ``found``; returns how many, −1 where there are too many."""
    n_rows = edges.start.size - 1
    nodes[0], far[0], n_nodes, n_found, at = row, 0, 1, 0, 0
    while at < n_nodes:
        node, hops = nodes[at], far[at]
        at += 1
        for e in range(edges.start[node], edges.start[node + 1]):
            head = edges.head[e]
            absent = head >= n_rows
            if not absent and edges.start[head] < edges.start[head + 1]:
                known = False
                for k in range(n_nodes):
                    known |= nodes[k] == head
                if not known:
                    if n_nodes == REACH:
                        return -1
                    nodes[n_nodes], far[n_nodes] = head, hops + 1
                    n_nodes += 1
                continue
            # A stand-in speaks for an absent record: one hop nearer than the record itself.
            lender, steps = (node, hops) if absent else (head, hops + 1)
            k = 0
            while k < n_found and found.root[k] != head:
                k += 1
            if k == n_found:
                if n_found == REACH:
                    return -1
                n_found += 1
                found.root[k], found.hops[k], found.cell[k] = head, steps, rows.cell[lender]
                found.severity[k], found.age[k] = rows.severity[lender], rows.age[lender]
                found.anecdotal[k], found.claim[k] = rows.anecdotal[lender], rows.claim[lender]
            elif absent and found.hops[k] == steps:
                _join(found, k, lender, rows, cells)
    return n_found


@jit
def _join(found: Lines, k: int, lender: int, rows: Rows, cells: Cells) -> None:
    """Join an equally near stand-in: lowest trust, least sure of itself, mildest, oldest, the claim they agree on."""
    mine, other = found.cell[k], rows.cell[lender]
    trust = cells.trust[other] - cells.trust[mine]
    strength = cells.strength[other] - cells.strength[mine]
    if trust < 0 or (trust == 0 and (strength < 0 or (strength == 0 and other < mine))):
        found.cell[k] = other
    found.severity[k] = min(found.severity[k], rows.severity[lender])
    found.age[k] = max(found.age[k], rows.age[lender])
    found.anecdotal[k] |= rows.anecdotal[lender]
    claim = rows.claim[lender]
    if found.claim[k] == -1:
        found.claim[k] = claim
    elif claim >= 0 and claim != found.claim[k]:
        found.claim[k] = _LOST
