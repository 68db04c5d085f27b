"""Who records what where: events counted by recording organisation, source and category, over the ground each covers.

A stratum is one organisation's one source of one category. What differs between strata by a constant, such as one
force's recording rate, can then be conditioned away. Methods: places, sections 5.1 and 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.areas import Areas, area_of_points, cell_shares
from riskshare.places.coverage import Coverage
from riskshare.places.grid import Grid
from riskshare.places.points import Points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, repr=False)
class Ground:
    """A grid over areas, and how much of each cell lies in each area (areas × cells)."""

    grid: Grid
    areas: Areas
    shares: csr_array

    @property
    def covered(self) -> Floats:
        """The share of each cell that lies in any of the areas."""
        return np.asarray(self.shares.sum(axis=0), dtype=np.float64).ravel()

    def __repr__(self) -> str:
        """Return its size."""
        return f"Ground({self.grid.n_cells:,} cells, {len(self.areas.codes)} areas)"


@dataclass(frozen=True, slots=True, repr=False)
class Events:
    """Whole events inside the areas, one line a claim: cell, area and stratum of each.

    ``source``, ``organisation`` and ``category`` number ``names_of`` the stratum's parts.
    """

    points: Points
    cell: Ints
    area: Ints
    stratum: Ints

    def __len__(self) -> int:
        """Return how many."""
        return int(self.cell.size)

    def __repr__(self) -> str:
        """Return how many; never where."""
        return f"Events({len(self):,})"


@dataclass(frozen=True, slots=True, repr=False)
class Strata:
    """The strata: their names (source, organisation, category) and the share of each area's ground that is theirs.

    ``ground`` (strata × areas) is the share of the period for which the stratum's source covered an area that its
    organisation records; 0 elsewhere. ``alike`` names the same strata with sources that were declared to be recorded
    alike everywhere taken as one recorder: the names by which recording practice knows them.
    """

    names: tuple[tuple[str, str, str], ...]
    ground: Floats
    alike: tuple[tuple[str, str, str], ...] = ()

    def __repr__(self) -> str:
        """Return how many."""
        return f"Strata({len(self.names)})"


def lay_ground(areas: Areas, grid: Grid) -> Ground:
    """Return a grid over areas with each area's share of each cell."""
    return Ground(grid, areas, cell_shares(grid, areas))


def seen_by(points: Points, ground: Ground, coverage: Coverage) -> NDArray[np.bool_] | None:
    """Return which reports were made where and when their source looked; None where every source looked always."""
    if not coverage.spans:
        return None
    area = areas_of(points, ground)
    source = pd.Index(coverage.sources).get_indexer(pd.Index(points.source))
    seen = (area >= 0) & (source >= 0)
    seen[seen] = coverage.looked(source[seen], area[seen], points.day[seen])
    return np.asarray(seen, dtype=np.bool_)


def whole_claims(points: Points, seen: NDArray[np.bool_] | None = None) -> Points:
    """Return one event a claim, however many sources reported it, and only what was reported.

    Of several reports of one claim, the one kept was ``seen`` (see ``seen_by``), then is placed most precisely; of two
    alike, from the source with the most events, then the first source by name, then the westernmost and southernmost: a
    choice that no order of rows can change. Events that enforcement or our own prompting turned up are left out
    (methods: places, section 5.2).
    """
    reported = points.take(~points.looked)
    unseen = np.zeros(len(reported), dtype=np.bool_) if seen is None else ~seen[~points.looked]
    size = pd.Series(reported.source).map(pd.Series(reported.source).value_counts()).to_numpy(dtype=np.int64)
    precision = np.where(np.isnan(reported.precision_m), np.inf, reported.precision_m)
    order = np.lexsort(
        (reported.y, reported.x, reported.day, reported.source.astype(str), -size, precision, unseen, reported.claim)
    )
    claim, first, count = np.unique(reported.claim[order], return_index=True, return_counts=True)
    shared = np.isin(reported.claim, claim[count > 1])
    table = pd.DataFrame({"claim": reported.claim[shared], "source": reported.source[shared]}).drop_duplicates()
    joined = sorted(set(table[table["claim"].duplicated(keep=False)]["source"]))
    return replace(reported.take(np.sort(order[first])), joined=tuple(joined))


def place_events(
    points: Points, ground: Ground, coverage: Coverage, *, alike: frozenset[str] = frozenset()
) -> tuple[Events, Strata, tuple[str, ...]]:
    """Return events with their cells, areas and strata.

    Parameters
    ----------
    points : Points
    ground : Ground
    coverage : Coverage
    alike : frozenset of str
        Sources that name no organisation and are declared to be recorded alike everywhere. It changes no stratum, only
        ``Strata.alike``.

    The organisation of a source in an area is the one that recorded most of that source's events there; where a table
    names none, the area's own authority. Events outside every area are left out, and those where or when their source
    did not look are kept out of counts: all are said in notes.

    Returns
    -------
    events : Events
    strata : Strata
    notes : tuple of str

    Raises
    ------
    PlaceError
        No event is left.
    """
    area = areas_of(points, ground)
    inside = area >= 0
    source = pd.Index(coverage.sources).get_indexer(pd.Index(points.source))
    ever, looked_at = inside.copy(), inside.copy()
    ever[inside] = coverage.share[source[inside], area[inside]] > 0
    looked_at[inside] = coverage.looked(source[inside], area[inside], points.day[inside])
    if not looked_at.any():
        raise PlaceError([PlaceProblem("no_events", _nothing(points))])
    notes = _notes(int((~inside).sum()), int((inside & ~ever).sum()), int((ever & ~looked_at).sum()))
    kept, area, source = points.take(looked_at), area[looked_at], source[looked_at]
    organisation = _organisations(kept, area, source, ground.areas.codes, coverage)
    beside = _beside(kept, area, source, organisation, coverage)
    if (beside != "").any():
        notes.append(BESIDE_NOTE)
    strata, stratum = _number(kept, area, source, organisation + beside, coverage)
    strata = replace(strata, alike=_alike(strata.names, kept, area, source, (organisation, beside), coverage, alike))
    return Events(kept, ground.grid.cell_of(kept.x, kept.y), area, stratum), strata, tuple(notes)


BESIDE_NOTE: Final = (
    "Claims that several sources reported count once, so what is left to a source depends on who records beside it: "
    "each source is compared only within ground where the same others record."
)


def _beside(
    points: Points, area: Ints, source: Ints, organisation: NDArray[np.object_], coverage: Coverage
) -> NDArray[np.object_]:
    """Return who else records the same claims beside each (source, area), in words; empty where that is all alike.

    Once a claim counts once, an ambulance service keeps more claims to itself where the police record less. Taken as
    one stratum, that force's ground would be "hot" by its own silence.
    """
    words = np.full(organisation.shape, "", dtype=object)
    present = np.zeros(organisation.shape, dtype=np.bool_)
    present[source, area] = True
    joined = [place for place, name in enumerate(coverage.sources) if name in points.joined]
    for own in joined:
        for place in range(len(coverage.areas)):
            others = [str(organisation[s, place]) for s in joined if s != own and present[s, place]]
            words[own, place] = ", ".join(sorted(set(others) - {str(organisation[own, place])}))
        here = present[own]
        if len({(organisation[own, p], words[own, p]) for p in np.flatnonzero(here)}) == len(
            {organisation[own, p] for p in np.flatnonzero(here)}
        ):
            words[own] = ""
    return np.where(words == "", "", " beside " + words)


def _alike(
    names: tuple[tuple[str, str, str], ...], points: Points, area: Ints, source: Ints,
    told: tuple[NDArray[np.object_], NDArray[np.object_]], coverage: Coverage, alike: frozenset[str],
) -> tuple[tuple[str, str, str], ...]:  # fmt: skip
    """Return strata's names as they were if each of some sources had one organisation.

    What such a source leaves to another is then alike wherever it looks, and the other is the organisation it was.
    """
    organisation, beside = told
    one = organisation.copy()
    for place, name in enumerate(coverage.sources):
        if name in alike:
            one[place] = name
    if (one == organisation).all():
        return names
    known = organisation + _beside(points, area, source, one, coverage)
    found: dict[tuple[str, str], set[str]] = {}
    for row, column in np.unique(np.column_stack((source, area)), axis=0):
        by = str(organisation[row, column]) + str(beside[row, column])
        found.setdefault((coverage.sources[row], by), set()).add(str(known[row, column]))
    # Where one stratum would be two, it keeps the name that nobody knows.
    return tuple((name, by if len(found[name, by]) > 1 else min(found[name, by]), kind) for name, by, kind in names)


def areas_of(points: Points, ground: Ground) -> Ints:
    """Return the area of each event; one on a line that is also a cell's edge goes to whoever holds its cell."""
    area = area_of_points(ground.areas, points.x, points.y)
    cell = ground.grid.cell_of(points.x, points.y)
    shares = ground.shares.tocsc()
    inside = np.flatnonzero((area >= 0) & (cell >= 0))
    if inside.size == 0:
        return area
    held = np.asarray(shares[area[inside], cell[inside]]).ravel()
    for event in inside[held == 0]:
        column = shares[:, [cell[event]]].toarray().ravel()
        area[event] = int(np.argmax(column)) if column.any() else -1
    return area


def _nothing(points: Points) -> str:
    if not len(points):
        return "Every event was found by enforcement or our own prompting (`arises_from`), and those never count."
    return "No event lies inside an area that its source covers."


def _notes(outside: int, unlooked: int, untimely: int) -> list[str]:
    notes = []
    if outside:
        notes.append(f"{outside:,} events lie outside every area given and were left out.")
    if unlooked:
        notes.append(f"{unlooked:,} events lie where their source says it did not look and were left out.")
    if untimely:
        notes.append(f"{untimely:,} events are dated when their source says it did not look there and were left out.")
    return notes


def _organisations(
    points: Points, area: Ints, source: Ints, codes: tuple[str, ...], coverage: Coverage
) -> NDArray[np.object_]:
    """Return the recording organisation of each (source, area): sources × areas of names."""
    names = np.tile(np.array(codes, dtype=object), (len(coverage.sources), 1))
    named = points.recorded_by != ""
    if named.any():
        table = pd.DataFrame({"source": source[named], "area": area[named], "by": points.recorded_by[named]})
        counts = table.value_counts(["source", "area", "by"]).reset_index(name="n")
        best = counts.sort_values(["source", "area", "n", "by"], ascending=[True, True, False, True])
        best = best.drop_duplicates(["source", "area"])
        names[best["source"].to_numpy(), best["area"].to_numpy()] = best["by"].to_numpy(dtype=object)
    return names


def _number(
    points: Points, area: Ints, source: Ints, organisation: NDArray[np.object_], coverage: Coverage
) -> tuple[Strata, Ints]:
    by = organisation[source, area]
    groups = pd.DataFrame({"source": points.source, "by": by, "category": points.category}).groupby(
        ["source", "by", "category"], sort=True
    )
    stratum = groups.ngroup().to_numpy(dtype=np.int64)
    keys = sorted((str(a), str(b), str(c)) for a, b, c in groups.size().index)
    ground = np.zeros((len(keys), len(coverage.areas)))
    for place, (name, by_name, _) in enumerate(keys):
        row = coverage.sources.index(name)
        ground[place] = np.where(organisation[row] == by_name, coverage.share[row], 0.0)
    return Strata(tuple(keys), ground), np.asarray(stratum, dtype=np.int64)


def count_cells(events: Events, n_strata: int, n_cells: int) -> Ints:
    """Return how many events of each stratum lie in each cell (strata × cells)."""
    table = np.bincount(events.stratum * n_cells + events.cell, minlength=n_strata * n_cells)
    return table.reshape(n_strata, n_cells)
