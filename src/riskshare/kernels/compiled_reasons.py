"""Who holds a score up, and how far it moves: shares and slopes of every pair of a compiled pass.

Compiled twin of ``reasons.reasons`` and ``support.divide``. Methods: model, sections 8 and 9.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.compiled_claims import Claims, Passed
from riskshare.kernels.compiled_levels import Believed, Told
from riskshare.kernels.compiled_order import Arranged
from riskshare.kernels.compiled_tools import jit, norms, sums
from riskshare.kernels.fusion import Rules
from riskshare.kernels.segments import UNIT, Floats, Ints, power


class Backward(NamedTuple):
    """Share φ before any cap and slope ∂L/∂v of each pair, in the order of ``Passed.at``; ∂L/∂|w| of each indicator."""

    share: Floats
    slope: Floats
    strength_slope: Floats


class _Back(NamedTuple):
    """What the bottom step takes of each supported claim: share, and slopes of its supporting and denying truth."""

    share: Floats
    support: Floats
    denial: Floats


def backward(done: Passed, rules: Rules) -> Backward:
    """Return shares and slopes of every pair of a pass, as ``reasons.reasons`` does to the bit."""
    claims, at, told, believed = done.claims, done.at, done.told, done.believed
    share, slope = _down_to_claims(claims, rules)
    severity, strength = told.level_severity[claims.level], rules.strength[claims.kind]
    truth, bite = believed.level_truth[claims.level], -done.bite[claims.level]
    held = truth * (1.0 - claims.denied)
    per_truth = slope * bite / (1.0 - held * bite)
    back = _Back(share, per_truth * (1.0 - claims.denied), -per_truth * truth)
    per_strength = slope * held * severity * np.exp(-strength * severity) / (1.0 - held * bite)
    level_claim = _levels_to_divide(at.group_denies, at.group_claim, told.group_level, claims.claim, claims.level,
                                    told.level_group.size, at.claim_unit.size)  # fmt: skip
    pairs = _divide(at, told, believed, rules, level_claim, back)
    return Backward(*pairs, sums(per_strength, claims.kind_start[:-1]))


def _down_to_claims(claims: Claims, rules: Rules) -> tuple[Floats, Floats]:
    """Return each supported claim's signed share φ, and the slope of log-odds in its weight without ceilings."""
    kind = claims.kind[claims.kind_start[:-1]]
    family_p = rules.family_p[rules.family[kind[claims.family_start[:-1]]]]
    capped = np.minimum(claims.kind_norm, rules.ceiling[kind])
    open_norm = norms(claims.kind_norm, claims.family_start[:-1], family_p)
    in_family = _norm_share(capped, claims.family_norm, claims.family_start, family_p)
    up_family = _norm_slope(claims.kind_norm, open_norm, claims.family_start, family_p)
    repeat_p = rules.repeat_p[kind]
    in_kind = _norm_share(claims.weight, claims.kind_norm, claims.kind_start, repeat_p)
    up_kind = _norm_slope(claims.weight, claims.kind_norm, claims.kind_start, repeat_p)
    return _to_claims(
        rules.direction[kind].astype(np.float64), claims.family_norm, claims.family_start, in_family, up_family,
        claims.kind_start, in_kind, up_kind,
    )  # fmt: skip


@jit
def _to_claims(
    sign: Floats, family_norm: Floats, family_start: Ints, in_family: Floats, up_family: Floats, kind_start: Ints,
    in_kind: Floats, up_kind: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    share, slope = np.empty(in_kind.size), np.empty(in_kind.size)
    for f in range(family_norm.size):
        for k in range(family_start[f], family_start[f + 1]):
            kind_share = sign[k] * family_norm[f] * in_family[k]
            kind_slope = sign[k] * up_family[k]
            for c in range(kind_start[k], kind_start[k + 1]):
                share[c] = kind_share * in_kind[c]
                slope[c] = kind_slope * up_kind[c]
    return share, slope


def _norm_share(values: Floats, norm: Floats, starts: Ints, p: Floats) -> Floats:
    """Return (x / norm)^p of each value of each run, as ``segments.norm_share``; starts end with the last end."""
    out, ratio, exponent, place = _ratios(values, norm, starts, p)
    if place.size:
        out[place] = power(ratio, exponent)
    return out


def _norm_slope(values: Floats, norm: Floats, starts: Ints, p: Floats) -> Floats:
    """Return (x / norm)^(p − 1) of each value of each run, as ``segments.norm_slope``."""
    out, ratio, exponent, place = _ratios(values, norm, starts, p)
    if place.size:
        out[place] = power(ratio, exponent - 1.0)
    return out


@jit
def _ratios(values: Floats, norm: Floats, starts: Ints, p: Floats) -> tuple[Floats, Floats, Floats, Ints]:
    """Return parts that need no power (a run of one has all; a maximum or a norm of 0 is shared by its ties)."""
    out, ratio, exponent = np.ones(values.size), np.empty(values.size), np.empty(values.size)
    place = np.empty(values.size, dtype=np.int64)
    n = 0
    for r in range(norm.size):
        first, last = starts[r], starts[r + 1]
        if last - first == 1:
            continue
        if not np.isfinite(p[r]) or norm[r] <= 0.0:
            ties = 0
            for i in range(first, last):
                ties += values[i] >= norm[r] - UNIT
            for i in range(first, last):
                out[i] = 1.0 / ties if values[i] >= norm[r] - UNIT else 0.0
            continue
        for i in range(first, last):
            ratio[n], exponent[n], place[n] = values[i] / norm[r], p[r], i
            n += 1
    return out, ratio[:n], exponent[:n], place[:n]


@jit
def _levels_to_divide(
    denies: np.ndarray, group_claim: Ints, group_level: Ints, claim: Ints, level: Ints, n_levels: int, n_claims: int
) -> Ints:
    """Return for each level the supported claim (its place among them) it decides, −1 for the others."""
    slot = np.full(n_claims, -1)
    out = np.full(n_levels, -1)
    for c in range(claim.size):
        slot[claim[c]] = c
        out[level[c]] = c
    for g in range(group_claim.size):
        if denies[g]:
            out[group_level[g]] = slot[group_claim[g]]
    return out


def _divide(
    at: Arranged, told: Told, believed: Believed, rules: Rules, level_claim: Ints, back: _Back
) -> tuple[Floats, Floats]:
    """Return the share and slope of each pair: layer, then S against U, agency, origin, equal weights equally."""
    q = rules.unstated_p
    agency_p = np.append(q, rules.agency_p)[told.run_class]
    in_agency = _norm_share(told.best, believed.joined, told.run_start, agency_p)
    up_agency = _norm_slope(told.best, believed.joined, told.run_start, agency_p)
    sides, side_slopes, place, ratio = _side_parts(
        told.layer_run, told.run_class, believed.stated, believed.unstated, believed.total, q
    )
    if place.size:
        sides[place] = power(ratio, np.full(ratio.size, q)).reshape(-1, 2)
        side_slopes[place] = power(ratio, np.full(ratio.size, q - 1.0)).reshape(-1, 2)
    return _to_pairs(
        at.group_start, at.part, at.group_denies, at.klass, at.origin, at.weight, at.age, at.severity,
        np.exp(-at.weight), told, believed, level_claim, in_agency, up_agency, sides, side_slopes, back,
    )  # fmt: skip


@jit
def _side_parts(
    layer_run: Ints, run_class: Ints, stated: Floats, unstated: Floats, total: Floats, q: float
) -> tuple[Floats, Floats, Ints, Floats]:
    """Return shares and slopes of S and U in V where no power is needed, and the layers and ratios that need one."""
    n = total.size
    share, slope = np.ones((n, 2)), np.ones((n, 2))
    place, ratio = np.empty(n, dtype=np.int64), np.empty(2 * n)
    k = 0
    for i in range(n):
        first, last = layer_run[i], layer_run[i + 1]
        both = last - first > 1 and run_class[first] == 0
        if total[i] <= 0.0 or not np.isfinite(q):
            # Without runs the layer's one side is all of V, and the other 0.
            s, u = (stated[i], unstated[i]) if last > first else (total[i], 0.0)
            s_ties, u_ties = s >= total[i] - UNIT, u >= total[i] - UNIT
            part = 0.5 if s_ties and u_ties else 1.0
            share[i, 0], share[i, 1] = part if s_ties else 0.0, part if u_ties else 0.0
            if last == first:
                share[i, 1] = part
            slope[i] = share[i]
        elif both:
            place[k], ratio[2 * k], ratio[2 * k + 1] = i, stated[i] / total[i], unstated[i] / total[i]
            k += 1
    return share, slope, place[:k], ratio[: 2 * k]


@jit
def _to_pairs(
    group_start: Ints, part: Ints, denies: np.ndarray, klass: Ints, origin: Ints, weight: Floats, age: Ints,
    severity: Floats, left: Floats, told: Told, believed: Believed, level_claim: Ints, in_agency: Floats,
    up_agency: Floats, sides: Floats, side_slopes: Floats, back: _Back,
) -> tuple[Floats, Floats]:  # fmt: skip
    share, slope = np.zeros(weight.size), np.zeros(weight.size)
    back_share, back_support, back_denial = back.share, back.support, back.denial
    level_group, level_layer = told.level_group, told.level_layer
    level_severity, layer_age, layer_run = told.level_severity, told.layer_age, told.layer_run
    run_start, best, total = told.run_start, told.best, told.total
    joined, stated = believed.joined, believed.stated
    truth, step, fresh, level_truth = believed.truth, believed.step, believed.fresh, believed.level_truth
    for level in range(level_claim.size):
        c, g = level_claim[level], level_group[level]
        if c < 0:
            continue
        first, last = group_start[g], group_start[g + 1]
        up = back_denial[c] if denies[g] else back_support[c]
        if part[g] == 0:
            share[first] = 0.0 if denies[g] else back_share[c]
            slope[first] = fresh[level_layer[level]] * left[first] * up
            continue
        for i in range(level_layer[level], level_layer[level + 1]):
            t = level_truth[level]
            layer_share = step[i] * truth[i] / t if t > 0 else 0.0
            layer_slope = step[i] * (1.0 - truth[i])
            run, place = layer_run[i] - 1, -1
            runs = layer_run[i + 1] > layer_run[i]
            if runs:
                place = run_start[layer_run[i]] - 1
            before, top, ties = -1, 0.0, 1
            for j in range(first, last):
                if severity[j] < level_severity[level] or age[j] > layer_age[i]:
                    continue
                new_class = before < 0 or klass[j] != klass[before]
                run += new_class
                if new_class or origin[j] != origin[before]:
                    place += 1
                    top = best[place] if runs else total[i]
                    ties = _ties(
                        klass, origin, weight, age, severity, j, last, level_severity[level], layer_age[i], top
                    )
                before = j
                if weight[j] < top - UNIT:
                    continue
                side = 0 if klass[j] > 0 else 1
                inside = joined[run] / stated[i] if runs and side == 0 and stated[i] > 0 else 1.0
                a, b = (in_agency[place], up_agency[place]) if runs else (1.0, 1.0)
                share[j] += (1.0 / ties) * (a * (sides[i, side] * inside)) * layer_share
                slope[j] += (1.0 / ties) * (b * side_slopes[i, side]) * layer_slope
        for j in range(first, last):
            share[j] = 0.0 if denies[g] else share[j] * back_share[c]
            slope[j] *= up
    return share, slope


@jit
def _ties(
    klass: Ints, origin: Ints, weight: Floats, age: Ints, severity: Floats, first: int, last: int, least: float,
    oldest: int, top: float,
) -> int:  # fmt: skip
    """Return how many pairs of one origin in a layer are within 2⁻⁴⁰ of its best."""
    n = 0
    for j in range(first, last):
        if klass[j] != klass[first] or origin[j] != origin[first]:
            break
        n += severity[j] >= least and age[j] <= oldest and weight[j] >= top - UNIT
    return n
