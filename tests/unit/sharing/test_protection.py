"""Whose address is protected: by the day in London, with the household, and whoever's row could not be read."""

from __future__ import annotations

import datetime as dt

import pytest

import build
from riskshare.io.subjects import read_subjects
from riskshare.records.evidence import Subjects
from riskshare.sharing.protection import guarded_people, protected_addresses

NOON = dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC)


def sent(*rows: dict[str, str]) -> Subjects:
    return read_subjects(list(rows), build.partnership(), accept_bad=True)


def protected(subjects: Subjects, at: dt.datetime = NOON) -> set[str]:
    return {one.subject_id for one in protected_addresses(subjects, at=at)}


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
