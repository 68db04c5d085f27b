"""The matrix as a heat table: whose bar is higher on whose scale, with intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from riskshare.records.comparison_tables import Party
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Scale
from riskshare.reporting.drawing import needs_maps
from riskshare.reporting.equivalence import CAVEAT, place_words
from riskshare.reporting.figures import interval_words, level_of
from riskshare.reporting.ladder_parts import in_lines
from riskshare.reporting.sentences import marks
from riskshare.reporting.words import agency_names, owned
from riskshare.scales.rungs import cut_words, high_edge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HIGHER: Final = "#00796B"
LOWER: Final = "#762A83"
LEVEL: Final = "#FFFFFF"
NONE: Final = "#ECECEC"
"""Teal and purple, neither a colour of the ladder's bands; arrows say the same without colour."""
_INK: Final = "#222222"
_SOFT: Final = "#666666"
_STRONGEST: Final = 0.30
"""A gap of thirty in a hundred shared cases gets the full colour."""
_ARROWS: Final = {"higher": "▲ ", "lower": "▼ "}


def alt_text(matrix: pd.DataFrame, partnership: Partnership) -> str:
    """Return in words what the heat table shows, for those who cannot see it."""
    names = agency_names(partnership)
    said = [
        f"{owned(names[row['agency']])} high on the scale of {names[row['target_agency']]}: "
        f"{place_words(partnership.scale(row['target_scale']), row['estimate'], row['lower'], row['upper'])}"
        f"{_standing_words(row)}."
        for row in matrix.to_dict("records")
    ]
    head = [marks(partnership, None, trial=False), "Table of where each agency's high falls on every other's scale."]
    return " ".join([*head, CAVEAT, *said])


def _standing_words(row: Mapping[Any, Any]) -> str:
    if "one_sided_referral" in row["flags"]:
        return ", one side referred most of these cases, read with care"
    return {"higher": ", a higher bar than its own", "lower": ", a lower bar than its own",
            "cannot tell": ", these cases cannot tell it from its own"}.get(row["standing"], "")  # fmt: skip


def draw_matrix(
    matrix: pd.DataFrame,
    disagreement: pd.DataFrame,
    parties: Sequence[Party],
    partnership: Partnership,
    *,
    note: str = "",
) -> Figure:
    """Return the heat table: the row agency's "high" on the column agency's own scale, with its 95 % interval.

    Teal with an upward arrow where the row's bar is higher, purple with a downward one where it is lower, stronger with
    the share of shared cases that lies between the two bars; white where the interval holds the column's own cut, so
    that the cases cannot tell; dotted, without colour or arrow, where one side referred most of the cases. The head
    bears whose it is, that it is internal, the basis and what it does not say.

    Parameters
    ----------
    matrix, disagreement : pandas.DataFrame
        Tables of a comparison.
    parties : sequence of (agency id, scale id)
        Rows and columns, in order.
    partnership : Partnership
    note : str
        A line for the head, such as the size and the dates of the sample.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    with needs_maps("Drawing a heat table"):
        from matplotlib import pyplot
    size = max(1, len(parties))
    wide = 4.2 + 1.85 * size
    figure, axes = pyplot.subplots(figsize=(wide, 3.5 + 0.85 * size), layout="constrained")
    gaps = _gaps(disagreement)
    found = {_key(row): {str(name): value for name, value in row.items()} for row in matrix.to_dict("records")}
    for i, source in enumerate(parties):
        for j, target in enumerate(parties):
            line = found.get((source, target))
            if source == target:
                _own_cell(axes, i, j, partnership.scale(target[1]))
            elif line is None:
                _cell(axes, i, j, NONE, "same agency" if source[0] == target[0] else "cannot be\nlinked", soft=True)
            else:
                _linked_cell(axes, (i, j), line, gaps.get((source, target)), partnership)
    _axes(axes, parties, partnership)
    figure.legend(handles=_legend(matrix), loc="outside lower left", ncols=2, frameon=False, fontsize=10)
    lines = [
        f"Whose bar is higher: {partnership.name}",
        "Read across: the row agency's 'high', as the column agency would write it, with its 95 % interval. " + note,
        CAVEAT,
        marks(partnership, None, trial=False),
    ]
    figure.suptitle(in_lines(lines, wide), x=0.01, ha="left", fontsize=11)
    return figure


def _key(row: Mapping[Any, Any]) -> tuple[Party, Party]:
    return (row["agency"], row["scale"]), (row["target_agency"], row["target_scale"])


def _gaps(disagreement: pd.DataFrame) -> dict[tuple[Party, Party], float]:
    """Return by (source, target) how much less often the source calls a case high: above 0 for a higher bar."""
    gaps = {}
    for row in disagreement.to_dict("records"):
        first, second = (row["agency"], row["scale"]), (row["other_agency"], row["other_scale"])
        gaps[first, second], gaps[second, first] = -row["signed"], row["signed"]
    return gaps


def _cell(
    axes: Axes, i: int, j: int, colour: Any, said: str, *, soft: bool = False, bold: bool = False, hatch: str = ""
) -> None:
    hatch = "///" if soft else hatch
    axes.bar(j, 1.0, width=1.0, bottom=i - 0.5, color=colour, edgecolor="#BBBBBB", linewidth=0.8, hatch=hatch or None)
    axes.annotate(said, (j, i), ha="center", va="center", fontsize=8.5 if soft else 10.5,
                  color=_SOFT if soft else _ink_on(colour), fontweight="bold" if bold else "normal",
                  bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5} if hatch else None)  # fmt: skip


def _ink_on(colour: Any) -> str:
    """Return black or white, whichever stands out on a colour (its relative luminance, WCAG 2)."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return _INK if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.21 else "white"


def _own_cell(axes: Axes, i: int, j: int, scale: Scale) -> None:
    edge = high_edge(scale)
    _cell(axes, i, j, "#D9D9D9", "no cut" if edge is None else f"own:\n{cut_words(scale, edge)}", bold=True)


def _linked_cell(
    axes: Axes, at: tuple[int, int], line: Mapping[str, Any], gap: float | None, partnership: Partnership
) -> None:
    scale = partnership.scale(line["target_scale"])
    estimate, interval = interval_words(scale, line["estimate"], line["lower"], line["upper"]).split(" [", 1)
    signs = " *" if {"extrapolated", "sparse", "population_sensitive"} & set(line["flags"]) else ""
    signs += " ‡" if "levels_on_levels" in line["flags"] else ""
    doubtful = "one_sided_referral" in line["flags"]
    signs += " †" if doubtful else ""
    arrow = "" if doubtful else _ARROWS.get(line["standing"], "")
    level = f"{_level_words(scale, line['estimate'])}\n" if scale.kind == "ordinal" else ""
    colour = LEVEL if doubtful else _shade(line["standing"], gap)
    _cell(axes, *at, colour, f"{arrow}{level}{estimate}{' ' if level else chr(10)}[{interval}{signs}",
          hatch="..." if doubtful else "")  # fmt: skip


def _level_words(scale: Scale, estimate: float) -> str:
    split, beyond = level_of(scale, estimate)
    return f"part of {split}" if split else beyond


def _shade(standing: str, gap: float | None) -> tuple[float, float, float] | str:
    if standing not in ("higher", "lower"):
        return LEVEL
    from matplotlib.colors import to_rgb

    strength = 0.18 + 0.62 * min(1.0, abs(gap or 0.0) / _STRONGEST)
    red, green, blue = (1.0 - strength * (1.0 - part) for part in to_rgb(HIGHER if standing == "higher" else LOWER))
    return red, green, blue


def _axes(axes: Axes, parties: Sequence[Party], partnership: Partnership) -> None:
    names = agency_names(partnership)
    rows = ["\n".join([*textwrap.wrap(names[agency], 30), _short(partnership, scale, 34)]) for agency, scale in parties]
    columns = ["\n".join([*textwrap.wrap(names[agency], 20), _short(partnership, scale, 24)])
               for agency, scale in parties]  # fmt: skip
    axes.set_yticks(range(len(parties)), rows, fontsize=10)
    axes.set_xticks(range(len(parties)), columns, fontsize=9.5)
    axes.xaxis.tick_top()
    axes.set_xlim(-0.5, max(0.5, len(parties) - 0.5))
    axes.set_ylim(max(0.5, len(parties) - 0.5), -0.5)
    axes.tick_params(length=0)
    axes.set_ylabel("whose 'high'", fontsize=10, color=_SOFT)
    axes.set_xlabel("on whose scale", fontsize=10, color=_SOFT)
    axes.xaxis.set_label_position("top")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _short(partnership: Partnership, scale_id: str, width: int) -> str:
    return textwrap.shorten(partnership.scale(scale_id).name, width, placeholder="…")


def _legend(matrix: pd.DataFrame) -> list[Any]:
    """Return the key; of the marks only those that are there."""
    from matplotlib.patches import Patch

    flags = {flag for own in matrix["flags"] for flag in own}
    same: dict[str, Any] = {"edgecolor": "#BBBBBB"}
    handles = [
        Patch(facecolor=_shade("higher", 0.25), label="▲ higher bar than the column's own", **same),
        Patch(facecolor=_shade("lower", 0.25), label="▼ lower bar than the column's own", **same),
        Patch(facecolor=LEVEL, label="these cases cannot tell", **same),
        Patch(facecolor=NONE, hatch="///", label="no link", **same),
    ]
    told = {
        "one_sided_referral": "† one side referred most of the cases: read with care, nothing is counted",
        "levels_on_levels": "‡ levels on levels: interval a little too narrow (holds in 92–94 % in simulation)",
    }
    hatches = {"one_sided_referral": {"facecolor": LEVEL, "hatch": "...", **same}}
    none: dict[str, Any] = {"facecolor": "none", "edgecolor": "none"}
    handles += [Patch(label=text, **hatches.get(flag, none)) for flag, text in told.items() if flag in flags]
    if flags & {"extrapolated", "sparse", "population_sensitive"}:
        handles.append(Patch(label="* few or no people there, or not alike for every group", **none))
    return handles
