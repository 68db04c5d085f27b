"""Tests of ``riskshare.scales.reading``."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import build
import shipped_scales as shipped
from riskshare.scales.reading import FAULT_CODES, Fault, Level, NotScored, parse_value, parse_values

SECRET = "Zebedee-7788"


@pytest.mark.parametrize("column", [
    ["7", None, "high"],
    np.array(["7", None, "high"], dtype=object),
    pa.array(["7", None, "high"]),
    pa.chunked_array([["7"], [None, "high"]]),
    pa.array(["7", None, "high"], type=pa.large_string()),
    pa.array(["7", None, "high"]).dictionary_encode(),
])  # fmt: skip
def test_any_column_of_text_is_understood(column: object) -> None:
    parsed = parse_values(build.scale(), column)
    assert parsed.band.tolist() == [1, -1, 2]
    assert parsed.by_label.tolist() == [False, False, True]
    assert parsed.reason.tolist() == ["", "no value given", ""]


def test_empty_columns() -> None:
    for column in ([], pa.array([], type=pa.string()), pa.chunked_array([], type=pa.string()), pa.nulls(0)):
        assert len(parse_values(build.scale(), column)) == 0


def test_a_single_text() -> None:
    scale = build.scale()
    assert parse_value(scale, "13") == 13.0
    assert parse_value(scale, "high") == Level("high")
    assert parse_value(scale, "cannot be judged") == NotScored("cannot be judged")
    assert parse_value(scale, "x") == Fault("not_a_reading")


@pytest.mark.parametrize(
    "text",
    [
        *("1,5", "1 000", "1.", ".5", "+5", "1e3", "1e999", "9.43E+09", "0x10", "nan", "NaN", "inf", "-inf", "1_0"),
        *("٣", "５", "5%", "5\n", "\t5", "=5", "1/2", "5-6", "1" * 16, "1.0.0", "--1", "true", "\u200b5"),
        *("hi\u0261h", "high ", "=high"),
    ],
)  # fmt: skip
def test_nothing_is_guessed(text: str) -> None:
    parsed = parse_values(build.scale(), [text])
    assert parsed.fault.tolist() == ["not_a_reading"]
    assert np.isnan(parsed.number).all()
    assert parsed.band.tolist() == [-1]


@pytest.mark.parametrize(("text", "number"), [("7", 7.0), ("07", 7.0), ("7.0", 7.0), ("-0", 0.0), ("24", 24.0)])
def test_plain_numbers(text: str, number: float) -> None:
    assert parse_values(build.scale(), [text]).number.tolist() == [number]


def test_a_number_is_read_before_a_label_and_a_not_scored_label_before_both() -> None:
    news2 = shipped.SCALES["rcp.news2"]
    assert parse_value(news2, "0") == 0.0  # also the name of a band
    assert parse_value(build.scale(not_scored=("7",)), "7") == NotScored("7")


def test_decimal_steps_are_whole_in_spite_of_rounding() -> None:
    scale = build.scale(step=0.1, hi=2.4)
    assert parse_values(scale, ["0.3", "0.7", "0.75"]).fault.tolist() == ["", "", "not_whole_steps"]


def test_measured_scales_take_any_number_in_range() -> None:
    scale = build.scale(kind="continuous")
    assert parse_values(scale, ["0.75", "24.000001"]).fault.tolist() == ["", "out_of_range"]


def test_an_open_top_has_no_ceiling() -> None:
    assert parse_value(shipped.SCALES["hmpps.tier_v2_protect"], "999999") == 999999.0


def test_nominal_numbers_must_be_a_band_s_own() -> None:
    ithrive = shipped.SCALES["ithrive"]
    assert parse_value(ithrive, "5") == 5.0
    assert parse_value(ithrive, "2.5") == parse_value(ithrive, "9") == Fault("out_of_range")
    assert parse_value(ithrive, "Help") == Level("help")


def test_every_fault_has_a_hint_and_no_hint_holds_a_value() -> None:
    parsed = parse_values(build.scale(), [SECRET, "25", "1.5"])
    assert set(parsed.fault) == set(FAULT_CODES)
    assert SECRET not in repr(parsed) + "".join(parsed.fault) + "".join(parsed.reason)
