"""Time points looked up in areas beside GeoPandas and an STRtree: ``python benchmarks/points_in_areas.py --areas 350``.

Areas are cells around random places with winding borders, as wide as a county's districts. The index is made once and
its making is told apart; the tree stands before it is timed. The program fails if one point lies elsewhere.
"""

from __future__ import annotations

import argparse

import geopandas as gpd
import numpy as np
import shapely
from peak import peak_mib
from results import Line, add_option, said, tell, timed

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


def run(n: int, options: argparse.Namespace) -> int:
    """Time one set of areas; return how many points lie elsewhere by a peer."""
    shapes = make(n, options.lines)
    x, y = np.random.default_rng(2).uniform(0, WIDE_M, (2, options.points))
    index, *making = timed(lambda: index_areas(shapes))
    ours, *asking = timed(lambda: index.find(x, y))
    tree = shapely.STRtree(shapes)
    theirs, *looking = timed(lambda: look_up(tree, x, y))
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=27700)
    areas = gpd.GeoDataFrame({"area": np.arange(len(shapes))}, geometry=shapes, crs=27700)
    joined, *joining = timed(lambda: points.sjoin(areas, predicate="intersects", how="left"))
    first = joined["area"].groupby(level=0).min().fillna(-1).to_numpy()
    wrong = [int((ours != other).sum()) for other in (theirs, first)]
    equal = [said(not n_wrong, "the same area of every point") for n_wrong in wrong]
    part, size = f"{options.points:,} points looked up in areas", len(shapes)
    both = [a + b for a, b in zip(making, asking, strict=True)]
    tell(
        options.results,
        [
            Line(part, size, "areas", "an index that is kept", "ours", *asking),
            Line(part, size, "areas", "the index made and asked", "ours", *both),
            Line(part, size, "areas", "an STRtree that stands already", "peer", *looking, equal=equal[0]),
            Line(part, size, "areas", "geopandas sjoin", "peer", *joining, equal=equal[1]),
        ],
    )
    print(f"{int(shapely.get_num_coordinates(shapes).sum()):,} corners, peak {peak_mib():,.0f} MiB")
    return sum(wrong)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--areas", type=int, nargs="+", default=[350, 35_000])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=40)
    add_option(parser)
    options = parser.parse_args(arguments)
    index_areas(make(4, 4)).find(np.zeros(1), np.zeros(1))  # loads what is compiled
    differ = sum(run(n, options) for n in options.areas)
    print("every point in the same area" if not differ else f"{differ} points differ")
    return int(differ > 0)


if __name__ == "__main__":
    raise SystemExit(main())
