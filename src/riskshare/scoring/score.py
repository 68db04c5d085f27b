"""Score every subject, some subjects at a time: the composition of the kernels over blocks of bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from riskshare.errors import MissingExtraError
from riskshare.kernels.answers import Answers
from riskshare.kernels.caseload import RowFacts, score_rows
from riskshare.kernels.origins import Edges, Rows
from riskshare.kernels.scores import Detail, Scores, score
from riskshare.kernels.segments import Bools, Ints
from riskshare.trust.weigh import N_LENSES, Weighed

BLOCK_ROWS = 1 << 16
"""Rows scored at a time, whole subjects: small enough for the processor's cache, large enough to hide call overhead."""

PAYS_ROWS = 4_000_000
"""From here on the compiled twin is worth loading (``docs/decisions/0013``); smaller work never waits for it."""

Progress = Callable[[int, int], None]
"""Called with rows done and rows in all."""


class Block(NamedTuple):
    """The rows of some consecutive subjects, renumbered from 0, and where they stand in the whole.

    ``ref`` numbers the reference of each edge, found or not; ``edges.agency`` is by reference.
    """

    first_row: int
    first_subject: int
    n_subjects: int
    rows: Rows
    edges: Edges
    ref: Ints
    answers: Answers

    @property
    def unit_lens(self) -> Ints:
        """The lens number of each unit."""
        return np.tile(np.arange(N_LENSES), self.n_subjects)


@dataclass(frozen=True, slots=True, repr=False)
class Scored:
    """Scores of every unit, with what later tables need of the rows.

    ``unit`` numbers the units that have a result (2 × subject + lens); ``scores`` has a line for each.
    ``counted`` are coded rows with weight, ``youngest`` the age in days of their youngest origin, ``barred`` rows that
    carry none because every origin of theirs may not count, ``circular`` rows in or behind a ring, ``twinned`` rows
    that may tell one story twice.
    """

    unit: Ints
    scores: Scores
    counted: Ints
    youngest: Ints
    barred: Ints
    circular: Ints
    twinned: Ints


def blocks(weighed: Weighed, *, size: int = BLOCK_ROWS) -> Iterator[Block]:
    """Yield the coded rows in blocks of whole subjects, about ``size`` rows each; a subject is never cut."""
    n_subjects = weighed.n_subjects
    ends = np.searchsorted(weighed.subject, np.arange(n_subjects), side="right")
    first = 0
    while first < n_subjects:
        begin = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, begin + size, side="right")), first + 1)
        yield block(weighed, first, min(last, n_subjects))
        first = last


def block(weighed: Weighed, first_subject: int, last_subject: int) -> Block:
    """Return the coded rows of subjects ``first_subject`` up to, not including, ``last_subject``."""
    begin, end = np.searchsorted(weighed.subject, (first_subject, last_subject))
    rows = Rows._make(column[begin:end] for column in weighed.rows)
    here = slice(*np.searchsorted(weighed.edges.tail, (begin, end)))
    head, ref = weighed.edges.head[here], weighed.ref[here]
    refs, local = np.unique(ref, return_inverse=True)
    n_rows = int(end - begin)
    head = np.where(head >= weighed.subject.size, n_rows + local, head - begin)
    edges = Edges(weighed.edges.tail[here] - begin, head, weighed.edges.agency[refs])
    base = first_subject * N_LENSES
    asked = slice(*np.searchsorted(weighed.answers.unit, (base, last_subject * N_LENSES)))
    answers = Answers._make(column[asked] for column in weighed.answers)
    return Block(
        int(begin), first_subject, last_subject - first_subject, rows._replace(unit=rows.unit - base), edges, local,
        answers._replace(unit=answers.unit - base),
    )  # fmt: skip


def score_block(part: Block, weighed: Weighed) -> tuple[Scores, Detail]:
    """Return scores and detail of one block's units."""
    n_units = part.n_subjects * N_LENSES
    return score(part.rows, part.edges, part.answers, weighed.policy, part.unit_lens, n_units)


def listed_units(weighed: Weighed, part: Block, scores: Scores) -> Ints:
    """Return the units of a block that have a result: a row with weight, an answer, a reading that was not judged.

    Withdrawn, expired, doubted or prompted rows alone list nobody, nor do relays of them: no shadow lists.
    """
    spoken = weighed.spoken[part.first_subject * N_LENSES :][: part.n_subjects * N_LENSES]
    return np.flatnonzero(spoken | (scores.n_records > 0))


def score_all(
    weighed: Weighed, *, progress: Progress | None = None, compiled: bool | None = None, threads: int = 2
) -> Scored:
    """Return the scores of every subject and lens that has a result.

    Parameters
    ----------
    weighed : Weighed
    progress : callable, optional
        Called after each block with rows done and rows in all.
    compiled : bool, optional
        Score with the compiled twin (numba, extra ``fast``) or without. By default it is used where it is installed and
        there are at least ``PAYS_ROWS`` rows. The bits are the same.
    threads : int
        How many blocks the compiled twin scores at once; the NumPy form scores one.

    Returns
    -------
    Scored
        Units in order of subject, then lens; empty for empty input.

    Raises
    ------
    MissingExtraError
        ``compiled`` is True and numba is not installed.
    """
    if compiled and find_spec("numba") is None:
        extra, what = "fast", "The compiled scoring"
        raise MissingExtraError(extra, what)
    fast = pays(weighed.subject.size) if compiled is None else compiled
    parts: list[Scores] = []
    units: list[Ints] = [np.zeros(0, dtype=np.int64)]
    rows: list[RowFacts] = []
    for part, (scores, facts) in _each(weighed, compiled=fast, threads=threads if fast else 1):
        listed = listed_units(weighed, part, scores)
        units.append(listed + part.first_subject * N_LENSES)
        parts.append(_take(scores, listed))
        rows.append(_in_whole(part, facts))
        if progress is not None:
            progress(part.first_row + part.rows.unit.size, weighed.subject.size)
    if not parts:
        nobody, nothing = _score_rows(block(weighed, 0, 0), weighed, compiled=False)
        parts, rows = [_take(nobody, np.zeros(0, dtype=np.bool_))], [nothing]
    merged = Scores._make(np.concatenate(columns, axis=-1) for columns in zip(*parts, strict=True))
    of_rows = [np.concatenate(columns) for columns in zip(*rows, strict=True)]
    return Scored(np.concatenate(units), merged, *of_rows)


def pays(n_rows: int) -> bool:
    """Return whether the compiled twin is installed and worth loading for so many rows."""
    return n_rows >= PAYS_ROWS and find_spec("numba") is not None


def _each(weighed: Weighed, *, compiled: bool, threads: int) -> Iterator[tuple[Block, tuple[Scores, RowFacts]]]:
    """Yield every block with its scores, in order; at most two blocks a thread are held at once."""
    if threads < 2:
        for part in blocks(weighed):
            yield part, _score_rows(part, weighed, compiled=compiled)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[tuple[Block, Future[tuple[Scores, RowFacts]]]] = deque()
        for part in blocks(weighed):
            waiting.append((part, pool.submit(_score_rows, part, weighed, compiled=compiled)))
            if len(waiting) >= 2 * threads:
                first, done = waiting.popleft()
                yield first, done.result()
        for first, done in waiting:
            yield first, done.result()


def _score_rows(part: Block, weighed: Weighed, *, compiled: bool) -> tuple[Scores, RowFacts]:
    n_units = part.n_subjects * N_LENSES
    return score_rows(part.rows, part.edges, part.answers, weighed.policy, part.unit_lens, n_units, compiled=compiled)


def _take(scores: Scores, units: Ints | Bools) -> Scores:
    return Scores._make(column[..., units] for column in scores)


def _in_whole(part: Block, facts: RowFacts) -> RowFacts:
    """Return the facts of a block's rows by their numbers in the whole."""
    shift = part.first_row
    return RowFacts(
        facts.counted + shift, facts.youngest, facts.barred + shift, facts.circular + shift, facts.twinned + shift
    )
