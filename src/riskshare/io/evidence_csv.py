"""Delimited text to columns: strict quoting, a delimiter proved by the header, every row accounted for."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from riskshare.io.evidence_codes import stop
from riskshare.io.tabular import MAX_COLUMNS, Columniser, Contract, Progress, Raw, batches, check_header
from riskshare.io.text import decode

DELIMITERS: Final = (",", ";", "\t")
MAX_HEADER_CHARACTERS: Final = 1_000_000
"""A header is looked for in this much of the text, so that trying each delimiter costs little."""
_MARKS: Final = re.compile(rb"(?:\xef\xbb\xbf)*")
_SEPARATOR_LINE: Final = re.compile(r"\"?sep=[,;\t]\"?[,;\t]*(?:\r\n|\r|\n)", re.ASCII | re.IGNORECASE)
"""A first line such as ``sep=;`` speaks to Excel. The header still proves the delimiter."""
_QUOTES = "unbalanced_quotes"
_LONG = "cell_too_long"


def read_csv_bytes(data: bytes, source: str, contract: Contract, progress: Progress | None = None) -> Raw:
    """Return a delimited file as a ``Raw``; ragged rows are kept as faults with all cells null.

    The delimiter is the one of ``, ; tab`` with which the header holds every required column. Lines with nothing on
    them are not rows, nor is a first line such as ``sep=;``, which some spreadsheets write.

    Raises
    ------
    EvidenceFileError
        ``empty_file``, ``ambiguous_delimiter``, ``unbalanced_quotes``, ``cell_too_long``, or as ``decode`` and
        ``check_header`` raise.
    """
    text, encoding = decode(data, source)
    line = _SEPARATOR_LINE.match(text)
    text = text[line.end() :] if line else text
    header, delimiter = _header(text, source, contract)
    check_header(header, contract, source)
    notes = (f"{source}: no valid UTF-8; read as Windows-1252",) if encoding == "cp1252" else ()
    if encoding == "utf-8" and '"' not in text:
        begin = _MARKS.match(data).end() + (line.end() if line else 0)  # type: ignore[union-attr]  # it always matches
        fast = _without_quotes(data[begin:], header, delimiter)
        if fast is not None:
            if progress is not None:
                progress(source, fast.num_rows)
            return Raw(source, fast.num_rows, {name: fast[name] for name in header}, {}, (), notes)
    return _with_quotes(text, source, header, delimiter, contract, progress).done(notes)


def _records(text: str, delimiter: str) -> Iterator[list[str] | str]:
    """Yield each record that is not blank; where the text cannot be parsed further, yield the stop code and end."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            yield _LONG if "field limit" in str(error) else _QUOTES
            return
        if record is None:
            return
        if record:
            yield record


def _header(text: str, source: str, contract: Contract) -> tuple[list[str], str]:
    """Return (column names, delimiter): the delimiter that gives all required columns, else the most known ones."""
    found: dict[str, list[str]] = {}
    for delimiter in DELIMITERS:
        first = next(_records(text[:MAX_HEADER_CHARACTERS], delimiter), "empty_file")
        if isinstance(first, list):
            found[delimiter] = first
        else:
            refused = first
    if not found:
        raise stop(source, refused, row=None if refused == "empty_file" else 0)
    known = {d: len(set(names[: MAX_COLUMNS + 1]) & set(contract.known)) for d, names in found.items()}
    whole = [d for d, names in found.items() if set(contract.required) <= set(names)]
    if len(whole) > 1:
        raise stop(source, "ambiguous_delimiter")
    best = whole[0] if whole else max(found, key=lambda d: (known[d], len(found[d])))
    return found[best], best


def _without_quotes(data: bytes, header: list[str], delimiter: str) -> pa.Table | None:
    """Return the table by Arrow's own parser, or None where it must be read record by record.

    Without any quotation mark a record is a line and a cell what stands between delimiters, so both parsers agree;
    Arrow's is some ten times faster. It refuses ragged rows, and so leaves them to the other.
    """
    if data[:1] in (b"\r", b"\n"):
        return None
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=header, skip_rows=1),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, quote_char=False),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid:
        return None
    longest = max((pc.max(pc.binary_length(column)).as_py() or 0 for column in table.columns), default=0)
    return table if longest < csv.field_size_limit() else None


def _with_quotes(
    text: str, source: str, header: list[str], delimiter: str, contract: Contract, progress: Progress | None
) -> Columniser:
    columniser = Columniser(source, contract)
    records = _records(text, delimiter)
    next(records)
    for batch in batches(_sound(records, source)):
        _add(batch, header, columniser)
        if progress is not None:
            progress(source, columniser.n_rows)
    return columniser


def _sound(records: Iterator[list[str] | str], source: str) -> Iterator[list[str]]:
    """Yield the records; where the text cannot be parsed further, stop the file at that row."""
    for row, record in enumerate(records, 1):
        if isinstance(record, str):
            raise stop(source, record, row=row)
        yield record


def _add(batch: list[list[str]], header: list[str], columniser: Columniser) -> None:
    ragged = [i for i, record in enumerate(batch) if len(record) != len(header)]
    for i in ragged:
        batch[i] = [""] * len(header)
    columniser.fault(ragged, "", "ragged_row")
    columns = zip(*batch, strict=True) if batch else [()] * len(header)
    columniser.add(dict(zip(header, columns, strict=True)), len(batch))
