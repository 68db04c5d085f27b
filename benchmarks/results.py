"""Time, tell and keep: with ``--results FILE`` a benchmark adds its figures to that file, for the report."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

SHORT_RUNS, SHORT_S = 5, 1.0


@dataclass(frozen=True)
class Line:
    """One measurement.

    ``part`` is the question that all lines of it answer, such as "Fusion of evidence"; ``size`` counts ``of``, such as
    rows. ``kind`` is ``ours`` (the first line of ours at a size is what ratios are to), ``peer`` or ``floor`` (what no
    program could do without). ``equal`` says how its output was compared with ours, before it was timed.
    """

    part: str
    size: int
    of: str
    who: str
    kind: Literal["ours", "peer", "floor"]
    seconds: float
    processor_seconds: float | None = None
    peak_mib: float | None = None
    equal: str = ""


def add_option(parser: argparse.ArgumentParser) -> None:
    """Give a program the option ``--results``."""
    parser.add_argument("--results", type=Path, default=None, help="also add every figure to this file, for report.py")


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return the answer, and the least seconds by the clock and of this process.

    Short work is run again until a second has passed, five times at most, so that loading and first calls do not count.
    """
    took: list[tuple[float, float]] = []
    answer: Any
    while not took or (len(took) < SHORT_RUNS and sum(clock for clock, _ in took) < SHORT_S):
        answer = None  # what it gave last time is no part of the memory it needs
        clock, processor = time.perf_counter(), time.process_time()
        answer = work()
        took.append((time.perf_counter() - clock, time.process_time() - processor))
    return answer, min(clock for clock, _ in took), min(processor for _, processor in took)


def said(same: bool, how: str) -> str:
    """Return how an output was compared with ours, or that it differs."""
    return how if same else "DIFFERS"


def said_of_hashes(line: dict[str, Any], lines: Iterable[dict[str, Any]]) -> str:
    """Return whether the hash of a line is that of every other at its size; nothing where there is no other."""
    found = [other["hash"] for other in lines if other["rows"] == line["rows"] and "hash" in other]
    return said(len(set(found)) == 1, "one hash of all scores") if len(found) > 1 and "hash" in line else ""


def tell(path: Path | None, lines: Sequence[Line]) -> None:
    """Print the lines of one part and size, each with its ratio to the first, and keep them."""
    first = lines[0]
    print(f"{first.part}: {first.size:,} {first.of}")
    for line in lines:
        processor, base = line.processor_seconds or 0.0, first.processor_seconds or 1.0
        told = "" if line.peak_mib is None else f"{line.peak_mib:,.0f} MiB"
        print(
            f"  {line.who:<40}{line.seconds:>11.4f} s {line.seconds / first.seconds:>7.1f} x"
            f" {processor:>11.4f} cpu s {processor / base:>7.1f} x {told:>10}  {line.equal}",
            flush=True,
        )
    keep(path, lines)


def keep(path: Path | None, lines: Iterable[Line]) -> None:
    """Add lines to the file of results, one JSON object a line; nothing without a path."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(line)) + "\n" for line in lines)


def read(path: Path) -> list[Line]:
    """Return the lines kept in a file. A line measured again stands where it stood, with its last figures."""
    found: dict[tuple[str, int, str], Line] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        line = Line(**json.loads(text))
        found[line.part, line.size, line.who] = line
    return list(found.values())
