"""What sharing let through with a hostile text wherever a text may stand: 300 in every column of every table."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

import let_through
from hostile import hostile
from riskshare.sharing.shared import Shared

NAMES = hostile()
ALL = " ".join(NAMES)
WORDS = (
    "title", "purpose", "recipient_agency", "recipient_role", "agreement", "agreement_version", "log_head", "as_of",
    "policy_hash", "partnership_version", "engine_version",
)  # fmt: skip


def turned(by: int) -> list[str]:
    """Return all names, each time another beside another."""
    return [*NAMES[by:], *NAMES[:by]]


def square(number: int) -> shapely.Polygon:
    east, north = 430_000 + 1000 * (number % 20), 330_000 + 1000 * (number // 20)
    return shapely.box(east, north, east + 800, north + 800)


def columns(*names: str) -> dict[str, Any]:
    return {name: turned(place) for place, name in enumerate(names)}


def everywhere(kind: str, tables: dict[str, pd.DataFrame]) -> Shared:
    """Return a shared result with a hostile text wherever a text may stand."""
    return let_through.shared(
        kind, {**tables, ALL: pd.DataFrame({name: ["x"] for name in NAMES})},
        notes=NAMES, decision_ids=NAMES,
        kept=let_through.lines(let_through.KEPT, zip(turned(1), turned(2), turned(3), strict=True)),
        withheld=let_through.lines(let_through.WITHHELD, zip(turned(1), turned(2), turned(3), strict=True)),
        suppressed=let_through.lines(
            let_through.SUPPRESSED, zip(turned(1), turned(2), range(300), turned(3), strict=True)
        ),
        **dict.fromkeys(WORDS, ALL),
    )  # fmt: skip


def hotspots() -> Shared:
    """300 areas, cells and clusters, every text of which is hostile."""
    ground = [square(number) for number in range(300)]
    share = [{name: 0.5, other: 0.5} for name, other in itertools.pairwise([*NAMES, NAMES[0]])]
    areas = gpd.GeoDataFrame(columns("authority", "area"), geometry=ground, crs=let_through.BNG)
    cells = gpd.GeoDataFrame(
        {**columns("cell_id", "cluster_id", "coverage"), "hot": True, "count": 12}, geometry=ground, crs=let_through.BNG
    )
    clusters = gpd.GeoDataFrame(
        {
            **columns("cluster_id", "lead_authority"), "authorities": list(zip(turned(4), turned(5), strict=True)),
            "authority_share": share, "found_alone_by": [(name,) for name in NAMES], "only_visible_together": True,
        },
        geometry=ground, crs=let_through.BNG,
    )  # fmt: skip
    return everywhere("hotspots", {"areas": areas, "cells": cells, "clusters": clusters})


def subject() -> Shared:
    scores = pd.DataFrame({**columns("subject_id", "lens", "band", "most_useful_gap", "leading_agency"), "score": 71})
    reasons = pd.DataFrame({**columns("indicator", "basis", "event_date", "agency"), "flags": [(n,) for n in NAMES]})
    act_now = pd.DataFrame(columns("indicator", "duty", "spoc"))
    return everywhere("subject", {"scores": scores, "reasons": reasons, "act_now": act_now, "gaps": act_now.copy()})


def profiles() -> Shared:
    homes = gpd.GeoDataFrame(
        columns("building_id", "kind", "authority"), geometry=[square(n).centroid for n in range(300)],
        crs=let_through.BNG,
    )  # fmt: skip
    return everywhere("profiles", {"buildings": homes, "areas": pd.DataFrame(columns("authority", "kind"))})
