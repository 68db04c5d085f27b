"""The law of conservation of whatever is read: rows in = accepted + quarantined + exact duplicates."""

from __future__ import annotations

from collections.abc import Mapping


class Conserved:
    """What a table that was read says of itself: how many rows came, and what became of them; never a value.

    Who inherits it has ``counts``: for each source, ``rows_in``, ``accepted``, ``quarantined`` and ``duplicates``.
    """

    __slots__ = ()
    counts: Mapping[str, Mapping[str, int]]

    def total(self, which: str) -> int:
        """Return the sum over sources of ``rows_in``, ``accepted``, ``quarantined`` or ``duplicates``."""
        return sum(count[which] for count in self.counts.values())

    def conservation(self) -> str:
        """Return the law of conservation as a sentence, with its figures."""
        rows_in, accepted, quarantined, duplicates = (
            self.total(which) for which in ("rows_in", "accepted", "quarantined", "duplicates")
        )
        parts = f"{accepted:,} accepted + {quarantined:,} quarantined + {duplicates:,} exact duplicates"
        return f"{rows_in:,} rows in = {parts}"

    def __repr__(self) -> str:
        """Return counts only; never a value."""
        return f"{type(self).__name__}({self.conservation()})"
