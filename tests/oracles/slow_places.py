"""Slow twins of the scans, of Knox and of DBSCAN: one loop a sentence, plain Python numbers, small input only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

Place = tuple[int, int]


# ------------------------------------------------------------------------------------------------ scans


def llr(c: float, e: float, total: float) -> float:
    """Kulldorff's ratio, as printed."""
    if c <= e:
        return 0.0
    rest = 0.0 if c == total else (total - c) * math.log((total - c) / (total - e))
    return c * math.log(c / e) + rest


def circles(places: Sequence[Place], weight: dict[Place, float], most: float) -> Iterator[frozenset[Place]]:
    """Every circle of whole-number places: all at most so far from a centre, unless too heavy or everything."""
    for centre in places:
        for edge in places:
            r2 = math.dist(centre, edge) ** 2 + 1e-9
            zone = frozenset(p for p in places if (p[0] - centre[0]) ** 2 + (p[1] - centre[1]) ** 2 <= r2)
            if len(zone) < len(set(places)) and sum(weight[p] for p in zone) <= most + 1e-9:
                yield zone


def best_apart(zones: dict[Any, float], places_of: Any) -> list[tuple[float, Any]]:
    """Zones above 0, best first, none with a place of one before it; of equal ones that with fewer places."""
    found: list[tuple[float, Any]] = []
    left = {zone: value for zone, value in zones.items() if value > 1e-9}
    while left:
        top = max(left.values())
        zone = min((z for z, v in left.items() if v > top - 1e-9), key=lambda z: len(places_of(z)))
        found.append((left[zone], zone))
        left = {z: v for z, v in left.items() if not places_of(z) & places_of(zone)}
    return found


def circular(
    places: Sequence[Place], cases: dict[Place, int], expected: dict[Place, float], max_share: float, min_cases: int
) -> list[tuple[float, frozenset[Place]]]:
    total = sum(cases.values())
    zones = {}
    for zone in circles(places, expected, max_share * total):
        c = sum(cases[p] for p in zone)
        zones[zone] = llr(c, sum(expected[p] for p in zone), total) if c >= min_cases else 0.0
    return best_apart(zones, lambda zone: zone)


def space_time(
    events: Sequence[tuple[Place, int, str]], max_share: float, max_days: float, min_cases: int
) -> list[tuple[float, tuple[frozenset[Place], int, int]]]:
    """Events are (place, day, stratum)."""
    total = len(events)
    places = sorted({place for place, _, _ in events})
    days = sorted({day for _, day, _ in events})
    at_place = {p: float(sum(place == p for place, _, _ in events)) for p in places}
    zones = {}
    for zone in set(circles(places, at_place, max_share * total)):
        for first, last in ((a, b) for a in days for b in days if a <= b and b - a + 1 <= max_days):
            c = sum(place in zone and first <= day <= last for place, day, _ in events)
            e = 0.0
            for stratum in {s for _, _, s in events}:
                mine = [(place, day) for place, day, s in events if s == stratum]
                in_zone = sum(place in zone for place, _ in mine)
                in_time = sum(first <= day <= last for _, day in mine)
                e += in_zone * in_time / len(mine)
            zones[zone, first, last] = llr(c, e, total) if c >= min_cases else 0.0
    return best_apart(zones, lambda key: key[0])


# ------------------------------------------------------------------------------------------------ Knox


def knox_counts(
    x: Sequence[float],
    y: Sequence[float],
    t: Sequence[float],
    space: Sequence[float],
    time: Sequence[float],
    metric: str = "euclidean",
) -> list[list[int]]:
    """Pairs by band of distance and time, each pair looked at."""
    found: Counter[tuple[int, int]] = Counter()
    for i, j in combinations(range(len(x)), 2):
        dx, dy = abs(x[i] - x[j]), abs(y[i] - y[j])
        d = dx + dy if metric == "manhattan" else math.sqrt(dx * dx + dy * dy)
        for a, (low, high) in enumerate(pairwise(space)):
            for b, (early, late) in enumerate(pairwise(time)):
                found[a, b] += low <= d < high and early <= abs(t[i] - t[j]) < late
    return [[found[a, b] for b in range(len(time) - 1)] for a in range(len(space) - 1)]


# ------------------------------------------------------------------------------------------------ DBSCAN


def dbscan(
    rows: Sequence[tuple[float, float, float]], weights: Sequence[float], eps: float, eps_days: float, least: float
) -> list[int]:
    """Labels of (x, y, day) rows: no collapsing, no cells, every pair looked at."""
    n = len(rows)

    def apart2(i: int, j: int) -> float:
        return (rows[i][0] - rows[j][0]) ** 2 + (rows[i][1] - rows[j][1]) ** 2

    near = [
        [j for j in range(n) if apart2(i, j) <= eps * eps and abs(rows[i][2] - rows[j][2]) <= eps_days]
        for i in range(n)
    ]
    core = [sum(weights[j] for j in near[i]) >= least - 1e-9 for i in range(n)]
    name: list[int | None] = [None] * n
    for i in range(n):
        if core[i] and name[i] is None:
            name[i], waiting = i, [i]
            while waiting:
                for j in near[waiting.pop()]:
                    if core[j] and name[j] is None:
                        name[j] = i
                        waiting.append(j)
    for i in range(n):
        cores = [j for j in near[i] if core[j]]
        if not core[i] and cores:
            name[i] = name[min(cores, key=lambda j: (apart2(i, j), rows[j]))]
    weight: Counter[int] = Counter()
    for i in range(n):
        if name[i] is not None:
            weight[name[i]] += weights[i]
    first_core = {k: min(rows[i] for i in range(n) if core[i] and name[i] == k) for k in weight}
    order = sorted(weight, key=lambda k: (-weight[k], first_core[k]))
    return [-1 if k is None else order.index(k) for k in name]
