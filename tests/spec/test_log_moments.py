"""When something was given: the moment a caller types, held to what the log and the machine's clock know."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import audit_cases
import build
import share_cases as cases
import sharing_small
from riskshare.cli.app import app
from riskshare.errors import ArgumentError, AuditEntryError, AuditTimeError
from riskshare.io.audit_check import dates_of, verify_log
from riskshare.io.audit_heads import write_head
from riskshare.io.audit_keys import read_keys
from riskshare.io.audit_log import append, audit_log, begin_epoch, erase
from riskshare.io.exports import write
from riskshare.io.overrides import overrides_used, review_override
from riskshare.records.partnership import Partnership
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.chain import head_of

HOUR = dt.timedelta(hours=1)


class TestOrder:
    def test_nothing_is_given_at_a_moment_that_the_log_has_left_behind(self, tmp_path: Path) -> None:
        cases.to_practitioner(cases.result(), tmp_path, at=cases.later(days=2))
        with pytest.raises(SharingRefusedError, match="back_dated") as refused:
            cases.to_practitioner(cases.result(), tmp_path, at=cases.later(days=1))
        assert "moment at which" in str(refused.value)
        given, no = cases.entries(tmp_path)
        assert (given["allow"], no["allow"], no["reasons"]) == (True, False, ["back_dated"])
        assert no["at"] < given["at"] == no["latest"]

    def test_refused_moments_do_not_move_the_log_back_step_by_step(self, tmp_path: Path) -> None:
        log = audit_cases.log_in(tmp_path, 1)
        append(log, audit_cases.REFUSAL, at=audit_cases.AT - dt.timedelta(days=30))
        for back in (HOUR, HOUR):
            append(log, audit_cases.ENTRY, at=audit_cases.AT - back)
        with pytest.raises(AuditTimeError, match="2026-03-31 09:30 UTC"):
            append(log, audit_cases.ENTRY, at=audit_cases.AT - HOUR - dt.timedelta(microseconds=1))

    def test_reviews_erasures_and_keys_have_an_order_too(self, tmp_path: Path) -> None:
        shared = cases.to_practitioner(
            cases.result(), tmp_path, override=sharing_small.override(), relationships=[], at=cases.AT
        )
        log, before = cases.log_in(tmp_path), cases.later(days=2)
        append(log, audit_cases.ENTRY, at=cases.later(days=9))
        with pytest.raises(AuditTimeError):  # else a late review could be dated in time
            review_override(log, shared.decision, finding="justified", reviewer="U30", at=before)
        with pytest.raises(AuditTimeError):
            erase(log, "S1", at=before)
        with pytest.raises(AuditTimeError):
            begin_epoch(log, at=before)
        assert len(cases.entries(tmp_path)) == 3

    def test_an_emergency_waits_for_no_clock(self, tmp_path: Path) -> None:
        append(cases.log_in(tmp_path), audit_cases.ENTRY, at=cases.later(days=40))
        shared = cases.to_practitioner(cases.result(), tmp_path, override=sharing_small.override(), relationships=[])
        assert [one["event"] for one in cases.entries(tmp_path)] == ["disclosure", "override", "alert"]
        assert shared.log == cases.log_in(tmp_path)

    def test_a_moment_ahead_of_the_machine_binds_only_up_to_its_clock(self, tmp_path: Path) -> None:
        """A year typed wrongly must not close the log for years, nor put off the review of an emergency."""
        log = audit_log(tmp_path / "audit.sqlite", clock=lambda: cases.AT)
        used = {"event": "override", "allow": True, "decision": "ab" * 32, "ground": "legal_duty", "reasons": []}
        append(log, used, at=cases.AT.replace(year=2062))
        append(log, audit_cases.ENTRY, at=cases.AT)
        assert overrides_used(log)[0].due == dt.date(2026, 4, 7)

    def test_a_file_is_not_dated_before_what_is_in_it_was_shared(self, tmp_path: Path) -> None:
        shared = cases.to_practitioner(cases.result(), tmp_path)
        with pytest.raises(ArgumentError, match="at must not be before"):
            write(shared, tmp_path / "x.json", at=cases.later(seconds=-1))
        assert not (tmp_path / "x.json").exists()


class TestClock:
    def test_every_entry_holds_the_machines_own_moment_sealed(self, tmp_path: Path) -> None:
        moments = iter([cases.AT, cases.later(seconds=3)])
        log = audit_log(tmp_path / "audit.sqlite", clock=lambda: next(moments))
        append(log, audit_cases.ENTRY, at=cases.AT)
        append(log, audit_cases.ENTRY, at=cases.AT)
        assert [one["written"] for one in cases.entries(tmp_path)] == [
            "2026-03-31T12:00:00.000000Z", "2026-03-31T12:00:03.000000Z",
        ]  # fmt: skip
        with pytest.raises(AuditEntryError):
            append(log, {**audit_cases.ENTRY, "written": "2026-03-31T12:00:00.000000Z"}, at=cases.AT)
        audit_cases.tampered(log, "UPDATE entries SET body = replace(body, '12:00:03', '12:00:04') WHERE seq = 2")
        assert (verify_log(log).status, verify_log(log).at) == ("altered", 2)

    def test_differences_are_counted_and_told(self, tmp_path: Path) -> None:
        clock = [cases.AT]
        log = audit_log(tmp_path / "audit.sqlite", clock=lambda: clock[0])
        for at, told in ((0, 0), (0, 24), (0, 25), (3, 25), (3, 2)):
            clock[0] = cases.later(hours=told)
            append(log, audit_cases.ENTRY, at=cases.later(hours=at))
        found = dates_of(log)
        assert (found.entries, found.apart, found.without, found.backwards) == (5, 1, 0, 1)
        for command in (["verify"], ["export", str(tmp_path / "audit.jsonl")]):
            args = ["audit", command[0], str(log.path), *command[1:]]
            run = CliRunner().invoke(app, args)
            assert run.exit_code == 0, run.stderr
            assert "1 of 5 entries is dated more than 24 hours from the clock" in " ".join(run.stdout.split())
        read = json.loads(CliRunner().invoke(app, ["audit", "verify", str(log.path), "--json"]).stdout)
        assert read["dates"] == {"entries": 5, "apart": 1, "without": 0, "backwards": 1, "hours": 24}

    def test_entries_of_older_versions_have_no_clock_and_still_stand(self, tmp_path: Path) -> None:
        log = audit_cases.log_in(tmp_path, 1)
        (row,) = audit_cases.rows_of(log)
        bare = {key: value for key, value in json.loads(row.body).items() if key not in ("written", "latest")}
        (old,) = audit_cases.chained([audit_cases.canonical(bare)], read_keys(log.keys).epochs)
        audit_cases.tampered(log, "UPDATE entries SET body = ?, tag = ? WHERE seq = 1", old.body, old.tag)
        log.head.unlink()
        write_head(log.head, head_of(old))
        with pytest.raises(AuditTimeError):
            append(log, audit_cases.ENTRY, at=audit_cases.AT - 2 * HOUR)
        append(log, audit_cases.ENTRY, at=audit_cases.AT)
        assert verify_log(log).status == "ok"
        assert dates_of(log).without == 1


class TestStale:
    @pytest.mark.parametrize("audience", ["practitioner", "partnership", "public"])
    def test_nothing_is_given_at_a_moment_before_the_day_it_is_known_on(self, audience: str, tmp_path: Path) -> None:
        told: dict[str, Any] = {
            "audience": audience,
            "at": "2026-03-30T23:59:59+01:00",
            "purpose": "violence_reduction",
        }
        if audience == "practitioner":
            told |= {"subject": "S1", "relationships": [cases.works_with()], "purpose": "safeguarding"}
        with pytest.raises(SharingRefusedError, match="before_as_of"):
            cases.given(cases.result(), tmp_path, **told)
        assert cases.entries(tmp_path)[-1]["reasons"] == ["before_as_of"]

    def test_every_stamp_says_the_day_it_is_known_on_and_how_long_ago_that_was(self, tmp_path: Path) -> None:
        fresh = cases.to_practitioner(cases.result(), tmp_path)
        assert "As known on 2026-03-31. " in fresh.stamp
        stale = cases.to_practitioner(cases.result(), tmp_path, at=cases.later(days=45))
        assert "As known on 2026-03-31, 45 days before. " in stale.stamp
        made = cases.every_file(stale, tmp_path / "files", (".json", ".csv", ".html", ".parquet"))
        for name, data in made.items():
            assert b"As known on 2026-03-31, 45 days before" in data, name
        spots = cases.to_partners(cases.spots(), tmp_path, at=cases.later(days=45))
        assert "The day it is known on is not stated." in spots.stamp

    def test_rows_past_their_retention_at_the_moment_of_giving_count_no_more(self, tmp_path: Path) -> None:
        agreed = short_retention()
        person = [cases.fact("a", event_date="2026-03-10", indicator="blade_injury"), cases.fact("b", agency="school")]
        whole = cases.result(person, agreed=agreed)
        before = cases.to_practitioner(whole, tmp_path)
        after = cases.to_practitioner(whole, tmp_path, at=cases.later(days=10))
        assert {"a", "b"} < set(before.tables["reasons"]["record_id"])  # and None, of the base rate
        assert set(after.tables["reasons"]["record_id"].dropna()) == {"b"}
        alone = cases.to_practitioner(cases.result(person[1:], agreed=agreed), tmp_path, at=cases.later(days=10))
        assert after.tables["scores"].equals(alone.tables["scores"])

    def test_nor_in_counts_maps_and_lists(self, tmp_path: Path) -> None:
        agreed = short_retention()
        many = [
            cases.fact(f"r{n}", subject_id=f"S{n}", indicator="blade_injury", event_date="2026-03-10")
            for n in range(30)
        ]
        whole = cases.result(many, agreed=agreed)
        assert cases.given(whole, tmp_path, purpose="violence_reduction").tables["counts"]["count"].max() == 30
        for audience in ("public", "partnership"):
            with pytest.raises(SharingRefusedError, match="nothing_to_share"):
                cases.given(whole, tmp_path, purpose="violence_reduction", audience=audience, at=cases.later(days=10))


def short_retention() -> Partnership:
    usual = build.trust_policy().indicators
    brief = tuple(one.model_copy(update={"retention_days": 25}) if one.id == "blade_injury" else one for one in usual)
    short = build.partnership(trust=build.trust_policy(indicators=brief))
    return dataclasses.replace(short, sharing=cases.partnership().sharing)


def test_years_that_no_log_can_hold_are_refused_in_words(tmp_path: Path) -> None:
    for moment in (
        dt.datetime.max.replace(tzinfo=dt.timezone(-HOUR)),
        dt.datetime.min.replace(tzinfo=dt.timezone(HOUR)),
    ):
        with pytest.raises(AuditEntryError, match="1900 to 2100"):
            append(cases.log_in(tmp_path), audit_cases.ENTRY, at=moment)
