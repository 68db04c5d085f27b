"""Square cells on whole multiples of their size from the origin of the British National Grid.

Two partnerships' grids of one cell size coincide, whatever their areas. Methods: places, section 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_CELLS: Final = 4_000_000
"""Proposal: Great Britain in 250 m cells is 3.7 million of land; more in one grid is a stray point or a slip."""

_SQUARE_M: Final = 100_000
_LETTERS: Final = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # without I
_GRID_EAST, _GRID_NORTH = 700_000, 1_300_000


@dataclass(frozen=True, slots=True)
class Grid:
    """A block of cells: ``n_rows`` × ``n_cols`` of ``cell_m`` metres, the south-west one at (``col``, ``row``).

    A cell takes its west and south edges and not its east and north ones (half-open). Cells are numbered from the
    south-west, eastwards first. A shifted grid, of use only to see whether a finding hangs on where the lines fall, has
    no references of its own.

    Examples
    --------
    >>> grid = Grid(250, 1680, 1560, 2, 3)
    >>> grid.cell_of(np.array([420000.0, 420250.0, 420249.999, 1.0]), np.array([390000.0] * 4)).tolist()
    [0, 1, 0, -1]
    >>> grid.references(np.array([0, 5])).tolist()
    ['SK20009000', 'SK20259050']
    """

    cell_m: int
    col: int
    row: int
    n_cols: int
    n_rows: int
    shift_east_m: float = 0.0
    shift_north_m: float = 0.0

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return self.n_cols * self.n_rows

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, for arrays drawn south up."""
        return self.n_rows, self.n_cols

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """West, south, east and north, in metres."""
        west, south = self.col * self.cell_m, self.row * self.cell_m
        return west, south, west + self.n_cols * self.cell_m, south + self.n_rows * self.cell_m

    def cell_of(self, x: Floats, y: Floats) -> Ints:
        """Return the number of the cell each point lies in; −1 outside the grid."""
        col = np.floor((x - self.shift_east_m) / self.cell_m).astype(np.int64) - self.col
        row = np.floor((y - self.shift_north_m) / self.cell_m).astype(np.int64) - self.row
        inside = (col >= 0) & (col < self.n_cols) & (row >= 0) & (row < self.n_rows)
        return np.where(inside, row * self.n_cols + col, -1)

    def corners(self, cells: Ints) -> tuple[Ints, Ints]:
        """Return easting and northing of the south-west corner of each cell, in metres."""
        return (self.col + cells % self.n_cols) * self.cell_m, (self.row + cells // self.n_cols) * self.cell_m

    def centres(self, cells: Ints) -> tuple[Floats, Floats]:
        """Return easting and northing of the centre of each cell, in metres."""
        east, north = self.corners(cells)
        half = self.cell_m / 2.0
        return (
            np.asarray(east + half + self.shift_east_m, dtype=np.float64),
            np.asarray(north + half + self.shift_north_m, dtype=np.float64),
        )

    def squares(self, cells: Ints) -> NDArray[np.object_]:
        """Return each cell as a shapely polygon."""
        east, north = self.corners(cells)
        west, south = east + self.shift_east_m, north + self.shift_north_m
        return np.asarray(shapely.box(west, south, west + self.cell_m, south + self.cell_m), dtype=object)

    def shifted(self) -> Grid:
        """Return a grid of cells half a cell further south and west, with one more each way: it covers as much."""
        half = self.cell_m / 2.0
        return Grid(self.cell_m, self.col, self.row, self.n_cols + 1, self.n_rows + 1, -half, -half)

    def references(self, cells: Ints) -> NDArray[np.object_]:
        """Return the British National Grid reference of each cell's south-west corner.

        As many figures as the cell size needs: one each way for 10 km cells, five for 5 m. Off the lettered grid the
        reference is the corner in metres.
        """
        east, north = self.corners(cells)
        return grid_references(east, north, figures=_figures(self.cell_m))


def grid_references(east: Ints, north: Ints, *, figures: int) -> NDArray[np.object_]:
    """Return National Grid references with ``figures`` figures each way (0–5), rounded down.

    Source: Ordnance Survey, "A guide to coordinate systems in Great Britain", section 7: 500 km squares lettered S, T,
    N, O, H, each cut into 25 of 100 km lettered A to Z without I, from the north-west.

    Examples
    --------
    >>> grid_references(np.array([384000, 651409]), np.array([398000, 313177]), figures=5).tolist()
    ['SJ8400098000', 'TG5140913177']
    """
    on_grid = (east >= 0) & (north >= 0) & (east < _GRID_EAST) & (north < _GRID_NORTH)
    e, n = east // _SQUARE_M, north // _SQUARE_M
    first = (19 - n) - (19 - n) % 5 + (e + 10) // 5
    second = (19 - n) * 5 % 25 + e % 5
    unit = 10 ** (5 - figures)
    parts = zip(
        on_grid.tolist(), first.tolist(), second.tolist(), (east % _SQUARE_M // unit).tolist(),
        (north % _SQUARE_M // unit).tolist(), east.tolist(), north.tolist(), strict=True,
    )  # fmt: skip
    return np.array(
        [
            f"{_LETTERS[a]}{_LETTERS[b]}{_padded(x, figures)}{_padded(y, figures)}" if good else f"E{east_m}N{north_m}"
            for good, a, b, x, y, east_m, north_m in parts
        ],
        dtype=object,
    )


def _padded(number: int, figures: int) -> str:
    return f"{number:0{figures}d}" if figures else ""


def _figures(cell_m: int) -> int:
    zeros = 0
    while zeros < 5 and cell_m % 10 ** (zeros + 1) == 0:
        zeros += 1
    return 5 - zeros


def grid_over(bounds: tuple[float, float, float, float], cell_m: int, *, max_cells: int = MAX_CELLS) -> Grid:
    """Return the smallest grid that covers an extent.

    Parameters
    ----------
    bounds : tuple of float, metres
        West, south, east, north.
    cell_m : int, metres
        Side of a cell, a whole number from 1.
    max_cells : int
        Most cells allowed.

    Raises
    ------
    PlaceError
        The cell size is not a whole number of metres, the extent is empty or not finite, or there would be too many
        cells: with the count, and the smallest round size that would do.

    Examples
    --------
    >>> grid = grid_over((420010.0, 390000.0, 420490.0, 390500.0), 250)
    >>> grid.shape, grid.bounds
    ((3, 2), (420000, 390000, 420500, 390750))
    """
    if isinstance(cell_m, bool) or not isinstance(cell_m, (int, np.integer)) or cell_m < 1:
        raise PlaceError([PlaceProblem("cell_size", "cell_m must be a whole number of metres, 1 or more.")])
    west, south, east, north = (float(edge) for edge in bounds)
    if not (np.isfinite([west, south, east, north]).all() and west <= east and south <= north):
        raise PlaceError([PlaceProblem("empty_extent", "There is nothing to lay a grid over: give areas with a size.")])
    size = int(cell_m)
    col, row = int(np.floor(west / size)), int(np.floor(south / size))
    grid = Grid(size, col, row, int(np.floor(east / size)) - col + 1, int(np.floor(north / size)) - row + 1)
    if grid.n_cells > max_cells:
        raise PlaceError([_too_large(grid, max_cells)])
    return grid


def _too_large(grid: Grid, max_cells: int) -> PlaceProblem:
    width, height = grid.n_cols * grid.cell_m, grid.n_rows * grid.cell_m
    least = int(np.ceil(np.sqrt(width * height / max_cells)))
    step = 10 ** max(len(str(least)) - 1, 0)
    return PlaceProblem(
        "grid_too_large",
        f"An extent of {width / 1000:,.0f} × {height / 1000:,.0f} km in cells of {grid.cell_m:,} m makes "
        f"{grid.n_cells:,} cells; at most {max_cells:,} are allowed. Look for a stray point or area, or use cells of "
        f"{-(-least // step) * step:,} m.",
    )
