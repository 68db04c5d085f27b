"""A cluster for the tests of this folder, or a skip that is seen; where a machine must have one, a failure."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import engine_cases as cases


@pytest.fixture
def local_cluster(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return ``benchmarks/local_cluster.py``, where a cluster can be started here."""
    monkeypatch.syspath_prepend(str(cases.ROOT / "benchmarks"))
    import local_cluster

    if why := local_cluster.missing():
        why = f"{why}: what a cluster gives, and what it does when a worker is lost, was NOT tested"
        if os.environ.get("RISKSHARE_NEEDS_SPARK"):
            pytest.fail(why)
        pytest.skip(why)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    return local_cluster


QUICK = """
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1
spark.sql.shuffle.partitions 2
"""
"""Java compiles little: these runs are over before its best code would pay."""


@pytest.fixture
def two_workers(local_cluster: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Start a cluster of two workers, each of one core."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "spark-defaults.conf").write_text(QUICK, encoding="utf-8")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path / "conf"))
    with local_cluster.cluster(tmp_path / "cluster") as running:
        yield running
