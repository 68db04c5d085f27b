"""Delimited text to columns: strict quoting, a delimiter proved by the header, every row accounted for."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from riskshare.io.evidence_codes import stop
from riskshare.io.tabular import MAX_COLUMNS, Columniser, Contract, Progress, Raw, batches, check_header
from riskshare.io.text import decode

DELIMITERS: Final = (",", ";", "\t")
MAX_HEADER_CHARACTERS: Final = 1_000_000
"""A header is looked for in this much of the text, so that trying each delimiter costs little."""
STREAM_BYTES: Final = 1 << 24
"""Bytes of a large file looked at together; no line may be longer."""
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


def _records(lines: Iterable[str], delimiter: str) -> Iterator[list[str] | str]:
    """Yield each record that is not blank; where the text cannot be parsed further, yield the stop code and end."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
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


def _lines(text: str) -> io.StringIO:
    return io.StringIO(text, newline="")


def _header(text: str, source: str, contract: Contract) -> tuple[list[str], str]:
    """Return (column names, delimiter): the delimiter that gives all required columns, else the most known ones."""
    found: dict[str, list[str]] = {}
    for delimiter in DELIMITERS:
        first = next(_records(_lines(text[:MAX_HEADER_CHARACTERS]), delimiter), "empty_file")
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
        table = pacsv.read_csv(pa.BufferReader(data), **_plain_options(header, delimiter))
    except pa.ArrowInvalid:
        return None
    return table if _has_no_long_cell(table) else None


def _plain_options(header: list[str], delimiter: str) -> dict[str, Any]:
    return {
        "read_options": pacsv.ReadOptions(column_names=header, skip_rows=1),
        "parse_options": pacsv.ParseOptions(delimiter=delimiter, quote_char=False),
        "convert_options": pacsv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    }


def _has_no_long_cell(table: pa.Table) -> bool:
    longest = max((pc.max(pc.binary_length(column)).as_py() or 0 for column in table.columns), default=0)
    return bool(longest < csv.field_size_limit())


def stream_csv(
    handle: BinaryIO, source: str, contract: Contract, n_rows: int, *, encoding: str, quoted: bool, skip: int = 0
) -> Iterator[Raw]:
    """Yield a delimited file of any size as ``Raw`` pieces of ``n_rows`` rows, the last one shorter; none if empty.

    Parameters
    ----------
    handle : file
        Open for reading bytes; left open.
    source, contract
        As ``read_csv_bytes``.
    n_rows : int
    encoding, quoted
        What the whole file is written in, and whether it holds any quotation mark: ``evidence_stream.survey`` knows.
    skip : int
        Rows to leave out at the start.

    Raises
    ------
    EvidenceFileError
        As ``read_csv_bytes``.
    """
    handle.seek(0)
    start = handle.read(4 * MAX_HEADER_CHARACTERS)
    mark = 2 if encoding.startswith("utf-16") else 0
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start[mark:]).lstrip("\ufeff")
    line = _SEPARATOR_LINE.match(text)
    header, delimiter = _header(text[line.end() :] if line else text, source, contract)
    check_header(header, contract, source)
    if encoding == "utf-8" and not quoted:
        begin = _MARKS.match(start).end() + (line.end() if line else 0)  # type: ignore[union-attr]  # it always matches
        if start[begin : begin + 1] not in (b"\r", b"\n"):
            handle.seek(begin)
            skip = yield from _stream_plain(handle, source, header, delimiter, n_rows, skip)
            if skip < 0:
                return
    handle.seek(mark)
    yield from _stream_records(handle, source, header, delimiter, contract, n_rows, encoding, skip)


def _stream_plain(
    handle: BinaryIO, source: str, header: list[str], delimiter: str, n_rows: int, skip: int
) -> Generator[Raw, None, int]:
    """Yield pieces by Arrow's own parser; return −1 at the end, or how many rows stand before what it refuses."""
    read, held, before = 0, 0, skip
    waiting: list[pa.Table] = []
    try:
        options = _plain_options(header, delimiter)
        options["read_options"].block_size = STREAM_BYTES
        for batch in pacsv.open_csv(pa.PythonFile(handle, mode="r"), **options):
            table = pa.Table.from_batches([batch])
            if not _has_no_long_cell(table):
                return before
            left_out = max(0, min(table.num_rows, skip - read))
            read += table.num_rows
            waiting.append(table.slice(left_out))
            held += table.num_rows - left_out
            while held >= n_rows:
                whole = pa.concat_tables(waiting)
                yield _piece(whole.slice(0, n_rows), source, header)
                waiting, held, before = [whole.slice(n_rows)], held - n_rows, before + n_rows
    except pa.ArrowInvalid:
        return before
    if held:
        yield _piece(pa.concat_tables(waiting), source, header)
    return -1


def _piece(table: pa.Table, source: str, header: list[str]) -> Raw:
    return Raw(source, table.num_rows, {name: table[name] for name in header}, {}, ())


def _stream_records(
    handle: BinaryIO, source: str, header: list[str], delimiter: str, contract: Contract, n_rows: int, encoding: str,
    skip: int,
) -> Iterator[Raw]:  # fmt: skip
    """Yield pieces record by record."""
    stream = io.TextIOWrapper(handle, encoding=encoding, newline="")
    try:
        records = _sound(islice(_records(_without_marks(stream), delimiter), 1, None), source)
        for _ in islice(records, skip):
            pass
        while True:
            columniser = Columniser(source, contract)
            for batch in batches(islice(records, n_rows)):
                _add(batch, header, columniser)
            if columniser.n_rows:
                yield columniser.done()
            if columniser.n_rows < n_rows:
                return
    except UnicodeDecodeError:  # the file was changed since it was surveyed
        raise stop(source, "ambiguous_encoding") from None
    finally:
        stream.detach()


def _without_marks(stream: Iterable[str]) -> Iterator[str]:
    """Yield lines without a byte order mark, or a line that speaks to Excel, at their start."""
    for number, line in enumerate(stream):
        text = line if number else line.lstrip("\ufeff")
        if number or not _SEPARATOR_LINE.fullmatch(text):
            yield text


def _with_quotes(
    text: str, source: str, header: list[str], delimiter: str, contract: Contract, progress: Progress | None
) -> Columniser:
    columniser = Columniser(source, contract)
    records = _records(_lines(text), delimiter)
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
