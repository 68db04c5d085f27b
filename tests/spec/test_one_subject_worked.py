"""A case-management system asks about one person: what it gets, and what it is told when it asks wrongly."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

import build
import riskshare
from riskshare import one_subject
from riskshare.io.one_readings import Placed
from riskshare.one_subject import assess_subject
from riskshare.records.results import SubjectResult
from small import AS_OF, row

PARTNERS = build.partnership()
ROOT = Path(__file__).parents[2]


def asked(rows: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    return assess_subject(rows, PARTNERS, **{"as_of": AS_OF, **options})


def by_the_caseload(rows: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    evidence = riskshare.read_evidence(rows, PARTNERS)
    return riskshare.assess(evidence, PARTNERS, **{"as_of": AS_OF, **options}).to_dicts("S1")


@pytest.fixture
def no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where the ordinary way is gone."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("the ordinary way was gone")

    monkeypatch.setattr(one_subject, "_ordinarily", refuse)


@pytest.mark.usefixtures("no_other_way")
def test_one_report_is_explained_to_the_point() -> None:
    (line,) = asked([row("r1")])
    assert (line["subject_id"], line["lens"], line["n_records"]) == ("S1", "harm_by", 1)
    assert sum(reason["points"] for reason in line["reasons"]) == line["score"]
    assert [reason["line"] for reason in line["reasons"]] == ["base", "record", "nil answers", "scale end", "rounding"]
    assert SubjectResult.model_validate_json(json.dumps(line)).score == line["score"]


def test_the_same_rows_get_the_same_values_as_in_a_caseload() -> None:
    rows = [row("r1"), row("r2", stance="denies"), row("r3", severity=0.5, claim_id="c1"), row("r4", claim_id="c1")]
    assert json.dumps(asked(rows)) == json.dumps(by_the_caseload(rows))


@pytest.mark.usefixtures("no_other_way")
def test_days_and_numbers_may_come_as_such_and_missing_cells_in_any_form() -> None:
    texts = [row("r1", severity="0.5", claim_id="")]
    typed = [{**texts[0], "severity": 0.5, "claim_id": None}]
    typed[0] |= {name: dt.date.fromisoformat(typed[0][name]) for name in ("event_date", "recorded_date")}
    assert asked(typed) == asked(texts)


@pytest.mark.usefixtures("no_other_way")
def test_an_exact_repeat_counts_once() -> None:
    good = row("r1")
    assert asked([good, dict(good)]) == asked([good])


def test_a_faulty_row_counts_in_nothing_and_the_result_says_that_it_is_missing() -> None:
    """A screen that showed the lower score alone would hide that somebody reported more."""
    good, faulty = row("r1"), row("r2", basis="hearsay")
    (line,), (alone,) = asked([good, faulty]), asked([good])
    (aside,) = line["set_aside"]
    assert (aside["record_id"], aside["reason"]) == ("r2", "basis: unknown_code")
    assert {**line, "set_aside": []} == alone
    assert "hearsay" not in json.dumps(line)
    assert SubjectResult.model_validate_json(json.dumps(line)).set_aside[0].agency == faulty["agency"]
    assert by_the_caseload([good, faulty]) == [line]


@pytest.mark.usefixtures("no_other_way")
def test_a_corrected_row_says_when_it_was_first_recorded() -> None:
    first = row("r1", event_date="2026-03-01", recorded_date="2026-03-02")
    (line,) = asked([first, {**first, "severity": 0.5, "recorded_date": "2026-03-20"}])
    assert line["reasons"][1]["notes"] == "later version, first recorded 2026-03-02"


def test_a_ring_of_reports_goes_the_ordinary_way_and_is_told_the_same() -> None:
    ring = [row("r1", derived_from="school:r2"), row("r2", derived_from="school:r1")]
    (line,) = asked(ring)
    assert "circular" in line["flags"]
    assert [line] == by_the_caseload(ring)


def test_any_source_of_rows_is_taken() -> None:
    rows = [row("r1"), row("r2")]
    assert asked(iter(rows)) == asked(tuple(rows)) == asked(rows)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [[], [row("r1", status="withdrawn")], [row("r1", basis="hearsay")]])
def test_nobody_is_listed_for_nothing(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(riskshare.UnknownSubjectError, match="No result"):
        asked(rows)


def test_rows_that_all_lack_a_column_are_refused_as_a_file_is() -> None:
    lacking = {name: cell for name, cell in row("r1").items() if name != "basis"}
    with pytest.raises(riskshare.EvidenceFileError, match="basis"):
        asked([lacking])


def test_rows_of_two_people_are_refused_by_no_name() -> None:
    with pytest.raises(riskshare.ArgumentError, match="one subject") as refused:
        asked([row("r1"), row("r2", subject_id="S2")])
    assert "S2" not in str(refused.value)


@pytest.mark.parametrize("rows", ["a.csv", ["a.csv"], Path("a.csv"), b"x", {"record_id": "r1"}, 3, None])
def test_files_and_what_are_no_rows_are_refused(rows: Any) -> None:
    with pytest.raises(riskshare.ArgumentError, match="rows must be a list of mappings") as refused:
        asked(rows)
    assert "a.csv" not in str(refused.value)


def test_wrong_arguments_are_all_named_at_once() -> None:
    with pytest.raises(riskshare.ArgumentError) as refused:
        assess_subject("a.csv", "partners", as_of=AS_OF, trial="yes", conditions_met="all")  # type: ignore[arg-type]
    for name in ("rows", "partnership", "trial", "conditions_met"):
        assert name in str(refused.value)


@pytest.mark.parametrize("day", ["20260331", "31/03/2026", "tomorrow"])
def test_a_day_is_written_in_one_form(day: str) -> None:
    with pytest.raises(riskshare.PolicyError, match="as_of"):
        asked([row("r1")], as_of=day)


def test_an_unknown_condition_and_an_unsigned_policy_are_refused_as_in_a_caseload() -> None:
    with pytest.raises(riskshare.PolicyError, match="conditions_met"):
        asked([row("r1")], conditions_met=["nobody_agreed_this"])
    unsigned = riskshare.load_partnership(ROOT / "thresholds")
    unsigned = type(unsigned)(**{**vars_of(unsigned), "signatures": ()})
    rows = [row("r1", agency="housing", source_type="worker_worry")]
    with pytest.raises(riskshare.UnsignedPolicyError, match="not signed"):
        assess_subject(rows, unsigned, as_of=AS_OF)
    assert assess_subject(rows, unsigned, as_of=AS_OF, trial=True)[0]["trial"] is True


def vars_of(partnership: riskshare.Partnership) -> dict[str, Any]:
    return {name: getattr(partnership, name) for name in partnership.__dataclass_fields__}


def test_nothing_of_a_person_is_shown_or_kept() -> None:
    placed = Placed(riskshare.load_partnership(ROOT / "thresholds"))
    assert placed.find(("sdq.uk_teacher", "12", None)) is not None
    assert placed.find(("sdq.uk_teacher", "a name", None)) is None
    assert "name" not in repr(placed)


def test_readings_beyond_the_usual_are_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskshare.io.one_readings._MOST_KEPT", 2)
    placed = Placed(riskshare.load_partnership(ROOT / "thresholds"))
    for value in ("12.0", "13.0", "14.0", "12.0"):
        assert placed.find(("sdq.uk_teacher", value, None)) is not None
    assert repr(placed).endswith("2 others)")
