"""Hot spots in words and on the map: what each finding adds is drawn and told, and nothing passes for another."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from shapely.geometry import box

from riskshare.reporting.spot_map import draw_spots, marks
from riskshare.reporting.spot_words import spot_sentences, spots_html

NAMES = {"a": "Alder", "b": "Birch"}


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    pyplot.switch_backend("Agg")
    yield
    pyplot.close("all")


def shapes(n: int) -> list[object]:
    return [box(400_000 + 500 * k, 300_000, 400_250 + 500 * k, 300_250) for k in range(n)]


def clusters(**change: list[object]) -> gpd.GeoDataFrame:
    n = max([len(column) for column in change.values()], default=1)
    table: dict[str, object] = {
        "cluster_id": [f"C{k + 1}" for k in range(n)], "n_events": [9] * n, "authorities": [("a", "b")] * n,
        "authority_share": [{"a": 2 / 3, "b": 1 / 3}] * n, "crosses_boundary": [True] * n, "found_alone_by": [()] * n,
        "only_visible_together": [False] * n, "hot": [True] * n, "hot_after_adjustment": [pd.NA] * n,
        "hot_by_people": [pd.NA] * n, "adjustment": [""] * n, "adjusted_stability": [np.nan] * n, "shows": [""] * n,
        "need": [np.nan] * n,
    }  # fmt: skip
    return gpd.GeoDataFrame(table | change, geometry=shapes(n), crs=27700)


def cells(hot: list[bool], alike: list[object], after: list[object]) -> gpd.GeoDataFrame:
    columns = {
        "hot": hot,
        "hot_as_if_alike": pd.array(alike, "boolean"),
        "hot_after_adjustment": pd.array(after, "boolean"),
    }
    return gpd.GeoDataFrame(columns, geometry=shapes(len(hot)), crs=27700)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "C1: 9 events (Alder 67 %, Birch 33 %), across a border. Nobody found it alone, but that may be luck."),
        ({"found_alone_by": [("a",)]}, "Alder would have found it alone."),
        ({"only_visible_together": [True]}, "Visible only together: none of them would have found it alone."),
        (
            {"adjustment": ["hot either way"], "adjusted_stability": [0.93]},
            "Recording practice allowed for: hot either way; hot in 93 % of draws of the offsets.",
        ),
        ({"adjustment": ["hot only before adjustment"]}, "Recording practice allowed for: hot only before adjustment."),
        (
            {"shows": ["need"], "need": [2.54]},
            "Need: more than its people lead one to expect, though no more than its circumstances do (2.5 times what "
            "its people alone lead one to expect).",
        ),
        ({"shows": ["surprise"]}, "A surprise for its circumstances only."),
        ({"n_events": [1], "authority_share": [None]}, "C1: 1 event (Alder, Birch), across a border."),
    ],
)
def test_a_cluster_in_words(change: dict[str, list[object]], said: str) -> None:
    (sentence,) = spot_sentences(clusters(**change), NAMES)
    assert said in sentence


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"found_alone_by": [("a",)]}, "Dense in Alder's own data too."),
        ({"found_alone_by": [("a", "b")]}, "Dense in Alder's and Birch's own data too."),
        ({"only_visible_together": [True]}, "Dense only in all data together, in nobody's own."),
        ({}, "Dense in nobody's own data, but that may be luck."),
    ],
)
def test_where_nothing_was_tested_nobody_found_anything(change: dict[str, list[object]], said: str) -> None:
    (sentence,) = spot_sentences(clusters(**change), NAMES, tested=False)
    assert said in sentence
    assert "alone" not in sentence
    shown = spots_html("Where events are", clusters(**change), NAMES, tested=False)
    assert "dense in own data of" in shown
    assert "found alone" not in shown


def test_the_table_of_a_notebook_is_escaped_and_short() -> None:
    shown = spots_html("Where <b>", clusters(n_events=[9] * 12), {"a": "A & B", "b": "<script>"})
    assert "A &amp; B" in shown
    assert "<script>" not in shown
    assert "and 2 more" in shown


def test_a_map_without_other_findings_has_no_marks() -> None:
    assert marks(cells([True, False], [None] * 2, [None] * 2), clusters()) == []


def test_each_finding_has_a_look_of_its_own() -> None:
    found = marks(
        cells([True, True, False, False], [True, False, True, False], [True, False, False, True]),
        clusters(
            hot=[True, True, False, False], hot_after_adjustment=[True, False, True, False],
            hot_by_people=[True, True, False, True],
        ),
    )  # fmt: skip
    assert [(mark.label, len(mark.frame)) for mark in found] == [
        ("cell: more only if all are taken to record alike", 1),
        ("cell: more only with recording practice allowed for", 1),
        ("cluster only with recording practice allowed for", 1),
        ("cluster only before recording practice is allowed for", 1),
        ("cluster by need: as many as in such circumstances", 1),
    ]
    looks = {
        (str(mark.style.get("edgecolor")), str(mark.style["facecolor"]), str(mark.style.get("linestyle")))
        for mark in found
    }
    assert len(looks) == len(found)


def test_the_legend_tells_what_is_drawn() -> None:
    areas = gpd.GeoDataFrame(
        {"code": ["a"], "name": ["Alder"]}, geometry=[box(400_000, 300_000, 403_000, 302_000)], crs=27700
    )
    fine = cells([True, False], [False, True], [False, True])
    table = clusters(hot=[True, False], hot_after_adjustment=[False, True])
    figure = draw_spots(areas, fine, table, np.array([[401_000.0, 301_000.0]]), "Title", ("A note.",), unlooked=("a",))
    told = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert told == [
        "border between authorities",
        "cell: more around it than expected",
        "cell: more only with recording practice allowed for",
        "cluster only with recording practice allowed for",
        "cluster only before recording practice is allowed for",
        "where we looked (never counted)",
        "not covered for the whole period",
    ]
    plain = draw_spots(areas, cells([False], [None], [None]), clusters(hot=[True]), np.zeros((0, 2)), "T", (),
                       more_than_expected=False)  # fmt: skip
    told = [text.get_text() for text in plain.axes[1].get_legend().get_texts()]
    assert told == ["border between authorities", "cell: among the densest 5 % of the ground"]
