"""Reading who works with whom, and what people have said: the file that stands beside the sharing agreement."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from riskshare.errors import PolicyError
from riskshare.records.arguments import is_path, require
from riskshare.records.base import Record
from riskshare.records.sharing_request import Objection, Relationship


class StandingFile(Record):
    """Relationships and objections as a system of record exports them, in JSON."""

    relationships: tuple[Relationship, ...] = ()
    objections: tuple[Objection, ...] = ()


def read_standing(path: str | os.PathLike[str]) -> StandingFile:
    """Return relationships and objections from a JSON file, for ``riskshare.share``.

    Parameters
    ----------
    path : path
        One object with ``relationships`` (``ref, user_id, agency, subject_id, valid_from, valid_until``) and
        ``objections`` (``subject_id, basis, purposes, categories, recipients, valid_from, valid_until``). An objection
        that cannot be read stops the whole file: passing it over would be a leak.

    Returns
    -------
    StandingFile

    Raises
    ------
    ArgumentError
        ``path`` is no path.
    PolicyError
        The file does not hold what it should; every fault is named by its place, none by its value.
    OSError
        The file cannot be read.
    """
    require("read_standing", {"path must be a path, such as 'standing.json'.": is_path(path)})
    data = Path(path).read_bytes()
    try:
        return StandingFile.model_validate_json(data)
    except ValidationError as fault:
        told = [f"{'.'.join(map(_place, one['loc'])) or 'the file'}: {one['type']}" for one in fault.errors()]
    faults = "; ".join(dict.fromkeys(told))
    message = f"The file of relationships and objections cannot be used, so nothing may be shared by it: {faults}."
    raise PolicyError(message)


def _place(part: int | str) -> str:
    """Return a part of a path: the number of an entry, or a name of ours; a name somebody typed may be a value."""
    known = {*StandingFile.model_fields, *Relationship.model_fields, *Objection.model_fields}
    return str(part) if isinstance(part, int) or part in known else "unknown key"
