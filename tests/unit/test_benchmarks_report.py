"""The page of figures is made of kept results and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_ratios_are_to_ours_at_the_same_size_and_the_last_measurement_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    from results import Line, keep, read

    kept = tmp_path / "out" / "bench.jsonl"
    keep(None, [Line("Sums", 10, "rows", "ours", "ours", 1.0)])
    keep(kept, [Line("Sums", 10, "rows", "ours", "ours", 9.0), Line("Sums", 10, "rows", "a peer", "peer", 3.0, 2.0)])
    keep(kept, [Line("Sums", 10, "rows", "ours", "ours", 0.5, 0.25, 7.0), Line("Sums", 20, "rows", "ours", "ours", 1)])
    assert [(line.size, line.who, line.seconds) for line in read(kept)] == [
        (10, "ours", 0.5), (10, "a peer", 3.0), (20, "ours", 1),
    ]  # fmt: skip

    subprocess.run([sys.executable, FOLDER / "report.py", kept, "--docs", tmp_path], check=True, timeout=120)
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert "| 10 | **ours** | 0.5 | 1 | 0.25 | 1 | 7 |  |" in page
    assert "| 10 | a peer | 3 | 6 | 2 | 8 |  |  |" in page
    assert "performance.svg" in page
    assert (tmp_path / "performance.svg").read_text(encoding="utf-8").count("<svg") == 1
