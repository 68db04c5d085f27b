"""What a person may have: a statement of what is held and with whom it was shared; and who must hear of a correction.

Some rows need a person's eyes before they are told, because telling may harm somebody else: those with conditions,
those of an agency whose involvement is itself sensitive, and those that rest on what somebody said. They stand in a
statement once a named reviewer has cleared them. A statement reads the same whether or not there are any.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import pandas as pd

from riskshare.records.evidence import Evidence, Subjects
from riskshare.records.partnership import Partnership
from riskshare.records.policy import Indicator
from riskshare.records.sharing_request import Objection
from riskshare.sharing.protection import guarded_then, protected_addresses
from riskshare.sharing.standing import holds

HELD_COLUMNS: Final = (
    "agency", "what", "arises_from", "basis", "role", "event_date", "recorded_date", "kept_until",
)  # fmt: skip
SHARED_COLUMNS: Final = ("at", "agency", "role", "purpose", "fields", "expires", "ground", "finding")
A_PARTNER: Final = "a partner agency"
"""Stands for an agency whose involvement is itself sensitive (methods: safety, 1.4), or would tell where a home is."""
UNPLACED: Final = (
    f"Where an agency's name could help somebody find a home that must not be found, it stands here as {A_PARTNER!r}."
)
"""Said without saying whose home: whoever takes the page from its owner reads it too."""

Change = Literal["contested", "corrected", "withdrawn", "erased"]
CHANGE_WORDS: Final[Mapping[Change, str]] = {
    "contested": "what you were given is contested: use it no further until you hear again",
    "corrected": "what you were given has been corrected: ask for it again, and delete what you have",
    "withdrawn": "what you were given has been withdrawn: delete it",
    "erased": "what you were given has been erased at its source: delete it",
}

_ALWAYS: Final = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)

RecordKey = tuple[str, str]
"""Agency and its reference."""


@dataclass(frozen=True, repr=False)
class Statement:
    """What one person is told about themselves.

    Attributes
    ----------
    held : DataFrame
        ``agency, what, arises_from, basis, role, event_date, recorded_date, kept_until``: one row a record that stands
        and is within its retention, in order of event.
    shared : DataFrame
        ``at, agency, role, purpose, fields, expires``: each time something was given to somebody, oldest first;
        of an emergency override also ``ground``, and ``finding`` once it was reviewed, else both empty.
    at : datetime.datetime
    notes : tuple of str
        What the reader must know besides.
    """

    held: pd.DataFrame
    shared: pd.DataFrame
    at: dt.datetime
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Count only."""
        return f"Statement({len(self.held):,} held, {len(self.shared):,} times shared)"


@dataclass(frozen=True, slots=True, repr=False)
class ChangeNotice:
    """What one recipient must be told, under the decisions by which it was given something.

    Attributes
    ----------
    agency, role : str
    decisions : tuple of str
        Decision ids: the reference the recipient knows its copies by. The notice names nobody else.
    change : {"contested", "corrected", "withdrawn", "erased"}
    contact : str
        The recipient's single point of contact.
    """

    agency: str
    role: str
    decisions: tuple[str, ...]
    change: Change
    contact: str


def statement(
    evidence: Evidence,
    partnership: Partnership,
    entries: Iterable[Mapping[str, Any]],
    subject_id: str,
    *,
    at: dt.datetime,
    cleared: Collection[RecordKey] = (),
    subjects: Subjects | None = None,
    place_cleared: bool = False,
    findings: Mapping[str, str] = MappingProxyType({}),
) -> Statement:
    """Return what is held about one person, by whom, and with whom and when it was shared.

    Parameters
    ----------
    evidence : Evidence
    partnership : Partnership
    entries : iterable of mapping
        Entries of the audit log about the subject, as ``entries_about`` gives.
    subject_id : str
    at : datetime.datetime
        Now, with its offset. What is past its indicator's retention on that day is not told, because it is not used.
    cleared : collection of (agency, record id)
        Records that a named reviewer has looked at and found safe to tell.
    subjects : Subjects, optional
        Whose address is protected. No agency is named to whoever is protected now, nor to anybody for what happened, or
        was shared, while they were: most serve one area, and a page can be taken from its owner.
    place_cleared : bool
        A named reviewer found it safe to name them all the same.
    findings : mapping of str to str
        What the review of each override found, by its decision id; those that await one are not in it.

    Returns
    -------
    Statement
        With empty tables where nothing is held or shared; a note where an agency is not named for protection.
    """
    guards = [] if place_cleared else _guards(subjects, subject_id, at)
    kinds, known = {one.id: one for one in partnership.trust.indicators}, frozenset(cleared)
    standing = _standing(evidence, subject_id, at.date())
    rows = [row for row in standing if _may_be_told(row, kinds, partnership, at, known)]
    days = pd.DataFrame(rows, columns=["subject_id", "event_date", "event_end"])
    unplaced = guarded_then(days, guards)
    of_all = {one.id: one.name for one in partnership.agencies}
    held = [_held(row, kinds, {} if hide else of_all) for row, hide in zip(rows, unplaced, strict=True)]
    left = [one for one in entries if _left(one)]  # in the order of a log, or of two; told in the order of moments
    moments = pd.DataFrame({"subject_id": subject_id, "date": [str(one["at"]) for one in left]})
    away = guarded_then(moments, guards)
    names = {one.id: A_PARTNER if one.sensitive else one.name for one in partnership.agencies}
    given = sorted(_given(one, {} if hide else names, findings) for one, hide in zip(left, away, strict=True))
    ordered = sorted(held, key=lambda row: (row[4], row[5], *map(str, row[:4])))
    return Statement(
        pd.DataFrame(ordered, columns=list(HELD_COLUMNS)), pd.DataFrame(given, columns=list(SHARED_COLUMNS)), at,
        (UNPLACED,) if unplaced.any() or away.any() else (),
    )  # fmt: skip


def _guards(subjects: Subjects | None, subject_id: str, at: dt.datetime) -> list[Objection]:
    """Return when agencies must not be named to one person: where the address is protected now, always."""
    every = () if subjects is None else protected_addresses(subjects, at=at)
    mine = [one for one in every if one.subject_id == subject_id]
    if any(holds(one.valid_from, one.valid_until, at) for one in mine):
        return [Objection(subject_id=subject_id, basis="protected_address", valid_from=_ALWAYS)]
    return mine


def _may_be_told(
    row: Mapping[str, Any], kinds: Mapping[str, Indicator], partnership: Partnership, at: dt.datetime,
    cleared: frozenset[RecordKey],
) -> bool:  # fmt: skip
    """Return whether a record is within its retention, and needs nobody's eyes or has had them."""
    kind = kinds.get(str(row["indicator"]))
    if kind is None or kind.retention_days <= (at.date() - row["event_date"]).days:
        return False
    one = next((agency for agency in partnership.agencies if agency.id == row["agency"]), None)
    needs_eyes = row["handling"] != "P" or row["basis"] != "factual" or one is None or one.sensitive
    return not needs_eyes or (str(row["agency"]), str(row["record_id"])) in cleared


def _held(row: Mapping[str, Any], kinds: Mapping[str, Indicator], names: Mapping[str, str]) -> tuple[Any, ...]:
    """Return the line of one record; an agency without a name is a partner agency."""
    kind = kinds[str(row["indicator"])]
    until = row["event_date"] + dt.timedelta(days=kind.retention_days)
    name = names.get(str(row["agency"]), A_PARTNER)
    how = (row["arises_from"], row["basis"])
    return name, kind.name, *how, row["role"], row["event_date"], row["recorded_date"], until


def change_notices(
    entries: Iterable[Mapping[str, Any]], partnership: Partnership, change: Change
) -> tuple[ChangeNotice, ...]:
    """Return one notice for each role that was ever given something about a subject, by the audit log.

    Parameters
    ----------
    entries : iterable of mapping
        Entries about the subject, as ``entries_about`` gives.
    partnership : Partnership
        For contacts.
    change : {"contested", "corrected", "withdrawn", "erased"}

    Returns
    -------
    tuple of ChangeNotice
        In order of agency and role; empty where nothing was given. Copies that have expired are included: what has
        expired should be gone, and often is not.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for one in entries:
        if _left(one) and one.get("role") != DATA_SUBJECT and "agency" in one:
            found.setdefault((str(one["agency"]), str(one.get("role", ""))), set()).add(str(one.get("decision", "")))
    contacts = {one.id: one.contact for one in partnership.agencies}
    return tuple(
        ChangeNotice(agency, role, tuple(sorted(ids - {""})), change, contacts.get(agency, ""))
        for (agency, role), ids in sorted(found.items())
    )


DATA_SUBJECT: Final = "data_subject"
"""The role under which the log notes that somebody was given their own statement."""


def _standing(evidence: Evidence, subject_id: str, today: dt.date) -> list[dict[str, Any]]:
    """Return the version of each record about a subject that stands today; withdrawn ones do not stand."""
    frame = evidence.rows.filter(_is(evidence, subject_id)).to_pylist()
    latest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in frame:
        key = (row["agency"], row["record_id"], row["indicator"])
        if row["recorded_date"] <= today and (
            key not in latest or latest[key]["recorded_date"] <= row["recorded_date"]
        ):
            latest[key] = row
    return [row for row in latest.values() if row["status"] == "current"]


def _is(evidence: Evidence, subject_id: str) -> Any:
    import pyarrow.compute as pc

    return pc.equal(evidence.rows["subject_id"], subject_id)


def _left(entry: Mapping[str, Any]) -> bool:
    return entry.get("event") in ("disclosure", "override") and entry.get("allow") is True


def _given(entry: Mapping[str, Any], names: Mapping[str, str], findings: Mapping[str, str]) -> tuple[str, ...]:
    agency, role = str(entry.get("agency", "")), str(entry.get("role", ""))
    who = "you" if role == DATA_SUBJECT else names.get(agency, A_PARTNER)
    fields = ", ".join(str(one).replace("_", " ") for one in entry.get("fields", ()))
    told = [str(entry.get(name, "")) for name in ("purpose", "expires", "ground")]
    found = findings.get(str(entry.get("decision", "")), "") if entry.get("event") == "override" else ""
    return (str(entry["at"]), who, role.replace("_", " "), told[0], fields, *told[1:], found)
