"""What was released before, so that no reader can subtract one release from another and be left with a few people.

The register holds true counts: it is internal, and never leaves. It is a tuple of releases; keeping it is for `io`.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from riskshare.errors import DisclosureProblem, ReleaseRefusedError
from riskshare.records.arguments import is_day, is_text, require
from riskshare.sharing.differencing import Cell, Part, small_remainders
from riskshare.sharing.profiles import PROFILES, Profile
from riskshare.sharing.pseudonyms import hkdf_sha256
from riskshare.sharing.refusals import refuse
from riskshare.sharing.table_cells import ALL, cell_problems, placed
from riskshare.sharing.tables import Protected

_READERS: Final = {
    "public": ("public",),
    "partnership": ("public", "partnership"),
}
"""Whose releases each kind of reader sees: partners read what is public too."""


MAP_SERIES: Final = "events in cells of "
"""How the series of every map begins; the side of its cells follows."""


class Doors(NamedTuple):
    """Buildings whose own calls a map leaves out, by keyed marks: which were given, and at which anything happened.

    A mark is the same for the same place and reach under one key; without the key it tells nothing.
    """

    given: frozenset[str]
    found: frozenset[str]


NO_DOORS: Final = Doors(frozenset(), frozenset())


def door_mark(key: bytes, place: bytes) -> str:
    """Return the mark of a building's own address.

    >>> door_mark(bytes(32), b"a place") == door_mark(bytes(32), b"a place") != door_mark(bytes(32), b"another")
    True
    """
    return hmac.digest(hkdf_sha256(key, info=b"riskshare-doors-v1"), place, "sha256").hex()


@dataclass(frozen=True, slots=True, repr=False)
class Release:
    """One table as it was released, with the true counts behind it.

    Attributes
    ----------
    series : str
        What is counted: releases of one series are compared with each other.
    audience : str
    starts, until : datetime.date
        The period, ``until`` not included.
    by : tuple of str
    cells : tuple of Cell
        The parts that each cell is made of, and whether it is shown.
    counts : mapping of part to int
        True count of every part.
    of_victims : bool
    doors : Doors, optional
        Of a map: whose own calls it leaves out. None for a table of another kind.
    events : frozenset of str
        Of a map: keyed marks of the events it counted about somebody, for its readers (`event_marks`).
    """

    series: str
    audience: str
    starts: dt.date
    until: dt.date
    by: tuple[str, ...]
    cells: tuple[Cell, ...]
    counts: Mapping[Part, int]
    of_victims: bool
    doors: Doors | None = None
    events: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """Period, audience and size; no count."""
        return f"Release({self.audience}, {self.starts} to {self.until}, {len(self.cells)} cells)"


class Checked(NamedTuple):
    """What speaks against a release beside earlier ones: for which it is refused, and of which is warned."""

    refused: tuple[DisclosureProblem, ...]
    warned: tuple[DisclosureProblem, ...]


def release(
    protected: Protected,
    frame: pd.DataFrame,
    *,
    series: str,
    starts: dt.date,
    until: dt.date,
    count: str = "count",
    groups: Mapping[str, Mapping[str, str]] | None = None,
    doors: Doors | None = None,
    events: frozenset[str] = frozenset(),
) -> Release:
    """Return a protected table as the register keeps it.

    Parameters
    ----------
    protected : Protected
        What is to be released.
    frame : pandas.DataFrame
        The true counts, one row a cell, with the dimensions of the table and ``count``. Where areas are nested, of the
        smallest units that any release of the series uses, named by one list of codes.
    series : str
        What is counted, such as ``knife injuries``.
    starts, until : datetime.date
        The period, ``until`` not included.
    count : str
    groups : mapping of dimension to mapping of unit to category, optional
        For each dimension of smaller units, the category of the table that each belongs to.
    doors : Doors, optional
        Of a map: whose own calls it leaves out.
    events : frozenset of str
        Of a map: marks of the events it counted.

    Returns
    -------
    Release

    Raises
    ------
    ArgumentError
        An argument is not of its kind, or the period is empty.
    DisclosureError
        The units do not make up the categories of the table, or the counts cannot be used.
    """
    require(
        "release",
        {
            "protected must be a Protected table.": isinstance(protected, Protected),
            "frame must be a DataFrame with the dimensions of the table and the counts.": isinstance(
                frame, pd.DataFrame
            )
            and {*getattr(protected, "by", ()), count} <= set(frame.columns),
            "series must be text.": is_text(series),
            "starts and until must be dates, starts before until.": is_day(starts) and is_day(until) and starts < until,
        },
    )
    groups = groups or {}
    levels = {name: protected.levels[axis] for axis, name in enumerate(protected.by) if name not in groups}
    places, units = placed(frame, protected.by, {**levels, **{name: sorted(groups[name]) for name in groups}})
    refuse(cell_problems(places, tuple(map(len, units)), frame[count]))
    counts = dict.fromkeys(product(*units), 0)
    rows = zip(*places, frame[count].to_numpy(dtype=np.int64).tolist(), strict=True)
    for *place, number in rows:
        counts[tuple(units[axis][step] for axis, step in enumerate(place))] = int(number)
    made_of = [_made_of(protected, axis, units[axis], groups) for axis in range(len(protected.by))]
    cells = tuple(
        Cell(frozenset(product(*(made_of[axis][label] for axis, label in enumerate(labels)))), not hidden)
        for labels, hidden in zip(
            product(*((*names, ALL) for names in protected.levels)), protected.withheld.ravel().tolist(), strict=True
        )
    )
    return Release(
        series, protected.audience, starts, until, protected.by, cells, counts, protected.of_victims, doors, events
    )


def _made_of(
    protected: Protected, axis: int, units: tuple[str, ...], groups: Mapping[str, Mapping[str, str]]
) -> dict[str, tuple[str, ...]]:
    """Return the units that each category of a dimension is made of, the total included."""
    name = protected.by[axis]
    belongs = groups.get(name, {unit: unit for unit in units})
    made = {label: tuple(u for u in units if belongs[u] == label) for label in protected.levels[axis]}
    fits = set(belongs.values()) == set(protected.levels[axis])
    refuse([] if fits else [("groups", f"groups of {name} must give every unit a category of the table, and every "
                             "category a unit.")])  # fmt: skip
    return {**made, ALL: units}


def check_release(new: Release, earlier: Sequence[Release]) -> Checked:
    """Return what a reader of the new release could work out with the help of earlier ones.

    Parameters
    ----------
    new : Release
    earlier : sequence of Release
        The register.

    Returns
    -------
    Checked
        For the public everything found is a reason to refuse; for partners a warning, but for (7).

    Notes
    -----
    Compared are releases of one series, and maps with each other. (1) A public period is three months or more. (2)
    Periods that overlap must be the same one, for the difference of two is a shorter one. (3) Within a period, tables
    must have the same dimensions and share units. (4) Every cell of either, withheld or not, has the same count in both
    or one that differs by ``least_change`` people: also withheld ones, since a change shown of a total and of all but
    one part is a change of that part. (5) If anything changed, a cell withheld in one is withheld in the other. (6)
    Everything that is shown, taken together, must leave every group of people too small to show, and every withheld
    cell, within an interval as wide as the threshold, by the same linear programmes as one table (`small_remainders`):
    nested and overlapping areas are no way round. (7) Of two maps of times that overlap, none leaves out calls at the
    address of a building that was not given for the other: their difference would be where that building stands,
    however many the calls. This is refused for everybody, since a refuge cannot be moved.
    Source: methods, safety 3.2; (7): docs/decisions/0022.
    """
    refused: list[DisclosureProblem] = _other_buildings(new, earlier)
    warned: list[DisclosureProblem] = []
    for reader, seen in _READERS.items():
        if reader == "public" and new.audience != "public":
            continue
        profile = PROFILES[reader]
        others = [old for old in earlier if _of_one_kind(old, new) and _seen_by(old) in seen]
        found = _problems(new, others, profile)
        (refused if profile.repeats == "refuse" else warned).extend(found)
    return Checked(tuple(refused), tuple(problem for problem in warned if problem not in refused))


def admit(new: Release, register: Sequence[Release]) -> tuple[tuple[Release, ...], tuple[DisclosureProblem, ...]]:
    """Return the register with the new release in it, and what is warned of.

    Raises
    ------
    ReleaseRefusedError
        The public could subtract it from an earlier release; every reason is listed.
    """
    checked = check_release(new, register)
    if checked.refused:
        raise ReleaseRefusedError(checked.refused)
    return (*register, new), checked.warned


def _seen_by(old: Release) -> str:
    return "public" if old.audience == "public" else "partnership"


def _problems(new: Release, others: Sequence[Release], profile: Profile) -> list[DisclosureProblem]:
    problems = []
    if new.audience == profile.audience and not _long_enough(new, profile.least_months):
        problems.append(DisclosureProblem(
            "short_period", f"A period for the {profile.audience} is {profile.least_months} months or "
            "more."))  # fmt: skip
    overlapping = [old for old in others if _overlap(old, new)]
    same = [old for old in overlapping if (old.starts, old.until) == (new.starts, new.until)]
    if len(same) < len(overlapping):
        problems.append(DisclosureProblem(
            "overlapping_period", "An earlier release covers part of this period: the difference of the two is a "
            "shorter period. Release whole periods that do not overlap."))  # fmt: skip
    alike = [old for old in same if old.series == new.series and old.by == new.by and _share_units(old, new)]
    if len(alike) < len(same):
        problems.append(DisclosureProblem(
            "other_dimensions", "An earlier release of this period has other dimensions or other units, so the two "
            "cannot be compared. Release one table, or name the units by one list of codes."))  # fmt: skip
    for old in alike:
        problems += _changes(new, old, profile.least_change)
    least = profile.least(of_victims=new.of_victims)
    if alike:
        counts = {part: number for one in (*alike, new) for part, number in one.counts.items()}
        cells = [cell for one in (*alike, new) for cell in one.cells]
        left = small_remainders(cells, counts, least=least, zero_is_small=profile.zero_is_small)
        if left:
            problems.append(DisclosureProblem(
                "small_remainder", f"Taken with earlier releases, {left:,} groups of fewer than {least} people, or "
                "cells that were withheld, could be worked out. Release the same cells as before, and withhold the "
                "same ones."))  # fmt: skip
    return problems


def _long_enough(new: Release, months: int) -> bool:
    """Return whether a period is so many whole months or longer, from a day of the month to that day."""
    month = new.starts.month - 1 + months
    return (new.until.year, new.until.month - 1, new.until.day) >= (
        new.starts.year + month // 12, month % 12, new.starts.day)  # fmt: skip


def _overlap(old: Release, new: Release) -> bool:
    return old.starts < new.until and new.starts < old.until


def _of_one_kind(old: Release, new: Release) -> bool:
    """Return whether two releases count the same things: cells of two sizes are nested, so their maps do."""
    return old.series == new.series or (_is_map(old) and _is_map(new))


def _is_map(one: Release) -> bool:
    return one.series.startswith(MAP_SERIES)


def _other_buildings(new: Release, earlier: Sequence[Release]) -> list[DisclosureProblem]:
    """Return what speaks against a map beside one that treats a building's own calls otherwise."""
    for old in earlier:
        if not (_is_map(old) and _is_map(new) and _overlap(old, new)):
            continue
        now = new.doors or NO_DOORS
        # Of a map in a register of an older version nobody knows which buildings it was made with.
        if old.doors is None or (now.found - old.doors.given) | (old.doors.found - now.given):
            return [DisclosureProblem(
                "other_buildings", "An earlier map of a time that overlaps this one was made with other buildings, or "
                "none, or another own_m: the two together would show where a building stands. Give the same buildings "
                "as then, or share this from a time on that no earlier map covers.")]  # fmt: skip
    return []


def _share_units(old: Release, new: Release) -> bool:
    return bool(old.counts.keys() & new.counts.keys())


def _changes(new: Release, old: Release, least_change: int) -> list[DisclosureProblem]:
    """Return what a change between two releases of one period would tell."""
    cells = {cell.parts for cell in (*new.cells, *old.cells)}
    both = [parts for parts in cells if parts <= new.counts.keys() and parts <= old.counts.keys()]
    moves = [abs(sum(new.counts[part] - old.counts[part] for part in parts)) for parts in both]
    few = sum(0 < move < least_change for move in moves)
    problems = []
    if few:
        problems.append(DisclosureProblem(
            "small_change", f"{few:,} cells differ from an earlier release of this period by fewer than {least_change} "
            "people. Hold the correction back until more has changed, or until the next period."))  # fmt: skip
    shown = {cell.parts: cell.shown for cell in old.cells}
    turned = sum(shown.get(cell.parts, cell.shown) != cell.shown for cell in new.cells)
    if any(moves) and turned:
        problems.append(DisclosureProblem(
            "other_pattern", f"{turned:,} cells are withheld in one release of this period and shown in another. Pass "
            "the earlier table as withheld_before, and leave out what it left out."))  # fmt: skip
    return problems
