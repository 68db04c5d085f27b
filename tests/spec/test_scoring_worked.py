"""What the scoring does, in small tables a practitioner can read and check by hand.

Each table is what agencies sent; "ago" is days before 31 March 2026, for what happened and, unless "told" says
otherwise, for its recording. Where nothing else is said a row is a factual record of the school about S1, a person of
concern. The small partnership: everybody starts at 20 points; weapon_carrying weighs 1.6 nats at most, blade_injury
2.0, gang_link 1.1; a record is trusted 0.95, a worry 0.35, one's own words 0.75.
"""

from __future__ import annotations

import datetime as dt
import math
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

import build
import riskshare
from riskshare.records.policy import Caps

AS_OF = dt.date(2026, 3, 31)
POINTS_A_NAT = 60.0 / 2.9444389791664403
COLUMNS = {
    "record": "record_id", "subject": "subject_id", "as": "role", "what": "indicator", "claim": "claim_id",
    "from": "derived_from", "arises": "arises_from",
}  # fmt: skip
GRADES = {f"{source}{letter}" for source in "123" for letter in "ABCDE"}


def ago(days: int) -> str:
    return (AS_OF - dt.timedelta(days=days)).isoformat()


def rows_of(drawn: str) -> list[dict[str, Any]]:
    """Return the rows of a drawn table."""
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in drawn.strip().splitlines()]
    return [row_of(number, dict(zip(head, line, strict=True))) for number, line in enumerate(lines, start=1)]


def row_of(number: int, cells: dict[str, str]) -> dict[str, Any]:
    happened = int(cells.pop("ago", "") or 0)
    told = int(cells.pop("told", "") or happened)
    row = build.row(record_id=f"r{number}", event_date=ago(happened), recorded_date=ago(told))
    source = cells.pop("source", "")
    if source in GRADES:
        row |= {"source_type": None, "source_grade": source[0], "info_grade": source[1]}
    elif source:
        row["source_type"] = source
    return {**row, **{COLUMNS.get(name, name): cell for name, cell in cells.items() if cell}}


def look(drawn: str, partnership: riskshare.Partnership | None = None, **how: Any) -> riskshare.Assessment:
    """Return the assessment of a drawn table."""
    agreed = partnership if partnership is not None else build.partnership()
    evidence = riskshare.read_evidence(rows_of(drawn), agreed)
    assert evidence.total("quarantined") == 0, evidence.quarantine.to_string()
    return riskshare.assess(evidence, agreed, **{"as_of": AS_OF, **how})


def line(told: riskshare.Assessment, subject: str = "S1", lens: str = "harm_by") -> pd.Series:
    (found,) = [one for _, one in told.scores.iterrows() if (one["subject_id"], one["lens"]) == (subject, lens)]
    return found


def nats(told: riskshare.Assessment, **which: str) -> float:
    """Return what the evidence moved the score by, in nats."""
    return float(line(told, **which)["log_odds"]) + 2.9444389791664403


def worth(belief: float, weight: float) -> float:
    """Return what a claim believed so far is worth, in nats."""
    return -math.log(1.0 - belief * (1.0 - math.exp(-weight)))


# ------------------------------------------------------------------------------------------------ how far believed


def test_one_worry_moves_the_score_little_however_grave() -> None:
    told = look("""
        what         | source | basis
        blade_injury | worry  | anecdotal
    """)
    assert nats(told) == pytest.approx(worth(0.35, 2.0), abs=1e-11)
    assert line(told)["score"] == round(20 + worth(0.35, 2.0) * POINTS_A_NAT) == 27
    assert line(told)["band"] == "cannot say"  # 27 is low, but nobody was asked: that is no reassurance
    assert line(told)["factual_score"] == 20


def test_the_same_story_from_three_agencies_counts_once() -> None:
    one = look("""
        record | agency  | source
        a      | charity | worry
    """)
    three = look("""
        record | agency  | source | from
        a      | charity | worry  |
        b      | school  | record | charity:a
        c      | police  | 1A     | charity:a
    """)
    assert line(three)["log_odds"] == line(one)["log_odds"]
    assert (line(three)["n_records"], line(three)["n_origins"], line(three)["n_agencies"]) == (3, 1, 1)
    assert set(three.collapsed["record_id"]) == {"a", "b", "c"}
    assert line(three)["police_share"] == 0.0  # the police copy holds nothing up


def test_three_who_saw_it_themselves_count_for_more() -> None:
    told = look("""
        agency  | source | claim
        charity | worry  | c1
        school  | worry  | c1
        council | worry  | c1
    """)
    assert nats(told) == pytest.approx(worth(1.0 - 0.65**3, 1.6), abs=1e-11)


def test_silence_about_sources_is_not_independence() -> None:
    """Second-hand rows that do not say where they come from hardly add to each other."""
    told = look("""
        agency | source | claim
        police | 1C     | c1
        school | 1C     | c1
    """)
    both = 1.0 - math.exp(math.log(0.4) * 2.0**0.1)
    assert nats(told) == pytest.approx(worth(both, 1.6), abs=1e-11)
    assert worth(0.6, 1.6) < nats(told) < worth(1.0 - 0.4**2, 1.6) - 0.2


def test_likely_twins_are_listed_for_a_person_and_count_as_one_claim() -> None:
    told = look("""
        record | agency  | ago
        a      | school  | 2
        b      | council | 0
    """)
    assert set(told.suspected_twins["record_id"]) == {"a", "b"}
    assert "suspected_twins" in line(told)["flags"]
    assert len(told.claims) == 1


def test_a_ring_of_reports_is_one_weak_origin() -> None:
    told = look("""
        record | agency  | source | from
        a      | council | worry  | school:b
        b      | school  | record | council:a
    """)
    assert nats(told) == pytest.approx(worth(0.35, 1.6), abs=1e-11)
    assert "circular" in line(told)["flags"]


def test_a_denial_shrinks_its_own_claim_and_nothing_else() -> None:
    told = look("""
        what            | source | claim | stance
        weapon_carrying | record | a     |
        weapon_carrying | worry  | a     | denies
        gang_link       | record | b     |
    """)
    assert nats(told) == pytest.approx(worth(0.95 * (1 - 0.35), 1.6) + worth(0.95, 1.1), abs=1e-11)
    assert "disputed" in line(told)["flags"]
    disputed = told.claims.set_index("indicator")["disputed"]
    assert disputed["weapon_carrying"] == pytest.approx(0.95 * 0.35)
    assert disputed["gang_link"] == 0.0


def test_an_old_conviction_is_old_not_improbable() -> None:
    told = look("""
        agency  | arises      | ago | claim
        police  | adjudicated | 360 | a
        council | reported    | 360 | a
    """)
    (claim,) = told.claims.to_dict("records")
    assert claim["trust"] == pytest.approx(1.0 - 0.05**2)  # as good as certain
    assert claim["supported"] == pytest.approx(claim["trust"] / 4.0)  # two half-lives ago
    assert "stale" in line(look("what | ago\nweapon_carrying | 400"))["flags"]


def test_protection_takes_away() -> None:
    told = look("""
        what          | source
        trusted_adult | record
    """)
    assert nats(told) == pytest.approx(-worth(0.95, 0.7), abs=1e-11)
    assert (told.explain("S1").set_index("line").loc["record", "points"]) < 0.0


# ------------------------------------------------------------------------------------------------ caps


def test_anecdotes_together_may_treble_the_odds_at_most() -> None:
    told = look("""
        record | agency  | what         | source | basis     | claim
        a      | charity | blade_injury | record | anecdotal | a
        b      | school  | gang_link    | record | anecdotal | b
    """)
    assert nats(told) == pytest.approx(math.log(3.0), abs=1e-11)
    assert "capped" in line(told)["flags"]
    assert line(told)["score_uncapped"] > line(told)["score"]
    assert line(told)["factual_score"] == 20
    assert line(told)["upper"] > line(told)["score_uncapped"]  # a capped score is not a certain one


def test_police_forces_together_are_capped_beside_what_others_say() -> None:
    drawn = """
        record | agency | what            | source | claim
        a      | police | blade_injury    | 1A     | a
        b      | police | gang_link       | 1A     | b
        c      | school | weapon_carrying | record | c
    """
    capped = look(drawn, build.partnership(trust=build.trust_policy(caps=Caps(sectors={"police": 0.5}))))
    assert nats(capped) == pytest.approx(worth(0.95, 1.6) + 0.5, abs=1e-11)
    told = capped.explain("S1", lens="harm_by").set_index("record_id")["nats"]
    assert told["c"] == pytest.approx(worth(0.95, 1.6), abs=1e-11)
    assert told["a"] + told["b"] == pytest.approx(0.5, abs=1e-11)


def test_a_high_score_led_by_the_police_says_so() -> None:
    told = look("""
        record | agency | what         | source
        a      | police | blade_injury | 1A
    """)
    assert line(told)["police_share"] == 1.0
    assert {"police_led", "sole_agency"} <= set(line(told)["flags"])
    assert line(told)["leading_agency"] == "police"
    assert line(told)["effective_agencies"] == 1.0


# ------------------------------------------------------------------------------------------------ what is not known


def test_missing_is_not_zero() -> None:
    """An unanswered question leaves the score where it was and the doubt too; only an answer moves either."""
    silent = look("what\ngang_link")
    refused = look("what | answer\ngang_link |\nweapon_carrying | refused")
    nil = look("what | answer\ngang_link |\nweapon_carrying | nil")
    assert line(refused)["log_odds"] == line(silent)["log_odds"]
    assert line(refused)["completeness"] == line(silent)["completeness"] == 0.0
    assert line(silent)["most_useful_gap"] == "school_weapons"
    assert line(nil)["completeness"] == 1.0
    assert line(nil)["log_odds"] == pytest.approx(line(silent)["log_odds"] - 0.18, abs=1e-11)
    assert line(nil)["upper"] - line(nil)["lower"] < line(silent)["upper"] - line(silent)["lower"]


def test_when_everything_was_answered_today_there_is_no_gap() -> None:
    told = look("what | answer\ngang_link |\nweapon_carrying | nil")
    assert pd.isna(line(told)["most_useful_gap"])


def test_nobody_asked_is_no_reassurance() -> None:
    nobody = look("what\ntrusted_adult", build.partnership(trust=build.trust_policy(expected_answers=())))
    assert line(nobody)["score"] < 30
    assert line(nobody)["band"] == "cannot say"
    asked = look("what | answer\ntrusted_adult |\nweapon_carrying | nil")
    assert line(asked)["band"] == "low"


def test_ones_own_nil_lowers_nothing() -> None:
    told = look("what | answer | source\ngang_link | |\nweapon_carrying | nil | self_report")
    assert line(told)["log_odds"] == line(look("what\ngang_link"))["log_odds"]


def test_no_evidence_no_result() -> None:
    partnership = build.partnership()
    told = riskshare.assess(riskshare.read_evidence([], partnership), partnership, as_of=AS_OF)
    assert told.scores.empty
    assert told.to_dicts() == []
    assert told.act_now.empty
    assert told.alone().empty


def test_nobody_is_listed_for_what_does_not_count() -> None:
    told = look("""
        record | subject | arises           | source | as
        a      | S1      | agency_initiated |        |
        b      | S2      |                  | 1E     |
        c      | S3      |                  |        | third_party
        d      | S4      |                  |        |
    """)
    assert set(told.scores["subject_id"]) == {"S4"}
    with pytest.raises(riskshare.UnknownSubjectError):
        told.explain("S1")


# ------------------------------------------------------------------------------------------------ lenses and roles


def test_an_exploited_child_is_shown_as_at_risk_first_and_the_rest_is_held_for_review() -> None:
    told = look("""
        record | as                | what
        a      | exploited         | criminal_exploitation
        b      | person_of_concern | weapon_carrying
    """)
    assert told.scores["lens"].tolist() == ["harm_to", "harm_by"]
    assert "for_review" in line(told, lens="harm_by")["flags"]
    assert "for_review" not in line(told, lens="harm_to")["flags"]


def test_rows_never_cross_lenses() -> None:
    told = look("""
        record | as                | what
        a      | victim            | blade_injury
        b      | person_of_concern | gang_link
    """)
    assert nats(told, lens="harm_to") == pytest.approx(worth(0.95, 2.0), abs=1e-11)
    assert nats(told, lens="harm_by") == pytest.approx(worth(0.95, 1.1), abs=1e-11)


def test_stop_and_search_says_where_we_looked_and_adds_nothing() -> None:
    alone = look("what\ngang_link")
    searched = look("""
        record | agency | what            | source | arises
        a      | school | gang_link       |        |
        b      | police | weapon_carrying | 1A     | agency_initiated
        c      | police | weapon_carrying | 1A     | prompted_by_partnership
    """)
    assert line(searched)["log_odds"] == line(alone)["log_odds"]
    assert line(searched)["n_records"] == 1
    assert set(searched.where_we_looked["record_id"]) == {"b", "c"}
    assert searched.excluded.empty  # reported apart, not as something wrong


def test_a_third_party_is_context_and_is_not_scored() -> None:
    told = look("""
        record | as                | what
        a      | person_of_concern | gang_link
        b      | third_party       | blade_injury
    """)
    assert line(told)["n_records"] == 1
    assert told.excluded[["record_id", "reason"]].to_numpy().tolist() == [["b", "third_party"]]


def test_a_threat_to_staff_is_told_apart_and_never_scored() -> None:
    told = look("""
        record | agency | what            | ago
        a      | school | gang_link       |
        b      | health | threat_to_staff | 30
        c      | health | threat_to_staff | 91
    """)
    assert line(told)["n_records"] == 1
    (ask,) = told.staff_safety.to_dict("records")
    assert "health duty desk" in ask["ask"]
    assert ask["until"] == pd.Timestamp(ago(30)) + pd.Timedelta(days=90)


def test_place_rows_are_about_places_only() -> None:
    partnership = build.partnership()
    place = build.row(record_id="p", role="place", agency="health", easting="500000", northing="200000")
    del place["subject_id"]
    evidence = riskshare.read_evidence([place, build.row()], partnership)
    assert evidence.total("accepted") == 2
    told = riskshare.assess(evidence, partnership, as_of=AS_OF)
    assert len(told.scores) == 1
    assert line(told)["n_records"] == 1


def test_what_is_immediate_calls_for_action_whatever_the_score() -> None:
    told = look("""
        record | agency  | what         | source | basis     | ago
        a      | charity | blade_injury | 3D     | anecdotal | 29
        b      | school  | blade_injury |        |           | 31
    """)
    (urgent,) = told.act_now.to_dict("records")
    assert (urgent["record_id"], urgent["duty"]) == ("a", "Call the duty desk.")
    assert "charity duty desk" in urgent["contact"]
    assert "act_now" in line(told)["flags"]


def test_seen_only_together() -> None:
    told = look("""
        record | agency  | what            | claim
        a      | school  | weapon_carrying | a
        b      | council | gang_link       | b
        c      | health  | gang_link       | c
    """)
    alone = told.alone()
    assert (alone["score"] < 70).all()
    assert line(told)["score"] >= 70
    assert alone["seen_only_together"].all()


# ------------------------------------------------------------------------------------------------ readings


def test_an_agencys_own_high_stands_beside_the_band() -> None:
    told = look("""
        record | agency | what      | scale      | value
        a      | school | gang_link | demo.count | 14
    """)
    assert line(told)["bars_met"] == ("school",)
    assert line(told)["score"] < 70
    assert 0.7 <= told.claims["severity"].item() < 0.72  # 13.5 is the common 70


def test_a_lower_reading_meets_no_bar_and_weighs_less() -> None:
    told = look("""
        record | agency | what      | scale      | value
        a      | school | gang_link | demo.count | 7
    """)
    assert line(told)["bars_met"] == ()
    severity = told.claims["severity"].item()
    assert 0.3 <= severity < 0.34
    assert nats(told) == pytest.approx(worth(0.95, 1.1 * severity), abs=1e-11)


def test_a_route_may_only_raise_and_is_shown_as_an_override() -> None:
    raised = look("record | what | scale | value | route\na | gang_link | demo.count | 2 | judgement")
    plain = look("record | what | scale | value\na | gang_link | demo.count | 20")
    both = look("record | what | scale | value | route\na | gang_link | demo.count | 20 | judgement")
    assert "override" in line(raised)["flags"]
    assert line(raised)["bars_met"] == ("school",)
    assert line(both)["log_odds"] == line(plain)["log_odds"]
    assert "override" not in line(plain)["flags"]


def test_a_reading_that_could_not_be_judged_is_never_zero() -> None:
    """The person stays listed, with everything possible; not as somebody at nought."""
    told = look("record | what | scale | value\na | gang_link | demo.count | cannot be judged")
    one = line(told)
    assert (one["lower"], one["upper"], one["band"], one["n_records"]) == (0, 100, "cannot say", 0)
    assert told.excluded["reason"].tolist() == ["not_scored"]


# ------------------------------------------------------------------------------------------------ agreement


def test_an_unsigned_policy_scores_nobody() -> None:
    with pytest.raises(riskshare.UnsignedPolicyError) as refused:
        look("what\ngang_link", build.partnership(signed=False))
    assert refused.value.agencies == ("school",)


def test_a_trial_is_watermarked() -> None:
    told = look("what\ngang_link", build.partnership(signed=False), trial=True)
    assert told.trial
    assert "TRIAL" in repr(told)
    assert {one["trial"] for one in told.to_dicts()} == {True}


def test_every_result_says_what_it_was_made_with() -> None:
    (one,) = look("what\ngang_link").to_dicts()
    assert one["partnership_version"] == build.partnership().version
    assert one["as_of"] == "2026-03-31"
    assert one["engine_version"] == riskshare.__version__


# ------------------------------------------------------------------------------------------------ what was known when

HISTORY = """
    record | agency  | what            | ago | told | status    | severity | claim
    a      | school  | weapon_carrying | 100 | 90   |           |          | a
    b      | council | gang_link       | 80  | 10   |           |          | b
    a      | school  | weapon_carrying | 100 | 40   |           | 0.5      | a
    a      | school  | weapon_carrying | 100 | 20   | withdrawn |          | a
"""


@pytest.mark.parametrize(
    ("days_ago", "records", "severity"), [(91, [], []), (90, ["a"], [1.0]), (41, ["a"], [1.0]), (40, ["a"], [0.5]),
    (20, [], []), (11, [], []), (10, ["b"], [1.0]), (0, ["b"], [1.0])],
)  # fmt: skip
def test_a_day_knows_what_was_recorded_by_then(days_ago: int, records: list[str], severity: list[float]) -> None:
    told = look(HISTORY, as_of=ago(days_ago))
    if not records:
        assert told.scores.empty
        return
    table = told.explain("S1", lens="harm_by")
    table = table[table["line"] == "record"]
    assert table["record_id"].tolist() == records
    assert table["severity"].tolist() == severity


def test_changes_name_the_rows_that_did_it() -> None:
    partnership = build.partnership()
    evidence = riskshare.read_evidence(rows_of(HISTORY), partnership)
    days = [riskshare.assess(evidence, partnership, as_of=ago(n)) for n in (50, 30, 15, 5)]
    corrected, withdrawn, new = [later.changes(earlier) for earlier, later in pairwise(days)]
    assert corrected["corrected"].tolist() == [("school:a:weapon_carrying",)]
    assert withdrawn["withdrawn"].tolist() == [("school:a:weapon_carrying",)]
    assert new["new"].tolist() == [("council:b:gang_link",)]


def test_withdrawing_a_story_withdraws_those_who_repeat_it() -> None:
    told = look("""
        record | agency  | source | from      | ago | told | status
        a      | charity | worry  |           | 5   | 5    |
        b      | school  | record | charity:a | 5   | 4    |
        c      | police  | 1A     | school:b  | 5   | 3    |
        d      | council |        |           | 0   | 0    |
        a      | charity | worry  |           | 5   | 1    | withdrawn
    """)
    records = told.explain("S1").query("line == 'record'")
    assert records["record_id"].tolist() == ["d"]
    reasons = dict(zip(told.excluded["record_id"], told.excluded["reason"], strict=True))
    assert reasons == {"a": "withdrawn", "b": "relay", "c": "relay"}


def test_what_is_past_its_retention_is_purged_not_listed() -> None:
    told = look("""
        record | what            | ago
        a      | gang_link       | 10
        b      | weapon_carrying | 2000
        c      | weapon_carrying | 1999
    """)
    records = told.explain("S1").query("line == 'record'")
    assert set(records["record_id"]) == {"a", "c"}
    assert told.n_expired == 1
    assert told.excluded.empty


def test_care_data_without_a_gateway_carries_no_weight() -> None:
    told = look("""
        record | agency | what         | data_class | gateway
        a      | health | blade_injury | patient    | cda_s115
        b      | health | gang_link    | patient    |
    """)
    assert told.explain("S1").query("line == 'record'")["record_id"].tolist() == ["a"]
    assert told.excluded[["record_id", "reason"]].to_numpy().tolist() == [["b", "no_gateway"]]


def test_a_handling_condition_must_be_met() -> None:
    drawn = "record | what | handling\na | gang_link |\nb | weapon_carrying | C:no_onward"
    assert look(drawn).excluded["reason"].tolist() == ["handling"]
    assert look(drawn, conditions_met=("no_onward",)).excluded.empty


# ------------------------------------------------------------------------------------------------ reasons


def test_reasons_add_up_to_the_score_a_practitioner_sees() -> None:
    told = look("""
        record | agency  | what            | source | basis     | claim | stance
        a      | charity | blade_injury    | worry  | anecdotal | a     |
        b      | school  | weapon_carrying |        |           | b     |
        c      | council | weapon_carrying | worry  | anecdotal | b     | denies
        d      | health  | trusted_adult   |        |           | d     |
    """)
    table = told.explain("S1")
    assert table["points"].sum() == line(told)["score"]
    assert table["nats"].sum() == line(told)["log_odds"]
    assert table["line"].tolist() == ["base", *["record"] * 4, "nil answers", "scale end", "rounding"]
    denial = table.set_index("record_id").loc["c"]
    assert (denial["points"], denial["notes"]) == (0.0, "denies its claim")
    assert denial["left_out"] > 0  # without it the score would be higher
    assert (table.set_index("record_id").loc["b", "left_out"]) < 0
