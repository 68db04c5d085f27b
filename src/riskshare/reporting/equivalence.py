"""Whose bar is higher, in a sentence a pair and as a heat table with intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from riskshare.errors import MissingExtraError
from riskshare.records.comparison_tables import Party
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Scale
from riskshare.reporting.figures import interval_words
from riskshare.reporting.words import agency_names, is_missing, owned
from riskshare.scales.rungs import cut_words, high_edge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HIGHER: Final = "#E66101"
LOWER: Final = "#5E3C99"
LEVEL: Final = "#FFFFFF"
NONE: Final = "#ECECEC"
"""Orange and purple (Brewer's PuOr) are told apart with any colour vision; no colour where the data cannot tell."""
_INK: Final = "#222222"
_SOFT: Final = "#666666"
_STRONGEST: Final = 0.30
"""A gap of thirty in a hundred shared cases gets the full colour."""


def place_words(scale: Scale, estimate: float, lower: float, upper: float) -> str:
    """Return a place on a native scale with its interval: ``16.8 [16.0, 17.4]``, or ``amber (3.1 [2.9, 3.3])``.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> brag = Scale(id="b", name="b", owner="x", kind="ordinal", lo=1.0, hi=2.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=(Band(name="amber", starts=1.0), Band(name="red", starts=2.0)))
    >>> place_words(brag, 1.6, 1.44, 1.71)
    'red (1.6 [1.4, 1.7])'
    """
    figures = interval_words(scale, estimate, lower, upper)
    return figures if scale.kind != "ordinal" else f"{nearest_level(scale, estimate)} ({figures})"


def nearest_level(scale: Scale, estimate: float) -> str:
    """Return the name of the level nearest to a place on an ordinal scale."""
    starts = np.array([band.starts for band in scale.bands])
    return scale.bands[int(np.abs(starts - estimate).argmin())].name


def pair_sentence(
    cut: Mapping[str, Any], volume: Mapping[str, Any], partnership: Partnership, *, to: str | None = None
) -> str:
    """Return what one agency's "high" is on another's scale, and how many of the other's cases it would flag.

    Parameters
    ----------
    cut : mapping
        A line of the matrix.
    volume : mapping
        The line of volumes with the same bar on the same agency's cases.
    partnership : Partnership
    to : str, optional
        Id of the agency spoken to as "you"; it must be the target.

    Returns
    -------
    str
    """
    names, scale = agency_names(partnership), partnership.scale(cut["target_scale"])
    target = names[cut["target_agency"]]
    you = to == cut["target_agency"]
    at = place_words(scale, cut["estimate"], cut["lower"], cut["upper"])
    own = cut_words(partnership.scale(cut["scale"]), cut["edge"])
    head = f"{owned(names[cut['agency']])} 'high' ({own}) is about {'your' if you else owned(target)} {at}"
    counted = _cases({**volume, "refused": _named(volume["refused"], names)}, target, you=you)
    return f"{head}{_flags_words(cut)}: {counted}. {_standing(cut, scale, you=you)}".strip()


def _cases(volume: Mapping[str, Any], target: str, *, you: bool) -> str:
    if volume["refused"]:
        return f"how many cases that would flag is not said. {volume['refused']}".rstrip(".")
    whose = "your" if you else "their"
    of = f"of {whose} {volume['n']:,} shared cases as high"
    flagged, own = volume["flagged"], volume["flagged_own"]
    first = f"it would flag {_count(flagged)} {of}"
    if is_missing(own) and not volume["suppressed"]:
        return f"{first}; {'you' if you else target} publish no cut of {'your' if you else 'their'} own"
    return f"{first}; {'you flag' if you else f'{target} flags'} {_count(own)}"


def _count(count: Any) -> str:
    return "a number too small to show" if is_missing(count) else f"{int(count):,}"


def _named(text: str, names: Mapping[str, str]) -> str:
    """Return a reason that begins with an agency's id, with its name instead."""
    first, _, rest = text.partition(" ")
    return f"{names.get(first, first)} {rest}".rstrip()


def _standing(cut: Mapping[str, Any], scale: Scale, *, you: bool) -> str:
    edge = high_edge(scale)
    if edge is None or cut["standing"] == "no cut":
        return ""
    own = f"{'your' if you else 'their'} own {cut_words(scale, edge)}"
    if cut["standing"] == "cannot tell":
        return f"These cases cannot tell it from {own}."
    return f"It is a {cut['standing']} bar than {own}."


def _flags_words(cut: Mapping[str, Any]) -> str:
    said = {"extrapolated": "beyond what was seen", "sparse": "fewer than ten people beyond it",
            "population_sensitive": "not alike for every group"}  # fmt: skip
    words = [said[flag] for flag in cut["flags"] if flag in said]
    return f" ({'; '.join(words)})" if words else ""


def split_sentence(line: Mapping[str, Any], partnership: Partnership) -> str:
    """Return how a pair's disagreement splits: different bars, and different people under the same bar."""
    names = agency_names(partnership)
    first, second = names[line["agency"]], names[line["other_agency"]]
    total, bar, judgement = (100.0 * line[part] for part in ("total", "bar", "judgement"))
    chosen = " One side referred most of these cases: others may differ." if line["one_sided_referral"] else ""
    signed = _signed(line, first, second)
    return (
        f"{first} and {second} disagree about 'high' for {total:.0f} in 100 of {line['n']:,} cases: {bar:.0f} because "
        f"their bars differ, {judgement:.0f} because they judge people differently. {signed}{chosen}"
    )


def _signed(line: Mapping[str, Any], first: str, second: str) -> str:
    low, high = 100.0 * line["signed_low"], 100.0 * line["signed_high"]
    if low <= 0.0 <= high:
        return f"Which of them calls more cases high cannot be told ({low:+.0f} to {high:+.0f} in 100)."
    more, less, ends = (first, second, (low, high)) if low > 0.0 else (second, first, (-high, -low))
    return f"{more} calls more cases high than {less} does: by {ends[0]:.0f} to {ends[1]:.0f} in 100."


def refused_sentence(line: Mapping[str, Any], partnership: Partnership) -> str:
    """Return why a scale, or a pair of them, is not linked, and what to do."""
    names = agency_names(partnership)
    sides = [(line["agency"], line["scale"]), (line["target_agency"], line["target_scale"])]
    told = [f"{names[agency]} ({partnership.scale(scale).name})" for agency, scale in sides if agency]
    return f"{' and '.join(told)}: {line['reason']}"


def invariance_sentence(line: Mapping[str, Any], partnership: Partnership) -> str:
    """Return that a link does not hold alike for every group."""
    names = agency_names(partnership)
    return (
        f"The link from {names[line['agency']]} to {names[line['target_agency']]} differs between groups of "
        f"{line['characteristic'].replace('_', ' ')}: by {line['remsd']:.2f} standard deviations, where "
        f"{line['limit']:.2f} matters and chance alone gives up to {line['by_chance']:.2f}."
    )


def alt_text(matrix: pd.DataFrame, partnership: Partnership) -> str:
    """Return in words what the heat table shows, for those who cannot see it."""
    names = agency_names(partnership)
    said = [
        f"{owned(names[row['agency']])} high on the scale of {names[row['target_agency']]}: "
        f"{place_words(partnership.scale(row['target_scale']), row['estimate'], row['lower'], row['upper'])}."
        for row in matrix.to_dict("records")
    ]
    return " ".join(["Table of where each agency's high falls on every other's scale.", *said])


def draw_matrix(
    matrix: pd.DataFrame,
    disagreement: pd.DataFrame,
    parties: Sequence[Party],
    partnership: Partnership,
    *,
    note: str = "",
) -> Figure:
    """Return the heat table: the row agency's "high" on the column agency's own scale, with its 95 % interval.

    Orange where the row's bar is higher, purple where it is lower, stronger with the share of shared cases that lies
    between the two bars; white where the interval holds the column's own cut, so that the cases cannot tell.

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
    try:
        from matplotlib import pyplot
    except ImportError:
        extra, what = "maps", "Drawing a heat table"
        raise MissingExtraError(extra, what) from None
    size = max(1, len(parties))
    figure, axes = pyplot.subplots(figsize=(4.2 + 1.85 * size, 2.9 + 0.85 * size), layout="constrained")
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
    figure.legend(handles=_legend(), loc="outside lower left", ncols=3, frameon=False, fontsize=10)
    lines = [
        f"Whose bar is higher: {partnership.name}",
        "Read across: the row agency's 'high', as the column agency would write it, with its 95 % interval."
        + (f" {note}" if note else ""),
    ]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=12)
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


def _cell(axes: Axes, i: int, j: int, colour: Any, said: str, *, soft: bool = False, bold: bool = False) -> None:
    axes.bar(j, 1.0, width=1.0, bottom=i - 0.5, color=colour, edgecolor="#BBBBBB", linewidth=0.8,
             hatch="///" if soft else None)  # fmt: skip
    axes.annotate(said, (j, i), ha="center", va="center", fontsize=8.5 if soft else 10.5,
                  color=_SOFT if soft else _ink_on(colour), fontweight="bold" if bold else "normal",
                  bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.5} if soft else None)  # fmt: skip


def _ink_on(colour: Any) -> str:
    """Return black or white, whichever stands out on a colour (its relative luminance, WCAG 2)."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return _INK if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.18 else "white"


def _own_cell(axes: Axes, i: int, j: int, scale: Scale) -> None:
    edge = high_edge(scale)
    _cell(axes, i, j, "#D9D9D9", "no cut" if edge is None else f"own:\n{cut_words(scale, edge)}", bold=True)


def _linked_cell(
    axes: Axes, at: tuple[int, int], line: Mapping[str, Any], gap: float | None, partnership: Partnership
) -> None:
    scale = partnership.scale(line["target_scale"])
    estimate, interval = interval_words(scale, line["estimate"], line["lower"], line["upper"]).split(" [", 1)
    marks = " *" if {"extrapolated", "sparse", "population_sensitive"} & set(line["flags"]) else ""
    marks += " †" if "one_sided_referral" in line["flags"] else ""
    ordinal = scale.kind == "ordinal"
    head = f"{nearest_level(scale, line['estimate'])}\n{estimate} [" if ordinal else f"{estimate}\n["
    _cell(axes, *at, _shade(line["standing"], gap), f"{head}{interval}{marks}")


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


def _legend() -> list[Any]:
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=_shade("higher", 0.25), edgecolor="#BBBBBB", label="higher bar than the column's own"),
        Patch(facecolor=_shade("lower", 0.25), edgecolor="#BBBBBB", label="lower bar than the column's own"),
        Patch(facecolor=LEVEL, edgecolor="#BBBBBB", label="these cases cannot tell"),
        Patch(facecolor=NONE, edgecolor="#BBBBBB", hatch="///", label="no link"),
        Patch(facecolor="none", edgecolor="none", label="* few or no people there, or not alike for every group"),
        Patch(facecolor="none", edgecolor="none", label="† one side referred most: no volumes"),
    ]
