"""What lies around buildings such as children's homes: the one composition of the stages, and its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from riskshare.places.areas import check_areas
from riskshare.places.coverage import Coverage, coverage_of
from riskshare.places.crs import FARTHEST_M
from riskshare.places.grid import grid_over
from riskshare.places.near_buildings import Buildings, check_buildings
from riskshare.places.own_address import OWN_M
from riskshare.places.people import check_population, people_in_cells
from riskshare.places.profile_tables import (
    Shown,
    areas_table,
    bands_table,
    buildings_table,
    curve_table,
    show,
)
from riskshare.places.profiles import NOBODY_M, Read, Surrounded, read_events, surround
from riskshare.places.reading import DUTIES
from riskshare.places.strata import Ground, lay_ground
from riskshare.records.arguments import is_number, is_texts, is_whole, require
from riskshare.reporting.profile_words import profile_sentences, profiles_html, shown_sentences
from riskshare.version import VERSION

if TYPE_CHECKING:
    from matplotlib.figure import Figure


AUDIENCES: Final = ("practitioner", "partnership", "public")
BANDS_M: Final = (100, 250, 500)


def profile_places(
    points: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    areas: gpd.GeoDataFrame,
    population: pd.DataFrame | None = None,
    coverage: pd.DataFrame | None = None,
    bands_m: Sequence[float] = BANDS_M,
    own_m: float = OWN_M,
    duties: Sequence[str] = DUTIES,
    null: str | None = None,
    audience: str = "practitioner",
    level: float = 0.05,
    cell_m: int = 100,
    draws: int = 999,
    seed: int = 0,
) -> PlaceProfiles:
    """Return what happens around each building, beside what the people who live there would lead one to expect.

    Parameters
    ----------
    points : GeoDataFrame
        Events, as for ``hotspots``, with optional ``precision_m`` (metres) and ``time`` (HH:MM).
    buildings : GeoDataFrame
        ``id``, ``geometry``, and optionally ``name``, ``kind`` and ``protected`` (taken as True where it is not said).
    areas : GeoDataFrame
        ``code``, ``geometry`` and optionally ``name`` of every authority that takes part.
    population : DataFrame, optional
        As for ``hotspots``. Without it nothing is expected: counts only.
    coverage : DataFrame, optional
        As for ``hotspots``.
    bands_m : sequence of float, metres
        Where each band ends, up to 1,000,000. Bands are half-open: an event at exactly 100 m is in the band that
        begins there.
    own_m : float, metres
        Events up to this near are the building's own address: drawn apart, in no band of any building.
    duties : sequence of str
        Categories that a home or its staff must report, such as missing episodes. They never count.
    null : str, optional
        ``uniform`` expects events evenly over the covered ground. For those who ask.
    audience : str
        ``practitioner`` sees all. ``partnership`` and ``public`` never see a protected building: no name, no place, no
        bands; only authorities' lines without counts under 5.
    level : float
        False discovery rate over all buildings.
    cell_m : int, metres
        Cells over which people are spread evenly.
    draws : int
        For ranks and for what chance alone gives, 1 to 100,000.
    seed : int
        Of the draws.

    Returns
    -------
    PlaceProfiles

    Raises
    ------
    ArgumentError
        An argument is not of the kind needed.
    PlaceError
        A table cannot be used; everything wrong in it is listed, by row and never by name.

    Notes
    -----
    Limits of observed over expected are exact Poisson ones and take what is expected as known: where events cluster
    they are too narrow, so read an excess beside the hot spots. Methods: places, section 5.9.
    """
    asked = dict(locals())
    _check(bands_m, own_m, duties, null, audience, level, cell_m, draws, seed)
    read = read_events(points, tuple(duties))
    checked, places = check_areas(areas), check_buildings(buildings)
    ground = lay_ground(checked, grid_over(checked.bounds, cell_m))
    covered = coverage_of(coverage, read.points, checked.codes)
    edges = np.array([own_m, *bands_m], dtype=np.float64)
    people = _people(population, ground, null)
    near = surround(read, places, ground, covered, people, edges)
    rng = np.random.default_rng(seed)
    # What is told of an open building below practitioners must not hang on protected ones near it.
    single, around = places, near
    if audience == "partnership" and places.protected.any() and not places.protected.all():
        single = places.take(~places.protected)
        around = surround(read, single, ground, covered, people, edges)
    tables = Shown(
        buildings_table(single, around, ground, level=level, draws=draws, rng=rng),
        bands_table(places, near),
        curve_table(places, near, draws=draws, rng=rng),
        areas_table(places, near, ground, np.ones(len(places), dtype=np.bool_), least=0),
    )
    shown = show(tables, places, near, ground, practitioner=audience == "practitioner", public=audience == "public")
    notes = (
        *_notes(read, places, covered, near, population is None and null is None, audience),
        *_choices(tuple(duties), cell_m, level, draws, expects=population is not None or null is not None),
    )
    return PlaceProfiles(shown.buildings, shown.bands, shown.curve, shown.areas, audience, notes, seed, asked)


@dataclass(frozen=True, repr=False)
class PlaceProfiles:
    """Profiles of the ground around buildings. Made by ``riskshare.profile_places``; internal until shared.

    Attributes
    ----------
    buildings : GeoDataFrame
        One line a building; see ``riskshare.places.profile_tables.buildings_table``. Below the practitioner level
        only unprotected ones, with the outermost band alone, and none for the public.
    bands : DataFrame
        One line a building and band; empty below the practitioner level.
    curve : DataFrame
        Share of events by share of buildings of a kind, beside what chance gives; empty below that level.
    areas : DataFrame
        One line an authority and kind: events near any of its buildings, each once.
    audience : str
    notes : tuple of str
        Every automatic choice with its unit, and everything left out. Never a building's name or place.
    seed : int
    asked : mapping
        The arguments of ``profile_places``: ``share`` profiles again from what a recipient may see.
    """

    buildings: gpd.GeoDataFrame
    bands: pd.DataFrame
    curve: pd.DataFrame
    areas: pd.DataFrame
    audience: str
    notes: tuple[str, ...]
    seed: int
    asked: Mapping[str, Any]
    engine_version: str = VERSION

    def __repr__(self) -> str:
        """Return how many lines and for whom; never which or where."""
        return f"PlaceProfiles({len(self.buildings):,} buildings, {len(self.areas):,} lines of areas, {self.audience})"

    def _repr_html_(self) -> str:
        """Return a small table for a notebook: ids and figures; no name and no place."""
        return profiles_html(self.buildings)

    def sentences(self, *, named: bool = False) -> tuple[str, ...]:
        """Return a paragraph a building, or below the practitioner level a sentence for each line that may be seen.

        Parameters
        ----------
        named : bool
            For practitioners, give names beside ids. Off by default: a screen is not for a refuge's name.
        """
        if self.audience == "practitioner":
            return profile_sentences(self.buildings, self.bands, named=named)
        return shown_sentences(self.buildings, self.areas)

    def plot(self) -> Figure:
        """Draw observed over expected in each band with its 95 % limits, by id; counts below the practitioner level.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        from riskshare.reporting.profile_chart import draw_profiles, draw_shown

        if self.audience == "practitioner":
            return draw_profiles(self.buildings, self.bands, self.notes)
        return draw_shown(self.buildings, self.areas, self.notes)


def _check(
    bands_m: object, own_m: object, duties: object, null: object, audience: object, level: object, cell_m: object,
    draws: object, seed: object,
) -> None:  # fmt: skip
    ends = list(bands_m) if isinstance(bands_m, (list, tuple, np.ndarray)) else []
    numbers = bool(ends) and all(is_number(end) for end in ends)
    rising = numbers and all(a < b for a, b in pairwise(ends)) and ends[0] > 0 and ends[-1] <= FARTHEST_M
    first = float(ends[0]) if rising else float("inf")
    require(
        "profile_places",
        {
            "bands_m must be one or more rising distances in metres up to 1,000,000, such as (100, 250, 500).": rising,
            "own_m must be a number of metres, 0 or more, below the end of the first band.": (
                is_number(own_m) and 0 <= float(own_m) < first  # type: ignore[arg-type]  # a number, as just asked
            ),
            "duties must be a list of categories.": is_texts(duties),
            "null must be 'uniform' or None.": null is None or (isinstance(null, str) and null == "uniform"),
            f"audience must be one of {', '.join(AUDIENCES)}.": isinstance(audience, str) and audience in AUDIENCES,
            "level must be a number above 0 and below 1.": is_number(level) and 0 < level < 1,  # type: ignore[operator]
            "cell_m must be a whole number of metres, 1 to 100,000.": _between(cell_m, 1, 100_000),
            "draws must be a whole number, 1 to 100,000.": _between(draws, 1, 100_000),
            "seed must be a whole number, 0 or more.": is_whole(seed) and seed >= 0,  # type: ignore[operator]
        },
    )


def _between(value: object, least: int, most: int) -> bool:
    return is_whole(value) and least <= int(value) <= most  # type: ignore[call-overload]  # a number, as just asked


def _people(population: pd.DataFrame | None, ground: Ground, null: str | None) -> csr_array | None:
    if null == "uniform":
        return ground.shares
    if population is None:
        return None
    people = people_in_cells(check_population(population, ground.areas.codes), ground)
    return csr_array(people + ground.shares * (ground.grid.cell_m / NOBODY_M) ** 2)


def _notes(
    read: Read, places: Buildings, covered: Coverage, near: Surrounded, nothing: bool, audience: str
) -> tuple[str, ...]:
    own, *ends = (f"{edge:g}" for edge in near.edges_m)
    notes = [*read.notes, *places.notes, *covered.notes]
    notes.append(f"Bands end at {', '.join(ends)} m, half-open; up to {own} m is a building's own address.")
    if nothing:
        notes.append("No population was given: events around buildings are counted, and nothing is expected.")
    if audience == "practitioner":
        notes += [*near.notes, *_silence(near)]
    else:
        notes.append("Protected buildings appear only in lines of five or more of a kind, without counts under 5.")
        notes.append("Buildings around which nobody given here looks have no line of their own.")
        notes.append(
            "Around other buildings, events at protected buildings' addresses are told like any others: leaving them "
            "out would show where those are."
        )
    return tuple(dict.fromkeys(notes))


def _choices(duties: tuple[str, ...], cell_m: int, level: float, draws: int, *, expects: bool) -> tuple[str, ...]:
    """Return what was decided by an option or by its default, with its unit."""
    told = [f"Reports of duties, which never count: {', '.join(duties)}." if duties else "No category is a duty."]
    if expects:
        told.append(
            f"People are spread evenly over cells of {cell_m:,} m, and one is added to each square of {NOBODY_M:g} m. "
            f"An excess is decided at a false discovery rate of {level:g} over all buildings (Benjamini-Hochberg); "
            f"ranks and what chance gives rest on {draws:,} draws."
        )
        told.append(
            "Limits and findings take events as independent and what is expected as known. Where events come in clumps "
            "they are too narrow, so chance alone gives an excess more often than that."
        )
    told.append(
        "An excess is of what was recorded on the ground around a building. It says nothing of the building, nor of "
        "who lives or works there."
    )
    return tuple(told)


def _silence(near: Surrounded) -> list[str]:
    """Return a note where more than a tenth of a building's bands lies where nobody given here looks."""
    ring = np.pi * (near.edges_m[-1] ** 2 - near.edges_m[0] ** 2)
    blind = int((near.ground_m2.sum(axis=(1, 2)) < 0.9 * ring).sum())
    if not blind:
        return []
    return [f"{blind:,} buildings have ground nearby that nobody given here covers: silence there is not safety."]
