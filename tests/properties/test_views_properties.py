"""P11, P12, P13 and P17 of the method (safety, 1.3): what is done with a decision, in tables, files and log."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import share_cases as cases
import sharing_small
from riskshare.io.audit_files import file_mark
from riskshare.io.exports import write
from riskshare.records.scale import CommonScale
from riskshare.records.sharing_fields import TREATMENTS
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.treating import treated

CELLS: dict[str, st.SearchStrategy[Any]] = {
    "agency": st.sampled_from(["police", "refuge", "police:R1;refuge:R2", None]),
    "summary": st.sampled_from(["words", "", None]),
    "event_date": st.sampled_from([pd.Timestamp("2026-03-04"), pd.NaT]),
    "score": st.sampled_from([0, 29, 30, 71, 100]),
    "points": st.sampled_from([1.5, -3.0]),
    "band": st.sampled_from(["low", "cannot say"]),
    "flags": st.sampled_from([(), ("stale",), ("capped", "stale")]),
    "not_agreed": st.just("x"),
}
TABLES = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=8).map(pd.DataFrame)
RULES = st.fixed_dictionaries({name: st.sampled_from(TREATMENTS) for name in CELLS})


def view(frame: pd.DataFrame, rule: dict[str, Any]) -> pd.DataFrame:
    return treated(frame, rule, scale=CommonScale(), sensitive=["refuge"])


def lines(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(name): repr(cell) for name, cell in row.items()} for row in frame.astype(object).to_dict("records")]


@settings(deadline=None, max_examples=60)
@given(frame=TABLES, rule=RULES, seed=st.integers(0, 10**6))
def test_p11_treating_goes_with_any_choice_order_and_split_of_rows(
    frame: pd.DataFrame, rule: dict[str, Any], seed: int
) -> None:
    rng = random.Random(seed)
    whole = lines(view(frame, rule))
    order = rng.sample(range(len(frame)), len(frame))
    kept = sorted(rng.sample(range(len(frame)), rng.randrange(1, len(frame) + 1)))
    at = rng.randrange(len(frame) + 1)
    assert lines(view(frame.iloc[order], rule)) == [whole[i] for i in order]
    assert lines(view(frame.iloc[kept], rule)) == [whole[i] for i in kept]
    assert lines(view(frame.iloc[:at], rule)) + lines(view(frame.iloc[at:], rule)) == whole


@settings(deadline=None, max_examples=60)
@given(frame=TABLES)
def test_p11_redacting_twice_is_redacting_once(frame: pd.DataFrame) -> None:
    rule = dict.fromkeys(("agency", "summary", "flags"), "redact")
    once = view(frame, rule)
    assert lines(view(once, rule)) == lines(once)


def fact(number: int, subject: str, indicator: str, agency: str) -> dict[str, Any]:
    return cases.fact(f"r{number}", subject_id=subject, indicator=indicator, agency=agency)


PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["S1", "S2", "S3", "S4"]), st.sampled_from(["weapon_carrying", "gang_link", "blade_injury"]),
        st.sampled_from(["school", "police", "council"]),
    ),
    min_size=2, max_size=10,
)  # fmt: skip


@settings(deadline=None, max_examples=8)
@given(told=PEOPLE)
def test_p12_a_list_of_people_is_what_the_lists_of_each_would_be(told: list[tuple[str, str, str]]) -> None:
    rows = [fact(number, *one) for number, one in enumerate(told)]
    with tempfile.TemporaryDirectory() as place:

        def listed(some: list[dict[str, Any]]) -> list[dict[str, str]]:
            try:
                shared = cases.given(cases.result(some), Path(place), audience="partnership")
            except SharingRefusedError:
                return []
            return lines(shared.tables["scores"]) if "scores" in shared.tables else []

        one_by_one = [listed([row for row in rows if row["subject_id"] == who]) for who in ("S1", "S2", "S3", "S4")]
        whole = listed(rows)
    assert sorted(whole, key=str) == sorted((line for part in one_by_one for line in part), key=str)


@settings(deadline=None, max_examples=12)
@given(
    told=PEOPLE, audience=st.sampled_from(["public", "partnership", "practitioner"]),
    purpose=st.sampled_from(["safeguarding", "violence_reduction", "marketing"]), emergency=st.booleans(),
    related=st.booleans(),
)  # fmt: skip
def test_p13_every_answer_is_in_the_log_and_every_file_before_it_is_there(
    told: list[tuple[str, str, str]], audience: str, purpose: str, emergency: bool, related: bool
) -> None:
    rows = [fact(number, *one) for number, one in enumerate(told)]
    person = {"subject": "S1", "relationships": [cases.works_with()] if related else []}
    options: dict[str, Any] = dict(person) if audience == "practitioner" else {}
    options |= {"override": sharing_small.override()} if emergency else {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        try:
            shared = cases.given(cases.result(rows), folder, audience=audience, purpose=purpose, **options)
        except SharingRefusedError:
            assert [one["allow"] for one in cases.entries(folder)] == [False]
            assert sorted(path.suffix for path in folder.iterdir() if path.suffix in (".txt", ".html")) == []
            return
        (first, *_) = cases.entries(folder)
        assert (first["allow"], first["decision"]) == (True, shared.decision)
        data = write(shared, folder / "x.json").read_bytes()
        assert cases.entries(folder)[-1]["output"] == file_mark(cases.log_in(folder), shared.decision, data)


DENIED = {
    "record_id": ("zqrecord", {"record_id": "zqrecord"}),
    "event_date": ("2024-07", {"event_date": "2024-07-13"}),
    "recorded_date": ("2024-08", {"event_date": "2024-07-13", "recorded_date": "2024-08-14"}),
    "basis": ("anecdotal", {"basis": "anecdotal"}),
}


@pytest.mark.parametrize("field", DENIED)
def test_p17_a_field_that_is_denied_is_in_no_file_of_any_exporter_under_any_audience(
    field: str, tmp_path: Path
) -> None:
    value, planted = DENIED[field]
    hides = {field}
    rules = (
        cases.permit("scores", [n for n in cases.SCORES.treatment if n not in hides], categories=("scores",)),
        cases.permit("why", [n for n in cases.REASONS if n not in hides], categories=cases.WHY.categories),
        cases.permit("alerts", [n for n in cases.ALERTS.treatment if n not in hides], categories=("alerts",)),
        cases.COUNTS, cases.WHERE,
    )  # fmt: skip
    agreed = cases.partnership(*rules)
    rows = [cases.fact(**{"record_id": "r1", "indicator": "blade_injury", "recorded_date": "2026-03-02", **planted})]
    rows += [cases.fact("r2", agency="police", indicator="weapon_carrying")]
    whole = cases.result(rows, agreed=agreed)
    given_out = {
        "person": cases.to_practitioner(whole, tmp_path), "group": cases.given(whole, tmp_path, audience="partnership"),
        "emergency": cases.to_practitioner(whole, tmp_path, override=sharing_small.override()),
        "counts": cases.to_partners(whole, tmp_path),
    }  # fmt: skip
    for name, shared in given_out.items():
        assert not [table for table, frame in shared.tables.items() if hides & set(map(str, frame.columns))]
        files = {one: cases.unzipped(data) for one, data in cases.every_file(shared, tmp_path / name).items()}
        assert len(files) >= 5
        assert [one for one, data in files.items() if value.encode() in data] == [], name
