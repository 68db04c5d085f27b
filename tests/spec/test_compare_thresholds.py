"""Whose bar is higher, in worked examples: small caseloads whose answers can be counted by hand."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, ClassVar

import jsonschema
import numpy as np
import pandas as pd
import pytest

import build
import riskshare
import shared
from riskshare.cli.schemas import schemas
from riskshare.cli.thresholds import largest_gaps
from riskshare.comparing import ThresholdComparison, compare_thresholds, link_scales
from riskshare.io.examples import example_data, example_partnership
from riskshare.records.comparison import TABLES, lines_of
from riskshare.reporting.equivalence import split_sentence


def compared(scores: dict[str, Any], replicates: int = 20, **changes: Any) -> ThresholdComparison:
    agreed = changes.pop("partnership", shared.partners(population=20_000.0, workers=10.0))
    lines = shared.rows({agency: shared.people(values) for agency, values in scores.items()}, **changes)
    return compare_thresholds(agreed, shared.read(lines, agreed), replicates=replicates)


def one(table: pd.DataFrame, **where: Any) -> dict[str, Any]:
    """Return the one line of a table with these cells."""
    for name, value in where.items():
        table = table[table[name] == value]
    (line,) = lines_of(table)
    return line


# The council answers two more questions yes about everybody: its 16 is the police's 14.
POLICE = [i % 20 for i in range(400)]
TWO_MORE = {"police": POLICE, "council": [score + 2 for score in POLICE]}


@pytest.fixture(scope="module")
def two_more() -> ThresholdComparison:
    return compared(TWO_MORE)


@pytest.fixture(scope="module")
def sample() -> ThresholdComparison:
    agreed = riskshare.load_partnership(example_partnership())
    return compare_thresholds(agreed, example_data() / "shared_cases.csv", replicates=200)


@pytest.fixture(scope="module")
def truth() -> Any:
    return json.loads((example_data() / "truth.json").read_text(encoding="utf-8"))["shared_cases"]


class TestTheBar:
    def test_the_police_14_is_the_councils_16(self, two_more: ThresholdComparison) -> None:
        line = one(two_more.matrix, agency="police", target_agency="council")
        assert (line["cut"], line["target_cut"], line["edge"]) == (14.0, 14.0, "high")
        assert line["lower"] <= 16.0 <= line["upper"]
        assert line["estimate"] == pytest.approx(16.0, abs=0.15)
        assert line["standing"] == "higher"

    def test_and_the_councils_14_is_the_polices_12(self, two_more: ThresholdComparison) -> None:
        line = one(two_more.matrix, agency="council", target_agency="police")
        assert line["estimate"] == pytest.approx(12.0, abs=0.15)
        assert line["standing"] == "lower"

    def test_every_published_cut_is_placed_and_high_is_the_matrix(self, two_more: ThresholdComparison) -> None:
        assert sorted(set(two_more.cuts["edge"])) == ["high", "medium"]
        assert set(two_more.matrix["edge"]) == {"high"}
        medium = one(two_more.cuts, agency="police", edge="medium")
        assert medium["estimate"] == pytest.approx(9.0, abs=0.15)

    def test_the_percentile_of_the_cut(self, two_more: ThresholdComparison) -> None:
        """14 of the 20 equally frequent scores lie below 14: 70 per cent."""
        line = one(two_more.matrix, agency="police")
        assert line["percentile"] == pytest.approx(70.0)
        assert line["percentile_low"] < 70.0 < line["percentile_high"]

    def test_square(self, two_more: ThresholdComparison) -> None:
        square = two_more.wide()
        assert square.index.tolist() == square.columns.tolist() == ["police", "council"]
        assert np.isnan(np.diag(square)).all()
        assert square.loc["police", "council"] == one(two_more.matrix, agency="police")["estimate"]
        with pytest.raises(riskshare.ArgumentError, match="column must be one of"):
            two_more.wide("method")

    def test_how_it_was_made_stands_beside_it(self, two_more: ThresholdComparison) -> None:
        line = one(two_more.matrix, agency="police")
        assert line["n"] == 400
        assert line["rule"].startswith("The default for count scales with 400 or more shared cases")

    def test_a_scale_that_runs_to_safety_is_turned(self) -> None:
        """Safety is 10 less half the police score: 3 or less is met by whom 14 or more is met."""
        found = compared(
            {"police": POLICE, "school": [10 - score // 2 for score in POLICE]},
            scale={"police": shared.COUNT, "school": shared.SAFETY},
        )
        line = one(found.matrix, agency="police", target_agency="school")
        assert line["target_cut"] == 3.0
        assert line["estimate"] == pytest.approx(3.0, abs=0.3)
        volume = one(found.volumes, agency="school", bar_of="police")
        assert volume["flagged_own"] == sum(10 - score // 2 <= 3 for score in POLICE)


class TestTheSplit:
    """Of ten cases four are high to the police alone, two to the council alone: 6 in 10 disagree, 2 by the bar."""

    CASES: ClassVar[dict[str, Any]] = {
        "police": [20] * 15 + [20] * 20 + [3] * 10 + [3] * 5,
        "council": [20] * 15 + [3] * 20 + [20] * 10 + [3] * 5,
    }

    def test_disagreement_is_bar_plus_judgement(self) -> None:
        line = one(compared(self.CASES).disagreement)
        assert (line["p10"], line["p01"]) == (0.4, 0.2)
        assert line["total"] == line["bar"] + line["judgement"]
        assert [round(line[part], 12) for part in ("total", "bar", "judgement", "signed")] == [0.6, 0.2, 0.4, 0.2]

    def test_more_than_one_published_cut_is_tested_by_bands(self, two_more: ThresholdComparison) -> None:
        line = one(two_more.disagreement)
        assert line["test"] == "Stuart-Maxwell"
        assert line["p_value"] < 1e-6
        assert line["spearman"] == pytest.approx(1.0)

    def test_one_published_cut_by_mcnemar(self) -> None:
        found = compared(
            {"police": POLICE, "council": [1 + score // 5 for score in POLICE]},
            scale={"police": shared.COUNT, "council": shared.BRAG},
        )
        line = one(found.disagreement)
        assert line["test"] == "McNemar"
        assert line["p10"] == pytest.approx(0.05)  # only a police 14 is no red: 15 and more are
        assert line["judgement"] == 0.0

    def test_in_words(self, two_more: ThresholdComparison) -> None:
        said = split_sentence(one(two_more.disagreement), two_more.partnership)
        assert said == (
            "Police and Council disagree about 'high' for 10 in 100 (400 cases): all of it goes one way (Council high, "
            "Police not), so a different bar alone could explain it. That does not show that they judge people alike; "
            "where bars lie far apart, differing judgement cannot be seen this way. Council calls more cases high than "
            "Police does: by 7 to 13 in 100 (95 % interval). How alike they order people: rank correlation 1.00. "
            "Agreement on 'high' beyond chance: kappa 0.78 [0.72, 0.84], PABAK 0.80."
        )

    def test_what_goes_both_ways_no_difference_of_bar_alone_can_make(self) -> None:
        found = compared({side: scores * 3 for side, scores in self.CASES.items()})
        said = split_sentence(one(found.disagreement), found.partnership)
        assert "for 60 in 100 (150 cases): at least 20 is one-way (bar); 40 goes both ways, which no difference" in said
        assert "by 8 to 32 in 100 (95 % interval)" in said

    def test_no_bar_is_blamed_where_the_interval_holds_0(self) -> None:
        cases = {"police": [20] * 15 + [3] * 16 + [9] * 20, "council": [3] * 15 + [20] * 16 + [9] * 20}
        found = compared(cases)
        line = one(found.disagreement)
        assert line["signed_low"] < 0.0 < line["signed_high"]
        assert line["calls_more_high"] == "cannot tell"
        said = split_sentence(line, found.partnership)
        assert "(bar)" not in said
        assert "different bar alone could" not in said
        assert "Which of them calls more cases high cannot be told (95 % interval -2" in said

    def test_one_to_four_people_cannot_be_worked_out(self) -> None:
        """Three are high to the police alone: no figure that gives the 3 away is in the table or in words."""
        found = compared({"police": [20] * 43 + [3] * 37, "council": [20] * 30 + [3] * 10 + [20] * 3 + [3] * 37})
        line = one(found.disagreement)
        assert not line["small_cells"]
        found = compared({"police": [20] * 33 + [3] * 47, "council": [20] * 30 + [3] * 3 + [20] * 20 + [3] * 27})
        line = one(found.disagreement)
        assert line["small_cells"]
        hidden = ("p10", "p01", "total", "bar", "judgement", "signed_low", "signed_high", "kappa", "pabak", "p_value")
        assert {line[name] for name in hidden} == {None}
        said = split_sentence(line, found.partnership)
        assert "rests on a number too small to show. Council calls more cases high than Police does." in said
        assert "kappa" not in said
        jsonschema.validate(found.to_dict(), schemas()["threshold_comparison"])
        again = ThresholdComparison.from_dict(json.loads(json.dumps(found.to_dict())), found.partnership)
        assert again.sentences() == found.sentences()

    def test_no_split_is_said_of_fewer_than_30_cases(self) -> None:
        found = compared({side: scores[:29] for side, scores in self.CASES.items()})
        said = split_sentence(one(found.disagreement), found.partnership)
        assert said == "Police and Council: no split is said of fewer than 30 shared cases; they share 29."

    def test_shares_weighted_by_who_referred_are_not_called_shares_of_the_cases(self) -> None:
        lines = shared.rows({agency: shared.people(values) for agency, values in TWO_MORE.items()})
        for i, row in enumerate(lines):
            row["referred_by"] = ("police", "council", "", "")[i % 400 % 4] if i % 400 % 20 > 9 else ""
        agreed = shared.partners()
        found = compare_thresholds(agreed, shared.read(lines, agreed), replicates=5)
        said = split_sentence(one(found.disagreement), agreed)
        assert "in 100 (weighted by who referred; 400 cases)" in said
        assert "for about " in said


class TestVolumes:
    def test_how_many_each_would_flag_at_the_others_bar(self, two_more: ThresholdComparison) -> None:
        """Of 400 cases the police flag scores 14 to 19: 120. At the council's bar, their 12, they would flag 160."""
        line = one(two_more.volumes, agency="police", bar_of="council")
        assert line["flagged_own"] == 120
        assert line["flagged"] == pytest.approx(160, abs=4)
        assert line["flagged_low"] <= 160 <= line["flagged_high"]

    def test_rates_per_10000_and_per_worker(self, two_more: ThresholdComparison) -> None:
        line = one(two_more.volumes, agency="police", bar_of="police")
        assert line["flagged"] == 120
        assert (line["shared_cases_per_10000"], line["shared_cases_per_worker"]) == (60.0, 12.0)
        # Garwood: half the chi-squared points with 240 and 242 degrees of freedom, over 2 times 10,000 people.
        assert line["shared_cases_per_10000_low"] == pytest.approx(49.745, abs=0.01)
        assert line["shared_cases_per_10000_high"] == pytest.approx(71.743, abs=0.01)
        assert (line["period_from"], line["period_to"]) == ("2025-06-01", "2025-06-01")

    def test_an_agency_that_states_no_size_gets_no_rate(self) -> None:
        line = one(compared(TWO_MORE, partnership=shared.partners()).volumes, agency="police", bar_of="police")
        assert (line["flagged"], line["shared_cases_per_10000"], line["shared_cases_per_worker"]) == (120, None, None)

    @pytest.mark.parametrize("high", [1, 4, 36, 39])
    def test_small_counts_and_small_remainders_are_not_shown(self, high: int) -> None:
        scores = [20] * high + [i % 14 for i in range(40 - high)]
        found = compared({"police": scores, "council": [min(score + 1, 24) for score in scores]})
        line = one(found.volumes, agency="police", bar_of="police")
        assert line["suppressed"]
        assert (line["flagged"], line["share"], line["shared_cases_per_10000"], line["shared_cases_per_worker"]) == (
            None,
            None,
            None,
            None,
        )

    def test_referral_by_one_side_refuses_volumes_and_says_why(self) -> None:
        found = compared(TWO_MORE, referred_by="police")
        for agency, bar_of in (("police", "council"), ("council", "police")):
            line = one(found.volumes, agency=agency, bar_of=bar_of)
            assert line["flagged"] is None
            assert line["refused"].startswith("police referred 100 % of these cases")
            assert "they may stand high on its scale for that reason alone" in line["refused"]
            assert "chosen by" not in line["refused"]
        assert all("one_sided_referral" in flags for flags in found.matrix["flags"])
        (said,) = found.sentences()
        assert "how many cases that would flag is not said. Police referred 100 % of these cases" in said
        assert "bar than" not in said
        assert "is not said, for the same reason" in split_sentence(one(found.disagreement), found.partnership)

    def test_a_pair_that_one_side_referred_is_never_the_headline(self) -> None:
        """The school's bar is furthest away, but the police referred every case that those two share."""
        far = {"police": POLICE, "council": [v + 2 for v in POLICE], "school": [min(24, v + 8) for v in POLICE]}
        lines = shared.rows({agency: shared.people(values) for agency, values in far.items()})
        for row in lines:
            row["referred_by"] = "police" if row["agency"] == "school" else ""
        agreed = shared.partners()
        found = compare_thresholds(agreed, shared.read(lines, agreed), replicates=5)
        assert found.gaps()["one_sided_referral"].tolist() == [False, False, True]
        assert "is not said" in found.sentences()[-1]
        assert len(largest_gaps(found)) == 2
        assert not any("is not said" in " ".join(gap) for gap in largest_gaps(found))

    def test_the_three_largest_gaps_join_what_belongs_together(self, sample: ThresholdComparison) -> None:
        """On 60 cases a pair has a split and no sentence: the sentences must not slip onto their neighbours."""
        agreed = sample.partnership
        rows = pd.read_csv(example_data() / "shared_cases.csv", dtype=str, keep_default_na=False)
        some = rows[rows["subject_id"].isin(sorted(rows["subject_id"].unique())[:150])]
        found = compare_thresholds(agreed, shared.read(some.to_dict("records"), agreed), replicates=5)
        told = largest_gaps(found, 99)
        assert 0 < len(told) < len(found.disagreement)
        names = [agency.name for agency in agreed.agencies]
        for sentence, split in told:
            sides = {name for name in names if name in sentence}
            assert sides == {name for name in names if name in split}
            assert len(sides) == 2


class TestRefusals:
    def test_a_scale_without_order_is_refused_and_the_others_compared(self) -> None:
        scores = {**TWO_MORE, "school": ["help"] * 400}
        found = compared(scores, scale={"police": shared.COUNT, "council": shared.COUNT, "school": shared.NEEDS})
        line = one(found.refused)
        assert (line["agency"], line["target_agency"]) == ("school", "")
        assert "no order of severity" in line["reason"]
        assert "Cross-tabulate" in line["reason"]
        assert len(found.matrix) == 2

    def test_too_few_shared_cases(self) -> None:
        found = compared({"police": POLICE[:29], "council": POLICE[:29]})
        reason = one(found.refused)["reason"]
        assert reason.startswith(
            "only 29 people have a reading by both on A count of yes answers, and a link between scales"
        )
        assert "at least 30. Share more cases; or have both score the same vignettes" in reason
        assert "(policy basis), which will not show whose bar is higher" in reason
        assert found.matrix.empty
        assert found.reference is None

    def test_nobody_shared_names_both_scales_and_the_number_that_levels_need(self) -> None:
        scale = {"police": shared.COUNT, "council": shared.BRAG}
        lines = shared.rows({"police": {"S-1": 3}, "council": {"S-2": 1}}, scale=scale)
        found = compare_thresholds(shared.partners(), shared.read(lines), replicates=5)
        reason = one(found.refused)["reason"]
        assert reason.startswith("nobody has a reading on both A count of yes answers and BRAG, and a link")
        assert "at least 100" in reason

    def test_a_score_fed_by_another_is_no_independent_reading(self) -> None:
        found = compared(TWO_MORE, derived_from="police:R1")
        assert "derived from another record" in one(found.refused)["reason"]

    def test_readings_from_before_the_scale_held(self) -> None:
        newer = build.scale("demo.newer", valid_from=dt.date(2025, 7, 1))
        found = compared(
            TWO_MORE,
            partnership=shared.partners(newer),
            scale={"police": shared.COUNT, "council": "demo.newer"},
        )
        assert "outside the dates it holds for" in one(found.refused)["reason"]

    def test_nobody(self) -> None:
        found = compare_thresholds(shared.partners(), [], replicates=5)
        assert found.sentences() == []
        assert found.wide().empty
        assert found.note() == "No shared cases."
        assert all(getattr(found, name).empty for name in TABLES)

    def test_one_link_by_itself_raises(self) -> None:
        agreed = shared.partners()
        cases = shared.read(shared.rows({"police": shared.people(POLICE[:5])}), agreed)
        ends = {"source": ("police", shared.COUNT), "target": ("council", shared.COUNT)}
        with pytest.raises(riskshare.LinkRefusedError, match="at least 30"):
            link_scales(agreed, cases, **ends)


class TestOnePerson:
    def test_native_value_band_and_every_place_stand_side_by_side(self, two_more: ThresholdComparison) -> None:
        police, council = lines_of(two_more.readings[two_more.readings["subject_id"] == "S-0013"])
        assert (police["value"], police["native_band"], police["is_high"]) == ("13", "medium", False)
        assert (council["value"], council["native_band"], council["is_high"]) == ("15", "high", True)
        assert police["policy_low"] == police["policy"] == police["policy_high"] < 70.0 <= council["policy"]
        assert two_more.reference == ("police", shared.COUNT)
        assert police["linked"] == 13.0  # the reference is the police's own scale
        assert council["linked"] == pytest.approx(13.0, abs=0.2)
        assert council["linked_low"] <= council["linked"] <= council["linked_high"]

    def test_spread_and_vote_are_never_averaged_away(self, two_more: ThresholdComparison) -> None:
        line = one(two_more.spread, subject_id="S-0013")
        readings = two_more.readings[two_more.readings["subject_id"] == "S-0013"]
        assert line["policy_spread"] == readings["policy"].max() - readings["policy"].min()
        assert (line["high"], line["not_high"], line["split"]) == (1, 1, True)
        assert line["linked_spread"] < 0.3

    def test_what_could_not_be_judged_has_no_place_and_is_not_zero(self) -> None:
        scores = {"police": ["cannot be judged", *POLICE[1:]], "council": POLICE}
        found = compared(scores)
        line = one(found.readings, subject_id="S-0000", agency="police")
        assert (line["policy"], line["linked"], line["native_band"]) == (None, None, "")
        assert line["flags"] == ["not_scored"]
        assert "S-0000" not in set(found.spread["subject_id"])

    def test_the_latest_reading_stands(self) -> None:
        agreed = shared.partners()
        old = shared.rows({name: {"S-1": 3} for name in ("police", "council")}, scored_at="2025-01-01")
        new = shared.rows({"police": {"S-1": 21}}, scored_at="2025-02-01")
        found = compare_thresholds(agreed, shared.read([*new, *old], agreed), replicates=5)
        assert one(found.readings, agency="police")["value"] == "21"


class TestWords:
    def test_a_sentence_a_pair(self, two_more: ThresholdComparison) -> None:
        (said,) = two_more.sentences()
        assert said.startswith("Council's 'high' (14 or more) is about Police's 12.0 [")
        assert "of their 400 shared cases as high; 120 of them score 14 or more with Police. It is a lower" in said
        assert "Police flags" not in said
        assert re.search(r"it would flag \d+ \[\d+, \d+\] of their 400", said)

    def test_cases_raised_by_a_route_are_said_not_to_be_counted(self, two_more: ThresholdComparison) -> None:
        """The demo count has a route to high, the traffic light has none."""
        (said,) = two_more.sentences(to="police")
        route = two_more.partnership.scale(shared.COUNT).routes[0].id.replace("_", " ")
        assert said.endswith(f"Cases you raise by a route of that scale ({route}) are not counted here.")
        found = compared(
            {"police": POLICE, "council": [1 + score // 5 for score in POLICE]},
            scale={"police": shared.COUNT, "council": shared.BRAG},
        )
        (said,) = found.sentences(to="council")
        assert "route" not in said

    def test_spoken_to_one_agency(self, two_more: ThresholdComparison) -> None:
        (said,) = two_more.sentences(to="police")
        assert said.startswith("Council's 'high' (14 or more) is about your 12.0 [")
        assert "of your 400 shared cases as high; 120 of them score 14 or more with you. It is a lower bar than" in said
        assert two_more.sentences(to="charity") == []
        with pytest.raises(riskshare.ArgumentError, match=r"id of an agency \(police, council"):
            two_more.sentences(to="nobody")

    def test_bars_that_cannot_be_told_apart_are_said_to_be_so(self) -> None:
        shuffled = np.random.default_rng(3).permutation(POLICE).tolist()
        (said,) = compared({"police": POLICE, "council": shuffled}, replicates=100).sentences()
        assert "These cases cannot tell it from their own 14 or more." in said

    def test_a_bar_between_two_levels_is_no_level(self) -> None:
        found = compared(
            {"police": POLICE, "council": [1 + score // 5 for score in POLICE]},
            scale={"police": shared.COUNT, "council": shared.BRAG},
        )
        (said,) = found.sentences(to="council")
        assert said.startswith("Police's 'high' (14 or more) falls on your scale between amber and red (3.8 [")
        assert " on 1–4): it would flag " in said
        assert "It is a lower bar than your own red: part of those you call amber would be high." in said
        assert "of them stand at red with you" in said

    def test_levels_against_levels_are_said_to_have_a_narrow_interval(self) -> None:
        levels = {"police": [1 + v // 5 for v in POLICE], "council": [1 + min(v + 2, 19) // 5 for v in POLICE]}
        found = compared(levels, scale=shared.BRAG)
        assert all("levels_on_levels" in flags for flags in found.matrix["flags"])
        (said,) = found.sentences()
        assert "a little too narrow, in simulation it held the truth in 92 to 94 of 100" in said

    def test_why_the_reference_scale_is_the_reference(self, two_more: ThresholdComparison) -> None:
        assert two_more.why_reference().startswith(
            "All stand on A count of yes answers because no other scale is linked to more (1)"
        )


class TestJson:
    def test_round_trip(self, two_more: ThresholdComparison) -> None:
        body = json.loads(json.dumps(two_more.to_dict(people=True), allow_nan=False))
        again = ThresholdComparison.from_dict(body, two_more.partnership)
        for name in TABLES:
            pd.testing.assert_frame_equal(getattr(again, name), getattr(two_more, name))
        assert again.to_dict(people=True) == two_more.to_dict(people=True)
        assert again.sentences() == two_more.sentences()

    def test_under_the_published_schema(self, two_more: ThresholdComparison) -> None:
        jsonschema.validate(two_more.to_dict(people=True), schemas()["threshold_comparison"])

    def test_nobody_is_in_it_unless_asked_for(self, two_more: ThresholdComparison) -> None:
        body = two_more.to_dict()
        assert body["readings"] == body["spread"] == []
        assert "S-0013" not in json.dumps(body)
        assert "S-0013" in json.dumps(two_more.to_dict(people=True))
        assert "S-0013" not in repr(two_more)

    def test_another_agreement_or_another_form_is_refused(self, two_more: ThresholdComparison) -> None:
        with pytest.raises(riskshare.ArgumentError, match="one it was made under"):
            ThresholdComparison.from_dict(two_more.to_dict(), shared.partners())
        with pytest.raises(riskshare.ArgumentError, match="what to_dict wrote"):
            ThresholdComparison.from_dict({"schema_version": "1"}, two_more.partnership)


class TestTheSample:
    """The example partnership: bars planted by ``make_sample.py``, written beside it in ``truth.json``."""

    def test_every_planted_equivalent_lies_in_its_interval(self, sample: ThresholdComparison, truth: Any) -> None:
        checked = 0
        for agency, row in truth["equivalents"].items():
            for target, planted in row.items():
                if target != agency:
                    line = one(sample.matrix, agency=agency, target_agency=target)
                    assert line["lower"] <= planted <= line["upper"], (agency, target)
                    checked += 1
        assert checked == 6

    def test_bars_stand_in_the_planted_order(self, sample: ThresholdComparison, truth: Any) -> None:
        planted = sorted(("orchard_schools", "north_police", "youth_justice", "childrens_north"),
                         key=truth["high_cut_at"].get)  # fmt: skip
        assert [agency for agency, _ in sample.by_height()][:4] == planted

    def test_the_pair_that_one_side_referred_is_refused_volumes(self, sample: ThresholdComparison, truth: Any) -> None:
        first, second = truth["one_sided_referral"]["pair"]
        for agency, bar_of in ((first, second), (second, first)):
            line = one(sample.volumes, agency=agency, bar_of=bar_of)
            assert "childrens_south referred" in line["refused"]
            assert line["flagged"] is None
        refused = sample.volumes[sample.volumes["refused"] != ""]
        assert len(refused) == 2

    def test_disagreement_always_splits_exactly(self, sample: ThresholdComparison) -> None:
        table = sample.disagreement
        assert len(table) == 7
        assert (table["total"] == table["bar"] + table["judgement"]).all()
