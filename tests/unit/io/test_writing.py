"""Files are owner-only, whole or absent, marked internal, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

from riskshare.errors import PolicyError
from riskshare.io import writing

MARKS = {"marking": "INTERNAL: do not pass on.", "as_of": "2026-03-31"}


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"subject_id": ["S1", "S2"], "score": [46, 20], **columns})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
def test_files_are_for_the_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        folder = writing.make_folder(tmp_path / "deep" / "out")
        files = [
            writing.write_text(folder / "a.txt", "x"),
            writing.write_csv(folder / "a.csv", frame(), MARKS),
            writing.write_parquet(folder / "a.parquet", frame(), MARKS),
            writing.write_json_lines(folder / "a.jsonl", [{"internal": True}]),
        ]
    finally:
        os.umask(old)
    assert mode(folder) == 0o700
    assert {mode(file) for file in files} == {0o600}


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
def test_an_open_file_that_stood_there_becomes_owner_only(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o644)
    assert mode(writing.write_text(target, "new")) == 0o600
    assert target.read_text() == "new"


def test_a_folder_that_stood_there_keeps_its_permissions(tmp_path: Path) -> None:
    before = mode(tmp_path)
    assert writing.make_folder(tmp_path) == tmp_path
    assert mode(tmp_path) == before


def test_a_failure_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        writing.write_text(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    elsewhere, target = tmp_path / "elsewhere", tmp_path / "a.txt"
    elsewhere.write_text("mine")
    target.symlink_to(elsewhere)
    writing.write_text(target, "new")
    assert elsewhere.read_text() == "mine"
    assert not target.is_symlink()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " =", "\n="])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    text = f"{start}HYPERLINK(0)"
    written = rows(writing.write_csv(tmp_path / "a.csv", frame(note=[text, "plain"]), MARKS))
    assert [row["note"] for row in written] == [f"'{text}", "plain"]


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    written = rows(writing.write_csv(tmp_path / "a.csv", frame(log_odds=[-2.5, 0.5]), MARKS))
    assert [row["log_odds"] for row in written] == ["-2.5", "0.5"]


def test_csv_says_what_it_is_in_every_row(tmp_path: Path) -> None:
    table = frame(flags=[("capped", "stale"), ()], gap=["q1", None], share=[0.5, float("nan")])
    written = rows(writing.write_csv(tmp_path / "a.csv", table, MARKS))
    assert [row["marking"] for row in written] == [MARKS["marking"]] * 2
    assert [row["flags"] for row in written] == ["capped;stale", ""]
    assert [row["gap"] for row in written] == ["q1", ""]
    assert written[1]["share"] == ""


def test_accents_survive(tmp_path: Path) -> None:
    assert rows(writing.write_csv(tmp_path / "a.csv", frame(note=["Ynys Môn", "x"]), MARKS))[0]["note"] == "Ynys Môn"


def test_parquet_keeps_types_and_carries_the_mark(tmp_path: Path) -> None:
    target = writing.write_parquet(tmp_path / "a.parquet", frame(flags=[("capped",), ()]), MARKS)
    table = pyarrow.parquet.read_table(target)
    assert table["flags"].to_pylist() == [["capped"], []]
    assert table["score"].to_pylist() == [46, 20]
    assert set(table["marking"].to_pylist()) == {MARKS["marking"]}
    assert table.schema.metadata[b"as_of"] == b"2026-03-31"


def test_an_empty_table_is_a_header(tmp_path: Path) -> None:
    text = writing.write_csv(tmp_path / "a.csv", frame().head(0), MARKS).read_text()
    assert text.splitlines() == ['"marking","as_of","subject_id","score"']


@pytest.mark.parametrize("column", ["easting", "longitude", "geometry"])
def test_places_are_not_written(tmp_path: Path, column: str) -> None:
    for write in (writing.write_csv, writing.write_parquet):
        with pytest.raises(PolicyError, match="sharing agreement"):
            write(tmp_path / "a", frame(**{column: [1.0, 2.0]}), MARKS)
    assert not list(tmp_path.iterdir())


def test_json_lines_are_one_object_a_line(tmp_path: Path) -> None:
    target = writing.write_json_lines(tmp_path / "a.jsonl", [{"a": "é"}, {"a": None}])
    assert [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()] == [{"a": "é"}, {"a": None}]
    with pytest.raises(ValueError, match="JSON"):
        writing.write_json_lines(target, [{"a": float("nan")}])
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2
