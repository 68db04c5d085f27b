"""What holds of every comparison: exact splits, volumes that move with the bar, and figures that no order changes."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import build
import shared
from riskshare.comparing import compare_thresholds
from riskshare.records.scale import CommonScale
from riskshare.scales.bars import as_position, as_written, meets, share_beyond
from riskshare.scales.pair_disagreement import TELLING, disagreement
from riskshare.scales.volumes import suppressed, volume

COUNT = build.scale()
SCORES = st.integers(0, 24)
PAIRS = st.lists(st.tuples(SCORES, SCORES), min_size=1, max_size=60)


@given(PAIRS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_split_is_exact_and_turns_with_the_pair(pairs: list[tuple[int, int]], random: object) -> None:
    x, y = zip(*(pairs * 5), strict=True)  # five alike: no count of one to four hides the split
    weight = [random.choice([0.5, 1.0, 2.0]) for _ in x]  # type: ignore[attr-defined]  # hypothesis gives a Random
    there = disagreement(COUNT, COUNT, x, y, CommonScale(), weight=weight)
    back = disagreement(COUNT, COUNT, y, x, CommonScale(), weight=weight)
    assert there is not None
    assert back is not None
    assert there["total"] == there["bar"] + there["judgement"]
    assert abs(there["total"] - (there["p10"] + there["p01"])) < 1e-12
    assert there["bar"] == abs(there["signed"]) or abs(there["bar"] - abs(there["signed"])) < 1e-12
    assert there["signed_low"] <= there["signed"] <= there["signed_high"]
    assert (there["p10"], there["signed"], there["pabak"]) == (back["p01"], -back["signed"], back["pabak"])


@given(PAIRS)
@settings(max_examples=60, deadline=None)
def test_a_split_is_shown_or_hidden_as_a_whole(pairs: list[tuple[int, int]]) -> None:
    x, y = zip(*pairs, strict=True)
    found = disagreement(COUNT, COUNT, x, y, CommonScale())
    assert found is not None
    cells = [(a >= 14, b >= 14) for a, b in pairs]
    counts = [cells.count((one, other)) for one in (True, False) for other in (True, False)]
    assert found["small_cells"] == any(1 <= count <= 4 for count in counts)
    hidden = {found[name] is None for name in TELLING if not name.startswith("kappa")}
    assert hidden == {found["small_cells"]}


@settings(deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=50), st.floats(0.0, 25.0), st.floats(0.0, 25.0))
def test_a_higher_bar_never_flags_more(scores: list[int], a: float, b: float) -> None:
    low, high = sorted((a, b))
    for scale in (COUNT, shared.safety()):
        at = [float(share_beyond(scale, scores, bar).sum()) for bar in (low, high)]
        assert at == sorted(at, reverse=scale.direction == "risk")


@settings(deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=50), st.integers(0, 24))
def test_at_a_whole_cut_a_volume_is_a_plain_count(scores: list[int], cut: int) -> None:
    assert float(share_beyond(COUNT, scores, cut - 0.5).sum()) == sum(score >= cut for score in scores)
    assert float(as_written(COUNT, as_position(COUNT, cut))) == cut
    assert meets(COUNT, scores, cut - 0.5).tolist() == [score >= cut for score in scores]


@settings(deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=60), st.integers(0, 24))
def test_nothing_shown_lets_one_to_four_people_be_worked_out(scores: list[int], cut: int) -> None:
    line = volume(build.agency("police", population=1000.0, workers=2.0), COUNT, scores, (cut, cut, cut), cut)
    truly = sum(score >= cut for score in scores)
    small = 1 <= truly <= 4 or 1 <= len(scores) - truly <= 4
    assert suppressed(truly, len(scores)) == small == line["suppressed"]
    figures = (
        "flagged",
        "flagged_low",
        "flagged_high",
        "flagged_own",
        "share",
        "shared_cases_per_10000",
        "shared_cases_per_worker",
    )
    assert all((line[name] is None) == small for name in figures)


@given(st.randoms(use_true_random=False))
@settings(max_examples=3, deadline=None)
def test_the_order_of_rows_and_other_agencies_change_nothing(random: object) -> None:
    draw = np.random.default_rng(4)
    base = draw.integers(0, 18, 60)
    scores = {"police": base, "council": base + draw.integers(0, 4, 60), "school": base + draw.integers(0, 6, 60)}
    rows = shared.rows({agency: shared.people(values.tolist()) for agency, values in scores.items()})
    agreed = shared.partners()
    first = compare_thresholds(agreed, shared.read(rows, agreed), replicates=10).to_dict(people=True)
    random.shuffle(rows)  # type: ignore[attr-defined]  # hypothesis gives a Random
    again = compare_thresholds(agreed, shared.read(rows, agreed), replicates=10).to_dict(people=True)
    assert json.dumps(first) == json.dumps(again)
    without = [row for row in rows if row["agency"] != "school"]
    fewer = compare_thresholds(agreed, shared.read(without, agreed), replicates=10)
    kept = [line for line in first["matrix"] if "school" not in (line["agency"], line["target_agency"])]
    assert fewer.to_dict()["matrix"] == kept
