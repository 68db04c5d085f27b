"""Merging and undoing in any order: the state is that of the merges that stand, to the byte (D3)."""

from __future__ import annotations

import random

import networkx as nx
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from riskshare.sharing.links import LinkLedger, link, merge, undo

IDS = [f"S{i}" for i in range(8)]
WHEN = {"by": "dsl.3", "at": "2026-03-31"}


def by_hand(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return who is one person, by another library."""
    graph = nx.Graph(pairs)
    return {one: min(group) for group in nx.connected_components(graph) for one in group}


class Merging(RuleBasedStateMachine):
    """A reviewer merges and undoes; beside it stands a plain set of pairs."""

    merges = Bundle("merges")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = LinkLedger()
        self.before: list[bytes] = []
        self.pairs: dict[int, tuple[str, str]] = {}

    @rule(target=merges, a=st.sampled_from(IDS), b=st.sampled_from(IDS))
    def merge_two(self, a: str, b: str) -> int:
        number = len(self.ledger.events)
        pair = (min(a, b), max(a, b))
        if a == b or pair in self.pairs.values():
            return -1
        before = self.ledger.state()
        self.ledger = merge(self.ledger, link(a, b, 0.4, "m1", "dsl.3"), **WHEN)
        assert undo(self.ledger, number, **WHEN).state() == before
        self.pairs[number] = pair
        return number

    @rule(number=consumes(merges))
    def undo_one(self, number: int) -> None:
        if number >= 0:
            self.ledger = undo(self.ledger, number, **WHEN)
            del self.pairs[number]

    @invariant()
    def is_what_stands(self) -> None:
        assert self.ledger.people() == by_hand(list(self.pairs.values()))
        assert self.ledger.standing == tuple(sorted(self.pairs))


TestMerging = Merging.TestCase
TestMerging.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_a_thousand_random_histories_end_where_they_began() -> None:
    rng = random.Random(5)
    for _ in range(1_000):
        ledger, states = LinkLedger(), [LinkLedger().state()]
        made = []
        for a, b in {tuple(sorted(rng.sample(IDS, 2))) for _ in range(rng.randint(1, 6))}:
            made.append(len(ledger.events))
            ledger = merge(ledger, link(a, b, 1.0, "m1", "r"), **WHEN)
            states.append(ledger.state())
        for number in reversed(made):
            assert ledger.state() == states.pop()
            ledger = undo(ledger, number, **WHEN)
        assert ledger.state() == states.pop() == b"{}"
