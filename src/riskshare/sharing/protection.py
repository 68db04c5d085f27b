"""Whose address is protected, from what partners sent about subjects: whole households, and whoever is not known.

Protection that is agreed for a later day guards from now on: a place that is known before cannot be taken back. So does
a row about a subject that had to be set aside: what could not be read may have been the protection. What happened while
an address was protected stays guarded after protection has ended: the place of a refuge is still the place of a refuge.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.records.evidence import Subjects
from riskshare.records.moments import LONDON
from riskshare.records.sharing_request import Objection
from riskshare.sharing.movers import Guarded

_ALWAYS: Final = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
_PERIOD: Final = ("protected_from", "protected_until")
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()

NOBODY_KNOWN: Final = (
    "No list of subjects was given: nobody is known to have a protected address, so nobody is treated as such."
)
"""What is said wherever protection would matter and nobody sent what tells of it."""


def guarded_people(subjects: Subjects) -> tuple[Guarded, ...]:
    """Return who is protected and for how long, for ``riskshare.sharing.movers``; in order of subject.

    Parameters
    ----------
    subjects : Subjects
        From ``read_subjects``. Days begin at midnight in London; ``protected_until`` is the first day without.

    Returns
    -------
    tuple of Guarded
        One for each subject and period: of the subject itself, and of everybody in one household with it, since they
        live where it lives. Subjects whose rows were set aside are guarded without end.

    Examples
    --------
    >>> table = pd.DataFrame({"subject_id": ["S1", "S2"], "household_id": ["H1", "H1"],
    ...     "protected_from": pd.to_datetime(["2026-06-01", None]), "protected_until": pd.to_datetime([None, None])})
    >>> [(one.subject_id, one.valid_from.isoformat()) for one in guarded_people(Subjects(table, table, {}))]
    [('S1', '2026-06-01T00:00:00+01:00'), ('S2', '2026-06-01T00:00:00+01:00')]
    """
    found = {Guarded(one, _ALWAYS) for one in subjects.set_aside}
    if "protected_from" in subjects.table:
        kept = subjects.table[subjects.table["protected_from"].notna()]
        with_them = _households(subjects.table)
        for row in kept.reindex(columns=["subject_id", "household_id", *_PERIOD]).itertuples(index=False, name=None):
            who, household, start, end = row
            until = None if pd.isna(end) else _midnight(end)
            found |= {Guarded(one, _midnight(start), until) for one in (who, *with_them.get(household, ()))}
    return tuple(sorted(found, key=_order))


def _households(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return who lives together, by household."""
    if "household_id" not in table:
        return {}
    return {str(name): list(group) for name, group in table.groupby("household_id")["subject_id"]}


def _order(one: Guarded) -> tuple[str, dt.datetime, bool, dt.datetime]:
    return one.subject_id, one.valid_from, one.valid_until is None, one.valid_until or _ALWAYS


def protected_addresses(subjects: Subjects, *, at: dt.datetime) -> tuple[Objection, ...]:
    """Return what guards the addresses of people who are protected at a moment, will be, or once were.

    Parameters
    ----------
    subjects : Subjects
    at : datetime.datetime
        Aware.

    Returns
    -------
    tuple of Objection
        Of basis ``protected_address``, from ``at`` at the latest. Protection that has ended keeps its period: it guards
        what happened then (``guarded_then``).

    Examples
    --------
    >>> table = pd.DataFrame({"subject_id": ["S1"], "protected_from": pd.to_datetime(["2026-06-01"]),
    ...     "protected_until": pd.to_datetime(["2026-07-01"])})
    >>> known = Subjects(table, table, {})
    >>> for month in (3, 6, 7):
    ...     [one] = protected_addresses(known, at=dt.datetime(2026, month, 15, tzinfo=dt.UTC))
    ...     print(*(moment.astimezone(LONDON).date() for moment in (one.valid_from, one.valid_until)))
    2026-03-15 2026-07-01
    2026-06-01 2026-07-01
    2026-06-01 2026-07-01
    """
    return tuple(
        Objection(
            subject_id=one.subject_id, basis="protected_address", valid_from=min(at, one.valid_from),
            valid_until=one.valid_until,
        )
        for one in guarded_people(subjects)
    )  # fmt: skip


def guarded_then(frame: pd.DataFrame, objections: Iterable[Objection]) -> NDArray[np.bool_]:
    """Return which events happened while the address of the person they are about was protected.

    Parameters
    ----------
    frame : DataFrame
        Columns ``subject_id``, and ``event_date`` (with ``event_end``) or ``date``. An event whose day is not known may
        have happened then, so it counts as if it had; one within an hour of midnight counts to both days.
    objections : iterable of Objection
        Only those of basis ``protected_address`` matter.

    Examples
    --------
    >>> table = pd.DataFrame({"subject_id": ["S1", "S1", "S2"], "date": ["2026-06-30", "2026-07-01", "2026-06-30"]})
    >>> kept = Objection(subject_id="S1", basis="protected_address", valid_from=dt.datetime(2026, 6, 1, tzinfo=dt.UTC),
    ...     valid_until=dt.datetime(2026, 6, 30, 23, tzinfo=dt.UTC))
    >>> guarded_then(table, [kept]).tolist()
    [True, False, False]
    """
    found = np.zeros(len(frame), dtype=np.bool_)
    periods = pd.DataFrame(
        [_period(one) for one in objections if one.basis == "protected_address"],
        columns=["subject_id", "starts", "ends"],
    )
    about = frame["subject_id"].isin(periods["subject_id"]).to_numpy(dtype=np.bool_)
    if not about.any():
        return found
    first, last = _days(frame[about])
    rows = {"subject_id": frame["subject_id"][about].astype(object).to_numpy(), "at": np.flatnonzero(about)}
    pairs = pd.DataFrame({**rows, "first": first, "last": last}).merge(
        periods.astype({"subject_id": object}), on="subject_id"
    )
    then = pairs["first"].isna() | ((pairs["last"] >= pairs["starts"]) & (pairs["first"] < pairs["ends"]))
    found[pairs.loc[then, "at"].to_numpy()] = True
    return found


def _period(one: Objection) -> tuple[str, float, float]:
    """Return whose protection it is, its first day, and the first day without, numbered; days are London's."""
    starts = one.valid_from.astimezone(LONDON).date().toordinal()
    if one.valid_until is None:
        return one.subject_id, starts, np.inf
    until = one.valid_until.astimezone(LONDON)  # a day of which a part is protected is protected
    return one.subject_id, starts, until.date().toordinal() + (until.time() != dt.time())


def _days(frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first and the last day of each event, numbered; NaN where it is not known."""
    name = "event_date" if "event_date" in frame else "date"
    if name not in frame:
        unknown = np.full(len(frame), np.nan)
        return unknown, unknown
    first, last = _both_days(frame[name])
    if "event_end" in frame:
        end = _both_days(frame["event_end"])[1]
        last = np.where(np.isnan(end), last, end)
    return first, last


def _both_days(told: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the day by UTC and the day in London, numbered: a time without offset may mean either."""
    utc = pd.to_datetime(told.astype("string"), format="ISO8601", errors="coerce", utc=True)
    local = (utc.dt.tz_localize(None), utc.dt.tz_convert(LONDON).dt.tz_localize(None))
    since = [(one - pd.Timestamp("1970-01-01")).dt.days.to_numpy(np.float64, na_value=np.nan) for one in local]
    return np.asarray(since[0] + _EPOCH, dtype=np.float64), np.asarray(since[1] + _EPOCH, dtype=np.float64)


def _midnight(day: pd.Timestamp) -> dt.datetime:
    return dt.datetime.combine(day.date(), dt.time(), tzinfo=LONDON)
