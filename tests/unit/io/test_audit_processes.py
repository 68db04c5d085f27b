"""Writers that are killed, and many writers at once: nothing acknowledged is lost, and the chain never forks.

Killing a process keeps what it had given to the system: this is no test of a power failure, for which there is
``synchronous=FULL``.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import Event

import pytest

from audit_cases import AT, ENTRY, rows_of
from riskshare.io.audit_check import verify_log
from riskshare.io.audit_log import append, audit_log
from riskshare.sharing.chain import Status

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")


def context() -> ForkServerContext:
    """Return what starts writers quickly: they are split off from a process that has everything loaded."""
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(["riskshare.io.audit_log", "audit_cases"])
    return chosen


def write_until_killed(path: Path, acknowledge: Connection) -> None:
    log = audit_log(path)
    while True:
        head = append(log, ENTRY, at=AT, subjects=["S1"], user="jo")
        acknowledge.send((head.seq, head.tag))


def write_so_many(path: Path, entries: int, acknowledge: Connection) -> None:
    log = audit_log(path)
    for number in range(entries):
        head = append(log, ENTRY, at=AT, subjects=[f"S{number}"])
        acknowledge.send((head.seq, head.tag))
    acknowledge.close()


def received(pipe: Connection) -> list[tuple[int, bytes]]:
    """Return what a writer acknowledged until it was gone; half a message was no acknowledgement."""
    found = []
    try:
        while True:
            found.append(pipe.recv())
    except (EOFError, OSError):
        return found


def killed_cycles(folder: Path, cycles: int, seed: int) -> tuple[int, int, int]:
    """Return over kill -9 cycles on one log: entries acknowledged, of them lost, and the most extra ones of a cycle."""
    rng, path = random.Random(seed), folder / "audit.sqlite"
    acknowledged: dict[int, bytes] = {}
    most_extra, before = 0, 0
    for _ in range(cycles):
        pipe, end = context().Pipe(duplex=False)
        writer = context().Process(target=write_until_killed, args=(path, end))
        writer.start()
        end.close()
        first = [pipe.recv() for _ in range(rng.randrange(3))]
        Event().wait(rng.random() * 0.03)  # so that the kill falls anywhere in an entry
        assert writer.pid
        os.kill(writer.pid, signal.SIGKILL)
        told = [*first, *received(pipe)]
        writer.join()
        acknowledged |= dict(told)
        log = audit_log(path)
        if not log.head.exists():  # killed before the log was there
            assert told == []
            continue
        verdict = verify_log(log)
        assert verdict.status is Status.OK
        most_extra = max(most_extra, verdict.head.seq - before - len(told))
        before = verdict.head.seq
    kept = {row.seq: row.tag for row in rows_of(audit_log(path))}
    return len(acknowledged), sum(kept.get(seq) != tag for seq, tag in acknowledged.items()), most_extra


def test_killed_writers_lose_nothing_acknowledged(tmp_path: Path) -> None:
    acknowledged, lost, most_extra = killed_cycles(tmp_path, 8, seed=1)
    assert acknowledged > 0
    assert (lost, most_extra <= 1) == (0, True)


@pytest.mark.long
def test_two_hundred_killed_writers_lose_nothing_acknowledged(tmp_path: Path) -> None:
    acknowledged, lost, most_extra = killed_cycles(tmp_path, 200, seed=2)
    sys.stdout.write(f"kill -9: 200 cycles, {acknowledged} acknowledged, {lost} lost, at most {most_extra} extra\n")
    assert acknowledged > 100
    assert (lost, most_extra <= 1) == (0, True)


def written_at_once(folder: Path, writers: int, entries: int) -> int:
    """Return how many entries a log has after writers at once, each acknowledged once and none forked."""
    path, pipes, started = folder / "audit.sqlite", [], []
    for _ in range(writers):
        pipe, end = context().Pipe(duplex=False)
        writer = context().Process(target=write_so_many, args=(path, entries, end))
        writer.start()
        end.close()
        pipes.append(pipe)
        started.append(writer)
    told = [one for pipe in pipes for one in received(pipe)]
    for writer in started:
        writer.join()
    assert [writer.exitcode for writer in started] == [0] * writers
    log = audit_log(path)
    assert verify_log(log).status is Status.OK
    kept = [(row.seq, row.tag) for row in rows_of(log)]
    assert sorted(told) == kept
    return len(kept)


def test_several_writers_make_one_chain(tmp_path: Path) -> None:
    assert written_at_once(tmp_path, 8, 4) == 32


@pytest.mark.long
def test_eight_writers_make_one_chain(tmp_path: Path) -> None:
    count = written_at_once(tmp_path, 8, 150)
    sys.stdout.write(f"8 writers: {count} entries acknowledged and chained, no fork\n")
    assert count == 1_200
