"""Roots of rows through declared lineage, drawn small; random graphs stand beside the networkx twin."""

from __future__ import annotations

import numpy as np

from riskshare.kernels.lineage import Lineage, trace


def found(n_rows: int, edges: list[tuple[int, int]], dead: tuple[int, ...] = ()) -> Lineage:
    tail, head = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    return trace(n_rows, tail, head, np.isin(np.arange(n_rows), dead))


def lines(lineage: Lineage) -> list[tuple[int, ...]]:
    """Return (row, root, stand-in, hops, roots, dead) of every line, sorted."""
    return sorted(zip(*(column.astype(int).tolist() for column in lineage.paths), strict=True))


def test_no_rows() -> None:
    assert lines(found(0, [])) == []


def test_rows_that_repeat_nothing_are_their_own_roots() -> None:
    assert lines(found(3, [], dead=(1,))) == [(0, 0, 0, 0, 1, 0), (2, 2, 2, 0, 1, 0)]


def test_a_chain_counts_its_hops() -> None:
    assert lines(found(3, [(2, 1), (1, 0)])) == [(0, 0, 0, 0, 1, 0), (1, 0, 0, 1, 1, 0), (2, 0, 0, 2, 1, 0)]


def test_the_shortest_way_counts() -> None:
    assert (3, 0, 0, 1, 1, 0) in lines(found(4, [(3, 2), (2, 1), (1, 0), (3, 0)]))


def test_two_roots_each_once() -> None:
    assert lines(found(4, [(3, 0), (3, 1), (2, 0), (3, 2)]))[-2:] == [(3, 0, 0, 1, 2, 0), (3, 1, 1, 1, 2, 0)]


def test_an_absent_record_is_stood_in_for_by_whoever_names_it() -> None:
    assert lines(found(2, [(0, 2), (1, 0)])) == [(0, 2, 0, 0, 1, 0), (1, 2, 0, 1, 1, 0)]


def test_equally_near_stand_ins_all_stand() -> None:
    assert [line for line in lines(found(3, [(0, 3), (1, 3), (2, 0), (2, 1)])) if line[0] == 2] == [
        (2, 3, 0, 1, 1, 0),
        (2, 3, 1, 1, 1, 0),
    ]


def test_a_nearer_stand_in_stands_alone() -> None:
    assert [line for line in lines(found(3, [(0, 3), (1, 3), (1, 0), (2, 1)])) if line[0] == 2] == [(2, 3, 1, 1, 1, 0)]


def test_a_ring_is_one_root_at_no_distance() -> None:
    lineage = found(4, [(0, 1), (1, 2), (2, 0), (3, 2)])
    assert lines(lineage) == [(0, 0, 0, 0, 1, 0), (1, 0, 0, 0, 1, 0), (2, 0, 0, 0, 1, 0), (3, 0, 0, 1, 1, 0)]
    assert sorted(zip(lineage.cycle_root.tolist(), lineage.cycle_row.tolist(), strict=True)) == [(0, 0), (0, 1), (0, 2)]


def test_a_row_that_repeats_itself_is_a_ring() -> None:
    lineage = found(1, [(0, 0)])
    assert lines(lineage) == [(0, 0, 0, 0, 1, 0)]
    assert lineage.cycle_row.tolist() == [0]


def test_a_ring_with_a_way_out_is_no_root() -> None:
    lineage = found(3, [(0, 1), (1, 0), (1, 2)])
    assert lines(lineage) == [(0, 2, 2, 2, 1, 0), (1, 2, 2, 1, 1, 0), (2, 2, 2, 0, 1, 0)]
    assert lineage.cycle_row.size == 0


def test_tracing_stops_at_what_may_not_count() -> None:
    assert lines(found(3, [(2, 1), (1, 0)], dead=(1,))) == [(0, 0, 0, 0, 1, 0), (2, 1, 1, 1, 1, 1)]


def test_a_dead_root_still_takes_its_part() -> None:
    """A row with one live and one dead root speaks for two: withdrawing one sets nothing free."""
    assert lines(found(3, [(2, 0), (2, 1)], dead=(1,)))[-2:] == [(2, 0, 0, 1, 2, 0), (2, 1, 1, 1, 2, 1)]


def test_a_ring_that_a_dead_row_breaks_is_none() -> None:
    assert lines(found(2, [(0, 1), (1, 0)], dead=(1,))) == [(0, 1, 1, 1, 1, 1)]


def test_many_ways_to_one_root_are_one_line() -> None:
    layers = 6
    edges = [(2 * k + i, 2 * (k - 1) + j) for k in range(1, layers) for i in (0, 1) for j in (0, 1)]
    top = [line for line in lines(found(2 * layers, edges)) if line[0] == 2 * layers - 1]
    assert top == [(11, 0, 0, 5, 2, 0), (11, 1, 1, 5, 2, 0)]


def test_a_long_ladder_is_traced_by_its_shortest_ways() -> None:
    length = 300
    lineage = found(length, [(row, row - step) for row in range(2, length) for step in (1, 2)])
    wanted = [(0, 0, 0), (1, 1, 0)]
    nearest = [{0: 0}, {1: 0}]
    for row in range(2, length):
        steps = [nearest[row - 1], nearest[row - 2]]
        nearest.append({root: 1 + min(way[root] for way in steps if root in way) for way in steps for root in way})
        wanted += [(row, root, hops) for root, hops in sorted(nearest[row].items())]
    assert [(row, root, hops) for row, root, _, hops, _, _ in lines(lineage)] == wanted


def test_every_pair_of_a_comb_is_found_once() -> None:
    """Each row of a ladder repeats the last one and a first-hand record of its own: n rows have 1, 2, … n roots."""
    length = 60
    teeth = [(length + row, row) for row in range(length)]
    lineage = found(2 * length, teeth + [(length + row, length + row - 1) for row in range(1, length)])
    relayed = [(row - length, root, hops) for row, root, _, hops, _, _ in lines(lineage) if row >= length]
    assert relayed == [(row, root, 1 + row - root) for row in range(length) for root in range(row + 1)]
