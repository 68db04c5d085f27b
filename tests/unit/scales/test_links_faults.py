"""Links that went wrong once: stray readings, cases all alike, the order of agencies, broken files, extreme weights."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import build
from riskshare.errors import ArgumentError, LinkRefusedError
from riskshare.records.links import Link
from riskshare.records.scale import Band, CommonScale, Scale
from riskshare.scales.grid import MAX_CELLS, grid_of
from riskshare.scales.outcome import outcome_link
from riskshare.scales.policy_link import policy_link
from riskshare.scales.population import population_link, population_links_both

COUNT = build.scale("a.count", routes=())
OTHER = build.scale("b.count", routes=())
OPEN = build.scale("open.count", hi=None, routes=())
STATED = {"outcome": "serious harm", "horizon": "2 years", "population": "adults", "routes": (), "not_scored": ()}
CHANCE = build.scale("p", kind="probability", hi=100.0, bands=(
    Band(name="low", starts=0.0), Band(name="high", starts=50.0, pins="high")), **STATED)  # fmt: skip


def spread_out(n: int = 120, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 28, n).astype(float)


def numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [one for item in value.values() for one in numbers_in(item)]
    if isinstance(value, list):
        return [one for item in value for one in numbers_in(item)]
    return [float(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


# A scale without a top.


@pytest.mark.parametrize("stray", [1_000.0, 50_000.0, 2e7, 99_999_999_999.0])
def test_a_reading_far_above_the_rest_is_refused_and_not_shown(stray: float) -> None:
    x = spread_out()
    y = np.append(x[:-1], stray)
    with pytest.raises(
        LinkRefusedError, match=r"'open.count'.*far above.*Look for a stray value.*give the scale its top"
    ) as caught:
        population_link(OPEN, OPEN, x, y, replicates=5)
    assert f"{stray:.0f}" not in str(caught.value).replace(",", "")


def test_one_person_of_many_stray_cases_is_still_one_person() -> None:
    x = spread_out(150)
    who = np.append(np.arange(138), np.full(12, 200))
    y = np.where(who == 200, 9_000.0, x)
    with pytest.raises(LinkRefusedError, match="far above"):
        population_link(OPEN, OPEN, x, y, person=who, replicates=5)


def test_a_reading_a_little_above_the_rest_leaves_the_others_where_they_were() -> None:
    x = spread_out()
    y = np.append(x[:-1], 60.0)
    for link in population_links_both(OPEN, OPEN, x, y, replicates=50):
        found = link.equivalents([13.5])
        assert found.estimate[0] == pytest.approx(13.5, abs=0.7)
        assert found.low[0] <= 13.5 <= found.high[0]


def test_a_long_scale_does_not_fill_the_memory() -> None:
    for scale in (build.scale("long", hi=1e11, routes=()), OPEN):
        grid = grid_of(scale, spread_out())
        assert grid.size <= MAX_CELLS + 3
    long = grid_of(build.scale("long", hi=1e11, routes=()), spread_out())
    assert long.ends == (-0.5, 1e11 + 0.5)


@pytest.mark.parametrize("scale", [OPEN, build.scale("fine", kind="continuous", hi=None, step=0.001, routes=())])
def test_a_link_publishes_no_one_persons_extremes(scale: Scale) -> None:
    x = np.append(spread_out(119) + 5.0, 41.0)
    y = np.append(spread_out(119, 1) + 6.0, 43.0)
    x[0], y[0] = 2.0, 3.0
    for link in population_links_both(scale, scale, x, y, replicates=20):
        told = numbers_in(link.to_dict())
        for own in (2.0, 3.0, 41.0, 43.0):
            half = 0.5 if scale.kind == "count" else 0.0
            near = [one for one in told if abs(one - own) < 1e-9 or abs(one - own) == half > 0.0]
            if own > 40.0:
                assert near == []
            assert own - half not in link.curve.seen
            assert own + half not in link.curve.seen
        assert link.curve.seen[0] < 2.0
        assert link.curve.seen[1] > 43.0
        assert link.sides[0].ends[1] > 43.5
    assert "rounded outwards" in (type(link.curve).__doc__ or "")


def test_what_ten_people_reached_may_be_told() -> None:
    x = np.append(spread_out(120), np.full(12, 30.0))
    link = population_link(OPEN, OPEN, x, x, replicates=5)
    assert link.sides[0].ends == (-0.5, 30.5)
    assert link.curve.seen[1] == 30.5


def test_without_a_top_no_method_that_needs_one_is_used() -> None:
    x = spread_out(60)
    link = population_link(OPEN, OPEN, x, x + np.arange(60) % 2, replicates=20)
    assert link.method in ("linear", "equipercentile")
    assert "no top" in link.rule
    for method in ("circle_arc", "mean", "identity", "composite"):
        with pytest.raises(LinkRefusedError, match="no top"):
            population_link(OPEN, OPEN, x, x, method=method, replicates=5)


def test_a_calibration_publishes_no_one_persons_reading() -> None:
    """Its corners are the same whoever scored what; on a scale without a top, whoever the nine highest were."""
    rng = np.random.default_rng(1)
    y = np.arange(600) % 3 == 0
    for hi in (24.0, None):
        scale = build.scale("fine", kind="continuous", hi=hi, step=0.001, **STATED)
        x = np.sort(rng.uniform(2.0, 19.0, 600).round(3))
        again = x.copy()
        again[1:-9] = np.sort(rng.uniform(x[0], x[-9], 590).round(3)) if hi else x[1:-9]
        again[-10:] = x[-10] if hi is None else again[-10:]
        again[-9:] = x[-10] + np.linspace(0.1, 0.9, 9).round(3)
        for method in ("platt", "isotonic"):
            one, other = (outcome_link(scale, a, y, method=method, replicates=5).curve for a in (x, again))
            assert one.x == other.x
            assert one.at == other.at
            assert one.seen == other.seen
            assert one.seen[0] < x[0]
            assert one.seen[1] > again[-1]


# Cases that are all alike on one side.


@pytest.mark.parametrize("n", [*range(30, 100, 3), 100, 113, 157, 450])
@pytest.mark.parametrize("value", [7.0, 24.0])
def test_cases_all_alike_on_one_side_are_refused(n: int, value: float) -> None:
    rng = np.random.default_rng(n)
    alike, varied = np.full(n, value), rng.integers(0, 25, n).astype(float)
    weight = rng.uniform(0.1, 3.0, n)
    for x, y in ((alike, varied), (varied, alike), (alike, alike)):
        with pytest.raises(LinkRefusedError, match=r"all shared cases have the same score.*Share cases of different"):
            population_link(COUNT, OTHER, x, y, weight=weight, replicates=2)


@pytest.mark.parametrize("n", range(30, 100, 7))
def test_a_mean_at_the_very_top_is_not_pushed_over_it_by_rounding(n: int) -> None:
    """All but one person at the top, the one of next to no weight."""
    rng = np.random.default_rng(n)
    weight = rng.uniform(0.1, 3.0, n)
    x, weight[0] = np.full(n, 24.0), 1e-11
    x[0] = 23.0
    link = population_link(
        COUNT, OTHER, x, rng.integers(0, 25, n).astype(float), weight=weight, method="circle_arc", replicates=2
    )
    assert link.parameters["mean_source"] <= 24.0


# Weights.


@pytest.mark.parametrize("size", [1e300, 1e-300, 1e-12])
def test_only_the_ratio_of_weights_matters(size: float) -> None:
    x = np.minimum(spread_out(200), 24.0)
    y = x[::-1].copy()
    plain = population_link(COUNT, OTHER, x, y, weight=np.full(200, 1.0), replicates=5)
    assert population_link(COUNT, OTHER, x, y, weight=np.full(200, size), replicates=5).n_effective == pytest.approx(
        plain.n_effective
    )


def test_weights_that_cannot_be_compared_are_refused() -> None:
    x = np.minimum(spread_out(200), 24.0)
    weight = np.where(np.arange(200) < 10, 1e300, 1e-300)
    with pytest.raises(ArgumentError, match="weights must lie within"):
        population_link(COUNT, OTHER, x, x, weight=weight, replicates=5)


# Tails count people.


def test_twelve_cases_of_one_person_are_one_person_in_the_tail() -> None:
    x = np.random.default_rng(3).integers(0, 12, 200).astype(float)
    all_x = np.append(x, np.full(12, 22.0))
    who = np.append(np.arange(200), np.zeros(12, dtype=int))
    link = population_link(COUNT, OTHER, all_x, all_x, person=who, replicates=5)
    assert link.curve.reliable[1] < 12.0
    assert link.equivalents([20.0]).sparse[0]
    apart = population_link(COUNT, OTHER, all_x, all_x, replicates=5)
    assert not apart.equivalents([20.0]).sparse[0]


# Outcomes that a replicate, or everybody, splits cleanly.


def test_scores_that_split_the_outcomes_are_refused_by_beta() -> None:
    x, y = np.repeat([20.0, 80.0], 250), np.repeat([0.0, 1.0], 250)
    for method in (None, "beta"):
        with pytest.raises(LinkRefusedError, match=r"split the outcomes cleanly.*platt"):
            outcome_link(CHANCE, x, y, method=method, replicates=5)
    assert outcome_link(CHANCE, x, y, method="platt", replicates=5).method == "platt"


def test_replicates_that_split_the_outcomes_are_kept_and_counted() -> None:
    x = np.concatenate([np.arange(10.0, 50.0), [70.0], np.arange(60.0, 90.0)])
    y = np.concatenate([np.zeros(41), np.ones(30)])
    link = outcome_link(CHANCE, x, y, method="beta", replicates=200)
    assert 0.1 < link.diagnostics["separated_replicates"] < 0.9
    found = link.equivalents([20.0, 65.0, 85.0])
    assert (np.isfinite(found.low) & (found.low <= found.estimate) & (found.estimate <= found.high)).all()
    assert 0.0 < found.high[0] < found.high[1]
    rng = np.random.default_rng(5)
    mixed = rng.integers(1, 100, 2000).astype(float)
    plain = outcome_link(CHANCE, mixed, (rng.random(2000) < mixed / 100).astype(float), replicates=20)
    assert plain.diagnostics["separated_replicates"] == 0.0


# JSON.


def test_numpy_seeds_and_replicates_are_written() -> None:
    x = np.minimum(spread_out(200), 24.0)
    numpy = {"replicates": np.int64(5), "seed": np.int32(3)}
    rng = np.random.default_rng(5)
    scores = rng.integers(1, 100, 1000).astype(float)
    links = (
        population_link(COUNT, OTHER, x, x[::-1], **numpy),  # type: ignore[arg-type]
        outcome_link(CHANCE, scores, rng.random(1000) < scores / 100, **numpy),  # type: ignore[arg-type]
    )
    for link in links:
        body = json.loads(json.dumps(link.to_dict()))
        assert (body["replicates"], body["seed"]) == (5, 3)
        assert Link.from_dict(body) == link
    assert links[0] == population_link(COUNT, OTHER, x, x[::-1], replicates=5, seed=3)


BODY = policy_link(COUNT, OTHER, CommonScale()).to_dict()
CURVE, SIDE = BODY["curve"], BODY["sides"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"basis": "nonsense"}, "basis must be one of: policy, population, outcome"),
        ({"basis": ["policy"]}, "basis must be"),
        ({"source": 3}, "source must be text"),
        ({"n": "many"}, "n must be a whole number"),
        ({"n": True}, "n must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"n_effective": float("nan")}, "n_effective must be a number"),
        ({"residual_sd": None}, "residual_sd must be a number"),
        ({"invertible": 1}, "invertible must be true or false"),
        ({"parameters": []}, "parameters must be a mapping"),
        ({"window": ["2025-01-01"]}, "window must be"),
        ({"window": ["soon", "later"]}, "window must be"),
        ({"flags": "abc"}, "flags must be a list of texts"),
        ({"sides": 3}, "sides must be a list of two"),
        ({"sides": [SIDE]}, "sides must be a list of two"),
        ({"sides": [SIDE, 4]}, r"sides\[1\] must be a mapping"),
        ({"sides": [{**SIDE, "ends": [3]}, SIDE]}, r"sides\[0\].ends must be two numbers"),
        ({"sides": [{**SIDE, "edges": [["high"]]}, SIDE]}, r"sides\[0\].edges must be"),
        ({"curve": None}, "curve must be a mapping"),
        ({"curve": {**CURVE, "x": "abc"}}, "curve.x must be a list of numbers"),
        ({"curve": {**CURVE, "x": CURVE["x"][::-1]}}, "curve.x must rise"),
        ({"curve": {**CURVE, "y": [*CURVE["y"][:-1], -5.0]}}, "curve.y must never turn"),
        ({"curve": {**CURVE, "y": CURVE["y"][1:]}}, "curve.x and curve.y must be of equal length"),
        (
            {"curve": {**CURVE, "low": CURVE["low"][1:]}},
            "curve.at, curve.low, curve.high and curve.error must be of equal length",
        ),
        ({"curve": {**CURVE, "low": CURVE["high"], "high": CURVE["low"]}}, "curve.low must never lie above"),
        ({"curve": {**CURVE, "seen": [9, 1]}}, "curve.seen must be two numbers"),
    ],
)
def test_a_written_link_of_wrong_values_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        Link.from_dict({**BODY, **change})


def test_everything_wrong_with_a_written_link_is_named_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        Link.from_dict({**BODY, "basis": "x", "n": None, "curve": {**CURVE, "at": 3}, "sides": []})
    for said in ("basis must", "n must", "curve.at must", "sides must"):
        assert said in str(caught.value)


# The order of the two.


def test_the_order_of_the_two_scales_changes_no_bit() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 25, 300).astype(float)
    y = np.clip(x + rng.integers(-4, 6, 300), 0.0, 24.0)
    who, group, by = rng.integers(0, 250, 300), rng.choice(["f", "m"], 300), rng.integers(0, 3, 300)
    turned_by = np.array([0, 2, 1])[by]
    for target in (OTHER, COUNT):  # two scales, and one scale used by both
        rest: dict[str, Any] = {"person": who, "subgroup": group, "replicates": 20, "seed": 4}
        there, back = population_links_both(COUNT, target, x, y, referrer=by, **rest)
        again_back, again_there = population_links_both(target, COUNT, y, x, referrer=turned_by, **rest)
        assert there == again_there
        assert back == again_back
        assert back == population_link(target, COUNT, y, x, referrer=turned_by, **rest)


# There and back.


def test_there_and_back_across_gaps_of_a_margin() -> None:
    x = np.tile([0.0, 12.0, 13.0, 24.0], 175)
    y = np.clip(x + np.tile([-1.0, 0.0, 2.0, 1.0, 3.0], 140), 0.0, 24.0)
    for link in population_links_both(COUNT, OTHER, x, y, replicates=5):
        at = np.linspace(link.curve.x[0], link.curve.x[-1], 4001)
        back = link.inverse.equivalents(link.equivalents(at).estimate).estimate
        assert np.abs(back - at).max() <= 1e-9


def test_the_circle_arc_to_itself_is_the_identity_to_the_outer_edges() -> None:
    x = np.tile(np.arange(25.0), 3)
    for scale in (COUNT, build.scale("safe", direction="safety", routes=(), bands=(
        Band(name="high", starts=0.0, pins="high"), Band(name="low", starts=11.0)))):  # fmt: skip
        for skew in (x, np.where(x < 20.0, np.floor(x / 4.0), x)):
            link = population_link(scale, scale, skew, skew, method="circle_arc", replicates=2)
            at = np.linspace(*link.curve.reliable, 997)
            assert np.abs(link.equivalents(at).estimate - at).max() <= 1e-9
    many = np.repeat([0.0, 12.0, 24.0], 40)  # the tenth person stands within the outer half cells
    link = population_link(COUNT, COUNT, many, many, method="circle_arc", replicates=2)
    assert link.equivalents([-0.1, 24.2]).estimate == pytest.approx([-0.1, 24.2], abs=1e-9)
