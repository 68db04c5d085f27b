"""What could be read of a partnership folder, so that the rest can still be checked when a part is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from riskshare.errors import Problem
from riskshare.records.base import Record
from riskshare.records.partnership import Agency, Signature
from riskshare.records.policy import (
    ExpectedAnswer,
    Family,
    Gateway,
    Grade,
    HandlingCondition,
    Indicator,
    SourceType,
    TrustPolicy,
)
from riskshare.records.scale import CommonScale, Scale

R_co = TypeVar("R_co", bound=Record, covariant=True)


@dataclass(frozen=True, slots=True)
class Entry(Generic[R_co]):
    """One record with the place it came from, and the fields of it that could not be read.

    A field named in ``bad`` may be absent from ``record``: ask ``has`` before touching it.
    """

    file: str
    key: str
    record: R_co
    bad: frozenset[str] = frozenset()

    def has(self, *fields: str) -> bool:
        """Return whether all these fields were read."""
        return self.bad.isdisjoint(fields)

    def problem(self, path: str, rule: str, remedy: str) -> Problem:
        """Return a problem at ``path`` inside this entry."""
        key = f"{self.key}.{path}" if self.key and path else self.key or path
        return Problem(self.file, key, rule, remedy)


@dataclass(frozen=True, slots=True)
class Group(Generic[R_co]):
    """The entries of one list that could be read, and every id the list claims, read or not.

    ``whole`` is false where some id could not be read: nothing may then be called unknown.
    """

    entries: tuple[Entry[R_co], ...] = ()
    ids: frozenset[str] = frozenset()
    whole: bool = False

    def lacks(self, identifier: str) -> bool:
        """Return whether the list certainly has no entry of that id."""
        return self.whole and identifier not in self.ids


@dataclass(frozen=True, slots=True)
class Draft:
    """A partnership as far as it could be read. ``None``: that file could not be read at all."""

    agencies: Group[Agency]
    common_scale: Entry[CommonScale] | None
    scales: Group[Scale]
    trust: Entry[TrustPolicy] | None
    grades: Group[Grade]
    source_types: Group[SourceType]
    indicators: Group[Indicator]
    families: Group[Family]
    expected_answers: Group[ExpectedAnswer]
    gateways: Group[Gateway]
    handling_conditions: Group[HandlingCondition]
    signatures: Group[Signature]


def repeated(values: tuple[str, ...]) -> list[int]:
    """Return the positions of values that stood earlier in the list already.

    >>> repeated(("a", "b", "a", "a"))
    [2, 3]
    """
    seen: set[str] = set()
    found = []
    for position, value in enumerate(values):
        if value in seen:
            found.append(position)
        seen.add(value)
    return found
