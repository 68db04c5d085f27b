"""How true each claim is at each severity it could have, and only at those that could decide its weight.

Methods: model, section 4.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.layers import (
    Group,
    Index,
    Layers,
    Levels,
    freshness_steps,
    level_truth,
    part_groups,
    simple_layers,
    varied_layers,
    varied_levels,
)
from riskshare.kernels.segments import Bools, Floats, boundaries, run_lengths, run_max, run_of_row
from riskshare.kernels.support import believe_layers

_BATCH = 1 << 21
_MANY = 16  # below this many severities of one claim, all are weighed at once: a search would cost more
_PARTS = 4  # a search cuts what is still open into this many parts
_SLACK = 1e-9  # nats: far above rounding and above the 2⁻⁴⁰ within which levels tie


class Stakes(NamedTuple):
    """What a level's truth is for: the claim and stance of each group, and |w| of its indicator in nats."""

    claim: Index
    denies: Bools
    strength: Floats


class _Weigher(NamedTuple):
    group: Group
    half_life: Floats
    agency_p: Floats
    unstated_p: float

    def layers(self, layers: Layers) -> Floats:
        belief = believe_layers(self.group, layers, self.agency_p, self.unstated_p)
        return level_truth(layers, belief.truth, freshness_steps(layers, self.half_life[layers.group]))

    def levels(self, levels: Levels) -> Floats:
        parts = [self.layers(varied_layers(self.group, chunk)) for chunk in _batches(self.group, levels)]
        return np.concatenate(parts) if parts else np.zeros(0)


def truth_of(group: Group, levels: Levels, half_life: Floats, agency_p: Floats, unstated_p: float) -> Floats:
    """Return t of some levels, in their order; arguments as ``weigh_levels``. Empty for no levels."""
    return _Weigher(group, half_life, agency_p, unstated_p).levels(levels)


def weigh_levels(
    group: Group, half_life: Floats, agency_p: Floats, unstated_p: float, stakes: Stakes | None = None
) -> tuple[Levels, Floats]:
    """Return t of every (group, severity) that could decide its claim's weight, in batches of bounded memory.

    Parameters
    ----------
    group : Group
    half_life : numpy.ndarray of float64, days
        Of each group's indicator.
    agency_p, unstated_p
        As ``support.believe``.
    stakes : Stakes, optional
        Without it every severity is weighed. With it, a claim told with many severities is searched: levels that
        cannot come within 10⁻⁹ nat of its best are left out, so that n rows cost n², not n³.

    Returns
    -------
    levels : Levels
        Sorted by group, severities falling.
    truth : numpy.ndarray of float64
        t of each level.
    """
    weigher = _Weigher(group, half_life, agency_p, unstated_p)
    single, simple, varied = part_groups(group)
    levels, layers = simple_layers(group, simple)
    several = varied_levels(group, varied)
    many = np.zeros(several.group.size, dtype=np.bool_)
    if stakes is not None:
        many = (np.bincount(several.group, minlength=group.starts.size) > _MANY)[several.group]
    few, rest = _take(several, ~many), _take(several, many)
    parts = [
        (Levels(single, group.severity[group.starts[single]]), _single_truth(group, single, half_life)),
        (levels, weigher.layers(layers)),
        (few, weigher.levels(few)),
    ]
    if stakes is not None and rest.group.size:
        parts.append(_search(weigher, rest, stakes, parts))
    return _join(parts)


def _join(parts: list[tuple[Levels, Floats]]) -> tuple[Levels, Floats]:
    number = np.concatenate([part.group for part, _ in parts])
    order = np.argsort(number, kind="stable")
    severity = np.concatenate([part.severity for part, _ in parts])
    return Levels(number[order], severity[order]), np.concatenate([t for _, t in parts])[order]


def _take(levels: Levels, which: Bools | NDArray[np.integer]) -> Levels:
    return Levels(levels.group[which], levels.severity[which])


def _single_truth(group: Group, numbers: Index, half_life: Floats) -> Floats:
    """Return t = d · T of groups of one pair, where every norm is the value itself."""
    pair = group.starts[numbers]
    return np.asarray(np.exp2(-group.age[pair] / half_life[numbers]) * -np.expm1(-group.weight[pair]))


def _search(
    weigher: _Weigher, levels: Levels, stakes: Stakes, weighed: list[tuple[Levels, Floats]]
) -> tuple[Levels, Floats]:
    """Return the levels that could bind, and their t: branch and bound over falling severities.

    Fewer rows stand behind a graver level, so t falls as σ grows: between two weighed levels no weight ℓ is above that
    of the lower one's t at the highest σ between them.
    """
    bite = -np.expm1(-stakes.strength[levels.group] * levels.severity)
    left = 1.0 - _against(stakes, weighed)[stakes.claim[levels.group]]
    starts = boundaries(levels.group)
    run = run_of_row(starts, levels.group.size)
    truth = np.zeros(levels.group.size)
    known = np.zeros(levels.group.size, dtype=np.bool_)
    new = np.unique(np.concatenate((starts, np.append(starts[1:], levels.group.size) - 1)))
    while new.size:
        truth[new] = weigher.levels(_take(levels, new))
        known[new] = True
        best = run_max(np.where(known, -np.log1p(-truth * left * bite), 0.0), starts)
        at = np.flatnonzero(known)
        first, last = at[:-1], at[1:]
        inside = (run[first] == run[last]) & (last - first > 1)
        first, last = first[inside], last[inside]
        most = -np.log1p(-truth[last] * left[last] * bite[first + 1])
        still = most >= best[run[first]] - _SLACK
        new = _cuts(first[still], last[still])
    return _take(levels, known), truth[known]


def _against(stakes: Stakes, weighed: list[tuple[Levels, Floats]]) -> Floats:
    """Return t⁻ of each claim; a denial has one level, so it is weighed before any search."""
    against = np.zeros(int(stakes.claim.max(initial=-1)) + 1)
    for levels, truth in weighed:
        denial = stakes.denies[levels.group]
        against[stakes.claim[levels.group[denial]]] = truth[denial]
    return against


def _cuts(first: Index, last: Index) -> Index:
    """Return the places that cut each gap into parts, ends left out."""
    steps = np.arange(1, _PARTS)
    place = (first[:, None] + ((last - first)[:, None] * steps) // _PARTS).ravel()
    return np.unique(place[(place > np.repeat(first, steps.size)) & (place < np.repeat(last, steps.size))])


def _batches(group: Group, levels: Levels) -> list[Levels]:
    """Cut levels so that one batch makes at most about two million pairs (more only where a single level does)."""
    sizes = run_lengths(group.starts, group.weight.size)[levels.group].astype(np.float64)
    if sizes.size == 0:
        return []
    batch = (np.cumsum(sizes * sizes) // _BATCH).astype(np.int64)
    edges = [*boundaries(batch).tolist(), sizes.size]
    return [Levels(levels.group[a:b], levels.severity[a:b]) for a, b in pairwise(edges)]
