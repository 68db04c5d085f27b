"""Keep the figures of a run for the report: with ``--results FILE`` a benchmark adds its lines to that file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


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
