"""Native numbers with no more places than their scale bears."""

from __future__ import annotations

import math

from riskshare.records.scale import Scale


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
    """Return a number with its interval: ``16.8 [16.0, 17.4]``.

    Examples
    --------
    >>> count = Scale(id="c", name="c", owner="x", kind="count", lo=0.0, direction="risk", source="x", year="undated",
    ...     mark="local")
    >>> interval_words(count, 16.79, 16.0, 17.42)
    '16.8 [16.0, 17.4]'
    """
    return f"{figure_words(scale, estimate)} [{figure_words(scale, lower)}, {figure_words(scale, upper)}]"
