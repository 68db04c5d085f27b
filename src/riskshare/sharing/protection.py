"""Whose address is protected, from what partners sent about subjects: whole households, and whoever is not known.

Protection that is agreed for a later day guards from now on: a place that is known before cannot be taken back. So does
a row about a subject that had to be set aside: what could not be read may have been the protection.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import pandas as pd

from riskshare.records.evidence import Subjects
from riskshare.records.moments import LONDON
from riskshare.records.sharing_request import Objection
from riskshare.sharing.movers import Guarded

_ALWAYS: Final = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
_PERIOD: Final = ("protected_from", "protected_until")


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
    """Return what guards the addresses of people who are protected at a moment, or will be.

    Parameters
    ----------
    subjects : Subjects
    at : datetime.datetime
        Aware.

    Returns
    -------
    tuple of Objection
        Of basis ``protected_address``, from ``at`` at the latest; none for protection that has ended.

    Examples
    --------
    >>> table = pd.DataFrame({"subject_id": ["S1"], "protected_from": pd.to_datetime(["2026-06-01"]),
    ...     "protected_until": pd.to_datetime(["2026-07-01"])})
    >>> known = Subjects(table, table, {})
    >>> [len(protected_addresses(known, at=dt.datetime(2026, month, 15, tzinfo=dt.UTC))) for month in (3, 6, 7)]
    [1, 1, 0]
    """
    return tuple(
        Objection(
            subject_id=one.subject_id, basis="protected_address", valid_from=min(at, one.valid_from),
            valid_until=one.valid_until,
        )
        for one in guarded_people(subjects)
        if one.valid_until is None or at < one.valid_until
    )  # fmt: skip


def _midnight(day: pd.Timestamp) -> dt.datetime:
    return dt.datetime.combine(day.date(), dt.time(), tzinfo=LONDON)
