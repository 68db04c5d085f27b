"""`riskshare hotspots`: where events cluster across borders, into internal files, with every choice said aloud."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Literal, NamedTuple

import geopandas as gpd
import pandas as pd

from riskshare.assessment import Assessment
from riskshare.cli.faults import as_typed
from riskshare.cli.recording import Compared, estimate, recording_document, tell_recording, write_recording
from riskshare.cli.screen import Screen
from riskshare.io.points import read_areas, read_points, read_table
from riskshare.io.writing import internal_name, make_folder, write_bytes, write_figure, write_text
from riskshare.reporting.sentences import INTERNAL
from riskshare.spots import HotSpots, hotspots

MOST_SHOWN = 12
"""Clusters that the screen shows; the report holds all."""


DEMO_DRAWS = 50
"""Resamples of the demonstration: it must be quick."""


class Asked(NamedTuple):
    """What was asked for."""

    points: Path
    areas: Path
    population: Path | None
    coverage: Path | None
    cell_m: int
    level: float
    method: Literal["bh", "by"]
    resamples: int
    seed: int
    covariates: Path | None = None
    join_within: tuple[float, int] | None = None
    compared: Compared | None = None
    duties: tuple[str, ...] | None = None
    buildings: Path | None = None
    own_m: float = 25


def run_hotspots(asked: Asked, out: Path | None, screen: Screen) -> None:
    """Find hot spots, say what was found and assumed, and, if asked, write cells, clusters, map and report."""
    population, coverage, covariates = (
        None if path is None else read_table(path) for path in (asked.population, asked.coverage, asked.covariates)
    )
    points, areas = read_points(asked.points), read_areas(asked.areas)
    buildings = None if asked.buildings is None else read_points(asked.buildings)
    duties: dict[str, Any] = {} if asked.duties is None else {"duties": asked.duties}
    practice = None
    if asked.compared is not None:
        practice = estimate(asked.compared, points, areas, population, coverage, asked.seed)
    with screen.progress("Resampling") as done:
        spots = hotspots(
            points, areas, population=population, coverage=coverage, covariates=covariates, recording=practice,
            join_within=asked.join_within, buildings=buildings, own_m=asked.own_m, cell_m=asked.cell_m,
            level=asked.level, method=asked.method, resamples=asked.resamples, seed=asked.seed, progress=done, **duties,
        )  # fmt: skip
    files = [] if out is None else write_spots(spots, out)
    if practice is not None:
        files += [] if out is None else write_recording(practice, out)
        tell_recording(practice, screen)
    tell_spots(spots, screen)
    for file in files:
        screen.say(f"Written: {file} (readable by you alone).")
    document = summary(spots) if practice is None else {**summary(spots), "recording": recording_document(practice)}
    screen.document({**document, "files": [file.name for file in files]})


def demo_spots(assessment: Assessment, data: Path, screen: Screen) -> HotSpots:
    """Find the hot spots of the shipped example."""
    areas = read_areas(data / "areas.geojson")
    tables = [read_table(data / name) for name in ("population.csv", "coverage.csv")]
    with screen.progress("Finding hot spots") as done:
        return hotspots(
            assessment, areas, population=tables[0], coverage=tables[1], resamples=DEMO_DRAWS, progress=done
        )


def tell_spots(spots: HotSpots, screen: Screen, most: int = MOST_SHOWN, *, notes: bool = True) -> None:
    """Print the first clusters and, unless it is the demonstration, every automatic choice."""
    said = spots.sentences()
    screen.heading(f"{spots.title}: {len(said):,} cluster{'' if len(said) == 1 else 's'}")
    for sentence in said[:most]:
        screen.say(sentence, indent="- ", hang="  ")
    if len(said) > most:
        screen.say(f"... and {len(said) - most:,} more: --out writes them all.", indent="  ", hang="  ")
    if not notes:
        screen.say(f"{len(spots.notes):,} things were assumed; they stand beneath the map.")
        return
    screen.heading("What was assumed")
    for note in spots.notes:
        screen.say(as_typed(note), indent="- ", hang="  ")


def write_spots(spots: HotSpots, out: Path) -> list[Path]:
    """Write cells, clusters, map and report, owner-only and marked internal; return the files."""
    folder = make_folder(out)
    text = "\n".join([INTERNAL, "", spots.title, "", *spots.sentences(), "", "What was assumed", *spots.notes, ""])
    return [
        _write_map(folder / internal_name("cells", ".gpkg"), spots.cells),
        _write_map(folder / internal_name("clusters", ".gpkg"), _flat(spots.clusters)),
        write_picture(spots, folder),
        write_text(folder / internal_name("hotspots", ".txt"), text),
    ]


def write_picture(spots: HotSpots, folder: Path) -> Path:
    """Write the map as a picture."""
    words = f"{spots.title}. {' '.join(spots.sentences())}"
    return write_figure(folder / internal_name("hotspots", ".png"), spots.plot(), words)


def _write_map(target: Path, frame: gpd.GeoDataFrame) -> Path:
    sink = io.BytesIO()
    frame.to_file(sink, driver="GPKG", layer=target.name.split(".")[0])
    return write_bytes(target, sink.getvalue())


def _flat(clusters: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the clusters with tuples and shares as text: a map file holds no lists."""
    return clusters.assign(
        authorities=clusters["authorities"].map(";".join),
        found_alone_by=clusters["found_alone_by"].map(";".join),
        authority_share=clusters["authority_share"].map(
            lambda shares: ";".join(f"{code} {share:.3f}" for code, share in shares.items())
        ),
    )


def summary(spots: HotSpots) -> dict[str, Any]:
    """Return what was found as plain values, without places."""
    table = spots.clusters.drop(columns="geometry").astype(object)
    table = table.where(table.notna(), None)
    clusters = [
        {str(name): list(value) if isinstance(value, tuple) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]
    return {
        "internal": True,
        "shows": spots.title,
        "n_events": len(spots.events),
        "n_at_own_addresses": spots.apart.n_events,
        "at_own_addresses": _plain(spots.apart.table),
        "n_hot_cells": int(spots.found.hot.sum()),
        "clusters": clusters,
        "covariates": _plain(spots.covariates),
        "border_events": int(spots.border_events["event"].nunique()),
        "notes": list(spots.notes),
        "seed": spots.seed,
        "resamples": spots.resamples,
        "engine_version": spots.engine_version,
    }


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    plain = table.astype(object).where(table.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
