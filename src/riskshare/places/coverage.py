"""Who looked where and when: silence from where nobody looked is missing, not zero. Methods: places, section 5.1."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.points import NO_DAY, Points

Floats = NDArray[np.float64]

_DATES: Final = "Coverage dates must be YYYY-MM-DD: whole days, `until` the first that is no longer covered."
COVERAGE_COLUMNS: Final = ("source", "area", "from", "until")
_EPOCH: Final = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True, repr=False)
class Coverage:
    """Share of a period for which each source covered each area (sources × areas, 0–1), and what was assumed."""

    sources: tuple[str, ...]
    areas: tuple[str, ...]
    share: Floats
    notes: tuple[str, ...]
    spans: tuple[tuple[int, int, float, float], ...] = ()

    def looked(self, source: NDArray[np.int64], area: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each source looked at each area on each day; where a day is not known, whether it ever did.

        ``spans`` are (source, area, first day, first day no longer covered); without any it looked always.
        """
        ever = self.share[source, area] > 0
        if not self.spans:
            return np.asarray(ever, dtype=np.bool_)
        then = day == NO_DAY
        for one, place, start, end in self.spans:
            then |= (source == one) & (area == place) & (day >= start) & (day < end)
        return np.asarray(ever & then, dtype=np.bool_)

    def __repr__(self) -> str:
        """Return its size."""
        return f"Coverage({len(self.sources)} sources × {len(self.areas)} areas)"

    def of(self, source: str) -> Floats:
        """Return the share of the period that a source covered each area."""
        return np.asarray(self.share[self.sources.index(source)], dtype=np.float64)


def everywhere(sources: tuple[str, ...], areas: tuple[str, ...]) -> Coverage:
    """Return coverage of every area by every source, always: the default, said aloud."""
    note = "no coverage given: every source is taken to have looked everywhere, always"
    return Coverage(sources, areas, np.ones((len(sources), len(areas))), (note,))


def coverage_of(
    table: pd.DataFrame | None, points: Points, areas: tuple[str, ...], *, period: tuple[int, int] | None = None
) -> Coverage:
    """Return who looked where, for the sources that reported some events.

    Parameters
    ----------
    table : DataFrame or None
        As for ``check_coverage``; None is everywhere, always.
    points : Points
        Events that enforcement or prompting turned up name no source here.
    areas : tuple of str
    period : tuple of int, days since 1970-01-01, optional
        Half-open; by default the days that the reported events span.

    Raises
    ------
    PlaceError
        As ``check_coverage``.
    """
    sources = tuple(sorted(set(points.source[~points.looked].tolist())))
    if table is None:
        return everywhere(sources, areas)
    days = points.day[(points.day != NO_DAY) & ~points.looked]
    if period is None and days.size:
        period = int(days.min()), int(days.max()) + 1
    return check_coverage(table, sources, areas, period)


def check_coverage(
    table: pd.DataFrame, sources: tuple[str, ...], areas: tuple[str, ...], period: tuple[int, int] | None
) -> Coverage:
    """Return what share of a period each source covered each area.

    Parameters
    ----------
    table : DataFrame
        Columns ``source``, ``area``, ``from`` and ``until`` (dates or YYYY-MM-DD; ``until`` is the first day no longer
        covered; blank is open). Lines of one source and area may not overlap in time.
    sources, areas : tuple of str
        Those to give shares for. A source that the table does not name is taken to have looked nowhere: its events,
        if it has any, are a problem.
    period : tuple of int, days since 1970-01-01, optional
        Half-open. Without one any coverage at all counts as whole.

    Returns
    -------
    Coverage

    Raises
    ------
    PlaceError
        With every problem: not a table, missing columns, unreadable dates, ``until`` before ``from``, unknown areas,
        overlapping lines, sources with events and no coverage.
    """
    if not isinstance(table, pd.DataFrame) or not set(COVERAGE_COLUMNS) <= set(table.columns):
        hint = f"coverage must be a table with columns {', '.join(COVERAGE_COLUMNS)}."
        raise PlaceError([PlaceProblem("not_coverage", hint)])
    start, end = _days(table["from"], -(10**7)), _days(table["until"], 10**7)
    problems = _problems(table, start, end, sources, areas)
    if problems:
        raise PlaceError(problems)
    first, last = period if period is not None else (-(10**7), 10**7)
    covered = np.clip(np.minimum(end, last) - np.maximum(start, first), 0, None).astype(np.float64)
    share = np.zeros((len(sources), len(areas)))
    source = pd.Index(sources).get_indexer(pd.Index(table["source"].astype(str)))
    area = pd.Index(areas).get_indexer(pd.Index(table["area"].astype(str)))
    use = (source >= 0) & (area >= 0)
    np.add.at(share, (source[use], area[use]), covered[use])
    share = np.minimum(share / max(last - first, 1), 1.0) if period is not None else (share > 0).astype(np.float64)
    lines = np.flatnonzero(use)
    spans = tuple((int(source[n]), int(area[n]), float(start[n]), float(end[n])) for n in lines)
    return Coverage(sources, areas, share, (), spans)


def _days(column: pd.Series[Any], blank: int) -> NDArray[np.float64]:
    """Return days since 1970-01-01: NaN for what is no date, and for a moment, which would have to be cut to one."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("Europe/London").dt.tz_localize(None)
    texts = column.astype("string").str.strip()
    empty = (column.isna() | (texts == "")).to_numpy(dtype=np.bool_)
    # A date from a table of moments, or from a spreadsheet, ends in midnight.
    parts = texts.str.extract(r"^(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?)?$")[0]
    read = pd.to_datetime(parts, format="%Y-%m-%d", errors="coerce").to_numpy(dtype="datetime64[D]")
    days = np.where(np.isnat(read), np.nan, read.astype(np.int64).astype(np.float64))
    return np.where(empty, float(blank), days)


def _problems(
    table: pd.DataFrame, start: Floats, end: Floats, sources: tuple[str, ...], areas: tuple[str, ...]
) -> list[PlaceProblem]:
    found = []
    unread = np.isnan(start) | np.isnan(end)
    if unread.any():
        rows = ", ".join(str(row + 1) for row in np.flatnonzero(unread)[:5])
        found.append(PlaceProblem("bad_coverage_date", f"{_DATES} See rows {rows}."))
    backwards = np.flatnonzero(end <= start)
    if backwards.size:
        rows = ", ".join(str(row + 1) for row in backwards[:5])
        found.append(PlaceProblem("coverage_backwards", f"Coverage must end after it begins; see rows {rows}."))
    strange = sorted(set(table["area"].astype(str)) - set(areas))
    if strange:
        hint = f"Coverage names areas that are not among the areas given: {', '.join(strange[:10])}."
        found.append(PlaceProblem("unknown_coverage_area", hint))
    silent = sorted(set(sources) - set(table["source"].astype(str)))
    if silent:
        hint = f"These sources have events but no line of coverage: {', '.join(silent)}. Say where they looked."
        found.append(PlaceProblem("source_without_coverage", hint))
    if not unread.any() and _overlapping(table, start, end):
        hint = "Two lines of one source and area overlap in time, so a day would count twice. Join them."
        found.append(PlaceProblem("coverage_twice", hint))
    return found


def _overlapping(table: pd.DataFrame, start: Floats, end: Floats) -> bool:
    source = pd.factorize(table["source"].astype(str))[0]
    area = pd.factorize(table["area"].astype(str))[0]
    order = np.lexsort((start, area, source))
    same = (source[order][1:] == source[order][:-1]) & (area[order][1:] == area[order][:-1])
    return bool(np.any(same & (start[order][1:] < end[order][:-1])))


def day_number(day: dt.date) -> int:
    """Return days since 1970-01-01."""
    return (day - _EPOCH).days
