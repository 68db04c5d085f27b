"""The benchmark of links runs at a small size, and its plain loop gives the same curves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "linking", raising=False)


def test_drawn_scores_lie_on_their_scales() -> None:
    import linking

    scales, scores = linking.make(300, 4)
    assert scores.shape == (4, 300)
    assert [scale.hi for scale in scales] == list(linking.TOPS[:4])
    for scale, own in zip(scales, scores, strict=True):
        assert own.min() >= 0.0
        assert own.max() <= (scale.hi or 0.0)
        assert (own == np.rint(own)).all()
    assert (scores == linking.make(300, 4)[1]).all()


def test_the_plain_loop_reads_the_same_equivalents() -> None:
    """Three scores on four: a third of the cases is a third of them, wherever it falls."""
    import linking

    found = linking.loop_curve(np.array([1.0, 1.0, 1.0]), np.array([2.0, 0.5, 0.25, 0.25]))
    assert found == pytest.approx([-0.5, 0.0, 0.5, 3.5])
    scales, scores = linking.make(400, 2)
    took, differ = linking.compare(scales, scores, 4)
    assert min(took) > 0.0
    assert differ <= linking.TOLERANCE_STEPS


@pytest.mark.parametrize("whole", [False, True])
def test_the_program_reports_links_and_equal_curves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, whole: bool
) -> None:
    import linking

    report = tmp_path / "figures.json"
    arguments = ["--agencies", "3", "--cases", "400", "--replicates", "6", "--loop-replicates", "3"]
    assert linking.main([*arguments, "--json", str(report), *(["--whole"] if whole else [])]) == 0
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert figures["links"] == 6
    assert figures["loop_replicates_run"] == (6 if whole else 3)
    assert figures["largest_difference_steps"] <= linking.TOLERANCE_STEPS
    assert "6 links, 6 replicates, 400 cases" in capsys.readouterr().out


def test_the_program_fails_where_a_curve_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    import linking

    monkeypatch.setattr(linking, "TOLERANCE_STEPS", -1.0)
    assert linking.main(["--agencies", "2", "--cases", "200", "--replicates", "2"]) == 1
