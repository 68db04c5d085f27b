"""Sections 3 to 5 of the slow twin: claims, whether they are true, and what they mean for risk."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import networkx as nx

from oracles.slow_rows import TIE, Pair, name

Origin = tuple[str, ...]
Twins = dict[Origin, tuple[str, ...]]


# ------------------------------------------------------------------------------------------------ 3. claims


def twin_components(pairs: list[Pair], policy: dict[str, Any]) -> Twins:
    """Map each origin in a component of two or more suspected twins to that component's members."""
    graph = nx.Graph()
    alone = [pair for pair in pairs if pair.is_own_root and not pair.row.claim_id and pair.row.lens]
    for one in alone:
        for other in alone:
            a, b = one.row, other.row
            alike = (a.lens, a.indicator, a.stance) == (b.lens, b.indicator, b.stance)
            if a.key != b.key and alike and abs((a.event - b.event).days) <= policy["twin_days"]:
                graph.add_edge(a.key, b.key)
    parts = {}
    for component in nx.connected_components(graph):
        label = tuple(sorted(map(name, component)))
        for key in component:
            parts[("row", *key)] = label
    return parts


def token(pair: Pair, twins: Twins) -> Origin:
    if pair.root.claim_id:
        return ("id", pair.root.claim_id)
    if pair.root.origin in twins:
        return ("twins", *twins[pair.root.origin])
    return pair.root.origin


def label(indicator: str, claim: Origin) -> str:
    kind, *parts = claim
    joined = ":".join(parts) if kind == "row" else "+".join(parts)
    return f"{indicator} | {'twins ' if kind == 'twins' else ''}{joined}"


# ------------------------------------------------------------------------------------------------ 4. is it true


def norm(values: list[float], p: float) -> float:
    top = max(values, default=0.0)
    if top == 0.0 or math.isinf(p):
        return top
    return float(top * math.fsum((x / top) ** p for x in values) ** (1.0 / p))


def winners(values: list[float]) -> list[float]:
    """A max: everything to its branch, ties within 2^-40 share equally."""
    tied = [x >= max(values) - TIE for x in values]
    return [float(t) / sum(tied) for t in tied]


def norm_shares(values: list[float], p: float) -> list[float]:
    total = norm(values, p)
    if total == 0.0:
        return [0.0 for _ in values]
    return winners(values) if math.isinf(p) else [(x / total) ** p for x in values]


def norm_slopes(values: list[float], p: float) -> list[float]:
    total = norm(values, p)
    if total == 0.0:
        return [0.0 for _ in values]
    return winners(values) if math.isinf(p) else [(x / total) ** (p - 1.0) for x in values]


def order(rho: float) -> float:
    return math.inf if rho >= 1.0 else 1.0 / (1.0 - rho)


@dataclass
class Value:
    """A quantity, each pair's share of it, and its slope in each pair's v."""

    value: float
    share: dict[Pair, float]
    slope: dict[Pair, float]


def join(parts: list[Value], p: float) -> Value:
    """The p-norm of several quantities; shares multiply down, slopes follow the chain rule."""
    values = [part.value for part in parts]
    out = Value(norm(values, p), defaultdict(float), defaultdict(float))
    for part, share, slope in zip(parts, norm_shares(values, p), norm_slopes(values, p), strict=True):
        for pair, x in part.share.items():
            out.share[pair] += share * x
        for pair, x in part.slope.items():
            out.slope[pair] += slope * x
    return out


def strength(pairs: list[Pair], policy: dict[str, Any], twins: Twins, free: bool) -> Value:
    """V of one claim and stance."""
    origins: dict[Origin, list[Pair]] = defaultdict(list)
    for pair in pairs:
        origins[pair.root.origin].append(pair)
    by_agency: dict[str, list[Value]] = defaultdict(list)
    unstated: list[Value] = []
    for origin, members in sorted(origins.items()):
        values = [pair.v(free) for pair in members]
        best = dict(zip(members, winners(values), strict=True))
        told_once = Value(max(values), best, best)
        root = members[0].root
        if root.stated and origin not in twins:
            by_agency[root.agencies[0]].append(told_once)
        else:
            unstated.append(told_once)
    q = order(policy["rho_x"])
    inside = [
        join(parts, order(policy["rho"].get(agency, policy["rho_other"])))
        for agency, parts in sorted(by_agency.items())
    ]
    return join([join(inside, 1.0), join(unstated, q)], q)


def truth(pairs: list[Pair], policy: dict[str, Any], twins: Twins, free: bool) -> Value:
    """t: layers of freshness, each with the trust of the rows at least as fresh."""
    dates = sorted({pair.freshness for pair in pairs}, reverse=True)
    out = Value(0.0, defaultdict(float), defaultdict(float))
    for d, following in itertools.pairwise([*dates, 0.0]):
        layer = strength([pair for pair in pairs if pair.freshness >= d], policy, twins, free)
        height = (d - following) * -math.expm1(-layer.value)
        out.value += height
        for pair, x in layer.share.items():
            out.share[pair] += x * height
        for pair, x in layer.slope.items():
            out.slope[pair] += x * (d - following) * math.exp(-layer.value)
    if out.value > 0.0:
        out.share = {pair: x / out.value for pair, x in out.share.items()}
    return out


# ------------------------------------------------------------------------------------------------ 5. what it means


@dataclass
class Claim:
    """One claim: its weight l_c and everything shown beside it."""

    indicator: str
    token: Origin
    weight: Value
    slope_w: float
    sigma: float | None
    trust: float
    t_plus: float
    t_minus: float
    rows: list[str]


def weigh_claim(
    indicator: str,
    claim: Origin,
    pairs: list[Pair],
    policy: dict[str, Any],
    twins: Twins,
    free: bool,
) -> Claim:
    w = policy["indicators"][indicator]["w"]
    supports = [pair for pair in pairs if pair.row.stance == "supports"]
    against = truth([pair for pair in pairs if pair.row.stance == "denies"], policy, twins, free)
    options = []
    for sigma in sorted({pair.severity for pair in supports}, reverse=True):
        grave = [pair for pair in supports if pair.severity >= sigma]
        t_plus = truth(grave, policy, twins, free)
        t = t_plus.value * (1.0 - against.value)
        options.append((-math.log1p(t * math.expm1(-w * sigma)), sigma, grave, t_plus, t))
    rows = sorted({name(pair.row.key) for pair in pairs})
    if not options:
        return Claim(indicator, claim, Value(0.0, {}, {}), 0.0, None, 0.0, 0.0, against.value, rows)
    best = max(option[0] for option in options)
    weight, sigma, grave, t_plus, t = next(
        option for option in options if option[0] >= best - TIE
    )  # largest sigma first
    rest = 1.0 + t * math.expm1(-w * sigma)
    slope_t = -math.expm1(-w * sigma) / rest
    slope = {pair: slope_t * (1.0 - against.value) * x for pair, x in t_plus.slope.items()}
    slope |= {pair: -slope_t * t_plus.value * x for pair, x in against.slope.items()}
    return Claim(
        indicator=indicator,
        token=claim,
        weight=Value(weight, t_plus.share, slope),
        slope_w=t * sigma * math.exp(-w * sigma) / rest,
        sigma=sigma,
        trust=-math.expm1(-strength(grave, policy, twins, free).value),
        t_plus=t_plus.value,
        t_minus=against.value,
        rows=rows,
    )


@dataclass
class Fusion:
    """W+ and W- of a set of pairs, with nats per pair, slopes, and the claims."""

    plus: float
    minus: float
    phi: dict[Pair, float]
    slope_v: dict[Pair, float]
    slope_w: dict[str, float]
    claims: list[Claim]


def fuse(pairs: list[Pair], policy: dict[str, Any], lens: str, *, free: bool = False) -> Fusion:
    """Claims and twins formed afresh from these pairs, then section 5; ``free`` lifts ceilings and tau_max."""
    twins = twin_components(pairs, policy)
    grouped: dict[str, dict[Origin, list[Pair]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        if pair.row.lens == lens:
            grouped[pair.row.indicator][token(pair, twins)].append(pair)
    claims = []
    families: dict[str, list[tuple[str, Value, float]]] = defaultdict(list)  # indicator, G, slope of G in w
    for indicator, by_claim in sorted(grouped.items()):
        agreed = policy["indicators"][indicator]
        mine = [weigh_claim(indicator, c, members, policy, twins, free) for c, members in sorted(by_claim.items())]
        claims += mine
        weights = [claim.weight.value for claim in mine]
        total = join([claim.weight for claim in mine], float(agreed["p_k"]))
        slope_w = sum(s * c.slope_w for s, c in zip(norm_slopes(weights, float(agreed["p_k"])), mine, strict=True))
        if not free:
            total.value = min(total.value, agreed["C_k"])
        families[agreed["family"]].append((indicator, total, slope_w))
    out = Fusion(0.0, 0.0, defaultdict(float), defaultdict(float), defaultdict(float), claims)
    for family, parts in sorted(families.items()):
        add_family(out, parts, float(policy["families"][family]), policy)
    return out


def add_family(out: Fusion, parts: list[tuple[str, Value, float]], p: float, policy: dict[str, Any]) -> None:
    sign = policy["indicators"][parts[0][0]]["sign"]
    values = [total.value for _, total, _ in parts]
    joined = join([total for _, total, _ in parts], p)
    if sign > 0:
        out.plus += joined.value
    else:
        out.minus += joined.value
    for pair, x in joined.share.items():
        out.phi[pair] += sign * x * joined.value
    for pair, x in joined.slope.items():
        out.slope_v[pair] += sign * x
    for (indicator, _, slope_w), slope in zip(parts, norm_slopes(values, p), strict=True):
        out.slope_w[indicator] += sign * slope * slope_w
