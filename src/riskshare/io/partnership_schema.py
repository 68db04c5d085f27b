"""Fitting parsed tables to the agreed records: what fits is kept, what does not is explained in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

from pydantic import ValidationError, create_model

from riskshare.errors import Problem
from riskshare.io.partnership_files import Table, shown
from riskshare.records.base import Record, holds_long_number
from riskshare.records.checks_draft import Entry, Group

R = TypeVar("R", bound=Record)
Location: TypeAlias = tuple[int | str, ...]

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")
_NUMBER: Final = ("It must be a number.", "Write digits without quotes, such as 0.5.")
_DATE: Final = ("It must be a date.", "Write it as 2026-03-31, without quotes.")
_TABLE: Final = ("It must be a table of keys.", "Write `key = value` lines under its heading.")
_BOUND: Final = "Choose a number within bounds, and check the unit and the decimal point."
_MOMENT: Final = "Write it as 2026-03-31T09:30:00Z, or with its offset, without quotes."
_LENGTH: Final = "Give the number of entries that is asked for."

_PLAIN_WORDS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("A required key is missing.", "Add it; docs/how-to/agree-a-policy.md says what it means."),
    "extra_forbidden": ("This key means nothing here.", "Correct its spelling, move it to its place, or remove it."),
    "string_type": ("It must be text.", "Write it between double quotes."),
    "string_too_short": ("It must not be empty.", "Write what was agreed."),
    "string_too_long": ("It is longer than {max_length} characters.", "Shorten it, or refer to a document."),
    "float_type": _NUMBER,
    "int_type": ("It must be a whole number.", "Write digits without a point or quotes, such as 30."),
    "bool_type": ("It must be true or false.", "Write true or false, without quotes."),
    "greater_than": ("It must be above {gt}.", _BOUND),
    "greater_than_equal": ("It must be at least {ge}.", _BOUND),
    "less_than": ("It must be below {lt}.", _BOUND),
    "less_than_equal": ("It must be at most {le}.", _BOUND),
    "finite_number": ("It must be a finite number.", "Replace inf or nan by the number agreed."),
    "literal_error": ("It must be one of {expected}.", "Write one of these words, exactly so."),
    "tuple_type": ("It must be a list.", "Write it in square brackets, or repeat its heading as [[...]]."),
    "too_long": ("It has more than {max_length} entries.", _LENGTH),
    "too_short": ("It has fewer than {min_length} entries.", _LENGTH),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "timezone_aware": ("The time has no offset.", _MOMENT),
    "datetime_type": ("It must be a moment.", _MOMENT),
    "datetime_parsing": ("It must be a moment.", _MOMENT),
    "datetime_from_date_parsing": ("It must be a moment.", _MOMENT),
    "long_number": (
        "It holds nine digits or more, as numbers of people do, and the audit log may hold none.",
        "Choose a code with fewer digits, such as isp_north.",
    ),
    "moment_range": ("The moment is before 1900 or after 2100.", _MOMENT),
    "model_type": _TABLE,
    "dict_type": _TABLE,
}
_CODE: Final = ("It must be a code.", "Use at most 64 letters, digits, `_`, `.` and `-`; begin with a letter or digit.")
_DIGEST: Final = ("It must be a policy hash.", "Let `riskshare sign` write it: 64 digits from 0 to 9 and a to f.")
_ONE_LINE: Final = (
    "It must be one line of plain text.",
    "Remove line breaks, tabs and characters that cannot be seen.",
)
_OTHER: Final = ("The value does not fit.", "Compare it with the example partnership.")


@dataclass(frozen=True, slots=True)
class Fitted(Generic[R]):
    """A table fitted to a record: the record as far as it goes, and where it does not fit."""

    entry: Entry[R]
    table: Table
    faults: tuple[Location, ...]


def fit(model: type[R], table: Table, file: str) -> tuple[Fitted[R], list[Problem]]:
    """Return the table as a record as far as it fits, and one problem for each thing that does not.

    The table goes through strict JSON validation: lists become tuples and ISO text becomes dates, but no text
    becomes a number and no number a truth value. ``inf`` passes where the record allows it.
    """
    errors = _errors(model, table)
    faults = tuple(location for location, _, _ in errors)
    problems = [_explain(file, table, *error) for error in errors]
    return Fitted(_salvage(model, table, faults, file, ""), table, faults), problems


def group(fitted: Fitted[Any] | None, field: str, model: type[R], identity: Sequence[str] = ("id",)) -> Group[R]:
    """Return the entries of one list of a fitted table, and the ids they claim (``identity`` joined up)."""
    if fitted is None or (field,) in fitted.faults:
        return Group()
    raw = fitted.table.get(field, [])
    entries = []
    for i, table in enumerate(raw):
        faults = tuple(where[2:] for where in fitted.faults if where[:2] == (field, i))
        if () not in faults:
            entries.append(_salvage(model, table, faults, fitted.entry.file, f"{field}[{i}]"))
    ids = ["".join(str(getattr(e.record, name)) for name in identity) for e in entries if e.has(*identity)]
    return Group(tuple(entries), frozenset(ids), whole=len(ids) == len(raw))


def join(groups: Sequence[Group[R]]) -> Group[R]:
    """Return several groups as one, whole where each of them is."""
    return Group(
        tuple(entry for part in groups for entry in part.entries),
        frozenset().union(*(part.ids for part in groups)),
        bool(groups) and all(part.whole for part in groups),
    )


def alone(fitted: Fitted[R]) -> Group[R]:
    """Return a file that is one entry as a group of its own."""
    entry = fitted.entry
    ids = frozenset({str(getattr(entry.record, "id"))}) if entry.has("id") else frozenset()  # noqa: B009 - R has no id
    return Group((entry,), ids, whole=bool(ids))


def _errors(model: type[Record], table: Table) -> list[tuple[Location, str, dict[str, Any]]]:
    try:
        model.model_validate_json(json.dumps(table))
    except ValidationError as fault:
        found = fault.errors(include_url=False, include_input=False)
        return [(error["loc"], error["type"], error.get("ctx", {})) for error in found]
    return []


def _salvage(model: type[R], table: Table, faults: Sequence[Location], file: str, key: str) -> Entry[R]:
    """Return the record built from the fields without a fault; the others are named in ``bad``.

    Fields are validated as in ``model`` itself, through a model with only the good ones; the record is then made
    without validation. Nothing made this way leaves the checks: a folder with a fault is never loaded.
    """
    names = {info.alias or name: name for name, info in model.model_fields.items()}
    bad = frozenset(names.get(str(where[0]), "") for where in faults) - {""}
    strays = {str(where[0]) for where in faults}
    if not faults:
        return Entry(file, key, model.model_validate_json(json.dumps(table)))
    fields: dict[str, Any] = {
        name: (info.annotation, info) for name, info in model.model_fields.items() if name not in bad
    }
    partial = create_model(f"Readable{model.__name__}", __base__=Record, **fields)
    good = partial.model_validate_json(json.dumps({name: item for name, item in table.items() if name not in strays}))
    kept = {name: getattr(good, name) for name in fields}
    made: Any = model.model_construct(**kept)
    return Entry(file, key, made, bad)


def _explain(file: str, table: Table, where: Location, kind: str, context: dict[str, Any]) -> Problem:
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        rule, remedy = _DIGEST if "{64}" in pattern else _CODE if "{0,63}" in pattern else _ONE_LINE
    else:
        rule, remedy = _PLAIN_WORDS.get(kind, _OTHER)
        rule = rule.format_map(context)
    owner = _owner(table, where)
    said = f"{rule[:-1]} (in '{owner}')." if owner else rule
    return Problem(file, _key_path(where), said, remedy, code=kind)


def _owner(table: Table, where: Location) -> str | None:
    """Return the id of the innermost entry around a location, if it is legible: easier to find than a position."""
    owner, inside = None, table
    for step in where:
        try:
            inside = inside[step]  # type: ignore[index]  # a step is a key of a table or a position in a list
        except (KeyError, IndexError, TypeError):
            break
        name = inside.get("id") if isinstance(inside, dict) else None
        if isinstance(name, str) and _IDENTIFIER.fullmatch(name) and not holds_long_number(name):
            owner = name
    return owner


def _key_path(where: Location) -> str:
    path = ""
    for step in where:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "[key]":  # pydantic's mark for a fault in the key itself
            path += f".{step}" if path else step
    return shown(path)
