"""Events of each source and category along the lines and beside a second source: what offsets are estimated from.

Methods: places, section 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskshare.places.areas import Areas
from riskshare.places.borders import BANDS, Cut, Parts, Strips, events_in_strips, lay_strips
from riskshare.places.boundary import Segments, join_pieces
from riskshare.places.coverage import Coverage
from riskshare.places.points import Points
from riskshare.places.second_source import Beside, ratio_spread
from riskshare.places.strata import Events, Strata

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WHOLE: float = 0.999
"""A share of a period from which it counts as covered throughout."""


@dataclass(frozen=True, slots=True, repr=False)
class Field:
    """Everything read: areas, people, coverage, events (one a claim and source) and their strata."""

    areas: Areas
    parts: Parts
    coverage: Coverage
    events: Events
    strata: Strata

    @property
    def people(self) -> Floats:
        """People (or square metres) of each area."""
        weight = shapely.area(self.parts.shape) * self.parts.density
        return np.bincount(self.parts.area, weights=weight, minlength=len(self.areas.codes)).astype(np.float64)

    def of(self, source: str) -> Ints:
        """Return the numbers of a source's events."""
        return np.flatnonzero(self.events.points.source == source)

    def organisations(self, source: str) -> tuple[tuple[str, ...], Ints]:
        """Return a source's organisations by name, and the number of the one of each area (−1 for none)."""
        names = tuple(sorted({by for name, by, _ in self.strata.names if name == source}))
        number = np.full(len(self.areas.codes), -1, dtype=np.int64)
        for place, (name, by, _) in enumerate(self.strata.names):
            if name == source:
                number[self.strata.ground[place] > 0] = names.index(by)
        return names, number

    def __repr__(self) -> str:
        """Return its size."""
        return f"Field({len(self.events):,} events)"


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """A source's strips, with which of its events lie in which: (event, strip) pairs."""

    names: tuple[str, ...]
    organisation: Ints
    strips: Strips
    event: Ints
    strip: Ints

    def __repr__(self) -> str:
        """Return its size."""
        return f"Line({len(self.names)} organisations, {self.strips!r})"


def once_a_source(points: Points, seen: Bools | None = None) -> Points:
    """Return one event a claim and source, and only what was reported.

    Unlike hot spots, which count a claim once in all, this counts what *each* source recorded: dropping the ambulance's
    report of what the police recorded too would make recording look alike. Of several reports by one source the one
    kept was ``seen`` (``strata.seen_by``: made where and when the source looked), then is the first by day, then the
    westernmost and southernmost.
    """
    reported = points.take(~points.looked)
    unseen = np.zeros(len(reported), dtype=np.bool_) if seen is None else ~seen[~points.looked]
    source = pd.factorize(reported.source, sort=True)[0]
    order = np.lexsort((reported.y, reported.x, reported.day, unseen, source, reported.claim))
    pairs = np.column_stack((reported.claim, source))[order]
    _, first = np.unique(pairs, axis=0, return_index=True)
    return reported.take(np.sort(order[first]))


def lay_lines(field: Field, source: str, cut: Cut, barriers: NDArray[np.object_] | None) -> Line:
    """Return a source's strips and its events in them."""
    names, organisation = field.organisations(source)
    strips = lay_strips(field.areas, organisation, field.parts, cut, barriers)
    mine = field.of(source)
    points, area = field.events.points, field.events.area
    event, strip = events_in_strips(strips, points.x[mine], points.y[mine], organisation[area[mine]])
    return Line(names, organisation, strips, mine[event], strip)


def count_segments(field: Field, line: Line, source: str, category: str, min_events: int) -> tuple[Segments, Floats]:
    """Return the segments of border of one source and category, and each organisation's events for its people."""
    covered = field.coverage.of(source)
    wanted = np.asarray(field.events.points.category == category, dtype=np.bool_)
    strips = line.strips
    size = len(strips) * 2 * BANDS
    observed = np.bincount(line.strip[wanted[line.event]], minlength=size).astype(np.float64)
    shape = (len(strips), 2, BANDS)
    rate = events_by_organisation(field, line, source, category) / _exposure(field, line, covered)
    segments = join_pieces(
        strips.organisation, strips.barrier, observed.reshape(shape), strips.people @ covered, rate, min_events
    )
    return segments, rate


def events_by_organisation(field: Field, line: Line, source: str, category: str) -> Floats:
    """Return each organisation's events of one source and category."""
    by_area = _by_area(field, source, category)
    known = line.organisation >= 0
    return np.bincount(line.organisation[known], weights=by_area[known], minlength=len(line.names)).astype(np.float64)


def _exposure(field: Field, line: Line, covered: Floats) -> Floats:
    known = line.organisation >= 0
    weights = (field.people * covered)[known]
    exposure = np.bincount(line.organisation[known], weights=weights, minlength=len(line.names))
    return np.where(exposure > 0, exposure, np.nan)


def _by_area(field: Field, source: str, category: str | None) -> Floats:
    mine = field.of(source)
    if category is not None:
        mine = mine[field.events.points.category[mine] == category]
    return np.bincount(field.events.area[mine], minlength=len(field.areas.codes)).astype(np.float64)


def second_category(field: Field, second: str, category: str) -> str | None:
    """Return the category of the second source to set beside: the same one, or None for all where it has not got it."""
    return category if category in set(field.events.points.category[field.of(second)]) else None


def second_practice(field: Field, second: str) -> Ints:
    """Return who records the second source in each area: its organisations, or one for all where it names none.

    A source that is named as the second one and names no organisations is declared to have one practice.
    """
    if (field.events.points.recorded_by[field.of(second)] == "").all():
        return np.where(field.coverage.of(second) > 0, 0, -1)
    return field.organisations(second)[1]


def set_beside(field: Field, line: Line, source: str, category: str, second: str, *, pairs: bool) -> Beside:
    """Return the counts of a source and of the second one, by organisation and practice of the second.

    Parameters
    ----------
    field : Field
    line : Line
    source, category, second : str
    pairs : bool
        For matched pairs only areas count that both covered throughout: a pair needs both to have looked that day.
    """
    here, there = field.coverage.of(source), field.coverage.of(second)
    least = WHOLE if pairs else 0.0
    practice = second_practice(field, second)
    use = (line.organisation >= 0) & (practice >= 0) & (np.minimum(here, there) > least)
    other = second_category(field, second, category)
    first, twice = _by_area(field, source, category), _by_area(field, second, other)
    both = _in_both(field, source, category, second, other)
    keys, group = np.unique(np.column_stack((line.organisation, practice))[use], axis=0, return_inverse=True)
    group = group.ravel()

    def summed(by_area: Floats) -> Floats:
        return np.bincount(group, weights=by_area[use], minlength=len(keys)).astype(np.float64)

    people = field.people
    some = np.maximum(summed(people), 1e-300)
    covered, twice_covered = (np.maximum(summed(people * looked) / some, 1e-300) for looked in (here, there))
    exposure = np.log(covered / twice_covered)
    spread = ratio_spread(group, first[use], twice[use], here[use] / there[use])
    return Beside(keys[:, 0], keys[:, 1], summed(first), summed(twice), summed(both), exposure, spread)


def _in_both(field: Field, source: str, category: str, second: str, other: str | None) -> Floats:
    """Return how many claims both recorded in each area."""
    points, area = field.events.points, field.events.area

    def claims(name: str, kind: str | None) -> NDArray[np.int64]:
        mine = field.of(name)
        if kind is not None:
            mine = mine[points.category[mine] == kind]
        return np.unique(np.column_stack((points.claim[mine], area[mine])), axis=0)

    one, two = claims(source, category), claims(second, other)
    _, count = np.unique(np.vstack((one, two)), axis=0, return_counts=True)
    merged = np.unique(np.vstack((one, two)), axis=0)[count == 2]
    return np.bincount(merged[:, 1], minlength=len(field.areas.codes)).astype(np.float64)
