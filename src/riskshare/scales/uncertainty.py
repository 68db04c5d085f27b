"""How far a link could be out: bootstrap by person, held-out people, and whether subgroups would be linked alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtrit

from riskshare.kernels.anchors import Floats
from riskshare.kernels.equating import along_knots, continuised, loglinear_bic
from riskshare.scales.grid import Grid, Ints
from riskshare.scales.referral import Scheme, class_weights, referral_scheme

FOLDS: Final = 5
SHUFFLES: Final = 199
SMALL_GROUP: Final = 30
"""A subgroup of fewer people is not linked on its own."""

MAX_DEGREE: Final = 6
_AT_ONCE: Final = 4_000_000
"""People drawn at once, so that memory does not grow with the number of replicates."""

Progress = Callable[[int, int], None]
Smoother = Callable[[Floats, Grid], tuple[Floats, Ints]]


@dataclass(frozen=True, slots=True, repr=False)
class Sample:
    """A shared caseload as counts, in an order that depends on nothing but what people scored.

    Attributes
    ----------
    source, target : Grid
    profile : ndarray of int64, shape (people,)
        Which profile each person has, sorted; people of one profile scored alike in every case.
    member : ndarray of int64, shape (people,)
        Place of each person among the sorted names given.
    x, y : ndarray of float64, shape (profiles, cells)
        Weighted cases in each cell of source and target. All weights together make ``n_effective``.
    people_x : ndarray of float64, shape (2, cells of the source)
        People by the cell of their mildest case, and by that of their most severe; unweighted.
    cases : ndarray, shape (n, 4)
        Place on source and target, scaled weight and person's place in ``profile``, in the same order.
    n_effective : float
        Kish: (Σw)² / Σw².
    scheme, classes : Scheme, ndarray of int64, or None
        How weights follow from who referred, and the class of each profile: they are then worked out anew in each
        replicate, because a weight that rests on a sample is as uncertain as the sample.
    """

    source: Grid
    target: Grid
    profile: Ints
    member: Ints
    x: Floats
    y: Floats
    people_x: Floats
    cases: Floats
    n_effective: float
    scheme: Scheme | None = None
    classes: Ints | None = None

    def __repr__(self) -> str:
        """Sizes only."""
        return f"Sample({len(self.profile):,} people)"

    def turned(self) -> Sample:
        """Return the same people with source and target exchanged."""
        cases = self.cases[:, [1, 0, 2, 3]]
        return Sample(
            self.target, self.source, self.profile, self.member, self.y, self.x, _people(cases, self.target.size),
            cases, self.n_effective, self.scheme, self.classes,
        )  # fmt: skip


def sample_of(
    source: Grid,
    target: Grid,
    x: Floats,
    y: Floats,
    weight: Floats,
    person: npt.NDArray[Any],
    referrer: Ints | None = None,
) -> Sample:
    """Return the shared caseload as counts; the order of cases and the names of persons do not matter."""
    scheme, code = (None, np.zeros(len(x), dtype=np.int64)) if referrer is None else referral_scheme(x, y, referrer)
    n_effective = float(weight.sum() ** 2 / (weight**2).sum())
    scaled = weight * (n_effective / weight.sum())
    ix, iy = source.index(x), target.index(y)
    keys = np.column_stack([ix, iy, scaled, code]).astype(np.float64)
    _, who = np.unique(person, return_inverse=True)
    order = np.lexsort((keys[:, 3], keys[:, 2], keys[:, 1], keys[:, 0], who))
    starts = np.flatnonzero(np.diff(who[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    found: dict[bytes, list[int]] = {}
    for k, (a, b) in enumerate(zip(starts, ends, strict=True)):
        found.setdefault(keys[order[a:b]].tobytes(), []).append(k)
    names = sorted(found, key=lambda name: (len(name), np.frombuffer(name).tolist()))
    hist_x, hist_y = np.zeros((len(names), source.size)), np.zeros((len(names), target.size))
    for u, name in enumerate(names):
        block = np.frombuffer(name).reshape(-1, 4)
        np.add.at(hist_x[u], block[:, 0].astype(np.int64), block[:, 2])
        np.add.at(hist_y[u], block[:, 1].astype(np.int64), block[:, 2])
    members = [found[name] for name in names]
    profile = np.repeat(np.arange(len(names)), [len(one) for one in members])
    blocks = [np.frombuffer(names[u]).reshape(-1, 4)[:, :3] for u in profile]
    who_again = np.repeat(np.arange(len(profile)), [len(block) for block in blocks])
    cases = np.column_stack([np.concatenate(blocks), who_again])
    # A person of several cases counts in the class of the first.
    classes = np.array([np.frombuffer(name)[3] for name in names]).astype(np.int64)
    return Sample(
        source, target, profile, np.concatenate(members), hist_x, hist_y, _people(cases, source.size), cases,
        n_effective, scheme, None if scheme is None else classes,
    )  # fmt: skip


def _people(cases: Floats, cells: int) -> Floats:
    """Return how many people have their mildest case in each cell, and how many their most severe; shape (2, cells)."""
    cell, who = cases[:, 0].astype(np.int64), cases[:, 3].astype(np.int64)
    people = int(who.max()) + 1
    least, most = np.full(people, cells), np.full(people, -1)
    np.minimum.at(least, who, cell)
    np.maximum.at(most, who, cell)
    return np.stack([np.bincount(one, minlength=cells) for one in (least, most)]).astype(np.float64)


def counts_of(sample: Sample, times: Floats) -> tuple[Floats, Floats]:
    """Return the counts on source and target if each person stood ``times`` times; shape (…, cells)."""
    shape = (times.shape[0], sample.x.shape[0])
    row = np.arange(shape[0])[:, None] * shape[1]
    each = np.bincount((row + sample.profile).ravel(), times.ravel(), shape[0] * shape[1]).reshape(shape)
    return each @ sample.x, each @ sample.y


def resampled(sample: Sample, replicates: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield blocks of bootstrap counts on source and target: persons drawn whole, with replacement."""
    rng = np.random.default_rng([seed, *map(ord, sample.source.scale.id), *map(ord, sample.target.scale.id)])
    people, profiles = len(sample.profile), sample.x.shape[0]
    block = max(1, min(replicates, _AT_ONCE // max(people, profiles)))
    for first in range(0, replicates, block):
        rows = min(block, replicates - first)
        drawn = sample.profile[rng.integers(0, people, size=(rows, people), dtype=np.int64)]
        drawn += np.arange(rows)[:, None] * profiles
        times = np.bincount(drawn.ravel(), minlength=rows * profiles).reshape(rows, profiles).astype(np.float64)
        times = _reweighted(sample, times)
        yield times @ sample.x, times @ sample.y


def _reweighted(sample: Sample, times: Floats) -> Floats:
    """Return how often each profile counts once weights are worked out anew from who was drawn."""
    if sample.scheme is None or sample.classes is None:
        return times
    member = np.zeros((len(sample.classes), len(sample.scheme.classes)))
    member[np.arange(len(sample.classes)), sample.classes] = 1.0
    people = np.bincount(sample.profile, minlength=len(sample.classes)).astype(np.float64)
    first = class_weights((people @ member)[None, :], sample.scheme)
    again = class_weights(times @ member, sample.scheme)
    return times * (again / first)[:, sample.classes]


def smoothed(counts: Floats, grid: Grid) -> tuple[Floats, Ints]:
    """Return presmoothed counts and the degree: levels get ½ each, else log-linear of the degree that BIC picks.

    A count keeps a lump at its mildest score. A billionth of the cases is spread over all cells, so that no cell is
    empty and the curve has an inverse.
    """
    if grid.by_level:
        return counts + 0.5, np.zeros(counts.shape[:-1], dtype=np.int64)
    lump = 0 if grid.scale.kind == "count" and grid.size > 2 else None
    fitted, degree = loglinear_bic(counts, MAX_DEGREE, lump=lump)
    return fitted + 1e-9 * np.maximum(fitted.sum(axis=-1, keepdims=True), 1e-9), degree


def unsmoothed(counts: Floats, grid: Grid) -> tuple[Floats, Ints]:
    """Return the counts as they are (levels too); gaps in them are averaged across."""
    del grid
    return counts, np.zeros(counts.shape[:-1], dtype=np.int64)


def shares_along(counts: Floats) -> Floats:
    """Return the cumulative share at every edge and every middle of a cell; shape (…, 2·cells + 1)."""
    edges = continuised(counts)
    both = np.empty((*edges.shape[:-1], 2 * edges.shape[-1] - 1))
    both[..., ::2] = edges
    both[..., 1::2] = 0.5 * (edges[..., 1:] + edges[..., :-1])
    return both


def equivalents(source_counts: Floats, target_counts: Floats) -> Floats:
    """Return where every edge and middle of the source's cells falls on the target, in cells; one row a sample."""
    cumulative = continuised(target_counts)
    edges = np.broadcast_to(np.arange(cumulative.shape[-1]) - 0.5, cumulative.shape)
    return along_knots(shares_along(source_counts), cumulative, edges)


@dataclass(frozen=True, slots=True, repr=False)
class Spread:
    """Bootstrap of one direction at every edge and middle of the source's cells, from the mildest; native units.

    ``low``, ``high``: the 95 per cent interval (``expanded_level``); ``error``: standard deviation; ``degrees``: how
    often each log-linear degree was chosen on source and target.
    """

    low: Floats
    high: Floats
    error: Floats
    degrees: tuple[dict[str, int], dict[str, int]]

    def __repr__(self) -> str:
        """Sizes only."""
        return f"Spread({len(self.low)} positions)"


def spreads(
    sample: Sample, replicates: int, seed: int, smoother: Smoother, progress: Progress | None = None
) -> tuple[Spread, Spread]:
    """Return the bootstrap of both directions: each margin is smoothed once a replicate, its degree chosen anew.

    Parameters
    ----------
    sample : Sample
    replicates, seed : int
    smoother : callable
        ``smoothed`` or ``unsmoothed``.
    progress : callable, optional
        Called with the replicates done and the replicates in all.

    Returns
    -------
    forward, back : Spread
        Percentile intervals.
    """
    there, back = [], []
    degrees: list[tuple[Ints, Ints]] = []
    done = 0
    for counts_x, counts_y in resampled(sample, replicates, seed):
        (x, degree_x), (y, degree_y) = smoother(counts_x, sample.source), smoother(counts_y, sample.target)
        there.append(equivalents(x, y))
        back.append(equivalents(y, x))
        degrees.append((degree_x, degree_y))
        done += len(x)
        if progress is not None:
            progress(done, replicates)
    x_degrees, y_degrees = (np.concatenate(part) for part in zip(*degrees, strict=True))
    tally = (_tally(x_degrees), _tally(y_degrees))
    return (
        _spread(sample.target.native(np.concatenate(there)), tally, sample.n_effective),
        _spread(sample.source.native(np.concatenate(back)), tally[::-1], sample.n_effective),
    )


def expanded_level(n_effective: float) -> float:
    """Return the lower percentile to read of a bootstrap so that its interval holds at 95 per cent in small samples.

    α' = Φ(−√(n/(n−1)) · t_{.975, n−1}): percentile intervals are too narrow by the n/(n−1) of a variance and by reading
    a normal for a t (T. C. Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69
    (2015) 371–386, section 5).

    Examples
    --------
    >>> [round(expanded_level(n), 4) for n in (30, 100, 1500)]
    [0.0188, 0.0231, 0.0249]
    """
    n = max(n_effective, 2.0)
    return float(ndtr(-np.sqrt(n / (n - 1.0)) * stdtrit(n - 1.0, 0.975)))


def _spread(curves: Floats, degrees: tuple[dict[str, int], dict[str, int]], n_effective: float) -> Spread:
    tail = expanded_level(n_effective)
    low, high = np.quantile(curves, [tail, 1.0 - tail], axis=0)
    return Spread(low, high, curves.std(axis=0), degrees)


def _tally(degrees: Ints) -> dict[str, int]:
    values, counts = np.unique(degrees, return_counts=True)
    return {str(value): int(count) for value, count in zip(values, counts, strict=True)}


def held_out_sd(sample: Sample, smoother: Smoother) -> float:
    """Return the standard deviation of people's target scores about curves fitted without them, in native units.

    Every fifth person, in order of what they scored, is held out in turn.
    """
    people = len(sample.profile)
    fold = np.arange(people) % FOLDS
    folds = min(FOLDS, people)
    times = (fold[None, :] != np.arange(folds)[:, None]).astype(np.float64)
    counts_x, counts_y = counts_of(sample, times)
    curves = equivalents(smoother(counts_x, sample.source)[0], smoother(counts_y, sample.target)[0])[:, 1::2]
    ix, iy, weight, who = sample.cases.T
    said = sample.target.native(curves[fold[who.astype(np.int64)], ix.astype(np.int64)])
    miss = sample.target.native(iy) - said
    return float(np.sqrt(np.average(miss**2, weights=weight)))


def invariance(sample: Sample, group: npt.NDArray[Any], seed: int, smoother: Smoother) -> dict[str, Any]:
    """Return REMSD over subgroups, in standard deviations of the target, and what it would be by chance alone.

    REMSD = Σ_x P(x) √(Σ_g w_g [e_g(x) − e(x)]²) / σ_Y (N. J. Dorans and P. W. Holland, J. Educ. Meas. 37 (2000)
    281–306), over subgroups of at least ``SMALL_GROUP`` people. Small groups differ by luck: ``by_chance`` is the
    95 per cent point of the same figure with people dealt to the groups at random. ``sensitive`` only where REMSD is
    above that and above the difference that matters: half a step or 0.1 standard deviations, the smaller.

    Parameters
    ----------
    sample : Sample
    group : ndarray, shape (people,)
        In the order of ``sample.profile``.
    seed : int
    smoother : callable

    Returns
    -------
    dict
        ``remsd, by_chance, matters_from, sensitive, groups``; figures are None with fewer than two groups.
    """
    names, code = np.unique(group.astype(str), return_inverse=True)
    sizes = np.bincount(code)
    kept = np.flatnonzero(sizes >= SMALL_GROUP)
    told = {str(names[k]): int(sizes[k]) for k in kept}
    counts_y = sample.y[sample.profile].sum(axis=0)
    at = sample.target.native(np.arange(sample.target.size, dtype=np.float64))
    mean = np.average(at, weights=counts_y)
    sd = float(np.sqrt(np.average((at - mean) ** 2, weights=counts_y)))
    if len(kept) < 2 or sd == 0.0:
        return {"remsd": None, "by_chance": None, "matters_from": None, "sensitive": False, "groups": told}
    rng = np.random.default_rng([seed, 1])
    dealt = np.stack([code, *(rng.permutation(code) for _ in range(SHUFFLES))])
    figures = _remsd(sample, dealt, kept, sd, smoother)
    chance = float(np.quantile(figures[1:], 0.95))
    matters = min(0.5 * sample.target.scale.step / sd, 0.1)
    sensitive = bool(figures[0] > chance and figures[0] > matters)
    return {
        "remsd": float(figures[0]),
        "by_chance": chance,
        "matters_from": matters,
        "sensitive": sensitive,
        "groups": told,
    }


def _remsd(sample: Sample, dealt: Ints, kept: Ints, sd: float, smoother: Smoother) -> Floats:
    """Return REMSD of each row of ``dealt``."""
    everyone = counts_of(sample, np.ones((1, dealt.shape[1])))
    whole = equivalents(smoother(everyone[0], sample.source)[0], smoother(everyone[1], sample.target)[0])[:, 1::2]
    total = np.zeros((dealt.shape[0], sample.source.size))
    share = np.array([(dealt[0] == g).sum() for g in kept], dtype=np.float64)
    for g, part in zip(kept, share / share.sum(), strict=True):
        x, y = counts_of(sample, (dealt == g).astype(np.float64))
        own = equivalents(smoother(x, sample.source)[0], smoother(y, sample.target)[0])[:, 1::2]
        total += part * (sample.target.native(own) - sample.target.native(whole)) ** 2
    figures: Floats = np.sqrt(total) @ (everyone[0][0] / everyone[0].sum()) / sd
    return figures
