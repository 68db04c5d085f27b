"""Evidence to the coded rows that are scored: every row of a subject together, with its agreed trust and lineage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.answers import Answers
from riskshare.kernels.origins import Edges, Rows
from riskshare.kernels.scores import Policy
from riskshare.kernels.segments import Bools, Floats, Ints
from riskshare.records.evidence import Evidence
from riskshare.records.partnership import Partnership
from riskshare.trust.coding import Codes, code_names, policy_arrays
from riskshare.trust.columns import to_columns
from riskshare.trust.references import Declared, edges
from riskshare.trust.standing import REASONS, Standing, stand

N_LENSES = 2


@dataclass(frozen=True, slots=True, repr=False)
class Weighed:
    """Coded rows of all subjects, sorted by subject, ready for the kernels.

    Attributes
    ----------
    standing : Standing
        The versions that stand, in the words of the evidence.
    row : numpy.ndarray of int64
        For each coded row its place in ``standing``; −1 for quarantined records, which only bar what repeats them.
    subject : numpy.ndarray of int64
        Subject number of each coded row, rising.
    rows, edges, answers : Rows, Edges, Answers
        As ``kernels.scores.score`` takes them; unit = 2 × subject + lens; edges by rising tail, answers by unit.
    ref : numpy.ndarray of int64
        The reference each edge stands for, whether it was found or not.
    spoken : numpy.ndarray of bool
        Units with an answer, or a reading that could not be judged: they have a result even without a counted row.
    codes, policy
        The numbering of names, and the agreed numbers.
    """

    standing: Standing
    row: Ints
    subject: Ints
    rows: Rows
    edges: Edges
    ref: Ints
    answers: Answers
    spoken: Bools
    codes: Codes
    policy: Policy

    @property
    def n_subjects(self) -> int:
        """How many subjects the evidence names."""
        return int(self.standing.columns.subjects.size)


def weigh(
    evidence: Evidence,
    partnership: Partnership,
    *,
    as_of: int,
    severity: Floats,
    not_scored: Bools,
    conditions_met: frozenset[str] = frozenset(),
) -> Weighed:
    """Return the coded rows of evidence known at a day, with reasons for those that carry no weight.

    Parameters
    ----------
    evidence : Evidence
    partnership : Partnership
    as_of : int
        Days since 1970-01-01.
    severity : numpy.ndarray of float64, shape (n_rows,)
        Severity σ of each accepted row, in [0, 1].
    not_scored : numpy.ndarray of bool, shape (n_rows,)
        Rows whose reading has no place on the common scale.
    conditions_met : frozenset of str
        Named handling conditions that this use satisfies.

    Returns
    -------
    Weighed
        Empty for empty evidence.

    Raises
    ------
    EvidenceError
        The evidence carries codes this partnership has not agreed.
    """
    codes = code_names(partnership)
    own_words = frozenset(kind.id for kind in partnership.trust.source_types if kind.self_report)
    columns = to_columns(evidence.rows, codes, own_words, not_scored, severity)
    standing = stand(columns, partnership, codes, as_of=as_of, conditions_met=conditions_met)
    references = edges(standing.columns, evidence.barred, codes, as_of=as_of)
    return _assemble(standing, references, codes, policy_arrays(partnership, codes))


def _assemble(standing: Standing, found: Declared, codes: Codes, policy: Policy) -> Weighed:
    part = standing.columns
    n_rows, n_barred = part.index.size, found.barred_subject.size
    subject = np.concatenate((part.subject, found.barred_subject))
    order = np.argsort(subject, kind="stable")
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    absent = found.head >= n_rows + n_barred
    head = found.head.copy()
    head[~absent] = place[found.head[~absent]]
    row = np.where(order < n_rows, order, -1)
    by_tail = np.argsort(place[found.tail], kind="stable")
    return Weighed(
        standing=standing,
        row=row,
        subject=subject[order],
        rows=_rows(standing, found, order),
        edges=Edges(place[found.tail][by_tail], head[by_tail], found.agency),
        ref=found.ref[by_tail],
        answers=_answers(standing),
        spoken=_spoken(standing, int(part.subjects.size)),
        codes=codes,
        policy=policy,
    )


def _rows(standing: Standing, found: Declared, order: Ints) -> Rows:
    part = standing.columns
    n_barred = found.barred_subject.size
    declared = part.lineage != None  # noqa: E711 - elementwise

    def column(values: NDArray[Any], barred: float) -> NDArray[Any]:
        return np.concatenate((values, np.full(n_barred, barred, dtype=values.dtype)))[order]

    subject = np.concatenate((part.subject, found.barred_subject))
    lens = np.concatenate((np.maximum(part.lens, 0), np.zeros(n_barred, dtype=np.int64)))
    return Rows(
        unit=(subject * N_LENSES + lens)[order],
        indicator=np.concatenate((part.indicator, np.maximum(found.barred_indicator, 0)))[order],
        agency=np.concatenate((part.agency, found.barred_agency))[order],
        cell=column(part.cell, 0),
        severity=column(part.severity, 0.0),
        denies=column(part.denies, False),
        anecdotal=column(part.anecdotal, False),
        age=column(standing.age, 0),
        recorded=column(standing.as_of - standing.first, 0),
        claim=column(part.claim, -1),
        lineage=column(declared.astype(np.bool_), False),
        counts=column(standing.reason == REASONS.index("counts"), False),
        dead=column(standing.dead, True),
    )


def _answers(standing: Standing) -> Answers:
    """Return the returned and nil answers that may count."""
    part = standing.columns
    keep = np.isin(part.answer, ("returned", "nil")) & ~standing.barred & (part.lens >= 0)
    unit = part.subject * N_LENSES + part.lens
    rows = np.flatnonzero(keep)
    rows = rows[np.argsort(unit[rows], kind="stable")]
    factual = ~part.anecdotal[rows]
    return Answers(
        unit=unit[rows],
        agency=part.agency[rows],
        indicator=part.indicator[rows],
        nil=part.answer[rows] == "nil",
        checked=factual & ~part.self_report[rows],
        factual=factual,
        age=standing.age[rows],
    )


def _spoken(standing: Standing, n_subjects: int) -> Bools:
    """Return units with an answer or a reading that could not be judged."""
    part = standing.columns
    returned = (standing.reason == REASONS.index("counts")) & np.isin(part.answer, ("returned",))
    silent = np.isin(standing.reason, [REASONS.index(name) for name in ("answer", "not_scored")])
    here = (returned | silent) & (part.lens >= 0)
    spoken = np.zeros(n_subjects * N_LENSES, dtype=np.bool_)
    spoken[part.subject[here] * N_LENSES + part.lens[here]] = True
    return spoken
