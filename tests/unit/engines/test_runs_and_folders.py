"""Whatever the folder of a run is called and whoever else touches it: its own rows are scored, or nothing is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import engine_cases as cases
import riskshare as rs
from riskshare.engines import duckdb_run, running
from riskshare.engines.staging import STAGED_SCHEMA
from riskshare.errors import EngineError, EvidenceFileError, MemoryLimitError, ResumeError
from riskshare.io import run_folder

NAMES = ("set_aside=1", "agency=3", "status=1", "severity=0", "claim_id=c", "source=5", "br[1]", "sta*r", "q?m",
         "{a,b}", "sp ace", "per%20cent", "it's", "é", "back\\slash")  # fmt: skip
WORK, JOURNAL = run_folder.WORK, run_folder.JOURNAL


@pytest.fixture(scope="module", name="source")
def write_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(cases.rows_of(2_000, seed=3), path)
    return path


@pytest.fixture(scope="module", name="right")
def run_right(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("right") / "out"
    cases.run(source, out)
    return out


class Stopped(Exception):
    """A power cut, as far as the run can tell."""


def stopped(source: Path, out: Path, stage: str) -> None:
    def tell(*told: object) -> None:
        if told[0] == stage:
            raise Stopped

    with pytest.raises(Stopped):
        cases.run(source, out, progress=tell)


@pytest.mark.skipif(os.name != "posix", reason="other systems allow fewer names")
@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_folder_decides_nothing(name: str, source: Path, right: Path, tmp_path: Path) -> None:
    out = tmp_path / name
    cases.run(source, out)
    assert cases.files(out) == cases.files(right)


def test_a_folder_whose_name_is_a_pattern_takes_no_rows_of_another_run(
    source: Path, right: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(cases.rows_of(700, seed=9), other)
    stopped(other, tmp_path / "br1", "Sorting")
    cases.run(source, tmp_path / "br[1]")
    assert cases.files(tmp_path / "br[1]") == cases.files(right)


def test_rows_that_come_back_otherwise_are_not_scored(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fewer(_: Any, target: Path, **__: Any) -> None:
        pq.write_table(STAGED_SCHEMA.empty_table(), target)

    monkeypatch.setattr(duckdb_run, "sort_pieces", fewer)
    with pytest.raises(EngineError, match="did not give back"):
        cases.run(source, tmp_path / "out")


def test_results_in_which_a_row_is_missing_are_not_published(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = running.source_counts
    monkeypatch.setattr(
        running, "source_counts", lambda *told: {name: {**one, "accepted": 1} for name, one in real(*told).items()}
    )
    with pytest.raises(EngineError, match="nothing is published"):
        cases.run(source, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [WORK]


# ----------------------------------------------------------------------------------------------- two runs in one folder

HOLDER = """
import sys, time
from pathlib import Path
from riskshare.io import run_folder
held = run_folder.alone(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_run_in_the_same_folder_waits_outside(source: Path, right: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused: list[str] = []

    def meanwhile(*told: object) -> None:
        if told[0] == "Reading" and not refused:
            for resume in (False, True):
                with pytest.raises(ResumeError, match="at work in this folder") as fault:
                    cases.run(source, out, resume=resume)
                refused.append(str(fault.value))

    cases.run(source, out, progress=meanwhile)
    assert len(refused) == 2
    assert cases.files(out) == cases.files(right)


def test_another_process_holds_a_folder_until_it_dies(source: Path, right: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(out)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ResumeError, match="at work"):
            cases.run(source, out)
    finally:
        holder.kill()
        holder.communicate()
    cases.run(source, out)
    assert cases.files(out) == cases.files(right)


def test_a_second_try_in_one_process_does_not_let_go_what_the_first_holds(tmp_path: Path) -> None:
    """Closing any handle of a file lets go all of a process's locks on it, as POSIX has it."""
    out = tmp_path / "out"
    held = run_folder.alone(out)
    with pytest.raises(ResumeError):
        run_folder.alone(out)
    child = "import sys, pathlib; from riskshare.io import run_folder as f; f.alone(pathlib.Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", child, str(out)], capture_output=True, text=True, check=False)
    assert "ResumeError" in done.stderr
    run_folder.let_go(out, held)
    assert subprocess.run([sys.executable, "-c", child, str(out)], check=False).returncode == 0


# -------------------------------------------------------------------------------- what stands in a folder


def test_results_that_are_gone_before_they_are_published_are_told_of(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def power_cut(*_: object) -> None:
        raise Stopped

    with monkeypatch.context() as cut:
        cut.setattr(run_folder, "publish", power_cut)
        with pytest.raises(Stopped):
            cases.run(source, out)
    shutil.rmtree(out / WORK / "scores.internal.parquet")
    with pytest.raises(EngineError, match="gone or damaged"):
        cases.run(source, out, resume=True)


def test_results_of_another_day_made_in_memory_do_not_stand_beside_new_ones(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    old = ("scores.internal.csv", "results.internal.jsonl", "report.internal.txt", "scores.internal.parquet")
    for name in old:
        (out / name).write_text("of another day", encoding="utf-8")
    (out / "ladder.internal.png").write_text("no result of an assessment", encoding="utf-8")
    cases.run(source, out)
    assert not any((out / name).exists() for name in old[:3])
    assert (out / "scores.internal.parquet").is_dir()
    assert (out / "ladder.internal.png").exists()


@pytest.mark.parametrize("damage", ["gone", "cut", "quarantine"])
def test_a_finished_run_that_is_no_longer_whole_is_made_again(
    damage: str, source: Path, right: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(right, out)
    part = next((out / "scores.internal.parquet").iterdir())
    if damage == "gone":
        shutil.rmtree(part.parent)
    elif damage == "cut":
        part.write_bytes(part.read_bytes()[:-100])
    else:
        (out / "quarantine.internal.csv").unlink()
    cases.run(source, out, resume=True)
    assert cases.files(out) == cases.files(right)


def test_faults_that_are_gone_are_found_again_while_it_reads(source: Path, right: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stopped(source, out, "Sorting")
    faults = list((out / WORK / "faults").iterdir())
    assert faults
    for path in faults:
        path.unlink()
    cases.run(source, out, resume=True)
    assert cases.files(out) == cases.files(right)


@pytest.mark.parametrize("damage", ["faults", "sorted"])
def test_what_is_gone_or_cut_after_sorting_is_told_of(damage: str, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stopped(source, out, "Scoring")
    if damage == "faults":
        shutil.rmtree(out / WORK / "faults")
    else:
        path = out / WORK / "sorted.parquet"
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ResumeError, match="gone or damaged"):
        cases.run(source, out, resume=True)


@pytest.mark.skipif(os.name != "posix", reason="links need no rights there")
def test_a_link_in_the_place_of_unfinished_work_is_refused(source: Path, tmp_path: Path) -> None:
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    for folder in (elsewhere, out):
        folder.mkdir()
    (elsewhere / "precious.draft").write_text("mine", encoding="utf-8")
    (out / WORK).symlink_to(elsewhere)
    with pytest.raises(ResumeError, match="is a link"):
        cases.run(source, out)
    assert [path.name for path in elsewhere.iterdir()] == ["precious.draft"]


# ----------------------------------------------------------------------------------------------- sources and arguments


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_source_that_changes_while_it_is_read_is_refused(suffix: str, tmp_path: Path) -> None:
    path, rows = tmp_path / f"rows{suffix}", cases.rows_of(400, seed=2)

    def write(table: pa.Table) -> None:
        if suffix == ".parquet":
            pq.write_table(table, path)
        else:
            pacsv.write_csv(table, path)

    write(rows.slice(0, 300))
    evidence = rs.read_evidence(path, cases.agreed(), accept_bad=True)
    assert evidence.total("rows_in") == 300
    done: list[int] = []

    def grows(*told: Any) -> None:
        if told[0] == "Reading" and not done:
            done.append(1)
            write(rows)

    with pytest.raises(EvidenceFileError, match="changed_meanwhile"):
        cases.run(path, tmp_path / "out", progress=grows, accept_bad=True)
    assert done
    assert list((tmp_path / "out").iterdir()) == []
    assert cases.run(path, tmp_path / "out", accept_bad=True).total("rows_in") == 400


def test_a_source_that_is_gone_for_a_moment_loses_nothing(source: Path, right: Path, tmp_path: Path) -> None:
    path, away, out = tmp_path / "rows.parquet", tmp_path / "away", tmp_path / "out"
    shutil.copy(source, path)

    def dropped(*told: Any) -> None:
        if told[0] == "Reading" and path.exists():
            path.rename(away)

    with pytest.raises(EngineError, match="cannot be read any more"):
        cases.run(path, out, progress=dropped)
    away.rename(path)
    assert (out / WORK / JOURNAL).exists()
    cases.run(path, out, resume=True)
    assert cases.files(out) == cases.files(right)


@pytest.mark.parametrize("limit", ["999999999999GiB", 10**30])
def test_more_memory_than_there_is_in_the_world_is_a_slip(limit: Any, source: Path, tmp_path: Path) -> None:
    with pytest.raises(MemoryLimitError, match="no amount"):
        cases.run(source, tmp_path / "out", memory_limit=limit)
    with pytest.raises(rs.ArgumentError, match="threads"):
        cases.run(source, tmp_path / "out", threads=10**30)
    assert not (tmp_path / "out").exists()
