"""Severity-matched strata of the common scale, and where a higher position waits longer than a lower one.

On the policy basis a case lies at the middle of its native band's section; positions are agreed, not probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskshare.records.response_times import LongerWait, StratumTimes, Timing
from riskshare.records.scale import CommonScale
from riskshare.responses.durations import Estimate, difference

NOT_PLACED: Final = -1
NOT_PLACED_NAME: Final = "not placed"


def stratum_edges(common_scale: CommonScale) -> tuple[float, ...]:
    """Return where the strata meet: the agreed edges, and the middle of medium.

    >>> stratum_edges(CommonScale())
    (30.0, 50.0, 70.0, 90.0)
    """
    medium, high, very_high = common_scale.edges
    return (medium, (medium + high) / 2.0, high, very_high)


def stratum_names(common_scale: CommonScale) -> tuple[str, ...]:
    """Return the names of the strata, mild first.

    >>> stratum_names(CommonScale())
    ('below 30', '30-50', '50-70', '70-90', '90 and over')
    """
    edges = stratum_edges(common_scale)
    between = [f"{low:g}-{high:g}" for low, high in pairwise(edges)]
    return (f"below {edges[0]:g}", *between, f"{edges[-1]:g} and over")


def stratum_name(number: int, common_scale: CommonScale) -> str:
    """Return the name of one stratum; ``not placed`` for −1."""
    return stratum_names(common_scale)[number] if number >= 0 else NOT_PLACED_NAME


def stratum_numbers(common: ArrayLike, common_scale: CommonScale) -> NDArray[np.int64]:
    """Return the stratum of each position, from 0, edges belonging to the stratum above; −1 for no position.

    Parameters
    ----------
    common : array_like of float, shape (n,)
        Positions on the common scale, 0–100; NaN for none.
    common_scale : CommonScale

    Returns
    -------
    ndarray of int64, shape (n,)
        Empty in, empty out.

    Examples
    --------
    >>> stratum_numbers([0.0, 30.0, 69.9, 70.0, 100.0, float("nan")], CommonScale()).tolist()
    [0, 1, 2, 3, 4, -1]
    """
    points = np.asarray(common, dtype=np.float64)
    number = np.searchsorted(stratum_edges(common_scale), points, side="right")
    return np.where(np.isnan(points), NOT_PLACED, number).astype(np.int64)


def reaches_beyond(low: ArrayLike, high: ArrayLike, common_scale: CommonScale) -> bool:
    """Return whether any half-open interval of positions touches more than one stratum.

    >>> reaches_beyond([50.0], [70.0], CommonScale()), reaches_beyond([0.0], [70.0], CommonScale())
    (False, True)
    """
    bottom, top = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    last = np.where(top > bottom, np.nextafter(top, -np.inf), top)
    return bool(np.any(stratum_numbers(bottom, common_scale) != stratum_numbers(last, common_scale)))


def find_longer_waits(times: Sequence[StratumTimes], common_scale: CommonScale) -> tuple[LongerWait, ...]:
    """Return every pair in which cases at a higher position take longer, by the medians, than others at a lower one.

    Parameters
    ----------
    times : sequence of StratumTimes
    common_scale : CommonScale

    Returns
    -------
    tuple of LongerWait
        Comparable pairs first, then those whose clocks stop at the same event, then those beyond chance, then the
        largest difference. Pairs whose medians cannot be known are left out; so are cases without a place on the
        common scale, and pairs of which neither is its agency's own "high".

    Notes
    -----
    One line lies higher than another in a higher stratum, or in the same one if its agency calls it "high" and the
    other's does not. Pairs within one agency count as well.
    """
    rank = {name: number for number, name in enumerate(stratum_names(common_scale))}
    placed = [line for line in times if line.stratum in rank and line.median_hours is not None]
    found = [
        _longer_wait(more, less)
        for more, less in product(placed, placed)
        if (more.own_high or less.own_high)
        and (rank[more.stratum], more.own_high) > (rank[less.stratum], less.own_high)
        and _median(more).point > _median(less).point
    ]
    return tuple(
        sorted(found, key=lambda i: (not i.comparable, not i.same_stop, not i.beyond_chance, -i.slower_by_hours))
    )


def _median(line: Timing) -> Estimate:
    point, low, high = (
        np.nan if figure is None else figure for figure in (line.median_hours, line.median_low, line.median_high)
    )
    return Estimate(point, low, high)


def _longer_wait(more: StratumTimes, less: StratumTimes) -> LongerWait:
    slower, faster = _median(more), _median(less)
    gap = difference(slower, faster)
    same_start, same_stop = more.start_event == less.start_event, more.stop_event == less.stop_event
    beyond_chance = bool(gap.low > 0.0)
    return LongerWait(
        more_agency=more.agency,
        more_stratum=more.stratum,
        more_bands=more.bands,
        more_own_high=more.own_high,
        more_start_event=more.start_event,
        more_stop_event=more.stop_event,
        more_median_hours=slower.point,
        less_agency=less.agency,
        less_stratum=less.stratum,
        less_bands=less.bands,
        less_own_high=less.own_high,
        less_start_event=less.start_event,
        less_stop_event=less.stop_event,
        less_median_hours=faster.point,
        slower_by_hours=gap.point,
        slower_low=None if np.isnan(gap.low) else gap.low,
        slower_high=None if np.isnan(gap.high) else gap.high,
        beyond_chance=beyond_chance,
        same_start=same_start,
        same_stop=same_stop,
        comparable=same_start and same_stop,
        spans=more.spans or less.spans,
        inversion=same_start and same_stop and beyond_chance,
    )
