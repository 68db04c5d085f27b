"""Whose address is protected: by the day in London, with the household, and whoever's row could not be read."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import build
from riskshare.io.subjects import read_subjects
from riskshare.records.evidence import Subjects
from riskshare.records.sharing_request import Objection
from riskshare.sharing.protection import guarded_people, guarded_then, protected_addresses
from riskshare.sharing.standing import holds

NOON = dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC)


def sent(*rows: dict[str, str]) -> Subjects:
    return read_subjects(list(rows), build.partnership(), accept_bad=True)


def protected(subjects: Subjects, at: dt.datetime = NOON) -> set[str]:
    """Return who is protected at a moment."""
    said = protected_addresses(subjects, at=at)
    return {one.subject_id for one in said if holds(one.valid_from, one.valid_until, at)}


def test_the_last_day_ends_at_midnight_in_london() -> None:
    subjects = sent({"subject_id": "S1", "protected_from": "2026-01-01", "protected_until": "2026-07-01"})
    midnight = dt.datetime(2026, 6, 30, 23, tzinfo=dt.UTC)  # summer time
    assert protected(subjects, midnight - dt.timedelta(microseconds=1)) == {"S1"}
    assert protected(subjects, midnight) == set()
    (one,) = protected_addresses(subjects, at=NOON)
    assert (one.basis, one.valid_until) == ("protected_address", midnight)
    assert one.valid_from == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_what_is_agreed_for_later_guards_from_now_on() -> None:
    subjects = sent({"subject_id": "S1", "protected_from": "2026-08-01"})
    (one,) = protected_addresses(subjects, at=NOON)
    assert (one.valid_from, one.valid_until) == (NOON, None)


def test_who_lives_with_a_protected_person_lives_where_that_person_lives() -> None:
    subjects = sent(
        {"subject_id": "S1", "household_id": "H1", "protected_from": "2026-01-01"},
        {"subject_id": "S2", "household_id": "H1"},
        {"subject_id": "S3", "household_id": "H2"},
        {"subject_id": "S4"},
    )
    assert protected(subjects) == {"S1", "S2"}


def test_a_row_that_was_set_aside_may_have_said_so() -> None:
    subjects = sent(
        {"subject_id": "S1", "protected_until": "2026-07-01"},  # no beginning
        {"subject_id": "S2", "protected_from": "2026-13-01"},
        {"subject_id": "S3", "age_band": "16-17"},
        {"subject_id": "S3", "age_band": "14-15"},  # two rows that contradict each other
        {"subject_id": "S4", "age_band": "16-17"},
    )
    assert subjects.set_aside == {"S1", "S2", "S3"}
    assert protected(subjects) == {"S1", "S2", "S3"}
    assert "S1" not in repr(subjects)


def test_movers_are_guarded_by_the_same_facts() -> None:
    subjects = sent({"subject_id": "S1", "protected_from": "2026-01-01", "protected_until": "2026-07-01"})
    (one,) = guarded_people(subjects)
    assert (one.subject_id, one.valid_from.date(), one.valid_until) == (
        "S1", dt.date(2026, 1, 1), dt.datetime(2026, 6, 30, 23, tzinfo=dt.UTC),
    )  # fmt: skip


@pytest.mark.parametrize("rows", [(), ({"subject_id": "S1"},), ({"subject_id": "S1", "household_id": "H1"},)])
def test_nobody_is_guarded_by_silence(rows: tuple[dict[str, str], ...]) -> None:
    assert guarded_people(sent(*rows)) == ()


def then(*days: object, **columns: list[object]) -> list[bool]:
    """Return which events of S1 are guarded, S1 being protected from 1 March up to 1 July 2026, not after."""
    row = {"subject_id": "S1", "protected_from": "2026-03-01", "protected_until": "2026-07-01"}
    said = protected_addresses(sent(row), at=dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
    told = {"date": list(days)} if days else columns
    size = len(next(iter(told.values())))
    return guarded_then(pd.DataFrame({"subject_id": ["S1"] * size, **told}), said).tolist()


def test_what_happened_while_protected_stays_guarded_by_the_day() -> None:
    assert then("2026-02-28", "2026-03-01", "2026-06-30", "2026-07-01") == [False, True, True, False]
    assert then(dt.date(2026, 6, 30), dt.date(2026, 7, 1)) == [True, False]
    assert then(*pd.to_datetime(["2026-06-30", "2026-07-01"])) == [True, False]


def test_a_time_near_midnight_is_of_both_days() -> None:
    assert then("2026-06-30T23:30:00", "2026-06-30T22:30:00Z", "2026-07-01T12:00:00Z") == [True, True, False]


def test_what_began_before_or_ended_after_overlaps() -> None:
    first, last = ["2026-02-01", "2026-02-01", "2026-06-01"], ["2026-03-01", None, "2026-08-01"]
    assert then(event_date=[*first], event_end=[*last]) == [True, False, True]


def test_an_event_without_a_day_may_have_happened_then() -> None:
    assert then(None, "soon", "2026-08-01") == [True, True, False]
    assert then(place=["x"]) == [True]


def test_only_the_protected_and_only_protection_count() -> None:
    frame = pd.DataFrame({"subject_id": ["S1", None], "date": ["2026-04-01"] * 2})
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    other = Objection(subject_id="S2", basis="protected_address", valid_from=begins)
    opted = Objection(subject_id="S1", basis="objection", valid_from=begins)
    assert guarded_then(frame, [other, opted]).tolist() == [False, False]
    assert guarded_then(frame.iloc[:0], [other]).tolist() == []
