"""What a worker does with events, and what the driver makes of the lines that come back; no cluster is needed."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from riskshare.engines.spark_cells import _COUNTED, _assemble, hot_cells, place_points
from riskshare.places.areas import check_areas
from riskshare.places.coverage import check_coverage, everywhere
from riskshare.places.grid import grid_over
from riskshare.places.strata import Ground, lay_ground

DAY = 20_000


@pytest.fixture(scope="module", name="ground")
def lay() -> Ground:
    """Two authorities of 1 km, side by side."""
    squares = [shapely.box(400_000 + a, 300_000, 401_000 + a, 301_000) for a in (0, 1_000)]
    areas = check_areas(gpd.GeoDataFrame({"code": ["one", "two"]}, geometry=squares, crs="EPSG:27700"))
    return lay_ground(areas, grid_over(areas.bounds, 500))


def batch(*lines: dict[str, Any]) -> pa.RecordBatch:
    usual = {"x": 400_100.0, "y": 300_100.0, "source": "police", "recorded_by": "", "category": "violence",
        "day": DAY, "claim": "", "precision": None}  # fmt: skip
    table = pa.Table.from_pylist([{**usual, **line} for line in lines])
    return table.set_column(7, "precision", table["precision"].cast(pa.float64())).to_batches()[0]


def test_each_event_gets_its_cell_and_area(ground: Ground) -> None:
    sent = batch({}, {"x": 401_600.0, "y": 300_900.0}, {"x": 1.0, "y": 1.0})
    [found] = place_points(iter([sent]), ground=ground, coverage=everywhere(("police",), ("one", "two")))
    assert found.select(["cell", "area", "standing"]).to_pylist() == [
        {"cell": 0, "area": 0, "standing": 0}, {"cell": 8, "area": 1, "standing": 0},
        {"cell": -1, "area": -1, "standing": 1},
    ]  # fmt: skip
    assert found.select(sent.schema.names).equals(sent)


def test_what_a_source_did_not_look_at_does_not_count(ground: Ground) -> None:
    lines = [("police", "one", "2024-01-01", "2024-06-01"), ("ambulance", "two", "", "")]
    told = pd.DataFrame(lines, columns=["source", "area", "from", "until"])
    spring = (pd.Timestamp("2024-05-01") - pd.Timestamp(0)).days
    coverage = check_coverage(told, ("ambulance", "police"), ("one", "two"), (spring, spring + 200))
    sent = batch(
        {"day": spring}, {"day": spring + 100}, {"source": "ambulance"}, {"source": "ambulance", "x": 401_600.0}
    )
    [found] = place_points(iter([sent]), ground=ground, coverage=coverage)
    counted, untimely, unlooked, looked = found.column("standing").to_pylist()
    assert (counted, untimely, unlooked, looked) == (0, 3, 2, 0)


def lines(*told: tuple[int, int, str, str, int]) -> pd.DataFrame:
    """Return lines of (cell, area, recorded by, category, how many)."""
    x = [400_100.0 + 500 * (cell % 5) for cell, *_ in told]
    y = [300_100.0 + 500 * (cell // 5) for cell, *_ in told]
    columns = ["cell", "area", "recorded_by", "category", "n"]
    frame = pd.DataFrame(told, columns=columns).assign(standing=_COUNTED, source="police", x=x, y=y, day=DAY)
    return frame.sort_values(["cell", "area", "source", "recorded_by", "category"], ignore_index=True)


def test_the_organisation_that_recorded_most_has_recorded_all(ground: Ground) -> None:
    table = lines((0, 0, "force a", "violence", 3), (1, 0, "force b", "violence", 4), (1, 0, "", "violence", 9),
        (2, 1, "", "violence", 1))  # fmt: skip
    found = _assemble(table, {}, (), ground, everywhere(("police",), ("one", "two")))
    assert found.strata.names == (("police", "force b", "violence"), ("police", "two", "violence"))
    assert found.counts[:, :3].tolist() == [[3, 13, 0], [0, 0, 1]]
    assert found.left_out == {}
    assert repr(found) == "CellCounts(17 events in 2 strata)"


def test_of_organisations_that_recorded_as_many_the_first_by_name_stands(ground: Ground) -> None:
    table = lines((0, 0, "force b", "violence", 3), (1, 0, "force a", "violence", 3))
    found = _assemble(table, {}, (), ground, everywhere(("police",), ("one", "two")))
    assert found.strata.names == (("police", "force a", "violence"),)


def test_what_is_left_out_is_told_by_reason(ground: Ground) -> None:
    table = pd.concat([lines((0, 0, "", "violence", 3)), lines((0, 0, "", "violence", 5)).assign(standing=2)])
    found = _assemble(table, {"looked for": 1}, (), ground, everywhere(("police",), ("one", "two")))
    assert found.left_out == {"looked for": 1, "where their source did not look": 5}
    assert found.counts.sum() == 3


def test_the_densest_ground_is_shown_where_nothing_is_known_to_expect(ground: Ground) -> None:
    table = lines((0, 0, "", "violence", 30), (7, 1, "", "violence", 1))
    found = _assemble(table, {}, (), ground, everywhere(("police",), ("one", "two")))
    assert np.isnan(hot_cells(found).q).all()
    assert not np.isnan(hot_cells(found, null="uniform").q[0])
