"""An emergency override after the fact: its alert, its review in time, and the second file where the log fails."""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import audit_cases
import share_cases as cases
import sharing_small
from riskshare.cli.app import app
from riskshare.errors import ArgumentError, AuditError, AuditTrailError, AuditWriteError, PolicyError
from riskshare.io.audit_check import verify_log
from riskshare.io.audit_log import append
from riskshare.io.exports import write
from riskshare.io.overrides import awaiting_review, overrides_used, reason_file, review_override, spool_of
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.shared import Shared

DUE = dt.date(2026, 4, 7)
"""Five working days after Tuesday 31 March 2026."""


def emergency(folder: Path, **options: Any) -> Shared:
    told = {"override": sharing_small.override(), "relationships": []}
    return cases.to_practitioner(cases.result(), folder, **{**told, **options})


class TestReview:
    def test_it_awaits_review_and_says_who_on_what_ground_and_until_when(self, tmp_path: Path) -> None:
        shared = emergency(tmp_path)
        (used,) = overrides_used(cases.log_in(tmp_path))
        assert (used.reference, used.agency, used.role, used.due) == (shared.decision, "council", "social_worker", DUE)
        assert (used.ground, used.alerted, used.spooled, used.reviewed) == ("serious_harm_child", True, False, None)
        assert "U7" not in repr(used)

    @pytest.mark.parametrize(
        ("moment", "overdue"), [("2026-04-07T23:59:59+01:00", 0), ("2026-04-08T00:00:00+01:00", 1)]
    )
    def test_it_is_overdue_from_the_first_moment_after_its_last_day_in_london(
        self, moment: str, overdue: int, tmp_path: Path
    ) -> None:
        emergency(tmp_path)
        log, at = cases.log_in(tmp_path), dt.datetime.fromisoformat(moment)
        assert awaiting_review(log, at=at) == (1, overdue)
        later = cases.given(cases.result(), tmp_path, audience="partnership", at=moment)
        said = [note for note in later.notes if "await review" in note]
        assert [one.split("await review: ")[1].split(". This")[0] for one in said] == [
            f"1{', of them overdue: 1' * overdue}"
        ]

    def test_once_reviewed_no_report_speaks_of_it_and_its_reason_is_gone(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        reason = reason_file(log, shared.decision)
        assert sharing_small.LONG_REASON in reason.read_text()
        assert reason.stat().st_mode & 0o777 == 0o600
        review_override(
            log, shared.decision[:16], finding="justified", reviewer="U30", at=(reviewed := cases.later(days=1))
        )
        assert not reason.exists()
        (used,) = overrides_used(log)
        assert (used.finding, used.reviewed) == ("justified", reviewed)
        assert awaiting_review(log, at=cases.later(days=30)) == (0, 0)
        assert not [
            note
            for note in cases.to_practitioner(cases.result(), tmp_path, at=reviewed).notes
            if "await review" in note
        ]
        assert verify_log(log).status == "ok"
        assert "U30" not in json.dumps(cases.entries(tmp_path))

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"reviewer": "U7"}, "cannot review it"),  # who used it
            ({"reviewer": "U9"}, "cannot review it"),  # who approved it
            ({"reference": "0" * 16}, "0 overrides have that reference"),
            ({"at": cases.later(days=-1)}, "used later than that"),
        ],
    )
    def test_what_is_no_review(self, changes: dict[str, Any], said: str, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        told = {"reference": shared.decision, "finding": "justified", "reviewer": "U30", "at": cases.later(days=1)}
        told |= changes
        with pytest.raises(PolicyError, match=said):
            review_override(log, told.pop("reference"), **told)
        assert awaiting_review(log, at=cases.AT) == (1, 0)

    def test_a_review_stands(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path)
        review_override(log, shared.decision, finding="not_justified", reviewer="U30", at=cases.AT)
        with pytest.raises(PolicyError, match="reviewed before"):
            review_override(log, shared.decision, finding="justified", reviewer="U31", at=cases.AT)
        assert overrides_used(log)[0].finding == "not_justified"

    def test_arguments_are_all_named(self, tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match=r"finding.*reviewer.*reference"):
            review_override(cases.log_in(tmp_path), "ab", finding="fine", reviewer="", at=cases.AT)  # type: ignore[arg-type]

    def test_a_log_that_is_not_there_holds_none(self, tmp_path: Path) -> None:
        assert overrides_used(audit_cases.log_in(tmp_path)) == ()

    def test_a_refused_override_awaits_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(SharingRefusedError, match="override_refused"):
            emergency(tmp_path, override=sharing_small.override(text="too short"))
        assert overrides_used(cases.log_in(tmp_path)) == ()
        assert [path.name for path in tmp_path.glob("*.reason-*")] == []


class TestSpool:
    @pytest.fixture
    def broken(self, tmp_path: Path) -> Path:
        """Return a folder whose log was cut off: nothing may be added to it."""
        log = audit_cases.log_in(tmp_path, 3)
        log.head.write_bytes(audit_cases.log_in(other_folder(tmp_path), 5).head.read_bytes())
        return tmp_path

    def test_only_an_override_gets_out(self, broken: Path) -> None:
        with pytest.raises(AuditError):
            cases.to_practitioner(cases.result(), broken)
        with pytest.raises(AuditError):
            cases.given(cases.result(), broken, audience="partnership")
        assert not spool_of(cases.log_in(broken)).path.exists()
        shared = emergency(broken)
        assert shared.tables["scores"]["identity"].tolist() == ["S1", "S1"]  # risk to, and risk from
        assert any("stands in its spool alone" in note for note in shared.notes)

    def test_it_stands_in_a_chain_of_its_own_and_is_written_under_it(self, broken: Path) -> None:
        shared, log = emergency(broken), cases.log_in(broken)
        spool = spool_of(log)
        write(shared, broken / "x.html")
        assert verify_log(spool).status == "ok"
        told = [json.loads(body)["event"] for (body,) in audit_cases.stored(spool, "SELECT body FROM entries")]
        assert told == ["override", "alert", "disclosure"]
        (used,) = overrides_used(log)
        assert (used.spooled, used.alerted, used.due) == (True, True, DUE)

    def test_it_is_reviewed_in_the_log_once_that_is_mended(self, broken: Path) -> None:
        shared, log = emergency(broken), cases.log_in(broken)
        for file in (log.path, log.head, log.keys):
            file.unlink()
        with pytest.raises(PolicyError, match="cannot review it"):
            review_override(log, shared.decision, finding="justified", reviewer="U7", at=cases.AT)
        review_override(log, shared.decision, finding="justified", reviewer="U30", at=cases.AT)
        assert awaiting_review(log, at=cases.later(days=30)) == (0, 0)

    def test_a_refused_override_is_logged_there_too(self, broken: Path) -> None:
        with pytest.raises(SharingRefusedError, match="override_refused"):
            emergency(broken, override=sharing_small.override(text="too short"))
        (body,) = audit_cases.stored(spool_of(cases.log_in(broken)), "SELECT body FROM entries")
        assert (json.loads(body[0])["event"], json.loads(body[0])["allow"]) == ("override", False)

    def test_if_that_fails_too_there_is_a_telephone_number_and_nothing_else(self, broken: Path) -> None:
        spool_of(cases.log_in(broken)).path.mkdir()
        for text in (sharing_small.LONG_REASON, "too short"):
            with pytest.raises(SharingRefusedError, match="council: Duty desk") as refused:
                emergency(broken, override=sharing_small.override(text=text))
            assert refused.value.reasons == ("not_logged",)
            assert "S1" not in str(refused.value)
        assert list(broken.glob("*.reason-*")) == []


def other_folder(folder: Path) -> Path:
    made = folder / "other"
    made.mkdir()
    return made


def test_two_hundred_failures_of_the_log_disclose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A7: a failure before, at or after any step of writing an entry; a released view is always on a disk first."""
    chance = random.Random(7)
    steps = ("insert", "publish", "_end", "write_head")
    real = {step: getattr(__import__("riskshare.io.audit_log", fromlist=[step]), step) for step in steps}
    ordinary, whole = {}, cases.result()
    released = refused = 0
    for number in range(200):
        folder = tmp_path / str(number)
        folder.mkdir()
        step, left, spool_too = chance.choice(steps), [chance.randrange(3)], chance.random() < 0.5
        spool = spool_of(cases.log_in(folder))

        def failing(log: Any, *rest: Any, step: str = step, left: list[int] = left, spool_too: bool = spool_too) -> Any:
            is_log = "spool" not in str(getattr(log, "path", "")) if step != "insert" else True
            left[0] -= 1
            if left[0] < 0 and (is_log or spool_too):
                raise AuditWriteError("The disk refused.", "Make room.")
            return real[step](log, *rest)

        options = {"override": sharing_small.override(), "relationships": []} if chance.random() < 0.7 else ordinary
        with monkeypatch.context() as patched:
            patched.setattr(f"riskshare.io.audit_log.{step}", failing)
            try:
                shared = cases.to_practitioner(whole, folder, **options)
            except (AuditError, SharingRefusedError):
                refused += 1
                continue
        released += 1
        chain = spool if shared.log == spool else cases.log_in(folder)
        bodies = [json.loads(body) for (body,) in audit_cases.stored(chain, "SELECT body FROM entries ORDER BY seq")]
        kinds = [one["event"] for one in bodies if one["decision"] == shared.decision]
        assert kinds[:2] == (["override", "alert"] if options else ["disclosure"])
        assert verify_log(chain).status == "ok"
    assert released > 20
    assert refused > 60


class TestCommands:
    def run(self, *args: object, code: int = 0) -> Any:
        result = CliRunner().invoke(app, ["audit", *(str(arg) for arg in args)])
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return result

    def test_what_waits_is_listed_and_reviewed(self, tmp_path: Path) -> None:
        shared, log = emergency(tmp_path), cases.log_in(tmp_path).path
        at = ("--at", "2026-04-09T09:00:00+01:00")
        told = " ".join(self.run("overrides", log, *at).stdout.split())
        assert "1 emergency override, 1 awaiting review, 1 overdue." in told
        assert f"{shared.decision[:16]}: social_worker at council, serious_harm_child" in told
        assert "OVERDUE, was due 2026-04-07" in told
        read = json.loads(self.run("overrides", log, *at, "--json").stdout)
        assert sharing_small.LONG_REASON in (tmp_path / read["waiting"][0]["reason_file"]).read_text()
        ask = ("review", log, shared.decision[:16], "--finding", "justified", *at)
        self.run(*ask, "--reviewer", "U7", code=2)
        assert "justified" in self.run(*ask, "--reviewer", "U30").stdout
        assert json.loads(self.run("overrides", log, *at, "--json").stdout)["waiting"] == []

    def test_a_path_typed_wrongly_is_no_empty_list(self, tmp_path: Path) -> None:
        self.run("overrides", tmp_path / "nowhere.sqlite", "--at", "2026-04-09T09:00:00+01:00", code=7)


def test_the_alert_of_an_override_that_was_never_shown_is_found(tmp_path: Path) -> None:
    """An entry without its alert, as after a crash between the two, is listed as not alerted."""
    log = cases.log_in(tmp_path)
    used = {"event": "override", "allow": True, "decision": "ab" * 32, "ground": "legal_duty", "reasons": []}
    append(log, used, at=cases.AT)
    assert [one.alerted for one in overrides_used(log)] == [False]


@pytest.mark.parametrize("body", ['{"event":"override"}', '{"event":"review","decision":7}', '"event":"alert"'])
def test_an_entry_that_was_tampered_with_is_no_override(body: str, tmp_path: Path) -> None:
    log = audit_cases.log_in(tmp_path, 2)
    with closing(sqlite3.connect(log.path)) as db, db:
        db.execute("UPDATE entries SET body = ? WHERE seq = 2", (body.encode(),))
    with pytest.raises(AuditTrailError, match="audit verify"):
        overrides_used(log)
