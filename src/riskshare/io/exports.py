"""Writing what sharing let through, and nothing else: stamped, logged before it is there, whole or not at all."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from riskshare.errors import PolicyError
from riskshare.io.audit_files import file_mark
from riskshare.io.audit_log import AuditLog, append, is_of_log
from riskshare.io.export_maps import geojson_bytes, geopackage_bytes, geoparquet_bytes
from riskshare.io.export_tables import csv_bytes, json_bytes, json_lines_bytes, parquet_bytes
from riskshare.io.overrides import overrides_used
from riskshare.io.writing import check_file, write_bytes
from riskshare.records.arguments import is_path, is_text, require
from riskshare.records.moments import as_moment, moment_of
from riskshare.reporting.shared_map import shared_map
from riskshare.reporting.shared_picture import shared_picture
from riskshare.reporting.shared_report import report
from riskshare.sharing.shared import Shared, must_be_shared

WHOLE: Final[Mapping[str, Callable[[Shared], bytes]]] = {
    ".json": json_bytes,
    ".jsonl": json_lines_bytes,
    ".gpkg": geopackage_bytes,
}
"""Kinds of file that hold every table."""
ONE_TABLE: Final = (".csv", ".parquet", ".geojson")
PICTURES: Final = (".png", ".svg", ".pdf")
SUFFIXES: Final = (*WHOLE, *ONE_TABLE, *PICTURES, ".html")
_PAGES: Final = ("map", "report")


def write(
    shared: Shared,
    path: str | os.PathLike[str],
    *,
    table: str | None = None,
    page: str | None = None,
    at: str | dt.datetime | None = None,
) -> Path:
    """Return the file after writing what was shared into it; a mark of it is in the audit log before the file is there.

    Parameters
    ----------
    shared : Shared
        From ``riskshare.share``, unchanged. Nothing else can be written.
    path : path
        Its end decides: ``.csv``, ``.parquet`` and ``.geojson`` hold one table, ``.json``, ``.jsonl`` and ``.gpkg`` all
        of them, ``.html`` a page that needs no network, ``.png``, ``.svg`` and ``.pdf`` a map. A file that is there is
        replaced.
    table : str, optional
        Which table, where a file holds one and there are several.
    page : {"map", "report"}, optional
        Of ``.html``: a map where hot spots were shared, else a report.
    at : str or datetime, optional
        Now; by default the moment of sharing, which an hour of other entries in the log makes too old, but for an
        emergency. What has expired is not written.

    Returns
    -------
    pathlib.Path
        Readable by its owner only. Every file says for whom it is, for what, under which decision, and until when.

    Raises
    ------
    ArgumentError
        An argument is not of the kind needed.
    PolicyError
        It is not what sharing let through, was changed since or has expired; or its kind cannot be written so.
    AuditError
        The log cannot be written: no file is made.
    OSError
        The file could not be written; the old one stands.
    MissingExtraError
        A map or picture needs the extra ``maps``.

    Notes
    -----
    Coordinates have at most five decimals of a degree, for the public three, and whole metres. Text that a spreadsheet
    would run has an apostrophe in front. Methods: safety, 3.2, E6 and E8.
    """
    moment = None if at is None else moment_of(as_moment(at))
    must_be_shared("write", shared, at=moment)
    since = shared.at.replace(microsecond=0)
    require(
        "write",
        {
            "path must be a path, such as 'hotspots.html'.": is_path(path),
            "at must not be before the moment of sharing.": moment is None or moment >= since,
            f"table must be one of {', '.join(shared.tables)}, or None.": table is None
            or (is_text(table) and table in shared.tables),
            f"page must be one of {', '.join(_PAGES)}, or None.": page is None
            or (isinstance(page, str) and page in _PAGES),
        },
    )
    target = Path(path)
    _check_log(shared, target)
    data = _bytes(shared, target.suffix.lower(), table, page)
    check_file(target)
    _note(shared, data, max(moment, shared.at) if moment else shared.at, table)
    return write_bytes(target, data)


def _check_log(shared: Shared, target: Path) -> None:
    """Refuse what cannot be logged, and to write over the log or what lies beside it under its name."""
    if not isinstance(shared.log, AuditLog):
        message = "write(): there is no audit log to note the file in, so it cannot leave."
        raise PolicyError(message)
    if is_of_log(shared.log, target):
        message = "write(): that name belongs to the files of the audit log. Write to another folder."
        raise PolicyError(message)


def _bytes(shared: Shared, suffix: str, table: str | None, page: str | None) -> bytes:
    """Return a file's bytes by its suffix."""
    if suffix in WHOLE:
        return WHOLE[suffix](shared)
    if suffix in PICTURES:
        return shared_picture(shared, suffix.removeprefix("."))
    if suffix == ".html":
        chosen = page or ("map" if shared.kind == "hotspots" else "report")
        return (shared_map(shared) if chosen == "map" else report(shared)).encode("utf-8")
    if suffix not in ONE_TABLE:
        message = f"write(): no such kind of file. The end of the name decides: {', '.join(SUFFIXES)}."
        raise PolicyError(message)
    frame = _chosen(shared, table)
    if suffix == ".geojson":
        if not isinstance(frame, gpd.GeoDataFrame):
            message = "write(): that table has no places. Write .csv, or name another table."
            raise PolicyError(message)
        return geojson_bytes(shared, frame)
    if suffix == ".csv":
        return csv_bytes(shared, frame)
    return geoparquet_bytes(shared, frame) if isinstance(frame, gpd.GeoDataFrame) else parquet_bytes(shared, frame)


def _chosen(shared: Shared, table: str | None) -> pd.DataFrame:
    """Return the table to write."""
    names = ", ".join(shared.tables)
    if table is None and len(shared.tables) == 1:
        return next(iter(shared.tables.values()))
    if table is None or table not in shared.tables:
        message = f"write(): this kind of file holds one table: name it with table=, one of {names}; or write .json."
        raise PolicyError(message)
    return shared.tables[table]


def _note(shared: Shared, data: bytes, at: dt.datetime, table: str | None) -> None:
    """Put the mark of a file into the log; of an emergency view at whatever moment, as the view itself was."""
    names = [table] if table is not None else list(shared.tables)
    fields = {str(name) for one in names for name in shared.tables[one].columns}
    entry: dict[str, Any] = {
        "event": "disclosure",
        "allow": True,
        "decision": shared.decision,
        "agency": shared.recipient_agency,
        "role": shared.recipient_role,
        "purpose": shared.purpose,
        "audience": shared.audience,
        "agreement": shared.agreement,
        "policy": shared.policy_hash,
        "fields": sorted(fields),
        "output": file_mark(shared.log, shared.decision, data),
        "reasons": [],
        "rows": sum(len(shared.tables[one]) for one in names),
    }
    if shared.audience == "practitioner":  # for nobody else is there an emergency view: no need to look through the log
        used = [one.ground for one in overrides_used(shared.log) if one.reference == shared.decision]
        entry |= {"ground": used[0]} if used else {}
    append(shared.log, entry, at=at)
