"""How true each claim is: the levels and freshness layers of arranged pairs, and the norms of each layer.

Compiled twin of ``layers``, ``levels`` and ``support.believe``. Methods: model, section 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.compiled_order import MOST_PAIRS, Arranged
from riskshare.kernels.compiled_tools import jit, norms, ordered_sum, pairwise
from riskshare.kernels.fusion import Rules
from riskshare.kernels.segments import Floats, Ints, power


class Told(NamedTuple):
    """Levels of each group, layers (instances) of each level, and the origins and agency runs of each layer.

    Layers of one pair, or of one origin, have no runs: ``total`` is their V. Starts end with the number of what they
    cut.
    """

    group_level: Ints
    level_group: Ints
    level_severity: Floats
    level_layer: Ints
    layer_age: Ints
    layer_run: Ints
    total: Floats
    run_start: Ints
    run_class: Ints
    best: Floats


class Believed(NamedTuple):
    """Steps from weights to T and t. ``joined`` is A of each agency run; ``stated`` and ``unstated`` are by layer."""

    joined: Floats
    stated: Floats
    unstated: Floats
    total: Floats
    truth: Floats
    step: Floats
    fresh: Floats
    level_truth: Floats


def tell(at: Arranged) -> Told:
    """Return every level and layer of the groups."""
    return _tell(
        at.group_start, at.part, at.klass, at.origin, at.weight, at.age, at.severity, at.size[0], at.size[1], at.size[2]
    )


@jit
def _tell(
    start: Ints, part: Ints, klass: Ints, origin: Ints, weight: Floats, age: Ints, severity: Floats, n_levels: int,
    n_layers: int, n_best: int,
) -> Told:  # fmt: skip
    group_level, level_group = np.empty(part.size + 1, dtype=np.int64), np.empty(n_levels, dtype=np.int64)
    level_severity, level_layer = np.empty(n_levels), np.empty(n_levels + 1, dtype=np.int64)
    layer_age, layer_run = np.empty(n_layers, dtype=np.int64), np.empty(n_layers + 1, dtype=np.int64)
    total, best = np.empty(n_layers), np.empty(n_best)
    run_start, run_class = np.empty(n_best + 1, dtype=np.int64), np.empty(n_best, dtype=np.int64)
    severities, ages = np.empty(MOST_PAIRS), np.empty(MOST_PAIRS, dtype=np.int64)
    n, m, runs, origins = 0, 0, 0, 0
    for g in range(part.size):
        first, last = start[g], start[g + 1]
        group_level[g] = n
        severities[0], ages[0], n_severities, n_ages = severity[first], age[first], 1, 1
        if part[g] == 2:
            n_severities = _distinct_falling(severity, first, last, severities)
            n_ages = _distinct_rising(age, first, last, ages)
        for s in range(n_severities):
            level_group[n], level_severity[n], level_layer[n] = g, severities[s], m
            n += 1
            for a in range(n_ages):
                if part[g] == 2 and not _has(severity, age, first, last, severities[s], ages[a]):
                    continue
                layer_age[m], layer_run[m] = ages[a], runs
                if part[g] == 0:
                    total[m] = weight[first]
                else:
                    more_runs, more = _join_layer(
                        klass, origin, weight, age, severity, first, last, severities[s], ages[a],
                        run_start, run_class, best, runs, origins,
                    )  # fmt: skip
                    if more == 1:
                        total[m] = best[origins]
                    else:
                        runs += more_runs
                        origins += more
                m += 1
    group_level[part.size], level_layer[n], layer_run[m], run_start[runs] = n, m, runs, origins
    return Told(
        group_level, level_group[:n], level_severity[:n], level_layer[: n + 1], layer_age[:m], layer_run[: m + 1],
        total[:m], run_start[: runs + 1], run_class[:runs], best[:origins],
    )  # fmt: skip


@jit
def _join_layer(
    klass: Ints, origin: Ints, weight: Floats, age: Ints, severity: Floats, first: int, last: int, least: float,
    oldest: int, run_start: Ints, run_class: Ints, best: Floats, runs: int, origins: int,
) -> tuple[int, int]:  # fmt: skip
    """Write the origins of one layer, the best weight of each, agency by agency; returns how many of both."""
    n_runs, n, before = 0, 0, -1
    for i in range(first, last):
        if severity[i] < least or age[i] > oldest:
            continue
        new = before < 0 or klass[i] != klass[before]
        if new:
            run_start[runs + n_runs], run_class[runs + n_runs] = origins + n, klass[i]
            n_runs += 1
        if new or origin[i] != origin[before]:
            best[origins + n] = weight[i]
            n += 1
        else:
            best[origins + n - 1] = max(best[origins + n - 1], weight[i])
        before = i
    return n_runs, n


@jit
def _has(severity: Floats, age: Ints, first: int, last: int, least: float, day: int) -> bool:
    found = False
    for i in range(first, last):
        found |= age[i] == day and severity[i] >= least
    return found


@jit
def _distinct_falling(values: Floats, first: int, last: int, out: Floats) -> int:
    n = 0
    for i in range(first, last):
        j = n
        while j > 0 and out[j - 1] < values[i]:
            j -= 1
        if j > 0 and out[j - 1] == values[i]:
            continue
        for k in range(n, j, -1):
            out[k] = out[k - 1]
        out[j] = values[i]
        n += 1
    return n


@jit
def _distinct_rising(values: Ints, first: int, last: int, out: Ints) -> int:
    n = 0
    for i in range(first, last):
        j = n
        while j > 0 and out[j - 1] > values[i]:
            j -= 1
        if j > 0 and out[j - 1] == values[i]:
            continue
        for k in range(n, j, -1):
            out[k] = out[k - 1]
        out[j] = values[i]
        n += 1
    return n


@jit
def _sides(told: Told, joined: Floats, q: float) -> tuple[Floats, Floats, Ints, Floats]:
    """Return S and U of each layer, and the layers that have both, with the ratio of the lower to the higher."""
    layer_run, run_class, total = told.layer_run, told.run_class, told.total
    n_layers = total.size
    stated, unstated = np.zeros(n_layers), np.zeros(n_layers)
    both, ratio = np.empty(n_layers, dtype=np.int64), np.empty(n_layers)
    longest = 1
    for i in range(n_layers):
        longest = max(longest, layer_run[i + 1] - layer_run[i])
    scratch = np.empty(longest)
    n = 0
    for i in range(n_layers):
        first, last = layer_run[i], layer_run[i + 1]
        if first == last:
            continue
        for r in range(first, last):
            scratch[r - first] = joined[r]
        if run_class[first] == 0:
            unstated[i] = joined[first]
            scratch[0] = 0.0
        stated[i] = ordered_sum(scratch, last - first)
        high, low = max(stated[i], unstated[i]), min(stated[i], unstated[i])
        total[i] = high
        if low > 0.0 and np.isfinite(q):
            both[n], ratio[n] = i, low / high
            n += 1
    return stated, unstated, both[:n], ratio[:n]


@jit
def _level_truth(told: Told, truth: Floats, fresh: Floats) -> tuple[Floats, Floats]:
    """Return d_j − d_{j+1} of each layer, and t = Σ (d_j − d_{j+1}) T_j of each level as ``add.reduceat`` adds."""
    layer = told.level_layer
    step, gain = np.empty(truth.size), np.empty(truth.size)
    level_truth = np.empty(told.level_group.size)
    for level in range(level_truth.size):
        first, last = layer[level], layer[level + 1]
        for i in range(first, last):
            step[i] = fresh[i] - fresh[i + 1] if i + 1 < last else fresh[i]
            gain[i] = step[i] * truth[i]
        level_truth[level] = gain[first] + pairwise(gain, first + 1, last) if last - first > 1 else gain[first]
    return step, level_truth


@jit
def _halvings(
    level_layer: Ints, level_group: Ints, layer_age: Ints, group_claim: Ints, claim_kind: Ints, half_life: Floats
) -> Floats:
    """Return −age / half-life of each layer."""
    out = np.empty(layer_age.size)
    for level in range(level_group.size):
        days = half_life[claim_kind[group_claim[level_group[level]]]]
        for i in range(level_layer[level], level_layer[level + 1]):
            out[i] = -layer_age[i] / days
    return out


def believe(at: Arranged, told: Told, rules: Rules) -> Believed:
    """Return T of every layer and t of every level; ``told.total`` is filled in."""
    q = rules.unstated_p
    joined = norms(told.best, told.run_start[:-1], np.append(q, rules.agency_p)[told.run_class])
    stated, unstated, both, ratio = _sides(told, joined, q)
    if both.size:
        ratio = power(ratio, np.full(both.size, q))
        told.total[both] *= power(1.0 + ratio, np.full(both.size, 1.0 / q))
    truth = -np.expm1(-told.total)
    fresh = np.exp2(
        _halvings(told.level_layer, told.level_group, told.layer_age, at.group_claim, at.claim_kind, rules.half_life)
    )
    step, level_truth = _level_truth(told, truth, fresh)
    return Believed(joined, stated, unstated, told.total, truth, step, fresh, level_truth)
