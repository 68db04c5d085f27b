"""Pairs in the order of the model, unit by unit: suspected twins joined, then claims, stances, agencies and origins.

Compiled twin of the first half of ``fusion.fuse``. Methods: model, section 3. Every pass runs over all units at once:
a call for each unit would cost more than its work.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.compiled_tools import FEW, jit
from riskshare.kernels.fusion import Pairs, Rules
from riskshare.kernels.segments import Bools, Floats, Ints

KEY_BITS = 62
MOST_PAIRS = 48
MOST_SEVERITIES = 8
"""A claim told at several dates or severities by more rows, or with more severities, is left to the NumPy form."""

_DAYS = 40  # bits given to an age beside the indicator and stance of a possible twin


class Grouped(NamedTuple):
    """Pairs that stand unit after unit, unit u from ``start[u]`` up to ``start[u + 1]``.

    ``candidate`` marks the rows that could be twins, pair by pair; ``cross`` lists pairs that repeat a row of another
    unit, and ``cross_home`` that unit. ``n_nodes`` is above every origin's number. ``shift`` is how many bits lie below
    the agency class, stance, token and indicator in a sort key.
    """

    pairs: Pairs
    start: Ints
    candidate: Bools
    cross: Ints
    cross_home: Ints
    n_nodes: int
    shift: Ints


class Arranged(NamedTuple):
    """Pairs in order, with runs named by what they are; columns are line for line with ``pair``.

    ``klass`` is 0 for origins nobody stated, else 1 + agency; ``severity`` of a denial is 1. ``part`` of each group
    says how it is weighed: 0 one pair, 1 one date and severity, 2 several. ``size`` bounds the levels, layers and
    origins of all groups. Starts end with the number of what they cut.
    """

    pair: Ints
    klass: Ints
    origin: Ints
    weight: Floats
    age: Ints
    severity: Floats
    twin: Bools
    claim_start: Ints
    claim_unit: Ints
    claim_kind: Ints
    group_start: Ints
    group_claim: Ints
    group_denies: Bools
    part: Ints
    size: Ints


def group(
    pairs: Pairs, start: Ints, candidate: Bools, cross: Ints, cross_home: Ints, rules: Rules, n_nodes: int
) -> Grouped | None:
    """Return pairs that stand unit after unit, ready to be arranged; None where a sort key would not fit an integer."""
    widths = [
        n_nodes.bit_length(),
        (int(pairs.agency.max(initial=0)) + 1).bit_length(),
        1,
        int(pairs.token.max(initial=0)).bit_length(),
        rules.strength.size.bit_length(),
    ]
    if sum(widths) > KEY_BITS:
        return None
    return Grouped(pairs, start, candidate, cross, cross_home, n_nodes, np.cumsum(widths)[:4])


def arrange(grouped: Grouped, units: Ints, keep: Bools, weight: Floats, twin_of: Ints, hard: Bools) -> Arranged:
    """Return the kept pairs of some units in order; units whose figures will not stand are marked in ``hard``.

    ``weight`` stands for ``pairs.weight``; ``twin_of`` is from ``join_twins``. A claim of too many dates and severities
    is told as if it had one: the figures of its unit are to be replaced by the NumPy form's.
    """
    pairs = grouped.pairs
    key, pair, start = _keys(
        grouped.start, units, keep, pairs.indicator, pairs.token, pairs.denies, pairs.agency, pairs.stated,
        pairs.origin, twin_of, grouped.shift,
    )  # fmt: skip
    _sort_runs(key, pair, start)
    at = _runs(key, pair, start, units, grouped.shift, pairs, weight, twin_of)
    most_pairs, most_severities = most_varied()
    _measure(
        at.group_start, at.group_claim, at.claim_unit, at.age, at.severity, at.part, at.size, hard, most_pairs,
        most_severities,
    )  # fmt: skip
    return at


def join_twins(grouped: Grouped, units: Ints, keep: Bools, twin_days: int, known: Ints | None = None) -> Ints:
    """Return for each origin the lowest of its set of suspected twins, −1 where it has no twin.

    ``known`` is what held before some rows of ``units`` were dropped.
    """
    pairs = grouped.pairs
    twin_of = np.full(grouped.n_nodes, -1) if known is None else known.copy()
    _join_twins(
        grouped.start, units, keep, grouped.candidate, pairs.indicator, pairs.denies, pairs.age, pairs.origin,
        twin_days, twin_of,
    )  # fmt: skip
    return twin_of


def moved(grouped: Grouped, before: Ints, after: Ints) -> Bools:
    """Return the units that repeat a row of another unit whose set of twins has changed."""
    out = np.zeros(grouped.start.size - 1, dtype=np.bool_)
    origin = grouped.pairs.origin[grouped.cross]
    out[grouped.pairs.unit[grouped.cross[before[origin] != after[origin]]]] = True
    return out


def most_varied() -> tuple[int, int]:
    """Return how many rows and severities a claim of several dates or severities may have."""
    return MOST_PAIRS, MOST_SEVERITIES


@jit
def _longest(start: Ints, units: Ints) -> int:
    longest = 1
    for u in units:
        longest = max(longest, start[u + 1] - start[u])
    return longest


@jit
def _join_twins(
    start: Ints, units: Ints, keep: Bools, candidate: Bools, indicator: Ints, denies: Bools, age: Ints, origin: Ints,
    twin_days: int, twin_of: Ints,
) -> None:  # fmt: skip
    key = np.empty(_longest(start, units), dtype=np.int64)
    told = np.empty(key.size, dtype=np.int64)
    for u in units:
        n = 0
        for i in range(start[u], start[u + 1]):
            if not candidate[i]:
                continue
            twin_of[origin[i]] = -1
            if keep[i]:
                k = (((indicator[i] << 1) | denies[i]) << _DAYS) | age[i]
                j = n
                while j > 0 and key[j - 1] > k:
                    key[j] = key[j - 1]
                    told[j] = told[j - 1]
                    j -= 1
                key[j] = k
                told[j] = origin[i]
                n += 1
        first = 0
        for k in range(1, n + 1):
            # Another indicator or stance is 2⁴⁰ days away.
            if k < n and key[k] - key[k - 1] <= twin_days:
                continue
            if k - first > 1:
                lowest = told[first]
                for j in range(first + 1, k):
                    lowest = min(lowest, told[j])
                for j in range(first, k):
                    twin_of[told[j]] = lowest
            first = k


@jit
def _keys(
    start: Ints, units: Ints, keep: Bools, indicator: Ints, token: Ints, denies: Bools, agency: Ints, stated: Bools,
    origin: Ints, twin_of: Ints, shift: Ints,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Return sort keys (indicator, claim, stance, agency class, origin), unit after unit, and their pairs."""
    total = 0
    for u in units:
        total += start[u + 1] - start[u]
    key, pair = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    begin = np.empty(units.size + 1, dtype=np.int64)
    class_at, stance_at, token_at, kind_at = shift[0], shift[1], shift[2], shift[3]
    n = 0
    for k in range(units.size):
        u = units[k]
        begin[k] = n
        for i in range(start[u], start[u + 1]):
            if not keep[i]:
                continue
            claim, klass, root = token[i], agency[i] + 1 if stated[i] else 0, origin[i]
            if twin_of[root] >= 0:
                claim, klass = twin_of[root], 0
            key[n] = (
                (indicator[i] << kind_at) | (claim << token_at) | (np.int64(denies[i]) << stance_at)
                | (klass << class_at) | root
            )  # fmt: skip
            pair[n] = i
            n += 1
    begin[units.size] = n
    return key[:n], pair[:n], begin


@jit
def _sort_runs(key: Ints, pair: Ints, start: Ints) -> None:
    """Sort the keys of each unit in place, each with its pair."""
    for u in range(start.size - 1):
        first, last = start[u], start[u + 1]
        if last - first > FEW:
            order = np.argsort(key[first:last])
            key[first:last] = key[first:last][order]
            pair[first:last] = pair[first:last][order]
            continue
        for i in range(first + 1, last):
            k, p = key[i], pair[i]
            j = i
            while j > first and key[j - 1] > k:
                key[j] = key[j - 1]
                pair[j] = pair[j - 1]
                j -= 1
            key[j] = k
            pair[j] = p


@jit
def _runs(
    key: Ints, pair: Ints, start: Ints, units: Ints, shift: Ints, pairs: Pairs, weight: Floats, twin_of: Ints
) -> Arranged:
    """Return the sorted pairs, and where claims and groups (claim and stance) start among them."""
    n = pair.size
    klass, root, value = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.empty(n)
    age, severity, twin = np.empty(n, dtype=np.int64), np.empty(n), np.empty(n, dtype=np.bool_)
    claim_start, group_start = np.empty(n + 1, dtype=np.int64), np.empty(n + 1, dtype=np.int64)
    claim_unit, claim_kind = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    group_claim, group_denies = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.bool_)
    class_at, stance_at, token_at = shift[0], shift[1], shift[2]
    class_mask = (np.int64(1) << (stance_at - class_at)) - 1
    origin, ages, severities = pairs.origin, pairs.age, pairs.severity
    claims, groups = 0, 0
    for k in range(units.size):
        before = np.int64(-1)
        for at in range(start[k], start[k + 1]):
            i, here = pair[at], key[at]
            denies = (here >> stance_at) & 1 > 0
            klass[at] = (here >> class_at) & class_mask
            root[at], value[at], age[at] = origin[i], weight[i], ages[i]
            # t⁻ is over all denying rows: their severity plays no part.
            severity[at] = 1.0 if denies else severities[i]
            twin[at] = twin_of[origin[i]] >= 0
            if before < 0 or here >> stance_at != before >> stance_at:
                if before < 0 or here >> token_at != before >> token_at:
                    claim_start[claims], claim_unit[claims], claim_kind[claims] = at, units[k], here >> shift[3]
                    claims += 1
                group_start[groups], group_claim[groups], group_denies[groups] = at, claims - 1, denies
                groups += 1
            before = here
    claim_start[claims] = n
    group_start[groups] = n
    return Arranged(
        pair, klass, root, value, age, severity, twin, claim_start[: claims + 1], claim_unit[:claims],
        claim_kind[:claims], group_start[: groups + 1], group_claim[:groups], group_denies[:groups],
        np.empty(groups, dtype=np.int64), np.zeros(3, dtype=np.int64),
    )  # fmt: skip


@jit
def _measure(
    start: Ints, claim: Ints, claim_unit: Ints, age: Ints, severity: Floats, part: Ints, size: Ints, hard: Bools,
    most_pairs: int, most_severities: int,
) -> None:  # fmt: skip
    """Say how each group is weighed, and bound what it makes; mark the units of groups that are too varied."""
    singles, levels, layers, origins = 0, 0, 0, 0
    for g in range(part.size):
        first, last = start[g], start[g + 1]
        n = last - first
        if n == 1:
            part[g] = 0
            singles += 1
            continue
        varied = False
        for i in range(first + 1, last):
            varied |= age[i] != age[first] or severity[i] != severity[first]
        if not varied:
            part[g] = 1
            singles += 1
            origins += n
            continue
        part[g] = 2
        ages, severities = 0, 0
        for i in range(first, min(last, first + most_pairs)):
            new_age, new_severity = 1, 1
            for j in range(first, i):
                if age[j] == age[i]:
                    new_age = 0
                if severity[j] == severity[i]:
                    new_severity = 0
            ages += new_age
            severities += new_severity
        if n > most_pairs or severities > most_severities:
            hard[claim_unit[claim[g]]] = True
            part[g] = 1
            singles += 1
            origins += n
            continue
        levels += severities
        layers += severities * ages
        origins += severities * ages * n
    size[0], size[1], size[2] = levels + singles, layers + singles, origins
