"""What a log entry may hold."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from audit_cases import ENTRY, REFUSAL
from riskshare.errors import AuditEntryError, AuditError
from riskshare.sharing.log_entries import EVENTS, FORMS, MADE_BY_THE_LOG, canonical, check_entry, utc

MARK = "zqmark"


@pytest.mark.parametrize("entry", [ENTRY, REFUSAL, {"event": "erasure", "rows": 1}, {"event": "new_key"}])
def test_good_entries_pass(entry: dict[str, Any]) -> None:
    check_entry(entry)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("agency", "Jane Smith"),
        ("agency", "943 476 5919"),
        ("agency", "943-476-5919"),
        ("agency", "9434765919"),
        ("agency", "0712.345.6789"),
        ("agency", ""),
        ("agency", "x" * 65),
        ("agency", 7),
        ("agency", "police\n"),
        ("allow", 1),
        ("allow", "yes"),
        ("decision", "D-1"),
        ("decision", "AB" * 32),
        ("decision", "a" * 15),
        ("event", "gossip"),
        ("event", ["disclosure"]),
        ("expires", "2026-03-31"),
        ("expires", "2026-02-30T00:00:00.000000Z"),
        ("expires", "2026-03-31T09:30:00.000000+00:00"),
        ("fields", ["Band"]),
        ("fields", ["band", "band"]),
        ("fields", ["subject_id", "band"]),
        ("fields", ("band",)),
        ("fields", ["seen with a knife"]),
        ("note", "he told me that"),
        ("output", "0" * 63),
        ("policy", None),
        ("reasons", "no_permit"),
        ("reasons", [None]),
        ("role", "Dr Smith"),
        ("rows", -1),
        ("rows", 2.0),
        ("rows", True),
        ("rows", 2**53),
    ],
)
def test_a_value_of_another_form_is_refused_and_not_repeated(key: str, value: object) -> None:
    with pytest.raises(AuditEntryError) as caught:
        check_entry({**ENTRY, key: value})
    assert caught.value.problems == (f"{key} must be {FORMS[key][1]}.",)


@pytest.mark.parametrize("key", ["name", MARK, 3, *sorted(MADE_BY_THE_LOG)])
def test_a_key_that_is_not_listed_is_refused_and_not_repeated(key: Any) -> None:
    with pytest.raises(AuditEntryError, match="1 of its keys may not be given") as caught:
        check_entry({**ENTRY, key: MARK})
    assert MARK not in str(caught.value)


@pytest.mark.parametrize(("event", "needed"), EVENTS.items())
def test_an_event_needs_its_keys(event: str, needed: tuple[str, ...]) -> None:
    if not needed:
        check_entry({"event": event})
        return
    with pytest.raises(AuditEntryError) as caught:
        check_entry({"event": event})
    assert caught.value.problems == tuple(f"{key} must be given for the event {event}." for key in needed)


def test_everything_wrong_is_told_at_once_as_one_kind_of_error() -> None:
    with pytest.raises(AuditError, match="nothing may be disclosed") as caught:
        check_entry({"agency": "a b", "rows": "2", "name": "x"})
    assert isinstance(caught.value, ValueError)
    assert [problem.split()[0] for problem in caught.value.problems] == ["1", "agency", "rows", "event"]


def test_made_keys_pass_only_where_the_log_gives_them() -> None:
    people = {"user": "u" + "0" * 32, "approver": "u" + "1" * 32}
    moments = dict.fromkeys(("at", "latest", "written"), "2026-03-31T09:30:00.000000Z")
    made = {**moments, "epoch": 1, "seq": 4, "subjects": ["ab" * 32], "relationship": "cd" * 32, **people}
    assert set(made) == MADE_BY_THE_LOG
    check_entry({**ENTRY, **made}, made=MADE_BY_THE_LOG)
    for key, wrong in [("at", "now"), ("epoch", "1"), ("seq", None), ("subjects", ["S-0042"]), ("user", "jane")]:
        with pytest.raises(AuditEntryError, match=f"{key} must be"):
            check_entry({**ENTRY, **made, key: wrong}, made=MADE_BY_THE_LOG)


def test_every_form_says_what_it_wants() -> None:
    assert all(holds(object()) is False and words for holds, words in FORMS.values())


def test_one_entry_has_one_spelling() -> None:
    backwards = dict(reversed(list(ENTRY.items())))
    assert canonical(backwards) == canonical(ENTRY)
    assert b" " not in canonical(ENTRY)


def test_moments_are_kept_in_utc_to_the_microsecond() -> None:
    summer = dt.timezone(dt.timedelta(hours=1))
    assert utc(dt.datetime(2026, 3, 29, 2, 0, 0, 1, tzinfo=summer)) == "2026-03-29T01:00:00.000001Z"
    for bad in (dt.datetime(2026, 3, 29), dt.date(2026, 3, 29), "2026-03-29T02:00:00Z"):
        with pytest.raises(AuditEntryError, match="at must be"):
            utc(bad)  # type: ignore[arg-type]
