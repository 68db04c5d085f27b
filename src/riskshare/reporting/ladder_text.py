"""The ladder as lines of characters, for terminals."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pandas as pd

from riskshare.records.partnership import Partnership
from riskshare.reporting.ladder_parts import NAMED_EDGES, parties_of, sections_of, title_of
from riskshare.reporting.words import band_edges


def text_ladder(bands: pd.DataFrame, partnership: Partnership, *, width: int = 100) -> str:
    """Return the ladders as lines of characters, one scale a line.

    Parameters
    ----------
    bands : pandas.DataFrame
        From ``scales.rungs.rungs``.
    partnership : Partnership
    width : int
        Columns; less than 60 is taken as 60.

    Returns
    -------
    str
        ``.`` low, ``-`` medium, ``=`` high, ``#`` very high, ``~`` where the owner publishes no edge, ``|`` a
        published cut. No line is longer than ``width``.
    """
    width = max(width, 60)
    label = max(24, width * 42 // 100)
    size = width - label - 1
    edges = dict(band_edges(partnership))
    ruler = [" "] * (size + 1)
    for at in (0.0, *edges.values()):
        text = f"{at:g}"
        start = _cell(at, size)
        ruler[start : start + len(text)] = text
    lines = [" " * label + " " + "".join(ruler).rstrip()]
    for party, part in parties_of(bands):
        name = textwrap.shorten(title_of(party, partnership), label, placeholder="..")
        lines.append(f"{name:{label}} {_text_lane(part, edges, size)}".rstrip())
    key = ". low   - medium   = high   # very high   ~ no edge published here   | published cut"
    return "\n".join([*lines, *textwrap.wrap(key, width)])


def _text_lane(part: pd.DataFrame, edges: Mapping[str, float], size: int) -> str:
    marks = dict(zip(NAMED_EDGES, ".-=#", strict=True))
    cells = [" "] * size
    for section in sections_of(part, edges):
        first, last = _cell(section["low"], size), _cell(section["high"], size)
        mark = "~" if section["spans"] else marks[section["first"]]
        cells[first:last] = mark * (last - first)
    for row in part[part["pins"] != ""].to_dict("records"):
        cells[_cell(row["section_low"], size)] = "|"
    return "".join(cells)


def _cell(at: float, size: int) -> int:
    return min(size, round(at / 100.0 * size))
