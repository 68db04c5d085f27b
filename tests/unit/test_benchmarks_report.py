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


def test_names_in_the_picture_stand_apart_and_near_their_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    from report import spread

    assert spread([0.2, 0.5, 0.51, 0.9], 0.1) == pytest.approx([0.2, 0.455, 0.555, 0.9])
    assert spread([0.97, 0.98, 0.99], 0.1) == pytest.approx([0.8, 0.9, 1.0])
    assert spread([0.4], 0.1) == [0.4]


def test_the_picture_holds_only_what_grows_and_has_something_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    from report import draw, grouped
    from results import Line

    alone = [Line("Alone", n, "rows", "ours", "ours", n / 1e3) for n in (10, 100)]
    once = [Line("Once", 10, "rows", who, "ours", 1.0) for who in ("ours", "ours, slower")]
    assert not draw(grouped(alone + once), tmp_path / "none.svg")
    assert not (tmp_path / "none.svg").exists()
    both = [*alone, *(Line("Alone", n, "rows", "a peer", "peer", n / 10) for n in (10, 100))]
    assert draw(grouped(both + once), tmp_path / "some.svg")
    picture = (tmp_path / "some.svg").read_text(encoding="utf-8")
    assert "<!-- a peer -->" in picture
    assert "<!-- Alone -->" in picture
    assert "<!-- Once -->" not in picture
