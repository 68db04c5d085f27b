"""A run out of core: what it leaves, what it refuses, and that interruption, kills and full disks lose nothing."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import engine_cases as cases
import riskshare as rs
from riskshare.engines import duckdb_run, sorting
from riskshare.engines.staging import KEYS
from riskshare.errors import DiskFullError, EngineError, EvidenceFileError, MemoryLimitError, ResumeError
from riskshare.io import run_folder
from riskshare.io.writing import write_csv

ROWS = 12_000


@pytest.fixture(scope="module", name="source")
def write_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(cases.rows_of(ROWS, seed=3), path)
    return path


@pytest.fixture(scope="module", name="undisturbed")
def run_undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    cases.run(source, out, block_rows=1_500)
    return out


def test_csv_and_parquet_of_the_sample_give_what_memory_gives(tmp_path: Path) -> None:
    """Faults, conflicts, repeats, places, readings, ages: the shipped sample has all of them; here in two files."""
    sample = cases.ROOT / "sample_data" / "evidence.csv"
    lines = sample.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "a.csv").write_text("".join(lines[:9_000]), encoding="utf-8")
    (tmp_path / "b.csv").write_text("".join([lines[0], *lines[9_000:]]), encoding="utf-8")
    subjects = rs.read_subjects(cases.ROOT / "sample_data" / "subjects.csv", cases.agreed())
    done = cases.run([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "out", subjects=subjects, block_rows=9_000)
    evidence, assessment = cases.in_memory([tmp_path / "a.csv", tmp_path / "b.csv"], subjects=subjects)
    assert cases.table_of(tmp_path / "out").equals(cases.expected(assessment))
    for name in ("act_now", "staff_safety"):
        assert cases.by_subject(cases.table_of(tmp_path / "out", name)) == cases.by_subject(
            cases.expected(assessment, name)
        )
    assert assessment.scores["flags"].map(lambda flags: "for_review" in flags).any()
    write_csv(tmp_path / "quarantine.csv", evidence.quarantine, cases.marks())
    assert (tmp_path / "out" / "quarantine.internal.csv").read_bytes() == (tmp_path / "quarantine.csv").read_bytes()
    assert {source: dict(counts) for source, counts in done.counts.items()} == evidence.counts
    assert done.conservation() == evidence.conservation()
    assert done.unknown == len(evidence.unknown)
    assert done.n_act_now == len(assessment.act_now)
    assert done.n_staff_safety == len(assessment.staff_safety)
    assert done.bands == assessment.scores.groupby(["lens", "band"]).size().to_dict()
    assert sum(done.labels.values()) == len(evidence.quarantine)


def test_results_are_the_owners_alone_and_read_as_one_table(undisturbed: Path) -> None:
    for path in [undisturbed, *undisturbed.rglob("*")]:
        assert not path.stat().st_mode & 0o077
    frame = pd.read_parquet(undisturbed / "scores.internal.parquet")
    assert frame["subject_id"].is_monotonic_increasing
    assert frame["marking"].str.contains("INTERNAL").all()
    journal = json.loads((undisturbed / "run.internal.json").read_text(encoding="utf-8"))
    assert len(journal["parts"]) > 5
    ends = [part["subjects"] for part in journal["parts"]]
    assert all(second[0] == first[1] + 1 for first, second in pairwise(ends))
    assert not any(name in json.dumps(journal) for name in frame["subject_id"].head(50))
    folder = undisturbed / "scores.internal.parquet"
    assert all(run_folder.is_whole(folder, part["files"]["scores"]) for part in journal["parts"])


def test_nothing_to_score_gives_tables_without_lines(tmp_path: Path) -> None:
    pq.write_table(cases.rows_of(0), tmp_path / "rows.parquet")
    done = cases.run(tmp_path / "rows.parquet", tmp_path / "out")
    assert done.total("rows_in") == done.n_results == 0
    assert cases.table_of(tmp_path / "out").num_rows == 0
    assert (tmp_path / "out" / "quarantine.internal.csv").read_text(encoding="utf-8").count("\n") == 1


def test_progress_is_told_stage_by_stage(source: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    cases.run(source, tmp_path / "out", block_rows=4_000, progress=lambda *one: told.append(one))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["Looking over", "Reading", "Sorting", "Scoring"]
    assert [done for stage, done, _ in told if stage == "Scoring"][-1] == told[-1][2]


# ------------------------------------------------------------------------------------------------------ what is refused


def test_a_source_too_much_of_which_is_faulty_stops_as_in_memory(tmp_path: Path) -> None:
    rows = cases.rows_of(200).to_pylist()
    for row in rows[:90]:
        row["basis"] = "hearsay"
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    with pytest.raises(EvidenceFileError) as known:
        rs.read_evidence(tmp_path / "rows.parquet", cases.agreed())
    with pytest.raises(EvidenceFileError) as found:
        cases.run(tmp_path / "rows.parquet", tmp_path / "out")
    assert str(found.value) == str(known.value)
    assert list((tmp_path / "out").iterdir()) == []
    assert cases.run(tmp_path / "rows.parquet", tmp_path / "out", accept_bad=True).total("quarantined") >= 90


def test_conflicts_count_towards_too_many(tmp_path: Path) -> None:
    """Versions that conflict are found only after sorting; the source is judged again then."""
    rows = [row for row in cases.rows_of(100).to_pylist() if row["indicator"] != "no_such_thing" and row["subject_id"]]
    rows += [{**row, "stance": "denies" if row["stance"] == "supports" else "supports"} for row in rows[:30]]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    with pytest.raises(EvidenceFileError) as known:
        rs.read_evidence(tmp_path / "rows.parquet", cases.agreed())
    with pytest.raises(EvidenceFileError) as found:
        cases.run(tmp_path / "rows.parquet", tmp_path / "out")
    assert str(found.value) == str(known.value)
    assert "conflicting_versions" in str(found.value)


def test_coordinates_wrong_throughout_stop_a_file_and_a_stretch_of_them_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_run, "PIECE_ROWS", 50)
    for swapped in (60, 140):
        rows = cases.rows_of(200).to_pylist()
        for number, row in enumerate(rows):
            row["longitude"], row["latitude"] = (52.0, -1.0) if number < swapped else (-1.0, 52.0)
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{swapped}.parquet")
    evidence = rs.read_evidence(tmp_path / "60.parquet", cases.agreed())
    assert cases.run(tmp_path / "60.parquet", tmp_path / "out").unknown == len(evidence.unknown) > 0
    with pytest.raises(EvidenceFileError) as known:
        rs.read_evidence(tmp_path / "140.parquet", cases.agreed())
    with pytest.raises(EvidenceFileError) as found:
        cases.run(tmp_path / "140.parquet", tmp_path / "other")
    assert str(found.value) == str(known.value)


def test_an_unsigned_policy_stops_before_anything_is_sorted(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    unsigned = dataclasses.replace(cases.agreed(), signatures=())
    monkeypatch.setattr(duckdb_run, "sort_pieces", lambda *_, **__: pytest.fail("it sorted"))
    with pytest.raises(rs.UnsignedPolicyError):
        duckdb_run.assess_out_of_core(source, unsigned, as_of=cases.AS_OF, out=tmp_path / "out")


def test_arguments_are_all_judged_at_once(tmp_path: Path) -> None:
    with pytest.raises(rs.ArgumentError) as fault:
        cases.run([3], tmp_path / "out", trial="yes", threads=0)
    assert len(fault.value.problems) == 3
    with pytest.raises(rs.PolicyError, match="agreed conditions"):
        cases.run(tmp_path / "x.csv", tmp_path / "out", conditions_met=["anything"])
    with pytest.raises(EvidenceFileError, match="not_found"):
        cases.run(tmp_path / "x.csv", tmp_path / "out")


def test_without_the_database_the_extra_is_named(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(rs.MissingExtraError, match=r"riskshare\[sql\]"):
        cases.run(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_giant_subject_is_scored_whole_or_refused_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = cases.rows_of(3_000, giant=0.6)
    pq.write_table(rows, tmp_path / "rows.parquet")
    cases.run(tmp_path / "rows.parquet", tmp_path / "out", block_rows=500)
    _, assessment = cases.in_memory(rows)
    assert assessment.scores["n_records"].max() > 100
    assert cases.table_of(tmp_path / "out").equals(cases.expected(assessment))
    monkeypatch.setattr(duckdb_run, "most_rows", lambda _: 1_000)
    with pytest.raises(MemoryLimitError, match="more than 1,000 rows"):
        cases.run(tmp_path / "rows.parquet", tmp_path / "other", block_rows=500)


# ---------------------------------------------------------------------------------------------------------- going on


class Stopped(Exception):
    """A power cut, as far as the run can tell."""


def stopped_at(out: Path, source: Path, stage: str, times: int) -> None:
    """Run until a stage was told of for the n-th time."""
    seen = 0

    def tell(*told: object) -> None:
        nonlocal seen
        seen += told[0] == stage
        if seen == times:
            raise Stopped

    with pytest.raises(Stopped):
        cases.run(source, out, block_rows=1_500, progress=tell)


@pytest.mark.parametrize(
    ("stage", "times"), [("Reading", 1), ("Reading", 3), ("Sorting", 1), ("Sorting", 2), ("Scoring", 4)]
)
def test_a_run_goes_on_where_it_stopped(
    stage: str, times: int, source: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_run, "PIECE_ROWS", 3_000)
    cases.run(source, tmp_path / "whole", block_rows=1_500)
    out = tmp_path / "out"
    stopped_at(out, source, stage, times)
    assert [path.name for path in out.iterdir()] == [run_folder.WORK]
    with pytest.raises(ResumeError, match="unfinished run"):
        cases.run(source, out, block_rows=1_500)
    cases.run(source, out, block_rows=1_500, resume=True)
    assert cases.files(out) == cases.files(tmp_path / "whole")
    results = {name: digest for name, digest in cases.files(out).items() if "run.internal" not in name}
    assert results == {name: digest for name, digest in cases.files(undisturbed).items() if "run.internal" not in name}


def test_it_goes_on_under_the_same_settings_and_sources_only(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stopped_at(out, source, "Scoring", 2)
    changed: dict[str, dict[str, Any]] = {
        "as_of": {"as_of": "2026-03-30"}, "conditions_met": {"conditions_met": ["no_onward"]},
        "accept_bad": {"accept_bad": True}, "block_rows": {"block_rows": 1_000},
    }  # fmt: skip
    for name, options in changed.items():
        with pytest.raises(ResumeError, match=f"other settings: {name}"):
            cases.run(source, out, **{"block_rows": 1_500, **options}, resume=True)
    other = tmp_path / source.name
    pq.write_table(cases.rows_of(ROWS, seed=4), other)
    with pytest.raises(ResumeError, match="other settings: sources"):
        cases.run(other, out, block_rows=1_500, resume=True)
    (out / run_folder.WORK / run_folder.JOURNAL).write_text("{", encoding="utf-8")
    with pytest.raises(ResumeError, match="cannot be read"):
        cases.run(source, out, block_rows=1_500, resume=True)


def test_a_part_that_was_damaged_is_made_again(source: Path, undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stopped_at(out, source, "Scoring", 4)
    parts = out / run_folder.WORK / "scores.internal.parquet"
    (parts / "part-00001.parquet").write_bytes(b"half")
    (parts / "part-00009.parquet.draft").write_bytes(b"half")
    cases.run(source, out, block_rows=1_500, resume=True)
    assert cases.files(out) == cases.files(undisturbed)


def test_sorted_rows_that_are_gone_are_told_of(source: Path, tmp_path: Path) -> None:
    stopped_at(tmp_path / "out", source, "Scoring", 2)
    (tmp_path / "out" / run_folder.WORK / "sorted.parquet").unlink()
    with pytest.raises(ResumeError, match="are gone"):
        cases.run(source, tmp_path / "out", block_rows=1_500, resume=True)


def test_a_finished_run_is_left_alone_by_resume_and_replaced_without(
    source: Path, undisturbed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    stamp = (out / "run.internal.json").stat().st_mtime_ns
    done = cases.run(source, out, block_rows=1_500, resume=True)
    assert (out / "run.internal.json").stat().st_mtime_ns == stamp
    assert done.total("rows_in") == ROWS
    cases.run(source, out, block_rows=6_000)
    assert len(list((out / "scores.internal.parquet").iterdir())) < 4
    cases.run(source, out, block_rows=1_500, resume=True)
    assert cases.files(out) == cases.files(undisturbed)


# --------------------------------------------------------------------------------------------------- kills, full disks

CHILD = """
import sys
sys.path[:0] = {paths!r}
import engine_cases as cases
cases.run({source!r}, {out!r}, block_rows={block_rows}, threads={threads}, resume=True)
"""


def start(source: Path, out: Path, block_rows: int, threads: int = 1) -> subprocess.Popen[bytes]:
    code = CHILD.format(
        paths=[str(cases.ROOT / "tests")], source=str(source), out=str(out), block_rows=block_rows, threads=threads
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def only_whole_files(out: Path) -> None:
    """Every file under its own name can be read to its end."""
    for path in out.rglob("*.parquet"):
        if path.is_file():
            pq.read_table(path)
    for path in out.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def kill_and_go_on(source: Path, out: Path, n_kills: int, block_rows: int, threads: int, seed: int) -> None:
    """Kill the run at random moments, beginning anew where it finishes between them, then let it finish."""
    chance = random.Random(seed)
    begun = time.monotonic()
    start(source, out, block_rows, threads).communicate()
    length = time.monotonic() - begun
    known = cases.files(out)
    shutil.rmtree(out)
    kills = 0
    while kills < n_kills:
        process = start(source, out, block_rows, threads)
        try:
            process.wait(chance.uniform(0.1, 1.0) * length)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
        only_whole_files(out)
        if process.returncode == 0:
            assert cases.files(out) == known
            shutil.rmtree(out)
    last = start(source, out, block_rows, threads)
    assert last.communicate()[1] == b""
    assert cases.files(out) == known


def test_a_few_kills_lose_nothing(tmp_path: Path) -> None:
    pq.write_table(cases.rows_of(8_000, seed=5), tmp_path / "rows.parquet")
    kill_and_go_on(tmp_path / "rows.parquet", tmp_path / "out", 3, 500, 1, seed=6)


@pytest.mark.long
def test_fifty_kills_of_two_million_rows_lose_nothing(tmp_path: Path) -> None:
    cases.generator().write_parquet(tmp_path / "rows.parquet", 2_000_000)
    kill_and_go_on(tmp_path / "rows.parquet", tmp_path / "out", 50, 100_000, 2, seed=7)


@pytest.fixture(name="small_disk")
def mount_small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two MiB that can be made larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here: that takes an administrator")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_loses_nothing(source: Path, undisturbed: Path, small_disk: Path) -> None:
    out = small_disk / "out"
    (small_disk / "ballast").write_bytes(bytes((2 << 20) - 200_000))
    with pytest.raises(DiskFullError, match="resume=True"):
        cases.run(source, out, block_rows=1_500)
    only_whole_files(out)
    sizes, stops = ["2200k", "2400k", "2600k", "3m", "4m", "8m"], 1
    for size in sizes:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(small_disk)], check=True)
        try:
            cases.run(source, out, block_rows=1_500, resume=True)
            break
        except DiskFullError:
            stops += 1
            only_whole_files(out)
    assert stops > 1
    assert cases.files(out) == cases.files(undisturbed)


def test_a_limit_on_the_size_of_files_is_told_as_a_full_disk(source: Path, tmp_path: Path) -> None:
    held = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, held[1]))
        with pytest.raises(DiskFullError, match="no larger file"):
            cases.run(source, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, held)
        signal.signal(signal.SIGXFSZ, ignored)
    cases.run(source, tmp_path / "out", resume=True)
    only_whole_files(tmp_path / "out")


def test_what_the_database_says_is_told_in_our_words(tmp_path: Path) -> None:
    import duckdb

    for error, kind in (
        (duckdb.IOException("No space left on device: S-0042"), DiskFullError),
        (duckdb.OutOfMemoryException("failed to allocate S-0042"), MemoryLimitError),
        (duckdb.InternalException("S-0042"), EngineError),
    ):
        with pytest.raises(kind) as fault, sorting._connected(tmp_path / "spill", 1 << 28, 1):
            raise error
        assert "S-0042" not in str(fault.value)
        assert fault.value.__suppress_context__


def test_a_pile_that_does_not_fit_spills(tmp_path: Path) -> None:
    """Sorting in 64 MiB what takes more leaves the same file as sorting in plenty, and nothing in the spill."""
    rows = cases.staged(cases.rows_of(20_000))
    many = pa.concat_tables([rows] * 20)
    pq.write_table(many, tmp_path / "piece.parquet")
    for name, memory in (("little", 64 << 20), ("plenty", 1 << 30)):
        sorting.sort_pieces(
            [tmp_path / "piece.parquet"], tmp_path / name, spill=tmp_path / "spill", memory=memory, threads=1
        )
    little, plenty = (pq.read_table(tmp_path / name, columns=list(KEYS)) for name in ("little", "plenty"))
    assert little.equals(plenty)
    assert list((tmp_path / "spill").iterdir()) == []
