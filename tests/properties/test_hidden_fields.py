"""A3: what a recipient may not have cannot influence one byte of what the recipient gets, over every exporter.

A pair is one result with a hidden value, and the same with another value in its place. Exporters see nothing but the
``Shared``, so two that are equal to the last digit give the same files: every pair is compared so, and of each first
pair of a base every file of every exporter, byte by byte.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

import share_cases as cases
from riskshare.sharing.asking import SharingRefusedError
from riskshare.sharing.shared import Shared, content_hash

KINDS = ("weapon_carrying", "gang_link", "blade_injury", "trusted_adult", "criminal_exploitation")
AGENCIES = ("school", "police", "council")
ROLES = ("person_of_concern", "victim", "witness")
PAIRS_A_BASE = 20
NO_RECORD_ID = cases.permit("why", [name for name in cases.REASONS if name != "record_id"],
                            categories=("criminal", "health_or_social_care", "other"))  # fmt: skip
AGREED = cases.partnership(cases.SCORES, NO_RECORD_ID, cases.ALERTS, cases.COUNTS, cases.WHERE, listed_from="medium")
Rows = list[dict[str, Any]]


def shown_rows(rng: random.Random) -> Rows:
    subjects = ["S1", "S1", "S2", "S3"]
    return [
        cases.fact(
            f"r{number}", subject_id=rng.choice(subjects), indicator=rng.choice(KINDS), agency=rng.choice(AGENCIES),
            role=rng.choice(ROLES), recorded_date="2026-03-31", recorded_by="a", easting=402_000.0, northing=302_000.0,
            precision_m=10.0, event_date=str(dt.date(2026, 3, 31) - dt.timedelta(rng.randrange(300))),
        )
        for number in range(rng.randrange(2, 9))
    ]  # fmt: skip


def another_field(rng: random.Random, rows: Rows) -> Rows:
    """Return the rows with other values in fields of one of them that no rule shows and no score is made of."""
    changed = [dict(row) for row in rows]
    one = rng.choice(changed)
    told = {
        "recorded_by": f"force-{rng.randrange(99)}", "easting": 400_000.0 + rng.randrange(8000),
        "northing": 300_000.0 + rng.randrange(4000), "precision_m": float(rng.randrange(1, 500)),
    }  # fmt: skip
    one |= {name: told[name] for name in rng.sample(sorted(told), rng.randrange(1, 5))}
    return changed


def another_name(rng: random.Random, rows: Rows) -> Rows:
    """Return the rows under other record ids: they are withheld, so nor may the order of lines tell them."""
    names = [f"q{number:03}" for number in rng.sample(range(1000), len(rows))]
    return [{**row, "record_id": name} for row, name in zip(rows, names, strict=True)]


def a_hidden_row(rng: random.Random, rows: Rows) -> Rows:
    """Return the rows with one more that nobody here may have, somewhere among them."""
    hides = rng.choice([
        {"data_class": "patient", "gateway": "cda_s115"}, {"handling": "C"}, {"gateway": "serious_violence_duty"},
        {"agency": "health"},
    ])  # fmt: skip
    hidden = cases.fact(
        f"h{rng.randrange(99)}", **{
            # Exploitation holds a line back even where it is hidden, on purpose: it is drawn among shown rows only.
            "subject_id": rng.choice(["S1", "S2", "S9"]), "indicator": rng.choice(KINDS[:-1]),
            "role": rng.choice(ROLES), "agency": rng.choice(AGENCIES),
            "recorded_date": "2026-03-31", "claim_id": rng.choice([None, "c1"]),
            "basis": rng.choice(["factual", "anecdotal"]), "stance": rng.choice(["supports", "denies"]), **hides,
        },
    )  # fmt: skip
    at = rng.randrange(len(rows) + 1)
    return [*rows[:at], hidden, *rows[at:]]


def another_order(rng: random.Random, rows: Rows) -> Rows:
    return rng.sample(rows, len(rows))


CHANGES: tuple[Callable[[random.Random, Rows], Rows], ...] = (another_field, another_name, a_hidden_row, another_order)
RECIPIENTS: dict[str, Callable[[Any, Path], Shared]] = {
    "practitioner": lambda result, folder: cases.to_practitioner(result, folder),
    "partnership": lambda result, folder: cases.given(result, folder, audience="partnership"),
    "counts": lambda result, folder: cases.to_partners(result, folder),
}


def shared_or_refused(recipient: str, rows: Rows, folder: Path) -> Shared | tuple[str, ...]:
    try:
        shared = RECIPIENTS[recipient](cases.result(rows, agreed=AGREED), folder)
    except SharingRefusedError:
        return ("refused",)  # why, the one who asked may learn: it is no export
    object.__setattr__(shared, "decision_ids", ("d" * 64,))  # every release has its own
    object.__setattr__(shared, "log_head", "AAAA-AAAA-AAAA-AAAA")  # which differs with every entry of the log
    object.__setattr__(shared, "content_hash", content_hash(shared))
    return shared


def differing_pairs(bases: int, seed: int) -> tuple[int, list[str], int]:
    """Return how many pairs were compared, what differed in them, and how many files were compared byte by byte."""
    rng, told, compared, n_files = random.Random(seed), [], 0, 0
    for base in range(bases):
        rows, recipient = shown_rows(rng), rng.choice(sorted(RECIPIENTS))
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            first = shared_or_refused(recipient, rows, folder)
            for number in range(PAIRS_A_BASE):
                change = CHANGES[number % len(CHANGES)]
                other = shared_or_refused(recipient, change(rng, rows), folder)
                compared += 1
                if not isinstance(first, Shared) or not isinstance(other, Shared):
                    same = first == other
                else:
                    same = first.content_hash == other.content_hash
                    if number == base % len(CHANGES):
                        one, two = (cases.every_file(s, folder / n) for s, n in ((first, "1"), (other, "2")))
                        n_files += len(one)
                        same &= one == two
                told += [] if same else [f"{change.__name__} for {recipient}, base {base}"]
    return compared, told, n_files


def test_a_hidden_value_changes_no_byte_of_any_file() -> None:
    compared, differing, n_files = differing_pairs(bases=6, seed=20260331)
    assert (compared, differing) == (120, [])
    assert n_files > 20


@pytest.mark.long
def test_a_hidden_value_changes_no_byte_in_ten_thousand_pairs() -> None:
    compared, differing, n_files = differing_pairs(bases=500, seed=20260401)
    print(f"{compared:,} pairs, {n_files:,} files byte by byte, {len(differing)} differing")  # noqa: T201
    assert compared == 10_000
    assert differing == []


def test_a_value_that_is_shown_does_change_them() -> None:
    """The proof that the comparison could fail."""
    rng, rows = random.Random(1), [cases.fact("a"), cases.fact("b", indicator="gang_link")]
    with tempfile.TemporaryDirectory() as place:
        first = shared_or_refused("practitioner", rows, Path(place))
        rows[0]["event_date"] = "2025-02-02"
        other = shared_or_refused("practitioner", rows, Path(place))
        assert isinstance(first, Shared)
        assert isinstance(other, Shared)
        assert first.content_hash != other.content_hash
        files = [cases.every_file(one, Path(place) / name) for one, name in ((first, "1"), (other, "2"))]
    assert files[0] != files[1]
    assert rng.random() < 1


def moved(points: gpd.GeoDataFrame, rng: random.Random) -> gpd.GeoDataFrame:
    """Return events with other values in what no map shows, and with hidden ones among them."""
    named = points.assign(claim_id=[f"c{rng.randrange(10**6)}" for _ in range(len(points))], note=rng.random())
    barred = cases.events(handling="C").assign(claim_id="x", note=0.0).head(rng.randrange(1, 40))
    there = barred.assign(geometry=barred.geometry.translate(rng.randrange(-900, 900), rng.randrange(-900, 900)))
    both = pd.concat([named, there], ignore_index=True).sample(frac=1, random_state=rng.randrange(10**6))
    return gpd.GeoDataFrame(both, crs=27700)


@pytest.mark.parametrize("audience", ["partnership", "public"])
def test_hidden_events_and_columns_change_no_byte_of_a_map(audience: str, tmp_path: Path) -> None:
    rng = random.Random(7)
    made = []
    for number in range(3):
        points = cases.events(claim_id=[f"c{n}" for n in range(76)], note=1.0)
        given = points if not number else moved(points, rng)
        shared = cases.to_partners(cases.spots(given), tmp_path, audience=audience)
        object.__setattr__(shared, "decision_ids", ("d" * 64,))  # every release has its own
        object.__setattr__(shared, "log_head", "AAAA-AAAA-AAAA-AAAA")
        object.__setattr__(shared, "content_hash", content_hash(shared))
        made.append(cases.every_file(shared, tmp_path / str(number)))
    assert made[1] == made[0]
    assert made[2] == made[0]
    assert len(made[0]) > 10


def test_the_fields_of_a_shared_result_are_all_compared() -> None:
    """Nothing that an exporter could write is left out of what the pairs are compared by."""
    left_out = {"made_by", "content_hash", "log"}
    assert {one.name for one in dataclasses.fields(Shared)} - left_out >= {"tables", "notes", "kept", "decision_ids"}
