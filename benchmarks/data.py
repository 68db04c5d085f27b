"""Seeded coded rows for the fusion benchmark: subjects of ten rows, two of them repeating what another row says.

Nothing here is about a real person. Rows come grouped by subject, as ``trust.weigh`` leaves them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.answers import Answers, Expected
from riskshare.kernels.fusion import Rules
from riskshare.kernels.origins import Cells, Edges, Rows
from riskshare.kernels.scores import Policy
from riskshare.kernels.segments import Bools, Ints

SEED = 20_260_101
N_LENSES = 2
ROWS_A_SUBJECT = 10
FIRST_HAND = 8  # of the ten rows of a subject; the other two repeat one of them, of each other, or of an absent record
N_AGENCIES = 8
N_POLICE = 2
AGENCY_SHARES = (0.25, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)  # two police forces record two rows in five
FAMILY_SIZES = (4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3)
N_PROTECTIVE_FAMILIES = 2
N_INDICATORS = sum(FAMILY_SIZES)
RETENTION_DAYS = 880
_BATCH_SUBJECTS = 50_000


@dataclass(frozen=True)
class Coded:
    """What ``scoring.score.blocks`` and ``score_all`` read of a ``Weighed``, made from nothing but a seed."""

    subject: Ints
    rows: Rows
    edges: Edges
    ref: Ints
    answers: Answers
    spoken: Bools
    policy: Policy

    @property
    def n_subjects(self) -> int:
        return self.spoken.size // N_LENSES

    @property
    def n_units(self) -> int:
        return self.spoken.size


def agree() -> Policy:
    """Return the made-up agreed numbers: 8 agencies, 40 indicators in 12 families, 12 trust cells, two caps."""
    rng = np.random.default_rng(SEED)
    n_families = len(FAMILY_SIZES)
    family = np.repeat(np.arange(n_families), FAMILY_SIZES)
    strength = np.log(np.round(rng.uniform(1.5, 24.0, N_INDICATORS), 1))
    rules = Rules(
        strength=strength,
        direction=np.where(family < n_families - N_PROTECTIVE_FAMILIES, 1, -1),
        half_life=rng.choice([90.0, 180.0, 365.0, 730.0, 1460.0], N_INDICATORS),
        repeat_p=np.full(N_INDICATORS, 2.0),
        ceiling=2.0 * strength,
        family=family,
        family_p=rng.choice([1.0, 1.5, 2.0, 3.0], n_families),
        agency_p=1.0 / (1.0 - rng.choice([0.3, 0.5, 0.6, 0.8], N_AGENCIES)),
        unstated_p=10.0,
        twin_days=3,
    )
    cells = Cells(
        trust=np.array([0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.55, 0.5, 0.45, 0.35, 0.3, 0.2]),
        strength=np.repeat([40.0, 20.0, 10.0], 4),
        first_hand=np.arange(12) % 3 != 2,
        relay_fidelity=0.95,
        tau_max=0.99,
        retention=np.full(N_INDICATORS, RETENTION_DAYS),
    )
    return Policy(
        rules=rules,
        cells=cells,
        expected=_expected(),
        sectors=(np.arange(N_AGENCIES) < N_POLICE)[None, :],
        sector_caps=np.log([8.0]),
        anecdotal_cap=float(np.log(3.0)),
        base_rate=np.array([-3.5, -3.0]),
        base_rate_sd=0.3,
        strength_sd=np.full(N_INDICATORS, 0.2),
        anchors=((-3.5, 10.0), (2.5, 85.0)),
        edges=(30.0, 70.0, 90.0),
        z=1.96,
        completeness_for_low=0.5,
        police=np.arange(N_AGENCIES) < N_POLICE,
    )


def _expected() -> Expected:
    """Two questions a lens; the benchmark's answers are all returned, none nil, so that no answer moves a score."""
    return Expected(
        lens=np.array([0, 0, 1, 1]),
        indicator=np.array([0, 7, 3, 12]),
        agencies=np.arange(N_AGENCIES) == np.array([2, 3, 2, 4])[:, None],
        prior=np.array([0.1, 0.05, 0.2, 0.1]),
        raises=np.array([1.0, 1.5, 0.8, 1.2]),
        lowers=np.array([0.2, 0.3, 0.1, 0.4]),
        half_life=np.array([90.0, 180.0, 90.0, 365.0]),
    )


def make(n_rows: int, seed: int = SEED) -> Coded:
    """Return coded rows of ``n_rows // 10`` subjects, drawn some subjects at a time so that memory stays small."""
    n_subjects = n_rows // ROWS_A_SUBJECT
    n_parts = max(1, -(-n_subjects // _BATCH_SUBJECTS))
    counts = np.diff(np.linspace(0, n_subjects, n_parts + 1).astype(np.int64))
    rngs = np.random.default_rng(seed).spawn(n_parts)
    parts, first = [], 0
    for count, rng in zip(counts, rngs, strict=True):
        parts.append(_draw(rng, first, int(count), n_subjects * ROWS_A_SUBJECT))
        first += int(count)
    rows = Rows._make(np.concatenate(columns) for columns in zip(*(part[0] for part in parts), strict=True))
    tail, head, agency = (np.concatenate(columns) for columns in zip(*(part[1] for part in parts), strict=True))
    # Reference numbers run over the whole table: an edge's own, or that of the subject's first absent record.
    absent = head < 0
    same = np.append(False, (head[1:] == head[:-1]) & absent[1:] & absent[:-1])
    ref = np.cumsum(~same) - 1
    firsts = np.flatnonzero(~same)
    edges = Edges(tail, np.where(absent, rows.unit.size + ref, head), agency[firsts])
    return Coded(
        subject=rows.unit // N_LENSES,
        rows=rows,
        edges=edges,
        ref=ref,
        answers=_answers(np.random.default_rng(seed + 1), n_subjects),
        spoken=np.ones(n_subjects * N_LENSES, dtype=np.bool_),
        policy=agree(),
    )


def _draw(rng: np.random.Generator, first: int, n: int, n_rows: int) -> tuple[Rows, tuple[Ints, Ints, Ints]]:
    """Return the rows and edges (tail, head, agency of an absent head) of n subjects from number ``first`` on.

    Columns are tables (subject × 10): eight rows of their own, then two relays; a last shuffle hides which is which.
    """
    own = _own_rows(rng, first, n)
    relay, source = _relays(rng, own, n)
    columns = {name: np.concatenate((own[name], relay[name]), axis=1) for name in Rows._fields}
    place = rng.permuted(np.tile(np.arange(ROWS_A_SUBJECT), (n, 1)), axis=1)
    shuffled = {name: np.empty_like(column) for name, column in columns.items()}
    for name, column in columns.items():
        np.put_along_axis(shuffled[name], place, column, axis=1)
    offset = ((first + np.arange(n)) * ROWS_A_SUBJECT)[:, None]
    tail_slot = np.broadcast_to(np.array([FIRST_HAND, FIRST_HAND + 1])[:, None], source.shape)
    here = source >= 0
    absent = source == _ABSENT
    at = np.where(here, source, 0)
    subject_of = np.broadcast_to(np.arange(n)[:, None, None], source.shape)
    tail = place[subject_of, tail_slot] + offset[:, :, None]
    head = np.where(absent, -1 - (first + subject_of), place[subject_of, at] + offset[:, :, None])
    agency = np.where(absent, (subject_of + first) % N_AGENCIES, 0)
    used = here | absent
    tail, head, agency = tail[used], head[used], agency[used]
    order = np.argsort(tail, kind="stable")
    rows = Rows(**{name: column.ravel() for name, column in shuffled.items()})
    if first * ROWS_A_SUBJECT + rows.unit.size > n_rows:
        raise RuntimeError
    return rows, (tail[order], head[order], agency[order])


_ABSENT = -2
_NO_EDGE = -1


def _own_rows(rng: np.random.Generator, first: int, n: int) -> dict[str, NDArray[np.generic]]:
    """Draw rows that repeat nothing: each subject draws on five indicators, so that some come up several times."""
    shape = (n, FIRST_HAND)
    two_lenses = rng.random((n, 1)) < 0.3
    main_lens = rng.integers(0, N_LENSES, (n, 1))
    lens = np.where(two_lenses, rng.integers(0, N_LENSES, shape), main_lens)
    pool = rng.integers(0, N_INDICATORS, (n, 5))
    slot = rng.integers(0, 5, shape)
    age = rng.integers(0, 900, shape)
    # One row in six tells of an event within three days of the row before it: a suspected twin, or a shared claim.
    echo = rng.random(shape) < 1 / 6
    echo[:, 0] = False
    for column in range(1, FIRST_HAND):  # over the eight rows of a subject, all subjects at once
        before = echo[:, column]
        lens[before, column] = lens[before, column - 1]
        slot[before, column] = slot[before, column - 1]
        age[before, column] = age[before, column - 1] + rng.integers(0, 4, int(before.sum()))
    subject = first + np.arange(n)[:, None]
    # A claim id belongs to the subject and what is claimed; several agencies use it for the same event.
    named = rng.random(shape) < 0.3
    claim = np.where(named, (subject * 5 + slot) * 2 + rng.integers(0, 2, shape), -1)
    dead = rng.random(shape) < 0.01
    return {
        "unit": subject * N_LENSES + lens,
        "indicator": np.take_along_axis(pool, slot, axis=1),
        "agency": rng.choice(N_AGENCIES, shape, p=AGENCY_SHARES),
        "cell": rng.integers(0, 12, shape),
        "severity": np.where(rng.random(shape) < 0.85, 1.0, rng.choice([0.25, 0.4, 0.55, 0.7, 0.85], shape)),
        "denies": rng.random(shape) < 0.03,
        "anecdotal": rng.random(shape) < 0.15,
        "age": age,
        "recorded": np.maximum(age - rng.integers(0, 20, shape), 0),
        "claim": claim,
        "lineage": np.zeros(shape, dtype=np.bool_),
        "counts": ~dead,
        "dead": dead,
    }


def _relays(
    rng: np.random.Generator, own: dict[str, NDArray[np.generic]], n: int
) -> tuple[dict[str, NDArray[np.generic]], NDArray[np.int64]]:
    """Draw two relays a subject, and for each the slots of up to two rows it repeats (−1 none, −2 an absent record).

    Of relays, 85 % repeat one row, 5 % two rows, 5 % an absent record; and one in ten second relays repeats the first.
    """
    shape = (n, ROWS_A_SUBJECT - FIRST_HAND)
    first_head = rng.integers(0, FIRST_HAND, shape)
    second_head = (first_head + rng.integers(1, FIRST_HAND, shape)) % FIRST_HAND
    kind = rng.random(shape)
    source = np.full((*shape, 2), _NO_EDGE)
    source[:, :, 0] = np.where(kind < 0.05, _ABSENT, first_head)
    source[:, :, 1] = np.where(kind > 0.95, second_head, _NO_EDGE)
    chained = (rng.random(n) < 0.1) & (kind[:, 1] < 0.95)
    source[chained, 1, 0] = FIRST_HAND
    first_head[chained, 1] = first_head[chained, 0]

    def of_head(name: str) -> NDArray[np.generic]:
        return np.take_along_axis(own[name], first_head, axis=1)

    age = np.maximum(of_head("age") - rng.integers(0, 30, shape), 0)
    no = np.zeros(shape, dtype=np.bool_)
    return {
        "unit": of_head("unit"),
        "indicator": of_head("indicator"),
        "agency": rng.choice(N_AGENCIES, shape, p=AGENCY_SHARES),
        "cell": rng.integers(0, 12, shape),
        "severity": np.where(rng.random(shape) < 0.85, 1.0, rng.choice([0.25, 0.4, 0.55, 0.7, 0.85], shape)),
        "denies": of_head("denies"),
        "anecdotal": rng.random(shape) < 0.15,
        "age": age,
        "recorded": np.maximum(age - rng.integers(0, 20, shape), 0),
        "claim": np.full(shape, -1),
        "lineage": ~no,
        "counts": ~no,
        "dead": no,
    }, source


def _answers(rng: np.random.Generator, n_subjects: int) -> Answers:
    """Return one returned answer for one subject in ten."""
    unit = np.flatnonzero(rng.random(n_subjects) < 0.1) * N_LENSES
    no = np.zeros(unit.size, dtype=np.bool_)
    return Answers(
        unit=unit,
        agency=np.full(unit.size, 2),
        indicator=np.zeros(unit.size, dtype=np.int64),
        nil=no,
        checked=no,
        factual=~no,
        age=rng.integers(0, 400, unit.size),
    )


def save(coded: Coded, folder: Path) -> None:
    """Write every array as its own file, so that another process can load them and nothing else."""
    for name in ("rows", "edges", "answers"):
        for field, column in getattr(coded, name)._asdict().items():
            np.save(folder / f"{name}.{field}.npy", column)
    for name in ("subject", "ref", "spoken"):
        np.save(folder / f"{name}.npy", getattr(coded, name))


def load(folder: Path) -> Coded:
    """Return what ``save`` wrote, with the agreed numbers."""
    kinds = {"rows": Rows, "edges": Edges, "answers": Answers}
    parts = {
        name: kind._make(np.load(folder / f"{name}.{field}.npy") for field in kind._fields)
        for name, kind in kinds.items()
    }
    plain = {name: np.load(folder / f"{name}.npy") for name in ("subject", "ref", "spoken")}
    return Coded(**parts, **plain, policy=agree())


def size_bytes(coded: Coded) -> int:
    """Return the memory of the arrays themselves."""
    total = 0
    for field in fields(coded):
        value = getattr(coded, field.name)
        columns = value if isinstance(value, tuple) else (value,)
        if field.name != "policy":
            total += sum(column.nbytes for column in columns)
    return total
