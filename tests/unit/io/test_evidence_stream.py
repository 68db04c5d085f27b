"""A file read in pieces is the file read whole: the same columns, faults and stops, wherever it is cut."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import build
from riskshare.errors import EvidenceFileError
from riskshare.io import evidence_stream
from riskshare.io.evidence import CONTRACT
from riskshare.io.evidence_csv import read_csv_bytes
from riskshare.io.evidence_files import open_source, open_stream
from riskshare.io.evidence_stream import stream, survey
from riskshare.io.tabular import Raw

HEADER = list(build.row())


def csv_text(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    lines = [delimiter.join(HEADER)]
    lines += [delimiter.join(str(row[name] or "") for name in HEADER) for row in rows]
    return "\n".join(lines) + "\n"


def rows_of(n: int) -> list[dict[str, Any]]:
    return [build.row(record_id=f"r{i}", subject_id=f"S{i % 3}") for i in range(n)]


def as_lists(raws: list[Raw]) -> tuple[dict[str, list[Any]], list[tuple[int, str, str]]]:
    """Return the cells of all pieces one after another, and faults by rows counted through."""
    cells: dict[str, list[Any]] = {}
    faults, start = [], 0
    for raw in raws:
        for name, column in {**raw.text, **raw.typed}.items():
            cells.setdefault(name, []).extend(column.to_pylist())
        faults += [(start + int(row), column, code) for rows, column, code in raw.faults for row in rows]
        start += raw.n_rows
    return cells, sorted(faults)


def pieces(path: Path, n_rows: int, skip: int = 0) -> list[Raw]:
    return list(stream(survey([path])[0], CONTRACT, n_rows, skip=skip))


TEXTS = {
    "plain": csv_text(rows_of(10)).encode(),
    "semicolons": csv_text(rows_of(10), ";").encode(),
    "quoted": csv_text(rows_of(4)).encode() + b'r9,"S\n9"' + b"," * (len(HEADER) - 2) + b"\n",
    "ragged in the middle": csv_text(rows_of(7)).encode() + b"r8,S1\n" + csv_text(rows_of(5)).encode(),
    "blank lines": csv_text(rows_of(5)).replace("\nr3", "\n\n\nr3").encode(),
    "begins blank": b"\n" + csv_text(rows_of(5)).encode(),
    "marked twice": codecs.BOM_UTF8 * 2 + csv_text(rows_of(5)).encode(),
    "speaks to Excel": b"sep=,\r\n" + csv_text(rows_of(5)).replace("\n", "\r\n").encode(),
    "UTF-16": codecs.BOM_UTF16_LE + csv_text(rows_of(6)).encode("utf-16-le"),
    "Windows-1252": csv_text([*rows_of(4), build.row(record_id="caf\xe9")]).encode("cp1252"),
    "UTF-8": csv_text([*rows_of(4), build.row(record_id="caf\xe9")]).encode(),
    "header alone": csv_text([]).encode(),
    "no line end": csv_text(rows_of(3)).encode()[:-1],
}


@pytest.mark.parametrize("data", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("n_rows", [1, 2, 3, 7, 1000])
def test_pieces_of_a_csv_are_the_whole(data: bytes, n_rows: int, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    whole = as_lists([read_csv_bytes(data, "a.csv", CONTRACT)])
    found = pieces(path, n_rows)
    assert all(raw.n_rows == n_rows for raw in found[:-1])
    cells, faults = as_lists(found)
    assert cells == {name: column for name, column in whole[0].items() if column}
    assert faults == whole[1]
    assert survey([path])[0].notes == read_csv_bytes(data, "a.csv", CONTRACT).notes


@pytest.mark.parametrize("data", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("skip", [1, 3, 8])
def test_rows_left_out_are_those_at_the_start(data: bytes, skip: int, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    whole, _ = as_lists(pieces(path, 4))
    some, _ = as_lists(pieces(path, 4, skip))
    assert some == {name: cells[skip:] for name, cells in whole.items() if cells[skip:]}


STOPS = {
    "empty_file": b"",
    "nul_bytes": csv_text(rows_of(2)).encode() + b"\x00\n",
    "ambiguous_encoding": csv_text(rows_of(2)).encode() + b"\xc3\xa9\xff\n",
    "unbalanced_quotes": csv_text(rows_of(2)).encode() + b'a,"b"c\n',
    "missing_columns": b"record_id,role\n",
}


@pytest.mark.parametrize(("code", "data"), STOPS.items())
def test_what_stops_a_whole_file_stops_it_in_pieces(code: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(EvidenceFileError) as whole:
        read_csv_bytes(data, "a.csv", CONTRACT)
    with pytest.raises(EvidenceFileError) as found:
        pieces(path, 2)
    assert found.value.code == whole.value.code == code
    assert (found.value.row, found.value.column) == (whole.value.row, whole.value.column)


TOKENS = (b"", b"a", "é".encode(), b"\xe9", b"\x00", b"\xff", "€".encode(), b"\x81", b"\xc3", b"a\x00", b"\x00\xd8")
MARKS = (b"", b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mark=st.sampled_from(MARKS), tokens=st.lists(st.sampled_from(TOKENS), max_size=9), step=st.integers(4, 9))
def test_any_bytes_are_judged_alike_however_they_are_cut(
    mark: bytes, tokens: list[bytes], step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from riskshare.io.text import decode

    monkeypatch.setattr(evidence_stream, "STREAM_BYTES", step)
    path = tmp_path / "a.csv"
    path.write_bytes(mark + b"\n" + b"\n".join(tokens))
    said: list[str] = []
    for judge in (lambda: decode(path.read_bytes(), "a.csv")[1], lambda: survey([path])[0].encoding):
        try:
            said.append(judge())
        except EvidenceFileError as fault:
            said.append(fault.code)
    assert said[0] == said[1]


def test_a_line_without_end_stops_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_stream, "STREAM_BYTES", 64)
    (tmp_path / "a.csv").write_bytes(b"x" * 200)
    with pytest.raises(EvidenceFileError, match="cell_too_long"):
        survey([tmp_path / "a.csv"])


@pytest.mark.parametrize("group", [2, 5, 100])
@pytest.mark.parametrize("n_rows", [1, 3, 4, 50])
def test_pieces_of_a_parquet_file_are_the_whole(group: int, n_rows: int, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.Table.from_pylist(rows_of(11))
    pq.write_table(table, path, row_group_size=group)
    found = pieces(path, n_rows)
    assert [raw.n_rows for raw in found] == [n_rows] * (11 // n_rows) + ([11 % n_rows] if 11 % n_rows else [])
    assert as_lists(found)[0]["record_id"] == [f"r{i}" for i in range(11)]
    assert as_lists(pieces(path, n_rows, 5))[0]["record_id"] == [f"r{i}" for i in range(5, 11)]


def test_columns_are_judged_where_there_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"somebody": pa.array([], pa.string())}), path)
    with pytest.raises(EvidenceFileError) as fault:
        pieces(path, 5)
    assert fault.value.code == "missing_columns"
    pq.write_table(pa.Table.from_pylist(rows_of(1)).slice(1), path)
    assert pieces(path, 5) == []


def test_damage_json_lines_and_one_name_twice(tmp_path: Path) -> None:
    for name, code in (("a.parquet", "unreadable_table"), ("a.jsonl", "not_streamed"), ("b.csv", "not_found")):
        if name != "b.csv":
            (tmp_path / name).write_bytes(b"PAR1 nothing PAR1" if name == "a.parquet" else b"{}")
        with pytest.raises(EvidenceFileError) as fault:
            survey([tmp_path / name])
        assert fault.value.code == code
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_bytes(TEXTS["plain"])
    found = survey([tmp_path / "x" / "a.csv", tmp_path / "y" / "a.csv"])
    assert [one.source for one in found] == ["a.csv", "a.csv (2)"]
    assert found[0].sha256 == found[1].sha256


def test_only_regular_files_of_a_known_kind_are_streamed(tmp_path: Path) -> None:
    import os

    (tmp_path / "a.csv").write_bytes(TEXTS["plain"])
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "z.csv").write_bytes(b"PK\x03\x04" + TEXTS["plain"])
    (tmp_path / "a.docx").write_bytes(TEXTS["plain"])
    (tmp_path / "a.parquet").write_bytes(TEXTS["plain"])
    wanted = {
        "link.csv": "not_a_regular_file", "pipe.csv": "not_a_regular_file", "folder.csv": "not_a_regular_file",
        "z.csv": "compressed", "a.docx": "unknown_kind", "a.parquet": "wrong_content", "a\0.csv": "not_found",
    }  # fmt: skip
    for name, code in wanted.items():
        with pytest.raises(EvidenceFileError) as fault:
            survey([str(tmp_path / name)])
        assert fault.value.code == code


def test_a_file_changed_since_it_was_looked_over_stops(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXTS["quoted"])
    [found] = survey([path])
    path.write_bytes(TEXTS["quoted"] + b"\xff\n")
    with pytest.raises(EvidenceFileError, match="ambiguous_encoding"):
        list(stream(found, CONTRACT, 100))


@pytest.mark.parametrize(
    "typed",
    [
        "John Smith",
        "a,1\nJane Doe.x.csv",
        "{'name': 'x.csv'}.csv",
        '[{"subject_id": "S-9001"}]',
        "S-9001.",
        "a" * 5_000,
    ],
)
def test_data_given_as_a_path_is_not_repeated(typed: str) -> None:
    for ask in (open_stream, open_source):
        with pytest.raises(EvidenceFileError, match="not_found") as fault:
            ask(typed)
        assert str(fault.value).startswith("evidence: ")
        assert fault.value.source == "evidence"
