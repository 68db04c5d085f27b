"""The slow twin against the worked cases, against hand figures, against differences, and against what must hold."""

from __future__ import annotations

import copy
import csv
import datetime as dt
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from oracles.random_cases import AS_OF, RAISING, SUBJECT, case_strategy, day, pick, random_case, random_row
from oracles.slow_claims import fuse, twin_components
from oracles.slow_model import is_in, slow_score, trust_slopes
from oracles.slow_rows import Pair, all_pairs, cell_of, fill, known_rows, name

DATA = Path(__file__).parent / "data"
CASES = json.loads((DATA / "model_examples.json").read_text(encoding="utf-8"))["cases"]
CORE_TEXT = (DATA / "trust_core_examples.csv").read_text(encoding="utf-8")
CORE = {row["quantity"]: float(row["value"]) for row in csv.DictReader(CORE_TEXT.splitlines())}
CLOSE = 1e-10
Case = dict[str, Any]


def score(case: Case, **changes: Any) -> dict[str, Any]:
    case = {**case, **changes}
    return slow_score(case["rows"], case["policy"], subject=case["subject"], lens=case["lens"], as_of=case["as_of"])


def pairs_of(case: Case) -> list[Pair]:
    as_of = dt.date.fromisoformat(case["as_of"])
    return all_pairs(known_rows(case["rows"], case["policy"], case["subject"], as_of), case["policy"], as_of)


def same(got: Any, wanted: Any, tolerance: float, where: str = "") -> None:
    """Equal in shape and value, numbers to a tolerance."""
    if isinstance(wanted, dict):
        assert set(got) == set(wanted), where
        for key in wanted:
            same(got[key], wanted[key], tolerance, f"{where}/{key}")
    elif isinstance(wanted, float):
        assert got == pytest.approx(wanted, abs=tolerance, rel=0.0), where
    else:
        assert got == wanted, where


# ------------------------------------------------------------------------------------------------ worked figures


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "_"))
def test_the_worked_cases(case: Case) -> None:
    same(score(case), case["expected"], 1e-12)


def core_case(*rows: dict[str, Any], w: float = math.log(8.0)) -> Case:
    """One raising indicator; first-hand sources named by their trust, one agency a row unless said."""
    case = copy.deepcopy(CASES[0])
    case["policy"]["indicators"]["blade_injury"] |= {"w": w, "C_k": 2.0 * w}
    case["policy"]["cells"] = {str(t): {"T": t, "kappa": 20, "first_hand": True} for t in (0.35, 0.5, 0.8, 0.9)}
    case["rows"] = [
        {**case["rows"][0], "basis": "factual", "record_id": str(i), "claim_id": "c", "agency": f"a{i}", **row}
        for i, row in enumerate(rows)
    ]
    return case


def the_claim(case: Case) -> dict[str, Any]:
    (claim,) = score(case)["claims"].values()
    return dict(claim)


WORRY = {"source_type": "0.35"}
CORE_FIGURES: dict[str, Callable[[], float]] = {
    "single_anecdote": lambda: score(core_case({**WORRY, "basis": "anecdotal"}))["W_plus"],
    "same_origin_three_agencies": lambda: score(
        core_case(WORRY, {**WORRY, "derived_from": ["a0:0"]}, {**WORRY, "derived_from": ["a0:0"]})
    )["W_plus"],
    "relay_upgrade_blocked": lambda: score(core_case(WORRY, {"source_type": "0.9", "derived_from": ["a0:0"]}))[
        "W_plus"
    ],
    "two_independent_t": lambda: the_claim(core_case(WORRY, {"source_type": "0.9"}))["t_plus"],
    "independent_t_pair": lambda: the_claim(core_case({"source_type": "0.5"}, {"source_type": "0.5"}))["t_plus"],
    "aged_180d_h180": lambda: score(core_case({**WORRY, "event_date": day(180)}))["W_plus"],
    "influence_bound_tau035": lambda: score(core_case(WORRY, w=60.0))["W_plus"],
    "contradicted_claim_t": lambda: (lambda c: c["t_plus"] * (1.0 - c["t_minus"]))(
        the_claim(core_case({"source_type": "0.8"}, {"source_type": "0.5", "stance": "denies"}))
    ),
}


@pytest.mark.parametrize("quantity", sorted(CORE))
def test_the_core_figures(quantity: str) -> None:
    assert CORE_FIGURES[quantity]() == pytest.approx(CORE[quantity], abs=1e-9)


# ------------------------------------------------------------------------------------------------ derivatives


def untied(rng: np.random.Generator, case: Case) -> Case:
    """Return the case without ceilings, caps and tau_max, every agreed trust and relay fidelity at its own value."""
    policy = copy.deepcopy(case["policy"])
    policy |= {"caps": {}, "tau_max": 1.0 - 1e-12, "phi": float(rng.uniform(0.8, 0.97))}
    for cell in policy["cells"].values():
        cell["T"] = float(np.clip(cell["T"] + rng.uniform(-0.04, 0.04), 0.02, 0.97))
    for agreed in policy["indicators"].values():
        agreed["C_k"] = math.inf
    return {**case, "policy": policy}


def log_odds(case: Case, group: str, item: str, field: str, step: float) -> float:
    policy = {**case["policy"], group: copy.deepcopy(case["policy"][group])}
    policy[group][item][field] += step
    return float(score(case, policy=policy)["L"])


def assert_slope(case: Case, group: str, item: str, field: str, slope: float) -> bool:
    """Compare a slope with differences; where left and right differ a tie is near, and nothing is said."""
    h = 1e-6
    low, mid, high = (log_odds(case, group, item, field, step) for step in (-h, 0.0, h))
    if abs((high - mid) - (mid - low)) > 1e-4 * h:
        return False
    assert (high - low) / (2.0 * h) == pytest.approx(slope, abs=2e-6, rel=2e-5), (group, item)
    return True


@pytest.mark.parametrize("seed", range(8))
def test_slopes_are_the_central_differences(seed: int) -> None:
    rng = np.random.default_rng([seed, 8])
    case = untied(rng, random_case(rng, n_rows=10, answers=0.0))
    free = fuse(pairs_of(case), case["policy"], case["lens"], free=True)
    by_cell = trust_slopes(free)
    checked = [assert_slope(case, "cells", cell, "T", by_cell.get(cell, 0.0)) for cell in case["policy"]["cells"]]
    checked += [
        assert_slope(case, "indicators", k, "w", free.slope_w.get(k, 0.0)) for k in case["policy"]["indicators"]
    ]
    assert sum(checked) > 0.8 * len(checked)


# ------------------------------------------------------------------------------------------------ what must hold


def new_row(rng: np.random.Generator, case: Case, **fields: Any) -> dict[str, Any]:
    """Return a row with a record of its own that counts and supports, of a raising indicator unless said."""
    row = random_row(rng, sorted(case["policy"]["rho"]), "new", claims=0.7, denials=0.0, odd=False)
    if row.get("info_grade") == "E" or row["indicator"] not in RAISING:
        row["indicator"] = pick(rng, RAISING)
    row["role"] = "victim" if case["lens"] == "harm_to" else "person_of_concern"
    return {**row, **fields}


def twin_links(case: Case) -> dict[Any, Any]:
    return twin_components(pairs_of(case), case["policy"])


def added(case: Case, row: dict[str, Any]) -> Case | None:
    """Return the case with one more row, or None where that row would make or join suspected twins."""
    more = {**case, "rows": [*case["rows"], row]}
    return more if twin_links(more) == twin_links(case) else None


def order_free(rng: np.random.Generator, case: Case) -> None:
    rows = [case["rows"][int(i)] for i in rng.permutation(len(case["rows"]))]
    same(score(case, rows=rows), score(case), CLOSE)


def repeat_changes_nothing(rng: np.random.Generator, case: Case) -> None:
    same(score(case, rows=[*case["rows"], dict(pick(rng, case["rows"]))]), score(case), CLOSE)


def recording_again_changes_nothing(rng: np.random.Generator, case: Case) -> None:
    standing = known_rows(case["rows"], case["policy"], SUBJECT, AS_OF).rows
    raw = pick(rng, case["rows"])
    row = fill(raw)
    used = {r["recorded_date"] for r in case["rows"] if fill(r).key == row.key}
    if raw["subject_id"] == SUBJECT and standing.get(row.key) == row and case["as_of"] not in used:
        same(score(case, rows=[*case["rows"], {**raw, "recorded_date": case["as_of"]}]), score(case), CLOSE)


def relay_never_raises(rng: np.random.Generator, case: Case) -> None:
    """A relay of a present origin: one reference, to a row whose every root is present, of its indicator and stance."""
    pairs = pairs_of(case)
    kind = {p.row.key: (p.row.lens, p.row.indicator, p.row.stance) for p in pairs}

    def alike(pair: Pair) -> bool:
        origin = pair.root.origin
        if origin[0] == "row":
            return kind.get(origin[1:]) == kind[pair.row.key]
        members = [tuple(member.split(":")) for member in origin[1:]]
        return origin[0] == "cycle" and all(kind.get(m) == kind[pair.row.key] for m in members)

    fit = [
        p.row
        for p in pairs
        if all(alike(other) for other in pairs if other.row is p.row) and p.row.lens == case["lens"]
    ]
    supporting = [row for row in fit if row.stance == "supports" and row.indicator in RAISING]
    if supporting:
        source = pick(rng, supporting)
        row = new_row(rng, case, indicator=source.indicator, derived_from=[f"{source.agency}:{source.record_id}"])
        before, after = score(case), score(case, rows=[*case["rows"], row])
        for figure in ("L", "L_uncapped", "factual_L"):
            assert after[figure] <= before[figure] + CLOSE, figure


def support_moves_one_way_and_little(rng: np.random.Generator, case: Case) -> None:
    fields: dict[str, Any] = {"indicator": "trusted_adult"} if rng.random() < 0.3 else {}
    if rng.random() < 0.4:
        other = pick(rng, case["rows"])
        fields["derived_from"] = [pick(rng, (f"{other['agency']}:{other['record_id']}", "hospital:x1", "council:x2"))]
    row = new_row(rng, case, **fields)
    more = added(case, row)
    if more is None:
        return
    sign = case["policy"]["indicators"][row["indicator"]]["sign"]
    before, after = score(case), score(more)
    mine = [p for p in pairs_of(more) if p.row.record_id == "new"]
    # a row with several roots is several tellings: each has its own bound (see the note on summaries below)
    bound = sum(-math.log1p(math.expm1(-p.v(False)) * p.freshness) for p in mine)
    for figure in ("L", "L_uncapped"):
        moved = sign * (after[figure] - before[figure])
        assert -CLOSE <= moved <= bound + CLOSE, figure
    assert sign * (after["points"] - before["points"]) >= 0


def denial_shrinks_its_claim_only(rng: np.random.Generator, case: Case) -> None:
    more = added(case, new_row(rng, case, stance="denies", claim_id=pick(rng, ("a", "b", "c"))))
    assert more is not None
    before, after = score(case), score(more)
    for claim, shown in before["claims"].items():
        if "new:" in str(after["claims"][claim]["rows"]):
            assert after["claims"][claim]["weight"] <= shown["weight"] + CLOSE
        else:
            same(after["claims"][claim], shown, CLOSE)
    assert after["W_plus"] <= before["W_plus"] + CLOSE


def claims_are_bounded(_: np.random.Generator, case: Case) -> None:
    for claim, shown in score(case)["claims"].items():
        assert 0.0 <= shown["weight"] <= case["policy"]["indicators"][claim.split(" | ")[0]]["w"] + CLOSE


def trust_and_freshness_never_lower(rng: np.random.Generator, case: Case) -> None:
    """Raising T or d of one supporting row on which no denial and no protective row rests."""
    raw = pick(rng, case["rows"])
    rests = [r for r in case["rows"] if r.get("derived_from")]
    row = fill(raw)
    if row.stance != "supports" or row.indicator not in RAISING or row.answer or row.info_grade == "E":
        return
    if any(r.get("stance") == "denies" or r["indicator"] not in RAISING for r in rests):
        return
    changed = {k: v for k, v in raw.items() if k not in ("source_grade", "info_grade", "source_type")}
    policy = copy.deepcopy(case["policy"])
    old = policy["cells"][cell_of(row)]
    policy["cells"]["raised"] = {**old, "T": min(old["T"] * 1.2, 0.98)}
    changed["source_type"] = "raised"
    age = (dt.date.fromisoformat(raw["recorded_date"]) - row.event).days
    if rng.random() < 0.5 and age > 0:
        changed["event_date"] = (row.event + dt.timedelta(days=int(rng.integers(0, age + 1)))).isoformat()
    case = {**case, "policy": policy}
    more = {**case, "rows": [changed if r is raw else r for r in case["rows"]]}
    if twin_links(more) == twin_links(case) and sum(fill(r).key == row.key for r in case["rows"]) == 1:
        before, after = score(case), score(more)
        for figure in ("L", "L_uncapped", "factual_L"):
            assert after[figure] >= before[figure] - CLOSE, figure


def anecdote_leaves_the_factual_score(rng: np.random.Generator, case: Case) -> None:
    row = new_row(rng, case, basis="anecdotal", stance=pick(rng, ("supports", "denies")))
    if rng.random() < 0.4:
        other = pick(rng, case["rows"])
        row["derived_from"] = [f"{other['agency']}:{other['record_id']}"]
    if rng.random() < 0.2:
        row |= {"answer": pick(rng, ("nil", "returned"))}
    assert score(case, rows=[*case["rows"], row])["factual_L"] == pytest.approx(score(case)["factual_L"], abs=CLOSE)


def caps_hold(_: np.random.Generator, case: Case) -> None:
    pairs, out = pairs_of(case), score(case)
    assert out["W_plus"] <= fuse(pairs, case["policy"], case["lens"]).plus + CLOSE
    for x, c_x in case["policy"]["caps"].items():
        rest = [pair for pair in pairs if not is_in(pair, x, case["policy"])]
        assert out["W_plus"] <= fuse(rest, case["policy"], case["lens"]).plus + c_x + CLOSE


def reasons_add_up(_: np.random.Generator, case: Case) -> None:
    out = score(case)
    told = out["explain"]
    total = told["base"] + told["nil answers"] + sum(told["rows"].values()) + told["scale end"] + told["rounding"]
    assert total == pytest.approx(out["points"], abs=1e-9)
    assert sum(out["phi"].values()) == pytest.approx(out["W_plus"] - out["W_minus"], abs=CLOSE)
    for row, nats in out["phi"].items():
        sign = case["policy"]["indicators"][row.split(":")[2]]["sign"]
        assert sign * nats >= 0.0
    assert sum(out["agency_share"].values()) == pytest.approx(1.0 if out["agency_share"] else 0.0)


def renaming_renames_the_reasons(rng: np.random.Generator, case: Case) -> None:
    old = sorted({*case["policy"]["rho"], "north_police", "south_police", "council", "school", "health", "charity"})
    new = {a: f"{chr(97 + int(i))}gency" for a, i in zip(old, rng.permutation(len(old)), strict=True)}

    def renamed(ref: str) -> str:
        agency, _, record = ref.partition(":")
        return f"{new.get(agency, agency)}:{record}"

    policy = copy.deepcopy(case["policy"])
    for table in ("rho", "sectors"):
        policy[table] = {new[a]: x for a, x in policy[table].items()}
    for question in policy["expected"]:
        question["agency"] = new[question["agency"]]
    rows = [{**row, "agency": new[row["agency"]]} for row in case["rows"]]
    for row in rows:
        if row.get("derived_from"):
            row["derived_from"] = [renamed(ref) for ref in row["derived_from"]]
    before, after = score(case), score(case, rows=rows, policy=policy)
    for figure in (
        "L",
        "L_uncapped",
        "factual_L",
        "V",
        "points",
        "lower",
        "upper",
        "band",
        "capped",
        "most_useful_gap",
    ):
        same({figure: after[figure]}, {figure: before[figure]}, CLOSE)
    same(after["phi"], {renamed(row): nats for row, nats in before["phi"].items()}, CLOSE)
    same(after["agency_share"], {new.get(a, a): x for a, x in before["agency_share"].items()}, CLOSE)
    same(after["alone"], {new[a]: x for a, x in before["alone"].items()}, CLOSE)


def row_that_does_not_count_changes_nothing(rng: np.random.Generator, case: Case) -> None:
    row = new_row(rng, case)
    row |= pick(
        rng,
        (
            {"arises_from": "agency_initiated"},
            {"status": "withdrawn"},
            {"recorded_date": day(-1)},
            {"role": "third_party"},
        ),
    )
    before, after = score(case), score(case, rows=[*case["rows"], row])
    for figure in ("L", "L_uncapped", "V", "points", "band", "phi", "factual_L", "claims", "act_now"):
        same({figure: after[figure]}, {figure: before[figure]}, CLOSE)


def withdrawing_sets_nothing_free(rng: np.random.Generator, case: Case) -> None:
    """A row that rests on nothing but the withdrawn one gets no weight."""
    raw = pick(rng, case["rows"])
    if raw["subject_id"] != SUBJECT or raw["recorded_date"] >= case["as_of"]:
        return
    gone = {**raw, "status": "withdrawn", "recorded_date": case["as_of"]}
    relay = new_row(rng, case, indicator=raw["indicator"], derived_from=[f"{raw['agency']}:{raw['record_id']}"])
    clash = any(fill(r).key == fill(raw).key and r["recorded_date"] == case["as_of"] for r in case["rows"])
    if not clash:
        assert name(fill(relay).key) not in score(case, rows=[*case["rows"], gone, relay])["phi"]


PROPERTIES = (
    order_free,
    repeat_changes_nothing,
    recording_again_changes_nothing,
    relay_never_raises,
    support_moves_one_way_and_little,
    denial_shrinks_its_claim_only,
    claims_are_bounded,
    trust_and_freshness_never_lower,
    anecdote_leaves_the_factual_score,
    caps_hold,
    reasons_add_up,
    renaming_renames_the_reasons,
    row_that_does_not_count_changes_nothing,
    withdrawing_sets_nothing_free,
)


@pytest.mark.parametrize("must_hold", PROPERTIES, ids=lambda f: f.__name__)
def test_what_must_hold(must_hold: Callable[[np.random.Generator, Case], None]) -> None:
    for seed in range(22):
        rng = np.random.default_rng([seed, 10])
        must_hold(rng, random_case(rng, n_rows=int(rng.integers(1, 12))))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(case_strategy(max_rows=14))
def test_drawn_cases_add_up_in_any_order(case: Case) -> None:
    json.dumps(case)
    reasons_add_up(np.random.default_rng(0), case) if case["rows"] else None
    same(score(case, rows=case["rows"][::-1]), score(case), CLOSE)


def test_no_row_no_claim_to_know() -> None:
    out = score({**random_case(np.random.default_rng(1)), "rows": []})
    assert (out["band"], out["lower"], out["upper"]) == ("cannot say", 0, 100)
    assert out["phi"] == {}
    assert out["police_share"] is None


def test_random_cases_reach_every_corner() -> None:
    seen: set[str] = set()
    for seed in range(150):
        case = random_case(np.random.default_rng([seed, 3]), n_rows=12)
        known = known_rows(case["rows"], case["policy"], SUBJECT, AS_OF)
        pairs = all_pairs(known, case["policy"], AS_OF)
        out = score(case)
        seen |= {pair.root.origin[0] for pair in pairs} | set(known.reason.values())
        seen |= {f"cap {x}" for x in out["capped"]}
        seen |= {"several roots" for pair in pairs if pair.n > 1} | {"chain" for pair in pairs if pair.root.hops > 1}
        seen |= {"twins"} if twin_components(pairs, case["policy"]) else set()
        seen |= {"disputed" for claim in out["claims"].values() if claim["disputed"] > 0.0}
        seen |= {"mild binds" for claim in out["claims"].values() if (claim["sigma"] or 1.0) < 1.0}
        seen |= {"nil"} if out["nil"] > 0.0 else set()
        seen |= {"together"} if out["seen_only_together"] else set()
    assert seen >= {
        "row", "cycle", "absent", "relay", "withdrawn", "quarantined", "grade_e", "retention", "handling",
        "agency_initiated", "prompted_by_partnership", "cap anecdotal", "cap police", "cap health", "several roots",
        "chain", "twins", "disputed", "mild binds", "nil", "together",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ limits of the page


def test_a_summary_of_two_old_sources_may_move_more_than_its_own_freshness_allows() -> None:
    """Two absent roots without claim id are two claims: two halves, each decayed, exceed one whole, decayed.

    The undecayed bound -ln(1 - tau) still holds, as does the decayed bound per telling.
    """
    case = core_case(
        {"source_type": "0.9", "event_date": day(180), "claim_id": None, "derived_from": ["x:1", "y:2"]}, w=10.0
    )
    case["policy"]["indicators"]["blade_injury"]["p_k"] = 1
    moved = score(case)["W_plus"]
    assert -math.log(1.0 - 0.9 * 0.5) < moved <= -math.log(1.0 - 0.9)
    assert moved == pytest.approx(-2.0 * math.log(1.0 - 0.5 * (1.0 - math.sqrt(0.1)) * -math.expm1(-10.0)))


def test_alone_an_agency_does_not_know_that_its_source_was_withdrawn() -> None:
    """Pooled, a relay of a withdrawn row gets no weight; alone, its reference is absent and it counts."""
    gone = {"source_type": "0.35", "status": "withdrawn"}
    case = core_case(gone, {"source_type": "0.9", "derived_from": ["a0:0"]}, {"source_type": "0.35", "agency": "a1"})
    out = score(case)
    assert set(out["phi"]) == {"a1:2:blade_injury"}
    assert out["alone"]["a1"]["points"] > out["points"]
