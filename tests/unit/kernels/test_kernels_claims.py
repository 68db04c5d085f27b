"""Suspected twins: connected components in time, against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from riskshare.kernels.claims import TwinCandidates, sort_candidates, twin_sets

NONE = np.zeros(0, dtype=np.int64)


def test_no_candidates_no_twins() -> None:
    empty = sort_candidates(NONE, NONE, NONE)
    assert [column.size for column in twin_sets(empty, 3)] == [0, 0]


def test_one_candidate_has_no_twin() -> None:
    one = np.array([0])
    assert [column.size for column in twin_sets(TwinCandidates(one, one, one), 3)] == [0, 0]


@pytest.mark.parametrize(("days", "twins"), [(3, [5, 6]), (2, []), (0, [])])
def test_days_apart_decide(days: int, twins: list[int]) -> None:
    found, _ = twin_sets(TwinCandidates(np.array([0, 0]), np.array([1, 4]), np.array([5, 6])), days)
    assert found.tolist() == twins


def test_another_group_is_never_a_twin() -> None:
    found, _ = twin_sets(TwinCandidates(np.array([0, 1]), np.array([1, 1]), np.array([5, 6])), 3)
    assert found.size == 0


def test_sets_are_the_components_networkx_finds() -> None:
    for seed in range(300):
        rng = np.random.default_rng(seed)
        size, days = int(rng.integers(0, 14)), int(rng.integers(0, 5))
        group, day, origin = rng.integers(0, 3, size), rng.integers(0, 25, size), rng.permutation(40)[:size]
        graph = nx.Graph()
        graph.add_edges_from(
            (int(origin[i]), int(origin[j]))
            for i in range(size)
            for j in range(i)
            if group[i] == group[j] and abs(day[i] - day[j]) <= days
        )
        wanted = {node: min(part) for part in nx.connected_components(graph) for node in part}
        found, sets = twin_sets(sort_candidates(group, day, origin), days)
        assert dict(zip(found.tolist(), sets.tolist(), strict=True)) == wanted
