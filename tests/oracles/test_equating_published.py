"""Linking kernels against printed figures and against fits written the slow, obvious way."""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from riskshare.kernels.equating import (
    along_knots,
    circle_arc,
    equipercentile,
    equipercentile_knots,
    loglinear,
    loglinear_bic,
    percentile_ranks,
)

DATA = Path(__file__).parent / "data"


def columns(name: str) -> dict[str, list[str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: [row[key] for row in rows] for key in rows[0]}


def numbers(cells: list[str]) -> np.ndarray:
    return np.array([float(cell) for cell in cells])


def printed(value: float, places: int) -> str:
    """A number as a table prints it; what floating point leaves below the twelfth place is not part of it."""
    exact = Decimal(repr(round(float(value), 12)))
    return str(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def test_five_scores_give_the_printed_ranks_and_equivalents() -> None:
    table = columns("kb_table2_3_tiny.csv")
    f_x, f_y = numbers(table["f_x"]), numbers(table["f_y"])
    np.testing.assert_allclose(percentile_ranks(f_x), numbers(table["prank_x"]), atol=1e-12)
    np.testing.assert_allclose(percentile_ranks(f_y), numbers(table["prank_y"]), atol=1e-12)
    ours = equipercentile(f_x, f_y)
    # The printed 2.8333 is 2.5 + 0.1/0.3.
    np.testing.assert_allclose(ours, [0.5, 1.75, 2.5 + 1 / 3, 3.5, 4.25], atol=1e-12)
    assert [float(printed(v, 4)) for v in ours] == numbers(table["equip_published"]).tolist()


def test_all_41_act_percentile_ranks_are_the_printed_ones() -> None:
    table = columns("actmath_percentile_ranks.csv")
    ours = [printed(v, 2) for v in percentile_ranks(numbers(table["count_x"]))]
    agree = [a == b for a, b in zip(ours, table["prank_x_published_2dp"], strict=True)]
    assert (sum(agree), len(agree)) == (41, 41)


def slow_equivalent(counts_x: list[int], counts_y: list[int], score: int) -> float:
    """Kolen and Brennan's formulas, in whole numbers: ranks as n_y · 2 · cases below, compared exactly."""
    n_x, n_y = sum(counts_x), sum(counts_y)
    rank = (2 * sum(counts_x[:score]) + counts_x[score]) * n_y  # share · 2 · n_x · n_y
    if rank == 0:  # every place below the first case of Y
        first = next(k for k, c in enumerate(counts_y) if c)
        return (-0.5 + first - 0.5) / 2
    if rank == 2 * n_x * n_y:
        last = max(k for k, c in enumerate(counts_y) if c)
        return (last + 0.5 + len(counts_y) - 0.5) / 2
    below = [2 * n_x * sum(counts_y[: k + 1]) for k in range(len(counts_y))]
    upper = next(k for k, c in enumerate(below) if c > rank)
    before = below[upper - 1] if upper else 0
    y_upper = upper - 0.5 + (rank - before) / (below[upper] - before)
    lower = max((k for k, c in enumerate(below) if c < rank), default=-1)
    held = below[lower] if lower >= 0 else 0
    y_lower = lower + 0.5 + (rank - held) / (below[lower + 1] - held)
    return (y_upper + y_lower) / 2


def test_act_equivalents_are_those_of_whole_number_arithmetic() -> None:
    table = columns("actmath_percentile_ranks.csv")
    x, y = [int(v) for v in table["count_x"]], [int(v) for v in table["count_y"]]
    slow = [slow_equivalent(x, y, score) for score in range(41)]
    np.testing.assert_allclose(equipercentile(x, y), slow, atol=1e-11)


def test_random_equivalents_are_those_of_whole_number_arithmetic() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        x, y = (rng.integers(0, 4, rng.integers(1, 8)) for _ in range(2))
        x[rng.integers(x.size)] += 1
        y[rng.integers(y.size)] += 1
        slow = [slow_equivalent(x.tolist(), y.tolist(), score) for score in range(x.size)]
        np.testing.assert_allclose(equipercentile(x, y), slow, atol=1e-11)


def test_act_round_trip_on_continuised_distributions() -> None:
    table = columns("actmath_percentile_ranks.csv")
    knots_x, knots_y = equipercentile_knots(numbers(table["count_x"]), numbers(table["count_y"]))
    places = np.linspace(0.75, 40.25, 500)
    there = along_knots(places, knots_x, knots_y)
    np.testing.assert_allclose(along_knots(there, knots_y, knots_x), places, atol=1e-9)


def slow_poisson(counts: np.ndarray, degree: int, lump: int | None) -> np.ndarray:
    """The Poisson regression of counts on powers of the score and an indicator, by a general-purpose minimiser."""
    score = np.linspace(-1.0, 1.0, counts.size)
    design = [score**k for k in range(degree + 1)]
    if lump is not None:
        design.append((np.arange(counts.size) == lump).astype(float))
    x = np.column_stack(design)
    share = counts / counts.sum()

    def loss(beta: np.ndarray) -> float:
        return float(np.sum(np.exp(x @ beta)) - share @ (x @ beta))

    def slope(beta: np.ndarray) -> np.ndarray:
        return x.T @ (np.exp(x @ beta) - share)

    def curve(beta: np.ndarray) -> np.ndarray:
        return x.T @ (np.exp(x @ beta)[:, None] * x)

    start = np.zeros(x.shape[1])
    start[0] = -np.log(counts.size)
    found = minimize(loss, start, jac=slope, hess=curve, method="trust-exact", options={"gtol": 1e-12, "maxiter": 2000})
    return counts.sum() * np.exp(x @ found.x)


@pytest.mark.parametrize("degree", [1, 2, 4, 6])
@pytest.mark.parametrize("lump", [None, 0, 5])
def test_loglinear_is_the_poisson_regression(degree: int, lump: int | None) -> None:
    counts = numbers(columns("actmath_percentile_ranks.csv")["count_y"]) + 1.0
    if lump is not None:
        counts[lump] += 900.0
    np.testing.assert_allclose(loglinear(counts, degree, lump=lump), slow_poisson(counts, degree, lump), rtol=1e-6)


def test_bic_picks_what_separate_fits_pick() -> None:
    for name in ("count_x", "count_y"):
        counts = numbers(columns("actmath_percentile_ranks.csv")[name])
        used = counts > 0
        bic = []
        for degree in range(1, 7):
            fit = slow_poisson(counts, degree, None)
            bic.append(2 * np.sum(counts[used] * np.log(counts[used] / fit[used])) + degree * np.log(counts.sum()))
        smoothed, degree_chosen = loglinear_bic(counts)
        assert int(degree_chosen) == int(np.argmin(bic)) + 1
        np.testing.assert_allclose(smoothed, loglinear(counts, int(degree_chosen)), rtol=1e-8)


@pytest.mark.parametrize(("mean_x", "mean_y"), [(4.0, 5.0), (6.0, 3.5), (3.0, 7.0), (5.0, 5.001)])
def test_arc_is_the_circle_through_three_points(mean_x: float, mean_y: float) -> None:
    """With equal ranges: the centre is where the two chords' bisectors meet; each y solved for on the circle."""
    a, m, b = np.array([0.0, 0.0]), np.array([mean_x, mean_y]), np.array([10.0, 10.0])
    centre = np.linalg.solve(2 * np.array([m - a, b - a]), [m @ m - a @ a, b @ b - a @ a])
    radius = np.hypot(*(a - centre))
    x = np.linspace(0.0, 10.0, 21)
    half = np.sqrt(radius**2 - (x - centre[0]) ** 2)
    slow = centre[1] + half if mean_y > mean_x else centre[1] - half
    np.testing.assert_allclose(circle_arc(x, mean_x, mean_y, 0, 10, 0, 10), slow, atol=1e-6)


def test_steep_curve_solves_its_equation() -> None:
    exponent = brentq(lambda p: 0.98**p + 0.3**p - 1, 1.0, 200.0)
    u = np.linspace(0.0, 1.0, 11)
    slow = (1 - (1 - u) ** exponent) ** (1 / exponent)
    np.testing.assert_allclose(circle_arc(u, 0.02, 0.3, 0, 1, 0, 1), slow, atol=1e-9)
