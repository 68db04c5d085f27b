"""The scores of one scale as whole numbers from the mildest cell to the most severe, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from riskshare.errors import ArgumentError
from riskshare.kernels.anchors import Axis, Floats, from_axis, to_axis
from riskshare.records.links import Side, link_refused
from riskshare.records.scale import CommonScale, Scale
from riskshare.scales.agreed import STEPPED
from riskshare.scales.policy_basis import policy_positions

MAX_CELLS: Final = 128
"""A scale of more steps is read in about this many cells; its own cuts stay cell edges."""

TAIL_PEOPLE: Final = 10
"""Fewer people than this beyond a point make a tail (methods: thresholds, C3)."""

FAR: Final = {"duration": 1000.0}
FAR_ELSE: Final = 10.0
"""On a scale without a top a reading may lie this many times as far up as where ten people, or the last cut, stand."""

FEW_LEVELS: Final = 7
"""An ordinal scale of at most this many levels is linked level by level (methods: thresholds, C2)."""

Ints = npt.NDArray[np.int64]
_AXES: Final[dict[str, Axis]] = {"probability": "logit", "duration": "log"}


@dataclass(frozen=True, slots=True, repr=False)
class Grid:
    """The cells of one scale.

    Attributes
    ----------
    scale : Scale
    edges : ndarray of float64, shape (cells + 1,)
        Native, rising. A cell holds the readings from its lower edge up to its upper one, so that every cut of the
        scale is an edge: half a step below ``from`` on a count or ordinal scale, ``from`` itself elsewhere.
    turned : bool
        Up is safer: cells are counted from the top.
    axis : {"plain", "logit", "log"}
        Where straight lines are drawn.
    cuts : tuple of (str, float)
        The pinned cuts, native, from mild to severe.
    top : float
        The greatest position to be told of. On a scale without a top the last edge is somebody's reading: unless ten
        people share it, ``top`` is the next of 1, 2, 5, 10, 20, 50 … steps from the lowest value beyond it.
    """

    scale: Scale
    edges: Floats
    turned: bool
    axis: Axis
    cuts: tuple[tuple[str, float], ...]
    top: float

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.edges) - 1

    @property
    def ends(self) -> tuple[float, float]:
        """The least and greatest native position; ``top`` stands for the last edge."""
        return float(self.edges[0]), self.top

    @property
    def by_level(self) -> bool:
        """Whether the scale has so few levels that each is its own interval."""
        return self.scale.kind == "ordinal" and self.size <= FEW_LEVELS

    @property
    def side(self) -> Side:
        """What a link keeps of this scale."""
        width = self.scale.step if self.scale.kind == "ordinal" else 0.0
        return Side(edges=self.cuts, level_width=width, rising=not self.turned, ends=self.ends)

    def index(self, values: Floats) -> Ints:
        """Return the cell of each native value, counted from the mildest."""
        found = np.clip(np.searchsorted(self.edges, values, side="right") - 1, 0, self.size - 1)
        return (self.size - 1 - found if self.turned else found).astype(np.int64)

    def native(self, places: Floats) -> Floats:
        """Return native positions of places counted in cells from the mildest, −½ being its outer edge."""
        at = self.size - 1 - places if self.turned else places
        native: Floats = np.interp(at, np.arange(self.size + 1) - 0.5, self.edges)
        return native

    def told(self, places: Floats) -> Floats:
        """Return ``native`` positions fit to be told: the last edge is ``top``."""
        native = self.native(places)
        return np.where(native >= self.edges[-1], self.top, native)

    def place(self, native: Floats) -> Floats:
        """Return the place of native positions, in cells from the mildest; the inverse of ``native``."""
        at = np.interp(native, self.edges, np.arange(self.size + 1) - 0.5)
        place: Floats = self.size - 1 - at if self.turned else at
        return place

    def on_axis(self, native: Floats) -> Floats:
        """Return native positions on the axis where lines are straight, rising with severity."""
        z = to_axis(native, self.axis, whole=_whole(self.scale), margin=self.scale.step / 2.0)
        return -z if self.turned else z

    def off_axis(self, z: Floats) -> Floats:
        """Return native positions from the axis, held within the ends of the scale."""
        native: Floats = from_axis(-z if self.turned else z, self.axis, whole=_whole(self.scale))
        return np.clip(native, *self.ends)

    def range_on_axis(self) -> tuple[float, float]:
        """Return the mildest and the most severe score on the axis: of a count the first and last, not their edges."""
        half = self.scale.step / 2.0 if self.scale.kind in STEPPED else 0.0
        low, high = sorted(self.on_axis(np.array([self.edges[0] + half, self.edges[-1] - half])).tolist())
        return low, high

    def positions(self) -> Floats:
        """Return the native position of every edge and every middle of a cell, from the mildest; 2·cells + 1."""
        return self.native(np.arange(2 * self.size + 1) / 2.0 - 0.5)


def grid_of(scale: Scale, values: Floats, person: npt.NDArray[Any] | None = None) -> Grid:
    """Return the cells of a scale.

    Parameters
    ----------
    scale : Scale
    values : ndarray, shape (n,)
        Native readings. They are checked, and say how far up a scale without a top is used.
    person : ndarray, shape (n,), optional
        Whose each reading is. By default each is of a person of its own.

    Returns
    -------
    Grid

    Raises
    ------
    LinkRefusedError
        The scale is nominal, states effort or has no direction; or it has no top and nothing was read on it, or a
        reading lies far above the others (``FAR``): it would set the whole scale.
    PartnershipError
        The scale is not sound.
    ArgumentError
        A value is missing, out of range or not on a whole step.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> rosh = Scale(id="rosh", name="RoSH", owner="x", kind="ordinal", lo=1.0, hi=3.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=(Band(name="low", starts=1.0), Band(name="medium", starts=2.0),
    ...     Band(name="high", starts=3.0, pins="high")))
    >>> grid = grid_of(rosh, np.array([1.0, 3.0]))
    >>> grid.edges.tolist(), grid.index(np.array([1.0, 3.0])).tolist(), grid.cuts
    ([0.5, 1.5, 2.5, 3.5], [0, 2], (('high', 2.5),))
    """
    agreed = policy_positions(scale, CommonScale())  # refuses what cannot be linked, and what is not sound
    lo = 0.0 if scale.lo is None else scale.lo
    _check(scale, values, lo)
    axis = _AXES.get(scale.kind, "plain")
    if scale.hi is None:
        edges, top = _without_top(scale, values, person, lo, axis)
    else:
        edges = np.unique(np.round(_edges(scale, lo, scale.hi, axis), 12))
        top = float(edges[-1])
    cuts = tuple((name, cut) for name, cut, _ in agreed.cuts)
    return Grid(scale, edges, scale.direction == "safety", axis, cuts, top)


def _edges(scale: Scale, lo: float, hi: float, axis: Axis) -> Floats:
    """Return the edges from ``lo`` to ``hi``: each step where they are few, else about ``MAX_CELLS`` and every cut."""
    half = scale.step / 2.0 if scale.kind in STEPPED else 0.0
    steps = max(round((hi - lo) / scale.step), 1) + (1 if half else 0)
    first, last = lo - half, lo - half + scale.step * steps
    if not half:
        last = max(hi, last - scale.step / 2.0)
    if steps <= MAX_CELLS:
        edges: Floats = first + scale.step * np.arange(steps + 1, dtype=np.float64)
        edges[-1] = last
        return edges
    ends = to_axis(np.array([first, last]), axis, whole=_whole(scale), margin=scale.step / 2.0)
    wanted = from_axis(np.linspace(ends[0], ends[1], MAX_CELLS + 1), axis, whole=_whole(scale))
    # Up to the next whole step: worked out, not looked up, so that a long scale does not fill the memory.
    fine = first + scale.step * np.ceil((wanted - first) / scale.step - 1e-6)
    cuts = [band.starts - half for band in scale.bands[1:]]
    every = np.concatenate([fine, cuts])
    return np.unique(np.concatenate([every[(every > first) & (every < last)], [first, last]]))


def _without_top(
    scale: Scale, values: Floats, person: npt.NDArray[Any] | None, lo: float, axis: Axis
) -> tuple[Floats, float]:
    """Return the edges as far up as anybody scored, laid by where ten people stand, and the greatest one to tell.

    Beyond twice as far up as ten people, or the last cut, stand, one cell takes the rest.
    """
    if values.size == 0:
        raise link_refused(scale.id, "it has no top, and no reading shows how far up it is used.")
    greatest, most = _greatest(values, person), float(values.max())
    tenth = float(np.sort(greatest)[-min(TAIL_PEOPLE, len(greatest))])
    reach = max(tenth - lo, scale.bands[-1].starts - lo, scale.step)
    if most - lo > FAR.get(scale.kind, FAR_ELSE) * reach:
        raise link_refused(
            scale.id,
            "it has no top, and a reading lies so far above the others that it alone would set the scale. Look for a "
            "stray value among its greatest readings, or give the scale its top.",
        )
    half = scale.step / 2.0 if scale.kind in STEPPED else 0.0
    limit = lo + scale.step * np.ceil(2.0 * reach / scale.step - 1e-6)
    laid = np.round(_edges(scale, lo, float(limit), axis), 12)
    last = max(most + half, float(laid[0]) + scale.step / 2.0)
    edges = np.unique(np.append(laid[laid < last - scale.step * 1e-6], round(last, 12)))
    if tenth == most and len(greatest) >= TAIL_PEOPLE:
        return edges, float(edges[-1])
    return edges, lo + scale.step * _coarse((float(edges[-1]) - lo) / scale.step)


def _greatest(values: Floats, person: npt.NDArray[Any] | None) -> Floats:
    """Return each person's greatest reading."""
    if person is None:
        return values
    names, who = np.unique(person, return_inverse=True)
    greatest = np.full(len(names), -np.inf)
    np.maximum.at(greatest, who, values)
    return greatest


def _coarse(steps: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50 … above a number of steps."""
    ten = 10.0 ** np.floor(np.log10(steps))
    return float(next(many * ten for many in (1.0, 2.0, 5.0, 10.0, 20.0) if many * ten > steps))


def _check(scale: Scale, values: Floats, lo: float) -> None:
    faults = []
    if not np.isfinite(values).all():
        faults.append(f"readings on {scale.id!r} must be numbers: leave out the cases that were not scored.")
    elif values.size and (values.min() < lo or (scale.hi is not None and values.max() > scale.hi)):
        faults.append(f"readings on {scale.id!r} must lie within its range: check the rows against lo and hi.")
    elif scale.kind in STEPPED and np.any(
        np.abs((values - lo) / scale.step - np.rint((values - lo) / scale.step)) > 1e-6
    ):
        faults.append(f"readings on {scale.id!r} must be whole steps from its lowest value.")
    if faults:
        function = "link"
        raise ArgumentError(function, faults)


def _whole(scale: Scale) -> float:
    """Return what certainty is on a scale of chances."""
    return 100.0 if scale.hi is not None and scale.hi > 1.0 else 1.0
