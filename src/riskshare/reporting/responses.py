"""Response times in plain sentences and a table, for people; what cannot be compared is said to be so."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Sequence
from functools import partial
from itertools import groupby, zip_longest
from typing import Final

from riskshare.records.partnership import Partnership
from riskshare.records.response_times import LongerWait, ResponseTimes, StandardTimes, StratumTimes, Timing
from riskshare.reporting.words import agency_names, counted, day, listed, owned, percent

NOT_KNOWN = "not known yet"
SPANS: Final = "Some of these bands may reach into other strata: their owner does not publish where the edge lies."
_WIDTHS: Final = (24, 32, 29, 22, 13, 9)
"""Columns of the table, at most: longer cells go on in a further line."""


def length(hours: float | None) -> str:
    """Return a length of time in the unit a person would use; elapsed days have 24 hours.

    >>> length(0.25), length(7.0), length(65.0), length(None)
    ('15 min', '7.0 h', '2.7 days', 'not known yet')
    """
    if hours is None:
        return NOT_KNOWN
    if hours < 1.995:
        return f"{60.0 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 48.0 else f"{hours / 24.0:.1f} days"


def interval(low: float | None, high: float | None) -> str:
    """Return an interval of lengths in brackets; an end that is not known is left open.

    >>> interval(0.2, 0.3), interval(1.0, None)
    ('[12 min, 18 min]', '[60 min, ...]')
    """
    return f"[{'...' if low is None else length(low)}, {'...' if high is None else length(high)}]"


def response_sentences(times: ResponseTimes, partnership: Partnership) -> list[str]:
    """Return what times say, most severe stratum first: each agency, each standard, each longer wait.

    Parameters
    ----------
    times : ResponseTimes
    partnership : Partnership
        For names.

    Returns
    -------
    list of str
        One sentence or two an entry. No cases give one that says so, and the standards.
    """
    names = agency_names(partnership)
    said = [_head(times)]
    said += [stratum_sentence(line, names) for line in times.stratum_times]
    said += [standard_sentence(line, names) for line in times.standard_times]
    said += [longer_wait_sentence(line, names) for line in times.longer_waits_found]
    return said


def _head(times: ResponseTimes) -> str:
    later = f"; {counted(times.n_later, 'case')} begun later left out" if times.n_later else ""
    nation = times.nation.replace("_", " ").title()
    return (
        f"{counted(times.n_cases, 'case')} known up to {_known_up_to(times.until)}, {times.n_open:,} of them open and "
        f"counted for as long as they have lasted{later}. A working day runs from {times.opens:%H:%M} to "
        f"{times.closes:%H:%M}, without the bank holidays of {nation}."
    )


def _known_up_to(until: dt.datetime) -> str:
    if until.time() == dt.time():
        return f"the end of {day(until - dt.timedelta(days=1))}"
    return f"{day(until)} {until:%H:%M}"


def target_words(line: StandardTimes) -> str:
    """Return a target on its own clock: ``15 min``, ``4 working hours``, ``1 working day``."""
    if line.unit == "hours":
        return length(line.target)
    return f"{line.target:g} {line.unit if line.target != 1.0 else line.unit.removesuffix('s')}"


def stratum_sentence(line: StratumTimes, names: dict[str, str]) -> str:
    """Return how fast one agency acts in one stratum."""
    may = f" {SPANS}" if line.spans else ""
    return (
        f"{line.stratum}: {names[line.agency]} ({listed(line.bands)}), {line.start_event} to {line.stop_event}: half "
        f"within {length(line.median_hours)} {interval(line.median_low, line.median_high)}, nine in ten within "
        f"{length(line.ninetieth_hours)} ({_sizes(line)}).{may}"
    )


def standard_sentence(line: StandardTimes, names: dict[str, str]) -> str:
    """Return how far one standard is kept, or why that cannot be said; a share only proposed gets no verdict."""
    within, proposed = target_words(line), line.share_basis == "proposal"
    reach = "" if proposed else f", for {percent(line.share_required)} of cases"
    promise = (
        f"{owned(names[line.agency])} standard {line.standard} ({line.stop_event} within {within} of "
        f"{line.start_event}{reach})"
    )
    if not line.n:
        return f"{promise}: {line.note}"
    if line.share is None or line.share_low is None or line.share_high is None:
        return f"{promise}: too many cases are open to say ({counted(line.n, 'case')})."
    found = (
        f"{promise}: {percent(line.share)} [{percent(line.share_low)}, {percent(line.share_high)}] of "
        f"{counted(line.n, 'case')} within {within}"
    )
    if proposed:
        return f"{found}. The share to reach ({percent(line.share_required)}) is a proposal, so no verdict."
    return f"{found}: {line.verdict}."


def longer_wait_sentence(line: LongerWait, names: dict[str, str]) -> str:
    """Return one longer wait, and how far the two may be compared; it is called an inversion only where it is one."""
    more = f"{owned(names[line.more_agency])} {listed(line.more_bands)} (stratum {line.more_stratum})"
    less = f"{owned(names[line.less_agency])} {listed(line.less_bands)} (stratum {line.less_stratum})"
    said = [
        f"{'Inversion' if line.inversion else 'To ask about'}: {more} take {length(line.more_median_hours)} by the "
        f"median, {less} {length(line.less_median_hours)}."
    ]
    if not line.comparable:
        said.append(
            f"The two time different things: one clock runs {_runs(line.more_start_event, line.more_stop_event)}, the "
            f"other {_runs(line.less_start_event, line.less_stop_event)}."
        )
    if not line.beyond_chance:
        said.append("The difference may be chance.")
    if line.spans:
        said.append(SPANS)
    return " ".join(said)


def _runs(start: str, stop: str) -> str:
    return f"from {start} to {stop}"


def response_table(times: ResponseTimes, partnership: Partnership) -> str:
    """Return the times as a text table, a block a stratum and stop event, the highest first; empty text for no cases.

    Cases of one block stop at the same event; where they start is in the second column.
    """
    if not times.stratum_times:
        return ""
    names = agency_names(partnership)
    head = ("Agency", "From -> to", "Bands", "Half within", "Nine in ten", "In target")
    rows = [_cells(line, names) for line in times.stratum_times]
    widths = _fitted([head, *rows])
    parts = [_laid_out(head, widths)]
    blocks = groupby(
        zip(times.stratum_times, rows, strict=True), key=lambda pair: (pair[0].stratum, pair[0].stop_event)
    )
    for (stratum, stop), block in blocks:
        parts.append(f"{stratum}, to {stop}")
        parts += [_laid_out(row, widths) for _, row in block]
    if any(line.spans for line in times.stratum_times):
        parts.append(f"* {SPANS}")
    return "\n".join(parts)


def _cells(line: StratumTimes, names: dict[str, str]) -> tuple[str, ...]:
    return (
        names[line.agency],
        f"{line.start_event} ->\n{line.stop_event}",
        ", ".join(line.bands) + (" *" if line.spans else ""),
        f"{length(line.median_hours)}\n{interval(line.median_low, line.median_high)}",
        length(line.ninetieth_hours),
        "" if line.share is None else percent(line.share),
    )


def _fitted(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column need be: its longest line after folding."""
    return [max(len(part) for row in rows for part in _folded(row[i], widest)) for i, widest in enumerate(_WIDTHS)]


def _laid_out(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return one row, indented, its cells folded to their columns."""
    folded = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
    return "\n".join(
        ("  " + "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))).rstrip()
        for parts in zip_longest(*folded, fillvalue="")
    )


def _folded(cell: str, width: int) -> list[str]:
    wrap = partial(textwrap.wrap, width=width, break_long_words=False, break_on_hyphens=False)
    return [part for line in cell.splitlines() for part in wrap(line)]


def _sizes(line: Timing) -> str:
    return f"{counted(line.n, 'case')}, {line.n_open:,} open"
