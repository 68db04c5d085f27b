"""scoring.score: blocks of whole subjects, and the same scores however they are cut."""

from __future__ import annotations

import math

import numpy as np
import pytest

import build
from riskshare.kernels.segments import from_units
from riskshare.records.policy import LENSES
from riskshare.scoring.score import block, blocks, score_all, score_block
from riskshare.trust.weigh import N_LENSES
from small import barred, graded, row, weighed_of

BASE = build.trust_policy().base_rate.harm_by
MIXED = [
    row("a", subject_id="S1"),
    row("b", subject_id="S1", agency="police", derived_from="school:a"),
    row("c", subject_id="S2", derived_from="health:gone", role="victim"),
    row("d", subject_id="S2", indicator="gang_link"),
    row("e", subject_id="S2", answer="nil"),
    row("f", subject_id="S3", derived_from="school:q"),
    graded("g", "2C", subject_id="S3", derived_from="police:h"),
    graded("h", "1A", subject_id="S3", derived_from="police:g"),
    row("i", subject_id="S4", status="withdrawn"),
]
ASIDE = [barred("q", subject_id="S3")]


def test_one_fresh_fact_by_hand() -> None:
    """L = base − ln(1 − 0.95 (1 − e^−1.6)) for a fresh record of trust 0.95 and weight 1.6."""
    scored = score_all(weighed_of([row()]))
    log_odds = BASE - math.log(1.0 - 0.95 * (1.0 - math.exp(-1.6)))
    assert scored.unit.tolist() == [LENSES.index("harm_by")]
    assert from_units(scored.scores.log_odds)[0] == pytest.approx(log_odds, abs=1e-11)
    assert scored.scores.points[0] == round(20 + (log_odds - BASE) * 60 / -BASE)
    assert scored.youngest.tolist() == [0]


def test_a_block_never_cuts_a_subject() -> None:
    weighed = weighed_of(MIXED, aside=ASIDE)
    for size in (1, 2, 4, 100):
        parts = list(blocks(weighed, size=size))
        assert [part.first_subject for part in parts] == np.cumsum([0, *(p.n_subjects for p in parts[:-1])]).tolist()
        assert sum(part.n_subjects for part in parts) == weighed.n_subjects
        assert sum(part.rows.unit.size for part in parts) == weighed.subject.size
    assert [part.n_subjects for part in blocks(weighed, size=1)] == [1, 1, 1, 1]
    assert len(list(blocks(weighed, size=100))) == 1


@pytest.mark.parametrize("size", [1, 3, 5])
def test_blocks_give_the_same_bits_as_the_whole(size: int) -> None:
    weighed = weighed_of(MIXED, aside=ASIDE)
    whole, _ = score_block(block(weighed, 0, weighed.n_subjects), weighed)
    parts = [score_block(part, weighed)[0] for part in blocks(weighed, size=size)]
    for name in whole._fields:
        joined = np.concatenate([getattr(part, name) for part in parts], axis=-1)
        np.testing.assert_array_equal(joined, getattr(whole, name), err_msg=name)


def test_row_facts_are_numbered_over_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed = weighed_of(MIXED, aside=ASIDE)
    whole = score_all(weighed)
    monkeypatch.setattr(blocks, "__kwdefaults__", {"size": 1})
    cut = score_all(weighed)
    for name in ("unit", "counted", "youngest", "barred", "circular", "twinned"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(whole, name), err_msg=name)
    records = weighed.standing.columns.records[weighed.standing.columns.record]
    assert records[weighed.row[whole.barred]].tolist() == ["f"]
    assert sorted(records[weighed.row[whole.circular]]) == ["g", "h"]


def test_progress_is_told_rows_done_and_rows_in_all() -> None:
    told: list[tuple[int, int]] = []
    score_all(weighed_of(MIXED), progress=lambda done, of: told.append((done, of)))
    assert told == [(9, 9)]


def test_only_listed_units_have_a_result() -> None:
    scored = score_all(weighed_of(MIXED, aside=ASIDE))
    subjects = (scored.unit // N_LENSES).tolist()
    lenses = [LENSES[unit % N_LENSES] for unit in scored.unit]
    # S4 has withdrawn rows only; S3's relay of a quarantined row still counts itself among the listed.
    assert list(zip(subjects, lenses, strict=True)) == [(0, "harm_by"), (1, "harm_by"), (1, "harm_to"), (2, "harm_by")]


def test_nothing_to_score() -> None:
    scored = score_all(weighed_of([]))
    assert scored.unit.size == 0
    assert all(column.shape[-1] == 0 for column in scored.scores)
    assert scored.scores.variance.shape == (4, 0)
    assert list(blocks(weighed_of([]))) == []
