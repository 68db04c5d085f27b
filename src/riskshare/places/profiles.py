"""What happens around buildings, and what their strata's own totals would put there. Methods: places, section 5.9."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.kernels.surroundings import bisquare
from riskshare.places.coverage import Coverage
from riskshare.places.near_buildings import Buildings, Pairs, bands_around, find_pairs
from riskshare.places.own_address import claims_at, of_address, pairs_at_address
from riskshare.places.point_columns import blank
from riskshare.places.points import Points, check_points
from riskshare.places.strata import Ground, place_events, seen_by, whole_claims

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SCHOOL_HOURS: Final = (8.0, 18.0)
"""Proposal: Monday to Friday, from 08:00 up to 18:00. Term dates differ by authority and are not known here."""
NOBODY_M: Final = 250.0
"""One person is added to each square of this side: an event where nobody lives is a surprise, no impossibility."""


@dataclass(frozen=True, slots=True, repr=False)
class Surrounded:
    """Events around buildings; tables of buildings × bands unless said otherwise.

    Attributes
    ----------
    edges_m : numpy.ndarray of float64, shape (bands + 1,)
        The first is the reach of the own address.
    observed, expected : numpy.ndarray
        Whole events, and what people and coverage would put there; NaN where nothing is known to expect from.
    by_area : numpy.ndarray of int64, shape (buildings, areas)
        Events of all bands by the authority they lie in.
    ground_m2 : numpy.ndarray of float64, shape (buildings, bands, areas)
        Ground inside each authority that somebody covers.
    own_address, duties, unsure : numpy.ndarray of int64, shape (buildings,)
        Events at the address; reports of duties at it; events in a band that may, by their stated precision, have
        happened at the address.
    weighted, nearest_only, shared_credit : numpy.ndarray of float64, shape (buildings,)
        Bisquare count; events whose nearest building it is; each event split among the buildings around it.
    school, other, unknown_time : numpy.ndarray of int64, shape (buildings,)
    school_share : float
        Share of all events of known time that fall in school hours; NaN where no time is known.
    outer : Pairs
        Building, event and distance of every event in a band; ``area`` is each event's authority.
    notes : tuple of str
    """

    edges_m: Floats
    observed: Ints
    expected: Floats
    by_area: Ints
    ground_m2: Floats
    own_address: Ints
    duties: Ints
    unsure: Ints
    weighted: Floats
    nearest_only: Ints
    shared_credit: Floats
    school: Ints
    other: Ints
    unknown_time: Ints
    school_share: float
    outer: Pairs
    area: Ints
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the size; never where."""
        return f"Surrounded({len(self.observed):,} buildings, {self.edges_m.size - 1} bands)"


@dataclass(frozen=True, slots=True, repr=False)
class Read:
    """Events with what profiles need besides: the slot of the week they fall in (NaN), and reports of duties."""

    points: Points
    school_hours: Floats
    duty: Bools
    notes: tuple[str, ...]


def read_events(points: gpd.GeoDataFrame, duties: tuple[str, ...]) -> Read:
    """Return events that can be used, with precision, time of day and what is a duty to report.

    Parameters
    ----------
    points : GeoDataFrame
        As ``check_points``, with optional ``time`` (HH:MM); or ``date`` may be a moment.
    duties : tuple of str
        Categories that never count.

    Raises
    ------
    PlaceError
        As ``check_points``, and for times that cannot be read.
    """
    checked = check_points(points)
    row = checked.row - 1
    hours, said, problems = _school_hours(points)
    if problems:
        raise PlaceError(problems)
    # Every event counts 1 here, whatever a table weighs it.
    notes = [*(note for note in checked.notes if "`weight`" not in note), *said]
    if "category" not in points:
        notes.append("no column `category`: reports of missing people and of staff duties cannot be told apart here")
    return Read(checked, hours[row], np.isin(checked.category, duties), tuple(notes))


def _school_hours(points: gpd.GeoDataFrame) -> tuple[Floats, list[str], list[PlaceProblem]]:
    """Return 1 in school hours, 0 outside, NaN where day or time is not known."""
    nothing = np.full(len(points), np.nan)
    if "date" not in points:
        return nothing, ["no column `date`: school hours are not told apart"], []
    moment = _moments(points["date"])
    hour = np.where(moment.isna() | _day_only(points["date"]), np.nan, moment.dt.hour + moment.dt.minute / 60.0)
    if "time" in points:
        clock = points["time"].astype("string").str.strip().str.extract(r"^([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?$")
        wrong = clock[0].isna().to_numpy(dtype=np.bool_) & ~blank(points["time"])
        if wrong.any():
            hint = f"Column `time` must be HH:MM or blank; see row {int(np.argmax(wrong)) + 1}."
            return nothing, [], [PlaceProblem("bad_time", hint)]
        clock = clock.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        hour = clock[:, 0] + clock[:, 1] / 60.0
    elif not np.any(hour > 0):
        # Dates read as midnight: the time of day was never recorded.
        return nothing, ["no time of day: school hours are not told apart"], []
    inside = (moment.dt.day_of_week < 5) & (hour >= SCHOOL_HOURS[0]) & (hour < SCHOOL_HOURS[1])
    known = moment.notna().to_numpy(dtype=np.bool_) & ~np.isnan(hour)
    note = "School hours are Monday to Friday, 08:00 up to 18:00, all year: term dates are not known here."
    return np.where(known, inside.to_numpy(dtype=np.float64), np.nan), [note], []


def _moments(column: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        there: pd.Series[Any] = column.dt.tz_convert("Europe/London").dt.tz_localize(None)
        return there
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    # A month alone tells no day of the week.
    texts = column.astype("string").str.strip()
    texts = texts.where(texts.str.len() >= 10)
    zoned = texts.str.contains(r":\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}(?::?\d{2})?)$").fillna(False).astype(bool)
    local: pd.Series[Any] = pd.to_datetime(texts.where(~zoned).str.slice(0, 16), format="ISO8601", errors="coerce")
    abroad = pd.to_datetime(texts.where(zoned), format="ISO8601", errors="coerce", utc=True)
    read: pd.Series[Any] = local.where(~zoned, abroad.dt.tz_convert("Europe/London").dt.tz_localize(None))
    return read


def _day_only(column: pd.Series[Any]) -> Bools:
    """Return which dates name a day and no hour: midnight is then no time of day."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return np.zeros(len(column), dtype=np.bool_)
    return (column.astype("string").str.strip().str.len() == 10).fillna(False).to_numpy(dtype=np.bool_)


def surround(
    read: Read, buildings: Buildings, ground: Ground, coverage: Coverage, people: csr_array | None,
    edges_m: Floats,
) -> Surrounded:  # fmt: skip
    """Return what lies around each building.

    Parameters
    ----------
    read : Read
    buildings : Buildings
    ground : Ground
    coverage : Coverage
    people : scipy sparse, shape (areas, cells), optional
        What events are expected in proportion to; without it nothing is expected.
    edges_m : numpy.ndarray of float64
        Reach of the own address, then where each band ends.

    Returns
    -------
    Surrounded

    Notes
    -----
    Duties, events at any building's own address, and events known less precisely than the narrowest band is wide are
    in no count and in no total that expectations are made from. An event is expected in proportion to the people in
    the band that its stratum (organisation, source, category) covers.
    """
    own_m, narrowest_m = float(edges_m[0]), float(np.diff(edges_m).min())
    seen = seen_by(read.points, ground, coverage)
    kept, notes = _countable(read, buildings, own_m, narrowest_m, seen)
    at_home = _at_address(read, buildings, own_m, narrowest_m)
    events, strata, said = place_events(whole_claims(kept.points), ground, coverage)
    row = np.searchsorted(kept.points.claim, events.points.claim)
    pairs = find_pairs(buildings, events.points.x, events.points.y, float(edges_m[-1]))
    n, n_bands, n_areas = len(buildings), edges_m.size - 1, len(ground.areas.codes)
    band = np.searchsorted(edges_m, pairs.distance_m, side="right") - 1
    observed = np.bincount(pairs.building * n_bands + band, minlength=n * n_bands).reshape(n, n_bands)
    area = events.area[pairs.event]
    looked = csr_array(ground.shares.multiply((strata.ground.max(axis=0, initial=0.0) > 0)[:, None]))
    layers = (looked,) if people is None else (looked, people)
    held = bands_around(buildings, ground, layers, edges_m)
    expected = np.full((n, n_bands), np.nan)
    if people is not None:
        expected = _expected(held[1], people, strata.ground, np.bincount(events.stratum, minlength=len(strata.names)))
    slot, precision = kept.school_hours[row][pairs.event], events.points.precision_m[pairs.event]
    known = ~np.isnan(kept.school_hours[row])
    return Surrounded(
        edges_m, observed, expected,
        np.bincount(pairs.building * n_areas + area, minlength=n * n_areas).reshape(n, n_areas),
        held[0] * float(ground.grid.cell_m) ** 2, at_home[0], at_home[1],
        _count(pairs.building[precision >= pairs.distance_m], n),
        _weighed(pairs.building, bisquare(pairs.distance_m, float(edges_m[-1])), n),
        _count(pairs.building[_nearest(pairs)], n), _shared(pairs, n),
        _count(pairs.building[slot == 1], n), _count(pairs.building[slot == 0], n),
        _count(pairs.building[np.isnan(slot)], n),
        float(kept.school_hours[row][known].mean()) if known.any() else float("nan"),
        pairs, area, (*notes, *said),
    )  # fmt: skip


def _count(building: Ints, n: int) -> Ints:
    return np.bincount(building, minlength=n)


def _weighed(building: Ints, weights: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(building, weights=weights, minlength=n), dtype=np.float64)


def _at_address(read: Read, buildings: Buildings, own_m: float, narrowest_m: float) -> tuple[Ints, Ints]:
    """Return events at each building's own address, and reports of duties there; one claim counts once.

    Events known only coarsely are put on nobody's doorstep: a postcode's middle may fall on any.
    """
    pairs = pairs_at_address(read.points, buildings, own_m, narrowest_m)
    own, duties = (
        claims_at(read.points, pairs.take((which & ~read.points.looked)[pairs.event]), len(buildings))
        for which in (~read.duty, read.duty)
    )
    return own, duties


def _countable(
    read: Read, buildings: Buildings, own_m: float, narrowest_m: float, seen: Bools | None
) -> tuple[Read, list[str]]:
    """Return the events that may count, one a claim, in order of claim."""
    near = pairs_at_address(read.points, buildings, own_m, narrowest_m)
    home = np.isin(np.arange(len(read.points)), near.event)
    coarse = read.points.precision_m > narrowest_m
    left = (
        (read.duty, "reports of missing people or of staff duties are no risk of the area and count nowhere"),
        (home & ~read.duty, f"events within {own_m:g} m of a building are taken as its own address and drawn apart"),
        (coarse & ~read.duty,
         f"events are known only to within more than {narrowest_m:g} m, the narrowest band, and are left out"),
    )  # fmt: skip
    notes = [f"{int(which.sum()):,} {what}." for which, what in left if which.any()]
    keep = ~(read.duty | coarse | read.points.looked | of_address(read.points, near))
    if not keep.any():
        raise PlaceError([PlaceProblem("no_events", "No event is left that could be a risk of the area.")])
    number = np.flatnonzero(keep)
    once = whole_claims(read.points.take(number), None if seen is None else seen[number])
    row = number[_rows_of(read.points.take(number), once)]
    order = np.argsort(once.claim, kind="stable")
    row = row[order]
    return Read(read.points.take(row), read.school_hours[row], read.duty[row], ()), notes


def _rows_of(points: Points, once: Points) -> Ints:
    """Return the place of each kept event among all, by the row of the table that it came from."""
    order = np.argsort(points.row, kind="stable")
    return order[np.searchsorted(points.row[order], once.row)]


def _expected(held: Floats, people: csr_array, ground_of: Floats, totals: Ints) -> Floats:
    by_area = np.asarray(people.sum(axis=1), dtype=np.float64).ravel()
    whole = ground_of @ by_area
    rate = np.divide(totals, whole, out=np.zeros(whole.shape), where=whole > 0)
    return np.asarray(held @ (rate @ ground_of), dtype=np.float64)


def _nearest(pairs: Pairs) -> Bools:
    """Return which pairs are of an event and its nearest building; of two as near, the first by id."""
    order = np.lexsort((pairs.building, pairs.distance_m, pairs.event))
    first = np.ones(order.size, dtype=np.bool_)
    first[1:] = pairs.event[order][1:] != pairs.event[order][:-1]
    nearest = np.zeros(order.size, dtype=np.bool_)
    nearest[order[first]] = True
    return nearest


def _shared(pairs: Pairs, n: int) -> Floats:
    around = np.bincount(pairs.event)
    return _weighed(pairs.building, 1.0 / around[pairs.event], n)
