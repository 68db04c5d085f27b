"""What each recipient may have of an assessment, in a partnership's own terms."""

from __future__ import annotations

from pathlib import Path

import pytest

import build
import share_cases as cases
import sharing_small
import small
from riskshare.errors import ArgumentError, AuditError, PolicyError, ReleaseRefusedError
from riskshare.reporting.shared_report import report
from riskshare.sharing.asking import SharingRefusedError


def test_a_named_worker_sees_the_person_she_works_with(tmp_path: Path) -> None:
    shared = cases.to_practitioner(cases.result(), tmp_path)
    assert list(shared.tables) == ["scores", "reasons", "gaps", "act_now"]
    assert shared.tables["scores"]["subject_id"].tolist() == ["S1"]
    assert shared.tables["act_now"]["act_now"].tolist() == ["blade_injury"]
    assert "U7" not in shared.stamp
    assert shared.stamp.startswith("For social_worker at council. Purpose: safeguarding. Decision ")
    assert "S1" not in repr(shared)


def test_a_score_is_worked_out_again_from_the_rows_the_recipient_may_have(tmp_path: Path) -> None:
    given = cases.rows()
    shared = cases.to_practitioner(cases.result(), tmp_path)
    may_have = [row for row in given if row["record_id"] in "abc"]  # d is of a patient, e about somebody else
    alone = cases.result(may_have).scores
    seen = shared.tables["scores"]
    assert seen["score"].tolist() == alone["score"].tolist()
    assert seen["n_records"].tolist() == [3]
    assert seen["score"].tolist() != cases.result().scores.query("subject_id == 'S1'")["score"].tolist()
    assert shared.tables["reasons"]["points"].sum() == pytest.approx(alone["score"].iloc[0])


def test_a_refuge_is_a_partner_agency_to_everybody(tmp_path: Path) -> None:
    shared = cases.to_practitioner(
        cases.result([cases.fact("c", agency="charity", indicator="blade_injury")]), tmp_path
    )
    assert shared.tables["scores"]["leading_agency"].tolist() == ["a partner agency"]
    assert set(shared.tables["reasons"]["agency"].dropna()) == {"a partner agency"}
    assert shared.tables["reasons"]["scale"].isna().all()
    assert shared.tables["act_now"]["spoc"].tolist() == [
        "council: Duty desk, 01632 960000"
    ]  # her own, not the refuge's
    for data in cases.every_file(shared, tmp_path / "out").values():
        assert b"charity" not in cases.unzipped(data)


def test_nobody_sees_a_person_without_working_with_that_person(tmp_path: Path) -> None:
    with pytest.raises(SharingRefusedError) as refused:
        cases.to_practitioner(cases.result(), tmp_path, relationships=[])
    assert refused.value.reasons == ("no_relationship",)
    assert "council: Duty desk" in str(refused.value)
    assert "S1" not in str(refused.value)
    assert [(one["allow"], one["reasons"]) for one in cases.entries(tmp_path)] == [(False, ["no_relationship"])]


@pytest.mark.parametrize("ends", [{"minutes": 0}, {"days": -1}, {"microseconds": -1}])
def test_a_relationship_that_has_ended_is_none(tmp_path: Path, ends: dict[str, int]) -> None:
    over = cases.works_with(valid_until=cases.later(**ends))
    with pytest.raises(SharingRefusedError, match="no_relationship"):
        cases.to_practitioner(cases.result(), tmp_path, relationships=[over])


def test_an_agreement_ends_to_the_microsecond(tmp_path: Path) -> None:
    end = cases.later(days=10)
    before = end - cases.dt.timedelta(microseconds=1)
    near = cases.result(agreed=cases.partnership(valid_until=end))
    assert cases.to_practitioner(near, tmp_path, at=before).expires == end
    with pytest.raises(SharingRefusedError, match="no_agreement"):
        cases.to_practitioner(near, tmp_path, at=end)


def test_an_agreement_that_is_none_is_told_apart_from_one_that_does_not_do(tmp_path: Path) -> None:
    with pytest.raises(SharingRefusedError, match=r"No agreement has the id .* There are: isp\.") as refused:
        cases.to_practitioner(cases.result(), tmp_path, agreement="ips-S1")
    assert "ips-S1" not in str(refused.value)  # what was typed may be anything
    with pytest.raises(SharingRefusedError, match="lets this role at this agency ask"):
        cases.to_practitioner(cases.result(), tmp_path, agreement="isp", purpose="publication")


def test_a_trial_never_leaves(tmp_path: Path) -> None:
    with pytest.raises(SharingRefusedError, match="watermarked"):
        cases.to_practitioner(cases.result(trial=True), tmp_path)
    assert cases.entries(tmp_path)[0]["reasons"] == ["trial"]


def test_what_waits_for_review_stays_with_its_reviewer(tmp_path: Path) -> None:
    given = [
        cases.fact("a", role="exploited", indicator="criminal_exploitation"),
        cases.fact("b", role="person_of_concern"),
    ]
    whole = cases.result(given, subjects=small.ages(S1="14-15"))
    waiting = whole.scores[whole.scores["flags"].map(lambda flags: "for_review" in flags)]
    assert waiting["lens"].tolist() == ["harm_by"]
    shared = cases.to_practitioner(whole, tmp_path)
    assert shared.tables["scores"]["lens"].tolist() == ["harm_to"]
    assert set(shared.tables["reasons"]["lens"]) == {"harm_to"}


def test_partners_have_pseudonyms_and_bands_and_no_victim(tmp_path: Path) -> None:
    shared = cases.given(cases.result(), tmp_path, audience="partnership")
    seen = shared.tables["scores"]
    assert len(seen) == 1  # S2 is a victim: never listed for a group
    assert seen["score"].tolist() == ["high"] or seen["score"].iloc[0] in ("low", "medium", "very high")
    assert "log_odds" not in seen
    (name,) = seen["subject_id"]
    assert name.startswith("P1-")
    again = cases.given(cases.result(), tmp_path, audience="partnership")
    assert again.tables["scores"]["subject_id"].tolist() == [name]
    pilot = cases.partnership(id="other")
    elsewhere = cases.given(cases.result(agreed=pilot), tmp_path, audience="partnership")
    assert elsewhere.tables["scores"]["subject_id"].tolist() != [name]


def test_more_than_fifty_people_need_a_second_person(tmp_path: Path) -> None:
    many, fifty = (cases.result(cases.feared(*(f"S{n}" for n in range(number)))) for number in (51, 50))
    for approver in ("", "U7"):
        with pytest.raises(SharingRefusedError, match="second_person"):
            cases.given(many, tmp_path, audience="partnership", approver=approver)
    assert len(cases.given(many, tmp_path, audience="partnership", approver="U9").tables["scores"]) == 51
    assert "approver" in cases.entries(tmp_path)[-1]
    assert len(cases.given(fifty, tmp_path, audience="partnership").tables["scores"]) == 50


def test_whoever_objects_is_not_in_it(tmp_path: Path) -> None:
    two = cases.result(cases.feared("S1", "S3"))
    shared = cases.given(two, tmp_path, audience="partnership", objections=[sharing_small.objection(subject_id="S3")])
    assert len(shared.tables["scores"]) == 1
    alone = cases.given(cases.result(cases.feared("S1")), tmp_path, audience="partnership")
    assert shared.tables["scores"].equals(alone.tables["scores"])


def test_the_public_sees_counts_of_whole_quarters_and_nobody(tmp_path: Path) -> None:
    many = cases.result([cases.fact(f"r{n}", subject_id=f"S{n}", event_date="2026-02-01") for n in range(32)])
    shared = cases.given(many, tmp_path, purpose="violence_reduction")
    assert shared.audience == "public"
    counts = shared.tables["counts"].set_index("authority")
    assert counts.loc["northby", "count"] == 30
    assert counts["quarter"].unique().tolist() == ["2026 Q1"]
    assert "not stated" not in counts.index
    assert {"subject_id", "score", "band"}.isdisjoint(counts.columns)
    (said,) = [note for note in shared.notes if note.startswith("People are those")]
    assert "Neither is a number of crimes or of offenders" in said
    page = report(shared)
    assert "People: " in page
    assert "Events: " in page


def test_a_correction_of_few_is_held_back_from_the_public(tmp_path: Path) -> None:
    def many(n: int) -> object:
        return cases.result([cases.fact(f"r{i}", subject_id=f"S{i}", event_date="2026-02-01") for i in range(n)])

    cases.given(many(40), tmp_path, purpose="violence_reduction")
    cases.given(many(40), tmp_path, purpose="violence_reduction")  # the very same tells nothing new
    with pytest.raises(ReleaseRefusedError, match="fewer than 10 people"):
        cases.given(many(41), tmp_path, purpose="violence_reduction")
    assert cases.entries(tmp_path)[-1]["reasons"] == ["disclosure_control"]
    cases.given(many(60), tmp_path, purpose="violence_reduction")


def test_small_counts_are_for_nobody(tmp_path: Path) -> None:
    shared = cases.given(cases.result(), tmp_path, purpose="violence_reduction")
    assert shared.tables["counts"]["count"].isna().all()
    assert shared.suppressed["reason"].unique().tolist() == ["small_or_beside_small"]


def test_an_emergency_gives_the_fixed_view_an_alert_and_a_review(tmp_path: Path) -> None:
    shared = cases.to_practitioner(
        cases.result(), tmp_path, relationships=[], override=sharing_small.override(), purpose="violence_reduction"
    )
    assert {name: list(table.columns) for name, table in shared.tables.items()} == {
        "scores": ["identity", "band", "spoc"], "act_now": ["act_now", "spoc"],
    }  # fmt: skip
    told = cases.entries(tmp_path)
    assert [one["event"] for one in told] == ["override", "alert"]
    assert set(told[1]) <= {"event", "decision", "at", "epoch", "latest", "seq", "written"}  # a reference, nobody
    assert any("Review due by 2026-04-07" in note for note in shared.notes)
    next_one = cases.to_practitioner(cases.result(), tmp_path)
    assert any("emergency overrides await review: 1." in note for note in next_one.notes)
    assert "missing tonight" not in str(told)


def test_an_override_never_opens_more_and_needs_its_reason(tmp_path: Path) -> None:
    with pytest.raises(SharingRefusedError, match="override_refused"):
        cases.to_practitioner(cases.result(), tmp_path, override=sharing_small.override(text="too short"))
    assert cases.entries(tmp_path)[0]["event"] == "override"
    assert cases.entries(tmp_path)[0]["allow"] is False


def test_no_log_no_disclosure(tmp_path: Path) -> None:
    (tmp_path / "audit.sqlite").mkdir()
    with pytest.raises(AuditError):
        cases.to_practitioner(cases.result(), tmp_path)
    with pytest.raises(AuditError):
        cases.to_practitioner(cases.result(), tmp_path, relationships=[])


def test_no_log_in_an_emergency_says_whom_to_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise AuditError("The disk is full.", "Make room.")

    monkeypatch.setattr("riskshare.releasing.noting.append", full)
    with pytest.raises(SharingRefusedError, match="council: Duty desk"):
        cases.to_practitioner(cases.result(), tmp_path, override=sharing_small.override())


def test_another_purpose_gets_nothing(tmp_path: Path) -> None:
    for purpose in ("marketing", "violence_reduction"):
        with pytest.raises(SharingRefusedError):
            cases.to_practitioner(cases.result(), tmp_path, purpose=purpose)
    assert [one["purpose"] for one in cases.entries(tmp_path)] == ["unknown", "violence_reduction"]


def test_without_an_agreement_nothing_is_shared(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no sharing agreement"):
        cases.to_practitioner(small.assessed([cases.fact("a")]), tmp_path, agreed=build.partnership())


def test_a_result_of_another_partnership_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SharingRefusedError, match="other_partnership"):
        cases.to_practitioner(small.assessed([cases.fact("a")]), tmp_path, agreed=cases.partnership())


def test_two_agreements_that_would_do_need_a_name(tmp_path: Path) -> None:
    both = (
        sharing_small.charter(),
        *(sharing_small.agreement(*cases.RULES, id=name, retention_days=cases.RETENTION) for name in ("a", "b")),
    )
    agreed = sharing_small.agreed(papers=both)
    with pytest.raises(SharingRefusedError, match="several_agreements"):
        cases.to_practitioner(cases.result(), tmp_path, agreements=agreed)
    assert cases.to_practitioner(cases.result(), tmp_path, agreements=agreed, agreement="b").agreement == "b"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("audience", "everybody"), ("recipient", ["council:social_worker", "police:officer"]), ("recipient", "council"),
        ("recipient", "council:social_worker:more"), ("user_id", 7), ("log", "audit.sqlite"), ("override", "please"),
        ("objections", 3), ("objections", ["S1"]), ("relationships", "S1"),
    ],
)  # fmt: skip
def test_an_argument_of_another_kind_is_named(tmp_path: Path, argument: str, value: object) -> None:
    with pytest.raises(ArgumentError, match=f"share.*{argument}"):
        cases.to_practitioner(cases.result(), tmp_path, **{argument: value})


def test_a_group_is_never_given_one_person(tmp_path: Path) -> None:
    for audience in ("public", "partnership"):
        with pytest.raises(SharingRefusedError, match="one_person_only"):
            cases.to_practitioner(cases.result(), tmp_path, audience=audience)
    with pytest.raises(SharingRefusedError, match="one_person_only"):
        cases.given(cases.result(), tmp_path, audience="practitioner")
