"""The walls of the design, held by walking the syntax trees: each room imports only from rooms to its left."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import riskshare

SOURCE = Path(riskshare.__file__).parent

POLICY = {"errors", "kernels", "records", "scales", "trust"}
SCORED = POLICY | {"scoring"}
PRODUCED = SCORED | {"version", "reporting", "io"}
RESULTS = {"assessment", "comparing", "spots", "practice", "profiling"}

ALLOWED: dict[str, set[str]] = {
    "version": set(),
    "errors": set(),
    "kernels": set(),
    "records": {"errors"},
    "scales": {"version", "errors", "kernels", "records"},
    "trust": {"errors", "kernels", "records"},
    "scoring": POLICY,
    "responses": SCORED | {"version"},
    "places": SCORED,
    "sharing": SCORED | {"places"},
    "reporting": SCORED | {"responses", "sharing"},
    "io": SCORED | {"responses", "sharing", "reporting"},
    "assessment": PRODUCED,
    "one_subject": PRODUCED | {"assessment"},
    "comparing": PRODUCED | {"responses"},
    "spots": PRODUCED | {"places"},
    "practice": PRODUCED | {"places"},
    "profiling": PRODUCED | {"places"},
    "releasing": PRODUCED | RESULTS | {"responses", "places", "sharing"},
    "engines": PRODUCED | {"places", "assessment"},
    "cli": PRODUCED
    | {"engines", "sharing", "releasing", "spots", "practice", "profiling", "responses", "assessment", "comparing"}
    | {"__init__"},
    "__init__": {"engines", "one_subject", "sharing", "releasing"} | RESULTS | (PRODUCED - {"kernels"}) | {"responses"},
    "__main__": {"cli"},
}
KERNEL_LIBRARIES = {"itertools", "numpy", "scipy", "typing", "collections", "__future__", "math", "dataclasses"}
FILES = sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """Every module a file imports, anywhere in it, as a dotted name."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a thing comes from"
            found += [
                f"{node.module}.{alias.name}" if node.module == "riskshare" else str(node.module)
                for alias in node.names
            ]
    return found


def ours(name: str) -> str | None:
    """Return which of our rooms a dotted name belongs to, or None."""
    parts = name.split(".")
    if parts[0] != "riskshare":
        return None
    known = len(parts) > 1 and (parts[1] in ALLOWED)
    return parts[1] if known else "__init__"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_room_imports_only_from_its_left(path: Path) -> None:
    home = room(path)
    assert home in ALLOWED, f"{home} is a room the design does not know"
    seen = {ours(name) for name in imports(path)} - {None, home}
    assert seen <= ALLOWED[home], f"{home} may not import from {sorted(str(s) for s in seen - ALLOWED[home])}"


@pytest.mark.parametrize("path", [p for p in FILES if room(p) == "kernels"], ids=lambda p: p.name)
def test_kernels_know_only_arrays(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports(path)} - {"riskshare"}
    # A compiled twin is a kernel of its own, loaded only where it pays.
    assert outside <= KERNEL_LIBRARIES | ({"numba"} if path.name.startswith("compiled") else set())


@pytest.mark.parametrize(
    "path", [p for p in FILES if room(p) not in ("io", "cli", "reporting")], ids=lambda p: str(p.relative_to(SOURCE))
)
def test_only_io_opens_files(path: Path) -> None:
    calls = [
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute))
    ]
    assert not {"open", "read_csv", "read_text", "write_text", "read_bytes", "write_bytes"} & set(calls)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_nothing_reads_the_clock_or_hides_randomness(path: Path) -> None:
    if (
        room(path) == "cli" or path == SOURCE / "io" / "audit_clock.py"
    ):  # docs/decisions/0025: recorded, decides nothing
        return
    text = path.read_text(encoding="utf-8")
    for hidden in ("date.today", "datetime.now", "time.time(", "np.random.seed", "random.seed", "utcnow"):
        assert hidden not in text, f"{path}: {hidden} is a hidden input"
