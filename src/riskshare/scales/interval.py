"""The interval of a population link in native units, and the part of a scale of which the shared cases can speak."""

from __future__ import annotations

from typing import Literal

import numpy as np

from riskshare.kernels.anchors import Floats
from riskshare.records.links import Curve
from riskshare.scales.curves import Knots
from riskshare.scales.grid import TAIL_PEOPLE, Grid
from riskshare.scales.uncertainty import Sample, Spread

_PARTS = 8
"""What was seen is told to this part of a scale, so that it tells of nobody."""


class IntervalBand:
    """The interval of one direction in native units, open beyond the tails."""

    def __init__(self, source: Grid, spread: Spread, reliable: tuple[float, float]) -> None:
        order = np.argsort(source.positions())
        self.at = source.positions()[order]
        self.low = np.minimum(spread.low, spread.high)[order]
        self.high = np.maximum(spread.low, spread.high)[order]
        self.error = spread.error[order]
        self.reliable = reliable

    def at_cut(self, position: float) -> tuple[float, float]:
        """Return the interval at a native position."""
        return float(np.interp(position, self.at, self.low)), float(np.interp(position, self.at, self.high))

    def holds(self, knots: Knots, cuts: tuple[tuple[str, float], ...]) -> bool:
        """Return whether a curve lies inside at every pinned cut that is no tail; at the middle where all are."""
        known = [cut for _, cut in cuts if self.reliable[0] <= cut <= self.reliable[1]]
        for cut in known or [sum(self.reliable) / 2.0]:
            low, high = self.at_cut(cut)
            if not low <= float(np.interp(cut, *knots)) <= high:
                return False
        return True

    def curve(self, knots: Knots, target: Grid, seen: tuple[float, float]) -> Curve:
        """Return the curve with its interval widened to hold it, and open beyond the tails."""
        first, last = self.reliable
        inner = self.at[(self.at > first) & (self.at < last)]
        corners = knots[0][(knots[0] > first) & (knots[0] < last)]
        at = np.unique(np.concatenate([[first, last], inner, corners]))
        y = np.interp(at, *knots)
        low = np.minimum(np.interp(at, self.at, self.low), y)
        high = np.maximum(np.interp(at, self.at, self.high), y)
        error = np.interp(at, self.at, self.error)
        up = bool(knots[1][-1] >= knots[1][0]) if len(knots[1]) > 1 else True
        end_low, end_high = target.ends
        before = (end_low, high[0]) if up else (low[0], end_high)
        after = (low[-1], end_high) if up else (end_low, high[-1])
        outer = np.array([np.nextafter(first, -np.inf), *at, np.nextafter(last, np.inf)])
        return Curve(
            x=tuple(knots[0].tolist()),
            y=tuple(knots[1].tolist()),
            at=tuple(outer.tolist()),
            low=(float(before[0]), *low.tolist(), float(after[0])),
            high=(float(before[1]), *high.tolist(), float(after[1])),
            error=(float(error[0]), *error.tolist(), float(error[-1])),
            reliable=(float(first), float(last)),
            seen=seen,
        )


def reliable_part(sample: Sample) -> tuple[float, float]:
    """Return the native positions between which at least ten people, however many their cases, lie on either side."""
    below, above = (np.concatenate([[0.0], np.cumsum(one)]) for one in sample.people_x)
    # From below and from above: where a gap holds exactly ten on one side, all of the gap is reliable.
    first, last = _reached(below, TAIL_PEOPLE, "left"), _reached(above, above[-1] - TAIL_PEOPLE, "right")
    low, high = sorted(sample.source.native(np.array([first, last])).tolist())
    return float(low), float(high)


def _reached(total: Floats, people: float, side: Literal["left", "right"]) -> float:
    """Return the place at which a count of people that rises over the edges comes to ``people``."""
    edges = np.arange(len(total)) - 0.5
    if people not in total:
        return float(np.interp(people, total, edges))
    return float(edges[np.searchsorted(total, people, side) - (side == "right")])


def seen_part(sample: Sample) -> tuple[float, float]:
    """Return the native positions between which the shared cases lie, told so that they are nobody's reading.

    A cell that ten people reached is told as it is. Else the position is rounded outwards to the next eighth of the
    scale's cells, and on a scale of few levels to its end.
    """
    return told_part(sample.source, *sample.people_x)


def told_part(grid: Grid, mildest: Floats, severest: Floats) -> tuple[float, float]:
    """Return the native positions to tell of, from how many people have their first and last case in each cell."""
    first, last = int(np.flatnonzero(mildest)[0]), int(np.flatnonzero(severest)[-1]) + 1
    part = grid.size if grid.by_level else -(-grid.size // _PARTS)
    if mildest[first] < TAIL_PEOPLE:
        first = first // part * part
    if severest[last - 1] < TAIL_PEOPLE:
        last = min(-(-last // part) * part, grid.size)
    low, high = sorted(grid.told(np.array([first, last]) - 0.5).tolist())
    return float(low), float(high)
