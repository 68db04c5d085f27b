"""Rows as they go wrong in real exports: two in a hundred, of many kinds, each with the code reading should give it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sampler.agencies import DATE_FORMATS, Book, Row, name
from sampler.draw import Draw
from sampler.ordinary import CONCERN, Kind, add_kind, suits
from sampler.people import Person

Cells = dict[str, str]
EACH = 19
SOFT_EACH = 12


@dataclass(frozen=True)
class Fault:
    """One way to be broken: the column at fault, the code expected, and what to do to the written cells."""

    kind: str
    column: str
    code: str
    spoil: Callable[[Cells, Draw], None]


def put(**cells: str) -> Callable[[Cells, Draw], None]:
    """Return a fault that overwrites cells."""
    return lambda row, _: row.update(cells)


def day_of(row: Cells, column: str) -> dt.date:
    """Return a written date."""
    moment = dt.datetime.strptime(row[column], DATE_FORMATS[row["agency"]])  # a date without a zone is what is meant
    return moment.date()


def other_format(row: Cells, _: Draw) -> None:
    """Write the event date as another agency would."""
    iso = DATE_FORMATS[row["agency"]] == "%Y-%m-%d"
    row["event_date"] = day_of(row, "event_date").strftime("%d/%m/%Y" if iso else "%Y-%m-%d")


def no_such_day(row: Cells, draw: Draw) -> None:
    """Write the thirtieth or thirty-first of February, in the agency's own format."""
    day = str(draw.integer(30, 31))
    row["event_date"] = DATE_FORMATS[row["agency"]].replace("%d", day).replace("%m", "02").replace("%Y", "2025")


def serial(row: Cells, _: Draw) -> None:
    """Write the date as a spreadsheet's day number."""
    row["event_date"] = str((day_of(row, "event_date") - dt.date(1899, 12, 30)).days)


def short_year(row: Cells, _: Draw) -> None:
    """Write the year with two digits."""
    row["event_date"] = day_of(row, "event_date").strftime("%d/%m/%y")


def too_early(row: Cells, draw: Draw) -> None:
    """Record the event before it happened."""
    before = day_of(row, "event_date") - dt.timedelta(days=draw.integer(3, 30))
    row["recorded_date"] = before.strftime(DATE_FORMATS[row["agency"]])


def ends_first(row: Cells, draw: Draw) -> None:
    """End an episode before it began."""
    before = day_of(row, "event_date") - dt.timedelta(days=draw.integer(1, 9))
    row["event_end"] = before.strftime(DATE_FORMATS[row["agency"]])


def capitals(row: Cells, _: Draw) -> None:
    """Write an agreed code with other capital letters."""
    row["indicator"] = row["indicator"].title()


def nhs_number(row: Cells, draw: Draw) -> None:
    """Put a number from the range the NHS keeps for tests (999 …) where a pseudonym belongs."""
    check = 10
    digits: list[int] = []
    while check == 10:
        digits = [9, 9, 9, *(draw.integer(0, 9) for _ in range(6))]
        check = (11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11) % 11
    row["subject_id"] = "".join(map(str, [*digits, check]))


def mail(row: Cells, draw: Draw) -> None:
    """Put an e-mail address where a pseudonym belongs."""
    row["subject_id"] = f"pupil{draw.integer(10, 99)}@example.org"


FAULTS = (
    Fault("date in another format", "event_date", "bad_date", other_format),
    Fault("no such day", "event_date", "impossible_date", no_such_day),
    Fault("spreadsheet day number", "event_date", "excel_serial", serial),
    Fault("two-digit year", "event_date", "two_digit_year", short_year),
    Fault("event after its recording", "event_date", "event_after_recorded", too_early),
    Fault("episode ends before it begins", "event_end", "end_before_start", ends_first),
    Fault("basis missing", "basis", "required_missing", put(basis="")),
    Fault("event date missing", "event_date", "required_missing", put(event_date="")),
    Fault("unknown indicator", "indicator", "unknown_code", put(indicator="nominal_flag")),
    Fault("mixed capitals", "indicator", "mixed_case", capitals),
    Fault("unknown role", "role", "unknown_code", put(role="suspect")),
    Fault("unknown agency", "agency", "unknown_code", put(agency="harbour_police")),
    Fault("unknown scale", "scale", "unknown_code", put(scale="local.traffic_light", value="red")),
    Fault("reading out of range", "value", "out_of_range", put(scale="safelives.dash_ric", value="31")),
    Fault("severity out of range", "severity", "out_of_range", put(severity="1.7")),
    Fault("decimal comma", "severity", "decimal_comma", put(severity="0,7")),
    Fault(
        "grade and source type",
        "source_type",
        "grading_twice",
        put(source_grade="1", info_grade="A", source_type="worker_worry"),
    ),
    Fault("no grade at all", "source_type", "grading_missing", put(source_grade="", info_grade="", source_type="")),
    Fault("half a grade", "info_grade", "grading_half", put(source_grade="2", info_grade="", source_type="")),
    Fault("no subject", "subject_id", "subject_missing", put(subject_id="")),
    Fault("subject on a place", "subject_id", "subject_on_place", put(role="place")),
    Fault("e-mail as subject", "subject_id", "identifier_in_clear", mail),
    Fault("NHS number as subject", "subject_id", "identifier_in_clear", nhs_number),
    Fault("reference in words", "derived_from", "bad_reference", put(derived_from="see police log")),
    Fault("barred gateway", "gateway", "gateway_barred", put(data_class="patient", gateway="serious_violence_duty")),
)

SOFT = (
    Fault("default coordinates", "easting", "null_island", put(easting="0", northing="0", precision_m="")),
    Fault("half a pair", "northing", "half_a_pair", put(easting="", northing="338250", precision_m="")),
    Fault("degrees for metres", "easting", "outside_uk", put(easting="-1.47", northing="52.93", precision_m="")),
    Fault("authority in capitals", "authority", "mixed_case", put(authority="ALDERMERE")),
)
"""One cell cannot be read; the row is kept and the cell is unknown."""

Spoilt = dict[int, Fault]
"""Which fault befalls which row, by the identity of the row."""


def add_broken(book: Book, draw: Draw, people: list[Person]) -> tuple[Spoilt, list[str]]:
    """Add rows that will be spoilt when written, and honest copies of five of them, which fall with them."""
    kinds = [k for k in CONCERN if not k.scale and k.agency in ("police", "housing", "schools", "lantern")]
    spoilt: Spoilt = {}
    relays = []
    for fault in FAULTS + SOFT:
        for i in range(EACH if fault in FAULTS else SOFT_EACH):
            person, row = host(book, draw, people, kinds)
            spoilt[id(row)] = fault
            if fault.kind == "no such day" and i < 5:
                copy = book.add(
                    agency="youth_justice",
                    event=_date(row),
                    subject_id=person.id,
                    role=row["role"],
                    basis="anecdotal",
                    indicator=row["indicator"],
                    source="partner_summary",
                    derived_from=name(row),
                    authority=person.authority,
                )
                relays.append(name(copy))
    for _ in range(EACH):
        person, row = host(book, draw, people, kinds)
        other = dict(row)
        other["role"] = "witness" if row["role"] != "witness" else "victim"
        book.rows.append(other)
        for half in (row, other):
            spoilt[id(half)] = CONFLICT
    return spoilt, relays


CONFLICT = Fault("conflicting versions", "record_id", "conflicting_versions", put())
"""Equal key and date, different content: both halves are set aside."""


def host(book: Book, draw: Draw, people: list[Person], kinds: list[Kind]) -> tuple[Person, Row]:
    """Return a sound new row, ready to be spoilt, with its person; not an ISO agency's, so that a year can be cut."""
    while True:
        person = draw.pick(people)
        fitting = [(k, k.weight) for k in kinds if suits(k, person)]
        if fitting:
            row = add_kind(book, draw, person, draw.weighted(fitting), youngest=20)
            return person, row


def _date(row: Row) -> dt.date:
    value = row["event_date"]
    return value if isinstance(value, dt.date) else dt.date.min


def count_by_kind(spoilt: Spoilt) -> list[dict[str, object]]:
    """Return how many rows are spoilt in each way, with the code expected."""
    order = [*FAULTS, CONFLICT, *SOFT]
    found = list(spoilt.values())
    return [
        {
            "kind": f.kind,
            "column": f.column,
            "code": f.code,
            "rows": found.count(f),
            "level": "cell unknown" if f in SOFT else "row quarantined",
        }
        for f in order
    ]
