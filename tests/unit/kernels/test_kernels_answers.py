"""Expected answers: the newest decides, only a checked nil lowers, and what is missing stays missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from riskshare.kernels.answers import Answers, Asked, Expected, ask

NONE = np.zeros(0, dtype=np.int64)
ONE_QUESTION: tuple[dict[str, Any], ...] = ({},)
QUESTION: dict[str, Any] = {
    "lens": 0, "indicator": 1, "agencies": (1,), "prior": 0.5, "raises": 1.0, "lowers": 1.0, "half_life": 90.0,
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "unit": 0, "agency": 1, "indicator": 1, "nil": True, "checked": True, "factual": True, "age": 0,
}  # fmt: skip


def asked(*answers: dict[str, Any], questions: tuple[dict[str, Any], ...] = ONE_QUESTION,
          lenses: tuple[int, ...] = (0,)) -> Asked:  # fmt: skip
    rows = [{**ANSWER, **answer} for answer in answers]
    kinds = dict.fromkeys(("nil", "checked", "factual"), np.bool_)
    sent = Answers(**{name: np.array([r[name] for r in rows], dtype=kinds.get(name, np.int64)) for name in ANSWER})
    agreed = [{**QUESTION, **question} for question in questions]
    may = np.array([[a in q["agencies"] for a in range(3)] for q in agreed], dtype=np.bool_).reshape(len(agreed), 3)
    column = {name: np.array([q[name] for q in agreed]) for name in QUESTION if name != "agencies"}
    expected = Expected(**{**column, "agencies": may})
    return ask(sent, expected, np.array(lenses, dtype=np.int64), len(lenses))


def figures(found: Asked, unit: int = 0) -> tuple[float, float, float, int]:
    return tuple(column[unit] for column in found)


def test_nothing_expected_is_nothing_known() -> None:
    found = asked(questions=())
    assert found.nil.tolist() == found.doubt.tolist() == [0.0]
    assert np.isnan(found.completeness[0])
    assert found.gap.tolist() == [-1]


def test_no_units() -> None:
    assert [column.size for column in asked(lenses=())] == [0, 0, 0, 0]


def test_silence_leaves_all_the_doubt() -> None:
    assert figures(asked()) == (0.0, 1.0, 0.0, 0)


@pytest.mark.parametrize("age", [0, 90, 180])
def test_a_checked_nil_takes_off_as_much_as_it_is_fresh(age: int) -> None:
    f = 0.5 ** (age / 90)
    assert figures(asked({"age": age})) == pytest.approx((f, 1.0 - f, f, 0 if age else -1))


def test_an_unchecked_nil_is_an_answer_but_lowers_nothing() -> None:
    assert figures(asked({"checked": False})) == (0.0, 0.0, 1.0, -1)


def test_on_one_day_returned_goes_before_nil() -> None:
    assert asked({"age": 5}, {"age": 5, "nil": False}).nil[0] == 0.0


def test_the_newest_answer_decides() -> None:
    assert asked({"age": 5}, {"age": 9, "nil": False}).nil[0] == pytest.approx(0.5 ** (5 / 90))
    assert asked({"age": 9}, {"age": 5, "nil": False}).nil[0] == 0.0


@pytest.mark.parametrize("change", [{"agency": 2}, {"indicator": 0}, {"unit": 1}])
def test_only_the_asked_may_answer_and_only_what_was_asked(change: dict[str, int]) -> None:
    assert figures(asked(change, lenses=(0, 0))) == (0.0, 1.0, 0.0, 0)


def test_several_agencies_of_a_sector_may_answer() -> None:
    questions = ({"agencies": (1, 2)},)
    assert asked({"agency": 2, "age": 90}, {"agency": 1, "age": 0}, questions=questions).nil.tolist() == [1.0]


def test_a_question_is_asked_in_its_own_lens() -> None:
    found = asked({"unit": 1}, lenses=(0, 1))
    assert figures(found, 0) == (0.0, 1.0, 0.0, 0)
    assert np.isnan(found.completeness[1])
    assert (found.nil[1], found.doubt[1], found.gap[1]) == (0.0, 0.0, -1)


def test_the_most_useful_gap_is_the_one_worth_most() -> None:
    questions = ({"raises": 0.2}, {"indicator": 0, "raises": 0.5}, {"indicator": 2, "raises": 0.4})
    assert asked(questions=questions).gap.tolist() == [1]
    assert asked({"indicator": 0}, questions=questions).gap.tolist() == [2]


def test_a_worthless_question_is_no_gap() -> None:
    found = asked(questions=({"prior": 0.0},))
    assert found.gap.tolist() == [-1]
    assert np.isnan(found.completeness[0])


def test_an_order_of_questions_changes_no_bit() -> None:
    rng = np.random.default_rng(6)
    questions = [
        {"indicator": i, "prior": float(rng.random()), "raises": float(rng.random()), "lowers": float(rng.random())}
        for i in range(9)
    ]
    answers = [{"indicator": i, "age": int(rng.integers(0, 200))} for i in range(0, 9, 2)]
    one = asked(*answers, questions=tuple(questions))
    other = asked(*answers[::-1], questions=tuple(questions[::-1]))
    assert [column[0] for column in one[:3]] == [column[0] for column in other[:3]]
    assert one.gap[0] == 8 - other.gap[0]
