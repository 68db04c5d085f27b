from __future__ import annotations

import datetime as dt
import json
import traceback
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from build import agency, partnership, row
from riskshare.errors import EvidenceError, EvidenceFileError
from riskshare.io import evidence_arrow, evidence_codes, evidence_files, tabular
from riskshare.io.evidence import read_evidence
from riskshare.io.evidence_codes import FAULTS, SOFT_COLUMNS, STOPS
from riskshare.records.evidence import EVIDENCE_SCHEMA, INPUT_COLUMNS, QUARANTINE_COLUMNS

MARKER = "Zebedee-7741"
PARTNERS = partnership(agencies=(agency("school"), agency("police", date_formats=("%d/%m/%Y", "%d %b %Y"))))


def first(**changes: Any) -> dict[str, Any]:
    """The one accepted row."""
    evidence = read_evidence([row(**changes)], PARTNERS)
    assert evidence.quarantine.empty, evidence.quarantine
    return dict(evidence.rows.to_pylist()[0])


def test_no_rows_give_an_empty_result_of_the_same_shape(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(INPUT_COLUMNS) + "\n")
    for source in ([], path, pa.Table.from_pylist([row()]).slice(0, 0), pd.DataFrame([row()]).head(0)):
        evidence = read_evidence(source, PARTNERS)
        assert evidence.rows.schema == EVIDENCE_SCHEMA
        assert evidence.total("rows_in") == 0
        assert tuple(evidence.quarantine.columns) == tuple(evidence.unknown.columns) == QUARANTINE_COLUMNS
        assert evidence.quarantine["row"].dtype == "int64"


def test_empty_cells_get_the_agreed_meaning_and_no_other() -> None:
    found = first(severity="", claim_id="")
    meant = {k: found[k] for k in ("stance", "status", "handling", "conditions", "data_class", "severity", "claim_id")}
    assert meant == {
        "stance": "supports", "status": "current", "handling": "C", "conditions": None, "data_class": "other",
        "severity": None, "claim_id": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "handling", "conditions"),
    [("P", "P", None), ("C", "C", None), ("C:no_onward;no_onward", "C", "no_onward")],
)
def test_handling(sent: str, handling: str, conditions: str | None) -> None:
    found = first(handling=sent)
    assert (found["handling"], found["conditions"]) == (handling, conditions)


def test_references_are_put_in_one_form() -> None:
    assert first(derived_from="school:r9;police:a:b;school:r9")["derived_from"] == "police:a:b;school:r9"
    assert first(derived_from="school:r1")["derived_from"] == "school:r1", "a row may name itself: a cycle"


def test_each_agency_has_its_own_date_formats() -> None:
    found = first(agency="police", event_date="03/04/2026", recorded_date="05 Apr 2026")
    assert (found["event_date"], found["recorded_date"]) == (dt.date(2026, 4, 3), dt.date(2026, 4, 5))


def test_a_row_of_an_unknown_agency_has_no_declared_dates_so_nothing_is_said_of_them() -> None:
    found = read_evidence([row(agency="nobody", event_date="??")], PARTNERS).quarantine
    assert list(zip(found["column"], found["code"], strict=True)) == [("agency", "unknown_code")]


@pytest.mark.parametrize("value", ["7", "High", "cannot be judged"])
def test_readings_that_a_scale_can_give(value: str) -> None:
    assert first(scale="demo.count", value=value)["value"] == value


def test_grade_e_is_taken_though_it_has_no_trust_and_other_pairs_must_be_agreed() -> None:
    assert first(source_type=None, source_grade="1", info_grade="E")["info_grade"] == "E"
    fewer = PARTNERS.trust.model_copy(update={"grades": PARTNERS.trust.grades[:1]})
    found = read_evidence([row(source_type="", source_grade=2, info_grade="C")], partnership(trust=fewer)).quarantine
    assert found["code"].tolist() == ["grade_not_agreed"]


def test_a_route_must_be_the_scales_own() -> None:
    assert first(scale="demo.count", route="judgement")["route"] == "judgement"
    scale = PARTNERS.scales[0].model_copy(update={"id": "bare", "routes": ()})
    partners = partnership(scales=(*PARTNERS.scales, scale))
    found = read_evidence([row(scale="bare", route="judgement")], partners).quarantine
    assert found["code"].tolist() == ["unknown_route"]


def test_one_subject_may_be_victim_and_person_of_concern_in_one_claim() -> None:
    rows = [row(claim_id="c1", record_id="a"), row(claim_id="c1", record_id="b", role="victim")]
    assert read_evidence(rows, PARTNERS).total("accepted") == 2


def test_a_gateway_that_bars_nothing_carries_every_class() -> None:
    assert first(gateway="cda_s115", data_class="patient")["gateway"] == "cda_s115"
    assert first(gateway="serious_violence_duty", data_class="criminal")["data_class"] == "criminal"


def test_typed_values_of_the_wrong_kind() -> None:
    noon = dt.datetime(2026, 3, 1, 12)
    wrong = {
        "subject_id": 9.43e9,
        "claim_id": True,
        "event_date": noon,
        "severity": float("nan"),
        "record_id": dt.date.min,
    }
    found = read_evidence([row(**wrong)], PARTNERS).quarantine
    assert dict(zip(found["column"], found["code"], strict=True)) == {
        "subject_id": "wrong_type", "claim_id": "wrong_type", "event_date": "has_time", "severity": "not_a_number",
        "record_id": "wrong_type",
    }  # fmt: skip


def test_typed_columns_of_the_wrong_kind() -> None:
    n = 2
    table = pa.table(
        {
            **{k: [v] * n for k, v in row().items() if k not in ("subject_id", "event_date", "record_id")},
            "record_id": [1, 2],
            "subject_id": pa.array([1.0, None]),
            "event_date": pa.array([dt.datetime(2026, 3, 1), dt.datetime(2026, 3, 1, 1)], pa.timestamp("us")),
            "claim_id": pa.array([True, None]),
            "severity": pa.array([0.5, float("nan")]),
            "basis": ["factual"] * n,
        }
    )
    found = read_evidence(table, PARTNERS).quarantine
    assert list(zip(found["row"], found["column"], found["code"], strict=True)) == [
        (1, "subject_id", "wrong_type"),
        (1, "claim_id", "wrong_type"),
        (2, "subject_id", "subject_missing"),
        (2, "severity", "not_a_number"),
        (2, "event_date", "has_time"),
    ]
    aware = table.set_column(
        table.column_names.index("event_date"),
        "event_date",
        pa.array([dt.datetime(2026, 3, 1)] * n, pa.timestamp("s", "UTC")),
    )
    assert "has_time" in set(read_evidence(aware, PARTNERS).quarantine["code"])


def test_an_agencys_own_ten_digit_numbers_are_not_taken_for_nhs_numbers() -> None:
    assert first(record_id="9434765919")["record_id"] == "9434765919"


def test_cp1252_is_announced(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = row(value="café", scale="demo.count")
    path.write_bytes((",".join(good) + "\n" + ",".join(good.values()) + "\n").encode("cp1252"))
    evidence = read_evidence(path, PARTNERS)
    assert evidence.notes == ("a.csv: no valid UTF-8; read as Windows-1252",)
    assert evidence.quarantine["code"].tolist() == ["not_a_reading"]


def test_sources_with_one_name_keep_their_own_count(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.csv").write_text(",".join(row()) + "\n" + ",".join(row(record_id=folder).values()))
    evidence = read_evidence([tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv"], PARTNERS)
    assert list(evidence.counts) == ["x.csv", "x.csv (2)"]
    assert evidence.table["source"].tolist() == ["x.csv", "x.csv (2)"]


def test_the_share_of_bad_rows() -> None:
    rows = [row(record_id=f"r{i}", basis="factual" if i % 2 else "") for i in range(20)]
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(rows, PARTNERS)
    assert caught.value.code == "too_many_bad_rows"
    assert "required_missing in basis (10)" in caught.value.hint
    assert read_evidence(rows, PARTNERS, accept_bad=True).total("quarantined") == 10
    assert read_evidence(rows, PARTNERS, max_bad_share=0.5).total("quarantined") == 10
    assert read_evidence(rows[:19], PARTNERS).total("quarantined") == 10, "a few rows have no share worth the name"
    with pytest.raises(EvidenceError, match="max_bad_share"):
        read_evidence([], PARTNERS, max_bad_share=1.5)


@pytest.mark.parametrize("source", [None, 7, b"record_id", {"record_id": ["r1"]}, [1, 2], ["a.csv", 7], pd.Series([1])])
def test_what_is_no_source_is_refused(source: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text(",".join(row()) + "\n")
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(source, PARTNERS)
    assert caught.value.code in ("unsupported_source", "unreadable_table")


def test_items_that_are_no_mappings_are_rows_set_aside() -> None:
    evidence = read_evidence([row(), None, 7], PARTNERS)
    assert evidence.quarantine["code"].tolist() == ["not_an_object"] * 2
    assert evidence.total("rows_in") == 3


def test_a_data_frame_that_mixes_kinds_is_refused_without_showing_a_cell() -> None:
    frame = pd.DataFrame([row(claim_id="ZQXMARKER"), row(claim_id=3)], dtype=object)
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(frame, PARTNERS)
    assert caught.value.code == "unreadable_table"
    assert caught.value.__context__ is None


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    path = tmp_path / "a.csv"
    path.write_text(",".join(row()) + "\n" + ",".join(row().values()))
    read_evidence(path, PARTNERS, progress=lambda source, rows: told.append((source, rows)))
    read_evidence([row()] * 20_001, PARTNERS, progress=lambda source, rows: told.append((source, rows)))
    assert told == [("a.csv", 1), ("evidence", 20_000), ("evidence", 20_001)]


def test_limits_on_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(row()) + "\n" + ",".join(row().values()))
    monkeypatch.setattr(evidence_files, "MAX_FILE_BYTES", 50)
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(path, PARTNERS)
    assert caught.value.code == "too_large"


def test_a_dictionary_of_giant_texts_is_not_unfolded() -> None:
    giant = pa.DictionaryArray.from_arrays(pa.array([0] * 3), pa.array(["x" * 100_000]))
    table = pa.table({**{k: [v] * 3 for k, v in row().items() if k != "claim_id"}, "claim_id": giant})
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(table, PARTNERS)
    assert (caught.value.code, caught.value.column) == ("cell_too_long", "claim_id")


def test_barred_keys_hold_only_what_could_be_read() -> None:
    told = {"agency": "school", "record_id": "r1", "recorded_date": dt.date(2026, 3, 2)}
    rows = [row(indicator="what"), row(subject_id="a b"), row(record_id="a b"), row(indicator="what")]
    assert read_evidence(rows, PARTNERS).barred.to_pylist() == [
        {**told, "subject_id": "S1", "indicator": None, "rules": "indicator: unknown_code"},
        {**told, "subject_id": None, "indicator": "weapon_carrying", "rules": "subject_id: bad_id"},
    ]


def test_a_key_set_aside_twice_bars_from_its_earliest_recording() -> None:
    rows = [row(indicator="what"), row(indicator="what", recorded_date="2026-03-01", event_date="2026-02-01")]
    (barred,) = read_evidence(rows, PARTNERS).barred.to_pylist()
    assert barred["recorded_date"] == dt.date(2026, 3, 1)
    (unread,) = read_evidence([*rows, row(indicator="what", recorded_date="?")], PARTNERS).barred.to_pylist()
    assert unread["recorded_date"] is None


def test_every_code_in_use_is_in_the_table_and_the_guide() -> None:
    source = "".join(
        p.read_text() for p in Path(evidence_codes.__file__).parent.glob("*.py") if p.name != "evidence_codes.py"
    )
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "send-evidence.md").read_text()
    spoken = [code for code in (*STOPS, *FAULTS) if f'"{code}"' not in source]
    assert spoken == [] or set(spoken) <= {"out_of_range", "not_whole_steps", "not_a_reading"}, (
        "a code that nothing gives"
    )
    assert [code for code in (*STOPS, *FAULTS) if f"`{code}`" not in guide] == []
    assert set(INPUT_COLUMNS) >= SOFT_COLUMNS


def stopped(source: object) -> tuple[str, str]:
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(source, PARTNERS)
    return caught.value.code, caught.value.column


def test_a_header_that_two_delimiters_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(row()) + ",x;" + ";".join(row()) + ";y\n")
    assert stopped(path) == ("ambiguous_delimiter", "")


def test_many_quoted_rows_are_read_batch_by_batch(tmp_path: Path) -> None:
    path, told = tmp_path / "a.csv", []
    line = ",".join(f'"{v}"' for v in row().values())
    path.write_text("\n".join([",".join(row()), *[line] * 20_001]))
    evidence = read_evidence(path, PARTNERS, progress=lambda _, rows: told.append(rows))
    assert (told, evidence.total("duplicates")) == ([20_000, 20_001], 20_000)


def test_a_cell_of_200_000_characters_stops_with_or_without_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for quote in ("", '"'):
        path.write_text(",".join(row()) + "\n" + ",".join(row(record_id=quote + "x" * 200_000 + quote).values()))
        assert stopped(path) == ("cell_too_long", "")


def test_parquet_that_is_empty_or_over_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"")
    assert stopped(path) == ("empty_file", "")
    pq.write_table(pa.table({f"c{i}": [1] for i in range(1_001)}), path)
    assert stopped(path) == ("too_many_columns", "")
    pq.write_table(pa.Table.from_pylist([row(), row()]), path)
    for limit, code in (("MAX_ROWS", "too_many_rows"), ("MAX_FILE_BYTES", "too_large")):
        with monkeypatch.context() as patch:
            patch.setattr(evidence_arrow, limit, 1)
            assert stopped(path) == (code, "")


def test_limits_on_rows_hold_for_tables_and_mappings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_arrow, "MAX_ROWS", 1)
    monkeypatch.setattr(tabular, "MAX_ROWS", 1)
    assert stopped(pa.Table.from_pylist([row(), row()])) == ("too_many_rows", "")
    assert stopped([row(), row()]) == ("too_many_rows", "")


def test_unusual_arrow_types() -> None:
    good = {k: [v] for k, v in row().items()}
    decimals = pa.array([Decimal("0.5")], pa.decimal128(5, 2))
    assert read_evidence(pa.table({**good, "severity": decimals}), PARTNERS).table["severity"].tolist() == [0.5]
    numbered = {**good, "record_id": pa.array([Decimal("7")], pa.decimal128(5, 0)), "claim_id": pa.nulls(1)}
    assert read_evidence(pa.table(numbered), PARTNERS).table["record_id"].tolist() == ["7"]
    uuids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16)))
    assert stopped(pa.table({**good, "claim_id": uuids})) == ("unsupported_type", "claim_id")
    assert stopped(pa.table({**good, "claim_id": pa.array([b"\xff"])})) == ("unsupported_type", "claim_id")
    damaged = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    assert stopped(pa.table({**good, "claim_id": damaged})) == ("unreadable_table", "claim_id")


def test_decimals_among_mappings() -> None:
    assert first(severity=Decimal("0.5"), claim_id=Decimal("7"))["claim_id"] == "7"
    found = read_evidence(
        [row(claim_id=10**90, severity=Decimal("sNaN"), subject_id=Decimal("1.5"))], PARTNERS
    ).quarantine
    assert dict(zip(found["column"], found["code"], strict=True)) == {
        "subject_id": "wrong_type",
        "severity": "not_a_number",
        "claim_id": "out_of_range",
    }


def test_keys_that_appear_late_fill_earlier_rows() -> None:
    rows = [
        *({k: v for k, v in row(record_id=f"r{i}").items() if v} for i in range(20_000)),
        row(record_id="z", severity=0.5),
    ]
    evidence = read_evidence([*rows, row(record_id="y")], PARTNERS)
    assert evidence.total("accepted") == 20_002
    assert evidence.table["severity"].tolist()[-2:] == [0.5, pytest.approx(float("nan"), nan_ok=True)]


def test_placeholders_and_identifiers_in_references() -> None:
    for text, code in (("school:N/A", "placeholder"), ("school:07700900123", "identifier_in_clear")):
        assert read_evidence([row(derived_from=text)], PARTNERS).quarantine["code"].tolist() == [code]
    many = ";".join(f"school:r{i}" for i in range(51))
    assert read_evidence([row(derived_from=many)], PARTNERS).quarantine["code"].tolist() == ["bad_reference"]


def test_a_blank_class_opens_no_door_for_a_care_agency() -> None:
    """The Serious Violence Duty does not carry personal information from health or social care, said or unsaid."""
    gateway = {"gateway": "serious_violence_duty"}
    rows = [row(agency="health", **gateway), row(agency="school", **gateway), row(agency="health", record_id="r2")]
    read = read_evidence(rows, partnership())
    assert read.quarantine[["row", "column", "code"]].to_numpy().tolist() == [[1, "gateway", "gateway_barred"]]
    assert read.total("accepted") == 2


# ------------------------------------------------------------------------------------------- what programs hand over


@pytest.mark.parametrize("unit", ["D", "h", "s", "ms", "us", "ns"])
def test_a_numpy_day_in_a_mapping_is_a_day(unit: str) -> None:
    day = np.datetime64("2026-03-01").astype(f"datetime64[{unit}]")
    assert first(event_date=day)["event_date"] == dt.date(2026, 3, 1)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (np.datetime64("2026-03-01T00:00:00.000000001"), "has_time"),
        (np.datetime64("2026-03-01T10", "h"), "has_time"),
        (np.datetime64("2026-03"), "incomplete_date"),
        (np.datetime64("2026"), "incomplete_date"),
        (np.datetime64("20260-03-01"), "date_out_of_range"),
        (np.datetime64("NaT"), "required_missing"),
        (np.timedelta64(3, "ns"), "wrong_type"),
        (pd.Timestamp("2026-03-01 00:00:00.000000001"), "has_time"),
        (pd.Timestamp("2026-03-01", tz="UTC"), "has_time"),
        (pd.NaT, "required_missing"),
    ],
    ids=str,
)
def test_a_moment_in_a_mapping_is_named(sent: Any, code: str) -> None:
    found = read_evidence([row(event_date=sent)], PARTNERS).quarantine
    assert list(zip(found["column"], found["code"], strict=True)) == [("event_date", code)]


def test_a_moment_where_text_belongs() -> None:
    found = read_evidence([row(claim_id=np.datetime64("2026-03-01", "ns"))], PARTNERS).quarantine
    assert list(zip(found["column"], found["code"], strict=True)) == [("claim_id", "wrong_type")]


def test_a_nanosecond_in_a_frame_is_a_time() -> None:
    frame = pd.DataFrame([row()]).assign(event_date=[pd.Timestamp("2026-03-01 00:00:00.000000001")])
    assert read_evidence(frame, PARTNERS).quarantine["code"].tolist() == ["has_time"]


@pytest.mark.parametrize("names", [{"claim_id": 7}, {"claim_id": ("claim", "id")}, {"claim_id": None}], ids=str)
def test_a_frame_with_a_name_that_is_no_text_stops(names: dict[str, Any]) -> None:
    frame = pd.DataFrame([row(claim_id="c1")]).rename(columns=names)
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(frame, PARTNERS)
    assert caught.value.code == "unknown_columns"
    assert "column 11" in caught.value.hint


def test_a_frame_with_a_name_twice_stops() -> None:
    frame = pd.DataFrame([row(claim_id="c1")]).rename(columns={"claim_id": "agency"})
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(frame, PARTNERS)
    assert (caught.value.code, caught.value.column) == ("duplicated_column", "agency")


class Failing:
    """A table whose library fails while it hands its columns over, with cells in its message."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise self.fault


@pytest.mark.parametrize(
    "fault",
    [RuntimeError, KeyError, ZeroDivisionError, OSError, AttributeError, pl.exceptions.ComputeError],
    ids=lambda kind: kind.__name__,
)
def test_a_table_that_fails_on_the_way_stops_without_its_own_words(fault: type[Exception]) -> None:
    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(Failing(fault(MARKER)), PARTNERS)
    assert caught.value.code == "unreadable_table"
    told = "".join(traceback.format_exception(caught.value))
    assert MARKER not in told
    assert caught.value.__context__ is None


def test_a_stream_that_fails_half_way_stops_without_its_own_words() -> None:
    table = pa.Table.from_pylist([row()])

    def batches() -> Iterator[pa.RecordBatch]:
        yield from table.to_batches()
        raise RuntimeError(MARKER)

    with pytest.raises(EvidenceFileError) as caught:
        read_evidence(pa.RecordBatchReader.from_batches(table.schema, batches()), PARTNERS)
    assert caught.value.code == "unreadable_table"
    assert MARKER not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("quoted", [False, True], ids=["plain", "with quotes"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=repr)
@pytest.mark.parametrize(("before", "delimiter"), [("sep=;", ";"), ('"sep=;"', ";"), ("sep=\t", "\t"), ("SEP=,", ",")])
@pytest.mark.parametrize("marks", ["", "\ufeff", "\ufeff\ufeff"], ids=["no mark", "mark", "two marks"])
def test_a_line_for_excel_and_marks_in_front_are_not_the_header(
    tmp_path: Path, marks: str, before: str, delimiter: str, end: str, quoted: bool
) -> None:
    rows = [row(), row(record_id="r2")]
    cell = '"{}"'.format if quoted else str
    lines = [delimiter.join(rows[0]), *(delimiter.join(cell(value) for value in one.values()) for one in rows)]
    for number, text in enumerate((f"{before}{end}", "")):
        path = tmp_path / f"{number}.csv"
        path.write_text(marks + text + end.join(lines) + end, encoding="utf-8", newline="")
        evidence = read_evidence(path, PARTNERS)
        assert evidence.quarantine.empty
        assert evidence.rows["record_id"].to_pylist() == ["r1", "r2"]
        assert evidence.rows["row"].to_pylist() == [1, 2]


def test_a_doubled_mark_before_json_and_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\ufeff\ufeff" + json.dumps(row()), encoding="utf-8")
    assert read_evidence(path, PARTNERS).total("accepted") == 1
    path = tmp_path / "a.csv"
    path.write_text("\ufeff\ufeff" + ",".join(row()) + "\n" + ",".join(row().values()), encoding="utf-16-le")
    assert read_evidence(path, PARTNERS).total("accepted") == 1
