"""How many, by authority: tables of counts made safe for their audience, nobody in them."""

from __future__ import annotations

import datetime as dt
from typing import Final

import pandas as pd

from riskshare.assessment import Assessment
from riskshare.releasing.made import Made
from riskshare.sharing.asking import Asking, ask
from riskshare.sharing.profiles import profile_for
from riskshare.sharing.release_register import Release, release
from riskshare.sharing.tables import Protected, protect_events, protect_people
from riskshare.sharing.treating import kept_lines, withheld_lines
from riskshare.sharing.visible import Visible, beside_guarded, visible_rows
from riskshare.trust.purge import purge

COUNTED: Final = ("authority", "quarter", "count")
_NOT_STATED: Final = "not stated"
_VICTIMS: Final = frozenset({"victim", "witness", "exploited", "child_of"})


def release_counts(result: Assessment, asking: Asking) -> Made:
    """Return people and events of the last whole quarter by authority, small counts withheld and the rest rounded.

    Only whole quarters are told, each once: two overlapping periods could be subtracted from each other.
    """
    kept = purge(result.evidence, result.partnership, as_of=result.as_of)  # what is past its retention counts nowhere
    seen = visible_rows(kept, asking, needs="count", fields=COUNTED, as_of=result.as_of, subjects=result.subjects)
    starts, until = last_quarter(result.as_of)
    title = f"People and events by authority, {quarter(starts)}"
    if not seen.items:
        return Made("assessment", title, refused=seen.refused)
    decision = ask(asking, seen.combined("statistics", "place"), COUNTED)
    if {"authority", "count"} - dict(decision.treatment).keys():
        return Made("assessment", title, refused=frozenset(decision.reason_codes))
    rows = _in_quarter(seen, result.as_of, starts, until)
    rows["authority"] = rows["authority"].mask(beside_guarded(rows, asking), _NOT_STATED)
    if rows.empty:
        return Made("assessment", title, refused=frozenset({"nothing_to_count"}))
    known = {area for one in result.partnership.agencies for area in one.authorities}
    levels = {"authority": sorted(known | set(rows["authority"]))}
    victims = not _VICTIMS.isdisjoint(rows["role"])
    people = rows.dropna(subset=["subject_id"])
    homes = people.groupby("subject_id")["authority"].agg(lambda found: sorted(found.mode())[0]).reset_index()
    whose = rows.assign(subject_id=rows["subject_id"].fillna(rows["record_id"].map("nobody: {}".format)))
    tables = {
        "counts": protect_people(homes, by=["authority"], levels=levels, audience=asking.audience, of_victims=victims),
        "events": protect_events(whose, by=["authority"], levels=levels, audience=asking.audience, of_victims=victims),
    }
    true = {"counts": homes, "events": whose}
    period = quarter(starts) if "quarter" in dict(decision.treatment) else None
    shown = {name: _told(one, period) for name, one in tables.items()}
    return Made(
        "assessment", title, shown,
        kept=tuple(line for name, one in shown.items()
                   for line in kept_lines(name, one, dict(decision.treatment))),
        withheld=tuple(line for name, one in shown.items()
                       for line in withheld_lines(name, COUNTED, one, (decision,))),
        suppressed=tuple((name, "cells, totals included", int(one.withheld.sum()), "small_or_beside_small")
                         for name, one in tables.items() if one.withheld.any()),
        notes=_notes(asking, tables["counts"], starts, until),
        decisions=(decision, *seen.decisions), refused=seen.refused,
        items=(*seen.items, seen.combined("statistics", "place")),
        releases=tuple(_release(name, one, true[name], starts, until) for name, one in tables.items()),
    )  # fmt: skip


def last_quarter(as_of: dt.date) -> tuple[dt.date, dt.date]:
    """Return the last quarter that is whole as known on a day: first day, and first day after it.

    >>> last_quarter(dt.date(2026, 3, 31)), last_quarter(dt.date(2026, 3, 30))[0]
    ((datetime.date(2026, 1, 1), datetime.date(2026, 4, 1)), datetime.date(2025, 10, 1))
    """
    until, _ = whole_quarter(as_of + dt.timedelta(days=1))
    return whole_quarter(until - dt.timedelta(days=1))[0], until


def whole_quarter(day: dt.date) -> tuple[dt.date, dt.date]:
    """Return the quarter a day lies in: its first day, and the first day after it.

    >>> whole_quarter(dt.date(2026, 12, 31))
    (datetime.date(2026, 10, 1), datetime.date(2027, 1, 1))
    """
    starts = dt.date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    after = starts + dt.timedelta(days=100)
    return starts, dt.date(after.year, 3 * ((after.month - 1) // 3) + 1, 1)


def quarter(starts: dt.date) -> str:
    """Return a quarter's name.

    >>> quarter(dt.date(2026, 1, 1))
    '2026 Q1'
    """
    return f"{starts.year} Q{(starts.month - 1) // 3 + 1}"


def _in_quarter(seen: Visible, as_of: dt.date, starts: dt.date, until: dt.date) -> pd.DataFrame:
    """Return standing rows of the quarter that somebody reported."""
    frame = seen.evidence.table
    day, known = frame["event_date"], frame["recorded_date"] <= pd.Timestamp(as_of)
    within = (day >= pd.Timestamp(starts)) & (day < pd.Timestamp(until)) & known
    reported = frame["arises_from"].isin(["reported", "adjudicated"]) & (frame["stance"] == "supports")
    newest = (
        frame[known]
        .sort_values(["recorded_date", "row"])
        .drop_duplicates(["agency", "record_id", "subject_id", "indicator"], keep="last")
    )  # a later version of a record takes the place of an earlier one
    standing = frame.index.isin(newest.index) & (frame["status"] == "current") & frame["answer"].isna()
    found = frame[within & reported & standing].copy()
    found["authority"] = found["authority"].fillna(_NOT_STATED)
    story = found["claim_id"].fillna(found["agency"] + ":" + found["record_id"])
    return found[~pd.DataFrame({"story": story, "who": found["subject_id"]}).duplicated().to_numpy()]


def _told(protected: Protected, period: str | None) -> pd.DataFrame:
    table = protected.table
    return table[["authority", "count"]] if period is None else table.assign(quarter=period)[list(COUNTED)]


def _release(name: str, protected: Protected, rows: pd.DataFrame, starts: dt.date, until: dt.date) -> Release:
    true = rows.groupby("authority").size().rename("count").reset_index()
    full = pd.DataFrame({"authority": list(protected.levels[0])}).merge(true, how="left").fillna({"count": 0})
    full["count"] = full["count"].astype("int64")
    return release(protected, full, series=f"{name} by authority", starts=starts, until=until)


def _notes(asking: Asking, protected: Protected, starts: dt.date, until: dt.date) -> tuple[str, ...]:
    profile = profile_for(asking.audience)
    rounding = f" The rest are rounded to {profile.round_to}." if profile.round_to > 1 else ""
    return (
        f"Period: {starts.isoformat()} up to, not including, {until.isoformat()}.",
        f"Counts under {protected.least}{', 0 among them,' if profile.zero_is_small else ''} are withheld, and others "
        f"beside them, so that none can be worked out.{rounding}",
        "People are those whom a record of the period is about, whatever part they had in it: victims and witnesses "
        "too. An event is something that was reported or found by a court, of any agreed kind, good signs among them. "
        "Neither is a number of crimes or of offenders.",
        "Each person counts once, in the authority that most of the records name; each story counts once a person.",
    )
