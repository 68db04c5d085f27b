"""Every agency's bands side by side: as agreed on the common scale and, from shared cases, as used."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from riskshare.records.comparison_tables import Party
from riskshare.records.partnership import Partnership
from riskshare.reporting.drawing import needs_maps
from riskshare.reporting.equivalence import CAVEAT, place_words
from riskshare.reporting.ladder_parts import (
    BAND_COLOURS,
    INK,
    LANE,
    NAMED_EDGES,
    PAPER,
    SOFT,
    in_lines,
    label_of,
    parties_of,
    sections_of,
    title_of,
)
from riskshare.reporting.ladder_used import used_panel
from riskshare.reporting.sentences import marks
from riskshare.reporting.words import band_edges
from riskshare.scales.rungs import cut_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


AGREED: Final = "Positions are agreed, not probabilities: agreeing them hides whose bar is higher."


def alt_text(
    bands: pd.DataFrame,
    partnership: Partnership,
    bars: pd.DataFrame | None = None,
    reference: Party | None = None,
) -> str:
    """Return in words what the ladder shows, for those who cannot see it."""
    lines = []
    for party, part in parties_of(bands):
        steps = [f"{row['band']} {row['common_band']}" for row in part.to_dict("records")]
        lines.append(f"{title_of(party, partnership)}: {', '.join(steps)}.")
    if bars is not None and len(bars):
        for row in bars.to_dict("records"):
            name = title_of((row["agency"], row["scale"]), partnership)
            ends = row["estimate"], row["lower"], row["upper"]
            figures = f"{ends[0]:.1f} [{ends[1]:.1f}, {ends[2]:.1f}]"
            if reference is not None:
                figures = place_words(partnership.scale(reference[1]), *ends)
            lines.append(f"{name}: on the reference scale its {row['edge']} cut falls at {figures}.")
    head = [marks(partnership, None, trial=False), "Ladder of bands on the common scale.", AGREED]
    return " ".join([*head, *([] if bars is None else [CAVEAT]), *lines])


def draw_ladder(
    bands: pd.DataFrame,
    partnership: Partnership,
    *,
    bars: pd.DataFrame | None = None,
    reference: Party | None = None,
    note: str = "",
    why_reference: str = "",
) -> Figure:
    """Return the ladders as a picture: one row an agency and scale, its bands on the common scale.

    A solid block lies between two published edges. Where the owner publishes no edge the block fades from one
    colour to the next and is hatched: the bands in it are named in order, but where they meet is not known.

    Parameters
    ----------
    bands : pandas.DataFrame
        From ``scales.rungs.rungs``.
    partnership : Partnership
    bars : pandas.DataFrame, optional
        ``agency, scale, edge, estimate, lower, upper, flags``: where each high cut falls on the reference scale, from
        shared cases, in its native units; a second panel shows them.
    reference : (agency id, scale id), optional
        Whose scale ``bars`` are on.
    note : str
        A line for the head, such as the size and the dates of the sample.
    why_reference : str
        Why that scale is the reference, in a sentence.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    with needs_maps("Drawing a ladder"):
        from matplotlib import pyplot
    parties = [party for party, _ in parties_of(bands)]
    two = bars is not None and reference is not None
    size = (15.5 if two else 11.5, 3.3 + 0.92 * max(1, len(parties)))
    figure, panels = pyplot.subplots(
        1, 2 if two else 1, figsize=size, layout="constrained", sharey=True, squeeze=False,
        width_ratios=(1.15, 1.0) if two else None,
    )  # fmt: skip
    _agreed_panel(panels[0, 0], bands, partnership)
    if bars is not None and reference is not None:
        used_panel(panels[0, 1], bars, bands, reference, partnership)
    _rows(panels[0, 0], parties, partnership)
    figure.legend(handles=_legend(two=two), loc="outside lower left", ncols=4, frameon=False, fontsize=10)
    lines = [f"Whose bar is where: {partnership.name}", f"{AGREED} {note}"]
    lines += [f"{CAVEAT} {why_reference}"] if two else []
    figure.suptitle(in_lines([*lines, marks(partnership, None, trial=False)], size[0]), x=0.01, ha="left", fontsize=11)
    return figure


def _rows(axes: Axes, parties: Sequence[Party], partnership: Partnership) -> None:
    axes.set_yticks(range(len(parties)), [label_of(party, partnership) for party in parties], fontsize=10.5)
    axes.set_ylim(len(parties) - 0.45, -0.6)
    axes.tick_params(axis="y", length=0)


def _agreed_panel(axes: Axes, bands: pd.DataFrame, partnership: Partnership) -> None:
    edges = dict(band_edges(partnership))
    _frame(axes, edges, "POLICY BASIS, as agreed: each agency's own\ncuts, pinned to the common edges")
    for place, (party, part) in enumerate(parties_of(bands)):
        for section in sections_of(part, edges):
            _block(axes, place, section)
        scale = partnership.scale(party[1])
        for row in part[part["pins"] != ""].to_dict("records"):
            at = row["section_low"]
            axes.plot([at, at], [place - LANE / 2, place + LANE / 2], color=INK, linewidth=2.2, zorder=4)
            if scale.kind == "ordinal":
                continue  # the name of the level stands in its block
            above: dict[str, Any] = {"ha": "left", "va": "bottom", "fontsize": 8.5, "color": INK}
            axes.annotate(cut_words(scale, row["pins"]), (at, place - LANE / 2), xytext=(-2, 1.5),
                          textcoords="offset points", **above)  # fmt: skip


def _frame(axes: Axes, edges: Mapping[str, float], title: str) -> None:
    """Draw what both panels share: common edges, their names above, no box."""
    starts = [0.0, *edges.values()]
    for at in edges.values():
        axes.axvline(at, color="#BBBBBB", linewidth=1, zorder=0)
    for name, start, end in zip(NAMED_EDGES, starts, [*starts[1:], 100.0], strict=True):
        axes.annotate(name.upper(), ((start + end) / 2, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
                      textcoords="offset points", ha="center", fontsize=8.5, color=SOFT)  # fmt: skip
    axes.set_xlim(0.0, 100.0)
    axes.set_xticks([*starts, 100.0])
    axes.set_title(title, fontsize=11, loc="left", pad=18, fontweight="bold")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _block(axes: Axes, place: int, section: Mapping[str, Any]) -> None:
    low, high, bottom, top = section["low"], section["high"], place - LANE / 2, place + LANE / 2
    if section["spans"]:
        from matplotlib.colors import LinearSegmentedColormap

        first, last = (BAND_COLOURS[section[name]] for name in ("first", "last"))
        fade = LinearSegmentedColormap.from_list("fade", [first, last])
        axes.imshow(np.linspace(0.0, 1.0, 128)[None, :], extent=(low, high, top, bottom), aspect="auto", cmap=fade,
                    zorder=1, interpolation="bilinear")  # fmt: skip
        axes.bar(low, LANE, width=high - low, bottom=bottom, align="edge", facecolor="none", edgecolor="#8A8A8A",
                 hatch="//", linewidth=0.0, zorder=2, alpha=0.45)  # fmt: skip
    else:
        axes.bar(low, LANE, width=high - low, bottom=bottom, align="edge", color=BAND_COLOURS[section["first"]],
                 zorder=1)  # fmt: skip
        for at in section["starts"][1:]:
            axes.plot([at, at], [bottom, top], color=SOFT, linewidth=1, linestyle=(0, (2, 2)), zorder=3)
    _names(axes, place, section)


def _names(axes: Axes, place: int, section: Mapping[str, Any]) -> None:
    """Write the native bands inside a block, in order; where no edge is published, where they meet is not claimed."""
    low, high, names = section["low"], section["high"], section["bands"]
    dark = section["first"] == "very high" and not section["spans"]
    width = max(4, int((high - low) * 0.62 / len(names)))
    middles = low + (high - low) * (np.arange(len(names)) + 0.5) / len(names)
    if not section["spans"]:
        middles = (np.array(section["starts"]) + np.array(section["ends"])) / 2.0
    for name, middle in zip(names, middles, strict=True):
        told = "\n".join(textwrap.wrap(name, width, max_lines=2, placeholder="…", break_long_words=False))
        axes.annotate(told, (middle, place), ha="center", va="center", fontsize=8.5, zorder=5, annotation_clip=True,
                      color="white" if dark else INK, bbox=PAPER if section["spans"] else None)  # fmt: skip


def _legend(*, two: bool) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(facecolor=colour, edgecolor=SOFT, label=name) for name, colour in BAND_COLOURS.items()]
    handles.append(
        Patch(facecolor="#FBDDA6", edgecolor="#8A8A8A", hatch="////", label="no edge published: somewhere here")
    )
    handles.append(Line2D([], [], color=INK, linewidth=2.2, label="published cut"))
    if two:
        marker: dict[str, Any] = {"marker": "D", "markerfacecolor": "white", "markeredgecolor": INK}
        handles.append(Line2D([], [], color=INK, linewidth=3, label="high cut with 95 % interval", **marker))
    return handles
