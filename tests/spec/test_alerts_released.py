"""Alerts under the agreement: permitted, logged first, and of a protected subject nothing that tells where."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

import sharing_small
from riskshare.errors import ArgumentError, PolicyError
from riskshare.io.audit_check import entries_about
from riskshare.io.audit_log import audit_log
from riskshare.records.agreement import AgreementSet, Recipient, Rule
from riskshare.releasing.alerting import AlertsReleased, Channel, release_alerts
from riskshare.sharing.movers import Contact, Guarded, KnownTo, Movers, Seen, mover_alerts

AT = sharing_small.AT
DESKS = {
    "northby": Recipient(agency="council", role="social_worker"),
    "southby": Recipient(agency="school", role="safeguarding_lead"),
    "eastby": Recipient(agency="police", role="officer"),
}
CALLS = {one: Contact(one, f"{one} day", f"{one} night") for one in DESKS}
CHANNEL = Channel("isp", "1", "safeguarding", DESKS)


def rule(**changes: Any) -> Rule:
    told = {
        "categories": ("alerts",), "recipients": tuple(DESKS.values()),
        "treatment": {"spoc": "show", "subject_id": "show"}, **changes,
    }  # fmt: skip
    return sharing_small.permit("alerts", **told)


def agreed(*rules: Rule) -> AgreementSet:
    return sharing_small.agreed(*rules, retention_days={"alerts": 30, "scores": 90})


def moved(to: str = "southby", **options: Any) -> Movers:
    return mover_alerts([KnownTo("S1", "northby", AT - dt.timedelta(days=9))], [Seen("S1", to, AT)], CALLS, **options)


def released(folder: Path, movers: Movers, *rules: Rule, **options: Any) -> AlertsReleased:
    told = {"at": AT, "log": audit_log(folder / "audit.sqlite", clock=lambda: AT), **options}
    return release_alerts(movers, agreed(*rules), CHANNEL, **told)


def test_a_permitted_alert_leaves_and_is_in_the_log(tmp_path: Path) -> None:
    done = released(tmp_path, moved(), rule())
    assert done.movers == moved()
    log = audit_log(tmp_path / "audit.sqlite")
    assert [(one["agency"], one["allow"]) for one in entries_about(log, "S1")] == [("school", True), ("council", True)]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ((), "no_permit"),
        ((rule(purposes=("violence_reduction",)),), "no_permit"),
        ((rule(), sharing_small.forbid(categories=("alerts",), recipients=tuple(DESKS.values()))), "forbidden"),
        ((rule(treatment={"spoc": "show"}),), "no_permit"),
    ],
)
def test_what_is_not_permitted_stays_and_is_logged_as_refused(
    rules: tuple[Rule, ...], reason: str, tmp_path: Path
) -> None:
    done = released(tmp_path, moved(), *rules)
    assert (done.movers, dict(done.withheld)[reason]) == (Movers((), ()), 2)
    about = entries_about(audit_log(tmp_path / "audit.sqlite"), "S1")
    assert [(one["allow"], one["fields"], one["rows"]) for one in about] == [(False, [], 0)] * 2


def test_an_objection_holds_an_alert_back(tmp_path: Path) -> None:
    done = released(tmp_path, moved(), rule(), objections=[sharing_small.objection()])
    assert dict(done.withheld) == {"objection": 2}
    assert repr(done) == "AlertsReleased(Movers(0 alerts, 0 notices), 2 withheld)"


def test_of_a_protected_subject_the_log_of_the_notice_is_the_same_wherever_it_went(tmp_path: Path) -> None:
    def told(to: str) -> tuple[str, str]:
        folder = tmp_path / to
        folder.mkdir()
        guarded = [Guarded("S1", AT - dt.timedelta(days=1))]
        done = released(folder, moved(to, guarded=guarded, accepted=[("S1", to)]), rule())
        entries = entries_about(audit_log(folder / "audit.sqlite"), "S1")
        notice = [one for one in entries if one["agency"] == "council"]
        for one in notice:
            del one["subjects"], one["decision"]  # keyed: of another log, another
        return json.dumps(notice), repr(done.movers.of("northby"))

    assert told("southby") == told("eastby")
    assert '"allow": true' in told_once(tmp_path)


def told_once(tmp_path: Path) -> str:
    entries = entries_about(audit_log(tmp_path / "eastby" / "audit.sqlite"), "S1")
    return json.dumps([one for one in entries if one["agency"] == "council"])


def test_where_a_protected_child_left_neither_answer_nor_log_tells_where_it_is(tmp_path: Path) -> None:
    def told(home: str) -> str:
        folder = tmp_path / home
        folder.mkdir()
        known = [KnownTo("S1", "northby", AT - dt.timedelta(days=99), AT - dt.timedelta(days=9)),
                 KnownTo("S1", home, AT - dt.timedelta(days=9), looked_after=True)]  # fmt: skip
        guarded = [Guarded("S1", AT - dt.timedelta(days=10))]
        movers = mover_alerts(known, [Seen("S1", "northby", AT, "unscheduled_care")], CALLS, guarded=guarded)
        done = released(folder, movers, rule())
        entries = entries_about(audit_log(folder / "audit.sqlite"), "S1")
        for one in entries:
            del one["subjects"]
            one.pop("decision")
        return json.dumps(entries) + str([one.call for one in done.movers.alerts])

    assert told("southby") == told("eastby")
    assert "northby day" in told_of(tmp_path)


def told_of(tmp_path: Path) -> str:
    folder = tmp_path / "again"
    folder.mkdir()
    known = [KnownTo("S1", "northby", AT - dt.timedelta(days=99), looked_after=True)]
    guarded = [Guarded("S1", AT - dt.timedelta(days=10))]
    movers = mover_alerts(known, [Seen("S1", "northby", AT, "unscheduled_care")], CALLS, guarded=guarded)
    return str([one.call for one in released(folder, movers, rule()).movers.alerts])


def test_an_authority_without_a_desk_is_named(tmp_path: Path) -> None:
    short = Channel("isp", "1", "safeguarding", {"northby": DESKS["northby"]})
    with pytest.raises(PolicyError, match="No desk is named for: southby"):
        release_alerts(moved(), agreed(rule()), short, at=AT, log=audit_log(tmp_path / "audit.sqlite"))


def test_wrong_arguments_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"movers.*agreements.*channel.*log"):
        release_alerts([], {}, "isp", at=AT, log=tmp_path)  # type: ignore[arg-type]


def test_if_the_log_cannot_be_written_nothing_is_handed_over(tmp_path: Path) -> None:
    (tmp_path / "audit.sqlite").mkdir()
    with pytest.raises(Exception, match="log"):
        released(tmp_path, moved(), rule())


def test_the_id_of_an_alert_in_the_log_cannot_be_worked_out_from_what_is_agreed(tmp_path: Path) -> None:
    released(tmp_path, moved(), rule())
    entries = entries_about(audit_log(tmp_path / "audit.sqlite"), "S1")
    again = tmp_path / "again"
    again.mkdir()
    released(again, moved(), rule())
    others = entries_about(audit_log(again / "audit.sqlite"), "S1")
    ids = {one["decision"] for one in (*entries, *others)}
    assert len(ids) == len(entries) + len(others) == 4  # the same questions and answers, under the keys of two logs
