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
from riskshare.places.areas import Areas
from riskshare.places.audits import audit_lines, check_audit
from riskshare.places.borders import Cut
from riskshare.places.levelling import Comparisons
from riskshare.places.offsets import AUDIT, SECOND, estimate_offsets
from riskshare.places.placebo import Placebos, placebo_lines
from riskshare.places.points import ONE_SOURCE, Points
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

Floats = NDArray[np.float64]

WIDTH_M: Final = 1_000.0
"""Proposal: far enough to hold events, near enough for both sides to be alike."""
SEGMENT_M: Final = 10_000.0
"""Proposal: longer than neighbourhoods, so that social gradients of two segments are two and not one."""
MIN_EVENTS: Final = 30
"""Events each side (methods: places, section 5.5)."""

SecondBy = Literal["ratio", "pairs"]


@dataclass(frozen=True, slots=True)
class Options:
    """How offsets are estimated; see ``riskshare.practice.recording_practice``, which checks them."""

    second_source: str | None = None
    second_by: SecondBy = "ratio"
    width_m: float = WIDTH_M
    snap_m: float | None = None
    segment_m: float = SEGMENT_M
    min_events: int = MIN_EVENTS
    seed: int = 0


def estimate_practice(
    places: Points, ground_of: Areas, options: Options, *, population: pd.DataFrame | None = None,
    coverage: pd.DataFrame | None = None, audit: pd.DataFrame | None = None, barriers: gpd.GeoDataFrame | None = None,
) -> Practice:  # fmt: skip
    """Return how much more or less each organisation records than others, of alike events, and how sure that is.

    Parameters
    ----------
    places : Points
        ``source`` names kinds of source that several organisations have.
    ground_of : Areas
    options : Options
    population, coverage, audit, barriers
        As for ``riskshare.practice.recording_practice``.

    Raises
    ------
    PlaceError
        A table cannot be used, or there is no such second source.
    """
    second = options.second_source
    field, notes = read_field(places, ground_of, population, coverage)
    sources = sorted({name for name, _, _ in field.strata.names})
    if second is not None and second not in sources:
        # What was asked for is not repeated: it may be anything.
        hint = f"second_source names a source that has no event here. Sources: {', '.join(sources)}."
        raise PlaceError([PlaceProblem("unknown_second_source", hint)])
    known = tuple(sorted({by for name, by, _ in field.strata.names if name != second}))
    audited = None if audit is None else check_audit(audit, known)
    accuracy = max(places.projection.accuracy_m, ground_of.projection.accuracy_m)
    snap = accuracy if options.snap_m is None else float(options.snap_m)
    cut = Cut(float(options.width_m), snap, float(options.segment_m))
    walls = None if barriers is None else read_barriers(barriers)
    units: list[Unit] = []
    for source in (name for name in sources if name != second):
        units += _units(field, source, cut, walls, second, options.second_by, audited, options.min_events)
    tables = quarterly(field, tuple(units), second, coverage, options.seed, options.min_events)
    said = [*notes, *cut_notes(cut, snap_given=options.snap_m is not None, barriers_given=barriers is not None)]
    said += second_notes(field, units, second, pairs=options.second_by == "pairs")
    return Practice(
        tuple(units), ground_of.codes, *tables, second, (*said, *applied_notes(units), SOCIAL), options.seed
    )


@dataclass(frozen=True, repr=False)
class Practice:
    """How organisations record; nothing is adjusted by it until asked.

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
    kinds : tuple of (str, str)
        Sources, as points name them, that were taken as a kind of source, and what that kind is called.
    """

    units: tuple[Unit, ...]
    codes: tuple[str, ...]
    quarters: pd.DataFrame
    changes: pd.DataFrame
    second_source: str | None
    notes: tuple[str, ...]
    seed: int
    kinds: tuple[tuple[str, str], ...] = ()

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

    def kind_of(self, source: str) -> str:
        """Return the kind of source that points' source is; its own name where it was taken as it is."""
        return dict(self.kinds).get(source, source)

    def knows(self, name: tuple[str, str, str]) -> bool:
        """Return whether a stratum's organisation was looked at at all, estimable or not."""
        return self._find(*name)[0] is not None

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
        """Return the unit of a stratum: of its own category, or of all together where offsets were told of all.

        A source that was taken as a kind is its own organisation where points name none.
        """
        kind = self.kind_of(source)
        wanted = [(kind, category, organisation), (kind, ONE_SOURCE, organisation)]
        if kind != source:
            wanted += [(kind, category, source), (kind, ONE_SOURCE, source)]
        for *which, by in wanted:
            for unit in self.units:
                if [unit.source, unit.category] == which and by in unit.names:
                    return unit, unit.names.index(by)
        return None, -1

    def __repr__(self) -> str:
        """Return how many offsets could be told."""
        known = sum(int((unit.offsets.together.component >= 0).sum()) for unit in self.units)
        whole = sum(len(unit.names) for unit in self.units)
        return f"{type(self).__name__}({known} of {whole} offsets estimable, internal)"


def recorded_alike(practice: Practice | None, points: Points) -> frozenset[str]:
    """Return the sources that were declared as the second one and name no organisation: they have one practice."""
    if practice is None or practice.second_source is None:
        return frozenset()
    named = set(points.source[points.recorded_by != ""])
    return frozenset(name for name in set(points.source) - named if practice.kind_of(name) == practice.second_source)


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
