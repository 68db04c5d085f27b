"""Reading what a partnership says of its tool: ``transparency/record.toml`` in its folder."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from riskshare.errors import PartnershipError, Problem
from riskshare.io.partnership_files import MOST_BYTES
from riskshare.io.partnership_schema import fit
from riskshare.records.arguments import is_path, require
from riskshare.records.transparency import TransparencyWords

RECORD: Final = "transparency/record.toml"


def read_transparency(folder: str | os.PathLike[str]) -> TransparencyWords:
    """Return what a partnership says of its tool, whole: a record with an empty field is none.

    Parameters
    ----------
    folder : path
        The partnership folder; its ``transparency/record.toml`` is read.

    Raises
    ------
    ArgumentError
        ``folder`` is not a path.
    PartnershipError
        The file is missing or not TOML, or a required field is missing, empty, or says nothing ("tbc"): all are listed.
    """
    require("read_transparency", {"folder must be a path, such as 'thresholds'.": is_path(folder)})
    table = _table(Path(folder) / RECORD)
    fitted, problems = fit(TransparencyWords, table, RECORD)
    if problems:
        raise PartnershipError(problems)
    return fitted.entry.record


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError:
        rule = "The file is missing or cannot be read."
        raise PartnershipError([Problem(RECORD, "", rule, "Write it like the example partnership's.")]) from None
    try:
        if len(content) > MOST_BYTES:
            raise ValueError
        parsed: dict[str, Any] = _plain(tomllib.loads(content.decode("utf-8-sig")))
    except (ValueError, RecursionError):  # not UTF-8, not TOML, too large or too deep
        rule = "It is not a TOML text of at most 1 MiB."
        raise PartnershipError([Problem(RECORD, "", rule, "Check quotes, brackets and equals signs.")]) from None
    return parsed


def _plain(value: Any) -> Any:
    """Return what JSON can hold: dates become ISO text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
