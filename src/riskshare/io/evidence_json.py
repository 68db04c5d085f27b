"""JSON lines and Python mappings to columns: one flat object a row, no key twice, nothing nested."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from riskshare.io.evidence_codes import stop
from riskshare.io.tabular import Columniser, Contract, Progress, Raw, batches, check_header
from riskshare.io.text import decode

MAX_LINE_CHARACTERS: Final = 131_072
"""As long as the longest cell that Python's csv reader takes by default; a row of ours has under 4,000."""


class _Faulty:
    """Stands for a line that gave no row; ``code`` says why."""

    def __init__(self, code: str) -> None:
        self.code = code


def _pairs(pairs: list[tuple[str, Any]]) -> object:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Faulty("duplicate_key")


def _line(text: str) -> object:
    """Return one line's object; whole numbers stay text, so that no digit is lost and no size can hurt."""
    if len(text) > MAX_LINE_CHARACTERS:
        return _Faulty("cell_too_long")
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_int=str)
    except RecursionError:
        return _Faulty("nested_value")
    except ValueError:
        return _Faulty("bad_json")


def read_jsonl_bytes(data: bytes, source: str, contract: Contract, progress: Progress | None = None) -> Raw:
    """Return a file of JSON lines as a ``Raw``; a line that gives no object is kept as a fault with all cells null.

    Blank lines are not rows. A file without any line is ``empty_file``.

    Raises
    ------
    EvidenceFileError
        ``empty_file``, or as ``decode`` and ``read_mappings`` raise.
    """
    text, encoding = decode(data, source)
    lines = [line for line in text.split("\n") if line.strip(" \t\r")]
    if not lines:
        raise stop(source, "empty_file")
    notes = (f"{source}: no valid UTF-8; read as Windows-1252",) if encoding == "cp1252" else ()
    return read_mappings(map(_line, lines), source, contract, progress, notes)


def read_mappings(
    items: Iterable[object],
    source: str,
    contract: Contract,
    progress: Progress | None = None,
    notes: tuple[str, ...] = (),
) -> Raw:
    """Return an iterable of mappings, one a row, as a ``Raw``. A key that a row lacks is a missing cell.

    Raises
    ------
    EvidenceFileError
        ``missing_columns`` where no row at all has a required key; ``unknown_columns`` where any row has a key that
        is not in the contract, counted in order of first appearance.
    """
    columniser = Columniser(source, contract)
    names: dict[str, None] = {}
    for batch in batches(items):
        _add(batch, columniser, names)
        if progress is not None:
            progress(source, columniser.n_rows)
    if names:
        check_header(list(names), contract, source)
    return columniser.done(notes)


def _add(batch: Sequence[object], columniser: Columniser, names: dict[str, None]) -> None:
    codes = {
        i: item.code if isinstance(item, _Faulty) else "not_an_object"
        for i, item in enumerate(batch)
        if not isinstance(item, Mapping)
    }
    for code in sorted(set(codes.values())):
        columniser.fault((i for i, c in codes.items() if c == code), "", code)
    rows: list[Mapping[Any, object]] = [item if isinstance(item, Mapping) else {} for item in batch]
    for row in rows:
        names.update(dict.fromkeys(row))
    if not set(names) <= set(columniser.contract.known):
        check_header(list(names), columniser.contract, columniser.source)
    columniser.add({name: [row.get(name) for row in rows] for name in names}, len(rows))
