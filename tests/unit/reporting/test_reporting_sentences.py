"""Sentences hold band, interval, bars, police share, main reason and gap; none says what a person is."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from reporting_sample import line

from riskshare.assessment import Assessment
from riskshare.records.policy import ExpectedAnswer
from riskshare.reporting.sentences import (
    band_and_interval,
    bars_sentence,
    caveat,
    describe,
    flags_sentence,
    gap_sentence,
    main_reason,
    police_sentence,
    sentences,
)
from riskshare.reporting.words import FLAG_WORDS, LENS_WORDS
from riskshare.scoring.tables import FLAGS


def figures(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "subject_id": "S9", "lens": "harm_to", "score": 46, "lower": 31, "upper": 60, "band": "medium",
        "band_low": "medium", "band_high": "medium", "factual_score": 46, "score_uncapped": 46, "n_records": 3,
        "bars_met": (), "police_share": 0.2, "completeness": 0.4, "most_useful_gap": "school_weapons", "flags": (),
    }  # fmt: skip
    return {**fields, **changes}


def test_a_result_in_plain_english(made: Assessment) -> None:
    told = describe(line(made), made.explain("S1"), made.partnership)
    score = line(made)
    assert told.startswith(f"S1 (harm by): {score['band']}")
    assert f"{score['score']} ({score['lower']} to {score['upper']}: low to medium)" in told
    for part in (
        "Main reason: ",
        "Police hold ",
        "Police's own 'high' is met (A count of yes answers, 1 March 2026).",
        'most useful gap: "Any weapon seen?" (School)',
    ):
        assert part in told


def test_the_same_from_results_for_json(made: Assessment) -> None:
    result = next(r for r in made.to_dicts("S1") if r["lens"] == "harm_by")
    told = " ".join(sentences(result, result["reasons"], made.partnership))
    assert told == describe(line(made), made.explain("S1"), made.partnership)


def test_no_sentence_says_what_a_person_is(made: Assessment) -> None:
    every = [describe(line(made, s, lens), made.explain(s), made.partnership)
             for s, lens in zip(made.scores["subject_id"], made.scores["lens"], strict=True)]  # fmt: skip
    for told in every:
        assert not re.search(r"\bS\d (is|was)\b|\b(he|she|they|person) (is|are|was)\b", told)


def test_bars_are_named_by_agency(made: Assessment) -> None:
    assert bars_sentence(figures(), made.partnership) == "No agency's own 'high' is met."
    met = bars_sentence(figures(bars_met=("council", "health", "police")), made.partnership)
    assert met == "The own 'high' of 3 agencies is met: Council, Health and Police."


def test_a_bar_says_when_on_which_scale_and_whether_that_held_then(made: Assessment) -> None:
    def row(agency: str, day: str, *, valid: bool = True, meets: bool | None = True) -> dict[str, Any]:
        return {"line": "record", "agency": agency, "scale": "demo.count", "event_date": day, "meets_bar": meets,
                "scale_valid": valid}  # fmt: skip

    rows = [
        row("police", "2026-03-04", valid=False),
        row("council", "2026-03-01"),
        row("police", "2025-01-01", meets=False),
        row("health", "2025-01-01", meets=None),
        {**row("police", "2026-01-01"), "line": "base"},
    ]
    one = bars_sentence(figures(bars_met=("police",)), made.partnership, rows[:1])
    assert one == (
        "Police's own 'high' is met (A count of yes answers, 4 March 2026, outside the dates the scale holds for)."
    )
    two = bars_sentence(figures(bars_met=("council", "police")), made.partnership, rows)
    assert two == (
        "The own 'high' of 2 agencies is met: Council (A count of yes answers, 1 March 2026) and Police (A count of "
        "yes answers, 4 March 2026, outside the dates the scale holds for)."
    )


def test_what_is_held_for_review_says_so_first(made: Assessment) -> None:
    told = sentences(figures(lens="harm_by", flags=("for_review",)), [], made.partnership)
    assert told[0] == "S9 (harm by), HELD FOR A NAMED REVIEWER: medium, 46 (31 to 60)."


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (None, "nobody holds a share"),
        (float("nan"), "nobody holds a share"),
        (0.0, "hold none of"),
        (0.004, "under 1 %"),
        (0.996, "over 99 %"),
        (0.9951, "over 99 %"),
        (0.99, "99 %"),
        (1.0, "100 %"),
    ],
)
def test_police_share(share: float | None, said: str) -> None:
    assert said in police_sentence({"police_share": share})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"n_records": 0}, "no record counts"),
        ({"band_low": "low", "band_high": "high"}, "fits low as well as high"),
        ({"band_low": "low", "band_high": "medium"}, "too few of the expected questions are answered to call it low"),
    ],
)
def test_cannot_say_says_why(changes: dict[str, Any], why: str) -> None:
    told = band_and_interval(figures(band="cannot say", **changes))
    assert told.startswith("cannot say because")
    assert why in told


def test_what_caps_and_anecdotes_do_is_shown() -> None:
    assert band_and_interval(figures(factual_score=40, score_uncapped=52)) == (
        "medium, 46 (31 to 60), 40 on facts alone, 52 without caps"
    )


def test_gaps(made: Assessment) -> None:
    agreed = made.partnership
    assert "Nothing is expected" in gap_sentence(figures(completeness=None), agreed)
    assert "no gap stands out" in gap_sentence(figures(completeness=1.0, most_useful_gap=None), agreed)
    fields = agreed.trust.expected_answers[0].model_dump() | {"agency": None}
    for sector, who in (("social_care", "(any social care agency)"), (None, "(any agency)")):
        asked = ExpectedAnswer(**{**fields, "sector": sector})
        trust = agreed.trust.model_copy(update={"expected_answers": (asked,)})
        assert who in gap_sentence(figures(), replace(agreed, trust=trust))


def test_nothing_that_raises(made: Assessment) -> None:
    assert main_reason(figures(), [], made.partnership) == "no record raises it above where everybody starts"


def test_main_reason_names_kind_and_newest_event(made: Assessment) -> None:
    told = main_reason(line(made, "S2"), made.explain("S2").to_dict("records"), made.partnership)
    assert told.startswith("weapon carrying (16 records of School, facts, newest event 25 February 2026)")
    rows = pd.DataFrame(made.explain("S2")).assign(basis="anecdotal").to_dict("records")
    assert "all anecdote" in main_reason(line(made, "S2"), rows, made.partnership)


def test_every_flag_and_lens_has_words() -> None:
    assert set(FLAG_WORDS) == set(FLAGS)
    assert set(LENS_WORDS) == {"harm_to", "harm_by"}
    assert flags_sentence({"flags": ()}) == ""


def test_the_caveat_says_what_it_is_not(made: Assessment) -> None:
    told = caveat(made.partnership, dt.date(2026, 3, 31), trial=False)
    for part in ("INTERNAL", "EXAMPLE", "Nothing here decides about a person", "not probabilities", "31 March 2026"):
        assert part in told
    assert "TRIAL" not in told
    assert "TRIAL" in caveat(made.partnership, dt.date(2026, 3, 31), trial=True)
