"""Who sends what, and how each agency writes its dates and references: the habits a reader has to cope with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

AS_OF = dt.date(2026, 3, 31)
START = dt.date(2024, 4, 1)
"""Twenty-four months: 1 April 2024 to 31 March 2026."""

AUTHORITIES = ("aldermere", "brackenfold", "carrowdale", "dunmarsh", "eskerby", "farrowick")
NORTH = ("aldermere", "brackenfold", "carrowdale", "dunmarsh")

COLUMNS = (
    "record_id",
    "subject_id",
    "role",
    "agency",
    "indicator",
    "basis",
    "arises_from",
    "source_grade",
    "info_grade",
    "source_type",
    "scale",
    "value",
    "route",
    "severity",
    "stance",
    "event_date",
    "event_end",
    "recorded_date",
    "status",
    "claim_id",
    "derived_from",
    "answer",
    "handling",
    "gateway",
    "data_class",
    "easting",
    "northing",
    "precision_m",
    "authority",
    "recorded_by",
)
DATE_COLUMNS = ("event_date", "event_end", "recorded_date")

DATE_FORMATS = {
    "north_police": "%d/%m/%Y",
    "south_police": "%d-%m-%Y",
    "childrens_north": "%d/%m/%Y",
    "childrens_south": "%Y-%m-%d",
    "hospital": "%Y-%m-%d",
    "ambulance": "%Y%m%d",
    "orchard_schools": "%d/%m/%Y",
    "beacon_schools": "%d.%m.%Y",
    "youth_justice": "%d/%m/%Y",
    "housing": "%Y-%m-%d",
    "lantern": "%d/%m/%Y",
}
"""What each agency declares in ``partnership.toml``."""

REFERENCES = {
    "north_police": "NMP-{yy}-{n:06d}",
    "south_police": "46/{n:06d}/{yy}",
    "childrens_north": "MOS{n:07d}",
    "childrens_south": "LL{yy}{n:05d}",
    "hospital": "EPR{n:08d}",
    "ambulance": "CAD{n:05d}-{yy}",
    "orchard_schools": "OLT.SG.{n:05d}",
    "beacon_schools": "BAT_{n:05d}",
    "youth_justice": "YJ{yy}-{n:05d}",
    "housing": "CH-{n:06d}",
    "lantern": "L{n:04d}",
}

HEALTH_OR_CARE = {
    "hospital": "patient",
    "ambulance": "patient",
    "childrens_north": "health_or_social_care",
    "childrens_south": "health_or_social_care",
}


def police(authority: str) -> str:
    """Return the force that covers an authority."""
    return "north_police" if authority in NORTH else "south_police"


def childrens(authority: str) -> str:
    """Return the children's service that covers an authority; its border is not the forces' border."""
    return "childrens_north" if authority in AUTHORITIES[:3] else "childrens_south"


def schools(authority: str) -> str:
    """Return the schools trust that covers an authority."""
    return "orchard_schools" if authority in ("aldermere", "brackenfold", "eskerby") else "beacon_schools"


def supplier(kind: str, authority: str) -> str:
    """Return the agency of a kind (``police``, ``childrens``, ``schools`` or an agency's own id) for an authority."""
    local = {"police": police, "childrens": childrens, "schools": schools}
    return local[kind](authority) if kind in local else kind


Row = dict[str, object]


@dataclass
class Book:
    """The rows made so far, and each agency's next reference number."""

    rows: list[Row] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    claims: int = 0

    def reference(self, agency: str, recorded: dt.date) -> str:
        """Return the agency's next record reference, in its own style."""
        self.numbers[agency] = self.numbers.get(agency, 1000) + 1
        return REFERENCES[agency].format(yy=f"{recorded.year % 100:02d}", n=self.numbers[agency])

    def claim(self) -> str:
        """Return a new claim id, shared between agencies."""
        self.claims += 1
        return f"C{self.claims:05d}"

    def add(self, *, agency: str, event: dt.date, recorded: dt.date | None = None, **cells: object) -> Row:
        """Add a row and return it; what is not given takes the agency's habits."""
        recorded = min(event + dt.timedelta(days=2), AS_OF) if recorded is None else recorded
        row: Row = dict.fromkeys(COLUMNS, "")
        data_class = HEALTH_OR_CARE.get(agency, "criminal" if agency.endswith("police") else "other")
        row |= {
            "record_id": self.reference(agency, recorded),
            "agency": agency,
            "basis": "factual",
            "arises_from": "reported",
            "event_date": event,
            "recorded_date": recorded,
            "handling": "P",
            "data_class": data_class,
            "gateway": "safeguarding_children" if agency in HEALTH_OR_CARE else "",
        } | graded(cells)
        self.rows.append(row)
        return row


def graded(cells: dict[str, object]) -> dict[str, object]:
    """Return the cells with ``source="1A"`` written as two grades, or as a source type."""
    source = str(cells.pop("source", ""))
    if len(source) == 2:
        return {**cells, "source_grade": source[0], "info_grade": source[1]}
    return {**cells, "source_type": source} if source else cells


def name(row: Row) -> str:
    """Return how other rows and ``truth.json`` name this row."""
    return f"{row['agency']}:{row['record_id']}"


def written(row: Row, cell: str) -> str:
    """Return a cell as its agency writes it."""
    value = row[cell]
    return value.strftime(DATE_FORMATS[str(row["agency"])]) if isinstance(value, dt.date) else str(value)
