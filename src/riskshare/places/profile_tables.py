"""Profiles as tables, and what of them may be seen below the practitioner level. Methods: places, section 5.9."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from riskshare.kernels.multiplicity import adjusted_p
from riskshare.kernels.rates import poisson_interval
from riskshare.kernels.surroundings import excess_p, rate_ratio, share_curve, shrunk_ranks
from riskshare.places.areas import area_of_points
from riskshare.places.clusters import SHARING
from riskshare.places.crs import BRITISH_GRID
from riskshare.places.near_buildings import Buildings
from riskshare.places.profiles import Surrounded
from riskshare.places.strata import Ground

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LEAST: Final = 5
"""Counts below this are not shown below the practitioner level (methods: places, section 5.9)."""
LEVEL: Final = 0.95
OPEN_COLUMNS: Final = ("building_id", "name", "kind", "authority", "band", "observed", "ratio", "geometry")
AREA_COLUMNS: Final = ("authority", "kind", "band", "buildings", "observed", "ratio")


def band_names(edges_m: Floats) -> tuple[str, ...]:
    """Return the bands as intervals in metres: the own address lies outside the first, which it ends.

    >>> band_names(np.array([25.0, 100.0, 250.0]))
    ('(25, 100)', '[100, 250)')
    """
    first, *rest = [f"{low:g}, {high:g})" for low, high in pairwise(edges_m.tolist())]
    return f"({first}", *(f"[{interval}" for interval in rest)


def bands_table(buildings: Buildings, near: Surrounded) -> pd.DataFrame:
    """Return one line a building and band: observed, expected, their ratio with exact Poisson limits, coverage.

    ``coverage`` is the share of the band's ground that lies in areas somebody covers. ``expected`` and all that follows
    from it are missing where nothing is expected.
    """
    n, n_bands = near.observed.shape
    ratio, lower, upper = _limits(near.observed.ravel(), near.expected.ravel())
    return pd.DataFrame(
        {
            "building_id": np.repeat(buildings.id, n_bands),
            "band": np.tile(np.array(band_names(near.edges_m), dtype=object), n),
            "from_m": np.tile(near.edges_m[:-1], n),
            "to_m": np.tile(near.edges_m[1:], n),
            "observed": near.observed.ravel(),
            "expected": near.expected.ravel(),
            "ratio": ratio,
            "lower": lower,
            "upper": upper,
            "coverage": _coverage(buildings, near).ravel(),
        }
    )


def _limits(observed: Ints, expected: Floats) -> tuple[Floats, Floats, Floats]:
    good = np.nan_to_num(expected) > 0
    out = [np.full(observed.size, np.nan) for _ in range(3)]
    low, high = poisson_interval(observed[good], expected[good], LEVEL)
    for column, values in zip(out, (observed[good] / expected[good], low, high), strict=True):
        column[good] = values
    return out[0], out[1], out[2]


def _coverage(buildings: Buildings, near: Surrounded) -> Floats:
    discs = np.array([shapely.area(shapely.buffer(buildings.shape, edge, quad_segs=64)) for edge in near.edges_m])
    return np.asarray(np.minimum(near.ground_m2.sum(axis=2) / np.diff(discs, axis=0).T, 1.0))


def buildings_table(
    buildings: Buildings, near: Surrounded, ground: Ground, *, level: float, draws: int, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Return one line a building, for practitioners.

    ``observed`` to ``upper`` are of all bands together; ``near_*`` of all but the outermost; ``near_far`` compares the
    two by the conditional binomial. ``excess`` says whether more lies near than expected, decided once over all
    buildings. ``matched_*`` compares with all other buildings of the kind, ``shrunk_ratio`` and ``rank`` among them.
    Missing wherever the data cannot say.
    """
    frame = pd.DataFrame(
        {
            "building_id": buildings.id,
            "name": buildings.name,
            "kind": buildings.kind,
            "protected": buildings.protected,
            **_where(buildings, near, ground),
            "own_address": near.own_address,
            "duties_at_address": near.duties,
            "may_be_own_address": near.unsure,
            **_counts(near, level),
            "weighted": near.weighted,
            **_times(near),
            **_matched(buildings, near, draws, rng),
            "nearest_only": near.nearest_only,
            "shared_credit": near.shared_credit,
        }
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(buildings.shape, crs=BRITISH_GRID), crs=BRITISH_GRID)


def _where(buildings: Buildings, near: Surrounded, ground: Ground) -> dict[str, object]:
    codes = np.array(ground.areas.codes, dtype=object)
    home = home_areas(buildings, ground)
    held = near.ground_m2.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        of_ground = np.nan_to_num(held / held.sum(axis=1, keepdims=True))
        of_events = np.nan_to_num(near.by_area / near.by_area.sum(axis=1, keepdims=True))
    sharing = (of_ground >= SHARING) | (of_events >= SHARING)
    return {
        "authority": pd.array([codes[area] if area >= 0 else None for area in home], dtype="str"),
        "authorities": [tuple(codes[row]) for row in sharing],
        "authority_share": [
            {str(codes[area]): float(row[area]) for area in np.argsort(-row, kind="stable") if row[area] > 0}
            for row in of_events
        ],
        "crosses_boundary": sharing.sum(axis=1) > 1,
        "coverage": _whole_coverage(buildings, near),
    }


def _whole_coverage(buildings: Buildings, near: Surrounded) -> Floats:
    shares = _coverage(buildings, near)
    width = np.diff(near.edges_m**2)
    return np.asarray(shares @ (width / width.sum()))


def home_areas(buildings: Buildings, ground: Ground) -> Ints:
    """Return the area each building's middle lies in, −1 for none."""
    middle = shapely.point_on_surface(buildings.shape)
    return area_of_points(ground.areas, shapely.get_x(middle), shapely.get_y(middle))


def _counts(near: Surrounded, level: float) -> dict[str, object]:
    observed, expected = near.observed.sum(axis=1), near.expected.sum(axis=1)
    inner = slice(0, max(near.observed.shape[1] - 1, 1))
    near_seen, near_base = near.observed[:, inner].sum(axis=1), near.expected[:, inner].sum(axis=1)
    whole, close = _limits(observed, expected), _limits(near_seen, near_base)
    p = np.full(observed.size, np.nan)
    good = np.nan_to_num(near_base) > 0
    p[good] = excess_p(near_seen[good], near_base[good])
    q = adjusted_p(p)
    far = _near_far(near_seen, near_base, observed - near_seen, expected - near_base)
    return {
        "observed": observed, "expected": expected,
        "ratio": whole[0], "lower": whole[1], "upper": whole[2],
        "near_observed": near_seen, "near_expected": near_base,
        "near_ratio": close[0], "near_lower": close[1], "near_upper": close[2],
        "p": p, "q": q, "excess": pd.array([value <= level if value == value else pd.NA for value in q], "boolean"),
        **dict(zip(("near_far", "near_far_lower", "near_far_upper", "near_far_p"), far, strict=True)),
    }  # fmt: skip


def _near_far(seen: Ints, base: Floats, far_seen: Ints, far_base: Floats) -> Iterator[Floats]:
    good = (np.nan_to_num(base) > 0) & (np.nan_to_num(far_base) > 0)
    found = rate_ratio(seen[good], base[good], far_seen[good], far_base[good], LEVEL)
    for values in found:
        column = np.full(seen.size, np.nan)
        column[good] = values
        yield column


def _times(near: Surrounded) -> dict[str, object]:
    return {
        "school_hours": near.school,
        "school_hours_expected": (near.school + near.other) * near.school_share,
        "other_hours": near.other,
        "hours_unknown": near.unknown_time,
    }


def _matched(buildings: Buildings, near: Surrounded, draws: int, rng: np.random.Generator) -> dict[str, object]:
    """Compare each building with the others of its kind, by what is expected around each."""
    n = len(buildings)
    observed, expected = near.observed.sum(axis=1), near.expected.sum(axis=1)
    names = ("matched_ratio", "matched_lower", "matched_upper", "shrunk_ratio", "rank", "rank_lower", "rank_upper")
    out: dict[str, object] = {"matched_buildings": np.zeros(n, dtype=np.int64)}
    columns = {name: np.full(n, np.nan) for name in names}
    good = np.nan_to_num(expected) > 0
    matched = np.zeros(n, dtype=np.int64)
    for rows in _kinds(buildings.kind, good):
        if rows.size < 2:
            continue
        matched[rows] = rows.size - 1
        seen, base = observed[rows], expected[rows]
        others = rate_ratio(seen, base, seen.sum() - seen, base.sum() - base, LEVEL)
        ranks = shrunk_ranks(seen, base, rng=rng, n_draws=draws, level=LEVEL)
        for name, values in zip(names, (*others[:3], *ranks), strict=True):
            columns[name][rows] = values
    out["matched_buildings"] = matched
    return {**out, **columns}


def _kinds(kind: NDArray[np.object_], good: Bools) -> Iterator[Ints]:
    for name in sorted(set(kind.tolist())):
        yield np.flatnonzero((kind == name) & good)


def curve_table(buildings: Buildings, near: Surrounded, *, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return what share of events the fullest buildings of each kind hold, beside what chance alone gives them.

    Where nothing is expected, chance falls on all buildings of the kind alike. ``beyond_chance`` is True where the
    share lies above the envelope.
    """
    parts = []
    expected = near.expected.sum(axis=1)
    base = np.where(np.isnan(expected), 1.0, expected)
    for rows in _kinds(buildings.kind, base > 0):
        curve = share_curve(near.observed[rows].sum(axis=1), base[rows], rng=rng, n_draws=draws, level=LEVEL)
        parts.append(
            pd.DataFrame(
                {
                    "kind": buildings.kind[rows],
                    "buildings": np.arange(1, rows.size + 1),
                    "building_share": curve.place_share,
                    "event_share": curve.event_share,
                    "chance_low": curve.low,
                    "chance_high": curve.high,
                    "beyond_chance": curve.event_share > curve.high,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """The tables that one audience may see."""

    buildings: gpd.GeoDataFrame
    bands: pd.DataFrame
    curve: pd.DataFrame
    areas: pd.DataFrame

    def __repr__(self) -> str:
        """Return the sizes."""
        return f"Shown({len(self.buildings):,} buildings, {len(self.areas):,} lines of areas)"


def areas_table(buildings: Buildings, near: Surrounded, ground: Ground, which: Bools, *, least: int) -> pd.DataFrame:
    """Return buildings taken together by authority and kind: events within the outermost band of any, each once.

    Parameters
    ----------
    which : numpy.ndarray of bool, shape (buildings,)
        The buildings to take together.
    least : int
        A line of fewer buildings than this is left out, for it would say that there is one; a figure of fewer events
        is missing. 0 shows all. No totals are given, so nothing can be had back by taking one line from another.
    """
    home = home_areas(buildings, ground)
    codes = np.array([*ground.areas.codes, "outside"], dtype=object)
    lines = []
    expected = near.expected.sum(axis=1)
    for area in np.unique(home[which]):
        for kind in sorted(set(buildings.kind[which & (home == area)].tolist())):
            rows = which & (home == area) & (buildings.kind == kind)
            once = int(np.unique(near.outer.event[rows[near.outer.building]]).size)
            if int(rows.sum()) < least:
                continue
            enough = once >= least
            base = float(expected[rows].sum())
            ratio = round(float(near.observed[rows].sum()) / base, 1) if base > 0 else np.nan
            lines.append((
                codes[area], kind, f"within {near.edges_m[-1]:g} m", int(rows.sum()),
                once if enough else None, ratio if enough else np.nan,
            ))  # fmt: skip
    table = pd.DataFrame(lines, columns=list(AREA_COLUMNS))
    return table.astype({"buildings": "Int64", "observed": "Int64", "ratio": "float64"})


def show(
    tables: Shown, buildings: Buildings, near: Surrounded, ground: Ground, *, practitioner: bool, public: bool
) -> Shown:
    """Return what an audience may see.

    Below the practitioner level a protected building has no line, no point, no band and no name: only lines of its
    authority and kind together, without counts under 5. Other buildings keep one line with the outermost band for
    partners, and none for the public; where nobody looks around one it has no line, for few events would be no news.
    Lines for the public hold protected buildings or others, never both: who knows each other one, as partners do, could
    take them from a line of all.
    """
    if practitioner:
        return tables
    seen = tables.buildings["coverage"].to_numpy(dtype=np.float64) > 0
    held_back = tables.buildings["protected"].to_numpy(dtype=np.bool_)
    open_rows = np.flatnonzero(~held_back & seen & (not public))
    shown = tables.buildings.iloc[open_rows].reset_index(drop=True)
    enough = shown["observed"] >= LEAST
    shown = shown.assign(
        band=f"within {near.edges_m[-1]:g} m",
        observed=shown["observed"].astype("Int64").where(enough),
        ratio=shown["ratio"].round(1).where(enough),
    )[list(OPEN_COLUMNS)]
    groups = (buildings.protected, ~buildings.protected) if public else (buildings.protected,)
    lines = pd.concat([areas_table(buildings, near, ground, which, least=LEAST) for which in groups])
    return Shown(
        gpd.GeoDataFrame(shown, geometry="geometry", crs=BRITISH_GRID), tables.bands.iloc[:0], tables.curve.iloc[:0],
        lines.sort_values(["authority", "kind"], kind="stable", ignore_index=True),
    )  # fmt: skip
