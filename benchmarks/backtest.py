"""Back-test hot-spot rankings: ``python benchmarks/backtest.py POINTS AREAS --test-from 2018-07-01``.

POINTS is a table with ``longitude``, ``latitude`` and ``month`` (as police.uk publishes) or ``date``; AREAS any file of
polygons with ``code``. Neither is part of the repository. Prints PAI, hit rate and efficiency at 1, 5 and 10 % of the
area for plain counts, KDE and Gi*, then PAI at 5 % by authority.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time

import geopandas as gpd
import pandas as pd

from riskshare.places.backtest import Split, back_test


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("points")
    parser.add_argument("areas")
    parser.add_argument("--test-from", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--cell-m", type=int, default=250)
    parser.add_argument("--resamples", type=int, default=499)
    options = parser.parse_args(arguments)
    table = pd.read_csv(options.points).rename(columns={"month": "date"})
    points = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table.longitude, table.latitude), crs=4326)
    months = pd.to_datetime(table["date"].astype(str).str.slice(0, 7))
    first, until = months.min().date(), (months.max() + pd.offsets.MonthBegin(1)).date()
    split = Split(first, options.test_from, options.test_from, until)
    start = time.perf_counter()
    areas = gpd.read_file(options.areas)
    result = back_test(points, areas, splits=[split], cell_m=options.cell_m, n_resamples=options.resamples)
    print(f"learnt {first} to {options.test_from}, judged to {until}, cells of {options.cell_m} m")
    print(*result.notes, sep="\n")
    print(markdown(result.table()))
    by_authority = result.curves[(result.curves["asked_share"] - 0.05).abs() < 1e-9]
    print(by_authority.pivot(index="authority", columns="forecast", values="pai").round(2).to_string())
    print(f"{time.perf_counter() - start:.1f} s")
    return 0


def markdown(table: pd.DataFrame) -> str:
    """Return one line a forecast: PAI with its interval, hit rate and PEI at each share."""
    shares = sorted(table["asked_share"].unique())
    head = "| ranking | " + " | ".join(f"PAI at {share:.0%} (hit rate, PEI)" for share in shares) + " |"
    lines = [head, "|---|" + "---|" * len(shares)]
    for name, rows in table.groupby("forecast", sort=False):
        cells = [
            f"{row.pai:.2f}, {row.pai_low:.2f}–{row.pai_high:.2f} ({row.hit_rate:.1%}, {row.pei:.2f})"
            for row in rows.sort_values("asked_share").itertuples()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
