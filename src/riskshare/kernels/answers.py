"""Expected answers: how fresh each is, what a checked nil takes off, and how much doubt silence leaves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.segments import Bools, Floats, Ints, run_sum


class Answers(NamedTuple):
    """Returned and nil answers that may count, one line each.

    ``nil`` is False where the answer was returned; ``checked`` where a factual row that is not a self-report stands
    behind it; ``factual`` by its basis; ``age`` in days.
    """

    unit: Ints
    agency: Ints
    indicator: Ints
    nil: Bools
    checked: Bools
    factual: Bools
    age: Ints


class Expected(NamedTuple):
    """Agreed questions m: lens, indicator, which agencies may answer (m × agency), π_m, raise_m, lower_m, half-life."""

    lens: Ints
    indicator: Ints
    agencies: Bools
    prior: Floats
    raises: Floats
    lowers: Floats
    half_life: Floats


class Asked(NamedTuple):
    """Per unit: nats taken off by nil answers, V_miss, completeness (NaN: nothing expected), and the greatest gap.

    ``gap`` is the number of the expected answer with the greatest v_m(1 − f_m), −1 where nothing is missing.
    """

    nil: Floats
    doubt: Floats
    completeness: Floats
    gap: Ints


def ask(answers: Answers, expected: Expected, unit_lens: Ints, n_units: int) -> Asked:
    """Return what expected answers take off each unit's score and how much doubt their absence leaves.

    Parameters
    ----------
    answers : Answers
    expected : Expected
    unit_lens : numpy.ndarray of int64, shape (n_units,)
        The lens of each unit.
    n_units : int

    Returns
    -------
    Asked

    Notes
    -----
    v_m = π(1 − π)(raise + lower)²; f_m = 2^(−age/h) of the newest returned or nil answer (same day: returned);
    V_miss = Σ v(1 − f); completeness = Σ v f / Σ v. Methods: model, section 8, ruling R10.

    Examples
    --------
    One question of π 0.5, raise 1, lower 1 (v = 1), answered nil 90 days ago at half-life 90: f = ½.

    >>> one = np.array([0])
    >>> a = Answers(one, one, one, one == 0, one == 0, one == 0, np.array([90]))
    >>> e = Expected(one, one, np.array([[True]]), np.array([0.5]), np.array([1.0]), np.array([1.0]), np.array([90.0]))
    >>> asked = ask(a, e, one, 1)
    >>> asked.nil.tolist(), asked.doubt.tolist(), asked.completeness.tolist(), asked.gap.tolist()
    ([0.5], [0.5], [0.5], [0])
    """
    n_questions = expected.lens.size
    if n_questions == 0 or n_units == 0:
        zeros = np.zeros(n_units)
        return Asked(zeros, zeros, np.full(n_units, np.nan), np.full(n_units, -1, dtype=np.int64))
    value = expected.prior * (1.0 - expected.prior) * (expected.raises + expected.lowers) ** 2
    fresh = np.zeros((n_units, n_questions))
    taken = np.zeros((n_units, n_questions))
    for m in range(n_questions):
        fresh[:, m], is_nil = _newest(answers, expected, m, n_units)
        taken[:, m] = np.where(is_nil, expected.lowers[m] * fresh[:, m], 0.0)
    asked = expected.lens[None, :] == unit_lens[:, None]
    worth = np.where(asked, value, 0.0)
    missing = worth * (1.0 - fresh)
    total, known = _row_sum(worth), _row_sum(worth * fresh)
    with np.errstate(invalid="ignore"):
        completeness = np.where(total > 0, known / total, np.nan)
    gap = np.where(missing.max(axis=1) > 0, np.argmax(missing, axis=1), -1)
    return Asked(_row_sum(np.where(asked, taken, 0.0)), _row_sum(missing), completeness, gap)


def _row_sum(table: Floats) -> Floats:
    """Sum each line in order of value, so that the order of questions cannot matter."""
    width = table.shape[1]
    return run_sum(table.ravel(), np.arange(0, table.size, width))


def _newest(answers: Answers, expected: Expected, m: int, n_units: int) -> tuple[Floats, Bools]:
    """Return the freshness of each unit's newest answer to question m, and whether it is a checked nil."""
    fits = np.flatnonzero((answers.indicator == expected.indicator[m]) & expected.agencies[m][answers.agency])
    unit, age = answers.unit[fits], answers.age[fits]
    none = np.iinfo(np.int64).max
    newest = np.full(n_units, none)
    np.minimum.at(newest, unit, age)
    latest = age == newest[unit]
    returned, checked = np.zeros(n_units, dtype=np.bool_), np.zeros(n_units, dtype=np.bool_)
    returned[unit[latest & ~answers.nil[fits]]] = True
    checked[unit[latest & answers.nil[fits] & answers.checked[fits]]] = True
    fresh = np.where(newest < none, np.exp2(-newest / expected.half_life[m]), 0.0)
    return fresh, checked & ~returned
