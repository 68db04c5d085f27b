"""What an entry of the audit log may hold: codes, counts, hashes and moments; each key listed, each form checked.

An entry is read by people who may not see what was shared, so nothing that names a person has a key here, and a value
in the wrong key is refused by its form.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

from riskshare.errors import AuditEntryError
from riskshare.records.base import holds_long_number
from riskshare.records.days import FIRST_YEAR, LAST_YEAR

EVENTS: Final = {
    "disclosure": ("allow", "reasons"),
    "override": ("allow", "decision", "ground", "reasons"),
    "review": ("decision",),
    "alert": ("decision",),
    "internal": ("fields", "rows"),
    "contest": ("decision",),
    "erasure": (),
    "new_key": (),
}
"""What happened, and which keys an entry about it must hold.

``disclosure``: a request was answered, with yes or no. ``override``: an emergency view was asked for. ``review``:
somebody looked at an override afterwards. ``alert``: a contact was told that something exists. ``internal``: an engine
wrote an internal file. ``contest``: a correction was passed on. ``erasure``: a subject was made unlinkable.
``new_key``: the entries after this one are sealed with a new key.
"""

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_DECISION: Final = re.compile(r"[0-9a-f]{16,64}")
_SOURCE: Final = re.compile(r"s[0-9a-f]{32}")
_USER: Final = re.compile(r"u[0-9a-f]{32}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_VERSION: Final = re.compile(r"[0-9A-Za-z.+!]{1,64}")
"""As Python packages have them (PEP 440)."""
_MOST: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps."""


def _matches(form: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def _is_code(value: object) -> bool:
    """Return whether it is a code; nine digits in a row, whatever stands between them, are a public number."""
    if not isinstance(value, str) or _CODE.fullmatch(value) is None:
        return False
    return not holds_long_number(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def _is_moment(value: object) -> bool:
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        return False
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _sorted_of(form: Callable[[object], bool]) -> Callable[[object], bool]:
    """Return a check of a list in strict order: the order of a log must not tell what the order of rows was."""

    def holds(value: object) -> bool:
        if not isinstance(value, list) or not all(form(item) for item in value):
            return False
        return all(a < b for a, b in pairwise(value))

    return holds


_CODE_FORM = (_is_code, "a code of letters, digits, '_', '.' and '-', at most 64, without nine digits in a row")
_HASH_FORM = (_matches(_HASH), "a SHA-256 in 64 lower-case hexadecimal digits")
_DECISION_FORM = (_matches(_DECISION), "a decision id of 16 to 64 lower-case hexadecimal digits")
_MOMENT_FORM = (_is_moment, "a moment in UTC such as 2026-03-31T09:30:00.000000Z")
_COUNT_FORM = (_is_count, "a whole number, 0 or more")
_SOURCES_FORM = (
    _sorted_of(lambda value: _is_code(value) or (isinstance(value, str) and _SOURCE.fullmatch(value) is not None)),
    "a sorted list of different agencies, or pseudonyms of agencies, made by the log",
)
_USER_FORM = (_matches(_USER), "a user's pseudonym, made by the log")
_CODES_FORM = (_sorted_of(_is_code), "a sorted list of different codes")

FORMS: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "agency": _CODE_FORM,
    "agreement": _CODE_FORM,
    "allow": (lambda value: isinstance(value, bool), "True or False"),
    "approver": _USER_FORM,
    "as_of": (_is_day, "a day such as 2026-03-31"),
    "at": _MOMENT_FORM,
    "audience": _CODE_FORM,
    "categories": _CODES_FORM,
    "conditions": _CODES_FORM,
    "content": _HASH_FORM,
    "decision": _DECISION_FORM,
    "engine_version": (_matches(_VERSION), "a version such as 0.1.0"),
    "epoch": _COUNT_FORM,
    "event": (lambda value: isinstance(value, str) and value in EVENTS, f"one of {', '.join(EVENTS)}"),
    "expires": _MOMENT_FORM,
    "fields": (_sorted_of(_matches(_FIELD)), "a sorted list of different field names in lower case"),
    "gateways": _CODES_FORM,
    "ground": _CODE_FORM,
    "latest": _MOMENT_FORM,
    "legal": _CODES_FORM,
    "note": _HASH_FORM,
    "output": _HASH_FORM,
    "partnership_version": _HASH_FORM,
    "policy": _HASH_FORM,
    "purpose": _CODE_FORM,
    "reasons": _CODES_FORM,
    "refused": _CODES_FORM,
    "relationship": _HASH_FORM,
    "role": _CODE_FORM,
    "rows": _COUNT_FORM,
    "rules": _CODES_FORM,
    "seq": _COUNT_FORM,
    "sources": _SOURCES_FORM,
    "subject_roles": _CODES_FORM,
    "subjects": (_sorted_of(_matches(_HASH)), "a sorted list of different commitments"),
    "user": _USER_FORM,
    "written": _MOMENT_FORM,
}
"""Every key that an entry may hold: its check, and what it must be in words.

Of a release: ``sources`` are the agencies whose records it is made of, ``categories`` and ``subject_roles`` of what and
about whom, ``gateways`` those they came through, ``legal`` the agreement's lawful bases, ``conditions`` those said
to be met that a record or a permit needed, ``as_of`` and the versions of what day and by what it was worked out,
``content`` a mark of its tables and ``output`` one of a file, under the log's keys and bound to the release,
``relationship`` the recorded one it rests on, ``reasons`` why fields are withheld, ``refused`` why other records are.
"""

MADE_BY_THE_LOG: Final = frozenset(
    {"approver", "at", "epoch", "latest", "relationship", "seq", "subjects", "user", "written"}
)
"""Keys that the log fills: a caller gives the moment, subjects, user and approver, and never their stored form.

``written`` is the moment by the clock of the machine that wrote the entry. ``latest`` is how far the log has come: the
latest moment of any entry up to this one, of each no more than that clock allows.
"""

BEGUN: Final = "1900-01-01T00:00:00.000000Z"
"""What a log without an entry that counts has come to."""
LATE: Final = dt.timedelta(hours=1)
"""Proposal: how much earlier than what the log holds an entry may be dated, since a release that takes minutes to work
out is logged after a quick one that was asked for later."""


def come_to(before: Mapping[str, Any] | None, now: str) -> str:
    """Return how far a log has come with its last entry; where there is none, to no moment.

    Entries of older versions have no ``latest``: theirs is their own moment, as far as that is past.

    Examples
    --------
    >>> day = "2026-03-{}T09:30:00.000000Z".format
    >>> come_to({"at": day(30)}, day(31)) == come_to({"at": day(31)}, day(30)) == day(30)
    True
    """
    if before is None:
        return BEGUN
    return str(before["latest"]) if "latest" in before else min(str(before["at"]), now)


def reached(before: Mapping[str, Any] | None, entry: Mapping[str, Any], written: str) -> str:
    """Return how far a log has come after an entry.

    A moment typed ahead of the machine's clock does not count as come; nor does what is noted as it is told, such as a
    refusal, or anybody whose clock is wrong could close the log to all others by asking.

    Parameters
    ----------
    before : mapping or None
        The entry before, if there is one.
    entry : mapping
        With ``at`` as the log writes moments.
    written : str
        The machine's clock.

    Examples
    --------
    >>> day = "2026-03-{}T09:30:00.000000Z".format
    >>> given = {"event": "disclosure", "allow": True, "at": day(31)}
    >>> reached({"latest": day(30)}, given, day(31)) == day(31), reached({"latest": day(29)}, given, day(30)) == day(30)
    (True, True)
    >>> reached({"latest": day(30)}, {**given, "allow": False}, day(31)) == day(30)
    True
    """
    so_far = come_to(before, written)
    return so_far if _is_free(entry) else max(so_far, min(str(entry["at"]), written))


def is_back_dated(entry: Mapping[str, Any], at: str, so_far: str) -> bool:
    """Return whether an entry may not be dated as it is, where a log has come so far.

    Examples
    --------
    >>> given, day = {"event": "disclosure", "allow": True}, "2026-03-{}T09:30:00.000000Z".format
    >>> is_back_dated(given, day(30), day(31)), is_back_dated({**given, "allow": False}, day(30), day(31))
    (True, False)
    """
    return not _is_free(entry) and dt.datetime.fromisoformat(at) < dt.datetime.fromisoformat(so_far) - LATE


def _is_free(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry is noted as it is told, whatever the log has come to.

    Whoever types a moment wrongly and is refused must still be found in the log, and nobody waits for help because of a
    clock. A file of an emergency view names its ground.
    """
    return entry.get("allow") is False or entry.get("event") in ("override", "alert") or "ground" in entry


def utc(moment: dt.datetime) -> str:
    """Return an aware moment as the log writes it: UTC, to the microsecond.

    Raises
    ------
    AuditEntryError
        It is no moment, has no offset, or is not of 1900 to 2100.

    Examples
    --------
    >>> utc(dt.datetime(2026, 6, 1, 10, tzinfo=dt.timezone(dt.timedelta(hours=1))))
    '2026-06-01T09:00:00.000000Z'
    """
    if not isinstance(moment, dt.datetime) or moment.utcoffset() is None:
        raise AuditEntryError(["at must be a datetime with an offset, such as 2026-03-31T09:30:00+01:00."])
    try:
        moment = moment.astimezone(dt.UTC)
    except OverflowError:  # a year before 1 or after 9999
        moment = moment.replace(tzinfo=dt.UTC)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise AuditEntryError([f"at must lie in the years {FIRST_YEAR} to {LAST_YEAR}, by the clock of UTC."])
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def check_entry(entry: Mapping[str, object], *, made: Iterable[str] = ()) -> None:
    """Refuse what a log may not hold; every fault is named by its key, none by its value.

    Parameters
    ----------
    entry : mapping
        Keys of ``FORMS``. Lists are sorted, without repeats.
    made : iterable of str
        The keys of ``MADE_BY_THE_LOG`` that may stand here; a caller's entry holds none.

    Raises
    ------
    AuditEntryError
        A key is not one of those listed, lacks, or holds what its form does not allow.

    Examples
    --------
    >>> check_entry({"event": "disclosure", "allow": False, "reasons": ["unknown_purpose"]})
    >>> check_entry({"event": "disclosure", "allow": True, "agency": "943 476 5919"})
    Traceback (most recent call last):
    riskshare.errors.AuditEntryError: This cannot be logged, so nothing may be disclosed:
      - agency must be a code of letters, digits, '_', '.' and '-', at most 64, without nine digits in a row.
      - reasons must be given for the event disclosure.
    """
    allowed = (set(FORMS) - MADE_BY_THE_LOG) | set(made)
    unknown = sum(1 for key in entry if key not in allowed)
    faults = [f"{unknown} of its keys may not be given; a log holds: {', '.join(sorted(allowed))}."] if unknown else []
    faults += [
        f"{key} must be {FORMS[key][1]}." for key in sorted(allowed & set(entry)) if not FORMS[key][0](entry[key])
    ]
    event = entry.get("event")
    if event is None:
        faults.append("event must say what happened.")
    elif isinstance(event, str) and event in EVENTS:
        lacking = [key for key in EVENTS[event] if key not in entry]
        faults += [f"{key} must be given for the event {event}." for key in lacking]
    if faults:
        raise AuditEntryError(faults)


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return the one spelling of an entry: JSON with sorted keys, no spaces, UTF-8, no floats.

    Examples
    --------
    >>> canonical({"rows": 2, "event": "internal", "fields": ["band"]})
    b'{"event":"internal","fields":["band"],"rows":2}'
    """
    text = json.dumps(entry, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")
