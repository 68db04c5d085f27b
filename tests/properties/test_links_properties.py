"""What holds of every link, whatever was scored."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import build
from riskshare.records.links import Link
from riskshare.records.scale import Band, CommonScale, Scale
from riskshare.scales.policy_basis import policy_positions
from riskshare.scales.policy_link import policy_link
from riskshare.scales.population import population_link, population_links_both

FEW = settings(max_examples=15, deadline=None)
METHODS = st.sampled_from(["identity", "linear", "circle_arc", "composite", "equipercentile"])


def count(name: str, top: int, high: int, step: float = 1.0, lo: float = 0.0) -> Scale:
    bands = (Band(name="below", starts=lo), Band(name="high", starts=lo + step * high, pins="high"))
    return build.scale(name, lo=lo, hi=lo + step * top, step=step, bands=bands, routes=(), not_scored=())


@st.composite
def caseloads(draw: st.DrawFn) -> tuple[Scale, Scale, np.ndarray, np.ndarray]:
    """Return two scales and scores of the same 60 to 300 people, drawn backwards from one severity."""
    tops = draw(st.tuples(st.integers(8, 40), st.integers(8, 40)))
    source, target = (count(name, top, draw(st.integers(2, top - 1))) for name, top in zip("xy", tops, strict=True))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    severe = rng.normal(size=draw(st.integers(60, 300)))
    x, y = (
        np.clip(np.round(top * (0.5 + 0.2 * (severe + 0.5 * rng.normal(size=severe.size)))), 0, top) for top in tops
    )
    return source, target, x, y


@FEW
@given(caseloads(), st.randoms(use_true_random=False))
def test_the_order_of_cases_and_the_names_of_people_do_not_matter(
    cases: tuple[Scale, Scale, np.ndarray, np.ndarray], random: object
) -> None:
    source, target, x, y = cases
    order = np.random.default_rng(random.randrange(1000)).permutation(len(x))  # type: ignore[attr-defined]
    one = population_link(source, target, x, y, replicates=20)
    other = population_link(source, target, x[order], y[order], person=[f"P{i}" for i in order[::-1]], replicates=20)
    assert one == other


@FEW
@given(caseloads(), METHODS, st.sampled_from([0.5, 2.0, 4.0]), st.integers(-20, 20))
def test_an_affine_relabelling_of_x_changes_nothing(
    cases: tuple[Scale, Scale, np.ndarray, np.ndarray], method: str, by: float, shift: int
) -> None:
    source, target, x, y = cases
    top, high = int(source.hi or 0), int(source.bands[1].starts)
    again = count("x", top, high, step=by, lo=float(shift))
    at = np.array([1.0, top / 2, high - 0.5])
    one = population_link(source, target, x, y, method=method, replicates=10).equivalents(at)
    other = population_link(again, target, shift + by * x, y, method=method, replicates=10).equivalents(shift + by * at)
    for a, b in zip(one[1:], other[1:], strict=True):
        assert b == pytest.approx(a, abs=1e-7)


@FEW
@given(caseloads(), METHODS)
def test_there_and_back_is_where_one_was(cases: tuple[Scale, Scale, np.ndarray, np.ndarray], method: str) -> None:
    source, target, x, y = cases
    link = population_link(source, target, x, y, method=method, replicates=5)
    at = np.linspace(link.curve.x[0], link.curve.x[-1], 101)
    assert link.inverse.equivalents(link.equivalents(at).estimate).estimate == pytest.approx(at, abs=1e-9)


@FEW
@given(caseloads(), METHODS)
def test_it_never_falls_and_its_interval_holds_it(
    cases: tuple[Scale, Scale, np.ndarray, np.ndarray], method: str
) -> None:
    source, target, x, y = cases
    link = population_link(source, target, x, y, method=method, replicates=20)
    found = link.equivalents(np.linspace(-1.0, float(source.hi or 0) + 1.0, 203))
    for part in (found.estimate, found.low, found.high):
        assert (np.diff(part[~found.sparse]) >= -1e-9).all()
    assert (np.diff(found.estimate) >= -1e-9).all()
    assert (found.low <= found.estimate + 1e-12).all()
    assert (found.estimate <= found.high + 1e-12).all()
    assert np.isfinite(np.concatenate(found[:4])).all()


@FEW
@given(caseloads())
def test_a_scale_linked_to_itself_is_itself(cases: tuple[Scale, Scale, np.ndarray, np.ndarray]) -> None:
    source, _, x, _ = cases
    for method in ("linear", "circle_arc", "equipercentile", None):
        link = population_link(source, source, x, x, method=method, replicates=5)
        at = np.linspace(*link.curve.reliable, 51)
        assert link.equivalents(at).estimate == pytest.approx(at, abs=1e-9)


@FEW
@given(caseloads(), st.booleans(), st.sampled_from([None, "equipercentile_unsmoothed"]))
def test_which_side_is_named_first_changes_no_bit(
    cases: tuple[Scale, Scale, np.ndarray, np.ndarray], one_scale: bool, method: str | None
) -> None:
    source, target, x, y = cases
    if one_scale:
        source, y = target, np.minimum(y, float(target.hi or 0))
        x = np.minimum(x, float(target.hi or 0))
    there, back = population_links_both(source, target, x, y, method=method, replicates=5)
    assert (back, there) == population_links_both(target, source, y, x, method=method, replicates=5)


@FEW
@given(caseloads(), st.data())
def test_margins_with_gaps_are_there_and_back_too(
    cases: tuple[Scale, Scale, np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    source, target, x, y = cases
    used = np.array(sorted(data.draw(st.sets(st.integers(0, int(source.hi or 0)), min_size=2, max_size=5))), float)
    x = used[np.clip(np.searchsorted(used, x), 0, len(used) - 1)]
    assume(np.ptp(x) > 0.0)
    link = population_link(source, target, x, y, method="equipercentile", replicates=5)
    at = np.linspace(link.curve.x[0], link.curve.x[-1], 201)
    assert link.inverse.equivalents(link.equivalents(at).estimate).estimate == pytest.approx(at, abs=1e-9)


@FEW
@given(caseloads(), st.integers(0, 200))
def test_no_end_that_is_told_moves_with_one_person(cases: tuple[Scale, Scale, np.ndarray, np.ndarray], by: int) -> None:
    """On a scale without a top, raising the highest reading alone changes what is told of the ends by whole parts."""
    _, target, x, y = cases
    open_top = build.scale("x", hi=None, bands=(Band(name="a", starts=0.0), Band(name="high", starts=9.0, pins="high")),
                           routes=(), not_scored=())  # fmt: skip
    top = np.argmax(x)
    x = x.copy()
    x[top] += by % 20
    link = population_link(open_top, target, x, y, method="equipercentile", replicates=2)
    end = link.sides[0].ends[1]
    shared = (x == x.max()).sum() >= 10
    leading = f"{end:.0f}"[0]
    assert end == x.max() + 0.5 if shared else (leading in "125" and end > x.max() + 0.5)
    assert link.curve.seen[1] in (end, *(k + 0.5 for k in x if (x == k).sum() >= 10))


@FEW
@given(caseloads())
def test_json_loses_nothing(cases: tuple[Scale, Scale, np.ndarray, np.ndarray]) -> None:
    link = population_link(*cases, replicates=5)
    assert Link.from_dict(json.loads(json.dumps(link.to_dict()))) == link


@FEW
@given(st.integers(3, 60), st.integers(3, 60), st.data())
def test_policy_anchors_are_exact(top_x: int, top_y: int, data: st.DataObject) -> None:
    scales = []
    for name, top in (("x", top_x), ("y", top_y)):
        medium = data.draw(st.integers(1, top - 1))
        high = data.draw(st.integers(medium + 1, top))
        bands = tuple(
            Band(name=pin or "low", starts=float(at), pins=pin)  # type: ignore[arg-type]
            for pin, at in ((None, 0), ("medium", medium), ("high", high))
        )
        scales.append(build.scale(name, hi=float(top), bands=bands, routes=(), not_scored=()))
    link = policy_link(*scales, CommonScale())
    cuts = [[cut for _, cut, _ in policy_positions(scale, CommonScale()).cuts] for scale in scales]
    assert link.equivalents(cuts[0]).estimate == pytest.approx(cuts[1], abs=1e-9)
    assert link.inverse.equivalents(cuts[1]).estimate == pytest.approx(cuts[0], abs=1e-9)
