"""Upper tails of a sum of binomial (or over-dispersed, beta-binomial) counts: exact for few, a saddle-point for many.

Each column is a place, each row a stratum: a recording organisation, source and category with its own total.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, ndtr

Floats = NDArray[np.float64]
_PIECE = 1 << 13  # places worked on at a time
_ROUNDING = 1e-12  # a share this near 1 is 1
_POISSON_LIKE = 1e-6  # φ this near 1 is 1: the beta-binomial would be lost in rounding
_RELIABLE = 1e-6  # below this, 1 − cdf has lost digits
_FURTHER = 64  # terms added up there
_MOST_TURNS = 150  # Newton needs a dozen; strata of tiny, very over-dispersed counts the rest
_NEAR_MEAN = 1e-3  # |w| below which 1/w − 1/u is taken from the skewness


class Tails(NamedTuple):
    """Upper tails, one value a place: ``p`` = P(O ≥ o) and ``mid_p`` = P(O > o) + ½ P(O = o)."""

    p: Floats
    mid_p: Floats


def upper_tails(
    observed: ArrayLike, totals: ArrayLike, shares: ArrayLike, dispersion: ArrayLike = 1.0, *, exact_up_to: int = 32
) -> Tails:
    """Return P(O ≥ o) and its mid-p for O a sum over strata of Binomial(N_k, q_k), place by place.

    Parameters
    ----------
    observed : array_like of whole numbers, (places,)
        o, the sum over the strata.
    totals : array_like of whole numbers, (strata,)
        N_k, what each stratum counted everywhere.
    shares : array_like of real, (strata, places)
        q_k, the expected share of the stratum's total in the place, 0 to 1.
    dispersion : array_like of real, scalar or (strata,)
        φ_k ≥ 1, variance over the binomial's. Above 1, counts are negative binomial with variance φ times their mean;
        given their total they are beta-binomial with α + β = N_k/(φ_k − 1).
    exact_up_to : int
        Largest o worked out exactly; beyond it by saddle-point, whose p is within 0.1 % of the exact one for φ ≤ 2
        and 2 % for φ ≤ 5 with the default. Raise it for larger φ: time grows with its square.

    Returns
    -------
    Tails
        ``p`` and ``mid_p``, (places,) each; empty for no places.

    Raises
    ------
    ValueError
        If shapes do not go together, a count is not whole, a share is outside 0 to 1, φ is below 1 or not finite, or
        more is observed than all totals together.

    Notes
    -----
    Exact: the probabilities of 0 ... o of each stratum, convolved. Saddle-point: R. Lugannani and S. Rice, Advances in
    Applied Probability 12, 1980, with the continuity correction of H. E. Daniels, International Statistical Review 55,
    1987, and for φ > 1 conditional on the totals after I. M. Skovgaard, Journal of Applied Probability 24, 1987.

    Examples
    --------
    Two strata of one event each, half and a quarter of it expected here: P(O ≥ 1) = 1 − ½·¾ and P(O = 2) = ⅛:

    >>> tails = upper_tails([0, 1, 2], [1, 1], [[0.5] * 3, [0.25] * 3])
    >>> tails.p.round(6).tolist(), tails.mid_p.round(6).tolist()
    ([1.0, 0.625, 0.125], [0.8125, 0.375, 0.0625])
    """
    o, strata = _checked(observed, totals, shares, dispersion)
    p, mid_p = np.empty(o.size), np.empty(o.size)
    for start in range(0, o.size, _PIECE):
        piece = slice(start, start + _PIECE)
        p[piece], mid_p[piece] = _piece_tails(o[piece], strata.at(piece), exact_up_to)
    return Tails(p, mid_p)


class Strata(NamedTuple):
    """Totals (strata, 1), shares (strata, places) and φ (strata, 1)."""

    total: Floats
    share: Floats
    phi: Floats

    def at(self, places: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Strata:
        """Return the same strata in some of the places."""
        return self._replace(share=self.share[:, places])


def _checked(observed: ArrayLike, totals: ArrayLike, shares: ArrayLike, dispersion: ArrayLike) -> tuple[Floats, Strata]:
    o = np.asarray(observed, dtype=np.float64)
    total = np.asarray(totals, dtype=np.float64)
    share = np.asarray(shares, dtype=np.float64)
    phi = np.asarray(dispersion, dtype=np.float64)
    if o.ndim != 1 or total.ndim != 1 or share.shape != (total.size, o.size) or phi.shape not in ((), total.shape):
        msg = (
            "observed is (places,), totals (strata,), shares (strata, places) and dispersion one number or (strata,); "
            f"they are {o.shape}, {total.shape}, {share.shape} and {phi.shape}."
        )
        raise ValueError(msg)
    for counts, name in ((o, "observed"), (total, "totals")):
        if not np.all(np.isfinite(counts) & (counts >= 0.0) & (counts == np.rint(counts))):
            msg = f"{name} must be whole counts, 0 or more: decide on claims, not on weighted sums."
            raise ValueError(msg)
    if not np.all((share >= 0.0) & (share <= 1.0)):
        msg = "shares must lie between 0 and 1."
        raise ValueError(msg)
    if not np.all(np.isfinite(phi) & (phi >= 1.0)):
        msg = "dispersion must be finite and 1 or more."
        raise ValueError(msg)
    if o.size and o.max() > total.sum():
        msg = "A place holds more than all totals together: totals must cover the same counts as observed."
        raise ValueError(msg)
    counted = total > 0.0
    phi = np.broadcast_to(phi, total.shape)[counted, None]
    return o, Strata(total[counted, None], share[counted], phi)


def _piece_tails(o: Floats, strata: Strata, exact_up_to: int) -> tuple[Floats, Floats]:
    """Return p and mid-p of a few thousand places, each by the way that suits its count."""
    # A stratum counted nowhere else is certain: what is left is how many of the others came here.
    certain = strata.share >= 1.0 - _ROUNDING
    o = o - (strata.total * certain).sum(axis=0)
    strata = strata._replace(share=np.where(certain, 0.0, strata.share))
    most = _most(strata)
    p, mid_p = np.ones(o.size), np.ones(o.size)
    p[o > most], mid_p[o > most] = 0.0, 0.0
    few = (o >= 0.0) & (o <= exact_up_to) & (o <= most)
    bucket = np.ceil(np.log2(np.maximum(o, 0.5)))  # 0 | 1 | 2 | 3, 4 | 5 to 8 | ...
    for size in np.unique(bucket[few]):
        here = np.flatnonzero(few & (bucket == size))
        p[here], mid_p[here] = _exact(o[here].astype(np.intp), strata.at(here))
    full = (o == most) & (o > 0.0)
    if full.any():  # one product; and no saddle-point exists
        p[full] = np.exp(_log_mass_of_all(strata.at(full)))
        mid_p[full] = 0.5 * p[full]
    many = np.flatnonzero((o > exact_up_to) & (o < most))
    if many.size:
        p[many], mid_p[many] = saddle_point(o[many], strata.at(many))
    return p, mid_p


def _most(strata: Strata) -> Floats:
    """Return the most each place can hold: the totals of the strata that expect anything there."""
    return np.asarray((strata.total * (strata.share > 0.0)).sum(axis=0), dtype=np.float64)


# ------------------------------------------------------------------------------------------------------------- exact


def _exact(o: NDArray[np.intp], strata: Strata) -> tuple[Floats, Floats]:
    """Return P(O ≥ o) and its mid-p; far out in the tail by adding it up, where 1 − cdf would be mere rounding."""
    mass = _mass(strata, int(o.max()))
    at_o = np.take_along_axis(mass, o[None], axis=0)[0]
    p = np.maximum(1.0 - np.where(np.arange(len(mass))[:, None] < o, mass, 0.0).sum(axis=0), 0.0)
    far = np.flatnonzero(p < _RELIABLE)
    if far.size:
        mass = _mass(strata.at(far), int(o[far].max()) + _FURTHER)
        p[far] = np.where(np.arange(len(mass))[:, None] >= o[far], mass, 0.0).sum(axis=0)
        # Beyond, terms fall at least as fast as the last two: the rest of a geometric series.
        fall = mass[-1] / np.maximum(mass[-2], np.finfo(np.float64).tiny)
        p[far] += mass[-1] * fall / np.maximum(1.0 - fall, 0.01)
    return p, np.maximum(p - 0.5 * at_o, 0.0)


def _mass(strata: Strata, count: int) -> Floats:
    """Return P(O = 0) ... P(O = count), (count + 1, places), by convolving the strata."""
    mass = np.zeros((count + 1, strata.share.shape[1]))
    mass[0] = 1.0
    for total, share, phi in zip(strata.total[:, 0], strata.share, strata.phi[:, 0], strict=True):
        if not share.any():
            continue
        one = _stratum_mass(float(total), share, float(phi), count)
        mixed = np.zeros_like(mass)
        for j in range(min(count, int(total)) + 1):
            mixed[j:] += one[j] * mass[: count + 1 - j]
        mass = mixed
    return mass


def _stratum_mass(total: float, share: Floats, phi: float, count: int) -> Floats:
    """Return P(X = 0) ... P(X = count) of one stratum, (count + 1, places), by the ratio of neighbours."""
    j = np.arange(count)[:, None]
    factors = np.empty((count + 1, share.size))
    factors[1:] = np.maximum(total - j, 0.0) / (j + 1.0)
    if phi - 1.0 < _POISSON_LIKE:
        factors[0] = np.exp(total * np.log1p(-share))
        factors[1:] *= share / (1.0 - share)
    else:
        size = total / (phi - 1.0)
        alpha, beta = size * share, size * (1.0 - share)
        factors[0] = np.exp(gammaln(beta + total) - gammaln(beta) + gammaln(size) - gammaln(size + total))
        # Beyond the total the first factor is 0; the last need only stay above it.
        factors[1:] *= (alpha + j) / (beta + np.maximum(total - j - 1.0, 0.0))
    return np.asarray(np.cumprod(factors, axis=0), dtype=np.float64)


def _log_mass_of_all(strata: Strata) -> Floats:
    """Return the log of the probability that every stratum with a share here has its whole total here."""
    log_mass = np.zeros(strata.share.shape[1])
    for total, share, phi in zip(strata.total[:, 0], strata.share, strata.phi[:, 0], strict=True):
        some = share > 0.0
        q = share[some]
        if phi - 1.0 < _POISSON_LIKE:
            log_mass[some] += total * np.log(q)
        else:
            size = total / (phi - 1.0)
            log_mass[some] += gammaln(size * q + total) - gammaln(size * q) + gammaln(size) - gammaln(size + total)
    return log_mass


# ------------------------------------------------------------------------------------------------------- saddle-point


def saddle_point(o: Floats, strata: Strata) -> tuple[Floats, Floats]:
    """Return P(O ≥ o) and its mid-p by the saddle-point, for 0 < o < what the strata hold together.

    Notes
    -----
    With K the cumulants' generating function given the totals, K′(ŝ) = o, w = ± √(2(ŝ o − K(ŝ))) and
    v = √(K″(ŝ) · D(ŝ)): p = Q(w) − φ(w)(1/w − 1/u), where u = (1 − e^−ŝ) v; for the mid-p u = 2 tanh(ŝ/2) v. D is 1
    for binomial strata, and the ratio of the variances of the totals at ŝ and 0 otherwise.
    """
    s = _solve(o, strata)
    at = _cumulants(s, strata)
    w = np.sign(s) * np.sqrt(2.0 * np.maximum(s * o - at.value, 0.0))
    v = np.sqrt(at.variance * np.exp(at.log_ratio))
    near = np.abs(w) < _NEAR_MEAN
    safe_s, safe_w = np.where(near, 1.0, s), np.where(near, 1.0, w)
    gap_p = 1.0 / safe_w - 1.0 / (-np.expm1(-safe_s) * v)
    gap_mid = 1.0 / safe_w - 1.0 / (2.0 * np.tanh(0.5 * safe_s) * v)
    if near.any():
        limit = _skewness(strata.at(near)) / 6.0
        gap_mid[near] = limit
        gap_p[near] = limit - 0.5 / v[near]
    density = np.exp(-0.5 * w * w) / np.sqrt(2.0 * np.pi)
    upper = ndtr(-w)
    return np.clip(upper - density * gap_p, 0.0, 1.0), np.clip(upper - density * gap_mid, 0.0, 1.0)


class _Cumulants(NamedTuple):
    """K, K′ and K″ at s, and the log of D, summed over strata: (places,) each."""

    value: Floats
    mean: Floats
    variance: Floats
    log_ratio: Floats


def _cumulants(s: Floats, strata: Strata) -> _Cumulants:
    sums = np.zeros((4, s.size))
    for total, share, phi in zip(strata.total[:, 0], strata.share, strata.phi[:, 0], strict=True):
        some = np.flatnonzero(share)
        if phi - 1.0 < _POISSON_LIKE:
            part = _binomial(s[some], float(total), share[some])
        else:
            part = _beta_binomial(s[some], float(total), share[some], float(phi))
        sums[:, some] += part
    return _Cumulants(*sums)


def _binomial(s: Floats, total: float, share: Floats) -> _Cumulants:
    z = np.exp(s)
    rest = 1.0 - share
    tilted = share * z / (rest + share * z)
    value = total * np.log1p(share * np.expm1(s))  # near ŝ = 0, log(rest + share z) would be rounding
    return _Cumulants(value, total * tilted, total * tilted * (1.0 - tilted), np.zeros_like(s))


def _beta_binomial(s: Floats, total: float, share: Floats, phi: float) -> _Cumulants:
    """Return the cumulants of a place's negative binomial count given the stratum's total.

    Here and elsewhere count a = size · q and b = size · (1 − q) units of NB with log-generating function
    −log(1 − y e^s) and −log(1 − y); y is tilted so that together they expect the total. That is a quadratic equation,
    solved for v = 1 − y e^s, which far out in the tail is tiny; all else follows from how far v moved from its value
    at s = 0, so that near it nothing cancels.
    """
    z, c, size = np.exp(s), np.expm1(s), total / (phi - 1.0)
    a, b = size * share, size * (1.0 - share)
    linear = size - (a + total) * c
    root = np.sqrt(np.maximum(linear**2 + 4.0 * (size + total) * a * c, 0.0))
    low = linear < 0.0
    v = np.where(
        low, 2.0 * a * c / np.where(low, root - linear, 1.0), 0.5 * (linear + np.where(low, 0.0, root)) / (size + total)
    )
    v = np.maximum(v, 1e-100)  # its square must stay above 0
    v_at_0, y_at_0 = size / (size + total), total / (size + total)
    moved = v - v_at_0
    change = -(moved + y_at_0 * c) / z  # of y
    log_v = np.where(v < 0.5 * v_at_0, np.log(v / v_at_0), np.log1p(np.maximum(moved / v_at_0, -0.75)))
    value = -a * log_v - b * np.log1p(-change / v_at_0) - total * np.log1p(change / y_at_0)
    y = y_at_0 + change
    here, elsewhere = a * (1.0 - v) / v**2, b * y / (1.0 - y) ** 2
    both = here + elsewhere
    log_ratio = np.log(both * v_at_0**2 / (size * y_at_0))
    return _Cumulants(value, a * (1.0 - v) / v, here * elsewhere / both, log_ratio)


def _solve(o: Floats, strata: Strata) -> Floats:
    """Return ŝ with K′(ŝ) = o: Newton steps of at most 2, and the middle of the bracket where they do not serve."""
    most = _most(strata)
    mean = np.clip((strata.total * strata.share).sum(axis=0), 1e-300, most * (1.0 - _ROUNDING))
    s: Floats = np.clip(np.log(o) - np.log(mean) + np.log(most - mean) - np.log(most - o), -50.0, 50.0)
    low, high = np.full(o.size, -np.inf), np.full(o.size, np.inf)
    still = np.arange(o.size)
    for turn in range(_MOST_TURNS):
        at = _cumulants(s[still], strata.at(still))
        miss = at.mean - o[still]
        off = np.abs(miss) > 1e-10 * o[still]
        still, miss, variance = still[off], miss[off], at.variance[off]
        if still.size == 0:
            break
        here = s[still]
        low[still] = np.where(miss < 0.0, here, low[still])
        high[still] = np.where(miss > 0.0, here, high[still])
        step = here - np.clip(miss / np.maximum(variance, 1e-300), -2.0, 2.0)
        # A steep K′ makes Newton creep from one side: halve the bracket now and then.
        creeping = np.isfinite(low[still]) & np.isfinite(high[still]) & (turn % 3 == 2)
        halve = creeping | (step <= low[still]) | (step >= high[still])
        step[halve] = 0.5 * (low[still] + high[still])[halve]
        s[still] = step
    return s


def _skewness(strata: Strata) -> Floats:
    """Return the skewness of O: κ₃ of a beta-binomial is its variance times (s + 2N)(1 − 2q)/(s + 2), s = α + β."""
    q, total, excess = strata.share, strata.total, strata.phi - 1.0
    variance: Floats = total * q * (1.0 - q) * total * (1.0 + excess) / (excess + total)
    third = variance * (1.0 - 2.0 * q) * total * (1.0 + 2.0 * excess) / (total + 2.0 * excess)
    spread = variance.sum(axis=0)
    skewness: Floats = np.divide(third.sum(axis=0), np.maximum(spread, 1e-300) ** 1.5)
    return skewness
