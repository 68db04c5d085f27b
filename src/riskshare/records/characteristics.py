"""Protected characteristics: a type apart, so that nothing which scores can take one by mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True, repr=False)
class Characteristics:
    """Which group each subject belongs to, for the group audit alone. No score ever sees it.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a subject: ``subject_id``, then one column for each characteristic that was sent; missing where it was
        left blank.
    quarantine : pandas.DataFrame
        ``source, row, column, code, hint``: one line per fault.
    counts : mapping
        Per source: ``rows_in``, ``accepted``, ``quarantined``, ``duplicates``; the first is the sum of the others.
    """

    table: pd.DataFrame
    quarantine: pd.DataFrame
    counts: Mapping[str, Mapping[str, int]]

    @property
    def names(self) -> tuple[str, ...]:
        """The characteristics that were sent, in the order of the columns."""
        return tuple(str(name) for name in self.table.columns if name != "subject_id")

    def __repr__(self) -> str:
        """Count only; never a value."""
        sizes = f"{len(self.table):,} rows, {len(self.names):,} characteristics, {len(self.quarantine):,} faults"
        return f"Characteristics({sizes})"
