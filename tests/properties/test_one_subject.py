"""One subject asked about alone gets the very values that a caseload gives: every dictionary, key and bit."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import build
import riskshare
from oracles.random_cases import case_strategy, random_case
from properties.engine import Case, as_sent
from riskshare import one_subject
from riskshare.errors import RiskshareError
from riskshare.one_subject import assess_subject
from riskshare.records.evidence import INPUT_COLUMNS

ROOT = Path(__file__).parents[2]
AS_OF = "2026-03-31"
Rows = list[dict[str, Any]]
some = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", name="agreed")
def load() -> riskshare.Partnership:
    return riskshare.load_partnership(ROOT / "thresholds")


def sample() -> dict[str, Rows]:
    """Return the sample's rows by subject, without empty cells, as a case-management system holds them."""
    found: dict[str, Rows] = defaultdict(list)
    with (ROOT / "sample_data" / "evidence.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["subject_id"]:
                found[row["subject_id"]].append({name: cell for name, cell in row.items() if cell})
    return found


def by_the_caseload(rows: Rows, agreed: riskshare.Partnership, **options: Any) -> list[dict[str, Any]]:
    """Return what ``read_evidence`` and ``assess`` say of the one subject among some rows."""
    evidence = riskshare.read_evidence(rows, agreed)
    about = evidence.rows["subject_id"].drop_null().unique().to_pylist()
    if len(about) > 1:
        raise riskshare.ArgumentError("assess_subject", ["rows must be of one subject; assess() takes many."])
    return riskshare.assess(evidence, agreed, **options).to_dicts(*about or [""])


def outcome(ask: Any, *given: Any, **options: Any) -> str:
    """Return everything that can be seen of an answer: its JSON with keys in order, or its error."""
    try:
        return json.dumps(ask(*given, **options), allow_nan=False)
    except RiskshareError as error:
        return f"{type(error).__name__}: {error}"


def check(rows: Rows, agreed: riskshare.Partnership, **options: Any) -> bool:
    """Compare both ways, without faulty rows too; return whether the quick one was gone where none is faulty."""
    without = sound(rows, agreed)
    for told in [rows] if len(without) == len(rows) else [rows, without]:
        wanted = outcome(by_the_caseload, told, agreed, **options)
        assert outcome(assess_subject, told, agreed, **options) == wanted
    return went_quickly(without, agreed, **options)


def sound(rows: Rows, agreed: riskshare.Partnership) -> Rows:
    """Return the rows that reading does not set aside: with one that it does, nobody is told quickly."""
    try:
        aside = set(riskshare.read_evidence(rows, agreed).quarantine["row"])
    except RiskshareError:
        return rows
    return [row for number, row in enumerate(rows, start=1) if number not in aside]


def went_quickly(rows: Rows, agreed: riskshare.Partnership, **options: Any) -> bool:
    settled = {"subjects": None, "conditions_met": (), "trial": False, **options}
    day = dt.date.fromisoformat(settled.pop("as_of"))
    positional = settled.pop("subjects"), settled.pop("conditions_met")
    try:
        return one_subject._quickly(rows, agreed, day, *positional, **settled) is not None
    except riskshare.UnknownSubjectError:
        return True


# ------------------------------------------------------------------------------------------------ the sample


def compare_sample(subjects: Sequence[str], agreed: riskshare.Partnership) -> int:
    """Compare some subjects of the sample; return how many went the quick way."""
    rows = sample()
    return sum(check(rows[subject], agreed, as_of=AS_OF) for subject in subjects)


def test_the_sample_is_told_the_same(agreed: riskshare.Partnership) -> None:
    subjects = ["S-0264", *sorted(sample())[::60]]
    assert compare_sample(subjects, agreed) > 0.9 * len(subjects)


@pytest.mark.long
def test_the_whole_sample_is_told_the_same_and_nearly_all_of_it_quickly(agreed: riskshare.Partnership) -> None:
    subjects = sorted(sample())
    quick = compare_sample(subjects, agreed)
    assert quick > 0.97 * len(subjects)


def test_earlier_days_and_other_conditions_are_told_the_same(agreed: riskshare.Partnership) -> None:
    rows = sample()
    for number, subject in enumerate(sorted(rows)[7::150]):
        as_of = ("2025-06-30", "2026-01-15", "2027-03-31", "2036-03-31")[number % 4]
        check(rows[subject], agreed, as_of=as_of, conditions_met=("consult_originator",))


def test_ages_are_told_the_same(agreed: riskshare.Partnership) -> None:
    """An exploited child who may harm others is held for review; a grown-up is not."""
    rows = sample()
    ages = riskshare.read_subjects(ROOT / "sample_data" / "subjects.csv", agreed)
    kinds = {kind.id for kind in agreed.trust.indicators if kind.exploitation}
    exploited = [s for s in sorted(rows) if any(row.get("indicator") in kinds for row in rows[s])]
    for subject in exploited[::40]:
        check(rows[subject], agreed, as_of=AS_OF, subjects=ages)


# ------------------------------------------------------------------------------------------------ random cases


def check_case(case: Case) -> bool:
    rows = [as_sent(row) for row in case["rows"] if row["subject_id"] == case["subject"]]
    options = {"as_of": case["as_of"], "trial": True, "conditions_met": case["policy"].get("conditions_met", [])}
    return check(rows, build.partnership_from_case(case["policy"]), **options)


@some
@given(case_strategy(max_rows=20))
def test_random_cases_are_told_the_same(case: Case) -> None:
    check_case(case)


def test_long_cases_are_told_the_same() -> None:
    """Up to sixty rows: sums of eight and more, many dates a claim, chains of reports; rings go the ordinary way."""
    quick = [
        check_case(random_case(np.random.default_rng([seed, 91]), n_rows=10 + 2 * seed, lineage=0.15 * (seed % 3)))
        for seed in range(24)
    ]
    assert sum(quick) >= 6


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 2_000, 500))
def test_random_cases_are_told_the_same_at_length(first: int) -> None:
    quick = 0
    for seed in range(first, first + 500):
        rng = np.random.default_rng([seed, 92])
        case = random_case(
            rng, n_rows=int(rng.integers(1, 40)), lineage=float(rng.choice([0.0, 0.15, 0.35])),
            claims=float(rng.choice([0.1, 0.4, 0.9])), denials=float(rng.choice([0.0, 0.15, 0.4])),
        )  # fmt: skip
        quick += check_case(case)
    assert quick >= 150


# ------------------------------------------------------------------------------------------------ what calls for care

CELLS: tuple[Any, ...] = (
    "", None, " ", "x", "x" * 1_001, " padded", "=1+1", "-1", "0", "00", "7", "7.5", "0,7", "1e5", "9.43E+09", "N/A",
    "unknown", "2026-02-31", "2026-03-15", "31/03/2026", "1/3/2026", "45321", "1900-01-01", "2030-01-01", "é", "a\n",
    "0161 496 0123", "01614960123", "943 476 5919", "9434765919", "AB123456C", "a..b", "a//b", "a/", "jo@x.org",
    "P", "C", "p", "C:consult_originator", "C:nobody", "C:", "P;C", "north_police:X1", "north_police:x;lantern:y",
    "see police log", "nobody:X1", "north_police:", "north_police:N/A", "place", "suspect", "Victim", "denies",
    "withdrawn", "nil", "returned", "serious_violence_duty", "patient", "1", "3", "A", "B", "E", "worker_worry",
    "safelives.dash_ric", "sdq.uk_teacher", "high", "HIGH", "14", "999", 7, 7.0, 7.25, -0.0, 10**20, float("nan"),
    float("inf"), True, dt.date(2026, 1, 5), dt.date(1970, 1, 1), dt.datetime(2026, 1, 5), Decimal("7"), ["a"],
    {"a": 1}, b"x", "\ud800", "12\udfff", "0.5", "1.5", "451900", "-1.47", "52.93",
)  # fmt: skip
CHANGES = st.tuples(st.integers(0, 30), st.sampled_from((*INPUT_COLUMNS, "surname")), st.integers(0, len(CELLS) - 1))


@some
@given(st.integers(0, 2_900), st.lists(CHANGES, min_size=1, max_size=2), st.booleans())
def test_odd_cells_are_judged_the_same(subject: int, changes: list[tuple[int, str, int]], again: bool) -> None:
    check_odd(sorted(sample_rows())[subject], changes, again=again)


def check_odd(subject: str, changes: list[tuple[int, str, int]], *, again: bool) -> None:
    """Change some cells of a subject's rows, or of a copy of one, and compare both ways, errors included."""
    rows = [dict(row) for row in sample_rows()[subject]]
    if again:
        rows.append(dict(rows[0]))
    for number, column, cell in changes:
        rows[-1 - number % len(rows)][column] = CELLS[cell]
    check(rows, partnership(), as_of=AS_OF)


_KEPT: dict[str, Any] = {}


def sample_rows() -> dict[str, Rows]:
    if "rows" not in _KEPT:
        _KEPT["rows"] = sample()
    return _KEPT["rows"]


def partnership() -> riskshare.Partnership:
    if "agreed" not in _KEPT:
        _KEPT["agreed"] = riskshare.load_partnership(ROOT / "thresholds")
    return _KEPT["agreed"]


@pytest.mark.long
@pytest.mark.parametrize("column", [*INPUT_COLUMNS, "surname"])
def test_every_odd_cell_is_judged_the_same(column: str) -> None:
    """Every column times every odd cell, on a subject of a few rows, one with a scale."""
    rows = sample_rows()
    with_scale = next(s for s in sorted(rows) if 3 <= len(rows[s]) <= 5 and "scale" in rows[s][-1])
    for cell in range(len(CELLS)):
        for number in (0, 1):
            check_odd(with_scale, [(number, column, cell)], again=False)
