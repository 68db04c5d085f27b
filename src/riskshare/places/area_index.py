"""Areas laid on a lattice of cells, to look points up in them: most cells lie in one area and need no geometry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PAYS_POINTS: Final = 2_000_000
"""From so many points on an index is worth making for one question (``docs/decisions/0020``)."""
MOST_CELLS: Final = 1 << 22
"""Cells of the lattice at most: 16 MiB."""
_CELLS_A_LINE: Final = 8  # about half of all cells are then free of lines where areas are small


@dataclass(frozen=True, slots=True, repr=False)
class AreaIndex:
    """Areas on a lattice, and the tree of their polygons for the points that the lattice leaves open.

    Make it once with `index_areas` and keep it for as long as the areas stand.
    """

    lattice: Any = field(compare=False)
    lines: Any = field(compare=False)
    tree: shapely.STRtree = field(compare=False)

    def __repr__(self) -> str:
        """Return how many areas and cells."""
        return f"AreaIndex({len(self.tree.geometries):,} areas, {self.lines.label.size:,} cells)"

    def find(self, x: Floats, y: Floats) -> Ints:
        """Return which area each point lies in, −1 for none; on a line the first of its areas.

        Parameters
        ----------
        x, y : numpy.ndarray of float64, shape (n,)
            In the unit of the areas. NaN lies nowhere.

        Returns
        -------
        numpy.ndarray of int64, shape (n,)
            As `look_up`, point by point; empty for no point.
        """
        from riskshare.kernels import compiled_areas as twin

        found = twin.find(np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64),
                          self.lattice, self.lines)  # fmt: skip
        asked = np.flatnonzero(found == twin.ASK)
        found[asked] = look_up(self.tree, x[asked], y[asked])
        return found


def look_up(tree: shapely.STRtree, x: Floats, y: Floats) -> Ints:
    """Return which polygon of a tree each point lies in by exact geometry, −1 for none; on a line the first of them."""
    found = np.full(x.size, -1, dtype=np.int64)
    point, area = tree.query(shapely.points(x, y), predicate="intersects")
    order = np.lexsort((-area, point))
    found[point[order]] = area[order]
    return found


def index_areas(geometries: NDArray[np.object_], *, most_cells: int = MOST_CELLS) -> AreaIndex:
    """Return an index of polygons that points can be looked up in, many millions a second.

    Parameters
    ----------
    geometries : numpy.ndarray of shapely polygons or multipolygons, shape (areas,)
        Valid, such as ``Areas.geometries``.
    most_cells : int
        Cells of the lattice at most; more is faster to ask and slower to make.

    Returns
    -------
    AreaIndex

    Raises
    ------
    ModuleNotFoundError
        If numba (extra ``fast``) is not installed.

    Notes
    -----
    Lines are laid on the cells they touch; whether the point of a cell is inside an area, and whether a stretch of
    cells between two lines is, is asked of exact geometry once.
    """
    from riskshare.kernels.twins import chosen

    chosen(True, 0, 0)
    from riskshare.kernels import compiled_areas as twin

    line, of_area = _lines(geometries)
    lattice = _lattice(geometries, min(most_cells, _CELLS_A_LINE * max(len(line), 1 << 12)))
    cell, number = _crossed(line, lattice)
    key = cell * len(geometries) + of_area[number]
    order = np.argsort(key, kind="stable")
    first_line = np.append(np.flatnonzero(np.diff(key[order], prepend=-1)), key.size)
    entry_cell, area = np.divmod(key[order][first_line[:-1]], len(geometries))
    shapely.prepare(geometries)
    inside = _holds(geometries, area, entry_cell, lattice)
    whole = np.full(lattice.columns * lattice.rows, -1, dtype=np.int32)
    twin.fill_runs(*_runs(geometries, area, entry_cell, lattice), whole)
    first_entry = np.append(np.flatnonzero(np.diff(entry_cell, prepend=-1)), area.size)
    mixed = entry_cell[first_entry[:-1]]
    label = whole.copy()
    label[mixed] = -2 - np.arange(mixed.size)
    lines = twin.Lines(label, whole[mixed], first_entry, area.astype(np.int32), inside, first_line, line[number[order]])
    return AreaIndex(lattice, lines, shapely.STRtree(geometries))


def _lines(geometries: NDArray[np.object_]) -> tuple[Floats, Ints]:
    """Return the lines of all rings, (lines, 4), and the area of each."""
    parts, area_of_part = shapely.get_parts(geometries, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    along = np.flatnonzero(ring[1:] == ring[:-1])
    return np.hstack((points[along], points[along + 1])), area_of_part[part_of_ring][ring[along]].astype(np.int64)


def _lattice(geometries: NDArray[np.object_], n_cells: int) -> Any:
    from riskshare.kernels.compiled_areas import Lattice

    west, south, east, north = (float(edge) for edge in shapely.total_bounds(geometries))
    wide, high = east - west, north - south
    side = max(np.sqrt(wide * high / n_cells), max(wide, high) / n_cells)
    # Half a cell is kept free around all, so that nothing beyond the lattice can lie in an area.
    columns, rows = (int(length / side) + 2 for length in (wide, high))
    return Lattice(west - 0.5 * side, south - 0.5 * side, side, columns, rows)


def _crossed(line: Floats, lattice: Any) -> tuple[Ints, Ints]:
    from riskshare.kernels import compiled_areas as twin

    size = twin.crossed_cells(line, lattice, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    cell, number = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    twin.crossed_cells(line, lattice, cell, number)
    return cell, number


def _holds(geometries: NDArray[np.object_], area: Ints, cell: Ints, lattice: Any) -> NDArray[np.bool_]:
    """Return whether the area holds the cell's own point."""
    from riskshare.kernels.compiled_areas import REF_X, REF_Y

    row, column = np.divmod(cell, lattice.columns)
    x, y = lattice.x + (column + REF_X) * lattice.side, lattice.y + (row + REF_Y) * lattice.side
    return np.asarray(shapely.intersects_xy(geometries[area], x, y), dtype=np.bool_)


def _runs(geometries: NDArray[np.object_], area: Ints, cell: Ints, lattice: Any) -> tuple[Ints, Ints, Ints]:
    """Return stretches of a row without a line of an area, between two cells with one, that lie inside the area."""
    order = np.lexsort((cell, area))
    a, c = area[order], cell[order]
    row = c // lattice.columns
    gap = np.flatnonzero((a[1:] == a[:-1]) & (row[1:] == row[:-1]) & (c[1:] > c[:-1] + 1))
    first, last, of = c[gap] + 1, c[gap + 1] - 1, a[gap]
    within = _holds(geometries, of, first, lattice)
    return first[within], last[within], of[within]
