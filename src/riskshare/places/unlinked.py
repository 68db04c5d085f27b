"""Sources that share no claim id with anybody: what they report may be what others report, counted twice.

Nothing is joined by guess. What lies near enough to be the same is counted and said; partners may agree a rule, so many
metres and days, by which it is joined. Methods: places, sections 4.5 and 5.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from riskshare.places.points import NO_DAY, Points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

USUAL_M: Final = 100.0
"""Proposal: how far an event may lie from where it is placed, where nobody says."""
USUAL_DAYS: Final = 1


def unlinked_sources(points: Points) -> tuple[str, ...]:
    """Return the sources of which no claim is another source's too, where some other sources do share claims.

    Where no two sources share any claim, nothing tells whether they see the same events, and none is returned.
    """
    table = pd.DataFrame({"claim": points.claim, "source": points.source})[~points.looked].drop_duplicates()
    shared = table["claim"].duplicated(keep=False)
    joined = set(table["source"][shared])
    return tuple(sorted(set(table["source"]) - joined)) if joined else ()


def unlinked_notes(points: Points) -> tuple[str, ...]:
    """Return a note on each such source: how many of its events may be another source's, by place and day."""
    notes = []
    for source in unlinked_sources(points):
        mine = (points.source == source) & ~points.looked
        reach = np.where(np.isnan(points.precision_m), USUAL_M, points.precision_m)
        near, _ = _pairs(points, source, reach, USUAL_DAYS)
        notes.append(
            f"{source} shares no claim id with any other source, so what others report too counts twice: "
            f"{np.unique(near).size:,} of its {int(mine.sum()):,} events lie as near to another source's as both are "
            f"precise, within {USUAL_DAYS} day. Send claim ids, or agree join_within=(metres, days)."
        )
    return tuple(notes)


def join_unlinked(points: Points, within_m: float, within_days: int) -> tuple[Points, tuple[str, ...]]:
    """Return points of which a source that shares no claim id takes the claim of the nearest event of another source.

    Parameters
    ----------
    points : Points
    within_m : float, metres
        How far apart at most two reports of one claim are placed.
    within_days : int
        How many days apart at most.

    Returns
    -------
    points : Points
        Each event of such a source joins at most one event of others, and each of those at most one of it: first the
        fewest days apart, then the nearest. Only events of one category and with dates are joined.
    notes : tuple of str
    """
    claim, notes = points.claim.copy(), []
    for source in unlinked_sources(points):
        mine, other = _pairs(points, source, np.full(len(points), within_m / 2.0), within_days)
        apart = np.abs(points.day[mine] - points.day[other])
        away = np.hypot(points.x[mine] - points.x[other], points.y[mine] - points.y[other])
        names = points.source[other].astype(str)
        # A choice that no order of rows can change.
        keys = (points.y[other], points.x[other], names, points.y[mine], points.x[mine], points.day[mine], away, apart)
        taken_mine: set[int] = set()
        taken_claim: set[int] = set()
        for place in np.lexsort(keys):
            one, told = int(mine[place]), int(claim[other[place]])
            if one not in taken_mine and told not in taken_claim:
                taken_mine.add(one)
                taken_claim.add(told)
                claim[one] = told
        whole = int(((points.source == source) & ~points.looked).sum())
        notes.append(
            f"{source} shares no claim id: {len(taken_mine):,} of its {whole:,} events were taken for the nearest "
            f"claim of another source, within {within_m:,.0f} m and {within_days} days, as asked."
        )
    return replace(points, claim=claim), tuple(notes)


def _pairs(points: Points, source: str, reach: Floats, within_days: int) -> tuple[Ints, Ints]:
    """Return (event of a source, event of another) that lie within both reaches and so many days; of one category."""
    usable = ~points.looked & (points.day != NO_DAY)
    mine = np.flatnonzero(usable & (points.source == source))
    others = np.flatnonzero(usable & (points.source != source))
    nothing = np.zeros(0, dtype=np.int64)
    if not mine.size or not others.size:
        return nothing, nothing
    tree = cKDTree(np.column_stack((points.x[others], points.y[others])))
    widest = float(reach[others].max())
    found = tree.query_ball_point(np.column_stack((points.x[mine], points.y[mine])), reach[mine] + widest)
    one = np.repeat(mine, [len(near) for near in found])
    other = others[np.concatenate([np.asarray(near, dtype=np.int64) for near in found])]
    away = np.hypot(points.x[one] - points.x[other], points.y[one] - points.y[other])
    kept = (
        (away <= reach[one] + reach[other])
        & (np.abs(points.day[one] - points.day[other]) <= within_days)
        & (points.category[one] == points.category[other])
    )
    return one[kept], other[kept]
