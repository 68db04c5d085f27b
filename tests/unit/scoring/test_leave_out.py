"""scoring.leave_out: what would be left, held against really scoring what is left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from riskshare.kernels.segments import from_units
from riskshare.records.policy import LENSES
from riskshare.scoring import leave_out
from riskshare.scoring.leave_out import without_agencies, without_rows
from riskshare.scoring.score import block, score_block
from riskshare.trust.weigh import Weighed
from small import AGENCIES, assessed, graded, line, random_rows, row, weighed_of

BY = LENSES.index("harm_by")


def log_odds(rows: list[dict[str, Any]]) -> float:
    weighed = weighed_of(rows)
    if weighed.n_subjects == 0:
        return float(weighed.policy.base_rate[BY])
    return float(from_units(score_block(block(weighed, 0, 1), weighed)[0].log_odds)[BY])


def left(weighed: Weighed, rows: np.ndarray) -> np.ndarray:
    part = block(weighed, 0, 1)
    return from_units(without_rows(part, score_block(part, weighed)[1], weighed, rows)[:, BY])


@pytest.mark.parametrize("seed", range(8))
def test_each_row_left_out_is_the_score_of_the_others(seed: int) -> None:
    rows = random_rows(seed)
    weighed = weighed_of(rows)
    part = block(weighed, 0, 1)
    counted = np.unique(score_block(part, weighed)[1].origins.row)
    index = weighed.standing.columns.index[weighed.row[counted]]
    for number, value in zip(index.tolist(), left(weighed, counted), strict=True):
        rest = [one for place, one in enumerate(rows) if place != number]
        # A returned answer is evidence too, and only that is left out: the answer itself is still returned.
        if rows[number].get("answer") is None:
            assert value == log_odds(rest)


@pytest.mark.parametrize("seed", range(8))
def test_each_agency_left_out_is_the_score_of_the_others(seed: int) -> None:
    rows = random_rows(seed)
    weighed = weighed_of(rows)
    part = block(weighed, 0, 1)
    detail = score_block(part, weighed)[1]
    numbers = np.arange(len(AGENCIES))
    values = from_units(without_agencies(part, detail, weighed, numbers)[:, BY])
    for agency, value in zip(weighed.codes.agencies, values, strict=True):
        assert value == log_odds([one for one in rows if one["agency"] != agency])


def test_what_repeats_a_row_stays_when_the_row_is_left_out() -> None:
    """The relay, 0.95 × 0.95 at best, holds the claim up alone: a row is dropped after origins are resolved."""
    rows = [row("a"), row("b", agency="council", derived_from="school:a")]
    weighed = weighed_of(rows)
    # Coded rows stand by agency: the council's relay first.
    without_relay, without_root = left(weighed, np.array([0, 1]))
    assert without_relay == log_odds(rows) == log_odds(rows[:1])
    assert weighed.policy.base_rate[BY] < without_root < without_relay


def test_an_agency_of_origin_takes_its_relays_with_it() -> None:
    rows = [row("a"), row("b", agency="council", derived_from="school:a"), graded("p", "1A", indicator="gang_link")]
    table = assessed(rows).leave_out_agencies("S1").set_index("agency")
    assert "council" not in table.index  # nothing originates there
    assert table.loc["school", "score"] == line(assessed(rows[2:]))["score"]
    assert table.loc["school", "change"] == table.loc["school", "score"] - line(assessed(rows))["score"]


def test_a_ring_goes_with_any_of_its_recorders() -> None:
    ring = [graded("a", "2C", derived_from="school:b"), row("b", derived_from="police:a")]
    table = assessed(ring).leave_out_agencies("S1").set_index("agency")
    assert table["score"].tolist() == [20, 20]


def test_answers_go_with_their_agency() -> None:
    rows = [row("a", answer="nil"), graded("p", "1A")]
    table = assessed(rows).leave_out_agencies("S1").set_index("agency")
    assert table.loc["school", "score"] == line(assessed(rows[1:]))["score"]
    assert table.loc["school", "change"] > 0


def test_batches_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed = weighed_of(random_rows(3))
    every = np.arange(weighed.subject.size)
    whole = left(weighed, every)
    monkeypatch.setattr(leave_out, "_BATCH_PAIRS", 1)
    np.testing.assert_array_equal(left(weighed, every), whole)


def test_nothing_left_out() -> None:
    weighed = weighed_of([row()])
    none = np.zeros(0, dtype=np.int64)
    part = block(weighed, 0, 1)
    detail = score_block(part, weighed)[1]
    assert without_rows(part, detail, weighed, none).shape == (0, 2)
    assert without_agencies(part, detail, weighed, none).shape == (0, 2)
