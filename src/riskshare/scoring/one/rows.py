"""One subject's rows: which version of each stands at a day, and why a row carries no weight. Methods: model, 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from riskshare.scoring.one.agreed import Agreed, Cell, Kind, Partner
from riskshare.trust.standing import BARRING, OF_THE_USE

_LOOKED = ("agency_initiated", "prompted_by_partnership")
_NO_OWN_WEIGHT = ("nil", "not_asked", "refused", "overdue")
_BARRING = frozenset(BARRING)


@dataclass(slots=True, eq=False, repr=False)
class Reading:
    """A reading beside its place: σ (None where it has none), common position, native band, own "high", route."""

    common: float | None
    severity: float | None
    native_band: str
    is_high: bool
    override: bool
    first_day: int
    """The scale holds from this day on, and before ``after`` (None: for good)."""
    after: int | None

    def outside(self, day: int) -> bool:
        """Return whether a day lies outside the scale's dates."""
        return day < self.first_day or (self.after is not None and day >= self.after)


@dataclass(slots=True, eq=False, repr=False)
class Row:
    """A row as it was read, days counted from 1970-01-01; ``cell`` is None where suspected to be false.

    The last four are worked out here: the first recording of any version, age in days, why it does not count (empty
    where it does), and its number among the rows that stand.
    """

    subject: str
    record: str
    agency: Partner
    kind: Kind
    lens: int
    cell: Cell | None
    anecdotal: bool
    arises: str
    denies: bool
    withdrawn: bool
    event: int
    recorded: int
    severity: float
    scale: str | None
    value: str
    reading: Reading | None
    claim: str | None
    lineage: tuple[str, ...]
    answer: str | None
    conditions: frozenset[str]
    has_gateway: bool
    data_class: str
    first: int = 0
    age: int = 0
    reason: str = ""
    number: int = -1

    @property
    def key(self) -> tuple[int, str, int]:
        """What makes it the same row, in the order rows stand in."""
        return self.agency.number, self.record, self.kind.number

    @property
    def barred(self) -> bool:
        """Whether it may not be used at all."""
        return self.reason in _BARRING

    @property
    def tells(self) -> bool:
        """Whether it may be so, whether or not it may be used here: what protects somebody looks at it."""
        return not self.barred or self.reason in OF_THE_USE

    @property
    def dead(self) -> bool:
        """Whether it bars what repeats it."""
        return self.reason == "answer" or self.reason in _BARRING


def stand(rows: Iterable[Row], agreed: Agreed, as_of: int, conditions_met: frozenset[str]) -> list[Row]:
    """Return the latest known version of each row, in order of agency, record and indicator, each with its reason."""
    latest: dict[tuple[int, str, int], Row] = {}
    for row in sorted(rows, key=attrgetter("recorded")):
        if row.recorded > as_of:
            break
        earlier = latest.get(row.key)
        row.first = row.recorded if earlier is None else earlier.first
        latest[row.key] = row
    standing = [latest[key] for key in sorted(latest)]
    for number, row in enumerate(standing):
        row.number = number
        row.age = as_of - row.event
        row.reason = _reason(row, agreed, conditions_met)
    return standing


def _reason(row: Row, agreed: Agreed, conditions_met: frozenset[str]) -> str:
    """Return the first of ``standing.REASONS`` that holds, empty where the row counts."""
    if row.withdrawn:
        return "withdrawn"
    if row.age >= row.kind.retention:
        return "past_retention"
    if row.cell is None:
        return "suspected_false"
    if not row.conditions <= conditions_met:
        return "handling"
    if row.data_class in agreed.needs_gateway and not row.has_gateway:
        return "no_gateway"
    if row.arises in _LOOKED:
        return "where_we_looked"
    if row.reading is not None and row.reading.severity is None:
        return "not_scored"
    return _beside(row)


def _beside(row: Row) -> str:
    """Return why a row that may be used carries no weight of its own."""
    if row.lens < 0:
        return "third_party"
    if not row.kind.lenses[row.lens]:
        return "lens_not_agreed"
    if row.kind.staff_safety:
        return "staff_safety"
    return "answer" if row.answer in _NO_OWN_WEIGHT else ""
