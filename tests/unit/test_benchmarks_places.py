"""The benchmarks of scans, Knox and DBSCAN run at a small size, and agree with their peers."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("name", "arguments", "verdict"),
    [
        ("scan", ["--places", "12", "--simulations", "19"], "same highest ratio and p"),
        ("near_repeat", ["--events", "60", "--permutations", "9", "--alone"], "same pairs"),
        ("clustering", ["--points", "300"], "same points in as many clusters"),
    ],
)
def test_a_small_run_agrees(
    name: str, arguments: list[str], verdict: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, name, raising=False)
    assert importlib.import_module(name).main(arguments) == 0
    assert verdict in capsys.readouterr().out
    monkeypatch.delitem(sys.modules, name)
