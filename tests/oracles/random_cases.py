"""Random scoring cases in the form of the worked cases, rich in lineage, ties, caps and corrections."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

AS_OF = dt.date(2026, 3, 31)
SUBJECT = "S1"
AGENCIES = ("north_police", "south_police", "council", "school", "health", "charity")
STRANGERS = ("hospital", "coroner")  # named by references only: no agreed rho, no sector
GRADES = {
    "1A": 0.9, "1B": 0.8, "1C": 0.6, "1D": 0.4,
    "2A": 0.65, "2B": 0.6, "2C": 0.4, "2D": 0.25,
    "3A": 0.3, "3B": 0.35, "3C": 0.15, "3D": 0.1,
}  # fmt: skip
SOURCE_TYPES = {"record": 0.95, "worry": 0.35, "witness": 0.5, "neighbour": 0.35, "own_words": 0.75}
RAISING = ("blade_injury", "weapon_carrying", "gang_link", "exclusion")
PROTECTIVE = ("trusted_adult", "in_education")
FAMILY = {
    "blade_injury": "violence", "weapon_carrying": "violence", "gang_link": "association",
    "exclusion": "association", "trusted_adult": "support", "in_education": "support",
}  # fmt: skip
AGES = (0, 0, 1, 2, 3, 4, 6, 9, 20, 20, 90, 180, 199, 200, 400, 1999, 2001)
LN2 = math.log(2.0)


def pick(rng: np.random.Generator, options: Any, p: Any = None) -> Any:
    """Choose one of a sequence, returned as the plain Python object it is."""
    return options[int(rng.choice(len(options), p=p))]


def happens(rng: np.random.Generator, chance: float) -> bool:
    return bool(rng.random() < chance)


# ------------------------------------------------------------------------------------------------ policy


def random_policy(
    rng: np.random.Generator, *, n_agencies: int = 6, caps: bool = True, expected: bool = True
) -> dict[str, Any]:
    """Return a policy with the grading matrix, six indicators in three families, and agreed numbers at random."""
    agencies = AGENCIES[:n_agencies]
    cells: dict[str, Any] = {
        cell: {"T": trust, "kappa": int(rng.integers(5, 60)), "first_hand": cell[1] == "A"}
        for cell, trust in GRADES.items()
    }
    for kind, trust in SOURCE_TYPES.items():
        cells[kind] = {"T": trust, "kappa": int(rng.integers(5, 200)), "first_hand": kind != "neighbour"}
    cells["own_words"]["self_report"] = True
    return {
        "cells": cells,
        "phi": pick(rng, (0.95, 0.8, 1.0)),
        "tau_max": pick(rng, (0.99, 0.99, 0.7)),
        "rho": {agency: pick(rng, (0.5, 0.5, 0.3, 0.0, 0.9, 1.0)) for agency in agencies},
        "rho_other": pick(rng, (0.5, 0.0, 1.0)),
        "rho_x": pick(rng, (0.9, 0.9, 0.9, 0.0, 1.0)),
        "twin_days": pick(rng, (3, 3, 0)),
        "sectors": {
            a: s
            for a, s in {"north_police": "police", "south_police": "police", "health": "health"}.items()
            if a in agencies
        },
        "indicators": {indicator: random_indicator(rng, indicator) for indicator in (*RAISING, *PROTECTIVE)},
        "families": {family: pick(rng, (2, 1, 3, math.inf)) for family in ("violence", "association", "support")},
        "caps": random_caps(rng) if caps else {},
        "base_rate": {"harm_by": pick(rng, (-2.9444389791664403, -2.0, -0.5)), "harm_to": -2.5},
        "base_rate_sd": 0.2,
        "anchors": [[-2.9444389791664403, 20.0], [0.0, 80.0]],
        "z": 1.96,
        "completeness_for_low": 0.5,
        "expected": random_questions(rng, agencies) if expected else [],
    }


def random_indicator(rng: np.random.Generator, indicator: str) -> dict[str, Any]:
    w = round(float(rng.uniform(0.3, 2.5)), 3)
    immediate = indicator == "blade_injury" or happens(rng, 0.2)
    return {
        "w": w,
        "sign": -1 if indicator in PROTECTIVE else 1,
        "half_life_days": pick(rng, (180, 365, 30)),
        "retention_days": pick(rng, (2000, 2000, 200)),
        "family": FAMILY[indicator],
        "p_k": pick(rng, (2, 2, 1, 1.5, math.inf)),
        "C_k": w * pick(rng, (2.0, 2.0, 1.0, 0.4)),
        "w_sd": round(float(rng.uniform(0.0, 0.5)), 3),
        "immediate": immediate,
        "horizon_days": 30 if immediate else pick(rng, (None, 30)),
    }


def random_caps(rng: np.random.Generator) -> dict[str, float]:
    sizes = (math.log(3), 3 * LN2, 0.5, 0.1, 0.0)
    return {x: pick(rng, sizes) for x in ("anecdotal", "police", "health") if happens(rng, 0.6)}


def random_questions(rng: np.random.Generator, agencies: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"q{i}",
            "lens": pick(rng, ("harm_by", "harm_by", "harm_to")),
            "agency": pick(rng, agencies),
            "indicator": pick(rng, RAISING[:3]),
            "pi": round(float(rng.uniform(0.05, 0.4)), 3),
            "raise": round(float(rng.uniform(0.2, 2.0)), 3),
            "lower": round(float(rng.uniform(0.02, 0.3)), 3),
            "half_life_days": 90,
        }
        for i in range(int(rng.integers(0, 4)))
    ]


# ------------------------------------------------------------------------------------------------ rows


def day(age: int) -> str:
    return (AS_OF - dt.timedelta(days=age)).isoformat()


def random_row(
    rng: np.random.Generator, agencies: tuple[str, ...], record: str, *, claims: float, denials: float, odd: bool
) -> dict[str, Any]:
    """Return one row without lineage or answer."""
    age = pick(rng, AGES)
    row: dict[str, Any] = {
        "record_id": record,
        "subject_id": SUBJECT,
        "role": pick(rng, ("person_of_concern", "victim", "third_party"), p=(0.9, 0.07, 0.03))
        if odd
        else "person_of_concern",
        "agency": pick(rng, agencies),
        "indicator": pick(rng, (*RAISING, *PROTECTIVE), p=(0.35, 0.25, 0.15, 0.05, 0.15, 0.05)),
        "basis": pick(rng, ("factual", "anecdotal"), p=(0.7, 0.3)),
        "event_date": day(age),
        "recorded_date": day(int(rng.integers(0, min(age, 8) + 1))) if happens(rng, 0.7) else day(age),
    }
    if happens(rng, 0.5):
        cell = pick(rng, sorted(GRADES))
        row |= {"source_grade": cell[0], "info_grade": cell[1]}
    else:
        row["source_type"] = pick(rng, sorted(SOURCE_TYPES))
    if happens(rng, claims):
        row["claim_id"] = pick(rng, ("a", "b", "c"), p=(0.6, 0.3, 0.1))
    if happens(rng, denials):
        row["stance"] = "denies"
    if happens(rng, 0.35):
        row["severity"] = pick(rng, (0.5, 0.25, 0.8, 1.0, 0.0))
    if odd and happens(rng, 0.15):
        row |= odd_change(rng, row)
    return row


def odd_change(rng: np.random.Generator, row: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a row one that does not count, or is not known yet."""
    kind = int(rng.integers(0, 5))
    if kind == 0 and "info_grade" in row:
        return {"info_grade": "E"}
    if kind == 1:
        return {"arises_from": pick(rng, ("agency_initiated", "prompted_by_partnership", "adjudicated"))}
    if kind == 2:
        return {"conditions": ["no_onward"]}
    if kind == 3:
        return {"recorded_date": day(-3)}
    return {"status": "withdrawn"}


def add_lineage(rng: np.random.Generator, rows: list[dict[str, Any]], chance: float, absent: float) -> None:
    """Give rows references: to any record (so chains, forks, cycles and self-references), or to an absent one."""
    records = sorted({f"{row['agency']}:{row['record_id']}" for row in rows})
    for i, row in enumerate(rows):
        if not happens(rng, chance):
            continue
        refs = set()
        for _ in range(pick(rng, (1, 2, 3), p=(0.65, 0.25, 0.1))):
            if happens(rng, absent):
                refs.add(f"{pick(rng, (*AGENCIES, *STRANGERS))}:x{pick(rng, (1, 2))}")
            elif i and happens(rng, 0.75):  # mostly backwards, so that cycles stay the exception
                before = rows[int(rng.integers(0, i))]
                refs.add(f"{before['agency']}:{before['record_id']}")
            else:
                refs.add(pick(rng, records))
        row["derived_from"] = sorted(refs)


def add_ring(rng: np.random.Generator, rows: list[dict[str, Any]]) -> None:
    """Make two to four rows tell one story in a ring, often first recorded on one day."""
    size = min(len(rows), pick(rng, (2, 3, 4)))
    ring = [rows[int(i)] for i in rng.choice(len(rows), size=size, replace=False)]
    keys = {(row["agency"], row["record_id"], ring[0]["indicator"]) for row in ring}
    others = [(r["agency"], r["record_id"], r["indicator"]) for r in rows if not any(r is member for member in ring)]
    if len(keys) < size or keys & set(others):
        return
    same_day = happens(rng, 0.5)
    for row, following in zip(ring, [*ring[1:], ring[0]], strict=True):
        row["indicator"] = ring[0]["indicator"]
        row["derived_from"] = [f"{following['agency']}:{following['record_id']}"]
        if same_day and row["recorded_date"] <= AS_OF.isoformat():
            row["recorded_date"] = AS_OF.isoformat()


def random_answer(rng: np.random.Generator, policy: dict[str, Any], record: str) -> dict[str, Any]:
    """Return an answer, mostly to a question that is expected."""
    questions = policy["expected"]
    asked = pick(rng, questions) if questions and happens(rng, 0.8) else None
    age = pick(rng, (0, 0, 5, 5, 30, 100))
    return {
        "record_id": record,
        "subject_id": SUBJECT,
        "role": "victim" if asked and asked["lens"] == "harm_to" else "person_of_concern",
        "agency": asked["agency"] if asked else pick(rng, sorted(policy["rho"])),
        "indicator": asked["indicator"] if asked else pick(rng, RAISING),
        "basis": pick(rng, ("factual", "anecdotal"), p=(0.75, 0.25)),
        "source_type": pick(rng, ("record", "worry", "own_words")),
        "event_date": day(age),
        "recorded_date": day(int(rng.integers(0, age + 1))),
        "answer": pick(rng, ("nil", "returned", "refused", "not_asked", "overdue"), p=(0.5, 0.35, 0.05, 0.05, 0.05)),
    }


def random_version(rng: np.random.Generator, row: dict[str, Any]) -> dict[str, Any]:
    """Return a later (or earlier, or clashing, or impossible) version of a row."""
    recorded = dt.date.fromisoformat(row["recorded_date"])
    shift = pick(rng, (1, 2, 4, -1, -3, 0))
    new = {**row, "recorded_date": (recorded + dt.timedelta(days=shift)).isoformat()}
    change = int(rng.integers(0, 5))
    if change == 0:
        new["status"] = "withdrawn"
    elif change == 1:
        new["severity"] = 0.4
    elif change == 2:
        new["event_date"] = (dt.date.fromisoformat(row["event_date"]) - dt.timedelta(days=2)).isoformat()
    elif change == 3:
        new.pop("derived_from", None)
    if new["event_date"] > new["recorded_date"] and shift == 0:
        return dict(row)  # never both impossible and clashing: reading settles the first before it sees the second
    return new


def random_case(
    rng: np.random.Generator,
    *,
    n_rows: int = 12,
    n_agencies: int | None = None,
    lineage: float = 0.35,
    absent: float = 0.25,
    claims: float = 0.4,
    denials: float = 0.15,
    answers: float = 0.15,
    versions: float = 0.12,
    repeats: float = 0.05,
    odd: bool = True,
    caps: bool = True,
) -> dict[str, Any]:
    """Return ``subject, lens, as_of, rows, policy`` in the form of the worked cases, without ``expected``.

    The chances are per row; ``n_rows`` counts rows before versions and exact repeats are added. ``odd`` adds rows
    of other lenses, other subjects, and rows that are excluded, withdrawn or not yet known.
    """
    if n_agencies is None:
        n_agencies = int(rng.integers(3, 7))
    policy = random_policy(rng, n_agencies=n_agencies, caps=caps, expected=answers > 0)
    if odd:
        policy["conditions_met"] = pick(rng, ([], ["no_onward"]))
    agencies = AGENCIES[:n_agencies]
    rows: list[dict[str, Any]] = []
    for i in range(n_rows):
        row = random_row(rng, agencies, f"r{i}", claims=claims, denials=denials, odd=odd)
        if rows and happens(rng, 0.15):  # one record, several indicators
            others = [k for k in (*RAISING, *PROTECTIVE) if k != rows[-1]["indicator"]]
            same = {key: rows[-1][key] for key in ("record_id", "agency", "role")}
            taken = {(r["agency"], r["record_id"], r["indicator"]) for r in rows}
            row |= {**same, "indicator": pick(rng, others)}
            if (row["agency"], row["record_id"], row["indicator"]) in taken:
                row["record_id"] = f"r{i}"
        rows.append(row)
    add_lineage(rng, rows, lineage, absent)
    if happens(rng, lineage * 0.5):
        add_ring(rng, rows)
    for i, row in enumerate(rows):
        if happens(rng, answers):
            rows[i] = random_answer(rng, policy, f"r{i}a")
        elif odd and happens(rng, 0.02):
            row["subject_id"] = "S2"
    rows += [random_version(rng, row) for row in rows if happens(rng, versions)]
    rows += [dict(row) for row in rows if happens(rng, repeats)]
    order = rng.permutation(len(rows))
    return {
        "subject": SUBJECT,
        "lens": "harm_by" if not odd or happens(rng, 0.93) else "harm_to",
        "as_of": AS_OF.isoformat(),
        "rows": [rows[int(i)] for i in order],
        "policy": policy,
    }


@st.composite
def case_strategy(draw: st.DrawFn, max_rows: int = 24) -> dict[str, Any]:
    """Draw a random case; a failure shrinks by dropping rows one by one and switching whole features off."""
    seed = draw(st.integers(0, 2**32 - 1), label="seed")
    n_rows = draw(st.integers(1, max_rows), label="n_rows")
    on = {
        what: draw(st.booleans(), label=what) for what in ("lineage", "denials", "answers", "versions", "odd", "caps")
    }
    case = random_case(
        np.random.default_rng(seed),
        n_rows=n_rows,
        lineage=0.4 if on["lineage"] else 0.0,
        denials=0.2 if on["denials"] else 0.0,
        answers=0.15 if on["answers"] else 0.0,
        versions=0.15 if on["versions"] else 0.0,
        repeats=0.05 if on["versions"] else 0.0,
        odd=on["odd"],
        caps=on["caps"],
    )
    size = len(case["rows"])
    dropped = draw(
        st.lists(st.sampled_from((True, False, False, False)), min_size=size, max_size=size), label="dropped"
    )
    case["rows"] = [row for row, drop in zip(case["rows"], dropped, strict=True) if not drop]
    return case
