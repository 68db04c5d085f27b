"""What the parts of sharing hand to the one that logs and seals it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from riskshare.records.sharing_request import Decision
from riskshare.sharing.asking import Items
from riskshare.sharing.release_register import Release
from riskshare.sharing.shared import SharedKind

MOST_PERSON_ROWS = 50
"""Lines about people that one person may export alone (methods: safety, 3.2)."""


@dataclass(frozen=True, repr=False)
class Made:
    """One result as it may leave, not yet logged.

    ``subjects`` are the true ids of those it speaks of, for commitments in the log. ``items`` are the classes of rows
    that it is made of, and ``refused`` why other rows were left out: codes for the log, and for whoever asked where
    nothing is left; they never stand in a ``Shared``. ``releases`` are what the register must admit first. ``desk`` is
    for whoever shares it, and leaves in no file.
    """

    kind: SharedKind
    title: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    kept: tuple[tuple[str, str, str], ...] = ()
    withheld: tuple[tuple[str, str, str], ...] = ()
    suppressed: tuple[tuple[str, str, int, str], ...] = ()
    notes: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    subjects: frozenset[str] = frozenset()
    person_rows: int = 0
    refused: frozenset[str] = frozenset()
    releases: tuple[Release, ...] = ()
    items: tuple[Items, ...] = ()
    desk: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Count only."""
        return f"Made({self.kind}, {len(self.tables)} tables)"

    def joined(self, other: Made) -> Made:
        """Return both in one: kind and title of the first that holds a table, or of the one that has a title."""
        first = self if self.tables or not other.tables else other
        return replace(
            first,
            title=first.title or self.title or other.title,
            tables={**self.tables, **other.tables},
            kept=self.kept + other.kept,
            withheld=self.withheld + other.withheld,
            suppressed=self.suppressed + other.suppressed,
            notes=tuple(dict.fromkeys((*self.notes, *other.notes))),
            decisions=self.decisions + other.decisions,
            subjects=self.subjects | other.subjects,
            person_rows=self.person_rows + other.person_rows,
            refused=self.refused | other.refused,
            releases=self.releases + other.releases,
            items=self.items + other.items,
            desk=self.desk + other.desk,
        )
