"""From rows with categories to the cells of a table with totals, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.sharing.refusals import refuse

Ints = NDArray[np.int64]
Levels = tuple[tuple[str, ...], ...]

ALL: Final = "All"
"""The label of a total."""


def placed(
    frame: pd.DataFrame, by: Sequence[str], levels: Mapping[str, Sequence[str]] | None
) -> tuple[list[Ints], Levels]:
    """Return the place of every row along each dimension, and the categories of each."""
    problems, places, named = [], [], []
    for column in by:
        labels, missing = frame[column].astype(str), frame[column].isna().to_numpy()
        labels[missing] = None
        names = tuple(map(str, levels[column])) if levels and column in levels else tuple(sorted(set(labels.dropna())))
        place = pd.Index(names).get_indexer(pd.Index(labels)) if len(set(names)) == len(names) else np.zeros(len(frame))
        if missing.any():
            problems.append(("category_missing", f"{column} is missing in {int(missing.sum())} rows."))
        if ALL in names or len(set(names)) < len(names):
            problems.append(("category", f"Categories of {column} must differ, and none may be called {ALL}."))
        if (place[~missing] < 0).any():
            problems.append(("category_unknown", f"{column} holds categories that levels does not name."))
        places.append(np.asarray(place, dtype=np.int64))
        named.append(names)
    refuse(problems)
    return places, tuple(named)


def cell_problems(places: list[Ints], shape: tuple[int, ...], counts: pd.Series[Any]) -> list[tuple[str, str]]:
    """Return what is wrong with counts given one row a cell."""
    values = pd.to_numeric(counts, errors="coerce").to_numpy(dtype=np.float64)
    whole = np.isfinite(values) & (values >= 0)
    problems = []
    if not bool(whole.all()) or bool((values[whole] % 1 != 0).any()):
        problems.append(("not_counts", "Counts must be whole numbers, 0 or more, none missing."))
    if values.size and np.unique(np.ravel_multi_index(tuple(places), shape)).size < values.size:
        problems.append(("cell_twice", "A cell has two rows. Add them up first."))
    return problems


def tally(places: list[Ints], shape: tuple[int, ...]) -> Ints:
    """Return how many rows lie in each cell."""
    table = np.zeros(shape, dtype=np.int64)
    np.add.at(table, tuple(places), 1)
    return table


def every_cell(places: list[Ints], shape: tuple[int, ...]) -> tuple[Ints, Ints]:
    """Return each row with each cell it is part of, its totals included: numbers of cells, and of rows."""
    n = places[0].size
    cells = [
        np.ravel_multi_index(
            tuple(np.full(n, length - 1) if total else place
                  for place, length, total in zip(places, shape, choice, strict=True)), shape)
        for choice in product((False, True), repeat=len(places))
    ]  # fmt: skip
    return np.concatenate(cells).astype(np.int64), np.tile(np.arange(n), len(cells))
