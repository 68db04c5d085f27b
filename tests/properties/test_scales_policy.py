"""What must hold of the policy basis, for any sound scale and any reading of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shipped_scales as shipped
from riskshare.kernels.anchors import reverse
from riskshare.records.scale import Band, CommonScale, Route, Scale
from riskshare.scales.agreed import PIN_ORDER, in_risk_order, scale_problems
from riskshare.scales.normalise import normalise
from riskshare.scales.place import place
from riskshare.scales.policy_basis import from_common, native_steps, policy_positions, to_common
from riskshare.scales.reading import parse_values

COMMON = CommonScale()
thorough = settings(max_examples=500, deadline=None)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    """A sound scale of any linkable kind, built upwards from its bands."""
    kind = draw(st.sampled_from(["count", "ordinal", "probability", "continuous", "duration"]))
    direction = draw(st.sampled_from(["risk", "safety"]))
    n = draw(st.integers(2, 6))
    unit = {"count": 1.0, "ordinal": 1.0, "probability": 0.01, "continuous": 0.25, "duration": 0.5}[kind]
    base = draw(st.integers(-5, 5)) if kind in ("count", "ordinal", "continuous") else 0
    widest = 1900 if kind == "probability" else 60
    widths = draw(st.lists(st.integers(2 if kind != "ordinal" else 1, widest), min_size=n, max_size=n))
    at = [base + sum(widths[:i]) for i in range(n)]
    if draw(st.booleans()) and kind == "probability":
        at = [base + sum(w // 19 + 1 for w in widths[:i]) for i in range(n)]  # cuts below 10 %: through the logit
    top = at[-1] + widths[-1] if kind != "ordinal" else at[-1] + widths[-1] - 1
    ranked = list(range(n)) if direction == "risk" else list(range(n))[::-1]
    edges = draw(st.lists(st.sampled_from(PIN_ORDER), max_size=min(3, n - 1), unique=True))
    places = draw(st.lists(st.integers(1, n - 1), min_size=len(edges), max_size=len(edges), unique=True))
    pins = {ranked[k]: e for k, e in zip(sorted(places), sorted(edges, key=PIN_ORDER.index), strict=True)}
    open_top = kind in ("count", "continuous", "duration") and direction == "risk" and pins and draw(st.booleans())
    return Scale(
        id="any",
        name="any",
        owner="any",
        kind=kind,
        direction=direction,
        step=unit,
        source="s",
        year="undated",
        mark="local",
        lo=round(at[0] * unit, 2),
        hi=None if open_top else 100.0 if kind == "probability" else top * unit,
        bands=tuple(Band(name=f"band {i}", starts=round(a * unit, 2), pins=pins.get(i)) for i, a in enumerate(at)),
        routes=tuple(Route(id=f"to{i}", description="May raise.", raises_to=f"band {i}") for i in range(n)),
        not_scored=("cannot be judged",),
    )


def grid(scale: Scale) -> np.ndarray:
    """Every boundary and the steps around it, and the two ends: values that may be written, upwards."""
    starts = np.array([b.starts for b in scale.bands])
    top = starts[-1] + 100 * scale.step if scale.hi is None else scale.hi
    steps = np.concatenate([starts + k * scale.step for k in (-2, -1, 0, 1, 2)] + [np.array([scale.lo, top])])
    if scale.kind not in ("count", "ordinal"):
        steps = np.append(steps, (starts[1:] + starts[:-1]) / 3.0)  # measured scales are not read in whole steps
    steps = np.unique(np.round(steps, 6))
    return steps[(steps >= scale.lo) & (steps <= top)]


def texts(values: np.ndarray) -> list[str]:
    return [f"{v:.6f}".rstrip("0").rstrip(".") for v in values]


def towards_risk(scale: Scale, along: np.ndarray) -> np.ndarray:
    return along[::-1] if scale.direction == "safety" else along


@thorough
@given(scales())
def test_every_generated_scale_is_sound(scale: Scale) -> None:
    assert scale_problems(scale) == ()


@thorough
@given(scales())
def test_each_cut_lands_exactly_on_its_common_edge(scale: Scale) -> None:
    positions = policy_positions(scale, COMMON)
    assert len(positions.cuts) == sum(b.pins is not None for b in scale.bands)
    for _, cut, edge in positions.cuts:
        # A decimal turned round twice is itself to rounding only; everything else is exact.
        assert to_common(cut, positions) == pytest.approx(edge, abs=1e-9 if scale.direction == "safety" else 0.0)
    assert to_common(
        positions.reversed_between[1] if positions.reversed_between else scale.lo, positions
    ) == pytest.approx(0.0, abs=0.0 if scale.kind != "ordinal" else 45.0)


@thorough
@given(scales(), st.lists(st.floats(0.0, 1.0), min_size=2, max_size=30))
def test_graver_is_never_lower(scale: Scale, shares: list[float]) -> None:
    positions = policy_positions(scale, COMMON)
    top = scale.bands[-1].starts + 100 if scale.hi is None else scale.hi
    values = towards_risk(scale, np.sort(scale.lo + np.array(shares) * (top - scale.lo)))
    assert (np.diff(to_common(values, positions)) >= 0.0).all()
    placed = place(scale, parse_values(scale, texts(towards_risk(scale, grid(scale)))), COMMON)
    for column in (placed.low, placed.common, placed.high):
        assert (np.diff(column) >= 0.0).all()


@thorough
@given(scales(), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30))
def test_there_and_back_is_the_identity_between_the_anchors(scale: Scale, shares: list[float]) -> None:
    positions = policy_positions(scale, COMMON)
    steps = native_steps(scale)
    first, last = steps[0], steps[-1] if np.isfinite(steps[-1]) else positions.native[-1]
    if positions.axis != "plain":  # half a step at an end is one position
        first, last = (
            max(first, positions.margin),
            min(last, 100.0 - positions.margin if positions.axis == "logit" else last),
        )
        if positions.reversed_between is not None:
            lo, hi = positions.reversed_between
            first, last = lo + (0.0 if positions.axis == "log" else positions.margin), hi - positions.margin
    values = first + np.array(shares) * (last - first)
    back = from_common(to_common(values, positions), positions)
    assert back == pytest.approx(values, rel=1e-9, abs=1e-9 * max(1.0, abs(last - first)))


@thorough
@given(st.lists(st.integers(-2000, 2000)), st.integers(-100, 100), st.integers(0, 400))
def test_reversing_twice_is_the_identity(halves: list[int], lo: int, width: int) -> None:
    values = np.array(halves) / 2.0
    assert reverse(reverse(values, lo, lo + width), lo, lo + width).tolist() == values.tolist()


@thorough
@given(st.lists(st.floats(0.0, 100.0)))
def test_reversing_any_decimal_twice_is_the_identity_to_rounding(values: list[float]) -> None:
    assert reverse(reverse(values, 0.0, 100.0), 0.0, 100.0) == pytest.approx(np.array(values), abs=1e-12)


@thorough
@given(scales())
def test_every_boundary_and_the_steps_beside_it_fall_on_the_right_side(scale: Scale) -> None:
    values = grid(scale)
    parsed = parse_values(scale, texts(values))
    placed = place(scale, parsed, COMMON)
    starts = np.array([b.starts for b in scale.bands])
    expected = np.array([max(i for i, s in enumerate(starts) if v >= s - 1e-9) for v in values])
    assert parsed.band.tolist() == expected.tolist()
    ranked = in_risk_order(scale)
    rank = expected if scale.direction == "risk" else len(starts) - 1 - expected
    for k, band in enumerate(ranked):
        if band.pins:
            edge = dict(zip(PIN_ORDER, COMMON.edges, strict=True))[band.pins]
            assert (placed.common >= edge).tolist() == (rank >= k).tolist()
            assert (placed.low >= edge).tolist() == (rank >= k).tolist()
    first_high = min((k for k, b in enumerate(ranked) if b.pins in ("high", "very high")), default=len(ranked))
    assert placed.is_high.tolist() == (rank >= first_high).tolist()


@thorough
@given(scales())
def test_the_representative_lies_in_its_interval_and_very_high_needs_a_cut(scale: Scale) -> None:
    names = [b.name for b in scale.bands]
    parsed = parse_values(scale, texts(grid(scale)) + names)
    placed = place(scale, parsed, COMMON)
    assert (placed.low <= placed.common).all()
    assert (placed.common <= placed.high).all()
    assert ((placed.low >= 0.0) & (placed.high <= 100.0)).all()
    if not any(b.pins == "very high" for b in scale.bands):
        assert (placed.common < 90.0).all()
        assert (placed.high <= 90.0).all()


@thorough
@given(scales(), st.data())
def test_an_edge_that_no_cut_pins_is_never_decided(scale: Scale, data: st.DataObject) -> None:
    """Below the scale's own pinned cuts, an unpinned edge lies inside the interval, not at one side of it."""
    placed = place(scale, parse_values(scale, [data.draw(st.sampled_from(texts(grid(scale))))]), COMMON)
    pinned = {b.pins for b in scale.bands}
    loose = [e for name, e in zip(PIN_ORDER, COMMON.edges, strict=True) if name not in pinned and name != "very high"]
    for edge in loose:
        graver = [e for name, e in zip(PIN_ORDER, COMMON.edges, strict=True) if name in pinned and e > edge]
        milder = [e for name, e in zip(PIN_ORDER, COMMON.edges, strict=True) if name in pinned and e < edge]
        inside = (not milder or placed.common[0] >= max(milder)) and (not graver or placed.common[0] < min(graver))
        assert (placed.low[0] < edge < placed.high[0]) == inside


@thorough
@given(scales(), st.data())
def test_a_route_never_lowers_and_reaches_the_band_it_names(scale: Scale, data: st.DataObject) -> None:
    written = data.draw(
        st.sampled_from([*texts(grid(scale)), *(b.name for b in scale.bands), "cannot be judged", None])
    )
    to = data.draw(st.integers(0, len(scale.bands) - 1))
    parsed = parse_values(scale, [written])
    without, with_route = place(scale, parsed, COMMON), place(scale, parsed, COMMON, raised_to=[to])
    rank = {b.name: k for k, b in enumerate(in_risk_order(scale))}
    own = rank[scale.bands[parsed.band[0]].name] if parsed.band[0] >= 0 else -1
    assert with_route.override[0] == (rank[scale.bands[to].name] > own)
    for a, b in zip(
        (without.low, without.common, without.high), (with_route.low, with_route.common, with_route.high), strict=True
    ):
        assert np.isnan(a[0]) or b[0] >= a[0]
    if with_route.override[0]:
        least = place(scale, parse_values(scale, [None]), COMMON, raised_to=[to])
        assert with_route.common[0] >= least.common[0]
    assert with_route.is_high[0] >= without.is_high[0]


@thorough
@given(
    scales(),
    st.sampled_from([None, "", "cannot be judged", "CANNOT BE JUDGED", "x", "1e999", "inf", "1,5", "٣", "0x1"]),
)
def test_what_is_not_scored_is_never_zero(scale: Scale, written: str | None) -> None:
    readings = normalise(shipped.rows({"scale": "any", "value": written}), shipped.partnership(scale))
    assert readings.not_scored.all()
    assert readings.reason[0]
    assert np.isnan(readings.common).all()
    assert readings.table["common"].isna().all()


EACH_LABEL = [{"scale": s.id, "value": b.name} for s in shipped.SCALES.values() for b in s.bands]
AGREED = shipped.partnership()
IN_ORDER = normalise(shipped.rows(*EACH_LABEL), AGREED)


@thorough
@given(st.lists(st.sampled_from(range(len(EACH_LABEL))), max_size=12))
def test_a_reading_lands_where_it_does_whatever_rows_surround_it(order: list[int]) -> None:
    readings = normalise(shipped.rows(*(EACH_LABEL[i] for i in order)), AGREED)
    assert readings.common.tolist() == pytest.approx(IN_ORDER.common[order].tolist(), nan_ok=True, abs=0.0)
    assert readings.reason.tolist() == IN_ORDER.reason[order].tolist()
    assert readings.index.tolist() == list(range(len(order)))
