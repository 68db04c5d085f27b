"""Why a score is what it is, as a waterfall: drawn with matplotlib, or as plain text for terminals."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from riskshare.records.partnership import Partnership
from riskshare.reporting.drawing import needs_maps
from riskshare.reporting.sentences import describe, headline, marks
from riskshare.reporting.steps import RECORDS, Kind, Step, shown_points, steps
from riskshare.reporting.words import band_edges, band_sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final[Mapping[Kind, str]] = {
    "base": "#999999",
    "factual": "#0072B2",
    "anecdotal": "#56B4E9",
    "lowering": "#E69F00",
    "folded": "#5A7F95",
    "closing": "#999999",
}
"""Okabe and Ito (2008): told apart by readers with any colour vision. Anecdotes are hatched too, for print in grey."""

_LEGEND: Final[Mapping[Kind, str]] = {
    "factual": "raises, factual",
    "anecdotal": "raises, anecdotal",
    "lowering": "lowers",
    "folded": "smaller records together",
    "base": "start and closing lines",
}
_MARKS: Final[Mapping[Kind, str]] = {
    "base": "=", "factual": "#", "anecdotal": "~", "lowering": "-", "folded": "+", "closing": "=",
}  # fmt: skip
_LEAST_WIDTH: Final = 60
_HEAD_WIDTH: Final = 140
"""Characters of a line of the head: as many as stand inside the picture even where most of them are wide."""
_LABEL_WIDTH: Final = 50


def alt_text(explanation: pd.DataFrame, line: Mapping[str, Any], partnership: Partnership) -> str:
    """Return in words what the drawing shows, for those who cannot see it."""
    chain = steps(explanation, line, partnership)
    moves = ", ".join(f"{s.label} {p:+.1f}" for s, p in zip(chain, shown_points(chain), strict=True) if p)
    return f"Waterfall. {describe(line, explanation, partnership)} Steps in points: {moves}."


def text_waterfall(
    explanation: pd.DataFrame,
    line: Mapping[str, Any],
    partnership: Partnership,
    *,
    width: int = 100,
    title: bool = True,
) -> str:
    """Return the waterfall as lines of ASCII bars, each with its points and the running total.

    Parameters
    ----------
    explanation : pandas.DataFrame
        ``Assessment.explain`` of one subject.
    line : mapping
        One line of ``Assessment.scores``; it chooses the lens.
    partnership : Partnership
    width : int
        Columns; less than 60 is taken as 60.
    title : bool
        Begin with who, band and interval.

    Returns
    -------
    str
        No line is longer than ``width``. Printed points add up to the score. Records are numbered, largest first.
    """
    width = max(width, _LEAST_WIDTH)
    chain = steps(explanation, line, partnership)
    label_width = max(26, width * 44 // 100)
    ruler = _Ruler(width - label_width - 18, max(100.0, *(step.end for step in chain)), partnership)
    lines = [
        *(textwrap.wrap(headline(line), width) if title else ()),
        f"{'':{label_width}}  points  total  {ruler.numbers()}",
    ]
    for number, (step, points) in enumerate(zip(chain, shown_points(chain), strict=True)):
        told = f"{number}. {step.label}" if step.kind in RECORDS else step.label
        label = textwrap.shorten(told, label_width, placeholder="..")
        lines.append(f"{label:{label_width}} {points:+7.1f} {step.end:6.1f}  {ruler.bar(step)}".rstrip())
    lines.append(f"{'score':{label_width}} {'':7} {line['score']:6d}  {ruler.interval(line)}")
    facts = line["factual_score"]
    lines.append(f"{'on facts alone':{label_width}} {'':7} {facts:6d}  {ruler.mark(facts)}")
    lines += textwrap.wrap(f"Bands: {band_sentence(partnership)}. '|' marks where each begins.", width)
    return "\n".join([*lines, *_key(width)])


def _key(width: int) -> list[str]:
    """Return what the marks mean, each entry kept on one line."""
    entries = [f"{_MARKS[kind]} {name}" for kind, name in _LEGEND.items()] + ["<..X..> score within its interval"]
    glued = "   ".join(entry.replace(" ", "\N{NO-BREAK SPACE}") for entry in entries)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in textwrap.wrap(glued, width)]


class _Ruler:
    """Where points lie along a bar of so many characters."""

    def __init__(self, size: int, top: float, partnership: Partnership) -> None:
        self.size, self.top = size, top
        self.edges = tuple(edge for _, edge in band_edges(partnership))

    def at(self, points: float) -> int:
        return min(self.size - 1, max(0, int(points / self.top * self.size)))

    def _blank(self) -> list[str]:
        cells = [" "] * self.size
        for edge in self.edges:
            cells[self.at(edge)] = "|"
        return cells

    def numbers(self) -> str:
        cells = [" "] * (self.size + 2)
        for edge in (0.0, *self.edges):
            text = f"{edge:g}"
            cells[self.at(edge) : self.at(edge) + len(text)] = text
        return "".join(cells).rstrip()

    def bar(self, step: Step) -> str:
        cells = self._blank()
        low, high = sorted((step.start, step.end))
        if round(step.points, 1):
            first, last = self.at(low), max(self.at(low) + 1, self.at(high))
            cells[first:last] = _MARKS[step.kind] * (last - first)
        return "".join(cells)

    def interval(self, line: Mapping[str, Any]) -> str:
        cells = self._blank()
        first, last = self.at(line["lower"]), self.at(line["upper"])
        cells[first : last + 1] = "." * (last + 1 - first)
        cells[first], cells[last] = "<", ">"
        cells[self.at(line["score"])] = "X"
        return "".join(cells).rstrip()

    def mark(self, points: float) -> str:
        cells = self._blank()
        cells[self.at(points)] = "o"
        return "".join(cells).rstrip()


def draw_waterfall(
    explanation: pd.DataFrame,
    line: Mapping[str, Any],
    partnership: Partnership,
    *,
    as_of: dt.date | None = None,
    trial: bool = False,
) -> Axes:
    """Return the axes of a waterfall: each record by points, the bands named, the score with its interval.

    Parameters
    ----------
    explanation : pandas.DataFrame
        ``Assessment.explain`` of one subject.
    line : mapping
        One line of ``Assessment.scores``; it chooses the lens.
    partnership : Partnership
    as_of : datetime.date, optional
        The day it was known on; it stands in the head.
    trial : bool
        Whether the policy is unsigned; the watermark stands in the head.

    Returns
    -------
    matplotlib.axes.Axes
        ``axes.figure.savefig`` saves it; ``alt_text`` says the same in words.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    with needs_maps("Drawing a waterfall"):
        from matplotlib import pyplot
    chain = steps(explanation, line, partnership)
    head = textwrap.wrap(f"{marks(partnership, as_of, trial=trial)} It informs a named practitioner.", _HEAD_WIDTH)
    head += textwrap.wrap(describe(line, explanation, partnership), _HEAD_WIDTH)
    # A line of the head is 0.17 inches high; every step has room for a label of two lines.
    figure, axes = pyplot.subplots(
        figsize=(11.0, 1.5 + 0.17 * len(head) + 0.38 * (len(chain) + 2)), layout="constrained"
    )
    _bars(axes, chain)
    _result(axes, line, len(chain))
    _bands(axes, partnership, max(100.0, *(step.end for step in chain)))
    names = [_two_lines(step.label) for step in chain]
    axes.set_yticks(range(len(chain) + 2), [*names, "score and interval", "on facts alone"], fontsize=9)
    axes.set_ylim(len(chain) + 1.6, -0.7)
    axes.set_xlabel("points on the common scale")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_bounds(0.0, 100.0)
    axes.tick_params(axis="y", length=0)
    figure.legend(handles=_legend(chain), loc="outside lower left", ncols=4, frameon=False, fontsize=9)
    figure.suptitle("\n".join(head), x=0.01, ha="left", fontsize=10)
    return axes


def _two_lines(label: str) -> str:
    """Return a label on at most two lines: who recorded it stands last and must not be cut away."""
    lines = textwrap.wrap(label, _LABEL_WIDTH)
    return "\n".join(lines if len(lines) <= 2 else [lines[0], textwrap.shorten(" ".join(lines[1:]), _LABEL_WIDTH)])


def _bars(axes: Axes, chain: Sequence[Step]) -> None:
    for place, (step, points) in enumerate(zip(chain, shown_points(chain), strict=True)):
        low, high = sorted((step.start, step.end))
        hatch = "////" if step.kind == "anecdotal" else None
        axes.barh(place, high - low, left=low, height=0.62, color=COLOURS[step.kind], hatch=hatch, edgecolor="white")
        beside: dict[str, Any] = {"xytext": (5, 0), "textcoords": "offset points", "va": "center", "fontsize": 8}
        axes.annotate(f"{points:+.1f}", (high, place), **beside)
        axes.plot([step.end, step.end], [place + 0.31, place + 0.69], color="#777777", linewidth=0.8)


def _result(axes: Axes, line: Mapping[str, Any], place: int) -> None:
    score, lower, upper = line["score"], line["lower"], line["upper"]
    axes.plot([lower, upper], [place, place], color="black", linewidth=2, solid_capstyle="butt")
    axes.plot([lower, upper], [place, place], color="black", marker="|", markersize=11, linestyle="none")
    axes.plot(score, place, color="black", marker="o", markersize=8)
    facts = line["factual_score"]
    axes.plot(facts, place + 1, color="black", marker="D", markersize=7, markerfacecolor="white")
    for value, at, right in ((f"{score} ({lower} to {upper})", place, upper), (f"{facts}", place + 1, facts)):
        axes.annotate(value, (right, at), xytext=(8, 0), textcoords="offset points", va="center", fontsize=9)


def _bands(axes: Axes, partnership: Partnership, top: float) -> None:
    edges = band_edges(partnership)
    starts = [("low", 0.0), *edges]
    for _, edge in edges:
        axes.axvline(edge, color="#BBBBBB", linewidth=1, zorder=0)
    for (name, start), end in zip(starts, [*(edge for _, edge in edges), 100.0], strict=True):
        axes.annotate(name, ((start + end) / 2, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
                      textcoords="offset points", ha="center", fontsize=8, color="#444444")  # fmt: skip
    axes.set_xlim(0.0, top * 1.16)  # room for the figures beside the bars
    axes.set_xticks([0.0, *(edge for _, edge in edges), 100.0])


def _legend(chain: Sequence[Step]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    kinds = {"base" if step.kind == "closing" else step.kind for step in chain}
    handles: list[Any] = [
        Patch(facecolor=COLOURS[kind], hatch="////" if kind == "anecdotal" else None, edgecolor="white", label=name)
        for kind, name in _LEGEND.items()
        if kind in kinds
    ]
    handles.append(Line2D([], [], color="black", marker="o", label="score within its interval"))
    hollow: dict[str, Any] = {"marker": "D", "markerfacecolor": "white", "linestyle": "none"}
    handles.append(Line2D([], [], color="black", label="facts alone", **hollow))
    return handles
