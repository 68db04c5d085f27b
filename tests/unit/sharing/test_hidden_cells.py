"""Cells and clusters by hand: what is withheld, and what would give it away."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from riskshare.sharing.hidden_cells import HiddenCells, hide_cells


def hidden(
    counts: list[int], cluster: list[str], *, lonely: list[bool] | None = None, **options: object
) -> HiddenCells:
    n = len(counts)
    squares = [shapely.box(500 * i, 0, 500 * i + 500, 500) for i in range(n)]
    told = {
        "cell_id": [f"c{i}" for i in range(n)],
        "count": counts,
        "cluster_id": cluster,
        "looked": [0] * n,
        "gi_z": [1.26] * n,
        "p": [0.003] * n,
        "q": [0.04] * n,
        "expected": [3.4] * n,
        "hot": [bool(c) for c in cluster],
    }
    cells = gpd.GeoDataFrame(told, geometry=squares, crs=27700)
    names = sorted(set(cluster) - {""})
    shapes = [cells[cells["cluster_id"] == name].union_all() for name in names]
    sums = [sum(c for c, own in zip(counts, cluster, strict=True) if own == name) for name in names]
    clusters = gpd.GeoDataFrame(
        {"cluster_id": names, "n_events": sums, "authority_share": [{"a": 0.9, "b": 0.1}] * len(names)},
        geometry=shapes, crs=27700,
    )  # fmt: skip
    alone = np.array(lonely or [False] * n)
    return hide_cells(cells, clusters, alone, **{"audience": "partnership", "of_victims": False, **options})


def shown(found: HiddenCells) -> list[int | None]:
    return [None if pd.isna(count) else int(count) for count in found.cells["count"]]


def test_small_counts_go_and_zero_stays_among_partners() -> None:
    assert shown(hidden([0, 4, 5, 30], [""] * 4)) == [0, None, 5, 30]


def test_zero_is_small_for_the_public_and_the_rest_is_rounded() -> None:
    assert shown(hidden([0, 9, 12, 33], [""] * 4, audience="public")) == [None, None, 10, 35]


def test_a_victim_asks_for_ten() -> None:
    assert shown(hidden([6, 12], ["", ""], of_victims=True)) == [None, 12]


def test_a_cluster_does_not_give_its_small_cell_away() -> None:
    found = hidden([4, 30, 20], ["C1", "C1", ""])
    assert shown(found) == [None, None, 20]
    assert found.clusters["n_events"].tolist() == [34]


def test_shares_of_few_are_withheld() -> None:
    few, many = hidden([30], ["C1"]), hidden([60], ["C1"])
    assert few.clusters["authority_share"].tolist() == [None]  # 10 % of 30 is three events
    assert many.clusters["authority_share"].tolist() == ["a 90%, b 10%"]


def test_a_cell_where_too_few_live_has_no_line_and_no_ground() -> None:
    found = hidden([30, 30, 9], ["C1", "C1", "C2"], lonely=[False, True, True])
    assert found.cells["cell_id"].tolist() == ["c0"]
    assert found.clusters["cluster_id"].tolist() == ["C1"]
    assert found.clusters.geometry.area.tolist() == [250_000.0]
    assert ("cells", "cells", 2, "too_few_people_in_window") in found.told


def test_figures_are_coarse() -> None:
    cell = hidden([30], [""]).cells.iloc[0]
    assert (cell["q"], cell["p"], cell["gi_z"], cell["expected"]) == (0.05, 0.01, 1.0, 3.0)


def test_no_figure_is_told_where_a_count_is_withheld() -> None:
    """Rounded figures differ with each withheld count: whoever tries counts until all of them agree has found it."""
    found = hidden([30, 3, 40], [""] * 3)
    assert found.cells[["q", "p", "gi_z", "expected"]].isna().all(axis=None)
    assert ("cells", "figures worked out from counts", 12, "counts_withheld") in found.told
    assert any("Expected counts, Gi*, p and q are not told" in note for note in found.notes)
    assert found.cells["hot"].tolist() == [False] * 3


def test_the_register_learns_the_true_counts_and_what_is_withheld() -> None:
    found = hidden([0, 4, 30], [""] * 3)
    assert found.true["count"].tolist() == [0, 4, 30]
    assert found.withheld.tolist() == [False, True, False]


def test_nothing_is_hot() -> None:
    found = hidden([0, 30], ["", ""])
    assert len(found.clusters) == 0
