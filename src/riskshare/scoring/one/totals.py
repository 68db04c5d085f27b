"""W⁺ and W⁻ of one unit for any choice of its pairs, under the caps, and who holds them up.

Methods: model, sections 5, 6, 8 and 9. A choice of pairs is a mask for each group (unit and indicator). Caps, the
factual-only score and each record left out are such choices, and share nearly all of their work.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from riskshare.kernels.segments import UNIT
from riskshare.scoring.one.agreed import Agreed
from riskshare.scoring.one.claims import Claim, Group, held_up, tell
from riskshare.scoring.one.numbers import exp, expm1, norm, norm_share, norm_slope, run_sum, units_of

Masks = list[int]


@dataclass(slots=True, eq=False, repr=False)
class Family:
    """Indicators of one unit that echo each other: the places of their groups; ``sign`` is −1 where they protect."""

    sign: float
    p: float
    places: list[int]
    known: dict[tuple[int, ...], int] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Unit:
    """The groups of one subject and lens, by family.

    ``members`` holds for each agreed cap a mask a group; None where that cap is not agreed. ``factual`` are the masks
    of what is not anecdotal.
    """

    groups: list[Group]
    families: list[Family]
    family_of: list[int]
    """By place of a group."""
    full: Masks
    members: list[Masks | None]
    factual: Masks


@dataclass(slots=True, eq=False, repr=False)
class Capped:
    """W⁺ without caps and under them, and W⁻; for each class that binds its number and W⁺ without it."""

    everything: int
    raising: int
    protective: int
    binding: dict[int, int]


def unit_of(groups: list[Group], agreed: Agreed) -> Unit:
    """Return the groups of one unit, which come in order of indicator, with the masks of the capped classes."""
    families: dict[int, Family] = {}
    for place, group in enumerate(groups):
        kind = group.kind
        families.setdefault(kind.family, Family(kind.sign, kind.family_p, [])).places.append(place)
    members = [None if most is None else [_members(group, x) for group in groups] for x, most in enumerate(agreed.caps)]
    full = [group.full for group in groups]
    factual = [mask & ~_members(group, 0) for mask, group in zip(full, groups, strict=True)]
    numbers = {number: place for place, number in enumerate(families)}
    family_of = [numbers[group.kind.family] for group in groups]
    return Unit(groups, list(families.values()), family_of, full, members, factual)


def _members(group: Group, x: int) -> int:
    """Return the mask of the pairs in a capped class: anecdotes (0), else a sector by agency of origin."""
    mask = 0
    for at, pair in enumerate(group.pairs):
        if pair.agency.sectors[x - 1] if x else pair.anecdotal:
            mask |= 1 << at
    return mask


def without(masks: Masks, members: Masks) -> Masks:
    """Return the masks with those of a class taken out."""
    return [mask & ~some for mask, some in zip(masks, members, strict=True)]


def totals(unit: Unit, masks: Masks, agreed: Agreed) -> tuple[int, int]:
    """Return W⁺ and W⁻ of the pairs of some masks, in units of 2⁻⁴⁰ nat."""
    found = sums(unit, masks, agreed)
    return found.up, found.down


@dataclass(slots=True, eq=False, repr=False)
class Sums:
    """W⁺ and W⁻ of some masks, and what each family adds."""

    masks: Masks
    amounts: list[int]
    up: int
    down: int


def sums(unit: Unit, masks: Masks, agreed: Agreed) -> Sums:
    """Return what the pairs of some masks come to, by family."""
    amounts = [
        _known(unit, family, tuple([masks[place] for place in family.places]), agreed) for family in unit.families
    ]
    up = sum(amount for amount, family in zip(amounts, unit.families, strict=True) if family.sign > 0.0)
    return Sums(masks, amounts, up, sum(amounts) - up)


def _dropped(unit: Unit, whole: Sums, drop: dict[int, int], agreed: Agreed) -> tuple[int, int]:
    """Return W⁺ and W⁻ with some more pairs left out, by place: only the families that hold them are told again."""
    up, down = whole.up, whole.down
    for number in {unit.family_of[place] for place in drop}:
        family = unit.families[number]
        chosen = tuple([whole.masks[place] & ~drop.get(place, 0) for place in family.places])
        change = _known(unit, family, chosen, agreed) - whole.amounts[number]
        if family.sign > 0.0:
            up += change
        else:
            down += change
    return up, down


def left_out(unit: Unit, drops: list[dict[int, int]], agreed: Agreed) -> list[tuple[int, int]]:
    """Return W⁺ under the caps and W⁻ with each of some choices of pairs left out, which are masks by place."""
    whole = sums(unit, unit.full, agreed)
    capped = [
        (most, sums(unit, without(unit.full, members), agreed))
        for most, members in zip(agreed.caps, unit.members, strict=True)
        if most is not None and members is not None and whole.up > most
    ]
    found = []
    for drop in drops:
        everything, down = _dropped(unit, whole, drop, agreed)
        raising = everything
        for most, rest in capped:
            if everything > most:
                raising = min(raising, _dropped(unit, rest, drop, agreed)[0] + most)
        found.append((raising, down))
    return found


def _known(unit: Unit, family: Family, chosen: tuple[int, ...], agreed: Agreed) -> int:
    amount = family.known.get(chosen)
    if amount is None:
        amount = family.known[chosen] = _amount(unit, family, chosen, agreed)
    return amount


def _amount(unit: Unit, family: Family, chosen: tuple[int, ...], agreed: Agreed) -> int:
    values = []
    for place, mask in zip(family.places, chosen, strict=True):
        if mask:
            told = tell(unit.groups[place], mask, agreed).norm
            if told is not None:
                values.append(min(told, unit.groups[place].kind.ceiling))
    return units_of(norm(values, family.p)) if values else 0


def cap(unit: Unit, masks: Masks, agreed: Agreed, *, anecdotes: bool = True) -> Capped:
    """Return W⁺ = min(W⁺_all, W⁺_without x + C_x for every x); ``anecdotes`` says whether their cap is among them."""
    everything, down = totals(unit, masks, agreed)
    bounds: dict[int, tuple[int, int]] = {}
    for x, (most, members) in enumerate(zip(agreed.caps, unit.members, strict=True)):
        if most is None or members is None or everything <= most or not (x or anecdotes):
            continue
        rest = totals(unit, without(masks, members), agreed)[0]
        if rest + most < everything:
            bounds[x] = (rest + most, rest)
    raising = min([everything, *(bound for bound, _ in bounds.values())])
    binding = {x: rest for x, (bound, rest) in bounds.items() if bound - raising <= 1}
    return Capped(everything, raising, down, binding)


@dataclass(slots=True, eq=False, repr=False)
class Reasons:
    """By pair number: φ in nats before any cap, and ∂L/∂v without ceilings and caps; ∂L/∂|w| by indicator."""

    share: dict[int, float]
    slope: dict[int, float]
    strength: list[tuple[float, float]]
    """(spread of |w| that partners agreed, slope) of each indicator with support."""


def reasons(unit: Unit, masks: Masks, agreed: Agreed) -> Reasons:
    """Return who holds W⁺ − W⁻ up, among the pairs of some masks."""
    found = Reasons({}, {}, [])
    for family in unit.families:
        _down_family(unit, family, masks, agreed, found)
    return found


def _down_family(unit: Unit, family: Family, masks: Masks, agreed: Agreed, found: Reasons) -> None:
    groups, claims, norms = [], [], []
    for place in family.places:
        told = tell(unit.groups[place], masks[place], agreed) if masks[place] else None
        if told is not None and told.norm is not None:
            groups.append(unit.groups[place])
            claims.append(told.supported)
            norms.append(told.norm)
    if not groups:
        return
    capped = [min(value, group.kind.ceiling) for value, group in zip(norms, groups, strict=True)]
    whole, free = norm(capped, family.p), norm(norms, family.p)
    shares = [family.sign * whole * share for share in norm_share(capped, whole, family.p)]
    slopes = [family.sign * slope for slope in norm_slope(norms, free, family.p)]
    for group, some, value, share, slope in zip(groups, claims, norms, shares, slopes, strict=True):
        weights, p = [claim.weight or 0.0 for claim in some], group.kind.repeat_p
        per_strength = [
            _down_claim(claim, group.kind.strength, share * own_share, slope * own_slope, agreed, found)
            for claim, own_share, own_slope in zip(
                some, norm_share(weights, value, p), norm_slope(weights, value, p), strict=True
            )
        ]
        found.strength.append((group.kind.spread, run_sum(per_strength)))


def _down_claim(claim: Claim, strength: float, share: float, slope: float, agreed: Agreed, found: Reasons) -> float:
    """Divide a claim's share and slope among its pairs; return its slope in |w|."""
    held, fought = held_up(claim, agreed)
    bite = -expm1(-strength * claim.severity)
    believed = claim.truth * (1.0 - claim.denied)
    per_truth = slope * bite / (1.0 - believed * bite)
    with_support, with_denial = per_truth * (1.0 - claim.denied), -per_truth * claim.truth
    for number, part, steep in held:
        found.share[number] = part * share
        found.slope[number] = steep * with_support
    for number, steep in fought:
        found.slope[number] = steep * with_denial
    return slope * believed * claim.severity * exp(-strength * claim.severity) / (1.0 - believed * bite)


def capped_shares(unit: Unit, capped: Capped, plain: Reasons, agreed: Agreed) -> dict[int, float]:
    """Return φ of each pair under the caps: outside a binding class as without it, inside in proportion (R7)."""
    if not capped.binding:
        return plain.share
    raising = [pair for group in unit.groups if group.kind.sign > 0.0 for pair in group.pairs]
    share = dict(plain.share)
    share.update({pair.number: 0.0 for pair in raising})
    for x, rest in capped.binding.items():
        members = unit.members[x] or []
        part = reasons(unit, without(unit.full, members), agreed).share
        inside = {
            pair.number: plain.share.get(pair.number, 0.0)
            for group, mask in zip(unit.groups, members, strict=True)
            if group.kind.sign > 0.0
            for at, pair in enumerate(group.pairs)
            if mask >> at & 1
        }
        part = part | _in_proportion(inside, (capped.raising - rest) * UNIT)
        for pair in raising:
            share[pair.number] += part.get(pair.number, 0.0) / len(capped.binding)
    return share


def _in_proportion(share: dict[int, float], room: float) -> dict[int, float]:
    """Divide what a class may still add among its pairs: by their shares before the cap, equally where none has one."""
    total = run_sum(list(share.values()))
    factor = room / total if total > 0.0 else 0.0
    equal = 0.0 if total > 0.0 else room / max(len(share), 1)
    return {number: value * factor + equal for number, value in share.items()}
