"""What a person may have: a statement, and a correction that reaches everybody who was given something."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import build
import share_cases
import sharing_small
import small
from riskshare.errors import ArgumentError, AuditTrailError
from riskshare.io.audit_check import entries_about, verify_log
from riskshare.io.subjects import read_subjects
from riskshare.records.evidence import Subjects
from riskshare.releasing.rights import subject_statement, tell_recipients
from riskshare.reporting.statement_page import MAY_BE_MORE, statement_page
from riskshare.sharing.subject_rights import A_PARTNER, UNPLACED, Statement, statement

AT = share_cases.AT


def rows() -> list[dict[str, Any]]:
    """Return what several agencies hold about S1, and one record about S2."""
    return [
        share_cases.fact("a", agency="school"),
        share_cases.fact("b", agency="police", indicator="blade_injury", event_date="2026-01-05",
                         recorded_date="2026-01-06"),
        share_cases.fact("said", agency="council", basis="anecdotal", source_type="worry", indicator="gang_link"),
        share_cases.fact("refuge", agency="charity", indicator="gang_link"),
        share_cases.fact("c", agency="council", handling="C"),
        share_cases.fact("gone", agency="school", status="withdrawn"),
        share_cases.fact("other", agency="school", subject_id="S2"),
    ]  # fmt: skip


def held(given: list[dict[str, Any]], **options: Any) -> Statement:
    told = {"at": AT, **options}
    return statement(small.evidence_of(given), share_cases.partnership(), [], "S1", **told)


def asked(folder: Path, **options: Any) -> Statement:
    told = {"at": share_cases.later(days=1), "agency": "council", "user_id": "U9", "log": share_cases.log_in(folder)}
    told |= options
    return subject_statement(small.evidence_of(rows()), share_cases.partnership(), "S1", **told)


def shared(folder: Path) -> None:
    """A social worker is given S1's scores, and later asks once more."""
    result = share_cases.result(rows())
    share_cases.to_practitioner(result, folder)
    share_cases.to_practitioner(result, folder, at=share_cases.later(days=1))


class TestWhatIsHeld:
    def test_facts_are_told_with_who_holds_them_and_until_when(self) -> None:
        table = held(rows()).held
        assert table["agency"].tolist() == ["Police", "School"]
        assert table["what"].tolist() == ["blade injury", "weapon carrying"]
        assert table["kept_until"].tolist()[0] == dt.date(2026, 1, 5) + dt.timedelta(days=2000)

    def test_what_needs_a_persons_eyes_is_told_once_they_have_cleared_it(self) -> None:
        cleared = [("council", "said"), ("council", "c"), ("charity", "refuge")]
        assert len(held(rows(), cleared=cleared).held) == 5
        assert len(held(rows(), cleared=cleared[:1]).held) == 3

    def test_what_is_left_out_leaves_no_trace_on_the_page(self) -> None:
        plain = [row for row in rows() if row["record_id"] in ("a", "b")]
        assert statement_page(held(rows()), contact="desk") == statement_page(held(plain), contact="desk")

    def test_past_retention_nothing_is_told_from_that_day_on(self) -> None:
        last = dt.datetime(2026, 1, 5, tzinfo=dt.UTC) + dt.timedelta(days=2000)
        one = [rows()[1]]
        assert len(held(one, at=last - dt.timedelta(days=1)).held) == 1
        assert len(held(one, at=last).held) == 0

    @settings(deadline=None)
    @given(age=st.integers(-30, 4000), kept=st.integers(1, 3650))
    def test_on_no_day_is_anything_told_past_its_retention(self, age: int, kept: int) -> None:
        """Whatever the age and the agreed retention: told exactly while it is known and not past it (I3)."""
        kinds = build.partnership().trust.indicators
        short = tuple(one.model_copy(update={"retention_days": kept}) for one in kinds)
        agreed = dataclasses.replace(
            share_cases.partnership(), trust=build.partnership().trust.model_copy(update={"indicators": short})
        )
        then = (AT.date() - dt.timedelta(days=age)).isoformat()
        one = share_cases.fact("x", agency="school", event_date=then, recorded_date=then)
        made = statement(small.evidence_of([one]), agreed, [], "S1", at=AT)
        assert len(made.held) == (0 <= age < kept)

    def test_a_correction_stands_in_place_of_what_it_corrects(self) -> None:
        old = share_cases.fact("x", agency="school", event_date="2026-03-01", recorded_date="2026-03-02")
        new = {**old, "event_date": "2026-03-05", "recorded_date": "2026-03-20"}
        assert held([new, old]).held["event_date"].tolist() == [dt.date(2026, 3, 5)]

    def test_nobody_held_gives_an_empty_statement(self) -> None:
        assert repr(held([])) == "Statement(0 held, 0 times shared)"


class TestWithWhomItWasShared:
    def test_each_time_is_told_with_whom_for_what_and_until_when(self, tmp_path: Path) -> None:
        shared(tmp_path)
        table = asked(tmp_path).shared
        assert table["agency"].tolist() == ["Council", "Council"]
        assert set(table["purpose"]) == {"safeguarding"}
        assert set(table["role"]) == {"social worker"}
        assert "band" in table["fields"][0]
        assert table["at"].is_monotonic_increasing

    def test_each_time_is_told_in_the_order_of_moments_whatever_the_log_holds_first(self) -> None:
        told = {"event": "disclosure", "allow": True, "agency": "council", "role": "social_worker"}
        given = [{**told, "at": f"2026-03-{day}T09:00:00.000000Z"} for day in (31, 12, 25)]
        made = statement(small.evidence_of([]), share_cases.partnership(), given, "S1", at=AT)
        assert made.shared["at"].str[8:10].tolist() == ["12", "25", "31"]

    def test_refusals_are_not_told_as_sharing(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="Nothing was shared"):
            share_cases.to_practitioner(share_cases.result(rows()), tmp_path, relationships=[])
        assert len(asked(tmp_path).shared) == 0

    def test_a_statement_is_itself_logged_before_it_is_given(self, tmp_path: Path) -> None:
        asked(tmp_path)
        assert asked(tmp_path).shared["agency"].tolist() == ["you"]
        log = share_cases.log_in(tmp_path)
        assert [one["role"] for one in entries_about(log, "S1")] == ["data_subject"] * 2
        assert verify_log(log).status == "ok"

    def test_a_refuge_that_was_told_something_is_a_partner_agency(self) -> None:
        entry = {"event": "disclosure", "allow": True, "agency": "charity", "role": "advocate", "at": "2026"}
        made = statement(small.evidence_of([]), share_cases.partnership(), [entry], "S1", at=AT)
        assert made.shared["agency"].tolist() == [A_PARTNER]

    def test_the_page_is_whole_escaped_and_without_script(self, tmp_path: Path) -> None:
        shared(tmp_path)
        page = statement_page(asked(tmp_path), contact="<script>alert(1)</script>")
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert "S1" not in re.sub("<style>.*?</style>", "", page, flags=re.S)
        assert not re.search(r"T[0-9]{2}:[0-9]{2}:|[0-9]{6}Z", page)  # moments are in words
        for needed in ("What is held", "With whom it was shared", "What you can do", MAY_BE_MORE[0][:40]):
            assert needed in page


class TestAnAddressThatIsProtected:
    """Most agencies serve one area: to name one tells where somebody is known."""

    def sent(self, **changes: str) -> Subjects:
        row = {"subject_id": "S9", "household_id": "H1", "protected_from": "2026-01-01", **changes}
        return read_subjects([row, {"subject_id": "S1", "household_id": "H1"}], build.partnership())

    def told(self, folder: Path, **options: Any) -> Statement:
        if not share_cases.log_in(folder).path.exists():
            shared(folder)
        return asked(folder, at=share_cases.later(days=2), **options)

    def test_no_agency_is_named_and_one_sentence_says_so(self, tmp_path: Path) -> None:
        """S1 lives with somebody protected now: whatever happened when."""
        made = self.told(tmp_path, subjects=self.sent())
        assert set(made.held["agency"]) == set(made.shared["agency"]) == {A_PARTNER}
        assert made.notes == (UNPLACED,)
        page = statement_page(made, contact="desk")
        assert "a home that must not be found" in page
        assert "School" not in page
        assert "Council" not in page

    def test_what_a_reviewer_cleared_of_its_content_is_not_cleared_of_its_place(self, tmp_path: Path) -> None:
        made = self.told(tmp_path, subjects=self.sent(), cleared=[("council", "c")])
        assert made.held["agency"].tolist() == [A_PARTNER] * 3

    def test_the_service_may_clear_it(self, tmp_path: Path) -> None:
        made = self.told(tmp_path, subjects=self.sent(), place_cleared=True)
        assert made.held["agency"].tolist() == ["Police", "School"]
        assert set(made.shared["agency"]) == {"Council"}
        assert made.notes == ()

    def test_what_happened_or_was_shared_under_protection_that_ended(self, tmp_path: Path) -> None:
        ended = self.told(tmp_path, subjects=self.sent(protected_until="2026-02-01"))
        assert ended.held["agency"].tolist() == [A_PARTNER, "School"]  # of 5 January, and of 31 March
        assert set(ended.shared["agency"]) == {"Council"}
        one_day = {"protected_from": "2026-03-31", "protected_until": "2026-04-01"}
        later = self.told(tmp_path, subjects=self.sent(**one_day))
        assert later.held["agency"].tolist() == ["Police", A_PARTNER]
        assert later.shared["agency"].tolist() == [A_PARTNER, "Council", "you"]

    def test_ones_own_statement_stays_ones_own(self, tmp_path: Path) -> None:
        self.told(tmp_path)
        made = self.told(tmp_path, subjects=self.sent())
        assert made.shared["agency"].tolist() == [A_PARTNER, A_PARTNER, "you"]

    def test_whoever_is_not_protected_is_told_as_without_a_list(self, tmp_path: Path) -> None:
        made = self.told(tmp_path, subjects=self.sent(subject_id="S9", household_id="H2"))
        assert made.notes == ()
        assert made.held["agency"].tolist() == ["Police", "School"]

    def test_subjects_are_what_read_subjects_gave(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match="subjects must be Subjects"):
            asked(tmp_path, subjects=[{"subject_id": "S1"}])


class TestCorrection:
    def test_everybody_who_was_given_something_is_told_under_every_decision(self, tmp_path: Path) -> None:
        shared(tmp_path)
        log = share_cases.log_in(tmp_path)
        given = {one["decision"] for one in entries_about(log, "S1")}
        told = {"at": share_cases.later(days=2), "agency": "school", "user_id": "U3", "log": log}
        (notice,) = tell_recipients(share_cases.partnership(), "S1", "contested", **told)
        assert (notice.agency, notice.role, set(notice.decisions)) == ("council", "social_worker", given)
        assert "duty desk" in notice.contact
        noted = [one for one in entries_about(log, "S1") if one["event"] == "contest"]
        assert {one["decision"] for one in noted} == given
        assert {tuple(one["reasons"]) for one in noted} == {("contested",)}

    def test_who_got_only_their_own_statement_is_no_recipient(self, tmp_path: Path) -> None:
        asked(tmp_path)
        told = {"at": AT, "agency": "council", "user_id": "U3", "log": share_cases.log_in(tmp_path)}
        assert tell_recipients(share_cases.partnership(), "S1", "erased", **told) == ()

    def test_somebody_else_is_not_touched(self, tmp_path: Path) -> None:
        shared(tmp_path)
        told = {"at": AT, "agency": "council", "user_id": "U3", "log": share_cases.log_in(tmp_path)}
        assert tell_recipients(share_cases.partnership(), "S2", "corrected", **told) == ()

    def test_without_a_log_nobody_can_be_told(self, tmp_path: Path) -> None:
        told = {"at": AT, "agency": "council", "user_id": "U3", "log": share_cases.log_in(tmp_path)}
        with pytest.raises(AuditTrailError):
            tell_recipients(share_cases.partnership(), "S1", "corrected", **told)

    def test_every_wrong_argument_is_named_and_no_value(self, tmp_path: Path) -> None:
        told: dict[str, Any] = {"at": AT, "agency": "zqmark", "user_id": "", "log": tmp_path}
        with pytest.raises(ArgumentError) as fault:
            tell_recipients(sharing_small.agreed(), "", "contested", **told)  # type: ignore[arg-type]
        assert len(fault.value.problems) == 4
        assert "zqmark" not in str(fault.value)
