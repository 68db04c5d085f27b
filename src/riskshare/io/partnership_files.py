"""Reading the TOML files of a partnership folder as plain tables, with every hostile or broken file named."""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from riskshare.errors import Problem

Table: TypeAlias = dict[str, Any]

REQUIRED: Final = ("common_scale.toml", "partnership.toml", "trust.toml")
SHARING: Final = "sharing.toml"
OPTIONAL: Final = ("signatures.toml", SHARING)
SCALES: Final = "scales"
NO_FOLDER: Final = "the folder given"
"""Stands for its name, which is not repeated: at a command line it may be a pseudonym in the wrong place."""
MOST_BYTES: Final = 1 << 20
_MOST_DEPTH: Final = 20
_INT64: Final = 1 << 63


class _UnreadableError(Exception):
    """One file cannot be used at all; carries what to say about it."""

    def __init__(self, rule: str, remedy: str, key: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.remedy = remedy
        self.key = key


def read_tables(folder: Path) -> tuple[dict[str, Table | None], list[Problem]]:
    """Return the parsed tables by file name (``scales/x.toml`` for a scale), and what could not be read.

    A file that is there but cannot be read has ``None``. Dates become ISO text: a table is what JSON can hold.
    """
    if not folder.is_dir():
        rule = "That is a file, not a folder." if folder.is_file() else "There is no such folder."
        return {}, [Problem(NO_FOLDER, "", rule, "Give the folder that holds partnership.toml.")]
    names, problems = _names(folder)
    tables: dict[str, Table | None] = dict.fromkeys(names)
    for name in names:
        try:
            tables[name] = _plain(tomllib.loads(_text(folder, name)))
        except _UnreadableError as fault:
            problems.append(Problem(shown(name), fault.key, fault.rule, fault.remedy))
        except RecursionError:
            problems.append(Problem(shown(name), "", *_TOO_DEEP))
        except ValueError as fault:  # tomllib.TOMLDecodeError, and Python's own limit on the digits of a number
            problems.append(_syntax(shown(name), str(fault)))
    return tables, problems


_TOO_DEEP: Final = ("Its tables are nested too deeply.", "Write it like the example partnership.")


def shown(name: str) -> str:
    """Return a file name that is safe to print."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:200]


def _names(folder: Path) -> tuple[list[str], list[Problem]]:
    present = _listing(folder)
    problems = [
        Problem(name, "", "The file is missing.", "Add it; docs/how-to/agree-a-policy.md says what it holds.")
        for name in REQUIRED
        if name not in present
    ]
    unknown = [name for name in present if _is_toml(name) and name not in (*REQUIRED, *OPTIONAL)]
    problems += [
        Problem(shown(name), "", "Unknown file.", "Correct its name, or move it into scales/ if it is a scale.")
        for name in unknown
    ]
    scales, faults = _scale_names(folder)
    wanted = [name for name in present if name in (*REQUIRED, *OPTIONAL)]
    return wanted + scales, problems + faults


def _scale_names(folder: Path) -> tuple[list[str], list[Problem]]:
    inside = folder / SCALES
    if not inside.is_dir():
        return [], [Problem(SCALES, "", "The folder scales is missing.", "Add it, with one TOML file a scale.")]
    if not _is_inside(inside, folder):
        return [], [Problem(SCALES, "", *_LINK)]
    present = _listing(inside)
    faults = [
        Problem(f"{SCALES}/{shown(name)}", "", "Folders inside scales are not read.", "Move its files up into scales.")
        for name in present
        if not name.startswith(".") and not _is_toml(name) and (inside / name).is_dir()
    ]
    names = [f"{SCALES}/{name}" for name in present if _is_toml(name)]
    if not names:
        faults.append(Problem(SCALES, "", "No scale is given.", "Add one TOML file a scale."))
    return names, faults


_LINK: Final = ("It is a link that leads out of the folder.", "Put the file itself into the folder.")


def _listing(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def _is_toml(name: str) -> bool:
    return name.casefold().endswith(".toml")


def _is_inside(path: Path, folder: Path) -> bool:
    real, home = os.path.realpath(path), os.path.realpath(folder)
    return os.path.commonpath([real, home]) == home


def _text(folder: Path, name: str) -> str:
    path = folder / name
    if not _is_inside(path, folder):
        raise _UnreadableError(*_LINK)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            rule = "It is not an ordinary file."
            raise _UnreadableError(rule, "Put a TOML text file in its place.")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError:
        rule = "The file cannot be read."
        raise _UnreadableError(rule, "Check that it exists and that you may read it.") from None
    if len(content) > MOST_BYTES:
        rule = "The file is larger than 1 MiB."
        raise _UnreadableError(rule, "An agreement is short; check that this is the right file.")
    try:
        return content.decode("utf-8-sig")  # editors on Windows put a byte-order mark in front; it means nothing
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        rule = f"Line {line} is not UTF-8 text."
        raise _UnreadableError(rule, "Save the file as UTF-8.") from None


def _syntax(name: str, message: str) -> Problem:
    # The reader's own words can quote the file, so only the place is taken from them.
    place = re.search(r"at line (\d+), column (\d+)", message)
    where = f"Line {place[1]}, column {place[2]}" if place else "The end of the file"
    if re.match(r"Cannot (overwrite|declare|mutate)|Duplicate", message):
        before = f"before line {place[1]}, column {place[2]}" if place else "before the end of the file"
        return Problem(name, "", f"A key or table is given twice, just {before}.", "Keep one of the two.")
    return Problem(name, "", f"{where} is not valid TOML.", "Check quotes, brackets and equals signs thereabouts.")


def _plain(value: Any, path: str = "", depth: int = 0) -> Any:
    if depth > _MOST_DEPTH:
        raise _UnreadableError(*_TOO_DEEP)
    if isinstance(value, Mapping):
        return {key: _plain(item, f"{path}.{key}" if path else key, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        rule = "The number has too many digits."
        raise _UnreadableError(rule, "Check the unit and the decimal point.", shown(path))
    return value
