"""The benchmarks of the compiled twins run at a small size, and agree with their peers."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the compiled twins need the extra: pip install 'riskshare[fast]'")

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("name", "needs", "arguments", "verdict"),
    [
        ("points_in_areas", "geopandas", ["--areas", "12", "--points", "500"], "every point in the same area"),
        ("dawid_skene", "crowdkit", ["--labels", "200", "--steps", "3"], "greatest difference"),
        ("scan", "scipy", ["--places", "--simulations", "19", "--large", "40", "--centres", "5"], "same highest ratio"),
        ("clustering", "sklearn", ["--points", "300", "--square-km", "5"], "same points in as many clusters"),
    ],
)
def test_a_small_run_agrees(
    name: str, needs: str, arguments: list[str], verdict: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    pytest.importorskip(needs)
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, name, raising=False)
    assert importlib.import_module(name).main(arguments) == 0
    assert verdict in capsys.readouterr().out
    monkeypatch.delitem(sys.modules, name)
