"""Planted offsets are found again: how often the 95 % interval holds them, and that nothing draws them to the middle.

Organisations on a board of 10 km squares, cells of 250 m, strips of 1 km; the social rate is a smooth random surface of
which neighbourhoods are about 1 km wide. The run of 1,000 is marked long; the plain one is the same, smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from riskshare.places.borders import BANDS
from riskshare.places.boundary import join_pieces
from riskshare.places.levelling import Levelled, level
from riskshare.places.offsets import estimate_offsets
from riskshare.places.second_source import Beside, pair_comparisons, ratio_comparisons

Floats = NDArray[np.float64]
SIDE, WIDTH, CELLS_A_KM2 = 40, 4, 16
SMOOTH = 4.0  # cells: 1 km
EVENTS_A_KM2 = 10.0


@dataclass(frozen=True)
class Board:
    """Rows × columns of organisations, and for each piece of border its two organisations and its strips' cells."""

    rows: int
    columns: int
    organisation: NDArray[np.int64]
    slices: list[list[list[tuple[slice, slice]]]]

    @property
    def n(self) -> int:
        return self.rows * self.columns

    @property
    def owner(self) -> NDArray[np.int64]:
        row, column = np.arange(self.rows * SIDE) // SIDE, np.arange(self.columns * SIDE) // SIDE
        return row[:, None] * self.columns + column


def board(rows: int, columns: int) -> Board:
    pairs, slices = [], []
    for row in range(rows):
        for column in range(columns):
            here = row * columns + column
            along_rows = slice(row * SIDE, (row + 1) * SIDE)
            along_columns = slice(column * SIDE, (column + 1) * SIDE)
            if column + 1 < columns:
                near, far = _bands((column + 1) * SIDE)
                pairs.append((here, here + 1))
                slices.append([[(along_rows, band) for band in near], [(along_rows, band) for band in far]])
            if row + 1 < rows:
                near, far = _bands((row + 1) * SIDE)
                pairs.append((here, here + columns))
                slices.append([[(band, along_columns) for band in near], [(band, along_columns) for band in far]])
    return Board(rows, columns, np.array(pairs), slices)


def _bands(line: int) -> tuple[list[slice], list[slice]]:
    near = [slice(line - (band + 1) * WIDTH, line - band * WIDTH) for band in range(BANDS)]
    return near, [slice(line + band * WIDTH, line + (band + 1) * WIDTH) for band in range(BANDS)]


def simulate(place: Board, theta: Floats, gradient: float, rng: np.random.Generator) -> Levelled:
    shape = (place.rows * SIDE + 40, place.columns * SIDE + 40)
    surface = gaussian_filter(rng.standard_normal(shape), SMOOTH)[20:-20, 20:-20] * 2.0 * np.sqrt(np.pi) * SMOOTH
    rate = EVENTS_A_KM2 / CELLS_A_KM2 * np.exp(gradient * surface + theta[place.owner])
    events = rng.poisson(rate).astype(np.float64)
    counts = np.array([[[events[cells].sum() for cells in side] for side in piece] for piece in place.slices])
    ground = np.full(counts.shape, SIDE * WIDTH / CELLS_A_KM2)
    whole = np.bincount(place.owner.ravel(), weights=events.ravel()) / (SIDE**2 / CELLS_A_KM2)
    clear = np.zeros(len(place.slices), dtype=np.bool_)
    segments = join_pieces(place.organisation, clear, counts, ground, whole, 30)
    return estimate_offsets(segments, whole, {}).together


def study(place: Board, theta: Floats, gradient: float, times: int, seed: int) -> tuple[float, Floats, Floats]:
    """Return the share of intervals that hold the truth, and estimates and applied offsets of runs that link all.

    An offset is against the mean of those it can be compared with, and so is the truth it is held against: where a
    border holds too few events to link an organisation, the others' zero moves. No run is left out of the share.
    """
    rng = np.random.default_rng(seed)
    runs = [simulate(place, theta, gradient, rng) for _ in range(times)]
    held = []
    for run in runs:
        for number in np.flatnonzero(run.component >= 0):
            truth = theta[number] - theta[run.component == run.component[number]].mean()
            _, low, high = run.interval(np.eye(place.n)[number])
            held.append(low <= truth <= high)
    linked = [run for run in runs if (run.component == 0).all()]
    assert len(linked) >= 0.95 * times
    return float(np.mean(held)), np.array([run.theta for run in linked]), np.array([run.applied for run in linked])


def planted(n: int) -> Floats:
    """One organisation records 0.6 of what the others do."""
    theta = np.zeros(n)
    theta[0] = np.log(0.6)
    return theta - theta.mean()


@pytest.mark.parametrize("gradient", [0.0, 0.4])
def test_a_planted_ratio_is_found_again(gradient: float) -> None:
    held, found, _ = study(board(2, 2), planted(4), gradient, 60, 1)
    assert 0.9 <= held <= 1.0
    ratio = found[:, 0] - found[:, 1:].mean(axis=1)
    assert abs(ratio.mean() - np.log(0.6)) < 3.5 * ratio.std() / np.sqrt(len(ratio))


@pytest.mark.long
@pytest.mark.parametrize("gradient", [0.0, 0.2, 0.4, 0.6])
@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (3, 3)])
def test_the_interval_covers_with_and_without_social_gradients(rows: int, columns: int, gradient: float) -> None:
    n = rows * columns
    held, found, applied = study(board(rows, columns), planted(n), gradient, 1000, 2026)
    ratio = found[:, 0] - found[:, 1:].mean(axis=1)
    error = ratio.std() / np.sqrt(len(ratio))
    print(f"{rows}×{columns}, gradient {gradient}: {held:.4f}, {np.exp(ratio.mean()):.4f} ± {error:.4f}, {len(ratio)}")  # noqa: T201 (the table of the how-to page)
    assert 0.93 <= held <= 0.97
    # No shrinkage below ten: what is applied is what was found, and on average that is what was planted.
    np.testing.assert_array_equal(applied, found)
    assert abs(ratio.mean() - np.log(0.6)) < 3.5 * error


@pytest.mark.long
def test_without_the_social_gradient_intervals_would_be_too_short() -> None:
    place, theta, rng = board(3, 3), planted(9), np.random.default_rng(17)
    held = []
    for _ in range(200):
        run = simulate(place, theta, 0.6, rng)
        bare = run.covariance - run.gradient.variance * run.part
        held += list(np.abs(run.theta - theta) <= 1.96 * np.sqrt(np.diag(bare)))
    assert np.mean(held) < 0.9


@pytest.mark.long
def test_twelve_organisations_are_drawn_to_their_mean_and_their_intervals_still_cover() -> None:
    theta = np.linspace(-0.25, 0.25, 12)
    held, found, applied = study(board(3, 4), theta, 0.4, 300, 5)
    assert 0.93 <= held <= 0.97
    assert ((applied - theta) ** 2).mean() < ((found - theta) ** 2).mean()


@pytest.mark.parametrize(("by", "together"), [("ratio", 0.25), ("pairs", 0.25), ("ratio", 0.0)])
def test_a_second_source_finds_the_planted_ratio(by: str, together: float) -> None:
    # Each event is recorded by the police with 0.75 or 0.45, by the ambulance with 0.45 everywhere.
    rng = np.random.default_rng(3)
    share, held, values = np.array([0.45, 0.75]), [], []
    for _ in range(1000):
        both, first, second = np.zeros(2), np.zeros(2), np.zeros(2)
        for place in range(2):
            n = int(rng.poisson(600))
            police, ambulance = rng.random(n) < share[place], rng.random(n) < 0.45
            if not together:  # without shared claims nothing is known of pairs: two different sets of events
                ambulance = rng.random(int(rng.poisson(600))) < 0.45
            first[place], second[place] = police.sum(), ambulance.sum()
            both[place] = (police & ambulance).sum() if together else 0
        nothing = np.zeros(2, dtype=np.int64)
        beside = Beside(np.array([0, 1]), nothing, first, second, both, np.zeros(2), 1.0)
        found = level((ratio_comparisons if by == "ratio" else pair_comparisons)(beside, 30), 2)
        value, low, high = found.interval(np.array([1.0, -1.0]))
        values.append(value)
        held.append(low <= np.log(0.6) <= high)
    assert 0.93 <= np.mean(held) <= 0.97
    assert abs(np.mean(values) - np.log(0.6)) < 3.5 * np.std(values) / np.sqrt(1000)


@pytest.mark.parametrize("n", [4, 9])
def test_shrinking_starts_at_ten_organisations_only(n: int) -> None:
    run = simulate(board(2, n // 2) if n == 4 else board(3, 3), planted(n), 0.4, np.random.default_rng(2))
    np.testing.assert_array_equal(run.applied, run.theta)
    assert np.isnan(run.tau2)
