"""The policy basis: each agency's own cuts pinned to the agreed common edges, with straight lines between.

It needs no data and claims no equal probability. By construction it hides how far agencies' bars differ; the
population and outcome bases show that (methods: thresholds, section 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskshare.errors import LinkRefusedError, PartnershipError
from riskshare.kernels.anchors import Axis, Floats, from_axis, piecewise_linear, reverse, to_axis
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.agreed import PIN_ORDER, STEPPED, in_risk_order, refusal, scale_problems

SMALL_CUT = 0.10
"""Below this pinned high cut a probability is drawn through the logit, so that 3 % is not squeezed into 3 % of the
axis (methods: thresholds, C2)."""


@dataclass(frozen=True, slots=True)
class PolicyPositions:
    """The anchor points of one scale, from its least to its most severe end.

    Attributes
    ----------
    scale_id : str
    reversed_between : (float, float) or None
        The native ends between which a ``safety`` scale is turned round first.
    axis : {"plain", "logit", "log"}
        The axis on which lines between anchors are straight; ``whole`` and ``margin`` belong to it.
    native : tuple of float
        Anchor positions, in native units, after turning round.
    common : tuple of float
        The same positions on the common scale.
    cuts : tuple of (str, float, float)
        For each pinned cut: the edge's name, the cut as written natively (not turned round), the common edge.
    """

    scale_id: str
    reversed_between: tuple[float, float] | None
    axis: Axis
    whole: float
    margin: float
    native: tuple[float, ...]
    common: tuple[float, ...]
    cuts: tuple[tuple[str, float, float], ...]


def policy_positions(scale: Scale, common_scale: CommonScale) -> PolicyPositions:
    """Return the anchor points of one scale on the policy basis (methods: thresholds, A1 and C4).

    The mild end lies at 0. Each pinned cut lies at its common edge; the cut is half a step below ``from`` on a
    count or ordinal scale and at ``from`` itself elsewhere. The severe end lies at 100 where a cut pins very high.
    Where none does, no reading reaches very high: a count or measured scale ends one point below that edge (positions
    are published in whole points, and must not round up to it); an ordinal scale, whose levels stand in the middle of
    their intervals, has intervals that end at it. A scale without a top has no anchor beyond its last pinned cut.

    Parameters
    ----------
    scale : Scale
    common_scale : CommonScale

    Returns
    -------
    PolicyPositions

    Raises
    ------
    LinkRefusedError
        The scale is nominal, states effort, or has no direction.
    PartnershipError
        The scale is not sound; every problem is listed.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> dash = Scale(id="dash", name="Dash", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local",
    ...     bands=(Band(name="below 14", starts=0.0), Band(name="14+", starts=14.0, pins="high")))
    >>> points = policy_positions(dash, CommonScale())
    >>> list(zip(points.native, points.common))
    [(0.0, 0.0), (13.5, 70.0), (24.0, 89.0)]
    """
    if reason := refusal(scale):
        raise LinkRefusedError(scale.id, reason)
    if problems := scale_problems(scale, scale.id):
        raise PartnershipError(problems)
    steps = native_steps(scale)
    turned = _turned(scale)
    risk_steps = steps if turned is None else reverse(steps, *turned)[::-1]
    edge = dict(zip(PIN_ORDER, common_scale.edges, strict=True))
    pinned = [(k, str(band.pins)) for k, band in enumerate(in_risk_order(scale)) if band.pins]
    native = [risk_steps[0], *(risk_steps[k] for k, _ in pinned)]
    common = [0.0, *(edge[pin] for _, pin in pinned)]
    if scale.hi is not None:
        native.append(risk_steps[-1])
        common.append(_severe_end(scale, common_scale))
    whole = 100.0 if scale.hi is not None and scale.hi > 1.0 else 1.0
    cuts = {pin: float(risk_steps[k]) for k, pin in pinned}
    written = {pin: float(cut if turned is None else reverse(cut, *turned)) for pin, cut in cuts.items()}
    return PolicyPositions(
        scale_id=scale.id,
        reversed_between=turned,
        axis=_axis(scale, cuts.get("high"), whole),
        whole=whole,
        margin=scale.step / 2.0,
        native=tuple(float(x) for x in native),
        common=tuple(common),
        cuts=tuple((pin, written[pin], edge[pin]) for _, pin in pinned),
    )


def native_steps(scale: Scale) -> Floats:
    """Return where each native band begins on the continuous axis, and where the last one ends (inf if nowhere).

    Shape (bands + 1,), upwards in native value. On a count or ordinal scale bands meet half a step below ``from``;
    an ordinal scale also reaches half a step beyond its two ends, a level being an interval.
    """
    half = scale.step / 2.0 if scale.kind in STEPPED else 0.0
    beyond = half if scale.kind == "ordinal" else 0.0
    starts = np.array([band.starts for band in scale.bands]) - half
    starts[0] = scale.bands[0].starts - beyond
    return np.append(starts, np.inf if scale.hi is None else scale.hi + beyond)


def to_common(values: npt.ArrayLike, positions: PolicyPositions) -> Floats:
    """Return the common position of each native value.

    Exact at every cut, never falling as severity rises, and flat beyond the ends of the range.

    Parameters
    ----------
    values : array_like, shape (n,)
        Native numbers; NaN stays NaN.
    positions : PolicyPositions

    Returns
    -------
    ndarray, shape (n,), float64
        0–100; empty in, empty out.

    Examples
    --------
    >>> points = PolicyPositions("dash", None, "plain", 100.0, 0.5, (0.0, 13.5, 24.0), (0.0, 70.0, 89.0), ())
    >>> to_common([0, 13.5, 24], points).tolist()
    [0.0, 70.0, 89.0]
    """
    x = np.asarray(values, dtype=np.float64)
    x = x if positions.reversed_between is None else reverse(x, *positions.reversed_between)
    return piecewise_linear(_on_axis(x, positions), _on_axis(positions.native, positions), positions.common)


def from_common(points: npt.ArrayLike, positions: PolicyPositions) -> Floats:
    """Return the native value at each common position: the inverse of ``to_common`` between the anchors.

    Positions beyond the last anchor give the native value there. On a logit or log axis the last half step at an end
    is one position, and gives the inner end of it.

    Parameters
    ----------
    points : array_like, shape (n,)
        Common positions, 0–100; NaN stays NaN.
    positions : PolicyPositions

    Returns
    -------
    ndarray, shape (n,), float64
        Native units; not rounded to the scale's steps. Empty in, empty out.

    Examples
    --------
    >>> points = PolicyPositions("dash", None, "plain", 100.0, 0.5, (0.0, 13.5, 24.0), (0.0, 70.0, 89.0), ())
    >>> from_common([0, 70, 89], points).tolist()
    [0.0, 13.5, 24.0]
    """
    z = piecewise_linear(points, positions.common, _on_axis(positions.native, positions))
    x = from_axis(z, positions.axis, whole=positions.whole)
    return x if positions.reversed_between is None else reverse(x, *positions.reversed_between)


def _on_axis(values: npt.ArrayLike, positions: PolicyPositions) -> Floats:
    return to_axis(values, positions.axis, whole=positions.whole, margin=positions.margin)


def _turned(scale: Scale) -> tuple[float, float] | None:
    """Return the ends between which the scale is turned round, or None where up is risk."""
    if scale.direction != "safety" or scale.lo is None or scale.hi is None:
        return None
    return (scale.lo, scale.hi)


def _severe_end(scale: Scale, common_scale: CommonScale) -> float:
    """Return where the severe end lies on the common scale."""
    if any(band.pins == "very high" for band in scale.bands):
        return 100.0
    _, high, very_high = common_scale.edges
    return very_high if scale.kind == "ordinal" else max(very_high - 1.0, (high + very_high) / 2.0)


def _axis(scale: Scale, high_cut: float | None, whole: float) -> Axis:
    if scale.kind == "duration":
        return "log"
    if scale.kind == "probability" and high_cut is not None and high_cut < SMALL_CUT * whole:
        return "logit"
    return "plain"
