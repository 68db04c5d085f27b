"""Reading events, areas, population and coverage for hot spots from files, with problems named and nobody's values."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
from pyogrio.errors import DataSourceError  # type: ignore[import-untyped]  # ships no types

from riskshare.errors import PlaceError, PlaceProblem
from riskshare.records.arguments import is_path, require

T = TypeVar("T")
_TABLES: Final = (".csv", ".csv.gz", ".parquet")
_MAPS: Final = (".gpkg", ".geojson", ".json", ".shp")
_PAIRS: Final = (("easting", "northing", 27700), ("longitude", "latitude", 4326))


def read_points(path: str | os.PathLike[str]) -> gpd.GeoDataFrame:
    """Return events from a file, as ``hotspots`` takes them.

    Parameters
    ----------
    path : path
        CSV (also gzipped) or Parquet with columns ``longitude`` and ``latitude``, or ``easting`` and ``northing`` in
        British National Grid metres; GeoPackage, GeoJSON or shapefile with points. A column ``month`` is the date where
        there is no ``date``. Other columns are kept; ``hotspots`` says which it reads.

    Returns
    -------
    GeoDataFrame
        One line a row. Rows without a place have an empty one: ``hotspots`` leaves them out and counts them.

    Raises
    ------
    ArgumentError
        ``path`` is no path.
    PlaceError
        The file is of another kind, cannot be read as what it is, or says nowhere where anything happened.
    OSError
        The file is not there or may not be read.
    """
    file = _there("read_points", path)
    if _kind(file) in _MAPS:
        return _dated(_read(file, lambda: gpd.read_file(file)))
    table = read_table(file)
    for x, y, crs in _PAIRS:
        if x in table and y in table:
            return _dated(gpd.GeoDataFrame(table, geometry=_placed(table, x, y), crs=crs))
    hint = f"{file.name} has no columns easting and northing, nor longitude and latitude."
    raise PlaceError([PlaceProblem("no_coordinates", hint)])


def read_areas(path: str | os.PathLike[str]) -> gpd.GeoDataFrame:
    """Return authorities' areas, or buildings, from a GeoPackage, GeoJSON or shapefile; errors as ``read_points``."""
    file = _there("read_areas", path)
    if _kind(file) not in _MAPS:
        raise PlaceError([_other_kind(file, _MAPS)])
    return _read(file, lambda: gpd.read_file(file))


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return a table such as population or coverage from CSV or Parquet; errors as ``read_points``."""
    file = _there("read_table", path)
    kind = _kind(file)
    if kind not in _TABLES:
        raise PlaceError([_other_kind(file, (*_TABLES, *_MAPS))])
    if kind == ".parquet":
        return _read(file, lambda: pd.read_parquet(file))
    return _read(file, lambda: pd.read_csv(file, encoding="utf-8-sig"))


def _there(function: str, path: str | os.PathLike[str]) -> Path:
    require(function, {"path must be a path, such as 'events.csv'.": is_path(path)})
    file = Path(path)
    try:
        with file.open("rb"):
            return file
    except OSError as fault:  # a file of places is no person's: its name may be said
        raise type(fault)(fault.errno, f"{fault.strerror}: {file.name}") from None


def _kind(file: Path) -> str:
    name = file.name.lower()
    return ".csv.gz" if name.endswith(".csv.gz") else Path(name).suffix


def _other_kind(file: Path, known: tuple[str, ...]) -> PlaceProblem:
    return PlaceProblem("unknown_file_kind", f"{file.name} is none of the kinds read here: {', '.join(known)}.")


def _read(file: Path, read: Callable[[], T]) -> T:
    faults = (DataSourceError, pa.ArrowInvalid, pd.errors.ParserError, UnicodeDecodeError, EOFError)
    try:
        return read()
    except (*faults, pd.errors.EmptyDataError):
        # Lower messages quote what they could not read.
        kind = _kind(file)
        hint = f"{file.name} cannot be read as {kind}. Save it again as what its name says, as UTF-8 where it is text."
        raise PlaceError([PlaceProblem("unreadable_file", hint)]) from None


def _placed(table: pd.DataFrame, x_name: str, y_name: str) -> gpd.array.GeometryArray:
    x, y = (pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64) for name in (x_name, y_name))
    wrong = (np.isnan(x) & table[x_name].notna().to_numpy()) | (np.isnan(y) & table[y_name].notna().to_numpy())
    if wrong.any():
        hint = f"Columns {x_name} and {y_name} must be numbers; {int(wrong.sum()):,} rows are not, the first is row "
        raise PlaceError([PlaceProblem("bad_coordinates", f"{hint}{int(np.argmax(wrong)) + 1}.")])
    return gpd.points_from_xy(x, y)


def _dated(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.rename(columns={"month": "date"}) if "month" in frame and "date" not in frame else frame
