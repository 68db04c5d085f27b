"""The table of cells: one line for each that anybody covers. Methods: places, section 5.2."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.places.adjusting import Adjustment
from riskshare.places.crs import BRITISH_GRID
from riskshare.places.hot_cells import HotCells
from riskshare.places.strata import Ground

Floats = NDArray[np.float64]

CELL_COLUMNS: Final = (
    "cell_id", "geometry", "count", "expected", "gi_z", "p", "q", "hot", "hot_after_adjustment", "coverage",
    "looked", "cluster_id", "hot_as_if_alike", "adjustment", "adjusted_stability", "expected_from_people", "need",
    "hot_by_people",
)  # fmt: skip
"""Columns of the cells table (design, section 5), with the events we looked for and the cell's cluster.

Then what other findings say, missing or empty where it was not asked for. ``hot_as_if_alike``: hot if organisations are
compared as though they recorded alike. ``adjustment``: what allowing for recording practice does, in words;
``adjusted_stability``: the share of draws of the offsets in which the cell is hot. ``expected_from_people``: what
people alone lead one to expect around it; ``need``: how many times that ``expected`` is, because of its circumstances;
``hot_by_people``: hot by people alone.
"""


def cells_table(
    ground: Ground, base: Floats, found: HotCells, adjustment: Adjustment | None, looked: NDArray[np.int64],
    label: NDArray[np.int64], by_people: HotCells | None = None, known: NDArray[np.bool_] | None = None,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return covered cells as a table.

    Parameters
    ----------
    ground : Ground
    base : numpy.ndarray of float64, shape (strata, cells)
    found : HotCells
        Without adjustment for recording practice.
    adjustment : Adjustment, optional
        With it.
    looked : numpy.ndarray of int64, shape (cells,)
        Events that enforcement or our own prompting turned up: drawn apart, never counted.
    label : numpy.ndarray of int64, shape (cells,)
        Number of each cell's cluster, −1 for none.
    by_people : HotCells, optional
        By people alone, where covariates were given.
    known : numpy.ndarray of bool, shape (cells,), optional
        Cells of which all covariates are known: of the others nothing is known of need.

    Returns
    -------
    GeoDataFrame
        ``count`` in the cell; ``expected`` in the neighbourhood that decided, missing without significance;
        ``hot_after_adjustment`` missing where no adjustment was asked for; ``coverage`` the share of the cell's ground
        inside the areas.
    """
    cells = np.flatnonzero((base > 0).any(axis=0))
    nothing = np.full(cells.size, np.nan)
    people = nothing if by_people is None else by_people.expected[cells]
    need = found.expected[cells] / np.where(people > 0, people, np.nan)
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
            "hot_after_adjustment": _flags(None if adjustment is None else adjustment.adjusted, cells),
            "coverage": ground.covered[cells],
            "looked": looked[cells],
            "cluster_id": names[label[cells] + 1],
            "hot_as_if_alike": _flags(None if adjustment is None else adjustment.pooled, cells),
            "adjustment": "" if adjustment is None else adjustment.verdict[cells],
            "adjusted_stability": nothing if adjustment is None else adjustment.share[cells],
            "expected_from_people": people,
            "need": need if known is None else np.where(known[cells], need, np.nan),
            "hot_by_people": _flags(by_people, cells),
        }
    )
    table = gpd.GeoDataFrame(frame, geometry=ground.grid.squares(cells), crs=BRITISH_GRID)
    return table[list(CELL_COLUMNS)]


def _flags(found: HotCells | None, cells: NDArray[np.int64]) -> pd.arrays.BooleanArray:
    return pd.array([pd.NA] * cells.size if found is None else found.hot[cells], dtype="boolean")
