"""Results to share, and an agreement to share them under: police, council, school, health and a refuge ("charity")."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import sqlite3
import zipfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

import build
import sharing_small
import small
from riskshare.assessment import Assessment
from riskshare.io.audit_log import AuditLog, audit_log
from riskshare.io.exports import SUFFIXES, write
from riskshare.records.agreement import Recipient, Rule
from riskshare.records.partnership import Partnership
from riskshare.records.sharing_request import Relationship
from riskshare.releasing.sharing_out import share
from riskshare.scoring.tables import SCORE_COLUMNS
from riskshare.sharing.shared import Shared
from riskshare.spots import HotSpots, hotspots

AT = sharing_small.AT
PEOPLE = ("person_of_concern", "victim", "witness", "exploited", "child_of", "third_party")
CATEGORIES = ("criminal", "health_or_social_care", "other", "patient")
RETENTION = dict.fromkeys((*CATEGORIES, "scores", "alerts", "places", "statistics", "intelligence"), 90)
REASONS = (
    "subject_id", "lens", "agency", "record_id", "indicator", "basis", "stance", "event_date", "recorded_date",
    "nats", "points", "scale", "agency_of_origin", "line",
)  # fmt: skip
PLACES = (
    "cell_id", "geometry", "count", "hot", "q", "p", "gi_z", "expected", "looked", "cluster_id", "n_events", "n_cells",
    "authorities", "authority_share", "crosses_boundary", "lead_authority", "found_alone_by", "only_visible_together",
    "stability", "authority", "area",
)  # fmt: skip


def permit(rule_id: str, fields: Any, **changes: Any) -> Rule:
    """Return a permit for the council's social workers; fields are shown unless a mapping says otherwise."""
    treatment = fields if isinstance(fields, dict) else dict.fromkeys(fields, "show")
    told = {"purposes": ("safeguarding",), "categories": CATEGORIES, "subject_roles": PEOPLE, "treatment": treatment}
    return sharing_small.permit(rule_id, **{**told, **changes})


SCORES = permit("scores", [name for name in SCORE_COLUMNS if name != "log_odds"], categories=("scores",))
WHY = permit("why", REASONS, categories=("criminal", "health_or_social_care", "other"))
ALERTS = permit("alerts", ["act_now", "subject_id", "event_date", "duty", "spoc", "lens"], categories=("alerts",))
COUNTS = permit(
    "counts", ["count", "authority", "quarter"], purposes=("violence_reduction",),
    categories=(*CATEGORIES, "statistics", "places"), subject_roles=(*PEOPLE, "place"),
)  # fmt: skip
WHERE = permit(
    "where", PLACES, purposes=("violence_reduction",), categories=("places",), subject_roles=("place",),
    place_level="point8",
)  # fmt: skip
RULES = (SCORES, WHY, ALERTS, COUNTS, WHERE)


def partnership(*rules: Rule, **changes: Any) -> Partnership:
    """Return a signed partnership with these rules; the refuge's involvement is itself sensitive."""
    members = tuple(build.agency(one, sensitive=one == "charity") for one in build.SECTORS)
    told = {"retention_days": RETENTION, **changes}
    agreed = sharing_small.agreed(*(rules or RULES), **told)
    return dataclasses.replace(build.partnership(agencies=members), sharing=agreed)


def fact(record_id: str, **changes: Any) -> dict[str, Any]:
    """Return a row of handling P about S1, recorded in Northby."""
    return small.row(record_id, **{"handling": "P", "data_class": "other", "authority": "northby", **changes})


def feared(*subjects: str, **changes: Any) -> list[dict[str, Any]]:
    """Return fresh records of people of concern that make each band high: enough to be on a partnership's list."""
    kinds = ("blade_injury", "gang_link")
    return [fact(f"{one}-{kind}", subject_id=one, indicator=kind, **changes) for one in subjects for kind in kinds]


def rows() -> list[dict[str, Any]]:
    """Return rows about S1, one of them (d) of a patient, which nobody here may have; and one about S2."""
    return [
        fact("a", agency="school"),
        fact("b", agency="police", data_class="criminal", indicator="blade_injury"),
        fact("c", agency="charity", indicator="gang_link"),
        fact("d", agency="council", data_class="patient", gateway="cda_s115", indicator="trusted_adult"),
        fact("e", agency="school", subject_id="S2", role="victim", indicator="blade_injury"),
    ]


def result(
    given: list[dict[str, Any]] | None = None, *, agreed: Partnership | None = None, **options: Any
) -> Assessment:
    return small.assessed(rows() if given is None else given, partnership=agreed or partnership(), **options)


def works_with(subject_id: str = "S1", **changes: Any) -> Relationship:
    return sharing_small.works_with(**{"subject_id": subject_id, **changes})


def log_in(folder: Path) -> AuditLog:
    return audit_log(folder / "audit.sqlite")


def given(what: Any, folder: Path, *, agreed: Partnership | None = None, **options: Any) -> Shared:
    """Share with the council's social worker U7, for safeguarding, with a log in a folder."""
    told = {"purpose": "safeguarding", "recipient": Recipient(agency="council", role="social_worker"), "at": AT,
            "user_id": "U7", "log": log_in(folder)}  # fmt: skip
    return share(what, agreed or getattr(what, "partnership", None) or partnership(), **{**told, **options})


def to_practitioner(what: Assessment, folder: Path, subject_id: str = "S1", **options: Any) -> Shared:
    told = {"audience": "practitioner", "subject": subject_id, "relationships": [works_with(subject_id)]}
    return given(what, folder, **{**told, **options})


def entries(folder: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / "audit.sqlite")) as db:
        return [json.loads(body) for (body,) in db.execute("SELECT body FROM entries ORDER BY seq")]


def every_file(shared: Shared, folder: Path, suffixes: tuple[str, ...] = SUFFIXES) -> dict[str, bytes]:
    """Return the bytes of what every exporter makes of it, each table in each kind of file that holds one."""
    folder.mkdir(exist_ok=True)
    made = {}
    for suffix in suffixes:
        singles = {
            ".csv": list(shared.tables),
            ".parquet": list(shared.tables),
            ".geojson": [name for name, one in shared.tables.items() if isinstance(one, gpd.GeoDataFrame)],
        }
        pictured = shared.kind == "hotspots"
        if suffix in (".png", ".svg", ".pdf") and not pictured:
            continue
        for table in singles.get(suffix, [None]):
            for page in ("map", "report") if suffix == ".html" and pictured else (None,):
                name = f"x-{table or page or 'all'}{suffix}"
                made[name] = write(shared, folder / name, table=table, page=page).read_bytes()
    return made


def unzipped(data: bytes) -> bytes:
    """Return a file's bytes with every compressed part in it laid open."""
    found = [data]
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found += [archive.read(name) for name in archive.namelist()]
    for start in (b"stream\n", b"stream\r\n", b"IDAT"):
        for part in data.split(start)[1:]:
            try:
                found.append(zlib.decompressobj().decompress(part))
            except zlib.error:
                continue
    return b"\n".join(found)


def areas() -> gpd.GeoDataFrame:
    shapes = [shapely.box(400_000, 300_000, 404_000, 304_000), shapely.box(404_000, 300_000, 408_000, 304_000)]
    return gpd.GeoDataFrame({"code": ["w", "e"], "name": ["West", "East"]}, geometry=shapes, crs=27700)


def population(cell_m: int = 500) -> pd.DataFrame:
    steps = range(0, 8000, cell_m)
    told = [(400_000 + x, 300_000 + y, cell_m, 80) for x in steps for y in range(0, 4000, cell_m)]
    return pd.DataFrame(told, columns=["easting", "northing", "cell_m", "population"])


def events(**columns: Any) -> gpd.GeoDataFrame:
    """Return 36 events near one place on the border of two authorities, and 40 all over the ground."""
    near = [(403_991.0 + i % 6, 302_003.0 + i % 5) for i in range(36)]
    far = [(400_103.0 + 193 * i, 300_107.0 + (977 * i) % 3800) for i in range(40)]
    told = {
        "source": "police",
        "handling": "P",
        "date": ["2025-10-02", "2026-02-11"] * 38,
        "category": "violence",
        **columns,
    }
    place = gpd.points_from_xy(*zip(*(near + far), strict=True))
    return gpd.GeoDataFrame({name: [value] * 76 if not isinstance(value, list) else value
                             for name, value in told.items()}, geometry=place, crs=27700)  # fmt: skip


def spots(points: Any = None, **options: Any) -> HotSpots:
    told = {"population": population(), "resamples": 4, "cell_m": 500, **options}
    return hotspots(events() if points is None else points, areas(), **told)


def to_partners(what: Any, folder: Path, **options: Any) -> Shared:
    return given(what, folder, **{"audience": "partnership", "purpose": "violence_reduction", **options})


def later(**period: float) -> dt.datetime:
    return AT + dt.timedelta(**period)
