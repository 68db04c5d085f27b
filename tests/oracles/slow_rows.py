"""Sections 1 and 2 of the slow twin: which rows count, and which origins stand behind each."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import networkx as nx

TIE = 2.0**-40
LENS = {
    "person_of_concern": "harm_by",
    "victim": "harm_to",
    "witness": "harm_to",
    "child_of": "harm_to",
    "exploited": "harm_to",
}
NOT_EVIDENCE = ("nil", "not_asked", "refused", "overdue")
Key = tuple[str, str, str]  # agency, record_id, indicator: the row key within one subject


# ------------------------------------------------------------------------------------------------ 1. rows


@dataclass(frozen=True)
class Row:
    """One row with its defaults filled in."""

    agency: str
    record_id: str
    indicator: str
    lens: str | None
    basis: str
    arises_from: str
    source_grade: str
    info_grade: str
    source_type: str
    severity: float
    stance: str
    event: dt.date
    recorded: dt.date
    status: str
    claim_id: str
    refs: tuple[str, ...]
    answer: str
    conditions: tuple[str, ...]

    @property
    def key(self) -> Key:
        return self.agency, self.record_id, self.indicator

    @property
    def is_evidence(self) -> bool:
        return self.answer not in NOT_EVIDENCE


def name(key: Key) -> str:
    return ":".join(key)


def several(value: Any) -> tuple[str, ...]:
    parts = value.split(";") if isinstance(value, str) else list(value or [])
    return tuple(sorted({part.strip() for part in parts if part.strip()}))


def fill(raw: dict[str, Any]) -> Row:
    severity = raw.get("severity")
    return Row(
        agency=raw["agency"],
        record_id=raw["record_id"],
        indicator=raw["indicator"],
        lens=LENS.get(raw["role"]),
        basis=raw["basis"],
        arises_from=raw.get("arises_from") or "reported",
        source_grade=raw.get("source_grade") or "",
        info_grade=raw.get("info_grade") or "",
        source_type=raw.get("source_type") or "",
        severity=1.0 if severity is None else float(severity),
        stance=raw.get("stance") or "supports",
        event=dt.date.fromisoformat(raw["event_date"]),
        recorded=dt.date.fromisoformat(raw["recorded_date"]),
        status=raw.get("status") or "current",
        claim_id=raw.get("claim_id") or "",
        refs=several(raw.get("derived_from")),
        answer=raw.get("answer") or "",
        conditions=several(raw.get("conditions")),
    )


@dataclass
class Known:
    """What stands at ``as_of`` for one subject: a row per key, and why some keys are dead."""

    rows: dict[Key, Row]
    first_recorded: dict[Key, dt.date]
    reason: dict[Key, str]  # keys that get no weight


def known_rows(raw_rows: list[dict[str, Any]], policy: dict[str, Any], subject: str, as_of: dt.date) -> Known:
    """Versions, withdrawals, quarantine and exclusions (section 1)."""
    versions: dict[Key, set[Row]] = defaultdict(set)
    for raw in raw_rows:
        if raw.get("subject_id") == subject and raw["role"] != "place":
            row = fill(raw)
            if row.recorded <= as_of:
                versions[row.key].add(row)  # a set, so an exact repeat is dropped
    found = Known({}, {}, {})
    for key, rows in versions.items():
        good = [row for row in rows if row.event <= row.recorded and sum(r.recorded == row.recorded for r in rows) == 1]
        if not good:
            found.reason[key] = "quarantined"
            continue
        standing = max(good, key=lambda row: row.recorded)
        if standing.status == "withdrawn":
            found.reason[key] = "withdrawn"
            continue
        found.rows[key] = standing
        found.first_recorded[key] = min(row.recorded for row in good)
        why = exclusion(standing, policy, as_of)
        if why:
            found.reason[key] = why
    return found


def exclusion(row: Row, policy: dict[str, Any], as_of: dt.date) -> str:
    if row.info_grade == "E":
        return "grade_e"
    if (as_of - row.event).days >= policy["indicators"][row.indicator]["retention_days"]:
        return "retention"
    if not set(row.conditions) <= set(policy.get("conditions_met", [])):
        return "handling"
    if row.arises_from in ("agency_initiated", "prompted_by_partnership"):
        return row.arises_from
    return ""


def cell_of(row: Row) -> str:
    """The trust cell: grade B without declared corroboration counts as C."""
    if row.source_type:
        return row.source_type
    return row.source_grade + ("C" if row.info_grade == "B" and not row.refs else row.info_grade)


# ------------------------------------------------------------------------------------------------ 2. origins


@dataclass(frozen=True)
class Root:
    """An origin as one relaying row sees it."""

    origin: tuple[str, ...]  # ("row", ...), ("cycle", ...) or ("absent", reference)
    hops: int
    trust: float
    cells: tuple[tuple[str, float], ...]  # whose agreed trust it is, with shares
    severity: float
    event: dt.date
    anecdotal: bool
    agencies: tuple[str, ...]
    stated: bool
    claim_id: str


@dataclass(frozen=True, eq=False)
class Pair:
    """One row with one of its live origins; compared by identity."""

    row: Row
    root: Root
    n: int
    tau: float
    tau_free: float  # without tau_max
    d_tau: tuple[tuple[str, float], ...]  # cell and the slope of tau in its trust
    severity: float
    anecdotal: bool
    freshness: float

    @property
    def is_own_root(self) -> bool:
        return self.root.origin == ("row", *self.row.key)

    def v(self, free: bool) -> float:
        # A cell of trust 1 has no finite weight without tau_max; its own error is nil, so any large v will do.
        tau = min(self.tau_free, 1.0 - TIE) if free else self.tau
        return -math.log1p(-tau) / self.n


def lineage(known: Known) -> nx.DiGraph:
    """Edges from a row to the named record's row of the same indicator, else to all its rows (R1)."""
    everything = set(known.rows) | set(known.reason)
    graph = nx.DiGraph()
    graph.add_nodes_from(everything)
    for key, row in known.rows.items():
        if key in known.reason or not row.is_evidence:
            continue  # a dead root: traversal stops here
        for ref in row.refs:
            agency, _, record = ref.partition(":")
            named = [k for k in everything if k[:2] == (agency, record)]
            same = [k for k in named if k[2] == row.indicator]
            graph.add_edges_from((key, target) for target in (same or named or [("absent", ref)]))
    return graph


def combine(rows: list[Row], policy: dict[str, Any]) -> dict[str, Any]:
    """Lowest trust and severity, oldest event, anecdotal if any, the claim id they agree on."""
    trusts = [policy["cells"][cell_of(row)]["T"] for row in rows]
    lowest = {cell_of(row) for row, trust in zip(rows, trusts, strict=True) if trust <= min(trusts) + TIE}
    least_sure = min(lowest, key=lambda cell: (policy["cells"][cell]["kappa"], cell))
    claim_ids = {row.claim_id for row in rows if row.claim_id}
    return {
        "trust": min(trusts),
        "cells": ((least_sure, 1.0),),
        "severity": min(row.severity for row in rows),
        "event": min(row.event for row in rows),
        "anecdotal": any(row.basis == "anecdotal" for row in rows),
        "claim_id": claim_ids.pop() if len(claim_ids) == 1 else "",
    }


def roots_of(key: Key, graph: nx.DiGraph, known: Known, policy: dict[str, Any]) -> tuple[list[Root], int]:
    """The live roots of a row, and how many roots it has, dead ones included."""
    hops = nx.single_source_shortest_path_length(graph, key)
    reached = graph.subgraph(hops)
    live: list[Root] = []
    count = 0
    for members in nx.strongly_connected_components(reached):
        if any(target not in members for node in members for target in graph.successors(node)):
            continue  # not a sink: it leads on
        count += 1
        node = next(iter(members))
        if node[0] == "absent" and len(node) == 2:
            live.append(absent_root(node[1], hops, graph, known, policy))
        elif all(k not in known.reason and known.rows[k].is_evidence for k in members):
            live.append(present_root(sorted(members), min(hops[k] for k in members), graph, known, policy))
    return live, count


def absent_root(ref: str, hops: dict[Any, int], graph: nx.DiGraph, known: Known, policy: dict[str, Any]) -> Root:
    """Stood in for by the nearest rows that name it (R4)."""
    naming = [node for node in graph.predecessors(("absent", ref)) if node in hops]
    nearest = min(hops[node] for node in naming)
    rows = [known.rows[node] for node in sorted(naming) if hops[node] == nearest]
    return Root(
        origin=("absent", ref),
        hops=nearest,
        agencies=(ref.partition(":")[0],),
        stated=True,
        **combine(rows, policy),
    )


def present_root(members: list[Key], hops: int, graph: nx.DiGraph, known: Known, policy: dict[str, Any]) -> Root:
    rows = [known.rows[key] for key in members]
    if graph.out_degree(members[0]) == 0:
        origin, agencies = ("row", *members[0]), (rows[0].agency,)
        stated = policy["cells"][cell_of(rows[0])]["first_hand"]
    else:  # a cycle is one root (R3)
        origin = ("cycle", *map(name, members))
        earliest = min(known.first_recorded[key] for key in members)
        agencies = tuple(sorted({key[0] for key in members if known.first_recorded[key] == earliest}))
        stated = False
    return Root(origin=origin, hops=hops, agencies=agencies, stated=stated, **combine(rows, policy))


def make_pair(row: Row, root: Root, n: int, policy: dict[str, Any], as_of: dt.date) -> Pair | None:
    indicator = policy["indicators"][row.indicator]
    age = (as_of - root.event).days
    if age >= indicator["retention_days"]:
        return None  # retention is tested at the root's date too (R5)
    own = policy["cells"][cell_of(row)]["T"]
    kept = policy["phi"] ** root.hops
    told = kept * root.trust
    if own <= told + TIE:
        free, d_tau = min(own, told), ((cell_of(row), 1.0),)
    else:
        free, d_tau = told, tuple((cell, kept * share) for cell, share in root.cells)
    return Pair(
        row=row,
        root=root,
        n=n,
        tau=min(free, policy["tau_max"]),
        tau_free=free,
        d_tau=d_tau,
        severity=min(row.severity, root.severity),
        anecdotal=row.basis == "anecdotal" or root.anecdotal,
        freshness=2.0 ** (-age / indicator["half_life_days"]),
    )


def all_pairs(known: Known, policy: dict[str, Any], as_of: dt.date) -> list[Pair]:
    """Live pairs of every evidence row of the subject; rows left with none are marked as relays."""
    graph = lineage(known)
    pairs: list[Pair] = []
    for key in sorted(known.rows):
        row = known.rows[key]
        if key in known.reason or not row.is_evidence:
            continue
        roots, n = roots_of(key, graph, known, policy)
        mine = [pair for root in roots if (pair := make_pair(row, root, n, policy, as_of))]
        pairs += mine
        if not mine:
            known.reason[key] = "relay"
    return pairs
