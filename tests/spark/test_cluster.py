"""A real cluster of two workers gives the scores of memory, also when one of them is killed while it scores.

One test goes through all of it: a cluster takes longer to begin than to score these rows.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import places_on_cluster
import pytest

import engine_cases as cases
import riskshare as rs
from riskshare.engines.spark_run import assess_on_cluster
from riskshare.engines.spark_session import session
from riskshare.errors import EvidenceFileError, ResumeError

# Sockets to Java are closed when Java ends them, not when Python looks.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SIZE = 25_000
GIANT = 0.1
"""Share of rows that one subject has: a tenth of a file, and more than a block."""


class Interrupted(Exception):
    """Somebody has had enough."""


def interrupt(stage: str, *_: int) -> None:
    if stage == "Scoring":
        raise Interrupted


class Killer:
    """Kills a worker when the first range is scored and others are not."""

    def __init__(self, running: Any) -> None:
        self.running, self.at, self.stages = running, (0, 0), list[str]()

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.stages += [] if stage in self.stages else [stage]
        if stage == "Scoring" and not self.at[0] and 0 < done < total - 1 and total == RANGES:
            self.running.kill_worker(1)
            self.at = (done, total)


RANGES = 12


def sources(folder: Path) -> list[Path]:
    """Write two files that share subjects and references: some rows repeat others across them, some contradict them."""
    made = cases.generator()
    return [
        made.write_parquet(folder / "first.parquet", SIZE, giant=GIANT),
        made.write_csv(folder / "second.csv", SIZE - 1_000),
    ]


def ages() -> rs.Subjects:
    lines = [{"subject_id": f"S{n}", "age_band": band} for n, band in enumerate(("16-17", "25 and over") * 300)]
    return rs.read_subjects(lines, cases.agreed())


def hashes(out: Path) -> dict[str, str]:
    return {name: cases.digest([cases.table_of(out, name)]) for name in ("scores", "act_now", "staff_safety")}


def test_a_cluster_gives_the_scores_of_memory_though_a_worker_is_killed(two_workers: Any, tmp_path: Path) -> None:
    paths = sources(tmp_path)
    evidence, assessment = cases.in_memory(paths, subjects=ages(), accept_bad=True)
    known = cases.digest([cases.expected(assessment)])
    options: dict[str, Any] = {
        "as_of": cases.AS_OF,
        "trial": True,
        "subjects": ages(),
        "accept_bad": True,
        "block_rows": 2_000,
    }
    with session(two_workers.master) as spark:
        whole = assess_on_cluster(paths, cases.agreed(), spark=spark, out=tmp_path / "whole", ranges=3, **options)
        assert cases.digest([cases.table_of(tmp_path / "whole")]) == known
        assert whole.counts == evidence.counts
        assert whole.n_results == len(assessment.scores)

        places_on_cluster.check(spark, tmp_path)

        options |= {"spark": spark, "out": tmp_path / "lost", "ranges": RANGES}
        with pytest.raises(Interrupted):
            assess_on_cluster(paths, cases.agreed(), progress=interrupt, **options)
        with pytest.raises(ResumeError, match="An unfinished run stands"):
            assess_on_cluster(paths, cases.agreed(), **options)
        killer = Killer(two_workers)
        lost = assess_on_cluster(paths, cases.agreed(), progress=killer, resume=True, **options)
        assert killer.stages[-1] == "Scoring"
        assert "Reading" not in killer.stages, "what was read was read again"
        assert 0 < killer.at[0] < RANGES, "no worker was killed in the middle of scoring"
        assert two_workers.workers[1].poll() is not None
        assert cases.digest([cases.table_of(tmp_path / "lost")]) == known
        assert (lost.counts, lost.bands) == (whole.counts, whole.bands)

        quarantine = "quarantine.internal.csv"
        assert (tmp_path / "lost" / quarantine).read_bytes() == (tmp_path / "whole" / quarantine).read_bytes()
        _compare_tables_of_rows(assessment, tmp_path / "whole", tmp_path / "lost")
        _compare_quarantine(evidence, tmp_path / "whole" / quarantine)
        _refuses_what_memory_refuses(spark, tmp_path)


def _compare_tables_of_rows(assessment: rs.Assessment, *outs: Path) -> None:
    for name in ("act_now", "staff_safety"):
        want = cases.by_subject(cases.expected(assessment, name))
        for out in outs:
            assert cases.by_subject(cases.table_of(out, name)) == want


def _compare_quarantine(evidence: rs.Evidence, path: Path) -> None:
    import pandas as pd

    found = pd.read_csv(path, keep_default_na=False)[list(evidence.quarantine.columns)]
    assert found.to_dict("list") == evidence.quarantine.to_dict("list")


def _refuses_what_memory_refuses(spark: Any, folder: Path) -> None:
    (folder / "bad.csv").write_text("record_id,role\n1,victim\n", encoding="utf-8")
    with pytest.raises(EvidenceFileError) as known:
        rs.read_evidence(folder / "bad.csv", cases.agreed())
    with pytest.raises(EvidenceFileError) as found:
        assess_on_cluster(folder / "bad.csv", cases.agreed(), spark=spark, as_of=cases.AS_OF, out=folder / "refused")
    assert str(found.value) == str(known.value)
    assert not list((folder / "refused").iterdir())
    unsigned = replace(cases.agreed(), signatures=())
    few = cases.generator().write_parquet(folder / "few.parquet", 200)
    with pytest.raises(rs.UnsignedPolicyError):
        assess_on_cluster(few, unsigned, spark=spark, as_of=cases.AS_OF, out=folder / "refused")
    assert not list((folder / "refused").iterdir())
