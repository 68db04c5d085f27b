"""Partnership folders for tests: records to tables, tables to TOML files, and one value changed at a time."""

from __future__ import annotations

import copy
import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import build
from riskshare.records.partnership import Agency, Partnership, ResponseStandard, Signature

GONE = object()
"""Passed to ``changed``: the key is taken out."""

Files = dict[str, Any]
"""File name to its tables; or to text or bytes, written as they are."""


def good_files(partnership: Partnership | None = None) -> Files:
    """Return a small good partnership as tables by file name, ready to break or to write."""
    one = partnership if partnership is not None else _small()
    files: Files = {
        "partnership.toml": {
            "name": one.name,
            "purpose": one.purpose,
            "example": one.is_example,
            "agencies": [tables(agency) for agency in one.agencies],
        },
        "common_scale.toml": tables(one.common_scale),
        "trust.toml": tables(one.trust),
        "signatures.toml": {"signatures": [signature(agency.id) for agency in one.agencies]},
    }
    files |= {f"scales/{scale.id}.toml": tables(scale) for scale in one.scales}
    return files


def _small() -> Partnership:
    standard = ResponseStandard(
        id="first_look",
        scale="demo.count",
        band="high",
        start_event="referral",
        stop_event="decision",
        clock="working_days",
        target_working_days=1.0,
        source="Working together",
    )
    members: tuple[Agency, ...] = tuple(
        build.agency(name, standards=(standard,) if name == "council" else ()) for name in build.SECTORS
    )
    return build.partnership(agencies=members)


def tables(record: Any) -> dict[str, Any]:
    """Return a record as the table a partner would write: lists for tuples, nothing for ``None``."""
    dumped = record.model_dump(by_alias=True, exclude_none=True)
    plain: dict[str, Any] = copy.deepcopy(_lists(dumped))
    return plain


def _lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple | list) else value


def changed(files: Files, *changes: tuple[str, str, Any]) -> Files:
    """Return the files with each ``(file, key path, value)`` put in; ``GONE`` takes the key out.

    A path such as ``indicators[3].family`` counts from 0; one past the end of a list appends.
    """
    made = copy.deepcopy(files)
    for file, path, value in changes:
        if not path:
            made[file] = value
            if value is GONE:
                del made[file]
            continue
        *steps, last = [int(number) if number else key for number, key in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path)]
        inside = made[file]
        for step in steps:
            inside = inside[step] if isinstance(step, int) else inside.setdefault(step, {})
        if isinstance(last, int) != isinstance(inside, list):
            message = f"{file}: {path} is not there"
            raise TypeError(message)
        if value is GONE:
            del inside[last]
        elif isinstance(inside, list) and last == len(inside):
            inside.append(value)
        else:
            inside[last] = value
    return made


def write_folder(path: Path, files: Files | None = None) -> Path:
    """Write a partnership folder (a small good one unless ``files`` are given) and return its path."""
    for name, content in (files if files is not None else good_files()).items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_text(content if isinstance(content, str) else to_toml(content), encoding="utf-8")
    return path


def to_toml(table: Mapping[str, Any]) -> str:
    """Return a table as TOML, one line a key, everything inside it inline."""
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in table.items())


def to_toml_with_headings(table: Mapping[str, Any], heading: str = "", comment: str = "") -> str:
    """Return the same table as a person would lay it out: ``[headings]``, ``[[lists]]`` and comments."""
    inner = [(key, value) for key, value in table.items() if isinstance(value, Mapping) or _of_tables(value)]
    plain = [(key, value) for key, value in table.items() if (key, value) not in inner]
    lines = [f"  {_key(key)}   =   {_value(value)}  # {comment}" for key, value in plain]
    for key, value in inner:
        name = f"{heading}.{_key(key)}" if heading else _key(key)
        brackets = "[{}]" if isinstance(value, Mapping) else "[[{}]]"
        for one in [value] if isinstance(value, Mapping) else value:
            lines += ["", f"# {comment}", brackets.format(name), to_toml_with_headings(one, name, comment)]
    return "\n".join(lines) + "\n"


def _of_tables(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and bool(value) and isinstance(value[0], Mapping)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return repr(value)


def signature(agency: str, policy_hash: str = "0" * 64) -> dict[str, Any]:
    """Return a signature as a table."""
    return tables(Signature(agency=agency, policy_hash=policy_hash, signed_on=dt.date(2026, 1, 1), role="board member"))
