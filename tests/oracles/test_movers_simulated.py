"""A thousand synthetic families over five authorities: no mover is lost while ids are right (D4)."""

from __future__ import annotations

import datetime as dt
import random
from typing import NamedTuple

import pytest

from riskshare.sharing.identifiers import nhs_number_fault
from riskshare.sharing.movers import Contact, KnownTo, Seen, mover_alerts
from riskshare.sharing.pseudonyms import pseudonyms

AUTHORITIES = ("a", "b", "c", "d", "e")
DESKS = {one: Contact(one, "day desk", "night desk") for one in AUTHORITIES}
START = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


class Found(NamedTuple):
    """What a simulation found: true moves alerted, moves in all, alerts about the wrong child, ids refused."""

    alerted: int
    moves: int
    false: int
    alerts: int
    refused: int


def nhs_numbers(rng: random.Random, count: int) -> list[str]:
    found: set[str] = set()
    while len(found) < count:
        nine = str(rng.choice((4, 6, 7))) + "".join(rng.choices("0123456789", k=8))
        found |= {nine + digit for digit in "0123456789" if nhs_number_fault(nine + digit) == ""}
    return sorted(found)[:count]


def typed(number: str, rng: random.Random, share: float) -> str:
    """Return a number as somebody typed it: now and then with one wrong digit, or two neighbours swapped."""
    if rng.random() >= share:
        return number
    i = rng.randrange(9)
    if rng.random() < 0.5:
        return number[:i] + number[i + 1] + number[i] + number[i + 2 :]
    return number[:i] + rng.choice([d for d in "0123456789" if d != number[i]]) + number[i + 1 :]


def simulate(seed: int, families: int, typos: float) -> Found:
    """Return how families that move between authorities are found; each has one to four children, all known at home."""
    rng = random.Random(seed)
    children = [rng.randint(1, 4) for _ in range(families)]
    numbers = nhs_numbers(rng, sum(children))
    rng.shuffle(numbers)
    pseudonym = pseudonyms(b"k" * 32, agreement="movers", id_type="nhs_number", purpose="safeguarding")
    whose: dict[str, int] = {}
    known, seen, moves, refused = [], [], [], 0

    def keep(child: int) -> str | None:
        nonlocal refused
        text = typed(numbers[child], rng, typos)
        if nhs_number_fault(text):
            refused += 1
            return None
        return pseudonym(text)

    child = 0
    for size in children:
        home, away = rng.sample(AUTHORITIES, 2)
        moved = rng.random() < 0.5
        day = START + dt.timedelta(days=rng.randrange(30, 330))
        for _ in range(size):
            whose[pseudonym(numbers[child])] = child
            one, other = keep(child), keep(child)
            known += [KnownTo(one, home, START)] if one else []
            seen += [Seen(other, away if moved else home, day)] if other else []
            moves += [(child, away, home)] if moved else []
            child += 1
    raised = {
        (whose.get(one.subject_id, -1), one.to, one.call.authority) for one in mover_alerts(known, seen, DESKS).alerts
    }
    return Found(len(raised & set(moves)), len(moves), len(raised - set(moves)), len(raised), refused)


def test_no_mover_is_lost_while_ids_are_right() -> None:
    result = simulate(1, 200, 0.0)
    assert (result.alerted, result.false, result.refused) == (result.moves, 0, 0)
    assert result.moves > 100


def test_wrong_ids_are_refused_and_lose_movers_but_accuse_nobody() -> None:
    result = simulate(2, 200, 0.05)
    assert result.false == 0
    assert result.refused > 0
    assert result.alerted < result.moves


@pytest.mark.long
@pytest.mark.parametrize(("typos", "least"), [(0.0, 1.0), (0.01, 0.96), (0.05, 0.85)])
def test_a_thousand_families(typos: float, least: float) -> None:
    """With a share t of ids mistyped on each side, recall is about (1 - t) squared, less swaps of equal digits."""
    result = simulate(3, 1_000, typos)
    recall = result.alerted / result.moves
    print(  # noqa: T201
        f"\nD4: {typos:.0%} typos: recall {recall:.4f} ({result.alerted:,} of {result.moves:,} moves), "
        f"{result.false} false of {result.alerts:,} alerts, {result.refused:,} ids refused"
    )
    assert recall >= least
    assert result.false == 0
