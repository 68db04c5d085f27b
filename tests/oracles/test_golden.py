"""One digest of the sample's published scores: the same for any order, any split, any block size, on any machine.

When a change of the model or of the sample is meant to change scores, run this file: the assertion prints the digest
that was found. Put it in ``GOLDEN``, and say in the commit message why scores moved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import riskshare
from riskshare.records.evidence import Evidence
from riskshare.scoring import score as engine

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data" / "evidence.csv"
AS_OF = "2026-03-31"
PUBLISHED = (
    "subject_id", "lens", "score", "lower", "upper", "band", "band_low", "band_high", "factual_score", "score_uncapped",
)  # fmt: skip
GOLDEN = "52bf2d771759a553dcccee20b4043a4705de2b38f986e45403f55c69afa9d923"


def digest(scores: pd.DataFrame) -> str:
    """Return the SHA-256 of published scores in canonical text: a header, a line each, tabs, sorted, UTF-8."""
    lines = scores[list(PUBLISHED)].sort_values(["subject_id", "lens"]).itertuples(index=False)
    text = "\n".join(["\t".join(PUBLISHED), *("\t".join(map(str, line)) for line in lines)]) + "\n"
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module", name="agreed")
def load() -> riskshare.Partnership:
    return riskshare.load_partnership(ROOT / "thresholds")


@pytest.fixture(scope="module", name="read")
def read_sample(agreed: riskshare.Partnership) -> Evidence:
    return riskshare.read_evidence(SAMPLE, agreed)


def assessed(evidence: Evidence, agreed: riskshare.Partnership) -> str:
    return digest(riskshare.assess(evidence, agreed, as_of=AS_OF, trial=True).scores)


def test_the_sample_scores_as_it_always_did(read: Evidence, agreed: riskshare.Partnership) -> None:
    told = riskshare.assess(read, agreed, as_of=AS_OF, trial=True)
    assert len(told.scores) > 3_000
    assert digest(told.scores) == GOLDEN


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_rows_does_not_matter(read: Evidence, agreed: riskshare.Partnership, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(read.rows.num_rows)
    assert assessed(shuffled(read, order), agreed) == GOLDEN


def shuffled(evidence: Evidence, order: np.ndarray) -> Evidence:
    return Evidence(
        rows=evidence.rows.take(pa.array(order)),
        quarantine=evidence.quarantine,
        unknown=evidence.unknown,
        duplicates=evidence.duplicates,
        barred=evidence.barred.take(pa.array(np.arange(evidence.barred.num_rows)[::-1].copy())),
        counts=evidence.counts,
        partnership_version=evidence.partnership_version,
    )


def parts_of(lines: list[str], n_files: int, seed: int) -> Iterator[list[str]]:
    """Yield the header and a share of the shuffled lines, once a file."""
    rng = np.random.default_rng(seed)
    file_of = rng.integers(0, n_files, size=len(lines) - 1)
    for number in range(n_files):
        mine = rng.permutation(np.flatnonzero(file_of == number)) + 1
        yield [lines[0], *(lines[int(i)] for i in mine)]


@pytest.mark.parametrize(("n_files", "seed"), [(1, 1), (2, 2), (3, 3), (7, 4)])
def test_how_rows_are_split_into_files_does_not_matter(
    agreed: riskshare.Partnership, tmp_path: Path, n_files: int, seed: int
) -> None:
    """Shuffled before reading, so that repeats, clashes and corrections come in another order too."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    paths = []
    for number, part in enumerate(parts_of(lines, n_files, seed)):
        paths.append(tmp_path / f"part{number}.csv")
        paths[-1].write_text("\n".join(part) + "\n", encoding="utf-8")
    evidence = riskshare.read_evidence(paths, agreed)
    assert evidence.total("rows_in") == len(lines) - 1
    assert assessed(evidence, agreed) == GOLDEN


@pytest.mark.parametrize("size", [200, 1_000, 7_919, 1 << 20])
def test_how_the_work_is_cut_does_not_matter(
    read: Evidence, agreed: riskshare.Partnership, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    whole = engine.blocks
    monkeypatch.setattr(engine, "blocks", lambda weighed: whole(weighed, size=size))
    assert assessed(read, agreed) == GOLDEN
