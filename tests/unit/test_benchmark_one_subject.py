"""The benchmark of one subject runs at a small size, and compares before it times."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "one_subject", raising=False)


def test_it_gives_the_distribution_and_the_ratios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import one_subject

    out = one_subject.main(["--subjects", "2", "--times", "2", "--json", str(tmp_path / "out.json")])
    assert 1 <= out["told_quickly"] <= out["subjects"] == 2  # one of them has a faulty row
    assert set(out["quick"]["clock_ms"]) == {"p5", "median", "p95", "p99", "max"}
    assert out["to_pydantic_clock_ms"] > 0
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["quick"] == out["quick"]
    assert "the JSON of both ways is equal" in capsys.readouterr().out


def test_nothing_is_timed_where_the_ways_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    import one_subject

    def wrong(*_: Any) -> str:
        return "[]"

    monkeypatch.setattr(one_subject, "quick", wrong)
    with pytest.raises(SystemExit, match="differs"):
        one_subject.main(["--subjects", "1"])
