"""What must hold of every score (the model, section 10), statement by statement, through the engine.

Versions of one case are scored side by side, each as a subject of its own. "A new row" has a new key, nothing that
derives from it, and leaves twin links as they are: cases where it does not are passed over.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import build
import riskshare
from oracles.random_cases import AS_OF, PROTECTIVE, RAISING, SUBJECT, case_strategy, day, pick, random_row
from oracles.slow_claims import fuse, twin_components
from oracles.slow_model import is_in
from oracles.slow_rows import Pair, all_pairs, cell_of, fill, known_rows
from properties.engine import SLACK, Case, Line, Pass, Row, as_sent, day_number, run, told_of, weigh_rows
from riskshare.io.evidence import read_evidence
from riskshare.kernels.scores import CANNOT_SAY, Scores
from riskshare.kernels.segments import UNIT
from riskshare.records.evidence import Evidence
from riskshare.records.partnership import Partnership
from riskshare.scoring.score import blocks, score_all, score_block
from riskshare.trust.weigh import weigh

thorough = settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
cases = case_strategy(max_rows=12).filter(lambda case: any(r["recorded_date"] <= case["as_of"] for r in case["rows"]))
seeds = st.integers(0, 2**32 - 1)
LOG_ODDS = ("log_odds", "log_odds_uncapped", "log_odds_factual")
Draw = Callable[..., Any]


def pairs_of(case: Case, rows: list[Row] | None = None) -> list[Pair]:
    as_of = dt.date.fromisoformat(case["as_of"])
    return all_pairs(known_rows(rows or case["rows"], case["policy"], SUBJECT, as_of), case["policy"], as_of)


def twin_links(case: Case, rows: list[Row]) -> dict[Any, Any]:
    return twin_components(pairs_of(case, rows), case["policy"])


def new_row(rng: np.random.Generator, case: Case, **fields: Any) -> Row:
    """Return a row with a record of its own that counts and supports, of a raising indicator unless said."""
    row = random_row(rng, sorted(case["policy"]["rho"]), "new", claims=0.7, denials=0.0, odd=False)
    if row["indicator"] not in RAISING:
        row["indicator"] = pick(rng, RAISING)
    row["role"] = "victim" if case["lens"] == "harm_to" else "person_of_concern"
    return {**row, **fields}


def reference(row: Row) -> str:
    return f"{row['agency']}:{row['record_id']}"


def with_row(case: Case, row: Row) -> list[Row]:
    """Return the case's rows and one more, which may not make or join suspected twins."""
    more = [*case["rows"], row]
    assume(twin_links(case, more) == twin_links(case, case["rows"]))
    return more


def before_and_after(case: Case, more: list[Row], policy: dict[str, Any] | None = None) -> tuple[Line, Line, Pass]:
    done = run({"before": case["rows"], "after": more}, case, policy)
    subjects = [f"{version}/{SUBJECT}" for version in ("before", "after")]
    assume(all(done.knows(subject) for subject in subjects))
    before, after = (done.line(subject, case["lens"]) for subject in subjects)
    return before, after, done


def direction(case: Case, row: Row) -> int:
    return int(case["policy"]["indicators"][row["indicator"]]["sign"])


def same_bits(one: Scores, other: Scores) -> None:
    for name, mine, yours in zip(Scores._fields, one, other, strict=True):
        assert np.array_equal(mine, yours, equal_nan=mine.dtype.kind == "f"), name


# ------------------------------------------------------------------------------------------------ order


@thorough
@given(cases, seeds)
def test_scores_do_not_depend_on_the_order_of_rows_or_on_how_they_are_cut(case: Case, seed: int) -> None:
    """Rows shuffled, several subjects, blocks of any size: the same bits in every published figure."""
    rng = np.random.default_rng(seed)
    partnership = build.partnership_from_case(case["policy"])
    versions = {"a": case["rows"], "b": case["rows"][::2], "c": case["rows"][1::3]}
    rows = [row for version, some in versions.items() for row in told_of(some, version)]
    shuffled = [rows[int(i)] for i in rng.permutation(len(rows))]
    one, other = (weigh_rows(some, partnership, case["policy"], case["as_of"]) for some in (rows, shuffled))
    same_bits(one.scores, other.scores)
    assert one.pair_shares() == other.pair_shares()
    cut = [score_block(part, other.weighed)[0] for part in blocks(other.weighed, size=int(rng.integers(1, len(rows))))]
    same_bits(one.scores, Scores._make(np.concatenate(columns, axis=-1) for columns in zip(*cut, strict=True)))


@thorough
@given(cases, seeds)
def test_scores_do_not_depend_on_how_rows_are_split_into_files(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_files = int(rng.integers(2, 5))
    files: list[list[Row]] = [[] for _ in range(n_files)]
    for row in told_of(case["rows"], "split"):
        files[int(rng.integers(0, n_files))].insert(0, row)
    files[0] += told_of(case["rows"], "whole")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"part{i}.jsonl" for i, rows in enumerate(files) if rows]
        for path, rows in zip(paths, filter(None, files), strict=True):
            path.write_text("".join(f"{json.dumps(as_sent(row))}\n" for row in rows), encoding="utf-8")
        same_results(read_evidence(paths, build.partnership_from_case(case["policy"]), accept_bad=True), case)


def same_results(evidence: Evidence, case: Case) -> None:
    """Say that of every subject both versions told in evidence come to the same bits."""
    partnership = build.partnership_from_case(case["policy"])
    weighed = weigh(
        evidence,
        partnership,
        as_of=day_number(case["as_of"]),
        severity=evidence.rows["severity"].fill_null(1.0).to_numpy(),
        not_scored=np.zeros(evidence.rows.num_rows, dtype=np.bool_),
        conditions_met=frozenset(case["policy"].get("conditions_met", [])),
    )
    scores = score_all(weighed).scores  # of listed units, in order of subject: one version's, then the other's
    half, odd = divmod(scores.points.size, 2)
    assert odd == 0
    same_bits(*(Scores._make(column[..., part] for column in scores) for part in (slice(half), slice(half, None))))


# ------------------------------------------------------------------------------------------------ the same again


@thorough
@given(cases, seeds)
def test_an_exact_repeat_changes_nothing(case: Case, seed: int) -> None:
    """Through reading, which is what finds repeats."""
    rng = np.random.default_rng(seed)
    once, again = told_of(case["rows"], "once"), told_of(case["rows"], "repeated")
    again += [again[int(i)] for i in rng.integers(0, len(again), size=int(rng.integers(1, 4)))]
    rows = [*once, *(again[int(i)] for i in rng.permutation(len(again)))]
    partnership = build.partnership_from_case(case["policy"])
    evidence = read_evidence([as_sent(row) for row in rows], partnership, accept_bad=True)
    assert evidence.total("duplicates") >= len(again) - len(once) - evidence.total("quarantined")
    same_results(evidence, case)


@thorough
@given(cases, seeds)
def test_recording_again_changes_nothing(case: Case, seed: int) -> None:
    """The same key and content with a later recording date."""
    rng = np.random.default_rng(seed)
    standing = known_rows(case["rows"], case["policy"], SUBJECT, AS_OF).rows

    def may(raw: Row) -> bool:
        row = fill(raw)
        used = {other["recorded_date"] for other in case["rows"] if fill(other).key == row.key}
        return raw["subject_id"] == SUBJECT and standing.get(row.key) == row and case["as_of"] not in used

    fit = [raw for raw in case["rows"] if may(raw)]
    assume(fit)
    again = {**pick(rng, fit), "recorded_date": case["as_of"]}
    before, after, done = before_and_after(case, [*case["rows"], again])
    for name in Scores._fields:
        assert np.array_equal(getattr(before, name), getattr(after, name), equal_nan=True), name
    lens = case["lens"]
    assert done.phi(f"before/{SUBJECT}", lens) == done.phi(f"after/{SUBJECT}", lens)


# ------------------------------------------------------------------------------------------------ new rows


@thorough
@given(cases, seeds)
def test_a_relay_of_a_present_origin_never_raises(case: Case, seed: int) -> None:
    """One reference, to a row whose every root is present, of its own indicator, lens and stance."""
    rng = np.random.default_rng(seed)
    pairs = pairs_of(case)
    kind = {pair.row.key: (pair.row.lens, pair.row.indicator, pair.row.stance) for pair in pairs}

    def alike(pair: Pair) -> bool:
        what, *names = pair.root.origin
        members = [tuple(names)] if what == "row" else [tuple(member.split(":")) for member in names]
        return what != "absent" and all(kind.get(member) == kind[pair.row.key] for member in members)

    mine: dict[Any, list[Pair]] = {}
    for pair in pairs:
        mine.setdefault(pair.row, []).append(pair)
    fit = [
        row
        for row, some in mine.items()
        if row.lens == case["lens"] and row.stance == "supports" and row.indicator in RAISING and all(map(alike, some))
    ]
    assume(fit)
    source = pick(rng, fit)
    row = new_row(rng, case, indicator=source.indicator, derived_from=[f"{source.agency}:{source.record_id}"])
    before, after, _ = before_and_after(case, [*case["rows"], row])
    for name in LOG_ODDS:
        assert getattr(after, name) <= getattr(before, name) + SLACK, name
    assert after.points <= before.points


def supporting_row(rng: np.random.Generator, case: Case, kinds: tuple[str, ...]) -> Row:
    """Return a new supporting row, sometimes with one or two references: to a present record or to an absent one."""
    row = new_row(rng, case, indicator=pick(rng, kinds))
    if rng.random() < 0.5:
        some = [reference(pick(rng, case["rows"])), "hospital:x1", "council:x2", "coroner:x3"]
        row["derived_from"] = sorted({pick(rng, some) for _ in range(int(rng.integers(1, 4)))})
    return row


@thorough
@given(cases, seeds)
def test_new_support_never_lowers(case: Case, seed: int) -> None:
    row = supporting_row(np.random.default_rng(seed), case, RAISING)
    before, after, _ = before_and_after(case, with_row(case, row))
    for name in LOG_ODDS:
        assert getattr(after, name) >= getattr(before, name) - SLACK, name
    assert after.points >= before.points


@thorough
@given(cases, seeds)
def test_new_protection_never_raises(case: Case, seed: int) -> None:
    row = supporting_row(np.random.default_rng(seed), case, PROTECTIVE)
    before, after, _ = before_and_after(case, with_row(case, row))
    for name in LOG_ODDS:
        assert getattr(after, name) <= getattr(before, name) + SLACK, name
    assert after.points <= before.points


@thorough
@given(cases, seeds)
def test_one_new_row_moves_the_score_little_however_grave(case: Case, seed: int) -> None:
    """At most −ln(1 − τd) for each root it speaks for, with v/n of its trust each: the page's bound where n is 1.

    The page's bound as it stands does not hold for a row with several roots: see the two tests below.
    """
    rng = np.random.default_rng(seed)
    policy = copy.deepcopy(case["policy"])
    for agreed in policy["indicators"].values():
        agreed["w"] *= pick(rng, (1.0, 10.0))
        agreed["C_k"] = agreed["w"] * 2.0
    case = {**case, "policy": policy}
    row = supporting_row(rng, case, (*RAISING, *PROTECTIVE))
    more = with_row(case, row)
    before, after, _ = before_and_after(case, more)
    mine = [pair for pair in pairs_of(case, more) if pair.row.record_id == "new"]
    bound = sum(-math.log1p(math.expm1(-pair.v(False)) * pair.freshness) for pair in mine)
    if len(mine) == 1 and mine[0].n == 1:
        assert bound == pytest.approx(-math.log(1.0 - mine[0].tau * mine[0].freshness))
    for name in ("log_odds", "log_odds_uncapped"):
        moved = direction(case, row) * (getattr(after, name) - getattr(before, name))
        assert moved <= bound / UNIT + SLACK, name


def summary_of_two(claim_id: str | None) -> tuple[float, float]:
    """Return how far one summary of two absent records moves a score, in nats, and the page's bound for it."""
    row = build.row(source_type="nine", derived_from="hospital:1;coroner:2", event_date="2025-10-02", claim_id=claim_id)
    policy = build.trust_policy(
        source_types=(build.SourceType(id="nine", name="Nine", trust=0.9, strength=20.0, first_hand=True),),
        indicators=(build.indicator("weapon_carrying", log_likelihood_ratio=60.0, repeat_p=1.0),),
        expected_answers=(),
    )
    members = tuple(build.agency(name) for name in (*build.SECTORS, "hospital", "coroner"))
    partnership = build.partnership(agencies=members, trust=policy)
    told = riskshare.assess(riskshare.read_evidence([row], partnership), partnership, as_of="2026-03-31")
    return told.scores["log_odds"].item() - policy.base_rate.harm_by, -math.log(1.0 - 0.9 * 0.5)


def test_a_summary_of_two_old_sources_may_move_more_than_the_page_says() -> None:
    """Two absent roots without claim id are two claims of v/2 each: .838 nats, where −ln(1 − τd) is .598.

    What holds is the sum over roots, −Σ ln(1 − d(1 − (1 − τ)^(1/n))), and, undecayed, −ln(1 − τ).
    """
    moved, page = summary_of_two(None)
    assert page == pytest.approx(0.59784, abs=1e-5)
    assert moved == pytest.approx(-2.0 * math.log(1.0 - 0.5 * (1.0 - math.sqrt(1.0 - 0.9))), abs=1e-11)
    assert page < moved < -math.log(1.0 - 0.9)


def test_the_same_summary_of_one_claim_moves_what_the_page_says() -> None:
    moved, page = summary_of_two("one-claim")
    assert moved == pytest.approx(page, abs=1e-11)


@thorough
@given(cases, seeds)
def test_a_new_denial_only_shrinks_its_own_claim(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    row = new_row(rng, case, stance="denies", indicator=pick(rng, (*RAISING, *PROTECTIVE)))
    row["claim_id"] = pick(rng, ("a", "b", "c"))
    if direction(case, row) < 0 or rng.random() < 0.2:
        row["derived_from"] = ["hospital:x9"]
    _, _, done = before_and_after(case, with_row(case, row))
    units = [done.unit(f"{version}/{SUBJECT}", case["lens"]) for version in ("before", "after")]
    before, after = ([{**c, "unit": 0} for c in done.claim_weights if c["unit"] == unit] for unit in units)
    mine = [claim for claim in after if any(name.startswith(f"{row['agency']}:new:") for name in claim["rows"])]
    assume(mine)  # the row counts: it is of this lens, and its source is neither E nor past its retention
    assert len(mine) == 1
    names = set(mine[0]["rows"]) - {f"{row['agency']}:new:{row['indicator']}"}
    theirs = list(before)
    for claim in after:
        if claim is not mine[0]:
            theirs.remove(claim)  # the others stand as they did, to the bit
    assert [set(claim["rows"]) for claim in theirs] == ([names] if names else [])
    assert 0.0 <= mine[0]["weight"] <= (theirs[0]["weight"] if theirs else 0.0)
    if theirs and "sigma" in theirs[0] and mine[0]["sigma"] == theirs[0]["sigma"]:
        assert mine[0]["t_plus"] == theirs[0]["t_plus"]  # it takes nothing from what is said for the claim
        assert mine[0]["t_minus"] >= theirs[0]["t_minus"]


@thorough
@given(cases, seeds)
def test_a_new_denial_never_raises_what_it_denies(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    row = new_row(rng, case, stance="denies", indicator=pick(rng, (*RAISING, *PROTECTIVE)), claim_id="a")
    before, after, _ = before_and_after(case, with_row(case, row))
    for name in LOG_ODDS:
        assert direction(case, row) * (getattr(after, name) - getattr(before, name)) <= SLACK, name


# ------------------------------------------------------------------------------------------------ bounds and trust


@thorough
@given(cases)
def test_one_claim_weighs_at_most_its_indicator(case: Case) -> None:
    done = run({"case": case["rows"]}, case)
    for claim in done.claim_weights:
        assert 0.0 <= claim["weight"] <= case["policy"]["indicators"][claim["indicator"]]["w"] * (1.0 + 1e-12)


def rests_on(rows: list[Row], row: Row) -> list[Row]:
    """Return the rows that derive from a record, at any remove, itself included."""
    names = {reference(row)}
    while True:
        found = [r for r in rows if reference(r) in names or names & set(r.get("derived_from") or [])]
        more = names | {reference(r) for r in found}
        if more == names:
            return found
        names = more


@thorough
@given(cases, seeds)
def test_more_trust_in_a_supporting_row_or_a_fresher_one_never_lowers(case: Case, seed: int) -> None:
    """Of a raising indicator, from which neither a denial nor a protective row derives."""
    rng = np.random.default_rng(seed)

    def may(raw: Row) -> bool:
        row = fill(raw)
        alone = sum(fill(other).key == row.key for other in case["rows"]) == 1
        if not alone or raw["subject_id"] != SUBJECT or row.answer or row.info_grade == "E":
            return False
        behind = rests_on(case["rows"], raw)
        return all(r.get("stance") != "denies" and r["indicator"] in RAISING for r in behind)

    fit = [raw for raw in case["rows"] if may(raw)]
    assume(fit)
    raw = pick(rng, fit)
    policy = copy.deepcopy(case["policy"])
    old = policy["cells"][cell_of(fill(raw))]
    policy["cells"]["raised"] = {**old, "T": min(old["T"] * pick(rng, (1.0, 1.05, 1.3)), 0.98)}
    changed = {name: x for name, x in raw.items() if name not in ("source_grade", "info_grade", "source_type")}
    changed["source_type"] = "raised"
    event, recorded = (dt.date.fromisoformat(raw[name]) for name in ("event_date", "recorded_date"))
    if recorded > event and rng.random() < 0.6:
        later = int(rng.integers(0, (recorded - event).days + 1))
        changed["event_date"] = (event + dt.timedelta(days=later)).isoformat()
    assume(old["T"] < policy["cells"]["raised"]["T"] or changed["event_date"] != raw["event_date"])
    case = {**case, "policy": policy}
    more = [changed if row is raw else row for row in case["rows"]]
    assume(twin_links(case, more) == twin_links(case, case["rows"]))
    before, after, _ = before_and_after(case, more)
    for name in LOG_ODDS:
        assert getattr(after, name) >= getattr(before, name) - SLACK, name
    assert after.points >= before.points


@thorough
@given(cases, seeds)
def test_the_factual_score_is_untouched_by_anecdotes(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    row = new_row(rng, case, basis="anecdotal", stance=pick(rng, ("supports", "denies")))
    row["indicator"] = pick(rng, (*RAISING, *PROTECTIVE))
    if rng.random() < 0.4:
        row["derived_from"] = [reference(pick(rng, case["rows"]))]
    if rng.random() < 0.2:
        row["answer"] = pick(rng, ("nil", "returned"))
    before, after, _ = before_and_after(case, [*case["rows"], row])
    assert after.log_odds_factual == before.log_odds_factual
    assert after.points_factual == before.points_factual


# ------------------------------------------------------------------------------------------------ caps


@thorough
@given(cases)
def test_caps_hold_at_their_bound(case: Case) -> None:
    """W⁺ is the least of W⁺ in full and of every W⁺ without x + C_x, and a cap that binds is told."""
    done = run({"case": case["rows"]}, case)
    assume(done.knows(f"case/{SUBJECT}"))
    line = done.line(f"case/{SUBJECT}", case["lens"])
    pairs, policy, lens = pairs_of(case), case["policy"], case["lens"]
    whole_plus = fuse(pairs, policy, lens).plus
    limits = {
        x: fuse([pair for pair in pairs if not is_in(pair, x, policy)], policy, lens).plus + c_x
        for x, c_x in policy["caps"].items()
    }
    plus = done.detail.capped.raising[line.unit] * UNIT
    assert plus == pytest.approx(min([whole_plus, *limits.values()]), abs=SLACK * UNIT)
    assert done.detail.capped.base.raising[line.unit] * UNIT == pytest.approx(whole_plus, abs=SLACK * UNIT)
    assert line.log_odds <= line.log_odds_uncapped
    bound = {x for x, binds in zip(done.weighed.codes.classes, line.capped, strict=True) if binds}
    assert bool(bound) == (line.log_odds < line.log_odds_uncapped)
    assert all(limits[x] == pytest.approx(plus, abs=SLACK * UNIT) for x in bound)


# ------------------------------------------------------------------------------------------------ reasons


@thorough
@given(cases)
def test_reasons_sum_exactly_to_the_score(case: Case) -> None:
    """To the last bit, in any order: points to the published points, nats to the published log-odds."""
    done = run({"case": case["rows"]}, case)
    for (_, _), told in done.reasons.groupby(["subject_id", "lens"]):
        line = done.line(told["subject_id"].iloc[0], told["lens"].iloc[0])
        for order in (told, told[::-1]):
            assert sum(order["points"].tolist()) == line.points
            assert sum(order["nats"].tolist()) == line.log_odds * UNIT
        assert abs(told.loc[told["line"] == "rounding", "nats"].item()) <= (len(told) + SLACK) * UNIT
        assert abs(told.loc[told["line"] == "rounding", "points"].item()) <= 0.5 + 21.0 * (len(told) + SLACK) * UNIT


@thorough
@given(cases)
def test_no_share_of_a_raising_row_is_negative(case: Case) -> None:
    done = run({"case": case["rows"]}, case)
    for _, name, nats in done.pair_shares():
        assert case["policy"]["indicators"][name.split(":")[2]]["sign"] * nats >= 0.0


def partnership_renamed(partnership: Partnership, new: dict[str, str]) -> Partnership:
    trust = partnership.trust
    within = {new[agency]: rho for agency, rho in trust.correlation.within_agency.items()}
    questions = tuple(q.model_copy(update={"agency": new[q.agency]}) for q in trust.expected_answers if q.agency)
    correlation = trust.correlation.model_copy(update={"within_agency": within})
    trust = trust.model_copy(update={"correlation": correlation, "expected_answers": questions})
    members = tuple(agency.model_copy(update={"id": new[agency.id]}) for agency in partnership.agencies)
    return build.sign_all(dataclasses.replace(partnership, agencies=members, trust=trust))


@thorough
@given(cases, st.booleans(), seeds)
def test_renaming_agencies_renames_the_reasons_and_nothing_else(case: Case, reverse: bool, seed: int) -> None:
    """Under any new names, also such as turn their order round, scores keep every bit."""
    rng = np.random.default_rng(seed)
    old = sorted({agency.id for agency in build.partnership_from_case(case["policy"]).agencies})
    places = range(len(old))[::-1] if reverse else rng.permutation(len(old))
    new = {agency: f"{chr(97 + int(i))}gency" for agency, i in zip(old, places, strict=True)}

    def renamed(name: str) -> str:
        agency, _, rest = name.partition(":")
        return f"{new[agency]}:{rest}"

    rows = [{**row, "agency": new[row["agency"]]} for row in case["rows"]]
    for row in rows:
        if row.get("derived_from"):
            row["derived_from"] = [renamed(name) for name in row["derived_from"]]
    told_rows = told_of(rows, "case")
    one = run({"case": case["rows"]}, case)
    other = weigh_rows(told_rows, partnership_renamed(one.partnership, new), case["policy"], case["as_of"])
    codes = {agency: i for i, agency in enumerate(other.weighed.codes.agencies)}
    leading = [-1 if a < 0 else codes[new[one.weighed.codes.agencies[a]]] for a in one.scores.leading_agency.tolist()]
    same_bits(one.scores._replace(leading_agency=np.array(leading)), other.scores)
    assert other.pair_shares() == sorted((unit, renamed(name), share) for unit, name, share in one.pair_shares())


# ------------------------------------------------------------------------------------------------ nothing known


@thorough
@given(cases, seeds)
def test_no_row_no_claim_to_know(case: Case, seed: int) -> None:
    """Without a row that counts or a nil answer: base rate, 0 to 100, cannot say."""
    rng = np.random.default_rng(seed)
    hushed = pick(
        rng,
        (
            {"arises_from": "agency_initiated"},
            {"arises_from": "prompted_by_partnership"},
            {"source_grade": "1", "info_grade": "E", "source_type": None},
            {"role": "third_party"},
            {"recorded_date": "2026-04-01"},
            {"status": "withdrawn", "recorded_date": "2026-03-31"},
            {"event_date": day(2_500)},
        ),
    )
    rows = [{**row, **hushed} for row in case["rows"] if not row.get("answer")]
    assume(rows)
    done = run({"quiet": rows, "case": case["rows"]}, case)
    subject = f"quiet/{SUBJECT}"
    assume(done.knows(subject))
    for lens in ("harm_by", "harm_to"):
        line = done.line(subject, lens)
        base = round(case["policy"]["base_rate"].get(lens, -3.0) / UNIT)
        assert (line.log_odds, line.lower, line.upper, line.band) == (base, 0, 100, CANNOT_SAY)
        assert (line.n_records, line.n_origins, line.leading_agency) == (0, 0, -1)
        assert math.isnan(line.police_share)
        assert done.phi(subject, lens) == {}
    for unit in np.flatnonzero(done.scores.n_records == 0):
        line = Line(done.scores, int(unit))
        assert line.band == CANNOT_SAY or line.nil > 0 or (line.lower, line.upper) != (0, 100)
