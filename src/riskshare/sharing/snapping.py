"""Places moved to fixed points: what is published of one place is the same every time and true of several homes.

Chance displacement is averaged away by asking again; a fixed point is not. The points hang on addresses (or on where
people live) and on borders, never on what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from riskshare.places.grid import grid_over
from riskshare.records.arguments import is_whole, require
from riskshare.sharing.catchments import split
from riskshare.sharing.profiles import profile_for
from riskshare.sharing.refusals import refuse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ADDRESSES: Final = "addresses"
PEOPLE: Final = "people in population cells"


@dataclass(frozen=True, slots=True, repr=False)
class FixedPoints:
    """The points that places of an area may be shown at. The list may be published: nobody's event is in it.

    Attributes
    ----------
    x, y : numpy.ndarray of float64, (points,), metres
        Each inside its agency's own area.
    area : numpy.ndarray of object (str), (points,)
        Code of the area.
    stands_for : numpy.ndarray of int64, (points,)
        Addresses, or people, in the point's catchment: never fewer than the least.
    boxes : numpy.ndarray of float64, (points, 4), metres
        West, south, east, north of the catchment, half-open, ±inf where it has no end; its ground is what of the area
        lies within. The catchments of an area cover it and do not overlap.
    areas : tuple of (str, shapely geometry)
    unit : str
        ``addresses``, or ``people in population cells`` where no address list was given.
    n_outside : int
        Addresses or people outside every area, left out.
    typical_move_m : float, metres
        Mean distance from an address to its point: the error to publish beside the list. NaN without points.
    """

    x: Floats
    y: Floats
    area: NDArray[np.object_]
    stands_for: Ints
    boxes: Floats
    areas: tuple[tuple[str, Any], ...]
    unit: str
    n_outside: int
    typical_move_m: float

    def __repr__(self) -> str:
        """How many points, and what they stand for."""
        return f"FixedPoints({self.x.size} points, each for several {self.unit})"


@dataclass(frozen=True, slots=True, repr=False)
class Snapped:
    """Events at places that may be shown; the true ones are not in it.

    Attributes
    ----------
    x, y : numpy.ndarray of float64, (events,), metres
        NaN where an event has no place that may be shown.
    place : numpy.ndarray of int64, (events,)
        Number of the fixed point or cell; −1 for none.
    kind : str
        ``point8`` or ``cell``.
    cell_m : int
        Side of the cells, in metres; 0 for points.
    """

    x: Floats
    y: Floats
    place: Ints
    kind: str
    cell_m: int

    def __repr__(self) -> str:
        """How many events, at how many places."""
        placed = self.place[self.place >= 0]
        return f"Snapped({self.place.size} events at {np.unique(placed).size} places, {self.kind})"


def fixed_points(
    x: ArrayLike, y: ArrayLike, areas: Mapping[str, Any], *, people: ArrayLike | None = None, least: int = 8
) -> FixedPoints:
    """Return fixed points that each stand for at least ``least`` addresses of one area.

    Parameters
    ----------
    x, y : array_like of float, (addresses,), metres
        Addresses, flats of one house each for itself; or centres of population cells, where ``people`` is given.
    areas : mapping of str to shapely geometry
        Each agency's own area. No catchment crosses a border, so that no point tells of two agencies' ground.
    people : array_like of int, (addresses,), optional
        People in each population cell, where there is no list of addresses. Eight people may be two homes: say so.
    least : int
        8, as data.police.uk; more is safer, fewer is refused.

    Returns
    -------
    FixedPoints
        Sorted by area, then from the south-west. An area with fewer than ``least`` has no point; none at all without
        addresses.

    Raises
    ------
    ArgumentError
        ``least`` is below 8, or ``areas`` is no mapping of codes to shapes.
    DisclosureError
        Coordinates are not finite, numbers of people are not whole, or the arrays differ in length.

    Notes
    -----
    The addresses of an area are cut in two across the longer side of their extent, as evenly as can be with ``least``
    on each side, and so on until no cut is left: 8 to 15 addresses a catchment as a rule, more where many share a spot,
    since addresses at one spot stay together. The point is the centre of the ground of the catchment, or, where that
    centre lies outside it, a spot within. After data.police.uk, "Location anonymisation": the catchment of a point has
    eight postal addresses or none.

    Examples
    --------
    >>> square = shapely.box(0, 0, 160, 10)
    >>> points = fixed_points(np.arange(5.0, 160.0, 10.0), np.full(16, 5.0), {"A": square})
    >>> points.x.tolist(), points.y.tolist(), points.stands_for.tolist()
    ([40.0, 120.0], [5.0, 5.0], [8, 8])
    """
    shapes = isinstance(areas, Mapping) and all(isinstance(one, shapely.Geometry) for one in areas.values())
    require("fixed_points", {"least must be a whole number, 8 or more.": is_whole(least) and least >= 8,
                             "areas must be a mapping of codes to shapely polygons.": shapes})  # fmt: skip
    east, north = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
    weight = np.ones(east.size) if people is None else np.asarray(people, dtype=np.float64).ravel()
    refuse(_address_problems(east, north, weight))
    codes = tuple(sorted((str(code), shape) for code, shape in areas.items()))
    home = _area_of(east, north, codes)
    found = [_points_of(east[home == k], north[home == k], weight[home == k], codes[k][1], least)
             for k in range(len(codes))]  # fmt: skip
    boxes = np.concatenate([np.empty((0, 4)), *(one[0] for one in found)])
    at = np.concatenate([np.empty((0, 2)), *(one[1] for one in found)])
    area = np.repeat(np.array([code for code, _ in codes], dtype=object), [len(one[0]) for one in found])
    stands_for = np.concatenate([np.empty(0), *(one[2] for one in found)]).astype(np.int64)
    moved = sum(one[3] for one in found)
    return FixedPoints(
        at[:, 0], at[:, 1], area, stands_for, boxes, codes,
        ADDRESSES if people is None else PEOPLE,
        int(weight[home < 0].sum()),
        float(moved / stands_for.sum()) if stands_for.size else float("nan"),
    )  # fmt: skip


def snap(x: ArrayLike, y: ArrayLike, points: FixedPoints) -> Snapped:
    """Return events at the fixed point of the catchment that each lies in.

    Parameters
    ----------
    x, y : array_like of float, (events,), metres
        NaN where the place is not known.
    points : FixedPoints

    Returns
    -------
    Snapped
        Same order. No place for an event outside every area, in an area without points, or without a known place.
        The same place gives the same point, whatever else is asked for.

    Examples
    --------
    >>> square = shapely.box(0, 0, 160, 10)
    >>> points = fixed_points(np.arange(5.0, 160.0, 10.0), np.full(16, 5.0), {"A": square})
    >>> snap([3.0, 81.0, 500.0], [3.0, 3.0, 3.0], points).x.tolist()
    [40.0, 120.0, nan]
    """
    require("snap", {"points must be FixedPoints, made by fixed_points.": isinstance(points, FixedPoints)})
    east, north = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
    home = _area_of(east, north, points.areas)
    place = np.full(east.size, -1, dtype=np.int64)
    for k, (code, _) in enumerate(points.areas):
        rows, own = np.flatnonzero(home == k), np.flatnonzero(points.area == code)
        for p in own.tolist():
            west, south, east_end, north_end = points.boxes[p]
            inside = (east[rows] >= west) & (east[rows] < east_end) & (north[rows] >= south) & (north[rows] < north_end)
            place[rows[inside]] = p
    return Snapped(*_at(place, points.x, points.y), place, "point8", 0)


def snap_to_cells(x: ArrayLike, y: ArrayLike, *, cell_m: int = 500, audience: str = "public") -> Snapped:
    """Return events at the centre of the square cell that each lies in.

    Parameters
    ----------
    x, y : array_like of float, (events,), British National Grid metres
        NaN where the place is not known.
    cell_m : int, metres
        500 or more for the public.
    audience : str

    Returns
    -------
    Snapped
        Same order. Cells are whole multiples from the origin of the National Grid, so they never move; ``place``
        numbers those that hold events from the south-west.

    Raises
    ------
    DisclosureError
        The cells are smaller than the audience may see.

    Examples
    --------
    >>> snap_to_cells([420010.0, 420499.0, 420500.0], [390000.0] * 3).x.tolist()
    [420250.0, 420250.0, 420750.0]
    """
    least = profile_for(audience).least_cell_m
    small = not is_whole(cell_m) or cell_m < least
    refuse([("cell_size", f"Cells for {audience} must be {least} m or more, in whole metres.")] if small else [])
    east, north = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
    known = np.flatnonzero(np.isfinite(east) & np.isfinite(north))
    place = np.full(east.size, -1, dtype=np.int64)
    if not known.size:
        return Snapped(np.full(east.size, np.nan), np.full(east.size, np.nan), place, "cell", int(cell_m))
    e, n = east[known], north[known]
    grid = grid_over((float(e.min()), float(n.min()), float(e.max()), float(n.max())), int(cell_m))
    cells, place[known] = np.unique(grid.cell_of(e, n), return_inverse=True)
    return Snapped(*_at(place, *grid.centres(cells)), place, "cell", int(cell_m))


def beside_centres(
    x: ArrayLike, y: ArrayLike, cells: Snapped, areas: Mapping[str, Any], *, least_part: float = 0.25
) -> tuple[Floats, Floats]:
    """Return where events of cells are counted: in their cell and, where a border runs through it, on their own side.

    Not to be shown: a place here tells the cell *and* the authority. Counted by cell, and by authority over many cells,
    it keeps what lies across a border from falling to whoever holds the middle of the cell.

    Parameters
    ----------
    x, y : array_like of float, (events,), British National Grid metres
        True places.
    cells : Snapped
        Of the same events, from ``snap_to_cells``.
    areas : mapping of str to shapely geometry
        Each authority's own area.
    least_part : float
        Of the cell that an authority must hold: events in a smaller part are counted at the centre, since few could
        live there. Proposal: a quarter, as large as a cell of half the side.

    Returns
    -------
    x, y : numpy.ndarray of float64, (events,), metres
        One spot for each cell and authority; the centre of the cell where it does not straddle a border, for events
        outside every area, and in small parts. NaN as in ``cells``.

    Examples
    --------
    >>> sides = {"w": shapely.box(0, 0, 200, 500), "e": shapely.box(200, 0, 500, 500)}
    >>> at = ([199.0, 201.0], [10.0, 490.0])
    >>> [each.tolist() for each in beside_centres(*at, snap_to_cells(*at), sides)]
    [[100.0, 350.0], [250.0, 250.0]]
    """
    require("beside_centres", {"cells must be Snapped, from snap_to_cells.": isinstance(cells, Snapped)
                               and cells.kind == "cell"})  # fmt: skip
    east, north = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
    codes = tuple(sorted((str(code), shape) for code, shape in areas.items()))
    home, half = _area_of(east, north, codes), cells.cell_m / 2.0
    at_x, at_y = cells.x.copy(), cells.y.copy()
    for k, (_, shape) in enumerate(codes):
        rows = np.flatnonzero((home == k) & (cells.place >= 0))
        for number in np.unique(cells.place[rows]).tolist():
            mine = rows[cells.place[rows] == number]
            cx, cy = float(cells.x[mine[0]]), float(cells.y[mine[0]])
            box = np.array([cx - half, cy - half, cx + half, cy + half])
            part = float(shapely.area(shape & shapely.box(*box))) / cells.cell_m**2
            if least_part <= part < 1.0:
                at_x[mine], at_y[mine] = _spot(shape, box)
    return at_x, at_y


def _at(place: Ints, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return np.append(x, np.nan)[place], np.append(y, np.nan)[place]


def _address_problems(x: Floats, y: Floats, weight: Floats) -> list[tuple[str, str]]:
    problems = []
    if not x.size == y.size == weight.size:
        problems.append(
            ("shapes", "Every address needs an easting and a northing, and every population cell a number.")
        )
    if not bool(np.isfinite(x).all() and np.isfinite(y).all()):
        problems.append(("coordinates", "An address has no finite coordinates. Leave it out."))
    if not bool(((weight >= 0) & (weight % 1 == 0)).all()):
        problems.append(("people", "Numbers of people must be whole, 0 or more."))
    return problems


def _area_of(x: Floats, y: Floats, areas: tuple[tuple[str, Any], ...]) -> Ints:
    """Return which area each place is in; on a border the first by code; −1 for none."""
    home = np.full(x.size, -1, dtype=np.int64)
    for k, (_, shape) in enumerate(areas):
        free = np.flatnonzero((home < 0) & np.isfinite(x) & np.isfinite(y))
        shapely.prepare(shape)
        home[free[shapely.intersects_xy(shape, x[free], y[free])]] = k
    return home


def _points_of(x: Floats, y: Floats, weight: Floats, area: Any, least: int) -> tuple[Floats, Floats, Floats, float]:
    """Return boxes, points, what they stand for and the distance moved in all, for one area."""
    boxes, catchment = split(x, y, weight, least)
    at = np.array([_spot(area, box) for box in boxes], dtype=np.float64).reshape(-1, 2)
    held = np.bincount(catchment[catchment >= 0], weights=weight[catchment >= 0], minlength=len(boxes))
    stands_for: Floats = held.astype(np.float64)
    if not len(boxes):
        return boxes, at, stands_for, 0.0
    moved = np.hypot(x - at[catchment, 0], y - at[catchment, 1]) * weight
    return boxes, at, stands_for, float(moved.sum())


def _spot(area: Any, box: Floats) -> tuple[float, float]:
    """Return a spot within the ground of a catchment: its centre if it can be, in whole metres if they can."""
    west, south, east, north = area.bounds
    ground = area & shapely.box(max(box[0], west), max(box[1], south), min(box[2], east), min(box[3], north))
    centre = ground.centroid
    spot = centre if ground.covers(centre) else ground.representative_point()
    whole = shapely.Point(round(spot.x), round(spot.y))
    best = whole if ground.covers(whole) else spot
    return float(best.x), float(best.y)
