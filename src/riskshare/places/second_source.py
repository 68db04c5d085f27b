"""What a second source, recorded under one practice on both sides of a line, says of the first one's recording.

Methods: places, section 5.5: police counts against ambulance counts, or pairs of reports of the same event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskshare.places.levelling import Comparisons

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_FOR_SPREAD: Final = 10
"""Proposal: degrees of freedom from which the spread of ratios between areas of one organisation is estimated."""

CAVEAT: Final = (
    "Pairs assume that one source's recording of an event does not depend on the other's. Where an ambulance calls the "
    "police, or only serious events reach both, the number of events comes out too low and recording too high, alike "
    "on both sides only if the dependence is."
)


@dataclass(frozen=True, slots=True, repr=False)
class Beside:
    """Counts of two sources by organisation and practice of the second; arrays of one length.

    Attributes
    ----------
    organisation, practice : numpy.ndarray of int64
        Organisation of the first source, and the second source's own organisation.
    first, second, both : numpy.ndarray of float64
        Events by the first source, by the second, and by both (one claim).
    exposure : numpy.ndarray of float64
        ln of how much more of the ground the first source covered than the second.
    spread : float
        φ ≥ 1: how much more the ratio varies between areas of one organisation than chance.
    """

    organisation: Ints
    practice: Ints
    first: Floats
    second: Floats
    both: Floats
    exposure: Floats
    spread: float

    def __repr__(self) -> str:
        """Return how many."""
        return f"Beside({self.organisation.size})"


def ratio_comparisons(beside: Beside, min_events: int) -> Comparisons:
    """Return ln(first/second) of each organisation: its offset plus a level that all under one practice share.

    Notes
    -----
    With M events in both, var ln(A/B) = φ(1/A + 1/B − 2M/(AB)): what both recorded cancels. Organisations with fewer
    than ``min_events`` of either are left out.

    Examples
    --------
    >>> two = np.array([0, 1]), np.array([0, 0])
    >>> counts = np.array([60.0, 100.0]), np.array([50.0, 50.0]), np.zeros(2)
    >>> found = ratio_comparisons(Beside(*two, *counts, np.zeros(2), 1.0), 30)
    >>> np.diff(found.value).round(3).tolist()
    [0.508]
    """
    keep = (beside.first >= min_events) & (beside.second >= min_events)
    a, b, m = beside.first[keep], beside.second[keep], beside.both[keep]
    value = np.log((a + 0.5) / (b + 0.5)) - beside.exposure[keep]
    variance = beside.spread * (1.0 / (a + 0.5) + 1.0 / (b + 0.5) - 2.0 * m / ((a + 0.5) * (b + 0.5)))
    return _made(beside, keep, value, variance)


def pair_comparisons(beside: Beside, min_events: int) -> Comparisons:
    """Return ln of the share that the first source recorded of what the second did: its offset plus a level.

    m | n₂ is binomial with the first source's recording probability, if the two record independently (``CAVEAT``):
    ln((m + ½)/(n₂ + ½)), variance 1/(m + ½) − 1/(n₂ + ½). Organisations with fewer than ``min_events`` pairs are left
    out.
    """
    keep = (beside.both >= min_events) & (beside.second > beside.both)
    n, m = beside.second[keep], beside.both[keep]
    value = np.log((m + 0.5) / (n + 0.5)) - beside.exposure[keep]
    return _made(beside, keep, value, 1.0 / (m + 0.5) - 1.0 / (n + 0.5))


def _made(beside: Beside, keep: NDArray[np.bool_], value: Floats, variance: Floats) -> Comparisons:
    n = int(keep.sum())
    return Comparisons(
        beside.organisation[keep], np.full(n, -1, dtype=np.int64), beside.practice[keep], value, variance,
        np.zeros(n, dtype=np.bool_),
    )  # fmt: skip


def chapman(first: float, second: float, both: float) -> tuple[float, float]:
    """Return N̂ = (n₁ + 1)(n₂ + 1)/(m + 1) − 1, how many events there were, and its standard error.

    Parameters
    ----------
    first, second, both : float
        Events by one source, by the other, by both.

    Notes
    -----
    D. G. Chapman, University of California Publications in Statistics 1, 1951; variance by G. A. F. Seber, Biometrika
    57, 1970: (n₁+1)(n₂+1)(n₁−m)(n₂−m)/((m+1)²(m+2)).

    Examples
    --------
    >>> chapman(9, 4, 1)
    (24.0, 10.0)
    """
    n = (first + 1.0) * (second + 1.0)
    variance = n * (first - both) * (second - both) / ((both + 1.0) ** 2 * (both + 2.0))
    return n / (both + 1.0) - 1.0, float(np.sqrt(variance))


def ratio_spread(group: Ints, first: Floats, second: Floats, exposure: Floats) -> float:
    """Return φ: how much more the share of the first source varies between areas of one organisation than chance.

    Pearson's χ² of the counts by area over its degrees of freedom, 1 at least; 1 with fewer than 10 of them.

    Parameters
    ----------
    group : numpy.ndarray of int64, shape (areas,)
        Organisation and practice of each.
    first, second : numpy.ndarray of float64, shape (areas,)
    exposure : numpy.ndarray of float64, shape (areas,)
        How much more of the area the first source covered: a factor.
    """
    total = first + second
    statistic, degrees = 0.0, 0
    for number in np.unique(group):
        mine = (group == number) & (total > 0)
        if mine.sum() < 2 or not first[mine].any() or not second[mine].any():
            continue
        share = _common_share(first[mine], total[mine], exposure[mine])
        statistic += float(np.sum((first[mine] - total[mine] * share) ** 2 / (total[mine] * share * (1.0 - share))))
        degrees += int(mine.sum()) - 1
    return max(1.0, statistic / degrees) if degrees >= FEWEST_FOR_SPREAD else 1.0


def _common_share(first: Floats, total: Floats, exposure: Floats) -> Floats:
    """Return each area's share under one ratio for all, by Newton steps on its logarithm."""
    log_odds = float(np.log(first.sum() / (total - first).sum() / np.average(exposure, weights=total)))
    for _ in range(20):
        odds = np.exp(log_odds) * exposure
        share = odds / (1.0 + odds)
        log_odds += float((first - total * share).sum() / (total * share * (1.0 - share)).sum())
    return np.asarray(share)
