"""What agencies write, and where it lands on the common scale. Each line can be checked by hand.

Positions between two anchors lie on a straight line: SDQ parent 15 lies halfway between 13.5 (30) and 16.5 (70).
``low``, ``at`` and ``high`` are the interval and its representative; all three equal means a point.
"""

from __future__ import annotations

import datetime as dt

import pytest

import shipped_scales as shipped
from riskshare.errors import LinkRefusedError
from riskshare.scales.normalise import normalise
from riskshare.scales.policy_basis import policy_positions

# scale, written, route                                    native band      low   at    high   common band       high?
PLACED = [
    ("sdq.uk_parent", "0", None, "normal", 0, 0, 0, "low", False),
    ("sdq.uk_parent", "15", None, "borderline", 50, 50, 50, "medium", False),
    ("sdq.uk_parent", "40", None, "high", 89, 89, 89, "high", True),  # no cut for very high: it is never reached
    ("sdq.uk_parent", "high", None, "high", 70, 80, 90, "high", True),  # a label is the whole band, from its middle
    ("sdq.uk_parent", "HIGH", None, "high", 70, 80, 90, "high", True),
    ("sdq.uk_teacher", "40", None, "very high", 100, 100, 100, "very high", True),
    # Fewer points are worse: 6 is turned round to 4, half a step above the cut at 3.5.
    ("sdq.prosocial_uk_parent", "10", None, "normal", 0, 0, 0, "low", False),
    ("sdq.prosocial_uk_parent", "7", None, "borderline", 50, 50, 50, "medium", False),
    ("sdq.prosocial_uk_parent", "6", None, "high", 71.4615, 71.4615, 71.4615, "high", True),
    ("sdq.prosocial_uk_parent", "0", None, "high", 89, 89, 89, "high", True),
    # Where medium begins is not published: below 14 the reading is an interval, not an invention.
    ("safelives.dash_ric", "0", None, "below 14", 0, 0, 70, "low or medium", False),
    ("safelives.dash_ric", "13", None, "below 14", 0, 67.4074, 70, "low or medium", False),
    ("safelives.dash_ric", "14", None, "14 or more", 70.9048, 70.9048, 70.9048, "high", True),
    # A route raises to where its band begins, and changes nothing that is already there or above.
    ("safelives.dash_ric", "13", "professional_judgement", "below 14", 70, 70, 90, "high", True),
    ("safelives.dash_ric", "20", "escalation", "14 or more", 81.7619, 81.7619, 81.7619, "high", True),
    ("marac.kingston", "3", "escalation_crimes", "below 14", 70, 70, 90, "high", True),
    ("rcp.news2", "0", None, "0", 0, 0, 0, "low", False),
    ("rcp.news2", "3", "single_parameter_3", "1-4", 30, 30, 70, "medium", False),
    # Levels are intervals with the middle as representative.
    ("hmpps.rosh", "low", None, "low", 0, 15, 30, "low", False),
    ("hmpps.rosh", "medium", None, "medium", 30, 50, 70, "medium", False),
    ("hmpps.rosh", "high", None, "high", 70, 80, 90, "high", True),
    ("hmpps.rosh", "4", None, "very high", 90, 95, 100, "very high", True),
    ("police.missing_2010", "high", None, "high", 70, 80, 90, "high", True),
    ("mash.merton", "green", None, "green", 0, 35, 70, "low or medium", False),
    ("mash.merton", "red", None, "red", 70, 80, 90, "high", True),
    ("need.levels", "2", "immediate_protection", "early help", 70, 80, 90, "high", True),
    ("police.grade_suffolk_old", "1", None, "1", 70, 80, 90, "high", True),  # grade 1 is the most urgent
    ("police.grade_suffolk_old", "5", None, "5", 0, 8.75, 70, "low or medium", False),
    ("sos.safety", "0", None, "not safe to stay", 0, 85.9091, 90, "low to high", False),  # nothing is pinned
    # Per cent. High at 3 % is drawn through the logit: halfway between 1 % and 3 % in log-odds is 1.74 %.
    ("hmpps.ogrs3", "75", None, "high", 70, 70, 70, "high", True),
    ("hmpps.ogrs3", "74.9", None, "medium", 69.84, 69.84, 69.84, "medium", False),
    ("hmpps.csrp", "0", None, "low", 0, 0, 0, "low", False),
    ("hmpps.csrp", "1.74", None, "medium", 50.0671, 50.0671, 50.0671, "medium", False),
    ("hmpps.csrp", "3", None, "high", 70, 70, 70, "high", True),
    ("hmpps.csrp", "6.89", None, "high", 89.9644, 89.9644, 89.9644, "high", True),
    ("hmpps.csrp", "6.9", None, "very high", 90, 90, 90, "very high", True),
    ("dfe.absence_2015", "10", None, "persistent", 70, 70, 70, "high", True),
    ("dfe.absence_2015", "9.9", None, "below persistent", 0, 69.3, 70, "low or medium", False),
    # No top is published: everything in A lies at or above 90, and nothing says how far.
    ("hmpps.tier_v2_protect", "149", None, "B", 89.9231, 89.9231, 89.9231, "high", True),
    ("hmpps.tier_v2_protect", "150", None, "A", 90, 90, 100, "very high", True),
    ("hmpps.tier_v2_protect", "900", None, "A", 90, 90, 100, "very high", True),
    # A route stands alone where there is no value.
    ("need.levels", None, "immediate_protection", "", 70, 80, 90, "high", True),
]


@pytest.mark.parametrize("case", PLACED, ids=lambda c: f"{c[0]}={c[1]}+{c[2]}")
def test_where_a_reading_lands(case: tuple) -> None:
    scale, written, route, native_band, low, at, high, common_band, is_high = case
    [row] = _normalised({"scale": scale, "value": written, "route": route}).to_dict("records")
    assert (row["native_text"], row["native_band"], row["common_band"]) == (written or "", native_band, common_band)
    assert [row["common_low"], row["common"], row["common_high"]] == pytest.approx([low, at, high], abs=1e-4)
    assert row["is_high"] == is_high
    assert not row["not_scored"]


# scale, written, why there is no position
NOT_PLACED = [
    ("safelives.dash_ric", None, "no value given"),
    ("safelives.dash_ric", "", "no value given"),
    ("safelives.dash_ric", "25", "out_of_range"),
    ("safelives.dash_ric", "-1", "out_of_range"),
    ("safelives.dash_ric", "13.5", "not_whole_steps"),
    ("safelives.dash_ric", "14+", "not_a_reading"),
    ("safelives.dash_ric", " 14", "not_a_reading"),
    ("hmpps.ogrs3", "74,9", "not_a_reading"),
    ("hmpps.ogrs3", "75%", "not_a_reading"),
    ("hmpps.ogrs3", "nan", "not_a_reading"),
    ("hmpps.ogrs3", "inf", "not_a_reading"),
    ("hmpps.ogrs3", "1e1", "not_a_reading"),
    ("hmpps.rosh", "moderate", "not_a_reading"),
    ("hmpps.rosh", "5", "out_of_range"),
    ("hmpps.rosh", "0", "out_of_range"),
    ("mappa.level", "3", "the level states how much management a case gets, not how severe it is."),
    ("mappa.level", "4", "out_of_range"),
    ("mappa.category", "terrorist", "the category is the legal type of the offender, with no order of severity."),
    ("ithrive", "risk support", "its owners state that the groups are needs, not degrees of severity."),
    ("not.agreed", "7", "the scale is not agreed in this partnership"),
]


@pytest.mark.parametrize(("scale", "written", "reason"), NOT_PLACED)
def test_what_has_no_place_is_never_zero(scale: str, written: str | None, reason: str) -> None:
    readings = normalise(shipped.rows({"scale": scale, "value": written}), shipped.partnership())
    [row] = readings.table.to_dict("records")
    assert row["not_scored"]
    assert row["reason"] == reason
    assert row["native_text"] == (written or "")
    assert readings.table[["common_low", "common", "common_high"]].isna().all().all()
    assert not row["is_high"]
    assert row["common_band"] == ""


@pytest.mark.parametrize("scale_id", ["ithrive", "mappa.category", "mappa.level"])
def test_nominal_and_effort_scales_are_refused_with_the_reason(scale_id: str) -> None:
    scale = shipped.SCALES[scale_id]
    with pytest.raises(LinkRefusedError, match="Cross-tabulate") as refused:
        policy_positions(scale, shipped.COMMON)
    assert refused.value.reason == scale.note
    assert scale.note in str(refused.value)


def test_a_refused_reading_keeps_its_native_band() -> None:
    [row] = _normalised({"scale": "mappa.level", "value": "3"}).to_dict("records")
    assert (row["native_number"], row["native_band"]) == (3.0, "3 senior and special resources")


def test_the_owner_s_own_words_for_not_judged() -> None:
    import build

    scale = build.scale("demo", not_scored=("cannot be judged", "99"))
    readings = normalise(
        shipped.rows({"scale": "demo", "value": "Cannot be judged"}, {"scale": "demo", "value": "99"}),
        shipped.partnership(scale),
    )
    assert readings.reason.tolist() == ["cannot be judged", "99"]
    assert readings.not_scored.all()


# the persistent-absence bar: 20 %, then 15 %, then 10 %
@pytest.mark.parametrize(
    ("scale", "day", "outside"),
    [
        ("dfe.absence_2010", dt.date(2010, 8, 31), True),
        ("dfe.absence_2010", dt.date(2010, 9, 1), False),
        ("dfe.absence_2010", dt.date(2015, 8, 31), False),
        ("dfe.absence_2010", dt.date(2015, 9, 1), True),
        ("dfe.absence_2015", dt.date(2026, 3, 1), False),
        ("yjb.scaled_approach_2008_draft", dt.date(2009, 4, 1), False),
        ("yjb.scaled_approach_2008_draft", dt.date(2009, 4, 2), True),
        ("hmpps.rosh", dt.date(1999, 1, 1), False),
    ],
)
def test_readings_outside_a_scale_s_dates_are_flagged_and_placed(scale: str, day: dt.date, outside: bool) -> None:
    [row] = _normalised({"scale": scale, "value": "2", "event_date": day}).to_dict("records")
    assert row["outside_validity"] == outside
    assert not row["not_scored"]


def test_a_route_is_shown_as_an_override_only_where_it_raised() -> None:
    table = _normalised(
        {"scale": "safelives.dash_ric", "value": "13", "route": "repeat"},
        {"scale": "safelives.dash_ric", "value": "14", "route": "repeat"},
        {"scale": "safelives.dash_ric", "value": "13", "route": "no_such_route"},
        {"scale": "safelives.dash_ric", "value": None, "route": "repeat"},
        {"scale": "safelives.dash_ric", "value": "unreadable", "route": "repeat"},
    )
    assert table["override"].tolist() == [True, False, False, True, False]
    assert table["reason"].tolist() == [
        "",
        "",
        "the route is not one of the scale's own",
        "no value given; placed by its route alone",
        "not_a_reading",
    ]
    assert table["not_scored"].tolist() == [False, False, False, False, True]


def test_rows_without_a_scale_are_passed_over() -> None:
    readings = normalise(
        shipped.rows({"scale": None, "value": "7"}, {"scale": "hmpps.rosh", "value": "high"}), shipped.partnership()
    )
    assert readings.index.tolist() == [1]
    assert readings.severity.tolist() == [0.8]


def _normalised(*readings: dict):
    return normalise(shipped.rows(*readings), shipped.partnership()).table
