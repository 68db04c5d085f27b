"""Pairs of agencies whose bars are known: latent severity, two instruments, judgement noise, and referral.

Fixed before any method was looked at. Nothing here knows how a link is estimated. For one pair:

* latent severity is ex-Gaussian: most cases mild, a tail of grave ones, its skew drawn anew for each pair;
* each agency judges it with its own noise (sd 0.3 to 0.7 of severity's), so their scales correlate at about .65 to .9;
* a *count* adds up yes/no items, each with its own difficulty, and so bends at both ends; an *ordinal* scale cuts
  judged severity into 4 or 5 levels;
* each agency's medium and high cuts stand at severities of its own choosing, up to one standard deviation apart;
* a case is referred by the source, by the target, or by somebody else. An agency is the likelier to refer, the further
  its **own noisy score** lies above its own high bar; others refer as cases come. Neither refers more than 60 %.

The truth is the equipercentile equivalent of the source's cuts in the caseload before any agency's referral, worked out
by quadrature, not by simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import exponnorm, norm

import build
from riskshare.records.scale import Band, Scale

COUNTS = (20, 24, 40, 64)
LEVELS = (4, 5)


@dataclass(frozen=True)
class Instrument:
    """One agency's way of turning judged severity into a score from 0 to ``top``."""

    kind: str
    noise: float
    difficulty: np.ndarray
    slope: float
    cuts: tuple[int, int]

    @property
    def top(self) -> int:
        return len(self.difficulty)

    def pmf(self, judged: np.ndarray) -> np.ndarray:
        """Return P(score | judged severity), shape (judged, top + 1)."""
        chance = self._chance(judged)
        if self.kind == "ordinal":
            return -np.diff(chance, axis=1, prepend=1.0, append=0.0)
        out = np.zeros((len(judged), self.top + 1))
        out[:, 0] = 1.0
        for p in chance.T:
            out[:, 1:] = out[:, 1:] * (1.0 - p[:, None]) + out[:, :-1] * p[:, None]
            out[:, 0] *= 1.0 - p
        return out

    def score(self, judged: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        chance = self._chance(judged)
        luck = rng.random(chance.shape) if self.kind == "count" else 0.5
        return (chance > luck).sum(axis=1).astype(np.float64)

    def _chance(self, judged: np.ndarray) -> np.ndarray:
        beyond = judged[:, None] - self.difficulty
        if self.kind == "ordinal":
            return (beyond > 0.0).astype(np.float64)
        return 1.0 / (1.0 + np.exp(-self.slope * beyond))

    def scale(self, name: str) -> Scale:
        """Return the scale as partners would agree it: from 0 for a count, from 1 for levels."""
        low = 1.0 if self.kind == "ordinal" else 0.0
        medium, high = (low + cut for cut in self.cuts)
        bands = (
            Band(name="lower", starts=low),
            Band(name="middle", starts=medium, pins="medium"),
            Band(name="upper", starts=high, pins="high"),
        )
        return build.scale(name, kind=self.kind, lo=low, hi=low + self.top, bands=bands, routes=(), not_scored=())


@dataclass(frozen=True)
class Pair:
    """Two agencies that score the same people."""

    skew: float
    source: Instrument
    target: Instrument
    by_others: float
    by_source: float

    def margin(self, instrument: Instrument) -> np.ndarray:
        """Return the share of each score in the caseload before referral."""
        judged = np.linspace(-6.0, 10.0, 801)
        density = _severity_density(self.skew, instrument.noise, judged)
        share = density @ instrument.pmf(judged)
        return share / share.sum()

    def truth(self, positions: np.ndarray | None = None) -> np.ndarray:
        """Return where positions (by default the source's cuts) fall on the target, in steps from its bottom."""
        cuts = np.array(self.source.cuts) - 0.5 if positions is None else positions
        f, g = (np.concatenate([[0.0], np.cumsum(self.margin(one))]) for one in (self.source, self.target))
        p = np.interp(cuts, np.arange(len(f)) - 0.5, f / f[-1])
        return np.interp(p, g / g[-1], np.arange(len(g)) - 0.5)

    def cases(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return scores in steps from the bottom, and who referred: 0 others, 1 source, 2 target."""
        u = rng.random(n)
        source_share = self.by_others + (1.0 - self.by_others) * self.by_source
        who = np.where(u < self.by_others, 0, np.where(u < source_share, 1, 2))
        x, y = np.empty(n), np.empty(n)
        for code, agency in ((0, None), (1, self.source), (2, self.target)):
            places = np.flatnonzero(who == code)
            x[places], y[places] = self._drawn(len(places), agency, rng)
        return x, y, who

    def _drawn(self, n: int, referrer: Instrument | None, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        kept_x, kept_y = np.empty(0), np.empty(0)
        while len(kept_x) < n:
            m = 3 * n + 20
            severity = (rng.standard_normal(m) + self.skew * (rng.exponential(size=m) - 1.0)) / np.hypot(1, self.skew)
            x, y = (one.score(severity + one.noise * rng.standard_normal(m), rng) for one in (self.source, self.target))
            keep = np.ones(m, dtype=bool)
            if referrer is not None:
                own = x if referrer is self.source else y
                # One fifth of the range either side of its bar takes an agency from seldom to usually referring.
                over = (own - (referrer.cuts[1] - 0.5)) / (referrer.top / 10.0)
                keep = rng.random(m) < 0.1 + 0.9 / (1.0 + np.exp(-over))
            kept_x, kept_y = np.concatenate([kept_x, x[keep]]), np.concatenate([kept_y, y[keep]])
        return kept_x[:n], kept_y[:n]


def pair(rng: np.random.Generator, kinds: tuple[str, str] = ("count", "count"), *, referral: bool = True) -> Pair:
    """Return a pair of agencies drawn at random."""
    others = rng.uniform(0.4, 0.7)
    return Pair(
        skew=rng.uniform(0.0, 0.8),
        source=_instrument(rng, kinds[0]),
        target=_instrument(rng, kinds[1]),
        by_others=others if referral else 1.0,
        by_source=rng.uniform(0.35, 0.65) if referral else 0.5,
    )


def weights(who: np.ndarray) -> np.ndarray:
    """Return the agreed weights, spelt out: each side's referrals get half of the weight of both together."""
    n_source, n_target = (who == 1).sum(), (who == 2).sum()
    if n_source == 0 or n_target == 0:
        return np.ones(len(who))
    half = (n_source + n_target) / 2.0
    return np.where(who == 0, 1.0, np.where(who == 1, half / n_source, half / n_target))


def _instrument(rng: np.random.Generator, kind: str) -> Instrument:
    noise = rng.uniform(0.3, 0.7)
    bar = rng.uniform(0.5, 1.5)
    gap = rng.uniform(0.7, 1.1)
    if kind == "ordinal":
        n = int(rng.choice(LEVELS))
        levels = np.sort(np.concatenate([[bar - gap, bar], bar - gap - np.cumsum(rng.uniform(0.5, 1.0, n - 3))]))
        return Instrument("ordinal", noise, levels, 0.0, (n - 2, n - 1))
    top = int(rng.choice(COUNTS))
    difficulty = np.sort(rng.uniform(-0.2, 1.0) + rng.uniform(0.8, 1.4) * norm.ppf((np.arange(top) + 0.5) / top))
    slope = rng.uniform(1.2, 2.5)
    expected = [(1.0 / (1.0 + np.exp(-slope * (at - difficulty)))).sum() for at in (bar - gap, bar)]
    medium = max(1, round(expected[0]))
    return Instrument("count", noise, difficulty, slope, (medium, min(max(round(expected[1]), medium + 1), top)))


def _severity_density(skew: float, noise: float, at: np.ndarray) -> np.ndarray:
    """Return the density of judged severity: an ex-Gaussian, its normal part widened by the agency's noise."""
    unit = np.hypot(1.0, skew)
    sd = np.hypot(1.0 / unit, noise)
    if skew < 1e-6:
        return norm.pdf(at, 0.0, sd)
    tail = skew / unit
    return exponnorm.pdf(at, tail / sd, loc=-tail, scale=sd)
