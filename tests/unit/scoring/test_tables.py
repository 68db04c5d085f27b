"""scoring.tables: the published line of each subject and lens, its flags, and whose own bar is met."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd
import pytest

import build
from riskshare.records.policy import Caps, FlagLimits
from riskshare.records.scale import Band
from riskshare.scoring.tables import BAR_COLUMNS, FLAGS, SCORE_COLUMNS
from small import ages, assessed, graded, line, row


def flags(rows: list[dict[str, Any]], lens: str = "harm_by", **options: Any) -> set[str]:
    return set(line(assessed(rows, **options), lens=lens)["flags"])


def test_columns_and_order() -> None:
    rows = [row("a", subject_id="S2"), row("b", subject_id="S1"), row("c", subject_id="S1", role="victim")]
    scores = assessed(rows).scores
    assert tuple(scores.columns) == SCORE_COLUMNS
    # By subject; being at risk is never shown behind being a risk.
    assert list(zip(scores["subject_id"], scores["lens"], strict=True)) == [
        ("S1", "harm_to"),
        ("S1", "harm_by"),
        ("S2", "harm_by"),
    ]


def test_whole_points_and_missing_shares() -> None:
    scores = assessed([row("a"), row("b", subject_id="S2", answer="refused")]).scores
    for name in ("score", "lower", "upper", "factual_score", "score_uncapped"):
        assert scores[name].dtype == "int64"
    silent = scores[scores["subject_id"] == "S2"].iloc[0]
    assert silent["score"] == 20
    assert (silent["lower"], silent["upper"], silent["band"]) == (0, 100, "cannot say")
    assert math.isnan(silent["police_share"])
    assert math.isnan(silent["effective_agencies"])
    assert pd.isna(silent["leading_agency"])
    assert silent["n_records"] == 0
    assert silent["flags"] == ()


def test_two_agencies_with_equal_shares_have_no_leader() -> None:
    two = [row("a", claim_id="c"), row("b", agency="council", claim_id="c")]
    found = line(assessed(two))
    assert pd.isna(found["leading_agency"])
    assert found["effective_agencies"] == pytest.approx(2.0)
    assert found["n_agencies"] == 2
    lead = line(assessed([two[0], {**two[1], "source_type": "worry"}]))
    assert lead["leading_agency"] == "school"


def test_every_flag_is_a_known_one() -> None:
    assert tuple(sorted(FLAGS)) == FLAGS


def test_act_now_within_the_horizon_whatever_the_trust() -> None:
    """The horizon of a blade injury is 30 days."""
    whisper = graded("a", "3D", indicator="blade_injury")
    assert "act_now" in flags([whisper])
    assert "act_now" in flags([{**whisper, "event_date": "2026-03-01"}])
    assert "act_now" not in flags([{**whisper, "event_date": "2026-02-28"}])
    assert "act_now" not in flags([{**whisper, "indicator": "weapon_carrying"}])
    denied = [row("b", indicator="blade_injury", stance="denies", claim_id="c"), row("x")]
    assert "act_now" not in flags(denied)


def test_act_now_is_measured_from_the_origin() -> None:
    rows = [
        row("a", indicator="blade_injury", event_date="2026-01-01"),
        row("b", agency="council", indicator="blade_injury", derived_from="school:a"),
    ]
    assert "act_now" not in flags(rows)


def test_anecdote_led_and_capped() -> None:
    worries = [row(f"w{i}", basis="anecdotal", source_type="worry", claim_id=f"c{i}") for i in range(6)]
    assert "anecdote_led" in flags(worries)
    assert "capped" not in flags(worries[:1])
    strong = [
        row(f"w{i}", basis="anecdotal", claim_id=f"c{i}", indicator=kind)
        for i, kind in enumerate(("weapon_carrying", "gang_link", "blade_injury"))
    ]
    found = line(assessed(strong))
    assert "capped" in found["flags"]
    assert found["score"] == round(20 + math.log(3.0) * 60 / 2.9444389791664403)  # the cap on anecdotes is ln 3
    assert found["score_uncapped"] > found["score"]
    assert found["factual_score"] == 20


def test_circular_and_twins() -> None:
    ring = [graded("a", "2C", derived_from="police:b"), graded("b", "2C", derived_from="police:a")]
    assert "circular" in flags(ring)
    assert "suspected_twins" not in flags(ring)
    near = [row("a"), row("b", agency="council", event_date="2026-03-29")]
    assert "suspected_twins" in flags(near)
    assert "suspected_twins" not in flags([near[0], {**near[1], "event_date": "2026-03-27"}])


def test_disputed() -> None:
    claim = [row("a", claim_id="c"), row("b", agency="council", claim_id="c", stance="denies")]
    assert "disputed" in flags(claim)
    assert "disputed" not in flags([claim[0], {**claim[1], "claim_id": "other"}])


def test_police_led_and_sole_agency() -> None:
    assert {"police_led", "sole_agency"} <= flags([graded("a", "1A")])
    assert "police_led" not in flags([row()])
    assert "sole_agency" not in flags([row("a"), row("b", agency="council")])
    assert "sole_agency" not in flags([row("a", answer="refused")])


def test_stale() -> None:
    """Below a quarter of freshness: beyond two half-lives of 180 days."""
    assert "stale" in flags([row(event_date="2025-04-01", recorded_date="2025-04-01")])
    assert "stale" not in flags([row(event_date="2025-04-10", recorded_date="2025-04-10")])


def reading(record_id: str = "a", **changes: Any) -> dict[str, Any]:
    return row(record_id, **{"scale": "demo.count", "value": "14", **changes})


def test_bars_met_by_a_current_reading() -> None:
    found = line(assessed([reading("a"), reading("b", agency="council", value="13"), reading("c", agency="police")]))
    assert found["bars_met"] == ("police", "school")
    assert line(assessed([row()]))["bars_met"] == ()


def test_a_newer_reading_of_the_same_agency_replaces_an_older_one() -> None:
    older = reading("a", event_date="2026-03-01")
    assert line(assessed([older, reading("b", value="3")]))["bars_met"] == ()
    assert line(assessed([older, reading("b", value="3", agency="council")]))["bars_met"] == ("school",)
    same_day = [reading("a"), reading("b", value="3")]
    assert line(assessed(same_day))["bars_met"] == ("school",)


def test_a_reading_that_does_not_count_meets_no_bar() -> None:
    assert line(assessed([reading("a", arises_from="agency_initiated"), row("b")]))["bars_met"] == ()


def test_the_readings_behind_a_bar_say_when_and_on_which_scale() -> None:
    agreed = build.partnership(scales=(build.scale(valid_to=dt.date(2026, 3, 15)),))
    rows = [
        reading("a", event_date="2026-03-01"), reading("b", agency="council", value="3", route="judgement"),
        reading("c", agency="police", value="13"), reading("d", agency="health", stance="denies"),
        reading("e", role="victim", event_date="2026-03-02"),
    ]  # fmt: skip
    made = assessed(rows, partnership=agreed)
    table = made.bars
    assert tuple(table.columns) == BAR_COLUMNS
    assert table[["lens", "agency", "record_id", "native_value", "native_band", "route"]].values.tolist() == [
        ["harm_to", "school", "e", "14", "high", ""],
        ["harm_by", "council", "b", "3", "standard", "judgement"],
        ["harm_by", "school", "a", "14", "high", ""],
    ]
    assert table["scale_valid"].tolist() == [True, False, True]
    assert table["event_date"].tolist() == [
        pd.Timestamp("2026-03-02"),
        pd.Timestamp("2026-03-31"),
        pd.Timestamp("2026-03-01"),
    ]
    assert line(made)["bars_met"] == ("council", "school")
    why = made.explain("S1", lens="harm_by").set_index("record_id")
    assert why.loc[["a", "b", "c", "d"], "meets_bar"].tolist() == [True, True, False, False]
    assert why.loc[why["line"] != "record", "meets_bar"].isna().all()
    assert why.loc[["a", "b"], "scale_valid"].tolist() == [True, False]


def test_kinds_of_columns_never_depend_on_the_data() -> None:
    """Where no gap is named by anybody, or nobody leads, the column is still text."""
    full = assessed([row("a"), reading("b", agency="council")])
    led = full.scores["leading_agency"].notna().any()
    assert led
    tied = [row("a", claim_id="c"), row("b", agency="council", claim_id="c", answer=None)]
    bare = build.partnership(trust=build.trust_policy(expected_answers=()))
    for other in (assessed([]), assessed(tied), assessed(tied, partnership=bare), assessed([row(answer="nil")])):
        assert other.scores.dtypes.equals(full.scores.dtypes)
        assert other.bars.dtypes.equals(full.bars.dtypes)
        assert other.claims.dtypes.equals(full.claims.dtypes)
        assert other.alone().dtypes.equals(full.alone().dtypes)
        for subject in set(other.scores["subject_id"]):
            assert other.explain(subject).dtypes.equals(full.explain("S1").dtypes)


def test_half_is_police_led() -> None:
    """The agreed limit itself begins the flag."""
    half = build.partnership(
        trust=build.trust_policy(flags=FlagLimits(police_led=1.0, anecdote_led=0.5, stale_freshness=0.25))
    )
    assert "police_led" in flags([graded("a", "1A")], partnership=half)


def test_override_and_outside_validity() -> None:
    assert "override" in flags([reading(value="5", route="judgement")])
    assert "override" not in flags([reading()])
    old = build.partnership(scales=(build.scale(valid_to=dt.date(2026, 1, 1)),))
    assert "outside_validity" in flags([reading()], partnership=old)
    assert "outside_validity" not in flags([reading(event_date="2025-12-31")], partnership=old)


def test_a_reading_sets_the_severity() -> None:
    bands = (
        Band(name="low", starts=0.0),
        Band(name="high", starts=10.0, pins="high"),
        Band(name="top", starts=20.0, pins="very high"),
    )
    half = build.partnership(scales=(build.scale(hi=20.0, bands=bands),))
    full = line(assessed([reading(value="20")], partnership=half))["score"]
    mild = line(assessed([reading(value="5")], partnership=half))["score"]
    assert mild < full


def test_for_review_holds_the_harm_by_line_of_an_exploited_child() -> None:
    rows = [row("a"), row("b", indicator="criminal_exploitation", role="exploited")]
    assert "for_review" in flags(rows, subjects=ages(S1="14-15"))
    assert "for_review" not in flags(rows, subjects=ages(S1="25 and over"))
    assert "for_review" not in flags(rows, lens="harm_to", subjects=ages(S1="14-15"))
    # Where no age is known a person is treated as a child: the rule protects.
    assert "for_review" in flags(rows)
    assert "for_review" in flags(rows, subjects=ages(S1="not known"))
    assert "for_review" in flags(rows, subjects=ages(S9="18-24"))
    # A withdrawn row of exploitation is not one.
    assert "for_review" not in flags([rows[0], {**rows[1], "status": "withdrawn"}, row("c", role="victim")])


def test_caps_that_nobody_agreed() -> None:
    free = build.partnership(trust=build.trust_policy(caps=Caps()))
    found = line(assessed([graded(f"p{i}", "1A", claim_id=f"c{i}") for i in range(9)], partnership=free))
    assert "capped" not in found["flags"]
    assert found["score"] == found["score_uncapped"]
