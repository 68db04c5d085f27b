"""Seeded draws that are the same on every platform: each rests on one ``Generator.random()`` and on integers.

NumPy keeps the stream of ``random()`` (53 bits of PCG64) but promises less for its other methods, and mathematics
libraries differ in the last bit of a logarithm. So nothing here uses anything else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draw:
    """A source of draws; the same seed gives the same draws in the same order."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` up to and including ``high``."""
        return low + int(self._generator.random() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        """Return whether an event of that many per cent happens."""
        return self.integer(0, 99) < percent

    def pick(self, items: Sequence[T]) -> T:
        """Return one of ``items``."""
        return items[self.integer(0, len(items) - 1)]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        """Return one of the first members, by the whole-number weights beside them."""
        ticket = self.integer(0, sum(weight for _, weight in items) - 1)
        for item, weight in items:
            if ticket < weight:
                return item
            ticket -= weight
        return items[-1][0]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a drawn order (Fisher and Yates)."""
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = self.integer(0, i)
            out[i], out[j] = out[j], out[i]
        return out

    def sample(self, items: Sequence[T], size: int) -> list[T]:
        """Return ``size`` different items, in a drawn order."""
        return self.shuffled(items)[:size]

    def bell(self, spread: int) -> int:
        """Return a whole number around 0, bell-shaped, never beyond ``spread`` either way."""
        return self.integer(0, spread) + self.integer(0, spread) - spread

    def days_before(self, day: dt.date, least: int, most: int) -> dt.date:
        """Return a day from ``least`` to ``most`` days before ``day``."""
        return day - dt.timedelta(days=self.integer(least, most))
