"""From how true a claim is to W⁺ and W⁻ of each unit: the level that binds, indicators, families, totals.

Compiled twin of the second half of ``fusion.fuse``. Methods: model, section 5.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.compiled_levels import Believed, Told, believe, tell
from riskshare.kernels.compiled_order import Arranged, Grouped, arrange
from riskshare.kernels.compiled_tools import jit, norms
from riskshare.kernels.fusion import Rules
from riskshare.kernels.segments import UNIT, Bools, Floats, Ints


class Claims(NamedTuple):
    """Supported claims: which, the level that binds each, its weight ℓ and the t⁻ against it; and what they join to.

    Starts end with the number of what they cut.
    """

    claim: Ints
    unit: Ints
    kind: Ints
    level: Ints
    weight: Floats
    denied: Floats
    kind_start: Ints
    kind_norm: Floats
    family_start: Ints
    family_norm: Floats


class Passed(NamedTuple):
    """One forward pass over some units. ``bite`` is 1 − e^(−|w|σ) of each level, negated."""

    at: Arranged
    twin_of: Ints
    told: Told
    believed: Believed
    bite: Floats
    claims: Claims
    raising: Ints
    protective: Ints


def forward(
    grouped: Grouped, units: Ints, keep: Bools, weight: Floats, twin_of: Ints, rules: Rules, hard: Bools
) -> Passed:
    """Return W⁺ and W⁻ of each unit from its pairs, and every step on the way; 0 for units left out or hard.

    ``weight`` stands for ``pairs.weight``; ``keep`` says which pairs are there; ``twin_of`` is from ``join_twins``;
    ``hard`` is added to (``arrange``).
    """
    at = arrange(grouped, units, keep, weight, twin_of, hard)
    told = tell(at)
    believed = believe(at, told, rules)
    bite = np.expm1(_stakes(told.level_group, told.level_severity, at.group_claim, at.claim_kind, rules.strength))
    against, believed_bite = _against(
        at.group_denies, at.group_claim, told.group_level, at.claim_unit.size, believed.level_truth, bite
    )
    claim, level, weights = _choose(at.group_denies, at.group_claim, told.group_level, -np.log1p(believed_bite))
    unit, kind = at.claim_unit[claim], at.claim_kind[claim]
    kind_start, family_start = _runs(unit, kind, rules.family)
    kinds = kind[kind_start[:-1]]
    kind_norm = norms(weights, kind_start[:-1], rules.repeat_p[kinds])
    family_p = rules.family_p[rules.family[kinds[family_start[:-1]]]]
    family_norm = norms(np.minimum(kind_norm, rules.ceiling[kinds]), family_start[:-1], family_p)
    n_units = grouped.start.size - 1
    first = kind_start[family_start[:-1]]
    raising, protective = _totals(unit[first], rules.direction[kind[first]], family_norm, n_units)
    claims = Claims(claim, unit, kind, level, weights, against[claim], kind_start, kind_norm, family_start, family_norm)
    return Passed(at, twin_of, told, believed, bite, claims, raising, protective)


@jit
def _stakes(group: Ints, severity: Floats, group_claim: Ints, claim_kind: Ints, strength: Floats) -> Floats:
    """Return −|w|σ of each level."""
    out = np.empty(group.size)
    for level in range(group.size):
        out[level] = -strength[claim_kind[group_claim[group[level]]]] * severity[level]
    return out


@jit
def _against(
    denies: Bools, claim: Ints, group_level: Ints, n_claims: int, truth: Floats, bite: Floats
) -> tuple[Floats, Floats]:
    """Return t⁻ of each claim, and −t(1 − t⁻)(1 − e^(−|w|σ)) of each supporting level (0 for denials)."""
    against, out = np.zeros(n_claims), np.zeros(truth.size)
    for g in range(denies.size):
        if denies[g]:
            against[claim[g]] = truth[group_level[g]]
    for g in range(denies.size):
        if not denies[g]:
            left = 1.0 - against[claim[g]]
            for level in range(group_level[g], group_level[g + 1]):
                out[level] = truth[level] * left * bite[level]
    return against, out


@jit
def _choose(denies: Bools, group_claim: Ints, group_level: Ints, weight: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the claims with support, the gravest level within 2⁻⁴⁰ nat of each one's best, and that best weight."""
    claim, level = np.empty(denies.size, dtype=np.int64), np.empty(denies.size, dtype=np.int64)
    best_weight = np.empty(denies.size)
    n = 0
    for g in range(denies.size):
        if denies[g]:
            continue
        first, last = group_level[g], group_level[g + 1]
        best = weight[first]
        for i in range(first + 1, last):
            best = max(best, weight[i])
        chosen = first
        while weight[chosen] < best - UNIT:
            chosen += 1
        claim[n], level[n], best_weight[n] = group_claim[g], chosen, best
        n += 1
    return claim[:n], level[:n], best_weight[:n]


@jit
def _runs(unit: Ints, kind: Ints, family: Ints) -> tuple[Ints, Ints]:
    """Return where each (unit, indicator) starts among claims, and each (unit, family) among those."""
    kind_start, family_start = np.empty(unit.size + 1, dtype=np.int64), np.empty(unit.size + 1, dtype=np.int64)
    kinds, families = 0, 0
    for i in range(unit.size):
        new_unit = i == 0 or unit[i] != unit[i - 1]
        if new_unit or kind[i] != kind[i - 1]:
            if new_unit or family[kind[i]] != family[kind[i - 1]]:
                family_start[families] = kinds
                families += 1
            kind_start[kinds] = i
            kinds += 1
    kind_start[kinds] = unit.size
    family_start[families] = kinds
    return kind_start[: kinds + 1], family_start[: families + 1]


@jit
def _totals(unit: Ints, direction: Ints, norm: Floats, n_units: int) -> tuple[Ints, Ints]:
    raising, protective = np.zeros(n_units, dtype=np.int64), np.zeros(n_units, dtype=np.int64)
    for i in range(unit.size):
        amount = np.int64(np.rint(norm[i] / UNIT))
        if direction[i] > 0:
            raising[unit[i]] += amount
        else:
            protective[unit[i]] += amount
    return raising, protective
