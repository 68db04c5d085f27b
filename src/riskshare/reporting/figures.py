"""Native numbers with no more places than their scale bears, and places between the levels of an ordinal scale."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from riskshare.records.scale import Scale
from riskshare.scales.bars import as_position

_SAME = 0.05
"""A place this near to where a level begins is shown as that level: figures bear one decimal."""


def figure_words(scale: Scale, value: float) -> str:
    """Return a number with one place more than the scale's own steps, at most three; per cent where it is one.

    Examples
    --------
    >>> share = Scale(id="s", name="s", owner="x", kind="probability", lo=0.0, hi=100.0, step=0.1, direction="risk",
    ...     source="x", year="undated", mark="local")
    >>> figure_words(share, 6.854)
    '6.85 %'
    """
    places = max(0, min(3, 1 - math.floor(math.log10(scale.step))))
    unit = " %" if scale.kind == "probability" and scale.hi is not None and scale.hi > 1.0 else ""
    return f"{value:.{places}f}{unit}"


def interval_words(scale: Scale, estimate: float, lower: float, upper: float) -> str:
    """Return a number with its interval: ``16.8 [16.0, 17.4]``; never a number that the scale does not have.

    A cut is written up to a step beyond the scale (41 on 0 to 40: nobody meets it). There an end of the interval says
    that it has none, and the estimate stands at the scale's end with a sign: ``40.0+``, in part not even that.

    Examples
    --------
    >>> count = Scale(id="c", name="c", owner="x", kind="count", lo=0.0, hi=40.0, direction="risk", source="x",
    ...     year="undated", mark="local")
    >>> interval_words(count, 16.79, 16.0, 17.42), interval_words(count, 38.2, 19.9, 41.0)
    ('16.8 [16.0, 17.4]', '38.2 [19.9, no upper end]')
    """
    low = "no lower end" if scale.lo is not None and lower < scale.lo else figure_words(scale, lower)
    high = "no upper end" if scale.hi is not None and upper > scale.hi else figure_words(scale, upper)
    return f"{estimate_words(scale, estimate)} [{low}, {high}]"


def estimate_words(scale: Scale, estimate: float) -> str:
    """Return a place on a scale: its end with ``+`` (or ``−``) where it lies inside the last step.

    Examples
    --------
    >>> count = Scale(id="c", name="c", owner="x", kind="count", lo=0.0, hi=40.0, direction="risk", source="x",
    ...     year="undated", mark="local")
    >>> estimate_words(count, 40.6)
    '40.0+'
    """
    if scale.hi is not None and estimate > scale.hi:
        return f"{figure_words(scale, scale.hi)}+"
    if scale.lo is not None and estimate < scale.lo:
        return f"{figure_words(scale, scale.lo)}−"
    return figure_words(scale, estimate)


class Level(NamedTuple):
    """Where a bar falls among levels: ``split`` is in part beyond it, ``beyond`` wholly ('' for none)."""

    split: str
    beyond: str


def level_of(scale: Scale, estimate: float) -> Level:
    """Return the level that a bar on an ordinal scale cuts through, and the next more severe one.

    A bar of 3.8 on ranks 1 to 4 takes the last fifth of those on level 3, and level 4 whole. ``split`` is empty where
    the bar lies between two levels, as an owner's own cut does.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> two = Scale(id="b", name="b", owner="x", kind="ordinal", lo=1.0, hi=2.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=(Band(name="amber", starts=1.0), Band(name="red", starts=2.0)))
    >>> level_of(two, 1.6), level_of(two, 2.0), level_of(two, 2.3)
    (Level(split='amber', beyond='red'), Level(split='', beyond='red'), Level(split='red', beyond=''))
    """
    # Half-open steps in order of severity: level k spans half a step on either side of its rank.
    sign = -1.0 if scale.direction == "safety" else 1.0
    bands = sorted(scale.bands, key=lambda band: sign * band.starts)
    at = sign * float(as_position(scale, estimate))
    begins = np.array([sign * band.starts - scale.step / 2.0 for band in bands])
    exact = np.flatnonzero(np.abs(begins - at) < _SAME * scale.step)
    if len(exact):
        return Level("", bands[int(exact[0])].name)
    k = max(0, int(np.searchsorted(begins, at, side="right")) - 1)
    return Level(bands[k].name, bands[k + 1].name if k + 1 < len(bands) else "")
