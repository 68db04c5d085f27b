"""Caps over compiled passes: W⁺ under what each class may add, and the factual-only W⁺.

Compiled twin of ``caps.cap``. Methods: model, section 6.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.compiled_claims import Passed, forward
from riskshare.kernels.compiled_order import Grouped, join_twins, moved
from riskshare.kernels.compiled_tools import jit
from riskshare.kernels.fusion import Rules
from riskshare.kernels.segments import UNIT, Bools, Floats, Ints, to_units

FREE = np.iinfo(np.int64).max
_SLACK = (1 << 10) * UNIT  # nats: far above what rounding can move


class CapPasses(NamedTuple):
    """W⁺ under the caps; ``bound`` and ``without`` as ``caps.Capped``."""

    base: Passed
    raising: Ints
    bound: Ints
    without: tuple[Passed | None, ...]

    @property
    def binds(self) -> Bools:
        """Which class binds which unit (class × unit)."""
        return (self.bound < FREE) & (self.bound - self.raising <= 1)


def cap_passes(
    grouped: Grouped, base: Passed, keep: Bools, rules: Rules, classes: tuple[tuple[Bools, float], ...], hard: Bools,
    known: Passed | None = None,
) -> CapPasses:  # fmt: skip
    """Return W⁺ = min(W⁺_all, W⁺_without x + C_x for every x) of a pass over the pairs that ``keep`` names.

    ``known`` is the pass without the first class, where it has been made already for every unit that holds some of it.
    """
    n_units = grouped.start.size - 1
    bound = np.full((len(classes), n_units), FREE)
    without: list[Passed | None] = []
    for number, (member, most) in enumerate(classes):
        ceiling = int(to_units(np.asarray(most)))
        over = (base.raising > ceiling) & ~hard
        told = over.copy()
        told[grouped.cross_home] = True
        some, weight = _touched_by(base, member, told, rules)
        left = keep & ~member
        twin_of = join_twins(grouped, np.flatnonzero(some), left, rules.twin_days, base.twin_of)
        # A unit with nothing of the class changes where it repeats a twin that has lost its own.
        some |= moved(grouped, base.twin_of, twin_of)
        held = over & some & (weight + _SLACK > most)
        if not held.any():
            without.append(None)
            continue
        if known is not None and number == 0:
            rest = known
        else:
            rest = forward(grouped, np.flatnonzero(held), left, grouped.pairs.weight, twin_of, rules, hard)
        without.append(rest)
        under = rest.raising + ceiling
        bound[number] = np.where(held & (under < base.raising), under, FREE)
    raising = np.minimum(base.raising, bound.min(axis=0, initial=FREE))
    return CapPasses(base, raising, bound, tuple(without))


def _touched_by(base: Passed, member: Bools, told: Bools, rules: Rules) -> tuple[Bools, Floats]:
    """Return which of the units told have something of a class, and the most it adds: Σ ℓ of the claims it is in.

    Norms and ceilings never exceed the sum of what they join, so W⁺_all ≤ W⁺_without x + Σ ℓ of those claims. Claims
    with a suspected twin count as touched, since dropping one twin may part the others.
    """
    at, claims = base.at, base.claims
    return _touched(
        at.pair, at.twin, at.claim_start, claims.claim, claims.unit, claims.kind, claims.weight, rules.direction,
        member, told, at.claim_unit,
    )  # fmt: skip


@jit
def _touched(
    pair: Ints, twin: Bools, start: Ints, claim: Ints, unit: Ints, kind: Ints, weight: Floats, direction: Ints,
    member: Bools, told: Bools, claim_unit: Ints,
) -> tuple[Bools, Floats]:  # fmt: skip
    """Return which units hold something of a class, and Σ ℓ of the raising claims it has a hand in."""
    some, total = np.zeros(told.size, dtype=np.bool_), np.zeros(told.size)
    touched = np.zeros(claim_unit.size, dtype=np.bool_)
    for c in range(claim_unit.size):
        if not told[claim_unit[c]]:
            continue
        for i in range(start[c], start[c + 1]):
            if member[pair[i]]:
                some[claim_unit[c]] = True
                touched[c] = True
            elif twin[i]:
                touched[c] = True
    for i in range(claim.size):
        if touched[claim[i]] and direction[kind[i]] > 0:
            total[unit[i]] += weight[i]
    return some, total
