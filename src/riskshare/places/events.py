"""Claims as points: what an assessment knows happened, where, each claim once. Methods: places, section 5.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.kernels.segments import Floats, Ints, run_of_row
from riskshare.places.crs import BRITISH_GRID, to_grid
from riskshare.records.partnership import Partnership
from riskshare.records.policy import LENSES
from riskshare.scoring.frames import claim_names
from riskshare.scoring.score import blocks, score_block
from riskshare.trust.weigh import N_LENSES, Weighed

FAMILIES: Final = ("violence_experienced", "violence_used", "weapons")
"""Whose indicators are counted unless others are named: what is done to people, not what is thought of them."""
NEVER: Final = ("missing_episode",)
"""Reported from a home's own address because there is a duty to: never a risk of the area (methods: places, 5.9)."""
MIN_SUPPORT: Final = 0.5
"""Proposal: a claim is an event where it is more likely true than not."""
_LOOKED: Final = ("agency_initiated", "prompted_by_partnership")
_USABLE: Final = ("counts", "third_party")


@runtime_checkable
class Assessed(Protocol):
    """What is read of an assessment."""

    @property
    def places(self) -> pa.Table:
        """Standing rows with coordinates: ``trust.placed.PLACED_COLUMNS``."""

    @property
    def weighed(self) -> Weighed:
        """Coded rows of all subjects."""

    @property
    def partnership(self) -> Partnership:
        """The agreement."""

    @property
    def claims(self) -> pd.DataFrame:
        """Every supported claim, with ``trust`` undecayed and ``denied``."""


@dataclass(frozen=True, slots=True, repr=False)
class PlacedClaims:
    """Reports of claims as points, ready for ``hotspots``, and what was left out, in sentences.

    ``points`` has columns source and recorded_by (agencies), category (the indicator's family), date, claim_id (a
    number without meaning elsewhere), arises_from, precision_m and geometry in National Grid metres. It names nobody.
    """

    points: gpd.GeoDataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return how many; never where."""
        return f"PlacedClaims({len(self.points):,} reports)"


def claims_as_points(
    assessment: Assessed, *, indicators: Sequence[str] | None = None, min_support: float = MIN_SUPPORT
) -> PlacedClaims:
    """Return what an assessment knows happened, as points.

    Parameters
    ----------
    assessment : Assessment
    indicators : sequence of str, optional
        Which indicators are events. Default: those of the families ``FAMILIES``, and said so.
    min_support : float
        Least support of a claim, above 0 and up to 1: T undecayed × (1 − denied) for claims about subjects, the agreed
        trust of the grade or source type for rows about a place alone. What happened does not fade, so nothing decays.

    Returns
    -------
    PlacedClaims
        Reports of one claim share a ``claim_id``: by the claim id that agencies sent, else by the record, and by what
        the assessment took as one story. Rows that were withdrawn, excluded or deny are out.

    Raises
    ------
    PlaceError
        An indicator is not agreed or is never a risk of the area; no row says where anything happened.
    """
    chosen = _chosen(assessment.partnership, indicators)
    rows = assessment.places.to_pandas(date_as_object=False)
    rows = rows[rows["indicator"].isin(chosen)].reset_index(drop=True)
    if not len(rows):
        hint = f"No row with coordinates carries {', '.join(chosen)}. Send easting and northing, or choose others."
        raise PlaceError([PlaceProblem("no_placed_rows", hint)])
    looked = rows["arises_from"].isin(_LOOKED).to_numpy()
    usable = (rows["reason"].isin(_USABLE) & (rows["stance"] != "denies")).to_numpy() & ~looked
    seen = looked & (rows["reason"] == "where_we_looked").to_numpy()
    story, support = _support(assessment)
    claim = _joined(rows, story)
    held = np.where(rows["standing"] >= 0, support[rows["standing"].to_numpy()], rows["own_trust"])
    # A third party is nobody's subject, so only the row's own trust speaks for it.
    held = np.where(rows["reason"] == "third_party", rows["own_trust"], held)
    best = pd.Series(np.where(usable, held, 0.0)).groupby(claim).transform("max").to_numpy()
    kept = usable & (best >= min_support)
    notes = _notes(chosen, indicators is None, min_support, usable, kept, looked, seen)
    return PlacedClaims(_points(rows, claim, kept | seen, assessment.partnership), notes)


def _chosen(partnership: Partnership, indicators: Sequence[str] | None) -> tuple[str, ...]:
    kinds = {kind.id: kind for kind in partnership.trust.indicators}
    if indicators is None:
        return tuple(sorted(name for name, kind in kinds.items() if kind.family in FAMILIES and name not in NEVER))
    strange = sorted(set(indicators) - set(kinds))
    never = sorted(set(indicators) & {*NEVER, *(name for name, kind in kinds.items() if kind.staff_safety)})
    problems = []
    if strange or not indicators:
        hint = f"indicators must name agreed ones. Not agreed: {', '.join(strange) or 'none was named'}."
        problems.append(PlaceProblem("unknown_indicator", hint))
    if never:
        hint = f"These are never a risk of the area where they are reported: {', '.join(never)}. Leave them out."
        problems.append(PlaceProblem("not_of_the_area", hint))
    if problems:
        raise PlaceError(problems)
    return tuple(sorted(set(indicators)))


def _support(assessment: Assessed) -> tuple[Ints, Floats]:
    """Return of each standing row which story of its subject it tells (−1 for none), and how far that is believed.

    One entry more than there are rows: the last, reached by −1, is for rows about nobody.
    """
    weighed = assessment.weighed
    n = weighed.standing.columns.index.size
    story, support = np.full(n + 1, -1, dtype=np.int64), np.zeros(n + 1)
    told = [_told(weighed, part) for part in blocks(weighed)]
    if not told:
        return story, support
    row, unit, name = (np.concatenate(column) for column in zip(*told, strict=True))
    claims = assessment.claims
    subjects = pd.Index(weighed.standing.columns.subjects)
    owner = subjects.get_indexer(pd.Index(claims["subject_id"])) * N_LENSES
    owner += claims["lens"].map({lens: place for place, lens in enumerate(LENSES)}).to_numpy(dtype=np.int64)
    known = pd.MultiIndex.from_arrays([owner, claims["claim"].astype(np.int64)])
    place = known.get_indexer(pd.MultiIndex.from_arrays([unit, name]))
    held = (claims["trust"] * (1.0 - claims["denied"])).to_numpy(dtype=np.float64)
    story[row] = place
    np.maximum.at(support, row[place >= 0], held[place[place >= 0]])
    return story, support


def _told(weighed: Weighed, part: Any) -> tuple[Ints, Ints, Ints]:
    """Return (standing row, unit, number of its claim) of every supporting pair of a block."""
    _, detail = score_block(part, weighed)
    fused, origins = detail.capped.base, detail.origins
    number = claim_names(fused, origins.pairs.unit)[run_of_row(fused.claim_starts, fused.order.size)]
    supports = ~origins.pairs.denies[fused.order]
    row = weighed.row[origins.row[fused.order] + part.first_row]
    unit = origins.pairs.unit[fused.order] + part.first_subject * N_LENSES
    return row[supports], unit[supports], number[supports]


def _joined(rows: pd.DataFrame, story: Ints) -> NDArray[np.int64]:
    """Return a number for each row, shared by all that tell one claim: by claim id, by record, by story, by lineage."""
    n = len(rows)
    record = rows["agency"].astype(str) + ":" + rows["record_id"].astype(str)
    told = story[rows["standing"].to_numpy()]
    links = [
        _alike(rows["claim_id"]),
        _alike(record),
        _alike(pd.Series(told).where(told >= 0)),
        *_repeats(rows["derived_from"], record),
    ]
    one, other = (np.concatenate(ends) for ends in zip(*links, strict=True))
    graph = coo_array((np.ones(one.size, dtype=np.int8), (one, other)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _alike(column: pd.Series[Any]) -> tuple[Ints, Ints]:
    """Return (row, first row with the same value) of every row that has one."""
    codes = pd.factorize(column)[0]
    here = np.flatnonzero(codes >= 0)
    first = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    first[codes[here][::-1]] = here[::-1]
    return here, first[codes[here]]


def _repeats(lineage: pd.Series[Any], record: pd.Series[Any]) -> list[tuple[Ints, Ints]]:
    """Return (row, row it repeats) for references that name a row here."""
    named = lineage.dropna().str.split(";").explode()
    if named.empty:
        return []
    place = pd.Index(record.drop_duplicates()).get_indexer(pd.Index(named))
    first = record.drop_duplicates().index.to_numpy(dtype=np.int64)
    found = place >= 0
    return [(named.index.to_numpy(dtype=np.int64)[found], first[place[found]])]


def _points(
    rows: pd.DataFrame, claim: NDArray[np.int64], kept: NDArray[np.bool_], partnership: Partnership
) -> gpd.GeoDataFrame:
    part = rows[kept]
    family = {kind.id: kind.family for kind in partnership.trust.indicators}
    x, y = part["easting"].to_numpy(dtype=np.float64), part["northing"].to_numpy(dtype=np.float64)
    blank = np.isnan(x) | np.isnan(y)
    precision = part["precision_m"].to_numpy(dtype=np.float64)
    if blank.any():
        degrees = gpd.points_from_xy(part["longitude"][blank], part["latitude"][blank], crs=4326)
        moved, projection = to_grid(gpd.GeoDataFrame(geometry=degrees))
        x, y, precision = x.copy(), y.copy(), precision.copy()
        x[blank], y[blank] = moved.geometry.x, moved.geometry.y
        precision[blank] = np.fmax(precision[blank], projection.accuracy_m)
    columns = {
        "source": part["agency"].to_numpy(dtype=object),
        "recorded_by": part["recorded_by"].where(part["recorded_by"].notna(), part["agency"]).to_numpy(dtype=object),
        "category": part["indicator"].map(family).to_numpy(dtype=object),
        "date": part["event_date"].to_numpy(),
        "claim_id": claim[kept],
        "arises_from": part["arises_from"].to_numpy(dtype=object),
        "precision_m": precision,
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(x, y), crs=BRITISH_GRID)


def _notes(
    chosen: tuple[str, ...], default: bool, min_support: float, usable: NDArray[np.bool_], kept: NDArray[np.bool_],
    looked: NDArray[np.bool_], seen: NDArray[np.bool_],
) -> tuple[str, ...]:  # fmt: skip
    why = " (all of the families violence experienced, violence used and weapons)" if default else ""
    notes = [
        f"Events are claims of: {', '.join(chosen)}{why}.",
        f"A claim is an event from a support of {min_support:g} on (0 to 1, undecayed, denials taken off).",
    ]
    for count, what in (
        (int((~usable & ~looked).sum()), "rows with a place were withdrawn, excluded or deny, and are no events"),
        (int((usable & ~kept).sum()), "rows tell claims with less support than that, and are no events"),
        (int(seen.sum()), "rows came from enforcement or our own prompting: where we looked, drawn apart"),
    ):
        if count:
            notes.append(f"{count:,} {what}.")
    return tuple(notes)
