"""Which area a point lies in, compiled: cells that no border crosses answer at once, others count crossings.

A sign that rounding could have turned is no answer: such points, among them all that lie on a line, come back as
``ASK`` and are looked up by exact geometry. So no point is ever assigned differently.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.compiled_tools import jit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Bools = NDArray[np.bool_]

ASK: Final = -2
REF_X: Final = 0.4871  # where in a cell its own point lies: off the middle, where drawn lines like to run
REF_Y: Final = 0.5237
_MARGIN = 1e-6  # of a cell's side, by which cells overlap when lines are laid on them: far more than rounding
_SIGN = 3.3306690738754716e-16  # Shewchuk 1997, Discrete & Computational Geometry 18, 305-363: (3 + 16ε)ε


class Lattice(NamedTuple):
    """Square cells: ``rows`` of ``columns``, from the south-west corner on."""

    x: float
    y: float
    side: float
    columns: int
    rows: int


class Lines(NamedTuple):
    """What stands in a cell: ``label`` is an area (−1 none), or −2 − m for cell m of those with lines.

    Cell m has the area ``whole`` where no own line crosses it, and entries from ``first_entry[m]`` on, by area: whether
    its own point is inside that area, and lines from ``first_line`` on, each from (ax, ay) to (bx, by).
    """

    label: Rows
    whole: Rows
    first_entry: Ints
    area: Rows
    inside: Bools
    first_line: Ints
    line: Floats


@jit
def crossed_cells(line: Floats, lattice: Lattice, cell: Ints, of: Ints) -> int:
    """Write each cell that a line may touch, and the line; return how many, though no more than fit are written."""
    n, margin = 0, _MARGIN * lattice.side
    for i in range(line.shape[0]):
        ax, ay, bx, by = line[i, 0] - lattice.x, line[i, 1] - lattice.y, line[i, 2] - lattice.x, line[i, 3] - lattice.y
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        first = max(int(np.floor((ay - margin) / lattice.side)), 0)
        last = min(int(np.floor((by + margin) / lattice.side)), lattice.rows - 1)
        for row in range(first, last + 1):
            low, high = max(row * lattice.side - margin, ay), min((row + 1) * lattice.side + margin, by)
            if by > ay:
                slope = (bx - ax) / (by - ay)
                at_low, at_high = ax + (low - ay) * slope, ax + (high - ay) * slope
            else:
                at_low, at_high = ax, bx
            west, east = min(at_low, at_high), max(at_low, at_high)
            left = max(int(np.floor((west - margin) / lattice.side)), 0)
            right = min(int(np.floor((east + margin) / lattice.side)), lattice.columns - 1)
            for column in range(left, right + 1):
                if n < cell.size:
                    cell[n], of[n] = row * lattice.columns + column, i
                n += 1
    return n


@jit
def fill_runs(first: Ints, last: Ints, area: Ints, whole: Rows) -> None:
    """Write the least area into every cell from ``first`` to ``last`` of each run."""
    for i in range(first.size):
        for cell in range(first[i], last[i] + 1):
            if whole[cell] < 0 or area[i] < whole[cell]:
                whole[cell] = area[i]


@jit
def _side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return 1 or −1 for the side of the line that a point is surely on, 0 where rounding leaves it open."""
    one, other = (ax - px) * (by - py), (ay - py) * (bx - px)
    if abs(one - other) <= _SIGN * (abs(one) + abs(other)):
        return 0
    return 1 if one > other else -1


@jit
def find(x: Floats, y: Floats, lattice: Lattice, lines: Lines) -> Ints:
    """Return the area of each point, −1 for none, ``ASK`` where exact geometry must tell."""
    out = np.empty(x.size, dtype=np.int64)
    width, height = lattice.columns * lattice.side, lattice.rows * lattice.side
    for i in range(x.size):
        east, north = x[i] - lattice.x, y[i] - lattice.y
        out[i] = -1
        if not (east >= 0.0 and north >= 0.0 and east < width and north < height):
            continue
        column = min(int(east / lattice.side), lattice.columns - 1)
        row = min(int(north / lattice.side), lattice.rows - 1)
        label = lines.label[row * lattice.columns + column]
        if label >= -1:
            out[i] = label
            continue
        ref_x, ref_y = lattice.x + (column + REF_X) * lattice.side, lattice.y + (row + REF_Y) * lattice.side
        out[i] = _in_cell(x[i], y[i], ref_x, ref_y, -2 - label, lines)
    return out


@jit
def _in_cell(x: float, y: float, ref_x: float, ref_y: float, m: int, lines: Lines) -> int:
    """Return the first area by number that holds a point of cell m: lines between it and the cell's own point count."""
    whole = lines.whole[m]
    for entry in range(lines.first_entry[m], lines.first_entry[m + 1]):
        if 0 <= whole < lines.area[entry]:
            break
        inside = lines.inside[entry]
        for k in range(lines.first_line[entry], lines.first_line[entry + 1]):
            ax, ay, bx, by = lines.line[k, 0], lines.line[k, 1], lines.line[k, 2], lines.line[k, 3]
            a, b = _side(ref_x, ref_y, x, y, ax, ay), _side(ref_x, ref_y, x, y, bx, by)
            if a * b > 0:
                continue
            ref, point = _side(ax, ay, bx, by, ref_x, ref_y), _side(ax, ay, bx, by, x, y)
            if ref * point > 0:
                continue
            if a * b * ref * point == 0:
                return ASK
            inside = not inside
        if inside:
            return int(lines.area[entry])
    return int(whole)
