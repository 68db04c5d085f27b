"""Tables that were let through as CSV, JSON, JSON lines and Parquet; each carries its stamp."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import shapely

from riskshare.io.writing import harmless
from riskshare.sharing.shared import Shared

STAMPED: Final = ("riskshare_stamp", "decision", "expires")
"""Columns that every row of a CSV file carries: a row that is copied out still says for whom it is."""
DEGREES: Final = "OGC:CRS84 (WGS 84, longitude before latitude)"
MOST_DECIMALS: Final[Mapping[str, int]] = {"public": 3, "partnership": 5, "practitioner": 5}
"""Of a degree: about a hundred metres, and one."""


def plain(value: Any) -> Any:
    """Return a cell as plain values: missing is None, never NaN or infinity.

    >>> plain(float("nan")), plain(np.int64(3)), plain(("a", "b")), plain(pd.Timestamp("2026-03-31"))
    (None, 3, ['a', 'b'], '2026-03-31')
    """
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    return value if isinstance(value, bool | int | str) else str(value)


def degrees(shared: Shared, frame: gpd.GeoDataFrame) -> list[Any]:
    """Return shapes in longitude and latitude with no more decimals than the audience may have."""
    most = MOST_DECIMALS[shared.audience]
    moved = frame.geometry.to_crs(4326).to_numpy()
    return list(shapely.transform(moved, lambda at: np.round(at, most)))


def whole_metres(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table whose shapes lie on whole metres."""
    shapes = shapely.transform(frame.geometry.to_numpy(), np.round)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def flat(shared: Shared, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without shapes: each is well-known text, in degrees no finer than the audience may have.

    Beside it stands in which reference system that is, since well-known text does not say.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        return frame
    shapes = [shapely.to_wkt(shape, rounding_precision=6, trim=True) for shape in degrees(shared, frame)]
    return pd.DataFrame(frame.drop(columns="geometry")).assign(geometry=shapes, crs=DEGREES)


def csv_bytes(shared: Shared, frame: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8 with nothing that a spreadsheet would run; an empty one has its stamp alone."""
    table = flat(shared, frame)
    rows = max(len(table), 1)
    columns: dict[str, Any] = {name: [harmless(shared.marks[name])] * rows for name in STAMPED}
    for name in table.columns:
        cells = [_cell(value) for value in table[name]] or [None]
        numbers = all(one is None or (isinstance(one, int | float) and not isinstance(one, bool)) for one in cells)
        columns[str(name)] = (
            cells if numbers and len(table) else [None if one is None else harmless(str(one)) for one in cells]
        )
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(pa.table({name: pa.array(values) for name, values in columns.items()}), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _cell(value: Any) -> Any:
    found = plain(value)
    return ";".join(map(str, found)) if isinstance(found, list) else found


def lines_of(shared: Shared, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as plain rows."""
    table = flat(shared, frame)
    names = [str(name) for name in table.columns]
    columns = [[plain(value) for value in table[name]] for name in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)] if names else []


def header(shared: Shared) -> dict[str, Any]:
    """Return what a file says about itself: stamp, what was kept and not, and every note."""
    return {
        **shared.marks,
        "kind": shared.kind,
        "title": shared.title,
        "kept": lines_of(shared, shared.kept),
        "withheld": lines_of(shared, shared.withheld),
        "suppressed": lines_of(shared, shared.suppressed),
        "notes": list(shared.notes),
        "decisions": list(shared.decision_ids),
    }


def json_bytes(shared: Shared) -> bytes:
    """Return every table as one JSON document."""
    tables = {name: lines_of(shared, frame) for name, frame in shared.tables.items()}
    return f"{_json({**header(shared), 'tables': tables}, indent=1)}\n".encode()


def json_lines_bytes(shared: Shared) -> bytes:
    """Return one JSON object a line: the header, then every row with its table and its stamp."""
    rows = [
        {"riskshare_stamp": shared.stamp, "table": name, "row": row}
        for name, frame in shared.tables.items()
        for row in lines_of(shared, frame)
    ]
    return "".join(f"{_json(one)}\n" for one in [header(shared), *rows]).encode()


def parquet_bytes(shared: Shared, frame: pd.DataFrame) -> bytes:
    """Return a table without places as Parquet; the stamp is in the file's metadata."""
    columns = {str(name): pa.array([plain(value) for value in frame[name]]) for name in frame.columns}
    return stamped_parquet(shared, pa.table(columns))


def stamped_parquet(shared: Shared, table: pa.Table) -> bytes:
    """Return an Arrow table as Parquet, its stamp added to its metadata."""
    sink = io.BytesIO()
    known = dict(table.schema.metadata or {})
    marks = {name.encode(): text.encode() for name, text in shared.marks.items()}
    notes = {
        b"notes": _json(list(shared.notes)).encode(),
        b"withheld": _json(lines_of(shared, shared.withheld)).encode(),
    }
    pyarrow.parquet.write_table(table.replace_schema_metadata({**known, **marks, **notes}), sink)
    return sink.getvalue()


def _json(content: Any, indent: int | None = None) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=indent)
