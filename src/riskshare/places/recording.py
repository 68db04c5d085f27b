"""How differently organisations record: offsets for each source and category, and what they rest on.

One offset cannot be told from one source without an assumption; three sources of information are offered, declared and
combined by precision. Methods: places, section 5.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.areas import check_areas
from riskshare.places.audits import audit_lines, check_audit
from riskshare.places.borders import Cut
from riskshare.places.levelling import Comparisons
from riskshare.places.offsets import AUDIT, SECOND, estimate_offsets
from riskshare.places.placebo import Placebos, placebo_lines
from riskshare.places.points import check_points
from riskshare.places.recording_notes import SOCIAL, applied_notes, cut_notes, second_notes
from riskshare.places.recording_reading import read_barriers, read_field
from riskshare.places.recording_series import quarterly
from riskshare.places.recording_tables import Unit, offsets_table, ratios_table, second_table, segments_table
from riskshare.places.recording_units import (
    Field,
    Line,
    count_segments,
    events_by_organisation,
    lay_lines,
    set_beside,
)
from riskshare.places.second_source import Beside, pair_comparisons, ratio_comparisons
from riskshare.records.arguments import is_number, is_whole, require

Floats = NDArray[np.float64]

WIDTH_M: Final = 1_000.0
"""Proposal: far enough to hold events, near enough for both sides to be alike."""
SEGMENT_M: Final = 10_000.0
"""Proposal: longer than neighbourhoods, so that social gradients of two segments are two and not one."""
MIN_EVENTS: Final = 30
"""Events each side (methods: places, section 5.5)."""

SecondBy = Literal["ratio", "pairs"]


def recording_practice(
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    population: pd.DataFrame | None = None,
    coverage: pd.DataFrame | None = None,
    second_source: str | None = None,
    second_by: SecondBy = "ratio",
    audit: pd.DataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    width_m: float = WIDTH_M,
    snap_m: float | None = None,
    segment_m: float = SEGMENT_M,
    min_events: int = MIN_EVENTS,
    seed: int = 0,
) -> RecordingPractice:
    """Return how much more or less each organisation records than others, of alike events, and how sure that is.

    Parameters
    ----------
    points : GeoDataFrame
        Events; see ``riskshare.places.points.check_points``. ``source`` names a *kind* of source that several
        organisations have, such as police; ``recorded_by`` names the organisation. Leave out events at buildings' own
        addresses that reporting duties produce.
    areas : GeoDataFrame
        ``code``, ``geometry`` of every authority.
    population, coverage : DataFrame, optional
        As for ``riskshare.hotspots``. Without a population, the ground itself is taken to be alike on both sides.
    second_source : str, optional
        A source recorded under one practice on both sides, such as ambulance.
    second_by : str
        ``ratio`` compares counts; ``pairs`` takes the share of the second source's claims that the first has too.
    audit : DataFrame, optional
        ``recorded_by, accuracy, lower, upper``; see ``riskshare.places.audits.check_audit``.
    barriers : GeoDataFrame, optional
        Rivers, motorways, railways, parks: border along them is left out.
    width_m : float, metres
        Of the strips each side of a line.
    snap_m : float, metres, optional
        How far recorded places may be from true ones: this much each side of a line is left out. Default: the accuracy
        of the projection used.
    segment_m : float, metres
        The longest piece of border taken as one.
    min_events : int
        Events that each side of a border, and each source beside another, must hold.
    seed : int
        Of the test for change in time.

    Returns
    -------
    RecordingPractice

    Raises
    ------
    ArgumentError
        An argument is not of the kind needed.
    PlaceError
        Points, areas, coverage, population, audit or barriers cannot be used, or no such second source.

    Notes
    -----
    θ of organisation k is the logarithm of what k records over the mean of those it can be compared with. Border
    segments give δ = ln[(O_k + ½)/E_k] − ln[(O_l + ½)/E_l] with variance 1/(O_k + ½) + 1/(O_l + ½) + ω², ω² from
    placebo lines; weighted least squares over the network of organisations, with full covariance.
    """
    require(
        "recording_practice",
        {
            "second_source must be the name of a source or None.": second_source is None
            or isinstance(second_source, str),
            "second_by must be 'ratio' or 'pairs'.": second_by in ("ratio", "pairs"),
            "width_m must be a number of metres above 0.": is_number(width_m) and width_m > 0,
            "snap_m must be a number of metres, 0 or more, or None.": snap_m is None
            or (is_number(snap_m) and snap_m >= 0),
            "segment_m must be a number of metres above 0.": is_number(segment_m) and segment_m > 0,
            "min_events must be a whole number, 1 or more.": is_whole(min_events) and min_events >= 1,
            "seed must be a whole number, 0 or more.": is_whole(seed) and seed >= 0,
        },
    )
    places, ground_of = check_points(points), check_areas(areas)
    field, notes = read_field(places, ground_of, population, coverage)
    sources = sorted({name for name, _, _ in field.strata.names})
    if second_source is not None and second_source not in sources:
        hint = f"second_source names {second_source!r}, which has no event here. Sources: {', '.join(sources)}."
        raise PlaceError([PlaceProblem("unknown_second_source", hint)])
    known = tuple(sorted({by for name, by, _ in field.strata.names if name != second_source}))
    audited = None if audit is None else check_audit(audit, known)
    snap = max(places.projection.accuracy_m, ground_of.projection.accuracy_m) if snap_m is None else float(snap_m)
    cut = Cut(float(width_m), snap, float(segment_m))
    walls = None if barriers is None else read_barriers(barriers)
    units: list[Unit] = []
    for source in (name for name in sources if name != second_source):
        units += _units(field, source, cut, walls, second_source, second_by, audited, min_events)
    tables = quarterly(field, tuple(units), second_source, coverage, seed, min_events)
    said = [*notes, *cut_notes(cut, snap_given=snap_m is not None, barriers_given=barriers is not None)]
    said += second_notes(field, units, second_source, pairs=second_by == "pairs")
    return RecordingPractice(
        tuple(units), ground_of.codes, *tables, second_source, (*said, *applied_notes(units), SOCIAL), seed
    )


@dataclass(frozen=True, repr=False)
class RecordingPractice:
    """How organisations record. Made by ``recording_practice``; nothing is adjusted by it until asked.

    Attributes
    ----------
    units : tuple of Unit
        One for each source and category: what the tables are made of.
    codes : tuple of str
        The authorities.
    quarters, changes : DataFrame
        Differences by quarter, and each series' most likely change.
    second_source : str or None
    notes : tuple of str
        Every automatic choice with its unit, every cap and shrinkage, and what an offset cannot tell.
    seed : int
        Of the test for change in time.
    """

    units: tuple[Unit, ...]
    codes: tuple[str, ...]
    quarters: pd.DataFrame
    changes: pd.DataFrame
    second_source: str | None
    notes: tuple[str, ...]
    seed: int

    @cached_property
    def offsets(self) -> pd.DataFrame:
        """One line for each organisation, source and category; see ``recording_tables.offsets_table``."""
        return offsets_table(self.units)

    @cached_property
    def ratios(self) -> pd.DataFrame:
        """One line for each pair of organisations and kind of information; see ``recording_tables.ratios_table``."""
        return ratios_table(self.units)

    @cached_property
    def segments(self) -> gpd.GeoDataFrame:
        """One line for each segment of border; see ``recording_tables.segments_table``."""
        return segments_table(self.units, self.codes)

    @cached_property
    def second(self) -> pd.DataFrame:
        """Counts of both sources by organisation; see ``recording_tables.second_table``."""
        return second_table(self.units, self.second_source)

    def theta(self, source: str, organisation: str, category: str) -> tuple[int, float]:
        """Return (component, θ to apply) of a stratum; (−1, 0) where it is not estimable."""
        unit, number = self._find(source, organisation, category)
        if unit is None or unit.offsets.together.component[number] < 0:
            return -1, 0.0
        return int(unit.offsets.together.component[number]), float(unit.offsets.together.applied[number])

    def draw(self, names: tuple[tuple[str, str, str], ...], n: int, rng: np.random.Generator) -> Floats:
        """Return draws of θ for strata named (source, organisation, category): (n, strata), with full covariance.

        0 where not estimable. The normal distribution of what is applied (after shrinkage), each draw capped.
        """
        draws = {id(unit): unit.offsets.together.draw(n, rng) for unit in self.units}
        columns = np.zeros((n, len(names)))
        for place, name in enumerate(names):
            unit, number = self._find(*name)
            if unit is not None:
                columns[:, place] = draws[id(unit)][:, number]
        return columns

    def _find(self, source: str, organisation: str, category: str) -> tuple[Unit | None, int]:
        for unit in self.units:
            if (unit.source, unit.category) == (source, category) and organisation in unit.names:
                return unit, unit.names.index(organisation)
        return None, -1

    def __repr__(self) -> str:
        """Return how many offsets could be told."""
        known = sum(int((unit.offsets.together.component >= 0).sum()) for unit in self.units)
        whole = sum(len(unit.names) for unit in self.units)
        return f"RecordingPractice({known} of {whole} offsets estimable, internal)"


def _units(
    field: Field, source: str, cut: Cut, barriers: NDArray[np.object_] | None, second: str | None, by: SecondBy,
    audit: pd.DataFrame | None, min_events: int,
) -> list[Unit]:  # fmt: skip
    line = lay_lines(field, source, cut, barriers)
    categories = sorted({category for name, _, category in field.strata.names if name == source})
    counted = [count_segments(field, line, source, category, min_events) for category in categories]
    spare = _pooled([placebo_lines(segments, rate) for segments, rate in counted])
    units = []
    for category, (segments, rate) in zip(categories, counted, strict=True):
        beside = None if second is None else set_beside(field, line, source, category, second, pairs=by == "pairs")
        others = _others(beside, by, audit, line, source, category, min_events)
        offsets = estimate_offsets(segments, rate, others, placebos=spare)
        n_events = events_by_organisation(field, line, source, category)
        units.append(Unit(source, category, line, offsets, n_events, beside))
    return units


def _pooled(parts: list[Placebos]) -> Placebos:
    columns = ("segment", "side", "shift", "delta", "variance", "weight")
    return Placebos(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def _others(
    beside: Beside | None, by: SecondBy, audit: pd.DataFrame | None, line: Line, source: str, category: str,
    min_events: int,
) -> Mapping[str, Comparisons]:  # fmt: skip
    found: dict[str, Comparisons] = {}
    if beside is not None:
        found[SECOND] = (ratio_comparisons if by == "ratio" else pair_comparisons)(beside, min_events)
    if audit is not None:
        lines = audit_lines(audit, source, category)
        lines = lines[lines["recorded_by"].isin(line.names)]
        one = np.array([line.names.index(name) for name in lines["recorded_by"]], dtype=np.int64)
        nothing = np.full(one.size, -1, dtype=np.int64)
        value, variance = (lines[name].to_numpy(dtype=np.float64) for name in ("value", "variance"))
        flat = np.zeros(one.size, dtype=np.bool_)
        found[AUDIT] = Comparisons(one, nothing, np.zeros(one.size, dtype=np.int64), value, variance, flat)
    return found
