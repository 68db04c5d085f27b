"""What each row carries of each of its origins: ``kernels.origins`` for one subject, lineage without rings.

Methods: model, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskshare.scoring.one.agreed import Agreed, Cell, Partner
from riskshare.scoring.one.numbers import Unusual, exp2, log1p
from riskshare.scoring.one.rows import Row

_CERTAIN = 1.0 - 2.0**-40

Reach = dict[int, tuple[int, int]]
"""For each root of a row: how many hops off it stands, and the row that stands in for it (itself, if it was sent)."""


@dataclass(slots=True, eq=False, repr=False)
class Pair:
    """A row and one of its origins: the columns of ``kernels.origins.Origins`` and ``fusion.Pairs``.

    ``number`` is its place among the pairs, ``free_weight`` v without τ_max and ``slope`` its ∂v/∂T in ``cell``.
    """

    number: int
    row: Row
    unit: int
    token: tuple[int, str]
    origin: int
    agency: Partner
    stated: bool
    weight: float
    free_weight: float
    slope: float
    tau: float
    cell: Cell
    age: int
    fresh: float
    severity: float
    anecdotal: bool
    absent: bool

    @property
    def is_own(self) -> bool:
        """Whether the row is its own origin."""
        return self.origin == self.row.number


@dataclass(slots=True, eq=False, repr=False)
class Origins:
    """All pairs in order of row and origin, and the rows that could be told twice."""

    pairs: list[Pair]
    candidates: frozenset[int]


def resolve(rows: Sequence[Row], agreed: Agreed) -> Origins:
    """Return the pairs of rows that stand; rows are numbered by their place.

    Raises
    ------
    Unusual
        Rows repeat one another in a ring, or an absent record has several equally near to stand in for it.
    """
    edges, absent = _edges(rows, agreed)
    reach: dict[int, Reach] = {}
    pairs: list[Pair] = []
    for row in rows:
        if row.number not in edges:
            if not row.dead and not row.reason and row.age < row.kind.retention:
                pairs.append(_own(row, len(pairs)))
        elif not row.reason:
            found = _reach(row.number, edges, len(rows), reach, ())
            for root in sorted(found):
                pair = _relayed(row, root, found, rows, absent, agreed, len(pairs))
                if pair is not None:
                    pairs.append(pair)
    told = {pair.row.number for pair in pairs}
    twins = frozenset(n for n in told if not rows[n].lineage and rows[n].claim is None)
    return Origins(pairs, twins)


def _edges(rows: Sequence[Row], agreed: Agreed) -> tuple[dict[int, list[int]], list[Partner]]:
    """Return what each row repeats by number, and the agency of each reference: absent ones stand behind the rows.

    A reference runs to the named record's row of the same indicator, else to all its rows, else to nothing. References
    are numbered in order of first appearance, found or not.
    """
    telling = [row for row in rows if row.lineage]
    if not telling:
        return {}, []
    named: dict[str, list[Row]] = {}
    for row in rows:
        named.setdefault(f"{row.agency.id}:{row.record}", []).append(row)
    references: dict[str, int] = {}
    edges: dict[int, list[int]] = {}
    for row in telling:
        heads = []
        for reference in row.lineage:
            number = references.setdefault(reference, len(references))
            held = named.get(reference, [])
            alike = [one.number for one in held if one.kind is row.kind]
            heads += alike or [one.number for one in held] or [len(rows) + number]
        if not row.dead:  # what a barred row repeats does not pass through
            edges[row.number] = heads
    return edges, [agreed.agencies[reference.partition(":")[0]] for reference in references]


def _reach(
    number: int, edges: dict[int, list[int]], n_rows: int, known: dict[int, Reach], above: tuple[int, ...]
) -> Reach:
    """Return the roots of a row that repeats others, each by its shortest path."""
    if number in known:
        return known[number]
    if number in above:
        raise Unusual
    found: Reach = {}
    for head in edges[number]:
        if head >= n_rows:
            ways: Reach = {head: (1, number)}
        elif head in edges:
            ways = {root: (n + 1, by) for root, (n, by) in _reach(head, edges, n_rows, known, (*above, number)).items()}
        else:
            ways = {head: (1, head)}
        for root, (hops, by) in ways.items():
            before = found.get(root)
            if before is not None and before[0] == hops and before[1] != by:
                raise Unusual
            if before is None or hops < before[0]:
                found[root] = (hops, by)
    known[number] = found
    return found


def _token(claim: str | None, origin: int) -> tuple[int, str]:
    """Return what a claim is known by: its origin, or behind all origins its id, in the order claims are numbered."""
    return (origin, "") if claim is None else (1 << 30, claim)


def _own(row: Row, number: int) -> Pair:
    cell = row.cell
    if cell is None:
        raise Unusual
    return Pair(
        number, row, row.lens, _token(row.claim, row.number), row.number, row.agency, cell.first_hand, cell.weight,
        cell.free_weight, cell.slope, cell.tau, cell, row.age, exp2(-row.age / row.kind.half_life), row.severity,
        row.anecdotal, absent=False,
    )  # fmt: skip


def _relayed(
    row: Row, root: int, found: Reach, rows: Sequence[Row], absent: list[Partner], agreed: Agreed, number: int
) -> Pair | None:
    """Return what a row carries of a root, or None where the root may not count or is too old."""
    hops, by = found[root]
    is_absent = root >= len(rows)
    lends, own = rows[by], row.cell
    age = lends.age
    if (not is_absent and lends.dead) or age >= row.kind.retention:
        return None
    if own is None or lends.cell is None or hops >= len(agreed.fidelity):
        raise Unusual
    # A stand-in speaks for an absent record: one hop nearer than the record itself.
    fidelity = agreed.fidelity[hops - 1 if is_absent else hops]
    passed_on = fidelity * lends.cell.trust
    relayed = passed_on < own.trust
    free = min(passed_on if relayed else own.trust, _CERTAIN)
    tau = min(free, agreed.tau_max)
    parts = float(len(found))
    return Pair(
        number, row, row.lens, _token(lends.claim, root), root,
        absent[root - len(rows)] if is_absent else lends.agency,
        is_absent or lends.cell.first_hand,
        -log1p(-tau) / parts, -log1p(-free) / parts, (fidelity if relayed else 1.0) / ((1.0 - free) * parts), tau,
        lends.cell if relayed else own, age, exp2(-age / row.kind.half_life), min(row.severity, lends.severity),
        row.anecdotal or lends.anecdotal, is_absent,
    )  # fmt: skip
