"""The chain and its verifier: what is found, where, and what only a head kept elsewhere shows."""

from __future__ import annotations

import random

import pytest

from audit_cases import ATTACKS, KEYS, attack, body_of, chained, good_rows
from riskshare.sharing.chain import (
    EMPTY_HEAD,
    GENESIS,
    EpochKey,
    Head,
    Row,
    Status,
    head_letters,
    head_of,
    seal,
    verify,
)

ROWS = good_rows(10)
HEAD = head_of(ROWS[-1])


def test_a_good_log_is_good_from_the_first_entry_and_from_any_head() -> None:
    assert verify(ROWS, KEYS) == verify(iter(ROWS), KEYS, [HEAD, head_of(ROWS[3]), EMPTY_HEAD])
    found = verify(ROWS, KEYS, [HEAD])
    assert (found.status, found.at, found.head) == (Status.OK, None, HEAD)
    assert verify(ROWS[4:], KEYS, [HEAD], after=head_of(ROWS[3])) == found


def test_an_empty_log_is_good_unless_a_head_knows_of_entries() -> None:
    assert verify([], KEYS, [EMPTY_HEAD]).status is Status.OK
    found = verify([], KEYS, [HEAD])
    assert (found.status, found.at) == (Status.SHORTER, 1)


@pytest.mark.parametrize("kind", ATTACKS)
def test_no_attack_without_the_keys_passes(kind: str) -> None:
    for seed in range(20):
        assert verify(attack(kind, ROWS, random.Random(seed)), KEYS).status is not Status.OK


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("delete", Status.BROKEN_LINK), ("delete and renumber", Status.BROKEN_LINK), ("swap", Status.BROKEN_LINK),
        ("insert a copy", Status.BROKEN_LINK), ("insert and renumber", Status.BROKEN_LINK),
        ("relink", Status.ALTERED), ("edit", Status.ALTERED), ("rewrite the end", Status.ALTERED),
        ("swap the epoch", Status.UNKNOWN_EPOCH), ("reseal all with the newest key", Status.UNKNOWN_EPOCH),
    ],
)  # fmt: skip
def test_each_attack_has_its_name(kind: str, status: Status) -> None:
    assert verify(attack(kind, ROWS, random.Random(1)), KEYS).status is status


def test_the_place_of_the_first_fault_is_told() -> None:
    broken = [*ROWS[:6], ROWS[6]._replace(tag=bytes(32)), *ROWS[7:]]
    found = verify(broken, KEYS)
    assert (found.status, found.at, found.head) == (Status.ALTERED, 7, head_of(ROWS[5]))


def test_a_cut_is_seen_with_the_head_only() -> None:
    for kept in range(len(ROWS)):
        assert verify(ROWS[:kept], KEYS).status is Status.OK
        found = verify(ROWS[:kept], KEYS, [HEAD])
        assert (found.status, found.at) == (Status.SHORTER, kept + 1)


def test_whoever_has_the_keys_can_rewrite_and_the_head_shows_it() -> None:
    for first in range(len(ROWS)):
        bodies = [body_of(seq, 1 if seq < 6 else 2, reasons=["forbidden"]) for seq in range(first + 1, 11)]
        forged = chained(bodies, KEYS, after=ROWS[:first])
        assert verify(forged, KEYS).status is Status.OK
        found = verify(forged, KEYS, [HEAD])
        assert (found.status, found.at) == (Status.REWRITTEN, 10)
        assert verify(forged, KEYS, [head_of(row) for row in ROWS]).at == first + 1


def test_two_heads_of_one_number_that_differ_cannot_both_be_right() -> None:
    other = Head(4, 4, bytes(32), HEAD.time)
    assert verify(ROWS, KEYS, [head_of(ROWS[3]), other]).status is Status.REWRITTEN
    assert verify(ROWS, KEYS, [Head(0, 0, b"x" * 32, "")]).status is Status.REWRITTEN


def test_a_head_before_the_starting_point_is_not_looked_for() -> None:
    old = Head(2, 2, bytes(32), HEAD.time)
    assert verify(ROWS[4:], KEYS, [old], after=head_of(ROWS[3])).status is Status.OK
    assert verify(ROWS[4:], KEYS, [Head(4, 4, bytes(32), "")], after=head_of(ROWS[3])).status is Status.REWRITTEN


def test_a_torn_tail_is_told_and_a_head_that_speaks_of_more_comes_first() -> None:
    torn = [*ROWS[:8], Status.TORN_TAIL]
    found = verify(torn, KEYS, [head_of(ROWS[7])])
    assert (found.status, found.at, found.head.seq) == (Status.TORN_TAIL, 9, 8)
    assert verify(torn, KEYS, [HEAD]).status is Status.SHORTER


def test_what_a_reader_could_not_read_is_altered() -> None:
    assert verify([*ROWS[:2], Status.ALTERED, *ROWS[3:]], KEYS).at == 3


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"not json", b"\xff", b'{"epoch":1,"seq":1}', b'{"at":"x","seq":1}', b'{"at":1,"epoch":1,"seq":1}',
        b'{"at":"x","epoch":1}', b'{"at":"x","epoch":1,"seq":2}', b'{"at":"x","epoch":"1","seq":1}', b"[" * 100_000,
    ],
    ids=range(11),
)  # fmt: skip
def test_a_body_that_is_no_entry_is_altered_even_if_it_is_sealed(body: bytes) -> None:
    row = Row(1, GENESIS, body, seal(KEYS[0].key, GENESIS, body))
    assert verify([row], KEYS).status is Status.ALTERED


def test_an_epoch_that_nobody_knows_is_told() -> None:
    forged = chained([body_of(1, 9)], KEYS)
    assert verify(forged, KEYS).status is Status.UNKNOWN_EPOCH
    late = chained([body_of(6, 1)], [EpochKey(1, 1, KEYS[0].key)], after=ROWS[:5])
    assert verify(late, KEYS).status is Status.UNKNOWN_EPOCH


def test_the_seal_depends_on_each_part_and_on_where_parts_meet() -> None:
    tags = {seal(b"a", GENESIS, b"bc"), seal(b"b", GENESIS, b"bc"), seal(b"a", bytes(31) + b"\1", b"bc")}
    tags |= {seal(b"a", GENESIS, b"b"), seal(b"a", GENESIS + b"b", b"c")}
    assert len(tags) == 5


def test_head_letters_can_be_read_out() -> None:
    letters = {letter for row in good_rows(200) for letter in head_letters(row.tag)}
    assert letters == set("ABCDEFGHJKLMNPQRSTUVWXYZ-")
    assert len(head_letters(HEAD.tag)) == 19
    assert HEAD.letters == head_letters(HEAD.tag)
    assert len({head_letters(row.tag) for row in good_rows(200)}) == 200
