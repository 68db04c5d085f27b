"""The outcome basis: how often a score was followed by the stated harm. The only basis that speaks of equal risk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from riskshare.errors import ArgumentError
from riskshare.kernels.anchors import Floats
from riskshare.kernels.calibration import beta_calibration, isotonic, platt, splits, wilson
from riskshare.records.arguments import is_whole
from riskshare.records.links import Curve, Link, Side, link_refused
from riskshare.records.scale import Scale
from riskshare.scales.grid import TAIL_PEOPLE, Grid, grid_of
from riskshare.scales.interval import told_part
from riskshare.version import VERSION

EVENTS: Final = 200
"""Outcomes that happened, from which a default is chosen (methods: thresholds, C2)."""

EVENTS_AT_LEAST: Final = 10
"""A named method needs at least this many outcomes that happened, and as many that did not."""

ISOTONIC_EVENTS: Final = 1_000
"""From this many a count is calibrated by steps rather than by a curve of two parameters."""

_BEYOND: Final = 33
"""Positions beyond the tenth greatest reading of a scale without a top."""

METHODS: Final = ("platt", "beta", "isotonic", "bands")
_NOT_STATED: Final = "not stated"
_Fit = Callable[[Floats, Floats], Floats]


class _Told(NamedTuple):
    parameters: dict[str, Any]
    diagnostics: dict[str, Any]


def outcome_link(
    scale: Scale,
    values: npt.ArrayLike,
    outcomes: npt.ArrayLike,
    *,
    method: str | None = None,
    replicates: int = 500,
    seed: int = 0,
    window: tuple[str, str] | None = None,
) -> Link:
    """Return the calibration of a scale to its stated outcome: a score becomes a chance, and never the other way.

    By default (methods: thresholds, C2) an ordinal scale gets the rate in each band with Wilson's interval, made
    never to fall by pooling neighbours; a probability beta calibration; a count, a measured scale or a duration
    Platt's curve, and a count isotonic steps from 1,000 events. The interval of a curve is a percentile bootstrap of
    people. A replicate that splits the outcomes cleanly has no beta curve: it is fitted to outcomes drawn in a little,
    as Platt's are, and the share of such replicates stands in ``diagnostics``. Leaving them out would make the interval
    too narrow where it should be widest.

    Parameters
    ----------
    scale : Scale
        It must state its outcome, horizon and population.
    values : array_like, shape (n,)
        Native readings, one line a person.
    outcomes : array_like, shape (n,)
        1 where the outcome followed within the horizon, 0 where it did not. Leave out who cannot be known yet.
    method : {"platt", "beta", "isotonic", "bands"}, optional
    replicates, seed : int
    window : (str, str), optional

    Returns
    -------
    Link
        ``target`` is the outcome and its horizon in words; values are chances, 0 to 1. ``inverse`` is refused.

    Raises
    ------
    LinkRefusedError
        Outcome, horizon or population is not stated; the scale is nominal, states effort or has no direction; too
        few outcomes happened (or failed to); or the scores split the outcomes cleanly and beta was to be used.
    ArgumentError
        Arrays of unequal length, readings that are not on the scale, outcomes other than 0 and 1, unknown method;
        beta calibration of a scale that is not a probability.

    Examples
    --------
    >>> from riskshare.records.scale import Band
    >>> bands = tuple(Band(name=n, starts=s, pins=p) for n, s, p in (("low", 1.0, None), ("high", 2.0, "high")))
    >>> rosh = Scale(id="rosh", name="RoSH", owner="x", kind="ordinal", lo=1.0, hi=2.0, direction="risk", source="x",
    ...     year="undated", mark="local", bands=bands, outcome="serious harm", horizon="2 years", population="adults")
    >>> link = outcome_link(rosh, [1.0] * 1000 + [2.0] * 500, [1] * 50 + [0] * 950 + [1] * 200 + [0] * 300)
    >>> link.target, link([1.0, 2.0]).point.round(3).tolist()
    ('serious harm within 2 years', [0.05, 0.4])
    """
    grid, x, y = _checked(scale, values, outcomes, method, replicates, seed)
    chosen, rule = _choice(scale, y, method)
    replicates, seed = int(replicates), int(seed)
    at, to, low, high, told = _fitted(chosen, grid, x, y, replicates, seed)
    beyond = np.sort(x)
    tails = (float(beyond[min(TAIL_PEOPLE, len(x)) - 1]), float(beyond[-min(TAIL_PEOPLE, len(x))]))
    curve = Curve(
        x=tuple(at.tolist()),
        y=tuple(to.tolist()),
        at=tuple(at.tolist()),
        low=tuple(np.minimum(low, to).tolist()),
        high=tuple(np.maximum(high, to).tolist()),
        error=tuple(((high - low) / 3.92).tolist()),
        reliable=(min(tails), max(tails)),
        seen=_seen(grid, x),
    )
    return Link(
        source=scale.id,
        target=f"{scale.outcome} within {scale.horizon}",
        basis="outcome",
        method=chosen,
        rule=rule,
        curve=curve,
        sides=(grid.side, Side(ends=(0.0, 1.0))),
        invertible=False,
        parameters=told.parameters,
        n=len(x),
        n_effective=float(len(x)),
        window=window,
        seed=seed,
        replicates=0 if chosen == "bands" else replicates,
        engine_version=VERSION,
        diagnostics={
            "events": int(y.sum()),
            "population": scale.population,
            "base_rate": float(y.mean()),
            **told.diagnostics,
        },
    )


def _at(grid: Grid, x: Floats) -> Floats:
    """Return where the curve is worked out: at cells, never at each reading, or it would tell who scored what.

    On a scale without a top the cells end at the greatest reading; beyond ten people evenly spaced positions follow.
    """
    at = np.unique(grid.native(np.arange(2 * grid.size + 1) / 2.0 - 0.5))
    if grid.scale.hi is not None:
        return at
    tenth = float(np.sort(x)[-min(TAIL_PEOPLE, len(x))])
    return np.unique(np.concatenate([at[at < tenth], np.linspace(tenth, grid.ends[1], _BEYOND)]))


def _seen(grid: Grid, x: Floats) -> tuple[float, float]:
    people = np.bincount(grid.index(x), minlength=grid.size).astype(np.float64)
    return told_part(grid, people, people)


def _checked(
    scale: Scale, values: npt.ArrayLike, outcomes: npt.ArrayLike, method: str | None, replicates: int, seed: int
) -> tuple[Grid, Floats, Floats]:
    missing = [name for name in ("outcome", "horizon", "population") if getattr(scale, name) == _NOT_STATED]
    if missing:
        raise link_refused(
            scale.id,
            f"its {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not stated, and without them a rate says "
            "nothing. State them in the scale's file, as the owner means them.",
        )
    x, y = (np.asarray(a, dtype=np.float64) for a in (values, outcomes))
    rules = {
        "values and outcomes must be flat and of equal length.": x.ndim == 1 and x.shape == y.shape,
        "outcomes must be 0 or 1: leave out who cannot be known yet.": bool(np.isin(y, (0.0, 1.0)).all()),
        f"method must be one of: {', '.join(METHODS)}; or None for the agreed default.": method in (None, *METHODS),
        "beta calibration is for scales that are probabilities: use platt.": method != "beta"
        or scale.kind == "probability",
        "replicates must be a whole number of at least 2.": is_whole(replicates) and replicates >= 2,
        "seed must be a whole number of at least 0.": is_whole(seed) and seed >= 0,
    }
    if broken := [rule for rule, holds in rules.items() if not holds]:
        function = "outcome_link"
        raise ArgumentError(function, broken)
    grid = grid_of(scale, x)
    order = np.lexsort((y, x))
    return grid, x[order], y[order]


def _choice(scale: Scale, y: Floats, method: str | None) -> tuple[str, str]:
    """Return the method and why, or refuse."""
    events, needed = int(min(y.sum(), len(y) - y.sum())), EVENTS if method is None else EVENTS_AT_LEAST
    if int(y.sum()) < needed or events < EVENTS_AT_LEAST:
        raise link_refused(
            scale.id,
            f"{int(y.sum()):,} of {len(y):,} people had the outcome, and "
            f"{'the default' if method is None else 'a calibration'} needs at least {needed} who had it and "
            f"{EVENTS_AT_LEAST} who had not. Wait for more outcomes"
            f"{', or name a method and treat the result as provisional' if method is None else ''}.",
        )
    if method is not None:
        return method, "By request."
    defaults = {"ordinal": "bands", "probability": "beta"}
    chosen = defaults.get(scale.kind, "platt")
    if scale.kind == "count" and events >= ISOTONIC_EVENTS:
        chosen = "isotonic"
    return chosen, f"The default for {scale.kind} scales with {int(y.sum()):,} outcomes is {chosen}."


def _fitted(
    method: str, grid: Grid, x: Floats, y: Floats, replicates: int, seed: int
) -> tuple[Floats, Floats, Floats, Floats, _Told]:
    """Return positions, chances and their interval, and what was estimated."""
    if method == "bands":
        return _bands(grid, x, y)
    if method == "beta" and splits(x, y):
        raise link_refused(
            grid.scale.id,
            "its scores split the outcomes cleanly, so no beta curve fits best. Use method='platt' or "
            "method='isotonic', or wait for more outcomes.",
        )
    at = _at(grid, x)
    fit = _FITS[method](grid, at)
    rng = np.random.default_rng([seed, *map(ord, grid.scale.id)])
    curves, separated = [], 0
    for _ in range(replicates):
        drawn = rng.integers(0, len(x), len(x))
        # A replicate without one of the two outcomes has no curve; it says that the rate could be 0, or 1.
        rate = y[drawn].mean()
        curves.append(np.full(len(at), rate) if rate in (0.0, 1.0) else fit(x[drawn], y[drawn]))
        separated += method == "beta" and rate not in (0.0, 1.0) and splits(x[drawn], y[drawn])
    low, high = np.quantile(np.stack(curves), [0.025, 0.975], axis=0)
    told = _Told({}, {"separated_replicates": separated / replicates} if method == "beta" else {})
    if method == "platt":
        told.parameters.update(zip("ab", platt(x, y), strict=True))
    elif method == "beta":
        told.parameters.update(zip("abc", beta_calibration(_inside(grid, x), y), strict=True))
    return at, fit(x, y), low, high, told


def _bands(grid: Grid, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats, _Told]:
    """Return the rate in each native band with Wilson's interval; the estimate never falls with severity."""
    starts = np.array([band.starts for band in grid.scale.bands])
    band = np.searchsorted(starts, x, side="right") - 1
    n, hits = np.bincount(band, minlength=len(starts)), np.bincount(band, y, len(starts))
    low, high = wilson(hits, n)
    used = np.flatnonzero(n)
    severity = -used if grid.turned else used
    _, pooled = isotonic(severity.astype(np.float64), hits[used] / n[used], n[used].astype(np.float64))
    rates = pooled[::-1] if grid.turned else pooled
    tops = np.append(starts[1:] - grid.scale.step, grid.ends[1])
    # A band is one step wide on an ordinal scale; on others the rate holds from its first to its last score.
    at = np.column_stack([starts[used], np.maximum(tops[used], starts[used])])
    table = {
        grid.scale.bands[k].name: {"n": int(n[k]), "events": int(hits[k]), "rate": float(hits[k] / n[k])} for k in used
    }
    flat, first = np.unique(at.ravel(), return_index=True)
    twice = [np.repeat(a, 2)[first] for a in (rates, low[used], high[used])]
    return flat, twice[0], twice[1], twice[2], _Told({"bands": table}, {})


def _platt_fit(grid: Grid, at: Floats) -> _Fit:
    del grid

    def fit(x: Floats, y: Floats) -> Floats:
        a, b = platt(x, y)
        z = -(a * at + b)
        small = np.exp(-np.abs(z))
        return np.where(z >= 0.0, 1.0, small) / (1.0 + small)

    return fit


def _beta_fit(grid: Grid, at: Floats) -> _Fit:
    s = _inside(grid, at)

    def fit(x: Floats, y: Floats) -> Floats:
        a, b, c = beta_calibration(_inside(grid, x), y, drawn_in=splits(x, y))
        z = a * np.log(s) - b * np.log1p(-s) + c
        small = np.exp(-np.abs(z))
        return np.where(z >= 0.0, 1.0, small) / (1.0 + small)

    return fit


def _isotonic_fit(grid: Grid, at: Floats) -> _Fit:
    sign = -1.0 if grid.turned else 1.0

    def fit(x: Floats, y: Floats) -> Floats:
        knots, rates = isotonic(sign * x, y)
        # A step holds from its own score up to the next.
        return rates[np.clip(np.searchsorted(knots, sign * at, side="right") - 1, 0, len(knots) - 1)]

    return fit


_FITS: Final[dict[str, Callable[[Grid, Floats], _Fit]]] = {
    "platt": _platt_fit,
    "beta": _beta_fit,
    "isotonic": _isotonic_fit,
}


def _inside(grid: Grid, values: Floats) -> Floats:
    """Return chances as shares, moved inside 0 and 1 by half a step."""
    whole = 100.0 if grid.scale.hi is not None and grid.scale.hi > 1.0 else 1.0
    margin = min(grid.scale.step / 2.0, whole / 4.0)
    return np.clip(values, margin, whole - margin) / whole
