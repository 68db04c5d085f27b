"""Weighed pairs written line by line, a small set of rules, and section 4 in plain loops, for the kernels' tests."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from riskshare.kernels.claims import TwinCandidates
from riskshare.kernels.fusion import Pairs, Rules

AGENCY_P = np.array([2.0, 1.0, math.inf])  # ρ = ½, 0 and 1
Pair = tuple[int, int, float, int, float]  # agency class, origin, weight, age, severity
LN8 = math.log(8.0)
NONE = np.zeros(0, dtype=np.int64)
NO_TWINS = TwinCandidates(NONE, NONE, NONE)
DEFAULTS: dict[str, Any] = {
    "unit": 0, "indicator": 1, "token": 0, "denies": False, "agency": 0, "stated": True, "origin": 0, "weight": 1.0,
    "age": 0, "severity": 1.0,
}  # fmt: skip


def rules(**changes: Any) -> Rules:
    """Return rules of four indicators: 0 protective (family 0), 1 and 2 raising (family 1), 3 raising (family 2)."""
    agreed = {
        "strength": np.array([0.7, LN8, 1.1, 1.6]),
        "direction": np.array([-1, 1, 1, 1]),
        "half_life": np.array([180.0, 180.0, 365.0, 30.0]),
        "repeat_p": np.array([2.0, 2.0, 1.0, math.inf]),
        "ceiling": np.array([1.4, 2.0 * LN8, 2.2, 3.2]),
        "family": np.array([0, 1, 1, 2]),
        "family_p": np.array([1.0, 2.0, math.inf]),
        "agency_p": AGENCY_P,
        "unstated_p": 10.0,
        "twin_days": 3,
    }
    return Rules(**{**agreed, **changes})


def pairs(*lines: dict[str, Any]) -> Pairs:
    """Return pairs; unless said, each line is an origin and a claim of its own."""
    rows = [{**DEFAULTS, "origin": number, "token": number, **line} for number, line in enumerate(lines)]
    kinds = {"weight": np.float64, "severity": np.float64, "denies": np.bool_, "stated": np.bool_}
    return Pairs(**{name: np.array([row[name] for row in rows], dtype=kinds.get(name, np.int64)) for name in DEFAULTS})


def random_pairs(rng: np.random.Generator, size: int, *, n_units: int = 3) -> Pairs:
    """Return pairs without ties in weight: a few units, all indicators, shared claims and origins."""
    lines = []
    for number in range(size):
        unit, indicator = int(rng.integers(0, n_units)), int(rng.integers(0, 4))
        shared = 1_000 + unit * 40 + indicator * 10
        lines.append(
            {
                "unit": unit,
                "indicator": indicator,
                "token": shared + int(rng.integers(0, 3)) if rng.random() < 0.6 else number,
                "origin": shared + int(rng.integers(0, 6)) if rng.random() < 0.4 else number,
                "denies": bool(rng.random() < 0.2),
                "weight": float(rng.uniform(0.05, 2.5)),
                "age": int(rng.choice([0, 7, 100, 365])),
                "severity": float(rng.choice([0.25, 0.6, 1.0])),
            }
        )
    owner = {line["origin"]: (int(rng.integers(0, 3)), bool(rng.random() < 0.7)) for line in lines}
    for line in lines:
        line["agency"], line["stated"] = owner[line["origin"]]
    return pairs(*lines)


def norm(values: list[float], p: float) -> float:
    if not values or math.isinf(p):
        return max(values, default=0.0)
    return math.fsum(x**p for x in values) ** (1.0 / p)


def slow_total(pairs: list[Pair], q: float) -> float:
    """V: max inside an origin, a p-norm inside an agency, a sum between agencies, a q-norm with the unstated."""
    origins: dict[tuple[int, int], float] = defaultdict(float)
    for agency_class, origin, weight, _, _ in pairs:
        origins[agency_class, origin] = max(origins[agency_class, origin], weight)
    by_class: dict[int, list[float]] = defaultdict(list)
    for (agency_class, _), weight in origins.items():
        by_class[agency_class].append(weight)
    stated = math.fsum(norm(values, AGENCY_P[c - 1]) for c, values in by_class.items() if c > 0)
    return norm([stated, norm(by_class[0], q)], q)


def slow_truth(pairs: list[Pair], severity: float, half_life: float, q: float) -> float:
    grave = [pair for pair in pairs if pair[4] >= severity]
    ages = sorted({pair[3] for pair in grave})
    fresh = [2.0 ** (-age / half_life) for age in ages] + [0.0]
    return math.fsum(
        (fresh[j] - fresh[j + 1]) * -math.expm1(-slow_total([p for p in grave if p[3] <= age], q))
        for j, age in enumerate(ages)
    )
