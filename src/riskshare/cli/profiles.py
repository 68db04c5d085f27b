"""`riskshare profile`: what happens around buildings, into internal files, with every choice said aloud."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd

from riskshare.cli.screen import Screen
from riskshare.io.points import read_areas, read_points, read_table
from riskshare.io.writing import (
    INTERNAL_MARK,
    internal_name,
    make_folder,
    write_bytes,
    write_csv,
    write_figure,
    write_text,
)
from riskshare.profiling import PlaceProfiles, profile_places
from riskshare.reporting.sentences import INTERNAL
from riskshare.reporting.words import is_missing

MOST_SHOWN = 12
"""Buildings that the screen shows; the report holds all."""
NOTHING = "Nothing can be shown at this level."


class Asked(NamedTuple):
    """What was asked for."""

    points: Path
    areas: Path
    buildings: Path
    population: Path | None
    coverage: Path | None
    bands_m: tuple[float, ...]
    own_m: float
    duties: tuple[str, ...] | None
    audience: str
    level: float
    seed: int


def run_profile(asked: Asked, out: Path | None, screen: Screen) -> None:
    """Profile buildings, say what was found and assumed, and, if asked, write tables, picture and report."""
    population = None if asked.population is None else read_table(asked.population)
    coverage = None if asked.coverage is None else read_table(asked.coverage)
    duties: dict[str, Any] = {} if asked.duties is None else {"duties": asked.duties}
    profiles = profile_places(
        read_points(asked.points), read_points(asked.buildings), areas=read_areas(asked.areas), population=population,
        coverage=coverage, bands_m=asked.bands_m, own_m=asked.own_m, audience=asked.audience, level=asked.level,
        seed=asked.seed, **duties,
    )  # fmt: skip
    files = [] if out is None else write_profiles(profiles, out)
    tell_profiles(profiles, screen)
    for file in files:
        screen.say(f"Written: {file} (readable by you alone).")
    screen.document({**summary(profiles), "files": [file.name for file in files]})


def tell_profiles(profiles: PlaceProfiles, screen: Screen) -> None:
    """Print the first buildings by id, never by name, and every automatic choice."""
    said = profiles.sentences()
    screen.heading(_head(profiles))
    if not said:
        screen.say(NOTHING)
    for sentence in said[:MOST_SHOWN]:
        screen.say(sentence, indent="- ", hang="  ")
    if len(said) > MOST_SHOWN:
        screen.say(f"... and {len(said) - MOST_SHOWN:,} more: --out writes them all.", indent="  ", hang="  ")
    screen.heading("What was assumed")
    for note in _assumed(profiles):
        screen.say(note, indent="- ", hang="  ")


def write_profiles(profiles: PlaceProfiles, out: Path) -> list[Path]:
    """Write what the audience may see, owner-only and marked internal; return the files.

    Names of files say the audience, so that a run for partners never leaves a practitioner's file under its own name.
    Those of partners and of the public hold nothing more than they may see, and still are internal: what leaves goes
    through the sharing agreement.
    """
    folder = make_folder(out)
    marks = {"status": INTERNAL_MARK, "audience": profiles.audience}
    tables = {"bands": profiles.bands, "curve": profiles.curve, "authorities": profiles.areas}

    def file(stem: str, suffix: str) -> Path:
        return folder / internal_name(f"{stem}-{profiles.audience}", suffix)

    files = [_write_map(file("buildings", ".gpkg"), profiles.buildings)] if len(profiles.buildings) else []
    files += [write_csv(file(name, ".csv"), table, marks) for name, table in tables.items() if len(table)]
    head = _head(profiles)
    told = f"{INTERNAL} {head}. {' '.join(profiles.sentences() or (NOTHING,))}"
    files.append(write_figure(file("profiles", ".png"), profiles.plot(), told))
    said = profiles.sentences(named=True) or (NOTHING,)
    text = "\n".join([INTERNAL, "", head, "", *said, "", "What was assumed", *_assumed(profiles), ""])
    return [*files, write_text(file("profiles", ".txt"), text)]


def _head(profiles: PlaceProfiles) -> str:
    return f"Around buildings, for the audience {profiles.audience}"


def _assumed(profiles: PlaceProfiles) -> tuple[str, ...]:
    return (*profiles.notes, f"Seed of the draws: {profiles.seed}.")


def _write_map(target: Path, frame: gpd.GeoDataFrame) -> Path:
    flat = frame
    if "authority_share" in frame:
        flat = frame.assign(
            authorities=frame["authorities"].map(";".join),
            authority_share=frame["authority_share"].map(
                lambda shares: ";".join(f"{code} {share:.3f}" for code, share in shares.items())
            ),
        )
    sink = io.BytesIO()
    flat.to_file(sink, driver="GPKG", layer=target.name.split(".")[0])
    return write_bytes(target, sink.getvalue())


def summary(profiles: PlaceProfiles) -> dict[str, Any]:
    """Return what was found as plain values: ids and figures, without places and without names."""
    hidden = ["geometry", "name"]
    return {
        "internal": True,
        "audience": profiles.audience,
        "buildings": _plain(profiles.buildings.drop(columns=hidden)),
        "bands": _plain(profiles.bands),
        "areas": _plain(profiles.areas),
        "notes": list(profiles.notes),
        "seed": profiles.seed,
        "engine_version": profiles.engine_version,
    }


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.to_dict("records")
    return [{str(name): _cell(value) for name, value in row.items()} for row in rows]


def _cell(value: Any) -> Any:
    if isinstance(value, tuple | dict):
        return list(value) if isinstance(value, tuple) else value
    return None if is_missing(value) else value
