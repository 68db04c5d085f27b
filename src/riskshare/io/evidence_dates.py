"""Dates by declared format only: each agency's own formats, proved by writing the date back and comparing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskshare.io.evidence_cells import Bools, Cells, Faults, Ints, Sheet, at, encode
from riskshare.io.text import why_unsafe

MISSING: Final = int(np.iinfo(np.int32).min)
"""No date. Every other figure is a number of days since 1970-01-01."""

_EPOCH: Final = dt.date(1970, 1, 1)
FIRST: Final = (dt.date(1900, 1, 1) - _EPOCH).days
LAST: Final = (dt.date(2100, 12, 31) - _EPOCH).days
DEFAULTS: Final = tuple((d - _EPOCH).days for d in (dt.date(1900, 1, 1), dt.date(1904, 1, 1), _EPOCH))
"""Day 0 or 1 of spreadsheets, older systems and Unix: what a system writes where it knows no date."""
_MONTHS: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_D: Final = "[0-9]{1,2}"
_YY: Final = "[0-9]{2}"
_SEP: Final = "[-/. ]"
_INCOMPLETE: Final = re.compile(
    rf"{_MONTHS}{_SEP}?[0-9]{{2,4}}|{_D}{_SEP}?{_MONTHS}|[0-9]{{4}}(?:{_SEP}{_D})?|{_D}{_SEP}[0-9]{{4}}"
)
_TWO_DIGITS: Final = re.compile(rf"{_D}{_SEP}(?:{_D}|{_MONTHS}){_SEP}{_YY}|{_YY}{_SEP}{_D}{_SEP}{_D}")


def is_whole(date_format: str) -> bool:
    """Return whether a declared format gives a day, a month and a four-digit year; others are never used.

    Examples
    --------
    >>> is_whole("%d/%m/%Y"), is_whole("%d/%m/%y"), is_whole("%b-%Y")
    (True, False, False)
    """
    has_day = "%j" in date_format or ("%d" in date_format and re.search("%[mbB]", date_format) is not None)
    return "%Y" in date_format and has_day


def parse(text: str, date_format: str) -> int | None:
    """Return days since 1970-01-01, or None where the text is not exactly what the format writes.

    Writing the date back must give the same text, so ``3/4/2024`` is refused under ``%d/%m/%Y``.

    Examples
    --------
    >>> parse("01/02/1970", "%d/%m/%Y"), parse("1/2/1970", "%d/%m/%Y"), parse("31/02/1970", "%d/%m/%Y")
    (31, None, None)
    """
    try:
        if date_format == "%Y-%m-%d":  # the same by a road ten times shorter
            day = dt.date.fromisoformat(text)
            return (day - _EPOCH).days if day.isoformat() == text else None
        moment = dt.datetime.strptime(text, date_format)
        return (moment.date() - _EPOCH).days if moment.strftime(date_format) == text else None
    except ValueError:
        return None


def why_no_date(text: str, formats: tuple[str, ...]) -> str:
    """Return the code of what is wrong with a date that no declared format reads.

    Examples
    --------
    >>> [why_no_date(t, ("%Y-%m-%d",)) for t in ("45321", "01/02/24", "Sept-24", "2024-02-31")]
    ['excel_serial', 'two_digit_year', 'incomplete_date', 'impossible_date']
    """
    reason = why_unsafe(text)
    if reason not in (None, "identifier_in_clear", "scientific_notation"):
        return str(reason)
    lower = text.casefold()
    if re.fullmatch(r"[0-9]{5}(?:\.[0-9]{1,12})?", text):
        return "excel_serial"
    numeric = [f for f in formats if "%b" not in f and "%B" not in f]
    shapes = [re.sub("[0-9]", "0", dt.date(2000, 10, 10).strftime(f)) for f in numeric]
    if re.sub("[0-9]", "0", text) in shapes:
        return "impossible_date"
    if re.search(r"[T ][0-9]{1,2}:[0-9]{2}", text):
        return "has_time"
    if _TWO_DIGITS.fullmatch(lower):
        return "two_digit_year"
    return "incomplete_date" if _INCOMPLETE.fullmatch(lower) else "bad_date"


def read_dates(
    sheet: Sheet, column: str, agencies: Cells, formats: Mapping[str, tuple[str, ...]], faults: Faults
) -> NDArray[np.int32]:
    """Return days since 1970-01-01 for each row, ``MISSING`` where there is none or it cannot be read.

    A row whose agency cannot be read has no declared format, so its date is left unread and nothing is said of it.

    Parameters
    ----------
    sheet : Sheet
    column : str
    agencies : Cells
        The agency of each row.
    formats : mapping
        For each agency id, the formats it has declared.
    faults : Faults
        Receives what cannot be read, and days outside 1900 to 2100 or known as defaults.
    """
    days = np.full(sheet.n_rows, MISSING, np.int32)
    cells = encode(sheet, column)
    declared = [tuple(f for f in formats.get(name, ()) if is_whole(f)) for name in agencies.values.to_pylist()]
    groups = sorted(set(declared))
    group_of_row = at(np.array([groups.index(d) + 1 for d in declared], np.int64), agencies.codes)
    for number, group in enumerate(groups, 1):
        rows = np.flatnonzero((group_of_row == number) & (cells.codes >= 0))
        if rows.size:
            days[rows] = _parsed(cells, rows, group, column, faults)
    if column in sheet.typed:
        typed = sheet.typed[column].cast("int32").fill_null(MISSING).to_numpy()
        days = np.where(typed != MISSING, typed, days)
    return _in_range(days, column, faults)


def _parsed(cells: Cells, rows: Ints, formats: tuple[str, ...], column: str, faults: Faults) -> NDArray[np.int32]:
    """Parse the distinct texts of some rows of agencies that declared the same formats."""
    distinct, back = np.unique(cells.codes[rows], return_inverse=True)
    found = np.full(len(distinct), MISSING, np.int32)
    refused: dict[str, list[int]] = {}
    for i, text in enumerate(cells.values.take(distinct).to_pylist()):
        readings = {day for f in formats if (day := parse(text, f)) is not None}
        if len(readings) == 1:
            found[i] = readings.pop()
        else:
            refused.setdefault("ambiguous_date" if readings else why_no_date(text, formats), []).append(i)
    for code, places in refused.items():
        faults.add(rows[np.isin(back, places)], column, code)
    return found[back]


def _in_range(days: NDArray[np.int32], column: str, faults: Faults) -> NDArray[np.int32]:
    known = days != MISSING
    default = np.isin(days, DEFAULTS)
    outside = known & ~default & ((days < FIRST) | (days > LAST))
    faults.add(default, column, "placeholder_date")
    faults.add(outside, column, "date_out_of_range")
    return np.where(default | outside, np.int32(MISSING), days)


def check_order(event: NDArray[np.int32], end: NDArray[np.int32], recorded: NDArray[np.int32], faults: Faults) -> None:
    """Note events later than their recording, and ends before the event or after the recording."""
    both = _both(event, recorded)
    faults.add(both & (event > recorded), "event_date", "event_after_recorded")
    faults.add(_both(event, end) & (end < event), "event_end", "end_before_start")
    faults.add(_both(end, recorded) & (end > recorded), "event_end", "end_after_recorded")


def _both(first: NDArray[np.int32], second: NDArray[np.int32]) -> Bools:
    known: Bools = (first != MISSING) & (second != MISSING)
    return known
