"""Whatever is done to a log is found: bits, entries, order, links, epochs, and, with a head kept elsewhere, its end."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_cases import AT, ATTACKS, ENTRY, KEYS, attack, chained, flipped, good_rows, lines_of, log_in, tampered
from riskshare.errors import AuditEntryError
from riskshare.io.audit_check import verify_log
from riskshare.io.audit_keys import read_keys
from riskshare.io.audit_lines import export_lines, read_lines, verify_lines
from riskshare.io.audit_log import append
from riskshare.sharing.chain import Head, Row, Status, head_of, verify
from riskshare.sharing.log_entries import EVENTS, FORMS, MADE_BY_THE_LOG, canonical, check_entry

ROWS = good_rows(12)
HEAD = head_of(ROWS[-1])
CODES = st.from_regex(r"\A[a-z][a-z_]{0,20}\Z")
NAMES = st.sampled_from(sorted(FORMS)) | st.text(max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(ATTACKS), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_attacks_one_after_another_are_found(kinds: list[str], rng: random.Random) -> None:
    rows = list(ROWS)
    for kind in kinds:
        rows = attack(kind, rows, rng)
    # two attacks may undo each other, and a log that is as it was is good
    assert (verify(rows, KEYS, [HEAD]).status is Status.OK) == (rows == ROWS)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(ROWS) - 1), st.sampled_from(("prev", "body", "tag")), st.data())
def test_any_change_of_any_part_is_found_at_its_entry(n: int, part: str, data: st.DataObject) -> None:
    old = getattr(ROWS[n], part)
    new = data.draw(st.binary(max_size=80) | st.integers(0, len(old) * 8 - 1).map(lambda bit: flipped(old, bit)))
    rows = [*ROWS[:n], ROWS[n]._replace(**{part: new}), *ROWS[n + 1 :]]
    found = verify(rows, KEYS, [HEAD])
    assert (found.status, found.at) == (Status.OK, None) if new == old else found.at == n + 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(("agency", "purpose", "role")), CODES), max_size=8), st.integers(1, 9))
def test_whatever_is_chained_is_good_and_every_head_of_it_is_in_it(said: list[dict[str, str]], start: int) -> None:
    keys = (KEYS[0], KEYS[1]._replace(from_seq=start + 1))
    bodies = []
    for seq, one in enumerate(said, start=1):
        epoch = 1 if seq <= start else 2
        bodies.append(canonical({**one, "at": f"2026-03-31T09:30:00.{seq:06d}Z", "epoch": epoch, "seq": seq}))
    rows = chained(bodies, keys)
    assert verify(rows, keys, map(head_of, rows)).status is Status.OK
    for after in rows:
        assert verify(rows[after.seq :], keys, after=head_of(after)) == verify(rows, keys)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(FORMS)) | st.text(max_size=12), CODES | st.text(max_size=30), max_size=3),
    st.sampled_from(sorted(EVENTS)),
)
def test_text_of_any_kind_is_let_in_only_as_a_listed_code(entry: dict[str, str], event: str) -> None:
    given = {**entry, "event": event}
    listed = {key for key in given if key in FORMS and key not in MADE_BY_THE_LOG}
    formed = {key for key in listed if FORMS[key][0](given[key])}
    if formed == set(given) and set(EVENTS[event]) <= set(given):
        check_entry(given)
        assert all(" " not in value and "@" not in value for value in given.values())
    else:
        with pytest.raises(AuditEntryError) as caught:
            check_entry(given)
        assert not any(value in str(caught.value) for value in entry.values() if len(value) > 9)


def bits_not_found(folder: Path, flips: int, seed: int) -> list[int]:
    """Return which single-bit changes of an export go unseen, out of so many drawn."""
    log = log_in(folder, 8, subjects=["S1"], user="jo")
    target = folder / "audit.jsonl"
    export_lines(log, target)
    data, keys = target.read_bytes(), read_keys(log.keys).epochs
    head = verify_log(log).head
    rng, missed = random.Random(seed), []
    for bit in (rng.randrange(len(data) * 8) for _ in range(flips)):
        target.write_bytes(flipped(data, bit))
        if verify(read_lines(target), keys, [head]).status is Status.OK:
            missed.append(bit)
    return missed


def test_flipped_bits_of_an_export_are_found(tmp_path: Path) -> None:
    assert bits_not_found(tmp_path, 200, seed=1) == []


@pytest.mark.long
def test_three_thousand_flipped_bits_of_an_export_are_found(tmp_path: Path) -> None:
    missed = bits_not_found(tmp_path, 3_000, seed=2)
    sys.stdout.write(f"bit flips: {3_000 - len(missed)} of 3,000 found\n")
    assert missed == []


def cuts_not_found(rows: list[Row], heads: list[Head], target: Path, keys_file: Path) -> list[int]:
    """Return after which entries a file of lines may be cut, on the boundary, without anybody seeing it."""
    lines = lines_of(rows).splitlines(keepends=True)
    missed = []
    for kept in range(len(lines)):
        target.write_bytes(b"".join(lines[:kept]))
        found = verify_lines(target, keys=keys_file, known=heads)
        if (found.status, found.at) != (Status.SHORTER, kept + 1):
            missed.append(kept)
    return missed


def kept_log(folder: Path, entries: int) -> tuple[list[Row], Head, Path]:
    """Return a long log in lines, made in memory with the keys of a real one."""
    log = log_in(folder, 1)
    keys = read_keys(log.keys).epochs
    rows = good_rows(entries, keys)
    return rows, head_of(rows[-1]), log.keys


def test_every_cut_is_found_with_the_head(tmp_path: Path) -> None:
    rows, head, keys = kept_log(tmp_path, 60)
    assert cuts_not_found(rows, [head], tmp_path / "cut.jsonl", keys) == []


@pytest.mark.long
def test_every_cut_of_a_thousand_entries_is_found_with_the_head(tmp_path: Path) -> None:
    rows, head, keys = kept_log(tmp_path, 1_000)
    missed = cuts_not_found(rows, [head], tmp_path / "cut.jsonl", keys)
    sys.stdout.write(f"tail cuts: {1_000 - len(missed)} of 1,000 found\n")
    assert missed == []


@pytest.mark.long
def test_every_cut_of_a_thousand_entries_in_the_database(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    for _ in range(1_000):
        append(log, ENTRY, at=AT)
    missed = []
    for kept in reversed(range(1_000)):
        tampered(log, "DELETE FROM entries WHERE seq > ?", kept)
        found = verify_log(log)
        missed += [] if (found.status, found.at) == (Status.SHORTER, kept + 1) else [kept]
    sys.stdout.write(f"tail cuts of the database: {1_000 - len(missed)} of 1,000 found\n")
    assert missed == []


@pytest.mark.long
def test_a_thousand_attacks_of_each_kind_are_found() -> None:
    rows = good_rows(40)
    for kind in ATTACKS:
        missed = sum(verify(attack(kind, rows, random.Random(n)), KEYS).status is Status.OK for n in range(1_000))
        sys.stdout.write(f"{kind}: {1_000 - missed} of 1,000 found\n")
        assert missed == 0
