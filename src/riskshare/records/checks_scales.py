"""What one scale must satisfy, beyond the shape of its fields, before anything can be placed by it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from riskshare.errors import Problem
from riskshare.records.checks_draft import Entry, repeated
from riskshare.records.scale import CommonScale, Scale

NOT_SEVERITY: Final = ("nominal", "effort")
MEASURED: Final = ("count", "probability", "continuous", "duration")
_PIN_ORDER: Final = ("medium", "high", "very high")


def check_scale(entry: Entry[Scale]) -> Iterator[Problem]:
    """Yield everything wrong inside one scale; parts that could not be read are passed over."""
    yield from _check_standing(entry)
    yield from _check_ends(entry)
    if not entry.has("bands"):
        return
    yield from _check_bands(entry)
    if entry.has("kind", "direction"):
        yield from _check_pins(entry)
    if entry.has("routes"):
        yield from _check_routes(entry)


def check_common_scale(entry: Entry[CommonScale]) -> Iterator[Problem]:
    """Yield what is wrong with the common edges: they rise, strictly inside 0–100."""
    names = ("medium_from", "high_from", "very_high_from")
    if not entry.has(*names):
        return
    edges = entry.record.edges
    for i, (name, edge) in enumerate(zip(names, edges, strict=True)):
        if not 0.0 < edge < 100.0:
            yield entry.problem(
                name, "A common edge lies strictly between 0 and 100.", "Choose a position above 0 and below 100."
            )
        elif i and edge <= edges[i - 1]:
            yield entry.problem(
                name, f"It must be above {names[i - 1]}.", "Let the edges rise: medium, high, very high."
            )


def _check_standing(entry: Entry[Scale]) -> Iterator[Problem]:
    scale = entry.record
    if entry.has("mark") and scale.mark == "unverified":
        yield entry.problem(
            "mark",
            "An unverified scale may not be used as fact.",
            "Check it against its source and mark it `verified`, or agree it and mark it `local`; name the source.",
        )
    dates = (scale.valid_from, scale.valid_to) if entry.has("valid_from", "valid_to") else (None, None)
    if dates[0] is not None and dates[1] is not None and dates[0] >= dates[1]:
        yield entry.problem(
            "valid_to",
            "The scale ends before it begins to hold.",
            "valid_to is the first day on which it no longer holds; put it after valid_from.",
        )


def _check_ends(entry: Entry[Scale]) -> Iterator[Problem]:
    scale = entry.record
    if entry.has("lo", "hi") and scale.lo is not None and scale.hi is not None and scale.lo >= scale.hi:
        yield entry.problem("hi", "The upper end is not above the lower end.", "Put hi above lo.")
    if not entry.has("kind"):
        return
    if scale.kind in MEASURED and entry.has("lo") and scale.lo is None:
        yield entry.problem("lo", f"A {scale.kind} scale needs its lower end.", "Add lo, the lowest possible reading.")
    if entry.has("direction") and scale.kind not in NOT_SEVERITY and scale.direction == "none":
        yield entry.problem(
            "direction",
            "A scale that measures severity has a direction.",
            "Write `risk` if higher means worse, `safety` if higher means better; or make its kind nominal or effort.",
        )
    if scale.kind in MEASURED and entry.has("hi", "direction") and scale.hi is None:
        if scale.kind == "probability":
            yield entry.problem("hi", "A probability scale needs its upper end.", "Add hi: 1 or, in per cent, 100.")
        elif scale.direction == "safety":
            yield entry.problem(
                "hi", "A scale of safety is turned round at its ends and needs both.", "Add hi, the highest reading."
            )


def _check_bands(entry: Entry[Scale]) -> Iterator[Problem]:
    scale = entry.record
    starts = [band.starts for band in scale.bands]
    if not scale.bands:
        yield entry.problem("bands", "The scale has no band.", "Add at least one [[bands]] with its name and from.")
    for i, start in enumerate(starts):
        if i and start <= starts[i - 1]:
            yield entry.problem(
                f"bands[{i}].from", "The bands do not rise.", "List the bands upwards, each `from` above the last."
            )
        if entry.has("kind") and scale.kind == "ordinal" and not start.is_integer():
            yield entry.problem(
                f"bands[{i}].from", "On an ordinal scale `from` is a rank.", "Write a whole number: 1, 2, 3."
            )
        below = entry.has("lo") and scale.lo is not None and start < scale.lo
        above = entry.has("hi") and scale.hi is not None and start > scale.hi
        if below or above:
            yield entry.problem(
                f"bands[{i}].from", "The band begins outside the scale.", "Keep every `from` between lo and hi."
            )
    yield from _check_first_band(entry)
    yield from _check_labels(entry)


def _check_first_band(entry: Entry[Scale]) -> Iterator[Problem]:
    scale = entry.record
    if not entry.has("kind", "lo") or scale.kind not in MEASURED or scale.lo is None or not scale.bands:
        return
    if scale.bands[0].starts > scale.lo:
        yield entry.problem(
            "bands[0].from",
            "Readings below the first band would have no band.",
            "Begin the first band at lo; add a band for what lies below.",
        )


def _check_labels(entry: Entry[Scale]) -> Iterator[Problem]:
    names = tuple(band.name.casefold() for band in entry.record.bands)
    for i in repeated(names):
        yield entry.problem(
            f"bands[{i}].name", "Two bands bear one name.", "Give each band its own name; case does not count."
        )
    if not entry.has("not_scored"):
        return
    for i, label in enumerate(entry.record.not_scored):
        if label.casefold() in names:
            yield entry.problem(
                f"not_scored[{i}]",
                "A label cannot be both a band and `could not be judged`.",
                "Remove it from not_scored, or rename the band.",
            )


def _check_pins(entry: Entry[Scale]) -> Iterator[Problem]:
    scale = entry.record
    pinned = [(i, band.pins) for i, band in enumerate(scale.bands) if band.pins is not None]
    if scale.kind in NOT_SEVERITY:
        for i, _ in pinned:
            yield entry.problem(
                f"bands[{i}].pins",
                f"A {scale.kind} scale does not measure severity and pins no edge.",
                "Remove pins; the scale is shown beside the score instead.",
            )
        return
    order = {name: rank for rank, name in enumerate(_PIN_ORDER)}
    sign, word = (-1, "fall") if scale.direction == "safety" else (1, "rise")
    for (_, earlier), (i, later) in pairwise(pinned):
        if sign * order[str(later)] <= sign * order[str(earlier)]:
            yield entry.problem(
                f"bands[{i}].pins",
                f"Going up this scale the pinned edges must {word}, each at most once.",
                "Pin medium, high and very high to one band each, in the order in which risk rises.",
            )
    yield from _check_end_pin(entry)


def _check_end_pin(entry: Entry[Scale]) -> Iterator[Problem]:
    # The safe end of a measured scale lies at 0 on the common scale, so no higher edge can lie there too.
    scale = entry.record
    if scale.kind not in MEASURED or not scale.bands:
        return
    safe_end = len(scale.bands) - 1 if scale.direction == "safety" else 0
    if scale.bands[safe_end].pins is not None:
        yield entry.problem(
            f"bands[{safe_end}].pins",
            "The safe end of the scale lies at 0 and cannot be a common edge as well.",
            "Remove pins from this band; pin the band where medium, high or very high begins.",
        )


def _check_routes(entry: Entry[Scale]) -> Iterator[Problem]:
    names = {band.name for band in entry.record.bands}
    routes = entry.record.routes
    for i in repeated(tuple(route.id for route in routes)):
        yield entry.problem(f"routes[{i}].id", f"Route id '{routes[i].id}' is used twice.", "Give each its own id.")
    for i, route in enumerate(routes):
        if route.raises_to not in names:
            yield entry.problem(
                f"routes[{i}].raises_to",
                f"Route '{route.id}' raises to a band that the scale does not have.",
                "Write the name of one of this scale's bands, exactly as it stands there.",
            )
