"""Covariates: squares laid over cells, what is not known, and when nothing can be told of them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from riskshare.errors import PlaceError
from riskshare.places.areas import check_areas
from riskshare.places.covariates import Covariates, cell_values, check_covariates, fit_covariates
from riskshare.places.grid import grid_over
from riskshare.places.strata import Ground, lay_ground

NAMES = (("police", "north", "all"), ("police", "south", "all"))


def ground(n: int = 4, cell_m: int = 500) -> Ground:
    areas = gpd.GeoDataFrame({"code": ["a"]}, geometry=[box(0, 0, n * cell_m, cell_m)], crs=27700).translate(4e5, 3e5)
    frame = gpd.GeoDataFrame({"code": ["a"]}, geometry=areas, crs=27700)
    return lay_ground(check_areas(frame), grid_over((4e5, 3e5, 4e5 + n * cell_m - 1, 3e5 + cell_m - 1), cell_m))


def table(*values: object, side: int = 500, west: int = 400_000) -> Covariates:
    lines = {"easting": west + side * np.arange(len(values)), "northing": 300_000, "cell_m": side, "z": list(values)}
    return check_covariates(pd.DataFrame(lines))


def test_a_cell_takes_the_mean_of_its_squares_by_ground() -> None:
    known, values = cell_values(table(1.0, 5.0, side=750), ground())
    assert known.tolist() == [True, True, True, False]
    assert values[:3, 0].tolist() == [1.0, 3.0, 5.0]


def test_blank_is_not_zero() -> None:
    known, values = cell_values(table(2.0, None, "", 4.0), ground())
    assert known.tolist() == [True, False, False, True]
    assert values[known, 0].tolist() == [2.0, 4.0]


def test_a_cell_lacks_what_one_covariate_lacks() -> None:
    lines = pd.DataFrame(
        {"easting": [400_000, 400_500], "northing": 300_000, "cell_m": 500, "a": [1, 2], "b": [3, None]}
    )
    known, _ = cell_values(check_covariates(lines), ground())
    assert known.tolist() == [True, False, False, False]


def test_on_average_nothing_is_raised_and_where_nothing_is_known_people_count() -> None:
    counts, base = np.array([[10, 40, 0, 0], [0, 0, 10, 5]]), np.array([[10.0, 10, 0, 0], [0, 0, 10, 10]])
    here = ground()
    raised = fit_covariates(table(0.0, 1.0, 0.0, None), here, NAMES, counts, base)
    factor = raised.over(here)
    assert factor[:, 3].tolist() == [1.0, 1.0]
    assert factor[0, 1] / factor[0, 0] == pytest.approx(4.0)
    assert np.average(factor[0, :3], weights=base.sum(axis=0)[:3]) == pytest.approx(1.0)
    assert any("1 of 4 covered cells, with 5 events, lack a covariate" in note for note in raised.notes)


def test_a_difference_between_organisations_is_not_taken_for_one_of_circumstances() -> None:
    # The south records half; its ground is the deprived half. Within each, deprivation doubles the rate.
    counts = np.array([[100, 200, 0, 0], [0, 0, 200, 400]]) // [[1], [2]]
    base = np.array([[10.0, 10, 0, 0], [0, 0, 10, 10]])
    raised = fit_covariates(table(0.0, 1.0, 1.0, 2.0), ground(), NAMES, counts, base)
    assert raised.coefficients["all"] == pytest.approx([np.log(2.0)])


def test_each_category_has_coefficients_of_its_own() -> None:
    names = (("police", "north", "burglary"), ("police", "north", "violence"))
    counts, base = np.array([[10, 40, 10, 40], [40, 10, 40, 10]]), np.full((2, 4), 10.0)
    raised = fit_covariates(table(0, 1, 0, 1), ground(), names, counts, base)
    assert raised.coefficients["burglary"] == pytest.approx([np.log(4.0)])
    assert raised.coefficients["violence"] == pytest.approx([-np.log(4.0)])
    line = raised.table.set_index("category").loc["burglary"]
    assert line["ratio_a_spread"] == pytest.approx(2.0)  # the spread of 0, 1, 0, 1 is ½
    assert (line["n_events"], line["n_cells"]) == (100, 4)


@pytest.mark.parametrize(
    ("counts", "said"),
    [([[2, 3, 2, 2]], "9 events are too few, as each covariate needs 10"), ([[0, 30, 0, 30]], "nothing fits best")],
)
def test_where_nothing_can_be_told_people_alone_count_and_it_is_said(counts: list[list[int]], said: str) -> None:
    here = ground()
    raised = fit_covariates(table(0, 1, 0, 1), here, NAMES[:1], np.array(counts), np.full((1, 4), 10.0))
    assert raised.coefficients == {}
    np.testing.assert_array_equal(raised.over(here), np.ones((1, 4)))
    assert any(said in note and "people alone" in note for note in raised.notes)
    line = raised.table.iloc[0]
    assert not line["used"]
    assert said in line["reason"]
    assert np.isnan(line["log_ratio"])


@pytest.mark.parametrize("far", [1e101, -1e200, "1e300"])
def test_a_covariate_beyond_what_can_be_squared_is_refused_by_row(far: object) -> None:
    with pytest.raises(PlaceError, match="covariate_too_large") as caught:
        table(0, 1, far, None)
    assert "see row 3" in str(caught.value)
    assert "larger unit" in str(caught.value)
    assert str(far) not in str(caught.value)


def test_intervals_widen_where_events_come_in_clumps() -> None:
    rng, base = np.random.default_rng(0), np.full((1, 400), 20.0)
    here, z = ground(400), rng.normal(size=400)
    calm = fit_covariates(table(*z), here, NAMES[:1], rng.poisson(base), base).table.iloc[0]
    wild = fit_covariates(table(*z), here, NAMES[:1], rng.negative_binomial(base / 3.0, 0.25), base).table.iloc[0]
    assert wild["phi"] > 3.0
    assert wild["upper"] - wild["lower"] > 1.5 * (calm["upper"] - calm["lower"])
