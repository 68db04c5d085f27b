"""What sharing let through, made by hand for the tests of maps and reports: a small town of three authorities."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from riskshare.sharing.shared import Shared, let_through

AT = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
BNG = "EPSG:27700"
AREAS = ("Aldermere", "Brackenfold", "Carrowdale")
KEPT = ("table", "field", "treatment")
WITHHELD = ("table", "field", "reason")
SUPPRESSED = ("table", "what", "n", "reason")


def shared(kind: str = "hotspots", tables: Mapping[str, pd.DataFrame] | None = None, **changes: Any) -> Shared:
    """Return a small shared result; change what the test is about."""
    told: dict[str, Any] = {
        "kind": kind, "title": "Where there is more than expected",
        "tables": hotspots() if tables is None else tables,
        "kept": lines(KEPT, [("clusters", "n_events", "show"), ("clusters", "month", "band")]),
        "withheld": lines(WITHHELD, [("cells", "gi_z", "no_permit"), ("cells", "p", "no_permit")]),
        "suppressed": lines(SUPPRESSED, [("cells", "count", 3, "least_count")]),
        "notes": ("Places are moved to fixed points before anything is counted.", "Recording is as it is."),
        "audience": "partnership", "purpose": "violence_reduction", "recipient_agency": "council",
        "recipient_role": "analyst", "agreement": "isp", "agreement_version": "2", "decision_ids": ("d" * 64,),
        "policy_hash": "a" * 64, "partnership_version": "b" * 64, "engine_version": "0.1.0", "as_of": "2026-03-31",
        "at": AT, "expires": AT + dt.timedelta(days=90), "log_head": "abcdefghijklmnop",
    }  # fmt: skip
    return let_through(**{**told, **changes})


def lines(columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns))


def areas(names: Iterable[str] = AREAS) -> gpd.GeoDataFrame:
    """Return authorities side by side, each 2 km wide and 3 km high."""
    told = list(names)
    shapes = [shapely.box(430_000 + 2000 * i, 330_000, 432_000 + 2000 * i, 333_000) for i in range(len(told))]
    codes = [f"area{i}" for i in range(len(told))]
    return gpd.GeoDataFrame({"authority": codes, "area": told}, geometry=shapes, crs=BNG)


def hotspots() -> dict[str, pd.DataFrame]:
    """Return six cells of 500 m, two of them hot, and one cluster across a border."""
    east = [430_500, 431_500, 432_000, 433_000, 434_500, 435_000]
    cells = gpd.GeoDataFrame(
        {
            "cell_id": [f"SK{e // 100}{i}" for i, e in enumerate(east)],
            "count": pd.array([None, 12, 15, 5, None, None], dtype="Int64"),
            "expected": [3.0, 4.5, 4.0, 5.5, 2.0, 1.0],
            "hot": [False, True, True, False, False, False],
        },
        geometry=[shapely.box(e, 331_000, e + 500, 331_500) for e in east], crs=BNG,
    )  # fmt: skip
    clusters = gpd.GeoDataFrame(
        {
            "cluster_id": ["C1"], "n_events": [27], "authorities": [("area0", "area1")],
            "authority_share": [{"area0": 0.44, "area1": 0.56}], "crosses_boundary": [True],
            "only_visible_together": [True], "found_alone_by": [()],
        },
        geometry=[shapely.box(431_500, 331_000, 432_500, 331_500)], crs=BNG,
    )  # fmt: skip
    return {"cells": cells, "clusters": clusters, "areas": areas()}


def subject(**changes: Any) -> Shared:
    """Return one person's shared result."""
    scores = pd.DataFrame(
        {
            "subject_id": ["P1-AAAA"] * 2, "lens": ["harm_by", "harm_to"], "score": [72, 41], "lower": [61, 30],
            "upper": [80, 55], "band": ["high", "medium"], "completeness": [0.6, 0.8], "n_records": [7, 4],
        }
    )  # fmt: skip
    reasons = pd.DataFrame(
        {
            "lens": ["harm_by"] * 2, "indicator": ["weapon_carrying", "gang_link"], "basis": ["factual", "anecdotal"],
            "event_date": ["2026-03-04", "2026-02"], "agency": ["police", "a partner agency"], "points": [30.0, 12.0],
        }
    )  # fmt: skip
    gaps = pd.DataFrame({"lens": ["harm_by"], "most_useful_gap": ["school attendance"], "agency": ["school"]})
    act_now = pd.DataFrame({"indicator": ["missing_tonight"], "duty": ["call the duty desk"], "spoc": ["01632 960000"]})
    told: dict[str, Any] = {
        "title": "One subject, for the practitioner", "audience": "practitioner", "recipient_role": "social_worker",
        "tables": {"act_now": act_now, "scores": scores, "reasons": reasons, "gaps": gaps},
        "withheld": lines(WITHHELD, [("reasons", "source_name", "floor")]),
        "suppressed": lines(SUPPRESSED, []), "kept": lines(KEPT, [("reasons", "event_date", "band")]),
    }  # fmt: skip
    return shared("subject", **{**told, **changes})
