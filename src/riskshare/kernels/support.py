"""Is the claim true? Trust of one origin counts once, adds between agencies, and less than adds inside one.

Methods: model, section 4. Every array of pairs here is sorted by claim, stance, agency class and origin.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.segments import (
    Floats,
    boundaries,
    norm_share,
    norm_slope,
    power,
    ranges,
    run_lengths,
    run_max,
    run_norm,
    run_of_row,
    run_sum,
    tie_share,
)

Index = NDArray[np.intp]
_BATCH = 1 << 21


class Group(NamedTuple):
    """Pairs of claims, sorted: ``starts`` of each (claim, stance) and the columns of its pairs.

    ``agency_class`` is 0 for origins nobody stated, else 1 + agency; ``age`` in days; ``weight`` is −ln(1 − τ)/n.
    """

    starts: Index
    agency_class: NDArray[np.int64]
    origin: NDArray[np.int64]
    weight: Floats
    age: NDArray[np.int64]
    severity: Floats


class Layers(NamedTuple):
    """Instances to evaluate: the pairs of a group at or above one severity and at or below one age.

    Instance i takes pairs ``pair[starts[i]:…]`` of ``group[i]``; ``level[i]`` numbers (group, severity);
    ``age[i]`` is its freshness layer. Layers of one level run from the freshest on.
    """

    group: Index
    level: Index
    age: NDArray[np.int64]
    starts: Index
    pair: Index


class Levels(NamedTuple):
    """One line per (group, severity): groups in order, severities falling."""

    group: Index
    severity: Floats


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


def part_groups(group: Group) -> tuple[Index, Index, Index]:
    """Return groups of one pair, groups of several pairs with one severity and one age, and the rest."""
    lengths = run_lengths(group.starts, group.weight.size)
    several = np.flatnonzero(lengths > 1)
    rows = ranges(group.starts[several], lengths[several])
    inner = np.cumsum(lengths[several]) - lengths[several]
    varied = np.zeros(several.size, dtype=np.bool_)
    if several.size:
        for column in (group.age[rows], group.severity[rows]):
            varied |= np.maximum.reduceat(column, inner) != np.minimum.reduceat(column, inner)
    return np.flatnonzero(lengths == 1), several[~varied], several[varied]


def simple_layers(group: Group, numbers: Index) -> tuple[Levels, Layers]:
    """Return the one level and the one layer of each of some groups with one severity and one age."""
    first, count = group.starts[numbers], run_lengths(group.starts, group.weight.size)[numbers]
    levels = Levels(numbers, group.severity[first])
    starts = np.cumsum(count) - count
    return levels, Layers(numbers, np.arange(numbers.size), group.age[first], starts, ranges(first, count))


def _single_truth(group: Group, numbers: Index, half_life: Floats) -> Floats:
    """Return t = d · T of groups of one pair, where every norm is the value itself."""
    pair = group.starts[numbers]
    return np.asarray(np.exp2(-group.age[pair] / half_life[numbers]) * -np.expm1(-group.weight[pair]))


def varied_levels(group: Group, numbers: Index) -> Levels:
    """Return the distinct severities of the groups in ``numbers``, falling within each."""
    lengths = run_lengths(group.starts, group.weight.size)[numbers]
    rows = ranges(group.starts[numbers], lengths)
    owner = np.repeat(numbers, lengths)
    order = np.lexsort((-group.severity[rows], owner))
    starts = boundaries(owner[order], group.severity[rows][order])
    return Levels(owner[order][starts], group.severity[rows][order][starts])


def varied_layers(group: Group, levels: Levels) -> Layers:
    """Return the freshness layers of each level: its group's pairs at or above its severity, by growing age.

    A layer adds the pairs of one more age; ages at which no pair of that severity lies make no layer.
    """
    lengths = run_lengths(group.starts, group.weight.size)[levels.group]
    rows = ranges(group.starts[levels.group], lengths)
    level = np.repeat(np.arange(levels.group.size), lengths)
    grave = group.severity[rows] >= levels.severity[level]
    rows, level = rows[grave], level[grave]
    by_age = np.lexsort((group.age[rows], level))
    starts = boundaries(level[by_age], group.age[rows][by_age])
    layer_level, layer_age = level[by_age][starts], group.age[rows][by_age][starts]
    # Each layer takes again every pair of its level that is fresh enough.
    level_starts = boundaries(level)
    level_sizes = run_lengths(level_starts, level.size)
    position = np.full(levels.group.size, -1, dtype=np.intp)
    position[level[level_starts]] = np.arange(level_starts.size)
    slot = position[layer_level]
    pair = rows[ranges(level_starts[slot], level_sizes[slot])]
    layer = np.repeat(np.arange(layer_level.size), level_sizes[slot])
    fresh = group.age[pair] <= layer_age[layer]
    pair, layer = pair[fresh], layer[fresh]
    return Layers(levels.group[layer_level], layer_level, layer_age, boundaries(layer), pair)


def freshness_steps(layers: Layers, half_life: Floats) -> Floats:
    """Return d_j − d_{j+1} of each layer, with 0 after the last layer of a level (methods: model, section 4)."""
    fresh = np.exp2(-layers.age / half_life)
    nxt = np.append(fresh[1:], 0.0)
    last = np.append(layers.level[1:] != layers.level[:-1], True) if layers.level.size else np.zeros(0, dtype=np.bool_)
    return np.where(last, fresh, fresh - nxt)


def level_truth(layers: Layers, truth: Floats, steps: Floats) -> Floats:
    """Return t = Σ_j (d_j − d_{j+1}) T_j of each level, in order of level."""
    starts = boundaries(layers.level)
    return np.add.reduceat(steps * truth, starts) if starts.size else np.zeros(0)


def weigh_levels(group: Group, half_life: Floats, agency_p: Floats, unstated_p: float) -> tuple[Levels, Floats]:
    """Return t of every (group, severity), groups with many layers in batches of bounded memory.

    Parameters
    ----------
    group : Group
    half_life : numpy.ndarray of float64, days
        Of each group's indicator.
    agency_p, unstated_p
        As ``believe``.

    Returns
    -------
    levels : Levels
        Sorted by group, severities falling.
    truth : numpy.ndarray of float64
        t of each level.
    """
    single, simple, varied = part_groups(group)
    levels, layers = simple_layers(group, simple)
    parts = [
        (Levels(single, group.severity[group.starts[single]]), _single_truth(group, single, half_life)),
        (levels, _truth(group, layers, half_life, agency_p, unstated_p)),
    ]
    for chunk in _batches(group, varied_levels(group, varied)):
        parts.append((chunk, _truth(group, varied_layers(group, chunk), half_life, agency_p, unstated_p)))
    number = np.concatenate([part.group for part, _ in parts])
    severity = np.concatenate([part.severity for part, _ in parts])
    truth = np.concatenate([t for _, t in parts])
    order = np.argsort(number, kind="stable")
    return Levels(number[order], severity[order]), truth[order]


def _batches(group: Group, levels: Levels) -> list[Levels]:
    """Cut levels so that one batch makes at most about two million pairs (more only where a single level does)."""
    sizes = run_lengths(group.starts, group.weight.size)[levels.group].astype(np.float64)
    if sizes.size == 0:
        return []
    batch = (np.cumsum(sizes * sizes) // _BATCH).astype(np.int64)
    edges = [*boundaries(batch).tolist(), sizes.size]
    return [Levels(levels.group[a:b], levels.severity[a:b]) for a, b in pairwise(edges)]


def _truth(group: Group, layers: Layers, half_life: Floats, agency_p: Floats, unstated_p: float) -> Floats:
    belief = _believe(group, layers, agency_p, unstated_p)
    return level_truth(layers, belief.truth, freshness_steps(layers, half_life[layers.group]))


def _believe(group: Group, layers: Layers, agency_p: Floats, unstated_p: float) -> Belief:
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
    belief = _believe(group, layers, agency_p, unstated_p)
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
