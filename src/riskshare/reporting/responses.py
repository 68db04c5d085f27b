"""Response times and plans in plain sentences and a table, for people; what cannot be compared is said to be so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from riskshare.records.partnership import Partnership
from riskshare.records.plan import Plan, PlannedAction
from riskshare.records.response_times import Inversion, ResponseTimes, StandardTimes, StratumTimes, Timing
from riskshare.reporting.words import agency_names, counted, day, listed, owned, percent

NOT_KNOWN = "not known yet"


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
    """Return what times say, most severe stratum first: each agency, each standard, each inversion.

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
    said += [inversion_sentence(line, names) for line in times.inversions_found]
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
    may = " Some of these bands may reach into other strata." if line.spans else ""
    return (
        f"{line.stratum}: {names[line.agency]} ({listed(line.bands)}), {line.start_event} to {line.stop_event}: half "
        f"within {length(line.median_hours)} {interval(line.median_low, line.median_high)}, nine in ten within "
        f"{length(line.ninetieth_hours)} ({_sizes(line)}).{may}"
    )


def standard_sentence(line: StandardTimes, names: dict[str, str]) -> str:
    """Return how far one standard is kept, or why that cannot be said."""
    promise = (
        f"{owned(names[line.agency])} standard {line.standard} ({line.stop_event} within {target_words(line)} of "
        f"{line.start_event}, for {percent(line.share_required)} of cases)"
    )
    if not line.n:
        return f"{promise}: {line.note}"
    if line.share is None or line.share_low is None or line.share_high is None:
        return f"{promise}: too many cases are open to say ({counted(line.n, 'case')})."
    return (
        f"{promise}: {percent(line.share)} [{percent(line.share_low)}, {percent(line.share_high)}] of "
        f"{counted(line.n, 'case')}: {line.verdict}."
    )


def inversion_sentence(line: Inversion, names: dict[str, str]) -> str:
    """Return one inversion, and how far the two may be compared."""
    more = f"{owned(names[line.more_agency])} {listed(line.more_bands)} (stratum {line.more_stratum})"
    less = f"{owned(names[line.less_agency])} {listed(line.less_bands)} (stratum {line.less_stratum})"
    chance = "" if line.beyond_chance else " The difference may be chance."
    clocks = ""
    if not line.comparable:
        clocks = (
            f" They promise different things: one clock stops at {line.more_stop_event}, the other at "
            f"{line.less_stop_event}."
        )
    elif not line.same_start:
        clocks = f" One clock starts at {line.more_start_event}, the other at {line.less_start_event}."
    return (
        f"Inversion: {more} take {length(line.more_median_hours)} by the median, {less} only "
        f"{length(line.less_median_hours)}.{chance}{clocks}"
    )


def response_table(times: ResponseTimes, partnership: Partnership) -> str:
    """Return the times as a text table, a block a stratum, the most severe first; empty text for no cases."""
    names = agency_names(partnership)
    rows: list[list[str]] = []
    for stratum, lines in groupby(times.stratum_times, key=lambda line: line.stratum):
        rows.append([stratum, "", "", "", ""])
        for line in lines:
            share = "" if line.share is None else percent(line.share)
            rows.append(
                [
                    f"  {names[line.agency]}",
                    ", ".join(line.bands),
                    f"{length(line.median_hours)} {interval(line.median_low, line.median_high)}",
                    length(line.ninetieth_hours),
                    share,
                ]
            )
    return _aligned([["Stratum, agency", "Bands", "Half within", "Nine in ten", "In target"], *rows]) if rows else ""


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def _sizes(line: Timing) -> str:
    return f"{counted(line.n, 'case')}, {line.n_open:,} open"


def plan_sentences(plan: Plan) -> list[str]:
    """Return a plan as text: notes first, then an action a line, the earliest first, then what no rule covers."""
    head = (
        f"Plan made {day(plan.made_at)} {plan.made_at:%H:%M} for the {plan.for_practitioner}, on what was known on "
        f"{day(plan.as_of)}. It informs; it decides nothing."
    )
    said = [head, *plan.notes, *(action_sentence(action) for action in plan.actions)]
    if not plan.actions:
        said.append("No agreed duty and no agreed standard sets an action.")
    said += [f"{gap.agency}, {gap.scale} ({gap.band}) of {day(gap.event_date)}: {gap.reason}." for gap in plan.unbound]
    return said


def action_sentence(action: PlannedAction) -> str:
    """Return one action: by when, who, what, why, and what came of it."""
    by = "at once" if action.clock == "at once" else f"by {day(action.due_at)} {action.due_at:%H:%M}"
    status = "open" if not action.outcomes else action.status + (", late" if action.outcomes[-1].late else "")
    return (
        f"{action.id}, {by}: {action.owner_name} ({action.contact}). {action.action} {action.basis} Review on "
        f"{day(action.review_on)}. Status: {status}."
    )
