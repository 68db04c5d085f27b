"""When a compiled twin is used, and what is said where it cannot be."""

from __future__ import annotations

import subprocess
import sys

import pytest

from riskshare.kernels.twins import chosen

WITHOUT_NUMBA = "import sys; sys.modules['numba'] = None\n"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_asking_decides_and_size_decides_where_nobody_asks() -> None:
    pytest.importorskip("numba")
    assert chosen(True, 0, 1_000)
    assert not chosen(False, 10**9, 1_000)
    assert not chosen(None, 999, 1_000)
    assert chosen(None, 1_000, 1_000)


def test_without_numba_large_work_takes_the_numpy_form() -> None:
    code = WITHOUT_NUMBA + "from riskshare.kernels.twins import chosen; print(chosen(None, 10**9, 1_000))"
    assert run(code) == "False"


def test_without_numba_asking_says_what_to_install() -> None:
    code = WITHOUT_NUMBA + (
        "from riskshare.kernels.twins import chosen\n"
        "try:\n    chosen(True, 1, 1)\n"
        "except ModuleNotFoundError as error:\n    print(error, error.__suppress_context__)"
    )
    told = run(code)
    assert "riskshare[fast]" in told
    assert told.endswith("True")


@pytest.mark.parametrize("name", ["clustering", "scan", "local_statistics", "reliability"])
def test_kernels_with_a_twin_do_not_load_the_compiler(name: str) -> None:
    code = f"import sys, riskshare.kernels.{name}; print('numba' in sys.modules)"
    assert run(code) == "False"
