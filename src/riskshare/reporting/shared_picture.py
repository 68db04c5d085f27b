"""A shared map as a picture, with its stamp drawn in it and written into it."""

from __future__ import annotations

import io
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import shapely

from riskshare.errors import PolicyError
from riskshare.reporting.drawing import needs_maps
from riskshare.reporting.pages import UNSEEN, plain
from riskshare.reporting.shared_layers import Layer, bounds, layers_of
from riskshare.reporting.shared_map import MOST_LABELS, label_place, middle
from riskshare.reporting.shared_sections import suppressed_lines, withheld_lines
from riskshare.reporting.spot_map import round_length
from riskshare.sharing.shared import Shared, must_be_shared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURES: Final = ("png", "svg", "pdf")
WIDTH: Final = 10.0
"""Inches."""
_INK: Final = "#1d1d1b"


def shared_picture(shared: Shared, suffix: str) -> bytes:
    """Return a map of what was shared as the bytes of a picture.

    Parameters
    ----------
    shared : Shared
        With at least one table that has shapes.
    suffix : {"png", "svg", "pdf"}

    Returns
    -------
    bytes
        The stamp stands at the top of the picture and in its metadata. The same input gives the same bytes.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    PolicyError
        This is not what sharing let through, was changed since, has no place that its recipient may see, or there is no
        such kind of picture.
    """
    must_be_shared("shared_picture", shared)
    if suffix not in PICTURES:
        message = f"shared_picture(): a picture is one of {', '.join(PICTURES)}."
        raise PolicyError(message)
    with needs_maps("Drawing a map"):
        import matplotlib as mpl
    sink = io.BytesIO()
    # Text stays text, to be searched and read aloud; ids come from the decision and not from chance.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": shared.decision, "pdf.fonttype": 42}):
        drawn = draw_shared(shared)
        drawn.savefig(sink, format=suffix, dpi=144, metadata=_metadata(shared, suffix))
    return sink.getvalue()


def draw_shared(shared: Shared) -> Figure:
    """Return a map of what was shared as a matplotlib figure, its stamp at the top.

    Raises
    ------
    PolicyError
        As ``shared_picture``.
    """
    from matplotlib.figure import Figure

    must_be_shared("draw_shared", shared)
    layers = tuple(layer for layer in layers_of(shared, "draw_shared") if layer.shown)
    west, south, east, north = bounds(layers)
    head = [drawable(line) for line in textwrap.wrap(plain(shared.stamp), 120)]
    title = [drawable(line) for line in textwrap.wrap(plain(shared.title), 80)[:2]]
    notes = [drawable(line) for note in _below(shared) for line in textwrap.wrap(f"- {plain(note)}", 150)]
    tall = WIDTH * min(max((north - south) / (east - west), 0.4), 1.3)
    top, bottom = 0.2 * len(head) + 0.3 * len(title) + 0.3, 0.14 * len(notes) + 0.35 * ((len(layers) + 2) // 3) + 0.6
    figure = Figure(figsize=(WIDTH, tall + top + bottom), facecolor="white")
    whole = tall + top + bottom
    axes = figure.add_axes((0.03, bottom / whole, 0.94, tall / whole))
    _text(figure, 0.03, 1 - 0.1 / whole, "\n".join(head), fontsize=8.5, color="#8a1c12", va="top", weight="bold")
    below = 1 - (0.2 * len(head) + 0.1) / whole
    _text(figure, 0.03, below, "\n".join(title), fontsize=14, color=_INK, va="top")
    _text(figure, 0.03, (0.14 * len(notes) + 0.15) / whole, "\n".join(notes), fontsize=7, color=_INK, va="top")
    for layer in layers:
        _draw(axes, layer)
    _frame(axes, (west, south, east, north), [layer for layer in layers if layer.shapes])
    return figure


def _below(shared: Shared) -> tuple[str, ...]:
    """Return what stands under the map: how far to believe it, and what is not on it; a picture goes about alone."""
    withheld = [f"Withheld from {table}: {fields} ({reason})." for table, fields, reason in withheld_lines(shared)]
    out = [
        f"Suppressed in {table}: {number} {what} ({reason})."
        for table, what, number, reason in suppressed_lines(shared)
    ]
    return (*shared.notes, *(withheld or ["No field is withheld."]), *(out or ["Nothing is suppressed."]))


def drawable(text: str) -> str:
    """Return text in which letters that the picture's font lacks are marked, so that none vanishes unseen.

    >>> drawable("Llanfair") , drawable("x" + chr(0x1F5FA))[1:] == UNSEEN
    ('Llanfair', True)
    """
    known = _letters()
    return "".join(letter if ord(letter) in known else UNSEEN for letter in text)


@cache
def _letters() -> frozenset[int]:
    from matplotlib import font_manager

    path = font_manager.findfont("DejaVu Sans")
    return frozenset(font_manager.get_font(path).get_charmap())


def _text(on: Any, x: float, y: float, text: str, **style: Any) -> None:
    """Write text as it is: to matplotlib, dollars would mean a formula."""
    on.text(x, y, text, parse_math=False, family="DejaVu Sans", **style)


def _draw(axes: Axes, layer: Layer) -> None:
    from matplotlib.collections import PatchCollection
    from shapely.plotting import patch_from_polygon

    look = layer.look
    if look.kind == "point":
        east, north = zip(*(middle(shape) for shape in layer.shapes), strict=True)
        axes.plot(east, north, "o", color=look.colour, markersize=6, markeredgecolor="white")
    else:
        fill: dict[str, Any] = {"facecolor": look.colour, "alpha": look.opacity, "linewidth": 0.0}
        line: dict[str, Any] = {"facecolor": "none", "edgecolor": look.colour, "linewidth": look.width}
        patches = [patch_from_polygon(part) for shape in layer.shapes for part in shapely.get_parts(shape)]
        axes.add_collection(PatchCollection(patches, **(fill if look.kind == "fill" else line)))
    box = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7}
    for label, shape in list(zip(layer.labels, layer.shapes, strict=False))[:MOST_LABELS]:
        weight, base = ("normal", "center") if layer.name == "areas" else ("bold", "bottom")
        at, name = label_place(layer, shape), drawable(plain(label))[:60]
        _text(axes, *at, name, fontsize=8.5, color=_INK, ha="center", va=base, weight=weight, bbox=box)


def _frame(axes: Axes, at: tuple[float, float, float, float], layers: list[Layer]) -> None:
    """Give the map its limits, scale bar and legend."""
    west, south, east, north = at
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal")
    axes.set_axis_off()
    length = round_length((east - west) / 5.0)
    x, y = west + 0.02 * (east - west), south + 0.02 * (north - south)
    axes.plot([x, x + length], [y, y], color=_INK, linewidth=3, solid_capstyle="butt")
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    _text(axes, x + length * 1.05, y, words, fontsize=8.5, color=_INK, va="center")
    axes.legend(
        handles=[_handle(layer) for layer in layers], loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3,
        frameon=False, fontsize=9,
    )  # fmt: skip


def _handle(layer: Layer) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    look = layer.look
    if look.kind == "point":
        return Line2D([], [], color=look.colour, marker="o", linestyle="none", label=layer.title)
    if look.kind == "line":
        return Patch(facecolor="none", edgecolor=look.colour, linewidth=look.width, label=layer.title)
    return Patch(facecolor=look.colour, alpha=look.opacity, linewidth=0.0, label=layer.title)


def _metadata(shared: Shared, suffix: str) -> dict[str, Any]:
    """Return what is written into the file; never when it was drawn, which would make each copy another."""
    stamp, title = plain(shared.stamp), plain(shared.title)
    if suffix == "png":
        return {"Title": title, "Description": stamp, "Software": "riskshare"}
    if suffix == "svg":
        return {"Title": title, "Description": stamp, "Creator": "riskshare", "Date": None}
    return {"Title": title, "Subject": stamp, "Keywords": stamp, "Creator": "riskshare", "CreationDate": None}
