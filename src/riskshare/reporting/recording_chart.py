"""The picture of recording practice: who records how much more of alike events, and how each border looks."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from riskshare.reporting.drawing import needs_maps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, ALL, ONE, UNUSED = "#222222", "#1b5e8c", "#7fa8c4", "#b5b5b5"
NORMAL_95 = 1.959964
MOST_LINES = 40
"""More lines than this cannot be read; the tables hold them all."""
WIDTH = 11.0
"""Of the picture, in inches."""


class Line(NamedTuple):
    """One interval: what it is of, the ratio and its ends, whether it counts, and what is told at its right."""

    label: str
    ratio: float
    lower: float
    upper: float
    colour: str
    told: str


def draw_recording(ratios: pd.DataFrame, segments: pd.DataFrame, notes: Sequence[str]) -> Figure:
    """Return ratios of recording as a picture: by pair and kind of information above, by piece of border below.

    Parameters
    ----------
    ratios, segments : DataFrame
        The tables of that name; the segments without shapes. Either may be empty.
    notes : sequence of str
        What was assumed; printed beneath.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    with needs_maps("Drawing a chart"):
        from matplotlib import pyplot
        from matplotlib.transforms import blended_transform_factory
    above, below = pair_lines(ratios), border_lines(segments)
    text = [textwrap.fill(note, 150, initial_indent="- ", subsequent_indent="  ") for note in notes]
    tall = [0.9 + 0.3 * max(len(part), 1) for part in (above, below)]
    small = 0.4 + 0.15 * sum(line.count("\n") + 1 for line in text)
    figure, (first, second, foot) = pyplot.subplots(
        3, 1, figsize=(WIDTH, sum(tall) + small + 1.0), layout="constrained", height_ratios=(*tall, small)
    )
    _forest(first, above, "Of alike events, how many times as many does one record as the other?")
    _forest(second, below, "Each piece of border: events for the same people, one side over the other")
    figure.suptitle("Recording practice, 95 % intervals\nInternal: not to be shared as it is", x=0.01, ha="left")
    foot.set_axis_off()
    across = blended_transform_factory(figure.transFigure, foot.transAxes)
    said = foot.text(0.015, 1.0, "\n".join(text), va="top", fontsize=7.5, color=INK, transform=across)
    said.set_in_layout(False)  # it runs beneath the labels too
    return figure


def pair_lines(ratios: pd.DataFrame) -> list[Line]:
    """Return one line for each pair of organisations and kind of information, all together first and darkest."""
    lines = []
    for row in ratios.to_dict("records"):
        together = row["information"] == "together"
        label = f"{row['organisation']} over {row['against']}: {row['information']}"
        label += "" if row["category"] == "all" else f" ({row['category']})"
        colour = ALL if together else ONE
        told = f"{row['ratio']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})"
        if together and row["misfit_p"] < 0.05:
            told += f", they disagree: p {row['misfit_p']:.3f}"
        lines.append(Line(label, row["ratio"], row["lower"], row["upper"], colour, told))
    return lines


def border_lines(segments: pd.DataFrame) -> list[Line]:
    """Return one line for each piece of border, exp(δ ± 1.96 √(v + ω²)); pieces that were not used are grey.

    Sides stand as pairs do: the later name over the earlier. Pieces of which a side is not covered are not drawn.
    """
    lines = []
    for row in segments[np.isfinite(segments["delta"].astype(float))].to_dict("records"):
        half = NORMAL_95 * float(np.sqrt(row["v"] + np.nan_to_num(row["omega2"])))
        over = ("organisation", "n", 1.0), ("against", "n_against", -1.0)
        (one, n, sign), (other, n_other, _) = over if row["organisation"] > row["against"] else over[::-1]
        low, middle, high = (float(np.exp(sign * row["delta"] + shift)) for shift in (-half, 0.0, half))
        label = f"{row['segment_id']} {row[one]} over {row[other]}"
        label += "" if row["category"] == "all" else f" ({row['category']})"
        told = f"{row[n]:,} and {row[n_other]:,} events"
        told += "" if row["used"] else f"; not used: {row['reason']}"
        lines.append(Line(label, middle, low, high, ALL if row["used"] else UNUSED, told))
    return lines


def _forest(axes: Axes, lines: list[Line], title: str) -> None:
    shown = lines[:MOST_LINES]
    more = f" (the first {MOST_LINES} of {len(lines):,}; the table holds all)" if len(lines) > MOST_LINES else ""
    axes.set_title(title + more, loc="left", fontsize=10, color=INK)
    for spine in ("top", "right", "left"):
        axes.spines[spine].set_visible(False)
    if not shown:
        axes.set_axis_off()
        axes.text(0.0, 0.5, "Nothing to compare by: see the notes for why.", transform=axes.transAxes, color=INK)
        return
    axes.set_xscale("log")
    axes.axvline(1.0, color=INK, linewidth=0.8, linestyle="--")
    for place, line in enumerate(shown):
        axes.plot([line.lower, line.upper], [place, place], color=line.colour, linewidth=2.2)
        axes.plot(line.ratio, place, "o", color=line.colour, markersize=6)
        axes.annotate(
            line.told, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8.5, color=INK
        )
    axes.set_yticks(range(len(shown)), [line.label for line in shown], fontsize=8.5)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    _ticks(axes, shown)


def _ticks(axes: Axes, lines: list[Line]) -> None:
    from matplotlib.ticker import NullFormatter, NullLocator

    low, high = min(0.9, *(line.lower for line in lines)), max(1.1, *(line.upper for line in lines))
    axes.set_xlim(low / 1.08, high * 1.08)
    round_ones = [0.05, 0.1, 0.2, 0.33, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 10.0, 20.0]
    ticks = [tick for tick in round_ones if low / 1.08 <= tick <= high * 1.08]
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=8.5)


def recording_html(ratios: pd.DataFrame, offsets: pd.DataFrame) -> str:
    """Return the ratios from all information together for a notebook, and how many offsets could not be told."""
    head = "".join(f"<th>{name}</th>" for name in ("organisation", "against", "source", "category", "ratio", "95 %"))
    lines = []
    for row in ratios[ratios["information"] == "together"].to_dict("records"):
        cells = (
            row["organisation"], row["against"], row["source"], row["category"], f"{row['ratio']:.2f}",
            f"{row['lower']:.2f}–{row['upper']:.2f}",
        )  # fmt: skip
        lines.append("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>")
    lone = int((~offsets["estimable"].astype(bool)).sum())
    return (
        f"<p>Recording practice: {len(lines):,} pairs compared, {lone:,} offsets not estimable, internal</p>"
        f"<table><tr>{head}</tr>{''.join(lines)}</table>"
    )
