"""Events as points, of a table or of an assessment: what every composition of places starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from riskshare.places.events import MIN_SUPPORT, Assessed, claims_as_points
from riskshare.places.points import Points, check_points


def points_of(
    points: gpd.GeoDataFrame | Assessed, indicators: Sequence[str] | None, min_support: float | None
) -> Points:
    """Return events that can be used, of a table or of an assessment; ``check_points`` and ``claims_as_points``."""
    if isinstance(points, gpd.GeoDataFrame) or not isinstance(points, Assessed):
        return check_points(points)
    least = MIN_SUPPORT if min_support is None else float(min_support)
    placed = claims_as_points(points, indicators=indicators, min_support=least)
    checked = check_points(placed.points)
    return replace(checked, notes=(*placed.notes, *(note for note in checked.notes if "weight" not in note)))


def kinds_of(points: gpd.GeoDataFrame | Assessed) -> dict[str, str]:
    """Return which agencies of an assessment are one kind of source: those of a sector that divide the ground.

    Two agencies of one sector that cover different authorities, such as two forces, do the same work on either side of
    a line; where they cover the same authority they do not. A table says itself what kind its sources are.
    """
    if isinstance(points, gpd.GeoDataFrame) or not isinstance(points, Assessed):
        return {}
    agencies = pd.DataFrame(
        [(one.id, one.sector, area) for one in points.partnership.agencies for area in one.authorities],
        columns=["agency", "sector", "area"],
    )
    found: dict[str, str] = {}
    for sector, part in agencies.groupby("sector", sort=True):
        if part["agency"].nunique() > 1 and not part["area"].duplicated().any():
            found |= dict.fromkeys(sorted(set(part["agency"])), str(sector))
    return found


def as_kinds(
    points: Points, coverage: pd.DataFrame | None, kinds: Mapping[str, str]
) -> tuple[Points, pd.DataFrame | None]:
    """Return points and coverage with sources named by their kind, and each agency as its own recording organisation.

    An event of a renamed source that names no organisation was recorded by the source itself.
    """
    if not kinds:
        return points, coverage
    renamed = np.array([name in kinds for name in points.source], dtype=np.bool_)
    by = np.where(renamed & (points.recorded_by == ""), points.source, points.recorded_by)
    source = np.array([kinds.get(name, name) for name in points.source], dtype=object)
    said = [f"{', '.join(sorted(one for one in kinds if kinds[one] == kind))} are taken as one kind of source, {kind}."
            for kind in sorted(set(kinds.values()) & set(source.tolist()))]  # fmt: skip
    moved = replace(points, source=source, recorded_by=by, notes=(*points.notes, *said))
    if not isinstance(coverage, pd.DataFrame) or "source" not in coverage:
        return moved, coverage
    return moved, coverage.assign(source=[kinds.get(str(name), str(name)) for name in coverage["source"]])
