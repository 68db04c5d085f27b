"""Every benchmark runs at a small size, agrees with its peers, and keeps figures of which the page is made."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("audit", "clustering", "dawid_skene", "linking", "local_statistics", "near_repeat", "one_subject",
         "points_in_areas", "scan", "peak", "report", "results")  # fmt: skip
PROGRAMS = [
    ("audit", (), ["--entries", "2", "--blocks", "1"], "entries a second", "floor"),
    (
        "clustering", ("numba", "sklearn"), ["--points", "200", "300", "--square-km", "5"],
        "same points in as many clusters", "peer",
    ),
    (
        "dawid_skene", ("numba", "crowdkit"), ["--labels", "100", "200", "--steps", "3"],
        "greatest difference of a probability", "peer",
    ),
    (
        "linking", (), ["--agencies", "2", "--cases", "200", "--replicates", "4", "--loop-replicates", "2"],
        "largest difference", "peer",
    ),
    (
        "local_statistics", ("esda",), ["--cells", "400", "--repeats", "1", "--only", "riskshare", "esda"],
        "greatest difference in z", "peer",
    ),
    (
        "near_repeat", ("numba", "pointpats"), ["--events", "50", "60", "--permutations", "9", "--alone", "80"],
        "same pairs", "peer",
    ),
    ("one_subject", (), ["--subjects", "2", "--times", "2"], "the JSON of both ways is equal", "peer"),
    (
        "points_in_areas", ("numba", "geopandas"), ["--areas", "8", "12", "--points", "300", "--lines", "4"],
        "every point in the same area", "peer",
    ),
    (
        "scan", ("numba",), ["--places", "10", "12", "--simulations", "19", "--large", "40", "--centres", "5"],
        "same highest ratio and p", "peer",
    ),
]  # fmt: skip


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    for name in NAMES:
        monkeypatch.delitem(sys.modules, name, raising=False)


def program(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.parametrize(("name", "needs", "arguments", "verdict", "other"), PROGRAMS)
def test_a_small_run_agrees_and_a_page_is_made_of_it(
    name: str, needs: tuple[str, ...], arguments: list[str], verdict: str, other: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for module in needs:
        pytest.importorskip(module)
    kept = tmp_path / "out" / "bench.jsonl"
    told = program(name).main([*arguments, "--results", str(kept)])
    assert told == 0 or isinstance(told, dict)  # one_subject gives its figures
    assert verdict in capsys.readouterr().out

    lines = program("results").read(kept)
    parts = program("report").grouped(lines)
    found = [of_size for sizes in parts.values() for of_size in sizes.values()]
    assert all(of_size[0].kind == "ours" and not of_size[0].equal.startswith("DIFFERS") for of_size in found)
    assert {line.kind for line in lines} == {"ours", other}
    assert all(line.equal and "DIFFERS" not in line.equal for line in lines if line.kind == "peer")
    assert all(line.seconds > 0 and line.processor_seconds is not None for line in lines)

    assert program("report").main([str(kept), "--docs", str(tmp_path)]) == 0
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert all(f"## {part}\n" in page for part in parts)
    assert all(line.who in page and line.equal in page for line in lines)
    pictured = (tmp_path / "performance.svg").exists()
    assert (
        pictured == ("performance.svg" in page) == (name not in ("audit", "linking", "local_statistics", "one_subject"))
    )


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the growth of memory")
def test_growth_is_what_the_work_held_at_once() -> None:
    def work() -> int:
        for _ in range(3):
            held = np.ones(40 << 17)  # 40 MiB, three times one after the other
        return held.size

    answer, mib = program("peak").grown(work)
    assert answer == 40 << 17
    assert 35.0 < mib < 100.0


def test_a_form_that_differs_is_called_different_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    pytest.importorskip("sklearn")
    clustering, kept = program("clustering"), tmp_path / "bench.jsonl"

    def wrong(who: str, *what: object) -> tuple[np.ndarray, object]:
        labels, line = clustering.measured(who, *what)
        return labels + (who != "dbscan, compiled"), line

    monkeypatch.setattr(clustering, "apart", wrong)
    assert clustering.main(["--points", "300", "--results", str(kept)]) == 1
    lines = {line.who: line.equal for line in program("results").read(kept)}
    assert lines["dbscan, NumPy form"] == "DIFFERS"
    assert lines["scikit-learn DBSCAN"] == "DIFFERS"


def test_short_work_is_timed_again_and_long_work_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    results = program("results")
    ran: list[int] = []
    answer, clock, processor = results.timed(lambda: ran.append(1) or len(ran))
    assert answer == len(ran) == results.SHORT_RUNS
    assert processor >= 0.0
    assert 0.0 < clock < 1.0
    monkeypatch.setattr(results, "SHORT_S", 0.0)
    assert results.timed(lambda: ran.append(1) or len(ran))[0] == results.SHORT_RUNS + 1


def test_one_hash_is_claimed_only_where_there_were_two_to_compare() -> None:
    said_of_hashes = program("results").said_of_hashes
    lines = [{"rows": 1, "hash": "a"}, {"rows": 1, "hash": "a"}, {"rows": 2, "hash": "b"}, {"rows": 3, "hash": "c"},
             {"rows": 3, "hash": "d"}, {"rows": 3}]  # fmt: skip
    same, differ = "one hash of all scores", "DIFFERS"
    assert [said_of_hashes(line, lines) for line in lines] == [same, same, "", differ, differ, ""]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_performance_keeps_every_benchmark_and_then_reports() -> None:
    def commands(target: str) -> list[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(
            ["make", "-n", target], cwd=ROOT, env=clean, capture_output=True, text=True, check=True, timeout=60
        )
        return [line for line in done.stdout.splitlines() if "benchmarks/" in line or line.startswith("rm")]

    removed, *measured, report = commands("performance")
    assert removed == "rm -f out/bench.jsonl"
    assert report.endswith("benchmarks/report.py out/bench.jsonl")
    assert all(line.endswith(" --results out/bench.jsonl") for line in measured)
    assert [line.removesuffix(" --results out/bench.jsonl") for line in measured] == [
        line.rstrip() for line in commands("bench")
    ]
    timed = {line.split("benchmarks/")[1].split()[0] for line in measured}
    keeps = {
        path.name for path in (ROOT / "benchmarks").glob("*.py") if "add_option(parser)" in path.read_text("utf-8")
    }
    assert timed == keeps
