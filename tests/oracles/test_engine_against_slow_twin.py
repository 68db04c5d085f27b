"""The engine against the slow twin of the model: every figure, on random cases rich in lineage and corrections."""

from __future__ import annotations

import datetime as dt
from typing import Any

import networkx as nx
import numpy as np
import pytest

from oracles.random_cases import SUBJECT, random_case
from oracles.slow_model import alone_score, slow_score, whole_points
from properties.engine import Case, against_twin, differences, figures, run, supported_claims
from riskshare.kernels.lineage import trace

CLOSE = 2e-11


def differences_of(seed: int) -> list[str]:
    """Score one random case both ways and say where the two differ."""
    rng = np.random.default_rng([seed, 20])
    case = random_case(rng, n_rows=int(rng.integers(1, 16)))
    done = run({"case": case["rows"]}, case)
    subject = f"case/{SUBJECT}"
    if not done.knows(subject):
        return []
    got = figures(done, subject, case["lens"], case["policy"])
    wanted = slow_score(case["rows"], case["policy"], subject=SUBJECT, lens=case["lens"], as_of=case["as_of"])
    add_unknowing(wanted, got, case)
    shown = done.shown_claims(subject, case["lens"])
    found = against_twin(got, wanted, CLOSE)
    found += differences(shown, supported_claims(wanted["claims"]), CLOSE, "/shown")
    return [f"seed {seed}: {difference}" for difference in found]


def add_unknowing(wanted: dict[str, Any], got: dict[str, Any], case: Case) -> None:
    """Add to the twin's ``alone`` agencies whose rows all rest on what may not count: alone, they do not know that.

    The page leaves it open. The twin lists agencies that have a row which counts when pooled; the engine every agency
    that holds something when alone.
    """
    barred = {name.partition(":")[0] for name, why in wanted["excluded"] if why == "relay"}
    extra = (set(got["alone"]) - set(wanted["alone"])) & barred
    for agency in extra:
        rows = [row for row in case["rows"] if row["agency"] == agency]
        day = dt.date.fromisoformat(case["as_of"])
        log_odds = alone_score(rows, case["policy"], SUBJECT, case["lens"], day)
        wanted["alone"][agency] = {"L": log_odds, "points": whole_points(log_odds, case["policy"])}
    if extra:
        best = max(agency["points"] for agency in wanted["alone"].values())
        wanted["seen_only_together"] = wanted["points"] >= 70 > best


@pytest.mark.parametrize("first", range(0, 320, 40))
def test_every_figure_is_the_twins(first: int) -> None:
    assert [line for seed in range(first, first + 40) for line in differences_of(seed)] == []


@pytest.mark.long
@pytest.mark.parametrize("first", range(1_000, 21_000, 1_000))
def test_every_figure_is_the_twins_at_length(first: int) -> None:
    assert [line for seed in range(first, first + 1_000) for line in differences_of(seed)] == []


# ------------------------------------------------------------------------------------------------ lineage

Line = tuple[int, int, int, int, int, bool]


def slow_trace(n_rows: int, edges: list[tuple[int, int]], dead: set[int]) -> tuple[list[Line], set[tuple[int, int]]]:
    """Every row's roots by networkx: sinks of the condensed graph, hops by shortest paths, one row at a time."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n_rows))
    graph.add_edges_from((tail, head) for tail, head in edges if tail not in dead)
    lines: list[Line] = []
    rings: set[tuple[int, int]] = set()
    for row in sorted(set(range(n_rows)) - dead):
        hops = nx.single_source_shortest_path_length(graph, row)
        found = []
        for members in nx.strongly_connected_components(graph.subgraph(hops)):
            if any(head not in members for node in members for head in graph.successors(node)):
                continue
            root = min(members)
            steps = min(hops[node] for node in members)
            if root >= n_rows:  # absent: its nearest namers stand in for it
                found += [(root, by, steps - 1, False) for by in graph.predecessors(root) if hops.get(by) == steps - 1]
                continue
            found.append((root, root, steps, root in dead))
            if graph.out_degree(root):
                rings |= {(root, node) for node in members}
        count = len({root for root, *_ in found})
        lines += [(row, root, by, steps, count, is_dead) for root, by, steps, is_dead in found]
    return sorted(lines), rings


def random_graph(rng: np.random.Generator) -> tuple[int, list[tuple[int, int]], set[int]]:
    """Rows that repeat rows, themselves, each other in rings, and records that are absent; some rows may not count."""
    n_rows, n_absent = int(rng.integers(1, 14)), int(rng.integers(0, 4))
    edges = {
        (int(rng.integers(0, n_rows)), int(rng.integers(0, n_rows + n_absent)))
        for _ in range(int(rng.integers(0, 2 * n_rows)))
    }
    if n_rows > 3 and rng.random() < 0.4:
        ring = [int(row) for row in rng.choice(n_rows, size=int(rng.integers(2, 5)), replace=False)]
        edges |= set(zip(ring, [*ring[1:], ring[0]], strict=True))
    return n_rows, sorted(edges), {row for row in range(n_rows) if rng.random() < 0.15}


def trace_both(seed: int) -> tuple[tuple[list[Line], set[tuple[int, int]]], tuple[list[Line], set[tuple[int, int]]]]:
    n_rows, edges, dead = random_graph(np.random.default_rng([seed, 21]))
    tail, head = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    found = trace(n_rows, tail, head, np.isin(np.arange(n_rows), sorted(dead)))
    lines = sorted(zip(*(column.tolist() for column in found.paths), strict=True))
    rings = set(zip(found.cycle_root.tolist(), found.cycle_row.tolist(), strict=True))
    wanted, told = slow_trace(n_rows, edges, dead)
    counting = {(root, row) for root, row in rings if any(line[1] == root for line in lines)}
    return (lines, counting), (wanted, told)


def test_lineage_is_what_networkx_finds() -> None:
    for seed in range(1_500):
        got, wanted = trace_both(seed)
        assert got == wanted, f"seed {seed}"


@pytest.mark.long
def test_lineage_is_what_networkx_finds_at_length() -> None:
    for seed in range(10_000, 60_000):
        got, wanted = trace_both(seed)
        assert got == wanted, f"seed {seed}"
