"""Scores of whole caseloads, in the NumPy or the compiled form: the figures of every unit, and few facts of rows.

What explains a score is not made here: ``scores.score`` makes it for the subject that is asked about.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskshare.kernels.answers import Answers
from riskshare.kernels.origins import Edges, Rows
from riskshare.kernels.scores import Detail, Policy, Scores, assemble, score
from riskshare.kernels.segments import Ints


class RowFacts(NamedTuple):
    """What a block says of its rows, by number, rising.

    ``counted`` rows have weight, ``youngest`` is the age in days of their youngest origin; ``barred`` rows have none
    because every origin of theirs may not count; ``circular`` ones are in or behind a ring; ``twinned`` ones may
    tell one story twice.
    """

    counted: Ints
    youngest: Ints
    barred: Ints
    circular: Ints
    twinned: Ints


def row_facts(detail: Detail, n_rows: int) -> RowFacts:
    """Return what ``detail`` says of the rows of its block."""
    origins = detail.origins
    counted = np.unique(origins.row)
    youngest = np.full(n_rows, np.iinfo(np.int64).max)
    np.minimum.at(youngest, origins.row, origins.pairs.age)
    twin_pairs = detail.capped.base.order[detail.capped.base.twin]
    return RowFacts(
        counted, youngest[counted], origins.dead_row, np.unique(origins.row[origins.cycle]),
        np.unique(origins.row[twin_pairs]),
    )  # fmt: skip


def score_rows(
    rows: Rows, edges: Edges, answers: Answers, policy: Policy, unit_lens: Ints, n_units: int, *, compiled: bool
) -> tuple[Scores, RowFacts]:
    """Return the scores of whole subjects' rows, and the few facts of rows that a caseload needs.

    Arguments as ``score``; ``compiled`` says which form tells them: the bits are the same. Raises ``ImportError``
    where it is True and numba (extra ``fast``) is not installed.
    """
    if compiled:
        from riskshare.kernels.compiled import part_units

        told = part_units(rows, edges, policy, n_units)
        if told is not None:
            return assemble(told[0], answers, policy, unit_lens, n_units), told[1]
    scores, detail = score(rows, edges, answers, policy, unit_lens, n_units)
    return scores, row_facts(detail, rows.unit.size)
