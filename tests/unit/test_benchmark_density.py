"""The density benchmark: what it calls exact is, what it compares is the same thing, and it fails where it should."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def density(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("KDEpy", reason="a peer of the benchmarks: make bench installs it")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in ("density", "results", "peak"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("density")


def test_the_exact_sum_by_hand(density: ModuleType) -> None:
    points = np.array([[2.5, 2.5], [3.5, 2.5], [9.0, 9.0]])
    found = density.exact(points, np.array([[2, 2]]), 2.0)
    assert found.tolist() == pytest.approx([3 / np.pi / 4 * (1 + (1 - 1 / 4) ** 2)])


def test_it_runs_and_keeps_its_figures(density: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "bench.jsonl"
    arguments = ["--points", "500", "--side", "40", "--bandwidths", "3", "--results", str(kept)]
    assert density.main(arguments) == 0
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["ours", "peer"] * 2
    assert "points at centres give the exact sum" in capsys.readouterr().out


def test_it_fails_where_the_sum_is_another(density: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    real = density.ours
    monkeypatch.setattr(density, "ours", lambda *given: real(*given) * 1.001)
    assert density.main(["--points", "500", "--side", "40", "--bandwidths", "3"]) == 1
