"""The map of hot spots: authorities' borders, hot cells, numbered clusters, and apart from them where we looked."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from riskshare.reporting.drawing import needs_maps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HOT, ONLY, BORDER, LOOKED, INK = "#d7301f", "#6a3d9a", "#444444", "#1f78b4", "#222222"
AFTER, BEFORE, NEED, ALIKE = "#1b7837", "#000000", "#8c510a", "#969696"
OWN = "#54278f"
WIDTH = 11.5
"""Of the picture, in inches."""
KEY_COLUMNS = 3
MOST_NUMBERED = 25
"""More numbers than this hide the map; the table holds them all."""


def draw_spots(
    areas: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, clusters: gpd.GeoDataFrame, looked: NDArray[np.float64],
    title: str, notes: Sequence[str], *, unlooked: Sequence[str] = (), more_than_expected: bool = True,
    apart: NDArray[np.float64] | None = None,
) -> Figure:  # fmt: skip
    """Return the map as a picture.

    Parameters
    ----------
    areas : GeoDataFrame
        ``code, name, geometry`` in metres.
    cells : GeoDataFrame
        ``geometry, hot, hot_as_if_alike, hot_after_adjustment`` of covered cells.
    clusters : GeoDataFrame
        The clusters table, most events first.
    looked : numpy.ndarray of float64, shape (n, 2)
        Where enforcement and prompting turned something up; may be empty.
    title : str
    notes : sequence of str
        What was assumed and left out; printed beneath.
    unlooked : sequence of str
        Codes of areas that no source covers for the whole period: hatched.
    more_than_expected : bool
        Whether hot means more than expected, or merely where events are.
    apart : numpy.ndarray of float64, shape (n, 2), optional
        Where events are a building's own; never those at protected ones.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    with needs_maps("Drawing a map"):
        from matplotlib import pyplot
    west, south, east, north = areas.total_bounds
    tall = WIDTH * min(max((north - south) / (east - west), 0.4), 1.3)
    lines = [textwrap.fill(note, 165, initial_indent="- ", subsequent_indent="  ") for note in notes]
    small = 0.4 + 0.15 * sum(line.count("\n") + 1 for line in lines)
    own = np.zeros((0, 2)) if apart is None else apart
    beside = {"looked": bool(len(looked)), "own": bool(len(own)), "unlooked": bool(unlooked)}
    entries = _legend(cells, clusters, more=more_than_expected, **beside)
    key_tall = 0.1 + 0.28 * ceil(len(entries) / KEY_COLUMNS)
    figure, (axes, key, foot) = pyplot.subplots(
        3, 1, figsize=(WIDTH, tall + key_tall + small + 0.9), layout="constrained",
        height_ratios=(tall, key_tall, small),
    )  # fmt: skip
    _ground(axes, areas, unlooked)
    _spots(axes, cells, clusters)
    if len(looked):
        axes.plot(looked[:, 0], looked[:, 1], "x", color=LOOKED, markersize=4, linewidth=0.8, zorder=6)
    if len(own):
        axes.plot(own[:, 0], own[:, 1], "s", color=OWN, fillstyle="none", markersize=4, linewidth=0.8, zorder=6)
    _scale_bar(axes, areas)
    axes.set_axis_off()
    axes.set_aspect("equal")
    # A row of its own: beneath a map that keeps its shape, a legend would run into the notes.
    key.set_axis_off()
    key.legend(handles=entries, loc="center", ncols=KEY_COLUMNS, frameon=False, fontsize=9)
    figure.suptitle(f"{title}\nInternal: not to be shared as it is", x=0.01, ha="left", fontsize=13, color=INK)
    foot.set_axis_off()
    foot.text(0.0, 1.0, "\n".join(lines), va="top", fontsize=7.5, color=INK, transform=foot.transAxes)
    return figure


def _ground(axes: Axes, areas: gpd.GeoDataFrame, unlooked: Sequence[str]) -> None:
    _fill(axes, areas, facecolor="#f6f6f3", edgecolor="none", zorder=1)
    gaps = areas[areas["code"].isin(list(unlooked))]
    _fill(axes, gaps, facecolor="none", edgecolor="#b5b5b5", hatch="///", linewidth=0.0, zorder=2)
    _fill(axes, areas, facecolor="none", edgecolor=BORDER, linewidth=1.1, zorder=4)
    for name, point in zip(areas["name"], areas.representative_point(), strict=True):
        axes.annotate(name, (point.x, point.y), ha="center", fontsize=9, color="#666666", zorder=5)


def _fill(axes: Axes, frame: gpd.GeoDataFrame, **style: Any) -> None:
    """Draw polygons; GeoPandas' own plot draws the whole figure anew at every call."""
    from matplotlib.collections import PatchCollection
    from shapely.plotting import patch_from_polygon

    patches = [patch_from_polygon(part) for part in shapely.get_parts(frame.geometry.to_numpy())]
    if patches:
        axes.add_collection(PatchCollection(patches, **style))


class Mark(NamedTuple):
    """Cells or clusters drawn in one way, and what that means."""

    frame: gpd.GeoDataFrame
    style: dict[str, Any]
    label: str


def marks(cells: gpd.GeoDataFrame, clusters: gpd.GeoDataFrame) -> list[Mark]:
    """Return what other findings add to the map, in the order drawn; only what there is any of.

    What is hot only as if all recorded alike, or only before or only after recording practice is allowed for, and what
    is need and no surprise: each looks different, so that none is taken for another or leaves the map.
    """

    def flag(frame: gpd.GeoDataFrame, name: str, *, unknown: bool = False) -> NDArray[np.bool_]:
        return np.asarray(frame[name].astype("boolean").fillna(unknown), dtype=np.bool_)

    hot, after = flag(cells, "hot"), flag(cells, "hot_after_adjustment")
    main, kept = flag(clusters, "hot"), flag(clusters, "hot_after_adjustment", unknown=True)
    line = {"facecolor": "none", "linewidth": 2.2}
    found = [
        Mark(cells[flag(cells, "hot_as_if_alike") & ~hot & ~after], {"facecolor": ALIKE, "alpha": 0.6, "linewidth": 0},
             "cell: more only if all are taken to record alike"),
        Mark(cells[after & ~hot], {"facecolor": AFTER, "alpha": 0.45, "linewidth": 0},
             "cell: more only with recording practice allowed for"),
        Mark(clusters[~main & flag(clusters, "hot_after_adjustment")], line | {"edgecolor": AFTER, "linestyle": "-."},
             "cluster only with recording practice allowed for"),
        Mark(clusters[main & ~kept], line | {"edgecolor": BEFORE, "linestyle": ":"},
             "cluster only before recording practice is allowed for"),
        Mark(clusters[~main & flag(clusters, "hot_by_people")], line | {"edgecolor": NEED, "linestyle": "--"},
             "cluster by need: as many as in such circumstances"),
    ]  # fmt: skip
    return [mark for mark in found if len(mark.frame)]


def _spots(axes: Axes, cells: gpd.GeoDataFrame, clusters: gpd.GeoDataFrame) -> None:
    _fill(axes, cells[cells["hot"]], facecolor=HOT, alpha=0.55, linewidth=0.0, zorder=3)
    only = clusters[clusters["only_visible_together"].astype(bool)]
    for part, colour, width in ((clusters[clusters["hot"]], HOT, 0.8), (only, ONLY, 2.6)):
        _fill(axes, part, facecolor="none", edgecolor=colour, linewidth=width, zorder=5)
    for mark in marks(cells, clusters):
        _fill(axes, mark.frame, **mark.style, zorder=3 if "alpha" in mark.style else 6)
    for row in clusters.head(MOST_NUMBERED).itertuples():
        inside = max(shapely.get_parts(row.geometry), key=shapely.area).representative_point()
        east, north = inside.x, inside.y
        axes.annotate(
            row.cluster_id, (east, north), xytext=(7, 7), textcoords="offset points", fontsize=9, weight="bold",
            color=INK, zorder=7, bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75},
        )  # fmt: skip


def _scale_bar(axes: Axes, areas: gpd.GeoDataFrame) -> None:
    west, south, east, north = areas.total_bounds
    length = round_length((east - west) / 5.0)
    y = south - (north - south) * 0.035
    axes.plot([west, west + length], [y, y], color=INK, linewidth=3, solid_capstyle="butt")
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.annotate(words, (west + length, y), xytext=(5, -3), textcoords="offset points", fontsize=9, color=INK)


def round_length(metres: float) -> float:
    """Return the greatest 1, 2 or 5 times a power of ten that is not above a length.

    >>> round_length(4800.0), round_length(23.0)
    (2000.0, 20.0)
    """
    power = 10.0 ** floor(log10(metres))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= metres)


def _legend(
    cells: gpd.GeoDataFrame, clusters: gpd.GeoDataFrame, *, looked: bool, own: bool, unlooked: bool, more: bool
) -> list[object]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    hot = "more around it than expected" if more else "among the densest 5 % of the ground"
    entries: list[object] = [
        Line2D([], [], color=BORDER, linewidth=1.1, label="border between authorities"),
        Patch(facecolor=HOT, alpha=0.55, label=f"cell: {hot}"),
    ]
    if clusters["only_visible_together"].astype(bool).any():
        entries.append(Patch(facecolor="none", edgecolor=ONLY, linewidth=2.6, label="cluster visible only together"))
    entries += [Patch(**mark.style, label=mark.label) for mark in marks(cells, clusters)]
    if looked:
        entries.append(
            Line2D([], [], color=LOOKED, marker="x", linestyle="none", label="where we looked (never counted)")
        )
    if own:
        entries.append(
            Line2D([], [], color=OWN, marker="s", fillstyle="none", linestyle="none",
                   label="at a building's own address (never counted)")
        )  # fmt: skip
    if unlooked:
        entries.append(
            Patch(facecolor="none", edgecolor="#b5b5b5", hatch="///", label="not covered for the whole period")
        )
    return entries
