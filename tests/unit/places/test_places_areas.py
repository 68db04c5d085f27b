"""Authorities' areas: what is refused, and whose ground each cell is."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from riskshare.errors import PlaceError
from riskshare.places.areas import area_of_points, cell_shares, check_areas, distance_to_border
from riskshare.places.grid import grid_over

WEST, EAST = shapely.box(430_000, 340_000, 431_100, 341_000), shapely.box(431_100, 340_000, 432_000, 341_000)


def areas(
    *shapes: shapely.Geometry, codes: list[str | None] | None = None, crs: int | None = 27700
) -> gpd.GeoDataFrame:
    names = codes if codes is not None else [f"a{number}" for number in range(len(shapes))]
    return gpd.GeoDataFrame({"code": names}, geometry=list(shapes), crs=crs)


def codes_of(error: PlaceError) -> set[str]:
    return {problem.code for problem in error.problems}


def test_shares_of_cells_are_by_ground_and_not_by_centre() -> None:
    checked = check_areas(areas(WEST, EAST))
    grid = grid_over((430_000.0, 340_000.0, 431_999.0, 340_999.0), 250)
    shares = cell_shares(grid, checked).toarray()
    # The line at 431,100 cuts the fifth column (431,000 to 431,250) at two fifths.
    assert shares[0].reshape(grid.shape)[0].tolist() == [1, 1, 1, 1, pytest.approx(0.4), 0, 0, 0]
    assert shares[1].reshape(grid.shape)[0].tolist() == [0, 0, 0, 0, pytest.approx(0.6), 1, 1, 1]
    assert shares.sum() * 250**2 == pytest.approx(2_000_000)


def test_a_cell_of_an_odd_shape_matches_a_fine_raster() -> None:
    star = shapely.Point(431_000, 341_000).buffer(730, quad_segs=3)
    grid = grid_over((430_000.0, 340_000.0, 432_000.0, 342_000.0), 200)
    fine = 5
    step = grid.cell_m / fine
    side = np.arange(grid.n_cols * fine) * step + step / 2 + grid.bounds[0]
    up = np.arange(grid.n_rows * fine) * step + step / 2 + grid.bounds[1]
    x, y = np.meshgrid(side, up)
    inside = shapely.contains_xy(star, x, y).reshape(grid.n_rows, fine, grid.n_cols, fine).mean(axis=(1, 3))
    shares = cell_shares(grid, check_areas(areas(star))).toarray()[0].reshape(grid.shape)
    assert np.abs(shares - inside).max() < 0.2
    assert shares.sum() * 200**2 == pytest.approx(star.area)


def test_points_on_a_line_go_to_one_area_only() -> None:
    checked = check_areas(areas(EAST, WEST, codes=["east", "west"]))
    x, y = np.array([431_100.0, 430_500.0, 431_500.0, 1.0]), np.full(4, 340_500.0)
    assert area_of_points(checked, x, y).tolist() == [0, 1, 0, -1]
    assert distance_to_border(checked, x[:2], y[:2]).tolist() == [0.0, 500.0]


def test_longitude_and_latitude_are_projected_and_said() -> None:
    frame = areas(WEST, EAST).to_crs(4326)
    checked = check_areas(frame)
    assert checked.projection.accuracy_m > 0
    assert checked.frame.area.sum() == pytest.approx(2_000_000, rel=1e-4)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (areas(WEST, EAST, crs=None), "no_crs"),
        (areas(shapely.box(-2.3, 53.4, -2.2, 53.5)), "degrees_as_metres"),
        (areas(WEST, crs=4326), "metres_as_degrees"),
        (areas(shapely.box(53.4, -2.3, 53.5, -2.2), crs=4326), "swapped_coordinates"),
        (areas(WEST, EAST, codes=["a", "a"]), "duplicate_code"),
        (areas(WEST, EAST, codes=["a", None]), "blank_code"),
        (areas(WEST, shapely.Polygon()), "empty_geometry"),
        (areas(WEST, shapely.Point(1, 1)), "not_a_polygon"),
        (areas(shapely.Polygon([(430000, 340000), (431000, 341000), (431000, 340000), (430000, 341000)])),
         "invalid_geometry"),
        (areas(WEST, shapely.box(431_000, 340_000, 432_000, 341_000)), "overlapping_areas"),
        (areas(), "no_areas"),
        (areas(WEST).drop(columns="code"), "no_code"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(frame: gpd.GeoDataFrame, code: str) -> None:
    with pytest.raises(PlaceError) as caught:
        check_areas(frame)
    assert code in codes_of(caught.value)


def test_everything_wrong_comes_at_once() -> None:
    with pytest.raises(PlaceError) as caught:
        check_areas(areas(WEST, shapely.Polygon(), codes=["a", "a"], crs=None))
    assert codes_of(caught.value) == {"no_crs", "duplicate_code", "empty_geometry"}
    with pytest.raises(PlaceError, match="GeoDataFrame"):
        check_areas("areas")  # type: ignore[arg-type]


def test_a_sliver_of_digitising_is_no_overlap() -> None:
    sliver = shapely.box(431_099.9, 340_000, 432_000, 341_000)
    assert check_areas(areas(WEST, sliver)).codes == ("a0", "a1")
