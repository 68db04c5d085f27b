"""The compiled twin of scoring gives the bits of the NumPy form: every figure, for any rows, cut, order and threads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the compiled twin needs the extra: pip install 'riskshare[fast]'")

import build
import riskshare
from oracles.random_cases import case_strategy, random_case
from oracles.test_golden import AS_OF, GOLDEN, SAMPLE, digest, shuffled
from properties.engine import Case, told_of, weigh_rows
from riskshare.kernels import compiled_order, compiled_tools
from riskshare.kernels.caseload import row_facts
from riskshare.kernels.compiled import part_units, total_units
from riskshare.kernels.origins import resolve
from riskshare.kernels.scores import tell_units
from riskshare.kernels.segments import run_norm, run_sum
from riskshare.records.evidence import Evidence
from riskshare.scoring import score as engine
from riskshare.scoring.score import Scored, block, blocks, score_all
from riskshare.trust.weigh import N_LENSES, Weighed

ROOT = Path(__file__).parents[2]
many = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def differences(one: Any, other: Any) -> list[str]:
    """Name the columns of two tuples of arrays that differ in type or in any bit."""
    return [
        name
        for name, mine, yours in zip(one._fields, one, other, strict=True)
        if mine.dtype != yours.dtype or not np.array_equal(mine, yours, equal_nan=mine.dtype.kind == "f")
    ]


def both_ways(weighed: Weighed) -> list[str]:
    """Score all rows as one block in both forms, and name what differs."""
    part = block(weighed, 0, weighed.n_subjects)
    n_units, policy = part.n_subjects * N_LENSES, weighed.policy
    told = part_units(part.rows, part.edges, policy, n_units)
    totals = total_units(part.rows, part.edges, policy, n_units)
    assert told is not None
    assert totals is not None
    parts, detail = tell_units(resolve(part.rows, part.edges, policy.cells), policy, n_units)
    found = differences(told[0], parts) + differences(told[1], row_facts(detail, part.rows.unit.size))
    return found + [f"totals {name}" for name in differences(totals, totals._make(parts[:3]))]


def weighed_case(case: Case, more: int = 3) -> Weighed:
    """Return a case and thinned copies of it, each of a subject of its own."""
    rows = [row for step in range(1, more + 1) for row in told_of(case["rows"][::step], f"v{step}")]
    return weigh_rows(rows, build.partnership_from_case(case["policy"]), case["policy"], case["as_of"]).weighed


@many
@given(case_strategy(max_rows=20))
def test_random_cases_have_the_same_bits(case: Case) -> None:
    assert both_ways(weighed_case(case)) == []


@pytest.mark.parametrize("first", range(0, 30, 10))
def test_long_cases_have_the_same_bits(first: int) -> None:
    """Sixty rows of one subject: sums of eight and more, many dates a claim, chains of reports."""
    for seed in range(first, first + 10):
        case = random_case(np.random.default_rng([seed, 77]), n_rows=60, lineage=0.5)
        assert both_ways(weighed_case(case, 2)) == [], seed


@pytest.mark.long
@pytest.mark.parametrize("first", range(100, 4_100, 500))
def test_random_cases_have_the_same_bits_at_length(first: int) -> None:
    for seed in range(first, first + 500):
        rng = np.random.default_rng([seed, 78])
        assert both_ways(weighed_case(random_case(rng, n_rows=int(rng.integers(1, 50))), 2)) == [], seed


def test_claims_of_many_dates_go_to_the_numpy_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limits set low, nearly every unit is left out, and comes back the same."""
    monkeypatch.setattr(compiled_order, "most_varied", lambda: (2, 1))
    for seed in range(20):
        assert both_ways(weighed_case(random_case(np.random.default_rng([seed, 79]), n_rows=25))) == [], seed


# ------------------------------------------------------------------------------------------------ sums and norms


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=200)
def test_sums_and_norms_of_runs_have_the_same_bits(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = np.cumsum(lengths) - lengths
    values = rng.random(sum(lengths)) * 10.0 ** rng.integers(-6, 4, sum(lengths))
    p = rng.choice([1.0, 1.5, 2.0, 3.0, 10.0, np.inf], len(lengths))
    assert np.array_equal(compiled_tools.sums(values, starts), run_sum(values, starts))
    assert np.array_equal(compiled_tools.norms(values, starts, p), run_norm(values, starts, p))


@given(st.integers(1, 2_000), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=200)
def test_numpy_adds_by_eights_and_halves(size: int, seed: int) -> None:
    """What the compiled sums rest on; another NumPy that adds otherwise must be seen here first."""
    values = np.random.default_rng(seed).normal(size=size)
    assert compiled_tools.pairwise(values, 0, size) == values.sum()
    assert values[0] + compiled_tools.pairwise(values, 1, size) == np.add.reduceat(values, [0])[0] or size == 1


# ------------------------------------------------------------------------------------------------ the sample


@pytest.fixture(scope="module", name="agreed")
def load() -> riskshare.Partnership:
    return riskshare.load_partnership(ROOT / "thresholds")


@pytest.fixture(scope="module", name="read")
def read_sample(agreed: riskshare.Partnership) -> Evidence:
    return riskshare.read_evidence(SAMPLE, agreed)


def assessed(
    read: Evidence, agreed: riskshare.Partnership, patch: pytest.MonkeyPatch, *, compiled: bool, threads: int, size: int
) -> riskshare.Assessment:
    """Assess with one form of the scoring, some threads, and blocks of some size."""
    cut = blocks

    def told(weighed: Weighed, *, progress: Any = None) -> Scored:
        return score_all(weighed, progress=progress, compiled=compiled, threads=threads)

    with patch.context() as now:
        now.setattr(engine, "blocks", lambda weighed: cut(weighed, size=size))
        now.setattr("riskshare.assessment.score_all", told)
        return riskshare.assess(read, agreed, as_of=AS_OF, trial=True)


@pytest.mark.parametrize(
    ("compiled", "threads", "size"),
    [(False, 1, 1 << 16), (True, 1, 1 << 16), (True, 2, 1 << 16), (True, 2, 1_000), (True, 2, 7_919), (True, 1, 200)],
)
def test_the_sample_has_one_digest(
    read: Evidence, agreed: riskshare.Partnership, monkeypatch: pytest.MonkeyPatch, compiled: bool, threads: int,
    size: int,
) -> None:  # fmt: skip
    told = assessed(read, agreed, monkeypatch, compiled=compiled, threads=threads, size=size)
    assert digest(told.scores) == GOLDEN


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_does_not_matter(
    read: Evidence, agreed: riskshare.Partnership, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(read.rows.num_rows)
    told = assessed(shuffled(read, order), agreed, monkeypatch, compiled=True, threads=2, size=5_000)
    assert digest(told.scores) == GOLDEN


def test_every_column_of_the_sample_is_the_same(
    read: Evidence, agreed: riskshare.Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = assessed(read, agreed, monkeypatch, compiled=False, threads=1, size=1 << 16)
    other = assessed(read, agreed, monkeypatch, compiled=True, threads=2, size=1 << 13)
    assert differences(one.scored.scores, other.scored.scores) == []
    for name in ("unit", "counted", "youngest", "barred", "circular", "twinned"):
        assert np.array_equal(getattr(one.scored, name), getattr(other.scored, name)), name


# ------------------------------------------------------------------------------------------------ when it is used


def test_small_work_never_loads_the_compiler() -> None:
    assert not engine.pays(engine.PAYS_ROWS - 1)
    assert engine.pays(engine.PAYS_ROWS)


def test_without_numba_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda _: None)
    assert not engine.pays(10 * engine.PAYS_ROWS)
    weighed = weighed_case(random_case(np.random.default_rng(1), n_rows=3))
    with pytest.raises(riskshare.MissingExtraError, match="fast"):
        score_all(weighed, compiled=True)


def test_small_work_leaves_numba_alone() -> None:
    """In a fresh interpreter, assessing a few rows imports no compiler."""
    code = (
        "import sys, riskshare, small; small.assessed([small.row()], trial=True); "
        "sys.exit(any(name.partition('.')[0] == 'numba' for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "tests", check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
