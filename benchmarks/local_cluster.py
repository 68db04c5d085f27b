"""A real Spark cluster on this machine: a master and workers, each a process of its own, which can be killed.

Spark's own ``local[n]`` is one process: nothing in it can be lost. Here every worker has its own executor.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PATIENCE_S = 300.0
"""Longest wait for a process to begin its work."""


@dataclass
class Cluster:
    """A running cluster: ``master`` is its address, ``workers`` its processes, in the order in which they began."""

    master: str
    workers: list[subprocess.Popen[bytes]]
    folder: Path

    def kill_worker(self, number: int) -> None:
        """Kill a worker and its executor at once, as a machine that loses power does."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait()


def missing() -> str:
    """Return what keeps a cluster from being started here, in words; empty for nothing."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed (extra `spark`)"
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        return "Java is not installed (`openjdk-17-jre-headless`)"
    return ""


@contextlib.contextmanager
def cluster(folder: Path, *, workers: int = 2, cores: int = 1, memory: str = "1g") -> Iterator[Cluster]:
    """Start a cluster, and end every process of it whatever happens.

    ``folder`` takes logs, work and what Spark spills; ``cores`` and ``memory`` are each worker's.
    """
    home = Path(str(find_spec("pyspark").origin)).parent  # type: ignore[union-attr]
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    settings = {
        **os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(scratch),
        "PYSPARK_PYTHON": sys.executable, "SPARK_SCALA_VERSION": _scala(home),
    }  # fmt: skip
    running: list[subprocess.Popen[bytes]] = []
    port = _free_port()
    kinds = "org.apache.spark.deploy"
    java = [_java(), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{home}/jars/*"]
    with contextlib.ExitStack() as ends:
        ends.callback(_end, running)
        options = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
        running.append(_start(folder, "master", [*java, f"{kinds}.master.Master", *options], settings))
        _wait_for(folder / "master.log", b"I have been elected leader", running[0])
        address = f"spark://127.0.0.1:{port}"
        for number in range(workers):
            name = f"worker-{number}"
            options = ["--host", "127.0.0.1", "--webui-port", "0", "--cores", str(cores), "--memory", memory]
            options += ["--work-dir", str(folder / name), address]
            running.append(_start(folder, name, [*java, f"{kinds}.worker.Worker", *options], settings))
        for number in range(workers):
            _wait_for(folder / f"worker-{number}.log", b"Successfully registered with master", running[1 + number])
        yield Cluster(address, running[1:], folder)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _scala(home: Path) -> str:
    """Return the version of Scala that these jars are for: a worker asks for it before it starts an executor."""
    return next(home.glob("jars/spark-core_*.jar")).name.split("_")[1].split("-")[0]


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


def _start(folder: Path, name: str, command: list[str], settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a process at the head of a group of its own: its executors are in it and end with it."""
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            command, env=settings, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


def _wait_for(log: Path, words: bytes, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while words not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > until:
            message = f"{log.stem} did not begin its work:\n{log.read_text(errors='replace')[-2000:]}"
            raise RuntimeError(message)
        time.sleep(0.1)


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
