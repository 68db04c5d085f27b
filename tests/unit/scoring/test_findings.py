"""scoring.findings: what a person should look at beside the scores."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from small import Any, assessed, barred, graded, row

OLD = {"event_date": "2026-02-20", "recorded_date": "2026-02-21"}


def test_act_now_newest_first_with_duty_and_contact() -> None:
    rows = [
        row("a", indicator="blade_injury", event_date="2026-03-10"),
        graded("b", "3D", indicator="blade_injury", subject_id="S2"),
        row("c"),
    ]
    table = assessed(rows).act_now
    assert table["record_id"].tolist() == ["b", "a"]
    assert table["duty"].tolist() == ["Call the duty desk."] * 2
    assert table["contact"].tolist() == ["police duty desk, 01632 960000", "school duty desk, 01632 960000"]


def test_staff_safety_has_its_own_horizon_and_no_score() -> None:
    """The horizon of a threat to staff is 90 days."""
    threat = row("a", indicator="threat_to_staff", event_date="2026-01-01")
    assessment = assessed([threat, row("b", indicator="threat_to_staff", event_date="2025-12-30"), row("c")])
    table = assessment.staff_safety
    assert len(table) == 1
    assert table["until"].tolist() == [pd.Timestamp("2026-04-01")]
    assert table["ask"].tolist() == ["school duty desk, 01632 960000"]
    assert "record_id" not in table
    assert assessment.scores["n_records"].tolist() == [1]
    assert assessed([threat]).scores.empty
    assert assessed([{**threat, "stance": "denies"}]).staff_safety.empty
    assert assessed([{**threat, "status": "withdrawn"}]).staff_safety.empty


def test_excluded_rows_have_their_reason() -> None:
    rows = [
        row("counts"),
        row("gone", status="withdrawn"),
        graded("false", "1E"),
        row("bound", conditions=["no_onward"]),
        row("closed", data_class="patient"),
        row("near", role="third_party"),
        row("wrong", indicator="criminal_exploitation"),
        row("asked", answer="refused"),
        row("relay", agency="council", derived_from="school:gone"),
        row("relay2", agency="council", derived_from="school:q"),
        row("unjudged", scale="demo.count", value="cannot be judged"),
        # Not listed here: expired, where we looked, staff safety.
        row("old", event_date="2019-01-01"),
        row("stop", arises_from="agency_initiated"),
        row("threat", indicator="threat_to_staff"),
    ]
    assessment = assessed(rows, aside=[barred("q")])
    reasons = assessment.excluded.set_index("record_id")["reason"].to_dict()
    assert reasons == {
        "gone": "withdrawn", "false": "suspected_false", "bound": "handling", "closed": "no_gateway",
        "near": "third_party", "wrong": "lens_not_agreed", "relay": "relay", "relay2": "relay",
        "unjudged": "not_scored",
    }  # fmt: skip
    assert assessment.n_expired == 1
    assert pd.isna(assessment.excluded.set_index("record_id").loc["near", "lens"])


def test_where_we_looked_stands_apart() -> None:
    rows = [
        row("a", arises_from="agency_initiated"),
        row("b", arises_from="prompted_by_partnership", role="victim"),
        row("c"),
    ]
    table = assessed(rows).where_we_looked
    assert sorted(zip(table["record_id"], table["arises_from"], table["role"], strict=True)) == [
        ("a", "agency_initiated", "person_of_concern"),
        ("b", "prompted_by_partnership", "victim"),
    ]


def test_a_claim_by_hand() -> None:
    """Trust 0.95 one half-life ago: T = 0.95, t⁺ = 0.475; a worry of trust 0.35 denies today: t⁻ = 0.35."""
    rows = [
        row("a", claim_id="c", event_date="2025-10-02", recorded_date="2025-10-02"),
        row("b", claim_id="c", agency="council", source_type="worry", stance="denies"),
    ]
    claim = assessed(rows).claims.iloc[0]
    assert claim["n_reports"] == 2
    assert claim["trust"] == pytest.approx(0.95)
    assert claim["supported"] == pytest.approx(0.475)
    assert claim["denied"] == pytest.approx(0.35)
    assert claim["disputed"] == pytest.approx(0.475 * 0.35)
    assert claim["nats"] == pytest.approx(-math.log(1.0 - 0.475 * 0.65 * (1.0 - math.exp(-1.6))))
    assert claim["severity"] == 1.0


def test_two_agencies_that_saw_the_same_are_surer_than_one() -> None:
    rows = [row("a", claim_id="c", source_type="worry"), row("b", agency="council", claim_id="c", source_type="worry")]
    assert assessed(rows).claims.iloc[0]["trust"] == pytest.approx(1.0 - 0.65**2)
    inside = [rows[0], {**rows[1], "agency": "school"}]
    v = -math.log(0.65)
    assert assessed(inside).claims.iloc[0]["trust"] == pytest.approx(1.0 - math.exp(-v * math.sqrt(2.0)))


def test_collapsed_reports() -> None:
    rows = [
        row("a"),
        row("b", agency="council", derived_from="school:a"),
        graded("c", "1A", derived_from="council:b"),
        row("d"),
    ]
    rows[-1] |= {"indicator": "gang_link"}
    table = assessed(rows).collapsed
    assert sorted(table["record_id"]) == ["a", "b", "c"]
    assert table["told_by"].tolist() == [3, 3, 3]


def test_suspected_twins_are_listed_by_set() -> None:
    rows: list[dict[str, Any]] = [
        row("a"), row("b", agency="council", event_date="2026-03-29"),
        row("c", event_date="2026-02-01"), row("d", agency="health", event_date="2026-02-02"),
        row("e", event_date="2026-01-01"), row("f", claim_id="c1"),
    ]  # fmt: skip
    table = assessed(rows).suspected_twins
    sets = table.groupby("set")["record_id"].apply(lambda ids: "".join(sorted(ids)))
    assert sorted(sets) == ["ab", "cd"]


def test_absent_origins_name_the_agency_only() -> None:
    table = assessed([row("a", agency="council", derived_from="police:never-sent"), row("b")]).absent_origins
    assert table["record_id"].tolist() == ["a"]
    assert table["names_a_record_of"].tolist() == ["police"]
    assert "never-sent" not in table.to_string()


def test_without_rows_every_table_keeps_its_columns() -> None:
    full = assessed([row("a", **OLD)])
    empty = assessed([])
    for name in (
        "scores", "act_now", "staff_safety", "excluded", "where_we_looked", "claims", "collapsed", "suspected_twins",
        "absent_origins",
    ):  # fmt: skip
        table = getattr(empty, name)
        assert table.empty
        assert list(table.columns) == list(getattr(full, name).columns), name
    assert empty.n_expired == 0
