"""What happens to each known kind of broken evidence: the file stops, the row is set aside, or the cell is unknown.

Every case goes through a real file, keeps the law of conservation, and must not repeat a person's value anywhere.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import pickle
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from build import agency, partnership, row
from riskshare.errors import EvidenceFileError
from riskshare.io.evidence import read_evidence
from riskshare.records.evidence import INPUT_COLUMNS

MARKER = "ZQXMARKER"
PARTNERS = partnership(
    agencies=(
        agency("school"),
        agency("council"),
        agency("health"),
        agency("charity"),
        agency("police", date_formats=("%d/%m/%Y",)),
        agency("clinic", date_formats=("%d/%m/%Y", "%m/%d/%Y")),
    )
)
HEADER = INPUT_COLUMNS


def good_rows(**third: Any) -> list[dict[str, Any]]:
    """Six good rows; the third carries what the case is about."""
    rows = [row(record_id=f"r{i}", subject_id=f"S{i}") for i in range(1, 7)]
    rows[2] |= third
    return rows


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",", names: tuple[str, ...] = HEADER) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def said(result: object) -> str:
    """Everything a result or an exception says of itself, through any door."""
    if isinstance(result, BaseException):
        texts = ["".join(traceback.format_exception(result))]
        link: BaseException | None = result
        while link is not None:
            texts += [str(link), repr(link), repr(vars(link))]
            link = link.__cause__ or link.__context__
        return "\n".join(texts)
    tables = (result.quarantine, result.unknown, result.duplicates)  # type: ignore[attr-defined]
    return "\n".join([repr(result), str(result), repr(result.notes), *(t.to_csv() for t in tables)])  # type: ignore[attr-defined]


def conserved(evidence: Any) -> bool:
    return all(c["rows_in"] == c["accepted"] + c["quarantined"] + c["duplicates"] for c in evidence.counts.values())


class Cell(NamedTuple):
    """One row is changed so; these faults are found, as (column, code)."""

    name: str
    change: dict[str, Any]
    faults: set[tuple[str, str]]


def one(name: str, column: str, cell: str, code: str, **also: Any) -> Cell:
    return Cell(name, {**also, column: cell}, {(column, code)})


POLICE = {"agency": "police", "event_date": "01/03/2026", "recorded_date": "02/03/2026"}
CLINIC = {"agency": "clinic", "event_date": "20/03/2026", "recorded_date": "21/03/2026"}
SCALE = {"scale": "demo.count"}

ROW_FAULTS = [
    # required
    Cell("no record id", {"record_id": ""}, {("record_id", "required_missing")}),
    Cell("no agency", {"agency": ""}, {("agency", "required_missing")}),
    Cell("no indicator", {"indicator": ""}, {("indicator", "required_missing")}),
    Cell("no basis", {"basis": ""}, {("basis", "required_missing")}),
    Cell("no role", {"role": ""}, {("role", "required_missing")}),
    Cell("no origin of the report", {"arises_from": ""}, {("arises_from", "required_missing")}),
    Cell("no event date", {"event_date": ""}, {("event_date", "required_missing")}),
    Cell("no recorded date", {"recorded_date": ""}, {("recorded_date", "required_missing")}),
    Cell("no subject", {"subject_id": ""}, {("subject_id", "subject_missing")}),
    Cell("a place with a subject", {"role": "place"}, {("subject_id", "subject_on_place")}),
    Cell(
        "several faults at once",
        {"role": MARKER, "basis": "", "event_date": "45321"},
        {("role", "unknown_code"), ("basis", "required_missing"), ("event_date", "excel_serial")},
    ),
    # codes
    one("unknown role", "role", MARKER, "unknown_code"),
    one("unknown agency", "agency", MARKER, "unknown_code"),
    one("unknown indicator", "indicator", MARKER, "unknown_code"),
    one("unknown stance", "stance", MARKER, "unknown_code"),
    one("unknown status", "status", MARKER, "unknown_code"),
    one("unknown answer", "answer", MARKER, "unknown_code"),
    one("unknown data class", "data_class", MARKER, "unknown_code"),
    one("unknown gateway", "gateway", MARKER, "unknown_code"),
    one("unknown source type", "source_type", MARKER, "unknown_code"),
    one("unknown scale", "scale", MARKER, "unknown_code", value="3"),
    one("mixed case code", "basis", "Factual", "mixed_case"),
    one("padded code", "basis", " factual", "padded"),
    one("look-alike letter in a code", "basis", "fаctual", "look_alike"),
    one("zero-width character in a code", "basis", "fact\u200bual", "invisible_character"),
    one("free text in a code column", "basis", f"told by {MARKER}", "unknown_code"),
    one("e-mail in a code column", "role", f"{MARKER}@example.org", "identifier_in_clear"),
    one("telephone in a code column", "status", "01632 960123", "identifier_in_clear"),
    # ids
    one("look-alike letter in an id", "subject_id", f"{MARKER}а", "look_alike"),
    one("letters and accents apart", "subject_id", f"{MARKER}e\u0301", "not_nfc"),
    one("right-to-left override in an id", "subject_id", f"{MARKER}\u202e", "invisible_character"),
    one("byte order mark in an id", "record_id", f"\ufeff{MARKER}", "invisible_character"),
    one("line break in an id", "record_id", f"{MARKER}\n2", "control_character"),
    one("tab in an id", "record_id", f"{MARKER}\t2", "control_character"),
    one("space after an id", "record_id", f"{MARKER} ", "padded"),
    one("a name for an id", "subject_id", f"Jo {MARKER}", "bad_id"),
    one("an id of 65 characters", "record_id", MARKER + "x" * 56, "bad_id"),
    one("a very long cell", "record_id", MARKER * 200, "cell_too_long"),
    one("path traversal", "record_id", f"../{MARKER}", "bad_id"),
    one("path traversal inside", "record_id", f"a/../{MARKER}", "bad_id"),
    one("formula", "record_id", f"=HYPERLINK({MARKER})", "formula"),
    one("full-width formula", "record_id", f"＝{MARKER}", "formula"),
    one("e-mail for an id", "subject_id", f"{MARKER}@example.org", "identifier_in_clear"),
    one("telephone for an id", "subject_id", "07700900123", "identifier_in_clear"),
    one("telephone in international form", "record_id", "+447700900123", "identifier_in_clear"),
    one("NHS number for a subject", "subject_id", "9434765919", "identifier_in_clear"),
    one("NHS number with dashes", "subject_id", "943-476-5919", "identifier_in_clear"),
    one("NHS number with spaces", "subject_id", "943 476 5919", "identifier_in_clear"),
    one("national insurance number", "subject_id", "QQ123456C".replace("QQ", "AB"), "identifier_in_clear"),
    one("date of birth for a subject", "subject_id", "2009-04-03", "identifier_in_clear"),
    one("a long number rounded by a spreadsheet", "subject_id", "9.43E+09", "scientific_notation"),
    one("'N/A' for an id", "subject_id", "N/A", "placeholder"),
    one("'unknown' for an id", "record_id", "Unknown", "placeholder"),
    one("unsafe claim id", "claim_id", f"the {MARKER} case", "bad_id"),
    # dates
    one("day before month where ISO is declared", "event_date", "01/03/2026", "bad_date"),
    one(
        "date without leading zeros", "event_date", "1/3/2026", "bad_date", agency="police", recorded_date="02/03/2026"
    ),
    one(
        "the declared formats read it twice",
        "event_date",
        "01/03/2026",
        "ambiguous_date",
        **{k: v for k, v in CLINIC.items() if k != "event_date"},
    ),
    one("two-digit year", "event_date", "01/03/26", "two_digit_year"),
    one("spreadsheet day number", "event_date", "45321", "excel_serial"),
    one("month and year only", "event_date", "Sept-24", "incomplete_date"),
    one("31 February", "event_date", "2026-02-31", "impossible_date"),
    one(
        "29 February of a common year",
        "event_date",
        "29/02/2025",
        "impossible_date",
        agency="police",
        recorded_date="02/03/2026",
    ),
    one("default date", "event_date", "1900-01-01", "placeholder_date"),
    one("before 1900", "event_date", "1886-03-01", "date_out_of_range"),
    one("after 2100", "recorded_date", "9999-12-31", "date_out_of_range"),
    one("time with the date", "event_date", "2026-03-01T10:30", "has_time"),
    one("free text for a date", "event_date", f"before {MARKER}", "bad_date"),
    one("Arabic-Indic digits in a date", "event_date", "٢٠٢٦-٠٣-٠١", "bad_date"),
    one("event after its recording", "event_date", "2026-03-03", "event_after_recorded"),
    one("end before start", "event_end", "2026-02-01", "end_before_start"),
    one("end after recording", "event_end", "2026-03-09", "end_after_recorded"),
    # gradings
    Cell("no grading", {"source_type": ""}, {("source_type", "grading_missing")}),
    Cell("two gradings", {"source_grade": "1", "info_grade": "A"}, {("source_type", "grading_twice")}),
    Cell("source grade alone", {"source_type": "", "source_grade": "1"}, {("info_grade", "grading_half")}),
    Cell("info grade alone", {"source_type": "", "info_grade": "A"}, {("source_grade", "grading_half")}),
    Cell(
        "old 5x5x5 grade",
        {"source_type": "", "source_grade": "5", "info_grade": "A"},
        {("source_grade", "unknown_code")},
    ),
    # numbers and readings
    one("severity above 1", "severity", "1.5", "out_of_range"),
    one("negative severity", "severity", "-0.2", "out_of_range"),
    one("decimal comma", "severity", "0,5", "decimal_comma"),
    one("not a number", "severity", "nan", "not_a_number"),
    one("infinite by exponent", "severity", "1e999", "bad_number"),
    one("text for a number", "severity", MARKER, "bad_number"),
    Cell("severity beside a scale", {**SCALE, "value": "3", "severity": "0.5"}, {("severity", "severity_and_scale")}),
    Cell("value without scale", {"value": "3"}, {("value", "scale_missing")}),
    Cell("route without scale", {"route": "judgement"}, {("route", "scale_missing")}),
    Cell("scale without reading", SCALE, {("value", "reading_missing")}),
    one("score above the scale", "value", "25", "out_of_range", **SCALE),
    one("negative score", "value", "-1", "out_of_range", **SCALE),
    one("half a count", "value", "3.5", "not_whole_steps", **SCALE),
    one("unknown band label", "value", MARKER, "not_a_reading", **SCALE),
    one("NHS number for a value", "value", "943 476 5919", "identifier_in_clear", **SCALE),
    one("unknown route", "route", MARKER, "unknown_code", **SCALE),
    # references, handling, gateways
    one("reference without agency", "derived_from", f"{MARKER}1", "bad_reference"),
    one("reference to a stranger", "derived_from", f"{MARKER}:r1", "unknown_agency"),
    one("space between references", "derived_from", f"school:{MARKER}; school:r2", "bad_reference"),
    one("path traversal in a reference", "derived_from", f"school:../{MARKER}", "bad_reference"),
    one("unknown handling", "handling", f"{MARKER}", "unknown_code"),
    one("unknown handling condition", "handling", f"C:{MARKER}", "unknown_code"),
    Cell(
        "gateway that bars the data",
        {"gateway": "serious_violence_duty", "data_class": "patient"},
        {("gateway", "gateway_barred")},
    ),
]

LATLON = {"longitude": "-0.1", "latitude": "51.5"}
CELL_FAULTS = [
    Cell(
        "null island", {"longitude": "0", "latitude": "0"}, {("longitude", "null_island"), ("latitude", "null_island")}
    ),
    Cell(
        "minus one", {"longitude": "-1", "latitude": "-1"}, {("longitude", "null_island"), ("latitude", "null_island")}
    ),
    Cell(
        "outside the country",
        {"longitude": "2.35", "latitude": "48.85"},
        {("longitude", "outside_uk"), ("latitude", "outside_uk")},
    ),
    Cell(
        "one swapped pair",
        {"longitude": "51.5", "latitude": "-0.1"},
        {("longitude", "swapped_coordinates"), ("latitude", "swapped_coordinates")},
    ),
    Cell("half a pair", {"longitude": "-0.1"}, {("longitude", "half_a_pair")}),
    Cell(
        "degrees and minutes",
        {**LATLON, "latitude": "51°30'N"},
        {("latitude", "bad_number"), ("longitude", "half_a_pair")},
    ),
    Cell(
        "decimal comma in a place",
        {**LATLON, "latitude": "51,5"},
        {("latitude", "decimal_comma"), ("longitude", "half_a_pair")},
    ),
    Cell(
        "infinite coordinate",
        {**LATLON, "latitude": "inf"},
        {("latitude", "not_a_number"), ("longitude", "half_a_pair")},
    ),
    Cell(
        "off the grid",
        {"easting": "900000", "northing": "1900000"},
        {("easting", "outside_uk"), ("northing", "outside_uk")},
    ),
    Cell("negative precision", {"precision_m": "-5"}, {("precision_m", "out_of_range")}),
    Cell("text for a precision", {"precision_m": MARKER}, {("precision_m", "bad_number")}),
    Cell("unknown authority", {"authority": MARKER}, {("authority", "unknown_code")}),
    Cell("unreadable end date", {"event_end": f"ongoing {MARKER}"}, {("event_end", "bad_date")}),
    Cell("free text for the recorder", {"recorded_by": f"PC {MARKER}"}, {("recorded_by", "bad_id")}),
]


@pytest.mark.parametrize("case", ROW_FAULTS, ids=lambda c: c.name)
def test_a_faulty_row_is_set_aside(case: Cell, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "march.csv"
    path.write_text(as_csv(good_rows(**case.change)), encoding="utf-8", newline="")
    with caplog.at_level(logging.DEBUG):
        evidence = read_evidence(path, PARTNERS)
    found = evidence.quarantine
    assert set(zip(found["column"], found["code"], strict=True)) == case.faults
    assert set(found["row"]) == {3}
    assert set(found["source"]) == {"march.csv"}
    assert evidence.rows["row"].to_pylist() == [1, 2, 4, 5, 6]
    assert conserved(evidence)
    assert_silent(case, said(evidence) + caplog.text)


@pytest.mark.parametrize("case", CELL_FAULTS, ids=lambda c: c.name)
def test_a_faulty_cell_that_only_widens_doubt_is_unknown(case: Cell, tmp_path: Path) -> None:
    path = tmp_path / "march.csv"
    path.write_text(as_csv(good_rows(**case.change)), encoding="utf-8", newline="")
    evidence = read_evidence(path, PARTNERS)
    found = evidence.unknown
    assert set(zip(found["column"], found["code"], strict=True)) == case.faults
    assert set(found["row"]) == {3}
    assert evidence.quarantine.empty
    third = evidence.rows.slice(2, 1).to_pylist()[0]
    assert all(third[column] is None for column, _ in case.faults)
    assert conserved(evidence)
    assert_silent(case, said(evidence))


def assert_silent(case: Cell, texts: str) -> None:
    assert MARKER not in texts
    distinctive = [str(v) for c, v in case.change.items() if len(str(v)) >= 8 and (c, v) not in AGREED]
    assert not [v for v in distinctive if v in texts]


AGREED = {("gateway", "serious_violence_duty"), ("scale", "demo.count"), ("route", "judgement")}


class File(NamedTuple):
    """A whole file is broken so; it stops with this code, at this column and row."""

    name: str
    file: str
    make: Callable[[Path], None]
    code: str
    column: str = ""
    row: int | None = None


def raw(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


def raw_nothing(path: Path) -> None:
    assert not path.exists()


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return raw(content.encode(encoding))


def zipped(member: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member, MARKER)
    return out.getvalue()


def linked(path: Path) -> None:
    target = path.with_name("target.csv")
    target.write_text(as_csv(good_rows()))
    path.symlink_to(target)


def parquet(path: Path) -> None:
    table = pa.Table.from_pylist([{**r, "subject_id": [MARKER]} for r in good_rows()])
    pq.write_table(table, path)


GOOD = as_csv(good_rows(record_id=MARKER))
LINES = GOOD.split("\n")
MANY = [row(record_id=f"{MARKER}{i}", longitude="-0.1", latitude="51.5") for i in range(30)]

FILE_FAULTS = [
    File("no such file", "none.csv", raw_nothing, "not_found"),
    File("a folder", "folder.csv", lambda path: path.mkdir(), "not_a_regular_file"),
    File("a link", "link.csv", linked, "not_a_regular_file"),
    File("a pipe", "pipe.csv", lambda path: os.mkfifo(path), "not_a_regular_file"),
    File("an unknown ending", "march.doc", text(GOOD), "unknown_kind"),
    File("a GeoPackage", "march.gpkg", raw(b"SQLite format 3\x00" + MARKER.encode()), "geopackage"),
    File("a GeoPackage named csv", "march.csv", raw(b"SQLite format 3\x00" + MARKER.encode()), "geopackage"),
    File("a workbook", "march.xlsx", raw(zipped("[Content_Types].xml")), "workbook"),
    File("a workbook named csv", "march.csv", raw(zipped("[Content_Types].xml")), "workbook"),
    File("an old workbook", "march.csv", raw(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + MARKER.encode()), "workbook"),
    File("a zip archive", "march.csv", raw(zipped("march.csv")), "compressed"),
    File("gzip", "march.csv", raw(b"\x1f\x8b\x08" + MARKER.encode()), "compressed"),
    File("pickle", "march.csv", raw(pickle.dumps([MARKER])), "refused_format"),
    File("NumPy objects", "march.csv", raw(b"\x93NUMPY" + MARKER.encode()), "refused_format"),
    File("a web page", "march.csv", raw(b"<html>" + MARKER.encode()), "wrong_content"),
    File("Parquet named csv", "march.csv", parquet, "wrong_content"),
    File("CSV named Parquet", "march.parquet", text(GOOD), "wrong_content"),
    File("damaged Parquet", "march.parquet", raw(b"PAR1" + MARKER.encode() * 9), "unreadable_table"),
    File("lists inside Parquet", "march.parquet", parquet, "unsupported_type", "subject_id"),
    File("empty file", "march.csv", raw(b""), "empty_file"),
    File("blank lines only", "march.csv", raw(b"\n\n\n"), "empty_file"),
    File("empty JSON lines", "march.jsonl", raw(b"\n"), "empty_file"),
    File("NUL characters", "march.csv", text(GOOD.replace(MARKER, MARKER + "\x00")), "nul_bytes"),
    File("UTF-16 without its mark", "march.csv", text(GOOD, "utf-16-le"), "nul_bytes"),
    File("mixed encodings", "march.csv", raw(GOOD.encode() + "é".encode() + b"\xe9"), "ambiguous_encoding"),
    File("bytes of no encoding", "march.csv", raw(GOOD.encode() + b"\x81\x8d"), "ambiguous_encoding"),
    File("a quote never closed", "march.csv", text(GOOD.replace(MARKER, '"' + MARKER)), "unbalanced_quotes", "", 3),
    File(
        "text after a closing quote",
        "march.csv",
        text(GOOD.replace(MARKER, f'"{MARKER}"x')),
        "unbalanced_quotes",
        "",
        3,
    ),
    File(
        "a cell of ten million characters",
        "march.csv",
        text(GOOD.replace(MARKER, MARKER + "x" * 10_000_000)),
        "cell_too_long",
        "",
        3,
    ),
    File("100,000 columns", "march.csv", text(LINES[0] + f",{MARKER}" * 100_000), "too_many_columns"),
    File(
        "columns missing",
        "march.csv",
        text(GOOD.replace("agency,", "partner,").replace("basis,", "kind,")),
        "missing_columns",
    ),
    File("no header at all", "march.csv", text("\n".join(LINES[1:])), "missing_columns"),
    File("a title above the header", "march.csv", text(f"Return of {MARKER}\n{GOOD}"), "missing_columns"),
    File("header in capitals", "march.csv", text(GOOD.replace("agency,", "Agency,")), "missing_columns"),
    File("a pipe for a delimiter", "march.csv", text(GOOD.replace(",", "|")), "missing_columns"),
    File("a column nobody agreed", "march.csv", text(GOOD.replace("claim_id,", f"{MARKER},")), "unknown_columns"),
    File("a column twice", "march.csv", text(GOOD.replace("claim_id,", "agency,")), "duplicated_column", "agency"),
    File(
        "a delimiter at the end of the header",
        "march.csv",
        text(GOOD.replace("\n", ",\n")),
        "unnamed_column",
        f"#{len(HEADER) + 1}",
    ),
    File("key nobody agreed", "march.jsonl", text(json.dumps({**row(), MARKER: "1"})), "unknown_columns"),
    File("key missing everywhere", "march.jsonl", text(json.dumps({"record_id": MARKER})), "missing_columns"),
    File(
        "swapped coordinates",
        "march.csv",
        text(as_csv([r | {"longitude": "51.5", "latitude": "-0.1"} for r in MANY])),
        "swapped_coordinates",
        "longitude",
    ),
    File(
        "grid metres as degrees",
        "march.csv",
        text(as_csv([r | {"longitude": "531000", "latitude": "181000"} for r in MANY])),
        "grid_in_degrees",
        "longitude",
    ),
    File(
        "degrees as grid metres",
        "march.csv",
        text(as_csv([row(record_id=f"r{i}", easting="-0.1", northing="51.5") for i in range(5)])),
        "degrees_in_grid",
        "easting",
    ),
    File(
        "too many bad rows",
        "march.csv",
        text(as_csv([r | {"basis": MARKER} if i % 4 == 0 else r for i, r in enumerate(MANY)])),
        "too_many_bad_rows",
    ),
    File(
        "trailing delimiters on every row",
        "march.csv",
        text(as_csv(MANY).replace("\n", ",\n").replace(",\n", "\n", 1)),
        "too_many_bad_rows",
    ),
]


@pytest.mark.parametrize("case", FILE_FAULTS, ids=lambda c: c.name)
def test_a_broken_file_stops(case: File, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / case.file
    case.make(path)
    with caplog.at_level(logging.DEBUG), pytest.raises(EvidenceFileError) as caught:
        read_evidence(path, PARTNERS)
    error = caught.value
    assert (error.code, error.column, error.row) == (case.code, case.column, case.row)
    assert error.source == case.file
    assert error.hint
    # The traceback's own source lines hold the tests' words, so only what the errors say is searched.
    link: BaseException | None = error
    while link is not None:
        assert MARKER not in str(link) + repr(link) + repr(vars(link)) + "".join(traceback.format_exception_only(link))
        link = link.__cause__ or link.__context__
    assert MARKER not in "".join(traceback.format_exception(error)) + caplog.text
    assert str(tmp_path) not in str(error)


class Line(NamedTuple):
    """One line of a file is broken so; that row is set aside with this code."""

    name: str
    file: str
    make: Callable[[list[str]], list[str]]
    code: str
    row: int = 3
    column: str = ""


def replaced(line: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[:3], line, *lines[4:]]


JSON = [json.dumps(r) for r in good_rows()]
LINE_FAULTS = [
    Line("a cell too many", "march.csv", lambda lines: [*lines[:3], lines[3] + f",{MARKER}", *lines[4:]], "ragged_row"),
    Line("cells missing", "march.csv", replaced(f"{MARKER},S3"), "ragged_row"),
    Line(
        "a delimiter inside a cell",
        "march.csv",
        lambda ls: [*ls[:3], ls[3].replace("r3", f"r3,{MARKER}"), *ls[4:]],
        "ragged_row",
    ),
    Line("the header again", "march.csv", lambda lines: [*lines[:3], lines[0], *lines[4:]], "repeated_header"),
    Line("a totals line", "march.csv", replaced("Total," + MARKER + "," * (len(HEADER) - 2)), "totals_row"),
    Line("a row of delimiters", "march.csv", replaced("," * (len(HEADER) - 1)), "empty_row"),
    Line("broken JSON", "march.jsonl", replaced('{"record_id": "' + MARKER), "bad_json", 4),
    Line("not an object", "march.jsonl", replaced(f'["{MARKER}"]'), "not_an_object", 4),
    Line("a key twice", "march.jsonl", replaced(f'{{"record_id": "{MARKER}", "record_id": "b"}}'), "duplicate_key", 4),
    Line(
        "100,000 levels deep",
        "march.jsonl",
        replaced('{"record_id": ' + "[" * 100_000 + "]" * 100_000 + "}"),
        "cell_too_long",
        4,
    ),
    Line(
        "50,000 levels deep",
        "march.jsonl",
        replaced('{"record_id": ' + "[" * 50_000 + "]" * 50_000 + "}"),
        "nested_value",
        4,
    ),
    Line(
        "a line of a million characters",
        "march.jsonl",
        replaced('{"record_id": "' + MARKER * 111_112 + '"}'),
        "cell_too_long",
        4,
    ),
    Line(
        "an object in a cell",
        "march.jsonl",
        replaced(json.dumps(row(record_id={"a": MARKER}))),
        "nested_value",
        4,
        "record_id",
    ),
    Line("true in a cell", "march.jsonl", replaced(json.dumps(row(claim_id=True))), "wrong_type", 4, "claim_id"),
    Line("NaN in JSON", "march.jsonl", replaced(json.dumps(row(severity=float("nan")))), "not_a_number", 4, "severity"),
    Line(
        "infinity in JSON",
        "march.jsonl",
        replaced(json.dumps(row(severity=float("inf")))),
        "not_a_number",
        4,
        "severity",
    ),
    Line(
        "a fraction for an id",
        "march.jsonl",
        replaced(json.dumps(row(subject_id=9.43e9))),
        "wrong_type",
        4,
        "subject_id",
    ),
    Line(
        "a half-pair of surrogates",
        "march.jsonl",
        replaced(json.dumps(row(record_id=MARKER)).replace("S1", "\\ud800")),
        "bad_unicode",
        4,
        "subject_id",
    ),
    Line(
        "a huge number",
        "march.jsonl",
        replaced(json.dumps(row()).replace('"S1"', "9" * 5000)),
        "cell_too_long",
        4,
        "subject_id",
    ),
]


@pytest.mark.parametrize("case", LINE_FAULTS, ids=lambda c: c.name)
def test_a_line_that_is_no_record_is_set_aside(case: Line, tmp_path: Path) -> None:
    lines = as_csv(good_rows()).rstrip("\n").split("\n") if case.file.endswith("csv") else JSON
    path = tmp_path / case.file
    path.write_text("\n".join(case.make(lines)), encoding="utf-8")
    evidence = read_evidence(path, PARTNERS)
    found = evidence.quarantine
    assert (case.row, case.column, case.code) in set(zip(found["row"], found["column"], found["code"], strict=True))
    assert set(found["row"]) == {case.row}
    assert len(evidence.rows) == 5
    assert conserved(evidence)
    assert MARKER not in said(evidence)


def test_versions_that_conflict_are_all_set_aside_and_an_earlier_one_stands() -> None:
    rows = [
        row(recorded_date="2026-03-01"),
        row(recorded_date="2026-03-05"),
        row(recorded_date="2026-03-05", basis="anecdotal"),
        row(recorded_date="2026-03-05"),
    ]
    evidence = read_evidence(rows, PARTNERS)
    assert evidence.rows["row"].to_pylist() == [1]
    assert evidence.quarantine[["row", "code"]].to_records(index=False).tolist() == [
        (2, "conflicting_versions"),
        (3, "conflicting_versions"),
        (4, "conflicting_versions"),
    ]
    assert evidence.duplicates.empty
    (barred,) = evidence.barred.drop_columns(["recorded_date"]).to_pylist()
    assert barred == {
        "agency": "school", "record_id": "r1", "subject_id": "S1", "indicator": "weapon_carrying",
        "rules": "record_id: conflicting_versions",
    }  # fmt: skip


def test_an_exact_repeat_is_counted_once_and_named() -> None:
    evidence = read_evidence([row(), row(record_id="r2"), row()], PARTNERS)
    assert evidence.duplicates.values.tolist() == [["evidence", 3, "evidence", 1]]
    assert evidence.conservation() == "3 rows in = 2 accepted + 0 quarantined + 1 exact duplicates"


def test_there_are_enough_classes() -> None:
    names = [case.name for group in (ROW_FAULTS, CELL_FAULTS, FILE_FAULTS, LINE_FAULTS) for case in group]
    assert len(names) == len(set(names)) >= 70
