"""Heads of an audit log in files: its own, replaced with every entry, and those that another agency countersigned."""

from __future__ import annotations

import datetime as dt
import hmac
import json
from pathlib import Path
from typing import Any, Final

from riskshare.errors import AuditKeyError, AuditTrailError
from riskshare.io.audit_keys import ensure_keys
from riskshare.io.in_place import OWNER_ONLY, in_place
from riskshare.records.arguments import is_day, require
from riskshare.sharing.chain import GENESIS, Head
from riskshare.sharing.log_entries import FORMS

_DOMAIN: Final = b"riskshare-head-v1\x00"


def head_document(head: Head) -> dict[str, Any]:
    """Return a head as plain values, with the letters by which people compare it.

    Examples
    --------
    >>> from riskshare.sharing.chain import EMPTY_HEAD
    >>> head_document(EMPTY_HEAD)["letters"]
    'AAAA-AAAA-AAAA-AAAA'
    """
    plain = {"count": head.count, "seq": head.seq, "tag": head.tag.hex(), "time": head.time}
    return {**plain, "letters": head.letters}


def write_head(file: Path, head: Head) -> None:
    """Write a head in one step.

    Raises
    ------
    OSError
        It could not be written.
    """
    with in_place(file, mode=OWNER_ONLY) as draft:
        draft.write(_spelt(head_document(head)) + b"\n")


def read_head(file: Path) -> Head | None:
    """Return the head in a file, or None where there is no such file.

    Raises
    ------
    AuditTrailError
        What stands there is no head, or cannot be read.
    """
    try:
        return _head(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        what = "The file that should hold a head of the audit log cannot be read, or holds none."
        raise AuditTrailError(what, "Put back the copy kept elsewhere, then run `riskshare audit verify`.") from None


def known_heads(file: Path) -> tuple[Head, ...]:
    """Return the heads in a file of known heads, one a line, in its order.

    Raises
    ------
    AuditTrailError
        The file cannot be read, or a line of it is no head.
    """
    return tuple(_head(line) for line in _lines(file))


def countersign(head: Head, *, known: Path, keys: Path, agency: str, role: str, on: dt.date) -> dict[str, Any]:
    """Return one agency's countersignature of another's head, after adding it to the agency's file of known heads.

    The witness keeps both files where the keeper of the log cannot write. Either is made if it is not there.

    Parameters
    ----------
    head : Head
        As the keeper of the log sent it.
    known : Path
        The witness's file of known heads of this log, one line a head.
    keys : Path
        The witness's own key file.
    agency, role : str
        Codes: who witnesses, and in what role; no name.
    on : datetime.date
        The day.

    Returns
    -------
    dict
        The head, agency, role and day, and ``mark``: HMAC-SHA256 of them all under the witness's key, by which the
        witness knows its own lines again.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    AuditTrailError
        The head is behind one countersigned before, or another of the same number: the log was cut or written anew.
        Nothing is signed.
    AuditKeyError
        The key cannot be used, or is not the one that marked the lines of the file.
    OSError
        A file could not be written.
    """
    require(
        "countersign",
        {
            "agency must be a code.": FORMS["agency"][0](agency),
            "role must be a code, such as single_point_of_contact; not a name.": FORMS["role"][0](role),
            "on must be a datetime.date.": is_day(on),
        },
    )
    secret = ensure_keys(keys).heads
    lines = _lines(known) if known.exists() else []
    if any(not hmac.compare_digest(str(line.get("mark")), _mark(secret, line)) for line in lines):
        what = "A line of the file of known heads does not bear this witness's mark."
        raise AuditKeyError(what, "Use the key it was made with. If that is the one, somebody changed the file.")
    for before in map(_head, lines):
        if before.seq > head.seq or (before.seq == head.seq and before.tag != head.tag):
            what = f"This head (entry {head.seq}) does not follow from one countersigned before (entry {before.seq})."
            raise AuditTrailError(what, "Sign nothing. Ask the keeper of the log to run `riskshare audit verify`.")
    line = {**head_document(head), "agency": agency, "on": on.isoformat(), "role": role}
    line["mark"] = _mark(secret, line)
    with in_place(known, mode=OWNER_ONLY) as draft:
        draft.writelines(_spelt(one) + b"\n" for one in [*lines, line])
    return line


def _lines(file: Path) -> list[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in file.read_bytes().splitlines()]
        for line in lines:
            _head(line)
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        what = "The file of known heads cannot be read, or a line of it is no head."
        raise AuditTrailError(what, "Ask the witness for a good copy.") from None
    return lines


def _head(content: Any) -> Head:
    """Return a head from plain values; ValueError, KeyError or TypeError where they are none."""
    head = Head(content["seq"], content["count"], bytes.fromhex(content["tag"]), content["time"])
    counts = type(head.seq) is int and head.seq >= 0 and head.count == head.seq and len(head.tag) == len(GENESIS)
    timed = FORMS["at"][0](head.time) if head.seq else (head.time, head.tag) == ("", GENESIS)
    if not (counts and timed and content["letters"] == head.letters):
        raise ValueError
    return head


def _mark(secret: bytes, line: dict[str, Any]) -> str:
    said = {name: value for name, value in line.items() if name != "mark"}
    return hmac.digest(secret, _DOMAIN + _spelt(said), "sha256").hex()


def _spelt(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")
