"""Where each row comes from: its roots through declared lineage, with cycles as one root and dead ends marked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from riskshare.kernels.segments import ranges, sort_runs

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

    node, found, stand_in, hops = _back_from_roots(graph, is_root, root_of, nodes >= n_rows)
    # The members of a ring stand at it; a lone root has a line of its own already.
    keep = (hops > 0) | cyclic[label[node]]
    row, found, via, hops = nodes[node[keep]], found[keep], nodes[stand_in[keep]], hops[keep]
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


def _back_from_roots(
    graph: csr_array, is_root: NDArray[np.bool_], root_of: Index, is_absent: NDArray[np.bool_]
) -> tuple[Index, Index, Index, Index]:
    """Return (node, root, stand-in, hops) for each root a node reaches by its shortest path, equal stand-ins all kept.

    Searching from the roots back visits nothing that is not an answer: a ladder of reports costs what it yields.
    The stand-in is the last node before an absent root, and the root itself for every other.
    """
    back = graph.T.tocsr()
    degrees = np.diff(back.indptr)
    # Where every row repeats one record, no path meets itself or another: nothing is reached twice.
    once = bool(np.all(np.diff(graph.indptr)[~is_root] == 1))
    node = np.flatnonzero(is_root)
    root, stand_in = root_of[node], node
    reached = _Reached(int(root_of.max(initial=0)) + 1)
    lines = [(node, root, stand_in, np.zeros(node.size, dtype=np.int64))]
    hops = 0
    while node.size:
        hops += 1
        degree = degrees[node]
        before = back.indices[ranges(back.indptr[node].astype(np.int64), degree)].astype(np.int64)
        root, stand_in = np.repeat(root, degree), np.repeat(stand_in, degree)
        stand_in = np.where(is_absent[stand_in], before, stand_in)
        new = ~is_root[before]
        node, root, stand_in = before[new], root[new], stand_in[new]
        if not once:
            node, root, stand_in = _distinct(node, root, stand_in)
            new = reached.add(node, root)
            node, root, stand_in = node[new], root[new], stand_in[new]
        lines.append((node, root, stand_in, np.full(node.size, hops)))
    node, root, stand_in, steps = (np.concatenate(column) for column in zip(*lines, strict=True))
    return node, root, stand_in, steps


def _distinct(node: Index, root: Index, stand_in: Index) -> tuple[Index, Index, Index]:
    order, (starts,) = sort_runs((node, root, stand_in), (3,))
    first = order[starts]
    return node[first], root[first], stand_in[first]


class _Reached:
    """The (node, root) pairs met so far: sorted arrays of keys, each at least twice as long as the next.

    Joining only arrays of like length, as counting in binary does, keeps n steps from sorting n² keys.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.keys: list[Index] = []

    def add(self, node: Index, root: Index) -> NDArray[np.bool_]:
        """Return which pairs are new, and remember them; a pair met twice in one call is new both times."""
        key = node * self.width + root
        new = np.ones(key.size, dtype=np.bool_)
        for known in self.keys:
            place = np.minimum(np.searchsorted(known, key), known.size - 1)
            new &= known[place] != key
        latest = np.sort(key[new])
        while self.keys and self.keys[-1].size < 2 * latest.size:
            latest = np.sort(np.concatenate((self.keys.pop(), latest)))
        if latest.size:
            self.keys.append(latest)
        return new
