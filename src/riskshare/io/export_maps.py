"""Places that were let through as GeoJSON, GeoParquet, and a GeoPackage that QGIS opens with its styles."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sqlite3
import tempfile
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import geopandas as gpd
import pandas as pd
import pyarrow.parquet
import pyogrio  # type: ignore[import-untyped]  # ships no types
import shapely

from riskshare.io.export_tables import degrees, header, lines_of, plain, stamped_parquet, whole_metres
from riskshare.reporting.pages import UNSEEN
from riskshare.sharing.shared import Shared

_STYLES: Final = """CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
  f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT, ui TEXT, update_time DATETIME)"""
_COLOURS: Final = {"cells": ("214,96,77,200", "244,244,244,40"), "clusters": ("0,0,0,0", ""), "areas": ("0,0,0,0", "")}
"""Of what is hot, and of the rest."""
_WORD: Final = re.compile(r"(?!gpkg_|rtree_|sqlite_)[a-z][a-z0-9_]{0,62}")
_TAKEN: Final = ("fid", "geom", "layer_styles", "ogc_fid", "riskshare", "rowid")
"""Names that a GeoPackage or QGIS keeps for itself, and our own table."""
_BREAKS: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Characters at which a map program stops reading, which its project files (XML) may not hold, or which turn text."""


def geojson_bytes(shared: Shared, frame: gpd.GeoDataFrame) -> bytes:
    """Return a table with places as GeoJSON (RFC 7946: longitude and latitude), the stamp a member beside them."""
    rows = lines_of(shared, pd.DataFrame(frame.drop(columns="geometry")))
    shapes = [json.loads(shapely.to_geojson(shape)) for shape in degrees(shared, frame)]
    features = [
        {"type": "Feature", "geometry": shape, "properties": row}
        for shape, row in zip(shapes, rows or [{}] * len(shapes), strict=True)
    ]
    document = {"type": "FeatureCollection", "riskshare": header(shared), "features": features}
    return f"{json.dumps(document, ensure_ascii=False, allow_nan=False)}\n".encode()


def geoparquet_bytes(shared: Shared, frame: gpd.GeoDataFrame) -> bytes:
    """Return a table with places as GeoParquet in National Grid metres, the stamp in its metadata."""
    sink = io.BytesIO()
    _flat(whole_metres(frame)).to_parquet(sink, index=False)
    return stamped_parquet(shared, pyarrow.parquet.read_table(io.BytesIO(sink.getvalue())))


def geopackage_bytes(shared: Shared) -> bytes:
    """Return every table as a layer of one GeoPackage, with styles for QGIS and the stamp as a table of its own."""
    layers = _names(shared.tables, "table")
    with tempfile.TemporaryDirectory() as folder:  # owner-only; SQLite needs a file
        file = Path(folder) / "shared.gpkg"
        for name, frame in shared.tables.items():
            ready = _flat(whole_metres(frame) if isinstance(frame, gpd.GeoDataFrame) else frame, read_by_qgis=True)
            fields = _names((str(column) for column in ready.columns if column != "geometry"), "field")
            ready = ready.rename(columns=fields)
            told = {"layer": layers[name], "driver": "GPKG", "append": file.exists()}
            pyogrio.write_dataframe(ready, file, **told, geometry_type="MultiPolygon", promote_to_multi=True) if (
                isinstance(ready, gpd.GeoDataFrame)
            ) else pyogrio.write_dataframe(ready, file, **told)
        with closing(sqlite3.connect(file)) as db:
            _finish(db, shared, layers)
        return _settled(file.read_bytes())


def _settled(data: bytes) -> bytes:
    """Return an SQLite file whose two counters of changes (bytes 24 and 92, alike by its format) say 1.

    GDAL makes one change more where a second passes meanwhile; the same content shall be the same bytes.
    """
    one = (1).to_bytes(4, "big")
    return data[:24] + one + data[28:92] + one + data[96:]


def _names(given: Iterable[str], stem: str) -> dict[str, str]:
    """Return for each name itself if it is a plain word that nothing else bears, else its number: no name is SQL.

    >>> _names(["cells", "a b", "rtree_x", "fid"], "table")
    {'cells': 'cells', 'a b': 'table_2', 'rtree_x': 'table_3', 'fid': 'table_4'}
    """
    names = list(given)
    plain_words = {name for name in names if _WORD.fullmatch(name) and name not in _TAKEN}
    return {
        name: name if name in plain_words else _numbered(stem, number, plain_words)
        for number, name in enumerate(names, 1)
    }


def _numbered(stem: str, number: int, taken: Collection[str]) -> str:
    name = f"{stem}_{number}"
    while name in taken:
        name = f"{stem}_{name}"
    return name


def _readable(text: str) -> str:
    """Return text that a map program reads to its end."""
    return _BREAKS.sub(UNSEEN, text)


def _finish(db: sqlite3.Connection, shared: Shared, layers: dict[str, str]) -> None:
    """Add stamp and styles, and leave no trace of when or where the file was made."""
    shared_at, stamp = shared.at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"), _readable(shared.stamp)
    db.execute("CREATE TABLE riskshare (name TEXT, value TEXT)")
    told = {**header(shared), "title": shared.title}
    lines = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in told.items()]
    lines += [(f"name of {layer}", name) for name, layer in layers.items() if name != layer]
    db.executemany("INSERT INTO riskshare VALUES (?, ?)", [(name, _readable(value)) for name, value in lines])
    db.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES "
               "('riskshare', 'attributes', 'riskshare', ?)", (shared_at,))  # fmt: skip
    db.execute("UPDATE gpkg_contents SET description = ?, last_change = ?", (stamp, shared_at))
    db.execute(_STYLES)
    for name, frame in shared.tables.items():
        if isinstance(frame, gpd.GeoDataFrame):
            qml = _qml(name, hot="hot" in frame)
            db.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                "VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', ?)",
                (layers[name], layers[name], qml, stamp, shared_at),
            )
    db.commit()
    db.execute("VACUUM")


def _qml(name: str, *, hot: bool) -> str:
    """Return a style for QGIS: hot cells filled, clusters and borders outlined."""
    filled, rest = _COLOURS.get(name, ("0,0,0,0", ""))
    outline = {"cells": "255,255,255,60", "clusters": "178,24,43,255"}.get(name, "60,60,60,255")
    if not (hot and rest):
        symbol = _symbol("0", filled, outline)
        return f"<qgis><renderer-v2 type='singleSymbol'><symbols>{symbol}</symbols></renderer-v2></qgis>"
    ranges = [("0", "true", "hot", filled), ("1", "false", "not hot", rest)]
    categories = "".join(
        f"<category symbol='{number}' value='{value}' label='{escape(label)}' render='true' type='bool'/>"
        for number, value, label, _ in ranges
    )
    symbols = "".join(_symbol(number, colour, outline) for number, _, _, colour in ranges)
    return (
        f"<qgis><renderer-v2 type='categorizedSymbol' attr='hot'><categories>{categories}</categories>"
        f"<symbols>{symbols}</symbols></renderer-v2></qgis>"
    )


def _symbol(number: str, fill: str, outline: str) -> str:
    options = {"color": fill, "outline_color": outline, "outline_width": "0.4", "style": "solid"}
    told = "".join(f"<Option name='{name}' value='{value}' type='QString'/>" for name, value in options.items())
    return (
        f"<symbol name='{number}' type='fill' alpha='1'><layer class='SimpleFill' enabled='1'>"
        f"<Option type='Map'>{told}</Option></layer></symbol>"
    )


def _flat(frame: Any, *, read_by_qgis: bool = False) -> Any:
    """Return a table without lists and with plain cells: a map file holds neither lists nor unknown kinds."""
    columns = {}
    for name in frame.columns:
        if name == "geometry":
            continue
        cells = [plain(value) for value in frame[name]]
        joined = [";".join(map(str, cell)) if isinstance(cell, list) else cell for cell in cells]
        if read_by_qgis:
            joined = [_readable(cell) if isinstance(cell, str) else cell for cell in joined]
        columns[str(name)] = pd.Series(joined, dtype=_kind(joined), index=frame.index)
    table = pd.DataFrame(columns, index=frame.index)
    return gpd.GeoDataFrame(table, geometry=frame.geometry) if isinstance(frame, gpd.GeoDataFrame) else table


def _kind(cells: list[Any]) -> Any:
    """Return the type of a column."""
    known = {type(cell) for cell in cells if cell is not None}
    if known == {bool}:
        return "boolean"
    if known == {int}:
        return "Int64"
    return "float64" if known and known <= {int, float} else object
