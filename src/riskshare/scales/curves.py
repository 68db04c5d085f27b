"""The curves that can link two scales, each as a broken line in native units."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from riskshare.kernels.anchors import Floats
from riskshare.kernels.equating import circle_arc, equipercentile_knots, linear
from riskshare.records.links import link_refused
from riskshare.scales.grid import Grid
from riskshare.scales.uncertainty import Sample, Smoother, smoothed

Knots = tuple[Floats, Floats]

_LEAN: Final = 2.0**-14
"""How far a curve is leant towards the diagonal: no part of it is then so steep, or so level, that there and back
loses more than a billionth of a step. It moves a curve by less than a ten-thousandth of its distance from there."""


def identity(source: Grid, target: Grid, x: Floats) -> Floats:
    """Return each position's place in the range of the source, at the same place in that of the target.

    y = y_lo + (x − x_lo) / (x_hi − x_lo) · (y_hi − y_lo) (methods: thresholds, A1), from mild end to mild end.
    """
    here, there = (_range(grid) for grid in (source, target))
    return np.clip(there[0] + (x - here[0]) / (here[1] - here[0]) * (there[1] - there[0]), *target.ends)


def equipercentile_curve(sample: Sample, smoother: Smoother) -> tuple[Knots, dict[str, Any]]:
    """Return the equipercentile link on presmoothed counts, and the degrees chosen."""
    (x, degree_x), (y, degree_y) = (
        smoother(counts[sample.profile].sum(axis=0), grid)
        for counts, grid in ((sample.x, sample.source), (sample.y, sample.target))
    )
    at, to = equipercentile_knots(x, y)
    if smoother is smoothed:
        at, to = _leant(at, to)
    degrees = {"degree_source": int(degree_x), "degree_target": int(degree_y)}
    return rising(sample.source.native(at), sample.target.native(to)), degrees


def straight_curve(
    source: Grid, target: Grid, x: Floats, y: Floats, weight: Floats, method: str
) -> tuple[Knots, dict[str, Any]]:
    """Return the mean, linear or circle-arc link of weighted readings ``x`` and ``y``.

    Straight lines are drawn on each scale's own axis (a chance on the logit, a duration on the logarithm), with means
    and spreads of the weighted cases.

    Raises
    ------
    LinkRefusedError
        A slope is needed and all cases have one score.
    """
    at = source.positions()
    u, v = source.on_axis(x), target.on_axis(y)
    (mean_x, sd_x), (mean_y, sd_y) = (_moments(a, weight) for a in (u, v))
    here, there = source.range_on_axis(), target.range_on_axis()
    if method == "circle_arc":
        mean_x, mean_y = float(np.clip(mean_x, *here)), float(np.clip(mean_y, *there))
        to = _to_the_edges(source, target, circle_arc(source.on_axis(at), mean_x, mean_y, *here, *there))
        return rising(at, target.off_axis(to)), {"mean_source": mean_x, "mean_target": mean_y}
    if method == "linear" and min(sd_x, sd_y) <= 0.0:
        raise link_refused(
            source.scale.id,
            "all shared cases have the same score on one of the two scales, so no slope can be worked out. "
            "Share cases of different severity, or use the policy basis.",
        )
    if method == "linear":
        slope, intercept = (float(a) for a in linear(mean_x, sd_x, mean_y, sd_y))
    else:
        slope = (there[1] - there[0]) / (here[1] - here[0])
        intercept = mean_y - slope * mean_x
    at = _with_crossings(source, at, [(end - intercept) / slope for end in target.on_axis(np.array(target.ends))])
    return rising(at, target.off_axis(slope * source.on_axis(at) + intercept)), {
        "slope": slope,
        "intercept": intercept,
        "axis_source": source.axis,
        "axis_target": target.axis,
    }


def halfway(knots: Knots, source: Grid, target: Grid) -> Knots:
    """Return the line half-way between a curve and the identity."""
    at = np.unique(np.concatenate([knots[0], source.positions()]))
    return rising(at, 0.5 * np.interp(at, *knots) + 0.5 * identity(source, target, at))


def within(knots: Knots, reliable: tuple[float, float]) -> Knots:
    """Return the part of a curve between two positions, its ends included."""
    x, y = knots
    inside = (x > reliable[0]) & (x < reliable[1])
    at = np.array([reliable[0], *x[inside], reliable[1]])
    return rising(at, np.array([np.interp(reliable[0], x, y), *y[inside], np.interp(reliable[1], x, y)]))


def rising(x: Floats, y: Floats) -> Knots:
    """Return knots in rising x, one an x, with what is level at either end cut away (a line is level beyond them)."""
    order = np.argsort(x, kind="stable")
    at, starts, many = np.unique(x[order], return_index=True, return_counts=True)
    # An upright part has several y at one x: its middle stands for it.
    sorted_y = y[order]
    to = 0.5 * (sorted_y[starts] + sorted_y[starts + many - 1])
    moving = np.flatnonzero(np.diff(to) != 0.0)
    if not moving.size:
        return at[:1], to[:1]
    return at[moving[0] : moving[-1] + 2], to[moving[0] : moving[-1] + 2]


def _range(grid: Grid) -> tuple[float, float]:
    low, high = (float(a) for a in grid.off_axis(np.array(grid.range_on_axis())))
    return low, high


def _leant(x: Floats, y: Floats) -> Knots:
    """Return knots, counted in cells, leant towards the line from end to end, x as far as y: swapped, they still are.

    Cells without cases are held open by next to nothing, so that a curve all but stands, or lies, across them.
    """
    slope = (y[-1] - y[0]) / (x[-1] - x[0])
    at = (1.0 - _LEAN) * x + _LEAN * (x[0] + (y - y[0]) / slope)
    return at, (1.0 - _LEAN) * y + _LEAN * (y[0] + (x - x[0]) * slope)


def _to_the_edges(source: Grid, target: Grid, to: Floats) -> Floats:
    """Continue a curve between the first and last scores straight to the outer edges of their cells; on the axis.

    ``to`` stands at the positions of the source, of which the first and last are the outer edges.
    """
    if source.range_on_axis() == _edges_on_axis(source):
        return to
    ends = _edges_on_axis(target)
    return np.concatenate([ends[:1], to[1:-1], ends[1:]])


def _edges_on_axis(grid: Grid) -> tuple[float, float]:
    low, high = sorted(grid.on_axis(grid.edges[[0, -1]]).tolist())
    return low, high


def _moments(values: Floats, weight: Floats) -> tuple[float, float]:
    """Return mean and spread; rounding takes neither the mean out of the values nor the spread of equal ones off 0."""
    mean = float(np.clip(np.average(values, weights=weight), values.min(), values.max()))
    if np.ptp(values) == 0.0:
        return mean, 0.0
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=weight)))


def _with_crossings(source: Grid, at: Floats, crossings: list[float]) -> Floats:
    """Add the positions where a straight line leaves the target's range, so that it does so exactly there."""
    extra = source.off_axis(np.array(crossings))
    return np.unique(np.concatenate([at, extra]))
