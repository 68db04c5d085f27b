"""Reports that can leave: for a partnership or the public, and about a subject for who works with that person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from riskshare.errors import PolicyError
from riskshare.reporting.pages import escaped, paragraphs, section, table, tag
from riskshare.reporting.shared_sections import is_borders, shown_table, table_words, whole_page
from riskshare.reporting.shared_subject import about_subject
from riskshare.reporting.shared_words import LISTED_MAY_BE, area_names, cell_words, is_hot, texts
from riskshare.reporting.words import counted
from riskshare.sharing.shared import Shared, must_be_shared

_ORDER: Final = ("clusters", "counts", "scores", "buildings", "areas", "cells")
"""Findings first, the ground they stand on last."""
_LONG: Final = 40
"""Rows from which on a table is folded; no section of another report is as long."""
_PART: Final = 100
_GRAVEST_FIRST: Final = ("very high", "high", "medium", "low", "cannot say")


def report(shared: Shared) -> str:
    """Return what was shared as a page to read and print: about a subject, or for a partnership.

    Parameters
    ----------
    shared : Shared

    Returns
    -------
    str
        A whole HTML page. It holds no script, asks for nothing, and carries its stamp at the top and on every printed
        page.

    Raises
    ------
    PolicyError
        This is not what sharing let through, or was changed since.
    """
    must_be_shared("report", shared)
    return about_subject(shared) if shared.kind == "subject" else partnership_report(shared)


def partnership_report(shared: Shared) -> str:
    """Return a report of hot spots, thresholds, profiles or bands for a partnership or the public.

    Sections: what is found, what is withheld and suppressed with reasons, that every cell is accounted for, how far to
    believe it, and where it comes from.

    Raises
    ------
    PolicyError
        This is not what sharing let through, was changed since, or is about a subject.
    """
    must_be_shared("partnership_report", shared)
    if shared.kind == "subject":
        message = "partnership_report(): this is about one person. Use report, for the practitioner alone."
        raise PolicyError(message)
    names = area_names(shared)
    ordered = [name for name in _ORDER if name in shared.tables]
    ordered += [name for name in shared.tables if name not in _ORDER]
    child = tag("p", escaped(LISTED_MAY_BE), class_="warn") if LISTED_MAY_BE in shared.notes else ""
    return whole_page(shared, "".join(_found(shared, name, names) for name in ordered), child)


def _found(shared: Shared, name: str, names: Mapping[str, str]) -> str:
    frame = shared.tables.get(name)
    if frame is None or is_borders(name, frame):
        return ""
    if name == "cells":
        return _cells(frame, names)
    if len(frame) > _LONG:
        return section(table_words(name), _folded(name, frame, names), name=f"t-{name}")
    said = counted(len(frame), "row")
    return section(
        table_words(name), shown_table(shared, name, names, f"{table_words(name)}: {said}"), name=f"t-{name}"
    )


def _folded(name: str, frame: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Return a long table in parts that a reader opens, all of it there: by band, the gravest first, else by number.

    Opened and closed by keyboard, without a script; printed, every part is open.
    """
    parts = _by_band(frame) if "band" in frame.columns else [("", frame)]
    lead = paragraphs([f"{counted(len(frame), 'row')}, in parts to open; all of them are here, and printed."])
    return lead + "".join(_part(name, word, part, names, first=not i) for i, (word, part) in enumerate(parts))


def _part(name: str, word: str, frame: pd.DataFrame, names: Mapping[str, str], *, first: bool) -> str:
    """Return one band to open, with parts of a hundred rows in it where there are more; the first is open if short."""
    said = f"{cell_words(word, 'band', names).capitalize()}: {len(frame):,}" if word else f"Rows: {len(frame):,}"
    starts = range(0, len(frame), _PART)
    inside = [_rows(f"{table_words(name)}: {said}", frame.iloc[at : at + _PART], names) for at in starts]
    if len(inside) > 1:
        which = (f"{at + 1:,} to {min(at + _PART, len(frame)):,}" for at in starts)
        inside = [tag("details", tag("summary", one), rows) for one, rows in zip(which, inside, strict=True)]
    is_open = {"open": ""} if first and len(frame) <= _LONG else {}
    return tag("details", tag("summary", escaped(said)), *inside, **is_open)


def _rows(caption: str, frame: pd.DataFrame, names: Mapping[str, str]) -> str:
    heads, rows = texts(frame, names)
    return table(caption, heads, rows)


def _by_band(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows of each band, the gravest first and what is no band last."""
    said = frame["band"].astype(object).where(frame["band"].notna(), "not told").astype(str)
    order = {word: place for place, word in enumerate(_GRAVEST_FIRST)}
    return [(word, frame[said == word]) for word in sorted(set(said), key=lambda one: (order.get(one, 99), one))]


def _cells(frame: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Return the hot cells, and how many others there are: thousands of lines are for the map and the data file."""
    hot = is_hot(frame)
    heads, rows = texts(frame[hot], names)
    listed = table("Cells with more around them than expected", heads, rows) if hot.any() else ""
    said = f"{counted(len(frame), 'cell')}, {int(hot.sum()):,} of them with more around them than expected."
    missing = int(frame["count"].isna().sum()) if "count" in frame.columns else 0
    more = [f"The counts of {missing:,} are not shown: too few, or told by those that are."] if missing else []
    return section("Cells", paragraphs([said, *more]), listed, name="t-cells")
