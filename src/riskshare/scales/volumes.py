"""How many cases an agency would call high at its own bar and at each partner's: a gap in people and workload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from riskshare.kernels.anchors import Floats
from riskshare.kernels.rates import poisson_interval
from riskshare.records.partnership import Agency
from riskshare.records.scale import Scale
from riskshare.scales.bars import as_position, share_beyond
from riskshare.scales.pair_disagreement import SMALL

PER: Final = 10_000.0


def suppressed(count: int, n: int) -> bool:
    """Return whether a count is not shown: 1 to 4 of n cases, or all but 1 to 4 of them.

    A total beside the count would give the rest away (methods: thresholds, C5).

    Examples
    --------
    >>> [suppressed(count, 100) for count in (0, 1, 4, 5, 95, 96, 99, 100)]
    [False, True, True, False, False, True, True, False]
    """
    return any(SMALL[0] <= part <= SMALL[1] for part in (count, n - count))


def volume(
    agency: Agency, scale: Scale, values: npt.ArrayLike, bar: tuple[float, float, float], own_bar: float | None
) -> dict[str, Any]:
    """Return how many of an agency's cases lie at or beyond a bar, with rates: N·P(x ≥ bar) on the cases themselves.

    A bar that falls inside a step takes a share of that step's cases, as links do; the count is rounded.

    Parameters
    ----------
    agency : Agency
        Its ``population`` and ``workers`` turn counts into rates; where it gives none, or 0, the rate is None.
    scale : Scale
    values : array_like, shape (n,)
        The agency's native values, none missing.
    bar : (float, float, float)
        The bar and its 95 % interval on this scale, as cuts are written.
    own_bar : float or None
        The agency's own cut, as written.

    Returns
    -------
    dict
        The figures of ``records.comparison.VolumeLine``. A bar further up flags fewer, so ``flagged_low`` belongs to
        the bar's severe end. Rates carry the exact Poisson interval of the count (Garwood 1936), which is that of
        chance in the number of cases and not of the bar. They are of shared cases over the period, never of a caseload.

    Examples
    --------
    >>> from riskshare.records.scale import Scale
    >>> count = Scale(id="c", name="c", owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local")
    >>> school = Agency(id="s", name="S", sector="education", authorities=("a",), population=50_000.0, workers=4.0,
    ...     contact="x")
    >>> found = volume(school, count, list(range(20)), (12.0, 10.0, 14.0), 15.0)
    >>> [found[name] for name in ("flagged", "flagged_low", "flagged_high", "flagged_own")]
    [8, 6, 10, 5]
    >>> found["shared_cases_per_10000"], found["shared_cases_per_worker"]
    (1.6, 2.0)
    """
    x = np.asarray(values, dtype=np.float64)
    n = len(x)
    counts = [_count(scale, x, at) for at in bar]
    own = None if own_bar is None else _count(scale, x, own_bar)
    low, high = sorted(counts[1:])
    shown = [None if count is None or suppressed(count, n) else count for count in (counts[0], low, high, own)]
    hidden = any(count is not None and suppressed(count, n) for count in (counts[0], low, high, own))
    flagged = shown[0]
    return {
        "bar": float(bar[0]), "n": n, "flagged": flagged, "flagged_low": shown[1], "flagged_high": shown[2],
        "flagged_own": shown[3], "share": None if flagged is None or not n else flagged / n,
        **_rates("shared_cases_per_10000", flagged, agency.population, PER),
        **_rates("shared_cases_per_worker", flagged, agency.workers, 1.0),
        "suppressed": hidden, "refused": "",
    }  # fmt: skip


def _count(scale: Scale, values: Floats, bar: float) -> int:
    return round(float(share_beyond(scale, values, float(as_position(scale, bar))).sum()))


def _rates(name: str, count: int | None, size: float | None, per: float) -> dict[str, float | None]:
    if count is None or not size:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    low, high = poisson_interval(count, size / per)
    return {name: count * per / size, f"{name}_low": float(low), f"{name}_high": float(high)}


def no_volume(n: int, reason: str) -> dict[str, Any]:
    """Return a line without figures, with the reason."""
    figures = (
        "bar", "flagged", "flagged_low", "flagged_high", "flagged_own", "share", "shared_cases_per_10000",
        "shared_cases_per_10000_low", "shared_cases_per_10000_high", "shared_cases_per_worker",
        "shared_cases_per_worker_low", "shared_cases_per_worker_high",
    )  # fmt: skip
    return {**dict.fromkeys(figures), "n": n, "suppressed": False, "refused": reason}


def with_period(line: Mapping[str, Any], period: tuple[str, str] | None) -> dict[str, Any]:
    """Return a line with the days its cases were scored between."""
    first, last = period or (None, None)
    return {**line, "period_from": first, "period_to": last}
