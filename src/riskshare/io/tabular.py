"""The one shape every source is brought to: named text columns, typed dates and numbers beside them, faults by row."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from riskshare.io.evidence_codes import stop

MAX_COLUMNS: Final = 1_000
MAX_ROWS: Final = 50_000_000
BATCH_ROWS: Final = 20_000
"""Rows made into columns at a time, so that Python's own copies of them stay few."""

T = TypeVar("T")
Progress = Callable[[str, int], None]
"""Called with the name of a source and the number of its rows read so far."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Which columns a table has. ``dates`` and ``numbers`` may arrive typed; ``figures`` are texts, often numeric."""

    known: tuple[str, ...]
    required: tuple[str, ...]
    dates: frozenset[str]
    numbers: frozenset[str] = frozenset()
    figures: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class Raw:
    """One source as it came. A cell is in ``text`` or in ``typed`` (dates date32, numbers float64), never in both.

    An empty text is a missing cell and stands as null.

    ``faults`` holds (rows from 0, column, code); a column of ``""`` means the row itself, whose cells are then null.
    """

    source: str
    n_rows: int
    text: dict[str, pa.ChunkedArray]
    typed: dict[str, pa.ChunkedArray]
    faults: tuple[tuple[np.ndarray[Any, np.dtype[np.int64]], str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True, repr=False)
class Columniser:
    """Gathers rows of one source, a batch at a time, into the columns of a ``Raw``."""

    source: str
    contract: Contract
    n_rows: int = 0
    text: dict[str, list[pa.Array]] = field(default_factory=dict)
    typed: dict[str, list[pa.Array]] = field(default_factory=dict)
    faults: list[tuple[np.ndarray[Any, np.dtype[np.int64]], str, str]] = field(default_factory=list)

    def fault(self, rows: Iterable[int], column: str, code: str) -> None:
        """Note a fault in rows counted from 0 within the batch that is added next."""
        places = np.fromiter(rows, np.int64)
        if places.size:
            self.faults.append((places + self.n_rows, column, code))

    def add(self, columns: dict[str, Sequence[object]], n_rows: int) -> None:
        """Add one batch of Python values, column by column; columns not named are null in it."""
        for name, values in columns.items():
            text, typed, faults = _split(values, name, self.contract)
            for code, rows in faults.items():
                self.fault(rows, name, code)
            self._append(self.text, name, text, pa.string())
            if typed is not None:
                self._append(self.typed, name, typed, typed.type)
        self.n_rows += n_rows
        if self.n_rows > MAX_ROWS:
            raise stop(self.source, "too_many_rows")

    def _append(self, home: dict[str, list[pa.Array]], name: str, array: pa.Array, kind: pa.DataType) -> None:
        """Append, after filling the rows of earlier batches in which this column was absent."""
        chunks = home.setdefault(name, [])
        missing = self.n_rows - sum(map(len, chunks))
        if missing:
            chunks.append(pa.nulls(missing, kind))
        chunks.append(array)

    def done(self, notes: tuple[str, ...] = ()) -> Raw:
        """Return what was gathered, every column filled to the same length."""
        text = {name: self._filled(chunks, pa.string()) for name, chunks in self.text.items()}
        typed = {name: self._filled(chunks, chunks[0].type) for name, chunks in self.typed.items()}
        return Raw(self.source, self.n_rows, text, typed, tuple(self.faults), notes)

    def _filled(self, chunks: list[pa.Array], kind: pa.DataType) -> pa.ChunkedArray:
        missing = self.n_rows - sum(map(len, chunks))
        return pa.chunked_array([*chunks, pa.nulls(missing, kind)] if missing else chunks, kind)


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield items in lists of ``BATCH_ROWS``, the last one shorter: an empty one where there is nothing."""
    iterator = iter(items)
    while True:
        batch = list(islice(iterator, BATCH_ROWS))
        yield batch
        if len(batch) < BATCH_ROWS:
            return


def check_header(header: Sequence[object], contract: Contract, source: str) -> None:
    """Refuse a header that is not the contract's, saying everything wrong with it at once.

    Raises
    ------
    EvidenceFileError
        ``too_many_columns``, ``unnamed_column``, ``duplicated_column``, ``missing_columns`` or ``unknown_columns``.
        Names that are not in the contract are given by their position only; what is not even text is not in it.
    """
    names = [name if isinstance(name, str) else f"column {i}" for i, name in enumerate(header, 1)]
    if len(names) > MAX_COLUMNS:
        raise stop(source, "too_many_columns")
    missing = [name for name in contract.required if name not in names]
    unknown = [_position(i, name, contract) for i, name in enumerate(names, 1) if name not in contract.known]
    said = f" Not in the contract: {', '.join(unknown)}." if unknown else ""
    if missing:
        raise stop(source, "missing_columns", detail=f"Missing: {', '.join(missing)}.{said}")
    for position, name in enumerate(names, 1):
        if not name:
            raise stop(source, "unnamed_column", column=f"#{position}")
        if name in names[: position - 1]:
            raise stop(source, "duplicated_column", column=name if name in contract.known else f"#{position}")
    if unknown:
        raise stop(source, "unknown_columns", detail=said.strip())


def _position(position: int, name: str, contract: Contract) -> str:
    near = difflib.get_close_matches(name[:64].strip().lower(), contract.known, n=1, cutoff=0.8)
    return f"column {position} (perhaps {near[0]})" if near else f"column {position}"


def text_array(values: Sequence[str | None]) -> pa.Array | None:
    """Return an Arrow column of texts, or None where a text is not valid Unicode (the lower error would show it)."""
    try:
        return pa.array(values, pa.string())
    except (UnicodeEncodeError, pa.ArrowInvalid, pa.ArrowTypeError):
        return None


def plain_number(number: float) -> str:
    """Return the shortest exact decimal of a finite float, without exponent: 7.0 is ``7``.

    Examples
    --------
    >>> plain_number(7.0), plain_number(0.1), plain_number(1e-05)
    ('7', '0.1', '0.00001')
    """
    return np.format_float_positional(number, trim="-") if number else "0"


def _split(
    values: Sequence[object], name: str, contract: Contract
) -> tuple[pa.Array, pa.Array | None, dict[str, list[int]]]:
    """Return (text, typed or None, faults by code) of one column of Python values."""
    if set(map(type, values)) <= {str, type(None)}:
        plain = text_array([value or None for value in values])  # type: ignore[misc]  # they are texts, as just shown
        if plain is not None:
            return plain, None, {}
    text: list[str | None] = [None] * len(values)
    typed: list[Any] = [None] * len(values)
    faults: dict[str, list[int]] = {}
    for i, value in enumerate(values):
        text[i], typed[i], code = _cell(value, name, contract)
        if code:
            faults.setdefault(code, []).append(i)
    kind = pa.date32() if name in contract.dates else pa.float64()
    has_typed = any(value is not None for value in typed)
    return pa.array(text, pa.string()), pa.array(typed, kind) if has_typed else None, faults


def _cell(value: object, name: str, contract: Contract) -> tuple[str | None, object, str]:
    """Return (text, typed value, fault code) of one Python value; at most one of them is set."""
    if isinstance(value, np.datetime64):
        return _moment_cell(value, name, contract)
    if isinstance(value, np.generic) and not isinstance(value, np.timedelta64):  # whose item may be a bare number
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None, None, ""
    if isinstance(value, str):
        is_valid = text_array([str(value)]) is not None
        return (str(value) or None, None, "") if is_valid else (None, None, "bad_unicode")
    if isinstance(value, bool):
        return None, None, "wrong_type"
    if isinstance(value, dt.date):
        return _date_cell(value, name, contract)
    if isinstance(value, (int, float, Decimal)):
        return _number_cell(value, name, contract)
    return None, None, "nested_value" if isinstance(value, (list, tuple, dict, set)) else "wrong_type"


def _moment_cell(value: np.datetime64, name: str, contract: Contract) -> tuple[None, dt.date | None, str]:
    """Return a NumPy moment as a date; its own ``item`` would make nanoseconds a bare number."""
    if np.isnat(value):
        return None, None, ""
    if np.datetime_data(value.dtype)[0] in ("Y", "M", "W", "generic"):
        return None, None, "incomplete_date" if name in contract.dates else "wrong_type"
    day = value.astype("datetime64[D]")
    if day != value:
        return None, None, "has_time" if name in contract.dates else "wrong_type"
    date = day.item()  # a number where the year is beyond Python's
    return _date_cell(date, name, contract) if isinstance(date, dt.date) else (None, None, "date_out_of_range")


def _date_cell(value: dt.date, name: str, contract: Contract) -> tuple[None, dt.date | None, str]:
    if name not in contract.dates:
        return None, None, "wrong_type"
    if isinstance(value, dt.datetime):
        # pandas keeps nanoseconds, which its ``time`` leaves out.
        if value.tzinfo is not None or value.time() != dt.time() or getattr(value, "nanosecond", 0) != 0:
            return None, None, "has_time"
        value = value.date()
    return None, value, ""


def _number_cell(value: float | Decimal, name: str, contract: Contract) -> tuple[str | None, float | None, str]:
    if not isinstance(value, int) and not math.isfinite(value if isinstance(value, float) else _nearest(value)):
        return None, None, "not_a_number"
    if isinstance(value, int) or (isinstance(value, Decimal) and value == value.to_integral_value()):
        # The decimal text of a huge whole number takes quadratic time; beyond this size nothing here is a number.
        return (str(int(value)), None, "") if -(10**80) < value < 10**80 else (None, None, "out_of_range")
    number = float(value)
    if name in contract.numbers:
        return None, number, ""
    if name in contract.figures:
        return plain_number(number), None, ""
    return None, None, "wrong_type"


def _nearest(value: Decimal) -> float:
    """Return the nearest float; a signalling NaN, which refuses to be one, is a plain NaN."""
    return float(value) if value.is_finite() else math.nan
