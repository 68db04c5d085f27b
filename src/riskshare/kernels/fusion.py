"""From weighed pairs to W⁺ and W⁻ of each unit (subject and lens): claims, indicators, families, totals.

Methods: model, sections 3 to 6. One packed sort puts pairs in order; every level is then a prefix of that order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.claims import TwinCandidates, twin_sets
from riskshare.kernels.layers import Group, Levels
from riskshare.kernels.levels import Stakes, weigh_levels
from riskshare.kernels.segments import (
    UNIT,
    Bools,
    Floats,
    Ints,
    boundaries,
    run_max,
    run_norm,
    run_of_row,
    sort_runs,
    to_units,
)

Index = NDArray[np.intp]


class Rules(NamedTuple):
    """The agreed numbers the fusion needs, as arrays by indicator, family and agency.

    Indicators are numbered so that those of one family stand together and a family never mixes directions.
    ``strength`` is |w| in nats, ``direction`` +1 raising or −1 protective, ``half_life`` in days, ``repeat_p`` = p_k,
    ``ceiling`` = C_k in nats, ``family`` of each indicator, ``family_p`` = p_f; ``agency_p`` = 1/(1 − ρ_a);
    ``unstated_p`` = 1/(1 − ρ_x); ``twin_days`` in days.
    """

    strength: Floats
    direction: NDArray[np.int64]
    half_life: Floats
    repeat_p: Floats
    ceiling: Floats
    family: NDArray[np.int64]
    family_p: Floats
    agency_p: Floats
    unstated_p: float
    twin_days: int


class Pairs(NamedTuple):
    """One line per (row, root) that counts, in any order.

    ``unit`` numbers (subject, lens); ``token`` is the claim: a number shared by the rows of one claim id, or the
    origin's own number; ``denies`` is the stance; ``agency`` the agency of origin; ``stated`` whether the origin is;
    ``origin`` its number; ``weight`` = −ln(1 − τ)/n in nats; ``age`` of the event in days; ``severity`` in [0, 1].
    """

    unit: Ints
    indicator: Ints
    token: Ints
    denies: Bools
    agency: Ints
    stated: Bools
    origin: Ints
    weight: Floats
    age: Ints
    severity: Floats

    def take(self, rows: NDArray[np.integer] | Bools) -> Pairs:
        """Return some of the pairs, by number or mask."""
        return Pairs._make(column[rows] for column in self)


class Fused(NamedTuple):
    """The forward pass, kept for reasons. Pair arrays follow ``order``; runs are named by what they are.

    ``raising`` and ``protective`` are W⁺ and W⁻ of each unit in int64 units of 2⁻⁴⁰ nat.
    """

    order: Index
    twin: Bools
    group: Group
    group_half_life: Floats
    group_claim: Index
    group_denies: Bools
    levels: Levels
    truth: Floats
    chosen: Index
    claim_starts: Index
    claim_support: Index
    claim_unit: Ints
    claim_indicator: Ints
    claim_weight: Floats
    claim_denied: Floats
    indicator_starts: Index
    indicator_norm: Floats
    family_starts: Index
    family_norm: Floats
    raising: Ints
    protective: Ints


def fuse(pairs: Pairs, rules: Rules, candidates: TwinCandidates, n_units: int) -> Fused:
    """Return W⁺ and W⁻ of each unit and every step on the way.

    Parameters
    ----------
    pairs : Pairs
        What counts, in any order.
    rules : Rules
    candidates : TwinCandidates
        Sorted origins that could be twins; those whose origin is not among the pairs are ignored by the caller.
    n_units : int

    Returns
    -------
    Fused
        ``raising`` and ``protective`` have shape (n_units,); 0 for a unit with no pair.

    Notes
    -----
    ℓ_c = max over σ of −ln(1 − t_c(σ)(1 − e^(−|w|σ))); G_k = min(C_k, p-norm of ℓ); F_f = p-norm of G; W = Σ F.
    Methods: model, sections 3 to 5.

    Examples
    --------
    One fresh report trusted 0.35 of an indicator worth ln 8 is worth −ln(1 − 0.35 × 7/8) = 0.36564 nats:

    >>> one, yes = np.array([0]), np.array([True])
    >>> rules = Rules(np.log([8.0]), np.array([1]), np.array([180.0]), np.array([2.0]), np.array([9.0]),
    ...               one, np.array([1.0]), np.array([2.0]), 10.0, 3)
    >>> pairs = Pairs(one, one, one, ~yes, one, yes, one, -np.log1p([-0.35]), one, np.array([1.0]))
    >>> fused = fuse(pairs, rules, TwinCandidates(one[:0], one[:0], one[:0]), 1)
    >>> round(float(fused.raising[0] * UNIT), 5)
    0.36564
    """
    pairs, twin = _join_twins(pairs, candidates, rules.twin_days)
    agency_class = np.where(pairs.stated, pairs.agency + 1, 0)
    fields = (pairs.unit, pairs.indicator, pairs.token, pairs.denies, agency_class, pairs.origin)
    order, (claim_starts, group_starts) = sort_runs(fields, (3, 4))
    first = order[claim_starts]
    claim_unit, claim_indicator = pairs.unit[first], pairs.indicator[first]
    group_claim = run_of_row(claim_starts, order.size)[group_starts]
    denies = pairs.denies[order[group_starts]]
    group = _group(pairs, order, group_starts, agency_class)
    half_life = rules.half_life[claim_indicator][group_claim]
    stakes = Stakes(group_claim, denies, rules.strength[claim_indicator][group_claim])
    levels, truth = weigh_levels(group, half_life, rules.agency_p, rules.unstated_p, stakes)
    claims = _weigh_claims(group_claim, denies, levels, truth, rules.strength[claim_indicator])
    supported, chosen, weight, denied = claims
    unit, indicator = claim_unit[supported], claim_indicator[supported]
    joined = join_indicators(unit, indicator, weight, rules)
    raising, protective = totals(unit, indicator, joined, rules, n_units)
    return Fused(
        order, twin[order], group, half_life, group_claim, denies, levels, truth, chosen, claim_starts, supported,
        unit, indicator, weight, denied, *joined, raising, protective,
    )  # fmt: skip


def _join_twins(pairs: Pairs, candidates: TwinCandidates, twin_days: int) -> tuple[Pairs, Bools]:
    """Give suspected twins one claim and take their origins as unstated (methods: model, section 3)."""
    origins, sets = twin_sets(candidates, twin_days)
    if origins.size == 0:
        return pairs, np.zeros(pairs.unit.size, dtype=np.bool_)
    size = int(max(pairs.token.max(initial=0), pairs.origin.max(initial=0), origins.max())) + 1
    merged = np.arange(size)
    merged[origins] = sets
    is_twin = np.zeros(size, dtype=np.bool_)
    is_twin[origins] = True
    twin = is_twin[pairs.origin]
    return pairs._replace(token=merged[pairs.token], stated=pairs.stated & ~twin), twin


def _group(pairs: Pairs, order: Index, starts: Index, agency_class: Ints) -> Group:
    # t⁻ is over all denying rows: their severity plays no part.
    severity = np.where(pairs.denies, 1.0, pairs.severity)[order]
    return Group(starts, agency_class[order], pairs.origin[order], pairs.weight[order], pairs.age[order], severity)


def _weigh_claims(
    group_claim: Index, denies: Bools, levels: Levels, truth: Floats, claim_strength: Floats
) -> tuple[Index, Index, Floats, Floats]:
    """Return claims with support, the level that binds each, its weight ℓ, and the t⁻ against it."""
    against = np.zeros(claim_strength.size)
    denial = denies[levels.group]
    against[group_claim[levels.group[denial]]] = truth[denial]
    support = np.flatnonzero(~denial)
    claim = group_claim[levels.group[support]]
    strength = claim_strength[claim]
    believed = truth[support] * (1.0 - against[claim])
    weight = -np.log1p(believed * np.expm1(-strength * levels.severity[support]))
    starts = boundaries(claim)
    best = run_max(weight, starts)
    # Severities fall within a claim, so the first within 2⁻⁴⁰ of the best is the largest that binds.
    binds = np.flatnonzero(weight >= best[run_of_row(starts, claim.size)] - UNIT)
    first = binds[boundaries(claim[binds])]
    return claim[starts], support[first], best, against[claim[starts]]


def join_indicators(unit: Ints, indicator: Ints, weight: Floats, rules: Rules) -> tuple[Index, Floats, Index, Floats]:
    """Return starts of each (unit, indicator) and its G before the ceiling, and the same of (unit, family) and F."""
    starts = boundaries(unit, indicator)
    kind = indicator[starts]
    norm = run_norm(weight, starts, rules.repeat_p[kind])
    family = rules.family[kind]
    family_starts = boundaries(unit[starts], family)
    capped = np.minimum(norm, rules.ceiling[kind])
    family_norm = run_norm(capped, family_starts, rules.family_p[family[family_starts]])
    return starts, norm, family_starts, family_norm


def totals(
    unit: Ints, indicator: Ints, joined: tuple[Index, Floats, Index, Floats], rules: Rules, n_units: int
) -> tuple[Ints, Ints]:
    """Return W⁺ and W⁻ of each unit, in int64 units, from ``join_indicators``."""
    starts, _, family_starts, family_norm = joined
    first = starts[family_starts]
    amount = to_units(family_norm)
    up = rules.direction[indicator[first]] > 0
    owner = unit[first]
    units = boundaries(owner)
    raising, protective = np.zeros(n_units, dtype=np.int64), np.zeros(n_units, dtype=np.int64)
    if units.size:
        raising[owner[units]] = np.add.reduceat(np.where(up, amount, 0), units)
        protective[owner[units]] = np.add.reduceat(np.where(up, 0, amount), units)
    return raising, protective
