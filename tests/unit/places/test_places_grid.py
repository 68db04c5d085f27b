"""Cells of the National Grid: where they fall, what they are called, and grids nobody meant to ask for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskshare.errors import PlaceError
from riskshare.places.grid import Grid, grid_over, grid_references


def test_two_partnerships_grids_coincide() -> None:
    one = grid_over((430_010.0, 331_020.0, 454_000.0, 347_000.0), 250)
    other = grid_over((441_500.0, 300_000.0, 470_000.0, 339_100.0), 250)
    point = np.array([445_812.5]), np.array([338_999.0])
    assert one.references(one.cell_of(*point)).tolist() == other.references(other.cell_of(*point)).tolist()


def test_cells_take_their_west_and_south_edges_only() -> None:
    grid = Grid(100, 4300, 3400, 2, 2)
    x, y = np.array([430_000.0, 430_100.0, 430_099.999]), np.array([340_000.0, 340_000.0, 340_100.0])
    assert grid.cell_of(x, y).tolist() == [0, 1, 2]
    assert grid.cell_of(np.array([430_200.0]), np.array([340_000.0])).tolist() == [-1]


@pytest.mark.parametrize(
    ("east", "north", "figures", "wanted"),
    [
        # Ordnance Survey's own example (a guide to coordinate systems in Great Britain, section 7) and landmarks.
        (651_409, 313_177, 5, "TG5140913177"),
        (216_600, 771_200, 3, "NN166712"),  # Ben Nevis
        (530_000, 180_000, 1, "TQ38"),  # London
        (0, 0, 0, "SV"),
        (439_650, 1_175_316, 4, "HU39657531"),
        (-5, 10, 4, "E-5N10"),
    ],
)
def test_references(east: int, north: int, figures: int, wanted: str) -> None:
    assert grid_references(np.array([east]), np.array([north]), figures=figures).tolist() == [wanted]


@given(
    st.integers(1, 5_000), st.integers(0, 600_000), st.integers(0, 1_200_000), st.integers(1, 40), st.integers(1, 40)
)
def test_references_are_unique_and_centres_lie_in_their_cells(
    cell_m: int, west: int, south: int, width: int, height: int
) -> None:
    grid = grid_over((west, south, west + width * cell_m, south + height * cell_m), cell_m)
    cells = np.arange(grid.n_cells)
    assert len(set(grid.references(cells))) == grid.n_cells
    assert np.array_equal(grid.cell_of(*grid.centres(cells)), cells)
    assert grid.bounds[0] <= west
    assert grid.bounds[3] > south + height * cell_m


def test_a_shifted_grid_covers_as_much_with_lines_in_between() -> None:
    grid = grid_over((430_000.0, 340_000.0, 430_999.0, 340_999.0), 250)
    moved = grid.shifted()
    x, y = np.meshgrid(np.linspace(430_000, 430_999, 37), np.linspace(340_000, 340_999, 37))
    assert (moved.cell_of(x.ravel(), y.ravel()) >= 0).all()
    assert np.array_equal(moved.cell_of(*moved.centres(np.arange(moved.n_cells))), np.arange(moved.n_cells))
    assert moved.centres(np.array([0]))[0].tolist() == [430_000.0]


def test_a_stray_point_is_told_with_the_count_and_a_size_that_would_do() -> None:
    with pytest.raises(PlaceError, match=r"grid_too_large.*1,000 × 1,000 km in cells of 10 m makes") as caught:
        grid_over((0.0, 0.0, 999_999.0, 999_999.0), 10)
    size = int(str(caught.value).rsplit("cells of ", 1)[1].split(" m")[0].replace(",", ""))
    assert grid_over((0.0, 0.0, 999_999.0, 999_999.0), size).n_cells <= 4_100_000


@pytest.mark.parametrize("cell_m", [0, -250, 250.0, True, "250", None])
def test_cell_sizes_are_whole_metres(cell_m: object) -> None:
    with pytest.raises(PlaceError, match="whole number of metres"):
        grid_over((0.0, 0.0, 10.0, 10.0), cell_m)  # type: ignore[arg-type]


@pytest.mark.parametrize("bounds", [(np.nan,) * 4, (5.0, 0.0, 1.0, 1.0), (0.0, 0.0, np.inf, 1.0)])
def test_an_extent_without_size(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(PlaceError, match="empty_extent"):
        grid_over(bounds, 250)
