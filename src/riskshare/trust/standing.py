"""Which rows stand at a date, which of them count, and the reason where one does not. Methods: model, section 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from riskshare.kernels.segments import Bools, Ints, boundaries, packed_order, run_lengths
from riskshare.records.evidence import ARISES_FROM
from riskshare.records.partnership import Partnership
from riskshare.trust.coding import Codes
from riskshare.trust.columns import Columns

REASONS: Final = (
    "counts",
    "withdrawn",
    "past_retention",
    "suspected_false",
    "handling",
    "no_gateway",
    "where_we_looked",
    "not_scored",
    "third_party",
    "lens_not_agreed",
    "staff_safety",
    "answer",
    "relay",
)
"""Why a standing row carries no weight of its own; ``counts`` where it does.

``relay`` is given later, to rows every origin of which may not count.
"""

BARRING: Final = (
    "withdrawn",
    "past_retention",
    "suspected_false",
    "handling",
    "no_gateway",
    "where_we_looked",
    "not_scored",
)
"""Reasons why a row may not be used at all (methods: model, section 1)."""

OF_THE_USE: Final = ("handling", "no_gateway", "where_we_looked", "not_scored")
"""Reasons why a row has no weight, though what it tells may be so. None may stand before another reason: a child is not
protected less where the gateway of a record is named."""

_NO_OWN_WEIGHT = ("nil", "not_asked", "refused", "overdue")


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """The version of each row that stands at ``as_of``, and why it counts or not.

    ``first`` is the recording day of the earliest version known; ``age`` is days from event to ``as_of``;
    ``reason`` numbers ``REASONS``.
    """

    columns: Columns
    first: Ints
    age: Ints
    reason: Ints
    as_of: int

    @property
    def barred(self) -> Bools:
        """Rows that may not be used at all."""
        return np.isin(self.reason, [REASONS.index(name) for name in BARRING])

    @property
    def tells(self) -> Bools:
        """Rows that may be so, whether or not they may be used here: what protects somebody looks at these."""
        return ~self.barred | np.isin(self.reason, [REASONS.index(name) for name in OF_THE_USE])

    @property
    def dead(self) -> Bools:
        """Rows that bar whatever repeats them (ruling R5): those barred, and answers that report nothing to repeat."""
        return np.asarray(self.barred | (self.reason == REASONS.index("answer")), dtype=np.bool_)


def known_at(columns: Columns, as_of: int) -> tuple[Ints, Ints]:
    """Return the rows that stand at a day, and the first recording day of each.

    Parameters
    ----------
    columns : Columns
    as_of : int
        Days since 1970-01-01. Rows recorded later are not known.

    Returns
    -------
    rows, first : numpy.ndarray of int64
        The latest version known of each key (agency, record, subject, indicator), and when it was first recorded.
    """
    known = np.flatnonzero(columns.recorded <= as_of)
    part = columns.take(known)
    recorded = part.recorded - part.recorded.min(initial=0)
    order = packed_order((part.subject, part.agency, part.record, part.indicator, recorded))
    starts = boundaries(*(column[order] for column in (part.subject, part.agency, part.record, part.indicator)))
    last = starts + run_lengths(starts, known.size) - 1
    return known[order[last]], part.recorded[order[starts]]


def stand(
    columns: Columns, partnership: Partnership, codes: Codes, *, as_of: int, conditions_met: frozenset[str]
) -> Standing:
    """Return the rows that stand at ``as_of`` and whether each counts.

    Parameters
    ----------
    columns : Columns
    partnership : Partnership
    codes : Codes
    as_of : int
        Days since 1970-01-01.
    conditions_met : frozenset of str
        Named handling conditions that this use satisfies.

    Returns
    -------
    Standing
        Where several reasons hold, the first of ``REASONS`` is given.
    """
    rows, first = known_at(columns, as_of)
    part = columns.take(rows)
    age = as_of - part.event
    reason = np.zeros(rows.size, dtype=np.int64)
    tests = _tests(part, partnership, codes, age, conditions_met)
    for name in reversed(REASONS):
        if name in tests:
            reason[tests[name]] = REASONS.index(name)
    return Standing(part, first, age, reason, as_of)


def _tests(
    part: Columns, partnership: Partnership, codes: Codes, age: Ints, conditions_met: frozenset[str]
) -> dict[str, Bools]:
    trust = partnership.trust
    kinds = {kind.id: kind for kind in trust.indicators}
    ordered = [kinds[name] for name in codes.indicators]
    retention = np.array([kind.retention_days for kind in ordered], dtype=np.int64)
    staff = np.array([kind.staff_safety for kind in ordered], dtype=np.bool_)
    in_lens = np.array([[lens in kind.lens for lens in ("harm_by", "harm_to")] for kind in ordered], dtype=np.bool_)
    looked = [ARISES_FROM.index(name) for name in ("agency_initiated", "prompted_by_partnership")]
    third_party = part.lens < 0
    return {
        "withdrawn": part.withdrawn,
        "past_retention": age >= retention[part.indicator],
        "suspected_false": part.suspected_false,
        "handling": _unmet(part, conditions_met),
        "no_gateway": np.isin(part.data_class, list(trust.needs_gateway)) & ~part.gateway,
        "where_we_looked": np.isin(part.arises, looked),
        "not_scored": part.not_scored,
        "third_party": third_party,
        "lens_not_agreed": ~third_party & ~in_lens[part.indicator, np.maximum(part.lens, 0)],
        "staff_safety": staff[part.indicator],
        "answer": np.isin(part.answer, _NO_OWN_WEIGHT),
    }


def _unmet(part: Columns, conditions_met: frozenset[str]) -> Bools:
    """Return rows that carry a named handling condition which is not met."""
    unmet = np.zeros(part.index.size, dtype=np.bool_)
    carrying = np.flatnonzero(part.conditions != None)  # noqa: E711 - elementwise
    for text in set(part.conditions[carrying]):
        if not set(text.split(";")) <= conditions_met:
            unmet |= part.conditions == text
    return unmet
