"""What each agency's own standards ask after its current readings: a date where the start is known, else a question.

Evidence has the day of a reading and no start event. A clock begun at the moment of the plan would move whenever the
plan is made again, and lateness would vanish with it; so no clock is ever begun there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from riskshare.errors import PolicyError
from riskshare.records.arguments import is_day
from riskshare.records.moments import as_moment, end_of, moment_of
from riskshare.records.partnership import Agency, Clock, Partnership, ResponseStandard
from riskshare.records.plan import Unbound
from riskshare.records.policy import Lens
from riskshare.responses.cases import target_of
from riskshare.responses.clock import WorkingTime, due

Starts = Mapping[tuple[str, str], int]
"""When standards started, in seconds since 1970, by agency and id of the standard."""

_UNITS: Final = {"elapsed": "hour", "working_hours": "working hour", "working_days": "working day"}


@dataclass(frozen=True, repr=False)
class Draft:
    """An action before it has a number; ``by`` is only for the order, in seconds since 1970."""

    owner: Agency
    lenses: tuple[Lens, ...]
    set_by: Literal["duty", "standard"]
    rule: str
    action: str
    basis: str
    records: tuple[str, ...]
    clock: Clock | Literal["at once"]
    by: int
    started: int | None = None
    due: int | None = None
    due_if: int | None = None
    recorded_on: dt.date | None = None


def starts_of(started: Mapping[tuple[str, str], object] | None, partnership: Partnership, moment: int) -> Starts:
    """Return when standards started, as given to a plan made at a moment.

    A day is enough for a standard in working days. The keys are those of agreed standards.

    Raises
    ------
    PolicyError
        A start is no moment that the standard's clock can use, or is after the plan.
    """
    found = {}
    for (agency, rule), when in (started or {}).items():
        standard = next(s for s in partnership.agency(agency).standards if s.id == rule)
        found[agency, rule] = _start(when, standard.clock)
        if found[agency, rule] > moment:
            msg = f"started of {agency}, {rule}: the start is after the moment of the plan. Correct it, or at."
            raise PolicyError(msg)
    return found


def _start(when: object, clock: Clock) -> int:
    if clock == "working_days" and (is_day(when) or (isinstance(when, str) and len(when) == len("2026-03-31"))):
        last = end_of(when, "started")  # type: ignore[arg-type]  # a day as a date or as text
        return end_of(moment_of(last - 1).date() - dt.timedelta(days=1))  # the first second of that day
    return as_moment(when, "started")


def promises(
    held: pd.DataFrame, partnership: Partnership, moment: int, working: WorkingTime, started: Starts
) -> tuple[list[Draft], tuple[Unbound, ...]]:
    """Return a draft for each standard that a current reading calls for, and the readings from which no action follows.

    Parameters
    ----------
    held : pandas.DataFrame
        ``held.own_readings``.
    partnership : Partnership
    moment : int
        When the plan is made.
    working : WorkingTime
    started : mapping
        As ``starts_of``.

    Returns
    -------
    drafts : list of Draft
    unbound : tuple of Unbound
        Stale readings, readings outside their scale's dates, an own "high" without a standard, and standards in hours
        that would have run out even if they had started at the end of the day of the reading.
    """
    drafts: list[Draft] = []
    unbound: list[Unbound] = []
    for (agency, _, band), group in held.groupby(["agency", "scale", "band"], sort=True):
        owner = partnership.agency(str(agency))
        reading = _reading(owner, str(band), group, partnership, moment)
        called = [s for s in owner.standards if s.scale == reading.scale and s.band == band]
        gaps = [_no_standard(reading)] if not called and group["own_high"].any() else []
        for standard in called:
            found = _promise(reading, standard, started.get((owner.id, standard.id)), moment, working)
            if isinstance(found, Draft):
                drafts.append(found)
            else:
                gaps.append(found)
        unbound += dict.fromkeys(gaps)
    return drafts, tuple(unbound)


@dataclass(frozen=True, repr=False)
class _Reading:
    """One agency's current readings of one band, as a plan speaks of them: by the newest."""

    owner: Agency
    scale: str
    band: str
    group: pd.DataFrame
    day: dt.date
    said: str

    def unbound(self, why: str) -> Unbound:
        return Unbound(
            agency=self.owner.id,
            lenses=lenses_of(self.group["lens"]),
            scale=self.scale,
            band=self.band,
            event_date=self.day,
            reason=f"{self.said} {why}",
        )


def _reading(owner: Agency, band: str, group: pd.DataFrame, partnership: Partnership, moment: int) -> _Reading:
    scale, last = str(group["scale"].iloc[0]), group["event_date"].max()
    name = partnership.scale(scale).name
    said = f"{owner.name} read {band} on {name} on {last.isoformat()} ({ago(last, moment)})."
    return _Reading(owner, scale, band, group, last, said)


def _no_standard(reading: _Reading) -> Unbound:
    return reading.unbound(
        "Its own high is met, and it has agreed no standard for this band; this does not mean that nothing is owed."
    )


def _promise(
    reading: _Reading, standard: ResponseStandard, start: int | None, moment: int, working: WorkingTime
) -> Draft | Unbound:
    """Return what one standard asks after a reading: an action with a date, a question, or why neither."""
    if start is not None:
        return _dated(reading, standard, start, moment, working)
    if not reading.group["scale_valid"].all():
        return reading.unbound("It falls outside the dates its scale holds for: read again.")
    if reading.group["stale"].all():
        return reading.unbound("It is stale: read again.")
    last_second = end_of(reading.day) - 1
    latest = _due(last_second, standard, working)
    ask = f"Ask whether the start ({standard.start_event}) and the stop ({standard.stop_event}) took place, and when."
    if standard.clock == "working_days":
        by = moment_of(latest).date()
        fell = "fell due" if latest < moment else "falls due"
        tail = f"If it started on the reading's day it {fell} {by.isoformat()}: check whether it was kept."
        return _draft(reading, standard, ask, tail, by=latest, due_if=latest)
    tail = "No due date: the start is not recorded."
    if latest < moment:
        return reading.unbound(f"{ask} {tail}")
    return _draft(reading, standard, ask, tail, by=latest)


def _dated(reading: _Reading, standard: ResponseStandard, start: int, moment: int, working: WorkingTime) -> Draft:
    when = _due(start, standard, working)
    over = " It fell due before this plan was made: check whether it was kept." if when < moment else ""
    action = f"From {standard.start_event} to {standard.stop_event}."
    tail = f"Counted from its start on {moment_of(start).date().isoformat()}, as given.{over}"
    return _draft(reading, standard, action, tail, by=when, due=when, started=start)


def _draft(
    reading: _Reading,
    standard: ResponseStandard,
    action: str,
    tail: str,
    *,
    by: int,
    due: int | None = None,
    due_if: int | None = None,
    started: int | None = None,
) -> Draft:
    target = target_of(standard)
    promised = f"{target:g} {_UNITS[standard.clock]}{'' if target == 1.0 else 's'}"
    basis = (
        f"{reading.said} Its own standard {standard.id} promises {standard.stop_event} within {promised} of "
        f"{standard.start_event} ({standard.source}). {tail}"
    )
    return Draft(
        owner=reading.owner,
        lenses=lenses_of(reading.group["lens"]),
        set_by="standard",
        rule=standard.id,
        action=action,
        basis=basis,
        records=tuple(sorted(set(reading.group["record_id"]))),
        clock=standard.clock,
        by=by,
        started=started,
        due=due,
        due_if=due_if,
    )


def _due(start: int, standard: ResponseStandard, working: WorkingTime) -> int:
    return int(due([start], target_of(standard), standard.clock, working)[0])


def lenses_of(lenses: pd.Series[Lens]) -> tuple[Lens, ...]:
    """Return lenses with harm to the person first."""
    return tuple(sorted(set(lenses), reverse=True))


def ago(day: dt.date, moment: int) -> str:
    """Return how many days before a moment, on the calendar of London, a day was.

    >>> ago(dt.date(1970, 1, 1), 0), ago(dt.date(1969, 12, 31), 0), ago(dt.date(1969, 12, 22), 0)
    ('today', '1 day ago', '10 days ago')
    """
    days = (moment_of(moment).date() - day).days
    if days == 0:
        return "today"
    return f"{days} day{'' if days == 1 else 's'} ago"
