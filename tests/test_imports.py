"""Importing riskshare is quick: what is heavy is loaded when it is first used. No timing is asserted."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pandas", "pyarrow", "scipy", "pydantic", "matplotlib", "networkx", "typer", "rich")


def modules_after(code: str) -> set[str]:
    """Return the top-level modules a fresh interpreter holds after running some code."""
    script = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


def test_importing_riskshare_loads_nothing_heavy() -> None:
    assert not modules_after("import riskshare") & {*HEAVY, "numpy"}


def test_listing_its_names_loads_nothing_heavy() -> None:
    assert not modules_after("import riskshare; dir(riskshare); riskshare.__all__") & set(HEAVY)


def test_errors_load_nothing_heavy() -> None:
    assert not modules_after("import riskshare; riskshare.RiskshareError; riskshare.UnknownSubjectError") & set(HEAVY)


@pytest.mark.parametrize("kernel", ["decay", "fusion", "scores"])
def test_kernels_run_without_frames_records_or_files(kernel: str) -> None:
    loaded = modules_after(f"import riskshare.kernels.{kernel}")
    assert not loaded & {"pandas", "pyarrow", "pydantic", "matplotlib"}
    assert "numpy" in loaded


def test_drawing_is_loaded_only_when_drawing() -> None:
    assert "matplotlib" not in modules_after("import riskshare; riskshare.assess; riskshare.load_partnership")
