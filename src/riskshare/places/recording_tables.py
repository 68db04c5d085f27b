"""Tables of recording practice: offsets, ratios of pairs, segments of border. Methods: places, section 5.5."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskshare.kernels.multiplicity import adjusted_p
from riskshare.places.boundary import segment_offsets
from riskshare.places.crs import BRITISH_GRID
from riskshare.places.levelling import CAP, Levelled
from riskshare.places.offsets import BOUNDARY, TOGETHER, Offsets
from riskshare.places.placebo import placebo_ranks
from riskshare.places.recording_units import Line
from riskshare.places.second_source import Beside, chapman

Floats = NDArray[np.float64]

OFFSET_COLUMNS: Final = (
    "source", "category", "organisation", "estimable", "reason", "theta", "theta_lower", "theta_upper", "ratio",
    "lower", "upper", "theta_applied", "capped", "information", "n_events", "n_border_events", "n_neighbour_events",
    "compared_with",
)  # fmt: skip
"""Columns of the offsets: ``ratio`` = exp(θ) with its 95 % interval, against the mean of those compared."""
RATIO_COLUMNS: Final = (
    "source", "category", "organisation", "against", "information", "log_ratio", "ratio", "lower", "upper", "misfit_p",
)  # fmt: skip
SEGMENT_COLUMNS: Final = (
    "segment_id", "source", "category", "organisation", "against", "areas", "length_m", "n", "n_against", "expected",
    "expected_against", "delta", "v", "omega2", "p", "q", "placebo_rank", "placebo_of", "used", "reason", "geometry",
)  # fmt: skip
SECOND_COLUMNS: Final = (
    "source", "category", "organisation", "second_source", "n", "n_second", "n_both", "spread", "happened",
    "happened_se", "share_recorded",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Unit:
    """One source and category: its organisations and offsets, with the line and the second source they rest on."""

    source: str
    category: str
    line: Line
    offsets: Offsets
    n_events: Floats
    beside: Beside | None

    @property
    def names(self) -> tuple[str, ...]:
        """The organisations."""
        return self.line.names

    def __repr__(self) -> str:
        """Return which."""
        return f"Unit({self.source!r}, {self.category!r})"


def offsets_table(units: tuple[Unit, ...]) -> pd.DataFrame:
    """Return one line for each organisation of each source and category (``OFFSET_COLUMNS``).

    ``theta`` and its interval are unshrunk and uncapped; ``theta_applied`` is what adjustment uses. Missing where not
    estimable, with the reason.
    """
    lines = [_offset(unit, number) for unit in units for number in range(len(unit.names))]
    return pd.DataFrame(lines, columns=list(OFFSET_COLUMNS))


def _offset(unit: Unit, number: int) -> dict[str, Any]:
    found = unit.offsets.together
    known = bool(found.component[number] >= 0)
    theta, low, high = found.interval(np.eye(len(unit.names))[number]) if known else (np.nan,) * 3
    own, neighbours = _border_events(unit, number)
    fellows = np.flatnonzero((found.component == found.component[number]) & known)
    return {
        "source": unit.source, "category": unit.category, "organisation": unit.names[number], "estimable": known,
        "reason": "" if known else _why(unit), "theta": theta, "theta_lower": low, "theta_upper": high,
        "ratio": np.exp(theta), "lower": np.exp(low), "upper": np.exp(high),
        "theta_applied": found.applied[number] if known else np.nan,
        "capped": known and bool(abs(found.used[number]) > CAP), "information": _information(unit, number),
        "n_events": int(unit.n_events[number]), "n_border_events": own, "n_neighbour_events": neighbours,
        "compared_with": tuple(unit.names[other] for other in fellows if other != number),
    }  # fmt: skip


def _information(unit: Unit, number: int) -> tuple[str, ...]:
    items = unit.offsets.information.items()
    return tuple(name for name, found in items if ((found.one == number) | (found.other == number)).any())


def _border_events(unit: Unit, number: int) -> tuple[int, int]:
    segments = unit.offsets.segments
    mine = (segments.organisation == number) & segments.used[:, None]
    first = segments.observed[:, :, 0]
    return int(first[mine].sum()), int(first[mine[:, ::-1]].sum())


def _why(unit: Unit) -> str:
    if len(unit.names) < 2:
        return "not estimable: no other organisation records this"
    reason = unit.offsets.reason or "no usable border with another organisation"
    return f"not estimable: {reason}, and nothing else to compare by"


def ratios_table(units: tuple[Unit, ...]) -> pd.DataFrame:
    """Return one line for each pair of organisations and each kind of information, alone and together.

    ``ratio`` is what ``organisation`` records over what ``against`` does, of alike events. ``misfit_p``, on the lines
    for all together, is small where the kinds of information or the lines disagree: a social step at the line is one
    cause.
    """
    lines = []
    for unit in units:
        found = {TOGETHER: unit.offsets.together, **unit.offsets.apart}
        for (one, other), (name, levelled) in (
            (pair, item) for pair in combinations(range(len(unit.names)), 2) for item in found.items()
        ):
            if levelled.component[one] >= 0 and levelled.component[one] == levelled.component[other]:
                lines.append(_ratio(unit, name, levelled, other, one))
    return pd.DataFrame(lines, columns=list(RATIO_COLUMNS))


def _ratio(unit: Unit, name: str, levelled: Levelled, one: int, other: int) -> dict[str, Any]:
    identity = np.eye(len(unit.names))
    value, low, high = levelled.interval(identity[one] - identity[other])
    return {
        "source": unit.source, "category": unit.category, "organisation": unit.names[one], "against": unit.names[other],
        "information": name, "log_ratio": value, "ratio": np.exp(value), "lower": np.exp(low), "upper": np.exp(high),
        "misfit_p": levelled.misfit_p if name == TOGETHER else np.nan,
    }  # fmt: skip


def segments_table(units: tuple[Unit, ...], codes: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return one line for each segment of border of each source and category, ``q`` adjusted over all of them.

    ``expected`` are people (or square metres) covered in the strip; ``p`` is exact for no step at the line for whatever
    reason; ``placebo_rank`` 1 of ``placebo_of`` means that no placebo line differs as much.
    """
    frames = [_segments(unit, codes) for unit in units if len(unit.offsets.segments)]
    if not frames:
        empty = pd.DataFrame({name: [] for name in SEGMENT_COLUMNS[:-1]})
        return gpd.GeoDataFrame(empty, geometry=gpd.GeoSeries([], crs=BRITISH_GRID), crs=BRITISH_GRID)
    frame = pd.concat(frames, ignore_index=True)
    frame["q"] = adjusted_p(frame["p"].to_numpy())
    frame["segment_id"] = [f"L{number + 1}" for number in range(len(frame))]
    table = gpd.GeoDataFrame(frame, geometry="geometry", crs=BRITISH_GRID)
    return table[list(SEGMENT_COLUMNS)]


def _segments(unit: Unit, codes: tuple[str, ...]) -> pd.DataFrame:
    offsets, strips = unit.offsets, unit.line.strips
    segments = offsets.segments
    delta, variance, p = segment_offsets(segments)
    rank, of = placebo_ranks(segments, offsets.placebos)
    sides = [np.unique(strips.sides[part]) for part in segments.pieces]
    counts, expected = segments.observed[:, :, 0].astype(np.int64), segments.expected[:, :, 0]
    names = np.array(unit.names, dtype=object)[segments.organisation]
    omega = offsets.gradient.variance if offsets.gradient is not None else np.nan
    return pd.DataFrame(
        {
            "source": unit.source, "category": unit.category, "organisation": names[:, 0], "against": names[:, 1],
            "areas": [tuple(codes[area] for area in side) for side in sides],
            "length_m": [float(strips.length_m[part].sum()) for part in segments.pieces],
            "n": counts[:, 0], "n_against": counts[:, 1], "expected": expected[:, 0],
            "expected_against": expected[:, 1], "delta": delta, "v": variance, "omega2": omega, "p": p,
            "placebo_rank": rank, "placebo_of": of, "used": segments.used & (BOUNDARY in offsets.information),
            "reason": [reason or offsets.reason for reason in segments.reason],
            "geometry": [shapely.union_all(strips.line[part]) for part in segments.pieces],
        }
    )  # fmt: skip


def second_table(units: tuple[Unit, ...], second: str | None) -> pd.DataFrame:
    """Return the counts of both sources by organisation, with Chapman's estimate of how many events there were.

    ``share_recorded`` = n/N̂. Missing without pairs. Where the two sources depend on each other N̂ is too low.
    """
    lines = []
    for unit, beside in ((unit, unit.beside) for unit in units if unit.beside is not None):
        for row in range(beside.organisation.size):
            n, other, both = (float(column[row]) for column in (beside.first, beside.second, beside.both))
            happened, error = chapman(n, other, both) if both else (np.nan, np.nan)
            name = unit.names[beside.organisation[row]]
            counts = int(n), int(other), int(both)
            lines.append(
                (unit.source, unit.category, name, second, *counts, beside.spread, happened, error, n / happened)
            )
    return pd.DataFrame(lines, columns=list(SECOND_COLUMNS))
