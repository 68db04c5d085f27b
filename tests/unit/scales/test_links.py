"""Links: refusals, reading them, tails, choice of method, and what they keep."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

import build
from riskshare.errors import ArgumentError, LinkRefusedError
from riskshare.records.links import Link
from riskshare.records.scale import Band, CommonScale
from riskshare.scales.outcome import outcome_link
from riskshare.scales.policy_link import policy_link
from riskshare.scales.population import population_link, population_links_both
from riskshare.scales.referral import referral_weights

COUNT = build.scale("a.count")
OTHER = build.scale(
    "b.count", hi=40.0, routes=(), bands=(Band(name="lower", starts=0.0), Band(name="h", starts=20.0, pins="high"))
)
LEVELS = build.scale(
    "c.levels",
    kind="ordinal",
    lo=1.0,
    hi=4.0,
    routes=(),
    bands=tuple(Band(name=n, starts=float(i), pins=p) for i, (n, p) in enumerate(
        (("blue", None), ("green", None), ("amber", "medium"), ("red", "high")), start=1)),
)  # fmt: skip
STATED = {"outcome": "serious harm", "horizon": "2 years", "population": "adults", "routes": (), "not_scored": ()}


def people(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    severe = rng.normal(size=n)
    x = np.clip(np.round(11 + 4 * (severe + 0.4 * rng.normal(size=n))), 0, 24)
    y = np.clip(np.round(18 + 7 * (severe + 0.4 * rng.normal(size=n))), 0, 40)
    return x, y


@pytest.mark.parametrize("kind", ["nominal", "effort"])
def test_scales_that_are_not_of_severity_are_refused(kind: str) -> None:
    x, y = people(200)
    bad = build.scale("bad", kind=kind, direction="none", bands=(Band(name="a", starts=0.0),), routes=())
    with pytest.raises(LinkRefusedError, match="Cross-tabulate"):
        population_link(bad, OTHER, x, y)
    with pytest.raises(LinkRefusedError, match="Cross-tabulate"):
        policy_link(OTHER, bad, CommonScale())


@pytest.mark.parametrize("missing", ["outcome", "horizon", "population"])
def test_the_outcome_basis_needs_outcome_horizon_and_population(missing: str) -> None:
    scale = build.scale("a.count", **{**STATED, missing: "not stated"})
    with pytest.raises(LinkRefusedError, match=f"its {missing} is not stated.*State them"):
        outcome_link(scale, [1.0, 2.0], [0, 1])


def test_too_few_people_are_refused_with_what_to_do() -> None:
    with pytest.raises(LinkRefusedError, match=r"only 29 people.*at least 30. Share more cases, or .*policy basis"):
        population_link(COUNT, OTHER, *people(29))


def test_levels_of_few_people_are_never_switched_to_another_basis() -> None:
    x, y = people(60)
    levels = np.digitize(y, [12, 18, 25]) + 1.0
    with pytest.raises(LinkRefusedError, match="policy basis, which this is not"):
        population_link(COUNT, LEVELS, x, levels)
    assert population_link(COUNT, LEVELS, x, levels, method="mid_percentile", replicates=20).method == "mid_percentile"


@pytest.mark.parametrize(
    ("n", "methods"),
    [
        (60, {"circle_arc", "equipercentile"}),
        (200, {"composite", "linear", "equipercentile"}),
        (500, {"equipercentile"}),
    ],
)
def test_the_default_goes_by_size_and_is_reported(n: int, methods: set[str]) -> None:
    link = population_link(COUNT, OTHER, *people(n), replicates=60)
    assert link.method in methods
    assert f"({n} people)" in link.rule


def test_half_identity_stands_only_where_the_data_cannot_tell_it_apart() -> None:
    """A bar four points away is not shrunk half-way to nothing; a bar in the same place may be."""
    x, _ = people(200)
    noise = np.random.default_rng(3).integers(-1, 2, 200)
    same = population_link(COUNT, COUNT, x, np.clip(x + noise, 0, 24), replicates=200)
    assert same.method == "composite"
    moved = population_link(COUNT, COUNT, x, np.clip(x + 4 + noise, 0, 24), replicates=200)
    found = moved.equivalents([13.5])
    assert moved.method != "composite"
    assert moved.parameters.get("share_of_identity") is None
    assert found.low[0] <= 17.5 <= found.high[0]


def test_half_identity_with_its_own_bootstrap_would_miss_a_planted_bar() -> None:
    """Why the interval is never that of a shrunk curve: it is narrow, and about the wrong place (decision 0010)."""
    rng = np.random.default_rng(3)
    x, _ = people(200)
    y = np.clip(x + 4 + rng.integers(-1, 2, 200), 0, 24)
    halves = []
    for _ in range(300):
        u, v = (a[drawn] for drawn in [rng.integers(0, 200, 200)] for a in (x, y))
        halves.append(0.5 * 13.5 + 0.5 * (v.std() / u.std() * (13.5 - u.mean()) + v.mean()))
    assert np.quantile(halves, 0.975) < 17.0
    found = population_link(COUNT, COUNT, x, y, replicates=200).equivalents([13.5])
    assert found.low[0] <= 17.5 <= found.high[0]
    assert not found.low[0] <= np.mean(halves) <= found.high[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight": [0.0] * 50}, "weight must be numbers above 0"),
        ({"method": "guess"}, "method must be one of"),
        ({"replicates": 1}, "replicates must be"),
        ({"seed": -1}, "seed must be"),
        ({"person": [1] * 49}, "equal length"),
    ],
)
def test_wrong_arguments_are_named(change: dict[str, object], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        population_link(COUNT, OTHER, *people(50), **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [np.nan, 25.0, -1.0, 3.5])
def test_readings_off_their_scale_are_refused_without_being_shown(value: float) -> None:
    x, y = people(50)
    x[7] = value
    with pytest.raises(ArgumentError, match=r"'a.count'") as caught:
        population_link(COUNT, OTHER, x, y)
    assert str(value) not in str(caught.value)


def test_a_tail_of_nine_people_is_held_and_open() -> None:
    x, y = people(400)
    top = np.sort(x)[-9]
    link = population_link(COUNT, OTHER, x, y, replicates=40)
    last = link.curve.reliable[1]
    inside, beyond = (link.equivalents([at]) for at in (last, last + 2.0))
    assert top + 0.5 >= last
    assert beyond.estimate[0] == inside.estimate[0]
    assert beyond.sparse[0]
    assert not inside.sparse[0]
    assert beyond.high[0] == link.sides[1].ends[1]
    assert beyond.low[0] == pytest.approx(inside.low[0])


def test_a_persons_interval_is_far_wider_than_the_curves() -> None:
    x, y = people(500)
    link = population_link(COUNT, OTHER, x, y, replicates=60)
    scores = link([12.0, np.nan])
    assert scores.high[0] - scores.low[0] > 4 * (scores.curve_high[0] - scores.curve_low[0])
    assert scores.not_scored.tolist() == [False, True]
    assert np.isnan(scores.point[1])
    assert scores.edges == ("high",)
    cover = np.mean([s.low <= b <= s.high for s, b in zip(link(x), y, strict=True)])
    assert 0.92 <= cover <= 0.98
    assert scores[0].basis == "population"
    assert repr(scores[0]) == "LinkedScore(basis='population')"


def test_near_the_bar_a_score_is_borderline() -> None:
    link = population_link(COUNT, OTHER, *people(500), replicates=40)
    near, far = link.inverse.one(19.5), link.inverse.one(2.0)
    assert "high" not in far.borderline
    at = float(link.inverse.equivalents([0.0]).position[0])
    assert at == 0.0
    bar = float(np.interp(19.5, link.curve.y, link.curve.x))
    assert link.one(bar).borderline == ("high",)
    assert near.point == pytest.approx(bar)


def test_a_scorers_own_error_widens_the_interval() -> None:
    link = population_link(COUNT, OTHER, *people(500), replicates=20)
    plain, doubtful = link.one(12.0), link.one(12.0, sem=2.0)
    assert doubtful.high - doubtful.low > plain.high - plain.low
    with pytest.raises(ArgumentError, match="sem"):
        link([1.0], sem=-1.0)


def test_both_directions_from_one_bootstrap_equal_the_first_alone() -> None:
    x, y = people(450)
    there, back = population_links_both(COUNT, OTHER, x, y, replicates=30)
    assert there == population_link(COUNT, OTHER, x, y, replicates=30)
    assert (back.source, back.target) == (OTHER.id, COUNT.id)
    assert back.curve.x == pytest.approx(there.inverse.curve.x, abs=0.6) or len(back.curve.x) != len(there.curve.x)


def test_cases_of_one_person_are_drawn_together() -> None:
    """Every case given four times over says no more: with persons named, the interval stays as wide."""
    x, y = people(150)
    four = [np.repeat(a, 4) for a in (x, y)]
    one = population_link(COUNT, OTHER, x, y, method="equipercentile", replicates=200)
    known = population_link(
        COUNT, OTHER, *four, person=np.repeat(np.arange(150), 4), method="equipercentile", replicates=200
    )
    naive = population_link(COUNT, OTHER, *four, method="equipercentile", replicates=200)
    width = [float((e.high - e.low)[0]) for e in (link.equivalents([13.5]) for link in (one, known, naive))]
    assert known.n == 150
    assert width[1] > 0.75 * width[0]
    assert width[2] < 0.75 * width[0]


def test_weights_from_referral_are_worked_out_anew_in_each_replicate() -> None:
    x, y = people(600)
    who = np.where(np.arange(600) % 3 == 0, np.where(x > 12, 1, 2), 0)
    weight, _ = referral_weights(x, y, who)
    given = population_link(COUNT, OTHER, x, y, weight=weight, replicates=100)
    anew = population_link(COUNT, OTHER, x, y, referrer=who, replicates=100)
    assert anew.equivalents([13.5]).estimate == pytest.approx(given.equivalents([13.5]).estimate)
    assert anew.n_effective == pytest.approx(given.n_effective)
    width = [float((e.high - e.low)[0]) for e in (link.equivalents([13.5]) for link in (given, anew))]
    assert width[0] != width[1]
    with pytest.raises(ArgumentError, match="give weight or referrer, not both"):
        population_link(COUNT, OTHER, x, y, weight=weight, referrer=who)


def test_subgroups_linked_alike_are_not_flagged_and_others_are() -> None:
    x, y = people(800)
    group = np.where(np.arange(800) % 2 == 0, "a", "b")
    alike = population_link(COUNT, OTHER, x, y, subgroup=group, replicates=10)
    shifted = np.clip(y + np.where(group == "a", 5.0, 0.0), 0, 40)
    unlike = population_link(COUNT, OTHER, x, shifted, subgroup=group, replicates=10)
    assert alike.flags == ()
    assert unlike.flags == ("population_sensitive",)
    assert unlike.diagnostics["invariance"]["remsd"] == pytest.approx(2.5 / 8.0, abs=0.12)
    assert "population_sensitive" in unlike.one(12.0).flags


def test_json_gives_back_an_equal_link() -> None:
    links = (
        population_link(COUNT, OTHER, *people(400), replicates=20, window=("2025-01-01", "2025-12-31")),
        policy_link(COUNT, LEVELS, CommonScale()),
        outcome_link(build.scale("a.count", **STATED), *_outcomes(), replicates=20),
    )
    for link in links:
        assert Link.from_dict(json.loads(json.dumps(link.to_dict()))) == link


def test_a_written_link_that_is_not_one_is_refused_in_full() -> None:
    body = policy_link(COUNT, LEVELS, CommonScale()).to_dict()
    with pytest.raises(ArgumentError, match="schema"):
        Link.from_dict({**body, "schema": "riskshare.link/9"})
    del body["n"]
    with pytest.raises(ArgumentError, match=r"n is missing\. extra is not known."):
        Link.from_dict({**body, "extra": 1})


def _outcomes(n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    x = rng.integers(0, 25, n).astype(float)
    return x, (rng.random(n) < 1 / (1 + np.exp(-(x - 18) / 3))).astype(float)


@pytest.mark.parametrize("method", ["platt", "isotonic", "bands"])
def test_calibrations_find_the_planted_risk_and_have_no_inverse(method: str) -> None:
    scale = build.scale("a.count", **STATED)
    link = outcome_link(scale, *_outcomes(), method=method, replicates=60)
    found = link.equivalents([16.0])
    planted = 1 / (1 + np.exp(2 / 3)) if method != "bands" else 0.5
    assert link.basis == "outcome"
    assert found.estimate[0] == pytest.approx(planted, abs=0.08 if method != "bands" else 0.2)
    assert found.low[0] < found.estimate[0] < found.high[0]
    with pytest.raises(LinkRefusedError, match="has no inverse"):
        _ = link.inverse


def test_beta_calibration_of_a_calibrated_chance_changes_little() -> None:
    scale = build.scale("p", kind="probability", hi=100.0, bands=(
        Band(name="low", starts=0.0), Band(name="high", starts=50.0, pins="high")), **STATED)  # fmt: skip
    rng = np.random.default_rng(5)
    x = rng.integers(1, 100, 4000).astype(float)
    link = outcome_link(scale, x, (rng.random(4000) < x / 100).astype(float), replicates=20)
    assert link.method == "beta"
    assert link.equivalents([20.0, 50.0, 80.0]).estimate == pytest.approx([0.2, 0.5, 0.8], abs=0.04)


def test_few_outcomes_are_refused_and_a_named_method_needs_ten() -> None:
    scale = build.scale("a.count", **STATED)
    x = np.arange(120.0) % 25
    few = (np.arange(120) % 8 == 0).astype(float)
    with pytest.raises(LinkRefusedError, match=r"15 of 120 people.*at least 200"):
        outcome_link(scale, x, few)
    assert outcome_link(scale, x, few, method="platt", replicates=10).n == 120
    with pytest.raises(LinkRefusedError, match="at least 10"):
        outcome_link(scale, x, np.eye(1, 120)[0], method="platt")
    with pytest.raises(ArgumentError, match="0 or 1"):
        outcome_link(scale, x, x)


def test_a_safety_scale_is_turned_before_it_is_linked() -> None:
    x, y = people(500)
    safe = build.scale("s", direction="safety", routes=(), bands=(
        Band(name="high", starts=0.0, pins="high"), Band(name="low", starts=11.0)))  # fmt: skip
    plain = population_link(COUNT, OTHER, x, y, replicates=30)
    turned = population_link(safe, OTHER, 24.0 - x, y, replicates=30)
    at = np.array([8.0, 13.5, 16.0])
    assert turned.equivalents(24.0 - at).estimate == pytest.approx(plain.equivalents(at).estimate, abs=1e-9)
    back = turned.inverse
    assert back.equivalents(turned.equivalents(24.0 - at).estimate).estimate == pytest.approx(24.0 - at, abs=1e-9)
    assert not back.sides[1].rising


def test_a_link_shows_no_persons_value() -> None:
    link = population_link(COUNT, OTHER, *people(400), replicates=10)
    assert repr(link) == "Link('a.count' → 'b.count', basis='population', method='equipercentile', n=400)"
    assert repr(link([3.0])) == "LinkedScores(1 scores, basis='population')"
    with pytest.raises(dataclasses.FrozenInstanceError):
        link.n = 3  # type: ignore[misc]


def test_the_identity_needs_a_top() -> None:
    x, y = people(100)
    endless = build.scale("n", hi=None)
    with pytest.raises(LinkRefusedError, match="no top"):
        population_link(endless, OTHER, x, y, method="identity")
    assert population_link(endless, OTHER, x, y, replicates=20).method in ("linear", "equipercentile")
    with pytest.raises(LinkRefusedError, match="no top"):
        policy_link(endless, OTHER, CommonScale())
