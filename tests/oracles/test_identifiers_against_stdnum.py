"""Identifier checks against python-stdnum and every slip of the hand (D2). No real person's number is in here."""

from __future__ import annotations

import random

import pytest
from stdnum.gb import nhs, upn  # type: ignore[import-untyped]

from riskshare.sharing.identifiers import nhs_number_fault, upn_fault

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
LOCAL_AUTHORITIES = sorted(upn._la_numbers)


def valid_nhs(rng: random.Random) -> str:
    """Return a sound number, by trying check digits with the other library."""
    while True:
        nine = str(rng.choice((4, 6, 7))) + "".join(rng.choices("0123456789", k=8))
        for digit in "0123456789":
            if nhs.is_valid(nine + digit) and nhs_number_fault(nine + digit) != "placeholder":
                return nine + digit


def slips(rng: random.Random, numbers: int) -> tuple[int, int, int]:
    """Return (single-digit errors, neighbour swaps, how many of both were not found)."""
    wrong, swapped, missed = 0, 0, 0
    for _ in range(numbers):
        good = valid_nhs(rng)
        assert nhs_number_fault(good) == ""
        for i in range(10):
            for digit in set("0123456789") - {good[i]}:
                wrong += 1
                missed += nhs_number_fault(good[:i] + digit + good[i + 1 :]) == ""
        for i in range(9):
            if good[i] != good[i + 1]:
                swapped += 1
                missed += nhs_number_fault(good[:i] + good[i + 1] + good[i] + good[i + 2 :]) == ""
    return wrong, swapped, missed


def random_nhs(rng: random.Random) -> str:
    return "".join(rng.choices("0123456789", k=rng.choice((9, 10, 10, 10, 10, 11))))


def random_upn(rng: random.Random) -> str:
    """Return a UPN of a known authority, right one time in a few, sometimes temporary or torn."""
    body = f"{rng.choice(LOCAL_AUTHORITIES)}{rng.randrange(10**8):08d}" + rng.choice("0123456789" * 4 + LETTERS)
    letter = upn.calc_check_digit(body) if rng.random() < 0.5 else rng.choice(LETTERS)
    return (letter + body)[: rng.choice((13, 13, 13, 12))]


def disagreements(rng: random.Random, cases: int) -> int:
    """Return how often form and check differ; placeholders and ranges are ours, and known authorities theirs."""
    found = 0
    for _ in range(cases):
        number, pupil = random_nhs(rng), random_upn(rng)
        sound = nhs_number_fault(number) in ("", "placeholder", "test_number", "not_issued")
        if nhs_number_fault(number) == "placeholder":
            sound = nhs.is_valid(number)
        found += sound != nhs.is_valid(number)
        found += (upn_fault(pupil) in ("", "temporary_upn")) != upn.is_valid(pupil)
    return found


def test_every_slip_is_found() -> None:
    wrong, swapped, missed = slips(random.Random(1), 100)
    assert (wrong, missed) == (9_000, 0)
    assert swapped > 700


def test_both_libraries_agree() -> None:
    assert disagreements(random.Random(2), 5_000) == 0


@pytest.mark.long
def test_every_slip_of_180_000_is_found() -> None:
    wrong, swapped, missed = slips(random.Random(3), 2_000)
    print(f"\nD2: {wrong:,} single-digit errors and {swapped:,} neighbour swaps, {missed} missed")  # noqa: T201
    assert (wrong, missed) == (180_000, 0)


@pytest.mark.long
def test_both_libraries_agree_on_100_000_of_each() -> None:
    found = disagreements(random.Random(4), 100_000)
    print(f"\nD2: 100,000 NHS numbers and 100,000 UPNs, {found} disagreements with python-stdnum")  # noqa: T201
    assert found == 0
