"""Rows of one subject as dictionaries, read the quick way where nothing about them calls for a second look.

A row is taken where it passes every test of ``evidence_rules``, or tests that are stricter. Where one does not, all
rows together are left to ``read_evidence``, which says what is wrong.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Final

from riskshare.io.evidence_cells import ID, ID_LOOKS_WRONG, NUMBER, PLACEHOLDERS, SUBJECT_LOOKS_WRONG, ZEROS
from riskshare.io.evidence_dates import DEFAULTS, FIRST, LAST
from riskshare.io.evidence_places import EASTINGS, LATITUDES, LONGITUDES, NORTHINGS
from riskshare.io.evidence_refs import MAX_REFERENCES
from riskshare.io.one_rules import EPOCH, Rules
from riskshare.io.tabular import plain_number
from riskshare.io.text import MAX_CELL_CHARACTERS, is_nhs_number
from riskshare.records.evidence import HARM_BY_ROLES, HARM_TO_ROLES, INPUT_COLUMNS, REQUIRED_COLUMNS
from riskshare.records.policy import LENSES
from riskshare.scoring.one.agreed import Cell
from riskshare.scoring.one.numbers import Unusual
from riskshare.scoring.one.rows import Reading, Row

Texts = dict[str, str]
Days = dict[str, int]
_KNOWN: Final = frozenset(INPUT_COLUMNS)
_DATES: Final = frozenset({"event_date", "event_end", "recorded_date"})
_NUMBERS: Final = frozenset({"severity", "easting", "northing", "longitude", "latitude", "precision_m"})
_COORDINATES: Final = frozenset({"easting", "northing", "longitude", "latitude"})
_FEW: Final = 2
"""Rows with coordinates: whatever is wrong with so few, it makes cells unknown that no score looks at."""
_RECORD: Final = re.compile(ID[1:-1])
_LOOKS_WRONG: Final = re.compile(ID_LOOKS_WRONG)
_SUBJECT_WRONG: Final = re.compile(SUBJECT_LOOKS_WRONG)
_NUMBER: Final = re.compile(NUMBER[1:-1])
_LARGEST: Final = 10**15
_UNREADABLE: Final = FIRST - 1
_LENS: Final = {role: LENSES.index("harm_by") for role in HARM_BY_ROLES} | {
    role: LENSES.index("harm_to") for role in HARM_TO_ROLES
}
_NO_CONDITIONS: Final[frozenset[str]] = frozenset()


def read_quick(rows: Sequence[object], rules: Rules) -> list[Row]:
    """Return one subject's rows as they would be accepted: without exact repeats.

    Raises
    ------
    Unusual
        A row would be set aside, or something else calls for a second look; or two rows of one key and recording day
        differ; or there are several subjects.
    """
    sent = [_sent(row) for row in rows]
    placed = sum(not _COORDINATES.isdisjoint(numbers) for _, _, numbers in sent)
    read: dict[tuple[object, ...], tuple[Row, object]] = {}
    for given, (texts, days, numbers) in zip(rows, sent, strict=True):
        if placed > _FEW:
            _check_places(numbers)
        row = _row(texts, days, numbers, rules)
        _, first = read.setdefault((row.key, row.recorded, row.subject), (row, given))
        if first is not given and first != given:
            raise Unusual
    found = [row for row, _ in read.values()]
    if len({row.subject for row in found}) > 1:
        raise Unusual
    return found


def _row(texts: Texts, typed: Days, numbers: dict[str, float], rules: Rules) -> Row:
    for name in REQUIRED_COLUMNS:
        if name not in texts and name not in typed:
            raise Unusual
    for name, agreed in rules.codes:
        if name in texts and texts[name] not in agreed:
            raise Unusual
    _check_ids(texts, rules)
    days = _days(texts, typed, rules)
    agency, kind = rules.agreed.agencies[texts["agency"]], rules.agreed.kinds[texts["indicator"]]
    lineage = _references(texts["derived_from"], rules) if "derived_from" in texts else ()
    scale, value = texts.get("scale"), texts.get("value")
    reading = _reading(scale, value, texts.get("route"), rules)
    severity = numbers.get("severity", 1.0)
    if ("severity" in numbers and scale is not None) or not 0.0 <= severity <= 1.0:
        raise Unusual
    if reading is not None and reading.severity is not None:
        severity = reading.severity
    _check_gateway(texts, rules)
    return Row(
        texts["subject_id"], texts["record_id"], agency, kind, _LENS.get(texts["role"], -1),
        _cell(texts, lineage, rules), texts["basis"] == "anecdotal", texts["arises_from"],
        texts.get("stance") == "denies", texts.get("status") == "withdrawn", days["event_date"],
        days["recorded_date"], severity, scale, value or "", reading, texts.get("claim_id"), lineage,
        texts.get("answer"), _conditions(texts.get("handling", "C"), rules), "gateway" in texts,
        texts.get("data_class", "other"),
    )  # fmt: skip


def _sent(given: object) -> tuple[Texts, Days, dict[str, float]]:
    """Return the cells of a row in which something was sent: texts, days and numbers."""
    if type(given) is not dict or not given.keys() <= _KNOWN:
        raise Unusual
    texts: Texts = {}
    days: Days = {}
    numbers: dict[str, float] = {}
    for name, value in given.items():
        kind = type(value)
        if value is None or (kind is str and not value):  # of anything else `==` may say neither yes nor no
            continue
        if name in _NUMBERS:
            numbers[name] = _number(value)
        elif kind is str:
            texts[name] = value
        elif kind is dt.date and name in _DATES:
            days[name] = value.toordinal() - EPOCH
        elif kind is int and name in ("value", "source_grade") and -_LARGEST < value < _LARGEST:
            texts[name] = str(value)
        elif kind is float and name == "value" and math.isfinite(value):
            texts[name] = plain_number(value)
        else:
            raise Unusual
    return texts, days, numbers


def _number(value: object) -> float:
    if isinstance(value, str):
        if _NUMBER.fullmatch(value):
            return float(value) + 0.0
    elif type(value) is float and math.isfinite(value):
        return value + 0.0
    elif type(value) is int and -_LARGEST < value < _LARGEST:
        return float(value)
    raise Unusual


def _check_ids(texts: Texts, rules: Rules) -> None:
    subject = texts.get("subject_id")
    if (
        texts["role"] == "place"
        or subject is None
        or not _is_id(subject)
        or _SUBJECT_WRONG.search(subject)
        or is_nhs_number(subject)
    ):
        raise Unusual
    # An agency may number its own records from 0; as anything else, 0 stands for nothing known.
    if not _is_id(texts["record_id"]) and texts["record_id"] not in ZEROS:
        raise Unusual
    if "claim_id" in texts and not _is_id(texts["claim_id"]):
        raise Unusual
    if "recorded_by" in texts and not _is_id(texts["recorded_by"]):
        raise Unusual
    if "authority" in texts and texts["authority"] not in rules.authorities:
        raise Unusual


def _is_id(text: str) -> bool:
    return bool(_RECORD.fullmatch(text)) and not _LOOKS_WRONG.search(text) and text.lower() not in PLACEHOLDERS


def _days(texts: Texts, typed: Days, rules: Rules) -> Days:
    """Return the days of a row, each within reach and in order."""
    found = dict(typed)
    readers = rules.days[texts["agency"]]
    for name in _DATES:
        if name in texts:
            readings = {day for read in readers if (day := read(texts[name])) is not None}
            found[name] = readings.pop() if len(readings) == 1 else _UNREADABLE
    for day in found.values():
        if day in DEFAULTS or not FIRST <= day <= LAST:
            raise Unusual
    event, recorded = found["event_date"], found["recorded_date"]
    if event > recorded or not event <= found.get("event_end", recorded) <= recorded:
        raise Unusual
    return found


def _check_places(numbers: dict[str, float]) -> None:
    """Leave coordinates that are not whole pairs within the United Kingdom to the ordinary way."""
    easting, northing = numbers.get("easting"), numbers.get("northing")
    longitude, latitude = numbers.get("longitude"), numbers.get("latitude")
    if (easting is None) != (northing is None) or (longitude is None) != (latitude is None):
        raise Unusual
    # Grid metres of fewer than four digits could be degrees.
    for value, low, high in (
        (easting, 1_000.0, EASTINGS[1]), (northing, 1_000.0, NORTHINGS[1]), (longitude, *LONGITUDES),
        (latitude, *LATITUDES),
    ):  # fmt: skip
        if value is not None and not low <= value <= high:
            raise Unusual


def _cell(texts: Texts, lineage: tuple[str, ...], rules: Rules) -> Cell | None:
    """Return the trust cell of a row, None where it is suspected to be false."""
    source, info, kind = texts.get("source_grade"), texts.get("info_grade"), texts.get("source_type")
    if kind is not None:
        if source is not None or info is not None:
            raise Unusual
        return rules.typed[kind]
    if source is None or info is None:
        raise Unusual
    if info == "E":
        return None
    # Grade B already contains its corroboration: undeclared, it counts as C (methods: model, section 2).
    cell = rules.graded.get((source, "C" if info == "B" and not lineage else info))
    if cell is None or (source, info) not in rules.graded:
        raise Unusual
    return cell


def _reading(scale: str | None, value: str | None, route: str | None, rules: Rules) -> Reading | None:
    if scale is None:
        if value is not None or route is not None:
            raise Unusual
        return None
    if value is None and route is None:
        raise Unusual
    found = rules.readings.find((scale, value, route))
    if found is None:
        raise Unusual
    return found


def _check_gateway(texts: Texts, rules: Rules) -> None:
    gateway = texts.get("gateway")
    if gateway is None or gateway not in rules.barred:
        return
    said = texts.get("data_class")
    if texts["agency"] in rules.barred_unsaid[gateway] if said is None else said in rules.barred[gateway]:
        raise Unusual


def _conditions(handling: str, rules: Rules) -> frozenset[str]:
    """Return the named conditions of ``P``, ``C`` or ``C:one;two``."""
    if handling in ("P", "C"):
        return _NO_CONDITIONS
    named = frozenset(handling[2:].split(";"))
    if not handling.startswith("C:") or not named <= rules.conditions:
        raise Unusual
    return named


def _references(text: str, rules: Rules) -> tuple[str, ...]:
    """Return what a row repeats, each once and sorted."""
    parts = text.split(";")
    if len(parts) > MAX_REFERENCES or len(text) > MAX_CELL_CHARACTERS:
        raise Unusual
    for part in parts:
        agency, _, record = part.partition(":")
        if agency not in rules.agreed.agencies or not _is_id(record):
            raise Unusual
    return tuple(sorted(set(parts)))
