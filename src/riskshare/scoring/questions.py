"""Which expected questions have been answered about a person, by whom, and what each is worth. Methods: model, 8."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.kernels.answers import Answers, Expected, ask
from riskshare.kernels.segments import Bools, Floats, Ints
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES, ExpectedAnswer
from riskshare.scoring.frames import as_text
from riskshare.scoring.score import Block
from riskshare.trust.weigh import N_LENSES, Weighed

QUESTION_COLUMNS: Final = (
    "subject_id", "lens", "question", "wording", "asked_of", "indicator", "answer", "answered", "answered_by",
    "record_id", "answer_date", "freshness", "weight", "completeness", "doubt", "nats",
)  # fmt: skip
_TEXT: Final = (
    "subject_id", "lens", "question", "wording", "asked_of", "indicator", "answer", "answered_by", "record_id",
)  # fmt: skip
_FORMAL: Final = ("returned", "nil")
"""Answers that settle a question; the others say only that nobody did."""


def freshness_of_questions(answers: Answers, expected: Expected, n_units: int) -> Floats:
    """Return f_m of each unit and question (unit × question): the freshness of its newest returned or nil answer.

    0 where there is none. Methods: model, section 8.
    """
    fresh = np.zeros((n_units, expected.lens.size))
    for m in range(expected.lens.size):
        fits = (answers.indicator == expected.indicator[m]) & expected.agencies[m][answers.agency]
        np.maximum.at(fresh[:, m], answers.unit[fits], np.exp2(-answers.age[fits] / expected.half_life[m]))
    return fresh


def asked_among(weighed: Weighed, unit: Ints, chosen: Bools) -> tuple[Floats, NDArray[np.object_]]:
    """Return completeness and most useful gap of some units over some of the agreed questions alone.

    Parameters
    ----------
    weighed : Weighed
    unit : numpy.ndarray of int64
        Numbers of units: 2 × subject + lens.
    chosen : numpy.ndarray of bool
        One for each question, in order of ``weighed.codes.expected``. With all of them both are the published ones.

    Returns
    -------
    completeness : numpy.ndarray of float64
        NaN where none of the chosen is of the unit's lens.
    gap : numpy.ndarray of object
        Ids; None where nothing is missing.
    """
    expected = Expected._make(column[chosen] for column in weighed.policy.expected)
    lens = np.tile(np.arange(N_LENSES), weighed.n_subjects)
    found = ask(weighed.answers, expected, lens, lens.size)
    names = np.array([*np.array(weighed.codes.expected, dtype=object)[chosen], None], dtype=object)
    return found.completeness[unit], names[found.gap[unit]]


def question_table(weighed: Weighed, part: Block, listed: Ints, partnership: Partnership) -> pd.DataFrame:
    """Return each expected question of one subject's listed units: answered or not, by what, and its weight.

    Parameters
    ----------
    weighed : Weighed
    part : Block
        One subject.
    listed : numpy.ndarray of int64
        Its units that have a result.
    partnership : Partnership
        For the wording.

    Returns
    -------
    pandas.DataFrame
        ``QUESTION_COLUMNS``, a line for each question of the lens, the most useful gap first. ``answered`` says that a
        returned or nil answer counts; ``answer`` is that one, else the newest other (not_asked, refused, overdue),
        else missing. ``weight`` = v_m / Σ v is what the question is worth in completeness, ``completeness`` = weight ×
        freshness what it adds to it, ``doubt`` = v_m(1 − f_m) what it leaves in the variance, ``nats`` what a checked
        nil takes off the log-odds (0 or below). The last three sum to the published figures.

    Notes
    -----
    A record is not an answer: it says that something happened, not that the agency looked and this is all it holds.
    """
    expected = weighed.policy.expected
    worth = expected.prior * (1.0 - expected.prior) * (expected.raises + expected.lowers) ** 2
    asked = {question.id: question for question in partnership.trust.expected_answers}
    fresh = freshness_of_questions(part.answers, expected, part.n_subjects * N_LENSES)
    lines: list[dict[str, Any]] = []
    for unit in sorted(listed.tolist(), key=lambda one: LENSES[one % N_LENSES] != "harm_to"):
        mine = np.flatnonzero(expected.lens == unit % N_LENSES)
        total = float(worth[mine].sum())
        found = [_line(weighed, part, unit, int(m), asked, float(fresh[unit, m]), float(worth[m]), total) for m in mine]
        lines += sorted(found, key=lambda line: (-line["doubt"], line["question"]))
    frame = as_text(pd.DataFrame(lines, columns=list(QUESTION_COLUMNS)), _TEXT)
    numbers = dict.fromkeys(("freshness", "weight", "completeness", "doubt", "nats"), "float64")
    return frame.astype({**numbers, "answered": "bool", "answer_date": "datetime64[s]"})


def _line(
    weighed: Weighed, part: Block, unit: int, m: int, asked: dict[str, ExpectedAnswer], fresh: float, worth: float,
    total: float,
) -> dict[str, Any]:  # fmt: skip
    standing, codes = weighed.standing.columns, weighed.codes
    question = asked[codes.expected[m]]
    row, answered = _answer(weighed, part, unit, m)
    told: dict[str, Any] = {"answer": None, "answered_by": None, "record_id": None, "answer_date": None, "nats": 0.0}
    if row >= 0:
        told = {
            "answer": standing.answer[row],
            "answered_by": codes.agencies[standing.agency[row]],
            "record_id": standing.records[standing.record[row]],
            "answer_date": np.datetime64(int(standing.event[row]), "D"),
            "nats": 0.0 - question.lowers * fresh if answered and _is_checked_nil(weighed, row) else 0.0,
        }
    weight = worth / total if total > 0 else 0.0
    return {
        "subject_id": standing.subjects[unit // N_LENSES + part.first_subject], "lens": LENSES[unit % N_LENSES],
        "question": question.id, "wording": question.question,
        "asked_of": question.agency or (f"any {question.sector} agency" if question.sector else "any agency"),
        "indicator": question.indicator, "answered": answered, "freshness": fresh, "weight": weight,
        "completeness": weight * fresh, "doubt": worth * (1.0 - fresh), **told,
    }  # fmt: skip


def _answer(weighed: Weighed, part: Block, unit: int, m: int) -> tuple[int, bool]:
    """Return the standing row that answers a question best (−1 for none), and whether it settles it.

    A newer answer before an older one; of one day returned, then a checked nil, before any other.
    """
    standing, expected = weighed.standing, weighed.policy.expected
    rows = standing.columns
    mine = (rows.subject == unit // N_LENSES + part.first_subject) & (rows.lens == unit % N_LENSES)
    fits = mine & (rows.indicator == expected.indicator[m]) & expected.agencies[m][rows.agency]
    usable = np.flatnonzero(fits & (rows.answer != None) & ~standing.barred)  # noqa: E711 - elementwise
    formal = np.isin(rows.answer[usable].astype(str), _FORMAL)
    if not usable.size:
        return -1, False
    some = usable[formal] if formal.any() else usable
    returned, checked = rows.answer[some] == "returned", [_is_checked_nil(weighed, int(row)) for row in some]
    order = np.lexsort((rows.record[some], rows.agency[some], ~np.array(checked), ~returned, standing.age[some]))
    return int(some[order[0]]), bool(formal.any())


def _is_checked_nil(weighed: Weighed, row: int) -> bool:
    """Return whether a factual row that is no self-report stands behind a nil (ruling R10)."""
    rows = weighed.standing.columns
    return bool(rows.answer[row] == "nil" and not rows.anecdotal[row] and not rows.self_report[row])
