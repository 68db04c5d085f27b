from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskshare as rs
from build import indicator, partnership, partnership_from_case, row, trust_policy
from cases import evidence_from_case, evidence_from_rows
from oracles.random_cases import AS_OF, case_strategy
from riskshare.records.evidence import BARRED_SCHEMA

PARTNERS = partnership(trust=trust_policy(indicators=tuple(
    indicator(name, retention_days=days)
    for name, days in {"weapon_carrying": 100, "gang_link": 30, "trusted_adult": 100}.items()
), expected_answers=()))  # fmt: skip
DAY = "2026-06-09"  # 100 days after 2026-03-01


def aged(record: str, days: int, **changes: Any) -> dict[str, Any]:
    event = dt.date.fromisoformat(DAY) - dt.timedelta(days=days)
    recorded = event + dt.timedelta(days=1)
    fields = {"record_id": record, "event_date": event.isoformat(), "recorded_date": recorded.isoformat()}
    return row(**{**fields, **changes})


def left(*rows: dict[str, Any], as_of: str = DAY) -> list[str]:
    return rs.purge(evidence_from_rows(list(rows)), PARTNERS, as_of=as_of).rows["record_id"].to_pylist()


# ------------------------------------------------------------------------------------------------ which rows go


def test_a_row_goes_on_the_day_its_age_reaches_the_retention() -> None:
    assert left(aged("young", 99), aged("due", 100), aged("old", 101)) == ["young"]


def test_each_indicator_has_its_own_retention() -> None:
    assert left(aged("weapon", 40), aged("gang", 40, indicator="gang_link")) == ["weapon"]


def test_places_have_a_retention_too_and_leave_no_key() -> None:
    place = aged("p", 200, subject_id=None, role="place")
    purged = rs.purge(evidence_from_rows([place, aged("young", 1)]), PARTNERS, as_of=DAY)
    assert purged.rows["record_id"].to_pylist() == ["young"]
    assert purged.barred.num_rows == 0


def test_a_correction_that_dates_the_event_back_takes_the_earlier_version_with_it() -> None:
    first = aged("r", 90)
    corrected = aged("r", 120, recorded_date="2026-05-01")
    assert left(first, corrected) == []


def test_a_correction_that_dates_the_event_later_keeps_the_record_whole() -> None:
    first = aged("r", 120)
    corrected = aged("r", 90, recorded_date="2026-05-01")
    assert left(first, corrected) == ["r", "r"]


def test_a_correction_not_yet_known_keeps_the_record_whole() -> None:
    first = aged("r", 120)
    later = aged("r", 50, recorded_date="2026-06-20")
    assert left(first, later) == ["r", "r"]


def test_a_withdrawn_record_goes_with_its_first_version() -> None:
    assert left(aged("r", 120), aged("r", 120, recorded_date="2026-05-01", status="withdrawn")) == []


# ------------------------------------------------------------------------------------------------ what is kept


def test_only_the_key_and_the_day_of_first_recording_stay() -> None:
    rows = [aged("r", 120), aged("r", 120, recorded_date="2026-05-01"), aged("young", 1)]
    purged = rs.purge(evidence_from_rows(rows), PARTNERS, as_of=DAY)
    assert purged.barred.schema == BARRED_SCHEMA
    assert purged.barred.to_pylist() == [
        {"agency": "school", "record_id": "r", "subject_id": "S1", "indicator": "weapon_carrying",
         "recorded_date": dt.date.fromisoformat(DAY) - dt.timedelta(days=119), "rules": "past_retention"}
    ]  # fmt: skip


def test_a_purged_row_is_shown_to_nobody() -> None:
    purged = rs.purge(evidence_from_rows([aged("r", 120), aged("young", 1)]), PARTNERS, as_of=DAY)
    assert rs.assess(purged, PARTNERS, as_of=DAY).quarantined.empty


def test_counts_and_notes_say_how_many_went_and_the_law_of_reading_stands() -> None:
    purged = rs.purge(evidence_from_rows([aged("a", 120), aged("b", 1), aged("c", 130)]), PARTNERS, as_of=DAY)
    assert purged.counts == {"case": {"rows_in": 3, "accepted": 3, "quarantined": 0, "duplicates": 0, "purged": 2}}
    assert purged.notes == ("Purged as at 2026-06-09: 2 rows past retention, 1 kept.",)
    assert purged.total("accepted") == purged.rows.num_rows + purged.total("purged")
    again = rs.purge(purged, PARTNERS, as_of="2026-12-31")
    assert again.total("purged") == 3
    assert again.rows.num_rows == 0


def test_evidence_with_nothing_past_retention_comes_back_as_it_is() -> None:
    evidence = evidence_from_rows([aged("young", 1)])
    assert rs.purge(evidence, PARTNERS, as_of=DAY) is evidence
    purged = rs.purge(evidence_from_rows([aged("old", 120), aged("young", 1)]), PARTNERS, as_of=DAY)
    assert rs.purge(purged, PARTNERS, as_of=DAY) is purged
    nothing = evidence_from_rows([])
    assert rs.purge(nothing, PARTNERS, as_of=DAY) is nothing


def test_a_relay_of_a_purged_row_gets_no_weight() -> None:
    rows = [aged("root", 120, agency="council"), aged("copy", 10, derived_from="council:root")]
    evidence = evidence_from_rows(rows)
    purged = rs.purge(evidence, PARTNERS, as_of=DAY)
    assert purged.rows["record_id"].to_pylist() == ["copy"]
    scores = rs.assess(purged, PARTNERS, as_of=DAY).scores
    assert scores.empty  # a relay of a purged record lists nobody
    pd.testing.assert_frame_equal(scores, rs.assess(evidence, PARTNERS, as_of=DAY).scores)


def test_what_may_not_be_asked() -> None:
    evidence = evidence_from_rows([aged("r", 1)])
    with pytest.raises(rs.PolicyError, match="ISO form"):
        rs.purge(evidence, PARTNERS, as_of="09/06/2026")
    with pytest.raises(rs.PolicyError, match="one day"):
        rs.purge(evidence, PARTNERS, as_of=dt.datetime(2026, 6, 9))
    with pytest.raises(rs.EvidenceError, match=r"not agreed \(1 rows\)"):
        rs.purge(evidence_from_rows([aged("r", 1, indicator="blade_injury")]), PARTNERS, as_of=DAY)


# ------------------------------------------------------------------------------------------------ the promise


@settings(max_examples=100, deadline=None)
@given(
    case=case_strategy(),
    purged_on=st.integers(-300, 2100),
    later=st.sampled_from((0, 1, 10, 200, 1900)),
)
def test_scores_are_those_of_the_evidence_before_purging(case: dict[str, Any], purged_on: int, later: int) -> None:
    """Lineage, rings, corrections, withdrawals, quarantined rows and answers included, on that day and later ones."""
    partners, evidence = partnership_from_case(case["policy"]), evidence_from_case(case["rows"])
    day = AS_OF + dt.timedelta(days=purged_on)
    purged = rs.purge(evidence, partners, as_of=day)
    as_of = day + dt.timedelta(days=later)
    met = case["policy"].get("conditions_met", [])
    before = rs.assess(evidence, partners, as_of=as_of, conditions_met=met)
    after = rs.assess(purged, partners, as_of=as_of, conditions_met=met)
    pd.testing.assert_frame_equal(before.scores, after.scores, check_exact=True)
    pd.testing.assert_frame_equal(before.act_now, after.act_now, check_exact=True)
    if later == 0:
        assert after.n_expired <= before.n_expired
