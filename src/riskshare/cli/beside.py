"""What the demonstration does in a second process, begun before anything heavy is imported: it saves seconds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from riskshare.io.examples import example_data, example_partnership

if TYPE_CHECKING:
    from riskshare.comparing import ThresholdComparison
    from riskshare.spots import HotSpots


class Beside(NamedTuple):
    """The second process, and the comparison it began with: thresholds need no scores."""

    process: ProcessPoolExecutor
    comparing: Future[tuple[ThresholdComparison, list[Path]]]

    def draw(self, spots: HotSpots, out: Path) -> Future[Path]:
        """Have the map drawn; it needs nothing of what was asked."""
        return self.process.submit(draw, replace(spots, asked={}), out)


@contextmanager
def second_process(out: Path) -> Iterator[Beside]:
    """Begin to compare the example's thresholds in a process of its own, and end it with the block."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield Beside(process, process.submit(compare, example_partnership(), example_data() / "shared_cases.csv", out))


def compare(folder: Path, shared_cases: Path, out: Path) -> tuple[ThresholdComparison, list[Path]]:
    """Return the comparison of the example's thresholds and the ladder written."""
    from riskshare.cli.thresholds import demo_comparison

    return demo_comparison(folder, shared_cases, out)


def draw(spots: HotSpots, out: Path) -> Path:
    """Return the map written."""
    from riskshare.cli.places import write_picture

    return write_picture(spots, out)
