"""How many people each cell holds, by authority: what makes a count surprising. Methods: places, section 5.3."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.strata import Ground

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POPULATION_COLUMNS: Final = ("easting", "northing", "cell_m", "population")


def check_population(table: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    """Return a population table that can be used.

    Parameters
    ----------
    table : DataFrame
        ``easting`` and ``northing`` of the south-west corner of each square, its side ``cell_m`` (all metres), its
        ``population`` (residents, workday or footfall: say which in your report) and, where a square straddles a
        border, ``authority``, one line for each.
    codes : tuple of str
        The authorities.

    Returns
    -------
    DataFrame
        The same columns as numbers, with ``area``, the number of the authority or −1 where none is named.

    Raises
    ------
    PlaceError
        With every problem: not a table, missing columns, no lines, figures that are not finite or below 0, sides that
        are not above 0, unknown authorities, nobody anywhere.
    """
    if not isinstance(table, pd.DataFrame) or not set(POPULATION_COLUMNS) <= set(table.columns):
        hint = f"population must be a table with columns {', '.join(POPULATION_COLUMNS)}."
        raise PlaceError([PlaceProblem("not_population", hint)])
    read = pd.DataFrame({name: pd.to_numeric(table[name], errors="coerce") for name in POPULATION_COLUMNS})
    read = read.astype(np.float64).reset_index(drop=True)
    problems = [
        PlaceProblem(
            f"bad_{name}", f"Column `{name}` of the population must be {rule}; see row {int(np.argmax(wrong)) + 1}."
        )
        for name, rule, wrong in _faults(read)
        if wrong.any()
    ]
    area = np.full(len(read), -1, dtype=np.int64)
    if "authority" in table:
        area = pd.Index(codes).get_indexer(pd.Index(table["authority"].astype(str))).astype(np.int64)
        strange = sorted(set(table["authority"].astype(str)[area < 0]))
        if strange:
            hint = f"The population names authorities that are not among the areas: {', '.join(strange[:10])}."
            problems.append(PlaceProblem("unknown_population_authority", hint))
    if not problems and not read["population"].sum() > 0:
        problems.append(PlaceProblem("nobody", "The population is 0 everywhere, so nothing can be expected anywhere."))
    if problems:
        raise PlaceError(problems)
    return read.assign(area=area)


def _faults(read: pd.DataFrame) -> list[tuple[str, str, NDArray[np.bool_]]]:
    columns = {name: read[name].to_numpy(dtype=np.float64) for name in POPULATION_COLUMNS}
    finite = {name: np.isfinite(column) for name, column in columns.items()}
    return [
        ("easting", "a number of metres", ~finite["easting"]),
        ("northing", "a number of metres", ~finite["northing"]),
        ("cell_m", "a number of metres above 0", ~(finite["cell_m"] & (columns["cell_m"] > 0))),
        ("population", "0 or more", ~(finite["population"] & (columns["population"] >= 0))),
    ]


def people_in_cells(population: pd.DataFrame, ground: Ground) -> csr_array:
    """Return how many people of each authority live in each cell (areas × cells, sparse).

    A square's people are spread evenly over the part of it that its authority holds, and over all authorities' parts
    where none is named. People outside every area are nobody's.

    Parameters
    ----------
    population : DataFrame
        From ``check_population``.
    ground : Ground

    Returns
    -------
    scipy.sparse.csr_array of float64
        Its sum is the people of all squares that touch an area.

    Raises
    ------
    PlaceError
        No square touches any.
    """
    square, cell, overlap = overlaps(population, ground)
    shares = ground.shares.tocsc()
    count = np.diff(shares.indptr)[cell]
    at = np.repeat(np.arange(cell.size), count)
    spans = [np.arange(a, b) for a, b in zip(shares.indptr[cell], shares.indptr[cell + 1], strict=True)]
    if not sum(span.size for span in spans):
        hint = "No square of the population lies over an area. Check that both are in National Grid metres."
        raise PlaceError([PlaceProblem("population_elsewhere", hint)])
    place = np.concatenate(spans).astype(np.int64)
    area, room = shares.indices[place].astype(np.int64), overlap[at] * shares.data[place]
    named = population["area"].to_numpy(dtype=np.int64)[square[at]]
    mine = (named < 0) | (named == area)
    at, area, room = at[mine], area[mine], room[mine]
    held = np.bincount(square[at], weights=room, minlength=len(population))
    people = population["population"].to_numpy(dtype=np.float64)[square[at]] * room / held[square[at]]
    table = coo_array((people, (area, cell[at])), shape=ground.shares.shape)
    return csr_array(table)


def overlaps(squares: pd.DataFrame, ground: Ground) -> tuple[Ints, Ints, Floats]:
    """Return (square, cell, square metres they share) for every pair of a table's squares and cells that overlaps.

    ``squares`` has columns ``easting``, ``northing`` and ``cell_m``, as a population does.
    """
    grid = ground.grid
    west = squares["easting"].to_numpy() - grid.shift_east_m - grid.col * grid.cell_m
    south = squares["northing"].to_numpy() - grid.shift_north_m - grid.row * grid.cell_m
    side = squares["cell_m"].to_numpy(dtype=np.float64)
    x, at_x, wide = _spans(west, side, grid.cell_m, grid.n_cols)
    y, at_y, high = _spans(south, side, grid.cell_m, grid.n_rows)
    columns, rows = (
        pd.DataFrame({"square": x, "col": at_x, "wide": wide}),
        pd.DataFrame({"square": y, "row": at_y, "high": high}),
    )
    both = columns.merge(rows, on="square")
    cell = both["row"].to_numpy() * grid.n_cols + both["col"].to_numpy()
    return both["square"].to_numpy(), cell, (both["wide"] * both["high"]).to_numpy(dtype=np.float64)


def _spans(start: Floats, side: Floats, cell_m: int, n: int) -> tuple[Ints, Ints, Floats]:
    """Return (square, column, metres shared) along one axis."""
    first = np.floor(start / cell_m).astype(np.int64)
    last = np.ceil((start + side) / cell_m).astype(np.int64)
    count = last - first
    square = np.repeat(np.arange(start.size), count)
    column = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + first[square]
    low, high = np.maximum(column * cell_m, start[square]), np.minimum((column + 1) * cell_m, (start + side)[square])
    inside = (column >= 0) & (column < n) & (high > low)
    return square[inside], column[inside], (high - low)[inside]


def expected_base(ground_of: Floats, weights: csr_array, raised: Floats | None = None) -> NDArray[Any]:
    """Return what each stratum would count in each cell, up to a factor of its own (strata × cells).

    Parameters
    ----------
    ground_of : numpy.ndarray of float64, shape (strata, areas)
        Share of the period that the stratum covered each area: ``Strata.ground``.
    weights : scipy sparse, shape (areas, cells)
        People, or ground where nobody is known.
    raised : numpy.ndarray of float64, shape (strata, cells), optional
        How many times more than by its people alone is expected there: ``places.covariates``.
    """
    plain = np.asarray((weights.T @ ground_of.T).T, dtype=np.float64)
    return plain if raised is None else plain * raised
