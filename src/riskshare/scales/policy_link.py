"""The policy basis between two scales: their agreed cuts laid on one another, which hides whose bar is higher."""

from __future__ import annotations

from itertools import chain

import numpy as np

from riskshare.kernels.anchors import Floats
from riskshare.records.links import Curve, Link, link_refused
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.agreed import scale_problems
from riskshare.scales.curves import rising
from riskshare.scales.grid import grid_of
from riskshare.scales.policy_basis import PolicyPositions, from_common, policy_positions, to_common
from riskshare.version import VERSION

_FINE = 64
"""Positions along a scale, besides its anchors, at which a curved axis (logit, logarithm) is followed."""


def policy_link(source: Scale, target: Scale, common_scale: CommonScale) -> Link:
    """Return the link on which the two scales' agreed cuts fall on one another, straight lines between.

    There is no sampling error. The interval is *anchor sensitivity*: the least and the greatest result when any one
    pinned cut of either scale is moved by one step (methods: thresholds, C3). It says how much hangs on the cuts, not
    how sure anybody is of them.

    Parameters
    ----------
    source, target : Scale
    common_scale : CommonScale

    Returns
    -------
    Link
        Exact at every edge that both scales pin.

    Raises
    ------
    LinkRefusedError
        A scale is nominal, states effort or has no direction, or has no top (its anchors end at its last cut).
    PartnershipError
        A scale is not sound.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> dash = Scale(id="dash", name="Dash", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=(Band(name="a", starts=0.0), Band(name="b", starts=14.0, pins="high")))
    >>> asset = dash.model_copy(update={"id": "asset", "hi": 64.0,
    ...     "bands": (Band(name="a", starts=0.0), Band(name="b", starts=33.0, pins="high"))})
    >>> link = policy_link(dash, asset, CommonScale())
    >>> link.one(13.5).point, [float(a[0]) for a in link.equivalents([13.5])[2:4]]
    (32.5, [30.25..., 35.23...])
    """
    here, there = (policy_positions(scale, common_scale) for scale in (source, target))
    for scale in (source, target):
        if scale.hi is None:
            raise link_refused(
                scale.id,
                "it has no top, so nothing is agreed above its last cut. Give the scale its top, or share cases and "
                "link on the population basis.",
            )
    at = _positions(here, there)
    knots = rising(at, _across(at, here, there))
    moved = [
        _across(knots[0], a, b)
        for a, b in chain(
            ((policy_positions(one, common_scale), there) for one in _moved(source)),
            ((here, policy_positions(one, common_scale)) for one in _moved(target)),
        )
    ]
    every = np.stack([knots[1], *moved])
    ends = (float(knots[0][0]), float(knots[0][-1]))
    grids = [grid_of(scale, np.empty(0)) for scale in (source, target)]
    both = sorted({name for name, _, _ in here.cuts} & {name for name, _, _ in there.cuts})
    curve = Curve(
        x=tuple(knots[0].tolist()),
        y=tuple(knots[1].tolist()),
        at=tuple(knots[0].tolist()),
        low=tuple(every.min(axis=0).tolist()),
        high=tuple(every.max(axis=0).tolist()),
        error=(0.0,) * len(knots[0]),
        reliable=ends,
        seen=ends,
    )
    return Link(
        source=source.id,
        target=target.id,
        basis="policy",
        method="anchor_points",
        rule="Agreed cuts are laid on one another; no cases are used. The interval shows each cut moved by one step.",
        curve=curve,
        sides=(grids[0].side, grids[1].side),
        parameters={"source_anchors": list(here.native), "target_anchors": list(there.native)},
        engine_version=VERSION,
        diagnostics={"edges_in_common": both},
    )


def _positions(here: PolicyPositions, there: PolicyPositions) -> Floats:
    """Return where the link is worked out: the anchors of both, and points between where an axis is curved."""
    ends = sorted((here.native[0], here.native[-1]) if here.reversed_between is None else _native_ends(here))
    at = [from_common([*here.common, *there.common], here), np.array(ends)]
    if here.axis != "plain" or there.axis != "plain":
        at.append(np.linspace(ends[0], ends[1], _FINE + 1))
        at.append(from_common(np.linspace(0.0, here.common[-1], _FINE + 1), here))
    return np.unique(np.clip(np.concatenate(at), ends[0], ends[1]))


def _native_ends(positions: PolicyPositions) -> tuple[float, float]:
    low, high = positions.reversed_between or (0.0, 0.0)
    return low + high - positions.native[-1], low + high - positions.native[0]


def _across(at: Floats, here: PolicyPositions, there: PolicyPositions) -> Floats:
    return from_common(to_common(at, here), there)


def _moved(scale: Scale) -> list[Scale]:
    """Return the scale with each band's beginning moved one step either way, where it is still sound."""
    found = []
    for i in range(1, len(scale.bands)):
        for step in (-scale.step, scale.step):
            band = scale.bands[i].model_copy(update={"starts": scale.bands[i].starts + step})
            one = scale.model_copy(update={"bands": (*scale.bands[:i], band, *scale.bands[i + 1 :])})
            if not scale_problems(one):
                found.append(one)
    return found
