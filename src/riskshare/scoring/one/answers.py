"""Expected answers of one unit: ``kernels.answers`` for one subject. Methods: model, section 8."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from riskshare.scoring.one.agreed import Agreed
from riskshare.scoring.one.numbers import exp2, run_sum, units_of
from riskshare.scoring.one.rows import Row


@dataclass(slots=True, eq=False, repr=False)
class Asked:
    """Nats that nil answers take off, in units of 2⁻⁴⁰ (``factual``: factual answers only), and the doubt left.

    ``completeness`` is NaN where nothing is expected; ``gap`` None where nothing is missing.
    """

    nil: int
    factual_nil: int
    doubt: float
    completeness: float
    gap: str | None


def ask(answers: Sequence[Row], agreed: Agreed, lens: int) -> Asked:
    """Return what the returned and nil answers of one unit come to; they may all count."""
    if not agreed.questions:
        return Asked(0, 0, 0.0, math.nan, None)
    taken: list[float] = []
    worth: list[float] = []
    known: list[float] = []
    missing: list[float] = []
    for question in agreed.questions:
        if question.lens != lens:  # it takes its place among the sums as a nought
            for column in (taken, worth, known, missing):
                column.append(0.0)
            continue
        fits = [a for a in answers if a.kind.number == question.indicator and question.agencies[a.agency.number]]
        fresh, is_nil = _newest(fits, question.half_life)
        taken.append(question.lowers * fresh if is_nil else 0.0)
        worth.append(question.value)
        known.append(question.value * fresh)
        missing.append(question.value * (1.0 - fresh))
    nil = units_of(run_sum(taken))
    facts = [answer for answer in answers if not answer.anecdotal]
    factual = nil if len(facts) == len(answers) else ask(facts, agreed, lens).nil
    total, most = run_sum(worth), max(missing)
    return Asked(
        nil, factual, run_sum(missing), run_sum(known) / total if total > 0.0 else math.nan,
        agreed.questions[missing.index(most)].id if most > 0.0 else None,
    )  # fmt: skip


def _newest(answers: Sequence[Row], half_life: float) -> tuple[float, bool]:
    """Return the freshness of the newest of some answers, and whether it is a checked nil (ruling R10)."""
    if not answers:
        return 0.0, False
    age = min(answer.age for answer in answers)
    latest = [answer for answer in answers if answer.age == age]
    returned = any(answer.answer != "nil" for answer in latest)
    checked = any(a.answer == "nil" and not a.anecdotal and not (a.cell and a.cell.self_report) for a in latest)
    return exp2(-age / half_life), checked and not returned
