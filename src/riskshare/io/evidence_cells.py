"""Columns of a read table as codes over their distinct texts, and the faults found in them.

Each test runs on the distinct texts only, in Arrow; a text that fails is then explained, in Python, one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from riskshare.io.evidence_codes import ALWAYS_HARD, SOFT_COLUMNS
from riskshare.io.tabular import Raw
from riskshare.io.text import (
    DATE_LIKE,
    MAX_CELL_CHARACTERS,
    NATIONAL_INSURANCE,
    NHS_SHAPE,
    PHONE,
    PLAIN,
    SCIENTIFIC,
    why_unsafe,
)

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_.\-/:]{0,63}$"
ID_LOOKS_WRONG: Final = rf"(?:\.\.|//|/$|{PHONE}|{SCIENTIFIC})"
SUBJECT_LOOKS_WRONG: Final = rf"(?:{DATE_LIKE}|{NATIONAL_INSURANCE})"
ZEROS: Final = frozenset({"0", "00", "000"})
PLACEHOLDERS: Final = ZEROS | frozenset(
    {"null", "none", "nan", "na", "n/a", "n.a", "nil", "unknown", "unk", "notknown", "not-known", "not_known", "tbc"}
    | {"tba", "missing", "empty", "undefined"}
)
NUMBER: Final = r"^-?[0-9]{1,15}(?:\.[0-9]{1,20})?$"
Explain = Callable[[str], str]


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """All sources, one after another: ``source_of`` and ``row`` say where each row came from.

    ``unusable`` lists, by column, rows in which something was sent that is not of a kind to be read: not missing.
    """

    sources: tuple[str, ...]
    source_of: NDArray[np.int32]
    row: Ints
    text: dict[str, pa.ChunkedArray]
    typed: dict[str, pa.ChunkedArray]
    unusable: dict[str, Ints]

    @property
    def n_rows(self) -> int:
        """How many rows were read."""
        return len(self.row)


@dataclass(frozen=True, slots=True, repr=False)
class Cells:
    """One column: ``codes`` index ``values``, −1 where missing or unreadable; ``present`` where something was sent."""

    codes: NDArray[np.int32]
    values: pa.Array
    present: Bools

    def texts(self, rows: Ints) -> pa.Array:
        """Return the texts of some rows, null where missing or unreadable."""
        codes = self.codes[rows]
        return self.values.take(pa.array(codes, mask=codes < 0))

    def among(self, values: Collection[str]) -> Bools:
        """Return, row by row, whether the text is one of these."""
        return at(is_any_of(self.values, values), self.codes)


class Faults:
    """Gathers faults: hard ones set a row aside, soft ones make a cell unknown. Rows already broken gather no more."""

    def __init__(self, n_rows: int) -> None:
        self.hard: list[tuple[Ints, str, str]] = []
        self.soft: list[tuple[Ints, str, str]] = []
        self.quarantined = np.zeros(n_rows, np.bool_)
        self._broken = np.zeros(n_rows, np.bool_)

    def broken(self, rows: Ints, code: str) -> None:
        """Note a fault of the row's shape; nothing else is said of that row."""
        rows = rows[~self._broken[rows]]
        self._broken[rows] = True
        self.quarantined[rows] = True
        self.hard.append((rows, "", code))

    def add(self, where: Bools | Ints, column: str, code: str) -> None:
        """Note a fault in a column, for a mask over all rows or for row numbers from 0."""
        rows = np.flatnonzero(where) if where.dtype == np.bool_ else where.astype(np.int64)
        rows = rows[~self._broken[rows]]
        if not rows.size:
            return
        if column in SOFT_COLUMNS and code not in ALWAYS_HARD:
            self.soft.append((rows, column, code))
        else:
            self.hard.append((rows, column, code))
            self.quarantined[rows] = True


def at(table: NDArray[Any], codes: NDArray[np.int32]) -> NDArray[Any]:
    """Return ``table[codes]``, with False or 0 where the code is −1.

    Examples
    --------
    >>> at(np.array([10, 20]), np.array([1, -1, 0], np.int32)).tolist()
    [20, 0, 10]
    """
    return np.append(table, np.zeros(1, table.dtype))[codes]


def combine(raws: Sequence[Raw], known: Sequence[str], faults: list[tuple[Ints, str, str]]) -> Sheet:
    """Join the sources into one sheet; ``faults`` receives theirs, with rows counted through."""
    sizes = [raw.n_rows for raw in raws]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    for raw, start in zip(raws, starts, strict=False):
        faults.extend((rows + start, column, code) for rows, column, code in raw.faults)
    text, typed = {}, {}
    for name in known:
        if any(name in raw.text for raw in raws):
            text[name] = _joined([raw.text.get(name) for raw in raws], sizes, pa.string())
        kinds = [raw.typed[name].type for raw in raws if name in raw.typed]
        if kinds:
            typed[name] = _joined([raw.typed.get(name) for raw in raws], sizes, kinds[0])
    return Sheet(
        sources=tuple(raw.source for raw in raws),
        source_of=np.repeat(np.arange(len(raws), dtype=np.int32), sizes),
        row=np.concatenate([np.zeros(0, np.int64), *(np.arange(1, size + 1) for size in sizes)]),
        text=text,
        typed=typed,
        unusable={
            name: np.concatenate([rows for rows, column, _ in faults if column == name])
            for name in {column for _, column, _ in faults if column}
        },
    )


def _joined(parts: Sequence[pa.ChunkedArray | None], sizes: Sequence[int], kind: pa.DataType) -> pa.ChunkedArray:
    chunks: list[pa.Array] = []
    for part, size in zip(parts, sizes, strict=True):
        chunks.extend([pa.nulls(size, kind)] if part is None else part.chunks)
    return pa.chunked_array(chunks, kind)


def encode(sheet: Sheet, column: str) -> Cells:
    """Return a text column as codes over its distinct texts, in order of first appearance."""
    if column not in sheet.text:
        return Cells(np.full(sheet.n_rows, -1, np.int32), pa.array([], pa.string()), given(sheet, column))
    # Arrow encodes all chunks with one dictionary; unifying them again would take quadratic time.
    encoded = sheet.text[column].dictionary_encode()
    values = encoded.chunk(0).dictionary if encoded.num_chunks else pa.array([], pa.string())
    indices = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    codes = np.concatenate([np.zeros(0, np.int32), *indices])
    present = codes >= 0
    if column in sheet.unusable:
        present[sheet.unusable[column]] = True
    return Cells(codes, values, present)


def given(sheet: Sheet, column: str) -> Bools:
    """Return, row by row, whether anything was sent in a column, readable or not."""
    present = np.zeros(sheet.n_rows, np.bool_)
    if column in sheet.text:
        present |= sheet.text[column].is_valid().to_numpy()
    if column in sheet.typed:
        present |= sheet.typed[column].is_valid().to_numpy()
    if column in sheet.unusable:
        present[sheet.unusable[column]] = True
    return present


def judge(cells: Cells, column: str, accepted: Bools, explain: Explain, faults: Faults) -> Cells:
    """Return the cells whose distinct texts are ``accepted``; every other is explained and noted as a fault."""
    refused = np.flatnonzero(~accepted)
    if not refused.size:
        return cells
    reasons = [explain(text) for text in cells.values.take(pa.array(refused)).to_pylist()]
    names = sorted(set(reasons))
    number = np.zeros(len(accepted), np.int64)
    number[refused] = [names.index(reason) + 1 for reason in reasons]
    by_row = at(number, cells.codes)
    for i, name in enumerate(names, 1):
        faults.add(by_row == i, column, name)
    return Cells(np.where(by_row == 0, cells.codes, np.int32(-1)), cells.values, cells.present)


def matches(values: pa.Array, pattern: str) -> Bools:
    """Return which texts match an RE2 pattern."""
    if not len(values):
        return np.zeros(0, np.bool_)
    found: Bools = pc.match_substring_regex(values, pattern).to_numpy(zero_copy_only=False).astype(np.bool_)
    return found


def with_default(cells: Cells, meaning: str) -> Cells:
    """Return the cells with an agreed meaning where nothing was sent; what was sent and is unreadable stays so."""
    if cells.present.all():
        return cells
    values = pa.concat_arrays([cells.values, pa.array([meaning], pa.string())])
    code = np.flatnonzero(is_any_of(values, [meaning]))[0].astype(np.int32)
    return Cells(np.where(cells.present, cells.codes, code), values, np.ones_like(cells.present))


def is_any_of(values: pa.Array, wanted: Collection[str]) -> Bools:
    """Return which texts are among those wanted."""
    if not len(values):
        return np.zeros(0, np.bool_)
    found: Bools = pc.is_in(values, value_set=pa.array(sorted(wanted), pa.string())).to_numpy(zero_copy_only=False)
    return found


def read_codes(cells: Cells, column: str, agreed: Collection[str], faults: Faults) -> Cells:
    """Keep the texts that are agreed codes; nothing is trimmed or changed to make it fit."""
    folded = {code.casefold() for code in agreed}

    def explain(text: str) -> str:
        reason = why_unsafe(text)
        if reason is None and text.casefold() in folded:
            return "mixed_case"
        return reason or ("unknown_code" if text.isascii() else "look_alike")

    return judge(cells, column, is_any_of(cells.values, agreed), explain, faults)


def read_ids(cells: Cells, column: str, faults: Faults, *, is_person: bool = False) -> Cells:
    """Keep the texts that are safe ids; ``is_person`` also refuses what may be the person's own number or birthday."""
    values = cells.values
    suspect = matches(values, ID_LOOKS_WRONG)
    if len(values):
        # An agency may number its own records from 0; as anything else, 0 stands for nothing known.
        nothing = PLACEHOLDERS - ZEROS if column == "record_id" else PLACEHOLDERS
        suspect |= is_any_of(pc.utf8_lower(values), nothing)
    if is_person:
        suspect |= matches(values, SUBJECT_LOOKS_WRONG) | nhs_numbers(values)
    accepted = matches(values, ID) & ~suspect
    return judge(cells, column, accepted, lambda text: why_no_id(text, is_person=is_person), faults)


def why_no_id(text: str, *, is_person: bool = False) -> str:
    """Return the code of what is wrong with an id that was refused.

    Examples
    --------
    >>> why_no_id("Jo Bloggs"), why_no_id("9.43E+09"), why_no_id("N/A"), why_no_id("../x")
    ('bad_id', 'scientific_notation', 'placeholder', 'bad_id')
    """
    reason = why_unsafe(text)
    if reason == "identifier_in_clear" and re.match(NHS_SHAPE, text) and not re.match(PHONE, text) and not is_person:
        reason = None  # one in eleven of an agency's own ten-digit numbers passes the check; it says nothing there
    if reason is None and is_person and re.match(SUBJECT_LOOKS_WRONG, text):
        return "identifier_in_clear"
    if reason is None and text.casefold() in PLACEHOLDERS:
        return "placeholder"
    return reason or ("bad_id" if text.isascii() else "look_alike")


def nhs_numbers(values: pa.Array) -> Bools:
    """Return which texts are ten digits that pass the NHS check; the columnar twin of ``text.is_nhs_number``."""
    found = matches(values, NHS_SHAPE)
    places = np.flatnonzero(found)
    if places.size:
        digits_only = pc.replace_substring_regex(values.take(pa.array(places)), "[^0-9]", "")
        number = digits_only.cast(pa.int64()).to_numpy()
        digits = (number[:, None] // 10 ** np.arange(9, -1, -1)) % 10
        check = 11 - digits[:, :9] @ np.arange(10, 1, -1) % 11
        found[places] = (check != 10) & (check % 11 == digits[:, 9])
    return found


def read_labels(cells: Cells, column: str, faults: Faults) -> Cells:
    """Keep the texts that are safe to carry; what they mean is asked elsewhere."""
    looks_wrong = rf"(?:^[=+]|^-[^0-9]|@|{PHONE}|{NHS_SHAPE}|{SCIENTIFIC})"
    plain = matches(cells.values, PLAIN) & ~matches(cells.values, looks_wrong)
    plain &= pc.less_equal(pc.utf8_length(cells.values), MAX_CELL_CHARACTERS).to_numpy(zero_copy_only=False)
    suspects = np.flatnonzero(~plain)
    safe = [why_unsafe(text) is None for text in cells.values.take(pa.array(suspects)).to_pylist()]
    plain[suspects] = safe
    return judge(cells, column, plain, lambda text: why_unsafe(text) or "not_a_reading", faults)


def read_numbers(sheet: Sheet, column: str, low: float, high: float, faults: Faults) -> NDArray[np.float64]:
    """Return a number for each row, NaN where missing or unreadable; ``low`` and ``high`` are included."""
    numbers = np.full(sheet.n_rows, np.nan)
    if column in sheet.text:
        cells = encode(sheet, column)
        accepted = matches(cells.values, NUMBER)
        cells = judge(cells, column, accepted, _why_no_number, faults)
        table = np.full(len(accepted), np.nan)
        table[accepted] = cells.values.filter(pa.array(accepted)).cast(pa.float64()).to_numpy()
        numbers = np.where(cells.codes >= 0, at(table, cells.codes), np.nan)
    if column in sheet.typed:
        typed = sheet.typed[column].to_numpy()
        numbers = np.where(np.isnan(typed), numbers, typed)
    outside = (numbers < low) | (numbers > high)
    faults.add(outside, column, "out_of_range")
    numbers[outside] = np.nan
    return numbers + 0.0  # minus zero is zero


def _why_no_number(text: str) -> str:
    reason = why_unsafe(text)
    if reason is not None and not (reason == "formula" and text[0] in "+-") and reason != "scientific_notation":
        return reason
    if re.fullmatch(r"-?[0-9]{1,3}(?:[,' ]?[0-9]{3})*,[0-9]+|-?[0-9]+(?:[, '][0-9]{3})+(?:\.[0-9]+)?", text):
        return "decimal_comma"
    if text.casefold().lstrip("+-") in {"nan", "inf", "infinity"}:
        return "not_a_number"
    return "bad_number"
