"""Tests of ``riskshare.scales.agreed``: every way in which an agreed scale can be unsound."""

from __future__ import annotations

import datetime as dt

import pytest

import build
from riskshare.errors import PartnershipError
from riskshare.records.scale import Band, CommonScale, Route, Scale
from riskshare.scales.agreed import refusal, scale_problems
from riskshare.scales.policy_basis import policy_positions


def bands(*starts_and_pins: tuple) -> tuple[Band, ...]:
    return tuple(Band(name=f"b{i}", starts=s, pins=p) for i, (s, p) in enumerate(starts_and_pins))


TWO = bands((0.0, None), (14.0, "high"))
BROKEN = {
    "lo missing": ({"lo": None}, "lo"),
    "range upside down": ({"lo": 0.0, "hi": -1.0, "bands": bands((0.0, None))}, "hi"),
    "ordinal without a top": ({"kind": "ordinal", "hi": None}, "hi"),
    "probability without a top": ({"kind": "probability", "hi": None}, "hi"),
    "turned round without a top": (
        {"direction": "safety", "hi": None, "bands": bands((0.0, "high"), (7.0, None))},
        "hi",
    ),
    "open and nothing pinned": ({"hi": None, "bands": bands((0.0, None), (14.0, None))}, "hi"),
    "negative duration": ({"kind": "duration", "lo": -1.0, "bands": bands((-1.0, None), (14.0, "high"))}, "lo"),
    "probability beyond certainty": ({"kind": "probability", "hi": 101.0}, "hi"),
    "no bands": ({"bands": ()}, "bands"),
    "first band above the bottom": ({"bands": bands((1.0, None), (14.0, "high"))}, "bands[0].from"),
    "bands out of order": ({"bands": bands((0.0, None), (14.0, None), (14.0, "high"))}, "bands[2].from"),
    "band beyond the top": ({"bands": bands((0.0, None), (25.0, "high"))}, "bands[1].from"),
    "band between two steps": ({"bands": bands((0.0, None), (13.5, "high"))}, "bands[1].from"),
    "pins fall": ({"bands": bands((0.0, None), (7.0, "high"), (14.0, "medium"))}, "bands[2].pins"),
    "edge pinned twice": ({"bands": bands((0.0, None), (7.0, "high"), (14.0, "high"))}, "bands[2].pins"),
    "mildest band pins": ({"bands": bands((0.0, "medium"), (14.0, "high"))}, "bands[0].pins"),
    "mildest band of a safety scale pins": (
        {"direction": "safety", "bands": bands((0.0, None), (7.0, "high"))},
        "bands[1].pins",
    ),
    "cut at the top of a measured scale": (
        {"kind": "continuous", "bands": bands((0.0, None), (24.0, "high"))},
        "bands[1].pins",
    ),
    "cut within half a step of certainty": (
        {"kind": "probability", "hi": 1.0, "bands": bands((0.0, None), (0.5, "high"))},
        "bands[1].pins",
    ),
    "label used twice": (
        {"bands": (Band(name="High", starts=0.0), Band(name="high", starts=14.0, pins="high"))},
        "bands[1].name",
    ),
    "label also means not scored": ({"not_scored": ("B1",)}, "not_scored[0]"),
    "label reads as another number": (
        {"bands": (Band(name="3", starts=0.0), Band(name="1", starts=14.0, pins="high"))},
        "bands[0].name",
    ),
    "route to nowhere": ({"routes": (Route(id="r", description="d", raises_to="gone"),)}, "routes[0].raises_to"),
    "two routes of one id": (
        {"routes": (Route(id="r", description="d", raises_to="b1"), Route(id="r", description="d", raises_to="b1"))},
        "routes[1].id",
    ),
    "ends before it begins": ({"valid_from": dt.date(2020, 1, 2), "valid_to": dt.date(2020, 1, 2)}, "valid_to"),
}


def broken(name: str) -> Scale:
    return build.scale("demo", **{"bands": TWO, "routes": (), **BROKEN[name][0]})


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_named_with_its_key_and_remedy(name: str) -> None:
    problems = scale_problems(broken(name), "scales/demo.toml")
    assert BROKEN[name][1] in [p.key for p in problems]
    assert all(p.file == "scales/demo.toml" and p.rule and p.remedy for p in problems)


@pytest.mark.parametrize("name", BROKEN)
def test_an_unsound_scale_has_no_positions(name: str) -> None:
    with pytest.raises(PartnershipError):
        policy_positions(broken(name), CommonScale())


def test_all_problems_are_listed_at_once() -> None:
    bad = build.scale("demo", lo=None, hi=None, bands=(), valid_from=dt.date(2020, 1, 2), valid_to=dt.date(2020, 1, 1))
    assert {p.key for p in scale_problems(bad)} == {"routes[0].raises_to", "valid_to", "lo", "hi", "bands"}


def test_a_sound_scale_has_no_problem() -> None:
    assert scale_problems(build.scale()) == ()
    assert (
        scale_problems(build.scale(step=0.1, lo=0.0, hi=1.0, bands=bands((0.0, None), (0.3, "high")), routes=())) == ()
    )


def test_reasons_for_refusal() -> None:
    assert refusal(build.scale()) == ""
    assert refusal(build.scale(kind="nominal", note="no order.")) == "no order."
    assert "no order" in refusal(build.scale(kind="nominal"))
    assert "how much management" in refusal(build.scale(kind="effort"))
    assert "no direction" in refusal(build.scale(direction="none"))
