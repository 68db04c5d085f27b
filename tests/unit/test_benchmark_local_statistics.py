"""The Gi* benchmark runs at a small size, and its lines compare the same z."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_the_program_compares_equal_z(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "local_statistics", raising=False)
    import local_statistics

    report = tmp_path / "figures.json"
    wanted = ["riskshare", "riskshare_masked", "riskshare_round", "riskshare_sparse"]
    arguments = ["--cells", "900", "--repeats", "1", "--json", str(report), "--only", *wanted]
    assert local_statistics.main(arguments) == 0
    lines = json.loads(report.read_text())
    assert [line["stage"] for line in lines] == wanted
    assert 0.0 <= lines[0]["greatest_difference"] < local_statistics.TOLERANCE
    assert all(line["peak_mib"] > 0 and line["seconds"] > 0 for line in lines)
    assert "gi_star_grid" in capsys.readouterr().out
    assert (
        local_statistics.main(["--cells", "900", "--esda-max", "1", "--repeats", "1", "--only", "riskshare", "esda"])
        == 0
    )
    assert "not run" in capsys.readouterr().out
