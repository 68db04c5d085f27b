"""The authorities' areas: checked, and how much of every cell each of them holds. Methods: places, section 5.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.kernels.twins import chosen
from riskshare.places.area_index import PAYS_POINTS, index_areas, look_up
from riskshare.places.crs import Projection, crs_problems, to_grid
from riskshare.places.grid import Grid

OVERLAP_TOLERANCE: Final = 0.001
"""Proposal: share of an area that digitising slivers may overlap a neighbour by."""


@dataclass(frozen=True, slots=True, repr=False)
class Areas:
    """Authorities' areas in British National Grid metres, in order of code.

    ``frame`` has columns code, name, geometry. ``projection`` says how they came to be in metres.
    """

    frame: gpd.GeoDataFrame
    projection: Projection

    @property
    def codes(self) -> tuple[str, ...]:
        """The authorities' codes."""
        return tuple(self.frame["code"].tolist())

    @property
    def geometries(self) -> NDArray[np.object_]:
        """Their polygons."""
        return np.asarray(self.frame.geometry.to_numpy(), dtype=object)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Their extent: west, south, east and north, in metres."""
        west, south, east, north = (float(edge) for edge in self.frame.total_bounds)
        return west, south, east, north

    def __repr__(self) -> str:
        """Return how many."""
        return f"Areas({len(self.frame)} authorities)"


def check_areas(frame: gpd.GeoDataFrame) -> Areas:
    """Return areas that can be used.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns ``code`` (unique), ``geometry`` (polygons) and optionally ``name``; any stated reference system.

    Raises
    ------
    PlaceError
        With every problem: not a GeoDataFrame, no ``code``, blank or duplicate codes, empty, missing or crossed
        geometry, lines or points, no or unlikely coordinates, areas that overlap.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        raise PlaceError(
            [PlaceProblem("not_areas", "areas must be a GeoDataFrame; read one with geopandas.read_file.")]
        )
    problems = [*_code_problems(frame), *_shape_problems(frame), *crs_problems(frame, "The areas")]
    if problems:
        raise PlaceError(problems)
    kept = frame.assign(code=frame["code"].astype(str), name=_names(frame))[["code", "name", frame.geometry.name]]
    kept = kept.rename_geometry("geometry") if kept.geometry.name != "geometry" else kept
    moved, projection = to_grid(kept.sort_values("code", kind="stable").reset_index(drop=True))
    problems = _overlaps(moved)
    if problems:
        raise PlaceError(problems)
    return Areas(moved, projection)


def _names(frame: gpd.GeoDataFrame) -> list[str]:
    return [str(name) for name in (frame["name"] if "name" in frame else frame["code"])]


def _code_problems(frame: gpd.GeoDataFrame) -> list[PlaceProblem]:
    if len(frame) == 0:
        return [PlaceProblem("no_areas", "There are no areas. Give the polygon of every authority that takes part.")]
    if "code" not in frame:
        return [PlaceProblem("no_code", "Areas need a column `code`, the authority's code as agreed.")]
    codes = frame["code"]
    found = []
    if codes.isna().any() or (codes.astype(str).str.strip() == "").any():
        found.append(PlaceProblem("blank_code", "Every area needs a code; some have none."))
    twice = sorted(set(codes[codes.duplicated()].dropna().astype(str)))
    if twice:
        hint = f"These codes stand more than once: {', '.join(twice)}. Join each authority's parts into one geometry."
        found.append(PlaceProblem("duplicate_code", hint))
    return found


def _shape_problems(frame: gpd.GeoDataFrame) -> list[PlaceProblem]:
    shapes = frame.geometry.to_numpy()
    names = frame["code"].astype(str).tolist() if "code" in frame else [str(n) for n in range(1, len(frame) + 1)]
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    kind = shapely.get_type_id(shapes)
    flat = ~missing & ~np.isin(kind, (3, 6))
    crossed = ~missing & ~flat & ~shapely.is_valid(shapes)
    tests = (
        (missing, "empty_geometry", "has no geometry. Remove it or give its polygon"),
        (flat, "not_a_polygon", "is not a polygon. Give the ground it covers"),
        (crossed, "invalid_geometry", "crosses itself. Repair it with shapely.make_valid"),
    )
    return [
        PlaceProblem(code, f"Area {names[place]!r} {what}.")
        for which, code, what in tests
        for place in np.flatnonzero(which)
    ]


def _overlaps(frame: gpd.GeoDataFrame) -> list[PlaceProblem]:
    shapes = frame.geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    size = shapely.area(shapes)
    codes = frame["code"].tolist()
    return [
        PlaceProblem(
            "overlapping_areas",
            f"Areas {codes[one[pair]]!r} and {codes[other[pair]]!r} overlap by {shared[pair] / 10_000:,.0f} hectares, "
            "so an event there has two authorities. Use one set of boundaries of one date.",
        )
        for pair in np.flatnonzero(shared > OVERLAP_TOLERANCE * np.minimum(size[one], size[other]))
    ]


def cell_shares(grid: Grid, areas: Areas) -> csr_array:
    """Return the share of every cell that lies in each area: authorities × cells, sparse, by ground and not by centre.

    Parameters
    ----------
    grid : Grid
    areas : Areas

    Returns
    -------
    scipy.sparse.csr_array of float64
        Each between 0 and 1; a cell's shares add up to at most 1.
    """
    parts = [_shares_of(grid, shape) for shape in areas.geometries]
    data = np.concatenate([share for _, share in parts])
    columns = np.concatenate([cells for cells, _ in parts])
    starts = np.concatenate(([0], np.cumsum([cells.size for cells, _ in parts])))
    return csr_array((data, columns, starts), shape=(len(parts), grid.n_cells))


def _shares_of(grid: Grid, shape: shapely.Geometry) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    west, south, east, north = shapely.bounds(shape)
    west, east = west - grid.shift_east_m, east - grid.shift_east_m
    south, north = south - grid.shift_north_m, north - grid.shift_north_m
    cols = np.arange(int(west // grid.cell_m), int(east // grid.cell_m) + 1) - grid.col
    rows = np.arange(int(south // grid.cell_m), int(north // grid.cell_m) + 1) - grid.row
    cols, rows = cols[(cols >= 0) & (cols < grid.n_cols)], rows[(rows >= 0) & (rows < grid.n_rows)]
    cells = (rows[:, None] * grid.n_cols + cols[None, :]).ravel()
    squares = grid.squares(cells)
    shapely.prepare(shape)
    touched = shapely.intersects(shape, squares)
    cells, squares = cells[touched], squares[touched]
    share = np.ones(cells.size)
    # Only cells on the line need the costly intersection.
    edge = ~shapely.covers(shape, squares)
    share[edge] = shapely.area(shapely.intersection(shape, squares[edge])) / grid.cell_m**2
    some = share > 0
    return cells[some], np.minimum(share[some], 1.0)


def area_of_points(
    areas: Areas, x: NDArray[np.float64], y: NDArray[np.float64], *, compiled: bool | None = None
) -> NDArray[np.int64]:
    """Return which area each point lies in, −1 for none; a point on a line goes to the first of its areas by code.

    ``compiled`` decides on the lattice of ``area_index``, which gives the same answer; None takes it from
    ``PAYS_POINTS`` points on. Keep an index of one's own to ask it again and again.
    """
    if chosen(compiled, x.size, PAYS_POINTS):
        return index_areas(areas.geometries).find(x, y)
    # Recorded points are often snapped to few places: each place is looked up once.
    places, at = np.unique(np.column_stack((x, y)), axis=0, return_inverse=True)
    return look_up(shapely.STRtree(areas.geometries), *places.T)[at.ravel()]


def distance_to_border(areas: Areas, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance in metres from each point to the nearest line between or around areas."""
    lines = shapely.union_all(shapely.boundary(areas.geometries))
    shapely.prepare(lines)
    return np.asarray(shapely.distance(shapely.points(x, y), lines))


def whole(areas: Areas) -> shapely.Geometry:
    """Return the ground of all areas together."""
    return shapely.union_all(areas.geometries)
