"""The benchmark of the cluster: its hash is that of memory, and the tables it prints can be read."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.mark.long
@pytest.mark.parametrize("n_rows", [1_000_000, 10_000_000])
@pytest.mark.usefixtures("local_cluster")
def test_millions_of_rows_have_one_hash_though_a_worker_is_killed(n_rows: int, tmp_path: Path) -> None:
    import spark

    assert spark.main(["--rows", str(n_rows), "--folder", str(tmp_path)]) == 0


def test_a_run_is_told_on_one_line(local_cluster: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    import spark

    line = {"who": "spark", "rows": 1_000, "seconds": 4.0, "cpu": None, "peak_mib": 10.0, "hash": "ab" * 32,
        "stages": {"Reading": 1.0, "Scoring": 3.0}, "begin": {"cluster": 2.0, "session": 5.0}}  # fmt: skip
    spark._tell(line)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "250" in said.split()
    assert "reading 1, scoring 3; to begin: cluster 2, session 5" in said
    result = spark._result(line, [line])
    assert (result.size, result.seconds, result.processor_seconds, result.equal) == (1_000, 4.0, None, "")
    assert local_cluster.missing() == ""


def test_a_worker_is_killed_once_and_only_half_way(local_cluster: ModuleType) -> None:
    import spark

    class Cluster(local_cluster.Cluster):  # type: ignore[name-defined,misc]
        killed: list[int] = []  # noqa: RUF012 - one test, one list

        def kill_worker(self, number: int) -> None:
            self.killed.append(number)

    watch = spark.Watch(Cluster("spark://nowhere", [], Path()), 8, kill=True)
    for stage, done, total in [
        ("Reading", 4, 8),
        ("Scoring", 3, 4),
        ("Scoring", 3, 8),
        ("Scoring", 5, 8),
        ("Scoring", 6, 8),
    ]:
        watch(stage, done, total)
    assert Cluster.killed == [1]
    assert watch.killed == (5, 8)
    assert set(watch.stages(watch.begun[-1][1] + 2.0)) == {"Reading", "Scoring"}


def test_without_java_nothing_is_measured(
    local_cluster: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import spark

    monkeypatch.setattr(local_cluster.shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert spark.main([]) == 1
    assert "Java is not installed" in capsys.readouterr().out
