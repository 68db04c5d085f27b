"""Which coordinates these are, and how sure a projection of them is. Methods: places, section 5.1."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.aoi import AreaOfInterest
from pyproj.transformer import TransformerGroup

from riskshare.errors import PlaceProblem

BRITISH_GRID: Final = 27700
"""EPSG code of the British National Grid."""

FARTHEST_M: Final = 1_000_000
"""About the length of Great Britain: no distance that is asked about is longer."""

_UK_DEGREES: Final = (-9.0, 49.0, 2.0, 61.0)
_GRID_METRES: Final = (0.0, 0.0, 700_000.0, 1_300_000.0)
_GREAT_BRITAIN: Final = AreaOfInterest(-9.0, 49.75, 2.01, 61.01)
_UNKNOWN_ACCURACY_M: Final = 25.0
"""Proposal: what is assumed where PROJ states no accuracy; its worst stated one for Great Britain is 35 m."""


@dataclass(frozen=True, slots=True)
class Projection:
    """How coordinates came to be in metres: the operation, its accuracy in metres (0: none was needed), and a note."""

    operation: str
    accuracy_m: float
    note: str


NO_PROJECTION: Final = Projection("none: already in British National Grid metres", 0.0, "")


def crs_problems(frame: gpd.GeoDataFrame, what: str) -> list[PlaceProblem]:
    """Return why coordinates cannot be taken as they are; empty if they can.

    A frame must state its reference system, and its numbers must look like it: degrees said to be metres, metres said
    to be degrees, and longitude and latitude the wrong way round are all refused (methods: places, pitfalls).
    """
    if frame.crs is None:
        return [PlaceProblem(
            "no_crs", f"{what} do not say which coordinates they hold. Set it: frame.set_crs(27700) for British "
            "National Grid metres, frame.set_crs(4326) for longitude and latitude.")]  # fmt: skip
    x, y = _coordinates(frame)
    if x.size == 0:
        return []
    geographic = bool(frame.crs.is_geographic)
    in_degrees = bool(np.all(np.abs(x) <= 180.0) and np.all(np.abs(y) <= 180.0))
    if geographic and not in_degrees:
        return [PlaceProblem(
            "metres_as_degrees", f"{what} are said to be degrees ({_name(frame)}) but hold numbers beyond 180. If they "
            "are metres, set the reference system they are in, such as 27700.")]  # fmt: skip
    if geographic and _mostly_swapped(x, y):
        return [PlaceProblem(
            "swapped_coordinates", f"{what}: longitude and latitude look the wrong way round. Longitude is x and comes "
            "first; it is between -9 and 2 in the United Kingdom.")]  # fmt: skip
    if not geographic and in_degrees:
        return [PlaceProblem(
            "degrees_as_metres", f"{what} are said to be metres ({_name(frame)}) but all their numbers are within 180, "
            "as degrees are. If they are longitude and latitude, set 4326.")]  # fmt: skip
    return []


def _name(frame: gpd.GeoDataFrame) -> str:
    return str(frame.crs.to_string())[:40]


def _mostly_swapped(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    west, south, east, north = _UK_DEGREES
    swapped = (x >= south) & (x <= north) & (y >= west) & (y <= east)
    return bool(x.size) and float(swapped.mean()) > 0.5


def _coordinates(frame: gpd.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return every coordinate that says something: null island, a system's "not known", does not."""
    coordinates = np.asarray(shapely.get_coordinates(frame.geometry.to_numpy()), dtype=np.float64)
    known = np.isfinite(coordinates).all(axis=1) & (coordinates != 0).any(axis=1)
    return coordinates[known, 0], coordinates[known, 1]


def to_grid(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, Projection]:
    """Return the frame in British National Grid metres, and what was done.

    PROJ's best installed operation for Great Britain is used and its accuracy kept. Where the national grid shift
    (OSTN15) is not installed a Helmert shift stands in, good to some metres; the note says so.
    """
    if frame.crs.to_epsg() == BRITISH_GRID:
        return frame, NO_PROJECTION
    with warnings.catch_warnings():
        # PROJ's warning that a better grid exists becomes our note, which travels with the result.
        warnings.simplefilter("ignore", UserWarning)
        group = TransformerGroup(frame.crs, BRITISH_GRID, always_xy=True, area_of_interest=_GREAT_BRITAIN)  # type: ignore[arg-type]  # pyproj's two names of one class
    best = group.transformers[0]
    accuracy = float(best.accuracy) if best.accuracy >= 0 else _UNKNOWN_ACCURACY_M
    note = ""
    if not group.best_available:
        note = (
            f"The national grid shift is not installed, so coordinates may be out by about {accuracy:g} m. "
            "Install it with `projsync --file uk_os_OSTN15_NTv2_OSGBtoETRS.tif` where the network allows."
        )
    moved = frame.set_geometry(
        gpd.GeoSeries(_moved(frame.geometry.to_numpy(), best), index=frame.index, crs=BRITISH_GRID)
    )
    return moved, Projection(str(best.description), accuracy, note)


def _moved(geometries: Any, transformer: pyproj.Transformer) -> Any:
    def move(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Any, Any]:
        east, north = transformer.transform(x, y)
        return east, north

    return shapely.transform(geometries, move, interleaved=False)


def beyond_grid(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lie outside the extent of the British National Grid."""
    west, south, east, north = _GRID_METRES
    return (x < west) | (x > east) | (y < south) | (y > north)
