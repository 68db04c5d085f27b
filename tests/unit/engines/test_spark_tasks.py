"""What a worker does, done here: files read span by span and ranges scored give what memory gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import engine_cases as cases
from riskshare.engines import spark_tasks
from riskshare.engines.finished import OUTPUTS
from riskshare.engines.spark_session import _rebuilt
from riskshare.engines.spark_settings import Sent, pack
from riskshare.engines.spark_tasks import FAULTS, READ, look_over, read_spans, score_range
from riskshare.engines.staging import KEYS, STAGED_SCHEMA
from riskshare.errors import EngineError, EvidenceFileError, MemoryLimitError
from riskshare.io.evidence_stream import survey

pytest.importorskip("pyspark")
MARKER = "ZZMARKER"


def numbers(*which: int) -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pydict({"id": list(which)})


def told(batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [json.loads(text) for batch in batches for text in batch.column(0).to_pylist()]


@pytest.fixture(name="sent")
def prepare(tmp_path: Path) -> Sent:
    folder = tmp_path / "work"
    for name in (READ, FAULTS, *OUTPUTS.values()):
        (folder / name).mkdir(parents=True)
    return pack(cases.settings(("rows.parquet",)), folder)


@pytest.fixture(name="source")
def write_source(tmp_path: Path) -> Path:
    pq.write_table(cases.rows_of(3_000), tmp_path / "rows.parquet", row_group_size=700)
    return tmp_path / "rows.parquet"


def spans(source: Path, *cuts: int, **changes: Any) -> list[dict[str, Any]]:
    [found] = told(look_over(numbers(0), paths=[str(source)]))
    plain = {**found["is"], **changes}
    return [{"source": plain, "number": 0, "first": a, "last": b} for a, b in pairwise(cuts)]


def staged(sent: Sent, answers: list[dict[str, Any]]) -> pa.Table:
    files = [Path(sent.folder) / READ / one["file"]["file"] for one in answers]
    return pa.concat_tables([pq.read_table(file) for file in files]).cast(STAGED_SCHEMA)


def test_a_file_is_looked_over_as_it_is_in_memory(source: Path) -> None:
    [found] = told(look_over(numbers(0), paths=[str(source)]))
    [known] = survey([source])
    assert found == {"number": 0, "is": {name: getattr(known, name) for name in known.__slots__}}


@pytest.mark.parametrize("cuts", [(0, 3_000), (0, 700, 3_000), (0, 1, 699, 701, 2_999, 3_000)])
def test_where_a_file_is_cut_moves_no_row(
    cuts: tuple[int, ...], source: Path, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = spans(source, *cuts)
    for number, part in enumerate(parts):  # no piece reaches beyond its span
        monkeypatch.setattr(spark_tasks, "PIECE_ROWS", part["last"] - part["first"])
        answers = told(read_spans(numbers(number), spans=parts, sent=sent))
        assert [(one["first"], one["rows"]) for one in answers] == [(part["first"], part["last"] - part["first"])]
    files = sorted((Path(sent.folder) / READ).iterdir())
    got = pa.concat_tables([pq.read_table(file) for file in files]).cast(STAGED_SCHEMA)
    keys = [(name, "ascending") for name in KEYS]
    assert got.sort_by(keys).equals(cases.staged(cases.rows_of(3_000)))


@pytest.mark.parametrize("n_rows", [100, 10_000])
def test_a_range_is_scored_as_in_memory(n_rows: int, source: Path, sent: Sent) -> None:
    rows = staged(sent, told(read_spans(numbers(0), spans=spans(source, 0, 3_000), sent=sent)))
    rows = rows.sort_by([(name, "ascending") for name in KEYS])
    answers = told(score_range(iter(rows.to_batches(77)), sent=sent, n_rows=n_rows, most_rows=10_000))
    evidence, assessment = cases.in_memory(cases.rows_of(3_000))
    assert cases.table_of(Path(sent.folder)).equals(cases.expected(assessment))
    assert sum(one["counts"]["accepted"][0] for one in answers) == evidence.total("accepted")
    assert {path.name for path in (Path(sent.folder) / OUTPUTS["scores"]).iterdir()} == {
        one["files"]["scores"]["file"] for one in answers
    }


def test_a_task_done_twice_leaves_the_same_bytes(source: Path, sent: Sent) -> None:
    parts = spans(source, 0, 3_000)
    told(read_spans(numbers(0), spans=parts, sent=sent))
    before = cases.files(Path(sent.folder))
    told(read_spans(numbers(0), spans=parts, sent=sent))
    assert cases.files(Path(sent.folder)) == before


def test_a_file_that_differs_between_machines_is_told_of(source: Path, sent: Sent) -> None:
    [answer] = told(read_spans(numbers(0), spans=spans(source, 0, 3_000, n_bytes=1), sent=sent))
    fault = _rebuilt(answer["fault"])
    assert type(fault) is EngineError
    assert str(fault).startswith("rows.parquet is not the same file on every machine")
    assert fault.hint in str(fault)


def test_a_file_that_ends_too_soon_is_told_of(source: Path, sent: Sent) -> None:
    answer = told(read_spans(numbers(0), spans=spans(source, 0, 4_000), sent=sent))[-1]
    fault = _rebuilt(answer["fault"])
    assert isinstance(fault, EvidenceFileError)
    assert (fault.code, fault.source) == ("unreadable_table", "rows.parquet")


def test_a_file_that_is_no_evidence_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    [answer] = told(look_over(numbers(0), paths=[str(tmp_path / "empty.csv")]))
    with pytest.raises(EvidenceFileError) as known:
        survey([tmp_path / "empty.csv"])
    assert str(_rebuilt(answer["fault"])) == str(known.value)


def test_a_subject_with_more_rows_than_fit_is_told_of(source: Path, sent: Sent) -> None:
    rows = staged(sent, told(read_spans(numbers(0), spans=spans(source, 0, 3_000), sent=sent)))
    one = rows.set_column(0, STAGED_SCHEMA.field("about"), pa.array(["S1"] * rows.num_rows))
    [answer] = told(score_range(iter(one.to_batches()), sent=sent, n_rows=100, most_rows=1_000))
    fault = _rebuilt(answer["fault"])
    assert isinstance(fault, MemoryLimitError)
    assert str(fault).startswith("One subject has more than 1,000 rows")


def test_words_of_lower_layers_do_not_travel(source: Path, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise pa.ArrowInvalid(MARKER)

    monkeypatch.setattr(spark_tasks, "stage", fail)
    [answer] = told(read_spans(numbers(0), spans=spans(source, 0, 3_000), sent=sent))
    assert MARKER not in json.dumps(answer)
    assert "ArrowInvalid at test_spark_tasks.py" in str(_rebuilt(answer["fault"]))
