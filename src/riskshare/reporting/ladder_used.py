"""The ladder's second panel: where the shared cases put each agency's high, on one agency's own scale."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskshare.records.comparison_tables import Party
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Scale
from riskshare.reporting.figures import interval_words
from riskshare.reporting.ladder_parts import BAND_COLOURS, INK, PAPER, SOFT, parties_of, sections_of
from riskshare.reporting.words import agency_names, band_edges, owned
from riskshare.scales.bars import as_written
from riskshare.scales.rungs import cut_positions, cut_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def used_panel(axes: Axes, bars: pd.DataFrame, bands: pd.DataFrame, reference: Party, partnership: Partnership) -> None:
    """Draw where each high cut falls on the reference scale, in its own units: there nothing is placed by agreement."""
    scale = partnership.scale(reference[1])
    parties = [party for party, _ in parties_of(bands)]
    own = next((part for party, part in parties_of(bands) if party == reference), bands.iloc[:0])
    _native_axis(axes, scale, sections_of(own, dict(band_edges(partnership))), bars, partnership)
    whose = owned(agency_names(partnership).get(reference[0], reference[1]))
    said = "POPULATION BASIS: where each 'high' stands among shared cases (not equal risk), on"
    title = f"{said} {whose} scale ({scale.name})"
    axes.set_title("\n".join(textwrap.wrap(title, 64)), fontsize=11, loc="left", pad=18, fontweight="bold")
    for place, party in enumerate(parties):
        rows = bars[(bars["agency"] == party[0]) & (bars["scale"] == party[1])]
        if rows.empty:
            axes.annotate("cannot be placed from shared cases", (0.5, place), xycoords=("axes fraction", "data"),
                          ha="center", va="center", fontsize=9.5, color=SOFT, style="italic", bbox=PAPER)  # fmt: skip
        for row in rows.to_dict("records"):
            _bar(axes, place, {str(name): value for name, value in row.items()}, scale, fixed=party == reference)


def _native_axis(
    axes: Axes, scale: Scale, sections: Sequence[Mapping[str, Any]], bars: pd.DataFrame, partnership: Partnership
) -> None:
    """Colour the reference's own stretches behind the bars; risk runs to the right."""
    low, high = _ends(scale, bars)
    mild, severe = (high, low) if scale.direction == "safety" else (low, high)
    cuts = [float(as_written(scale, at)) for at in cut_positions(scale, partnership.common_scale).values()]
    for section, start, end in zip(sections, [mild, *cuts], [*cuts, severe], strict=False):
        colour, hatch = (BAND_COLOURS[section["first"]], "//" if section["spans"] else None)
        axes.axvspan(start, end, facecolor=colour, alpha=0.38, hatch=hatch, edgecolor="#D8C9A8", linewidth=0, zorder=0)
    for cut in cuts:
        axes.axvline(cut, color=INK, linewidth=1.6, zorder=1)
    axes.set_xlim(mild, severe)
    if scale.kind == "ordinal":
        half = (-0.5 if scale.direction == "safety" else 0.5) * scale.step
        axes.set_xticks([band.starts + half for band in scale.bands], [band.name for band in scale.bands])
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _ends(scale: Scale, bars: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis: those of the scale; levels, which fill a step each, need the step of the last."""
    low = float(scale.lo or 0.0)
    high = 1.15 * float(np.nanmax([low + 1.0, *bars["upper"]])) if scale.hi is None else float(scale.hi)
    if scale.kind != "ordinal":
        return low, high
    return (low - scale.step, high) if scale.direction == "safety" else (low, high + scale.step)


def _bar(axes: Axes, place: int, row: Mapping[str, Any], scale: Scale, *, fixed: bool) -> None:
    ends = sorted(axes.get_xlim())
    # A cut may be written up to a step beyond the scale's end, where the words beside it say so.
    at, low, high = (float(np.clip(row[end], ends[0], ends[1])) for end in ("estimate", "lower", "upper"))
    colour = BAND_COLOURS[row["edge"]]
    if not fixed:
        axes.plot([low, high], [place, place], color=INK, linewidth=1.6, marker="|", markersize=15,
                  markeredgewidth=2.2, zorder=3)  # fmt: skip
    axes.plot(at, place, marker="D", markersize=7, markerfacecolor=colour, markeredgecolor=INK, zorder=4)
    places = row["estimate"], row["lower"], row["upper"]
    said = f"its own cut: {cut_words(scale, row['edge'])}" if fixed else interval_words(scale, *places)
    said += " *" if row["flags"] else ""
    share = (at - axes.get_xlim()[0]) / (axes.get_xlim()[1] - axes.get_xlim()[0])
    side = "left" if share < 0.2 else "right" if share > 0.8 else "center"
    axes.annotate(said, (at, place), xytext=(0, 11), textcoords="offset points", ha=side, va="bottom",
                  fontsize=10, zorder=5, bbox=PAPER)  # fmt: skip
