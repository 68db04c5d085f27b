"""The population basis: where one scale falls on another among people whom both agencies scored.

It shows whose bar is higher. A concordance, not an equating: it says which scores stand equally high in this caseload,
and depends on the caseload.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from riskshare.errors import ArgumentError
from riskshare.kernels.anchors import Floats
from riskshare.records.arguments import is_whole
from riskshare.records.links import Link, link_refused
from riskshare.records.scale import Scale
from riskshare.scales.choose import FROM_FEW, METHODS, choose
from riskshare.scales.curves import Knots, equipercentile_curve, halfway, identity, rising, straight_curve, within
from riskshare.scales.grid import TAIL_PEOPLE, Grid, grid_of
from riskshare.scales.interval import IntervalBand, reliable_part, seen_part
from riskshare.scales.referral import referral_weights
from riskshare.scales.uncertainty import (
    Progress,
    Sample,
    Smoother,
    Spread,
    held_out_sd,
    invariance,
    sample_of,
    smoothed,
    spreads,
    unsmoothed,
)
from riskshare.version import VERSION

WEIGHT_RATIO: Final = 1e12
"""No weight may be more than this many times another."""

_NEEDS_TOPS: Final = ("identity", "mean", "circle_arc", "composite")
"""They stretch one range onto the other, so both need a top."""

_NAMES: Final = {
    "identity": "the identity",
    "mean": "a shift to equal means",
    "linear": "the linear link",
    "circle_arc": "the circle-arc link",
    "composite": "half linear and half identity",
    "mid_percentile": "mid-percentiles of levels, with half a case added to each level",
    "equipercentile": "the equipercentile link on log-linear counts",
    "equipercentile_unsmoothed": "the equipercentile link on raw counts",
}


@dataclass(frozen=True, slots=True, repr=False)
class _Cases:
    """Checked readings in an order of their own, and what is asked of them."""

    x: Floats
    y: Floats
    weight: Floats
    person: npt.NDArray[Any]
    referrer: npt.NDArray[np.int64] | None
    group: npt.NDArray[Any] | None

    def turned(self) -> _Cases:
        by = None if self.referrer is None else np.array([0, 2, 1])[self.referrer]
        return replace(self, x=self.y, y=self.x, referrer=by)

    def sorted(self) -> _Cases:
        """Return the cases in an order that only what people scored decides."""
        rest = (self.group, self.referrer, self.weight, self.y, self.x)
        order = np.lexsort(tuple(key for key in rest if key is not None))
        taken = (None if one is None else one[order] for one in (self.referrer, self.group))
        return _Cases(self.x[order], self.y[order], self.weight[order], self.person[order], *taken)


_Way = tuple[Sample, _Cases, Spread]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of a link."""

    method: str | None
    replicates: int
    seed: int
    window: tuple[str, str] | None
    flags: tuple[str, ...]

    @property
    def smoother(self) -> Smoother:
        return unsmoothed if self.method == "equipercentile_unsmoothed" else smoothed


def population_link(
    source: Scale,
    target: Scale,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    person: npt.ArrayLike | None = None,
    referrer: npt.ArrayLike | None = None,
    method: str | None = None,
    replicates: int = 500,
    seed: int = 0,
    subgroup: npt.ArrayLike | None = None,
    window: tuple[str, str] | None = None,
    flags: Sequence[str] = (),
    progress: Progress | None = None,
) -> Link:
    """Return the link from ``source`` to ``target`` on cases that both agencies scored.

    By default the method is the one agreed for the kinds of scale and the size of the sample (methods: thresholds,
    C2). The 95 % interval is always that of the equipercentile curve (of mid-percentiles, for ordinal scales): expanded
    percentile bootstrap by person, the degree of presmoothing chosen anew in each replicate. A simpler curve is the
    estimate only where it lies inside that interval at every pinned cut of the source, that is, where the data cannot
    tell the two apart. The interval always holds the estimate. Where fewer than ten people lie beyond a position the
    estimate is held, the interval is open to the end of the target, and the position is flagged ``sparse``.

    Parameters
    ----------
    source, target : Scale
    x, y : array_like, shape (n,)
        Native readings of the same cases, one line a case; ``safety`` scales as they are.
    weight : array_like, shape (n,), optional
        What each case counts; above 0. By default 1.
    person : array_like, shape (n,), optional
        Who each case is about. By default each case is a person of its own.
    referrer : array_like of int, shape (n,), optional
        Who referred each case: 0 neither side, 1 the side of ``x``, 2 the side of ``y``. In place of ``weight``: the
        weights of ``referral_weights`` are used, and worked out anew in each replicate.
    method : str, optional
        One of ``choose.METHODS``, in place of the default.
    replicates, seed : int
        Bootstrap replicates (at least 2) and their seed.
    subgroup : array_like, shape (n,), optional
        A group for each case (a person's first case counts): adds REMSD and the flag ``population_sensitive``.
    window : (str, str), optional
        First and last day scored, to be kept with the link.
    flags : sequence of str
        Carried by the link.
    progress : callable, optional
        Called with the replicates done and the replicates in all.

    Returns
    -------
    Link
        The same for any order of cases, any names of persons, and whichever side is named first. It tells nobody's
        greatest or least reading. Its inverse swaps the same broken line; ``population_links_both`` gives the other
        direction an interval of its own.

    Raises
    ------
    LinkRefusedError
        A scale is nominal, states effort or has no direction; there are fewer than 30 people; the default for the
        kinds of scale and so few people is the policy basis; all cases have one score on a scale; or a scale has no
        top and a reading lies far above the others, or the method asked for needs a top.
    PartnershipError
        A scale is not sound.
    ArgumentError
        Arrays of unequal length, readings that are not on their scale, weights not above 0 or too far apart, an
        unknown method.

    Examples
    --------
    Two agencies count the same 24 items; the second finds two more in every case. In 400 cases its 16 is the first's
    14, and both bars stand at 14:

    >>> from riskshare.records.scale import Band
    >>> bands = (Band(name="below", starts=0.0), Band(name="high", starts=14.0, pins="high"))
    >>> dash, other = (Scale(id=i, name=i, owner="x", kind="count", lo=0.0, hi=24.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=bands) for i in ("dash", "other"))
    >>> x = np.round(11.0 + 4.0 * np.sin(np.arange(400) / 40.0) + 4.0 * np.cos(np.arange(400) * 1.7))
    >>> link = population_link(dash, other, x, x + 2.0, replicates=50)
    >>> link.method, [round(float(a[0]), 1) for a in link.equivalents([13.5])[1:4]]
    ('equipercentile', [15.5, 15.5, 15.5])
    """
    checked = _checked(source, target, x, y, weight, person, referrer, subgroup, method, replicates, seed)
    asked = _Asked(method, int(replicates), int(seed), window, tuple(flags))
    there, _ = _directions(*checked, asked, progress)
    return _link(*there, asked)


def population_links_both(
    source: Scale,
    target: Scale,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    person: npt.ArrayLike | None = None,
    referrer: npt.ArrayLike | None = None,
    method: str | None = None,
    replicates: int = 500,
    seed: int = 0,
    subgroup: npt.ArrayLike | None = None,
    window: tuple[str, str] | None = None,
    flags: Sequence[str] = (),
    progress: Progress | None = None,
) -> tuple[Link, Link]:
    """Return the links from source to target and from target to source, from one bootstrap.

    Arguments and errors as ``population_link``, whose result the first one equals. Each margin is smoothed once a
    replicate and used for both, which halves the work. Each direction chooses its own estimate.
    """
    checked = _checked(source, target, x, y, weight, person, referrer, subgroup, method, replicates, seed)
    asked = _Asked(method, int(replicates), int(seed), window, tuple(flags))
    there, back = _directions(*checked, asked, progress)
    return _link(*there, asked), _link(*back, asked)


def _directions(grids: tuple[Grid, Grid], cases: _Cases, asked: _Asked, progress: Progress | None) -> tuple[_Way, _Way]:
    """Return what the links there and back are made from; the draws do not depend on which side was named first."""
    sample, turned = _drawn_from(*grids, cases)
    forward, backward = spreads(sample, asked.replicates, asked.seed, asked.smoother, progress)
    ordered = (cases.turned() if turned else cases).sorted()
    first, second = (sample, ordered, forward), (sample.turned(), ordered.turned(), backward)
    return (second, first) if turned else (first, second)


def _drawn_from(source: Grid, target: Grid, cases: _Cases) -> tuple[Sample, bool]:
    """Return the sample to draw from, and whether it is turned: the scale whose id comes first is its source.

    Where both sides used one scale, what people scored decides; where that decides nothing, the two are alike.
    """

    def seen_from(grids: tuple[Grid, Grid], these: _Cases) -> Sample:
        return sample_of(*grids, these.x, these.y, these.weight, these.person, these.referrer)

    ids = source.scale.id, target.scale.id
    if ids[0] < ids[1]:
        return seen_from((source, target), cases.sorted()), False
    back = seen_from((target, source), cases.turned().sorted())
    if ids[0] > ids[1]:
        return back, True
    there = seen_from((source, target), cases.sorted())
    return (back, True) if _key(back) < _key(there) else (there, False)


def _key(sample: Sample) -> tuple[bytes, ...]:
    return sample.cases.tobytes(), sample.profile.tobytes(), sample.source.edges.tobytes()


def _checked(
    source: Scale,
    target: Scale,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    weight: npt.ArrayLike | None,
    person: npt.ArrayLike | None,
    referrer: npt.ArrayLike | None,
    subgroup: npt.ArrayLike | None,
    method: str | None,
    replicates: int,
    seed: int,
) -> tuple[tuple[Grid, Grid], _Cases]:
    """Return the cells of both scales and the cases in an order that only what people scored decides."""
    u, v = (np.asarray(a, dtype=np.float64) for a in (x, y))
    by = None if referrer is None else np.asarray(referrer)
    w = np.ones(len(u)) if weight is None else np.asarray(weight, dtype=np.float64)
    who = np.arange(len(u)) if person is None else np.asarray(person)
    group = None if subgroup is None else np.asarray(subgroup).astype(str)
    rules = {
        "x, y, weight, person, referrer and subgroup must be flat and of equal length.": all(
            a.ndim == 1 and len(a) == len(u) for a in (u, v, w, who, *(one for one in (group, by) if one is not None))
        ),
        "weight must be numbers above 0.": bool(np.isfinite(w).all() and (w > 0.0).all()),
        f"weights must lie within a ratio of {WEIGHT_RATIO:.0e}: look for a stray one.": _comparable(w),
        "give weight or referrer, not both.": weight is None or by is None,
        "referrer must be 0, 1 or 2.": by is None or bool(np.isin(by, (0, 1, 2)).all()),
        f"method must be one of: {', '.join(METHODS)}; or None for the agreed default.": method in (None, *METHODS),
        "replicates must be a whole number of at least 2.": is_whole(replicates) and replicates >= 2,
        "seed must be a whole number of at least 0.": is_whole(seed) and seed >= 0,
    }
    if broken := [rule for rule, holds in rules.items() if not holds]:
        function = "population_link"
        raise ArgumentError(function, broken)
    # A power of two, so that no digit of a ratio changes and no sum of squares runs over.
    w = np.ldexp(w, -int(np.frexp(w.max())[1])) if len(w) else w
    grids = grid_of(source, u, who), grid_of(target, v, who)
    _enough(source, target, len(np.unique(who)))
    _varied(grids, u, v)
    if by is not None:
        by = by.astype(np.int64)
        w, _ = referral_weights(u, v, by)
    return grids, _Cases(u, v, w, who, by, group)


def _comparable(weight: Floats) -> bool:
    if not (weight.size and np.isfinite(weight).all() and (weight > 0.0).all()):
        return True  # another rule says so
    return bool(np.ptp(np.log10(weight)) <= np.log10(WEIGHT_RATIO))


def _varied(grids: tuple[Grid, Grid], x: Floats, y: Floats) -> None:
    """Refuse cases that all fall in one cell of a scale: nothing is then known of where its scores stand."""
    for grid, values in zip(grids, (x, y), strict=True):
        if np.ptp(grid.index(values)) == 0:
            raise link_refused(
                grid.scale.id,
                "all shared cases have the same score on it, so nothing shows where its other scores stand. Share "
                "cases of different severity, or use the policy basis.",
            )


def _enough(source: Scale, target: Scale, people: int) -> None:
    if people < FROM_FEW:
        raise link_refused(
            source.id,
            f"only {people} people have a reading on it and on {target.id!r}, and a link on shared cases needs at "
            f"least {FROM_FEW}. Share more cases, or place both on the common scale by their agreed cuts "
            "(the policy basis).",
        )


def _link(sample: Sample, cases: _Cases, spread: Spread, asked: _Asked) -> Link:
    """Choose the estimate of one direction, and put it and its interval together."""
    source, target, smoother = sample.source, sample.target, asked.smoother
    curves = {"flexible": equipercentile_curve(sample, smoother)}
    tried, why = _candidates(sample, asked.method)
    band = IntervalBand(source, spread, reliable_part(sample))
    name = tried[-1]
    for candidate in tried:
        curves[candidate] = _curve(candidate, sample, cases, curves["flexible"])
        if candidate == tried[-1] or band.holds(curves[candidate][0], source.cuts):
            name = candidate
            break
    knots, parameters = curves[name]
    rule = f"{why} {_said(name, tried)}"
    groups = {} if cases.group is None else invariance(sample, _by_person(sample, cases), asked.seed, smoother)
    sensitive = ("population_sensitive",) if groups.get("sensitive") else ()
    return Link(
        source=source.scale.id,
        target=target.scale.id,
        basis="population",
        method=name,
        rule=rule,
        curve=band.curve(within(knots, band.reliable), target, seen_part(sample)),
        sides=(source.side, target.side),
        residual_sd=held_out_sd(sample, smoother),
        parameters=parameters,
        n=len(sample.profile),
        n_effective=sample.n_effective,
        window=asked.window,
        seed=asked.seed,
        replicates=asked.replicates,
        engine_version=VERSION,
        diagnostics={
            "degrees": dict(zip(("source", "target"), spread.degrees, strict=True)),
            "correlation": _correlation(cases),
            "tails": {"people": TAIL_PEOPLE, "from": band.reliable[0], "to": band.reliable[1]},
            "cuts": _beside_identity(source, target, knots, band),
            "invariance": groups,
        },
        flags=tuple(sorted({*asked.flags, *sensitive})),
    )


def _candidates(sample: Sample, method: str | None) -> tuple[tuple[str, ...], str]:
    """Return the curves to try in order, and why."""
    source, target = sample.source, sample.target
    no_top = None in (source.scale.hi, target.scale.hi)
    if method is not None:
        if no_top and method in _NEEDS_TOPS:
            raise link_refused(
                source.scale.id,
                f"{_NAMES[method]} to {target.scale.id!r} needs both ranges, and one of the two has no top. Choose "
                "another method, or give the scale its top.",
            )
        return (method,), "By request."
    choice = choose(source, target, len(sample.profile))
    if not choice.method:
        raise link_refused(
            source.scale.id,
            f"{choice.why} That is the policy basis, which this is not. Place both on the common scale by their agreed "
            "cuts beside a cross-table, share more cases, or name a method.",
        )
    left = tuple(name for name in choice.candidates if not (no_top and name in _NEEDS_TOPS))
    if left == choice.candidates:
        return left, choice.why
    # In place of the arc the other curve of two parameters.
    straight = left if "linear" in left else ("linear", *left)
    return straight, f"{choice.why} It needs both ranges, and one of the two scales has no top."


def _curve(
    name: str, sample: Sample, cases: _Cases, flexible: tuple[Knots, dict[str, Any]]
) -> tuple[Knots, dict[str, Any]]:
    source, target = sample.source, sample.target
    if name in ("equipercentile", "mid_percentile", "equipercentile_unsmoothed"):
        return flexible
    if name == "identity":
        at = source.positions()
        return rising(at, identity(source, target, at)), {}
    straight = "linear" if name == "composite" else name
    knots, parameters = straight_curve(source, target, cases.x, cases.y, cases.weight, straight)
    if name == "composite":
        return halfway(knots, source, target), {**parameters, "share_of_identity": 0.5}
    return knots, parameters


def _said(name: str, tried: tuple[str, ...]) -> str:
    """Say in a sentence which curve stands and why not a simpler one."""
    if len(tried) == 1:
        return f"The estimate is {_NAMES[name]}."
    passed = [_NAMES[one] for one in tried[: tried.index(name)]]
    if not passed:
        return f"The estimate is {_NAMES[name]}, which lies inside the interval at every pinned cut."
    left = " and ".join(passed)
    return f"The estimate is {_NAMES[name]}, because {left} would lie outside the interval at a pinned cut."


def _by_person(sample: Sample, cases: _Cases) -> npt.NDArray[Any]:
    """Return the group of each person of the sample; people who scored alike stand in order of group."""
    _, first = np.unique(cases.person, return_index=True)
    group = np.asarray(cases.group)[first][sample.member]
    ordered: npt.NDArray[Any] = group[np.lexsort((group, sample.profile))]
    return ordered


def _correlation(cases: _Cases) -> float | None:
    """Return the weighted correlation of the two readings; None where one of them never varies."""
    if np.ptp(cases.x) == 0.0 or np.ptp(cases.y) == 0.0:
        return None
    table = np.cov(cases.x, cases.y, aweights=cases.weight)
    return float(table[0, 1] / np.sqrt(table[0, 0] * table[1, 1]))


def _beside_identity(source: Grid, target: Grid, knots: Knots, band: IntervalBand) -> dict[str, Any]:
    """Return what the identity would have said at each cut, and whether the data can tell it apart."""
    table = {}
    for name, cut in source.cuts:
        low, high = band.at_cut(cut)
        same = float(identity(source, target, np.array([cut]))[0])
        told = {"position": cut, "estimate": float(np.interp(cut, *knots)), "identity": same}
        table[name] = {**told, "identity_inside": bool(low <= same <= high)}
    return table
