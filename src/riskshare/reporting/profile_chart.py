"""The picture of profiles: observed over expected in each band with its interval, a building a block."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from riskshare.reporting.drawing import needs_maps
from riskshare.reporting.profile_words import figure as expected_words
from riskshare.reporting.words import is_missing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXCESS, PLAIN, INK = "#d7301f", "#2b6ca3", "#222222"
WIDTH: Final = 11.0
"""Of the picture, in inches."""
LINE: Final = 0.27
"""Height of one band, in inches."""
MOST_DRAWN: Final = 24
"""Buildings in one picture; those with an excess come first, the tables hold all."""
SPAN: Final = (0.05, 100.0)
"""Ends of intervals drawn, at most: what lies beyond is an arrow at the edge."""


def draw_profiles(buildings: pd.DataFrame, bands: pd.DataFrame, notes: Sequence[str]) -> Figure:
    """Return profiles for practitioners as a picture.

    Parameters
    ----------
    buildings, bands : DataFrame
        The tables of ``riskshare.profile_places`` for practitioners. Buildings stand by id, kind and authority; no
        name and no place is drawn.
    notes : sequence of str
        What was assumed and left out; printed beneath.

    Returns
    -------
    matplotlib.figure.Figure
        Ratios with exact 95 % Poisson limits on a log scale; plain counts where nothing is expected.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    shown = buildings.sort_values("excess", ascending=False, kind="stable").head(MOST_DRAWN)
    ratios = bool(bands["expected"].notna().any())
    return _picture(_lines(shown, bands), _title(buildings, shown), notes, ratios=ratios)


def draw_shown(buildings: pd.DataFrame, areas: pd.DataFrame, notes: Sequence[str]) -> Figure:
    """Return what may be seen below the practitioner level as a picture: counts, one line each.

    Parameters
    ----------
    buildings, areas : DataFrame
        The tables of ``riskshare.profile_places`` for partners or the public.
    notes : sequence of str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    single = [
        {"block": f"{row['building_id']}  {row['kind']}", "band": row["band"], **_count(row)}
        for row in buildings.head(MOST_DRAWN).drop(columns="geometry").to_dict("records")
    ]
    joint = [
        {"block": f"{row['authority']}  {row['kind']} ({row['buildings']:,})", "band": row["band"], **_count(row)}
        for row in areas.head(MOST_DRAWN).to_dict("records")
    ]
    lines = [*single, *joint] or [{"block": "Nothing can be shown at this level.", "band": "", "text": "", "count": 0}]
    return _picture(lines, "Events around buildings", notes, ratios=False)


def _title(buildings: pd.DataFrame, shown: pd.DataFrame) -> str:
    left = len(buildings) - len(shown)
    return "Events around buildings" + (f" ({left:,} more stand in the tables)" if left else "")


def _lines(shown: pd.DataFrame, bands: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one line a band, in the order of the picture."""
    lines = []
    by_building = dict(iter(bands.groupby("building_id", sort=False)))
    for row in shown.drop(columns="geometry").to_dict("records"):
        place = "" if is_missing(row["authority"]) else f", {row['authority']}"
        excess = not is_missing(row["excess"]) and bool(row["excess"])
        mine = by_building[row["building_id"]].to_dict("records")
        for number, band in enumerate(mine):
            # The finding is made on all bands but the outermost.
            near = number < max(len(mine) - 1, 1)
            block = f"{row['building_id']}  {row['kind']}{place}" if number == 0 else ""
            lines.append({"block": block, "found": excess and near, **_ratio(band)})
    return lines


def _ratio(band: dict[Any, Any]) -> dict[str, Any]:
    base = "" if is_missing(band["expected"]) else f" seen, {expected_words(band['expected'])} expected"
    return {
        "band": f"{band['band']} m", "text": f"{band['observed']:,}{base}", "at": band["ratio"],
        "low": band["lower"], "high": band["upper"], "count": band["observed"],
    }  # fmt: skip


def _count(row: dict[Any, Any]) -> dict[str, Any]:
    few = is_missing(row["observed"])
    said = "fewer than 5" if few else f"{row['observed']:,}"
    said += "" if is_missing(row["ratio"]) else f", {row['ratio']:.1f} times what is expected"
    return {"text": said, "count": 0 if few else int(row["observed"])}


def _picture(lines: list[dict[str, Any]], title: str, notes: Sequence[str], *, ratios: bool) -> Figure:
    with needs_maps("Drawing profiles"):
        from matplotlib import pyplot
    told = [textwrap.fill(note, 160, initial_indent="- ", subsequent_indent="  ") for note in notes]
    tall = 0.9 + LINE * len(lines) + 0.14 * sum(1 for line in lines if line["block"])
    small = 0.2 + 0.15 * sum(text.count("\n") + 1 for text in told)
    figure, (axes, foot) = pyplot.subplots(
        2, 1, figsize=(WIDTH, tall + small + 0.7), layout="constrained", height_ratios=(tall, small)
    )
    places = _places(lines)
    (_draw_ratios if ratios else _draw_counts)(axes, lines, places)
    _label(axes, lines, places)
    figure.suptitle(f"{title}\nInternal: not to be shared as it is", x=0.01, ha="left", fontsize=13, color=INK)
    foot.set_axis_off()
    foot.text(0.0, 1.0, "\n".join(told), va="top", fontsize=7.5, color=INK, transform=foot.transAxes)
    return figure


def _places(lines: list[dict[str, Any]]) -> np.ndarray:
    """Return how far down each line stands: a little room before each building."""
    return np.cumsum([1.0 + (0.6 if line["block"] else 0.0) for line in lines])


def _draw_ratios(axes: Axes, lines: list[dict[str, Any]], places: np.ndarray) -> None:
    known = [(line, y) for line, y in zip(lines, places, strict=True) if not is_missing(line["at"])]
    values = [value for line, _ in known for value in (line["at"], line["low"], line["high"]) if value > 0]
    seen = [line["at"] for line, _ in known if line["at"] > 0]  # a dot is always drawn, an end may be an arrow
    low = min([max(min([0.5, *values]), SPAN[0]), *seen]) * 0.8
    high = max([min(max([2.0, *values]), SPAN[1]), *seen]) * 1.25
    axes.axvline(1.0, color=INK, linewidth=1.0, zorder=1)
    for line, y in known:
        colour = EXCESS if line["found"] else PLAIN
        ends = np.clip([line["low"], line["high"]], low, high)
        axes.plot(ends, [y, y], color=colour, linewidth=2.0, solid_capstyle="butt", zorder=2)
        for end, limit, mark in ((line["low"], low, "<"), (line["high"], high, ">")):
            if not low <= end <= high:
                axes.plot([limit], [y], mark, color=colour, markersize=5, clip_on=False, zorder=3)
        if line["at"] > 0:
            axes.plot([line["at"]], [y], "o", color=colour, markersize=6, zorder=3)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = [tick for tick in (0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 500) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(
        "times as many as expected, with 95 % limits; red: near the building, all bands but the outermost, there is "
        "more than chance gives; no dot: none seen", fontsize=9, color=INK,
    )  # fmt: skip


def _draw_counts(axes: Axes, lines: list[dict[str, Any]], places: np.ndarray) -> None:
    from matplotlib.ticker import MaxNLocator

    counts = [line["count"] for line in lines]
    axes.barh(places, counts, height=0.6, color=PLAIN)
    axes.set_xlim(0, max([*counts, 1]) * 1.1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("events", fontsize=9, color=INK)


def _label(axes: Axes, lines: list[dict[str, Any]], places: np.ndarray) -> None:
    axes.set_ylim(places[-1] + 0.8, places[0] - 1.4)
    axes.set_yticks(places, [line["band"] for line in lines], fontsize=8.5)
    axes.tick_params(axis="y", length=0, pad=8)
    for line, y in zip(lines, places, strict=True):
        axes.annotate(line["text"], (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=8.5, color=INK)
        if line["block"]:
            axes.annotate(
                line["block"], (0.0, y - 0.75), xycoords=("axes fraction", "data"), va="center", fontsize=9.5,
                weight="bold", color=INK,
            )  # fmt: skip
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
