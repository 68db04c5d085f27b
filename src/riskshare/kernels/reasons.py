"""Who holds a score up, and how far it moves: shares φ of each pair and slopes for the interval.

Methods: model, sections 8 and 9. Everything runs down the branches that bound on the way up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.fusion import Fused, Rules
from riskshare.kernels.layers import Layers, Levels, part_groups, simple_layers, varied_layers
from riskshare.kernels.segments import (
    Floats,
    norm_share,
    norm_slope,
    run_norm,
    run_of_row,
    run_sum,
)
from riskshare.kernels.support import PairParts, divide, divide_single


class Reasons(NamedTuple):
    """For each pair in the caller's order: its share of the score and the slope of log-odds in its weight.

    ``share`` is φ in nats, negative for protective rows, before any cap. ``slope`` is ∂L/∂v without ceilings and caps.
    ``strength_slope`` is ∂L/∂|w| for each run of (unit, indicator), whose unit and indicator stand beside it.
    """

    share: Floats
    slope: Floats
    strength_unit: np.ndarray[tuple[int], np.dtype[np.int64]]
    strength_indicator: np.ndarray[tuple[int], np.dtype[np.int64]]
    strength_slope: Floats


def reasons(fused: Fused, rules: Rules) -> Reasons:
    """Return shares and slopes of every pair of a forward pass.

    Parameters
    ----------
    fused : Fused
        From ``fusion.fuse``.
    rules : Rules
        The same rules.

    Returns
    -------
    Reasons
        The shares of one unit sum to W⁺ − W⁻ up to rounding. Empty for an empty pass.

    Notes
    -----
    Every step is homogeneous of degree 1, so shares multiply down (Euler's theorem). Slopes take the model without
    ceilings, caps and τ_max: a capped score is not a certain one.

    Examples
    --------
    A lone row holds its whole claim up; see ``tests/spec`` for worked cases.
    """
    parts = _divide_chosen(fused, rules)
    claim_share, claim_slope = _down_to_claims(fused, rules)
    group_of_pair = run_of_row(fused.group.starts, fused.group.weight.size)
    claim_of_pair, denies = fused.group_claim[group_of_pair], fused.group_denies[group_of_pair]
    slot = np.full(fused.claim_starts.size, -1, dtype=np.int64)
    slot[fused.claim_support] = np.arange(fused.claim_support.size)
    at = slot[claim_of_pair]
    supported = at >= 0
    chosen_truth, severity = fused.truth[fused.chosen], fused.levels.severity[fused.chosen]
    strength = rules.strength[fused.claim_indicator]
    bite = -np.expm1(-strength * severity)
    believed = chosen_truth * (1.0 - fused.claim_denied)
    per_truth = claim_slope * bite / (1.0 - believed * bite)
    with_support, with_denial = per_truth * (1.0 - fused.claim_denied), -per_truth * chosen_truth

    share, slope = np.zeros(at.size), np.zeros(at.size)
    supports = supported & ~denies
    denials = supported & denies
    share[supports] = parts.share[supports] * claim_share[at[supports]]
    slope[supports] = parts.slope[supports] * with_support[at[supports]]
    slope[denials] = parts.slope[denials] * with_denial[at[denials]]
    per_strength = claim_slope * believed * severity * np.exp(-strength * severity) / (1.0 - believed * bite)
    return Reasons(
        _unsort(share, fused), _unsort(slope, fused),
        fused.claim_unit[fused.indicator_starts], fused.claim_indicator[fused.indicator_starts],
        run_sum(per_strength, fused.indicator_starts),
    )  # fmt: skip


def _unsort(values: Floats, fused: Fused) -> Floats:
    out = np.empty_like(values)
    out[fused.order] = values
    return out


def _divide_chosen(fused: Fused, rules: Rules) -> PairParts:
    """Divide the chosen level of each supported claim, and every denial, among its pairs."""
    denials = np.flatnonzero(fused.group_denies[fused.levels.group])
    numbers = np.sort(np.concatenate((fused.chosen, denials)))
    levels = Levels(fused.levels.group[numbers], fused.levels.severity[numbers])
    single, simple, varied = part_groups(fused.group)
    is_varied = np.isin(levels.group, varied)
    many = Levels(levels.group[is_varied], levels.severity[is_varied])
    size = fused.group.weight.size
    parts = PairParts(np.zeros(size), np.zeros(size))
    divide_single(fused.group, single, fused.group_half_life, parts)
    for layers in (simple_layers(fused.group, simple)[1], varied_layers(fused.group, many)):
        part = _divide(fused, layers, rules)
        parts = PairParts(parts.share + part.share, parts.slope + part.slope)
    return parts


def _divide(fused: Fused, layers: Layers, rules: Rules) -> PairParts:
    return divide(fused.group, layers, fused.group_half_life, rules.agency_p, rules.unstated_p)


def _down_to_claims(fused: Fused, rules: Rules) -> tuple[Floats, Floats]:
    """Return each supported claim's signed share φ, and the slope of log-odds in its weight without ceilings."""
    starts, family_starts = fused.indicator_starts, fused.family_starts
    kind = fused.claim_indicator[starts]
    n_kinds, n_families = starts.size, family_starts.size
    to_family = run_of_row(family_starts, n_kinds)
    to_kind = run_of_row(starts, fused.claim_weight.size)
    family_p = rules.family_p[rules.family[kind]]
    sign = rules.direction[kind].astype(np.float64)

    capped = np.minimum(fused.indicator_norm, rules.ceiling[kind])
    norm = fused.family_norm[to_family]
    kind_share = sign * norm * norm_share(capped, norm, family_p, to_family, n_families)
    repeat_p = rules.repeat_p[kind][to_kind]
    in_kind = fused.indicator_norm[to_kind]
    claim_share = kind_share[to_kind] * norm_share(fused.claim_weight, in_kind, repeat_p, to_kind, n_kinds)

    open_norm = run_norm(fused.indicator_norm, family_starts, family_p[family_starts])[to_family]
    kind_slope = sign * norm_slope(fused.indicator_norm, open_norm, family_p, to_family, n_families)
    claim_slope = kind_slope[to_kind] * norm_slope(fused.claim_weight, in_kind, repeat_p, to_kind, n_kinds)
    return claim_share, claim_slope
