"""Whether an agreed scale can be placed on the common scale at all, and everything that is wrong with it if not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from riskshare.errors import Problem
from riskshare.records.scale import Band, Scale

STEPPED: Final = ("count", "ordinal")
"""Kinds read in whole steps: their cuts lie half a step below ``from`` (methods: thresholds, A2 and C4)."""

PIN_ORDER: Final = ("medium", "high", "very high")

PLAIN_NUMBER: Final = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
"""The only way to write a number. No exponent, plus sign, decimal comma, thousands separator, per cent sign, infinity
or NaN: each would need a guess. At most 15 digits a side."""

_WHY_REFUSED: Final = {
    "nominal": "it names categories, which have no order of severity.",
    "effort": "it states how much management a case gets, not how severe it is.",
}


def refusal(scale: Scale) -> str:
    """Return why a scale is refused on linking, as a sentence; empty if it may be linked.

    Nominal and effort scales are refused, and any scale whose direction is ``none``: with the owner's reason
    (the scale's ``note``) where there is one (methods: thresholds, C1 and C2).
    """
    if scale.kind in _WHY_REFUSED:
        return scale.note or _WHY_REFUSED[scale.kind]
    if scale.direction == "none":
        return scale.note or "its owner gives it no direction, so neither end is the more severe."
    return ""


def in_risk_order(scale: Scale) -> tuple[Band, ...]:
    """Return the bands from the least to the most severe; on a ``safety`` scale that is downwards in value."""
    return scale.bands[::-1] if scale.direction == "safety" else scale.bands


def scale_problems(scale: Scale, file: str = "") -> tuple[Problem, ...]:
    """Return everything that keeps one scale from being read and placed; empty if nothing does.

    Parameters
    ----------
    scale : Scale
        Already valid field by field.
    file : str
        File name to show in each problem.

    Returns
    -------
    tuple of Problem
        In the order: labels, dates, range, bands, pins.

    Examples
    --------
    >>> from riskshare.records.scale import Band, Scale
    >>> bad = Scale(id="x", name="x", owner="x", kind="count", lo=0.0, hi=9.0, direction="risk", source="x",
    ...     year="2020", mark="local", bands=(Band(name="a", starts=0.0, pins="high"),))
    >>> [problem.key for problem in scale_problems(bad)]
    ['bands[0].pins']
    """
    found = [*_label_problems(scale), *_date_problems(scale)]
    if not refusal(scale):
        shape = [*_range_problems(scale), *_band_problems(scale)]
        # Where a cut lies can only be judged on a sound range and sound bands.
        found += shape or list(_pin_problems(scale))
    return tuple(Problem(file, key, rule, remedy) for key, rule, remedy in found)


def is_whole(number: float) -> bool:
    """Return whether a number of steps is whole, allowing for the rounding of decimal steps such as 0.1."""
    return abs(number - round(number)) < 1e-9


def as_number(label: str) -> float | None:
    """Return the number a label reads as, or None if it is not a plain one."""
    return float(label) if re.fullmatch(PLAIN_NUMBER, label) else None


_Found = Iterator[tuple[str, str, str]]


def _label_problems(scale: Scale) -> _Found:
    """Labels that could be taken for one another, and routes that lead nowhere."""
    seen: set[str] = set()
    labels = [(f"bands[{i}].name", band.name) for i, band in enumerate(scale.bands)]
    labels += [(f"not_scored[{i}]", label) for i, label in enumerate(scale.not_scored)]
    for key, label in labels:
        if label.lower() in seen:
            yield key, "This label is already used on this scale (case does not count).", "Give each label one meaning."
        seen.add(label.lower())
    for i, band in enumerate(scale.bands):
        if (number := as_number(band.name)) is not None and number != band.starts:
            yield f"bands[{i}].name", "This label reads as another number of the scale.", "Use the band's own number."
    names = {band.name for band in scale.bands}
    routes: set[str] = set()
    for i, route in enumerate(scale.routes):
        if route.raises_to not in names:
            yield f"routes[{i}].raises_to", "No band of this scale has that name.", "Name one of its bands."
        if route.id in routes:
            yield f"routes[{i}].id", "Two routes share this id.", "Give each route its own id."
        routes.add(route.id)


def _date_problems(scale: Scale) -> _Found:
    if scale.valid_from and scale.valid_to and scale.valid_to <= scale.valid_from:
        yield "valid_to", "The scale ends before it begins.", "valid_to is the first day on which it no longer holds."


def _range_problems(scale: Scale) -> _Found:
    if scale.lo is None:
        yield "lo", "The bottom of the range is missing.", "Give the lowest value the owner allows."
    if scale.hi is None and (scale.kind in ("ordinal", "probability") or scale.direction == "safety"):
        yield "hi", "The top of the range is missing.", "Give the highest value the owner allows."
    if scale.hi is None and not any(band.pins for band in scale.bands):
        yield "hi", "A scale with no top needs at least one pinned cut.", "Give the top, or pin a band."
    if scale.lo is not None and scale.hi is not None and scale.hi <= scale.lo:
        yield "hi", "The top of the range is not above its bottom.", "Check lo and hi."
    if scale.kind in ("probability", "duration") and scale.lo is not None and scale.lo < 0.0:
        yield "lo", "A probability or a duration cannot be negative.", "Check lo."
    if scale.kind == "probability" and scale.hi is not None and scale.hi > 100.0:
        yield "hi", "A probability cannot exceed 1, or 100 per cent.", "Check hi."


def _band_problems(scale: Scale) -> _Found:
    if not scale.bands:
        yield "bands", "The scale has no bands.", "Give at least one, from the bottom of the range."
        return
    if scale.lo is not None and scale.bands[0].starts != scale.lo:
        yield "bands[0].from", "The first band does not begin at the bottom of the range.", "Let it begin at lo."
    for i, (below, above) in enumerate(pairwise(scale.bands), start=1):
        if above.starts <= below.starts:
            yield f"bands[{i}].from", "This band does not begin above the one before.", "List bands upwards in value."
        elif scale.hi is not None and above.starts > scale.hi:
            yield f"bands[{i}].from", "This band begins beyond the top of the range.", "Check it against hi."
        elif scale.kind in STEPPED and not is_whole((above.starts - below.starts) / scale.step):
            yield f"bands[{i}].from", "This band does not begin on a whole step.", "Check it against step."


def _pin_problems(scale: Scale) -> _Found:
    """Pins out of order, a pin on the least severe band, or a cut too close to an end to draw a curve through."""
    bands = in_risk_order(scale)
    key = {id(band): f"bands[{i}].pins" for i, band in enumerate(scale.bands)}
    pinned = [band for band in bands if band.pins]
    ranks = [PIN_ORDER.index(str(band.pins)) for band in pinned]
    for band, (below, above) in zip(pinned[1:], pairwise(ranks), strict=True):
        if above <= below:
            yield key[id(band)], "Pins do not rise with severity.", "Pin each common edge once, from mild to severe."
    if bands[0].pins:
        yield key[id(bands[0])], "The least severe band pins an edge, so nothing lies below it.", "Remove this pin."
    margin = scale.step / 2.0 if scale.kind in ("probability", "duration") else 0.0
    for below_band, band in pairwise(bands):
        cut = below_band.starts if scale.direction == "safety" else band.starts
        too_low = scale.lo is not None and cut <= scale.lo + margin
        too_high = scale.hi is not None and cut >= scale.hi - margin and scale.kind not in STEPPED
        if band.pins and (too_low or too_high):
            yield key[id(band)], "This cut lies at an end of the range.", "Check the range, the cut and step."
