"""Forecasts of where, from what came before: plain counts, kernel density and Gi*. Methods: places, section 5.11."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskshare.kernels.density import kernel_density
from riskshare.kernels.local_statistics import gi_star_grid
from riskshare.places.evaluation import Unit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BANDWIDTH_M: Final = 750.0
"""Proposal: about three cells of 250 m."""


@dataclass(frozen=True, slots=True, repr=False)
class Training:
    """All a forecast may know: events before ``train_until``, by cell, and the ground that is covered.

    ``counts`` and ``covered`` (share of each cell) have the grid's shape, south up.
    """

    counts: Ints
    covered: Floats
    cell_m: int

    def __repr__(self) -> str:
        """Return how many events; never where."""
        return f"Training({int(self.counts.sum()):,} events)"


class Forecast(NamedTuple):
    """One value a cell, in the grid's shape, and whether it counts events or is a score to rank by."""

    values: Floats
    unit: Unit


Forecaster = Callable[[Training], Forecast]


def plain_counts(training: Training) -> Forecast:
    """Forecast that as many events come to each cell as came before."""
    return Forecast(training.counts.astype(np.float64), "events")


def kernel(training: Training) -> Forecast:
    """Forecast by the edge-corrected quartic density of what came before, over 750 m."""
    counts = np.where(training.covered > 0, training.counts, 0)
    found = kernel_density(counts, training.covered, BANDWIDTH_M / training.cell_m)
    return Forecast(np.nan_to_num(found.density) * training.covered, "events")


def gi_star(training: Training) -> Forecast:
    """Forecast by Gi* z of what came before, in squares of three by three cells."""
    covered = training.covered > 0
    z = gi_star_grid(np.where(covered, training.counts, 0), covered, 1)
    return Forecast(np.nan_to_num(z, nan=float(np.nanmin(z))), "score")


FORECASTERS: Final[Mapping[str, Forecaster]] = {"plain counts": plain_counts, "KDE": kernel, "Gi*": gi_star}
