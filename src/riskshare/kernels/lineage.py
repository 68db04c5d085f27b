"""Where each row comes from: its roots through declared lineage, with cycles as one root and dead ends marked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from riskshare.kernels.segments import ranges

Index = NDArray[np.int64]


class Paths(NamedTuple):
    """One line for every way a row reaches a root: (row, root) pairs, a pair repeated where stand-ins tie.

    Lines of one pair stand together; rows that repeat nothing come first.

    ``root`` is a node number: a row, a reference (``n_rows`` and up) or, for a cycle, its lowest row.
    ``stand_in`` is the row that names an absent reference, else the root itself; ``hops`` is the shortest path
    to it. ``n_roots`` counts the row's distinct roots, dead ones too. ``dead`` marks roots that may not count.
    """

    row: Index
    root: Index
    stand_in: Index
    hops: Index
    n_roots: Index
    dead: NDArray[np.bool_]


class Lineage(NamedTuple):
    """Paths from rows to roots, and the members of each cycle that is a root (``cycle_root``, ``cycle_row``).

    The first ``n_alone`` paths are those of rows that repeat nothing.
    """

    paths: Paths
    n_alone: int
    cycle_root: Index
    cycle_row: Index


def trace(n_rows: int, edge_from: Index, edge_to: Index, dead: NDArray[np.bool_]) -> Lineage:
    """Return every row's roots.

    Parameters
    ----------
    n_rows : int
        Rows are nodes 0 … n_rows − 1.
    edge_from, edge_to : numpy.ndarray of int64, shape (n_edges,)
        Declared lineage: row ``edge_from`` repeats node ``edge_to``; ``edge_to`` ≥ n_rows is a reference to a record
        that is absent.
    dead : numpy.ndarray of bool, shape (n_rows,)
        Rows that may not count (withdrawn, excluded). Tracing stops at them: what they repeat does not pass through.

    Returns
    -------
    Lineage
        Dead rows are nobody's source row: they have no line of their own. Empty for no rows.

    Notes
    -----
    Roots are nodes with no edge out; a strongly connected set with no edge out is one root at 0 hops from its
    members (R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972) 146–160, by
    scipy.sparse.csgraph). Hops are breadth-first, all rows at once, one step of the loop a hop. Methods: model,
    section 2, rulings R1, R3, R4, R5.

    Examples
    --------
    Row 1 repeats row 0; row 2 repeats both row 1 and an absent record (node 3):

    >>> paths = trace(3, np.array([1, 2, 2]), np.array([0, 1, 3]), np.zeros(3, bool)).paths
    >>> [tuple(int(x) for x in line[:5]) for line in zip(*paths)]
    [(0, 0, 0, 0, 1), (1, 0, 0, 1, 1), (2, 0, 0, 2, 2), (2, 3, 2, 0, 2)]
    """
    live = ~dead[edge_from]
    edge_from, edge_to = edge_from[live], edge_to[live]
    own = np.ones(n_rows, dtype=np.bool_)
    own[edge_from] = False
    own &= ~dead
    alone = np.flatnonzero(own)
    zeros = np.zeros(alone.size, dtype=np.int64)
    simple = Paths(alone, alone, alone, zeros, zeros + 1, np.zeros(alone.size, dtype=np.bool_))
    if edge_from.size == 0:
        return Lineage(simple, alone.size, zeros[:0], zeros[:0])
    relays, cycle_root, cycle_row = _trace_relays(n_rows, edge_from, edge_to, dead)
    merged = Paths._make(np.concatenate(columns) for columns in zip(simple, relays, strict=True))
    return Lineage(merged, alone.size, cycle_root, cycle_row)


def _trace_relays(n_rows: int, edge_from: Index, edge_to: Index, dead: NDArray[np.bool_]) -> tuple[Paths, Index, Index]:
    nodes, ends = np.unique(np.concatenate((edge_from, edge_to)), return_inverse=True)
    tail, head = ends[: edge_from.size], ends[edge_from.size :]
    graph = csr_array((np.ones(tail.size, dtype=np.int8), (tail, head)), shape=(nodes.size, nodes.size))
    n_sets, label = connected_components(graph, directed=True, connection="strong")
    leaves = np.zeros(n_sets, dtype=np.bool_)
    leaves[label[tail[label[tail] != label[head]]]] = True
    is_root = ~leaves[label]
    cyclic = np.zeros(n_sets, dtype=np.bool_)
    cyclic[label[tail[label[tail] == label[head]]]] = True
    lowest = np.full(n_sets, np.iinfo(np.int64).max)
    np.minimum.at(lowest, label, nodes)
    root_of = np.where(is_root, lowest[label], -1)

    source, found, stand_in, hops = _breadth_first(graph, np.unique(tail), is_root, root_of)
    row, via = nodes[source], nodes[stand_in]
    absent = found >= n_rows
    # A stand-in speaks for an absent record: one hop nearer than the record itself.
    hops = np.where(absent, hops - 1, hops)
    via = np.where(absent, via, found)
    order = np.lexsort((via, found, row))
    row, found, via, hops = row[order], found[order], via[order], hops[order]
    pair = np.append(True, (np.diff(row) != 0) | (np.diff(found) != 0))
    line = pair | np.append(True, np.diff(via) != 0)
    n_roots = np.bincount(row[pair], minlength=n_rows)
    row, found, via, hops = row[line], found[line], via[line], hops[line]
    is_dead = np.zeros(row.size, dtype=np.bool_)
    present = found < n_rows
    is_dead[present] = dead[found[present]]
    members = np.flatnonzero(is_root & cyclic[label])
    return Paths(row, found, via, hops, n_roots[row], is_dead), root_of[members], nodes[members]


def _breadth_first(
    graph: csr_array, sources: NDArray[np.intp], is_root: NDArray[np.bool_], root_of: Index
) -> tuple[NDArray[np.intp], Index, NDArray[np.intp], Index]:
    """Return (source, root, last node before it, hops) for each root at its first arrival, ties of the last kept."""
    inside = sources[is_root[sources]]
    lines = [(inside, root_of[inside], inside, np.zeros(inside.size, dtype=np.int64))]
    origin = here = sources[~is_root[sources]]
    degrees = np.diff(graph.indptr)
    # Where every row repeats one record, no path meets itself or another: nothing is reached twice.
    once = bool(np.all(degrees[~is_root] == 1))
    seen = _Reached(is_root.size, origin, here)
    arrived = _Reached(int(root_of.max(initial=0)) + 1, origin[:0], here[:0])
    hops = 0
    while origin.size:
        hops += 1
        degree = degrees[here]
        position = ranges(graph.indptr[here].astype(np.int64), degree)
        origin, last = np.repeat(origin, degree), np.repeat(here, degree)
        here = graph.indices[position].astype(np.int64)
        at_root = is_root[here]
        source, root, before = origin[at_root], root_of[here[at_root]], last[at_root]
        origin, here = origin[~at_root], here[~at_root]
        if not once:
            new = arrived.add(source, root)
            source, root, before = source[new], root[new], before[new]
            new = seen.add(origin, here)
            origin, here = _distinct(origin[new], here[new], is_root.size)
        lines.append((source, root, before, np.full(source.size, hops)))
    source, root, last, steps = (np.concatenate(column) for column in zip(*lines, strict=True))
    return source, root, last, steps


def _distinct(origin: Index, here: Index, n_nodes: int) -> tuple[Index, Index]:
    key = np.unique(origin * n_nodes + here)
    return key // n_nodes, key % n_nodes


class _Reached:
    """The (row, node) pairs met so far, as one sorted array of keys."""

    def __init__(self, width: int, row: Index, node: Index) -> None:
        self.width = width
        self.keys = np.sort(row * width + node)

    def add(self, row: Index, node: Index) -> NDArray[np.bool_]:
        """Return which pairs are new, and remember them; a pair met twice in one call is new both times."""
        key = row * self.width + node
        place = np.searchsorted(self.keys, key)
        new = np.ones(key.size, dtype=np.bool_)
        inside = place < self.keys.size
        new[inside] = self.keys[place[inside]] != key[inside]
        self.keys = np.sort(np.concatenate((self.keys, key[new])))
        return new
