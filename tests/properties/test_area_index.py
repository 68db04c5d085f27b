"""Points looked up in the lattice of cells lie where exact geometry says, on lines and corners too."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the index needs the extra: pip install 'riskshare[fast]'")

from riskshare.kernels import compiled_areas
from riskshare.places.area_index import AreaIndex, index_areas, look_up

some = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 2**32 - 1)


def patchwork(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    """Return cells around points, squares whose lines fall on round numbers, or discs with holes that overlap."""
    if kind == "cells":
        around = shapely.voronoi_polygons(shapely.MultiPoint(rng.uniform(0, 100, (max(n, 2), 2))))
        return np.asarray(shapely.get_parts(around))
    if kind == "squares":
        west, south = rng.integers(0, 10, (2, n)) * 10.0
        return np.asarray(shapely.box(west, south, west + 10, south + 10))
    discs = shapely.buffer(shapely.points(rng.uniform(0, 100, (n, 2))), rng.uniform(5, 30, n), quad_segs=3)
    return np.asarray(shapely.difference(discs, shapely.buffer(shapely.centroid(discs), 4)))


def asked_of(rng: np.random.Generator, shapes: np.ndarray) -> np.ndarray:
    """Return points anywhere, on corners, on lines, at round numbers, and those next to them."""
    corners = shapely.get_coordinates(shapes)
    middles = (corners[1:] + corners[:-1]) / 2
    points = [rng.uniform(-30, 130, (200, 2)), corners[:200], middles[:200], rng.integers(-1, 12, (100, 2)) * 10.0]
    near = np.nextafter(corners[:100], rng.choice([-np.inf, np.inf], (min(len(corners), 100), 2)))
    return np.concatenate([*points, near])


@some
@given(seeds, st.integers(1, 25), st.sampled_from(["cells", "squares", "discs"]), st.sampled_from([40, 900, 20_000]))
def test_no_point_is_assigned_differently(seed: int, n: int, kind: str, most_cells: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = patchwork(rng, n, kind) if seed % 2 else shapely.transform(patchwork(rng, n, kind), lambda c: c + 4e5)
    x, y = asked_of(rng, shapes).T
    found = index_areas(shapes, most_cells=most_cells).find(x, y)
    assert found.dtype == np.int64
    assert np.array_equal(found, look_up(shapely.STRtree(shapes), x, y))


def test_most_points_need_no_geometry() -> None:
    rng = np.random.default_rng(1)
    index = index_areas(patchwork(rng, 40, "cells"))
    x, y = rng.uniform(0, 100, (2, 5_000))
    assert (compiled_areas.find(x, y, index.lattice, index.lines) != compiled_areas.ASK).mean() > 0.999


def test_a_multipolygon_and_points_nowhere() -> None:
    """An island counts with its mainland; NaN and infinity lie nowhere; no point is an empty answer."""
    mainland, island = shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)
    shapes = np.array([shapely.MultiPolygon([mainland, island]), shapely.box(1, 0, 2, 1)])
    index = index_areas(shapes)
    x = np.array([0.5, 5.5, 1.0, 1.5, 3.0, np.nan, np.inf, -9.0])
    assert index.find(x, np.array([0.5, 5.5, 0.5, 1.0, 3.0, 0.5, 0.5, 0.5])).tolist() == [0, 0, 0, 1, -1, -1, -1, -1]
    assert index.find(np.zeros(0), np.zeros(0)).tolist() == []
    assert repr(index).startswith("AreaIndex(2 areas")
    assert isinstance(index, AreaIndex)


def test_events_get_the_same_authority_either_way() -> None:
    import geopandas as gpd

    from riskshare.places.areas import area_of_points, check_areas

    shapes = [shapely.box(430_000, 340_000, 431_100, 341_000), shapely.box(431_100, 340_000, 432_000, 341_000)]
    areas = check_areas(gpd.GeoDataFrame({"code": ["west", "east"]}, geometry=shapes, crs=27700))
    rng = np.random.default_rng(2)
    x, y = rng.integers(429_900, 432_100, 3_000).astype(float), rng.integers(339_900, 341_100, 3_000).astype(float)
    x[:50] = 431_100.0
    found = [area_of_points(areas, x, y, compiled=form) for form in (False, True)]
    assert np.array_equal(*found)
    assert found[1][:50].max() == 0
