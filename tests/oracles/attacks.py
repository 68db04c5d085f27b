"""What a motivated reader would try: attacks on protected output, written without the code that protects it.

Nothing here imports from riskshare. Each attack takes only what is published (and, to be as strong as can be, the
unrounded counts of the cells that are shown) and returns what it makes of it.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from scipy.optimize import linprog, nnls

WITHIN_M = 100.0


# -------------------------------------------------------------------------------------- 1. tables with totals


def intervals(shown: np.ndarray) -> dict[tuple[int, ...], tuple[float, float]]:
    """Return least and greatest value of every withheld (NaN) cell of a table whose last entries are totals."""
    hidden = [place for place in product(*map(range, shown.shape)) if np.isnan(shown[place])]
    column = {place: number for number, place in enumerate(hidden)}
    rows, right = [], []
    for axis, length in enumerate(shown.shape):
        for rest in product(*(range(n) for k, n in enumerate(shown.shape) if k != axis)):
            row, total = np.zeros(len(hidden)), 0.0
            for step in range(length):
                place = (*rest[:axis], step, *rest[axis:])
                sign = -1.0 if step == length - 1 else 1.0
                if place in column:
                    row[column[place]] = sign
                else:
                    total -= sign * shown[place]
            if row.any():
                rows.append(row)
                right.append(total)
    found = {}
    for place, number in column.items():
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(len(hidden))
            aim[number] = sign
            answer = linprog(aim, A_eq=np.array(rows), b_eq=right, bounds=(0, None), method="highs")
            ends.append(sign * answer.fun if answer.status == 0 else np.inf)
        found[place] = (ends[0], ends[1])
    return found


def line_subtraction(shown: np.ndarray) -> dict[tuple[int, ...], float]:
    """Return what plain sums give: the one withheld cell of a line, again and again."""
    table, found = shown.copy(), {}
    changed = True
    while changed:
        changed = False
        for axis in range(table.ndim):
            for rest in product(*(range(n) for k, n in enumerate(table.shape) if k != axis)):
                places = [(*rest[:axis], step, *rest[axis:]) for step in range(table.shape[axis])]
                gaps = [place for place in places if np.isnan(table[place])]
                if len(gaps) == 1:
                    parts = [table[p] for p in places[:-1] if p != gaps[0]]
                    value = sum(parts) if gaps[0] == places[-1] else table[places[-1]] - sum(parts)
                    table[gaps[0]] = found[gaps[0]] = value
                    changed = True
    return found


# ---------------------------------------------------------------------------------------- 2. releases, nested areas

Sums = dict[frozenset, int]


def small_differences(first: Sums, second: Sums, least: int) -> int:
    """Return how many differences of published sums come down to fewer than ``least`` people.

    Same parts in both: a change of 1 to ``least`` − 1. One sum's parts within another's: what is left, 0 included, of
    taking away any one sum, any two that do not overlap, or all the largest within it.
    """
    leaks = sum(0 < abs(second[parts] - first[parts]) < least for parts in first.keys() & second.keys())
    together = {**first, **second}
    for parts, total in together.items():
        inside = [other for other in together if other < parts]
        taken = [(one,) for one in inside]
        taken += [(a, b) for a, b in combinations(inside, 2) if not a & b]
        largest = [a for a in inside if not any(a < b for b in inside)]
        if sum(map(len, largest)) == len(frozenset().union(*largest)):
            taken.append(tuple(largest))
        for away in taken:
            rest = parts.difference(*away)
            if rest and 0 <= total - sum(together[a] for a in away) < least:
                leaks += 1
    return leaks


# ------------------------------------------------------------------------------------------------ 3. repeated exports


def averaged(exports: list[dict[str, tuple[float, float]]]) -> dict[str, tuple[int, tuple[float, float]]]:
    """Return for every record how many different places it was shown at, and their mean."""
    seen: dict[str, list[tuple[float, float]]] = {}
    for export in exports:
        for record, place in export.items():
            seen.setdefault(record, []).append(place)
    return {r: (len(set(all_)), tuple(np.mean(all_, axis=0).tolist())) for r, all_ in seen.items()}


# ------------------------------------------------------------------------------------------------------ 4. surfaces


def quartic_matrix(side: int, bandwidth_px: float) -> np.ndarray:
    """Return what an event in each pixel of a square map adds to every pixel, edges corrected, as the docs say."""
    at = np.arange(side)
    gap = (at[:, None] - at[None]) ** 2
    squared = gap[:, None, :, None] + gap[None, :, None, :]
    weight = np.clip(1.0 - squared / bandwidth_px**2, 0.0, None) ** 2
    weight = weight.reshape(side * side, side * side)
    whole = np.arange(-int(bandwidth_px) - 1, int(bandwidth_px) + 2)
    total = (np.clip(1.0 - (whole[:, None] ** 2 + whole[None] ** 2) / bandwidth_px**2, 0.0, None) ** 2).sum()
    kernel = weight / total
    return kernel / kernel.sum(axis=1, keepdims=True)


def invert(surface: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the events in each pixel that best explain a surface: least squares, none below 0."""
    known = np.isfinite(surface.ravel())
    found, _ = nnls(matrix[known], surface.ravel()[known], maxiter=50 * matrix.shape[1])
    return found.reshape(surface.shape)


def guesses(
    events: np.ndarray, pixel_m: float, n: int, rng: np.random.Generator, *, spread_m: float = 0.0
) -> np.ndarray:
    """Return ``n`` guesses at homes, heaviest pixels first; spread over the cell, where cells are known to be used."""
    side_m = events.shape[0] * pixel_m
    order = np.argsort(-events.ravel(), kind="stable")
    out: list[tuple[float, float]] = []
    for pixel in order.tolist():
        weight = round(float(events.ravel()[pixel]))
        if weight < 1 or len(out) >= n:
            break
        row, col = divmod(pixel, events.shape[1])
        centre = np.array([(col + 0.5) * pixel_m, (row + 0.5) * pixel_m])
        for _ in range(min(weight if spread_m else 1, n - len(out))):
            out.append(tuple(centre + rng.uniform(-0.5, 0.5, 2) * spread_m))
    while len(out) < n:
        out.append(tuple(rng.uniform(0.0, side_m, 2)))
    return np.array(out)


def homes_found(homes: np.ndarray, guessed: np.ndarray, within_m: float = WITHIN_M) -> float:
    """Return the share of homes with a guess near."""
    apart = np.hypot(homes[:, None, 0] - guessed[None, :, 0], homes[:, None, 1] - guessed[None, :, 1])
    return float((apart.min(axis=1) <= within_m).mean())


def guesses_right(homes: np.ndarray, guessed: np.ndarray, within_m: float) -> float:
    """Return the share of guesses with a home near."""
    return homes_found(guessed, homes, within_m)
