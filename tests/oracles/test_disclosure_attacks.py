"""The attack suite: what a motivated reader gets out of protected tables, releases, exports and surfaces."""

from __future__ import annotations

import datetime as dt
import itertools

import attacks
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import Bounds, LinearConstraint, milp

from riskshare.kernels.density import kernel_density
from riskshare.sharing.release_register import Release, check_release, release
from riskshare.sharing.snapping import FixedPoints, Snapped, fixed_points, snap, snap_to_cells
from riskshare.sharing.suppression import line_sums, suppress, with_totals
from riskshare.sharing.surfaces import safe_surface
from riskshare.sharing.tables import ALL, Protected, protect_counts

RULES = {"public": (10, True), "partnership": (5, False)}


# -------------------------------------------------------------------------------------- 1. tables with totals


def random_table(number: int) -> tuple[np.ndarray, str]:
    """Return a table of 1 to 3 dimensions with many small counts, and the audience it is protected for."""
    rng = np.random.default_rng([1, number])
    shape = tuple(rng.integers(2, (9, 7, 4)[: (number % 3) + 1]).tolist())
    mean = float(rng.choice([3.0, 8.0, 20.0, 60.0]))
    return rng.negative_binomial(0.8, 0.8 / (0.8 + mean), size=shape), ("public", "partnership")[number // 3 % 2]


def attack_table(number: int) -> tuple[int, int, float, int]:
    """Return cells withheld, cells recovered, the narrowest interval, and cells within an interval too narrow."""
    counts, audience = random_table(number)
    least, zero = RULES[audience]
    table = with_totals(counts)
    done = suppress(table, least=least, zero_is_small=zero)
    shown = np.where(done.withheld, np.nan, table)
    assert not ((shown < least) & ((shown > 0) | zero)).any()
    found = attacks.intervals(shown)
    widths = [high - low for low, high in found.values()]
    assert all(low - 1e-6 <= table[cell] <= high + 1e-6 for cell, (low, high) in found.items())
    exact = sum(width < 1.0 - 1e-6 for width in widths) + len(attacks.line_subtraction(shown))
    return len(found), exact, min(widths, default=np.inf), sum(width < least - 1e-6 for width in widths)


def attack_tables(numbers: range) -> tuple[int, int, int]:
    withheld = exact = narrow = 0
    for number in numbers:
        cells, recovered, _, too_narrow = attack_table(number)
        withheld, exact, narrow = withheld + cells, exact + recovered, narrow + too_narrow
    return withheld, exact, narrow


def test_the_attack_recovers_cells_of_a_table_that_is_only_primarily_suppressed() -> None:
    """An attack that finds nothing anywhere would prove nothing."""
    recovered = 0
    for number in range(20):
        counts, audience = random_table(number)
        least, zero = RULES[audience]
        table = with_totals(counts)
        shown = np.where((table < least) & ((table > 0) | zero), np.nan, table)
        found = attacks.intervals(shown) if np.isnan(shown).any() else {}
        recovered += sum(high - low < 1.0 - 1e-6 for low, high in found.values())
    assert recovered > 20


def test_no_withheld_cell_of_50_tables_is_worked_out() -> None:
    withheld, exact, narrow = attack_tables(range(50))
    assert withheld > 500
    assert (exact, narrow) == (0, 0)


@pytest.mark.long
def test_no_withheld_cell_of_1000_tables_is_worked_out(capsys: pytest.CaptureFixture[str]) -> None:
    withheld, exact, narrow = attack_tables(range(1_000))
    with capsys.disabled():
        print(f"\n1,000 tables, {withheld:,} cells withheld: {exact} recovered, {narrow} in too narrow an interval")  # noqa: T201
    assert (exact, narrow) == (0, 0)


@pytest.mark.parametrize("number", [2, 5, 8, 11])
def test_three_dimensions_hold_against_whole_numbers(number: int) -> None:
    """A reader knows that people are whole: the interval of whole tables is as wide as promised."""
    counts, audience = random_table(number)
    least, zero = RULES[audience]
    table = with_totals(counts)
    hidden = np.flatnonzero(suppress(table, least=least, zero_is_small=zero).withheld)
    lines = line_sums(table.shape)[:, hidden].astype(float)
    known = lines @ table.ravel()[hidden]
    for place in range(0, hidden.size, 4):
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(hidden.size)
            aim[place] = sign
            answer = milp(
                aim,
                constraints=LinearConstraint(lines, known, known),
                bounds=Bounds(0, table.sum() + 100),
                integrality=np.ones(hidden.size),
            )
            ends.append(sign * answer.fun)
        assert ends[1] - ends[0] >= least - 1e-6


# ---------------------------------------------------------------------------------------- 2. releases, nested areas

APRIL, JULY = dt.date(2026, 4, 1), dt.date(2026, 7, 1)
UNITS = [f"U{n}" for n in range(8)]
KINDS = ["a", "b"]


def as_frame(counts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        [(u, k, int(counts[i, j])) for i, u in enumerate(UNITS) for j, k in enumerate(KINDS)],
        columns=["area", "kind", "count"],
    )


def as_released(counts: np.ndarray, groups: dict[str, str], before: Protected | None) -> tuple[Protected, Release]:
    frame = as_frame(counts)
    wide = frame.assign(area=frame["area"].map(groups)).groupby(["area", "kind"], as_index=False)["count"].sum()
    table = protect_counts(wide, by=["area", "kind"], withheld_before=before)
    kept = release(table, frame, series="injuries", starts=APRIL, until=JULY, groups={"area": groups})
    return table, kept


def random_pair(number: int) -> tuple[Release, Release]:
    """Return two public releases of one period: a correction, other areas, or both."""
    rng = np.random.default_rng([2, number])
    counts = rng.negative_binomial(2, 2 / (2 + 40.0), size=(len(UNITS), len(KINDS)))
    wards = {u: f"W{n // int(rng.integers(1, 4))}" for n, u in enumerate(UNITS)}
    table, first = as_released(counts, wards, None)
    again, kind = counts.copy(), number % 4
    if kind in (0, 2):  # a correction: small, or large
        for _ in range(int(rng.integers(1, 4))):
            at = tuple(rng.integers(0, again.shape).tolist())
            again[at] = max(0, again[at] + int(rng.choice([-1, 1, 3, 15, 40])))
    if kind == 1:  # other areas: each unit stays, or moves to the next
        shift = int(rng.integers(1, 4))
        areas = {u: f"V{(n + shift) // int(rng.integers(2, 5))}" for n, u in enumerate(UNITS)}
        return first, as_released(again, areas, None)[1]
    return first, as_released(again, wards, table if number % 3 else None)[1]


def published(one: Release) -> attacks.Sums:
    return {cell.parts: sum(one.counts[part] for part in cell.parts) for cell in one.cells if cell.shown}


def attack_pairs(numbers: range) -> tuple[int, int, int, int]:
    """Return pairs admitted, leaks in them, pairs refused, and those of them in which subtraction leaks."""
    admitted = leaks = refused = caught = 0
    for number in numbers:
        first, second = random_pair(number)
        small = attacks.small_differences(published(first), published(second), 10)
        if check_release(second, [first]).refused:
            refused += 1
            caught += small > 0
        else:
            admitted += 1
            leaks += small
    return admitted, leaks, refused, caught


def test_subtraction_finds_nothing_in_admitted_releases() -> None:
    admitted, leaks, refused, caught = attack_pairs(range(60))
    assert leaks == 0
    assert admitted > 10
    assert caught > 10
    assert refused >= caught


@pytest.mark.long
def test_subtraction_finds_nothing_in_300_release_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    admitted, leaks, refused, caught = attack_pairs(range(300))
    with capsys.disabled():
        print(f"\n300 pairs: {admitted} admitted, {leaks} leaks in them; {refused} refused, {caught} would have leaked")  # noqa: T201
    assert leaks == 0
    assert admitted > 50


# ------------------------------------------------------------------------------------------------ 3. repeated exports


def town_points(seed: int, n: int = 2_000, side_m: float = 2_000.0) -> tuple[FixedPoints, np.random.Generator]:
    rng = np.random.default_rng([3, seed])
    west = shapely.box(0, 0, side_m / 2, side_m)
    east = shapely.box(side_m / 2, 0, side_m, side_m)
    at = rng.uniform(0, side_m, (n, 2))
    return fixed_points(at[:, 0], at[:, 1], {"W": west, "E": east}), rng


def test_a_hundred_exports_give_one_place_for_each_record() -> None:
    points, rng = town_points(1)
    homes = {f"R{n}": tuple(rng.uniform(0, 2_000, 2)) for n in range(60)}
    exports = []
    for _ in range(100):  # in any order, with any others
        chosen = rng.permutation(sorted(homes))[: int(rng.integers(20, 61))]
        at = np.array([homes[r] for r in chosen])
        one, cell = snap(at[:, 0], at[:, 1], points), snap_to_cells(at[:, 0], at[:, 1])
        exports.append({r: (*p, *c) for r, *p, c in zip(
            chosen, one.x, one.y, zip(cell.x, cell.y, strict=True), strict=True)})  # fmt: skip
    found = attacks.averaged(exports)
    assert len(found) == 60
    assert {places for places, _ in found.values()} == {1}


# ------------------------------------------------------------------------------------------------------ 4. surfaces

PIXEL_M, BANDWIDTH_M = 50, 300.0


def shares(side_m: int, n_homes: int, towns: range, within_m: float, *, pixel_m: int = PIXEL_M) -> dict[str, float]:
    """Return how often each way of drawing lets a guess be right, over towns of homes spread at random.

    As many guesses as homes where ``within_m`` is 100, otherwise 25: the share of homes found, or of guesses right.
    """
    side = side_m // pixel_m
    matrix = attacks.quartic_matrix(side, BANDWIDTH_M / pixel_m)
    score = attacks.homes_found if within_m == attacks.WITHIN_M else attacks.guesses_right
    n = n_homes if within_m == attacks.WITHIN_M else 25
    got: dict[str, list[float]] = {"guess": [], "raw": [], "partnership": [], "public": []}
    for town in towns:
        rng = np.random.default_rng([4, side_m, town])
        homes = rng.uniform(0, side_m, (n_homes, 2))
        everyone = rng.uniform(0, side_m, (side_m * side_m // 2_500, 2))  # an address for every 50 m × 50 m
        for way, (surface, spread) in drawn(homes, everyone, side_m, pixel_m).items():
            events = attacks.invert(surface, matrix)
            guessed = attacks.guesses(events, pixel_m, n, rng, spread_m=spread)
            got[way].append(score(homes, guessed, within_m))
        got["guess"].append(score(homes, rng.uniform(0, side_m, (n, 2)), within_m))
    return {way: float(np.mean(values)) for way, values in got.items()}


def drawn(homes: np.ndarray, everyone: np.ndarray, side_m: int, pixel_m: int) -> dict[str, tuple[np.ndarray, float]]:
    x, y = homes.T
    side = side_m // pixel_m
    counts = np.zeros((side, side))
    np.add.at(counts, ((y // pixel_m).astype(int), (x // pixel_m).astype(int)), 1)
    raw = kernel_density(counts, np.ones_like(counts), BANDWIDTH_M / pixel_m).density
    points = fixed_points(everyone[:, 0], everyone[:, 1], {"A": shapely.box(0, 0, side_m, side_m)})
    frame = {"bounds": (0.0, 0.0, side_m - 1.0, side_m - 1.0), "pixel_m": pixel_m, "bandwidth_m": BANDWIDTH_M}
    people = (everyone[:, 0], everyone[:, 1], np.ones(len(everyone)))
    partners = safe_surface(snap(x, y, points), **frame, people=people, audience="partnership")
    public = safe_surface(snap_to_cells(x, y), **frame)
    return {"raw": (raw, 0.0), "partnership": (partners.values, 0.0), "public": (public.values, 500.0)}


def test_a_public_surface_of_few_homes_says_nothing_and_a_raw_one_nearly_all() -> None:
    """25 homes in 2 × 2 km, bandwidth 300 m, as in the pilot of the method; the reader gets the unbanded surface."""
    found = shares(2_000, 25, range(3), 100.0)
    assert found["raw"] > 0.8
    assert abs(found["public"] - found["guess"]) < 0.2  # 75 homes: the long run holds it to five points


def test_a_public_surface_of_many_homes_shows_cells_and_no_more() -> None:
    """200 homes in 1 × 1 km: every cell is shown. Of 25 guesses, how many are within 20 m of a home?"""
    found = shares(1_000, 200, range(3), 20.0)
    assert found["raw"] > found["guess"] + 0.15
    assert abs(found["public"] - found["guess"]) < 0.15


@pytest.mark.long
def test_surfaces_of_50_towns_against_guessing(capsys: pytest.CaptureFixture[str]) -> None:
    few, many = shares(2_000, 25, range(50), 100.0), shares(1_000, 200, range(50), 20.0)
    with capsys.disabled():
        for name, found in (("25 homes, found within 100 m", few), ("200 homes, guesses within 20 m", many)):
            print(f"\n{name}: " + ", ".join(f"{way} {share:.1%}" for way, share in found.items()))  # noqa: T201
    for found in (few, many):
        assert abs(found["public"] - found["guess"]) <= 0.05
        assert found["raw"] > found["guess"] + 0.15


@pytest.mark.long
def test_a_public_surface_of_clustered_homes_says_no_more_than_the_public_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """50 towns of 80 homes in 3 × 3 km, half in two clusters: the reader of the surface against one of the table."""
    side_m, pixel_m = 3_000, 100
    matrix = attacks.quartic_matrix(side_m // pixel_m, BANDWIDTH_M / pixel_m)
    surface_reader, table_reader, anywhere = [], [], []
    for town in range(50):
        rng = np.random.default_rng([5, town])
        centres = rng.uniform(500, side_m - 500, (2, 2))
        close = np.clip(np.repeat(centres, 20, axis=0) + rng.normal(0, 150, (40, 2)), 0, side_m - 1)
        homes = np.concatenate([close, rng.uniform(0, side_m, (40, 2))])
        places = snap_to_cells(homes[:, 0], homes[:, 1])
        surface = safe_surface(
            places, bounds=(0.0, 0.0, side_m - 1.0, side_m - 1.0), pixel_m=pixel_m, bandwidth_m=BANDWIDTH_M
        )
        events = attacks.invert(surface.values, matrix)
        table = shown_cells(places, side_m, pixel_m)
        for got, counts in ((surface_reader, events), (table_reader, table), (anywhere, np.zeros_like(events))):
            guessed = attacks.guesses(counts, pixel_m, len(homes), rng, spread_m=500.0)
            got.append(attacks.homes_found(homes, guessed))
    means = [float(np.mean(one)) for one in (surface_reader, table_reader, anywhere)]
    with capsys.disabled():
        print("\n80 homes, half clustered: surface {:.1%}, table {:.1%}, anywhere {:.1%}".format(*means))  # noqa: T201
    assert means[0] <= means[1] + 0.05


def shown_cells(places: Snapped, side_m: int, pixel_m: int) -> np.ndarray:
    """Return the public table of cells, each count at the pixel of its centre."""
    table = np.zeros((side_m // pixel_m,) * 2)
    seen = pd.Series(list(zip(places.x, places.y, strict=True))).value_counts()
    for (x, y), count in seen[seen >= 10].items():
        table[int(y // pixel_m), int(x // pixel_m)] = 5 * ((count + 2) // 5)
    return table


# --------------------------------------------------------------------------- 5. fixed points against real density


def test_every_point_stands_for_eight_addresses_by_recount() -> None:
    points, rng = town_points(5, n=700)
    at = rng.uniform(-100, 2_100, (5_000, 2))
    events = snap(at[:, 0], at[:, 1], points)
    again = np.random.default_rng([3, 5]).uniform(0, 2_000.0, (700, 2))
    for place in np.unique(events.place[events.place >= 0]).tolist():
        west, south, east, north = points.boxes[place]
        inside = (again[:, 0] >= west) & (again[:, 0] < east) & (again[:, 1] >= south) & (again[:, 1] < north)
        side = again[:, 0] <= 1_000 if points.area[place] == "W" else again[:, 0] > 1_000
        assert (inside & side).sum() == points.stands_for[place] >= 8


def test_totals_and_labels_of_a_protected_table_hide_which_cells_are_small() -> None:
    frame = pd.DataFrame({"area": list("ABC"), "count": [3, 12, 51]})
    table = protect_counts(frame, by=["area"]).table
    assert set(table["status"]) == {"shown", "withheld"}
    assert table["area"].tolist() == ["A", "B", "C", ALL]  # by name, not by size
    assert list(itertools.chain(table.columns)) == ["area", "count", "status"]
