"""The shape of a claim's support: its pairs, the severities they allow, and the layers of their freshness.

Methods: model, section 4. Every array of pairs here is sorted by claim, stance, agency class and origin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.segments import Floats, boundaries, ranges, run_lengths

Index = NDArray[np.intp]


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
