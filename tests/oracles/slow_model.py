"""The slow, obvious twin of the scoring model: dicts, lists and loops, section by section of ``docs/model.md``.

It shares no code with the library and is used by tests only. One subject and one lens at a time; sections 1 to 5
stand in ``slow_rows`` and ``slow_claims``, and sections 6 to 9 here.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from oracles.slow_claims import Claim, Fusion, fuse, label
from oracles.slow_rows import TIE, Known, Pair, all_pairs, cell_of, known_rows, name

EDGES = ((30, "low"), (70, "medium"), (90, "high"), (math.inf, "very high"))


# ------------------------------------------------------------------------------------------------ 6. caps


def is_in(pair: Pair, x: str, policy: dict[str, Any]) -> bool:
    if x == "anecdotal":
        return pair.anecdotal
    return any(policy["sectors"].get(agency) == x for agency in pair.root.agencies)


@dataclass
class Capped:
    """W+ under the caps, which of them bind, and the nats of each pair."""

    plus: float
    binding: list[str]
    phi: dict[Pair, float]


def cap(pairs: list[Pair], policy: dict[str, Any], lens: str, whole: Fusion, caps: dict[str, float]) -> Capped:
    without = {x: fuse([p for p in pairs if not is_in(p, x, policy)], policy, lens) for x in sorted(caps)}
    limit = {x: without[x].plus + caps[x] for x in without}
    lowest = min(limit.values(), default=math.inf)
    if lowest >= whole.plus - TIE:
        return Capped(min(whole.plus, lowest), [], dict(whole.phi))
    binding = [x for x in sorted(limit) if limit[x] <= lowest + TIE]
    phi: dict[Pair, float] = {pair: x for pair, x in whole.phi.items() if x < 0.0}
    for x in binding:
        for pair, nats in capped_phi(x, caps[x], whole, without[x], policy).items():
            phi[pair] = phi.get(pair, 0.0) + nats / len(binding)
    return Capped(lowest, binding, phi)


def capped_phi(x: str, c_x: float, whole: Fusion, without: Fusion, policy: dict[str, Any]) -> dict[Pair, float]:
    """Rows outside x as without x; rows of x share C_x in proportion to what they had (R7)."""
    raising = {p: nats for p, nats in whole.phi.items() if policy["indicators"][p.row.indicator]["sign"] > 0}
    inside = {p: nats for p, nats in raising.items() if is_in(p, x, policy) and p.row.stance == "supports"}
    total = math.fsum(inside.values())
    out = {p: nats for p, nats in without.phi.items() if nats > 0.0}
    for pair, nats in inside.items():
        out[pair] = c_x * nats / total if total > 0.0 else c_x / len(inside)
    return out


# ------------------------------------------------------------------------------------------------ 7. score


def points_of(log_odds: float, policy: dict[str, Any]) -> float:
    """Points before clipping and rounding."""
    (l1, p1), (l2, p2) = policy["anchors"]
    return float(p1 + (log_odds - l1) * (p2 - p1) / (l2 - l1))


def whole_points(log_odds: float, policy: dict[str, Any]) -> int:
    return round(min(max(points_of(log_odds, policy), 0.0), 100.0))


def band_of(points: int) -> str:
    return next(band for edge, band in EDGES if points < edge)


@dataclass
class Answer:
    """An agreed expected answer: v_m, freshness, and the nats its nil subtracts."""

    id: str
    v: float
    f: float
    nil: float


def expected_answers(
    known: Known, policy: dict[str, Any], lens: str, as_of: dt.date, *, factual_only: bool = False
) -> list[Answer]:
    out = []
    for m in policy["expected"]:
        if m["lens"] != lens:
            continue
        rows = [
            row
            for key, row in known.rows.items()
            if (row.lens, row.agency, row.indicator) == (lens, m["agency"], m["indicator"])
            and row.answer in ("returned", "nil")
            and key not in known.reason
            and not (factual_only and row.basis != "factual")
        ]
        v = m["pi"] * (1.0 - m["pi"]) * (m["raise"] + m["lower"]) ** 2
        if not rows:
            out.append(Answer(m["id"], v, 0.0, 0.0))
            continue
        newest = max(row.event for row in rows)
        today = [row for row in rows if row.event == newest]
        f = 2.0 ** (-(as_of - newest).days / m["half_life_days"])
        checked = any(
            row.basis == "factual" and not policy["cells"][cell_of(row)].get("self_report", False) for row in today
        )
        nil = m["lower"] * f if checked and all(row.answer == "nil" for row in today) else 0.0
        out.append(Answer(m["id"], v, f, nil))
    return out


def alone_score(rows: list[dict[str, Any]], policy: dict[str, Any], subject: str, lens: str, as_of: dt.date) -> float:
    """L of one agency's own rows: agreed trust, sector caps lifted, its own nil answers."""
    known = known_rows(rows, policy, subject, as_of)
    pairs = all_pairs(known, policy, as_of)
    whole = fuse(pairs, policy, lens)
    caps = {x: c for x, c in policy["caps"].items() if x == "anecdotal"}
    nil = math.fsum(answer.nil for answer in expected_answers(known, policy, lens, as_of))
    return float(policy["base_rate"][lens] + cap(pairs, policy, lens, whole, caps).plus - whole.minus - nil)


# ------------------------------------------------------------------------------------------------ 8. doubt


def trust_slopes(free: Fusion) -> dict[str, float]:
    """The slope of L in the agreed trust of each cell, without ceilings, caps and tau_max."""
    out: dict[str, float] = defaultdict(float)
    for pair, slope in free.slope_v.items():
        d_v = 1.0 / ((1.0 - min(pair.tau_free, 1.0 - TIE)) * pair.n)
        for cell, d_tau in pair.d_tau:
            out[cell] += slope * d_v * d_tau
    return out


def variances(free: Fusion, answers: list[Answer], policy: dict[str, Any]) -> dict[str, float]:
    cells = policy["cells"]
    v_tau = math.fsum(
        slope**2 * cells[g]["T"] * (1.0 - cells[g]["T"]) / (cells[g]["kappa"] + 1.0)
        for g, slope in trust_slopes(free).items()
    )
    v_w = math.fsum(slope**2 * policy["indicators"][k]["w_sd"] ** 2 for k, slope in free.slope_w.items())
    v_miss = math.fsum(answer.v * (1.0 - answer.f) for answer in answers)
    v_0 = policy["base_rate_sd"] ** 2
    return {"V": v_tau + v_w + v_miss + v_0, "V_tau": v_tau, "V_w": v_w, "V_miss": v_miss, "V_0": v_0}


# ------------------------------------------------------------------------------------------------ 9. reasons


def by_row(pairs: list[Pair], phi: dict[Pair, float]) -> dict[str, float]:
    out: dict[str, float] = defaultdict(float)
    for pair in pairs:
        out[name(pair.row.key)] += phi.get(pair, 0.0)
    return dict(out)


def reliance(pairs: list[Pair], phi: dict[Pair, float], policy: dict[str, Any]) -> dict[str, Any]:
    total: dict[str, float] = defaultdict(float)
    for pair in pairs:
        for agency in pair.root.agencies:
            total[agency] += abs(phi.get(pair, 0.0)) / len(pair.root.agencies)
    whole = math.fsum(total.values())
    if whole == 0.0:
        return {"agency_share": {}, "police_share": None, "effective_agencies": None}
    share = {agency: nats / whole for agency, nats in total.items()}
    return {
        "agency_share": share,
        "police_share": math.fsum(s for a, s in share.items() if policy["sectors"].get(a) == "police"),
        "effective_agencies": 1.0 / math.fsum(s * s for s in share.values()),
    }


def explain(log_odds: float, base: float, nil: float, phi: dict[str, float], policy: dict[str, Any]) -> dict[str, Any]:
    (l1, p1), (l2, p2) = policy["anchors"]
    slope = (p2 - p1) / (l2 - l1)
    open_ended = points_of(log_odds, policy)
    clipped = min(max(open_ended, 0.0), 100.0)
    return {
        "base": points_of(base, policy),
        "nil answers": -nil * slope,
        "rows": {row: nats * slope for row, nats in phi.items()},
        "scale end": clipped - open_ended,
        "rounding": round(clipped) - clipped,
    }


def act_now(pairs: list[Pair], policy: dict[str, Any], as_of: dt.date) -> list[str]:
    found = set()
    for pair in pairs:
        agreed = policy["indicators"][pair.row.indicator]
        age = (as_of - pair.root.event).days
        if agreed["immediate"] and pair.row.stance == "supports" and age <= agreed["horizon_days"]:
            found.add(name(pair.row.key))  # any live pair within the horizon is as good as the youngest
    return sorted(found)


def show_claim(claim: Claim) -> dict[str, Any]:
    return {
        "T": claim.trust,
        "t_plus": claim.t_plus,
        "t_minus": claim.t_minus,
        "disputed": claim.t_plus * claim.t_minus,
        "sigma": claim.sigma,
        "weight": claim.weight.value,
        "rows": claim.rows,
    }


# ------------------------------------------------------------------------------------------------ the whole


def slow_score(
    rows: list[dict[str, Any]], policy: dict[str, Any], *, subject: str, lens: str, as_of: str
) -> dict[str, Any]:
    """Every figure of the model for one subject and lens, in the form of the worked cases."""
    day = dt.date.fromisoformat(as_of)
    known = known_rows(rows, policy, subject, day)
    everything = all_pairs(known, policy, day)
    pairs = [pair for pair in everything if pair.row.lens == lens]
    whole = fuse(everything, policy, lens)
    capped = cap(everything, policy, lens, whole, policy["caps"])
    answers = expected_answers(known, policy, lens, day)
    nil = math.fsum(answer.nil for answer in answers)
    base = policy["base_rate"][lens]
    log_odds = base + capped.plus - whole.minus - nil
    uncapped = base + whole.plus - whole.minus - nil
    phi = by_row(pairs, capped.phi)
    free = fuse(everything, policy, lens, free=True)
    nil_rows = [key for key, row in known.rows.items() if row.answer == "nil" and key not in known.reason]
    counted = bool(pairs) or any(known.rows[key].lens == lens for key in nil_rows)
    doubt = variances(free, answers, policy)
    out = {
        "W_plus": capped.plus,
        "W_minus": whole.minus,
        "nil": nil,
        "L": log_odds,
        "L_uncapped": uncapped,
        "points": whole_points(log_odds, policy),
        "points_uncapped": whole_points(uncapped, policy),
        "capped": capped.binding,
        **doubt,
        **completeness(answers),
        "phi": phi,
        "explain": explain(log_odds, base, nil, phi, policy),
        **reliance(pairs, capped.phi, policy),
        "act_now": act_now(pairs, policy, day),
        "claims": {label(claim.indicator, claim.token): show_claim(claim) for claim in whole.claims},
        "excluded": sorted(
            [name(k), why] for k, why in known.reason.items() if k in known.rows and known.rows[k].lens == lens
        ),
    }
    out |= interval(out, policy, counted)
    out |= beside(rows, known, everything, policy, subject, lens, day, out)
    return out


def completeness(answers: list[Answer]) -> dict[str, Any]:
    total = math.fsum(answer.v for answer in answers)
    gaps = [answer.v * (1.0 - answer.f) for answer in answers]
    widest = max(gaps, default=0.0)
    return {
        "completeness": math.fsum(a.v * a.f for a in answers) / total if total > 0.0 else None,
        "most_useful_gap": answers[gaps.index(widest)].id if widest > 0.0 else None,
    }


def interval(out: dict[str, Any], policy: dict[str, Any], counted: bool) -> dict[str, Any]:
    """Lower and upper points, their bands, and the band shown."""
    reach = policy["z"] * math.sqrt(out["V"])
    lower = whole_points(out["L"] - reach, policy) if counted else 0
    upper = whole_points(out["L_uncapped"] + reach, policy) if counted else 100
    band, band_low, band_high = band_of(out["points"]), band_of(lower), band_of(upper)
    enough = out["completeness"] is not None and out["completeness"] >= policy["completeness_for_low"]
    if not counted or (band == "low" and not enough) or (band_low == "low" and band_high in ("high", "very high")):
        band = "cannot say"
    return {"lower": lower, "upper": upper, "band": band, "band_low": band_low, "band_high": band_high}


def beside(
    rows: list[dict[str, Any]],
    known: Known,
    everything: list[Pair],
    policy: dict[str, Any],
    subject: str,
    lens: str,
    day: dt.date,
    out: dict[str, Any],
) -> dict[str, Any]:
    """The factual-only score, and what each agency that supplied a counted row would have seen alone."""
    factual = [pair for pair in everything if not pair.anecdotal]
    whole = fuse(factual, policy, lens)
    sectors = {x: c for x, c in policy["caps"].items() if x != "anecdotal"}
    nil = math.fsum(a.nil for a in expected_answers(known, policy, lens, day, factual_only=True))
    factual_l = policy["base_rate"][lens] + cap(factual, policy, lens, whole, sectors).plus - whole.minus - nil
    suppliers = {
        row.agency
        for key, row in known.rows.items()
        if row.lens == lens and key not in known.reason and row.answer in ("", "returned", "nil")
    }
    alone = {}
    for agency in sorted(suppliers):
        log_odds = alone_score([row for row in rows if row["agency"] == agency], policy, subject, lens, day)
        alone[agency] = {"L": log_odds, "points": whole_points(log_odds, policy)}
    return {
        "factual_L": factual_l,
        "factual_points": whole_points(factual_l, policy),
        "alone": alone,
        "seen_only_together": out["points"] >= 70 and all(a["points"] < 70 for a in alone.values()),
    }
