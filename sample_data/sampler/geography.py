"""Six adjoining authorities on the British National Grid, who lives where, and the buildings that matter.

All in whole metres and whole-number arithmetic, so that a point is on the same side of a border everywhere.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import isqrt

from sampler.draw import Draw

Point = tuple[int, int]
WEST, EAST, SOUTH, TOP, MIDDLE = 430_000, 454_000, 331_000, 347_000, 339_000
JUNCTIONS = {"a|b": 438_000, "d|e": 441_500, "b|c": 446_000, "e|f": 449_500}
"""Where the borders between neighbours meet the long border through the middle; staggered: three meet, never four."""

TOWNS: tuple[Point, ...] = (
    (433_600, 343_200),
    (441_900, 344_100),
    (450_300, 342_900),
    (434_700, 334_800),
    (444_800, 333_600),
    (452_000, 333_900),
    (438_000, 339_000),
    (446_000, 339_000),
    (449_500, 335_200),
)
"""One town in each authority and three that grew across a border."""


@dataclass(frozen=True)
class Land:
    """The polygons (closed rings, anticlockwise from the south-west) and the population of each 200 m square."""

    rings: dict[str, tuple[Point, ...]]
    squares: tuple[tuple[int, int, str, int], ...]
    """Easting and northing of the south-west corner, authority, population."""


def wobble(draw: Draw, start: Point, end: Point, pieces: int) -> list[Point]:
    """Return a border line from ``start`` up to, not including, ``end``; inner points wander sideways."""
    line = [start]
    upright = start[0] == end[0]
    for i in range(1, pieces):
        x = start[0] + (end[0] - start[0]) * i // pieces
        y = start[1] + (end[1] - start[1]) * i // pieces
        sway = draw.bell(220)
        line.append((x + sway, y) if upright else (x, y + sway))
    return line


def borders(draw: Draw) -> dict[str, tuple[Point, ...]]:
    """Return the ring of each authority; neighbours share every point of their common border."""
    xs = [WEST, *sorted(JUNCTIONS.values()), EAST]
    middle = [wobble(draw, (a, MIDDLE), (b, MIDDLE), 4) for a, b in itertools.pairwise(xs)]
    up = {k: wobble(draw, (x, MIDDLE), (x, TOP), 6) for k, x in JUNCTIONS.items() if k in ("a|b", "b|c")}
    down = {k: wobble(draw, (x, MIDDLE), (x, SOUTH), 6) for k, x in JUNCTIONS.items() if k in ("d|e", "e|f")}

    def along(first: int, last: int) -> list[Point]:
        return [p for piece in middle[first:last] for p in piece] + [(xs[last], MIDDLE)]

    def north(first: int, last: int, left: list[Point], right: list[Point]) -> list[Point]:
        return [*along(first, last), *right[1:], (xs[last], TOP), (xs[first], TOP), *left[:0:-1]]

    def south(first: int, last: int, left: list[Point], right: list[Point]) -> list[Point]:
        return [(xs[first], SOUTH), (xs[last], SOUTH), *right[:0:-1], *along(first, last)[::-1], *left[1:]]

    rings = {
        "aldermere": north(0, 1, [], up["a|b"]),
        "brackenfold": north(1, 3, up["a|b"], up["b|c"]),
        "carrowdale": north(3, 5, up["b|c"], []),
        "dunmarsh": south(0, 2, [], down["d|e"]),
        "eskerby": south(2, 4, down["d|e"], down["e|f"]),
        "farrowick": south(4, 5, down["e|f"], []),
    }
    return {code: (*ring, ring[0]) for code, ring in rings.items()}


def inside(ring: tuple[Point, ...], x: int, y: int) -> bool:
    """Return whether a point lies in a ring, in exact arithmetic; a shared border belongs to one side only."""
    crossed = False
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        if (y1 > y) != (y2 > y):
            across = (x - x1) * (y2 - y1) - (y - y1) * (x2 - x1)
            crossed ^= (across < 0) == (y2 > y1)
    return crossed


def authority_at(rings: dict[str, tuple[Point, ...]], x: int, y: int) -> str:
    """Return the authority a point lies in; empty outside them all."""
    return next((code for code, ring in rings.items() if inside(ring, x, y)), "")


def people_at(x: int, y: int) -> int:
    """Return how many people live in the 200 m square centred there: open country and towns that thin outwards."""
    per_km2 = 250 + sum(max(0, 4800 - 8 * isqrt((x - tx) ** 2 + (y - ty) ** 2) // 5) for tx, ty in TOWNS)
    return per_km2 // 25


def make_land(draw: Draw) -> Land:
    """Return the polygons and the population."""
    rings = borders(draw)
    squares = []
    for x in range(WEST, EAST, 200):
        for y in range(SOUTH, TOP, 200):
            squares.append((x, y, authority_at(rings, x + 100, y + 100), people_at(x + 100, y + 100)))
    return Land(rings, tuple(squares))


def population_rows(land: Land) -> list[dict[str, object]]:
    """Return people by 1 km cell and authority; a cell on a border has a row for each side."""
    totals: dict[tuple[int, int, str], int] = {}
    for x, y, authority, people in land.squares:
        key = (x // 1000 * 1000, y // 1000 * 1000, authority)
        totals[key] = totals.get(key, 0) + people
    return [
        {"easting": x, "northing": y, "cell_m": 1000, "authority": a, "population": n}
        for (x, y, a), n in sorted(totals.items())
    ]


BUILDINGS: tuple[tuple[str, str, str, Point, bool], ...] = (
    ("B1", "Larch House", "children's home", (451_900, 345_200), True),
    ("B2", "Hazel House", "children's home", (432_300, 332_600), True),
    ("B3", "Orchard Vale High", "school", (442_600, 343_500), False),
    ("B4", "Refuge", "refuge", (445_700, 334_500), True),
)
"""The first home has an excess of violence around it, the second has none. Homes and the refuge are protected."""


def areas_geojson(land: Land) -> dict[str, object]:
    """Return the authorities as GeoJSON in British National Grid, said so in the (older) ``crs`` member."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": code.title()},
            "geometry": {"type": "Polygon", "coordinates": [[list(p) for p in ring]]},
        }
        for code, ring in land.rings.items()
    ]
    return collection("areas", features)


def buildings_geojson() -> dict[str, object]:
    """Return the buildings as GeoJSON in British National Grid."""
    features = [
        {
            "type": "Feature",
            "properties": {"id": i, "name": n, "kind": kind, "protected": protected},
            "geometry": {"type": "Point", "coordinates": list(point)},
        }
        for i, n, kind, point, protected in BUILDINGS
    ]
    return collection("buildings", features)


def collection(title: str, features: list[dict[str, object]]) -> dict[str, object]:
    """Return a GeoJSON feature collection that states its coordinate system."""
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return {"type": "FeatureCollection", "name": title, "crs": crs, "features": features}
