"""Events as points, of a table or of an assessment: what every composition of places starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.places.events import MIN_SUPPORT, Assessed, claims_as_points
from riskshare.places.points import Points, check_points

DUTIES: Final = ("missing_episode", "missing_person", "missing_report", "staff_report", "welfare_check")
"""Proposal: categories that a home or its staff must report; reporting them is no risk of the area."""


def without_duties(points: Points, duties: Sequence[str] = DUTIES) -> Points:
    """Return events without reports of duties, which would draw a hot spot around the home that must make them.

    Raises
    ------
    PlaceError
        Nothing else is left.
    """
    duty = np.isin(points.category, list(duties))
    if not duty.any():
        return points
    if duty.all():
        hint = "Every event is a report of missing people or of a staff duty, and those are no risk of the area."
        raise PlaceError([PlaceProblem("only_duties", hint)])
    note = (
        f"{int(duty.sum()):,} reports of missing people or of staff duties are no risk of the area and count nowhere."
    )
    return replace(points.take(~duty), notes=(*points.notes, note))


def points_of(
    points: gpd.GeoDataFrame | Assessed, indicators: Sequence[str] | None, min_support: float | None,
    duties: Sequence[str] = DUTIES,
) -> Points:  # fmt: skip
    """Return events that can be used, of a table or of an assessment; ``check_points`` and ``claims_as_points``.

    Of a table, reports of duties are left out; of an assessment, its indicators say what is counted.
    """
    if isinstance(points, gpd.GeoDataFrame) or not isinstance(points, Assessed):
        return without_duties(check_points(points), duties)
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
