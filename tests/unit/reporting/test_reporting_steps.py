"""Steps lead from nothing to the published score, exactly; what is printed adds up too."""

from __future__ import annotations

from itertools import pairwise
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting_sample import line

from riskshare.assessment import Assessment
from riskshare.reporting.steps import RECORDS, Step, shown_points, steps


@pytest.mark.parametrize(("subject", "lens"), [("S1", "harm_by"), ("S1", "harm_to"), ("S2", "harm_by")])
@pytest.mark.parametrize("most", [1, 3, 12])
def test_steps_end_exactly_at_the_score(made: Assessment, subject: str, lens: str, most: int) -> None:
    chain = steps(made.explain(subject), line(made, subject, lens), made.partnership, most=most)
    assert chain[0].start == 0.0
    assert chain[-1].end == line(made, subject, lens)["score"]
    assert all(before.end == after.start for before, after in pairwise(chain))


def test_every_part_is_named(made: Assessment) -> None:
    labels = [step.label for step in steps(made.explain("S1"), line(made), made.partnership)]
    assert labels[0] == "where everybody starts (harm by)"
    assert labels[-3:] == [
        "asked and checked, nothing found",
        "cut at the end of the scale",
        "rounding to a whole point",
    ]
    assert "gang link (denies), Council" in labels


def test_records_come_largest_first_and_the_rest_is_folded(made: Assessment) -> None:
    chain = steps(made.explain("S2"), line(made, "S2"), made.partnership)
    records = [step for step in chain if step.kind in RECORDS]
    assert len(records) == 12
    assert [abs(step.points) for step in records] == sorted((abs(s.points) for s in records), reverse=True)
    folded = next(step for step in chain if step.kind == "folded")
    assert folded.label == "4 more records"


def test_one_left_over_record_is_shown_itself(made: Assessment) -> None:
    chain = steps(made.explain("S2"), line(made, "S2"), made.partnership, most=15)
    assert "folded" not in {step.kind for step in chain}


def test_kinds_tell_facts_from_anecdotes_and_what_lowers(made: Assessment) -> None:
    kinds = {step.label: step.kind for step in steps(made.explain("S1"), line(made), made.partnership)}
    assert kinds["weapon carrying, School"] == "factual"
    assert kinds["gang link, Charity"] == "anecdotal"
    assert kinds["trusted adult, Council"] == "lowering"


@given(st.lists(st.floats(-40, 40), min_size=1, max_size=30))
def test_printed_points_add_up(points: list[float]) -> None:
    chain, at = [], 0.0
    for value in points:
        chain.append(Step("x", "factual", value, at, at + value))
        at += value
    assert fsum(shown_points(chain)) == pytest.approx(round(at, 1), abs=1e-9)
