"""Keeping practitioners' decisions: one line of JSON each, owner-only, only ever added to."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from riskshare.errors import PolicyError
from riskshare.io.in_place import OWNER_ONLY, sync_folder
from riskshare.records.arguments import is_path, require
from riskshare.records.decision_record import DecisionRecord


def add_decision(record: DecisionRecord, target: str | os.PathLike[str]) -> Path:
    """Return the file after adding one decision to it, on the disk; the file is made if it is not there.

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed.
    PolicyError
        A decision of that id stands there already: a decision is never overwritten, a later one gets an id of its own.
    OSError
        The file could not be read or written.
    """
    require(
        "add_decision",
        {
            "record must be a DecisionRecord.": isinstance(record, DecisionRecord),
            "target must be a path, such as 'decisions.internal.jsonl'.": is_path(target),
        },
    )
    path = Path(target)
    if path.exists() and any(one.id == record.id for one in read_decisions(path)):
        message = (
            "A decision of that id is kept there already. Give the new one an id of its own: nothing is overwritten."
        )
        raise PolicyError(message)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, OWNER_ONLY)
    with os.fdopen(handle, "ab") as file:
        file.write(record.model_dump_json().encode("utf-8") + b"\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return path


def read_decisions(source: str | os.PathLike[str]) -> tuple[DecisionRecord, ...]:
    """Return the decisions in a file, in the order they were added.

    Raises
    ------
    ArgumentError
        ``source`` is no path.
    PolicyError
        Lines do not hold a decision: each is named by its number, none by what is in it.
    OSError
        The file cannot be read.
    """
    require("read_decisions", {"source must be a path, such as 'decisions.internal.jsonl'.": is_path(source)})
    found, bad = [], []
    for number, line in enumerate(Path(source).read_bytes().splitlines(), 1):
        try:
            found.append(DecisionRecord.model_validate_json(line))
        except ValidationError:
            bad.append(number)
    if bad:
        shown = ", ".join(map(str, bad[:20]))
        message = f"{len(bad):,} lines hold no decision: {shown}. Put the file back from its safe copy, or mend them."
        raise PolicyError(message)
    return tuple(found)
