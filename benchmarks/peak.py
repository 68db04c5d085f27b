"""The most memory this process has held, in all and for one piece of work."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def peak_mib() -> float:
    """Return the peak resident memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def grown(work: Callable[[], T]) -> tuple[T, float | None]:
    """Return an answer, and by how many MiB resident memory grew at most while it was worked out; only on Linux.

    What a program freed before but kept for itself is used again and not counted.
    """
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not reset.exists():
        return work(), None
    reset.write_text("5", encoding="ascii")  # the peak starts from now
    before = _told(status, "VmRSS")
    answer = work()
    return answer, _told(status, "VmHWM") - before


def _told(status: Path, name: str) -> float:
    line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
