"""The table of cells: one line for each that anybody covers. Methods: places, section 5.2."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.places.crs import BRITISH_GRID
from riskshare.places.hot_cells import HotCells
from riskshare.places.strata import Ground

Floats = NDArray[np.float64]

CELL_COLUMNS: Final = (
    "cell_id", "geometry", "count", "expected", "gi_z", "p", "q", "hot", "hot_after_adjustment", "coverage",
    "looked", "cluster_id",
)  # fmt: skip
"""Columns of the cells table (design, section 5), with the events we looked for and the cell's cluster."""


def cells_table(
    ground: Ground, base: Floats, found: HotCells, adjusted: HotCells | None, looked: NDArray[np.int64],
    label: NDArray[np.int64],
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return covered cells as a table.

    Parameters
    ----------
    ground : Ground
    base : numpy.ndarray of float64, shape (strata, cells)
    found : HotCells
        Without adjustment for recording practice.
    adjusted : HotCells, optional
        With it.
    looked : numpy.ndarray of int64, shape (cells,)
        Events that enforcement or our own prompting turned up: drawn apart, never counted.
    label : numpy.ndarray of int64, shape (cells,)
        Number of each cell's cluster, −1 for none.

    Returns
    -------
    GeoDataFrame
        ``count`` in the cell; ``expected`` in the neighbourhood that decided, missing without significance;
        ``hot_after_adjustment`` missing where no adjustment was asked for; ``coverage`` the share of the cell's ground
        inside the areas.
    """
    cells = np.flatnonzero((base > 0).any(axis=0))
    after = pd.array([pd.NA] * cells.size, dtype="boolean")
    if adjusted is not None:
        after = pd.array(adjusted.hot[cells], dtype="boolean")
    names = np.array(["", *(f"C{number + 1}" for number in range(int(label.max(initial=-1)) + 1))], dtype=object)
    frame = pd.DataFrame(
        {
            "cell_id": ground.grid.references(cells),
            "count": found.count[cells].astype(np.int64),
            "expected": found.expected[cells],
            "gi_z": found.gi_z[cells],
            "p": found.p[cells],
            "q": found.q[cells],
            "hot": found.hot[cells],
            "hot_after_adjustment": after,
            "coverage": ground.covered[cells],
            "looked": looked[cells],
            "cluster_id": names[label[cells] + 1],
        }
    )
    table = gpd.GeoDataFrame(frame, geometry=ground.grid.squares(cells), crs=BRITISH_GRID)
    return table[list(CELL_COLUMNS)]
