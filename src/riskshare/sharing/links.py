"""Links between ids that somebody else's matcher proposed: reviewed, merged as events, and undone without a trace.

Nothing is matched here. A ledger only ever grows; who is one person is worked out of it afresh each time, so that an
undone merge leaves exactly what was there before. Evidence keeps the ids it came with.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from riskshare.errors import PolicyError
from riskshare.records.arguments import is_number, is_text

LEAST_UNREVIEWED: Final = 0.999
"""Below this probability nothing is merged that no reviewer has answered for (methods: safety, 4)."""

Held = Literal["needs_reviewer", "several_candidates", "undone"]
HELD_WORDS: Final[Mapping[Held, str]] = {
    "needs_reviewer": "its probability is below 0.999 and nobody has reviewed it",
    "several_candidates": "one of its ids has several candidates and nobody has reviewed it: look at all of them",
    "undone": "it was undone before: only a new review can merge it again",
}
"""Why a link is not merged."""


class LinkError(PolicyError):
    """Links cannot be merged or undone as asked; no id is repeated."""


@dataclass(frozen=True, slots=True, repr=False, order=True)
class Link:
    """That two ids are said to be one person.

    Attributes
    ----------
    id_a, id_b : str
        In alphabetical order once made by ``link``.
    p : float
        Probability of the matcher; its p is never averaged with another.
    model_version : str
        Which model said so.
    reviewed_by : str
        Role or user id of who looked at the pair and answers for it; empty for nobody.
    """

    id_a: str
    id_b: str
    p: float
    model_version: str
    reviewed_by: str = ""

    def __repr__(self) -> str:
        """Say whether it is reviewed; nobody's id."""
        return f"Link({'reviewed' if self.reviewed_by else 'not reviewed'})"

    @property
    def pair(self) -> tuple[str, str]:
        """Both ids."""
        return (self.id_a, self.id_b)


def link(id_a: str, id_b: str, p: float, model_version: str, reviewed_by: str = "") -> Link:
    """Return a link with its ids in order.

    Raises
    ------
    LinkError
        An id or the model's version is empty or no text, both ids are the same, ``p`` lies outside 0 to 1, or the
        reviewer is no text.

    Examples
    --------
    >>> link("S9", "S1", 0.9995, "m1").pair
    ('S1', 'S9')
    """
    rules = {
        "Both ids must be texts.": is_text(id_a) and is_text(id_b) and bool(id_a) and bool(id_b),
        "The two ids must differ.": id_a != id_b,
        "p must be a number from 0 to 1.": is_number(p) and 0 <= p <= 1,
        "model_version must say which model it was.": is_text(model_version) and bool(model_version),
        "reviewed_by must be text, empty for nobody.": is_text(reviewed_by),
    }
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        raise LinkError(" ".join(["This is no link.", *broken]))
    first, second = sorted((id_a, id_b))
    return Link(first, second, float(p), model_version, reviewed_by.strip())


@dataclass(frozen=True, slots=True, repr=False)
class LinkEvent:
    """One merge, or the undoing of the merge at ``undoes``, with who did it and when (ISO text)."""

    link: Link
    by: str
    at: str
    undoes: int | None = None


@dataclass(frozen=True, repr=False)
class LinkLedger:
    """Every merge and every undoing, oldest first. An event's number is its place from 0, and it keeps it."""

    events: tuple[LinkEvent, ...] = ()

    def __repr__(self) -> str:
        """Count only."""
        return f"LinkLedger({len(self.events):,} events, {len(self.standing):,} merges stand)"

    @property
    def standing(self) -> tuple[int, ...]:
        """Numbers of the merges that nobody has undone, in order."""
        undone = {event.undoes for event in self.events}
        return tuple(i for i, event in enumerate(self.events) if event.undoes is None and i not in undone)

    def people(self) -> dict[str, str]:
        """Return for each id that stands in a merge the first id, in alphabetical order, of the person it belongs to.

        Examples
        --------
        >>> ledger = merge(merge(LinkLedger(), link("b", "c", 1, "m", "r"), by="r", at="2026-03-31"),
        ...     link("a", "b", 1, "m", "r"), by="r", at="2026-03-31")
        >>> ledger.people(), undo(ledger, 1, by="r", at="2026-04-01").people()
        ({'a': 'a', 'b': 'a', 'c': 'a'}, {'b': 'b', 'c': 'b'})
        """
        beside: dict[str, set[str]] = defaultdict(set)
        for i in self.standing:
            one, other = self.events[i].link.pair
            beside[one].add(other)
            beside[other].add(one)
        found: dict[str, str] = {}
        for start in sorted(beside):
            waiting = [start] if start not in found else []
            while waiting:
                one = waiting.pop()
                if one not in found:
                    found[one] = start
                    waiting += beside[one]
        return dict(sorted(found.items()))

    def state(self) -> bytes:
        """Return who is one person now as bytes: equal states have equal bytes, however they came about."""
        return json.dumps(self.people(), ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")


def merge(ledger: LinkLedger, one: Link, *, by: str, at: str) -> LinkLedger:
    """Return a ledger with one more merge.

    Parameters
    ----------
    ledger : LinkLedger
    one : Link
        Reviewed, or at least as probable as ``LEAST_UNREVIEWED``.
    by, at : str
        Who does it, as a role or user id, and when, as ISO text.

    Raises
    ------
    LinkError
        The link needs a reviewer, the pair stands merged already, or nobody or no time is named.
    """
    _named(by, at)
    if not one.reviewed_by and one.p < LEAST_UNREVIEWED:
        message = (
            f"Not merged: {HELD_WORDS['needs_reviewer']}. Have somebody look at the pair and name them in reviewed_by."
        )
        raise LinkError(message)
    if not one.reviewed_by and one.pair in _undone(ledger):
        message = f"Not merged: {HELD_WORDS['undone']}."
        raise LinkError(message)
    if any(ledger.events[i].link.pair == one.pair for i in ledger.standing):
        message = "Not merged: the pair is merged already. Undo that merge first if the new link is to stand for it."
        raise LinkError(message)
    return replace(ledger, events=(*ledger.events, LinkEvent(one, by, at)))


def undo(ledger: LinkLedger, number: int, *, by: str, at: str) -> LinkLedger:
    """Return a ledger in which one merge is undone: who is one person is as if it had never been.

    Parameters
    ----------
    ledger : LinkLedger
    number : int
        Place of the merge among ``ledger.events``.
    by, at : str
        Who does it and when.

    Raises
    ------
    LinkError
        There is no such merge, it is undone already, or nobody or no time is named.
    """
    _named(by, at)
    if number not in ledger.standing:
        message = "Nothing undone: no merge of that number stands. ledger.standing holds the numbers of those that do."
        raise LinkError(message)
    return replace(ledger, events=(*ledger.events, LinkEvent(ledger.events[number].link, by, at, undoes=number)))


@dataclass(frozen=True, repr=False)
class Imported:
    """What came of an import.

    Attributes
    ----------
    ledger : LinkLedger
    merged : int
        New merges.
    known : int
        Links whose pair stands merged already.
    held : tuple of (Link, code)
        Links not merged, each with a key of ``HELD_WORDS``: shown to a reviewer beside each other, never averaged.
    """

    ledger: LinkLedger
    merged: int
    known: int
    held: tuple[tuple[Link, Held], ...]

    def __repr__(self) -> str:
        """Count only."""
        return f"Imported({self.merged:,} merged, {self.known:,} known, {len(self.held):,} held for a reviewer)"


def import_links(ledger: LinkLedger, links: Iterable[Link], *, by: str, at: str) -> Imported:
    """Return a ledger with the links merged that may be, and those that wait for a reviewer.

    A reviewed link is merged, unless that very link was undone before. One that nobody reviewed is merged only from
    ``LEAST_UNREVIEWED`` on, only if neither of its ids has another candidate as probable, here or in the ledger, and
    only if nobody undid that pair before.

    Parameters
    ----------
    ledger : LinkLedger
    links : iterable of Link
        In any order; the answer does not depend on it. Of several links of a pair a reviewed one stands, else the least
        probable.
    by, at : str
        Who imports and when.

    Raises
    ------
    LinkError
        Nobody or no time is named.

    Examples
    --------
    >>> both = [link("a", "b", 0.9999, "m1"), link("a", "c", 0.9995, "m1"), link("d", "e", 0.6, "m1", "dsl.3")]
    >>> import_links(LinkLedger(), both, by="data_team", at="2026-03-31")
    Imported(1 merged, 0 known, 2 held for a reviewer)
    """
    _named(by, at)
    chosen: dict[tuple[str, str], Link] = {}
    for one in sorted(
        links, key=lambda one: (one.pair, not one.reviewed_by, one.p, one.model_version, one.reviewed_by)
    ):
        chosen.setdefault(one.pair, one)
    standing = {ledger.events[i].link.pair for i in ledger.standing}
    undone = _undone(ledger)
    rivals: dict[str, set[str]] = defaultdict(set)
    for a, b in [*standing, *(one.pair for one in chosen.values() if one.reviewed_by or one.p >= LEAST_UNREVIEWED)]:
        rivals[a].add(b)
        rivals[b].add(a)
    events, held, known = [], [], 0
    for pair, one in sorted(chosen.items()):
        why = _held(one, rivals, undone)
        if pair in standing:
            known += 1
        elif why is not None:
            held.append((one, why))
        else:
            events.append(LinkEvent(one, by, at))
    return Imported(replace(ledger, events=(*ledger.events, *events)), len(events), known, tuple(held))


def _held(one: Link, rivals: Mapping[str, set[str]], undone: Mapping[tuple[str, str], set[Link]]) -> Held | None:
    """Return why a link waits for a reviewer, or None."""
    if one.reviewed_by:
        return "undone" if one in undone.get(one.pair, ()) else None
    if one.p < LEAST_UNREVIEWED:
        return "needs_reviewer"
    if one.pair in undone:
        return "undone"
    return "several_candidates" if any(len(rivals[each]) > 1 for each in one.pair) else None


def _undone(ledger: LinkLedger) -> Mapping[tuple[str, str], set[Link]]:
    found: dict[tuple[str, str], set[Link]] = defaultdict(set)
    for event in ledger.events:
        if event.undoes is not None:
            found[event.link.pair].add(event.link)
    return found


def _named(by: str, at: str) -> None:
    if not (is_text(by) and by.strip() and is_text(at) and at.strip()):
        message = "A merge or its undoing needs who does it (by) and when (at)."
        raise LinkError(message)
