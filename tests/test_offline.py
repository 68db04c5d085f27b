"""Nothing reaches for the network: not the import, and not the main job on the shipped sample."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

GUARD = """
import socket, sys

def refuse(*args, **kwargs):
    sys.stderr.write("REACHED FOR THE NETWORK\\n")
    raise OSError("no network in this test")

class NoSocket(socket.socket):
    def __init__(self, *args, **kwargs):
        refuse()

for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "create_connection", "socketpair"):
    setattr(socket, name, refuse)
for name in ("connect", "connect_ex", "sendto", "bind"):
    setattr(socket.socket, name, refuse)
socket.socket = NoSocket
"""
"""Every way out of the interpreter refused, and said on stderr even where the refusal is caught."""

MAIN_JOB = f"""
import riskshare as rs

root = {str(ROOT)!r}
partnership = rs.load_partnership(root + "/thresholds")
evidence = rs.read_evidence(root + "/sample_data/evidence.csv", partnership)
subjects = rs.read_subjects(root + "/sample_data/subjects.csv", partnership)
assessment = rs.assess(evidence, partnership, as_of="2026-03-31", subjects=subjects, trial=True)
assert len(assessment.scores) > 1000
first = assessment.scores["subject_id"].iloc[0]
assert len(assessment.explain(first)) > 3
assert len(assessment.act_now) and len(assessment.alone()) and assessment.to_dicts(first)
print("done")
"""


def run(code: str, *, command: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )


@functools.cache
def no_network() -> tuple[str, ...] | None:
    """Return the command that runs a program without any network, where this system allows one."""
    program = shutil.which("unshare")
    for command in ((program, "-rn"), (program, "-n")) if program else ():
        told = (str(command[0]), command[1])
        if (
            subprocess.run([*told, sys.executable, "-c", ""], capture_output=True, check=False, timeout=60).returncode
            == 0
        ):
            return told
    return None


def test_the_guard_itself_works() -> None:
    for attempt in (
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 80)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import http.client; http.client.HTTPConnection('127.0.0.1', 9).request('GET', '/')",
    ):
        done = run(f"{GUARD}\n{attempt}")
        assert done.returncode != 0, attempt
        assert "REACHED FOR THE NETWORK" in done.stderr, attempt
    # It speaks even where the refusal is swallowed.
    swallowed = run(f"{GUARD}\ntry:\n    socket.socket()\nexcept OSError:\n    pass")
    assert swallowed.returncode == 0
    assert "REACHED FOR THE NETWORK" in swallowed.stderr


def test_importing_opens_no_socket() -> None:
    done = run(
        f"{GUARD}\nimport riskshare\nfor name in riskshare.__all__:\n    getattr(riskshare, name)\nprint('done')"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "done"
    assert "REACHED" not in done.stderr


def test_the_main_job_opens_no_socket() -> None:
    done = run(GUARD + MAIN_JOB)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "done"
    assert "REACHED" not in done.stderr


@pytest.mark.skipif(no_network() is None, reason="this system lets nobody run a program without a network (unshare)")
def test_the_main_job_runs_where_there_is_no_network() -> None:
    command = no_network()
    assert command is not None
    unreachable = run("import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)", command=command)
    assert unreachable.returncode != 0
    assert "unreachable" in unreachable.stderr.lower()
    done = run(MAIN_JOB, command=command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "done"
