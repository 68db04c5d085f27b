"""Is the claim true? Trust of one origin counts once, adds between agencies, and less than adds inside one.

Methods: model, section 4. Every array of pairs here is sorted by claim, stance, agency class and origin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.layers import Group, Index, Layers, freshness_steps, level_truth
from riskshare.kernels.segments import (
    Floats,
    boundaries,
    norm_share,
    norm_slope,
    power,
    run_max,
    run_norm,
    run_of_row,
    run_sum,
    tie_share,
)


class Belief(NamedTuple):
    """Every step from pair weights to T, kept for shares and slopes. Runs are named by what they join."""

    truth: Floats
    total: Floats
    stated: Floats
    unstated: Floats
    agency: Floats
    agency_starts: Index
    agency_p: Floats
    origin: Floats
    origin_starts: Index


def believe(layers_starts: Index, agency_class: NDArray[np.int64], origin: NDArray[np.int64], weight: Floats,
            agency_p: Floats, unstated_p: float) -> Belief:  # fmt: skip
    """Return T of each instance: V_o = max, A_a = p-norm inside an agency, S = Σ A, V = q-norm of S and U.

    Parameters
    ----------
    layers_starts : numpy.ndarray of intp
        Where each instance starts in the pairs; no instance is empty.
    agency_class, origin : numpy.ndarray of int64
        Columns of the pairs, sorted by instance, class and origin.
    weight : numpy.ndarray of float64, nats
        v = −ln(1 − τ)/n of each pair.
    agency_p : numpy.ndarray of float64
        p = 1/(1 − ρ) of each agency; ``inf`` for ρ = 1.
    unstated_p : float
        q = 1/(1 − ρ_x).

    Returns
    -------
    Belief
        ``truth`` is T = 1 − e^(−V) per instance. Empty for empty input.

    Notes
    -----
    Dempster's rule between agencies (noisy-OR), the cautious rule inside an origin (T. Denœux, "Conjunctive and
    disjunctive combination of belief functions induced by nondistinct bodies of evidence", Artificial Intelligence
    172 (2008) 234–264), a p-norm between the two where errors are shared. Methods: model, section 4.
    """
    instance = run_of_row(layers_starts, weight.size)
    origin_starts = boundaries(instance, agency_class, origin)
    best = run_max(weight, origin_starts)
    classes, instances = agency_class[origin_starts], instance[origin_starts]
    agency_starts = boundaries(instances, classes)
    p = np.append(unstated_p, agency_p)[classes[agency_starts]]
    joined = run_norm(best, agency_starts, p)
    is_stated = classes[agency_starts] > 0
    instance_starts = boundaries(instances[agency_starts])
    stated = run_sum(np.where(is_stated, joined, 0.0), instance_starts)
    unstated = np.where(is_stated[instance_starts], 0.0, joined[instance_starts])
    total = _join(stated, unstated, unstated_p)
    return Belief(-np.expm1(-total), total, stated, unstated, joined, agency_starts, p, best, origin_starts)


def _join(stated: Floats, unstated: Floats, q: float) -> Floats:
    """Return (S^q + U^q)^(1/q); exactly S or U where the other is 0."""
    high, low = np.maximum(stated, unstated), np.minimum(stated, unstated)
    total = high.copy()
    both = np.flatnonzero(low > 0)
    if both.size and np.isfinite(q):
        ratio = power(low[both] / high[both], np.full(both.size, q))
        total[both] *= power(1.0 + ratio, np.full(both.size, 1.0 / q))
    return total


def believe_layers(group: Group, layers: Layers, agency_p: Floats, unstated_p: float) -> Belief:
    """Return ``believe`` of every layer's pairs."""
    pair = layers.pair
    return believe(
        layers.starts, group.agency_class[pair], group.origin[pair], group.weight[pair], agency_p, unstated_p
    )


class PairParts(NamedTuple):
    """For each pair of a chosen level: its share of t, and ∂t/∂v, both summed over freshness layers."""

    share: Floats
    slope: Floats


def divide_single(group: Group, numbers: Index, half_life: Floats, parts: PairParts) -> None:
    """Fill in the parts of groups of one pair: it holds all of t, and ∂t/∂v = d · e^(−v)."""
    pair = group.starts[numbers]
    parts.share[pair] = 1.0
    parts.slope[pair] = np.exp2(-group.age[pair] / half_life[numbers]) * np.exp(-group.weight[pair])


def divide(group: Group, layers: Layers, half_life: Floats, agency_p: Floats, unstated_p: float) -> PairParts:
    """Return each pair's share of its level's t and the slope of that t in the pair's weight.

    Shares multiply down: layer by (d_j − d_{j+1}) T_j / t, then S against U, agency, origin; equal weights of an
    origin share equally (methods: model, section 9). Slopes multiply down the same branches (section 8). Both are
    arrays over all pairs of ``group``, 0 where a pair is in no layer.
    """
    belief = believe_layers(group, layers, agency_p, unstated_p)
    steps = freshness_steps(layers, half_life[layers.group])
    gain = steps * belief.truth
    truth = level_truth(layers, belief.truth, steps)
    of_level = run_of_row(boundaries(layers.level), layers.level.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        layer_share = np.where(truth[of_level] > 0, gain / truth[of_level], 0.0)
    share, slope = _down(group, layers, belief, unstated_p)
    instance = run_of_row(layers.starts, layers.pair.size)
    size = group.weight.size
    layer_slope = steps * (1.0 - belief.truth)
    return PairParts(
        _sum_by_pair(layers.pair, share * layer_share[instance], size),
        _sum_by_pair(layers.pair, slope * layer_slope[instance], size),
    )


def _sum_by_pair(pair: Index, values: Floats, size: int) -> Floats:
    """Sum over layers, freshest first: an order that names cannot change."""
    total = np.zeros(size)
    np.add.at(total, pair, values)
    return total


def _down(group: Group, layers: Layers, belief: Belief, q: float) -> tuple[Floats, Floats]:
    n_pairs = layers.pair.size
    to_origin = run_of_row(belief.origin_starts, n_pairs)
    to_agency = run_of_row(belief.agency_starts, belief.origin_starts.size)
    instance = run_of_row(layers.starts, n_pairs)[belief.origin_starts][belief.agency_starts]
    classes = group.agency_class[layers.pair][belief.origin_starts][belief.agency_starts]
    n_agency, n_origin = belief.agency_starts.size, belief.origin_starts.size

    ties = tie_share(group.weight[layers.pair], belief.origin[to_origin], to_origin, n_origin)
    p = belief.agency_p[to_agency]
    origin_share = norm_share(belief.origin, belief.agency[to_agency], p, to_agency, n_agency)
    origin_slope = norm_slope(belief.origin, belief.agency[to_agency], p, to_agency, n_agency)
    side_share, side_slope = _sides(belief, q)
    is_stated = classes > 0
    side = np.where(is_stated, 0, 1)
    stated = belief.stated[instance]
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = np.where(is_stated & (stated > 0), belief.agency / stated, 1.0)
    agency_share = side_share[side, instance] * inside
    agency_slope = side_slope[side, instance]
    share = ties * (origin_share * agency_share[to_agency])[to_origin]
    slope = ties * (origin_slope * agency_slope[to_agency])[to_origin]
    return share, slope


def _sides(belief: Belief, q: float) -> tuple[Floats, Floats]:
    """Return shares and slopes of S (row 0) and U (row 1) in V."""
    values = np.stack((belief.stated, belief.unstated), axis=1).ravel()
    run = np.repeat(np.arange(belief.total.size), 2)
    total, exponent = np.repeat(belief.total, 2), np.full(values.size, q)
    share = norm_share(values, total, exponent, run, belief.total.size)
    slope = norm_slope(values, total, exponent, run, belief.total.size)
    return share.reshape(-1, 2).T, slope.reshape(-1, 2).T
