"""What the pairs of one indicator come to: claims, how far each is believed, and who holds it up.

Methods: model, sections 3 to 5, 8 and 9; the steps of ``kernels.fusion``, ``levels`` and ``support``, claim by claim.
Whatever is left out (a row, a class of evidence), most claims stay as they are: each is worked out once and kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from riskshare.kernels.segments import UNIT
from riskshare.scoring.one.agreed import Agreed, Kind
from riskshare.scoring.one.numbers import (
    Unusual,
    exp,
    expm1,
    log1p,
    norm,
    norm_share,
    norm_slope,
    pairwise,
    power,
    run_sum,
    tie_share,
)
from riskshare.scoring.one.pairs import Pair

MOST_PAIRS = 60
"""Of one subject: claims told more often than this go to the ordinary form, which searches where this one tries all."""
_MOST_LEVELS = 16


@dataclass(slots=True, eq=False, repr=False)
class Telling:
    """A pair as one claim's support or denial sees it; ``side`` is 0 for origins nobody stated, else 1 + agency."""

    pair: Pair
    weight: float
    severity: float
    side: int


@dataclass(slots=True, eq=False, repr=False)
class Claim:
    """A claim: its support at the severity that binds, what denies it, its weight ℓ; ``weight`` None: only denied."""

    support: list[Telling]
    denial: list[Telling]
    twin: bool
    weight: float | None = None
    severity: float = 1.0
    truth: float = 0.0
    denied: float = 0.0
    held: list[tuple[int, float, float]] | None = None
    """Once asked for: number, share of t and ∂t/∂v of each pair that supports."""
    fought: list[tuple[int, float]] | None = None
    """The same of each that denies, without the share."""


@dataclass(slots=True, eq=False, repr=False)
class Told:
    """What some of the pairs of an indicator come to: claims in order, and the norm of those with support."""

    claims: list[Claim]
    supported: list[Claim]
    norm: float | None


@dataclass(slots=True, eq=False, repr=False)
class Group:
    """The pairs of one unit and indicator, by place; masks of places say which of them are looked at."""

    unit: int
    kind: Kind
    pairs: list[Pair]
    weights: list[float]
    candidates: list[int]
    """Places of rows that could be told twice, by stance and age."""
    told: dict[int, Told] = field(default_factory=dict)
    claims: dict[tuple[int, bool], Claim] = field(default_factory=dict)

    @property
    def full(self) -> int:
        """The mask of all pairs."""
        return (1 << len(self.pairs)) - 1


def group_pairs(pairs: Sequence[Pair], weights: Mapping[int, float], candidates: frozenset[int]) -> list[Group]:
    """Return groups in order of unit and indicator."""
    found: dict[tuple[int, int], list[Pair]] = {}
    for pair in pairs:
        found.setdefault((pair.unit, pair.row.kind.number), []).append(pair)
    groups = []
    for key in sorted(found):
        mine = found[key]
        may = [at for at, pair in enumerate(mine) if pair.is_own and pair.origin in candidates]
        may.sort(key=lambda at: (mine[at].row.denies, mine[at].age))
        groups.append(Group(key[0], mine[0].row.kind, mine, [weights[p.number] for p in mine], may))
    return groups


def tell(group: Group, mask: int, agreed: Agreed) -> Told:
    """Return what the pairs of a mask come to."""
    found = group.told.get(mask)
    if found is not None:
        return found
    sets = _twin_sets(group, mask, agreed.twin_days) if len(group.candidates) > 1 else {}
    tokens: dict[tuple[int, str], int] = {}
    twins: set[tuple[int, str]] = set()
    for at, pair in enumerate(group.pairs):
        if mask >> at & 1:
            token = pair.token
            if pair.origin in sets:
                token = (sets[pair.origin], "")
                twins.add(token)
            tokens[token] = tokens.get(token, 0) | 1 << at
    claims = [_claim(group, tokens[token], agreed, twin=token in twins) for token in sorted(tokens)]
    supported = [claim for claim in claims if claim.weight is not None]
    weights = [claim.weight for claim in supported if claim.weight is not None]
    found = Told(claims, supported, norm(weights, group.kind.repeat_p) if weights else None)
    group.told[mask] = found
    return found


def _twin_sets(group: Group, mask: int, twin_days: int) -> dict[int, int]:
    """Return, for each origin with a twin among the pairs of a mask, the lowest origin of its set."""
    sets: dict[int, int] = {}
    chain: list[int] = []
    before: Pair | None = None
    for at in group.candidates:
        if not mask >> at & 1:
            continue
        pair = group.pairs[at]
        if before is None or pair.row.denies != before.row.denies or pair.age - before.age > twin_days:
            if len(chain) > 1:
                sets |= dict.fromkeys(chain, min(chain))
            chain = []
        chain.append(pair.origin)
        before = pair
    if len(chain) > 1:
        sets |= dict.fromkeys(chain, min(chain))
    return sets


def _claim(group: Group, mask: int, agreed: Agreed, *, twin: bool) -> Claim:
    """Return the claim that the pairs of a mask tell."""
    known = group.claims.get((mask, twin))
    if known is not None:
        return known
    claim = Claim([], [], twin)
    for at, pair in enumerate(group.pairs):
        if mask >> at & 1:
            side = pair.agency.number + 1 if pair.stated and not twin else 0
            # t⁻ is over all denying rows: their severity plays no part.
            denies = pair.row.denies
            told = Telling(pair, group.weights[at], 1.0 if denies else pair.severity, side)
            (claim.denial if denies else claim.support).append(told)
    if claim.denial:
        claim.denied = _truth(claim.denial, 1.0, agreed)
    if claim.support:
        _weigh(claim, group.kind.strength, agreed)
    group.claims[mask, twin] = claim
    return claim


def _weigh(claim: Claim, strength: float, agreed: Agreed) -> None:
    """Fill in weight, severity and truth: of levels within 2⁻⁴⁰ of the best, the gravest binds."""
    severities = sorted({told.severity for told in claim.support}, reverse=True)
    if len(severities) > _MOST_LEVELS:
        raise Unusual
    levels = []
    for severity in severities:
        truth = _truth(claim.support, severity, agreed)
        levels.append((-log1p(truth * (1.0 - claim.denied) * expm1(-strength * severity)), severity, truth))
    claim.weight = max(level[0] for level in levels)
    least = claim.weight - UNIT
    _, claim.severity, claim.truth = next(level for level in levels if level[0] >= least)


def _truth(told: list[Telling], severity: float, agreed: Agreed) -> float:
    """Return t of the tellings at or above a severity."""
    if len(told) == 1:
        return told[0].pair.fresh * -expm1(-told[0].weight)
    layers = _layers(told, severity)
    if len(layers) == 1:
        step, inside = layers[0]
        return step * _believe(inside, agreed).truth
    gains = [step * _believe(inside, agreed).truth for step, inside in layers]
    return gains[0] + pairwise(gains[1:])  # as NumPy's reduceat adds


def _layers(told: list[Telling], severity: float) -> list[tuple[float, list[Telling]]]:
    """Return (d_j − d_{j+1}, tellings at least as fresh) for each freshness, freshest first."""
    grave = [one for one in told if one.severity >= severity]
    fresh = {one.pair.age: one.pair.fresh for one in grave}
    ages = sorted(fresh)
    if len(ages) == 1:
        return [(fresh[ages[0]], grave)]
    last = len(ages) - 1
    return [
        (
            fresh[age] if place == last else fresh[age] - fresh[ages[place + 1]],
            [one for one in grave if one.pair.age <= age],
        )
        for place, age in enumerate(ages)
    ]


@dataclass(slots=True, eq=False, repr=False)
class _Belief:
    """Every step from weights to T; ``sides`` holds for each agency its origins' best weights, and their norm."""

    truth: float
    total: float
    stated: float
    unstated: float
    sides: dict[int, tuple[dict[int, float], float]]


def _believe(told: list[Telling], agreed: Agreed) -> _Belief:
    """Return T: an origin counts once, adds less than fully inside an agency, fully between agencies."""
    best: dict[int, dict[int, float]] = {}
    for one in told:
        of_side = best.setdefault(one.side, {})
        origin = one.pair.origin
        if one.weight > of_side.get(origin, -1.0):
            of_side[origin] = one.weight
    sides = {side: (best[side], norm(list(best[side].values()), _p(side, agreed))) for side in sorted(best)}
    # What nobody stated takes its place among the sums as a nought, which decides how NumPy adds eight and more.
    stated = run_sum([joined if side else 0.0 for side, (_, joined) in sides.items()])
    unstated = sides[0][1] if 0 in sides else 0.0
    total = _join(stated, unstated, agreed.unstated_p)
    return _Belief(-expm1(-total), total, stated, unstated, sides)


def _p(side: int, agreed: Agreed) -> float:
    return agreed.agency_p[side - 1] if side else agreed.unstated_p


def _join(stated: float, unstated: float, q: float) -> float:
    """Return (S^q + U^q)^(1/q); exactly S or U where the other is 0."""
    high, low = max(stated, unstated), min(stated, unstated)
    if low <= 0.0 or q == math.inf:
        return high
    return high * power(1.0 + power(low / high, q), 1.0 / q)


def held_up(claim: Claim, agreed: Agreed) -> tuple[list[tuple[int, float, float]], list[tuple[int, float]]]:
    """Return who holds a claim up, and who fights it: pair number, share of t and ∂t/∂v; pair number and ∂t⁻/∂v."""
    if claim.held is None or claim.fought is None:
        claim.held = _divide(claim.support, claim.severity, agreed)
        claim.fought = [(n, slope) for n, _, slope in _divide(claim.denial, 1.0, agreed)] if claim.denial else []
    return claim.held, claim.fought


def _divide(told: list[Telling], severity: float, agreed: Agreed) -> list[tuple[int, float, float]]:
    """Return each pair's share of t at a severity and the slope of that t in its weight; shares multiply down."""
    if len(told) == 1:
        return [(told[0].pair.number, 1.0, told[0].pair.fresh * exp(-told[0].weight))]
    layers = [(step, inside, _believe(inside, agreed)) for step, inside in _layers(told, severity)]
    gains = [step * belief.truth for step, _, belief in layers]
    truth = gains[0] + pairwise(gains[1:])
    shares: dict[int, float] = {}
    slopes: dict[int, float] = {}
    for (step, inside, belief), gain in zip(layers, gains, strict=True):
        layer_share, layer_slope = gain / truth if truth > 0.0 else 0.0, step * (1.0 - belief.truth)
        for number, share, slope in _down(inside, belief, agreed):
            shares[number] = shares.get(number, 0.0) + share * layer_share
            slopes[number] = slopes.get(number, 0.0) + slope * layer_slope
    return [(number, share, slopes[number]) for number, share in shares.items()]


def _down(told: list[Telling], belief: _Belief, agreed: Agreed) -> list[tuple[int, float, float]]:
    """Return each pair's share of V and ∂V/∂v, down the branches that bound on the way up."""
    q = agreed.unstated_p
    side_share = norm_share((belief.stated, belief.unstated), belief.total, q)
    side_slope = norm_slope((belief.stated, belief.unstated), belief.total, q)
    out = []
    for side, (best, joined) in belief.sides.items():
        row = 0 if side else 1
        inside = joined / belief.stated if side and belief.stated > 0.0 else 1.0
        agency_share, agency_slope = side_share[row] * inside, side_slope[row]
        values, p = list(best.values()), _p(side, agreed)
        shares, slopes = norm_share(values, joined, p), norm_slope(values, joined, p)
        for origin, share, slope in zip(best, shares, slopes, strict=True):
            mine = [one for one in told if one.side == side and one.pair.origin == origin]
            ties = tie_share([one.weight for one in mine], best[origin])
            for one, tie in zip(mine, ties, strict=True):
                out.append((one.pair.number, tie * (share * agency_share), tie * (slope * agency_slope)))
    return out
