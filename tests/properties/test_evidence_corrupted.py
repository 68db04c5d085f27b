"""However a table is damaged, no row is lost, nothing but our own errors is raised, and nothing is repeated."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build import agency, partnership, row
from riskshare.errors import EvidenceFileError, RiskshareError
from riskshare.io.evidence import read_evidence
from riskshare.records.evidence import INPUT_COLUMNS, Evidence

PARTNERS = partnership(agencies=(agency("school"), agency("police", date_formats=("%d/%m/%Y",)), agency("health")))
GARBAGE = (
    "",
    " ",
    "ZQXMARKER",
    "=1+1",
    "-1",
    "1e999",
    "nan",
    "31/02/2026",
    "2026-02-31",
    "45321",
    "Sept-24",
    "a;b",
    '"',
    "\u200b",
    "\ufeffx",
    "e\u0301",
    "ab\nc",
    "x" * 2000,
    "9434765919",
    "a@b.org",
    "07700900123",
    "9.43E+09",
    "N/A",
    "0",
    "51.5",
    "-0.1",
    "530000",
    "C:no_onward",
    "C:",
    "P",
    "school:r1",
    "school:r1;school:r0",
    "police:",
    "2026-03-01",
    "01/03/2026",
    "1",
    "A",
    "E",
    "demo.count",
    "high",
    "cannot be judged",
    "judgement",
    "place",
    "victim",
    "withdrawn",
    "patient",
    "serious_violence_duty",
    "Ω",
    "\ud7ff",
    "\U0001f600",
    "../x",
    "school",
    "police",
    "denies",
)
WRONG_KINDS: tuple[object, ...] = (
    None,
    True,
    7,
    7.5,
    float("nan"),
    float("-inf"),
    10**400,
    b"ZQXMARKER",
    ["ZQXMARKER"],
    {"ZQXMARKER": 1},
    object,
    "\ud800",
)


def table(dice: random.Random, pool: tuple[Any, ...]) -> list[dict[str, Any]]:
    """A small table with 1-50 % of its cells replaced."""
    rows = [
        {**dict.fromkeys(INPUT_COLUMNS, ""), **row(record_id=f"r{dice.randrange(9)}")}
        for _ in range(dice.randrange(0, 25))
    ]
    share = dice.uniform(0.01, 0.5)
    for one in rows:
        for column in INPUT_COLUMNS:
            if dice.random() < share:
                one[column] = dice.choice(pool)
    return rows


def conserved(evidence: Evidence, n_rows: int) -> None:
    for count in evidence.counts.values():
        assert count["rows_in"] == count["accepted"] + count["quarantined"] + count["duplicates"]
    assert evidence.total("rows_in") == n_rows
    assert evidence.total("accepted") == evidence.rows.num_rows
    faulty = evidence.quarantine.drop_duplicates(["source", "row"])
    assert evidence.total("quarantined") == len(faulty)
    assert evidence.total("duplicates") == len(evidence.duplicates)
    evidence.rows.validate(full=True)


def silent(texts: str) -> None:
    assert "ZQXMARKER" not in texts


def test_two_thousand_damaged_tables_lose_no_row(tmp_path: Path) -> None:
    """Fifty tables a call, each its own source, so that a thousand rules are not set up anew for each."""
    stops = set()
    for first in range(0, 2000, 50):
        paths = []
        for seed in range(first, first + 50):
            paths.append(tmp_path / f"{seed}.jsonl")
            lines = [json.dumps(one) for one in table(random.Random(seed), GARBAGE)]
            paths[-1].write_text("\n".join(lines or ["{}"]), encoding="utf-8")
        while True:
            try:
                evidence = read_evidence(paths, PARTNERS, accept_bad=True)
            except EvidenceFileError as error:
                silent(str(error))
                stops.add(error.code)
                paths = [path for path in paths if path.name != error.source]
            else:
                break
        assert len(paths) > 25
        assert len(evidence.counts) == len(paths)
        conserved(evidence, sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths))
        silent(repr(evidence) + evidence.quarantine.to_csv() + evidence.unknown.to_csv())
    assert stops <= {"swapped_coordinates", "grid_in_degrees", "degrees_in_grid", "missing_columns"}


def test_wrong_kinds_of_values_lose_no_row() -> None:
    for seed in range(150):
        rows = table(random.Random(seed), GARBAGE + WRONG_KINDS)
        try:
            evidence = read_evidence(rows, PARTNERS, accept_bad=True)
        except EvidenceFileError as error:
            silent(str(error))
            continue
        conserved(evidence, len(rows))
        silent(repr(evidence) + evidence.quarantine.to_csv() + evidence.unknown.to_csv())


def damaged_bytes(dice: random.Random) -> bytes:
    """A CSV file with rows cut, doubled or spliced, and bytes changed at random."""
    out = io.StringIO()
    writer = csv.DictWriter(out, INPUT_COLUMNS, quoting=dice.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
    writer.writeheader()
    writer.writerows(table(dice, GARBAGE))
    data = bytearray(out.getvalue().encode("utf-8", "replace"))
    for _ in range(dice.choice((0, 1, 3))):
        place = dice.randrange(len(data))
        data[place : place + dice.randrange(3)] = bytes(
            dice.choices(b'",;\n\r\t\x00\xe9\xc3\xa9a', k=dice.randrange(3))
        )
    return bytes(data)


def test_damaged_files_raise_our_own_errors_only(tmp_path: Path) -> None:
    read, stopped = 0, 0
    for seed in range(200):
        path = tmp_path / f"{seed}.csv"
        path.write_bytes(damaged_bytes(random.Random(seed)))
        try:
            evidence = read_evidence(path, PARTNERS, accept_bad=True)
        except RiskshareError as error:
            stopped += 1
            silent(str(error))
        else:
            read += 1
            conserved(evidence, evidence.total("rows_in"))
    assert min(read, stopped) > 20


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from((".csv", ".jsonl", ".parquet", ".tsv")), st.booleans())
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, ending: str, led: bool
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / f"x{ending}"
    header = ",".join(INPUT_COLUMNS).encode() + b"\n" if ending != ".parquet" else b"PAR1"
    path.write_bytes((header if led else b"") + data)
    try:
        evidence = read_evidence(path, PARTNERS, accept_bad=True)
    except RiskshareError:
        return
    conserved(evidence, evidence.total("rows_in"))


JSON_LIKE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.decimals(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(INPUT_COLUMNS), JSON_LIKE, max_size=6), max_size=6))
def test_any_mappings_are_read_or_refused(changes: list[dict[str, Any]]) -> None:
    rows = [row() | change for change in changes]
    try:
        evidence = read_evidence(rows, PARTNERS, accept_bad=True)
    except RiskshareError:
        return
    conserved(evidence, len(rows))


def test_the_same_input_gives_the_same_report_byte_for_byte() -> None:
    rows = table(random.Random(5), GARBAGE)
    first, second = (read_evidence(rows, PARTNERS, accept_bad=True) for _ in range(2))
    assert first.quarantine.to_csv().encode() == second.quarantine.to_csv().encode()
    assert first.unknown.to_csv() == second.unknown.to_csv()
    assert first.rows.equals(second.rows)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_row_order_decides_only_order(dice: random.Random) -> None:
    """Which rows are accepted, and how many are set aside or repeated, does not depend on their order."""
    rows = table(dice, GARBAGE)
    shuffled = dice.sample(rows, len(rows))
    try:
        one, two = (read_evidence(r, PARTNERS, accept_bad=True) for r in (rows, shuffled))
    except EvidenceFileError:
        return
    assert [one.total(w) for w in ("accepted", "quarantined", "duplicates")] == [
        two.total(w) for w in ("accepted", "quarantined", "duplicates")
    ]
    keep = [name for name in one.rows.column_names if name != "row"]
    order = [(name, "ascending") for name in keep]
    assert one.rows.select(keep).sort_by(order).equals(two.rows.select(keep).sort_by(order))
