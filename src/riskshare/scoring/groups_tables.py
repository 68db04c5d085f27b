"""The tables of a group audit: figures by group, gaps to the reference group, and what drives each gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from riskshare.kernels.calibration import wilson
from riskshare.kernels.segments import Floats, Ints
from riskshare.records.policy import Indicator
from riskshare.scoring.groups_lines import MEANS, Lines, withheld_groups
from riskshare.scoring.groups_statistics import (
    chance_of_part,
    normal_point,
    rate_gap,
    resampled_means,
    resampled_medians,
    spread,
)
from riskshare.scoring.tables import BANDS

GROUP_COLUMNS: Final = (
    "characteristic", "lens", "group", "is_reference", "withheld", "n", "n_people", "listed_rate", "lower", "upper",
)  # fmt: skip
MEASURE_COLUMNS: Final = ("characteristic", "lens", "group", "measure", "n", "value", "lower", "upper")
BAND_COLUMNS: Final = ("characteristic", "lens", "group", "band", "n", "rate", "lower", "upper")
GAP_COLUMNS: Final = ("characteristic", "lens", "group", "reference", "measure", "gap", "lower", "upper")
DRIVER_COLUMNS: Final = (
    "characteristic", "lens", "group", "reference", "indicator", "part", "lower", "upper", "p", "named", "effect",
    "gap", "gap_without", "share_of_gap", "proxy_for", "justification",
)  # fmt: skip
INDICATOR_COLUMNS: Final = (
    "characteristic", "lens", "group", "indicator", "counts_in_lens", "proxy_for", "justification", "withheld",
    "n_rows", "n_people", "rate", "lower", "upper",
)  # fmt: skip

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "groups": GROUP_COLUMNS,
    "measures": MEASURE_COLUMNS,
    "bands": BAND_COLUMNS,
    "gaps": GAP_COLUMNS,
    "drivers": DRIVER_COLUMNS,
    "indicators": INDICATOR_COLUMNS,
}
Line = dict[str, Any]


class Settings(NamedTuple):
    """What the caller chose, and the random numbers to draw with."""

    level: float
    min_group: int
    n_resamples: int
    rng: np.random.Generator


class Draws(NamedTuple):
    """Resampled figures of one group: means of ``MEANS``, medians of the score, mean parts of each indicator."""

    means: Floats
    medians: Floats
    parts: Floats


def draw(lines: Lines, settings: Settings) -> dict[int, Draws]:
    """Return resampled figures of each group that is shown, people drawn with replacement."""
    drawn = {}
    for number in lines.shown:
        mine = lines.group == number
        figures = lines.figures[mine]
        both = np.concatenate((figures, lines.part[mine].astype(np.float64)), axis=1)
        means = resampled_means(both, settings.n_resamples, settings.rng)
        medians = resampled_medians(figures[:, 0].astype(np.int64), settings.n_resamples, settings.rng)
        drawn[number] = Draws(means[:, : len(MEANS)], medians, means[:, len(MEANS) :])
    return drawn


def group_lines(lines: Lines, reference: int | None, level: float) -> list[Line]:
    """Return one line a group: how many, and how many of its people have a result; withheld where too few."""
    out: list[Line] = []
    for number, name in enumerate(lines.groups):
        line: Line = {"lens": lines.lens, "group": name, "is_reference": number == reference}
        line["withheld"] = bool(lines.withheld[number])
        if number in lines.shown:
            line |= {"n": int(lines.n[number]), "n_people": int(lines.people[number])}
            if lines.people[number]:
                low, high = wilson(lines.found[number], lines.people[number], normal_point(level))
                rate = lines.found[number] / lines.people[number]
                line |= {"listed_rate": float(rate), "lower": float(low), "upper": float(high)}
        out.append(line)
    return out


def measure_lines(lines: Lines, drawn: dict[int, Draws], settings: Settings) -> list[Line]:
    """Return mean and median score, mean interval width, completeness and police share of each group shown.

    A mean over fewer than the least number of people who have that figure is left missing.
    """
    out: list[Line] = []
    for number in lines.shown:
        figures = lines.figures[lines.group == number]
        intervals = _measure_draws(drawn[number])
        for measure, (value, n) in _measures(figures).items():
            line: Line = {"lens": lines.lens, "group": lines.groups[number], "measure": measure}
            if n >= settings.min_group:
                low, high = spread(intervals[measure], level=settings.level)
                line |= {"n": n, "value": value, "lower": float(low), "upper": float(high)}
            out.append(line)
    return out


def _measures(figures: Floats) -> dict[str, tuple[float, int]]:
    """Return each measure's value and how many people it rests on."""
    found = {f"mean_{name}": _mean(figures[:, column]) for column, name in enumerate(MEANS)}
    median = float(np.median(figures[:, 0]))
    return {"mean_score": found.pop("mean_score"), "median_score": (median, len(figures)), **found}


def _mean(values: Floats) -> tuple[float, int]:
    known = values[np.isfinite(values)]
    return (float(known.mean()) if known.size else np.nan), int(known.size)


def _measure_draws(drawn: Draws) -> dict[str, Floats]:
    means = {f"mean_{name}": drawn.means[:, column] for column, name in enumerate(MEANS)}
    return {**means, "median_score": drawn.medians}


def band_lines(lines: Lines, level: float) -> list[Line]:
    """Return the rate of each band in each group shown, ``cannot say`` included, with Wilson's interval."""
    out: list[Line] = []
    for number in lines.shown:
        counts = band_counts(lines, number)
        n = int(lines.n[number])
        low, high = wilson(counts, n, normal_point(level))
        for place, band in enumerate(BANDS):
            out.append(
                {
                    "lens": lines.lens, "group": lines.groups[number], "band": band, "n": n,
                    "rate": counts[place] / n, "lower": float(low[place]), "upper": float(high[place]),
                }
            )  # fmt: skip
    return out


def band_counts(lines: Lines, number: int) -> Ints:
    """Return how many of a group are in each of ``BANDS``."""
    band = lines.band[lines.group == number]
    return np.bincount(np.where(band < 0, len(BANDS) - 1, band), minlength=len(BANDS)).astype(np.int64)


def gap_lines(lines: Lines, reference: int, drawn: dict[int, Draws], settings: Settings) -> list[Line]:
    """Return each shown group's figures minus the reference group's: means, median and band rates."""
    out: list[Line] = []
    base = lines.figures[lines.group == reference]
    base_draws, base_bands = _measure_draws(drawn[reference]), band_counts(lines, reference)
    for number in compared(lines, reference):
        head = {"lens": lines.lens, "group": lines.groups[number], "reference": lines.groups[reference]}
        mine, mine_draws = _measures(lines.figures[lines.group == number]), _measure_draws(drawn[number])
        for measure, (value, n) in _measures(base).items():
            line: Line = {**head, "measure": measure}
            if min(n, mine[measure][1]) >= settings.min_group:
                low, high = spread(mine_draws[measure] - base_draws[measure], level=settings.level)
                line |= {"gap": mine[measure][0] - value, "lower": float(low), "upper": float(high)}
            out.append(line)
        counts, n, n_base = band_counts(lines, number), int(lines.n[number]), int(lines.n[reference])
        below, above = rate_gap(counts, n, base_bands, n_base, level=settings.level)
        for place, band in enumerate(BANDS):
            gap = counts[place] / n - base_bands[place] / n_base
            ends = {"lower": float(below[place]), "upper": float(above[place])}
            out.append({**head, "measure": f"rate: {band}", "gap": gap, **ends})
    return out


def compared(lines: Lines, reference: int | None) -> list[int]:
    """Return the groups that are compared with the reference: none where there is no reference."""
    return [] if reference is None else [number for number in lines.shown if number != reference]


def driver_lines(
    lines: Lines, reference: int, drawn: dict[int, Draws], kinds: Sequence[Indicator], n_tests: int, settings: Settings
) -> list[Line]:
    """Return, for each shown group and indicator, how much of the gap in mean score goes away without the indicator.

    ``n_tests`` is the number of comparisons in the audit of this characteristic: p is multiplied by it.
    """
    out: list[Line] = []
    for number in compared(lines, reference):
        both = np.isin(lines.group, (number, reference))
        mine = lines.group[both] == number
        part, score = lines.part[both].astype(np.float64), lines.figures[both, 0]
        chance = np.minimum(chance_of_part(mine, part, settings.n_resamples, settings.rng) * n_tests, 1.0)
        parts = part[mine].mean(axis=0) - part[~mine].mean(axis=0)
        low, high = spread(drawn[number].parts - drawn[reference].parts, level=settings.level)
        gap = float(score[mine].mean() - score[~mine].mean())
        around = spread(drawn[number].means[:, 0] - drawn[reference].means[:, 0], level=settings.level)
        head = {"lens": lines.lens, "group": lines.groups[number], "reference": lines.groups[reference], "gap": gap}
        for place in np.lexsort((-np.abs(parts), chance)):
            out.append(
                {
                    **head,
                    **_driver(kinds[place], float(parts[place]), float(chance[place]), gap, around, settings.level),
                    "lower": float(low[place]),
                    "upper": float(high[place]),
                }
            )
    return out


def _driver(kind: Indicator, part: float, chance: float, gap: float, around: tuple[Any, Any], level: float) -> Line:
    named = chance <= 1.0 - level + 1e-12
    # A share of a gap that may be none at all would be a large number that means nothing.
    is_gap = not around[0] <= 0.0 <= around[1]
    return {
        "indicator": kind.id,
        "part": part,
        "p": chance,
        "named": named,
        "effect": ("raises this group" if part > 0 else "lowers this group") if named else "within chance",
        "gap_without": gap - part,
        "share_of_gap": part / gap if is_gap and gap else np.nan,
        "proxy_for": kind.proxy_for,
        "justification": kind.justification,
    }


def indicator_lines(lines: Lines, kinds: Sequence[Indicator], settings: Settings) -> list[Line]:
    """Return how many rows with weight each indicator has about each group, beside what it may stand for and why.

    Cells of one to nine people are withheld, and a second cell where one alone could be worked out.
    """
    out: list[Line] = []
    for place, kind in enumerate(kinds):
        rows = lines.rows[:, place]
        people = np.bincount(lines.group[rows > 0], minlength=len(lines.groups)).astype(np.int64)
        total = np.bincount(lines.group, weights=rows, minlength=len(lines.groups)).astype(np.int64)
        hidden = withheld_groups(people, settings.min_group) | lines.withheld
        for number, name in enumerate(lines.groups):
            line: Line = {
                "lens": lines.lens, "group": name, "indicator": kind.id, "counts_in_lens": lines.lens in kind.lens,
                "proxy_for": kind.proxy_for, "justification": kind.justification, "withheld": bool(hidden[number]),
            }  # fmt: skip
            if not hidden[number]:
                low, high = wilson(people[number], lines.n[number], normal_point(settings.level))
                line |= {"n_rows": int(total[number]), "n_people": int(people[number])}
                line |= {"rate": float(people[number] / lines.n[number]), "lower": float(low), "upper": float(high)}
            out.append(line)
    return out


def to_frame(lines: Sequence[Line], table: str) -> pd.DataFrame:
    """Return the lines of one table as a data frame; counts stay whole where some are missing."""
    columns = TABLES[table]
    frame = pd.DataFrame(lines, columns=list(columns))
    for name in columns:
        if name in ("n", "n_people", "n_rows"):
            frame[name] = frame[name].astype("Int64")
    return frame
