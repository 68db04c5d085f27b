"""Caps: what a class of evidence may add, at most, to what the score is without it. Methods: model, section 6."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.claims import TwinCandidates
from riskshare.kernels.fusion import Fused, Pairs, Rules, fuse, join_indicators, totals
from riskshare.kernels.reasons import Reasons, reasons
from riskshare.kernels.segments import Bools, Floats, Ints, boundaries, from_units, run_sum, to_units

_FREE = np.iinfo(np.int64).max
_SLACK = 1 << 10


class CapClass(NamedTuple):
    """One capped class: which pairs are in it, and C_x in nats."""

    member: Bools
    cap: float


class Capped(NamedTuple):
    """W⁺ under the caps.

    ``bound`` (class × unit) is W⁺_without x + C_x where that is below W⁺_all, else a great number; ``raising`` is the
    least of W⁺_all and the bounds; ``without`` holds the forward pass without each class (None: nothing to cap) and
    ``kept`` the numbers of its pairs.
    """

    base: Fused
    raising: Ints
    bound: Ints
    without: tuple[Fused | None, ...]
    kept: tuple[Ints, ...]

    @property
    def binds(self) -> Bools:
        """Which class binds which unit (class × unit); caps within one unit of 2⁻⁴⁰ nat are tied."""
        return (self.bound < _FREE) & (self.bound - self.raising <= 1)


def alive(candidates: TwinCandidates, pairs: Pairs, row: Ints) -> TwinCandidates:
    """Return the candidates whose own row is still among the pairs."""
    return _alive(candidates, pairs.origin, row)


def _alive(candidates: TwinCandidates, origin: Ints, row: Ints) -> TwinCandidates:
    if candidates.origin.size == 0:
        return candidates
    own = np.zeros(int(candidates.origin.max()) + 1, dtype=np.bool_)
    rows = row[row == origin]
    own[rows[rows < own.size]] = True
    keep = own[candidates.origin]
    return TwinCandidates(candidates.group[keep], candidates.day[keep], candidates.origin[keep])


def cap(
    pairs: Pairs, row: Ints, twins: TwinCandidates, rules: Rules, classes: tuple[CapClass, ...], n_units: int
) -> Capped:
    """Return W⁺ = min(W⁺_all, W⁺_without x + C_x for every x), in int64 units.

    Parameters
    ----------
    pairs : Pairs
    row : numpy.ndarray of int64
        The row each pair comes from.
    twins : TwinCandidates
    rules : Rules
    classes : tuple of CapClass
        Empty: nothing is capped.
    n_units : int

    Returns
    -------
    Capped

    Notes
    -----
    "Without x" drops x's supporting rows and denials after origins are resolved; claims and twins form afresh (R6).
    Only units where the class could add more than its cap need the second pass.
    """
    base = fuse(pairs, rules, twins, n_units)
    bounds = np.full((len(classes), n_units), _FREE)
    without: list[Fused | None] = []
    kept: list[Ints] = []
    for number, (member, most) in enumerate(classes):
        ceiling = int(to_units(np.asarray(most)))
        held = (base.raising > ceiling) & (_most_added(base, member, rules, n_units) > ceiling)
        if not held.any():
            without.append(None)
            kept.append(base.order[:0])
            continue
        # In the order of the full pass: without x most pairs stay sorted.
        keep = base.order[(held[pairs.unit] & ~member)[base.order]]
        # Twins form afresh from every row outside x, in units that need no pass too: their relays may stand in one.
        told = _alive(twins, pairs.origin[~member], row[~member])
        fused = fuse(pairs.take(keep), rules, told, n_units)
        without.append(fused)
        kept.append(keep)
        bound = fused.raising + ceiling
        bounds[number] = np.where(held & (bound < base.raising), bound, _FREE)
    raising = np.minimum(base.raising, bounds.min(axis=0, initial=_FREE))
    return Capped(base, raising, bounds, tuple(without), tuple(kept))


def _most_added(base: Fused, member: Bools, rules: Rules, n_units: int) -> Ints:
    """Return the most that a class can add to each unit, in units: W⁺ of the claims it has a hand in.

    Norms and ceilings are subadditive, so W⁺_all ≤ W⁺_without x + W⁺ of those claims: where that is within the cap, the
    cap cannot bind and the second pass is spared. Claims with a suspected twin are taken as touched by every class,
    since dropping one twin may part the others. A few units of slack cover rounding.
    """
    touched = np.logical_or.reduceat(member[base.order] | base.twin, base.claim_starts) if member.size else member
    some = np.flatnonzero(touched[base.claim_support])
    unit, indicator = base.claim_unit[some], base.claim_indicator[some]
    joined = join_indicators(unit, indicator, base.claim_weight[some], rules)
    return totals(unit, indicator, joined, rules, n_units)[0] + _SLACK


def capped_shares(capped: Capped, pairs: Pairs, rules: Rules, classes: tuple[CapClass, ...]) -> tuple[Floats, Reasons]:
    """Return φ of each pair in nats under the caps, and the uncapped reasons.

    Rows outside a binding class keep their shares of W⁺_without x; rows of x share C_x in proportion; tied caps take
    the mean (methods: model, section 9, ruling R7). Protective rows keep theirs.
    """
    plain = reasons(capped.base, rules)
    binds = capped.binds
    tied = binds.sum(axis=0)
    if not tied.any():
        return plain.share, plain
    bound_units = tied > 0
    raising = rules.direction[pairs.indicator] > 0
    share = np.where(raising & bound_units[pairs.unit], 0.0, plain.share)
    for number, (member, _) in enumerate(classes):
        fused = capped.without[number]
        if fused is None:
            continue
        part = np.zeros(pairs.unit.size)
        part[capped.kept[number]] = reasons(fused, rules).share
        part = np.where(member, _in_proportion(plain.share, member & raising, capped, number, pairs.unit), part)
        here = binds[number][pairs.unit] & raising
        share[here] += part[here] / tied[pairs.unit[here]]
    return share, plain


def _in_proportion(share: Floats, members: Bools, capped: Capped, number: int, unit: Ints) -> Floats:
    """Divide what the class may still add among its rows, in proportion to their shares before the cap."""
    n_units = capped.raising.size
    total, count = np.zeros(n_units), np.bincount(unit[members], minlength=n_units)
    order = np.flatnonzero(members)[np.argsort(unit[members], kind="stable")]
    starts = boundaries(unit[order])
    total[unit[order][starts]] = run_sum(share[order], starts)
    fused = capped.without[number]
    room = from_units(capped.raising - (fused.raising if fused is not None else 0))
    # Where no row of the class holds a share, what the class still adds is divided equally.
    factor = np.where(total > 0, room / np.where(total > 0, total, 1.0), 0.0)
    equal = np.where(total > 0, 0.0, room / np.maximum(count, 1))
    return np.where(members, share * factor[unit] + equal[unit], 0.0)
