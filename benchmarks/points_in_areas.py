"""Time points looked up in areas beside GeoPandas and an STRtree: ``python benchmarks/points_in_areas.py --areas 350``.

Areas are cells around random places with winding borders, as wide as a county's districts. The index is made once and
its making is told apart; the tree stands before it is timed. The program fails if one point lies elsewhere.
"""

from __future__ import annotations

import argparse
import time

import geopandas as gpd
import numpy as np
import shapely
from peak import peak_mib

from riskshare.places.area_index import index_areas, look_up

WIDE_M = 100_000.0


def make(n: int, lines: int, seed: int = 1) -> np.ndarray:
    """Return areas whose borders wind, each drawn with some multiple of ``lines`` lines; neighbours share theirs."""
    rng, length = np.random.default_rng(seed), WIDE_M / np.sqrt(n)
    around = shapely.MultiPoint(rng.uniform(0, WIDE_M, (n, 2)))
    box = shapely.box(0, 0, WIDE_M, WIDE_M)
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(around, extend_to=box)), box)
    fine = shapely.segmentize(cells[shapely.area(cells) > 0], length / lines)

    def wind(xy: np.ndarray) -> np.ndarray:
        turned = xy[:, ::-1] / length
        return xy + length * (0.03 * np.sin(turned * 18.0) + 0.002 * np.sin(turned * 90.0))

    wound = shapely.transform(fine, wind)
    return np.asarray(wound[shapely.is_valid(wound)])


def seconds(work: object, *arguments: object) -> tuple[object, float]:
    start = time.process_time()
    answer = work(*arguments)  # type: ignore[operator]
    return answer, time.process_time() - start


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--areas", type=int, nargs="+", default=[350, 35_000])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=40)
    options = parser.parse_args(arguments)
    index_areas(make(4, 4)).find(np.zeros(1), np.zeros(1))  # loads what is compiled
    differ = 0
    for n in options.areas:
        shapes = make(n, options.lines)
        x, y = np.random.default_rng(2).uniform(0, WIDE_M, (2, options.points))
        index, making = seconds(index_areas, shapes)
        ours, ask = seconds(index.find, x, y)  # type: ignore[attr-defined]
        tree = shapely.STRtree(shapes)
        theirs, peer = seconds(look_up, tree, x, y)
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=27700)
        areas = gpd.GeoDataFrame({"area": np.arange(len(shapes))}, geometry=shapes, crs=27700)
        joined, join = seconds(lambda: points.sjoin(areas, predicate="intersects", how="left"))  # noqa: B023
        first = joined["area"].groupby(level=0).min().fillna(-1).to_numpy()  # type: ignore[index]
        differ += int((np.asarray(ours) != theirs).sum() + (np.asarray(ours) != first).sum())
        corners = int(shapely.get_num_coordinates(shapes).sum())
        print(
            f"{len(shapes):>7,} areas, {corners:>9,} corners: making {making:6.2f} s, {options.points:,} points"
            f" {ask:6.3f} s, STRtree {peer:7.2f} s, {peer / ask:6.1f} x, sjoin {join:7.2f} s, {join / ask:6.1f} x,"
            f" peak {peak_mib():,.0f} MiB (processor seconds)"
        )
    print("every point in the same area" if not differ else f"{differ} points differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
