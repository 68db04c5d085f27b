"""Who is in which group, which groups are too small to show, and the figures of each person the audit compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.kernels.segments import Bools, Floats, Ints
from riskshare.records.policy import LENSES
from riskshare.scoring.groups_without import Without
from riskshare.scoring.score import Scored
from riskshare.trust.weigh import N_LENSES, Weighed

NOT_STATED: Final = "not stated"
"""The group of people whose characteristic was left blank, or who are not in the table at all."""

MEANS: Final = ("score", "interval_width", "completeness", "police_share")
"""Figures compared by their means; the first is also compared by its median."""


@dataclass(frozen=True, slots=True, repr=False)
class Lines:
    """One line per person with a result in one lens, in order of subject; ``group`` numbers ``groups``, sorted.

    ``figures`` has a column for each of ``MEANS``, NaN where a person has none; ``part`` and ``rows`` a column for each
    indicator. ``people`` counts everybody of each group in the characteristics, and ``found`` those with a result.
    ``withheld`` marks groups of which nothing is shown.
    """

    lens: str
    groups: tuple[str, ...]
    group: Ints
    band: Ints
    figures: Floats
    part: NDArray[np.int8]
    rows: NDArray[np.int32]
    people: Ints
    found: Ints
    withheld: Bools

    @property
    def n(self) -> Ints:
        """How many people with a result are in each group."""
        return np.bincount(self.group, minlength=len(self.groups)).astype(np.int64)

    @property
    def shown(self) -> list[int]:
        """The groups whose figures are shown."""
        return [int(number) for number in np.flatnonzero(~self.withheld)]


def lines_of(
    weighed: Weighed, scored: Scored, without: Without, stated: pd.Series[str], lens: str, *, min_group: int
) -> Lines:
    """Return the lines of one lens.

    Parameters
    ----------
    weighed, scored, without : Weighed, Scored, Without
        Of one assessment.
    stated : pandas.Series
        Group by subject id (the index), missing where left blank.
    lens : str
    min_group : int
        Groups of fewer people with a result are withheld, as ``withheld_groups`` says.
    """
    here = np.flatnonzero(scored.unit % N_LENSES == LENSES.index(lens))
    subjects = weighed.standing.columns.subjects[scored.unit[here] // N_LENSES]
    named = stated.fillna(NOT_STATED)
    mine = named.reindex(subjects).fillna(NOT_STATED).to_numpy(dtype=object)
    groups, group = np.unique(mine.astype(str), return_inverse=True)
    inside = named.index.isin(subjects)
    scores = scored.scores
    width = scores.upper - scores.lower
    columns = (scores.points, width, scores.completeness, scores.police_share)
    n = np.bincount(group, minlength=groups.size).astype(np.int64)
    return Lines(
        lens=lens,
        groups=tuple(str(name) for name in groups),
        group=group.astype(np.int64),
        band=scores.band[here],
        figures=np.stack([column[here].astype(np.float64) for column in columns], axis=1),
        part=without.part[here],
        rows=without.rows[here],
        people=_count(named, groups),
        found=_count(named[inside], groups),
        withheld=withheld_groups(n, min_group),
    )


def _count(named: pd.Series[str], groups: NDArray[np.str_]) -> Ints:
    return np.asarray(named.value_counts().reindex(groups, fill_value=0).to_numpy(), dtype=np.int64)


def withheld_groups(n: Ints, min_group: int) -> Bools:
    """Return which counts are withheld: small ones, and as many more as keep those from being worked out.

    A count of nobody tells of nobody and is shown. One small group could be had by taking the others from a total
    known from elsewhere, such as another audit of the same people; so the next smallest is withheld as well, until the
    withheld are ``min_group`` people together.

    Examples
    --------
    >>> withheld_groups(np.array([50, 4, 30, 0]), 10).tolist()
    [False, True, True, False]
    >>> withheld_groups(np.array([50, 6, 30, 4]), 10).tolist()
    [False, True, False, True]
    """
    withheld = (n > 0) & (n < min_group)
    by_size = np.argsort(n, kind="stable")
    for number in by_size[n[by_size] >= min_group]:
        if not 0 < n[withheld].sum() < min_group:
            break
        withheld[number] = True
    return withheld


def reference_of(lines: Lines, wanted: str | None) -> int | None:
    """Return the group the others are compared with: the one wanted, else the largest that is shown and stated.

    None where that group has no line here or is withheld: then nothing is compared.
    """
    names: Sequence[str] = lines.groups
    if wanted is not None:
        number = names.index(wanted) if wanted in names else None
        return None if number is None or lines.withheld[number] else number
    stated = [number for number in lines.shown if names[number] != NOT_STATED]
    return max(stated, key=lambda number: (lines.n[number], -number), default=None)
