"""A list of hundreds of people on a page: folded by band, complete, in order, and without a script."""

from __future__ import annotations

import re

import pandas as pd

import let_through
from riskshare.reporting.pages import table
from riskshare.reporting.shared_report import report

BANDS = ["low"] * 205 + ["very high"] * 3 + ["cannot say"] * 41 + ["high"] * 51 + ["medium"] * 100


def people(bands: list[str], column: str = "band") -> str:
    frame = pd.DataFrame({"subject_id": [f"P1-{number:04}" for number in range(len(bands))], column: bands})
    return report(let_through.shared("assessment", {"scores": frame}, title="People of concern, by pseudonym"))


def test_every_person_is_there_once_whatever_is_folded() -> None:
    page = people(BANDS)
    assert re.findall(r"P1-\d{4}", page).__len__() == len(BANDS)
    assert set(re.findall(r"P1-\d{4}", page)) == {f"P1-{number:04}" for number in range(len(BANDS))}
    assert "<script" not in page


def test_the_gravest_band_stands_first_and_is_open_where_it_is_short() -> None:
    page = people(BANDS)
    outer = re.findall(r"<details( open=\"\")?><summary>([A-Z][^<]*)</summary>", page)
    assert outer == [
        (' open=""', "Very high: 3"), ("", "High: 51"), ("", "Medium: 100"), ("", "Low: 205"), ("", "Cannot say: 41"),
    ]  # fmt: skip
    assert re.findall(r"<summary>(\d[^<]*)</summary>", page) == ["1 to 100", "101 to 200", "201 to 205"]


def test_a_long_table_without_bands_is_folded_by_number() -> None:
    page = people(["x"] * 120, column="kind")
    assert re.findall(r"<summary>([^<]*)</summary>", page) == ["Rows: 120", "1 to 100", "101 to 120"]


def test_a_short_list_is_not_folded() -> None:
    page = people(["high"] * 40)
    assert "<details" not in re.sub("<style>.*?</style>", "", page, flags=re.DOTALL)
    assert "Scores: 40 rows" in page


def test_rows_that_become_blocks_stay_a_table_to_a_screen_reader() -> None:
    made = table("Who", ["Who", 'What "x"'], [["a", "b"]], stacked=True)
    assert 'class="scroll stack"' in made
    assert [made.count(f'role="{role}"') for role in ("table", "row", "rowheader", "cell")] == [1, 2, 1, 1]
    assert 'data-column="What &quot;x&quot;"' in made
    assert "role=" not in table("Who", ["Who"], [["a"]]).replace('role="region"', "")
