"""The same content gives the same rows from whatever it is read."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from build import partnership, row
from riskshare.io.evidence import read_evidence
from riskshare.records.evidence import INPUT_COLUMNS, Evidence

PARTNERS = partnership()
ROWS: list[dict[str, Any]] = [
    row(record_id="r1", severity=0.25, event_end="2026-03-02"),
    row(record_id="r2", subject_id="S2", scale="demo.count", value="7", claim_id="c1"),
    row(record_id="r3", subject_id="S3", scale="demo.count", value="12", derived_from="school:r2;police:x"),
    row(record_id="r4", subject_id="S4", longitude=-0.1, latitude=51.5, precision_m=10.0, handling="C:no_onward"),
    row(record_id="r5", role="place", subject_id=None, easting=531000.0, northing=181000.5, authority="northby"),
    row(record_id="r6", basis="Factual"),
    row(record_id="r7", severity=0.00001, longitude=99.0, latitude=51.0),
    row(record_id="r1", severity=0.25, event_end="2026-03-02"),
]
FULL = [{name: r.get(name) for name in INPUT_COLUMNS} for r in ROWS]
NUMBERS = ("severity", "easting", "northing", "longitude", "latitude", "precision_m")
DATES = ("event_date", "event_end", "recorded_date")


def written(value: object) -> object:
    return f"{value:.10f}" if isinstance(value, float) else value


def csv_text(delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, INPUT_COLUMNS, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows({k: written(v) for k, v in r.items()} for r in FULL)
    return out.getvalue()


def frame() -> pd.DataFrame:
    """As pandas users have it: dates as datetime64, numbers as floats with NaN, the readings as floats too."""
    table = pd.DataFrame(FULL)
    for name in DATES:
        table[name] = pd.to_datetime(table[name])
    for name in (*NUMBERS, "value"):
        table[name] = pd.to_numeric(table[name])
    return table


def dated() -> list[dict[str, Any]]:
    return [{k: dt.date.fromisoformat(v) if k in DATES and v else v for k, v in r.items()} for r in FULL]


def content(evidence: Evidence) -> tuple[object, ...]:
    faults = [t.drop(columns="source").to_csv() for t in (evidence.quarantine, evidence.unknown)]
    repeats = evidence.duplicates[["row", "same_as_row"]].to_csv()
    return evidence.rows.drop_columns(["source"]).to_pylist(), *faults, repeats, evidence.barred.to_pylist()


EXPECTED = content(read_evidence(FULL, PARTNERS))
FILES: dict[str, tuple[str, bytes]] = {
    "commas": ("a.csv", csv_text().encode()),
    "semicolons": ("a.csv", csv_text(";", csv.QUOTE_ALL).encode()),
    "tabs": ("a.tsv", csv_text("\t").encode()),
    "every cell quoted": ("a.csv", csv_text(quoting=csv.QUOTE_ALL).encode()),
    "lines of another system": ("a.txt", csv_text(end="\r\n").encode()),
    "blank lines between": ("a.csv", csv_text(end="\n\n").encode()),
    "byte order mark": ("a.csv", csv_text().encode("utf-8-sig")),
    "byte order mark and quotes": ("a.csv", csv_text(quoting=csv.QUOTE_ALL).encode("utf-8-sig")),
    "UTF-16, little end first": ("a.csv", b"\xff\xfe" + csv_text().encode("utf-16-le")),
    "UTF-16, big end first": ("a.csv", b"\xfe\xff" + csv_text().encode("utf-16-be")),
    "JSON lines": ("a.jsonl", "\n".join(json.dumps(r) for r in FULL).encode()),
    "JSON lines without empty keys": (
        "a.ndjson",
        "\r\n".join(json.dumps({k: v for k, v in r.items() if v is not None}) for r in FULL).encode(),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name: str, tmp_path: Path) -> None:
    file, data = FILES[name]
    (tmp_path / file).write_bytes(data)
    assert content(read_evidence(tmp_path / file, PARTNERS)) == EXPECTED


def test_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(FULL), tmp_path / "a.parquet", row_group_size=3)
    pq.write_table(pa.Table.from_pandas(frame(), preserve_index=False), tmp_path / "b.parquet")
    assert content(read_evidence(str(tmp_path / "a.parquet"), PARTNERS)) == EXPECTED
    assert content(read_evidence(tmp_path / "b.parquet", PARTNERS)) == EXPECTED


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame(FULL),
        frame,
        lambda: frame().set_index("record_id", drop=False).rename_axis(None),
        lambda: frame().astype({"role": "category", "basis": "category"}),
        lambda: pl.DataFrame(FULL, infer_schema_length=None),
        lambda: pl.DataFrame(dated(), infer_schema_length=None),
        lambda: pl.DataFrame(FULL, infer_schema_length=None).with_columns(pl.col("role").cast(pl.Categorical)),
        lambda: pa.Table.from_pylist(FULL),
        lambda: pa.Table.from_pylist(dated()),
        lambda: pa.Table.from_pylist(FULL).to_reader(max_chunksize=2),
        lambda: dated(),
        lambda: iter(FULL),
        lambda: [{k: v for k, v in r.items() if v is not None} for r in FULL],
        lambda: [{k: pd.Timestamp(v) if k in DATES and v else v for k, v in r.items()} for r in FULL],
    ],
    ids=[
        "pandas text",
        "pandas typed",
        "pandas index",
        "pandas categories",
        "polars",
        "polars dates",
        "polars categories",
        "arrow",
        "arrow dates",
        "arrow stream",
        "dicts with dates",
        "iterator",
        "sparse dicts",
        "pandas timestamps",
    ],
)
def test_tables(make: Any) -> None:
    assert content(read_evidence(make(), PARTNERS)) == EXPECTED


def test_split_files_are_read_as_one(tmp_path: Path) -> None:
    lines = csv_text().splitlines()
    (tmp_path / "a.csv").write_text("\n".join(lines[:4]))
    (tmp_path / "b.csv").write_text("\n".join([lines[0], *lines[4:]]))
    evidence = read_evidence([tmp_path / "a.csv", str(tmp_path / "b.csv")], PARTNERS)
    whole = read_evidence(FULL, PARTNERS)
    assert evidence.rows.drop_columns(["row", "source"]).equals(whole.rows.drop_columns(["row", "source"]))
    assert evidence.duplicates.values.tolist() == [["b.csv", 5, "a.csv", 1]]
    assert {name: count["rows_in"] for name, count in evidence.counts.items()} == {"a.csv": 3, "b.csv": 5}
