"""Buildings checked, the events near each, and how much of each authority's people lie in each band around it.

Bands are half-open; a building's own address is apart. Methods: places, section 5.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.crs import crs_problems, to_grid
from riskshare.places.strata import Ground

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[np.object_]

NO_KIND: Final = "not stated"
_SEGMENTS: Final = 64
"""Sides of a quarter circle: a band's ground is then right to a ten-thousandth."""
_UNPROTECTED: Final = ("false", "no", "0", "0.0")


@dataclass(frozen=True, slots=True, repr=False)
class Buildings:
    """Buildings in British National Grid metres, in order of id; arrays of one length.

    ``protected`` is True where a table does not say otherwise: silence must not unmask a refuge. ``notes`` say what
    was assumed, by number and never by name.
    """

    id: Shapes
    name: Shapes
    kind: Shapes
    protected: NDArray[np.bool_]
    shape: Shapes
    notes: tuple[str, ...]

    def __len__(self) -> int:
        """Return how many."""
        return int(self.id.size)

    def __repr__(self) -> str:
        """Return how many; never which or where."""
        return f"Buildings({len(self):,})"

    def take(self, which: NDArray[np.bool_]) -> Buildings:
        """Return some of the buildings."""
        return Buildings(
            self.id[which], self.name[which], self.kind[which], self.protected[which], self.shape[which], self.notes
        )


@dataclass(frozen=True, slots=True, repr=False)
class Pairs:
    """Building, event and the metres between them, for every pair nearer than the outermost band ends."""

    building: Ints
    event: Ints
    distance_m: Floats

    def __repr__(self) -> str:
        """Return how many."""
        return f"Pairs({self.building.size:,})"

    def take(self, which: NDArray[np.bool_]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.building[which], self.event[which], self.distance_m[which])


def check_buildings(frame: gpd.GeoDataFrame) -> Buildings:
    """Return buildings that can be used.

    Parameters
    ----------
    frame : GeoDataFrame
        ``id`` (unique), points or outlines in any stated reference system, and optionally ``name``, ``kind`` and
        ``protected``. Distances to an outline run from its edge.

    Raises
    ------
    PlaceError
        With every problem, by row number: not a GeoDataFrame, no rows, no ``id``, blank or repeated ids, missing or
        unusable geometry, no or unlikely reference system.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        hint = "buildings must be a GeoDataFrame with id, name, kind, protected and geometry."
        raise PlaceError([PlaceProblem("not_buildings", hint)])
    problems = [*_problems(frame), *crs_problems(frame, "The buildings")]
    if problems:
        raise PlaceError(problems)
    moved, projection = to_grid(frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame)
    order = np.argsort(moved["id"].astype(str).to_numpy(dtype=object), kind="stable")
    moved = moved.iloc[order]
    protected, notes = _protected(moved)
    if projection.note:
        notes.append(f"Buildings: {projection.note}")
    if "kind" not in moved:
        notes.append("no column `kind`: all buildings are compared with each other")
    return Buildings(
        _texts(moved, "id", ""), _texts(moved, "name", ""), _texts(moved, "kind", NO_KIND), protected,
        np.asarray(moved.geometry.to_numpy(), dtype=object), tuple(notes),
    )  # fmt: skip


def _problems(frame: gpd.GeoDataFrame) -> list[PlaceProblem]:
    if len(frame) == 0:
        return [PlaceProblem("no_buildings", "There are no buildings. Give at least one.")]
    found = []
    if "id" not in frame:
        found.append(PlaceProblem("no_building_id", "Buildings need a column `id`, one of its own for each."))
    else:
        ids = frame["id"]
        blank = (ids.isna() | (ids.astype(str).str.strip() == "")).to_numpy(dtype=np.bool_)
        tests = ((blank, "blank_building_id", "has no id"), (_again(ids), "duplicate_building_id", "repeats an id"))
        found += [_row_problem(which, code, what) for which, code, what in tests if which.any()]
    shapes = frame.geometry.to_numpy()
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    usable = np.isin(shapely.get_type_id(shapes), (0, 3, 6)) & shapely.is_valid(shapes)
    tests = (
        (missing, "building_without_place", "has no geometry"),
        (~missing & ~usable, "building_shape", "is no point and no sound outline"),
    )
    return found + [_row_problem(which, code, what) for which, code, what in tests if which.any()]


def _again(ids: pd.Series[Any]) -> NDArray[np.bool_]:
    return (ids.astype(str).duplicated() & ids.notna()).to_numpy(dtype=np.bool_)


def _row_problem(which: NDArray[np.bool_], code: str, what: str) -> PlaceProblem:
    rows = ", ".join(str(row + 1) for row in np.flatnonzero(which)[:5])
    return PlaceProblem(code, f"{int(which.sum()):,} buildings: each {what}. Mend or remove them; see rows {rows}.")


def _texts(frame: gpd.GeoDataFrame, name: str, default: str) -> Shapes:
    if name not in frame:
        return np.full(len(frame), default, dtype=object)
    column = frame[name]
    return np.asarray(column.astype(object).where(column.notna(), default).astype(str).to_numpy(), dtype=object)


def _protected(frame: gpd.GeoDataFrame) -> tuple[NDArray[np.bool_], list[str]]:
    if "protected" not in frame:
        return np.ones(len(frame), dtype=np.bool_), ["no column `protected`: every building is taken as protected"]
    said = frame["protected"].astype(object)
    open_to_all = said.notna() & said.astype(str).str.strip().str.lower().isin(_UNPROTECTED)
    return ~open_to_all.to_numpy(dtype=np.bool_), []


def find_pairs(buildings: Buildings, x: Floats, y: Floats, reach_m: float) -> Pairs:
    """Return every building and event less than ``reach_m`` metres apart, by building, then event."""
    events = shapely.points(x, y)
    tree = shapely.STRtree(events)
    building, event = tree.query(buildings.shape, predicate="dwithin", distance=reach_m)
    distance = shapely.distance(buildings.shape[building], events[event])
    inside = distance < reach_m
    building, event, distance = building[inside], event[inside], distance[inside]
    order = np.lexsort((event, building))
    return Pairs(building[order].astype(np.int64), event[order].astype(np.int64), distance[order])


def bands_around(
    buildings: Buildings, ground: Ground, weights: tuple[csr_array, ...], edges_m: Floats
) -> tuple[Floats, ...]:
    """Return how much of each weight lies in each band around each building, by area.

    Parameters
    ----------
    buildings : Buildings
    ground : Ground
    weights : tuple of scipy sparse arrays, shape (areas, cells)
        Such as people, and ground in cells. A cell's weight is spread evenly over each area's part of it.
    edges_m : numpy.ndarray of float64, shape (bands + 1,)
        Rising distances, the first 0 or more.

    Returns
    -------
    tuple of numpy.ndarray of float64, shape (buildings, bands, areas)
        In order of ``weights``.
    """
    parts = ground.shares.tocsc()
    dense = [weight.tocsc() for weight in weights]
    out = tuple(np.zeros((len(buildings), edges_m.size - 1, len(ground.areas.codes))) for _ in weights)
    for number, shape in enumerate(buildings.shape):
        cells = _cells_near(ground, shape, float(edges_m[-1]))
        area, cell, piece, size = _pieces(ground, parts, cells)
        within = np.zeros((edges_m.size, cell.size))
        for place, edge in enumerate(edges_m.tolist()):
            disc = shapely.buffer(shape, edge, quad_segs=_SEGMENTS) if edge > 0 else shape
            shapely.prepare(disc)
            within[place] = shapely.area(shapely.intersection(disc, piece)) / size
        for table, weight in zip(out, dense, strict=True):
            held = np.asarray(weight[area, cell]).ravel() if cell.size else np.zeros(0)
            for band in range(edges_m.size - 1):
                share = np.maximum(within[band + 1] - within[band], 0.0)
                np.add.at(table[number, band], area, share * held)
    return out


def _cells_near(ground: Ground, shape: shapely.Geometry, reach_m: float) -> Ints:
    grid = ground.grid
    west, south, east, north = shapely.bounds(shape)
    cols = np.arange((west - reach_m) // grid.cell_m, (east + reach_m) // grid.cell_m + 1).astype(np.int64) - grid.col
    rows = np.arange((south - reach_m) // grid.cell_m, (north + reach_m) // grid.cell_m + 1).astype(np.int64) - grid.row
    cols, rows = cols[(cols >= 0) & (cols < grid.n_cols)], rows[(rows >= 0) & (rows < grid.n_rows)]
    return (rows[:, None] * grid.n_cols + cols[None, :]).ravel()


def _pieces(ground: Ground, parts: Any, cells: Ints) -> tuple[Ints, Ints, Shapes, Floats]:
    """Return (area, cell, its ground, square metres) for each area's part of each cell."""
    count = np.diff(parts.indptr)[cells]
    cell = np.repeat(cells, count)
    first = np.repeat(parts.indptr[cells], count)
    place = first + np.arange(cell.size) - np.repeat(np.cumsum(count) - count, count)
    area, share = parts.indices[place].astype(np.int64), parts.data[place]
    piece = ground.grid.squares(cell)
    # Only cells on a line need the costly intersection.
    edge = share < 1.0
    piece[edge] = shapely.intersection(piece[edge], ground.areas.geometries[area[edge]])
    return area, cell, piece, share * float(ground.grid.cell_m) ** 2
