"""Strips of ground along the lines between recording organisations, and placebo strips further in.

Methods: places, section 5.5, "boundary continuity". What lies just across a line is much like what lies just before it;
what is recorded there is recorded by somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from riskshare.places.areas import Areas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[np.object_]

BANDS: Final = 6
"""Strips each side: the first lies at the line, the others give placebo lines 1 to 5 widths inside."""
TOUCHING_M: Final = 1.0
"""Proposal: two areas' lines this near are one line, drawn twice."""
ALONG_BARRIER_M: Final = 50.0
"""Proposal: a line this near to a river, motorway, railway or park runs along it."""
MOSTLY: Final = 0.5
"""Proposal: a piece with this share of its length along a barrier is left out."""


@dataclass(frozen=True, slots=True, repr=False)
class Parts:
    """Where people live, as pieces of ground that each lie in one area with one density (people a square metre)."""

    shape: Shapes
    area: Ints
    density: Floats

    def __repr__(self) -> str:
        """Return how many."""
        return f"Parts({self.area.size:,})"


@dataclass(frozen=True, slots=True, repr=False)
class Strips:
    """Pieces of the lines between organisations, with strips on both sides.

    Attributes
    ----------
    sides : numpy.ndarray of int64, shape (pieces, 2)
        Number of the area on each side.
    organisation : numpy.ndarray of int64, shape (pieces, 2)
        Number of the organisation on each side, the lower first.
    line : numpy.ndarray of shapely lines, shape (pieces,)
    length_m : numpy.ndarray of float64
    barrier : numpy.ndarray of bool
        Runs along a barrier.
    shape : numpy.ndarray of shapely polygons, shape (pieces, 2, BANDS)
    people : numpy.ndarray of float64, shape (pieces, 2, BANDS, areas)
        Pieces of one pair of organisations stand in order along their line.
    """

    sides: Ints
    organisation: Ints
    line: Shapes
    length_m: Floats
    barrier: NDArray[np.bool_]
    shape: Shapes
    people: Floats

    def __len__(self) -> int:
        """Return how many pieces."""
        return int(self.length_m.size)

    def __repr__(self) -> str:
        """Return how many pieces."""
        return f"Strips({len(self)} pieces of border)"


@dataclass(frozen=True, slots=True)
class Cut:
    """How strips are cut: width, how much is left out each side of a line, and the longest piece, all in metres."""

    width_m: float
    snap_m: float
    segment_m: float

    def edges(self, band: int) -> tuple[float, float]:
        """Return how far from the line a strip begins and ends.

        Neighbouring strips are as far apart as the two at the line, so that a placebo line leaves out as much ground.

        >>> Cut(500.0, 50.0, 10_000.0).edges(1)
        (650.0, 1150.0)
        """
        inner = self.snap_m + band * (self.width_m + 2.0 * self.snap_m)
        return inner, inner + self.width_m


def people_parts(population: pd.DataFrame | None, areas: Areas) -> Parts:
    """Return where people live; without a population, the ground itself with a density of 1.

    Parameters
    ----------
    population : DataFrame or None
        From ``riskshare.places.people.check_population``. A square's people are spread evenly over what its authority
        holds of it, over all authorities' ground where none is named.
    areas : Areas
    """
    shapes = areas.geometries
    if population is None:
        return Parts(shapes, np.arange(len(shapes), dtype=np.int64), np.ones(len(shapes)))
    west, south, side = (population[name].to_numpy(dtype=np.float64) for name in ("easting", "northing", "cell_m"))
    squares = shapely.box(west, south, west + side, south + side)
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    square, area = tree.query(squares, predicate="intersects")
    named = population["area"].to_numpy(dtype=np.int64)[square]
    mine = (named < 0) | (named == area)
    square, area = square[mine], area[mine].astype(np.int64)
    pieces = squares[square]
    cut = ~shapely.covers(shapes[area], pieces)
    pieces[cut] = shapely.intersection(shapes[area[cut]], pieces[cut])
    size = shapely.area(pieces)
    held = np.bincount(square, weights=size, minlength=len(population))[square]
    some = size > 0
    people = population["population"].to_numpy(dtype=np.float64)[square]
    return Parts(np.asarray(pieces[some], dtype=object), area[some], people[some] / held[some])


def lay_strips(areas: Areas, organisation: Ints, parts: Parts, cut: Cut, barriers: Shapes | None = None) -> Strips:
    """Return strips along every line between areas of different organisations.

    Parameters
    ----------
    areas : Areas
    organisation : numpy.ndarray of int64, shape (areas,)
        Who records in each area; −1 for nobody.
    parts : Parts
    cut : Cut
    barriers : numpy.ndarray of shapely geometries, optional
        What people do not cross: rivers, motorways, railways, parks.

    Returns
    -------
    Strips
        Without pieces where no two organisations' areas touch. Ground near two pieces belongs to the first of them, in
        order of areas, so that no event counts twice in one strip.
    """
    lines, sides = _pieces(areas, organisation, cut)
    swap = organisation[sides[:, 0]] > organisation[sides[:, 1]]
    sides[swap] = sides[swap][:, ::-1]
    order = _along(lines, organisation[sides])
    lines, sides = lines[order], sides[order]
    shape = _shapes(lines, organisation[sides], _grounds(areas, organisation), cut)
    people = _people(shape, parts, len(areas.codes))
    barrier = _beside(lines, barriers)
    return Strips(sides, organisation[sides], lines, shapely.length(lines), barrier, shape, people)


def _pieces(areas: Areas, organisation: Ints, cut: Cut) -> tuple[Shapes, Ints]:
    shapes = areas.geometries
    tree = shapely.STRtree(shapes)
    near = tree.query(shapes, predicate="dwithin", distance=TOUCHING_M)
    lines: list[shapely.Geometry] = []
    sides: list[tuple[int, int]] = []
    for one, other in sorted(zip(*(side.tolist() for side in near), strict=True)):
        if one >= other or organisation[one] == organisation[other] or min(organisation[one], organisation[other]) < 0:
            continue
        for part in shapely.get_parts(shapely.line_merge(_shared(shapes[one], shapes[other]))):
            # Where areas meet in a corner only, what is near is a stub of the tolerance's length.
            if part.geom_type == "LineString" and part.length > 4.0 * TOUCHING_M:
                found = _cut(part, cut.segment_m)
                lines += found
                sides += [(one, other)] * len(found)
    return _objects(lines), np.array(sides, dtype=np.int64).reshape(-1, 2)


def _shared(one: shapely.Geometry, other: shapely.Geometry) -> shapely.Geometry:
    """Return the line between two areas: what both draw, unless most of it is drawn twice, a little apart.

    The second way reaches round corners by the tolerance, so it is not the first choice.
    """
    exact = shapely.intersection(shapely.boundary(one), shapely.boundary(other))
    near = shapely.intersection(shapely.boundary(one), shapely.buffer(other, TOUCHING_M))
    lines = shapely.union_all([part for part in shapely.get_parts(exact) if part.length > 0])
    return lines if lines.length >= MOSTLY * near.length else near


def _cut(line: shapely.Geometry, longest_m: float) -> list[shapely.Geometry]:
    count = max(int(np.ceil(line.length / longest_m - 1e-9)), 1)
    ends = np.linspace(0.0, line.length, count + 1)
    return [substring(line, start, end) for start, end in pairwise(ends)]


def _objects(shapes: list[shapely.Geometry]) -> Shapes:
    made = np.empty(len(shapes), dtype=object)
    made[:] = shapes
    return made


def _along(lines: Shapes, organisation: Ints) -> Ints:
    """Return an order in which pieces of each pair of organisations follow each other: always on to the nearest."""
    centre = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    order: list[int] = []
    for pair in np.unique(organisation, axis=0):
        left = np.flatnonzero((organisation == pair).all(axis=1)).tolist()
        here = min(left, key=lambda piece: tuple(centre[piece]))
        while left:
            left.remove(here)
            order.append(here)
            if left:
                gaps = np.hypot(*(centre[left] - centre[here]).T)
                here = left[int(np.argmin(gaps))]
    return np.array(order, dtype=np.int64)


def _grounds(areas: Areas, organisation: Ints) -> dict[int, shapely.Geometry]:
    return {
        number: shapely.union_all(areas.geometries[organisation == number])
        for number in sorted(set(organisation.tolist()) - {-1})
    }


def _shapes(lines: Shapes, organisation: Ints, ground: dict[int, shapely.Geometry], cut: Cut) -> Shapes:
    made = np.empty((len(lines), 2, BANDS), dtype=object)
    taken: dict[tuple[int, int], list[shapely.Geometry]] = {}
    for band in range(BANDS):
        inner, outer = cut.edges(band)
        rings = shapely.buffer(lines, outer, cap_style="flat")
        if inner > 0:
            rings = shapely.difference(rings, shapely.buffer(lines, inner, cap_style="flat"))
        for piece, ring in enumerate(rings):
            for side in (0, 1):
                number = int(organisation[piece, side])
                strip = shapely.intersection(ring, ground[number])
                before = taken.setdefault((number, band), [])
                near = [other for other in before if shapely.intersects(other, strip)]
                if near:
                    strip = shapely.difference(strip, shapely.union_all(near))
                before.append(strip)
                made[piece, side, band] = strip
    return made


def _people(shape: Shapes, parts: Parts, n_areas: int) -> Floats:
    flat = shape.ravel()
    tree = shapely.STRtree(parts.shape)
    strip, part = tree.query(flat, predicate="intersects")
    people = shapely.area(shapely.intersection(flat[strip], parts.shape[part])) * parts.density[part]
    place = strip * n_areas + parts.area[part]
    found = np.bincount(place, weights=people, minlength=flat.size * n_areas).astype(np.float64)
    return found.reshape(*shape.shape, n_areas)


def _beside(lines: Shapes, barriers: Shapes | None) -> NDArray[np.bool_]:
    if barriers is None or len(barriers) == 0:
        return np.zeros(len(lines), dtype=np.bool_)
    reach = shapely.buffer(shapely.union_all(barriers), ALONG_BARRIER_M)
    return np.asarray(shapely.length(shapely.intersection(lines, reach)) >= MOSTLY * shapely.length(lines))


def events_in_strips(strips: Strips, x: Floats, y: Floats, organisation: Ints) -> tuple[Ints, Ints]:
    """Return which events lie in which strips, as (event, strip); strips are numbered as ``Strips.shape`` ravels.

    Parameters
    ----------
    strips : Strips
    x, y : numpy.ndarray of float64, metres
    organisation : numpy.ndarray of int64
        Whose ground each event lies on: one on the line itself is counted there only.

    Returns
    -------
    tuple of numpy.ndarray of int64
        An event where two pieces of one band, or two bands of one piece, meet is counted in the first only.
    """
    flat = strips.shape.ravel()
    # Recorded points are often snapped to few places: each place is looked up once.
    places, at = np.unique(np.column_stack((x, y)), axis=0, return_inverse=True)
    tree = shapely.STRtree(shapely.points(places))
    strip, place = tree.query(flat, predicate="intersects")
    order = np.argsort(at.ravel(), kind="stable")
    starts = np.searchsorted(at.ravel()[order], np.arange(len(places) + 1))
    count = (starts[1:] - starts[:-1])[place]
    strip_of = np.repeat(strip, count)
    step = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    event = order[np.repeat(starts[place], count) + step]
    owner = strips.organisation[strip_of // (2 * BANDS), strip_of // BANDS % 2]
    mine = owner == organisation[event]
    event, strip_of = event[mine].astype(np.int64), strip_of[mine].astype(np.int64)
    order = np.lexsort((strip_of, event))
    event, strip_of = event[order], strip_of[order]
    once = np.sort(np.unique(np.column_stack((event, strip_of % BANDS)), axis=0, return_index=True)[1])
    event, strip_of = event[once], strip_of[once]
    once = np.sort(np.unique(np.column_stack((event, strip_of // BANDS)), axis=0, return_index=True)[1])
    return event[once], strip_of[once]
