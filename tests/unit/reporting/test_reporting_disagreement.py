"""Who reads one person differently: gravest current readings, gaps and votes."""

from __future__ import annotations

import pandas as pd
from reporting_sample import assessment

import build
from riskshare.assessment import Assessment, assess
from riskshare.io.evidence import read_evidence
from riskshare.reporting.disagreement import bar_votes, current_readings, reading_gaps


def current(made: Assessment) -> pd.DataFrame:
    return current_readings(made.weighed, made.scored, made.readings)


def test_two_agencies_read_one_person(made: Assessment) -> None:
    readings = current(made)
    assert readings[["subject_id", "agency", "is_high"]].values.tolist() == [
        ["S1", "council", False],
        ["S1", "police", True],
    ]
    assert readings["scale_valid"].tolist() == [True, True]
    gap = reading_gaps(readings).iloc[0]
    assert (gap["lowest_agency"], gap["highest_agency"], gap["split"]) == ("council", "police", True)
    vote = bar_votes(readings).iloc[0]
    assert (vote["first"], vote["second"], vote["read_by_both"], vote["only_second"]) == ("council", "police", 1, 1)


def test_a_newer_reading_replaces_an_older_one() -> None:
    agreed = build.partnership()
    reading = {"agency": "police", "indicator": "blade_injury", "scale": "demo.count"}
    rows = [
        build.row(record_id="old", value="20", event_date="2026-01-01", recorded_date="2026-01-01", **reading),
        build.row(record_id="new", value="2", **reading),
    ]
    made = assess(read_evidence(rows, agreed), agreed, as_of="2026-03-31")
    assert current(made)["is_high"].tolist() == [False]


def test_one_reading_is_no_disagreement_and_nothing_is_nothing(made: Assessment) -> None:
    readings = current(made)
    assert reading_gaps(readings.head(1)).empty
    assert bar_votes(readings.head(1)).empty
    assert reading_gaps(readings.head(0)).empty
    agreed = build.partnership()
    without = assess(read_evidence([build.row()], agreed), agreed, as_of="2026-03-31")
    assert current(without).empty


def test_harm_to_comes_first_and_wider_gaps_before_narrower() -> None:
    def two(subject: str, lens: str, low: float, high: float) -> list[tuple[object, ...]]:
        return [(subject, lens, "a", low, False), (subject, lens, "b", high, True)]

    frame = pd.DataFrame(
        [*two("S1", "harm_by", 0, 90), *two("S2", "harm_to", 20, 40), *two("S3", "harm_to", 20, 75)],
        columns=["subject_id", "lens", "agency", "common", "is_high"],
    )
    assert reading_gaps(frame)["subject_id"].tolist() == ["S3", "S2", "S1"]
    assert bar_votes(frame)["lens"].tolist() == ["harm_to", "harm_by"]


def test_agreement_is_not_split() -> None:
    made = assessment()
    readings = current(made).assign(is_high=True)
    assert not reading_gaps(readings)["split"].any()
    assert bar_votes(readings)["both_high"].tolist() == [1]
