"""`riskshare hotspots --recording`: how differently organisations record, told, drawn and written beside hot spots."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd

from riskshare.cli.screen import Screen
from riskshare.errors import PlaceError, PlaceProblem
from riskshare.io.points import read_points
from riskshare.io.writing import internal_name, write_csv, write_figure
from riskshare.practice import RecordingPractice, recording_practice

SECOND = "second source"
"""What events of a second file are called where no name is given."""
DISAGREE = 0.05
"""Below this p, kinds of information disagree by more than chance."""


class Compared(NamedTuple):
    """What recording practice is to be estimated by."""

    second_source: str | None
    second_file: Path | None
    snap_m: float | None


def estimate(
    compared: Compared, points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, population: pd.DataFrame | None,
    coverage: pd.DataFrame | None, seed: int,
) -> RecordingPractice:  # fmt: skip
    """Return recording practice from the same points and, if there is one, a second source's file."""
    name = compared.second_source
    if compared.second_file is not None:
        name = name or SECOND
        points = _with_second(points, read_points(compared.second_file), name)
        coverage = _covered(coverage, name, areas)
    return recording_practice(
        points, areas, population=population, coverage=coverage, second_source=name, snap_m=compared.snap_m, seed=seed
    )


def _with_second(points: gpd.GeoDataFrame, second: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Return points with a second source's events after them: told by its file, whatever it calls itself."""
    if points.crs is None or second.crs is None:
        hint = "The events or those of the second file do not say their reference system. Save them with it."
        raise PlaceError([PlaceProblem("no_crs", hint)])
    one, two = (
        pd.DataFrame(frame.drop(columns=frame.geometry.name)).assign(geometry=frame.geometry.to_crs(points.crs))
        for frame in (points, second)
    )
    one = one if "source" in one else one.assign(source="all")
    both = pd.concat([one, two.assign(source=name)], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=points.crs)


def _covered(coverage: pd.DataFrame | None, name: str, areas: gpd.GeoDataFrame) -> pd.DataFrame | None:
    """Return coverage with a line for the second source where it has none: everywhere, always."""
    if coverage is None or "source" not in coverage or name in set(coverage["source"].astype(str)):
        return coverage
    lines = pd.DataFrame({"source": name, "area": areas["code"].astype(str), "from": "", "until": ""})
    return pd.concat([coverage, lines], ignore_index=True)


def tell_recording(practice: RecordingPractice, screen: Screen) -> None:
    """Print each pair's ratio by all that is known, and of whom nothing can be told and why."""
    screen.heading("Recording practice")
    for row in practice.ratios[practice.ratios["information"] == "together"].to_dict("records"):
        told = (
            f"{row['organisation']} records {row['ratio']:.2f} of what {row['against']} does of alike events "
            f"({row['source']}, {row['category']}; 95 % {row['lower']:.2f} to {row['upper']:.2f})."
        )
        if row["misfit_p"] < DISAGREE:
            told += (
                f" What this rests on disagrees (p {row['misfit_p']:.3f}): look at the line, and do not adjust by it "
                "until you know why."
            )
        screen.say(told, indent="- ", hang="  ")
    for row in practice.offsets[~practice.offsets["estimable"].astype(bool)].to_dict("records"):
        screen.say(
            f"{row['organisation']} ({row['source']}, {row['category']}): {row['reason']}.", indent="- ", hang="  "
        )


def write_recording(practice: RecordingPractice, folder: Path) -> list[Path]:
    """Write the picture and the tables of ratios and offsets, owner-only and marked internal."""
    told = practice.ratios[practice.ratios["information"] == "together"]
    words = "; ".join(
        f"{row['organisation']} over {row['against']}: {row['ratio']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
        for row in told.to_dict("records")
    )
    marks = {"internal": "not to be shared as it is", "engine_version": practice.engine_version}
    return [
        write_figure(folder / internal_name("recording", ".png"), practice.plot(), f"Recording practice. {words}"),
        write_csv(folder / internal_name("recording_ratios", ".csv"), practice.ratios, marks),
        write_csv(folder / internal_name("recording_offsets", ".csv"), practice.offsets, marks),
    ]


def recording_document(practice: RecordingPractice) -> dict[str, Any]:
    """Return what was found of recording as plain values."""
    tables = {"ratios": practice.ratios, "offsets": practice.offsets}
    plain = {name: table.astype(object).where(table.notna(), None) for name, table in tables.items()}
    return {
        **{name: table.to_dict("records") for name, table in plain.items()},
        "notes": list(practice.notes),
        "engine_version": practice.engine_version,
    }
