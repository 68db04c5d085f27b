"""Reading and writing the sharing agreement of a partnership folder, ``sharing.toml``."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from riskshare.errors import AgreementError, Problem
from riskshare.io.partnership import load_partnership
from riskshare.io.partnership_files import SHARING
from riskshare.io.writing import write_text
from riskshare.records.agreement import Agreement, AgreementSet
from riskshare.records.arguments import is_path, require

_HEADING: Final = "# The sharing agreement, charter and all. Written by riskshare: comments added here are lost.\n"


def load_agreements(folder: str | os.PathLike[str]) -> AgreementSet:
    """Return what a partnership has agreed about sharing, read whole and checked with the rest of its folder.

    Parameters
    ----------
    folder : path
        The partnership folder; its ``sharing.toml`` holds the charter and agreements.

    Returns
    -------
    AgreementSet
        The same as ``load_partnership(folder).sharing``. Its ``policy_hash`` stands in every decision.

    Raises
    ------
    ArgumentError
        ``folder`` is not a path.
    AgreementError
        ``sharing.toml`` is missing or has problems, and the rest has none. All of them are listed, each with file, key
        path, rule, remedy and a stable code.
    PartnershipError
        The rest of the folder has problems; those of the agreement stand among them.

    Examples
    --------
    >>> from riskshare.io.examples import example_partnership
    >>> [agreement.kind for agreement in load_agreements(example_partnership()).agreements]
    ['charter', 'pilot', 'isp']
    """
    require("load_agreements", {"folder must be a path, such as 'thresholds'.": is_path(folder)})
    agreed = load_partnership(folder).sharing
    if agreed is None:
        remedy = "Agree how to share; docs/how-to/agree-to-share.md says how."
        raise AgreementError([Problem(SHARING, "", "The file is missing.", remedy, "file_missing")])
    return agreed


def write_agreements(agreements: AgreementSet, target: str | os.PathLike[str]) -> Path:
    """Return the file after writing agreements into it as TOML, whole or not at all; what is read back is the same.

    Parameters
    ----------
    agreements : AgreementSet
    target : path
        The file to be made or replaced, such as ``agreed/sharing.toml``; owner-only.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ArgumentError
        An argument is not of the kind that is needed; all of them are named.
    OSError
        The file could not be written; nothing is left behind.
    """
    require(
        "write_agreements",
        {
            "agreements must be an AgreementSet, as load_agreements gives.": isinstance(agreements, AgreementSet),
            "target must be a path, such as 'agreed/sharing.toml'.": is_path(target),
        },
    )
    return write_text(Path(target), agreements_to_toml(agreements.agreements))


def agreements_to_toml(agreements: Iterable[Agreement]) -> str:
    """Return the text of ``sharing.toml``, laid out as a person would.

    >>> agreements_to_toml([]).count("[[agreements]]")
    0
    """
    tables = [agreement.model_dump(exclude_none=True) for agreement in agreements]
    return _HEADING + "".join(_table("[[agreements]]", "agreements", table) for table in tables)


def _table(heading: str, path: str, table: Mapping[str, Any]) -> str:
    """Return one table with its heading; tables of tables follow under headings of their own."""
    lines = [f"\n{heading}"]
    below = []
    for name, value in table.items():
        inside = f"{path}.{name}"
        if name in ("parties", "rules"):
            below += [_table(f"[[{inside}]]", inside, one) for one in value]
        elif isinstance(value, Mapping):
            below += [_table(f"[{inside}]", inside, value)] if value else []
        else:
            lines.append(f"{_key(name)} = {_value(value)}")
    return "\n".join(lines) + "\n" + "".join(below)


def _key(name: str) -> str:
    """Return a key, quoted where TOML asks for it.

    >>> _key("band"), _key("a.b")
    ('band', '"a.b"')
    """
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str):  # JSON's escapes are TOML's, except that TOML also escapes DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return str(value)
