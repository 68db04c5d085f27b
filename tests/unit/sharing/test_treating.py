"""Columns shown, made coarser, redacted or gone."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from riskshare.records.scale import CommonScale
from riskshare.sharing.treating import kept_lines, treated, withheld_lines, without_way_back


def told(treatment: str, **columns: Any) -> dict[str, list[Any]]:
    frame = pd.DataFrame({name: [value] for name, value in columns.items()})
    shown = treated(frame, dict.fromkeys(columns, treatment), scale=CommonScale(), sensitive=["refuge"])  # type: ignore[arg-type]
    return {str(name): shown[name].tolist() for name in shown}


def test_dropped_means_absent() -> None:
    assert told("drop", score=5, band="low") == {}


def test_a_column_that_is_no_field_is_dropped_whatever_was_said() -> None:
    assert told("show", shoe_size=44) == {}


@pytest.mark.parametrize(
    ("columns", "coarse"),
    [
        ({"event_date": pd.Timestamp("2026-03-17")}, {"event_date": ["2026-03"]}),
        ({"score": 90}, {"score": ["very high"]}),
        ({"nats": 1.5}, {}),
        ({"band": "high"}, {"band": ["high"]}),
        ({"summary": "words"}, {"summary": ["held"]}),
        ({"score": None}, {"score": [None]}),
    ],
)
def test_banded(columns: dict[str, Any], coarse: dict[str, list[Any]]) -> None:
    assert told("band", **columns) == coarse


@pytest.mark.parametrize(
    ("columns", "left"),
    [
        ({"agency": "police"}, {"agency": ["a partner agency"]}),
        ({"bars_met": ("police", "school")}, {"bars_met": [("a partner agency",)]}),
        ({"bars_met": ()}, {"bars_met": [()]}),
        ({"record_id": "R1"}, {"record_id": ["held"]}),
        ({"summary": ""}, {"summary": [None]}),
    ],
)
def test_redacted(columns: dict[str, Any], left: dict[str, list[Any]]) -> None:
    assert told("redact", **columns) == left


@pytest.mark.parametrize("value", ["refuge", "refuge:R1", "police:R2;refuge:R1"])
def test_a_sensitive_service_is_never_named(value: str) -> None:
    assert "refuge" not in str(told("show", agency=value, derived_from=value, bars_met=("police", value)))


def test_redacting_twice_is_redacting_once() -> None:
    """P11."""
    frame = pd.DataFrame({"agency": ["police", None], "summary": ["words", None]})
    rule = {"agency": "redact", "summary": "redact"}
    once = treated(frame, rule, scale=CommonScale())  # type: ignore[arg-type]
    assert treated(once, rule, scale=CommonScale()).equals(once)  # type: ignore[arg-type]
    halves = [treated(frame.iloc[[i]], rule, scale=CommonScale()) for i in (0, 1)]  # type: ignore[arg-type]
    assert [one.to_dict("records")[0] for one in halves] == once.to_dict("records")


def test_a_dropped_score_takes_with_it_what_sums_to_it() -> None:
    rule = {"points": "show", "nats": "show", "upper": "show", "band": "show"}
    assert without_way_back(rule, "drop") == {"upper": "drop", "band": "show"}  # type: ignore[arg-type]
    assert without_way_back(rule, "show") == rule  # type: ignore[arg-type]


def test_every_field_asked_for_is_accounted_for() -> None:
    left = pd.DataFrame({"band": ["low"]})
    assert withheld_lines("t", ["band", "score", "shoe_size"], left, []) == [
        ("t", "score", "too_fine"), ("t", "shoe_size", "unknown_field"),
    ]  # fmt: skip


def test_a_figure_that_no_line_holds_is_withheld_and_not_kept() -> None:
    frame = pd.DataFrame({"cell_id": ["a", "b"], "count": [None, None], "gi_z": [float("nan")] * 2, "hot": [True, None],
                          "native_band": [None, None]})  # fmt: skip
    kept = {field for _, field, _ in kept_lines("cells", frame, {})}
    assert kept == {"cell_id", "hot", "native_band"}  # a band that nobody has is a fact, and not withheld
    assert withheld_lines("cells", list(frame.columns), frame, []) == [
        ("cells", "count", "small_or_beside_small"), ("cells", "gi_z", "counts_withheld"),
    ]  # fmt: skip


def test_an_empty_table_withholds_no_figure() -> None:
    frame = pd.DataFrame({"count": []})
    assert kept_lines("cells", frame, {}) == [("cells", "count", "show")]
    assert withheld_lines("cells", ["count"], frame, []) == []
