"""assessment: the one composition of the stages, what it refuses, and how it answers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
import types
from typing import Any

import numpy as np
import pandas as pd
import pytest

import build
from riskshare.assessment import Assessment, assess
from riskshare.errors import ArgumentError, EvidenceError, PolicyError, UnknownSubjectError, UnsignedPolicyError
from riskshare.version import VERSION
from small import ages, assessed, barred, graded, line, random_rows, row


@pytest.mark.parametrize("as_of", ["2026-03-31", dt.date(2026, 3, 31)])
def test_a_day_may_be_text_or_a_date(as_of: Any) -> None:
    assessment = assessed([row()], as_of=as_of)
    assert assessment.as_of == dt.date(2026, 3, 31)
    assert assessment.engine_version == VERSION


@pytest.mark.parametrize(
    "as_of",
    [
        "31/03/2026", "2026-02-30", "", "today", dt.datetime(2026, 3, 31), 20260331, None, "20260331", "2026-W14-2",
        "2026W142", " 2026-03-31", "2026-03-31 ", "2026-3-31",
    ],
)  # fmt: skip
def test_anything_else_is_no_day(as_of: Any) -> None:
    with pytest.raises(PolicyError, match="2026-03-31") as caught:
        assessed([row()], as_of=as_of)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("conditions", [["no_onward", "verbal_only"], {"x"}])
def test_only_agreed_conditions_can_be_met(conditions: Any) -> None:
    with pytest.raises(PolicyError, match=r"agreed conditions \(no_onward\)"):
        assessed([row()], conditions_met=conditions)


def test_no_condition_agreed() -> None:
    bare = build.partnership(trust=build.trust_policy(handling_conditions=()))
    with pytest.raises(PolicyError, match="none agreed"):
        assessed([row()], partnership=bare, conditions_met=["x"])


def test_met_conditions_let_rows_count() -> None:
    bound = [row(conditions=["no_onward"]), row("b", indicator="gang_link")]
    assert line(assessed(bound))["n_records"] == 1
    assert line(assessed(bound, conditions_met=["no_onward"]))["n_records"] == 2


def test_no_scoring_without_the_signatures_of_those_who_contribute() -> None:
    plain = build.partnership()
    part = dataclasses.replace(plain, signatures=tuple(s for s in plain.signatures if s.agency != "school"))
    with pytest.raises(UnsignedPolicyError) as caught:
        assessed([row()], partnership=part)
    assert caught.value.agencies == ("school",)
    assert "trial=True" in str(caught.value)
    # An agency that supplies nothing need not have signed.
    assert not assessed([graded("p", "1A")], partnership=part).trial
    changed = dataclasses.replace(plain, trust=plain.trust.model_copy(update={"z": 0.5}))
    with pytest.raises(UnsignedPolicyError):
        assessed([row()], partnership=changed)


def test_a_trial_run_is_watermarked() -> None:
    trial = assessed([row()], partnership=build.partnership(signed=False), trial=True)
    assert trial.trial
    assert "TRIAL" in repr(trial)
    assert trial.to_dicts()[0]["trial"] is True


def test_evidence_read_under_another_agreement() -> None:
    with pytest.raises(EvidenceError, match="read_evidence"):
        assessed([row(agency="hospital")])


def test_repr_counts() -> None:
    assert repr(assessed([row(), row("b", subject_id="S2")])) == "Assessment(2 subjects, 2 scores, as_of=2026-03-31)"


def test_a_result_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        assessed([row()]).trial = True  # type: ignore[misc]


@pytest.mark.parametrize("subject", ["S0", "S2", "S11", "", "S"])
def test_an_unknown_subject(subject: str) -> None:
    assessment = assessed([row(), row("b", subject_id="S2", status="withdrawn")])
    for ask in (assessment.explain, assessment.leave_out_agencies, assessment.to_dicts, assessment.plot):
        with pytest.raises(UnknownSubjectError) as caught:
            ask(subject)
        assert str(caught.value).startswith("No result for that subject in this assessment. Check the pseudonym")


def test_a_lens_without_a_result_is_named_and_the_subject_is_not_called_unknown() -> None:
    made = assessed([row()])
    for ask in (made.explain, made.plot, made.trace, made.doubt, made.questions):
        with pytest.raises(ArgumentError, match="no result through 'harm_to', only through 'harm_by'"):
            ask("S1", lens="harm_to")
        for lens in ("nonsense", "", 3, ["harm_by"]):
            with pytest.raises(ArgumentError, match="lens must be 'harm_to', 'harm_by' or None") as caught:
                ask("S1", lens=lens)
            assert "nonsense" not in str(caught.value)


@pytest.mark.parametrize("subject", [None, 42, b"S1", ["S1"], float("nan")])
def test_a_subject_must_be_text(subject: Any) -> None:
    made = assessed([row()])
    asks = (made.explain, made.plot, made.trace, made.doubt, made.questions, made.leave_out_agencies, made.to_dicts)
    for ask in asks if subject is not None else asks[:-1]:
        with pytest.raises(ArgumentError, match="subject_id must be text"):
            ask(subject)


@pytest.mark.parametrize("previous", [None, "yesterday", 3, pd.DataFrame()])
def test_changes_need_an_assessment(previous: Any) -> None:
    with pytest.raises(ArgumentError, match=r"changes\(\): previous must be an Assessment"):
        assessed([row()]).changes(previous)


def test_every_wrong_argument_is_named_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        assess(None, {}, as_of="2026-03-31", subjects=[], trial="no", conditions_met=None, progress=3)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 6
    for name in ("evidence", "partnership", "subjects", "trial", "conditions_met", "progress"):
        assert f"{name} must be" in str(caught.value)


@pytest.mark.parametrize("conditions", ["no_onward", None, 3, [3]])
def test_conditions_are_a_collection_of_texts(conditions: Any) -> None:
    with pytest.raises(ArgumentError, match="conditions_met must be a collection of texts"):
        assessed([row()], conditions_met=conditions)


def test_a_word_is_no_flag() -> None:
    """Python takes "no" for true: an unsigned policy would run."""
    with pytest.raises(ArgumentError, match="trial must be True or False"):
        assessed([row()], partnership=build.partnership(signed=False), trial="no")


def test_explain_gives_both_lenses_or_one() -> None:
    assessment = assessed([row(), row("b", role="victim")])
    assert set(assessment.explain("S1")["lens"]) == {"harm_by", "harm_to"}
    assert set(assessment.explain("S1", lens="harm_to")["lens"]) == {"harm_to"}


def test_only_what_was_recorded_by_then_is_known() -> None:
    rows = [row("a", event_date="2026-01-01", recorded_date="2026-01-02"), row("b", subject_id="S2")]
    assert assessed(rows, as_of="2026-01-01").scores.empty
    assert assessed(rows, as_of="2026-01-02").scores["subject_id"].tolist() == ["S1"]
    assert len(assessed(rows).scores) == 2


def test_an_empty_assessment_answers_everything() -> None:
    empty = assessed([])
    assert repr(empty) == "Assessment(0 subjects, 0 scores, as_of=2026-03-31)"
    assert empty.to_dicts() == []
    assert empty.alone().empty
    assert empty.changes(empty).empty
    assert empty.n_expired == 0
    with pytest.raises(UnknownSubjectError):
        empty.explain("S1")


def test_the_order_of_rows_changes_nothing() -> None:
    rows = random_rows(5) + [one | {"subject_id": "S2"} for one in random_rows(6)]
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
    ours, theirs = assessed(rows), assessed(shuffled)
    pd.testing.assert_frame_equal(ours.scores, theirs.scores, check_exact=True)
    assert ours.to_dicts() == theirs.to_dicts()


def test_leave_out_agencies() -> None:
    table = assessed([row(), graded("p", "1A", role="victim"), row("c", agency="council")]).leave_out_agencies("S1")
    assert table.columns.tolist()[:4] == ["lens", "agency", "score", "change"]
    # One line per agency with something in that lens.
    assert sorted(zip(table["lens"], table["agency"], strict=True)) == [
        ("harm_by", "council"),
        ("harm_by", "school"),
        ("harm_to", "police"),
    ]


def test_ages_reach_the_flags() -> None:
    rows = [row(), row("b", indicator="criminal_exploitation", role="exploited")]
    assert "for_review" in line(assessed(rows, subjects=ages(S1="10-13")))["flags"]
    assert "for_review" not in line(assessed(rows, subjects=ages(S1="18-24")))["flags"]


def test_a_reading_sets_the_severity_and_an_unjudged_one_has_no_weight() -> None:
    high, unjudged = row(scale="demo.count", value="14"), row(scale="demo.count", value="cannot be judged")
    assessment = assessed([high])
    why = assessment.explain("S1")
    severity = why.loc[why["line"] == "record", "severity"].iloc[0]
    assert severity == assessment.readings.severity[0] < 1.0
    assert line(assessed([unjudged]))["n_records"] == 0
    assert assessed([unjudged]).excluded["reason"].tolist() == ["not_scored"]


def test_rows_set_aside_when_read_are_shown_by_subject() -> None:
    aside = [
        barred("q2", "council"), barred("q1"), barred("later", recorded_date=dt.date(2026, 4, 1)),
        barred("q9", subject_id="S2", recorded_date=None), barred("nobody", subject_id=None),
        barred("Anna Example, 12 High St", "Mum", subject_id="S3", indicator="she said"),
    ]  # fmt: skip
    made = assessed([row()], aside=aside)
    table = made.quarantined
    assert table.columns.tolist() == ["subject_id", "agency", "record_id", "indicator", "recorded_date", "reason"]
    assert table[["subject_id", "agency", "record_id"]].values.tolist()[:2] == [
        ["S1", "council", "q2"],
        ["S1", "school", "q1"],
    ]
    assert table["subject_id"].tolist() == ["S1", "S1", "S2", "S3"]
    assert set(table["reason"]) == {"quarantined"}
    # What was refused may hold anything: only agreed codes and well-formed references are shown.
    assert table.iloc[3][["agency", "record_id", "indicator"]].isna().all()
    assert "Anna" not in table.to_string()
    assert pd.isna(table.iloc[2]["recorded_date"])
    assert made.quarantined is table
    assert assessed([row()]).quarantined.dtypes.equals(table.dtypes)


def test_tables_of_claims_are_worked_out_once() -> None:
    assessment = assessed([row(), row("b", agency="council", event_date="2026-03-30")])
    assert assessment.claims is assessment.claims
    assert len(assessment.suspected_twins) == 2
    assert assessment.collapsed.empty
    assert assessment.absent_origins.empty


def test_plot_hands_the_published_line_to_the_waterfall(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    stub = types.ModuleType("riskshare.reporting.waterfall")
    stub.draw_waterfall = lambda *given, **marks: told.append((*given, marks)) or "axes"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "riskshare.reporting.waterfall", stub)
    assessment = assessed([row(), row("b", role="victim")])
    assert assessment.plot("S1") == "axes"
    assert assessment.plot("S1", lens="harm_by") == "axes"
    (why, published, partnership, marks), (_, other, _, _) = told
    assert marks == {"as_of": assessment.as_of, "trial": assessment.trial}
    assert set(why["lens"]) == {"harm_to"}  # the first one shown
    assert published["lens"] == "harm_to"
    assert partnership is assessment.partnership
    assert other == line(assessment, lens="harm_by")


def test_changes_read_the_stages_of_both() -> None:
    before = assessed([row(event_date="2026-01-01", recorded_date="2026-01-02")], as_of="2026-01-31")
    after: Assessment = assessed([row(event_date="2026-01-01", recorded_date="2026-01-02")])
    assert after.changes(before)["change"].tolist() == [line(after)["score"] - line(before)["score"]]


def test_withdrawing_a_record_leaves_no_shadow_list() -> None:
    """Nobody stays listed through copies of a record that was withdrawn."""
    rows = [
        row(record_id="root", agency="council", status="withdrawn"),
        row(record_id="copy", agency="school", derived_from=["council:root"]),
    ]
    assessment = assessed(rows)
    assert assessment.scores.empty
    assert assessment.excluded["reason"].tolist() == ["withdrawn", "relay"]
    with pytest.raises(UnknownSubjectError):
        assessment.explain("S1")
