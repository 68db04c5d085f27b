"""Does somebody really decide: override rate, rubber-stamping, and no rates about so few that they name one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from riskshare.errors import ArgumentError, PolicyError
from riskshare.io.decision_records import add_decision, read_decisions
from riskshare.kernels.calibration import wilson
from riskshare.records.decision_record import DecisionRecord
from riskshare.sharing.oversight import OVERSIGHT_COLUMNS, oversight

OPEN = dt.datetime(2026, 3, 31, 9, tzinfo=dt.UTC)
TWO_MINUTES = dt.timedelta(minutes=2)


def decided(number: int, **changes: Any) -> DecisionRecord:
    minutes = changes.pop("minutes", 10)
    told = {
        "id": f"d{number}", "subject_id": f"S{number}", "decided_by": "U7", "agency": "council",
        "role": "social_worker", "shown": "ab" * 8, "band": "high", "opened_at": OPEN,
        "decided_at": OPEN + dt.timedelta(minutes=minutes), "follows": "agree",
        "reasons": f"I spoke to the school about case {number} and read every reason.",
    }  # fmt: skip
    return DecisionRecord(**{**told, **changes})


def row(records: list[DecisionRecord], agency: str = "council") -> dict[str, Any]:
    table = oversight(records, quick=TWO_MINUTES)
    return table[table["agency"] == agency].iloc[0].to_dict()


class TestRecord:
    @pytest.mark.parametrize(
        "changes",
        [
            {"reasons": "ok"},
            {"reasons": " " * 40},
            {"decided_by": ""},
            {"minutes": -1},
            {"opened_at": dt.datetime(2026, 3, 31)},
            {"follows": "yes"},
            {"band": "red"},
            {"shown": "Jane"},
        ],
    )
    def test_a_decision_needs_a_person_their_own_reasons_and_true_times(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValidationError) as fault:
            decided(1, **changes)
        assert "Jane" not in str(fault.value)

    def test_nobody_and_no_reason_is_printed(self) -> None:
        shown = repr(decided(1, subject_id="zqmark", decided_by="zqmark", reasons="zqmark " * 5))
        assert "zqmark" not in shown


class TestOversight:
    def test_three_of_twenty_overridden(self) -> None:
        records = [decided(i, follows="lower" if i < 3 else "agree") for i in range(20)]
        told = row(records)
        low, high = wilson(3, 20)
        assert (told["n_overrides"], told["override_rate"]) == (3, 0.15)
        assert (told["override_lower"], told["override_upper"]) == (float(low), float(high))
        assert (told["n_rubber_stamped"], told["median_minutes"]) == (0, 10.0)

    def test_quick_agreement_is_asked_about_and_quick_override_is_not(self) -> None:
        records = [decided(i) for i in range(10)]
        records += [decided(10, minutes=1), decided(11, minutes=1, follows="higher"), decided(12, minutes=2)]
        told = row(records)
        assert (told["n_quick"], told["n_rubber_stamped"]) == (2, 1)

    def test_the_same_words_about_two_people_are_asked_about(self) -> None:
        same = "Score is high, agree with the system."
        records = [decided(i) for i in range(10)]
        records += [decided(10, reasons=same), decided(11, reasons=f"  {same.upper()}!! ")]
        told = row(records)
        assert (told["n_same_words"], told["n_rubber_stamped"]) == (2, 2)

    def test_the_same_words_of_two_people_or_about_one_are_not(self) -> None:
        same = "Score is high, agree with the system."
        records = [decided(i) for i in range(10)]
        records += [decided(10, reasons=same), decided(11, reasons=same, decided_by="U8")]
        records += [decided(12, reasons=same, subject_id="S10")]
        assert row(records)["n_same_words"] == 0

    def test_under_ten_no_rate_is_given_and_none_can_be_subtracted(self) -> None:
        many = [decided(i) for i in range(12)]
        few = [decided(20 + i, agency="school", role="dsl", follows="lower") for i in range(9)]
        table = oversight([*many, *few], quick=TWO_MINUTES)
        assert table["agency"].tolist() == ["council", "school", ""]
        assert table.iloc[1][list(OVERSIGHT_COLUMNS[3:])].isna().all()
        assert table.iloc[2]["n_decisions"] == 12
        assert table.iloc[2]["n_overrides"] == 0

    def test_where_all_are_few_all_are_told_together(self) -> None:
        records = [decided(i, agency=f"a{i % 3}", follows="lower") for i in range(12)]
        assert oversight(records, quick=TWO_MINUTES).iloc[-1]["n_overrides"] == 12

    def test_one_decision_told_twice_counts_once_and_order_does_not_matter(self) -> None:
        records = [decided(i, minutes=i + 1) for i in range(12)]
        pd.testing.assert_frame_equal(
            oversight(records, quick=TWO_MINUTES), oversight([*reversed(records), records[0]], quick=TWO_MINUTES)
        )

    def test_a_wrong_argument(self) -> None:
        with pytest.raises(ArgumentError, match=r"DecisionRecords.*above 0"):
            oversight([1], quick=dt.timedelta())  # type: ignore[list-item]


class TestFile:
    def test_what_is_added_is_read_back_and_kept_from_others(self, tmp_path: Path) -> None:
        file = tmp_path / "decisions.internal.jsonl"
        for number in range(3):
            add_decision(decided(number), file)
        assert read_decisions(file) == tuple(decided(number) for number in range(3))
        assert file.stat().st_mode & 0o077 == 0

    def test_a_decision_is_never_overwritten(self, tmp_path: Path) -> None:
        file = add_decision(decided(1), tmp_path / "d.jsonl")
        with pytest.raises(PolicyError, match="nothing is overwritten"):
            add_decision(decided(1, follows="lower"), file)
        assert read_decisions(file) == (decided(1),)

    def test_lines_that_hold_none_are_named_by_number_only(self, tmp_path: Path) -> None:
        file = add_decision(decided(1), tmp_path / "d.jsonl")
        with file.open("a", encoding="utf-8") as more:
            more.write('{"id": "zqmark"}\nzqmark\n')
        with pytest.raises(PolicyError, match="2 lines hold no decision: 2, 3") as fault:
            read_decisions(file)
        assert "zqmark" not in str(fault.value)
        assert fault.value.__cause__ is None
