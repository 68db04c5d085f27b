"""How differently organisations record: the one composition of the stages that tell, and its result.

Nothing is adjusted by it until it is given to ``riskshare.hotspots``. Methods: places, section 5.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from riskshare.places.areas import check_areas
from riskshare.places.crs import FARTHEST_M
from riskshare.places.events import Assessed
from riskshare.places.reading import as_kinds, kinds_of, points_of
from riskshare.places.recording import MIN_EVENTS, SEGMENT_M, WIDTH_M, Options, Practice, SecondBy, estimate_practice
from riskshare.records.arguments import is_number, is_texts, is_whole, require
from riskshare.version import VERSION

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class RecordingPractice(Practice):
    """How organisations record, with what it rests on. Made by ``riskshare.recording_practice``; internal until shared.

    Its tables and notes are those of ``riskshare.places.recording.Practice``. ``asked`` are the arguments of
    ``recording_practice``: ``share`` estimates again from what a recipient may see.
    """

    asked: Mapping[str, Any] = field(default_factory=dict)
    engine_version: str = VERSION

    def plot(self) -> Figure:
        """Draw each pair of organisations' ratio by each kind of information, and each border's, with 95 % intervals.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        from riskshare.reporting.recording_chart import draw_recording

        return draw_recording(self.ratios, pd.DataFrame(self.segments.drop(columns="geometry")), self.notes)

    def _repr_html_(self) -> str:
        """Return a small table of ratios for a notebook: organisations and counts; no place, nobody."""
        from riskshare.reporting.recording_chart import recording_html

        return recording_html(self.ratios, self.offsets)


def recording_practice(
    points: gpd.GeoDataFrame | Assessed,
    areas: gpd.GeoDataFrame,
    *,
    indicators: Sequence[str] | None = None,
    min_support: float | None = None,
    kinds: Mapping[str, str] | None = None,
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
    points : GeoDataFrame or Assessment
        Events; see ``riskshare.places.points.check_points``. ``source`` names a *kind* of source that several
        organisations have, such as police; ``recorded_by`` names the organisation. Leave out events at buildings' own
        addresses that reporting duties produce. Of an assessment, its claims.
    areas : GeoDataFrame
        ``code``, ``geometry`` of every authority.
    indicators, min_support : optional
        Of an assessment, as for ``riskshare.hotspots``.
    kinds : mapping of str to str, optional
        What kind each source is, where sources are named after organisations: ``{"north_police": "police"}``. Of an
        assessment, unless given: agencies of one sector that cover different authorities are one kind.
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
        The longest piece of border taken as one, 100 or more.
    min_events : int
        Events that each side of a border, and each source beside another, must hold.
    seed : int
        Of the test for change in time.

    Returns
    -------
    RecordingPractice
        Without anything to compare by, every organisation is told as not estimable, with the reason.

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
    placebo lines; weighted least squares over the network of organisations, with full covariance. L. Keele and R.
    Titiunik, Political Analysis 23, 2015; O. Stoner, T. Economou and G. Drummond, JASA 114, 2019, on why one source
    alone cannot tell.
    """
    _check(locals())
    asked = dict(locals())
    named = points_of(points, indicators, min_support)
    chosen = kinds_of(points) if kinds is None else dict(kinds)
    chosen = {source: kind for source, kind in chosen.items() if source in set(named.source)}
    places, covered = as_kinds(named, coverage, chosen)
    second = None if second_source is None else chosen.get(second_source, second_source)
    options = Options(second, second_by, width_m, snap_m, segment_m, min_events, seed)
    found = estimate_practice(
        places, check_areas(areas), options, population=population, coverage=covered, audit=audit, barriers=barriers
    )
    told = replace(found, kinds=tuple(sorted(chosen.items())))
    return RecordingPractice(**{one.name: getattr(told, one.name) for one in fields(Practice)}, asked=asked)


def _check(given: Mapping[str, Any]) -> None:
    points, kinds, support, snap = (given[name] for name in ("points", "kinds", "min_support", "snap_m"))
    require(
        "recording_practice",
        {
            "indicators must be texts, such as a list, or None.": given["indicators"] is None
            or is_texts(given["indicators"]),
            "min_support must be a number above 0 and up to 1, or None.": support is None
            or (is_number(support) and 0 < support <= 1),
            "indicators and min_support are for an assessment only.": isinstance(points, Assessed)
            or (given["indicators"] is None and support is None),
            "kinds must be a mapping of source to kind, both texts, or None.": kinds is None
            or (isinstance(kinds, Mapping) and is_texts([*kinds, *kinds.values()])),
            "second_source must be the name of a source or None.": given["second_source"] is None
            or isinstance(given["second_source"], str),
            "second_by must be 'ratio' or 'pairs'.": isinstance(given["second_by"], str)
            and given["second_by"] in ("ratio", "pairs"),
            "width_m must be a number of metres above 0, up to 1,000,000.": is_number(given["width_m"])
            and 0 < given["width_m"] <= FARTHEST_M,
            "snap_m must be a number of metres, 0 to 1,000,000, or None.": snap is None
            or (is_number(snap) and 0 <= snap <= FARTHEST_M),
            "segment_m must be a number of metres, 100 to 1,000,000.": is_number(given["segment_m"])
            and 100 <= given["segment_m"] <= FARTHEST_M,
            "min_events must be a whole number, 1 or more.": is_whole(given["min_events"]) and given["min_events"] >= 1,
            "seed must be a whole number, 0 or more.": is_whole(given["seed"]) and given["seed"] >= 0,
        },
    )
